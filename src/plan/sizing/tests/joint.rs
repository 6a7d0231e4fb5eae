//! Joint levels against brute force and a linear programme solved by `microlp`.

use microlp::{ComparisonOp, OptimizationDirection, Problem, Variable};

use super::*;

/// The linear programme as it is written down: its optimum, and its levels.
fn programme(demand: &Demand, in_force: &Levels) -> (f64, Levels) {
    let any = (0.0, f64::INFINITY);
    let in_force = in_force.plus(&Levels::default(), demand.scopes);
    let mut problem = Problem::new(OptimizationDirection::Minimize);
    let hours = demand.hours as f64;
    let narrow: Vec<Variable> = (0..demand.scopes).map(|_| problem.add_var(hours, any)).collect();
    let wide = problem.add_var(hours, any);
    for row in demand.rows(0..demand.hours) {
        let mut by_scope: Vec<Vec<(Variable, f64)>> = narrow.iter().map(|level| vec![(*level, -1.0)]).collect();
        let mut by_wide = vec![(wide, -1.0)];
        for (class, dollars) in demand.classes.iter().zip(row) {
            let mut covered = Vec::new();
            if let Some(scope) = class.scope {
                let one = problem.add_var(-1.0, any);
                by_scope[scope].push((one, class.narrow));
                covered.push((one, 1.0));
            }
            if let Some(rate) = class.wide {
                let one = problem.add_var(-1.0, any);
                by_wide.push((one, rate));
                covered.push((one, 1.0));
            }
            if !covered.is_empty() {
                problem.add_constraint(covered, ComparisonOp::Le, *dollars);
            }
        }
        for (terms, capacity) in by_scope.into_iter().zip(&in_force.narrow) {
            problem.add_constraint(terms, ComparisonOp::Le, *capacity);
        }
        problem.add_constraint(by_wide, ComparisonOp::Le, in_force.wide);
    }
    let solution = problem.solve().unwrap().into_solution().unwrap();
    let level = |variable: &Variable| solution.var_value(*variable).max(0.0);
    let levels = Levels { narrow: narrow.iter().map(level).collect(), wide: level(&wide) };
    (solution.objective() + demand.total(), levels)
}

/// The least cost over every combination of the narrow plans' breakpoints, the wide level exact beside each.
fn brute_force(demand: &Demand, in_force: &Levels) -> f64 {
    let prepared = Prepared::new(demand);
    let question = Question { prepared: &prepared, in_force };
    let mut choices = vec![vec![0.0]; demand.scopes];
    for (scope, members) in prepared.members().enumerate() {
        let in_force = in_force.narrow.get(scope).copied().unwrap_or_default();
        for row in demand.rows(0..demand.hours) {
            let mut level = 0.0;
            for member in &members {
                level += row[*member] * demand.classes[*member].narrow;
                choices[scope].push((level - in_force).max(0.0));
            }
        }
    }
    for choices in &mut choices {
        choices.sort_by(f64::total_cmp);
        choices.dedup();
    }
    let combinations: usize = choices.iter().map(Vec::len).product();
    let mut least = f64::INFINITY;
    for mut index in 0..combinations {
        let mut narrow = Vec::new();
        for choices in &choices {
            narrow.push(choices[index % choices.len()]);
            index /= choices.len();
        }
        least = least.min(question.value(&question.beside(narrow), false).0);
    }
    least
}

/// Scopes, classes in each, hours.
const SHAPES: [(usize, usize, usize); 5] = [(1, 1, 24), (1, 3, 12), (2, 1, 24), (2, 2, 8), (3, 1, 8)];

#[test]
fn levels_equal_brute_force_and_the_linear_programme() {
    let mut random = Random::new(1);
    for case in 0..30 {
        let (scopes, each, hours) = SHAPES[case % SHAPES.len()];
        let demand = few(&mut random, scopes, each, hours, Ratios::Uniform);
        let in_force = if case % 3 == 0 { some_levels(&mut random, &demand) } else { Levels::none(scopes) };
        let sized = size(&demand, &in_force, &exactly());
        assert!(sized.exact_ratios);
        assert!(sized.gap() <= 1e-6, "case {case}: gap {}", sized.gap());
        close(sized.cost, cost(&demand, &in_force, &sized.levels).cost, 1e-12);
        close(sized.cost, programme(&demand, &in_force).0, 1e-6);
        let least = brute_force(&demand, &in_force);
        assert!(sized.cost <= least * (1.0 + 1e-6), "case {case}: {} is more than {least}", sized.cost);
        assert!(sized.lower_bound <= least, "case {case}: {} is no bound to {least}", sized.lower_bound);
    }
}

#[test]
fn under_mixed_ratios_levels_are_no_worse_than_those_of_the_linear_programme() {
    let mut random = Random::new(2);
    for case in 0..30 {
        let (scopes, each, hours) = [(1, 3, 12), (2, 2, 8), (2, 2, 12)][case % 3];
        let demand = few(&mut random, scopes, each, hours, Ratios::Mixed);
        let in_force = if case % 3 == 0 { some_levels(&mut random, &demand) } else { Levels::none(scopes) };
        let sized = size(&demand, &in_force, &exactly());
        assert!(!sized.exact_ratios);
        let (relaxed, levels) = programme(&demand, &in_force);
        let there = cost(&demand, &in_force, &levels).cost;
        assert!(sized.cost <= there * (1.0 + 1e-6), "case {case}: {} is more than {there}", sized.cost);
        // The programme may assign usage to plans better than AWS does.
        assert!(relaxed <= sized.cost * (1.0 + 1e-9));
        let least = brute_force(&demand, &in_force);
        assert!(
            sized.lower_bound <= least * (1.0 + 1e-12),
            "case {case}: {} is no bound to {least}",
            sized.lower_bound
        );
        for _ in 0..20 {
            let any = cost(&demand, &in_force, &some_levels(&mut random, &demand)).cost;
            assert!(sized.lower_bound <= any);
        }
    }
}

#[test]
fn a_wide_plan_over_everything_does_not_keep_a_cheaper_narrow_one_away() {
    // No single level can be moved to advantage from a wide plan that covers all; two together can.
    let class = |scope, narrow| Class { scope: Some(scope), narrow, wide: Some(narrow * 1.2) };
    let demand = Demand::new(vec![class(0, 0.6), class(1, 0.7)], 2, 24, [3.0, 5.0].repeat(24)).unwrap();
    let sized = size(&demand, &Levels::default(), &exactly());
    close(sized.levels.narrow[0], 1.8, 1e-6);
    close(sized.levels.narrow[1], 3.5, 1e-6);
    close(sized.cost, 24.0 * 5.3, 1e-6);
}

#[test]
fn invented_demand_is_sized_within_the_gap() {
    for (scopes, hours, seed) in [(4, 336, 3), (8, 720, 1), (20, 720, 2)] {
        let demand = invented::demand(scopes, hours, seed);
        let sized = size(&demand, &Levels::default(), &Limits::default());
        assert!((0.0..=0.0005).contains(&sized.gap()), "{scopes} × {hours}: gap {}", sized.gap());
        // One kind of plan alone saves less.
        let none = Levels::none(scopes);
        let wide_alone = Levels { wide: single(&demand, 0.0), ..none.clone() };
        assert!(sized.cost < cost(&demand, &none, &wide_alone).cost);
        let narrow_alone = Levels { wide: 0.0, ..sized.levels.clone() };
        assert!(sized.cost < cost(&demand, &none, &narrow_alone).cost);
    }
}
