//! The demo athlete's plan, so that there is something to attach to.

#![expect(
    clippy::indexing_slicing,
    reason = "a key that is missing in JSON reads as null"
)]

use reqwest::Method;
use serde_json::{Value, json};

use crate::client::{Client, ClientError};

/// The date of the ride that the README uploads.
const DATE: &str = "2019-09-20";

/// Makes sure of one planned ride on the date of the README's recording.
///
/// # Errors
/// [`ClientError`].
pub(crate) async fn ensure_plan(client: &Client) -> Result<(), ClientError> {
    let path = format!("/planned-workouts?from={DATE}&to={DATE}");
    let plans = client.ask(Method::GET, &path, "").await?;
    if plans["planned_workouts"]
        .as_array()
        .is_some_and(|plans| !plans.is_empty())
    {
        return Ok(());
    }
    client
        .ask(Method::POST, "/planned-workouts", plan().to_string())
        .await?;
    Ok(())
}

fn plan() -> Value {
    let step = |kind: &str, seconds: u32, low: u32, high: u32| {
        json!({
            "kind": kind,
            "duration": { "type": "time", "value": seconds },
            "target": { "type": "power", "low": low, "high": high, "unit": "w" },
        })
    };
    json!({
        "date": DATE,
        "sport": "ride",
        "name": "Hilly ride with four climbs",
        "steps": [
            step("warmup", 1200, 120, 180),
            { "repeat": 4, "steps": [step("work", 960, 250, 310), step("recovery", 480, 100, 160)] },
            step("cooldown", 900, 100, 160),
        ],
    })
}
