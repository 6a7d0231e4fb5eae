"""Cloud Control, which moto has not: the same few resources of the invented company (populate.py) at every time.

Knows: what ListResources and GetResource answer for the types that surgeon asks for, in one account and region. A list tells whole
properties of desktops, and of the other types only what names them, as the lists behind them do. Endpoints come in two pages; a job is
listed and gone when it is read; the types of UNLISTED are refused, as they are by AWS. Everything else is empty.
"""

import json

SERVICES = {"CloudApiService"}
ACCOUNT, REGION = "123456789012", "eu-west-1"
# Types of CloudFormation that Cloud Control knows and cannot list: their schemas have no handlers.
UNLISTED = {"AWS::FSx::FileSystem", "AWS::EMR::Cluster", "AWS::Glue::DevEndpoint"}
PAGE = {"AWS::SageMaker::Endpoint": 2}
# Listed, and gone when it is read.
GONE = "imported-once"

ENDPOINT, CONFIGURATION = "AWS::SageMaker::Endpoint", "AWS::SageMaker::EndpointConfig"
NOTEBOOK, DESKTOP = "AWS::SageMaker::NotebookInstance", "AWS::WorkSpaces::Workspace"
KAFKA, BROKER = "AWS::MSK::Cluster", "AWS::AmazonMQ::Broker"
JOB, PLAN = "AWS::Glue::Job", "AWS::Backup::BackupPlan"
# What a list tells of them.
LISTED = {
    ENDPOINT: ["EndpointArn"], CONFIGURATION: ["EndpointConfigArn"], NOTEBOOK: ["NotebookInstanceArn"], KAFKA: ["Arn"],
    BROKER: ["Id"], JOB: ["Name"], PLAN: ["BackupPlanId"],
}


def arn(service, resource):
    return f"arn:aws:{service}:{REGION}:{ACCOUNT}:{resource}"


def sagemaker(kind, name):
    """SageMaker writes names in small letters there."""
    return arn("sagemaker", f"{kind}/{name.lower()}")


