//! What the provider recommends: every export as it is read, every refusal, and that bills are no advice.

use std::collections::BTreeSet;
use std::io::Write;
use std::path::{Path, PathBuf};

use flate2::Compression;
use flate2::write::GzEncoder;
use rust_decimal::Decimal;
use scale_surgeon::advice::{Action, AdviceError, Origin, Ours, Reason, Recommendation, Verdict, compare, read, sniff};
use scale_surgeon::money::parse_decimal;

use crate::common::{FORMATS, demo_file, repository};

fn fixture(name: &str) -> PathBuf {
    repository(&format!("tests/data/advice/{name}"))
}

fn number(text: &str) -> Option<Decimal> {
    Some(parse_decimal(text).unwrap())
}

/// Place, action, resource, what there is and should be, saving and its basis.
fn line(r: &Recommendation) -> String {
    let text = |t: &Option<String>| t.clone().unwrap_or_else(|| "-".to_owned());
    let saving = r.savings.map_or_else(|| "-".to_owned(), |s| s.normalize().to_string());
    let (place, action, resource) = (&r.place, r.action.word(), text(&r.resource));
    format!("{place} {action} {resource}: {} -> {}, {saving} {:?}", text(&r.current), text(&r.proposed), r.basis)
}

fn lines(name: &str) -> Vec<String> {
    read(&fixture(name)).unwrap().iter().map(line).collect()
}

fn file(folder: &Path, name: &str, bytes: &[u8]) -> PathBuf {
    let path = folder.join(name);
    std::fs::write(&path, bytes).unwrap();
    path
}

