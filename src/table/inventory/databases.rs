//! Databases, caches, search and warehouses.

inventory! {
    /// Instances of RDS, Aurora, DocumentDB and Neptune.
    RDS_INSTANCES DatabaseInstance "rds_instances" "database instance of RDS, Aurora, DocumentDB or Neptune" {
        identifier "DBInstanceIdentifier" Text "" "Its name.",
        instance_class "DBInstanceClass" Text "" "Its class, such as db.r6g.large.",
        engine "Engine" Text "" "mysql, postgres, aurora-postgresql, docdb, neptune, …",
        version "EngineVersion" Text "" "Version of the engine.",
        status "State" Text "" "available, stopped, creating, …",
        created "CreateTime" Time "" "When it was made.",
        multi_zone "MultiAZ" Boolean "" "Whether a standby waits in another zone.",
        storage_type "StorageType" Text "" "gp2, gp3, io1, io2, standard, aurora, aurora-iopt1.",
        storage "AllocatedStorageGiB" Integer "GiB" "Storage that it has; Aurora: 1, whatever it holds.",
        storage_limit "MaxAllocatedStorageGiB" Integer "GiB" "Up to where it grows by itself; null: it does not.",
        iops "Iops" Exact "IOPS" "Operations a second that it is made for; null for types without.",
        throughput "ThroughputMiBps" Exact "MiB/s" "Throughput that it is made for; gp3 only.",
        cluster "DBClusterIdentifier" Text "" "Cluster that it belongs to; null: none.",
        writer "ClusterWriter" Boolean "" "Whether it is the one of its cluster that writes.",
        replica_of "ReplicaOf" Text "" "Instance or cluster that it is a read replica of; null: of none.",
        replicas "ReadReplicas" Integer "instances" "Read replicas that it has.",
        backup_days "BackupRetentionDays" Integer "days" "Days that automated backups are kept; 0: none are made.",
        insights_days "PerformanceInsightsDays" Integer "days" "Days that Performance Insights keeps; 7 are free; null: it is off.",
        zone "AvailabilityZone" Text "" "Availability zone.",
        licence "LicenseModel" Text "" "license-included, bring-your-own-license, general-public-license, postgresql-license.",
    }

    /// Clusters of Aurora, DocumentDB and Neptune, and Multi-AZ clusters of RDS.
    RDS_CLUSTERS DatabaseCluster "rds_clusters" "database cluster of Aurora, DocumentDB or Neptune, or Multi-AZ cluster of RDS" {
        identifier "DBClusterIdentifier" Text "" "Its name.",
        engine "Engine" Text "" "aurora-mysql, aurora-postgresql, docdb, neptune, mysql, postgres.",
        mode "EngineMode" Text "" "provisioned, serverless (version 1).",
        version "EngineVersion" Text "" "Version of the engine.",
        status "State" Text "" "available, stopped, creating, …",
        created "CreateTime" Time "" "When it was made.",
        storage_type "StorageType" Text "" "aurora, aurora-iopt1, gp3, io1, …; null: the engine's own.",
        members "Members" Integer "instances" "Instances in it.",
        zones "Zones" Integer "zones" "Availability zones that its instances may be in.",
        least "MinCapacityACU" Exact "ACU" "Least capacity of Serverless v2.",
        most "MaxCapacityACU" Exact "ACU" "Most.",
        pause_seconds "AutoPauseSeconds" Integer "seconds" "After how long without a connection it pauses; null: it does not.",
        backup_days "BackupRetentionDays" Integer "days" "Days that automated backups are kept.",
    }

    /// Snapshots of databases that somebody made by hand.
    RDS_SNAPSHOTS DatabaseSnapshot "rds_snapshots" "manual snapshot of a database instance or cluster" {
        of_cluster "OfCluster" Boolean "" "Whether it is of a cluster.",
        source "SourceIdentifier" Text "" "Instance or cluster that it was taken of.",
        source_exists "SourceExists" Boolean "" "Whether that is still there; null: it could not be asked.",
        engine "Engine" Text "" "Engine.",
        storage "AllocatedStorageGiB" Integer "GiB" "Storage of its source; what is billed is what it holds.",
        created "CreateTime" Time "" "When it was made.",
        status "State" Text "" "available, creating, …",
    }

    /// Clusters of ElastiCache: a node each, but for Memcached.
    ELASTICACHE_CLUSTERS CacheCluster "elasticache_clusters" "ElastiCache cluster (a node of a replication group, or the nodes of Memcached)" {
        cluster "CacheClusterId" Text "" "Its name.",
        node_type "CacheNodeType" Text "" "Type of its nodes, such as cache.r6g.large.",
        engine "Engine" Text "" "redis, valkey, memcached.",
        version "EngineVersion" Text "" "Version of the engine.",
        status "State" Text "" "available, creating, deleted, …",
        nodes "NumCacheNodes" Integer "nodes" "Nodes in it.",
        group "ReplicationGroupId" Text "" "Replication group that it belongs to; null: none.",
        created "CreateTime" Time "" "When it was made.",
        zone "AvailabilityZone" Text "" "Availability zone, or Multiple.",
        snapshot_days "SnapshotRetentionDays" Integer "days" "Days that snapshots are kept; 0: none are made.",
    }

    /// Domains of OpenSearch Service.
    OPENSEARCH_DOMAINS SearchDomain "opensearch_domains" "OpenSearch Service domain" {
        domain "DomainName" Text "" "Its name.",
        version "EngineVersion" Text "" "OpenSearch_2.19, Elasticsearch_7.10, …",
        deleted "Deleted" Boolean "" "Whether it is being deleted.",
        instance_type "InstanceType" Text "" "Type of its data nodes.",
        instances "Instances" Integer "instances" "Data nodes.",
        masters "DedicatedMasters" Integer "instances" "Dedicated master nodes; 0: none.",
        warm "WarmNodes" Integer "instances" "UltraWarm nodes; 0: none.",
        multi_zone "MultiAZ" Boolean "" "Whether data nodes are spread over zones.",
        volume_type "VolumeType" Text "" "EBS type of each data node; null: disks of the instance.",
        volume "VolumeSizeGiB" Exact "GiB" "EBS size of each data node.",
        iops "Iops" Exact "IOPS" "Operations a second of each volume, where stated.",
        throughput "ThroughputMiBps" Exact "MiB/s" "Throughput of each volume, where stated.",
    }

    /// Clusters of Redshift.
    REDSHIFT_CLUSTERS Warehouse "redshift_clusters" "Redshift cluster" {
        cluster "ClusterIdentifier" Text "" "Its name.",
        node_type "NodeType" Text "" "ra3.xlplus, dc2.large, …",
        nodes "NumberOfNodes" Integer "nodes" "Nodes in it.",
        status "State" Text "" "available, paused, resizing, …",
        created "CreateTime" Time "" "When it was made.",
        snapshot_days "SnapshotRetentionDays" Integer "days" "Days that automated snapshots are kept.",
        pauses "PauseActions" Integer "actions" "Scheduled actions that pause it; null: they could not be asked.",
        name "Name" Text "" "Its tag Name.",
    }

    /// Tables of DynamoDB.
    DYNAMODB_TABLES DynamoTable "dynamodb_tables" "DynamoDB table" {
        table "DynamoDBTableName" Text "" "Its name.",
        status "State" Text "" "ACTIVE, CREATING, DELETING, …",
        created "CreateTime" Time "" "When it was made.",
        mode "BillingMode" Text "" "PROVISIONED or PAY_PER_REQUEST.",
        reads "ReadCapacityUnits" Exact "units" "Read capacity that is provisioned; 0 on demand. Indexes are beside it.",
        writes "WriteCapacityUnits" Exact "units" "Write capacity that is provisioned.",
        index_reads "IndexReadCapacityUnits" Exact "units" "Read capacity of all its global secondary indexes.",
        index_writes "IndexWriteCapacityUnits" Exact "units" "Write capacity of all its global secondary indexes.",
        indexes "GlobalIndexes" Integer "indexes" "Global secondary indexes.",
        replicas "Replicas" Integer "replicas" "Regions that it is replicated to.",
        class "TableClass" Text "" "STANDARD or STANDARD_INFREQUENT_ACCESS.",
        size "SizeBytes" Integer "bytes" "Size, as of the last six hours.",
        items "ItemCount" Integer "items" "Items, as of the last six hours.",
        changed_mode "ModeChangedTime" Time "" "When it was last put on demand.",
        scaled "AutoScaled" Boolean "" "Whether Application Auto Scaling changes its capacity; null: it could not be asked.",
    }
}
