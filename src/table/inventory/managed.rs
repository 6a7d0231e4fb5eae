//! Services that run something for their users: models, notebooks, desktops, brokers, jobs, backups.

inventory! {
    /// Endpoints of SageMaker: a row for each variant, which is what has instances.
    SAGEMAKER_ENDPOINTS ModelVariant "sagemaker_endpoints" "production variant of a SageMaker endpoint" {
        endpoint "EndpointName" Text "" "Name of the endpoint, as it was written: its ARN has small letters only.",
        variant "VariantName" Text "" "Name of the variant; null: the configuration could not be read.",
        model "ModelName" Text "" "Model that it serves; null: models are placed on it as inference components.",
        instance_type "InstanceType" Text "" "Type of its instances, such as ml.g5.xlarge; null: it has none, or pools of several types.",
        instances "InitialInstances" Integer "instances" "Instances that it began with; scaling may have changed them.",
        serverless "Serverless" Boolean "" "Whether it runs without instances.",
        asynchronous "Asynchronous" Boolean "" "Whether the endpoint takes requests from a queue: its metrics are others.",
    }

    /// Notebook instances of SageMaker.
    SAGEMAKER_NOTEBOOKS Notebook "sagemaker_notebooks" "SageMaker notebook instance" {
        notebook "NotebookInstanceName" Text "" "Its name.",
        instance_type "InstanceType" Text "" "Its type, such as ml.t3.medium.",
        lifecycle "HasLifecycleConfig" Boolean "" "Whether a script runs when it starts, which may stop it when it is idle.",
    }

    /// Personal desktops of WorkSpaces.
    WORKSPACES Workspace "workspaces" "personal desktop of WorkSpaces" {
        workspace "WorkspaceId" Text "" "Its id, such as ws-0abc.",
        mode "RunningMode" Text "" "ALWAYS_ON (charged by the month), AUTO_STOP (by the hour), MANUAL (by another desktop service).",
        compute "ComputeTypeName" Text "" "VALUE, STANDARD, PERFORMANCE, POWER, POWERPRO, GRAPHICS_G4DN, …",
    }

    /// Brokers of provisioned MSK clusters.
    MSK_BROKERS KafkaBroker "msk_brokers" "broker of a provisioned MSK cluster" {
        cluster "ClusterName" Text "" "Name of the cluster; the id is the cluster's.",
        broker "BrokerId" Integer "" "Number of the broker, as CloudWatch has it: they count from 1.",
        brokers "Brokers" Integer "brokers" "Brokers of the cluster.",
        instance_type "InstanceType" Text "" "Type of each, such as kafka.m7g.large or express.m7g.large.",
    }

    /// Brokers of Amazon MQ: two rows where a second instance stands by, as CloudWatch names them.
    MQ_BROKERS MessageBroker "mq_brokers" "Amazon MQ broker (ActiveMQ: each of its instances)" {
        name "BrokerName" Text "" "Name of the broker.",
        dimension "BrokerInstance" Text "" "Name in CloudWatch: that of the broker, for ActiveMQ with -1 or -2 behind it.",
        engine "EngineType" Text "" "ACTIVEMQ or RABBITMQ.",
        mode "DeploymentMode" Text "" "SINGLE_INSTANCE, ACTIVE_STANDBY_MULTI_AZ, CLUSTER_MULTI_AZ.",
        instance_type "InstanceType" Text "" "Type of its instances, such as mq.m5.large.",
    }

    /// Jobs of Glue.
    GLUE_JOBS GlueJob "glue_jobs" "Glue job" {
        job "JobName" Text "" "Its name.",
        command "JobCommand" Text "" "glueetl (Spark), gluestreaming, pythonshell, glueray.",
        version "GlueVersion" Text "" "Version of Glue, such as 4.0.",
        worker_type "WorkerType" Text "" "G.1X, G.2X, …; null: capacity is set in another way.",
        class "ExecutionClass" Text "" "STANDARD or FLEX; a job that states none is STANDARD.",
    }

    /// Rules of AWS Backup's plans.
    BACKUP_PLAN_RULES BackupRule "backup_plan_rules" "rule of an AWS Backup plan" {
        plan "BackupPlanName" Text "" "Name of the plan; the id is the plan's.",
        rule "RuleName" Text "" "Name of the rule; null: the plan could not be read.",
        schedule "ScheduleExpression" Text "" "When it runs, such as cron(0 5 ? * * *); null: at five in the morning, UTC.",
        expires "HasExpiry" Boolean "" "Whether its backups are deleted after a number of days.",
        copies "CopiesWithoutExpiry" Integer "copies" "Copies to other vaults that are never deleted.",
    }
}
