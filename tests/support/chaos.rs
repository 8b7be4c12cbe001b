//! Everything going wrong at once, and the account of what became of what was acknowledged.
//!
//! Providers deliver creations, edits, deletions and repetitions of many activities while function
//! processes are killed and stopped, PostgreSQL crashes, and SQS loses, doubles, delays and refuses.
//! Then the faults end, the ledger drains, and each acknowledged word is looked for in the tables.

use crate::database::scratch;
use crate::dice::Dice;
use chrono::{DateTime, Utc};
use domain::id::{UserId, WorkoutId};
use domain::purpose::Purpose;
use domain::stage::StageName;
use futures_util::future::join_all;
use local::cloud::{Executables, Start};
use local::instance::{self, Instance, InstanceOptions};
use local::log::LogSink;
use local::postgres::{Postgres, PostgresOptions};
use local::process::Spawner;
use local::queue::Faults;
use platform::signature::SigningKeys;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};
use sqlx::{Connection, PgConnection};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::num::NonZeroU32;
use std::path::PathBuf;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};
use store::setup::{self, Owner};
use store::stages::{self, RunKey};
use store::{Tx, users};
use uuid::Uuid;

/// How often anything is tried or asked before the run is given up.
const PATIENCE: usize = 20_000;
/// How often a provider tries a delivery before it forgets it.
const TRIES: usize = 3;
/// Rounds of sweeping and waiting before what is left is stuck.
const ROUNDS: usize = 20;
/// The queues that ring for stages.
const QUEUES: [&str; 3] = ["SummaryQueue", "AnalysisQueue", "MetricsQueue"];
/// The functions that providers and queues reach.
const FUNCTIONS: [&str; 5] = [
    "ingest-activity",
    "compute-summary",
    "compute-analysis",
    "calculate-metrics",
    "sweep-stages",
];

/// How large a run is.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Deliveries, repetitions included.
    pub deliveries: usize,
    /// The longest that is delivered for, even if that is fewer.
    pub at_most: Duration,
    /// Makes the same choices again, though not the same timing.
    pub seed: u64,
    /// Athletes.
    pub users: usize,
    /// Activities of each athlete.
    pub activities: usize,
    /// Deliveries at once.
    pub tasks: usize,
    /// Crashes of PostgreSQL, spread over the deliveries.
    pub crashes: usize,
    /// Whether a commit survives such a crash; without, the run must find losses.
    pub durable: bool,
    /// The binary that becomes a function.
    pub executable: PathBuf,
    /// Whether progress goes to standard error.
    pub progress: bool,
}

/// What was counted.
#[derive(Debug, Default)]
pub struct Report {
    rows: Vec<(&'static str, String)>,
    /// What is wrong, one line each.
    pub wrong: Vec<String>,
}

impl Report {
    /// Whether every promise was kept.
    pub fn is_clean(&self) -> bool {
        self.wrong.is_empty()
    }

    /// A count of the table.
    pub fn count(&self, name: &str) -> usize {
        let row = self.rows.iter().find(|(row, _)| *row == name);
        row.and_then(|(_, value)| value.parse().ok())
            .unwrap_or_default()
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "| {:<34} | {:>10} |", "what", "count")?;
        writeln!(f, "|{:-<36}|{:->11}:|", "", "")?;
        for (name, value) in &self.rows {
            writeln!(f, "| {name:<34} | {value:>10} |")?;
        }
        for line in self.wrong.iter().take(20) {
            writeln!(f, "{line}")?;
        }
        Ok(())
    }
}

/// What a provider said about an activity, once.
#[derive(Debug, Clone)]
struct Word {
    id: String,
    /// `None` deletes it.
    name: Option<String>,
    acknowledged: bool,
}

/// Everything that was said about one activity; the index is the provider's time.
#[derive(Debug, Default)]
struct Activity {
    words: Vec<Word>,
}

