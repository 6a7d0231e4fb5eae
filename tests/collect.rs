//! What an account says: asked of a moto server that `tests/moto/populate.py` has filled, through a middleman that notes every
//! question and can spoil the answer.
//!
//! `tests/moto/serve.py` starts the server and says where it is.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::Command;
use std::sync::{Arc, Mutex, OnceLock};

use jiff::Timestamp;
use rust_decimal::Decimal;
use scale_surgeon::dataset::Dataset;
use scale_surgeon::table::read::{integers, numbers, texts};
use scale_surgeon::table::{self, ColumnType, Frame};
use serde_json::Value;

#[expect(clippy::disallowed_methods, reason = "who started the server says where it is")]
pub(crate) fn variable(name: &str) -> String {
    std::env::var(name).unwrap()
}

/// What was planted: once for all tests.
pub(crate) fn planted() -> &'static Value {
    static PLANTED: OnceLock<Value> = OnceLock::new();
    PLANTED.get_or_init(|| {
        let script = crate::common::repository("tests/moto/populate.py");
        let output = Command::new("python3")
            .arg(script)
            .args([variable("SURGEON_TEST_AWS").as_str(), "--now", "2026-10-01T00:00:00Z"])
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        serde_json::from_slice(&output.stdout).unwrap()
    })
}

/// What moto has not, or answers in a form of its own.
const LACKING: [&str; 4] = [
    "ec2:DescribeFastSnapshotRestores",
    "lambda:ListProvisionedConcurrencyConfigs",
    "redshift:DescribeScheduledActions",
    "s3:GetIntelligentTieringConfiguration",
];

/// How an answer is spoiled.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(crate) enum Fault {
    /// The account may not.
    Denied,
    /// Too many requests.
    Throttled,
    /// A page for people, from something in between.
    Html,
    /// The connection ends in the middle.
    Cut,
}

/// A server between the program and moto.
pub(crate) struct Middleman {
    pub(crate) address: String,
    /// Operations asked, in order, with whether they were answered.
    asked: Arc<Mutex<Vec<(String, bool)>>>,
}

impl Middleman {
    /// `fault`: operation and how many times it was asked before.
    pub(crate) fn new(fault: impl Fn(&str, usize) -> Option<Fault> + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let asked = Arc::new(Mutex::new(Vec::<(String, bool)>::new()));
        let (noted, fault) = (Arc::clone(&asked), Arc::new(fault));
        let server = variable("SURGEON_TEST_AWS");
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (noted, fault, server) = (Arc::clone(&noted), Arc::clone(&fault), server.clone());
                std::thread::spawn(move || serve(stream, &server, &noted, &*fault));
            }
        });
        Middleman { address, asked }
    }

    /// Operations asked.
    fn operations(&self) -> BTreeSet<String> {
        self.asked.lock().unwrap().iter().map(|(operation, _)| operation.clone()).collect()
    }

    /// How often an operation was answered.
    fn answered(&self) -> BTreeMap<String, usize> {
        let mut count = BTreeMap::new();
        for (operation, _) in self.asked.lock().unwrap().iter().filter(|(_, answered)| *answered) {
            *count.entry(operation.clone()).or_default() += 1;
        }
        count
    }
}

