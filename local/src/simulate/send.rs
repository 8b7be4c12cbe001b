//! Sending what happened, as a provider does: again after 5xx, sometimes twice, sometimes out of order.

use std::sync::Arc;
use std::time::{Duration, Instant};

use platform::signature;
use reqwest::StatusCode;
use serde_json::Value;
use tokio::sync::Mutex;
use tokio::task::JoinSet;
use tokio::time::{Interval, MissedTickBehavior, interval};

use super::activity::Fate;
use super::api::{Happening, hex};
use super::dice::Dice;
use super::key::{FORGED, Key};
use super::{Play, Provider};

/// Activities that are sent at a time, and in a storm.
const AT_A_TIME: usize = 8;
const IN_A_STORM: usize = 64;
/// Activities among which the order is changed, and in a storm.
const WINDOW: usize = 64;
const STORM_WINDOW: usize = 4096;
/// The first pause before another try; each next one is twice as long.
const PAUSE: Duration = Duration::from_millis(250);

/// A header of a webhook.
pub(super) type Header = (&'static str, String);

/// One webhook.
#[derive(Debug, Clone)]
pub(super) struct Message {
    /// What follows the provider in the path.
    pub(super) path_secret: Option<String>,
    /// What its headers show, or sign with.
    pub(super) secret: Option<String>,
    /// What its headers name, where they name something.
    pub(super) name: String,
    pub(super) body: String,
}

impl Message {
    /// One that shows nothing.
    pub(super) fn of(body: &Value) -> Self {
        Self {
            path_secret: None,
            secret: None,
            name: String::new(),
            body: body.to_string(),
        }
    }

    /// The same at a path that nobody else knows.
    pub(super) fn at(self, path_secret: Option<String>) -> Self {
        Self {
            path_secret,
            ..self
        }
    }

    /// The same with what its headers show or sign with.
    pub(super) fn with(self, secret: Option<String>) -> Self {
        Self { secret, ..self }
    }

    /// The same with what its headers name.
    pub(super) fn named(self, name: String) -> Self {
        Self { name, ..self }
    }

    /// What its secret signs of these parts; `None` without one.
    pub(super) fn signature(&self, parts: &[&str]) -> Option<Vec<u8>> {
        let parts: Vec<&[u8]> = parts.iter().map(|part| part.as_bytes()).collect();
        signature::sign(self.secret.as_deref()?, &parts)
    }

    /// A header with the body's signature in hexadecimal digits.
    pub(super) fn hex_header(&self, name: &'static str) -> Vec<Header> {
        let signature = self.signature(&[&self.body]);
        signature
            .map(|bytes| (name, hex(&bytes)))
            .into_iter()
            .collect()
    }
}

/// How fast webhooks may go.
struct Pace(Option<Mutex<Interval>>);

impl Pace {
    fn of(play: &Play) -> Self {
        let rate = play.options.rate.filter(|_| !play.options.storm);
        Self(rate.map(|rate| {
            let mut interval = interval(Duration::from_secs_f64(1.0 / rate));
            // Whoever was held up does not hurry afterwards.
            interval.set_missed_tick_behavior(MissedTickBehavior::Delay);
            Mutex::new(interval)
        }))
    }

    async fn turn(&self) {
        if let Some(interval) = &self.0 {
            interval.lock().await.tick().await;
        }
    }
}

/// Sends everything, and tells on the way how far it is.
pub(super) async fn run(play: &Arc<Play>) {
    let begun = Instant::now();
    let options = &play.options;
    let (width, window) = if options.storm {
        (IN_A_STORM, STORM_WINDOW)
    } else {
        (AT_A_TIME, WINDOW)
    };
    let pace = Arc::new(Pace::of(play));
    let mut dice = Dice::of(&[options.seed.into(), 9]);
    let mut told = Instant::now();
    let mut running = JoinSet::new();
    let mut keys = keys(play);
    loop {
        let mut next: Vec<Key> = keys.by_ref().take(window).collect();
        if next.is_empty() {
            break;
        }
        if options.reorder || options.storm {
            dice.shuffle(&mut next);
        }
        for key in next {
            if running.len() >= width {
                running.join_next().await;
            }
            running.spawn(send_activity(play.clone(), pace.clone(), key));
            if told.elapsed() >= Duration::from_secs(1) {
                told = Instant::now();
                progress(play);
            }
        }
    }
    while running.join_next().await.is_some() {}
    play.tally.sending.since(begun);
    progress(play);
}

/// Every activity: everybody's newest, then everybody's next.
fn keys(play: &Play) -> impl Iterator<Item = Key> + Send + use<> {
    let providers = play.options.providers.clone();
    let (athletes, activities) = (play.options.athletes, play.options.activities);
    (0..activities).flat_map(move |index| {
        let providers = providers.clone();
        (0..athletes).flat_map(move |athlete| {
            let providers = providers.clone().into_iter();
            providers.map(move |provider| Key {
                provider,
                athlete,
                index,
            })
        })
    })
}

fn progress(play: &Play) {
    let options = &play.options;
    let providers = u64::try_from(options.providers.len()).unwrap_or_default();
    let all = providers * u64::from(options.athletes) * u64::from(options.activities);
    let (done, sent) = (play.tally.activities.get(), play.tally.sent.get());
    eprintln!("sent {sent} webhooks of {done} activities (of {all})");
}

/// Everything that happened to one activity, one after the other.
async fn send_activity(play: Arc<Play>, pace: Arc<Pace>, key: Key) {
    let sender = Sender {
        play: &play,
        pace: &pace,
        key,
    };
    sender.run().await;
}

struct Sender<'a> {
    play: &'a Play,
    pace: &'a Pace,
    key: Key,
}

