//! Machines, groups of them, functions, containers and their images.

inventory! {
    /// Instances of EC2.
    EC2_INSTANCES Instance "ec2_instances" "EC2 instance" {
        instance_type "InstanceType" Text "" "Its type.",
        state "State" Text "" "pending, running, stopping, stopped, shutting-down, terminated.",
        launched "LaunchTime" Time "" "When it was last started.",
        changed "StateChangedTime" Time "" "When a user last stopped or ended it, as the reason of its state says.",
        platform "PlatformDetails" Text "" "Operating system and licence, as it is billed: Linux/UNIX, Windows, …",
        operation "UsageOperation" Text "" "Operation of its charges, such as RunInstances:0002.",
        lifecycle "Lifecycle" Text "" "spot, scheduled, capacity-block; null: on demand.",
        tenancy "Tenancy" Text "" "default, dedicated, host.",
        zone "AvailabilityZone" Text "" "Availability zone.",
        vpc "VpcId" Text "" "Its VPC.",
        image "ImageId" Text "" "Image that it was started from.",
        architecture "Architecture" Text "" "x86_64, arm64, i386.",
        virtual_cpus "Vcpus" Integer "vCPU" "Virtual processors: cores × threads per core.",
        detailed_monitoring "DetailedMonitoring" Boolean "" "Whether CloudWatch is paid for metrics of every minute.",
        ebs_optimized "EbsOptimized" Boolean "" "Whether it has bandwidth of its own to EBS.",
        auto_scaling_group "AutoScalingGroupName" Text "" "Group that started it (tag aws:autoscaling:groupName).",
        name "Name" Text "" "Its tag Name.",
    }

    /// Images that the account owns, one row for each snapshot behind them.
    EC2_IMAGES Image "ec2_images" "image that the account owns × snapshot behind it" {
        snapshot "SnapshotId" Text "" "Snapshot behind it.",
        created "CreateTime" Time "" "When it was made.",
        launched "LastLaunchedTime" Time "" "When an instance was last started from it, with a day's delay; null: never since 2017.",
        state "State" Text "" "available, pending, failed, disabled, deregistered.",
        name "Name" Text "" "Its name.",
    }

    /// Dedicated hosts.
    EC2_HOSTS Host "ec2_hosts" "Dedicated Host" {
        state "State" Text "" "available, under-assessment, permanent-failure, released, …",
        instance_type "InstanceType" Text "" "The one type that it takes; null: those of its family.",
        family "InstanceFamily" Text "" "Family that it takes.",
        allocated "AllocationTime" Time "" "When it was allocated.",
        instances "Instances" Integer "instances" "Instances on it.",
        zone "AvailabilityZone" Text "" "Availability zone.",
        name "Name" Text "" "Its tag Name.",
    }

    /// Auto Scaling groups.
    AUTO_SCALING_GROUPS AutoScalingGroup "auto_scaling_groups" "Auto Scaling group" {
        group "AutoScalingGroupName" Text "" "Its name.",
        created "CreateTime" Time "" "When it was made.",
        least "MinSize" Integer "instances" "Fewest instances.",
        most "MaxSize" Integer "instances" "Most instances.",
        desired "DesiredCapacity" Integer "instances" "Instances that it is to have.",
        instances "Instances" Integer "instances" "Instances that it has.",
        in_service "InstancesInService" Integer "instances" "Those that are healthy and in service.",
        instance_types "InstanceTypes" Text "" "Types of its instances, sorted, joined by a space.",
        zones "Zones" Integer "zones" "Availability zones that it may use.",
        policies "ScalingPolicies" Integer "policies" "Policies that change its size by themselves.",
        schedules "ScheduledActions" Integer "actions" "Actions that change its size at set times.",
        target_groups "TargetGroups" Integer "target groups" "Target groups and Classic balancers that it fills.",
        on_demand_percent "OnDemandPercentageAboveBase" Integer "percent" "Share on demand above the base, where instances are mixed; null: none are mixed.",
        suspended "SuspendedProcesses" Text "" "Processes that somebody suspended, sorted, joined by a space.",
        name "Name" Text "" "Its tag Name.",
    }

    /// Functions of Lambda.
    LAMBDA_FUNCTIONS Function "lambda_functions" "Lambda function" {
        function "FunctionName" Text "" "Its name.",
        runtime "Runtime" Text "" "nodejs22.x, python3.13, …; null: an image.",
        architecture "Architecture" Text "" "x86_64 or arm64.",
        memory "MemorySizeMiB" Integer "MiB" "Memory that it has; processors come with it.",
        storage "EphemeralStorageMiB" Integer "MiB" "Disk that it has; 512 are free.",
        timeout "TimeoutSeconds" Integer "seconds" "When a run is stopped.",
        modified "LastModifiedTime" Time "" "When it was last changed.",
        package_type "PackageType" Text "" "Zip or Image.",
        code_size "CodeSizeBytes" Integer "bytes" "Size of its code.",
        provisioned "ProvisionedConcurrency" Integer "executions" "Executions that are kept ready and paid for, of all versions; 0: none.",
        snap_start "SnapStart" Boolean "" "Whether published versions start from a snapshot.",
    }

    /// Services of ECS.
    ECS_SERVICES Service "ecs_services" "ECS service" {
        service "ServiceName" Text "" "Its name.",
        cluster "ClusterName" Text "" "Cluster that it runs in.",
        status "State" Text "" "ACTIVE, DRAINING, INACTIVE.",
        launch_type "LaunchType" Text "" "FARGATE, EC2, EXTERNAL; null: by the strategy of capacity providers.",
        providers "CapacityProviders" Text "" "Capacity providers, sorted, joined by a space.",
        desired "DesiredTasks" Integer "tasks" "Tasks that it is to have.",
        running "RunningTasks" Integer "tasks" "Tasks that run.",
        cpu "TaskCpuUnits" Integer "CPU units" "Processor of a task, 1024 units are a vCPU.",
        memory "TaskMemoryMiB" Integer "MiB" "Memory of a task.",
        architecture "Architecture" Text "" "X86_64 or ARM64.",
        operating_system "OperatingSystemFamily" Text "" "LINUX, WINDOWS_SERVER_2022_CORE, …; null: not stated, which is Linux.",
        created "CreateTime" Time "" "When it was made.",
        deployed "DeployedTime" Time "" "When its present deployment began; null: ECS does not deploy it.",
        scaling_policies "ScalingPolicies" Integer "policies" "Policies of Application Auto Scaling on its number of tasks.",
        scales_on "ScalesOn" Text "" "What those policies hold level, in AWS's words (ECSServiceAverageCPUUtilization, …), sorted, joined by a space; CustomMetric: something else; StepScaling, PredictiveScaling: by policies of that kind.",
        least "MinTasks" Integer "tasks" "Fewest tasks that Application Auto Scaling keeps.",
        most "MaxTasks" Integer "tasks" "Most.",
        target_groups "TargetGroups" Integer "target groups" "Target groups and Classic balancers that it fills.",
    }

    /// Tasks that ECS runs for its services.
    ECS_TASKS Task "ecs_tasks" "task of a service of ECS that runs" {
        service_arn "ServiceArn" Text "" "The service that it is of: ResourceId of ecs_services.",
        service "ServiceName" Text "" "Its name.",
        cluster "ClusterName" Text "" "Cluster that it runs in.",
    }

    /// Clusters of EKS.
    EKS_CLUSTERS Cluster "eks_clusters" "EKS cluster" {
        cluster "ClusterName" Text "" "Its name.",
        status "State" Text "" "CREATING, ACTIVE, DELETING, FAILED, UPDATING, PENDING.",
        version "Version" Text "" "Kubernetes version, such as 1.33.",
        support "SupportType" Text "" "STANDARD or EXTENDED: what happens when standard support ends.",
        created "CreateTime" Time "" "When it was made.",
        node_groups "NodeGroups" Integer "node groups" "Managed node groups.",
        nodes "DesiredNodes" Integer "nodes" "Nodes that those are to have.",
        fargate_profiles "FargateProfiles" Integer "profiles" "Fargate profiles.",
        auto_mode "AutoMode" Boolean "" "Whether EKS itself starts nodes.",
    }

    /// Repositories of ECR.
    ECR_REPOSITORIES Repository "ecr_repositories" "ECR repository" {
        repository "RepositoryName" Text "" "Its name.",
        created "CreateTime" Time "" "When it was made.",
        lifecycle_policy "LifecyclePolicy" Boolean "" "Whether a policy deletes old images.",
        images "Images" Integer "images" "Images in it.",
        size "SizeBytes" Integer "bytes" "Sum of the images' sizes; layers that they share are billed once.",
        untagged "UntaggedImages" Integer "images" "Images without a tag.",
        untagged_size "UntaggedBytes" Integer "bytes" "Sum of their sizes.",
        pushed "LastPushTime" Time "" "When an image was last pushed.",
        pulled "LastPullTime" Time "" "When an image was last pulled, with up to a day's delay; null: never recorded.",
        old_images "OldImages" Integer "images" "Images pushed more than 90 days before as-of and not pulled in those days.",
        old_size "OldBytes" Integer "bytes" "Sum of their sizes.",
    }
}
