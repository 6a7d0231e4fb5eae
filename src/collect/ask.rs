//! What collectors are: operations that they call, tables that they fill, and refusals that they meet.
//!
//! Knows: pages of answers, and how an operation can fail. Does not know: services, which accounts there are.

use std::collections::BTreeSet;
use std::error::Error;
use std::future::Future;
use std::pin::Pin;

use aws_smithy_async::future::pagination_stream::PaginationStream;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::DateTime;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use jiff::Timestamp;
use rust_decimal::Decimal;

use super::session::Session;
use crate::dataset::GapEntry;
use crate::table::Table;
use crate::table::rows::Rows;

/// An operation of a service.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Call {
    /// The service's prefix in IAM: `ec2`, `cloudwatch`.
    pub service: &'static str,
    /// `DescribeVolumes`.
    pub operation: &'static str,
}

impl Call {
    /// What IAM must allow: named as the operation, but for some of S3's.
    #[must_use]
    pub fn action(&self) -> String {
        let renamed = S3_ACTIONS.iter().find(|(operation, _)| self.service == "s3" && *operation == self.operation);
        format!("{}:{}", self.service, renamed.map_or(self.operation, |(_, action)| action))
    }

    /// Whether it is asked for each resource, or a few of them, and not once for all.
    #[must_use]
    pub fn of_each(&self) -> bool {
        OF_EACH.contains(&self.operation) || (self.service, self.operation) == ("ecr", "DescribeImages")
    }

    /// What a thousand requests cost, in dollars; `None`: nothing.
    #[must_use]
    pub fn dollars_per_thousand(&self) -> Option<Decimal> {
        let paid =
            PAID.iter().find(|(service, start, _)| self.service == *service && self.operation.starts_with(start));
        paid.map(|(_, _, dollars)| *dollars)
    }
}

/// Operations that are asked for each resource, and not once for all of them.
const OF_EACH: [&str; 24] = [
    "DescribeCluster",
    "DescribeDomains",
    "DescribeInstanceHealth",
    "DescribeKey",
    "DescribeLifecycleConfiguration",
    "DescribeListeners",
    "DescribeNodegroup",
    "DescribeServices",
    "DescribeStreamSummary",
    "DescribeTable",
    "DescribeTargetHealth",
    "DescribeTaskDefinition",
    "GetBucketLifecycleConfiguration",
    "GetBucketLocation",
    "GetBucketVersioning",
    "GetLifecyclePolicy",
    "GetQueueAttributes",
    "GetResource",
    "ListBucketIntelligentTieringConfigurations",
    "ListFargateProfiles",
    "ListKeyRotations",
    "ListMultipartUploads",
    "ListProvisionedConcurrencyConfigs",
    "ListTasks",
];

/// Dollars of a thousand requests, where they are not free, by service and the beginning of the operation (AWS's pricing pages of us-east-1: Cost
/// Explorer's API, CloudWatch, KMS, S3 LIST and other requests, Secrets Manager, SQS; without their free tiers).
const PAID: [(&str, &str, Decimal); 7] = [
    ("ce", "", Decimal::TEN),
    ("cloudwatch", "ListMetrics", Decimal::from_parts(10, 0, 0, false, 3)),
    ("kms", "", Decimal::from_parts(3, 0, 0, false, 3)),
    ("s3", "List", Decimal::from_parts(5, 0, 0, false, 3)),
    ("s3", "Get", Decimal::from_parts(4, 0, 0, false, 4)),
    ("secretsmanager", "", Decimal::from_parts(5, 0, 0, false, 3)),
    ("sqs", "", Decimal::from_parts(4, 0, 0, false, 4)),
];

/// Operations of S3 whose actions have other names (Service Authorization Reference, Amazon S3).
const S3_ACTIONS: [(&str, &str); 4] = [
    ("ListBuckets", "ListAllMyBuckets"),
    ("GetBucketLifecycleConfiguration", "GetLifecycleConfiguration"),
    ("ListBucketIntelligentTieringConfigurations", "GetIntelligentTieringConfiguration"),
    ("ListMultipartUploads", "ListBucketMultipartUploads"),
];

/// Where something is asked.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Scope {
    /// Account.
    pub account: String,
    /// Region.
    pub region: String,
}

