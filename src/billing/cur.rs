//! AWS Cost and Usage Reports, legacy and 2.0, as canonical charges.
//!
//! One mapping serves both: legacy headers are turned into the names that Athena and CUR 2.0 use. The amortized cost is
//! the formula of AWS's Cloud Intelligence Dashboards (`kpi_instance_all_view.sql`), net columns first where they have a
//! value: they exist only in accounts with a discount, and missing is not zero.

use polars::prelude::*;

use super::columns::{account, currency, map_value, mapped, nothing, number_of, of_currency, tag, text, time};
use super::kind::kind_of;
use super::{Bill, BillError, BillFile};
use crate::id::{Meter, canonical_resource_id};
use crate::quantity::PricingUnit;
use crate::table::{DECIMAL, TIME};

/// A legacy slash header as its Athena name: an underscore before every capital, then lower case.
fn snake(header: &str) -> String {
    let mut name = String::with_capacity(header.len() + 8);
    for c in header.chars() {
        match c {
            '/' => {}
            c if c.is_ascii_uppercase() => {
                name.push('_');
                name.push(c.to_ascii_lowercase());
            }
            c => name.push(c),
        }
    }
    name
}

/// Columns of a file by their CUR 2.0 names.
struct Cur<'a> {
    file: &'a BillFile,
    names: Vec<(String, &'a str)>,
}

impl<'a> Cur<'a> {
    fn new(file: &'a BillFile) -> Self {
        let names = file
            .columns
            .iter()
            .map(|raw| {
                let snaked = match raw.split_once('/') {
                    Some(("product", rest)) if rest.starts_with(|c: char| c.is_ascii_lowercase()) => {
                        format!("product_{}", snake(rest))
                    }
                    Some((group, rest)) if group != "resourceTags" && group != "costCategory" => {
                        let joined = snake(group);
                        let rest = snake(rest);
                        if rest.starts_with('_') { joined + &rest } else { format!("{joined}_{rest}") }
                    }
                    _ => raw.clone(),
                };
                (snaked, raw.as_str())
            })
            .collect();
        Cur { file, names }
    }

    fn raw(&self, name: &str) -> Option<&'a str> {
        self.names.iter().find(|(snake, _)| snake == name).map(|(_, raw)| *raw)
    }

    fn text(&self, name: &str) -> Option<Expr> {
        text(self.file, &[self.raw(name)?])
    }

    fn text_or_null(&self, name: &str) -> Expr {
        self.text(name).unwrap_or_else(|| nothing(DataType::String))
    }

    fn number(&self, name: &str) -> Option<Expr> {
        number_of(self.file, &[self.raw(name)?])
    }

    fn number_or_null(&self, name: &str) -> Expr {
        self.number(name).unwrap_or_else(|| nothing(DECIMAL))
    }

    /// The net column where it has a value, else the gross one; null reads as no amount.
    fn net_or_gross(&self, net: &str, gross: &str) -> Expr {
        match self.number(net) {
            Some(net) => coalesce(&[net, self.number_or_null(gross)]),
            None => self.number_or_null(gross),
        }
    }

    /// What is left of a savings plan's fee after discounts: net commitment of the billing period / commitment. Used commitment and
    /// total are stated before discounts only, so the unused part is brought down by this.
    fn net_share_of_savings_plan(&self) -> Expr {
        let part =
            |name: &str, what: &str| self.number(&format!("savings_plan_{name}{what}_commitment_for_billing_period"));
        let or_zero = |part: Option<Expr>| coalesce(&[part.unwrap_or_else(|| nothing(DECIMAL)), lit(0).cast(DECIMAL)]);
        let sum = |name: &str| Some(part(name, "recurring")? + or_zero(part(name, "amortized_upfront")));
        match (sum("net_"), sum("")) {
            // Nothing must not be a divisor: the engine divides before it chooses.
            (Some(net), Some(gross)) => net / when(gross.clone().gt(lit(0))).then(gross).otherwise(nothing(DECIMAL)),
            _ => nothing(DECIMAL),
        }
    }

    fn time(&self, name: &str) -> Option<Expr> {
        time(self.file, &[self.raw(name)?])
    }

    /// A product attribute: its own column, or a key of CUR 2.0's `product` map.
    fn product(&self, name: &str) -> Option<Expr> {
        self.text(&format!("product_{name}")).or_else(|| map_value(self.file, self.raw("product")?, name))
    }
}

/// Which columns the amortized cost rests on.
#[derive(Clone, Copy)]
enum Columns {
    Net,
    Gross,
}

