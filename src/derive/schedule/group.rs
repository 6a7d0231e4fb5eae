//! Scheduled actions of an Auto Scaling group: how many instances it has to have at least in each hour of the week.
//!
//! An hour's need is what 95 of 100 of its observations, and of those of the hours beside it, ask for, times what weeks left out say
//! that this falls short by (ALGORITHMS 4.2). The actions cover every need and cost no more than the cheapest with so many changes a week
//! (`cheapest.rs`). Target tracking does as well without them, unless demand rises faster than it can follow.
//!
//! Knows: demand by local hour of the week in instances at the target, how long an instance takes to start. Does not know: what an
//! instance costs, which policies the group has, holidays, demand between two full hours.

use super::detect::HOURS;

mod cheapest;
#[cfg(test)]
mod tests;

pub(super) use cheapest::Action;
use cheapest::{MINUTES, actions, cost, scheduled};

/// Demand of a week by hour, from Monday 00:00 local time, in instances at the target: the most in the hour; `None`: not observed.
pub(super) type Week = [Option<f64>; HOURS];

/// Scheduled actions at most, each on one or more days of the week. A choice of ALGORITHMS 4.2: a plan that people can read.
const MOST_ACTIONS: usize = 8;
/// Share of the hours of a week that may ask for more than the minimum: the P95 of ALGORITHMS 4.2.
pub(super) const RISK: f64 = 0.05;

/// Which share of what was observed in an hour and beside it is covered (ALGORITHMS 4.2).
const COVERED: f64 = 0.95;
/// Weeks that advice needs: as for hours off (ALGORITHMS 4.1).
const ENOUGH: usize = 3;
/// Share of a week's hours that must be observed (ALGORITHMS 1.6: none with less than 80 % of the points).
const OBSERVED: f64 = 0.8;
/// Minutes that actions come before the start of the instances needs them, beside the time to boot (ALGORITHMS 4.2).
const MARGIN_MINUTES: usize = 10;
/// What rounding may add to a number of instances: a factor that is a ratio, times what it was a ratio of.
const ROUNDING: f64 = 1e-9;
/// Instances beyond any group, within which no sum of instance-minutes overflows.
const LARGEST: usize = 1_000_000;

/// What is known of a group.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Group {
    /// Instances that it never goes below: one for each zone that may fail beside another. 0 counts as 1, as whether it can be off is
    /// another question.
    pub(super) floor: usize,
    /// Instances that it never goes above, its MaxSize.
    pub(super) most: usize,
    /// Hours from the start of an instance until it works.
    pub(super) boot_hours: f64,
    /// Share of its instances that target tracking adds until those that it added before work, in its warm-up time, and one instance at
    /// least; 0: nothing follows.
    pub(super) tracking: f64,
    /// Share of the hours of a week that may ask for more than the minimum: [`RISK`].
    pub(super) risk: f64,
}

/// What the weeks say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// Actions cost less than the greatest minimum all week, and demand rises faster than target tracking follows.
    Advised,
    /// Target tracking follows every rise: a schedule does no better.
    Tracking,
    /// The same minimum in all hours: nothing to schedule.
    Constant,
    /// Less than three weeks, or hours of which too few are known.
    TooShort,
}

/// Minimums of a group by hour of the week, and how they would have done.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Advice {
    /// What the weeks say. All else is empty when they are too short.
    pub(super) verdict: Verdict,
    /// Weeks that it rests on.
    pub(super) weeks: usize,
    /// At most [`MOST_ACTIONS`], by time of day; none unless advised.
    pub(super) actions: Vec<Action>,
    /// Instances at least in each hour of the week, Monday 00:00 local time first; none unless advised. Of a rise the action comes earlier,
    /// by less than an hour.
    pub(super) minimums: Vec<usize>,
    /// Instance-hours a week of the minimums, with the minutes that rises come earlier.
    pub(super) planned: f64,
    /// Instance-hours a week of the greatest minimum in all hours, which covers every hour without a schedule.
    pub(super) unscheduled: f64,
    /// Instance-hours a week of what was asked for, in whole instances and not below the floor: the mean of the weeks.
    pub(super) hindsight: f64,
    /// The greatest rise from an hour to the next, in instances, between the floor and the most.
    pub(super) steepest: f64,
    /// Hours of a week that asked for more than there were instances, by what the other weeks say: the mean over weeks left out. What
    /// is beyond the most counts as the most.
    pub(super) violations: f64,
    /// The same of the worst week.
    pub(super) worst_violations: usize,
    /// Hours of the week that need more than the most.
    pub(super) beyond: usize,
}

