//! Transactions that PostgreSQL ends by itself: deadlocks, conflicts of snapshots, lost sessions.

use crate::records::{doorbell, invoke, record};
use domain::id::WorkoutId;
use local::cloud::Start;
use local::log::LogSink;
use serde_json::{Value, json};
use sqlx::{Connection, PgConnection};
use std::sync::{Arc, Mutex};
use support::world::{Answer, World};

/// What functions wrote to their logs.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<String>>);

impl Log {
    /// Waits until a function has said this: its lines come a moment after its answer.
    async fn says(&self, world: &World, words: &str) {
        for _ in 0..5000 {
            if self.0.lock().unwrap().contains(words) {
                return;
            }
            world.rows("SELECT to_jsonb(1)").await;
        }
        panic!("nobody says {words:?}: {}", self.0.lock().unwrap());
    }
}

async fn world() -> (World, Log) {
    let log = Log::default();
    let lines = log.clone();
    let sink = LogSink::new(move |line| lines.0.lock().unwrap().push_str(line.text));
    let executable = env!("CARGO_BIN_EXE_paceline-under-test");
    (
        World::start_logging_to(executable, Start::Paused, sink).await,
        log,
    )
}

/// Sets something for every connection to this database that a role opens from now on.
async fn set(world: &World, role: &str, setting: &str) {
    let script = format!(
        "DO $$ BEGIN EXECUTE format('ALTER ROLE {role} IN DATABASE %I SET {setting}',
             current_database()); END $$"
    );
    // The names are the test's.
    let script = sqlx::AssertSqlSafe(script);
    sqlx::raw_sql(script)
        .execute(&mut world.sql().await)
        .await
        .unwrap();
}

/// What an edit of the activity `a` is, after which nothing of what it says is there yet.
async fn edit(world: &World) -> Value {
    let mut edit = world.run("a", 900);
    edit["event"] = "update".into();
    edit["occurred_at"] = "2026-11-20T09:00:00Z".into();
    edit
}

/// The provider heard 503 and nothing is there of what it said; it says it again, and all is.
async fn assert_refused_and_accepted_again(
    world: &World,
    case: &str,
    refused: &Answer,
    before: &[Value],
    edit: &Value,
) {
    assert_eq!(
        (refused.status, refused.code()),
        (503, "unavailable"),
        "{case}"
    );
    assert_eq!(world.everything().await, before, "{case}");
    let accepted = world.deliver_as(case, edit).await;
    assert_eq!(
        (accepted.status, &accepted.body["outcome"]),
        (200, &json!("changed")),
        "{case}"
    );
    world.settle().await;
    world.cloud().pause_mappings().await;
    world.assert_quiet().await;
}

/// P-03: of two that wait for each other, ingest gives way, and the provider tries again.
#[tokio::test]
async fn a_delivery_in_a_deadlock_is_answered_503_and_accepted_when_it_comes_again() {
    let (world, log) = world().await;
    set(&world, "paceline_ingest", "deadlock_timeout = ''10ms''").await;
    world.deliver(&world.run("a", 600)).await;
    let (before, edit) = (world.everything().await, edit(&world).await);
    // Somebody who takes the locks in the other order: the row first, and then the user.
    let mut other = patient(&world).await;
    let mut other = other.begin().await.unwrap();
    sqlx::query("SELECT FROM workouts FOR UPDATE")
        .execute(&mut *other)
        .await
        .unwrap();

    let held = world.hold("after_user_lock");
    let ((), refused) = tokio::join!(
        async {
            world.arrival(&held).await;
            let ((), ()) = tokio::join!(
                async {
                    sqlx::query(
                        "SELECT pg_advisory_xact_lock(
                             hashtextextended('user:' || (SELECT user_id FROM workouts), 0))",
                    )
                    .execute(&mut *other)
                    .await
                    .unwrap();
                },
                async {
                    world.until(SOMEBODY_WAITS).await;
                    held.let_go();
                }
            );
        },
        world.deliver_as("deadlock", &edit),
    );
    other.rollback().await.unwrap();

    log.says(&world, "deadlock detected").await;
    assert_refused_and_accepted_again(&world, "deadlock", &refused, &before, &edit).await;
    world.stop().await;
}

const SOMEBODY_WAITS: &str = "SELECT EXISTS (
    SELECT FROM pg_locks AS l JOIN pg_stat_activity AS a USING (pid)
    WHERE NOT l.granted AND a.datname = current_database() AND a.usename = 'postgres')";

