//! Resources by hand, with the prices of us-east-1 that their pricing pages state.

use super::*;
use crate::derive::baseline::Baseline;
use crate::money::Currency;
use crate::prices::Terms;
use crate::table::inventory::{
    Address, CacheCluster, DatabaseInstance, DynamoTable, FileSystem, Instance, Key, NatGateway, Service, Snapshot,
    Stream, Volume,
};
use crate::table::read::{integers, numbers, texts};

const ACCOUNT: &str = "111122223333";

fn at(id: &str) -> (String, String, String) {
    (ACCOUNT.into(), "us-east-1".into(), id.into())
}

fn text(text: &str) -> Option<String> {
    Some(text.to_owned())
}

fn number(text: &str) -> Option<Decimal> {
    Some(text.parse().unwrap())
}

/// Meter, quantity and effective cost of each row, and what has no price.
fn estimated(rows: Vec<Rows>) -> (Vec<String>, Unpriced) {
    let mut tables: BTreeMap<String, DataFrame> =
        rows.into_iter().map(|rows| (rows.table.name.to_owned(), rows.frame().unwrap())).collect();
    let as_of: AsOf = "2026-11-01".parse().unwrap();
    let prices = PriceBook::new(&Baseline::default(), Currency::USD, as_of.date(), Terms::default());
    let unpriced = estimate(&mut tables, &prices, as_of).unwrap();
    let costs = &tables["resource_monthly_costs"];
    assert_eq!(costs.schema().as_ref(), &RESOURCE_MONTHLY_COSTS.schema());
    assert_eq!(tables["resources"].schema().as_ref(), &RESOURCES.schema());
    let lines = texts(costs, "Meter").into_iter().zip(numbers(costs, "RunRateQuantity"));
    let lines = lines.zip(numbers(costs, "EffectiveRunRate")).map(|((meter, quantity), cost)| {
        let [quantity, cost] = [quantity, cost].map(|number| number.unwrap().round_dp(4).normalize());
        format!("{} {quantity} {cost}", meter.unwrap())
    });
    (lines.collect(), unpriced)
}

fn instance(id: &str, change: impl Fn(&mut Instance)) -> Instance {
    let (account, region, id) = at(id);
    let mut instance = Instance {
        account,
        region,
        id,
        instance_type: text("m5.large"),
        state: text("running"),
        launched: Some("2026-10-22T00:00:00Z".parse().unwrap()),
        operation: text("RunInstances"),
        tenancy: text("default"),
        ..Instance::default()
    };
    change(&mut instance);
    instance
}

#[test]
fn machines_cost_their_hours_while_they_run() {
    let rows = Rows::of(vec![
        instance("i-1", |_| {}),
        instance("i-2", |one| one.operation = text("RunInstances:0002")),
        instance("i-3", |one| one.state = text("stopped")),
        instance("i-4", |one| one.tenancy = text("host")),
        instance("i-5", |one| one.lifecycle = text("spot")),
        instance("i-6", |one| one.instance_type = text("zz9.huge")),
    ]);
    let (lines, unpriced) = estimated(vec![rows]);
    // 0.096 and 0.188 an hour × 730.
    assert_eq!(
        lines,
        ["AmazonEC2/BoxUsage:m5.large 730 70.08", "AmazonEC2/BoxUsage:m5.large/RunInstances:0002 730 137.24"]
    );
    let reasons: Vec<(&str, usize)> = unpriced.iter().map(|((_, why), count)| (why.as_str(), *count)).collect();
    assert_eq!(
        reasons,
        [("no list price of AmazonEC2/BoxUsage", 1), ("spot and capacity blocks have no list price", 1)]
    );
}