/// Minimums by what a group was asked for in some weeks, newest last. Weeks that are observed for less than 80 % do not count.
///
/// The conformal factor takes the hours of all weeks for exchangeable ("slots as units", ALGORITHMS 4.2), which hours of one week are
/// not quite: [`Advice::violations`] is what says how it did.
#[must_use]
pub(super) fn advise(weeks: &[Week], group: &Group) -> Advice {
    let weeks: Vec<&[Option<f64>]> = weeks.iter().map(|week| &week[..]).filter(|week| is_observed(week)).collect();
    let is_known = |hour: usize| 2 * weeks.iter().filter(|week| demand(week, hour).is_some()).count() >= weeks.len();
    if weeks.len() < ENOUGH || !(0..HOURS).all(is_known) {
        return too_short(weeks.len());
    }
    let limits = Limits::new(group);
    let plan = Plan::new(&weeks, &limits);
    let changes = actions(&plan.minimums, limits.early);
    let verdict = if changes.is_empty() {
        Verdict::Constant
    } else if rises(&plan.upper, &limits).all(|rise| rise.is_followed(group.tracking)) {
        Verdict::Tracking
    } else {
        Verdict::Advised
    };
    let violations = left_out(&weeks, &limits);
    let constant = plan.minimums.iter().copied().max().unwrap_or(0);
    Advice {
        verdict,
        weeks: weeks.len(),
        actions: if verdict == Verdict::Advised { changes } else { Vec::new() },
        planned: cost(&plan.minimums, limits.early) as f64 / MINUTES as f64,
        unscheduled: (constant * HOURS) as f64,
        hindsight: hindsight(&weeks, &limits),
        steepest: rises(&plan.upper, &limits).map(|rise| rise.more).fold(0.0, f64::max),
        violations: violations.iter().sum::<usize>() as f64 / violations.len().max(1) as f64,
        worst_violations: violations.iter().copied().max().unwrap_or(0),
        beyond: plan.upper.iter().flatten().filter(|upper| limits.is_beyond(inflated(**upper, plan.factor))).count(),
        minimums: if verdict == Verdict::Advised { plan.minimums } else { Vec::new() },
    }
}

fn too_short(weeks: usize) -> Advice {
    Advice {
        verdict: Verdict::TooShort,
        weeks,
        actions: Vec::new(),
        minimums: Vec::new(),
        planned: 0.0,
        unscheduled: 0.0,
        hindsight: 0.0,
        steepest: 0.0,
        violations: 0.0,
        worst_violations: 0,
        beyond: 0,
    }
}

/// A group's numbers, made fit for use.
#[derive(Clone, Copy, Debug)]
struct Limits {
    floor: usize,
    most: usize,
    risk: f64,
    /// Whole hours that a rise comes earlier: they are part of the need, so that no action of a rise meets the one before.
    before: usize,
    /// Minutes beside those, below 60.
    early: usize,
}

impl Limits {
    fn new(group: &Group) -> Limits {
        let boot = if group.boot_hours.is_finite() { group.boot_hours.clamp(0.0, HOURS as f64) } else { 0.0 };
        let lead = (boot * MINUTES as f64 - ROUNDING).ceil() as usize + MARGIN_MINUTES;
        let floor = group.floor.clamp(1, LARGEST);
        let most = group.most.clamp(floor, LARGEST);
        Limits { floor, most, risk: group.risk, before: lead / MINUTES, early: lead % MINUTES }
    }

