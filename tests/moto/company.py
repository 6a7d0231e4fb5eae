"""What the scripts of invented companies share: moto filled from a bill's description, at one address.

Knows: how moto draws and dates without chance, and what it leaves out of AWS's answers; how resources of a bill are made; hourly
metrics. Does not know: any company. The script that imports it has a company's name (acme.py): its bill is `fixtures/NAME/NAME.toml`.

Nothing is drawn or dated by chance, so each start gives the same answers. What moto draws is drawn from a seed, or is the bill's
id; its clock stands where a resource is said to be made, and at the end of the bill afterwards. Only the credentials of roles have
the real time: a client would not use them otherwise.
"""

import io
import json
import logging
import os
import re
import sys
import tomllib
import zipfile
from datetime import datetime, timedelta
from pathlib import Path

# Nothing is written into the checkout.
sys.dont_write_bytecode = True
import serve  # noqa: E402

SCRIPT = Path(sys.argv[0]).resolve()
serve.enter(str(SCRIPT), sys.argv[1:])
# This machine's proxy would not find the server.
os.environ["NO_PROXY"] = "127.0.0.1"
# A thousand images of others in each region, that nobody asks for.
os.environ["MOTO_EC2_LOAD_DEFAULT_AMIS"] = "false"

BILL = tomllib.loads((SCRIPT.parents[2] / "fixtures" / SCRIPT.stem / f"{SCRIPT.stem}.toml").read_text())
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

# What moto answers in the same words everywhere, and what a company's says instead.
INSTEAD = {}
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
        for words, own in INSTEAD.items():
            said = said.replace(words, own)
        # What stands in for a request's number must not tell one run from the next.
        said = re.sub(rb"(<(?i:requestid)>)[^<]*", rb"\1request-id", said)
        return status, reason, headers, said


TRUST = json.dumps({"Version": "2012-10-17", "Statement": []})


class Place:
    """An account and region."""

    # Of which its VPC has a subnet each.
    zones = "ab"

    def __init__(self, session, account, region, address):
        self.account, self.region = account, region
        once = Config(retries={"total_max_attempts": 1}, disable_request_compression=True, s3={"addressing_style": "path"})
        self.client = lambda service: session.client(service, region, endpoint_url=address, config=once)
        self.ec2 = self.client("ec2")

    def backend(self, service):
        backends = get_backend(service)[self.account]
        return backends[self.region if self.region in backends else "aws"]

    def network(self):
        """A VPC with a subnet in each zone; what AWS has in every region by itself stays."""
        at("2025-01-07")
        self.vpc = self.ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
        made = [(zone, f"10.0.{number}.0/24") for number, zone in enumerate(self.zones)]
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
    if "disk" in facts:
        NEXT["vol"] = facts["disk"].removeprefix("vol-")
    kind = next(meter for meter in meters(resource) if re.fullmatch(r"\w+\.\w+", meter))
    place.ec2.run_instances(
        ImageId="ami-0ac3e000000000001", InstanceType=kind, MinCount=1, MaxCount=1, SubnetId=place.subnets[resource["zone"]],
        # A client would draw one.
        ClientToken=name, **tagged("instance", resource.get("tags", {})),
    )
    of = place.backend("ec2").get_instance(name)
    if "disk" not in facts:
        # The disk that moto adds is in no bill.
        of.teardown_defaults()
    # What AWS tells besides: two threads a core, and one core for what is smaller than these.
    of.platform_details, of.usage_operation = "Linux/UNIX", "RunInstances"
    of.cpu_options = {"CoreCount": {"xlarge": 2, "2xlarge": 4}.get(kind.split(".")[1], 1), "ThreadsPerCore": 2}
    if "stopped" in facts:
        at(facts["made"], facts["stopped"])
        place.ec2.stop_instances(InstanceIds=[name])


def volume(place, name, resource, facts):
    charged = meters(resource)
    kind = next(meter for meter in charged if meter in ("gp2", "gp3", "io2"))
    size, to = int(charged[kind]["held"]), facts["to"]
    paid = {part: float(charged.get(f"{kind}-{part}", {"held": 0})["held"]) for part in ("iops", "throughput")}
    # What gp3 includes is not charged. The bill sells throughput by the GiB/s.
    gp3 = {"Iops": 3000 + int(paid["iops"]), "Throughput": 125 + int(paid["throughput"] * 1024)}
    more = {"gp3": gp3, "io2": {"Iops": int(paid["iops"])}}.get(kind, {})
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


def function(place, name, resource, facts):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr(zipfile.ZipInfo("main.py"), "def run(event, context): pass")
    # The bill's meter is that of x86_64: arm64 has one of its own.
    place.client("lambda").create_function(
        FunctionName=name, Runtime=facts["runtime"], Handler="main.run", Role=place.role(name), MemorySize=facts["memory"],
        Timeout=60, Architectures=["x86_64"], Code={"ZipFile": packed.getvalue()}, Tags=resource["tags"],
    )


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


def grows(first, last):
    """From one value at the beginning to another at the end."""
    return lambda hour, time: first + (last - first) * hour / len(HOURS)


def rds(name, connections, cpu, memory_gib, free_gib, clients=6, peak=9):
    """`free_gib`: a number, a series, or None where the storage is the cluster's.

    `clients`, `peak`: a second measurement of connections and of processors is higher by so much.
    """
    named, free = {"DBInstanceIdentifier": name}, free_gib if callable(free_gib) else steady(free_gib)
    series = {
        "DatabaseConnections": peaked(connections, clients), "CPUUtilization": peaked(cpu, peak),
        "FreeableMemory": steady(memory_gib * 2**30),
    }
    if free_gib is not None:
        series["FreeStorageSpace"] = lambda hour, time: free(hour, time) * 2**30
    return [("AWS/RDS", metric, named, values) for metric, values in series.items()]


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


def fill(endpoint, makers, beside, measured):
    mock_random.seed(BILL["seed"])
    sessions = organization(boto3.Session("test", "test"), endpoint)
    places = {}
    for account in BILL["accounts"]:
        for region in REGIONS:
            place = places[account["key"], region] = Place(sessions[account["id"]], account["id"], region, endpoint)
            place.network()
    known = [resource for resource in BILL["resources"] if "id" in resource]
    for shape, make in makers:
        for resource in known:
            found = re.fullmatch(shape, resource["id"])
            # What ended in the month is not there any more.
            if not found or "until" in resource:
                continue
            name = found[1] if found.groups() else found[0]
            facts = beside.get(name, {})
            at(facts.get("made") or resource.get("from") or "2026-03-02", facts.get("hour", 9))
            make(places[resource["account"], resource["region"]], name, resource, facts)
    CLOCK[0] = END
    for where, series in measured.items():
        measure(places[where], series)
    for place in places.values():
        # Those of others, which AWS leaves out.
        place.backend("ec2").snapshots.clear()


def serve_filled(makers, beside, measured):
    """Prints the address once everything is there, and serves until standard input ends.

    `makers`: what an id looks like, who makes it, and where its own name begins, in order: others are bound to what is made first.
    `beside`: what no bill says, by resource. `measured`: series by account and region.
    """

    class Filled(cloudwatch.ThreadedMotoServer):
        def start(self):
            super().start()
            host, port = self.get_host_and_port()
            fill(f"http://{host}:{port}", makers, beside, measured)

    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    cloudwatch.ThreadedMotoServer, cloudwatch.Proxy = Filled, Proxy
    cloudwatch.main()
