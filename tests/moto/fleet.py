#!/usr/bin/env python3
"""The account of the invented company orchard as AWS would show it on 2026-11-01, at one address.

    fleet.py    prints the address once everything is there, and serves until its standard input ends

Knows: what `fixtures/fleet/fleet.toml` bills, and beside it what no bill says: groups, ages, attachments, sizes and four weeks of
hourly metrics. Does not know: what of it is waste; `fixtures/fleet/planted.csv` says that.

Left out, so that the recording stays small: metrics of members of groups, which have those of their group; boot disks but the
workers'; balancers, which cost more than they would show. What is named UNKNOWN in the bill has no metrics, or not the ones needed.
"""

import sys
from datetime import datetime

# Nothing is written into the checkout.
sys.dont_write_bytecode = True
from company import (  # noqa: E402
    CLOCK, GB, INSTEAD, MB, Place, agent, by_day, database, disk, function, grows, instance, machine, peaked, rds, serve_filled, steady,
    volume, wave,
)

Place.zones = "abc"
# What AWS tells and moto does not: boot disks go with their instances, others stay.
for device, goes in (("sda1", "true"), ("sdf", "false"), ("sdg", "false")):
    attached = f"<device>/dev/{device}</device><status>attached</status>"
    INSTEAD[attached.encode()] = f"{attached}<deleteOnTermination>{goes}</deleteOnTermination>".encode()


def known_as(number):
    """The id of an instance, as the bill has it."""
    return f"i-0f1ee{number:012d}"


def disk_of(number):
    return f"vol-0f1ee{number:012d}"


# Name, first number of an id, number of instances, and whether a balancer is before it.
GROUPS = {
    "orchard-web": (1001, 6, True), "orchard-api": (2001, 6, True), "orchard-worker": (3001, 4, True),
    "orchard-cassandra": (4001, 3, False),
}
GROUPS_MADE = datetime(2026, 3, 2, 9)
WORKERS = {known_as(number): disk_of(number) for number in range(3001, 3005)}
# What no bill says, by resource. `group`: that it is a member of; `disk`: that it starts from; `to`: what a volume is attached to.
BESIDE = {
    **{known_as(first + at): {"group": name} for name, (first, size, _) in GROUPS.items() for at in range(size)},
    **{worker: {"group": "orchard-worker", "disk": boot} for worker, boot in WORKERS.items()},
    disk_of(201): {"to": known_as(101)}, disk_of(202): {"to": known_as(102)}, disk_of(203): {"to": known_as(104)},
    disk_of(204): {"to": known_as(106)}, disk_of(205): {"to": known_as(105)},
    "orders": {"version": "8.4.6", "storage": 400, "backups": 7}, "staging": {"version": "8.4.6", "storage": 50, "backups": 1},
    "ledger": {"version": "8.4.6", "storage": 100, "backups": 7}, "audit": {"version": "16.9", "storage": 100, "backups": 7},
    "sessions-001": {"type": "r6g.xlarge", "of": "sessions", "zone": "a"},
    "sessions-002": {"type": "r6g.xlarge", "of": "sessions", "zone": "b"},
    "carts": {"type": "m6g.large", "zone": "a"}, "flags": {"type": "m6g.large", "zone": "a"},
    # Data nodes, and gibibytes of each.
    "search": {"type": "r6g.xlarge", "nodes": 4, "volume": 200}, "events": {"type": "m6g.large", "nodes": 3, "volume": 100},
    "thumbnails": {"runtime": "python3.13", "memory": 1024}, "render": {"runtime": "python3.13", "memory": 1024},
    "notify": {"runtime": "python3.13", "memory": 512},
}


def member(place, name, resource, facts):
    """An instance, and its group before the first one."""
    group = facts.get("group")
    if group and name == known_as(GROUPS[group][0]):
        now, CLOCK[0] = CLOCK[0], GROUPS_MADE
        made(place, group, resource["charges"][0]["meter"])
        CLOCK[0] = now
    instance(place, name, {**resource, "tags": {**resource["tags"], "Name": resource["tags"]["service"]}}, facts)
    if "disk" in facts:
        # moto's own are of another kind.
        boot = place.backend("ec2").volumes[facts["disk"]]
        boot.volume_type, boot.iops, boot.throughput = "gp3", 3000, 125
    if group:
        scaling, (first, size, _) = place.client("autoscaling"), GROUPS[group]
        scaling.attach_instances(AutoScalingGroupName=group, InstanceIds=[name])
        if name == known_as(first + size - 1):
            scaling.update_auto_scaling_group(AutoScalingGroupName=group, MinSize=size, MaxSize=size)