    /// Whole instances for a demand; not known is not little.
    fn instances(&self, demand: Option<f64>) -> usize {
        let whole = demand.map_or(f64::INFINITY, |demand| (demand - ROUNDING).ceil());
        // Comparison first: a number that is too great for a usize is cut by it.
        if whole >= self.most as f64 { self.most } else { (whole.max(0.0) as usize).max(self.floor) }
    }

    fn is_beyond(&self, demand: f64) -> bool {
        demand - ROUNDING > self.most as f64
    }
}

/// What some weeks ask for, and the cheapest minimums for it.
struct Plan {
    /// By hour, what 95 of 100 observations there and beside it do not exceed.
    upper: Vec<Option<f64>>,
    factor: f64,
    minimums: Vec<usize>,
}

impl Plan {
    fn new(weeks: &[&[Option<f64>]], limits: &Limits) -> Plan {
        let upper = upper(weeks);
        let factor = factor(weeks, limits);
        let needs: Vec<usize> =
            upper.iter().map(|upper| limits.instances(upper.map(|upper| inflated(upper, factor)))).collect();
        let minimums = scheduled(&early(&needs, limits.before), limits.early, MOST_ACTIONS);
        Plan { upper, factor, minimums }
    }
}

/// Nothing stays nothing, whatever the factor.
fn inflated(upper: f64, factor: f64) -> f64 {
    if upper > 0.0 { upper * factor } else { 0.0 }
}

/// Demand of an hour; the week is a circle.
fn demand(week: &[Option<f64>], hour: usize) -> Option<f64> {
    let at = hour.checked_rem(week.len())?;
    week.get(at).copied().flatten().filter(|demand| demand.is_finite()).map(|demand| demand.max(0.0))
}

fn is_observed(week: &[Option<f64>]) -> bool {
    let observed = (0..week.len()).filter(|hour| demand(week, *hour).is_some()).count();
    observed as f64 >= OBSERVED * week.len() as f64
}

/// By hour of the week the P95 of what was observed in it and in the hours beside it; `None`: nothing was.
fn upper(weeks: &[&[Option<f64>]]) -> Vec<Option<f64>> {
    let hours = weeks.first().map_or(0, |week| week.len());
    let near = |hour: usize| [hour + hours - 1, hour, hour + 1];
    let pooled = |hour: usize| {
        let each = weeks.iter().flat_map(|week| near(hour).map(|at| demand(week, at)));
        let mut values: Vec<f64> = each.flatten().collect();
        values.sort_unstable_by(f64::total_cmp);
        values
    };
    (0..hours).map(|hour| quantile(&pooled(hour), COVERED)).collect()
}

/// A quantile of sorted values, straight between the two next to it (Hyndman and Fan 1996, type 7).
fn quantile(sorted: &[f64], share: f64) -> Option<f64> {
    let last = sorted.len().checked_sub(1)?;
    let place = share * last as f64;
    let below = (place.floor() as usize).min(last);
    let (low, high) = (sorted.get(below)?, sorted.get((below + 1).min(last))?);
    Some(low + (high - low) * (place - below as f64))
}

/// What the P95 has to be multiplied by so that another week asks for more in no more than the share `risk` of its hours: of the ratios
/// of what came to what the other weeks said, hour by hour of each week left out, the least with `(1 + greater ones) / (all + 1)` within
/// the risk (split conformal, ALGORITHMS 1.6). At least 1. What the floor covers exceeds nothing.
fn factor(weeks: &[&[Option<f64>]], limits: &Limits) -> f64 {
    let mut ratios = Vec::new();
    for left_out in 0..weeks.len() {
        let (others, week) = split(weeks, left_out);
        for (hour, upper) in upper(&others).into_iter().enumerate() {
            let (Some(upper), Some(demand)) = (upper, demand(week, hour)) else { continue };
            let covered = demand - ROUNDING <= limits.floor as f64;
            ratios.push(if covered { 0.0 } else { demand / upper });
        }
    }
    ratios.sort_unstable_by(f64::total_cmp);
    let greater = (limits.risk * (ratios.len() + 1) as f64 + ROUNDING).floor() - 1.0;
    if greater < 0.0 || ratios.is_empty() {
        return f64::INFINITY;
    }
    let place = (ratios.len() - 1).saturating_sub(greater as usize);
    ratios.get(place).copied().unwrap_or(f64::INFINITY).max(1.0)
}

