//! Every format against a plausible review and against one whose every string is hostile.

use pulldown_cmark::{Event, Parser, Tag};
use serde_json::Value as Json;

use super::sample::{amount, sample};
use super::*;
use crate::money::parse_decimal;

const HOSTILE: [&str; 7] = [
    "<script>alert(1)</script>",
    "\"><img src=x onerror=1>",
    "=HYPERLINK(\"http://x\",\"y\")",
    "\u{1b}[31mred\u{1b}]0;t\u{7}\u{9b}2J\u{202e}",
    "{{ 7*7 }}",
    "| a | **b** [x](javascript:1)",
    "`a` | ![i](https://example.com/i.png) <https://example.com> @team #1\n# h\n- l",
];

fn shown(review: &Review, format: Format) -> String {
    render(review, format, &Templates::builtin(), &Options::default()).unwrap()
}

/// Replaces every string of the view that is neither an amount nor a standing.
fn poison(tree: &mut Json, key: &str, with: &str, pages: bool) {
    match tree {
        Json::String(text) => {
            let page = matches!(key, "what_to_do" | "when_to_leave");
            if !matches!(key, "standing" | "state") && (pages || !page) && parse_decimal(text).is_err() {
                *text = with.to_owned();
            }
        }
        Json::Array(items) => items.iter_mut().for_each(|item| poison(item, key, with, pages)),
        Json::Object(fields) => fields.iter_mut().for_each(|(key, field)| poison(field, key, with, pages)),
        _ => {}
    }
}

/// A template filled with a poisoned view.
fn poisoned(template: &'static str, with: &str, pages: bool, options: &Options) -> String {
    let mut tree = serde_json::to_value(sample()).unwrap();
    poison(&mut tree, "", with, pages);
    let none = Value::from_pairs(["days", "savings", "frontier", "services"].map(|name| (name, Value::from(()))));
    fill(template, &Templates::builtin(), options, &context::View::new(&tree).whole(none)).unwrap()
}

fn hostile_review(with: &str) -> Review {
    let mut review = sample();
    for finding in &mut review.findings {
        finding.message = with.into();
        finding.resource = Some(with.into());
        finding.account = Some(with.into());
        finding.tags[0].value = with.into();
        finding.evidence[0].value = Some(with.into());
    }
    review.breakdowns[0].rows[0].key = Some(with.into());
    review.plan.by_strategy[0].strategy = with.into();
    review.days[0].day = with.into();
    review
}

#[test]
fn the_first_screen_of_text_answers_finance() {
    let text = shown(&sample(), Format::Text);
    for part in [
        "Cloud cost review, 2026-06-01 to 2026-06-30",
        "billed 12,345.67, effective 11,020.50",
        "51.56 USD net per month",
        "gross 135.81, less overlap 4.00, less committed 80.25",
        "80.25 more per month from 2026-11-01",
        "ties out: files 12,345.67 = reviewed 12,345.67, residual 0.00, 33,120 of 33,120 rows",
        "unknown: resources that cost 612.90 per month",
        "ec2-instance-oversized@4e5f6071",
        "unpriced",
        "hygiene",
    ] {
        assert!(text.contains(part), "{part} is not in\n{text}");
    }
    assert!(text.contains("Demo:"));
}

#[test]
fn text_keeps_to_the_width_and_is_plain_unless_coloured() {
    let options = Options { width: Some(100), ..Options::default() };
    let text = render(&sample(), Format::Text, &Templates::builtin(), &options).unwrap();
    let rules = text.lines().filter(|line| line.starts_with('─'));
    assert!(rules.clone().count() > 0 && rules.clone().all(|line| line.chars().count() <= 100), "{text}");
    assert!(!text.contains('\u{1b}'));
    let options = Options { colour: true, ..Options::default() };
    assert!(render(&sample(), Format::Text, &Templates::builtin(), &options).unwrap().contains('\u{1b}'));
}

#[test]
fn a_mismatch_is_loud_and_says_where() {
    let mut review = sample();
    let tie_out = review.tie_out.as_mut().unwrap();
    tie_out.ties = false;
    tie_out.dimensions[0].ties = false;
    tie_out.dimensions[0].residual = amount("3.5");
    let text = shown(&review, Format::Text);
    assert!(text.contains("DOES NOT TIE OUT") && text.contains("account 111122223333: expected"), "{text}");
    assert!(shown(&review, Format::Markdown).contains("Does not tie out"));
    assert!(shown(&review, Format::Html).contains("Does not tie out"));
}

