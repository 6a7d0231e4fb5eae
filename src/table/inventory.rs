//! Tables of what an account has, as its provider's interfaces say it: declared once, as columns and as a typed row.
//!
//! Knows: names, units, meaning. Does not know: who fills a row. Every column besides account, region and id may be null: what
//! an answer left out is unknown, never zero.

use rust_decimal::Decimal;

/// What a column of each type holds.
mod value {
    pub(super) type Text = String;
    pub(super) type Integer = i64;
    pub(super) type Exact = rust_decimal::Decimal;
    pub(super) type Time = jiff::Timestamp;
    pub(super) type Boolean = bool;
}

/// The columns' types by the names of cells.
mod kind {
    pub(super) use crate::table::ColumnType::{Boolean, Decimal as Exact, Integer, Text, Time};
}

/// Where all of these tables come from.
pub(super) const FROM: &str = "collect (asked of the provider)";

/// A table and the row that fills it: constant, row, name, what one row is; then field, column, type, unit, meaning.
macro_rules! inventory {
    ($($(#[$doc:meta])* $constant:ident $row:ident $name:literal $one:literal {
        $($field:ident $column:literal $kind:ident $unit:literal $meaning:literal,)*
    })*) => {$(
        $(#[$doc])*
        pub const $constant: $crate::table::Table = $crate::table::Table {
            name: $name,
            row: $one,
            from: super::FROM,
            in_rules: true,
            columns: &[
                $crate::table::column("SubAccountId", super::kind::Text, "", true, "Account."),
                $crate::table::column("RegionId", super::kind::Text, "", true, "Region."),
                $crate::table::column("ResourceId", super::kind::Text, "", true, "Canonical resource id."),
                $($crate::table::column($column, super::kind::$kind, $unit, true, $meaning),)*
            ],
        };

        #[doc = concat!("One ", $one, ".")]
        #[derive(Clone, PartialEq, Debug, Default)]
        pub struct $row {
            /// Account.
            pub account: String,
            /// Region.
            pub region: String,
            /// Canonical id.
            pub id: String,
            $(#[doc = $meaning] pub $field: Option<super::value::$kind>,)*
        }

        impl $crate::table::rows::Row for $row {
            const TABLE: &'static $crate::table::Table = &$constant;

            fn cells(self) -> Vec<$crate::table::rows::Cell> {
                use $crate::table::rows::Cell;
                vec![
                    Cell::Text(Some(self.account)),
                    Cell::Text(Some(self.region)),
                    Cell::Text(Some(self.id)),
                    $(Cell::$kind(self.$field),)*
                ]
            }
        }
    )*};
}

mod compute;
mod costs;
mod databases;
mod managed;
mod messages;
mod network;
mod observed;
mod recommended;
mod storage;

pub use compute::*;
pub use costs::*;
pub use databases::*;
pub use managed::*;
pub use messages::*;
pub use network::*;
pub use observed::*;
pub use recommended::*;
pub use storage::*;

/// A whole number of a provider's answer as an exact one.
#[must_use]
pub fn exact(number: Option<i32>) -> Option<Decimal> {
    number.map(Decimal::from)
}

/// What the resources of a table are, in the words of `resources`; `None`: several things, or none.
#[must_use]
pub fn resource_type_of(table: &str) -> Option<&'static str> {
    const TYPES: [(&str, &str); 26] = [
        ("ec2_instances", "instance"),
        ("ec2_hosts", "dedicated-host"),
        ("lambda_functions", "function"),
        ("ecs_services", "ecs-service"),
        ("ecs_tasks", "ecs-task"),
        ("eks_clusters", "eks-cluster"),
        ("ecr_repositories", "repository"),
        ("ebs_volumes", "volume"),
        ("ebs_snapshots", "snapshot"),
        ("efs_file_systems", "file-system"),
        ("ec2_addresses", "elastic-ip"),
        ("ec2_network_interfaces", "network-interface"),
        ("nat_gateways", "nat-gateway"),
        ("vpc_endpoints", "vpc-endpoint"),
        ("load_balancers", "load-balancer"),
        ("transit_gateway_attachments", "transit-gateway-attachment"),
        ("vpn_connections", "vpn-connection"),
        ("rds_instances", "db-instance"),
        ("rds_clusters", "db-cluster"),
        ("elasticache_clusters", "cache-cluster"),
        ("opensearch_domains", "search-domain"),
        ("redshift_clusters", "redshift-cluster"),
        ("dynamodb_tables", "dynamodb-table"),
        ("log_groups", "log-group"),
        ("kinesis_streams", "stream"),
        ("secrets", "secret"),
    ];
    TYPES.iter().find(|(name, _)| *name == table).map(|(_, kind)| *kind)
}