fn gz(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

#[test]
fn the_table_of_data_exports_is_read_with_its_details() {
    assert_eq!(
        lines("hub.csv"),
        [
            "row 2 rightsize i-0a1b2c3d4e5f60001: m5.xlarge -> m5.large, 56.21 AfterDiscounts",
            "row 3 upgrade vol-0a1b2c3d4e5f60002: gp2, 500 GB -> gp3, 500 GB, 11 BeforeDiscounts",
            "row 4 purchase-savings-plans -: - -> Compute Savings Plans, 1 year, no upfront, 840 AfterDiscounts",
            "row 5 Hibernate arn:aws:quantum:eu-west-1:111122223333:node/q-1: large -> -, 1.5 BeforeDiscounts",
        ]
    );
    let all = read(&fixture("hub.csv")).unwrap();
    let first = &all[0];
    assert_eq!(first.origin, Origin::CostOptimizationHub);
    assert_eq!(first.account.as_deref(), Some("111122223333"));
    assert_eq!(first.region.as_deref(), Some("eu-west-1"));
    assert_eq!(first.resource_type.as_deref(), Some("Ec2Instance"));
    assert_eq!((first.cost, first.currency.as_deref()), (number("112.42"), Some("USD")));
    assert_eq!(first.effort.as_deref(), Some("medium"));
    assert_eq!((first.restart_needed, first.rollback_possible), (Some(true), Some(true)));
    assert_eq!((first.lookback_days, first.date.as_deref()), (Some(14), Some("2026-10-30")));
    assert_eq!((all[1].cost, all[1].plan.as_deref()), (number("55"), None));
    assert_eq!(all[2].plan.as_deref(), Some("compute-savings-plan-1y-no-upfront"));
    assert_eq!((all[2].commitment, all[2].region.as_deref()), (number("3.2"), None));
    // What is not known is kept as it is written.
    assert_eq!(all[3].action, Action::Other("Hibernate".into()));
}

#[test]
fn the_list_of_the_hub_is_read_and_a_bare_name_becomes_the_end_of_an_arn() {
    assert_eq!(
        lines("hub.json"),
        [
            "items[0] stop arn:aws:rds:eu-west-1:111122223333:db:orders: db.r6g.large -> Stop, 157.68 NotStated",
            "items[1] delete db:reports: db.t3.micro -> -, 12.41 NotStated",
            "items[2] purchase-savings-plans -: - -> Compute Savings Plans, 840 NotStated",
        ]
    );
    let all = read(&fixture("hub.json")).unwrap();
    assert_eq!((all[1].date.as_deref(), all[1].restart_needed), (Some("2026-10-30"), Some(false)));
    assert_eq!((all[2].plan.as_deref(), all[2].commitment), (Some("compute-savings-plan"), None));
}

#[test]
fn a_list_that_was_cut_out_and_a_single_answer_are_read_too() {
    let folder = tempfile::tempdir().unwrap();
    let item =
        r#"{"accountId": 11112222333, "actionType": "Delete", "resourceId": "vol-1", "estimatedMonthlySavings": 8}"#;
    let list = file(folder.path(), "list.json", format!("[{item}, {item}]").as_bytes());
    let one = file(folder.path(), "one.json", format!("\u{feff}{item}").as_bytes());
    assert_eq!(read(&list).unwrap().len(), 2);
    let one = read(&one).unwrap();
    assert_eq!(line(&one[0]), "the document delete vol-1: - -> -, 8 NotStated");
    // Zeros that a spreadsheet dropped.
    assert_eq!(one[0].account.as_deref(), Some("011112222333"));
}

#[test]
fn exports_of_compute_optimizer_are_read_kind_by_kind() {
    assert_eq!(
        lines("ec2.csv"),
        [
            "row 2 rightsize i-0a1b2c3d4e5f60001: m5.xlarge -> m5.large, 56.21 AfterDiscounts",
            // Called after discounts, but at public prices; and of another architecture.
            "row 3 migrate-to-graviton i-0a1b2c3d4e5f60003: c5.xlarge -> c7g.xlarge, 20.5 BeforeDiscounts",
        ]
    );
    assert_eq!(
        lines("volumes.csv"),
        ["row 2 upgrade vol-0a1b2c3d4e5f60002: gp2, 500 GiB -> gp3, 500 GiB, 11 BeforeDiscounts"]
    );
    let database = "arn:aws:rds:eu-west-1:111122223333:db:orders";
    assert_eq!(
        lines("databases.csv"),
        [
            format!("row 2 rightsize {database}: db.r6g.xlarge -> db.r6g.large, 120.02 AfterDiscounts"),
            format!("row 2 upgrade {database}: gp2, 200 GiB -> gp3, 200 GiB, 2.3 BeforeDiscounts"),
        ]
    );
    assert_eq!(
        lines("idle.csv"),
        [
            "row 2 delete vol-0a1b2c3d4e5f60006: unattached -> -, 8.8 AfterDiscounts",
            "row 3 delete nat-0a1b2c3d4e5f60007: unused -> -, 35.04 BeforeDiscounts",
            "row 4 Dormant arn:aws:quantum:eu-west-1:111122223333:node/q-1: dormant -> -, - NotStated",
        ]
    );
    let first = &read(&fixture("ec2.csv")).unwrap()[0];
    assert_eq!((first.account.as_deref(), first.region.as_deref()), (Some("111122223333"), Some("eu-west-1")));
    assert_eq!((first.effort.as_deref(), first.restart_needed), (Some("very-low"), None));
    assert_eq!((first.lookback_days, first.date.as_deref()), (Some(14), Some("2026-10-30")));
}

#[test]
fn answers_of_compute_optimizer_may_follow_each_other_in_one_file() {
    assert_eq!(
        lines("compute-optimizer.json"),
        [
            "document 1, instanceRecommendations[0] rightsize i-0a1b2c3d4e5f60001: m5.xlarge -> m5.large, 56.21 AfterDiscounts",
            "document 1, instanceRecommendations[1] migrate-to-graviton i-0a1b2c3d4e5f60003: c5.xlarge -> c7g.xlarge, 20.5 BeforeDiscounts",
            "document 2, lambdaFunctionRecommendations[0] rightsize arn:aws:lambda:eu-west-1:111122223333:function:resize: 1024 MB -> 512 MB, 8 BeforeDiscounts",
            "document 3, idleRecommendations[0] stop i-0a1b2c3d4e5f60008: idle -> -, 70.08 BeforeDiscounts",
        ]
    );
}

#[test]
fn results_of_trusted_advisor_are_read_with_the_columns_that_its_checks_name() {
    assert_eq!(
        lines("trusted-advisor.json"),
        [
            "document 2, result.flaggedResources[0] stop i-0a1b2c3d4e5f60008: m5.4xlarge -> -, 1234.56 NotStated",
            "document 3, result.flaggedResources[0] delete db:orders: db.r6g.large -> -, 157.68 BeforeDiscounts",
        ]
    );
    let first = &read(&fixture("trusted-advisor.json")).unwrap()[0];
    assert_eq!((first.account.as_deref(), first.region.as_deref()), (None, Some("eu-west-1")));
    assert_eq!((first.currency.as_deref(), first.date.as_deref()), (Some("USD"), Some("2026-10-30")));
}

#[test]
fn purchases_are_read_with_their_commitment_per_hour() {
    assert_eq!(
        lines("savings-plans.json"),
        [
            "SavingsPlansPurchaseRecommendation.SavingsPlansPurchaseRecommendationDetails[0] purchase-savings-plans -: - -> 3.2 USD an hour, 840 NotStated"
        ]
    );
    let plan = &read(&fixture("savings-plans.json")).unwrap()[0];
    assert_eq!(plan.plan.as_deref(), Some("compute-savings-plan-1y-no-upfront"));
    assert_eq!(
        (plan.commitment, plan.lookback_days, plan.date.as_deref()),
        (number("3.2"), Some(60), Some("2026-10-30"))
    );
    assert_eq!(
        lines("reservations.json"),
        [
            "Recommendations[0].RecommendationDetails[0] purchase-reservations -: Linux/UNIX, Shared -> 2 × m5.large, 60.5 NotStated",
            "Recommendations[1].RecommendationDetails[0] purchase-reservations -: MySQL, Single-AZ -> 2 × db.r6g.large, 60.5 NotStated",
            "Recommendations[1].RecommendationDetails[1] purchase-reservations -: - -> 2 × r6g.large.search, 60.5 NotStated",
        ]
    );
    let plans: Vec<_> =
        read(&fixture("reservations.json")).unwrap().into_iter().map(|r| (r.plan, r.commitment)).collect();
    assert_eq!(
        plans,
        [
            (Some("standard-1y-partial-upfront m5".to_owned()), number("0.2")),
            (Some("reserved-3y-no-upfront db.r6g".to_owned()), number("0.1")),
            (Some("reserved-3y-no-upfront r6g.search".to_owned()), number("0.1")),
        ]
    );
}

#[test]
fn gzip_of_any_of_them_is_read_the_same() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["hub.csv", "hub.json", "idle.csv"] {
        let path = file(folder.path(), name, &gz(&std::fs::read(fixture(name)).unwrap()));
        let packed: Vec<String> = read(&path).unwrap().iter().map(line).collect();
        assert_eq!(packed, lines(name), "{name}");
        assert_eq!(sniff(&path), sniff(&fixture(name)), "{name}");
    }
}

