//! What a mapping does, by hand: records made of messages, and a function invoked with them.

use domain::id::WorkoutId;
use local::invoke::{Invoke, InvokeError};
use local::queue::{Queue, Received};
use serde_json::{Value, json};
use std::time::Duration;
use support::world::World;

/// A record of an SQS event.
pub(crate) fn record(message_id: &str, body: &str) -> Value {
    json!({"messageId": message_id, "body": body, "eventSource": "aws:sqs"})
}

/// The body of a doorbell of the demo athlete.
pub(crate) fn doorbell(world: &World, workout: WorkoutId, stage: &str) -> String {
    json!({
        "user_id": world.endpoint().user_id,
        "workout_id": workout,
        "stage": stage,
        "correlation_id": "test",
    })
    .to_string()
}

/// Invokes a function with records and answers the ids that it reports as failed.
pub(crate) async fn invoke(
    world: &World,
    function: &str,
    records: &[Value],
) -> Result<Vec<String>, InvokeError> {
    let event = json!({ "Records": records }).to_string();
    let answer = world
        .cloud()
        .functions()
        .invoke(function, event.into_bytes().into())
        .await?;
    let answer: Value = serde_json::from_slice(&answer).unwrap();
    let failures = answer.get("batchItemFailures").and_then(Value::as_array);
    let named = |failure: &Value| Some(failure.get("itemIdentifier")?.as_str()?.to_owned());
    Ok(failures.unwrap().iter().filter_map(named).collect())
}

/// Receives the one visible message of a queue, if there is one.
pub(crate) async fn receive(queue: &Queue) -> Option<Received> {
    queue.receive(1, None, Duration::ZERO).await.pop()
}

/// Shows a received message again at once, as the end of its visibility timeout would.
pub(crate) fn show_again(queue: &Queue, message: &Received) {
    queue
        .change_visibility(&message.receipt_handle, Duration::ZERO)
        .unwrap();
}

/// Lets the mapping of one queue work until it has answered every message that waits.
pub(crate) async fn drain(world: &World, queue: &str) {
    let mapping = mapping(world, queue);
    mapping.resume();
    let mut asked = 0;
    while mapping.settings().queue.depth().visible > 0 {
        assert!(asked < 5000, "{queue} is not read");
        asked += 1;
        world.rows("SELECT to_jsonb(1)").await;
    }
    mapping.pause().await;
}

fn mapping<'w>(world: &'w World, queue: &str) -> &'w local::mapping::Mapping {
    let mut mappings = world.cloud().mappings().iter();
    mappings
        .find(|mapping| mapping.settings().queue.name() == queue)
        .unwrap()
}
