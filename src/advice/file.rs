//! Which file is what, told from content, never from the name; and its records. Answers that were asked over the network are read like
//! files.
//!
//! Knows: packings, the marks by which the exports are told apart, from each other and from bills. Does not know: what
//! a record says, who asked.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::Path;

use csv::{ReaderBuilder, StringRecord};
use flate2::read::MultiGzDecoder;
use serde_json::Value;

use super::record::{Document, Record, plain};
use super::trusted_advisor::Check;
use super::{AdviceError, Origin, Recommendation, compute_optimizer, hub, purchases, trusted_advisor};

/// Most bytes held of a file, and of what it inflates to.
const LIMIT: u64 = 256 << 20;
/// Bytes looked at to tell whether a file is advice at all.
const SNIFF: u64 = 1 << 20;

const PARQUET: &[u8] = b"PAR1";
const GZIP: &[u8] = &[0x1f, 0x8b];

const EXPECTED: &str = "expected the Data Exports table COST_OPTIMIZATION_RECOMMENDATIONS or a Compute Optimizer export as CSV, or the JSON that the AWS CLI prints for cost-optimization-hub list-recommendations, compute-optimizer get-…-recommendations, support describe-trusted-advisor-check-result, ce get-savings-plans-purchase-recommendation or ce get-reservation-purchase-recommendation";

/// Words that only answers of one service have, in quotes as JSON has them.
const MARKS: [(&str, Origin); 15] = [
    ("\"SavingsPlansPurchaseRecommendation\"", Origin::SavingsPlansPurchase),
    ("\"Recommendations\"", Origin::ReservationPurchase),
    ("\"flaggedResources\"", Origin::TrustedAdvisor),
    // The descriptions of all checks are longer than what is looked at.
    ("\"cost_optimizing\"", Origin::TrustedAdvisor),
    ("\"instanceRecommendations\"", Origin::ComputeOptimizer),
    ("\"autoScalingGroupRecommendations\"", Origin::ComputeOptimizer),
    ("\"volumeRecommendations\"", Origin::ComputeOptimizer),
    ("\"lambdaFunctionRecommendations\"", Origin::ComputeOptimizer),
    ("\"ecsServiceRecommendations\"", Origin::ComputeOptimizer),
    ("\"rdsDBRecommendations\"", Origin::ComputeOptimizer),
    ("\"licenseRecommendations\"", Origin::ComputeOptimizer),
    ("\"idleRecommendations\"", Origin::ComputeOptimizer),
    ("\"currentResourceType\"", Origin::CostOptimizationHub),
    ("\"estimatedMonthlySavings\"", Origin::CostOptimizationHub),
    ("\"implementationEffort\"", Origin::CostOptimizationHub),
];

/// All recommendations of a file, in its order.
///
/// # Errors
/// [`AdviceError`] when the file is not read to its end, is no advice, or holds a record that cannot be read.
pub fn read(path: &Path) -> Result<Vec<Recommendation>, AdviceError> {
    let file = path.display().to_string();
    let text = content(path, &file)?;
    match text.trim_start().as_bytes().first() {
        None => Err(not(&file, "holds nothing", "export it again, or leave it out")),
        Some(b'{' | b'[') => from_json(&file, &text),
        Some(_) => from_csv(&file, &text),
    }
}

/// All recommendations of answers that one service gave over the network, in their order: each text is an answer in JSON, as the
/// command line prints it.
///
/// # Errors
/// [`AdviceError`] when a text is no advice, is another service's, or holds a record that cannot be read.
pub fn answers(origin: Origin, texts: &[impl AsRef<str>]) -> Result<Vec<Recommendation>, AdviceError> {
    let file = origin.label();
    let mut out = Vec::new();
    for (n, text) in texts.iter().enumerate() {
        let place = format!("answer {}", n + 1);
        let broken = |what: String| AdviceError::malformed(file, &place, what);
        let value: Value = serde_json::from_str(text.as_ref()).map_err(|error| broken(error.to_string()))?;
        let found = recommended(&Document { file, before: format!("{place}, "), value: &value }, &BTreeMap::new())?;
        if let Some(other) = found.iter().find(|found| found.origin != origin) {
            return Err(broken(format!("is one of {}", other.origin.label())));
        }
        out.extend(found);
    }
    Ok(out)
}

