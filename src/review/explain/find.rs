//! Which finding a name means: an id or the beginning of one.
//!
//! Knows: the findings of the plan and the waived ones. Does not know: what they say.

use crate::finding::Finding;
use crate::plan::{Plan, Standing};
use crate::waivers::Waiver;

/// How many ids an error names.
const NAMED: usize = 5;

/// Why a name means no finding. The user's mistake, except for a refused one: the author's of the page.
#[derive(Debug, thiserror::Error)]
pub enum NotFound {
    /// Nothing is called so.
    #[error("no finding is called {name:?}{near}\nhelp: surgeon review -f csv lists the findings, one a line")]
    Unknown {
        /// As given.
        name: String,
        /// `; near it: …`, or that there is none at all.
        near: String,
    },
    /// Several are.
    #[error("{name:?} can be {count} findings: {some}\nhelp: give more of the id")]
    Ambiguous {
        /// As given.
        name: String,
        /// How many.
        count: usize,
        /// The first of them.
        some: String,
    },
    /// The finding counts nowhere and is in no report.
    #[error(
        "{id} is refused and counts nowhere: {why}\nhelp: correct the rule page; surgeon rules test runs its cases"
    )]
    Refused {
        /// Its id.
        id: String,
        /// What is wrong with it.
        why: String,
    },
}

/// The finding of that id, or of which the id begins so.
///
/// # Errors
/// [`NotFound`] when that is none, or more than one.
pub fn find<'a>(plan: &'a Plan, waived: &'a [(Finding, Waiver)], name: &str) -> Result<&'a Finding, NotFound> {
    let planned = plan.findings.iter().map(|planned| (&planned.finding, Some(&planned.standing)));
    let mut all: Vec<(&Finding, Option<&Standing>)> = planned.chain(waived.iter().map(|(f, _)| (f, None))).collect();
    all.sort_by(|a, b| a.0.id.cmp(&b.0.id));
    let exact: Vec<_> = all.iter().filter(|(finding, _)| finding.id.as_str() == name).collect();
    let found = match exact.is_empty() {
        true => all.iter().filter(|(finding, _)| !name.is_empty() && finding.id.as_str().starts_with(name)).collect(),
        false => exact,
    };
    match found.as_slice() {
        [(finding, Some(Standing::Refused(why)))] => {
            Err(NotFound::Refused { id: finding.id.to_string(), why: why.clone() })
        }
        [(finding, _)] => Ok(*finding),
        [] => {
            let ids: Vec<&str> = all.iter().map(|(finding, _)| finding.id.as_str()).collect();
            Err(NotFound::Unknown { name: name.to_owned(), near: near(name, &ids) })
        }
        several => {
            let mut some: Vec<&str> = several.iter().take(NAMED).map(|(finding, _)| finding.id.as_str()).collect();
            if several.len() > NAMED {
                some.push("…");
            }
            Err(NotFound::Ambiguous { name: name.to_owned(), count: several.len(), some: some.join(", ") })
        }
    }
}

/// The ids that were perhaps meant: of the same target first, then by how much must be typed otherwise.
fn near(name: &str, ids: &[&str]) -> String {
    let target = |id: &str| id.split_once('@').map(|(_, target)| target.to_owned());
    let wanted = target(name);
    let mut ranked: Vec<(bool, usize, &str)> =
        ids.iter().map(|id| (wanted.is_none() || target(id) != wanted, distance(name, id), *id)).collect();
    ranked.sort_unstable();
    let ids: Vec<&str> = ranked.into_iter().take(NAMED).map(|(_, _, id)| id).collect();
    if ids.is_empty() { "; no rule fires on this bill".into() } else { format!("; near it: {}", ids.join(", ")) }
}

/// Levenshtein's: how many letters must be put in, taken out or replaced. A name longer than any id is cut.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (above, letter) in a.chars().take(200).enumerate() {
        let mut diagonal = above;
        let mut left = above + 1;
        for (place, other) in b.iter().enumerate() {
            let replaced = diagonal + usize::from(letter != *other);
            diagonal = row[place + 1];
            row[place] = left;
            left = replaced.min(diagonal + 1).min(left + 1);
        }
        if let Some(last) = row.last_mut() {
            *last = left;
        }
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distances_are_levenshteins() {
        for (a, b, expected) in
            [("", "", 0), ("", "abc", 3), ("abc", "", 3), ("kitten", "sitting", 3), ("gp2", "gp3", 1)]
        {
            assert_eq!(distance(a, b), expected, "{a} {b}");
        }
    }

    #[test]
    fn the_same_target_is_nearest() {
        let ids = ["ebs-volume-gp2@0ad5f008", "ebs-volume-io1@11111111", "ebs-volume-gp2@22222222"];
        assert_eq!(
            near("ebs-volume-gp3@11111111", &ids),
            "; near it: ebs-volume-io1@11111111, ebs-volume-gp2@0ad5f008, ebs-volume-gp2@22222222"
        );
        assert_eq!(near("x", &[]), "; no rule fires on this bill");
    }
}
