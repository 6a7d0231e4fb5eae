//! What a command reads: billing files, folders of them, a saved Dataset, or the demo company.

use std::io::{self, IsTerminal};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use tempfile::TempDir;

use super::{CliError, s3, say, settings, usage};
use crate::billing::{self, Aggregates, BillError};
use crate::dataset::Dataset;
use crate::money::Currency;

/// The bill and how to read it.
#[derive(Debug, Args)]
pub(super) struct InputArgs {
    /// Billing files (CUR legacy, CUR 2.0, FOCUS; CSV, CSV.GZ, Parquet, ZIP), manifests, folders of them, each also as
    /// s3://BUCKET/KEY, saved Datasets, and what surgeon collect wrote. None: the demo.
    #[arg(value_name = "INPUT")]
    pub(super) inputs: Vec<PathBuf>,
    #[command(flatten)]
    pub(super) reading: ReadingArgs,
}

/// How to read a bill.
#[derive(Debug, Args)]
pub(super) struct ReadingArgs {
    /// Settings file; surgeon.toml of the working folder without it.
    #[arg(long, value_name = "FILE", help_heading = "Input")]
    pub(super) config: Option<PathBuf>,
    /// Currency of files that do not say, and the one to keep of files that mix several.
    #[arg(long, value_name = "CODE", help_heading = "Input")]
    currency: Option<String>,
    /// Accept a defect of CSV files: short-rows, blank-lines. May be repeated.
    #[arg(long, value_name = "DEFECT", value_parser = ["short-rows", "blank-lines"], help_heading = "Input")]
    accept: Vec<String>,
    #[command(flatten)]
    pub(super) s3: s3::S3Args,
}

/// A bill with its aggregates, which can be read again while this lives.
pub(super) struct Opened {
    pub(super) aggregates: Aggregates,
    /// Its files; a saved Dataset has none.
    pub(super) bill: Option<billing::Bill>,
    /// The folder of the demo's bill, and the copies of bills in S3.
    _demo: Option<TempDir>,
    _copies: Option<s3::Local>,
}

impl InputArgs {
    /// The aggregates of a bill, which must be there; without input, of the demo company.
    pub(super) fn aggregates(&self, options: &billing::Options) -> anyhow::Result<Aggregates> {
        needs_bill(self.open(options)?.aggregates)
    }

    /// The same with the bill itself; an inventory alone is taken too.
    pub(super) fn open(&self, options: &billing::Options) -> anyhow::Result<Opened> {
        if self.inputs.is_empty() { demo_bill(options) } else { self.reading.open(&self.inputs, options) }
    }
}

impl ReadingArgs {
    /// How to read, from arguments and settings.
    pub(super) fn options(
        &self,
        settings: &settings::Settings,
        tag_keys: Vec<String>,
    ) -> anyhow::Result<billing::Options> {
        let currency = match self.currency.as_ref().or(settings.currency.as_ref()) {
            Some(code) => Some(code.parse::<Currency>().map_err(|e| usage(e.to_string()))?),
            None => None,
        };
        Ok(billing::Options { currency, tag_keys, accept: self.accept.clone() })
    }

    /// The aggregates of a bill: files, folders, either in S3, or a saved Dataset.
    pub(super) fn read(&self, inputs: &[PathBuf], options: &billing::Options) -> anyhow::Result<Aggregates> {
        needs_bill(self.open(inputs, options)?.aggregates)
    }

    /// The same with the bill itself; an inventory alone is taken too.
    pub(super) fn open(&self, inputs: &[PathBuf], options: &billing::Options) -> anyhow::Result<Opened> {
        let bar = progress();
        let local = self.s3.fetch(inputs, &bar)?;
        bar.finish_and_clear();
        let (aggregates, mut bill) = read(&local.inputs, options).map_err(|error| local.name_error(error))?;
        for file in bill.iter_mut().flat_map(|bill| &mut bill.files) {
            file.name = local.named(&file.name);
        }
        Ok(Opened { aggregates: local.name(aggregates), bill, _demo: None, _copies: Some(local) })
    }
}

fn needs_bill(aggregates: Aggregates) -> anyhow::Result<Aggregates> {
    match aggregates.tie_out {
        Some(_) => Ok(aggregates),
        None => {
            Err(usage("no bill among the inputs, only what accounts said; give the files of the bill as well".into()))
        }
    }
}

