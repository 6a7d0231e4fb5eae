//! `surgeon backtest`: how the advice would have done on time that was held back.

use std::path::{Path, PathBuf};

use anyhow::Context;
use clap::{Args, Subcommand};

use super::{CliError, Ending, input, settings, usage, write_out};
use crate::backtest::commitments::Terms;
use crate::backtest::rightsizing;
use crate::billing::Aggregates;
use crate::dataset::Dataset;
use crate::dataset::traces::{self, Traces};
use crate::derive::fit::Limits;
use crate::prices::{Term, TermError};
use crate::report::{self, Backtested, Format, Templates};
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
    /// text, md, html or json; told from the output file's name when not given.
    #[arg(short, long, value_name = "FORMAT", help_heading = "Output")]
    format: Option<String>,
    /// File to write; standard output without it.
    #[arg(short, long, value_name = "FILE", help_heading = "Output")]
    output: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(super) struct RightsizingArgs {
    /// Traces: CSV or Parquet with the columns resource, time, metric (cpu, memory), value (percent), and if there is one, shape.
    /// Or what surgeon collect wrote; with the files of the bill beside it, at the prices of the bill.
    #[arg(value_name = "INPUT", required = true)]
    inputs: Vec<PathBuf>,
    #[command(flatten)]
    reading: input::ReadingArgs,
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
    /// text, md, html or json; told from the output file's name when not given.
    #[arg(short, long, value_name = "FORMAT", help_heading = "Output")]
    format: Option<String>,
    /// File to write; standard output without it.
    #[arg(short, long, value_name = "FILE", help_heading = "Output")]
    output: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(super) struct SchedulesArgs {
    /// Traces: CSV or Parquet with the columns resource, time, metric (cpu in percent, network in bytes), value; points of an hour
    /// or less. Or what surgeon collect wrote. The time zone and the holidays are those of the settings file.
    #[arg(value_name = "INPUT", required = true)]
    inputs: Vec<PathBuf>,
    #[command(flatten)]
    reading: input::ReadingArgs,
    /// Percent of the time that advice looks at.
    #[arg(long, value_name = "PERCENT", default_value_t = 60.0, help_heading = "Advice")]
    cut: f64,
    /// text, md, html or json; told from the output file's name when not given.
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

/// What is replayed.
enum Replayed {
    Traces(Traces),
    /// Of an account, with its bill where that is among the inputs.
    Account(Box<Aggregates>),
}

impl Replayed {
    fn read(
        inputs: &[PathBuf],
        reading: &input::ReadingArgs,
        settings: &settings::Settings,
    ) -> anyhow::Result<Replayed> {
        let (datasets, others): (Vec<&PathBuf>, Vec<&PathBuf>) = inputs.iter().partition(|path| Dataset::is_at(path));
        if datasets.is_empty() {
            if let Some(folder) = others.iter().find(|path| path.is_dir()) {
                let folder = folder.display();
                return Err(usage(format!(
                    "{folder}: a folder without manifest.toml is no Dataset\n  help: give what surgeon collect -o DIR wrote, or the files of traces"
                )));
            }
            return Ok(Replayed::Traces(traces::traces(inputs)?));
        }
        if let Some(trace) = others.iter().find(|path| traces::is_trace(path)) {
            let trace = trace.display();
            return Err(usage(format!("{trace}: traces beside a Dataset\n  help: give one or the other")));
        }
        let options = reading.options(settings, settings.allocation.keys.clone())?;
        Ok(Replayed::Account(Box::new(reading.open(inputs, &options)?.aggregates)))
    }
}

fn schedules(args: &SchedulesArgs) -> anyhow::Result<Ending> {
    let format = format(args.format.as_deref(), args.output.as_deref())?;
    let settings = settings::read(args.reading.config.as_deref())?;
    let calendar = settings.calendar()?;
    let cut = share("cut", args.cut)?;
    let backtest = match Replayed::read(&args.inputs, &args.reading, &settings)? {
        Replayed::Traces(traces) => crate::backtest_schedules(&traces, &calendar, cut),
        Replayed::Account(account) => crate::backtest_account_schedules(&account.tables, &calendar, cut),
    };
    show(&backtest.map_err(refused)?, format, args.output.as_deref())
}

fn rightsizing(args: &RightsizingArgs) -> anyhow::Result<Ending> {
    let format = format(args.format.as_deref(), args.output.as_deref())?;
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
    let settings = settings::read(args.reading.config.as_deref())?;
    let shapes = args.shapes.as_deref().map(traces::shapes).transpose()?;
    let backtest = match Replayed::read(&args.inputs, &args.reading, &settings)? {
        Replayed::Traces(traces) => crate::backtest_rightsizing(&traces, &shapes.unwrap_or_default(), &asked),
        Replayed::Account(_) if shapes.is_some() => {
            return Err(usage(
                "--shapes is for traces: what an account has could be any shape that its provider sells".into(),
            ));
        }
        Replayed::Account(account) => {
            let job = Job { prices: settings.prices()?, calendar: settings.calendar()?, ..Job::default() };
            crate::backtest_account_rightsizing(*account, &job, &asked)
        }
    };
    show(&backtest.map_err(refused)?, format, args.output.as_deref())
}

fn commitments(args: &CommitmentsArgs) -> anyhow::Result<Ending> {
    let format = format(args.format.as_deref(), args.output.as_deref())?;
    let terms = args.terms.iter().map(|term| term.parse()).collect::<Result<Vec<Term>, TermError>>();
    let terms = Terms::new(&terms.map_err(|e| usage(e.to_string()))?).map_err(usage)?;
    let settings = settings::read(args.input.reading.config.as_deref())?;
    let options = args.input.reading.options(&settings, settings.allocation.keys.clone())?;
    let job = Job { prices: settings.prices()?, ..Job::default() };
    let backtest = crate::backtest(args.input.aggregates(&options)?, &job, &terms).map_err(refused)?;
    show(&backtest, format, args.output.as_deref())
}

/// What a backtest can be written as.
const FORMATS: &str = "text, md, html or json";

fn format(named: Option<&str>, output: Option<&Path>) -> anyhow::Result<Format> {
    match Format::choose(named, output, FORMATS).map_err(usage)? {
        Format::Csv => Err(usage(format!("a backtest is {FORMATS}"))),
        format => Ok(format),
    }
}

/// The error as its exit code wants it.
fn refused(error: ReviewError) -> anyhow::Error {
    match error {
        ReviewError::DoesNotTieOut(why) => CliError::DoesNotTieOut(why).into(),
        ReviewError::NothingToJudge(_)
        | ReviewError::NothingToReplay(_)
        | ReviewError::NoWeeks(_)
        | ReviewError::Lacking(_) => CliError::NothingToLookAt(error.to_string()).into(),
        other => other.into(),
    }
}

fn show<B: Backtested>(backtest: &B, format: Format, output: Option<&Path>) -> anyhow::Result<Ending> {
    let terminal = super::terminal(output.is_none());
    let text = report::render_backtest(backtest, format, &Templates::builtin(), &terminal)?;
    match output {
        Some(path) => std::fs::write(path, text).with_context(|| path.display().to_string())?,
        None => write_out(text.as_bytes())?,
    }
    Ok(Ending::Done)
}
