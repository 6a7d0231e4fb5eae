"""Four of surgeon's aggregates of a CUR, computed by DuckDB: the same keys, the same sums, exact decimals.

Mirrors charge_totals, daily_costs, resource_costs and usage_profiles of src/billing/aggregate.rs over the charges of
src/billing/cur.rs. Each table is computed whole, one after another over the file. Prints one line of TSV.
"""

import argparse
import resource
import tempfile
import time

import duckdb

DECIMAL = "DECIMAL(38,12)"
# CUR 2.0 name: legacy name, kind.
COLUMNS = {
    "bill_billing_period_start_date": ("bill/BillingPeriodStartDate", "time"),
    "bill_payer_account_id": ("bill/PayerAccountId", "text"),
    "bill_invoice_id": ("bill/InvoiceId", "text"),
    "line_item_usage_account_id": ("lineItem/UsageAccountId", "text"),
    "line_item_currency_code": ("lineItem/CurrencyCode", "text"),
    "line_item_line_item_type": ("lineItem/LineItemType", "text"),
    "line_item_usage_start_date": ("lineItem/UsageStartDate", "time"),
    "line_item_usage_end_date": ("lineItem/UsageEndDate", "time"),
    "line_item_product_code": ("lineItem/ProductCode", "text"),
    "line_item_usage_type": ("lineItem/UsageType", "text"),
    "line_item_operation": ("lineItem/Operation", "text"),
    "line_item_resource_id": ("lineItem/ResourceId", "text"),
    "line_item_usage_amount": ("lineItem/UsageAmount", "number"),
    "line_item_unblended_cost": ("lineItem/UnblendedCost", "number"),
    "product_region_code": ("product/regionCode", "text"),
    "pricing_unit": ("pricing/unit", "text"),
    "pricing_public_on_demand_cost": ("pricing/publicOnDemandCost", "number"),
    "reservation_reservation_a_r_n": ("reservation/ReservationARN", "text"),
    "reservation_effective_cost": ("reservation/EffectiveCost", "number"),
    "reservation_end_time": ("reservation/EndTime", "zoned"),
    "reservation_unused_amortized_upfront_fee_for_billing_period": (
        "reservation/UnusedAmortizedUpfrontFeeForBillingPeriod", "number"),
    "reservation_unused_recurring_fee": ("reservation/UnusedRecurringFee", "number"),
    "savings_plan_end_time": ("savingsPlan/EndTime", "zoned"),
    "savings_plan_savings_plan_effective_cost": ("savingsPlan/SavingsPlanEffectiveCost", "number"),
    "savings_plan_total_commitment_to_date": ("savingsPlan/TotalCommitmentToDate", "number"),
    "savings_plan_used_commitment": ("savingsPlan/UsedCommitment", "number"),
}
TAGS = ["application", "environment", "service", "team"]

