//! Garmin as its guides describe it: what it sends, and what is at the addresses that it tells.

use crate::doors::{Come, Door, Told, Visit, promises, recording};
use crate::post::{Credential, Post};
use serde_json::{Value, json};
use support::provider::Provider;
use support::world::Other;

const CLIENT: &str = "canary-client-id";
const SECRET: &str = "canary-path-secret";
/// 22:30 in UTC, and the next day where the athlete is.
const START: i64 = 1_792_535_400;

/// What is particular to it.
pub(crate) const DOOR: Door = Door {
    name: "garmin",
    account: "u-7f3",
    activity: "5001968355",
    settings,
    knows: |_, _| (),
    tells,
    credentials: &[Credential::Header("garmin-client-id"), Credential::Path],
    signs_body: false,
    // It is not asked for what it has told.
    asked_with: &[],
    comes_as: [
        Come {
            sport: "run",
            local_date: "2026-10-21",
            samples: 601,
            figures: &[
                ("/utc_offset_s", 7200.0),
                ("/computed/overall/elapsed_s", 600.0),
                ("/computed/overall/distance_m", 1800.0),
                ("/computed/overall/avg_hr_bpm", 150.0),
                ("/computed/overall/avg_cadence", 166.0),
            ],
        },
        Come {
            sport: "run",
            local_date: "2026-10-21",
            samples: 901,
            figures: &[("/computed/overall/distance_m", 2700.0)],
        },
    ],
};

promises!(DOOR);

fn settings(api: &Provider) -> Value {
    json!({
        "client_ids": [CLIENT],
        "path_secrets": [SECRET],
        "api": {
            "client_id": CLIENT,
            "client_secret": "canary-client-secret",
            "base_url": format!("{}/wellness-api/rest/", api.url()),
            "token_url": format!("{}/oauth/token", api.url()),
        },
    })
}

fn tells(told: &Told<'_>) -> Post {
    let seconds = [600, 900][told.changes];
    let details = details(told.account, told.activity, START, seconds);
    post(&json!({"activityDetails": [details]}))
}

pub(crate) fn post(lists: &Value) -> Post {
    Post::of(lists).at(SECRET).with("garmin-client-id", CLIENT)
}

/// A run with a sample a second.
pub(crate) fn details(
    account: Option<&str>,
    activity: Option<&str>,
    start: i64,
    seconds: u32,
) -> Value {
    let sample = |second: u32| {
        json!({
            "startTimeInSeconds": start + i64::from(second),
            "heartRate": 150,
            "stepsPerMinute": 166.0,
            "speedMetersPerSecond": 3.0,
            "totalDistanceInMeters": f64::from(second) * 3.0,
            "timerDurationInSeconds": second,
            "clockDurationInSeconds": second,
            "movingDurationInSeconds": second,
        })
    };
    let samples: Vec<Value> = (0..=seconds).map(sample).collect();
    json!({
        "userId": account,
        "summaryId": activity.map(|activity| format!("{activity}-detail")),
        "activityId": activity.and_then(|activity| activity.parse::<u64>().ok()),
        "summary": {
            "activityName": "Morning Run",
            "activityType": "RUNNING",
            "startTimeInSeconds": start,
            "startTimeOffsetInSeconds": 7200,
            "durationInSeconds": seconds,
            "distanceInMeters": f64::from(seconds) * 3.0,
            "averageHeartRateInBeatsPerMinute": 150,
            "averageRunCadenceInStepsPerMinute": 166.0,
            "activeKilocalories": 402,
            "deviceName": "fenix 7",
            "manual": false,
        },
        "samples": samples,
        "laps": [{"startTimeInSeconds": start}],
    })
}

