//! One decision: what each policy buys on the hours before it, and what that is worth in the hours after it.
//!
//! Knows: demand by hour, levels. Does not know: bills, prices, where rates come from.

use jiff::civil::Date;
use rust_decimal::Decimal;
use rust_decimal::prelude::FromPrimitive;

use super::market::Market;
use super::{Decision, Outcome, Policy, Total};
use crate::money::{Amount, PLACES};
use crate::period::{HOURS_PER_MONTH, HOURS_PER_WEEK, midnight};
use crate::plan::sizing::{self, Demand, Levels};

const WEEK: usize = HOURS_PER_WEEK as usize;
/// The look-back of AWS's recommendations: 7, 30 or 60 days are offered.
const THIRTY_DAYS: usize = 30 * 24;
/// Of a ratio, what rounding of floats can be.
const NOISE: f64 = 1e-9;
/// A loss of less than a cent a month is none.
const CENT: Decimal = Decimal::from_parts(1, 0, 0, false, 2);

/// Decides at a date and judges.
pub(super) fn decision(market: &Market, date: Date, weeks: usize) -> Decision {
    let now = market.hour(midnight(date)).unwrap_or_default();
    let before = |hours: usize| now.saturating_sub(hours)..now;
    let until = market.hours().min(now + market.term());
    let (week, month) = (market.demand(before(WEEK), None), market.demand(before(THIRTY_DAYS), None));
    let after = market.demand(now..until, None);
    // What nobody used in the last week is gone.
    let history = market.demand(before(weeks * WEEK), Some(&market.present(before(WEEK))));
    let none = Levels::none(after.scopes);
    let tried = [
        (Policy::Ours, smaller(&best(&history), &best(&week)), &week),
        (Policy::AwsLike, best(&month), &month),
        (Policy::Nothing, none.clone(), &week),
    ];
    // The search stops within its gap: hindsight is never worse than what it judges.
    let found = best(&after);
    let saving = |levels: &Levels| Worth::of(&after, levels).saving();
    let all = tried.iter().map(|(_, levels, _)| levels).chain([&found]);
    let hindsight = all.max_by(|&a, &b| saving(a).total_cmp(&saving(b))).unwrap_or(&none);
    let most = saving(hindsight);
    let outcome = |policy: Policy, levels: &Levels, own: Option<&Demand>| {
        let worth = Worth::of(&after, levels);
        let expected = Worth::of(own.unwrap_or(&after), levels);
        let (utilization, break_even) = (worth.utilization(), expected.break_even());
        Outcome {
            policy,
            bought: market.bought(levels),
            hourly: amount(levels.total()),
            promised: own.map(|_| amount(expected.saving())),
            saving: amount(worth.saving()),
            effective_savings_rate: share(worth.saving(), worth.on_demand).map(amount),
            utilization: utilization.map(amount),
            break_even: break_even.map(amount),
            below_break_even: utilization.zip(break_even).is_some_and(|(used, least)| used < least - NOISE),
            coverage: share(worth.covered, worth.on_demand).map(amount),
            regret: amount((most - worth.saving()).max(0.0)),
        }
    };
    let mut outcomes: Vec<Outcome> = tried.iter().map(|(who, levels, own)| outcome(*who, levels, Some(*own))).collect();
    outcomes.push(outcome(Policy::Clairvoyant, hindsight, None));
    Decision {
        date: date.to_string(),
        hours_before: now,
        hours_after: after.hours,
        on_demand: amount(Worth::of(&after, &none).on_demand),
        outcomes,
    }
}

/// The best levels of some hours in tenths of a cent an hour, which is what can be bought.
fn best(demand: &Demand) -> Levels {
    let sized = sizing::size(demand, &Levels::none(demand.scopes), &sizing::Limits::default()).levels;
    // A level found in floats may lie a hair below the tenth that it is.
    let whole = |level: f64| (level * 1000.0 + 1e-6).floor() / 1000.0;
    Levels { narrow: sized.narrow.iter().map(|level| whole(*level)).collect(), wide: whole(sized.wide) }
}

