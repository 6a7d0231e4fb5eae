//! On what terms a unit is bought: on demand, reserved, under a savings plan.
//!
//! Knows: the terms by name, and which rate follows from which where the provider publishes only one of them, with the
//! error that was seen. Does not know: prices.

use std::fmt;
use std::str::FromStr;

/// How a commitment is paid.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Payment {
    /// Nothing in advance.
    NoUpfront,
    /// About half in advance.
    PartialUpfront,
    /// Everything in advance.
    AllUpfront,
}

/// What is committed to.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Plan {
    /// Standard reserved instance.
    Standard,
    /// Convertible reserved instance.
    Convertible,
    /// Reserved nodes, instances or capacity of a service with one kind of reservation.
    Reserved,
    /// EC2 Instance Savings Plan.
    Ec2InstanceSavingsPlan,
    /// Compute Savings Plan.
    ComputeSavingsPlan,
    /// Database Savings Plan.
    DatabaseSavingsPlan,
}

/// Terms of a price. The price of a commitment is the hourly rate with upfront payments spread over its life.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Term {
    /// By use, without a commitment.
    OnDemand,
    /// A commitment.
    Committed {
        /// Kind.
        plan: Plan,
        /// 1 or 3.
        years: u8,
        /// Payment.
        payment: Payment,
    },
}

const PLANS: [(&str, Plan); 6] = [
    ("standard", Plan::Standard),
    ("convertible", Plan::Convertible),
    ("reserved", Plan::Reserved),
    ("ec2-instance-savings-plan", Plan::Ec2InstanceSavingsPlan),
    ("compute-savings-plan", Plan::ComputeSavingsPlan),
    ("database-savings-plan", Plan::DatabaseSavingsPlan),
];
const PAYMENTS: [(&str, Payment); 3] = [
    ("no-upfront", Payment::NoUpfront),
    ("partial-upfront", Payment::PartialUpfront),
    ("all-upfront", Payment::AllUpfront),
];

/// Not a term.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("{0:?} is no term: on-demand, or such as standard-1y-all-upfront, compute-savings-plan-3y-no-upfront")]
pub struct TermError(String);

impl fmt::Display for Term {
    /// Empty on demand, as in price lists; else plan, years and payment.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Term::Committed { plan, years, payment } = self else { return Ok(()) };
        let plan = PLANS.iter().find(|p| p.1 == *plan).map_or("", |p| p.0);
        let payment = PAYMENTS.iter().find(|p| p.1 == *payment).map_or("", |p| p.0);
        write!(f, "{plan}-{years}y-{payment}")
    }
}

impl Term {
    /// The term as people say it: `Compute Savings Plan, 1 year, no upfront`.
    #[must_use]
    pub fn words(&self) -> String {
        let Term::Committed { plan, years, payment } = self else { return "On demand".to_owned() };
        let plan = match plan {
            Plan::Standard => "Standard reservation",
            Plan::Convertible => "Convertible reservation",
            Plan::Reserved => "Reservation",
            Plan::Ec2InstanceSavingsPlan => "EC2 Instance Savings Plan",
            Plan::ComputeSavingsPlan => "Compute Savings Plan",
            Plan::DatabaseSavingsPlan => "Database Savings Plan",
        };
        let payment = match payment {
            Payment::NoUpfront => "no upfront",
            Payment::PartialUpfront => "partial upfront",
            Payment::AllUpfront => "all upfront",
        };
        format!("{plan}, {years} {}, {payment}", if *years == 1 { "year" } else { "years" })
    }
}

impl FromStr for Term {
    type Err = TermError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.is_empty() || text == "on-demand" {
            return Ok(Term::OnDemand);
        }
        let parsed = PLANS.iter().find_map(|(name, plan)| {
            let rest = text.strip_prefix(name)?.strip_prefix('-')?;
            let (years, payment) = rest.split_once("y-")?;
            let payment = PAYMENTS.iter().find(|p| p.0 == payment)?.1;
            let years = years.parse().ok().filter(|y| [1, 3].contains(y))?;
            Some(Term::Committed { plan: *plan, years, payment })
        });
        parsed.ok_or_else(|| TermError(text.to_owned()))
    }
}

/// A rate that follows from another: rate = rate of `from` × `numerator` / `denominator`.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Relation {
    /// The term that is listed.
    pub from: Term,
    /// The factor, in millionths.
    pub millionths: u32,
    /// Largest error seen, in percent.
    pub error_percent: f64,
    /// What the factor and its error rest on.
    pub evidence: &'static str,
}

/// The relation by which a rate that is not listed follows from one that is.
#[must_use]
pub fn relation(meter: &str, term: &Term) -> Option<Relation> {
    if meter.starts_with("AmazonEC2/BoxUsage:") { ec2(term) } else { database(meter, term) }
}

/// Database Savings Plans: one year, no upfront. AWS publishes ceilings, 35 % for serverless and 20 % for provisioned
/// instances of generation 7 and later, and no table was captured; the range of all its discounts is 12 to 35 % (ProsperOps,
/// February 2026). The ceiling is taken, and the error reaches to 12 %.
fn database(meter: &str, term: &Term) -> Option<Relation> {
    let one_year = Term::Committed { plan: Plan::DatabaseSavingsPlan, years: 1, payment: Payment::NoUpfront };
    let (service, usage) = meter.split_once('/')?;
    let covered = ["AmazonRDS", "AmazonDocDB", "AmazonNeptune", "AmazonElastiCache"].contains(&service);
    if *term != one_year || !covered {
        return None;
    }
    if usage.contains("Serverless") {
        let evidence = "Database Savings Plans: up to 35 % on serverless; the ceiling, between 12 and 35 %";
        return Some(Relation { from: Term::OnDemand, millionths: 650_000, error_percent: 36.0, evidence });
    }
    // `…:db.r7g.large/…`: the generation is the number after the letters.
    let class = usage.split(':').nth(1)?.split('/').next()?;
    let family = class.split('.').nth(1)?;
    let digits: String =
        family.chars().skip_while(|c| c.is_ascii_alphabetic()).take_while(char::is_ascii_digit).collect();
    let eligible = digits.parse::<u32>().is_ok_and(|generation| generation >= 7);
    // Of ElastiCache, only Valkey.
    let engine = service != "AmazonElastiCache" || usage.ends_with("CreateCacheCluster:Valkey");
    let evidence = "Database Savings Plans: up to 20 % on provisioned instances; the ceiling, between 12 and 20 %";
    (eligible && engine).then_some(Relation {
        from: Term::OnDemand,
        millionths: 800_000,
        error_percent: 10.0,
        evidence,
    })
}

