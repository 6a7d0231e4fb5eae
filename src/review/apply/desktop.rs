//! Desktops of WorkSpaces that stop by themselves instead of being always on: one call, which no clock and no role is needed for.
//!
//! Knows: the page that advises it, the id in an ARN, what Terraform sets where a block is silent. Does not know: the sizes of the volumes,
//! what else runs on a desktop.

use super::{Commands, evidence, is_region, partition_of};
use crate::finding::Finding;

/// The page of desktops that are always on.
pub(super) const PAGE: &str = "workspaces-always-on-little-used";
/// Minutes after which a desktop stops when its user has left; whole hours, the least of them (Amazon WorkSpaces API Reference,
/// WorkspaceProperties).
const MINUTES: usize = 60;
/// Characters of an id after `ws-`, small letters and digits (Amazon WorkSpaces API Reference, ModifyWorkspaceProperties).
const SHORTEST: usize = 8;
const LONGEST: usize = 63;

/// The command that sets the running mode of a desktop.
pub(super) fn commands(finding: &Finding) -> Option<Commands> {
    let parts: Vec<&str> = finding.target.resource.as_deref()?.split(':').collect();
    let ["arn", partition, "workspaces", region, account, desktop] = parts.as_slice() else { return None };
    let id = desktop.strip_prefix("workspace/").filter(|id| is_desktop(id))?;
    let is_account = account.bytes().all(|byte| byte.is_ascii_digit());
    let is_checked = *partition == partition_of(region) && is_region(region) && is_account;
    is_checked.then(|| Commands {
        variables: Vec::new(),
        shell: vec![format!(
            "aws workspaces modify-workspace-properties --region {region} --workspace-id {id} --workspace-properties RunningMode=AUTO_STOP,RunningModeAutoStopTimeoutInMinutes={MINUTES}"
        )],
        terraform: vec![terraform(id, evidence(finding, "ComputeTypeName").filter(|name| is_type(name)))],
        permissions: Vec::new(),
    })
}

/// The block alone: directory, bundle and user of the resource around it are in no inventory. What it leaves out has defaults of its own
/// (Terraform, `aws_workspaces_workspace`: `VALUE`, 80 and 10 GiB), which are not those of the desktop.
fn terraform(id: &str, compute: Option<&str>) -> String {
    let compute =
        compute.map_or_else(String::new, |name| format!("  compute_type_name                         = \"{name}\"\n"));
    format!(
        r#"# In the aws_workspaces_workspace of {id}. Keep its compute_type_name, root_volume_size_gib and
# user_volume_size_gib in the block: without them it becomes VALUE with 80 and 10 GiB.
workspace_properties {{
{compute}  running_mode                              = "AUTO_STOP"
  running_mode_auto_stop_timeout_in_minutes = {MINUTES}
}}
"#
    )
}

/// Such as `ws-0abc12de3`.
fn is_desktop(id: &str) -> bool {
    id.strip_prefix("ws-").is_some_and(|rest| {
        let plain = rest.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit());
        plain && (SHORTEST..=LONGEST).contains(&rest.len())
    })
}

/// Great letters, digits and underscores, such as `GRAPHICS_G4DN`.
fn is_type(name: &str) -> bool {
    let plain = name.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_');
    plain && (1..=LONGEST).contains(&name.len())
}
