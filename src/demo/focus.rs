//! The month as FOCUS 1.0 in the columns of AWS's export.
//!
//! Knows: that covered usage is billed at nothing, that there are no negations, and that what a commitment did not
//! cover is a row of its own. Does not know: how the amounts came about. The export has no invoice ids.

use std::io::Write;

use rust_decimal::Decimal;

use super::DemoError;
use super::charges::{Bill, Charge, Kind, ten_places};
use super::cur::json;
use super::description::OnceKind;

const AWS: &str = "Amazon Web Services, Inc.";

/// A charge, or the part of its fee that covered nothing.
struct Row<'a> {
    bill: &'a Bill<'a>,
    charge: &'a Charge<'a>,
    unused: bool,
}

type Column = (&'static str, fn(&Row<'_>) -> String);

/// Writes header and rows; the number of rows.
pub(crate) fn write<W: Write>(bill: &Bill<'_>, table: &mut csv::Writer<W>) -> Result<u64, DemoError> {
    table.write_record(COLUMNS.iter().map(|(name, _)| *name))?;
    let mut rows = 0;
    for charge in &bill.charges {
        if let Kind::Negation { .. } = charge.kind {
            continue;
        }
        for unused in [false, true] {
            if unused && charge.unused().is_zero() {
                continue;
            }
            let row = Row { bill, charge, unused };
            table.write_record(COLUMNS.iter().map(|(_, value)| value(&row)))?;
            rows += 1;
        }
    }
    Ok(rows)
}

const COLUMNS: &[Column] = &[
    ("AvailabilityZone", |r| r.zone()),
    ("BilledCost", |r| ten_places(r.billed())),
    ("BillingAccountId", |r| r.bill.payer.id.clone()),
    ("BillingAccountName", |r| r.bill.payer.name.clone()),
    ("BillingCurrency", |_| "USD".to_owned()),
    ("BillingPeriodEnd", |r| r.time(r.bill.calendar.hours())),
    ("BillingPeriodStart", |r| r.time(0)),
    ("ChargeCategory", |r| r.category().to_owned()),
    ("ChargeClass", |_| String::new()),
    ("ChargeDescription", |r| r.charge.item.text.clone()),
    ("ChargeFrequency", |r| r.frequency().to_owned()),
    ("ChargePeriodEnd", |r| r.time(r.charge.end)),
    ("ChargePeriodStart", |r| r.time(r.charge.start)),
    ("CommitmentDiscountCategory", |r| r.commitment("Usage", "Spend").to_owned()),
    ("CommitmentDiscountId", |r| r.commitment_id()),
    ("CommitmentDiscountName", |_| String::new()),
    ("CommitmentDiscountStatus", |r| r.commitment_status().to_owned()),
    ("CommitmentDiscountType", |r| r.commitment("Reserved Instance", "Savings Plan").to_owned()),
    ("ConsumedQuantity", |r| if r.is_consumed() { ten_places(r.charge.quantity) } else { String::new() }),
    ("ConsumedUnit", |r| if r.is_consumed() { r.unit().to_owned() } else { String::new() }),
    ("ContractedCost", |r| ten_places(r.list())),
    ("ContractedUnitPrice", |r| r.unit_price()),
    ("EffectiveCost", |r| ten_places(r.effective())),
    ("InvoiceIssuerName", |_| AWS.to_owned()),
    ("ListCost", |r| ten_places(r.list())),
    ("ListUnitPrice", |r| r.unit_price()),
    ("PricingCategory", |r| r.pricing_category().to_owned()),
    ("PricingQuantity", |r| r.quantity()),
    ("PricingUnit", |r| if r.quantity().is_empty() { String::new() } else { r.unit().to_owned() }),
    ("ProviderName", |_| "AWS".to_owned()),
    ("PublisherName", |r| r.charge.item.service.seller.clone().unwrap_or_else(|| AWS.to_owned())),
    ("RegionId", |r| r.region().to_owned()),
    ("RegionName", |r| r.charge.item.region.as_ref().map_or_else(String::new, |region| region.name.clone())),
    ("ResourceId", |r| r.charge.item.resource.clone()),
    ("ResourceName", |_| String::new()),
    ("ResourceType", |r| r.charge.item.resource_type.to_owned()),
    ("ServiceCategory", |r| r.charge.item.service.category.clone()),
    ("ServiceName", |r| r.charge.item.service.name.clone()),
    ("SkuId", |r| r.charge.item.sku.clone()),
    ("SkuPriceId", |_| String::new()),
    ("SubAccountId", |r| r.charge.item.account.id.clone()),
    ("SubAccountName", |r| r.charge.item.account.name.clone()),
    ("Tags", |r| json(r.charge.item.tags.iter().map(|(key, value)| (key.clone(), value.as_str())))),
    ("x_CostCategories", |_| "{}".to_owned()),
    ("x_Discounts", |_| "{}".to_owned()),
    ("x_Operation", |r| r.charge.item.operation.clone()),
    ("x_ServiceCode", |r| r.charge.item.service.code.clone()),
    ("x_UsageType", |r| r.charge.item.usage_type.clone()),
];