# Name: configuration. Names of configurations have small letters here: a recording gives a name and its ARN of small letters two pseudonyms.
ENDPOINTS = {"Ranking": "ranking-7", "churn-old": "churn-1", "transcripts": "transcripts-2", "translate": "translate-1"}
# Name: variants, and what the whole configuration has besides.
CONFIGURATIONS = {
    "ranking-6": ([{"VariantName": "main", "ModelName": "ranking-6", "InstanceType": "ml.g5.xlarge", "InitialInstanceCount": 2}], {}),
    "ranking-7": (
        [
            {"VariantName": "main", "ModelName": "ranking-7", "InstanceType": "ml.g5.xlarge", "InitialInstanceCount": 2},
            {"VariantName": "trial", "ModelName": "ranking-8", "InstanceType": "ml.g5.xlarge", "InitialInstanceCount": 1},
        ],
        {},
    ),
    "churn-1": ([{"VariantName": "AllTraffic", "ModelName": "churn", "InstanceType": "ml.m5.large", "InitialInstanceCount": 1}], {}),
    "transcripts-2": (
        [{"VariantName": "AllTraffic", "ModelName": "transcripts", "InstanceType": "ml.m5.large", "InitialInstanceCount": 1}],
        {"AsyncInferenceConfig": {"OutputConfig": {"S3OutputPath": "s3://acme-audit-logs/transcripts"}}},
    ),
    "translate-1": (
        [{"VariantName": "AllTraffic", "ModelName": "translate", "ServerlessConfig": {"MemorySizeInMB": 2048, "MaxConcurrency": 5}}],
        {},
    ),
}
# Name: type, lifecycle configuration.
NOTEBOOKS = {"alice": ("ml.t3.xlarge", None), "bob": ("ml.t3.medium", "stop-when-idle")}
# Id: running mode, compute type.
DESKTOPS = {
    "ws-0000000a1": ("ALWAYS_ON", "STANDARD"), "ws-0000000a2": ("ALWAYS_ON", "POWER"), "ws-0000000a3": ("AUTO_STOP", "VALUE"),
}
# Name: the end of its ARN, brokers, type.
CLUSTERS = {
    "events": ("0b6f6a2e-7f61-4c0c-9d6f-1f8a3c5d7e90-4", 3, "kafka.m7g.large"),
    "events-old": ("5d1c0a77-2f7e-4b1d-8a55-64e0c1b7a2f3-4", 2, "kafka.m5.large"),
}
# Name: id, engine, deployment, type.
BROKERS = {
    "trades": ("b-1a2b3c4d-0001-4000-8000-000000000001", "ACTIVEMQ", "ACTIVE_STANDBY_MULTI_AZ", "mq.m5.large"),
    "mail-old": ("b-1a2b3c4d-0002-4000-8000-000000000002", "RABBITMQ", "SINGLE_INSTANCE", "mq.m5.large"),
}
# Name: properties besides name and role.
JOBS = {
    "nightly": {"Command": {"Name": "glueetl"}, "GlueVersion": "4.0", "WorkerType": "G.1X", "NumberOfWorkers": 10},
    "hourly": {
        "Command": {"Name": "glueetl"}, "GlueVersion": "4.0", "WorkerType": "G.1X", "NumberOfWorkers": 4, "ExecutionClass": "FLEX",
    },
    "rates": {"Command": {"Name": "pythonshell"}, "GlueVersion": "3.0", "MaxCapacity": 0.0625},
    GONE: {"Command": {"Name": "glueetl"}},
}
# Id: name, rules.
PLANS = {
    "6f0c3b1e-0001-4000-8000-00000000000a": (
        "everything",
        [
            {
                "RuleName": "daily", "TargetBackupVault": "Default", "ScheduleExpression": "cron(0 3 ? * * *)",
                "Lifecycle": {"DeleteAfterDays": 35},
                "CopyActions": [{"DestinationBackupVaultArn": f"arn:aws:backup:us-east-1:{ACCOUNT}:backup-vault:Far"}],
            },
            {"RuleName": "monthly", "TargetBackupVault": "Default", "ScheduleExpression": "cron(0 3 1 * ? *)"},
        ],
    ),
}


def broker_arn(name):
    return arn("mq", f"broker:{name}:{BROKERS[name][0]}")


def everything():
    """Type: identifier: properties."""
    role = f"arn:aws:iam::{ACCOUNT}:role/service"
    notebooks = {}
    for name, (kind, script) in NOTEBOOKS.items():
        told = {"NotebookInstanceArn": sagemaker("notebook-instance", name), "NotebookInstanceName": name, "InstanceType": kind}
        notebooks[told["NotebookInstanceArn"]] = {**told, "RoleArn": role, **({"LifecycleConfigName": script} if script else {})}
    return {
        ENDPOINT: {
            sagemaker("endpoint", name): {
                "EndpointArn": sagemaker("endpoint", name), "EndpointName": name, "EndpointConfigName": configuration, "Tags": [],
            }
            for name, configuration in ENDPOINTS.items()
        },
        CONFIGURATION: {
            sagemaker("endpoint-config", name): {
                "EndpointConfigArn": sagemaker("endpoint-config", name), "EndpointConfigName": name, "ProductionVariants": told, **more,
            }
            for name, (told, more) in CONFIGURATIONS.items()
        },
        NOTEBOOK: notebooks,
        DESKTOP: {
            name: {
                "WorkspaceId": name, "BundleId": "wsb-0zsvgp8fc", "DirectoryId": "d-926722edaf", "UserName": f"user-{name[-1]}",
                "WorkspaceProperties": {"RunningMode": mode, "ComputeTypeName": compute, "RootVolumeSizeGib": 80},
            }
            for name, (mode, compute) in DESKTOPS.items()
        },
        KAFKA: {
            arn("kafka", f"cluster/{name}/{end}"): {
                "Arn": arn("kafka", f"cluster/{name}/{end}"), "ClusterName": name, "NumberOfBrokerNodes": brokers,
                "BrokerNodeGroupInfo": {"InstanceType": kind, "ClientSubnets": ["subnet-0a", "subnet-0b"]},
            }
            for name, (end, brokers, kind) in CLUSTERS.items()
        },
        BROKER: {
            identity: {
                "Id": identity, "Arn": broker_arn(name), "BrokerName": name, "EngineType": engine, "DeploymentMode": mode,
                "HostInstanceType": kind, "PubliclyAccessible": False,
            }
            for name, (identity, engine, mode, kind) in BROKERS.items()
        },
        JOB: {name: {"Name": name, "Role": role, **told} for name, told in JOBS.items()},
        PLAN: {
            identity: {
                "BackupPlanId": identity, "BackupPlanArn": arn("backup", f"backup-plan:{identity}"),
                "BackupPlan": {"BackupPlanName": name, "BackupPlanRule": rules},
            }
            for identity, (name, rules) in PLANS.items()
        },
    }


