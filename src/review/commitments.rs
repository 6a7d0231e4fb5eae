//! Commitments in the view: how well those in force fit, what their ends will cost, what to buy, and the simulator's proof.

use jiff::civil::Date;
use polars::prelude::DataFrame;
use rust_decimal::Decimal;
use schemars::JsonSchema;
use serde::Serialize;

use super::{Amount, CommitmentView, Gap};
use crate::plan;
use crate::simulate::Replay;
use crate::table::read::{columns_of, dates, numbers};

/// How well commitments fit the last week.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Outlook {
    /// As things stand.
    pub today: Figures,
    /// After the plan, its purchases included.
    pub planned: Figures,
    /// What each end of a commitment adds to a month's cost after the plan, oldest first.
    pub expiries: Vec<Expiry>,
    /// Dollars an hour that would be bought too much if purchases came before the rest of the plan.
    pub over_commit: Amount,
    /// What the savings plans to buy save over possible years; absent when none is bought.
    pub futures: Option<FuturesView>,
}

/// Savings a month over possible years: each workload's level walks at random, and some go.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct FuturesView {
    /// Mean.
    pub mean: Amount,
    /// In one year of twenty it is less than this.
    pub low: Amount,
    /// Share of the years in which they lose money, a ratio.
    pub loss: Amount,
}

/// Figures of usage that commitments can cover.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Figures {
    /// Its cost at on-demand prices, per month.
    pub on_demand: Amount,
    /// What it costs, commitments included, used or not, per month.
    pub cost: Amount,
    /// Share of it that commitments pay for, in dollars on demand, a ratio.
    pub coverage: Option<Amount>,
    /// Share of the commitments that pays for usage, a ratio.
    pub utilization: Option<Amount>,
    /// 1 − cost ÷ cost on demand: the effective savings rate, a ratio.
    pub effective_savings_rate: Option<Amount>,
}

/// The end of commitments.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Expiry {
    /// Date; absent when the export does not say.
    pub date: Option<String>,
    /// Their cost per month, which ends.
    pub fees: Amount,
    /// What a month costs more from then if nothing is renewed; negative: less.
    pub step: Amount,
}

/// What to buy.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct PurchaseView {
    /// Each commitment.
    pub items: Vec<ItemView>,
    /// Dollars an hour together.
    pub hourly: Amount,
    /// Dollars an hour that would be bought too much if it came before the rest of the plan.
    pub over_commit: Amount,
    /// The saving a month if usage falls by a fifth.
    pub if_usage_falls: Amount,
    /// What a purchase sized for that usage would save more a month.
    pub regret_if_usage_falls: Amount,
    /// The saving a month if derived rates are as far off as has been seen; absent when rates are listed.
    pub at_worst_rates: Option<Amount>,
    /// What the last dollar an hour saves a month.
    pub last_dollar: Option<Amount>,
    /// Dollars an hour and the saving a month of it, from nothing to one and a half times the advice.
    pub frontier: Vec<(Amount, Amount)>,
    /// The same kind with other lengths and payments, each sized anew beside the rest of the plan.
    pub terms: Vec<TermView>,
}

/// A length and payment of a commitment.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct TermView {
    /// Kind, length and payment.
    pub term: String,
    /// Whether the plan buys it.
    pub taken: bool,
    /// Dollars an hour, upfront payments spread over the term.
    pub hourly: Amount,
    /// Paid at once.
    pub upfront: Amount,
    /// The saving a month like the last week.
    pub saving: Amount,
    /// The saving a month over three possible years, bought anew when the term ends for the usage of then; absent for reservations.
    pub futures: Option<FuturesView>,
    /// What paying in advance earns a year, a ratio; absent where nothing is paid in advance, or rates are derived.
    pub interest: Option<Amount>,
}

