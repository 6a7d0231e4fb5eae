"""Writes one month of an invented AWS bill twice: CUR 2.0 as Parquet and legacy CUR as gzipped CSV.

Both files hold the same rows. Rows come from lines: a line is one meter of one resource in a window of hours, and gives
one row an hour; fees, taxes and credits are lines of one row. Amounts are integers of 1e-10 USD until they are written,
so the identities of reservations and savings plans hold exactly. A batch of hours is in memory at a time.
"""

import argparse
import gzip
import time
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

HOURS = 744
MONTH = np.datetime64("2026-10-01T00", "h")
UNIT = 10**10
NULL = np.iinfo(np.int64).min
BATCH_ROWS = 125_000
# Below this a double and its ten decimals become the same DECIMAL(38,12); above, the last digit may differ by engine.
LARGEST = 2_000 * UNIT

AWS = "Amazon Web Services, Inc."
PAYER = "100000000000"
TEAMS = ["checkout", "search", "catalogue", "payments", "logistics", "identity", "data", "platform", "mobile", ""]
ENVIRONMENTS = ["production", "production", "production", "staging", "development", ""]
SERVICES = ["api", "worker", "batch", "web", "cache", "ingest", "report", ""]
REGIONS = {
    "us-east-1": ("", "US East (N. Virginia)"),
    "us-west-2": ("USW2-", "US West (Oregon)"),
    "eu-west-1": ("EU-", "EU (Ireland)"),
    "eu-central-1": ("EUC1-", "EU (Frankfurt)"),
    "ap-southeast-1": ("APS1-", "Asia Pacific (Singapore)"),
    "ap-southeast-2": ("APS2-", "Asia Pacific (Sydney)"),
    "ap-northeast-1": ("APN1-", "Asia Pacific (Tokyo)"),
    "sa-east-1": ("SAE1-", "South America (Sao Paulo)"),
}
# Type: USD an hour.
INSTANCES = {
    "t3.medium": 0.0416, "m5.large": 0.096, "m5.xlarge": 0.192, "m6i.2xlarge": 0.384, "c5.large": 0.085,
    "c6i.xlarge": 0.17, "r5.large": 0.126, "r6i.2xlarge": 0.504, "m7g.large": 0.0816, "c7g.xlarge": 0.145,
}
FACTORS = {"medium": 2, "large": 4, "xlarge": 8, "2xlarge": 16}
DATABASES = {"db.t3.medium": 0.072, "db.m5.large": 0.178, "db.r5.large": 0.25, "db.r6g.xlarge": 0.43}
CACHES = {"cache.t3.medium": 0.068, "cache.m6g.large": 0.149, "cache.r6g.large": 0.206}

USAGE, DISCOUNTED, COVERED, NEGATION, PLAN_FEE, RI_FEE, TAX, CREDIT = range(8)
KINDS = [
    "Usage", "DiscountedUsage", "SavingsPlanCoveredUsage", "SavingsPlanNegation", "SavingsPlanRecurringFee", "RIFee",
    "Tax", "Credit",
]
PLANS = 6
MONTHLY = (RI_FEE, TAX, CREDIT)

# Meter: product code, usage type, operation, unit, product family, USD a unit, quantity an hour, whether it varies.
DISK = ("AmazonEC2", "EBS:VolumeUsage.{disk}", "CreateVolume-{Disk}", "GB-Mo", "Storage", 0.08, 100 / HOURS, False)
OUT = ("AmazonEC2", "DataTransfer-Out-Bytes", "RunInstances", "GB", "Data Transfer", 0.09, 0.05, True)
ZONES = ("AmazonEC2", "DataTransfer-Regional-Bytes", "InterZone-Out", "GB", "Data Transfer", 0.01, 0.4, True)
# Share of resources, kind of resource, its meters.
SHAPES = [
    (0.34, "instance", [OUT]),
    (0.08, "instance", [OUT, ZONES]),
    (0.26, "volume", [DISK]),
    (0.05, "bucket", [
        ("AmazonS3", "TimedStorage-ByteHrs", "StandardStorage", "GB-Mo", "Storage", 0.023, 900 / HOURS, True),
        ("AmazonS3", "Requests-Tier1", "PutObject", "Requests", "API Request", 0.000005, 2500, True),
        ("AmazonS3", "Requests-Tier2", "GetObject", "Requests", "API Request", 0.0000004, 40000, True),
    ]),
    (0.05, "database", [
        ("AmazonRDS", "RDS:GP3-Storage", "CreateDBInstance:0014", "GB-Mo", "Database Storage", 0.115, 200 / HOURS, False),
    ]),
    (0.03, "cache", []),
    (0.08, "function", [
        ("AWSLambda", "Lambda-GB-Second", "Invoke", "Lambda-GB-Second", "Serverless", 0.0000166667, 800, True),
        ("AWSLambda", "Request", "Invoke", "Requests", "Serverless", 0.0000002, 5000, True),
    ]),
    (0.02, "gateway", [
        ("AmazonEC2", "NatGateway-Hours", "NatGateway", "Hrs", "NAT Gateway", 0.045, 1, False),
        ("AmazonEC2", "NatGateway-Bytes", "NatGateway", "GB", "NAT Gateway", 0.045, 3, True),
    ]),
    (0.03, "balancer", [
        ("AWSELB", "LoadBalancerUsage", "LoadBalancing:Application", "Hrs", "Load Balancer-Application", 0.0225, 1, False),
        ("AWSELB", "LCUUsage", "LoadBalancing:Application", "LCU-Hrs", "Load Balancer-Application", 0.008, 1.7, True),
    ]),
    (0.04, "log group", [
        ("AmazonCloudWatch", "DataProcessing-Bytes", "PutLogEvents", "GB", "Data Payload", 0.5, 0.02, True),
        ("AmazonCloudWatch", "TimedStorage-ByteHrs", "HourlyStorageMetering", "GB-Mo", "Storage Snapshot", 0.03, 0.1, False),
    ]),
    (0.02, "nothing", [
        ("awskms", "KMS-Requests", "Decrypt", "Requests", "API Request", 0.000003, 900, True),
        ("AmazonSQS", "Requests-Tier1", "SendMessage", "Requests", "API Request", 0.0000004, 3000, True),
    ]),
]


