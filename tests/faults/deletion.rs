//! Deletions, whenever they come: before, after and in the middle of what they delete.

use domain::id::{ClaimToken, UserId, WorkoutId};
use domain::stage::StageName;
use local::cloud::Start;
use reqwest::Method;
use serde_json::{Value, json};
use std::time::Duration;
use store::stages::{self, RunKey};
use store::{DatabaseSettings, Pooler, Store};
use support::world;
use support::world::{Answer, Other, World};
use uuid::Uuid;

/// What a provider tells of the activity `a` at an hour of the day.
fn told(world: &World, event: &str, time: &str) -> Value {
    let mut body = world.run("a", 600);
    body["event"] = event.into();
    body["occurred_at"] = format!("2026-11-20T{time}Z").into();
    if event == "delete" {
        body.as_object_mut().unwrap().remove("activity");
    } else {
        body["activity"]["name"] = format!("{event} at {time}").into();
    }
    body
}

/// Tells each in this order and answers the outcomes.
async fn tell(world: &World, events: &[(&str, &str)]) -> Vec<String> {
    let mut outcomes = Vec::new();
    for (event, time) in events {
        let answer = world.deliver(&told(world, event, time)).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        outcomes.push(answer.body["outcome"].as_str().unwrap().to_owned());
    }
    outcomes
}

async fn names(world: &World) -> Vec<Value> {
    world
        .rows("SELECT to_jsonb(name) FROM workouts WHERE deleted_at IS NULL")
        .await
}

/// Nothing of a deleted workout but its tombstone is left.
async fn assert_gone(world: &World) {
    assert_eq!(names(world).await, [] as [Value; 0]);
    let left = world
        .rows(
            "SELECT to_jsonb(workout_id) FROM recordings
             UNION ALL SELECT to_jsonb(workout_id) FROM stage_runs
             UNION ALL SELECT to_jsonb(planned_id) FROM workouts WHERE planned_id IS NOT NULL",
        )
        .await;
    assert_eq!(left, [] as [Value; 0]);
}

/// P-07: what came first by mistake is not taken back by what came before it.
#[tokio::test]
async fn an_update_before_its_creation_is_the_workout() {
    let world = world!(Start::Running);

    let outcomes = tell(&world, &[("update", "09:00:00"), ("create", "08:00:00")]).await;

    assert_eq!(outcomes, ["created", "stale"]);
    assert_eq!(names(&world).await, ["update at 09:00:00"]);
    world.settle().await;
    world.assert_quiet().await;
    world.stop().await;
}

/// P-08: at the same time the deletion wins, and only what is newer brings the workout back.
#[tokio::test]
async fn after_a_deletion_only_what_is_newer_lives() {
    for (late, lives) in [
        ("08:30:00", false),
        ("09:00:00", false),
        ("09:00:00.000001", true),
    ] {
        let world = world!(Start::Running);

        let events = [
            ("create", "08:00:00"),
            ("delete", "09:00:00"),
            ("update", late),
        ];
        let outcomes = tell(&world, &events).await;

        if lives {
            assert_eq!(outcomes, ["created", "deleted", "changed"]);
            assert_eq!(names(&world).await, [format!("update at {late}")]);
        } else {
            assert_eq!(outcomes, ["created", "deleted", "stale"]);
            assert_gone(&world).await;
        }
        world.settle().await;
        world.assert_quiet().await;
        world.stop().await;
    }
}

/// P-08: a deletion overtakes what it deletes; it counts all the same.
#[tokio::test]
async fn a_deletion_that_comes_first_wins_over_everything_that_is_not_newer() {
    for (late, lives) in [("08:00:00", false), ("09:00:00", false), ("10:00:00", true)] {
        for event in ["create", "update"] {
            let world = world!(Start::Running);

            let outcomes = tell(&world, &[("delete", "09:00:00"), (event, late)]).await;

            if lives {
                assert_eq!(outcomes, ["absent", "created"]);
                assert_eq!(names(&world).await, [format!("{event} at {late}")]);
            } else {
                assert_eq!(outcomes, ["absent", "stale"], "{event} at {late}");
                assert_gone(&world).await;
            }
            world.settle().await;
            world.assert_quiet().await;
            world.stop().await;
        }
    }
}

/// P-08: of several deletions the newest counts, in whichever order they come.
#[tokio::test]
async fn of_several_deletions_the_newest_counts() {
    for known in [false, true] {
        for deletions in [["09:00:00", "11:00:00"], ["11:00:00", "09:00:00"]] {
            let world = world!(Start::Running);
            if known {
                tell(&world, &[("create", "08:00:00")]).await;
            }

            for time in deletions {
                tell(&world, &[("delete", time)]).await;
            }
            let between = tell(&world, &[("update", "10:00:00")]).await;

            assert_eq!(between, ["stale"], "known: {known}, {deletions:?}");
            assert_gone(&world).await;
            world.stop().await;
        }
    }
}

/// P-08: times are compared as PostgreSQL keeps them, or an equal one would look newer.
#[tokio::test]
async fn a_time_finer_than_a_microsecond_is_still_the_same_time() {
    let world = world!(Start::Paused);

    let time = "09:00:00.123456789";
    let outcomes = tell(
        &world,
        &[("create", time), ("delete", time), ("update", time)],
    )
    .await;

    assert_eq!(outcomes, ["created", "deleted", "stale"]);
    assert_gone(&world).await;
    world.stop().await;
}

