//! One account and region, and clients of its services.
//!
//! Knows: credentials, retries, time limits, and that nothing but reading passes. Does not know: what is asked.

use std::sync::Arc;
use std::time::Duration;

use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::Credentials;
use aws_smithy_http_client::{Builder, tls};
use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::Intercept;
use aws_smithy_runtime_api::client::interceptors::context::BeforeTransmitInterceptorContextMut;
use aws_smithy_runtime_api::client::orchestrator::Metadata;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::config_bag::ConfigBag;
use jiff::Timestamp;

use super::ask::{Scope, only_reads};
use super::recording::{Named, Tape};

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
    /// Whether answers are kept, or come from where they were.
    pub tape: Tape,
}

impl Access {
    /// Configuration for a region.
    pub(super) async fn config(&self, region: &str) -> SdkConfig {
        let http =
            Builder::new().tls_provider(tls::Provider::Rustls(tls::rustls_provider::CryptoMode::Ring)).build_https();
        let mut config = aws_config::defaults(BehaviorVersion::latest())
            .http_client(self.tape.client(http))
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
        if let Tape::Replay(_) = self.tape {
            config = config.credentials_provider(Credentials::new("replay", "replay", None, None, "replay"));
        }
        config.load().await
    }
}

/// One account and region, and the credentials to ask there.
#[derive(Clone, Debug)]
pub struct Session {
    /// Where it asks.
    pub scope: Scope,
    /// `aws`, `aws-cn`, `aws-us-gov`: the partition of its resources' names.
    pub partition: String,
    /// Regions that are asked, for services that answer for all of them.
    pub regions: Arc<[String]>,
    /// What is old is old as of this time.
    pub as_of: Timestamp,
    /// Keys of tags by which costs are asked for.
    pub tag_keys: Arc<[String]>,
    pub(super) config: SdkConfig,
}

impl Session {
    /// The same account where a service answers for all regions.
    pub(super) fn in_region(&self, region: &'static str) -> Session {
        let config = self.config.to_builder().region(Region::from_static(region)).build();
        Session { config, ..self.clone() }
    }

    /// The name of a resource that the service's answer names by its last part alone.
    pub(super) fn arn(&self, service: &str, resource: &str) -> String {
        let Scope { account, region } = &self.scope;
        format!("arn:{}:{service}:{region}:{account}:{resource}", self.partition)
    }
}

/// A client of a service that can do nothing but read.
macro_rules! client {
    ($session:expr, $service:ident) => {{
        let config = $service::config::Builder::from(&$session.config);
        $service::Client::from_conf(config.interceptor($session.guard()).build())
    }};
}
pub(super) use client;

/// Stops every request that would do more than read, whoever made it, and notes on the others who is asked for what.
#[derive(Debug)]
pub(super) struct Guard(Scope);

impl Session {
    /// What every client of this session has.
    pub(super) fn guard(&self) -> Guard {
        Guard(self.scope.clone())
    }
}

impl Intercept for Guard {
    fn name(&self) -> &'static str {
        "only reads"
    }

    fn modify_before_transmit(
        &self,
        context: &mut BeforeTransmitInterceptorContextMut<'_>,
        _: &RuntimeComponents,
        config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let Some(called) = config.load::<Metadata>() else { return Err("an operation without a name".into()) };
        let (service, operation) = (called.service().to_owned(), called.name().to_owned());
        if !only_reads(&operation) {
            return Err(format!("{service}:{operation} does more than read").into());
        }
        context.request_mut().add_extension(Named { service, operation, scope: self.0.clone() });
        Ok(())
    }
}