def units(amount):
    """USD, or any quantity, in units of 1e-10."""
    return np.rint(np.asarray(amount, dtype=np.float64) * UNIT).astype(np.int64)


def price_text(amount):
    """A rate as CUR writes it."""
    return f"{amount // UNIT}.{amount % UNIT:010d}"


def stamp(hour):
    """An hour of the month as ISO text."""
    return f"{np.datetime_as_string(MONTH + np.timedelta64(int(hour), 'h'), unit='s')}Z"


class Lines:
    """Every line of the bill: text attributes by name, and integer attributes as arrays once frozen."""

    TEXT = [
        "account", "region", "zone", "resource", "code", "usage_type", "operation", "unit", "family", "instance",
        "system", "team", "environment", "service", "application", "description", "arn", "invoice_entity",
    ]
    NUMBERS = ["kind", "start", "end", "rate", "quantity", "varies", "whole", "group", "upfront", "recurring", "plan_rate"]

    def __init__(self):
        self.rows = []

    def add(self, **values):
        self.rows.append(values)

    def freeze(self):
        for name in self.TEXT:
            setattr(self, name, [row.get(name, "") for row in self.rows])
        for name in self.NUMBERS:
            default = -1 if name == "group" else 0
            setattr(self, name, np.array([row.get(name, default) for row in self.rows], dtype=np.int64))


def usage_lines(rng, resources):
    """The lines of all resources, windows not yet set: some are marked for savings plans and reservations."""
    lines = Lines()
    accounts = [f"{200_000_000_000 + 7_654_321_987 * n % 700_000_000_000:012d}" for n in range(50)]
    names = list(REGIONS)
    home = {a: [names[int(r)] for r in rng.choice(len(names), size=2, p=[.34, .14, .2, .12, .06, .06, .05, .03])]
            for a in accounts}
    types = {a: [str(t) for t in rng.choice(list(INSTANCES), size=3, replace=False)] for a in accounts}
    weights = 1 / np.arange(1, 51) ** 0.7
    owners = rng.choice(50, size=resources, p=weights / weights.sum())
    shapes = rng.choice(len(SHAPES), size=resources, p=np.array([s[0] for s in SHAPES]) / sum(s[0] for s in SHAPES))
    for number in range(resources):
        owner = int(owners[number])
        account = accounts[owner]
        region = home[account][int(rng.random() < 0.25)]
        prefix = REGIONS[region][0]
        zone = region + "ab"[int(rng.integers(2))]
        workload = owner * 5 + int(rng.integers(8))
        _, noun, meters = SHAPES[int(shapes[number])]
        identity = f"{int(rng.integers(1 << 62)):017x}"[-17:]
        disk = "gp2" if rng.random() < 0.2 else "gp3"
        arn = f"arn:aws:{{}}:{region}:{account}:"
        resource = {
            "instance": f"i-{identity}", "volume": f"vol-{identity}", "bucket": f"bucket-{identity[-9:]}",
            "database": arn.format("rds") + f"db:db-{identity[-7:]}",
            "cache": arn.format("elasticache") + f"cluster:cache-{identity[-7:]}",
            "function": arn.format("lambda") + f"function:fn-{identity[-7:]}",
            "gateway": arn.format("ec2") + f"natgateway/nat-{identity}",
            "balancer": arn.format("elasticloadbalancing") + f"loadbalancer/app/lb-{identity[-7:]}/{identity[:16]}",
            "log group": arn.format("logs") + f"log-group:/app/{identity[-7:]}", "nothing": "",
        }[noun]
        shared = {
            "account": account, "region": region, "resource": resource, "group": -1, "invoice_entity": AWS,
            "team": TEAMS[workload * 7 % len(TEAMS)], "service": SERVICES[workload * 5 % len(SERVICES)],
            "environment": ENVIRONMENTS[workload % len(ENVIRONMENTS)],
            "application": f"app-{workload % 40:02d}" if workload % 10 else "",
        }
        if not resource:
            shared |= {"team": "", "environment": "", "service": "", "application": ""}
        machine = None
        if noun == "instance":
            kind = types[account][int(rng.integers(3))]
            machine = ("AmazonEC2", f"BoxUsage:{kind}", "RunInstances", "Compute Instance", kind, INSTANCES[kind], "Linux")
        elif noun == "database":
            kind = list(DATABASES)[int(rng.integers(len(DATABASES)))]
            machine = ("AmazonRDS", f"InstanceUsage:{kind}", "CreateDBInstance:0014", "Database Instance", kind, DATABASES[kind], "")
        elif noun == "cache":
            kind = list(CACHES)[int(rng.integers(len(CACHES)))]
            machine = ("AmazonElastiCache", f"NodeUsage:{kind}", "CreateCacheCluster:0002", "Cache Instance", kind, CACHES[kind], "")
        if machine:
            code, usage, operation, family, kind, price, system = machine
            values = shared | {
                "code": code, "usage_type": prefix + usage, "operation": operation, "unit": "Hrs", "family": family,
                "instance": kind, "system": system, "zone": zone, "rate": int(units(price)), "quantity": UNIT,
                "kind": USAGE, "description": f"${price} per On Demand {system or 'managed'} {kind} Instance Hour",
            }
            if noun == "instance" and owner % 5 in (0, 1) and rng.random() < 0.4:
                values |= {"kind": COVERED, "plan": owner % PLANS, "plan_rate": int(units(price * 0.68))}
            elif noun != "cache" and owner % 5 == 2 and rng.random() < 0.4:
                values |= {
                    "kind": DISCOUNTED, "upfront": int(units(price * 0.3)), "recurring": int(units(price * 0.32)),
                    "description": f"{system or 'Managed'} {kind} reserved instance applied",
                }
            lines.add(**values)
        for code, usage, operation, unit, family, price, quantity, varies in meters:
            at = {"disk": disk, "Disk": disk.capitalize()}
            size = float(rng.lognormal(0, 0.9))
            lines.add(**shared | {
                "code": code, "usage_type": prefix + usage.format(**at), "operation": operation.format(**at),
                "unit": unit, "family": family, "zone": zone if noun in ("instance", "volume") else "",
                "rate": int(units(price)), "quantity": int(units(quantity * (1 if unit == "Hrs" else size))),
                "varies": int(varies), "whole": int(unit == "Requests"), "kind": USAGE, "description": f"${price:.7f} per {unit} of {family}",
            })
    return lines, accounts


