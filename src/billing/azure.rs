//! Azure cost exports as canonical charges: of Enterprise and Microsoft Customer Agreements and of the older API.
//!
//! Knows: the column names of every age, in any case; that dates are written month first; that ids mean the same in upper
//! and lower case. Billed cost is the cost of the file, so that it ties out. An *actual* export bills commitments when they
//! are bought and their usage at nothing; an *amortized* one spreads them over what they cover. No column says which of
//! the two a file is: its content does ([`amortized`]). What a commitment's usage is worth an actual export does not
//! say: its effective cost is unknown, not zero.
//!
//! Does not know: the region behind an old display name (`US East 2` stays `useast2`), which rate of exchange was used.

use jiff::Timestamp;
use jiff::civil::Date;
use polars::prelude::*;

use super::columns::{collect, currency, mapped, nothing, number, number_of, of_currency, tag, text, time_by};
use super::kind::kind_of;
use super::{Bill, BillError, BillFile};
use crate::period::{midnight, parse_time};
use crate::quantity::PricingUnit;
use crate::table::read::integers;
use crate::table::{DECIMAL, TIME};

/// The cost that is billed, by its names through the ages; the first that a file has counts.
pub(super) const COST: [&str; 3] = ["CostInBillingCurrency", "Cost", "PreTaxCost"];
/// The day of a charge.
pub(super) const DATE: [&str; 2] = ["Date", "UsageDateTime"];

/// Whether a file is the amortized export: it charges unused commitments, or usage that a commitment covers. A value that does
/// not convert makes neither: the byte pass comes next and names its record.
pub(super) fn amortized(file: &BillFile) -> bool {
    let (Some(charge), Ok(rows)) = (text(file, &["ChargeType"]), file.scan()) else { return false };
    let is = |kind: &str| charge.clone().eq(lit(kind.to_owned()));
    let id = coalesce(&[words(file, &["BenefitId"]), words(file, &["ReservationId"])]);
    let costs = number(file, file.cost_column()).neq(lit(0).cast(DECIMAL));
    let spread = is("UnusedReservation").or(is("UnusedSavingsPlan")).or(is("Usage").and(id.is_not_null()).and(costs));
    let count = spread.fill_null(lit(false)).sum().cast(DataType::Int64).alias("spread");
    collect(rows.select([count]))
        .is_ok_and(|found| integers(&found, "spread").first().copied().flatten().is_some_and(|count| count > 0))
}

fn words(file: &BillFile, names: &[&str]) -> Expr {
    text(file, names).unwrap_or_else(|| nothing(DataType::String))
}

