//! Which meters run for what an inventory shows, and how much of each.
//!
//! Knows: what AWS charges for a resource because it is there, whatever it does: the pricing pages of each service, and the meters of
//! `prices/`. Does not know: prices; what a resource does. What is charged by traffic, requests or stored blocks that no answer states is
//! left out, or said to be unknown where it is most of the cost.

use std::collections::BTreeMap;

use jiff::Timestamp;
use polars::prelude::DataFrame;
use rust_decimal::Decimal;

use crate::id::{Meter, Target};
use crate::money::parse_decimal;
use crate::table;
use crate::table::read::{integers, texts};

/// A resource and what runs for it.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct Provisioned {
    /// Table that shows it.
    pub(super) table: &'static str,
    /// Whose it is.
    pub(super) target: Target,
    /// When it was made, or last started.
    pub(super) made: Option<Timestamp>,
    /// Its meters.
    pub(super) runs: Vec<Runs>,
}

/// A meter that runs.
#[derive(Clone, PartialEq, Debug)]
pub(super) enum Runs {
    /// So many units in each hour.
    Hours(Meter, Decimal),
    /// An amount that is sold by the month.
    Months(Meter, Decimal),
    /// Something is charged, and the inventory does not show how much: why.
    Unknown(&'static str),
}

impl Runs {
    pub(super) fn meter(&self) -> Option<&Meter> {
        match self {
            Runs::Hours(meter, _) | Runs::Months(meter, _) => Some(meter),
            Runs::Unknown(_) => None,
        }
    }
}

/// How a table's rows are charged.
type Charged = fn(&Row<'_>) -> Vec<Runs>;

/// Tables whose resources cost something by being there.
const CHARGED: [(&str, Charged); 29] = [
    ("ec2_instances", instance),
    ("ebs_volumes", volume),
    ("ebs_snapshots", snapshot),
    ("ec2_addresses", address),
    ("nat_gateways", nat_gateway),
    ("vpc_endpoints", endpoint),
    ("load_balancers", load_balancer),
    ("transit_gateway_attachments", transit_gateway_attachment),
    ("vpn_connections", vpn_connection),
    ("rds_instances", database_instance),
    ("rds_clusters", database_cluster),
    ("rds_snapshots", database_snapshot),
    ("elasticache_clusters", cache_cluster),
    ("opensearch_domains", search_domain),
    ("redshift_clusters", warehouse),
    ("dynamodb_tables", dynamo_table),
    ("lambda_functions", function),
    ("ecs_services", container_service),
    ("eks_clusters", cluster),
    ("efs_file_systems", file_system),
    ("log_groups", log_group),
    ("kinesis_streams", stream),
    ("kms_keys", key),
    ("secrets", secret),
    ("msk_brokers", kafka_broker),
    ("mq_brokers", message_broker),
    ("sagemaker_endpoints", model_variant),
    ("sagemaker_notebooks", notebook),
    ("workspaces", desktop),
];

/// Everything that the tables show, in the order of [`CHARGED`]; what costs nothing by being there is not among it.
pub(super) fn all(tables: &BTreeMap<String, DataFrame>) -> Vec<Provisioned> {
    let mut all = Vec::new();
    for (name, charged) in CHARGED {
        let Some(frame) = tables.get(name) else { continue };
        let columns: BTreeMap<&str, Vec<Option<String>>> = table::find(name)
            .into_iter()
            .flat_map(|table| table.columns)
            .map(|c| (c.name, texts(frame, c.name)))
            .collect();
        let made = ["CreateTime", "LaunchTime", "StartTime"].into_iter().find(|name| columns.contains_key(name));
        let made = made.map(|name| integers(frame, name)).unwrap_or_default();
        for at in 0..frame.height() {
            let row = Row { columns: &columns, at };
            let runs = charged(&row);
            if runs.is_empty() {
                continue;
            }
            let target = Target {
                account: row.text("SubAccountId").map(str::to_owned),
                region: row.text("RegionId").map(str::to_owned),
                resource: row.text("ResourceId").map(str::to_owned),
            };
            let made = made.get(at).copied().flatten().and_then(|micros| Timestamp::from_microsecond(micros).ok());
            all.push(Provisioned { table: name, target, made, runs });
        }
    }
    all
}

/// A row of a table.
struct Row<'a> {
    columns: &'a BTreeMap<&'a str, Vec<Option<String>>>,
    at: usize,
}

impl Row<'_> {
    fn text(&self, column: &str) -> Option<&str> {
        self.columns.get(column)?.get(self.at)?.as_deref()
    }

