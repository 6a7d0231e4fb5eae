//! Which column may pass: the lists of `columns.txt` and `vocabulary.txt`, and what follows from them for a column.
//!
//! Does not know: how a pseudonym looks. What no list names is hidden; a mistake in a list can only hide too much.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

use super::{map, wording};
use crate::pseudonym::{BEFORE_KEYS, Pseudonyms, sections};

/// What happens to the values of a column.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Policy {
    /// They pass.
    Pass,
    /// Each becomes a pseudonym.
    Hide,
    /// Description of a charge.
    Wording,
    /// Name of a meter.
    Meter,
    /// Map of the client's keys and values.
    Tags,
    /// Map of the provider's keys.
    Attributes,
    /// Map of amounts by name.
    Amounts,
}

/// Everything that may pass.
pub(super) struct Lists {
    columns: HashMap<String, Policy>,
    groups: Vec<&'static str>,
    /// Words of meter names.
    pub(super) vocabulary: HashSet<&'static str>,
}

/// The lists, read once.
pub(super) fn lists() -> &'static Lists {
    static LISTS: LazyLock<Lists> = LazyLock::new(|| {
        let entries: Vec<_> = sections(include_str!("columns.txt")).collect();
        let of =
            |wanted: &'static str| entries.iter().filter(move |(section, _)| *section == wanted).map(|(_, name)| *name);
        let vocabulary = include_str!("vocabulary.txt").lines().filter(|line| !line.starts_with('#'));
        Lists {
            columns: entries.iter().filter_map(|(section, name)| Some((plain(name), policy(section)?))).collect(),
            groups: of("groups").collect(),
            vocabulary: vocabulary.flat_map(str::split_whitespace).collect(),
        }
    });
    &LISTS
}

fn policy(section: &str) -> Option<Policy> {
    Some(match section {
        "pass" => Policy::Pass,
        "hide" => Policy::Hide,
        "wording" => Policy::Wording,
        "meter" => Policy::Meter,
        "tags" => Policy::Tags,
        "attributes" => Policy::Attributes,
        "amounts" => Policy::Amounts,
        _ => return None,
    })
}

/// A name by its letters and digits.
pub(super) fn plain(name: &str) -> String {
    name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// Whether the values of a key in a map column pass.
pub(super) fn passes(column: &str, key: &str) -> bool {
    lists().columns.get(&plain(&format!("{column}{key}"))) == Some(&Policy::Pass)
}

/// What a row says about itself that decides about its description.
#[derive(Clone, Copy, Debug)]
pub(super) struct Context<'a> {
    /// Whether it is a charge of AWS.
    pub(super) aws: bool,
    /// Name of the service.
    pub(super) service: &'a str,
    /// Region.
    pub(super) region: &'a str,
}

/// Values remembered of a column: replacements, so that a value is digested once, and values that passed.
const MOST: usize = 20_000;

/// A column of a file.
pub(super) struct Column {
    /// Its name in the copy.
    pub(super) header: String,
    /// What happens to its values.
    pub(super) policy: Policy,
    name: String,
    known: HashMap<String, String>,
    passed: usize,
}

impl Column {
    /// The column of that name.
    pub(super) fn new(name: &str, names: &mut Pseudonyms) -> Self {
        let lists = lists();
        let (header, policy) = match lists.columns.get(&plain(name)) {
            Some(policy) => (names.keep(name).to_owned(), *policy),
            None if BEFORE_KEYS.iter().any(|key| name.starts_with(key)) => (names.tag_key(name), Policy::Hide),
            None if lists.groups.iter().any(|group| name.starts_with(group)) => {
                (names.keep(name).to_owned(), Policy::Hide)
            }
            None => (names.id(name), Policy::Hide),
        };
        Column { header, policy, name: name.to_owned(), known: HashMap::new(), passed: 0 }
    }

    /// A value as it stands in the copy.
    pub(super) fn redact<'a>(&'a mut self, text: &'a str, row: &Context<'_>, names: &mut Pseudonyms) -> &'a str {
        if matches!(text, "" | "NULL" | "None") {
            return text;
        }
        // Nothing that the provider fills in has these; whoever filled in something else is not let through.
        if self.policy == Policy::Pass && !text.contains('@') && !text.contains("arn:") {
            if self.passed < MOST {
                self.passed += usize::from(names.remember(text));
            }
            return text;
        }
        let key = match self.policy {
            Policy::Wording => {
                Cow::Owned([text, row.service, row.region, if row.aws { "aws" } else { "" }].join("\u{1f}"))
            }
            _ => Cow::Borrowed(text),
        };
        if !self.known.contains_key(&*key) {
            if self.known.len() >= MOST {
                self.known.clear();
            }
            let pseudonym = self.replace(text, row, names);
            self.known.insert(key.to_string(), pseudonym);
        }
        self.known.get(&*key).map_or("", String::as_str)
    }

    fn replace(&self, text: &str, row: &Context<'_>, names: &mut Pseudonyms) -> String {
        match self.policy {
            Policy::Pass | Policy::Hide => names.id(text),
            Policy::Wording if row.aws => wording::of_aws(text, row, names),
            Policy::Wording | Policy::Meter => wording::meter(text, names),
            Policy::Tags | Policy::Attributes | Policy::Amounts => map::redact(text, &self.name, self.policy, names),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_section_is_known_and_no_column_is_in_two() {
        let mut seen: HashMap<String, &str> = HashMap::new();
        for (section, name) in sections(include_str!("columns.txt")) {
            let list = section == "groups";
            assert!(list || policy(section).is_some(), "[{section}]");
            if !list {
                let before = seen.insert(plain(name), section);
                assert!(before.is_none_or(|before| before == section), "{name}: [{section}] and {before:?}");
            }
        }
        assert!(lists().columns.len() > 500 && lists().vocabulary.len() > 500);
    }

    #[test]
    fn a_column_is_told_by_its_name_in_any_spelling_and_an_unknown_one_loses_it() {
        let mut names = Pseudonyms::new(&[7; 32]).unwrap();
        for (name, policy) in [
            ("lineItem/UsageType", Policy::Pass),
            ("line_item_usage_type", Policy::Pass),
            ("savings_plan_savings_plan_a_r_n", Policy::Hide),
            ("usage.amount", Policy::Pass),
            ("costInBillingCurrency", Policy::Pass),
            ("product_description", Policy::Meter),
            ("product/somethingNew", Policy::Hide),
            ("product", Policy::Attributes),
            ("Tags", Policy::Tags),
        ] {
            let column = Column::new(name, &mut names);
            assert_eq!((column.header.as_str(), column.policy), (name, policy));
        }
        for (name, start) in [
            ("resourceTags/user:team", "resourceTags/user:r"),
            ("resource_tags_user_team", "resource_tags_user_r"),
            ("costCategory/Owner", "costCategory/R"),
            ("tags/ops.team", "tags/r"),
            ("project falcon budget", "r"),
        ] {
            let column = Column::new(name, &mut names);
            assert!(column.header.starts_with(start) && column.policy == Policy::Hide, "{}", column.header);
            assert!(["team", "Owner", "falcon"].iter().all(|word| !column.header.contains(word)), "{}", column.header);
        }
        for own in ["resourceTags/aws:createdBy", "resource_tags_aws_created_by"] {
            assert_eq!(Column::new(own, &mut names).header, own);
        }
    }
}
