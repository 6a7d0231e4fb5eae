//! Everything that is asked of the accounts: which accounts, which regions, what is done, and what is not answered.
//!
//! Knows: what is done is kept in parts until all are there, so that a run that was ended asks nothing twice. Nothing stops a survey once it knows whom it asks: what is not answered is a gap. Does not know: what a table holds.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;

use aws_config::SdkConfig;
use aws_config::sts::AssumeRoleProvider;
use rust_decimal::Decimal;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use super::ask::{Call, Collector, Purpose, Reach, Refusal, Scope, policy};
use super::metrics::{self, Wanted, Window};
use super::parts::{PARTS, Part, Parts, part_name};
use super::recording::{Tape, TapeError};
use super::services::collectors;
use super::session::{Access, Session, client};
use crate::dataset::{AskedEntry, Dataset, DatasetError, GapEntry, Manifest, SCHEMA_VERSION};
use crate::period::AsOf;
use crate::table;
use crate::table::inventory::Collected;
use crate::table::rows::Rows;

/// What is wanted.
#[derive(Clone, Debug)]
pub struct Survey {
    /// Who asks, and where.
    pub access: Access,
    /// Role to take in the other accounts of the organization; `None`: the own account alone.
    pub role: Option<String>,
    /// Regions; empty: all that the own account has switched on.
    pub regions: Vec<String>,
    /// Tables; empty: all that serve a purpose that is wanted.
    pub tables: BTreeSet<String>,
    /// What tables are wanted for.
    pub purposes: BTreeSet<Purpose>,
    /// Keys of tags by which costs are asked for.
    pub tag_keys: Vec<String>,
    /// Metrics that are wanted.
    pub metrics: BTreeSet<Wanted>,
    /// Days of metrics before as-of; 0: none.
    pub days: u16,
    /// Seconds of a point.
    pub seconds: i32,
    /// End of the last complete day.
    pub as_of: AsOf,
    /// Folder of the Dataset.
    pub folder: PathBuf,
    /// Dollars that asking may cost at most.
    pub max_cost: Option<Decimal>,
    /// Requests at a time.
    pub parallel: usize,
}

/// Why a survey cannot begin, or cannot keep what it found.
#[derive(Debug, thiserror::Error)]
pub enum SurveyError {
    /// Nobody can be asked.
    #[error("{asked}: {message}\n  help: {help}")]
    Begin {
        /// Operation.
        asked: String,
        /// What it said.
        message: String,
        /// Remedy.
        help: String,
    },
    /// It would cost more than it may.
    #[error(
        "asking costs {cost} USD, and --max-scan-cost is {most}\n  help: fewer days or regions, --metrics 0, without --cost-explorer, or a higher limit; what is done is kept"
    )]
    TooDear {
        /// What it would cost.
        cost: Decimal,
        /// Limit.
        most: Decimal,
    },
    /// The folder.
    #[error(transparent)]
    Dataset(#[from] DatasetError),
    /// The recording.
    #[error(transparent)]
    Tape(#[from] TapeError),
    /// A table does not fit its declaration, or the disk failed.
    #[error("{0}")]
    Kept(String),
}

/// How it went.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Done {
    /// Accounts and the regions asked.
    pub asked: Vec<AskedEntry>,
    /// Rows by table.
    pub rows: BTreeMap<String, usize>,
    /// Parts that an earlier run had done.
    pub kept: usize,
    /// What was not answered.
    pub gaps: Vec<GapEntry>,
    /// Dollars that asking for metrics and of Cost Explorer cost at least, at list price.
    pub cost: Decimal,
}

/// Who and where: the first answers, on which everything else rests.
const WHO: Call = Call { service: "sts", operation: "GetCallerIdentity" };
const REGIONS: Call = Call { service: "ec2", operation: "DescribeRegions" };
const ACCOUNTS: Call = Call { service: "organizations", operation: "ListAccounts" };

/// Region of the first questions when none is configured: every account has it.
const HOME: &str = "us-east-1";

/// Names of the tables that can be collected.
#[must_use]
pub fn tables() -> Vec<&'static str> {
    collectors().map(|collector| collector.table.name).collect()
}

