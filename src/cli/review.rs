//! `surgeon review`: the main job.

use std::collections::BTreeMap;
use std::io::{self, IsTerminal};
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context;
use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};

use super::{CliError, Ending, gate, rules, say, settings, write_out};
use crate::billing::{self, Aggregates, BillError};
use crate::dataset::Dataset;
use crate::money::{Currency, Money, parse_decimal};
use crate::period::AsOf;
use crate::report::{self, Format, Templates};
use crate::review::Review;
use crate::{Job, ReviewError};

#[derive(Debug, Args)]
pub(super) struct ReviewArgs {
    /// Billing files (CUR legacy, CUR 2.0, FOCUS; CSV, CSV.GZ, Parquet), folders of them, or a saved Dataset. None: the demo.
    #[arg(value_name = "INPUT")]
    inputs: Vec<PathBuf>,

    /// text, md, html, json or csv; told from the output file's name when not given.
    #[arg(short, long, value_name = "FORMAT", help_heading = "Output")]
    format: Option<String>,
    /// File to write; standard output without it.
    #[arg(short, long, value_name = "FILE", help_heading = "Output")]
    output: Option<PathBuf>,
    /// One section for each owner: tag:KEY, account, region or service.
    #[arg(long, value_name = "DIMENSION", help_heading = "Output")]
    by: Option<String>,
    /// Largest size of a Markdown report in bytes (comments of pull requests); details go first, the summary stays.
    #[arg(long, value_name = "BYTES", help_heading = "Output")]
    limit: Option<usize>,
    /// Folder of templates that replace the built-in ones of the same name.
    #[arg(long, value_name = "DIR", help_heading = "Output")]
    templates: Option<PathBuf>,
    /// Also save what was read as a Dataset folder, which can be reviewed again without the bill.
    #[arg(long, value_name = "DIR", help_heading = "Output")]
    save_dataset: Option<PathBuf>,

    #[command(flatten)]
    selection: rules::Selection,

    /// Settings file; surgeon.toml of the working folder without it.
    #[arg(long, value_name = "FILE", help_heading = "Input")]
    config: Option<PathBuf>,
    /// Look at the data as of this day (YYYY-MM-DD); the end of the last complete day without it.
    #[arg(long, value_name = "DATE", help_heading = "Input")]
    as_of: Option<String>,
    /// Currency of files that do not say, and the one to keep of files that mix several.
    #[arg(long, value_name = "CODE", help_heading = "Input")]
    currency: Option<String>,
    /// What the invoice says; the review must come to the same.
    #[arg(long, value_name = "AMOUNT", help_heading = "Input")]
    invoice_total: Option<String>,
    /// Accept a defect of CSV files: short-rows, blank-lines. May be repeated.
    #[arg(long, value_name = "DEFECT", value_parser = ["short-rows", "blank-lines"], help_heading = "Input")]
    accept: Vec<String>,

    /// Exit with 4 when something could not be read.
    #[arg(long, help_heading = "Gates")]
    strict: bool,
    /// Exit with 10 when this holds: net>500, unknown>10%, level>=high. May be repeated.
    #[arg(long, value_name = "CONDITION", help_heading = "Gates")]
    fail_on: Vec<String>,
}

/// Arguments that are known to make sense.
struct Options<'a> {
    args: &'a ReviewArgs,
    format: Format,
    billing: billing::Options,
    as_of: Option<AsOf>,
    invoice_total: Option<String>,
    conditions: Vec<gate::Condition>,
}

fn usage(message: String) -> anyhow::Error {
    CliError::Usage(message).into()
}

