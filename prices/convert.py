"""Makes the embedded price catalogue from captured public price lists.

    python prices/convert.py DATA [SUBJECT…]

DATA is a folder with the captures named below (`prices/`, `specs/`); it is not part of the repository. Without SUBJECT
everything is made. Needs pyarrow. Writes, beside this file:

    <subject>.csv     one row is one meter, term and tier; one column is one region; an empty cell is unpriced
    skus.csv          meter to AWS SKUs, for exports that lost the usage type
    ../fixtures/prices/second-source.csv   prices of other captures, for docs/price-check.md
    ../fixtures/prices/bill-rates.csv      public on-demand rates that real bills state, for the same page

The first lines of each file are a TOML comment: what it holds, and each source with date and licence. A price stands in the
first source that has it; later sources go to the comparison. Which item of a price list is which meter of a bill is
written in `convert/<subject>.csv`, by hand; a wrong or double match ends the run.
"""

import csv
import gzip
import re
import sys
from collections import defaultdict
from decimal import Decimal
from pathlib import Path

import pyarrow.parquet

HERE = Path(__file__).parent
FIXTURES = HERE.parent / "fixtures" / "prices"

REGIONS = """af-south-1 ap-east-1 ap-east-2 ap-northeast-1 ap-northeast-2 ap-northeast-3 ap-south-1 ap-south-2
ap-southeast-1 ap-southeast-2 ap-southeast-3 ap-southeast-4 ap-southeast-5 ap-southeast-6 ap-southeast-7 ca-central-1
ca-west-1 eu-central-1 eu-central-2 eu-north-1 eu-south-1 eu-south-2 eu-west-1 eu-west-2 eu-west-3 il-central-1
me-central-1 me-south-1 mx-central-1 sa-east-1 us-east-1 us-east-2 us-gov-east-1 us-gov-west-1 us-west-1
us-west-2""".split()

# Regions of the comparison: large ones, a dear one and GovCloud.
COMPARED = ["us-east-1", "us-west-2", "eu-west-1", "eu-central-1", "ap-southeast-2", "sa-east-1", "us-gov-west-1"]

FACTS = "no licence stated; public list prices are facts"
SOURCES = {
    "vantage-spot": ("AWS EC2 spot prices, averages of the month and no offers, as gathered by ec2instances.info (Vantage)", "2026-05", FACTS),
    "vantage": ("AWS Price List, EC2, as gathered by ec2instances.info (Vantage)", "2026-05", FACTS),
    "karpenter": ("AWS Price List, EC2 Linux, in karpenter-provider-aws 1d92708", "2026-07-20", "Apache-2.0"),
    "ebs-pricing": ("AWS Price List, EBS, in cloudkeep-io/ebs-pricing d76ed27", "2022-02-10", "MIT"),
    "rds-feed": ("AWS pricing pages, RDS, in QuinnyPig/aws-price-watcher a6645eb", "2025-06-18", "MIT"),
    "elasticache": ("ec2instances.info, ElastiCache, in LeanerCloud/ec2-instances-info 32acf84", "2025-04", "MIT"),
    "opensearch": ("ec2instances.info, OpenSearch, in LeanerCloud/ec2-instances-info 32acf84", "2025-04", "MIT"),
    "spot-advisor": ("AWS Spot Instance Advisor, in alexei-led/spotinfo 05e9331", "2025-06-28", "Apache-2.0"),
    "focus-sample": ("public price on a real bill of September 2024, FOCUS-Sample-Data adbdd17", "2024-09", "CC-BY-4.0"),
    "ebs-page": ("Amazon EBS pricing page, as quoted in infracost's golden files", "2026", "Apache-2.0"),
}
FEEDS = [
    ("l", "services_long_2025-11_lamngockhuong.csv.gz", "AWS pricing pages ({}), in lamngockhuong/aws-price 508fb45", FACTS),
    ("q", "services_long_2025-06_quinnypig.csv.gz", "AWS pricing pages ({}), in QuinnyPig/aws-price-watcher a6645eb", "MIT"),
]

# Operation of an instance's operating system: "AMI billing information" of the EC2 user guide.
EC2_OPERATIONS = {
    "linux": "", "mswin": "/RunInstances:0002", "rhel": "/RunInstances:0010", "sles": "/RunInstances:000g",
    "ubuntu": "/RunInstances:0g00",
    "linuxSQL": "/RunInstances:0004", "linuxSQLWeb": "/RunInstances:0200", "linuxSQLEnterprise": "/RunInstances:0100",
    "mswinSQL": "/RunInstances:0006", "mswinSQLWeb": "/RunInstances:0202", "mswinSQLEnterprise": "/RunInstances:0102",
    "rhelSQL": "/RunInstances:0014", "rhelSQLWeb": "/RunInstances:0210", "rhelSQLEnterprise": "/RunInstances:0110",
}


