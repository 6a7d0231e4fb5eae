//! Scale Surgeon: from a cloud bill to savings that are safe to take.
//!
//! ```text
//! AWS   ─▶ collect ─┐
//! bills ─▶ billing ─┴▶ Dataset ─▶ derive ─▶ rules ─▶ plan ─▶ review ─▶ report
//!          charges,    tables     evidence  verdicts  what    one      for people
//!          tie-out                                    it is   view
//!                                                     worth
//! ```
//!
//! Modules stand in the order of the pipeline; a module uses only modules above it (`tests/architecture.rs` holds that).
//! From `billing` on everything is a pure function of its input: same bill, rules, prices, settings and as-of, same bytes.

#![forbid(unsafe_code)]

// Words and units.
pub mod money;
pub mod quantity;
pub mod period;
pub mod ratio;
pub mod id;
pub mod pseudonym;
// Tables.
pub mod table;
pub mod dataset;
// What is asked over the network.
pub mod collect;
// Bills, evidence, prices, what things cost without a bill and under commitments.
pub mod billing;
pub mod derive;
pub mod prices;
pub mod estimate;
pub mod simulate;
pub mod redact;
// Judgement and worth.
pub mod finding;
pub mod rules;
pub mod plan;
pub mod backtest;
pub mod waivers;
pub mod advice;
pub mod history;
// For people.
pub mod review;
pub mod report;
pub mod demo;
pub mod cli;

use std::collections::{BTreeMap, BTreeSet};

use derive::baseline::Baseline;
use finding::{Finding, Verdicts};
use money::Money;
use period::AsOf;
use review::explain::Explanation;
use review::{Gap, Review};
use rules::{Rule, RuleError};
use rust_decimal::prelude::ToPrimitive;
use waivers::Waiver;

/// What a review depends on besides the bill.
#[derive(Clone, Debug, Default)]
pub struct Job {
    /// Rules to run.
    pub rules: Vec<Rule>,
    /// Accepted findings.
    pub waivers: Vec<Waiver>,
    /// Owner dimension: `tag:team`, `account`, `service`, `region`.
    pub by: Option<String>,
    /// As-of, when the end of the data is not wanted.
    pub as_of: Option<AsOf>,
    /// What the invoice says.
    pub invoice_total: Option<Money>,
    /// What is stated about prices besides the bill.
    pub prices: prices::Terms,
    /// Files of what the provider itself recommends: shown beside our findings, never planned.
    pub advice: Vec<review::Given>,
    /// Whose clock habits follow.
    pub calendar: derive::schedule::Calendar,
    /// What the reader is willing to do.
    pub limits: plan::Limits,
    /// Load, in times of today's, for which the review says what breaks first.
    pub growth: Option<rust_decimal::Decimal>,
    /// Whether the bill is the embedded demo's.
    pub demo: bool,
}

