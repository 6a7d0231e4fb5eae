//! The generated documents: written by `surgeon docs`, checked in CI by `surgeon docs --check`.

use std::path::PathBuf;

use anyhow::Context;
use clap::{Args, Command};

use super::{Ending, say};

mod bills;

#[derive(Debug, Args)]
pub(super) struct DocsArgs {
    /// Folder of the documents.
    #[arg(default_value = "docs")]
    folder: PathBuf,
    /// Compare instead of writing; fails when a document is not current.
    #[arg(long)]
    check: bool,
    /// Write the page of bills that were tried instead, from these folders of billing files.
    #[arg(long, value_name = "DIR", num_args = 1..)]
    bills: Vec<PathBuf>,
}

/// Writes or checks each generated document.
pub(super) fn run(args: &DocsArgs, command: &Command) -> anyhow::Result<Ending> {
    if !args.bills.is_empty() {
        let path = args.folder.join("bills.md");
        std::fs::write(&path, bills::page(&args.bills)?).with_context(|| path.display().to_string())?;
        return Ok(Ending::Done);
    }
    let rules = crate::rules::builtin().map_err(|errors| {
        anyhow::anyhow!("{}", errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))
    })?;
    let fixture = |name: &str| {
        let path = args.folder.join("../fixtures/prices").join(name);
        std::fs::read_to_string(&path).with_context(|| path.display().to_string())
    };
    let price_check = crate::prices::check::check(crate::prices::check::Fixtures {
        second_source: &fixture("second-source.csv")?,
        bill_rates: &fixture("bill-rates.csv")?,
        differences: &fixture("differences.csv")?,
    });
    let documents = [
        ("tables.md", crate::table::dictionary()),
        ("rules.md", crate::rules::catalogue(&rules)),
        ("cli.md", command_line(command)),
        ("price-check.md", price_check.page),
        ("review.schema.json", crate::review::json_schema()),
        ("diff.schema.json", crate::history::json_schema()),
        ("explain.schema.json", crate::review::explain::json_schema()),
        ("backtest.schema.json", crate::backtest::commitments::json_schema()),
        ("backtest-schedules.schema.json", crate::backtest::schedules::json_schema()),
        ("backtest-rightsizing.schema.json", crate::backtest::rightsizing::json_schema()),
    ];
    let mut stale = Vec::new();
    for (name, text) in documents {
        let path = args.folder.join(name);
        if !args.check {
            std::fs::write(&path, text).with_context(|| path.display().to_string())?;
        } else if std::fs::read_to_string(&path).unwrap_or_default() != text {
            stale.push(path.display().to_string());
        }
    }
    if stale.is_empty() {
        return Ok(Ending::Done);
    }
    say(&format!("error: not current: {}\nhelp: run cargo run -- docs", stale.join(", ")));
    Ok(Ending::Failed)
}

/// Every command's help, as one page.
fn command_line(command: &Command) -> String {
    let mut page = String::from("# Command line\n\nGenerated from the program by `surgeon docs`; do not edit.\n");
    describe(&mut page, command.clone().term_width(100), "surgeon");
    page
}

fn describe(page: &mut String, mut command: Command, name: &str) {
    let help = command.render_long_help().to_string();
    let help = help.lines().map(str::trim_end).collect::<Vec<_>>().join("\n");
    page.push_str(&format!("\n## {name}\n\n```text\n{}\n```\n", help.trim_end()));
    for sub in command.get_subcommands().filter(|s| !s.is_hide_set() && s.get_name() != "help") {
        let sub_name = format!("{name} {}", sub.get_name());
        describe(page, sub.clone().bin_name(sub_name.clone()).term_width(100), &sub_name);
    }
}
