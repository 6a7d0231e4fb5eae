//! File systems: what EFS says of them.
//!
//! Knows: EFS's answers. Does not know: what is in a file system, and who reads it.

use aws_sdk_efs::types::{FileSystemDescription, LifecyclePolicy};
use rust_decimal::Decimal;

use crate::collect::ask::{Asked, Call, Collector, pages, time};
use crate::collect::session::{Session, client};
use crate::table;
use crate::table::inventory::FileSystem;
use crate::table::rows::Rows;

use super::each::ask;
use super::{place, text, word};

const fn call(operation: &'static str) -> Call {
    Call { service: "elasticfilesystem", operation }
}

const FILE_SYSTEMS: Call = call("DescribeFileSystems");
const LIFECYCLE: Call = call("DescribeLifecycleConfiguration");

/// One table.
pub(in crate::collect) const COLLECTORS: &[Collector] =
    &[Collector::of(&table::EFS_FILE_SYSTEMS, &[FILE_SYSTEMS, LIFECYCLE], |session| Box::pin(file_systems(session)))];

async fn file_systems(session: &Session) -> Asked {
    let client = client!(session, aws_sdk_efs);
    let (mut rows, mut refused): (Vec<FileSystem>, _) = (Vec::new(), Vec::new());
    let sent = client.describe_file_systems().into_paginator().send();
    pages(FILE_SYSTEMS, sent, &mut refused, |page| {
        rows.extend(page.file_systems.unwrap_or_default().iter().filter_map(|one| file_system(session, one)));
    })
    .await;
    for row in &mut rows {
        let sent = client.describe_lifecycle_configuration().set_file_system_id(row.file_system.clone()).send();
        let told = ask(LIFECYCLE, sent, &mut refused).await;
        row.moves = told.map(|told| moves(told.lifecycle_policies()));
    }
    Asked { rows: Rows::of(rows), refused }
}

fn file_system(session: &Session, one: &FileSystemDescription) -> Option<FileSystem> {
    let name = one.file_system_id();
    let arn = session.arn("elasticfilesystem", &format!("file-system/{name}"));
    let (account, region, id) = place(session, Some(one.file_system_arn().unwrap_or(arn.as_str())))?;
    let size = one.size_in_bytes();
    Some(FileSystem {
        account,
        region,
        id,
        file_system: text(Some(name)),
        state: word(Some(one.life_cycle_state())),
        created: time(Some(one.creation_time())),
        size: size.map(|size| size.value()),
        standard: size.and_then(|size| size.value_in_standard()),
        infrequent: size.and_then(|size| size.value_in_ia()),
        archive: size.and_then(|size| size.value_in_archive()),
        throughput_mode: word(one.throughput_mode()),
        provisioned: one.provisioned_throughput_in_mibps().and_then(|rate| Decimal::try_from(rate).ok()),
        moves: None,
        mount_targets: Some(i64::from(one.number_of_mount_targets())),
        one_zone: text(one.availability_zone_name()),
        name: text(one.name()),
    })
}

/// Whether files move to a cheaper class: a policy may also only bring them back.
fn moves(policies: &[LifecyclePolicy]) -> bool {
    policies.iter().any(|policy| policy.transition_to_ia().is_some() || policy.transition_to_archive().is_some())
}

#[cfg(test)]
mod tests {
    use aws_sdk_efs::types::{TransitionToArchiveRules, TransitionToIaRules, TransitionToPrimaryStorageClassRules};

    use super::*;

    #[test]
    fn a_policy_that_only_brings_files_back_moves_none() {
        let back = LifecyclePolicy::builder()
            .transition_to_primary_storage_class(TransitionToPrimaryStorageClassRules::After1Access)
            .build();
        let away = LifecyclePolicy::builder().transition_to_ia(TransitionToIaRules::After30Days).build();
        let archive = LifecyclePolicy::builder().transition_to_archive(TransitionToArchiveRules::After90Days).build();
        assert!(!moves(&[]));
        assert!(!moves(std::slice::from_ref(&back)));
        assert!(moves(&[back, away]));
        assert!(moves(&[archive]));
    }
}