def made(place, group, kind):
    """Without policies and schedules: somebody chose the size once."""
    first, size, balanced = GROUPS[group]
    place.ec2.create_launch_template(
        LaunchTemplateName=group, LaunchTemplateData={"ImageId": "ami-0f1ee000000000001", "InstanceType": kind}, ClientToken=group
    )
    targets = []
    if balanced:
        elb = place.client("elbv2")
        target = elb.create_target_group(Name=group, Protocol="HTTP", Port=80, VpcId=place.vpc, TargetType="instance")
        targets = [target["TargetGroups"][0]["TargetGroupArn"]]
    zones = "ab" if group == "orchard-worker" else "abc"
    place.client("autoscaling").create_auto_scaling_group(
        AutoScalingGroupName=group, LaunchTemplate={"LaunchTemplateName": group, "Version": "$Latest"}, MinSize=0, MaxSize=size,
        DesiredCapacity=0, VPCZoneIdentifier=",".join(place.subnets[zone] for zone in zones), TargetGroupARNs=targets,
    )
    # moto has another clock for it, and draws a part of its ARN.
    known = place.backend("autoscaling").autoscaling_groups[group]
    known.created_time, known._id = CLOCK[0].isoformat(), f"0f1ee000-0000-4000-8000-{first:012d}"


def own_volume(place, name, resource, facts):
    """Boot disks came with their instances."""
    if name not in WORKERS.values():
        volume(place, name, resource, facts)


def pair(place, name, resource, facts):
    """A member of the Aurora cluster, which is made before the first."""
    client, login = place.client("rds"), {"MasterUsername": "surgeon", "MasterUserPassword": "not-a-secret-1"}
    engine = {"Engine": "aurora-postgresql", "EngineVersion": "16.6"}
    if name == "catalogue-1":
        client.create_db_cluster(DBClusterIdentifier="catalogue", BackupRetentionPeriod=7, **engine, **login)
    client.create_db_instance(
        DBInstanceIdentifier=name, DBClusterIdentifier="catalogue", DBInstanceClass="db.r5.2xlarge",
        AvailabilityZone=place.region + "ab"[name == "catalogue-2"], **engine,
    )


def cache(place, name, resource, facts):
    more = {"ReplicationGroupId": facts["of"]} if "of" in facts else {}
    place.client("elasticache").create_cache_cluster(
        CacheClusterId=name, Engine="redis", EngineVersion="7.1.0", CacheNodeType=f"cache.{facts['type']}", NumCacheNodes=1,
        PreferredAvailabilityZone=place.region + facts["zone"], SnapshotRetentionLimit=1, **more,
    )


def search(place, name, resource, facts):
    place.client("opensearch").create_domain(
        DomainName=name, EngineVersion="OpenSearch_2.19",
        ClusterConfig={"InstanceType": f"{facts['type']}.search", "InstanceCount": facts["nodes"]},
        EBSOptions={"EBSEnabled": True, "VolumeType": "gp3", "VolumeSize": facts["volume"], "Iops": 3000, "Throughput": 125},
    )


def task(place, name, resource, facts):
    """A task that the bill names, and its service before the first one. moto starts none for a service."""
    if name.endswith("1"):
        checkout(place)
    # Without a network of its own: moto would show an interface that no bill has.
    place.client("ecs").run_task(cluster="shop", taskDefinition="task", launchType="FARGATE", group="service:checkout")
    backend = place.backend("ecs")
    list(backend.tasks["shop"].values())[-1].id = name
    service, running = backend.services["shop:checkout"], len(backend.tasks["shop"])
    service.running_count, service.pending_count = running, service.desired_count - running


def checkout(place):
    ecs, container = place.client("ecs"), {"name": "main", "image": "example.com/main", "cpu": 2048, "memory": 4096}
    platform = {"cpuArchitecture": "X86_64", "operatingSystemFamily": "LINUX"}
    ecs.register_task_definition(
        family="checkout", cpu="2048", memory="4096", runtimePlatform=platform, networkMode="awsvpc", 
        requiresCompatibilities=["FARGATE"], containerDefinitions=[container],
    )
    ecs.register_task_definition(family="task", containerDefinitions=[container])
    ecs.create_cluster(clusterName="shop")
    # moto asks for one where AWS takes the VPC's own.
    security = place.ec2.create_security_group(GroupName="tasks", Description="tasks", VpcId=place.vpc)["GroupId"]
    subnets = {"awsvpcConfiguration": {"subnets": list(place.subnets.values()), "securityGroups": [security]}}
    ecs.create_service(
        cluster="shop", serviceName="checkout", taskDefinition="checkout", desiredCount=2, launchType="FARGATE",
        networkConfiguration=subnets, clientToken="checkout",
    )


