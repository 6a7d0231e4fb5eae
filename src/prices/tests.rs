//! Which price is taken, from small bills.

use super::*;
use crate::derive::baseline::Line;
use crate::id::Target;
use crate::money::parse_decimal;

const GP2: &str = "AmazonEC2/EBS:VolumeUsage.gp2";
const GP3: &str = "AmazonEC2/EBS:VolumeUsage.gp3";

fn bill(quantity: i64, effective: i64, list: i64) -> Baseline {
    let target = Target { account: None, region: Some("eu-west-1".into()), resource: Some("vol-1".into()) };
    let line = Line {
        meter: Some(Meter(GP2.into())),
        service: Some("AmazonEC2".into()),
        unit: Some("GB-Months".into()),
        quantity: Some(quantity.into()),
        effective: effective.into(),
        list: Some(list.into()),
        covered: Decimal::ZERO,
        committed_until: None,
    };
    Baseline { lines: [(target, vec![line])].into(), ..Baseline::default() }
}

fn book(baseline: &Baseline, currency: &str, agreement: Agreement) -> PriceBook {
    let terms = Terms { agreement, refreshed: None };
    PriceBook::new(baseline, currency.parse().unwrap(), jiff::civil::date(2026, 11, 1), terms)
}

fn plain(baseline: &Baseline) -> PriceBook {
    book(baseline, "USD", Agreement::default())
}

fn decimal(text: &str) -> Decimal {
    parse_decimal(text).unwrap()
}

fn price(book: &PriceBook, meter: &str, region: &str) -> Option<MeterPrice> {
    book.price(&Meter(meter.into()), Some(region))
}

#[test]
fn the_own_bill_comes_before_the_list() {
    let price = price(&plain(&bill(100, 9, 10)), GP2, "eu-west-1").unwrap();
    assert_eq!((price.effective, price.list), (decimal("0.09"), Some(decimal("0.1"))));
}

#[test]
fn a_new_meter_costs_its_list_price_times_the_realised_discount() {
    let price = price(&plain(&bill(100, 9, 10)), GP3, "us-east-1").unwrap();
    assert_eq!((price.effective, price.list), (decimal("0.072"), Some(decimal("0.08"))));
    assert!(price.source.contains("2022-02-10 (57 months old)"), "{}", price.source);
    assert!(price.source.ends_with("× 90 % of list, as the bill pays for AmazonEC2"), "{}", price.source);
}

#[test]
fn what_is_agreed_comes_before_what_the_bill_realises() {
    let agreement = Agreement {
        discount_percent: Some(decimal("5")),
        service_discount_percent: [("AmazonEC2".to_owned(), decimal("20"))].into(),
        markup_percent: Some(decimal("10")),
        ..Agreement::default()
    };
    let book = book(&bill(100, 9, 10), "USD", agreement);
    // 0.08 × 0.8 × 1.1; NAT gateways are AmazonEC2 too, and S3 has the discount on everything.
    assert_eq!(price(&book, GP3, "us-east-1").unwrap().effective, decimal("0.0704"));
    assert_eq!(price(&book, "AmazonS3/Requests-Tier1", "us-east-1").unwrap().effective, decimal("0.000005225"));
    // What is on the bill costs what the bill says.
    assert_eq!(price(&book, GP2, "eu-west-1").unwrap().effective, decimal("0.09"));
}

#[test]
fn a_private_rate_is_taken_before_lists_and_in_its_region_first() {
    let rate = |region: Option<&str>, price: &str| PrivateRate {
        meter: Meter(GP3.into()),
        region: region.map(str::to_owned),
        term: Term::OnDemand,
        price: decimal(price),
        currency: Currency::USD,
        unit: PricingUnit::new("GB-Mo"),
        source: "private pricing addendum 7".into(),
        date: "2026-03-01".into(),
    };
    let agreement =
        Agreement { rates: vec![rate(None, "0.06"), rate(Some("eu-west-1"), "0.07")], ..Agreement::default() };
    let book = book(&Baseline::default(), "USD", agreement);
    let here = price(&book, GP3, "eu-west-1").unwrap();
    assert_eq!((here.effective, here.list), (decimal("0.07"), Some(decimal("0.088"))));
    assert_eq!(here.source, "price book: private pricing addendum 7, 2026-03-01 (8 months old)");
    assert_eq!(price(&book, GP3, "us-east-1").unwrap().effective, decimal("0.06"));
}

