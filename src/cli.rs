//! The command line: arguments in, exit code out. The clock, the environment, the terminal and stdout are known only here.
//!
//! Results go to stdout, everything else to stderr; progress shows only on a terminal.

use std::io::{self, IsTerminal, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, CommandFactory, Parser, Subcommand};

mod backtest;
#[cfg(feature = "aws")]
mod collect;
mod diff;
mod docs;
mod explain;
mod gate;
mod growth;
mod input;
mod limits;
mod prices;
mod redact;
mod review;
mod rules;
mod s3;
mod settings;

/// Reads a cloud bill, finds the savings that are safe to take, and adds them up without counting anything twice.
#[derive(Debug, Parser)]
#[command(name = "surgeon", version, propagate_version = true, max_term_width = 100)]
#[command(after_help = "Exit codes: 0 done, 1 failed, 2 usage, 3 nothing to look at, 4 gaps (with --strict), \
    5 the bill does not tie out, 10 the gate of --fail-on is closed.")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Review billing files: what was spent, what can be saved, with proof.
    Review(Box<review::ReviewArgs>),
    /// Ask AWS what an account has and how it is used; only reads. The result is reviewed with the bill.
    #[cfg(feature = "aws")]
    Collect(collect::CollectArgs),
    /// Print the policy that collect needs: only what it calls, all of it reading.
    #[cfg(feature = "aws")]
    Permissions(collect::PermissionsArgs),
    /// Explain a finding: its formula with the numbers, the prices and where each came from, the rows of the bill.
    Explain(Box<explain::ExplainArgs>),
    /// How the advice would have done on time that is held back.
    #[command(subcommand)]
    Backtest(backtest::BacktestCommand),
    /// Compare two deliveries of the same month: what the provider added and what it changed.
    Diff(diff::DiffArgs),
    /// List, show and test rule pages.
    #[command(subcommand)]
    Rules(rules::RulesCommand),
    /// List and describe the tables that rules read.
    #[command(subcommand)]
    Tables(TablesCommand),
    /// What a unit costs and who says so: show a price, how much of a bill is priced, refresh the lists.
    #[command(subcommand)]
    Prices(prices::PricesCommand),
    /// Copy a bill with pseudonyms instead of names; the review of the copy has the same figures.
    Redact(redact::RedactArgs),
    /// Write the invented bill of the demo company, to try things on.
    Demo(DemoArgs),
    /// Print shell completions.
    Completions {
        /// bash, zsh, fish, elvish or powershell.
        shell: clap_complete::Shell,
    },
    /// Write or check the generated documents (for developers of surgeon).
    #[command(hide = true)]
    Docs(docs::DocsArgs),
}

#[derive(Debug, Subcommand)]
enum TablesCommand {
    /// One line for each table.
    List,
    /// Columns of a table, or the whole data dictionary.
    Show {
        /// Table name.
        #[arg(required_unless_present = "all")]
        table: Option<String>,
        /// Every table: the data dictionary.
        #[arg(long)]
        all: bool,
    },
}

#[derive(Debug, Args)]
struct DemoArgs {
    /// Format of the bill: cur-legacy, cur2 or focus (CSV).
    #[arg(long, default_value = "cur2", value_parser = ["cur-legacy", "cur2", "focus"])]
    format: String,
    /// Whose bill: acme, or orchard, which has all that sizes, schedules and Spot are about.
    #[arg(long, default_value = "acme", value_parser = ["acme", "orchard"])]
    company: String,
    /// File to write; standard output without it.
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
}

/// How a run ended, when it ended well enough to say so.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Ending {
    Done,
    Failed,
    Gaps,
    GateClosed,
}

impl From<Ending> for ExitCode {
    fn from(ending: Ending) -> Self {
        ExitCode::from(match ending {
            Ending::Done => 0,
            Ending::Failed => 1,
            Ending::Gaps => 4,
            Ending::GateClosed => 10,
        })
    }
}

/// An error that ends the run with a code of its own.
#[derive(Debug, thiserror::Error)]
enum CliError {
    #[error("{0}")]
    Usage(String),
    #[error("{0}")]
    NothingToLookAt(String),
    #[error("{0}")]
    DoesNotTieOut(String),
}