/// P-08, P-11: a deletion of something unknown is no row that anybody sees, and nobody else's.
#[tokio::test]
async fn a_deletion_of_an_unknown_activity_is_remembered_for_its_own_user_alone() {
    let world = world!(Start::Paused);
    Other::join(&world, "other").await;
    let before = world.everything().await;

    let answer = world.deliver(&told(&world, "delete", "09:00:00")).await;

    assert_eq!(
        answer.body,
        json!({"workout_id": null, "outcome": "absent"})
    );
    assert_eq!(world.everything().await, before);
    let mut theirs = told(&world, "create", "08:00:00");
    theirs["athlete"] = "other".into();
    assert_eq!(world.deliver(&theirs).await.body["outcome"], "created");
    world.stop().await;
}

fn stages_store(world: &World) -> Store {
    Store::new(&DatabaseSettings {
        url: world.database().url_as("paceline_stages"),
        pooler: Pooler::None,
        acquire: Duration::from_secs(5),
        statement: Duration::from_secs(5),
        lock: Duration::from_secs(5),
    })
    .unwrap()
}

fn summary_of(world: &World, workout: WorkoutId) -> RunKey {
    RunKey {
        user_id: UserId(world.endpoint().user_id.parse().unwrap()),
        workout_id: workout,
        stage: StageName::Summary,
    }
}

/// P-08, P-30: whoever computed the old workout writes nothing, not even after a newer one came.
#[tokio::test]
async fn a_deletion_while_a_stage_works_leaves_its_holder_nothing_to_finish() {
    let world = world!(Start::Paused);
    let created = world.deliver(&told(&world, "create", "08:00:00")).await;
    let run = summary_of(&world, created.workout_id());
    let store = stages_store(&world);
    let mut tx = store.begin(run.user_id).await.unwrap();
    let token = ClaimToken(Uuid::new_v4());
    let claim = stages::claim_stage(&mut tx, run, token, Duration::from_secs(60), 5)
        .await
        .unwrap()
        .unwrap();
    tx.commit().await.unwrap();
    // It holds the lock and has read everything when the deletion comes.
    let mut work = store.begin(run.user_id).await.unwrap();
    assert!(stages::try_lock_stage(&mut work, run).await.unwrap());
    let (generation, _) = stages::load_input(&mut work, run).await.unwrap().unwrap();

    let deleted = tell(&world, &[("delete", "09:00:00")]).await;
    assert_eq!(deleted, ["deleted"]);
    assert_gone(&world).await;
    let revived = tell(&world, &[("update", "10:00:00")]).await;
    assert_eq!(revived, ["changed"]);

    let result = json!({"overall": {"of": "the deleted one"}, "intervals": []});
    let finished = stages::finish_stage(&mut work, &claim, generation, result, 1)
        .await
        .unwrap();
    work.commit().await.unwrap();
    assert_eq!(finished, None);
    world.settle().await;
    let of_the_deleted = world
        .rows("SELECT to_jsonb(result -> 'overall' ? 'of') FROM stage_runs WHERE stage = 'summary'")
        .await;
    assert_eq!(of_the_deleted, [json!(false)]);
    assert_eq!(
        world.stage(run.workout_id, StageName::Summary).await,
        "complete"
    );
    world.assert_quiet().await;
    world.stop().await;
}

/// A doorbell that still rings for a deleted workout is answered, and is not heard again.
#[tokio::test]
async fn doorbells_of_a_deleted_workout_find_nothing_to_do() {
    let world = world!(Start::Paused);
    tell(&world, &[("create", "08:00:00"), ("delete", "09:00:00")]).await;
    let queue = world.cloud().queue("SummaryQueue").unwrap();
    assert_eq!(queue.depth().total(), 1);

    world.cloud().resume_mappings();
    let mut asked = 0;
    while queue.depth().total() > 0 {
        asked += 1;
        assert!(asked < 5000, "the doorbell is not answered");
        world.rows("SELECT to_jsonb(1)").await;
    }

    assert_gone(&world).await;
    world.stop().await;
}

/// P-08, P-43: the freed plan goes to another workout of the day, in the same transaction.
#[tokio::test]
async fn a_deletion_frees_the_plan_for_another_workout_of_the_day() {
    let world = world!(Start::Running);
    let planned = world.create_plan(&world.plan(600)).await;
    let first = world.deliver(&told(&world, "create", "08:00:00")).await;
    let second = world.deliver(&world.run("b", 600)).await;
    world.settle().await;
    let plan_of = async |answer: &Answer| {
        world
            .get(&format!("/workouts/{}", answer.workout_id()))
            .await["plan"]["planned_id"]
            .clone()
    };
    assert_eq!(plan_of(&first).await, json!(planned));
    assert_eq!(plan_of(&second).await, Value::Null);
    world.cloud().pause_mappings().await;

    let deleted = tell(&world, &[("delete", "09:00:00")]).await;

    assert_eq!(deleted, ["deleted"]);
    assert_eq!(plan_of(&second).await, json!(planned));
    let path = format!("/workouts/{}", second.workout_id());
    let waiting = world.get(&path).await;
    assert_eq!(
        (&waiting["generation"], &waiting["analysis_status"]),
        (&json!(2), &json!("pending")),
        "the plan is an input, so it is computed again"
    );
    world.settle().await;
    assert_eq!(world.get(&path).await["analysis_status"], "complete");
    // The plan is taken for good: a workout that comes back does not get it.
    tell(&world, &[("update", "10:00:00")]).await;
    assert_eq!(plan_of(&first).await, Value::Null);
    let gone = world
        .send(Method::DELETE, &format!("/planned-workouts/{planned}"), "")
        .await;
    assert_eq!(gone.status, 204);
    world.settle().await;
    world.assert_quiet().await;
    world.stop().await;
}
