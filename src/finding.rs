//! What a rule says about a resource: it fires, it is clean, or nobody could tell.
//!
//! Knows: verdicts, the change that a finding proposes, evidence. Does not know: money, prices, other findings.

use rust_decimal::Decimal;

use crate::id::{FindingId, Meter, RuleId, Target};
use crate::period::OffHours;
use crate::prices::Term;

/// The verdicts of one rule on everything that it examined, in the order of their targets.
#[derive(Clone, Debug)]
pub struct Verdicts {
    /// The rule.
    pub rule: RuleId,
    /// What fired.
    pub findings: Vec<Finding>,
    /// Targets examined and found in order.
    pub clean: Vec<Target>,
    /// Targets that could not be judged.
    pub unknown: Vec<Target>,
}

/// One rule's finding on one target: the rows of its query for that target, together.
#[derive(Clone, PartialEq, Debug)]
pub struct Finding {
    /// Stable name.
    pub id: FindingId,
    /// The rule.
    pub rule: RuleId,
    /// What it is about.
    pub target: Target,
    /// What would change, one for each meter; empty: investigate, no figure.
    pub changes: Vec<Change>,
    /// What the reader needs to agree.
    pub evidence: Vec<Evidence>,
    /// The page's message, rendered with the evidence.
    pub message: String,
    /// Alert level, guard pages only.
    pub level: Option<Level>,
    /// Probability of harm, where the page gives one.
    pub risk: Option<Decimal>,
}

/// What would change on one meter of the target.
#[derive(Clone, PartialEq, Debug)]
pub struct Change {
    /// Meter charged today; `None` = every meter of the target.
    pub meter: Option<Meter>,
    /// Per 730 hours in the meter's pricing unit; `None` = as billed; zero = an addition.
    pub quantity: Option<Decimal>,
    /// What happens to it.
    pub verb: Verb,
    /// Line of the page's result, for errors: 1 is the first row.
    pub row: usize,
}

/// One row is one verb.
#[derive(Clone, PartialEq, Debug)]
pub enum Verb {
    /// The charge goes away.
    Drop,
    /// Another meter or another quantity; `None` = unchanged.
    Swap {
        /// The new meter.
        meter: Option<Meter>,
        /// The new quantity per 730 hours.
        quantity: Option<Decimal>,
    },
    /// Switched off in these hours of the week.
    Mask(OffHours),
    /// The change itself costs this much of the meter, once.
    Once(Decimal),
    /// Something to commit to; how much is the plan's business.
    Commit(Term),
}

/// A column of the query that is evidence.
#[derive(Clone, PartialEq, Debug)]
pub struct Evidence {
    /// Column name.
    pub name: String,
    /// Value as text; `None` is unknown.
    pub value: Option<String>,
    /// Unit of its declaration, may be empty.
    pub unit: String,
}

/// Levels of guard pages.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Level {
    /// Savings.
    Low,
    /// Anomalies.
    Medium,
    /// Act this week.
    High,
    /// Act now.
    Critical,
}

impl Level {
    /// The word in reports and in `--fail-on`.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Level::Low => "low",
            Level::Medium => "medium",
            Level::High => "high",
            Level::Critical => "critical",
        }
    }

    /// From the word.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        [Level::Low, Level::Medium, Level::High, Level::Critical].into_iter().find(|l| l.word() == word)
    }
}
