//! Actions of groups beside the commands for them.

use super::*;

const PAGE: &str = GROUPS;
const OFFICE: &str = "45 6 * * 1-5 = 10; 0 19 * * 1-5 = 2";
const NODES: &str = "eks-nodes-5ebaf1a3-0a2c-4b1d-9c3e-2f6a7b8c9d0e";

fn of(group: &str, actions: &str, policies: &str, zone: &str) -> Option<Commands> {
    let evidence = [
        ("AutoScalingGroupName", group),
        ("MinSizeActions", actions),
        ("ScalingPolicies", policies),
        ("TimeZone", zone),
    ];
    commands(&finding(PAGE, target(INSTANCE), Vec::new(), &evidence), WINTER.parse().unwrap())
}

#[test]
fn a_group_without_a_policy_is_set_to_its_minimum() {
    let commands = of("web", OFFICE, "0", "Europe/Berlin").unwrap();
    assert_eq!(
        commands.shell,
        [
            "aws autoscaling put-scheduled-update-group-action --region eu-central-1 --auto-scaling-group-name web --scheduled-action-name minimum-10-at-0645 --recurrence '45 6 * * 1-5' --time-zone 'Europe/Berlin' --min-size 10 --desired-capacity 10",
            "aws autoscaling put-scheduled-update-group-action --region eu-central-1 --auto-scaling-group-name web --scheduled-action-name minimum-2-at-1900 --recurrence '0 19 * * 1-5' --time-zone 'Europe/Berlin' --min-size 2 --desired-capacity 2",
        ]
    );
    assert_eq!((commands.variables.len(), commands.permissions.len()), (0, 0));
}

#[test]
fn a_policy_follows_by_itself_and_utc_needs_no_name() {
    let commands = of("shop.web_1", "0 0 * * * = 3", "2", "UTC").unwrap();
    assert_eq!(
        commands.shell,
        [
            "aws autoscaling put-scheduled-update-group-action --region eu-central-1 --auto-scaling-group-name shop.web_1 --scheduled-action-name minimum-3-at-0000 --recurrence '0 0 * * *' --min-size 3"
        ]
    );
    assert_eq!(
        commands.terraform,
        [r#"resource "aws_autoscaling_schedule" "autoscaling_shop_web_1_minimum_3_at_0000" {
  scheduled_action_name  = "minimum-3-at-0000"
  autoscaling_group_name = "shop.web_1"
  recurrence             = "0 0 * * *"
  min_size               = 3
  max_size               = -1
  desired_capacity       = -1
}
"#]
    );
}

#[test]
fn terraform_sets_the_size_where_nothing_follows() {
    let commands = of("web", "45 6 * * 1,3 = 10", "0", "Europe/Berlin").unwrap();
    assert_eq!(
        commands.terraform,
        [r#"resource "aws_autoscaling_schedule" "autoscaling_web_minimum_10_at_0645" {
  scheduled_action_name  = "minimum-10-at-0645"
  autoscaling_group_name = "web"
  recurrence             = "45 6 * * 1,3"
  time_zone              = "Europe/Berlin"
  min_size               = 10
  max_size               = -1
  desired_capacity       = 10
}
"#]
    );
}

#[test]
fn the_size_of_a_node_group_is_set_by_eks() {
    let commands = of(NODES, "45 6 * * 0-4 = 10", "0", "Europe/Berlin").unwrap();
    assert_eq!(
        commands.shell,
        [
            r#"aws scheduler create-schedule --region eu-central-1 --name eks-minimum-10-nodes-0645 --schedule-expression 'cron(45 6 ? * SUN-THU *)' --schedule-expression-timezone 'Europe/Berlin' --flexible-time-window Mode=OFF --target '{"Arn":"arn:aws:scheduler:::aws-sdk:eks:updateNodegroupConfig","RoleArn":"'"$SCHEDULER_ROLE_ARN"'","Input":"{\"ClusterName\":\"'"$EKS_CLUSTER_NAME"'\",\"NodegroupName\":\"nodes\",\"ScalingConfig\":{\"MinSize\":10,\"DesiredSize\":10}}","RetryPolicy":{"MaximumEventAgeInSeconds":3600}}'"#
        ]
    );
    assert_eq!(
        commands.terraform,
        [r#"resource "aws_scheduler_schedule" "eks_minimum_10_nodes_0645" {
  name                         = "eks-minimum-10-nodes-0645"
  schedule_expression          = "cron(45 6 ? * SUN-THU *)"
  schedule_expression_timezone = "Europe/Berlin"

  flexible_time_window {
    mode = "OFF"
  }

  target {
    arn      = "arn:aws:scheduler:::aws-sdk:eks:updateNodegroupConfig"
    role_arn = var.scheduler_role_arn
    input    = jsonencode({ ClusterName = var.eks_cluster_name, NodegroupName = "nodes", ScalingConfig = { MinSize = 10, DesiredSize = 10 } })

    retry_policy {
      maximum_event_age_in_seconds = 3600
    }
  }
}
"#]
    );
    assert_eq!(commands.variables, ["SCHEDULER_ROLE_ARN", "EKS_CLUSTER_NAME"]);
    assert_eq!(commands.permissions, ["eks:UpdateNodegroupConfig"]);
}

