//! What a meter is to commitments: an instance of a family and size, or compute that only savings plans know.
//!
//! Knows: which usage types are instance hours, AWS's normalisation units, which platforms reservations are flexible on.
//! Does not know: prices.

use rust_decimal::Decimal;

use crate::id::Meter;

/// Which savings plans can cover a meter.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Pool {
    /// EC2, Fargate, Lambda: Compute and EC2 Instance Savings Plans.
    Compute,
    /// RDS, Aurora, ElastiCache and other databases: Database Savings Plans.
    Database,
    /// SageMaker AI: its own savings plans.
    MachineLearning,
    /// None; reservations of its service only.
    Reserved,
    /// Nothing, but it takes the place of what they cover: spot hours.
    Spot,
}

/// What commitments see in a meter.
#[derive(Clone, PartialEq, Debug)]
pub struct Eligible {
    /// Savings plans that can cover it.
    pub pool: Pool,
    /// `m5.xlarge`, `db.r5.large`; none for Fargate and Lambda.
    pub instance_type: Option<String>,
    /// `m5`, `db.r5`.
    pub family: Option<String>,
    /// What a reservation must agree on besides the type: service, kind of usage, licence or engine. Empty: Linux on shared hardware.
    pub platform: String,
    /// Normalisation units of one instance, where a reservation of one size covers others.
    pub units: Option<Decimal>,
    /// How many are sold at once: instances one by one, capacity of DynamoDB by the hundred.
    pub lot: u32,
}

/// Normalisation units of a size (EC2 User Guide, "How Reserved Instances are applied"; the same for RDS).
#[must_use]
pub fn units(size: &str) -> Option<Decimal> {
    let quarters = match size {
        "nano" => 1,
        "micro" => 2,
        "small" => 4,
        "medium" => 8,
        "large" => 16,
        "xlarge" => 32,
        other => 32 * other.strip_suffix("xlarge")?.parse::<i64>().ok()?,
    };
    Some(Decimal::new(quarters * 25, 2))
}

/// Families of which a reservation of one size covers no other (EC2 User Guide).
const INFLEXIBLE: [&str; 5] = ["g4ad", "g4dn", "g5", "g5g", "inf1"];

/// Engines of RDS whose reservations cover other sizes: MySQL, MariaDB, PostgreSQL, Aurora, Oracle with an own licence (RDS User
/// Guide, "Size-flexible reserved DB instances"), by the code of the operation.
const FLEXIBLE_ENGINES: [&str; 6] = ["0002", "0018", "0014", "0016", "0021", "0005"];

/// What commitments see in a meter; `None`: no commitment covers it.
#[must_use]
pub fn eligible(meter: &Meter) -> Option<Eligible> {
    let mut parts = meter.0.splitn(3, '/');
    let (service, usage, operation) = (parts.next()?, parts.next()?, parts.next().unwrap_or_default());
    let (kind, rest) = usage.split_once(':').unwrap_or((usage, ""));
    let code = operation.rsplit(':').next().unwrap_or_default();
    let instance = |pool, platform: String, flexible: bool, factor: i64| {
        let family = family(rest)?;
        let size = rest.rsplit('.').find(|part| *part != "search" && *part != "elasticsearch")?;
        let units = units(size).filter(|_| flexible).map(|units| units * Decimal::from(factor));
        Some(Eligible { pool, instance_type: Some(rest.to_owned()), family: Some(family), platform, units, lot: 1 })
    };
    let other = |pool| {
        Some(Eligible { pool, instance_type: None, family: None, platform: usage.to_owned(), units: None, lot: 1 })
    };
    match (service, kind) {
        ("AmazonEC2", "BoxUsage") => {
            let family = family(rest)?;
            let flexible = operation.is_empty() && !INFLEXIBLE.contains(&family.as_str());
            instance(Pool::Compute, operation.to_owned(), flexible, 1)
        }
        ("AmazonEC2", "SpotUsage") => instance(Pool::Spot, format!("spot/{operation}"), false, 1),
        ("AmazonEC2", "DedicatedUsage") => instance(Pool::Compute, format!("dedicated/{operation}"), false, 1),
        ("AmazonECS" | "AmazonEKS", _) if usage.starts_with("Fargate-") => other(Pool::Compute),
        ("AWSLambda", _) if usage.starts_with("Lambda-GB-Second") || usage.starts_with("Lambda-Provisioned-") => {
            other(Pool::Compute)
        }
        // A deployment in two zones counts twice: its reservation covers two instances of one zone.
        ("AmazonRDS", "InstanceUsage" | "Multi-AZUsage") => {
            let flexible = FLEXIBLE_ENGINES.contains(&code);
            let platform = if flexible { format!("rds/{code}") } else { format!("rds/{kind}/{code}") };
            instance(Pool::Database, platform, flexible, if kind == "Multi-AZUsage" { 2 } else { 1 })
        }
        // Database savings plans cover them; how many units a reservation of them needs is not stated with certainty.
        ("AmazonRDS", "InstanceUsageIOOptimized" | "Multi-AZClusterUsage") => {
            instance(Pool::Database, format!("rds/{kind}/{code}"), false, 1)
        }
        ("AmazonDocDB" | "AmazonNeptune", "InstanceUsage") => instance(Pool::Database, service.to_owned(), false, 1),
        ("AmazonElastiCache", "NodeUsage") => instance(Pool::Database, format!("elasticache/{code}"), true, 1),
        ("AmazonES", "ESInstance") | ("AmazonRedshift" | "AmazonMemoryDB", "Node" | "NodeUsage") => {
            instance(Pool::Reserved, service.to_owned(), false, 1)
        }
        // One unit in one hour; reserved capacity is bought in hundreds of them (DynamoDB Developer Guide, "Reserved capacity").
        ("AmazonDynamoDB", "ReadCapacityUnit-Hrs" | "WriteCapacityUnit-Hrs") => {
            let name = Some(kind.to_owned());
            let platform = service.to_owned();
            Some(Eligible {
                pool: Pool::Database,
                instance_type: name.clone(),
                family: name,
                platform,
                units: None,
                lot: 100,
            })
        }
        ("AmazonSageMaker", _) if rest.starts_with("ml.") => instance(Pool::MachineLearning, kind.to_owned(), false, 1),
        _ => None,
    }
}