class Sheet:
    """The prices of one subject. The first source to name a price wins; what others say is kept for comparison."""

    def __init__(self, title, currency="USD", regions=REGIONS):
        self.title, self.currency, self.regions = title, currency, regions
        self.rows = defaultdict(dict)  # (meter, term, from, unit, source) -> {region: price}
        self.owner = {}  # (meter, term, from, region) -> (source, price)
        self.sources = {}
        self.second = []

    def source(self, name, title, date, licence, derived=None):
        self.sources[name] = (title, date, licence, derived)
        return name

    def drop(self, meter, regions):
        """Takes back what a capture has wrong."""
        for key in [k for k in self.owner if k[0] == meter and k[3] in regions]:
            source = self.owner.pop(key)[0]
            for row in [r for r in self.rows if r[:3] == key[:3] and r[4] == source]:
                self.rows[row].pop(key[3], None)
        self.second = [one for one in self.second if not (one[0] == meter and one[4] in regions)]

    def known(self, name):
        return self.source(name, *SOURCES[name])

    def add(self, source, meter, unit, region, price, term="", start="0"):
        price = plain(price)
        unit = {"API Requests": "Requests", "Lambda-GB-Seconds": "GB-Seconds"}.get(unit, unit)  # one spelling each
        key = (meter, term, start, region)
        if key in self.owner:
            owner, other = self.owner[key]
            if owner == source:
                if other != price:
                    raise SystemExit(f"{self.title}: {source} has two prices of {key}: {other} and {price}")
            else:
                self.second.append((meter, term, start, unit, region, price, source))
            return
        if region not in self.regions:
            return
        self.owner[key] = (source, price)
        self.rows[(meter, term, start, unit, source)][region] = price

    def write(self, path):
        used = {key[4] for key in self.rows}
        filled = {region for cells in self.rows.values() for region in cells}
        regions = [r for r in self.regions if r in filled]
        with open(path, "w", newline="\n", encoding="utf-8") as out:
            out.write(f'# title = "{self.title}"\n# currency = "{self.currency}"\n')
            for name in sorted(used):
                title, date, licence, derived = self.sources[name]
                out.write(f'# [source.{name}]\n# title = "{title}"\n# date = "{date}"\n# licence = "{licence}"\n')
                if derived:
                    out.write(f'# derived = "{derived[0]}"\n# error_percent = {derived[1]}\n')
            out.write(",".join(["meter", "term", "from", "unit", "source", *regions]) + "\n")
            for key in sorted((k for k in self.rows if self.rows[k]), key=lambda k: (k[0], k[1], Decimal(k[2]), k[3], k[4])):
                meter, term, start, unit, source = key
                assert "," not in meter and "," not in unit, key
                cells = self.rows[key]
                out.write(",".join([meter, term, "" if start == "0" else start, unit, source,
                                    *(cells.get(r, "") for r in regions)]) + "\n")
        print(f"{path.name}: {len(self.rows)} rows, {len(self.owner)} prices, {path.stat().st_size // 1024} KiB")


def plain(number):
    """A decimal without exponent or trailing zeros; binary floats by their shortest text, at most 10 places."""
    value = Decimal(repr(number) if isinstance(number, float) else str(number))
    value = value.quantize(Decimal("1e-12")) if value.as_tuple().exponent < -12 else value
    text = format(value.normalize(), "f")
    return "0" if text in ("-0", "") else text


def read(path):
    opener = gzip.open if path.suffix == ".gz" else open
    with opener(path, "rt", encoding="utf-8-sig", newline="") as file:
        yield from csv.DictReader(file)


def ec2(data):
    sheets = {
        "ec2-on-demand": Sheet("EC2 instances on demand and on dedicated hardware, by operating system and licence"),
        "ec2-reserved": Sheet("EC2 Standard reserved instances, all upfront: effective hourly rate"),
        "ec2-spot": Sheet("EC2 spot: average price of the month, an observation and not a list price"),
    }
    demand, reserved, spot = sheets.values()
    demand.known("vantage")
    reserved.known("vantage")
    spot.known("vantage-spot")
    table = pyarrow.parquet.read_table(data / "prices/ec2_all_os_all_locations_2026-05.parquet").to_pylist()
    for row in table:
        region, kind, system = row["region"], row["instance_type"], row["os"]
        if region not in REGIONS:
            continue
        if system == "dedicated":
            if row["ondemand_usd_h"]:
                demand.add("vantage", f"AmazonEC2/DedicatedUsage:{kind}", "Hours", region, row["ondemand_usd_h"])
            continue
        if system not in EC2_OPERATIONS:
            continue  # Red Hat's High Availability add-on
        meter = f"AmazonEC2/BoxUsage:{kind}{EC2_OPERATIONS[system]}"
        if row["ondemand_usd_h"]:
            demand.add("vantage", meter, "Hours", region, row["ondemand_usd_h"])
        if system in ("linux", "mswin", "rhel", "sles"):
            for years in (1, 3):
                rate = row[f"ri_std_{years}y_all_upfront_usd_h"]
                if rate:
                    reserved.add("vantage", meter, "Hours", region, rate, f"standard-{years}y-all-upfront")
        if system in ("linux", "mswin") and row["spot_avg_usd_h"]:
            spot.add("vantage-spot", f"AmazonEC2/SpotUsage:{kind}{EC2_OPERATIONS[system]}", "Hours", region, row["spot_avg_usd_h"])
    # Newer types, us-east-1 and GovCloud. This list quotes metal sizes at dedicated tenancy, so those are left out.
    demand.known("karpenter")
    china = Sheet("EC2 instances on demand in China", "CNY", ["cn-north-1", "cn-northwest-1"])
    china.known("karpenter")
    for row in read(data / "prices/ec2_karpenter_2026-07-20.csv"):
        if "metal" in row["instance_type"]:
            continue
        sheet = china if row["currency"] == "CNY" else demand
        sheet.add("karpenter", f"AmazonEC2/BoxUsage:{row['instance_type']}", "Hours", row["region"], row["ondemand_h"])
    return sheets | {"ec2-china": china}


