//! Answers on disk: what a server said, without a name in it, and what is made of it again.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use scale_surgeon::dataset::Dataset;
use serde_json::{Value, json};

use crate::collect::{Fault, Middleman, collect, rows};
use crate::common::{surgeon, surgeon_with_credentials};

/// Everything that was asked of a server, in a recording; and the Dataset that was made of it at once.
fn recorded(folder: &Path, middleman: &Middleman, more: &[&str]) -> (PathBuf, Dataset) {
    let (tape, data, key) = (folder.join("tape.jsonl"), folder.join("live"), folder.join("key"));
    fs::write(&key, [7; 32]).unwrap();
    let (file, key) = (tape.display().to_string(), key.display().to_string());
    let record = ["--record", &file, "--key", &key, "--server", "moto 5.2.1"];
    let (code, _, err) = collect(&middleman.address, &data, &[&record[..], more].concat());
    assert_eq!(code, 0, "{err}");
    (tape, Dataset::load(&data).unwrap())
}

/// Exit code, stdout and stderr of a replay into a folder.
fn replay(tape: &Path, folder: &Path, more: &[&str]) -> (i32, String, String) {
    let (tape, folder) = (tape.display().to_string(), folder.display().to_string());
    surgeon(&[&["collect", "--replay", &tape, "-o", &folder, "--attempts", "2"], more].concat())
}

/// Questions and answers of a recording.
fn exchanges(tape: &Path) -> Vec<Value> {
    fs::read_to_string(tape).unwrap().lines().skip(1).map(|line| serde_json::from_str(line).unwrap()).collect()
}

const EVERYTHING: [&str; 10] = [
    "--all-metrics",
    "--cost-explorer",
    "--advice",
    "--org",
    "--role",
    "surgeon-read",
    "--region",
    "eu-west-1",
    "--region",
    "us-east-1",
];

#[test]
#[ignore = "needs a moto server: .ci/run starts one"]
fn a_recording_says_what_the_server_said_and_no_name() {
    let (folder, middleman) = (tempfile::tempdir().unwrap(), Middleman::new(|_, _| None));
    let folder = folder.path();
    let (tape, live) = recorded(folder, &middleman, &EVERYTHING[1..]);
    let (code, out, err) = replay(&tape, &folder.join("again"), &EVERYTHING);
    assert_eq!(code, 0, "{err}");
    let again = Dataset::load(&folder.join("again")).unwrap();
    // The same tables, but that each name has another that is only its own.
    let (mut there, mut back) = (BTreeMap::<String, String>::new(), BTreeMap::<String, String>::new());
    for (name, frame) in &live.tables {
        let [live, again] = [frame, &again.tables[name]].map(|frame| {
            let rows: Vec<BTreeMap<String, Option<String>>> = rows(frame, name).into_values().flatten().collect();
            rows
        });
        assert_eq!(live.len(), again.len(), "{name}");
        // What is not a name says which row is which, as far as rows differ in it.
        let facts = |row: &BTreeMap<String, Option<String>>, other: &BTreeSet<String>| {
            let fact = |(column, value): (&String, &Option<String>)| {
                value.as_ref().filter(|value| !other.contains(*value)).map(|value| format!("{column}={value}"))
            };
            row.iter().filter_map(fact).collect::<Vec<String>>()
        };
        let cells = |rows: &[BTreeMap<String, Option<String>>]| -> BTreeSet<String> {
            rows.iter().flat_map(|row| row.values().flatten().cloned()).collect()
        };
        let (of_live, of_again) = (cells(&live), cells(&again));
        let (mut names_live, mut names_again): (BTreeSet<String>, BTreeSet<String>) =
            (of_live.difference(&of_again).cloned().collect(), of_again.difference(&of_live).cloned().collect());
        assert_eq!(names_live.len(), names_again.len(), "{name}: {names_live:?} {names_again:?}");
        let mut left: Vec<Vec<String>> = live.iter().map(|row| facts(row, &names_live)).collect();
        let mut right: Vec<Vec<String>> = again.iter().map(|row| facts(row, &names_again)).collect();
        left.sort();
        right.sort();
        assert_eq!(left, right, "{name}");
        there.extend(std::mem::take(&mut names_live).into_iter().map(|name| (name, String::new())));
        back.extend(std::mem::take(&mut names_again).into_iter().map(|name| (name, String::new())));
    }
    assert_eq!(there.len(), back.len(), "a name has one pseudonym in all tables");
    // Nothing that was planted stands in it, but words that are the provider's as well: of ARNs, of states, of XML.
    let common = ["events", "logs", "main", "paused", "stream"];
    let text = fs::read_to_string(&tape).unwrap();
    let words: BTreeSet<&str> = text.split(|c: char| !c.is_alphanumeric() && !"-_.@".contains(c)).collect();
    let told: Vec<&str> =
        there.keys().map(String::as_str).filter(|name| words.contains(name) && !common.contains(name)).collect();
    assert!(told.is_empty(), "{told:?}");
    assert!(there.len() > 150, "{}", there.len());
    // Replayed again it is the same, to the byte of what is printed below the folder's name.
    let (_, twice, _) = replay(&tape, &folder.join("twice"), &EVERYTHING);
    assert_eq!(out.split_once('\n').unwrap().1, twice.split_once('\n').unwrap().1);
    let twice = Dataset::load(&folder.join("twice")).unwrap();
    assert!(again.tables.iter().all(|(name, frame)| frame.equals_missing(&twice.tables[name])));
    // Everything that was called is what the policy allows, and the other way around.
    let called: BTreeSet<String> =
        exchanges(&tape).iter().map(|one| one["operation"].as_str().unwrap().to_owned()).collect();
    let (_, policy, _) = surgeon_with_credentials(&[&["permissions"], &EVERYTHING[..]].concat(), &[]);
    // What Cloud Control calls in the name of whoever asks it is allowed too, and not called here.
    let of_handlers = ["backup", "glue", "kafka", "mq", "sagemaker", "workspaces"];
    let actions = policy.split('"').filter_map(|part| part.split_once(':'));
    let allowed: BTreeSet<&str> =
        actions.filter(|(service, _)| !of_handlers.contains(service)).map(|(_, operation)| operation).collect();
    let renamed = |operation: &str| {
        let s3 = [
            ("ListBuckets", "ListAllMyBuckets"),
            ("GetBucketLifecycleConfiguration", "GetLifecycleConfiguration"),
            ("ListBucketIntelligentTieringConfigurations", "GetIntelligentTieringConfiguration"),
            ("ListMultipartUploads", "ListBucketMultipartUploads"),
        ];
        s3.iter().find(|(name, _)| *name == operation).map_or(operation.to_owned(), |(_, action)| (*action).to_owned())
    };
    let strange: Vec<&String> = called
        .iter()
        .filter(|operation| *operation != "GetCallerIdentity" && !allowed.contains(renamed(operation).as_str()))
        .collect();
    assert!(strange.is_empty(), "{strange:?}");
    let called: BTreeSet<String> = called.iter().map(|operation| renamed(operation)).collect();
    let needless: Vec<&&str> = allowed
        .iter()
        .filter(|operation| operation.starts_with(char::is_uppercase) && !called.contains(**operation))
        .filter(|operation| **operation != "AssumeRole" && !operation.contains(' '))
        .collect();
    assert!(needless.is_empty(), "{needless:?}");
    // Other questions than those of the recording are a mistake, and so are fewer.
    let (code, _, err) = replay(&tape, &folder.join("fewer"), &[&EVERYTHING[..], &["--only", "ebs_volumes"]].concat());
    assert!(code == 1 && err.contains("0 not answered by it"), "{code} {err}");
    let other = ["--region", "eu-west-2", "--only", "ebs_volumes", "--metrics", "0"];
    let (code, _, err) = replay(&tape, &folder.join("other"), &other);
    assert!(code != 0 && err.contains("not answered by it"), "{code} {err}");
}

