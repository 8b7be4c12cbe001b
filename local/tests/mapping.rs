//! Lambda's batch rules, with a closure in the place of the function.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a helper of a test fails the test"
)]

use std::sync::Arc;
use std::time::Duration;

use axum::body::Bytes;
use local::invoke::{Invocation, InvokeError};
use local::mapping::{Mapping, MappingSettings};
use local::queue::{Queue, QueueSettings, Queues};
use local::schedule::{Schedule, ScheduleSettings};
use serde_json::{Value, json};
use tokio::sync::mpsc;

const HIDDEN: Duration = Duration::from_secs(180);

type Answer = Box<dyn Fn(&Value) -> Result<Value, InvokeError> + Send + Sync>;

struct World {
    queue: Queue,
    mapping: Mapping,
    events: mpsc::UnboundedReceiver<Value>,
}

impl World {
    fn start(report: bool, window: Duration, answer: Answer) -> Self {
        let queue = Queues::new("http://q", "here")
            .create(QueueSettings {
                name: "Bells".to_owned(),
                visibility_timeout: HIDDEN,
                retention: Duration::from_secs(345_600),
                redrive: None,
            })
            .unwrap();
        let (seen, events) = mpsc::unbounded_channel();
        let function = move |name: &str, payload: Bytes| -> Invocation {
            assert_eq!(name, "echo");
            let event: Value = serde_json::from_slice(&payload).unwrap();
            let answered = answer(&event).map(|answer| Bytes::from(answer.to_string()));
            seen.send(event).unwrap();
            Box::pin(async move { answered })
        };
        let settings = MappingSettings {
            function: "echo".to_owned(),
            queue: queue.clone(),
            batch_size: 5,
            batching_window: window,
            concurrency: 2,
            report_batch_item_failures: report,
            region: "here".to_owned(),
        };
        let mapping = Mapping::start(settings, Arc::new(function));
        Self {
            queue,
            mapping,
            events,
        }
    }

    /// Sends three messages as one batch and returns what is left of them.
    async fn left_of_three(mut self) -> usize {
        self.mapping.pause().await;
        for body in ["1", "2", "3"] {
            self.queue.send(body).unwrap();
        }
        self.mapping.resume();
        let event = self.events.recv().await.unwrap();
        assert_eq!(event["Records"].as_array().unwrap().len(), 3);
        self.mapping.pause().await;
        self.queue.depth().in_flight
    }
}

async fn left_after(
    report: bool,
    answer: impl Fn(&Value) -> Value + Send + Sync + 'static,
) -> usize {
    let answer = Box::new(move |event: &Value| Ok(answer(event)));
    World::start(report, Duration::ZERO, answer)
        .left_of_three()
        .await
}

#[tokio::test(start_paused = true)]
async fn the_messages_that_a_function_names_stay() {
    let second = |event: &Value| json!({"batchItemFailures": [{"itemIdentifier": event["Records"][1]["messageId"]}]});

    assert_eq!(left_after(true, second).await, 1);
    assert_eq!(left_after(false, second).await, 0);
}

