#!/usr/bin/env python3
"""The accounts of the demo company acme as AWS would show them on 2026-11-01, at one address.

    acme.py    prints the address once everything is there, and serves until its standard input ends

Knows: what `fixtures/acme/acme.toml` bills, and beside it what no bill says: ages, attachments, routes, targets, retention,
hourly metrics. Does not know: what of it is waste; `fixtures/acme/planted-inventory.csv` says that.

Nothing here is drawn or dated by chance, so each start gives the same answers. What moto draws is drawn from a seed, or is the
bill's id; its clock stands where a resource is said to be made, and at the end of the bill afterwards. Only the credentials of
roles have the real time: a client would not use them otherwise.

Left out, because the bill has no charge for it: boot disks, addresses of NAT gateways (so they are private ones), Auto Scaling
groups behind node groups. Storage of logs and of the database catalog is here and not in the bill.
"""

import io
import json
import logging
import os
import re
import sys
import tomllib
import zipfile
from datetime import datetime, timedelta, timezone
from pathlib import Path

# Nothing is written into the checkout.
sys.dont_write_bytecode = True
import serve  # noqa: E402

serve.enter(__file__, sys.argv[1:])
# This machine's proxy would not find the server.
os.environ["NO_PROXY"] = "127.0.0.1"
# A thousand images of others in each region, that nobody asks for.
os.environ["MOTO_EC2_LOAD_DEFAULT_AMIS"] = "false"

BILL = tomllib.loads((Path(__file__).parents[2] / "fixtures/acme/acme.toml").read_text())
ACCOUNTS = {account["key"]: account["id"] for account in BILL["accounts"]}
REGIONS = [region["id"] for region in BILL["regions"]]
PAYER = ACCOUNTS[BILL["payer"]]
ROLE = "OrganizationAccountAccessRole"
END, DAYS = datetime(2026, 11, 1), 28
HOURS = [END - timedelta(days=DAYS) + timedelta(hours=at) for at in range(DAYS * 24)]

# Before any service is imported: they take these by name.
import moto.core  # noqa: E402
import moto.core.models  # noqa: E402
import moto.core.utils  # noqa: E402

CLOCK, REAL = [END], moto.core.utils.utcnow
moto.core.DEFAULT_ACCOUNT_ID = moto.core.models.DEFAULT_ACCOUNT_ID = PAYER
moto.core.utils.utcnow = lambda: CLOCK[0]

import boto3  # noqa: E402
import cloudwatch  # noqa: E402
import moto.ec2.utils  # noqa: E402
import moto.elbv2.models  # noqa: E402
import moto.kms.models  # noqa: E402
import moto.logs.models  # noqa: E402
import moto.organizations.utils  # noqa: E402
import moto.sts.models  # noqa: E402
from botocore.config import Config  # noqa: E402
from moto.backends import get_backend  # noqa: E402
from moto.cloudwatch.models import MetricDatum  # noqa: E402
from moto.moto_api._internal import mock_random  # noqa: E402

moto.sts.models.utcnow = REAL

# Prefixes of ids with what the next one is to be, and how many were counted.
NEXT, COUNTED = {}, {}


def identity(prefix="", size=17):
    """The id that is wanted next, or one that counts."""
    if prefix in NEXT:
        return f"{prefix}-{NEXT.pop(prefix)}"
    COUNTED[prefix] = COUNTED.get(prefix, 0) + 1
    return f"{prefix}-{'0ac3e9'[:size]}{COUNTED[prefix]:0{size - 6}d}"


moto.ec2.utils.random_id = identity


def at(day, hour=9):
    """Sets the clock for what is made next."""
    CLOCK[0] = datetime.fromisoformat(day) + timedelta(hours=hour)


# What moto leaves out and AWS answers.


def described(group, otherwise=moto.logs.models.LogGroup.to_describe_dict):
    return {**otherwise(group), "logGroupClass": "STANDARD"}


