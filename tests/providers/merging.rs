//! One session that several providers tell of is one workout, and says whose each part of it is.

use crate::doors::{Visit, recording};
use crate::strava::{self, EVENT_TIME};
use crate::{garmin, hevy};
use domain::id::WorkoutId;
use reqwest::Method;
use serde_json::{Value, json};
use support::provider::Reply;

/// When Hevy's workout begins, in seconds since 1970, and how long it is.
pub(crate) const START: i64 = 1_792_535_400;
pub(crate) const SECONDS: u32 = 3000;
const STRAVAS: u64 = 42;

/// Who tells of the session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Teller {
    Garmin,
    Strava,
    Hevy,
}

use Teller::{Garmin, Hevy, Strava};

/// A world in which the athlete has connected all three.
pub(crate) async fn open() -> Visit {
    let doors = [&garmin::DOOR, &strava::DOOR, &hevy::DOOR];
    let visit = Visit::open(&doors).await;
    for door in doors {
        visit.connect(door).await;
    }
    (hevy::DOOR.knows)(&visit.api, 0);
    strava_knows(&visit, START + 20, SECONDS - 40);
    visit
}

/// What Strava was passed on of the same hour in the gym, with a heart rate of its own.
fn strava_knows(visit: &Visit, start: i64, seconds: u32) {
    let mut detail = strava::detail(STRAVAS, seconds);
    let at = chrono::DateTime::from_timestamp(start, 0).unwrap();
    detail["start_date"] = json!(at);
    detail["utc_offset"] = json!(7200.0);
    detail["sport_type"] = json!("WeightTraining");
    detail["name"] = json!("Gym");
    detail["distance"] = json!(0.0);
    detail["calories"] = json!(250.0);
    let column = |value: fn(u32) -> f64| -> Value {
        let data: Vec<f64> = (0..=seconds).map(value).collect();
        json!({"data": data, "series_type": "time", "original_size": data.len(), "resolution": "high"})
    };
    let streams = json!({"time": column(f64::from), "heartrate": column(|_| 140.0)});
    let api = &visit.api;
    api.always(&strava::detail_of(STRAVAS), Reply::json(&detail));
    api.always(&strava::streams_of(STRAVAS), Reply::json(&streams));
}

/// Tells of the session, and lets all that follows happen.
pub(crate) async fn tell(visit: &Visit, teller: Teller, changes: usize) -> WorkoutId {
    let told = announce(visit, teller, changes).await;
    visit.world.settle().await;
    told
}

/// Tells of the session.
async fn announce(visit: &Visit, teller: Teller, changes: usize) -> WorkoutId {
    let told = match teller {
        Garmin => {
            let account = Some(garmin::DOOR.account);
            let mut details = garmin::details(account, Some("5001968355"), START, SECONDS);
            let summary = &mut details["summary"];
            summary["activityType"] = json!("STRENGTH_TRAINING");
            summary["activityName"] = json!("Strength");
            summary["distanceInMeters"] = json!(0.0);
            for sample in details["samples"].as_array_mut().unwrap() {
                let sample = sample.as_object_mut().unwrap();
                sample.retain(|name, _| name == "startTimeInSeconds" || name == "heartRate");
            }
            let post = garmin::post(&json!({"activityDetails": [details]}));
            visit.post(&garmin::DOOR, &post).await
        }
        Strava => {
            let (aspect, at) = [("create", EVENT_TIME), ("update", EVENT_TIME + 60)][changes];
            strava::tell(&visit.world, STRAVAS, aspect, at).await
        }
        Hevy => {
            let post = visit.told(&hevy::DOOR, changes);
            visit.post(&hevy::DOOR, &post).await
        }
    };
    assert_eq!(told.status, 200, "{told:?}");
    told.workout_id()
}

async fn list(visit: &Visit) -> Vec<Value> {
    let list = visit.world.get("/workouts").await;
    list["workouts"].as_array().unwrap().clone()
}

/// The only workout there is, whole and complete.
pub(crate) async fn only(visit: &Visit) -> Value {
    let list = list(visit).await;
    assert_eq!(list.len(), 1, "{list:#?}");
    one(visit, &list[0]["workout_id"]).await
}

async fn one(visit: &Visit, workout: &Value) -> Value {
    let path = format!("/workouts/{}", workout.as_str().unwrap());
    let workout = visit.world.get(&path).await;
    for stage in ["summary", "analysis", "metrics"] {
        assert_eq!(
            workout[format!("{stage}_status")],
            "complete",
            "{workout:#}"
        );
    }
    workout
}