#[test]
fn a_long_node_group_has_a_schedule_whose_name_fits() {
    let long = format!("eks-{}-5ebaf1a3-0a2c-4b1d-9c3e-2f6a7b8c9d0e", "n".repeat(63));
    let line = of(&long, "45 6 * * 1-5 = 999999", "0", "UTC").unwrap().shell[0].clone();
    let name = line.split_once("--name ").unwrap().1.split(' ').next().unwrap();
    assert_eq!(name.len(), 64);
    assert!(name.starts_with("eks-minimum-999999-nnn") && name.ends_with("-0645"), "{name}");
}

#[test]
fn days_of_actions_are_those_of_cron() {
    for (numbers, expected) in
        [("*", "*"), ("1-5", "MON-FRI"), ("0,6", "SUN,SAT"), ("1,3,5", "MON,WED,FRI"), ("0", "SUN")]
    {
        let actions = format!("5 7 * * {numbers} = 4");
        let line = of(NODES, &actions, "0", "UTC").unwrap().shell[0].clone();
        assert!(line.contains(&format!("'cron(5 7 ? * {expected} *)'")), "{line}");
        let line = of("web", &actions, "0", "UTC").unwrap().shell[0].clone();
        assert!(line.contains(&format!("--recurrence '5 7 * * {numbers}'")), "{line}");
    }
}

#[test]
fn what_is_no_name_or_no_action_gives_nothing() {
    for group in [
        "",
        "-web",
        "--debug",
        "web 1",
        "web'",
        "$(id)",
        "web;id",
        "web\nid",
        "wéb",
        "eks-",
        "eks-5ebaf1a3-0a2c-4b1d-9c3e-2f6a7b8c9d0e",
        "eks-nodes",
        "eks-nodes-5ebaf1a3-0a2c-4b1d-9c3e-2f6a7b8c9d0g",
        "eks-nodes-5ebaf1a3-0a2c-4b1d-9c3e-2f6a7b8c9d",
    ] {
        assert_eq!(of(group, OFFICE, "0", "UTC"), None, "{group}");
    }
    for actions in [
        "",
        "45 6 * * 1-5",
        "45 6 * * 1-5 = ",
        "45 6 * * 1-5 = two",
        "45 6 * * 1-5 = +2",
        "45 6 * * 1-5 = -2",
        "45 6 * * 1-5 = 1000000",
        "60 6 * * 1-5 = 2",
        "45 24 * * 1-5 = 2",
        "45 6 1 * 1-5 = 2",
        "45 6 * * 5-1 = 2",
        "45 6 * * 7 = 2",
        "45 6 * * 1-5' = 2",
        "45 6 * * $(id) = 2",
        "45 6 * * 1-5 = 2;0 19 * * 1-5 = 2",
        "45 6 * * 1-5 = 2; id",
    ] {
        assert_eq!(of("web", actions, "0", "UTC"), None, "{actions}");
    }
    for (policies, zone) in [("", "UTC"), ("some", "UTC"), ("0", "UTC'")] {
        assert_eq!(of("web", OFFICE, policies, zone), None, "{policies} {zone}");
    }
    let evidence = [("AutoScalingGroupName", "web"), ("MinSizeActions", OFFICE), ("TimeZone", "UTC")];
    assert_eq!(commands(&finding(PAGE, target(INSTANCE), Vec::new(), &evidence), WINTER.parse().unwrap()), None);
    let nowhere = Target { region: Some("$(id)".into()), ..target(INSTANCE) };
    let evidence = [evidence.as_slice(), &[("ScalingPolicies", "0")]].concat();
    assert_eq!(commands(&finding(PAGE, nowhere, Vec::new(), &evidence), WINTER.parse().unwrap()), None);
}