impl Survey {
    fn wants(&self, one: &Collector) -> bool {
        if self.tables.is_empty() { self.purposes.contains(&one.purpose) } else { self.tables.contains(one.table.name) }
    }

    /// Whether metrics are asked for: some are wanted, of tables that are.
    fn measures(&self) -> bool {
        let watched = |one: &Collector| self.wants(one) && metrics::watches(one.table.name, &self.metrics);
        self.days > 0 && collectors().any(watched)
    }

    /// Every operation that this survey may call.
    #[must_use]
    pub fn calls(&self) -> BTreeSet<Call> {
        let wanted = collectors().filter(|collector| self.wants(collector));
        let mut calls: BTreeSet<Call> = wanted.flat_map(|collector| collector.calls).copied().collect();
        if self.regions.is_empty() {
            calls.insert(REGIONS);
        }
        if self.measures() {
            calls.insert(metrics::CALL);
            let looks_up = |one: &Collector| metrics::looks_up(one.table.name, &self.metrics);
            calls.extend(collectors().any(|one| self.wants(one) && looks_up(one)).then_some(metrics::LIST));
        }
        calls
    }

    /// Dollars that asking costs at least, besides metrics, and whether anything is asked of one account alone.
    #[must_use]
    pub fn least_cost(&self) -> (Decimal, bool) {
        let wanted: Vec<&Collector> = collectors().filter(|one| self.wants(one)).collect();
        let once = wanted.iter().any(|one| one.reach == Reach::Payer);
        (wanted.into_iter().map(Collector::least_cost).sum(), once)
    }

    /// The policy of a role that this survey needs in each account, and of who calls it.
    #[must_use]
    pub fn policies(&self) -> (serde_json::Value, Option<serde_json::Value>) {
        let assume = self.role.as_ref().map(|role| {
            serde_json::json!({
                "Version": "2012-10-17",
                "Statement": [
                    { "Sid": "ScaleSurgeonAccounts", "Effect": "Allow", "Action": [ACCOUNTS.action()], "Resource": "*" },
                    {
                        "Sid": "ScaleSurgeonRoles",
                        "Effect": "Allow",
                        "Action": ["sts:AssumeRole"],
                        "Resource": format!("arn:aws:iam::*:role/{role}"),
                    },
                ],
            })
        });
        let needs = collectors().filter(|one| self.wants(one)).flat_map(|one| one.needs);
        (policy(&self.calls().into_iter().chain(needs.copied()).collect()), assume)
    }

    /// Parts of one day: what was asked as of another is not mixed in.
    fn parts(&self) -> PathBuf {
        self.folder.join(PARTS).join(self.as_of.to_string())
    }

    /// Whether an earlier run as of the same day left something to go on from.
    #[must_use]
    pub fn goes_on(&self) -> bool {
        self.parts().is_dir()
    }

    fn window(&self) -> Window {
        Window { end: self.as_of.timestamp(), days: i64::from(self.days), seconds: self.seconds }
    }

    /// Asks.
    ///
    /// # Errors
    /// [`SurveyError`] when nobody can be asked, or what was found cannot be kept.
    pub fn run(&self, said: &(dyn Fn(String) + Sync)) -> Result<Done, SurveyError> {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
        let done = runtime.map_err(|error| SurveyError::Kept(error.to_string()))?.block_on(self.ask(said));
        match &self.access.tape {
            Tape::Off => done,
            // What was asked is worth keeping however it ended.
            Tape::Record(recorder) => recorder.finish().map_err(SurveyError::from).and(done),
            Tape::Replay(replay) => replay.finish().map_err(SurveyError::from).and(done),
        }
    }

    /// A session that no account is known of yet.
    async fn session(&self, scope: Scope, region: &str) -> Session {
        let config = self.access.config(region).await;
        let (partition, tag_keys) = ("aws".to_owned(), self.tag_keys.clone().into());
        Session { scope, partition, regions: Arc::default(), as_of: self.as_of.timestamp(), tag_keys, config }
    }

