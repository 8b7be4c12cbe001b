//! What happens to a log when something fails on the way.

use crate::lines::Lines;
use crate::{EXECUTABLE, Gym};
use local::cloud::Start;
use serde_json::{Value, json};
use support::database::Database;
use support::proxy::{Cut, Proxy};
use support::world::World;

/// Raises what a table of the test says, wherever a trigger of the test calls it; a sequence counts
/// how often, which no rollback undoes.
const RAISER: &str = "
    CREATE SEQUENCE raised;
    CREATE TABLE raise (sqlstate text, constraint_name text, times bigint);
    CREATE FUNCTION raise() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
    DECLARE
        wanted public.raise%ROWTYPE;
    BEGIN
        SELECT * INTO wanted FROM public.raise;
        IF FOUND AND nextval('public.raised') <= wanted.times THEN
            RAISE EXCEPTION 'as the test wants' USING
                ERRCODE = wanted.sqlstate, CONSTRAINT = wanted.constraint_name;
        END IF;
        RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
    END
    $$";

/// L-16: at every statement that writes, and at the commit.
#[tokio::test]
async fn a_failure_at_any_statement_leaves_the_log_and_its_exercises_as_they_were() {
    let gym = Gym::open().await;
    gym.run(RAISER).await;
    let path = gym.path(0, 0);
    gym.save(
        &path,
        &json!({"exercises": gym.exercises(&[0, 1, 2, 3], 5)}),
    )
    .await;
    let before = gym.rows().await;
    // One of each: updated, deleted, moved and inserted.
    let mut all = gym.exercises(&[3, 0, 4], 5);
    all[1] = gym.exercise(0, 6);
    let all = json!({"notes": "all of it", "exercises": all});

    for (place, trigger) in [
        ("the log", "CREATE TRIGGER raise BEFORE UPDATE ON workout_logs FOR EACH ROW EXECUTE FUNCTION raise()"),
        ("a deletion", "CREATE TRIGGER raise BEFORE DELETE ON workout_log_exercises FOR EACH ROW EXECUTE FUNCTION raise()"),
        ("an update", "CREATE TRIGGER raise BEFORE UPDATE OF reps ON workout_log_exercises FOR EACH ROW EXECUTE FUNCTION raise()"),
        ("a move", "CREATE TRIGGER raise BEFORE UPDATE OF order_index ON workout_log_exercises FOR EACH ROW EXECUTE FUNCTION raise()"),
        ("an insertion", "CREATE TRIGGER raise BEFORE INSERT ON workout_log_exercises FOR EACH ROW EXECUTE FUNCTION raise()"),
        ("the commit", "CREATE CONSTRAINT TRIGGER raise AFTER INSERT ON workout_log_exercises DEFERRABLE INITIALLY DEFERRED
             FOR EACH ROW EXECUTE FUNCTION raise()"),
    ] {
        gym.run("DELETE FROM raise; INSERT INTO raise VALUES ('42501', '', 9223372036854775807)").await;
        gym.run(trigger).await;
        let failed = gym.put(&path, &all).await;
        assert_eq!((failed.status, failed.code()), (500, "internal"), "{place}: {failed:?}");
        assert_eq!(gym.rows().await, before, "{place}");
        gym.run("DROP TRIGGER IF EXISTS raise ON workout_logs; DROP TRIGGER IF EXISTS raise ON workout_log_exercises").await;
    }
    // A log that could not get its exercises is none.
    gym.run("CREATE TRIGGER raise BEFORE INSERT ON workout_log_exercises FOR EACH ROW EXECUTE FUNCTION raise()").await;
    let failed = gym.put(&gym.path(0, 1), &all).await;
    assert_eq!(failed.status, 500);
    assert_eq!(gym.rows().await, before);

    gym.run("DELETE FROM raise").await;
    let saved = gym.save(&path, &all).await;
    assert_eq!(crate::written(&saved), [1, 1, 1, 2]);
    gym.world.stop().await;
}

/// L-23, L-24, L-25
#[tokio::test]
async fn every_refusal_of_postgresql_is_answered_by_its_class_and_only_what_passes_is_tried_again()
{
    let gym = Gym::open().await;
    gym.run(RAISER).await;
    gym.run(
        "CREATE TRIGGER raise BEFORE UPDATE ON workout_logs FOR EACH ROW EXECUTE FUNCTION raise()",
    )
    .await;
    let path = gym.path(0, 0);
    gym.save(&path, &json!({"notes": "before"})).await;
    gym.lines.save().await;
    let before = gym.rows().await;

    eprintln!(
        "sqlstate  status  code                 class               recoverable  retryable  tries"
    );
    for (sqlstate, constraint, status, code, class, tries) in [
        ("40001", "", 503, "unavailable", "busy", 4),
        ("40P01", "", 503, "unavailable", "busy", 4),
        ("55P03", "", 503, "unavailable", "busy", 4),
        ("57014", "", 503, "unavailable", "busy", 4),
        ("08006", "", 503, "unavailable", "unavailable", 4),
        ("53300", "", 503, "unavailable", "unavailable", 4),
        ("57P03", "", 503, "unavailable", "unavailable", 4),
        ("25006", "", 503, "unavailable", "unavailable", 4),
        (
            "23505",
            "one_log_per_program_day",
            503,
            "unavailable",
            "place_taken",
            4,
        ),
        (
            "23505",
            "a_phantom",
            409,
            "constraint_violated",
            "constraint_violated",
            1,
        ),
        (
            "23503",
            "a_reference",
            422,
            "unknown_reference",
            "unknown_reference",
            1,
        ),
        ("23514", "a_check", 422, "invalid", "invalid_data", 1),
        ("22003", "", 422, "invalid", "invalid_data", 1),
        ("42501", "", 500, "internal", "internal", 1),
        ("XX000", "", 500, "internal", "internal", 1),
    ] {
        let mut sql = gym.world.sql().await;
        sqlx::raw_sql("DELETE FROM raise")
            .execute(&mut sql)
            .await
            .unwrap();
        sqlx::query("INSERT INTO raise VALUES ($1, $2, 9223372036854775807)")
            .bind(sqlstate)
            .bind(constraint)
            .execute(&mut sql)
            .await
            .unwrap();

        let refused = gym.put(&path, &json!({"notes": "after"})).await;

        assert_eq!(
            (refused.status, refused.code()),
            (status, code),
            "{sqlstate}: {refused:?}"
        );
        assert_eq!(refused.body["type"], format!("urn:paceline:problem:{code}"));
        assert_eq!(refused.body["class"], class, "{sqlstate}");
        assert_eq!(refused.body["retryable"], tries > 1, "{sqlstate}");
        assert!(refused.body["message"].as_str().unwrap().ends_with('.'));
        let line = gym.lines.save().await;
        assert_eq!(
            (&line["tries"], &line["sqlstate"]),
            (&json!(tries), &json!(sqlstate))
        );
        eprintln!(
            "{sqlstate:<8}  {status:<6}  {code:<19}  {class:<18}  {:<11}  {:<9}  {tries}",
            refused.body["recoverable"].to_string(),
            refused.body["retryable"].to_string(),
        );
        assert_eq!(gym.rows().await, before, "{sqlstate}");
    }
    gym.world.stop().await;
}

/// L-24
#[tokio::test]
async fn a_failure_that_passes_is_not_heard_of() {
    let gym = Gym::open().await;
    gym.run(RAISER).await;
    gym.run(
        "CREATE TRIGGER raise BEFORE INSERT ON workout_log_exercises FOR EACH ROW EXECUTE FUNCTION raise();
         INSERT INTO raise VALUES ('40P01', '', 2)",
    )
    .await;

    let path = gym.path(0, 0);
    let saved = gym
        .put(&path, &json!({"exercises": gym.exercises(&[0, 1], 5)}))
        .await;

    assert_eq!(
        (saved.status, &saved.body["outcome"]),
        (201, &json!("created"))
    );
    assert_eq!(gym.lines.save().await["tries"], 3);
    assert_eq!((gym.count().await, crate::ids(&saved.body).len()), (1, 2));
    gym.world.stop().await;
}

/// L-24, L-16: whether a commit that nobody heard of was made or not, trying again makes it once.
#[tokio::test]
async fn a_commit_that_is_not_known_of_is_tried_again_and_counts_once() {
    for cut in [Cut::BeforeCommit, Cut::AfterCommit] {
        let database = Database::migrated(EXECUTABLE).await;
        let proxy = Proxy::start(&database).await;
        let world = World::start_on(EXECUTABLE, Start::Paused, database, proxy.parameters()).await;
        let gym = Gym::of(world, Lines::default()).await;
        let path = gym.path(0, 0);
        let body = json!({"version": 0, "notes": "once", "exercises": gym.exercises(&[0, 1], 5)});

        proxy.cut(cut, "INSERT INTO workout_logs");
        let saved = gym.put(&path, &body).await;
        assert!(proxy.is_cut(), "{cut:?}");
        let outcome = match cut {
            Cut::BeforeCommit => "created",
            Cut::AfterCommit => "unchanged",
        };
        assert_eq!(saved.body["outcome"], outcome, "{saved:?}");
        proxy.cut(cut, "UPDATE workout_logs");
        let edit = json!({"version": 1, "exercises": gym.exercises(&[1, 0, 2], 6)});
        let edited = gym.put(&path, &edit).await;
        assert!(proxy.is_cut(), "{cut:?}");
        assert_eq!(
            (edited.status, &edited.body["log"]["version"]),
            (200, &json!(2)),
            "{edited:?}"
        );

        let log = gym.world.get(&path).await;
        assert_eq!(log, edited.body["log"]);
        let rows: Vec<Value> = gym.rows().await;
        assert_eq!(rows.len(), 4, "one log and three exercises");
        gym.world.stop().await;
    }
}

/// L-23: nobody answers at all.
#[tokio::test]
async fn a_database_that_is_away_is_answered_503_with_what_to_do() {
    let gym = Gym::open().await;
    let path = gym.path(0, 0);
    let made = gym.save(&path, &json!({"notes": "before"})).await;
    gym.lines.save().await;
    // Whoever connects is refused, and who is connected is thrown out.
    gym.run(
        "DO $$ BEGIN
             EXECUTE format('ALTER DATABASE %I CONNECTION LIMIT 0', current_database());
         END $$;
         SELECT pg_terminate_backend(pid) FROM pg_stat_activity
         WHERE usename = 'paceline_log' AND datname = current_database()",
    )
    .await;

    let away = gym.put(&path, &json!({"notes": "after"})).await;
    gym.run(
        "DO $$ BEGIN
             EXECUTE format('ALTER DATABASE %I CONNECTION LIMIT -1', current_database());
         END $$",
    )
    .await;

    assert_eq!((away.status, away.code()), (503, "unavailable"), "{away:?}");
    assert_eq!(
        (&away.body["class"], &away.body["retryable"]),
        (&json!("unavailable"), &json!(true))
    );
    assert!(gym.lines.save().await["tries"].as_u64().unwrap() > 1);
    assert_eq!(gym.world.get(&path).await, made["log"]);
    gym.world.stop().await;
}
