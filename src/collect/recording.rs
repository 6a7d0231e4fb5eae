//! Questions and answers on disk, so that they can be asked again without a network.
//!
//! Knows: how a request is told from another (service, operation, account, region, and its input in one canonical form), what was
//! answered, and that nothing reaches the disk but what `scrub` lets pass. Does not know: what an answer means.
//!
//! A recording is JSON, a line each: first what it is ([`Head`]), then each question with its answer. Both are those of the HTTP client
//! of the SDK, so that a replay goes through the same code as AWS's own answers. A request that nobody answered, and an answer that
//! nobody asked for, fail a replay.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard};

use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_runtime_api::http::StatusCode;
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::byte_stream::ByteStream;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::ask::Scope;
use crate::pseudonym::ShortKey;

mod body;
mod input;
mod questions;
mod scrub;

use scrub::Scrub;

/// Version of the form.
const VERSION: u32 = 1;

/// Where answers come from, and whether they are kept.
#[derive(Clone, Debug, Default)]
pub enum Tape {
    /// From the network, and not kept.
    #[default]
    Off,
    /// From the network, and kept.
    Record(Arc<Recorder>),
    /// From a recording.
    Replay(Arc<Replay>),
}

/// What a recording is.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Head {
    /// Version of the form.
    pub recording: u32,
    /// What answered: `aws`, or the stand-in that was named, such as `moto 5.2.1`.
    pub server: String,
    /// End of the last complete day before it was asked.
    pub as_of: String,
    /// Version of surgeon.
    pub tool_version: String,
}

/// A question and its answer.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
struct Exchange {
    service: String,
    operation: String,
    account: String,
    region: String,
    input: Value,
    /// HTTP status; 0: the connection broke.
    status: u16,
    /// Content type.
    form: String,
    answer: Value,
}

/// Why a recording cannot be made, read or replayed.
#[derive(Debug, thiserror::Error)]
pub enum TapeError {
    /// The key can be guessed.
    #[error(transparent)]
    ShortKey(#[from] ShortKey),
    /// The file cannot be read or written.
    #[error("{file}: {source}")]
    Io {
        /// File.
        file: String,
        /// Cause.
        source: std::io::Error,
    },
    /// A line is not one of a recording.
    #[error(
        "{file}, line {line}: {message}\n  help: it is no recording of this version of surgeon, or was cut; record it again"
    )]
    Line {
        /// File.
        file: String,
        /// Line, from 1.
        line: usize,
        /// What is wrong.
        message: String,
    },
    /// A name that was replaced elsewhere is still in it. Our bug; nothing was written.
    #[error(
        "{file}: {name}, which was replaced elsewhere, would still stand in an answer of {operation}\n  help: nothing was written; please report this"
    )]
    Found {
        /// File.
        file: String,
        /// The name.
        name: String,
        /// Operation.
        operation: String,
    },
    /// The run asked for something else than what was recorded.
    #[error(
        "{file}: {} not answered by it, {} of its answers not asked for: {first}\n  help: replay it with the tables, regions and metrics of the run that made it, or record it again",
        .unanswered, .unused
    )]
    Differs {
        /// File.
        file: String,
        /// Requests without an answer.
        unanswered: usize,
        /// Answers without a request.
        unused: usize,
        /// One of them.
        first: String,
    },
}

fn io(path: &Path, source: std::io::Error) -> TapeError {
    TapeError::Io { file: path.display().to_string(), source }
}

/// Whom a request asks for what: put on the request by whoever makes it, read by the client below.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Named {
    pub(super) service: String,
    pub(super) operation: String,
    pub(super) scope: Scope,
}

impl Named {
    fn key(&self, input: &Value) -> String {
        let Scope { account, region } = &self.scope;
        format!("{}:{} {account} {region} {}", self.service, self.operation, input::canonical(input))
    }
}

/// A lock that a panic elsewhere cannot spoil: what it guards is only added to.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

/// Keeps what is asked and answered.
pub struct Recorder {
    path: PathBuf,
    head: Head,
    scrub: Mutex<Scrub>,
    kept: Mutex<Vec<Exchange>>,
}

impl fmt::Debug for Recorder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Recorder({})", self.path.display())
    }
}

impl Recorder {
    /// Into a file, with pseudonyms under a key; `None`: all names are invented, and stay.
    ///
    /// # Errors
    /// [`TapeError::ShortKey`].
    pub fn new(path: &Path, key: Option<&[u8]>, server: String, as_of: String) -> Result<Self, TapeError> {
        let head = Head { recording: VERSION, server, as_of, tool_version: env!("CARGO_PKG_VERSION").into() };
        let scrub = Mutex::new(key.map_or_else(Scrub::of_invented, Scrub::new)?);
        Ok(Recorder { path: path.to_owned(), head, scrub, kept: Mutex::default() })
    }