/// Who tells of a workout, the lead first.
fn tellers(workout: &Value) -> Vec<&str> {
    let sources = workout["sources"].as_array();
    let names = sources.into_iter().flatten();
    names.map(|s| s["provider"].as_str().unwrap()).collect()
}

/// P-13: the watch's heart rate, the app's sets, and both ids; in whichever order they come.
#[tokio::test]
async fn three_providers_words_of_a_session_are_one_workout_in_any_order() {
    let orders = [
        [Garmin, Strava, Hevy],
        [Garmin, Hevy, Strava],
        [Strava, Garmin, Hevy],
        [Strava, Hevy, Garmin],
        [Hevy, Garmin, Strava],
        [Hevy, Strava, Garmin],
    ];
    let mut first: Option<Value> = None;
    for order in orders {
        let visit = open().await;
        let mut told = Vec::new();
        for teller in order {
            told.push(tell(&visit, teller, 0).await);
        }
        let workout = only(&visit).await;
        assert_eq!(
            workout["workout_id"],
            json!(told[0]),
            "clients keep their id"
        );
        for known in &told {
            let shown = visit.world.get(&format!("/workouts/{known}")).await;
            assert_eq!(shown, workout, "whoever knows another id finds it");
            let status = visit.world.get(&format!("/workouts/{known}/status")).await;
            assert_eq!(status["generation"], workout["generation"]);
        }

        assert_eq!(tellers(&workout), ["garmin", "hevy", "strava"]);
        assert_eq!(workout["sources"][2]["provider_activity_id"], "42");
        assert_eq!(
            (&workout["name"], &workout["sport"]),
            (&json!("Strength"), &json!("strength"))
        );
        let computed = &workout["computed"];
        let overall = &computed["overall"];
        assert_eq!(overall["avg_hr_bpm"], 150.0, "{overall:#}");
        assert_eq!(overall["calories_kcal"], 402.0);
        assert_eq!(computed["analysis"]["sets"][1]["weight_kg"], 100.0);
        let whose = &overall["provenance"];
        assert_eq!(whose["hr_bpm"], "garmin", "{whose:#}");
        assert_eq!(whose["samples"], "garmin");
        assert_eq!(whose["sets"], "hevy");
        assert_eq!(whose["totals.calories_kcal"], "garmin");

        let first = first.get_or_insert_with(|| computed.clone());
        assert_eq!(computed, first, "{order:?}");
        visit.stop().await;
    }
}

/// P-13, P-05: nobody waits for anybody.
#[tokio::test]
async fn a_session_told_of_by_all_at_once_is_one_workout() {
    let visit = open().await;
    let garmins = announce(&visit, Garmin, 0);
    let stravas = announce(&visit, Strava, 0);
    let hevys = announce(&visit, Hevy, 0);
    let told = tokio::join!(garmins, stravas, hevys);
    visit.world.settle().await;

    let workout = only(&visit).await;
    assert_eq!(tellers(&workout), ["garmin", "hevy", "strava"]);
    let runs = "SELECT to_jsonb(r) FROM stage_runs r WHERE stage <> 'fetch'";
    assert_eq!(visit.world.rows(runs).await.len(), 3, "it is computed once");
    let ids = [told.0, told.1, told.2];
    assert!(ids.iter().any(|id| json!(id) == workout["workout_id"]));
    visit.stop().await;
}

/// P-13: what a source lacks comes from the next.
#[tokio::test]
async fn an_app_without_samples_takes_those_of_whoever_has_them() {
    let visit = open().await;
    tell(&visit, Hevy, 0).await;
    let alone = only(&visit).await;
    assert_eq!(alone["sources"], Value::Null);
    assert_eq!(alone["computed"]["overall"]["provenance"], Value::Null);
    assert_eq!(alone["computed"]["overall"]["avg_hr_bpm"], Value::Null);

    tell(&visit, Strava, 0).await;
    let workout = only(&visit).await;
    assert_eq!(tellers(&workout), ["strava", "hevy"]);
    let overall = &workout["computed"]["overall"];
    assert_eq!(overall["avg_hr_bpm"], 140.0);
    assert_eq!(overall["provenance"]["hr_bpm"], "strava");
    assert_eq!(overall["provenance"]["sets"], "hevy");
    // Twenty seconds later by the samples' clock.
    let sets = &workout["computed"]["analysis"]["sets"];
    assert_eq!(sets[0]["reps"], 10.0);
    visit.stop().await;
}

