//! SQS's standard queues in this process, and the endpoint that the unmodified SDK talks to.
//!
//! Differences from AWS: nothing is persisted; no FIFO queues, no tags, no permissions, no move tasks; the MD5 of
//! message attributes is not computed; a purge may be repeated at once.

mod error;
mod fault;
mod message;
mod wire;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::Instant;

use crate::clock::Clock;
pub use error::SqsError;
use fault::Fate;
pub use fault::Faults;
pub use message::{MESSAGE_LIMIT, MessageAttribute, Received, Sent};
use message::{Message, check_body};
pub use wire::router;

/// The account that queue URLs and ARNs name.
pub const ACCOUNT: &str = "000000000000";

/// How a queue behaves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueueSettings {
    /// Its name, the last segment of its URL.
    pub name: String,
    /// How long a received message stays hidden when the receiver does not say.
    pub visibility_timeout: Duration,
    /// How long a message is kept.
    pub retention: Duration,
    /// Where messages go that were received too often.
    pub redrive: Option<Redrive>,
}

/// A queue's redrive policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Redrive {
    /// Name of the dead letter queue.
    pub target: String,
    /// Receives after which the next one moves the message instead.
    pub max_receive_count: u32,
}

/// How many messages a queue holds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Depth {
    /// Messages that a receive would get.
    pub visible: usize,
    /// Messages received and not yet deleted or visible again.
    pub in_flight: usize,
    /// Messages sent with a delay that has not passed.
    pub delayed: usize,
}

impl Depth {
    /// Returns the number of all messages.
    #[must_use]
    pub fn total(self) -> usize {
        self.visible + self.in_flight + self.delayed
    }
}

/// All the queues of one endpoint.
#[derive(Debug, Clone)]
pub struct Queues {
    base_url: Arc<str>,
    region: Arc<str>,
    clock: Clock,
    queues: Arc<Mutex<BTreeMap<String, Queue>>>,
}

impl Queues {
    /// Makes an endpoint without queues; `base_url` is where it will be served.
    #[must_use]
    pub fn new(base_url: &str, region: &str) -> Self {
        Self {
            base_url: base_url.trim_end_matches('/').into(),
            region: region.into(),
            clock: Clock::start(),
            queues: Arc::default(),
        }
    }

    /// Creates a queue, or returns the one that already has the same name and settings.
    ///
    /// # Errors
    /// [`SqsError::QueueNameExists`] when the existing one differs.
    pub fn create(&self, settings: QueueSettings) -> Result<Queue, SqsError> {
        let mut queues = lock(&self.queues);
        if let Some(existing) = queues.get(&settings.name) {
            return if existing.settings() == &settings {
                Ok(existing.clone())
            } else {
                Err(SqsError::QueueNameExists(settings.name))
            };
        }
        let queue = Queue(Arc::new(Inner {
            url: format!("{}/{ACCOUNT}/{}", self.base_url, settings.name),
            arn: format!("arn:aws:sqs:{}:{ACCOUNT}:{}", self.region, settings.name),
            endpoint: self.clone(),
            state: Mutex::default(),
            arrived: Notify::new(),
            settings,
        }));
        queues.insert(queue.name().to_owned(), queue.clone());
        Ok(queue)
    }

    /// Returns a queue by its name or its URL; only the last segment counts.
    ///
    /// # Errors
    /// [`SqsError::QueueDoesNotExist`] when there is none.
    pub fn get(&self, name_or_url: &str) -> Result<Queue, SqsError> {
        let name = name_or_url.rsplit('/').next().unwrap_or(name_or_url);
        lock(&self.queues)
            .get(name)
            .cloned()
            .ok_or_else(|| SqsError::QueueDoesNotExist(name.to_owned()))
    }

    /// Returns every queue in the order of their names.
    #[must_use]
    pub fn all(&self) -> Vec<Queue> {
        lock(&self.queues).values().cloned().collect()
    }
}

/// One queue; clones are handles to the same.
#[derive(Debug, Clone)]
pub struct Queue(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    settings: QueueSettings,
    url: String,
    arn: String,
    endpoint: Queues,
    state: Mutex<State>,
    arrived: Notify,
}

#[derive(Debug, Default)]
struct State {
    next: u64,
    sends: u32,
    faults: Faults,
    messages: HashMap<u64, Message>,
    /// Every message by the moment at which it is, or becomes, visible.
    order: BTreeSet<(Instant, u64)>,
}

