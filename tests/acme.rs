//! The demo company's accounts, as a server answered for them, joined with its bill.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::OnceLock;

use rust_decimal::Decimal;
use scale_surgeon::dataset::Dataset;
use scale_surgeon::report::{self, Format, Templates};
use scale_surgeon::review::Review;
use scale_surgeon::table::read::{columns_of, numbers};
use scale_surgeon::{Job, billing, judge, review, rules};

use crate::collect::variable;
use crate::common::{
    aggregates, another_program_agrees, demo_file, demo_review, repository, surgeon, surgeon_with_credentials,
};

/// The role, and the regions in which acme has something.
const EVERYTHING: [&str; 11] = [
    "--org",
    "--role",
    "OrganizationAccountAccessRole",
    "--region",
    "us-east-1",
    "--region",
    "eu-west-1",
    "--region",
    "eu-central-1",
    "--region",
    "ap-southeast-2",
];

/// The bill's review with what was collected.
fn joined(inventory: Dataset) -> Review {
    let mut bill = aggregates(&[demo_file("cur2").to_owned()], billing::Options::default());
    bill.join(inventory).unwrap();
    review(bill, &Job { rules: rules::builtin().unwrap(), ..Job::default() }).unwrap()
}

/// The same with what the recording says, made once.
fn recorded() -> &'static Review {
    static REVIEW: OnceLock<Review> = OnceLock::new();
    REVIEW.get_or_init(|| joined(replayed()))
}

/// Where a replay of the recording puts what it collects, made once.
fn collected() -> PathBuf {
    static FOLDER: OnceLock<tempfile::TempDir> = OnceLock::new();
    let folder = FOLDER.get_or_init(|| {
        let folder = tempfile::tempdir().unwrap();
        let tape = repository("fixtures/acme/server.jsonl").display().to_string();
        let output = folder.path().join("data").display().to_string();
        let replay = ["collect", "--replay", &tape, "-o", &output, "--attempts", "1", "--strict"];
        let (code, out, err) = surgeon(&[&replay[..], &EVERYTHING].concat());
        assert_eq!((code, out.contains("gap:")), (0, false), "{err}{out}");
        folder
    });
    folder.path().join("data")
}

fn replayed() -> Dataset {
    Dataset::load(&collected()).unwrap()
}

/// Effective saving by rule, account, region and resource, in cents; `None`: no figure.
type Found = BTreeMap<[String; 4], Option<Decimal>>;

fn planted(file: &str, effective: usize) -> Found {
    let mut reader = csv::Reader::from_path(repository(file)).unwrap();
    let cents = |text: &str| (!text.is_empty()).then(|| text.parse::<Decimal>().unwrap().round_dp(2));
    let row = |row: csv::StringRecord| (key(&row), cents(&row[effective]));
    reader.records().map(Result::unwrap).filter(|row| &row[effective] != GONE).map(row).collect()
}

/// What stands for the saving of what the bill alone finds and the accounts know better.
const GONE: &str = "gone";

fn key(row: &csv::StringRecord) -> [String; 4] {
    [0, 1, 2, 3].map(|at| row[at].to_owned())
}

fn gone(file: &str) -> Vec<[String; 4]> {
    let mut reader = csv::Reader::from_path(repository(file)).unwrap();
    reader.records().map(Result::unwrap).filter(|row| &row[4] == GONE).map(|row| key(&row)).collect()
}

#[test]
fn what_is_planted_in_the_accounts_is_found_beside_what_is_planted_in_the_bill_and_nothing_else() {
    let mut expected = planted("fixtures/acme/planted.csv", 5);
    expected.extend(planted("fixtures/acme/planted-inventory.csv", 4));
    gone("fixtures/acme/planted-inventory.csv")
        .iter()
        .for_each(|key| assert!(expected.remove(key).is_some(), "{key:?}"));
    let part = |part: &Option<String>| part.clone().unwrap_or_default();
    let found: Found = recorded()
        .findings
        .iter()
        .map(|f| {
            let key = [f.rule.clone(), part(&f.account), part(&f.region), part(&f.resource)];
            (key, f.effective.map(|amount| amount.0.round_dp(2)))
        })
        .collect();
    assert_eq!(found, expected);
    // What goes with the volume and the instance, and counts the gateway once.
    // A t3a.large in the 70 hours a week that its schedule leaves: 0.0752 × 730 × 70 ÷ 168, of 1,139.04.
    assert_eq!(recorded().plan.net.0.round_dp(2).to_string(), "1139.04");
}

