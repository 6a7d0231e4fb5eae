//! One record of an export, whatever it came in.
//!
//! Knows: rows of CSV and objects of JSON as one thing, fields by plain name (letters and digits in lower case; what is
//! nested is joined, lists count from 1), texts as written. Does not know: what a field means.
//!
//! `recommendationOptions[0].instanceType` of an API and `recommendationOptions_1_instanceType` of an export have the
//! same plain name, so that one reader serves both.

use std::collections::BTreeMap;

use jiff::{Timestamp, tz::TimeZone};
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;
use serde_json::Value;

use super::AdviceError;
use crate::id::canonical_resource_id;
use crate::money::parse_decimal;
use crate::period::parse_time;

/// How deep a record is looked at; what is read lies at most 5 deep, the saving of an option.
const DEEPEST: usize = 6;
/// How many elements of a list within a record are looked at; options are at most 3.
const LONGEST: usize = 64;
/// Longest name of a field, in bytes; no field of the provider's comes near.
const LONGEST_NAME: usize = 128;
/// How exports spell that there is no value.
const NOTHING: [&str; 5] = ["", "-", "N/A", "NULL", "null"];

/// A name without case, separators and brackets.
pub(super) fn plain(name: &str) -> String {
    name.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect()
}

/// `VeryLow` and `VERY_LOW` as our words are written: `very-low`.
pub(super) fn kebab(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    let mut before = '-';
    for c in text.chars() {
        if c.is_ascii_uppercase() && before.is_ascii_lowercase() {
            out.push('-');
        }
        out.push(if matches!(c, '_' | ' ') { '-' } else { c.to_ascii_lowercase() });
        before = c;
    }
    out
}

/// The id under which findings know a resource: canonical, and of a function without its version. A bare name is put
/// behind what the ARNs of its kind have before it (`db:` gives `db:orders`), so that it never meets a name of another
/// kind.
pub(super) fn resource_id(text: &str, behind: &str) -> Option<String> {
    let id = canonical_resource_id(text)?;
    if !text.starts_with("arn:") {
        return Some(format!("{behind}{id}"));
    }
    if id.contains(":lambda:") {
        // arn:aws:lambda:region:account:function:name, and sometimes a version.
        return Some(id.split(':').take(7).collect::<Vec<_>>().join(":"));
    }
    Some(id)
}

/// Fields of one record, by plain name, and where it stands.
pub(super) struct Record<'a> {
    pub(super) file: &'a str,
    pub(super) place: String,
    fields: BTreeMap<String, String>,
}

impl<'a> Record<'a> {
    /// From an object of JSON.
    pub(super) fn of_json(file: &'a str, place: String, value: &Value) -> Result<Self, AdviceError> {
        if !value.is_object() {
            return Err(AdviceError::malformed(file, &place, "is no object".into()));
        }
        let mut fields = BTreeMap::new();
        flatten("", value, 0, &mut fields);
        Ok(Record { file, place, fields })
    }

