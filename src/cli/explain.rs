//! `surgeon explain`: one finding with its formula, its inputs, its prices and the rows of the bill behind it.

use std::path::PathBuf;

use anyhow::Context;
use clap::Args;

use super::{CliError, Ending, input, limits, rules, settings, usage, write_out};
use crate::billing;
use crate::period::AsOf;
use crate::report::{self, Format, Templates};
use crate::review::explain::find;
use crate::{Job, ReviewError};

/// How many raw charges are shown.
const CHARGES: usize = 20;

#[derive(Debug, Args)]
pub(super) struct ExplainArgs {
    /// Id of a finding, such as ebs-volume-gp2@0ad5f008, or as much of its beginning as no other finding shares.
    finding: String,
    #[command(flatten)]
    input: input::InputArgs,
    /// text or json; told from the output file's name when not given.
    #[arg(short, long, value_name = "FORMAT", help_heading = "Output")]
    format: Option<String>,
    /// File to write; standard output without it.
    #[arg(short, long, value_name = "FILE", help_heading = "Output")]
    output: Option<PathBuf>,
    #[command(flatten)]
    selection: rules::Selection,
    #[command(flatten)]
    limits: limits::LimitArgs,
    /// Look at the data as of this day (YYYY-MM-DD), as the review did; the end of the last complete day without it.
    #[arg(long, value_name = "DATE", help_heading = "Input")]
    as_of: Option<String>,
}

/// Runs the explanation.
pub(super) fn run(args: &ExplainArgs) -> anyhow::Result<Ending> {
    let format = Format::choose(args.format.as_deref(), args.output.as_deref(), "text or json").map_err(usage)?;
    if !matches!(format, Format::Text | Format::Json) {
        return Err(usage("an explanation is text or json".into()));
    }
    let as_of = match &args.as_of {
        Some(text) => Some(text.parse::<AsOf>().map_err(|e| usage(e.to_string()))?),
        None => None,
    };
    let settings = settings::read(args.input.reading.config.as_deref())?;
    let options = args.input.reading.options(&settings, settings.allocation.keys.clone())?;
    let job = Job {
        rules: rules::load(&args.selection, &settings)?,
        waivers: settings.waivers()?,
        as_of,
        prices: settings.prices()?,
        limits: args.limits.limits()?,
        demo: args.input.inputs.is_empty(),
        ..Job::default()
    };
    let opened = args.input.open(&options)?;
    let judged = crate::judge(opened.aggregates, &job).map_err(|error| match error {
        ReviewError::DoesNotTieOut(why) => anyhow::Error::from(CliError::DoesNotTieOut(why)),
        other => other.into(),
    })?;
    let finding = find(&judged.plan, &judged.waived.waived, &args.finding).map_err(|e| usage(e.to_string()))?;
    let charges = match &opened.bill {
        Some(bill) => {
            let bar = input::progress();
            bar.set_message("looking up the charges");
            let window = judged.as_of.run_rate_window();
            let found = billing::charges_of(bill, &finding.target, window.start(), window.end(), CHARGES);
            bar.finish_and_clear();
            Some(found.map_err(input::refused)?)
        }
        None => None,
    };
    let explanation = crate::explain(&judged, &job, finding, charges.as_ref())?
        .with_context(|| format!("{}: the review does not show it", finding.id))?;
    let terminal = super::terminal(args.output.is_none());
    let text = report::render_explanation(&explanation, format, &Templates::builtin(), &terminal)?;
    match &args.output {
        Some(path) => std::fs::write(path, text).with_context(|| path.display().to_string())?,
        None => write_out(text.as_bytes())?,
    }
    Ok(Ending::Done)
}
