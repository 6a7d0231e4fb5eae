//! Small worlds whose optimum is known by trying everything, and a fleet that shows what adding up gets wrong.

use super::*;

/// Commitments new on top of what exists.
#[derive(Clone, Copy, PartialEq, Debug)]
enum Offer {
    /// Nothing new can be bought.
    Nothing,
    /// The cost always has the best new level.
    Best,
    /// The level changes in `resize` only.
    LastSized,
}

/// One plan that takes all usage, in on-demand dollars an hour.
#[derive(Clone, Debug)]
struct Plan {
    usage: Vec<f64>,
    /// Existing commitment, dollars an hour: charged whether used or not.
    existing: Vec<f64>,
    /// Dollars of commitment for a dollar on demand.
    rate: f64,
    offer: Offer,
    level: f64,
    left: Vec<f64>,
}

impl Plan {
    fn new(usage: Vec<f64>, existing: f64, rate: f64, offer: Offer) -> Self {
        let existing = vec![existing; usage.len()];
        Plan { usage, existing, rate, offer, level: 0.0, left: Vec::new() }
    }

    fn at(&self, level: f64) -> f64 {
        let hours = self.usage.iter().zip(&self.existing);
        hours.map(|(usage, existing)| existing + level + (usage - (existing + level) / self.rate).max(0.0)).sum()
    }

    /// The level of usage left that is exceeded in a share `rate` of the hours: the inverse of the distribution at
    /// 1 − rate, as numpy's `inverted_cdf` has it.
    fn best(&mut self) -> f64 {
        self.left.clear();
        let hours = self.usage.iter().zip(&self.existing);
        self.left.extend(hours.map(|(usage, existing)| (usage - existing / self.rate).max(0.0)));
        let count = self.left.len();
        let place = (count as f64 * (1.0 - self.rate) - 1.0).ceil().max(0.0) as usize;
        let (_, level, _) = self.left.select_nth_unstable_by(place.min(count - 1), f64::total_cmp);
        self.rate * *level
    }

    /// The best new level by trying every one at which the cost can bend.
    fn least(&self) -> f64 {
        let hours = self.usage.iter().zip(&self.existing);
        let bends = hours.map(|(usage, existing)| (self.rate * usage - existing).max(0.0));
        let bends = bends.filter(|_| self.offer != Offer::Nothing).chain([0.0]);
        bends.map(|level| self.at(level)).fold(f64::INFINITY, f64::min)
    }
}

impl World for Plan {
    type Change = Vec<f64>;

    fn cost(&mut self) -> f64 {
        let level = match self.offer {
            Offer::Nothing => 0.0,
            Offer::Best => self.best(),
            Offer::LastSized => self.level,
        };
        self.at(level)
    }

    fn apply(&mut self, change: &Vec<f64>) {
        self.usage.iter_mut().zip(change).for_each(|(usage, by)| *usage += by);
    }

    fn revert(&mut self, change: &Vec<f64>) {
        self.usage.iter_mut().zip(change).for_each(|(usage, by)| *usage -= by);
    }

    fn resize(&mut self) {
        if self.offer == Offer::LastSized {
            self.level = self.best();
        }
    }
}

type Resources = Vec<Resource<Vec<f64>>>;

impl Random {
    /// 0 to 1, exclusive.
    fn share(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }

    fn one_of<T: Copy>(&mut self, of: &[T]) -> T {
        of[self.below(of.len())]
    }
}

/// On a grid of a power of two, so that what is added and taken off comes back exactly.
fn grid(amount: f64) -> f64 {
    (amount * f64::from(1 << 20)).round() / f64::from(1 << 20)
}

fn keep() -> Choice<Vec<f64>> {
    Choice { change: None, fixed: 0.0 }
}

fn limits() -> Limits {
    Limits { tolerance: 1e-9, ..Limits::default() }
}

fn changes(chosen: &[usize]) -> usize {
    chosen.iter().filter(|&&c| c != 0).count()
}

/// The world with the choices taken, from scratch.
fn afresh(plan: &Plan, resources: &[Resource<Vec<f64>>], chosen: &[usize]) -> (Plan, f64) {
    let mut plan = plan.clone();
    let mut fixed = 0.0;
    for (resource, &choice) in resources.iter().zip(chosen) {
        let choice = &resource.choices[choice];
        fixed += choice.fixed;
        if let Some(change) = &choice.change {
            plan.apply(change);
        }
    }
    let cost = plan.least() + fixed;
    (plan, cost)
}