def set_windows(rng, lines, wanted):
    """Gives every line its hours, so that all usage and the rows that follow from it come to the wanted number."""
    rows = lines.rows
    fixed = [row for row in rows if row["kind"] != USAGE]
    free = [row for row in rows if row["kind"] == USAGE]
    groups = {}
    for row in fixed:
        long = rng.random() < 0.35
        length = HOURS if long else int(rng.integers(60, 500))
        row["start"] = 0 if long else int(rng.integers(0, HOURS - length + 1))
        row["end"] = row["start"] + length
    for row in fixed:
        if row["kind"] == COVERED:
            key = (row["plan"], row["account"], row["region"], row["zone"], row["usage_type"])
            row["group"] = groups.setdefault(key, len(groups))
    covered = np.zeros((len(groups), HOURS), dtype=np.int64)
    for row in fixed:
        if row["kind"] == COVERED:
            covered[row["group"], row["start"] : row["end"]] += 1
    used = sum(row["end"] - row["start"] for row in fixed) + int((covered > 0).sum())
    left = wanted - used
    if not len(free) <= left <= len(free) * HOURS:
        raise SystemExit(f"{wanted} rows do not fit {len(rows)} lines: choose another --resources")
    mean = left / len(free)
    lengths = np.where(rng.random(len(free)) < 0.10, HOURS, rng.exponential(mean * 0.9, len(free)))
    for _ in range(30):
        lengths = np.clip(lengths * np.where(lengths < HOURS, left / lengths.sum(), 1.0), 1, HOURS)
    lengths = lengths.astype(np.int64)
    difference = left - int(lengths.sum())
    while difference:
        step = 1 if difference > 0 else -1
        room = np.flatnonzero((lengths < HOURS) if step > 0 else (lengths > 1))[: abs(difference)]
        lengths[room] += step
        difference -= step * len(room)
    starts = rng.integers(0, HOURS - lengths + 1)
    for row, start, length in zip(free, starts, lengths):
        row["start"], row["end"] = int(start), int(start + length)
    return groups


def reservation_key(row):
    """What a reservation is for."""
    return row["account"], row["region"], row["code"], row["usage_type"]


def reservations(lines):
    """The covered lines of each reservation, at most ten."""
    alike = {}
    for row in lines.rows:
        if row["kind"] == DISCOUNTED:
            alike.setdefault(reservation_key(row), []).append(row)
    return [members[n : n + 10] for members in alike.values() for n in range(0, len(members), 10)]


