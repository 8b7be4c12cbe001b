//! What the instance shows its athletes, beside what must be there.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use reqwest::Method;
use serde::Deserialize;
use serde_json::Value;
use tokio::task::JoinSet;
use tokio::time::{Interval, interval_at};

use super::activity::{Activity, Expected, Fate, Set};
use super::key::{FORGED, Key, account};
use super::{Play, Provider, SimulateError, Target, athletes};
use crate::client::Client;

/// How soon an athlete's workouts are asked for again while something is pending, at first and at last.
const ASK_AGAIN: Duration = Duration::from_millis(20);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);
/// How often it is told how far this is.
const TELL: Duration = Duration::from_secs(2);
/// Athletes that read at a time.
const AT_A_TIME: usize = 4;
/// How far figures may lie apart: what is stored is rounded, and so is what is told.
const METRES: f64 = 1.0;
const SECONDS: f64 = 0.5;
const BEATS: f64 = 0.5;

/// A workout as `GET /workouts` lists it.
#[derive(Debug, Deserialize)]
struct Shown {
    workout_id: String,
    provider: String,
    provider_activity_id: String,
    sport: String,
    local_date: String,
    duration_s: Option<f64>,
    distance_m: Option<f64>,
    summary_status: String,
    analysis_status: String,
    metrics_status: String,
    fetch: Option<Fetch>,
}

#[derive(Debug, Deserialize)]
struct Fetch {
    status: String,
}

#[derive(Deserialize)]
struct Page {
    workouts: Vec<Shown>,
    next_cursor: Option<String>,
}

impl Shown {
    /// All that has to become complete.
    fn statuses(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let stages = [
            ("summary", self.summary_status.as_str()),
            ("analysis", self.analysis_status.as_str()),
            ("metrics", self.metrics_status.as_str()),
        ];
        let fetch = self
            .fetch
            .as_ref()
            .map(|fetch| ("fetch", fetch.status.as_str()));
        stages.into_iter().chain(fetch)
    }

    fn is_settled(&self) -> bool {
        self.statuses()
            .all(|(_, status)| matches!(status, "complete" | "failed"))
    }
}

/// Compares everybody's workouts, and tells on the way how far it is.
pub(super) async fn run(play: &Arc<Play>, target: &Target) -> Result<(), SimulateError> {
    let begun = Instant::now();
    let deadline = begun + play.options.patience;
    let client = Client::new(&target.endpoint);
    let mut readers = Readers {
        play,
        running: JoinSet::new(),
        tick: interval_at((begun + TELL).into(), TELL),
    };
    for provider in &play.options.providers {
        for athlete in 0..play.options.athletes {
            if readers.running.len() >= AT_A_TIME {
                readers.one_ends().await?;
            }
            let token = athletes::reading_token(target, play.options.seed, *provider, athlete)?;
            let reader = Reader {
                play: play.clone(),
                client: client.with_token(token),
                provider: *provider,
                athlete,
                deadline,
            };
            readers.running.spawn(reader.run());
        }
    }
    while readers.one_ends().await? {}
    play.tally.settling.since(begun);
    Ok(())
}

/// Those who read right now.
struct Readers<'a> {
    play: &'a Play,
    running: JoinSet<Result<(), SimulateError>>,
    tick: Interval,
}

impl Readers<'_> {
    /// Waits until one has compared everything; `false` when there is none.
    async fn one_ends(&mut self) -> Result<bool, SimulateError> {
        loop {
            tokio::select! {
                one = self.running.join_next() => {
                    return match one {
                        None => Ok(false),
                        Some(Ok(done)) => done.map(|()| true),
                        Some(Err(error)) => match error.try_into_panic() {
                            // It has compared nothing, so its panic goes on.
                            Ok(panic) => std::panic::resume_unwind(panic),
                            Err(_) => Ok(true),
                        },
                    };
                }
                _ = self.tick.tick() => {
                    let (found, waiting) = (self.play.tally.found.get(), self.running.len());
                    eprintln!("compared {found} workouts, reading those of {waiting} athletes");
                }
            }
        }
    }
}

/// One athlete, as a client.
struct Reader {
    play: Arc<Play>,
    client: Client,
    provider: Provider,
    athlete: u32,
    deadline: Instant,
}

impl Reader {
    async fn run(self) -> Result<(), SimulateError> {
        let mut shown = self.list().await?;
        let mut pause = ASK_AGAIN;
        while !self.is_settled(&shown) && Instant::now() < self.deadline {
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
            shown = self.list().await?;
        }
        for index in 0..self.play.options.activities {
            let key = self.key(index);
            let found = shown.remove(&key.id(self.play.options.seed));
            self.compare(key, found).await?;
        }
        for workout in shown.into_values() {
            self.judge_other(workout);
        }
        Ok(())
    }

    fn key(&self, index: u32) -> Key {
        Key {
            provider: self.provider,
            athlete: self.athlete,
            index,
        }
    }

    /// Whether an activity must be shown in the end.
    fn is_expected(&self, key: Key) -> bool {
        let options = &self.play.options;
        let fate = Fate::of(options, key);
        let is_reconciled = options.reconciled && self.provider.has_list();
        !fate.is_deleted && (!fate.is_dropped || is_reconciled)
    }

    /// Whether nothing is pending, and what is waited for is there.
    fn is_settled(&self, shown: &HashMap<String, Shown>) -> bool {
        let options = &self.play.options;
        let is_there = |index| {
            let key = self.key(index);
            !self.is_expected(key) || shown.contains_key(&key.id(options.seed))
        };
        shown.values().all(Shown::is_settled)
            && (!options.reconciled || (0..options.activities).all(is_there))
    }

