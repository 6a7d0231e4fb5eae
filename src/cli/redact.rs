//! `surgeon redact`: copies of a bill that can be handed to a stranger.

use std::hash::{BuildHasher, RandomState};
use std::path::{Path, PathBuf};

use anyhow::Context;
use clap::Args;

use super::{Ending, input, say, settings, usage};
use crate::billing;
use crate::redact::{self, RedactError};

#[derive(Debug, Args)]
pub(super) struct RedactArgs {
    /// Billing files, manifests, or folders of them, each also as s3://BUCKET/KEY.
    #[arg(value_name = "BILL", required = true)]
    bills: Vec<PathBuf>,
    #[command(flatten)]
    reading: input::ReadingArgs,
    /// Folder for the copies; it must not exist yet, or be empty.
    #[arg(short, long, value_name = "DIR")]
    output: PathBuf,
    /// File whose bytes make the pseudonyms, at least 16: the same in every run. Without it they last for one run.
    #[arg(long, value_name = "FILE")]
    key: Option<PathBuf>,
}

/// Writes the copies and says what was done.
pub(super) fn run(args: &RedactArgs) -> anyhow::Result<Ending> {
    let settings = settings::read(args.reading.config.as_deref())?;
    let options = args.reading.options(&settings, settings.allocation.keys.clone())?;
    let key = key(args.key.as_deref())?;
    let bar = input::progress();
    let local = args.reading.s3.fetch(&args.bills, &bar)?;
    let bill = billing::open(&local.inputs, options, &|step| input::show(&bar, step));
    let bill = bill.map_err(input::refused).map_err(|error| local.name_error(error))?;
    let shown = |path: &Path| bar.set_message(format!("redacting {}", path.display()));
    let made = redact::redact(&bill, &key, &args.output, &shown).map_err(refused)?;
    bar.finish_and_clear();
    for gap in &bill.delivery.gaps {
        say(&format!("{}: {}; {}", gap.place, gap.what, gap.remedy));
    }
    say(&format!(
        "files: {}, records: {}, names replaced: {}, columns passed: {}; {} says which",
        made.files.len(),
        made.records,
        made.replaced,
        made.passed.len(),
        args.output.join("README.txt").display()
    ));
    say(&format!(
        "looked again: {} names, none found; {} more are also words of the provider's",
        made.looked_for, made.common
    ));
    Ok(Ending::Done)
}

/// The bytes of a file, or others in every run.
pub(super) fn key(file: Option<&Path>) -> anyhow::Result<Vec<u8>> {
    match file {
        Some(path) => std::fs::read(path).with_context(|| path.display().to_string()),
        None => Ok(passing_key()),
    }
}

fn refused(error: RedactError) -> anyhow::Error {
    match error {
        RedactError::NotEmpty(_) | RedactError::ShortKey(_) => usage(error.to_string()),
        other => other.into(),
    }
}

/// A key that nobody keeps. The standard library seeds its hashers from the operating system; their digests tell the seed no more
/// than a hash map does.
fn passing_key() -> Vec<u8> {
    (0..8_u8).flat_map(|count| RandomState::new().hash_one(count).to_le_bytes()).collect()
}
