//! One call that asks many questions: GetMetricData.
//!
//! Knows: which series a call asks for, and which part of the answer is whose. Each is kept by itself, so that a replay may put them
//! together in another way: what is asked together depends on the order of names, and pseudonyms have another. Does not know: metrics.

use serde_json::{Value, json};

/// The operation.
const TOGETHER: (&str, &str) = ("CloudWatch", "GetMetricData");

/// Whether a call asks many questions.
pub(super) fn many(service: &str, operation: &str) -> bool {
    (service, operation) == TOGETHER
}

/// The input of each question of a call, with its id in the answer.
pub(super) fn each(input: &Value) -> Vec<(String, Value)> {
    let queries = input["body"]["MetricDataQueries"].as_array().cloned().unwrap_or_default();
    let question = |mut query: Value| {
        let id = query["Id"].as_str().unwrap_or_default().to_owned();
        query["Id"] = Value::Null;
        let mut one = common(input);
        one["body"]["MetricDataQueries"] = json!([query]);
        (id, one)
    };
    queries.into_iter().map(question).collect()
}

/// What all questions of a call have in common: what a refusal answers.
pub(super) fn common(input: &Value) -> Value {
    let mut all = input.clone();
    if let Some(body) = all["body"].as_object_mut() {
        body.remove("MetricDataQueries");
        body.remove("NextToken");
    }
    all
}

/// What an answer says to one question.
pub(super) fn part(answer: &Value, id: &str) -> Value {
    let results = answer["MetricDataResults"].as_array().into_iter().flatten();
    let own = results.filter(|result| result["Id"] == id).cloned().map(|mut result| {
        result["Id"] = Value::Null;
        result
    });
    own.collect::<Vec<_>>().into()
}

/// The answer made of its parts.
pub(super) fn whole(parts: Vec<(String, Value)>) -> Value {
    let named = |(id, part): (String, Value)| {
        let results = part.as_array().cloned().unwrap_or_default();
        results.into_iter().map(move |mut result| {
            result["Id"] = id.as_str().into();
            result
        })
    };
    json!({ "MetricDataResults": parts.into_iter().flat_map(named).collect::<Vec<_>>() })
}