/// One request, and its answer.
fn serve(
    mut stream: TcpStream,
    server: &str,
    noted: &Mutex<Vec<(String, bool)>>,
    fault: &dyn Fn(&str, usize) -> Option<Fault>,
) {
    let Some((head, body)) = request(&mut stream) else { return };
    let operation = operation(&head, &body);
    let spoiled = {
        let mut noted = noted.lock().unwrap();
        let before = noted.iter().filter(|(asked, _)| *asked == operation).count();
        let spoiled = fault(&operation, before);
        noted.push((operation, spoiled.is_none()));
        spoiled
    };
    let said = |status: &str, kind: &str, body: &str| {
        let length = body.len();
        format!(
            "HTTP/1.1 {status}\r\ncontent-type: {kind}\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}"
        )
    };
    let refusal = |code: &str| {
        format!(
            "<Response><Errors><Error><Code>{code}</Code><Message>You may not.</Message></Error></Errors>\
             <RequestID>1</RequestID></Response>"
        )
    };
    let answer = match spoiled {
        Some(Fault::Denied) => said("403 Forbidden", "text/xml", &refusal("UnauthorizedOperation")).into_bytes(),
        Some(Fault::Throttled) => {
            said("503 Service Unavailable", "text/xml", &refusal("RequestLimitExceeded")).into_bytes()
        }
        Some(Fault::Html) => said("502 Bad Gateway", "text/html", "<html><body>Bad gateway</body></html>").into_bytes(),
        Some(Fault::Cut) => b"HTTP/1.1 200 OK\r\ncontent-type: text/xml\r\ncontent-length: 5000\r\n\r\n<Descr".to_vec(),
        None => forward(server, &head, &body),
    };
    let _ = stream.write_all(&answer);
}

/// Head and body of a request.
fn request(stream: &mut TcpStream) -> Option<(String, Vec<u8>)> {
    let (mut bytes, mut buffer) = (Vec::new(), [0_u8; 16384]);
    loop {
        if let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            let head = String::from_utf8(bytes[..end + 2].to_vec()).ok()?;
            let length = head.lines().find_map(|line| {
                let (name, value) = line.split_once(':')?;
                name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse::<usize>().ok())?
            });
            if bytes.len() >= end + 4 + length.unwrap_or(0) {
                return Some((head, bytes[end + 4..].to_vec()));
            }
        }
        match stream.read(&mut buffer).ok()? {
            0 => return None,
            count => bytes.extend_from_slice(&buffer[..count]),
        }
    }
}

/// Name of an operation in each of the protocols.
fn operation(head: &str, body: &[u8]) -> String {
    let line = head.lines().next().unwrap_or_default();
    if let Some((_, rest)) = line.split_once("/operation/") {
        return rest.split([' ', '?']).next().unwrap_or_default().to_owned();
    }
    let target = head.lines().find_map(|line| line.strip_prefix("x-amz-target: "));
    if let Some(target) = target {
        return target.rsplit('.').next().unwrap_or_default().trim().to_owned();
    }
    let body = String::from_utf8_lossy(body);
    body.split('&').find_map(|part| part.strip_prefix("Action=")).unwrap_or("?").to_owned()
}

/// The server's own answer.
fn forward(server: &str, head: &str, body: &[u8]) -> Vec<u8> {
    let mut upstream = TcpStream::connect(server.strip_prefix("http://").unwrap()).unwrap();
    let kept = head.lines().filter(|line| !line.to_ascii_lowercase().starts_with("connection:"));
    let head: String = kept.map(|line| format!("{line}\r\n")).collect();
    upstream.write_all(format!("{head}connection: close\r\n\r\n").as_bytes()).unwrap();
    upstream.write_all(body).unwrap();
    let mut answer = Vec::new();
    upstream.read_to_end(&mut answer).unwrap();
    let end = answer.windows(2).position(|two| two == b"\r\n").unwrap_or(0);
    let mut closing = answer[..end].to_vec();
    closing.extend_from_slice(b"\r\nconnection: close");
    closing.extend_from_slice(&answer[end..]);
    closing
}

fn surgeon(arguments: &[&str]) -> (i32, String, String) {
    crate::common::surgeon_with_credentials(arguments, &[])
}

/// Collects into a folder, as of the day after the planted metrics.
pub(crate) fn collect(address: &str, folder: &Path, more: &[&str]) -> (i32, String, String) {
    let (folder, now) = (folder.display().to_string(), planted()["now"].as_str().unwrap().to_owned());
    let as_of = ["--as-of", &now[..10]];
    let as_of: &[&str] = if more.contains(&"--as-of") { &[] } else { &as_of };
    let attempts: &[&str] = if more.contains(&"--attempts") { &[] } else { &["--attempts", "2"] };
    surgeon(&[&["collect", "--endpoint", address, "--all-metrics", "-o", &folder], attempts, as_of, more].concat())
}