/// P-09, P-10: Garmin would bring the whole list again for days because of one element.
#[tokio::test]
async fn of_a_list_the_good_elements_come_in_and_the_others_leave_nothing() {
    let visit = Visit::to(&DOOR).await;
    let other = Other::join_with(&visit.world, "garmin", "u-8").await;
    let milliseconds = START * 1000;
    let body = post(&json!({"activityDetails": [
        details(Some("u-9"), Some("7003"), START, 60),
        details(Some("u-7f3"), Some("8004"), milliseconds, 0),
        details(Some("u-7f3"), Some("5001968355"), START, 600),
        details(Some("u-7f3"), None, START, 60),
        details(Some("u-8"), Some("6002"), START, 900),
    ]}));
    let outcomes = |body: &Value| -> Vec<String> {
        let items = body["items"].as_array().unwrap();
        let outcome = |item: &Value| item["outcome"].as_str().unwrap().to_owned();
        items.iter().map(outcome).collect()
    };

    let told = visit.post(&DOOR, &body).await;
    assert_eq!(told.status, 200, "{told:?}");
    assert_eq!(
        outcomes(&told.body),
        ["unknown_athlete", "created", "created"]
    );
    visit.world.settle().await;

    let stored = "SELECT to_jsonb(provider_activity_id) FROM workouts ORDER BY 1";
    let stored = visit.world.rows(stored).await;
    assert_eq!(stored, [json!("5001968355"), json!("6002")]);
    let remembered = "SELECT to_jsonb(count(*)) FROM deliveries";
    assert_eq!(visit.world.rows(remembered).await, [json!(2)]);
    let mine = visit.world.get("/workouts").await["workouts"].clone();
    let theirs = other.get("/workouts").await.body["workouts"].clone();
    for (shown, distance) in [(&mine, 1800.0), (&theirs, 2700.0)] {
        assert_eq!(shown.as_array().unwrap().len(), 1, "{shown:#}");
        assert_eq!(shown[0]["distance_m"], distance);
        assert_eq!(shown[0]["metrics_status"], "complete");
    }

    let before = visit.rows().await;
    let again = visit.post(&DOOR, &body).await;
    assert_eq!(
        outcomes(&again.body),
        ["unknown_athlete", "duplicate", "duplicate"]
    );
    assert_eq!(visit.rows().await, before);
    // Whoever operates this sees what was left out, and why.
    let lines = visit.stop().await;
    let refused = |code: &str| {
        let lines = lines.lines().map(serde_json::from_str::<Value>);
        let mut lines = lines.filter_map(Result::ok);
        lines.any(|line| line["level"] == "WARN" && line["code"] == code)
    };
    for code in ["unknown_athlete", "invalid", "activity_id_missing"] {
        assert!(refused(code), "{code}: {lines}");
    }
}

#[tokio::test]
async fn that_our_access_ended_only_marks_the_connection_for_asking() {
    let visit = Visit::to(&DOOR).await;
    visit.bring(&DOOR, 0).await;
    let connection = "SELECT to_jsonb(c) FROM connections c WHERE provider = 'garmin'";
    let is_due = "SELECT to_jsonb(due_at <= clock_timestamp()) FROM reconciliations
         WHERE provider = 'garmin'";
    for lists in [
        json!({"deregistrations": [{"userId": "u-7f3"}]}),
        json!({"userPermissionsChange": [{
            "userId": "u-7f3", "summaryId": "x-1", "permissions": [],
            "changeTimeInSeconds": 1_792_530_100,
        }]}),
    ] {
        let later = "WITH later AS (
                 UPDATE reconciliations SET due_at = clock_timestamp() + interval '6 hours'
                 RETURNING 1
             )
             SELECT to_jsonb(1) FROM later";
        visit.world.rows(later).await;
        assert_eq!(visit.world.rows(is_due).await, [json!(false)]);
        let workouts = visit.world.everything().await;
        let connected = visit.world.rows(connection).await;

        let told = visit.post(&DOOR, &post(&lists)).await;

        assert_eq!((told.status, &told.body["outcome"]), (200, &json!("noted")));
        assert_eq!(visit.world.rows(is_due).await, [json!(true)]);
        assert_eq!(visit.world.rows(connection).await, connected);
        assert_eq!(visit.world.everything().await, workouts);
    }
    assert_eq!(visit.api.calls().len(), 0);
    visit.stop().await;
}

/// What is fetched is of the workout that the details made, and no address leads elsewhere.
#[tokio::test]
async fn an_announced_file_is_fetched_from_garmin_alone() {
    let visit = Visit::to(&DOOR).await;
    let workout = visit.bring(&DOOR, 0).await;
    let path = "/wellness-api/rest/activityFile";
    visit
        .api
        .always(&format!("GET {path}"), recording("run_track_fenix6.fit"));
    let elsewhere = Provider::start().await;
    let announced = |at: &Provider, activity: &str| {
        post(&json!({"activityFiles": [{
            "userId": DOOR.account,
            "summaryId": activity,
            "fileType": "FIT",
            "callbackURL": format!("{}{path}?id=1&token=canary-of-the-address", at.url()),
        }]}))
    };

    let told = visit
        .post(&DOOR, &announced(&visit.api, DOOR.activity))
        .await;
    assert_eq!(told.workout_id(), workout);
    let led_astray = visit.post(&DOOR, &announced(&elsewhere, "9")).await;
    visit.world.settle().await;

    let come = Come {
        samples: 1672,
        figures: &[("/computed/overall/distance_m", 6440.01)],
        ..DOOR.comes_as[0]
    };
    visit.assert_is(workout, &come).await;
    assert_eq!(
        visit.api.calls()[0].query,
        "id=1&token=canary-of-the-address"
    );
    let failed = format!("/workouts/{}", led_astray.workout_id());
    let failed = visit.world.get(&failed).await;
    let error = failed["fetch"]["error"].as_str().unwrap();
    assert!(error.starts_with("provider_answer: "), "{error}");
    assert_eq!(elsewhere.calls().len(), 0);
    visit.stop().await;
}
