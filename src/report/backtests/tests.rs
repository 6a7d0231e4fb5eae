//! Pages of backtests: what they say, that each is one file, and that no name in them does anything.

use std::collections::BTreeMap;

use pulldown_cmark::{Event, Parser, Tag};

use super::*;
use crate::backtest::rightsizing::{Asked, Calibrate};
use crate::derive::fit::need::Points;
use crate::derive::fit::{Candidate, Demand, Dimension, Limits, Machine};
use crate::derive::schedule::{Calendar, Hours, Traced};
use crate::money::parse_decimal;
use crate::report::filters;
use crate::report::sample::amount;

const HOSTILE: [&str; 5] = [
    "<script>alert(1)</script>",
    "\"><img src=x onerror=1>",
    "\u{1b}[31mred\u{9b}2J\u{202e}",
    "{{ 7*7 }}",
    "| a | **b** [x](javascript:1) `c`\n# h",
];

/// Twenty machines at a tenth, of which one comes to ask for three: those of the backtest's own tests.
fn sizes() -> rightsizing::Backtest {
    let machine = |id: usize| {
        let points = [vec![0.1_f32; 300], vec![if id == 7 { 0.3 } else { 0.1 }; 300]].concat();
        let candidate = |share: f64| Candidate {
            shape: format!("{share}"),
            price: share,
            room: BTreeMap::from([(Dimension::Processor, 0.7 * share)]),
            burst: None,
            steady: None,
            bursts: BTreeMap::new(),
        };
        Machine {
            id: id.to_string(),
            strata: vec!["all".into()],
            shape: "1".into(),
            price: 1.0,
            demands: vec![Demand { dimension: Dimension::Processor, points: Points::new(300, points), room: 0.7 }],
            mean: None,
            candidates: [0.5, 0.25].map(candidate).to_vec(),
        }
    };
    let machines: Vec<Machine> = (0..20).map(machine).collect();
    let limits = Limits { budget: 0.01, ..Limits::default() };
    let asked = Asked { limits, risk: 0.2, cut: 0.5, calibrate: Calibrate::Others };
    rightsizing::backtest(&machines, &asked).unwrap()
}

/// Six weeks of office hours.
fn weeks(id: &str) -> schedules::Backtest {
    let works = |hour: i64| hour % 168 < 120 && (8..18).contains(&(hour % 24));
    let values = (0..6 * 168).map(|hour| Some(if works(hour) { 60.0 } else { 0.5 })).collect();
    // The hour since the epoch in which 5 January 2026 begins, a Monday.
    let processor = Hours { first: 490_992, values };
    let machine = Traced { id: id.to_owned(), processor, network: None, connections: None, disk: None };
    schedules::backtest(&[machine], &Calendar::default(), 0.5).unwrap()
}

/// One decision that promised 408.80 and lost 321.20, and one that kept what it promised.
fn decisions() -> commitments::Backtest {
    let outcome = |policy: Policy, promised: Option<&str>, saving: &str| commitments::Outcome {
        policy,
        bought: vec![commitments::Bought {
            term: "Compute Savings Plan, 1 year, no upfront".into(),
            scope: "m5 in eu-west-1".into(),
            hourly: amount("1.44"),
        }],
        hourly: amount("1.44"),
        promised: promised.map(amount),
        saving: amount(saving),
        effective_savings_rate: Some(amount("-0.44")),
        utilization: Some(amount("0.5")),
        break_even: Some(amount("0.72")),
        below_break_even: saving.starts_with('-'),
        coverage: Some(amount("1")),
        regret: amount("525.6"),
    };
    let decision = |date: &str, saving: &str| commitments::Decision {
        date: date.into(),
        hours_before: 744,
        hours_after: 1656,
        on_demand: amount("730"),
        outcomes: vec![
            outcome(Policy::Ours, Some("408.8"), saving),
            outcome(Policy::AwsLike, Some("408.8"), saving),
            outcome(Policy::Nothing, Some("0"), "0"),
            outcome(Policy::Clairvoyant, None, "204.4"),
        ],
    };
    let total = |policy: Policy| commitments::Total {
        policy,
        decisions: 2,
        promised: Some(amount("408.8")),
        saving: amount("-59.15"),
        kept: Some(amount("-0.144692")),
        effective_savings_rate: Some(amount("-0.081")),
        worst: amount("-321.2"),
        worst_date: "2026-03-01".into(),
        regret: amount("363.65"),
        lost: 1,
        lost_share: amount("0.5"),
    };
    commitments::Backtest {
        version: commitments::VERSION.into(),
        tool: "0".into(),
        currency: "USD".into(),
        first: "2026-01-01".into(),
        last: "2026-03-11".into(),
        terms: vec!["Compute Savings Plan, 1 year, no upfront".into()],
        decisions: vec![decision("2026-02-01", "408.8"), decision("2026-03-01", "-321.2")],
        totals: Policy::ALL.map(total).to_vec(),
        notes: vec!["hours before 2026-01-01 are left out".into()],
    }
}