/// How an operation failed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Failure {
    /// Not allowed.
    Denied,
    /// The region or the service is not switched on, or a policy of the organization closes it.
    Closed,
    /// Too many requests, after all retries.
    Throttled,
    /// The credentials have expired or are not valid.
    Expired,
    /// No answer: no connection, or it broke off.
    Unreachable,
    /// An answer that is none: HTML, a damaged page.
    Malformed,
    /// The service said something else.
    Other,
}

/// An operation that failed.
#[derive(Clone, PartialEq, Debug)]
pub struct Refusal {
    /// Which.
    pub call: Call,
    /// How.
    pub failure: Failure,
    /// The code that the service gave, or the HTTP status.
    pub code: Option<String>,
    /// What it said.
    pub message: String,
}

/// What came of a collector in one scope.
#[derive(Clone, PartialEq, Debug)]
pub struct Asked {
    /// Rows, also of answers that broke off.
    pub rows: Rows,
    /// What failed.
    pub refused: Vec<Refusal>,
}

/// Who answers.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Reach {
    /// Each region of each account for itself.
    Regions,
    /// One region of each account for all of its regions.
    Account,
    /// One account for all that it pays for.
    Payer,
}

/// What a table is for.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Purpose {
    /// What accounts have.
    Inventory,
    /// What Cost Explorer counts, a cent for each request: asked when it is wanted.
    Costs,
    /// What AWS itself recommends: asked when it is wanted.
    Advice,
}

/// Fills one table from one scope.
#[derive(Clone, Copy)]
pub struct Collector {
    /// The table.
    pub table: &'static Table,
    /// Everything that it calls.
    pub calls: &'static [Call],
    /// What the services that it calls must be allowed to call in turn, in the name of whoever asks.
    pub needs: &'static [Call],
    /// Who answers.
    pub reach: Reach,
    /// What the table is for.
    pub purpose: Purpose,
    /// Requests that it makes at least, where they are paid for.
    pub requests: u32,
    /// Asks.
    pub(super) ask: Ask,
}

/// How a session is asked for a table.
pub(super) type Ask = for<'a> fn(&'a Session) -> Pin<Box<dyn Future<Output = Asked> + Send + 'a>>;

impl Collector {
    /// Of one region.
    pub(super) const fn of(table: &'static Table, calls: &'static [Call], ask: Ask) -> Self {
        let (needs, reach, purpose) = (&[], Reach::Regions, Purpose::Inventory);
        Collector { table, calls, needs, reach, purpose, requests: 0, ask }
    }

    /// Of the account that pays for the others.
    pub(super) const fn of_payer(table: &'static Table, calls: &'static [Call], ask: Ask) -> Self {
        Collector { reach: Reach::Payer, purpose: Purpose::Advice, ..Self::of(table, calls, ask) }
    }

    /// With what its services call in turn.
    pub(super) const fn needing(self, needs: &'static [Call]) -> Self {
        Collector { needs, ..self }
    }

    /// For another purpose than the inventory.
    pub(super) const fn for_purpose(self, purpose: Purpose) -> Self {
        Collector { purpose, ..self }
    }

    /// With so many requests at least.
    pub(super) const fn in_requests(self, requests: u32) -> Self {
        Collector { requests, ..self }
    }

    /// Dollars that asking costs at least, at list price.
    #[must_use]
    pub fn least_cost(&self) -> Decimal {
        let price = self.calls.iter().filter_map(Call::dollars_per_thousand).max().unwrap_or_default();
        price * Decimal::from(self.requests) / Decimal::from(1000)
    }
}

