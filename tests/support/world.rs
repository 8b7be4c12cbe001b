//! A whole Paceline of a test's own.

use crate::database::{Database, scratch};
use crate::pooler::Pooler;
use crate::secrets::{CANARY, Watch};
use chrono::{DateTime, TimeDelta, Utc};
use domain::id::{UserId, WorkoutId};
use domain::purpose::Purpose;
use domain::stage::StageName;
use local::client::Client;
use local::cloud::{Cloud, Executables, Start};
use local::connect::{Account, connect};
use local::identity::Identity;
use local::instance::{self, Endpoint, Instance, InstanceOptions};
use local::log::LogSink;
use platform::providers::tokens::Tokens;
use platform::seal::SealingKeys;
use platform::secret::Secret;
use platform::signature::SigningKeys;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use sqlx::PgConnection;
use std::collections::BTreeMap;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use store::setup::Owner;
use store::users;

/// How often the ledger is asked before a test gives up on it; each question takes a while.
const PATIENCE: usize = 30_000;

/// Environment variable that puts a pooler between the functions of every world and PostgreSQL.
const POOLER: &str = "PACELINE_TEST_POOLER";
/// Server connections for each role behind it: fewer than there are functions that want one.
const POOLED: usize = 2;

/// Starts a [`World`] with the binary that this test was built with.
#[macro_export]
macro_rules! world {
    ($start:expr) => {
        $crate::world::World::start(env!("CARGO_BIN_EXE_paceline-under-test"), $start).await
    };
}

/// An instance on a database of its own.
#[derive(Debug)]
pub struct World {
    instance: Instance,
    database: Database,
    client: Client,
    faults: PathBuf,
    /// Whether a function said that a doorbell of its own was lost.
    has_lost_doorbells: Arc<AtomicBool>,
    _pooler: Option<Pooler>,
    _watch: Watch,
}

/// A point at which a function is to wait, and what keeps it there.
#[derive(Debug)]
#[must_use = "dropping it lets the function go"]
pub struct Held {
    gate: File,
    charge: String,
}

impl Held {
    /// Lets whoever waits there go on.
    pub fn let_go(self) {
        self.gate.unlock().expect("it was locked");
    }
}

/// What the webhook answered.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The JSON, or null.
    pub body: Value,
}

impl Answer {
    /// The problem's code.
    pub fn code(&self) -> &str {
        self.body["code"].as_str().unwrap_or_default()
    }

    /// The workout that it speaks of.
    pub fn workout_id(&self) -> WorkoutId {
        let id = self.body["workout_id"].as_str();
        id.unwrap_or_else(|| panic!("no workout in {self:?}"))
            .parse()
            .expect("an id")
    }
}

/// What a world is made of.
struct Parts {
    launcher: PathBuf,
    executables: Executables,
    start: Start,
    database: Database,
    parameters: BTreeMap<String, String>,
    providers: BTreeMap<String, Value>,
    simulator_port: Option<u16>,
    log: LogSink,
    is_pooled: bool,
}

impl Parts {
    /// Functions that are this binary again, and nothing out of the ordinary.
    fn of(executable: &str, start: Start, database: Database) -> Self {
        Self {
            launcher: PathBuf::from(executable),
            executables: Executables::Reexecuted(PathBuf::from(executable)),
            start,
            database,
            parameters: BTreeMap::new(),
            providers: BTreeMap::new(),
            simulator_port: None,
            log: LogSink::discard(),
            is_pooled: wants_pooler(),
        }
    }
}

/// The same log, which sets this when a function says that it could not ring.
fn notice_lost_doorbells(log: LogSink, has_lost: Arc<AtomicBool>) -> LogSink {
    LogSink::new(move |line| {
        if line.text.contains("doorbells were not rung") {
            has_lost.store(true, Ordering::Relaxed);
        }
        log.write(line.source, line.text);
    })
}

/// Whether every world is asked to have a pooler.
fn wants_pooler() -> bool {
    std::env::var_os(POOLER).is_some_and(|value| value == "1")
}

impl World {
    /// Starts one; use [`crate::world!`].
    pub async fn start(executable: &str, start: Start) -> Self {
        Self::start_logging_to(executable, start, LogSink::discard()).await
    }

    /// Starts one whose functions' lines go to a sink of the test's.
    pub async fn start_logging_to(executable: &str, start: Start, log: LogSink) -> Self {
        let database = Database::migrated(executable).await;
        let parts = Parts {
            log,
            ..Parts::of(executable, start, database)
        };
        Self::assemble(parts).await
    }