#[derive(Debug, Default)]
struct Counts {
    sent: AtomicUsize,
    acknowledged: AtomicUsize,
    refused: AtomicUsize,
    kills: AtomicUsize,
    crashes: AtomicUsize,
    stalls: AtomicUsize,
    robbed: AtomicUsize,
    queue_faults: [AtomicUsize; 4],
}

fn raise(count: &AtomicUsize) -> usize {
    count.fetch_add(1, Ordering::Relaxed)
}

struct Chaos {
    settings: Settings,
    instance: Instance,
    postgres: tokio::sync::Mutex<Postgres>,
    database_url: String,
    http: reqwest::Client,
    keys: SigningKeys,
    people: Vec<(UserId, String)>,
    activities: Vec<Mutex<Activity>>,
    /// Words that are said later than others of the same activity.
    held_back: Mutex<Vec<(usize, usize)>>,
    counts: Counts,
    until: Instant,
}

/// Runs it to its end.
pub async fn run(settings: Settings) -> Report {
    let chaos = Chaos::start(settings).await;
    let mut dice = Dice::new(chaos.settings.seed);
    let tasks = (0..chaos.settings.tasks).map(|_| chaos.deliver(dice.split()));
    join_all(tasks).await;
    chaos.end_faults();
    chaos.say_what_was_held_back().await;
    chaos.progress("the faults have ended; draining");
    let draining = Instant::now();
    let revived = chaos.drain().await;
    let drained = draining.elapsed();
    chaos.progress("drained; comparing");
    let report = chaos.judge(revived, drained).await;
    chaos.stop().await;
    report
}

impl Chaos {
    async fn start(settings: Settings) -> Self {
        static NUMBER: AtomicUsize = AtomicUsize::new(0);
        let number = raise(&NUMBER);
        let spawner = Spawner::start().expect("a thread");
        let postgres = PostgresOptions {
            folder: scratch(&format!("chaos-{number}-postgres")),
            durable: settings.durable,
            launcher: Some(settings.executable.clone()),
        };
        let postgres = Postgres::start(&postgres, &spawner, &LogSink::discard())
            .await
            .expect("PostgreSQL starts");
        setup::create_database(&postgres.url("postgres"))
            .await
            .expect("creates a database");
        let database_url = postgres.url("paceline");
        let instance = Instance::start(InstanceOptions {
            folder: scratch(&format!("chaos-{number}")),
            ephemeral: true,
            database: instance::Database::Given(database_url.clone()),
            port: 0,
            executables: Executables::Reexecuted(settings.executable.clone()),
            launcher: settings.executable.clone(),
            environment: BTreeMap::new(),
            parameters: BTreeMap::new(),
            simulator_port: None,
            providers: BTreeMap::new(),
            start: Start::Paused,
            log: LogSink::discard(),
        })
        .await
        .expect("an instance starts");
        instance.cloud().resume_mappings();
        let people = make_people(&database_url, settings.users).await;
        let secret = instance.endpoint().webhook_secret.clone();
        let activities = settings.users * settings.activities;
        Self {
            until: Instant::now() + settings.at_most,
            postgres: tokio::sync::Mutex::new(postgres),
            database_url,
            http: reqwest::Client::new(),
            keys: SigningKeys::parse(&[secret]).expect("a secret"),
            people,
            activities: (0..activities).map(|_| Mutex::default()).collect(),
            held_back: Mutex::default(),
            counts: Counts::default(),
            settings,
            instance,
        }
    }

    async fn stop(self) {
        self.instance.stop().await.expect("stops");
        let postgres = self.postgres.into_inner();
        postgres.stop_and_delete().await.expect("stops");
    }

    fn progress(&self, what: &str) {
        if self.settings.progress {
            eprintln!("{what}");
        }
    }

