//! What passes of questions and answers, and a pseudonym for everything else.
//!
//! Knows: the lists of `passes.txt` (fields and words of the provider's, never of the client's), numbers and times, XML and JSON,
//! JSON within text. Does not know: operations. What no list names is hidden; a mistake in a list can only hide too much.

use std::collections::HashSet;
use std::sync::LazyLock;

use quick_xml::events::{BytesText, Event};
use quick_xml::{Reader, Writer};
use regex::Regex;
use serde_json::{Map, Value};

use crate::pseudonym::{Pseudonyms, ShortKey, sections, telling};

/// Everything that may pass.
struct Passes {
    fields: HashSet<&'static str>,
    words: HashSet<&'static str>,
    paths: HashSet<&'static str>,
    maps: HashSet<&'static str>,
}

static PASSES: LazyLock<Passes> = LazyLock::new(|| {
    let of = |wanted: &'static str| {
        let all = sections(include_str!("passes.txt"));
        all.filter(move |(section, _)| *section == wanted).map(|(_, word)| word).collect()
    };
    Passes { fields: of("fields"), words: of("words"), paths: of("paths"), maps: of("maps") }
});

/// Numbers, times, and the reason of a state that holds nothing but a time.
static FREE: LazyLock<Option<Regex>> = LazyLock::new(|| {
    let time = r"\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d(\.\d+)?)?( GMT| UTC|Z|[+-]\d\d:?\d\d)?)?";
    Regex::new(&format!(r"^(-?\d{{1,11}}(\.\d+)?(E-?\d+)?|{time}|User initiated \({time}\))$")).ok()
});
/// How the provider writes types, versions and states.
static WORD: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"^/?[A-Za-z0-9][A-Za-z0-9 ._/:+%()-]{0,63}$").ok());
/// A type of resource in CloudFormation's registry, of the provider's own: `AWS::SageMaker::Endpoint`.
static TYPE: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"^AWS::[A-Za-z0-9]{1,40}::[A-Za-z0-9]{1,60}$").ok());
/// A region, wherever it stands.
static REGION: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"^[a-z]{2}(-gov|-iso[a-z]?)?-(north|south|east|west|central){1,2}-\d$").ok());
/// Sizes have as many digits as accounts.
static SIZE: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new("(?i)(bytes|size)$").ok());

fn fits(pattern: &LazyLock<Option<Regex>>, text: &str) -> bool {
    pattern.as_ref().is_some_and(|pattern| pattern.is_match(text))
}

/// Replaces what may not pass.
pub(super) struct Scrub {
    names: Pseudonyms,
    /// Whether all names are invented, so that none is replaced.
    invented: bool,
}

impl Scrub {
    pub(super) fn new(key: &[u8]) -> Result<Self, ShortKey> {
        Ok(Scrub { names: Pseudonyms::new(key)?, invented: false })
    }

    /// For a server of one's own, whose names are nobody's.
    pub(super) fn of_invented() -> Result<Self, ShortKey> {
        Ok(Scrub { names: Pseudonyms::new(&[0; 32])?, invented: true })
    }

    /// The value of a field.
    pub(super) fn text(&mut self, field: &str, value: &str) -> String {
        let field: String = field.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect();
        if self.invented {
            return value.to_owned();
        }
        if let Some(inner) = nested(value) {
            let mut inner = inner;
            self.json(&mut inner);
            return inner.to_string();
        }
        let lower = value.to_lowercase();
        let whole = value.len() >= 12 && value.bytes().all(|b| b.is_ascii_digit());
        let passes = value.is_empty()
            || fits(&FREE, value)
            || (whole && value.len() <= 18 && fits(&SIZE, &field))
            || PASSES.words.contains(lower.replace(' ', "_").as_str())
            || (value.starts_with("AWS/") && fits(&WORD, value))
            || fits(&REGION, value)
            || fits(&TYPE, value)
            || (value.starts_with("com.amazonaws.") && fits(&WORD, value) && !telling(value))
            || (value.starts_with("http://") || value.starts_with("https://")) && value.contains(".amazonaws.com/doc/")
            || (PASSES.fields.contains(field.as_str()) && fits(&WORD, value) && !telling(value))
            || (matches!(field.as_str(), "key" | "tagkey") && (value == "Name" || value.starts_with("aws:")))
            || (field == "id"
                && value.len() <= 6
                && value.starts_with('q')
                && value[1..].bytes().all(|b| b.is_ascii_digit()));
        if passes {
            return self.names.keep(value).to_owned();
        }
        self.names.id(value)
    }