/// `m5` of `m5.xlarge`, `db.r5` of `db.r5.large`, `r5` of `r5.large.search`.
fn family(instance_type: &str) -> Option<String> {
    let mut parts: Vec<&str> = instance_type.split('.').collect();
    parts.retain(|part| *part != "search" && *part != "elasticsearch");
    let (size, family) = parts.split_last()?;
    (!family.is_empty() && !size.is_empty()).then(|| family.join("."))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::billing::is_committable;
    use crate::prices::PriceList;

    #[test]
    fn units_are_those_of_the_guide() {
        let sizes = [
            ("nano", "0.25"),
            ("small", "1"),
            ("large", "4"),
            ("xlarge", "8"),
            ("9xlarge", "72"),
            ("112xlarge", "896"),
        ];
        for (size, expected) in sizes {
            assert_eq!(units(size).unwrap().normalize().to_string(), expected, "{size}");
        }
        assert_eq!(units("metal"), None);
    }

    #[test]
    fn hours_are_kept_of_the_meters_that_commitments_see() {
        let mut seen = 0;
        for meter in PriceList::embedded().meters() {
            let (_, usage) = meter.split_once('/').unwrap();
            let known = eligible(&Meter(meter.into())).filter(|known| known.pool != Pool::Spot);
            // Of hosts and of some hours of other services the hours are kept, and no commitment of theirs is known.
            assert!(known.is_none() || is_committable(usage), "{meter}");
            seen += usize::from(known.is_some());
        }
        assert!(seen > 10_000, "{seen}");
    }

    #[test]
    fn a_meter_is_a_family_and_a_size_where_it_is_one() {
        let of = |meter: &str| eligible(&Meter(meter.into())).unwrap();
        let linux = of("AmazonEC2/BoxUsage:m5.xlarge");
        assert_eq!((linux.family.as_deref(), linux.units, linux.platform.as_str()), (Some("m5"), Some(8.into()), ""));
        let windows = of("AmazonEC2/BoxUsage:m5.xlarge/RunInstances:0002");
        assert_eq!((windows.units, windows.platform.as_str()), (None, "RunInstances:0002"));
        assert_eq!(of("AmazonEC2/BoxUsage:g5.xlarge").units, None);
        let [one, two] = ["InstanceUsage", "Multi-AZUsage"]
            .map(|kind| of(&format!("AmazonRDS/{kind}:db.r6g.large/CreateDBInstance:0014")));
        assert_eq!((one.units, two.units, &one.platform), (Some(4.into()), Some(8.into()), &two.platform));
        assert_eq!(of("AmazonES/ESInstance:r5.large.search").family.as_deref(), Some("r5"));
        assert_eq!(of("AmazonDynamoDB/ReadCapacityUnit-Hrs").lot, 100);
        assert_eq!(eligible(&Meter("AmazonDynamoDB/IA-ReadCapacityUnit-Hrs".into())), None);
        assert_eq!(of("AmazonECS/Fargate-vCPU-Hours:perCPU").pool, Pool::Compute);
        assert_eq!(eligible(&Meter("AmazonEC2/EBS:VolumeUsage.gp2".into())), None);
    }
}
