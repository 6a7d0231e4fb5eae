//! `surgeon diff`: what the provider changed between two deliveries of a month.

use std::path::{Path, PathBuf};

use anyhow::Context;
use clap::Args;

use super::{CliError, Ending, input, settings, usage, write_out};
use crate::billing::Aggregates;
use crate::report::{self, Format, Templates};

#[derive(Debug, Args)]
pub(super) struct DiffArgs {
    /// The earlier delivery: a file, a manifest, a folder, or a saved Dataset.
    old: PathBuf,
    /// The later one.
    new: PathBuf,
    #[command(flatten)]
    reading: input::ReadingArgs,
    /// text, md, json or csv; told from the output file's name when not given.
    #[arg(short, long, value_name = "FORMAT", help_heading = "Output")]
    format: Option<String>,
    /// File to write; standard output without it.
    #[arg(short, long, value_name = "FILE", help_heading = "Output")]
    output: Option<PathBuf>,
    /// How many changes text and Markdown show, the largest first.
    #[arg(long, value_name = "N", default_value_t = 20, help_heading = "Output")]
    top: usize,
}

/// Runs the comparison.
pub(super) fn run(args: &DiffArgs) -> anyhow::Result<Ending> {
    let format =
        Format::choose(args.format.as_deref(), args.output.as_deref(), "text, md, json or csv").map_err(usage)?;
    if format == Format::Html {
        return Err(usage("a comparison is text, md, json or csv".into()));
    }
    let settings = settings::read(args.reading.config.as_deref())?;
    let options = args.reading.options(&settings, settings.allocation.keys.clone())?;
    let read = |path: &Path| -> anyhow::Result<Aggregates> {
        let bill = args.reading.read(&[path.to_owned()], &options)?;
        if let Some(tie_out) = bill.tie_out.as_ref().filter(|tie_out| !tie_out.ties()) {
            return Err(CliError::DoesNotTieOut(format!("{}: {}", path.display(), tie_out.explain())).into());
        }
        Ok(bill)
    };
    let diff = crate::history::restatement(&read(&args.old)?, &read(&args.new)?).map_err(|e| usage(e.to_string()))?;
    let terminal = super::terminal(args.output.is_none());
    let text = report::render_diff(&diff, format, &Templates::builtin(), &terminal, args.top)?;
    match &args.output {
        Some(path) => std::fs::write(path, text).with_context(|| path.display().to_string())?,
        None => write_out(text.as_bytes())?,
    }
    Ok(Ending::Done)
}
