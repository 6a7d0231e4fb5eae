//! `surgeon redact`: the copies say the same in figures and nothing in names.

use std::collections::BTreeSet;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use scale_surgeon::billing::{self, Options};
use scale_surgeon::id::canonical_resource_id;
use scale_surgeon::pseudonym::ShortKey;
use scale_surgeon::redact::{RedactError, Redacted, redact};
use scale_surgeon::review::Review;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::common::{FORMATS, demo_file, demo_review, repository, reviewed, surgeon};

const KEY: [u8; 32] = [7; 32];

/// Copies of files under a key, and what was done.
fn copies(paths: &[PathBuf], key: &[u8]) -> (TempDir, Redacted) {
    let folder = tempfile::tempdir().unwrap();
    let bill = billing::open(paths, Options::default(), &|_| {}).unwrap();
    let made = redact(&bill, key, folder.path(), &|_| {}).unwrap();
    (folder, made)
}

fn text(path: &Path) -> String {
    let mut text = String::new();
    let file = std::fs::File::open(path).unwrap();
    if path.extension().is_some_and(|end| end == "gz") {
        flate2::read::MultiGzDecoder::new(file).read_to_string(&mut text).unwrap();
    } else {
        let mut file = file;
        file.read_to_string(&mut text).unwrap();
    }
    text
}

/// Header and records.
fn table(text: &str) -> Vec<Vec<String>> {
    let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(text.as_bytes());
    reader.records().map(|record| record.unwrap().iter().map(str::to_owned).collect()).collect()
}

/// The values of a column.
fn column(text: &str, name: &str) -> Vec<String> {
    let rows = table(text);
    let place = rows[0].iter().position(|header| header == name).unwrap();
    rows[1..].iter().map(|row| row[place].clone()).collect()
}

/// Every figure of a review, by what is not a name: rules, services, regions, kinds.
fn figures(paths: &[PathBuf]) -> Value {
    figures_of(&reviewed(paths))
}

/// The plan; ids of findings hold a digest of their target, so a stage of the work has their number instead.
fn plan_without_ids(view: &Value) -> Value {
    let mut plan = view["plan"].clone();
    for stage in plan["order"].as_array_mut().unwrap() {
        stage["findings"] = json!(stage["findings"].as_array().unwrap().len());
    }
    plan
}

fn figures_of(review: &Review) -> Value {
    let view = serde_json::to_value(review).unwrap();
    let sorted = |rows: Vec<Value>| {
        let mut rows: Vec<String> = rows.iter().map(Value::to_string).collect();
        rows.sort();
        rows
    };
    let list = |of: &Value| of.as_array().unwrap().clone();
    let fields = "rule region service standing cost list effective net net_from committed once changes risk";
    let findings = list(&view["findings"]);
    let findings = findings.iter().map(|f| fields.split(' ').map(|field| f[field].clone()).collect());
    let breakdowns = list(&view["breakdowns"]).into_iter().map(|breakdown| {
        let dimension = breakdown["dimension"].as_str().unwrap().to_owned();
        let named = ["service", "region"].contains(&dimension.as_str());
        let rows = list(&breakdown["rows"]).into_iter().map(|mut row| {
            if !named {
                row["key"] = row["key"].is_null().into();
            }
            row
        });
        json!([dimension.split(':').next(), breakdown["month"], sorted(rows.collect())])
    });
    let coverage = list(&view["tag_coverage"]).into_iter().map(|mut tag| {
        tag["key"] = Value::Null;
        tag
    });
    let commitments =
        list(&view["commitments"]).into_iter().map(|c| json!([c["kind"], c["used"], c["unused"], c["ends"]]));
    json!({
        "spend": view["spend"],
        "plan": plan_without_ids(&view),
        "rules": view["rules"],
        "unknown_cost": view["unknown_cost"],
        "days": view["days"],
        "ties": view["tie_out"]["ties"],
        "findings": sorted(findings.collect()),
        "breakdowns": sorted(breakdowns.collect()),
        "coverage": sorted(coverage.collect()),
        "commitments": sorted(commitments.collect()),
    })
}

