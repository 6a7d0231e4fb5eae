//! The cheapest minimums of a group that cover what each hour needs, with few actions.
//!
//! Knows: whole instances by hour of a circle, minutes that a rise comes early, that one action can recur on several days. Does not know:
//! where needs come from, what an instance costs: instance-minutes are counted.

use std::cmp::Reverse;
use std::collections::BTreeMap;

/// Minutes of an hour.
pub(super) const MINUTES: usize = 60;
/// Hours of a day.
const DAY: usize = 24;
/// Days of a week.
const DAYS: usize = 7;
/// Changes a week that are tried: two rises and two drops a day.
const MOST_CHANGES: usize = 28;
/// Days that are taken for alike, Monday first, so that one action serves several: none, those of work, those of work and those of the
/// weekend, all.
const ALIKE: [[usize; DAYS]; 4] = [[0, 1, 2, 3, 4, 5, 6], [0, 0, 0, 0, 0, 1, 2], [0, 0, 0, 0, 0, 1, 1], [0; DAYS]];
/// The cost of what cannot be; far from overflow, whatever is added to it.
const NEVER: i64 = i64::MAX / 4;

/// One scheduled action: at a minute of some days, MinSize from then on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::derive::schedule) struct Action {
    /// Minutes since 00:00 local time. A rise comes earlier than it is needed, by the time to boot and ten minutes.
    pub(in crate::derive::schedule) minute: usize,
    /// On which days, Monday first.
    pub(in crate::derive::schedule) days: [bool; DAYS],
    /// Instances at least. A smaller one ends nothing: that is for a scaling policy.
    pub(in crate::derive::schedule) minimum: usize,
}

/// The cheapest minimums found that cover the need of each hour of the week and take at most `most` actions. Never dearer than the
/// cheapest of all with so many changes a week: those are looked at, and beside them what costs less because its days are alike.
pub(super) fn scheduled(needs: &[usize], early: usize, most: usize) -> Vec<usize> {
    let mut best: Option<(usize, usize, Vec<usize>)> = None;
    for kinds in &ALIKE {
        let cheapest = Cheapest::new(&alike(needs, kinds), early, MOST_CHANGES.max(most));
        for changes in 0..=MOST_CHANGES.max(most) {
            let minimums = cheapest.minimums(changes);
            let (cost, count) = (cost(&minimums, early), actions(&minimums, early).len());
            let better = best.as_ref().is_none_or(|(least, fewest, _)| (cost, count) < (*least, *fewest));
            if count <= most && better {
                best = Some((cost, count, minimums));
            }
        }
    }
    best.map_or_else(Vec::new, |(_, _, minimums)| minimums)
}

/// Of each hour the greatest need at that time of all days of its kind.
fn alike(needs: &[usize], kinds: &[usize; DAYS]) -> Vec<usize> {
    let kind = |hour: usize| kinds[hour / DAY % DAYS];
    let same = |one: usize, other: usize| one % DAY == other % DAY && kind(one) == kind(other);
    let greatest = |hour: usize| (0..needs.len()).filter(|other| same(hour, *other)).map(|other| needs[other]).max();
    (0..needs.len()).map(|hour| greatest(hour).unwrap_or(0)).collect()
}

/// Instance-minutes of a week: each hour's minimum, and of each rise the minutes that it comes earlier.
pub(super) fn cost(minimums: &[usize], early: usize) -> usize {
    let next = minimums.iter().cycle().skip(1);
    let hour = |(now, next): (&usize, &usize)| now * MINUTES + next.saturating_sub(*now) * early;
    minimums.iter().zip(next).map(hour).sum()
}

/// The changes of minimums of a week, those of one time and one minimum as one. No two share a minute of the week: a rise comes less
/// than an hour early.
pub(super) fn actions(minimums: &[usize], early: usize) -> Vec<Action> {
    let (hours, day) = (minimums.len(), DAY * MINUTES);
    let mut found: BTreeMap<(usize, usize), [bool; DAYS]> = BTreeMap::new();
    for (hour, now) in minimums.iter().enumerate() {
        let before = minimums[(hour + hours - 1) % hours];
        if *now != before {
            let lead = if *now > before { early } else { 0 };
            let minute = (hours + hour) * MINUTES - lead;
            found.entry((minute % day, *now)).or_default()[minute / day % DAYS] = true;
        }
    }
    found.into_iter().map(|((minute, minimum), days)| Action { minute, days, minimum }).collect()
}

