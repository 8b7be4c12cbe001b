//! Every way in refuses by code, and a refusal writes nothing.

use local::cloud::Start;
use reqwest::Method;
use serde_json::Value;
use support::world;

/// P-02
#[tokio::test]
async fn a_forged_delivery_is_401_and_stores_nothing() {
    let world = world!(Start::Paused);
    let body = world.run("a", 600).to_string();
    let (timestamp, signature) = world.sign("msg_1", &body);
    let old = (timestamp.parse::<i64>().unwrap() - 3600).to_string();
    let other = body.replace("Morning", "Evening");
    let genuine = [
        ("webhook-id", "msg_1"),
        ("webhook-timestamp", timestamp.as_str()),
        ("webhook-signature", signature.as_str()),
    ];
    let with = |name: &'static str, value: &'static str| {
        genuine.map(|(key, was)| {
            if key == name {
                (key, value)
            } else {
                (key, was)
            }
        })
    };
    let old_timestamp = genuine.map(|(key, was)| {
        if key == "webhook-timestamp" {
            (key, old.as_str())
        } else {
            (key, was)
        }
    });

    for (headers, body, code) in [
        (&[][..], &body, "signature_missing"),
        (&genuine[..2], &body, "signature_missing"),
        (&with("webhook-id", "msg_2")[..], &body, "signature_invalid"),
        (
            &with("webhook-signature", "v1,AAAA")[..],
            &body,
            "signature_invalid",
        ),
        (
            &with("webhook-signature", "none")[..],
            &body,
            "signature_invalid",
        ),
        (
            &with("webhook-timestamp", "soon")[..],
            &body,
            "signature_invalid",
        ),
        (&old_timestamp[..], &body, "signature_expired"),
        (&genuine[..], &other, "signature_invalid"),
    ] {
        let answer = world.post_webhook("paceline", headers, body.clone()).await;
        assert_eq!((answer.status, answer.code()), (401, code));
    }

    assert_eq!(world.everything().await, Vec::<Value>::new());
    let deliveries = world.rows("SELECT to_jsonb(d) FROM deliveries d").await;
    assert_eq!(deliveries, Vec::<Value>::new());
    let genuine = world.post_webhook("paceline", &genuine, body).await;
    assert_eq!(genuine.status, 200);
    world.stop().await;
}

/// a user who is gone does not come in with a token that is still good.
#[tokio::test]
async fn a_deactivated_user_is_refused_at_once() {
    let world = world!(Start::Paused);
    sqlx::query("UPDATE users SET deactivated_at = now()")
        .execute(&mut world.sql().await)
        .await
        .unwrap();

    let reading = world.send(Method::GET, "/workouts", "").await;
    let delivery = world.deliver(&world.run("a", 600)).await;

    assert_eq!((reading.status, reading.code()), (401, "user_unknown"));
    assert_eq!((delivery.status, delivery.code()), (422, "unknown_athlete"));
    world.stop().await;
}

/// P-71
#[tokio::test]
async fn no_payload_token_or_secret_reaches_a_log() {
    let lines = std::sync::Arc::new(std::sync::Mutex::new(String::new()));
    let world = {
        let lines = std::sync::Arc::clone(&lines);
        support::world::World::start_logging_to(
            env!("CARGO_BIN_EXE_paceline-under-test"),
            Start::Running,
            local::log::LogSink::new(move |line| {
                let mut lines = lines.lock().unwrap();
                lines.push_str(line.text);
                lines.push('\n');
            }),
        )
        .await
    };
    let mut body = world.run("a", 600);
    body["activity"]["name"] = "canary-in-a-name".into();
    // What goes wrong says no more than what goes well.
    world.charge("metrics.panic");
    let workout = world.deliver(&body).await.workout_id();
    world
        .post_webhook(
            "paceline",
            &[("webhook-signature", "v1,canary-signature")],
            "canary",
        )
        .await;
    world.settle().await;
    world.get("/workouts").await;
    let endpoint = world.endpoint().clone();
    world.stop().await;

    let lines = lines.lock().unwrap();
    for secret in ["canary", &endpoint.token, &endpoint.webhook_secret] {
        assert!(!lines.contains(secret), "{secret} is in the log");
    }
    let doorbells: Vec<Value> = lines
        .lines()
        .filter_map(|line| serde_json::from_str(line).ok())
        .filter(|line: &Value| line["span"]["name"] == "doorbell")
        .collect();
    for (message, expected) in [("claimed", 3), ("finished", 2), ("did not finish", 1)] {
        let said = doorbells.iter().filter(|line| line["message"] == message);
        assert_eq!(said.count(), expected, "{message}");
    }
    for line in doorbells {
        assert_eq!(line["span"]["workout.id"], workout.to_string());
        assert!(line["span"]["correlation_id"].is_string());
        assert!(line["span"]["stage.name"].is_string());
        assert_eq!(line["span"]["stage.attempt"], 1);
    }
}