impl Queue {
    /// Returns the queue's name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.0.settings.name
    }

    /// Returns the queue's URL, as the SDK wants it.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.0.url
    }

    /// Returns the queue's ARN.
    #[must_use]
    pub fn arn(&self) -> &str {
        &self.0.arn
    }

    /// Returns how the queue behaves.
    #[must_use]
    pub fn settings(&self) -> &QueueSettings {
        &self.0.settings
    }

    /// Replaces the faults that the queue commits from now on.
    pub fn set_faults(&self, faults: Faults) {
        let mut state = lock(&self.0.state);
        state.faults = faults;
        state.sends = 0;
    }

    /// Sends a message.
    ///
    /// # Errors
    /// When the body is empty, too large or has a character that XML cannot carry, or a fault refuses it.
    pub fn send(&self, body: &str) -> Result<Sent, SqsError> {
        self.send_with(body, BTreeMap::new(), Duration::ZERO)
    }

    /// Sends a message with attributes, visible after a delay.
    ///
    /// # Errors
    /// As [`Queue::send`].
    pub fn send_with(
        &self,
        body: &str,
        attributes: BTreeMap<String, MessageAttribute>,
        delay: Duration,
    ) -> Result<Sent, SqsError> {
        check_body(body, &attributes)?;
        let now = Instant::now();
        let message = Message::new(body, attributes, now, self.0.endpoint.clock.epoch_ms(now));
        let sent = message.sent();
        {
            let mut state = lock(&self.0.state);
            state.sends = state.sends.wrapping_add(1);
            let visible = now + delay + state.faults.delay;
            match state.faults.fate(state.sends) {
                Fate::Refused => return Err(SqsError::Unavailable),
                Fate::Lost => {}
                Fate::Delivered => state.insert(message, visible),
                Fate::Doubled => {
                    state.insert(message.clone(), visible);
                    state.insert(message, visible);
                }
            }
        }
        self.0.arrived.notify_waiters();
        Ok(sent)
    }

    /// Receives up to `most` messages, waiting up to `wait` for the first.
    ///
    /// Dropping the future loses nothing: messages are taken at the moment it completes.
    pub async fn receive(
        &self,
        most: usize,
        visibility: Option<Duration>,
        wait: Duration,
    ) -> Vec<Received> {
        let deadline = Instant::now() + wait;
        loop {
            let mut arrived = std::pin::pin!(self.0.arrived.notified());
            // Listen before looking, or an arrival between the two is missed.
            arrived.as_mut().enable();
            let (received, next) = self.take(most, visibility);
            if !received.is_empty() || Instant::now() >= deadline {
                return received;
            }
            let wake = next.map_or(deadline, |next| next.min(deadline));
            tokio::select! {
                () = arrived => {}
                () = tokio::time::sleep_until(wake) => {}
            }
        }
    }

    /// Waits until a message is visible, or the time is over, without taking it.
    pub async fn readable(&self, wait: Duration) {
        let deadline = Instant::now() + wait;
        loop {
            let mut arrived = std::pin::pin!(self.0.arrived.notified());
            // Listen before looking, or an arrival between the two is missed.
            arrived.as_mut().enable();
            let first = lock(&self.0.state).order.first().map(|(first, _)| *first);
            let wake = first.map_or(deadline, |first| first.min(deadline));
            if Instant::now() >= wake {
                return;
            }
            tokio::select! {
                () = arrived => {}
                () = tokio::time::sleep_until(wake) => {}
            }
        }
    }

    /// Takes what is visible now; also tells when the next message becomes visible.
    fn take(&self, most: usize, visibility: Option<Duration>) -> (Vec<Received>, Option<Instant>) {
        let settings = &self.0.settings;
        let now = Instant::now();
        let hidden_until = now + visibility.unwrap_or(settings.visibility_timeout);
        let mut received = Vec::new();
        let mut dead = Vec::new();
        let next = {
            let mut state = lock(&self.0.state);
            for key in state.visible(now) {
                if received.len() >= most {
                    break;
                }
                let Some(mut message) = state.remove(key) else {
                    continue;
                };
                if now.saturating_duration_since(message.sent_at) >= settings.retention {
                    continue;
                }
                let spent = |redrive: &Redrive| message.receives >= redrive.max_receive_count;
                if settings.redrive.as_ref().is_some_and(spent) {
                    dead.push(message);
                    continue;
                }
                message.receive(self.0.endpoint.clock.epoch_ms(now));
                received.push(message.received(self.name(), key.1));
                state.put(key.1, message, hidden_until);
            }
            state.order.first().map(|(visible_at, _)| *visible_at)
        };
        self.redrive(dead, now);
        (received, next)
    }

    fn redrive(&self, dead: Vec<Message>, now: Instant) {
        let Some(redrive) = self
            .0
            .settings
            .redrive
            .as_ref()
            .filter(|_| !dead.is_empty())
        else {
            return;
        };
        match self.0.endpoint.get(&redrive.target) {
            Ok(target) => {
                let mut state = lock(&target.0.state);
                for message in dead {
                    state.insert(message, now);
                }
                drop(state);
                target.0.arrived.notify_waiters();
            }
            Err(error) => tracing::error!(%error, queue = self.name(), "dead letters are dropped"),
        }
    }

    /// Deletes the message of a receipt handle; a handle that is no longer the newest deletes nothing.
    ///
    /// # Errors
    /// [`SqsError::ReceiptHandleIsInvalid`] when the handle is not one of this queue's.
    pub fn delete(&self, handle: &str) -> Result<(), SqsError> {
        let (id, receives) = self.parse_handle(handle)?;
        let mut state = lock(&self.0.state);
        if let Some(key) = state.held(id, receives) {
            state.remove(key);
        }
        Ok(())
    }

    /// Hides a received message for another while from now; zero shows it again.
    ///
    /// # Errors
    /// When the handle is not this queue's, or the message is no longer in flight under it.
    pub fn change_visibility(&self, handle: &str, timeout: Duration) -> Result<(), SqsError> {
        let (id, receives) = self.parse_handle(handle)?;
        let now = Instant::now();
        {
            let mut state = lock(&self.0.state);
            let key = state
                .held(id, receives)
                .filter(|(visible_at, _)| *visible_at > now)
                .ok_or(SqsError::MessageNotInflight)?;
            let Some(message) = state.remove(key) else {
                return Err(SqsError::MessageNotInflight);
            };
            state.put(id, message, now + timeout);
        }
        self.0.arrived.notify_waiters();
        Ok(())
    }

    /// Deletes every message.
    pub fn purge(&self) {
        let mut state = lock(&self.0.state);
        state.messages.clear();
        state.order.clear();
    }

    /// Counts the messages.
    #[must_use]
    pub fn depth(&self) -> Depth {
        let now = Instant::now();
        let state = lock(&self.0.state);
        let mut depth = Depth::default();
        for message in state.messages.values() {
            if message.visible_at <= now {
                depth.visible += 1;
            } else if message.is_received {
                depth.in_flight += 1;
            } else {
                depth.delayed += 1;
            }
        }
        depth
    }

    fn parse_handle(&self, handle: &str) -> Result<(u64, u32), SqsError> {
        let mut parts = handle.split('.');
        let (Some(queue), Some(id), Some(receives), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(SqsError::ReceiptHandleIsInvalid);
        };
        match (id.parse(), receives.parse()) {
            (Ok(id), Ok(receives)) if queue == self.name() => Ok((id, receives)),
            _ => Err(SqsError::ReceiptHandleIsInvalid),
        }
    }
}

impl State {
    fn insert(&mut self, mut message: Message, visible_at: Instant) {
        let id = self.next;
        self.next += 1;
        message.is_received = false;
        self.put(id, message, visible_at);
    }

    fn put(&mut self, id: u64, mut message: Message, visible_at: Instant) {
        message.visible_at = visible_at;
        self.order.insert((visible_at, id));
        self.messages.insert(id, message);
    }

    fn remove(&mut self, key: (Instant, u64)) -> Option<Message> {
        self.order.remove(&key);
        self.messages.remove(&key.1)
    }

    /// Returns the keys of the visible messages in the order in which they are received.
    fn visible(&self, now: Instant) -> Vec<(Instant, u64)> {
        let visible = self.order.range(..=(now, u64::MAX)).copied();
        if self.faults.newest_first {
            visible.rev().collect()
        } else {
            visible.collect()
        }
    }

    /// Returns the key of a message whose newest receipt this is.
    fn held(&self, id: u64, receives: u32) -> Option<(Instant, u64)> {
        self.messages
            .get(&id)
            .filter(|message| message.is_received && message.receives == receives)
            .map(|message| (message.visible_at, id))
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // Every change is complete before anything can panic, so a poisoned state is still whole.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
