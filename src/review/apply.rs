//! The commands that carry out a schedule, or another running mode, that a finding advises: for the AWS CLI, and the same for Terraform.
//!
//! Knows: which pages advise one and in which columns it stands, what a name may have in it. Does not know: whether it is wise, who may set
//! it up. Nothing of a bill or of an inventory reaches a command unless it is of the characters that ids have: they are
//! somebody else's text.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use schemars::JsonSchema;
use serde::Serialize;

use crate::finding::Finding;

mod desktop;
mod group;
mod machine;
mod scheduler;
#[cfg(test)]
mod tests;

/// The page of Auto Scaling groups.
const GROUPS: &str = "autoscaling-group-always-large";
/// Days as cron names them, in its order: 1 is Sunday (EventBridge Scheduler User Guide, cron-based schedules).
const DAYS: [&str; 7] = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"];
/// Characters of a time zone (EventBridge Scheduler API Reference, CreateSchedule).
const LONGEST_ZONE: usize = 50;
/// Characters of a digest that tells apart what was cut.
const DIGEST: usize = 8;

/// What sets up the schedules of one resource, the group of one instance, or the running mode of a desktop.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Commands {
    /// Names that are to hold something first: variables of the shell, and in small letters of Terraform.
    pub variables: Vec<String>,
    /// Lines for a shell, one for each schedule; one for a running mode.
    pub shell: Vec<String>,
    /// Resources for Terraform, one for each schedule; for a running mode the block of the resource that has it.
    pub terraform: Vec<String>,
    /// What the role in `SCHEDULER_ROLE_ARN` has to allow; it is to trust `scheduler.amazonaws.com`. None: no role is needed.
    pub permissions: Vec<String>,
}

/// The commands of a finding; `None`: its page advises none of them, there is nothing to switch, or a name is not such as may stand in a
/// command. Findings on the instances of one group have the same; the report shows those that stand alike once.
///
/// `as_of` is the time for which the hours off are in UTC: the offset of the finding's time zone then is taken back. What starts in an
/// hour that spring skips does not start that day (AWS re:Post, eventbridge-scheduler-adjust-dst). A running mode follows no clock, and asks
/// for no zone.
#[must_use]
pub fn commands(finding: &Finding, as_of: Timestamp) -> Option<Commands> {
    if finding.rule.as_str() == desktop::PAGE {
        return desktop::commands(finding);
    }
    let zone = Zone::of(evidence(finding, "TimeZone")?, as_of)?;
    if finding.rule.as_str() == GROUPS { group::commands(finding, &zone) } else { machine::commands(finding, &zone) }
}

/// A value of a finding's evidence.
fn evidence<'a>(finding: &'a Finding, name: &str) -> Option<&'a str> {
    finding.evidence.iter().find(|evidence| evidence.name == name)?.value.as_deref()
}

/// A time zone, and how far it is ahead of UTC.
struct Zone {
    name: String,
    offset_seconds: i64,
}

impl Zone {
    fn of(name: &str, at: Timestamp) -> Option<Zone> {
        let zone = TimeZone::get(name).ok()?;
        // As the database spells it.
        let name = zone.iana_name()?;
        let plain = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'/' | b'_' | b'-' | b'+'));
        let offset_seconds = i64::from(zone.to_offset(at).seconds());
        (plain && name.len() <= LONGEST_ZONE).then(|| Zone { name: name.to_owned(), offset_seconds })
    }
}

/// On which days, Sunday first.
type Days = [bool; 7];

/// The days in cron's words: all, from one to another, or one by one.
fn words(days: &Days) -> String {
    let named: Vec<&str> = DAYS.into_iter().zip(days).filter(|(_, on)| **on).map(|(name, _)| name).collect();
    let first = days.iter().position(|on| *on).unwrap_or(0);
    let in_a_row = days.iter().skip(first).take(named.len()).all(|on| *on);
    match named.as_slice() {
        all if all.len() == DAYS.len() => "*".to_owned(),
        [from, .., to] if in_a_row && named.len() > 2 => format!("{from}-{to}"),
        some => some.join(","),
    }
}

/// Letters, digits and hyphens, and a letter first: what RDS and Redshift allow, at most 63.
fn is_name(text: &str) -> bool {
    let plain = text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    plain && text.len() <= 63 && text.bytes().next().is_some_and(|first| first.is_ascii_alphabetic())
}

/// Such as `eu-central-1`.
fn is_region(text: &str) -> bool {
    let plain = text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
    plain && (3..=32).contains(&text.len()) && text.bytes().next().is_some_and(|first| first.is_ascii_lowercase())
}

/// The partition in ARNs of a region.
fn partition_of(region: &str) -> &'static str {
    if region.starts_with("cn-") {
        "aws-cn"
    } else if region.starts_with("us-gov-") {
        "aws-us-gov"
    } else {
        "aws"
    }
}

/// An id of plain characters, or what of it fits, with a digest of the whole.
fn short(id: &str, longest: usize) -> String {
    if id.len() <= longest {
        return id.to_owned();
    }
    let kept: String = id.chars().take(longest.saturating_sub(DIGEST + 1)).collect();
    format!("{kept}-{:08x}", digest(id))
}

/// FNV-1a of 32 bits: names differ where ids do, and are the same every time. No secret.
fn digest(text: &str) -> u32 {
    text.bytes().fold(0x811c_9dc5, |sum, byte| (sum ^ u32::from(byte)).wrapping_mul(0x0100_0193))
}

/// A name as a label of Terraform.
fn label(name: &str) -> String {
    name.replace(['-', '.'], "_")
}
