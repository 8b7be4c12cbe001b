//! Who sees a log: its athlete, and a coach whom the athlete lets read.

use crate::Gym;
use reqwest::Method;
use serde_json::{Value, json};
use support::world::Other;
use uuid::Uuid;

/// L-28
#[tokio::test]
async fn another_users_log_is_not_there_for_reading_saving_finishing_or_deleting() {
    let gym = Gym::open().await;
    let stranger = Other::join(&gym.world, "a stranger").await;
    let path = gym.path(0, 0);
    let made = gym
        .save(
            &path,
            &json!({"notes": "canary", "exercises": gym.exercises(&[0], 5)}),
        )
        .await;
    let log = format!("/logs/{}", made["log"]["log_id"].as_str().unwrap());
    let program = format!("/programs/{}", gym.program);
    let before = gym.rows().await;

    let finish = format!("{log}/finish");
    for (method, path, body) in [
        (Method::GET, &log, ""),
        (Method::PUT, &log, r#"{"notes": "theirs"}"#),
        (Method::PATCH, &log, r#"{"removed": []}"#),
        (Method::POST, &finish, ""),
        (Method::DELETE, &log, ""),
        (Method::GET, &path, ""),
        (Method::PUT, &path, r#"{"notes": "theirs"}"#),
        (Method::PATCH, &path, r#"{"removed": []}"#),
        (Method::GET, &program, ""),
        (
            Method::PUT,
            &program,
            r#"{"name": "x", "weeks": 1, "days": 1}"#,
        ),
        (Method::DELETE, &program, ""),
    ] {
        let answer = stranger.send(method.clone(), path, body).await;
        assert_eq!(
            (answer.status, answer.code()),
            (404, "not_found"),
            "{method} {path}"
        );
        assert!(!answer.body.to_string().contains("canary"));
    }
    assert_eq!(stranger.get("/logs").await.body["logs"], json!([]));
    assert_eq!(gym.rows().await, before);
    gym.world.stop().await;
}

/// L-28
#[tokio::test]
async fn a_coach_with_permission_reads_and_does_nothing_else_until_it_is_taken_away() {
    let gym = Gym::open().await;
    let coach = Other::join(&gym.world, "a coach").await;
    let path = gym.path(0, 0);
    let made = gym
        .save(
            &path,
            &json!({"notes": "deep", "exercises": gym.exercises(&[0], 5)}),
        )
        .await;
    let log = format!("/logs/{}", made["log"]["log_id"].as_str().unwrap());
    let list = format!("/logs?athlete_id={}", gym.world.endpoint().user_id);
    let permission = format!("/athlete/coaches/{}", coach.user());
    assert_eq!(coach.get(&log).await.status, 404);
    assert_eq!(coach.get(&list).await.status, 404);

    for _ in 0..2 {
        let allowed = gym.world.send(Method::PUT, &permission, "").await;
        assert_eq!(allowed.status, 204);
    }
    let coaches = gym.world.get("/athlete/coaches").await;
    assert_eq!(coaches["coaches"].as_array().unwrap().len(), 1);
    assert_eq!(coaches["coaches"][0]["coach_id"], coach.user().to_string());
    let before = gym.rows().await;
    assert_eq!(coach.get(&log).await.body, made["log"]);
    let listed = coach.get(&list).await.body;
    assert_eq!(listed["logs"][0]["log_id"], made["log"]["log_id"]);
    let finish = format!("{log}/finish");
    for (method, path, body) in [
        (Method::PUT, &log, r#"{"notes": "shallow"}"#),
        (Method::PATCH, &log, r#"{"removed": []}"#),
        (Method::POST, &finish, ""),
        (Method::DELETE, &log, ""),
        (Method::GET, &path, ""),
        (Method::PUT, &path, r#"{"notes": "shallow"}"#),
    ] {
        let answer = coach.send(method.clone(), path, body).await;
        assert_eq!(
            (answer.status, answer.code()),
            (404, "not_found"),
            "{method} {path}"
        );
    }
    // Their own list is their own, and a coach's coach is nobody.
    assert_eq!(coach.get("/logs").await.body["logs"], json!([]));
    let second = Other::join(&gym.world, "a coach's coach").await;
    let further = format!("/athlete/coaches/{}", second.user());
    assert_eq!(coach.send(Method::PUT, &further, "").await.status, 204);
    assert_eq!(second.get(&log).await.status, 404);
    assert_eq!(gym.rows().await, before);

    assert_eq!(
        gym.world.send(Method::DELETE, &permission, "").await.status,
        204
    );
    assert_eq!(
        gym.world.send(Method::DELETE, &permission, "").await.status,
        404
    );
    assert_eq!(coach.get(&log).await.status, 404);
    assert_eq!(coach.get(&list).await.status, 404);
    gym.world.stop().await;
}

/// L-28: by PostgreSQL itself.
#[tokio::test]
async fn no_statement_of_a_coach_writes_a_row_of_an_athlete() {
    let gym = Gym::open().await;
    let coach = Other::join(&gym.world, "a coach").await;
    gym.save(
        &gym.path(0, 0),
        &json!({"exercises": gym.exercises(&[0], 5)}),
    )
    .await;
    let permission = format!("/athlete/coaches/{}", coach.user());
    assert_eq!(
        gym.world.send(Method::PUT, &permission, "").await.status,
        204
    );
    let mut sql = gym.world.database().connect_as("paceline_log").await;
    let see = "SELECT set_config('app.user_id', $1, false)";
    sqlx::query(see)
        .bind(coach.user().to_string())
        .execute(&mut sql)
        .await
        .unwrap();

    for (table, statement) in [
        ("workout_logs", "UPDATE workout_logs SET notes = 'x'"),
        ("workout_logs", "DELETE FROM workout_logs"),
        (
            "workout_log_exercises",
            "UPDATE workout_log_exercises SET notes = 'x'",
        ),
        ("workout_log_exercises", "DELETE FROM workout_log_exercises"),
        ("coach_permissions", "DELETE FROM coach_permissions"),
    ] {
        let written = sqlx::query(statement).execute(&mut sql).await.unwrap();
        assert_eq!(written.rows_affected(), 0, "{table}");
    }
    let (seen,): (i64,) = sqlx::query_as("SELECT count(*) FROM workout_logs")
        .fetch_one(&mut sql)
        .await
        .unwrap();
    assert_eq!(seen, 1);
    gym.world.stop().await;
}

#[tokio::test]
async fn a_coach_is_another_user_who_is_there() {
    let gym = Gym::open().await;
    let nobody = format!("/athlete/coaches/{}", Uuid::new_v4());
    let oneself = format!("/athlete/coaches/{}", gym.world.endpoint().user_id);
    for (path, status, code) in [
        (nobody.as_str(), 404, "not_found"),
        (oneself.as_str(), 422, "invalid"),
        ("/athlete/coaches/x", 404, "not_found"),
    ] {
        let refused = gym.world.send(Method::PUT, path, "").await;
        assert_eq!((refused.status, refused.code()), (status, code), "{path}");
    }
    assert_eq!(
        gym.world.get("/athlete/coaches").await["coaches"],
        Value::Array(Vec::new())
    );
    gym.world.stop().await;
}
