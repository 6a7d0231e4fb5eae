//! `surgeon.toml`: parameters of rules, allocation keys, waivers. Unknown keys are errors.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::Context;
use jiff::civil::Date;
use serde::Deserialize;

use crate::waivers::Waiver;

/// The file as written.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Settings {
    /// Currency of files without a currency column.
    pub(super) currency: Option<String>,
    #[serde(default)]
    pub(super) allocation: Allocation,
    /// `[rules.ebs-volume-gp2]` with `parameter = value`.
    #[serde(default)]
    pub(super) rules: BTreeMap<String, BTreeMap<String, toml::Value>>,
    #[serde(default, rename = "waiver")]
    waivers: Vec<WaiverEntry>,
}

/// `[allocation]`
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Allocation {
    /// Tag keys by which cost is broken down.
    #[serde(default)]
    pub(super) keys: Vec<String>,
}

/// `[[waiver]]`
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct WaiverEntry {
    finding: String,
    reason: String,
    owner: String,
    until: String,
}

/// Reads the named file, or `surgeon.toml` of the working folder when it exists.
pub(super) fn read(path: Option<&Path>) -> anyhow::Result<Settings> {
    let default = Path::new("surgeon.toml");
    let path = match path {
        Some(path) => path,
        None if default.is_file() => default,
        None => return Ok(Settings::default()),
    };
    let text = std::fs::read_to_string(path).with_context(|| path.display().to_string())?;
    toml::from_str(&text).with_context(|| format!("{} cannot be used", path.display()))
}

impl Settings {
    /// The waivers, checked.
    pub(super) fn waivers(&self) -> anyhow::Result<Vec<Waiver>> {
        self.waivers
            .iter()
            .map(|w| {
                for (field, text) in [("finding", &w.finding), ("reason", &w.reason), ("owner", &w.owner)] {
                    anyhow::ensure!(!text.trim().is_empty(), "surgeon.toml: a waiver needs a {field}");
                }
                let until: Date = w.until.parse().map_err(|_| {
                    anyhow::anyhow!(
                        "surgeon.toml: waiver of {}: until {:?} is not a date (YYYY-MM-DD)",
                        w.finding,
                        w.until
                    )
                })?;
                Ok(Waiver { finding: w.finding.clone(), reason: w.reason.clone(), owner: w.owner.clone(), until })
            })
            .collect()
    }

    /// Parameters as `rule.parameter=value`, the form of `--set`.
    pub(super) fn assignments(&self) -> Vec<String> {
        let text = |value: &toml::Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        let of = |(rule, parameters): (&String, &BTreeMap<String, toml::Value>)| {
            parameters.iter().map(|(name, value)| format!("{rule}.{name}={}", text(value))).collect::<Vec<_>>()
        };
        self.rules.iter().flat_map(of).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_key_is_an_error_that_names_it() {
        let error = toml::from_str::<Settings>("[alocation]\nkeys = []\n").unwrap_err().to_string();
        assert!(error.contains("unknown field `alocation`"), "{error}");
    }

    #[test]
    fn a_waiver_needs_reason_owner_and_end() {
        assert!(
            toml::from_str::<Settings>("[[waiver]]\nfinding = \"a-b\"\nreason = \"r\"\nuntil = \"2027-01-01\"\n")
                .is_err()
        );
        let text = "[[waiver]]\nfinding = \"a-b\"\nreason = \"r\"\nowner = \"o\"\nuntil = \"soon\"\n";
        let error = toml::from_str::<Settings>(text).unwrap().waivers().unwrap_err().to_string();
        assert!(error.contains("\"soon\" is not a date"), "{error}");
    }

    #[test]
    fn parameters_are_assignments() {
        let text = "[rules.ebs-volume-gp2]\nmin_age = 14\nname = \"x\"\n";
        assert_eq!(
            toml::from_str::<Settings>(text).unwrap().assignments(),
            ["ebs-volume-gp2.min_age=14", "ebs-volume-gp2.name=x"]
        );
    }
}