    /// Delivers and breaks things until enough was delivered.
    async fn deliver(&self, mut dice: Dice) {
        while Instant::now() < self.until {
            let nth = raise(&self.counts.sent);
            if nth >= self.settings.deliveries {
                self.counts.sent.fetch_sub(1, Ordering::Relaxed);
                return;
            }
            if nth > 0 && nth.is_multiple_of(1000) {
                let acknowledged = self.counts.acknowledged.load(Ordering::Relaxed);
                self.progress(&format!("{nth} delivered, {acknowledged} acknowledged"));
            }
            let (activity, word) = self.choose(&mut dice);
            self.say(activity, word).await;
            self.break_something(&mut dice, nth).await;
        }
    }

    /// A new word, one that was held back, or one that was said before.
    fn choose(&self, dice: &mut Dice) -> (usize, usize) {
        if dice.one_in(8)
            && let Some(late) = lock(&self.held_back).pop()
        {
            return late;
        }
        let which = dice.below(self.activities.len());
        let mut activity = lock(&self.activities[which]);
        let words = activity.words.len();
        if words > 0 && dice.one_in(5) {
            return (which, dice.below(words));
        }
        let name = match words {
            0 => Some(format!("activity {which}, word 0")),
            _ if dice.one_in(6) => None,
            // The same words again, at a later time.
            _ if dice.one_in(8) => activity.words[dice.below(words)].name.clone(),
            _ => Some(format!("activity {which}, word {words}")),
        };
        activity.words.push(Word {
            id: format!("msg-{which}-{words}"),
            name,
            acknowledged: false,
        });
        drop(activity);
        if dice.one_in(10) {
            let mut held_back = lock(&self.held_back);
            held_back.push((which, words));
            dice.shuffle(&mut held_back);
            drop(held_back);
            return self.choose(dice);
        }
        (which, words)
    }

    async fn say_what_was_held_back(&self) {
        let late = std::mem::take(&mut *lock(&self.held_back));
        for (activity, word) in late {
            raise(&self.counts.sent);
            self.say(activity, word).await;
        }
    }

    /// Delivers as a provider does: only a 200 counts, and some tries are all there is.
    async fn say(&self, activity: usize, word: usize) {
        let said = lock(&self.activities[activity]).words[word].clone();
        let body = self.body(activity, word, &said).to_string();
        for _ in 0..TRIES {
            let now = DateTime::<Utc>::from(crate::world::now()).timestamp();
            let signature = self.keys.sign(&said.id, now, body.as_bytes());
            let sent = self
                .http
                .post(format!(
                    "{}/webhooks/paceline",
                    self.instance.endpoint().url
                ))
                .header("webhook-id", &said.id)
                .header("webhook-timestamp", now.to_string())
                .header("webhook-signature", signature.expect("a signature"))
                .body(body.clone())
                .send()
                .await;
            match sent.map(|answer| answer.status().as_u16()) {
                Ok(200) => {
                    lock(&self.activities[activity]).words[word].acknowledged = true;
                    raise(&self.counts.acknowledged);
                    return;
                }
                Ok(status) if status < 500 && status != 429 => {
                    panic!("{status} to {body}");
                }
                _ => {
                    raise(&self.counts.refused);
                }
            }
        }
    }

    fn body(&self, activity: usize, word: usize, said: &Word) -> Value {
        let (_, account) = &self.people[activity / self.settings.activities];
        let start: DateTime<Utc> = "2026-06-01T06:00:00Z".parse().expect("a time");
        let started = start
            + chrono::Duration::hours(
                i64::try_from(activity % self.settings.activities).unwrap_or(0),
            );
        let occurred = started + chrono::Duration::milliseconds(i64::try_from(word).unwrap_or(0));
        let Some(name) = &said.name else {
            return json!({
                "event": "delete",
                "athlete": account,
                "activity_id": format!("activity-{activity}"),
                "occurred_at": occurred,
            });
        };
        // What is recorded follows from the name, so that equal names are equal contents.
        let length = u32::try_from(name.len() + activity % 7 + word_of(name) % 50).unwrap_or(1);
        let seconds: Vec<u32> = (0..length).collect();
        let beats: Vec<u32> = seconds.iter().map(|second| 110 + second % 60).collect();
        json!({
            "event": if word == 0 { "create" } else { "update" },
            "athlete": account,
            "activity_id": format!("activity-{activity}"),
            "occurred_at": occurred,
            "activity": {
                "sport": "run",
                "name": name,
                "started_at": started,
                "utc_offset_s": 0,
                "elapsed_s": length,
                "timer_s": length,
                "distance_m": f64::from(length) * 3.0,
                "samples": {"time_s": seconds, "hr_bpm": beats},
            },
        })
    }