/// The rows of a table by target: each column as text.
pub(crate) fn rows(frame: &Frame, table: &str) -> BTreeMap<String, Vec<BTreeMap<String, Option<String>>>> {
    let declared = table::find(table).unwrap();
    let columns: Vec<(&str, Vec<Option<String>>)> = declared
        .columns
        .iter()
        .map(|column| {
            let time = |micros: i64| Timestamp::from_microsecond(micros).unwrap().to_string();
            let cells: Vec<Option<String>> = match column.kind {
                ColumnType::Decimal => {
                    numbers(frame, column.name).into_iter().map(|n| n.map(|n| n.normalize().to_string())).collect()
                }
                ColumnType::Time => integers(frame, column.name).into_iter().map(|t| t.map(time)).collect(),
                _ => texts(frame, column.name),
            };
            (column.name, cells)
        })
        .collect();
    let mut all: BTreeMap<String, Vec<BTreeMap<String, Option<String>>>> = BTreeMap::new();
    for row in 0..frame.height() {
        let cells: BTreeMap<String, Option<String>> =
            columns.iter().map(|(name, cells)| ((*name).to_owned(), cells[row].clone())).collect();
        let part = |name: &str| cells[name].clone().unwrap_or_default();
        let target = format!("{} {} {}", part("SubAccountId"), part("RegionId"), part("ResourceId"));
        all.entry(target).or_default().push(cells);
    }
    all
}

/// A planted value as the table's text.
fn text(table: &str, column: &str, value: &Value) -> Option<String> {
    match (table::find(table).unwrap().column(column).unwrap().kind, value) {
        (_, Value::Null) => None,
        (ColumnType::Decimal, value) => Some(value.to_string().parse::<Decimal>().unwrap().normalize().to_string()),
        (ColumnType::Time, Value::String(text)) => Some(text.parse::<Timestamp>().unwrap().to_string()),
        (_, Value::String(text)) => Some(text.clone()),
        (_, value) => Some(value.to_string()),
    }
}

#[test]
#[ignore = "needs a moto server: .ci/run starts one"]
fn everything_planted_is_collected_from_all_accounts_and_nothing_else() {
    let (folder, middleman) = (tempfile::tempdir().unwrap(), Middleman::new(|_, _| None));
    let folder = folder.path().join("acme");
    let more = ["--org", "--role", "surgeon-read", "--region", "eu-west-1", "--region", "us-east-1"];
    let more = [&more[..], &["--cost-explorer", "--advice"]].concat();
    let (code, out, err) = collect(&middleman.address, &folder, &more);
    assert_eq!(code, 0, "{err}");
    let (planted, dataset) = (planted(), Dataset::load(&folder).unwrap());
    let gaps: Vec<&str> = dataset.manifest.gaps.iter().map(|gap| gap.what.as_str()).collect();
    assert!(gaps.iter().all(|gap| LACKING.iter().any(|action| gap.contains(action))), "{gaps:?}");
    for (table, wanted) in planted["tables"].as_object().unwrap() {
        let found = rows(&dataset.tables[table], table);
        let mut known = BTreeSet::new();
        for row in wanted.as_array().unwrap() {
            let part = |name: &str| row[name].as_str().unwrap_or_default();
            let target = format!("{} {} {}", part("SubAccountId"), part("RegionId"), part("ResourceId"));
            let cells = found.get(&target).unwrap_or_else(|| panic!("{table}: {target} was not collected"));
            let fits = |cells: &BTreeMap<String, Option<String>>| {
                row.as_object().unwrap().iter().all(|(column, value)| cells[column] == text(table, column, value))
            };
            assert!(cells.iter().any(fits), "{table}: {row} but {cells:?}");
            known.insert(target);
        }
        let strange: Vec<&String> = found.keys().filter(|target| !known.contains(*target)).collect();
        assert!(strange.is_empty(), "{table}: {strange:?}");
        assert!(out.contains(table.as_str()), "{out}");
    }
    let empty = |name: &String| dataset.tables[name].height() == 0 || planted["tables"].get(name).is_some();
    let metrics_beside = |name: &&String| !["collected", "resource_metrics"].contains(&name.as_str());
    let strange: Vec<&String> = dataset.tables.keys().filter(metrics_beside).filter(|name| !empty(name)).collect();
    assert!(strange.is_empty(), "{strange:?}");
    let collected = rows(&dataset.tables["collected"], "collected");
    assert_eq!(collected.len(), 4, "two accounts in two regions");
}