#[test]
fn the_review_of_the_copies_has_the_same_figures() {
    let clouds = ["azure", "gcp"].map(|cloud| repository(&format!("fixtures/clouds/{cloud}.csv")));
    let demo = FORMATS.iter().map(|(name, _)| (demo_file(name).to_owned(), figures_of(&demo_review(name))));
    let clouds = clouds.into_iter().map(|bill| (bill.clone(), figures(&[bill])));
    for (bill, expected) in demo.chain(clouds) {
        let (folder, made) = copies(std::slice::from_ref(&bill), &KEY);
        assert_eq!(expected["ties"], json!(true));
        assert!(expected["findings"].as_array().unwrap().len() >= 8, "{}", bill.display());
        // The folder is one delivery: its manifest lists the copies.
        assert_eq!(figures(&[folder.path().to_owned()]), expected, "{}", bill.display());
        assert_eq!(made.files[0].file_name().unwrap(), "part-0001.csv");
        assert!(made.replaced > 5 && made.looked_for > 5 && made.passed.len() > 20, "{made:?}");
    }
}

#[test]
fn other_packings_have_the_same_figures_too() {
    let folder = tempfile::tempdir().unwrap();
    let packed = folder.path().join("bill.bin");
    let mut encoder =
        flate2::write::GzEncoder::new(std::fs::File::create(&packed).unwrap(), flate2::Compression::fast());
    encoder.write_all(&std::fs::read(demo_file("focus")).unwrap()).unwrap();
    encoder.finish().unwrap();
    for bill in [packed, repository("fixtures/edge/cur2-map/cur2.parquet")] {
        let (_folder, made) = copies(std::slice::from_ref(&bill), &KEY);
        assert_eq!(made.files[0].file_name().unwrap(), "part-0001.csv.gz");
        assert_eq!(figures(&made.files), figures(&[bill]));
    }
}

/// What a word says when it is base64 of text.
fn decoded(word: &str) -> Option<String> {
    const DIGITS: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let bits: Option<String> =
        word.trim_end_matches('=').chars().map(|c| DIGITS.find(c).map(|digit| format!("{digit:06b}"))).collect();
    let bits = bits?;
    let bytes = (0..bits.len() / 8).map(|at| u8::from_str_radix(&bits[at * 8..at * 8 + 8], 2).unwrap());
    String::from_utf8(bytes.collect()).ok()
}

/// Everything that a file says: fields, what is under their base64, and in their JSON.
fn said(text: &str) -> BTreeSet<String> {
    fn leaves(value: &Value, into: &mut BTreeSet<String>) {
        match value {
            Value::Array(items) => items.iter().for_each(|item| leaves(item, into)),
            Value::Object(map) => {
                into.extend(map.keys().cloned());
                map.values().for_each(|item| leaves(item, into));
            }
            Value::String(text) => into.extend([text.clone()]),
            other => into.extend([other.to_string()]),
        }
    }
    let mut said: BTreeSet<String> = table(text).into_iter().flatten().collect();
    let hidden: Vec<String> =
        said.iter().filter(|field| field.len() >= 16).filter_map(|field| decoded(field)).collect();
    said.extend(hidden);
    for field in said.clone() {
        if let Ok(value) = serde_json::from_str(&field) {
            leaves(&value, &mut said);
        }
    }
    said
}

