"""Databases, caches, search, warehouses and DynamoDB tables of the invented company (populate.py).

Not here, because moto has it not or answers otherwise than AWS: DocumentDB (CreateDBCluster refuses it), nodes of Valkey, how
long Performance Insights keeps, the members of a replication group (here they are made by name), classes, sizes and replicas
of DynamoDB tables, and scheduled actions of Redshift: nobody can ask for those, so PauseActions is unknown.
"""

PASSWORD = {"MasterUsername": "surgeon", "MasterUserPassword": "not-a-secret-1"}


def written(time):
    return time.isoformat().replace("+00:00", "Z")


def instance(place, name, engine, kind, **more):
    """A database and the columns that are told of every one."""
    rds = place.client("rds")
    more.setdefault("AvailabilityZone", f"{place.region}a")
    login = {} if "DBClusterIdentifier" in more else PASSWORD
    made = rds.create_db_instance(DBInstanceIdentifier=name, Engine=engine, DBInstanceClass=kind, **more, **login)
    made = made["DBInstance"]
    return made["DBInstanceArn"], {
        "DBInstanceIdentifier": name, "Engine": engine, "DBInstanceClass": kind, "State": "available",
        "DBClusterIdentifier": more.get("DBClusterIdentifier"), "AvailabilityZone": more["AvailabilityZone"],
        "CreateTime": written(made["InstanceCreateTime"]), "ReplicaOf": None, "ReadReplicas": 0,
    }


def alone(place, name, engine, kind, gibibytes, disk, days, **more):
    """A database of RDS, with the columns of its disk and its backups."""
    identity, columns = instance(
        place, name, engine, kind, AllocatedStorage=gibibytes, StorageType=disk, BackupRetentionPeriod=days, **more
    )
    return identity, {
        **columns, "ClusterWriter": None, "AllocatedStorageGiB": gibibytes, "StorageType": disk, "BackupRetentionDays": days,
        "MaxAllocatedStorageGiB": more.get("MaxAllocatedStorage"), "MultiAZ": more.get("MultiAZ", False),
        "Iops": more.get("Iops"), "ThroughputMiBps": more.get("StorageThroughput"),
    }


def single(place):
    """Databases of RDS: busy, idle, stopped, licensed, a replica, and snapshots of one that is there and one that is not."""
    rds = place.client("rds")
    shop, columns = alone(
        place, "shop", "postgres", "db.m5.2xlarge", 500, "gp2", 7,
        EngineVersion="13.4", MultiAZ=True, MaxAllocatedStorage=1000, AvailabilityZone=f"{place.region}b",
    )
    place.plant("rds_instances", shop, **{**columns, "EngineVersion": "13.4", "ReadReplicas": 1})
    made = rds.create_db_instance_read_replica(
        DBInstanceIdentifier="shop-read", SourceDBInstanceIdentifier="shop", DBInstanceClass="db.m5.large"
    )["DBInstance"]
    place.plant(
        "rds_instances", made["DBInstanceArn"], DBInstanceIdentifier="shop-read", Engine="postgres",
        DBInstanceClass="db.m5.large", State="available", ReplicaOf="shop", ReadReplicas=0, StorageType="gp2",
        AllocatedStorageGiB=500, DBClusterIdentifier=None, ClusterWriter=None,
    )
    reports, columns = alone(
        place, "reports", "mysql", "db.r5.xlarge", 400, "gp3", 35,
        EngineVersion="8.0.35", Iops=12000, StorageThroughput=500,
    )
    place.plant("rds_instances", reports, **columns, EngineVersion="8.0.35", LicenseModel="general-public-license")
    ledger, columns = alone(
        place, "ledger", "sqlserver-se", "db.m5.large", 200, "standard", 1, LicenseModel="license-included"
    )
    place.plant("rds_instances", ledger, **columns, LicenseModel="license-included")
    archive, columns = alone(place, "archive", "mysql", "db.t3.medium", 100, "gp2", 0)
    rds.stop_db_instance(DBInstanceIdentifier="archive")
    place.plant("rds_instances", archive, **{**columns, "State": "stopped"})

    alone(place, "old", "mysql", "db.m4.large", 300, "gp2", 1)
    for name, source, engine, gibibytes in (("shop-before", "shop", "postgres", 500), ("old-last", "old", "mysql", 300)):
        made = rds.create_db_snapshot(DBSnapshotIdentifier=name, DBInstanceIdentifier=source)["DBSnapshot"]
        place.plant(
            "rds_snapshots", made["DBSnapshotArn"], OfCluster=False, SourceIdentifier=source, SourceExists=source != "old",
            Engine=engine, AllocatedStorageGiB=gibibytes, State="available", CreateTime=written(made["SnapshotCreateTime"]),
        )
    rds.delete_db_instance(DBInstanceIdentifier="old", SkipFinalSnapshot=True)
    return shop, reports


