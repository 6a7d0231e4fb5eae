//! The copies, read again: none of the names that were replaced may be in them, in plain text or under base64.
//!
//! Shares nothing with the code that replaces but the list of what it replaced. A name counts where it stands as a word or words of
//! its own, in any case. A name that is also a word of the provider's (`data`, `Standard`) is in what was let stand and proves
//! nothing; accounts, ids, addresses and ARNs are looked for in any case.

use std::collections::{BTreeSet, HashMap, HashSet};

use super::RedactError;
use super::copy::inflated;
use crate::billing::BillFile;
use crate::pseudonym::{Pseudonyms, telling};

/// A shorter name is found everywhere.
const SHORTEST: usize = 4;
/// Digits without a letter are a name from this many on; fewer are any number.
const LONG_NUMBER: usize = 9;
/// Shorter words are no base64 that says anything.
const SHORTEST_BASE64: usize = 16;
/// Texts remembered as clean.
const MOST_TEXTS: usize = 200_000;

/// What is looked for.
pub(super) struct Search<'a> {
    /// By the longest word of a name: few names share it, and few texts have it.
    by_word: HashMap<String, Vec<Name<'a>>>,
    /// How many names.
    pub(super) names: usize,
    /// How many names were left out, because they are also words of the provider's.
    pub(super) common: usize,
}

struct Name<'a> {
    written: &'a str,
    folded: String,
    /// Where its longest word begins.
    at: usize,
}

impl<'a> Search<'a> {
    /// For everything that was replaced.
    pub(super) fn new(names: &'a Pseudonyms) -> Self {
        let all = Search::of(names.replaced());
        let common: BTreeSet<&str> =
            names.kept().flat_map(|text| all.found(text)).filter(|name| !telling(name)).collect();
        let search = Search::of(names.replaced().filter(|name| !common.contains(name)));
        Search { common: common.len(), ..search }
    }

    fn of(names: impl Iterator<Item = &'a str>) -> Self {
        let mut search = Search { by_word: HashMap::new(), names: 0, common: 0 };
        for written in names {
            let folded = written.to_lowercase().trim_matches(|c: char| !c.is_alphanumeric()).to_owned();
            let digits = folded.bytes().filter(u8::is_ascii_digit).count();
            if folded.len() < SHORTEST || !(folded.contains(char::is_alphabetic) || digits >= LONG_NUMBER) {
                continue;
            }
            let longest = words(&folded).max_by_key(|(_, word)| word.len()).map(|(at, word)| (at, word.to_owned()));
            if let Some((at, word)) = longest {
                search.by_word.entry(word).or_default().push(Name { written, folded, at });
                search.names += 1;
            }
        }
        search
    }

    /// The names in a text.
    fn found(&self, text: &str) -> Vec<&'a str> {
        let text = text.to_lowercase();
        let mut found = Vec::new();
        for (at, word) in words(&text) {
            for name in self.by_word.get(word).into_iter().flatten() {
                let Some(start) = at.checked_sub(name.at) else { continue };
                let end = start + name.folded.len();
                let alone = text.get(start..end) == Some(name.folded.as_str())
                    && !text[..start].ends_with(char::is_alphanumeric)
                    && !text[end..].starts_with(char::is_alphanumeric);
                if alone {
                    found.push(name.written);
                }
            }
        }
        found
    }

    /// Reads a copy from the first byte to the last.
    pub(super) fn through(&self, copy: &BillFile) -> Result<(), RedactError> {
        let unread = |source| RedactError::Csv { file: copy.name.clone(), source };
        let bytes = inflated(&copy.path, copy.container).map_err(|e| unread(e.into()))?;
        let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(bytes);
        let mut record = csv::StringRecord::new();
        let mut clean: HashSet<String> = HashSet::new();
        while reader.read_record(&mut record).map_err(unread)? {
            for (place, text) in record.iter().enumerate() {
                if text.len() < SHORTEST || clean.contains(text) {
                    continue;
                }
                let encoded = text.split(|c: char| !is_base64(c)).filter(|word| word.len() >= SHORTEST_BASE64);
                let hidden = || encoded.filter_map(decoded).any(|text| !self.found(&text).is_empty());
                if !self.found(text).is_empty() || hidden() {
                    let column = copy.columns.get(place).cloned().unwrap_or_default();
                    return Err(RedactError::Found { file: copy.name.clone(), column });
                }
                if clean.len() >= MOST_TEXTS {
                    clean.clear();
                }
                clean.insert(text.to_owned());
            }
        }
        Ok(())
    }
}

/// The words of a text and where they begin.
fn words(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut next = 0;
    let pieces = text.split_inclusive(|c: char| !c.is_alphanumeric()).map(move |piece| {
        let at = next;
        next += piece.len();
        (at, piece.trim_end_matches(|c: char| !c.is_alphanumeric()))
    });
    pieces.filter(|(_, word)| !word.is_empty())
}

fn is_base64(c: char) -> bool {
    c.is_ascii_alphanumeric() || "+/-_".contains(c)
}

/// What a word says when it is base64 of text; `None` when it is no text.
fn decoded(word: &str) -> Option<String> {
    let (mut bits, mut held, mut out) = (0_u32, 0, Vec::new());
    for byte in word.bytes() {
        let six = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' | b'-' => 62,
            _ => 63,
        };
        bits = (bits << 6) | u32::from(six);
        held += 6;
        if held >= 8 {
            held -= 8;
            out.push((bits >> held) as u8);
            bits &= (1 << held) - 1;
        }
    }
    String::from_utf8(out).ok().filter(|text| !text.contains(|c: char| c.is_control() && !c.is_whitespace()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_found_as_a_word_of_its_own_in_any_case() {
        let mut names = Pseudonyms::new(&[7; 32]).unwrap();
        for name in ["web-server", "Fernbrook Toys", "prod", "111122223333", "data", "i-0abc12345", "1234", "ops"] {
            names.id(name);
        }
        names.remember("Data Transfer Out");
        names.remember("copy of i-0abc12345");
        let search = Search::new(&names);
        assert_eq!((search.names, search.common), (5, 1));
        for (text, found) in [
            ("the web-server here", vec!["web-server"]),
            ("WEB-SERVER-1", vec!["web-server"]),
            ("web-servers", vec![]),
            ("cobweb-server", vec![]),
            ("product", vec![]),
            ("env=prod;x", vec!["prod"]),
            ("arn:aws:iam::111122223333:role/x", vec!["111122223333"]),
            ("0.111122223333", vec!["111122223333"]),
            ("fernbrook toys", vec!["Fernbrook Toys"]),
            ("data of ops 1234", vec![]),
            ("i-0ABC12345", vec!["i-0abc12345"]),
        ] {
            assert_eq!(search.found(text), found, "{text}");
        }
    }

    #[test]
    fn base64_of_text_is_read() {
        for (word, text) in [
            ("RmVybmJyb29rIFRveXM", Some("Fernbrook Toys")),
            ("aHR0cHM6Ly9mZXJuYnJvb2sudG95cz9xPTE-", Some("https://fernbrook.toys?q=1>")),
            ("0123456789abcdef", None),
        ] {
            assert_eq!(decoded(word).as_deref(), text);
        }
    }
}