/// A session of the owner's that leaves it to others to look for deadlocks.
async fn patient(world: &World) -> PgConnection {
    let mut sql = world.sql().await;
    sqlx::query("SET deadlock_timeout = '1min'")
        .execute(&mut sql)
        .await
        .unwrap();
    sql
}

/// Rings for the summary by hand, and answers whether the doorbell may go.
async fn ring(world: &World, workout: WorkoutId) -> bool {
    let batch = [record("1", &doorbell(world, workout, "summary"))];
    invoke(world, "compute-summary", &batch).await == Ok(Vec::new())
}

/// The summary's run: how it stands, its attempts, and what was last wrong.
async fn summary(world: &World) -> Value {
    let query = "SELECT jsonb_build_array(status, done, attempt, last_error) FROM stage_runs
         WHERE stage = 'summary'";
    world.rows(query).await.swap_remove(0)
}

const CONFLICT: &str = "unavailable: the database was busy with a conflicting change";
const AWAY: &str = "unavailable: the database is not available";

/// P-28: a finish that waits for who waits for it gives way, says so, and is made once more.
#[tokio::test]
async fn a_finish_in_a_deadlock_is_a_failure_that_passes() {
    let (world, log) = world().await;
    set(&world, "paceline_stages", "deadlock_timeout = ''10ms''").await;
    let workout = world.deliver(&world.run("a", 600)).await.workout_id();
    let mut other = patient(&world).await;
    let mut other = other.begin().await.unwrap();

    let held = world.hold("summary.after_lock");
    let ((), answered) = tokio::join!(
        async {
            world.arrival(&held).await;
            sqlx::query("SELECT FROM stage_runs WHERE stage = 'summary' FOR UPDATE")
                .execute(&mut *other)
                .await
                .unwrap();
            tokio::join!(
                async {
                    sqlx::query(
                        "SELECT pg_advisory_xact_lock(hashtextextended(
                             'stage:' || (SELECT id FROM workouts) || ':summary', 0))",
                    )
                    .execute(&mut *other)
                    .await
                    .unwrap();
                },
                async {
                    world.until(SOMEBODY_WAITS).await;
                    held.let_go();
                }
            );
            // Its failure is recorded on the row that is held here.
            other.rollback().await.unwrap();
        },
        ring(&world, workout),
    );

    assert!(!answered);
    log.says(&world, "deadlock detected").await;
    assert_eq!(summary(&world).await, json!(["pending", 0, 1, CONFLICT]));
    assert!(ring(&world, workout).await);
    assert_eq!(summary(&world).await, json!(["complete", 1, 2, null]));
    world.assert_quiet().await;
    world.stop().await;
}

/// P-03: where PostgreSQL isolates more than it has to, a conflict of snapshots is tried again.
#[tokio::test]
async fn a_snapshot_that_is_too_old_is_answered_503_or_recorded_and_tried_again() {
    let (world, log) = world().await;
    for role in ["paceline_ingest", "paceline_stages"] {
        let setting = "default_transaction_isolation = ''repeatable read''";
        set(&world, role, setting).await;
    }
    let workout = world.deliver(&world.run("a", 600)).await.workout_id();
    let meanwhile = async |statement: &'static str| {
        let mut sql = world.sql().await;
        sqlx::query(statement).execute(&mut sql).await.unwrap();
    };

    let held = world.hold("summary.after_load");
    let ((), answered) = tokio::join!(
        async {
            world.arrival(&held).await;
            meanwhile("UPDATE stage_runs SET rung_at = now() WHERE stage = 'summary'").await;
            held.let_go();
        },
        ring(&world, workout),
    );
    assert!(!answered);
    log.says(&world, "could not serialize access").await;
    assert_eq!(summary(&world).await, json!(["pending", 0, 1, CONFLICT]));
    assert!(ring(&world, workout).await);
    assert_eq!(summary(&world).await, json!(["complete", 1, 2, null]));

    world.settle().await;
    world.cloud().pause_mappings().await;
    let edit = edit(&world).await;
    let held = world.hold("after_user_lock");
    let (before, refused) = tokio::join!(
        async {
            world.arrival(&held).await;
            meanwhile("UPDATE workouts SET updated_at = now()").await;
            held.let_go();
            world.everything().await
        },
        world.deliver_as("conflict", &edit),
    );
    assert_refused_and_accepted_again(&world, "conflict", &refused, &before, &edit).await;
    world.stop().await;
}

