//! A bill as the simulator's input: its hours as usage, its commitments as a portfolio.
//!
//! Knows: how a fee's meter names the kind of a commitment, that a savings plan's rates are those at which the bill shows it
//! cover usage, else those of the price lists. Does not know: what is simulated with it. A reservation counts as regional:
//! bills do not say which are zonal.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use rust_decimal::Decimal;

use super::eligible::{Eligible, Pool, eligible, units};
use super::{Benefit, Cell, Class, Commitment, Hour, Portfolio, Sharing, Usage};
use crate::derive::hourly::{Hourly, Sums};
use crate::derive::in_force::{Covered, InForce};
use crate::id::Meter;
use crate::money::PLACES;
use crate::prices::{Payment, Plan, PriceBook, Term};

/// Usage and commitments of a bill.
#[derive(Clone, Debug)]
pub struct FromBill {
    /// Hours.
    pub usage: Usage,
    /// Commitments in force.
    pub portfolio: Portfolio,
    /// Commitments that cannot be simulated, with the reason.
    pub left_out: Vec<(String, String)>,
    /// Places of classes by region and meter.
    pub places: BTreeMap<ClassKey, usize>,
}

/// Region and meter: what a price is for.
pub type ClassKey = (Option<String>, Meter);

/// Reads the usage and the commitments of a bill; `also`: classes that changes would bring, which nobody used yet.
#[must_use]
pub fn from_bill(hourly: &Hourly, in_force: &[InForce], prices: &PriceBook, also: &BTreeSet<ClassKey>) -> FromBill {
    let mut accounts: BTreeMap<String, usize> = BTreeMap::new();
    let mut places: BTreeMap<ClassKey, usize> = BTreeMap::new();
    let mut sums: BTreeMap<ClassKey, Vec<&Sums>> = BTreeMap::new();
    for (key, sum) in &hourly.keys {
        accounts.entry(key.account.clone().unwrap_or_default()).or_default();
        if eligible(&key.meter).is_some() {
            sums.entry((key.region.clone(), key.meter.clone())).or_default().push(sum);
        }
    }
    for key in also.iter().filter(|key| eligible(&key.1).is_some()) {
        sums.entry(key.clone()).or_default();
    }
    accounts.values_mut().enumerate().for_each(|(place, slot)| *slot = place);
    let shares = paid_shares(hourly);
    let mut classes = Vec::new();
    for (key, sums) in sums {
        let on_demand = on_demand(&key, &sums, &shares, prices);
        if let Some(class) = class(&key, on_demand) {
            places.insert(key, classes.len());
            classes.push(class);
        }
    }
    let cells = |(place, quantity): &(usize, Decimal)| {
        let (key, _) = hourly.keys.get(*place)?;
        let class = *places.get(&(key.region.clone(), key.meter.clone()))?;
        let account = *accounts.get(key.account.as_deref().unwrap_or_default())?;
        Some(Cell { account, class, quantity: *quantity })
    };
    let hour = |(start, used): (&Timestamp, &Vec<(usize, Decimal)>)| Hour {
        start: *start,
        cells: used.iter().filter_map(cells).collect(),
    };
    let hours = hourly.hours.iter().map(hour).collect();
    let usage = Usage { accounts: accounts.into_keys().collect(), classes, hours };
    let mut left_out = Vec::new();
    let mut commitments = Vec::new();
    for one in in_force {
        match commitment(one, &usage, prices) {
            Ok(commitment) => commitments.push(commitment),
            Err(why) => left_out.push((one.id.clone(), why)),
        }
    }
    FromBill { usage, portfolio: Portfolio { commitments, sharing: Sharing::Everyone }, left_out, places }
}

/// The class of a meter, if commitments know it.
fn class((region, meter): &ClassKey, on_demand: Decimal) -> Option<Class> {
    let Eligible { instance_type, family, platform, units, .. } = eligible(meter)?;
    let (region, zone) = (region.clone(), None);
    Some(Class { meter: meter.clone(), region, zone, instance_type, family, platform, units, on_demand })
}

