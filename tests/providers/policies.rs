//! What a provider's terms forbid to show or to keep is not shown, and what may not be kept for long is
//! asked for again in time.

use crate::fetch::{fetch_of, world};
use crate::merging::{Teller, only, open, tell};
use crate::reconcile::hours_pass;
use crate::strava::{self, EVENT_TIME, detail_of, streams_of};
use local::cloud::Start;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use support::provider::{Provider, Reply};
use support::world::{Answer, Other, World};

const LIST: &str = "GET /api/v3/athlete/activities";
/// What a provider told of a workout, besides its name and its id there.
const TOLD: [&str; 9] = [
    "sport",
    "sub_sport",
    "name",
    "started_at",
    "utc_offset_s",
    "local_date",
    "duration_s",
    "distance_m",
    "partial",
];

/// A world in which Strava told of a run, and the run. Whatever is asked for next waits until it is
/// let go.
async fn told_of_a_run(strava: &Provider) -> (World, String) {
    strava::knows_run(strava, 42, 600);
    strava.always(LIST, Reply::json(&json!([])));
    let world = world(strava).await;
    let told = strava::tell(&world, 42, "create", EVENT_TIME).await;
    world.settle().await;
    world.cloud().pause_mappings().await;
    let path = format!("/workouts/{}", told.workout_id());
    (world, path)
}

async fn ask(world: &World, path: &str) -> Answer {
    world.send(Method::GET, path, "").await
}

/// The only workout of the list.
async fn listed(world: &World, query: &str) -> Value {
    let list = world.get(&format!("/workouts{query}")).await;
    let workouts = list["workouts"].as_array().unwrap();
    assert_eq!(workouts.len(), 1, "{list:#}");
    workouts[0].clone()
}

/// Lets so many hours pass since a provider told anything.
async fn grow_old(world: &World, hours: i32) {
    sqlx::query("UPDATE workouts SET told_at = told_at - make_interval(hours => $1)")
        .bind(hours)
        .execute(&mut world.sql().await)
        .await
        .unwrap();
}

async fn change(world: &World, statement: &'static str) {
    let changed = sqlx::query(statement)
        .execute(&mut world.sql().await)
        .await
        .unwrap();
    assert!(changed.rows_affected() > 0, "{statement}");
}

/// How many workouts a looking back has asked for again.
async fn renewed(world: &World) -> Value {
    hours_pass(world).await;
    let pass = world.look_back().await;
    assert_eq!((&pass["asked"], &pass["repaired"]), (&json!(1), &json!(0)));
    pass["renewed"].clone()
}

#[track_caller]
fn assert_withheld(workout: &Value, provider: &str, reason: &str) {
    let withheld = json!([{"provider": provider, "reason": reason}]);
    assert_eq!(workout["withheld"], withheld, "{workout:#}");
    assert_eq!(workout.get("computed"), None, "{workout:#}");
    assert_eq!(workout["plan"]["candidates"], json!([]), "{workout:#}");
    for told in TOLD {
        assert_eq!(workout.get(told), Some(&Value::Null), "{told}: {workout:#}");
    }
}