/// Bytes that end as Parquet with this footer does.
fn parquet(footer: &str) -> Vec<u8> {
    let length = u32::try_from(footer.len()).unwrap().to_le_bytes();
    [&b"PAR1data"[..], footer.as_bytes(), &length, b"PAR1"].concat()
}

#[test]
fn advice_is_told_from_bills() {
    for (name, origin) in [
        ("hub.csv", Origin::CostOptimizationHub),
        ("hub.json", Origin::CostOptimizationHub),
        ("ec2.csv", Origin::ComputeOptimizer),
        ("volumes.csv", Origin::ComputeOptimizer),
        ("databases.csv", Origin::ComputeOptimizer),
        ("idle.csv", Origin::ComputeOptimizer),
        ("compute-optimizer.json", Origin::ComputeOptimizer),
        ("trusted-advisor.json", Origin::TrustedAdvisor),
        ("savings-plans.json", Origin::SavingsPlansPurchase),
        ("reservations.json", Origin::ReservationPurchase),
    ] {
        assert_eq!(sniff(&fixture(name)), Some(origin), "{name}");
    }
    for (name, _) in FORMATS {
        assert_eq!(sniff(demo_file(name)), None, "{name}");
    }
    assert_eq!(sniff(&repository("fixtures/edge/cur2-map/cur2.parquet")), None);
    let folder = tempfile::tempdir().unwrap();
    for (bytes, origin) in [
        (
            parquet("account_id action_type estimated_monthly_savings_before_discount"),
            Some(Origin::CostOptimizationHub),
        ),
        (parquet("line_item_unblended_cost"), None),
        (b"PAR1".to_vec(), None),
        (Vec::new(), None),
        (b"{\"assemblyId\": 1, \"reportKeys\": []}".to_vec(), None),
    ] {
        assert_eq!(sniff(&file(folder.path(), "some", &bytes)), origin);
    }
    assert_eq!(sniff(&folder.path().join("none")), None);
}