impl<'a> Options<'a> {
    fn new(args: &'a ReviewArgs, settings: &settings::Settings) -> anyhow::Result<Self> {
        let named = args.format.clone().or_else(|| {
            let extension = args.output.as_ref()?.extension()?.to_str()?;
            Some(if extension == "txt" { "text".into() } else { extension.to_owned() })
        });
        let word = named.unwrap_or_else(|| "text".into());
        let format =
            Format::parse(&word).ok_or_else(|| usage(format!("{word:?} is no format: text, md, html, json or csv")))?;
        if args.limit.is_some() && format != Format::Markdown {
            return Err(usage("--limit applies to Markdown: add -f md".into()));
        }
        let currency = match args.currency.as_ref().or(settings.currency.as_ref()) {
            Some(code) => Some(code.parse::<Currency>().map_err(|e| usage(e.to_string()))?),
            None => None,
        };
        let mut tag_keys = settings.allocation.keys.clone();
        if let Some(by) = &args.by {
            match by.strip_prefix("tag:") {
                Some(key) if !key.is_empty() => {
                    tag_keys.retain(|k| k != key);
                    tag_keys.insert(0, key.to_owned());
                }
                None if ["account", "region", "service"].contains(&by.as_str()) => {}
                _ => return Err(usage(format!("{by:?} is no dimension: tag:KEY, account, region or service"))),
            }
        }
        let as_of = match &args.as_of {
            Some(text) => Some(text.parse::<AsOf>().map_err(|e| usage(e.to_string()))?),
            None => None,
        };
        let conditions = args.fail_on.iter().map(|c| gate::parse(c).map_err(usage)).collect::<Result<_, _>>()?;
        Ok(Options {
            args,
            format,
            billing: billing::Options { currency, tag_keys, accept: args.accept.clone() },
            as_of,
            invoice_total: args.invoice_total.clone(),
            conditions,
        })
    }
}

/// Runs the review.
pub(super) fn run(args: &ReviewArgs) -> anyhow::Result<Ending> {
    let settings = settings::read(args.config.as_deref())?;
    let options = Options::new(args, &settings)?;
    let templates = templates(args.templates.as_deref())?;
    let rules = rules::load(&args.selection, &settings)?;
    let demo = args.inputs.is_empty();
    let aggregates = if demo { demo_bill(&options)? } else { read(&args.inputs, &options)? };
    if let Some(folder) = &args.save_dataset {
        aggregates.to_dataset().save(folder)?;
    }
    let invoice_total = match &options.invoice_total {
        Some(text) => {
            let amount = parse_decimal(text).map_err(|e| usage(format!("--invoice-total: {e}")))?;
            Some(Money::new(amount, aggregates.currency))
        }
        None => None,
    };
    let job =
        Job { rules, waivers: settings.waivers()?, by: args.by.clone(), as_of: options.as_of, invoice_total, demo };
    let review = crate::review(aggregates, &job).map_err(|error| match error {
        ReviewError::DoesNotTieOut(why) => anyhow::Error::from(CliError::DoesNotTieOut(why)),
        other => other.into(),
    })?;
    write(&review, &options, &templates)?;
    Ok(ending(&review, &options))
}

#[expect(clippy::disallowed_methods, reason = "the terminal's width and NO_COLOR are read here and nowhere else")]
fn write(review: &Review, options: &Options<'_>, templates: &Templates) -> anyhow::Result<()> {
    let to_terminal = options.args.output.is_none() && io::stdout().is_terminal();
    let width = std::env::var("COLUMNS").ok().and_then(|c| c.parse().ok());
    let render = report::Options {
        limit: options.args.limit,
        colour: to_terminal && std::env::var_os("NO_COLOR").is_none(),
        width,
    };
    let text = report::render(review, options.format, templates, &render)?;
    match &options.args.output {
        Some(path) => std::fs::write(path, text).with_context(|| path.display().to_string())?,
        None => write_out(text.as_bytes())?,
    }
    Ok(())
}

fn ending(review: &Review, options: &Options<'_>) -> Ending {
    let reasons: Vec<String> = options.conditions.iter().filter_map(|c| gate::closed(c, review)).collect();
    for reason in &reasons {
        say(&format!("gate closed: {reason}"));
    }
    if !reasons.is_empty() {
        return Ending::GateClosed;
    }
    if options.args.strict && !review.gaps.is_empty() {
        say(&format!("{} gaps, see the report", review.gaps.len()));
        return Ending::Gaps;
    }
    Ending::Done
}

