"""Buckets, file systems, logs, streams, queues, keys and secrets of the invented company (populate.py).

Not here, because moto has it not or answers otherwise than AWS: whether buckets have versions (the answer's root has another
name, which the SDK for Rust does not read), configurations of Intelligent-Tiering (it answers with a list of objects), when an
upload was begun (always in 2010), classes of log groups, consumers of streams, what keys are for unless they sign, whether a
key is for one region only, keys that AWS manages (it says that the account does), sizes of file systems in Archive, and when a
secret was read. When a secret was deleted is told as the end of its waiting time. Nor the times that EFS, Kinesis and KMS tell:
a double of seconds does not hold the thousandths, and each reader rounds it otherwise.
"""

import json
import time
from datetime import datetime, timezone

import boto3

# Regions of the same account; nobody asks in the second one.
AWAY, ELSEWHERE = "us-east-1", "ap-southeast-2"


def written(at):
    return at.isoformat().replace("+00:00", "Z")


def elsewhere(place, region):
    """The same account in another region; moto takes any key for one of it."""
    return type(place)(boto3.Session("test", "test"), place.account, region, place.ec2.meta.endpoint_url)


def bucket(place, name, versioning=None, rules=(), uploads=0, **columns):
    """A bucket; the columns say what its rules do, each of them that is not named does nothing."""
    s3 = place.client("s3")
    location = {} if place.region == AWAY else {"CreateBucketConfiguration": {"LocationConstraint": place.region}}
    s3.create_bucket(Bucket=name, **location)
    if versioning:
        s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": versioning})
    if rules:
        whole = [{"ID": f"rule-{at}", "Status": "Enabled", "Filter": {"Prefix": ""}, **rule} for at, rule in enumerate(rules)]
        s3.put_bucket_lifecycle_configuration(Bucket=name, LifecycleConfiguration={"Rules": whole})
    for at in range(uploads):
        s3.create_multipart_upload(Bucket=name, Key=f"backup-{at}.tar")
    made = next(one for one in s3.list_buckets()["Buckets"] if one["Name"] == name)
    nothing = {
        "LifecycleRules": len(rules), "MovesObjects": False, "ExpiresObjects": False, "EndsNoncurrentVersions": False,
        "AbortsMultipartUploads": False, "AbortMultipartDays": None, "Versioning": versioning,
    }
    place.plant(
        "s3_buckets", name, MultipartUploads=uploads, CreateTime=written(made["CreationDate"]), **{**nothing, **columns}
    )


def buckets(place):
    """Without rules, with all kinds of them, with some that only seem to help, and in other regions."""
    def abort(days):
        return {"AbortIncompleteMultipartUpload": {"DaysAfterInitiation": days}}

    bucket(place, "acme-web-assets", uploads=3)
    bucket(
        place, "acme-audit-logs", "Enabled", [
            {"Transitions": [{"Days": 30, "StorageClass": "STANDARD_IA"}], "Expiration": {"Days": 365}},
            {"NoncurrentVersionExpiration": {"NoncurrentDays": 30}},
            abort(7), abort(3),
            {"Status": "Disabled", **abort(1)},
        ],
        LifecycleRules=4, MovesObjects=True, ExpiresObjects=True, EndsNoncurrentVersions=True, AbortsMultipartUploads=True,
        AbortMultipartDays=3,
    )
    # Its rules delete markers and nothing else: old versions stay.
    bucket(place, "acme-backups", "Enabled", [{"Expiration": {"ExpiredObjectDeleteMarker": True}}], uploads=1)
    bucket(
        place, "acme-scratch", "Suspended", [{"Expiration": {"Days": 7}}, {"Status": "Disabled", "Expiration": {"Days": 1}}],
        LifecycleRules=1, ExpiresObjects=True,
    )
    older = {"NoncurrentVersionTransitions": [{"NoncurrentDays": 30, "StorageClass": "GLACIER"}]}
    bucket(elsewhere(place, AWAY), "acme-exports", "Enabled", [older], EndsNoncurrentVersions=True)
    # In a region that is not asked: it is in no row.
    elsewhere(place, ELSEWHERE).client("s3").create_bucket(
        Bucket="acme-sydney", CreateBucketConfiguration={"LocationConstraint": ELSEWHERE}
    )