#[test]
#[ignore = "needs a moto server: .ci/run starts one"]
fn metrics_are_what_was_measured_and_what_was_not_is_missing() {
    let (folder, middleman) = (tempfile::tempdir().unwrap(), Middleman::new(|_, _| None));
    let folder = folder.path().join("acme");
    let (code, out, err) = collect(&middleman.address, &folder, &["--region", "eu-west-1"]);
    assert_eq!(code, 0, "{err}");
    assert!(out.contains("asking cost 0.00"), "{out}");
    let dear = folder.with_file_name("dear");
    let more = ["--region", "eu-west-1", "--only", "cost_explorer_commitments", "--max-scan-cost", "0.1"];
    let (code, _, err) = collect(&middleman.address, &dear, &more);
    assert!(code == 1 && err.contains("asking costs 0.12 USD, and --max-scan-cost is 0.1"), "{code} {err}");
    assert!(!middleman.operations().contains("GetSavingsPlansUtilization"), "a hard stop");
    let (planted, dataset) = (planted(), Dataset::load(&folder).unwrap());
    let frame = &dataset.tables["resource_metrics"];
    let (ids, metrics, statistics) =
        (texts(frame, "ResourceId"), texts(frame, "MetricName"), texts(frame, "Statistic"));
    let values = numbers(frame, "Value");
    let instances: BTreeMap<String, String> = planted["tables"]["ec2_instances"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| (row["ResourceId"].as_str().unwrap().to_owned(), row["Name"].as_str().unwrap_or("").to_owned()))
        .collect();
    let mean_of = |id: &str, metric: &str| {
        let of = |row: &usize| {
            ids[*row].as_deref() == Some(id)
                && metrics[*row].as_deref() == Some(metric)
                && statistics[*row].as_deref() == Some("Average")
        };
        let found: Vec<Decimal> = (0..frame.height()).filter(of).filter_map(|row| values[row]).collect();
        (found.len(), found.iter().sum::<Decimal>().checked_div(Decimal::from(found.len())))
    };
    let mean = |id: &str| mean_of(id, "CPUUtilization");
    let web = instances.iter().find(|(_, name)| *name == "web-1").map(|(id, _)| id.clone()).unwrap();
    let (points, average) = mean(&web);
    // 14 days by the hour, less what lies after as-of.
    assert!((300..=336).contains(&points), "{points}");
    assert!(average.is_some_and(|mean| mean > Decimal::ONE && mean < Decimal::from(6)), "{average:?}");
    assert!(instances.keys().any(|id| mean(id).0 == 0), "one of them is stopped and has no points");
    // What the agent measures inside, under dimensions that have to be looked up.
    let (points, memory) = mean_of(&web, "mem_used_percent");
    assert!(points >= 300 && memory.is_some_and(|mean| mean.round() == Decimal::from(62)), "{points} {memory:?}");
    // What Lambda Insights measures, once: a version has a series of its own.
    let of_orders = |row: &usize| {
        ids[*row].as_deref().is_some_and(|id| id.ends_with(":function:orders"))
            && metrics[*row].as_deref() == Some("used_memory_max")
    };
    let used: Vec<Decimal> = (0..frame.height()).filter(of_orders).filter_map(|row| values[row]).collect();
    assert!(
        used.len() >= 300 && used.iter().all(|used| *used < Decimal::from(200)),
        "{} {:?}",
        used.len(),
        used.first()
    );
}