CHARGES = f"""
create temp view charges as select
    bill_billing_period_start_date::date as BillingPeriodStart,
    bill_payer_account_id as BillingAccountId,
    line_item_usage_account_id as SubAccountId,
    line_item_currency_code as BillingCurrency,
    bill_invoice_id as InvoiceId,
    case
        when line_item_line_item_type in ('Usage', 'DiscountedUsage', 'SavingsPlanCoveredUsage', 'SavingsPlanNegation') then 'Usage'
        when line_item_line_item_type in ('RIFee', 'SavingsPlanRecurringFee', 'SavingsPlanUpfrontFee', 'Fee',
            'FlatRateSubscription', 'FlateRateSubscription') then 'Purchase'
        when line_item_line_item_type = 'Tax' then 'Tax'
        when line_item_line_item_type = 'Credit' then 'Credit'
        when line_item_line_item_type = 'Refund' then 'Adjustment'
        when line_item_line_item_type like '%Discount' then 'Usage'
    end as ChargeCategory,
    line_item_line_item_type as x_ChargeType,
    line_item_usage_start_date as ChargePeriodStart,
    line_item_usage_end_date as ChargePeriodEnd,
    line_item_product_code as ServiceName,
    product_region_code as RegionId,
    case
        when starts_with(line_item_resource_id, 'arn:aws:ec2:') then regexp_extract(line_item_resource_id, '[^/]+$')
        when starts_with(line_item_resource_id, 'arn:aws:s3:::') and not contains(line_item_resource_id, '/')
            then line_item_resource_id[14:]
        else line_item_resource_id
    end as ResourceId,
    line_item_product_code || '/' || regexp_replace(line_item_usage_type, '^(US|UG|EU|AP|CA|SA|ME|AF|IL|MX|CN)[A-Z]{{0,2}}[0-9]{{0,2}}-', '')
        || case when regexp_matches(line_item_operation, '^[^:]*:[0-9a-z]{{4}}$') then '/' || line_item_operation else '' end as Meter,
    case lower(pricing_unit)
        when 'hrs' then 'Hours' when 'gb-mo' then 'GB-Months' when 'gb' then 'GB' when 'requests' then 'Requests' else pricing_unit
    end as PricingUnit,
    line_item_usage_amount as PricingQuantity,
    line_item_unblended_cost as BilledCost,
    case line_item_line_item_type
        when 'SavingsPlanCoveredUsage' then savings_plan_savings_plan_effective_cost
        when 'SavingsPlanRecurringFee' then coalesce(savings_plan_total_commitment_to_date, 0) - coalesce(savings_plan_used_commitment, 0)
        when 'SavingsPlanNegation' then 0
        when 'SavingsPlanUpfrontFee' then 0
        when 'DiscountedUsage' then reservation_effective_cost
        when 'RIFee' then coalesce(reservation_unused_amortized_upfront_fee_for_billing_period, 0)
            + coalesce(reservation_unused_recurring_fee, 0)
        when 'Fee' then case when reservation_reservation_a_r_n is not null then 0 else line_item_unblended_cost end
        else line_item_unblended_cost
    end::{DECIMAL} as EffectiveCost,
    case when line_item_line_item_type in ('Usage', 'DiscountedUsage', 'SavingsPlanCoveredUsage')
        then pricing_public_on_demand_cost end as ListCost,
    case
        when line_item_line_item_type in ('DiscountedUsage', 'SavingsPlanCoveredUsage') then 'Used'
        when line_item_line_item_type in ('RIFee', 'SavingsPlanRecurringFee') then 'Unused'
    end as CommitmentDiscountStatus,
    coalesce(reservation_end_time, savings_plan_end_time) as x_CommitmentEnd,
    {", ".join(f"Tag_{tag}" for tag in TAGS)}
from bill
"""


def known_sum(name):
    """Sum where every row has a value."""
    return f"case when count({name}) = count(*) then sum({name}) end as {name}"


MONEY = f"sum(BilledCost) as BilledCost, sum(coalesce(EffectiveCost, BilledCost)) as EffectiveCost, {known_sum('ListCost')}, count(*) as Charges"
HOURLY = "epoch(ChargePeriodEnd) - epoch(ChargePeriodStart) <= 3600"
ELIGIBLE = [
    "BoxUsage:", "DedicatedUsage:", "HostUsage:", "InstanceUsage:", "Multi-AZUsage:", "NodeUsage:", "ESInstance:", "Node:",
    "Fargate-", "Lambda-GB-Second",
]
WANTED = f"""coalesce(ResourceId is not null and {HOURLY}
    and ({" or ".join(f"starts_with(split_part(Meter, '/', 2), '{start}')" for start in ELIGIBLE)}), false)"""
