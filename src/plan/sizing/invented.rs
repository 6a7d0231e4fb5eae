//! Invented demand, on which the figures of the benchmark and the tests are measured, and the generator behind it.
//!
//! Knows: shapes that hourly usage has (day, weekend, trend, noise, workloads that are sometimes off or go away). Does
//! not know: anybody's usage.

use std::f64::consts::PI;

use super::demand::{Class, Demand};

/// A small generator of numbers (SplitMix64, Steele, Lea and Flood 2014): the same seed gives the same numbers
/// everywhere.
#[derive(Clone, Debug)]
pub struct Random(u64);

impl Random {
    /// The generator of a seed.
    #[must_use]
    pub fn new(seed: u64) -> Random {
        Random(seed)
    }

    /// Sixty-four bits.
    pub fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut bits = self.0;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        bits ^ (bits >> 31)
    }

    /// Evenly from 0 to below 1.
    pub fn unit(&mut self) -> f64 {
        (self.bits() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// Evenly between two numbers.
    pub fn between(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.unit()
    }

    /// Evenly among 0 to below `count`.
    pub fn below(&mut self, count: usize) -> usize {
        ((self.unit() * count as f64) as usize).min(count.saturating_sub(1))
    }

    /// The standard normal distribution (Box and Muller 1958).
    pub fn normal(&mut self) -> f64 {
        let radius = (-2.0 * (1.0 - self.unit()).ln()).sqrt();
        radius * (2.0 * PI * self.unit()).cos()
    }

    /// The gamma distribution of a shape of at least 1, with mean 1 (Marsaglia and Tsang 2000).
    pub fn gamma(&mut self, shape: f64) -> f64 {
        let d = shape - 1.0 / 3.0;
        let c = 1.0 / (9.0 * d).sqrt();
        loop {
            let x = self.normal();
            let v = (1.0 + c * x).powi(3);
            if v > 0.0 && (1.0 - self.unit()).ln() < 0.5 * x * x + d - d * v + d * v.ln() {
                return d * v / shape;
            }
        }
    }
}

/// Scopes of one class each: levels over two orders of magnitude, day and weekend, trend, noise; a quarter is off at
/// times, a fifth goes away.
#[must_use]
pub fn demand(scopes: usize, hours: usize, seed: u64) -> Demand {
    let mut random = Random::new(seed);
    let mut dollars = vec![0.0; scopes * hours];
    for scope in 0..scopes {
        let base = (0.5 + 1.2 * random.normal()).exp();
        let (swing, phase) = (random.between(0.0, 0.8), random.between(0.0, 24.0));
        let (weekend, trend) = (1.0 - random.between(0.0, 0.7), random.between(-0.3, 0.5));
        let on = if random.unit() < 0.25 { random.between(0.2, 0.7) } else { 1.0 };
        let gone = if random.unit() < 0.2 { random.between(0.3, 0.9) } else { 1.0 };
        for hour in 0..hours {
            let share = hour as f64 / hours as f64;
            let day = 1.0 + swing * (2.0 * PI * (hour as f64 - phase) / 24.0).sin();
            let week = if hour / 24 % 7 >= 5 { weekend } else { 1.0 };
            let level = base * day * week * (1.0 + trend * share) * random.gamma(20.0);
            if random.unit() < on && share < gone {
                dollars[hour * scopes + scope] = level;
            }
        }
    }
    let classes = (0..scopes)
        .map(|scope| {
            let narrow = 1.0 - random.between(0.28, 0.42);
            Class { scope: Some(scope), narrow, wide: Some(narrow + random.between(0.06, 0.14)) }
        })
        .collect();
    Demand { classes, scopes, hours, dollars }
}
