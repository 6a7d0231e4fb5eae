//! What the services that recommend have in common: a recommendation as a record, and how they say that they are not switched on.
//!
//! Knows: a record is an answer of the service with one recommendation. Does not know: which service, what a record means.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::collect::ask::{Failure, Refusal};

/// The text of a record: members that have a value, sorted, so that one answer gives the same bytes wherever it is written.
pub(super) fn record(answer: Value) -> String {
    lean(answer).unwrap_or_default().to_string()
}

/// Without what has no value.
fn lean(value: Value) -> Option<Value> {
    match value {
        Value::Null => None,
        Value::Array(items) => {
            let kept: Vec<Value> = items.into_iter().filter_map(lean).collect();
            (!kept.is_empty()).then_some(Value::Array(kept))
        }
        Value::Object(members) => {
            let kept: BTreeMap<String, Value> =
                members.into_iter().filter_map(|(name, member)| Some((name, lean(member)?))).collect();
            (!kept.is_empty()).then(|| Value::Object(kept.into_iter().collect()))
        }
        other => Some(other),
    }
}

/// Whether a service refused because nobody has switched it on for the account: each says it in its own words, some with the code of
/// a denial.
pub(super) fn is_off(refusal: &Refusal) -> bool {
    const WORDS: [&str; 5] = ["not enrolled", "not been enrolled", "not enabled", "not registered", "not opted in"];
    let said = refusal.message.to_lowercase();
    refusal.code.as_deref() == Some("OptInRequiredException") || WORDS.iter().any(|words| said.contains(words))
}

/// Says in such refusals what to do: no permission would help.
pub(super) fn say_off(refused: &mut [Refusal], remedy: &str) {
    for refusal in refused.iter_mut().filter(|refusal| is_off(refusal)) {
        refusal.failure = Failure::Other;
        refusal.message = format!("not switched on for this account; {remedy} ({})", refusal.message);
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::collect::ask::Call;

    #[test]
    fn a_record_has_no_member_without_a_value_and_a_fixed_order() {
        let answer = json!({ "items": [{ "b": 14.0, "a": null, "A": { "c": null }, "list": [] }], "nextToken": null });
        assert_eq!(record(answer), r#"{"items":[{"b":14.0}]}"#);
        assert_eq!(record(json!({ "b": 1, "a": [{ "d": "x", "c": true }] })), r#"{"a":[{"c":true,"d":"x"}],"b":1}"#);
    }

    #[test]
    fn a_service_that_is_off_is_no_matter_of_permissions() {
        let refusal = |code: &str, message: &str| Refusal {
            call: Call { service: "ce", operation: "GetCostAndUsage" },
            failure: Failure::Denied,
            code: Some(code.into()),
            message: message.into(),
        };
        let mut refused = [
            refusal("AccessDeniedException", "User not enabled for cost explorer access"),
            refusal("OptInRequiredException", "Account is not enrolled in the service"),
            refusal("AccessDeniedException", "User: x is not authorized to perform: ce:GetCostAndUsage"),
        ];
        say_off(&mut refused, "switch it on");
        let failures = refused.each_ref().map(|refusal| refusal.failure);
        assert_eq!(failures, [Failure::Other, Failure::Other, Failure::Denied]);
        let words = "not switched on for this account; switch it on (User not enabled for cost explorer access)";
        assert_eq!(refused[0].message, words);
        assert!(!refused[2].message.contains("switch"));
    }
}
