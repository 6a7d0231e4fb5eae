//! Services of the long tail, asked through Cloud Control: the same two operations for every type of resource.
//!
//! Knows: types that Cloud Control lists and what their schemas call things. Does not know: what any of it costs, or is used for.
//!
//! A type is here where its schema in CloudFormation's registry has handlers for list and read (read in the copies of
//! terraform-provider-awscc and pulumi-aws-native), and a page reads something of it that neither a bill nor CloudWatch tells. Not here:
//! - FSx file systems and EMR clusters: their types have no handlers, so Cloud Control does not list them.
//! - Hosted zones of Route 53: listed, but without the number of their records.
//! - Web ACLs of WAF: listed, but without what they are bound to; and their metrics have a dimension that is the same for all.
//! - Backup vaults: listed, but without what is in them, and what they cost is on the bill.
//! - Development endpoints of Glue: no schema with handlers was found.
//!
//! No type tells a state or a time of creation. What a list leaves out is read for each resource, one after the other.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_cloudcontrol::Client;
use aws_sdk_cloudcontrol::types::ResourceDescription;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use serde_json::Value;

use crate::collect::ask::{Asked, Call, Collector, Failure, Refusal, pages};
use crate::collect::session::{Session, client};
use crate::table;
use crate::table::inventory::{BackupRule, GlueJob, KafkaBroker, MessageBroker, ModelVariant, Notebook, Workspace};
use crate::table::rows::Rows;

use super::each::closed;
use super::{place, text};

const fn call(operation: &'static str) -> Call {
    // Cloud Control's actions have CloudFormation's prefix (Service Authorization Reference, AWS Cloud Control API).
    Call { service: "cloudformation", operation }
}

const LIST: Call = call("ListResources");
const GET: Call = call("GetResource");

/// What a type's handlers call in the name of whoever asks (handlers in the schemas of CloudFormation's registry).
const fn of(service: &'static str, operation: &'static str) -> Call {
    Call { service, operation }
}

/// One for each table.
pub(in crate::collect) const COLLECTORS: &[Collector] = &[
    Collector::of(&table::SAGEMAKER_ENDPOINTS, &[LIST, GET], |session| Box::pin(endpoints(session))).needing(&[
        of("sagemaker", "DescribeEndpoint"),
        of("sagemaker", "DescribeEndpointConfig"),
        of("sagemaker", "ListEndpointConfigs"),
        of("sagemaker", "ListEndpoints"),
        of("sagemaker", "ListTags"),
    ]),
    Collector::of(&table::SAGEMAKER_NOTEBOOKS, &[LIST, GET], |session| Box::pin(notebooks(session))).needing(&[
        of("sagemaker", "DescribeNotebookInstance"),
        of("sagemaker", "ListNotebookInstances"),
        of("sagemaker", "ListTags"),
    ]),
    Collector::of(&table::WORKSPACES, &[LIST, GET], |session| Box::pin(workspaces(session)))
        .needing(&[of("workspaces", "DescribeTags"), of("workspaces", "DescribeWorkspaces")]),
    Collector::of(&table::MSK_BROKERS, &[LIST, GET], |session| Box::pin(kafka_brokers(session)))
        .needing(&[of("kafka", "DescribeCluster"), of("kafka", "ListClusters")]),
    Collector::of(&table::MQ_BROKERS, &[LIST, GET], |session| Box::pin(message_brokers(session)))
        .needing(&[of("mq", "DescribeBroker"), of("mq", "ListBrokers")]),
    Collector::of(&table::GLUE_JOBS, &[LIST, GET], |session| Box::pin(glue_jobs(session))).needing(&[
        of("glue", "GetJob"),
        of("glue", "GetTags"),
        of("glue", "ListJobs"),
    ]),
    Collector::of(&table::BACKUP_PLAN_RULES, &[LIST, GET], |session| Box::pin(backup_rules(session))).needing(&[
        of("backup", "GetBackupPlan"),
        of("backup", "ListBackupPlans"),
        of("backup", "ListTags"),
    ]),
];

/// A type of resource.
struct Kind {
    name: &'static str,
    /// Properties by which an answer is known to be whole; where a list lacks one of them, each resource is read.
    whole: &'static [&'static str],
}

