//! From raw columns to typed ones: text, numbers, times and tags, whatever the file stored them as.
//!
//! Every conversion is strict: a value that does not convert stops the run with column and value, it never becomes null.
//! Only the spellings of "no value" that real exports use do: empty, `NULL` and `None` in numbers and times.
//! A name is a column, or with a dot a field of a nested one (`service.id`), which Google's Parquet has and its CSV has not.

use std::collections::{BTreeSet, HashMap};
use std::fmt::Display;

use jiff::Timestamp;
use polars::prelude::*;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::source::one_line;
use super::{Bill, BillError, BillFile, Format, MAX_TAG_KEYS, Options};
use crate::period::parse_time;
use crate::table::read::texts;
use crate::table::{DECIMAL, TIME};

/// A typed null under a name.
pub(super) fn nothing(kind: DataType) -> Expr {
    lit(NULL).cast(kind)
}

/// Where a file keeps what one of several names says, with its type: a column, or a field of a nested one.
fn place<'a>(file: &'a BillFile, names: &[&str]) -> Option<(Expr, &'a DataType)> {
    if let Some(name) = file.column(names) {
        return Some((col(name), file.schema.get(name)?));
    }
    names.iter().find_map(|name| {
        let (record, field) = name.split_once('.')?;
        let DataType::Struct(fields) = file.schema.get(record)? else { return None };
        let kind = fields.iter().find(|known| known.name().as_str() == field)?.dtype();
        Some((col(record).struct_().field_by_name(field), kind))
    })
}

/// The raw column as text; `None` if the file has no such column. Blank is no value.
pub(super) fn text(file: &BillFile, names: &[&str]) -> Option<Expr> {
    let (expr, kind) = place(file, names)?;
    Some(match kind {
        // Quoted empty text is no value either; `NULL` is how some FOCUS exports spell it.
        DataType::String => {
            let blank = expr.clone().eq(lit("")).or(expr.clone().eq(lit("NULL")));
            when(blank).then(nothing(DataType::String)).otherwise(expr)
        }
        _ => expr.strict_cast(DataType::String),
    })
}

/// An account id: twelve digits for AWS, also where an export stored it as a number and lost its zeros.
pub(super) fn account(file: &BillFile, names: &[&str]) -> Option<Expr> {
    let (_, kind) = place(file, names)?;
    let expr = text(file, names)?;
    // The native exports of others have ids of any length.
    let of_aws = matches!(file.format, Format::CurLegacy | Format::Cur2 | Format::Focus(_));
    Some(if of_aws && kind.is_integer() { expr.str().zfill(lit(12)) } else { expr })
}

/// A raw column as an exact number; null stays null.
pub(super) fn number(file: &BillFile, name: &str) -> Expr {
    exact(col(name), file.schema.get(name)).alias(name)
}

/// The first of several spellings, as an exact number.
pub(super) fn number_of(file: &BillFile, names: &[&str]) -> Option<Expr> {
    let (expr, kind) = place(file, names)?;
    Some(exact(expr, Some(kind)))
}

fn exact(expr: Expr, kind: Option<&DataType>) -> Expr {
    match kind {
        Some(DataType::String) => {
            // The column comes first in the choice, so that the engine's error about a value names it.
            let given = ["", "NULL", "None"].into_iter().map(|w| expr.clone().neq(lit(w))).reduce(Expr::and);
            when(given.unwrap_or(lit(true))).then(expr).otherwise(nothing(DataType::String)).strict_cast(DECIMAL)
        }
        _ => expr.strict_cast(DECIMAL),
    }
}

/// A raw column as a time, UTC.
pub(super) fn time(file: &BillFile, names: &[&str]) -> Option<Expr> {
    time_by(file, names, parse_time)
}

