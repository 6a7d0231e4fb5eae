//! Logs, streams, queues, keys and secrets.

inventory! {
    /// Groups of CloudWatch Logs.
    LOG_GROUPS LogGroup "log_groups" "CloudWatch Logs group" {
        group "LogGroupName" Text "" "Its name.",
        class "LogGroupClass" Text "" "STANDARD, INFREQUENT_ACCESS, DELIVERY.",
        retention "RetentionDays" Integer "days" "Days that events are kept; null: for ever.",
        kept_for_ever "NeverExpires" Boolean "" "Whether nothing of it expires.",
        stored "StoredBytes" Integer "bytes" "Compressed size of what it keeps, which is what is billed.",
        created "CreateTime" Time "" "When it was made.",
    }

    /// Streams of Kinesis Data Streams.
    KINESIS_STREAMS Stream "kinesis_streams" "Kinesis data stream" {
        stream "StreamName" Text "" "Its name.",
        status "State" Text "" "CREATING, ACTIVE, UPDATING, DELETING.",
        mode "StreamMode" Text "" "PROVISIONED or ON_DEMAND.",
        shards "OpenShards" Integer "shards" "Shards that are open.",
        retention "RetentionHours" Integer "hours" "Hours that records are kept; 24 are included.",
        consumers "EnhancedFanOutConsumers" Integer "consumers" "Consumers with throughput of their own.",
        created "CreateTime" Time "" "When it was made.",
    }

    /// Queues of SQS.
    SQS_QUEUES Queue "sqs_queues" "SQS queue" {
        queue "QueueName" Text "" "Its name.",
        wait "ReceiveWaitSeconds" Integer "seconds" "How long a receive waits for a message unless it says otherwise; 0: it answers at once.",
        retention "RetentionSeconds" Integer "seconds" "How long a message is kept.",
        messages "Messages" Integer "messages" "About how many wait, as of the question.",
        dead_letters "IsDeadLetterQueue" Boolean "" "Whether other queues of this account send it what they could not deliver.",
        fifo "Fifo" Boolean "" "Whether it keeps the order.",
        created "CreateTime" Time "" "When it was made.",
    }

    /// Keys of KMS that the account manages itself.
    KMS_KEYS Key "kms_keys" "KMS key that the account manages" {
        state "State" Text "" "Enabled, Disabled, PendingDeletion, PendingImport, Unavailable.",
        created "CreateTime" Time "" "When it was made.",
        usage "KeyUsage" Text "" "ENCRYPT_DECRYPT, SIGN_VERIFY, GENERATE_VERIFY_MAC, KEY_AGREEMENT.",
        aliases "Aliases" Integer "aliases" "Names that lead to it.",
        alias "AliasName" Text "" "The first of them.",
        description "Description" Text "" "What its maker wrote.",
        rotations "Rotations" Integer "rotations" "How often its material was rotated: the first two are paid by the month as well.",
        multi_region "MultiRegion" Boolean "" "Whether it has copies in other regions.",
    }

    /// Secrets of Secrets Manager.
    SECRETS Secret "secrets" "Secrets Manager secret" {
        secret "SecretName" Text "" "Its name.",
        created "CreateTime" Time "" "When it was made.",
        accessed "LastAccessedTime" Time "" "Day of its last use; null: never.",
        changed "LastChangedTime" Time "" "When it was last changed.",
        rotated "RotationEnabled" Boolean "" "Whether it is rotated by itself.",
        deleted "DeletedTime" Time "" "When its deletion was asked for; null: it was not.",
        owner "OwningService" Text "" "Service of AWS that manages it; null: none.",
        replica "PrimaryRegion" Text "" "Region of its original, where it is replicated.",
    }
}