#[tokio::test]
async fn what_may_not_be_shown_to_an_ai_is_withheld_from_one_and_shown_to_the_athlete() {
    let strava = Provider::start().await;
    strava::knows_run(&strava, 42, 600);
    let world = world(&strava).await;
    let plan =
        json!({"date": "2026-11-20", "sport": "run", "name": "Easy", "total_duration_s": 600});
    let planned = world.create_plan(&plan).await;
    let told = strava::tell(&world, 42, "create", EVENT_TIME).await;
    world.settle().await;
    let path = format!("/workouts/{}", told.workout_id());

    let shown = world.get(&path).await;
    assert_eq!(shown.get("withheld"), None, "{shown:#}");
    assert_eq!(shown["name"], "Evening run");
    assert_eq!(shown["computed"]["overall"]["distance_m"], 1800.0);
    let series = &shown["computed"]["analysis"]["series"]["hr_bpm"];
    assert_eq!(series[1], 150.0);
    assert_eq!(shown["plan"]["candidates"][0]["duration_ratio"], 1.0);
    for told in ["sport", "name", "started_at", "distance_m", "partial"] {
        assert_ne!(shown[told], Value::Null, "{told}");
    }
    assert_eq!(world.get(&format!("{path}?purpose=display")).await, shown);

    let hidden = world.get(&format!("{path}?purpose=ai")).await;
    assert_withheld(&hidden, "strava", "no_ai");
    // That it is there, whose it is and which plan it was is ours to say.
    for ours in ["workout_id", "provider", "summary_status", "fetch"] {
        assert_eq!(hidden[ours], shown[ours], "{ours}");
    }
    assert_eq!(hidden["plan"]["planned_id"], json!(planned));
    let in_list = listed(&world, "?purpose=ai&limit=1").await;
    assert_withheld(&in_list, "strava", "no_ai");
    assert_eq!(listed(&world, "").await["name"], "Evening run");

    // A token for an AI does not forget it, whatever its holder asks for.
    let ai = Other::ai(&world);
    for query in ["", "?purpose=display", "?purpose=ai"] {
        let answer = ai.get(&format!("{path}{query}")).await;
        assert_eq!((answer.status, &answer.body), (200, &hidden), "{query}");
    }
    let list = ai.get("/workouts").await;
    assert_eq!(list.body["workouts"], json!([in_list]));
    let status = ai.get(&format!("{path}/status")).await;
    assert_eq!(status.body["analysis_status"], "complete");
    world.stop().await;
}

/// Whoever may not see a workout does not learn its figures from what is made of many.
#[tokio::test]
async fn what_is_made_of_many_workouts_leaves_out_what_may_not_be_shown() {
    let strava = Provider::start().await;
    let (world, _) = told_of_a_run(&strava).await;
    world.cloud().resume_mappings();
    let limits = json!({"valid_from": "2020-01-01", "hr_max_bpm": 190, "hr_rest_bpm": 50, "hr_threshold_bpm": 170});
    let profile = json!({"sex": "m", "thresholds": [limits]}).to_string();
    let answer = world.send(Method::PUT, "/athlete", profile).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    world.settle().await;
    let fitness = async |query: &str| {
        let path = format!("/athlete/fitness?from=2026-11-20&to=2026-11-20{query}");
        let answer = world.get(&path).await;
        let load = answer["days"][0]["load"].as_f64().unwrap();
        assert_eq!(answer["withheld"], answer["days"][0]["withheld"]);
        (load > 0.0, answer["withheld"].clone())
    };
    let bests = async |query: &str| {
        let answer = world.get(&format!("/athlete/bests{query}")).await;
        let sports = answer["sports"].as_array().unwrap().len();
        (sports, answer["withheld"].clone())
    };

    assert_eq!(fitness("").await, (true, json!(0)));
    assert_eq!(bests("").await, (1, json!(0)));
    assert_eq!(fitness("&purpose=ai").await, (false, json!(1)));
    assert_eq!(bests("?purpose=ai").await, (0, json!(1)));
    let ai = Other::ai(&world);
    assert_eq!(ai.get("/athlete/bests").await.body["withheld"], 1);

    // A sum over days is kept for longer than what it is made of.
    grow_old(&world, 24 * 8).await;
    assert_eq!(fitness("").await, (true, json!(0)));
    assert_eq!(bests("").await, (0, json!(1)));
    world.stop().await;
}

