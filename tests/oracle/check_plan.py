#!/usr/bin/env python3
"""An independent check of the net savings of a review, in exact fractions.

What it computes
    From `surgeon review ... -f json` it takes only WHAT the plan chose: which resource changes to which meter, in
    which quantity or hours, and which commitments are bought at which hourly amount. Everything else it reads or
    computes itself: usage by hour, prices paid and commitments in force from the bill, new prices from the lists in
    `prices/`, coverage hour by hour of the baseline week in AWS's order, and so the bill before and after, per month
    and per finding. It also searches for the best amounts of commitments and bounds them by a linear program.

By which rules
    docs/method.md and ALGORITHMS.md sections 2 and 7; no code of `src/plan` or `src/simulate` was read.
    * Week: the 168 hours before as-of. A month is 730 hours: cost of the week x 730 / 168.
    * Reservations first (owner, then other accounts; size-flexible by normalisation units, smallest size first), then
      EC2 Instance savings plans, then Compute savings plans; within a kind all plans together, (plan, usage) pairs by
      highest saving against on demand, then lowest rate; owner first. What an hour leaves of a commitment is lost;
      its fee is paid whatever is used. Sources: EC2 User Guide, "How Reserved Instances are applied"; Savings Plans
      User Guide, "How Savings Plans apply to your usage". `--self-test` has their published examples.
    * Rate of a plan in force: the one at which the bill shows it cover the meter. Else, and for what is bought: the
      Standard 1-year all-upfront rate of the list x 1.071429 (no upfront, EC2 Instance), x 1.2014 more for Compute
      plans. src/prices/term.rs has the evidence.
    * A new meter costs what the own bill pays for it on demand in the region in the week, else its list price x the
      share of list that the bill pays for the service.
    * Findings by their pages: drop, mask (168 marks, Monday 00:00 UTC first), swap, addition; a mask and a swap of one
      resource compose. Shares: what goes, then what is switched off, then what is changed, the largest effective
      saving first, then commitments.

Use
    check_plan.py --self-test
    check_plan.py BILL.csv REVIEW.json [--prices DIR] [--mask RESOURCE=168 marks ...] [--best]
                  [--amounts "FAMILY in REGION=HOURLY" | compute=HOURLY ...]
    --mask replaces the hours off of a chosen finding, --amounts its purchases; --best searches commitments (needs
    SciPy). The exit code is 1 when a figure differs by a cent or more.

Does not know: credits, tax, tiers, other clouds, zonal reservations, plans of SageMaker or databases, Fargate and
Lambda under Compute savings plans (no list states their rates; they come after all instances). What one finding's
quantity is in a page that states it in money only (lambda-memory-oversized) is taken from that money.
"""

import argparse
import csv
import itertools
import json
import math
import re
import sys
from collections import defaultdict
from datetime import datetime, timedelta, timezone
from fractions import Fraction as F
from pathlib import Path

WEEK = 168
PAYER = "payer"                       # buys, has no usage of its own, and shares with all accounts
MONTH = F(730)
UNITS = {"nano": F(1, 4), "micro": F(1, 2), "small": F(1), "medium": F(2), "large": F(4), "xlarge": F(8)}
NO_UPFRONT = F(1071429, 1000000)      # 1-year Standard: no upfront against all upfront
CONVERTIBLE = F(12014, 10000)         # Convertible against Standard, 1 year; Compute plans cost the same
COMPUTE = F(math.floor(NO_UPFRONT * CONVERTIBLE * 1000000), 1000000)     # in whole millionths, as the list derives it
PREFIX = re.compile(r"^(?:EU|EUC\d|EUN\d|EUW\d|EUS\d|USE\d|USW\d|APN\d|APS\d|APE\d|CAN\d|SAE\d)-|^[a-z]{2}-[a-z]+-\d-")


def number(text):
    """A decimal text as a fraction; empty is zero."""
    return F(text) if text not in (None, "", "None") else F(0)


def units(size):
    """Normalisation units of a size, such as 4 for large and 16 for 2xlarge."""
    if size in UNITS:
        return UNITS[size]
    return F(int(size[: -len("xlarge")])) * 8


def shape(meter):
    """(family, size) of a meter of Linux instance hours, else None."""
    found = re.fullmatch(r"AmazonEC2/BoxUsage:([^./]+)\.([^./]+)", meter)
    return found.groups() if found else None


def hour_of_week(moment):
    return moment.weekday() * 24 + moment.hour