/// The same where a provider spells times in a way of its own.
pub(super) fn time_by(file: &BillFile, names: &[&str], parse: fn(&str) -> Option<Timestamp>) -> Option<Expr> {
    let (expr, kind) = place(file, names)?;
    Some(match kind {
        DataType::Datetime(_, Some(_)) => {
            expr.dt().convert_time_zone(TimeZone::UTC).dt().replace_time_zone(None, lit("raise"), NonExistent::Raise)
        }
        DataType::Datetime(_, None) | DataType::Date => expr.strict_cast(TIME),
        _ => {
            let name = file.column(names).or(names.first().copied())?.to_owned();
            parsed_time(text(file, names)?, name, parse)
        }
    })
}

/// Text to time; the values of a bill repeat, so each distinct text is parsed once per batch.
fn parsed_time(expr: Expr, name: String, parse: fn(&str) -> Option<Timestamp>) -> Expr {
    expr.map(
        move |column| {
            let texts = column.str()?;
            let mut known: HashMap<&str, i64> = HashMap::new();
            let mut out = Vec::with_capacity(texts.len());
            for text in texts.iter() {
                let Some(text) = text.filter(|t| *t != "None") else {
                    out.push(None);
                    continue;
                };
                let micros = match known.get(text) {
                    Some(micros) => *micros,
                    None => {
                        let stamp = parse(text)
                            .ok_or_else(|| polars_err!(ComputeError: "column {name}: {text:?} is not a time"))?;
                        *known.entry(text).or_insert(stamp.as_microsecond())
                    }
                };
                out.push(Some(micros));
            }
            let series = Int64Chunked::from_iter_options(column.name().clone(), out.into_iter()).into_series();
            Ok(series.cast(&TIME)?.into_column())
        },
        |_, field| Ok(Field::new(field.name().clone(), TIME)),
    )
}

/// The currency of each charge: of its column, or where there is none the one that the user states.
pub(super) fn currency(file: &BillFile, bill: &Bill, names: &[&str]) -> Result<Expr, BillError> {
    match (text(file, names), bill.options.currency) {
        (Some(column), _) => Ok(column),
        (None, Some(given)) => Ok(lit(given.code().to_owned())),
        (None, None) => Err(BillError::NoCurrency { file: file.name.clone(), column: names.join(", ") }),
    }
}

/// The charges of the currency that the user wants; all when none was named.
pub(super) fn of_currency(charges: LazyFrame, bill: &Bill) -> LazyFrame {
    match bill.options.currency {
        Some(only) => charges.filter(col("BillingCurrency").eq(lit(only.code().to_owned()))),
        None => charges,
    }
}

/// Text to text by a function of ours; each distinct text is computed once per batch.
pub(super) fn mapped(expr: Expr, function: impl Fn(&str) -> Option<String> + Send + Sync + 'static) -> Expr {
    checked(expr, move |text| Ok(function(text)))
}

/// The same by a function that can refuse a text; its words are the error and should name the column.
pub(super) fn checked(
    expr: Expr,
    function: impl Fn(&str) -> Result<Option<String>, String> + Send + Sync + 'static,
) -> Expr {
    expr.map(
        move |column| {
            let texts = column.str()?;
            let mut known: HashMap<&str, Option<String>> = HashMap::new();
            for text in texts.iter().flatten() {
                if !known.contains_key(text) {
                    let mapped = function(text).map_err(|words| polars_err!(ComputeError: "{words}"))?;
                    known.insert(text, mapped);
                }
            }
            let mapped: StringChunked =
                texts.iter().map(|text| text.and_then(|t| known.get(t)).and_then(|m| m.as_deref())).collect();
            Ok(mapped.with_name(column.name().clone()).into_column())
        },
        |_, field| Ok(Field::new(field.name().clone(), DataType::String)),
    )
}

/// The value of a key in a map column: Parquet MAP (a list of key and value) or text.
pub(super) fn map_value(file: &BillFile, map: &str, key: &str) -> Option<Expr> {
    match file.schema.get(map)? {
        DataType::List(_) => {
            let entry = |name: &str| element().struct_().field_by_name(name);
            let found = element().filter(entry("key").eq(lit(key))).struct_().field_by_name("value");
            Some(col(map).list().eval(found).list().first())
        }
        DataType::Struct(_) => Some(col(map).struct_().field_by_name(key)),
        _ => {
            let key = key.to_owned();
            Some(mapped(text(file, &[map])?, move |map| entry(map, &key)))
        }
    }
}

