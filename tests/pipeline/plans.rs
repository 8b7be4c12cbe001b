//! Planned workouts in every form, from the request to what is shown and computed.

use local::cloud::Start;
use reqwest::{Method, StatusCode, header};
use serde_json::{Value, json};
use std::slice;
use support::world;
use support::world::World;

const FIT: &str = "application/vnd.ant.fit";

/// A plan for the day of [`World::run`], its steps as text.
fn plan(text: &str) -> Value {
    json!({"date": "2026-11-20", "sport": "run", "name": "Repeats", "text": text})
}

/// Sends bytes that say what they are, and asks for what is wanted.
async fn send(
    world: &World,
    method: Method,
    path: &str,
    headers: &[(header::HeaderName, &str)],
    body: Vec<u8>,
) -> reqwest::Response {
    let endpoint = world.endpoint();
    let mut request = reqwest::Client::new()
        .request(method, format!("{}{path}", endpoint.url))
        .bearer_auth(&endpoint.token)
        .body(body);
    for (name, value) in headers {
        request = request.header(name, *value);
    }
    request.send().await.unwrap()
}

async fn export(world: &World, planned: &str) -> reqwest::Response {
    let path = format!("/planned-workouts/{planned}");
    let accept = (
        header::ACCEPT,
        "application/json;q=0.1, application/vnd.ant.fit",
    );
    send(world, Method::GET, &path, &[accept], Vec::new()).await
}

async fn refusal(response: reqwest::Response) -> (u16, String, String) {
    assert_eq!(
        response.headers()[header::CONTENT_TYPE],
        "application/problem+json"
    );
    let status = response.status().as_u16();
    let document: Value = serde_json::from_slice(&response.bytes().await.unwrap()).unwrap();
    let word = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let field = word(&document["errors"][0]["field"]);
    (status, word(&document["code"]), field)
}

fn ids(plan: &Value) -> Vec<&str> {
    let steps = plan["steps"].as_array().unwrap().iter();
    steps.map(|step| step["id"].as_str().unwrap()).collect()
}

/// P-47
#[tokio::test]
async fn a_plan_of_text_is_shown_as_steps_and_as_text() {
    let world = world!(Start::Paused);
    let text = "paces 5k=7:30/mi easy=9:00/mi\nwarmup_run_quality_12min\n2x(400m @ 3:40-3:50/km / 90s jog) / cd 5min";

    let planned = world.create_plan(&plan(text)).await;

    let seen = world.get(&format!("/planned-workouts/{planned}")).await;
    assert_eq!(
        seen["text"],
        "warmup 12min @ 8:28-9:32/mi\n2x(400m @ 3:40-3:50/km / recovery 1min30s)\ncooldown 5min"
    );
    assert_eq!(seen["steps"][0]["target"]["unit"], "s_per_mile");
    assert_eq!(seen["steps"][1]["steps"][0]["id"], "step-2");
    // 12 min, 2 × (400 m at 3:45 a kilometre and 90 s), 5 min.
    assert_eq!(
        seen["total_duration_s"],
        720.0 + 2.0 * (90.0 + 90.0) + 300.0
    );
    assert_eq!(seen.get("total_distance_m"), None);
    let again = world
        .create_plan(&plan(seen["text"].as_str().unwrap()))
        .await;
    let again = world.get(&format!("/planned-workouts/{again}")).await;
    assert_eq!(again["steps"], seen["steps"]);

    let theirs = "Warmup\n- 10m 60% Pace\n\n3x\n- 1km 95-100% Pace\n- 90s Z1 HR";
    let planned = world.create_plan(&plan(theirs)).await;
    let seen = world.get(&format!("/planned-workouts/{planned}")).await;
    assert_eq!(
        seen["text"],
        "warmup 10min @ 60% pace\n3x(1km @ 95-100% pace / 1min30s @ z1 hr)"
    );
    let listed = world.get("/planned-workouts").await;
    assert_eq!(listed["planned_workouts"].as_array().unwrap().len(), 3);
    assert_eq!(listed["planned_workouts"][2]["text"], seen["text"]);
    world.stop().await;
}

