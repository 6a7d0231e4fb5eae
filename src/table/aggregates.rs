//! The named aggregates of charges: the only way in which charges are read.

use super::{ColumnType::*, Table, column};

/// Where the money is, by everything a tie-out asks for.
pub const CHARGE_TOTALS: Table = Table {
    name: "charge_totals",
    row: "billing period × payer × account × currency × charge category × charge type × charge kind × invoice",
    from: "billing (aggregate of charges)",
    in_rules: true,
    columns: &[
        column("BillingPeriodStart", Date, "", true, "First day of the billing period."),
        column("BillingAccountId", Text, "", true, "Payer."),
        column("SubAccountId", Text, "", true, "Account, subscription or project."),
        column("BillingCurrency", Text, "", false, "ISO 4217 code."),
        column("ChargeCategory", Text, "", true, "Usage, Purchase, Tax, Credit, Adjustment."),
        column("x_ChargeType", Text, "", true, "The provider's own charge type."),
        column("x_ChargeKind", Text, "", true, "The line of the account."),
        column("InvoiceId", Text, "", true, "Invoice; null until the bill is final."),
        column("BilledCost", Decimal, "currency", false, "Sum of what is invoiced."),
        column("EffectiveCost", Decimal, "currency", true, "Sum of amortized cost, after discounts."),
        column(
            "AmortizedCost",
            Decimal,
            "currency",
            true,
            "Sum of amortized cost, before discounts that net columns state.",
        ),
        column("ListCost", Decimal, "currency", true, "Sum at list price, where the bill has it."),
        column("Charges", Integer, "charges", false, "Rows of the bill."),
    ],
};

/// Cost over time.
pub const DAILY_COSTS: Table = Table {
    name: "daily_costs",
    row: "day × account × region × service × meter × charge type, with one further key per allocation tag (`Tag_<key>`)",
    from: "billing (aggregate of charges)",
    in_rules: true,
    columns: &[
        column("Day", Date, "", true, "Day on which the charge starts."),
        column("SubAccountId", Text, "", true, "Account, subscription or project."),
        column("RegionId", Text, "", true, "Region."),
        column("ServiceName", Text, "", true, "Service."),
        column("Meter", Text, "", true, "What the price is for."),
        column("ChargeCategory", Text, "", true, "Usage, Purchase, Tax, Credit, Adjustment."),
        column("x_ChargeType", Text, "", true, "The provider's own charge type."),
        column("PricingQuantity", Decimal, "PricingUnit", true, "How much was priced."),
        column("BilledCost", Decimal, "currency", false, "Sum of what is invoiced."),
        column("EffectiveCost", Decimal, "currency", true, "Sum of amortized cost."),
        column("ListCost", Decimal, "currency", true, "Sum at list price."),
        column("Charges", Integer, "charges", false, "Rows of the bill."),
    ],
};

/// Cost of each resource, by meter and day.
pub const RESOURCE_COSTS: Table = Table {
    name: "resource_costs",
    row: "target × meter × day",
    from: "billing (aggregate of charges)",
    in_rules: true,
    columns: &[
        column("Day", Date, "", true, "Day on which the charge starts."),
        column("SubAccountId", Text, "", true, "Account, subscription or project."),
        column("RegionId", Text, "", true, "Region."),
        column("ResourceId", Text, "", true, "Canonical resource id; null: charges of the scope itself."),
        column("ServiceName", Text, "", true, "Service."),
        column("Meter", Text, "", true, "What the price is for."),
        column("MeterName", Text, "", true, "The provider's description of the meter, outside AWS."),
        column("PricingUnit", Text, "", true, "Unit of PricingQuantity."),
        column("ChargeCategory", Text, "", true, "Usage, Purchase, Tax, Credit, Adjustment."),
        column("PricingQuantity", Decimal, "PricingUnit", true, "How much was priced."),
        column("BilledCost", Decimal, "currency", false, "Sum of what is invoiced."),
        column("EffectiveCost", Decimal, "currency", true, "Sum of amortized cost."),
        column("ListCost", Decimal, "currency", true, "Sum at list price."),
        column(
            "CommitmentDiscountStatus",
            Text,
            "",
            true,
            "Used: a commitment pays for it; Unused: the part of a commitment that covered nothing; null otherwise.",
        ),
        column(
            "CommitmentEnd",
            Time,
            "",
            true,
            "Latest end of the commitments involved; null when the export does not say.",
        ),
        column("Long", Boolean, "", false, "Whether the charges cover more than a day each."),
        column("ChargePeriodEnd", Time, "", true, "Latest end of the charges."),
        column("Charges", Integer, "charges", false, "Rows of the bill."),
    ],
};