#[test]
fn no_name_of_the_demo_is_in_its_copies() {
    for (name, _) in FORMATS {
        let original = text(demo_file(name));
        let (_folder, made) = copies(&[demo_file(name).to_owned()], &KEY);
        let copy = text(&made.files[0]);
        let rows = table(&original);
        let mut secrets: BTreeSet<String> =
            ["team", "environment", "user_team", "resourceTags/user:team"].map(str::to_owned).into();
        for (place, header) in rows[0].iter().enumerate() {
            let plain: String = header.to_lowercase().chars().filter(char::is_ascii_alphanumeric).collect();
            let secret =
                ["accountid", "accountname", "resourceid", "resourcetagsuser", "invoiceid", "arn", "discountid"];
            if secret.iter().any(|word| plain.contains(word)) {
                secrets.extend(rows[1..].iter().map(|row| row[place].clone()));
            }
            if ["resourcetags", "tags"].contains(&plain.as_str()) {
                let values = rows[1..].iter().flat_map(|row| {
                    let tags: serde_json::Map<String, Value> = serde_json::from_str(&row[place]).unwrap();
                    tags.into_iter().map(|(_, value)| value.as_str().unwrap().to_owned()).collect::<Vec<_>>()
                });
                secrets.extend(values);
            }
        }
        secrets.remove("");
        assert!(secrets.len() > 40, "{secrets:?}");
        let found: Vec<String> = said(&copy).intersection(&secrets).cloned().collect();
        assert_eq!(found, Vec::<String>::new(), "{name}");
        // The product code of an invented seller has a name of its own.
        let copy = copy.replace("b8z3kq0v5acme1searchlens7", "");
        for word in ["111122223333", "444455556666", "777788889999", "0ac3e0000000", "acme", "checkout"] {
            assert!(original.contains(word) && !copy.contains(word), "{name}: {word}");
        }
    }
}

const HEADER: &str = "BilledCost,EffectiveCost,ListCost,BillingCurrency,BillingPeriodStart,ChargeCategory,ChargePeriodStart,\
    ChargePeriodEnd,ProviderName,ServiceName,x_ServiceCode,x_UsageType,ChargeDescription,PricingQuantity,PricingUnit,RegionId,\
    BillingAccountId,SubAccountId,SubAccountName,ResourceId,Tags,x_FalconBudget,x_Encoded";

/// A day of a volume of Fernbrook Toys, which says too much about itself.
fn charge(day: u32, resource: &str) -> String {
    let tags = r#"{""owner"":""jane@fernbrook.example"",""Cost Centre"":""CC-Falcon-7"",""n"":4711}"#;
    // {"project":"falcon"} under base64, in a column that nobody knows.
    let encoded = "eyJwcm9qZWN0IjoiZmFsY29uIn0=";
    format!(
        "0.24,0.24,0.24,USD,2026-10-01,Usage,2026-10-{day:02}T00:00:00Z,2026-10-{:02}T00:00:00Z,AWS,Elastic Compute,AmazonEC2,\
         EBS:VolumeUsage.gp2,Disk of Falcon for jane@fernbrook.example,3,GB-Mo,us-east-1,111122223333,444455556666,\
         Fernbrook Toys,{resource},\"{tags}\",falcon {day},{encoded}",
        day + 1
    )
}

fn write(path: &Path, records: impl Iterator<Item = String>) -> PathBuf {
    let lines: Vec<String> = std::iter::once(HEADER.to_owned()).chain(records).collect();
    std::fs::write(path, lines.join("\n") + "\n").unwrap();
    path.to_owned()
}

const VOLUME: &str = "vol-0abc1234567890def";
const SECRETS: [&str; 12] = [
    "jane",
    "fernbrook",
    "Fernbrook",
    "falcon",
    "Falcon",
    "CC-",
    "owner",
    "Centre",
    "4711",
    "111122223333",
    "444455556666",
    "0abc1234567890def",
];

