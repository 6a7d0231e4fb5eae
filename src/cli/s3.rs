//! Inputs in S3: how they are reached, where their copies are, and names as the user knows them.

use std::path::{Path, PathBuf};

use anyhow::Context;
use clap::Args;
use indicatif::ProgressBar;
use tempfile::TempDir;

use super::{CliError, say, usage};
use crate::billing::Aggregates;
use crate::collect::bills::{self, Access, BillsError, Credentials};

/// How bills in S3 are reached.
#[derive(Debug, Args)]
pub(super) struct S3Args {
    /// Keep the copies of bills in S3 in this folder: the next run fetches only what changed.
    #[arg(long, value_name = "DIR", help_heading = "S3")]
    cache: Option<PathBuf>,
    /// Region of the bucket; without it, that of the AWS configuration.
    #[arg(long = "region", value_name = "REGION", help_heading = "S3")]
    s3_region: Option<String>,
    /// Ask this server instead of AWS, such as http://localhost:9000.
    #[arg(long, value_name = "URL", help_heading = "S3")]
    s3_endpoint: Option<String>,
    /// Do not sign requests: public buckets.
    #[arg(long, help_heading = "S3")]
    no_sign_request: bool,
}

/// Inputs that are all on this disk.
pub(super) struct Local {
    /// Where to read.
    pub(super) inputs: Vec<PathBuf>,
    /// Folder of the copies, if there are any.
    root: Option<PathBuf>,
    /// A temporary one goes with this.
    _scratch: Option<TempDir>,
}

impl S3Args {
    /// Copies what is in S3.
    pub(super) fn fetch(&self, inputs: &[PathBuf], bar: &ProgressBar) -> anyhow::Result<Local> {
        if inputs.iter().all(|input| bills::uri(input).is_none()) {
            if self.cache.is_some() {
                return Err(usage("--cache keeps copies of bills in S3, and no input is s3://…".into()));
            }
            return Ok(Local { inputs: inputs.to_vec(), root: None, _scratch: None });
        }
        // Canonical, as the reader names some files, so that all are found again in its words.
        let (root, scratch) = match &self.cache {
            Some(folder) => {
                std::fs::create_dir_all(folder).with_context(|| folder.display().to_string())?;
                (folder.canonicalize()?, None)
            }
            None => {
                let scratch = tempfile::tempdir()?;
                (scratch.path().canonicalize()?, Some(scratch))
            }
        };
        let access = self.access();
        let inputs = inputs.iter().map(|input| match bills::uri(input) {
            Some(uri) => self.copy(uri, &access, &root, bar),
            None => Ok(input.clone()),
        });
        Ok(Local { inputs: inputs.collect::<anyhow::Result<_>>()?, root: Some(root), _scratch: scratch })
    }

    fn copy(&self, uri: &str, access: &Access, root: &Path, bar: &ProgressBar) -> anyhow::Result<PathBuf> {
        let progress = |object: &str, bytes: u64| {
            bar.set_message(format!("copying {object}; {} MB so far", bytes / 1_000_000));
        };
        let fetched = bills::fetch(uri, access, root, &progress).map_err(|error| match error {
            BillsError::Usage { .. } => usage(error.to_string()),
            BillsError::Nothing { .. } => CliError::NothingToLookAt(error.to_string()).into(),
            other => other.into(),
        })?;
        let kept = self.cache.as_ref().map(|folder| format!(", {} from {}", fetched.from_cache, folder.display()));
        let new = fetched.files - fetched.from_cache;
        bar.suspend(|| say(&format!("{uri}: {new} of {} fetched{}", fetched.files, kept.unwrap_or_default())));
        Ok(fetched.path)
    }

    fn access(&self) -> Access {
        let endpoint = self.s3_endpoint.clone();
        Access {
            endpoint: endpoint
                .or_else(|| environment("AWS_ENDPOINT_URL_S3"))
                .or_else(|| environment("AWS_ENDPOINT_URL")),
            region: self
                .s3_region
                .clone()
                .or_else(|| environment("AWS_REGION"))
                .or_else(|| environment("AWS_DEFAULT_REGION")),
            anonymous: self.no_sign_request,
            // With the feature, the chain of the SDK reads these and more.
            credentials: if cfg!(feature = "aws") { None } else { credentials() },
        }
    }
}

fn credentials() -> Option<Credentials> {
    let (key, secret) = (environment("AWS_ACCESS_KEY_ID")?, environment("AWS_SECRET_ACCESS_KEY")?);
    Some(Credentials { key, secret, token: environment("AWS_SESSION_TOKEN") })
}

#[expect(clippy::disallowed_methods, reason = "how AWS is reached is read here and nowhere else")]
fn environment(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

impl Local {
    /// A text in which copies have the names of their objects.
    pub(super) fn named(&self, text: &str) -> String {
        match &self.root {
            Some(root) => text.replace(&format!("{}/", root.display()), "s3://"),
            None => text.to_owned(),
        }
    }

    /// What was read, with the names of the objects: a copy's own would differ from run to run.
    pub(super) fn name(&self, mut bill: Aggregates) -> Aggregates {
        for source in &mut bill.sources {
            source.name = self.named(&source.name);
        }
        for gap in &mut bill.gaps {
            gap.what = self.named(&gap.what);
            gap.place = self.named(&gap.place);
            gap.remedy = self.named(&gap.remedy);
        }
        bill
    }

    /// An error, likewise.
    pub(super) fn name_error(&self, error: anyhow::Error) -> anyhow::Error {
        if self.root.is_none() {
            return error;
        }
        match error.downcast::<CliError>() {
            Ok(CliError::Usage(text)) => CliError::Usage(self.named(&text)).into(),
            Ok(CliError::NothingToLookAt(text)) => CliError::NothingToLookAt(self.named(&text)).into(),
            Ok(CliError::DoesNotTieOut(text)) => CliError::DoesNotTieOut(self.named(&text)).into(),
            Err(other) => anyhow::anyhow!("{}", self.named(&format!("{other:#}"))),
        }
    }
}