def add_commitments(lines, groups, payer_region):
    """Negations, hourly plan fees and monthly reservation fees; all follow from the covered lines."""
    spending = np.zeros((PLANS, HOURS), dtype=np.int64)
    negations = {}
    plan_arns = [f"arn:aws:savingsplans::{PAYER}:savingsplan/{n:08x}-5a1e-4000-8000-00000000000{n}" for n in range(PLANS)]
    for row in lines.rows:
        if row["kind"] == COVERED:
            row["arn"] = plan_arns[row["plan"]]
            spending[row["plan"], row["start"] : row["end"]] += row["plan_rate"]
            negations.setdefault(row["group"], []).append(row)
    lines.negated = np.zeros((len(groups), HOURS), dtype=np.int64)
    lines.counted = np.zeros((len(groups), HOURS), dtype=np.int64)
    for group, members in negations.items():
        for row in members:
            lines.negated[group, row["start"] : row["end"]] += row["rate"]
            lines.counted[group, row["start"] : row["end"]] += 1
        first = members[0]
        keep = ("account", "region", "zone", "code", "usage_type", "operation", "unit", "family", "instance", "system", "arn", "group", "invoice_entity")
        lines.add(**{name: first[name] for name in keep} | {
            "kind": NEGATION, "start": 0, "end": HOURS,
            "description": f"SavingsPlanNegation used by AccountId : {first['account']} and UsageSku : {first['usage_type']}",
        })
    lines.commitment = spending.max(axis=1)
    lines.spending = spending
    for plan, arn in enumerate(plan_arns):
        lines.add(
            kind=PLAN_FEE, start=0, end=HOURS, account=PAYER, region=payer_region, code="ComputeSavingsPlans", group=plan,
            usage_type="ComputeSP:1yrNoUpfront", unit="Hrs", family="ComputeSavingsPlans", arn=arn, quantity=UNIT,
            description="1 year No Upfront Compute Savings Plan", invoice_entity=AWS,
        )
    fees = []
    for number, members in enumerate(reservations(lines)):
        account, region, code, usage_type = reservation_key(members[0])
        service = {"AmazonEC2": ("ec2", "reserved-instances/"), "AmazonRDS": ("rds", "ri:")}[code]
        arn = f"arn:aws:{service[0]}:{region}:{account}:{service[1]}{number:08x}-1b2c-4d3e-9f40-5a6b7c8d9e0f"
        hours = np.zeros(HOURS, dtype=np.int64)
        for row in members:
            row["arn"] = arn
            hours[row["start"] : row["end"]] += 1
        count = int(hours.max())
        unused = count * HOURS - int(hours.sum())
        first = members[0]
        fees.append({
            "count": count, "unused": unused, "upfront": first["upfront"], "recurring": first["recurring"],
        })
        lines.add(
            kind=RI_FEE, start=HOURS - 1, end=HOURS, account=account, region=region, code=code, usage_type=usage_type,
            operation=first["operation"], unit="Hrs", family=first["family"], instance=first["instance"],
            system=first["system"], arn=arn, group=number, quantity=count * HOURS * UNIT, upfront=first["upfront"],
            recurring=first["recurring"], description=f"USD hourly fee per {first['instance']} reservation", invoice_entity=AWS,
        )
    lines.fees = {name: np.array([fee[name] for fee in fees] or [0], dtype=np.int64) for name in ("count", "unused")}


