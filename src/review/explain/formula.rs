//! The formula of a finding with its numbers: run rates, what changes, and the way to the review's figures.
//!
//! Knows: the baseline's lines, the plan's values. Computes sums and differences of them only. How a run rate comes about is
//! told from the rows of the bill, and only where they come to the baseline's own figure.

use std::collections::{BTreeMap, BTreeSet};

use rust_decimal::Decimal;

use super::{Amount, ChangeFormula, Formula, Inputs, LedgerLine, NetFrom, RunRate, RunRatePart, Share, StepFormula};
use crate::billing::{DayRow, UnusedCost};
use crate::derive::baseline::Line;
use crate::finding::{Change, Finding, Verb};
use crate::id::{Meter, Target};
use crate::money::PLACES;
use crate::period::{HOURS_PER_MONTH, HOURS_PER_WEEK, midnight};
use crate::plan::{ChangeValue, How, Planned, Standing, Step, Value};

/// The formula of a finding.
pub(super) fn formula(of: &Inputs<'_>, finding: &Finding) -> Formula {
    let lines = of.baseline.lines.get(&finding.target).map(Vec::as_slice).unwrap_or_default();
    let planned = of.plan.findings.iter().find(|planned| planned.finding.id == finding.id);
    let alone = planned.and_then(|planned| planned.alone.as_ref());
    let share = planned.filter(|p| p.standing == Standing::Chosen).and_then(|planned| planned.share.as_ref());
    let touched: BTreeSet<usize> = match alone {
        Some(value) => value.changes.iter().flat_map(|c| &c.steps).filter_map(|step| step.line).collect(),
        None => {
            let by_some = |line: &Line| finding.changes.iter().any(|change| touches(change, line));
            lines.iter().enumerate().filter(|(_, line)| by_some(line)).map(|(place, _)| place).collect()
        }
    };
    let (today, others): (Vec<_>, Vec<_>) = lines.iter().enumerate().partition(|(place, _)| touched.contains(place));
    let with = chosen_beside(of, finding);
    let changes: Vec<ChangeFormula> = alone.map(|value| changes(&value.changes, lines)).unwrap_or_default();
    Formula {
        note: alone.is_none().then(|| no_figure(planned)),
        today: today.into_iter().map(|(_, line)| run_rate(of, finding, line)).collect(),
        others: others.len(),
        others_cost: exact(others.into_iter().map(|(_, line)| line.effective).sum()),
        cost: exact(of.baseline.cost_of(&finding.target)),
        ledger: alone.map(|value| ledger(value, &changes, share, &with)).unwrap_or_default(),
        changes,
        once: alone.map(|value| self::changes(&value.once_changes, lines)).unwrap_or_default(),
        share: share.map(|value| share_of(value, with)),
    }
}

/// As the review shows it, digit for digit.
fn share_of(value: &Value, with: Vec<String>) -> Share {
    let mut later: Vec<NetFrom> =
        value.held_until.iter().map(|(date, adds)| NetFrom { date: date.clone(), adds: Amount(*adds) }).collect();
    // What the export does not date comes last.
    later.sort_by_key(|later| later.date.is_none());
    Share {
        effective: Amount(value.effective),
        list: value.list.map(Amount),
        committed: Amount(value.covered),
        net: Amount(value.net()),
        later,
        with,
    }
}

/// Rounded as the review rounds.
pub(super) fn exact(number: Decimal) -> Amount {
    Amount(number.round_dp(PLACES))
}

fn no_figure(planned: Option<&Planned>) -> String {
    match planned.map(|planned| &planned.standing) {
        None => "no figure: what its owner accepts is not valued".into(),
        Some(Standing::Unpriced(meter)) => format!("no figure: there is no price for {meter}"),
        Some(_) => "no figure: somebody has to look; the page does not say what would change on the bill".into(),
    }
}