    /// Starts one with settings of providers beside the generic one.
    pub async fn start_with_providers(
        executable: &str,
        start: Start,
        providers: BTreeMap<String, Value>,
        log: LogSink,
    ) -> Self {
        Self::start_set(executable, start, (BTreeMap::new(), providers), log).await
    }

    /// Starts one with other values for the template's parameters, and with settings of providers.
    pub async fn start_set(
        executable: &str,
        start: Start,
        (parameters, providers): (BTreeMap<String, String>, BTreeMap<String, Value>),
        log: LogSink,
    ) -> Self {
        let database = Database::migrated(executable).await;
        let parts = Parts {
            parameters,
            providers,
            log,
            ..Parts::of(executable, start, database)
        };
        Self::assemble(parts).await
    }

    /// Starts one that believes the providers that are simulated at this port, and asks them there.
    pub async fn start_simulated(executable: &str, start: Start, simulator_port: u16) -> Self {
        let database = Database::migrated(executable).await;
        let parts = Parts {
            simulator_port: Some(simulator_port),
            ..Parts::of(executable, start, database)
        };
        Self::assemble(parts).await
    }

    /// Starts one whose functions are run by these.
    pub async fn start_with(
        launcher: &str,
        executables: Executables,
        start: Start,
        log: LogSink,
    ) -> Self {
        let database = Database::migrated(launcher).await;
        let parts = Parts {
            executables,
            log,
            ..Parts::of(launcher, start, database)
        };
        Self::assemble(parts).await
    }

    /// Starts one on a given database, with other values for the template's parameters.
    pub async fn start_on(
        executable: &str,
        start: Start,
        database: Database,
        parameters: BTreeMap<String, String>,
    ) -> Self {
        let parts = Parts {
            parameters,
            // Where the functions connect is what the parameters say.
            is_pooled: false,
            ..Parts::of(executable, start, database)
        };
        Self::assemble(parts).await
    }

    /// Starts one whose functions reach PostgreSQL through a transaction pooler.
    pub async fn start_pooled(executable: &str, start: Start) -> Self {
        let database = Database::migrated(executable).await;
        let parts = Parts {
            is_pooled: true,
            ..Parts::of(executable, start, database)
        };
        Self::assemble(parts).await
    }

    async fn assemble(mut parts: Parts) -> Self {
        static NUMBER: AtomicUsize = AtomicUsize::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let folder = scratch(&format!("world-{number}"));
        let faults = scratch(&format!("faults-{number}"));
        std::fs::create_dir_all(&faults).expect("a folder");
        let environment =
            BTreeMap::from([("PACELINE_FAULTS".to_owned(), faults.display().to_string())]);
        let pooler = if parts.is_pooled {
            let pooler = Pooler::start(&parts.database, POOLED).await;
            parts.parameters.extend(pooler.parameters());
            Some(pooler)
        } else {
            None
        };
        let has_lost_doorbells = Arc::<AtomicBool>::default();
        let watch = Watch::default();
        let log = notice_lost_doorbells(parts.log, Arc::clone(&has_lost_doorbells));
        let log = watch.over(log);
        let instance = Instance::start(InstanceOptions {
            folder,
            ephemeral: true,
            database: instance::Database::Given(parts.database.url()),
            port: 0,
            launcher: parts.launcher,
            executables: parts.executables,
            environment,
            parameters: parts.parameters,
            simulator_port: parts.simulator_port,
            providers: parts.providers,
            start: parts.start,
            log,
        })
        .await
        .expect("an instance starts");
        let client = Client::new(instance.endpoint());
        watch.know(instance.identity());
        Self {
            instance,
            database: parts.database,
            client,
            faults,
            has_lost_doorbells,
            _pooler: pooler,
            _watch: watch,
        }
    }

    /// How to reach it.
    pub fn endpoint(&self) -> &Endpoint {
        self.instance.endpoint()
    }

    /// Its keys.
    pub fn identity(&self) -> &Identity {
        self.instance.identity()
    }

    /// The folder in which it says how to reach it.
    pub fn folder(&self) -> &Path {
        self.instance.folder()
    }

    /// Its cloud.
    pub fn cloud(&self) -> &Cloud {
        self.instance.cloud()
    }

    /// Its database.
    pub fn database(&self) -> &Database {
        &self.database
    }

    /// A connection as the owner, who sees everybody's rows.
    pub async fn sql(&self) -> PgConnection {
        self.database.connect().await
    }

    /// Makes the first function that reaches this point die there, once.
    pub fn charge(&self, point: &str) {
        std::fs::write(self.faults.join(point), "").expect("a charge");
    }

