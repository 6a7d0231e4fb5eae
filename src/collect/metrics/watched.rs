//! Which metrics the resources of each table have: the services' own, those of CloudWatch's agent, and those of Lambda Insights.
//!
//! Knows: namespaces, dimensions and statistics, as the services' user guides list them ("Monitoring … with CloudWatch"). Does not
//! know: which of them are low.

/// Metrics of the resources of a table.
pub(super) struct Watched {
    pub(super) table: &'static str,
    /// Of the rows whose column has one of these values; `None`: of all.
    pub(super) of: Option<(&'static str, &'static [&'static str])>,
    pub(super) namespace: &'static str,
    pub(super) dimensions: &'static [(&'static str, Value)],
    /// Names, and statistics.
    pub(super) metrics: &'static [(&'static str, &'static [&'static str])],
}

/// Where the value of a dimension comes from.
#[derive(Clone, Copy)]
pub(super) enum Value {
    /// The id.
    Id,
    /// What follows this in the id.
    IdAfter(&'static str),
    /// A column of the row.
    Column(&'static str),
    /// The account.
    Account,
}

use Value::{Account, Column, Id, IdAfter};

/// Metrics that are there only where somebody installed what measures them: they are looked up before they are asked for. The first
/// dimension names the resource.
pub(super) struct LookedUp {
    pub(super) watched: Watched,
    /// Whether series with further dimensions count too.
    pub(super) further: bool,
}

pub(super) const LOOKED_UP: &[LookedUp] =
    &[LookedUp { watched: AGENT, further: true }, LookedUp { watched: LAMBDA_INSIGHTS, further: false }];

/// Metrics that the extension Lambda Insights measures inside of a function. It gives each twice, with and without the version
/// (CloudWatch User Guide, "Metrics collected by Lambda Insights").
const LAMBDA_INSIGHTS: Watched = Watched {
    table: "lambda_functions",
    of: None,
    namespace: "LambdaInsights",
    dimensions: &[("function_name", Column("FunctionName"))],
    metrics: &[("used_memory_max", &["Maximum"]), ("total_memory", &["Maximum"]), ("cpu_total_time", &["Average"])],
};

/// Metrics that CloudWatch's agent measures inside of an instance, with what one gives them; their further dimensions differ from
/// one configuration to the next and have to be asked for (CloudWatch User Guide, "Metrics collected by the CloudWatch agent").
const AGENT: Watched = Watched {
    table: "ec2_instances",
    of: None,
    namespace: "CWAgent",
    dimensions: &[("InstanceId", Id)],
    metrics: &[
        ("mem_used_percent", &["Average", "Maximum"]),
        ("Memory % Committed Bytes In Use", &["Average", "Maximum"]),
        ("disk_used_percent", &["Maximum"]),
        ("LogicalDisk % Free Space", &["Minimum"]),
    ],
};

/// Engines whose metrics are RDS's.
const RDS_ENGINES: &[&str] = &[
    "mysql",
    "mariadb",
    "postgres",
    "aurora",
    "aurora-mysql",
    "aurora-postgresql",
    "oracle-ee",
    "oracle-ee-cdb",
    "oracle-se2",
    "oracle-se2-cdb",
    "sqlserver-ee",
    "sqlserver-se",
    "sqlserver-ex",
    "sqlserver-web",
    "db2-ae",
    "db2-se",
    "custom-oracle-ee",
    "custom-sqlserver-ee",
    "custom-sqlserver-se",
    "custom-sqlserver-web",
];

pub(super) const WATCHED: &[Watched] = &[
    Watched {
        table: "ec2_instances",
        of: None,
        namespace: "AWS/EC2",
        dimensions: &[("InstanceId", Id)],
        metrics: &[
            ("CPUUtilization", &["Average", "Maximum"]),
            ("NetworkIn", &["Sum"]),
            ("NetworkOut", &["Sum"]),
            ("CPUCreditBalance", &["Minimum"]),
            ("CPUSurplusCreditsCharged", &["Sum"]),
        ],
    },
    Watched {
        table: "ebs_volumes",
        of: None,
        namespace: "AWS/EBS",
        dimensions: &[("VolumeId", Id)],
        metrics: &[
            ("VolumeReadOps", &["Sum"]),
            ("VolumeWriteOps", &["Sum"]),
            ("VolumeReadBytes", &["Sum"]),
            ("VolumeWriteBytes", &["Sum"]),
            ("BurstBalance", &["Minimum"]),
            ("VolumeIOPSExceededCheck", &["Maximum"]),
            ("VolumeThroughputExceededCheck", &["Maximum"]),
        ],
    },
    Watched {
        table: "nat_gateways",
        of: None,
        namespace: "AWS/NATGateway",
        dimensions: &[("NatGatewayId", Id)],
        metrics: &[
            ("BytesOutToDestination", &["Sum"]),
            ("BytesOutToSource", &["Sum"]),
            ("ActiveConnectionCount", &["Maximum"]),
        ],
    },
    Watched {
        table: "vpc_endpoints",
        of: Some(("EndpointType", &["Interface", "GatewayLoadBalancer"])),
        namespace: "AWS/PrivateLinkEndpoints",
        dimensions: &[
            ("Endpoint Type", Column("EndpointType")),
            ("Service Name", Column("ServiceName")),
            ("VPC Endpoint Id", Id),
            ("VPC Id", Column("VpcId")),
        ],
        metrics: &[("BytesProcessed", &["Sum"]), ("NewConnections", &["Sum"])],
    },
    Watched {
        table: "transit_gateway_attachments",
        of: None,
        namespace: "AWS/TransitGateway",
        dimensions: &[("TransitGateway", Column("TransitGatewayId")), ("TransitGatewayAttachment", Id)],
        metrics: &[("BytesIn", &["Sum"]), ("BytesOut", &["Sum"])],
    },
    Watched {
        table: "vpn_connections",
        of: None,
        namespace: "AWS/VPN",
        dimensions: &[("VpnId", Id)],
        metrics: &[("TunnelState", &["Maximum"]), ("TunnelDataIn", &["Sum"]), ("TunnelDataOut", &["Sum"])],
    },
    Watched {
        table: "load_balancers",
        of: Some(("LoadBalancerType", &["application"])),
        namespace: "AWS/ApplicationELB",
        dimensions: &[("LoadBalancer", IdAfter("loadbalancer/"))],
        metrics: &[
            ("RequestCount", &["Sum"]),
            ("NewConnectionCount", &["Sum"]),
            ("ProcessedBytes", &["Sum"]),
            ("TargetResponseTime", &["p95"]),
            ("HTTPCode_Target_5XX_Count", &["Sum"]),
            ("HTTPCode_ELB_5XX_Count", &["Sum"]),
        ],
    },
    Watched {
        table: "load_balancers",
        of: Some(("LoadBalancerType", &["network"])),
        namespace: "AWS/NetworkELB",
        dimensions: &[("LoadBalancer", IdAfter("loadbalancer/"))],
        metrics: &[("NewFlowCount", &["Sum"]), ("ProcessedBytes", &["Sum"])],
    },
    Watched {
        table: "load_balancers",
        of: Some(("LoadBalancerType", &["gateway"])),
        namespace: "AWS/GatewayELB",
        dimensions: &[("LoadBalancer", IdAfter("loadbalancer/"))],
        metrics: &[("NewFlowCount", &["Sum"]), ("ProcessedBytes", &["Sum"])],
    },
    Watched {
        table: "load_balancers",
        of: Some(("LoadBalancerType", &["classic"])),
        namespace: "AWS/ELB",
        dimensions: &[("LoadBalancerName", Column("LoadBalancerName"))],
        metrics: &[
            ("RequestCount", &["Sum"]),
            ("Latency", &["p95"]),
            ("HTTPCode_Backend_5XX", &["Sum"]),
            ("HTTPCode_ELB_5XX", &["Sum"]),
            ("EstimatedProcessedBytes", &["Sum"]),
        ],
    },
    Watched {
        table: "auto_scaling_groups",
        of: None,
        namespace: "AWS/EC2",
        dimensions: &[("AutoScalingGroupName", Column("AutoScalingGroupName"))],
        metrics: &[
            ("CPUUtilization", &["Average", "Maximum", "SampleCount"]),
            ("NetworkIn", &["Sum"]),
            ("NetworkOut", &["Sum"]),
        ],
    },
    Watched {
        table: "auto_scaling_groups",
        of: None,
        namespace: "AWS/AutoScaling",
        dimensions: &[("AutoScalingGroupName", Column("AutoScalingGroupName"))],
        metrics: &[("GroupInServiceInstances", &["Average", "Maximum"]), ("GroupDesiredCapacity", &["Maximum"])],
    },
    Watched {
        table: "lambda_functions",
        of: None,
        namespace: "AWS/Lambda",
        dimensions: &[("FunctionName", Column("FunctionName"))],
        metrics: &[
            ("Invocations", &["Sum"]),
            ("Errors", &["Sum"]),
            ("Throttles", &["Sum"]),
            ("Duration", &["Average", "Maximum"]),
            ("ProvisionedConcurrencyInvocations", &["Sum"]),
            ("ProvisionedConcurrentExecutions", &["Maximum"]),
        ],
    },
    Watched {
        table: "ecs_services",
        of: None,
        namespace: "AWS/ECS",
        dimensions: &[("ClusterName", Column("ClusterName")), ("ServiceName", Column("ServiceName"))],
        metrics: &[("CPUUtilization", &["Average", "Maximum"]), ("MemoryUtilization", &["Average", "Maximum"])],
    },
    Watched {
        table: "efs_file_systems",
        of: None,
        namespace: "AWS/EFS",
        dimensions: &[("FileSystemId", Column("FileSystemId"))],
        metrics: &[
            ("ClientConnections", &["Sum"]),
            ("MeteredIOBytes", &["Sum"]),
            ("PermittedThroughput", &["Minimum"]),
            ("PercentIOLimit", &["Maximum"]),
            ("BurstCreditBalance", &["Minimum"]),
        ],
    },
    Watched {
        table: "rds_instances",
        of: Some(("Engine", RDS_ENGINES)),
        namespace: "AWS/RDS",
        dimensions: &[("DBInstanceIdentifier", Column("DBInstanceIdentifier"))],
        metrics: DATABASE,
    },
    Watched {
        table: "rds_instances",
        of: Some(("Engine", RDS_ENGINES)),
        namespace: "AWS/RDS",
        dimensions: &[("DBInstanceIdentifier", Column("DBInstanceIdentifier"))],
        metrics: &[
            ("NetworkReceiveThroughput", &["Maximum"]),
            ("NetworkTransmitThroughput", &["Maximum"]),
            ("CPUCreditBalance", &["Minimum"]),
            ("EBSIOBalance%", &["Minimum"]),
            ("EBSByteBalance%", &["Minimum"]),
        ],
    },
    Watched {
        table: "rds_clusters",
        of: Some(("Engine", &["aurora", "aurora-mysql", "aurora-postgresql"])),
        namespace: "AWS/RDS",
        dimensions: &[("DBClusterIdentifier", Column("DBClusterIdentifier"))],
        metrics: &[("VolumeBytesUsed", &["Maximum"])],
    },
    Watched {
        table: "rds_instances",
        of: Some(("Engine", &["docdb"])),
        namespace: "AWS/DocDB",
        dimensions: &[("DBInstanceIdentifier", Column("DBInstanceIdentifier"))],
        metrics: DATABASE,
    },
    Watched {
        table: "elasticache_clusters",
        of: None,
        namespace: "AWS/ElastiCache",
        dimensions: &[("CacheClusterId", Column("CacheClusterId"))],
        metrics: &[
            ("CurrConnections", &["Average", "Maximum"]),
            ("NewConnections", &["Sum"]),
            ("CacheHits", &["Sum"]),
            ("CacheMisses", &["Sum"]),
            ("GetHits", &["Sum"]),
            ("GetMisses", &["Sum"]),
            ("CPUUtilization", &["Average", "Maximum"]),
            ("EngineCPUUtilization", &["Average", "Maximum"]),
            ("DatabaseMemoryUsagePercentage", &["Average", "Maximum"]),
            ("Evictions", &["Sum"]),
            ("SwapUsage", &["Maximum"]),
            ("NetworkBytesIn", &["Sum"]),
            ("NetworkBytesOut", &["Sum"]),
            ("NetworkBandwidthInAllowanceExceeded", &["Sum"]),
            ("NetworkBandwidthOutAllowanceExceeded", &["Sum"]),
            // Of T3 and T4g only.
            ("CPUCreditBalance", &["Minimum"]),
        ],
    },
    Watched {
        table: "opensearch_domains",
        of: None,
        namespace: "AWS/ES",
        dimensions: &[("ClientId", Account), ("DomainName", Column("DomainName"))],
        metrics: &[
            ("SearchRate", &["Sum"]),
            ("IndexingRate", &["Sum"]),
            ("FreeStorageSpace", &["Minimum"]),
            ("ClusterUsedSpace", &["Maximum"]),
            ("CPUUtilization", &["Average", "Maximum"]),
            ("JVMMemoryPressure", &["Maximum"]),
            ("OldGenJVMMemoryPressure", &["Maximum"]),
            ("Shards.active", &["Maximum"]),
            ("Nodes", &["Minimum"]),
            ("ThreadpoolSearchRejected", &["Maximum"]),
            ("ThreadpoolWriteRejected", &["Maximum"]),
            ("ReadThroughput", &["Maximum"]),
            ("WriteThroughput", &["Maximum"]),
            ("ReadIOPS", &["Maximum"]),
            ("WriteIOPS", &["Maximum"]),
        ],
    },
    Watched {
        table: "redshift_clusters",
        of: None,
        namespace: "AWS/Redshift",
        dimensions: &[("ClusterIdentifier", Column("ClusterIdentifier"))],
        metrics: &[
            ("DatabaseConnections", &["Average", "Maximum"]),
            ("CPUUtilization", &["Average", "Maximum"]),
            ("PercentageDiskSpaceUsed", &["Maximum"]),
        ],
    },
    Watched {
        table: "dynamodb_tables",
        of: None,
        namespace: "AWS/DynamoDB",
        dimensions: &[("TableName", Column("DynamoDBTableName"))],
        metrics: &[
            ("ConsumedReadCapacityUnits", &["Sum"]),
            ("ConsumedWriteCapacityUnits", &["Sum"]),
            ("ReadThrottleEvents", &["Sum"]),
            ("WriteThrottleEvents", &["Sum"]),
        ],
    },
    Watched {
        table: "log_groups",
        of: None,
        namespace: "AWS/Logs",
        dimensions: &[("LogGroupName", Column("LogGroupName"))],
        metrics: &[("IncomingBytes", &["Sum"])],
    },
    Watched {
        table: "kinesis_streams",
        of: None,
        namespace: "AWS/Kinesis",
        dimensions: &[("StreamName", Column("StreamName"))],
        metrics: &[
            ("IncomingBytes", &["Sum"]),
            ("IncomingRecords", &["Sum"]),
            ("GetRecords.Bytes", &["Sum"]),
            ("WriteProvisionedThroughputExceeded", &["Sum"]),
            ("ReadProvisionedThroughputExceeded", &["Sum"]),
        ],
    },
    Watched {
        table: "sqs_queues",
        of: None,
        namespace: "AWS/SQS",
        dimensions: &[("QueueName", Column("QueueName"))],
        metrics: &[
            ("ApproximateNumberOfMessagesVisible", &["Minimum", "Maximum"]),
            ("ApproximateAgeOfOldestMessage", &["Maximum"]),
            ("NumberOfEmptyReceives", &["Sum"]),
            ("NumberOfMessagesReceived", &["Sum"]),
            ("NumberOfMessagesSent", &["Sum"]),
        ],
    },
    Watched {
        table: "sagemaker_endpoints",
        of: None,
        namespace: "AWS/SageMaker",
        dimensions: &[("EndpointName", Column("EndpointName")), ("VariantName", Column("VariantName"))],
        metrics: &[("Invocations", &["Sum"])],
    },
    // What its instances measure, as long as there are any.
    Watched {
        table: "sagemaker_endpoints",
        of: None,
        namespace: "/aws/sagemaker/Endpoints",
        dimensions: &[("EndpointName", Column("EndpointName")), ("VariantName", Column("VariantName"))],
        metrics: &[("CPUUtilization", &["Maximum"])],
    },
    Watched {
        table: "workspaces",
        of: None,
        namespace: "AWS/WorkSpaces",
        dimensions: &[("WorkspaceId", Column("WorkspaceId"))],
        metrics: &[("UserConnected", &["Maximum"])],
    },
    Watched {
        table: "msk_brokers",
        of: None,
        namespace: "AWS/Kafka",
        dimensions: &[("Cluster Name", Column("ClusterName")), ("Broker ID", Column("BrokerId"))],
        metrics: &[("BytesInPerSec", &["Maximum"]), ("BytesOutPerSec", &["Maximum"])],
    },
    Watched {
        table: "mq_brokers",
        of: Some(("EngineType", &["ACTIVEMQ"])),
        namespace: "AWS/AmazonMQ",
        dimensions: &[("Broker", Column("BrokerInstance"))],
        metrics: &[("CurrentConnectionsCount", &["Maximum"]), ("TotalMessageCount", &["Maximum"])],
    },
    Watched {
        table: "mq_brokers",
        of: Some(("EngineType", &["RABBITMQ"])),
        namespace: "AWS/AmazonMQ",
        dimensions: &[("Broker", Column("BrokerInstance"))],
        metrics: &[("ConnectionCount", &["Maximum"]), ("MessageCount", &["Maximum"])],
    },
];

const DATABASE: &[(&str, &[&str])] = &[
    ("DatabaseConnections", &["Average", "Maximum"]),
    ("CPUUtilization", &["Average", "Maximum"]),
    ("FreeableMemory", &["Minimum"]),
    ("FreeStorageSpace", &["Minimum"]),
    ("ReadIOPS", &["Average", "Maximum"]),
    ("WriteIOPS", &["Average", "Maximum"]),
    ("ReadThroughput", &["Average", "Maximum"]),
    ("WriteThroughput", &["Average", "Maximum"]),
    ("ReadLatency", &["Maximum"]),
    ("BurstBalance", &["Minimum"]),
];
