//! Google Cloud's BigQuery billing export as canonical charges, nested as in Parquet or flat as in CSV.
//!
//! Knows: a record has its cost before credits, and the credits in a list. What is invoiced is the sum of both, so each record
//! with credits gives two charges: its cost, and one of the category Credit with the sum of the list. Credits that are
//! discounts on usage (committed and sustained use, contract, reseller) lower the effective cost of the record itself;
//! what is left (promotions, free tiers) stays with the credit. Both sums, billed and effective, are those of the file.
//!
//! Does not know: what a committed use discount costs as a commitment; its fees are SKUs like any other.

use jiff::Timestamp;
use polars::prelude::*;
use serde::Deserialize;

use super::columns::{checked, concat, currency, list, mapped, nothing, number_of, of_currency, tag, text, time_by};
use super::kind::kind_of;
use super::{Bill, BillError, BillFile};
use crate::money::{decimal_from_atoms, decimal_to_atoms, parse_decimal};
use crate::period::parse_time;
use crate::quantity::PricingUnit;
use crate::table::{DECIMAL, TIME};

/// The column of credits.
pub(super) const CREDITS: &str = "credits";

/// Types of credits that are a price: they belong to the usage that they lower.
const DISCOUNTS: [&str; 6] = [
    "COMMITTED_USAGE_DISCOUNT",
    "COMMITTED_USAGE_DISCOUNT_DOLLAR_BASE",
    "SUSTAINED_USAGE_DISCOUNT",
    "SUBSCRIPTION_BENEFIT",
    "DISCOUNT",
    "RESELLER_MARGIN",
];

#[derive(Deserialize)]
struct Credit {
    amount: String,
    #[serde(rename = "type")]
    kind: Option<String>,
}

/// What the credits of a record come to; null in a record without any.
pub(super) struct Credits {
    /// All of them.
    pub(super) all: Expr,
    /// Those that are discounts.
    discounts: Expr,
}

/// The credits of each record; `None` if the file has no such column.
pub(super) fn credits(file: &BillFile) -> Option<Credits> {
    let text = match file.schema.get(CREDITS)? {
        // Written as the text that CSV has: one reader for both.
        DataType::List(_) => {
            let field = |name: &str| element().struct_().field_by_name(name).cast(DataType::String);
            let record = [lit("{\"amount\":\""), field("amount"), lit("\",\"type\":\""), field("type"), lit("\"}")];
            let records = col(CREDITS).list().eval(concat_str(record, "", true)).list().join(lit(","), true);
            concat_str([lit("["), records, lit("]")], "", true)
        }
        _ => text(file, &[CREDITS])?,
    };
    let sum =
        |wanted: fn(&Credit) -> bool| checked(text.clone(), move |credits| sum(credits, wanted)).strict_cast(DECIMAL);
    Some(Credits { all: sum(|_| true), discounts: sum(is_discount) })
}

fn is_discount(credit: &Credit) -> bool {
    credit.kind.as_deref().is_some_and(|kind| DISCOUNTS.contains(&kind))
}

/// The sum of those credits that are wanted; nothing where there is no credit at all.
fn sum(credits: &str, wanted: fn(&Credit) -> bool) -> Result<Option<String>, String> {
    let refused = |words: String| format!("column {CREDITS}: {words}");
    let credits: Vec<Credit> = list(credits).map_err(refused)?;
    let mut atoms = 0;
    for credit in credits.iter().filter(|credit| wanted(credit)) {
        atoms += decimal_to_atoms(parse_decimal(&credit.amount).map_err(|e| refused(e.to_string()))?);
    }
    let sum = decimal_from_atoms(atoms).map_err(|e| refused(e.to_string()))?;
    Ok((!credits.is_empty()).then(|| sum.to_string()))
}

/// The charges that a record gives.
#[derive(Clone, Copy)]
enum Of {
    /// Its cost.
    Cost,
    /// Its credits.
    Credits,
}

/// The canonical charges of one export: those of all costs, then those of all credits.
pub(super) fn charges(file: &BillFile, bill: &Bill) -> Result<LazyFrame, BillError> {
    let mut frames = vec![charges_of(file, bill, Of::Cost)?];
    if file.column(&[CREDITS]).is_some() {
        frames.push(charges_of(file, bill, Of::Credits)?.filter(col("BilledCost").is_not_null()));
    }
    Ok(of_currency(concat(frames)?, bill))
}