/// Every combination: the cheapest, of equally cheap ones the first with the fewest changes.
fn brute_force(plan: &Plan, resources: &[Resource<Vec<f64>>]) -> (f64, Vec<usize>) {
    let mut chosen = vec![0; resources.len()];
    let mut best = (f64::INFINITY, chosen.clone());
    loop {
        let (_, cost) = afresh(plan, resources, &chosen);
        let tie = cost <= best.0 + 1e-9 && changes(&chosen) < changes(&best.1);
        if tie || cost < best.0 - 1e-9 {
            best = (cost, chosen.clone());
        }
        let Some(next) = (0..chosen.len()).find(|&i| chosen[i] + 1 < resources[i].choices.len()) else { return best };
        chosen[next] += 1;
        chosen[..next].fill(0);
    }
}

/// What changes cost besides.
#[derive(Clone, Copy, PartialEq, Debug)]
enum Besides {
    /// Nothing, as deletions and schedules: many sets of changes are worth the same.
    Nothing,
    /// A little, each its own: one set is best.
    Little,
    /// Up to most of what they save.
    Much,
}

/// Up to six resources, two changes each, a day.
fn case(seed: u64, besides: Besides) -> (Plan, Resources) {
    let mut random = Random(seed);
    let hours = 1 + random.below(24);
    let rate = random.one_of(&[0.5, 0.6, 0.66, 0.72, 0.8]);
    let mut usage = vec![0.0; hours];
    let mut resources = Vec::new();
    for _ in 0..1 + random.below(6) {
        let flat = grid(0.1 + random.share() * 3.0);
        let steady = random.below(2) == 0;
        let own: Vec<f64> = (0..hours).map(|_| if steady { flat } else { grid(random.share() * 3.0) }).collect();
        usage.iter_mut().zip(&own).for_each(|(usage, own)| *usage += own);
        let total: f64 = own.iter().sum();
        let mut choices = vec![keep()];
        for _ in 0..random.below(3) {
            choices.push(change(&mut random, &own, total, besides));
        }
        resources.push(Resource { choices });
    }
    let mut sorted = usage.clone();
    sorted.sort_by(f64::total_cmp);
    let existing = random.one_of(&[0.0, 0.5, 0.9, 1.2]) * rate * sorted[hours * 3 / 10];
    let offer = if random.below(5) == 0 { Offer::Nothing } else { Offer::Best };
    (Plan::new(usage, existing, rate, offer), resources)
}

fn change(random: &mut Random, own: &[f64], total: f64, besides: Besides) -> Choice<Vec<f64>> {
    let kind = random.below(5);
    let smaller = random.one_of(&[0.25, 0.5, 0.8]);
    let mut left = |own: f64| match kind {
        // Deleted; moved to where no commitment reaches, at a price; smaller; scheduled; scheduled and smaller.
        0 | 1 => 0.0,
        2 => grid(own * smaller),
        3 => random.one_of(&[0.0, own, own]),
        _ => grid(own * random.one_of(&[0.0, 0.5, 1.0])),
    };
    let by = own.iter().map(|&own| left(own) - own).collect();
    let spot = if kind == 1 { 0.35 * total } else { 0.0 };
    let besides = match besides {
        Besides::Nothing => 0.0,
        Besides::Little => 0.001 + random.share() * 0.05 * total,
        Besides::Much if kind == 1 => 0.0,
        Besides::Much => random.share() * 0.8 * total,
    };
    Choice { change: Some(by), fixed: grid(spot + besides) }
}

#[test]
fn finds_what_trying_everything_finds() {
    for seed in 0..120 {
        for besides in [Besides::Little, Besides::Much] {
            let (mut plan, resources) = case(seed, besides);
            let (cost, chosen) = brute_force(&plan, &resources);
            let found = search(&mut plan, &resources, &limits());
            assert!((found.cost - cost).abs() < 1e-9, "{besides:?} {seed}: {} for {cost}", found.cost);
            assert_eq!(found.chosen, chosen, "{besides:?} {seed}");
            assert!(found.settled, "{besides:?} {seed}");
        }
    }
}