MAKERS = [
    (r"i-\w+", member), (r"vol-\w+", own_volume), (r"arn:aws:rds:.*:db:((?!catalogue).+)", database),
    (r"arn:aws:rds:.*:db:(catalogue-\d)", pair), (r"arn:aws:elasticache:.*:cluster:(.+)", cache),
    (r"arn:aws:es:.*:domain/(.+)", search), (r"arn:aws:ecs:.*:task/shop/(.+)", task), (r"arn:aws:lambda:.*:function:(.+)", function),
]


def group(name, cpu, sent=None, peak=6):
    """What CloudWatch has of a group as a whole; its number does not change."""
    named, size = {"AutoScalingGroupName": name}, GROUPS[name][1]
    series = [("AWS/EC2", "CPUUtilization", named, peaked(cpu, peak))]
    series.append(("AWS/AutoScaling", "GroupInServiceInstances", named, steady(size)))
    return series + ([("AWS/EC2", metric, named, sent) for metric in ("NetworkIn", "NetworkOut")] if sent else [])


def fullest(name, used):
    """What the agent says of the only file system."""
    named = {"InstanceId": name, "device": "nvme1n1p1", "fstype": "xfs", "path": "/data"}
    return [("CWAgent", "disk_used_percent", named, used)]


def asked(name, reads, writes, size=8192):
    """Operations and bytes of a database's disk, in a second."""
    named = {"DBInstanceIdentifier": name}
    series = {
        "ReadIOPS": reads, "WriteIOPS": writes, "ReadThroughput": lambda hour, time: reads(hour, time) * size,
        "WriteThroughput": lambda hour, time: writes(hour, time) * size,
    }
    return [("AWS/RDS", metric, named, values) for metric, values in series.items()]


def networked(name, bytes_per_second):
    named = {"DBInstanceIdentifier": name}
    return [("AWS/RDS", f"Network{way}Throughput", named, bytes_per_second) for way in ("Receive", "Transmit")]


def redis(name, cpu, engine, memory, asked_for):
    named = {"CacheClusterId": name}
    series = {
        "CPUUtilization": peaked(cpu, 2), "EngineCPUUtilization": peaked(engine, 3),
        "DatabaseMemoryUsagePercentage": peaked(memory, 1), "CacheHits": asked_for, "NetworkBytesIn": lambda hour, time: asked_for(hour, time) * 100,
        "NetworkBytesOut": lambda hour, time: asked_for(hour, time) * 2000,
    }
    return [("AWS/ElastiCache", metric, named, values) for metric, values in series.items()]


def domain(name, nodes, cpu, heap, free_mib, shards, rate):
    named = {"ClientId": "999999999999", "DomainName": name}
    series = {
        "CPUUtilization": peaked(cpu, 5), "OldGenJVMMemoryPressure": heap, "FreeStorageSpace": steady(free_mib),
        "Shards.active": steady(shards), "Nodes": steady(nodes), "SearchRate": rate, "IndexingRate": rate, "ReadThroughput": wave(1 * MB, 1 * MB),
        "WriteThroughput": wave(2 * MB, 1 * MB), "ReadIOPS": wave(40, 20), "WriteIOPS": wave(80, 40),
    }
    return [("AWS/ES", metric, named, values) for metric, values in series.items()]


def runs(name, count, milliseconds, used_mib=None, busy=None):
    """Runs, and what Lambda Insights measures of them where it is."""
    named, inside = {"FunctionName": name}, {"function_name": name}
    # Half as long, and half as long again: their mean, and the longest.
    length = peaked(steady(milliseconds / 2), milliseconds)
    series = [("AWS/Lambda", "Invocations", named, steady(count)), ("AWS/Lambda", "Duration", named, length)]
    if used_mib is None:
        return series
    return series + [
        ("LambdaInsights", "used_memory_max", inside, used_mib), ("LambdaInsights", "total_memory", inside, steady(1024)),
        ("LambdaInsights", "cpu_total_time", inside, busy),
    ]


