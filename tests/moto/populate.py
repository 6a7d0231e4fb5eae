#!/usr/bin/env python3
"""A small invented company in a moto server, and what a collector must find of it.

    populate.py ADDRESS [--now 2026-10-01T00:00:00Z]    empties the server, fills it, prints what it planted as JSON

`accounts`, `regions`, `role` (of the second account, for reading it) and `now` say where and when. `tables` has, for each
table of `collect`, all rows of these accounts and regions, with the columns that are known here: what comes with something
planted (disks and interfaces of instances, interfaces of gateways and endpoints) is a row too. `metrics` has, for each
metric, what its values come to.

moto brings images and snapshots, all of other owners. DescribeImages of `self` leaves its images out; DescribeSnapshots of
`self` does not leave its snapshots out, as AWS would: their OwnerId is another, and their ids are not here. Its default
VPCs, subnets and route tables are in no table.
"""

import argparse
import json
import os
import sys
import urllib.request
from collections import defaultdict
from datetime import datetime, timedelta, timezone

# Nothing is written into the checkout.
sys.dont_write_bytecode = True
import serve  # noqa: E402

serve.enter(__file__, sys.argv[1:])
import boto3  # noqa: E402
import fake_cloud_control  # noqa: E402
import fake_costs  # noqa: E402
import plants_compute  # noqa: E402
import plants_databases  # noqa: E402
import plants_storage  # noqa: E402
from botocore.config import Config  # noqa: E402

PLANTS = [plants_compute, plants_databases, plants_storage, fake_cloud_control, fake_costs]
# This machine's proxy would not find the server.
os.environ["NO_PROXY"] = "127.0.0.1"

MAIN, HOME, AWAY = "123456789012", "eu-west-1", "us-east-1"
ROLE = "surgeon-read"
# An image that moto brings to every region, of Amazon Linux 2; asking which there are takes a second.
IMAGE = "ami-04681a1dbd79675a5"
DAYS, SECONDS = 14, 300
TABLES = defaultdict(list)


def moment(text):
    return datetime.fromisoformat(text.removesuffix("Z")).replace(tzinfo=timezone.utc)


def written(time):
    return time.isoformat().replace("+00:00", "Z")


def plant(table, account, region, identity, **columns):
    TABLES[table].append({"SubAccountId": account, "RegionId": region, "ResourceId": identity, **columns})


def tags(kind, name):
    return [{"ResourceType": kind, "Tags": [{"Key": "Name", "Value": name}]}]


class Place:
    """An account and region: what is made there is asked back as little as can be, and planted."""

    def __init__(self, session, account, region, address):
        self.account, self.region = account, region
        # A refusal is a mistake in this script: asking again would only hide it. moto unpacks packed bodies twice: it fails.
        once = Config(retries={"total_max_attempts": 1}, disable_request_compression=True)
        self.client = lambda service: session.client(service, region, endpoint_url=address, config=once)
        self.ec2 = self.client("ec2")

    def plant(self, table, identity, **columns):
        plant(table, self.account, self.region, identity, **columns)

    def volume(self, size, kind, name, zone=None, to=None, **more):
        zone = zone or f"{self.region}a"
        made = self.ec2.create_volume(
            AvailabilityZone=zone, Size=size, VolumeType=kind, TagSpecifications=tags("volume", name), **more
        )
        identity = made["VolumeId"]
        bound = {"State": "available", "InstanceId": None, "Attachments": 0}
        if to:
            self.ec2.attach_volume(VolumeId=identity, InstanceId=to, Device="/dev/sdf")
            bound = {"State": "in-use", "InstanceId": to, "Attachments": 1, "Device": "/dev/sdf"}
        # For a type without them moto may leave out what AWS tells: no such column then.
        columns = {"Iops": "Iops", "Throughput": "ThroughputMiBps"}
        made_for = {columns[asked]: number for asked, number in more.items()}
        self.plant(
            "ebs_volumes", identity, VolumeType=kind, SizeGiB=size, AvailabilityZone=zone, Name=name,
            CreateTime=written(made["CreateTime"]), **bound, **made_for,
        )
        return identity

    def instances(self, wanted):
        """Rows of these instances (id: name, group), and of the disk and the interface that each came with."""
        for reservation in self.ec2.describe_instances(InstanceIds=list(wanted))["Reservations"]:
            for one in reservation["Instances"]:
                identity = one["InstanceId"]
                name, group = wanted[identity]
                self.plant(
                    "ec2_instances", identity, InstanceType=one["InstanceType"], State=one["State"]["Name"],
                    AvailabilityZone=one["Placement"]["AvailabilityZone"], ImageId=one["ImageId"], VpcId=one["VpcId"],
                    LaunchTime=written(one["LaunchTime"]), Name=name, AutoScalingGroupName=group,
                )

    def came_along(self):
        """Rows of volumes and interfaces that nobody here asked for by themselves."""
        known = {row["ResourceId"] for rows in TABLES.values() for row in rows}
        for one in self.ec2.describe_volumes()["Volumes"]:
            if one["VolumeId"] not in known:
                bound = one["Attachments"][0]
                self.plant(
                    "ebs_volumes", one["VolumeId"], VolumeType=one["VolumeType"], SizeGiB=one["Size"], State=one["State"],
                    AvailabilityZone=one["AvailabilityZone"], InstanceId=bound["InstanceId"], Device=bound["Device"],
                    Attachments=1, Name=None, CreateTime=written(one["CreateTime"]),
                )
        for one in self.ec2.describe_network_interfaces()["NetworkInterfaces"]:
            if one["NetworkInterfaceId"] not in known:
                self.interface(one)

    def interface(self, one):
        # Neither PublicAddresses nor RequesterManaged: moto names no public address beside its private one, and no service.
        self.plant(
            "ec2_network_interfaces", one["NetworkInterfaceId"], State=one["Status"], VpcId=one["VpcId"],
            AvailabilityZone=one["AvailabilityZone"], InterfaceType=one["InterfaceType"],
            InstanceId=one.get("Attachment", {}).get("InstanceId"),
        )