def clustered(place):
    """Clusters: with a reader, one that pauses, a graph, one without instances, and snapshots as above."""
    rds = place.client("rds")

    def cluster(name, engine, members, days, least=None, most=None, pause=None, **more):
        capacity = {"MinCapacity": least, "MaxCapacity": most, "SecondsUntilAutoPause": pause}
        capacity = {key: value for key, value in capacity.items() if value is not None}
        scaled = {"ServerlessV2ScalingConfiguration": capacity} if capacity else {}
        login = PASSWORD if engine != "neptune" else {}
        made = rds.create_db_cluster(
            DBClusterIdentifier=name, Engine=engine, BackupRetentionPeriod=days, **scaled, **login, **more
        )["DBCluster"]
        for at, kind in enumerate(members):
            identity, columns = instance(place, f"{name}-{at + 1}", engine, kind, DBClusterIdentifier=name)
            place.plant("rds_instances", identity, **columns, ClusterWriter=at == 0)
        return made["DBClusterArn"], {
            "DBClusterIdentifier": name, "Engine": engine, "EngineMode": "provisioned", "State": "available",
            "Members": len(members), "Zones": 3, "BackupRetentionDays": days, "MinCapacityACU": least, "MaxCapacityACU": most,
            "AutoPauseSeconds": pause, "CreateTime": written(made["ClusterCreateTime"]),
        }

    # moto fails at this type of storage unless it is told how large it is.
    orders, columns = cluster(
        "orders", "aurora-postgresql", ["db.serverless", "db.r6g.large"], 3, 0.5, 16,
        EngineVersion="15.4", StorageType="aurora-iopt1", AllocatedStorage=1,
    )
    place.plant("rds_clusters", orders, **columns, EngineVersion="15.4", StorageType="aurora-iopt1")
    preview, columns = cluster("preview", "aurora-mysql", ["db.serverless"], 1, 0, 4, 600)
    place.plant("rds_clusters", preview, **columns)
    graph, columns = cluster("graph", "neptune", ["db.r6g.large"], 1)
    place.plant("rds_clusters", graph, **columns)
    left, columns = cluster("left", "aurora-mysql", [], 7)
    place.plant("rds_clusters", left, **columns)

    cluster("gone", "aurora-mysql", [], 1)
    for name, source, engine in (("orders-before", "orders", "aurora-postgresql"), ("gone-last", "gone", "aurora-mysql")):
        made = rds.create_db_cluster_snapshot(DBClusterSnapshotIdentifier=name, DBClusterIdentifier=source)
        made = made["DBClusterSnapshot"]
        place.plant(
            "rds_snapshots", made["DBClusterSnapshotArn"], OfCluster=True, SourceIdentifier=source,
            SourceExists=source != "gone", Engine=engine, State="available",
            CreateTime=written(made["SnapshotCreateTime"]),
        )
    rds.delete_db_cluster(DBClusterIdentifier="gone", SkipFinalSnapshot=True)


