//! How past advice would have done, through the command: the table, the view, and what is refused.

use std::fmt::Write as _;
use std::path::Path;

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use crate::common::surgeon;

const HEADER: &str = "BilledCost,EffectiveCost,ListCost,BillingCurrency,ChargeCategory,ChargePeriodStart,\
    ChargePeriodEnd,BillingPeriodStart,ProviderName,ServiceName,x_ServiceCode,x_UsageType,x_Operation,\
    PricingQuantity,PricingUnit,RegionId,SubAccountId,ResourceId,CommitmentDiscountStatus";

/// A list on which an hour costs a dollar, and 0.72 under a Compute Savings Plan.
const LIST: &str = "# title = \"Test\"\n# [source.a]\n# title = \"List\"\n# date = \"2026-05\"\n# licence = \"facts\"\n\
    meter,term,from,unit,source,us-east-1\n\
    AmazonEC2/BoxUsage:m5.large,,,Hours,a,1\n\
    AmazonEC2/BoxUsage:m5.large,compute-savings-plan-1y-no-upfront,,Hours,a,0.72\n";

/// FOCUS with a charge every `step` hours of each instance from the first of January 2026; an instance is id and days.
fn bill(folder: &Path, step: i64, instances: &[(&str, i64)]) -> String {
    let start: Timestamp = "2026-01-01T00:00:00Z".parse().unwrap();
    let mut text = format!("{HEADER}\n");
    for (id, days) in instances {
        for hour in (0..days * 24).step_by(step as usize) {
            let at = |hour: i64| (start + SignedDuration::from_hours(hour)).to_string();
            let (from, to) = (at(hour), at(hour + step));
            let month = &from[..7];
            writeln!(
                text,
                "{step},{step},{step},USD,Usage,{from},{to},{month}-01T00:00:00Z,AWS,Elastic Compute,AmazonEC2,\
                 BoxUsage:m5.large,RunInstances,{step},Hrs,us-east-1,111122223333,{id},"
            )
            .unwrap();
        }
    }
    let path = folder.join("bill.csv");
    std::fs::write(&path, text).unwrap();
    path.display().to_string()
}

/// Settings that name the list.
fn settings(folder: &Path) -> String {
    std::fs::create_dir(folder.join("list")).unwrap();
    std::fs::write(folder.join("list/prices.csv"), LIST).unwrap();
    let path = folder.join("surgeon.toml");
    std::fs::write(&path, "[prices]\nrefreshed = \"list\"\n").unwrap();
    path.display().to_string()
}

/// Ten weeks of two instances, of which one stops at the end of February.
#[test]
fn decisions_of_a_bill_are_judged_by_its_later_months() {
    let folder = tempfile::tempdir().unwrap();
    let bill = bill(folder.path(), 1, &[("i-1", 70), ("i-2", 59)]);
    let config = settings(folder.path());
    let arguments = ["backtest", "commitments", bill.as_str(), "--config", config.as_str()];
    let (code, out, err) = surgeon(&arguments);
    assert_eq!(code, 0, "{err}");
    let row = |words: &[&str]| out.lines().any(|line| words.iter().all(|word| line.contains(word)));
    assert!(out.contains("Compute Savings Plan, 1 year, no upfront"), "{out}");
    assert!(out.contains("2026-01-01 to 2026-03-11"), "{out}");
    // Two dollars an hour for 1.44 save 0.56 × 730; in March one of them is left: 1 − 1.44.
    for policy in ["ours", "AWS-like"] {
        assert!(row(&["2026-02-01", policy, "1.44", "408.80", "202.90", "1.50"]), "{out}");
        let march = ["2026-03-01", policy, "1.44", "408.80", "-321.20", "-44.0 %", "50.0 % < 72.0 %", "525.60"];
        assert!(row(&march), "{out}");
    }
    assert!(row(&["2026-03-01", "nothing", "0.00", "204.40"]), "{out}");
    assert!(row(&["2026-03-01", "hindsight", "0.72", "204.40", "100.0 % ≥ 72.0 %"]), "{out}");
    // 202.90 and −321.20 together.
    assert!(row(&["ours", "408.80", "-59.15", "-14.5 %", "-321.20", "2026-03-01", "1 of 2"]), "{out}");
    assert_eq!(surgeon(&arguments).1, out, "same input, same bytes");
}

#[test]
fn json_keeps_its_schema() {
    let folder = tempfile::tempdir().unwrap();
    let bill = bill(folder.path(), 1, &[("i-1", 40)]);
    let config = settings(folder.path());
    let (code, out, err) = surgeon(&["backtest", "commitments", &bill, "--config", &config, "-f", "json"]);
    assert_eq!(code, 0, "{err}");
    let view: Value = serde_json::from_str(&out).unwrap();
    let schema: Value = serde_json::from_str(&scale_surgeon::backtest::json_schema()).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let errors: Vec<String> = validator.iter_errors(&view).map(|e| format!("{}: {e}", e.instance_path())).collect();
    assert_eq!(errors, Vec::<String>::new());
    assert_eq!(view["version"], "surgeon.backtest/1");
    let ours = &view["decisions"][0]["outcomes"][0];
    assert_eq!((&ours["policy"], &ours["hourly"], &ours["saving"]), (&"ours".into(), &"0.72".into(), &"204.4".into()));
    assert_eq!((&ours["utilization"], &ours["below_break_even"]), (&"1".into(), &false.into()));
    assert_eq!(ours["bought"][0]["term"], "Compute Savings Plan, 1 year, no upfront");
}

#[test]
fn what_cannot_be_judged_says_what_is_needed() {
    let folder = tempfile::tempdir().unwrap();
    let refused = |arguments: &[&str], code: i32, words: &[&str]| {
        let all: Vec<&str> = ["backtest", "commitments"].iter().chain(arguments).copied().collect();
        let (found, out, err) = surgeon(&all);
        assert_eq!((found, out.as_str()), (code, ""), "{err}");
        words.iter().for_each(|word| assert!(err.contains(word), "{word:?} is not in {err}"));
    };
    // The demo is one month.
    refused(&[], 3, &["too few months", "4 weeks of hours before it", "2026-10-01 to 2026-10-31", "help: "]);
    let daily = bill(folder.path(), 24, &[("i-1", 90)]);
    refused(&[&daily], 3, &["not hourly", "TIME_GRANULARITY = HOURLY", "INCLUDE_RESOURCES"]);
    let nameless = bill(folder.path(), 1, &[("", 40)]);
    refused(&[&nameless], 3, &["names a resource", "INCLUDE_RESOURCES"]);
    refused(&["--term", "standard-1y-no-upfront"], 2, &["Standard reservation", "cannot be backtested"]);
    refused(&["--term", "forever"], 2, &["is no term"]);
    refused(&["-f", "html"], 2, &["text or json"]);
}
