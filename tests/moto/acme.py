#!/usr/bin/env python3
"""The accounts of the demo company acme as AWS would show them on 2026-11-01, at one address.

    acme.py    prints the address once everything is there, and serves until its standard input ends

Knows: what `fixtures/acme/acme.toml` bills, and beside it what no bill says: ages, attachments, routes, targets, retention,
hourly metrics. Does not know: what of it is waste; `fixtures/acme/planted-inventory.csv` says that.

Left out, because the bill has no charge for it: boot disks, addresses of NAT gateways (so they are private ones), Auto Scaling
groups behind node groups. Storage of logs and of the database catalog is here and not in the bill.
"""

import sys
from datetime import timezone

# Nothing is written into the checkout.
sys.dont_write_bytecode = True
from company import (  # noqa: E402
    CLOCK, GB, INSTEAD, MB, NEXT, agent, by_day, database, disk, function, in_bursts, instance, machine, placed_in, rds,
    serve_filled, steady, tagged, volume, wave,
)
import moto.elbv2.models  # noqa: E402
import moto.kms.models  # noqa: E402

# When the uploads of the archive were begun: moto has one answer for all.
INSTEAD[b"2010-11-10T20:48:33.000Z"] = b"2026-07-14T02:10:00.000Z"
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


def nat(name, away, back, connections):
    named = {"NatGatewayId": name}
    series = {"BytesOutToDestination": away, "BytesOutToSource": back, "ActiveConnectionCount": connections}
    return [("AWS/NATGateway", metric, named, values) for metric, values in series.items()]


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


if __name__ == "__main__":
    serve_filled(MAKERS, BESIDE, MEASURED)