    fn number(&self, column: &str) -> Option<Decimal> {
        parse_decimal(self.text(column)?).ok()
    }

    fn is(&self, column: &str, word: &str) -> bool {
        self.text(column) == Some(word)
    }

    fn holds(&self, column: &str) -> bool {
        self.is(column, "true")
    }

    /// A meter that runs for each unit of a column, or why it is not known.
    fn each(&self, column: &str, meter: Meter, unknown: &'static str) -> Vec<Runs> {
        match self.number(column) {
            Some(count) if count.is_zero() => Vec::new(),
            Some(count) => vec![Runs::Hours(meter, count)],
            None => vec![Runs::Unknown(unknown)],
        }
    }

    /// Bytes of a column as GB-Months; bills count 2^30 bytes as a GB.
    fn stored(&self, column: &str, meter: &str) -> Vec<Runs> {
        match self.number(column) {
            Some(bytes) if bytes.is_zero() => Vec::new(),
            Some(bytes) => vec![Runs::Months(Meter(meter.to_owned()), bytes / Decimal::from(1_u64 << 30))],
            None => vec![Runs::Unknown("how much it stores is not answered")],
        }
    }
}

fn once(meter: &str) -> Runs {
    Runs::Hours(Meter(meter.to_owned()), Decimal::ONE)
}

/// What is above an included amount.
fn above(amount: Decimal, included: i64) -> Option<Decimal> {
    let more = amount - Decimal::from(included);
    (more > Decimal::ZERO).then_some(more)
}

/// Hours of a machine on demand; the operation carries the licence. On a dedicated host the host is charged.
fn instance(row: &Row<'_>) -> Vec<Runs> {
    if !row.is("State", "running") || row.is("Tenancy", "host") {
        return Vec::new();
    }
    if row.text("Lifecycle").is_some() {
        return vec![Runs::Unknown("spot and capacity blocks have no list price")];
    }
    let Some(kind) = row.text("InstanceType") else { return vec![Runs::Unknown("its type is not answered")] };
    let usage = if row.is("Tenancy", "dedicated") { "DedicatedUsage" } else { "BoxUsage" };
    let meter = Meter::aws("AmazonEC2", &format!("{usage}:{kind}"), row.text("UsageOperation").unwrap_or_default());
    vec![Runs::Hours(meter, Decimal::ONE)]
}

/// Included with gp3 (EBS pricing).
const GP3_IOPS: i64 = 3000;
const GP3_MIBPS: i64 = 125;
/// io2 costs less from here on, and again from there.
const IO2_TIERS: [(i64, &str); 3] = [(0, "io2"), (32_000, "io2.tier2"), (64_000, "io2.tier3")];

/// Size; IOPS of provisioned types; what gp3 has above what is included.
fn volume(row: &Row<'_>) -> Vec<Runs> {
    let months = |usage: String, amount: Decimal| Runs::Months(Meter(format!("AmazonEC2/EBS:{usage}")), amount);
    let (Some(kind), Some(size)) = (row.text("VolumeType"), row.number("SizeGiB")) else {
        return vec![Runs::Unknown("its type or size is not answered")];
    };
    let name = match kind {
        "standard" => "VolumeUsage".to_owned(),
        "io1" => "VolumeUsage.piops".to_owned(),
        other => format!("VolumeUsage.{other}"),
    };
    let mut runs = vec![months(name, size)];
    match (kind, row.number("Iops")) {
        ("io1" | "io2", None) => runs.push(Runs::Unknown("its IOPS are not answered")),
        ("io1", Some(iops)) => runs.push(months("VolumeP-IOPS.piops".into(), iops)),
        ("io2", Some(iops)) => {
            let ends = IO2_TIERS.iter().skip(1).map(|(from, _)| Some(*from)).chain([None]);
            for ((from, tier), end) in IO2_TIERS.iter().zip(ends) {
                let upto = end.map_or(iops, |end| iops.min(Decimal::from(end)));
                runs.extend(above(upto, *from).map(|part| months(format!("VolumeP-IOPS.{tier}"), part)));
            }
        }
        ("gp3", Some(iops)) => runs.extend(above(iops, GP3_IOPS).map(|more| months("VolumeP-IOPS.gp3".into(), more))),
        _ => {}
    }
    if let ("gp3", Some(throughput)) = (kind, row.number("ThroughputMiBps")) {
        let more = above(throughput, GP3_MIBPS);
        runs.extend(more.map(|more| months("VolumeP-Throughput.gp3".into(), more / Decimal::from(1024))));
    }
    runs
}