/// Templates of the folder over the built-in ones.
fn templates(folder: Option<&Path>) -> anyhow::Result<Templates> {
    let mut templates = Templates::builtin();
    let Some(folder) = folder else { return Ok(templates) };
    let mut found = false;
    for name in Templates::names() {
        let path = folder.join(name);
        if path.is_file() {
            let text = std::fs::read_to_string(&path).with_context(|| path.display().to_string())?;
            templates = templates.with_override(name, text)?;
            found = true;
        }
    }
    if !found {
        return Err(usage(format!("{}: none of {}", folder.display(), Templates::names().join(", "))));
    }
    Ok(templates)
}

/// The demo company's bill, written where it can be read as any other.
fn demo_bill(options: &Options<'_>) -> anyhow::Result<Aggregates> {
    say(
        "no input: this is the embedded demo company acme, whose bill is invented (surgeon review FILE… reviews yours)",
    );
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("acme.csv");
    let mut file = io::BufWriter::new(std::fs::File::create(&path)?);
    crate::demo::write_bill(crate::demo::DESCRIPTION, crate::demo::BillFormat::Cur2, &mut file)?;
    io::Write::flush(&mut file)?;
    let mut aggregates = read(&[path], options)?;
    for source in &mut aggregates.sources {
        source.name = "acme (embedded demo)".into();
    }
    Ok(aggregates)
}

fn read(inputs: &[PathBuf], options: &Options<'_>) -> anyhow::Result<Aggregates> {
    if let [folder] = inputs
        && Dataset::is_at(folder)
    {
        let aggregates = Aggregates::from_dataset(Dataset::load(folder)?);
        return aggregates.map_err(|e| anyhow::anyhow!("{}: {e}", folder.join("manifest.toml").display()));
    }
    let files = files(inputs)?;
    let bar = progress();
    let bill =
        billing::open(&files, options.billing.clone(), &|path| bar.set_message(format!("checking {}", path.display())))
            .map_err(refused)?;
    bar.set_message(format!("adding up {} charges", bill.audits.iter().map(|a| a.records).sum::<u64>()));
    let aggregates = billing::aggregate(&bill).map_err(refused)?;
    bar.finish_and_clear();
    Ok(aggregates)
}

fn refused(error: BillError) -> anyhow::Error {
    match error {
        BillError::Empty(_) => CliError::NothingToLookAt(error.to_string()).into(),
        other => other.into(),
    }
}

/// Folders as the billing files in them, by name; a file that is given is read whatever its name.
fn files(inputs: &[PathBuf]) -> anyhow::Result<Vec<PathBuf>> {
    let mut files = BTreeMap::new();
    for input in inputs {
        if Dataset::is_at(input) {
            return Err(usage(format!("{}: a Dataset is reviewed alone", input.display())));
        }
        let found = if input.is_dir() {
            let mut found = Vec::new();
            for entry in std::fs::read_dir(input).with_context(|| input.display().to_string())? {
                let path = entry?.path();
                let name = path.file_name().map(|n| n.to_string_lossy().to_lowercase()).unwrap_or_default();
                if path.is_file() && [".csv", ".csv.gz", ".parquet"].iter().any(|e| name.ends_with(e)) {
                    found.push(path);
                }
            }
            if found.is_empty() {
                let message = format!("{}: no .csv, .csv.gz or .parquet file in this folder", input.display());
                return Err(CliError::NothingToLookAt(message).into());
            }
            found.sort();
            found
        } else {
            vec![input.clone()]
        };
        for path in found {
            // The same file twice would be counted twice.
            let real = path.canonicalize().unwrap_or_else(|_| path.clone());
            if let Some(first) = files.insert(real, path.clone()) {
                return Err(usage(format!("{} and {} are the same file", first.display(), path.display())));
            }
        }
    }
    Ok(files.into_values().collect())
}

fn progress() -> ProgressBar {
    if !io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::new_spinner();
    if let Ok(style) = ProgressStyle::with_template("{spinner} {wide_msg} {elapsed}") {
        bar.set_style(style);
    }
    bar.enable_steady_tick(Duration::from_millis(120));
    bar
}