def refusal(code, message):
    return 400, {"__type": code, "Message": message}


def described(identifier, properties):
    return {"Identifier": identifier, "Properties": json.dumps(properties)}


def answer(service, operation, account, region, asked):
    """Status and body of an answer, as JSON on the wire."""
    kind, action = asked.get("TypeName", ""), {"ListResources": "LIST", "GetResource": "READ"}.get(operation)
    everywhere = everything()
    if action is None:
        return refusal("InvalidRequestException", f"{operation} is not here")
    if kind in UNLISTED:
        return refusal("UnsupportedActionException", f"Resource type {kind} does not support {action} action")
    if kind not in everywhere:
        return refusal("TypeNotFoundException", f"The type '{kind}' cannot be found.")
    there = everywhere[kind] if (account, region) == (ACCOUNT, REGION) else {}
    if action == "READ":
        identifier = asked.get("Identifier")
        if identifier not in there or identifier == GONE:
            return refusal("ResourceNotFoundException", f"Resource of type '{kind}' with identifier '{identifier}' was not found.")
        return 200, {"TypeName": kind, "ResourceDescription": described(identifier, there[identifier])}
    first, size = int(asked.get("NextToken") or 0), PAGE.get(kind, len(there))
    told = list(there.items())
    shown = [
        described(identifier, {name: whole[name] for name in LISTED.get(kind, whole)})
        for identifier, whole in told[first : first + size]
    ]
    more = {"NextToken": str(first + size)} if first + size < len(told) else {}
    return 200, {"TypeName": kind, "ResourceDescriptions": shown, **more}


