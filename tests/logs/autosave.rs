//! Autosaves of two devices, as fast as they come, and what they cost beside saving naively.

use crate::{Gym, written};
use serde_json::{Value, json};
use sqlx::PgConnection;
use std::collections::VecDeque;

/// Counts every row that is written, by the table's own word for it.
const COUNTER: &str = "
    CREATE TABLE written (rows bigint NOT NULL);
    INSERT INTO written VALUES (0);
    CREATE FUNCTION count_row() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
    BEGIN
        UPDATE public.written SET rows = rows + 1;
        RETURN NULL;
    END
    $$;
    CREATE TRIGGER count_row AFTER INSERT OR UPDATE OR DELETE ON workout_logs
        FOR EACH ROW EXECUTE FUNCTION count_row();
    CREATE TRIGGER count_row AFTER INSERT OR UPDATE OR DELETE ON workout_log_exercises
        FOR EACH ROW EXECUTE FUNCTION count_row();
    CREATE TABLE naive (n bigint, exercise jsonb)";

/// The rows that deleting all exercises, writing all of them and the log costs, by doing it.
async fn save_naively(sql: &mut PgConnection, exercises: &Value) -> u64 {
    let deleted = sqlx::query("DELETE FROM naive")
        .execute(&mut *sql)
        .await
        .unwrap();
    let insert =
        "INSERT INTO naive SELECT n, e FROM jsonb_array_elements($1) WITH ORDINALITY AS t (e, n)";
    let inserted = sqlx::query(insert)
        .bind(exercises)
        .execute(&mut *sql)
        .await
        .unwrap();
    deleted.rows_affected() + inserted.rows_affected() + 1
}

/// L-32: a hundred changes, fifty of each device, ten a second at most, which is an order and no time.
///
/// One device lifts the first three exercises and the other one the last three. Each saves after
/// every set, by what it knows; the phone by a `PATCH` of what it changed, the watch with the whole
/// list and its version, and when that is refused once more from what the log says now.
#[tokio::test]
async fn a_hundred_autosaves_of_two_devices_end_as_one_log_that_says_the_last_state() {
    let gym = Gym::open().await;
    gym.run(COUNTER).await;
    let path = gym.path(0, 0);
    let numbers = [0, 1, 2, 3, 4, 5];
    let body = json!({"exercises": gym.exercises(&numbers, 0)});
    let made = gym.save(&path, &body).await["log"].clone();
    let mut naive = gym.world.sql().await;
    let mut naive_rows = save_naively(&mut naive, &made["exercises"]).await;
    let mut told = 7;
    let mut conflicts = 0;
    let mut expected = [0_u32; 6];

    // What each device believes the log to be.
    let (mut phone, mut watch) = (made.clone(), made.clone());
    let mut turns: VecDeque<bool> = (0..100).map(|turn| turn % 2 == 0).collect();
    // And at times one of them saves twice before the other one does.
    for turn in (0..96).step_by(6) {
        turns.swap(turn, turn + 1);
    }
    for (change, is_phone) in (1_u32..).zip(turns) {
        let number = usize::try_from(change % 3).unwrap() + if is_phone { 0 } else { 3 };
        expected[number] = change;
        let saved = if is_phone {
            let mut exercise = phone["exercises"][number].clone();
            exercise["reps"] = json!([change, change, null]);
            gym.patch(&path, &json!({"exercises": [exercise]})).await
        } else {
            let edit = |log: &Value| {
                let mut exercises = log["exercises"].clone();
                exercises[number]["reps"] = json!([change, change, null]);
                json!({"version": log["version"], "exercises": exercises})
            };
            let first = gym.put(&path, &edit(&watch)).await;
            if first.status == 409 {
                conflicts += 1;
                gym.put(&path, &edit(&first.body["current"])).await
            } else {
                first
            }
        };
        assert_eq!(
            (saved.status, &saved.body["outcome"]),
            (200, &json!("updated")),
            "{change}: {saved:?}"
        );
        let device = if is_phone { &mut phone } else { &mut watch };
        *device = saved.body["log"].clone();
        told += 1 + written(&saved.body).iter().sum::<i64>();
        naive_rows += save_naively(&mut naive, &saved.body["log"]["exercises"]).await;
    }

    let log = gym.world.get(&path).await;
    let stored: Vec<&Value> = log["exercises"]
        .as_array()
        .unwrap()
        .iter()
        .map(|e| &e["reps"][0])
        .collect();
    assert_eq!(
        stored,
        expected.map(Value::from).iter().collect::<Vec<_>>(),
        "the last state"
    );
    assert_eq!(
        crate::ids(&json!({"log": log})),
        crate::ids(&json!({"log": made}))
    );
    assert_eq!((gym.count().await, &log["version"]), (1, &json!(101)));
    let counted = gym.world.rows("SELECT to_jsonb(rows) FROM written").await;
    let rows = counted[0].as_u64().unwrap();
    assert_eq!(
        i64::try_from(rows),
        Ok(told),
        "what is answered is what PostgreSQL counts"
    );
    assert!(rows * 2 <= naive_rows, "{rows} rows against {naive_rows}");
    eprintln!(
        "100 autosaves of two devices: {} log, version {}, {conflicts} conflicts resolved; {rows} rows written, \
         {naive_rows} by saving naively: {} % fewer",
        gym.count().await,
        log["version"],
        100 - rows * 100 / naive_rows,
    );
    gym.world.stop().await;
}