#[test]
fn what_cannot_be_read_is_refused_by_name_and_place_with_a_remedy() {
    let folder = tempfile::tempdir().unwrap();
    let header = "action_type,resource_arn,estimated_monthly_savings_before_discount,restart_needed\n";
    let arn = "arn:aws:ec2:eu-west-1:111122223333:volume/vol-1";
    let csv = |rows: &str| format!("{header}{rows}").into_bytes();
    let mut cut = gz(&csv(&format!("Delete,{arn},1,false\n")));
    cut.truncate(cut.len() - 9);
    let result = |rest: &str| {
        format!(
            r#"{{"result": {{"checkId": "abc", "flaggedResources": [{{"status": "warning", "metadata": ["a"]}}]}}}}{rest}"#
        )
    };
    let check = r#"{"checks": [{"id": "abc", "name": "n", "category": "cost_optimizing", "metadata": ["A", "B"]}]}"#;
    for (name, bytes, words) in [
        ("empty", Vec::new(), vec!["holds nothing"]),
        ("blank", b" \n".to_vec(), vec!["holds nothing"]),
        ("latin1", b"action_type\n\xe4\n".to_vec(), vec!["not UTF-8"]),
        ("other.csv", b"a,b\n1,2\n".to_vec(), vec!["a, b", "expected the Data Exports table"]),
        ("other.json", b"{\"reportKeys\": []}".to_vec(), vec!["is JSON", "list-recommendations"]),
        ("export.parquet", parquet("x"), vec!["is Parquet", "text/csv"]),
        ("cut.csv.gz", cut, vec!["compare the sizes"]),
        ("cut.json", b"{\"items\": [".to_vec(), vec!["JSON", "EOF"]),
        ("short.csv", csv(&format!("Delete,{arn},1,false\nDelete\n")), vec!["row 3", "1 field"]),
        ("dollar.csv", csv(&format!("Delete,{arn},$12,false\n")), vec!["row 2", "\"$12\" is not a number"]),
        ("maybe.csv", csv(&format!("Delete,{arn},1,maybe\n")), vec!["row 2", "true or false"]),
        ("idle.csv", csv(&format!(",{arn},1,false\n")), vec!["row 2", "has no actiontype"]),
        ("item.json", b"{\"items\": [{\"accountId\": \"1\"}]}".to_vec(), vec!["items[0]", "has no actiontype"]),
        ("text.json", b"{\"items\": [\"x\"]}".to_vec(), vec!["items[0]", "is no object"]),
        ("list.json", b"{\"items\": {}}".to_vec(), vec!["items", "is no list"]),
        ("arn.csv", b"finding,recommendations_count\nIdle,1\n".to_vec(), vec!["row 2", "has no resourcearn"]),
        ("unnamed.json", result("").into_bytes(), vec!["check abc", "describe-trusted-advisor-checks"]),
        ("columns.json", result(check).into_bytes(), vec!["flaggedResources[0]", "1 values", "2 columns"]),
    ] {
        let path = file(folder.path(), name, &bytes);
        let error = read(&path).unwrap_err().to_string();
        assert!(error.contains(&path.display().to_string()) && error.contains("help: "), "{error}");
        for word in words {
            assert!(error.contains(word), "{name}: {word:?} is not in {error}");
        }
    }
    let missing = read(&folder.path().join("none")).unwrap_err();
    assert!(matches!(missing, AdviceError::Io { .. }), "{missing}");
}

