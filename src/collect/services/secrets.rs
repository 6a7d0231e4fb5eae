//! Secrets: what Secrets Manager says of them.
//!
//! Knows: Secrets Manager's list, which holds no secret's value. Does not know: what a secret opens.

use aws_sdk_secretsmanager::types::SecretListEntry;

use crate::collect::ask::{Asked, Call, Collector, time};
use crate::collect::session::{Session, client};
use crate::table;
use crate::table::inventory::Secret;

use super::{asked, place, text};

const SECRETS: Call = Call { service: "secretsmanager", operation: "ListSecrets" };

/// Largest page (Secrets Manager API reference, ListSecrets).
const PAGE: i32 = 100;

/// One table.
pub(in crate::collect) const COLLECTORS: &[Collector] =
    &[Collector::of(&table::SECRETS, &[SECRETS], |session| Box::pin(secrets(session)))];

async fn secrets(session: &Session) -> Asked {
    let client = client!(session, aws_sdk_secretsmanager);
    let sent = client.list_secrets().include_planned_deletion(true).into_paginator().page_size(PAGE).send();
    asked!(session, SECRETS, sent, secret_list, secret)
}

fn secret(session: &Session, one: &SecretListEntry) -> Option<Secret> {
    let (account, region, id) = place(session, one.arn())?;
    Some(Secret {
        account,
        region,
        id,
        secret: text(one.name()),
        created: time(one.created_date()),
        accessed: time(one.last_accessed_date()),
        changed: time(one.last_changed_date()),
        rotated: one.rotation_enabled(),
        deleted: time(one.deleted_date()),
        owner: text(one.owning_service()),
        replica: text(one.primary_region()),
    })
}
