//! What a plan asked for when its workout was done, whatever the plan says later.

use domain::id::WorkoutId;
use local::cloud::Start;
use reqwest::Method;
use serde_json::{Value, json};
use support::world;
use support::world::World;

/// A plan of one step of so many seconds.
fn plan(name: &str, seconds: u32) -> Value {
    json!({
        "date": "2026-11-20", "sport": "run", "name": name,
        "steps": [{"id": "all", "kind": "work", "duration": {"type": "time", "value": seconds}}],
    })
}

async fn edit(world: &World, planned: &str, plan: &Value) {
    let path = format!("/planned-workouts/{planned}");
    let answer = world.send(Method::PUT, &path, plan.to_string()).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    world.settle().await;
}

/// The generation, whether the plan was edited since, the seconds that were asked for, and those by
/// which each of the two stages that compare judged the workout.
async fn seen(world: &World, workout: WorkoutId) -> Value {
    let workout = world.get(&format!("/workouts/{workout}")).await;
    json!([
        workout["generation"],
        workout["plan"]["edited_since"],
        workout["plan"]["asked"]["steps"][0]["duration"]["value"],
        workout["computed"]["analysis"]["execution"]["planned"]["duration_s"],
        workout["computed"]["metrics"]["compliance"]["duration"]["planned"],
    ])
}

/// P-46
#[tokio::test]
async fn an_edit_of_a_plan_does_not_rewrite_what_was_asked_when_the_workout_was_done() {
    let world = world!(Start::Running);
    let planned = world.create_plan(&plan("Hour", 3600)).await;
    let workout = world.deliver(&world.run("a", 3600)).await.workout_id();
    world.settle().await;
    let path = format!("/workouts/{workout}");
    let first = world.get(&path).await["plan"].clone();
    assert_eq!(first["asked"]["name"], "Hour");
    assert!(first["as_asked_at"].is_string(), "{first:#}");
    let asked = json!([1, false, 3600.0, 3600.0, 3600.0]);
    assert_eq!(seen(&world, workout).await, asked);

    edit(&world, &planned, &plan("Shorter", 3000)).await;
    let edited = json!([2, true, 3600.0, 3600.0, 3600.0]);
    assert_eq!(seen(&world, workout).await, edited);
    let second = world.get(&path).await["plan"].clone();
    assert_eq!(
        (&second["asked"], &second["as_asked_at"]),
        (&first["asked"], &first["as_asked_at"])
    );

    // Another edit changes nothing that is shown, and the provider's news keep the link.
    edit(&world, &planned, &plan("Still shorter", 2900)).await;
    assert_eq!(seen(&world, workout).await, edited);
    let mut update = world.run("a", 3540);
    update["occurred_at"] = "2026-11-20T09:00:00Z".into();
    world.deliver(&update).await;
    world.settle().await;
    let told = json!([3, true, 3600.0, 3600.0, 3600.0]);
    assert_eq!(seen(&world, workout).await, told);

    edit(&world, &planned, &plan("Hour", 3600)).await;
    let again = json!([4, false, 3600.0, 3600.0, 3600.0]);
    assert_eq!(seen(&world, workout).await, again);
    let list = world.get("/workouts").await;
    let listed = &list["workouts"][0]["plan"];
    assert_eq!(
        (&listed["edited_since"], &listed["asked"]),
        (&json!(false), &Value::Null)
    );
    world.stop().await;
}

/// P-46
#[tokio::test]
async fn a_link_that_is_made_anew_is_judged_by_what_the_plan_says_then() {
    let world = world!(Start::Running);
    let planned = world.create_plan(&plan("Hour", 3600)).await;
    let workout = world.deliver(&world.run("a", 3600)).await.workout_id();
    world.settle().await;
    edit(&world, &planned, &plan("Shorter", 3000)).await;

    let path = format!("/workouts/{workout}/plan");
    let wanted = json!({ "planned_id": planned }).to_string();
    world.send(Method::PUT, &path, wanted.clone()).await;
    world.settle().await;
    let anew = json!([3, false, 3000.0, 3000.0, 3000.0]);
    assert_eq!(seen(&world, workout).await, anew);
    let before = world.everything().await;
    assert_eq!(world.send(Method::PUT, &path, wanted).await.status, 200);
    assert_eq!(world.everything().await, before, "it said nothing new");

    // What the athlete attached is judged by what was asked then, too.
    edit(&world, &planned, &plan("Longer", 4000)).await;
    let pinned = json!([4, true, 3000.0, 3000.0, 3000.0]);
    assert_eq!(seen(&world, workout).await, pinned);
    world.stop().await;
}

/// P-46
#[tokio::test]
async fn a_link_that_was_lost_and_came_back_is_judged_by_what_the_plan_says_then() {
    let world = world!(Start::Running);
    let planned = world.create_plan(&plan("Hour", 3600)).await;
    let workout = world.deliver(&world.run("a", 3600)).await.workout_id();
    world.settle().await;
    edit(&world, &planned, &plan("Shorter", 3000)).await;

    edit(&world, &planned, &plan("Far too long", 9000)).await;
    let gone = json!([3, null, null, null, null]);
    assert_eq!(seen(&world, workout).await, gone);
    let left = world
        .rows("SELECT to_jsonb(count(plan_linked_at) + count(plan_snapshot)) FROM workouts")
        .await;
    assert_eq!(left, [json!(0)]);

    edit(&world, &planned, &plan("Longer", 4000)).await;
    let back = json!([4, false, 4000.0, 4000.0, 4000.0]);
    assert_eq!(seen(&world, workout).await, back);
    world.stop().await;
}

/// P-43, P-46: the copy goes with the workout, and with the plan.
#[tokio::test]
async fn what_was_asked_goes_with_the_workout_and_with_the_plan() {
    let world = world!(Start::Running);
    let copies = "SELECT to_jsonb(count(plan_snapshot)) FROM workouts";
    for (id, deletes_the_plan) in [("a", false), ("b", true)] {
        let planned = world.create_plan(&plan("Hour", 3600)).await;
        world.deliver(&world.run(id, 3600)).await;
        edit(&world, &planned, &plan("Shorter", 3000)).await;
        assert_eq!(world.rows(copies).await, [json!(1)]);

        if deletes_the_plan {
            let path = format!("/planned-workouts/{planned}");
            world.send(Method::DELETE, &path, "").await;
        } else {
            let mut deletion = world.run(id, 3600);
            deletion["event"] = "delete".into();
            deletion["occurred_at"] = "2026-11-20T12:00:00Z".into();
            world.deliver(&deletion).await;
        }
        assert_eq!(world.rows(copies).await, [json!(0)]);
        // The plan of the workout that went is free again.
        let path = format!("/planned-workouts/{planned}");
        world.send(Method::DELETE, &path, "").await;
    }
    world.settle().await;
    world.stop().await;
}
