//! Queues: what SQS says of them.
//!
//! Knows: SQS's answers, and which queue gets what others could not deliver. Does not know: messages.

use std::collections::{BTreeSet, HashMap};

use aws_sdk_sqs::types::QueueAttributeName;
use jiff::Timestamp;

use crate::collect::ask::{Asked, Call, Collector, pages};
use crate::collect::session::{Session, client};
use crate::table;
use crate::table::inventory::Queue;
use crate::table::rows::Rows;

use super::each::ask;
use super::{place, text};

const fn call(operation: &'static str) -> Call {
    Call { service: "sqs", operation }
}

const QUEUES: Call = call("ListQueues");
const ATTRIBUTES: Call = call("GetQueueAttributes");

/// Without a size it tells the first thousand queues and nothing of the others (SQS API reference, ListQueues).
const PAGE: i32 = 1000;

/// One table.
pub(in crate::collect) const COLLECTORS: &[Collector] =
    &[Collector::of(&table::SQS_QUEUES, &[QUEUES, ATTRIBUTES], |session| Box::pin(queues(session)))];

/// What a queue says of itself.
type Attributes = HashMap<QueueAttributeName, String>;

async fn queues(session: &Session) -> Asked {
    let client = client!(session, aws_sdk_sqs);
    let (mut addresses, mut refused) = (Vec::new(), Vec::new());
    let sent = client.list_queues().into_paginator().page_size(PAGE).send();
    pages(QUEUES, sent, &mut refused, |page| addresses.extend(page.queue_urls.unwrap_or_default())).await;
    let (mut rows, mut targets): (Vec<Queue>, BTreeSet<String>) = (Vec::new(), BTreeSet::new());
    for address in &addresses {
        let asked = client.get_queue_attributes().queue_url(address).attribute_names(QueueAttributeName::All);
        let told = ask(ATTRIBUTES, asked.send(), &mut refused).await;
        let told = told.and_then(|told| told.attributes).unwrap_or_default();
        targets.extend(dead_letter_target(&told));
        rows.extend(queue(session, address, &told));
    }
    // A queue that could not be read may send to any of them.
    let all_read = refused.is_empty();
    for row in &mut rows {
        row.dead_letters = if targets.contains(&row.id) { Some(true) } else { all_read.then_some(false) };
    }
    Asked { rows: Rows::of(rows), refused }
}

fn queue(session: &Session, address: &str, told: &Attributes) -> Option<Queue> {
    let name = text(address.rsplit('/').next())?;
    let arn = session.arn("sqs", &name);
    let arn = told.get(&QueueAttributeName::QueueArn).unwrap_or(&arn);
    let (account, region, id) = place(session, Some(arn.as_str()))?;
    Some(Queue {
        account,
        region,
        id,
        wait: number(told, &QueueAttributeName::ReceiveMessageWaitTimeSeconds),
        retention: number(told, &QueueAttributeName::MessageRetentionPeriod),
        messages: number(told, &QueueAttributeName::ApproximateNumberOfMessages),
        dead_letters: None,
        // Told of such queues alone (SQS API reference, GetQueueAttributes).
        fifo: (!told.is_empty()).then(|| told.contains_key(&QueueAttributeName::FifoQueue)),
        created: number(told, &QueueAttributeName::CreatedTimestamp)
            .and_then(|seconds| Timestamp::from_second(seconds).ok()),
        queue: Some(name),
    })
}

/// A whole number; times are told with or without a fraction of a second.
fn number(told: &Attributes, name: &QueueAttributeName) -> Option<i64> {
    told.get(name)?.split('.').next()?.parse().ok()
}

/// The queue that gets what this one could not deliver.
fn dead_letter_target(told: &Attributes) -> Option<String> {
    let policy: serde_json::Value = serde_json::from_str(told.get(&QueueAttributeName::RedrivePolicy)?).ok()?;
    policy.get("deadLetterTargetArn")?.as_str().map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(name: QueueAttributeName, value: &str) -> Attributes {
        HashMap::from([(name, value.to_owned())])
    }

    #[test]
    fn a_redrive_policy_names_the_queue_of_dead_letters() {
        let target = |policy: &str| dead_letter_target(&told(QueueAttributeName::RedrivePolicy, policy));
        let policy = r#"{"deadLetterTargetArn":"arn:aws:sqs:eu-west-1:111122223333:dead","maxReceiveCount":"5"}"#;
        assert_eq!(target(policy).as_deref(), Some("arn:aws:sqs:eu-west-1:111122223333:dead"));
        assert_eq!(target("{}"), None);
        assert_eq!(target("arn:aws:sqs:eu-west-1:111122223333:dead"), None);
        assert_eq!(dead_letter_target(&Attributes::new()), None);
    }

    #[test]
    fn numbers_are_whole() {
        let seconds = |value: &str| {
            number(&told(QueueAttributeName::CreatedTimestamp, value), &QueueAttributeName::CreatedTimestamp)
        };
        assert_eq!(seconds("1790000000"), Some(1_790_000_000));
        assert_eq!(seconds("1790000000.25"), Some(1_790_000_000));
        assert_eq!(seconds("soon"), None);
        assert_eq!(number(&Attributes::new(), &QueueAttributeName::CreatedTimestamp), None);
    }
}