#[tokio::test]
async fn a_purpose_that_is_misspelt_is_refused_and_one_said_twice_is_the_stricter() {
    let strava = Provider::start().await;
    let (world, path) = told_of_a_run(&strava).await;

    for path in [&path, &format!("{path}/status"), "/workouts"] {
        for (query, code) in [
            ("purpose=AI", "bad_purpose"),
            ("purpose=", "bad_purpose"),
            ("purpose=display&purpose=coach", "bad_purpose"),
            ("purpse=ai", "unknown_parameter"),
        ] {
            let answer = ask(&world, &format!("{path}?{query}")).await;
            assert_eq!(
                (answer.status, answer.code()),
                (400, code),
                "{path}?{query}"
            );
        }
    }
    for query in ["purpose=display&purpose=ai", "purpose=ai&purpose=display"] {
        let workout = world.get(&format!("{path}?{query}")).await;
        assert_withheld(&workout, "strava", "no_ai");
    }
    world.stop().await;
}

#[tokio::test]
async fn what_other_providers_told_is_shown_to_an_ai_and_for_as_long_as_it_is_there() {
    let strava = Provider::start().await;
    let (world, path) = told_of_a_run(&strava).await;
    let told = world.deliver(&world.run("a", 900)).await;
    world.settle().await;
    let others = format!("/workouts/{}", told.workout_id());
    let before = world.get(&others).await;
    assert_eq!(before["computed"]["overall"]["elapsed_s"], 900.0);

    grow_old(&world, 24 * 1000).await;

    assert_eq!(world.get(&others).await, before);
    assert_eq!(world.get(&format!("{others}?purpose=ai")).await, before);
    assert_withheld(&world.get(&path).await, "strava", "expired");
    let both = json!([
        {"provider": "strava", "reason": "expired"}, {"provider": "strava", "reason": "no_ai"},
    ]);
    let asked = world.get(&format!("{path}?purpose=ai")).await;
    assert_eq!(asked["withheld"], both);
    world.stop().await;
}

/// Whatever is computed of several is computed of the one that may not be shown, too.
#[tokio::test]
async fn of_a_session_of_several_sources_one_that_forbids_it_keeps_back_all_that_is_computed() {
    let visit = open().await;
    for teller in [Teller::Garmin, Teller::Strava, Teller::Hevy] {
        tell(&visit, teller, 0).await;
    }
    let shown = only(&visit).await;
    assert_eq!(shown["computed"]["overall"]["avg_hr_bpm"], 150.0);
    assert_eq!(shown["sources"][2]["name"], "Gym");
    let path = format!("/workouts/{}", shown["workout_id"].as_str().unwrap());
    let to_ai = format!("{path}?purpose=ai");

    let hidden = visit.world.get(&to_ai).await;
    let withheld = json!([{"provider": "strava", "reason": "no_ai"}]);
    assert_eq!(hidden["withheld"], withheld);
    assert_eq!(hidden.get("computed"), None, "{hidden:#}");
    // The facts are Garmin's.
    for told in TOLD {
        assert_eq!(hidden[told], shown[told], "{told}");
    }
    for allowed in [0, 1] {
        assert_eq!(hidden["sources"][allowed], shown["sources"][allowed]);
    }
    let strava = json!({
        "provider": "strava", "provider_activity_id": "42", "leads": false,
        "name": null, "started_at": null,
    });
    assert_eq!(hidden["sources"][2], strava);

    // When Strava leads, they are Strava's.
    let prefer = json!({"source_preference": "strava"}).to_string();
    let preferred = visit.world.send(Method::PUT, "/athlete", prefer).await;
    assert_eq!(preferred.status, 200);
    visit.world.settle().await;
    let hidden = visit.world.get(&to_ai).await;
    assert_withheld(&hidden, "strava", "no_ai");
    assert_eq!(hidden["sources"][0]["started_at"], Value::Null);
    assert_eq!(hidden["sources"][1]["name"], "Strength");

    // It grows old by itself.
    change(
        &visit.world,
        "UPDATE workouts SET told_at = told_at - interval '8 days' WHERE provider = 'strava'",
    )
    .await;
    assert_withheld(&visit.world.get(&path).await, "strava", "expired");

    // Without it, nothing is kept back.
    let apart = visit
        .world
        .send(Method::DELETE, &format!("{path}/merge"), "")
        .await;
    assert_eq!(apart.status, 202, "{apart:?}");
    visit.world.settle().await;
    let list = visit.world.get("/workouts?purpose=ai").await;
    let list = list["workouts"].as_array().unwrap();
    let kept_back = |provider: &str| {
        let of = |workout: &&Value| workout["provider"] == provider;
        list.iter().find(of).unwrap()["withheld"] != Value::Null
    };
    assert!(kept_back("strava"), "{list:#?}");
    assert!(!kept_back("garmin"), "{list:#?}");
    visit.stop().await;
}

