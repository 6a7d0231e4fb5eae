//! Maps in text, key by key and value by value: JSON, Azure's tags without braces, Python's lists of records.
//!
//! Knows: quotes, escapes, and that records with `key` and `value` are entries. Does not know: whether the text is well formed; what
//! is no quoted text, number or constant is replaced as well, so that nothing slips through a spelling that is not known.

use super::policy::{Policy, passes, plain};
use super::wording;
use crate::pseudonym::Pseudonyms;

/// Keys of records that say what is in them, not whose.
const PARTS: [&str; 4] = ["key", "value", "inherited", "namespace"];
/// What stands between keys and values.
const MARKS: &str = "{}[](),:";

/// A map of a column as it stands in the copy.
pub(super) fn redact(text: &str, column: &str, policy: Policy, names: &mut Pseudonyms) -> String {
    if !text.contains(['"', '\'']) {
        return match policy {
            Policy::Attributes => wording::meter(text, names),
            _ if text.contains(char::is_alphanumeric) => names.id(text),
            _ => text.to_owned(),
        };
    }
    let mut map = Map { column, policy, key: String::new(), entry: String::new() };
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let (length, shown) = match first {
            '"' | '\'' => {
                let (inner, after) = quoted(rest);
                let shown = if after.trim_start().starts_with(':') {
                    map.key(inner, first, names)
                } else {
                    map.value(inner, first, names)
                };
                (rest.len() - after.len(), format!("{first}{shown}{first}"))
            }
            mark if is_mark(mark) => (mark.len_utf8(), mark.to_string()),
            _ => {
                let end = rest.find(|c: char| is_mark(c) || c == '"' || c == '\'').unwrap_or(rest.len());
                (end, map.bare(&rest[..end], names))
            }
        };
        out.push_str(&shown);
        rest = &rest[length..];
    }
    out
}

fn is_mark(c: char) -> bool {
    c.is_whitespace() || MARKS.contains(c)
}

/// The inside of the quoted text that comes first, and what follows it.
fn quoted(text: &str) -> (&str, &str) {
    let (quote, inner) = text.split_at(1);
    let mut escaped = false;
    for (at, c) in inner.char_indices() {
        if !escaped && quote.starts_with(c) {
            return (&inner[..at], &inner[at + 1..]);
        }
        escaped = c == '\\' && !escaped;
    }
    (inner, "")
}

/// A quoted text without its escapes, so that a name is digested as it is written elsewhere.
fn unescaped(inner: &str, quote: char) -> String {
    match quote {
        '"' => serde_json::from_str(&format!("\"{inner}\"")).unwrap_or_else(|_| inner.to_owned()),
        _ => inner.replace("\\'", "'").replace("\\\\", "\\"),
    }
}

fn is_number(text: &str) -> bool {
    text.bytes().all(|b| b.is_ascii_digit() || b"+-.eE".contains(&b)) && text.parse::<f64>().is_ok()
}

/// Where we are in a map.
struct Map<'a> {
    column: &'a str,
    policy: Policy,
    /// The key whose value comes.
    key: String,
    /// In lists of records, the name of the entry whose value comes.
    entry: String,
}