/// The other weeks, and the one.
fn split<'a>(weeks: &[&'a [Option<f64>]], left_out: usize) -> (Vec<&'a [Option<f64>]>, &'a [Option<f64>]) {
    let others = weeks.iter().enumerate().filter(|(at, _)| *at != left_out).map(|(_, week)| *week).collect();
    (others, weeks.get(left_out).copied().unwrap_or_default())
}

/// What has to run or start in each hour: the most that is needed in it and in the hours that an instance takes to start.
fn early(needs: &[usize], before: usize) -> Vec<usize> {
    let most = |hour: usize| (hour..=hour + before).map(|at| needs[at % needs.len()]).max().unwrap_or(0);
    (0..needs.len()).map(most).collect()
}

/// Instances that work in each hour, when those of a rise need some hours to start.
fn in_service(minimums: &[usize], before: usize) -> Vec<usize> {
    let hours = minimums.len();
    // A circle holds all there is.
    let back = before.min(hours.saturating_sub(1));
    let fewest = |hour: usize| (0..=back).map(|back| minimums[(hour + hours - back) % hours]).min().unwrap_or(0);
    (0..hours).map(fewest).collect()
}

/// From an hour to the next.
struct Rise {
    /// Instances that are there.
    from: usize,
    /// Instances that are asked for beside them.
    more: f64,
}

impl Rise {
    /// Whether target tracking adds as many at once.
    fn is_followed(&self, tracking: f64) -> bool {
        self.more <= 0.0 || tracking > 0.0 && self.more <= (self.from as f64 * tracking).max(1.0) + ROUNDING
    }
}

/// What is asked for within the floor and the most, from each hour to the next. Nothing is known of demand within an hour: a rise is
/// taken to come at once.
fn rises<'a>(upper: &'a [Option<f64>], limits: &'a Limits) -> impl Iterator<Item = Rise> + 'a {
    let within = move |demand: f64| demand.clamp(limits.floor as f64, limits.most as f64);
    let next = upper.iter().cycle().skip(1);
    upper.iter().zip(next).filter_map(move |(now, next)| {
        let more = within((*next)?) - within((*now)?);
        Some(Rise { from: limits.instances(*now), more })
    })
}

/// Hours of each week that asked for more than there were instances, by what the other weeks say.
fn left_out(weeks: &[&[Option<f64>]], limits: &Limits) -> Vec<usize> {
    let exceeded = |at: usize| {
        let (others, week) = split(weeks, at);
        let service = in_service(&Plan::new(&others, limits).minimums, limits.before);
        let most = limits.most as f64;
        let over = |hour: usize, there: usize| {
            demand(week, hour).is_some_and(|demand| demand.min(most) - ROUNDING > there as f64)
        };
        service.into_iter().enumerate().filter(|(hour, there)| over(*hour, *there)).count()
    };
    (0..weeks.len()).map(exceeded).collect()
}

/// Instance-hours a week of what was asked for: of each hour the mean of the weeks in which it was observed.
fn hindsight(weeks: &[&[Option<f64>]], limits: &Limits) -> f64 {
    let mean = |hour: usize| {
        let known = weeks.iter().filter_map(|week| demand(week, hour));
        let (sum, count) =
            known.fold((0_usize, 0_usize), |(sum, count), demand| (sum + limits.instances(Some(demand)), count + 1));
        sum as f64 / count.max(1) as f64
    };
    (0..weeks.first().map_or(0, |week| week.len())).map(mean).sum()
}
