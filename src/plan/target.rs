//! One target: which sets of changes compose, which is taken, and what each finding of it contributes.
//!
//! Knows: drop absorbs, a swap and a mask compose, two swaps of one meter compete, disjoint meters compose. Does not know:
//! other targets; the week tells what commitments make of a choice.

use std::collections::BTreeSet;

use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;

use super::joint::Choice;
use super::week::{Shift, Week};
use super::{Evidence, Move, Plan, Planned, Standing, Value, rank, value, verb_order};
use crate::finding::{Finding, Verb};
use crate::id::{Meter, RuleId, Target};
use crate::money::PLACES;
use crate::period::{HOURS_PER_MONTH, HOURS_PER_WEEK};

/// At most this many findings of one target are combined exhaustively; beyond, the best single ones are.
const MAX_COMBINED: usize = 10;

/// A set of findings that compose, and what it is worth.
pub(super) struct Set {
    members: Vec<usize>,
    pub(super) value: Value,
    /// What it does to the week, where commitments reach.
    shift: Option<Shift>,
}

/// The findings of one target.
pub(super) struct OnTarget {
    target: Target,
    planned: Vec<Planned>,
    /// The first is to do nothing.
    sets: Vec<Set>,
    pub(super) chosen: usize,
    /// Nothing is changed because of what is bought.
    pub(super) outbid: bool,
    /// Nothing is changed, but others of its group are.
    pub(super) aside: bool,
    /// What each prefix of the chosen findings does to the week.
    pub(super) shifts: Vec<Option<Shift>>,
    /// The part of each prefix's saving that the week does not tell.
    fixed: Vec<Decimal>,
}

impl OnTarget {
    pub(super) fn new(target: Target, planned: Vec<Planned>, evidence: &Evidence<'_>, week: Option<&Week<'_>>) -> Self {
        let mut candidates: Vec<usize> =
            (0..planned.len()).filter(|i| planned[*i].standing == Standing::Chosen).collect();
        candidates.sort_by(|a, b| rank(&planned[*b]).cmp(&rank(&planned[*a])).then_with(|| a.cmp(b)));
        candidates.truncate(MAX_COMBINED);
        let nothing = Set { members: Vec::new(), value: Value::default(), shift: None };
        let mut one = OnTarget {
            target,
            planned,
            sets: vec![nothing],
            chosen: 0,
            outbid: false,
            aside: false,
            shifts: Vec::new(),
            fixed: Vec::new(),
        };
        for set in 1_u32..1 << candidates.len() {
            let chosen = candidates.iter().enumerate().filter(|(bit, _)| set >> bit & 1 == 1);
            let mut members: Vec<usize> = chosen.map(|(_, i)| *i).collect();
            members.sort_by_key(|i| (verb_order(&one.planned[*i].finding), one.planned[*i].finding.id.clone()));
            if let Some(set) = one.set(members, evidence, week) {
                let better = (set.value.net(), set.value.effective)
                    > (one.sets[one.chosen].value.net(), one.sets[one.chosen].value.effective);
                // Fewer actions for the same money: a change that adds nothing is not asked for.
                if better {
                    one.chosen = one.sets.len();
                }
                one.sets.push(set);
            }
        }
        one
    }

    fn set(&self, members: Vec<usize>, evidence: &Evidence<'_>, week: Option<&Week<'_>>) -> Option<Set> {
        let findings: Vec<&Finding> = members.iter().map(|i| &self.planned[*i].finding).collect();
        if !composes(&findings) {
            return None;
        }
        let value = value::value(&findings, evidence.baseline, evidence.prices).ok()?;
        let shift = week.and_then(|week| week.shift(&self.target, &value));
        Some(Set { members, value, shift })
    }

    /// What the findings are about.
    pub(super) fn target(&self) -> &Target {
        &self.target
    }

    /// What could be done.
    pub(super) fn sets(&self) -> &[Set] {
        &self.sets
    }

    /// The rules of a set.
    pub(super) fn rules_of(&self, set: usize) -> BTreeSet<&RuleId> {
        self.sets[set].members.iter().map(|at| &self.planned[*at].finding.rule).collect()
    }

    /// The set of all findings that come from some rules; to do nothing where they do not go together.
    pub(super) fn set_within(&self, rules: &BTreeSet<&RuleId>) -> usize {
        let own: BTreeSet<&RuleId> = self.candidates().filter(|rule| rules.contains(rule)).collect();
        (0..self.sets.len()).find(|set| self.rules_of(*set) == own).unwrap_or(0)
    }

    /// Rules of findings that are in some set.
    fn candidates(&self) -> impl Iterator<Item = &RuleId> {
        self.sets.iter().flat_map(|set| &set.members).map(|at| &self.planned[*at].finding.rule)
    }

    /// Whether commitments reach what some choice changes.
    pub(super) fn is_simulated(&self) -> bool {
        self.sets.iter().filter_map(|set| set.shift.as_ref()).any(Shift::is_simulated)
    }

    /// Whether some choice does what a world weighs.
    pub(super) fn is_weighed(&self, weighed: impl Fn(&Target, &Move) -> bool) -> bool {
        let reached = self.sets.iter().filter(|set| set.shift.is_some());
        reached.flat_map(|set| &set.value.moves).any(|one| weighed(&self.target, one))
    }

