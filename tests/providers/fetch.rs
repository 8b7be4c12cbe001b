//! What was only announced is asked for, and what the provider answers is what counts.

use crate::strava::{self, ACCOUNT, EVENT_TIME, detail_of, streams_of};
use domain::stage::StageName;
use local::cloud::Start;
use local::log::LogSink;
use serde_json::{Value, json};
use support::provider::{Provider, Reply};
use support::world::World;

/// A world that believes and asks this provider, with one athlete who has connected it.
pub(crate) async fn world(strava: &Provider) -> World {
    let binary = env!("CARGO_BIN_EXE_paceline-under-test");
    let settings = strava::settings(strava);
    let world =
        World::start_with_providers(binary, Start::Paused, settings, LogSink::discard()).await;
    world
        .connect(
            "strava",
            ACCOUNT,
            "canary-access-1",
            Some("canary-refresh-1"),
            3600,
        )
        .await;
    world
}

/// Where a workout's fetch stands.
pub(crate) async fn fetch_of(world: &World, workout: impl std::fmt::Display) -> Value {
    world.get(&format!("/workouts/{workout}")).await["fetch"].clone()
}

#[tokio::test]
async fn an_announced_activity_is_there_at_once_and_computed_once_it_has_come() {
    let strava = Provider::start().await;
    strava::knows_run(&strava, 42, 600);
    let world = world(&strava).await;

    let told = strava::tell(&world, 42, "create", EVENT_TIME).await;
    assert_eq!(
        (told.status, &told.body["outcome"]),
        (200, &json!("announced"))
    );
    let workout = told.workout_id();
    let announced = world.get(&format!("/workouts/{workout}")).await;
    assert_eq!(announced["generation"], 0);
    assert_eq!(announced["fetch"]["status"], "pending");
    assert_eq!(announced["plan"]["reason"], "awaits_data");
    for stage in ["summary", "analysis", "metrics"] {
        assert_eq!(
            announced[format!("{stage}_status")],
            "pending",
            "{announced}"
        );
    }
    assert_eq!(strava.calls().len(), 0, "nobody asks before the answer");

    world.settle().await;

    let come = world.get(&format!("/workouts/{workout}")).await;
    assert_eq!(come["fetch"]["status"], "complete", "{come}");
    assert_eq!(
        (&come["sport"], &come["name"]),
        (&json!("run"), &json!("Evening run"))
    );
    assert_eq!(
        (&come["generation"], &come["local_date"]),
        (&json!(1), &json!("2026-11-20"))
    );
    let overall = &come["computed"]["overall"];
    assert_eq!(overall["elapsed_s"], 600.0);
    assert_eq!(
        overall["avg_cadence"], 170.0,
        "one leg's steps, doubled once"
    );
    assert_eq!(overall["avg_hr_bpm"], 150.0);
    let asked = strava.calls();
    assert_eq!(asked[0].headers["authorization"], "Bearer canary-access-1");
    assert_eq!(asked.len(), 2);
    world.stop().await;
}

#[tokio::test]
async fn a_repeated_announcement_asks_nobody_and_an_update_asks_again() {
    let strava = Provider::start().await;
    strava::knows_run(&strava, 42, 600);
    let world = world(&strava).await;
    let first = strava::tell(&world, 42, "create", EVENT_TIME).await;
    world.settle().await;
    world.cloud().pause_mappings().await;
    let before = world.everything().await;

    let again = strava::tell(&world, 42, "create", EVENT_TIME).await;
    assert_eq!(again.body["outcome"], "duplicate");
    assert_eq!(again.workout_id(), first.workout_id());
    assert_eq!(world.everything().await, before);

    strava::knows_run(&strava, 42, 900);
    let updated = strava::tell(&world, 42, "update", EVENT_TIME + 60).await;
    assert_eq!(updated.body["outcome"], "announced");
    // What is shown is of before the update, and does not claim to be current.
    let status = world
        .get(&format!("/workouts/{}/status", first.workout_id()))
        .await;
    assert_eq!(status["summary_status"], "pending");
    world.settle().await;

    let come = world
        .get(&format!("/workouts/{}", first.workout_id()))
        .await;
    assert_eq!(come["computed"]["overall"]["elapsed_s"], 900.0);
    assert_eq!(come["generation"], 2);
    assert_eq!(strava.count(&detail_of(42)), 2);
    world.stop().await;
}

#[tokio::test]
async fn an_announcement_of_something_unchanged_changes_no_result() {
    let strava = Provider::start().await;
    strava::knows_run(&strava, 42, 600);
    let world = world(&strava).await;
    let workout = strava::tell(&world, 42, "create", EVENT_TIME)
        .await
        .workout_id();
    world.settle().await;
    let before = world.get(&format!("/workouts/{workout}")).await;

    strava::tell(&world, 42, "update", EVENT_TIME + 60).await;
    world.settle().await;

    let after = world.get(&format!("/workouts/{workout}")).await;
    for same in [
        "generation",
        "computed",
        "updated_at",
        "summary_updated_at",
        "summary_status",
    ] {
        assert_eq!(after[same], before[same], "{same}");
    }
    world.stop().await;
}

