//! `paceline import-predecessor`: bent tables end as sets that are true, and records that are of them.

#![expect(
    clippy::disallowed_types,
    reason = "the scripts are files of this repository with a name filled in"
)]

use local::cloud::Start;
use serde_json::{Value, json};
use sqlx::{AssertSqlSafe, PgConnection};
use std::process::Output;
use store::MIGRATIONS;
use support::database::Database;
use support::world;
use support::world::World;
use tokio::process::Command;

const LAUNCHER: &str = env!("CARGO_BIN_EXE_paceline-under-test");
const TABLES: &str = include_str!("../fixtures/predecessor/tables.sql");
const LOGS: &str = include_str!("../fixtures/predecessor/logs.sql");
const SETS: &str = include_str!("../fixtures/predecessor/sets.sql");
/// Whose rows those of the fixture are.
const ATHLETE: &str = "0a000000-0000-4000-8000-000000000001";
/// The migration that knows how to import.
const MIGRATION: i64 = 24;

async fn run(sql: &mut PgConnection, script: String) {
    // The text is that of a file of this repository.
    sqlx::raw_sql(AssertSqlSafe(script))
        .execute(sql)
        .await
        .unwrap();
}

/// What months of faults left, of this athlete.
async fn bend(sql: &mut PgConnection, athlete: &str) {
    run(sql, TABLES.to_owned()).await;
    run(sql, SETS.replace(ATHLETE, athlete)).await;
}

async fn import(database: &Database, arguments: &[&str]) -> Output {
    Command::new(LAUNCHER)
        .args(["import-predecessor", "--json"])
        .args(arguments)
        .env("DATABASE_URL", database.url())
        .output()
        .await
        .unwrap()
}

fn report(output: &Output) -> Value {
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(text.starts_with('{'), "{output:?}");
    serde_json::from_str(&text).unwrap()
}

/// Everything that an import may touch; a record's id says nothing.
async fn state(world: &World) -> Vec<Value> {
    let mut rows = world.everything().await;
    rows.extend(
        world
            .rows(
                "SELECT to_jsonb(s) FROM workout_sets s
                 UNION ALL SELECT to_jsonb(r) - 'id' FROM personal_records r
                 UNION ALL SELECT to_jsonb(e) FROM exercises e WHERE user_id IS NOT NULL
                 UNION ALL SELECT to_jsonb(i) FROM predecessor_imports i
                 UNION ALL SELECT to_jsonb(r) FROM record_repairs r
                 ORDER BY 1",
            )
            .await,
    );
    rows
}

async fn records(world: &World) -> Vec<Value> {
    world
        .rows(
            "SELECT jsonb_build_array(e.name, r.kind, r.grip_key, r.value)
             FROM personal_records r JOIN exercises e ON e.id = r.exercise_id
             ORDER BY e.name, r.kind, r.grip_key",
        )
        .await
}

/// S-22
#[tokio::test]
async fn a_predecessors_second_set_fails_by_an_index_that_no_list_of_constraints_shows() {
    let database = Database::empty(LAUNCHER).await;
    let mut sql = database.connect().await;
    run(&mut sql, TABLES.to_owned()).await;
    run(
        &mut sql,
        "INSERT INTO predecessor.workouts (id, user_id)
         VALUES ('a0000000-0000-4000-8000-000000000001', gen_random_uuid());
         INSERT INTO predecessor.workout_exercises (id, workout_id, exercise_id)
         VALUES ('b0000000-0000-4000-8000-000000000001', 'a0000000-0000-4000-8000-000000000001',
             gen_random_uuid())"
            .to_owned(),
    )
    .await;
    let log = "INSERT INTO predecessor.workout_sets (id, workout_exercise_id, weight, reps)
               VALUES (gen_random_uuid(), 'b0000000-0000-4000-8000-000000000001', 100, 5)";

    sqlx::query(log).execute(&mut sql).await.unwrap();
    let refused = sqlx::query(log).execute(&mut sql).await.unwrap_err();

    let refused = refused.into_database_error().unwrap();
    assert_eq!(refused.code().as_deref(), Some("23505"));
    assert_eq!(
        refused.constraint(),
        Some("personal_records_user_ex_kind_unique")
    );
    let known: i64 = sqlx::query_scalar(
        "SELECT (SELECT count(*) FROM pg_constraint WHERE conname LIKE 'personal_records_user%')
             + (SELECT count(*) FROM information_schema.table_constraints
                WHERE constraint_name LIKE 'personal_records_user%')",
    )
    .fetch_one(&mut sql)
    .await
    .unwrap();
    assert_eq!(known, 0);

    // What was tried next: without the index every set is a record of its own.
    run(
        &mut sql,
        "DROP INDEX predecessor.personal_records_user_ex_kind_unique".to_owned(),
    )
    .await;
    sqlx::query(log).execute(&mut sql).await.unwrap();
    sqlx::query(log).execute(&mut sql).await.unwrap();
    let records: i64 = sqlx::query_scalar("SELECT count(*) FROM predecessor.personal_records")
        .fetch_one(&mut sql)
        .await
        .unwrap();
    assert_eq!(records, 3);
}

