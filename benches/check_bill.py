"""Checks the two files of make_bill.py: the same rows, and the identities of savings plans and reservations."""

import sys

import duckdb

NUMBER = "DECIMAL(38,12)"


def sums(connection, source, number):
    """Rows and sums by line item type and commitment; `number` turns a CUR 2.0 name into an exact amount."""
    text = lambda cur2, legacy: f"\"{cur2 if source.endswith('.parquet') else legacy}\""
    read = f"read_parquet('{source}')" if source.endswith(".parquet") else f"read_csv('{source}', all_varchar=true, header=true)"
    wanted = [
        ("line_item_unblended_cost", "lineItem/UnblendedCost"),
        ("pricing_public_on_demand_cost", "pricing/publicOnDemandCost"),
        ("line_item_usage_amount", "lineItem/UsageAmount"),
        ("reservation_effective_cost", "reservation/EffectiveCost"),
        ("reservation_amortized_upfront_fee_for_billing_period", "reservation/AmortizedUpfrontFeeForBillingPeriod"),
        ("reservation_unused_amortized_upfront_fee_for_billing_period", "reservation/UnusedAmortizedUpfrontFeeForBillingPeriod"),
        ("reservation_unused_recurring_fee", "reservation/UnusedRecurringFee"),
        ("savings_plan_savings_plan_effective_cost", "savingsPlan/SavingsPlanEffectiveCost"),
        ("savings_plan_total_commitment_to_date", "savingsPlan/TotalCommitmentToDate"),
        ("savings_plan_used_commitment", "savingsPlan/UsedCommitment"),
    ]
    kind = text("line_item_line_item_type", "lineItem/LineItemType")
    plan = text("savings_plan_savings_plan_a_r_n", "savingsPlan/SavingsPlanARN")
    reservation = text("reservation_reservation_a_r_n", "reservation/ReservationARN")
    parts = ", ".join(f"coalesce(sum({number(text(*names))}), 0)" for names in wanted)
    query = f"select {kind}, coalesce(nullif({plan}, ''), nullif({reservation}, ''), ''), count(*), {parts} from {read} group by all order by all"
    return {(row[0], row[1]): row[2:] for row in connection.execute(query).fetchall()}


def main():
    folder = sys.argv[1]
    connection = duckdb.connect(config={"threads": 2})
    parquet = sums(connection, f"{folder}/bill.parquet", lambda name: f"{name}::{NUMBER}")
    text = sums(connection, f"{folder}/bill.csv.gz", lambda name: f"nullif({name}, '')::{NUMBER}")
    assert parquet == text, "the files differ"
    zero = (0,) * 11
    plans = {arn for kind, arn in text if kind == "SavingsPlanRecurringFee"}
    for arn in plans:
        covered, negation, fee = (text.get((kind, arn), zero) for kind in ("SavingsPlanCoveredUsage", "SavingsPlanNegation", "SavingsPlanRecurringFee"))
        assert covered[1] + negation[1] == 0, arn
        assert covered[8] == fee[10] <= fee[9] == fee[1], arn
    reservations = {arn for kind, arn in text if kind == "RIFee"}
    for arn in reservations:
        used, fee = text.get(("DiscountedUsage", arn), zero), text["RIFee", arn]
        assert used[1] == 0 and used[4] + fee[6] + fee[7] == fee[1] + fee[5], arn
    rows = sum(row[0] for row in text.values())
    billed = sum(row[1] for row in text.values())
    print(f"{rows} rows in both files, billed {billed} USD; {len(plans)} savings plans and {len(reservations)} reservations add up")


if __name__ == "__main__":
    main()
