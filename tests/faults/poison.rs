//! What is poisonous harms itself alone: at the door, in a queue, in a batch, in a computation.

use crate::records::{doorbell, drain, invoke, receive, record, show_again};
use domain::id::WorkoutId;
use domain::stage::StageName;
use local::cloud::Start;
use local::invoke::InvokeError;
use platform::config::LIMITS;
use reqwest::Method;
use serde_json::{Value, json};
use support::world;
use support::world::{Answer, Other, World};

/// Why a function failed, as it says itself.
fn reason(failed: &InvokeError) -> &str {
    let InvokeError::Function { message, .. } = failed else {
        panic!("{failed}")
    };
    message
}

#[tokio::test]
async fn one_good_doorbell_among_poison_completes_and_each_other_ends_as_documented() {
    let world = world!(Start::Paused);
    let other = Other::join(&world, "other").await;
    let workout = world.deliver(&world.run("a", 600)).await.workout_id();
    let mut theirs = world.run("a", 600);
    theirs["athlete"] = "other".into();
    let theirs = world.deliver(&theirs).await.workout_id();
    let queue = world.cloud().queue("MetricsQueue").unwrap();
    queue.purge();
    for body in [
        "{\"user_id\":".to_owned(),
        doorbell(&world, workout, "sleep"),
        doorbell(&world, WorkoutId(uuid::Uuid::new_v4()), "metrics"),
        // Their workout, under my name.
        doorbell(&world, theirs, "metrics"),
        doorbell(&world, workout, "metrics"),
    ] {
        queue.send(&body).unwrap();
    }

    drain(&world, "MetricsQueue").await;

    assert_eq!(world.stage(workout, StageName::Metrics).await, "complete");
    let status = other.get(&format!("/workouts/{theirs}/status")).await.body;
    assert_eq!(
        status["metrics_status"], "pending",
        "nobody else's doorbell"
    );
    let depth = queue.depth();
    assert_eq!(
        (depth.in_flight, depth.total()),
        (2, 2),
        "what names no run is acknowledged, and what cannot be read comes again"
    );
    let attempts = world
        .rows("SELECT to_jsonb(attempt) FROM stage_runs WHERE stage = 'metrics' ORDER BY attempt")
        .await;
    assert_eq!(attempts, [json!(0), json!(1)]);
    world.stop().await;
}

/// P-31
#[tokio::test]
async fn a_poisonous_doorbell_is_a_dead_letter_after_exactly_the_receives_of_the_limits() {
    let world = world!(Start::Paused);
    let queue = world.cloud().queue("MetricsQueue").unwrap();
    let dead = world.cloud().queue("MetricsDeadLetters").unwrap();
    let sent = queue.send("not a doorbell").unwrap();

    for receives in 1..=LIMITS.most_receives.unsigned_abs() {
        let message = receive(&queue).await.unwrap();
        assert_eq!(message.receive_count, u32::from(receives));
        let batch = [record(&message.message_id, &message.body)];
        let failed = invoke(&world, "calculate-metrics", &batch)
            .await
            .unwrap_err();
        assert_eq!(
            reason(&failed),
            "every record of the batch must be tried again"
        );
        show_again(&queue, &message);
        assert_eq!(dead.depth().total(), 0, "after {receives} receives");
    }
    assert!(receive(&queue).await.is_none());

    assert_eq!((queue.depth().total(), dead.depth().visible), (0, 1));
    let letter = receive(&dead).await.unwrap();
    assert_eq!(
        (letter.message_id, letter.body.as_str()),
        (sent.message_id, "not a doorbell")
    );
    world.stop().await;
}

#[tokio::test]
async fn a_record_without_a_message_id_fails_the_invocation_before_any_work() {
    let world = world!(Start::Paused);
    let workout = world.deliver(&world.run("a", 600)).await.workout_id();
    let good = record("1", &doorbell(&world, workout, "metrics"));
    let before = world.everything().await;

    for function in ["calculate-metrics", "sweep-stages"] {
        for id in [json!(""), Value::Null] {
            let mut nameless = good.clone();
            nameless["messageId"] = id;
            let failed = invoke(&world, function, &[good.clone(), nameless])
                .await
                .unwrap_err();
            assert_eq!(reason(&failed), "a record has no message id", "{function}");
        }
    }

    assert_eq!(world.everything().await, before);
    let failed = invoke(&world, "calculate-metrics", &[good]).await.unwrap();
    assert_eq!(failed, Vec::<String>::new());
    world.stop().await;
}