impl Row<'_> {
    fn time(&self, hour: usize) -> String {
        format!("{}Z", self.bill.calendar.label(hour))
    }

    fn billed(&self) -> Decimal {
        if self.unused { Decimal::ZERO } else { self.charge.billed() }
    }

    fn effective(&self) -> Decimal {
        if self.unused { self.charge.unused() } else { self.charge.effective() }
    }

    /// Usage at list price; a purchase at its price; nothing else has one.
    fn list(&self) -> Decimal {
        match self.category() {
            "Purchase" => self.charge.cost,
            _ if self.unused => Decimal::ZERO,
            _ => self.charge.list(),
        }
    }

    fn is_fee(&self) -> bool {
        matches!(self.charge.kind, Kind::PlanFee { .. } | Kind::ReservationFee { .. })
    }

    fn category(&self) -> &'static str {
        match self.charge.kind {
            Kind::Once(OnceKind::Tax) => "Tax",
            Kind::Once(OnceKind::Credit) => "Credit",
            Kind::Once(OnceKind::Refund) => "Adjustment",
            Kind::Once(OnceKind::Fee) => "Purchase",
            _ if self.is_fee() && !self.unused => "Purchase",
            _ => "Usage",
        }
    }

    fn frequency(&self) -> &'static str {
        match self.charge.kind {
            _ if self.category() == "Purchase" => "Recurring",
            Kind::Once(_) => "One-Time",
            _ => "Usage-Based",
        }
    }

    fn pricing_category(&self) -> &'static str {
        match self.charge.kind {
            Kind::Usage => "Standard",
            Kind::Reserved { .. } | Kind::Covered { .. } => "Committed",
            Kind::PlanFee { .. } | Kind::ReservationFee { .. } if self.unused => "Committed",
            Kind::Once(OnceKind::Fee) | Kind::PlanFee { .. } | Kind::ReservationFee { .. } => "Standard",
            _ => "",
        }
    }

    /// One word for reservations, another for savings plans.
    fn commitment(&self, reservation: &'static str, plan: &'static str) -> &'static str {
        if self.charge.reservation().is_some() {
            reservation
        } else if self.charge.plan().is_some() {
            plan
        } else {
            ""
        }
    }

    fn commitment_id(&self) -> String {
        let reservation = self.charge.reservation().map(|reservation| reservation.arn.clone());
        reservation.or_else(|| self.charge.plan().map(|plan| plan.arn.clone())).unwrap_or_default()
    }

    fn commitment_status(&self) -> &'static str {
        match self.charge.kind {
            Kind::Reserved { .. } | Kind::Covered { .. } => "Used",
            _ if self.unused => "Unused",
            _ => "",
        }
    }

    fn is_consumed(&self) -> bool {
        matches!(self.charge.kind, Kind::Usage | Kind::Reserved { .. } | Kind::Covered { .. })
    }

    /// Empty for credits, refunds and tax.
    fn quantity(&self) -> String {
        match self.charge.kind {
            Kind::ReservationFee { unused_hours, .. } if self.unused => ten_places(unused_hours),
            Kind::Once(OnceKind::Credit | OnceKind::Refund | OnceKind::Tax) => String::new(),
            _ => ten_places(self.charge.quantity),
        }
    }

    fn unit_price(&self) -> String {
        if self.quantity().is_empty() || self.unused { String::new() } else { ten_places(self.charge.item.rate) }
    }

    /// The unit as FOCUS spells it.
    fn unit(&self) -> &str {
        match self.charge.item.unit.as_str() {
            "Hrs" => "Hours",
            "GB-Mo" => "GB-Months",
            "IOPS-Mo" => "IOPS-Months",
            "GiBps-mo" => "GiB/Second-Months",
            "LCU-Hrs" => "LCU-Hours",
            "Lambda-GB-Second" => "GB-Seconds",
            other => other,
        }
    }

    fn region(&self) -> &str {
        self.charge.item.region.as_ref().map_or("", |region| region.id.as_str())
    }

    fn zone(&self) -> String {
        let zone = &self.charge.item.zone;
        if zone.is_empty() { String::new() } else { format!("{}{zone}", self.region()) }
    }
}
