//! Streams: what Kinesis Data Streams says of them.
//!
//! Knows: Kinesis's answers. Does not know: what is in a stream, and who reads it.

use aws_sdk_kinesis::types::StreamSummary;

use crate::collect::ask::{Asked, Call, Collector, pages, time};
use crate::collect::session::{Session, client};
use crate::table;
use crate::table::inventory::Stream;
use crate::table::rows::Rows;

use super::each::ask;
use super::{place, text, word};

const fn call(operation: &'static str) -> Call {
    Call { service: "kinesis", operation }
}

const STREAMS: Call = call("ListStreams");
const STREAM: Call = call("DescribeStreamSummary");

/// Streams of a page, ten thousand at most (Kinesis API reference, ListStreams); a hundred would be asked for.
const PAGE: i32 = 1000;

/// One table.
pub(in crate::collect) const COLLECTORS: &[Collector] =
    &[Collector::of(&table::KINESIS_STREAMS, &[STREAMS, STREAM], |session| Box::pin(streams(session)))];

async fn streams(session: &Session) -> Asked {
    let client = client!(session, aws_sdk_kinesis);
    let (mut rows, mut refused): (Vec<Stream>, _) = (Vec::new(), Vec::new());
    let sent = client.list_streams().into_paginator().page_size(PAGE).send();
    pages(STREAMS, sent, &mut refused, |page| {
        rows.extend(page.stream_summaries.unwrap_or_default().iter().filter_map(|one| stream(session, one)));
    })
    .await;
    for row in &mut rows {
        let sent = client.describe_stream_summary().set_stream_name(row.stream.clone()).send();
        let told = ask(STREAM, sent, &mut refused).await;
        let Some(told) = told.as_ref().and_then(|told| told.stream_description_summary()) else { continue };
        row.shards = Some(i64::from(told.open_shard_count()));
        row.retention = Some(i64::from(told.retention_period_hours()));
        row.consumers = told.consumer_count().map(i64::from);
    }
    Asked { rows: Rows::of(rows), refused }
}

fn stream(session: &Session, one: &StreamSummary) -> Option<Stream> {
    let (account, region, id) = place(session, Some(one.stream_arn()))?;
    Some(Stream {
        account,
        region,
        id,
        stream: text(Some(one.stream_name())),
        status: word(Some(one.stream_status())),
        mode: word(one.stream_mode_details().map(|details| details.stream_mode())),
        shards: None,
        retention: None,
        consumers: None,
        created: time(one.stream_creation_timestamp()),
    })
}