#[tokio::test(start_paused = true)]
async fn null_and_empty_answers_mean_success() {
    for answer in [
        json!(null),
        json!({}),
        json!({"batchItemFailures": null}),
        json!({"batchItemFailures": []}),
    ] {
        let text = answer.to_string();
        assert_eq!(left_after(true, move |_| answer.clone()).await, 0, "{text}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_is_not_understood_fails_the_whole_batch() {
    for answer in [
        json!("done"),
        json!({"batchItemFailures": "none"}),
        json!({"batchItemFailures": [{}]}),
        json!({"batchItemFailures": [{"itemIdentifier": null}]}),
        json!({"batchItemFailures": [{"itemIdentifier": ""}]}),
        json!({"batchItemFailures": [{"itemIdentifier": "unknown"}]}),
        json!({"batchItemFailures": [{"itemIdentifer": "typo"}]}),
    ] {
        let text = answer.to_string();
        assert_eq!(left_after(true, move |_| answer.clone()).await, 3, "{text}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_function_error_deletes_nothing_and_the_messages_return() {
    let failure = || InvokeError::Exited {
        function: "echo".to_owned(),
        status: "9".to_owned(),
    };
    let answer = Box::new(move |event: &Value| {
        let count = &event["Records"][0]["attributes"]["ApproximateReceiveCount"];
        if count == "1" {
            Err(failure())
        } else {
            Ok(json!({}))
        }
    });
    let mut world = World::start(true, Duration::ZERO, answer);
    world.queue.send("ring").unwrap();

    let first = world.events.recv().await.unwrap();
    let second = world.events.recv().await.unwrap();

    assert_eq!(
        first["Records"][0]["messageId"],
        second["Records"][0]["messageId"]
    );
    assert_eq!(
        second["Records"][0]["attributes"]["ApproximateReceiveCount"],
        "2"
    );
    world.mapping.pause().await;
    assert_eq!(world.queue.depth().total(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_batch_is_no_larger_than_allowed_and_looks_as_lambda_makes_it() {
    let mut world = World::start(true, Duration::ZERO, Box::new(|_| Ok(json!({}))));
    world.mapping.pause().await;
    for _ in 0..7 {
        world.queue.send("ring").unwrap();
    }
    world.mapping.resume();

    let mut sizes = Vec::new();
    for _ in 0..2 {
        let event = world.events.recv().await.unwrap();
        let record = &event["Records"][0];
        assert_eq!(record["eventSource"], "aws:sqs");
        assert_eq!(
            record["eventSourceARN"],
            "arn:aws:sqs:here:000000000000:Bells"
        );
        assert_eq!(record["body"], "ring");
        sizes.push(event["Records"].as_array().unwrap().len());
    }

    assert_eq!(sizes, [5, 2]);
}

#[tokio::test(start_paused = true)]
async fn a_window_gathers_messages_that_come_one_by_one() {
    let window = Duration::from_secs(10);
    let mut world = World::start(true, window, Box::new(|_| Ok(json!({}))));
    for _ in 0..5 {
        world.queue.send("ring").unwrap();
        tokio::task::yield_now().await;
    }

    let mut total = 0;
    while total < 5 {
        total += world.events.recv().await.unwrap()["Records"]
            .as_array()
            .unwrap()
            .len();
    }

    assert!(world.events.try_recv().is_err());
}

#[tokio::test(start_paused = true)]
async fn a_paused_mapping_takes_nothing() {
    let mut world = World::start(true, Duration::ZERO, Box::new(|_| Ok(json!({}))));
    world.mapping.pause().await;

    world.queue.send("ring").unwrap();
    tokio::time::advance(Duration::from_secs(60)).await;

    assert!(world.events.try_recv().is_err());
    assert_eq!(world.queue.depth().visible, 1);
    world.mapping.resume();
    world.events.recv().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_schedule_fires_at_once_and_at_its_rate() {
    let (seen, mut events) = mpsc::unbounded_channel();
    let function = move |_: &str, payload: Bytes| -> Invocation {
        let event: Value = serde_json::from_slice(&payload).unwrap();
        seen.send((tokio::time::Instant::now(), event)).unwrap();
        Box::pin(async { Ok(Bytes::from_static(b"null")) })
    };
    let settings = ScheduleSettings {
        rule: "Rule".to_owned(),
        function: "sweep".to_owned(),
        period: Duration::from_secs(60),
        region: "here".to_owned(),
    };
    let started = tokio::time::Instant::now();
    let schedule = Schedule::start(settings, Arc::new(function));

    for minute in 0..3 {
        let (at, event) = events.recv().await.unwrap();
        assert_eq!((at - started).as_secs(), minute * 60);
        assert_eq!(event["source"], "aws.events");
        assert_eq!(event["time"].as_str().unwrap().len(), 20);
    }
    schedule.fire_now().await.unwrap();
    assert!(events.try_recv().is_ok());
}
