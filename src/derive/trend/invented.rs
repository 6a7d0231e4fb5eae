//! Invented growth whose crossing is known, on which the figures of the module and its tests are measured.
//!
//! Knows: how disks grow (evenly, with clean-ups, with a step, faster and faster, with wrong values). Does not know:
//! anybody's disk.

use std::f64::consts::PI;

use super::slope::Random;

/// Days that are seen.
pub(super) const SEEN: usize = 60;

/// Days after, within which the limit has to be reached for a series to count.
const AHEAD: usize = 120;

/// Full.
pub(super) const LIMIT: f64 = 85.0;

/// What kinds of growth there are.
pub(super) const KINDS: [&str; 5] = ["line", "clean-ups", "step", "accelerating", "wrong values"];

/// A series with the truth about it.
pub(super) struct Invented {
    /// A place in `KINDS`.
    pub(super) kind: usize,
    /// What is seen.
    pub(super) daily: Vec<Option<f64>>,
    /// Days from the last one seen until the value without noise reaches the limit, if it does.
    pub(super) full: Option<f64>,
}

/// Noise of the standard normal distribution (Box and Muller 1958).
pub(super) fn normal(random: &mut Random) -> f64 {
    let radius = (-2.0 * (1.0 - random.unit()).ln()).sqrt();
    radius * (2.0 * PI * random.unit()).cos()
}

fn between(random: &mut Random, low: f64, high: f64) -> f64 {
    low + (high - low) * random.unit()
}

/// A series of some kind: 30 + growth × day with noise of 0.4.
pub(super) fn series(random: &mut Random) -> Invented {
    let kind = random.below(KINDS.len());
    let slope = between(random, 0.15, 0.8);
    let mut extra = vec![0.0; SEEN + AHEAD];
    let mut wrong = [0.0; SEEN];
    match kind {
        1 => {
            let period = 7 + random.below(8);
            let height = between(random, 3.0, 10.0);
            for (day, extra) in extra.iter_mut().enumerate() {
                *extra = height * (day % period) as f64 / period as f64;
            }
        }
        2 => {
            let first = 15 + random.below(30);
            let height = between(random, 5.0, 15.0);
            extra[first..].fill(height);
        }
        3 => {
            let rate = between(random, 0.001, 0.004);
            for (day, extra) in extra.iter_mut().enumerate() {
                *extra = rate * day as f64 * day as f64;
            }
        }
        4 => {
            let mut made = 0;
            while made < 5 {
                let day = random.below(SEEN);
                if wrong[day] == 0.0 {
                    wrong[day] = between(random, 10.0, 30.0);
                    made += 1;
                }
            }
        }
        _ => {}
    }
    let clean: Vec<f64> = extra.iter().enumerate().map(|(day, extra)| 30.0 + slope * day as f64 + extra).collect();
    let daily = (0..SEEN).map(|day| Some(clean[day] + wrong[day] + 0.4 * normal(random))).collect();
    let reached = (SEEN..SEEN + AHEAD).find(|day| clean[*day] >= LIMIT);
    let full = reached.map(|day| {
        let within = (LIMIT - clean[day - 1]) / (clean[day] - clean[day - 1]);
        if day == SEEN { 0.0 } else { (day - SEEN) as f64 + within }
    });
    Invented { kind, daily, full }
}