class Usage:
    """A charge line of one resource over the week: quantity by hour, and its price on demand."""

    def __init__(self, account, region, resource, meter, price, quantity):
        self.account, self.region, self.resource, self.meter = account, region, resource, meter
        self.price, self.quantity = price, quantity
        self.cost = F(0)                 # at on-demand prices, as billed
        self.billed_as = meter           # changes name the meter of today

    def copy(self):
        usage = Usage(self.account, self.region, self.resource, self.meter, self.price, list(self.quantity))
        usage.billed_as, usage.cost = self.billed_as, self.cost
        return usage


class Commitment:
    """What is committed to: `kind` is ri, node (a reservation of another service), ec2 or compute; `hourly` its fee."""

    def __init__(self, name, kind, account, region, scope, hourly, count=F(0), rates=None, end=None):
        self.name, self.kind, self.account, self.region, self.scope = name, kind, account, region, scope
        self.hourly, self.count, self.rates, self.end = hourly, count, rates or {}, end
        self.unused = F(0)               # of an hour's fee, as the bill has it


class Prices:
    """List prices by meter, region and term; of tiers the first that costs something."""

    def __init__(self, folder):
        self.rows = defaultdict(dict)
        for path in sorted(Path(folder).glob("*.csv")):
            lines = [line for line in path.open() if not line.startswith("#")]
            if not lines or not lines[0].startswith("meter,term,"):
                continue
            for row in csv.DictReader(lines):
                for region, value in row.items():
                    if value and region not in ("meter", "term", "from", "unit", "source") and F(value) > 0:
                        key = (row["meter"], row["term"], region)
                        start = number(row["from"])
                        self.rows[key].setdefault(start, F(value))

    def find(self, meter, region, term=""):
        tiers = self.rows.get((meter, term, region))
        return tiers[min(tiers)] if tiers else None