#[test]
fn of_equally_cheap_sets_takes_one_with_the_fewest_changes() {
    for seed in 0..120 {
        let (mut plan, resources) = case(seed, Besides::Nothing);
        let (cost, chosen) = brute_force(&plan, &resources);
        let found = search(&mut plan, &resources, &limits());
        assert!((found.cost - cost).abs() < 1e-9, "{seed}: {} for {cost}", found.cost);
        assert_eq!(changes(&found.chosen), changes(&chosen), "{seed}: {:?} for {chosen:?}", found.chosen);
    }
}

#[test]
fn two_at_once_find_what_one_at_a_time_does_not() {
    let mut better = 0;
    for seed in 0..300 {
        let (plan, resources) = case(seed, Besides::Much);
        let one = search(&mut plan.clone(), &resources, &Limits { pairs: 0, ..limits() });
        let two = search(&mut plan.clone(), &resources, &limits());
        assert!(two.cost <= one.cost + 1e-9, "{seed}: {} against {}", two.cost, one.cost);
        better += usize::from(two.cost < one.cost - 1e-9);
    }
    assert!(better > 0);
}

#[test]
fn a_saving_within_the_tolerance_is_none() {
    let mut resources = two();
    resources[0].choices[1] = Choice { change: None, fixed: -0.5 };
    resources[1].choices.truncate(1);
    let mut plan = Plan::new(vec![20.0; 24], 0.0, 0.72, Offer::Nothing);
    for (tolerance, chosen) in [(0.6, [0, 0]), (0.4, [1, 0])] {
        let found = search(&mut plan, &resources, &Limits { tolerance, ..limits() });
        assert_eq!((found.chosen, found.cost), (chosen.to_vec(), 480.0 - 0.5 * chosen[0] as f64));
    }
}

#[test]
fn leaves_the_world_as_the_found_choices_make_it() {
    for seed in 0..60 {
        for offer in [Offer::Nothing, Offer::Best, Offer::LastSized] {
            let (mut plan, resources) = case(seed, Besides::Little);
            plan.offer = offer;
            let before = plan.clone();
            let found = search(&mut plan, &resources, &limits());
            let (fresh, cost) = afresh(&before, &resources, &found.chosen);
            assert_eq!(plan.usage, fresh.usage, "{offer:?} {seed}");
            assert!((found.cost - cost).abs() < 1e-9, "{offer:?} {seed}: {} promised, {cost}", found.cost);
        }
    }
}

#[test]
fn nothing_to_choose_saves_nothing() {
    let mut plan = Plan::new(vec![3.0, 5.0, 4.0], 1.0, 0.72, Offer::Best);
    let today = plan.cost();
    let found = search(&mut plan, &[], &limits());
    assert_eq!((found.chosen.len(), found.cost, found.settled), (0, today, true));
    let only_keep = [Resource { choices: vec![keep()] }, Resource { choices: vec![keep()] }];
    let found = search(&mut plan, &only_keep, &limits());
    assert_eq!((found.chosen.as_slice(), found.cost), ([0, 0].as_slice(), today));
}

#[test]
fn without_commitments_each_resource_takes_its_own_best() {
    for seed in 0..60 {
        let (mut plan, resources) = case(seed, Besides::Much);
        plan.existing.fill(0.0);
        plan.offer = Offer::Nothing;
        let today = plan.cost();
        let own = |choice: &Choice<Vec<f64>>| choice.change.iter().flatten().sum::<f64>() + choice.fixed;
        let best = |resource: &Resource<Vec<f64>>| resource.choices.iter().map(own).fold(0.0, f64::min);
        let alone: f64 = resources.iter().map(best).sum();
        let found = search(&mut plan, &resources, &limits());
        assert!((found.cost - (today + alone)).abs() < 1e-9, "{seed}");
    }
}

#[test]
fn one_more_choice_never_costs_more() {
    for seed in 0..60 {
        let (plan, mut resources) = case(seed, Besides::Little);
        let (before, _) = brute_force(&plan, &resources);
        let mut random = Random(seed + 1000);
        let resource = random.below(resources.len());
        let some: Vec<f64> = plan.usage.iter().map(|usage| grid(usage / 8.0)).collect();
        let total = some.iter().sum();
        resources[resource].choices.push(change(&mut random, &some, total, Besides::Little));
        let (after, chosen) = brute_force(&plan, &resources);
        assert!(after <= before + 1e-9, "{seed}: {before}, then {after}");
        let found = search(&mut plan.clone(), &resources, &limits());
        assert!((found.cost - after).abs() < 1e-9, "{seed}: {} for {after}", found.cost);
        assert_eq!(found.chosen, chosen, "{seed}");
    }
}