    /// Sets the clocks of all functions wrong by so many seconds.
    pub fn set_clocks_wrong(&self, seconds: i64) {
        std::fs::write(self.faults.join("clock"), seconds.to_string()).expect("a clock");
    }

    /// Whether a charge has gone off.
    pub fn went_off(&self, point: &str) -> bool {
        !self.faults.join(point).exists()
    }

    /// Makes the first function that reaches this point wait there, once, until it is let go.
    pub fn hold(&self, point: &str) -> Held {
        let gate = File::create(self.faults.join(format!("{point}.gate"))).expect("a gate");
        gate.lock().expect("nobody else holds it");
        let charge = format!("{point}.hold");
        self.charge(&charge);
        Held { gate, charge }
    }

    /// Waits until a function waits at the point that it is held at.
    pub async fn arrival(&self, held: &Held) {
        let mut sql = self.sql().await;
        for _ in 0..PATIENCE {
            if self.went_off(&held.charge) {
                return;
            }
            sqlx::query("SELECT").execute(&mut sql).await.expect("asks");
        }
        panic!("nobody comes to {}", held.charge);
    }

    /// Waits until a query of the test's answers true.
    pub async fn until(&self, query: &'static str) {
        let mut sql = self.sql().await;
        for _ in 0..PATIENCE {
            let (yes,): (bool,) = sqlx::query_as(query)
                .fetch_one(&mut sql)
                .await
                .expect("a query of the test");
            if yes {
                return;
            }
        }
        panic!("it stays untrue: {query}");
    }

    /// Sends a request as the demo athlete.
    pub async fn send(&self, method: Method, path: &str, body: impl Into<reqwest::Body>) -> Answer {
        let (status, body) = self
            .client
            .send(method, path, body)
            .await
            .expect("the gateway answers");
        Answer {
            status: status.as_u16(),
            body,
        }
    }

    /// Reads as the demo athlete, and expects to be answered.
    pub async fn get(&self, path: &str) -> Value {
        let answer = self.send(Method::GET, path, "").await;
        assert_eq!(answer.status, StatusCode::OK.as_u16(), "{path}: {answer:?}");
        answer.body
    }

    /// Delivers a body as the generic provider does, under an id of its own.
    pub async fn deliver(&self, body: &Value) -> Answer {
        static NUMBER: AtomicUsize = AtomicUsize::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        self.deliver_as(&format!("msg_{number}"), body).await
    }

    /// Delivers a body under a given id.
    pub async fn deliver_as(&self, id: &str, body: &Value) -> Answer {
        let body = body.to_string();
        let (timestamp, signature) = self.sign(id, &body);
        self.post_webhook(
            "paceline",
            &[
                ("webhook-id", id),
                ("webhook-timestamp", &timestamp),
                ("webhook-signature", &signature),
            ],
            body,
        )
        .await
    }

    /// The timestamp and signature that the generic provider would send now.
    pub fn sign(&self, id: &str, body: &str) -> (String, String) {
        let secret = self.endpoint().webhook_secret.clone();
        let keys = SigningKeys::parse(&[secret]).expect("a secret");
        let now = chrono::DateTime::<chrono::Utc>::from(now()).timestamp();
        let signature = keys.sign(id, now, body.as_bytes()).expect("a signature");
        (now.to_string(), signature)
    }

    /// The key that seals athletes' tokens.
    pub fn token_key(&self) -> String {
        self.instance.identity().token_key()
    }

    /// Connects the demo athlete's account at a provider, or connects it again; the access token
    /// ends after so many seconds. Both tokens hold the [`CANARY`], so that no log may hold them.
    pub async fn connect(
        &self,
        provider: &str,
        account: &str,
        access: &str,
        refresh: Option<&str>,
        lasts_s: i64,
    ) {
        let secret = |token: &str| {
            assert!(token.contains(CANARY), "{token} would not be noticed");
            Secret::new(token.to_owned())
        };
        let tokens = Tokens {
            access: secret(access),
            refresh: refresh.map(secret),
            expires_at: Some(DateTime::<Utc>::from(now()) + TimeDelta::seconds(lasts_s)),
        };
        let keys = SealingKeys::parse(&[self.token_key()]).expect("a key");
        let account = Account {
            user: UserId(self.endpoint().user_id.parse().expect("an id")),
            provider,
            account,
        };
        let connected = connect(&self.endpoint().database_url, &keys, account, &tokens).await;
        connected.expect("a connection");
    }

