//! Which changes together, and what they are worth.
//!
//! Each finding is valued alone, then findings on one target compete or compose: drop absorbs, a swap and a mask compose,
//! two swaps of one meter compete, disjoint meters compose. The best set of each target is chosen by net, then effective,
//! saving. Gross is the chosen findings valued alone; overlap is what that counts twice; what commitments in force go on
//! charging is taken off; the rest is net, the promise. Does not know: tables, pages, how a figure is printed.

use std::collections::BTreeMap;

use rust_decimal::Decimal;

use crate::derive::baseline::Baseline;
use crate::finding::{Finding, Verb};
use crate::id::{FindingId, Meter, Target};
use crate::prices::PriceBook;

mod value;

pub use value::{ChangeValue, Value};

/// How a finding stands.
#[derive(Clone, PartialEq, Debug)]
pub enum Standing {
    /// In the plan.
    Chosen,
    /// Another set of changes of the same target is worth more.
    Outdone,
    /// Judged, but a price is missing: the meter.
    Unpriced(String),
    /// Fires, worth nothing: nothing would change on the bill.
    Hygiene,
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
}

impl Plan {
    /// What the chosen would count twice.
    #[must_use]
    pub fn overlap(&self) -> Decimal {
        self.gross - self.joint.effective
    }

    /// The promise, from now, per month.
    #[must_use]
    pub fn net(&self) -> Decimal {
        self.joint.net()
    }
}

/// Values findings, lets those on one target compete, and adds up.
#[must_use]
pub fn plan(findings: Vec<Finding>, baseline: &Baseline, prices: &PriceBook) -> Plan {
    let mut by_target: BTreeMap<Target, Vec<Planned>> = BTreeMap::new();
    for finding in findings {
        let (standing, alone) = judge(&finding, baseline, prices);
        let planned = Planned { finding, standing, alone, share: None };
        by_target.entry(planned.finding.target.clone()).or_default().push(planned);
    }
    let mut out = Plan::default();
    for planned in by_target.into_values() {
        choose(planned, baseline, prices, &mut out);
    }
    out.findings.sort_by(|a, b| rank(b).cmp(&rank(a)).then_with(|| a.finding.id.cmp(&b.finding.id)));
    out
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
    if finding.changes.is_empty() {
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
    // Nothing on the bill changes: a tidy account, not a saving.
    let standing = if value.effective.is_zero() && value.list.unwrap_or_default().is_zero() {
        Standing::Hygiene
    } else {
        Standing::Chosen
    };
    (standing, Some(value))
}

const CENT: Decimal = Decimal::from_parts(1, 0, 0, false, 2);

/// At most this many findings of one target are combined exhaustively; beyond, the best single ones are.
const MAX_COMBINED: usize = 10;

fn choose(mut planned: Vec<Planned>, baseline: &Baseline, prices: &PriceBook, out: &mut Plan) {
    let mut candidates: Vec<usize> = (0..planned.len()).filter(|i| planned[*i].standing == Standing::Chosen).collect();
    candidates.sort_by(|a, b| rank(&planned[*b]).cmp(&rank(&planned[*a])).then_with(|| a.cmp(b)));
    candidates.truncate(MAX_COMBINED);
    let mut best: (Vec<usize>, Value) = (Vec::new(), Value::default());
    for set in 1_u32..1 << candidates.len() {
        let members: Vec<usize> =
            candidates.iter().enumerate().filter(|(bit, _)| set >> bit & 1 == 1).map(|(_, i)| *i).collect();
        let findings: Vec<&Finding> = members.iter().map(|i| &planned[*i].finding).collect();
        if !composes(&findings) {
            continue;
        }
        let Ok(value) = value::value(&findings, baseline, prices) else { continue };
        let better = (value.net(), value.effective) > (best.1.net(), best.1.effective);
        // Fewer actions for the same money: a change that adds nothing is not asked for.
        if better {
            best = (members, value);
        }
    }
    let (members, joint) = best;
    attribute(&mut planned, &members, baseline, prices);
    for (index, one) in planned.iter_mut().enumerate() {
        if one.standing == Standing::Chosen && !members.contains(&index) {
            one.standing = Standing::Outdone;
        }
        if one.standing == Standing::Chosen {
            match one.share.as_ref().and_then(|share| share.list) {
                Some(list) => out.list += list,
                None => out.without_list += 1,
            }
            out.gross += one.alone.as_ref().map(|v| v.effective).unwrap_or_default();
        }
    }
    for (date, amount) in &joint.held_until {
        *out.held_until.entry(date.clone()).or_default() += *amount;
    }
    out.joint.add(&joint);
    out.findings.append(&mut planned);
}

/// Two swaps of one meter are alternatives of each other; everything else composes.
fn composes(findings: &[&Finding]) -> bool {
    let mut swapped: std::collections::BTreeSet<Option<Meter>> = std::collections::BTreeSet::new();
    // A swap of every meter is a swap of each.
    let clash = |swapped: &std::collections::BTreeSet<Option<Meter>>, meter: &Option<Meter>| {
        swapped.contains(&None) || swapped.contains(meter) || (meter.is_none() && !swapped.is_empty())
    };
    findings.iter().all(|finding| {
        let mut own = std::collections::BTreeSet::new();
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

/// Marginal contributions in the order drop, schedule, swap: they sum exactly to the joint value.
fn attribute(planned: &mut [Planned], members: &[usize], baseline: &Baseline, prices: &PriceBook) {
    let mut order = members.to_vec();
    order.sort_by_key(|i| (verb_order(&planned[*i].finding), planned[*i].finding.id.clone()));
    let mut before = Value::default();
    for count in 1..=order.len() {
        let findings: Vec<&Finding> = order[..count].iter().map(|i| &planned[*i].finding).collect();
        let Ok(after) = value::value(&findings, baseline, prices) else { return };
        let share = after.minus(&before);
        planned[order[count - 1]].share = Some(share);
        before = after;
    }
}

fn verb_order(finding: &Finding) -> usize {
    let of = |verb: &Verb| match verb {
        Verb::Drop => 0,
        Verb::Mask(_) => 1,
        Verb::Swap { .. } => 2,
        Verb::Once(_) => 3,
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