#[test]
#[ignore = "needs a moto server: .ci/run starts one"]
fn what_is_not_answered_is_a_gap_that_names_the_action_and_the_rest_is_there() {
    let (folder, middleman) = (
        tempfile::tempdir().unwrap(),
        Middleman::new(|operation, before| match operation {
            "DescribeVolumes" => Some(Fault::Denied),
            "DescribeImages" => Some(Fault::Html),
            "DescribeAddresses" => Some(Fault::Cut),
            // Once: it is asked again.
            "DescribeNatGateways" if before == 0 => Some(Fault::Throttled),
            _ => None,
        }),
    );
    let folder = folder.path().join("acme");
    let (code, out, err) =
        collect(&middleman.address, &folder, &["--region", "eu-west-1", "--metrics", "0", "--strict"]);
    assert_eq!(code, 4, "{err}");
    let dataset = Dataset::load(&folder).unwrap();
    let gap = |action: &str| {
        let gaps = &dataset.manifest.gaps;
        gaps.iter().find(|gap| gap.what.contains(action)).unwrap_or_else(|| panic!("{action}: {gaps:?}")).clone()
    };
    let denied = gap("ec2:DescribeVolumes");
    assert!(denied.what.contains("UnauthorizedOperation") && denied.remedy.contains("grant ec2:DescribeVolumes"));
    assert_eq!(denied.place, "123456789012 eu-west-1");
    assert!(gap("ec2:DescribeImages").what.contains("HTTP 502"), "{out}");
    gap("ec2:DescribeAddresses");
    assert!(!dataset.manifest.gaps.iter().any(|gap| gap.what.contains("DescribeNatGateways")), "{out}");
    assert!(dataset.tables["nat_gateways"].height() > 0 && dataset.tables["ec2_instances"].height() > 0);
    assert!(out.contains("grant ec2:DescribeVolumes"), "{out}");
    let collected = &dataset.tables["collected"];
    let complete: BTreeMap<Option<String>, Option<String>> =
        texts(collected, "TableName").into_iter().zip(texts(collected, "Complete")).collect();
    assert_eq!(complete[&Some("ebs_volumes".into())].as_deref(), Some("false"));
    assert_eq!(complete[&Some("ec2_instances".into())].as_deref(), Some("true"));
}

#[test]
#[ignore = "needs a moto server: .ci/run starts one"]
fn a_run_that_stopped_goes_on_and_asks_nothing_twice() {
    let (folder, all) = (tempfile::tempdir().unwrap(), ["--region", "eu-west-1", "--max-scan-cost"]);
    let folder = folder.path().join("acme");
    let first = Middleman::new(|operation, _| (operation == "DescribeVpcEndpoints").then_some(Fault::Denied));
    // It ends when asking would cost too much, after the inventory.
    let (code, _, err) = collect(&first.address, &folder, &[&all[..], &["0.0000001"]].concat());
    assert!(code == 1 && err.contains("--max-scan-cost"), "{code} {err}");
    assert!(!Dataset::is_at(&folder));
    let second = Middleman::new(|_, _| None);
    let (code, out, err) = collect(&second.address, &folder, &[&all[..], &["1"]].concat());
    assert_eq!(code, 0, "{err}");
    assert!(out.contains("were there from an earlier run"), "{out}");
    let again: BTreeSet<String> = second.operations();
    assert!(again.contains("DescribeVpcEndpoints") && again.contains("GetMetricData"), "{again:?}");
    // Who asks, and tables of which something is not answered by anybody, are asked each time; so is what the agent measures.
    let expected = |operation: &str| {
        let always =
            ["GetCallerIdentity", "DescribeVpcEndpoints", "GetMetricData", "ListMetrics", "DescribeClusters", "?"];
        always.contains(&operation) || LACKING.iter().any(|action| action.ends_with(operation))
    };
    assert!(again.iter().all(|operation| expected(operation)), "{again:?}");
    // The same as in one go.
    let whole = tempfile::tempdir().unwrap();
    let whole = whole.path().join("acme");
    assert_eq!(collect(&second.address, &whole, &["--region", "eu-west-1"]).0, 0);
    let (parts, whole) = (Dataset::load(&folder).unwrap(), Dataset::load(&whole).unwrap());
    assert_eq!(parts.manifest, whole.manifest);
    for (name, frame) in &whole.tables {
        assert!(frame.equals_missing(&parts.tables[name]), "{name}");
    }
    // Something is missing still: a third run asks for that and nothing else.
    let third = Middleman::new(|_, _| None);
    assert_eq!(collect(&third.address, &folder, &["--region", "eu-west-1"]).0, 0);
    assert!(third.operations().iter().all(|operation| expected(operation)), "{:?}", third.operations());
    assert!(!third.operations().contains("GetMetricData"), "{:?}", third.operations());
    // As of another day it is another Dataset.
    let (code, _, err) = collect(&third.address, &folder, &["--region", "eu-west-1", "--as-of", "2026-10-02"]);
    assert!(code == 2 && err.contains("holds a Dataset already"), "{code} {err}");
    // When nothing is missing, nothing is left to go on from.
    let small = folder.with_extension("small");
    let (code, _, err) = collect(&third.address, &small, &["--region", "eu-west-1", "--only", "ebs_volumes"]);
    assert!(code == 0 && !small.join("parts").exists(), "{code} {err}");
}

