//! From raw columns to typed ones: text, numbers, times and tags, whatever the file stored them as.
//!
//! Every conversion is strict: a value that does not convert stops the run with column and value, it never becomes null.
//! Only the spellings of "no value" that real exports use do: empty, `NULL` and `None` in numbers and times.

use std::collections::{BTreeSet, HashMap};
use std::fmt::Display;

use polars::prelude::*;

use super::source::one_line;
use super::{Bill, BillError, BillFile, MAX_TAG_KEYS, Options};
use crate::period::parse_time;
use crate::table::read::texts;
use crate::table::{DECIMAL, TIME};

/// A typed null under a name.
pub(super) fn nothing(kind: DataType) -> Expr {
    lit(NULL).cast(kind)
}

/// The raw column as text; `None` if the file has no such column. Blank is no value.
pub(super) fn text(file: &BillFile, names: &[&str]) -> Option<Expr> {
    let name = file.column(names)?;
    let kind = file.schema.get(name)?;
    let expr = col(name);
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
    let name = file.column(names)?;
    let expr = text(file, names)?;
    let numeric = file.schema.get(name).is_some_and(DataType::is_integer);
    Some(if numeric { expr.str().zfill(lit(12)) } else { expr })
}

/// A raw column as an exact number; null stays null.
pub(super) fn number(file: &BillFile, name: &str) -> Expr {
    let expr = col(name);
    match file.schema.get(name) {
        Some(DataType::String) => {
            // The column comes first in the choice, so that the engine's error about a value names it.
            let given = ["", "NULL", "None"].into_iter().map(|w| expr.clone().neq(lit(w))).reduce(Expr::and);
            when(given.unwrap_or(lit(true))).then(expr).otherwise(nothing(DataType::String)).strict_cast(DECIMAL)
        }
        _ => expr.strict_cast(DECIMAL),
    }
    .alias(name)
}

/// The first of several spellings, as an exact number.
pub(super) fn number_of(file: &BillFile, names: &[&str]) -> Option<Expr> {
    file.column(names).map(|name| number(file, name))
}

/// A raw column as a time, UTC.
pub(super) fn time(file: &BillFile, names: &[&str]) -> Option<Expr> {
    let name = file.column(names)?;
    Some(match file.schema.get(name)? {
        DataType::Datetime(_, Some(_)) => col(name).dt().convert_time_zone(TimeZone::UTC).dt().replace_time_zone(
            None,
            lit("raise"),
            NonExistent::Raise,
        ),
        DataType::Datetime(_, None) | DataType::Date => col(name).strict_cast(TIME),
        _ => parsed_time(text(file, &[name])?, name.to_owned()),
    })
}

/// Text to time by [`parse_time`]; the values of a bill repeat, so each distinct text is parsed once per batch.
fn parsed_time(expr: Expr, name: String) -> Expr {
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
                        let stamp = parse_time(text)
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

/// Text to text by a function of ours; each distinct text is computed once per batch.
pub(super) fn mapped(expr: Expr, function: impl Fn(&str) -> Option<String> + Send + Sync + 'static) -> Expr {
    expr.map(
        move |column| {
            let texts = column.str()?;
            let mut known: HashMap<&str, Option<String>> = HashMap::new();
            for text in texts.iter().flatten() {
                if !known.contains_key(text) {
                    known.insert(text, function(text));
                }
            }
            let mapped: StringChunked =
                texts.iter().map(|text| text.and_then(|t| known.get(t)).and_then(|m| m.as_deref())).collect();
            Ok(mapped.with_name(column.name().clone()).into_column())
        },
        |_, field| Ok(Field::new(field.name().clone(), DataType::String)),
    )
}

/// The value of a key in a map column: Parquet MAP (a list of key and value) or JSON text.
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
            Some(mapped(text(file, &[map])?, move |json| json_value(json, &key)))
        }
    }
}

fn json_value(json: &str, key: &str) -> Option<String> {
    match serde_json::from_str::<serde_json::Value>(json).ok()?.get(key)? {
        serde_json::Value::Null => None,
        serde_json::Value::String(text) if text.is_empty() => None,
        serde_json::Value::String(text) => Some(text.clone()),
        other => Some(other.to_string()),
    }
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
    let snake = snake_tag(key);
    if let Some(map) = file.column(&["resource_tags"]) {
        return Some(TagPlace::Key { map: map.to_owned(), key: snake });
    }
    file.column(&["Tags"]).map(|map| TagPlace::Key { map: map.to_owned(), key: key.to_owned() })
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

/// `resourceTags/user:team` and `resource_tags_user_team` are the key `team`; keys made by AWS keep `aws:`.
fn flat_tag_key(column: &str) -> Option<String> {
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
        if let Some(map) = file.column(&["resource_tags", "Tags"]) {
            found.extend(map_keys(file, map)?.into_iter().filter_map(|key| match map {
                "Tags" => Some(key),
                _ => unsnake_tag(&key),
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
            let Some(json) = text(file, &[map]) else { return Ok(Vec::new()) };
            for json in distinct(json)? {
                let object: serde_json::Map<String, serde_json::Value> =
                    serde_json::from_str(&json).map_err(|e| BillError::Value {
                        file: file.name.clone(),
                        message: format!("column {map}: {:?} is not a JSON object ({e})", cut(&json)),
                    })?;
                keys.extend(object.into_iter().map(|(key, _)| key));
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
    }

    #[test]
    fn a_json_tag_without_a_value_is_no_tag() {
        assert_eq!(json_value(r#"{"team":"a","x":"","n":3}"#, "team").as_deref(), Some("a"));
        assert_eq!(json_value(r#"{"team":"a","x":"","n":3}"#, "x"), None);
        assert_eq!(json_value(r#"{"team":"a","x":"","n":3}"#, "n").as_deref(), Some("3"));
    }
}
