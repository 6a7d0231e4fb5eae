//! What each service says of an account's resources: one file for each, one collector for each table.
//!
//! Knows: services' answers. Does not know: what any of it costs, or is used for; who is asked.

use super::ask::Collector;
use super::session::Session;

mod advised;
mod auto_scaling;
mod cloud_control;
mod compute_optimizer;
mod cost_explorer;
mod cost_optimization_hub;
mod dynamodb;
mod each;
mod ec2;
mod ecr;
mod ecs;
mod efs;
mod eks;
mod elasticache;
mod elb;
mod kinesis;
mod kms;
mod lambda;
mod logs;
mod opensearch;
mod rds;
mod redshift;
mod s3;
mod scaling;
mod secrets;
mod sqs;

/// All collectors.
pub(super) fn collectors() -> impl Iterator<Item = &'static Collector> {
    let services = [
        auto_scaling::COLLECTORS,
        cloud_control::COLLECTORS,
        compute_optimizer::COLLECTORS,
        cost_explorer::COLLECTORS,
        cost_optimization_hub::COLLECTORS,
        dynamodb::COLLECTORS,
        ec2::COLLECTORS,
        ecr::COLLECTORS,
        ecs::COLLECTORS,
        efs::COLLECTORS,
        eks::COLLECTORS,
        elasticache::COLLECTORS,
        elb::COLLECTORS,
        kinesis::COLLECTORS,
        kms::COLLECTORS,
        lambda::COLLECTORS,
        logs::COLLECTORS,
        opensearch::COLLECTORS,
        rds::COLLECTORS,
        redshift::COLLECTORS,
        s3::COLLECTORS,
        secrets::COLLECTORS,
        sqs::COLLECTORS,
    ];
    services.into_iter().flatten()
}

/// What an enumeration says.
fn word<T: AsRef<str>>(value: Option<T>) -> Option<String> {
    value.map(|value| value.as_ref().to_owned())
}

/// Text that is there.
fn text(value: Option<&str>) -> Option<String> {
    value.filter(|value| !value.is_empty()).map(str::to_owned)
}

/// How many.
fn count<T>(all: &[T]) -> Option<i64> {
    i64::try_from(all.len()).ok()
}

/// Account, region and id of a row; `None`: an answer without an id.
fn place(session: &Session, id: Option<&str>) -> Option<(String, String, String)> {
    Some((session.scope.account.clone(), session.scope.region.clone(), text(id)?))
}

/// Rows of one operation's pages.
macro_rules! asked {
    ($session:ident, $call:expr, $pages:expr, $items:ident, $row:expr) => {{
        let (mut rows, mut refused) = (Vec::new(), Vec::new());
        $crate::collect::ask::pages($call, $pages, &mut refused, |page| {
            rows.extend(page.$items.unwrap_or_default().iter().filter_map(|one| $row($session, one)));
        })
        .await;
        $crate::collect::ask::Asked { rows: $crate::table::rows::Rows::of(rows), refused }
    }};
}
use asked;

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::collect::ask::only_reads;
    use crate::table::{COLLECTED, RESOURCE_METRICS, TABLES};

    #[test]
    fn every_table_of_an_inventory_has_one_collector_and_all_only_read() {
        let made_otherwise = [RESOURCE_METRICS.name, COLLECTED.name];
        let declared = TABLES.iter().filter(|table| table.is_inventory() && !made_otherwise.contains(&table.name));
        for table in declared {
            assert_eq!(collectors().filter(|one| one.table.name == table.name).count(), 1, "{}", table.name);
        }
        for call in collectors().flat_map(|one| one.calls.iter().chain(one.needs)) {
            assert!(only_reads(call.operation), "{}", call.action());
        }
        // Each of those that are asked for one resource is still asked.
        let of_each: BTreeSet<_> = collectors().flat_map(|one| one.calls).filter(|call| call.of_each()).collect();
        assert_eq!(of_each.len(), 25, "{of_each:?}");
    }
}
