//! Findings on the instances of one Auto Scaling group, the tasks of one service of ECS or the nodes of one cache as one: nobody changes
//! them one by one.
//!
//! Knows: the findings of the JSON report; those of one rule, group and standing are shown as one, with their sums and a list of
//! them. What they have in evidence is that of the first. Decides nothing.

use std::collections::BTreeMap;

use rust_decimal::Decimal;
use serde_json::{Map, Value as Json, json};

use crate::money::parse_decimal;

/// Amounts of which a group shows the sum.
const SUMS: [&str; 5] = ["cost", "list", "effective", "net", "once"];

/// The findings as they are shown, most net saving first where they have one; `instances` lists those of a group, and is empty for everything else; `member`
/// is what one of them is called: instance, task, node.
pub(super) fn gathered(findings: &[&Json]) -> Vec<Json> {
    let mut places: BTreeMap<String, usize> = BTreeMap::new();
    let mut all: Vec<Vec<&Json>> = Vec::new();
    for finding in findings {
        let key = {
            // Why a chosen one is held back is told of the whole group.
            let why = if finding["standing"] == "chosen" { "standing" } else { "standing_reason" };
            ["rule", "group", "account", "region", "standing", why].map(|name| finding[name].to_string()).join(" ")
        };
        let place = finding["group"].is_string().then(|| *places.entry(key).or_insert(all.len()));
        match place.and_then(|place| all.get_mut(place)) {
            Some(group) => group.push(finding),
            None => all.push(vec![finding]),
        }
    }
    let mut shown: Vec<Json> = all.iter().filter_map(|group| one(group)).collect();
    // Stable: what has no amount stays where it was.
    shown.sort_by_key(|finding| std::cmp::Reverse(amount(finding, "net").unwrap_or_default()));
    shown
}

fn one(group: &[&Json]) -> Option<Json> {
    let mut shown: Map<String, Json> = group.first()?.as_object()?.clone();
    let member = member(group.first()?);
    shown.insert("instances".into(), Json::Array(Vec::new()));
    shown.insert("member".into(), json!(member));
    if group.len() < 2 {
        return Some(Json::Object(shown));
    }
    for name in SUMS {
        let sum = group.iter().filter_map(|finding| amount(finding, name)).reduce(|sum, one| sum + one);
        shown.insert(name.into(), sum.map_or(Json::Null, text));
    }
    let later = group.iter().find(|finding| finding["committed"] == true);
    if let Some(later) = later {
        for name in ["committed", "net_from", "standing_reason"] {
            shown.insert(name.into(), later[name].clone());
        }
    }
    let name = group[0]["group"].as_str().unwrap_or_default();
    shown.insert("resource".into(), json!(format!("{name}, {} {member}s", group.len())));
    shown.insert("changes".into(), changes(group));
    let instance = |finding: &&Json| {
        let field = |name: &str| (name.to_owned(), finding[name].clone());
        Json::Object(["id", "resource", "net", "effective", "list"].map(field).into_iter().collect())
    };
    shown.insert("instances".into(), group.iter().map(instance).collect());
    Some(Json::Object(shown))
}

/// What a resource of a group is called: tasks of ECS and nodes of ElastiCache have ARNs, instances have not.
fn member(finding: &Json) -> &'static str {
    match finding["resource"].as_str() {
        Some(id) if id.starts_with("arn:") && id.contains(":task/") => "task",
        Some(id) if id.starts_with("arn:") && id.contains(":elasticache:") => "node",
        _ => "instance",
    }
}

/// What changes on the bill, the same meters together.
fn changes(group: &[&Json]) -> Json {
    let mut all: Vec<Json> = Vec::new();
    for change in group.iter().filter_map(|finding| finding["changes"].as_array()).flatten() {
        let same = |other: &&mut Json| ["verb", "meter", "new_meter"].iter().all(|name| other[*name] == change[*name]);
        match all.iter_mut().find(same) {
            Some(other) => {
                for name in ["cost", "new_cost"] {
                    let sum = amount(other, name).unwrap_or_default() + amount(change, name).unwrap_or_default();
                    other[name] = text(sum);
                }
            }
            None => all.push(change.clone()),
        }
    }
    Json::Array(all)
}

fn amount(of: &Json, name: &str) -> Option<Decimal> {
    of[name].as_str().and_then(|amount| parse_decimal(amount).ok())
}

fn text(amount: Decimal) -> Json {
    json!(amount.normalize().to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn finding(id: &str, group: Option<&str>, net: &str) -> Json {
        json!({
            "id": id, "rule": "r", "group": group, "account": "1", "region": "x", "standing": "chosen", "resource": id,
            "net": net, "effective": net, "list": null, "committed": false, "message": id,
            "changes": [{"verb": "swap", "meter": "a", "new_meter": "b", "cost": "10", "new_cost": "7.5"}],
        })
    }

    #[test]
    fn instances_of_a_group_are_one_with_their_sums() {
        let all = [
            finding("single", None, "4"),
            finding("i-1", Some("web"), "2.5"),
            finding("i-2", Some("web"), "2.5"),
            finding("i-3", Some("api"), "1"),
        ];
        let shown = gathered(&all.iter().collect::<Vec<_>>());
        let of = |name: &str| shown.iter().map(|one| one[name].as_str().unwrap_or("-").to_owned()).collect::<Vec<_>>();
        assert_eq!(of("resource"), ["web, 2 instances", "single", "i-3"]);
        assert_eq!(of("net"), ["5", "4", "1"]);
        assert_eq!(of("list"), ["-", "-", "-"]);
        assert_eq!(
            shown[0]["changes"],
            json!([{"verb": "swap", "meter": "a", "new_meter": "b", "cost": "20", "new_cost": "15"}])
        );
        let ids: Vec<&str> =
            shown[0]["instances"].as_array().unwrap().iter().filter_map(|one| one["id"].as_str()).collect();
        assert_eq!((ids, shown[1]["instances"].clone()), (vec!["i-1", "i-2"], json!([])));
    }

    #[test]
    fn tasks_of_a_service_are_one_and_called_tasks() {
        let task = |number: u8| {
            let id = format!("arn:aws:ecs:eu-west-1:111122223333:task/shop/{number}");
            finding(&id, Some("shop/web"), "2.5")
        };
        let all = [task(1), task(2), finding("i-1", Some("web"), "1")];
        let shown = gathered(&all.iter().collect::<Vec<_>>());
        let of = |name: &str| shown.iter().map(|one| one[name].as_str().unwrap_or("-").to_owned()).collect::<Vec<_>>();
        assert_eq!(of("resource"), ["shop/web, 2 tasks", "i-1"]);
        assert_eq!([of("member"), of("net")], [["task", "instance"], ["5", "1"]]);
    }

    #[test]
    fn what_stands_otherwise_is_shown_apart() {
        let mut vetoed = finding("i-2", Some("web"), "2.5");
        vetoed["standing"] = json!("vetoed");
        let all = [finding("i-1", Some("web"), "2.5"), vetoed];
        assert_eq!(gathered(&all.iter().collect::<Vec<_>>()).len(), 2);
    }
}