// Of a list's answer only the identifier is promised. A property whose absence means something needs one here that the service's own
// list lacks: RoleArn of notebooks, Role of jobs.
const ENDPOINT: Kind = Kind { name: "AWS::SageMaker::Endpoint", whole: &["EndpointName", "EndpointConfigName"] };
const CONFIGURATION: Kind = Kind { name: "AWS::SageMaker::EndpointConfig", whole: &["ProductionVariants"] };
const NOTEBOOK: Kind =
    Kind { name: "AWS::SageMaker::NotebookInstance", whole: &["NotebookInstanceName", "InstanceType", "RoleArn"] };
const WORKSPACE: Kind = Kind { name: "AWS::WorkSpaces::Workspace", whole: &["WorkspaceProperties"] };
const KAFKA: Kind =
    Kind { name: "AWS::MSK::Cluster", whole: &["ClusterName", "NumberOfBrokerNodes", "BrokerNodeGroupInfo"] };
const BROKER: Kind = Kind {
    name: "AWS::AmazonMQ::Broker",
    whole: &["Arn", "BrokerName", "DeploymentMode", "EngineType", "HostInstanceType"],
};
const JOB: Kind = Kind { name: "AWS::Glue::Job", whole: &["Command", "Role"] };
const PLAN: Kind = Kind { name: "AWS::Backup::BackupPlan", whole: &["BackupPlan"] };

/// A resource, and what was told of it.
struct Found {
    identifier: String,
    properties: Value,
    /// Whether all of its properties were told: only then one that is not there is none.
    whole: bool,
}

impl Found {
    fn of(told: &ResourceDescription) -> Option<Self> {
        let properties = told.properties().and_then(|written| serde_json::from_str(written).ok());
        Some(Found {
            identifier: text(told.identifier())?,
            properties: properties.unwrap_or(Value::Null),
            whole: false,
        })
    }

    /// Text at a place, such as `/WorkspaceProperties/RunningMode`.
    fn text(&self, at: &str) -> Option<String> {
        text_at(&self.properties, at)
    }
}

fn text_at(properties: &Value, at: &str) -> Option<String> {
    text(properties.pointer(at).and_then(Value::as_str))
}

/// All resources of a type.
async fn resources(session: &Session, kind: &Kind, refused: &mut Vec<Refusal>) -> Vec<Found> {
    let client = client!(session, aws_sdk_cloudcontrol);
    let listed = listed(&client, kind, refused).await;
    read_all(&client, kind, listed, refused).await
}

async fn listed(client: &Client, kind: &Kind, refused: &mut Vec<Refusal>) -> Vec<Found> {
    let (mut all, mut unlisted) = (Vec::new(), Vec::new());
    let sent = client.list_resources().type_name(kind.name).into_paginator().send();
    pages(LIST, sent, &mut unlisted, |page| {
        all.extend(page.resource_descriptions.unwrap_or_default().iter().filter_map(Found::of));
    })
    .await;
    refused.extend(unlisted.into_iter().map(told_by_handler));
    all
}

async fn read_all(client: &Client, kind: &Kind, listed: Vec<Found>, refused: &mut Vec<Refusal>) -> Vec<Found> {
    let mut all = Vec::new();
    for one in listed {
        all.extend(read(client, kind, one, refused).await);
    }
    all
}

/// A resource with all of its properties, or as it was listed where they were refused; `None`: it is gone.
async fn read(client: &Client, kind: &Kind, listed: Found, refused: &mut Vec<Refusal>) -> Option<Found> {
    if kind.whole.iter().all(|name| listed.properties.get(name).is_some()) {
        return Some(Found { whole: true, ..listed });
    }
    if closed(GET, refused) {
        return Some(listed);
    }
    match client.get_resource().type_name(kind.name).identifier(&listed.identifier).send().await {
        Ok(answer) => {
            let told = answer.resource_description().and_then(Found::of);
            Some(told.map_or(listed, |told| Found { whole: !told.properties.is_null(), ..told }))
        }
        // Deleted between the two questions.
        Err(error) if error.code() == Some("ResourceNotFoundException") => None,
        Err(error) => {
            refused.push(told_by_handler(Refusal::of(GET, &error)));
            Some(listed)
        }
    }
}