/// P-13, P-08: never two plans, and the plan stays with the session whoever tells of it.
#[tokio::test]
async fn a_session_of_two_providers_holds_one_plan_and_keeps_it_when_one_is_deleted() {
    let visit = open().await;
    let plan = |name: &str, seconds: u32| json!({"date": "2026-10-21", "sport": "strength", "name": name, "total_duration_s": seconds});
    let plan_near = visit.world.create_plan(&plan("Legs", SECONDS)).await;
    visit
        .world
        .create_plan(&plan("Arms", SECONDS / 2 + 300))
        .await;
    let stravas = tell(&visit, Strava, 0).await;
    tell(&visit, Garmin, 0).await;

    let workout = only(&visit).await;
    assert_eq!(
        workout["plan"]["planned_id"],
        json!(plan_near),
        "{workout:#}"
    );
    let holders = "SELECT to_jsonb(id) FROM workouts WHERE planned_id IS NOT NULL";
    assert_eq!(visit.world.rows(holders).await, [json!(stravas)]);

    visit
        .api
        .always(&strava::detail_of(STRAVAS), Reply::status(404));
    strava::tell(&visit.world, STRAVAS, "delete", EVENT_TIME + 90).await;
    visit.world.settle().await;

    let left = only(&visit).await;
    assert_eq!(
        (tellers(&left).len(), &left["provider"]),
        (0, &json!("garmin"))
    );
    assert_eq!(left["plan"]["planned_id"], json!(plan_near), "{left:#}");
    assert_eq!(
        visit.world.rows(holders).await,
        [left["workout_id"].clone()]
    );
    visit.stop().await;
}

/// P-13: the athlete knows better, and it is remembered.
#[tokio::test]
async fn what_the_athlete_takes_apart_stays_apart_until_it_may_merge_again() {
    let visit = open().await;
    tell(&visit, Garmin, 0).await;
    tell(&visit, Strava, 0).await;
    let merged = only(&visit).await;
    let path = format!("/workouts/{}/merge", merged["workout_id"].as_str().unwrap());

    let apart = visit.world.send(Method::DELETE, &path, "").await;
    assert_eq!(apart.status, 202, "{apart:?}");
    assert_eq!(apart.body["workout_ids"].as_array().unwrap().len(), 2);
    visit.world.settle().await;
    let check = async |workouts: Vec<Value>| {
        assert_eq!(workouts.len(), 2, "{workouts:#?}");
        for workout in workouts {
            let workout = one(&visit, &workout["workout_id"]).await;
            assert_eq!(workout["sources"], Value::Null);
            let expected = if workout["provider"] == "garmin" {
                150.0
            } else {
                140.0
            };
            assert_eq!(workout["computed"]["overall"]["avg_hr_bpm"], expected);
        }
    };
    check(list(&visit).await).await;

    // What is told again, and changed, does not merge by itself.
    strava_knows(&visit, START + 30, SECONDS - 60);
    tell(&visit, Strava, 1).await;
    check(list(&visit).await).await;
    // But what a third tells belongs to the one that was not told to stay alone.
    tell(&visit, Hevy, 0).await;
    let mut all = list(&visit).await;
    all.retain(|workout| workout["sources"] != Value::Null);
    assert_eq!(tellers(&all[0]), ["garmin", "hevy"]);

    let alone = list(&visit).await;
    let alone = alone.iter().find(|w| w["sources"] == Value::Null).unwrap();
    let path = format!("/workouts/{}/merge", alone["workout_id"].as_str().unwrap());
    let again = visit.world.send(Method::PUT, &path, "").await;
    assert_eq!(again.status, 202, "{again:?}");
    visit.world.settle().await;
    assert_eq!(tellers(&only(&visit).await), ["garmin", "hevy", "strava"]);

    let nobodys = "/workouts/01890000-0000-7000-8000-000000000000/merge";
    let nobodys = visit.world.send(Method::DELETE, nobodys, "").await;
    assert_eq!(nobodys.status, 404);
    visit.stop().await;
}

