//! `surgeon rules`: list, show, test. Loading of rules for every command that runs them.

use std::path::{Path, PathBuf};

use anyhow::Context;
use clap::{Args, Subcommand};

use super::{CliError, Ending, say, settings, write_out};
use crate::rules::{self, Rule, RuleError};

/// Which rules, with which parameters.
#[derive(Debug, Args)]
#[command(next_help_heading = "Rules")]
pub(super) struct Selection {
    /// Folder of further rule pages (DIR/service/what-is-flagged.md).
    #[arg(long = "rules", value_name = "DIR")]
    pub(super) folder: Option<PathBuf>,
    /// Only these rules: ids, or a service such as ebs. May be repeated.
    #[arg(long, value_name = "RULE", value_delimiter = ',')]
    pub(super) only: Vec<String>,
    /// Not these rules.
    #[arg(long, value_name = "RULE", value_delimiter = ',')]
    pub(super) skip: Vec<String>,
    /// Set a parameter: rule.parameter=value. May be repeated; comes after surgeon.toml.
    #[arg(long, value_name = "RULE.PARAM=VALUE")]
    pub(super) set: Vec<String>,
}

#[derive(Debug, Subcommand)]
pub(super) enum RulesCommand {
    /// One line for each rule.
    List {
        #[command(flatten)]
        selection: Selection,
    },
    /// The page of a rule.
    Show {
        /// Rule id.
        rule: String,
        /// Folder of further rule pages.
        #[arg(long = "rules", value_name = "DIR")]
        folder: Option<PathBuf>,
    },
    /// Run the cases that rule pages carry.
    Test {
        #[command(flatten)]
        selection: Selection,
    },
}

/// The built-in rules and those of the folder, selected and set.
pub(super) fn load(selection: &Selection, settings: &settings::Settings) -> anyhow::Result<Vec<Rule>> {
    let mut all = rules::builtin().map_err(|errors| all_errors(&errors))?;
    if let Some(folder) = &selection.folder {
        let mut errors = Vec::new();
        for rule in pages(folder)? {
            match rule {
                Ok(rule) if all.iter().any(|r| r.id == rule.id) => {
                    let message = format!(
                        "{}: a rule {} is built in; give the page another name, or --skip the built-in one",
                        rule.file, rule.id
                    );
                    return Err(CliError::Usage(message).into());
                }
                Ok(rule) => all.push(rule),
                Err(error) => errors.push(error),
            }
        }
        if !errors.is_empty() {
            return Err(all_errors(&errors));
        }
    }
    all.sort_by(|a, b| a.id.cmp(&b.id));
    for assignment in settings.assignments().iter().chain(&selection.set) {
        rules::set(&mut all, assignment).map_err(|e| CliError::Usage(e.to_string()))?;
    }
    Ok(rules::select(all, &selection.only, &selection.skip).map_err(|e| CliError::Usage(e.to_string()))?)
}

pub(super) fn all_errors(errors: &[RuleError]) -> anyhow::Error {
    anyhow::anyhow!("{}", errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))
}

/// Every page of a folder, by path.
fn pages(folder: &Path) -> anyhow::Result<Vec<Result<Rule, RuleError>>> {
    let mut paths = Vec::new();
    collect_pages(folder, 0, &mut paths).with_context(|| folder.display().to_string())?;
    paths.sort();
    anyhow::ensure!(!paths.is_empty(), "{}: no rule pages (service/what-is-flagged.md)", folder.display());
    paths
        .into_iter()
        .map(|path| {
            let text = std::fs::read_to_string(&path).with_context(|| path.display().to_string())?;
            let relative = path.strip_prefix(folder).unwrap_or(&path).to_string_lossy().replace('\\', "/");
            Ok(rules::load(&relative, &text))
        })
        .collect()
}

fn collect_pages(folder: &Path, depth: usize, into: &mut Vec<PathBuf>) -> std::io::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        let kind = entry.file_type()?;
        // Pages lie one folder deep; links are not followed.
        if kind.is_dir() && depth == 0 {
            collect_pages(&entry.path(), depth + 1, into)?;
        } else if kind.is_file() && depth == 1 && entry.path().extension().is_some_and(|e| e == "md") {
            into.push(entry.path());
        }
    }
    Ok(())
}

/// Runs a subcommand.
pub(super) fn run(command: RulesCommand) -> anyhow::Result<Ending> {
    match command {
        RulesCommand::List { selection } => {
            let rules = load(&selection, &settings::read(None)?)?;
            let line = |r: &Rule| {
                format!("{:<36} {:<10} {:<12} {}\n", r.id.as_str(), r.strategy.word(), r.action.word(), r.title)
            };
            write_out(rules.iter().map(line).collect::<String>().as_bytes())?;
            Ok(Ending::Done)
        }
        RulesCommand::Show { rule, folder } => {
            let selection = Selection { folder, only: vec![rule], skip: Vec::new(), set: Vec::new() };
            for rule in load(&selection, &settings::Settings::default())? {
                write_out(rule.page.as_bytes())?;
            }
            Ok(Ending::Done)
        }
        RulesCommand::Test { selection } => test(&load(&selection, &settings::Settings::default())?),
    }
}

fn test(rules: &[Rule]) -> anyhow::Result<Ending> {
    let mut passed = 0;
    let mut failed = 0;
    let mut text = String::new();
    for rule in rules {
        rules::check(rule)?;
        for case in rules::run_cases(rule) {
            let word = if case.passed { "ok" } else { "FAILED" };
            text.push_str(&format!("{}: {} … {word}\n", rule.id, case.name));
            if case.passed {
                passed += 1;
            } else {
                failed += 1;
                text.push_str(&format!("    {}\n", case.detail));
            }
        }
    }
    text.push_str(&format!("{} rules, {passed} cases passed, {failed} failed\n", rules.len()));
    write_out(text.as_bytes())?;
    if failed > 0 {
        say("error: some cases failed");
        return Ok(Ending::Failed);
    }
    Ok(Ending::Done)
}