/// Whether a change is about a line that is charged today.
fn touches(change: &Change, line: &Line) -> bool {
    let touched = match change.verb {
        Verb::Drop | Verb::Mask(_) => true,
        Verb::Swap { .. } => change.quantity != Some(Decimal::ZERO),
        _ => false,
    };
    touched && (change.meter.is_none() || change.meter == line.meter)
}

/// The other chosen findings of the target.
fn chosen_beside(of: &Inputs<'_>, finding: &Finding) -> Vec<String> {
    let beside = of.plan.findings.iter().filter(|other| {
        other.standing == Standing::Chosen && other.finding.target == finding.target && other.finding.id != finding.id
    });
    beside.map(|other| other.finding.id.to_string()).collect()
}

/// A difference up to this comes from the engine's rounding of each part.
const ROUNDING: Decimal = Decimal::from_parts(1, 0, 0, false, 9);

fn run_rate(of: &Inputs<'_>, finding: &Finding, line: &Line) -> RunRate {
    let Target { account, region, .. } = &finding.target;
    let marginal = of.plan.outlook.as_ref().and_then(|outlook| {
        let key = (account.clone().unwrap_or_default(), (region.clone(), line.meter.clone()?));
        outlook.marginal.get(&key).copied().map(exact)
    });
    let agrees = |parts: &Vec<RunRatePart>| {
        let month = Decimal::from(HOURS_PER_MONTH);
        let sum: Decimal = parts.iter().map(|part| part.cost.0 * month / Decimal::from(part.hours)).sum();
        (sum - line.effective).abs() <= ROUNDING
    };
    let told = [Some(usage_parts(of, line)), unused_part(of, line)].into_iter().flatten().find(agrees);
    let note = match (&told, line.effective.is_zero()) {
        (Some(_), _) => None,
        (None, true) => Some("no charge in the last 2 complete days: it is gone and saves nothing"),
        (None, false) => Some("the rows below do not give it in one step"),
    };
    RunRate {
        meter: line.meter.as_ref().map(ToString::to_string),
        unit: line.unit.clone(),
        parts: told.unwrap_or_default(),
        note: note.map(str::to_owned),
        effective: exact(line.effective),
        list: line.list.map(exact),
        quantity: line.quantity.map(exact),
        covered: exact(line.covered),
        committed_until: line.committed_until.clone(),
        marginal,
    }
}

/// Usage of the last 7 complete days; longer charges that have not ended count with their own length.
fn usage_parts(of: &Inputs<'_>, line: &Line) -> Vec<RunRatePart> {
    let window = of.as_of.run_rate_window();
    let recent = of.as_of.recent_window().start();
    let mut parts: BTreeMap<(bool, i64), Decimal> = BTreeMap::new();
    for row in of.rows.days.iter().filter(|row| is_usage_of(row, line)) {
        let Some(start) = row.day.map(midnight).filter(|start| *start < window.end()) else { continue };
        if !row.long && start >= window.start() {
            *parts.entry((false, HOURS_PER_WEEK)).or_default() += row.effective;
        }
        if let Some(end) = row.end.filter(|end| row.long && *end > recent) {
            let hours = end.min(window.end()).duration_since(start).as_hours().max(1);
            *parts.entry((true, hours)).or_default() += row.effective;
        }
    }
    let part = |((long, hours), cost): ((bool, i64), Decimal)| RunRatePart {
        cost: exact(cost),
        what: if long { "of charges for more than a day each" } else { "in the last 7 complete days" }.into(),
        hours,
    };
    parts.into_iter().map(part).collect()
}

fn is_usage_of(row: &DayRow, line: &Line) -> bool {
    row.category.as_deref() == Some("Usage")
        && row.status.as_deref() != Some("Unused")
        && (&row.meter, &row.service, &row.unit) == (&line.meter, &line.service, &line.unit)
}

