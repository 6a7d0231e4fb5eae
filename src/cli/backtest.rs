//! `surgeon backtest`: how the advice would have done on time that was held back.

use std::path::{Path, PathBuf};

use anyhow::Context;
use clap::{Args, Subcommand};

use super::{CliError, Ending, input, settings, usage, write_out};
use crate::backtest::commitments::Terms;
use crate::backtest::rightsizing;
use crate::dataset::traces;
use crate::derive::fit::Limits;
use crate::prices::{Term, TermError};
use crate::report::{self, Format, Templates};
use crate::{Job, ReviewError};

#[derive(Debug, Subcommand)]
pub(super) enum BacktestCommand {
    /// What Savings Plans bought at the beginning of each month would have saved in the hours that followed.
    Commitments(Box<CommitmentsArgs>),
    /// What sizes chosen by the first part of what was measured would have done in the rest, beside other tools' rules.
    Rightsizing(Box<RightsizingArgs>),
    /// What schedules told from the first weeks would have saved and lost in the later ones.
    Schedules(Box<SchedulesArgs>),
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

#[derive(Debug, Args)]
pub(super) struct RightsizingArgs {
    /// Traces: CSV or Parquet with the columns resource, time, metric (cpu, memory), value (percent), and if there is one, shape.
    #[arg(value_name = "TRACES", required = true)]
    inputs: Vec<PathBuf>,
    /// Shapes that machines of traces can have: CSV with shape, vcpus, memory_gib, price_per_hour. Without it halves of each machine.
    #[arg(long, value_name = "FILE", help_heading = "Input")]
    shapes: Option<PathBuf>,
    /// Percent of the points that may be over a limit.
    #[arg(long, value_name = "PERCENT", default_value_t = 1.0, help_heading = "Advice")]
    budget: f64,
    /// Percent of probability that a machine exceeds its budget: advice promises no more.
    #[arg(long, value_name = "PERCENT", default_value_t = 10.0, help_heading = "Advice")]
    risk: f64,
    /// Percent of the time that advice looks at; the rest judges.
    #[arg(long, value_name = "PERCENT", default_value_t = 50.0, help_heading = "Advice")]
    cut: f64,
    /// Whose past makes margins probabilities: the machines' own time before the cut, both parts of the other machines, or the
    /// ratios that come with surgeon.
    #[arg(long, value_name = "WHOSE", default_value = "past", value_parser = ["past", "others", "default"], help_heading = "Advice")]
    calibrate: String,
    /// text or json; told from the output file's name when not given.
    #[arg(short, long, value_name = "FORMAT", help_heading = "Output")]
    format: Option<String>,
    /// File to write; standard output without it.
    #[arg(short, long, value_name = "FILE", help_heading = "Output")]
    output: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(super) struct SchedulesArgs {
    /// Traces: CSV or Parquet with the columns resource, time, metric (cpu in percent, network in bytes), value; points of an hour
    /// or less.
    #[arg(value_name = "TRACES", required = true)]
    inputs: Vec<PathBuf>,
    /// Settings file with the time zone and the holidays; surgeon.toml of the working folder without it.
    #[arg(long, value_name = "FILE", help_heading = "Input")]
    config: Option<PathBuf>,
    /// Percent of the time that advice looks at.
    #[arg(long, value_name = "PERCENT", default_value_t = 60.0, help_heading = "Advice")]
    cut: f64,
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
        BacktestCommand::Rightsizing(args) => rightsizing(args),
        BacktestCommand::Schedules(args) => schedules(args),
    }
}

/// A part of something, given in percent.
fn share(name: &str, percent: f64) -> anyhow::Result<f64> {
    match percent {
        _ if percent > 0.0 && percent < 100.0 => Ok(percent / 100.0),
        _ => Err(usage(format!("--{name} {percent}: not between 0 and 100 percent"))),
    }
}

fn schedules(args: &SchedulesArgs) -> anyhow::Result<Ending> {
    let format = Format::choose(args.format.as_deref(), args.output.as_deref(), "text or json").map_err(usage)?;
    let calendar = settings::read(args.config.as_deref())?.calendar()?;
    let cut = share("cut", args.cut)?;
    let traces = traces::traces(&args.inputs)?;
    let backtest = crate::backtest_schedules(&traces, &calendar, cut).map_err(|error| match error {
        ReviewError::NoWeeks(why) => CliError::NothingToLookAt(why.to_string()).into(),
        other => anyhow::Error::from(other),
    })?;
    let terminal = super::terminal(args.output.is_none());
    let text = report::render_backtest(&backtest, format, &Templates::builtin(), &terminal)?;
    write(args.output.as_deref(), &text)
}

fn rightsizing(args: &RightsizingArgs) -> anyhow::Result<Ending> {
    let format = Format::choose(args.format.as_deref(), args.output.as_deref(), "text or json").map_err(usage)?;
    let asked = rightsizing::Asked {
        limits: Limits { budget: share("budget", args.budget)?, ..Limits::default() },
        risk: share("risk", args.risk)?,
        cut: share("cut", args.cut)?,
        calibrate: match args.calibrate.as_str() {
            "others" => rightsizing::Calibrate::Others,
            "default" => rightsizing::Calibrate::Default,
            _ => rightsizing::Calibrate::Past,
        },
    };
    let shapes = args.shapes.as_deref().map(traces::shapes).transpose()?.unwrap_or_default();
    let traces = traces::traces(&args.inputs)?;
    let backtest = crate::backtest_rightsizing(&traces, &shapes, &asked).map_err(|error| match error {
        ReviewError::NothingToReplay(why) => CliError::NothingToLookAt(why.to_string()).into(),
        other => anyhow::Error::from(other),
    })?;
    let terminal = super::terminal(args.output.is_none());
    let text = report::render_backtest(&backtest, format, &Templates::builtin(), &terminal)?;
    write(args.output.as_deref(), &text)
}

fn write(output: Option<&Path>, text: &str) -> anyhow::Result<Ending> {
    match output {
        Some(path) => std::fs::write(path, text).with_context(|| path.display().to_string())?,
        None => write_out(text.as_bytes())?,
    }
    Ok(Ending::Done)
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
    write(args.output.as_deref(), &text)
}
