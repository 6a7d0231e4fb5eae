//! `surgeon collect` and `surgeon permissions`: what an account says, as a Dataset.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;

use clap::Args;
use rust_decimal::Decimal;

use super::{CliError, Ending, input, say, usage, write_out};
use crate::collect::ask::Purpose;
use crate::collect::metrics::{self, Wanted};
use crate::collect::recording::{Recorder, Replay, Tape};
use crate::collect::session::Access;
use crate::collect::survey::{self, Done, Survey, SurveyError};
use crate::dataset::Dataset;
use crate::period::AsOf;
use crate::table::{FITTING_PERFORMANCE, UTILIZATION};

/// What is asked, and of whom.
#[derive(Debug, Args)]
pub(super) struct WhatArgs {
    /// Ask every account of the organization, by the role of --role.
    #[arg(long, requires = "role")]
    org: bool,
    /// Role to take in the other accounts.
    #[arg(long, value_name = "NAME", requires = "org")]
    role: Option<String>,
    /// Region, may be repeated; without it, all that are switched on.
    #[arg(long, value_name = "REGION")]
    region: Vec<String>,
    /// Table, may be repeated; without it, all (surgeon tables list).
    #[arg(long, value_name = "TABLE")]
    only: Vec<String>,
    /// Every metric that is known, not only those that some rule asks for.
    #[arg(long)]
    all_metrics: bool,
    /// Ask Cost Explorer too, for costs by day and the use of commitments: about fifteen requests of a cent each.
    #[arg(long)]
    cost_explorer: bool,
    /// Key of a tag by which Cost Explorer is asked for costs, may be repeated.
    #[arg(long, value_name = "KEY", requires = "cost_explorer")]
    tag: Vec<String>,
    /// Ask what AWS itself recommends: Cost Optimization Hub, Compute Optimizer, purchases of Cost Explorer (seven requests of a cent each).
    #[arg(long)]
    advice: bool,
    /// Days of metrics; 0: none.
    #[arg(long, value_name = "DAYS", default_value_t = 28, value_parser = clap::value_parser!(u16).range(0..=455))]
    metrics: u16,
    /// Seconds of a point of a metric: 300 (kept for 63 days), 3600.
    #[arg(long, value_name = "SECONDS", default_value = "3600", value_parser = ["300", "3600"])]
    metric_period: String,
}

#[derive(Debug, Args)]
pub(super) struct CollectArgs {
    #[command(flatten)]
    what: WhatArgs,
    /// Folder of the Dataset.
    #[arg(short, long, value_name = "DIR", required_unless_present = "plan")]
    output: Option<PathBuf>,
    /// Profile of the shared configuration.
    #[arg(long, value_name = "NAME")]
    profile: Option<String>,
    /// Print what would be asked, and ask nothing.
    #[arg(long)]
    plan: bool,
    /// Dollars that asking may cost at most.
    #[arg(long, value_name = "USD")]
    max_scan_cost: Option<Decimal>,
    /// Requests at a time.
    #[arg(long, value_name = "N", default_value_t = 16)]
    parallel: usize,
    /// End of the last complete day; today without it.
    #[arg(long, value_name = "DATE")]
    as_of: Option<AsOf>,
    /// Keep every question and answer in this file, with pseudonyms for names and ids: for tests, or to hand to somebody.
    #[arg(long, value_name = "FILE", conflicts_with = "replay")]
    record: Option<PathBuf>,
    /// File whose bytes make the pseudonyms, at least 16: with the key of surgeon redact, a recording fits the copies of the bill.
    #[arg(long, value_name = "FILE", requires = "record")]
    key: Option<PathBuf>,
    /// Take the answers from a recording, and ask nobody.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["as_of", "profile", "endpoint"])]
    replay: Option<PathBuf>,
    /// Exit with 4 when something was not answered.
    #[arg(long)]
    strict: bool,
    /// Another address for every service (a stand-in for AWS).
    #[arg(long, value_name = "URL", hide = true)]
    endpoint: Option<String>,
    /// What stands behind --endpoint, for the head of a recording.
    #[arg(long, value_name = "NAME", hide = true, requires = "endpoint")]
    server: Option<String>,
    /// The names behind --endpoint, on this machine, are invented: keep them in the recording.
    #[arg(long, hide = true, requires_all = ["server", "record"], conflicts_with = "key")]
    invented: bool,
    /// Attempts at each request.
    #[arg(long, value_name = "N", hide = true)]
    attempts: Option<u32>,
}