/// That the service behind it denies is told in the message alone: the code is of Cloud Control.
fn told_by_handler(mut refusal: Refusal) -> Refusal {
    const DENIED: [&str; 2] = ["HandlerErrorCode: AccessDenied", "is not authorized to perform"];
    if DENIED.iter().any(|words| refusal.message.contains(words)) {
        refusal.failure = Failure::Denied;
    }
    refusal
}

async fn endpoints(session: &Session) -> Asked {
    let mut refused = Vec::new();
    let all = resources(session, &ENDPOINT, &mut refused).await;
    let wanted: BTreeSet<String> = all.iter().filter_map(configuration_of).collect();
    let mut configurations = BTreeMap::new();
    if !wanted.is_empty() {
        let client = client!(session, aws_sdk_cloudcontrol);
        // An account keeps the configurations of every deployment: only those in use are read.
        let mut listed = listed(&client, &CONFIGURATION, &mut refused).await;
        listed.retain(|one| wanted.contains(&last_part(&one.identifier)));
        for one in read_all(&client, &CONFIGURATION, listed, &mut refused).await {
            configurations.insert(last_part(&one.identifier), one);
        }
    }
    let rows = all.iter().flat_map(|one| {
        let configuration = configuration_of(one).and_then(|name| configurations.get(&name));
        variants(session, one, configuration)
    });
    Asked { rows: Rows::of(rows.collect()), refused }
}

/// The name of an endpoint's configuration, in small letters as in ARNs of SageMaker.
fn configuration_of(endpoint: &Found) -> Option<String> {
    Some(endpoint.text("/EndpointConfigName")?.to_lowercase())
}

/// A name at the end of an ARN, in small letters.
fn last_part(identifier: &str) -> String {
    identifier.rsplit('/').next().unwrap_or(identifier).to_lowercase()
}

/// One row for each variant; an endpoint whose configuration could not be read has one.
fn variants(session: &Session, endpoint: &Found, configuration: Option<&Found>) -> Vec<ModelVariant> {
    let Some((account, region, id)) = place(session, Some(&endpoint.identifier)) else { return Vec::new() };
    let base =
        ModelVariant { account, region, id, endpoint: endpoint.text("/EndpointName"), ..ModelVariant::default() };
    let Some(configuration) = configuration.filter(|one| one.whole) else { return vec![base] };
    let asynchronous = Some(configuration.properties.get("AsyncInferenceConfig").is_some());
    let told = configuration.properties.get("ProductionVariants").and_then(Value::as_array);
    let rows: Vec<ModelVariant> = told
        .into_iter()
        .flatten()
        .map(|one| ModelVariant {
            variant: text_at(one, "/VariantName"),
            model: text_at(one, "/ModelName"),
            instance_type: text_at(one, "/InstanceType"),
            instances: one.get("InitialInstanceCount").and_then(Value::as_i64),
            serverless: Some(one.get("ServerlessConfig").is_some()),
            asynchronous,
            ..base.clone()
        })
        .collect();
    if rows.is_empty() { vec![base] } else { rows }
}

async fn notebooks(session: &Session) -> Asked {
    let mut refused = Vec::new();
    let all = resources(session, &NOTEBOOK, &mut refused).await;
    Asked { rows: Rows::of(all.iter().filter_map(|one| notebook(session, one)).collect()), refused }
}

fn notebook(session: &Session, one: &Found) -> Option<Notebook> {
    let (account, region, id) = place(session, Some(&one.identifier))?;
    Some(Notebook {
        account,
        region,
        id,
        notebook: one.text("/NotebookInstanceName"),
        instance_type: one.text("/InstanceType"),
        lifecycle: one.whole.then(|| one.text("/LifecycleConfigName").is_some()),
    })
}

async fn workspaces(session: &Session) -> Asked {
    let mut refused = Vec::new();
    let all = resources(session, &WORKSPACE, &mut refused).await;
    Asked { rows: Rows::of(all.iter().filter_map(|one| workspace(session, one)).collect()), refused }
}

fn workspace(session: &Session, one: &Found) -> Option<Workspace> {
    let arn = session.arn("workspaces", &format!("workspace/{}", one.identifier));
    let (account, region, id) = place(session, Some(&arn))?;
    Some(Workspace {
        account,
        region,
        id,
        workspace: Some(one.identifier.clone()),
        mode: one.text("/WorkspaceProperties/RunningMode"),
        compute: one.text("/WorkspaceProperties/ComputeTypeName"),
    })
}