impl Sender<'_> {
    async fn run(&self) {
        let Self { play, key, .. } = *self;
        let options = &play.options;
        let fate = Fate::of(options, key);
        let mut dice = key.dice(options.seed, 8);
        let tally = &play.tally;
        tally.activities.add();
        if dice.chance(options.forge) {
            self.forge().await;
        }

        let mut happenings = vec![Happening::Created];
        if fate.is_updated {
            tally.updated.add();
            happenings.push(Happening::Updated);
        }
        if fate.is_deleted {
            tally.deleted.add();
            happenings.push(Happening::Deleted);
        }
        if fate.is_dropped {
            tally.dropped.add();
            return;
        }
        // Where no times are told, nobody could tell which of two words is the newer.
        if options.reorder && key.provider.player().may_reorder() {
            // A deletion that comes first is doubted for minutes, because it is not the last word.
            let movable = happenings.len() - usize::from(fate.is_deleted);
            if let Some(movable) = happenings.get_mut(..movable) {
                dice.shuffle(movable);
            }
        }
        let mut repeated = Vec::new();
        for happening in happenings {
            play.api.happen(key, happening);
            let player = key.provider.player();
            if !player.tells(happening) {
                continue;
            }
            let mut messages = player.messages(play, key, happening);
            if options.reorder {
                dice.shuffle(&mut messages);
            }
            for message in messages {
                if !dice.chance(options.duplicate) {
                    self.deliver(&message).await;
                    continue;
                }
                tally.duplicates.add();
                if dice.one_in(2) {
                    tokio::join!(self.deliver(&message), self.deliver(&message));
                } else {
                    self.deliver(&message).await;
                    repeated.push(message);
                }
            }
        }
        for message in repeated {
            self.deliver(&message).await;
        }
    }

    /// Sends what must not be believed.
    async fn forge(&self) {
        let Self { play, key, .. } = *self;
        let claimed = Key {
            index: key.index + FORGED,
            ..key
        };
        let message = key.provider.player().forged(play, claimed);
        play.tally.forged.add();
        if let Some(answer) = self.send(&message).await
            && answer.status != StatusCode::UNAUTHORIZED
        {
            self.differs(
                "believed",
                format!("a forged webhook was answered {answer}"),
            );
        }
    }

    async fn deliver(&self, message: &Message) {
        if let Some(answer) = self.send(message).await
            && answer.status != StatusCode::OK
        {
            self.differs("refused", format!("a webhook was answered {answer}"));
        }
    }

    fn differs(&self, kind: &'static str, detail: String) {
        let Self { play, key, .. } = *self;
        play.findings.add(key, play.options.seed, kind, detail);
    }

    /// Sends a webhook until it is answered with anything but 5xx; `None` when it gives up.
    async fn send(&self, message: &Message) -> Option<Answer> {
        let Self { play, key, .. } = *self;
        play.tally.sent.add();
        let tries = key.provider.player().tries();
        let mut pause = PAUSE;
        let mut last = String::new();
        for attempt in 1..=tries {
            self.pace.turn().await;
            match post(play, key.provider, message).await {
                Ok(answer) if !answer.status.is_server_error() => return Some(answer),
                Ok(answer) => last = answer.to_string(),
                Err(error) => last = error.to_string(),
            }
            if attempt < tries {
                play.tally.again.add();
                tokio::time::sleep(pause).await;
                pause *= 2;
            }
        }
        self.differs("lost", format!("after {tries} tries: {last}"));
        None
    }
}

/// What the instance answered.
struct Answer {
    status: StatusCode,
    body: String,
}

impl std::fmt::Display for Answer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let beginning: String = self.body.chars().take(200).collect();
        write!(f, "{} {beginning}", self.status.as_u16())
    }
}

async fn post(
    play: &Play,
    provider: Provider,
    message: &Message,
) -> Result<Answer, reqwest::Error> {
    let mut url = format!("{}/webhooks/{provider}", play.url);
    if let Some(secret) = &message.path_secret {
        url = format!("{url}/{secret}");
    }
    let mut request = play
        .http
        .post(url)
        .header("content-type", "application/json")
        .body(message.body.clone());
    // Signed at the last moment, because some sign the time.
    for (name, value) in provider.player().headers(message) {
        request = request.header(name, value);
    }
    let response = request.send().await?;
    Ok(Answer {
        status: response.status(),
        body: response.text().await?,
    })
}
