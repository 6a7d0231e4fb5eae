//! The account: every kind of charge on a line of its own, in cash, amortized and net of discounts; lines add up to the bill.

use std::collections::BTreeMap;
use std::path::PathBuf;

use rust_decimal::Decimal;
use scale_surgeon::billing::Options;
use scale_surgeon::review::{MonthState, Review};
use scale_surgeon::{Job, rules};

use crate::common::{ONE_RULE, aggregates, demo_review};

const COLUMNS: [&str; 26] = [
    "bill/BillingPeriodStartDate",
    "bill/PayerAccountId",
    "bill/BillingEntity",
    "bill/InvoiceId",
    "lineItem/UsageAccountId",
    "lineItem/LineItemType",
    "lineItem/UsageStartDate",
    "lineItem/UsageEndDate",
    "lineItem/ProductCode",
    "lineItem/UsageType",
    "lineItem/ResourceId",
    "lineItem/UsageAmount",
    "lineItem/CurrencyCode",
    "lineItem/UnblendedCost",
    "lineItem/NetUnblendedCost",
    "reservation/ReservationARN",
    "reservation/EffectiveCost",
    "reservation/NetEffectiveCost",
    "reservation/UnusedRecurringFee",
    "savingsPlan/SavingsPlanARN",
    "savingsPlan/SavingsPlanEffectiveCost",
    "savingsPlan/NetSavingsPlanEffectiveCost",
    "savingsPlan/TotalCommitmentToDate",
    "savingsPlan/UsedCommitment",
    "savingsPlan/RecurringCommitmentForBillingPeriod",
    "savingsPlan/NetRecurringCommitmentForBillingPeriod",
];

/// A line of a bill: its type, and the columns that differ from a plain hour of usage.
fn line(kind: &str, more: &[(&str, &str)]) -> String {
    let mut fields: BTreeMap<&str, &str> = BTreeMap::from([
        ("bill/BillingPeriodStartDate", "2026-10-01T00:00:00Z"),
        ("bill/PayerAccountId", "111122223333"),
        ("bill/BillingEntity", "AWS"),
        ("bill/InvoiceId", "1000001"),
        ("lineItem/UsageAccountId", "111122223333"),
        ("lineItem/LineItemType", kind),
        ("lineItem/UsageStartDate", "2026-10-31T23:00:00Z"),
        ("lineItem/UsageEndDate", "2026-11-01T00:00:00Z"),
        ("lineItem/ProductCode", "AmazonEC2"),
        ("lineItem/UsageType", "BoxUsage:m5.large"),
        ("lineItem/UsageAmount", "1"),
        ("lineItem/CurrencyCode", "USD"),
    ]);
    fields.extend(more.iter().copied());
    COLUMNS.map(|column| *fields.get(column).unwrap_or(&"")).join(",")
}

fn bill(lines: &[String]) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("cur.csv");
    std::fs::write(&path, format!("{}\n{}\n", COLUMNS.join(","), lines.join("\n"))).unwrap();
    (folder, path)
}

/// A review in which findings do not matter.
fn reviewed(paths: &[PathBuf]) -> Review {
    let mut rules = rules::builtin().unwrap();
    rules.retain(|rule| rule.id.as_str() == ONE_RULE);
    scale_surgeon::review(aggregates(paths, Options::default()), &Job { rules, ..Job::default() }).unwrap()
}

fn cost(text: &'static str) -> [(&'static str, &'static str); 2] {
    [("lineItem/UnblendedCost", text), ("lineItem/NetUnblendedCost", text)]
}

/// Kind, charges, cash, amortized, net.
fn account(review: &Review) -> Vec<(&str, u64, String, String, String)> {
    let text = |amount: Decimal| amount.normalize().to_string();
    let lines = review.spend.as_ref().unwrap().account.iter();
    lines.map(|l| (l.kind.as_str(), l.charges, text(l.cash.0), text(l.amortized.0), text(l.net.0))).collect()
}

