//! Desktops beside the commands for them.

use super::*;

const DESKTOP: &str = "arn:aws:workspaces:eu-west-1:111122223333:workspace/ws-0abc12de3";

fn of(page: &str, resource: &str, evidence: &[(&str, &str)]) -> Option<Commands> {
    commands(&finding(page, target(resource), Vec::new(), evidence), WINTER.parse().unwrap())
}

#[test]
fn a_desktop_stops_by_itself_without_a_role_and_without_a_time_zone() {
    let commands = of(desktop::PAGE, DESKTOP, &[("ComputeTypeName", "STANDARD")]).unwrap();
    assert_eq!(
        commands.shell,
        [
            "aws workspaces modify-workspace-properties --region eu-west-1 --workspace-id ws-0abc12de3 --workspace-properties RunningMode=AUTO_STOP,RunningModeAutoStopTimeoutInMinutes=60"
        ]
    );
    assert_eq!(
        commands.terraform,
        [r#"# In the aws_workspaces_workspace of ws-0abc12de3. Keep its compute_type_name, root_volume_size_gib and
# user_volume_size_gib in the block: without them it becomes VALUE with 80 and 10 GiB.
workspace_properties {
  compute_type_name                         = "STANDARD"
  running_mode                              = "AUTO_STOP"
  running_mode_auto_stop_timeout_in_minutes = 60
}
"#]
    );
    assert_eq!((commands.variables.len(), commands.permissions.len()), (0, 0));
}

/// Whatever the zone of its hours is, and another page asks for none.
#[test]
fn the_page_decides() {
    let zone = [("TimeZone", "Nowhere/At_All")];
    assert!(of(desktop::PAGE, DESKTOP, &zone).is_some());
    assert_eq!(of("workspaces-workspace-unused", DESKTOP, &[("TimeZone", "UTC")]), None);
    assert_eq!(of(desktop::PAGE, INSTANCE, &[]), None);
}

#[test]
fn a_kind_that_is_not_plain_is_left_out() {
    let terraform = |kind: &str| of(desktop::PAGE, DESKTOP, &[("ComputeTypeName", kind)]).unwrap().terraform.concat();
    assert!(terraform("GRAPHICS_G4DN").contains("compute_type_name                         = \"GRAPHICS_G4DN\"\n"));
    for kind in ["", "standard", "STANDARD\"", "${path.module}", "A\nB", "PRÖ"] {
        assert!(!terraform(kind).contains("compute_type_name  "), "{kind}");
    }
}

#[test]
fn what_is_no_desktop_gives_nothing() {
    for id in [
        "",
        "ws-",
        "ws-0abc12d",
        "ws-0ABC12DE3",
        "ws-0abc12de3'",
        "ws-0abc12de3 --region us-east-1",
        "ws-$(reboot)",
        "ws-0abc12de3\n",
        "ws-0abc-12de3",
        "wspool-0abc12de3",
        "ws-0abc12de3:more",
        &format!("ws-{}", "a".repeat(64)),
    ] {
        let resource = format!("arn:aws:workspaces:eu-west-1:111122223333:workspace/{id}");
        assert_eq!(of(desktop::PAGE, &resource, &[]), None, "{id}");
    }
    for resource in [
        "ws-0abc12de3",
        "arn:aws:workspaces:eu-west-1:111122223333:ws-0abc12de3",
        "arn:aws:workspaces:eu-west-1:111122223333:workspacespool/ws-0abc12de3",
        "arn:aws:workspaces:eu west 1:111122223333:workspace/ws-0abc12de3",
        "arn:aws:workspaces:$(id):111122223333:workspace/ws-0abc12de3",
        "arn:aws:workspaces:eu-west-1:$account:workspace/ws-0abc12de3",
        "arn:aws-cn:workspaces:eu-west-1:111122223333:workspace/ws-0abc12de3",
        "arn:aws:ec2:eu-west-1:111122223333:workspace/ws-0abc12de3",
    ] {
        assert_eq!(of(desktop::PAGE, resource, &[]), None, "{resource}");
    }
    let longest = format!("arn:aws:workspaces:eu-west-1:111122223333:workspace/ws-{}", "a".repeat(63));
    assert!(of(desktop::PAGE, &longest, &[]).is_some());
}
