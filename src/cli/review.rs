//! `surgeon review`: the main job.

use std::path::{Path, PathBuf};

use anyhow::Context;
use clap::Args;
use rust_decimal::Decimal;

use super::{CliError, Ending, gate, growth, input, limits, rules, say, settings, usage, write_out};
use crate::billing;
use crate::money::{Money, parse_decimal};
use crate::period::AsOf;
use crate::plan::Limits;
use crate::report::{self, Format, Templates};
use crate::review::{Given, Review};
use crate::{Job, ReviewError};

#[derive(Debug, Args)]
pub(super) struct ReviewArgs {
    #[command(flatten)]
    input: input::InputArgs,

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

    /// What the provider recommends, to be set beside our findings: an export of Cost Optimization Hub or Compute Optimizer
    /// (CSV, JSON), a Trusted Advisor answer (JSON), or purchase recommendations of Cost Explorer (JSON). May be repeated.
    #[arg(long, value_name = "FILE", help_heading = "Input")]
    advice: Vec<PathBuf>,

    #[command(flatten)]
    limits: limits::LimitArgs,

    /// Also say what breaks first as load grows to so many times today's (1.5x, 3x, 150%), when that is, and what holding it
    /// would cost.
    #[arg(long, value_name = "TIMES", help_heading = "Plan")]
    growth: Option<String>,
    /// Look at the data as of this day (YYYY-MM-DD); the end of the last complete day without it.
    #[arg(long, value_name = "DATE", help_heading = "Input")]
    as_of: Option<String>,
    /// What the invoice says; the review must come to the same.
    #[arg(long, value_name = "AMOUNT", help_heading = "Input")]
    invoice_total: Option<String>,
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
    limits: Limits,
    growth: Option<Decimal>,
}

impl<'a> Options<'a> {
    fn new(args: &'a ReviewArgs, settings: &settings::Settings) -> anyhow::Result<Self> {
        let known = "text, md, html, json or csv";
        let format = Format::choose(args.format.as_deref(), args.output.as_deref(), known).map_err(usage)?;
        if args.limit.is_some() && format != Format::Markdown {
            return Err(usage("--limit applies to Markdown: add -f md".into()));
        }
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
            billing: args.input.reading.options(settings, tag_keys)?,
            as_of,
            invoice_total: args.invoice_total.clone(),
            conditions,
            limits: args.limits.limits()?,
            growth: args.growth.as_deref().map(growth::parse).transpose().map_err(usage)?,
        })
    }
}

/// A file of the provider's recommendations.
fn advice(path: &Path) -> anyhow::Result<Given> {
    let recommendations = crate::advice::read(path)?;
    let origin = recommendations.first().map(|first| first.origin).or_else(|| crate::advice::sniff(path));
    let name = path.display().to_string();
    let origin = origin.ok_or_else(|| anyhow::anyhow!("{name}: recommends nothing, and does not say who"))?;
    Ok(Given { name, origin, recommendations })
}

/// Runs the review.
pub(super) fn run(args: &ReviewArgs) -> anyhow::Result<Ending> {
    let settings = settings::read(args.input.reading.config.as_deref())?;
    let options = Options::new(args, &settings)?;
    let templates = templates(args.templates.as_deref())?;
    let rules = rules::load(&args.selection, &settings)?;
    let demo = args.input.inputs.is_empty();
    let aggregates = args.input.open(&options.billing)?.aggregates;
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
    let job = Job {
        calendar: settings.calendar()?,
        rules,
        waivers: settings.waivers()?,
        by: args.by.clone(),
        as_of: options.as_of,
        invoice_total,
        prices: settings.prices()?,
        advice: args.advice.iter().map(|path| advice(path)).collect::<anyhow::Result<_>>()?,
        limits: options.limits,
        growth: options.growth,
        demo,
    };
    let review = crate::review(aggregates, &job).map_err(|error| match error {
        ReviewError::DoesNotTieOut(why) => anyhow::Error::from(CliError::DoesNotTieOut(why)),
        other => other.into(),
    })?;
    write(&review, &options, &templates)?;
    Ok(ending(&review, &options))
}

fn write(review: &Review, options: &Options<'_>, templates: &Templates) -> anyhow::Result<()> {
    let terminal = super::terminal(options.args.output.is_none());
    let render = report::Options { limit: options.args.limit, ..terminal };
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