    /// Does one of the bad things, or mostly none.
    async fn break_something(&self, dice: &mut Dice, nth: usize) {
        let every = (self.settings.deliveries / (self.settings.crashes + 1)).max(1);
        if nth > 0 && nth.is_multiple_of(every) && nth / every <= self.settings.crashes {
            let mut postgres = self.postgres.lock().await;
            postgres.crash().await.expect("PostgreSQL comes back");
            raise(&self.counts.crashes);
        }
        if dice.one_in(25) {
            self.kill(dice);
        }
        if dice.one_in(60) {
            self.break_queues(dice);
        }
        if dice.one_in(80) {
            self.stall(dice).await;
        }
        if dice.one_in(100) {
            self.sweep(dice.one_in(3)).await;
        }
    }

    fn kill(&self, dice: &mut Dice) {
        let function = dice.pick(&FUNCTIONS);
        let processes = self.instance.cloud().functions().process_ids(function);
        if !processes.is_empty() && signal(*dice.pick(&processes), Signal::KILL) {
            raise(&self.counts.kills);
        }
    }

    fn break_queues(&self, dice: &mut Dice) {
        let some = |dice: &mut Dice| NonZeroU32::new(u32::try_from(2 + dice.below(8)).unwrap_or(2));
        let which = dice.below(6);
        let mut faults = Faults::default();
        match which {
            0 => faults.lose_every = some(dice),
            1 => faults.double_every = some(dice),
            2 => faults.delay = Duration::from_millis(u64::try_from(dice.below(2000)).unwrap_or(0)),
            3 => faults.refuse_sends = true,
            _ => {}
        }
        faults.newest_first = dice.one_in(3);
        if let Some(count) = self.counts.queue_faults.get(which) {
            raise(count);
        }
        self.set_queue_faults(&faults);
    }

    fn set_queue_faults(&self, faults: &Faults) {
        for queue in QUEUES {
            let queue = self.instance.cloud().queue(queue).expect("a queue");
            queue.set_faults(faults.clone());
        }
    }

    /// Stops the workers of a stage until their claims were taken back, and lets them wake.
    async fn stall(&self, dice: &mut Dice) {
        let stage = *dice.pick(&StageName::COMPUTING);
        let function = match stage {
            StageName::Summary => "compute-summary",
            StageName::Analysis => "compute-analysis",
            StageName::Metrics => "calculate-metrics",
            StageName::Fetch => "fetch-activity",
        };
        let mut stopped = self.instance.cloud().functions().process_ids(function);
        stopped.retain(|process| signal(*process, Signal::STOP));
        let expired = self
            .change(
                "UPDATE stage_runs SET claim_expires_at = clock_timestamp() - interval '1 second'
                 WHERE status = 'processing' AND stage = $1",
                stage.as_str(),
            )
            .await;
        if expired > 0 {
            self.fire_sweep().await;
        }
        dice.shuffle(&mut stopped);
        for process in stopped {
            signal(process, Signal::CONT);
        }
        self.counts
            .stalls
            .fetch_add(usize::try_from(expired).unwrap_or(0), Ordering::Relaxed);
    }