#[test]
#[ignore = "needs a moto server: .ci/run starts one"]
fn the_policy_is_what_is_called_and_nothing_of_it_does_more_than_read() {
    let (folder, middleman) = (tempfile::tempdir().unwrap(), Middleman::new(|_, _| None));
    let folder = folder.path().join("acme");
    let (code, _, err) = collect(&middleman.address, &folder, &["--only", "ebs_volumes", "--only", "nat_gateways"]);
    assert_eq!(code, 0, "{err}");
    let (_, policy, _) = surgeon(&["permissions", "--all-metrics", "--only", "ebs_volumes", "--only", "nat_gateways"]);
    let policy: Value = serde_json::from_str(&policy).unwrap();
    let actions: BTreeSet<&str> =
        policy["Statement"][0]["Action"].as_array().unwrap().iter().map(|action| action.as_str().unwrap()).collect();
    let named: BTreeSet<String> = actions.iter().map(|action| action.split(':').nth(1).unwrap().to_owned()).collect();
    // Everybody may ask who he is.
    let mut called = middleman.operations();
    assert!(called.remove("GetCallerIdentity"));
    assert_eq!(called, named);
    let (_, whole, _) = surgeon(&["permissions", "--org", "--role", "surgeon-read"]);
    let reads = |action: &str| ["Describe", "Get", "List"].iter().any(|verb| action.contains(&format!(":{verb}")));
    let all: Vec<&str> = whole.split('"').filter(|part| part.contains(':') && !part.contains(' ')).collect();
    let more: Vec<&&str> = all.iter().filter(|action| !reads(action)).collect();
    assert_eq!(more, [&"sts:AssumeRole", &"arn:aws:iam::*:role/surgeon-read"], "{whole}");
    assert!(middleman.answered().values().all(|count| *count > 0));
}