class Bill:
    """The last week of a CUR 2.0 file before as-of, and the commitments that it shows."""

    def __init__(self, path, as_of, prices):
        self.prices = prices
        until = datetime.fromisoformat(as_of.replace("Z", "+00:00"))
        until = until if until.tzinfo else until.replace(tzinfo=timezone.utc)
        self.until, since = until, until - timedelta(hours=WEEK)
        self.usages, self.effective = {}, defaultdict(F)
        own, listed = defaultdict(lambda: [F(0), F(0)]), defaultdict(lambda: [F(0), F(0)])
        fees, unused, plans, rates = defaultdict(F), defaultdict(F), {}, {}
        self.month_hours = None
        with open(path, newline="") as file:
            for row in csv.DictReader(file):
                row = defaultdict(str, row)      # a bill without reservations lacks their columns
                kind = row["line_item_line_item_type"]
                start = datetime.fromisoformat(row["line_item_usage_start_date"].replace("Z", "+00:00"))
                end = datetime.fromisoformat(row["line_item_usage_end_date"].replace("Z", "+00:00"))
                if self.month_hours is None:
                    first = datetime.fromisoformat(row["bill_billing_period_start_date"].replace("Z", "+00:00"))
                    last = datetime.fromisoformat(row["bill_billing_period_end_date"].replace("Z", "+00:00"))
                    self.month_hours = int((last - first).total_seconds() // 3600)
                if kind == "RIFee":
                    self._reservation(row, plans)
                    idle = number(row["reservation_unused_amortized_upfront_fee_for_billing_period"])
                    idle += number(row["reservation_unused_recurring_fee"])
                    fees[row["reservation_reservation_a_r_n"]] += idle
                    unused[row["reservation_reservation_a_r_n"]] += idle
                elif kind == "SavingsPlanRecurringFee":
                    self._plan(row, plans)
                    committed = number(row["savings_plan_total_commitment_to_date"])
                    fees[row["savings_plan_savings_plan_a_r_n"]] += committed
                    used = number(row["savings_plan_used_commitment"])
                    unused[row["savings_plan_savings_plan_a_r_n"]] += committed - used
                elif kind == "DiscountedUsage":
                    fees[row["reservation_reservation_a_r_n"]] += number(row["reservation_effective_cost"])
                if kind not in ("Usage", "DiscountedUsage", "SavingsPlanCoveredUsage"):
                    continue
                meter = self._meter(row)
                resource = row["line_item_resource_id"]
                if resource.startswith("arn:aws:ec2:"):
                    resource = resource.rsplit("/", 1)[1]
                key = (row["line_item_usage_account_id"], row["product_region_code"], resource, meter)
                quantity = number(row["line_item_usage_amount"])
                listprice = number(row["pricing_public_on_demand_rate"])
                if kind == "SavingsPlanCoveredUsage":
                    rates[(row["savings_plan_savings_plan_a_r_n"], meter, key[1])] = number(
                        row["savings_plan_savings_plan_rate"]
                    )
                if start < since or end > until or end - start > timedelta(days=1):
                    continue
                hour = hour_of_week(start)
                price = number(row["line_item_unblended_rate"]) if kind == "Usage" else listprice
                usage = self.usages.setdefault(key, Usage(*key, price, [F(0)] * WEEK))
                usage.quantity[hour] += quantity
                cost = {
                    "Usage": number(row["line_item_unblended_cost"]),
                    "DiscountedUsage": number(row["reservation_effective_cost"]),
                    "SavingsPlanCoveredUsage": number(row["savings_plan_savings_plan_effective_cost"]),
                }[kind]
                self.effective[key] += cost
                usage.cost += cost if kind == "Usage" else quantity * listprice
                if kind == "Usage" and cost > 0:
                    own[(meter, key[1])][0] += cost
                    own[(meter, key[1])][1] += quantity
                    service = meter.split("/")[0]
                    listed[service][0] += cost
                    listed[service][1] += quantity * listprice
        for usage in self.usages.values():       # what was paid, rounding of the bill's rows included
            total = sum(usage.quantity)
            if total and shape(usage.meter) is None:
                usage.price = usage.cost / total
        self.own = {key: cost / quantity for key, (cost, quantity) in own.items()}
        self.share = {service: paid / full for service, (paid, full) in listed.items() if full}
        for plan in plans.values():
            plan.rates = {(m, r): rate for (name, m, r), rate in rates.items() if name == plan.name}
            plan.hourly = fees[plan.name] / self.month_hours
            plan.unused = unused[plan.name] / self.month_hours
        self.commitments = sorted(plans.values(), key=lambda plan: plan.name)

    def _meter(self, row):
        usage = PREFIX.sub("", row["line_item_usage_type"])
        meter = f"{row['line_item_product_code']}/{usage}"
        if row["line_item_product_code"] in ("AmazonRDS", "AmazonElastiCache"):
            meter += "/" + row["line_item_operation"]
        return meter

    def _reservation(self, row, plans):
        name = row["reservation_reservation_a_r_n"]
        scope = PREFIX.sub("", row["line_item_usage_type"]).split(":")[1]
        plans[name] = Commitment(
            name, "ri", row["line_item_usage_account_id"], row["product_region_code"], scope, None,
            count=number(row["reservation_number_of_reservations"]), end=row["reservation_end_time"][:10],
        )

    def _plan(self, row, plans):
        name = row["savings_plan_savings_plan_a_r_n"]
        kind = "compute" if row["savings_plan_offering_type"].startswith("Compute") else "ec2"
        plans.setdefault(name, Commitment(
            name, kind, row["line_item_usage_account_id"], row["savings_plan_region"],
            row["savings_plan_instance_type_family"], None, end=row["savings_plan_end_time"][:10],
        ))

    def price(self, meter, region):
        """What a new meter costs: own bill, else the list."""
        if (meter, region) in self.own:
            return self.own[(meter, region)]
        found = self.prices.find(meter, region)
        if found is None:
            raise SystemExit(f"no price of {meter} in {region}")
        share = self.share.get(meter.split("/")[0], F(1))
        return found * (1 if abs(share - 1) < F(1, 10**6) else share)


class Simulator:
    """What usage costs under commitments, by AWS's order; hours with the same usage are computed once."""

    def __init__(self, prices):
        self.prices = prices
        self.memory, self.rate_memory = {}, {}

    def rate(self, plan, meter, region):
        """Rate of a plan for a meter, or None where it does not cover it."""
        key = (plan.name, meter, region)
        if key not in self.rate_memory:
            self.rate_memory[key] = self._rate(plan, meter, region)
        return self.rate_memory[key]

    def _rate(self, plan, meter, region):
        if (meter, region) in plan.rates:
            return plan.rates[(meter, region)]
        kind = shape(meter)
        if kind is None or (plan.kind == "ec2" and (kind[0], region) != (plan.scope, plan.region)):
            return None
        reserved = self.prices.find(meter, region, "standard-1y-all-upfront")
        return None if reserved is None else reserved * (NO_UPFRONT if plan.kind == "ec2" else COMPUTE)

    def remaining(self, lines, commitments):
        """On-demand cost of one hour. `lines`: (account, region, meter, price, quantity)."""
        left = [line[4] for line in lines]
        for plan in [c for c in commitments if c.kind == "ri"]:      # owner first, smallest size first
            family, size = plan.scope.split(".")
            budget = plan.count * units(size)
            same = [(shape(line[2]) or ("",))[0] == family and line[1] == plan.region for line in lines]
            order = sorted(
                (i for i, fits in enumerate(same) if fits),
                key=lambda i: (lines[i][0] != plan.account, units(shape(lines[i][2])[1])),
            )
            for i in order:
                each = units(shape(lines[i][2])[1])
                taken = min(left[i], budget / each)
                left[i] -= taken
                budget -= taken * each
        for plan in [c for c in commitments if c.kind == "node"]:
            budget = plan.count
            for i, line in enumerate(lines):
                if (line[2], line[1]) == (plan.scope, plan.region):
                    taken = min(left[i], budget)
                    left[i] -= taken
                    budget -= taken
        for kind in ("ec2", "compute"):
            plans = [c for c in commitments if c.kind == kind]
            budgets = [plan.hourly for plan in plans]
            pairs = []
            for p, plan in enumerate(plans):
                for i, line in enumerate(lines):
                    rate = self.rate(plan, line[2], line[1])
                    if rate is not None and rate < line[3]:
                        pairs.append((rate / line[3], rate, line[0] != plan.account, p, i))
            # The owner's usage first: all pairs of own accounts, then the others.
            pairs.sort(key=lambda pair: (pair[2], pair[0], pair[1]))
            for _, rate, _, p, i in pairs:
                taken = min(left[i], budgets[p] / rate)
                left[i] -= taken
                budgets[p] -= taken * rate
        return sum(line[3] * quantity for line, quantity in zip(lines, left)), left

    def month(self, usages, commitments):
        """Cost per 730 hours: on demand what nothing covers, and every fee."""
        nodes = {c.scope for c in commitments if c.kind == "node"}
        reached = [u for u in usages if shape(u.meter) or u.meter in nodes]
        cost = sum(u.price * sum(u.quantity) for u in usages if u not in reached)
        held = tuple((c.name, c.hourly, c.count) for c in commitments)
        for hour in range(WEEK):
            lines = tuple(
                (u.account, u.region, u.meter, u.price, u.quantity[hour]) for u in reached if u.quantity[hour]
            )
            key = (lines, held)
            if key not in self.memory:
                self.memory[key] = self.remaining(lines, commitments)[0]
            cost += self.memory[key]
        return (cost / WEEK + sum(c.hourly for c in commitments)) * MONTH


def evidence(finding):
    return {item["name"]: item["value"] for item in finding["evidence"]}


def planned_hours(actions, size):
    """Instance-hours a week at the minimums that a group's actions set: `45 6 * * 1-5 = 6; 0 21 * * 1-5 = 3`."""
    events = []
    for action in actions.split("; "):
        cron, level = action.rsplit(" = ", 1)
        minute, hour, _, _, days = cron.split()
        first, _, last = days.partition("-") if days != "*" else ("1", "-", "7")
        for day in range(int(first), int(last or first) + 1):
            events.append((F((day - 1) % 7 * 24 + int(hour)) + F(int(minute), 60), F(level)))
    events.sort()
    total = F(0)
    for (start, level), (end, _) in zip(events, events[1:] + [(events[0][0] + WEEK, 0)]):
        total += min(level, size) * (end - start)
    return total


def apply(finding, usages, bill, masks):
    """Usage after a finding: its page's changes on the usages of its resource."""
    facts, rule = evidence(finding), finding["rule"]
    target = (finding["account"], finding["region"], finding["resource"])
    result = []
    for usage in usages:
        if (usage.account, usage.region, usage.resource) != target:
            result.append(usage)
            continue
        change = next(
            (c for c in finding["changes"] if c["verb"] != "add" and c["meter"] in (None, usage.billed_as)), None
        )
        if change is None:
            result.append(usage)
            continue
        if change["verb"] == "drop":
            continue
        usage = usage.copy()
        if change["verb"] == "mask":
            marks = masks.get(finding["resource"], facts.get("QuietHoursOfWeek"))
            if len(marks) != WEEK or set(marks) - {"0", "1"}:
                raise SystemExit(f"{finding['resource']}: hours off are not 168 marks")
            usage.quantity = [F(0) if mark == "1" else q for q, mark in zip(usage.quantity, marks)]
        else:
            if change["new_meter"]:
                usage.meter = change["new_meter"]
                usage.price = bill.price(usage.meter, usage.region)
            usage.quantity = [q * factor(rule, facts, change) for q in usage.quantity]
        result.append(usage)
    held = sum(sum(u.quantity) for k, u in bill.usages.items() if k[:3] == target and ":VolumeUsage" in k[3])
    for change in finding["changes"]:
        if change["verb"] == "add":
            quantity = added(rule, facts, change["new_meter"], held, bill)
            price = bill.price(change["new_meter"], target[1])
            result.append(Usage(*target, change["new_meter"], price, [quantity / WEEK] * WEEK))
    return result


def factor(rule, facts, change):
    """New quantity / quantity billed."""
    if rule == "ebs-volume-iops-unused":            # of what is provisioned beyond nothing: io2 includes none
        return F(facts["NeededIops"]) / F(facts["Iops"])
    if rule == "ebs-volume-throughput-unused":      # 125 MiB/s are included in gp3 and not charged
        return (F(facts["NeededMiBps"]) - 125) / (F(facts["ThroughputMiBps"]) - 125)
    if rule == "ebs-volume-oversized":
        return F(facts["NewSizeGiB"]) / F(facts["SizeGiB"])
    if rule == "autoscaling-group-oversized":
        return F(facts["NewSharedBy"]) / F(facts["SharedBy"])
    if rule == "autoscaling-group-always-large":
        now = F(facts["InstanceHours"])
        return planned_hours(facts["MinSizeActions"], now / WEEK) / now
    if rule == "autoscaling-instance-to-spot":
        leaving = F(facts["MayBeSpot"]) / F(facts["OnDemandInstances"]) * (1 - F(facts["FallbackShare"]))
        return 1 - leaving
    if rule == "opensearch-domain-oversized":
        return F(facts["NewInstances"]) / F(facts["Instances"])
    if rule == "ecs-service-oversized":             # two meters, each by its part of the size: 2 vCPU, 4 GB
        old, new = (facts[name].replace(",", "").split() for name in ("InstanceType", "NewInstanceType"))
        part = 0 if "vCPU" in change["meter"] else 2
        return F(new[part]) / F(old[part])
    if rule == "lambda-memory-oversized":           # stated in money only; durations are rounded
        share = F(change["new_cost"]) / F(change["cost"])
        old, new = F(facts["InstanceType"].split()[0]), F(facts["NewInstanceType"].split()[0])
        stated = F(facts["NewDurationMs"]) / F(facts["DurationMs"]) * new / old
        assert abs(share - stated) < F(1, 200), "share of gigabyte-seconds against durations"
        return share
    return F(1)


def added(rule, facts, meter, held, bill):
    """Quantity a week of a meter that was not charged: in GB-months of the bill's month and so on."""
    months = F(WEEK, bill.month_hours)              # what is sold by the month: share of the month that the week is
    if rule == "ebs-volume-gp2":
        if "IOPS" in meter:
            return (F(facts["BaselineIops"]) - 3000) * months
        return (F(facts["BaselineThroughputMiBps"]) - 125) / 1024 * months
    if rule == "autoscaling-instance-to-spot":
        leaving = F(facts["MayBeSpot"]) / F(facts["OnDemandInstances"]) * (1 - F(facts["FallbackShare"]))
        return WEEK * leaving * (1 + F(facts["LostShare"]))
    raise SystemExit(f"unknown addition of {rule}")


def purchases(review, bill, amounts=None):
    """What the plan buys, by finding: [(finding, [Commitment])]."""
    result = []
    for finding in review["findings"]:
        if finding["standing"] != "chosen" or not finding["purchase"]:
            continue
        bought = []
        for item in finding["purchase"]["items"]:
            scope, region = item["scope"].rsplit(" in ", 1) if " in " in item["scope"] else (item["scope"], None)
            bought.append(purchase(item["term"], scope, region, F(item["hourly"]), item["count"], bill))
        result.append((finding, bought))
    return result


def purchase(term, scope, region, hourly, count, bill):
    name = f"new {term} {scope} {region}"
    if term.startswith("EC2 Instance"):
        return Commitment(name, "ec2", PAYER, region, scope, hourly)
    if term.startswith("Compute"):
        return Commitment(name, "compute", PAYER, None, None, hourly)
    rate = bill.prices.find(scope, region, "reserved-1y-no-upfront")
    return Commitment(name, "node", None, region, scope, rate * F(count), count=F(count))


def order_of_shares(findings):
    """What goes, then what is switched off, then what is changed; the largest effective saving first."""
    def rank(finding):
        verbs = {change["verb"] for change in finding["changes"]}
        return 0 if verbs == {"drop"} else 1 if verbs == {"mask"} else 2
    return sorted(findings, key=lambda f: (rank(f), -F(f["effective"])))


def check(review, bill, masks, amounts=None):
    """Whole plan and shares; returns a dictionary of figures."""
    simulator = Simulator(bill.prices)
    chosen = [f for f in review["findings"] if f["standing"] == "chosen"]
    unused = [f for f in chosen if f["rule"] == "commitments-unused"]
    changes = order_of_shares([f for f in chosen if not f["purchase"] and f not in unused])
    usages = list(bill.usages.values())
    before = simulator.month(usages, bill.commitments)
    shares, alone, last = {}, {}, before
    for finding in changes:
        usages = apply(finding, usages, bill, masks)
        now = simulator.month(usages, bill.commitments)
        shares[finding["id"]] = last - now
        last = now
    bought = purchases(review, bill) if amounts is None else amounts
    held = list(bill.commitments)
    for finding, items in bought:
        held = held + items
        now = simulator.month(usages, held)
        shares[finding["id"]] = last - now
        last = now
    for finding in unused:
        shares[finding["id"]] = F(0)
    return {
        "before": before, "after": last, "net": before - last, "shares": shares, "usages": usages,
        "bought": [item for _, items in bought for item in items], "simulator": simulator, "chosen": chosen,
        "unused": unused,
    }


def without_coverage(bill, findings, masks, at_list=False):
    """Saving of findings together at fixed prices: what each resource cost on average, or what is paid on demand."""
    lines = []
    for key, usage in bill.usages.items():
        total = sum(usage.quantity)
        fresh = usage.copy()
        if not at_list:
            fresh.price = bill.effective[key] / total if total else F(0)
        lines.append(fresh)
    cost = lambda lines: sum(u.price * sum(u.quantity) for u in lines)
    before = cost(lines)
    for finding in order_of_shares(findings):
        lines = apply(finding, lines, bill, masks)
    return (before - cost(lines)) * MONTH / WEEK


def later(result, bill):
    """What more is saved a month from each end of a commitment: the same difference with what is left then."""
    simulator, adds, saved = result["simulator"], [], result["net"]
    initial = list(bill.usages.values())
    for date in sorted({c.end for c in bill.commitments}):
        left = [c for c in bill.commitments if c.end > date]
        net = simulator.month(initial, left) - simulator.month(result["usages"], left + result["bought"])
        for commitment in [c for c in bill.commitments if c.end <= date]:
            net += unused_cost(commitment, result)
        adds.append((date, net - saved))
        saved = net
    return adds


def unused_cost(commitment, result):
    """A month of what a commitment leaves unused today, where the plan says not to buy it again."""
    named = any(evidence(finding)["MostIdle"] == commitment.name for finding in result["unused"])
    return commitment.unused * MONTH if named else F(0)


# ------------------------------------------------------------------------------------------------- the best commitments


def best(result, bill, step=F(1, 1000)):
    """Best amounts for the usage after the plan: a linear program from below, a search by steps from above.

    Scopes: an EC2 Instance plan of every family and region with a listed rate, and a Compute plan."""
    from scipy.optimize import linprog
    from scipy.sparse import coo_matrix

    usages = [u for u in result["usages"] if shape(u.meter)]
    simulator = result["simulator"]
    scopes = sorted({(shape(u.meter)[0], u.region) for u in usages
                     if bill.prices.find(u.meter, u.region, "standard-1y-all-upfront") and sum(u.quantity)})
    families = [Commitment(f"scope {f} {r}", "ec2", PAYER, r, f, F(0)) for f, r in scopes]
    compute = Commitment("scope compute", "compute", PAYER, None, None, F(0))
    candidates = families + [compute]
    patterns = defaultdict(int)
    for hour in range(WEEK):
        running = (u for u in usages if u.quantity[hour])
        patterns[tuple((u.account, u.region, u.meter, u.price, u.quantity[hour]) for u in running)] += 1
    patterns = list(patterns.items())

    # Linear program: coverage variables of every plan and line of every pattern, and the new amounts.
    reservations = [c for c in bill.commitments if c.kind == "ri"]
    plans = [c for c in bill.commitments if c.kind != "ri"] + candidates
    new = {id(c): i for i, c in enumerate(candidates)}
    cost = [float(MONTH)] * len(candidates)
    rows, limits, constant = [], [], 0.0
    entries = []                                   # (row, column, value)
    column = len(candidates)
    for lines, weight in patterns:
        scale = float(MONTH) * weight / WEEK
        left = simulator.remaining(lines, reservations)[1]
        constant += scale * float(sum(line[3] * q for line, q in zip(lines, left)))
        base = len(limits)
        limits.extend(float(q) for q in left)
        for plan in plans:
            row = len(limits)
            limits.append(float(plan.hourly) if id(plan) not in new else 0.0)
            if id(plan) in new:
                entries.append((row, new[id(plan)], -1.0))
            for i, line in enumerate(lines):
                rate = simulator.rate(plan, line[2], line[1])
                if rate is None:
                    continue
                cost.append(-scale * float(line[3]))
                entries.append((base + i, column, 1.0))
                entries.append((row, column, float(rate)))
                column += 1
    r, c, v = zip(*entries)
    matrix = coo_matrix((v, (r, c)), shape=(len(limits), column)).tocsr()
    solved = linprog(cost, A_ub=matrix, b_ub=limits, method="highs")
    fees = float(MONTH) * sum(float(c.hourly) for c in bill.commitments)
    bound = constant + solved.fun + fees
    amounts = {c.name: F(str(round(solved.x[i], 6))) for i, c in enumerate(candidates)}

    def value(point):
        held = bill.commitments + [
            Commitment(c.name, c.kind, c.account, c.region, c.scope, point[c.name]) for c in candidates if point[c.name]
        ]
        cost = sum(weight * simulator.remaining(lines, held)[0] for lines, weight in patterns)
        return (cost / WEEK + sum(c.hourly for c in held)) * MONTH

    rounded = {k: F(math.floor(a / step + F(1, 2))) * step for k, a in amounts.items()}
    starts = [rounded, {k: F(0) for k in rounded}]
    program = {k: F(0) for k in rounded}
    for item in result["bought"]:
        if item.kind != "node":
            program[f"scope {item.scope} {item.region}" if item.kind == "ec2" else "scope compute"] += item.hourly
    starts.append(program)
    found = min((descend(start, value, step) for start in starts), key=lambda pair: pair[1])
    return {"bound": bound, "program": value(program), "none": value({k: F(0) for k in rounded}), "best": found[1],
            "point": {k: a for k, a in found[0].items() if a}, "lp": {k: float(a) for k, a in amounts.items() if a}}


def best_reservations(result, bill):
    """Of every meter after the plan whose reservation has a listed rate: count bought, best count, saving of that."""
    quantities = defaultdict(lambda: [F(0)] * WEEK)
    for usage in result["usages"]:
        rate = bill.prices.find(usage.meter, usage.region, "reserved-1y-no-upfront")
        if rate:
            key = (usage.meter, usage.region, usage.price, rate)
            quantities[key] = [a + b for a, b in zip(quantities[key], usage.quantity)]
    rows = []
    for (meter, region, price, rate), hours in quantities.items():
        saving = lambda n: (sum(min(n, q) for q in hours) * price / WEEK - n * rate) * MONTH
        count = max(range(math.ceil(max(hours)) + 1), key=saving)
        bought = sum(c.count for c in result["bought"] if (c.kind, c.scope, c.region) == ("node", meter, region))
        rows.append((meter, region, int(bought), count, saving(count)))
    return rows


def descend(point, value, step):
    """Coordinate and pair moves by 64 steps down to one, while anything improves."""
    point, current = dict(point), value(point)
    names = list(point)
    for size in (64, 16, 4, 1):
        improved = True
        while improved:
            improved = False
            moves = [((n, s),) for n in names for s in (1, -1)]
            moves += [((a, 1), (b, -1)) for a, b in itertools.permutations(names, 2)]
            for move in moves:
                trial = dict(point)
                for name, sign in move:
                    trial[name] += sign * size * step
                if min(trial.values()) < 0:
                    continue
                cost = value(trial)
                if cost < current:
                    point, current, improved = trial, cost, True
    return point, current


def money(value):
    return f"{float(value):14.6f}"


def self_test():
    """AWS's published examples: savings plans of a clock hour, and a reservation across sizes."""
    plan = Commitment("p", "compute", "a", None, None, F(0))
    lines, region = [], "r"
    for name, price, rate, quantity in (
        ("c5.9xlarge", "4", "2", "1"), ("windows", "10", "8", "1"), ("vcpu", "1.5", "1", "10"),
        ("gigabytes", "2", "1", "5"),
    ):
        lines.append(("a", region, name, F(price), F(quantity)))
        plan.rates[(name, region)] = F(rate)
    for hourly, bill in (("25", "25"), ("10", "30.5"), ("7", "32")):
        plan.hourly = F(hourly)
        simulator = Simulator(None)
        assert simulator.remaining(lines, [plan])[0] + plan.hourly == F(bill), hourly
    four = Commitment("r", "ri", "a", region, "m4.large", F(0), count=F(4))
    two = [("b", region, "AmazonEC2/BoxUsage:m4.xlarge", F(1), F(3))]
    assert Simulator(None).remaining(two, [four])[0] == 1         # four large are two xlarge; the third is on demand
    half = Commitment("r", "ri", "a", region, "c4.large", F(0), count=F(1))
    assert Simulator(None).remaining([("a", region, "AmazonEC2/BoxUsage:c4.xlarge", F(1), F(1))], [half])[0] == F(1, 2)
    assert planned_hours("45 6 * * 1-5 = 6; 0 21 * * 1-5 = 3", F(6)) == F("717.75")
    print("self test: as AWS's examples")


def main():
    if sys.argv[1:] == ["--self-test"]:
        return self_test()
    parser = argparse.ArgumentParser()
    parser.add_argument("bill")
    parser.add_argument("review")
    parser.add_argument("--prices", default=Path(__file__).resolve().parent.parent.parent / "prices")
    parser.add_argument("--mask", action="append", default=[])
    parser.add_argument("--amounts", action="append", default=None, help="SCOPE in REGION=HOURLY of EC2 Instance plans")
    parser.add_argument("--best", action="store_true")
    arguments = parser.parse_args()
    review = json.load(open(arguments.review))
    bill = Bill(arguments.bill, review["as_of"], Prices(arguments.prices))
    masks = dict(item.split("=", 1) for item in arguments.mask)
    amounts = None
    if arguments.amounts is not None:
        finding = next(f for f, _ in purchases(review, bill))
        items = []
        for text in arguments.amounts:
            scope, hourly = text.split("=")
            if scope == "compute":
                items.append(Commitment("new compute", "compute", PAYER, None, None, F(hourly)))
            else:
                family, region = scope.split(" in ")
                items.append(purchase("EC2 Instance", family, region, F(hourly), None, bill))
        amounts = [(finding, items)]
    result = check(review, bill, masks, amounts)
    wrong = 0

    def differs(program, own):
        nonlocal wrong
        wrong += abs(own - program) >= F(1, 100)
        return " <" if abs(own - program) >= F(1, 100) else ""

    print(f"before {money(result['before'])} a month, after {money(result['after'])}")
    print(f"{'finding':58} {'program net':>14} {'check':>14} {'difference':>10}")
    for finding in result["chosen"]:
        own, theirs = result["shares"][finding["id"]], F(finding["net"])
        mark = differs(theirs, own)
        print(f"{finding['id']:58} {money(theirs)} {money(own)} {float(own - theirs):10.6f}{mark}")
    net = F(review["plan"]["net"])
    mark = differs(net, result["net"])
    print(f"{'whole plan':58} {money(net)} {money(result['net'])} {float(result['net'] - net):10.6f}{mark}")
    gross = F(0)
    for finding in result["chosen"]:
        if finding["purchase"] or finding["rule"] == "commitments-unused":
            gross += F(finding["effective"])
            continue
        own = without_coverage(bill, [finding], masks)
        gross += own
        if differs(F(finding["effective"]), own):
            print(f"effective of {finding['id']}: program {money(F(finding['effective']))}, check {money(own)} <")
    changes = [f for f in result["chosen"] if not f["purchase"] and f not in result["unused"]]
    together = without_coverage(bill, changes, masks) + sum(F(f["effective"]) for f in result["unused"])
    together += sum(result["shares"][f["id"]] for f in result["chosen"] if f["purchase"])
    at_list = without_coverage(bill, changes, masks, at_list=True)
    for name, value in (("effective", together), ("list", at_list)):
        stated = F(review["plan"][name])
        print(f"{name} of all together: program {money(stated)}, check {money(value)}{differs(stated, value)}")
    stated = F(review["plan"]["gross"])
    print(f"gross (commitments as stated): program {money(stated)}, check {money(gross)}{differs(stated, gross)}")
    stated = {item["date"]: F(item["adds"]) for item in review["plan"]["net_from"]}
    for date, adds in later(result, bill):
        program = stated.pop(date, F(0))
        print(f"more from {date}: program {money(program)}, check {money(adds)}{differs(program, adds)}")
    for date, adds in stated.items():
        print(f"more from {date}: program {money(adds)}, check {money(F(0))}{differs(adds, F(0))}")
    if arguments.best:
        found = best(result, bill)
        spent = found["none"]
        print("commitments of instances: none", money(spent), "plan", money(found["program"]), "best by steps",
              money(found["best"]), "bound", money(found["bound"]))
        print("  best amounts", {k: float(v) for k, v in found["point"].items()})
        print("  linear program", found["lp"])
        for meter, region, bought, count, saving in best_reservations(result, bill):
            print(f"reservations of {meter} in {region}: plan {bought}, best {count}, saving {money(saving)}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