/// How a session ends that nobody ended.
#[derive(Debug, Clone, Copy, PartialEq)]
enum End {
    /// Somebody, or a failover, terminates it.
    Terminated,
    /// Its function sleeps for too long in the middle of a transaction.
    Idle,
}

impl End {
    const BOTH: [Self; 2] = [Self::Terminated, Self::Idle];

    /// Those points at which it strikes: PostgreSQL takes its time to find that somebody sleeps.
    fn at<'p>(self, points: &'p [&'p str]) -> &'p [&'p str] {
        match self {
            Self::Terminated => points,
            Self::Idle => &points[points.len() - 1..],
        }
    }

    /// Ends the sessions of both roles that wait in a transaction, and what they hold with them.
    async fn strike(self, world: &World) {
        if self == Self::Terminated {
            world
                .rows(
                    "SELECT to_jsonb(pg_terminate_backend(pid)) FROM pg_stat_activity
                     WHERE datname = current_database()
                         AND usename IN ('paceline_ingest', 'paceline_stages')",
                )
                .await;
        }
        world
            .until(
                "SELECT NOT EXISTS (SELECT FROM pg_stat_activity
                     WHERE datname = current_database() AND state = 'idle in transaction')",
            )
            .await;
        world.assert_quiet().await;
    }

    async fn prepare(self, world: &World) {
        if self == Self::Idle {
            for role in ["paceline_ingest", "paceline_stages"] {
                // Far longer than any function is idle between two statements of its own.
                let setting = "idle_in_transaction_session_timeout = ''1s''";
                set(world, role, setting).await;
            }
        }
    }
}

/// P-03: a delivery whose session is lost in the middle was not accepted, and nothing is held.
#[tokio::test]
async fn a_delivery_whose_session_is_lost_is_answered_503_and_accepted_when_it_comes_again() {
    for end in End::BOTH {
        let (world, _log) = world().await;
        end.prepare(&world).await;
        world.deliver(&world.run("a", 600)).await;
        let edit = edit(&world).await;
        for point in end.at(&["after_user_lock", "before_commit"]) {
            let case = format!("{end:?} {point}");
            let before = world.everything().await;
            let held = world.hold(point);
            let ((), refused) = tokio::join!(
                async {
                    world.arrival(&held).await;
                    end.strike(&world).await;
                    held.let_go();
                },
                world.deliver_as(&case, &edit),
            );
            assert_eq!(
                (refused.status, refused.code()),
                (503, "unavailable"),
                "{case}"
            );
            assert_eq!(world.everything().await, before, "{case}");
        }
        let before = world.everything().await;
        let accepted = world.deliver_as("at last", &edit).await;
        assert_eq!(accepted.status, 200, "{accepted:?}");
        assert_ne!(world.everything().await, before);
        world.settle().await;
        world.assert_quiet().await;
        world.stop().await;
    }
}

/// P-28, P-29: a run whose worker's session is lost is not lost: it fails once, and passes.
#[tokio::test]
async fn a_stage_whose_session_is_lost_records_it_and_completes_on_its_next_doorbell() {
    for end in End::BOTH {
        let (world, _log) = world().await;
        end.prepare(&world).await;
        for point in end.at(&[
            "after_lock",
            "after_load",
            "after_compute",
            "before_finish_commit",
        ]) {
            let case = format!("{end:?} {point}");
            sqlx::query("DELETE FROM workouts")
                .execute(&mut world.sql().await)
                .await
                .unwrap();
            let workout = world.deliver(&world.run(&case, 600)).await.workout_id();
            let held = world.hold(&format!("summary.{point}"));
            let ((), answered) = tokio::join!(
                async {
                    world.arrival(&held).await;
                    end.strike(&world).await;
                    held.let_go();
                },
                ring(&world, workout),
            );
            assert!(!answered, "{case}");
            assert_eq!(
                summary(&world).await,
                json!(["pending", 0, 1, AWAY]),
                "{case}"
            );
            assert!(ring(&world, workout).await, "{case}");
            assert_eq!(
                summary(&world).await,
                json!(["complete", 1, 2, null]),
                "{case}"
            );
        }
        world.assert_quiet().await;
        world.stop().await;
    }
}