/// P-26: of a batch only the record that panics fails, and a re-analysis revives it.
#[tokio::test]
async fn a_panic_within_one_record_fails_that_record_alone() {
    let world = world!(Start::Paused);
    let mut workouts = Vec::new();
    for name in ["a", "b", "c"] {
        workouts.push(world.deliver(&world.run(name, 600)).await.workout_id());
    }
    world.charge("metrics.panic");
    let batch: Vec<Value> = workouts
        .iter()
        .map(|workout| record(&workout.to_string(), &doorbell(&world, *workout, "metrics")))
        .collect();

    let failed = invoke(&world, "calculate-metrics", &batch).await.unwrap();

    assert_eq!(failed, Vec::<String>::new(), "trying again cannot help");
    assert!(world.went_off("metrics.panic"));
    let ends = world
        .rows(
            "SELECT to_jsonb(coalesce(r.error, r.status)) FROM stage_runs r
             JOIN workouts w ON w.id = r.workout_id
             WHERE r.stage = 'metrics' ORDER BY w.provider_activity_id",
        )
        .await;
    let panicked = json!("internal: the computation panicked");
    assert_eq!(ends, [panicked, json!("complete"), json!("complete")]);
    world.settle().await;
    let complete = "SELECT to_jsonb(count(*)) FROM stage_runs WHERE status = 'complete'";
    assert_eq!(world.rows(complete).await, [json!(8)]);

    let path = format!("/workouts/{}/reanalyse", workouts[0]);
    world.send(Method::POST, &path, "").await;
    world.settle().await;
    assert_eq!(world.rows(complete).await, [json!(9)]);
    world.stop().await;
}

/// Delivers bytes that no JSON library would write, under a good signature.
async fn deliver_raw(world: &World, body: &str) -> Answer {
    let (timestamp, signature) = world.sign("raw", body);
    world
        .post_webhook(
            "paceline",
            &[
                ("webhook-id", "raw"),
                ("webhook-timestamp", &timestamp),
                ("webhook-signature", &signature),
            ],
            body.to_owned(),
        )
        .await
}

/// P-10
#[tokio::test]
async fn poisonous_json_is_refused_by_code_at_the_door_and_leaves_no_trace() {
    let world = world!(Start::Paused);
    let good = world.run("a", 600).to_string();
    let with = |key: &str, value: &str| {
        assert!(good.contains(key), "{key} is not in {good}");
        good.replace(key, &format!("{key}:{value},\"was\""))
    };
    let deep = |depth: usize| "[".repeat(depth) + &"]".repeat(depth);
    let unknown: Vec<String> = (0..100_000).map(|n| format!("\"k{n}\":{n}")).collect();
    let unknown = unknown.join(",");
    let digits = "9".repeat(100_000);

    for (what, body, status, code) in [
        (
            "NUL in an id",
            with("\"activity_id\"", r#""a\u0000b""#),
            422,
            "invalid",
        ),
        (
            "NUL in an account",
            with("\"athlete\"", r#""a\u0000b""#),
            422,
            "invalid",
        ),
        (
            "NUL in a name",
            with("\"name\"", r#""a\u0000b""#),
            422,
            "invalid",
        ),
        (
            "a lone surrogate",
            with("\"name\"", r#""\ud800""#),
            400,
            "malformed",
        ),
        (
            "surrogates the wrong way round",
            with("\"name\"", r#""\udc00\ud800""#),
            400,
            "malformed",
        ),
        (
            "an infinite number",
            with("\"distance_m\"", "1e400"),
            400,
            "malformed",
        ),
        (
            "a huge number",
            with("\"distance_m\"", "1e300"),
            422,
            "invalid",
        ),
        (
            "a huge integer",
            with("\"utc_offset_s\"", "9223372036854775808"),
            422,
            "invalid",
        ),
        (
            "100,000 digits",
            with("\"elapsed_s\"", &digits),
            400,
            "malformed",
        ),
        (
            "a year of five digits",
            with("\"started_at\"", r#""99999-01-01T00:00:00Z""#),
            422,
            "invalid",
        ),
        (
            "depth in a text",
            with("\"name\"", &deep(100_000)),
            422,
            "invalid",
        ),
        (
            "depth in what nobody knows",
            with("\"avg_hr_bpm\"", &format!("150,\"x\":{}", deep(100_000))),
            400,
            "malformed",
        ),
        ("depth alone", deep(100_000), 400, "malformed"),
        (
            "depth without an end",
            "[".repeat(1_000_000),
            400,
            "malformed",
        ),
        (
            "an event twice",
            with("\"event\"", "\"create\",\"event\":\"delete\""),
            422,
            "invalid",
        ),
        (
            "a sport twice",
            with("\"sport\"", "\"run\",\"sport\":\"ride\""),
            422,
            "invalid",
        ),
        (
            "100,000 unknown keys and no known one",
            format!("{{{unknown}}}"),
            422,
            "invalid",
        ),
        (
            "four mebibytes and a byte",
            format!("{good}{}", " ".repeat(4 * 1024 * 1024 + 1 - good.len())),
            413,
            "too_large",
        ),
    ] {
        let answer = deliver_raw(&world, &body).await;
        assert_eq!(
            (answer.status, answer.code()),
            (status, code),
            "{what}: {answer:?}"
        );
    }

    assert_eq!(world.everything().await, Vec::<Value>::new());
    let deliveries = world.rows("SELECT to_jsonb(d) FROM deliveries d").await;
    assert_eq!(deliveries, Vec::<Value>::new());
    // Keys that nobody knows are a newer sender's; they cost their bytes and leave nothing.
    let newer = deliver_raw(&world, &good.replacen('{', &format!("{{{unknown},"), 1)).await;
    assert_eq!(newer.status, 200, "{newer:?}");
    world.stop().await;
}
