//! Tables of what an account has, as its provider's interfaces say it: declared once, as columns and as a typed row.
//!
//! Knows: names, units, meaning. Does not know: who fills a row. Every column besides account, region and id may be null: what
//! an answer left out is unknown, never zero.

use rust_decimal::Decimal;

use super::ColumnType::{Boolean, Decimal as Exact, Integer, Text, Time};
use super::rows::{Cell, Row};
use super::{Table, column};

/// What a column of each type holds.
mod value {
    pub(super) type Text = String;
    pub(super) type Integer = i64;
    pub(super) type Exact = rust_decimal::Decimal;
    pub(super) type Time = jiff::Timestamp;
    pub(super) type Boolean = bool;
}

/// Where all of these tables come from.
pub(super) const FROM: &str = "collect (asked of the provider)";

/// A table and the row that fills it: constant, row, name, what one row is; then field, column, type, unit, meaning.
macro_rules! inventory {
    ($($(#[$doc:meta])* $constant:ident $row:ident $name:literal $one:literal {
        $($field:ident $column:literal $kind:ident $unit:literal $meaning:literal,)*
    })*) => {$(
        $(#[$doc])*
        pub const $constant: Table = Table {
            name: $name,
            row: $one,
            from: FROM,
            in_rules: true,
            columns: &[
                column("SubAccountId", Text, "", true, "Account."),
                column("RegionId", Text, "", true, "Region."),
                column("ResourceId", Text, "", true, "Canonical resource id."),
                $(column($column, $kind, $unit, true, $meaning),)*
            ],
        };

        #[doc = concat!("One ", $one, ".")]
        #[derive(Clone, PartialEq, Debug, Default)]
        pub struct $row {
            /// Account.
            pub account: String,
            /// Region.
            pub region: String,
            /// Canonical id.
            pub id: String,
            $(#[doc = $meaning] pub $field: Option<value::$kind>,)*
        }

        impl Row for $row {
            const TABLE: &'static Table = &$constant;

            fn cells(self) -> Vec<Cell> {
                vec![
                    Cell::Text(Some(self.account)),
                    Cell::Text(Some(self.region)),
                    Cell::Text(Some(self.id)),
                    $(Cell::$kind(self.$field),)*
                ]
            }
        }
    )*};
}

inventory! {
    /// Instances of EC2.
    EC2_INSTANCES Instance "ec2_instances" "EC2 instance" {
        instance_type "InstanceType" Text "" "Its type.",
        state "State" Text "" "pending, running, stopping, stopped, shutting-down, terminated.",
        launched "LaunchTime" Time "" "When it was last started.",
        changed "StateChangedTime" Time "" "When a user last stopped or ended it, as the reason of its state says.",
        platform "PlatformDetails" Text "" "Operating system and licence, as it is billed: Linux/UNIX, Windows, …",
        operation "UsageOperation" Text "" "Operation of its charges, such as RunInstances:0002.",
        lifecycle "Lifecycle" Text "" "spot, scheduled, capacity-block; null: on demand.",
        tenancy "Tenancy" Text "" "default, dedicated, host.",
        zone "AvailabilityZone" Text "" "Availability zone.",
        vpc "VpcId" Text "" "Its VPC.",
        image "ImageId" Text "" "Image that it was started from.",
        architecture "Architecture" Text "" "x86_64, arm64, i386.",
        virtual_cpus "Vcpus" Integer "vCPU" "Virtual processors: cores × threads per core.",
        detailed_monitoring "DetailedMonitoring" Boolean "" "Whether CloudWatch is paid for metrics of every minute.",
        ebs_optimized "EbsOptimized" Boolean "" "Whether it has bandwidth of its own to EBS.",
        auto_scaling_group "AutoScalingGroupName" Text "" "Group that started it (tag aws:autoscaling:groupName).",
        name "Name" Text "" "Its tag Name.",
    }

    /// Volumes of EBS.
    EBS_VOLUMES Volume "ebs_volumes" "EBS volume" {
        volume_type "VolumeType" Text "" "gp3, gp2, io1, io2, st1, sc1, standard.",
        size "SizeGiB" Exact "GiB" "Size.",
        iops "Iops" Exact "IOPS" "Operations a second that it is made for; null for types without.",
        throughput "ThroughputMiBps" Exact "MiB/s" "Throughput that it is made for; gp3 only.",
        state "State" Text "" "creating, available, in-use, deleting, error.",
        created "CreateTime" Time "" "When it was made.",
        snapshot "SnapshotId" Text "" "Snapshot that it was made from.",
        instance "InstanceId" Text "" "Instance that it is attached to; null: none.",
        attached "AttachTime" Time "" "When it was attached.",
        device "Device" Text "" "Name of the device on that instance.",
        ends_with_instance "DeleteOnTermination" Boolean "" "Whether it goes when the instance is ended.",
        attachments "Attachments" Integer "attachments" "To how many instances it is attached; 0: none.",
        zone "AvailabilityZone" Text "" "Availability zone.",
        name "Name" Text "" "Its tag Name.",
    }

    /// Snapshots of EBS that the account owns.
    EBS_SNAPSHOTS Snapshot "ebs_snapshots" "EBS snapshot that the account owns" {
        volume "VolumeId" Text "" "Volume that it was taken of; vol-ffffffff: of none.",
        size "VolumeSizeGiB" Exact "GiB" "Size of that volume; what is billed are the blocks that changed.",
        begun "StartTime" Time "" "When it was begun.",
        state "State" Text "" "pending, completed, error, recoverable, recovering.",
        tier "StorageTier" Text "" "standard or archive.",
        description "Description" Text "" "What its maker wrote; images leave their id.",
        full_size "FullSnapshotSizeGiB" Exact "GiB" "All blocks that it holds, shared ones included.",
        name "Name" Text "" "Its tag Name.",
    }

    /// Snapshots that are restored fast, by zone.
    EBS_FAST_RESTORES FastRestore "ebs_fast_restores" "EBS snapshot × zone with fast restore" {
        zone "AvailabilityZone" Text "" "Availability zone.",
        state "State" Text "" "enabling, optimizing, enabled, disabling.",
        enabled "EnabledTime" Time "" "When it was enabled.",
    }

    /// Images that the account owns, one row for each snapshot behind them.
    EC2_IMAGES Image "ec2_images" "image that the account owns × snapshot behind it" {
        snapshot "SnapshotId" Text "" "Snapshot behind it.",
        created "CreateTime" Time "" "When it was made.",
        launched "LastLaunchedTime" Time "" "When an instance was last started from it, with a day's delay; null: never since 2017.",
        state "State" Text "" "available, pending, failed, disabled, deregistered.",
        name "Name" Text "" "Its name.",
    }

    /// Elastic IP addresses.
    EC2_ADDRESSES Address "ec2_addresses" "Elastic IP address" {
        association "AssociationId" Text "" "What binds it; null: nothing uses it.",
        instance "InstanceId" Text "" "Instance that has it.",
        interface "NetworkInterfaceId" Text "" "Network interface that has it.",
        owner_of_interface "NetworkInterfaceOwnerId" Text "" "Account of that interface; AWS's services have names.",
        name "Name" Text "" "Its tag Name.",
    }

    /// Network interfaces.
    EC2_NETWORK_INTERFACES NetworkInterface "ec2_network_interfaces" "network interface" {
        status "State" Text "" "available (bound to nothing), associated, attaching, in-use, detaching.",
        interface_type "InterfaceType" Text "" "interface, nat_gateway, vpc_endpoint, load_balancer, lambda, …",
        instance "InstanceId" Text "" "Instance that has it.",
        requester_managed "RequesterManaged" Boolean "" "Whether a service of AWS manages it.",
        public_addresses "PublicAddresses" Integer "addresses" "Public IPv4 addresses on it.",
        vpc "VpcId" Text "" "Its VPC.",
        zone "AvailabilityZone" Text "" "Availability zone.",
        description "Description" Text "" "What its maker wrote.",
    }

    /// NAT gateways.
    NAT_GATEWAYS NatGateway "nat_gateways" "NAT gateway" {
        state "State" Text "" "pending, failed, available, deleting, deleted.",
        connectivity "ConnectivityType" Text "" "public or private.",
        created "CreateTime" Time "" "When it was made.",
        vpc "VpcId" Text "" "Its VPC.",
        subnet "SubnetId" Text "" "Its subnet.",
        routes "Routes" Integer "route tables" "Route tables that name it.",
        name "Name" Text "" "Its tag Name.",
    }

    /// Endpoints of VPCs.
    VPC_ENDPOINTS Endpoint "vpc_endpoints" "VPC endpoint" {
        endpoint_type "EndpointType" Text "" "Interface, Gateway, GatewayLoadBalancer, Resource, ServiceNetwork.",
        service "ServiceName" Text "" "Service that it leads to, such as com.amazonaws.eu-west-1.s3.",
        state "State" Text "" "available, pending, deleting, …",
        created "CreateTime" Time "" "When it was made.",
        vpc "VpcId" Text "" "Its VPC.",
        zones "Zones" Integer "zones" "Subnets in which it has an interface: each is paid by the hour.",
        name "Name" Text "" "Its tag Name.",
    }

    /// Metrics of resources.
    RESOURCE_METRICS Metric "resource_metrics" "resource × metric × statistic × period" {
        metric "MetricName" Text "" "Name of the metric, such as CPUUtilization.",
        statistic "Statistic" Text "" "Average, Maximum, Minimum, Sum, SampleCount, p99 …",
        start "PeriodStart" Time "" "Start of the period.",
        seconds "PeriodSeconds" Integer "seconds" "Its length.",
        value "Value" Exact "" "What was measured; a period without a measurement has no row.",
    }

    /// What was asked and answered.
    COLLECTED Collected "collected" "account × region × table that was asked for" {
        table "TableName" Text "" "Table; the id is that of the account.",
        complete "Complete" Boolean "" "Whether all of it was answered; false: see the gaps.",
        missing "Missing" Text "" "Actions that were not answered in full, joined by a space.",
        rows "Rows" Integer "rows" "Rows that came.",
    }
}

/// A whole number of a provider's answer as an exact one.
#[must_use]
pub fn exact(number: Option<i32>) -> Option<Decimal> {
    number.map(Decimal::from)
}

/// What the resources of a table are, in the words of `resources`; `None`: several things, or none.
#[must_use]
pub fn resource_type_of(table: &str) -> Option<&'static str> {
    const TYPES: [(&str, &str); 7] = [
        ("ec2_instances", "instance"),
        ("ebs_volumes", "volume"),
        ("ebs_snapshots", "snapshot"),
        ("ec2_addresses", "elastic-ip"),
        ("ec2_network_interfaces", "network-interface"),
        ("nat_gateways", "nat-gateway"),
        ("vpc_endpoints", "vpc-endpoint"),
    ];
    TYPES.iter().find(|(name, _)| *name == table).map(|(_, kind)| *kind)
}