/// S-22
#[tokio::test]
async fn a_bent_state_ends_clean_and_twice_changes_nothing_and_undone_is_as_before() {
    let world = world!(Start::Running);
    let mut sql = world.sql().await;
    bend(&mut sql, &world.endpoint().user_id).await;
    let before = state(&world).await;

    let tried = import(world.database(), &["--dry-run"]).await;
    assert_eq!(state(&world).await, before);
    let done = import(world.database(), &[]).await;

    // Somebody's who is not here, and a set of nobody's.
    assert_eq!(done.status.code(), Some(3), "{done:?}");
    let told = report(&done);
    assert_eq!(report(&tried)["taken"], told["taken"]);
    assert_eq!(
        told["taken"],
        json!({"exercises": 2, "logs": 0, "workouts": 3, "sets": 17})
    );
    assert_eq!(
        told["left"],
        json!({"sets of nobody's": 1, "users who are not here": 1})
    );
    assert_eq!(
        told["doubts"],
        json!({"weight": 1, "reps": 1, "rpe": 1, "grip monkey": 1})
    );
    assert_eq!(
        told["records"],
        json!({
            "rows": 13, "duplicates": 4, "without a set": 2, "agrees": 2, "pounds_as_kilograms": 1,
            "no_working_set": 2, "better_than_any_set": 1, "another_formula": 1,
            "worse_than_a_set": 1, "unknown_kind": 1,
        })
    );
    let of = |exercise: &str, kind: &str| {
        let all = told["disagreements"].as_array().unwrap();
        let claim = all
            .iter()
            .find(|claim| claim["exercise"] == exercise && claim["kind"] == kind);
        let claim = claim.unwrap();
        [&claim["claimed"], &claim["rebuilt"], &claim["verdict"]].map(Clone::clone)
    };
    assert_eq!(
        of("Barbell Bench Press", "heaviest"),
        [json!(225.0), json!(102.5), json!("pounds_as_kilograms")]
    );
    assert_eq!(
        of("Barbell Squat", "heaviest"),
        [json!(300.0), json!(140.0), json!("no_working_set")]
    );
    assert_eq!(
        of("Barbell Deadlift", "heaviest"),
        [json!(180.0), json!(160.0), json!("better_than_any_set")]
    );
    assert_eq!(
        of("Barbell Deadlift", "e1rm"),
        [json!(165.33), json!(160.0), json!("another_formula")]
    );

    let kept = records(&world).await;
    for (exercise, kind, grips, value) in [
        ("Barbell Bench Press", "heaviest", "", 102.5),
        ("Barbell Bench Press", "reps", "", 5.0),
        ("Barbell Squat", "heaviest", "", 140.0),
        ("Barbell Deadlift", "heaviest", "", 160.0),
        ("Pull Up", "reps", "neutral,wide", 10.0),
        ("Pull Up", "reps", "", 6.0),
        ("Plank", "time", "", 90.0),
    ] {
        let is_it = |row: &&Value| {
            (row[0].as_str(), row[1].as_str(), row[2].as_str())
                == (Some(exercise), Some(kind), Some(grips))
        };
        let found = kept.iter().filter(is_it).map(|row| row[3].as_f64());
        assert_eq!(
            found.collect::<Vec<_>>(),
            [Some(value)],
            "{exercise} {kind} {grips}"
        );
    }
    // Two entries of one exercise are one; both sides share a place.
    let places = world
        .rows(
            "SELECT jsonb_build_array(right(s.id::text, 2), s.set_index, s.side)
             FROM workout_sets s JOIN exercises e ON e.id = s.exercise_id
             WHERE e.name IN ('Barbell Bench Press', 'Dumbbell Row') ORDER BY s.id",
        )
        .await;
    assert_eq!(
        places,
        [
            json!(["01", 1, "both"]),
            json!(["02", 2, "both"]),
            json!(["03", 3, "both"]),
            json!(["04", 4, "both"]),
            json!(["05", 1, "both"]),
            json!(["10", 1, "left"]),
            json!(["11", 1, "right"]),
        ]
    );

    world.let_time_pass().await;
    world.sweep().await;
    world.settle().await;
    let listed = world.get("/workouts").await;
    let push = listed["workouts"]
        .as_array()
        .unwrap()
        .iter()
        .find(|workout| workout["name"] == "Push")
        .unwrap();
    let push = world
        .get(&format!(
            "/workouts/{}",
            push["workout_id"].as_str().unwrap()
        ))
        .await;
    assert_eq!(push["metrics_status"], "complete");
    assert_eq!(push["computed"]["overall"]["sets"], 6);
    let after = state(&world).await;

    let again = import(world.database(), &[]).await;
    assert_eq!(
        report(&again)["taken"],
        json!({"exercises": 0, "logs": 0, "workouts": 0, "sets": 0})
    );
    assert_eq!(report(&again)["records"], told["records"]);
    assert_eq!(state(&world).await, after);

    let undone = import(world.database(), &["--undo"]).await;
    assert!(undone.status.success(), "{undone:?}");
    assert_eq!(report(&undone)["taken"], told["taken"]);
    assert_eq!(state(&world).await, before);
    let nothing = import(world.database(), &["--undo"]).await;
    assert_eq!(report(&nothing)["taken"], json!({}));

    let anew = import(world.database(), &[]).await;
    assert_eq!(report(&anew)["taken"], told["taken"]);
    assert_eq!(records(&world).await, kept);
    world.stop().await;
}