/// An account with an enterprise discount of 10 %, a savings plan (one hour, committed 1.0, used 0.6 at 0.6 for on-demand usage of
/// 1.0), a reservation, credits, refunds, tax, marketplace and support.
#[test]
fn every_kind_of_charge_is_a_line_in_three_views() {
    let plan = ("savingsPlan/SavingsPlanARN", "arn:aws:savingsplans::111122223333:savingsplan/sp-1");
    let reserved = ("reservation/ReservationARN", "arn:aws:ec2:us-east-1:111122223333:reserved-instances/ri-1");
    let with = |more: &[(&'static str, &'static str)], costs: [(&'static str, &'static str); 2]| {
        more.iter().copied().chain(costs).collect::<Vec<_>>()
    };
    let lines = [
        line("Usage", &[("lineItem/UnblendedCost", "10"), ("lineItem/NetUnblendedCost", "9")]),
        line("EdpDiscount", &[("lineItem/UnblendedCost", "-1"), ("lineItem/NetUnblendedCost", "0")]),
        line(
            "SavingsPlanCoveredUsage",
            &with(
                &[
                    plan,
                    ("savingsPlan/SavingsPlanEffectiveCost", "0.6"),
                    ("savingsPlan/NetSavingsPlanEffectiveCost", "0.54"),
                ],
                cost("1.0"),
            ),
        ),
        line("SavingsPlanNegation", &with(&[plan], cost("-1.0"))),
        line(
            "SavingsPlanRecurringFee",
            &[
                plan,
                ("lineItem/UnblendedCost", "1.0"),
                ("lineItem/NetUnblendedCost", "0.9"),
                ("savingsPlan/TotalCommitmentToDate", "1.0"),
                ("savingsPlan/UsedCommitment", "0.6"),
                ("savingsPlan/RecurringCommitmentForBillingPeriod", "1.0"),
                ("savingsPlan/NetRecurringCommitmentForBillingPeriod", "0.9"),
            ],
        ),
        line(
            "DiscountedUsage",
            &with(&[reserved, ("reservation/EffectiveCost", "2"), ("reservation/NetEffectiveCost", "2")], cost("0")),
        ),
        line("RIFee", &with(&[reserved, ("reservation/UnusedRecurringFee", "0.5")], cost("2.5"))),
        line("Fee", &with(&[reserved], cost("0"))),
        line("Fee", &with(&[("lineItem/ProductCode", "AWSSupportBusiness")], cost("4"))),
        line("Usage", &with(&[("bill/BillingEntity", "AWS Marketplace")], cost("3"))),
        line("Usage", &with(&[("lineItem/UsageType", "SpotUsage:m5.large")], cost("0.25"))),
        line("BundledDiscount", &cost("-0.75")),
        line("Credit", &cost("-5")),
        line("Refund", &cost("-2")),
        line("Tax", &cost("1.5")),
        line("Levitation", &cost("0.125")),
    ];
    let (_folder, path) = bill(&lines);
    let review = reviewed(&[path]);
    assert_eq!(
        account(&review),
        [
            ("Usage on demand", 1, "10", "10", "9"),
            ("Support", 1, "4", "4", "4"),
            ("Marketplace", 1, "3", "3", "3"),
            ("Reservation recurring fee", 1, "2.5", "0.5", "0.5"),
            ("Tax", 1, "1.5", "1.5", "1.5"),
            ("Savings plan recurring fee", 1, "1", "0.4", "0.36"),
            ("Usage covered by savings plans", 1, "1", "0.6", "0.54"),
            ("Spot usage", 1, "0.25", "0.25", "0.25"),
            ("Other: Levitation", 1, "0.125", "0.125", "0.125"),
            ("Reservation upfront fee", 1, "0", "0", "0"),
            ("Usage covered by reservations", 1, "0", "2", "2"),
            ("Bundled discount", 1, "-0.75", "-0.75", "-0.75"),
            ("Private discount", 1, "-1", "-1", "0"),
            ("Savings plan negation", 1, "-1", "0", "0"),
            ("Refund", 1, "-2", "-2", "-2"),
            ("Credit", 1, "-5", "-5", "-5"),
        ]
        .map(|(kind, charges, cash, amortized, net)| (
            kind,
            charges,
            cash.to_owned(),
            amortized.to_owned(),
            net.to_owned()
        ))
    );
    // Identities: negation takes back what covered usage is billed; used and unused make the commitment.
    let identities: Vec<&str> = review.tie_out.as_ref().unwrap().identities.iter().map(|i| i.what.as_str()).collect();
    assert_eq!(identities.len(), 3, "{identities:?}");
    assert!(review.tie_out.as_ref().unwrap().ties);
}