EBS_METERS = {
    ("gp2", "pricePerGBMonth"): ("EBS:VolumeUsage.gp2", "GB-Months", ""),
    ("gp3", "pricePerGBMonth"): ("EBS:VolumeUsage.gp3", "GB-Months", ""),
    ("gp3", "pricePerIOPSMonth"): ("EBS:VolumeP-IOPS.gp3", "IOPS-Months", ""),
    ("gp3", "pricePerGiBpsMonth"): ("EBS:VolumeP-Throughput.gp3", "GiBps-Months", ""),
    ("io1", "pricePerGBMonth"): ("EBS:VolumeUsage.piops", "GB-Months", ""),
    ("io1", "pricePerIOPSMonth"): ("EBS:VolumeP-IOPS.piops", "IOPS-Months", ""),
    ("io2", "pricePerGBMonth"): ("EBS:VolumeUsage.io2", "GB-Months", ""),
    ("io2", "pricePerTier1IOPSMonth"): ("EBS:VolumeP-IOPS.io2", "IOPS-Months", ""),
    ("io2", "pricePerTier2IOPSMonth"): ("EBS:VolumeP-IOPS.io2.tier2", "IOPS-Months", ""),
    ("io2", "pricePerTier3IOPSMonth"): ("EBS:VolumeP-IOPS.io2.tier3", "IOPS-Months", ""),
    ("st1", "pricePerGBMonth"): ("EBS:VolumeUsage.st1", "GB-Months", ""),
    ("sc1", "pricePerGBMonth"): ("EBS:VolumeUsage.sc1", "GB-Months", ""),
    ("standard", "pricePerGBMonth"): ("EBS:VolumeUsage", "GB-Months", ""),
    ("standard", "pricePerIOs"): ("EBS:VolumeIOUsage", "IOs", ""),
}
EBS_DERIVED = {
    "EBS:VolumeUsage.gp2": "GB-Months", "EBS:VolumeUsage.gp3": "GB-Months", "EBS:VolumeP-IOPS.gp3": "IOPS-Months",
    "EBS:VolumeP-Throughput.gp3": "GiBps-Months", "EBS:VolumeUsage.piops": "GB-Months",
    "EBS:VolumeP-IOPS.piops": "IOPS-Months", "EBS:VolumeUsage.io2": "GB-Months", "EBS:VolumeUsage.st1": "GB-Months",
    "EBS:VolumeUsage.sc1": "GB-Months", "EBS:VolumeUsage": "GB-Months", "EBS:SnapshotUsage": "GB-Months",
}
MAX_ERROR = 5  # percent


def ebs(data):
    sheet = Sheet("EBS volumes and snapshots")
    sheet.known("ebs-pricing")
    for row in read(data / "prices/ebs_2022-02.csv"):
        if row["zone_type"] == "region":
            usage, unit, start = EBS_METERS[(row["volume_type"], row["dimension"])]
            sheet.add("ebs-pricing", f"AmazonEC2/{usage}", unit, row["region"], row["price"], start=start or "0")
    sheet.known("ebs-page")
    sheet.add("ebs-page", "AmazonEC2/EBS:SnapshotArchiveStorage", "GB-Months", "us-east-1", "0.0125")
    # A real bill states the public price of snapshots in some regions.
    sheet.known("focus-sample")
    billed = {}
    for row in read(data / "focus/official_1.0/focus_sample_1000.csv"):
        if re.search(r"snapshot data stored|EBS:SnapshotUsage", row["ChargeDescription"] or ""):
            billed[row["RegionId"]] = Decimal(row["ListUnitPrice"])
    for region, price in billed.items():
        sheet.add("focus-sample", "AmazonEC2/EBS:SnapshotUsage", "GB-Months", region, price)
    # The published price of the same unit in RDS tells what EBS costs where no EBS list was captured; of a snapshot,
    # that of an AWS Backup copy. The error is measured where both are known; above MAX_ERROR the figure is not used.
    rds, backup = {}, {}
    for row in read(data / "prices/core_prices.csv"):
        if row["item"] == "rds.storage.gp2.single_az.gb_month":
            rds[row["region"]] = Decimal(row["price"]) / Decimal("0.115")
        if row["item"] == "ebs.snapshot.standard.gb_month":
            backup[row["region"]] = Decimal(row["price"]) / Decimal("0.05")
    ratios = {"RDS gp2 storage": rds, "an AWS Backup copy in a logically air-gapped vault": backup}
    for usage, unit in EBS_DERIVED.items():
        meter = f"AmazonEC2/{usage}"
        like = "an AWS Backup copy in a logically air-gapped vault" if usage == "EBS:SnapshotUsage" else "RDS gp2 storage"
        listed = {key[3]: Decimal(price) for key, (_, price) in sheet.owner.items() if key[0] == meter and key[2] == "0"}
        guess = {region: (listed["us-east-1"] * ratio) for region, ratio in ratios[like].items()}
        errors = [abs(guess[r] / listed[r] - 1) * 100 for r in listed if r in guess]
        worst = max(errors).quantize(Decimal("0.1"))
        print(f"  {meter}: derived is off by at most {worst} % in {len(errors)} regions")
        if worst > MAX_ERROR:
            continue
        name = sheet.source(
            "derived-" + re.sub(r"[^a-z0-9]+", "-", usage.split(":")[1].lower()),
            f"derived: price in us-east-1 × that of {like} in the region / in us-east-1", "2025-06", "MIT",
            (f"largest error in the {len(errors)} regions where both are known", worst))
        for region, price in guess.items():
            if region not in listed:
                sheet.add(name, meter, unit, region, price.quantize(Decimal("1e-6")))
    return {"ebs": sheet}