    /// A broker in CloudWatch: ActiveMQ's instances have their number behind the broker's name, which stands alone elsewhere.
    fn broker(&mut self, dimension: &str) -> String {
        match dimension.rsplit_once('-') {
            Some((name, number @ ("1" | "2"))) if self.names.has(name) => format!("{}-{number}", self.names.id(name)),
            _ => self.names.id(dimension),
        }
    }

    /// A part of an address.
    pub(super) fn segment(&mut self, part: &str) -> String {
        let lower = part.to_lowercase();
        if self.invented || part.is_empty() || fits(&FREE, part) || PASSES.paths.contains(lower.as_str()) {
            return part.to_owned();
        }
        self.names.id(part)
    }

    /// A value of JSON, in place.
    pub(super) fn json(&mut self, value: &mut Value) {
        self.value("", value);
    }

    fn value(&mut self, field: &str, value: &mut Value) {
        match value {
            Value::String(text) => *text = self.text(field, text),
            Value::Array(items) => items.iter_mut().for_each(|item| self.value(field, item)),
            Value::Object(fields) => {
                let broker = fields.get("Name").and_then(Value::as_str) == Some("Broker");
                if let Some(Value::String(name)) = fields.get_mut("Value").filter(|_| broker && !self.invented) {
                    *name = self.broker(name);
                    return;
                }
                let of_client = PASSES.maps.contains(field.to_lowercase().as_str());
                let mut hidden = Map::new();
                for (key, mut inner) in std::mem::take(fields) {
                    self.value(&key, &mut inner);
                    let plain = key.trim_start_matches('$').bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
                    let key = if (of_client || !plain) && !self.invented { self.names.tag_key(&key) } else { key };
                    hidden.insert(key, inner);
                }
                *fields = hidden;
            }
            _ => {}
        }
    }

    /// A document of XML; text that is none is hidden as a whole.
    pub(super) fn xml(&mut self, text: &str) -> String {
        match self.elements(text) {
            Some(document) if text.trim_start().starts_with('<') && !text.trim_start().starts_with("<!") => document,
            _ if text.trim_start().starts_with("<") => "<html></html>".to_owned(),
            _ => self.text("", text),
        }
    }

    fn elements(&mut self, text: &str) -> Option<String> {
        let mut reader = Reader::from_str(text);
        let mut writer = Writer::new(Vec::new());
        let mut inside: Vec<String> = Vec::new();
        let mut said = String::new();
        loop {
            let event = reader.read_event().ok()?;
            match &event {
                Event::Text(part) => said += &part.decode().ok()?,
                Event::CData(part) => said += &String::from_utf8_lossy(part),
                Event::GeneralRef(reference) => {
                    let name = reference.decode().ok()?;
                    match reference.resolve_char_ref().ok()? {
                        Some(c) => said.push(c),
                        None => said += quick_xml::escape::resolve_predefined_entity(&name)?,
                    }
                }
                Event::Comment(_) | Event::PI(_) | Event::DocType(_) => {}
                other => {
                    let field = inside.last().map(String::as_str).unwrap_or_default();
                    if said.trim().is_empty() {
                        said.clear();
                    } else {
                        let passed = self.text(field, &std::mem::take(&mut said));
                        writer.write_event(Event::Text(BytesText::new(&passed))).ok()?;
                    }
                    match other {
                        Event::Start(start) => {
                            inside.push(String::from_utf8_lossy(start.local_name().as_ref()).into_owned())
                        }
                        Event::End(_) => {
                            inside.pop();
                        }
                        Event::Eof => break,
                        _ => {}
                    }
                    writer.write_event(event).ok()?;
                }
            }
        }
        String::from_utf8(writer.into_inner()).ok()
    }

    /// A name that was replaced and stands in a text still, where the provider's own words do not say the same.
    pub(super) fn left_in<'t>(&self, text: &'t str) -> Option<&'t str> {
        let kept: HashSet<&str> = self.names.kept().collect();
        let known: HashSet<&str> =
            self.names.replaced().filter(|name| name.len() >= 6 && !kept.contains(name)).collect();
        let is_part = |c: char| c.is_alphanumeric() || "-_.@".contains(c);
        let fields: HashSet<&str> = text.split('"').skip(1).step_by(2).collect();
        text.split(|c: char| !is_part(c)).find(|word| known.contains(word) && !fields.contains(word) && telling(word))
    }
}

