//! Names of things, checked and in one canonical form.
//!
//! Knows: rule ids, account and region ids, resource ids, targets, meters, finding ids. Does not know: what they
//! cost. Bills mix `i-…`, bucket names and ARNs for one resource; the canonical form here makes them meet.

use std::fmt;
use std::str::FromStr;

/// Why a name is refused.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("{text:?} is not {expected}")]
pub struct IdError {
    /// What was given.
    pub text: String,
    /// What was expected, with an example.
    pub expected: &'static str,
}

/// The id of a rule: its path under `rules/` with `-` for `/`, e.g. `ebs-volume-gp2`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct RuleId(String);

impl RuleId {
    /// The id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for RuleId {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        let word = |w: &str| !w.is_empty() && w.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
        if text.contains('-') && text.split('-').all(word) {
            Ok(RuleId(text.to_owned()))
        } else {
            let expected = "a rule id: lower-case words joined by '-', such as ebs-volume-gp2";
            Err(IdError { text: text.to_owned(), expected })
        }
    }
}

impl fmt::Display for RuleId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What a finding is about: an account, a region in it, a resource there. An absent resource means the scope
/// itself. Ids are compared as the canonical text of [`canonical_resource_id`].
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Target {
    /// `SubAccountId`: the account, subscription or project that used it.
    pub account: Option<String>,
    /// `RegionId`, e.g. `eu-west-1`.
    pub region: Option<String>,
    /// Canonical `ResourceId`; `None` is the scope itself.
    pub resource: Option<String>,
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let part = |p: &Option<String>| p.clone().unwrap_or_else(|| "-".to_owned());
        write!(f, "{}/{}/{}", part(&self.account), part(&self.region), part(&self.resource))
    }
}

/// What a price is for; the key that joins bills and prices.
///
/// AWS: `ServiceCode/UsageType` without the region prefix, with `/Operation` where the operation carries the licence
/// or engine (`AmazonEC2/BoxUsage:m5.large/RunInstances:0002`). Others: `provider/sku`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Meter(pub String);

/// Usage types with several prices that only the operation tells apart (S3 and EFS user guides: billing and usage reports).
const PRICED_BY_OPERATION: [&str; 7] = [
    "AmazonS3/Requests-Tier3",
    "AmazonS3/Requests-Tier4",
    "AmazonS3/Standard-Retrieval-Bytes",
    "AmazonS3/Bulk-Retrieval-Bytes",
    "AmazonS3/Requests-GLACIER-Tier1",
    "AmazonS3/Requests-GDA-Tier1",
    "AmazonEFS/ETDataAccess-Bytes",
];

impl Meter {
    /// The meter of an AWS charge. The operation belongs to it where it decides the price: where it carries a licence or an
    /// engine, and for the kinds of load balancers.
    #[must_use]
    pub fn aws(service_code: &str, usage_type: &str, operation: &str) -> Self {
        // CloudFront prices by area of the edge: its `US-` is no region, except where it runs in regions.
        let by_area = service_code == "AmazonCloudFront"
            && !usage_type.contains("Lambda-Edge-")
            && !usage_type.ends_with("-OriginShield");
        let usage = if by_area { usage_type } else { strip_region_prefix(usage_type) };
        // The first EC2 instances had one size, and no size in their usage type.
        let usage = if usage == "BoxUsage" { "BoxUsage:m1.small" } else { usage };
        // Bills cut most database classes short: `db.r5.2xl` is db.r5.2xlarge.
        let cut = usage.contains(":db.") && usage.ends_with("xl");
        let usage = if cut { format!("{usage}arge") } else { usage.to_owned() };
        let mut parts = operation.splitn(3, ':');
        let priced = match (parts.next(), parts.next()) {
            (Some(verb @ ("LoadBalancing" | "CreateCacheCluster")), Some(code)) => Some(format!("{verb}:{code}")),
            (Some(verb), Some(code)) if is_licence_code(code) => Some(format!("{verb}:{code}")),
            _ => None,
        };
        match priced {
            Some(operation) => Meter(format!("{service_code}/{usage}/{operation}")),
            None => Meter(format!("{service_code}/{usage}")).at(operation),
        }
    }

    /// The meter with its operation, where that decides the price.
    #[must_use]
    pub fn at(self, operation: &str) -> Self {
        let whole = !operation.is_empty() && PRICED_BY_OPERATION.contains(&self.0.as_str());
        if whole { Meter(format!("{}/{operation}", self.0)) } else { self }
    }
}