fn entry(map: &str, key: &str) -> Option<String> {
    let (_, value) = entries(map).ok()?.into_iter().find(|(known, _)| known == key)?;
    value.filter(|value| !value.is_empty())
}

/// The entries of a map in text: an object of JSON, Azure's without its braces, or Google's list of keys and values.
fn entries(map: &str) -> Result<Vec<(String, Option<String>)>, String> {
    #[derive(Deserialize)]
    struct Label {
        key: String,
        value: Option<String>,
    }
    let map = map.trim_start();
    if map.starts_with('[') || map == "None" {
        return Ok(list::<Label>(map)?.into_iter().map(|label| (label.key, label.value)).collect());
    }
    let object = if map.starts_with('"') { format!("{{{map}}}") } else { map.to_owned() };
    let object: serde_json::Map<String, serde_json::Value> =
        serde_json::from_str(&object).map_err(|e| format!("{:?} is not a JSON object ({e})", cut(map)))?;
    let value = |value| match value {
        serde_json::Value::Null => None,
        serde_json::Value::String(text) => Some(text),
        other => Some(other.to_string()),
    };
    Ok(object.into_iter().map(|(key, found)| (key, value(found))).collect())
}

/// A list of records in text, as JSON or as Python writes it; numbers come as their digits, so that none is rounded.
pub(super) fn list<T: DeserializeOwned>(text: &str) -> Result<Vec<T>, String> {
    let refused = |reason: &dyn Display| format!("{:?} is not a list of records ({reason})", cut(text));
    let json = quoted_json(text).ok_or_else(|| refused(&"neither JSON nor what Python writes"))?;
    let records: Option<Vec<T>> = serde_json::from_str(&json).map_err(|e| refused(&e))?;
    Ok(records.unwrap_or_default())
}

/// JSON, or Python's spelling of it (`'` for quotes, `None`), as JSON in which every number is text; nothing for what is neither.
fn quoted_json(text: &str) -> Option<String> {
    let mut json = String::with_capacity(text.len() + 16);
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        match c {
            '\'' | '"' => {
                json.push('"');
                loop {
                    match rest.next()? {
                        end if end == c => break,
                        // Escapes are those of JSON, but for two of Python's.
                        '\\' => match rest.next()? {
                            '\'' => json.push('\''),
                            'x' => json.push_str("\\u00"),
                            escaped => json.extend(['\\', escaped]),
                        },
                        '"' => json.push_str("\\\""),
                        other => json.push(other),
                    }
                }
                json.push('"');
            }
            '[' | ']' | '{' | '}' | ',' | ':' => json.push(c),
            ' ' | '\t' | '\n' | '\r' => {}
            first => {
                let mut word = String::from(first);
                while let Some(next) = rest.next_if(|c| !matches!(c, ']' | '}' | ',' | ':') && !c.is_whitespace()) {
                    word.push(next);
                }
                json.push_str(&match word.as_str() {
                    "None" | "null" => "null".to_owned(),
                    "True" | "true" | "False" | "false" => format!("{word:?}"),
                    number => {
                        serde_json::from_str::<serde_json::Number>(number).ok()?;
                        format!("{number:?}")
                    }
                });
            }
        }
    }
    Some(json)
}

/// Where a file keeps its tags: `(allocation key, raw place)`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum TagPlace {
    /// A column of its own.
    Column(String),
    /// A key of a map column.
    Key { map: String, key: String },
}

/// The raw place of an allocation key in a file.
pub(super) fn tag_place(file: &BillFile, key: &str) -> Option<TagPlace> {
    let flat = file.columns.iter().find(|c| flat_tag_key(c).as_deref() == Some(key));
    if let Some(column) = flat {
        return Some(TagPlace::Column(column.clone()));
    }
    let map = tag_map(file)?;
    let key = if map == CUR2_TAGS { snake_tag(key) } else { key.to_owned() };
    Some(TagPlace::Key { map: map.to_owned(), key })
}

