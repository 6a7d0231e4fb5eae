//! What choosing together is worth on an invented fleet, and how long it takes. `cargo bench --bench plan` prints both.
//!
//! One plan takes all usage; a dollar on demand needs 0.72 dollars of it. Does not know meters: it times the joint
//! search alone.
#![allow(
    clippy::print_stdout,
    clippy::disallowed_methods,
    clippy::disallowed_macros,
    reason = "a benchmark prints what it measured"
)]

use std::time::Instant;

use scale_surgeon::plan::joint::{Choice, Limits, Resource, World, search};

const WEEK: usize = 168;
const RATE: f64 = 0.72;
const SEEDS: u64 = 5;
/// Existing commitment, as a share of what would cover today's usage.
const SHARES: [f64; 4] = [0.0, 0.5, 0.9, 1.2];

fn main() {
    println!("Savings in % of today's bill, 500 resources, mean of {SEEDS} seeds.");
    println!("existing | all alone, summed | best of each + plan on today's usage: promised | what comes of it");
    println!("         | plan on what is left | actions combined, in order | joint | joint, pairs too");
    for share in SHARES {
        let mut mean = [0.0; 7];
        for seed in 0..SEEDS {
            let fleet = Fleet::new(500, seed);
            mean.iter_mut().zip(fleet.row(share)).for_each(|(mean, saving)| *mean += saving / SEEDS as f64);
        }
        let cells: Vec<String> = mean.iter().map(|saving| format!("{saving:5.1} %")).collect();
        println!("{share:8} | {}", cells.join(" | "));
    }
    for (count, pairs) in [(500, 0), (500, 500), (10_000, 0)] {
        let fleet = Fleet::new(count, 0);
        for share in SHARES {
            let mut plan = fleet.plan(share);
            let start = Instant::now();
            let found = search(&mut plan, &fleet.resources, &limits(pairs));
            let (took, asked) = (start.elapsed(), plan.asked);
            println!("{count} resources, {pairs} in pairs, existing {share}: {took:.1?}, {asked} evaluations");
            println!("  {} sweeps, settled: {}", found.sweeps, found.settled);
        }
    }
}

fn limits(pairs: usize) -> Limits {
    Limits { pairs, tolerance: 1e-9, ..Limits::default() }
}

/// One plan that takes all usage, in on-demand dollars an hour; a new one on top at its best level.
#[derive(Clone)]
struct Plan {
    usage: Vec<f64>,
    existing: f64,
    left: Vec<f64>,
    asked: usize,
}

impl Plan {
    fn at(&self, level: f64) -> f64 {
        let covered = (self.existing + level) / RATE;
        let above: f64 = self.usage.iter().map(|usage| (usage - covered).max(0.0)).sum();
        (self.existing + level) * self.usage.len() as f64 + above
    }

    /// The level of usage left that is exceeded in a share `RATE` of the hours.
    fn best(&mut self) -> f64 {
        let covered = self.existing / RATE;
        self.left.clear();
        self.left.extend(self.usage.iter().map(|usage| (usage - covered).max(0.0)));
        let count = self.left.len();
        let place = (count as f64 * (1.0 - RATE) - 1.0).ceil().max(0.0) as usize;
        let (_, level, _) = self.left.select_nth_unstable_by(place.min(count - 1), f64::total_cmp);
        RATE * *level
    }
}

impl World for Plan {
    type Change = Vec<f64>;

    fn cost(&mut self) -> f64 {
        self.asked += 1;
        let level = self.best();
        self.at(level)
    }

    fn apply(&mut self, change: &Vec<f64>) {
        self.usage.iter_mut().zip(change).for_each(|(usage, by)| *usage += by);
    }

    fn revert(&mut self, change: &Vec<f64>) {
        self.usage.iter_mut().zip(change).for_each(|(usage, by)| *usage -= by);
    }
}

/// On a grid of a power of two, so that what is added and taken off comes back exactly.
fn grid(amount: f64) -> f64 {
    (amount * f64::from(1 << 20)).round() / f64::from(1 << 20)
}

/// An invented fleet, round the clock: some can be deleted, scheduled, made smaller, moved to a cheaper processor or to
/// spot.
struct Fleet {
    usage: f64,
    resources: Vec<Resource<Vec<f64>>>,
    /// Of each choice: its cost on demand over the week, and whether it is one action (not two at once).
    list: Vec<Vec<(f64, bool)>>,
}