/// The canonical charges of one CUR file.
pub(super) fn charges(file: &BillFile, bill: &Bill) -> Result<LazyFrame, BillError> {
    let cur = Cur::new(file);
    let kind = cur.text_or_null("line_item_line_item_type");
    let line = |names: &[&str]| names.iter().map(|n| kind.clone().eq(lit(*n))).reduce(Expr::or).unwrap_or(lit(false));
    let currency = currency(file, bill, &["lineItem/CurrencyCode", "line_item_currency_code"])?;
    let reservation = cur.text_or_null("reservation_reservation_a_r_n");
    let plan = coalesce(&[
        cur.text_or_null("savings_plan_savings_plan_a_r_n"),
        cur.text_or_null("savings_plan_savings_plan_arn"),
    ]);
    let used = line(&["DiscountedUsage", "SavingsPlanCoveredUsage"]);
    let unused = line(&["RIFee", "SavingsPlanRecurringFee"]);
    let zero = || lit(0).cast(DECIMAL);
    let or_zero = |e: Expr| coalesce(&[e, zero()]);

    let billed = cur.number_or_null("line_item_unblended_cost");
    let net = cur.net_or_gross("line_item_net_unblended_cost", "line_item_unblended_cost");
    let unused_plan = or_zero(cur.number_or_null("savings_plan_total_commitment_to_date"))
        - or_zero(cur.number_or_null("savings_plan_used_commitment"));
    // The same formula twice: from net columns where they have a value, and from the gross ones alone.
    let amortized = |first: Columns, else_: Expr| {
        let of = |net: &str, gross: &str| match first {
            Columns::Net => cur.net_or_gross(net, gross),
            Columns::Gross => cur.number_or_null(gross),
        };
        when(line(&["SavingsPlanCoveredUsage"]))
            .then(of("savings_plan_net_savings_plan_effective_cost", "savings_plan_savings_plan_effective_cost"))
            .when(line(&["SavingsPlanRecurringFee"]))
            .then(match first {
                Columns::Net => {
                    unused_plan.clone() * coalesce(&[cur.net_share_of_savings_plan(), lit(1).cast(DECIMAL)])
                }
                Columns::Gross => unused_plan.clone(),
            })
            .when(line(&["SavingsPlanNegation", "SavingsPlanUpfrontFee"]))
            .then(zero())
            .when(line(&["DiscountedUsage"]))
            .then(of("reservation_net_effective_cost", "reservation_effective_cost"))
            .when(line(&["RIFee"]))
            .then(
                or_zero(of(
                    "reservation_net_unused_amortized_upfront_fee_for_billing_period",
                    "reservation_unused_amortized_upfront_fee_for_billing_period",
                )) + or_zero(of("reservation_net_unused_recurring_fee", "reservation_unused_recurring_fee")),
            )
            .when(line(&["Fee"]).and(reservation.clone().is_not_null()))
            .then(zero())
            .otherwise(else_)
    };
    let effective = amortized(Columns::Net, net);
    let gross = amortized(Columns::Gross, billed.clone());

    let usage_like = line(&["Usage", "DiscountedUsage", "SavingsPlanCoveredUsage"]);
    let category = when(usage_like.clone().or(line(&["SavingsPlanNegation"])))
        .then(lit("Usage"))
        .when(line(&[
            "RIFee",
            "SavingsPlanRecurringFee",
            "SavingsPlanUpfrontFee",
            "Fee",
            "FlatRateSubscription",
            "FlateRateSubscription",
        ]))
        .then(lit("Purchase"))
        .when(line(&["Tax"]))
        .then(lit("Tax"))
        .when(line(&["Credit"]))
        .then(lit("Credit"))
        .when(line(&["Refund"]))
        .then(lit("Adjustment"))
        // Discounts (Edp, private rate, bundled, …) lower usage; anything else is in a bucket of its own.
        .when(cur.text_or_null("line_item_line_item_type").str().ends_with(lit("Discount")))
        .then(lit("Usage"))
        .otherwise(nothing(DataType::String));

    let product_code = cur.text_or_null("line_item_product_code");
    let meter = match (cur.text("line_item_product_code"), cur.text("line_item_usage_type")) {
        (Some(code), Some(usage)) => {
            let operation = coalesce(&[cur.text_or_null("line_item_operation"), lit("")]);
            let joined = concat_str([code, usage, operation], "\u{1f}", false);
            mapped(joined, |key| {
                let mut parts = key.split('\u{1f}');
                Some(Meter::aws(parts.next()?, parts.next()?, parts.next()?).0)
            })
        }
        _ => nothing(DataType::String),
    };
    let zone_region = mapped(cur.text_or_null("line_item_availability_zone"), |zone| {
        let region = zone.trim_end_matches(|c: char| c.is_ascii_lowercase());
        (region.ends_with(|c: char| c.is_ascii_digit()) && zone.len() == region.len() + 1).then(|| region.to_owned())
    });
    // The map is opened only where the region has no column of its own: a list of keys a row is the dearest thing to read.
    let region = match cur.text("product_region_code") {
        Some(code) => coalesce(&[code, cur.text_or_null("product_region"), zone_region]),
        None => {
            let from_product = |name: &str| cur.product(name).unwrap_or_else(|| nothing(DataType::String));
            coalesce(&[from_product("region_code"), from_product("region"), zone_region])
        }
    };
    let commitment_total = when(line(&["RIFee"]))
        .then(
            or_zero(cur.number_or_null("reservation_amortized_upfront_fee_for_billing_period"))
                + or_zero(cur.number_or_null("line_item_unblended_cost")),
        )
        .when(line(&["SavingsPlanRecurringFee"]))
        .then(cur.number_or_null("savings_plan_total_commitment_to_date"))
        .otherwise(nothing(DECIMAL));

    let commitment_type = when(reservation.clone().is_not_null())
        .then(lit("Reservation"))
        .when(plan.clone().is_not_null())
        .then(lit("Savings Plan"))
        .otherwise(nothing(DataType::String));
    let status = when(used).then(lit("Used")).when(unused).then(lit("Unused")).otherwise(nothing(DataType::String));
    let kind = kind_of([
        category.clone(),
        cur.text_or_null("line_item_line_item_type"),
        status.clone(),
        commitment_type.clone(),
        product_code.clone(),
        cur.text_or_null("bill_billing_entity"),
        meter.clone(),
    ]);

    let of_commitment = |moment: &str| {
        let of = |kind: &str| cur.time(&format!("{kind}_{moment}")).unwrap_or_else(|| nothing(TIME));
        coalesce(&[of("reservation"), of("savings_plan")])
    };
    let mut columns = vec![
        cur.time("bill_billing_period_start_date")
            .unwrap_or_else(|| nothing(TIME))
            .cast(DataType::Date)
            .alias("BillingPeriodStart"),
        account(file, &[cur.raw("bill_payer_account_id").unwrap_or_default()])
            .unwrap_or_else(|| nothing(DataType::String))
            .alias("BillingAccountId"),
        account(file, &[cur.raw("line_item_usage_account_id").unwrap_or_default()])
            .unwrap_or_else(|| nothing(DataType::String))
            .alias("SubAccountId"),
        currency.alias("BillingCurrency"),
        cur.text_or_null("bill_invoice_id").alias("InvoiceId"),
        category.alias("ChargeCategory"),
        cur.text_or_null("line_item_line_item_type").alias("x_ChargeType"),
        kind.alias("x_ChargeKind"),
        cur.time("line_item_usage_start_date").unwrap_or_else(|| nothing(TIME)).alias("ChargePeriodStart"),
        cur.time("line_item_usage_end_date").unwrap_or_else(|| nothing(TIME)).alias("ChargePeriodEnd"),
        lit("AWS").alias("ProviderName"),
        product_code.alias("ServiceName"),
        region.alias("RegionId"),
        mapped(cur.text_or_null("line_item_resource_id"), canonical_resource_id).alias("ResourceId"),
        meter.alias("x_Meter"),
        nothing(DataType::String).alias("x_MeterName"),
        mapped(cur.text_or_null("pricing_unit"), |unit| Some(PricingUnit::new(unit).as_str().to_owned()))
            .alias("PricingUnit"),
        cur.number_or_null("line_item_usage_amount").alias("PricingQuantity"),
        billed.alias("BilledCost"),
        effective.alias("EffectiveCost"),
        gross.alias("x_AmortizedCost"),
        when(usage_like)
            .then(cur.number_or_null("pricing_public_on_demand_cost"))
            .otherwise(nothing(DECIMAL))
            .alias("ListCost"),
        coalesce(&[reservation, plan]).alias("CommitmentDiscountId"),
        commitment_type.alias("CommitmentDiscountType"),
        status.alias("CommitmentDiscountStatus"),
        of_commitment("start_time").alias("x_CommitmentStart"),
        of_commitment("end_time").alias("x_CommitmentEnd"),
        mapped(cur.text_or_null("pricing_offering_class"), |class| Some(class.to_lowercase())).alias("x_OfferingClass"),
        commitment_total.alias("x_CommitmentTotal"),
        when(line(&["SavingsPlanRecurringFee"]))
            .then(cur.number_or_null("savings_plan_used_commitment"))
            .otherwise(nothing(DECIMAL))
            .alias("x_CommitmentUsed"),
    ];
    columns.extend(bill.tag_keys.iter().map(|key| tag(file, key)));
    Ok(of_currency(file.scan()?.select(columns), bill))
}

#[cfg(test)]
mod tests {
    use super::snake;

    #[test]
    fn slash_headers_become_athena_names() {
        for (header, name) in [
            ("lineItem/UnblendedCost", "line_item_unblended_cost"),
            ("savingsPlan/SavingsPlanARN", "savings_plan_savings_plan_a_r_n"),
            ("reservation/ReservationARN", "reservation_reservation_a_r_n"),
        ] {
            assert_eq!(snake(header), name);
        }
        assert_eq!(snake("regionCode"), "region_code");
    }
}