fn smaller(a: &Levels, b: &Levels) -> Levels {
    let narrow = a.narrow.iter().zip(&b.narrow).map(|(a, b)| a.min(*b)).collect();
    Levels { narrow, wide: a.wide.min(b.wide) }
}

/// What levels do to some hours, per month.
struct Worth {
    /// All of it on demand.
    on_demand: f64,
    /// What is bought.
    committed: f64,
    /// What of that covers usage.
    used: f64,
    /// Dollars on demand that it covers.
    covered: f64,
}

impl Worth {
    fn of(demand: &Demand, levels: &Levels) -> Worth {
        let hours = demand.hours.max(1) as f64;
        let none = Levels::none(demand.scopes);
        // Both sums in the same order: without levels nothing is covered, to the last digit.
        let (without, with) = (sizing::cost(demand, &none, &none), sizing::cost(demand, &none, levels));
        let month = |sum: f64| sum * HOURS_PER_MONTH as f64 / hours;
        let committed = levels.total() * hours;
        Worth {
            on_demand: month(without.on_demand),
            committed: month(committed),
            used: month(committed - with.unused),
            covered: month(without.on_demand - with.on_demand),
        }
    }

    fn saving(&self) -> f64 {
        self.covered - self.committed
    }

    fn utilization(&self) -> Option<f64> {
        share(self.used, self.committed)
    }

    /// 1 − s: what of a dollar on demand its cover costs.
    fn break_even(&self) -> Option<f64> {
        share(self.used, self.covered)
    }
}

fn share(part: f64, whole: f64) -> Option<f64> {
    (whole > 0.0).then(|| part / whole)
}

/// A figure of the view: where floats end.
pub(super) fn amount(float: f64) -> Amount {
    exact(Decimal::from_f64(float).unwrap_or_default())
}

fn exact(number: Decimal) -> Amount {
    Amount(number.round_dp(PLACES))
}

/// Each policy over all decisions.
pub(super) fn totals(decisions: &[Decision]) -> Vec<Total> {
    Policy::ALL.into_iter().map(|policy| total(policy, decisions)).collect()
}

fn total(policy: Policy, decisions: &[Decision]) -> Total {
    let all = decisions.iter().flat_map(|decision| decision.outcomes.iter().map(move |outcome| (decision, outcome)));
    let made: Vec<(&Decision, &Outcome)> = all.filter(|(_, outcome)| outcome.policy == policy).collect();
    let count = Decimal::from(made.len());
    let mean = |of: fn(&Decision, &Outcome) -> Decimal| {
        let sum: Decimal = made.iter().map(|(decision, outcome)| of(decision, outcome)).sum();
        sum.checked_div(count).unwrap_or_default()
    };
    let promised = made.iter().map(|(_, outcome)| outcome.promised.map(|amount| amount.0)).sum::<Option<Decimal>>();
    let promised = promised.and_then(|sum| sum.checked_div(count));
    let saving = mean(|_, outcome| outcome.saving.0);
    let worst = made.iter().min_by_key(|(_, outcome)| outcome.saving);
    let lost = made.iter().filter(|(_, outcome)| outcome.saving.0 < -CENT).count();
    Total {
        policy,
        decisions: made.len(),
        promised: promised.map(exact),
        saving: exact(saving),
        kept: promised.filter(|sum| *sum > Decimal::ZERO).and_then(|sum| saving.checked_div(sum)).map(exact),
        effective_savings_rate: saving.checked_div(mean(|decision, _| decision.on_demand.0)).map(exact),
        worst: worst.map(|(_, outcome)| outcome.saving).unwrap_or_default(),
        worst_date: worst.map(|(decision, _)| decision.date.clone()).unwrap_or_default(),
        regret: exact(mean(|_, outcome| outcome.regret.0)),
        lost,
        lost_share: exact(Decimal::from(lost).checked_div(count).unwrap_or_default()),
    }
}