RDS_DEPLOYMENTS = {"Single-AZ": "InstanceUsage", "Multi-AZ": "Multi-AZUsage", "Multi-AZ readable standbys": "Multi-AZClusterUsage"}


def rds(data):
    sheet = Sheet("RDS and Aurora instances, by engine, licence and deployment")
    sheet.known("rds-feed")
    codes = {row["engine_licence"]: row for row in read(HERE / "convert/rds-engines.csv")}
    unknown = defaultdict(int)
    for row in read(data / "prices/rds_ondemand_2025-06.csv.gz"):
        if not row["instance_class"]:
            if row["item"] in RDS_ITEMS and row["usd_h"]:
                usage, unit = RDS_ITEMS[row["item"]]
                sheet.add("rds-feed", f"AmazonRDS/{usage}/*", unit, row["region"], row["usd_h"])
            continue
        code = codes.get(row["engine_licence"])
        if not code:
            unknown[row["engine_licence"]] += 1
            continue
        # The capture's column drops what Oracle's classes with fewer threads and more memory add to the name.
        kind = re.search(r" db (\S+) ", row["item"])[1]
        deployment = RDS_DEPLOYMENTS[row["deployment"]] + code["usage_suffix"]
        meter = f"AmazonRDS/{deployment}:db.{kind}/CreateDBInstance:{code['operation']}"
        sheet.add("rds-feed", meter, "Hours", row["region"], row["usd_h"])
    print("rds: without an operation code:", dict(unknown))
    return {"rds-instances": sheet}


# Items that only the instance capture has. An item that names no engine is left out: it can be MySQL or Aurora.
RDS_ITEMS = {f"{engine} {years} {version.replace('.', ' ')}": (f"ExtendedSupport:{code}:{engine}{version}", "vCPU-Hours")
             for engine, version in [("MySQL", "5.7"), ("PostgreSQL", "11"), ("PostgreSQL", "12")]
             for years, code in [("Year 1 Year 2", "Yr1-Yr2"), ("Year 3", "Yr3")]}
RDS_ITEMS["Provisioned IO2 IOPS Single AZ"] = ("RDS:IO2-PIOPS", "IOPS-Months")

CACHE_ENGINES = {"Memcached": "0001", "Redis": "0002", "Valkey": "Valkey"}


def elasticache(data):
    sheet = Sheet("ElastiCache nodes, on demand and reserved (effective hourly rate)")
    sheet.known("elasticache")
    terms = [f"{years}y_{pay}" for years in (1, 3) for pay in ("noUpfront", "partialUpfront", "allUpfront")]
    for row in read(data / "prices/elasticache_2025-04.csv.gz"):
        meter = f"AmazonElastiCache/NodeUsage:{row['instance_type']}/CreateCacheCluster:{CACHE_ENGINES[row['engine']]}"
        reserve(sheet, "elasticache", meter, row, terms)
    return {"elasticache": sheet}


def opensearch(data):
    sheet = Sheet("OpenSearch instances, on demand and reserved (effective hourly rate)")
    sheet.known("opensearch")
    terms = [f"{years}y_{pay}" for years in (1, 3) for pay in ("noUpfront", "partialUpfront", "allUpfront")]
    for row in read(data / "prices/opensearch_2025-04.csv.gz"):
        kind = row["instance_type"].removesuffix(".search")
        reserve(sheet, "opensearch", f"AmazonES/ESInstance:{kind}", row, terms)
    return {"opensearch": sheet}


