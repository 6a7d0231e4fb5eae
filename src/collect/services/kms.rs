//! Keys: what KMS says of those that the account manages itself.
//!
//! Knows: KMS's answers, and that keys that AWS manages cost nothing and are left out. Does not know: what a key locks.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_kms::Client;
use aws_sdk_kms::types::{KeyManagerType, KeyMetadata, KeySpec};

use crate::collect::ask::{Asked, Call, Collector, Refusal, pages, time};
use crate::collect::session::{Session, client};
use crate::table;
use crate::table::inventory::Key;
use crate::table::rows::Rows;

use super::each::{ask, ask_pages};
use super::{place, text, word};

const fn call(operation: &'static str) -> Call {
    Call { service: "kms", operation }
}

const KEYS: Call = call("ListKeys");
const KEY: Call = call("DescribeKey");
const ALIASES: Call = call("ListAliases");
const ROTATIONS: Call = call("ListKeyRotations");

/// Largest pages (KMS API reference, Limit).
const PAGE: i32 = 1000;
const PAGE_OF_ALIASES: i32 = 100;

/// One table.
pub(in crate::collect) const COLLECTORS: &[Collector] =
    &[Collector::of(&table::KMS_KEYS, &[KEYS, KEY, ALIASES, ROTATIONS], |session| Box::pin(keys(session)))];

async fn keys(session: &Session) -> Asked {
    let client = client!(session, aws_sdk_kms);
    let (mut listed, mut refused) = (Vec::new(), Vec::new());
    let sent = client.list_keys().into_paginator().page_size(PAGE).send();
    pages(KEYS, sent, &mut refused, |page| listed.extend(page.keys.unwrap_or_default())).await;
    let aliases = aliases(&client, &mut refused).await;
    let mut rows: Vec<Key> = Vec::new();
    for one in &listed {
        let sent = client.describe_key().set_key_id(text(one.key_id())).send();
        let told = ask(KEY, sent, &mut refused).await;
        // The list does not say whose a key is: without this answer it has no row.
        let Some(told) = told.and_then(|told| told.key_metadata) else { continue };
        if told.key_manager() != Some(&KeyManagerType::Customer) {
            continue;
        }
        let rotations = if rotates(&told) { rotations(&client, told.key_id(), &mut refused).await } else { Some(0) };
        rows.extend(key(session, &told).map(|key| {
            let names = aliases.as_ref().map(|aliases| aliases.get(told.key_id()));
            let first = names.flatten().and_then(|names| names.first().cloned());
            let many = names.map(|names| names.map_or(0, BTreeSet::len));
            Key { alias: first, aliases: many.and_then(|many| i64::try_from(many).ok()), rotations, ..key }
        }));
    }
    Asked { rows: Rows::of(rows), refused }
}

/// Names of keys, by key.
async fn aliases(client: &Client, refused: &mut Vec<Refusal>) -> Option<BTreeMap<String, BTreeSet<String>>> {
    let sent = client.list_aliases().into_paginator().page_size(PAGE_OF_ALIASES).send();
    let pages = ask_pages(ALIASES, sent, refused).await?;
    let mut all: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for alias in pages.iter().flat_map(|page| page.aliases()) {
        // Those that AWS keeps for keys that it has not made yet lead nowhere.
        if let (Some(key), Some(name)) = (text(alias.target_key_id()), text(alias.alias_name())) {
            all.entry(key).or_default().insert(name);
        }
    }
    Some(all)
}

/// How often the material of a key was rotated: the first material is none of them.
async fn rotations(client: &Client, key: &str, refused: &mut Vec<Refusal>) -> Option<i64> {
    let sent = client.list_key_rotations().key_id(key).into_paginator().page_size(PAGE).send();
    let pages = ask_pages(ROTATIONS, sent, refused).await?;
    i64::try_from(pages.iter().map(|page| page.rotations().len()).sum::<usize>()).ok()
}

/// Whether material can be rotated at all: only of symmetric keys outside of custom stores (KMS Developer Guide, "Rotate keys").
fn rotates(key: &KeyMetadata) -> bool {
    key.key_spec().is_none_or(|spec| *spec == KeySpec::SymmetricDefault) && key.custom_key_store_id().is_none()
}

fn key(session: &Session, one: &KeyMetadata) -> Option<Key> {
    let arn = session.arn("kms", &format!("key/{}", one.key_id()));
    let (account, region, id) = place(session, Some(one.arn().unwrap_or(arn.as_str())))?;
    Some(Key {
        account,
        region,
        id,
        state: word(one.key_state()),
        created: time(one.creation_date()),
        usage: word(one.key_usage()),
        aliases: None,
        alias: None,
        description: text(one.description()),
        rotations: None,
        multi_region: copies(one),
    })
}

/// Whether it has copies in other regions: a key that may have some need not.
fn copies(key: &KeyMetadata) -> Option<bool> {
    if !key.multi_region()? {
        return Some(false);
    }
    // A copy is in its own list.
    Some(!key.multi_region_configuration()?.replica_keys().is_empty())
}

#[cfg(test)]
mod tests {
    use aws_sdk_kms::types::builders::KeyMetadataBuilder;
    use aws_sdk_kms::types::{MultiRegionConfiguration, MultiRegionKey};

    use super::*;

    fn told(with: impl FnOnce(KeyMetadataBuilder) -> KeyMetadataBuilder) -> KeyMetadata {
        with(KeyMetadata::builder().key_id("1234abcd-12ab-34cd-56ef-1234567890ab")).build().unwrap()
    }

    #[test]
    fn only_symmetric_keys_outside_of_custom_stores_are_rotated() {
        assert!(rotates(&told(|key| key.key_spec(KeySpec::SymmetricDefault))));
        assert!(!rotates(&told(|key| key.key_spec(KeySpec::Rsa2048))));
        assert!(!rotates(&told(|key| key.key_spec(KeySpec::SymmetricDefault).custom_key_store_id("cks-1"))));
    }

    #[test]
    fn a_key_for_several_regions_has_copies_once_it_was_replicated() {
        let with = |copies: &[&str]| {
            let copies = copies.iter().map(|region| MultiRegionKey::builder().region(*region).build()).collect();
            let configuration = MultiRegionConfiguration::builder().set_replica_keys(Some(copies)).build();
            told(|key| key.multi_region(true).multi_region_configuration(configuration))
        };
        assert_eq!(copies(&told(|key| key.multi_region(false))), Some(false));
        assert_eq!(copies(&with(&[])), Some(false));
        assert_eq!(copies(&with(&["us-east-1"])), Some(true));
        assert_eq!(copies(&told(|key| key)), None);
    }
}
