//! Lambda's event-source mapping: takes messages from a queue, invokes a function, deletes what succeeded.
//!
//! Differences from AWS: the number of pollers is fixed instead of growing with the backlog.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use axum::body::Bytes;
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::Instant;

use crate::invoke::{Invoke, InvokeError, PAYLOAD_LIMIT};
use crate::queue::{MessageAttribute, Queue, Received};

/// How long one receive waits for a message.
const LONG_POLL: Duration = Duration::from_secs(20);

/// How a queue feeds a function.
#[derive(Debug, Clone)]
pub struct MappingSettings {
    /// Name of the function.
    pub function: String,
    /// The queue.
    pub queue: Queue,
    /// Most messages in one invocation.
    pub batch_size: usize,
    /// How long messages are gathered; zero invokes with what one receive gave.
    pub batching_window: Duration,
    /// Invocations at a time; at least one.
    pub concurrency: usize,
    /// Whether the function names the messages that failed.
    pub report_batch_item_failures: bool,
    /// What `awsRegion` says.
    pub region: String,
}

/// A running event-source mapping; it stops when dropped.
#[derive(Debug)]
pub struct Mapping {
    state: Arc<State>,
    pollers: Vec<JoinHandle<()>>,
}

#[derive(Debug)]
struct State {
    settings: MappingSettings,
    gate: watch::Sender<Gate>,
}

/// Whether messages may be taken, and how many pollers work on some.
#[derive(Debug, Default)]
struct Gate {
    is_paused: bool,
    busy: usize,
}

impl Mapping {
    /// Starts the pollers.
    #[must_use]
    pub fn start(settings: MappingSettings, functions: Arc<dyn Invoke>) -> Self {
        let state = Arc::new(State {
            gate: watch::Sender::default(),
            settings,
        });
        let pollers = (0..state.settings.concurrency.max(1))
            .map(|_| tokio::spawn(poll(Arc::clone(&state), Arc::clone(&functions))))
            .collect();
        Self { state, pollers }
    }

    /// Returns the settings that it was started with.
    #[must_use]
    pub fn settings(&self) -> &MappingSettings {
        &self.state.settings
    }

    /// Stops taking messages and waits until no invocation is under way.
    pub async fn pause(&self) {
        self.stop_taking();
        self.at_rest().await;
    }

    /// Stops taking messages without waiting for invocations under way.
    pub(crate) fn stop_taking(&self) {
        self.state.gate.send_modify(|gate| gate.is_paused = true);
    }

    /// Takes messages again.
    pub fn resume(&self) {
        self.state.gate.send_modify(|gate| gate.is_paused = false);
    }

    /// Waits until no invocation is under way; another may start at once unless the mapping is paused.
    pub async fn at_rest(&self) {
        // The sender lives in self, so waiting cannot fail.
        drop(
            self.state
                .gate
                .subscribe()
                .wait_for(|gate| gate.busy == 0)
                .await,
        );
    }
}

impl Drop for Mapping {
    fn drop(&mut self) {
        for poller in &self.pollers {
            poller.abort();
        }
    }
}

/// Counts a poller as busy until dropped, so that an aborted one does not count for ever.
struct Busy<'a>(&'a watch::Sender<Gate>);

impl<'a> Busy<'a> {
    /// Counts the poller unless the mapping is paused; the two are decided together, so that a pause is exact.
    fn start(gate: &'a watch::Sender<Gate>) -> Option<Self> {
        let is_open = gate.send_if_modified(|gate| {
            if !gate.is_paused {
                gate.busy += 1;
            }
            !gate.is_paused
        });
        is_open.then_some(Self(gate))
    }
}

impl Drop for Busy<'_> {
    fn drop(&mut self) {
        self.0
            .send_modify(|gate| gate.busy = gate.busy.saturating_sub(1));
    }
}

async fn poll(state: Arc<State>, functions: Arc<dyn Invoke>) {
    let settings = &state.settings;
    let mut gate = state.gate.subscribe();
    loop {
        // The sender lives in the state, so waiting cannot fail.
        drop(gate.wait_for(|gate| !gate.is_paused).await);
        if let Some(_busy) = Busy::start(&state.gate) {
            let most = settings.batch_size.min(10);
            let mut batch = settings.queue.receive(most, None, Duration::ZERO).await;
            if !batch.is_empty() {
                gather(&state, &mut batch).await;
                work(&state, functions.as_ref(), batch).await;
                continue;
            }
        }
        settings.queue.readable(LONG_POLL).await;
    }
}

