//! Clients of one account and region.
//!
//! Knows: credentials, retries, time limits, and that nothing but reading passes. Does not know: what is asked.

use std::time::Duration;

use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_smithy_http_client::{Builder, tls};
use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::Intercept;
use aws_smithy_runtime_api::client::interceptors::context::BeforeTransmitInterceptorContextMut;
use aws_smithy_runtime_api::client::orchestrator::Metadata;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::config_bag::ConfigBag;

use super::ask::{Scope, only_reads};

/// Attempts at a request: the SDK waits longer each time, with jitter, and slows down when a service throttles.
const ATTEMPTS: u32 = 8;
const CONNECT: Duration = Duration::from_secs(10);
/// For one attempt; large pages of DescribeSnapshots take a while.
const ATTEMPT: Duration = Duration::from_secs(60);

/// Who asks, and where the servers are.
#[derive(Clone, Debug, Default)]
pub struct Access {
    /// Profile of the shared configuration; `None`: the environment decides.
    pub profile: Option<String>,
    /// Another address for every service, for tests.
    pub endpoint: Option<String>,
    /// Attempts at a request; `None`: eight.
    pub attempts: Option<u32>,
}

impl Access {
    /// Configuration for a region.
    pub(super) async fn config(&self, region: &str) -> SdkConfig {
        let http =
            Builder::new().tls_provider(tls::Provider::Rustls(tls::rustls_provider::CryptoMode::Ring)).build_https();
        let mut config = aws_config::defaults(BehaviorVersion::latest())
            .http_client(http)
            .retry_config(RetryConfig::adaptive().with_max_attempts(self.attempts.unwrap_or(ATTEMPTS)))
            .timeout_config(
                TimeoutConfig::builder().connect_timeout(CONNECT).operation_attempt_timeout(ATTEMPT).build(),
            )
            .region(Region::new(region.to_owned()));
        if let Some(profile) = &self.profile {
            config = config.profile_name(profile);
        }
        if let Some(endpoint) = &self.endpoint {
            config = config.endpoint_url(endpoint);
        }
        config.load().await
    }
}

/// Clients of one account and region.
#[derive(Clone, Debug)]
pub struct Session {
    /// Where it asks.
    pub scope: Scope,
    pub(super) ec2: aws_sdk_ec2::Client,
    pub(super) cloudwatch: aws_sdk_cloudwatch::Client,
}

impl Session {
    /// With the credentials of a configuration.
    pub(super) fn new(scope: Scope, config: &SdkConfig) -> Self {
        let ec2 = aws_sdk_ec2::config::Builder::from(config).interceptor(ReadOnly).build();
        let cloudwatch = aws_sdk_cloudwatch::config::Builder::from(config).interceptor(ReadOnly).build();
        Session {
            scope,
            ec2: aws_sdk_ec2::Client::from_conf(ec2),
            cloudwatch: aws_sdk_cloudwatch::Client::from_conf(cloudwatch),
        }
    }
}

/// Stops every request that would do more than read, whoever made it.
#[derive(Debug)]
pub(super) struct ReadOnly;

impl Intercept for ReadOnly {
    fn name(&self) -> &'static str {
        "only reads"
    }

    fn modify_before_transmit(
        &self,
        _: &mut BeforeTransmitInterceptorContextMut<'_>,
        _: &RuntimeComponents,
        config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        match config.load::<Metadata>() {
            Some(called) if only_reads(called.name()) => Ok(()),
            Some(called) => Err(format!("{}:{} does more than read", called.service(), called.name()).into()),
            None => Err("an operation without a name".into()),
        }
    }
}