    /// Posts to a webhook with exactly these headers.
    pub async fn post_webhook(
        &self,
        provider: &str,
        headers: &[(&str, &str)],
        body: impl Into<reqwest::Body>,
    ) -> Answer {
        let url = format!("{}/webhooks/{provider}", self.endpoint().url);
        let mut request = reqwest::Client::new().post(url).body(body);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let response = request.send().await.expect("the gateway answers");
        let status = response.status().as_u16();
        let text = response.bytes().await.expect("a body");
        Answer {
            status,
            body: serde_json::from_slice(&text).unwrap_or_default(),
        }
    }

    /// A run of the demo athlete, as the generic provider tells of it.
    pub fn run(&self, activity_id: &str, duration_s: u32) -> Value {
        json!({
            "event": "create",
            "athlete": self.endpoint().athlete,
            "activity_id": activity_id,
            "occurred_at": "2026-11-20T08:00:00Z",
            "activity": {
                "sport": "run",
                "name": "Morning run",
                "started_at": "2026-11-20T06:30:00Z",
                "utc_offset_s": 3600,
                "elapsed_s": duration_s,
                "timer_s": duration_s,
                "distance_m": f64::from(duration_s) * 3.0,
                "avg_hr_bpm": 150,
            },
        })
    }

    /// A plan for the day of [`World::run`].
    pub fn plan(&self, duration_s: u32) -> Value {
        json!({
            "date": "2026-11-20",
            "sport": "run",
            "name": "Easy run",
            "total_duration_s": duration_s,
        })
    }

    /// Creates a plan and answers its id.
    pub async fn create_plan(&self, plan: &Value) -> String {
        let answer = self
            .send(Method::POST, "/planned-workouts", plan.to_string())
            .await;
        assert_eq!(answer.status, 201, "{answer:?}");
        answer.body["planned_id"]
            .as_str()
            .expect("an id")
            .to_owned()
    }

    /// Lets everything run until no stage is pending or processing any more.
    ///
    /// It sweeps, as the schedule would, whenever nothing moves by itself. A run whose attempt
    /// failed waits for its doorbell to come again; that time is let pass. So it is when a function
    /// said that it could not ring, because the machine is too busy to be heard in time; but a
    /// doorbell that was forgotten fails the test.
    pub async fn settle(&self) {
        self.cloud().resume_mappings();
        let mut sql = self.sql().await;
        for asked in 1..=PATIENCE {
            let (unfinished,): (i64,) = sqlx::query_as(
                "SELECT count(*) FROM stage_runs WHERE status IN ('pending', 'processing')",
            )
            .fetch_one(&mut sql)
            .await
            .expect("the ledger answers");
            if unfinished == 0 {
                return;
            }
            if asked % 1000 == 0 {
                sqlx::query(
                    "UPDATE stage_runs SET rung_at = rung_at - interval '3 minutes',
                         not_before = NULL
                     WHERE status = 'pending' AND (attempt > 0 OR not_before IS NOT NULL OR $1)",
                )
                .bind(self.has_lost_doorbells.load(Ordering::Relaxed))
                .execute(&mut sql)
                .await
                .expect("the ledger answers");
                self.sweep().await;
            }
        }
        let states = self
            .rows("SELECT to_jsonb(r) - 'result' FROM stage_runs r")
            .await;
        panic!("the ledger did not settle: {states:#?}");
    }

    /// Sweeps once, as the schedule does.
    pub async fn sweep(&self) -> Value {
        self.fire("sweep-stages").await
    }

    /// Looks once for what webhooks did not tell, as the schedule does.
    pub async fn look_back(&self) -> Value {
        self.fire("fetch-activity").await
    }

    async fn fire(&self, function: &str) -> Value {
        let results = self.cloud().fire_schedules(function).await;
        let [result] = results.as_slice() else {
            panic!("one schedule, not {}", results.len())
        };
        let answer = result.as_ref().expect("an answer");
        serde_json::from_slice(answer).expect("JSON")
    }

    /// The JSON that a query of one column answers, row by row.
    pub async fn rows(&self, query: &'static str) -> Vec<Value> {
        let mut sql = self.sql().await;
        let rows: Vec<(Value,)> = sqlx::query_as(query)
            .fetch_all(&mut sql)
            .await
            .expect("a query of the test");
        rows.into_iter().map(|(row,)| row).collect()
    }

    /// Every row of every table that a delivery may touch, except the memory of deliveries.
    pub async fn everything(&self) -> Vec<Value> {
        self.rows(
            "SELECT to_jsonb(w) FROM workouts w
             UNION ALL SELECT to_jsonb(r) FROM recordings r
             UNION ALL SELECT to_jsonb(s) FROM stage_runs s
             UNION ALL SELECT to_jsonb(p) FROM planned_workouts p
             ORDER BY 1",
        )
        .await
    }

