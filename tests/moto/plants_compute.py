"""Balancers, groups, functions, containers, hosts and gateways of the invented company (see populate.py).

What moto answers otherwise than AWS is in no row: zones of Classic balancers in subnets, names of attachments, tunnels,
capacity providers and ages of services, support of clusters.
"""

import io
import json
import zipfile

# As in populate.py, whose import would run it again.
IMAGE = "ami-04681a1dbd79675a5"


def plant(place, now, network):
    """Makes all of it, plants its rows, and returns the series of its metrics."""
    role = place.client("iam").create_role(RoleName="compute", AssumeRolePolicyDocument="{}")["Role"]["Arn"]
    running, stopped = machines(place, network)
    groups, balancers = load_balancers(place, network, running, stopped)
    place.ec2.stop_instances(InstanceIds=[stopped])
    place.instances({running: ("legacy-1", None), stopped: ("legacy-2", None)})
    planted_balancers(place)
    auto_scaling_groups(place, network, groups["shop"])
    orders, forgotten = functions(place, role)
    services(place, network, groups["shop"])
    clusters(place, network, role)
    repositories(place)
    hosts(place)
    gateways(place, network)
    busy, idle = balancers["shop"], balancers["campaign"]
    named = {arn: {"LoadBalancer": arn.split("loadbalancer/")[1]} for arn in (busy, idle)}
    insights = {"function_name": "orders"}
    return [
        ("AWS/ApplicationELB", "RequestCount", "Count", named[busy], busy, lambda at: 900.0 + at % 7),
        ("AWS/ApplicationELB", "RequestCount", "Count", named[idle], idle, lambda at: 0.0),
        ("AWS/Lambda", "Invocations", "Count", {"FunctionName": "orders"}, orders, lambda at: 40.0 + at % 3),
        ("AWS/Lambda", "Invocations", "Count", {"FunctionName": "forgotten"}, forgotten, lambda at: 0.0),
        # Lambda Insights gives each metric twice, with and without the version.
        ("LambdaInsights", "used_memory_max", "Megabytes", insights, orders, lambda at: 180.0 + at % 9),
        ("LambdaInsights", "used_memory_max", "Megabytes", {**insights, "version": "1"}, orders, lambda at: 400.0),
        ("LambdaInsights", "total_memory", "Megabytes", insights, orders, lambda at: 512.0),
        ("LambdaInsights", "cpu_total_time", "Milliseconds", insights, orders, lambda at: 12.0),
    ]


def written(time):
    return time.isoformat().replace("+00:00", "Z")


def named(kind, name):
    return [{"ResourceType": kind, "Tags": [{"Key": "Name", "Value": name}]}]


def machines(place, network):
    """Two instances for balancers to send to; the second is to be stopped once it is registered."""
    made = [
        place.ec2.run_instances(
            ImageId=IMAGE, InstanceType="t3.small", MinCount=1, MaxCount=1, SubnetId=network["private"][0],
            TagSpecifications=named("instance", name),
        )
        for name in ("legacy-1", "legacy-2")
    ]
    return [one["Instances"][0]["InstanceId"] for one in made]


# Type, scheme; target group (protocol, type of targets); targets, and how many of them are healthy; how its listeners end.
BALANCERS = {
    "shop": ("application", "internet-facing", ("HTTP", "ip"), ["10.0.1.10", "10.0.2.10"], 2, ["redirect", "forward"]),
    "campaign": ("application", "internet-facing", ("HTTP", "ip"), [], 0, ["forward"]),
    "moved": ("application", "internal", None, [], 0, ["redirect", "fixed-response"]),
    "unfinished": ("application", "internal", None, [], 0, []),
    "stream": ("network", "internal", ("TCP", "instance"), ["running", "stopped"], 1, ["forward"]),
    "inspection": ("gateway", None, None, [], 0, []),
}
ENDS = {
    "redirect": {"RedirectConfig": {"Protocol": "HTTPS", "Port": "443", "StatusCode": "HTTP_301"}},
    "fixed-response": {"FixedResponseConfig": {"StatusCode": "410", "ContentType": "text/plain", "MessageBody": "Gone"}},
}
# Subnets or zones; whether the two machines are registered.
CLASSIC = {"legacy": ("subnets", True), "legacy-empty": ("zones", False)}


