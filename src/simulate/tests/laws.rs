//! Laws of the simulator, on invented usages and portfolios.
//!
//! Not laws, and so not here: that the order of accounts does not matter (owners come first), that sharing in groups
//! costs more than sharing with everyone (it may serve better discounts), that a saving is at most the price on demand
//! (see `the_owners_dollar_can_cost_more_than_a_dollar`).

use proptest::prelude::*;

use super::*;

const ACCOUNTS: [&str; 3] = ["a", "b", "c"];
const TYPES: [&str; 4] = ["m5.large", "m5.xlarge", "r5.large", "r5.xlarge"];

#[derive(Clone, Debug)]
struct World {
    usage: Usage,
    portfolio: Portfolio,
}

/// Kind, owner, cents per hour, instances, the type that it names, rates in percent of the price on demand.
type Seed = (usize, usize, i64, i64, usize, [i64; 4]);

fn commitment(classes: &[Class], seed: Seed) -> Commitment {
    let (kind, owner, cents, count, named, percents) = seed;
    let rates: BTreeMap<usize, Decimal> = classes
        .iter()
        .map(|class| class.on_demand)
        .zip(percents)
        .map(|(p, percent)| p * Decimal::new(percent, 2))
        .enumerate()
        .collect();
    let region = "us-east-1".to_owned();
    let benefit = match kind {
        0 => zonal("", "0", TYPES[named], "us-east-1a", count).benefit,
        1 => regional("", "0", TYPES[named], count).benefit,
        2 => Benefit::Ec2InstanceSavingsPlan { family: family(TYPES[named]), region, rates },
        _ => Benefit::ComputeSavingsPlan { rates },
    };
    Commitment {
        // Every other one ends after the first hour.
        until: (cents % 2 == 1).then(|| at(1)),
        hourly: Decimal::new(cents, 2),
        ..held(ACCOUNTS[owner], "0", benefit)
    }
}

/// Two hours of the same cells; up to five commitments; any sharing.
fn world_of(
    price: impl Strategy<Value = i64>,
    quarters: impl Strategy<Value = i64>,
    cents: impl Strategy<Value = i64>,
    percent: impl Strategy<Value = i64>,
) -> impl Strategy<Value = World> {
    let cell = (0..ACCOUNTS.len(), 0..TYPES.len(), quarters);
    let seed = (0..4_usize, 0..ACCOUNTS.len(), cents, 0..=4_i64, 0..TYPES.len(), prop::array::uniform4(percent));
    let cells = prop::collection::vec(cell, 1..8);
    let seeds = prop::collection::vec(seed, 0..6);
    (prop::array::uniform4(price), cells, seeds, 0..4_usize).prop_map(|(prices, cells, seeds, sharing)| {
        let classes: Vec<Class> = TYPES
            .iter()
            .zip(prices)
            .map(|(name, cents)| Class { on_demand: Decimal::new(cents, 2), ..instance(name, "0") })
            .collect();
        let cells: Vec<Cell> = cells
            .into_iter()
            .map(|(account, class, quarters)| Cell { account, class, quantity: Decimal::new(quarters * 25, 2) })
            .collect();
        let commitments = seeds.into_iter().map(|seed| commitment(&classes, seed)).collect();
        let sharing = match sharing {
            0 => Sharing::Everyone,
            1 => Sharing::Nobody,
            2 => Sharing::Groups(vec![group(&["a", "b"])]),
            _ => Sharing::Groups(vec![group(&["a", "b"]), group(&ACCOUNTS)]),
        };
        let hours = (0..2).map(|hour| Hour { start: at(hour), cells: cells.clone() }).collect();
        let accounts = ACCOUNTS.iter().map(|account| (*account).to_owned()).collect();
        World { usage: Usage { accounts, classes, hours }, portfolio: Portfolio { commitments, sharing } }
    })
}

fn world() -> impl Strategy<Value = World> {
    world_of(1..=400_i64, 0..=40_i64, 0..=600_i64, 0..=120_i64)
}

/// Whole instances, prices and rates of 0.50, 1 or 2: every point at which a price changes is a multiple of a power of
/// two.
fn halves() -> impl Strategy<Value = World> {
    let price = prop::sample::select(vec![100_i64, 200]);
    let percent = prop::sample::select(vec![50_i64, 100]);
    world_of(price, (1..=4_i64).prop_map(|q| q * 4), (0..=12_i64).prop_map(|h| h * 50), percent)
}