    /// Moves every deadline and doorbell into the past, as ten minutes would.
    pub async fn let_time_pass(&self) {
        sqlx::query(
            "UPDATE stage_runs SET rung_at = rung_at - interval '10 minutes',
                 claim_expires_at = claim_expires_at - interval '10 minutes'",
        )
        .execute(&mut self.sql().await)
        .await
        .expect("the ledger answers");
    }

    /// Asserts that nobody holds an advisory lock or sits in an open transaction.
    ///
    /// A function's answer is heard a moment before its connection is at rest.
    pub async fn assert_quiet(&self) {
        let query = "SELECT to_jsonb(a) FROM (
                 SELECT s.application_name, s.state, s.query,
                     EXISTS (SELECT FROM pg_locks AS l
                         WHERE l.pid = s.pid AND l.locktype = 'advisory') AS has_lock
                 FROM pg_stat_activity AS s
                 WHERE s.datname = current_database() AND s.pid <> pg_backend_pid()
             ) AS a
             WHERE a.has_lock OR a.state LIKE 'idle in transaction%'";
        let mut left = Vec::new();
        for _ in 0..PATIENCE {
            left = self.rows(query).await;
            if left.is_empty() {
                return;
            }
        }
        panic!("somebody holds on: {left:#?}");
    }

    /// The status of one stage of one workout.
    pub async fn stage(&self, workout: WorkoutId, stage: StageName) -> Value {
        let status = self.get(&format!("/workouts/{workout}/status")).await;
        status[format!("{stage}_status")].clone()
    }

    /// Stops it.
    pub async fn stop(self) {
        self.instance.stop().await.expect("stops");
    }
}

/// Another athlete of the same world, or the same one by another token.
#[derive(Debug)]
pub struct Other {
    user: UserId,
    client: Client,
}

impl Other {
    /// Makes a user with a connection of this account at the generic provider.
    pub async fn join(world: &World, account: &str) -> Self {
        Self::join_with(world, "paceline", account).await
    }

    /// Makes a user with a connection of this account.
    pub async fn join_with(world: &World, provider: &str, account: &str) -> Self {
        let mut others = Self::join_all(world, provider, &[account.to_owned()]).await;
        others.pop().expect("one for each account")
    }

    /// Makes a user for each account at once, with its connection.
    pub async fn join_all(world: &World, provider: &str, accounts: &[String]) -> Vec<Self> {
        let owner = Owner::connect(&world.database.url())
            .await
            .expect("connects");
        let mut tx = owner.begin().await.expect("a transaction");
        let mut others = Vec::new();
        for account in accounts {
            let user = UserId(uuid::Uuid::new_v4());
            users::ensure_user(&mut tx, user, account)
                .await
                .expect("a user");
            users::ensure_connection(&mut tx, user, provider, account)
                .await
                .expect("a connection");
            others.push(Self::of(world, user, Purpose::Display));
        }
        tx.commit().await.expect("commits");
        owner.close().await;
        others
    }

    /// The world's own athlete, by a token for an AI.
    pub fn ai(world: &World) -> Self {
        Self::of(world, world.identity().user_id(), Purpose::Ai)
    }

    fn of(world: &World, user: UserId, purpose: Purpose) -> Self {
        let token = world.instance.token_of(user, purpose).expect("a token");
        let endpoint = Endpoint {
            token,
            ..world.endpoint().clone()
        };
        Self {
            user,
            client: Client::new(&endpoint),
        }
    }

    /// Who it is.
    pub fn user(&self) -> UserId {
        self.user
    }

    /// Sends a request as this athlete.
    pub async fn send(&self, method: Method, path: &str, body: impl Into<reqwest::Body>) -> Answer {
        let (status, body) = self
            .client
            .send(method, path, body)
            .await
            .expect("the gateway answers");
        Answer {
            status: status.as_u16(),
            body,
        }
    }

    /// Reads as this athlete.
    pub async fn get(&self, path: &str) -> Answer {
        self.send(Method::GET, path, "").await
    }

    /// Creates a plan and answers its id.
    pub async fn create_plan(&self, plan: &Value) -> String {
        let answer = self
            .send(Method::POST, "/planned-workouts", plan.to_string())
            .await;
        answer.body["planned_id"]
            .as_str()
            .expect("an id")
            .to_owned()
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "a sender signs with its own clock"
)]
/// What a sender's clock shows.
pub fn now() -> std::time::SystemTime {
    std::time::SystemTime::now()
}
