//! One Auto Scaling group, what is known of it, and its row of the table.

use super::*;
use crate::table::TIME;
use crate::table::inventory::{AutoScalingGroup, Instance, Volume};
use crate::table::read::texts;
use crate::table::rows::Rows;

const ACCOUNT: &str = "111122223333";
const REGION: &str = "eu-west-1";

/// A group in its account: eight instances of m5.large on demand, behind a load balancer, of which everything is known that
/// tables can tell.
struct Given {
    group: AutoScalingGroup,
    on_demand: usize,
    spot: usize,
    platform: &'static str,
    volumes_go: Option<bool>,
    /// Effective cost, covered part and list price of each instance; `None`: there is no bill.
    paid: Option<fn(usize) -> [&'static str; 3]>,
    environment: &'static str,
    /// First and last hour of instances that are not there any more, and the group in their tags.
    ended: Vec<(i64, i64, &'static str)>,
    hourly: bool,
    band: (u8, Option<u8>),
}

fn web() -> Given {
    let group = AutoScalingGroup {
        account: ACCOUNT.into(),
        region: REGION.into(),
        id: "arn:aws:autoscaling:eu-west-1:111122223333:autoScalingGroup:1:autoScalingGroupName/zebra".into(),
        group: Some("zebra".into()),
        zones: Some(3),
        target_groups: Some(1),
        ..AutoScalingGroup::default()
    };
    Given {
        group,
        on_demand: 8,
        spot: 0,
        platform: "Linux/UNIX",
        volumes_go: Some(true),
        paid: Some(|_| ["70", "0", "70"]),
        environment: "staging",
        ended: Vec::new(),
        hourly: true,
        band: (0, Some(5)),
    }
}

fn named(name: &str) -> Given {
    let web = web();
    Given { group: AutoScalingGroup { group: Some(name.into()), ..web.group.clone() }, ..web }
}

fn text(name: &str, values: impl IntoIterator<Item = String>) -> Column {
    Column::new(name.into(), values.into_iter().collect::<Vec<String>>())
}

fn rows_of(ids: &[String]) -> Vec<Column> {
    let same = |name: &str, value: &str| text(name, vec![value.to_owned(); ids.len()]);
    vec![same("SubAccountId", ACCOUNT), same("RegionId", REGION), text("ResourceId", ids.to_vec())]
}

/// Three types of two vCPUs and 8 GiB.
fn instance_types() -> DataFrame {
    let names = ["m5.large", "m6a.large", "m6i.large"].map(str::to_owned);
    let same = |name: &str, value: &str| text(name, vec![value.to_owned(); names.len()]);
    DataFrame::new_infer_height(vec![
        Column::new("Vcpus".into(), vec![2_i64; names.len()]),
        same("MemoryMiB", "8192"),
        same("Architectures", "x86_64"),
        same("Hypervisor", "nitro"),
        same("PreviousGeneration", "false"),
        text("InstanceType", names.clone()),
    ])
    .unwrap()
}

/// The tables as they are given to the derivation; as-of is the first of November.
fn tables(given: &Given) -> Tables {
    let count = given.on_demand + given.spot;
    let ids: Vec<String> = (0..count).map(|at| format!("i-{at}")).collect();
    let instance = |(at, id): (usize, &String)| Instance {
        account: ACCOUNT.into(),
        region: REGION.into(),
        id: id.clone(),
        instance_type: Some("m5.large".into()),
        state: Some("running".into()),
        lifecycle: (at >= given.on_demand).then(|| "spot".into()),
        tenancy: Some("default".into()),
        platform: Some(given.platform.into()),
        architecture: Some("x86_64".into()),
        auto_scaling_group: given.group.group.clone(),
        ..Instance::default()
    };
    let mut tables = Tables::from([
        ("auto_scaling_groups".to_owned(), Rows::of(vec![given.group.clone()]).frame().unwrap()),
        ("ec2_instances".to_owned(), Rows::of(ids.iter().enumerate().map(instance).collect()).frame().unwrap()),
    ]);
    if let Some(goes) = given.volumes_go {
        let volume = |id: &String| Volume {
            account: ACCOUNT.into(),
            region: REGION.into(),
            id: format!("vol-{id}"),
            instance: Some(id.clone()),
            ends_with_instance: Some(goes),
            ..Volume::default()
        };
        tables.insert("ebs_volumes".to_owned(), Rows::of(ids.iter().map(volume).collect()).frame().unwrap());
    }
    if let Some(paid) = given.paid {
        let mut columns = rows_of(&ids);
        columns.push(text("Meter", vec!["AmazonEC2/BoxUsage:m5.large".to_owned(); count]));
        columns.push(text("Gone", vec!["false".to_owned(); count]));
        for (place, name) in ["EffectiveRunRate", "CoveredRunRate", "ListRunRate"].into_iter().enumerate() {
            columns.push(text(name, (0..count).map(|at| paid(at)[place].to_owned())));
        }
        tables.insert("resource_monthly_costs".to_owned(), DataFrame::new_infer_height(columns).unwrap());
    }
    let ended: Vec<String> = (0..given.ended.len()).map(|at| format!("i-ended-{at}")).collect();
    let all = [ids, ended.clone()].concat();
    let groups = given.ended.iter().map(|(_, _, group)| (*group).to_owned());
    let mut tags = rows_of(&all);
    let own = vec![given.group.group.clone().unwrap(); count];
    tags.push(text("Tag_aws:autoscaling:groupName", own.into_iter().chain(groups)));
    tags.push(text("Tag_env", vec![given.environment.to_owned(); all.len()]));
    tables.insert("resource_tags".to_owned(), DataFrame::new_infer_height(tags).unwrap());
    if given.hourly {
        // Hours before the end of the bill; another machine is there for all of its 800 hours.
        let spans = [(800, 1)].into_iter().chain(given.ended.iter().map(|(first, last, _)| (*first, *last)));
        let names = [vec!["i-other".to_owned()], ended].concat();
        let ids: Vec<String> = names.iter().flat_map(|name| [name.clone(), name.clone()]).collect();
        let end = "2026-11-01T00:00:00Z".parse::<jiff::Timestamp>().unwrap().as_microsecond();
        let hours: Vec<i64> =
            spans.flat_map(|(first, last)| [first, last].map(|hour| end - hour * 3_600_000_000)).collect();
        let mut columns = rows_of(&ids);
        columns.push(Column::new("Hour".into(), hours).cast(&TIME).unwrap());
        columns.push(text("Meter", vec!["AmazonEC2/BoxUsage:m5.large".to_owned(); ids.len()]));
        tables.insert("usage_profiles".to_owned(), DataFrame::new_infer_height(columns).unwrap());
    }
    tables
}

fn derived(given: &Given, mut tables: Tables) -> DataFrame {
    let band = |_: &str, region: &str| (region == REGION).then_some(given.band);
    derive(&mut tables, &instance_types(), &band, "2026-11-01".parse().unwrap()).unwrap();
    tables.remove("spot_fitness").unwrap()
}

/// The group's row: its columns by name, empty for null.
fn row(given: &Given) -> impl Fn(&str) -> String + use<> {
    let frame = derived(given, tables(given));
    assert_eq!(frame.height(), 1);
    move |name: &str| match texts(&frame, name).remove(0) {
        Some(number) if number.contains('.') && number.parse::<f64>().is_ok() => {
            number.trim_end_matches('0').trim_end_matches('.').to_owned()
        }
        other => other.unwrap_or_default(),
    }
}

#[test]
fn a_group_behind_a_balancer_outside_production_may_let_all_but_one_in_each_zone_go() {
    let of = row(&web());
    let counts = ["OnDemandInstances", "SpotInstances", "KeptOnDemand", "MayBeSpot", "UsablePools"].map(&of);
    assert_eq!(counts, ["8", "0", "3", "5", "9"]);
    // Behind a balancer 25, nine pools 10, staging 10. Lives of a month are known, boot times never.
    assert_eq!(["FitnessScore", "BestScore", "VetoesSettled", "Vetoes"].map(&of), ["45", "45", "true", ""]);
    assert!(of("Reasons").starts_with("25 points: 8 instances stand behind"), "{}", of("Reasons"));
    assert_eq!(of("NotKnown"), "How soon a new instance serves is not known: the group's lifecycle events would tell.");
    // Five spot instances in five pools and three on demand: eight equal ones, of which three would have to go.
    assert_eq!(["EffectivePools", "LargeLossPerHour", "Diversified"].map(&of), ["8", "0", "true"]);
    // −ln(1 − 0.025) / 730; ten minutes of it.
    assert_eq!(
        ["InterruptedPerMonth", "InterruptionsPerHour", "LostShare", "FallbackShare"].map(&of),
        ["0.025", "0.000034681929", "0.000005780321", "0.05"]
    );
}

#[test]
fn what_commitments_pay_stays_on_demand() {
    // Five of eight covered at 42 instead of 70.
    let given = Given { paid: Some(|at| if at < 5 { ["42", "42", "70"] } else { ["70", "0", "70"] }), ..web() };
    let of = row(&given);
    assert_eq!(["KeptOnDemand", "MayBeSpot"].map(&of), ["5", "3"]);
    let all = Given { paid: Some(|_| ["42", "42", "70"]), ..web() };
    let of = row(&all);
    assert_eq!(["KeptOnDemand", "MayBeSpot", "Diversified"].map(&of), ["8", "0", ""]);
    let of = row(&Given { paid: None, ..web() });
    assert_eq!(["KeptOnDemand", "MayBeSpot", "VetoesSettled"].map(&of), ["", "", "false"]);
    assert!(of("NotKnown").contains("commitments pay"), "{}", of("NotKnown"));
}

#[test]
fn a_small_group_that_may_lose_half_at_once_says_how_likely_that_is() {
    // Two zones, two of four spot, the highest band: both must go, (1 − exp(−ν / 6))² in ten minutes, six times an hour.
    let group = AutoScalingGroup { zones: Some(2), ..web().group };
    let of = row(&Given { group, on_demand: 4, band: (20, None), ..web() });
    assert_eq!(["MayBeSpot", "EffectivePools", "Diversified"].map(&of), ["2", "4", "true"]);
    assert_eq!(["LargeLossPerHour", "LostShare"].map(&of), ["0.000000025882", "0.000065680838"]);
    // Of three one may go: as good as three equal pools, and one of them is a third.
    let group = AutoScalingGroup { zones: Some(2), ..web().group };
    let of = row(&Given { group, on_demand: 3, ..web() });
    assert_eq!(["MayBeSpot", "EffectivePools", "Diversified"].map(&of), ["1", "3", "false"]);
}

#[test]
fn spot_instances_that_are_there_share_the_pools() {
    // Eight spot instances in six pools, two of them in each of two, and two on demand: 100 / (2 × 4 + 6 × 1).
    let group = AutoScalingGroup { zones: Some(2), on_demand_percent: Some(40), ..web().group };
    let of = row(&Given { group, on_demand: 4, spot: 6, band: (20, None), ..web() });
    let counts = ["OnDemandInstances", "SpotInstances", "KeptOnDemand", "MayBeSpot", "UsablePools"].map(&of);
    assert_eq!(counts, ["4", "6", "2", "2", "6"]);
    assert_eq!(["EffectivePools", "LargeLossPerHour"].map(&of), ["7.142857", "0.000000025903"]);
    assert_eq!(["FitnessScore", "OnDemandPercentageAboveBase"].map(&of), ["55", "40"], "10 more for mixed types");
}

#[test]
fn a_group_whose_instances_come_and_go_is_told_by_its_tag() {
    // Six lives of 25 hours; those of another group do not count.
    let ended = |group: &'static str| (0..6).map(|day| (24 * (5 + day) + 24, 24 * (5 + day), group)).collect();
    let of = row(&Given { ended: ended("zebra"), ..web() });
    assert!(of("Reasons").contains("20 points: 6 instances ended in 30 days, half of them after 1.0 days or less."));
    assert_eq!(of("FitnessScore"), "65");
    assert_eq!(row(&Given { ended: ended("other"), ..web() })("FitnessScore"), "45");
    let of = row(&Given { hourly: false, ..web() });
    assert_eq!(["FitnessScore", "BestScore"].map(&of), ["45", "65"]);
}

#[test]
fn jobs_lose_half_an_hour_more_than_requests() {
    let web = named("zebra-runners");
    let group = AutoScalingGroup { target_groups: Some(0), ..web.group.clone() };
    let of = row(&Given { group, band: (20, None), ..web });
    assert!(of("Reasons").contains("15 points: A name or tag says \"runners\""), "{}", of("Reasons"));
    assert_eq!(["FitnessScore", "LostShare"].map(&of), ["35", "0.000262723354"]);
}

#[test]
fn vetoes_come_from_names_volumes_licences_and_what_a_group_may_not_do() {
    let suspended = AutoScalingGroup { suspended: Some("AZRebalance Launch".into()), ..web().group };
    let cases = [
        (named("zebra-postgres"), "\"postgres\""),
        (Given { volumes_go: Some(false), ..web() }, "Its disks hold what cannot be made again."),
        (Given { platform: "Windows BYOL", ..web() }, "A licence or terms bind it to its machine."),
        (Given { group: suspended, ..web() }, "Nothing replaces this instance"),
    ];
    for (given, says) in cases {
        let of = row(&given);
        assert!(of("Vetoes").contains(says), "{says}: {}", of("Vetoes"));
        assert_eq!(["FitnessScore", "BestScore"].map(&of), ["0", "0"]);
    }
}

#[test]
fn without_volumes_state_is_open_and_without_a_band_the_hazard_is() {
    let of = row(&Given { volumes_go: None, ..web() });
    assert_eq!(["VetoesSettled", "FitnessScore"].map(&of), ["false", "45"]);
    assert!(of("NotKnown").contains("disks hold"), "{}", of("NotKnown"));
    let given = web();
    let mut tables = tables(&given);
    let none = |_: &str, _: &str| -> Option<(u8, Option<u8>)> { None };
    derive(&mut tables, &instance_types(), &none, "2026-11-01".parse().unwrap()).unwrap();
    let frame = &tables["spot_fitness"];
    let null = ["UsablePools", "EffectivePools", "Diversified", "InterruptionsPerHour", "LostShare"];
    assert!(null.iter().all(|name| texts(frame, name).remove(0).is_none()));
    assert!(texts(frame, "NotKnown").remove(0).unwrap().contains("taken back is not known"));
}

#[test]
fn no_sentence_has_a_name_in_it() {
    let given = named("zebra-runners");
    let frame = derived(&given, tables(&given));
    for name in ["Vetoes", "Reasons", "NotKnown"] {
        assert!(!texts(&frame, name).remove(0).unwrap_or_default().contains("zebra"), "{name}");
    }
}

#[test]
fn a_group_without_instances_on_demand_has_no_row_and_without_groups_there_is_no_table() {
    let given = Given { on_demand: 0, spot: 2, ..web() };
    assert_eq!(derived(&given, tables(&given)).height(), 0);
    let mut none = Tables::new();
    derive(&mut none, &instance_types(), &|_, _| None, "2026-11-01".parse().unwrap()).unwrap();
    assert!(none.is_empty());
}