#[tokio::test]
async fn a_plan_goes_out_as_a_fit_file_and_comes_back_the_same() {
    let world = world!(Start::Paused);
    let mut swim = plan(
        "pool 25m\nwarmup 200m\n4x(100m @ 1:40-1:45/100m with fins \"long\" / rest 15s)\ndrill lap",
    );
    swim["sport"] = "swim".into();
    let planned = world.create_plan(&swim).await;

    let file = export(&world, &planned).await;
    assert_eq!(file.status(), StatusCode::OK);
    assert_eq!(file.headers()[header::CONTENT_TYPE], FIT);
    assert_eq!(file.headers()[header::VARY], "accept");
    let disposition = file.headers()[header::CONTENT_DISPOSITION]
        .to_str()
        .unwrap();
    assert_eq!(
        disposition,
        format!("attachment; filename=\"{planned}.fit\"")
    );
    let file = file.bytes().await.unwrap().to_vec();
    let again = export(&world, &planned).await.bytes().await.unwrap();
    assert_eq!(file, again, "the same plan is the same file");

    let kind = (header::CONTENT_TYPE, FIT);
    let path = "/planned-workouts?date=2026-11-20&name=Back";
    let back = send(
        &world,
        Method::POST,
        path,
        slice::from_ref(&kind),
        file.clone(),
    )
    .await;
    assert_eq!(back.status(), StatusCode::CREATED);
    let location = back.headers()[header::LOCATION]
        .to_str()
        .unwrap()
        .to_owned();
    let seen = world.get(&location).await;
    assert_eq!(
        (&seen["name"], &seen["sport"]),
        (&json!("Back"), &json!("swim"))
    );
    assert_eq!(seen["pool_length_m"], 25.0);
    assert_eq!(
        seen["text"],
        "pool 25m\nwarmup 200m\n4x(100m @ 0.952-1mps with fins \"long\" / rest 15s)\ndrill lap"
    );
    // It replaces a plan as well, and is known by its first bytes.
    let path = format!("{location}?date=2026-11-21");
    let put = send(&world, Method::PUT, &path, &[], file.clone()).await;
    assert_eq!(put.status(), StatusCode::OK);
    let seen = world.get(&location).await;
    assert_eq!(
        (&seen["name"], &seen["date"]),
        (&json!("Repeats"), &json!("2026-11-21"))
    );

    let undated = send(
        &world,
        Method::POST,
        "/planned-workouts",
        slice::from_ref(&kind),
        file.clone(),
    )
    .await;
    assert_eq!(
        refusal(undated).await,
        (400, "bad_date".into(), String::new())
    );
    let path = "/planned-workouts?date=2026-11-20";
    let damaged = file[..file.len() - 5].to_vec();
    let damaged = send(&world, Method::POST, path, slice::from_ref(&kind), damaged).await;
    assert_eq!(
        refusal(damaged).await,
        (422, "undecodable".into(), String::new())
    );
    let recording = std::fs::read(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/fixtures/activities/ride_power_edge1000.fit"
    ))
    .unwrap();
    let recording = send(&world, Method::POST, path, &[kind], recording).await;
    assert_eq!(
        refusal(recording).await,
        (422, "not_a_workout".into(), String::new())
    );
    world.stop().await;
}