def caches(place):
    elasticache, found = place.client("elasticache"), {}
    for name, engine, version, kind, nodes, days, more in (
        ("sessions", "redis", "7.1", "cache.r6g.large", 1, 35, {}),
        ("pages", "memcached", "1.6.22", "cache.m5.large", 3, 0, {}),
        ("cart-001", "redis", "7.1", "cache.r7g.large", 1, 0, {"ReplicationGroupId": "cart"}),
        ("cart-002", "redis", "7.1", "cache.r7g.large", 1, 1, {"ReplicationGroupId": "cart"}),
    ):
        zone = place.region + "ab"[name == "cart-002"]
        made = elasticache.create_cache_cluster(
            CacheClusterId=name, Engine=engine, EngineVersion=version, CacheNodeType=kind, NumCacheNodes=nodes,
            SnapshotRetentionLimit=days, PreferredAvailabilityZone=zone, **more,
        )["CacheCluster"]
        found[name] = made["ARN"]
        place.plant(
            "elasticache_clusters", made["ARN"], CacheClusterId=name, CacheNodeType=kind, Engine=engine, EngineVersion=version,
            State="available", NumCacheNodes=nodes, ReplicationGroupId=more.get("ReplicationGroupId"), AvailabilityZone=zone,
            SnapshotRetentionDays=days, CreateTime=written(made["CacheClusterCreateTime"]),
        )
    return found


def search(place):
    """More domains than one request may name."""
    opensearch = place.client("opensearch")
    large = {
        "InstanceType": "r6g.large.search", "InstanceCount": 3, "ZoneAwarenessEnabled": True, "WarmEnabled": True,
        "WarmType": "ultrawarm1.medium.search", "WarmCount": 2, "DedicatedMasterEnabled": True,
        "DedicatedMasterType": "m6g.large.search", "DedicatedMasterCount": 3,
    }
    gp3 = {"EBSEnabled": True, "VolumeType": "gp3", "VolumeSize": 200, "Iops": 3000, "Throughput": 125}
    gp2 = {"EBSEnabled": True, "VolumeType": "gp2", "VolumeSize": 10}
    small = {"InstanceType": "t3.small.search", "InstanceCount": 1}
    own = {"InstanceType": "i3.large.search", "InstanceCount": 2, "ZoneAwarenessEnabled": True}
    domains = [("logs", "OpenSearch_2.19", large, gp3), ("catalog", "Elasticsearch_7.10", own, {"EBSEnabled": False})]
    domains += [(f"tenant-{at}", "OpenSearch_1.3", small, gp2) for at in range(5)]
    for name, version, nodes, volumes in domains:
        made = opensearch.create_domain(DomainName=name, EngineVersion=version, ClusterConfig=nodes, EBSOptions=volumes)
        place.plant(
            "opensearch_domains", made["DomainStatus"]["ARN"], DomainName=name, EngineVersion=version, Deleted=False,
            InstanceType=nodes["InstanceType"], Instances=nodes["InstanceCount"],
            DedicatedMasters=nodes.get("DedicatedMasterCount", 0), WarmNodes=nodes.get("WarmCount", 0),
            MultiAZ=nodes.get("ZoneAwarenessEnabled", False), VolumeType=volumes.get("VolumeType"),
            VolumeSizeGiB=volumes.get("VolumeSize"), Iops=volumes.get("Iops"), ThroughputMiBps=volumes.get("Throughput"),
        )


def warehouses(place):
    redshift = place.client("redshift")
    for name, kind, nodes, days, state in (
        ("warehouse", "ra3.xlplus", 2, 7, "available"), ("trial", "dc2.large", 1, 1, "paused"),
    ):
        more = {"ClusterType": "multi-node", "NumberOfNodes": nodes} if nodes > 1 else {"ClusterType": "single-node"}
        tagged = {"Tags": [{"Key": "Name", "Value": "finance"}]} if name == "warehouse" else {}
        made = redshift.create_cluster(
            ClusterIdentifier=name, NodeType=kind, AutomatedSnapshotRetentionPeriod=days, **PASSWORD, **more, **tagged
        )["Cluster"]
        if state == "paused":
            redshift.pause_cluster(ClusterIdentifier=name)
        place.plant(
            "redshift_clusters", f"arn:aws:redshift:{place.region}:{place.account}:cluster:{name}", ClusterIdentifier=name,
            NodeType=kind, NumberOfNodes=nodes, State=state, SnapshotRetentionDays=days, Name="finance" if tagged else None,
            PauseActions=None, CreateTime=written(made["ClusterCreateTime"]),
        )


