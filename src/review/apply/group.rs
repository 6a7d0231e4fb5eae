//! Auto Scaling groups whose minimum follows the clock: scheduled actions of the group, or of the node group of EKS behind it.
//!
//! Knows: the actions as the table `group_schedules` words them, how EKS names the groups of its node groups. Does not know: the cluster of
//! a node group, which stands in no name.

use super::scheduler::{ROLE, Schedule, Value};
use super::{Commands, Days, Zone, evidence, is_region, label, short};
use crate::finding::Finding;

/// What the name of a node group's Auto Scaling group begins with; then come its own name and a UUID.
const NODES: &str = "eks-";
/// The shell's variable for the cluster of a node group.
const CLUSTER: &str = "EKS_CLUSTER_NAME";
/// Groups of digits of a UUID (RFC 9562).
const UUID: [usize; 5] = [8, 4, 4, 4, 12];
/// Characters of a group's name (Auto Scaling API Reference, CreateAutoScalingGroup).
const LONGEST_GROUP: usize = 255;
/// Characters of a node group's name in the name of a schedule: 24 of 64 are taken by `eks-minimum-`, six digits, a hyphen and `-hhmm`.
const LONGEST_NODES: usize = 40;
/// For how long a change is tried again: one must not come after the next.
const RETRIED_SECONDS: u32 = 3600;
/// What no group has.
const MOST: usize = 1_000_000;

/// The commands that make a group's actions.
pub(super) fn commands(finding: &Finding, zone: &Zone) -> Option<Commands> {
    let group = evidence(finding, "AutoScalingGroupName").filter(|name| is_group(name))?;
    let region = finding.target.region.as_deref().filter(|region| is_region(region))?;
    let actions: Vec<Action<'_>> =
        evidence(finding, "MinSizeActions")?.split("; ").map(Action::parse).collect::<Option<_>>()?;
    if group.starts_with(NODES) {
        return Some(of_nodes(nodes(group)?, region, &actions, zone));
    }
    // Without a policy nothing follows a minimum that is lower.
    let is_followed = evidence(finding, "ScalingPolicies")?.parse::<usize>().ok()? > 0;
    let scheduled: Vec<Scheduled<'_>> =
        actions.iter().map(|action| Scheduled { group, region, zone, action, is_followed }).collect();
    Some(Commands {
        variables: Vec::new(),
        shell: scheduled.iter().map(Scheduled::shell).collect(),
        terraform: scheduled.iter().map(Scheduled::terraform).collect(),
        permissions: Vec::new(),
    })
}

/// Letters, digits, hyphens, underscores and full stops, and a letter or digit first. AWS allows for more; such a name gets no command.
fn is_group(text: &str) -> bool {
    let plain = text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.'));
    plain && text.len() <= LONGEST_GROUP && text.bytes().next().is_some_and(|first| first.is_ascii_alphanumeric())
}

/// The node group behind a group, such as `nodes` of `eks-nodes-5ebaf1a3-0a2c-4b1d-9c3e-2f6a7b8c9d0e`; older ones do not name it.
fn nodes(group: &str) -> Option<&str> {
    let mut rest = group.strip_prefix(NODES)?;
    for length in UUID.into_iter().rev() {
        let (before, digits) = rest.rsplit_once('-')?;
        if digits.len() != length || !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return None;
        }
        rest = before;
    }
    (!rest.is_empty()).then_some(rest)
}

/// An action as it stands in the evidence: `45 6 * * 1-5 = 10`.
struct Action<'a> {
    hour: usize,
    minute: usize,
    /// In cron's numbers, 0 is Sunday: checked.
    numbers: &'a str,
    days: Days,
    minimum: usize,
}

impl<'a> Action<'a> {
    fn parse(text: &'a str) -> Option<Self> {
        let (recurrence, minimum) = text.split_once(" = ")?;
        let parts: Vec<&'a str> = recurrence.split(' ').collect();
        let [minute, hour, "*", "*", numbers] = parts.as_slice() else { return None };
        let (hour, minute) = (number(hour, 24)?, number(minute, 60)?);
        Some(Action { hour, minute, numbers, days: days(numbers)?, minimum: number(minimum, MOST)? })
    }

    fn name(&self) -> String {
        format!("minimum-{}-at-{:02}{:02}", self.minimum, self.hour, self.minute)
    }
}