    async fn ask(&self, said: &(dyn Fn(String) + Sync)) -> Result<Done, SurveyError> {
        let region = self.regions.first().map_or(HOME, String::as_str);
        let mut home = self.session(Scope { account: String::new(), region: region.to_owned() }, region).await;
        let account = who(&mut home).await?;
        let regions = self.regions_of(&home).await?;
        let all: Arc<[String]> = regions.clone().into();
        let mut done = Done::default();
        let mut accounts: Vec<(String, Option<SdkConfig>)> = vec![(account.clone(), Some(home.config.clone()))];
        if let Some(role) = &self.role {
            for other in accounts_of(&home).await?.into_iter().filter(|other| *other != account) {
                let taken = take_role(&home, &other, role).await;
                let config = match taken {
                    Ok(config) => Some(config),
                    Err(message) => {
                        done.gaps.push(GapEntry {
                            what: format!("could not take the role {role}: {message}"),
                            place: other.clone(),
                            remedy: format!("create the role {role} there, with the policy of surgeon permissions, and let account {account} assume it"),
                        });
                        None
                    }
                };
                accounts.push((other, config));
            }
        }
        let parts = Parts { folder: self.parts() };
        let mut found: Vec<(Scope, Part)> = Vec::new();
        for (account, config) in accounts {
            let Some(config) = config else { continue };
            done.asked.push(AskedEntry { account: account.clone(), regions: regions.clone() });
            said(format!("account {account}: {} regions", regions.len()));
            let sessions: Vec<Session> = regions
                .iter()
                .map(|region| {
                    let config = config.to_builder().region(aws_config::Region::new(region.clone())).build();
                    let scope = Scope { account: account.clone(), region: region.clone() };
                    Session { scope, regions: Arc::clone(&all), config, ..home.clone() }
                })
                .collect();
            let pays = done.asked.len() == 1;
            let inventory = self.inventory(&sessions, pays, &parts, &mut done).await?;
            let measured = self.measure(&sessions, &inventory, &parts, &mut done, said).await?;
            found.extend(inventory.into_iter().chain(measured));
        }
        self.keep(found, &mut done)?;
        Ok(done)
    }

    /// All tables of all regions of an account; of the first one also what it pays.
    async fn inventory(
        &self,
        sessions: &[Session],
        pays: bool,
        parts: &Parts,
        done: &mut Done,
    ) -> Result<Vec<(Scope, Part)>, SurveyError> {
        let mut tasks = Tasks::new(self.parallel);
        let mut all = Vec::new();
        for (place, session) in sessions.iter().enumerate() {
            let answers = |reach: Reach| match reach {
                Reach::Regions => true,
                Reach::Account => place == 0,
                Reach::Payer => place == 0 && pays,
            };
            let asked = |one: &&Collector| self.wants(one) && answers(one.reach);
            for collector in collectors().filter(asked) {
                let name = collector.table.name;
                if let Some(part) = parts.read(&session.scope, name)? {
                    done.kept += 1;
                    all.push((session.scope.clone(), part));
                    continue;
                }
                self.spend(collector.least_cost(), done)?;
                let session = session.clone();
                tasks.spawn(async move {
                    let asked = (collector.ask)(&session).await;
                    (session.scope, name.to_owned(), asked)
                });
            }
        }
        while let Some((scope, name, asked)) = tasks.next().await? {
            all.push((scope.clone(), parts.write(&scope, &name, asked)?));
        }
        Ok(all)
    }

    /// Adds what something costs, before it is asked.
    fn spend(&self, cost: Decimal, done: &mut Done) -> Result<(), SurveyError> {
        // A replay asks nobody.
        if let Tape::Replay(_) = self.access.tape {
            return Ok(());
        }
        done.cost += cost;
        match self.max_cost.filter(|most| done.cost > *most) {
            Some(most) => Err(SurveyError::TooDear { cost: done.cost, most }),
            None => Ok(()),
        }
    }