#[test]
fn what_only_guards_could_not_judge_stands_apart() {
    for (format, heading) in [
        (Format::Text, "Could not be judged by guards, which warn and never save"),
        (Format::Markdown, "| Guard, which warns and never saves |"),
        (Format::Html, "Guards: they warn and never save"),
    ] {
        let shown = shown(&sample(), format);
        let (before, after) = shown.split_once(heading).unwrap();
        assert!(before.contains("rds-instance-idle") && before.contains("612.90"), "{shown}");
        assert!(after.contains("ec2-disk-filling") && after.contains("245.50"), "{shown}");
    }
}

#[test]
fn the_chart_of_days_and_what_it_leaves_out_are_what_was_spent() {
    let html = shown(&sample(), Format::Html);
    // 11,000.00 + 1,345.67 = 12,345.67
    for part in ["11,000.00 billed", "11,020.50 effective", "tax 1,345.67 billed, 0.00 effective. Together they are"] {
        assert!(html.contains(part), "{part} is not in\n{html}");
    }
}

#[test]
fn what_is_added_has_no_meter_today_and_what_shrinks_keeps_its_own() {
    let mut review = sample();
    let change = &mut review.findings[1].changes[0];
    (change.new_meter, change.less) = (None, true);
    let text = shown(&review, Format::Markdown);
    assert!(text.contains("| swap | `AmazonEC2/EBS:VolumeUsage.gp2` | less of it |"), "{text}");
    let change = &mut review.findings[1].changes[0];
    (change.verb, change.new_meter) = ("add".into(), change.meter.take());
    let text = shown(&review, Format::Markdown);
    assert!(text.contains("| add | none | `AmazonEC2/EBS:VolumeUsage.gp2` |"), "{text}");
}

#[test]
fn hostile_strings_are_inert_in_text() {
    for hostile in HOSTILE {
        let text = poisoned(TEXT, hostile, true, &Options::default());
        assert!(text.chars().all(|c| c == '\n' || !filters::invisible(c)), "{hostile:?}\n{text}");
        let colour = Options { colour: true, ..Options::default() };
        let text = poisoned(TEXT, hostile, true, &colour);
        assert!(
            !text.contains("\u{1b}[31mred") && !text.contains("\u{1b}]") && !text.contains('\u{9b}'),
            "{hostile:?}"
        );
    }
    assert!(poisoned(TEXT, "{{ 7*7 }}", true, &Options::default()).contains("{{ 7*7 }}"));
}

#[test]
fn hostile_strings_are_inert_in_markdown() {
    let options = Options::default();
    let harmless = poisoned(MARKDOWN, "x", false, &options);
    for hostile in HOSTILE {
        let text = poisoned(MARKDOWN, hostile, false, &options);
        assert_eq!(text.lines().count(), harmless.lines().count(), "{hostile:?}");
        for (line, expected) in text.lines().zip(harmless.lines()) {
            assert_eq!(line.matches('|').count(), expected.matches('|').count(), "{hostile:?}: {line}");
        }
        for event in Parser::new_ext(&text, pulldown_cmark::Options::ENABLE_TABLES) {
            let active = matches!(
                event,
                Event::Html(_)
                    | Event::InlineHtml(_)
                    | Event::Start(Tag::Link { .. } | Tag::Image { .. } | Tag::HtmlBlock)
            );
            assert!(!active, "{hostile:?}: {event:?}");
        }
        assert!(text.chars().all(|c| c == '\n' || !filters::invisible(c)), "{hostile:?}");
        assert!(!text.contains("@team"), "{hostile:?}");
    }
}

#[test]
fn hostile_strings_are_inert_in_html() {
    for hostile in HOSTILE {
        for html in [poisoned(HTML, hostile, true, &Options::default()), shown(&hostile_review(hostile), Format::Html)]
        {
            for part in ["<script", "<img", "href=\"javascript", "href=\"http:", "\u{1b}", "\u{9b}", "\u{202e}"] {
                assert!(!html.contains(part), "{hostile:?}: {part}");
            }
        }
    }
    assert!(poisoned(HTML, "{{ 7*7 }}", true, &Options::default()).contains("{{ 7*7 }}"));
}

#[test]
fn hostile_strings_are_inert_in_csv() {
    for hostile in HOSTILE {
        let text = shown(&hostile_review(hostile), Format::Csv);
        for record in csv::Reader::from_reader(text.as_bytes()).records() {
            for field in &record.unwrap() {
                assert!(!field.starts_with('=') && !field.chars().any(filters::invisible), "{field:?}");
            }
        }
    }
}