    /// Lets a minute and a half pass for doorbells, and sometimes a claim's life for those who work.
    async fn sweep(&self, robs: bool) {
        self.change(
            "UPDATE stage_runs SET rung_at = rung_at - interval '91 seconds'
             WHERE status = $1",
            "pending",
        )
        .await;
        if robs {
            let robbed = self
                .change(
                    "UPDATE stage_runs SET claim_expires_at = clock_timestamp() - interval '1 second'
                     WHERE status = $1",
                    "processing",
                )
                .await;
            self.counts
                .robbed
                .fetch_add(usize::try_from(robbed).unwrap_or(0), Ordering::Relaxed);
        }
        self.fire_sweep().await;
    }

    /// Fires the sweep once; 0 when it failed, as it may while things break.
    async fn fire_sweep(&self) -> u64 {
        let results = self.instance.cloud().fire_schedules("sweep-stages").await;
        let answers = results.into_iter().flatten();
        let done = answers.filter_map(|answer| serde_json::from_slice::<Value>(&answer).ok());
        done.map(|done| {
            let count = |key: &str| done[key].as_u64().unwrap_or(0);
            count("rescued") + count("rung")
        })
        .sum()
    }

    fn end_faults(&self) {
        self.set_queue_faults(&Faults::default());
    }

    /// A connection as the owner; PostgreSQL may be coming back just now.
    async fn sql(&self) -> PgConnection {
        for _ in 0..PATIENCE {
            if let Ok(sql) = PgConnection::connect(&self.database_url).await {
                return sql;
            }
        }
        panic!("PostgreSQL does not come back");
    }

    /// Changes rows if PostgreSQL lets it; 0 when it just crashed.
    async fn change(&self, statement: &'static str, value: &str) -> u64 {
        let mut sql = self.sql().await;
        let changed = sqlx::query(statement).bind(value).execute(&mut sql).await;
        changed.map_or(0, |changed| changed.rows_affected())
    }

    async fn count(&self, query: &'static str) -> usize {
        let (count,): (i64,) = sqlx::query_as(query)
            .fetch_one(&mut self.sql().await)
            .await
            .expect("the ledger answers");
        usize::try_from(count).unwrap_or(0)
    }

    /// Sweeps until nothing is to be done, and revives what had spent its attempts, as athletes do.
    ///
    /// Answers how many were revived.
    async fn drain(&self) -> usize {
        let mut revived = BTreeSet::new();
        for _ in 0..ROUNDS {
            // With nobody at work, a claim that is left is a dead one's.
            self.instance.cloud().pause_mappings().await;
            for queue in QUEUES {
                self.instance.cloud().queue(queue).expect("a queue").purge();
            }
            self.change(
                "UPDATE stage_runs SET rung_at = rung_at - interval '10 minutes',
                     claim_expires_at = claim_expires_at - interval '10 minutes'
                 WHERE status = $1 OR status = 'processing'",
                "pending",
            )
            .await;
            while self.fire_sweep().await > 0 {}
            self.instance.cloud().resume_mappings();
            self.wait_while_something_moves().await;
            if self.unfinished().await == 0 {
                let failed = self.failed().await;
                if failed.is_empty() {
                    break;
                }
                for run in failed {
                    revived.insert(run);
                    self.reanalyse(run.0, run.1).await;
                }
            }
        }
        self.instance.cloud().pause_mappings().await;
        revived.len()
    }

    async fn unfinished(&self) -> usize {
        self.count("SELECT count(*) FROM stage_runs WHERE status IN ('pending', 'processing')")
            .await
    }

    async fn failed(&self) -> Vec<(Uuid, Uuid)> {
        sqlx::query_as(
            "SELECT DISTINCT user_id, workout_id FROM stage_runs WHERE status = 'failed'",
        )
        .fetch_all(&mut self.sql().await)
        .await
        .expect("the ledger answers")
    }