/// One commitment to buy.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct ItemView {
    /// Kind, length and payment.
    pub term: String,
    /// What it is for; empty: everything that the kind covers.
    pub scope: String,
    /// Instances, or units of capacity, of reservations.
    pub count: Option<Amount>,
    /// Dollars an hour, upfront payments spread over the term.
    pub hourly: Amount,
    /// Paid at once.
    pub upfront: Amount,
    /// Share of it that covers usage, a ratio.
    pub utilization: Option<Amount>,
    /// Utilization below which it costs more than it saves, a ratio.
    pub break_even: Amount,
    /// Months after which what is paid at once has paid for itself; absent: nothing is, or it never does.
    pub break_even_month: Option<Amount>,
    /// Dollars an hour to buy in each of six months, so that not all of it ends on one day; absent for instances.
    pub monthly_part: Option<Amount>,
}

/// The simulator's proof: a month of the bill, billed and simulated.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Simulation {
    /// First day.
    pub from: String,
    /// Last day, inclusive.
    pub until: String,
    /// By service, what commitments can cover; the last line is the part of commitments that covered nothing.
    pub lines: Vec<SimulationLine>,
    /// Largest difference of a service as a share of what was billed, a ratio.
    pub worst: Amount,
    /// Commitments that could not be simulated, and why.
    pub left_out: Vec<String>,
}

/// Billed against simulated.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct SimulationLine {
    /// Service code; absent: the unused part of commitments.
    pub service: Option<String>,
    /// Effective cost on the bill.
    pub billed: Amount,
    /// Effective cost simulated.
    pub simulated: Amount,
    /// simulated − billed.
    pub residual: Amount,
}

/// A service that the simulator does not replay as closely as this is a gap: half a percent.
const CLOSE: Decimal = Decimal::from_parts(5, 0, 0, false, 3);

impl Simulation {
    /// What the simulator does not come to, and what it could not take in.
    #[must_use]
    pub fn gaps(&self) -> Vec<Gap> {
        let far = |line: &&SimulationLine| line.residual.0.abs() > (line.billed.0.abs() * CLOSE).max(Decimal::ONE);
        let gap = |line: &SimulationLine| Gap {
            what: format!(
                "the simulator comes to {} where the bill says {}: net savings of what commitments cover are off by as much",
                line.simulated.0.round_dp(2),
                line.billed.0.round_dp(2)
            ),
            place: line.service.clone().unwrap_or_else(|| "unused commitments".into()),
            remedy: "zonal reservations, sharing turned off and rates that no list states are not on a bill".into(),
        };
        let left_out = |one: &String| Gap {
            what: "a commitment is not simulated; what it covers saves nothing until it ends".into(),
            place: one.clone(),
            remedy: "export the payer's bill, which holds its fee".into(),
        };
        self.lines.iter().filter(far).map(gap).chain(self.left_out.iter().map(left_out)).collect()
    }

    /// The view of a replay over the days from `first` (inclusive) to `end` (exclusive).
    #[must_use]
    pub fn of(replay: &Replay, left_out: &[(String, String)], first: Date, end: Date) -> Self {
        let line = |line: &crate::simulate::ReplayLine| SimulationLine {
            service: (!line.service.is_empty()).then(|| line.service.clone()),
            billed: Amount(line.billed.round_dp(12)),
            simulated: Amount(line.simulated.round_dp(12)),
            residual: Amount(line.residual().round_dp(12)),
        };
        Simulation {
            from: first.to_string(),
            until: end.yesterday().unwrap_or(end).to_string(),
            lines: replay.lines.iter().chain([&replay.unused]).map(line).collect(),
            worst: Amount(replay.worst().round_dp(6)),
            left_out: left_out.iter().map(|(id, why)| format!("{id}: {why}")).collect(),
        }
    }
}

impl PurchaseView {
    /// What the plan buys, in a sentence: a page says what ran on demand, not what is left of it.
    pub(super) fn sentence(&self) -> String {
        let item = |item: &ItemView| {
            let hourly = || format!("{} an hour", item.hourly.0.normalize());
            match item.count {
                Some(count) => format!("{} × {}", count.0.normalize(), item.scope),
                None if item.scope.is_empty() => hourly(),
                None => format!("{} for {}", hourly(), item.scope),
            }
        };
        let items: Vec<String> = self.items.iter().map(item).collect();
        format!("Once the rest of the plan is done: {}.", items.join(", "))
    }
}