fn charges_of(file: &BillFile, bill: &Bill, of: Of) -> Result<LazyFrame, BillError> {
    let words = |name: &str| text(file, &[name]).unwrap_or_else(|| nothing(DataType::String));
    let amount = |name: &str| number_of(file, &[name]).unwrap_or_else(|| nothing(DECIMAL));
    let moment = |name: &str, parse: fn(&str) -> Option<Timestamp>| {
        time_by(file, &[name], parse).unwrap_or_else(|| nothing(TIME))
    };
    let credits = credits(file).unwrap_or_else(|| Credits { all: nothing(DECIMAL), discounts: nothing(DECIMAL) });
    let discounts = coalesce(&[credits.discounts, lit(0).cast(DECIMAL)]);
    let cost_type = text(file, &["cost_type"]).unwrap_or_else(|| lit("regular"));
    let is = |kind: &str| cost_type.clone().eq(lit(kind.to_owned()));
    let category = when(is("regular"))
        .then(lit("Usage"))
        .when(is("tax"))
        .then(lit("Tax"))
        .when(is("adjustment").or(is("credit")).or(is("rounding_error")))
        .then(lit("Adjustment"))
        .otherwise(nothing(DataType::String));
    let list = when(is("regular")).then(amount("cost_at_list")).otherwise(nothing(DECIMAL));
    let unit = mapped(words("usage.pricing_unit"), |unit| Some(PricingUnit::new(unit).as_str().to_owned()));
    let resource = coalesce(&[words("resource.global_name"), words("resource.name")]);
    let unknown = || nothing(DataType::String);
    // A credit is of no quantity and no resource: it must not read as usage at a negative price.
    let (category, charge_type, resource, unit, quantity, billed, effective, list) = match of {
        Of::Cost => (
            category,
            words("cost_type"),
            resource,
            unit,
            amount("usage.amount_in_pricing_units"),
            amount("cost"),
            amount("cost") + discounts,
            list,
        ),
        Of::Credits => (
            lit("Credit"),
            lit("credit"),
            unknown(),
            unknown(),
            nothing(DECIMAL),
            credits.all.clone(),
            credits.all - discounts,
            nothing(DECIMAL),
        ),
    };
    let meter = mapped(words("sku.id"), |sku| Some(format!("gcp/{sku}")));
    let service = words("service.description");
    let kind = kind_of([
        category.clone(),
        charge_type.clone(),
        unknown(),
        unknown(),
        service.clone(),
        words("seller_name"),
        meter.clone(),
    ]);
    let mut columns = vec![
        moment("invoice.month", month).cast(DataType::Date).alias("BillingPeriodStart"),
        words("billing_account_id").alias("BillingAccountId"),
        words("project.id").alias("SubAccountId"),
        currency(file, bill, &["currency"])?.alias("BillingCurrency"),
        unknown().alias("InvoiceId"),
        category.alias("ChargeCategory"),
        charge_type.alias("x_ChargeType"),
        kind.alias("x_ChargeKind"),
        moment("usage_start_time", time).alias("ChargePeriodStart"),
        moment("usage_end_time", time).alias("ChargePeriodEnd"),
        lit("Google Cloud").alias("ProviderName"),
        service.alias("ServiceName"),
        coalesce(&[words("location.region"), words("location.location")]).alias("RegionId"),
        resource.alias("ResourceId"),
        meter.alias("x_Meter"),
        words("sku.description").alias("x_MeterName"),
        unit.alias("PricingUnit"),
        quantity.alias("PricingQuantity"),
        billed.alias("BilledCost"),
        effective.clone().alias("EffectiveCost"),
        effective.alias("x_AmortizedCost"),
        list.alias("ListCost"),
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
    Ok(file.scan()?.select(columns))
}

/// The first day of an invoice month, `202011`.
fn month(text: &str) -> Option<Timestamp> {
    let digits = text.len() == 6 && text.bytes().all(|b| b.is_ascii_digit());
    let (year, month) = digits.then(|| text.split_at(4))?;
    parse_time(&format!("{year}-{month}-01"))
}

/// A time, also as BigQuery itself writes it into CSV: `2020-11-09 23:00:00 UTC`.
fn time(text: &str) -> Option<Timestamp> {
    parse_time(text.strip_suffix(" UTC").unwrap_or(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credits_are_added_exactly_and_discounts_apart() {
        let text = "[{'name': \"it's\", 'amount': -5e-06, 'type': 'PROMOTION', 'id': None}, {'amount': -0.1, 'type': 'DISCOUNT'}]";
        assert_eq!(sum(text, |_| true), Ok(Some("-0.100005000000".into())));
        assert_eq!(sum(text, is_discount), Ok(Some("-0.100000000000".into())));
        let json = r#"[{"amount":-0.25,"type":null}]"#;
        assert_eq!(
            (sum(json, |_| true), sum(json, is_discount)),
            (Ok(Some("-0.250000000000".into())), Ok(Some("0.000000000000".into())))
        );
        assert_eq!((sum("[]", |_| true), sum("None", |_| true)), (Ok(None), Ok(None)));
        for broken in ["free", "[{'type': 'DISCOUNT'}]", "[{'amount': 'much'}]", "[{'amount': None}]", "[{'amount': -1"]
        {
            assert!(sum(broken, |_| true).is_err_and(|e| e.starts_with("column credits: ")), "{broken}");
        }
    }

    #[test]
    fn months_and_times_are_read_as_bigquery_writes_them() {
        assert_eq!(month("202011"), parse_time("2020-11-01"));
        assert_eq!((month("2020-11"), month("202013"), month("2020é")), (None, None, None));
        assert_eq!(time("2020-11-09 23:00:00 UTC"), parse_time("2020-11-09T23:00:00Z"));
    }
}
