//! The input of a request in one canonical form, whatever protocol carried it.
//!
//! Knows: forms (EC2, RDS …), JSON, CBOR, and what an address says (S3, Lambda, EKS …). Does not know: operations.

use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use serde_json::{Map, Value, json};

use super::body;
use super::scrub::Scrub;

/// The input; scrubbed where it is for the disk.
pub(super) fn of(service: &str, request: &HttpRequest, mut scrub: Option<&mut Scrub>) -> Value {
    let mut all = Map::new();
    let (path, query) = address(service, request);
    let hidden = |text: &str, scrub: &mut Option<&mut Scrub>| match scrub {
        Some(scrub) => scrub.segment(text),
        None => text.to_owned(),
    };
    let parts: Vec<String> = path.split('/').map(|part| hidden(&decoded(part), &mut scrub)).collect();
    if parts.iter().any(|part| !part.is_empty()) {
        all.insert("path".into(), parts.join("/").into());
    }
    let pairs = |text: &str, scrub: &mut Option<&mut Scrub>| -> Map<String, Value> {
        let pair = |(key, value): (String, String)| {
            let value = match scrub {
                Some(scrub) => scrub.text(field_of(&key), &value),
                None => value,
            };
            (key, Value::from(value))
        };
        form(text).into_iter().map(pair).collect()
    };
    // `x-id` only repeats the operation's name.
    let mut query = pairs(&query, &mut scrub);
    query.remove("x-id");
    if !query.is_empty() {
        all.insert("query".into(), query.into());
    }
    let content = request.headers().get("content-type").unwrap_or_default();
    let bytes = request.body().bytes().unwrap_or_default();
    if content.contains("x-www-form-urlencoded") {
        let mut said = pairs(&String::from_utf8_lossy(bytes), &mut scrub);
        said.remove("Action");
        said.remove("Version");
        all.insert("body".into(), said.into());
    } else if !bytes.is_empty() {
        let said = match scrub {
            Some(scrub) => body::read(content, bytes, scrub),
            None => body::plain(content, bytes),
        };
        all.insert("body".into(), said);
    }
    if all.is_empty() { json!({}) } else { all.into() }
}

/// Path and query; a bucket that the host names stands in the path.
fn address(service: &str, request: &HttpRequest) -> (String, String) {
    let uri = request.uri();
    let rest = uri.split_once("://").map_or(uri, |(_, rest)| rest);
    let (host, path) = rest.find('/').map_or((rest, ""), |at| rest.split_at(at));
    let (path, query) = path.split_once('?').unwrap_or((path, ""));
    let bucket = host.split_once(".s3.").map(|(bucket, _)| bucket).filter(|_| service.eq_ignore_ascii_case("s3"));
    let path = path.trim_end_matches('/');
    (bucket.map_or_else(|| path.to_owned(), |bucket| format!("/{bucket}{path}")), query.to_owned())
}

/// `Filter.1.Value.2` is a value.
fn field_of(key: &str) -> &str {
    key.rsplit('.').find(|part| part.chars().any(char::is_alphabetic) && *part != "member").unwrap_or(key)
}

/// Pairs of a form.
fn form(text: &str) -> Vec<(String, String)> {
    let pair = |pair: &str| {
        let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
        (decoded(&key.replace('+', " ")), decoded(&value.replace('+', " ")))
    };
    text.split('&').filter(|part| !part.is_empty()).map(pair).collect()
}

/// Text without percent signs.
fn decoded(text: &str) -> String {
    let mut out = Vec::with_capacity(text.len());
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        let mut rest = bytes.clone();
        let hex = (byte == b'%').then(|| [rest.next(), rest.next()]);
        let number = hex.and_then(|pair| match pair {
            [Some(high), Some(low)] => u8::from_str_radix(std::str::from_utf8(&[high, low]).ok()?, 16).ok(),
            _ => None,
        });
        match number {
            Some(number) => {
                out.push(number);
                bytes = rest;
            }
            None => out.push(byte),
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

/// One text for equal values: keys in order.
pub(super) fn canonical(value: &Value) -> String {
    match value {
        Value::Object(fields) => {
            let mut pairs: Vec<(&String, &Value)> = fields.iter().collect();
            pairs.sort_by_key(|(key, _)| *key);
            let pair = |(key, value): (&String, &Value)| format!("{}:{}", Value::from(key.as_str()), canonical(value));
            format!("{{{}}}", pairs.into_iter().map(pair).collect::<Vec<_>>().join(","))
        }
        Value::Array(items) => format!("[{}]", items.iter().map(canonical).collect::<Vec<_>>().join(",")),
        leaf => leaf.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(uri: &str, content: &'static str, body: &'static str) -> HttpRequest {
        let mut request = HttpRequest::new(aws_smithy_types::body::SdkBody::from(body));
        request.set_uri(uri).unwrap();
        request.headers_mut().insert("content-type", content);
        request
    }

    #[test]
    fn one_question_has_one_input_in_every_order_and_at_every_address() {
        let form = "application/x-www-form-urlencoded";
        let one = request(
            "https://ec2.eu-west-1.amazonaws.com/",
            form,
            "Action=DescribeX&Version=1&Owner.1=self&MaxResults=10",
        );
        let two = request("http://127.0.0.1:5000/", form, "MaxResults=10&Owner.1=self&Version=1&Action=DescribeX");
        assert_eq!(canonical(&of("EC2", &one, None)), canonical(&of("EC2", &two, None)));
        let host = request("https://logs.s3.eu-west-1.amazonaws.com/?lifecycle&x-id=GetBucketLifecycle", "", "");
        let path = request("http://127.0.0.1:5000/logs?lifecycle", "", "");
        assert_eq!(of("S3", &host, None), of("S3", &path, None));
        assert_eq!(canonical(&of("S3", &path, None)), r#"{"path":"/logs","query":{"lifecycle":""}}"#);
        let json = request("https://x/", "application/x-amz-json-1.1", r#"{"b":1,"a":[2.0]}"#);
        assert_eq!(canonical(&of("ECS", &json, None)), r#"{"body":{"a":[2.0],"b":1}}"#);
    }
}