/// What is asked in each of the edge cases.
const EDGES: [(&str, &[&str]); 5] = [
    ("empty", &["--region", "eu-north-1"]),
    ("denied", &["--region", "eu-west-1", "--metrics", "0", "--only", "ebs_volumes", "--only", "ec2_instances"]),
    ("throttled", &["--region", "eu-west-1", "--metrics", "0", "--only", "nat_gateways"]),
    ("pages", &["--region", "eu-west-1", "--metrics", "0", "--only", "secrets"]),
    ("missing", &["--region", "eu-west-1", "--metrics", "0", "--only", "ebs_volumes", "--only", "dynamodb_tables"]),
];

fn edge(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("fixtures/edge/{name}.jsonl"))
}

/// Makes the recordings of `fixtures/edge` with `UPDATE_RECORDINGS=1`; without it they are only read, below.
#[test]
#[ignore = "needs a moto server, and makes recordings anew"]
#[expect(clippy::disallowed_methods, reason = "who wants new recordings says so")]
fn edge_cases_are_recorded() {
    if std::env::var("UPDATE_RECORDINGS").is_err() {
        return;
    }
    for (name, more) in EDGES {
        let middleman = Middleman::new(move |operation, before| match (name, operation) {
            ("denied", "DescribeVolumes") => Some(Fault::Denied),
            ("throttled", "DescribeNatGateways") if before == 0 => Some(Fault::Throttled),
            _ => None,
        });
        let folder = tempfile::tempdir().unwrap();
        let (tape, _) = recorded(folder.path(), &middleman, more);
        let text = fs::read_to_string(&tape).unwrap();
        let mut lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let converted = match name {
            "empty" => without_snapshots_of_others(&mut lines),
            "pages" => pages(&mut lines),
            "missing" => missing(&mut lines),
            _ => false,
        };
        if converted {
            lines[0]["server"] = "a conversion of moto 5.2.1".into();
        }
        let text: String = lines.iter().map(|line| format!("{line}\n")).collect();
        fs::create_dir_all(edge(name).parent().unwrap()).unwrap();
        fs::write(edge(name), text).unwrap();
    }
}