async fn kafka_brokers(session: &Session) -> Asked {
    let mut refused = Vec::new();
    let all = resources(session, &KAFKA, &mut refused).await;
    Asked { rows: Rows::of(all.iter().flat_map(|one| kafka_brokers_of(session, one)).collect()), refused }
}

/// One row for each broker, which is what CloudWatch measures; a cluster that does not say how many it has has one row.
fn kafka_brokers_of(session: &Session, one: &Found) -> Vec<KafkaBroker> {
    let Some((account, region, id)) = place(session, Some(&one.identifier)) else { return Vec::new() };
    let brokers = one.properties.get("NumberOfBrokerNodes").and_then(Value::as_i64).filter(|brokers| *brokers > 0);
    let base = KafkaBroker {
        account,
        region,
        id,
        cluster: one.text("/ClusterName"),
        broker: None,
        brokers,
        instance_type: one.text("/BrokerNodeGroupInfo/InstanceType"),
    };
    let Some(brokers) = brokers else { return vec![base] };
    (1..=brokers).map(|broker| KafkaBroker { broker: Some(broker), ..base.clone() }).collect()
}

async fn message_brokers(session: &Session) -> Asked {
    let mut refused = Vec::new();
    let all = resources(session, &BROKER, &mut refused).await;
    Asked { rows: Rows::of(all.iter().flat_map(|one| message_brokers_of(session, one)).collect()), refused }
}

/// One row for each name that CloudWatch has for it; without its ARN a broker cannot be named as on the bill.
fn message_brokers_of(session: &Session, one: &Found) -> Vec<MessageBroker> {
    let Some((account, region, id)) = place(session, one.text("/Arn").as_deref()) else { return Vec::new() };
    // As they are written differs between the interfaces of Amazon MQ.
    let (engine, mode) = (one.text("/EngineType"), one.text("/DeploymentMode"));
    let base = MessageBroker {
        account,
        region,
        id,
        name: one.text("/BrokerName"),
        dimension: None,
        engine: engine.map(|engine| engine.to_uppercase()),
        mode: mode.map(|mode| mode.to_uppercase()),
        instance_type: one.text("/HostInstanceType"),
    };
    let names = instances(base.name.as_deref(), base.engine.as_deref(), base.mode.as_deref());
    if names.is_empty() {
        return vec![base];
    }
    names.into_iter().map(|name| MessageBroker { dimension: Some(name), ..base.clone() }).collect()
}

/// What CloudWatch calls the instances of a broker (Amazon MQ Developer Guide, dimensions of ActiveMQ and RabbitMQ metrics).
fn instances(name: Option<&str>, engine: Option<&str>, mode: Option<&str>) -> Vec<String> {
    match (name, engine, mode) {
        (Some(name), Some("RABBITMQ"), _) => vec![name.to_owned()],
        (Some(name), Some("ACTIVEMQ"), Some("SINGLE_INSTANCE")) => vec![format!("{name}-1")],
        (Some(name), Some("ACTIVEMQ"), Some("ACTIVE_STANDBY_MULTI_AZ")) => {
            vec![format!("{name}-1"), format!("{name}-2")]
        }
        _ => Vec::new(),
    }
}

async fn glue_jobs(session: &Session) -> Asked {
    let mut refused = Vec::new();
    let all = resources(session, &JOB, &mut refused).await;
    Asked { rows: Rows::of(all.iter().filter_map(|one| glue_job(session, one)).collect()), refused }
}

fn glue_job(session: &Session, one: &Found) -> Option<GlueJob> {
    let arn = session.arn("glue", &format!("job/{}", one.identifier));
    let (account, region, id) = place(session, Some(&arn))?;
    // Without one a job is standard (AWS Glue API reference, Job, ExecutionClass).
    let standard = || one.whole.then(|| "STANDARD".to_owned());
    Some(GlueJob {
        account,
        region,
        id,
        job: Some(one.identifier.clone()),
        command: one.text("/Command/Name"),
        version: one.text("/GlueVersion"),
        worker_type: one.text("/WorkerType"),
        class: one.text("/ExecutionClass").or_else(standard),
    })
}