def load_balancers(place, network, running, stopped):
    """Target groups and balancers by name."""
    newer, classic = place.client("elbv2"), place.client("elb")
    ids, groups, balancers = {"running": running, "stopped": stopped}, {}, {}
    for name, (kind, scheme, group, targets, _, ends) in BALANCERS.items():
        more = {"Scheme": scheme} if scheme else {}
        made = newer.create_load_balancer(Name=name, Type=kind, Subnets=network["private"], **more)
        balancers[name] = made["LoadBalancers"][0]["LoadBalancerArn"]
        if group:
            made = newer.create_target_group(
                Name=name, Protocol=group[0], Port=80, VpcId=network["vpc"], TargetType=group[1]
            )
            groups[name] = made["TargetGroups"][0]["TargetGroupArn"]
        if targets:
            newer.register_targets(TargetGroupArn=groups[name], Targets=[{"Id": ids.get(one, one)} for one in targets])
        for port, end in enumerate(ends, 80):
            action = {"Type": end, **(ENDS[end] if end in ENDS else {"TargetGroupArn": groups[name]})}
            newer.create_listener(
                LoadBalancerArn=balancers[name], Protocol=group[0] if group else "HTTP", Port=port, DefaultActions=[action]
            )
    # Nothing sends to it.
    newer.create_target_group(Name="unbound", Protocol="HTTP", Port=80, VpcId=network["vpc"], TargetType="ip")
    listener = {"Protocol": "HTTP", "LoadBalancerPort": 80, "InstanceProtocol": "HTTP", "InstancePort": 80}
    for name, (where, registered) in CLASSIC.items():
        zones = [place.region + zone for zone in "ab"]
        where = {"Subnets": network["private"]} if where == "subnets" else {"AvailabilityZones": zones}
        classic.create_load_balancer(LoadBalancerName=name, Listeners=[listener], Scheme="internal", **where)
        if registered:
            both = [{"InstanceId": one} for one in (running, stopped)]
            classic.register_instances_with_load_balancer(LoadBalancerName=name, Instances=both)
    return groups, balancers


def planted_balancers(place):
    # A listener that ends by itself needs no target; without a listener nobody knows.
    for one in place.client("elbv2").describe_load_balancers()["LoadBalancers"]:
        name = one["LoadBalancerName"]
        kind, scheme, group, targets, healthy, ends = BALANCERS[name]
        place.plant(
            "load_balancers", one["LoadBalancerArn"], LoadBalancerName=name, LoadBalancerType=kind, Scheme=scheme,
            State="active", CreateTime=written(one["CreatedTime"]), VpcId=one["VpcId"], Zones=2, Listeners=len(ends),
            TargetGroups=1 if group else 0, Targets=len(targets), HealthyTargets=healthy, TargetZones=None,
            RedirectsOnly="forward" not in ends if ends else None,
        )
    for one in place.client("elb").describe_load_balancers()["LoadBalancerDescriptions"]:
        name = one["LoadBalancerName"]
        where, registered = CLASSIC[name]
        place.plant(
            "load_balancers", f"arn:aws:elasticloadbalancing:{place.region}:{place.account}:loadbalancer/{name}",
            LoadBalancerName=name, LoadBalancerType="classic", Scheme="internal", State=None, VpcId=one["VPCId"],
            CreateTime=written(one["CreatedTime"]), Listeners=1, TargetGroups=0, Targets=2 if registered else 0,
            HealthyTargets=1 if registered else 0, TargetZones=None, RedirectsOnly=None,
            **({"Zones": 2} if where == "zones" else {}),
        )


