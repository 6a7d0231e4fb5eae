//! Functions: what Lambda says of them.
//!
//! Knows: Lambda's answers. Does not know: what any of it costs, or is used for; versions by themselves.

use aws_sdk_lambda::types::{FunctionConfiguration, SnapStartApplyOn};
use jiff::Timestamp;

use crate::collect::ask::{Asked, Call, Collector, pages};
use crate::collect::session::{Session, client};
use crate::table;
use crate::table::inventory::Function;
use crate::table::rows::Rows;

use super::each::ask_pages;
use super::{place, text, word};

const fn call(operation: &'static str) -> Call {
    Call { service: "lambda", operation }
}

const FUNCTIONS: Call = call("ListFunctions");
const PROVISIONED: Call = call("ListProvisionedConcurrencyConfigs");

/// One for each table.
pub(in crate::collect) const COLLECTORS: &[Collector] =
    &[Collector::of(&table::LAMBDA_FUNCTIONS, &[FUNCTIONS, PROVISIONED], |session| Box::pin(functions(session)))];

async fn functions(session: &Session) -> Asked {
    let client = client!(session, aws_sdk_lambda);
    let (mut rows, mut refused) = (Vec::<Function>::new(), Vec::new());
    pages(FUNCTIONS, client.list_functions().into_paginator().send(), &mut refused, |page| {
        rows.extend(page.functions.unwrap_or_default().iter().filter_map(|one| function(session, one)));
    })
    .await;
    for row in &mut rows {
        let sent = client.list_provisioned_concurrency_configs().function_name(&row.id).into_paginator().send();
        if let Some(told) = ask_pages(PROVISIONED, sent, &mut refused).await {
            let all = told.iter().flat_map(|page| page.provisioned_concurrency_configs());
            row.provisioned = all.map(|one| one.requested_provisioned_concurrent_executions().map(i64::from)).sum();
        }
    }
    Asked { rows: Rows::of(rows), refused }
}

fn function(session: &Session, one: &FunctionConfiguration) -> Option<Function> {
    let (account, region, id) = place(session, one.function_arn().and_then(whole).as_deref())?;
    Some(Function {
        account,
        region,
        id,
        function: text(one.function_name()),
        runtime: word(one.runtime()),
        architecture: word(one.architectures().first()),
        memory: one.memory_size().map(i64::from),
        storage: one.ephemeral_storage().map(|storage| i64::from(storage.size())),
        timeout: one.timeout().map(i64::from),
        modified: written(one.last_modified()),
        package_type: word(one.package_type()),
        code_size: Some(one.code_size()),
        provisioned: None,
        snap_start: one
            .snap_start()
            .and_then(|start| start.apply_on())
            .map(|on| *on == SnapStartApplyOn::PublishedVersions),
    })
}

/// The function of an ARN that may go on with a version or an alias: `arn:aws:lambda:REGION:ACCOUNT:function:NAME:7`.
fn whole(arn: &str) -> Option<String> {
    let parts: Vec<&str> = arn.split(':').take(7).collect();
    (parts.len() == 7).then(|| parts.join(":"))
}

/// A time that Lambda writes as text, without a colon in its offset: `2026-01-01T00:00:00.000+0000`.
fn written(value: Option<&str>) -> Option<Timestamp> {
    let value = value?;
    Timestamp::strptime("%Y-%m-%dT%H:%M:%S%.f%z", value).or_else(|_| value.parse()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_read_with_and_without_a_colon_in_its_offset() {
        let time = |text: &str| written(Some(text)).map(|time| time.to_string());
        assert_eq!(time("2026-01-01T00:00:00.000+0000").as_deref(), Some("2026-01-01T00:00:00Z"));
        assert_eq!(time("2026-01-01T02:30:00.250+0200").as_deref(), Some("2026-01-01T00:30:00.25Z"));
        assert_eq!(time("2026-01-01T00:00:00+00:00").as_deref(), Some("2026-01-01T00:00:00Z"));
        assert_eq!(time("2026-01-01T00:00:00.5Z").as_deref(), Some("2026-01-01T00:00:00.5Z"));
        assert_eq!(time("yesterday"), None);
        assert_eq!(written(None), None);
    }

    #[test]
    fn a_function_is_the_same_in_all_of_its_versions() {
        let arn = "arn:aws:lambda:eu-west-1:111122223333:function:orders";
        assert_eq!(whole(arn).as_deref(), Some(arn));
        assert_eq!(whole(&format!("{arn}:$LATEST")).as_deref(), Some(arn));
        assert_eq!(whole("orders"), None);
    }
}