def tables(place):
    """Provisioned and scaled, provisioned and idle, and on demand."""
    dynamodb, scaling, found = place.client("dynamodb"), place.client("application-autoscaling"), {}
    for name, units, index in (
        ("orders", (500, 200), (100, 50)), ("sessions", (1000, 400), None), ("events", None, None), ("audit", None, (0, 0)),
    ):
        def capacity(units):
            return dict(zip(("ReadCapacityUnits", "WriteCapacityUnits"), units))

        keys = ["id", "day"] if index else ["id"]
        more = {"ProvisionedThroughput": capacity(units)} if units else {"BillingMode": "PAY_PER_REQUEST"}
        if index:
            paid = {"ProvisionedThroughput": capacity(index)} if units else {}
            key = [{"AttributeName": "day", "KeyType": "HASH"}]
            by_day = {"IndexName": "by-day", "KeySchema": key, "Projection": {"ProjectionType": "ALL"}}
            more["GlobalSecondaryIndexes"] = [{**by_day, **paid}]
        made = dynamodb.create_table(
            TableName=name, KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": key, "AttributeType": "S"} for key in keys], **more,
        )["TableDescription"]
        found[name] = made["TableArn"]
        reads, writes = units or (0, 0)
        index_reads, index_writes = index or (0, 0)
        # Not CreateTime: a double of seconds does not hold the thousandths, and each reader rounds it otherwise.
        place.plant(
            "dynamodb_tables", made["TableArn"], DynamoDBTableName=name, State="ACTIVE", TableClass="STANDARD",
            BillingMode="PROVISIONED" if units else "PAY_PER_REQUEST", ReadCapacityUnits=reads, WriteCapacityUnits=writes,
            IndexReadCapacityUnits=index_reads, IndexWriteCapacityUnits=index_writes, GlobalIndexes=1 if index else 0,
            ItemCount=1 if name == "orders" else 0, Replicas=0, AutoScaled=name == "orders",
        )
    dynamodb.put_item(TableName="orders", Item={"id": {"S": "1"}, "day": {"S": "2026-10-01"}})
    for dimension, least, most in (("Read", 50, 1000), ("Write", 20, 400)):
        target = {
            "ServiceNamespace": "dynamodb", "ResourceId": "table/orders",
            "ScalableDimension": f"dynamodb:table:{dimension}CapacityUnits",
        }
        scaling.register_scalable_target(**target, MinCapacity=least, MaxCapacity=most)
        measure = {"PredefinedMetricType": f"DynamoDB{dimension}CapacityUtilization"}
        scaling.put_scaling_policy(
            **target, PolicyName=f"{dimension.lower()}s", PolicyType="TargetTrackingScaling",
            TargetTrackingScalingPolicyConfiguration={"TargetValue": 70.0, "PredefinedMetricSpecification": measure},
        )
    # An index alone does not make its table scaled.
    scaling.register_scalable_target(
        ServiceNamespace="dynamodb", ResourceId="table/audit/index/by-day",
        ScalableDimension="dynamodb:index:ReadCapacityUnits", MinCapacity=1, MaxCapacity=10,
    )
    return found


def plant(place, now, network):
    shop, reports = single(place)
    clustered(place)
    cached = caches(place)
    search(place)
    warehouses(place)
    kept = tables(place)
    database, cache, units = "DBInstanceIdentifier", "CacheClusterId", "ConsumedReadCapacityUnits"
    return [
        ("AWS/RDS", "DatabaseConnections", "Count", {database: "shop"}, shop, lambda at: 25.0 + at % 16),
        ("AWS/RDS", "CPUUtilization", "Percent", {database: "shop"}, shop, lambda at: 38.0 + at * 7 % 11 / 8),
        ("AWS/RDS", "DatabaseConnections", "Count", {database: "reports"}, reports, lambda at: 0.0),
        ("AWS/RDS", "CPUUtilization", "Percent", {database: "reports"}, reports, lambda at: 1.5 + at % 3 / 8),
        ("AWS/ElastiCache", "CurrConnections", "Count", {cache: "sessions"}, cached["sessions"], lambda at: 40.0 + at % 8),
        ("AWS/ElastiCache", "CurrConnections", "Count", {cache: "pages"}, cached["pages"], lambda at: 0.0),
        ("AWS/DynamoDB", units, "Count", {"TableName": "orders"}, kept["orders"], lambda at: 90e3 + at % 288),
        ("AWS/DynamoDB", units, "Count", {"TableName": "sessions"}, kept["sessions"], lambda at: 0.0),
    ]