proptest! {
    #[test]
    fn rows_of_a_cell_add_up_to_its_quantity(world in world()) {
        for of_hour in &world.usage.hours {
            let rows = hour(&world.usage, of_hour, &world.portfolio).rows;
            for (at, cell) in of_hour.cells.iter().enumerate() {
                let sum: Decimal = rows.iter().filter(|row| row.cell == at).map(|row| row.quantity).sum();
                prop_assert_eq!(sum, cell.quantity);
            }
            prop_assert!(rows.iter().all(|row| row.quantity > Decimal::ZERO && row.cost >= Decimal::ZERO));
        }
    }

    #[test]
    fn used_and_unused_are_the_commitment_exactly(world in world()) {
        for of_hour in &world.usage.hours {
            let bill = hour(&world.usage, of_hour, &world.portfolio);
            for (at, commitment) in world.portfolio.commitments.iter().enumerate() {
                let used: Decimal = bill.rows.iter().filter(|row| row.commitment == Some(at)).map(|row| row.cost).sum();
                let hourly = if commitment.in_force(of_hour.start) { commitment.hourly } else { Decimal::ZERO };
                prop_assert_eq!(used + bill.unused[at], hourly);
                prop_assert!(bill.unused[at] >= Decimal::ZERO);
            }
        }
    }

    #[test]
    fn a_reservation_pays_for_no_more_than_it_holds(world in world()) {
        let of_hour = &world.usage.hours[0];
        let rows = hour(&world.usage, of_hour, &world.portfolio).rows;
        for (at, commitment) in world.portfolio.commitments.iter().enumerate() {
            let of = |row: &&Row| row.commitment == Some(at);
            let class = |row: &Row| &world.usage.classes[of_hour.cells[row.cell].class];
            match &commitment.benefit {
                Benefit::Zonal { count, .. } => {
                    prop_assert!(rows.iter().filter(of).map(|row| row.quantity).sum::<Decimal>() <= *count);
                }
                Benefit::Regional { units, .. } => {
                    let used: Decimal =
                        rows.iter().filter(of).map(|row| row.quantity * class(row).units.unwrap_or_default()).sum();
                    prop_assert!(used <= *units);
                }
                _ => {}
            }
        }
    }

    #[test]
    fn the_bill_is_all_commitments_and_the_rest_on_demand(world in world()) {
        let ledger = bill(&world.usage, &world.portfolio);
        let of_hours: Decimal =
            world.usage.hours.iter().map(|of_hour| hour(&world.usage, of_hour, &world.portfolio).amortised()).sum();
        prop_assert_eq!(ledger.amortised(), of_hours);
        let lines: Decimal = ledger.lines.values().map(|line| line.cost).sum();
        let unused: Decimal = ledger.commitments.iter().map(|held| held.unused).sum();
        prop_assert_eq!(ledger.amortised(), lines + unused);
    }

    #[test]
    fn without_commitments_the_bill_is_quantity_times_price(world in world()) {
        let expected: Decimal = world
            .usage
            .hours
            .iter()
            .flat_map(|of_hour| &of_hour.cells)
            .map(|cell| cell.quantity * world.usage.classes[cell.class].on_demand)
            .sum();
        let ledger = bill(&world.usage, &everyone(vec![]));
        prop_assert_eq!((ledger.amortised(), ledger.equivalent), (expected, expected));
    }

    #[test]
    fn a_commitment_that_costs_nothing_never_raises_the_bill(
        world in world(), owner in 0..3_usize, named in 0..4_usize, count in 0..=4_i64,
    ) {
        let before = total(&world.usage, &world.portfolio);
        let mut portfolio = world.portfolio;
        portfolio.commitments.push(regional(ACCOUNTS[owner], "0", TYPES[named], count));
        prop_assert!(total(&world.usage, &portfolio) <= before);
    }

    #[test]
    fn a_larger_commitment_never_leaves_more_on_demand(world in world(), at in 0..6_usize, cents in 0..=300_i64) {
        let before = bill(&world.usage, &world.portfolio).on_demand;
        let mut portfolio = world.portfolio;
        for commitment in portfolio.commitments.iter_mut().skip(at).take(1) {
            commitment.hourly += Decimal::new(cents, 2);
        }
        prop_assert!(bill(&world.usage, &portfolio).on_demand <= before);
    }

    #[test]
    fn more_usage_never_lowers_the_bill(
        world in world(), account in 0..3_usize, class in 0..4_usize, quarters in 0..=40_i64,
    ) {
        let quantity = Decimal::new(quarters * 25, 2);
        let before = total(&world.usage, &world.portfolio);
        let mut grown = world.usage.clone();
        grown.hours[0].cells[0].quantity += quantity;
        prop_assert!(total(&grown, &world.portfolio) >= before);
        let mut wider = world.usage;
        wider.hours[0].cells.push(Cell { account, class, quantity });
        prop_assert!(total(&wider, &world.portfolio) >= before);
    }

    #[test]
    fn any_sharing_costs_at_most_what_no_sharing_costs(world in world()) {
        let commitments = world.portfolio.commitments.clone();
        let alone = Portfolio { commitments, sharing: Sharing::Nobody };
        prop_assert!(total(&world.usage, &world.portfolio) <= total(&world.usage, &alone));
    }

    #[test]
    fn accounts_that_own_nothing_are_alike(world in world()) {
        let mut portfolio = Portfolio { sharing: Sharing::Everyone, ..world.portfolio };
        for commitment in &mut portfolio.commitments {
            commitment.owner = "a".into();
        }
        let mut exchanged = world.usage.clone();
        for cell in exchanged.hours.iter_mut().flat_map(|of_hour| &mut of_hour.cells) {
            cell.account = [0, 2, 1][cell.account];
        }
        prop_assert_eq!(total(&exchanged, &portfolio), total(&world.usage, &portfolio));
    }

    #[test]
    fn instances_of_an_hour_pool(world in world()) {
        // Two cells of one account and class are one, up to rounding of each at 12 places.
        let mut split = world.usage.clone();
        let cell = &mut split.hours[0].cells[0];
        let part = Cell { quantity: cell.quantity.min(Decimal::new(25, 2)), ..cell.clone() };
        cell.quantity -= part.quantity;
        split.hours[0].cells.insert(1, part);
        let difference = total(&split, &world.portfolio) - total(&world.usage, &world.portfolio);
        prop_assert!(difference.abs() < Decimal::new(1, 9), "{difference}");
    }

    #[test]
    fn without_usage_only_commitments_are_paid(world in world()) {
        let all = |account: usize, from_class: usize| Alternative {
            account,
            from_class,
            to: None,
            off: None,
            quantity: vec![(0, Decimal::ONE_THOUSAND), (1, Decimal::ONE_THOUSAND)],
        };
        let changes: Vec<Alternative> =
            (0..3).flat_map(|account| (0..4).map(move |class| (account, class))).map(|(a, c)| all(a, c)).collect();
        let ledger = bill(&apply(&world.usage, &changes), &world.portfolio);
        let before = bill(&world.usage, &world.portfolio);
        prop_assert_eq!(ledger.on_demand, Decimal::ZERO);
        for (after, before) in ledger.commitments.iter().zip(&before.commitments) {
            prop_assert_eq!((after.used, after.unused), (Decimal::ZERO, before.total()));
        }
    }

    #[test]
    fn no_change_changes_nothing(world in world()) {
        prop_assert_eq!(apply(&world.usage, &[]), world.usage.clone());
        let stays = Alternative {
            account: 0,
            from_class: 0,
            to: Some((0, Decimal::ONE)),
            off: None,
            quantity: vec![(0, Decimal::ONE), (1, Decimal::TEN)],
        };
        prop_assert_eq!(saved(&world.usage, &everyone(vec![]), &[stays]), Decimal::ZERO);
    }

    #[test]
    fn a_marginal_price_is_what_a_little_less_saves(world in halves()) {
        let little = Decimal::new(1, 6);
        let before = total(&world.usage, &world.portfolio);
        for (cell, price) in marginal(&world.usage, &world.portfolio).remove(0) {
            let mut less = world.usage.clone();
            less.hours[0].cells[cell].quantity -= little;
            let on_demand = world.usage.classes[less.hours[0].cells[cell].class].on_demand * little;
            let error = before - total(&less, &world.portfolio) - price * on_demand;
            prop_assert!(error.abs() < Decimal::new(1, 10), "cell {cell} at {price}: {error}");
        }
    }
}