    /// A choice as a search sees it, in dollars of the week.
    pub(super) fn choice(&self, set: usize, weighed: impl Fn(&Target, &Move) -> bool) -> Choice<Shift> {
        let Set { value, shift, .. } = &self.sets[set];
        let (inside, outside): (Vec<&Move>, Vec<&Move>) =
            value.moves.iter().partition(|one| shift.is_some() && weighed(&self.target, one));
        let plain: Decimal = outside.iter().map(|one| one.effective).sum();
        let later = super::week::LATER * plain.to_f64().unwrap_or_default();
        let besides = value.net() - inside.iter().map(|one| one.effective - one.covered).sum::<Decimal>();
        let month = besides.to_f64().unwrap_or_default() + later;
        Choice { change: shift.clone(), fixed: -month * HOURS_PER_WEEK as f64 / HOURS_PER_MONTH as f64 }
    }

    /// What the choice does to the week.
    pub(super) fn shift(&self) -> Option<&Shift> {
        self.sets[self.chosen].shift.as_ref()
    }

    /// What the choice saves a month besides hours of the week, at the price paid.
    pub(super) fn saved_besides(&self, week: &Week<'_>) -> Decimal {
        let Set { value, shift, .. } = &self.sets[self.chosen];
        let hourly = value.moves.iter().filter(|one| shift.is_some() && week.is_hourly(&self.target, one));
        value.net() - hourly.map(|one| one.effective - one.covered).sum::<Decimal>()
    }

    /// The chosen findings, in the order in which they are done.
    pub(super) fn members(&self) -> &[usize] {
        &self.sets[self.chosen].members
    }

    /// One of the chosen.
    pub(super) fn step(&self, step: usize) -> &Planned {
        &self.planned[self.members()[step]]
    }

    /// Marginal contributions in the order drop, schedule, swap: they sum exactly to the joint value.
    pub(super) fn attribute(&mut self, evidence: &Evidence<'_>, week: Option<&Week<'_>>) {
        let mut before = Value::default();
        let order = self.members().to_vec();
        for count in 1..=order.len() {
            let findings: Vec<&Finding> = order[..count].iter().map(|i| &self.planned[*i].finding).collect();
            let Ok(after) = value::value(&findings, evidence.baseline, evidence.prices) else { return };
            let shift = week.and_then(|week| week.shift(&self.target, &after));
            self.fixed.push(fixed(&self.target, &after, week, shift.as_ref()));
            self.shifts.push(shift);
            self.planned[order[count - 1]].share = Some(after.minus(&before));
            before = after;
        }
    }

    /// What the week says that a step saves, now and from each date on: the rest of its effective saving is held back.
    pub(super) fn hold(&mut self, step: usize, saved: &[Decimal], dates: &[Option<String>]) {
        let fixed = self.fixed[step] - step.checked_sub(1).map(|previous| self.fixed[previous]).unwrap_or_default();
        let simulated = |at: usize| self.shifts[at].as_ref().is_some_and(Shift::is_simulated);
        let touched = simulated(step) || step.checked_sub(1).is_some_and(simulated);
        let member = self.members()[step];
        let Some(share) = self.planned[member].share.as_mut().filter(|_| touched) else { return };
        let Some((now, later)) = saved.split_first() else { return };
        share.covered = share.effective - fixed - now;
        // Prices paid are averages of the week: what differs by less than this is the same price.
        if share.covered.abs() < NOISE {
            share.covered = Decimal::ZERO;
        }
        share.held_until.clear();
        let mut before = *now;
        for (date, saved) in dates.iter().zip(later) {
            let more = *saved - before;
            if more.abs() >= NOISE {
                *share.held_until.entry(date.clone()).or_default() += more;
            }
            before = *saved;
        }
    }

    /// Into the plan.
    pub(super) fn settle(mut self, out: &mut Plan) {
        let members = self.members().to_vec();
        for (index, one) in self.planned.iter_mut().enumerate() {
            if one.standing != Standing::Chosen {
                continue;
            }
            if !members.contains(&index) {
                one.standing = match (members.is_empty() && !self.aside, self.outbid) {
                    (true, true) => Standing::Outbid,
                    (true, false) => Standing::Covered,
                    (false, _) => Standing::Outdone,
                };
                continue;
            }
            let Some(share) = &one.share else { continue };
            match share.list {
                Some(list) => out.list += list,
                None => out.without_list += 1,
            }
            out.gross += one.alone.as_ref().map(|v| v.effective).unwrap_or_default();
            for (date, amount) in &share.held_until {
                *out.held_until.entry(date.clone()).or_default() += *amount;
            }
            out.joint.add(share);
        }
        out.findings.append(&mut self.planned);
    }
}

/// Smallest difference between two ways to price the same hours that is not rounding.
const NOISE: Decimal = Decimal::from_parts(5, 0, 0, false, 6);

/// The part of a saving that the week does not tell.
fn fixed(target: &Target, value: &Value, week: Option<&Week<'_>>, shift: Option<&Shift>) -> Decimal {
    let (Some(week), Some(_)) = (week, shift) else { return value.net() };
    let simulated = value.moves.iter().filter(|one| week.simulates(target, one));
    (value.net() - simulated.map(|one| one.effective - one.covered).sum::<Decimal>()).round_dp(PLACES)
}

/// Two swaps of one meter are alternatives of each other; everything else composes.
pub(crate) fn composes(findings: &[&Finding]) -> bool {
    let mut swapped: BTreeSet<Option<Meter>> = BTreeSet::new();
    // A swap of every meter is a swap of each.
    let clash = |swapped: &BTreeSet<Option<Meter>>, meter: &Option<Meter>| {
        swapped.contains(&None) || swapped.contains(meter) || (meter.is_none() && !swapped.is_empty())
    };
    findings.iter().all(|finding| {
        let mut own = BTreeSet::new();
        for change in &finding.changes {
            if matches!(change.verb, Verb::Swap { .. }) && change.quantity != Some(Decimal::ZERO) {
                own.insert(change.meter.clone());
            }
        }
        let free = own.iter().all(|meter| !clash(&swapped, meter));
        swapped.extend(own);
        free
    })
}
