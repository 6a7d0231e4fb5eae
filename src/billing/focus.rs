//! FOCUS exports of any provider as canonical charges: they have the columns already, except the meter.

use polars::prelude::*;

use super::columns::{account, currency, mapped, nothing, number_of, of_currency, tag, text, time};
use super::kind::kind_of;
use super::{Bill, BillError, BillFile, lost_meter};
use crate::id::{Meter, canonical_resource_id};
use crate::quantity::PricingUnit;
use crate::table::{DECIMAL, TIME};

/// The canonical charges of one FOCUS file.
pub(super) fn charges(file: &BillFile, bill: &Bill) -> Result<LazyFrame, BillError> {
    let words = |name: &str| text(file, &[name]).unwrap_or_else(|| nothing(DataType::String));
    let amount = |name: &str| number_of(file, &[name]).unwrap_or_else(|| nothing(DECIMAL));
    let moment = |name: &str| time(file, &[name]).unwrap_or_else(|| nothing(TIME));
    let id = |name: &str| account(file, &[name]).unwrap_or_else(|| nothing(DataType::String));
    let currency = currency(file, bill, &["BillingCurrency"])?;
    // FOCUS 1.3 splits the provider in two and 1.4 drops the old name.
    let provider = coalesce(&[words("ProviderName"), words("ServiceProviderName"), words("HostProviderName")]);
    let aws = provider.clone().str().starts_with(lit("AWS")).or(provider.clone().str().starts_with(lit("Amazon")));
    let category = mapped(words("ChargeCategory"), |word| Some(category(word)));
    let service = coalesce(&[words("x_ServiceCode"), words("ServiceName")]);
    let sku = coalesce(&[words("x_SkuMeterId"), words("SkuId")]);
    // AWS: usage type and operation, where the export has them (FOCUS 1.0); what 1.2 lost is told by SKU and description.
    // Elsewhere: the provider's meter or SKU id.
    let joined = |parts: &[Expr]| {
        let parts: Vec<Expr> = parts.iter().map(|part| coalesce(&[part.clone(), lit("")])).collect();
        concat_str(parts, "\u{1f}", false)
    };
    let usage = words("x_UsageType");
    let aws_key = joined(&[lit("aws"), service.clone(), usage.clone(), words("x_Operation")]);
    let lost_key = joined(&["lost", "ServiceName", "SkuId", "ChargeDescription", "RegionId", "x_Operation"].map(
        |name| {
            if name == "lost" { lit(name) } else { words(name) }
        },
    ));
    let other_key = concat_str([provider.clone(), sku], "\u{1f}", false);
    let usage_charge = category.clone().eq(lit("Usage"));
    let key = when(aws.clone().and(usage.is_not_null()))
        .then(aws_key)
        .when(aws.clone().and(usage_charge))
        .then(lost_key)
        .when(aws.clone())
        .then(nothing(DataType::String))
        .otherwise(other_key);
    let meter = mapped(key, |key| {
        let parts: Vec<&str> = key.split('\u{1f}').collect();
        match parts.as_slice() {
            ["aws", service, usage, operation] => Some(Meter::aws(service, usage, operation).0),
            ["lost", service, sku, description, region, operation] => {
                lost_meter::recover(service, sku, description, region).map(|meter| Meter(meter).at(operation).0)
            }
            [provider, sku] => Some(format!("{}/{sku}", provider_word(provider))),
            _ => None,
        }
    });
    let status = words("CommitmentDiscountStatus");
    let charge_type = concat_str([category.clone(), words("ChargeClass"), status.clone()], " ", true);
    let commitment_type = mapped(words("CommitmentDiscountType"), |kind| {
        Some(if kind.contains("Reserv") { "Reservation".into() } else { kind.to_owned() })
    });
    let kind = kind_of([
        category.clone(),
        charge_type.clone(),
        status.clone(),
        commitment_type.clone(),
        words("ServiceName"),
        words("PublisherName"),
        meter.clone(),
    ]);
    let mut columns = vec![
        moment("BillingPeriodStart").cast(DataType::Date).alias("BillingPeriodStart"),
        id("BillingAccountId").alias("BillingAccountId"),
        id("SubAccountId").alias("SubAccountId"),
        currency.alias("BillingCurrency"),
        words("InvoiceId").alias("InvoiceId"),
        category.clone().alias("ChargeCategory"),
        charge_type.alias("x_ChargeType"),
        kind.alias("x_ChargeKind"),
        moment("ChargePeriodStart").alias("ChargePeriodStart"),
        moment("ChargePeriodEnd").alias("ChargePeriodEnd"),
        provider.alias("ProviderName"),
        service.alias("ServiceName"),
        words("RegionId").alias("RegionId"),
        mapped(words("ResourceId"), canonical_resource_id).alias("ResourceId"),
        meter.alias("x_Meter"),
        when(aws).then(nothing(DataType::String)).otherwise(words("ChargeDescription")).alias("x_MeterName"),
        mapped(words("PricingUnit"), |unit| Some(PricingUnit::new(unit).as_str().to_owned())).alias("PricingUnit"),
        amount("PricingQuantity").alias("PricingQuantity"),
        amount("BilledCost").alias("BilledCost"),
        amount("EffectiveCost").alias("EffectiveCost"),
        // FOCUS has one amortized cost, after discounts.
        amount("EffectiveCost").alias("x_AmortizedCost"),
        // ListCost is stated on purchases too; only usage is compared with list prices.
        when(category.eq(lit("Usage"))).then(amount("ListCost")).otherwise(nothing(DECIMAL)).alias("ListCost"),
        words("CommitmentDiscountId").alias("CommitmentDiscountId"),
        commitment_type.alias("CommitmentDiscountType"),
        status.alias("CommitmentDiscountStatus"),
        nothing(TIME).alias("x_CommitmentStart"),
        nothing(TIME).alias("x_CommitmentEnd"),
        nothing(DataType::String).alias("x_OfferingClass"),
        nothing(DECIMAL).alias("x_CommitmentTotal"),
        nothing(DECIMAL).alias("x_CommitmentUsed"),
    ];
    columns.extend(bill.tag_keys.iter().map(|key| tag(file, key)));
    Ok(of_currency(file.scan()?.select(columns), bill))
}

/// The category as FOCUS spells it; Google's first FOCUS view wrote it in lower case.
pub(super) fn category(word: &str) -> String {
    let known = ["Usage", "Purchase", "Tax", "Credit", "Adjustment"].into_iter();
    known.into_iter().find(|known| known.eq_ignore_ascii_case(word)).unwrap_or(word).to_owned()
}

/// The first word of a meter outside AWS.
fn provider_word(provider: &str) -> String {
    let lower = provider.to_ascii_lowercase();
    match lower.as_str() {
        p if p.contains("microsoft") || p.contains("azure") => "azure".into(),
        p if p.contains("google") || p == "gcp" => "gcp".into(),
        p if p.contains("oracle") => "oci".into(),
        p => p.replace(' ', "-"),
    }
}

#[cfg(test)]
mod tests {
    use super::provider_word;

    #[test]
    fn providers_have_one_word() {
        for (name, word) in
            [("Microsoft", "azure"), ("Microsoft Azure", "azure"), ("Google Cloud", "gcp"), ("Oracle", "oci")]
        {
            assert_eq!(provider_word(name), word);
        }
    }
}
