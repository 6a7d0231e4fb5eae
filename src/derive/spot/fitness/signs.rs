//! The seven signs that an end of an instance is nothing special.
//!
//! Knows: points and limits, what a sign takes, what would settle it. Does not know: vetoes (`super`).

use super::words::{DISPOSABLE, NON_PRODUCTION, NOT_QUITE_PRODUCTION, WORKERS};
use super::{Facts, Owner, Said};

// The points of each sign (ALGORITHMS 3). They add up to 100.
const SERVED_POINTS: u8 = 25;
const SHORT_LIVED_POINTS: u8 = 20;
const QUEUED_POINTS: u8 = 15;
const SEVERAL_TYPES_POINTS: u8 = 10;
const POOLS_POINTS: u8 = 10;
const BOOT_POINTS: u8 = 10;
const NON_PRODUCTION_POINTS: u8 = 10;

/// Instances of which one is left when one goes.
const LEAST_INSTANCES: u32 = 2;

/// Days below which half of the instances end: longer lives are often servers that somebody looks after.
const SHORT_LIFE_DAYS: f64 = 7.0;

/// Ends in 30 days that are a habit; one or two are a trial or a repair.
const LEAST_ENDED: u32 = 5;

/// Types × zones that make a loss of all capacity unlikely; AWS's rule of thumb is ten types in all zones.
const LEAST_POOLS: u32 = 6;

/// Seconds from launch to service that a gap may last.
const QUICK_BOOT_SECONDS: f64 = 180.0;

/// What one sign comes to.
pub(super) enum Sign {
    /// It is there.
    There(u8, String),
    /// It is not.
    Missing,
    /// Nobody knows, but something would tell.
    Unknown(&'static str),
}

/// All signs, in the order of their points.
pub(super) fn signs(facts: &Facts, said: &Said) -> [Sign; 7] {
    [
        served(facts),
        short_lived(facts),
        queued(facts, said),
        several_types(facts),
        many_pools(facts),
        quick_boot(facts),
        non_production(said),
    ]
}

/// Whether all hold: one that does not is enough to know.
fn all(parts: &[Option<bool>]) -> Option<bool> {
    if parts.contains(&Some(false)) {
        return Some(false);
    }
    (!parts.contains(&None)).then_some(true)
}

fn served(facts: &Facts) -> Sign {
    let grouped = facts.owner.map(|owner| matches!(owner, Owner::Group | Owner::Ecs | Owner::Eks));
    let several = facts.instances.map(|count| count >= LEAST_INSTANCES);
    match all(&[grouped, several, facts.load_balancer_health]) {
        Some(true) => Sign::There(
            SERVED_POINTS,
            format!("{} instances stand behind a load balancer's health checks.", facts.instances.unwrap_or_default()),
        ),
        Some(false) => Sign::Missing,
        None => Sign::Unknown(
            "Whether others answer when an instance goes is not known: the group's size and its health check type would tell.",
        ),
    }
}

fn short_lived(facts: &Facts) -> Sign {
    let short = facts.median_life_days.map(|days| days < SHORT_LIFE_DAYS);
    let often = facts.ended_in_30_days.map(|ended| ended >= LEAST_ENDED);
    match all(&[short, often]) {
        Some(true) => Sign::There(
            SHORT_LIVED_POINTS,
            format!(
                "{} instances ended in 30 days, half of them after {:.1} days or less.",
                facts.ended_in_30_days.unwrap_or_default(),
                facts.median_life_days.unwrap_or_default()
            ),
        ),
        Some(false) => Sign::Missing,
        None => {
            Sign::Unknown("How long its instances live is not known: a month of hourly charges by resource would tell.")
        }
    }
}

fn queued(facts: &Facts, said: &Said) -> Sign {
    let service = match facts.owner {
        Some(Owner::Batch) => Some("AWS Batch starts its jobs, and starts them again."),
        Some(Owner::EmrTask) => Some("EMR gives what a task node did not finish to another."),
        _ => None,
    };
    if let Some(sentence) = service {
        return Sign::There(QUEUED_POINTS, sentence.to_owned());
    }
    let worker = || if facts.owner == Some(Owner::Eks) { None } else { said.of(WORKERS) };
    match said.of(DISPOSABLE).or_else(worker) {
        Some(word) => Sign::There(QUEUED_POINTS, format!("A name or tag says \"{word}\": work that can start again.")),
        None if facts.owner.is_none() || said.0.is_empty() => Sign::Unknown(
            "Whether its work is queued is not known: the service that starts it, names and tags would tell.",
        ),
        None => Sign::Missing,
    }
}

fn several_types(facts: &Facts) -> Sign {
    match facts.several_types {
        Some(true) => Sign::There(SEVERAL_TYPES_POINTS, "It may run on several types already.".to_owned()),
        Some(false) => Sign::Missing,
        None => Sign::Unknown(
            "Whether it may run on several types is not known: the group's mixed instances policy would tell.",
        ),
    }
}

fn many_pools(facts: &Facts) -> Sign {
    match facts.pools {
        Some(pools) if pools >= LEAST_POOLS => {
            Sign::There(POOLS_POINTS, format!("It can use {pools} pools, counted as types times zones."))
        }
        Some(_) => Sign::Missing,
        None => {
            Sign::Unknown("How many types and zones it can use is not known: its needs, subnets and image would tell.")
        }
    }
}

fn quick_boot(facts: &Facts) -> Sign {
    match facts.boot_seconds {
        Some(seconds) if seconds <= QUICK_BOOT_SECONDS => {
            Sign::There(BOOT_POINTS, format!("A new instance serves after {seconds:.0} seconds."))
        }
        Some(_) => Sign::Missing,
        None => Sign::Unknown("How soon a new instance serves is not known: the group's lifecycle events would tell."),
    }
}

fn non_production(said: &Said) -> Sign {
    match (said.of(NON_PRODUCTION).or_else(|| said.of(NOT_QUITE_PRODUCTION)), said.production()) {
        (Some(word), false) => {
            Sign::There(NON_PRODUCTION_POINTS, format!("A name or tag says \"{word}\": no customer sees an outage."))
        }
        (Some(_), true) => {
            Sign::Unknown("Names and tags speak of production and of something else: one tag for it would tell.")
        }
        (None, true) => Sign::Missing,
        (None, false) => {
            Sign::Unknown("Whether it is production is not known: a tag that names the environment would tell.")
        }
    }
}