/// What is paid of list on demand, by service.
fn paid_shares(hourly: &Hourly) -> BTreeMap<String, Decimal> {
    let mut sums: BTreeMap<String, (Decimal, Decimal)> = BTreeMap::new();
    for (key, sum) in &hourly.keys {
        if let Some(list) = sum.open_list {
            let (paid, listed) = sums.entry(service(&key.meter).to_owned()).or_default();
            *paid += sum.open_cost;
            *listed += list;
        }
    }
    sums.into_iter().filter_map(|(service, (paid, listed))| Some((service, paid.checked_div(listed)?))).collect()
}

/// The service code of a meter.
#[must_use]
pub fn service(meter: &Meter) -> &str {
    meter.0.split('/').next().unwrap_or_default()
}

/// What an hour costs on demand: as paid, else list as the service is paid, else the price book's.
fn on_demand(key: &ClassKey, sums: &[&Sums], shares: &BTreeMap<String, Decimal>, prices: &PriceBook) -> Decimal {
    let total = |of: fn(&Sums) -> Decimal| sums.iter().map(|sums| of(sums)).sum::<Decimal>();
    let paid = total(|s| s.open_cost).checked_div(total(|s| s.open_quantity));
    let list = sums.iter().map(|s| s.list).sum::<Option<Decimal>>();
    let listed = || {
        let share = shares.get(service(&key.1)).copied().unwrap_or(Decimal::ONE);
        Some(list?.checked_div(total(|s| s.quantity))? * share)
    };
    let book = || prices.price(&key.1, key.0.as_deref()).map(|price| price.effective);
    paid.filter(|p| *p > Decimal::ZERO).or_else(listed).or_else(book).unwrap_or_default().round_dp(PLACES)
}

fn commitment(one: &InForce, usage: &Usage, prices: &PriceBook) -> Result<Commitment, String> {
    let hourly = one.hourly().ok_or("its fee is not in the bill")?;
    let owner = one.owner.clone().ok_or("the bill does not say who owns it")?;
    let savings_plan = one.kind.as_deref() == Some("Savings Plan");
    let benefit = if savings_plan { plan(one, usage, prices) } else { reservation(one)? };
    let (from, until) = (one.from, one.until);
    Ok(Commitment { id: one.id.clone(), owner, from, until, hourly, upfront_hourly: Decimal::ZERO, benefit })
}

fn plan(one: &InForce, usage: &Usage, prices: &PriceBook) -> Benefit {
    let name = one.meter.as_ref().and_then(|meter| meter.0.split('/').nth(1)).unwrap_or_default();
    let (kind, _) = name.split_once(':').unwrap_or((name, ""));
    let seen = one.covered.first().and_then(|(key, _)| eligible(&key.meter));
    let pool = match kind {
        _ if kind.contains("DatabaseS") => Pool::Database,
        _ if kind.contains("SageMaker") || kind.contains("MachineLearning") => Pool::MachineLearning,
        _ if kind.contains("SP") || kind.contains("SavingsPlan") => Pool::Compute,
        _ => seen.as_ref().map_or(Pool::Compute, |seen| seen.pool),
    };
    let within = (pool == Pool::Compute && kind.starts_with("EC2")).then(|| {
        let family = name.split_once(':').and_then(|(_, rest)| rest.split('.').next()).map(str::to_owned);
        let family = family.or_else(|| seen.as_ref()?.family.clone()).unwrap_or_default();
        let region = one.region.clone().or_else(|| one.covered.first()?.0.region.clone()).unwrap_or_default();
        (family, region)
    });
    let kind = match (pool, &within) {
        (Pool::Database, _) => Plan::DatabaseSavingsPlan,
        (_, Some(_)) => Plan::Ec2InstanceSavingsPlan,
        _ => Plan::ComputeSavingsPlan,
    };
    let listed = term(name, kind);
    let mut covered: BTreeMap<ClassKey, Covered> = BTreeMap::new();
    for (key, more) in &one.covered {
        let sum = covered.entry((key.region.clone(), key.meter.clone())).or_default();
        sum.quantity += more.quantity;
        sum.effective += more.effective;
    }
    let rate = |class: &Class| {
        let known = eligible(&class.meter)?;
        let inside = within.as_ref().is_none_or(|(family, region)| {
            class.family.as_ref() == Some(family) && class.region.as_ref() == Some(region)
        });
        if known.pool != pool || !inside {
            return None;
        }
        let key = (class.region.clone(), class.meter.clone());
        let billed = covered.get(&key).and_then(|sum| sum.effective.checked_div(sum.quantity));
        let share = || prices.committed_share(&class.meter, class.region.as_deref(), listed.as_ref()?);
        billed.or_else(|| Some(class.on_demand * share()?)).map(|rate| rate.round_dp(PLACES))
    };
    let rates = usage.classes.iter().enumerate().filter_map(|(place, class)| Some((place, rate(class)?))).collect();
    match (pool, within) {
        (Pool::Database, _) => Benefit::DatabaseSavingsPlan { rates },
        (Pool::MachineLearning, _) => Benefit::SageMakerSavingsPlan { rates },
        (_, Some((family, region))) => Benefit::Ec2InstanceSavingsPlan { family, region, rates },
        _ => Benefit::ComputeSavingsPlan { rates },
    }
}

