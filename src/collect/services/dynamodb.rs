//! Tables of DynamoDB: their capacity, and what scales it.
//!
//! Knows: DynamoDB's answers, and what they leave out. Does not know: what any of it costs, or is used for.

use aws_sdk_applicationautoscaling::types::ServiceNamespace;
use aws_sdk_dynamodb::types::{
    GlobalSecondaryIndexDescription, ProvisionedThroughputDescription, TableDescription, TableStatus,
};
use rust_decimal::Decimal;

use crate::collect::ask::{Asked, Call, Collector, Refusal, pages, time};
use crate::collect::session::{Session, client};
use crate::table;
use crate::table::inventory::DynamoTable;
use crate::table::rows::Rows;

use super::each::closed;
use super::scaling::{POLICIES, TARGETS, scaled};
use super::{count, place, text, word};

const fn call(operation: &'static str) -> Call {
    Call { service: "dynamodb", operation }
}

const NAMES: Call = call("ListTables");
const TABLE: Call = call("DescribeTable");

/// What a table is that was never made anything else: its answer leaves these out.
const DEFAULT_MODE: &str = "PROVISIONED";
const DEFAULT_CLASS: &str = "STANDARD";

/// One for each table.
pub(in crate::collect) const COLLECTORS: &[Collector] =
    &[Collector::of(&table::DYNAMODB_TABLES, &[NAMES, TABLE, TARGETS, POLICIES], |session| Box::pin(tables(session)))];

async fn tables(session: &Session) -> Asked {
    let client = client!(session, aws_sdk_dynamodb);
    let (mut names, mut refused) = (Vec::<String>::new(), Vec::new());
    pages(NAMES, client.list_tables().into_paginator().send(), &mut refused, |page| {
        names.extend(page.table_names.unwrap_or_default());
    })
    .await;
    let mut rows = Vec::<DynamoTable>::new();
    for name in &names {
        if closed(TABLE, &refused) {
            rows.extend(named(session, name));
            continue;
        }
        match client.describe_table().table_name(name).send().await {
            Ok(answer) => rows.extend(answer.table().and_then(|one| table(session, one))),
            // Deleted since it was listed.
            Err(error) if error.as_service_error().is_some_and(|error| error.is_resource_not_found_exception()) => {}
            Err(error) => {
                refused.push(Refusal::of(TABLE, &error));
                rows.extend(named(session, name));
            }
        }
    }
    if !rows.is_empty()
        && let Some(all) = scaled(session, ServiceNamespace::Dynamodb, &mut refused).await
    {
        for row in &mut rows {
            row.scaled = row.table.as_ref().map(|name| all.contains_key(&format!("table/{name}")));
        }
    }
    Asked { rows: Rows::of(rows), refused }
}

/// A table of which nothing but its name is known.
fn named(session: &Session, name: &str) -> Option<DynamoTable> {
    let (account, region, id) = place(session, Some(&session.arn("dynamodb", &format!("table/{name}"))))?;
    Some(DynamoTable { account, region, id, table: text(Some(name)), ..DynamoTable::default() })
}

fn table(session: &Session, one: &TableDescription) -> Option<DynamoTable> {
    let (account, region, id) = place(session, one.table_arn())?;
    let provisioned = one.provisioned_throughput();
    let (billing, class) = (one.billing_mode_summary(), one.table_class_summary());
    // Of a table that is being deleted nothing is told of its indexes; of every other, all are.
    let leaving = one.table_status() == Some(&TableStatus::Deleting);
    let indexes = (!leaving).then(|| one.global_secondary_indexes());
    let others = one.replicas().iter().filter(|replica| replica.region_name() != Some(region.as_str()));
    let replicas = i64::try_from(others.count()).ok();
    Some(DynamoTable {
        account,
        region,
        id,
        table: text(one.table_name()),
        status: word(one.table_status()),
        created: time(one.creation_date_time()),
        mode: billing.map_or_else(|| text(Some(DEFAULT_MODE)), |billing| word(billing.billing_mode())),
        reads: provisioned.and_then(|units| units.read_capacity_units()).map(Decimal::from),
        writes: provisioned.and_then(|units| units.write_capacity_units()).map(Decimal::from),
        index_reads: indexes.and_then(|all| total(all, ProvisionedThroughputDescription::read_capacity_units)),
        index_writes: indexes.and_then(|all| total(all, ProvisionedThroughputDescription::write_capacity_units)),
        indexes: indexes.and_then(count),
        replicas,
        class: class.map_or_else(|| text(Some(DEFAULT_CLASS)), |class| word(class.table_class())),
        size: one.table_size_bytes(),
        items: one.item_count(),
        changed_mode: time(billing.and_then(|billing| billing.last_update_to_pay_per_request_date_time())),
        scaled: None,
    })
}

/// Capacity of all indexes together; `None`: one of them does not tell it.
fn total(
    indexes: &[GlobalSecondaryIndexDescription],
    units: fn(&ProvisionedThroughputDescription) -> Option<i64>,
) -> Option<Decimal> {
    let each = indexes.iter().map(|index| index.provisioned_throughput().and_then(units));
    each.sum::<Option<i64>>().map(Decimal::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn capacity_of_indexes_is_known_when_every_index_tells_it() {
        let index = |reads: Option<i64>| {
            let units = ProvisionedThroughputDescription::builder().set_read_capacity_units(reads).build();
            GlobalSecondaryIndexDescription::builder().provisioned_throughput(units).build()
        };
        let reads = |indexes: &[GlobalSecondaryIndexDescription]| {
            total(indexes, ProvisionedThroughputDescription::read_capacity_units)
        };
        assert_eq!(reads(&[]), Some(Decimal::ZERO));
        assert_eq!(reads(&[index(Some(100)), index(Some(25))]), Some(Decimal::from(125)));
        assert_eq!(reads(&[index(Some(100)), index(None)]), None);
        assert_eq!(reads(&[GlobalSecondaryIndexDescription::builder().build()]), None);
    }
}