/// The demo company's bill, written where it can be read as any other.
fn demo_bill(options: &billing::Options) -> anyhow::Result<Opened> {
    say(
        "no input: this is the embedded demo company acme, whose bill is invented (surgeon review FILE… reviews yours)",
    );
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("acme.csv");
    let mut file = io::BufWriter::new(std::fs::File::create(&path)?);
    crate::demo::write_bill(crate::demo::DESCRIPTION, crate::demo::BillFormat::Cur2, &mut file)?;
    io::Write::flush(&mut file)?;
    let (mut aggregates, mut bill) = read(&[path], options)?;
    for source in &mut aggregates.sources {
        source.name = DEMO.into();
    }
    for file in bill.iter_mut().flat_map(|bill| &mut bill.files) {
        file.name = DEMO.into();
    }
    Ok(Opened { aggregates, bill, _demo: Some(folder), _copies: None })
}

/// What the demo's file is called.
const DEMO: &str = "acme (embedded demo)";

fn read(inputs: &[PathBuf], options: &billing::Options) -> anyhow::Result<(Aggregates, Option<billing::Bill>)> {
    let (folders, files): (Vec<PathBuf>, Vec<PathBuf>) = inputs.iter().cloned().partition(|path| Dataset::is_at(path));
    let named = |folder: &Path| {
        let manifest = folder.join("manifest.toml").display().to_string();
        move |error: String| anyhow::anyhow!("{manifest}: {error}")
    };
    let mut datasets = folders
        .into_iter()
        .map(|folder| Ok((Dataset::load(&folder)?, folder)))
        .collect::<anyhow::Result<Vec<(Dataset, PathBuf)>>>()?;
    // What accounts said comes after the bill.
    datasets.sort_by_key(|(dataset, _)| dataset.manifest.bill.is_none());
    let mut rest = datasets.into_iter();
    let (mut aggregates, bill) = if files.is_empty() {
        let Some((dataset, folder)) = rest.next() else {
            return Err(CliError::NothingToLookAt("no input".into()).into());
        };
        (Aggregates::from_dataset(dataset).map_err(named(&folder))?, None)
    } else {
        let (aggregates, bill) = read_files(&files, options)?;
        (aggregates, Some(bill))
    };
    for (dataset, folder) in rest {
        aggregates.join(dataset).map_err(named(&folder))?;
    }
    Ok((aggregates, bill))
}

fn read_files(inputs: &[PathBuf], options: &billing::Options) -> anyhow::Result<(Aggregates, billing::Bill)> {
    let bar = progress();
    let bill = billing::open(inputs, options.clone(), &|step| show(&bar, step)).map_err(refused)?;
    let charges = bill.audits.iter().map(|a| a.charges).sum::<u64>();
    bar.set_message(format!("adding up {charges} charges"));
    let aggregates = watched(&bar, &bill, || billing::aggregate(&bill)).map_err(refused)?;
    bar.finish_and_clear();
    Ok((aggregates, bill))
}

/// A step of checking the files, on the bar.
pub(super) fn show(bar: &ProgressBar, step: billing::Progress<'_>) {
    match step {
        billing::Progress::Total(bytes) => bar.set_length(bytes),
        billing::Progress::File(name) => bar.set_message(format!("checking {name}")),
        billing::Progress::Bytes(bytes) => bar.inc(bytes),
    }
}

/// Work over a bill, while the bar goes through its bytes once more.
fn watched<T>(bar: &ProgressBar, bill: &billing::Bill, work: impl FnOnce() -> T) -> T {
    if bar.is_hidden() {
        return work();
    }
    let bytes = bar.length().unwrap_or_default() as f64;
    let done = AtomicBool::new(false);
    std::thread::scope(|threads| {
        threads.spawn(|| {
            while !done.load(Ordering::Relaxed) {
                bar.set_position((bill.progress().min(1.0) * bytes) as u64);
                std::thread::sleep(Duration::from_millis(200));
            }
        });
        let result = work();
        done.store(true, Ordering::Relaxed);
        result
    })
}

pub(super) fn refused(error: BillError) -> anyhow::Error {
    match error {
        BillError::Empty(_) | BillError::NoFiles(_) => CliError::NothingToLookAt(error.to_string()).into(),
        BillError::Twice { .. } => usage(error.to_string()),
        other => other.into(),
    }
}

pub(super) fn progress() -> ProgressBar {
    if !io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::no_length();
    if let Ok(style) = ProgressStyle::with_template("{spinner} {wide_msg} {bytes} of {total_bytes} {elapsed}") {
        bar.set_style(style);
    }
    bar.enable_steady_tick(Duration::from_millis(120));
    bar
}