def add_once(lines, rng, accounts, rows):
    """Taxes and credits: a few rows of the month, without resource."""
    taxed = ["AmazonEC2", "AmazonS3", "AmazonRDS", "AWSLambda", "AmazonCloudWatch", "AWSELB"]
    for account in accounts:
        for code in taxed[: max(1, min(6, rows // 30_000))]:
            lines.add(kind=TAX, start=HOURS - 1, end=HOURS, account=account, code=code, quantity=UNIT, invoice_entity=AWS,
                      rate=int(units(rng.uniform(1, 400))), description=f"Tax for product code {code}")
    for number in range(max(3, min(60, rows // 50_000))):
        lines.add(kind=CREDIT, start=HOURS - 1, end=HOURS, account=accounts[number % 50], code="AmazonEC2", operation="RunInstances",
                  region="us-east-1", usage_type="BoxUsage:m5.large", quantity=UNIT, invoice_entity=AWS,
                  rate=-int(units(rng.uniform(5, 900))), description=f"Promotional credit {number}, applied once")


def build(rng, rows, resources):
    """All lines, in their final windows, with exactly the wanted number of rows."""
    lines, accounts = usage_lines(rng, resources)
    scratch = Lines()
    add_once(scratch, np.random.default_rng(0), accounts, rows)
    groups = set_windows(rng, lines, rows - len(scratch.rows) - PLANS * HOURS - len(reservations(lines)))
    add_commitments(lines, groups, "us-east-1")
    add_once(lines, rng, accounts, rows)
    lines.freeze()
    return lines


class Batch:
    """The rows of some hours: amounts in units, and the line and hour of each row."""

    def __init__(self, lines, rng, first, last):
        parts = []
        for hour in range(first, last):
            active = (lines.start <= hour) & (hour < lines.end)
            empty = (lines.kind == NEGATION) & active
            empty[empty] = lines.counted[lines.group[empty], hour] == 0
            index = np.flatnonzero(active & ~empty)
            parts.append((index, np.full(len(index), hour, dtype=np.int64)))
        self.line = np.concatenate([p[0] for p in parts])
        self.hour = np.concatenate([p[1] for p in parts])
        self.size = len(self.line)
        i, hour = self.line, self.hour
        self.kind = lines.kind[i]
        self.is_ = {kind: self.kind == kind for kind in range(len(KINDS))}
        group = lines.group[i]
        self.quantity = lines.quantity[i].copy()
        noisy = lines.varies[i] == 1
        varied = np.rint(self.quantity[noisy] * rng.lognormal(0, 0.6, int(noisy.sum()))).astype(np.int64)
        # Requests come whole, and whole numbers are exact however large.
        whole = lines.whole[i][noisy] == 1
        self.quantity[noisy] = np.where(whole, varied // UNIT * UNIT, np.minimum(varied, LARGEST))
        rate = lines.rate[i]
        self.list = np.rint(self.quantity / UNIT * rate).astype(np.int64)
        self.cost = self.list.copy()
        self.cost[self.is_[DISCOUNTED]] = 0
        negation = self.is_[NEGATION]
        self.cost[negation] = -lines.negated[group[negation], hour[negation]]
        self.quantity[negation] = lines.counted[group[negation], hour[negation]] * UNIT
        once = self.is_[TAX] | self.is_[CREDIT]
        self.cost[once] = rate[once]
        fee = self.is_[PLAN_FEE]
        plan = np.where(fee, group, 0)
        self.cost[fee] = lines.commitment[group[fee]]
        self.commitment = np.where(fee, lines.commitment[plan], NULL)
        self.used = np.where(fee, lines.spending[plan, hour], NULL)
        ri = self.is_[RI_FEE]
        which = np.where(ri, group, 0)
        upfront, recurring = lines.upfront[i], lines.recurring[i]
        count, unused = lines.fees["count"][which], lines.fees["unused"][which]
        self.cost[ri] = (count * HOURS * recurring)[ri]
        self.ri_upfront = np.where(ri, count * HOURS * upfront, NULL)
        self.ri_unused = np.where(ri, unused * UNIT, NULL)
        self.ri_unused_upfront = np.where(ri, unused * upfront, NULL)
        self.ri_unused_recurring = np.where(ri, unused * recurring, NULL)
        self.ri_count = np.where(ri, count * UNIT, NULL)
        discounted = self.is_[DISCOUNTED]
        self.used_upfront = np.where(discounted, upfront, NULL)
        self.used_recurring = np.where(discounted, recurring, NULL)
        self.ri_effective = np.where(discounted, upfront + recurring, NULL)
        covered = self.is_[COVERED]
        self.plan_rate = np.where(covered, lines.plan_rate[i], NULL)
        usage = self.is_[USAGE] | discounted | covered
        self.list = np.where(usage, self.list, NULL)
        self.none = np.full(self.size, NULL)
        self.factor = np.where(usage, lines.factor[i], NULL)
        self.normalized = np.where(self.factor == NULL, NULL, self.factor * (self.quantity // UNIT))
        monthly = np.isin(self.kind, MONTHLY)
        self.begin = np.where(monthly, 0, hour)
        self.finish = np.where(monthly, HOURS, hour + 1)
        if np.abs(self.cost).max() >= LARGEST:
            raise SystemExit("an amount is too large to be exact as a double")
        self.effective = self.cost.copy()
        self.effective[covered] = self.plan_rate[covered]
        self.effective[discounted] = self.ri_effective[discounted]
        self.effective[negation] = 0
        self.effective[fee] = (self.commitment - self.used)[fee]
        self.effective[ri] = (self.ri_unused_upfront + self.ri_unused_recurring)[ri]


class Text:
    """A text column that a line fixes, as dictionary codes by line."""

    def __init__(self, cur2, legacy, values):
        self.cur2, self.legacy = cur2, legacy
        self.values = [value or "" for value in values]
        self.type = pa.string()
        unique = sorted(set(self.values))
        position = {value: n for n, value in enumerate(unique)}
        self.codes = np.array([position[value] for value in self.values], dtype=np.int32)
        self.unique = pa.array(unique, pa.string())
        self.blank = position.get("", -1)

    def parquet(self, batch):
        codes = self.codes[batch.line]
        return pa.DictionaryArray.from_arrays(pa.array(codes, mask=codes == self.blank), self.unique)

    def csv_by_line(self):
        return [f'"{v.replace(chr(34), chr(34) * 2)}"' if "," in v or '"' in v else v for v in self.values]


class Number:
    """A column of amounts: double in Parquet, ten decimals in CSV."""

    type = pa.float64()

    def __init__(self, cur2, legacy, pick, text=False):
        self.cur2, self.legacy, self.pick = cur2, legacy, pick
        self.type = pa.string() if text else pa.float64()

    def parquet(self, batch):
        values = self.pick(batch)
        if self.type == pa.string():
            return self.csv(batch)
        return pa.array(values / UNIT, mask=values == NULL)

    def csv(self, batch):
        values = self.pick(batch)
        valid = np.flatnonzero(values != NULL)
        if not len(valid):
            return pa.nulls(len(values), pa.string())
        some = values[valid]
        size = np.abs(some)
        whole = pa.array(size // UNIT).cast(pa.string())
        fraction = pc.utf8_slice_codeunits(pa.array(size % UNIT + UNIT).cast(pa.string()), 1)
        sign = pa.array(["", "-"]).take(pa.array((some < 0).astype(np.int8)))
        texts = pc.binary_join_element_wise(pc.binary_join_element_wise(sign, whole, ""), fraction, ".")
        place = np.zeros(len(values), dtype=np.int64)
        place[valid] = np.arange(len(valid))
        return texts.take(pa.array(place, mask=values == NULL))


class Time:
    """A column of times: timestamp in Parquet, ISO text in CSV."""

    type = pa.timestamp("ms")
    texts = pa.array([stamp(hour) for hour in range(HOURS + 1)])

    def __init__(self, cur2, legacy, pick):
        self.cur2, self.legacy, self.pick = cur2, legacy, pick

    def parquet(self, batch):
        return pa.array((MONTH + self.pick(batch).astype("timedelta64[h]")).astype("datetime64[ms]"))

    def csv(self, batch):
        return self.texts.take(pa.array(self.pick(batch)))


class Interval:
    """identity/TimeInterval."""

    cur2, legacy, type = "identity_time_interval", "identity/TimeInterval", pa.string()

    def parquet(self, batch):
        return self.csv(batch)

    def csv(self, batch):
        return pc.binary_join_element_wise(Time.texts.take(pa.array(batch.begin)), Time.texts.take(pa.array(batch.finish)), "/")


class Identity:
    """identity/LineItemId: 52 letters and digits that do not compress, as real ones."""

    cur2, legacy, type = "identity_line_item_id", "identity/LineItemId", pa.string()
    ALPHABET = np.frombuffer(b"abcdefghijklmnopqrstuvwxyz234567", dtype=np.uint8)

    def __init__(self, rng):
        self.rng = rng

    def prepare(self, batch):
        letters = self.ALPHABET[self.rng.integers(0, 32, size=batch.size * 52, dtype=np.uint8)]
        offsets = np.arange(batch.size + 1, dtype=np.int32) * 52
        self.array = pa.StringArray.from_buffers(batch.size, pa.py_buffer(offsets), pa.py_buffer(letters))

    def parquet(self, _):
        return self.array

    csv = parquet


class Mapping:
    """A map column of CUR 2.0; the legacy report has a column for each key."""

    legacy = None

    def __init__(self, cur2, lines, entries, value=None):
        self.cur2 = cur2
        self.type = pa.map_(pa.string(), value or pa.string())
        keyed = [tuple((key, values[n]) for key, values in entries if values[n]) for n in range(len(lines.rows))]
        unique = {entry: n for n, entry in enumerate(dict.fromkeys(keyed))}
        self.codes = np.array([unique[entry] for entry in keyed], dtype=np.int32)
        self.unique = pa.array([list(entry) for entry in unique], self.type)

    def parquet(self, batch):
        return self.unique.take(pa.array(self.codes[batch.line]))


def columns(lines, rng):
    """The columns in the order of the legacy report."""
    count = len(lines.rows)
    kind = lines.kind

    def same(value):
        return [value] * count

    def where(kinds, values):
        values = same(values) if isinstance(values, str) else values
        chosen = np.isin(kind, kinds)
        return [v if c else "" for v, c in zip(values, chosen)]

    lines.factor = np.array(
        [FACTORS[t.rsplit(".", 1)[-1]] * UNIT if t and s else NULL for t, s in zip(lines.instance, lines.system)], dtype=np.int64)
    usage, plan, reservation = (USAGE, DISCOUNTED, COVERED), (COVERED, NEGATION, PLAN_FEE), (DISCOUNTED, RI_FEE)
    rates = [price_text(abs(int(r))) for r in lines.rate]
    place = [REGIONS[r][1] if r else "" for r in lines.region]
    sku = [f"{hash_of(code + usage_type):016X}" for code, usage_type in zip(lines.code, lines.usage_type)]
    code_of = [f"{s}.JRTCKXETXF.6YS6EN2CT7" for s in sku]
    size = [t.rsplit(".", 1)[-1] if s else "" for t, s in zip(lines.instance, lines.system)]
    cores = [{"medium": "2", "large": "2", "xlarge": "4", "2xlarge": "8"}.get(s, "") for s in size]
    memory = [{"medium": "4 GiB", "large": "8 GiB", "xlarge": "16 GiB", "2xlarge": "32 GiB"}.get(s, "") for s in size]
    title = {
        "AmazonEC2": "Amazon Elastic Compute Cloud", "AmazonS3": "Amazon Simple Storage Service", "AWSELB": "Elastic Load Balancing",
        "AmazonRDS": "Amazon Relational Database Service", "AWSLambda": "AWS Lambda", "AmazonCloudWatch": "AmazonCloudWatch",
        "AmazonElastiCache": "Amazon ElastiCache", "awskms": "AWS Key Management Service", "AmazonSQS": "Amazon Simple Queue Service",
        "ComputeSavingsPlans": "Savings Plans for AWS Compute usage",
    }
    names = [title[c] for c in lines.code]
    amount = lambda name: lambda batch: getattr(batch, name)
    t, n = Text, Number
    return [
        Identity(rng), Interval(),
        t("bill_invoice_id", "bill/InvoiceId", same("")),
        t("bill_invoicing_entity", "bill/InvoicingEntity", lines.invoice_entity),
        t("bill_billing_entity", "bill/BillingEntity", same("AWS")),
        t("bill_bill_type", "bill/BillType", same("Anniversary")),
        t("bill_payer_account_id", "bill/PayerAccountId", same(PAYER)),
        t("bill_payer_account_name", None, same("management")),
        Time("bill_billing_period_start_date", "bill/BillingPeriodStartDate", lambda b: b.begin * 0),
        Time("bill_billing_period_end_date", "bill/BillingPeriodEndDate", lambda b: b.begin * 0 + HOURS),
        t("line_item_usage_account_id", "lineItem/UsageAccountId", lines.account),
        t("line_item_usage_account_name", None, [f"account-{a[-4:]}" for a in lines.account]),
        t("line_item_line_item_type", "lineItem/LineItemType", [KINDS[k] for k in kind]),
        Time("line_item_usage_start_date", "lineItem/UsageStartDate", lambda b: b.begin),
        Time("line_item_usage_end_date", "lineItem/UsageEndDate", lambda b: b.finish),
        t("line_item_product_code", "lineItem/ProductCode", lines.code),
        t("line_item_usage_type", "lineItem/UsageType", lines.usage_type),
        t("line_item_operation", "lineItem/Operation", lines.operation),
        t("line_item_availability_zone", "lineItem/AvailabilityZone", lines.zone),
        t("line_item_resource_id", "lineItem/ResourceId", lines.resource),
        n("line_item_usage_amount", "lineItem/UsageAmount", amount("quantity")),
        n("line_item_normalization_factor", "lineItem/NormalizationFactor", amount("factor")),
        n("line_item_normalized_usage_amount", "lineItem/NormalizedUsageAmount", amount("normalized")),
        t("line_item_currency_code", "lineItem/CurrencyCode", same("USD")),
        t("line_item_unblended_rate", "lineItem/UnblendedRate", [price_text(0) if k == DISCOUNTED else r if k in (USAGE, COVERED) else "" for r, k in zip(rates, kind)]),
        n("line_item_unblended_cost", "lineItem/UnblendedCost", amount("cost")),
        t("line_item_blended_rate", "lineItem/BlendedRate", where(usage, rates)),
        n("line_item_blended_cost", "lineItem/BlendedCost", amount("cost")),
        t("line_item_line_item_description", "lineItem/LineItemDescription", lines.description),
        t("line_item_tax_type", "lineItem/TaxType", where([TAX], "USSalesTax")),
        t("line_item_legal_entity", "lineItem/LegalEntity", lines.invoice_entity),
        Mapping("product", lines, [("product_name", names), ("region", lines.region), ("operating_system", lines.system),
                                   ("vcpu", cores), ("memory", memory), ("instance_type", lines.instance)]),
        t(None, "product/ProductName", names),
        t("product_instance_type", "product/instanceType", lines.instance),
        t("product_instance_family", "product/instanceFamily", ["General purpose" if s else "" for s in lines.system]),
        t(None, "product/operatingSystem", lines.system),
        t(None, "product/vcpu", cores),
        t(None, "product/memory", memory),
        t("product_location", "product/location", place),
        t("product_location_type", "product/locationType", ["AWS Region" if r else "" for r in lines.region]),
        t("product_product_family", "product/productFamily", lines.family),
        t(None, "product/region", lines.region),
        t("product_region_code", "product/regionCode", lines.region),
        t("product_from_location", "product/fromLocation", [p if "Transfer" in f else "" for p, f in zip(place, lines.family)]),
        t("product_to_location", "product/toLocation", ["External" if "Transfer" in f else "" for f in lines.family]),
        t("product_operation", "product/operation", lines.operation),
        t("product_servicecode", "product/servicecode", lines.code),
        t("product_sku", "product/sku", sku),
        t("product_usagetype", "product/usagetype", lines.usage_type),
        t("pricing_lease_contract_length", "pricing/LeaseContractLength", where(reservation, "1yr")),
        t("pricing_offering_class", "pricing/OfferingClass", where(reservation, "standard")),
        t("pricing_purchase_option", "pricing/PurchaseOption", where(reservation, "Partial Upfront")),
        t("pricing_rate_code", "pricing/RateCode", where(usage, code_of)),
        t("pricing_rate_id", "pricing/RateId", where(usage, [str(int(s[:9], 16)) for s in sku])),
        t("pricing_currency", "pricing/currency", same("USD")),
        n("pricing_public_on_demand_cost", "pricing/publicOnDemandCost", amount("list")),
        t("pricing_public_on_demand_rate", "pricing/publicOnDemandRate", where(usage, rates)),
        t("pricing_term", "pricing/term", ["Reserved" if k in reservation else "OnDemand" if k in usage else "" for k in kind]),
        t("pricing_unit", "pricing/unit", lines.unit),
        n("reservation_amortized_upfront_cost_for_usage", "reservation/AmortizedUpfrontCostForUsage", amount("used_upfront")),
        n("reservation_amortized_upfront_fee_for_billing_period", "reservation/AmortizedUpfrontFeeForBillingPeriod", amount("ri_upfront")),
        n("reservation_effective_cost", "reservation/EffectiveCost", amount("ri_effective")),
        t("reservation_end_time", "reservation/EndTime", where(reservation, "2027-05-31T23:59:59.000Z")),
        n("reservation_number_of_reservations", "reservation/NumberOfReservations", amount("ri_count"), text=True),
        n("reservation_recurring_fee_for_usage", "reservation/RecurringFeeForUsage", amount("used_recurring")),
        t("reservation_reservation_a_r_n", "reservation/ReservationARN", where(reservation, lines.arn)),
        t("reservation_start_time", "reservation/StartTime", where(reservation, "2026-06-01T00:00:00.000Z")),
        n("reservation_unused_amortized_upfront_fee_for_billing_period", "reservation/UnusedAmortizedUpfrontFeeForBillingPeriod", amount("ri_unused_upfront")),
        n("reservation_unused_quantity", "reservation/UnusedQuantity", amount("ri_unused")),
        n("reservation_unused_recurring_fee", "reservation/UnusedRecurringFee", amount("ri_unused_recurring")),
        t("savings_plan_end_time", "savingsPlan/EndTime", where(plan, "2027-03-01T00:00:00.000Z")),
        t("savings_plan_offering_type", "savingsPlan/OfferingType", where([PLAN_FEE, COVERED], "ComputeSavingsPlans")),
        t("savings_plan_payment_option", "savingsPlan/PaymentOption", where([PLAN_FEE, COVERED], "No Upfront")),
        t("savings_plan_purchase_term", "savingsPlan/PurchaseTerm", where([PLAN_FEE, COVERED], "1yr")),
        n("savings_plan_recurring_commitment_for_billing_period", "savingsPlan/RecurringCommitmentForBillingPeriod", amount("commitment")),
        t("savings_plan_savings_plan_a_r_n", "savingsPlan/SavingsPlanARN", where(plan, lines.arn)),
        n("savings_plan_savings_plan_effective_cost", "savingsPlan/SavingsPlanEffectiveCost", amount("plan_rate")),
        n("savings_plan_savings_plan_rate", "savingsPlan/SavingsPlanRate", amount("plan_rate")),
        t("savings_plan_start_time", "savingsPlan/StartTime", where(plan, "2026-03-01T00:00:00.000Z")),
        n("savings_plan_total_commitment_to_date", "savingsPlan/TotalCommitmentToDate", amount("commitment")),
        n("savings_plan_used_commitment", "savingsPlan/UsedCommitment", amount("used")),
        Mapping("resource_tags", lines, [("user_team", lines.team), ("user_environment", lines.environment),
                                         ("user_service", lines.service), ("user_application", lines.application)]),
        Mapping("cost_category", lines, [("stage", lines.environment)]),
        Mapping("discount", lines, [], pa.float64()),
        t(None, "resourceTags/user:team", lines.team),
        t(None, "resourceTags/user:environment", lines.environment),
        t(None, "resourceTags/user:service", lines.service),
        t(None, "resourceTags/user:application", lines.application),
        t(None, "costCategory/stage", lines.environment),
    ]


def hash_of(text):
    """A number from a text, the same in every run."""
    value = 14695981039346656037
    for byte in text.encode():
        value = (value ^ byte) * 1099511628211 % 2**64
    return value


class CsvFile:
    """The legacy report. Neighbouring columns that lines fix are joined once for each line."""

    def __init__(self, path, all_columns):
        self.raw = open(path, "wb")
        # Without name and time: the same rows give the same bytes.
        self.file = gzip.GzipFile("", "wb", compresslevel=5, fileobj=self.raw, mtime=0)
        shown = [c for c in all_columns if c.legacy]
        self.file.write((",".join(c.legacy for c in shown) + "\n").encode())
        self.pieces = []
        fixed = []
        for column in [*shown, None]:
            if isinstance(column, Text):
                fixed.append(column.csv_by_line())
                continue
            if fixed:
                self.pieces.append(pa.array([",".join(values) for values in zip(*fixed)], pa.string()))
                fixed = []
            if column:
                self.pieces.append(column)

    def write(self, batch):
        index = pa.array(batch.line)
        parts = [piece.take(index) if isinstance(piece, pa.Array) else piece.csv(batch) for piece in self.pieces]
        parts = [pc.fill_null(part, "") if part.null_count else part for part in parts]
        ended = pc.binary_join_element_wise(parts[-1], "", "\n")
        text = pc.binary_join_element_wise(*parts[:-1], ended, ",")
        offsets = np.frombuffer(text.buffers()[1], dtype=np.int32)
        data = memoryview(text.buffers()[2])
        self.file.write(data[offsets[text.offset] : offsets[text.offset + len(text)]])

    def close(self):
        self.file.close()
        self.raw.close()


class ParquetFile:
    """CUR 2.0: text plain strings, maps real maps; no Arrow schema inside, as other writers have none."""

    def __init__(self, path, all_columns):
        self.columns = [c for c in all_columns if c.cur2]
        fields = []
        for column in self.columns:
            stored = pa.dictionary(pa.int32(), pa.string()) if isinstance(column, Text) else column.type
            fields.append(pa.field(column.cur2, stored))
        self.schema = pa.schema(fields)
        self.writer = pq.ParquetWriter(path, self.schema, compression="snappy", store_schema=False)

    def write(self, batch):
        arrays = [column.parquet(batch) for column in self.columns]
        self.writer.write_table(pa.Table.from_arrays(arrays, schema=self.schema), row_group_size=batch.size)

    def close(self):
        self.writer.close()


def spans(lines):
    """Spans of hours with at most a batch of rows each."""
    rows = np.zeros(HOURS + 1, dtype=np.int64)
    np.add.at(rows, lines.start, 1)
    np.add.at(rows, lines.end, -1)
    per_hour = np.cumsum(rows)[:HOURS]
    first, size = 0, 0
    for hour in range(HOURS):
        if size and size + per_hour[hour] > BATCH_ROWS:
            yield first, hour
            first, size = hour, 0
        size += per_hour[hour]
    yield first, HOURS


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("out_dir", type=Path)
    parser.add_argument("--rows", type=int, default=5_000_000)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--resources", type=int, help="default: one for every 250 rows")
    args = parser.parse_args()
    began = time.monotonic()
    args.out_dir.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(args.seed)
    lines = build(rng, args.rows, args.resources or args.rows // 250)
    table = columns(lines, rng)
    files = [ParquetFile(args.out_dir / "bill.parquet", table), CsvFile(args.out_dir / "bill.csv.gz", table)]
    written, billed, effective, kinds = 0, 0, 0, np.zeros(len(KINDS), dtype=np.int64)
    for first, last in spans(lines):
        batch = Batch(lines, rng, first, last)
        table[0].prepare(batch)
        for file in files:
            file.write(batch)
        written += batch.size
        billed += int(batch.cost.sum())
        effective += int(batch.effective.sum())
        kinds += np.bincount(batch.kind, minlength=len(KINDS))
    for file in files:
        file.close()
    sign = "-" if billed < 0 else ""
    print(f"{written} rows, {len(lines.rows)} lines; billed {sign}{price_text(abs(billed))}, effective {price_text(effective)} USD")
    print(", ".join(f"{name} {count}" for name, count in zip(KINDS, kinds)))
    print(f"{time.monotonic() - began:.0f} s")
    if written != args.rows:
        raise SystemExit(f"{written} rows instead of {args.rows}")


if __name__ == "__main__":
    main()