#[test]
fn hostile_strings_are_inert_in_json_and_come_back_as_they_were() {
    for hostile in HOSTILE {
        let review = hostile_review(hostile);
        let text = shown(&review, Format::Json);
        assert!(text.chars().all(|c| c == '\n' || !filters::invisible(c)), "{hostile:?}");
        assert_eq!(serde_json::from_str::<Json>(&text).unwrap(), serde_json::to_value(&review).unwrap());
    }
}

#[test]
fn html_is_one_file_without_script_and_with_text_for_its_charts() {
    let html = shown(&sample(), Format::Html);
    assert!(html.starts_with("<!doctype html>"), "{}", &html[..40]);
    assert!(html.contains("default-src 'none'") && html.contains("<html lang=\"en\">"));
    assert_eq!(html.matches("<svg ").count(), 4);
    assert_eq!(html.matches("role=\"img\"").count(), 4);
    assert_eq!(html.matches("<table>").count(), html.matches("<caption>").count());
    assert!(!html.contains("<script") && !html.contains("src=") && !html.contains("@import") && !html.contains("url("));
    assert!(html.contains("<title>Cloud cost review, 2026-06-01 to 2026-06-30</title>"));
    assert!(html.contains("<h5>CLI</h5>") && html.contains("<em>this month</em>"));
}

#[test]
fn csv_has_one_row_for_each_finding_with_exact_amounts() {
    let text = shown(&sample(), Format::Csv);
    assert_eq!(text.lines().count(), 5);
    assert!(
        text.starts_with("id,rule,title,strategy,action,effort,account,region,resource,service,standing,cost,list,")
    );
    assert!(text.contains(",11.305,") && text.contains(",unpriced,"), "{text}");
}

#[test]
fn a_limit_is_kept_and_drops_the_least_valuable_first() {
    let limited = |limit: usize| {
        let options = Options { limit: Some(limit), ..Options::default() };
        render(&sample(), Format::Markdown, &Templates::builtin(), &options)
    };
    let whole = shown(&sample(), Format::Markdown);
    assert_eq!(limited(whole.len()).unwrap(), whole);
    assert!(!whole.contains("not shown"));
    let shorter = limited(whole.len() - 1).unwrap();
    assert!(shorter.len() < whole.len() && shorter.contains("findings not shown in detail"), "{shorter}");
    assert!(shorter.contains("### `ec2-instance-oversized@4e5f6071`"), "the most valuable detail stays\n{shorter}");
    let Err(ReportError::LimitTooSmall { minimum, .. }) = limited(10) else { panic!("10 bytes hold no summary") };
    let least = limited(minimum).unwrap();
    assert!(least.len() <= minimum && least.contains("net per month can be saved"), "{least}");
    assert!(least.contains("… 4 findings not shown (51.56 USD net per month)"), "{least}");
    for limit in (minimum..whole.len()).step_by(97) {
        assert!(limited(limit).unwrap().len() <= limit, "{limit}");
    }
    let options = Options { limit: Some(1), ..Options::default() };
    let refused = render(&sample(), Format::Html, &Templates::builtin(), &options);
    assert!(matches!(refused, Err(ReportError::LimitNeedsMarkdown)));
}

#[test]
fn a_template_of_the_user_replaces_ours_and_its_errors_name_the_line() {
    let with = |source: &str| Templates::builtin().with_override(TEXT, source.to_owned());
    let own = with("net {{ review.plan.net | money }}\n").unwrap();
    assert_eq!(render(&sample(), Format::Text, &own, &Options::default()).unwrap(), "net 51.56\n");

    let own = with("one\n{{ review.plan.nett }}\n").unwrap();
    let error = render(&sample(), Format::Text, &own, &Options::default()).unwrap_err().to_string();
    assert!(error.starts_with("review.txt.j2:2: ") && error.contains("help: "), "{error}");

    let error = with("{% for %}").unwrap_err().to_string();
    assert!(error.starts_with("review.txt.j2:1: "), "{error}");

    let own = with("{% include '/etc/passwd' %}").unwrap();
    assert!(render(&sample(), Format::Text, &own, &Options::default()).is_err());

    let error = Templates::builtin().with_override("x.j2", String::new()).unwrap_err().to_string();
    assert!(error.contains("review.html.j2"), "{error}");
}

#[test]
fn formats_have_the_names_of_the_command_line() {
    for (name, format) in [("text", Format::Text), ("md", Format::Markdown), ("html", Format::Html)] {
        assert_eq!(Format::parse(name), Some(format));
    }
    assert_eq!(Format::parse("json"), Some(Format::Json));
    assert_eq!(Format::parse("csv"), Some(Format::Csv));
    assert_eq!(Format::parse("pdf"), None);
}