#[test]
fn the_same_seed_finds_the_same() {
    let fleet = Fleet::new(120, 4);
    let plan = fleet.plan(0.5);
    let limits = limits();
    let found = search(&mut plan.clone(), &fleet.resources, &limits);
    assert_eq!(found, search(&mut plan.clone(), &fleet.resources, &limits));
    // Reference values of SplitMix64 from 0.
    let mut random = Random(0);
    let first = [random.next(), random.next(), random.next()];
    assert_eq!(first, [0xE220_A839_7B1D_CDAF, 0x6E78_9E6A_A1B9_65F4, 0x06C4_5D18_8009_454F]);
}

#[test]
fn a_sweep_limit_is_said_and_no_idle_change_stays() {
    let fleet = Fleet::new(60, 2);
    let plan = fleet.plan(0.9);
    for sweeps in [0, 1] {
        let limits = Limits { sweeps, ..limits() };
        let mut world = plan.clone();
        let found = search(&mut world, &fleet.resources, &limits);
        assert!(!found.settled);
        assert_eq!(found.sweeps, 2 * sweeps);
        assert!(found.cost <= plan.least());
        for (resource, &choice) in found.chosen.iter().enumerate().filter(|(_, choice)| **choice != 0) {
            let mut without = found.chosen.clone();
            without[resource] = 0;
            let (_, cost) = afresh(&plan, &fleet.resources, &without);
            assert!(cost > found.cost, "{resource} at {choice} saves nothing");
        }
    }
}

/// Two resources of 10 dollars an hour, round the clock, that can be deleted.
fn two() -> Resources {
    let delete = || Choice { change: Some(vec![-10.0; 24]), fixed: 0.0 };
    vec![Resource { choices: vec![keep(), delete()] }, Resource { choices: vec![keep(), delete()] }]
}

#[test]
fn a_plan_that_is_used_up_lets_the_saving_through_and_one_that_is_not_keeps_it() {
    // 10 of 20 dollars under commitment: one deletion saves its 10 dollars, whichever it is, the other none.
    let mut plan = Plan::new(vec![20.0; 24], 5.0, 0.5, Offer::Nothing);
    let found = search(&mut plan, &two(), &limits());
    assert_eq!((found.cost, changes(&found.chosen)), (120.0, 1));
    // All 20 under commitment: nothing is saved until it ends, so nothing is asked for.
    let mut plan = Plan::new(vec![20.0; 24], 10.0, 0.5, Offer::Nothing);
    let found = search(&mut plan, &two(), &limits());
    assert_eq!((found.cost, found.chosen), (240.0, vec![0, 0]));
}

#[test]
fn usage_that_goes_is_not_committed_to() {
    // One of two can go: 10 dollars an hour saved, and the plan is for the other: 10 × 0.72.
    let mut resources = two();
    resources[1].choices.truncate(1);
    let plan = Plan::new(vec![20.0; 24], 0.0, 0.72, Offer::Best);
    let on_demand = 20.0 * 24.0;
    let mut world = plan.clone();
    let found = search(&mut world, &resources, &limits());
    assert_eq!(found.chosen, [1, 0]);
    assert!((on_demand - found.cost - (10.0 + 2.8) * 24.0).abs() < 1e-9);
    // Added up it would be 10 for the deletion and 5.6 for a plan on both.
    assert!((on_demand - plan.least() - 5.6 * 24.0).abs() < 1e-9);
}

#[test]
fn a_commitment_that_ends_in_a_quarter_holds_back_a_quarter() {
    // An hour for a month: three under commitment, nine without.
    let mut plan = Plan::new(vec![10.0; 12], 0.0, 0.5, Offer::Nothing);
    plan.existing[..3].fill(5.0);
    let today = plan.cost();
    let resources = [Resource { choices: vec![keep(), Choice { change: Some(vec![-10.0; 12]), fixed: 0.0 }] }];
    let found = search(&mut plan, &resources, &limits());
    assert_eq!((found.chosen, today - found.cost), (vec![1], 90.0));
}

/// An invented fleet, round the clock: some can be deleted, scheduled, made smaller, moved to a cheaper processor or to
/// spot.
struct Fleet {
    usage: f64,
    resources: Resources,
    /// Of each choice: its cost on demand over the week, and whether it is one action (not two at once).
    list: Vec<Vec<(f64, bool)>>,
}