fn shown<B: Backtested>(backtest: &B, format: Format) -> String {
    render_backtest(backtest, format, &Templates::builtin(), &Options::default()).unwrap()
}

fn says(page: &str, parts: &[&str]) {
    for part in parts {
        assert!(page.contains(part), "{part:?} is not in\n{page}");
    }
}

/// One file without script, a caption for each table, a text for each chart.
fn is_one_page(page: &str, charts: usize) {
    assert!(page.starts_with("<!doctype html>"), "{}", &page[..40]);
    says(page, &["default-src 'none'", "<html lang=\"en\">", "prefers-color-scheme: dark", "</html>"]);
    for part in ["<script", "src=", "@import", "url(", "http:", "https:"] {
        assert!(!page.contains(part), "{part}");
    }
    assert_eq!(page.matches("<table>").count(), page.matches("<caption>").count());
    assert_eq!((page.matches("<svg ").count(), page.matches("role=\"img\"").count()), (charts, charts), "{page}");
}

#[test]
fn the_page_of_sizes_says_what_was_saved_and_harmed_and_whether_promises_were_kept() {
    let page = shown(&sizes(), Format::Html);
    is_one_page(&page, 2);
    says(
        &page,
        &[
            "<title>Backtest of sizes, 20 machines</title>",
            "75.0 % <small>of what all machines cost</small>",
            // 0.75 ÷ 0.7375.
            "101.7 % of what hindsight saves; 100.0 % of the machines would have been changed",
            "5.0 % <small>of the changed machines</small>",
            "All kept <small>in 2 ranges of risk</small>",
            "3 Compute Optimizer, P99.5 and 20 % headroom",
            "2 surgeon: harmed 5 %, saved 75 %",
        ],
    );
    let markdown = shown(&sizes(), Format::Markdown);
    says(&markdown, &["**75.0 % saved**", "**5.0 % harmed**", "| surgeon | 75.0 % | 101.7 % | 100.0 % | 5.0 % |"]);
}

#[test]
fn the_page_of_schedules_draws_the_week_of_each_machine() {
    let page = shown(&weeks("reports"), Format::Html);
    // Two charts and a week.
    is_one_page(&page, 3);
    let week = "Mon–Fri 00–07, 19–24; Sat–Sun all day UTC";
    says(&page, &["64.3 % <small>of the week</small>", "<strong>reports</strong>: 108 hours of the week off", week]);
    says(&page, &["reports: promised 0 h, lost 0 h", "1 the same every week."]);
    says(&shown(&weeks("reports"), Format::Markdown), &["| `reports` | Mon–Fri 00–07, 19–24; Sat–Sun all day UTC |"]);
}

#[test]
fn the_page_of_commitments_shows_each_decision() {
    let page = shown(&decisions(), Format::Html);
    is_one_page(&page, 1);
    says(&page, &["-59.15 <small>USD</small>", "1 of 2 <small>decisions</small>", "decided 2026-03-01"]);
    says(&page, &["50.0 % &lt; 72.0 %", "ours, 2026-03-01: promised 409, saved -321"]);
    says(&shown(&decisions(), Format::Markdown), &["| 2026\\-03\\-01 | surgeon | 1.44 | 408.80 | -321.20 |"]);
}