/// S-22
#[tokio::test]
async fn a_set_that_was_changed_since_is_the_athletes_and_stays() {
    let world = world!(Start::Paused);
    let mut sql = world.sql().await;
    bend(&mut sql, &world.endpoint().user_id).await;
    import(world.database(), &[]).await;
    run(
        &mut sql,
        "UPDATE workout_sets SET reps = 6, updated_at = clock_timestamp()
         WHERE id = '50000000-0000-4000-8000-000000000006'"
            .to_owned(),
    )
    .await;

    let undone = import(world.database(), &["--undo"]).await;

    assert_eq!(undone.status.code(), Some(3));
    let told = report(&undone);
    assert_eq!(told["left"], json!({"sets that were changed since": 1}));
    assert_eq!(
        told["taken"],
        json!({"exercises": 2, "logs": 0, "workouts": 2, "sets": 16})
    );
    let left = world
        .rows("SELECT jsonb_build_array(kind, value) FROM personal_records ORDER BY kind")
        .await;
    assert!(left.contains(&json!(["heaviest", 140.0])), "{left:?}");
    assert!(left.contains(&json!(["reps", 6.0])), "{left:?}");
    world.stop().await;
}

/// S-22
#[tokio::test]
async fn a_step_back_leaves_what_was_taken_over_and_a_step_on_takes_it_for_what_it_is() {
    let world = world!(Start::Paused);
    let mut sql = world.sql().await;
    bend(&mut sql, &world.endpoint().user_id).await;
    import(world.database(), &[]).await;
    let kept = records(&world).await;

    MIGRATIONS.undo(&mut sql, MIGRATION - 1).await.unwrap();
    assert_eq!(records(&world).await, kept);
    let refused = import(world.database(), &[]).await;
    assert_eq!(refused.status.code(), Some(1));
    MIGRATIONS.run(&mut sql).await.unwrap();

    // Their ids say which they are, so that none is taken twice.
    let again = import(world.database(), &[]).await;
    assert_eq!(report(&again)["taken"]["sets"], 0);
    assert_eq!(records(&world).await, kept);
    world.stop().await;
}