/// What commitments of a scope did not use since their billing period began. Nobody used it: it has no service and no quantity.
fn unused_part(of: &Inputs<'_>, line: &Line) -> Option<Vec<RunRatePart>> {
    if line.service.is_some() || line.quantity.is_some() {
        return None;
    }
    let unused: Vec<&UnusedCost> = of.rows.unused.iter().filter(|unused| unused.meter == line.meter).collect();
    let period = unused.first()?.period;
    let end = midnight(period.last_of_month().tomorrow().ok()?).min(of.as_of.timestamp());
    Some(vec![RunRatePart {
        cost: exact(unused.iter().map(|unused| unused.effective).sum()),
        what: format!("of commitments that covered nothing, since {period}"),
        hours: end.duration_since(midnight(period)).as_hours().max(1),
    }])
}

fn changes(values: &[ChangeValue], lines: &[Line]) -> Vec<ChangeFormula> {
    values
        .iter()
        .map(|value| {
            let steps: Vec<StepFormula> = value.steps.iter().map(|step| step_formula(step, lines)).collect();
            let sum = |of: fn(&StepFormula) -> Decimal| steps.iter().map(of).sum::<Decimal>();
            // What is valued on the usage of an account has no lines of its own.
            let whole = steps.is_empty();
            let (cost, new_cost) = match whole {
                true => (exact(value.cost).0, exact(value.new_cost).0),
                false => (sum(|step| step.cost.0), sum(|step| step.new_cost.0)),
            };
            let list_saves: Option<Decimal> = steps.iter().map(list_saves).sum();
            ChangeFormula {
                verb: value.verb.into(),
                what: words(value),
                cost: Amount(cost),
                new_cost: Amount(new_cost),
                saves: Amount(cost - new_cost),
                list_saves: list_saves.filter(|_| !whole).map(Amount),
                steps,
            }
        })
        .collect()
}

/// What a step saves at list price; a line that stays as it is saves nothing, whether its list price is known or not.
fn list_saves(step: &StepFormula) -> Option<Decimal> {
    match (step.list, step.new_list) {
        (Some(list), Some(new_list)) => Some(list.0 - new_list.0),
        (None, None) if step.cost == step.new_cost => Some(Decimal::ZERO),
        _ => None,
    }
}

/// `swap A → B`.
fn words(value: &ChangeValue) -> String {
    let name = |meter: &Option<Meter>| meter.as_ref().map_or("every meter".into(), ToString::to_string);
    match (value.verb, &value.new_meter) {
        (verb @ ("add" | "once"), new) => format!("{verb} {}", name(new)),
        (verb, Some(new)) if Some(new) != value.meter.as_ref() => format!("{verb} {} → {new}", name(&value.meter)),
        ("swap", _) if value.new_cost < value.cost => format!("less of {}", name(&value.meter)),
        ("swap", _) => format!("another quantity of {}", name(&value.meter)),
        ("commit", _) => "commit: what the last week costs without and with it".into(),
        (verb, _) => format!("{verb} {}", name(&value.meter)),
    }
}

fn step_formula(step: &Step, lines: &[Line]) -> StepFormula {
    let line = step.line.and_then(|place| lines.get(place));
    let mut out = StepFormula {
        meter: line.and_then(|line| line.meter.as_ref()).map(ToString::to_string),
        how: "gone".into(),
        cost: exact(step.cost),
        new_cost: exact(step.new_cost),
        list: step.list.map(exact),
        new_list: step.new_list.map(exact),
        quantity: None,
        of: None,
        unit: line.and_then(|line| line.unit.clone()),
        price: None,
        list_price: None,
        source: None,
    };
    match &step.how {
        How::Priced { quantity, price } => {
            out.how = "priced".into();
            out.quantity = Some(exact(*quantity));
            out.unit = Some(price.unit.to_string());
            out.price = Some(exact(price.effective));
            out.list_price = price.list.map(exact);
            out.source = Some(price.source.clone());
        }
        How::Scaled { quantity, of } | How::Masked { quantity, of } => {
            let masked = matches!(step.how, How::Masked { .. });
            out.how = if masked { "masked" } else { "scaled" }.into();
            out.quantity = Some(exact(*quantity));
            out.of = Some(exact(*of));
        }
        How::Gone => {}
    }
    out
}