/// Strava's webhook is often earlier than its samples.
#[tokio::test]
async fn what_has_no_samples_yet_is_shown_without_them_and_asked_for_again() {
    let strava = Provider::start().await;
    strava.always(&detail_of(42), Reply::json(&strava::detail(42, 600)));
    strava.next(&streams_of(42), Reply::json(&json!({})));
    let world = world(&strava).await;
    let workout = strava::tell(&world, 42, "create", EVENT_TIME)
        .await
        .workout_id();
    world.cloud().resume_mappings();
    world
        .until(
            "SELECT count(*) = 3 FROM stage_runs
             WHERE stage <> 'fetch' AND status = 'complete'",
        )
        .await;

    let early = world.get(&format!("/workouts/{workout}")).await;
    assert_eq!(early["computed"]["overall"]["distance_m"], 1800.0);
    assert_eq!(
        early["computed"]["overall"]["reasons"]["moving_s"],
        "no_samples"
    );
    assert_eq!(early["fetch"]["status"], "pending");
    assert_eq!(
        early["fetch"]["error"],
        "not_ready: the provider has no samples yet"
    );
    assert!(early["fetch"]["not_before"].is_string(), "{early}");

    strava.always(&streams_of(42), Reply::json(&strava::streams(600)));
    world.settle().await;

    let come = world.get(&format!("/workouts/{workout}")).await;
    assert_eq!(
        come["fetch"],
        json!({
            "status": "complete", "error": null, "not_before": null,
            "updated_at": come["fetch"]["updated_at"],
        })
    );
    assert_eq!(come["computed"]["overall"]["moving_s"], 600.0);
    world.stop().await;
}

/// P-08: nobody deletes by saying so at an unsigned door.
#[tokio::test]
async fn a_deletion_is_believed_only_once_the_provider_does_not_know_the_activity() {
    let strava = Provider::start().await;
    strava::knows_run(&strava, 42, 600);
    let world = world(&strava).await;
    let workout = strava::tell(&world, 42, "create", EVENT_TIME)
        .await
        .workout_id();
    world.settle().await;

    let forged = strava::tell(&world, 42, "delete", EVENT_TIME + 60).await;
    assert_eq!(forged.body["outcome"], "announced");
    world.settle().await;
    let kept = world.get(&format!("/workouts/{workout}")).await;
    assert_eq!(kept["summary_status"], "complete");
    assert_eq!(kept["generation"], 1);

    strava.always(&detail_of(42), Reply::status(404));
    strava::tell(&world, 42, "delete", EVENT_TIME + 120).await;
    world.settle().await;
    assert_eq!(world.get("/workouts").await["workouts"], json!([]));

    // A late word of before brings nothing back, and one of something new does.
    strava::tell(&world, 42, "update", EVENT_TIME + 30).await;
    world.settle().await;
    assert_eq!(world.get("/workouts").await["workouts"], json!([]));
    strava::knows_run(&strava, 42, 600);
    strava::tell(&world, 42, "update", EVENT_TIME + 180).await;
    world.settle().await;
    let back = world.get(&format!("/workouts/{workout}")).await;
    assert_eq!(back["summary_status"], "complete");
    world.stop().await;
}

#[tokio::test]
async fn a_fresh_activity_that_the_provider_does_not_show_yet_is_doubted_before_it_is_gone() {
    let strava = Provider::start().await;
    let world = world(&strava).await;
    for _ in 0..2 {
        strava.next(&detail_of(42), Reply::status(404));
    }
    strava::knows_run(&strava, 42, 600);
    let workout = strava::tell(&world, 42, "create", EVENT_TIME)
        .await
        .workout_id();
    world.settle().await;
    assert_eq!(fetch_of(&world, workout).await["status"], "complete");
    assert_eq!(strava.count(&detail_of(42)), 3);

    let never = strava::tell(&world, 43, "create", EVENT_TIME).await;
    assert_eq!(never.status, 200);
    world.settle().await;
    let shown = world.get("/workouts").await["workouts"]
        .as_array()
        .unwrap()
        .len();
    assert_eq!(shown, 1, "what never was is not shown");
    assert_eq!(strava.count(&detail_of(43)), 4);
    world.stop().await;
}