#[test]
fn another_currency_needs_a_rate_of_exchange() {
    let nothing = Baseline::default();
    assert_eq!(price(&book(&nothing, "EUR", Agreement::default()), GP3, "us-east-1"), None);
    let exchange = ExchangeRate {
        from: Currency::USD,
        to: "EUR".parse().unwrap(),
        rate: decimal("0.9"),
        date: "2026-10-31".into(),
        source: "ECB reference rate".into(),
    };
    let stated = book(&nothing, "EUR", Agreement { exchange: vec![exchange], ..Agreement::default() });
    let price = price(&stated, GP3, "us-east-1").unwrap();
    assert_eq!(price.effective, decimal("0.072"));
    assert!(price.source.ends_with("at 0.9 EUR for 1 USD (ECB reference rate, 2026-10-31)"), "{}", price.source);
}

#[test]
fn what_a_free_tier_gives_is_no_price() {
    assert_eq!(price(&plain(&bill(30, 0, 0)), GP2, "eu-west-1").map(|p| p.effective), Some(decimal("0.11")));
}

#[test]
fn an_unknown_meter_is_unpriced_and_every_origin_says_why() {
    let book = plain(&Baseline::default());
    assert_eq!(price(&book, "AmazonEC2/Nothing", "us-east-1"), None);
    let said: Vec<String> = book
        .candidates(&Meter(GP2.into()), Some("atlantis-1"), &Term::OnDemand)
        .into_iter()
        .map(|c| format!("{}: {}", c.origin.words(), c.price.unwrap_err()))
        .collect();
    assert_eq!(
        said,
        [
            "own bill: not charged on demand in the last 7 complete days",
            "price book: no rate for it in [[prices.rate]]",
            "refreshed list: not given; surgeon prices refresh makes one",
            "embedded list: not listed in atlantis-1, listed in 35 other regions",
        ]
    );
}

#[test]
fn a_derived_rate_says_so() {
    let book = plain(&Baseline::default());
    let meter = Meter("AmazonEC2/BoxUsage:m6a.xlarge".into());
    let rate = |term: &str| {
        let candidates = book.candidates(&meter, Some("us-east-1"), &term.parse().unwrap());
        candidates.into_iter().find_map(|c| c.price.ok()).unwrap()
    };
    let listed = rate("standard-1y-all-upfront");
    assert_eq!(listed.effective, decimal("0.106735"));
    assert!(!listed.source.contains("derived"), "{}", listed.source);
    let derived = rate("standard-1y-no-upfront");
    assert_eq!(derived.effective.round_dp(4), decimal("0.1144"));
    assert!(derived.source.contains("derived: ") && derived.source.contains("error up to 11 %"), "{}", derived.source);
}

#[test]
fn a_coverage_counts_dollars_and_says_what_is_missing() {
    use crate::table;
    use polars::prelude::{IntoLazy, col, df, lit};
    let frame = df!(
        "ServiceName" => ["AmazonEC2", "AmazonEC2", "AmazonEC2", "Mystery", "AmazonEC2"],
        "Meter" => [Some(GP3), Some(GP3), Some("AmazonEC2/BoxUsage:m5.large"), None, Some(GP2)],
        "RegionId" => ["us-east-1", "atlantis-1", "us-east-1", "us-east-1", "us-east-1"],
        "PricingUnit" => ["GB-Months", "GB-Months", "GB", "Units", "GB-Months"],
        "BilledCost" => ["8", "1", "2", "4", "-3"],
        "ListCost" => [Some("8"), None, None, None, None],
        "PricingQuantity" => ["100", "1", "1", "1", "1"],
        "ChargeCategory" => ["Usage", "Usage", "Usage", "Usage", "Usage"],
        "CommitmentDiscountStatus" => [None::<&str>, None, None, None, None],
    )
    .unwrap()
    .lazy()
    .with_columns(["BilledCost", "ListCost", "PricingQuantity"].map(|c| col(c).cast(table::DECIMAL)))
    .filter(lit(true))
    .collect()
    .unwrap();
    let coverage = coverage(&frame, &plain(&Baseline::default())).unwrap();
    assert_eq!(
        (coverage.billed, coverage.priced, coverage.percent()),
        (decimal("15"), decimal("8"), Some(decimal("53.33")))
    );
    let said: Vec<_> =
        coverage.meters.iter().map(|m| (m.billed.normalize().to_string(), m.reproduced(), m.reason.clone())).collect();
    let because = |why: &str| Some(why.to_owned());
    assert_eq!(
        said,
        [
            ("8".into(), Some(true), None),
            ("4".into(), None, because("the export has lost its meter")),
            ("2".into(), None, because("billed per GB, listed per Hours")),
            ("1".into(), None, because("not listed in atlantis-1, listed in 35 other regions")),
            ("0".into(), None, None),
        ]
    );
}
