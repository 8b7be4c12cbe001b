//! One stage run in a real database, driven by the real statements in their functions' roles.

use crate::ledger::{Nature, Row};
use chrono::{DateTime, Utc};
use domain::id::{ClaimToken, UserId, WorkoutId};
use domain::stage::{StageName, StageStatus};
use serde_json::{Value, json};
use sqlx::PgConnection;
use std::time::Duration;
use store::setup::Owner;
use store::stages::{self, Claim, Failure, Outdated, RunKey};
use store::{DatabaseSettings, Pooler, Store, StoreError, users};
use support::database::Database;
use uuid::Uuid;

/// The version of every result.
const VERSION: i32 = 1;

/// As in production.
pub(crate) const MOST_ATTEMPTS: u8 = 5;

/// The stage that is looked at; the others of the workout are requested with it.
const STAGE: StageName = StageName::Metrics;

/// A row as the model sees it, and all of it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Seen {
    pub(crate) row: Row,
    /// The generation that the stored result tells of itself; 0 is none.
    pub(crate) computed: u8,
    pub(crate) everything: Value,
}

/// A database with one user and one workout.
pub(crate) struct Ledger {
    database: Database,
    owner: PgConnection,
    ingest: Store,
    stages: Store,
    sweep: Store,
    run: RunKey,
}