#[test]
fn lines_of_the_account_add_up_to_the_bill() {
    for format in ["cur-legacy", "cur2", "focus"] {
        let review = demo_review(format);
        let account = &review.spend.as_ref().unwrap().account;
        let sum = |of: fn(&scale_surgeon::review::AccountLine) -> Decimal| account.iter().map(of).sum::<Decimal>();
        assert_eq!(
            account.iter().map(|l| l.charges).sum::<u64>(),
            review.tie_out.as_ref().unwrap().rows_in_files,
            "{format}"
        );
        assert_eq!(sum(|l| l.cash.0), review.spend.as_ref().unwrap().billed.0, "{format}");
        assert_eq!(sum(|l| l.amortized.0), review.spend.as_ref().unwrap().amortized.0, "{format}");
        assert_eq!(sum(|l| l.net.0), review.spend.as_ref().unwrap().effective.0, "{format}");
        assert!(!account.iter().any(|l| l.kind.starts_with("Other")), "{format}: {account:?}");
    }
}

#[test]
fn a_month_without_an_invoice_number_is_not_final() {
    let usage = |invoice: &str, from: &str, to: &str| {
        let more = [("bill/InvoiceId", invoice), ("lineItem/UsageStartDate", from), ("lineItem/UsageEndDate", to)];
        line("Usage", &more.into_iter().chain(cost("1")).collect::<Vec<_>>())
    };
    let whole = ("2026-10-31T23:00:00Z", "2026-11-01T00:00:00Z");
    for (invoice, (from, to), state) in [
        ("1000001", whole, MonthState::Invoiced),
        ("", whole, MonthState::NotFinal),
        ("", ("2026-10-09T23:00:00Z", "2026-10-10T00:00:00Z"), MonthState::InProgress),
    ] {
        let (_folder, path) = bill(&[usage(invoice, from, to)]);
        let review = reviewed(&[path]);
        assert_eq!(review.spend.as_ref().unwrap().by_month.iter().map(|m| m.state).collect::<Vec<_>>(), [state]);
        let asked = review.next.iter().any(|ask| ask.ask.contains("when the invoice is issued"));
        assert_eq!(asked, state == MonthState::NotFinal);
    }
}

/// What to ask for next: a bill per day, without resource ids and tags, over one day.
#[test]
fn a_poor_export_says_what_to_ask_for() {
    let (_folder, path) = bill(&[line(
        "Usage",
        &[("lineItem/UsageStartDate", "2026-10-31T00:00:00Z")].into_iter().chain(cost("24")).collect::<Vec<_>>(),
    )]);
    let review = reviewed(&[path]);
    let asks: Vec<&str> = review.next.iter().map(|ask| ask.ask.as_str()).collect();
    for words in ["INCLUDE_RESOURCES", "cost allocation tags"] {
        assert!(asks.iter().any(|ask| ask.contains(words)), "{words} is not in {asks:?}");
    }
    // 24 in a day of the last week: 24 × 730 / 168 a month.
    let resources = review.next.iter().find(|ask| ask.ask.contains("INCLUDE_RESOURCES")).unwrap();
    assert_eq!(resources.cost.unwrap().0.round_dp(2).to_string(), "104.29");
}

/// A reservation's fee is charged for the whole month on its first day; the usage that it covers comes day by day.
#[test]
fn a_running_month_is_not_held_to_what_a_reservation_costs_by_its_end() {
    let reserved = ("reservation/ReservationARN", "arn:aws:ec2:us-east-1:111122223333:reserved-instances/ri-1");
    let first = ("lineItem/UsageStartDate", "2026-10-01T00:00:00Z");
    let fee = line("RIFee", &[reserved, first].into_iter().chain(cost("31")).collect::<Vec<_>>());
    let days = |days: u32| {
        let day = |day: u32| {
            let (from, to) = (format!("2026-10-{day:02}T00:00:00Z"), day + 1);
            let to = if to > 31 { "2026-11-01T00:00:00Z".into() } else { format!("2026-10-{to:02}T00:00:00Z") };
            let more = [
                reserved,
                ("lineItem/UsageStartDate", &from),
                ("lineItem/UsageEndDate", &to),
                ("reservation/EffectiveCost", "1"),
            ];
            line("DiscountedUsage", &more.into_iter().chain(cost("0")).collect::<Vec<_>>())
        };
        (1..=days).map(day).collect::<Vec<_>>()
    };
    for (covered, compared) in [(10, 0), (31, 1)] {
        let (_folder, path) = bill(&[vec![fee.clone()], days(covered)].concat());
        let review = reviewed(&[path]);
        assert_eq!(review.tie_out.as_ref().unwrap().identities.len(), compared);
        assert!(review.tie_out.as_ref().unwrap().ties);
    }
}