/// The map of CUR 2.0, whose keys have a prefix.
const CUR2_TAGS: &str = "resource_tags";

/// The column that holds all tags of a charge, where a file has one.
fn tag_map(file: &BillFile) -> Option<&str> {
    match file.format {
        Format::Gcp => file.column(&["labels"]),
        _ => file.column(&[CUR2_TAGS, "Tags"]),
    }
}

/// The value of an allocation key, as an expression.
pub(super) fn tag(file: &BillFile, key: &str) -> Expr {
    let found = match tag_place(file, key) {
        Some(TagPlace::Column(column)) => text(file, &[&column]),
        Some(TagPlace::Key { map, key }) => map_value(file, &map, &key),
        None => None,
    };
    found.unwrap_or_else(|| nothing(DataType::String)).alias(format!("Tag_{key}"))
}

/// `resourceTags/user:team` and `resource_tags_user_team` are the key `team`; keys made by AWS keep `aws:`. Oracle's
/// `tags/ops.team` is the key `ops.team`, namespace included.
fn flat_tag_key(column: &str) -> Option<String> {
    if let Some(tag) = column.strip_prefix("tags/") {
        return Some(tag.to_owned());
    }
    if let Some(tag) = column.strip_prefix("resourceTags/") {
        return Some(tag.strip_prefix("user:").unwrap_or(tag).to_owned());
    }
    unsnake_tag(column.strip_prefix("resource_tags_")?)
}

/// CUR 2.0 writes the key `team` as `user_team`, `aws:createdBy` as `aws_created_by`.
fn unsnake_tag(key: &str) -> Option<String> {
    if let Some(user) = key.strip_prefix("user_") {
        return Some(user.to_owned());
    }
    Some(key.strip_prefix("aws_").map_or_else(|| key.to_owned(), |aws| format!("aws:{aws}")))
}

fn snake_tag(key: &str) -> String {
    key.strip_prefix("aws:").map_or_else(|| format!("user_{key}"), |aws| format!("aws_{aws}"))
}

/// The allocation keys to break down, and those left out because there are too many.
pub(super) fn tag_keys(files: &[BillFile], options: &Options) -> Result<(Vec<String>, Vec<String>), BillError> {
    let mut found = BTreeSet::new();
    for file in files {
        found.extend(file.columns.iter().filter_map(|c| flat_tag_key(c)));
        if let Some(map) = tag_map(file) {
            found.extend(map_keys(file, map)?.into_iter().filter_map(|key| match map {
                CUR2_TAGS => unsnake_tag(&key),
                _ => Some(key),
            }));
        }
    }
    // Keys named by the user come first, whether the bill has them or not: their coverage is then zero, and shown.
    let mut keys = options.tag_keys.clone();
    let mut others = Vec::new();
    for key in found {
        if keys.contains(&key) {
            continue;
        }
        if keys.len() < MAX_TAG_KEYS && !key.starts_with("aws:") { keys.push(key) } else { others.push(key) }
    }
    Ok((keys, others))
}

/// Every key of a map column.
fn map_keys(file: &BillFile, map: &str) -> Result<Vec<String>, BillError> {
    let value = |e: PolarsError| BillError::Value { file: file.name.clone(), message: one_line(&e.to_string()) };
    // Distinct texts of a whole row, not of its keys: a bill has few of them, and they stream.
    let distinct = |expr: Expr| {
        let once = file.scan()?.select([expr.alias("key")]).unique(None, UniqueKeepStrategy::Any);
        Ok::<_, BillError>(texts(&collect(once).map_err(value)?, "key").into_iter().flatten().collect::<Vec<String>>())
    };
    let mut keys = BTreeSet::new();
    match file.schema.get(map) {
        Some(DataType::List(_)) => {
            let names = col(map).list().eval(element().struct_().field_by_name("key"));
            for row in distinct(names.list().join(lit("\u{1f}"), true))? {
                keys.extend(row.split('\u{1f}').filter(|key| !key.is_empty()).map(str::to_owned));
            }
        }
        Some(DataType::Struct(fields)) => keys.extend(fields.iter().map(|f| f.name().to_string())),
        _ => {
            let Some(maps) = text(file, &[map]) else { return Ok(Vec::new()) };
            for text in distinct(maps)? {
                let entries = entries(&text).map_err(|words| BillError::Value {
                    file: file.name.clone(),
                    message: format!("column {map}: {words}"),
                })?;
                keys.extend(entries.into_iter().map(|(key, _)| key));
            }
        }
    }
    Ok(keys.into_iter().collect())
}

