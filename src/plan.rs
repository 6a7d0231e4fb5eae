//! Which changes together, and what they are worth.
//!
//! Each finding is valued alone, then findings on one target compete or compose: drop absorbs, a swap and a mask compose,
//! two swaps of one meter compete, disjoint meters compose. The best set of each target is chosen by net, then effective,
//! saving; targets of one group (`derive::groups`) choose together. Gross is the chosen findings valued alone; overlap is what
//! that counts twice; what commitments in force go on charging is taken off; the rest is net, the promise. Does not know:
//! tables, pages, how a figure is printed.

use std::collections::{BTreeMap, BTreeSet};

use rust_decimal::Decimal;
use rust_decimal::prelude::FromPrimitive;

use crate::derive::baseline::Baseline;
use crate::derive::groups::Group;
use crate::derive::hours::Hours;
use crate::finding::{Finding, Verb, Verdicts};
use crate::id::{FindingId, Target};
use crate::money::PLACES;
use crate::period::HOURS_PER_MONTH;
use crate::prices::PriceBook;
use crate::rules::{Effort, Rule};
use crate::simulate::ClassKey;

mod commit;
pub mod joint;
mod limits;
mod market;
mod outlook;
pub mod sizing;
mod target;
mod together;
mod value;
mod week;

use commit::Offer;
pub use commit::{Futures, Item, Purchase, TermChoice};
use joint::{Resource, World};
use market::Market;
pub use outlook::{Expiry, Figures, Outlook};
use sizing::scenarios::Risk;
use target::OnTarget;
pub(crate) use target::composes;
use together::{Unit, units};
pub use value::{ChangeValue, How, Move, Step, Value};
use week::{Shift, Week};

/// How a finding stands.
#[derive(Clone, PartialEq, Debug)]
pub enum Standing {
    /// In the plan.
    Chosen,
    /// Another set of changes of the same target is worth more.
    Outdone,
    /// Commitments in force would stand idle: it costs more than it saves until they end.
    Covered,
    /// What the plan buys covers the same usage for less than the change would save.
    Outbid,
    /// Judged, but a price is missing: the meter.
    Unpriced(String),
    /// Fires, and saves nothing by itself: nothing would change on the bill.
    Hygiene,
    /// A risk on the same resource forbids it: what it is.
    Vetoed(String),
    /// More effort or risk than the reader asked for.
    LeftOut(String),
    /// Priced, but the change would cost more than today or save more than the target costs: an error of the page, said in
    /// the report and counted nowhere.
    Refused(String),
}

/// A finding in the plan.
#[derive(Clone, Debug)]
pub struct Planned {
    /// The finding.
    pub finding: Finding,
    /// How it stands.
    pub standing: Standing,
    /// Its value alone, when priced.
    pub alone: Option<Value>,
    /// Its share of the plan: sums exactly to the plan's totals over the chosen. Zero effective, list and covered when not chosen.
    pub share: Option<Value>,
    /// What to buy, of a finding that asks for commitments.
    pub purchase: Option<Purchase>,
}

/// The plan: every finding with its standing, and the totals of the chosen.
#[derive(Clone, Debug, Default)]
pub struct Plan {
    /// Findings, most net saving first, then effective, then id.
    pub findings: Vec<Planned>,
    /// The chosen valued alone, effective.
    pub gross: Decimal,
    /// The chosen valued together.
    pub joint: Value,
    /// List savings of the chosen that have one, and how many have none (a commitment's fee has no list price).
    pub list: Decimal,
    /// Chosen findings without a list saving.
    pub without_list: usize,
    /// Effective savings that commitments hold back, by the date on which they end; `None`: the bill does not say.
    pub held_until: BTreeMap<Option<String>, Decimal>,
    /// How well commitments fit; `None` without hourly usage that they know.
    pub outlook: Option<Outlook>,
}

impl Plan {
    /// What the chosen would count twice.
    #[must_use]
    pub fn overlap(&self) -> Decimal {
        self.gross - self.joint.effective
    }