def network(place):
    """A VPC with a public subnet and two private ones."""
    ec2 = place.ec2
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    gateway = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    ec2.attach_internet_gateway(VpcId=vpc, InternetGatewayId=gateway)
    subnets = []
    for block, zone in (("10.0.0.0/24", "a"), ("10.0.1.0/24", "a"), ("10.0.2.0/24", "b")):
        made = ec2.create_subnet(VpcId=vpc, CidrBlock=block, AvailabilityZone=place.region + zone)
        subnets.append(made["Subnet"]["SubnetId"])
    public, *private = subnets
    ways = [ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"] for _ in range(2)]
    ec2.create_route(RouteTableId=ways[0], DestinationCidrBlock="0.0.0.0/0", GatewayId=gateway)
    ec2.associate_route_table(RouteTableId=ways[0], SubnetId=public)
    for subnet in private:
        ec2.associate_route_table(RouteTableId=ways[1], SubnetId=subnet)
    return vpc, public, private, ways[1]


def address(place, name, **binding):
    made = place.ec2.allocate_address(Domain="vpc", TagSpecifications=tags("elastic-ip", name))["AllocationId"]
    if binding:
        place.ec2.associate_address(AllocationId=made, **binding)
    return made


def addresses(place):
    """Rows of all addresses, once all that takes one has it."""
    for one in place.ec2.describe_addresses()["Addresses"]:
        place.plant(
            "ec2_addresses", one["AllocationId"], AssociationId=one.get("AssociationId") or None,
            InstanceId=one.get("InstanceId") or None, NetworkInterfaceId=one.get("NetworkInterfaceId") or None,
            Name=one["Tags"][0]["Value"],
        )


def nat_gateway(place, name, vpc, subnet, routed):
    allocation = address(place, name)
    made = place.ec2.create_nat_gateway(
        SubnetId=subnet, AllocationId=allocation, TagSpecifications=tags("natgateway", name)
    )["NatGateway"]
    identity = made["NatGatewayId"]
    for table in routed:
        place.ec2.create_route(RouteTableId=table, DestinationCidrBlock="0.0.0.0/0", NatGatewayId=identity)
    place.plant(
        "nat_gateways", identity, State="available", VpcId=vpc, SubnetId=subnet,
        Routes=len(routed), Name=name, CreateTime=written(made["CreateTime"]),
    )
    return identity


def endpoint(place, name, kind, service, vpc, subnets, **more):
    made = place.ec2.create_vpc_endpoint(
        VpcId=vpc, VpcEndpointType=kind, ServiceName=f"com.amazonaws.{place.region}.{service}",
        TagSpecifications=tags("vpc-endpoint", name), **more,
    )["VpcEndpoint"]
    place.plant(
        "vpc_endpoints", made["VpcEndpointId"], EndpointType=kind, ServiceName=made["ServiceName"], State="available",
        VpcId=vpc, Zones=len(subnets), Name=name, CreateTime=written(made["CreationTimestamp"]),
    )


def snapshot(place, name, volume, size):
    made = place.ec2.create_snapshot(
        VolumeId=volume, Description=f"{name} of {volume}", TagSpecifications=tags("snapshot", name)
    )
    place.plant(
        "ebs_snapshots", made["SnapshotId"], VolumeId=volume, VolumeSizeGiB=size, State="completed", Name=name,
        Description=f"{name} of {volume}", StartTime=written(made["StartTime"]),
    )


def image(place, name, instance):
    identity = place.ec2.create_image(InstanceId=instance, Name=name)["ImageId"]
    made = place.ec2.describe_images(ImageIds=[identity])["Images"][0]
    for disk in made["BlockDeviceMappings"]:
        behind = disk["Ebs"]["SnapshotId"]
        place.plant("ec2_images", identity, SnapshotId=behind, State="available", Name=name, CreateTime=made["CreationDate"])
        one = place.ec2.describe_snapshots(SnapshotIds=[behind])["Snapshots"][0]
        place.plant(
            "ebs_snapshots", behind, VolumeId=one["VolumeId"], VolumeSizeGiB=one["VolumeSize"], State="completed", Name=None,
            Description=one["Description"], StartTime=written(one["StartTime"]),
        )


def metrics(place, now, series):
    """Points of every five minutes, as EC2 measures unless it is paid for more, and what they come to."""
    cloudwatch, found = place.client("cloudwatch"), []
    start, count = now - timedelta(days=DAYS), DAYS * 86400 // SECONDS
    times = [start + timedelta(seconds=SECONDS * at) for at in range(count)]
    for namespace, name, unit, dimensions, identity, value in series:
        values = [value(at) for at in range(count)]
        named = [{"Name": dimension, "Value": of} for dimension, of in dimensions.items()]
        datum = {"MetricName": name, "Unit": unit, "Dimensions": named}
        points = [{**datum, "Timestamp": time, "Value": measured} for time, measured in zip(times, values)]
        # No more in one request (PutMetricData of the CloudWatch API reference).
        for first in range(0, count, 1000):
            cloudwatch.put_metric_data(Namespace=namespace, MetricData=points[first : first + 1000])
        found.append({
            "SubAccountId": place.account, "RegionId": place.region, "ResourceId": identity,
            "Namespace": namespace, "MetricName": name, "Unit": unit, "Dimensions": dimensions,
            "Start": written(start), "End": written(now), "PeriodSeconds": SECONDS, "Points": count,
            "Minimum": min(values), "Maximum": max(values), "Sum": sum(values),
        })
    return found


def around(level):
    """Eleven values from 0.625 under the level to 0.625 over it, in a fixed order; their mean is the level."""
    return lambda at: level + (at * 7 % 11 - 5) / 8


def company(place, now):
    ec2 = place.ec2
    vpc, public, private, way = network(place)
    def run(kind, name):
        made = ec2.run_instances(
            ImageId=IMAGE, InstanceType=kind, MinCount=1, MaxCount=1, SubnetId=private[0],
            TagSpecifications=tags("instance", name),
        )
        return made["Instances"][0]["InstanceId"]

    web, stopped = run("m5.large", "web-1"), run("t3.medium", "batch-old")
    scaling = place.client("autoscaling")
    scaling.create_launch_configuration(LaunchConfigurationName="web", ImageId=IMAGE, InstanceType="m5.large")
    scaling.create_auto_scaling_group(
        AutoScalingGroupName="web", LaunchConfigurationName="web", MinSize=1, MaxSize=1, VPCZoneIdentifier=private[0]
    )
    group = scaling.describe_auto_scaling_groups()["AutoScalingGroups"][0]
    grown = group["Instances"][0]["InstanceId"]

    place.volume(100, "gp3", "left-gp3", Iops=4000, Throughput=250)
    left = place.volume(50, "gp2", "left-gp2")
    busy = place.volume(200, "io1", "database", to=web, Iops=3000)
    place.volume(20, "gp3", "batch-data", to=stopped, Iops=3000, Throughput=125)
    ec2.stop_instances(InstanceIds=[stopped])
    place.instances({web: ("web-1", None), stopped: ("batch-old", None), grown: (None, "web")})

    snapshot(place, "kept", left, 50)
    gone = ec2.create_volume(AvailabilityZone=f"{place.region}a", Size=50, VolumeType="gp2")["VolumeId"]
    snapshot(place, "orphan", gone, 50)
    ec2.delete_volume(VolumeId=gone)
    image(place, "web-1-golden", web)

    address(place, "unused")
    address(place, "web-1", InstanceId=web)
    place.interface(ec2.create_network_interface(SubnetId=private[0], Description="left over")["NetworkInterface"])
    used = nat_gateway(place, "used", vpc, public, [way])
    idle = nat_gateway(place, "idle", vpc, public, [])
    endpoint(place, "objects", "Gateway", "s3", vpc, [], RouteTableIds=[way])
    endpoint(place, "machines", "Interface", "ec2", vpc, private, SubnetIds=private)
    around_it = {"vpc": vpc, "public": public, "private": private, "route_table": way}
    more = [series for plants in PLANTS for series in plants.plant(place, now, around_it)]
    addresses(place)
    return metrics(place, now, more + [
        ("AWS/EC2", "CPUUtilization", "Percent", {"InstanceId": web}, web, around(3.0)),
        ("AWS/EC2", "CPUUtilization", "Percent", {"InstanceId": grown}, grown, around(45.0)),
        # The agent names more than the instance, and not always the same.
        ("CWAgent", "mem_used_percent", "Percent", {"ImageId": IMAGE, "InstanceId": web, "InstanceType": "m5.large"}, web, around(62.0)),
        ("AWS/NATGateway", "BytesOutToDestination", "Bytes", {"NatGatewayId": used}, used, lambda at: 250e6 + at),
        ("AWS/NATGateway", "BytesOutToDestination", "Bytes", {"NatGatewayId": idle}, idle, lambda at: 0.0),
        ("AWS/EBS", "VolumeReadOps", "Count", {"VolumeId": busy}, busy, lambda at: 1200.0),
        ("AWS/EBS", "VolumeWriteOps", "Count", {"VolumeId": busy}, busy, lambda at: 3000.0 + at % 12),
    ])


def member(session, address):
    """Another account of the organization, and credentials of its role for reading."""
    organizations = session.client("organizations", AWAY, endpoint_url=address)
    organizations.create_organization(FeatureSet="ALL")
    made = organizations.create_account(AccountName="laboratory", Email="laboratory@example.com")
    account = made["CreateAccountStatus"]["AccountId"]

    def assumed(role):
        arn = f"arn:aws:iam::{account}:role/{role}"
        sts = session.client("sts", AWAY, endpoint_url=address)
        key = sts.assume_role(RoleArn=arn, RoleSessionName="populate")["Credentials"]
        return boto3.Session(key["AccessKeyId"], key["SecretAccessKey"], key["SessionToken"])

    trust = {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{MAIN}:root"}, "Action": "sts:AssumeRole"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    iam = assumed("OrganizationAccountAccessRole").client("iam", AWAY, endpoint_url=address)
    iam.create_role(RoleName=ROLE, AssumeRolePolicyDocument=policy)
    return assumed(ROLE), account


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("address", help="of the server, as SURGEON_TEST_AWS has it")
    parser.add_argument("--now", type=moment, help="end of the metrics, in UTC; else: the hour that began last")
    arguments = parser.parse_args()
    now = (arguments.now or datetime.now(timezone.utc)).replace(minute=0, second=0, microsecond=0)
    urllib.request.urlopen(urllib.request.Request(f"{arguments.address}/moto-api/reset", method="POST")).close()

    # moto takes any key for one of the first account.
    session = boto3.Session("test", "test")
    laboratory, second = member(session, arguments.address)
    home = Place(session, MAIN, HOME, arguments.address)
    planted = company(home, now)
    away = Place(laboratory, second, AWAY, arguments.address)
    away.volume(10, "gp2", "forgotten")
    for place in (home, away):
        place.came_along()
    document = {
        "accounts": [MAIN, second], "regions": [HOME, AWAY], "now": written(now), "role": ROLE,
        "tables": TABLES, "metrics": planted,
    }
    print(json.dumps(document, indent=1))


if __name__ == "__main__":
    main()
