//! Levels for usage that is not known yet.

use super::scenarios::{Model, Outcome, Risk, choose, estimate, outcomes, pool, renewed, spread};
use super::*;

/// One workload with days and weekends.
fn history(hours: usize, seed: u64) -> Demand {
    let mut random = Random::new(seed);
    let dollars: Vec<f64> = (0..hours)
        .map(|hour| {
            let week = if hour / 24 % 7 < 5 { 1.0 } else { 0.8 };
            let day = 1.0 + 0.25 * (std::f64::consts::TAU * (hour as f64 - 9.0) / 24.0).sin();
            week * day * random.gamma(60.0)
        })
        .collect();
    wide_only(&[0.72], &dollars)
}

const MODEL: Model = Model { drift: 0.0, sigma: 0.06, common: 1.0, shock: 0.3, remains: (0.3, 0.8), hours: 8760 };

#[test]
fn a_pool_depends_on_its_seed_alone() {
    let demand = few(&mut Random::new(0), 2, 2, 400, Ratios::Uniform);
    let first = pool(&demand, &MODEL, 6, 37, 1);
    assert_eq!((first.hours, first.dollars.len()), (6 * (8760 / 37), first.hours * demand.classes.len()));
    assert_eq!(first, pool(&demand, &MODEL, 6, 37, 1));
    assert_ne!(first, pool(&demand, &MODEL, 6, 37, 2));
    // More paths leave the first ones as they are.
    let more = pool(&demand, &MODEL, 9, 37, 1);
    assert_eq!(first.dollars, more.dollars[..first.dollars.len()]);
    assert!(Demand::new(more.classes, 2, more.hours, more.dollars).is_ok());
}

#[test]
fn without_movement_a_path_is_the_history_again() {
    let demand = history(500, 1);
    let still = Model { sigma: 0.0, shock: 0.0, ..MODEL };
    let path = pool(&demand, &still, 1, 1, 1);
    // 500 hours are two whole weeks, the last ones.
    assert_eq!(path.dollars[..336], demand.dollars[164..]);
    assert_eq!(path.dollars[336..672], demand.dollars[164..]);
    assert_eq!(pool(&demand, &still, 0, 1, 1).hours, 0);
    assert_eq!(pool(&demand.sample(1000), &still, 2, 37, 1).hours, 2 * (8760 / 37));
}

#[test]
fn sizing_on_pooled_futures_beats_sizing_on_the_last_month() {
    let last_month = history(720, 2);
    let now = single(&last_month, 0.0);
    let pooled = single(&pool(&last_month, &MODEL, 300, 37, 3), 0.0);
    assert!(pooled < now);
    let held_out = pool(&history(8736, 4), &MODEL, 200, 13, 5);
    let none = Levels::default();
    let on = |level: f64| spread(&outcomes(&held_out, 200, &none, &wide(level)));
    let (now, careful, pooled) = (on(now), on(0.9 * now), on(pooled));
    assert!(pooled.mean > now.mean + 0.005 && pooled.low > now.low + 0.03, "{pooled:?}, {now:?}");
    assert!(pooled.mean > careful.mean - 0.005 && careful.low > now.low, "{pooled:?}, {careful:?}");
    assert!(pooled.loss <= now.loss);
}

#[test]
fn levels_sized_on_a_pool_have_the_least_expected_cost() {
    let demand = few(&mut Random::new(1), 2, 1, 336, Ratios::Uniform);
    let futures = pool(&demand, &MODEL, 40, 73, 6);
    let none = Levels::none(2);
    let sized = size(&futures, &none, &Limits::default());
    assert!(sized.gap() <= 0.0005);
    let total = |levels: &Levels| outcomes(&futures, 40, &none, levels).iter().map(|o| o.saving).sum::<f64>();
    close(total(&sized.levels), futures.total() - sized.cost, 1e-9);
    for factor in [0.8, 0.9, 1.1] {
        assert!(total(&sized.levels.scaled(factor)) < total(&sized.levels));
    }
}