    fn keep(&self, named: &Named, input: Value, status: u16, form: &str, bytes: &[u8]) {
        let mut scrub = lock(&self.scrub);
        let exchange = |account: &str, input: Value, answer: Value| Exchange {
            service: named.service.clone(),
            operation: named.operation.clone(),
            account: account.to_owned(),
            region: named.scope.region.clone(),
            input,
            status,
            form: form.to_owned(),
            answer,
        };
        let account = scrub.text("account", &named.scope.account);
        let answer = body::read(form, bytes, &mut scrub);
        drop(scrub);
        let mut kept = lock(&self.kept);
        if !questions::many(&named.service, &named.operation) {
            kept.push(exchange(&account, input, answer));
        } else if status == 200 {
            let each = questions::each(&input).into_iter();
            kept.extend(each.map(|(id, one)| exchange(&account, one, questions::part(&answer, &id))));
        } else {
            kept.push(exchange(&account, questions::common(&input), answer));
        }
    }

    /// Writes the file: the same questions and answers, the same bytes.
    ///
    /// # Errors
    /// [`TapeError`]; then nothing is written.
    pub fn finish(&self) -> Result<usize, TapeError> {
        let mut kept = lock(&self.kept).clone();
        // Answers to the same question stay in their order.
        kept.sort_by_cached_key(|one| {
            let Exchange { service, operation, account, region, input, .. } = one;
            (service.clone(), operation.clone(), account.clone(), region.clone(), input::canonical(input))
        });
        let mut text = line(&self.head);
        let scrub = lock(&self.scrub);
        for one in &kept {
            let written = line(one);
            if let Some(name) = scrub.left_in(&written) {
                let (file, name) = (self.path.display().to_string(), name.to_owned());
                return Err(TapeError::Found { file, name, operation: format!("{}:{}", one.service, one.operation) });
            }
            text += &written;
        }
        std::fs::write(&self.path, text).map_err(|error| io(&self.path, error))?;
        Ok(kept.len())
    }
}

/// Answers of a recording.
pub struct Replay {
    path: PathBuf,
    /// What it is.
    pub head: Head,
    answers: Mutex<BTreeMap<String, VecDeque<Exchange>>>,
    unanswered: Mutex<BTreeSet<String>>,
}

impl fmt::Debug for Replay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Replay({})", self.path.display())
    }
}

impl Replay {
    /// Of a file.
    ///
    /// # Errors
    /// [`TapeError`] when it cannot be read.
    pub fn open(path: &Path) -> Result<Self, TapeError> {
        let text = std::fs::read_to_string(path).map_err(|error| io(path, error))?;
        let wrong = |line: usize, message: String| TapeError::Line { file: path.display().to_string(), line, message };
        let mut lines = text.lines();
        let head: Head =
            serde_json::from_str(lines.next().unwrap_or_default()).map_err(|error| wrong(1, error.to_string()))?;
        if head.recording != VERSION {
            return Err(wrong(1, format!("recording of version {}, this surgeon reads {VERSION}", head.recording)));
        }
        let mut answers: BTreeMap<String, VecDeque<Exchange>> = BTreeMap::new();
        for (at, line) in lines.enumerate() {
            let one: Exchange = serde_json::from_str(line).map_err(|error| wrong(at + 2, error.to_string()))?;
            let scope = Scope { account: one.account.clone(), region: one.region.clone() };
            let named = Named { service: one.service.clone(), operation: one.operation.clone(), scope };
            answers.entry(named.key(&one.input)).or_default().push_back(one);
        }
        Ok(Replay { path: path.to_owned(), head, answers: Mutex::new(answers), unanswered: Mutex::default() })
    }

    /// The next answer to a question.
    fn next(&self, key: &str) -> Option<Exchange> {
        lock(&self.answers).get_mut(key).and_then(VecDeque::pop_front)
    }

    /// The answer to a call; `None`: the recording has none.
    fn found(&self, named: &Named, input: &Value) -> Result<Exchange, String> {
        if !questions::many(&named.service, &named.operation) {
            let key = named.key(input);
            return self.next(&key).ok_or(key);
        }
        if let Some(refusal) = self.next(&named.key(&questions::common(input))) {
            return Ok(refusal);
        }
        let (mut parts, mut any) = (Vec::new(), None);
        for (id, question) in questions::each(input) {
            let key = named.key(&question);
            let mut exchange = self.next(&key).ok_or(key.clone())?;
            // What was answered on several pages is answered on one.
            while let Some(page) = self.next(&key) {
                parts.push((id.clone(), exchange.answer));
                exchange = page;
            }
            parts.push((id, exchange.answer.take()));
            any = Some(exchange);
        }
        let exchange = any.ok_or_else(|| named.key(input))?;
        Ok(Exchange { answer: questions::whole(parts), ..exchange })
    }