#[tokio::test]
async fn what_was_kept_for_too_long_is_shown_to_nobody_until_it_has_come_again() {
    let strava = Provider::start().await;
    let (world, path) = told_of_a_run(&strava).await;
    let before = world.get(&path).await;
    let url = format!("{}{path}", world.endpoint().url);
    let request = || {
        reqwest::Client::new()
            .get(&url)
            .bearer_auth(&world.endpoint().token)
    };
    let tag = request().send().await.unwrap().headers()["etag"].clone();

    grow_old(&world, 7 * 24 - 1).await;
    let same = request()
        .header("if-none-match", &tag)
        .send()
        .await
        .unwrap();
    assert_eq!(same.status(), StatusCode::NOT_MODIFIED);
    grow_old(&world, 1).await;

    let expired = request()
        .header("if-none-match", &tag)
        .send()
        .await
        .unwrap();
    assert_eq!(
        expired.status(),
        StatusCode::OK,
        "the client has it no more"
    );
    assert_withheld(&expired.json().await.unwrap(), "strava", "expired");
    assert_withheld(&listed(&world, "").await, "strava", "expired");

    assert_eq!(renewed(&world).await, 1);
    // Nothing was announced: what is computed is as current as before.
    let asked = world.get(&path).await;
    assert_withheld(&asked, "strava", "expired");
    assert_eq!(asked["fetch"]["status"], "pending");
    assert_eq!(asked["analysis_status"], "complete");
    world.settle().await;

    let mut after = world.get(&path).await;
    assert_eq!(after["fetch"]["status"], "complete");
    after["fetch"] = before["fetch"].clone();
    assert_eq!(after, before, "the same as it was, and computed once");
    assert_eq!(strava.count(&detail_of(42)), 2);
    assert_eq!(renewed(&world).await, 0);
    world.stop().await;
}

#[tokio::test]
async fn what_may_be_kept_for_a_while_is_asked_for_again_before_that_is_over() {
    let strava = Provider::start().await;
    let (world, path) = told_of_a_run(&strava).await;
    assert_eq!(renewed(&world).await, 0);
    grow_old(&world, 5 * 24).await;
    assert_eq!(renewed(&world).await, 0);
    grow_old(&world, 12).await;

    assert_eq!(renewed(&world).await, 1);
    assert_eq!(renewed(&world).await, 0, "it is asked for already");
    strava::knows_run(&strava, 42, 900);
    world.settle().await;

    // Of a change that no webhook told of, too.
    grow_old(&world, 5 * 24).await;
    let workout = world.get(&path).await;
    assert_eq!(workout.get("withheld"), None, "{workout:#}");
    assert_eq!(workout["computed"]["overall"]["elapsed_s"], 900.0);
    assert_eq!(workout["generation"], 2);
    world.stop().await;
}

