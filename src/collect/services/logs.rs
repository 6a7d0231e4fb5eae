//! Groups of logs: what CloudWatch Logs says of them.
//!
//! Knows: CloudWatch Logs' answers. Does not know: what is logged, and who reads it.

use aws_sdk_cloudwatchlogs::types::{LogGroup as Told, LogGroupClass};
use jiff::Timestamp;

use crate::collect::ask::{Asked, Call, Collector};
use crate::collect::session::{Session, client};
use crate::table;
use crate::table::inventory::LogGroup;

use super::{asked, place, text, word};

const GROUPS: Call = Call { service: "logs", operation: "DescribeLogGroups" };

/// Largest page (CloudWatch Logs API reference, DescribeLogGroups).
const PAGE: i32 = 50;

/// One table.
pub(in crate::collect) const COLLECTORS: &[Collector] =
    &[Collector::of(&table::LOG_GROUPS, &[GROUPS], |session| Box::pin(groups(session)))];

async fn groups(session: &Session) -> Asked {
    let sent = client!(session, aws_sdk_cloudwatchlogs).describe_log_groups().into_paginator().page_size(PAGE).send();
    asked!(session, GROUPS, sent, log_groups, group)
}

fn group(session: &Session, one: &Told) -> Option<LogGroup> {
    let name = text(one.log_group_name())?;
    // As a bill has it; the answer's `arn` ends in `:*`.
    let arn = session.arn("logs", &format!("log-group:{name}"));
    let (account, region, id) = place(session, Some(arn.as_str()))?;
    Some(LogGroup {
        account,
        region,
        id,
        group: Some(name),
        class: word(one.log_group_class()),
        retention: one.retention_in_days().map(i64::from),
        kept_for_ever: Some(never_expires(one)),
        stored: one.stored_bytes(),
        created: one.creation_time().and_then(|millis| Timestamp::from_millisecond(millis).ok()),
    })
}

/// Whether nothing of it expires. One for delivery keeps events for a day, whatever it says (CloudWatch Logs API reference, LogGroup).
fn never_expires(one: &Told) -> bool {
    one.retention_in_days().is_none() && one.log_group_class() != Some(&LogGroupClass::Delivery)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_group_without_retention_keeps_for_ever_unless_it_only_delivers() {
        let told = |class: LogGroupClass| Told::builder().log_group_class(class);
        assert!(never_expires(&told(LogGroupClass::Standard).build()));
        assert!(never_expires(&Told::builder().build()));
        assert!(!never_expires(&told(LogGroupClass::InfrequentAccess).retention_in_days(30).build()));
        assert!(!never_expires(&told(LogGroupClass::Delivery).build()));
    }
}