impl Ledger {
    pub(crate) async fn new() -> Self {
        let database = Database::migrated(env!("CARGO_BIN_EXE_paceline-under-test")).await;
        let user_id = UserId(Uuid::new_v4());
        let owner = Owner::connect(&database.url()).await.expect("connects");
        let mut tx = owner.begin().await.expect("a transaction");
        users::ensure_user(&mut tx, user_id, "model")
            .await
            .expect("a user");
        tx.commit().await.expect("commits");
        for role in ["paceline_ingest", "paceline_stages", "paceline_sweep"] {
            owner.let_role_log_in(role, "model").await.expect("a role");
        }
        owner.close().await;
        let mut owner = database.connect().await;
        let workout_id = WorkoutId(Uuid::new_v4());
        sqlx::query(
            "INSERT INTO workouts (id, user_id, provider, provider_activity_id, sport, started_at,
                 local_date, partial, plan_decision, generation, content_sha256)
             VALUES ($1, $2, 'model', 'a', 'run', now(), current_date, false,
                 '{\"reason\": \"no_plan\"}', 1, '')",
        )
        .bind(workout_id.0)
        .bind(user_id.0)
        .execute(&mut owner)
        .await
        .expect("a workout");
        let run = RunKey {
            user_id,
            workout_id,
            stage: STAGE,
        };
        let store = |role| store_as(&database, role);
        Self {
            ingest: store("paceline_ingest"),
            stages: store("paceline_stages"),
            sweep: store("paceline_sweep"),
            database,
            owner,
            run,
        }
    }

    /// The stage run that is looked at.
    pub(crate) fn run_key(&self) -> RunKey {
        self.run
    }

    /// Where it is.
    pub(crate) fn database(&self) -> &Database {
        &self.database
    }

    /// The owner's connection.
    pub(crate) fn owner(&mut self) -> &mut PgConnection {
        &mut self.owner
    }

    /// Writes a row as it is told, past all statements.
    pub(crate) async fn put(&mut self, row: Option<Row>) {
        sqlx::query("DELETE FROM stage_runs")
            .execute(&mut self.owner)
            .await
            .expect("deletes");
        if let Some(row) = row {
            let failed = row.status == StageStatus::Failed;
            self.write(row, failed.then_some("test: failed"))
                .await
                .expect("a legal row");
        }
    }

    /// Writes a row past all statements, and answers the constraint that refuses it.
    pub(crate) async fn write(&mut self, row: Row, error: Option<&str>) -> Result<(), String> {
        let inserted = sqlx::query(
            "INSERT INTO stage_runs (workout_id, stage, user_id, wanted, done, status, attempt,
                 claim_token, claim_expires_at, rung_at, result, version, error)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8,
                 CASE WHEN $8 IS NOT NULL THEN
                     clock_timestamp() + CASE WHEN $9 THEN interval '-1 hour' ELSE '1 hour' END
                 END,
                 CASE WHEN $10 THEN clock_timestamp() END, $11, $12, $13)",
        )
        .bind(self.run.workout_id.0)
        .bind(STAGE.as_str())
        .bind(self.run.user_id.0)
        .bind(i64::from(row.wanted))
        .bind(i64::from(row.done))
        .bind(row.status.as_str())
        .bind(i16::from(row.attempt))
        .bind(row.token.map(|token| name(token).0))
        .bind(row.expired)
        .bind(row.rung)
        .bind((row.done > 0).then(|| result_of(row.done)))
        .bind((row.done > 0).then_some(VERSION))
        .bind(error)
        .execute(&mut self.owner)
        .await;
        inserted.map(drop).map_err(|error| constraint(&error))
    }

    /// The constraint that refuses a statement of the owner's.
    pub(crate) async fn refusal(&mut self, statement: &'static str) -> String {
        let refused = sqlx::query(statement).execute(&mut self.owner).await;
        constraint(&refused.expect_err("a refusal"))
    }

    /// Alters a part of `merge_computed`, and answers what makes it whole again.
    pub(crate) async fn replace_in_finish(&mut self, part: &str, by: &str) -> String {
        self.replace_in("merge_computed", part, by).await
    }

    /// Alters a part of a function, and answers what makes it whole again.
    pub(crate) async fn replace_in(&mut self, function: &str, part: &str, by: &str) -> String {
        let (whole,): (String,) = sqlx::query_as("SELECT pg_get_functiondef($1::regproc)")
            .bind(function)
            .fetch_one(&mut self.owner)
            .await
            .expect("a function");
        assert!(whole.contains(part), "`{part}` is in {whole}");
        self.run(whole.replace(part, by)).await;
        whole
    }

    /// Runs a statement of the test's as the owner.
    pub(crate) async fn run(&mut self, statement: String) {
        let statement = sqlx::query(sqlx::AssertSqlSafe(statement));
        statement
            .execute(&mut self.owner)
            .await
            .expect("a statement of the test");
    }

    /// Reads the row back, whose tokens are those of this test and whose result tells `done`.
    pub(crate) async fn look(&mut self) -> Option<Seen> {
        let seen = self.look_for(number).await;
        if let Some(seen) = &seen {
            assert_eq!(seen.row.done, seen.computed, "the result is that of `done`");
        }
        seen
    }

    /// Reads the row back, and numbers its token.
    pub(crate) async fn look_for(&mut self, number: impl FnOnce(Uuid) -> u8) -> Option<Seen> {
        #[derive(sqlx::FromRow)]
        struct Columns {
            wanted: i64,
            done: i64,
            computed: Option<i64>,
            status: String,
            attempt: i16,
            claim_token: Option<Uuid>,
            expired: bool,
            rung_at: Option<DateTime<Utc>>,
            everything: Value,
        }
        let row: Columns = sqlx::query_as(
            "SELECT wanted, done, (result -> 'metrics' ->> 'generation')::bigint AS computed,
                 status, attempt, claim_token, rung_at,
                 coalesce(claim_expires_at < clock_timestamp(), false) AS expired,
                 to_jsonb(r) AS everything
             FROM stage_runs r WHERE stage = $1",
        )
        .bind(STAGE.as_str())
        .fetch_optional(&mut self.owner)
        .await
        .expect("the ledger answers")?;
        let small = |number: i64| u8::try_from(number).expect("a small number");
        Some(Seen {
            row: Row {
                wanted: small(row.wanted),
                done: small(row.done),
                status: StageStatus::from_name(&row.status).expect("a status"),
                attempt: small(row.attempt.into()),
                token: row.claim_token.map(number),
                expired: row.expired,
                rung: row.rung_at.is_some(),
            },
            computed: small(row.computed.unwrap_or(0)),
            everything: row.everything,
        })
    }

    /// Makes the claim's deadline pass, if there is a claim that nobody ends right now.
    pub(crate) async fn expire(&mut self) -> bool {
        let expired = sqlx::query(
            "UPDATE stage_runs SET claim_expires_at = clock_timestamp() - interval '1 second'
             WHERE (workout_id, stage) IN (
                 SELECT workout_id, stage FROM stage_runs WHERE claim_token IS NOT NULL
                 FOR UPDATE SKIP LOCKED)",
        )
        .execute(&mut self.owner)
        .await
        .expect("expires");
        expired.rows_affected() > 0
    }

    pub(crate) async fn request(&mut self, generation: u8) {
        let RunKey {
            user_id,
            workout_id,
            ..
        } = self.run;
        let mut tx = self.ingest.begin(user_id).await.expect("a transaction");
        stages::request_stages(&mut tx, user_id, workout_id, generation.into())
            .await
            .expect("requests");
        tx.commit().await.expect("commits");
    }

    /// Claims the run, and answers the generation that was wanted.
    pub(crate) async fn claim(&mut self, token: u8) -> Option<u8> {
        let mut tx = self
            .stages
            .begin(self.run.user_id)
            .await
            .expect("a transaction");
        let deadline = Duration::from_secs(3600);
        let most = MOST_ATTEMPTS.into();
        let claim = stages::claim_stage(&mut tx, self.run, name(token), deadline, most)
            .await
            .expect("claims");
        tx.commit().await.expect("commits");
        claim.map(|claim| u8::try_from(claim.wanted).expect("a small number"))
    }

    pub(crate) async fn finish(
        &mut self,
        token: u8,
        generation: u8,
    ) -> Result<Option<StageStatus>, StoreError> {
        let mut tx = self.stages.begin(self.run.user_id).await?;
        let result = result_of(generation);
        let claim = self.claim_of(token, generation);
        let finished =
            stages::finish_stage(&mut tx, &claim, generation.into(), result, VERSION).await;
        match finished {
            Ok(status) => {
                tx.commit().await?;
                Ok(status)
            }
            Err(refused) => {
                tx.rollback().await?;
                Err(refused)
            }
        }
    }

    pub(crate) async fn fail(
        &mut self,
        token: u8,
        claimed: u8,
        nature: Nature,
    ) -> Option<StageStatus> {
        let mut tx = self
            .stages
            .begin(self.run.user_id)
            .await
            .expect("a transaction");
        let failure = Failure {
            error: "test: failed",
            permanent: nature == Nature::Permanent,
            most_attempts: MOST_ATTEMPTS.into(),
        };
        let claim = self.claim_of(token, claimed);
        let status = stages::fail_stage(&mut tx, &claim, failure)
            .await
            .expect("fails");
        tx.commit().await.expect("commits");
        status
    }

    pub(crate) async fn rescue(&mut self) -> u64 {
        let mut tx = self
            .sweep
            .begin_without_user()
            .await
            .expect("a transaction");
        let rescued = stages::rescue_claims(&mut tx, MOST_ATTEMPTS.into(), 10)
            .await
            .expect("rescues");
        tx.commit().await.expect("commits");
        rescued
    }

    /// Settles a dead letter of this run; a stale run is one to which nothing happened for no time.
    pub(crate) async fn settle_dead_letter(&mut self, stale: bool) -> bool {
        let mut tx = self
            .sweep
            .begin_without_user()
            .await
            .expect("a transaction");
        let error = "test: nobody answered";
        let settled =
            stages::settle_dead_letter(&mut tx, self.run, error, age_of(stale), HOUR).await;
        tx.commit().await.expect("commits");
        settled.expect("settles")
    }

    pub(crate) async fn redrive(&mut self, wanted: u8, stale: bool) -> bool {
        let mut tx = self
            .sweep
            .begin_without_user()
            .await
            .expect("a transaction");
        let redriven = stages::redrive_stage(&mut tx, self.run, wanted.into(), age_of(stale)).await;
        tx.commit().await.expect("commits");
        redriven.expect("redrives")
    }

    pub(crate) async fn recompute(&mut self, outdated: bool) -> u64 {
        let mut tx = self
            .sweep
            .begin_without_user()
            .await
            .expect("a transaction");
        let outdated = Outdated {
            stage: self.run.stage,
            version: VERSION + i32::from(outdated),
            since: None,
        };
        let requested = stages::recompute_outdated(&mut tx, &outdated, 10).await;
        tx.commit().await.expect("commits");
        requested.expect("recomputes")
    }

    fn claim_of(&self, token: u8, wanted: u8) -> Claim {
        Claim {
            run: self.run,
            token: name(token),
            wanted: wanted.into(),
            attempt: 1,
        }
    }
}

const HOUR: Duration = Duration::from_secs(3600);

/// For how long nothing may have happened to a row that was written just now.
fn age_of(stale: bool) -> Duration {
    if stale { Duration::ZERO } else { HOUR }
}

fn store_as(database: &Database, role: &str) -> Store {
    store_at(database.url_as(role))
}

/// A store that waits for others for as long as it takes.
pub(crate) fn store_at(url: String) -> Store {
    let patience = Duration::from_secs(60);
    Store::new(&DatabaseSettings {
        url,
        pooler: Pooler::None,
        acquire: patience,
        statement: patience,
        lock: patience,
    })
    .expect("a URL")
}

fn constraint(refused: &sqlx::Error) -> String {
    let refused = refused.as_database_error().expect("the database refuses");
    refused.constraint().expect("by a constraint").to_owned()
}

/// A result that tells of which generation it is.
fn result_of(generation: u8) -> Value {
    json!({"metrics": {"generation": generation}})
}

fn name(token: u8) -> ClaimToken {
    ClaimToken(Uuid::from_u128(token.into()))
}

fn number(token: Uuid) -> u8 {
    u8::try_from(token.as_u128()).expect("a token of this test")
}
