//! Commitments: what they cost, when, what they apply to, who shares them.
//!
//! Knows: one commitment and one class at a time. Does not know: the order in which commitments are applied (`order`),
//! how much was used.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use rust_decimal::Decimal;

use super::usage::Class;
use crate::money::PLACES;

/// What has been bought, and who shares it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Portfolio {
    /// Commitments. Reservations that stand equal are applied in this order.
    pub commitments: Vec<Commitment>,
    /// Which accounts may use what the owner leaves.
    pub sharing: Sharing,
}

/// Which accounts may use what the owner's usage leaves of a commitment; the owner always comes first
/// (`ri-turn-off.html`).
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Sharing {
    /// All accounts: "organization-wide", AWS's default.
    #[default]
    Everyone,
    /// Groups of account ids tried in order, then nobody. A commitment is shared in a group only when its owner belongs
    /// to it. Restricted group sharing is the groups alone; prioritised group sharing is the groups and one of all
    /// accounts; an account with sharing turned off, as owner and as user, is in none.
    Groups(Vec<BTreeSet<String>>),
    /// No sharing.
    Nobody,
}

/// One reservation (of any number of instances) or one savings plan.
#[derive(Clone, Debug, PartialEq)]
pub struct Commitment {
    /// `CommitmentDiscountId`.
    pub id: String,
    /// Account that bought it; need not be among the accounts with usage.
    pub owner: String,
    /// Start, inclusive; `None`: before all hours.
    pub from: Option<Timestamp>,
    /// End, exclusive; `None`: after all hours.
    pub until: Option<Timestamp>,
    /// Dollars per hour, used or not: the recurring part and the upfront part spread over the term. Of a savings plan
    /// its commitment. At most 12 places.
    pub hourly: Decimal,
    /// The part of `hourly` that was paid in advance.
    pub upfront_hourly: Decimal,
    /// What it pays for.
    pub benefit: Benefit,
}

/// What a commitment pays for.
///
/// Rates of savings plans are dollars of one unit of quantity by class (position in [`super::Usage::classes`]); an
/// absent class is not covered. A rate equal to the price on demand is: the page's Lambda requests save 0 % and count
/// as covered (`sp-applying.html`, scenario 1). A rate above it is not: AWS publishes none, and none of its pages says
/// that usage is covered at a loss. A rate of 0 is no rate: it would cover without limit.
#[derive(Clone, Debug, PartialEq)]
pub enum Benefit {
    /// Instances of exactly one type, platform and zone (`apply_ri.md`, zonal).
    Zonal {
        /// `RegionId`.
        region: String,
        /// Availability zone.
        zone: String,
        /// E.g. `m5.xlarge`.
        instance_type: String,
        /// As [`Class::platform`].
        platform: String,
        /// Instances.
        count: Decimal,
    },
    /// Instances of a region (`apply_ri.md`, regional; the reservations of databases and caches work alike).
    Regional {
        /// `RegionId`.
        region: String,
        /// Which sizes a flexible reservation serves, e.g. `m5`.
        family: String,
        /// The one type that a reservation serves that is not flexible.
        instance_type: String,
        /// As [`Class::platform`].
        platform: String,
        /// Normalisation units per hour of all its instances, when flexible: four m4.large are 16.
        units: Decimal,
        /// Instances, when not flexible.
        count: Decimal,
        /// Whether it serves all sizes of the family. Not so: dedicated tenancy, Windows, RHEL, SUSE, SQL Server, and
        /// the families that `apply_ri.md` lists (G4ad, G4dn, G5, G5g).
        flexible: bool,
    },
    /// One family in one region, any size, system and tenancy.
    Ec2InstanceSavingsPlan {
        /// E.g. `m5`.
        family: String,
        /// `RegionId`.
        region: String,
        /// Rate by class.
        rates: BTreeMap<usize, Decimal>,
    },
    /// EC2, Fargate and Lambda anywhere.
    ComputeSavingsPlan {
        /// Rate by class.
        rates: BTreeMap<usize, Decimal>,
    },
    /// Databases anywhere.
    DatabaseSavingsPlan {
        /// Rate by class.
        rates: BTreeMap<usize, Decimal>,
    },
    /// SageMaker anywhere.
    SageMakerSavingsPlan {
        /// Rate by class.
        rates: BTreeMap<usize, Decimal>,
    },
}

impl Commitment {
    /// Whether it is in force in the hour that starts here: `from <= start < until`. Outside it does and costs nothing.
    #[must_use]
    pub fn in_force(&self, start: Timestamp) -> bool {
        self.from.is_none_or(|from| from <= start) && self.until.is_none_or(|until| start < until)
    }

    /// What it can give in an hour: dollars of a savings plan, units or instances of a reservation.
    pub(super) fn capacity(&self) -> Decimal {
        let capacity = match &self.benefit {
            Benefit::Zonal { count, .. } | Benefit::Regional { flexible: false, count, .. } => *count,
            Benefit::Regional { units, .. } => *units,
            _ => self.hourly,
        };
        capacity.max(Decimal::ZERO)
    }

    /// Dollars per hour that so much of its capacity costs: of a reservation the same share of its cost.
    pub(super) fn cost_of(&self, used: Decimal) -> Decimal {
        match &self.benefit {
            Benefit::Zonal { .. } | Benefit::Regional { .. } => {
                let capacity = self.capacity();
                if used == capacity && !used.is_zero() {
                    return self.hourly;
                }
                (self.hourly * used).checked_div(capacity).unwrap_or_default().round_dp(PLACES)
            }
            _ => used,
        }
    }
}

impl Benefit {
    /// What one unit of a class takes from the capacity; `None`: it does not apply to the class.
    pub(super) fn weight(&self, index: usize, class: &Class) -> Option<Decimal> {
        let is = |of_class: &Option<String>, wanted: &String| of_class.as_ref() == Some(wanted);
        match self {
            Benefit::Zonal { region, zone, instance_type, platform, .. } => {
                let placed = is(&class.region, region) && is(&class.zone, zone);
                (placed && is(&class.instance_type, instance_type) && class.platform == *platform)
                    .then_some(Decimal::ONE)
            }
            Benefit::Regional { region, family, platform, flexible: true, .. } => {
                let fits = is(&class.region, region) && is(&class.family, family) && class.platform == *platform;
                class.units.filter(|units| fits && *units > Decimal::ZERO)
            }
            Benefit::Regional { region, instance_type, platform, .. } => {
                let placed = is(&class.region, region);
                (placed && is(&class.instance_type, instance_type) && class.platform == *platform)
                    .then_some(Decimal::ONE)
            }
            Benefit::Ec2InstanceSavingsPlan { family, region, rates } => {
                rate(rates, index, class).filter(|_| is(&class.family, family) && is(&class.region, region))
            }
            Benefit::ComputeSavingsPlan { rates }
            | Benefit::DatabaseSavingsPlan { rates }
            | Benefit::SageMakerSavingsPlan { rates } => rate(rates, index, class),
        }
    }
}

fn rate(rates: &BTreeMap<usize, Decimal>, index: usize, class: &Class) -> Option<Decimal> {
    rates.get(&index).copied().filter(|rate| *rate > Decimal::ZERO && *rate <= class.on_demand)
}