    /// Takes in what asks for commitments: priced by what it covers, without a list price of its own.
    fn add_offer(&mut self, offer: Planned) {
        if let (Standing::Chosen, Some(alone), Some(share)) = (&offer.standing, &offer.alone, &offer.share) {
            self.gross += alone.effective;
            self.without_list += 1;
            for (date, more) in &share.held_until {
                *self.held_until.entry(date.clone()).or_default() += *more;
            }
            self.joint.add(share);
        }
        self.findings.push(offer);
    }

    /// The promise, from now, per month.
    #[must_use]
    pub fn net(&self) -> Decimal {
        self.joint.net()
    }
}

/// What the plan knows besides the findings.
#[derive(Clone, Copy, Debug)]
pub struct Evidence<'a> {
    /// Costs by target.
    pub baseline: &'a Baseline,
    /// Prices.
    pub prices: &'a PriceBook,
    /// The rules that fired: their strategy and effort.
    pub rules: &'a [Rule],
    /// The last week hour by hour, with the commitments in force; `None`: the bill is not hourly.
    pub hours: Option<&'a Hours>,
    /// What the reader is willing to do.
    pub limits: Limits,
    /// What each rule said of all that it examined.
    pub verdicts: &'a [Verdicts],
    /// Targets that are changed as one with others of the same group.
    pub groups: &'a BTreeMap<Target, Group>,
}

/// What the reader is willing to do.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub struct Limits {
    /// Most effort of an action; `None`: any.
    pub max_effort: Option<Effort>,
    /// Largest probability of harm of an action that states one; `None`: any.
    pub max_risk: Option<Decimal>,
    /// How much risk commitments may take over possible years; `None`: they are sized on the bill's own hours.
    pub commitment_risk: Option<Risk>,
}

/// Values findings, lets those on one target compete, and adds up.
#[must_use]
pub fn plan(findings: Vec<Finding>, evidence: &Evidence<'_>) -> Plan {
    let Evidence { baseline, prices, .. } = *evidence;
    let judged = findings.into_iter().map(|finding| {
        let (standing, alone) = judge(&finding, baseline, prices);
        Planned { finding, standing, alone, share: None, purchase: None }
    });
    let mut all: Vec<Planned> = judged.collect();
    limits::keep_out(&mut all, evidence);
    let (mut offers, all): (Vec<Planned>, Vec<Planned>) = all.into_iter().partition(|one| is_offer(&one.finding));
    let mut by_target: BTreeMap<Target, Vec<Planned>> = BTreeMap::new();
    for planned in all {
        by_target.entry(planned.finding.target.clone()).or_default().push(planned);
    }
    let mut week = evidence.hours.and_then(|hours| Week::new(hours, baseline, prices, &arrivals(&by_target)));
    let mut targets: Vec<OnTarget> = by_target
        .into_iter()
        .map(|(target, planned)| OnTarget::new(target, planned, evidence, week.as_ref()))
        .collect();
    let units = units(&mut targets, evidence.groups);
    let offered = week.as_ref().map(|week| commit::read(&mut offers, week, prices)).unwrap_or_default();
    if let Some(week) = &mut week {
        choose(&mut targets, &units, week, &offered, evidence.limits.commitment_risk);
    }
    units.iter().for_each(|unit| unit.set_aside(&mut targets));
    let mut out = Plan::default();
    for one in &mut targets {
        one.attribute(evidence, week.as_ref());
    }
    if let Some(week) = &mut week {
        share_out(&mut targets, week);
        // Usage before rate: commitments are sized on what is left.
        let shifts: Vec<&Shift> = targets.iter().filter_map(|one| one.shifts.last()?.as_ref()).collect();
        let (portfolio, futures) =
            commit::buy(&mut offers, &offered, week, &shifts, prices, evidence.limits.commitment_risk);
        out.outlook = Some(Outlook::new(week, &week.after(&shifts), portfolio, &offers, futures));
    }
    for one in targets {
        one.settle(&mut out);
    }
    for one in offers {
        out.add_offer(one);
    }
    out.findings.sort_by(|a, b| rank(b).cmp(&rank(a)).then_with(|| a.finding.id.cmp(&b.finding.id)));
    out
}

/// Whether a finding asks to commit to something.
fn is_offer(finding: &Finding) -> bool {
    finding.changes.iter().any(|change| matches!(change.verb, Verb::Commit(_)))
}

