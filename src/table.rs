//! What the tables are: names, columns, units, meaning. Declared once, here.
//!
//! The data dictionary (`docs/tables.md`), the empty typed tables on which rules are checked, and the loaders all come
//! from these declarations. Does not know: how a table is filled.

use polars::prelude::{DataFrame, DataType, PolarsResult, Schema, TimeUnit};

mod aggregates;
mod charges;
mod derived;
mod entities;
pub mod inventory;
mod performance;
pub mod read;
pub mod rows;
mod spot;

pub use aggregates::{
    CHARGE_TOTALS, COMMITMENT_COSTS, DAILY_COSTS, HOURLY_TRANSFERS, RESOURCE_COSTS, RESOURCE_TAGS, USAGE_PROFILES,
};
pub use charges::CHARGES;
pub use derived::{CAPACITY_RISKS, FITTING_SHAPES, GROUP_SCHEDULES, RESOURCE_MONTHLY_COSTS, SCHEDULES, UTILIZATION};
pub use entities::{COMMITMENTS, INSTANCE_TYPES, RESOURCES, STORAGE_CLASSES};
pub use inventory::{
    AUTO_SCALING_GROUPS, BACKUP_PLAN_RULES, COLLECTED, COMPUTE_OPTIMIZER_RECOMMENDATIONS, COST_EXPLORER_COMMITMENTS,
    COST_EXPLORER_COSTS, DYNAMODB_TABLES, EBS_FAST_RESTORES, EBS_SNAPSHOTS, EBS_VOLUMES, EC2_ADDRESSES, EC2_HOSTS,
    EC2_IMAGES, EC2_INSTANCES, EC2_NETWORK_INTERFACES, ECR_REPOSITORIES, ECS_SERVICES, ECS_TASKS, EFS_FILE_SYSTEMS,
    EKS_CLUSTERS, ELASTICACHE_CLUSTERS, GLUE_JOBS, HUB_RECOMMENDATIONS, KINESIS_STREAMS, KMS_KEYS, LAMBDA_FUNCTIONS,
    LOAD_BALANCERS, LOG_GROUPS, MQ_BROKERS, MSK_BROKERS, NAT_GATEWAYS, OPENSEARCH_DOMAINS, PURCHASE_RECOMMENDATIONS,
    RDS_CLUSTERS, RDS_INSTANCES, RDS_SNAPSHOTS, REDSHIFT_CLUSTERS, RESOURCE_METRICS, S3_BUCKETS, SAGEMAKER_ENDPOINTS,
    SAGEMAKER_NOTEBOOKS, SECRETS, SQS_QUEUES, TRANSIT_GATEWAY_ATTACHMENTS, VPC_ENDPOINTS, VPN_CONNECTIONS, WORKSPACES,
};
pub use performance::FITTING_PERFORMANCE;
pub use spot::SPOT_FITNESS;

/// The engine's exact number: money and quantities.
pub const DECIMAL: DataType = DataType::Decimal(38, 12);
/// The engine's time: microseconds, UTC, without a zone attached.
pub const TIME: DataType = DataType::Datetime(TimeUnit::Microseconds, None);

/// The type of a column.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ColumnType {
    /// UTF-8 text.
    Text,
    /// Whole number, 64 bits.
    Integer,
    /// Exact number with 12 decimal places: money, quantities.
    Decimal,
    /// UTC, start of an instant.
    Time,
    /// Calendar day, UTC.
    Date,
    /// True, false, or null for unknown.
    Boolean,
}

impl ColumnType {
    /// The engine's type.
    #[must_use]
    pub fn engine(self) -> DataType {
        match self {
            ColumnType::Text => DataType::String,
            ColumnType::Integer => DataType::Int64,
            ColumnType::Decimal => DECIMAL,
            ColumnType::Time => TIME,
            ColumnType::Date => DataType::Date,
            ColumnType::Boolean => DataType::Boolean,
        }
    }

    /// The word in the data dictionary.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            ColumnType::Text => "text",
            ColumnType::Integer => "integer",
            ColumnType::Decimal => "decimal(38,12)",
            ColumnType::Time => "time (UTC)",
            ColumnType::Date => "date",
            ColumnType::Boolean => "boolean",
        }
    }
}

/// One column of a table.
#[derive(Clone, Copy, Debug)]
pub struct Column {
    /// FOCUS 1.2 column id, or a name in the same style.
    pub name: &'static str,
    /// Its type.
    pub kind: ColumnType,
    /// Unit of the values, empty for names and flags. `currency` is the billing currency.
    pub unit: &'static str,
    /// Whether null (unknown) can occur.
    pub nullable: bool,
    /// What it says, and where it comes from.
    pub meaning: &'static str,
}

/// One table.
#[derive(Clone, Copy, Debug)]
pub struct Table {
    /// The name in SQL and in a Dataset folder.
    pub name: &'static str,
    /// What one row is.
    pub row: &'static str,
    /// Which stage makes it.
    pub from: &'static str,
    /// Whether rule pages may read it. Charges are not: they are read only through the named aggregates.
    pub in_rules: bool,
    /// Its columns, in order.
    pub columns: &'static [Column],
}

