//! `surgeon backtest`: how the advice would have done on time that was held back.

use std::path::PathBuf;

use anyhow::Context;
use clap::{Args, Subcommand};

use super::{CliError, Ending, input, settings, usage, write_out};
use crate::backtest::Terms;
use crate::prices::{Term, TermError};
use crate::report::{self, Format, Templates};
use crate::{Job, ReviewError};

#[derive(Debug, Subcommand)]
pub(super) enum BacktestCommand {
    /// What Savings Plans bought at the beginning of each month would have saved in the hours that followed.
    Commitments(Box<CommitmentsArgs>),
}

#[derive(Debug, Args)]
pub(super) struct CommitmentsArgs {
    #[command(flatten)]
    input: input::InputArgs,
    /// What to buy: compute-savings-plan-…, ec2-instance-savings-plan-… (a plan for each family and region). Repeated,
    /// one of each is sized together.
    #[arg(
        long = "term",
        value_name = "TERM",
        default_value = "compute-savings-plan-1y-no-upfront",
        help_heading = "Plan"
    )]
    terms: Vec<String>,
    /// text or json; told from the output file's name when not given.
    #[arg(short, long, value_name = "FORMAT", help_heading = "Output")]
    format: Option<String>,
    /// File to write; standard output without it.
    #[arg(short, long, value_name = "FILE", help_heading = "Output")]
    output: Option<PathBuf>,
}

pub(super) fn run(command: &BacktestCommand) -> anyhow::Result<Ending> {
    match command {
        BacktestCommand::Commitments(args) => commitments(args),
    }
}

fn commitments(args: &CommitmentsArgs) -> anyhow::Result<Ending> {
    let format = Format::choose(args.format.as_deref(), args.output.as_deref(), "text or json").map_err(usage)?;
    if !matches!(format, Format::Text | Format::Json) {
        return Err(usage("a backtest is text or json".into()));
    }
    let terms = args.terms.iter().map(|term| term.parse()).collect::<Result<Vec<Term>, TermError>>();
    let terms = Terms::new(&terms.map_err(|e| usage(e.to_string()))?).map_err(usage)?;
    let settings = settings::read(args.input.reading.config.as_deref())?;
    let options = args.input.reading.options(&settings, settings.allocation.keys.clone())?;
    let job = Job { prices: settings.prices()?, ..Job::default() };
    let backtest = crate::backtest(args.input.aggregates(&options)?, &job, &terms).map_err(|error| match error {
        ReviewError::DoesNotTieOut(why) => anyhow::Error::from(CliError::DoesNotTieOut(why)),
        ReviewError::NothingToJudge(why) => CliError::NothingToLookAt(why.to_string()).into(),
        other => other.into(),
    })?;
    let terminal = super::terminal(args.output.is_none());
    let text = report::render_backtest(&backtest, format, &Templates::builtin(), &terminal)?;
    match &args.output {
        Some(path) => std::fs::write(path, text).with_context(|| path.display().to_string())?,
        None => write_out(text.as_bytes())?,
    }
    Ok(Ending::Done)
}
