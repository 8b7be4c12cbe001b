//! What PostgreSQL refuses with 23505: the one that is expected, and every other.

use crate::Gym;
use serde_json::{Value, json};
use sqlx::Connection;

/// Somebody who saves without the user's lock, as an import or an older function might.
const OTHER_LOG: &str = "INSERT INTO workout_logs
     (id, user_id, program_id, week_index, day_index, name, date, weight_unit)
     SELECT '00000000-0000-4000-8000-000000000002', p.user_id, p.id, 0, 0, 'Theirs', '2026-01-01', 'kg'
     FROM programs AS p";
/// Whether a save waits for what [`OTHER_LOG`] has not committed.
const WAITS: &str = "SELECT EXISTS (
     SELECT FROM pg_stat_activity
     WHERE datname = current_database() AND wait_event_type = 'Lock'
         AND query LIKE '%INSERT INTO workout_logs%' AND pid <> pg_backend_pid()
 )";

/// L-04, L-01
#[tokio::test]
async fn a_log_that_comes_to_the_place_meanwhile_is_updated_and_the_caller_sees_success() {
    let gym = Gym::open().await;
    let path = gym.path(0, 0);
    let body = json!({"notes": "mine", "exercises": gym.exercises(&[0], 5)});
    let mut other = gym.world.sql().await;
    let mut theirs = other.begin().await.unwrap();
    sqlx::query(OTHER_LOG).execute(&mut *theirs).await.unwrap();

    let (saved, ()) = tokio::join!(gym.put(&path, &body), async {
        gym.world.until(WAITS).await;
        theirs.commit().await.unwrap();
    });

    assert_eq!(saved.status, 200, "{saved:?}");
    assert_eq!(
        (&saved.body["outcome"], &saved.body["why"]),
        (&json!("updated"), &json!("constraint_recovered"))
    );
    assert_eq!(
        saved.body["log"]["log_id"],
        "00000000-0000-4000-8000-000000000002"
    );
    assert_eq!(
        (&saved.body["log"]["name"], &saved.body["log"]["notes"]),
        (&json!("Theirs"), &json!("mine"))
    );
    assert_eq!(saved.body["log"]["exercises"].as_array().unwrap().len(), 1);
    assert_eq!(gym.count().await, 1);
    let line = gym.lines.next(&["log_constraint_met"]).await;
    assert_eq!(
        (&line["constraint"], &line["recovered"]),
        (&json!("one_log_per_program_day"), &json!(true))
    );
    let line = gym.lines.save().await;
    eprintln!(
        "23505 of one_log_per_program_day: {} {}",
        saved.status, line
    );
    gym.world.stop().await;
}

/// L-04: and when whoever came first thinks better of it, it is made after all.
#[tokio::test]
async fn a_log_that_does_not_come_after_all_leaves_the_place_to_the_save() {
    let gym = Gym::open().await;
    let mut other = gym.world.sql().await;
    let mut theirs = other.begin().await.unwrap();
    sqlx::query(OTHER_LOG).execute(&mut *theirs).await.unwrap();

    let body = json!({"notes": "mine"});
    let path = gym.path(0, 0);
    let (saved, ()) = tokio::join!(gym.put(&path, &body), async {
        gym.world.until(WAITS).await;
        theirs.rollback().await.unwrap();
    });

    assert_eq!(
        (saved.status, &saved.body["outcome"]),
        (201, &json!("created"))
    );
    assert_eq!(gym.count().await, 1);
    gym.world.stop().await;
}