/// Hourly use of what commitments can cover.
pub const USAGE_PROFILES: Table = Table {
    name: "usage_profiles",
    row: "resource × commitment-eligible meter × hour",
    from: "billing (aggregate of charges; hourly bills only)",
    in_rules: true,
    columns: &[
        column("Hour", Time, "", false, "Start of the hour."),
        column("SubAccountId", Text, "", true, "Account."),
        column("RegionId", Text, "", true, "Region."),
        column("ResourceId", Text, "", true, "Canonical resource id."),
        column("Meter", Text, "", true, "Commitment-eligible class (instance hours)."),
        column("PricingQuantity", Decimal, "PricingUnit", true, "Hours used."),
        column("ListCost", Decimal, "currency", true, "Cost at list price: quantity times the on-demand rate."),
        column("EffectiveCost", Decimal, "currency", true, "Amortized cost."),
        column("CoveredQuantity", Decimal, "PricingUnit", true, "Hours covered by a reservation or savings plan."),
        column("Charges", Integer, "charges", false, "Rows of the bill."),
    ],
};

/// Bytes that a resource sent or received, by hour: proof of work that the bill alone gives.
pub const HOURLY_TRANSFERS: Table = Table {
    name: "hourly_transfers",
    row: "resource × hour with data transfer",
    from: "billing (aggregate of charges; hourly bills only)",
    in_rules: false,
    columns: &[
        column("Hour", Time, "", false, "Start of the hour."),
        column("SubAccountId", Text, "", true, "Account."),
        column("RegionId", Text, "", true, "Region."),
        column("ResourceId", Text, "", true, "Canonical resource id."),
        column("TransferGB", Decimal, "GB", true, "Gigabytes of all data transfer meters of the resource."),
        column("Charges", Integer, "charges", false, "Rows of the bill."),
    ],
};

/// What each commitment cost and covered.
pub const COMMITMENT_COSTS: Table = Table {
    name: "commitment_costs",
    row: "billing period × commitment × account × region × meter × charge type",
    from: "billing (aggregate of charges)",
    in_rules: false,
    columns: &[
        column("BillingPeriodStart", Date, "", true, "First day of the billing period."),
        column("CommitmentDiscountId", Text, "", false, "Its id (ARN)."),
        column("CommitmentDiscountType", Text, "", true, "Reservation or Savings Plan."),
        column("SubAccountId", Text, "", true, "Account charged."),
        column("RegionId", Text, "", true, "Region of the charge."),
        column("Meter", Text, "", true, "Meter of the charge."),
        column("ChargeCategory", Text, "", true, "Usage, Purchase, …"),
        column("x_ChargeType", Text, "", true, "The provider's own charge type."),
        column("CommitmentDiscountStatus", Text, "", true, "Used or Unused."),
        column("BilledCost", Decimal, "currency", false, "Sum of what is invoiced."),
        column("EffectiveCost", Decimal, "currency", true, "Sum of amortized cost."),
        column(
            "AmortizedCost",
            Decimal,
            "currency",
            true,
            "Sum of amortized cost, before discounts that net columns state.",
        ),
        column(
            "CommitmentTotal",
            Decimal,
            "currency",
            true,
            "Commitment of the period: savings plan commitment, or reservation fee with amortized upfront; CUR only.",
        ),
        column("CommitmentUsed", Decimal, "currency", true, "Savings plan commitment used; CUR only."),
        column("CommitmentStart", Time, "", true, "When it began; CUR only."),
        column("CommitmentEnd", Time, "", true, "When it ends; CUR only."),
        column("OfferingClass", Text, "", true, "standard or convertible, of a reservation; CUR only."),
        column("PricingQuantity", Decimal, "PricingUnit", true, "How much was priced: of a fee, hours bought."),
        column("ListCost", Decimal, "currency", true, "Sum at list price: of covered usage, its on-demand cost."),
        column("FirstHour", Time, "", true, "Earliest start of the charges."),
        column("ChargePeriodEnd", Time, "", true, "Latest end of the charges."),
        column("Charges", Integer, "charges", false, "Rows of the bill."),
    ],
};

/// Tags of each resource.
pub const RESOURCE_TAGS: Table = Table {
    name: "resource_tags",
    row: "target, with one column per allocation tag (`Tag_<key>`)",
    from: "billing (aggregate of charges)",
    in_rules: false,
    columns: &[
        column("SubAccountId", Text, "", true, "Account, subscription or project."),
        column("RegionId", Text, "", true, "Region."),
        column("ResourceId", Text, "", true, "Canonical resource id."),
        column("Charges", Integer, "charges", false, "Rows of the bill."),
    ],
};
