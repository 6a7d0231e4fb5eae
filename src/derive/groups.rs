//! Which resources belong together: the instances of an Auto Scaling group.
//!
//! Knows: what the inventory says of instances. Does not know: what the group may be changed to.

use std::collections::BTreeMap;

use polars::prelude::DataFrame;

use super::baseline::targets;
use crate::id::Target;
use crate::table::EC2_INSTANCES;
use crate::table::read::columns_of;

/// The group of each instance that is in one; its resource is the group's name.
#[must_use]
pub fn members(tables: &BTreeMap<String, DataFrame>) -> BTreeMap<Target, Target> {
    let Some(instances) = tables.get(EC2_INSTANCES.name) else { return BTreeMap::new() };
    let [names] = columns_of(instances, ["AutoScalingGroupName"]);
    let of = |(instance, name): (Target, Option<String>)| {
        let group = Target { resource: Some(name?), ..instance.clone() };
        Some((instance, group))
    };
    targets(instances).into_iter().zip(names).filter_map(of).collect()
}
