//! Buckets: what S3 says of them.
//!
//! Knows: one list holds the buckets of all regions, and each is asked in its own. Does not know: what is in them.

use std::collections::BTreeMap;

use aws_config::Region;
use aws_sdk_s3::Client;
use aws_sdk_s3::error::SdkError;
use aws_sdk_s3::operation::get_bucket_lifecycle_configuration::GetBucketLifecycleConfigurationError;
use aws_sdk_s3::operation::list_bucket_intelligent_tiering_configurations::ListBucketIntelligentTieringConfigurationsError;
use aws_sdk_s3::types::{BucketLocationConstraint, ExpirationStatus, LifecycleRule};
use aws_smithy_types::error::metadata::ProvideErrorMetadata;

use crate::collect::ask::{Asked, Call, Collector, Reach, Refusal, pages, time};
use crate::collect::session::Session;
use crate::table;
use crate::table::inventory::Bucket;
use crate::table::rows::Rows;

use super::each::ask;
use super::{count, text, word};

const fn call(operation: &'static str) -> Call {
    Call { service: "s3", operation }
}

const BUCKETS: Call = call("ListBuckets");
const LOCATION: Call = call("GetBucketLocation");
const VERSIONING: Call = call("GetBucketVersioning");
const LIFECYCLE: Call = call("GetBucketLifecycleConfiguration");
const TIERING: Call = call("ListBucketIntelligentTieringConfigurations");
const UPLOADS: Call = call("ListMultipartUploads");

/// Buckets of a page, ten thousand at most (Amazon S3 API reference, ListBuckets).
const PAGE: i32 = 1000;

/// One table, and one region answers for all.
pub(in crate::collect) const COLLECTORS: &[Collector] = &[Collector {
    reach: Reach::Account,
    ..Collector::of(&table::S3_BUCKETS, &[BUCKETS, LOCATION, VERSIONING, LIFECYCLE, TIERING, UPLOADS], |session| {
        Box::pin(buckets(session))
    })
}];

/// A client of a region.
fn client(session: &Session, region: &str) -> Client {
    let config = aws_sdk_s3::config::Builder::from(&session.config)
        .region(Region::new(region.to_owned()))
        // A server at another address has no name for each bucket.
        .force_path_style(session.config.endpoint_url().is_some())
        .interceptor(session.guard());
    Client::from_conf(config.build())
}

async fn buckets(session: &Session) -> Asked {
    let home = client(session, &session.scope.region);
    let (mut all, mut refused) = (Vec::new(), Vec::new());
    // Without a size of pages the answer does not say where a bucket is.
    let sent = home.list_buckets().into_paginator().page_size(PAGE).send();
    pages(BUCKETS, sent, &mut refused, |page| all.extend(page.buckets.unwrap_or_default())).await;
    let (mut rows, mut clients) = (Vec::new(), BTreeMap::new());
    for one in &all {
        let Some(name) = text(one.name()) else { continue };
        let region = match text(one.bucket_region()) {
            Some(region) => Some(region),
            None => {
                let told = ask(LOCATION, home.get_bucket_location().bucket(&name).send(), &mut refused).await;
                told.map(|told| region_of(told.location_constraint()))
            }
        };
        // One that cannot be placed is in no region's rows; what refused to place it is noted.
        let Some(region) = region.filter(|region| session.regions.contains(region)) else { continue };
        let there = clients.entry(region.clone()).or_insert_with(|| client(session, &region));
        let told = bucket(there, &name, &mut refused).await;
        let account = session.scope.account.clone();
        rows.push(Bucket { account, region, id: name, created: time(one.creation_date()), ..told });
    }
    Asked { rows: Rows::of(rows), refused }
}

/// The region that a location means (Amazon S3 API reference, GetBucketLocation).
fn region_of(location: Option<&BucketLocationConstraint>) -> String {
    match location.map(BucketLocationConstraint::as_str) {
        None | Some("") => "us-east-1".to_owned(),
        Some("EU") => "eu-west-1".to_owned(),
        Some(region) => region.to_owned(),
    }
}

/// What a bucket says of itself, in its own region.
async fn bucket(client: &Client, name: &str, refused: &mut Vec<Refusal>) -> Bucket {
    let versioning = ask(VERSIONING, client.get_bucket_versioning().bucket(name).send(), refused).await;
    let rules = ask(LIFECYCLE, rules(client, name), refused).await;
    let tiering = ask(TIERING, tiering(client, name), refused).await;
    let uploads = ask(UPLOADS, client.list_multipart_uploads().bucket(name).send(), refused).await;
    Bucket {
        versioning: versioning.and_then(|told| word(told.status())),
        tiering: tiering.and_then(|configurations| i64::try_from(configurations).ok()),
        uploads: uploads.as_ref().and_then(|told| count(told.uploads())),
        oldest_upload: uploads
            .as_ref()
            .and_then(|told| told.uploads().iter().filter_map(|upload| time(upload.initiated())).min()),
        ..rules.as_deref().map(lifecycle).unwrap_or_default()
    }
}

