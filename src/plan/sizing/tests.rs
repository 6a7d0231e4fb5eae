//! Levels against brute force, against a linear programme solved by others, and against the laws of the bill.

use super::invented::Random;
use super::*;

mod joint;
mod laws;
mod risk;
mod small;

/// How narrow and wide rates of a scope's classes stand to each other.
#[derive(Clone, Copy, PartialEq)]
enum Ratios {
    Uniform,
    Mixed,
}

/// A few classes in each scope, one that only the wide plan covers, one that neither does; a fifth of the hours without
/// usage.
fn few(random: &mut Random, scopes: usize, each: usize, hours: usize, ratios: Ratios) -> Demand {
    let mut classes = Vec::new();
    for scope in 0..scopes {
        let ratio = random.between(1.02, 1.3);
        for _ in 0..each {
            let narrow = random.between(0.5, 0.75);
            let ratio = if ratios == Ratios::Uniform { ratio } else { random.between(1.02, 1.3) };
            classes.push(Class { scope: Some(scope), narrow, wide: Some(narrow * ratio) });
        }
    }
    classes.push(Class { scope: None, narrow: 1.0, wide: Some(random.between(0.6, 0.95)) });
    classes.push(Class { scope: None, narrow: 1.0, wide: None });
    let dollars = (0..classes.len() * hours).map(|_| amount(random)).collect();
    Demand::new(classes, scopes, hours, dollars).unwrap()
}

fn amount(random: &mut Random) -> f64 {
    if random.unit() < 0.8 { random.gamma(1.0) } else { 0.0 }
}

/// Levels between nothing and about all.
fn some_levels(random: &mut Random, demand: &Demand) -> Levels {
    let level = |random: &mut Random| if random.unit() < 0.2 { 0.0 } else { random.between(0.0, 2.0) };
    Levels { narrow: (0..demand.scopes).map(|_| level(random)).collect(), wide: level(random) }
}

/// Classes that only the wide plan covers.
fn wide_only(rates: &[f64], dollars: &[f64]) -> Demand {
    let classes = rates.iter().map(|rate| Class { scope: None, narrow: 1.0, wide: Some(*rate) }).collect();
    Demand::new(classes, 0, dollars.len() / rates.len(), dollars.to_vec()).unwrap()
}

fn wide(level: f64) -> Levels {
    Levels { narrow: Vec::new(), wide: level }
}

fn exactly() -> Limits {
    Limits { gap: 1e-8, ..Limits::default() }
}

#[track_caller]
fn close(a: f64, b: f64, tolerance: f64) {
    assert!((a - b).abs() <= tolerance * a.abs().max(b.abs()).max(1e-9), "{a} is not {b}");
}