    async fn wait_while_something_moves(&self) {
        let (mut before, mut same) = (0, 0);
        let mut sql = self.sql().await;
        while same < 500 {
            let (unfinished,): (i64,) = sqlx::query_as(
                "SELECT count(*) FROM stage_runs WHERE status IN ('pending', 'processing')",
            )
            .fetch_one(&mut sql)
            .await
            .expect("the ledger answers");
            if unfinished == 0 {
                return;
            }
            same = if unfinished == before { same + 1 } else { 0 };
            before = unfinished;
        }
    }

    async fn reanalyse(&self, user: Uuid, workout: Uuid) {
        let token = self
            .instance
            .token_of(UserId(user), Purpose::Display)
            .expect("a token");
        let url = format!(
            "{}/workouts/{workout}/reanalyse",
            self.instance.endpoint().url
        );
        let answer = self.http.post(url).bearer_auth(token).send().await;
        assert_eq!(answer.expect("an answer").status().as_u16(), 202);
    }

    /// Compares the tables with everything that was acknowledged.
    async fn judge(&self, revived: usize, drained: Duration) -> Report {
        let mut wrong = Vec::new();
        let owner = Owner::connect(&self.database_url).await.expect("connects");
        let mut tx = owner.begin().await.expect("a transaction");
        let mut sql = self.sql().await;
        let (mut lost, mut stale, mut live) = (0, 0, 0);
        for (which, activity) in self.activities.iter().enumerate() {
            let words = lock(activity).words.clone();
            let (user, _) = self.people[which / self.settings.activities];
            let row: Option<(Uuid, Option<String>)> = sqlx::query_as(
                "SELECT id, name FROM workouts
                 WHERE provider_activity_id = $1 AND user_id = $2 AND deleted_at IS NULL",
            )
            .bind(format!("activity-{which}"))
            .bind(user.0)
            .fetch_optional(&mut sql)
            .await
            .expect("the ledger answers");
            let got = row.as_ref().and_then(|(_, name)| name.clone());
            if !is_possible(&words, got.as_ref()) {
                lost += 1;
                wrong.push(format!("lost: activity {which} is {got:?} after {words:?}"));
            }
            if let Some((workout, _)) = row {
                live += 1;
                let missing = self
                    .outdated(&mut tx, &mut sql, user, WorkoutId(workout))
                    .await;
                if !missing.is_empty() {
                    stale += 1;
                    wrong.push(format!("stale: activity {which}: {missing:?}"));
                }
            }
        }
        tx.rollback().await.expect("ends");
        owner.close().await;
        drop(sql);
        let stuck = self
            .count("SELECT count(*) FROM stage_runs WHERE status <> 'complete'")
            .await;
        if stuck > 0 {
            wrong.push(format!("stuck: {stuck} runs"));
        }
        let locks = self.locks_left().await;
        if locks > 0 {
            wrong.push(format!("locks left: {locks}"));
        }
        let counts = &self.counts;
        let get = |count: &AtomicUsize| count.load(Ordering::Relaxed).to_string();
        let [losing, doubling, delaying, refusing] = &counts.queue_faults;
        let rows = vec![
            ("deliveries", get(&counts.sent)),
            ("acknowledged", get(&counts.acknowledged)),
            ("answers other than 200", get(&counts.refused)),
            ("functions killed", get(&counts.kills)),
            ("crashes of PostgreSQL", get(&counts.crashes)),
            ("claims of stopped workers taken", get(&counts.stalls)),
            ("claims of working workers taken", get(&counts.robbed)),
            ("periods of lost doorbells", get(losing)),
            ("periods of doubled doorbells", get(doubling)),
            ("periods of late doorbells", get(delaying)),
            ("periods without SQS", get(refusing)),
            ("live workouts at the end", live.to_string()),
            ("gave up after 5 attempts, revived", revived.to_string()),
            ("lost", lost.to_string()),
            ("stale", stale.to_string()),
            ("stuck", stuck.to_string()),
            ("locks left", locks.to_string()),
            ("seconds to drain", format!("{:.1}", drained.as_secs_f64())),
            ("seed", self.settings.seed.to_string()),
        ];
        Report { rows, wrong }
    }

