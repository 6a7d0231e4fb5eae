//! Oracle Cloud's cost reports as canonical charges.
//!
//! Knows: `cost/myCost` is what a record costs at the prices of the subscription, whether it is drawn from prepaid credits or
//! billed as overage. It is billed and effective cost at once: the report states no other. Does not know: list prices, and
//! what a subscription has left.

use polars::prelude::*;

use super::columns::{currency, mapped, nothing, number_of, of_currency, tag, text, time};
use super::kind::kind_of;
use super::{Bill, BillError, BillFile};
use crate::quantity::PricingUnit;
use crate::table::{DECIMAL, TIME};

/// Whether a record corrects an earlier one, in words; reports of one kind of record do not say so.
pub(super) fn charge_type(file: &BillFile) -> Expr {
    let flag = text(file, &["lineItem/isCorrection"]).unwrap_or_else(|| lit("false"));
    when(flag.eq(lit("true"))).then(lit("Correction")).otherwise(lit("Usage"))
}

/// The canonical charges of one cost report.
pub(super) fn charges(file: &BillFile, bill: &Bill) -> Result<LazyFrame, BillError> {
    let words = |name: &str| text(file, &[name]).unwrap_or_else(|| nothing(DataType::String));
    let amount = |name: &str| number_of(file, &[name]).unwrap_or_else(|| nothing(DECIMAL));
    let moment = |name: &str| time(file, &[name]).unwrap_or_else(|| nothing(TIME));
    let unknown = || nothing(DataType::String);
    let start = moment("lineItem/intervalUsageStart");
    let meter = mapped(words("cost/productSku"), |sku| Some(format!("oci/{sku}")));
    let service = words("product/service");
    // A correction takes back usage or adds to it: it is of the category of what it corrects.
    let kind =
        kind_of([lit("Usage"), charge_type(file), unknown(), unknown(), service.clone(), unknown(), meter.clone()]);
    let mut columns = vec![
        start.clone().dt().truncate(lit("1mo")).cast(DataType::Date).alias("BillingPeriodStart"),
        words("cost/subscriptionId").alias("BillingAccountId"),
        words("lineItem/tenantId").alias("SubAccountId"),
        currency(file, bill, &["cost/currencyCode"])?.alias("BillingCurrency"),
        unknown().alias("InvoiceId"),
        lit("Usage").alias("ChargeCategory"),
        charge_type(file).alias("x_ChargeType"),
        kind.alias("x_ChargeKind"),
        start.alias("ChargePeriodStart"),
        moment("lineItem/intervalUsageEnd").alias("ChargePeriodEnd"),
        lit("Oracle").alias("ProviderName"),
        service.alias("ServiceName"),
        words("product/region").alias("RegionId"),
        words("product/resourceId").alias("ResourceId"),
        meter.alias("x_Meter"),
        words("product/Description").alias("x_MeterName"),
        mapped(words("cost/skuUnitDescription"), |unit| Some(PricingUnit::new(unit).as_str().to_owned()))
            .alias("PricingUnit"),
        amount("usage/billedQuantity").alias("PricingQuantity"),
        amount("cost/myCost").alias("BilledCost"),
        amount("cost/myCost").alias("EffectiveCost"),
        amount("cost/myCost").alias("x_AmortizedCost"),
        nothing(DECIMAL).alias("ListCost"),
        unknown().alias("CommitmentDiscountId"),
        unknown().alias("CommitmentDiscountType"),
        unknown().alias("CommitmentDiscountStatus"),
        nothing(TIME).alias("x_CommitmentStart"),
        nothing(TIME).alias("x_CommitmentEnd"),
        nothing(DataType::String).alias("x_OfferingClass"),
        nothing(DECIMAL).alias("x_CommitmentTotal"),
        nothing(DECIMAL).alias("x_CommitmentUsed"),
    ];
    columns.extend(bill.tag_keys.iter().map(|key| tag(file, key)));
    Ok(of_currency(file.scan()?.select(columns), bill))
}