/// The archive tier is charged for all blocks; the standard one for those that no earlier snapshot has, which no answer states.
fn snapshot(row: &Row<'_>) -> Vec<Runs> {
    match (row.text("StorageTier"), row.number("FullSnapshotSizeGiB")) {
        (Some("archive"), Some(size)) => {
            vec![Runs::Months(Meter("AmazonEC2/EBS:SnapshotArchiveStorage".into()), size)]
        }
        _ => vec![Runs::Unknown("which blocks are charged only a bill says")],
    }
}

/// A public IPv4 address costs the same in use and idle; the meters differ.
fn address(row: &Row<'_>) -> Vec<Runs> {
    let state = if row.text("AssociationId").is_some() { "InUse" } else { "Idle" };
    vec![once(&format!("AmazonVPC/PublicIPv4:{state}Address"))]
}

fn nat_gateway(row: &Row<'_>) -> Vec<Runs> {
    if row.is("State", "available") { vec![once("AmazonEC2/NatGateway-Hours")] } else { Vec::new() }
}

fn endpoint(row: &Row<'_>) -> Vec<Runs> {
    let usage = match row.text("EndpointType") {
        Some("Interface") => "VpcEndpoint-Hours",
        Some("GatewayLoadBalancer") => "VpcEndpoint-GWLBE-Hours",
        _ => return Vec::new(),
    };
    if !row.text("State").is_some_and(|state| state.eq_ignore_ascii_case("available")) {
        return Vec::new();
    }
    row.each("Zones", Meter(format!("AmazonVPC/{usage}")), "its subnets are not answered")
}

fn load_balancer(row: &Row<'_>) -> Vec<Runs> {
    if ["provisioning", "failed"].iter().any(|state| row.is("State", state)) {
        return Vec::new();
    }
    match row.text("LoadBalancerType") {
        Some("classic") => vec![once("AWSELB/LoadBalancerUsage")],
        Some("application") => vec![once("AWSELB/LoadBalancerUsage/LoadBalancing:Application")],
        Some("network") => vec![once("AWSELB/LoadBalancerUsage/LoadBalancing:Network")],
        Some("gateway") => vec![once("AWSELB/LoadBalancerUsage/LoadBalancing:Gateway")],
        _ => vec![Runs::Unknown("its kind is not answered")],
    }
}

fn transit_gateway_attachment(row: &Row<'_>) -> Vec<Runs> {
    if row.is("State", "available") { vec![once("AmazonVPC/TransitGateway-Hours")] } else { Vec::new() }
}

fn vpn_connection(row: &Row<'_>) -> Vec<Runs> {
    if row.is("State", "available") { vec![once("AmazonVPC/VPN-Usage-Hours:ipsec.1")] } else { Vec::new() }
}

/// Operation of the charges of an engine and licence (RDS user guide, RDS DB instance billing: operation codes of line items).
fn engine_code(engine: &str, licence: Option<&str>) -> Option<&'static str> {
    let own = licence == Some("bring-your-own-license");
    Some(match engine {
        "mysql" => "0002",
        "mariadb" => "0018",
        "postgres" => "0014",
        "aurora-mysql" | "aurora" => "0016",
        "aurora-postgresql" => "0021",
        "oracle-ee" | "oracle-ee-cdb" => "0005",
        "oracle-se2" | "oracle-se2-cdb" if own => "0019",
        "oracle-se2" | "oracle-se2-cdb" => "0020",
        "sqlserver-ex" => "0010",
        "sqlserver-web" => "0011",
        "sqlserver-se" => "0012",
        "sqlserver-ee" => "0015",
        _ => return None,
    })
}