/// EC2, from the All Upfront Standard rate of the same length.
///
/// Factors against All Upfront: No Upfront 1/0.933333 (1 year), 1/0.87037 (3 years); Partial Upfront 0.952381/0.933333 and
/// 0.925926/0.87037. They are exact for types since 2021 (x2iedn in 25 regions, m6a) and spread for older ones: 1-year all
/// against no upfront 0.837 to 0.944 (5th to 95th percentile of the price list of 2017): up to 11 %. A Convertible costs 1.20
/// times the Standard rate of the same payment (1.15 median in 2017, 1.22 for m6a): 15 % together. An EC2 Instance
/// Savings Plan costs what a Standard reservation costs, a Compute Savings Plan what a Convertible costs: equal maximum
/// discounts in AWS's documents, to be checked against DescribeSavingsPlansOfferingRates.
fn ec2(term: &Term) -> Option<Relation> {
    let Term::Committed { plan, years, payment } = *term else { return None };
    let standard = |payment: Payment| match (years, payment) {
        (1, Payment::NoUpfront) => 1_071_429,
        (1, Payment::PartialUpfront) => 1_020_409,
        (3, Payment::NoUpfront) => 1_148_937,
        (3, Payment::PartialUpfront) => 1_063_831,
        _ => 1_000_000_u32,
    };
    // Convertible against Standard of the same payment; 3 years all upfront has its own discount for paying in advance.
    let convertible = match (years, payment) {
        (1, _) => 1_201_400_u64,
        (_, Payment::AllUpfront) => 1_253_200, // 1.202 × 0.907407 / 0.87037
        _ => 1_202_000,
    };
    let times = |a: u32, b: u64| u32::try_from(u64::from(a) * b / 1_000_000).unwrap_or(u32::MAX);
    let (millionths, error_percent, evidence) = match (plan, payment) {
        (Plan::Standard, Payment::AllUpfront) | (Plan::Reserved | Plan::DatabaseSavingsPlan, _) => return None,
        (Plan::Standard, _) => {
            (standard(payment), 11.0, "payment options of Standard reservations: exact since 2021, looser before")
        }
        (Plan::Ec2InstanceSavingsPlan, _) => {
            (standard(payment), 11.0, "an EC2 Instance Savings Plan costs what a Standard reservation does")
        }
        (Plan::Convertible, _) => {
            (times(standard(payment), convertible), 15.0, "Convertible is 1.15 to 1.22 times Standard, by family")
        }
        (Plan::ComputeSavingsPlan, _) => {
            (times(standard(payment), convertible), 15.0, "a Compute Savings Plan costs about what a Convertible does")
        }
    };
    let from = Term::Committed { plan: Plan::Standard, years, payment: Payment::AllUpfront };
    Some(Relation { from, millionths, error_percent, evidence })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_term_reads_as_it_is_written() {
        for text in ["standard-1y-all-upfront", "compute-savings-plan-3y-no-upfront", "reserved-3y-partial-upfront"] {
            assert_eq!(text.parse::<Term>().unwrap().to_string(), text);
        }
        assert_eq!("".parse::<Term>(), Ok(Term::OnDemand));
        assert!("standard-2y-all-upfront".parse::<Term>().is_err());
    }

    /// m6a.xlarge in us-east-1, as AWS's pricing page had it in 2026: Standard 1 year no upfront 0.11431, Compute Savings Plan 0.13965.
    #[test]
    fn a_derived_rate_is_within_its_error() {
        let all_upfront = 0.106_735; // Standard 1 year all upfront of m6a.xlarge, us-east-1
        for (term, known) in [("standard-1y-no-upfront", 0.11431), ("compute-savings-plan-1y-no-upfront", 0.13965)] {
            let relation = relation("AmazonEC2/BoxUsage:m6a.xlarge", &term.parse().unwrap()).unwrap();
            let derived = all_upfront * f64::from(relation.millionths) / 1e6;
            let error = (derived / known - 1.0).abs() * 100.0;
            assert!(error < 2.0 && error < relation.error_percent, "{term}: {derived} against {known}, {error} %");
        }
    }

    #[test]
    fn a_database_savings_plan_covers_generation_7_and_serverless() {
        let term = "database-savings-plan-1y-no-upfront".parse().unwrap();
        let covered = |meter: &str| relation(meter, &term).is_some();
        assert!(covered("AmazonRDS/InstanceUsage:db.r7g.large/CreateDBInstance:0014"));
        assert!(!covered("AmazonRDS/InstanceUsage:db.r6g.large/CreateDBInstance:0014"));
        assert!(covered("AmazonRDS/Aurora:ServerlessV2Usage"));
        assert!(!covered("AmazonElastiCache/NodeUsage:cache.r7g.large/CreateCacheCluster:0002"));
        assert!(!covered("AmazonEC2/BoxUsage:m7g.large"));
    }
}
