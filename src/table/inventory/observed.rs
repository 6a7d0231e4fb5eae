//! Metrics of resources, and what was asked and answered.

inventory! {
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
        as_of "AsOf" Time "" "End of the last complete day before it was asked.",
    }
}