def placed(group, target, backend, otherwise=moto.elbv2.models.FakeTargetGroup.health_for):
    """With the zone, which AWS tells of addresses."""
    health = otherwise(group, target, backend)
    told = {"Id": health.instance_id, "Port": health.port, "AvailabilityZone": group.targets[health.instance_id]["zone"]}
    kind = type("Placed", (type(health),), {"target": told})
    health.__class__ = kind
    return health


moto.logs.models.LogGroup.to_describe_dict = described
moto.elbv2.models.FakeTargetGroup.health_for = placed

# When the uploads of the archive were begun: moto has one answer for all.
BEGUN = "2026-07-14T02:10:00.000Z"
# Part of a request that moto has not: what AWS answers when there are none.
NONE = {
    b"Action=DescribeFastSnapshotRestores": (
        "text/xml",
        b'<DescribeFastSnapshotRestoresResponse xmlns="http://ec2.amazonaws.com/doc/2016-11-15/"><requestId>request-id</requestId>'
        b"<fastSnapshotRestoreSet/></DescribeFastSnapshotRestoresResponse>",
    ),
    b"/provisioned-concurrency": ("application/json", b'{"ProvisionedConcurrencyConfigs":[]}'),
    b"intelligent-tiering": (
        "application/xml",
        b'<ListBucketIntelligentTieringConfigurationsOutput xmlns="http://s3.amazonaws.com/doc/2006-03-01/">'
        b"<IsTruncated>false</IsTruncated></ListBucketIntelligentTieringConfigurationsOutput>",
    ),
}


class Proxy(cloudwatch.Proxy):
    def moto(self, path, headers, body):
        asked = path.encode() + b" " + (body or b"")
        for part, (kind, answer) in NONE.items():
            if part in asked:
                return 200, "OK", [("Content-Type", kind)], answer
        status, reason, headers, said = super().moto(path, headers, body)
        said = said.replace(b"2010-11-10T20:48:33.000Z", BEGUN.encode())
        # What stands in for a request's number must not tell one run from the next.
        said = re.sub(rb"(<(?i:requestid)>)[^<]*", rb"\1request-id", said)
        return status, reason, headers, said