REPORTS, IMPORTER, WORKBENCH, PRICING, COLLECTOR = (known_as(number) for number in (101, 102, 103, 104, 106))
MEASURED = {
    ("orchard", "eu-west-1"): [
        *group("orchard-web", by_day(wave(58, 8), wave(4, 2)), wave(200 * MB, 100 * MB)),
        *group("orchard-api", wave(8, 4), wave(400 * MB, 100 * MB)),
        # They work until the queue is empty, and it never is: nobody knows how much more they would do.
        *group("orchard-worker", steady(98.0), peak=1),
        *group("orchard-cassandra", wave(55, 8)),
        *machine(REPORTS, wave(8, 4), wave(100 * MB, 50 * MB)), *agent(REPORTS, wave(14, 3)), *fullest(REPORTS, steady(19.0)),
        *machine(IMPORTER, wave(8, 4), wave(100 * MB, 50 * MB)),
        *machine(WORKBENCH, by_day(wave(30, 10), steady(0.5)), by_day(wave(0.3 * GB, 0.6 * GB), steady(2000.0)), peak=2),
        *machine(PRICING, wave(52, 10), wave(300 * MB, 100 * MB)),
        *machine(COLLECTOR, wave(50, 10), wave(300 * MB, 100 * MB)), *agent(COLLECTOR, wave(60, 5)),
        # From 62 to 84 percent in four weeks, less of it at night.
        *fullest(COLLECTOR, grows(62, 84)),
        *disk(
            disk_of(201), wave(20000, 5000), wave(20000, 5000), VolumeReadBytes=wave(0.5 * GB, 0.1 * GB),
            VolumeWriteBytes=wave(0.5 * GB, 0.1 * GB),
        ),
        # Some 450 operations and 8 MiB a second.
        *disk(
            disk_of(202), wave(8e5, 2e5), wave(6e5, 1e5), VolumeReadBytes=wave(16 * GB, 4 * GB), VolumeWriteBytes=wave(10 * GB, 2 * GB),
        ),
        # Up to 76 MiB a second, in large pieces.
        *disk(
            disk_of(203), wave(3e5, 1e5), wave(2e5, 1e5), VolumeReadBytes=wave(120 * GB, 60 * GB),
            VolumeWriteBytes=wave(80 * GB, 30 * GB),
        ),
        # Some 4,600 operations and 160 MiB a second.
        *disk(
            disk_of(204), wave(8e6, 2e6), wave(6e6, 1e6), VolumeReadBytes=wave(360 * GB, 40 * GB),
            VolumeWriteBytes=wave(190 * GB, 20 * GB),
        ),
        *rds("orders", wave(20, 10), wave(4, 2), 22, 250, peak=2), *asked("orders", wave(60, 30), wave(40, 20)),
        *networked("orders", wave(2 * MB, 1 * MB)),
        *rds("staging", by_day(wave(4, 3), steady(0)), by_day(wave(20, 8), steady(2)), 4, 40, clients=0, peak=2),
        *rds("ledger", wave(30, 10), wave(50, 8), 1.5, grows(38, 16)),
        *rds("catalogue-1", wave(30, 10), wave(6, 3), 36, None, peak=4),
        *rds("catalogue-2", wave(15, 5), wave(5, 3), 36, None, peak=4),
        ("AWS/RDS", "VolumeBytesUsed", {"DBClusterIdentifier": "catalogue"}, steady(18 * GB)),
        *redis("sessions-001", wave(3, 2), wave(6, 3), wave(16, 4), wave(200000, 50000)),
        *redis("sessions-002", wave(2, 1), wave(3, 2), wave(16, 4), wave(50000, 20000)),
        *redis("carts", wave(20, 6), wave(24, 6), wave(68, 6), wave(400000, 100000)),
        *domain("search", 4, wave(12, 5), wave(24, 6), 150000, 60, wave(50, 20)),
        *domain("events", 3, wave(56, 8), wave(60, 6), 34000, 240, wave(900, 200)),
        ("AWS/ECS", "CPUUtilization", {"ClusterName": "shop", "ServiceName": "checkout"}, peaked(wave(6, 4), 8)),
        ("AWS/ECS", "MemoryUtilization", {"ClusterName": "shop", "ServiceName": "checkout"}, peaked(wave(20, 4), 2)),
        *runs("thumbnails", 40000, 300, wave(170, 20), steady(40)),
        *runs("render", 4000, 1000, wave(820, 60), steady(800)),
        *runs("notify", 10000, 100),
    ],
}


if __name__ == "__main__":
    serve_filled(MAKERS, BESIDE, MEASURED)