/// Fills a batch until it is full, the window ends, or the payload would be too large.
async fn gather(state: &State, batch: &mut Vec<Received>) {
    let settings = &state.settings;
    let end = Instant::now() + settings.batching_window;
    loop {
        let missing = settings.batch_size.saturating_sub(batch.len());
        let left = end.saturating_duration_since(Instant::now());
        let bytes: usize = batch.iter().map(|message| message.body.len()).sum();
        // A receive may give ten messages of a mebibyte; the event must stay below the limit without them.
        if missing == 0 || left.is_zero() || bytes > PAYLOAD_LIMIT / 2 {
            return;
        }
        let wait = left.min(LONG_POLL);
        batch.extend(settings.queue.receive(missing.min(10), None, wait).await);
    }
}

async fn work(state: &State, functions: &dyn Invoke, batch: Vec<Received>) {
    let settings = &state.settings;
    let event = event(settings, &batch);
    if event.len() > PAYLOAD_LIMIT && batch.len() > 1 {
        // Lambda splits a batch that does not fit one payload.
        for message in batch {
            Box::pin(work(state, functions, vec![message])).await;
        }
        return;
    }
    let answer = functions
        .invoke(&settings.function, Bytes::from(event))
        .await;
    let failed = match answer {
        Ok(_) if !settings.report_batch_item_failures => Failed::None,
        Ok(answer) => Failed::read(&answer, &batch),
        Err(InvokeError::ShuttingDown) => Failed::All,
        Err(error) => {
            tracing::warn!(%error, messages = batch.len(), "a batch failed; its messages return");
            Failed::All
        }
    };
    for message in batch {
        let is_done = match &failed {
            Failed::None => true,
            Failed::All => false,
            Failed::Some(ids) => !ids.contains(&message.message_id),
        };
        if is_done && let Err(error) = settings.queue.delete(&message.receipt_handle) {
            tracing::warn!(%error, "a finished message cannot be deleted");
        }
    }
}

/// Which messages of a batch stay in the queue.
#[derive(Debug, PartialEq, Eq)]
enum Failed {
    None,
    All,
    Some(BTreeSet<String>),
}

#[derive(Deserialize)]
struct Answer {
    #[serde(rename = "batchItemFailures")]
    failures: Option<Vec<Value>>,
}

impl Failed {
    /// Reads a partial batch response: null and empty mean success, anything that is not understood means failure.
    fn read(answer: &[u8], batch: &[Received]) -> Self {
        if answer.is_empty() {
            return Self::None;
        }
        let Ok(answer) = serde_json::from_slice::<Option<Answer>>(answer) else {
            return Self::All;
        };
        let failures = answer
            .and_then(|answer| answer.failures)
            .unwrap_or_default();
        if failures.is_empty() {
            return Self::None;
        }
        let known: BTreeSet<&str> = batch
            .iter()
            .map(|message| message.message_id.as_str())
            .collect();
        let mut failed = BTreeSet::new();
        for failure in failures {
            match failure.get("itemIdentifier").and_then(Value::as_str) {
                Some(id) if known.contains(id) => failed.insert(id.to_owned()),
                _ => return Self::All,
            };
        }
        Self::Some(failed)
    }
}

fn event(settings: &MappingSettings, batch: &[Received]) -> Vec<u8> {
    let records: Vec<Value> = batch
        .iter()
        .map(|message| {
            json!({
                "messageId": message.message_id,
                "receiptHandle": message.receipt_handle,
                "body": message.body,
                "attributes": message.system_attributes(),
                "messageAttributes": attributes(&message.message_attributes),
                "md5OfBody": message.md5_of_body,
                "eventSource": "aws:sqs",
                "eventSourceARN": settings.queue.arn(),
                "awsRegion": settings.region,
            })
        })
        .collect();
    json!({ "Records": records }).to_string().into_bytes()
}

fn attributes(given: &BTreeMap<String, MessageAttribute>) -> BTreeMap<&str, Value> {
    given
        .iter()
        .map(|(name, attribute)| {
            let value = json!({
                "dataType": attribute.data_type,
                "stringValue": attribute.string_value,
                "binaryValue": attribute.binary_value,
                "stringListValues": [],
                "binaryListValues": [],
            });
            (name.as_str(), value)
        })
        .collect()
}