#[tokio::test]
async fn a_question_that_came_to_nothing_fails_no_stage_and_is_asked_again_after_a_day() {
    let strava = Provider::start().await;
    let (world, path) = told_of_a_run(&strava).await;
    strava.always(&detail_of(42), Reply::status(400));
    grow_old(&world, 6 * 24).await;
    assert_eq!(renewed(&world).await, 1);
    world.settle().await;

    let workout = world.get(&path).await;
    assert_eq!(workout["fetch"]["status"], "failed", "{workout:#}");
    let error = workout["fetch"]["error"].as_str().unwrap();
    assert!(error.starts_with("provider_answer: "), "{error}");
    for stage in ["summary", "analysis", "metrics"] {
        assert_eq!(workout[format!("{stage}_status")], "complete");
        assert_eq!(workout[format!("{stage}_error")], Value::Null);
    }
    assert_eq!(workout["computed"]["overall"]["elapsed_s"], 600.0);
    grow_old(&world, 2 * 24).await;
    assert_withheld(&world.get(&path).await, "strava", "expired");

    assert_eq!(renewed(&world).await, 0);
    change(
        &world,
        "UPDATE stage_runs SET updated_at = updated_at - interval '25 hours' WHERE stage = 'fetch'",
    )
    .await;
    strava.always(&detail_of(42), Reply::status(404));
    assert_eq!(renewed(&world).await, 1);
    world.settle().await;
    assert_eq!(
        ask(&world, &path).await.status,
        404,
        "it is gone there, too"
    );
    world.stop().await;
}

/// An announcement while the question waits is told of as ever.
#[tokio::test]
async fn what_is_announced_while_it_is_asked_for_again_is_not_current_until_it_has_come() {
    let strava = Provider::start().await;
    let (world, path) = told_of_a_run(&strava).await;
    grow_old(&world, 6 * 24).await;
    assert_eq!(renewed(&world).await, 1);
    strava::knows_run(&strava, 42, 900);

    strava::tell(&world, 42, "update", EVENT_TIME + 60).await;
    let waiting = world.get(&path).await;
    assert_eq!(waiting["summary_status"], "pending", "{waiting:#}");
    world.settle().await;

    let come = world.get(&path).await;
    assert_eq!(come["summary_status"], "complete", "{come:#}");
    assert_eq!(come["computed"]["overall"]["elapsed_s"], 900.0);
    assert_eq!(strava.count(&detail_of(42)), 2, "one question answers both");
    world.stop().await;
}

/// An athlete waits for what they just did, and nobody for what is there.
#[tokio::test]
async fn what_is_asked_for_again_leaves_room_for_what_happens_now() {
    let strava = Provider::start().await;
    let (world, path) = told_of_a_run(&strava).await;
    let workout = path.strip_prefix("/workouts/").unwrap();
    grow_old(&world, 6 * 24).await;
    assert_eq!(renewed(&world).await, 1);
    change(&world, "UPDATE provider_windows SET used = most - 10").await;
    strava::knows_run(&strava, 43, 60);
    let now = strava::tell(&world, 43, "create", strava::just_now()).await;
    world.cloud().resume_mappings();
    world
        .until(
            "SELECT count(*) FILTER (WHERE status = 'complete') = 1
                 AND count(*) FILTER (WHERE not_before IS NOT NULL) = 1
             FROM stage_runs WHERE stage = 'fetch'",
        )
        .await;

    let fetched = fetch_of(&world, now.workout_id()).await;
    assert_eq!(fetched["status"], "complete");
    let waits = fetch_of(&world, workout).await;
    assert_eq!(waits["status"], "pending");
    let error = waits["error"].as_str().unwrap();
    assert!(error.starts_with("rate_limited: "), "{error}");
    assert_eq!(strava.count(&detail_of(42)), 1);
    assert_eq!(strava.count(&streams_of(43)), 1);
    world.stop().await;
}