/// JSON within text.
fn nested(text: &str) -> Option<Value> {
    let text = text.trim();
    (text.starts_with('{') && text.ends_with('}') || text.starts_with('[') && text.ends_with(']'))
        .then(|| serde_json::from_str(text).ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scrub() -> Scrub {
        Scrub::new(&[7; 32]).unwrap()
    }

    #[test]
    fn nothing_of_the_client_passes() {
        let mut scrub = scrub();
        for (field, text) in [
            ("ownerId", "111122223333"),
            ("Account", "111122223333"),
            ("instanceId", "i-0abc1234567890def"),
            ("privateIpAddress", "10.0.0.17"),
            ("value", "payments"),
            ("key", "CostCentre"),
            ("DBInstanceIdentifier", "orders"),
            ("email", "jane.doe@acme.example"),
            ("NextToken", "AAMA-EFRSURBSGdpc2FuaWNl"),
            ("state", "arn:aws:iam::111122223333:role/x"),
            ("message", "User: arn:aws:iam::111122223333:user/jane is not authorized"),
            ("userData", "IyEvYmluL2Jhc2gKZXhwb3J0IFBBU1NXT1JEPXNlc2FtZQ=="),
            (
                "RedrivePolicy",
                r#"{"deadLetterTargetArn":"arn:aws:sqs:eu-west-1:111122223333:payments-dead","maxReceiveCount":5}"#,
            ),
        ] {
            let passed = scrub.text(field, text);
            assert!(!passed.contains(text), "{field}: {text}");
            assert!(!passed.contains("payments") && !passed.contains("111122223333"), "{passed}");
            assert_eq!(scrub.text(field, text), passed, "always the same");
        }
        let policy =
            scrub.text("RedrivePolicy", r#"{"deadLetterTargetArn":"arn:aws:sqs:eu-west-1:1:q","maxReceiveCount":5}"#);
        assert!(policy.contains("maxReceiveCount") && policy.contains("arn:aws:sqs:eu-west-1:"), "{policy}");
    }

    #[test]
    fn what_the_provider_says_passes() {
        for (field, text) in [
            ("instanceType", "m5.large"),
            ("name", "running"),
            ("size", "100"),
            ("device", "/dev/sda1"),
            ("createTime", "2026-10-01T12:00:00.000Z"),
            ("reason", "User initiated (2026-10-01 12:00:00 GMT)"),
            ("MeteredSizeInBytes", "123456789012"),
            ("serviceName", "com.amazonaws.eu-west-1.s3"),
            ("Engine", "aurora-postgresql"),
            ("key", "aws:autoscaling:groupName"),
            ("Id", "q17"),
        ] {
            assert_eq!(scrub().text(field, text), text, "{field}");
        }
    }

    #[test]
    fn documents_keep_their_shape() {
        let mut scrub = scrub();
        let xml = "<R xmlns=\"http://ec2.amazonaws.com/doc/2016-11-15/\"><item><volumeId>vol-0abc1234</volumeId>\
                   <size>100</size><tagSet><item><key>Name</key><value>a &amp; b</value></item></tagSet></item></R>";
        let passed = scrub.xml(xml);
        assert!(passed.contains("<size>100</size>") && passed.contains("<key>Name</key>"), "{passed}");
        assert!(!passed.contains("vol-0abc1234") && !passed.contains("a &amp; b"), "{passed}");
        assert!(!scrub.xml("<html><body>jane</body></html>").contains("jane"));
        let mut json: Value = serde_json::from_str(
            r#"{"tags":{"team":"payments"},"Table":{"TableName":"orders","ItemCount":7,"TableStatus":"ACTIVE"}}"#,
        )
        .unwrap();
        scrub.json(&mut json);
        let text = json.to_string();
        assert!(!["team", "payments", "orders"].iter().any(|name| text.contains(name)), "{text}");
        assert_eq!((&json["Table"]["ItemCount"], &json["Table"]["TableStatus"]), (&7.into(), &"ACTIVE".into()));
        // The same id, in a path of an answer and as a part of a question.
        let balancer = "arn:aws:elasticloadbalancing:eu-west-1:111122223333:loadbalancer/app/shop/0ac3e00000000501";
        let [arn, dimension] = [balancer, "app/shop/0ac3e00000000501"].map(|text| scrub.text("x", text));
        assert!(arn.ends_with(&dimension), "{arn} {dimension}");
        assert_eq!(
            [scrub.left_in("said of vol-0abc1234 that"), scrub.left_in("vol-ffff")],
            [Some("vol-0abc1234"), None]
        );
    }
}