#[test]
#[ignore = "needs Python: .ci/run has it"]
fn another_program_comes_to_the_same_plans_of_acme() {
    another_program_agrees(demo_file("cur2"), &demo_review("cur2"));
    another_program_agrees(demo_file("cur2"), recorded());
}

/// Half of four weeks is enough for sizes, and not for schedules, which take three.
#[test]
fn past_advice_on_the_accounts_is_judged_as_far_as_their_days_go() {
    let data = collected().display().to_string();
    let (code, out, err) = surgeon(&["backtest", "rightsizing", &data, "-f", "json"]);
    assert_eq!(code, 0, "{err}");
    let view: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert_eq!([&view["days"], &view["rules"][1]["rule"]], ["28", "surgeon"]);
    let schedules = |cut: &str| {
        let (code, out, err) = surgeon(&["backtest", "schedules", &data, "--cut", cut, "-f", "json"]);
        assert_eq!(code, 0, "{err}");
        let view: serde_json::Value = serde_json::from_str(&out).unwrap();
        (view["rules"][1]["advised"].clone(), view["rules"][1]["lost"].clone())
    };
    // Three weeks of four: the four with office hours are told, and lose nothing in the last one.
    assert_eq!(schedules("75"), (4.into(), "0".into()));
    assert_eq!(schedules("50").0, serde_json::Value::from(0));
}

/// What breaks first as load grows, on the accounts beside their bill.
#[test]
fn growth_is_said_of_what_was_measured_and_only_when_asked() {
    let mut bill = aggregates(&[demo_file("cur2").to_owned()], billing::Options::default());
    bill.join(replayed()).unwrap();
    let asked =
        |times: i64| review(bill.clone(), &Job { growth: Some(Decimal::from(times)), ..Job::default() }).unwrap();
    assert!(recorded().growth.is_none());
    let (three, ten) = (asked(3), asked(10));
    let mut held = Vec::new();
    for review in [&three, &ten] {
        let growth = review.growth.as_ref().unwrap();
        let breaking: Vec<_> = growth.resources.iter().filter(|line| line.breaks).collect();
        assert!(growth.judged > 0 && growth.judged == growth.resources.len());
        assert_eq!(growth.breaks, breaking.len());
        assert!(growth.resources.is_sorted_by_key(|line| line.breaks_at));
        assert!(breaking.iter().all(|line| line.breaks_at < growth.times));
        assert!(breaking.iter().all(|line| line.holding.is_some() != line.not_held.is_some()));
        let costs: Vec<Decimal> =
            breaking.iter().filter_map(|line| line.holding.as_ref()).map(|holding| holding.cost.0).collect();
        assert!(costs.iter().all(|cost| *cost >= Decimal::ZERO));
        assert_eq!(growth.cost.0, costs.iter().sum::<Decimal>());
        // What could not be judged is among the gaps too.
        let gaps = review.gaps.iter().filter(|gap| gap.place.starts_with("--growth"));
        assert_eq!(gaps.count(), growth.not_judged.len());
        held.push((growth.judged, growth.breaks));
    }
    assert!(held[0].0 == held[1].0 && held[0].1 <= held[1].1, "{held:?}");
    let section = [
        (Format::Text, "Growth: what breaks first"),
        (Format::Markdown, "\n## Growth\n"),
        (Format::Html, "<h2 id=\"growth\">"),
    ];
    for (format, heading) in section {
        let shown = |review: &Review| {
            report::render(review, format, &Templates::builtin(), &report::Options::default()).unwrap()
        };
        assert!(shown(&three).contains(heading) && !shown(recorded()).contains(heading), "{format:?}");
    }
    let (code, _, err) = surgeon(&["review", "--growth", "1x"]);
    assert!(code == 2 && err.contains("such as 3x or 150%"), "{code} {err}");
}