/// An athlete's years must not keep what they did lately from being renewed.
#[tokio::test]
async fn the_newest_are_asked_for_again_first_and_not_all_at_once() {
    let strava = Provider::start().await;
    let (world, _) = told_of_a_run(&strava).await;
    change(
        &world,
        "WITH old AS (
             INSERT INTO workouts (id, user_id, provider, provider_activity_id, sport, started_at,
                 local_date, partial, plan_decision, generation, content_sha256)
             SELECT gen_random_uuid(), user_id, provider, 'old-' || n, sport,
                 started_at - n * interval '1 day', local_date - n, partial, plan_decision, 1, ''
             FROM workouts, generate_series(1, 60) AS n
             RETURNING id, user_id
         )
         INSERT INTO stage_runs (workout_id, stage, user_id, wanted, done, status, result, version)
         SELECT id, 'fetch', user_id, 1, 1, 'complete', '{}', 1 FROM old",
    )
    .await;
    grow_old(&world, 6 * 24).await;

    assert_eq!(renewed(&world).await, 50);
    assert_eq!(renewed(&world).await, 0, "so many are under way");
    let waiting = world
        .rows(
            "SELECT to_jsonb(w.provider_activity_id)
             FROM workouts AS w
             JOIN stage_runs AS r ON r.workout_id = w.id AND r.stage = 'fetch'
             WHERE r.status = 'pending'
             ORDER BY w.started_at DESC",
        )
        .await;
    let newest = std::iter::once("42".to_owned());
    let newest: Vec<Value> = newest
        .chain((1..50).map(|n| format!("old-{n}")))
        .map(Value::String)
        .collect();
    assert_eq!(waiting, newest);
    world.stop().await;
}

/// Terms change without a release, and an upload's parts are told with their whole.
#[tokio::test]
async fn an_operators_change_counts_at_once_and_for_every_session_of_a_whole() {
    let binary = env!("CARGO_BIN_EXE_paceline-under-test");
    let world = World::start(binary, Start::Paused).await;
    let file = support::oracle::bytes("triathlon_fr935_smart.fit").unwrap();
    let told = world.send(Method::POST, "/activities", file).await;
    assert_eq!(told.status, 202, "{told:?}");
    world.settle().await;
    let path = format!("/workouts/{}", told.workout_id());
    let asked = format!("{path}?purpose=ai");
    let shown = world.get(&asked).await;
    assert_eq!(shown["sport"], "multisport");
    assert_eq!(shown["sessions"][0]["sport"], "swim");

    change(
        &world,
        "INSERT INTO source_policies (provider, allows_ai, cache_days, source)
         VALUES ('upload', false, 30, 'a test')",
    )
    .await;
    assert_eq!(world.get(&path).await, shown);
    assert_every_part_withheld(&world.get(&asked).await, "no_ai");
    assert_every_part_withheld(&listed(&world, "?purpose=ai").await, "no_ai");

    change(
        &world,
        "UPDATE source_policies SET allows_ai = true WHERE provider = 'upload'",
    )
    .await;
    assert_eq!(world.get(&asked).await, shown);
    // What is told again is told with all its sessions.
    change(
        &world,
        "UPDATE workouts SET told_at = told_at - interval '31 days' WHERE parent_id IS NOT NULL",
    )
    .await;
    assert_eq!(world.get(&asked).await, shown);
    change(
        &world,
        "UPDATE workouts SET told_at = told_at - interval '31 days' WHERE parent_id IS NULL",
    )
    .await;
    assert_every_part_withheld(&world.get(&path).await, "expired");
    let session = shown["sessions"][0]["workout_id"].as_str().unwrap();
    let session = world.get(&format!("/workouts/{session}")).await;
    assert_withheld(&session, "upload", "expired");

    change(
        &world,
        "DELETE FROM source_policies WHERE provider = 'upload'",
    )
    .await;
    assert_eq!(world.get(&path).await, shown);
    world.stop().await;
}

#[track_caller]
fn assert_every_part_withheld(whole: &Value, reason: &str) {
    assert_withheld(whole, "upload", reason);
    let sessions = whole["sessions"].as_array().unwrap();
    assert_eq!(sessions.len(), 5);
    for session in sessions {
        assert_withheld(session, "upload", reason);
    }
}