def file_systems(place, network):
    """One that pays for throughput and moves nothing, one that moves, one that only brings back and that nobody mounts."""
    efs = place.client("efs")
    shared = {"ThroughputMode": "provisioned", "ProvisionedThroughputInMibps": 64.5}
    back = [{"TransitionToPrimaryStorageClass": "AFTER_1_ACCESS"}]
    away = [{"TransitionToIA": "AFTER_30_DAYS"}, {"TransitionToArchive": "AFTER_90_DAYS"}, *back]
    one_zone = {"AvailabilityZoneName": f"{place.region}a"}
    for name, asked, policies, moves, mounted in (
        ("shared", shared, [], False, 1), ("media", {"ThroughputMode": "elastic"}, away, True, 1),
        ("restored", one_zone, back, False, 0),
    ):
        made = efs.create_file_system(CreationToken=name, Tags=[{"Key": "Name", "Value": name}], **asked)
        identity = made["FileSystemId"]
        if policies:
            efs.put_lifecycle_configuration(FileSystemId=identity, LifecyclePolicies=policies)
        for subnet in network["private"][:mounted]:
            efs.create_mount_target(FileSystemId=identity, SubnetId=subnet)
        place.plant(
            "efs_file_systems", made["FileSystemArn"], FileSystemId=identity, State="available", Name=name, SizeBytes=0,
            StandardBytes=0, InfrequentAccessBytes=0, ThroughputMode=asked.get("ThroughputMode", "bursting"),
            ProvisionedThroughputMiBps=asked.get("ProvisionedThroughputInMibps"), MovesFiles=moves, MountTargets=mounted,
            AvailabilityZone=asked.get("AvailabilityZoneName"),
        )


def log_groups(place):
    """For ever and busy, for ever and empty, for a month; the first of them."""
    logs, message = place.client("logs"), "GET /orders 200"
    identities = []
    for name, days, events in (("/aws/lambda/orders", None, 4), ("/legacy/batch", None, 0), ("/ecs/checkout", 30, 2)):
        logs.create_log_group(logGroupName=name)
        if days:
            logs.put_retention_policy(logGroupName=name, retentionInDays=days)
        if events:
            logs.create_log_stream(logGroupName=name, logStreamName="all")
            # Older ones would be refused.
            event = {"timestamp": int(time.time() * 1000), "message": message}
            logs.put_log_events(logGroupName=name, logStreamName="all", logEvents=[event] * events)
        made = next(one for one in logs.describe_log_groups(logGroupNamePrefix=name)["logGroups"])
        identities.append(made["logGroupArn"])
        place.plant(
            "log_groups", made["logGroupArn"], LogGroupName=name, RetentionDays=days, NeverExpires=days is None,
            StoredBytes=len(message) * events,
            CreateTime=written(datetime.fromtimestamp(made["creationTime"] / 1000, timezone.utc)),
        )
    return identities[0]


def streams(place):
    """One with paid retention that nobody writes to, and one that scales by itself; the first of them."""
    kinesis = place.client("kinesis")
    identities = []
    for name, asked, mode, shards, hours in (
        ("clicks", {"ShardCount": 4}, "PROVISIONED", 4, 168),
        ("telemetry", {"StreamModeDetails": {"StreamMode": "ON_DEMAND"}}, "ON_DEMAND", 4, 24),
    ):
        kinesis.create_stream(StreamName=name, **asked)
        if hours > 24:
            kinesis.increase_stream_retention_period(StreamName=name, RetentionPeriodHours=hours)
        made = kinesis.describe_stream_summary(StreamName=name)["StreamDescriptionSummary"]
        identities.append(made["StreamARN"])
        place.plant(
            "kinesis_streams", made["StreamARN"], StreamName=name, State="ACTIVE", StreamMode=mode, OpenShards=shards,
            RetentionHours=hours,
        )
    return identities[0]


def queues(place):
    """One that answers at once, its dead letters, one that waits and keeps the order, one that is empty; the first of them."""
    sqs, days = place.client("sqs"), 86400
    dead = f"arn:aws:sqs:{place.region}:{place.account}:orders-dead"
    redrive = {"RedrivePolicy": json.dumps({"deadLetterTargetArn": dead, "maxReceiveCount": 5})}
    identities = {}
    for name, asked, wait, kept, messages in (
        ("orders-dead", {"MessageRetentionPeriod": str(14 * days)}, 0, 14 * days, 1),
        ("orders", redrive, 0, 4 * days, 2),
        ("invoices.fifo", {"FifoQueue": "true", "ReceiveMessageWaitTimeSeconds": "20"}, 20, 4 * days, 0),
        ("imports", {}, 0, 4 * days, 0),
    ):
        address = sqs.create_queue(QueueName=name, Attributes=asked)["QueueUrl"]
        for at in range(messages):
            sqs.send_message(QueueUrl=address, MessageBody=f"message {at}")
        told = sqs.get_queue_attributes(QueueUrl=address, AttributeNames=["QueueArn", "CreatedTimestamp"])["Attributes"]
        identities[name] = told["QueueArn"]
        # AWS tells whole seconds.
        made = datetime.fromtimestamp(int(float(told["CreatedTimestamp"])), timezone.utc)
        place.plant(
            "sqs_queues", told["QueueArn"], QueueName=name, ReceiveWaitSeconds=wait, RetentionSeconds=kept, Messages=messages,
            IsDeadLetterQueue=name == "orders-dead", Fifo=name.endswith(".fifo"), CreateTime=written(made),
        )
    return identities["orders"]