def reserve(sheet, source, meter, row, terms):
    if row["ondemand_usd_h"]:
        sheet.add(source, meter, "Hours", row["region"], row["ondemand_usd_h"])
    for term in terms:
        rate = row.get("ri_" + term)
        if rate and Decimal(rate) > 0:
            years, pay = term.split("_")
            name = {"noUpfront": "no-upfront", "partialUpfront": "partial-upfront", "allUpfront": "all-upfront"}[pay]
            sheet.add(source, meter, "Hours", row["region"], rate, f"reserved-{years}-{name}")


def dynamodb_reserved(data):
    """Reserved capacity: hourly price + upfront fee / hours of the term. The feed states both."""
    sheet = Sheet("DynamoDB reserved capacity: effective hourly rate")
    feed, name, title, licence = FEEDS[0]
    parts = defaultdict(dict)
    published = ""
    for line in read(data / "prices" / name):
        if line["service"] != "dynamodb" or line["region"] not in REGIONS:
            continue
        published = max(published, line["published"])
        if match := re.fullmatch(r"Provisioned (\d)yr DDB-(Read|Write)Units Upfront Fee", line["item"]):
            parts[(match[2], int(match[1]), line["region"])]["upfront"] = Decimal(line["usd"])
        if match := re.fullmatch(r"(\d)yr (Read|Write) Capacity Unit Hrs Provisioned", line["item"]):
            parts[(match[2], int(match[1]), line["region"])]["hourly"] = Decimal(line["usd"])
    source = sheet.source(f"{feed}-dynamodb", title.format("dynamodb"), published, licence)
    for (kind, years, region), price in sorted(parts.items()):
        if len(price) == 2:
            rate = (price["hourly"] + price["upfront"] / (8760 * years)).quantize(Decimal("1e-10"))
            sheet.add(source, f"AmazonDynamoDB/{kind}CapacityUnit-Hrs", f"{kind}CapacityUnit-Hours", region, rate,
                      f"reserved-{years}y-partial-upfront")
    return {"dynamodb-reserved": sheet}


def pages(_):
    """Prices that stand on AWS's pages and in no captured feed: `convert/pages.csv`, with the page and what confirms it."""
    sheet = Sheet("Prices that only AWS's own pages state", regions=REGIONS + ["global"])
    for row in read(HERE / "convert/pages.csv"):
        source = sheet.source(row["source"], row["title"], row["date"], FACTS)
        regions = [r for r in REGIONS if not r.startswith("us-gov-")] if row["regions"] == "commercial" else row["regions"].split()
        for region in regions:
            sheet.add(source, row["meter"], row["unit"], region, row["price"])
    return {"pages": sheet}


def mapped(data, subject):
    """A subject whose items are matched to meters by `convert/<subject>.csv`."""
    rows = list(read(HERE / f"convert/{subject}.csv"))
    for row in rows:
        row["place"] = re.compile(row.get("location") or ".*")
        row["match"] = (re.compile(row["item"]), re.compile(row["attributes"]) if row["attributes"] else None)
    services = {s for row in rows for s in row["service"].split("|")}
    sheet = Sheet(TITLES.get(subject, subject), regions=REGIONS + ["global"])
    skus, unmatched = {}, defaultdict(int)
    for feed, name, title, licence in FEEDS:
        published = {}
        for line in read(data / "prices" / name):
            # The captures quote locations with a comma only sometimes; such rows are of edge locations.
            if line["service"] not in services or not line.get("published") or len(line["published"]) != 10:
                continue
            published[line["service"]] = max(published.get(line["service"], ""), line["published"])
        for line in read(data / "prices" / name):
            service, item, attributes = line["service"], line["item"], line.get("attributes") or ""
            region = line["region"] or ("global" if line["location"] in ("", "Any", "Global") else "")
            if service not in published:
                continue
            if ".A429C66SYZ." in (line.get("rate_code") or ""):
                continue  # an account's free tier, not a price of the region
            for row in rows:
                if service not in row["service"].split("|"):
                    continue
                one = row["match"][0].fullmatch(item)
                two = row["match"][1].fullmatch(attributes) if row["match"][1] else True
                # Areas of the edge are told apart by location only; their prices are global, under meters of their own.
                area = row.get("location") and row["place"].fullmatch(line["location"] or "")
                if one and two and (area or (not row.get("location") and region in sheet.regions)):
                    region = "global" if area else region
                    groups = dict(one.groupdict()) | (dict(two.groupdict()) if two is not True else {})
                    meter = re.sub(r"\\g<(\w+)>", lambda m: groups[m.group(1)], row["meter"])
                    source = sheet.source(f"{feed}-{service}", title.format(service), published[service], licence)
                    price = Decimal(line["usd"]) * Decimal(row["factor"] or 1)
                    sheet.add(source, meter, row["unit"], region, price, row["term"], row["from"] or "0")
                    if line.get("rate_code") and not row["term"]:
                        skus[line["rate_code"].split(".")[0]] = meter
                    break
            else:
                if region in sheet.regions:
                    unmatched[(service, item)] += 1
    for (service, item), count in sorted(unmatched.items())[: (0 if QUIET else 400)]:
        print(f"  not mapped: {service}: {item} ({count})")
    return sheet, skus