impl Fleet {
    fn new(count: usize, seed: u64) -> Self {
        let mut random = Random(seed);
        let mut fleet = Fleet { usage: 0.0, resources: Vec::new(), list: Vec::new() };
        for _ in 0..count {
            // Log-normal by Box and Muller.
            let (radius, angle) = ((-2.0 * (1.0 - random.share()).ln()).sqrt(), std::f64::consts::TAU * random.share());
            let dollars = grid((radius * angle.cos() - 1.5).exp());
            fleet.usage += dollars;
            let delete = random.share() < 0.05;
            let schedule = random.share() < 0.20;
            let smaller = match random.share() {
                ..0.6 => 1.0,
                ..0.9 => 0.5,
                _ => 0.25,
            };
            let graviton = if random.share() < 0.35 { 0.8 } else { 1.0 };
            let spot = random.share() < 0.12;
            let business = |hour: usize| hour / 24 < 5 && (8..18).contains(&(hour % 24));
            let mut choices = vec![Choice { change: None, fixed: 0.0 }];
            let mut list = vec![(dollars * WEEK as f64, false)];
            let mut add = |possible: bool, single: bool, factor: f64, scheduled: bool, price: f64| {
                if possible {
                    let left = |hour| if scheduled && !business(hour) { 0.0 } else { grid(dollars * factor) };
                    let left: Vec<f64> = (0..WEEK).map(left).collect();
                    let fixed = grid(dollars * price) * WEEK as f64;
                    list.push((left.iter().sum::<f64>() + fixed, single));
                    choices.push(Choice { change: Some(left.iter().map(|left| left - dollars).collect()), fixed });
                }
            };
            add(delete, true, 0.0, false, 0.0);
            add(schedule, true, 1.0, true, 0.0);
            add(smaller < 1.0, true, smaller, false, 0.0);
            add(graviton < 1.0, true, graviton, false, 0.0);
            add(smaller < 1.0 && graviton < 1.0, false, smaller * graviton, false, 0.0);
            add(schedule && smaller < 1.0, false, smaller, true, 0.0);
            add(spot, true, 0.0, false, 0.35);
            fleet.resources.push(Resource { choices });
            fleet.list.push(list);
        }
        fleet
    }

    /// With an existing commitment that covers a share of the usage.
    fn plan(&self, share: f64) -> Plan {
        Plan { usage: vec![self.usage; WEEK], existing: share * RATE * self.usage, left: Vec::new(), asked: 0 }
    }

    /// The choice of each resource that is cheapest on demand, single actions only or all.
    fn cheapest(&self, all: bool) -> Vec<usize> {
        let of = |list: &Vec<(f64, bool)>| {
            let allowed = (0..list.len()).filter(|&i| i == 0 || all || list[i].1);
            allowed.min_by(|&a, &b| list[a].0.total_cmp(&list[b].0)).unwrap_or(0)
        };
        self.list.iter().map(of).collect()
    }

    /// The plan with choices taken, and what they cost besides.
    fn take(&self, share: f64, chosen: &[usize]) -> (Plan, f64) {
        let mut plan = self.plan(share);
        let mut fixed = 0.0;
        for (resource, &choice) in self.resources.iter().zip(chosen) {
            let choice = &resource.choices[choice];
            fixed += choice.fixed;
            if let Some(change) = &choice.change {
                plan.apply(change);
            }
        }
        (plan, fixed)
    }

    /// The columns of the table.
    fn row(&self, share: f64) -> [f64; 7] {
        let mut today = self.plan(share);
        let level = today.best();
        let bill = today.at(0.0);
        let plan_alone = bill - today.at(level);
        let saved = |list: &[(f64, bool)], choice: usize| list[0].0 - list[choice].0;
        let each = self.list.iter().flat_map(|list| list.iter().filter(|one| one.1).map(|one| list[0].0 - one.0));
        let added_up = plan_alone + each.sum::<f64>();
        let single = self.cheapest(false);
        let best_single = plan_alone + self.list.iter().zip(&single).map(|(list, &i)| saved(list, i)).sum::<f64>();
        let (mut after, besides) = self.take(share, &single);
        let followed = bill - after.at(level) - besides;
        let sized_after = bill - after.cost() - besides;
        let (mut combined, besides) = self.take(share, &self.cheapest(true));
        let by_order = bill - combined.cost() - besides;
        let joint = |pairs| bill - search(&mut self.plan(share), &self.resources, &limits(pairs)).cost;
        [added_up, best_single, followed, sized_after, by_order, joint(0), joint(500)]
            .map(|saving| saving / bill * 100.0)
    }
}

/// SplitMix64.
struct Random(u64);

impl Random {
    /// 0 to 1, exclusive.
    fn share(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((z ^ (z >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
    }
}