/// Meters that changes would bring, where they would be charged.
fn arrivals(by_target: &BTreeMap<Target, Vec<Planned>>) -> BTreeSet<(Option<String>, ClassKey)> {
    let all = by_target.iter().flat_map(|(target, planned)| planned.iter().map(move |one| (target, one)));
    let meters = all.flat_map(|(target, one)| {
        let moves = one.alone.iter().flat_map(|value| &value.moves);
        moves.filter_map(move |one| Some((target, one.to.as_ref()?.0.clone())))
    });
    meters.map(|(target, meter)| (target.account.clone(), (target.region.clone(), meter))).collect()
}

/// Lets the choices of all targets that share commitments compete: under what is in force, then with what is on offer, bought
/// anew after each sweep. The cheaper of the two stands: a change may not be worth making where a commitment to the same
/// hours saves more.
fn choose(targets: &mut [OnTarget], units: &[Unit], week: &mut Week<'_>, offered: &[Offer], risk: Option<Risk>) {
    let in_force = |week: &Week<'_>, target: &Target, one: &Move| week.simulates(target, one);
    search(targets, units, week, in_force);
    if offered.is_empty() {
        return;
    }
    let first: Vec<usize> = targets.iter().map(|one| one.chosen).collect();
    search(targets, units, &mut Market::new(week, offered), Market::decides);
    let second: Vec<usize> = targets.iter().map(|one| one.chosen).collect();
    if first == second {
        return;
    }
    let cost = |targets: &[OnTarget]| {
        let shifts: Vec<&Shift> = targets.iter().filter_map(OnTarget::shift).collect();
        let fixed: Decimal = targets.iter().map(|one| one.saved_besides(week)).sum();
        commit::month_with_bought(offered, week, &shifts, risk) - fixed
    };
    let changes = |targets: &[OnTarget]| targets.iter().map(|one| one.members().len()).sum::<usize>();
    let (with_bought, fewer) = (cost(targets), changes(targets));
    let take = |targets: &mut [OnTarget], chosen: &[usize]| {
        targets.iter_mut().zip(chosen).for_each(|(one, chosen)| one.chosen = *chosen);
    };
    take(targets, &first);
    // What is bought comes in steps; nobody changes anything for what a step leaves over.
    let least = if fewer < changes(targets) { -commit::STEP * Decimal::from(HOURS_PER_MONTH) } else { CENT };
    if with_bought + least <= cost(targets) {
        take(targets, &second);
        for (one, first) in targets.iter_mut().zip(&first) {
            one.outbid = one.chosen == 0 && *first != 0;
        }
    }
}

/// Lets the choices of targets compete in a world; those whose choices it does not weigh have chosen already. The world is
/// left as it came.
fn search<W: World<Change = Shift>>(
    targets: &mut [OnTarget],
    units: &[Unit],
    world: &mut W,
    weighed: impl Fn(&W, &Target, &Move) -> bool,
) {
    let resource = |one: &Unit| one.resource(targets, |target, step| weighed(world, target, step));
    let (shared, resources): (Vec<&Unit>, Vec<Resource<Shift>>) =
        units.iter().filter_map(|one| Some((one, resource(one)?))).unzip();
    let found = joint::search(world, &resources, &joint::Limits::default());
    for (one, chosen) in shared.iter().zip(&found.chosen) {
        one.take(*chosen, targets);
    }
    for (resource, chosen) in resources.iter().zip(&found.chosen) {
        if let Some(change) = resource.choices.get(*chosen).and_then(|choice| choice.change.as_ref()) {
            world.revert(change);
        }
    }
}