#[test]
fn more_harm_than_was_promised_is_said_first() {
    let mut broken = sizes();
    for bin in broken.reliability.iter_mut().filter(|bin| bin.kept.is_some()).take(1) {
        (bin.kept, bin.within) = (Some(false), Some(false));
    }
    says(&shown(&broken, Format::Html), &["1 of 2 <small>ranges of risk saw more harm", "no: more happened"]);
}

#[test]
fn nothing_promised_and_nothing_advised_are_pages_too() {
    let mut empty = sizes();
    for bin in &mut empty.reliability {
        (bin.promised, bin.realised, bin.standard_error, bin.kept, bin.within) = (None, None, None, None, None);
    }
    let page = shown(&empty, Format::Html);
    is_one_page(&page, 1);
    says(&page, &["Nothing promised"]);
    let mut idle = weeks("reports");
    idle.schedules.clear();
    is_one_page(&shown(&idle, Format::Html), 1);
    assert!(!shown(&idle, Format::Markdown).contains("## Machines"));
}

#[test]
fn a_backtest_is_no_spreadsheet() {
    let refused = render_backtest(&sizes(), Format::Csv, &Templates::builtin(), &Options::default());
    assert!(matches!(refused, Err(ReportError::NoSuchBacktest)));
}

/// Replaces every text of the view that is no number.
fn poison(tree: &mut Json, key: &str, with: &str) {
    match tree {
        Json::String(text) if key != "policy" && parse_decimal(text).is_err() => *text = with.to_owned(),
        Json::Array(items) => items.iter_mut().for_each(|item| poison(item, key, with)),
        Json::Object(fields) => fields.iter_mut().for_each(|(key, field)| poison(field, key, with)),
        _ => {}
    }
}

fn poisoned<B: Backtested>(backtest: &B, template: usize, with: &str) -> String {
    let mut tree = serde_json::to_value(backtest).unwrap();
    poison(&mut tree, "", with);
    let none = Value::from_pairs(["rules", "reliability", "promises"].map(|name| (name, Value::from(()))));
    fill(B::TEMPLATES[template], &Templates::builtin(), &Options::default(), &view(&tree, none)).unwrap()
}

fn stays_inert<B: Backtested>(backtest: &B) {
    for hostile in HOSTILE {
        let page = poisoned(backtest, 2, hostile);
        for part in ["<script", "<img", "href=", "\u{1b}", "\u{9b}", "\u{202e}"] {
            assert!(!page.contains(part), "{hostile:?}: {part}");
        }
        let markdown = poisoned(backtest, 1, hostile);
        for event in Parser::new_ext(&markdown, pulldown_cmark::Options::ENABLE_TABLES) {
            let active = matches!(
                event,
                Event::Html(_) | Event::InlineHtml(_) | Event::Start(Tag::Link { .. } | Tag::Image { .. })
            );
            assert!(!active, "{hostile:?}: {event:?}");
        }
        for text in [&markdown, &poisoned(backtest, 0, hostile)] {
            assert!(text.chars().all(|c| c == '\n' || !filters::invisible(c)), "{hostile:?}\n{text}");
        }
    }
    assert!(poisoned(backtest, 2, "{{ 7*7 }}").contains("{{ 7*7 }}"));
}

#[test]
fn hostile_strings_are_inert_in_every_format() {
    stays_inert(&sizes());
    stays_inert(&weeks("reports"));
    stays_inert(&decisions());
}

#[test]
fn a_hostile_name_is_text_in_the_charts_too() {
    for hostile in HOSTILE {
        let page = shown(&weeks(hostile), Format::Html);
        for part in ["<script", "<img", "\u{1b}", "\u{202e}"] {
            assert!(!page.contains(part), "{hostile:?}: {part}");
        }
    }
    assert!(shown(&weeks("<script>"), Format::Html).contains("&lt;script&gt;: promised 0 h"));
}