/// L-30
#[tokio::test]
async fn logs_of_one_day_become_one_with_every_exercise_that_any_of_them_has() {
    let world = world!(Start::Paused);
    let mut sql = world.sql().await;
    let athlete = &world.endpoint().user_id;
    run(&mut sql, LOGS.replace(ATHLETE, athlete)).await;
    let everything = async || {
        world
            .rows(
                "SELECT to_jsonb(l) FROM workout_logs l
                 UNION ALL SELECT to_jsonb(x) FROM workout_log_exercises x
                 UNION ALL SELECT to_jsonb(p) FROM programs p
                 UNION ALL SELECT to_jsonb(i) FROM predecessor_imports i
                 ORDER BY 1",
            )
            .await
    };

    let tried = import(world.database(), &["--dry-run"]).await;
    assert_eq!(everything().await, Vec::<Value>::new());
    let done = import(world.database(), &[]).await;

    let told = report(&done);
    assert_eq!(report(&tried), {
        let mut same = told.clone();
        same["dry_run"] = json!(true);
        same
    });
    assert_eq!(
        told["taken"],
        json!({"exercises": 0, "logs": 5, "sets": 0, "workouts": 0})
    );
    assert_eq!(
        told["logs"],
        json!({
            "duplicates": 4, "exercises of them added": 1,
            "exercises of them that a newer one has": 2,
        })
    );
    assert_eq!(
        told["left"],
        json!({"log_exercises of nobody's": 1, "users who are not here": 1})
    );
    let logs = world
        .rows(
            "SELECT jsonb_build_array(right(id::text, 1), name, week_index, day_index, weight_unit,
                 duration_s, notes, completed_at IS NOT NULL)
             FROM workout_logs ORDER BY id",
        )
        .await;
    assert_eq!(
        logs,
        [
            json!(["1", "Push", 0, 1, "kg", 3600, "Good", true]),
            json!(["4", "Pull", 0, 2, "lb", null, "From the phone", false]),
            json!(["5", "Quick", null, null, "kg", null, null, false]),
            json!(["7", "Quick", null, null, "kg", null, null, false]),
            json!(["9", "Legs", null, null, "kg", null, null, false]),
        ]
    );
    let exercises = world
        .rows(
            "SELECT jsonb_build_array(right(x.log_id::text, 1), x.order_index, right(x.id::text, 1), e.name,
                 x.sets, x.reps, x.weights, x.completed)
             FROM workout_log_exercises x JOIN exercises e ON e.id = x.exercise_id
             ORDER BY x.log_id, x.order_index",
        )
        .await;
    let (bench, squat, row) = ("Barbell Bench Press", "Barbell Squat", "Dumbbell Row");
    let yes = [true; 3];
    assert_eq!(
        exercises,
        [
            json!(["1", 0, "1", bench, 3, [5, 5, 5], [100.0, 100.0, 102.5], yes]),
            json!([
                "1",
                1,
                "2",
                squat,
                4,
                [10, 0, null, null],
                [0.0, null, 20.0, null],
                [true, false, false, false]
            ]),
            json!([
                "4",
                0,
                "5",
                bench,
                3,
                [5, 5, 5],
                [176.37, 176.37, 176.37],
                yes
            ]),
            // Only the phone had it, in kilograms.
            json!(["4", 1, "4", row, 1, [10], [66.14], [true]]),
            json!(["5", 0, "6", bench, 1, [8], [60.0], [true]]),
            json!(["7", 0, "8", squat, 1, [6], [120.0], [true]]),
            json!(["7", 1, "9", squat, 2, [12, 12], [80.0, 80.0], [true, true]]),
        ]
    );

    let after = everything().await;
    let again = import(world.database(), &[]).await;
    assert_eq!(
        report(&again)["taken"],
        json!({"exercises": 0, "logs": 0, "sets": 0, "workouts": 0})
    );
    assert_eq!(everything().await, after);

    run(
        &mut sql,
        "UPDATE workout_logs SET notes = 'Mine', updated_at = clock_timestamp()
         WHERE id = '10000000-0000-4000-8000-000000000007'"
            .to_owned(),
    )
    .await;
    let undone = import(world.database(), &["--undo"]).await;
    assert_eq!(report(&undone)["taken"]["logs"], 4);
    assert_eq!(
        report(&undone)["left"],
        json!({"logs that were changed since": 1})
    );
    let left = world
        .rows("SELECT jsonb_build_array(notes, program_id) FROM workout_logs")
        .await;
    assert_eq!(left, [json!(["Mine", null])]);
    assert_eq!(
        world.rows("SELECT to_jsonb(p) FROM programs p").await,
        Vec::<Value>::new()
    );
    world.stop().await;
}

/// L-30: the athlete's own log of a day is not touched by an old one.
#[tokio::test]
async fn a_day_that_has_a_log_here_keeps_it() {
    let world = world!(Start::Paused);
    let mut sql = world.sql().await;
    let athlete = &world.endpoint().user_id;
    run(&mut sql, LOGS.replace(ATHLETE, athlete)).await;
    let own = "INSERT INTO programs (id, user_id, name, weeks, days)
         VALUES ('c0000000-0000-4000-8000-000000000001', $ATHLETE, 'Block', 4, 7);
         INSERT INTO workout_logs (id, user_id, program_id, week_index, day_index, name, date, weight_unit)
         VALUES (gen_random_uuid(), $ATHLETE, 'c0000000-0000-4000-8000-000000000001', 0, 1, 'Own',
             '2025-08-01', 'kg')";
    run(&mut sql, own.replace("$ATHLETE", &format!("'{athlete}'"))).await;

    let told = report(&import(world.database(), &[]).await);

    assert_eq!(told["taken"]["logs"], 4);
    assert_eq!(told["left"]["logs of days that have one here"], 1);
    let names = world
        .rows("SELECT to_jsonb(name) FROM workout_logs WHERE day_index = 1")
        .await;
    assert_eq!(names, [json!("Own")]);
    let undone = import(world.database(), &["--undo"]).await;
    assert_eq!(report(&undone)["taken"]["logs"], 4);
    assert_eq!(
        world.rows("SELECT to_jsonb(name) FROM programs").await,
        [json!("Block")]
    );
    world.stop().await;
}