    /// Metrics of what the inventory found.
    async fn measure(
        &self,
        sessions: &[Session],
        inventory: &[(Scope, Part)],
        parts: &Parts,
        done: &mut Done,
        said: &(dyn Fn(String) + Sync),
    ) -> Result<Vec<(Scope, Part)>, SurveyError> {
        let (window, mut all) = (self.window(), Vec::new());
        if !self.measures() {
            return Ok(all);
        }
        let mut tasks = Tasks::new(self.parallel);
        for session in sessions {
            let mut series = Vec::new();
            let of_scope = |(scope, part): &&(Scope, Part)| {
                *scope == session.scope && metrics::watches(&part.table, &self.metrics)
            };
            for (_, part) in inventory.iter().filter(of_scope) {
                series.extend(metrics::series(&session.scope.account, &part.table, &part.frame, &self.metrics));
                if metrics::looks_up(&part.table, &self.metrics) && part.frame.height() > 0 {
                    let (found, refused) = metrics::looked_up(session, &part.table, &part.frame, &self.metrics).await;
                    series.extend(found);
                    done.gaps.extend(refused.iter().map(|refusal| refusal.gap(&session.scope)));
                }
            }
            series.sort();
            for batch in series.chunks(metrics::batch(&window)) {
                let name = part_name(batch, &window);
                if let Some(part) = parts.read(&session.scope, &name)? {
                    done.kept += 1;
                    all.push((session.scope.clone(), part));
                    continue;
                }
                self.spend(metrics::cost(batch.len()), done)?;
                let (session, batch) = (session.clone(), batch.to_vec());
                tasks.spawn(async move {
                    let asked = metrics::ask(&session, &batch, &window).await;
                    (session.scope, name, asked)
                });
            }
            if !series.is_empty() {
                said(format!("{} {}: {} series", session.scope.account, session.scope.region, series.len()));
            }
        }
        while let Some((scope, name, asked)) = tasks.next().await? {
            all.push((scope.clone(), parts.write(&scope, &name, asked)?));
        }
        Ok(all)
    }

    /// The Dataset of all parts; they go when nothing is missing.
    fn keep(&self, mut found: Vec<(Scope, Part)>, done: &mut Done) -> Result<(), SurveyError> {
        // Whoever answered first.
        found.sort_by(|(a, of_a), (b, of_b)| (a, &of_a.name).cmp(&(b, &of_b.name)));
        let mut tables: BTreeMap<String, Vec<_>> = BTreeMap::new();
        let mut collected: BTreeMap<(Scope, String), (BTreeSet<String>, i64)> = BTreeMap::new();
        for (scope, part) in found {
            let (missing, rows) = collected.entry((scope, part.table.clone())).or_default();
            missing.extend(part.missing);
            *rows += i64::try_from(part.frame.height()).unwrap_or(i64::MAX);
            done.gaps.extend(part.refused.iter().cloned());
            tables.entry(part.table).or_default().push(part.frame);
        }
        done.gaps.sort_by(|a, b| (&a.place, &a.what).cmp(&(&b.place, &b.what)));
        done.gaps.dedup();
        let told = collected.into_iter().map(|((scope, table), (missing, rows))| Collected {
            id: scope.account.clone(),
            account: scope.account,
            region: scope.region,
            table: Some(table),
            complete: Some(missing.is_empty()),
            missing: (!missing.is_empty()).then(|| missing.into_iter().collect::<Vec<_>>().join(" ")),
            rows: Some(rows),
            as_of: Some(self.as_of.timestamp()),
        });
        let kept = |error: &dyn std::fmt::Display| SurveyError::Kept(error.to_string());
        let mut whole = BTreeMap::new();
        for (name, frames) in tables {
            let frame = table::stacked(frames).map_err(|error| kept(&error))?;
            done.rows.insert(name.clone(), frame.height());
            whole.insert(name, frame);
        }
        if self.measures() {
            // Nothing to measure is an answer too.
            whole.entry(table::RESOURCE_METRICS.name.to_owned()).or_insert_with(|| table::RESOURCE_METRICS.empty());
        }
        whole.insert(table::COLLECTED.name.to_owned(), Rows::of(told.collect()).frame().map_err(|error| kept(&error))?);
        let manifest = Manifest {
            schema_version: SCHEMA_VERSION,
            tool_version: env!("CARGO_PKG_VERSION").into(),
            as_of: self.as_of.to_string(),
            bill: None,
            asked: done.asked.clone(),
            gaps: done.gaps.clone(),
        };
        Dataset { manifest, tables: whole }.save(&self.folder)?;
        // With gaps the parts stay: the next run asks for what is missing, and for nothing else.
        let parts = self.folder.join(PARTS);
        if done.gaps.is_empty() && parts.is_dir() {
            std::fs::remove_dir_all(&parts)
                .map_err(|error| SurveyError::Kept(format!("{}: {error}", parts.display())))?;
        }
        Ok(())
    }

