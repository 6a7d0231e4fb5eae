//! Small usages whose bill can be checked by eye: AWS's own examples, changes, and the laws that hold for all.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use rust_decimal::Decimal;

use super::*;
use crate::id::Meter;

mod aws;
mod changes;
mod laws;

fn dec(text: &str) -> Decimal {
    text.parse().unwrap()
}

/// So many hours after Monday 5 October 2026, 00:00 UTC.
fn at(hours: i64) -> Timestamp {
    let monday: Timestamp = "2026-10-05T00:00:00Z".parse().unwrap();
    monday + SignedDuration::from_hours(hours)
}

/// Normalisation units of the sizes used here (`apply_ri.md`).
fn units(instance_type: &str) -> Decimal {
    let size = instance_type.rsplit('.').next().unwrap();
    let units: i64 = match size {
        "large" => 4,
        "xlarge" => 8,
        "2xlarge" => 16,
        "4xlarge" => 32,
        "9xlarge" => 72,
        "24xlarge" => 192,
        _ => panic!("{size}"),
    };
    Decimal::from(units)
}

fn family(instance_type: &str) -> String {
    instance_type.split('.').next().unwrap().to_owned()
}

/// A Linux instance of default tenancy in us-east-1a.
fn instance(instance_type: &str, on_demand: &str) -> Class {
    Class {
        meter: Meter(format!("AmazonEC2/BoxUsage:{instance_type}")),
        region: Some("us-east-1".into()),
        zone: Some("us-east-1a".into()),
        instance_type: Some(instance_type.into()),
        family: Some(family(instance_type)),
        platform: String::new(),
        units: Some(units(instance_type)),
        on_demand: dec(on_demand),
    }
}

/// The same in another zone.
fn in_zone(zone: &str, class: Class) -> Class {
    Class { zone: Some(zone.into()), ..class }
}

/// A dedicated Windows instance: no size flexibility.
fn windows(instance_type: &str, on_demand: &str) -> Class {
    Class { platform: "Windows, dedicated".into(), units: None, ..instance(instance_type, on_demand) }
}

/// Usage without an instance type.
fn other(meter: &str, on_demand: &str) -> Class {
    Class {
        meter: Meter(meter.into()),
        region: Some("us-west-1".into()),
        zone: None,
        instance_type: None,
        family: None,
        platform: String::new(),
        units: None,
        on_demand: dec(on_demand),
    }
}

/// One hour; cells are account, class, quantity.
fn one_hour(accounts: &[&str], classes: Vec<Class>, cells: &[(usize, usize, &str)]) -> Usage {
    let cells = cells.iter().map(|(account, class, quantity)| Cell {
        account: *account,
        class: *class,
        quantity: dec(quantity),
    });
    Usage {
        accounts: accounts.iter().map(|account| (*account).to_owned()).collect(),
        classes,
        hours: vec![Hour { start: at(0), cells: cells.collect() }],
    }
}

/// The first hour's cells in so many hours.
fn repeated(usage: &Usage, hours: i64) -> Usage {
    let cells = &usage.hours[0].cells;
    let hours = (0..hours).map(|hour| Hour { start: at(hour), cells: cells.clone() }).collect();
    Usage { accounts: usage.accounts.clone(), classes: usage.classes.clone(), hours }
}

fn held(owner: &str, hourly: &str, benefit: Benefit) -> Commitment {
    Commitment {
        id: String::new(),
        owner: owner.into(),
        from: None,
        until: None,
        hourly: dec(hourly),
        upfront_hourly: Decimal::ZERO,
        benefit,
    }
}

fn rates(of: &[(usize, &str)]) -> BTreeMap<usize, Decimal> {
    of.iter().map(|(class, rate)| (*class, dec(rate))).collect()
}

fn compute(owner: &str, hourly: &str, of: &[(usize, &str)]) -> Commitment {
    held(owner, hourly, Benefit::ComputeSavingsPlan { rates: rates(of) })
}

fn ec2(owner: &str, hourly: &str, family: &str, of: &[(usize, &str)]) -> Commitment {
    let region = "us-east-1".into();
    held(owner, hourly, Benefit::Ec2InstanceSavingsPlan { family: family.into(), region, rates: rates(of) })
}

/// A size-flexible Linux reservation of so many instances.
fn regional(owner: &str, hourly: &str, instance_type: &str, count: i64) -> Commitment {
    let benefit = Benefit::Regional {
        region: "us-east-1".into(),
        family: family(instance_type),
        instance_type: instance_type.into(),
        platform: String::new(),
        units: units(instance_type) * Decimal::from(count),
        count: Decimal::from(count),
        flexible: true,
    };
    held(owner, hourly, benefit)
}

fn zonal(owner: &str, hourly: &str, instance_type: &str, zone: &str, count: i64) -> Commitment {
    let benefit = Benefit::Zonal {
        region: "us-east-1".into(),
        zone: zone.into(),
        instance_type: instance_type.into(),
        platform: String::new(),
        count: Decimal::from(count),
    };
    held(owner, hourly, benefit)
}

fn everyone(commitments: Vec<Commitment>) -> Portfolio {
    Portfolio { commitments, sharing: Sharing::Everyone }
}

fn group(accounts: &[&str]) -> BTreeSet<String> {
    accounts.iter().map(|account| (*account).to_owned()).collect()
}

fn total(usage: &Usage, portfolio: &Portfolio) -> Decimal {
    bill(usage, portfolio).amortised()
}

/// What a change saves: the difference of two bills.
fn saved(usage: &Usage, portfolio: &Portfolio, changes: &[Alternative]) -> Decimal {
    total(usage, portfolio) - total(&apply(usage, changes), portfolio)
}

/// Cell, what paid, quantity of the first hour.
fn paid(usage: &Usage, portfolio: &Portfolio) -> Vec<(usize, Option<usize>, Decimal)> {
    let rows = hour(usage, &usage.hours[0], portfolio).rows;
    rows.iter().map(|row| (row.cell, row.commitment, row.quantity)).collect()
}

/// Quantity of each cell of the first hour that is left to on-demand prices.
fn left(usage: &Usage, portfolio: &Portfolio) -> Vec<Decimal> {
    let mut left = vec![Decimal::ZERO; usage.hours[0].cells.len()];
    for (cell, commitment, quantity) in paid(usage, portfolio) {
        if commitment.is_none() {
            left[cell] += quantity;
        }
    }
    left
}