/// Every table, in the order of the data dictionary.
pub const TABLES: &[Table] = &[
    CHARGES,
    CHARGE_TOTALS,
    DAILY_COSTS,
    RESOURCE_COSTS,
    USAGE_PROFILES,
    HOURLY_TRANSFERS,
    COMMITMENT_COSTS,
    RESOURCE_TAGS,
    RESOURCES,
    COMMITMENTS,
    INSTANCE_TYPES,
    STORAGE_CLASSES,
    RESOURCE_MONTHLY_COSTS,
    SCHEDULES,
    GROUP_SCHEDULES,
    UTILIZATION,
    FITTING_SHAPES,
    FITTING_PERFORMANCE,
    CAPACITY_RISKS,
    SPOT_FITNESS,
    EC2_INSTANCES,
    EC2_IMAGES,
    EC2_HOSTS,
    AUTO_SCALING_GROUPS,
    LAMBDA_FUNCTIONS,
    ECS_SERVICES,
    ECS_TASKS,
    EKS_CLUSTERS,
    ECR_REPOSITORIES,
    EC2_ADDRESSES,
    EC2_NETWORK_INTERFACES,
    NAT_GATEWAYS,
    VPC_ENDPOINTS,
    LOAD_BALANCERS,
    TRANSIT_GATEWAY_ATTACHMENTS,
    VPN_CONNECTIONS,
    EBS_VOLUMES,
    EBS_SNAPSHOTS,
    EBS_FAST_RESTORES,
    S3_BUCKETS,
    EFS_FILE_SYSTEMS,
    RDS_INSTANCES,
    RDS_CLUSTERS,
    RDS_SNAPSHOTS,
    ELASTICACHE_CLUSTERS,
    OPENSEARCH_DOMAINS,
    REDSHIFT_CLUSTERS,
    DYNAMODB_TABLES,
    LOG_GROUPS,
    KINESIS_STREAMS,
    SQS_QUEUES,
    KMS_KEYS,
    SECRETS,
    SAGEMAKER_ENDPOINTS,
    SAGEMAKER_NOTEBOOKS,
    WORKSPACES,
    MSK_BROKERS,
    MQ_BROKERS,
    GLUE_JOBS,
    BACKUP_PLAN_RULES,
    COST_EXPLORER_COSTS,
    COST_EXPLORER_COMMITMENTS,
    HUB_RECOMMENDATIONS,
    COMPUTE_OPTIMIZER_RECOMMENDATIONS,
    PURCHASE_RECOMMENDATIONS,
    RESOURCE_METRICS,
    COLLECTED,
];

/// Rows of a table, typed, as the engine holds them.
pub type Frame = DataFrame;

/// Tables of the same columns, one after the other.
///
/// # Errors
/// When their columns differ.
pub fn stacked(frames: Vec<DataFrame>) -> PolarsResult<DataFrame> {
    let mut all = frames.into_iter();
    let mut whole = all.next().unwrap_or_default();
    for frame in all {
        whole.vstack_mut(&frame)?;
    }
    Ok(whole)
}

/// The table of that name.
#[must_use]
pub fn find(name: &str) -> Option<&'static Table> {
    TABLES.iter().find(|table| table.name == name)
}

impl Table {
    /// The column of that name.
    #[must_use]
    pub fn column(&self, name: &str) -> Option<&'static Column> {
        self.columns.iter().find(|column| column.name == name)
    }

    /// Whether it is asked of the provider, and not of a bill.
    #[must_use]
    pub fn is_inventory(&self) -> bool {
        self.from == inventory::FROM
    }

    /// The engine's schema.
    #[must_use]
    pub fn schema(&self) -> Schema {
        self.columns.iter().map(|c| (c.name.into(), c.kind.engine())).collect()
    }

    /// The table without rows, typed.
    #[must_use]
    pub fn empty(&self) -> DataFrame {
        DataFrame::empty_with_schema(&self.schema())
    }
}

/// The unit of a column wherever it is declared, for printing evidence; `None` when no table has the name.
#[must_use]
pub fn unit_of(column: &str) -> Option<&'static str> {
    TABLES.iter().find_map(|table| table.column(column)).map(|c| c.unit)
}

/// The data dictionary, `docs/tables.md`.
#[must_use]
pub fn dictionary() -> String {
    let mut page = String::from(
        "# Tables\n\nGenerated from `src/table/` by `surgeon docs`; do not edit.\n\n\
         Null is unknown and never zero. Times are UTC; periods include their start and exclude their end. `currency` means \
         the billing currency of the review. Names without `x_` that FOCUS 1.2 defines mean what FOCUS says.\n",
    );
    for table in TABLES {
        page.push_str(&describe(table));
    }
    page
}

/// One section of the data dictionary.
#[must_use]
pub fn describe(table: &Table) -> String {
    let mut page = format!("\n## {}\n\nOne row is one {}. From: {}.", table.name, table.row, table.from);
    if table.in_rules {
        page.push_str(" Rule pages may read it.");
    }
    page.push_str("\n\n| column | type | unit | null | meaning |\n|---|---|---|---|---|\n");
    for c in table.columns {
        let null = if c.nullable { "yes" } else { "no" };
        page.push_str(&format!("| `{}` | {} | {} | {null} | {} |\n", c.name, c.kind.word(), c.unit, c.meaning));
    }
    page
}

const fn column(
    name: &'static str,
    kind: ColumnType,
    unit: &'static str,
    nullable: bool,
    meaning: &'static str,
) -> Column {
    Column { name, kind, unit, nullable, meaning }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_column_name_has_one_type_and_one_unit_everywhere() {
        for table in TABLES {
            for column in table.columns {
                for other in TABLES.iter().filter_map(|t| t.column(column.name)) {
                    assert_eq!((other.kind, other.unit), (column.kind, column.unit), "{}.{}", table.name, column.name);
                }
            }
        }
    }

    #[test]
    fn empty_tables_have_their_types() {
        for table in TABLES {
            assert_eq!(table.empty().height(), 0);
            assert_eq!(table.empty().width(), table.columns.len(), "{}", table.name);
        }
    }
}