#[test]
fn volumes_cost_their_size_and_what_is_not_included() {
    let volume = |id: &str, kind: &str, size: &str, iops: Option<Decimal>, throughput: Option<Decimal>| {
        let (account, region, id) = at(id);
        let (volume_type, size) = (text(kind), number(size));
        Volume { account, region, id, volume_type, size, iops, throughput, ..Volume::default() }
    };
    let (lines, unpriced) = estimated(vec![Rows::of(vec![
        volume("vol-1", "gp2", "200", number("600"), None),
        volume("vol-2", "gp3", "100", number("4000"), number("381")),
        volume("vol-3", "io1", "50", None, None),
        volume("vol-4", "io2", "100", number("40000"), None),
    ])]);
    // October has 744 hours: 200 GiB are 200 × 730/744 GB-Months in 730 hours, at 0.10.
    assert_eq!(
        lines,
        [
            "AmazonEC2/EBS:VolumeUsage.gp2 196.2366 19.6237",
            "AmazonEC2/EBS:VolumeP-IOPS.gp3 981.1828 4.9059",
            "AmazonEC2/EBS:VolumeP-Throughput.gp3 0.2453 10.0473",
            "AmazonEC2/EBS:VolumeUsage.gp3 98.1183 7.8495",
            "AmazonEC2/EBS:VolumeUsage.piops 49.0591 6.1324",
            "AmazonEC2/EBS:VolumeP-IOPS.io2 31397.8495 2040.8602",
            "AmazonEC2/EBS:VolumeP-IOPS.io2.tier2 7849.4624 357.1505",
            "AmazonEC2/EBS:VolumeUsage.io2 98.1183 12.2648",
        ]
    );
    assert_eq!(unpriced.into_keys().collect::<Vec<_>>(), [("ebs_volumes".into(), "its IOPS are not answered".into())]);
}

#[test]
fn databases_cost_hours_and_storage_and_storage_alone_when_stopped() {
    let database = |id: &str, change: fn(&mut DatabaseInstance)| {
        let (account, region, id) = at(id);
        let mut one = DatabaseInstance {
            account,
            region,
            id,
            instance_class: text("db.r5.large"),
            engine: text("postgres"),
            status: text("available"),
            multi_zone: Some(true),
            storage_type: text("gp3"),
            storage: Some(100),
            ..DatabaseInstance::default()
        };
        change(&mut one);
        one
    };
    let (lines, unpriced) = estimated(vec![Rows::of(vec![
        database("db-1", |_| {}),
        database("db-2", |one| {
            (one.status, one.multi_zone) = (text("stopped"), Some(false));
        }),
        database("db-3", |one| {
            (one.engine, one.cluster) = (text("aurora-postgresql"), text("c"));
            one.storage_type = text("aurora-iopt1");
        }),
        database("db-4", |one| {
            (one.engine, one.cluster) = (text("aurora-mysql"), text("c"));
            one.instance_class = text("db.serverless");
        }),
        database("db-5", |one| one.engine = text("db2-se")),
    ])]);
    assert_eq!(
        lines,
        [
            "AmazonRDS/Multi-AZUsage:db.r5.large/CreateDBInstance:0014 730 365",
            "AmazonRDS/RDS:Multi-AZ-GP3-Storage/CreateDBInstance:0014 98.1183 22.5672",
            "AmazonRDS/RDS:GP3-Storage/CreateDBInstance:0014 98.1183 11.2836",
            "AmazonRDS/InstanceUsageIOOptimized:db.r5.large/CreateDBInstance:0021 730 275.21",
        ]
    );
    let reasons: Vec<String> = unpriced.into_keys().map(|(_, why)| why).collect();
    assert_eq!(reasons, ["serverless capacity follows the load", "the prices of its engine are not known"]);
}