impl fmt::Display for Meter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The usage type without its region prefix (`USE1-`, `EUC1-`, `EU-`, `APS3-`; us-east-1 has none in most services):
/// a continent of AWS's billing region codes, up to two letters, up to two digits. Only the first prefix goes, so that
/// inter-region transfer (`USE1-EUC1-AWS-Out-Bytes`) keeps its destination.
fn strip_region_prefix(usage_type: &str) -> &str {
    let Some((prefix, rest)) = usage_type.split_once('-') else { return usage_type };
    // Some services spell the region out: `ca-central-1-KMS-Keys`.
    if prefix.len() == 2 && prefix.bytes().all(|b| b.is_ascii_lowercase()) {
        let mut parts = usage_type.splitn(4, '-').skip(1).collect::<Vec<_>>();
        if rest.starts_with("gov-") {
            parts = usage_type.splitn(5, '-').skip(2).collect();
        }
        let number = |n: &str| n.len() == 1 && n.bytes().all(|b| b.is_ascii_digit());
        return match parts[..] {
            [area, n, usage] if number(n) && area.bytes().all(|b| b.is_ascii_lowercase()) => usage,
            _ => usage_type,
        };
    }
    let continents = ["US", "UG", "EU", "AP", "CA", "SA", "ME", "AF", "IL", "MX", "CN"];
    let Some(tail) = continents.iter().find_map(|c| prefix.strip_prefix(c)) else { return usage_type };
    let letters = tail.bytes().take_while(u8::is_ascii_uppercase).count();
    let digits = tail.bytes().skip(letters).take_while(u8::is_ascii_digit).count();
    if letters <= 2 && digits <= 2 && letters + digits == tail.len() { rest } else { usage_type }
}

fn is_licence_code(code: &str) -> bool {
    code.len() == 4 && code.bytes().all(|b| b.is_ascii_digit() || b.is_ascii_lowercase())
}

/// The canonical form of a resource id: for ARNs of EC2 (`arn:aws:ec2:…:volume/vol-1`) and of S3 buckets the bare id
/// that other exports use; everything else as written. Empty text is no resource.
#[must_use]
pub fn canonical_resource_id(text: &str) -> Option<String> {
    let text = text.trim();
    if text.is_empty() {
        return None;
    }
    if let Some(rest) = text.strip_prefix("arn:") {
        let mut parts = rest.splitn(5, ':');
        let service = parts.nth(1).unwrap_or_default();
        let resource = parts.nth(2).unwrap_or_default();
        match (service, resource.rsplit_once('/')) {
            ("ec2", Some((_, id))) if !id.is_empty() => return Some(id.to_owned()),
            ("s3", None) if !resource.is_empty() => return Some(resource.to_owned()),
            _ => {}
        }
    }
    Some(text.to_owned())
}

/// The kind of an AWS resource told from its canonical id, in the words of CloudFormation resource types cut to the
/// noun; `None` when the id does not say.
#[must_use]
pub fn resource_type(id: &str) -> Option<&'static str> {
    const PREFIXES: [(&str, &str); 10] = [
        ("i-", "instance"),
        ("vol-", "volume"),
        ("snap-", "snapshot"),
        ("nat-", "nat-gateway"),
        ("eipalloc-", "elastic-ip"),
        ("eni-", "network-interface"),
        ("vpce-", "vpc-endpoint"),
        ("h-", "dedicated-host"),
        ("tgw-attach-", "transit-gateway-attachment"),
        ("vpn-", "vpn-connection"),
    ];
    if let Some((_, kind)) = PREFIXES.iter().find(|(prefix, _)| id.starts_with(prefix)) {
        return Some(kind);
    }
    let arn = id.strip_prefix("arn:")?;
    let mut parts = arn.splitn(5, ':');
    let service = parts.nth(1)?;
    let resource = parts.nth(2)?;
    match (service, resource.split([':', '/']).next()?) {
        ("rds", "db") => Some("db-instance"),
        ("rds", "cluster") => Some("db-cluster"),
        ("logs", "log-group") => Some("log-group"),
        ("lambda", "function") => Some("function"),
        ("elasticloadbalancing", "loadbalancer") => Some("load-balancer"),
        ("eks", "cluster") => Some("eks-cluster"),
        ("ecs", "service") => Some("ecs-service"),
        ("ecs", "task") => Some("ecs-task"),
        ("ecr", "repository") => Some("repository"),
        ("dynamodb", "table") => Some("dynamodb-table"),
        ("elasticache", "cluster") => Some("cache-cluster"),
        ("es", "domain") => Some("search-domain"),
        ("redshift", "cluster") => Some("redshift-cluster"),
        ("elasticfilesystem", "file-system") => Some("file-system"),
        ("kinesis", "stream") => Some("stream"),
        ("kms", "key") => Some("key"),
        ("secretsmanager", "secret") => Some("secret"),
        ("sqs", _) => Some("queue"),
        ("savingsplans", "savingsplan") => Some("savings-plan"),
        _ => None,
    }
}

/// `rule@` and 8 hex digits of the target: stable across runs, so that diffs, waivers and `explain` can name it.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct FindingId(String);

impl FindingId {
    /// The id of a rule's finding on a target.
    #[must_use]
    pub fn new(rule: &RuleId, target: &Target) -> Self {
        FindingId(format!("{rule}@{:08x}", fnv1a(target.to_string().as_bytes())))
    }