/// Why there is no review.
#[derive(Debug, thiserror::Error)]
pub enum ReviewError {
    /// Our totals are not the bill's: no finding is shown.
    #[error("{0}")]
    DoesNotTieOut(String),
    /// A rule cannot run.
    #[error(transparent)]
    Rule(#[from] RuleError),
    /// The bill has nothing that past decisions could be judged by.
    #[error(transparent)]
    NothingToJudge(#[from] backtest::commitments::Refused),
    /// The Dataset has nothing that could be replayed.
    #[error(transparent)]
    Lacking(#[from] backtest::Lacking),
    /// Nothing was measured that sizes could be judged by.
    #[error(transparent)]
    NothingToReplay(#[from] backtest::rightsizing::Refused),
    /// Nothing was measured that schedules could be judged by.
    #[error(transparent)]
    NoWeeks(#[from] backtest::schedules::Refused),
    /// The engine refused: our bug, or a changed Dataset.
    #[error("{0}")]
    Engine(#[from] polars::prelude::PolarsError),
}

/// A review, and what it rests on.
#[derive(Clone, Debug)]
pub struct Judged {
    /// The view.
    pub review: Review,
    /// Aggregates of the bill, and what is derived from them.
    pub bill: billing::Aggregates,
    /// As-of.
    pub as_of: AsOf,
    /// Costs by target.
    pub baseline: Baseline,
    /// Prices.
    pub prices: prices::PriceBook,
    /// Findings to be planned, and accepted ones.
    pub waived: waivers::Waived,
    /// What is done, and what it is worth.
    pub plan: plan::Plan,
}

/// The pipeline, from aggregates to the view.
///
/// # Errors
/// [`ReviewError::DoesNotTieOut`] before any rule runs; else what stopped it.
pub fn review(bill: billing::Aggregates, job: &Job) -> Result<Review, ReviewError> {
    Ok(judge(bill, job)?.review)
}

/// The same, with what the stages found on the way.
///
/// # Errors
/// [`ReviewError::DoesNotTieOut`] before any rule runs; else what stopped it.
pub fn judge(mut bill: billing::Aggregates, job: &Job) -> Result<Judged, ReviewError> {
    if let (Some(tie_out), Some(total)) = (&mut bill.tie_out, job.invoice_total) {
        tie_out.check_invoice(total);
    }
    ties_out(&bill)?;
    let as_of = job.as_of.unwrap_or(bill.as_of);
    derive::derive(&mut bill.tables, as_of, &job.calendar)?;
    let (prices, baseline, unpriced) = priced(&mut bill, job, as_of)?;
    let wanted = |name: &str| job.rules.iter().any(|rule| rule.tables.iter().any(|table| table == name));
    bill.tables.extend(prices::fact_tables(wanted)?);
    if wanted(table::FITTING_SHAPES.name) {
        fit(&mut bill.tables, &prices)?;
    }
    if wanted(table::SPOT_FITNESS.name) {
        spot(&mut bill.tables, as_of)?;
    }
    if wanted(table::FITTING_PERFORMANCE.name) {
        derive::fit::performance(&mut bill.tables, &derive::fit::Limits::default())?;
    }
    let growth = match job.growth {
        Some(times) => Some(review::growth(&growth(&bill.tables, &prices, times)?, &bill.tables, times, as_of)),
        None => None,
    };
    let (ready, waiting): (Vec<&Rule>, Vec<&Rule>) = job.rules.iter().partition(|rule| can_look(rule, &bill));
    let verdicts =
        ready.into_iter().map(|rule| rules::judge(rule, &bill.tables)).collect::<Result<Vec<Verdicts>, _>>()?;
    let findings: Vec<Finding> = verdicts.iter().flat_map(|v| v.findings.iter().cloned()).collect();
    let groups = derive::groups::members(&bill.tables);
    let waived = waivers::apply(findings, &job.waivers, &groups, as_of);
    // Bills by the day have no hours to simulate.
    let (none, hourly) = (BTreeMap::new(), bill.hourly);
    let tables = if hourly { &bill.tables } else { &none };
    let month = derive::hours::last_month(tables, bill.first, as_of)?;
    let simulation = month.map(|month| replay(&month, &prices));
    let mut gaps = gaps(&bill, &baseline, as_of, &waived, simulation.as_ref());
    gaps.extend(growth.iter().flat_map(review::GrowthView::gaps));
    let targets = waived.kept.iter().filter(|one| !one.changes.is_empty()).map(|one| one.target.clone()).collect();
    let hours = derive::hours::last_weeks(tables, &targets, as_of)?;
    let evidence = plan::Evidence {
        baseline: &baseline,
        prices: &prices,
        rules: &job.rules,
        hours: hours.as_ref(),
        limits: job.limits,
        verdicts: &verdicts,
        groups: &groups,
    };
    let plan = plan::plan(waived.kept.clone(), &evidence);
    let (mut advice, unread) = review::asked(&bill.tables);
    gaps.extend(unread);
    advice.extend(job.advice.iter().cloned());
    let review = review::assemble(review::Inputs {
        demo: job.demo,
        sources: bill.sources.iter().map(source).collect(),
        tie_out: bill.tie_out.as_ref(),
        unpriced: unpriced.as_ref(),
        tables: &bill.tables,
        currency: bill.currency,
        as_of,
        first: bill.first,
        last: bill.last,
        hourly: bill.hourly,
        tag_keys: &bill.tag_keys,
        rules: &job.rules,
        verdicts: &verdicts,
        waiting: &waiting,
        plan: &plan,
        simulation,
        growth,
        advice: &advice,
        waived: &waived.waived,
        baseline: &baseline,
        groups: &groups,
        by: job.by.clone(),
        gaps,
    });
    Ok(Judged { review, bill, as_of, baseline, prices, waived, plan })
}

/// Prices, costs by target, and what has no price where no bill says what things cost: that is put at list price first.
fn priced(
    bill: &mut billing::Aggregates,
    job: &Job,
    as_of: AsOf,
) -> Result<(prices::PriceBook, Baseline, Option<estimate::Unpriced>), ReviewError> {
    // What nobody billed has prices, and is no price.
    let unbilled = prices::PriceBook::new(&Baseline::default(), bill.currency, as_of.date(), job.prices.clone());
    let unpriced = match bill.tie_out {
        Some(_) => None,
        None => Some(estimate::estimate(&mut bill.tables, &unbilled, as_of)?),
    };
    let baseline = Baseline { estimated: unpriced.is_some(), ..derive::baseline::baseline(&bill.tables, as_of) };
    let prices = match unpriced {
        Some(_) => unbilled,
        None => prices::PriceBook::new(&baseline, bill.currency, as_of.date(), job.prices.clone()),
    };
    Ok((prices, baseline, unpriced))
}

/// Adds which shapes fit what was measured, by the prices that the plan will value them with.
fn fit(tables: &mut rules::Tables, prices: &prices::PriceBook) -> Result<(), polars::prelude::PolarsError> {
    let types = instance_types(tables)?;
    let price = |meter: &id::Meter, region: Option<&str>| prices.price(meter, region).map(|price| price.effective);
    derive::fit::derive(tables, &types, &price, &derive::fit::Limits::default())
}

/// What breaks first as load grows to so many times today's, at the same prices.
fn growth(
    tables: &rules::Tables,
    prices: &prices::PriceBook,
    times: rust_decimal::Decimal,
) -> Result<derive::fit::growth::Growth, polars::prelude::PolarsError> {
    let types = instance_types(tables)?;
    let price = |meter: &id::Meter, region: Option<&str>| prices.price(meter, region).map(|price| price.effective);
    let times = times.to_f64().unwrap_or(1.0);
    derive::fit::growth::derive(tables, &types, &price, &derive::fit::Limits::default(), times)
}

/// Adds which Auto Scaling groups bear spot capacity, by the published bands of interruptions.
fn spot(tables: &mut rules::Tables, as_of: AsOf) -> Result<(), polars::prelude::PolarsError> {
    let types = instance_types(tables)?;
    let band =
        |kind: &str, region: &str| prices::interruption(kind, "linux", region).map(prices::Interruption::percent);
    derive::spot::groups::derive(tables, &types, &band, as_of)
}

/// What instance types have.
fn instance_types(tables: &rules::Tables) -> Result<table::Frame, polars::prelude::PolarsError> {
    match tables.get(table::INSTANCE_TYPES.name) {
        Some(types) => Ok(types.clone()),
        None => Ok(prices::fact_tables(|name| name == table::INSTANCE_TYPES.name)?.remove(0).1),
    }
}

/// Whether a rule can look at all. One that asks what resources are waits until somebody has asked the account for them. Without a bill those
/// look that ask, and those that judge what is provisioned: what a bill does not charge for says nothing where there is none.
fn can_look(rule: &Rule, bill: &billing::Aggregates) -> bool {
    let asked_for = |name: &&String| table::find(name).is_some_and(table::Table::is_inventory);
    let mut asks = rule.tables.iter().filter(asked_for).peekable();
    let needs_bill = asks.peek().is_none() && !rule.without_bill;
    asks.all(|name| bill.tables.contains_key(name)) && (bill.tie_out.is_some() || !needs_bill)
}

fn ties_out(bill: &billing::Aggregates) -> Result<(), ReviewError> {
    match bill.tie_out.as_ref().filter(|tie_out| !tie_out.ties()) {
        Some(tie_out) => Err(ReviewError::DoesNotTieOut(tie_out.explain())),
        None => Ok(()),
    }
}

/// One finding of a review, with what its figures rest on; `charges` are its target's in the run-rate window, where the bill
/// is at hand. `None`: the review does not show it.
///
/// # Errors
/// [`ReviewError::Engine`] when a table does not have its declared columns.
pub fn explain(
    judged: &Judged,
    job: &Job,
    finding: &Finding,
    charges: Option<&billing::Charges>,
) -> Result<Option<Explanation>, ReviewError> {
    let rows = billing::rows_behind(&judged.bill.tables, &finding.target)?;
    let inputs = review::explain::Inputs {
        review: &judged.review,
        plan: &judged.plan,
        waived: &judged.waived.waived,
        baseline: &judged.baseline,
        prices: &judged.prices,
        rules: &job.rules,
        as_of: judged.as_of,
        rows: &rows,
        charges,
    };
    Ok(review::explain::explain(&inputs, finding))
}

/// How past advice to commit would have done: decided at the beginning of each month of the bill on the hours before
/// it, judged on the hours after it.
///
/// # Errors
/// [`ReviewError::DoesNotTieOut`]; [`ReviewError::NothingToJudge`] when the bill is not hourly or too short.
pub fn backtest(
    mut bill: billing::Aggregates,
    job: &Job,
    terms: &backtest::commitments::Terms,
) -> Result<backtest::commitments::Backtest, ReviewError> {
    ties_out(&bill)?;
    let as_of = job.as_of.unwrap_or(bill.as_of);
    derive::derive(&mut bill.tables, as_of, &job.calendar)?;
    let baseline = derive::baseline::baseline(&bill.tables, as_of);
    let prices = prices::PriceBook::new(&baseline, bill.currency, as_of.date(), job.prices.clone());
    let profiles = bill.tables.get("usage_profiles").filter(|_| bill.hourly);
    let from = period::midnight(bill.first);
    let open = profiles.map(|profiles| derive::hourly::open(profiles, from, as_of.timestamp())).transpose()?;
    let (open, weeks) = (open.as_ref(), derive::hours::WEEKS as usize);
    let currency = bill.currency;
    Ok(backtest::commitments::backtest(&backtest::commitments::Inputs {
        open,
        prices: &prices,
        terms,
        weeks,
        currency,
        as_of,
    })?)
}

/// How sizes chosen by the first part of traces would have done in the rest.
///
/// # Errors
/// [`ReviewError::NothingToReplay`] when no machine was measured in both parts.
pub fn backtest_rightsizing(
    traces: &dataset::traces::Traces,
    shapes: &[dataset::traces::TraceShape],
    asked: &backtest::rightsizing::Asked,
) -> Result<backtest::rightsizing::Backtest, ReviewError> {
    let machines = derive::fit::trace::machines(&traces.metrics, shapes, &traces.shapes, &asked.limits)?;
    Ok(backtest::rightsizing::backtest(&machines, asked)?)
}

/// The same of the machines of an account, beside all shapes that each could have, at the prices that a review would value them with.
///
/// # Errors
/// [`ReviewError::Lacking`] without metrics of machines, [`ReviewError::NothingToReplay`] when no machine was measured in both
/// parts, [`ReviewError::DoesNotTieOut`] for the bill beside them.
pub fn backtest_account_rightsizing(
    mut bill: billing::Aggregates,
    job: &Job,
    asked: &backtest::rightsizing::Asked,
) -> Result<backtest::rightsizing::Backtest, ReviewError> {
    ties_out(&bill)?;
    let as_of = job.as_of.unwrap_or(bill.as_of);
    has_metrics(&bill.tables)?;
    derive::derive(&mut bill.tables, as_of, &job.calendar)?;
    let (prices, _, _) = priced(&mut bill, job, as_of)?;
    let types = instance_types(&bill.tables)?;
    let price = |meter: &id::Meter, region: Option<&str>| prices.price(meter, region).map(|price| price.effective);
    let machines = derive::fit::machines(&bill.tables, &types, &price, &asked.limits)?;
    if machines.is_empty() {
        return Err(backtest::Lacking::Machines.into());
    }
    Ok(backtest::rightsizing::backtest(&machines, asked)?)
}

fn has_metrics(tables: &rules::Tables) -> Result<(), backtest::Lacking> {
    let measured = tables.get(table::RESOURCE_METRICS.name).is_some_and(|metrics| metrics.height() > 0);
    if measured { Ok(()) } else { Err(backtest::Lacking::Metrics) }
}

/// How schedules told from the first weeks of traces would have done in the later ones.
///
/// # Errors
/// [`ReviewError::NoWeeks`] when no machine was measured for long enough.
pub fn backtest_schedules(
    traces: &dataset::traces::Traces,
    calendar: &derive::schedule::Calendar,
    cut: f64,
) -> Result<backtest::schedules::Backtest, ReviewError> {
    let machines = derive::schedule::traced(&traces.metrics)?;
    Ok(backtest::schedules::backtest(&machines, calendar, cut)?)
}

/// The same of the instances and databases of an account.
///
/// # Errors
/// [`ReviewError::Lacking`] without metrics of instances or databases, [`ReviewError::NoWeeks`] when none was measured for long
/// enough.
pub fn backtest_account_schedules(
    tables: &rules::Tables,
    calendar: &derive::schedule::Calendar,
    cut: f64,
) -> Result<backtest::schedules::Backtest, ReviewError> {
    has_metrics(tables)?;
    let machines = derive::schedule::of_account(tables)?;
    if machines.is_empty() {
        return Err(backtest::Lacking::Machines.into());
    }
    Ok(backtest::schedules::backtest(&machines, calendar, cut)?)
}

/// The simulator's proof on the bill.
fn replay(month: &derive::hours::Month, prices: &prices::PriceBook) -> review::Simulation {
    let derive::hours::Month { hourly, in_force, first, end } = month;
    let read = simulate::from_bill(hourly, in_force, prices, &BTreeSet::new());
    let (replay, _) = simulate::replay(hourly, in_force, &read);
    review::Simulation::of(&replay, &read.left_out, *first, *end)
}

fn source(entry: &dataset::SourceEntry) -> review::Source {
    let total = money::parse_decimal(&entry.total).unwrap_or_default();
    review::Source {
        name: entry.name.clone(),
        format: entry.format.clone(),
        rows: entry.rows,
        total: review::Amount(total),
    }
}

/// What was left out or stands in for something missing.
fn gaps(
    bill: &billing::Aggregates,
    baseline: &Baseline,
    as_of: AsOf,
    waived: &waivers::Waived,
    simulation: Option<&review::Simulation>,
) -> Vec<Gap> {
    let unseen = review::unseen(&bill.tables, baseline);
    let mut gaps: Vec<Gap> = bill
        .gaps
        .iter()
        .map(|g| Gap { what: unseen.with_dollars(&g.place, &g.what), place: g.place.clone(), remedy: g.remedy.clone() })
        .collect();
    let days = as_of.date().since(bill.first).map_or(0, |span| span.get_days().max(0));
    if bill.tie_out.is_some() && i64::from(days) < period::HOURS_PER_WEEK / 24 {
        gaps.push(Gap {
            what: format!(
                "the files hold {days} complete {}; what is called per month counts the last 7, so it is too low",
                if days == 1 { "day of usage" } else { "days of usage" }
            ),
            place: format!("{} to {as_of}", bill.first),
            remedy: "give the exports of the days before".into(),
        });
    }
    if let Some(simulation) = simulation {
        gaps.extend(simulation.gaps());
    }
    let waiver = |w: &Waiver, what: &str| Gap {
        what: format!("a waiver {what}: {} ({}, until {})", w.reason, w.owner, w.until),
        place: w.finding.clone(),
        remedy: "remove it from surgeon.toml, or correct its finding or date".into(),
    };
    gaps.extend(waived.unmatched.iter().map(|w| waiver(w, "matches nothing")));
    gaps.extend(waived.ended.iter().map(|w| waiver(w, "has ended")));
    gaps
}