#[test]
fn everything_else_that_is_there_costs_what_its_pricing_page_says() {
    let of = |id: &str| at(id);
    let (account, region, id) = of("eipalloc-1");
    let address = Address { account, region, id, ..Address::default() };
    let (account, region, id) = of("nat-1");
    let nat = NatGateway { account, region, id, state: text("available"), ..NatGateway::default() };
    let (account, region, id) = of("cache");
    let cache = CacheCluster {
        account,
        region,
        id,
        engine: text("redis"),
        node_type: text("cache.r6g.large"),
        nodes: Some(2),
        ..CacheCluster::default()
    };
    let (account, region, id) = of("table");
    let table = DynamoTable {
        account,
        region,
        id,
        mode: text("PROVISIONED"),
        reads: number("10"),
        index_reads: number("5"),
        writes: number("4"),
        size: Some(1 << 31),
        ..DynamoTable::default()
    };
    let (account, region, id) = of("service");
    let service = Service {
        account,
        region,
        id,
        launch_type: text("FARGATE"),
        running: Some(2),
        cpu: Some(512),
        memory: Some(2048),
        ..Service::default()
    };
    let (account, region, id) = of("fs");
    let file_system = FileSystem {
        account,
        region,
        id,
        standard: Some(20 << 30),
        infrequent: Some(0),
        archive: Some(0),
        throughput_mode: text("provisioned"),
        provisioned: number("3"),
        ..FileSystem::default()
    };
    let (account, region, id) = of("stream");
    let stream = Stream {
        account,
        region,
        id,
        mode: text("PROVISIONED"),
        shards: Some(4),
        retention: Some(24),
        consumers: Some(0),
        ..Stream::default()
    };
    let (account, region, id) = of("key");
    let key = Key { account, region, id, state: text("Enabled"), rotations: Some(5), ..Key::default() };
    let (account, region, id) = of("snap-1");
    let snapshot = Snapshot { account, region, id, tier: text("standard"), ..Snapshot::default() };
    let (mut lines, unpriced) = estimated(vec![
        Rows::of(vec![address]),
        Rows::of(vec![nat]),
        Rows::of(vec![cache]),
        Rows::of(vec![table]),
        Rows::of(vec![service]),
        Rows::of(vec![file_system]),
        Rows::of(vec![stream]),
        Rows::of(vec![key]),
        Rows::of(vec![snapshot]),
    ]);
    lines.sort();
    assert_eq!(
        lines,
        [
            "AmazonDynamoDB/ReadCapacityUnit-Hrs 10950 1.4235",
            "AmazonDynamoDB/TimedStorage-ByteHrs 1.9624 0.4906",
            "AmazonDynamoDB/WriteCapacityUnit-Hrs 2920 1.898",
            "AmazonEC2/NatGateway-Hours 730 32.85",
            "AmazonECS/Fargate-GB-Hours 2920 12.9794",
            "AmazonECS/Fargate-vCPU-Hours:perCPU 730 29.5504",
            "AmazonEFS/ProvisionedTP-MiBpsHrs 1.9624 11.7742",
            "AmazonEFS/TimedStorage-ByteHrs 19.6237 5.8871",
            "AmazonElastiCache/NodeUsage:cache.r6g.large/CreateCacheCluster:0002 1460 300.76",
            "AmazonKinesis/Storage-ShardHour 2920 43.8",
            "AmazonVPC/PublicIPv4:IdleAddress 730 3.65",
            "awskms/KMS-Keys 2.9435 2.9435",
        ]
    );
    let reason = "which blocks are charged only a bill says";
    assert_eq!(unpriced, Unpriced::from([(("ebs_snapshots".into(), reason.into()), 1)]));
}

#[test]
fn days_count_from_the_making_and_a_part_without_price_is_not_metered() {
    let volume = Volume { id: "vol-1".into(), volume_type: text("io1"), size: number("8"), ..Volume::default() };
    let rows = vec![Rows::of(vec![instance("i-1", |_| {})]), Rows::of(vec![volume])];
    let mut tables: BTreeMap<String, DataFrame> =
        rows.into_iter().map(|rows| (rows.table.name.to_owned(), rows.frame().unwrap())).collect();
    let as_of: AsOf = "2026-11-01".parse().unwrap();
    let prices = PriceBook::new(&Baseline::default(), Currency::USD, as_of.date(), Terms::default());
    estimate(&mut tables, &prices, as_of).unwrap();
    assert_eq!(tables["commitments"].height(), 0);
    let resources = &tables["resources"];
    assert_eq!(texts(resources, "ResourceType"), [text("volume"), text("instance")]);
    assert_eq!(integers(resources, "DaysSeen"), [Some(0), Some(10)]);
    assert_eq!(texts(resources, "Metered"), [text("false"), text("true")]);
}
