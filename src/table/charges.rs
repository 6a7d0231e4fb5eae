//! The canonical charges: what every reader makes of a bill, lazy and never held whole.

use super::{ColumnType::*, Table, column};

/// One charge, in FOCUS column ids and `x_` for what FOCUS lacks.
pub const CHARGES: Table = Table {
    name: "charges",
    row: "charge",
    from: "billing (readers of CUR legacy, CUR 2.0 and FOCUS)",
    in_rules: false,
    columns: &[
        column("BillingPeriodStart", Date, "", true, "First day of the billing period."),
        column("BillingAccountId", Text, "", true, "Payer."),
        column("SubAccountId", Text, "", true, "Account, subscription or project that used it."),
        column("BillingCurrency", Text, "", false, "ISO 4217 code."),
        column("InvoiceId", Text, "", true, "Invoice; null until the bill is final, and in FOCUS before 1.2."),
        column(
            "ChargeCategory",
            Text,
            "",
            true,
            "Usage, Purchase, Tax, Credit, Adjustment. CUR: from the line item type.",
        ),
        column(
            "x_ChargeType",
            Text,
            "",
            true,
            "The provider's own type (CUR line item type; FOCUS: category, class and commitment status). An open set.",
        ),
        column("ChargePeriodStart", Time, "", true, "Inclusive start."),
        column("ChargePeriodEnd", Time, "", true, "Exclusive end."),
        column("ProviderName", Text, "", true, "AWS, Microsoft, Google Cloud, Oracle, …"),
        column("ServiceName", Text, "", true, "Service. CUR: the product code, as in ServiceCode of the Price List."),
        column("RegionId", Text, "", true, "Region, e.g. eu-west-1."),
        column("ResourceId", Text, "", true, "Canonical resource id; null for charges that belong to no resource."),
        column("x_Meter", Text, "", true, "What the price is for; null when the export lost it."),
        column("x_MeterName", Text, "", true, "ChargeDescription outside AWS, where the meter is an opaque id."),
        column("PricingUnit", Text, "", true, "Unit of PricingQuantity, in FOCUS spelling."),
        column("PricingQuantity", Decimal, "PricingUnit", true, "How much was priced."),
        column("BilledCost", Decimal, "currency", false, "What is invoiced. CUR: UnblendedCost."),
        column(
            "EffectiveCost",
            Decimal,
            "currency",
            true,
            "Amortized cost. CUR: the documented formula, net columns first.",
        ),
        column("ListCost", Decimal, "currency", true, "Cost at public on-demand price."),
        column("CommitmentDiscountId", Text, "", true, "Reservation or savings plan that the charge belongs to."),
        column("CommitmentDiscountType", Text, "", true, "Reservation or Savings Plan."),
        column("CommitmentDiscountStatus", Text, "", true, "Used or Unused."),
        column("x_CommitmentEnd", Time, "", true, "When that commitment ends; CUR only."),
        column(
            "x_CommitmentTotal",
            Decimal,
            "currency",
            true,
            "Commitment of the period: savings plan commitment, or reservation fee with amortized upfront; CUR only.",
        ),
        column("x_CommitmentUsed", Decimal, "currency", true, "Savings plan commitment used in the period; CUR only."),
    ],
};
