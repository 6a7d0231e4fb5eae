//! Things: resources and commitments.

use super::{ColumnType::*, Table, column};

/// Every resource that the bill shows.
pub const RESOURCES: Table = Table {
    name: "resources",
    row: "resource (account × region × canonical id)",
    from: "derive (seen in the bill)",
    in_rules: true,
    columns: &[
        column("SubAccountId", Text, "", true, "Account, subscription or project."),
        column("RegionId", Text, "", true, "Region."),
        column("ResourceId", Text, "", false, "Canonical resource id."),
        column("ResourceType", Text, "", true, "instance, volume, nat-gateway, …; null when the id does not say."),
        column("ServiceName", Text, "", true, "Service with most of its cost."),
        column("FirstDay", Date, "", true, "First day with a charge."),
        column("LastDay", Date, "", true, "Last day with a charge."),
        column("DaysSeen", Integer, "days", false, "Days with a charge."),
        column("Metered", Boolean, "", false, "Whether every charge of it has a meter; false: the export lost some."),
        column(
            "TagsSeen",
            Integer,
            "tags",
            true,
            "How many of the allocation tags it carries a value for; null when the bill has no tags at all.",
        ),
    ],
};

/// Every reservation and savings plan that the bill shows.
pub const COMMITMENTS: Table = Table {
    name: "commitments",
    row: "reservation or savings plan in force",
    from: "derive (seen in the bill)",
    in_rules: true,
    columns: &[
        column("SubAccountId", Text, "", true, "Account that owns it: where its fee or unused part is charged."),
        column("RegionId", Text, "", true, "Region of that charge; null or global for Compute savings plans."),
        column("CommitmentDiscountId", Text, "", false, "Its id (ARN)."),
        column("CommitmentDiscountType", Text, "", true, "Reservation or Savings Plan."),
        column("Meter", Text, "", true, "Meter of its fee."),
        column(
            "UsedCost",
            Decimal,
            "currency",
            true,
            "Effective cost of the usage that it covered, in the latest billing period.",
        ),
        column(
            "UnusedCost",
            Decimal,
            "currency",
            true,
            "Effective cost that covered nothing, in the latest billing period.",
        ),
        column("Utilization", Decimal, "ratio", true, "UsedCost / (UsedCost + UnusedCost); null when both are zero."),
        column(
            "HourlyCost",
            Decimal,
            "currency per hour",
            true,
            "UsedCost + UnusedCost by hour charged, in the latest billing period.",
        ),
        column(
            "OfferingClass",
            Text,
            "",
            true,
            "standard or convertible, of a reservation; null when the export does not say.",
        ),
        column("CommitmentStart", Time, "", true, "When it began; null when the export does not say."),
        column("DaysHeld", Integer, "days", true, "Whole days from its start to as-of."),
        column("BegunThisMonth", Boolean, "", true, "Whether it began in the calendar month (UTC) of as-of."),
        column("CommitmentEnd", Time, "", true, "When it ends; null when the export does not say."),
        column("DaysLeft", Integer, "days", true, "Whole days from as-of to its end; negative when it has ended."),
    ],
};

