//! The company "orchard": sizes, schedules and Spot on a bill and four weeks of metrics, one of each strategy.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use rust_decimal::Decimal;
use scale_surgeon::dataset::Dataset;
use scale_surgeon::report::{self, Format, Templates};
use scale_surgeon::review::{Review, RuleLine};
use scale_surgeon::{Job, billing, review, rules};

use crate::collect::variable;
use crate::common::{aggregates, another_program_agrees, repository, surgeon, surgeon_with_credentials};

/// The only account is the one that asks.
const EVERYTHING: [&str; 2] = ["--region", "eu-west-1"];

/// The bill, made once: its place is in reviews.
fn bill() -> PathBuf {
    static FOLDER: OnceLock<tempfile::TempDir> = OnceLock::new();
    let folder = FOLDER.get_or_init(|| {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("fleet.csv").display().to_string();
        let (code, _, err) = surgeon(&["demo", "--company", "orchard", "-o", &file]);
        assert_eq!((code, err.trim()), (0, "34875 charges of orchard, an invented company"));
        folder
    });
    folder.path().join("fleet.csv")
}

/// The bill's review with what was collected.
fn joined(inventory: Dataset) -> Review {
    let mut bill = aggregates(&[bill()], billing::Options::default());
    bill.join(inventory).unwrap();
    review(bill, &Job { rules: rules::builtin().unwrap(), ..Job::default() }).unwrap()
}

/// The same with what the recording says, made once.
fn recorded() -> &'static Review {
    static REVIEW: OnceLock<Review> = OnceLock::new();
    REVIEW.get_or_init(|| {
        let folder = tempfile::tempdir().unwrap();
        let tape = repository("fixtures/fleet/server.jsonl").display().to_string();
        let output = folder.path().join("data").display().to_string();
        let replay = ["collect", "--replay", &tape, "-o", &output, "--attempts", "1", "--strict"];
        let (code, out, err) = surgeon(&[&replay[..], &EVERYTHING].concat());
        assert_eq!((code, out.contains("gap:")), (0, false), "{err}{out}");
        joined(Dataset::load(Path::new(&output)).unwrap())
    })
}

/// Effective saving by rule, account, region and resource, in cents; `None`: no figure.
type Found = BTreeMap<[String; 4], Option<Decimal>>;

fn planted() -> Found {
    let mut reader = csv::Reader::from_path(repository("fixtures/fleet/planted.csv")).unwrap();
    let cents = |text: &str| (!text.is_empty()).then(|| text.parse::<Decimal>().unwrap().round_dp(2));
    let row = |row: csv::StringRecord| ([0, 1, 2, 3].map(|at| row[at].to_owned()), cents(&row[4]));
    reader.records().map(|record| row(record.unwrap())).collect()
}

#[test]
fn what_is_planted_in_the_fleet_is_found_and_nothing_else() {
    let part = |part: &Option<String>| part.clone().unwrap_or_default();
    let found: Found = recorded()
        .findings
        .iter()
        .map(|f| {
            let key = [f.rule.clone(), part(&f.account), part(&f.region), part(&f.resource)];
            (key, f.effective.map(|amount| amount.0.round_dp(2)))
        })
        .collect();
    assert_eq!(found, planted());
    // Of what goes together each dollar counts once.
    assert_eq!(recorded().plan.net.0.round_dp(2).to_string(), "4301.09");
}

#[test]
#[ignore = "needs Python: .ci/run has it"]
fn another_program_comes_to_the_same_plan_of_the_fleet() {
    another_program_agrees(&bill(), recorded());
}

/// Rule; how many resources fire, are clean (decoys and others), and are unknown.
const JUDGED: [(&str, [usize; 3]); 17] = [
    ("autoscaling-group-always-large", [6, 13, 0]),
    // Workers that are always busy: nobody knows what they would do.
    ("autoscaling-group-oversized", [6, 9, 4]),
    ("autoscaling-instance-to-spot", [4, 15, 0]),
    ("ebs-volume-iops-unused", [1, 7, 1]),
    // Of the importer's volume nobody sees inside.
    ("ebs-volume-oversized", [1, 6, 2]),
    ("ebs-volume-throughput-unused", [1, 7, 1]),
    // Two instances have the agent.
    ("ec2-disk-filling", [1, 1, 23]),
    ("ec2-instance-off-hours", [1, 4, 1]),
    ("ec2-instance-oversized", [3, 2, 1]),
    // The bill names the tasks of the service.
    ("ecs-service-oversized", [2, 0, 0]),
    ("elasticache-node-oversized", [2, 1, 1]),
    ("lambda-memory-oversized", [1, 1, 1]),
    ("opensearch-domain-oversized", [1, 1, 0]),
    ("opensearch-storage-filling", [0, 2, 0]),
    ("rds-instance-off-hours", [1, 2, 1]),
    ("rds-instance-oversized", [3, 2, 1]),
    ("rds-storage-filling", [1, 2, 1]),
];

#[test]
fn decoys_of_the_fleet_are_clean_and_what_nobody_measured_is_unknown() {
    let judged = |line: &RuleLine| [line.fires, line.clean, line.unknown];
    let lines: BTreeMap<&str, [usize; 3]> =
        recorded().rules.iter().map(|line| (line.rule.as_str(), judged(line))).collect();
    for (rule, expected) in JUDGED {
        assert_eq!(lines.get(rule), Some(&expected), "{rule}");
    }
}

#[test]
#[ignore = "needs a moto server: .ci/run starts one"]
#[expect(clippy::disallowed_methods, reason = "who wants a new recording says so")]
fn live_and_replayed_reports_of_the_fleet_are_the_same_bytes() {
    let folder = tempfile::tempdir().unwrap();
    let (tape, data) = (folder.path().join("tape.jsonl"), folder.path().join("data"));
    let (file, output, server) =
        (tape.display().to_string(), data.display().to_string(), variable("SURGEON_TEST_FLEET"));
    let live = ["collect", "--endpoint", &server, "--server", "a conversion of moto 5.2.1", "--as-of", "2026-11-01"];
    let kept = ["--invented", "--record", &file, "-o", &output, "--attempts", "2", "--strict"];
    let (code, _, err) = surgeon_with_credentials(&[&live[..], &kept, &EVERYTHING].concat(), &[]);
    assert_eq!(code, 0, "{err}");
    let committed = repository("fixtures/fleet/server.jsonl");
    if std::env::var_os("UPDATE_RECORDINGS").is_some() {
        std::fs::copy(&tape, &committed).unwrap();
    }
    let said = std::fs::read_to_string(&tape).unwrap();
    assert!(said == std::fs::read_to_string(committed).unwrap(), "the server's state has changed: UPDATE_RECORDINGS=1");
    let live = joined(Dataset::load(&data).unwrap());
    for format in [Format::Text, Format::Json] {
        let shown = |review: &Review| {
            report::render(review, format, &Templates::builtin(), &report::Options::default()).unwrap()
        };
        assert!(shown(&live) == shown(recorded()), "{format:?}");
    }
}
