//! Who is served first: the part of the application that is the same in every hour.
//!
//! Knows: which commitment applies to which class, in which accounts, in which order. Does not know: quantities, hours,
//! dollars spent. Because the order does not depend on quantities, more usage or less commitment never lowers what is
//! left to on-demand prices; `tests` holds that.

use rust_decimal::Decimal;

use super::portfolio::{Benefit, Portfolio, Sharing};
use super::usage::Usage;

/// Places to which savings percentages are compared: equal discounts must tie although 2/3 has no end.
const TIE_PLACES: u32 = 20;

/// Kinds of commitments in the order of their application: reservations before savings plans, EC2 Instance plans before
/// Compute plans (`sp-applying.html`), zonal reservations of any account before regional ones (`apply_ri.md`, scenario
/// 4). Database and SageMaker plans have classes of their own, so that their place does not matter.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Stage {
    Zonal,
    Regional,
    Ec2Instance,
    Compute,
    Database,
    SageMaker,
}

impl Stage {
    const ALL: [Stage; 6] =
        [Stage::Zonal, Stage::Regional, Stage::Ec2Instance, Stage::Compute, Stage::Database, Stage::SageMaker];

    fn of(benefit: &Benefit) -> Stage {
        match benefit {
            Benefit::Zonal { .. } => Stage::Zonal,
            Benefit::Regional { .. } => Stage::Regional,
            Benefit::Ec2InstanceSavingsPlan { .. } => Stage::Ec2Instance,
            Benefit::ComputeSavingsPlan { .. } => Stage::Compute,
            Benefit::DatabaseSavingsPlan { .. } => Stage::Database,
            Benefit::SageMakerSavingsPlan { .. } => Stage::SageMaker,
        }
    }
}

/// A commitment and a class that it applies to.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pair {
    /// Position in the portfolio.
    pub(super) commitment: usize,
    /// Position in the usage.
    pub(super) class: usize,
    /// What one unit of the class takes from the commitment's capacity; above 0.
    pub(super) weight: Decimal,
}

/// Pairs of one kind of commitment, tried one after the other in one circle of accounts.
pub(super) struct Round {
    /// In order.
    pub(super) pairs: Vec<Pair>,
    /// Position in [`Order::circles`].
    pub(super) circle: usize,
}

/// By commitment, by account: whether the commitment may pay there.
type Circle = Vec<Vec<bool>>;

/// The order of application for a usage and a portfolio.
pub(super) struct Order<'a> {
    /// The usage.
    pub(super) usage: &'a Usage,
    /// The portfolio.
    pub(super) portfolio: &'a Portfolio,
    /// One after the other.
    pub(super) rounds: Vec<Round>,
    /// Owners' accounts, then those that share.
    pub(super) circles: Vec<Circle>,
}

impl<'a> Order<'a> {
    /// Sorts once what every hour asks for.
    pub(super) fn new(usage: &'a Usage, portfolio: &'a Portfolio) -> Self {
        let circles = circles(usage, portfolio);
        let mut rounds = Vec::new();
        for stage in Stage::ALL {
            let all = pairs(usage, portfolio, stage);
            for (at, circle) in circles.iter().enumerate() {
                let pairs: Vec<Pair> = all.iter().filter(|p| circle[p.commitment].contains(&true)).copied().collect();
                if !pairs.is_empty() {
                    rounds.push(Round { pairs, circle: at });
                }
            }
        }
        Order { usage, portfolio, rounds, circles }
    }
}

fn pairs(usage: &Usage, portfolio: &Portfolio, stage: Stage) -> Vec<Pair> {
    let mut pairs = Vec::new();
    for (commitment, held) in portfolio.commitments.iter().enumerate().filter(|(_, c)| Stage::of(&c.benefit) == stage) {
        for (class, facts) in usage.classes.iter().enumerate() {
            if let Some(weight) = held.benefit.weight(class, facts) {
                pairs.push(Pair { commitment, class, weight });
            }
        }
    }
    if stage <= Stage::Regional {
        // Smallest size first (`apply_ri.md`). Between reservations the page has no order: theirs in the portfolio.
        pairs.sort_by_key(|pair| (pair.commitment, pair.weight, pair.class));
    } else {
        // All plans of a kind together: highest savings percentage, then lowest rate (`sp-applying.html`).
        pairs.sort_by_cached_key(|pair| {
            let price = usage.classes[pair.class].on_demand;
            let paid = pair.weight.checked_div(price).unwrap_or_default().round_dp(TIE_PLACES);
            (paid, pair.weight, pair.commitment, pair.class)
        });
    }
    pairs
}

/// The owner first, then the accounts that share (`ri-turn-off.html`). That page prefers "accounts with the largest
/// calculated savings" among these without saying more; here savings decide by class, and equal ones keep the order of
/// the usage.
fn circles(usage: &Usage, portfolio: &Portfolio) -> Vec<Circle> {
    let mut circles = vec![circle(usage, portfolio, |owner, account| owner == account)];
    match &portfolio.sharing {
        Sharing::Everyone => circles.push(circle(usage, portfolio, |_, _| true)),
        Sharing::Groups(groups) => {
            circles.extend(groups.iter().map(|group| {
                circle(usage, portfolio, |owner, account| group.contains(owner) && group.contains(account))
            }))
        }
        Sharing::Nobody => {}
    }
    circles
}

fn circle(usage: &Usage, portfolio: &Portfolio, may: impl Fn(&str, &str) -> bool) -> Circle {
    portfolio
        .commitments
        .iter()
        .map(|c| usage.accounts.iter().map(|account| may(&c.owner, account)).collect())
        .collect()
}