/// The cheapest minimums that cover the need of each hour of a circle, by how often they change at most.
///
/// Exact, by dynamic programming over hours, changes made and levels. It begins in an hour of the greatest need, whose level is known;
/// and levels are needs, as one that is neither the greatest need of its hours nor the level beside it can only be too high. Time:
/// hours × changes × different needs.
pub(super) struct Cheapest {
    hours: usize,
    /// An hour of the greatest need.
    start: usize,
    /// The different needs, the least first.
    steps: Vec<i64>,
    /// Minutes that a rise comes before its hour, below 60.
    early: i64,
    /// By changes made and level: instance-minutes from the hour after the start to the last.
    costs: Vec<Vec<i64>>,
    /// The level before, by hour after the start, changes made and level.
    came: Vec<Vec<Vec<usize>>>,
}

impl Cheapest {
    /// For at most that many changes.
    pub(super) fn new(needs: &[usize], early: usize, changes: usize) -> Cheapest {
        let hours = needs.len();
        let start = (0..hours).max_by_key(|hour| (needs[*hour], Reverse(*hour))).unwrap_or(0);
        let mut steps: Vec<i64> = needs.iter().map(|need| *need as i64).collect();
        steps.sort_unstable();
        steps.dedup();
        let early = early as i64;
        let mut costs = vec![vec![NEVER; steps.len()]; changes + 1];
        if let Some(greatest) = costs[0].last_mut() {
            *greatest = 0;
        }
        let mut came = Vec::with_capacity(hours);
        for after in 1..hours {
            let need = needs[(start + after) % hours] as i64;
            let hour = |step: i64| if step < need { NEVER } else { step * MINUTES as i64 };
            let (mut now, mut from) = (Vec::with_capacity(changes + 1), Vec::with_capacity(changes + 1));
            for used in 0..=changes {
                let mut best: Vec<(i64, usize)> =
                    costs[used].iter().enumerate().map(|(level, cost)| (*cost, level)).collect();
                if let Some(fewer) = used.checked_sub(1) {
                    let changed = by_a_change(&costs[fewer], &steps, early);
                    best.iter_mut().zip(changed).for_each(|(best, changed)| *best = changed.min(*best));
                }
                let cost = |(best, step): (&(i64, usize), &i64)| (best.0 + hour(*step)).min(NEVER);
                now.push(best.iter().zip(&steps).map(cost).collect());
                from.push(best.iter().map(|(_, level)| *level).collect());
            }
            costs = now;
            came.push(from);
        }
        Cheapest { hours, start, steps, early, costs, came }
    }

    /// Those that change at most so often; of equally cheap ones those that change least.
    pub(super) fn minimums(&self, changes: usize) -> Vec<usize> {
        let Some(top) = self.steps.len().checked_sub(1) else { return Vec::new() };
        let mut best = (NEVER, 0_usize, 0_usize, top);
        for (used, costs) in self.costs.iter().enumerate() {
            for (level, cost) in costs.iter().enumerate() {
                // Back to the level of the start is a change, unless it is there.
                let all = used + usize::from(level != top);
                if all <= changes {
                    best = best.min((cost + self.early * (self.steps[top] - self.steps[level]), all, used, level));
                }
            }
        }
        let (_, _, mut used, mut level) = best;
        let mut minimums = vec![self.steps[top] as usize; self.hours];
        for after in (1..self.hours).rev() {
            minimums[(self.start + after) % self.hours] = self.steps[level] as usize;
            let before = self.came[after - 1][used][level];
            used -= usize::from(before != level);
            level = before;
        }
        minimums
    }
}

/// By level the cheapest way to it from another one, and that one; a rise costs its instances for the minutes that it comes earlier.
fn by_a_change(costs: &[i64], steps: &[i64], early: i64) -> Vec<(i64, usize)> {
    let mut ways = Vec::with_capacity(steps.len());
    let mut lower = (NEVER, 0_usize);
    for (level, (cost, step)) in costs.iter().zip(steps).enumerate() {
        ways.push((lower.0 + early * step, lower.1));
        lower = lower.min((cost - early * step, level));
    }
    let mut higher = (NEVER, 0_usize);
    for (level, way) in ways.iter_mut().enumerate().rev() {
        *way = higher.min(*way);
        higher = higher.min((costs[level], level));
    }
    ways
}
