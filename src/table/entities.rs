//! Things: resources and commitments.

use super::{ColumnType::*, Table, column};

/// Every resource that the bill shows.
pub const RESOURCES: Table = Table {
    name: "resources",
    row: "resource (account × region × canonical id)",
    from: "derive (seen in the bill)",
    in_rules: true,
    columns: &[
        column("SubAccountId", Text, "", true, "Account, subscription or project."),
        column("RegionId", Text, "", true, "Region."),
        column("ResourceId", Text, "", false, "Canonical resource id."),
        column("ResourceType", Text, "", true, "instance, volume, nat-gateway, …; null when the id does not say."),
        column("ServiceName", Text, "", true, "Service with most of its cost."),
        column("FirstDay", Date, "", true, "First day with a charge."),
        column("LastDay", Date, "", true, "Last day with a charge."),
        column("DaysSeen", Integer, "days", false, "Days with a charge."),
        column("Metered", Boolean, "", false, "Whether every charge of it has a meter; false: the export lost some."),
    ],
};

/// Every reservation and savings plan that the bill shows.
pub const COMMITMENTS: Table = Table {
    name: "commitments",
    row: "reservation or savings plan in force",
    from: "derive (seen in the bill)",
    in_rules: true,
    columns: &[
        column("SubAccountId", Text, "", true, "Account that owns it: where its fee or unused part is charged."),
        column("RegionId", Text, "", true, "Region of that charge; null or global for Compute savings plans."),
        column("CommitmentDiscountId", Text, "", false, "Its id (ARN)."),
        column("CommitmentDiscountType", Text, "", true, "Reservation or Savings Plan."),
        column("Meter", Text, "", true, "Meter of its fee."),
        column("UsedCost", Decimal, "currency", true, "Effective cost of the usage that it covered, over the bill."),
        column("UnusedCost", Decimal, "currency", true, "Effective cost that covered nothing, over the bill."),
        column("Utilization", Decimal, "ratio", true, "UsedCost / (UsedCost + UnusedCost); null when both are zero."),
        column("CommitmentEnd", Time, "", true, "When it ends; null when the export does not say."),
    ],
};