/// Rules of its lifecycle; that it has none is said as an error.
async fn rules(
    client: &Client,
    name: &str,
) -> Result<Vec<LifecycleRule>, SdkError<GetBucketLifecycleConfigurationError>> {
    match client.get_bucket_lifecycle_configuration().bucket(name).send().await {
        Ok(told) => Ok(told.rules.unwrap_or_default()),
        Err(error) if error.code() == Some("NoSuchLifecycleConfiguration") => Ok(Vec::new()),
        Err(error) => Err(error),
    }
}

/// How many configurations of Intelligent-Tiering there are: for these pages the SDK has no stream.
async fn tiering(
    client: &Client,
    name: &str,
) -> Result<usize, SdkError<ListBucketIntelligentTieringConfigurationsError>> {
    let (mut configurations, mut token) = (0, None);
    loop {
        let asked = client.list_bucket_intelligent_tiering_configurations().bucket(name);
        let page = asked.set_continuation_token(token).send().await?;
        configurations += page.intelligent_tiering_configuration_list().len();
        token = page.next_continuation_token.filter(|token| !token.is_empty());
        if token.is_none() {
            return Ok(configurations);
        }
    }
}

/// What the rules do that are enabled.
fn lifecycle(rules: &[LifecycleRule]) -> Bucket {
    let enabled: Vec<&LifecycleRule> =
        rules.iter().filter(|rule| *rule.status() == ExpirationStatus::Enabled).collect();
    let any = |does: fn(&LifecycleRule) -> bool| Some(enabled.iter().any(|rule| does(rule)));
    let days = enabled.iter().filter_map(|rule| rule.abort_incomplete_multipart_upload()?.days_after_initiation());
    Bucket {
        lifecycle_rules: count(&enabled),
        moves: any(|rule| !rule.transitions().is_empty()),
        // An expiration may be of delete markers alone.
        expires: any(|rule| rule.expiration().is_some_and(|end| end.days().is_some() || end.date().is_some())),
        ends_versions: any(|rule| {
            rule.noncurrent_version_expiration().is_some() || !rule.noncurrent_version_transitions().is_empty()
        }),
        aborts_uploads: any(|rule| rule.abort_incomplete_multipart_upload().is_some()),
        abort_days: days.min().map(i64::from),
        ..Bucket::default()
    }
}

#[cfg(test)]
mod tests {
    use aws_sdk_s3::types::builders::LifecycleRuleBuilder;
    use aws_sdk_s3::types::{
        AbortIncompleteMultipartUpload, LifecycleExpiration, NoncurrentVersionExpiration, Transition,
    };

    use super::*;

    fn rule(
        status: ExpirationStatus,
        with: impl FnOnce(LifecycleRuleBuilder) -> LifecycleRuleBuilder,
    ) -> LifecycleRule {
        with(LifecycleRule::builder().status(status)).build().unwrap()
    }

    fn aborts(days: i32) -> LifecycleRule {
        let end = AbortIncompleteMultipartUpload::builder().days_after_initiation(days).build();
        rule(ExpirationStatus::Enabled, |rule| rule.abort_incomplete_multipart_upload(end))
    }

    #[test]
    fn a_bucket_without_rules_does_nothing() {
        let told = lifecycle(&[]);
        assert_eq!((told.lifecycle_rules, told.moves, told.expires), (Some(0), Some(false), Some(false)));
        assert_eq!((told.ends_versions, told.aborts_uploads, told.abort_days), (Some(false), Some(false), None));
    }

    #[test]
    fn only_rules_that_are_enabled_count() {
        let moves = Transition::builder().days(30).build();
        let ends = LifecycleExpiration::builder().days(1).build();
        let told = lifecycle(&[
            rule(ExpirationStatus::Enabled, |rule| rule.transitions(moves)),
            rule(ExpirationStatus::Disabled, |rule| rule.expiration(ends)),
            aborts(7),
            aborts(3),
        ]);
        assert_eq!((told.lifecycle_rules, told.moves, told.expires), (Some(3), Some(true), Some(false)));
        assert_eq!((told.aborts_uploads, told.abort_days), (Some(true), Some(3)));
    }

    #[test]
    fn a_rule_for_delete_markers_and_old_versions_deletes_no_current_object() {
        let markers = LifecycleExpiration::builder().expired_object_delete_marker(true).build();
        let versions = NoncurrentVersionExpiration::builder().noncurrent_days(30).build();
        let told = lifecycle(&[rule(ExpirationStatus::Enabled, |rule| {
            rule.expiration(markers).noncurrent_version_expiration(versions)
        })]);
        assert_eq!((told.expires, told.ends_versions), (Some(false), Some(true)));
    }

    #[test]
    fn old_names_of_locations_are_regions() {
        let region = |location: &str| region_of(Some(&BucketLocationConstraint::from(location)));
        assert_eq!(region_of(None), "us-east-1");
        assert_eq!([region(""), region("EU"), region("eu-west-3")], ["us-east-1", "eu-west-1", "eu-west-3"]);
    }
}