AGGREGATES = {
    "charge_totals": f"""select BillingPeriodStart, BillingAccountId, SubAccountId, BillingCurrency, ChargeCategory, x_ChargeType,
        InvoiceId, {MONEY} from charges group by all""",
    "daily_costs": f"""select ChargePeriodStart::date as Day, Meter, SubAccountId, RegionId, ServiceName, ChargeCategory,
        x_ChargeType, {", ".join(f"Tag_{tag}" for tag in TAGS)}, {MONEY}, sum(PricingQuantity) as PricingQuantity
        from charges group by all""",
    "resource_costs": f"""select ChargePeriodStart::date as Day, Meter, SubAccountId, RegionId, ResourceId, ServiceName,
        PricingUnit, ChargeCategory, CommitmentDiscountStatus,
        coalesce(epoch(ChargePeriodEnd) - epoch(ChargePeriodStart) > 86400, false) as Long, {MONEY},
        max(ChargePeriodEnd) as ChargePeriodEnd, {known_sum('PricingQuantity')}, max(x_CommitmentEnd) as CommitmentEnd
        from charges group by all""",
    "usage_profiles": f"""select case when wanted then date_trunc('hour', ChargePeriodStart) end as Hour,
        case when wanted then SubAccountId end as SubAccountId, case when wanted then RegionId end as RegionId,
        case when wanted then ResourceId end as ResourceId, case when wanted then Meter end as Meter, {MONEY},
        sum(PricingQuantity) as PricingQuantity,
        sum(case when CommitmentDiscountStatus = 'Used' then PricingQuantity else 0 end) as CoveredQuantity
        from (select *, {WANTED} as wanted from charges) group by all""",
}


def bill_view(path):
    """The file under CUR 2.0 names with types; every column of the CSV is read as text, as surgeon does."""
    parquet = path.endswith(".parquet")
    source = f"read_parquet('{path}')" if parquet else f"read_csv('{path}', all_varchar=true, header=true, delim=',', quote='\"')"
    parts = []
    for name, (legacy, kind) in COLUMNS.items():
        raw = f'"{name}"' if parquet else f'"{legacy}"'
        blank = f"nullif({raw}, '')"
        value = {
            "text": blank,
            "number": f"{raw if parquet else blank}::{DECIMAL}",
            "time": raw if parquet else f"strptime({blank}, '%Y-%m-%dT%H:%M:%SZ')",
            "zoned": f"strptime({blank}, '%Y-%m-%dT%H:%M:%S.%gZ')",
        }[kind]
        parts.append(f"{value} as {name}")
    for tag in TAGS:
        value = f"resource_tags['user_{tag}']" if parquet else f"nullif(\"resourceTags/user:{tag}\", '')"
        parts.append(f"{value} as Tag_{tag}")
    return f"create temp view bill as select {', '.join(parts)} from {source}"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("file")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--memory-limit", default="4GB")
    args = parser.parse_args()
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as spill:
        connection = duckdb.connect(config={
            "threads": args.threads, "memory_limit": args.memory_limit, "temp_directory": spill,
            "preserve_insertion_order": False,
        })
        connection.execute(bill_view(args.file))
        connection.execute(CHARGES)
        totals, groups = set(), []
        for name, query in AGGREGATES.items():
            connection.execute(f"create temp table {name} as {query}")
            count, billed, effective, charges = connection.execute(
                f"select count(*), sum(BilledCost), sum(EffectiveCost), sum(Charges) from {name}").fetchone()
            totals.add((billed, effective, charges))
            groups.append(f"{name}={count}")
        connection.close()
    if len(totals) != 1:
        raise SystemExit(f"the aggregates differ in their totals: {totals}")
    billed, effective, charges = totals.pop()
    used = resource.getrusage(resource.RUSAGE_SELF)
    print("\t".join([
        f"billed={billed}", f"effective={effective}", f"charges={charges}", *groups,
        f"wall_s={time.monotonic() - began:.2f}", f"user_s={used.ru_utime:.2f}", f"peak_mib={used.ru_maxrss / 1024:.0f}",
    ]))


if __name__ == "__main__":
    main()