/// AWS leaves snapshots of other owners out, as it is asked to; moto answers with a thousand of its own.
fn without_snapshots_of_others(lines: &mut [Value]) -> bool {
    for line in lines.iter_mut().filter(|line| line["operation"] == "DescribeSnapshots") {
        let text = line["answer"].as_str().unwrap();
        let (from, to) = (text.find("<snapshotSet>").unwrap(), text.find("</snapshotSet>").unwrap());
        line["answer"] = format!("{}<snapshotSet>{}", &text[..from], &text[to..]).into();
    }
    true
}

/// The list of secrets on as many pages as there are secrets.
fn pages(lines: &mut Vec<Value>) -> bool {
    let at = lines.iter().position(|line| line["operation"] == "ListSecrets").unwrap();
    let whole = lines.remove(at);
    let secrets = whole["answer"]["SecretList"].as_array().unwrap().clone();
    let parts: Vec<&[Value]> = secrets.chunks(1).collect();
    for (page, part) in parts.iter().enumerate() {
        let mut one = whole.clone();
        one["answer"]["SecretList"] = json!(part);
        if page + 1 < parts.len() {
            one["answer"]["NextToken"] = format!("page-{}", page + 2).into();
        }
        if page > 0 {
            one["input"]["body"]["NextToken"] = format!("page-{}", page + 1).into();
        }
        lines.insert(at + page, one);
    }
    true
}

/// Answers without what may be missing of them.
fn missing(lines: &mut [Value]) -> bool {
    for line in lines {
        if line["operation"] == "DescribeTable" {
            let table = line["answer"]["Table"].as_object_mut().unwrap();
            table.retain(|field, _| ["TableName", "TableArn"].contains(&field.as_str()));
        }
        if line["operation"] == "DescribeVolumes" {
            let mut text = line["answer"].as_str().unwrap().to_owned();
            for field in ["volumeType", "size", "createTime", "iops", "availabilityZone"] {
                while let (Some(from), Some(to)) = (text.find(&format!("<{field}>")), text.find(&format!("</{field}>")))
                {
                    text.replace_range(from..to + field.len() + 3, "");
                }
            }
            line["answer"] = text.into();
        }
    }
    true
}

#[test]
fn edge_cases_are_read_as_they_were_answered() {
    for (name, more) in EDGES {
        let folder = tempfile::tempdir().unwrap();
        let more = [&["--all-metrics"], more].concat();
        let (code, out, err) = replay(&edge(name), &folder.path().join("data"), &more);
        assert_eq!(code, 0, "{name}: {err}");
        let dataset = Dataset::load(&folder.path().join("data")).unwrap();
        let height = |table: &str| dataset.tables[table].height();
        let gaps = dataset.manifest.gaps.iter().map(|gap| gap.what.as_str()).collect::<Vec<_>>().join("\n");
        match name {
            "empty" => {
                let found = dataset.tables.iter().filter(|(name, frame)| *name != "collected" && frame.height() > 0);
                assert_eq!(found.count(), 0, "{out}");
                assert!(dataset.tables.len() > 30, "every table is there, without rows");
            }
            "denied" => {
                assert!(gaps.contains("ec2:DescribeVolumes: UnauthorizedOperation"), "{gaps}");
                assert_eq!((height("ebs_volumes"), height("ec2_instances")), (0, 5));
            }
            "throttled" => assert_eq!((height("nat_gateways"), gaps.as_str()), (2, "")),
            "pages" => {
                assert_eq!(exchanges(&edge(name)).iter().filter(|one| one["operation"] == "ListSecrets").count(), 4);
                assert_eq!((height("secrets"), gaps.as_str()), (4, ""));
            }
            _ => {
                let volumes = rows(&dataset.tables["ebs_volumes"], "ebs_volumes");
                let cells: Vec<_> = volumes.values().flatten().collect();
                assert!(cells.len() > 5 && cells.iter().all(|row| row["SizeGiB"].is_none() && row["State"].is_some()));
                let tables = rows(&dataset.tables["dynamodb_tables"], "dynamodb_tables");
                let cells: Vec<_> = tables.values().flatten().collect();
                assert!(cells.len() == 4 && cells.iter().all(|row| row["ReadCapacityUnits"].is_none()), "{cells:?}");
            }
        }
    }
}

#[test]
fn a_damaged_recording_is_refused_with_its_line() {
    let folder = tempfile::tempdir().unwrap();
    let tape = folder.path().join("cut.jsonl");
    let whole = fs::read_to_string(edge("denied")).unwrap();
    for (text, said) in [
        (whole[..whole.len() - 40].to_owned(), format!("line {}", whole.lines().count())),
        ("{}\n".to_owned(), "line 1".to_owned()),
        (whole.replacen("\"recording\":1", "\"recording\":9", 1), "version 9".to_owned()),
    ] {
        fs::write(&tape, text).unwrap();
        let (code, _, err) = replay(&tape, &folder.path().join("data"), &[&["--all-metrics"], EDGES[1].1].concat());
        assert!(code != 0 && err.contains(&said) && err.contains("help:"), "{said}: {err}");
    }
}