impl Origin {
    /// By its name in reports, as collected answers have it.
    #[must_use]
    pub fn named(label: &str) -> Option<Self> {
        let all = [
            Origin::CostOptimizationHub,
            Origin::ComputeOptimizer,
            Origin::SavingsPlansPurchase,
            Origin::ReservationPurchase,
            Origin::TrustedAdvisor,
        ];
        all.into_iter().find(|origin| origin.label() == label)
    }
}

/// Whose advice a file is; `None` for everything else, bills above all. Reads its beginning only, and no error is told:
/// who wants one reads the file.
#[must_use]
pub fn sniff(path: &Path) -> Option<Origin> {
    let mut raw = File::open(path).ok()?;
    let mut head = Vec::new();
    Read::by_ref(&mut raw).take(SNIFF).read_to_end(&mut head).ok()?;
    if head.starts_with(PARQUET) {
        return parquet_origin(&mut raw);
    }
    if head.starts_with(GZIP) {
        let mut text = Vec::new();
        // The input is cut off, so it ends in an error; what came before it is enough.
        let _ = MultiGzDecoder::new(head.as_slice()).take(SNIFF).read_to_end(&mut text);
        head = text;
    }
    let text = String::from_utf8_lossy(&head);
    let text = text.trim_start_matches('\u{feff}').trim_start();
    if text.starts_with(['{', '[']) {
        return MARKS.iter().find(|(mark, _)| text.contains(*mark)).map(|(_, origin)| *origin);
    }
    csv_origin(ReaderBuilder::new().flexible(true).from_reader(text.as_bytes()).headers().ok()?)
}

fn not(file: &str, found: &str, help: &'static str) -> AdviceError {
    AdviceError::NotAdvice { file: file.to_owned(), found: found.to_owned(), help }
}

/// The text of a file, inflated, without a byte order mark.
fn content(path: &Path, file: &str) -> Result<String, AdviceError> {
    let io = |source| AdviceError::Io { file: file.to_owned(), source };
    let raw = File::open(path).map_err(io)?;
    // A length is known before anything is read; that of what is inflated only on the way.
    if raw.metadata().map_err(io)?.len() > LIMIT {
        return Err(AdviceError::TooLarge { file: file.to_owned() });
    }
    let mut bytes = bounded(raw, LIMIT, file)?;
    if bytes.starts_with(PARQUET) {
        return Err(AdviceError::Parquet { file: file.to_owned() });
    }
    if bytes.starts_with(GZIP) {
        bytes = bounded(MultiGzDecoder::new(bytes.as_slice()), LIMIT, file)?;
    }
    let text = String::from_utf8(bytes).map_err(|_| not(file, "is not UTF-8 text", "save it as UTF-8"))?;
    Ok(match text.strip_prefix('\u{feff}') {
        Some(rest) => rest.to_owned(),
        None => text,
    })
}

/// All bytes, unless there are more than so many.
fn bounded(reader: impl Read, limit: u64, file: &str) -> Result<Vec<u8>, AdviceError> {
    let mut bytes = Vec::new();
    let read = reader.take(limit + 1).read_to_end(&mut bytes);
    read.map_err(|source| AdviceError::Io { file: file.to_owned(), source })?;
    if bytes.len() as u64 > limit {
        return Err(AdviceError::TooLarge { file: file.to_owned() });
    }
    Ok(bytes)
}