/// What the catalogue says of the constraint that records stand on.
async fn uniqueness(sql: &mut PgConnection) -> Vec<(String, String, bool)> {
    sqlx::query_as(
        "SELECT c.relname::text, coalesce(pg_get_constraintdef(k.oid), 'no constraint'),
             (SELECT bool_and(a.attnotnull) FROM pg_attribute a
              WHERE a.attrelid = i.indrelid AND a.attnum = ANY (i.indkey))
         FROM pg_index i
         JOIN pg_class c ON c.oid = i.indexrelid
         LEFT JOIN pg_constraint k ON k.conindid = i.indexrelid AND k.contype = 'u'
         WHERE i.indrelid = 'personal_records'::regclass AND i.indisunique AND NOT i.indisprimary
         ORDER BY 1",
    )
    .fetch_all(sql)
    .await
    .unwrap()
}

/// S-02, S-03, S-22
#[tokio::test]
async fn a_table_that_was_bent_in_place_stands_on_its_one_constraint_afterwards() {
    let world = world!(Start::Paused);
    let mut sql = world.sql().await;
    bend(&mut sql, &world.endpoint().user_id).await;
    import(world.database(), &[]).await;
    let right = records(&world).await;
    let sound = uniqueness(&mut sql).await;
    assert_eq!(
        sound,
        [(
            "personal_records_user_exercise_kind_grip_key".to_owned(),
            "UNIQUE (user_id, exercise_id, kind, grip_key)".to_owned(),
            true
        )]
    );

    run(
        &mut sql,
        "ALTER TABLE personal_records DROP CONSTRAINT personal_records_user_exercise_kind_grip_key;
         ALTER TABLE personal_records ALTER COLUMN grip_key DROP NOT NULL;
         UPDATE personal_records SET grip_key = NULL WHERE grip_key = '';
         INSERT INTO personal_records SELECT gen_random_uuid(), user_id, exercise_id, kind, grip_key,
             value + 50, achieved_at, set_id, workout_id FROM personal_records WHERE grip_key IS NULL;
         UPDATE personal_records SET grip_key = 'wide,neutral' WHERE grip_key = 'neutral,wide';
         CREATE UNIQUE INDEX personal_records_user_ex_kind_unique
             ON personal_records (user_id, exercise_id, kind, value);
         ALTER TABLE personal_records ADD CONSTRAINT personal_records_user_exercise_kind_grip_key
             UNIQUE (user_id, kind, grip_key, value);
         CREATE FUNCTION bent() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
         CREATE TRIGGER bent AFTER INSERT ON workout_sets FOR EACH ROW EXECUTE FUNCTION bent()"
            .to_owned(),
    )
    .await;
    let put_right = import(world.database(), &[]).await;

    let told = report(&put_right)["repaired"].clone();
    assert_eq!(told.as_array().unwrap().len(), 6, "{told:?}");
    assert_eq!(uniqueness(&mut sql).await, sound);
    let triggers = world
        .rows(
            "SELECT to_jsonb(tgname) FROM pg_trigger
             WHERE tgrelid IN ('workout_sets'::regclass, 'personal_records'::regclass)
                 AND NOT tgisinternal",
        )
        .await;
    assert_eq!(triggers, Vec::<Value>::new());
    // The one writer makes again what went.
    world.sweep().await;
    assert_eq!(records(&world).await, right);
    assert_eq!(
        world.rows("SELECT to_jsonb(r) FROM record_repairs r").await,
        Vec::<Value>::new()
    );
    let again = import(world.database(), &[]).await;
    assert_eq!(report(&again)["repaired"], json!([]));
    world.stop().await;
}

#[tokio::test]
async fn a_schema_that_is_not_there_or_is_ours_is_refused_and_named() {
    let database = Database::migrated(LAUNCHER).await;
    for schema in ["nowhere", "public", "pg_catalog", "a\"; DROP"] {
        let refused = import(&database, &["--schema", schema]).await;
        assert_eq!(refused.status.code(), Some(1), "{schema}");
        let text = String::from_utf8_lossy(&refused.stderr);
        assert!(text.contains("there is no schema"), "{text}");
    }
}
