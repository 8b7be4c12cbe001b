//! A provider that stops sending webhooks does so without a word, so somebody has to notice.

use crate::doors::{Door, Visit};
use crate::reconcile::hours_pass;
use crate::{garmin, strava, wahoo};
use serde_json::{Value, json};
use support::provider::Reply;
use support::world::World;

/// Everything that was received of Garmin came a day earlier.
const GARMINS_DAY: &str = "WITH older AS (
        UPDATE deliveries SET received_at = received_at - interval '1 day'
        WHERE provider = 'garmin' RETURNING 1
    )
    SELECT to_jsonb(1) FROM older";

/// Everybody connected so many days ago.
async fn days_pass_since_they_connected(world: &World) {
    let older = "WITH older AS (
            UPDATE reconciliations SET awaited_since = awaited_since - interval '8 days' RETURNING 1
        )
        SELECT to_jsonb(1) FROM older";
    world.rows(older).await;
}

/// Looks back at everybody, and answers how many providers are silent.
async fn silent(visit: &Visit) -> Value {
    hours_pass(&visit.world).await;
    visit.world.look_back().await["silent"].clone()
}

/// The lines that an alarm counts, in order.
fn warnings(lines: &str, code: &str) -> Vec<Value> {
    let lines = lines.lines().map(serde_json::from_str::<Value>);
    lines
        .filter_map(Result::ok)
        .filter(|line| line["code"] == code)
        .collect()
}

async fn open(doors: &[&Door]) -> Visit {
    let visit = Visit::open(doors).await;
    for door in doors {
        visit.connect(door).await;
    }
    visit
}

/// Garmin does not list, and is noticed all the same.
#[tokio::test]
async fn a_provider_that_falls_silent_is_told_of_until_it_is_heard_again() {
    let visit = open(&[&garmin::DOOR, &wahoo::DOOR]).await;
    visit.bring(&garmin::DOOR, 0).await;
    visit.bring(&wahoo::DOOR, 0).await;
    days_pass_since_they_connected(&visit.world).await;
    assert_eq!(silent(&visit).await, 0);

    for _ in 0..6 {
        visit.world.rows(GARMINS_DAY).await;
    }
    assert_eq!(silent(&visit).await, 0, "six days are not too many");
    visit.world.rows(GARMINS_DAY).await;
    let asked = visit.api.calls().len();
    hours_pass(&visit.world).await;
    let pass = visit.world.look_back().await;
    assert_eq!((&pass["asked"], &pass["silent"]), (&json!(1), &json!(1)));
    assert_eq!(visit.api.calls().len(), asked + 1, "Garmin is not asked");
    // It is said as long as it is so, also when nobody is due.
    let again = visit.world.look_back().await;
    assert_eq!((&again["asked"], &again["silent"]), (&json!(0), &json!(1)));

    visit.bring(&garmin::DOOR, 1).await;
    assert_eq!(silent(&visit).await, 0);
    let lines = visit.stop().await;
    let told = warnings(&lines, "provider_silent");
    assert_eq!(told.len(), 2, "{told:?}");
    for line in told {
        assert_eq!(
            (&line["level"], &line["provider"], &line["connections"]),
            (&json!("WARN"), &json!("garmin"), &json!(1))
        );
        assert!(line["last"].is_string(), "{line}");
    }
}

#[tokio::test]
async fn a_provider_that_never_delivered_counts_from_its_first_connection() {
    let visit = open(&[&wahoo::DOOR]).await;
    assert_eq!(silent(&visit).await, 0);
    days_pass_since_they_connected(&visit.world).await;
    assert_eq!(silent(&visit).await, 1);

    // Of a provider to which nobody is connected any more, nothing is expected.
    let lapsed = "WITH lapsed AS (
            UPDATE connections SET status = 'needs_reauthorisation' RETURNING 1
        )
        SELECT to_jsonb(1) FROM lapsed";
    visit.world.rows(lapsed).await;
    assert_eq!(silent(&visit).await, 0);
    let lines = visit.stop().await;
    let told = warnings(&lines, "provider_silent");
    assert_eq!(told.len(), 1, "{told:?}");
    assert_eq!(told[0]["last"], Value::Null);
}

/// What is found by looking back is proof that webhooks are lost, but for what was there before.
#[tokio::test]
async fn a_connection_whose_webhooks_are_lost_is_told_of_with_how_many() {
    let visit = open(&[&strava::DOOR]).await;
    let lists = |activities: &[u64]| {
        for activity in activities {
            strava::knows_run(&visit.api, *activity, 600);
        }
        let rows: Vec<Value> = activities
            .iter()
            .map(|activity| strava::detail(*activity, 600))
            .collect();
        visit
            .api
            .answers("GET /api/v3/athlete/activities", move |call| {
                let is_first = call.query.split('&').any(|part| part == "page=1");
                Reply::json(&if is_first { json!(rows) } else { json!([]) })
            });
    };
    lists(&[1]);
    assert_eq!(visit.world.look_back().await["repaired"], 1);
    lists(&[1, 2, 3]);
    hours_pass(&visit.world).await;
    assert_eq!(visit.world.look_back().await["repaired"], 2);
    hours_pass(&visit.world).await;
    assert_eq!(visit.world.look_back().await["repaired"], 0);

    let connections = visit
        .world
        .rows("SELECT to_jsonb(id) FROM connections WHERE provider = 'strava'")
        .await;
    let lines = visit.stop().await;
    let told = warnings(&lines, "webhooks_lost");
    assert_eq!(told.len(), 1, "{told:?}");
    let line = &told[0];
    assert_eq!(
        (&line["level"], &line["provider"], &line["repaired"]),
        (&json!("WARN"), &json!("strava"), &json!(2))
    );
    assert_eq!(line["connection.id"], connections[0]);
}