async fn backup_rules(session: &Session) -> Asked {
    let mut refused = Vec::new();
    let all = resources(session, &PLAN, &mut refused).await;
    Asked { rows: Rows::of(all.iter().flat_map(|one| backup_rules_of(session, one)).collect()), refused }
}

/// One row for each rule; a plan that could not be read has one.
fn backup_rules_of(session: &Session, one: &Found) -> Vec<BackupRule> {
    let arn = session.arn("backup", &format!("backup-plan:{}", one.identifier));
    let arn = one.text("/BackupPlanArn").unwrap_or(arn);
    let Some((account, region, id)) = place(session, Some(&arn)) else { return Vec::new() };
    let plan = one.text("/BackupPlan/BackupPlanName");
    let base = BackupRule { account, region, id, plan, ..BackupRule::default() };
    let told = one.properties.pointer("/BackupPlan/BackupPlanRule").and_then(Value::as_array);
    let Some(told) = told else { return vec![base] };
    let rule = |rule: &Value| {
        let copies = rule.get("CopyActions").and_then(Value::as_array);
        let kept = copies.into_iter().flatten().filter(|copy| !expires(copy)).count();
        BackupRule {
            rule: text_at(rule, "/RuleName"),
            schedule: text_at(rule, "/ScheduleExpression"),
            expires: Some(expires(rule)),
            copies: i64::try_from(kept).ok(),
            ..base.clone()
        }
    };
    told.iter().map(rule).collect()
}

/// Whether a rule, or a copy, ends what it makes (AWS Backup Developer Guide: without it backups are kept for ever).
fn expires(of: &Value) -> bool {
    of.pointer("/Lifecycle/DeleteAfterDays").is_some_and(Value::is_number)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_handler_that_is_denied_is_told_by_its_message() {
        let refusal = |message: &str| {
            told_by_handler(Refusal {
                call: LIST,
                failure: Failure::Other,
                code: Some("GeneralServiceException".to_owned()),
                message: message.to_owned(),
            })
        };
        let denied = "AWS::MSK::Cluster Handler returned status FAILED: User: arn:aws:iam::111122223333:user/reader is not \
                      authorized to perform: kafka:ListClusters (HandlerErrorCode: GeneralServiceException)";
        assert_eq!(refusal(denied).failure, Failure::Denied);
        assert_eq!(refusal("no (HandlerErrorCode: AccessDenied, RequestToken: 1)").failure, Failure::Denied);
        assert_eq!(refusal("Resource type AWS::MSK::Cluster does not support LIST action").failure, Failure::Other);
    }

    #[test]
    fn configurations_are_found_by_name_whatever_their_identifier() {
        let endpoint = json!({ "EndpointConfigName": "Ranking-7" });
        let endpoint = Found { identifier: String::new(), properties: endpoint, whole: true };
        let wanted = configuration_of(&endpoint);
        for identifier in ["arn:aws:sagemaker:eu-west-1:111122223333:endpoint-config/ranking-7", "Ranking-7"] {
            assert_eq!(wanted, Some(last_part(identifier)));
        }
    }

    #[test]
    fn a_broker_has_the_names_that_cloudwatch_has_for_it() {
        let names = |engine, mode| instances(Some("orders"), engine, mode);
        assert_eq!(names(Some("RABBITMQ"), Some("CLUSTER_MULTI_AZ")), ["orders"]);
        assert_eq!(names(Some("ACTIVEMQ"), Some("SINGLE_INSTANCE")), ["orders-1"]);
        assert_eq!(names(Some("ACTIVEMQ"), Some("ACTIVE_STANDBY_MULTI_AZ")), ["orders-1", "orders-2"]);
        assert!(names(Some("ACTIVEMQ"), None).is_empty());
        assert!(instances(None, Some("RABBITMQ"), None).is_empty());
    }

    #[test]
    fn a_rule_ends_its_backups_only_where_it_says_when() {
        assert!(expires(&json!({ "Lifecycle": { "DeleteAfterDays": 35 } })));
        assert!(!expires(&json!({ "Lifecycle": { "MoveToColdStorageAfterDays": 30 } })));
        assert!(!expires(&json!({})));
    }
}