    /// The stages that are not complete for the current generation with the current input's result.
    async fn outdated(
        &self,
        tx: &mut Tx,
        sql: &mut PgConnection,
        user: UserId,
        workout: WorkoutId,
    ) -> Vec<StageName> {
        tx.act_for(user).await.expect("the ledger answers");
        let mut outdated = Vec::new();
        for stage in StageName::COMPUTING {
            let run = RunKey {
                user_id: user,
                workout_id: workout,
                stage,
            };
            let Some((generation, input)) = stages::load_input(tx, run).await.expect("an input")
            else {
                outdated.push(stage);
                continue;
            };
            let result = match stage {
                StageName::Summary => to_json(compute_summary::compute(&input)),
                StageName::Analysis => to_json(compute_analysis::compute(&input)),
                StageName::Metrics => to_json(calculate_metrics::compute(&input)),
                StageName::Fetch => unreachable!("it computes nothing"),
            };
            // PostgreSQL compares, so that both sides are the same text read by the same reader.
            let (current,): (i64,) = sqlx::query_as(
                "SELECT count(*) FROM stage_runs
                 WHERE workout_id = $1 AND stage = $2 AND status = 'complete'
                     AND done = $3 AND wanted = $3 AND result = $4",
            )
            .bind(workout.0)
            .bind(stage.as_str())
            .bind(generation)
            .bind(result)
            .fetch_one(&mut *sql)
            .await
            .expect("the ledger answers");
            if current != 1 {
                outdated.push(stage);
            }
        }
        outdated
    }

    /// Advisory locks and open transactions of functions; a live one is given a moment to end.
    async fn locks_left(&self) -> usize {
        let mut left = 0;
        for _ in 0..500 {
            left = self
                .count(
                    "SELECT (SELECT count(*) FROM pg_locks WHERE locktype = 'advisory')
                         + (SELECT count(*) FROM pg_stat_activity
                            WHERE state LIKE 'idle in transaction%')",
                )
                .await;
            if left == 0 {
                break;
            }
        }
        left
    }
}

/// Whether a state can be the newest of the words that were heard: all acknowledged ones were.
fn is_possible(words: &[Word], got: Option<&String>) -> bool {
    let newest = words.iter().rposition(|word| word.acknowledged);
    let unheard_from = newest.map_or(0, |newest| newest + 1);
    let heard = newest.map_or(got.is_none(), |newest| words[newest].name.as_ref() == got);
    heard
        || words
            .iter()
            .skip(unheard_from)
            .any(|word| word.name.as_ref() == got)
}

fn to_json<T: serde::Serialize, E: fmt::Debug>(result: Result<T, E>) -> Value {
    serde_json::to_value(result.expect("a result")).expect("JSON")
}

/// The number that a name ends with.
fn word_of(name: &str) -> usize {
    let last = name.rsplit(' ').next();
    last.and_then(|word| word.parse().ok()).unwrap_or(0)
}

async fn make_people(database_url: &str, users: usize) -> Vec<(UserId, String)> {
    let owner = Owner::connect(database_url).await.expect("connects");
    let mut tx = owner.begin().await.expect("a transaction");
    let mut people = Vec::new();
    for number in 0..users {
        let (user, account) = (UserId(Uuid::new_v4()), format!("athlete-{number}"));
        users::ensure_user(&mut tx, user, &account)
            .await
            .expect("a user");
        users::ensure_connection(&mut tx, user, "paceline", &account)
            .await
            .expect("a connection");
        people.push((user, account));
    }
    tx.commit().await.expect("commits");
    owner.close().await;
    people
}

/// Signals a process of the cloud's; `false` when it ended by itself.
fn signal(process: u32, signal: Signal) -> bool {
    let process = i32::try_from(process).ok().and_then(Pid::from_raw);
    process.is_some_and(|process| kill_process(process, signal).is_ok())
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().expect("nobody panicked")
}