/// What instance types have.
pub const INSTANCE_TYPES: Table = Table {
    name: "instance_types",
    row: "instance type of EC2, RDS (db.…), ElastiCache (cache.…) or OpenSearch (….search)",
    from: "prices (prices/shapes.csv, prices/cpu-throughput.csv)",
    in_rules: true,
    columns: &[
        column("InstanceType", Text, "", false, "Its name."),
        column("Vcpus", Integer, "vCPU", false, "Virtual processors."),
        column("Cores", Integer, "cores", true, "Physical cores behind them."),
        column("MemoryMiB", Decimal, "MiB", false, "Memory."),
        column("Architectures", Text, "", true, "x86_64, arm64, i386; several joined by a space."),
        column("Manufacturer", Text, "", true, "Maker of the processor: intel, amd, aws, apple."),
        column("Processor", Text, "", true, "Model."),
        column("ClockMHz", Integer, "MHz", true, "Sustained clock speed."),
        column("Generation", Integer, "", true, "The number in its name."),
        column("NewerGenerations", Integer, "", true, "Newer generations of the same series, maker and options."),
        column("ListedGeneration", Text, "", true, "current or previous, as the price list labels it."),
        column(
            "DescribedCurrent",
            Boolean,
            "",
            true,
            "CurrentGeneration of DescribeInstanceTypes; false for m5, c5, r5, m6i too.",
        ),
        column(
            "PreviousGeneration",
            Boolean,
            "",
            true,
            "Two of three say so: the label, DescribeInstanceTypes, four newer generations. Null: not two witnesses.",
        ),
        column("NetworkBaselineMbps", Integer, "Mbit/s", true, "Network bandwidth that holds."),
        column("NetworkMaximumMbps", Integer, "Mbit/s", true, "Network bandwidth in bursts."),
        column("EbsBaselineMbps", Integer, "Mbit/s", true, "EBS bandwidth that holds."),
        column("EbsMaximumMbps", Integer, "Mbit/s", true, "EBS bandwidth for 30 minutes a day."),
        column("EbsBaselineIops", Integer, "IOPS", true, "EBS operations that hold."),
        column("EbsMaximumIops", Integer, "IOPS", true, "EBS operations for 30 minutes a day."),
        column("LocalStorageGB", Integer, "GB", true, "Local disks together; null: none."),
        column("Accelerators", Integer, "", true, "GPUs or other accelerators; null: none."),
        column("Accelerator", Text, "", true, "Their name."),
        column("AcceleratorMemoryMiB", Integer, "MiB", true, "Memory of one of them."),
        column("CpuCreditsPerHour", Decimal, "credits", true, "CPU credits earned per hour; null: not burstable."),
        column("Hypervisor", Text, "", true, "nitro or xen."),
        column("BareMetal", Boolean, "", true, "No hypervisor."),
        column("VirtualizationTypes", Text, "", true, "hvm, paravirtual: what an image must be made for."),
        column("NvmeSupport", Text, "", true, "required: the image needs NVMe drivers."),
        column("EnaSupport", Text, "", true, "required: the image needs the ENA driver."),
        column(
            "ThroughputPerVcpu",
            Decimal,
            "m5 = 1",
            true,
            "All-core throughput of a vCPU relative to m5 (Spare Cores, CC BY-SA 4.0).",
        ),
        column("ThroughputPerVcpuLow", Decimal, "m5 = 1", true, "Least of the three benchmarks behind it."),
        column("ThroughputPerVcpuHigh", Decimal, "m5 = 1", true, "Greatest of them."),
        column(
            "HalfLoadShare",
            Decimal,
            "ratio",
            true,
            "Throughput with half of the threads busy, of that with all (SMT).",
        ),
    ],
};

/// What S3 asks of objects in its classes.
pub const STORAGE_CLASSES: Table = Table {
    name: "storage_classes",
    row: "storage class of S3",
    from: "prices (prices/storage-classes.csv)",
    in_rules: true,
    columns: &[
        column("StorageClass", Text, "", false, "Its name on the price list."),
        column("Meter", Text, "", false, "What its storage is billed as."),
        column("MinimumDays", Integer, "days", false, "Deleted or moved earlier, the rest of these days is charged."),
        column("MinimumObjectKiB", Integer, "KiB", false, "Smaller objects are billed as if they had this size."),
        column(
            "SmallestTieredKiB",
            Integer,
            "KiB",
            true,
            "Intelligent-Tiering: smaller objects are neither moved nor monitored.",
        ),
        column("OverheadKiB", Integer, "KiB", false, "Added to each object, at the price of the class."),
        column("OverheadStandardKiB", Integer, "KiB", false, "Added to each object, at the price of Standard."),
    ],
};