def plant(place, now, network):
    """Rows of what the account of populate.py has there, and the metrics of it."""
    for name, configuration in ENDPOINTS.items():
        told, more = CONFIGURATIONS[configuration]
        for one in told:
            place.plant(
                "sagemaker_endpoints", sagemaker("endpoint", name), EndpointName=name, VariantName=one["VariantName"],
                ModelName=one["ModelName"], InstanceType=one.get("InstanceType"), InitialInstances=one.get("InitialInstanceCount"),
                Serverless="ServerlessConfig" in one, Asynchronous="AsyncInferenceConfig" in more,
            )
    for name, (kind, script) in NOTEBOOKS.items():
        place.plant(
            "sagemaker_notebooks", sagemaker("notebook-instance", name), NotebookInstanceName=name, InstanceType=kind,
            HasLifecycleConfig=script is not None,
        )
    for name, (mode, compute) in DESKTOPS.items():
        place.plant("workspaces", arn("workspaces", f"workspace/{name}"), WorkspaceId=name, RunningMode=mode, ComputeTypeName=compute)
    for name, (end, brokers, kind) in CLUSTERS.items():
        for number in range(1, brokers + 1):
            place.plant(
                "msk_brokers", arn("kafka", f"cluster/{name}/{end}"), ClusterName=name, BrokerId=number, Brokers=brokers,
                InstanceType=kind,
            )
    for name, (_, engine, mode, kind) in BROKERS.items():
        ends = {"RABBITMQ": [""], "ACTIVEMQ": ["-1", "-2"]}[engine]
        for end in ends if mode != "SINGLE_INSTANCE" else ends[:1]:
            place.plant(
                "mq_brokers", broker_arn(name), BrokerName=name, BrokerInstance=name + end, EngineType=engine, DeploymentMode=mode,
                InstanceType=kind,
            )
    for name, told in JOBS.items():
        if name != GONE:
            place.plant(
                "glue_jobs", arn("glue", f"job/{name}"), JobName=name, JobCommand=told["Command"]["Name"],
                GlueVersion=told["GlueVersion"], WorkerType=told.get("WorkerType"), ExecutionClass=told.get("ExecutionClass", "STANDARD"),
            )
    for identity, (plan, rules) in PLANS.items():
        for rule in rules:
            place.plant(
                "backup_plan_rules", arn("backup", f"backup-plan:{identity}"), BackupPlanName=plan, RuleName=rule["RuleName"],
                ScheduleExpression=rule["ScheduleExpression"], HasExpiry="Lifecycle" in rule,
                CopiesWithoutExpiry=len(rule.get("CopyActions", [])),
            )
    ranking, churn = sagemaker("endpoint", "Ranking"), sagemaker("endpoint", "churn-old")
    of_ranking = {"EndpointName": "Ranking", "VariantName": "main"}
    of_churn = {"EndpointName": "churn-old", "VariantName": "AllTraffic"}
    used, unused = (arn("workspaces", f"workspace/{name}") for name in list(DESKTOPS)[:2])
    events, old = (arn("kafka", f"cluster/{name}/{end}") for name, (end, _, _) in CLUSTERS.items())
    instances = "/aws/sagemaker/Endpoints"
    return [
        ("AWS/SageMaker", "Invocations", "None", of_ranking, ranking, lambda at: 40.0 + at % 8),
        (instances, "CPUUtilization", "Percent", of_ranking, ranking, lambda at: 55.0 + at % 8),
        # Nothing asks it: there is no point of Invocations.
        (instances, "CPUUtilization", "Percent", of_churn, churn, lambda at: 0.5),
        # Eight hours of each day.
        ("AWS/WorkSpaces", "UserConnected", "Count", {"WorkspaceId": "ws-0000000a1"}, used, lambda at: float(at % 288 < 96)),
        ("AWS/WorkSpaces", "UserConnected", "Count", {"WorkspaceId": "ws-0000000a2"}, unused, lambda at: 0.0),
        *(
            ("AWS/Kafka", name, "None", {"Cluster Name": "events", "Broker ID": "2"}, events, lambda at: 250e3 + at % 16)
            for name in ("BytesInPerSec", "BytesOutPerSec")
        ),
        *(
            ("AWS/Kafka", name, "None", {"Cluster Name": "events-old", "Broker ID": number}, old, lambda at: 64.0)
            for name in ("BytesInPerSec", "BytesOutPerSec") for number in ("1", "2")
        ),
        ("AWS/AmazonMQ", "CurrentConnectionsCount", "Count", {"Broker": "trades-1"}, broker_arn("trades"), lambda at: 12.0 + at % 4),
        ("AWS/AmazonMQ", "ConnectionCount", "Count", {"Broker": "mail-old"}, broker_arn("mail-old"), lambda at: 0.0),
        ("AWS/AmazonMQ", "MessageCount", "Count", {"Broker": "mail-old"}, broker_arn("mail-old"), lambda at: 0.0),
    ]