/// Whether Parquet is the Hub's table: its footer, whose length and a mark end the file, starts with the names of the
/// columns.
fn parquet_origin(raw: &mut File) -> Option<Origin> {
    let mut end = [0; 8];
    raw.seek(SeekFrom::End(-8)).ok()?;
    raw.read_exact(&mut end).ok()?;
    let [a, b, c, d, ..] = end;
    let footer = i64::from(u32::from_le_bytes([a, b, c, d]));
    raw.seek(SeekFrom::End(-8 - footer)).ok()?;
    let mut names = Vec::new();
    Read::by_ref(raw).take(1 << 16).read_to_end(&mut names).ok()?;
    let mark = b"estimated_monthly_savings_";
    names.windows(mark.len()).any(|window| window == mark).then_some(Origin::CostOptimizationHub)
}

/// Whose columns they are.
fn csv_origin(header: &StringRecord) -> Option<Origin> {
    let names: BTreeSet<String> = header.iter().map(plain).collect();
    let any = |start: &str| names.iter().any(|name| name.starts_with(start));
    if names.contains("actiontype") && any("estimatedmonthlysavings") {
        return Some(Origin::CostOptimizationHub);
    }
    // Every Compute Optimizer export counts its options, whatever fields were chosen.
    let counts = ["recommendationscount", "instancerecommendationscount", "storagerecommendationscount"];
    counts.iter().any(|count| names.contains(*count)).then_some(Origin::ComputeOptimizer)
}

fn from_csv(file: &str, text: &str) -> Result<Vec<Recommendation>, AdviceError> {
    let mut reader = ReaderBuilder::new().from_reader(text.as_bytes());
    let broken = |place: &str, error: csv::Error| AdviceError::malformed(file, place, error.to_string());
    let header = reader.headers().map_err(|error| broken("row 1", error))?.clone();
    let Some(origin) = csv_origin(&header) else {
        let shown: Vec<String> = header.iter().take(4).map(|name| name.chars().take(40).collect()).collect();
        let found = format!("has the columns of no recommendations that are known ({}, …)", shown.join(", "));
        return Err(not(file, &found, EXPECTED));
    };
    let names: Vec<String> = header.iter().map(plain).collect();
    let mut out = Vec::new();
    for (n, row) in reader.records().enumerate() {
        // The header is row 1, as a spreadsheet counts.
        let place = format!("row {}", n + 2);
        let row = row.map_err(|error| broken(&place, error))?;
        let mut record = Record::of_pairs(file, place, names.iter().zip(&row));
        if origin == Origin::CostOptimizationHub {
            record.unfold(hub::DETAILS);
            out.push(hub::recommendation(&record)?);
        } else {
            out.extend(compute_optimizer::recommendations(&record)?);
        }
    }
    Ok(out)
}

fn from_json(file: &str, text: &str) -> Result<Vec<Recommendation>, AdviceError> {
    // Pages that were appended to one file follow each other; a list that was cut out of an answer holds its elements.
    let mut values = Vec::new();
    for value in serde_json::Deserializer::from_str(text).into_iter::<Value>() {
        match value.map_err(|error| AdviceError::malformed(file, "JSON", error.to_string()))? {
            Value::Array(items) => values.extend(items),
            value => values.push(value),
        }
    }
    let checks = trusted_advisor::checks(&values);
    let mut out = Vec::new();
    for (n, value) in values.iter().enumerate() {
        let before = if values.len() == 1 { String::new() } else { format!("document {}, ", n + 1) };
        out.extend(recommended(&Document { file, before, value }, &checks)?);
    }
    Ok(out)
}