/// Hours of the instance while it runs, and its storage also while it is stopped.
fn database_instance(row: &Row<'_>) -> Vec<Runs> {
    let (Some(class), Some(engine)) = (row.text("DBInstanceClass"), row.text("Engine")) else {
        return vec![Runs::Unknown("its class or engine is not answered")];
    };
    let (service, operation) = match engine {
        "docdb" => ("AmazonDocDB", String::new()),
        "neptune" => ("AmazonNeptune", String::new()),
        _ => match engine_code(engine, row.text("LicenseModel")) {
            Some(code) => ("AmazonRDS", format!("CreateDBInstance:{code}")),
            None => return vec![Runs::Unknown("the prices of its engine are not known")],
        },
    };
    let clustered = row.text("DBClusterIdentifier").is_some() || service != "AmazonRDS";
    let zones = if row.holds("MultiAZ") && !clustered { "Multi-AZ" } else { "" };
    let mut runs = Vec::new();
    if !["stopped", "stopping"].iter().any(|state| row.is("State", state)) {
        let usage = match (row.text("StorageType"), zones) {
            (Some("aurora-iopt1"), _) => "InstanceUsageIOOptimized",
            (_, "") => "InstanceUsage",
            _ => "Multi-AZUsage",
        };
        runs.push(match class {
            "db.serverless" => Runs::Unknown("serverless capacity follows the load"),
            _ => Runs::Hours(Meter::aws(service, &format!("{usage}:{class}"), &operation), Decimal::ONE),
        });
    }
    if !clustered {
        runs.extend(database_storage(row, zones, &operation));
    }
    runs
}

/// Baselines of gp3 of RDS: small volumes, and those of this size or more, by engine (RDS user guide, gp3 storage).
fn gp3_baseline(engine: &str, size: Decimal) -> (i64, i64) {
    let striped = match engine {
        _ if engine.starts_with("sqlserver") => return (GP3_IOPS, GP3_MIBPS),
        _ if engine.starts_with("oracle") => 200,
        _ => 400,
    };
    if size >= Decimal::from(striped) { (12_000, 500) } else { (GP3_IOPS, GP3_MIBPS) }
}

fn database_storage(row: &Row<'_>, zones: &str, operation: &str) -> Vec<Runs> {
    let Some(size) = row.number("AllocatedStorageGiB") else {
        return vec![Runs::Unknown("its storage is not answered")];
    };
    let zones = if zones.is_empty() { "" } else { "Multi-AZ-" };
    let months = |usage: &str, amount: Decimal| {
        Runs::Months(Meter::aws("AmazonRDS", &format!("RDS:{zones}{usage}"), operation), amount)
    };
    let iops = row.number("Iops");
    match row.text("StorageType") {
        Some("gp2") => vec![months("GP2-Storage", size)],
        Some("standard") => vec![months("StorageUsage", size)],
        Some("io1") => match iops {
            Some(iops) => vec![months("PIOPS-Storage", size), months("PIOPS", iops)],
            None => vec![months("PIOPS-Storage", size), Runs::Unknown("its IOPS are not answered")],
        },
        // Its IOPS have a price of their own, which no list has.
        Some("io2") => vec![months("PIOPS-Storage-IO2", size), Runs::Unknown("no list price of IOPS of io2")],
        Some("gp3") => {
            let (included, throughput) = gp3_baseline(row.text("Engine").unwrap_or_default(), size);
            let mut runs = vec![months("GP3-Storage", size)];
            runs.extend(iops.and_then(|iops| above(iops, included)).map(|more| months("GP3-PIOPS", more)));
            let provisioned = row.number("ThroughputMiBps").and_then(|provisioned| above(provisioned, throughput));
            runs.extend(provisioned.map(|more| months("GP3-Throughput", more)));
            runs
        }
        _ => vec![Runs::Unknown("the prices of its storage are not known")],
    }
}

fn database_cluster(_: &Row<'_>) -> Vec<Runs> {
    vec![Runs::Unknown("how much a cluster stores is not answered")]
}

fn database_snapshot(_: &Row<'_>) -> Vec<Runs> {
    vec![Runs::Unknown("which blocks are charged only a bill says")]
}

fn cache_cluster(row: &Row<'_>) -> Vec<Runs> {
    let code = match row.text("Engine") {
        Some("redis") => "0002",
        Some("memcached") => "0001",
        Some("valkey") => "Valkey",
        _ => return vec![Runs::Unknown("the prices of its engine are not known")],
    };
    let Some(node) = row.text("CacheNodeType") else { return vec![Runs::Unknown("its type is not answered")] };
    let meter = Meter::aws("AmazonElastiCache", &format!("NodeUsage:{node}"), &format!("CreateCacheCluster:{code}"));
    row.each("NumCacheNodes", meter, "its nodes are not answered")
}