#[derive(Debug, Args)]
pub(super) struct PermissionsArgs {
    #[command(flatten)]
    what: WhatArgs,
}

impl WhatArgs {
    /// Metrics that some rule names, of tables that it reads, and those that sizes or performance are told by where some rule reads them.
    fn wanted(&self) -> anyhow::Result<BTreeSet<Wanted>> {
        let rules = crate::rules::builtin().map_err(|errors| super::rules::all_errors(&errors))?;
        let sizes: BTreeSet<Wanted> = crate::derive::fit::metrics().collect();
        let performance: BTreeSet<Wanted> = crate::derive::fit::performance_metrics().collect();
        let named = |wanted: &Wanted| {
            let (table, name) = wanted;
            let quoted = format!("'{name}'");
            rules.iter().any(|rule| {
                let reads = |read: &str| rule.tables.iter().any(|table| table == read);
                (reads(UTILIZATION.name) && sizes.contains(wanted))
                    || (reads(FITTING_PERFORMANCE.name) && performance.contains(wanted))
                    || (reads(table) && rule.query.contains(&quoted))
            })
        };
        Ok(metrics::known().into_iter().filter(|wanted| self.all_metrics || named(wanted)).collect())
    }

    fn survey(&self) -> anyhow::Result<Survey> {
        let known = survey::tables();
        if let Some(strange) = self.only.iter().find(|table| !known.contains(&table.as_str())) {
            return Err(usage(format!("no table {strange:?} is collected; there are: {}", known.join(", "))));
        }
        Ok(Survey {
            access: Access::default(),
            role: self.role.clone().filter(|_| self.org),
            regions: self.region.clone(),
            tables: self.only.iter().cloned().collect::<BTreeSet<_>>(),
            purposes: [
                Some(Purpose::Inventory),
                self.cost_explorer.then_some(Purpose::Costs),
                self.advice.then_some(Purpose::Advice),
            ]
            .into_iter()
            .flatten()
            .collect(),
            tag_keys: self.tag.clone(),
            metrics: self.wanted()?,
            days: self.metrics,
            seconds: self.metric_period.parse()?,
            as_of: today(),
            folder: PathBuf::new(),
            max_cost: None,
            parallel: 1,
        })
    }
}

impl CollectArgs {
    /// Where answers come from, and whether they are kept; a replay is as of its recording.
    fn tape(&self, survey: &mut Survey) -> anyhow::Result<Tape> {
        if let Some(path) = &self.replay {
            let replay = Replay::open(path)?;
            survey.as_of = replay.head.as_of.parse().map_err(|error| usage(format!("{}: {error}", path.display())))?;
            return Ok(Tape::Replay(Arc::new(replay)));
        }
        let Some(path) = &self.record else { return Ok(Tape::Off) };
        let key = super::redact::key(self.key.as_deref())?;
        let server = match (&self.server, &self.endpoint) {
            (Some(name), _) => name.clone(),
            (None, Some(_)) => "a stand-in for AWS".to_owned(),
            (None, None) => "aws".to_owned(),
        };
        let here = |url: &String| ["http://127.0.0.1:", "http://localhost:"].iter().any(|start| url.starts_with(start));
        if self.invented && !self.endpoint.as_ref().is_some_and(here) {
            return Err(usage("--invented is for a server on this machine".into()));
        }
        let key = (!self.invented).then_some(key.as_slice());
        Ok(Tape::Record(Arc::new(Recorder::new(path, key, server, survey.as_of.to_string())?)))
    }
}

#[expect(clippy::disallowed_methods, reason = "what is asked of an account is asked as of today")]
fn today() -> AsOf {
    AsOf::at_day(jiff::Timestamp::now())
}

/// Prints the policies.
pub(super) fn permissions(args: &PermissionsArgs) -> anyhow::Result<Ending> {
    let (each, caller) = args.what.survey()?.policies();
    let mut text = serde_json::to_string_pretty(&each)? + "\n";
    if let Some(caller) = caller {
        say("the first policy is for the role in each account, the second for whoever runs surgeon");
        text += &(serde_json::to_string_pretty(&caller)? + "\n");
    }
    write_out(text.as_bytes())?;
    Ok(Ending::Done)
}

