//! Evidence computed from the aggregates.

use super::{ColumnType::*, Table, column};

/// What each resource costs per month, by meter: the baseline of every saving.
pub const RESOURCE_MONTHLY_COSTS: Table = Table {
    name: "resource_monthly_costs",
    row: "target × meter, usage only",
    from: "derive",
    in_rules: true,
    columns: &[
        column("SubAccountId", Text, "", true, "Account, subscription or project."),
        column("RegionId", Text, "", true, "Region."),
        column("ResourceId", Text, "", true, "Canonical resource id; null: the scope itself."),
        column("ServiceName", Text, "", true, "Service."),
        column("Meter", Text, "", true, "What the price is for; null when the export lost it."),
        column("MeterName", Text, "", true, "The provider's description of the meter, outside AWS."),
        column("PricingUnit", Text, "", true, "Unit of the quantities."),
        column("BilledCost", Decimal, "currency", false, "As billed over the latest billing period."),
        column(
            "RunRateQuantity",
            Decimal,
            "PricingUnit per 730 h",
            true,
            "Quantity of the last 7 complete days × 730/168.",
        ),
        column(
            "ProvisionedQuantity",
            Decimal,
            "PricingUnit",
            true,
            "For units sold per month (GB-Months, IOPS-Months): what is held on average, whatever the length of the month.",
        ),
        column(
            "BilledRunRate",
            Decimal,
            "currency per 730 h",
            true,
            "Billed cost of the last 7 complete days × 730/168; 0 when gone.",
        ),
        column("EffectiveRunRate", Decimal, "currency per 730 h", true, "Effective cost, likewise."),
        column("ListRunRate", Decimal, "currency per 730 h", true, "List cost, likewise; null when the bill has none."),
        column(
            "CoveredRunRate",
            Decimal,
            "currency per 730 h",
            true,
            "The part of EffectiveRunRate that commitments pay.",
        ),
        column("CommitmentEnd", Time, "", true, "Latest end of the commitments involved."),
        column(
            "DaysSeen",
            Integer,
            "days",
            false,
            "Days with a charge of this meter; without a bill the days since the resource was made, 0 where no answer says when.",
        ),
        column("Gone", Boolean, "", false, "No charge in the last 2 complete days: it saves nothing."),
    ],
};

/// When a resource works, told from what it transfers, hour by hour.
pub const SCHEDULES: Table = Table {
    name: "schedules",
    row: "resource with hourly charges and data transfer",
    from: "derive (usage_profiles and hourly_transfers)",
    in_rules: true,
    columns: &[
        column("SubAccountId", Text, "", true, "Account."),
        column("RegionId", Text, "", true, "Region."),
        column("ResourceId", Text, "", false, "Canonical resource id."),
        column("Meter", Text, "", true, "Meter of its running hours."),
        column("ObservedWeeks", Integer, "weeks", false, "Complete weeks observed, ending at as-of."),
        column("RunningHours", Integer, "hours per week", false, "Hours billed in the last complete week."),
        column(
            "QuietHours",
            Integer,
            "hours per week",
            true,
            "Hours of the week in which it moved less than a hundredth of its busiest hour, in every observed week; null when no transfer of it is billed.",
        ),
        column(
            "QuietHoursOfWeek",
            Text,
            "168 marks",
            true,
            "Those hours as 168 marks, 1 = quiet; Monday 00:00 UTC first.",
        ),
        column(
            "RunningShareWhenQuiet",
            Decimal,
            "ratio",
            true,
            "Share of those hours, over the observed weeks, in which it was billed as running.",
        ),
    ],
};