/// The term that a fee's usage type states, such as `ComputeSP:1yrNoUpfront`.
fn term(name: &str, plan: Plan) -> Option<Term> {
    let years = if name.contains("1yr") {
        1
    } else if name.contains("3yr") {
        3
    } else {
        return None;
    };
    let payments = [
        ("NoUpfront", Payment::NoUpfront),
        ("PartialUpfront", Payment::PartialUpfront),
        ("AllUpfront", Payment::AllUpfront),
    ];
    let payment = payments.into_iter().find(|(word, _)| name.contains(word))?.1;
    Some(Term::Committed { plan, years, payment })
}

fn reservation(one: &InForce) -> Result<Benefit, String> {
    let fee = one.meter.as_ref().and_then(|meter| meter.0.split('/').nth(1)?.split_once(':'));
    // What it covered says most; a fee says the type.
    let most = one.covered.iter().max_by_key(|(_, covered)| covered.quantity).map(|(key, _)| &key.meter);
    let stated = || {
        let meter = one.meter.as_ref()?;
        let usage = ["BoxUsage", "InstanceUsage", "NodeUsage", "ESInstance", "Node"];
        usage.iter().find_map(|kind| {
            let (service, rest) = meter.0.split_once('/')?;
            let (heavy, tail) = rest.split_once(':')?;
            heavy
                .contains("HeavyUsage")
                .then(|| Meter(format!("{service}/{kind}:{tail}")))
                .filter(|meter| eligible(meter).is_some())
        })
    };
    let meter = most.cloned().or_else(stated).ok_or("the bill does not say what it covers")?;
    let known = eligible(&meter).ok_or_else(|| format!("{meter} is no instance that reservations cover"))?;
    // Fees name a type of instance; capacity has none.
    let instance_type = fee
        .filter(|_| known.lot == 1)
        .map(|(_, tail)| tail.split('/').next().unwrap_or(tail).to_owned())
        .or(known.instance_type.clone())
        .ok_or("the bill does not say which instance type it is for")?;
    let region = one.region.clone().or_else(|| one.covered.first()?.0.region.clone()).unwrap_or_default();
    let covered: Decimal = one.covered.iter().map(|(_, covered)| covered.quantity).sum();
    let count = one.bought.unwrap_or(covered).checked_div(one.hours).unwrap_or_default();
    // Instances are whole; a month cut short leaves the quotient a little beside.
    let whole = count.round();
    let count = if (count - whole).abs() * Decimal::ONE_HUNDRED <= whole { whole } else { count.round_dp(PLACES) };
    let size = instance_type.rsplit('.').find(|part| !["search", "elasticsearch"].contains(part)).and_then(units);
    let flexible = known.units.is_some() && size.is_some();
    Ok(Benefit::Regional {
        region,
        family: known.family.unwrap_or_default(),
        instance_type,
        platform: known.platform,
        units: size.unwrap_or(Decimal::ONE) * count,
        count,
        flexible,
    })
}