# What no bill says, by resource. `made` and `hour`: of its start; `to`: what it is attached to; `routes`: that lead to a gateway.
BESIDE = {
    "i-0ac3e000000000101": {"made": "2026-03-01"},
    "i-0ac3e000000000131": {"made": "2025-11-12"},
    # Switched on in the morning and off in the evening of working days: the last was Friday, 30 October.
    "i-0ac3e000000000143": {"made": "2026-10-30", "hour": 8, "stopped": 20},
    "vol-0ac3e000000000201": {"to": "i-0ac3e000000000101"},
    "vol-0ac3e000000000211": {"to": "i-0ac3e000000000111"},
    "vol-0ac3e000000000212": {"to": "i-0ac3e000000000111"},
    # The replica that it was made for is gone.
    "vol-0ac3e000000000231": {"made": "2025-11-12", "to": None},
    "vol-0ac3e000000000241": {"to": "i-0ac3e000000000141"},
    # To be attached soon, perhaps: three days old.
    "vol-0ac3e000000000242": {"hour": 0, "to": None},
    "nat-0ac3e000000000311": {"routes": 2},
    "nat-0ac3e000000000331": {"routes": 1},
    "nat-0ac3e000000000341": {"routes": 0},
    "eipalloc-0ac3e000000000401": {"ip": "203.0.113.10", "to": "i-0ac3e000000000101"},
    "eipalloc-0ac3e000000000441": {"ip": "203.0.113.20", "to": None},
    "checkout-blue": {"made": "2023-06-05", "version": "1.32", "nodes": 1, "type": "m5.xlarge"},
    "sandbox": {"made": "2026-02-10", "version": "1.35", "nodes": 1, "type": "t3.large"},
    "orders": {"made": "2021-05-17", "version": "11.22", "storage": 300, "backups": 7},
    # The only copy of its data.
    "catalog": {"version": "8.4.6", "storage": 20, "backups": 0},
    # Days of retention, and gigabytes that it keeps.
    "/acme/checkout-api": {"made": "2025-06-16", "days": None, "stored": 640},
    "/acme/search-index": {"days": 14, "stored": 12},
    "/acme/storefront": {"days": None, "stored": 18},
    "/acme/sandbox": {"days": 7, "stored": 1},
    "acme-order-archive": {"made": "2022-01-10", "uploads": ["orders-2026-07-13.tar", "orders-2026-07-13-again.tar"]},
    # Kept for seven years.
    "acme-audit-trail": {
        "made": "2020-02-03", "versioning": "Enabled",
        "rules": [
            {"Expiration": {"Days": 2557}}, {"NoncurrentVersionExpiration": {"NoncurrentDays": 30}},
            {"AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 7}},
        ],
    },
    "invoice-render": {"runtime": "python3.13", "memory": 1024},
}
STOREFRONT = "i-0ac3e000000000112"
TRUST = json.dumps({"Version": "2012-10-17", "Statement": []})


class Place:
    """An account and region."""

    def __init__(self, session, account, region, address):
        self.account, self.region = account, region
        once = Config(retries={"total_max_attempts": 1}, disable_request_compression=True, s3={"addressing_style": "path"})
        self.client = lambda service: session.client(service, region, endpoint_url=address, config=once)
        self.ec2 = self.client("ec2")

    def backend(self, service):
        backends = get_backend(service)[self.account]
        return backends[self.region if self.region in backends else "aws"]

    def network(self):
        """A VPC with a subnet in each of two zones; what AWS has in every region by itself stays."""
        at("2025-01-07")
        self.vpc = self.ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
        made = [(zone, f"10.0.{number}.0/24") for number, zone in enumerate("ab")]
        self.subnets = {
            zone: self.ec2.create_subnet(VpcId=self.vpc, CidrBlock=block, AvailabilityZone=self.region + zone)["Subnet"]["SubnetId"]
            for zone, block in made
        }

    def role(self, name):
        # Roles are the account's, not the region's.
        return self.client("iam").create_role(RoleName=f"{name}-{self.region}", AssumeRolePolicyDocument=TRUST)["Role"]["Arn"]


def tagged(kind, tags):
    tags = [{"Key": key, "Value": value} for key, value in tags.items()]
    return {"TagSpecifications": [{"ResourceType": kind, "Tags": tags}]} if tags else {}


def meters(resource):
    return {charge["meter"]: charge for charge in resource["charges"]}


def instance(place, name, resource, facts):
    NEXT["i"] = name.removeprefix("i-")
    kind = next(meter for meter in meters(resource) if re.fullmatch(r"\w+\.\w+", meter))
    place.ec2.run_instances(
        ImageId="ami-0ac3e000000000001", InstanceType=kind, MinCount=1, MaxCount=1, SubnetId=place.subnets[resource["zone"]],
        # A client would draw one.
        ClientToken=name, **tagged("instance", resource.get("tags", {})),
    )
    # The disk that moto adds is in no bill.
    of = place.backend("ec2").get_instance(name)
    of.teardown_defaults()
    # What AWS tells besides. All are of Intel, with two threads a core; an xlarge has two cores, the others one.
    of.platform_details, of.usage_operation = "Linux/UNIX", "RunInstances"
    of.cpu_options = {"CoreCount": 2 if kind.endswith(".xlarge") else 1, "ThreadsPerCore": 2}
    if "stopped" in facts:
        at(facts["made"], facts["stopped"])
        place.ec2.stop_instances(InstanceIds=[name])


def volume(place, name, resource, facts):
    charged = meters(resource)
    kind = next(meter for meter in charged if meter in ("gp2", "gp3"))
    size, to = int(charged[kind]["held"]), facts["to"]
    paid = {part: float(charged.get(f"gp3-{part}", {"held": 0})["held"]) for part in ("iops", "throughput")}
    # The bill sells throughput by the GiB/s.
    more = {"Iops": 3000 + int(paid["iops"]), "Throughput": 125 + int(paid["throughput"] * 1024)} if kind == "gp3" else {}
    zone = place.region + (placed_in(to) if to else "a")
    NEXT["vol"] = name.removeprefix("vol-")
    place.ec2.create_volume(AvailabilityZone=zone, Size=size, VolumeType=kind, **more, **tagged("volume", resource.get("tags", {})))
    if kind == "gp2":
        # Three for each GiB, which AWS tells (EBS User Guide, gp2) and moto does not.
        place.backend("ec2").volumes[name].iops = min(max(3 * size, 100), 16000)
    if to:
        place.ec2.attach_volume(VolumeId=name, InstanceId=to, Device="/dev/sdf" if kind == "gp2" else "/dev/sdg")


def placed_in(name):
    return next(resource["zone"] for resource in BILL["resources"] if resource.get("id") == name)


def gateway(place, name, resource, facts):
    NEXT["nat"] = name.removeprefix("nat-")
    place.ec2.create_nat_gateway(
        SubnetId=place.subnets["a"], ConnectivityType="private", **tagged("natgateway", resource.get("tags", {}))
    )
    for _ in range(facts["routes"]):
        table = place.ec2.create_route_table(VpcId=place.vpc)["RouteTable"]["RouteTableId"]
        place.ec2.create_route(RouteTableId=table, DestinationCidrBlock="192.168.0.0/16", NatGatewayId=name)


def address(place, name, resource, facts):
    NEXT["eipalloc"] = name.removeprefix("eipalloc-")
    # An address of a range for documentation (RFC 5737).
    place.ec2.allocate_address(Domain="vpc", Address=facts["ip"], **tagged("elastic-ip", resource.get("tags", {})))
    if facts["to"]:
        place.ec2.associate_address(AllocationId=name, InstanceId=facts["to"])


def database(place, name, resource, facts):
    kinds = [re.fullmatch(r"(postgres|mysql)-(\w+\.\w+)", meter) for meter in meters(resource)]
    engine, kind = next(found.groups() for found in kinds if found)
    licence = {"postgres": "postgresql-license", "mysql": "general-public-license"}[engine]
    place.client("rds").create_db_instance(
        DBInstanceIdentifier=name, Engine=engine, EngineVersion=facts["version"], LicenseModel=licence,
        DBInstanceClass=f"db.{kind}", MultiAZ=False, AllocatedStorage=facts["storage"], StorageType="gp3", Iops=3000,
        StorageThroughput=125, BackupRetentionPeriod=facts["backups"], AvailabilityZone=f"{place.region}a", MasterUsername="surgeon",
        MasterUserPassword="not-a-secret-1", Tags=[{"Key": key, "Value": value} for key, value in resource["tags"].items()],
    )


def cluster(place, name, resource, facts):
    eks, role = place.client("eks"), place.role(f"eks-{name}")
    subnets = list(place.subnets.values())
    eks.create_cluster(
        name=name, version=facts["version"], roleArn=role, resourcesVpcConfig={"subnetIds": subnets}, tags=resource["tags"],
        clientRequestToken=name,
    )
    # As clusters are unless somebody says otherwise: they go into extended support, and nobody but their owner starts nodes.
    made = place.backend("eks").clusters[name]
    made.upgrade_policy, made.compute_config = {"supportType": "EXTENDED"}, {"enabled": False}
    eks.create_nodegroup(
        clusterName=name, nodegroupName="main", subnets=subnets, nodeRole=role, instanceTypes=[facts["type"]],
        scalingConfig={"minSize": 0, "maxSize": 3, "desiredSize": facts["nodes"]}, clientRequestToken=name,
    )


def log_group(place, name, resource, facts):
    logs = place.client("logs")
    logs.create_log_group(logGroupName=name, tags=resource["tags"])
    if facts["days"]:
        logs.put_retention_policy(logGroupName=name, retentionInDays=facts["days"])
    logs.create_log_stream(logGroupName=name, logStreamName="all")
    place.backend("logs").groups[name].streams["all"].stored_bytes = facts["stored"] * 2**30


def bucket(place, name, resource, facts):
    s3 = place.client("s3")
    s3.create_bucket(Bucket=name)
    made = place.backend("s3").buckets[name]
    made.creation_date = CLOCK[0].replace(tzinfo=timezone.utc)
    if "versioning" in facts:
        s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": facts["versioning"]})
    if "rules" in facts:
        enabled = {"Status": "Enabled", "Filter": {"Prefix": ""}}
        whole = [{"ID": f"rule-{number}", **enabled, **rule} for number, rule in enumerate(facts["rules"])]
        s3.put_bucket_lifecycle_configuration(Bucket=name, LifecycleConfiguration={"Rules": whole})
    for key in facts.get("uploads", []):
        s3.create_multipart_upload(Bucket=name, Key=key)
    # moto draws the ids of uploads outside of its seed.
    for number, upload in enumerate(list(made.multiparts.values()), 1):
        del made.multiparts[upload.id]
        upload.id = f"upload-{number}"
        made.multiparts[upload.id] = upload


def key(place, name, resource, facts):
    moto.kms.models.generate_key_id = lambda multi_region=False: name
    kms = place.client("kms")
    made = kms.create_key(Description="audit trail")["KeyMetadata"]["KeyId"]
    kms.create_alias(AliasName="alias/audit-trail", TargetKeyId=made)


def function(place, name, resource, facts):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr(zipfile.ZipInfo("main.py"), "def run(event, context): pass")
    # The bill's meter is that of x86_64: arm64 has one of its own.
    place.client("lambda").create_function(
        FunctionName=name, Runtime=facts["runtime"], Handler="main.run", Role=place.role(name), MemorySize=facts["memory"],
        Timeout=60, Architectures=["x86_64"], Code={"ZipFile": packed.getvalue()}, Tags=resource["tags"],
    )


def balancer(place, name, resource, facts):
    """In two zones; its one target is in one."""
    kind, name, number = name.split("/")
    whole = moto.elbv2.models.make_arn_for_load_balancer
    moto.elbv2.models.make_arn_for_load_balancer = lambda **asked: whole(**{**asked, "lb_id": number})
    elb = place.client("elbv2")
    made = elb.create_load_balancer(Name=name, Type="application", Scheme="internet-facing", Subnets=list(place.subnets.values()))
    made = made["LoadBalancers"][0]["LoadBalancerArn"]
    moto.elbv2.models.make_arn_for_load_balancer = whole
    group = elb.create_target_group(Name=name, Protocol="HTTP", Port=80, VpcId=place.vpc, TargetType="ip")
    group = group["TargetGroups"][0]["TargetGroupArn"]
    ip = place.backend("ec2").get_instance(STOREFRONT).private_ip
    elb.register_targets(TargetGroupArn=group, Targets=[{"Id": ip, "Port": 80}])
    place.backend("elbv2").target_groups[group].targets[ip]["zone"] = place.region + placed_in(STOREFRONT)
    elb.create_listener(
        LoadBalancerArn=made, Protocol="HTTP", Port=80, DefaultActions=[{"Type": "forward", "TargetGroupArn": group}]
    )


# What an id looks like, who makes it, and where its own name begins. Instances come first: others are bound to them.
MAKERS = [
    (r"i-\w+", instance), (r"vol-\w+", volume), (r".*:natgateway/(nat-\w+)", gateway), (r".*:elastic-ip/(eipalloc-\w+)", address),
    (r"arn:aws:rds:.*:db:(.+)", database), (r"arn:aws:eks:.*:cluster/(.+)", cluster), (r"arn:aws:logs:.*:log-group:(.+)", log_group),
    (r"arn:aws:kms:.*:key/(.+)", key), (r"arn:aws:lambda:.*:function:(.+)", function),
    (r"arn:aws:elasticloadbalancing:.*:loadbalancer/(.+)", balancer), (r"acme-[\w-]+", bucket),
]


def office(time):
    """Monday to Friday, 08:00 to 20:00, as in acme.toml."""
    return time.weekday() < 5 and 8 <= time.hour < 20


# Of an hour: its number, and its time. Two numbers are two measurements in it: their mean and their highest differ.


def wave(low, span):
    """Eleven values from low to low + span, in a fixed order."""
    return lambda hour, time: low + hour * 7 % 11 * span / 10


def by_day(high, low):
    """One series in office hours, another in the others; None: no points, the machine is off."""
    def value(hour, time):
        series = high if office(time) else low
        return series(hour, time) if series else None

    return value


def steady(value):
    return lambda hour, time: value


def in_bursts(high, low):
    """Office hours, and irregular others."""
    return lambda hour, time: (high if office(time) or hour * 5 % 13 == 0 else low)(hour, time)


def peaked(series, more):
    """A second measurement that is higher by so much."""
    def both(hour, time):
        value = series(hour, time)
        return None if value is None else (value, value + more)

    return both


GB, MB = 1e9, 1e6


def machine(name, cpu, out, credits=None, peak=6):
    """An instance takes in a quarter of what it sends."""
    def into(hour, time):
        sent = out(hour, time)
        return None if sent is None else round(sent / 4)

    named = {"InstanceId": name}
    series = [
        ("AWS/EC2", "CPUUtilization", named, peaked(cpu, peak)), ("AWS/EC2", "NetworkOut", named, out),
        ("AWS/EC2", "NetworkIn", named, into),
    ]
    return series + ([("AWS/EC2", "CPUCreditBalance", named, credits)] if credits else [])


def agent(name, memory):
    """What CloudWatch's agent measures in an instance."""
    return [("CWAgent", "mem_used_percent", {"InstanceId": name}, peaked(memory, 3))]


def disk(name, read, write, **more):
    named = {"VolumeId": name}
    series = {"VolumeReadOps": read, "VolumeWriteOps": write, **more}
    return [("AWS/EBS", metric, named, values) for metric, values in series.items()]


def nat(name, away, back, connections):
    named = {"NatGatewayId": name}
    series = {"BytesOutToDestination": away, "BytesOutToSource": back, "ActiveConnectionCount": connections}
    return [("AWS/NATGateway", metric, named, values) for metric, values in series.items()]


def rds(name, connections, cpu, memory_gib, free_gib):
    named = {"DBInstanceIdentifier": name}
    series = {
        "DatabaseConnections": peaked(connections, 6), "CPUUtilization": peaked(cpu, 9),
        "FreeableMemory": steady(memory_gib * 2**30), "FreeStorageSpace": steady(free_gib * 2**30),
    }
    return [("AWS/RDS", metric, named, values) for metric, values in series.items()]


def nightly(heavy, light):
    """From one to five o'clock the warehouse is loaded."""
    return lambda hour, time: heavy if 1 <= time.hour < 5 else light


# Account and region, and what was measured there. What CloudWatch has no points for is not here: volumes that are attached to
# nothing, refusals and errors that were none.
MEASURED = {
    ("production", "us-east-1"): [
        *machine("i-0ac3e000000000101", wave(40, 10), wave(0.6 * GB, 1.2 * GB)),
        *machine("i-0ac3e000000000102", wave(30, 20), wave(20 * MB, 10 * MB)),
        *machine("i-0ac3e000000000103", by_day(wave(35, 10), steady(0.5)), by_day(wave(0.2 * GB, 0.4 * GB), steady(2000.0)), peak=2),
        *disk("vol-0ac3e000000000201", wave(90000, 20000), wave(150000, 50000)),
        *rds("orders", wave(24, 20), wave(38, 10), 2, 118),
        ("AWS/Logs", "IncomingBytes", {"LogGroupName": "/acme/checkout-api"}, wave(1.0 * GB, 0.16 * GB)),
        ("AWS/Logs", "IncomingBytes", {"LogGroupName": "/acme/search-index"}, wave(0.2 * GB, 0.06 * GB)),
    ],
    ("production", "eu-west-1"): [
        *machine("i-0ac3e000000000111", wave(35, 20), wave(100 * MB, 50 * MB)),
        *machine(STOREFRONT, wave(25, 20), wave(300 * MB, 100 * MB)),
        *disk("vol-0ac3e000000000211", nightly(5e6, 4e5), nightly(2e6, 1e5)),
        # Some 3,500 operations and 146 MiB a second in its busiest hours: it needs what it has.
        *disk(
            "vol-0ac3e000000000212", nightly(8e6, 2e5), nightly(4.6e6, 1e5),
            VolumeReadBytes=nightly(3.6e11, 5e9), VolumeWriteBytes=nightly(1.9e11, 2e9),
        ),
        *nat("nat-0ac3e000000000311", wave(0.9 * GB, 1.0 * GB), wave(0.2 * GB, 0.5 * GB), wave(200, 100)),
        *rds("catalog", wave(8, 10), wave(15, 10), 3, 14),
        ("AWS/ApplicationELB", "RequestCount", {"LoadBalancer": "app/storefront/0ac3e00000000501"}, wave(9000, 6000)),
        ("AWS/ApplicationELB", "TargetResponseTime", {"LoadBalancer": "app/storefront/0ac3e00000000501"}, wave(0.2, 0.1)),
        ("AWS/Logs", "IncomingBytes", {"LogGroupName": "/acme/storefront"}, wave(0.08 * GB, 0.05 * GB)),
    ],
    ("production", "eu-central-1"): [
        *machine("i-0ac3e000000000121", wave(50, 20), wave(200 * MB, 100 * MB)),
        ("AWS/Lambda", "Invocations", {"FunctionName": "invoice-render"}, wave(150, 100)),
    ],
    ("production", "ap-southeast-2"): [
        # Nobody has done anything with it for two weeks.
        *machine("i-0ac3e000000000131", steady(0.5), steady(2000.0), credits=steady(576.0), peak=1),
        # The only bytes of these weeks are those of the bill: 4,100 at three o'clock on the nineteenth.
        *nat(
            "nat-0ac3e000000000331", lambda hour, time: 4100.0 if (time.day, time.hour) == (19, 3) else 0.0, steady(0.0),
            lambda hour, time: 1.0 if (time.day, time.hour) == (19, 3) else 0.0,
        ),
    ],
    ("development", "us-east-1"): [
        *machine(
            "i-0ac3e000000000141", by_day(wave(5, 4), steady(0.5)), by_day(wave(0.3 * GB, 0.6 * GB), steady(2000.0)),
            credits=steady(2304.0), peak=2,
        ),
        *agent("i-0ac3e000000000141", wave(25, 5)),
        *machine(
            "i-0ac3e000000000142", by_day(wave(45, 20), steady(0.5)), by_day(wave(0.5 * GB, 0.5 * GB), steady(0.1 * MB)), peak=2
        ),
        *machine(
            "i-0ac3e000000000143", by_day(wave(20, 10), None), by_day(wave(0.2 * GB, 0.3 * GB), None),
            credits=by_day(steady(500.0), None),
        ),
        *machine(
            "i-0ac3e000000000144", in_bursts(wave(25, 10), steady(0.5)), in_bursts(wave(0.3 * GB, 0.5 * GB), steady(2000.0)),
            credits=steady(800.0), peak=2,
        ),
        # It spends more than it earns, and never gets out of it: 1.6 vCPU-hours are 96 credits.
        *machine(
            "i-0ac3e000000000145", by_day(steady(97.0), steady(1.0)), by_day(wave(0.2 * GB, 0.5 * GB), steady(2000.0)),
            credits=steady(0.0), peak=2,
        ),
        ("AWS/EC2", "CPUSurplusCreditsCharged", {"InstanceId": "i-0ac3e000000000145"}, by_day(steady(96.0), steady(0.0))),
        *disk(
            "vol-0ac3e000000000241", by_day(wave(20000, 10000), steady(0.0)), by_day(wave(30000, 10000), steady(12.0)),
            BurstBalance=steady(100.0), VolumeReadBytes=by_day(wave(6e8, 3e8), steady(0.0)),
            VolumeWriteBytes=by_day(wave(9e8, 3e8), steady(5e4)),
        ),
        *nat("nat-0ac3e000000000341", steady(0.0), steady(0.0), steady(0.0)),
        ("AWS/Logs", "IncomingBytes", {"LogGroupName": "/acme/sandbox"}, wave(40 * MB, 20 * MB)),
    ],
}


def measure(place, series):
    """Straight into the store: ten thousands of points are too many for requests."""
    stored = place.backend("cloudwatch").metric_data
    for namespace, name, dimensions, values in series:
        dimensions = [{"Name": dimension, "Value": of} for dimension, of in dimensions.items()]
        for hour, time in enumerate(HOURS):
            value = values(hour, time)
            for part, one in enumerate(() if value is None else value if isinstance(value, tuple) else (value,)):
                when = time + timedelta(minutes=30 * part)
                stored.append(MetricDatum(namespace, name, round(float(one), 3), dimensions, when))


def organization(session, endpoint):
    """A session for each account: the payer's own, and those of the role in the others."""
    sessions = {PAYER: session}
    organizations = session.client("organizations", REGIONS[0], endpoint_url=endpoint)
    wanted = iter([PAYER, *(account["id"] for account in BILL["accounts"] if account["id"] != PAYER)])
    moto.organizations.utils.make_random_account_id = lambda: next(wanted)
    at("2020-01-07")
    organizations.create_organization(FeatureSet="ALL")
    # moto calls the account that asks "master".
    get_backend("organizations")[PAYER]["aws"].accounts[0].name = BILL["accounts"][0]["name"]
    for account in BILL["accounts"]:
        if account["id"] == PAYER:
            continue
        organizations.create_account(AccountName=account["name"], Email=f"{account['key']}@example.com")
        sts = session.client("sts", REGIONS[0], endpoint_url=endpoint)
        role = f"arn:aws:iam::{account['id']}:role/{ROLE}"
        given = sts.assume_role(RoleArn=role, RoleSessionName="acme")["Credentials"]
        sessions[account["id"]] = boto3.Session(given["AccessKeyId"], given["SecretAccessKey"], given["SessionToken"])
    return sessions


def fill(endpoint):
    mock_random.seed(BILL["seed"])
    sessions = organization(boto3.Session("test", "test"), endpoint)
    places = {}
    for account in BILL["accounts"]:
        for region in REGIONS:
            place = places[account["key"], region] = Place(sessions[account["id"]], account["id"], region, endpoint)
            place.network()
    known = [resource for resource in BILL["resources"] if "id" in resource]
    for shape, make in MAKERS:
        for resource in known:
            found = re.fullmatch(shape, resource["id"])
            # What ended in the month is not there any more.
            if not found or "until" in resource:
                continue
            name = found[1] if found.groups() else found[0]
            facts = BESIDE.get(name, {})
            at(facts.get("made") or resource.get("from") or "2026-03-02", facts.get("hour", 9))
            make(places[resource["account"], resource["region"]], name, resource, facts)
    CLOCK[0] = END
    for where, series in MEASURED.items():
        measure(places[where], series)
    for place in places.values():
        # Those of others, which AWS leaves out.
        place.backend("ec2").snapshots.clear()


class Filled(cloudwatch.ThreadedMotoServer):
    """A moto server that has everything when its address is told."""

    def start(self):
        super().start()
        host, port = self.get_host_and_port()
        fill(f"http://{host}:{port}")


if __name__ == "__main__":
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    cloudwatch.ThreadedMotoServer, cloudwatch.Proxy = Filled, Proxy
    cloudwatch.main()