/// P-14
#[tokio::test]
async fn the_source_that_the_athlete_prefers_leads() {
    let visit = open().await;
    tell(&visit, Garmin, 0).await;
    tell(&visit, Strava, 0).await;
    let before = only(&visit).await;
    let prefer = async |name: &str| {
        let profile = json!({"source_preference": name}).to_string();
        let answer = visit.world.send(Method::PUT, "/athlete", profile).await;
        visit.world.settle().await;
        answer
    };

    assert_eq!(prefer("strava").await.status, 200);
    let preferred = only(&visit).await;
    assert_eq!(tellers(&preferred), ["strava", "garmin"]);
    assert_eq!(
        (&preferred["provider"], &preferred["name"]),
        (&json!("strava"), &json!("Gym"))
    );
    let overall = &preferred["computed"]["overall"];
    assert_eq!(overall["avg_hr_bpm"], 140.0);
    assert_eq!(overall["calories_kcal"], 250.0);
    // Of what comes later, too.
    tell(&visit, Hevy, 0).await;
    assert_eq!(tellers(&only(&visit).await)[0], "strava");

    assert_eq!(prefer("garmin").await.status, 200);
    assert_eq!(tellers(&only(&visit).await)[0], "garmin");
    assert_eq!(prefer("both").await.status, 200);
    let after = only(&visit).await;
    assert_eq!(
        after["computed"]["overall"]["avg_hr_bpm"],
        before["computed"]["overall"]["avg_hr_bpm"]
    );
    assert_eq!(
        visit.world.get("/athlete").await["source_preference"],
        "both"
    );
    let unknown = prefer("a watch").await;
    assert_eq!((unknown.status, unknown.code()), (422, "invalid"));
    visit.stop().await;
}

/// P-07, P-13: a change of one source is a change of the workout, and not current before it came.
#[tokio::test]
async fn what_one_source_changes_is_computed_anew_and_may_part_them() {
    let visit = open().await;
    tell(&visit, Hevy, 0).await;
    tell(&visit, Garmin, 0).await;
    let before = only(&visit).await;

    (hevy::DOOR.knows)(&visit.api, 1);
    visit.world.cloud().pause_mappings().await;
    let told = visit.told(&hevy::DOOR, 1);
    let told = visit.post(&hevy::DOOR, &told).await;
    assert_eq!(told.body["outcome"], "announced");
    let waiting = list(&visit).await;
    assert_eq!(waiting[0]["summary_status"], "pending");
    visit.world.settle().await;

    let after = only(&visit).await;
    assert_eq!(after["workout_id"], before["workout_id"]);
    assert_eq!(after["computed"]["analysis"]["sets"][1]["volume_kg"], 600.0);
    assert_eq!(after["computed"]["overall"]["avg_hr_bpm"], 150.0);

    // Strava's is of another time first, and of this one after a correction, and back.
    strava_knows(&visit, START + 3600, SECONDS);
    tell(&visit, Strava, 0).await;
    assert_eq!(list(&visit).await.len(), 2);
    strava_knows(&visit, START + 60, SECONDS);
    tell(&visit, Strava, 1).await;
    assert_eq!(tellers(&only(&visit).await), ["garmin", "hevy", "strava"]);
    strava_knows(&visit, START + 3600, SECONDS);
    strava::tell(&visit.world, STRAVAS, "update", EVENT_TIME + 120).await;
    visit.world.settle().await;
    let parted = list(&visit).await;
    assert_eq!(parted.len(), 2);
    for workout in &parted {
        one(&visit, &workout["workout_id"]).await;
    }
    visit.stop().await;
}

/// P-13: the day's load is that of the session, and of each of the two once they are parted.
#[tokio::test]
async fn a_merged_session_counts_once_in_the_load_of_its_day() {
    let visit = open().await;
    let profile = json!({"sex": "m", "thresholds": [{
        "valid_from": "2020-01-01", "hr_max_bpm": 190, "hr_rest_bpm": 50, "hr_threshold_bpm": 170,
    }]});
    let put = visit
        .world
        .send(Method::PUT, "/athlete", profile.to_string())
        .await;
    assert_eq!(put.status, 200, "{put:?}");
    tell(&visit, Garmin, 0).await;
    tell(&visit, Strava, 0).await;
    let date = only(&visit).await["local_date"].clone();
    let date = date.as_str().unwrap();
    let check = async |count: usize| {
        let path = format!("/athlete/fitness?from={date}&to={date}");
        let shown = visit.world.get(&path).await["days"][0].clone();
        assert_eq!(shown["workouts"], json!(count), "{shown}");
        let mut expected = 0.0;
        for workout in list(&visit).await {
            let workout = one(&visit, &workout["workout_id"]).await;
            expected += workout["computed"]["metrics"]["load"].as_f64().unwrap();
        }
        let load = shown["load"].as_f64().unwrap();
        assert!(load > 0.0 && (load - expected).abs() < 1e-9, "{shown}");
        load
    };
    let once = check(1).await;

    let merged = only(&visit).await;
    let path = format!("/workouts/{}/merge", merged["workout_id"].as_str().unwrap());
    let apart = visit.world.send(Method::DELETE, &path, "").await;
    assert_eq!(apart.status, 202, "{apart:?}");
    visit.world.settle().await;
    assert!(check(2).await > once);
    visit.stop().await;
}