    /// From names, already plain, and texts.
    pub(super) fn of_pairs<'b>(
        file: &'a str,
        place: String,
        pairs: impl Iterator<Item = (&'b String, &'b str)>,
    ) -> Self {
        let mut fields = BTreeMap::new();
        for (name, text) in pairs {
            keep(&mut fields, name, text);
        }
        Record { file, place, fields }
    }

    /// Adds the fields of JSON that is the text of a field. Text that is none stays text: nothing is lost by that.
    pub(super) fn unfold(&mut self, name: &str) {
        let parsed = self.fields.get(name).and_then(|text| serde_json::from_str::<Value>(text).ok());
        if let Some(value) = parsed {
            flatten(name, &value, 0, &mut self.fields);
        }
    }

    fn field(&self, prefix: &str, names: &[&str]) -> Option<(&str, &str)> {
        let (name, text) =
            names.iter().find_map(|name| self.fields.get_key_value(format!("{prefix}{name}").as_str()))?;
        Some((name.as_str(), text.as_str()))
    }

    /// The text of the first of several names that has one.
    pub(super) fn text(&self, names: &[&str]) -> Option<&str> {
        self.text_at("", names)
    }

    /// The same for names behind a prefix.
    pub(super) fn text_at(&self, prefix: &str, names: &[&str]) -> Option<&str> {
        self.field(prefix, names).map(|(_, text)| text)
    }

    /// The first field whose name starts and ends so, with its text.
    pub(super) fn between(&self, start: &str, end: &str) -> Option<&str> {
        self.starting(start).find(|(name, _)| name.ends_with(end)).map(|(_, text)| text)
    }

    /// Fields whose names start so, in the order of their names.
    pub(super) fn starting(&self, start: &str) -> impl Iterator<Item = (&str, &str)> {
        let fields = self.fields.range(start.to_owned()..).map(|(name, text)| (name.as_str(), text.as_str()));
        fields.take_while(move |(name, _)| name.starts_with(start))
    }

    /// A text that must be there.
    pub(super) fn required(&self, names: &[&str]) -> Result<&str, AdviceError> {
        let missing = || AdviceError::malformed(self.file, &self.place, format!("has no {}", names.join(" or ")));
        self.text(names).ok_or_else(missing)
    }

    /// An exact number.
    pub(super) fn number(&self, names: &[&str]) -> Result<Option<Decimal>, AdviceError> {
        self.number_at("", names)
    }

    /// The same for names behind a prefix.
    pub(super) fn number_at(&self, prefix: &str, names: &[&str]) -> Result<Option<Decimal>, AdviceError> {
        let Some((name, text)) = self.field(prefix, names) else { return Ok(None) };
        self.decimal(name, text).map(Some)
    }

    /// The number of the first field whose name starts and ends so.
    pub(super) fn number_between(&self, start: &str, end: &str) -> Result<Option<Decimal>, AdviceError> {
        let found = self.starting(start).find(|(name, _)| name.ends_with(end));
        found.map(|(name, text)| self.decimal(name, text)).transpose()
    }

    /// A number as Trusted Advisor writes it, `$1,234.56`, and whether it has the sign of the dollar.
    pub(super) fn dollars(&self, names: &[&str]) -> Result<Option<(Decimal, bool)>, AdviceError> {
        let Some((name, text)) = self.field("", names) else { return Ok(None) };
        let digits = text.strip_prefix('$').unwrap_or(text).replace(',', "");
        self.decimal(name, &digits).map(|number| Some((number, text.starts_with('$'))))
    }

    fn decimal(&self, name: &str, text: &str) -> Result<Decimal, AdviceError> {
        parse_decimal(text).map_err(|_| self.wrong(name, text, "a number"))
    }

    /// True or false.
    pub(super) fn flag(&self, names: &[&str]) -> Result<Option<bool>, AdviceError> {
        let Some((name, text)) = self.field("", names) else { return Ok(None) };
        match plain(text).as_str() {
            "true" => Ok(Some(true)),
            "false" => Ok(Some(false)),
            _ => Err(self.wrong(name, text, "true or false")),
        }
    }

    /// A number of days: `14`, `14.0`, `SEVEN_DAYS`.
    pub(super) fn days(&self, names: &[&str]) -> Result<Option<u32>, AdviceError> {
        let Some((name, text)) = self.field("", names) else { return Ok(None) };
        let days = match plain(text).as_str() {
            "sevendays" => Some(7),
            "thirtydays" => Some(30),
            "sixtydays" => Some(60),
            _ => parse_decimal(text).ok().and_then(|days| days.to_u32()),
        };
        days.map(Some).ok_or_else(|| self.wrong(name, text, "a number of days"))
    }

    /// A date; seconds since 1970 are how the APIs write a time. What is no time that we know stays as written.
    pub(super) fn date(&self, names: &[&str]) -> Option<String> {
        let text = self.text(names)?;
        let seconds = parse_decimal(text).ok().and_then(|seconds| seconds.to_i64());
        let stamp = seconds.and_then(|seconds| Timestamp::from_second(seconds).ok()).or_else(|| parse_time(text));
        let date = |stamp: Timestamp| stamp.to_zoned(TimeZone::UTC).date().to_string();
        Some(stamp.map_or_else(|| text.to_owned(), date))
    }

    /// The account of its own field, or of an ARN. A spreadsheet drops the zeros at its start.
    pub(super) fn account(&self, arn: Option<&str>) -> Option<String> {
        let id = self.text(&["accountid"]).or_else(|| arn_part(arn?, 3))?;
        let digits = id.bytes().all(|b| b.is_ascii_digit());
        Some(if digits { format!("{id:0>12}") } else { id.to_owned() })
    }

    /// The region of its own field, or of an ARN.
    pub(super) fn region(&self, arn: Option<&str>) -> Option<String> {
        self.text(&["region"]).or_else(|| arn_part(arn?, 2)).map(str::to_owned)
    }

    fn wrong(&self, name: &str, text: &str, expected: &str) -> AdviceError {
        let shown: String = text.chars().take(80).collect();
        AdviceError::malformed(self.file, &self.place, format!("{name}: {shown:?} is not {expected}"))
    }
}