    async fn regions_of(&self, home: &Session) -> Result<Vec<String>, SurveyError> {
        if !self.regions.is_empty() {
            return Ok(self.regions.clone());
        }
        let answer = client!(home, aws_sdk_ec2).describe_regions().send().await;
        let help = || format!("grant {}, or name the regions with --region", REGIONS.action());
        let answer = answer.map_err(|error| begin(&Refusal::of(REGIONS, &error), help()))?;
        let mut names: Vec<String> =
            answer.regions().iter().filter_map(|region| region.region_name().map(str::to_owned)).collect();
        names.sort();
        Ok(names)
    }
}

/// A refusal without which nothing can be asked.
fn begin(refusal: &Refusal, help: String) -> SurveyError {
    SurveyError::Begin { asked: refusal.call.action(), message: refusal.words(), help }
}

/// The account of the credentials; the session learns its partition.
async fn who(home: &mut Session) -> Result<String, SurveyError> {
    let answer = client!(home, aws_sdk_sts).get_caller_identity().send().await;
    let help = "give credentials that can read: aws configure, aws sso login, AWS_PROFILE, or --profile";
    let answer = answer.map_err(|error| begin(&Refusal::of(WHO, &error), help.into()))?;
    if let Some(partition) = answer.arn().and_then(|arn| arn.split(':').nth(1)) {
        partition.clone_into(&mut home.partition);
    }
    Ok(answer.account().unwrap_or_default().to_owned())
}

/// Accounts of the organization that are not closed.
async fn accounts_of(home: &Session) -> Result<Vec<String>, SurveyError> {
    let mut pages = client!(home, aws_sdk_organizations).list_accounts().into_paginator().send();
    let mut all = Vec::new();
    while let Some(page) = pages.next().await {
        let help = || format!("grant {} in the management account, or leave --org out", ACCOUNTS.action());
        let page = page.map_err(|error| begin(&Refusal::of(ACCOUNTS, &error), help()))?;
        let active =
            page.accounts().iter().filter(|account| account.status().is_none_or(|status| status.as_str() == "ACTIVE"));
        all.extend(active.filter_map(|account| account.id().map(str::to_owned)));
    }
    all.sort();
    Ok(all)
}

/// Configuration with the role of another account; the reason when it cannot be had.
async fn take_role(home: &Session, account: &str, role: &str) -> Result<SdkConfig, String> {
    let provider = AssumeRoleProvider::builder(format!("arn:{}:iam::{account}:role/{role}", home.partition))
        .session_name("scale-surgeon")
        .configure(&home.config)
        .build()
        .await;
    let credentials = aws_credential_types::provider::SharedCredentialsProvider::new(provider);
    let config = home.config.to_builder().credentials_provider(credentials).build();
    // Asked once, before everything else: a role that cannot be had is one gap and not one for each table.
    let scope = Scope { account: account.to_owned(), ..home.scope.clone() };
    let other = Session { scope, config: config.clone(), ..home.clone() };
    match client!(other, aws_sdk_sts).get_caller_identity().send().await {
        Ok(_) => Ok(config),
        Err(error) => Err(Refusal::of(WHO, &error).words()),
    }
}

/// Tasks at a time.
struct Tasks<T> {
    running: JoinSet<T>,
    room: Arc<Semaphore>,
}

impl<T: Send + 'static> Tasks<T> {
    fn new(parallel: usize) -> Self {
        Tasks { running: JoinSet::new(), room: Arc::new(Semaphore::new(parallel.max(1))) }
    }

    fn spawn(&mut self, task: impl Future<Output = T> + Send + 'static) {
        let room = Arc::clone(&self.room);
        self.running.spawn(async move {
            // The semaphore is never closed; a task that got no place would only start early.
            let _place = room.acquire_owned().await;
            task.await
        });
    }

    async fn next(&mut self) -> Result<Option<T>, SurveyError> {
        match self.running.join_next().await {
            None => Ok(None),
            Some(Ok(done)) => Ok(Some(done)),
            Some(Err(error)) => Err(SurveyError::Kept(error.to_string())),
        }
    }
}
