//! Programs, whose days logs are of.

use crate::{Gym, create_program};
use reqwest::Method;
use serde_json::{Value, json};

#[tokio::test]
async fn a_program_is_made_listed_replaced_and_deleted_and_its_logs_outlive_it() {
    let gym = Gym::open().await;
    let second = create_program(&gym.world).await;
    let listed = gym.world.get("/programs").await;
    let listed: Vec<&Value> = listed["programs"]
        .as_array()
        .unwrap()
        .iter()
        .map(|p| &p["program_id"])
        .collect();
    assert_eq!(listed, [&json!(gym.program), &json!(second)]);
    let path = format!("/programs/{}", gym.program);
    let log = gym
        .save(&gym.path(3, 2), &json!({"notes": "the last day"}))
        .await;

    // A log that is there stays writable; a new one would have no place.
    let shorter = json!({"name": "Two weeks", "weeks": 2, "days": 2});
    let replaced = gym.put(&path, &shorter).await;
    assert_eq!((replaced.status, &replaced.body["weeks"]), (200, &json!(2)));
    let saved = gym.save(&gym.path(3, 2), &json!({"notes": "still"})).await;
    assert_eq!(saved["log"]["log_id"], log["log"]["log_id"]);
    let refused = gym.put(&gym.path(3, 1), &json!({})).await;
    assert_eq!(
        (refused.status, refused.code()),
        (422, "place_out_of_range")
    );

    assert_eq!(gym.world.send(Method::DELETE, &path, "").await.status, 204);
    assert_eq!(gym.world.send(Method::DELETE, &path, "").await.status, 404);
    assert_eq!(gym.put(&gym.path(3, 2), &json!({})).await.status, 404);
    let id = log["log"]["log_id"].as_str().unwrap();
    let kept = gym.world.get(&format!("/logs/{id}")).await;
    assert_eq!(
        (&kept["program_id"], &kept["week_index"], &kept["notes"]),
        (&Value::Null, &json!(3), &json!("still"))
    );
    gym.world.stop().await;
}

#[tokio::test]
async fn a_program_that_is_none_is_refused_by_field() {
    let gym = Gym::open().await;
    for (body, field) in [
        (json!({"name": "", "weeks": 1, "days": 1}), "/name"),
        (json!({"name": "a\u{0}", "weeks": 1, "days": 1}), "/name"),
        (
            json!({"name": "x".repeat(201), "weeks": 1, "days": 1}),
            "/name",
        ),
        (json!({"name": "x", "weeks": 0, "days": 1}), "/weeks"),
        (json!({"name": "x", "weeks": 521, "days": 1}), "/weeks"),
        (json!({"name": "x", "weeks": 1, "days": 8}), "/days"),
    ] {
        let refused = gym
            .world
            .send(Method::POST, "/programs", body.to_string())
            .await;
        assert_eq!((refused.status, refused.code()), (422, "invalid"), "{body}");
        assert_eq!(refused.body["errors"][0]["field"], field);
    }
    gym.world.stop().await;
}

#[tokio::test]
async fn lists_go_on_behind_their_cursor_to_the_end() {
    let gym = Gym::open().await;
    gym.run(
        "INSERT INTO programs (id, user_id, name, weeks, days)
             SELECT gen_random_uuid(), u.id, 'p', 1, 1 FROM users AS u, generate_series(1, 119);
         INSERT INTO workout_logs (id, user_id, name, date, weight_unit)
             SELECT gen_random_uuid(), u.id, 'l', date '2026-01-01' + n / 3, 'kg'
             FROM users AS u, generate_series(1, 120) AS n",
    )
    .await;
    for (list, id) in [("programs", "program_id"), ("logs", "log_id")] {
        let mut seen = Vec::new();
        let mut path = format!("/{list}");
        loop {
            let page = gym.world.get(&path).await;
            seen.extend(
                page[list]
                    .as_array()
                    .unwrap()
                    .iter()
                    .map(|row| row[id].clone()),
            );
            let Some(cursor) = page["next_cursor"].as_str() else {
                break;
            };
            path = format!("/{list}?cursor={cursor}");
        }
        let distinct: std::collections::BTreeSet<&str> =
            seen.iter().filter_map(Value::as_str).collect();
        assert_eq!((seen.len(), distinct.len()), (120, 120), "{list}");
    }
    for path in ["/logs?cursor=x", "/programs?cursor=x"] {
        let refused = gym.world.send(Method::GET, path, "").await;
        assert_eq!((refused.status, refused.code()), (400, "bad_cursor"));
    }
    let refused = gym.world.send(Method::GET, "/logs?athlete_id=x", "").await;
    assert_eq!((refused.status, refused.code()), (400, "bad_id"));
    gym.world.stop().await;
}
