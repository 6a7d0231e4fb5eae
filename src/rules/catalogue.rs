//! The catalogue of rules, `docs/rules.md`, generated.
//!
//! Knows: how a rule is listed. Does not know: findings; what a rule says of a bill is in the report.

use std::collections::BTreeMap;

use super::constants::CONSTANTS;
use super::{Parameter, Rule};

/// The page `docs/rules.md`: every rule by service, then the parameters of each, then the constants.
#[must_use]
pub fn catalogue(rules: &[Rule]) -> String {
    let mut by_service: BTreeMap<&str, Vec<&Rule>> = BTreeMap::new();
    for rule in rules {
        let service = rule.id.as_str().split('-').next().unwrap_or_default();
        by_service.entry(service).or_default().push(rule);
    }
    let mut page = format!(
        "# Rules\n\nGenerated from the pages in `rules/` by `surgeon docs`; do not edit.\n\n\
         {} rules. A rule is a page: follow its link for what it means, what to do, and its tests. Parameters are set \
         with `--set rule.parameter=value` or in `surgeon.toml`.\n",
        rules.len()
    );
    for (service, mut rules) in by_service {
        rules.sort_by(|a, b| a.id.cmp(&b.id));
        page.push_str(&format!(
            "\n## {service}\n\n| rule | flags | strategy | action | effort | restart | rollback |\n|---|---|---|---|---|---|---|\n"
        ));
        for rule in &rules {
            page.push_str(&format!(
                "| [{}](../{}) | {} | {} | {} | {} | {} | {} |\n",
                rule.id,
                rule.file,
                cell(&rule.title),
                rule.strategy.word(),
                rule.action.word(),
                rule.effort.word(),
                yes(rule.restart_needed),
                yes(rule.rollback_possible),
            ));
        }
        if rules.iter().any(|rule| !rule.parameters.is_empty()) {
            page.push_str("\n| parameter | value | why | source |\n|---|---|---|---|\n");
            for rule in &rules {
                for parameter in &rule.parameters {
                    page.push_str(&parameter_row(rule, parameter));
                }
            }
        }
    }
    page.push_str("\n## Constants\n\nColumns of the one-row table `constants`.\n\n| constant | value | unit | for | source |\n|---|---|---|---|---|\n");
    for c in CONSTANTS {
        page.push_str(&format!("| `{}` | {} | {} | {} | {} |\n", c.name, c.value, c.unit, cell(c.doc), cell(c.source)));
    }
    page
}

fn parameter_row(rule: &Rule, parameter: &Parameter) -> String {
    format!(
        "| `{}.{}` | {} {} | {} | {} |\n",
        rule.id,
        parameter.name,
        cell(&parameter.value.to_string()),
        cell(&parameter.unit),
        cell(&parameter.why),
        cell(parameter.source.as_deref().unwrap_or_default()),
    )
}

fn yes(flag: bool) -> &'static str {
    if flag { "yes" } else { "no" }
}

/// Text inside a table of Markdown.
fn cell(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ").replace('|', "\\|")
}
