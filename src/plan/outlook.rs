//! How well commitments fit the last week, today and after the plan, and what their ends will cost.

use std::collections::BTreeMap;

use rust_decimal::Decimal;

use super::Planned;
use super::commit::Futures;
use super::week::Week;
use crate::money::PLACES;
use crate::period::HOURS_PER_MONTH;
use crate::simulate::{self, ClassKey, Pool, Portfolio, Usage, eligible};

/// How well commitments fit.
#[derive(Clone, PartialEq, Debug)]
pub struct Outlook {
    /// As things stand.
    pub today: Figures,
    /// After the plan, its purchases included.
    pub planned: Figures,
    /// Ends of commitments in force, oldest first.
    pub expiries: Vec<Expiry>,
    /// Dollars an hour that would be bought too much if purchases came before the rest of the plan.
    pub over_commit: Decimal,
    /// What savings plans bought save over possible years.
    pub futures: Option<Futures>,
    /// What a dollar on demand really costs today, by account, region and meter, on average over the week: 1 where nothing covers
    /// it, 0 where what it frees would stand idle.
    pub marginal: BTreeMap<(String, ClassKey), Decimal>,
}

/// Usage that commitments can cover, per month like the last week.
#[derive(Clone, PartialEq, Debug)]
pub struct Figures {
    /// At on-demand prices.
    pub on_demand: Decimal,
    /// What it costs, commitments included, used or not.
    pub cost: Decimal,
    /// Share that commitments pay for, in dollars on demand.
    pub coverage: Option<Decimal>,
    /// Share of the commitments that pays for usage.
    pub utilization: Option<Decimal>,
    /// 1 − cost ÷ cost on demand.
    pub effective_savings_rate: Option<Decimal>,
}

/// The end of commitments.
#[derive(Clone, PartialEq, Debug)]
pub struct Expiry {
    /// Date; `None`: the bill does not say.
    pub date: Option<String>,
    /// Their cost per month, which ends.
    pub fees: Decimal,
    /// What a month costs more from then, after the plan and without a renewal.
    pub step: Decimal,
}

impl Figures {
    fn of(usage: &Usage, portfolio: &Portfolio) -> Self {
        let mut usage = usage.clone();
        let coverable =
            |class: usize| eligible(&usage.classes[class].meter).is_some_and(|known| known.pool != Pool::Spot);
        let coverable: Vec<bool> = (0..usage.classes.len()).map(coverable).collect();
        usage.hours.iter_mut().for_each(|hour| hour.cells.retain(|cell| coverable[cell.class]));
        let ledger = simulate::bill(&usage, portfolio);
        let month =
            |week: Decimal| (week * Decimal::from(HOURS_PER_MONTH) / Decimal::from(usage.hours.len())).round_dp(PLACES);
        let used: Decimal = ledger.commitments.iter().map(|held| held.used).sum();
        let total: Decimal = ledger.commitments.iter().map(simulate::Held::total).sum();
        Figures {
            on_demand: month(ledger.equivalent),
            cost: month(ledger.amortised()),
            coverage: ledger.coverage(),
            utilization: used.checked_div(total).map(|share| share.round_dp(PLACES)),
            effective_savings_rate: ledger.effective_savings_rate(),
        }
    }
}

impl Outlook {
    /// `rest`: the week after the plan; `portfolio`: what is in force and what is bought.
    pub(super) fn new(
        week: &Week<'_>,
        rest: &Usage,
        portfolio: Portfolio,
        offers: &[Planned],
        futures: Option<Futures>,
    ) -> Self {
        let (today, planned) = (Figures::of(week.usage(), week.in_force()), Figures::of(rest, &portfolio));
        let bought = &portfolio.commitments[week.in_force().commitments.len()..];
        let hourly = |portfolio: &Portfolio| portfolio.commitments.iter().map(|one| one.hourly).sum::<Decimal>();
        let mut before = planned.cost;
        let mut fees = hourly(&portfolio);
        let expiries = week.later().map(|(date, left)| {
            let mut left = left.clone();
            left.commitments.extend_from_slice(bought);
            let cost = Figures::of(rest, &left).cost;
            let ended = (fees - hourly(&left)) * Decimal::from(HOURS_PER_MONTH);
            let expiry = Expiry { date, fees: ended.round_dp(PLACES), step: cost - before };
            before = cost;
            fees = hourly(&left);
            expiry
        });
        let expiries = expiries.collect();
        let over_commit = offers.iter().filter_map(|one| one.purchase.as_ref()).map(|one| one.over_commit).sum();
        Outlook { today, planned, expiries, over_commit, futures, marginal: week.marginal() }
    }
}