fn cut(text: &str) -> String {
    text.chars().take(60).collect()
}

/// One lazy frame of several with the same columns.
pub(super) fn concat(frames: Vec<LazyFrame>) -> Result<LazyFrame, BillError> {
    let args = UnionArgs { maintain_order: false, ..UnionArgs::default() };
    polars::prelude::concat(frames, args)
        .map_err(|e| BillError::Value { file: "input".into(), message: one_line(&e.to_string()) })
}

/// Runs a query with the streaming engine.
pub(crate) fn collect(frame: LazyFrame) -> PolarsResult<DataFrame> {
    frame.collect_with_engine(Engine::Streaming).map(|result| result.unwrap_single())
}

/// The error of an engine run over a whole bill.
pub(super) fn failed(bill: &Bill, error: impl Display) -> BillError {
    let names: Vec<&str> = bill.files.iter().map(|f| f.name.as_str()).collect();
    BillError::Value { file: names.join(", "), message: one_line(&error.to_string()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_tag_has_one_key_in_every_format() {
        assert_eq!(flat_tag_key("resourceTags/user:team").as_deref(), Some("team"));
        assert_eq!(flat_tag_key("resource_tags_user_team").as_deref(), Some("team"));
        assert_eq!(unsnake_tag("user_team").as_deref(), Some("team"));
        assert_eq!(flat_tag_key("resourceTags/aws:createdBy").as_deref(), Some("aws:createdBy"));
        assert_eq!(snake_tag("team"), "user_team");
        assert_eq!(flat_tag_key("tags/ops.team").as_deref(), Some("ops.team"));
    }

    #[test]
    fn a_tag_has_its_value_in_every_spelling_of_a_map() {
        for map in [
            r#"{"team":"a","x":"","n":3}"#,
            r#""team": "a","x": "","n": "3""#,
            r#"[{"key":"team","value":"a"},{"key":"x","value":null},{"key":"n","value":3}]"#,
            "[{'key': 'team', 'value': 'a'}, {'key': 'x', 'value': None}, {'key': 'n', 'value': 3}]",
        ] {
            let found = ["team", "x", "n"].map(|key| entry(map, key));
            assert_eq!(found, [Some("a".into()), None, Some("3".into())], "{map}");
        }
        assert_eq!(entries("None"), Ok(Vec::new()));
        for broken in ["team: a", "{'team': 'a'}", r#""team": "a"#, "[{'value': 'a'}]", "['a"] {
            assert!(entries(broken).is_err(), "{broken}");
        }
    }

    #[test]
    fn python_becomes_json_with_every_digit() {
        for (python, json) in [
            (r#"[{'a': -5e-06, 'b': None}]"#, r#"[{"a":"-5e-06","b":null}]"#),
            (r#"['it\'s "x"', "it's", '\xe9\n']"#, r#"["it's \"x\"","it's","\u00e9\n"]"#),
            ("[0.1000000000000000055511151231257827]", r#"["0.1000000000000000055511151231257827"]"#),
        ] {
            assert_eq!(quoted_json(python).as_deref(), Some(json));
        }
        for neither in ["['a", "[{'a':-'b'}]", "[01]", "[much]", "['a'\u{a0}]"] {
            assert_eq!(quoted_json(neither), None, "{neither}");
        }
    }
}
