//! What may stay of a description: AWS's own wording whole, the words of other providers' meter names one by one.
//!
//! Knows: `vocabulary.txt`, and the shapes of codes such as `D4ds`, `v5`, `P10`, `100GB`. Does not know: what a description means.

use std::sync::LazyLock;

use regex::Regex;

use super::policy::{Context, lists};
use crate::billing::lost_meter;
use crate::pseudonym::{Pseudonyms, telling};

/// Versions, sizes of machines and disks, series (`Ddsv5`), and numbers of up to six digits with or without a unit.
static CODE: LazyLock<Option<Regex>> = LazyLock::new(|| {
    let shapes = [
        "v[0-9]{1,2}",
        "[a-z][0-9]{1,3}[a-z]{0,2}",
        "[0-9]{1,6}[A-Za-z]{0,3}",
        "[A-Z]{1,3}(?:[a-z]{0,3}v)?[0-9]{1,4}[a-z]{0,4}(?:v[0-9]{1,2})?",
        "[A-Z][0-9]{1,2}[A-Z]",
    ];
    Regex::new(&format!("^(?:{})$", shapes.join("|"))).ok()
});

/// A description of a charge of AWS: as it is when AWS words it so and it names nobody, else a pseudonym.
pub(super) fn of_aws(text: &str, row: &Context<'_>, names: &mut Pseudonyms) -> String {
    let known = lost_meter::recover(row.service, "", text, row.region).is_some();
    let named = text.split(|c: char| c.is_whitespace() || "(),;".contains(c)).any(telling);
    if known && !named { names.keep(text).to_owned() } else { names.id(text) }
}

/// The name of a meter: words of the vocabulary and codes stay, every other word becomes a pseudonym.
pub(super) fn meter(text: &str, names: &mut Pseudonyms) -> String {
    let mut out = String::with_capacity(text.len());
    // What stands since the last pseudonym: it is the provider's wording as a whole, not only word by word.
    let mut standing = String::new();
    for word in text.split_inclusive(char::is_whitespace) {
        let bare = word.trim_matches(|c: char| c.is_whitespace() || "()[],.;:\"'".contains(c));
        if telling(bare) {
            out.push_str(&word.replacen(bare, &names.id(bare), 1));
            names.remember(&std::mem::take(&mut standing));
            continue;
        }
        for piece in word.split_inclusive(|c: char| !c.is_alphanumeric()) {
            let token = piece.trim_end_matches(|c: char| !c.is_alphanumeric());
            let (_, mark) = piece.split_at(token.len());
            if token.is_empty() || stays(token) {
                standing.push_str(token);
                out.push_str(token);
            } else {
                names.remember(&std::mem::take(&mut standing));
                out.push_str(&names.id(token));
            }
            standing.push_str(mark);
            out.push_str(mark);
        }
    }
    names.remember(&standing);
    out
}

fn stays(token: &str) -> bool {
    lists().vocabulary.contains(token.to_lowercase().as_str()) || CODE.as_ref().is_some_and(|code| code.is_match(token))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn meters_of_providers_stay_and_names_in_them_do_not() {
        for text in [
            "Virtual Machines Dv2/DSv2 Series - D11 v2/DS11 v2 - US East 2",
            "Virtual Machines Ddsv5 Series - D4ds v5 - US East",
            "Premium SSD Managed Disks - P10 LRS - US East",
            "Rtn Preference: MGN - Standard Data Transfer Out",
            "Cloud SQL for MySQL: Zonal - vCPU in Belgium",
            "Networking Cloud Nat Gateway Uptime",
            "Reserved VM Instance, Standard_B1s, UK South, 3 Years",
        ] {
            assert_eq!(meter(text, &mut Pseudonyms::new(&[7; 32]).unwrap()), text);
        }
        let text = "Support for Fernbrook (jane@fernbrook.example), account 111122223333 - web1 Disk, order 4500123456";
        let redacted = meter(text, &mut Pseudonyms::new(&[7; 32]).unwrap());
        for name in ["Fernbrook", "jane", "fernbrook", "111122223333", "web1", "4500123456"] {
            assert!(!redacted.contains(name), "{redacted}");
        }
        assert!(redacted.starts_with("Support for R") && redacted.contains("@example.com), account "), "{redacted}");
    }

    #[test]
    fn wording_of_aws_stays_unless_it_names_somebody() {
        let mut names = Pseudonyms::new(&[7; 32]).unwrap();
        let row = Context { aws: true, service: "Amazon Elastic Compute Cloud", region: "us-east-1" };
        let mut redacted = |text: &str| of_aws(text, &row, &mut names);
        let known = "$0.192 per On Demand Linux m5.xlarge Instance Hour";
        assert_eq!(redacted(known), known);
        assert!(redacted("SavingsPlanNegation used by AccountId : 111122223333 and UsageSku : X").starts_with('R'));
        assert!(redacted("Migration credit for project falcon").starts_with('R'));
    }
}