/// The canonical charges of one Azure export.
pub(super) fn charges(file: &BillFile, bill: &Bill) -> Result<LazyFrame, BillError> {
    let words = |names: &[&str]| words(file, names);
    let amount = |names: &[&str]| number_of(file, names).unwrap_or_else(|| nothing(DECIMAL));
    let moment = |names: &[&str]| time_by(file, names, month_first).unwrap_or_else(|| nothing(TIME));
    let currency = currency(file, bill, &["BillingCurrency", "BillingCurrencyCode", "Currency"])?;
    // The oldest exports hold usage only and do not say so.
    let charge = text(file, &["ChargeType"]).unwrap_or_else(|| lit("Usage"));
    let line = |names: &[&str]| names.iter().map(|n| charge.clone().eq(lit(*n))).reduce(Expr::or).unwrap_or(lit(false));
    let usage = line(&["Usage"]);
    let unused = line(&["UnusedReservation", "UnusedSavingsPlan"]);
    let category = when(usage.clone().or(unused.clone()))
        .then(lit("Usage"))
        .when(line(&["Purchase"]))
        .then(lit("Purchase"))
        .when(line(&["Tax"]))
        .then(lit("Tax"))
        .when(line(&["Refund", "RoundingAdjustment"]))
        .then(lit("Adjustment"))
        .otherwise(nothing(DataType::String));

    let (benefit, reservation) = (words(&["BenefitId"]), words(&["ReservationId"]));
    let commitment = coalesce(&[benefit.clone(), reservation.clone()]);
    let commitment_type = coalesce(&[
        mapped(benefit, benefit_kind),
        when(reservation.is_not_null()).then(lit("Reservation")).otherwise(nothing(DataType::String)),
    ]);
    let status = when(usage.clone().and(commitment.clone().is_not_null()))
        .then(lit("Used"))
        .when(unused)
        .then(lit("Unused"))
        .otherwise(nothing(DataType::String));

    let cost = amount(&COST);
    let quantity = amount(&["Quantity", "UsageQuantity"]);
    let model = |name: &str| words(&["PricingModel"]).eq(lit(name.to_owned()));
    let committed = commitment.clone().is_not_null().or(model("Reservation")).or(model("SavingsPlan"));
    let effective = if file.amortized {
        cost.clone()
    } else {
        when(line(&["Usage", "Purchase"]).and(committed)).then(nothing(DECIMAL)).otherwise(cost.clone())
    };
    // Pay-as-you-go prices are in the currency of pricing; where that is another, only a cost in the billing currency counts.
    let one_currency = match text(file, &["PricingCurrency", "PricingCurrencyCode"]) {
        Some(pricing) => pricing.eq(currency.clone()),
        None => lit(true),
    };
    let price = amount(&["PayGPrice"]);
    let by_price = when(one_currency).then(price.clone() * quantity.clone()).otherwise(nothing(DECIMAL));
    let list = when(usage.and(price.gt(lit(0).cast(DECIMAL))))
        .then(coalesce(&[amount(&["PaygCostInBillingCurrency"]), by_price]))
        .otherwise(nothing(DECIMAL));

    let start = moment(&DATE);
    let period = coalesce(&[moment(&["BillingPeriodStartDate"]), start.clone().dt().truncate(lit("1mo"))]);
    let meter = mapped(words(&["MeterId"]), |id| Some(format!("azure/{id}")));
    // What FOCUS exports call ChargeDescription is the product; older files have its parts only.
    let parts = concat_str(["MeterCategory", "MeterSubCategory", "MeterName"].map(|name| words(&[name])), " - ", true);
    let named = mapped(parts, |parts| (!parts.is_empty()).then(|| parts.to_owned()));
    let service = words(&["MeterCategory"]);
    let kind = kind_of([
        category.clone(),
        words(&["ChargeType"]),
        status.clone(),
        commitment_type.clone(),
        service.clone(),
        words(&["PublisherName"]),
        meter.clone(),
    ]);
    let mut columns = vec![
        period.cast(DataType::Date).alias("BillingPeriodStart"),
        words(&["BillingAccountId"]).alias("BillingAccountId"),
        words(&["SubscriptionId", "SubscriptionGuid"]).alias("SubAccountId"),
        currency.alias("BillingCurrency"),
        words(&["InvoiceId"]).alias("InvoiceId"),
        category.alias("ChargeCategory"),
        words(&["ChargeType"]).alias("x_ChargeType"),
        kind.alias("x_ChargeKind"),
        start.clone().alias("ChargePeriodStart"),
        start.dt().offset_by(lit("1d")).alias("ChargePeriodEnd"),
        lit("Microsoft").alias("ProviderName"),
        service.alias("ServiceName"),
        mapped(words(&["ResourceLocation"]), region).alias("RegionId"),
        mapped(words(&["ResourceId", "InstanceId", "InstanceName"]), folded).alias("ResourceId"),
        meter.alias("x_Meter"),
        coalesce(&[words(&["ProductName", "Product"]), named]).alias("x_MeterName"),
        mapped(words(&["UnitOfMeasure"]), |unit| Some(pricing_unit(unit))).alias("PricingUnit"),
        quantity.alias("PricingQuantity"),
        cost.alias("BilledCost"),
        effective.clone().alias("EffectiveCost"),
        effective.alias("x_AmortizedCost"),
        list.alias("ListCost"),
        mapped(commitment, folded).alias("CommitmentDiscountId"),
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

/// `09/21/2023` and `9/2/2023` are days of September, as Microsoft documents it; newer exports write ISO dates.
fn month_first(text: &str) -> Option<Timestamp> {
    let Some((month, rest)) = text.split_once('/') else { return parse_time(text) };
    let (day, year) = rest.split_once('/')?;
    let year = year.parse::<i16>().ok().filter(|year| *year > 999)?;
    Date::new(year, month.parse().ok()?, day.parse().ok()?).ok().map(midnight)
}

/// An id of Azure's resource manager in lower case: its exports write one in several. Any other name as written.
fn folded(id: &str) -> Option<String> {
    Some(if id.starts_with('/') { id.to_ascii_lowercase() } else { id.to_owned() })
}

fn benefit_kind(id: &str) -> Option<String> {
    match id.to_ascii_lowercase() {
        id if id.contains("/microsoft.capacity/") => Some("Reservation".into()),
        id if id.contains("/microsoft.billingbenefits/") => Some("Savings Plan".into()),
        _ => None,
    }
}

/// `EastUS` and `US East 2` as FOCUS exports write regions: lower case, without blanks.
fn region(location: &str) -> Option<String> {
    let region: String = location.to_lowercase().split_whitespace().collect();
    (region != "unassigned").then_some(region)
}

/// The unit of a block of one (`1 Hour`, `1/Month`) as FOCUS spells it. Quantities count blocks, so that larger ones (`10K`,
/// `100 Hours`) are units of their own.
fn pricing_unit(measure: &str) -> String {
    let of_one = measure.strip_prefix('1').filter(|rest| rest.starts_with([' ', '/']) || rest.is_empty());
    match of_one.map(str::trim) {
        Some("") => "Units".to_owned(),
        Some(per) if per.starts_with('/') => format!("Units{per}"),
        Some(unit) => PricingUnit::new(unit).as_str().to_owned(),
        None => measure.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_month_first_or_iso() {
        let expected = parse_time("2023-09-02");
        for text in ["09/02/2023", "9/2/2023", "2023-09-02", "2023-09-02 00:00:00"] {
            assert_eq!(month_first(text), expected, "{text}");
        }
        for text in ["21/09/2023", "9/2/23", "9/2", "02.09.2023"] {
            assert_eq!(month_first(text), None, "{text}");
        }
    }

    #[test]
    fn units_of_one_are_focus_units_and_blocks_stay() {
        for (measure, unit) in [
            ("1 Hour", "Hours"),
            ("1 GB/Month", "GB-Months"),
            ("1 GB", "GB"),
            ("1/Month", "Units/Month"),
            ("1 /Month", "Units/Month"),
            ("1", "Units"),
            ("10K", "10K"),
            ("100 Hours", "100 Hours"),
            ("1M", "1M"),
        ] {
            assert_eq!(pricing_unit(measure), unit);
        }
    }
}