    /// Every page of the athlete's workouts, by the provider's id.
    async fn list(&self) -> Result<HashMap<String, Shown>, SimulateError> {
        let mut shown = HashMap::new();
        let mut cursor: Option<String> = None;
        loop {
            let after = cursor.map(|cursor| format!("&cursor={cursor}"));
            let path = format!("/workouts?limit=100{}", after.unwrap_or_default());
            let page: Page = self.ask(&path).await?;
            for workout in page.workouts {
                shown.insert(workout.provider_activity_id.clone(), workout);
            }
            cursor = page.next_cursor;
            if cursor.is_none() {
                return Ok(shown);
            }
        }
    }

    async fn ask<T: serde::de::DeserializeOwned>(&self, path: &str) -> Result<T, SimulateError> {
        let answer = self.client.ask(Method::GET, path, "").await;
        let answer = answer.map_err(SimulateError::Read)?;
        serde_json::from_value(answer).map_err(SimulateError::Unreadable)
    }

    async fn compare(&self, key: Key, found: Option<Shown>) -> Result<(), SimulateError> {
        let options = &self.play.options;
        let fate = Fate::of(options, key);
        if !self.is_expected(key) {
            if found.is_some() {
                let why = if fate.is_deleted {
                    "deleted"
                } else {
                    "never sent"
                };
                self.differs(key, "unexpected", format!("it was {why}, and is shown"));
            }
            return Ok(());
        }
        self.play.tally.expected.add();
        let Some(found) = found else {
            self.differs(key, "missing", "it is not shown".to_owned());
            return Ok(());
        };
        self.play.tally.found.add();
        let activity = Activity::of(options, key, fate.last_version());
        let expected = self.provider.player().expected(&activity);
        let path = format!("/workouts/{}", found.workout_id);
        let whole: Value = self.ask(&path).await?;
        for (kind, detail) in differences(&expected, &found, &whole) {
            self.differs(key, kind, detail);
        }
        Ok(())
    }

    /// A workout that is none of this run's activities; an earlier run may have had more of them.
    fn judge_other(&self, workout: Shown) {
        let options = &self.play.options;
        let key = Key::of(options, self.provider, &workout.provider_activity_id);
        let is_of_this_athlete = key.is_some_and(|key| key.athlete == self.athlete);
        let is_ours = workout.provider == self.provider.as_str() && is_of_this_athlete;
        if is_ours && key.is_some_and(|key| key.index < FORGED) {
            return;
        }
        let why = if is_ours { "forged" } else { "nobody's" };
        self.play.findings.add_of(
            self.provider,
            account(options.seed, self.provider, self.athlete),
            workout.provider_activity_id,
            "unexpected",
            format!("it is {why}, and is shown"),
        );
    }

    fn differs(&self, key: Key, kind: &'static str, detail: String) {
        let seed = self.play.options.seed;
        self.play.findings.add(key, seed, kind, detail);
    }
}

/// Everything about a workout that is not as it must be.
fn differences(expected: &Expected, shown: &Shown, whole: &Value) -> Vec<(&'static str, String)> {
    let mut found = Vec::new();
    for (stage, status) in shown.statuses() {
        if status != "complete" {
            found.push(("status", format!("{stage} is {status}, not complete")));
        }
    }
    let date = expected.local_date.to_string();
    for (kind, shown, expected) in [
        ("sport", shown.sport.as_str(), expected.sport),
        ("date", shown.local_date.as_str(), date.as_str()),
    ] {
        if shown != expected {
            found.push((kind, format!("{shown}, not {expected}")));
        }
    }
    let computed = |name: &str| {
        whole
            .pointer(&format!("/computed/overall/{name}"))?
            .as_f64()
    };
    for (kind, shown, expected, tolerance) in [
        (
            "duration",
            shown.duration_s,
            Some(expected.duration_s),
            SECONDS,
        ),
        ("distance", shown.distance_m, expected.distance_m, METRES),
        (
            "distance",
            computed("distance_m"),
            expected.distance_m,
            METRES,
        ),
        (
            "elapsed",
            computed("elapsed_s"),
            expected.elapsed_s,
            SECONDS,
        ),
        (
            "heart rate",
            computed("avg_hr_bpm"),
            expected.avg_hr_bpm,
            BEATS,
        ),
    ] {
        let is_equal = match (shown, expected) {
            (Some(shown), Some(expected)) => (shown - expected).abs() <= tolerance,
            (None, None) => true,
            (Some(_), None) | (None, Some(_)) => false,
        };
        if !is_equal {
            found.push((
                kind,
                format!("{}, not {}", or_none(shown), or_none(expected)),
            ));
        }
    }
    let sets = whole.pointer("/computed/analysis/sets");
    let sets = sets
        .and_then(Value::as_array)
        .map_or(&[][..], Vec::as_slice);
    if sets.len() != expected.sets.len()
        || !sets
            .iter()
            .zip(&expected.sets)
            .all(|(shown, set)| is_set(shown, *set))
    {
        let sets = Value::from(sets);
        found.push(("sets", format!("{sets}, not {:?}", expected.sets)));
    }
    found.dedup_by_key(|(kind, _)| *kind);
    found
}

/// Whether a set is shown as it was lifted; both figures are whole numbers.
fn is_set(shown: &Value, set: Set) -> bool {
    let figure = |name: &str| shown.get(name).and_then(Value::as_f64);
    let is = |name, figure_of: u32| {
        figure(name).is_some_and(|shown| (shown - f64::from(figure_of)).abs() < 0.05)
    };
    shown.get("category").and_then(Value::as_str) == Some(set.exercise)
        && is("reps", set.reps)
        && is("weight_kg", set.weight_kg)
}

fn or_none(value: Option<f64>) -> String {
    value.map_or_else(|| "nothing".to_owned(), |value| format!("{value:.1}"))
}