#[test]
fn what_is_not_known_to_be_harmless_is_replaced_wherever_it_stands() {
    let folder = tempfile::tempdir().unwrap();
    let bill = write(&folder.path().join("Fernbrook October.csv"), (1..=10).map(|day| charge(day, VOLUME)));
    let (output, made) = copies(std::slice::from_ref(&bill), &KEY);
    let copy = text(&made.files[0]);
    for secret in SECRETS {
        assert!(text(&bill).contains(secret), "{secret}");
    }
    for (name, text) in [("copy", &copy), ("manifest", &text(&output.path().join("manifest.json")))] {
        assert!(SECRETS.iter().all(|secret| !text.contains(secret)), "{name}: {text}");
        assert!(!text.contains("eyJwcm9qZWN0"), "{name}: {text}");
    }
    let readme = text(&output.path().join("README.txt"));
    assert!(SECRETS.iter().all(|secret| !readme.contains(secret)), "{readme}");
    assert!(
        readme.contains("\nBilledCost\n") && !readme.contains("\nResourceId\n") && !readme.contains("[7"),
        "{readme}"
    );
    let header = &table(&copy)[0];
    assert!(header.contains(&"ResourceId".to_owned()), "{header:?}");
    assert!(header[21..].iter().all(|name| name.len() == 11 && name.starts_with('R')), "{header:?}");
    let budgets: BTreeSet<String> = table(&copy)[1..].iter().map(|row| row[21].clone()).collect();
    assert_eq!(budgets.len(), 10, "values that differ stay apart");
    assert_eq!(figures(&made.files), figures(&[bill]));
}

#[test]
fn one_key_makes_the_same_pseudonyms_in_every_file_and_run() {
    let folder = tempfile::tempdir().unwrap();
    let first = write(&folder.path().join("a.csv"), (1..=10).map(|day| charge(day, VOLUME)));
    let second = write(&folder.path().join("b.csv"), (11..=20).map(|day| charge(day, VOLUME)));
    let both = [first.clone(), second];
    let (output, made) = copies(&both, &KEY);
    let texts: Vec<String> = made.files.iter().map(|path| text(path)).collect();
    for name in ["SubAccountId", "SubAccountName", "ResourceId", "Tags"] {
        let values: BTreeSet<String> = texts.iter().flat_map(|text| column(text, name)).collect();
        assert_eq!(values.len(), 1, "{name}: {values:?}");
    }
    assert_eq!(figures(&[output.path().to_owned()]), figures(&both));
    let (_again, again) = copies(std::slice::from_ref(&first), &KEY);
    assert_eq!(text(&again.files[0]), texts[0], "another run");
    let (_other, other) = copies(&[first], &[8; 32]);
    for name in ["SubAccountId", "SubAccountName", "ResourceId", "Tags"] {
        assert_ne!(column(&text(&other.files[0]), name), column(&texts[0], name), "another key");
    }
}

#[test]
fn of_many_tag_keys_the_same_are_broken_down() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).display().to_string();
    let tags = |day: u32| {
        (b'a'..=b'l').map(move |key| format!("\"\"{}\"\":\"\"{}\"\"", char::from(key), u32::from(key) % day))
    };
    let tagged = |day: u32| charge(day, VOLUME).replace("\"\"n\"\":4711", &tags(day).collect::<Vec<_>>().join(","));
    write(Path::new(&path("bill.csv")), (1..=10).map(tagged));
    assert_eq!(surgeon(&["redact", &path("bill.csv"), "-o", &path("copies")]).0, 0);
    let view = |input: &str, config: &[&str]| {
        let (_, out, err) = surgeon(&[["review", input, "-f", "json"].as_slice(), config].concat());
        let view: Value = serde_json::from_str(&out).unwrap_or_else(|_| panic!("{err}"));
        let tags = view["tag_coverage"].as_array().unwrap().iter();
        let mut tags: Vec<String> = tags.map(|tag| json!([tag["tagged"], tag["values"]]).to_string()).collect();
        tags.sort();
        (tags, view["rules"].clone(), plan_without_ids(&view))
    };
    let settings = path("copies/surgeon.toml");
    let (tags, rules, plan) = view(&path("bill.csv"), &[]);
    assert_eq!(tags.len(), 8, "{tags:?}");
    assert_eq!(view(&path("copies"), &["--config", settings.as_str()]), (tags, rules, plan));
}