pub(super) fn run(args: &CollectArgs) -> anyhow::Result<Ending> {
    let mut survey = args.what.survey()?;
    if args.plan {
        write_out(plan(&survey).as_bytes())?;
        return Ok(Ending::Done);
    }
    survey.as_of = args.as_of.unwrap_or(survey.as_of);
    let tape = args.tape(&mut survey)?;
    survey.access =
        Access { profile: args.profile.clone(), endpoint: args.endpoint.clone(), attempts: args.attempts, tape };
    survey.folder = args.output.clone().unwrap_or_default();
    (survey.max_cost, survey.parallel) = (args.max_scan_cost, args.parallel);
    if Dataset::is_at(&survey.folder) && !survey.goes_on() {
        return Err(usage(format!("{} holds a Dataset already; name another folder", survey.folder.display())));
    }
    if survey.goes_on() && (args.record.is_some() || args.replay.is_some()) {
        let place = survey.folder.display();
        return Err(usage(format!(
            "{place} has parts of an earlier run, which would not be asked for; name another folder"
        )));
    }
    let bar = input::progress();
    let done = survey.run(&|step| bar.set_message(step));
    bar.finish_and_clear();
    let done = done.map_err(|error| match error {
        SurveyError::Begin { .. } => CliError::NothingToLookAt(error.to_string()).into(),
        other => anyhow::Error::from(other),
    })?;
    write_out(told(&survey, &done).as_bytes())?;
    Ok(if args.strict && !done.gaps.is_empty() { Ending::Gaps } else { Ending::Done })
}

/// What would be asked.
fn plan(survey: &Survey) -> String {
    let calls = survey.calls();
    let once = calls.iter().filter(|call| !call.of_each() && **call != metrics::CALL).count();
    let (regions, requests) = match survey.regions.len() {
        0 => ("in every region that the account has switched on".to_owned(), format!("{once} requests in each region")),
        1 => ("in 1 region".to_owned(), format!("{once} requests")),
        count => (format!("in {count} regions"), format!("{} requests", once * count)),
    };
    let mut text = format!(
        "Asked of each account {regions}: at least {requests}; every page of an answer is one, and so is each resource where it says so.\n"
    );
    for call in calls {
        let price = match call.dollars_per_thousand() {
            _ if call == metrics::CALL => {
                format!("{} USD for 1,000 series (a metric and statistic of a resource)", metrics::cost(1000))
            }
            Some(dollars) => format!("{} USD for 1,000 requests", dollars.normalize()),
            None => "free".into(),
        };
        let each = if call.of_each() { "each resource" } else { "" };
        text += format!("  {:<54} {each:<14} {price}", call.action()).trim_end();
        text.push('\n');
    }
    let (cost, once) = survey.least_cost();
    if once {
        text += "Cost Explorer and Cost Optimization Hub are asked once, of the account that surgeon runs with: it should be the one that pays.\n";
    }
    if !cost.is_zero() {
        text += &format!("Cost Explorer's requests come to {} USD at least.\n", cost.normalize());
    }
    if survey.role.is_some() {
        text += "Once: organizations:ListAccounts, and sts:AssumeRole for each account, free\n";
    }
    text
}

/// What came of it.
fn told(survey: &Survey, done: &Done) -> String {
    let mut text = format!("{} as of {}\n", survey.folder.display(), survey.as_of);
    for asked in &done.asked {
        text += &format!("account {}: {}\n", asked.account, asked.regions.join(", "));
    }
    for (table, rows) in &done.rows {
        text += &format!("  {table:<24} {rows:>9} rows\n");
    }
    if done.kept > 0 {
        text += &format!("{} parts were there from an earlier run and not asked for again\n", done.kept);
    }
    if !done.cost.is_zero() {
        text += &format!("asking cost {} USD at list price\n", done.cost.normalize());
    }
    for gap in &done.gaps {
        text += &format!("gap: {}: {}\n  help: {}\n", gap.place, gap.what, gap.remedy);
    }
    crate::report::plain_lines(&text)
}