    /// The id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for FindingId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// 64-bit FNV-1a folded to 32 bits (Fowler, Noll, Vo; constants of the published algorithm): a name for people,
/// stable across versions and platforms, not a digest for security.
fn fnv1a(bytes: &[u8]) -> u32 {
    let hash = bytes.iter().fold(0xcbf2_9ce4_8422_2325_u64, |h, b| (h ^ u64::from(*b)).wrapping_mul(0x0100_0000_01b3));
    ((hash >> 32) ^ (hash & 0xffff_ffff)) as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_resource_has_one_id() {
        for (text, id) in [
            ("i-0abc", "i-0abc"),
            ("arn:aws:ec2:us-east-1:111122223333:instance/i-0abc", "i-0abc"),
            ("arn:aws:ec2:eu-west-1:111122223333:natgateway/nat-1", "nat-1"),
            ("arn:aws:s3:::logs-bucket", "logs-bucket"),
            ("logs-bucket", "logs-bucket"),
            ("arn:aws:rds:us-east-1:111122223333:db:orders", "arn:aws:rds:us-east-1:111122223333:db:orders"),
        ] {
            assert_eq!(canonical_resource_id(text).as_deref(), Some(id), "{text}");
        }
        assert_eq!(canonical_resource_id(" "), None);
    }

    #[test]
    fn a_meter_has_no_region_but_keeps_the_licence() {
        for (code, usage, operation, meter) in [
            ("AmazonEC2", "EUC1-BoxUsage:m5.large", "RunInstances", "AmazonEC2/BoxUsage:m5.large"),
            ("AmazonEC2", "EU-EBS:VolumeUsage.gp2", "", "AmazonEC2/EBS:VolumeUsage.gp2"),
            ("AmazonEC2", "BoxUsage:m5.large", "RunInstances:0002", "AmazonEC2/BoxUsage:m5.large/RunInstances:0002"),
            ("AmazonEC2", "USE1-EUC1-AWS-Out-Bytes", "", "AmazonEC2/EUC1-AWS-Out-Bytes"),
            ("AmazonCloudWatch", "APS3-DataProcessing-Bytes", "PutLogEvents", "AmazonCloudWatch/DataProcessing-Bytes"),
            ("AmazonEC2", "DataTransfer-Out-Bytes", "RunInstances", "AmazonEC2/DataTransfer-Out-Bytes"),
            ("AmazonEC2", "CW:Requests", "", "AmazonEC2/CW:Requests"),
            ("awskms", "ca-central-1-KMS-Keys", "CurrentKeys", "awskms/KMS-Keys"),
            ("awskms", "us-gov-west-1-KMS-Keys", "CurrentKeys", "awskms/KMS-Keys"),
            (
                "AWSELB",
                "EU-LoadBalancerUsage",
                "LoadBalancing:Network",
                "AWSELB/LoadBalancerUsage/LoadBalancing:Network",
            ),
            ("AWSELB", "EU-LoadBalancerUsage", "LoadBalancing", "AWSELB/LoadBalancerUsage"),
            ("AmazonS3", "EU-Requests-Tier1", "PutObject", "AmazonS3/Requests-Tier1"),
            ("AmazonS3", "USW2-Requests-Tier3", "S3-GlacierTransition", "AmazonS3/Requests-Tier3/S3-GlacierTransition"),
            ("AmazonCloudFront", "EU-DataTransfer-Out-Bytes", "GET", "AmazonCloudFront/EU-DataTransfer-Out-Bytes"),
            ("AmazonCloudFront", "EU-OriginShield", "", "AmazonCloudFront/OriginShield"),
            ("AmazonEC2", "USW2-SpotUsage:m5.large", "RunInstances:SV001", "AmazonEC2/SpotUsage:m5.large"),
            (
                "AmazonEC2",
                "SpotUsage:m5.large",
                "RunInstances:0002:SV001",
                "AmazonEC2/SpotUsage:m5.large/RunInstances:0002",
            ),
            ("AmazonEC2", "BoxUsage", "RunInstances", "AmazonEC2/BoxUsage:m1.small"),
            (
                "AmazonRDS",
                "EU-Multi-AZUsage:db.r5.2xl",
                "CreateDBInstance:0014",
                "AmazonRDS/Multi-AZUsage:db.r5.2xlarge/CreateDBInstance:0014",
            ),
            (
                "AmazonElastiCache",
                "NodeUsage:cache.m7g.large",
                "CreateCacheCluster:Valkey",
                "AmazonElastiCache/NodeUsage:cache.m7g.large/CreateCacheCluster:Valkey",
            ),
        ] {
            assert_eq!(Meter::aws(code, usage, operation).0, meter);
        }
    }

    #[test]
    fn finding_ids_are_stable() {
        let target = Target { account: Some("111122223333".into()), region: None, resource: Some("i-1".into()) };
        let rule: RuleId = "ebs-volume-gp2".parse().unwrap();
        assert_eq!(FindingId::new(&rule, &target).as_str(), "ebs-volume-gp2@b6c33779");
    }

    #[test]
    fn rule_ids_are_words() {
        for bad in ["", "ebs", "EBS-volume", "ebs--volume", "ebs/volume", "ebs-volume "] {
            assert!(bad.parse::<RuleId>().is_err(), "{bad}");
        }
    }
}
