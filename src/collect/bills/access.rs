//! How S3 is reached: who asks, where, and with what patience.
//!
//! Knows: the chain of the AWS SDK, the options of the store. Does not know: what is asked, nor the environment, which the SDK
//! reads itself.

use std::time::Duration;

use object_store::aws::{AmazonS3, AmazonS3Builder};
use object_store::{ClientOptions, RetryConfig};

#[cfg(feature = "aws")]
use super::answer::LOG_IN;
use super::answer::{BillsError, broken, innermost, refused};

/// A server that is silent for so long has gone. Longer than the store's own attempts at a request take together.
const PATIENCE: Duration = Duration::from_secs(120);
/// How long after its start an object that broke off is taken up again where it was: large ones take hours.
const TAKEN_UP_FOR: Duration = Duration::from_secs(24 * 3600);

/// How to reach S3.
#[derive(Clone, Default)]
pub struct Access {
    /// Address of a server that speaks S3, instead of AWS. It alone may be `http://`.
    pub endpoint: Option<String>,
    /// Region of the bucket; without it, what the AWS configuration says.
    pub region: Option<String>,
    /// Ask without a signature: public buckets.
    pub anonymous: bool,
    /// Who asks; without it, the chain of the AWS SDK finds out.
    pub credentials: Option<Credentials>,
}

/// An access key. Not `Debug`, so that no log can show it.
#[derive(Clone)]
pub struct Credentials {
    /// Access key id.
    pub key: String,
    /// Secret access key.
    pub secret: String,
    /// Session token of temporary ones.
    pub token: Option<String>,
}

/// Who asks, and in which region: what the user says, else what the AWS configuration does.
pub(super) async fn identity(uri: &str, access: &Access) -> Result<(Option<Credentials>, Option<String>), BillsError> {
    if access.anonymous {
        return Ok((None, access.region.clone()));
    }
    if let Some(credentials) = &access.credentials {
        return Ok((Some(credentials.clone()), access.region.clone()));
    }
    let (credentials, region) = chain(uri, access.region.clone()).await?;
    Ok((Some(credentials), region))
}

/// The chain of the AWS SDK: environment, profiles, SSO, assumed roles, web identity, instance roles.
#[cfg(feature = "aws")]
async fn chain(uri: &str, region: Option<String>) -> Result<(Credentials, Option<String>), BillsError> {
    use aws_sdk_pricing::config::ProvideCredentials;
    use aws_smithy_http_client::{Builder, tls};

    let ring = tls::Provider::Rustls(tls::rustls_provider::CryptoMode::Ring);
    let config = aws_config::defaults(aws_config::BehaviorVersion::latest())
        .http_client(Builder::new().tls_provider(ring).build_https());
    let config = match region {
        Some(region) => config.region(aws_config::Region::new(region)),
        None => config,
    };
    let config = config.load().await;
    let nobody = |why: String| {
        refused(uri, format!("no AWS credentials: {why}"), format!("{LOG_IN}; a public bucket needs --no-sign-request"))
    };
    let provider = config.credentials_provider().ok_or_else(|| nobody("nothing provides them".into()))?;
    let found = provider.provide_credentials().await.map_err(|error| nobody(innermost(&error)))?;
    let token = found.session_token().map(str::to_owned);
    let (key, secret) = (found.access_key_id().to_owned(), found.secret_access_key().to_owned());
    Ok((Credentials { key, secret, token }, config.region().map(ToString::to_string)))
}

#[cfg(not(feature = "aws"))]
async fn chain(uri: &str, _: Option<String>) -> Result<(Credentials, Option<String>), BillsError> {
    let what = "no AWS credentials: this surgeon was built without the feature aws, which reads profiles and roles";
    let help = "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY; a public bucket needs --no-sign-request";
    Err(refused(uri, what, help))
}

/// The store of a bucket.
pub(super) fn store(
    uri: &str,
    bucket: &str,
    access: &Access,
    who: Option<&Credentials>,
    region: Option<String>,
) -> Result<AmazonS3, BillsError> {
    let region = region.unwrap_or_else(|| "us-east-1".into());
    // AWS in China has a domain of its own (AWS General Reference, "Amazon S3 endpoints and quotas").
    let china = region.starts_with("cn-").then(|| format!("https://s3.{region}.amazonaws.com.cn"));
    let http = access.endpoint.as_ref().is_some_and(|url| url.starts_with("http://"));
    let builder = AmazonS3Builder::new()
        .with_bucket_name(bucket)
        .with_region(region)
        // The client's limit of 30 seconds counts until the last byte; `soon` watches instead that something comes.
        .with_client_options(ClientOptions::new().with_timeout_disabled().with_allow_http(http))
        .with_retry(RetryConfig { max_retries: 6, retry_timeout: TAKEN_UP_FOR, ..RetryConfig::default() });
    let builder = match access.endpoint.clone().or(china) {
        Some(url) => builder.with_endpoint(url),
        // What AWS asks for; but a dot in a bucket's name breaks the certificate of its host name.
        None => builder.with_virtual_hosted_style_request(!bucket.contains('.')),
    };
    let builder = match who {
        None => builder.with_skip_signature(true),
        Some(who) => {
            let builder = builder.with_access_key_id(&who.key).with_secret_access_key(&who.secret);
            who.token.iter().fold(builder, |builder, token| builder.with_token(token))
        }
    };
    builder.build().map_err(|error| broken(uri, innermost(&error)))
}

/// Waits for an answer, as long as one may still come.
pub(super) async fn soon<T>(uri: &str, answer: impl Future<Output = T>) -> Result<T, BillsError> {
    let silent = |_| broken(uri, format!("no answer for {} seconds", PATIENCE.as_secs()));
    tokio::time::timeout(PATIENCE, answer).await.map_err(silent)
}