/// P-13, P-08: what a provider told goes whole, and what others told of the session stays whole.
#[tokio::test]
async fn who_disconnects_a_source_keeps_what_the_others_told_of_the_session() {
    for order in [[Garmin, Strava], [Strava, Garmin]] {
        let visit = open().await;
        for teller in order {
            tell(&visit, teller, 0).await;
        }
        let prefer = json!({"source_preference": "strava"}).to_string();
        visit.world.send(Method::PUT, "/athlete", prefer).await;
        visit.world.settle().await;
        assert_eq!(only(&visit).await["name"], "Gym");

        let gone = visit
            .world
            .send(Method::DELETE, "/connections/strava", "")
            .await;
        assert_eq!(gone.status, 200, "{gone:?}");
        assert_eq!(gone.body["rows"]["workouts"], 1);
        // The sweep rings.
        visit.world.let_time_pass().await;
        visit.world.settle().await;

        let left = only(&visit).await;
        assert_eq!(
            (&left["provider"], &left["name"]),
            (&json!("garmin"), &json!("Strength"))
        );
        assert_eq!(left["sources"], Value::Null);
        let overall = &left["computed"]["overall"];
        assert_eq!(overall["avg_hr_bpm"], 150.0);
        assert_eq!(overall["provenance"], Value::Null);
        let all = "SELECT to_jsonb(provider) FROM workouts";
        assert_eq!(visit.world.rows(all).await, [json!("garmin")]);
        visit.stop().await;
    }
}

/// P-70: what one source could not bring is asked for again with the workout that shows it.
#[tokio::test]
async fn who_asks_for_a_workout_again_asks_for_its_sources_too() {
    let visit = open().await;
    tell(&visit, Garmin, 0).await;
    tell(&visit, Strava, 0).await;
    visit
        .api
        .always(&strava::detail_of(STRAVAS), Reply::status(400));
    tell(&visit, Strava, 1).await;
    let failed = list(&visit).await[0].clone();
    assert_eq!(
        (&failed["fetch"]["status"], &failed["summary_status"]),
        (&json!("failed"), &json!("failed"))
    );

    strava_knows(&visit, START + 30, SECONDS - 60);
    let path = format!("/workouts/{}", failed["workout_id"].as_str().unwrap());
    let again = visit
        .world
        .send(Method::POST, &format!("{path}/reanalyse"), "")
        .await;
    assert_eq!(again.status, 202, "{again:?}");
    visit.world.settle().await;

    let mended = only(&visit).await;
    assert_eq!(mended["fetch"]["status"], "complete");
    assert_eq!(mended["sources"][1]["started_at"], "2026-10-20T22:30:30Z");
    visit.stop().await;
}

/// P-13: an uploaded file is a workout of its own, unless a provider brought the very same bytes.
#[tokio::test]
async fn an_upload_merges_with_nothing_but_its_own_bytes() {
    const FILE: &str = "run_track_fenix6.fit";
    let visit = open().await;
    let bytes = support::oracle::bytes(FILE).unwrap();
    let uploaded = visit.world.send(Method::POST, "/activities", bytes).await;
    assert_eq!(uploaded.status, 202, "{uploaded:?}");
    visit.world.settle().await;
    let file = only(&visit).await;

    let mut told = visit.world.run("same-session", 60);
    for (ours, theirs) in [
        ("started_at", "started_at"),
        ("elapsed_s", "duration_s"),
        ("timer_s", "duration_s"),
        ("distance_m", "distance_m"),
        ("sport", "sport"),
    ] {
        told["activity"][ours] = file[theirs].clone();
    }
    visit.world.deliver(&told).await;
    visit.world.settle().await;
    assert_eq!(
        list(&visit).await.len(),
        2,
        "the same session, in other words"
    );

    let path = "/wellness-api/rest/activityFile";
    visit.api.always(&format!("GET {path}"), recording(FILE));
    let announced = garmin::post(&json!({"activityFiles": [{
        "userId": garmin::DOOR.account,
        "summaryId": "77",
        "fileType": "FIT",
        "callbackURL": format!("{}{path}?id=1", visit.api.url()),
    }]}));
    visit.post(&garmin::DOOR, &announced).await;
    visit.world.settle().await;
    let shown = one(&visit, &file["workout_id"]).await;
    assert_eq!(
        tellers(&shown),
        ["garmin", "paceline", "upload"],
        "{shown:#}"
    );
    visit.stop().await;
}
