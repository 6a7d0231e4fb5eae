//! The month as a Cost and Usage Report, legacy and 2.0: one table of columns with both names.
//!
//! Knows: which column holds what for each line item type. Does not know: how the amounts came about.

use std::collections::BTreeMap;
use std::io::Write;

use rust_decimal::Decimal;
use serde_json::{Map, Value};

use super::DemoError;
use super::charges::{Bill, Charge, Kind, ten_places};
use super::description::OnceKind;
use super::random::Random;

const AWS: &str = "Amazon Web Services, Inc.";

/// Legacy CUR or CUR 2.0.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Dialect {
    Legacy,
    Cur2,
}

/// One line of the report.
struct Row<'a> {
    bill: &'a Bill<'a>,
    charge: &'a Charge<'a>,
    dialect: Dialect,
    id: String,
}

/// A column; an empty name: not in that dialect.
struct Column {
    legacy: &'static str,
    cur2: &'static str,
    value: fn(&Row<'_>) -> String,
}

impl Column {
    fn name(&self, dialect: Dialect) -> &'static str {
        match dialect {
            Dialect::Legacy => self.legacy,
            Dialect::Cur2 => self.cur2,
        }
    }
}

const fn column(legacy: &'static str, cur2: &'static str, value: fn(&Row<'_>) -> String) -> Column {
    Column { legacy, cur2, value }
}

/// Writes header and rows; the number of rows.
pub(crate) fn write<W: Write>(bill: &Bill<'_>, dialect: Dialect, table: &mut csv::Writer<W>) -> Result<u64, DemoError> {
    let columns: Vec<&Column> = COLUMNS.iter().filter(|column| !column.name(dialect).is_empty()).collect();
    table.write_record(columns.iter().map(|column| column.name(dialect)))?;
    let mut ids = Random::for_line(bill.description.seed, "line items");
    let mut rows = 0;
    for charge in &bill.charges {
        let id = format!("{:016x}{:016x}", ids.draw(), ids.draw());
        let row = Row { bill, charge, dialect, id };
        table.write_record(columns.iter().map(|column| (column.value)(&row)))?;
        rows += 1;
    }
    Ok(rows)
}

const COLUMNS: &[Column] = &[
    column("identity/LineItemId", "identity_line_item_id", |r| r.id.clone()),
    column("identity/TimeInterval", "identity_time_interval", |r| r.interval()),
    column("bill/InvoiceId", "bill_invoice_id", |r| r.invoice().to_owned()),
    column("bill/InvoicingEntity", "bill_invoicing_entity", |_| AWS.to_owned()),
    column("bill/BillingEntity", "bill_billing_entity", |r| r.billing_entity().to_owned()),
    column("bill/BillType", "bill_bill_type", |r| r.bill_type().to_owned()),
    column("bill/PayerAccountId", "bill_payer_account_id", |r| r.bill.payer.id.clone()),
    column("", "bill_payer_account_name", |r| r.bill.payer.name.clone()),
    column("bill/BillingPeriodStartDate", "bill_billing_period_start_date", |r| r.time(0)),
    column("bill/BillingPeriodEndDate", "bill_billing_period_end_date", |r| r.time(r.bill.calendar.hours())),
    column("lineItem/UsageAccountId", "line_item_usage_account_id", |r| r.charge.item.account.id.clone()),
    column("", "line_item_usage_account_name", |r| r.charge.item.account.name.clone()),
    column("lineItem/LineItemType", "line_item_line_item_type", |r| r.line_item_type().to_owned()),
    column("lineItem/UsageStartDate", "line_item_usage_start_date", |r| r.time(r.charge.start)),
    column("lineItem/UsageEndDate", "line_item_usage_end_date", |r| r.time(r.charge.end)),
    column("lineItem/ProductCode", "line_item_product_code", |r| r.charge.item.service.code.clone()),
    column("lineItem/UsageType", "line_item_usage_type", |r| r.charge.item.usage_type.clone()),
    column("lineItem/Operation", "line_item_operation", |r| r.charge.item.operation.clone()),
    column("lineItem/AvailabilityZone", "line_item_availability_zone", |r| r.zone()),
    column("lineItem/ResourceId", "line_item_resource_id", |r| r.charge.item.resource.clone()),
    column("lineItem/UsageAmount", "line_item_usage_amount", |r| ten_places(r.charge.quantity)),
    column("lineItem/NormalizationFactor", "line_item_normalization_factor", |r| some(r.normalization_factor())),
    column("lineItem/NormalizedUsageAmount", "line_item_normalized_usage_amount", |r| {
        some(r.normalization_factor().map(|factor| factor * r.charge.quantity))
    }),
    column("lineItem/CurrencyCode", "line_item_currency_code", |_| "USD".to_owned()),
    column("lineItem/UnblendedRate", "line_item_unblended_rate", |r| r.unblended_rate()),
    column("lineItem/UnblendedCost", "line_item_unblended_cost", |r| ten_places(r.charge.unblended())),
    column("lineItem/LineItemDescription", "line_item_line_item_description", |r| r.charge.item.text.clone()),
    column("lineItem/TaxType", "line_item_tax_type", |r| {
        if r.is_once(OnceKind::Tax) { "USSalesTax".to_owned() } else { String::new() }
    }),
    column("lineItem/LegalEntity", "line_item_legal_entity", |r| {
        r.charge.item.service.seller.clone().unwrap_or_else(|| AWS.to_owned())
    }),
    column("", "product", |r| r.product()),
    column("product/ProductName", "", |r| r.charge.item.service.name.clone()),
    column("product/instanceType", "product_instance_type", |r| r.charge.item.instance_type.clone()),
    column("product/operatingSystem", "", |r| r.operating_system().to_owned()),
    column("product/location", "product_location", |r| r.region_name().to_owned()),
    column("product/productFamily", "product_product_family", |r| r.charge.item.family.clone()),
    column("product/region", "", |r| r.region().to_owned()),
    column("product/regionCode", "product_region_code", |r| r.region().to_owned()),
    column("product/servicecode", "product_servicecode", |r| r.charge.item.service.code.clone()),
    column("product/sku", "product_sku", |r| r.charge.item.sku.clone()),
    column("product/usagetype", "product_usagetype", |r| r.charge.item.usage_type.clone()),
    column("pricing/LeaseContractLength", "pricing_lease_contract_length", |r| {
        r.charge.reservation().map_or_else(String::new, |_| "1yr".to_owned())
    }),
    column("pricing/OfferingClass", "pricing_offering_class", |r| {
        r.charge.reservation().map_or_else(String::new, |_| "standard".to_owned())
    }),
    column("pricing/PurchaseOption", "pricing_purchase_option", |r| {
        r.charge.reservation().map_or_else(String::new, |reservation| reservation.payment.clone())
    }),
    column("pricing/currency", "pricing_currency", |_| "USD".to_owned()),
    column("pricing/publicOnDemandCost", "pricing_public_on_demand_cost", |r| ten_places(r.charge.list())),
    column("pricing/publicOnDemandRate", "pricing_public_on_demand_rate", |r| r.list_rate()),
    column("pricing/term", "pricing_term", |r| r.term().to_owned()),
    column("pricing/unit", "pricing_unit", |r| r.charge.item.unit.clone()),
    column("reservation/AmortizedUpfrontCostForUsage", "reservation_amortized_upfront_cost_for_usage", |r| {
        some(r.reserved(|upfront, _| upfront))
    }),
    column(
        "reservation/AmortizedUpfrontFeeForBillingPeriod",
        "reservation_amortized_upfront_fee_for_billing_period",
        |r| some(r.fee(|fee| fee.upfront)),
    ),
    column("reservation/EffectiveCost", "reservation_effective_cost", |r| {
        some(r.reserved(|upfront, recurring| upfront + recurring))
    }),
    column("reservation/EndTime", "reservation_end_time", |r| {
        r.charge.reservation().map_or_else(String::new, |reservation| reservation.end.clone())
    }),
    column("reservation/NumberOfReservations", "reservation_number_of_reservations", |r| {
        r.fee(|fee| fee.count).map_or_else(String::new, |count| count.to_string())
    }),
    column("reservation/RecurringFeeForUsage", "reservation_recurring_fee_for_usage", |r| {
        some(r.reserved(|_, recurring| recurring))
    }),
    column("reservation/ReservationARN", "reservation_reservation_a_r_n", |r| {
        r.charge.reservation().map_or_else(String::new, |reservation| reservation.arn.clone())
    }),
    column("reservation/StartTime", "reservation_start_time", |r| {
        r.charge.reservation().map_or_else(String::new, |reservation| reservation.start.clone())
    }),
    column("reservation/TotalReservedUnits", "reservation_total_reserved_units", |r| some(r.fee(|fee| fee.hours))),
    column(
        "reservation/UnusedAmortizedUpfrontFeeForBillingPeriod",
        "reservation_unused_amortized_upfront_fee_for_billing_period",
        |r| some(r.fee(|fee| fee.unused_upfront)),
    ),
    column("reservation/UnusedQuantity", "reservation_unused_quantity", |r| some(r.fee(|fee| fee.unused_hours))),
    column("reservation/UnusedRecurringFee", "reservation_unused_recurring_fee", |r| {
        some(r.fee(|fee| fee.unused_recurring))
    }),
    column("reservation/UpfrontValue", "reservation_upfront_value", |r| some(r.fee(|fee| fee.upfront_value))),
    column("savingsPlan/EndTime", "savings_plan_end_time", |r| {
        r.charge.plan().map_or_else(String::new, |plan| plan.end.clone())
    }),
    column("savingsPlan/InstanceTypeFamily", "savings_plan_instance_type_family", |r| {
        r.charge.plan().map_or_else(String::new, |plan| plan.family.clone())
    }),
    column("savingsPlan/OfferingType", "savings_plan_offering_type", |r| {
        r.charge.plan().map_or_else(String::new, |plan| plan.offering.clone())
    }),
    column("savingsPlan/PaymentOption", "savings_plan_payment_option", |r| {
        r.charge.plan().map_or_else(String::new, |_| "No Upfront".to_owned())
    }),
    column("savingsPlan/PurchaseTerm", "savings_plan_purchase_term", |r| {
        r.charge.plan().map_or_else(String::new, |_| "1yr".to_owned())
    }),
    column(
        "savingsPlan/RecurringCommitmentForBillingPeriod",
        "savings_plan_recurring_commitment_for_billing_period",
        |r| some(r.plan_fee(|commitment, _| commitment)),
    ),
    column("savingsPlan/Region", "savings_plan_region", |r| {
        r.charge.plan().and_then(|plan| plan.region.clone()).unwrap_or_default()
    }),
    column("savingsPlan/SavingsPlanARN", "savings_plan_savings_plan_a_r_n", |r| {
        r.charge.plan().map_or_else(String::new, |plan| plan.arn.clone())
    }),
    column("savingsPlan/SavingsPlanEffectiveCost", "savings_plan_savings_plan_effective_cost", |r| {
        some(r.covered(|_, effective| effective))
    }),
    column("savingsPlan/SavingsPlanRate", "savings_plan_savings_plan_rate", |r| some(r.covered(|rate, _| rate))),
    column("savingsPlan/StartTime", "savings_plan_start_time", |r| {
        r.charge.plan().map_or_else(String::new, |plan| plan.start.clone())
    }),
    column("savingsPlan/TotalCommitmentToDate", "savings_plan_total_commitment_to_date", |r| {
        some(r.plan_fee(|commitment, _| commitment))
    }),
    column("savingsPlan/UsedCommitment", "savings_plan_used_commitment", |r| some(r.plan_fee(|_, used| used))),
    column("", "resource_tags", |r| {
        json(r.charge.item.tags.iter().map(|(key, value)| (format!("user_{key}"), value.as_str())))
    }),
    column("", "cost_category", |_| "{}".to_owned()),
    column("", "discount", |_| "{}".to_owned()),
    column("resourceTags/user:team", "", |r| r.tag("team")),
    column("resourceTags/user:environment", "", |r| r.tag("environment")),
    column("resourceTags/user:service", "", |r| r.tag("service")),
];

/// What the month's fee of a reservation says.
struct Fee {
    count: u32,
    hours: Decimal,
    upfront: Decimal,
    upfront_value: Decimal,
    unused_hours: Decimal,
    unused_upfront: Decimal,
    unused_recurring: Decimal,
}

impl Row<'_> {
    fn time(&self, hour: usize) -> String {
        let zone = if self.dialect == Dialect::Legacy { "Z" } else { ".000Z" };
        format!("{}{zone}", self.bill.calendar.label(hour))
    }

    fn interval(&self) -> String {
        let label = |hour| self.bill.calendar.label(hour);
        format!("{}Z/{}Z", label(self.charge.start), label(self.charge.end))
    }

    fn is_once(&self, kind: OnceKind) -> bool {
        matches!(self.charge.kind, Kind::Once(own) if own == kind)
    }

    fn invoice(&self) -> &str {
        let description = self.bill.description;
        if self.charge.item.service.seller.is_some() { &description.marketplace_invoice } else { &description.invoice }
    }

    fn billing_entity(&self) -> &'static str {
        if self.charge.item.service.seller.is_some() { "AWS Marketplace" } else { "AWS" }
    }

    fn bill_type(&self) -> &'static str {
        if self.is_once(OnceKind::Refund) { "Refund" } else { "Anniversary" }
    }

    fn line_item_type(&self) -> &'static str {
        match self.charge.kind {
            Kind::Usage => "Usage",
            Kind::Reserved { .. } => "DiscountedUsage",
            Kind::Covered { .. } => "SavingsPlanCoveredUsage",
            Kind::Negation { .. } => "SavingsPlanNegation",
            Kind::PlanFee { .. } => "SavingsPlanRecurringFee",
            Kind::ReservationFee { .. } => "RIFee",
            Kind::Once(OnceKind::Fee) => "Fee",
            Kind::Once(OnceKind::Credit) => "Credit",
            Kind::Once(OnceKind::Refund) => "Refund",
            Kind::Once(OnceKind::Tax) => "Tax",
        }
    }

    fn term(&self) -> &'static str {
        match self.charge.kind {
            Kind::Usage | Kind::Covered { .. } => "OnDemand",
            Kind::Reserved { .. } | Kind::ReservationFee { .. } => "Reserved",
            _ => "",
        }
    }

    fn region(&self) -> &str {
        self.charge.item.region.as_ref().map_or("", |region| region.id.as_str())
    }

    fn region_name(&self) -> &str {
        self.charge.item.region.as_ref().map_or("", |region| region.name.as_str())
    }

    fn zone(&self) -> String {
        let zone = &self.charge.item.zone;
        if zone.is_empty() { String::new() } else { format!("{}{zone}", self.region()) }
    }

    fn operating_system(&self) -> &'static str {
        if self.charge.item.family == "Compute Instance" { "Linux" } else { "" }
    }

    /// Size of an EC2 instance in AWS's units.
    fn normalization_factor(&self) -> Option<Decimal> {
        if self.charge.item.family != "Compute Instance" {
            return None;
        }
        match self.charge.item.instance_type.split('.').next_back()? {
            "medium" => Some(Decimal::from(2_u32)),
            "large" => Some(Decimal::from(4_u32)),
            "xlarge" => Some(Decimal::from(8_u32)),
            "2xlarge" => Some(Decimal::from(16_u32)),
            _ => None,
        }
    }

    fn unblended_rate(&self) -> String {
        match self.charge.kind {
            Kind::Reserved { .. } => ten_places(Decimal::ZERO),
            Kind::Usage | Kind::Covered { .. } | Kind::PlanFee { .. } | Kind::ReservationFee { .. } => {
                ten_places(self.charge.item.rate)
            }
            Kind::Negation { .. } | Kind::Once(_) => String::new(),
        }
    }

    fn list_rate(&self) -> String {
        match self.charge.kind {
            Kind::Usage | Kind::Reserved { .. } | Kind::Covered { .. } => ten_places(self.charge.item.rate),
            _ => String::new(),
        }
    }

    /// From upfront and recurring fee of a covered hour.
    fn reserved(&self, pick: fn(Decimal, Decimal) -> Decimal) -> Option<Decimal> {
        match self.charge.kind {
            Kind::Reserved { upfront, recurring, .. } => Some(pick(upfront, recurring)),
            _ => None,
        }
    }

    fn fee<T>(&self, pick: fn(&Fee) -> T) -> Option<T> {
        match self.charge.kind {
            Kind::ReservationFee { reservation, upfront, unused_hours, unused_upfront, unused_recurring } => {
                Some(pick(&Fee {
                    count: reservation.count,
                    hours: self.charge.quantity,
                    upfront,
                    upfront_value: reservation.upfront.0 * Decimal::from(reservation.count),
                    unused_hours,
                    unused_upfront,
                    unused_recurring,
                }))
            }
            _ => None,
        }
    }

    /// From rate and effective cost of a covered hour.
    fn covered(&self, pick: fn(Decimal, Decimal) -> Decimal) -> Option<Decimal> {
        match self.charge.kind {
            Kind::Covered { rate, effective, .. } => Some(pick(rate, effective)),
            _ => None,
        }
    }

    /// From commitment and use of an hour.
    fn plan_fee(&self, pick: fn(Decimal, Decimal) -> Decimal) -> Option<Decimal> {
        match self.charge.kind {
            Kind::PlanFee { used, .. } => Some(pick(self.charge.cost, used)),
            _ => None,
        }
    }

    fn product(&self) -> String {
        let entries = [
            ("operating_system", self.operating_system()),
            ("product_name", self.charge.item.service.name.as_str()),
            ("region", self.region()),
        ];
        json(entries.into_iter().filter(|(_, value)| !value.is_empty()).map(|(key, value)| (key.to_owned(), value)))
    }

    fn tag(&self, key: &str) -> String {
        let tags: &BTreeMap<String, String> = &self.charge.item.tags;
        tags.get(key).cloned().unwrap_or_default()
    }
}

fn some(number: Option<Decimal>) -> String {
    number.map_or_else(String::new, ten_places)
}

/// A map as AWS writes it into a CSV field.
pub(crate) fn json<'a>(entries: impl Iterator<Item = (String, &'a str)>) -> String {
    let map: Map<String, Value> = entries.map(|(key, value)| (key, Value::from(value))).collect();
    Value::Object(map).to_string()
}