#[test]
#[ignore = "needs a moto server: .ci/run starts one"]
fn in_a_storm_of_refusals_nothing_is_lost() {
    let folder = tempfile::tempdir().unwrap();
    // The first two times that an operation is asked for it is too much, or the answer breaks.
    let storm = Middleman::new(|_, before| [Some(Fault::Throttled), Some(Fault::Cut), None][before.min(2)]);
    let calm = Middleman::new(|_, _| None);
    let tables =
        ["ebs_volumes", "ec2_addresses", "nat_gateways", "rds_instances", "auto_scaling_groups", "redshift_clusters"];
    let mut more = vec!["--region", "eu-west-1", "--metrics", "0"];
    more.extend(tables.iter().flat_map(|table| ["--only", table]));
    let all = ["storm", "calm"].map(|name| folder.path().join(name));
    let patient = [&more[..], &["--attempts", "5"]].concat();
    for (address, folder, more) in [(&storm.address, &all[0], &patient), (&calm.address, &all[1], &more)] {
        let (code, _, err) = collect(address, folder, more);
        assert_eq!(code, 0, "{err}");
    }
    let [storm, calm] = all.map(|folder| Dataset::load(&folder).unwrap());
    for table in tables {
        assert!(calm.tables[table].height() > 0 && calm.tables[table].equals_missing(&storm.tables[table]), "{table}");
    }
    assert_eq!(storm.manifest.gaps, calm.manifest.gaps);
}

#[test]
#[ignore = "needs a moto server: .ci/run starts one"]
fn a_run_that_was_killed_goes_on_where_it_was() {
    let (folder, middleman) = (tempfile::tempdir().unwrap(), Middleman::new(|_, _| None));
    let (killed, whole) = (folder.path().join("killed"), folder.path().join("whole"));
    planted();
    let arguments =
        ["collect", "--endpoint", &middleman.address, "--attempts", "2", "--as-of", "2026-10-01", "--parallel", "1"];
    let mut child = crate::common::command_with_credentials()
        .args(arguments)
        .args(["--region", "eu-west-1", "-o"])
        .arg(&killed)
        .spawn()
        .unwrap();
    // In the middle: some tables are there, others are not.
    let parts = killed.join("parts/2026-10-01/123456789012/eu-west-1");
    while std::fs::read_dir(&parts).map_or(0, Iterator::count) < 16 {
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(!Dataset::is_at(&killed));
    let more = ["--region", "eu-west-1", "--parallel", "1"];
    let (code, out, err) = collect(&middleman.address, &killed, &more);
    assert_eq!(code, 0, "{err}");
    let kept = out.lines().find(|line| line.contains("were there from an earlier run")).unwrap();
    assert!(kept.split(' ').next().unwrap().parse::<usize>().unwrap() > 5, "{kept}");
    assert_eq!(collect(&middleman.address, &whole, &more).0, 0);
    let (killed, whole) = (Dataset::load(&killed).unwrap(), Dataset::load(&whole).unwrap());
    for (name, frame) in &whole.tables {
        assert!(frame.equals_missing(&killed.tables[name]), "{name}");
    }
}

#[test]
fn what_would_be_asked_is_told_without_asking() {
    let (code, out, err) = surgeon(&["collect", "--plan", "--all-metrics", "--region", "eu-west-1"]);
    assert_eq!(code, 0, "{err}");
    assert!(out.contains("in 1 region") && out.contains("ec2:DescribeVolumes") && out.contains("0.01 USD"), "{out}");
    assert!(!out.contains("Cost Explorer"), "{out}");
    let (_, out, _) = surgeon(&["collect", "--plan", "--region", "eu-west-1", "--cost-explorer", "--advice"]);
    let told = ["ce:GetCostAndUsage", "10 USD for 1,000 requests", "come to 0.21 USD at least", "asked once"];
    assert!(told.iter().all(|words| out.contains(words)), "{out}");
    let (code, _, err) = surgeon(&["collect", "--only", "ebs_volume", "-o", "x"]);
    assert!(code == 2 && err.contains("ebs_volumes"), "{err}");
}

#[test]
fn without_credentials_it_says_how_to_give_some() {
    let folder = tempfile::tempdir().unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_surgeon"))
        .args(["collect", "--region", "eu-west-1", "--attempts", "1", "-o"])
        .arg(folder.path().join("acme"))
        .env_clear()
        .env("HOME", folder.path())
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .output()
        .unwrap();
    let err = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(3), "{err}");
    assert!(err.contains("sts:GetCallerIdentity") && err.contains("--profile"), "{err}");
    // In words, not as the library's own state.
    assert!(!err.contains("DispatchFailure"), "{err}");
}