fn search_domain(row: &Row<'_>) -> Vec<Runs> {
    if row.holds("Deleted") {
        return Vec::new();
    }
    let Some(kind) = row.text("InstanceType") else { return vec![Runs::Unknown("its type is not answered")] };
    let kind = kind.trim_end_matches(".search").trim_end_matches(".elasticsearch");
    let meter = Meter(format!("AmazonES/ESInstance:{kind}"));
    let mut runs = row.each("Instances", meter, "its nodes are not answered");
    if row.text("VolumeType").is_some() {
        runs.push(Runs::Unknown("no list price of its EBS storage"));
    }
    if ["DedicatedMasters", "WarmNodes"].iter().any(|nodes| row.number(nodes).is_some_and(|count| !count.is_zero())) {
        runs.push(Runs::Unknown("the types of its master and warm nodes are not answered"));
    }
    runs
}

fn warehouse(row: &Row<'_>) -> Vec<Runs> {
    if !row.is("State", "available") {
        return Vec::new();
    }
    let Some(node) = row.text("NodeType") else { return vec![Runs::Unknown("its type is not answered")] };
    let meter = Meter::aws("AmazonRedshift", &format!("Node:{node}"), "RunComputeNode:0001");
    row.each("NumberOfNodes", meter, "its nodes are not answered")
}

/// Storage, and capacity where it is provisioned, its indexes' included.
fn dynamo_table(row: &Row<'_>) -> Vec<Runs> {
    let class = if row.is("TableClass", "STANDARD_INFREQUENT_ACCESS") { "IA-" } else { "" };
    let mut runs = row.stored("SizeBytes", &format!("AmazonDynamoDB/{class}TimedStorage-ByteHrs"));
    if row.is("BillingMode", "PROVISIONED") {
        for (own, of_indexes, unit) in [
            ("ReadCapacityUnits", "IndexReadCapacityUnits", "Read"),
            ("WriteCapacityUnits", "IndexWriteCapacityUnits", "Write"),
        ] {
            match (row.number(own), row.number(of_indexes)) {
                (Some(own), indexes) => {
                    let meter = Meter(format!("AmazonDynamoDB/{class}{unit}CapacityUnit-Hrs"));
                    runs.push(Runs::Hours(meter, own + indexes.unwrap_or_default()));
                }
                (None, _) => runs.push(Runs::Unknown("its capacity is not answered")),
            }
        }
    }
    runs
}

/// Only what is kept ready: the rest is charged by the run.
fn function(row: &Row<'_>) -> Vec<Runs> {
    let ready = row.number("ProvisionedConcurrency").filter(|ready| !ready.is_zero());
    let (Some(ready), Some(memory)) = (ready, row.number("MemorySizeMiB")) else { return Vec::new() };
    let arm = if row.is("Architecture", "arm64") { "-ARM" } else { "" };
    let meter = Meter(format!("AWSLambda/Lambda-Provisioned-Concurrency{arm}"));
    // GB-seconds of an hour.
    vec![Runs::Hours(meter, ready * memory / Decimal::from(1024) * Decimal::from(3600))]
}

/// Tasks on Fargate; on instances the instances are charged.
fn container_service(row: &Row<'_>) -> Vec<Runs> {
    if !row.is("LaunchType", "FARGATE") {
        return Vec::new();
    }
    let (Some(tasks), Some(cpu), Some(memory)) =
        (row.number("RunningTasks"), row.number("TaskCpuUnits"), row.number("TaskMemoryMiB"))
    else {
        return vec![Runs::Unknown("its tasks are not answered")];
    };
    if tasks.is_zero() {
        return Vec::new();
    }
    let arm = if row.is("Architecture", "ARM64") { "ARM-" } else { "" };
    let hours = |usage: &str, units: Decimal| {
        Runs::Hours(Meter(format!("AmazonECS/Fargate-{arm}{usage}")), tasks * units / Decimal::from(1024))
    };
    vec![hours("vCPU-Hours:perCPU", cpu), hours("GB-Hours", memory)]
}

fn cluster(row: &Row<'_>) -> Vec<Runs> {
    let runs = ["ACTIVE", "UPDATING"].iter().any(|state| row.is("State", state));
    if runs { vec![once("AmazonEKS/AmazonEKS-Hours:perCluster")] } else { Vec::new() }
}