/// What each step of the plan saves under the commitments, in the order of display: what goes, then what is switched off,
/// then what is changed; largest first.
fn share_out(targets: &mut [OnTarget], week: &mut Week<'_>) {
    let mut steps: Vec<(usize, usize)> = Vec::new();
    for (at, one) in targets.iter().enumerate().filter(|(_, one)| one.is_simulated()) {
        steps.extend((0..one.members().len()).map(|step| (at, step)));
    }
    steps.sort_by(|a, b| {
        let order = |(at, step): &(usize, usize)| {
            let planned = &targets[*at].step(*step);
            let alone = planned.alone.as_ref().map(|value| value.effective).unwrap_or_default();
            (*step, verb_order(&planned.finding), std::cmp::Reverse(alone), planned.finding.id.clone())
        };
        order(a).cmp(&order(b))
    });
    let dates = week.dates();
    let mut before = week.months();
    let mut saved: Vec<Vec<Decimal>> = Vec::new();
    for (at, step) in &steps {
        let one = &targets[*at];
        if let Some(change) = step.checked_sub(1).and_then(|previous| one.shifts[previous].as_ref()) {
            week.revert(change);
        }
        if let Some(change) = &one.shifts[*step] {
            week.apply(change);
        }
        let after = week.months();
        let step = before.iter().zip(&after).map(|(before, after)| money(before - after));
        saved.push(step.collect());
        before = after;
    }
    let last: Vec<&Shift> = targets.iter().filter_map(|one| one.shifts.last()?.as_ref()).collect();
    let exact = week.exact(&last);
    for (epoch, exact) in exact.iter().enumerate() {
        // Steps are rounded; the sum is not. What is between them, far below a cent, goes to the largest.
        let sum: Decimal = saved.iter().map(|step| step[epoch]).sum();
        if let Some(largest) = saved.iter_mut().max_by_key(|step| step[epoch]) {
            largest[epoch] += exact.round_dp(PLACES) - sum;
        }
    }
    for ((at, step), saved) in steps.iter().zip(saved) {
        targets[*at].hold(*step, &saved, &dates);
    }
}

/// Dollars of a quick figure: what floats add beyond a millionth is noise.
fn money(float: f64) -> Decimal {
    Decimal::from_f64(float).unwrap_or_default().round_dp(6)
}

fn rank(planned: &Planned) -> (bool, Decimal, Decimal) {
    let value = planned.share.as_ref().or(planned.alone.as_ref());
    (
        planned.standing == Standing::Chosen,
        value.map(Value::net).unwrap_or_default(),
        value.map(|v| v.effective).unwrap_or_default(),
    )
}

fn judge(finding: &Finding, baseline: &Baseline, prices: &PriceBook) -> (Standing, Option<Value>) {
    if is_offer(finding) || finding.changes.is_empty() {
        return (Standing::Hygiene, None);
    }
    let value = match value::value(&[finding], baseline, prices) {
        Ok(value) => value,
        Err(missing) => return (Standing::Unpriced(missing), None),
    };
    let cost = baseline.cost_of(&finding.target);
    let row = finding.changes.first().map_or(0, |c| c.row);
    if value.effective < Decimal::ZERO {
        let why = format!(
            "{}, result row {row}: the change costs {} more a month than today",
            finding.rule,
            (-value.effective).round_dp(2)
        );
        return (Standing::Refused(why), Some(value));
    }
    if value.effective > cost + CENT {
        let why = format!(
            "{}, result row {row}: saves {} of {} that the target costs",
            finding.rule,
            value.effective.round_dp(2),
            cost.round_dp(2)
        );
        return (Standing::Refused(why), Some(value));
    }
    let drops = finding.changes.iter().any(|change| change.verb == Verb::Drop);
    if baseline.estimated && drops && !baseline.lines.contains_key(&finding.target) {
        return (Standing::Unpriced("this resource".into()), None);
    }
    // Nothing on the bill changes: a tidy account, not a saving.
    let standing = if value.effective.is_zero() && value.list.unwrap_or_default().is_zero() {
        Standing::Hygiene
    } else {
        Standing::Chosen
    };
    (standing, Some(value))
}

const CENT: Decimal = Decimal::from_parts(1, 0, 0, false, 2);

fn verb_order(finding: &Finding) -> usize {
    let of = |verb: &Verb| match verb {
        Verb::Drop => 0,
        Verb::Mask(_) => 1,
        Verb::Swap { .. } => 2,
        Verb::Once(_) => 3,
        Verb::Commit(_) => 4,
    };
    finding.changes.iter().map(|c| of(&c.verb)).min().unwrap_or(3)
}

impl Planned {
    /// The id.
    #[must_use]
    pub fn id(&self) -> &FindingId {
        &self.finding.id
    }
}

#[cfg(test)]
mod tests;