/// List cost per month, and quantity, by resource and meter.
fn at_list(bill: billing::Aggregates) -> BTreeMap<[Option<String>; 2], (Decimal, Decimal)> {
    let judged = judge(bill, &Job::default()).unwrap();
    let frame = &judged.bill.tables["resource_monthly_costs"];
    let [ids, meters] = columns_of(frame, ["ResourceId", "Meter"]);
    let (costs, quantities) = (numbers(frame, "ListRunRate"), numbers(frame, "RunRateQuantity"));
    let rows = ids.into_iter().zip(meters).zip(costs.into_iter().zip(quantities));
    rows.filter_map(|((id, meter), (cost, quantity))| Some(([id, meter], (cost?, quantity?)))).collect()
}

#[test]
fn what_runs_all_the_time_is_estimated_as_the_bill_has_it_at_list_price() {
    let bill = at_list(aggregates(&[demo_file("cur2").to_owned()], billing::Options::default()));
    let estimated = at_list(billing::Aggregates::from_dataset(replayed()).unwrap());
    let cent = Decimal::new(1, 2);
    let (mut same, mut other) = (0, Vec::new());
    for (key, (cost, quantity)) in &estimated {
        match bill.get(key) {
            Some((billed, used)) if (quantity - used).abs() < cent => {
                assert!((cost - billed).abs() < cent, "{key:?}: estimated {cost}, billed {billed}");
                same += 1;
            }
            _ => other.push(key[0].clone().unwrap_or_default()),
        }
    }
    // The bill has no stored logs and no disk of this database; and of the last volume three days.
    other.sort();
    other.dedup();
    let ends: Vec<&str> = other.iter().map(|id| id.rsplit([':', '/']).next().unwrap()).collect();
    let beside = ["storefront", "checkout-api", "search-index", "sandbox", "catalog", "vol-0ac3e000000000242"];
    assert_eq!((same, ends), (30, beside.to_vec()));
}

#[test]
#[ignore = "needs a moto server: .ci/run starts one"]
#[expect(clippy::disallowed_methods, reason = "who wants a new recording says so")]
fn live_and_replayed_reports_are_the_same_bytes() {
    let folder = tempfile::tempdir().unwrap();
    let (tape, data) = (folder.path().join("tape.jsonl"), folder.path().join("data"));
    let (file, output, server) =
        (tape.display().to_string(), data.display().to_string(), variable("SURGEON_TEST_ACME"));
    let live = ["collect", "--endpoint", &server, "--server", "a conversion of moto 5.2.1", "--as-of", "2026-11-01"];
    let kept = ["--invented", "--record", &file, "-o", &output, "--attempts", "2", "--strict"];
    let (code, _, err) = surgeon_with_credentials(&[&live[..], &kept, &EVERYTHING].concat(), &[]);
    assert_eq!(code, 0, "{err}");
    let committed = repository("fixtures/acme/server.jsonl");
    if std::env::var_os("UPDATE_RECORDINGS").is_some() {
        std::fs::copy(&tape, &committed).unwrap();
    }
    // The recording is what the server says; what a role is given to ask with is never in one.
    let said = std::fs::read_to_string(&tape).unwrap();
    assert!(said == std::fs::read_to_string(committed).unwrap(), "the server's state has changed: UPDATE_RECORDINGS=1");
    assert!(!said.contains("AssumeRole") && !said.contains("SecretAccessKey"));
    let live = joined(Dataset::load(&data).unwrap());
    for format in [Format::Text, Format::Markdown, Format::Html, Format::Json, Format::Csv] {
        let shown = |review: &Review| {
            report::render(review, format, &Templates::builtin(), &report::Options::default()).unwrap()
        };
        assert!(shown(&live) == shown(recorded()), "{format:?}");
    }
}

#[test]
fn names_are_kept_of_a_server_on_this_machine_alone() {
    let elsewhere = ["collect", "--endpoint", "https://ec2.example.com", "--server", "x", "--record", "a.jsonl"];
    let (code, _, err) = surgeon(&[&elsewhere[..], &["--invented", "-o", "out"]].concat());
    assert!(code == 2 && err.contains("on this machine"), "{code} {err}");
    let (code, _, err) = surgeon(&["collect", "--record", "a.jsonl", "--invented", "-o", "out"]);
    assert!(code == 2 && err.contains("--server"), "{code} {err}");
}
