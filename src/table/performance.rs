//! What storage needs of what it is made for.

use super::{ColumnType::*, Table, column};

/// How much of what storage is made for it needs, for stated risks.
pub const FITTING_PERFORMANCE: Table = Table {
    name: "fitting_performance",
    row: "volume or database × what its storage is made for × risk of 20, 10, 5 and 1 percent",
    from: "derive (resource_metrics, ebs_volumes, rds_instances)",
    in_rules: true,
    columns: &[
        column("SubAccountId", Text, "", true, "Account."),
        column("RegionId", Text, "", true, "Region."),
        column("ResourceId", Text, "", false, "Canonical resource id."),
        column("Dimension", Text, "", false, "IOPS, throughput (gp3 volumes only)."),
        column(
            "FitRisk",
            Decimal,
            "probability",
            false,
            "That more than 80 percent of Needed is asked for in more than one percent of the coming weeks.",
        ),
        column(
            "Needed",
            Decimal,
            "IOPS or MiB/s",
            true,
            "The least for that risk; null: too few machines to tell, or points of more than an hour.",
        ),
        column("Provisioned", Decimal, "IOPS or MiB/s", false, "What it is made for."),
        column(
            "HighUsed",
            Decimal,
            "IOPS or MiB/s",
            true,
            "99.5th percentile of the points, reads and writes together.",
        ),
        column("MostUsed", Decimal, "IOPS or MiB/s", true, "The greatest point, likewise."),
        column(
            "Censored",
            Boolean,
            "",
            false,
            "Whether CloudWatch says of some minute that it asked for more than it is made for, so that nobody knows how much it needs.",
        ),
        column("MeasuredBy", Text, "", false, "The first metric, its statistic and the seconds of a point."),
        column("PeriodSeconds", Integer, "seconds", false, "Those seconds."),
        column("HistoryDays", Decimal, "days", false, "From the first point to the last."),
        column(
            "CoveredShare",
            Decimal,
            "ratio",
            false,
            "Share of that time in which both reads and writes have a point.",
        ),
        column(
            "RatiosOf",
            Text,
            "",
            false,
            "Whose past makes the risk: storage of your own, or the traces that come with surgeon.",
        ),
        column(
            "DailyPeaks",
            Text,
            "daily shares",
            false,
            "99th percentile of each day of what it is made for, the oldest first, joined by a space.",
        ),
    ],
};