/// Every reservation and savings plan that the bill shows.
pub(super) fn in_force(table: &DataFrame) -> Vec<CommitmentView> {
    let [ids, kinds, accounts] = columns_of(table, ["CommitmentDiscountId", "CommitmentDiscountType", "SubAccountId"]);
    let [used, unused, ratio] = ["UsedCost", "UnusedCost", "Utilization"].map(|name| numbers(table, name));
    let ends = dates(table, "CommitmentEnd");
    let rows = ids.into_iter().zip(kinds).zip(accounts).enumerate();
    rows.map(|(row, ((id, kind), account))| {
        let at = |values: &[Option<Decimal>]| values.get(row).copied().flatten();
        CommitmentView {
            id: id.unwrap_or_default(),
            kind: kind.unwrap_or_else(|| "Commitment".into()),
            account,
            used: Amount(at(&used).unwrap_or_default()),
            unused: Amount(at(&unused).unwrap_or_default()),
            utilization: at(&ratio).map(Amount),
            ends: ends.get(row).cloned().flatten(),
        }
    })
    .collect()
}

pub(super) fn outlook(outlook: &plan::Outlook) -> Outlook {
    let figures = |figures: &plan::Figures| Figures {
        on_demand: Amount(figures.on_demand),
        cost: Amount(figures.cost),
        coverage: figures.coverage.map(Amount),
        utilization: figures.utilization.map(Amount),
        effective_savings_rate: figures.effective_savings_rate.map(Amount),
    };
    let expiry = |expiry: &plan::Expiry| Expiry {
        date: expiry.date.clone(),
        fees: Amount(expiry.fees),
        step: Amount(expiry.step),
    };
    Outlook {
        today: figures(&outlook.today),
        planned: figures(&outlook.planned),
        expiries: outlook.expiries.iter().map(expiry).collect(),
        over_commit: Amount(outlook.over_commit),
        futures: outlook.futures.map(futures),
    }
}

fn futures(futures: plan::Futures) -> FuturesView {
    FuturesView { mean: Amount(futures.mean), low: Amount(futures.low), loss: Amount(futures.loss) }
}

pub(super) fn purchase(purchase: &plan::Purchase) -> PurchaseView {
    let item = |item: &plan::Item| ItemView {
        term: item.term.words(),
        scope: item.scope.clone(),
        count: item.count.map(Amount),
        hourly: Amount(item.hourly),
        upfront: Amount(item.upfront),
        utilization: item.utilization.map(Amount),
        break_even: Amount(item.break_even),
        break_even_month: item.break_even_month.map(Amount),
        monthly_part: item.monthly_part.map(Amount),
    };
    let term = |choice: &plan::TermChoice| TermView {
        term: choice.term.words(),
        taken: choice.taken,
        hourly: Amount(choice.hourly),
        upfront: Amount(choice.upfront),
        saving: Amount(choice.saving),
        futures: choice.futures.map(futures),
        interest: choice.interest.map(Amount),
    };
    PurchaseView {
        terms: purchase.terms.iter().map(term).collect(),
        items: purchase.items.iter().map(item).collect(),
        hourly: Amount(purchase.items.iter().map(|item| item.hourly).sum::<Decimal>()),
        over_commit: Amount(purchase.over_commit),
        if_usage_falls: Amount(purchase.if_usage_falls),
        regret_if_usage_falls: Amount(purchase.regret_if_usage_falls),
        at_worst_rates: purchase.at_worst_rates.map(Amount),
        last_dollar: purchase.last_dollar.map(Amount),
        frontier: purchase.frontier.iter().map(|(hourly, saving)| (Amount(*hourly), Amount(*saving))).collect(),
    }
}
