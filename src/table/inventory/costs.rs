//! What Cost Explorer counts of all accounts: costs by day, how far commitments are used, and what they cover.
//!
//! Knows: columns and units. Does not know: who asks. Written by hand, because nothing here is a resource of a region: both are null,
//! and stand in the tables so that these are read like every other inventory.

use jiff::Timestamp;
use rust_decimal::Decimal;

use super::kind::{Boolean, Exact, Text, Time};
use crate::table::rows::{Cell, Row};
use crate::table::{Table, column};

/// Costs of accounts by day and one dimension more.
pub const COST_EXPLORER_COSTS: Table = Table {
    name: "cost_explorer_costs",
    row: "day × account × value of one dimension",
    from: super::FROM,
    in_rules: true,
    columns: &[
        column("SubAccountId", Text, "", true, "Account that used it."),
        column("RegionId", Text, "", true, "Null: Cost Explorer answers for all regions."),
        column("ResourceId", Text, "", true, "Null: these are costs of an account."),
        column("ChargePeriodStart", Time, "", true, "The day."),
        column(
            "Dimension",
            Text,
            "",
            true,
            "SERVICE, REGION or TAG. The rows of each of them are all costs of the account: add up one of them, never two.",
        ),
        column("DimensionKey", Text, "", true, "Key of the tag; null for SERVICE and REGION."),
        column("DimensionValue", Text, "", true, "Its value, in the words of Cost Explorer; null: the tag is not set."),
        column("BilledCost", Exact, "currency", true, "UnblendedCost, with taxes, credits and fees."),
        column(
            "EffectiveCost",
            Exact,
            "currency",
            true,
            "NetAmortizedCost, after discounts; AmortizedCost where the answer has no net.",
        ),
        column("AmortizedCost", Exact, "currency", true, "AmortizedCost, before discounts."),
        column("BillingCurrency", Text, "", true, "ISO 4217 code."),
        column("Estimated", Boolean, "", true, "Whether it may still change: the bill of the month is not final."),
    ],
};

/// One day × account × value of one dimension.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct DailyCost {
    /// Account.
    pub account: String,
    /// The day.
    pub day: Option<Timestamp>,
    /// SERVICE, REGION or TAG.
    pub dimension: String,
    /// Key of the tag.
    pub key: Option<String>,
    /// Value of the dimension.
    pub value: Option<String>,
    /// Unblended.
    pub billed: Option<Decimal>,
    /// Amortized, after discounts.
    pub effective: Option<Decimal>,
    /// Amortized, before discounts.
    pub amortized: Option<Decimal>,
    /// Currency code.
    pub currency: Option<String>,
    /// Whether it may still change.
    pub estimated: Option<bool>,
}

impl Row for DailyCost {
    const TABLE: &'static Table = &COST_EXPLORER_COSTS;

    fn cells(self) -> Vec<Cell> {
        vec![
            Cell::Text(Some(self.account)),
            Cell::Text(None),
            Cell::Text(None),
            Cell::Time(self.day),
            Cell::Text(Some(self.dimension)),
            Cell::Text(self.key),
            Cell::Text(self.value),
            Cell::Exact(self.billed),
            Cell::Exact(self.effective),
            Cell::Exact(self.amortized),
            Cell::Text(self.currency),
            Cell::Boolean(self.estimated),
        ]
    }
}

/// Use and coverage of commitments by day.
pub const COST_EXPLORER_COMMITMENTS: Table = Table {
    name: "cost_explorer_commitments",
    row: "day × kind of commitment × service of the reservations",
    from: super::FROM,
    in_rules: true,
    columns: &[
        column("SubAccountId", Text, "", true, "Account that was asked: it answers for all that it pays for."),
        column("RegionId", Text, "", true, "Null: Cost Explorer answers for all regions."),
        column("ResourceId", Text, "", true, "Null: these are all commitments of a kind."),
        column("ChargePeriodStart", Time, "", true, "The day."),
        column("CommitmentKind", Text, "", true, "SavingsPlans or Reservations."),
        column(
            "ServiceName",
            Text,
            "",
            true,
            "Service of the reservations, in the words of Cost Explorer; null for SavingsPlans.",
        ),
        column(
            "Utilization",
            Exact,
            "ratio",
            true,
            "Share of what is paid for that covered usage; 0 too where nothing is held.",
        ),
        column(
            "TotalCommitment",
            Exact,
            "currency",
            true,
            "Commitment of the day; of reservations their fees with amortized upfront payments. 0: nothing is held.",
        ),
        column("UsedCommitment", Exact, "currency", true, "Part of it that covered usage; null for Reservations."),
        column("UnusedCommitment", Exact, "currency", true, "Part of it that covered nothing."),
        column(
            "OnDemandCostEquivalent",
            Exact,
            "currency",
            true,
            "What the usage that it covered would have cost on demand.",
        ),
        column(
            "NetSavings",
            Exact,
            "currency",
            true,
            "That, less what the commitments cost; negative: they cost more.",
        ),
        column(
            "Coverage",
            Exact,
            "ratio",
            true,
            "Share of what they could cover and did: of cost for SavingsPlans, of hours for Reservations.",
        ),
        column("OnDemandCost", Exact, "currency", true, "Cost of what they could have covered and did not."),
    ],
};

/// One day × kind of commitment × service of the reservations.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct CommitmentDay {
    /// Account that was asked.
    pub account: String,
    /// The day.
    pub day: Option<Timestamp>,
    /// `SavingsPlans` or `Reservations`.
    pub kind: String,
    /// Service of the reservations.
    pub service: Option<String>,
    /// Share that covered usage.
    pub utilization: Option<Decimal>,
    /// All of it.
    pub total: Option<Decimal>,
    /// Part that covered usage.
    pub used: Option<Decimal>,
    /// Part that covered nothing.
    pub unused: Option<Decimal>,
    /// The covered usage on demand.
    pub on_demand_equivalent: Option<Decimal>,
    /// What they saved.
    pub net_savings: Option<Decimal>,
    /// Share of the usage that they covered.
    pub coverage: Option<Decimal>,
    /// Cost of what they left uncovered.
    pub on_demand: Option<Decimal>,
}

impl Row for CommitmentDay {
    const TABLE: &'static Table = &COST_EXPLORER_COMMITMENTS;

    fn cells(self) -> Vec<Cell> {
        vec![
            Cell::Text(Some(self.account)),
            Cell::Text(None),
            Cell::Text(None),
            Cell::Time(self.day),
            Cell::Text(Some(self.kind)),
            Cell::Text(self.service),
            Cell::Exact(self.utilization),
            Cell::Exact(self.total),
            Cell::Exact(self.used),
            Cell::Exact(self.unused),
            Cell::Exact(self.on_demand_equivalent),
            Cell::Exact(self.net_savings),
            Cell::Exact(self.coverage),
            Cell::Exact(self.on_demand),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_have_the_cells_of_their_tables() {
        assert_eq!(DailyCost::default().cells().len(), COST_EXPLORER_COSTS.columns.len());
        assert_eq!(CommitmentDay::default().cells().len(), COST_EXPLORER_COMMITMENTS.columns.len());
    }
}