/// Codes of services for the same, as their API references list them.
const DENIED: [&str; 5] =
    ["AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "AuthorizationError", "NotAuthorized"];
const CLOSED: [&str; 5] = [
    "OptInRequired",
    "SubscriptionRequiredException",
    "AuthFailure",
    "UnrecognizedClientException",
    "InvalidClientTokenId",
];
const EXPIRED: [&str; 4] = ["ExpiredToken", "ExpiredTokenException", "RequestExpired", "InvalidToken"];
const THROTTLED: [&str; 6] = [
    "Throttling",
    "ThrottlingException",
    "RequestLimitExceeded",
    "TooManyRequestsException",
    "RequestThrottled",
    "LimitExceededException",
];

impl Refusal {
    /// Of an error of the SDK.
    pub(super) fn of<E: ProvideErrorMetadata + Error + 'static>(call: Call, error: &SdkError<E, HttpResponse>) -> Self {
        let status = |response: &HttpResponse| format!("HTTP {}", response.status().as_u16());
        let (failure, code, message) = match error {
            SdkError::ServiceError(told) => {
                let code = told.err().code().map(str::to_owned);
                let is = |known: &[&str]| code.as_deref().is_some_and(|code| known.contains(&code));
                let failure = match () {
                    () if is(&DENIED) => Failure::Denied,
                    () if is(&CLOSED) => Failure::Closed,
                    () if is(&EXPIRED) => Failure::Expired,
                    () if is(&THROTTLED) || told.raw().status().as_u16() == 429 => Failure::Throttled,
                    // A body without a code is none of the service's.
                    () if code.is_none() => Failure::Malformed,
                    () => Failure::Other,
                };
                let none = if code.is_none() { "what came is no answer of the service" } else { "it gave no reason" };
                let said = told.err().message().unwrap_or(none).to_owned();
                (failure, code.or_else(|| Some(status(told.raw()))), said)
            }
            SdkError::ResponseError(told) => {
                (Failure::Malformed, Some(status(told.raw())), "the answer could not be read".to_owned())
            }
            SdkError::TimeoutError(_) => (Failure::Unreachable, None, "no answer in time".to_owned()),
            SdkError::DispatchFailure(_) => (Failure::Unreachable, None, cause(error)),
            _ => (Failure::Other, None, cause(error)),
        };
        Refusal { call, failure, code, message }
    }

    /// Code and message.
    #[must_use]
    pub fn words(&self) -> String {
        let code = self.code.as_ref().map(|code| format!("{code}: ")).unwrap_or_default();
        format!("{code}{}", self.message)
    }

    /// As a gap, with what closes it.
    #[must_use]
    pub fn gap(&self, scope: &Scope) -> GapEntry {
        let action = self.call.action();
        let remedy = match self.failure {
            Failure::Denied => format!("grant {action} (surgeon permissions prints the whole policy)"),
            Failure::Closed => format!("switch the region on, or leave it out with --region; {action} is closed there"),
            Failure::Throttled => "run it again later: what is done is not asked twice".to_owned(),
            Failure::Expired => {
                "renew the credentials and run it again on the same day: what is done is not asked twice".to_owned()
            }
            Failure::Unreachable | Failure::Malformed => "run it again: what is done is not asked twice".to_owned(),
            Failure::Other => format!("see what {action} says: aws {} help", self.call.service),
        };
        GapEntry {
            what: format!("could not ask {action}: {}", self.words()),
            place: format!("{} {}", scope.account, scope.region),
            remedy,
        }
    }
}

/// The innermost cause, which says most.
fn cause(error: &dyn Error) -> String {
    let mut innermost = error;
    while let Some(source) = innermost.source() {
        innermost = source;
    }
    innermost.to_string()
}

/// Takes every page; what fails ends it and is noted.
pub(super) async fn pages<T, E: ProvideErrorMetadata + Error + 'static>(
    call: Call,
    mut pages: PaginationStream<Result<T, SdkError<E, HttpResponse>>>,
    refused: &mut Vec<Refusal>,
    mut take: impl FnMut(T),
) {
    while let Some(page) = pages.next().await {
        match page {
            Ok(page) => take(page),
            Err(error) => {
                refused.push(Refusal::of(call, &error));
                return;
            }
        }
    }
}

/// A time of the SDK, to the microsecond: JSON has it as a float, which is a little beside.
pub(super) fn time(time: Option<&DateTime>) -> Option<Timestamp> {
    let time = time?;
    let micros = (i64::from(time.subsec_nanos()) + 500) / 1000;
    Timestamp::from_microsecond(time.secs().checked_mul(1_000_000)?.checked_add(micros)?).ok()
}

/// The policy that allows these calls and nothing else, as IAM reads it.
#[must_use]
pub fn policy(calls: &BTreeSet<Call>) -> serde_json::Value {
    let actions: Vec<String> = calls.iter().map(Call::action).collect();
    serde_json::json!({
        "Version": "2012-10-17",
        "Statement": [{ "Sid": "ScaleSurgeonReads", "Effect": "Allow", "Action": actions, "Resource": "*" }],
    })
}

/// Whether an operation only reads, by its name: what AWS itself calls List and Read access.
#[must_use]
pub fn only_reads(operation: &str) -> bool {
    ["Describe", "Get", "List", "Search"].iter().any(|start| operation.starts_with(start))
}
