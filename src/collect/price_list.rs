//! The AWS Price List: its bulk files, which need no credentials, and its query API.
//!
//! Bulk offers are large (EC2: several hundred megabytes a region), so they are written to files as they come. Does not know:
//! what an offer says.

use std::future::Future;
use std::io::Write as _;
use std::time::Duration;

use serde::Deserialize;
use tempfile::NamedTempFile;

/// Where AWS publishes the bulk files (AWS Price List user guide, "Price List Bulk API").
pub const BULK: &str = "https://pricing.us-east-1.amazonaws.com";

/// Services whose lists matter most to a bill, in their names of the Price List.
pub const SERVICES: [&str; 14] = [
    "AmazonEC2",
    "AmazonRDS",
    "AmazonS3",
    "AmazonVPC",
    "AWSELB",
    "AWSDataTransfer",
    "AmazonElastiCache",
    "AmazonES",
    "AmazonCloudWatch",
    "AWSLambda",
    "AmazonDynamoDB",
    "AmazonECS",
    "AmazonEKS",
    "AWSComputeSavingsPlan",
];

/// Why a list could not be fetched.
#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    /// The address could not be reached, or broke off.
    #[error("{url}: {error}\n  help: a downloaded offer file works too: surgeon prices refresh FILE… -o DIR")]
    Network {
        /// What was asked.
        url: String,
        /// Cause.
        error: String,
    },
    /// It answered, and not with a list.
    #[error("{url}: answered {status}{hint}")]
    Status {
        /// What was asked.
        url: String,
        /// HTTP status.
        status: u16,
        /// What it may mean.
        hint: &'static str,
    },
    /// The index is not what the Price List's documentation says.
    #[error("{url}: not a region index of the Price List: {error}")]
    Index {
        /// What was asked.
        url: String,
        /// Cause.
        error: String,
    },
    /// The service has no list for a region.
    #[error("{service} has no price list for {region}; it has {known}")]
    Region {
        /// Service of the Price List.
        service: String,
        /// Region asked for.
        region: String,
        /// Regions that there are.
        known: String,
    },
    /// A temporary file or the runtime failed.
    #[error(transparent)]
    Io(#[from] std::io::Error),
}

/// An offer, in a file that goes when this does.
#[derive(Debug)]
pub struct Offer {
    /// Its address.
    pub url: String,
    /// The file.
    pub file: NamedTempFile,
}

/// `region_index.json`: of services a map by region, of savings plans a list.
#[derive(Deserialize)]
struct Index {
    regions: Regions,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Regions {
    Services(std::collections::BTreeMap<String, ServiceRegion>),
    SavingsPlans(Vec<SavingsPlanRegion>),
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ServiceRegion {
    current_version_url: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct SavingsPlanRegion {
    region_code: String,
    version_url: String,
}

/// Runs a future on this thread.
fn wait<T>(future: impl Future<Output = T>) -> std::io::Result<T> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    Ok(runtime.block_on(future))
}

/// Downloads the offers of a service for regions, from `base` ([`BULK`], or a mirror).
///
/// # Errors
/// [`FetchError`] with the address.
pub fn bulk(base: &str, service: &str, regions: &[String], said: &dyn Fn(&str)) -> Result<Vec<Offer>, FetchError> {
    wait(async {
        let client = reqwest::Client::builder()
            .connect_timeout(Duration::from_secs(15))
            .read_timeout(Duration::from_secs(60))
            .build()
            .map_err(|error| FetchError::Network { url: base.to_owned(), error: error.to_string() })?;
        let kind = if service.contains("SavingsPlan") { "savingsPlan" } else { "offers" };
        let url = format!("{base}/{kind}/v1.0/aws/{service}/current/region_index.json");
        said(&url);
        let mut text = Vec::new();
        fetch(&client, &url, &mut text).await?;
        let index: Index = serde_json::from_slice(&text)
            .map_err(|error| FetchError::Index { url: url.clone(), error: error.to_string() })?;
        let versions: Vec<(String, String)> = match index.regions {
            Regions::Services(map) => map.into_iter().map(|(code, r)| (code, r.current_version_url)).collect(),
            Regions::SavingsPlans(list) => list.into_iter().map(|r| (r.region_code, r.version_url)).collect(),
        };
        let mut offers = Vec::new();
        for region in regions {
            let Some((_, path)) = versions.iter().find(|(code, _)| code == region) else {
                let known = versions.iter().map(|(code, _)| code.as_str()).collect::<Vec<_>>().join(", ");
                return Err(FetchError::Region { service: service.to_owned(), region: region.clone(), known });
            };
            let url = format!("{base}{path}");
            said(&url);
            let mut file = NamedTempFile::new()?;
            fetch(&client, &url, file.as_file_mut()).await?;
            file.as_file_mut().flush()?;
            offers.push(Offer { url, file });
        }
        Ok(offers)
    })?
}

/// Writes the body of an address as it comes.
async fn fetch(client: &reqwest::Client, url: &str, into: &mut impl std::io::Write) -> Result<(), FetchError> {
    let broken = |error: reqwest::Error| {
        // The innermost cause says what happened; the outer ones only that something did.
        let mut cause: &dyn std::error::Error = &error;
        while let Some(inner) = cause.source() {
            cause = inner;
        }
        FetchError::Network { url: url.to_owned(), error: cause.to_string() }
    };
    let mut answer = client.get(url).send().await.map_err(broken)?;
    let status = answer.status();
    if !status.is_success() {
        let hint = match status.as_u16() {
            403 | 404 => ": no such service or region in the Price List",
            _ => "",
        };
        return Err(FetchError::Status { url: url.to_owned(), status: status.as_u16(), hint });
    }
    while let Some(chunk) = answer.chunk().await.map_err(broken)? {
        into.write_all(&chunk)?;
    }
    Ok(())
}

/// Asks the query API (`pricing:GetProducts`) with the credentials of the environment: products as JSON texts.
///
/// # Errors
/// [`FetchError::Network`] with what AWS said.
#[cfg(feature = "aws")]
pub fn query(service: &str, filters: &[(String, String)], endpoint: Option<&str>) -> Result<Vec<String>, FetchError> {
    use aws_sdk_pricing::types::{Filter, FilterType};
    use aws_smithy_http_client::{Builder, tls};

    wait(async {
        let failed = |error: String| FetchError::Network { url: format!("pricing:GetProducts of {service}"), error };
        let http =
            Builder::new().tls_provider(tls::Provider::Rustls(tls::rustls_provider::CryptoMode::Ring)).build_https();
        // The API answers in three regions only, for all of them (Price List user guide, "Endpoints").
        let config = aws_config::defaults(aws_config::BehaviorVersion::latest())
            .http_client(http)
            .region(aws_config::Region::new("us-east-1"));
        let config = match endpoint {
            Some(url) => config.endpoint_url(url),
            None => config,
        };
        let client = aws_sdk_pricing::Client::new(&config.load().await);
        let mut request = client.get_products().service_code(service);
        for (field, value) in filters {
            let filter = Filter::builder().r#type(FilterType::TermMatch).field(field).value(value).build();
            request = request.filters(filter.map_err(|e| failed(e.to_string()))?);
        }
        let mut pages = request.into_paginator().send();
        let mut products = Vec::new();
        while let Some(page) = pages.next().await {
            let page = page.map_err(|e| failed(aws_sdk_pricing::error::DisplayErrorContext(&e).to_string()))?;
            products.extend(page.price_list.unwrap_or_default());
        }
        Ok(products)
    })?
}