impl Map<'_> {
    fn key(&mut self, inner: &str, quote: char, names: &mut Pseudonyms) -> String {
        self.key = unescaped(inner, quote);
        // CUR 2.0 writes `aws:createdBy` as `aws_created_by`.
        let own = self.key.starts_with("aws_") && plain(self.column) == "resourcetags";
        if own || self.policy == Policy::Attributes || PARTS.contains(&self.key.as_str()) {
            return names.keep(inner).to_owned();
        }
        names.tag_key(&self.key)
    }

    fn value(&mut self, inner: &str, quote: char, names: &mut Pseudonyms) -> String {
        let text = unescaped(inner, quote);
        if self.key == "key" {
            let known = self.policy == Policy::Attributes && passes(self.column, &text);
            let shown = if known { names.keep(inner).to_owned() } else { names.tag_key(&text) };
            self.entry = text;
            return shown;
        }
        let stays = match self.policy {
            Policy::Attributes => self.passes(),
            Policy::Amounts => is_number(&text),
            _ => false,
        };
        if stays { names.keep(inner).to_owned() } else { names.id(&text) }
    }

    /// A number, a constant, or what should have been quoted.
    fn bare(&self, text: &str, names: &mut Pseudonyms) -> String {
        let constant = ["null", "none", "true", "false"].contains(&text.to_lowercase().as_str());
        let number = is_number(text)
            && match self.policy {
                Policy::Attributes => self.passes(),
                Policy::Amounts => true,
                _ => false,
            };
        if constant || number { names.keep(text).to_owned() } else { format!("\"{}\"", names.id(text)) }
    }

    fn passes(&self) -> bool {
        passes(self.column, if self.key == "value" { &self.entry } else { &self.key })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use regex::Regex;

    #[test]
    fn maps_keep_their_form_and_lose_what_is_the_clients() {
        for (column, policy, text, shape) in [
            (
                "Tags",
                Policy::Tags,
                r#"{"team":"web","n":500,"x":null,"y":""}"#,
                r#"\{"@":"@","@":"@","@":null,"@":""\}"#,
            ),
            ("Tags", Policy::Tags, r#""team": "web","env": "say \"hi\"""#, r#""@": "@","@": "@""#),
            ("Tags", Policy::Tags, "{}", r"\{\}"),
            ("Tags", Policy::Tags, "web", "@"),
            ("labels", Policy::Tags, "[{'key': 'team', 'value': 'it\\'s'}]", r"\[\{'key': '@', 'value': '@'\}\]"),
            ("labels", Policy::Tags, "[]", r"\[\]"),
            (
                "resource_tags",
                Policy::Tags,
                r#"{"user_team":"web","aws_created_by":"Jane"}"#,
                r#"\{"user_@":"@","aws_created_by":"@"\}"#,
            ),
            (
                "product",
                Policy::Attributes,
                r#"{"region":"us-east-1","something_new":"x","vcpu":2,"n":7}"#,
                r#"\{"region":"us-east-1","something_new":"@","vcpu":2,"n":"@"\}"#,
            ),
            ("product", Policy::Attributes, "Blob Storage - Hot LRS", "Blob Storage - Hot LRS"),
            (
                "AdditionalInfo",
                Policy::Attributes,
                r#"{"ServiceType":"Standard_D2s_v3","VMName":"build-1","key":"secret"}"#,
                r#"\{"ServiceType":"Standard_D2s_v3","VMName":"@","key":"@"\}"#,
            ),
            (
                "system_labels",
                Policy::Attributes,
                "[{'key': 'compute.googleapis.com/cores', 'value': '4'}, {'key': 'mine', 'value': '4'}]",
                r"\[\{'key': 'compute.googleapis.com/cores', 'value': '4'\}, \{'key': '@', 'value': '@'\}\]",
            ),
            (
                "credits",
                Policy::Attributes,
                "[{'name': 'Trial of Acme', 'amount': -5e-06, 'full_name': None, 'id': 'x', 'type': 'PROMOTION'}]",
                r"\[\{'name': '@', 'amount': -5e-06, 'full_name': None, 'id': '@', 'type': 'PROMOTION'\}\]",
            ),
            ("discount", Policy::Amounts, r#"{"acme_deal":-1.25,"b":"0.5"}"#, r#"\{"@":-1.25,"@":"0.5"\}"#),
            ("Tags", Policy::Tags, r#"{"team": web}"#, r#"\{"@": "@"\}"#),
            ("Tags", Policy::Tags, r#"{"team":"web"#, r#"\{"@":"@""#),
        ] {
            let redacted = redact(text, column, policy, &mut Pseudonyms::new(&[7; 32]).unwrap());
            let pattern = format!("^{}$", shape.replace('@', "[rR][0-9a-fA-F]{10}"));
            assert!(Regex::new(&pattern).unwrap().is_match(&redacted), "{text} became {redacted}");
        }
    }

    #[test]
    fn a_name_is_the_same_however_it_is_escaped() {
        let mut names = Pseudonyms::new(&[7; 32]).unwrap();
        let bare = names.id("caf\u{e9} \"x\"");
        let json = redact(r#"{"a":"caf\u00e9 \"x\""}"#, "Tags", Policy::Tags, &mut names);
        assert!(json.contains(&bare), "{json}");
    }
}