/// A newer announcement counts its attempts anew while an older question is still out.
#[tokio::test]
async fn an_answer_without_samples_is_kept_though_more_was_announced_meanwhile() {
    let strava = Provider::start().await;
    strava::knows_run(&strava, 42, 600);
    strava.next(&streams_of(42), Reply::json(&json!({})));
    let world = world(&strava).await;
    let held = world.hold("fetch.after_ask");
    let workout = strava::tell(&world, 42, "create", EVENT_TIME)
        .await
        .workout_id();
    world.cloud().resume_mappings();
    world.arrival(&held).await;
    strava::tell(&world, 42, "update", EVENT_TIME + 60).await;
    held.let_go();
    world.settle().await;

    let come = world.get(&format!("/workouts/{workout}")).await;
    assert_eq!(come["fetch"]["status"], "complete", "{come}");
    assert_eq!(come["generation"], 2, "totals first, then samples: {come}");
    world.stop().await;
}

/// What nobody has told about yet can neither be planned nor computed.
#[tokio::test]
async fn an_announced_activity_takes_no_plan_until_it_has_come() {
    let strava = Provider::start().await;
    strava::knows_run(&strava, 42, 600);
    let world = world(&strava).await;
    let planned = world.create_plan(&world.plan(600)).await;
    let workout = strava::tell(&world, 42, "create", EVENT_TIME)
        .await
        .workout_id();
    let plan = format!("/workouts/{workout}/plan");
    let wish = json!({"planned_id": planned}).to_string();

    let refused = world.send(reqwest::Method::PUT, &plan, wish).await;
    assert_eq!((refused.status, refused.code()), (409, "awaits_data"));
    let again = format!("/workouts/{workout}/reanalyse");
    let answer = world.send(reqwest::Method::POST, &again, "").await;
    assert_eq!(answer.status, 202, "it is on its way already");

    world.settle().await;
    let come = world.get(&format!("/workouts/{workout}")).await;
    assert_eq!(come["plan"]["planned_id"], json!(planned), "{come}");
    assert_eq!(strava.count(&detail_of(42)), 1);
    world.stop().await;
}

/// A worker that dies between the provider's answer and its own commit leaves nothing behind but a
/// claim that ends.
#[tokio::test]
async fn a_fetch_that_dies_at_any_point_is_rescued_and_brings_the_activity_once() {
    let strava = Provider::start().await;
    let world = world(&strava).await;
    let points = [
        "after_claim",
        "after_ask",
        "before_finish_commit",
        "after_finish_commit",
    ];
    for (activity, point) in (100..).zip(points) {
        strava::knows_run(&strava, activity, 600);
        let charge = format!("{}.{point}", StageName::Fetch);
        world.charge(&charge);
        let workout = strava::tell(&world, activity, "create", EVENT_TIME)
            .await
            .workout_id();

        world.cloud().resume_mappings();
        let mut asked = 0;
        while !world.went_off(&charge) {
            assert!(asked < 5000, "no fetch reaches {point}");
            asked += 1;
            world.rows("SELECT to_jsonb(1)").await;
        }
        world.cloud().pause_mappings().await;
        world.let_time_pass().await;
        world.sweep().await;
        world.settle().await;
        world.cloud().pause_mappings().await;

        let come = world.get(&format!("/workouts/{workout}")).await;
        assert_eq!(come["fetch"]["status"], "complete", "{point}: {come}");
        assert_eq!(come["generation"], 1, "{point}");
        assert_eq!(come["metrics_status"], "complete", "{point}");
    }
    world.stop().await;
}

/// A worker that wakes after another took its claim over has asked before the other did.
#[tokio::test]
async fn a_fetch_that_wakes_after_its_deadline_brings_nothing_in() {
    let strava = Provider::start().await;
    strava.next(&detail_of(42), Reply::json(&strava::detail(42, 600)));
    strava.next(&streams_of(42), Reply::json(&strava::streams(600)));
    strava::knows_run(&strava, 42, 900);
    let world = world(&strava).await;
    let held = world.hold("fetch.after_ask");
    let workout = strava::tell(&world, 42, "create", EVENT_TIME)
        .await
        .workout_id();
    world.cloud().resume_mappings();
    world.arrival(&held).await;
    strava::tell(&world, 42, "update", EVENT_TIME + 60).await;

    world.let_time_pass().await;
    world.sweep().await;
    world
        .until("SELECT count(*) = 1 FROM stage_runs WHERE stage = 'fetch' AND status = 'complete'")
        .await;
    held.let_go();
    world.settle().await;

    let come = world.get(&format!("/workouts/{workout}")).await;
    assert_eq!(come["computed"]["overall"]["elapsed_s"], 900.0);
    assert_eq!(come["generation"], 1, "the first answer came too late");
    assert_eq!(
        strava.count(&detail_of(42)),
        2,
        "and nobody asks again for it"
    );
    let finished = world
        .rows("SELECT to_jsonb(done) FROM stage_runs WHERE stage = 'fetch'")
        .await;
    assert_eq!(finished, [json!(2)]);
    world.stop().await;
}