/// Runs the command line of this process.
#[must_use]
pub fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            // Help and version are results, usage errors are not; clap knows which stream and code.
            let code = if error.use_stderr() { 2 } else { 0 };
            return if error.print().is_ok() { ExitCode::from(code) } else { ExitCode::FAILURE };
        }
    };
    match run(cli.command) {
        Ok(ending) => ending.into(),
        Err(error) => {
            if let Some(io) = error.downcast_ref::<io::Error>()
                && io.kind() == io::ErrorKind::BrokenPipe
            {
                return ExitCode::SUCCESS;
            }
            let code = match error.downcast_ref::<CliError>() {
                Some(CliError::Usage(_)) => 2,
                Some(CliError::NothingToLookAt(_)) => 3,
                Some(CliError::DoesNotTieOut(_)) => 5,
                None => 1,
            };
            say(&format!("error: {error:#}"));
            ExitCode::from(code)
        }
    }
}

fn run(command: Command) -> anyhow::Result<Ending> {
    match command {
        Command::Review(args) => review::run(&args),
        #[cfg(feature = "aws")]
        Command::Collect(args) => collect::run(&args),
        #[cfg(feature = "aws")]
        Command::Permissions(args) => collect::permissions(&args),
        Command::Explain(args) => explain::run(&args),
        Command::Backtest(command) => backtest::run(&command),
        Command::Diff(args) => diff::run(&args),
        Command::Rules(command) => rules::run(command),
        Command::Tables(command) => tables(command),
        Command::Prices(command) => prices::run(command),
        Command::Redact(args) => redact::run(&args),
        Command::Demo(args) => demo(&args),
        Command::Completions { shell } => {
            let mut text = Vec::new();
            clap_complete::generate(shell, &mut Cli::command(), "surgeon", &mut text);
            write_out(&text)?;
            Ok(Ending::Done)
        }
        Command::Docs(args) => docs::run(&args, &Cli::command()),
    }
}

fn tables(command: TablesCommand) -> anyhow::Result<Ending> {
    let text = match command {
        TablesCommand::List => {
            crate::table::TABLES.iter().map(|t| format!("{:<24} one row is one {}\n", t.name, t.row)).collect()
        }
        TablesCommand::Show { table: Some(name), all: false } => match crate::table::find(&name) {
            Some(table) => crate::table::describe(table),
            None => return Err(CliError::Usage(format!("no table {name:?}; see surgeon tables list")).into()),
        },
        TablesCommand::Show { .. } => crate::table::dictionary(),
    };
    write_out(text.as_bytes())?;
    Ok(Ending::Done)
}

fn demo(args: &DemoArgs) -> anyhow::Result<Ending> {
    let format = match args.format.as_str() {
        "cur-legacy" => crate::demo::BillFormat::CurLegacy,
        "focus" => crate::demo::BillFormat::Focus,
        _ => crate::demo::BillFormat::Cur2,
    };
    let description = if args.company == "orchard" { crate::demo::ORCHARD } else { crate::demo::DESCRIPTION };
    let rows = match &args.output {
        Some(path) => {
            let mut file = io::BufWriter::new(std::fs::File::create(path)?);
            let rows = crate::demo::write_bill(description, format, &mut file)?;
            file.flush()?;
            rows
        }
        None => crate::demo::write_bill(description, format, &mut io::stdout().lock())?,
    };
    say(&format!("{rows} charges of {}, an invented company", args.company));
    Ok(Ending::Done)
}

fn usage(message: String) -> anyhow::Error {
    CliError::Usage(message).into()
}

/// How standard output is written to: as wide as the terminal, coloured only there.
#[expect(clippy::disallowed_methods, reason = "the terminal's width and NO_COLOR are read here and nowhere else")]
fn terminal(to_stdout: bool) -> crate::report::Options {
    let terminal = to_stdout && io::stdout().is_terminal();
    crate::report::Options {
        limit: None,
        colour: terminal && std::env::var_os("NO_COLOR").is_none(),
        width: std::env::var("COLUMNS").ok().and_then(|c| c.parse().ok()),
    }
}

/// A result, to standard output.
fn write_out(bytes: &[u8]) -> io::Result<()> {
    let mut out = io::stdout().lock();
    out.write_all(bytes)?;
    out.flush()
}

/// A remark, to standard error; nobody is told when nobody listens.
fn say(text: &str) {
    let clean = crate::report::plain_lines(text);
    let _ = writeln!(io::stderr(), "{clean}");
}
