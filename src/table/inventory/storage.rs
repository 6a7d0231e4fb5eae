//! Volumes, snapshots, buckets and file systems.

inventory! {
    /// Volumes of EBS.
    EBS_VOLUMES Volume "ebs_volumes" "EBS volume" {
        volume_type "VolumeType" Text "" "gp3, gp2, io1, io2, st1, sc1, standard.",
        size "SizeGiB" Exact "GiB" "Size.",
        iops "Iops" Exact "IOPS" "Operations a second that it is made for; null for types without.",
        throughput "ThroughputMiBps" Exact "MiB/s" "Throughput that it is made for; gp3 only.",
        state "State" Text "" "creating, available, in-use, deleting, error.",
        created "CreateTime" Time "" "When it was made.",
        snapshot "SnapshotId" Text "" "Snapshot that it was made from.",
        instance "InstanceId" Text "" "Instance that it is attached to; null: none.",
        attached "AttachTime" Time "" "When it was attached.",
        device "Device" Text "" "Name of the device on that instance.",
        ends_with_instance "DeleteOnTermination" Boolean "" "Whether it goes when the instance is ended.",
        attachments "Attachments" Integer "attachments" "To how many instances it is attached; 0: none.",
        zone "AvailabilityZone" Text "" "Availability zone.",
        name "Name" Text "" "Its tag Name.",
    }

    /// Snapshots of EBS that the account owns.
    EBS_SNAPSHOTS Snapshot "ebs_snapshots" "EBS snapshot that the account owns" {
        volume "VolumeId" Text "" "Volume that it was taken of; vol-ffffffff: of none.",
        size "VolumeSizeGiB" Exact "GiB" "Size of that volume; what is billed are the blocks that changed.",
        begun "StartTime" Time "" "When it was begun.",
        state "State" Text "" "pending, completed, error, recoverable, recovering.",
        tier "StorageTier" Text "" "standard or archive.",
        description "Description" Text "" "What its maker wrote; images leave their id.",
        full_size "FullSnapshotSizeGiB" Exact "GiB" "All blocks that it holds, shared ones included.",
        name "Name" Text "" "Its tag Name.",
    }

    /// Snapshots that are restored fast, by zone.
    EBS_FAST_RESTORES FastRestore "ebs_fast_restores" "EBS snapshot × zone with fast restore" {
        zone "AvailabilityZone" Text "" "Availability zone.",
        state "State" Text "" "enabling, optimizing, enabled, disabling.",
        enabled "EnabledTime" Time "" "When it was enabled.",
    }

    /// Buckets of S3.
    S3_BUCKETS Bucket "s3_buckets" "S3 bucket" {
        created "CreateTime" Time "" "When it was made.",
        versioning "Versioning" Text "" "Enabled or Suspended; null: never switched on.",
        lifecycle_rules "LifecycleRules" Integer "rules" "Rules that are enabled; 0: none.",
        moves "MovesObjects" Boolean "" "Whether a rule moves current objects to another class.",
        expires "ExpiresObjects" Boolean "" "Whether a rule deletes current objects.",
        ends_versions "EndsNoncurrentVersions" Boolean "" "Whether a rule deletes or moves versions that are no longer current.",
        aborts_uploads "AbortsMultipartUploads" Boolean "" "Whether a rule aborts uploads that are never finished.",
        abort_days "AbortMultipartDays" Integer "days" "After how many days, the fewest.",
        tiering "IntelligentTieringConfigurations" Integer "configurations" "Archive configurations of Intelligent-Tiering.",
        uploads "MultipartUploads" Integer "uploads" "Multipart uploads that are not finished, of the first thousand.",
        oldest_upload "OldestMultipartUpload" Time "" "When the oldest of them was begun.",
    }

    /// File systems of EFS.
    EFS_FILE_SYSTEMS FileSystem "efs_file_systems" "EFS file system" {
        file_system "FileSystemId" Text "" "Its id.",
        state "State" Text "" "creating, available, updating, deleting, deleted, error.",
        created "CreateTime" Time "" "When it was made.",
        size "SizeBytes" Integer "bytes" "Metered size, all classes together.",
        standard "StandardBytes" Integer "bytes" "Metered size in the Standard class.",
        infrequent "InfrequentAccessBytes" Integer "bytes" "Metered size in Infrequent Access.",
        archive "ArchiveBytes" Integer "bytes" "Metered size in Archive.",
        throughput_mode "ThroughputMode" Text "" "bursting, provisioned, elastic.",
        provisioned "ProvisionedThroughputMiBps" Exact "MiB/s" "Throughput that is provisioned and paid for.",
        moves "MovesFiles" Boolean "" "Whether files that nobody reads move to a cheaper class.",
        mount_targets "MountTargets" Integer "mount targets" "Mount targets.",
        one_zone "AvailabilityZone" Text "" "Zone of a One Zone file system; null: regional.",
        name "Name" Text "" "Its tag Name.",
    }
}