def auto_scaling_groups(place, network, target_group):
    """Rows of all groups: also of that which the company has already. Ours start no instances."""
    scaling, subnets = place.client("autoscaling"), network["private"]
    place.ec2.create_launch_template(
        LaunchTemplateName="nightly", LaunchTemplateData={"ImageId": IMAGE, "InstanceType": "m5.large"}
    )
    scaling.create_auto_scaling_group(
        AutoScalingGroupName="nightly", MinSize=0, MaxSize=4, DesiredCapacity=0, VPCZoneIdentifier=",".join(subnets),
        TargetGroupARNs=[target_group],
        MixedInstancesPolicy={
            "LaunchTemplate": {
                "LaunchTemplateSpecification": {"LaunchTemplateName": "nightly", "Version": "$Latest"},
                "Overrides": [{"InstanceType": kind} for kind in ("m5.large", "m6i.large")],
            },
            "InstancesDistribution": {"OnDemandPercentageAboveBaseCapacity": 20},
        },
        Tags=[{"Key": "Name", "Value": "nightly-jobs", "PropagateAtLaunch": True}],
    )
    tracked = {"PredefinedMetricSpecification": {"PredefinedMetricType": "ASGAverageCPUUtilization"}, "TargetValue": 50.0}
    scaling.put_scaling_policy(
        AutoScalingGroupName="nightly", PolicyName="cpu", PolicyType="TargetTrackingScaling",
        TargetTrackingConfiguration=tracked,
    )
    # No alarm starts it, so it changes nothing.
    scaling.put_scaling_policy(
        AutoScalingGroupName="nightly", PolicyName="more", PolicyType="SimpleScaling", AdjustmentType="ChangeInCapacity",
        ScalingAdjustment=1,
    )
    for name, size in (("morning", 0), ("evening", 4)):
        scaling.put_scheduled_update_group_action(
            AutoScalingGroupName="nightly", ScheduledActionName=name, Recurrence="0 8 * * *", MinSize=0, MaxSize=size
        )
    scaling.create_launch_configuration(LaunchConfigurationName="paused", ImageId=IMAGE, InstanceType="m5.large")
    scaling.create_auto_scaling_group(
        AutoScalingGroupName="paused", LaunchConfigurationName="paused", MinSize=0, MaxSize=0,
        VPCZoneIdentifier=subnets[0],
    )
    scaling.suspend_processes(AutoScalingGroupName="paused", ScalingProcesses=["Terminate", "Launch"])
    known = {
        "nightly": {
            "ScalingPolicies": 1, "ScheduledActions": 2, "TargetGroups": 1, "OnDemandPercentageAboveBase": 20,
            "Name": "nightly-jobs",
        },
        "paused": {"SuspendedProcesses": "Launch Terminate"},
    }
    for one in scaling.describe_auto_scaling_groups()["AutoScalingGroups"]:
        name, instances = one["AutoScalingGroupName"], one["Instances"]
        fixed = {
            "ScalingPolicies": 0, "ScheduledActions": 0, "TargetGroups": 0, "OnDemandPercentageAboveBase": None,
            "Name": None, "SuspendedProcesses": None,
        }
        place.plant(
            "auto_scaling_groups", one["AutoScalingGroupARN"], AutoScalingGroupName=name,
            CreateTime=written(one["CreatedTime"]), MinSize=one["MinSize"], MaxSize=one["MaxSize"],
            DesiredCapacity=one["DesiredCapacity"], Instances=len(instances), InstancesInService=len(instances),
            InstanceTypes=" ".join(sorted({each["InstanceType"] for each in instances})) or None,
            Zones=len(one["AvailabilityZones"]), **{**fixed, **known.get(name, {})},
        )


def functions(place, role):
    """Their ARNs: one that runs, and one that nobody calls."""
    client, packed = place.client("lambda"), io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("main.py", "def run(event, context): pass")
    code = {"Runtime": "python3.13", "Handler": "main.run", "Code": {"ZipFile": packed.getvalue()}}
    image = f"{place.account}.dkr.ecr.{place.region}.amazonaws.com/thumbnails:1"
    client.create_function(
        FunctionName="orders", Role=role, MemorySize=512, Timeout=30, Architectures=["arm64"],
        EphemeralStorage={"Size": 1024}, Publish=True, **code,
    )
    client.create_function(FunctionName="forgotten", Role=role, MemorySize=3008, Timeout=900, **code)
    client.create_function(FunctionName="thumbnails", Role=role, PackageType="Image", Code={"ImageUri": image})
    arns = {}
    for one in client.list_functions()["Functions"]:
        name = one["FunctionName"]
        arns[name] = f"arn:aws:lambda:{place.region}:{place.account}:function:{name}"
        place.plant(
            "lambda_functions", arns[name], FunctionName=name, Runtime=one.get("Runtime"), PackageType=one["PackageType"],
            Architecture=one["Architectures"][0], MemorySizeMiB=one["MemorySize"], TimeoutSeconds=one["Timeout"],
            EphemeralStorageMiB=one["EphemeralStorage"]["Size"], LastModifiedTime=one["LastModified"],
            CodeSizeBytes=one["CodeSize"], ProvisionedConcurrency=None, SnapStart=False,
        )
    return arns["orders"], arns["forgotten"]