const WEEK: usize = 168;
const RATE: f64 = 0.72;

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
            let mut choices = vec![keep()];
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
        Plan::new(vec![self.usage; WEEK], share * RATE * self.usage, RATE, Offer::Best)
    }

    /// The choice of each resource that is cheapest on demand, single actions only or all.
    fn cheapest(&self, all: bool) -> Vec<usize> {
        let of = |list: &Vec<(f64, bool)>| {
            let allowed = (0..list.len()).filter(|&i| i == 0 || all || list[i].1);
            allowed.min_by(|&a, &b| list[a].0.total_cmp(&list[b].0)).unwrap_or(0)
        };
        self.list.iter().map(of).collect()
    }

    /// Savings in per cent of today's bill: everything alone added up; the best single action of each and a plan on
    /// today's usage, as promised and as it comes; with the plan on what is left; actions combined; chosen together.
    fn row(&self, share: f64, limits: &Limits) -> [f64; 6] {
        let mut today = self.plan(share);
        let level = today.best();
        let bill = today.at(0.0);
        let plan_alone = bill - today.at(level);
        let saved = |list: &[(f64, bool)], choice: usize| list[0].0 - list[choice].0;
        let each = self.list.iter().flat_map(|list| list.iter().filter(|one| one.1).map(|one| list[0].0 - one.0));
        let added_up = plan_alone + each.sum::<f64>();
        let single = self.cheapest(false);
        let best_single = plan_alone + self.list.iter().zip(&single).map(|(list, &i)| saved(list, i)).sum::<f64>();
        let (after, cost) = afresh(&today, &self.resources, &single);
        let followed = bill - (after.at(level) + cost - after.least());
        let combined = self.cheapest(true);
        let (_, by_order) = afresh(&today, &self.resources, &combined);
        let found = search(&mut self.plan(share), &self.resources, limits);
        let (_, result) = afresh(&today, &self.resources, &found.chosen);
        assert!((found.cost - result).abs() < 1e-9, "promised {}, comes to {result}", found.cost);
        [added_up, best_single, followed, bill - cost, bill - by_order, bill - found.cost].map(|s| s / bill * 100.0)
    }
}

#[test]
fn adding_up_promises_what_nobody_gets_and_the_joint_search_keeps_its_word() {
    for share in [0.0, 0.5, 0.9, 1.2] {
        let mut mean = [0.0; 6];
        for seed in 1..=3 {
            let row = Fleet::new(120, seed).row(share, &Limits { pairs: 0, ..limits() });
            assert!(row[5] >= row[4] - 1e-9, "{share}, seed {seed}: {row:?}");
            mean.iter_mut().zip(row).for_each(|(mean, saving)| *mean += saving / 3.0);
        }
        let [added_up, best_single, followed, sized_after, by_order, joint] = mean;
        assert!(added_up > best_single && best_single > joint, "{share}: {mean:?}");
        assert!(joint >= by_order - 1e-9 && by_order >= sized_after - 1e-9, "{share}: {mean:?}");
        assert!(sized_after >= followed - 1e-9, "{share}: {mean:?}");
        if share > 1.0 {
            // Usage is all under commitment: what the others do costs more than it saves.
            assert!(joint >= 0.0 && by_order < 0.0 && sized_after < 0.0 && followed < 0.0, "{mean:?}");
        } else {
            assert!(joint > followed + 5.0, "{share}: {mean:?}");
        }
    }
}

#[test]
fn a_world_that_sizes_after_sweeps_only_comes_close() {
    let fleet = Fleet::new(120, 3);
    for share in [0.0, 0.5, 0.9, 1.2] {
        let always = search(&mut fleet.plan(share), &fleet.resources, &limits());
        let mut world = Plan { offer: Offer::LastSized, ..fleet.plan(share) };
        let found = search(&mut world, &fleet.resources, &limits());
        assert!(found.settled);
        assert!((found.cost - world.least() - fixed(&fleet, &found)).abs() < 1e-9, "{share}");
        let bill = fleet.plan(share).at(0.0);
        assert!((found.cost - always.cost) / bill < 0.02, "{share}: {} for {} of {bill}", found.cost, always.cost);
    }
}

fn fixed(fleet: &Fleet, found: &Found) -> f64 {
    fleet.resources.iter().zip(&found.chosen).map(|(resource, &choice)| resource.choices[choice].fixed).sum()
}