def key(place, description, names=(), asked=None, made=None, **columns):
    """A key, and its row with what is done to it afterwards."""
    kms = place.client("kms")
    made = made or kms.create_key(Description=description, **asked or {})["KeyMetadata"]
    for name in names:
        kms.create_alias(AliasName=name, TargetKeyId=made["KeyId"])
    whole = {"State": "Enabled", "Rotations": 0, **columns}
    place.plant(
        "kms_keys", made["Arn"], Description=description, Aliases=len(names), AliasName=min(names, default=None), **whole
    )
    return made["KeyId"]


def keys(place):
    """Rotated with two names, disabled without any, with a copy in another region, for copies but without, about to go."""
    kms, several = place.client("kms"), {"MultiRegion": True}
    kms.rotate_key_on_demand(KeyId=key(place, "payments", ["alias/payments", "alias/billing"], Rotations=1))
    signs = {"KeySpec": "RSA_2048", "KeyUsage": "SIGN_VERIFY"}
    kms.disable_key(KeyId=key(place, "releases", asked=signs, KeyUsage="SIGN_VERIFY", State="Disabled"))
    backups = key(place, "backups", asked=several, MultiRegion=True)
    copy = kms.replicate_key(KeyId=backups, ReplicaRegion=AWAY)["ReplicaKeyMetadata"]
    key(elsewhere(place, AWAY), "backups", made=copy, MultiRegion=True)
    key(place, "nowhere else yet", asked=several, MultiRegion=False)
    ended = key(place, "of a project that ended", ["alias/old"], State="PendingDeletion")
    kms.schedule_key_deletion(KeyId=ended, PendingWindowInDays=30)


def secrets(place):
    """One that nobody reads, one that is rotated, one with a copy in another region, one that is about to go."""
    manager = place.client("secretsmanager")
    for name in ("orders/database", "billing/token", "partner/key", "old/password"):
        copies = {"AddReplicaRegions": [{"Region": AWAY}]} if name == "partner/key" else {}
        manager.create_secret(Name=name, SecretString="not-a-secret", **copies)
    manager.rotate_secret(SecretId="billing/token", RotationRules={"AutomaticallyAfterDays": 30}, RotateImmediately=False)
    manager.delete_secret(SecretId="old/password", RecoveryWindowInDays=30)
    away = elsewhere(place, AWAY)
    listed = [(place, None, manager), (away, place.region, away.client("secretsmanager"))]
    for at, original, client in listed:
        for one in client.list_secrets(IncludePlannedDeletion=True)["SecretList"]:
            name = one["Name"]
            here = {} if name == "old/password" else {"DeletedTime": None}
            at.plant(
                "secrets", one["ARN"], SecretName=name, LastAccessedTime=None, OwningService=None, PrimaryRegion=original,
                RotationEnabled=True if name == "billing/token" else None, CreateTime=written(one["CreatedDate"]),
                LastChangedTime=written(one["LastChangedDate"]), **here,
            )


def plant(place, now, network):
    """Makes all of it, and returns what is measured: a group that is written to, a queue asked in vain, an idle stream."""
    buckets(place)
    file_systems(place, network)
    orders = log_groups(place)
    clicks = streams(place)
    asked = queues(place)
    keys(place)
    secrets(place)
    return [
        ("AWS/Logs", "IncomingBytes", "Bytes", {"LogGroupName": "/aws/lambda/orders"}, orders, lambda at: 40e6 + at),
        ("AWS/SQS", "NumberOfEmptyReceives", "Count", {"QueueName": "orders"}, asked, lambda at: 290.0 + at % 10),
        ("AWS/Kinesis", "IncomingRecords", "Count", {"StreamName": "clicks"}, clicks, lambda at: 0.0),
    ]