/// Storage by class, and provisioned throughput above 1 MiB/s for each 20 GiB of Standard storage, which are included (EFS user guide).
fn file_system(row: &Row<'_>) -> Vec<Runs> {
    let zone = if row.text("AvailabilityZone").is_some() { "Z-" } else { "" };
    let mut runs = row.stored("StandardBytes", &format!("AmazonEFS/TimedStorage-{zone}ByteHrs"));
    runs.extend(row.stored("InfrequentAccessBytes", &format!("AmazonEFS/IATimedStorage-{zone}ByteHrs")));
    runs.extend(row.stored("ArchiveBytes", "AmazonEFS/ArchiveTimedStorage-ByteHrs"));
    if let (Some(provisioned), Some(bytes)) = (row.number("ProvisionedThroughputMiBps"), row.number("StandardBytes")) {
        let included = bytes / Decimal::from(1_u64 << 30) / Decimal::from(20);
        if row.is("ThroughputMode", "provisioned") && provisioned > included {
            runs.push(Runs::Months(Meter("AmazonEFS/ProvisionedTP-MiBpsHrs".into()), provisioned - included));
        }
    }
    runs
}

fn log_group(row: &Row<'_>) -> Vec<Runs> {
    row.stored("StoredBytes", "AmazonCloudWatch/TimedStorage-ByteHrs")
}

/// Shards with what they keep beyond a day, and consumers of their own; on demand an hour of the stream.
fn stream(row: &Row<'_>) -> Vec<Runs> {
    if row.is("StreamMode", "ON_DEMAND") {
        return vec![once("AmazonKinesis/OnDemand-StreamHour")];
    }
    let Some(shards) = row.number("OpenShards") else { return vec![Runs::Unknown("its shards are not answered")] };
    let hours = |usage: &str, units: Decimal| Runs::Hours(Meter(format!("AmazonKinesis/{usage}")), units);
    let mut runs = vec![hours("Storage-ShardHour", shards)];
    if row.number("RetentionHours").is_some_and(|hours| hours > Decimal::from(24)) {
        runs.push(hours("Extended-ShardHour", shards));
    }
    if let Some(consumers) = row.number("EnhancedFanOutConsumers").filter(|consumers| !consumers.is_zero()) {
        runs.push(hours("EnhancedFanoutHour", shards * consumers));
    }
    runs
}

/// A key, and the first two rotations of its material; what waits to be deleted is free.
fn key(row: &Row<'_>) -> Vec<Runs> {
    if row.is("State", "PendingDeletion") {
        return Vec::new();
    }
    let rotations = row.number("Rotations").unwrap_or_default().min(Decimal::TWO);
    vec![Runs::Months(Meter("awskms/KMS-Keys".into()), Decimal::ONE + rotations)]
}

/// What waits to be deleted is free.
fn secret(row: &Row<'_>) -> Vec<Runs> {
    if row.text("DeletedTime").is_some() {
        return Vec::new();
    }
    vec![Runs::Months(Meter("AWSSecretsManager/AWSSecretsManager-Secrets".into()), Decimal::ONE)]
}

/// A broker, without its storage.
fn kafka_broker(row: &Row<'_>) -> Vec<Runs> {
    match row.text("InstanceType").and_then(|kind| Some((kind.split_once('.')?, kind))) {
        Some((("kafka", size), _)) => vec![once(&format!("AmazonMSK/Kafka.{size}"))],
        Some((("express", size), _)) => vec![once(&format!("AmazonMSK/Express.{size}"))],
        _ => vec![Runs::Unknown("its type is not answered")],
    }
}

/// RabbitMQ alone has a list price, by the instance; a cluster has three (Amazon MQ pricing).
fn message_broker(row: &Row<'_>) -> Vec<Runs> {
    match (row.text("EngineType"), row.text("InstanceType"), row.text("DeploymentMode")) {
        (Some("RABBITMQ"), Some(kind), Some(mode)) => {
            let instances = if mode == "CLUSTER_MULTI_AZ" { 3 } else { 1 };
            let meter = Meter(format!("AmazonMQ/RabbitMQ-3-InstanceUsage:{kind}/*"));
            vec![Runs::Hours(meter, Decimal::from(instances))]
        }
        _ => vec![Runs::Unknown("no list price of its engine")],
    }
}

/// Instances of a variant; without instances nothing is charged while nobody asks.
fn model_variant(row: &Row<'_>) -> Vec<Runs> {
    match (row.text("InstanceType"), row.number("InitialInstances")) {
        _ if row.holds("Serverless") => Vec::new(),
        (Some(kind), Some(count)) => vec![Runs::Hours(Meter(format!("AmazonSageMaker/Host:{kind}")), count)],
        _ => vec![Runs::Unknown("its instances are not answered")],
    }
}

fn notebook(_: &Row<'_>) -> Vec<Runs> {
    vec![Runs::Unknown("whether it runs is not answered")]
}

fn desktop(_: &Row<'_>) -> Vec<Runs> {
    vec![Runs::Unknown("no list price of desktops")]
}
