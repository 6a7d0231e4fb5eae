//! Search: what OpenSearch Service says of its domains, those of Elasticsearch too.
//!
//! Knows: OpenSearch Service's answers. Does not know: what any of it costs, or is used for; serverless collections.

use aws_sdk_opensearch::types::DomainStatus;

use crate::collect::ask::{Asked, Call, Collector, Refusal};
use crate::collect::session::{Session, client};
use crate::table;
use crate::table::inventory::{SearchDomain, exact};
use crate::table::rows::Rows;

use super::each::ask;
use super::{place, text, word};

const fn call(operation: &'static str) -> Call {
    Call { service: "es", operation }
}

const NAMES: Call = call("ListDomainNames");
const DOMAINS: Call = call("DescribeDomains");

/// Names in one request (OpenSearch Service API reference, DescribeDomains).
const AT_ONCE: usize = 5;

/// One for each table.
pub(in crate::collect) const COLLECTORS: &[Collector] =
    &[Collector::of(&table::OPENSEARCH_DOMAINS, &[NAMES, DOMAINS], |session| Box::pin(domains(session)))];

async fn domains(session: &Session) -> Asked {
    let client = client!(session, aws_sdk_opensearch);
    let (mut rows, mut refused) = (Vec::<SearchDomain>::new(), Vec::new());
    // One answer holds all: this operation has no pages.
    let names: Vec<String> = match client.list_domain_names().send().await {
        Ok(answer) => answer.domain_names.unwrap_or_default().into_iter().filter_map(|one| one.domain_name).collect(),
        Err(error) => {
            refused.push(Refusal::of(NAMES, &error));
            Vec::new()
        }
    };
    for names in names.chunks(AT_ONCE) {
        let sent = client.describe_domains().set_domain_names(Some(names.to_vec())).send();
        match ask(DOMAINS, sent, &mut refused).await {
            Some(answer) => rows.extend(answer.domain_status_list.iter().filter_map(|one| domain(session, one))),
            None => rows.extend(names.iter().filter_map(|name| named(session, name))),
        }
    }
    Asked { rows: Rows::of(rows), refused }
}

/// A domain of which nothing but its name is known.
fn named(session: &Session, name: &str) -> Option<SearchDomain> {
    let (account, region, id) = place(session, Some(&session.arn("es", &format!("domain/{name}"))))?;
    Some(SearchDomain { account, region, id, domain: text(Some(name)), ..SearchDomain::default() })
}

fn domain(session: &Session, one: &DomainStatus) -> Option<SearchDomain> {
    let (account, region, id) = place(session, Some(one.arn()))?;
    let cluster = one.cluster_config();
    // Without EBS, data is on the instances' own disks.
    let volumes = one.ebs_options().filter(|volumes| volumes.ebs_enabled() != Some(false));
    Some(SearchDomain {
        account,
        region,
        id,
        domain: text(Some(one.domain_name())),
        version: text(one.engine_version()),
        deleted: one.deleted(),
        instance_type: word(cluster.and_then(|cluster| cluster.instance_type())),
        instances: cluster.and_then(|cluster| cluster.instance_count()).map(i64::from),
        masters: cluster.and_then(|all| switched(all.dedicated_master_enabled(), all.dedicated_master_count())),
        warm: cluster.and_then(|all| switched(all.warm_enabled(), all.warm_count())),
        multi_zone: cluster.and_then(|cluster| cluster.zone_awareness_enabled()),
        volume_type: word(volumes.and_then(|volumes| volumes.volume_type())),
        volume: exact(volumes.and_then(|volumes| volumes.volume_size())),
        iops: exact(volumes.and_then(|volumes| volumes.iops())),
        throughput: exact(volumes.and_then(|volumes| volumes.throughput())),
    })
}

/// How many nodes of a kind there are: none where the kind is switched off.
fn switched(on: Option<bool>, nodes: Option<i32>) -> Option<i64> {
    if on? { nodes.map(i64::from) } else { Some(0) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nodes_of_a_kind_that_is_off_are_none_and_of_one_that_nobody_told_unknown() {
        assert_eq!(switched(Some(true), Some(3)), Some(3));
        assert_eq!(switched(Some(true), None), None);
        assert_eq!(switched(Some(false), Some(3)), Some(0));
        assert_eq!(switched(None, Some(3)), None);
    }
}