def shapes(data):
    """What an instance type has. DescribeInstanceTypes first, then Karpenter's and Vantage's tables for what it lacks."""
    described = {row["instance_type"]: row for row in read(data / "specs/aws_describe_instance_types_moto5.2.5.csv")}
    karpenter = {row["instance_type"]: row for row in read(data / "specs/karpenter_instance_types_v1.14.csv")}
    vantage = {row["instance_type"]: row for row in read(data / "specs/vantage_specs_2026-05.csv")}
    credits = {row["instance_type"]: row["credits_per_hour"] for row in read(HERE / "convert/burst-credits.csv")}
    out = []
    for kind in sorted(described.keys() | karpenter.keys() | vantage.keys()):
        d, k, v = described.get(kind, {}), karpenter.get(kind, {}), vantage.get(kind, {})
        arch = {"amd64": "x86_64"}.get(k.get("arch"), k.get("arch"))
        flag = {"True": "true", "False": "false"}
        out.append({
            "InstanceType": kind,
            "Vcpus": d.get("vcpu") or k.get("cpu") or v.get("vcpu_count"),
            "Cores": d.get("cores"),
            "MemoryMiB": d.get("memory_mib") or k.get("memory") or plain(Decimal(v["memory_gib"]) * 1024),
            "Architectures": (d.get("arch") or arch or "").replace("|", " "),
            "Manufacturer": k.get("cpu_manufacturer") or maker(v.get("physical_processor", "")),
            "Processor": v.get("physical_processor"),
            "ClockMHz": k.get("cpu_sustained_clock_speed_mhz") or (plain(Decimal(d["clock_ghz"]) * 1000) if d.get("clock_ghz") else ""),
            "NetworkBaselineMbps": k.get("network_bandwidth"),
            "NetworkMaximumMbps": gigabits(d.get("network") or v.get("network_performance_text") or ""),
            "EbsBaselineMbps": whole(d.get("ebs_base_mbps")),
            "EbsMaximumMbps": whole(d.get("ebs_max_mbps") or k.get("ebs_bandwidth")),
            "EbsBaselineIops": whole(d.get("ebs_base_iops")),
            "EbsMaximumIops": whole(d.get("ebs_max_iops")),
            "LocalStorageGB": whole(d.get("storage_gb") or k.get("local_nvme")),
            "Accelerators": k.get("gpu_count") or k.get("accelerator_count") or (d.get("gpu_count") or "").replace("0", "", 1),
            "Accelerator": k.get("gpu_name") or k.get("accelerator_name") or d.get("gpu"),
            "AcceleratorMemoryMiB": k.get("gpu_memory"),
            "CpuCreditsPerHour": credits.get(kind),
            "Hypervisor": d.get("hypervisor") or k.get("hypervisor"),
            "BareMetal": flag.get(d.get("bare_metal")) or flag.get(v.get("is_bare_metal"), ""),
            "VirtualizationTypes": (d.get("virtualization") or "").replace("|", " "),
            "NvmeSupport": d.get("nvme"),
            "EnaSupport": d.get("ena"),
            "DescribedCurrent": flag.get(d.get("current_generation"), ""),
            "ListedGeneration": v.get("generation_label"),
        })
    for path, prefix, kind, vcpu, memory in [
        ("prices/rds_ondemand_2025-06.csv.gz", "", "instance_class", "vcpu", "memory_gib"),
        ("prices/elasticache_2025-04.csv.gz", "", "instance_type", "vcpu", "memory_gib"),
        ("prices/opensearch_2025-04.csv.gz", "", "instance_type", "vcpu", "memory_gib"),
    ]:
        seen = {}
        for row in read(data / path):
            if row[kind] and row[vcpu] and row[memory]:
                seen[row[kind]] = (plain(row[vcpu]), plain(Decimal(row[memory]) * 1024))
        out += [{"InstanceType": name, "Vcpus": seen[name][0], "MemoryMiB": seen[name][1]} for name in sorted(seen)]
    with open(HERE / "shapes.csv", "w", newline="\n", encoding="utf-8") as file:
        file.write(SHAPES_HEADER)
        writer = csv.DictWriter(file, list(out[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(out)
    print(f"shapes.csv: {len(out)} types")
    # Another licence, so a file of its own.
    with open(HERE / "cpu-throughput.csv", "w", newline="\n", encoding="utf-8") as file:
        file.write(THROUGHPUT_HEADER)
        file.write("Family,ThroughputPerVcpu,ThroughputPerVcpuLow,ThroughputPerVcpuHigh,HalfLoadShare\n")
        for row in read(data / "specs/cpu_factors.csv"):
            point = row["phi_point(geomean gb_m,web,redis)"]
            file.write(f"{row['family']},{point},{row['phi_low(min)']},{row['phi_high(max)']},{row['smt_half_over_all']}\n")


SHAPES_HEADER = """# title = "Instance types: what they have"
# [source.described]
# title = "EC2 DescribeInstanceTypes, in moto 5.2.5; vCPU, cores, memory, EBS, storage, boot"
# date = "2026"
# licence = "Apache-2.0"
# [source.karpenter]
# title = "karpenter-provider-aws 1d92708, instance types v1.14; baseline network, clock, maker, accelerators"
# date = "2026-08"
# licence = "Apache-2.0"
# [source.vantage]
# title = "ec2instances.info (Vantage), May 2026; processor, generation in the price list"
# date = "2026-05"
# licence = "no licence stated; facts"
# [source.credits]
# title = "EC2 user guide: CPU credits of burstable performance instances"
# date = "2025"
# licence = "facts"
# [source.services]
# title = "price lists of RDS 2025-06, ElastiCache and OpenSearch 2025-04: vCPU and memory of db.*, cache.* and *.search"
# date = "2025-06"
# licence = "MIT"
"""
THROUGHPUT_HEADER = """# title = "All-core throughput per vCPU relative to m5, by family"
# [source.spare-cores]
# title = "Spare Cores, SpareCores/sc-inspector-data 804d3c7: geometric mean, least and greatest of Geekbench multi-core, static web and Redis"
# date = "2026-11"
# licence = "CC-BY-SA-4.0"
"""


def maker(processor):
    for word, name in (("AMD", "amd"), ("Graviton", "aws"), ("AWS", "aws"), ("Intel", "intel"), ("Apple", "apple")):
        if word in processor:
            return name
    return ""


def gigabits(text):
    match = re.fullmatch(r"(?:Up to )?(?:(\d+)x )?([\d.]+) Gigabit", text)
    return plain(Decimal(match[1] or 1) * Decimal(match[2]) * 1000) if match else ""


def whole(number):
    return plain(Decimal(number)) if number else ""


def interruptions(data):
    """Bands of the Spot Instance Advisor: 0 below 5 %, 1 5-10 %, 2 10-15 %, 3 15-20 %, 4 above 20 % a month."""
    cells = defaultdict(dict)
    for row in read(data / "prices/spot_advisor_2025-06.csv.gz"):
        if row["region"] in REGIONS:
            cells[(row["instance_type"], row["os"].lower())][row["region"]] = row["interruption_index"]
    title, date, licence = SOURCES["spot-advisor"]
    with open(HERE / "spot-interruptions.csv", "w", newline="\n", encoding="utf-8") as file:
        file.write(f'# title = "Spot interruptions: band by type and region"\n# [source.spot-advisor]\n# title = "{title}"\n')
        file.write(f'# date = "{date}"\n# licence = "{licence}"\n')
        file.write(",".join(["instance_type", "os", *REGIONS]) + "\n")
        for (kind, system), regions in sorted(cells.items()):
            file.write(",".join([kind, system, *(regions.get(r, "") for r in REGIONS)]) + "\n")
    print(f"spot-interruptions.csv: {len(cells)} rows")


TITLES = {
    "analytics": "Glue, Athena, EMR",
    "backup": "AWS Backup: storage, restore, copies",
    "cloudfront": "CloudFront by area of the edge",
    "cloudwatch": "CloudWatch logs, metrics, alarms, dashboards; X-Ray",
    "containers": "Fargate on ECS and EKS, EKS clusters",
    "data-transfer": "Data transfer by kind, whichever service sends it",
    "developer": "API Gateway, Cognito, CodeBuild and other developer services",
    "docdb": "DocumentDB instances, storage, I/O",
    "dynamodb": "DynamoDB capacity, requests, storage, backup; DAX nodes",
    "ecr": "Container image storage",
    "efs": "EFS classes, throughput, access",
    "elasticache-extra": "ElastiCache beyond nodes",
    "elb": "Load balancers and their capacity units",
    "keyspaces": "Keyspaces capacity, requests, storage",
    "lambda": "Lambda duration, requests, provisioned concurrency, Lambda@Edge",
    "machine-learning": "SageMaker Studio notebooks",
    "memorydb": "MemoryDB nodes",
    "messaging": "SQS, SNS, SES, EventBridge, Step Functions",
    "mq": "Amazon MQ for RabbitMQ",
    "msk": "MSK brokers, storage, serverless",
    "neptune": "Neptune instances, storage, I/O",
    "opensearch-storage": "OpenSearch beyond instances",
    "rds-storage": "RDS and Aurora storage, I/O, backup, serverless, proxy, extended support",
    "redshift": "Redshift nodes, serverless, concurrency scaling",
    "route53": "Route 53 zones, queries, health checks",
    "s3": "S3 storage classes, requests, transitions, retrieval and monitoring",
    "security": "KMS, Secrets Manager, Config, CloudTrail, GuardDuty, WAF, Security Hub, Inspector, Systems Manager",
    "streaming": "Kinesis Data Streams and Firehose",
    "timestream": "Timestream storage, writes, queries",
    "transfer": "Transfer Family",
    "vpc": "NAT gateways, public IPv4, endpoints, transit gateways, VPN",
}
SECOND_ONLY = {"elasticache-nodes": "elasticache", "opensearch-nodes": "opensearch"}
QUIET = True


def main():
    global QUIET
    data, wanted = Path(sys.argv[1]), sys.argv[2:]
    QUIET = not wanted
    sheets, skus = {}, {}
    own = {"ec2": ec2, "ebs": ebs, "rds-instances": rds, "elasticache": elasticache, "opensearch": opensearch,
           "dynamodb-reserved": dynamodb_reserved, "pages": pages}
    for name, make in own.items():
        if not wanted or name in wanted:
            sheets |= make(data)
    for path in sorted((HERE / "convert").glob("*.csv")):
        with open(path, encoding="utf-8") as file:
            generic = file.readline().startswith("service,item,")
        if generic and (not wanted or path.stem in wanted):
            sheets[path.stem], more = mapped(data, path.stem)
            skus |= more
    for row in read(HERE / "convert/wrong.csv"):
        for sheet in sheets.values():
            sheet.drop(row["meter"], row["regions"].split())
    for name, sheet in sheets.items():
        if name not in SECOND_ONLY:
            sheet.write(HERE / f"{name}.csv")
        elif wanted:
            print(f"{name}: {len(sheet.owner)} prices, for comparison only")
    if not wanted or "shapes" in wanted:
        shapes(data)
        interruptions(data)
        with open(HERE / "locations.csv", "w", newline="\n", encoding="utf-8") as file:
            for row in read(data / "specs/aws_locations.csv"):
                if row["type"] == "AWS Region":
                    file.write(f"{row['code']},{row['name']}\n")
    if not wanted:
        for second, first in SECOND_ONLY.items():
            for (meter, term, start, region), (source, price) in sheets[second].owner.items():
                if (meter, term, start, region) in sheets[first].owner:
                    sheets[first].second.append((meter, term, start, "Hours", region, price, source))
                    sheets[first].sources[source] = sheets[second].sources[source]
        write_skus(skus)
        write_second(sheets)
        bill_rates(data)


def write_skus(skus):
    """One line per meter: its SKUs in every region."""
    by_meter = defaultdict(list)
    for sku, meter in skus.items():
        by_meter[meter].append(sku)
    with open(HERE / "skus.csv", "w", newline="\n", encoding="utf-8") as out:
        out.write("meter,skus\n")
        for meter in sorted(by_meter):
            out.write(f"{meter},{' '.join(sorted(by_meter[meter]))}\n")
    print(f"skus.csv: {len(skus)}")


def write_second(sheets):
    """Prices of the second source: all are counted, those of a few regions are kept."""
    FIXTURES.mkdir(parents=True, exist_ok=True)
    total = equal = 0
    kept = []
    for name, sheet in sorted(sheets.items()):
        for meter, term, start, unit, region, price, source in sorted(sheet.second):
            first, own = sheet.owner[(meter, term, start, region)]
            total += 1
            equal += own == price
            newest = source == "karpenter" and not re.search(r"[cmrt][5-8][a-z]*\.", meter)
            if region in COMPARED and not newest:
                title, date, licence, _ = sheet.sources[source]
                kept.append((meter, term, start, unit, region, price, f"{title}, {date}"))
    with open(FIXTURES / "second-source.csv", "w", newline="\n", encoding="utf-8") as out:
        out.write(f"# of {total} prices that two captures have, {equal} are equal; below, those of {len(COMPARED)} regions\n")
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(["meter", "term", "from", "unit", "region", "price", "source"])
        writer.writerows(kept)
    print(f"second source: {total} prices, {equal} equal, {len(kept)} kept")


BILLS = [
    ("CUR 2018-02", "cur/legacy_csv/logzio_2018-02.csv.gz"),
    ("CUR 2023-11", "cur/legacy_csv/focusconv_2023-11_anon.csv"),
    ("FOCUS 1.0 2024-09", "focus/official_1.0/focus_sample_1000.csv"),
]


def bill_rates(data):
    """What each usage charge of the real bills states: names as they stand there, and the public rate."""
    kept = set()
    for bill, path in BILLS:
        for row in read(data / path):
            if "lineItem/UsageType" in row:
                if row["lineItem/LineItemType"] != "Usage" or not row["pricing/publicOnDemandRate"]:
                    continue
                operation = row["lineItem/Operation"]
                kept.add((bill, row["lineItem/ProductCode"], row["lineItem/UsageType"], operation if ":" in operation or "Tier3" in row["lineItem/UsageType"] else "",
                          "", "", row["product/region"], row["pricing/unit"], plain(row["pricing/publicOnDemandRate"])))
            elif row["ProviderName"] == "AWS" and row["ChargeCategory"] == "Usage" and row["ListUnitPrice"] not in ("", "NULL"):
                kept.add((bill, row["ServiceName"], "", "", row["SkuId"], row["ChargeDescription"], row["RegionId"],
                          row["PricingUnit"], plain(row["ListUnitPrice"])))
    with open(FIXTURES / "bill-rates.csv", "w", newline="\n", encoding="utf-8") as out:
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(["bill", "service", "usage_type", "operation", "sku", "description", "region", "unit", "rate"])
        writer.writerows(sorted(kept))
    print(f"bill rates: {len(kept)}")


if __name__ == "__main__":
    main()
