//! COROS as a client of its API describes it: what it sends, and where its files are.

use crate::doors::{Come, Door, Told, Visit, promises, recording};
use crate::post::{Credential, Post};
use serde_json::{Value, json};
use support::provider::Provider;

const SECRET: &str = "canary-path-secret";

/// What is particular to it.
pub(crate) const DOOR: Door = Door {
    name: "coros",
    account: "o-1",
    activity: "4461",
    settings,
    knows,
    tells,
    credentials: &[Credential::Path],
    signs_body: false,
    // Its files need no token.
    asked_with: &[],
    comes_as: [
        Come {
            sport: "run",
            local_date: "2021-06-10",
            samples: 1672,
            figures: &[
                ("/computed/overall/elapsed_s", 1671.0),
                ("/computed/overall/distance_m", 6440.01),
                ("/computed/overall/avg_hr_bpm", 164.223_1),
            ],
        },
        // Without a file, what the row says.
        Come {
            sport: "run",
            local_date: "2021-06-10",
            samples: 0,
            figures: &[
                ("/utc_offset_s", 32_400.0),
                ("/computed/overall/elapsed_s", 1800.0),
                ("/computed/overall/distance_m", 5010.0),
            ],
        },
    ],
};

promises!(DOOR);

fn settings(api: &Provider) -> Value {
    json!({
        "path_secrets": [SECRET],
        "api": {"base_url": format!("{}/", api.url())},
    })
}

fn tells(told: &Told<'_>) -> Post {
    let file = (told.changes == 0).then(|| format!("{}/4461.fit", told.api.url()));
    let row = json!({
        "openId": told.account,
        "labelId": told.activity,
        "mode": 8,
        "subMode": 1,
        "distance": 5010,
        "duration": 1800,
        "startTime": 1_792_530_000,
        "endTime": 1_792_531_860,
        "startTimezone": 36,
        "endTimezone": 36,
        "fitUrl": file,
    });
    Post::of(&json!({"sportDataList": [row]})).at(SECRET)
}

fn knows(api: &Provider, _changes: usize) {
    api.always("GET /4461.fit", recording("run_track_fenix6.fit"));
}

/// One file may hold several sessions, whoever it is fetched from.
#[tokio::test]
async fn a_triathlon_that_was_announced_comes_as_the_whole_and_its_sessions() {
    let visit = Visit::to(&DOOR).await;
    let file = recording("triathlon_fr935_smart.fit");
    visit.api.always("GET /4461.fit", file);

    let told = visit.post(&DOOR, &visit.told(&DOOR, 0)).await;
    visit.world.settle().await;

    let workout = format!("/workouts/{}", told.workout_id());
    let shown = visit.world.get(&workout).await;
    assert_eq!(shown["sport"], "multisport", "{shown:#}");
    assert_eq!(shown["metrics_status"], "complete");
    let sessions = "SELECT to_jsonb(sport) FROM workouts WHERE parent_id IS NOT NULL
         AND deleted_at IS NULL ORDER BY session_index";
    assert_eq!(
        visit.world.rows(sessions).await,
        ["swim", "other", "ride", "other", "run"].map(Value::from)
    );

    // Told without a file, it is one again.
    assert_eq!(visit.bring(&DOOR, 1).await, told.workout_id());
    assert_eq!(visit.world.rows(sessions).await, Vec::<Value>::new());
    visit
        .assert_is(
            told.workout_id(),
            &Come {
                local_date: "2018-08-03",
                ..DOOR.comes_as[1]
            },
        )
        .await;
    visit.stop().await;
}
