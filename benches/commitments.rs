//! How well and how fast commitments are sized. `cargo bench --bench commitments` prints four tables: one plan against
//! brute force, the time of a pass, joint levels with their certified gap, and sizing for usage that is not known yet.
#![allow(
    clippy::print_stdout,
    clippy::disallowed_macros,
    clippy::disallowed_methods,
    clippy::unwrap_used,
    missing_docs,
    reason = "a benchmark prints what it measured"
)]

use std::hint::black_box;
use std::time::Instant;

use scale_surgeon::plan::sizing::invented::{self, Random};
use scale_surgeon::plan::sizing::scenarios::{Model, outcomes, pool, spread};
use scale_surgeon::plan::sizing::{Class, Demand, Levels, Limits, Prepared, Sized, cost, single, size};

fn main() {
    one_plan();
    passes();
    joint();
    futures();
}

fn wide_only(rates: &[f64], dollars: Vec<f64>) -> Demand {
    let classes: Vec<Class> = rates.iter().map(|rate| Class { scope: None, narrow: 1.0, wide: Some(*rate) }).collect();
    Demand::new(classes, 0, dollars.len() / rates.len(), dollars).unwrap()
}

fn wide(level: f64) -> Levels {
    Levels { narrow: Vec::new(), wide: level }
}

fn one_plan() {
    let mut random = Random::new(0);
    let mut mismatches = 0;
    for _ in 0..300 {
        let (classes, hours) = (1 + random.below(4), 2 + random.below(28));
        let rates: Vec<f64> = (0..classes).map(|_| random.between(0.4, 0.95)).collect();
        let dollars: Vec<f64> =
            (0..classes * hours).map(|_| if random.unit() < 0.8 { random.gamma(1.0) } else { 0.0 }).collect();
        let mut order: Vec<usize> = (0..classes).collect();
        order.sort_by(|a, b| rates[*a].total_cmp(&rates[*b]));
        let demand = wide_only(&rates, dollars);
        let bill = |level: f64| cost(&demand, &Levels::default(), &wide(level)).cost;
        let mut least = bill(0.0);
        for row in demand.dollars.chunks(classes) {
            let mut level = 0.0;
            for class in &order {
                level += row[*class] * rates[*class];
                least = least.min(bill(level));
            }
        }
        if bill(single(&demand, 0.0)) > least * (1.0 + 1e-9) {
            mismatches += 1;
        }
    }
    println!("One plan against brute force over its breakpoints: {mismatches} of 300 differ\n");
}

/// Many classes in each scope, on a day's curve.
fn large(classes: usize, scopes: usize, hours: usize) -> Demand {
    let mut random = Random::new(12345);
    let rates: Vec<Class> = (0..classes)
        .map(|class| {
            let narrow = random.between(0.58, 0.78);
            Class { scope: Some(class * scopes / classes), narrow, wide: Some(narrow * 1.12) }
        })
        .collect();
    let bases: Vec<f64> = (0..classes).map(|_| random.between(0.0, 2.0)).collect();
    let mut dollars = Vec::with_capacity(classes * hours);
    for hour in 0..hours {
        let day = 1.0 + 0.5 * (std::f64::consts::TAU * (hour % 24) as f64 / 24.0).sin();
        dollars.extend(bases.iter().map(|base| base * day * random.between(0.8, 1.2)));
    }
    Demand::new(rates, scopes, hours, dollars).unwrap()
}

fn passes() {
    println!("| classes × scopes × hours | one pass | one plan alone |\n|---|---|---|");
    for (classes, scopes, hours) in [(1000, 200, 8760), (10_000, 400, 8760)] {
        let demand = large(classes, scopes, hours);
        let prepared = Prepared::new(&demand);
        let each = 0.3 * classes as f64 / scopes as f64;
        let levels = Levels { narrow: vec![each; scopes], wide: 0.14 * classes as f64 };
        let pass =
            (0..5).map(|_| seconds(|| prepared.cost(&Levels::default(), &levels)).1).fold(f64::INFINITY, f64::min);
        let alone = seconds(|| single(&demand, 0.0)).1;
        println!("| {classes} × {scopes} × {hours} | {pass:.3} s | {alone:.2} s |");
    }
    println!();
}

fn seconds<T>(work: impl FnOnce() -> T) -> (T, f64) {
    let start = Instant::now();
    let out = black_box(work());
    (out, start.elapsed().as_secs_f64())
}