    fn answer(&self, named: &Named, input: &Value) -> Result<HttpResponse, ConnectorError> {
        let exchange = self.found(named, input).map_err(|key| {
            let message = format!("the recording has no answer to {key}");
            lock(&self.unanswered).insert(key);
            ConnectorError::user(message.into())
        })?;
        let broken = || ConnectorError::io("the connection broke when it was recorded".into());
        let status = StatusCode::try_from(exchange.status).map_err(|_| broken())?;
        let mut response = HttpResponse::new(status, SdkBody::from(body::written(&exchange.form, &exchange.answer)));
        if exchange.form.contains("cbor") {
            response.headers_mut().insert("smithy-protocol", "rpc-v2-cbor");
        }
        response.headers_mut().insert("content-type", exchange.form);
        Ok(response)
    }

    /// Whether everything was asked and answered.
    ///
    /// # Errors
    /// [`TapeError::Differs`].
    pub fn finish(&self) -> Result<(), TapeError> {
        let unanswered = lock(&self.unanswered);
        let answers = lock(&self.answers);
        let left = answers.iter().filter(|(_, answers)| !answers.is_empty());
        let (unused, one_left) =
            (left.clone().map(|(_, answers)| answers.len()).sum(), left.map(|(key, _)| key).next());
        let Some(first) = unanswered.first().or(one_left) else { return Ok(()) };
        let first = first.chars().take(300).collect();
        Err(TapeError::Differs { file: self.path.display().to_string(), unanswered: unanswered.len(), unused, first })
    }
}

/// A value as a line of JSON.
fn line(value: &impl Serialize) -> String {
    serde_json::to_string(value).unwrap_or_default() + "\n"
}

impl Tape {
    /// The client that asks, keeps or answers.
    pub(super) fn client(&self, network: SharedHttpClient) -> SharedHttpClient {
        match self {
            Tape::Off => network,
            tape => SharedHttpClient::new(Client { tape: tape.clone(), network }),
        }
    }
}

#[derive(Clone, Debug)]
struct Client {
    tape: Tape,
    network: SharedHttpClient,
}

impl HttpClient for Client {
    fn http_connector(&self, settings: &HttpConnectorSettings, parts: &RuntimeComponents) -> SharedHttpConnector {
        let network = self.network.http_connector(settings, parts);
        SharedHttpConnector::new(Connector { tape: self.tape.clone(), network })
    }
}

#[derive(Clone, Debug)]
struct Connector {
    tape: Tape,
    network: SharedHttpConnector,
}

impl HttpConnector for Connector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let named = request.extension::<Named>().cloned();
        match (&self.tape, named) {
            (Tape::Replay(replay), Some(named)) => {
                HttpConnectorFuture::ready(replay.answer(&named, &input::of(&named.service, &request, None)))
            }
            // A role is taken by the SDK itself: its keys are in no recording, and no replay needs true ones.
            (Tape::Replay(_), None) => HttpConnectorFuture::ready(Ok(made_up_credentials())),
            (Tape::Record(recorder), Some(named)) => {
                let recorder = Arc::clone(recorder);
                let input = input::of(&named.service, &request, Some(&mut lock(&recorder.scrub)));
                let answer = self.network.call(request);
                HttpConnectorFuture::new(async move {
                    let mut response = match answer.await {
                        Ok(response) => response,
                        Err(error) => {
                            recorder.keep(&named, input, 0, "", b"");
                            return Err(error);
                        }
                    };
                    let read = ByteStream::new(response.take_body()).collect().await;
                    let Ok(bytes) = read.map(aws_smithy_types::byte_stream::AggregatedBytes::into_bytes) else {
                        recorder.keep(&named, input, 0, "", b"");
                        return Err(ConnectorError::io("the answer broke off".into()));
                    };
                    let form = response.headers().get("content-type").unwrap_or_default().to_owned();
                    recorder.keep(&named, input, response.status().as_u16(), &form, &bytes);
                    *response.body_mut() = SdkBody::from(bytes);
                    Ok(response)
                })
            }
            _ => self.network.call(request),
        }
    }
}

/// What AssumeRole answers in a replay.
fn made_up_credentials() -> HttpResponse {
    let body = "<AssumeRoleResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><AssumeRoleResult><Credentials>\
                <AccessKeyId>replay</AccessKeyId><SecretAccessKey>replay</SecretAccessKey><SessionToken>replay</SessionToken>\
                <Expiration>2999-01-01T00:00:00Z</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>";
    let mut response =
        HttpResponse::new(StatusCode::try_from(200).unwrap_or_else(|_| unreachable!()), SdkBody::from(body));
    response.headers_mut().insert("content-type", "text/xml");
    response
}
