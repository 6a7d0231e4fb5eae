//! Bodies as JSON and back: XML as text, JSON as it is, CBOR as JSON with its times marked.
//!
//! Does not know: what may pass.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use ciborium::Value as Cbor;
use serde_json::{Map, Number, Value, json};

use super::scrub::Scrub;

/// Key of an object that stands for a time of CBOR, and of one that stands for bytes.
const TIME: &str = "$time";
const BYTES: &str = "$bytes";
/// CBOR's tag of a time in seconds since 1970 (RFC 8949, 3.4.2).
const EPOCH: u64 = 1;

/// What a body says, for the disk.
pub(super) fn read(form: &str, bytes: &[u8], scrub: &mut Scrub) -> Value {
    let mut said = plain(form, bytes);
    match &mut said {
        Value::String(text) => *text = scrub.xml(text),
        value => scrub.json(value),
    }
    said
}

/// What a body says.
pub(super) fn plain(form: &str, bytes: &[u8]) -> Value {
    if form.contains("cbor") {
        return ciborium::from_reader(bytes).map_or(Value::Null, from_cbor);
    }
    let text = String::from_utf8_lossy(bytes);
    if form.contains("json") || text.starts_with('{') {
        return serde_json::from_str(&text).unwrap_or_else(|_| Value::from(text.as_ref()));
    }
    Value::from(text.as_ref())
}

/// The body that says it.
pub(super) fn written(form: &str, said: &Value) -> Vec<u8> {
    if form.contains("cbor") {
        let mut bytes = Vec::new();
        return ciborium::into_writer(&to_cbor(said), &mut bytes).map_or_else(|_| Vec::new(), |()| bytes);
    }
    match said {
        Value::String(text) => text.clone().into_bytes(),
        value => value.to_string().into_bytes(),
    }
}

fn from_cbor(value: Cbor) -> Value {
    match value {
        Cbor::Integer(number) => {
            i64::try_from(i128::from(number)).map_or_else(|_| Value::from(i128::from(number) as f64), Value::from)
        }
        Cbor::Float(number) => Number::from_f64(number).map_or(Value::Null, Value::Number),
        Cbor::Text(text) => text.into(),
        Cbor::Bool(flag) => flag.into(),
        Cbor::Bytes(bytes) => json!({ BYTES: BASE64_STANDARD.encode(bytes) }),
        Cbor::Tag(EPOCH, inner) => json!({ TIME: from_cbor(*inner) }),
        Cbor::Tag(_, inner) => from_cbor(*inner),
        Cbor::Array(items) => items.into_iter().map(from_cbor).collect::<Vec<_>>().into(),
        Cbor::Map(pairs) => {
            let pair = |(key, value): (Cbor, Cbor)| Some((key.into_text().ok()?, from_cbor(value)));
            pairs.into_iter().filter_map(pair).collect::<Map<_, _>>().into()
        }
        _ => Value::Null,
    }
}

fn to_cbor(value: &Value) -> Cbor {
    match value {
        Value::Null => Cbor::Null,
        Value::Bool(flag) => Cbor::Bool(*flag),
        Value::Number(number) => match number.as_i64() {
            Some(whole) => Cbor::Integer(whole.into()),
            None => Cbor::Float(number.as_f64().unwrap_or_default()),
        },
        Value::String(text) => Cbor::Text(text.clone()),
        Value::Array(items) => Cbor::Array(items.iter().map(to_cbor).collect()),
        Value::Object(fields) => match (fields.get(TIME), fields.get(BYTES)) {
            (Some(time), _) => Cbor::Tag(EPOCH, Box::new(to_cbor(time))),
            (_, Some(Value::String(text))) => Cbor::Bytes(BASE64_STANDARD.decode(text).unwrap_or_default()),
            _ => Cbor::Map(fields.iter().map(|(key, value)| (Cbor::Text(key.clone()), to_cbor(value))).collect()),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_of_cbor_comes_back_as_it_was() {
        let time = Cbor::Tag(EPOCH, Box::new(Cbor::Float(1_790_812_800.0)));
        let pair = |key: &str, value: Cbor| (Cbor::Text(key.into()), value);
        let whole = Cbor::Map(vec![
            pair("Timestamps", Cbor::Array(vec![time])),
            pair("Values", Cbor::Array(vec![Cbor::Float(3.0), Cbor::Float(0.25)])),
            pair("Count", Cbor::Integer(7.into())),
            pair("Id", Cbor::Text("q0".into())),
        ]);
        let mut bytes = Vec::new();
        ciborium::into_writer(&whole, &mut bytes).unwrap();
        let said = plain("application/cbor", &bytes);
        assert_eq!(said["Timestamps"][0][TIME], 1_790_812_800.0);
        let again: Cbor = ciborium::from_reader(written("application/cbor", &said).as_slice()).unwrap();
        let sorted = |value: Cbor| {
            let mut pairs = value.into_map().unwrap();
            pairs.sort_by_key(|(key, _)| key.as_text().map(str::to_owned));
            pairs
        };
        assert_eq!(sorted(again), sorted(whole));
    }
}