def services(place, network, target_group):
    """Of two clusters: scaled, idle, and on instances. One task more is of no service."""
    ecs, scaling = place.client("ecs"), place.client("application-autoscaling")
    # moto asks for one where AWS takes the VPC's own.
    security = place.ec2.create_security_group(GroupName="tasks", Description="tasks", VpcId=network["vpc"])["GroupId"]
    container = {"name": "main", "image": "example.com/main", "cpu": 256, "memory": 512}
    fargate = {"networkMode": "awsvpc", "requiresCompatibilities": ["FARGATE"], "containerDefinitions": [container]}
    for family, cpu, memory, processor in (("web", "1024", "2048", "X86_64"), ("small", "256", "512", "ARM64")):
        platform = {"cpuArchitecture": processor, "operatingSystemFamily": "LINUX"}
        ecs.register_task_definition(family=family, cpu=cpu, memory=memory, runtimePlatform=platform, **fargate)
    ecs.register_task_definition(family="agent", containerDefinitions=[container])
    for name in ("shop", "tools"):
        ecs.create_cluster(clusterName=name)
    subnets = {"awsvpcConfiguration": {"subnets": network["private"], "securityGroups": [security]}}
    fargate = {"launchType": "FARGATE", "networkConfiguration": subnets}
    balanced = {"loadBalancers": [{"targetGroupArn": target_group, "containerName": "main", "containerPort": 80}]}
    made = [
        ("shop", "web", "web", 2, {**fargate, **balanced}, (1024, 2048, "X86_64"), (1, 1, 5)),
        ("shop", "jobs", "web", 0, fargate, (1024, 2048, "X86_64"), (0, 0, 3)),
        ("shop", "preview", "small", 1, fargate, (256, 512, "ARM64"), (0, None, None)),
        ("tools", "agent", "agent", 1, {"launchType": "EC2"}, (None, None, None), (0, None, None)),
    ]
    # moto starts no task of a service, and shows the interfaces of those that have a network of their own.
    alone = {"taskDefinition": "agent", "launchType": "FARGATE"}
    ecs.run_task(cluster="shop", **alone)
    for cluster, name, family, desired, more, (cpu, memory, processor), (policies, least, most) in made:
        arn = ecs.create_service(
            cluster=cluster, serviceName=name, taskDefinition=family, desiredCount=desired, **more
        )["service"]["serviceArn"]
        scaled = {
            "ServiceNamespace": "ecs", "ResourceId": f"service/{cluster}/{name}",
            "ScalableDimension": "ecs:service:DesiredCount",
        }
        if most is not None:
            scaling.register_scalable_target(MinCapacity=least, MaxCapacity=most, **scaled)
        if policies:
            metric = {"PredefinedMetricType": "ECSServiceAverageCPUUtilization"}
            scaling.put_scaling_policy(
                PolicyName="cpu", PolicyType="TargetTrackingScaling", **scaled,
                TargetTrackingScalingPolicyConfiguration={"TargetValue": 50.0, "PredefinedMetricSpecification": metric},
            )
        for _ in range(desired):
            ran = ecs.run_task(group=f"service:{name}", cluster=cluster, **alone)["tasks"][0]["taskArn"]
            place.plant("ecs_tasks", ran, ServiceArn=arn, ServiceName=name, ClusterName=cluster)
        place.plant(
            "ecs_services", arn, ServiceName=name, ClusterName=cluster, State="ACTIVE", LaunchType=more["launchType"],
            DesiredTasks=desired, RunningTasks=0, TaskCpuUnits=cpu, TaskMemoryMiB=memory, Architecture=processor,
            OperatingSystemFamily="LINUX" if processor else None, ScalingPolicies=policies,
            ScalesOn="ECSServiceAverageCPUUtilization" if policies else None, MinTasks=least, MaxTasks=most,
            TargetGroups=len(more.get("loadBalancers", [])),
        )


def clusters(place, network, role):
    """One in use, and one with nothing in it."""
    eks = place.client("eks")
    for name, version, sizes, profiles in (("main", "1.33", [2, 1], 1), ("left", "1.29", [], 0)):
        made = eks.create_cluster(
            name=name, version=version, roleArn=role, resourcesVpcConfig={"subnetIds": network["private"]}
        )["cluster"]
        for at, size in enumerate(sizes):
            eks.create_nodegroup(
                clusterName=name, nodegroupName=f"nodes-{at}", subnets=network["private"], nodeRole=role,
                scalingConfig={"minSize": 0, "maxSize": 3, "desiredSize": size},
            )
        for at in range(profiles):
            eks.create_fargate_profile(
                clusterName=name, fargateProfileName=f"profile-{at}", podExecutionRoleArn=role,
                selectors=[{"namespace": "jobs"}],
            )
        place.plant(
            "eks_clusters", made["arn"], ClusterName=name, State="ACTIVE", Version=version,
            CreateTime=written(made["createdAt"]), NodeGroups=len(sizes), DesiredNodes=sum(sizes),
            FargateProfiles=profiles,
        )