#[test]
fn a_file_of_more_than_256_mib_is_refused_before_it_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("large.csv");
    // A hole: it takes no room on the disk.
    std::fs::File::create(&path).unwrap().set_len((256 << 20) + 1).unwrap();
    let error = read(&path).unwrap_err();
    assert!(matches!(error, AdviceError::TooLarge { .. }) && error.to_string().contains("split it"), "{error}");
}

#[test]
fn exports_and_findings_meet() {
    let ours = |resource: &str, action: &str, meter: &str, savings: &str| Ours {
        id: format!("rule@{resource}"),
        rule: "rule".into(),
        strategy: "modernize".into(),
        action: action.into(),
        account: Some("111122223333".into()),
        region: Some("eu-west-1".into()),
        resource: Some(resource.into()),
        new_meter: Some(meter.into()),
        plan: None,
        commitment: None,
        savings: number(savings),
        net: number(savings),
        currency: Some("USD".into()),
        standing: "chosen".into(),
        standing_reason: None,
    };
    let theirs: Vec<Recommendation> =
        ["hub.csv", "ec2.csv", "volumes.csv"].iter().flat_map(|name| read(&fixture(name)).unwrap()).collect();
    let findings = [
        ours("vol-0a1b2c3d4e5f60002", "upgrade", "AmazonEC2/EBS:VolumeUsage.gp3", "10.4"),
        ours("i-0a1b2c3d4e5f60001", "upgrade", "AmazonEC2/BoxUsage:m6i.xlarge", "9"),
        ours("i-0a1b2c3d4e5f60099", "upgrade", "AmazonEC2/BoxUsage:m5.large", "5"),
    ];
    let clean = BTreeSet::from([(Some("111122223333".to_owned()), "i-0a1b2c3d4e5f60003".to_owned())]);
    let all = compare(&theirs, &findings, &clean, &BTreeSet::new());
    let found: Vec<_> =
        all.iter().map(|c| (c.verdict, c.also.as_slice(), c.theirs.as_ref().map(|t| t.place.as_str()))).collect();
    let (optimizer, none) = ([Origin::ComputeOptimizer], [Origin::ComputeOptimizer; 0]);
    assert_eq!(
        found,
        [
            (Verdict::Agree, &optimizer[..], Some("row 3")),
            (Verdict::Disagree(Reason::AnotherTarget), &optimizer[..], Some("row 2")),
            (Verdict::OnlyTheirs(Reason::NotExamined), &none[..], Some("row 4")),
            (Verdict::OnlyTheirs(Reason::FoundInOrder), &none[..], Some("row 3")),
            (Verdict::OnlyTheirs(Reason::NotExamined), &none[..], Some("row 5")),
            (Verdict::OnlyOurs, &none[..], None),
        ]
    );
    assert_eq!(
        all[0].reason,
        "The same change; they save 11.00 USD a month at on-demand prices, before discounts, we 10.40."
    );
}