fn joint() {
    println!("| scopes × classes × hours | narrow alone | wide alone | joint | gap | rounds | time |");
    println!("|---|---|---|---|---|---|---|");
    for (scopes, each, hours, seed) in [
        (8, 1, 720, 1),
        (20, 1, 720, 2),
        (40, 1, 720, 3),
        (100, 1, 8760, 11),
        (400, 1, 8760, 12),
        (60, 4, 720, 13),
        (200, 5, 8760, 14),
    ] {
        let demand = if each == 1 { invented::demand(scopes, hours, seed) } else { mixed(scopes, each, hours, seed) };
        let none = Levels::none(scopes);
        let mut narrow = demand.clone();
        narrow.classes.iter_mut().for_each(|class| class.wide = None);
        let narrow = size(&narrow, &none, &Limits::default()).cost;
        let alone = cost(&demand, &none, &Levels { wide: single(&demand, 0.0), ..none.clone() }).cost;
        let (sized, time): (Sized, f64) = seconds(|| size(&demand, &none, &Limits::default()));
        let total = demand.total();
        let saving = |cost: f64| 100.0 * (1.0 - cost / total);
        println!(
            "| {scopes} × {} × {hours} | {:.1} % | {:.1} % | {:.2} % | {:.3} % | {} | {time:.3} s |",
            scopes * each,
            saving(narrow),
            saving(alone),
            saving(sized.cost),
            100.0 * sized.gap(),
            sized.iterations,
        );
    }
    println!();
}

/// Scopes of several classes whose rates stand in different proportions, as those of licensed systems do.
fn mixed(scopes: usize, each: usize, hours: usize, seed: u64) -> Demand {
    let mut demand = invented::demand(scopes * each, hours, seed);
    let mut random = Random::new(seed);
    demand.scopes = scopes;
    for (index, class) in demand.classes.iter_mut().enumerate() {
        let narrow = random.between(0.58, 0.75);
        *class =
            Class { scope: Some(index / each), narrow, wide: Some((narrow * random.between(1.02, 1.3)).min(0.99)) };
    }
    demand
}

/// One workload with days and weekends.
fn history(rate: f64, hours: usize, seed: u64) -> Demand {
    let mut random = Random::new(seed);
    let dollars = (0..hours)
        .map(|hour| {
            let week = if hour / 24 % 7 < 5 { 1.0 } else { 0.8 };
            let day = 1.0 + 0.25 * (std::f64::consts::TAU * (hour as f64 - 9.0) / 24.0).sin();
            week * day * random.gamma(60.0)
        })
        .collect();
    wide_only(&[rate], dollars)
}

/// Sizing on 30 days as they were, on nine tenths of that, on pooled futures; and with the future known. The paths on
/// which they are judged are others than those on which they were sized.
fn futures() {
    println!("| term, rate, drift and sigma a month, shock | 30 days | 0.9 × that | pooled | clairvoyant |");
    println!("|---|---|---|---|---|");
    for (years, rate, drift, sigma, shock) in [
        (1, 0.72, 0.0, 0.03, 0.15),
        (1, 0.72, 0.0, 0.06, 0.3),
        (1, 0.72, -0.01, 0.05, 0.3),
        (3, 0.5, -0.01, 0.05, 0.3),
        (3, 0.5, 0.015, 0.05, 0.2),
    ] {
        // The shock is that of the whole term.
        let yearly = 1.0 - (1.0_f64 - shock).powf(1.0 / f64::from(years));
        let hours = 8760 * years as usize;
        let model = Model { drift, sigma, common: 1.0, shock: yearly, remains: (0.3, 0.8), hours };
        let month = history(rate, 720, 1);
        let now = single(&month, 0.0);
        let pooled = single(&pool(&month, &model, 1000, 37, 2), 0.0);
        // On 400 paths the means still scatter by half a point.
        const PATHS: usize = 4000;
        let held_out = pool(&history(rate, 8736, 3), &model, PATHS, 5, 4);
        let none = Levels::default();
        let on = |level: f64| spread(&outcomes(&held_out, PATHS, &none, &wide(level)));
        let known: Vec<_> = held_out
            .dollars
            .chunks(held_out.hours / PATHS)
            .flat_map(|path| {
                let path = wide_only(&[rate], path.to_vec());
                let level = single(&path, 0.0);
                outcomes(&path, 1, &none, &wide(level))
            })
            .collect();
        let say = |s: scale_surgeon::plan::sizing::scenarios::Spread| {
            format!("{:.1} / {:.1} % ({:.0} % lose)", 100.0 * s.mean, 100.0 * s.low, 100.0 * s.loss)
        };
        println!(
            "| {years} y k={rate}, ({:.1} %, {:.0} %), {shock} | {} | {} | {} | {} |",
            100.0 * drift,
            100.0 * sigma,
            say(on(now)),
            say(on(0.9 * now)),
            say(on(pooled)),
            say(spread(&known)),
        );
    }
}