/// L-05: the phantom of document 000, an index of the same look by another name.
#[tokio::test]
async fn any_other_constraint_is_no_log_of_the_place_and_is_not_tried_again() {
    let gym = Gym::open().await;
    gym.save(
        &gym.path(0, 0),
        &json!({"exercises": gym.exercises(&[0], 5)}),
    )
    .await;
    gym.lines.save().await;
    gym.run("CREATE UNIQUE INDEX unique_user_program_week_day ON workout_logs (user_id, program_id, week_index)")
        .await;
    let before = gym.rows().await;

    let body = json!({"exercises": gym.exercises(&[1], 5)});
    let refused = gym.put(&gym.path(0, 1), &body).await;

    assert_eq!(
        (refused.status, refused.code()),
        (409, "constraint_violated"),
        "{refused:?}"
    );
    assert_eq!(refused.body["class"], "constraint_violated");
    assert_eq!(
        (&refused.body["recoverable"], &refused.body["retryable"]),
        (&json!(false), &json!(false))
    );
    assert_eq!(
        gym.rows().await,
        before,
        "nothing was written or overwritten"
    );
    let line = gym.lines.next(&["log_constraint_met"]).await;
    assert_eq!(
        (&line["constraint"], &line["recovered"]),
        (&json!("unique_user_program_week_day"), &json!(false))
    );
    let line = gym.lines.save().await;
    assert_eq!(
        (&line["sqlstate"], &line["tries"]),
        (&json!("23505"), &json!(1))
    );
    eprintln!(
        "23505 of another constraint: {} {}",
        refused.status, refused.body
    );

    // So it is with rows of exercises: nobody is told that they are saved.
    gym.run(
        "CREATE UNIQUE INDEX one_exercise_per_log ON workout_log_exercises (log_id, exercise_id)",
    )
    .await;
    let twice = json!({"exercises": [gym.exercise(0, 5), gym.exercise(0, 6)]});
    let refused = gym.put(&gym.path(0, 0), &twice).await;
    assert_eq!(
        (refused.status, refused.code()),
        (409, "constraint_violated")
    );
    assert_eq!(gym.rows().await, before);
    gym.world.stop().await;
}

/// L-01: PostgreSQL itself refuses a second log, whoever writes it.
#[tokio::test]
async fn the_place_is_one_constraint_over_columns_that_are_never_null() {
    let gym = Gym::open().await;
    let unique = gym
        .world
        .rows(
            "SELECT jsonb_build_object('name', i.indexrelid::regclass::text,
                 'constraint', c.conname, 'partial', i.indpred IS NOT NULL,
                 'columns', (SELECT jsonb_agg(jsonb_build_array(a.attname, a.attnotnull) ORDER BY k.ord)
                     FROM unnest(i.indkey::int2[]) WITH ORDINALITY AS k (attnum, ord)
                     JOIN pg_attribute AS a ON a.attrelid = i.indrelid AND a.attnum = k.attnum))
             FROM pg_index AS i
             LEFT JOIN pg_constraint AS c ON c.conindid = i.indexrelid AND c.contype IN ('p', 'u')
             WHERE i.indrelid = 'workout_logs'::regclass AND i.indisunique
             ORDER BY 1",
        )
        .await;
    let named: Vec<&Value> = unique.iter().map(|index| &index["constraint"]).collect();
    assert_eq!(named.len(), 3, "{unique:#?}");
    for index in &unique {
        assert_eq!(
            index["name"], index["constraint"],
            "it is a constraint, by its own name"
        );
        assert_eq!(index["partial"], false);
        for column in index["columns"].as_array().unwrap() {
            assert_eq!(column[1], true, "{column} may be NULL");
        }
    }
    let place = unique
        .iter()
        .find(|index| index["name"] == "one_log_per_program_day")
        .unwrap();
    let columns: Vec<&Value> = place["columns"]
        .as_array()
        .unwrap()
        .iter()
        .map(|c| &c[0])
        .collect();
    assert_eq!(columns, ["user_id", "program_key", "week_key", "day_key"]);

    let mut sql = gym.world.sql().await;
    sqlx::query(OTHER_LOG).execute(&mut sql).await.unwrap();
    let second = "INSERT INTO workout_logs
         (id, user_id, program_id, week_index, day_index, name, date, weight_unit)
         SELECT gen_random_uuid(), l.user_id, l.program_id, 0, 0, 'Second', '2026-01-02', 'lb'
         FROM workout_logs AS l";
    let refused = sqlx::query(second).execute(&mut sql).await.unwrap_err();
    let refused = refused.as_database_error().unwrap();
    assert_eq!(refused.constraint(), Some("one_log_per_program_day"));
    gym.world.stop().await;
}