#[test]
fn less_risk_is_less_commitment() {
    let futures = pool(&history(720, 2), &MODEL, 200, 73, 7);
    let none = Levels::default();
    let best = wide(single(&futures, 0.0));
    let chosen = |risk: Risk| choose(&futures, 200, &none, &best, risk);
    assert_eq!(chosen(Risk::Expected), best);
    let careful = chosen(Risk::NoRegret { loss_probability: 0.05 });
    let after = spread(&outcomes(&futures, 200, &none, &careful));
    assert!(careful.wide > 0.0 && careful.wide <= best.wide && after.loss <= 0.05, "{careful:?} {after:?}");
    // A hundredth more would lose too often, unless it is the best level anyway.
    let bolder = spread(&outcomes(&futures, 200, &none, &careful.scaled(1.01)));
    assert!(bolder.loss > 0.05 || careful == best);
    let never = chosen(Risk::NoRegret { loss_probability: 0.0 });
    assert!(never.wide < careful.wide);
    let worst = |levels: &Levels| {
        let mut savings: Vec<f64> = outcomes(&futures, 200, &none, levels).iter().map(|o| o.saving).collect();
        savings.sort_by(f64::total_cmp);
        savings[..10].iter().sum::<f64>()
    };
    let tail = chosen(Risk::Cvar { alpha: 0.05 });
    assert!(tail.wide < best.wide && worst(&tail) > worst(&best));
    for factor in [0.9, 1.1] {
        assert!(worst(&tail) >= worst(&tail.scaled(factor)) - 1e-9);
    }
}

#[test]
fn a_spread_counts_losses_and_takes_the_fifth_percentile() {
    let outcome = |saving: f64| Outcome { saving, without: 100.0 };
    let outcomes: Vec<Outcome> = (-2..19).map(|s| outcome(f64::from(s))).collect();
    let spread = spread(&outcomes);
    close(spread.mean, 0.08, 1e-12);
    close(spread.low, -0.01, 1e-12);
    close(spread.loss, 2.0 / 21.0, 1e-12);
}

#[test]
fn a_model_is_learnt_from_months_and_shrinks_to_what_is_assumed() {
    assert_eq!(estimate(&history(720, 1)), Model::default());
    let learnt = |sigma: f64, drift: f64| {
        let model = Model { sigma, drift, shock: 0.0, hours: 36 * 730, ..MODEL };
        estimate(&pool(&history(336, 8), &model, 1, 1, 9))
    };
    let (calm, wild, rising) = (learnt(0.0, 0.0), learnt(0.2, 0.0), learnt(0.0, 0.03));
    assert!(calm.sigma < 0.03 && calm.sigma > 0.0 && calm.drift.abs() < 0.001, "{calm:?}");
    assert!(wild.sigma > 0.12 && wild.sigma < 0.28, "{wild:?}");
    assert!(rising.drift > 0.01 && rising.drift < 0.03, "{rising:?}");
    assert_eq!(calm.hours, 8760);
}

#[test]
fn a_commitment_of_the_whole_horizon_is_bought_once_and_a_shorter_one_follows_usage() {
    let demand = history(720, 5);
    let none = Levels::default();
    let three_years = Model { hours: 3 * 8760, ..MODEL };
    let levels = wide(single(&demand, 0.0));
    let saved =
        |model: &Model, term: usize| -> Vec<Outcome> { renewed(&demand, model, (20, 109, 1), &none, &levels, term) };
    let sum = |all: &[Outcome]| all.iter().map(|one| one.saving).sum::<f64>();
    let pooled = pool(&demand, &three_years, 20, 109, 1);
    for (one, other) in saved(&three_years, 3 * 8760).iter().zip(outcomes(&pooled, 20, &none, &levels)) {
        close(one.saving, other.saving, 1e-9);
        close(one.without, other.without, 1e-9);
    }
    // Usage that stays as it is makes no difference.
    let still = Model { sigma: 0.0, shock: 0.0, ..three_years };
    close(sum(&saved(&still, 8760)), sum(&saved(&still, 3 * 8760)), 1e-6);
    // Usage that halves in a year: what is bought once for three years loses, what is bought each year does not.
    let falling = Model { drift: -0.5_f64.ln().abs() / 12.0, ..still };
    assert!(sum(&saved(&falling, 3 * 8760)) < 0.0 && sum(&saved(&falling, 8760)) > sum(&saved(&falling, 3 * 8760)));
    // Usage that grows leaves it behind.
    let growing = Model { drift: 0.02, ..still };
    assert!(sum(&saved(&growing, 8760)) > sum(&saved(&growing, 3 * 8760)));
}
