//! Tags and resource names are written by anybody. From the bill to every output they stay text.

use crate::common::surgeon;

const NASTY: [&str; 7] = [
    "<script>alert(1)</script>",
    "\"><img src=x onerror=alert(1)>",
    "=HYPERLINK(\"http://evil.example.com\",\"click\")",
    "\u{1b}[31mred\u{1b}]0;title\u{7}",
    "{{ 7*7 }}{% for x in y %}",
    "| a | **b** [x](javascript:alert(1)) `c`",
    "@SUM(A1:A9)\u{202e}gnp.exe",
];

/// A FOCUS bill in which every finding's resource, account and tag is hostile.
fn bill(folder: &std::path::Path) -> String {
    let path = folder.join("bill.csv");
    let mut writer = csv::Writer::from_path(&path).unwrap();
    let header = [
        "BilledCost",
        "EffectiveCost",
        "ListCost",
        "BillingCurrency",
        "ChargeCategory",
        "ChargePeriodStart",
        "ChargePeriodEnd",
        "BillingPeriodStart",
        "ProviderName",
        "ServiceName",
        "x_ServiceCode",
        "x_UsageType",
        "x_Operation",
        "PricingQuantity",
        "PricingUnit",
        "RegionId",
        "SubAccountId",
        "ResourceId",
        "Tags",
    ];
    writer.write_record(header).unwrap();
    for (index, nasty) in NASTY.iter().enumerate() {
        let tags = serde_json::json!({ "team": nasty, *nasty: "value" }).to_string();
        for day in 1..=31 {
            let start = format!("2026-10-{day:02}T00:00:00Z");
            let end =
                if day == 31 { "2026-11-01T00:00:00Z".into() } else { format!("2026-10-{:02}T00:00:00Z", day + 1) };
            let row = [
                "0.24",
                "0.24",
                "0.24",
                "USD",
                "Usage",
                &start,
                &end,
                "2026-10-01T00:00:00Z",
                "AWS",
                "Elastic Compute",
                "AmazonEC2",
                "EBS:VolumeUsage.gp2",
                "CreateVolume-Gp2",
                "3",
                "GB-Mo",
                "us-east-1",
                nasty,
                &format!("vol-{index}{nasty}"),
                &tags,
            ];
            writer.write_record(row).unwrap();
        }
    }
    writer.flush().unwrap();
    path.display().to_string()
}

fn output(format: &str) -> String {
    let folder = tempfile::tempdir().unwrap();
    let path = bill(folder.path());
    let (code, out, err) = surgeon(&["review", &path, "-f", format, "--by", "tag:team", "--only", "ebs"]);
    assert_eq!(code, 0, "{err}");
    assert!(out.contains("ebs-volume-gp2@"), "the hostile volumes are not found\n{out}");
    out
}

#[test]
fn html_runs_nothing() {
    let html = output("html");
    for live in
        ["<script", "<img", "onerror=alert(1)>", "\u{1b}", "\u{202e}", "href=\"javascript", "href=\"http://evil"]
    {
        assert!(!html.contains(live), "{live}");
    }
    assert!(html.contains("&lt;script&gt;"), "the text is shown, escaped");
    assert!(html.contains("{{ 7*7 }}"), "template syntax is text");
}

#[test]
fn markdown_renders_no_markup_of_a_stranger() {
    let markdown = output("md");
    let mut tags = String::new();
    pulldown_cmark::html::push_html(
        &mut tags,
        pulldown_cmark::Parser::new_ext(&markdown, pulldown_cmark::Options::all()),
    );
    for live in ["<script", "<img", "href=\"javascript", "href=\"http://evil", "<strong>b</strong>"] {
        assert!(!tags.contains(live), "{live}");
    }
    assert!(!markdown.contains('\u{1b}') && !markdown.contains('\u{202e}'));
}

#[test]
fn a_terminal_obeys_nothing() {
    let text = output("text");
    assert!(!text.chars().any(|c| c.is_control() && c != '\n'), "control characters");
    assert!(!text.contains('\u{202e}') && text.contains("[31mred"), "the harmless rest is shown");
}

#[test]
fn a_spreadsheet_computes_nothing() {
    let csv = output("csv");
    let mut reader = csv::ReaderBuilder::new().from_reader(csv.as_bytes());
    let mut cells = 0;
    for record in reader.records() {
        for cell in &record.unwrap() {
            let number = cell.parse::<rust_decimal::Decimal>().is_ok();
            assert!(number || !cell.trim_start().starts_with(['=', '+', '-', '@']), "{cell:?}");
            cells += 1;
        }
    }
    assert!(cells > 100);
}

#[test]
fn json_is_json() {
    let value: serde_json::Value = serde_json::from_str(&output("json")).unwrap();
    let resources: Vec<&str> =
        value["findings"].as_array().unwrap().iter().filter_map(|f| f["resource"].as_str()).collect();
    assert_eq!(resources.len(), NASTY.len());
    assert!(resources.iter().any(|r| r.contains("<script>")), "JSON keeps the exact name");
}

#[test]
fn an_error_about_a_hostile_file_name_is_plain() {
    let (code, _, err) = surgeon(&["review", "no\u{1b}[31mfile.csv"]);
    assert_eq!(code, 1);
    assert!(!err.contains('\u{1b}'), "{err:?}");
}