def repositories(place):
    """With and without a policy, and without an image. All images are new: moto knows no other time than its own."""
    ecr = place.client("ecr")
    rule = {
        "rulePriority": 1, "action": {"type": "expire"},
        "selection": {"tagStatus": "untagged", "countType": "sinceImagePushed", "countUnit": "days", "countNumber": 14},
    }
    docker = "application/vnd.docker"
    wanted = [("shop/web", True, ["v1", None]), ("shop/old", False, [None, "v1", "v2"]), ("empty", False, [])]
    for name, policy, tags in wanted:
        made = ecr.create_repository(repositoryName=name)["repository"]
        for at, tag in enumerate(tags, 1):
            # moto takes the size that is written here for that of the image.
            config = {"mediaType": f"{docker}.container.image.v1+json", "size": 1000 * at, "digest": f"sha256:{at:064x}"}
            manifest = {
                "schemaVersion": 2, "mediaType": f"{docker}.distribution.manifest.v2+json", "config": config, "layers": [],
            }
            more = {"imageTag": tag} if tag else {}
            ecr.put_image(repositoryName=name, imageManifest=json.dumps(manifest), **more)
        if policy:
            ecr.put_lifecycle_policy(repositoryName=name, lifecyclePolicyText=json.dumps({"rules": [rule]}))
        images = ecr.describe_images(repositoryName=name)["imageDetails"]
        sizes = [1000 * at for at in range(1, len(tags) + 1)]
        untagged = [size for size, tag in zip(sizes, tags) if not tag]
        place.plant(
            "ecr_repositories", made["repositoryArn"], RepositoryName=name, CreateTime=written(made["createdAt"]),
            LifecyclePolicy=policy, Images=len(tags), SizeBytes=sum(sizes), UntaggedImages=len(untagged),
            UntaggedBytes=sum(untagged), LastPullTime=None, OldImages=0, OldBytes=0,
            LastPushTime=max((written(image["imagePushedAt"]) for image in images), default=None),
        )


def hosts(place):
    """For one type, and for a family. moto puts no instance on them, and does not say so."""
    zone = f"{place.region}a"
    for name, takes in (("licensed", {"InstanceType": "m5.large"}), ("spare", {"InstanceFamily": "c5"})):
        place.ec2.allocate_hosts(
            AvailabilityZone=zone, Quantity=1, TagSpecifications=named("dedicated-host", name), **takes
        )
    for one in place.ec2.describe_hosts()["Hosts"]:
        takes = one["HostProperties"]
        place.plant(
            "ec2_hosts", one["HostId"], State="available", InstanceType=takes.get("InstanceType"),
            InstanceFamily=takes.get("InstanceFamily"), AllocationTime=written(one["AllocationTime"]),
            AvailabilityZone=zone, Name=one["Tags"][0]["Value"],
        )


def gateways(place, network):
    """A transit gateway with a VPC and a VPN, and a VPN at a gateway of its own."""
    ec2 = place.ec2
    transit = ec2.create_transit_gateway()["TransitGateway"]["TransitGatewayId"]
    ec2.create_transit_gateway_vpc_attachment(
        TransitGatewayId=transit, VpcId=network["vpc"], SubnetIds=network["private"]
    )
    office = ec2.create_customer_gateway(Type="ipsec.1", PublicIp="192.0.2.1", BgpAsn=65000)
    office = office["CustomerGateway"]["CustomerGatewayId"]
    private = ec2.create_vpn_gateway(Type="ipsec.1")["VpnGateway"]["VpnGatewayId"]
    for name, end in (("office", {"TransitGatewayId": transit}), ("old-office", {"VpnGatewayId": private})):
        made = ec2.create_vpn_connection(
            CustomerGatewayId=office, Type="ipsec.1", TagSpecifications=named("vpn-connection", name), **end
        )["VpnConnection"]
        place.plant(
            "vpn_connections", made["VpnConnectionId"], State="available", Name=name,
            TransitGatewayId=end.get("TransitGatewayId"),
        )
    for one in ec2.describe_transit_gateway_attachments()["TransitGatewayAttachments"]:
        place.plant(
            "transit_gateway_attachments", one["TransitGatewayAttachmentId"], TransitGatewayId=transit,
            AttachedResourceType=one["ResourceType"], AttachedResourceId=one["ResourceId"], State="available",
            CreateTime=written(one["CreationTime"]),
        )