/// Of `arn:partition:service:region:account:resource` the part so many places behind the partition.
fn arn_part(arn: &str, place: usize) -> Option<&str> {
    arn.strip_prefix("arn:")?.split(':').nth(place).filter(|part| !part.is_empty())
}

fn keep(fields: &mut BTreeMap<String, String>, name: &str, text: &str) {
    let text = text.trim();
    if !NOTHING.contains(&text) {
        fields.entry(name.to_owned()).or_insert_with(|| text.to_owned());
    }
}

fn flatten(name: &str, value: &Value, depth: usize, fields: &mut BTreeMap<String, String>) {
    match value {
        Value::Null => {}
        Value::Bool(flag) => keep(fields, name, if *flag { "true" } else { "false" }),
        // The digits as JSON writes them; no arithmetic happens on the float behind them.
        Value::Number(number) => keep(fields, name, &number.to_string()),
        Value::String(text) => keep(fields, name, text),
        _ if depth == DEEPEST => {}
        Value::Array(items) => {
            for (n, item) in items.iter().take(LONGEST).enumerate() {
                flatten(&format!("{name}{}", n + 1), item, depth + 1, fields);
            }
        }
        Value::Object(members) => {
            for (key, member) in members.iter().filter(|(key, _)| key.len() <= LONGEST_NAME) {
                flatten(&format!("{name}{}", plain(key)), member, depth + 1, fields);
            }
        }
    }
}

/// An answer in JSON, or a part of one, and what stands before the names of its members in a place.
pub(super) struct Document<'a> {
    pub(super) file: &'a str,
    pub(super) before: String,
    pub(super) value: &'a Value,
}

impl<'a> Document<'a> {
    /// A member.
    pub(super) fn part(&self, name: &str) -> Option<Document<'a>> {
        let value = self.value.get(name).filter(|value| !value.is_null())?;
        Some(Document { file: self.file, before: format!("{}{name}.", self.before), value })
    }

    /// The elements of a list, each with its place; nothing when there is no such member.
    pub(super) fn list(&self, name: &str) -> Result<Option<Vec<Document<'a>>>, AdviceError> {
        let Some(part) = self.part(name) else { return Ok(None) };
        let place = part.place();
        let no_list = || AdviceError::malformed(self.file, &place, "is no list".into());
        let items = part.value.as_array().ok_or_else(no_list)?;
        let item =
            |(n, value): (usize, &'a Value)| Document { file: self.file, before: format!("{place}[{n}]."), value };
        Ok(Some(items.iter().enumerate().map(item).collect()))
    }

    /// All of it as a record.
    pub(super) fn record(&self) -> Result<Record<'a>, AdviceError> {
        Record::of_json(self.file, self.place(), self.value)
    }

    fn place(&self) -> String {
        let place = self.before.trim_end_matches(['.', ',', ' ']);
        if place.is_empty() { "the document".into() } else { place.to_owned() }
    }
}