/// The recommendations of an answer, whoever gave it.
fn recommended(document: &Document<'_>, checks: &BTreeMap<String, Check>) -> Result<Vec<Recommendation>, AdviceError> {
    let found = hub::read(document)?
        .or(compute_optimizer::read(document)?)
        .or(purchases::read(document)?)
        .or(trusted_advisor::read(document, checks)?);
    let unknown = || not(document.file, "is JSON, but no answer with recommendations that is known", EXPECTED);
    found.ok_or_else(unknown)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// An answer as several, each with one element of the list at the end of a path.
    fn apart(answer: &Value, path: &[&str]) -> Vec<Value> {
        let Some((name, rest)) = path.split_first() else { return vec![answer.clone()] };
        let members: Vec<Value> = match &answer[*name] {
            Value::Array(items) => items.iter().flat_map(|item| apart(item, rest)).map(|item| json!([item])).collect(),
            member => apart(member, rest),
        };
        let with = |member: Value| {
            let mut one = answer.clone();
            one[*name] = member;
            one
        };
        members.into_iter().map(with).collect()
    }

    #[test]
    fn answers_one_by_one_are_read_like_the_file_that_holds_them_all() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/advice");
        let plans = ["SavingsPlansPurchaseRecommendation", "SavingsPlansPurchaseRecommendationDetails"];
        let cases: [(&str, Origin, &[&[&str]]); 4] = [
            ("hub.json", Origin::CostOptimizationHub, &[&["items"]]),
            (
                "compute-optimizer.json",
                Origin::ComputeOptimizer,
                &[&["instanceRecommendations"], &["lambdaFunctionRecommendations"], &["idleRecommendations"]],
            ),
            ("savings-plans.json", Origin::SavingsPlansPurchase, &[&plans]),
            ("reservations.json", Origin::ReservationPurchase, &[&["Recommendations", "RecommendationDetails"]]),
        ];
        for (name, origin, paths) in cases {
            let path = folder.join(name);
            let text = std::fs::read_to_string(&path).unwrap();
            let documents = serde_json::Deserializer::from_str(&text).into_iter::<Value>().map(Result::unwrap);
            let texts: Vec<String> = documents
                .zip(paths)
                .flat_map(|(document, path)| apart(&document, path))
                .map(|one| one.to_string())
                .collect();
            // Where they stand is all that differs.
            let anywhere = |all: Vec<Recommendation>| -> Vec<Recommendation> {
                let blank = |one: Recommendation| Recommendation { file: String::new(), place: String::new(), ..one };
                all.into_iter().map(blank).collect()
            };
            let answers = anywhere(answers(origin, &texts).unwrap());
            assert!(!answers.is_empty() && answers.iter().all(|one| one.origin == origin), "{name}");
            assert_eq!(answers, anywhere(read(&path).unwrap()), "{name}");
        }
    }

    #[test]
    fn an_answer_that_cannot_be_read_is_named_by_service_and_place() {
        let hub = r#"{"items": [{"actionType": "Stop", "resourceId": "i-1"}]}"#;
        for (origin, texts, words) in [
            (Origin::CostOptimizationHub, vec![hub, "{"], ["Cost Optimization Hub", "answer 2"]),
            (Origin::CostOptimizationHub, vec![hub, r#"{"items": [{}]}"#], ["answer 2, items[0]", "actiontype"]),
            (Origin::ComputeOptimizer, vec![hub], ["answer 1", "is one of Cost Optimization Hub"]),
            (Origin::ComputeOptimizer, vec!["{}"], ["Compute Optimizer", "no answer"]),
        ] {
            let error = answers(origin, &texts).unwrap_err().to_string();
            assert!(words.iter().all(|word| error.contains(word)), "{error}");
        }
        assert!(answers(Origin::TrustedAdvisor, &[""; 0]).unwrap().is_empty());
        assert_eq!(Origin::named("Compute Optimizer"), Some(Origin::ComputeOptimizer));
        assert_eq!(Origin::named("compute optimizer"), None);
    }

    #[test]
    fn what_is_too_large_is_refused_whole() {
        assert_eq!(bounded(&b"1234"[..], 4, "a.csv").unwrap(), b"1234");
        let error = bounded(&b"12345"[..], 4, "a.csv").unwrap_err();
        assert!(matches!(error, AdviceError::TooLarge { .. }), "{error}");
    }

    #[test]
    fn the_columns_of_bills_are_no_advice() {
        for columns in [
            "identity/LineItemId,lineItem/UnblendedCost,resourceTags/user:actionType",
            "line_item_unblended_cost,resource_tags_user_recommendations_count",
            "BilledCost,ChargeCategory,ResourceId",
            "date,meterId,costInBillingCurrency",
        ] {
            assert_eq!(csv_origin(&columns.split(',').collect()), None, "{columns}");
        }
    }
}