/// Lines in which every sum is what stands above it.
#[derive(Default)]
struct Ledger {
    lines: Vec<LedgerLine>,
    effective: Decimal,
    list: Option<Decimal>,
}

impl Ledger {
    fn part(&mut self, what: String, effective: Decimal, list: Option<Decimal>) {
        self.effective += effective;
        self.list = self.list.zip(list).map(|(sum, part)| sum + part);
        self.lines.push(LedgerLine { what, effective: Amount(effective), list: list.map(Amount), sum: false });
    }

    /// A figure of the review; what is missing to it is a part of its own, with that name.
    fn sum(&mut self, what: &str, effective: Decimal, list: Option<Decimal>, missing: &str) {
        let rest = effective - self.effective;
        let list_rest = list.zip(self.list).map(|(wanted, sum)| wanted - sum);
        if !rest.is_zero() || list_rest.is_some_and(|rest| !rest.is_zero()) {
            self.part(missing.to_owned(), rest, list_rest);
        }
        (self.effective, self.list) = (effective, list);
        let line =
            LedgerLine { what: what.to_owned(), effective: Amount(effective), list: list.map(Amount), sum: true };
        self.lines.push(line);
    }

    /// From the effective saving to the net one.
    fn commitments(&mut self, value: &Value, what: &str) {
        if value.covered.is_zero() {
            return;
        }
        let charged = value.covered > Decimal::ZERO;
        let missing = if charged {
            "commitments in force go on charging it"
        } else {
            "commitments that it frees pay for other usage"
        };
        // What commitments pay is not asked at list price.
        self.sum(what, value.net(), value.list, missing);
    }
}

fn ledger(alone: &Value, changes: &[ChangeFormula], share: Option<&Value>, with: &[String]) -> Vec<LedgerLine> {
    let mut ledger = Ledger { list: Some(Decimal::ZERO), ..Ledger::default() };
    for change in changes {
        ledger.part(change.what.clone(), change.saves.0, change.list_saves.map(|saves| saves.0));
    }
    let whole = changes.iter().any(|change| change.steps.is_empty());
    let missing = if whole { "without the rest of the plan, on today's usage" } else { "rounding to 12 places" };
    ledger.sum("effective saving, alone", alone.effective, alone.list, missing);
    let Some(share) = share else {
        ledger.commitments(alone, "net saving, alone");
        return ledger.lines;
    };
    if (share.effective, share.list) != (alone.effective, alone.list) {
        let beside = if with.is_empty() { "other findings".to_owned() } else { with.join(", ") };
        let counted = format!("counted with {beside} already");
        ledger.sum("effective saving, in the plan", share.effective, share.list, &counted);
    }
    ledger.commitments(share, "net saving, in the plan");
    ledger.lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_sum_is_the_sum_of_what_stands_above_it() {
        let half = Decimal::new(5, 1);
        let mut ledger = Ledger { list: Some(Decimal::ZERO), ..Ledger::default() };
        ledger.part("a".into(), Decimal::TEN, Some(Decimal::TEN));
        ledger.part("b".into(), -half, None);
        ledger.sum("alone", Decimal::new(95, 1), None, "rounding");
        ledger.sum("in the plan", Decimal::from(8), Some(Decimal::ONE), "counted with c");
        let lines: Vec<(&str, Decimal, bool)> =
            ledger.lines.iter().map(|l| (l.what.as_str(), l.effective.0, l.sum)).collect();
        assert_eq!(
            lines,
            [
                ("a", Decimal::TEN, false),
                ("b", -half, false),
                ("alone", Decimal::new(95, 1), true),
                ("counted with c", Decimal::new(-15, 1), false),
                ("in the plan", Decimal::from(8), true),
            ]
        );
    }
}
