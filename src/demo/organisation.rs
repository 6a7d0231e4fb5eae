//! The company as the billing simulator sees it: its instance meters as classes, its commitments as a portfolio.

use std::collections::BTreeMap;

use jiff::Timestamp;
use rust_decimal::Decimal;

use super::DemoError;
use super::charges::{Charge, Item, upfront_per_hour};
use super::description::{Description, Reservation, SavingsPlan, find};
use crate::id::Meter;
use crate::simulate::{Benefit, Cell, Class, Commitment, Hour, Portfolio, Sharing, Usage, eligible};

/// Which entry of the description a commitment is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Source {
    /// Place of a reservation.
    Reservation(usize),
    /// Place of a savings plan.
    Plan(usize),
}

/// Accounts and classes of usage, and what was bought.
pub(super) struct Organisation {
    pub(super) usage: Usage,
    pub(super) portfolio: Portfolio,
    /// By place in the portfolio.
    pub(super) source: Vec<Source>,
    accounts: BTreeMap<String, usize>,
    classes: BTreeMap<(String, Meter), usize>,
}

impl Organisation {
    /// Of rows of instance hours.
    pub(super) fn new(description: &Description, rows: &[Charge<'_>]) -> Result<Self, DemoError> {
        let accounts: BTreeMap<String, usize> =
            description.accounts.iter().enumerate().map(|(place, account)| (account.id.clone(), place)).collect();
        let mut usage = Usage {
            accounts: description.accounts.iter().map(|account| account.id.clone()).collect(),
            ..Usage::default()
        };
        let mut classes = BTreeMap::new();
        for item in rows.iter().map(|row| &row.item) {
            classes.entry(key(item)).or_insert_with(|| {
                usage.classes.push(class(item));
                usage.classes.len() - 1
            });
        }
        let mut one = Organisation { usage, portfolio: Portfolio::default(), source: Vec::new(), accounts, classes };
        one.portfolio.sharing = Sharing::Everyone;
        for (index, reservation) in description.reservations.iter().enumerate() {
            let benefit = one.reserved(description, reservation)?;
            let hourly = (upfront_per_hour(reservation) + reservation.hourly_fee.0) * Decimal::from(reservation.count);
            one.add(Source::Reservation(index), description, &reservation.account, &reservation.arn, hourly, benefit)?;
        }
        for (index, plan) in description.savings_plans.iter().enumerate() {
            let benefit = one.planned(description, plan)?;
            one.add(Source::Plan(index), description, &plan.account, &plan.arn, plan.commitment.0, benefit)?;
        }
        Ok(one)
    }

    fn add(
        &mut self,
        source: Source,
        description: &Description,
        owner: &str,
        id: &str,
        hourly: Decimal,
        benefit: Benefit,
    ) -> Result<(), DemoError> {
        let owner = find(&description.accounts, "account", owner, |account| account.key.as_str())?.id.clone();
        let (from, until, upfront_hourly) = (None, None, Decimal::ZERO);
        self.source.push(source);
        self.portfolio.commitments.push(Commitment {
            id: id.to_owned(),
            owner,
            from,
            until,
            hourly,
            upfront_hourly,
            benefit,
        });
        Ok(())
    }

    fn reserved(&self, description: &Description, reservation: &Reservation) -> Result<Benefit, DemoError> {
        let meter = find(&description.meters, "meter", &reservation.meter, |meter| meter.name.as_str())?;
        let known = eligible(&Meter::aws(&meter.service, &meter.usage_type, &meter.operation));
        let count = Decimal::from(reservation.count);
        Ok(Benefit::Regional {
            region: reservation.region.clone(),
            family: known.as_ref().and_then(|known| known.family.clone()).unwrap_or_default(),
            instance_type: meter.instance_type.clone(),
            platform: known.as_ref().map(|known| known.platform.clone()).unwrap_or_default(),
            units: known.as_ref().and_then(|known| known.units).unwrap_or(Decimal::ONE) * count,
            count,
            flexible: known.is_some_and(|known| known.units.is_some()),
        })
    }

    fn planned(&self, description: &Description, plan: &SavingsPlan) -> Result<Benefit, DemoError> {
        let mut rates = BTreeMap::new();
        for rate in &plan.rates {
            let meter = find(&description.meters, "meter", &rate.meter, |meter| meter.name.as_str())?;
            let meter = Meter::aws(&meter.service, &meter.usage_type, &meter.operation);
            if let Some(class) = self.classes.get(&(rate.region.clone(), meter)) {
                rates.insert(*class, rate.rate.0);
            }
        }
        Ok(match &plan.region {
            Some(region) => {
                Benefit::Ec2InstanceSavingsPlan { family: plan.family.clone(), region: region.clone(), rates }
            }
            None => Benefit::ComputeSavingsPlan { rates },
        })
    }

    /// The rows of one hour.
    pub(super) fn hour(&self, rows: &[Charge<'_>]) -> Hour {
        let cell = |row: &Charge<'_>| Cell {
            account: self.accounts.get(&row.item.account.id).copied().unwrap_or_default(),
            class: self.classes.get(&key(&row.item)).copied().unwrap_or_default(),
            quantity: row.quantity,
        };
        Hour { start: Timestamp::UNIX_EPOCH, cells: rows.iter().map(cell).collect() }
    }

    /// What a savings plan charges for an hour of an item.
    pub(super) fn rate(&self, plan: usize, item: &Item) -> Decimal {
        let place = self.source.iter().position(|source| *source == Source::Plan(plan));
        let rates = place.and_then(|place| match &self.portfolio.commitments.get(place)?.benefit {
            Benefit::Ec2InstanceSavingsPlan { rates, .. } | Benefit::ComputeSavingsPlan { rates } => Some(rates),
            _ => None,
        });
        let class = self.classes.get(&key(item));
        rates.zip(class).and_then(|(rates, class)| rates.get(class).copied()).unwrap_or_default()
    }
}

fn key(item: &Item) -> (String, Meter) {
    let region = item.region.as_ref().map(|region| region.id.clone()).unwrap_or_default();
    (region, Meter::aws(&item.service.code, &item.usage_type, &item.operation))
}

fn class(item: &Item) -> Class {
    let (region, meter) = key(item);
    let known = eligible(&meter);
    Class {
        instance_type: Some(item.instance_type.clone()),
        family: known.as_ref().and_then(|known| known.family.clone()),
        platform: known.as_ref().map(|known| known.platform.clone()).unwrap_or_else(|| "none".to_owned()),
        units: known.and_then(|known| known.units),
        on_demand: item.rate,
        region: Some(region),
        zone: None,
        meter,
    }
}