/// A whole number below another one, of digits alone.
fn number(text: &str, below: usize) -> Option<usize> {
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|number| digits && *number < below)
}

/// Days in cron's numbers: all, from one to another, or one by one.
fn days(numbers: &str) -> Option<Days> {
    let mut days: Days = [numbers == "*"; 7];
    if numbers == "*" {
        return Some(days);
    }
    let chosen: Vec<usize> = match numbers.split_once('-') {
        Some((first, last)) => (number(first, days.len())?..=number(last, days.len())?).collect(),
        None => numbers.split(',').map(|one| number(one, days.len())).collect::<Option<_>>()?,
    };
    for day in &chosen {
        *days.get_mut(*day)? = true;
    }
    (!chosen.is_empty()).then_some(days)
}

/// A scheduled action of Auto Scaling.
struct Scheduled<'a> {
    group: &'a str,
    region: &'a str,
    zone: &'a Zone,
    action: &'a Action<'a>,
    /// Whether a policy sets the size between the bounds.
    is_followed: bool,
}

impl Scheduled<'_> {
    /// Minute, hour, day of the month, month, day of the week.
    fn recurrence(&self) -> String {
        format!("{} {} * * {}", self.action.minute, self.action.hour, self.action.numbers)
    }

    /// Auto Scaling takes canonical names alone, and UTC without one (Auto Scaling API Reference, PutScheduledUpdateGroupAction).
    fn zone(&self) -> Option<&str> {
        Some(self.zone.name.as_str()).filter(|name| *name != "UTC")
    }

    fn shell(&self) -> String {
        let zone = self.zone().map_or_else(String::new, |zone| format!(" --time-zone '{zone}'"));
        let minimum = self.action.minimum;
        let desired = if self.is_followed { String::new() } else { format!(" --desired-capacity {minimum}") };
        format!(
            "aws autoscaling put-scheduled-update-group-action --region {} --auto-scaling-group-name {} --scheduled-action-name {} --recurrence '{}'{zone} --min-size {minimum}{desired}",
            self.region,
            self.group,
            self.action.name(),
            self.recurrence()
        )
    }

    /// What is -1 stays as it is (Terraform, `aws_autoscaling_schedule`).
    fn terraform(&self) -> String {
        let name = self.action.name();
        let minimum = self.action.minimum.to_string();
        let desired = if self.is_followed { "-1" } else { minimum.as_str() };
        let zone = self.zone().map_or_else(String::new, |zone| format!("  time_zone              = \"{zone}\"\n"));
        format!(
            r#"resource "aws_autoscaling_schedule" "{}_{}" {{
  scheduled_action_name  = "{name}"
  autoscaling_group_name = "{}"
  recurrence             = "{}"
{zone}  min_size               = {minimum}
  max_size               = -1
  desired_capacity       = {desired}
}}
"#,
            label(&format!("autoscaling-{}", self.group)),
            label(&name),
            self.group,
            self.recurrence()
        )
    }
}

/// EKS keeps the size of a node group: a change to the Auto Scaling group itself would be lost.
fn of_nodes(nodes: &str, region: &str, actions: &[Action<'_>], zone: &Zone) -> Commands {
    let schedule = |action: &Action<'_>| Schedule {
        region,
        zone,
        name: format!(
            "eks-minimum-{}-{}-{:02}{:02}",
            action.minimum,
            short(nodes, LONGEST_NODES),
            action.hour,
            action.minute
        ),
        hour: action.hour,
        minute: action.minute,
        days: action.days,
        operation: "eks:updateNodegroupConfig",
        input: Value::Fields(vec![
            ("ClusterName", Value::Variable(CLUSTER)),
            ("NodegroupName", Value::Text(nodes)),
            (
                "ScalingConfig",
                Value::Fields(vec![
                    ("MinSize", Value::Number(action.minimum)),
                    ("DesiredSize", Value::Number(action.minimum)),
                ]),
            ),
        ]),
        retried_seconds: Some(RETRIED_SECONDS),
    };
    let schedules: Vec<Schedule<'_>> = actions.iter().map(schedule).collect();
    Commands {
        variables: vec![ROLE.to_owned(), CLUSTER.to_owned()],
        shell: schedules.iter().map(Schedule::shell).collect(),
        terraform: schedules.iter().map(Schedule::terraform).collect(),
        permissions: vec!["eks:UpdateNodegroupConfig".to_owned()],
    }
}