#[tokio::test]
async fn what_a_form_cannot_say_is_refused_by_its_field() {
    let world = world!(Start::Paused);
    let post = async |plan: Value| {
        let body = plan.to_string().into_bytes();
        let json = (header::CONTENT_TYPE, "application/json");
        refusal(send(&world, Method::POST, "/planned-workouts", &[json], body).await).await
    };
    let invalid = |field: &str| (422, "invalid".to_owned(), field.to_owned());
    assert_eq!(post(plan("8min @ 95")).await, invalid("/text"));
    assert_eq!(post(plan("- 10m\n- ten minutes")).await, invalid("/text"));
    assert_eq!(post(plan("100x(100x(1s))")).await, invalid("/text"));
    let mut both = plan("8min");
    both["steps"] = json!([]);
    assert_eq!(post(both).await, invalid("/text"));
    let mut steps = plan("");
    steps.as_object_mut().unwrap().remove("text");
    steps["steps"] = json!([{"repeat": 2, "steps": [{"kind": "work", "duration": {"type": "time", "value": 1},
        "target": {"type": "power", "low": 1, "unit": "horses"}}]}]);
    assert_eq!(
        post(steps.clone()).await,
        invalid("/steps/0/steps/0/target/unit")
    );
    steps["steps"][0]["steps"][0]["kind"] = "jog".into();
    assert_eq!(post(steps).await, invalid("/steps/0/steps/0"));

    let ramp = world
        .create_plan(&plan("1min / 10min @ ramp 80-95% pace"))
        .await;
    let refused = refusal(export(&world, &ramp).await).await;
    assert_eq!(
        refused,
        (422, "not_in_fit".into(), "/steps/1/target".into())
    );
    let share = world.create_plan(&plan("10min @ 95% pace")).await;
    let refused = refusal(export(&world, &share).await).await;
    assert_eq!(
        refused,
        (422, "not_in_fit".into(), "/steps/0/target".into())
    );
    // It is what it is of the athlete's threshold, once that is known.
    let profile = json!({"thresholds": [{"valid_from": "2026-11-01", "threshold_speed_mps": 4.0}]});
    let put = world
        .send(Method::PUT, "/athlete", profile.to_string())
        .await;
    assert_eq!(put.status, 200, "{put:?}");
    assert_eq!(export(&world, &share).await.status(), StatusCode::OK);
    world.stop().await;
}

/// P-46
#[tokio::test]
async fn a_plan_that_is_made_again_keeps_the_ids_that_its_session_was_matched_by() {
    let world = world!(Start::Running);
    let planned = world
        .create_plan(&plan("warmup 4min / 5min / cooldown 1min"))
        .await;
    let path = format!("/planned-workouts/{planned}");
    let workout = world.deliver(&world.run("a", 600)).await.workout_id();
    world.settle().await;
    let first = world.get(&format!("/workouts/{workout}")).await;
    assert_eq!(first["plan"]["planned_id"], json!(planned));

    // The same text, and the same steps without their ids, change nothing.
    let again = world
        .send(
            Method::PUT,
            &path,
            plan("wu 4:00\n5min\ncd 1min").to_string(),
        )
        .await;
    assert_eq!(
        ids(&again.body),
        ["step-1", "step-2", "step-3"],
        "{again:?}"
    );
    let mut bare = again.body.clone();
    let members = bare.as_object_mut().unwrap();
    members.retain(|key, _| ["date", "sport", "name", "steps"].contains(&key.as_str()));
    for step in bare["steps"].as_array_mut().unwrap() {
        step.as_object_mut().unwrap().remove("id");
    }
    let again = world.send(Method::PUT, &path, bare.to_string()).await;
    assert_eq!(ids(&again.body), ["step-1", "step-2", "step-3"]);
    world.settle().await;
    let same = world.get(&format!("/workouts/{workout}")).await;
    assert_eq!(same["generation"], first["generation"]);
    assert_eq!(same["computed"], first["computed"]);

    // One step more in front, and one that was edited: those that stayed are told by their ids.
    let edited = plan("drill 1min / warmup 4min / 6min / cooldown 1min");
    let edited = world.send(Method::PUT, &path, edited.to_string()).await;
    assert_eq!(ids(&edited.body), ["step-5", "step-1", "step-2", "step-3"]);
    world.stop().await;
}