#[test]
fn an_arn_and_the_bare_id_still_meet() {
    let folder = tempfile::tempdir().unwrap();
    let arn = format!("arn:aws:ec2:us-east-1:444455556666:volume/{VOLUME}");
    let records = (1..=10).map(|day| charge(day, if day % 2 == 0 { VOLUME } else { arn.as_str() }));
    let bill = write(&folder.path().join("bill.csv"), records);
    let (_folder, made) = copies(std::slice::from_ref(&bill), &KEY);
    let ids = column(&text(&made.files[0]), "ResourceId");
    assert!(
        ids.iter().any(|id| id.starts_with("arn:aws:ec2:us-east-1:")) && ids.iter().any(|id| id.starts_with("vol-"))
    );
    let canonical: BTreeSet<Option<String>> = ids.iter().map(|id| canonical_resource_id(id)).collect();
    assert_eq!(canonical.len(), 1, "{canonical:?}");
    assert_eq!(figures(&made.files), figures(&[bill]));
}

#[test]
fn nothing_is_written_over_and_a_key_is_not_short() {
    let folder = tempfile::tempdir().unwrap();
    let bill = write(&folder.path().join("bill.csv"), (1..=10).map(|day| charge(day, VOLUME)));
    let before = text(&bill);
    let opened = billing::open(std::slice::from_ref(&bill), Options::default(), &|_| {}).unwrap();
    let refused = redact(&opened, &KEY, folder.path(), &|_| {}).unwrap_err();
    assert!(matches!(refused, RedactError::NotEmpty(_)), "{refused}");
    assert_eq!((std::fs::read_dir(folder.path()).unwrap().count(), text(&bill)), (1, before));
    let output = folder.path().join("copies");
    assert!(matches!(redact(&opened, &[7; 15], &output, &|_| {}), Err(RedactError::ShortKey(ShortKey(15)))));
    assert!(!output.exists());
}

#[test]
fn the_command_says_what_it_did() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).display().to_string();
    write(Path::new(&path("bill.csv")), (1..=10).map(|day| charge(day, VOLUME)));
    std::fs::write(path("short.key"), "secret").unwrap();
    std::fs::write(path("good.key"), [9_u8; 32]).unwrap();
    let (code, out, err) = surgeon(&["redact", &path("bill.csv"), "-o", &path("copies")]);
    assert_eq!((code, out.as_str()), (0, ""), "{err}");
    assert!(
        err.contains("files: 1, records: 10, ") && err.contains("looked again: ") && err.contains("none found"),
        "{err}"
    );
    let (code, out, err) = surgeon(&["review", &path("copies"), "-f", "json"]);
    assert_eq!(
        (code, serde_json::from_str::<Value>(&out).unwrap()["spend"]["billed"].as_str()),
        (0, Some("2.4")),
        "{err}"
    );
    // Without a key, a name of one run is not that of another; with one it is.
    let account = |output: &str, key: &[&str]| {
        let (bill, output) = (path("bill.csv"), path(output));
        let arguments = [["redact", bill.as_str(), "-o", output.as_str()].as_slice(), key].concat();
        assert_eq!(surgeon(&arguments).0, 0);
        column(&text(&Path::new(&output).join("part-0001.csv")), "SubAccountId")
    };
    let key = path("good.key");
    assert_ne!(account("a", &[]), account("b", &[]));
    assert_eq!(account("c", &["--key", key.as_str()]), account("d", &["--key", key.as_str()]));
    let [bill, copies, fresh, short] = ["bill.csv", "copies", "e", "short.key"].map(path);
    for (arguments, words) in [
        (vec!["redact", "-o", fresh.as_str()], "BILL"),
        (vec!["redact", bill.as_str(), "-o", copies.as_str()], "is not empty"),
        (vec!["redact", bill.as_str(), "-o", fresh.as_str(), "--key", short.as_str()], "the key has 6 bytes"),
    ] {
        let (code, _, err) = surgeon(&arguments);
        assert!(code == 2 && err.contains(words), "{code}: {err}");
    }
}
