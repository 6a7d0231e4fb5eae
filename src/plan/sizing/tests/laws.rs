//! Laws of the bill and of the search, on random cases.

use super::*;

#[test]
fn the_gradient_is_a_subgradient_and_the_slope_away_from_kinks() {
    let mut random = Random::new(3);
    let none = Levels::default();
    let mut slopes = 0;
    for _ in 0..60 {
        let demand = few(&mut random, 2, 2, 10, Ratios::Uniform);
        let prepared = Prepared::new(&demand);
        let here = some_levels(&mut random, &demand);
        let found = prepared.cost(&none, &here);
        let along = |to: &Levels| {
            let narrow: f64 =
                (0..2).map(|scope| found.gradient.narrow[scope] * (to.narrow[scope] - here.narrow[scope])).sum();
            narrow + found.gradient.wide * (to.wide - here.wide)
        };
        for _ in 0..5 {
            let there = some_levels(&mut random, &demand);
            let bill = prepared.cost(&none, &there).cost;
            assert!(bill >= found.cost + along(&there) - 1e-9, "{bill} lies below the tangent");
        }
        for level in 0..3 {
            let moved = |by: f64| {
                let mut levels = here.clone();
                let place = levels.narrow.get_mut(level);
                *place.unwrap_or(&mut levels.wide) += by;
                levels
            };
            let (more, less) = (prepared.cost(&none, &moved(1e-6)), prepared.cost(&none, &moved(-1e-6)));
            let slope = found.gradient.narrow.get(level).copied().unwrap_or(found.gradient.wide);
            if more.gradient == less.gradient {
                close((more.cost - less.cost) / 2e-6, slope, 1e-3);
                slopes += 1;
            }
        }
    }
    assert!(slopes > 100, "only {slopes} slopes without a kink nearby");
}

#[test]
fn the_bill_is_convex_along_any_line_when_ratios_are_uniform() {
    let mut random = Random::new(5);
    for _ in 0..60 {
        let demand = few(&mut random, 2, 2, 10, Ratios::Uniform);
        let in_force = some_levels(&mut random, &demand);
        let (a, b) = (some_levels(&mut random, &demand), some_levels(&mut random, &demand));
        let share = random.unit();
        let between = a.scaled(1.0 - share).plus(&b.scaled(share), 2);
        let bill = |levels: &Levels| cost(&demand, &in_force, levels).cost;
        assert!(bill(&between) <= (1.0 - share) * bill(&a) + share * bill(&b) + 1e-9);
    }
}

#[test]
fn more_in_force_never_raises_a_bill_and_more_usage_never_lowers_it() {
    let mut random = Random::new(6);
    for _ in 0..60 {
        let demand = few(&mut random, 2, 2, 10, Ratios::Uniform);
        let (in_force, more) = (some_levels(&mut random, &demand), some_levels(&mut random, &demand));
        let bought = some_levels(&mut random, &demand);
        let bill = |in_force: &Levels| cost(&demand, in_force, &bought).cost;
        assert!(bill(&in_force.plus(&more, 2)) <= bill(&in_force) + 1e-9);
        let mut busier = demand.clone();
        busier.dollars.iter_mut().for_each(|dollars| *dollars += random.unit());
        assert!(cost(&busier, &in_force, &bought).cost >= bill(&in_force) - 1e-9);
    }
}

#[test]
fn commitment_is_used_or_unused_and_covers_what_its_rates_say() {
    let mut random = Random::new(7);
    for _ in 0..60 {
        let demand = few(&mut random, 2, 2, 10, Ratios::Mixed);
        let bought = some_levels(&mut random, &demand);
        let found = cost(&demand, &Levels::default(), &bought);
        let committed = 10.0 * bought.total();
        let covered = demand.total() - found.on_demand;
        let used = committed - found.unused;
        assert!(found.unused >= -1e-9 && used >= -1e-9);
        // Rates are between 0.5 and 0.98.
        assert!(used <= 0.98 * covered + 1e-9 && used >= 0.5 * covered - 1e-9);
        close(found.cost, committed + found.on_demand, 1e-12);
    }
}

#[test]
fn merging_classes_with_equal_rates_changes_nothing() {
    let mut random = Random::new(8);
    for ratios in [Ratios::Uniform, Ratios::Mixed] {
        for _ in 0..20 {
            let mut demand = few(&mut random, 2, 3, 12, ratios);
            // Two sizes of one family, in any order, and one that ties with another in the narrow rate alone.
            demand.classes[4] = demand.classes[0];
            demand.classes[5].narrow = demand.classes[3].narrow;
            demand.classes[4].scope = Some(0);
            let merged = demand.collapse();
            assert_eq!(merged.classes.len(), demand.classes.len() - 1);
            close(merged.total(), demand.total(), 1e-12);
            for _ in 0..5 {
                let levels = some_levels(&mut random, &demand);
                let (a, b) = (cost(&demand, &levels, &levels), cost(&merged, &levels, &levels));
                close(a.cost, b.cost, 1e-12);
                close(a.unused, b.unused, 1e-9);
                close(a.gradient.wide, b.gradient.wide, 1e-9);
            }
            assert_eq!(merged.collapse(), merged);
        }
    }
}

#[test]
fn results_do_not_depend_on_the_number_of_threads() {
    let demand = invented::demand(24, 6000, 3);
    let in_force = Levels { narrow: vec![0.1; 24], wide: 1.0 };
    let sized = |threads: usize| size(&demand, &in_force, &Limits { threads, ..Limits::default() });
    let one = sized(1);
    assert_eq!(one, sized(2));
    assert_eq!(one, sized(7));
    let passes = |threads: usize| Prepared::with_threads(&demand, threads).cost(&in_force, &one.levels);
    assert_eq!(passes(1), passes(3));
    // The linear programme too, on less.
    let demand = invented::demand(4, 600, 4);
    let solved = |threads: usize| {
        let mut prepared = Prepared::new(&demand);
        prepared.threads = threads;
        let question = Question { prepared: &prepared, in_force: &in_force };
        interior::solve(&question, 1e-6)
    };
    assert!(solved(1).1 > 5);
    assert_eq!(solved(1), solved(3));
}

#[test]
fn levels_follow_usage() {
    let demand = invented::demand(6, 336, 6);
    let cost = |demand: &Demand| size(demand, &Levels::default(), &exactly()).cost;
    close(cost(&demand.scaled(0.8)), 0.8 * cost(&demand), 1e-6);
}
