//! Deliveries in any order, any number and at once end like the same ones in order.

use chrono::{DateTime, Duration, Utc};
use futures_util::future::join_all;
use local::cloud::Start;
use serde_json::{Value, json};
use std::sync::Mutex;
use support::dice::Dice;
use support::world;
use support::world::World;

const ACTIVITIES: usize = 20;
const DELIVERIES: usize = 1000;
const TASKS: usize = 32;
/// How often a provider tries until it is answered 200.
const TRIES: usize = 200;

/// One thing that a provider tells, but for whose it is.
#[derive(Debug, Clone)]
struct Told {
    id: String,
    body: Value,
}

fn started(activity: usize) -> DateTime<Utc> {
    // Two activities a day, a run and a ride: no two of them can want the same plan.
    let day = i64::try_from(activity / 2).unwrap();
    "2026-09-01T06:30:00Z".parse::<DateTime<Utc>>().unwrap() + Duration::days(day)
}

fn sport(activity: usize) -> &'static str {
    if activity.is_multiple_of(2) {
        "run"
    } else {
        "ride"
    }
}

/// What becomes of one activity, in order: a creation, edits, deletions, even the same words again.
fn life(dice: &mut Dice, activity: usize) -> Vec<Told> {
    let mut contents: Vec<Value> = Vec::new();
    (0..=3 + dice.below(5))
        .map(|nth| {
            let occurred = started(activity) + Duration::minutes(i64::try_from(nth).unwrap());
            let mut body = json!({
                "event": if nth == 0 { "create" } else { "update" },
                "activity_id": format!("activity-{activity}"),
                "occurred_at": occurred,
            });
            if nth > 0 && dice.one_in(4) {
                body["event"] = "delete".into();
            } else {
                let again =
                    (!contents.is_empty() && dice.one_in(4)).then(|| dice.pick(&contents).clone());
                let content = again.unwrap_or_else(|| content(dice, activity, nth));
                body["activity"] = content.clone();
                contents.push(content);
            }
            Told {
                id: format!("msg-{activity}-{nth}"),
                body,
            }
        })
        .collect()
}

fn content(dice: &mut Dice, activity: usize, nth: usize) -> Value {
    // Some lie outside the window of the plan of an hour, so that edits attach and detach.
    let duration = *dice.pick(&[900_u32, 3000, 3600, 4200, 7000]);
    let seconds: Vec<u32> = (0..60).collect();
    let beats: Vec<u32> = seconds.iter().map(|s| 120 + s % 40).collect();
    json!({
        "sport": sport(activity),
        "name": format!("{} of day {}, told {nth} times", sport(activity), activity / 2),
        "started_at": started(activity),
        "utc_offset_s": 3600,
        "elapsed_s": duration,
        "timer_s": duration,
        "distance_m": f64::from(duration) * 3.0,
        "samples": {"time_s": seconds, "hr_bpm": beats},
    })
}

async fn make_plans(world: &World) {
    for activity in (0..ACTIVITIES).filter(|activity| activity % 3 != 0) {
        let date = started(activity).date_naive();
        let plan = json!({
            "date": date,
            "sport": sport(activity),
            "name": format!("{} on {date}", sport(activity)),
            "total_duration_s": 3600,
        });
        world.create_plan(&plan).await;
    }
}

/// Delivers until it is answered 200, as a provider does.
async fn tell(world: &World, told: &Told) {
    let mut body = told.body.clone();
    body["athlete"] = world.endpoint().athlete.clone().into();
    for _ in 0..TRIES {
        let answer = world.deliver_as(&told.id, &body).await;
        match answer.status {
            200 => return,
            500 | 503 => {}
            _ => panic!("{answer:?} to {body}"),
        }
    }
    panic!("never accepted: {body}");
}

/// Everything that must not depend on the order, by activity: ids and our own times may.
///
/// `source_sha256` is left out as well: of several deliveries that say the same, it names the one
/// that came first.
async fn outcome(world: &World) -> Vec<Value> {
    world
        .rows(
            "SELECT jsonb_build_object(
                 'workout', to_jsonb(w) - ARRAY['id', 'user_id', 'planned_id', 'plan_decision',
                     'plan_linked_at', 'generation', 'created_at', 'updated_at', 'told_at'],
                 'plan', p.name,
                 'reason', w.plan_decision -> 'reason',
                 'candidates', (
                     SELECT jsonb_agg(c - 'planned_id' || jsonb_build_object('plan', cp.name))
                     FROM jsonb_array_elements(w.plan_decision -> 'candidates') AS c
                     JOIN planned_workouts AS cp ON cp.id = (c ->> 'planned_id')::uuid
                 ),
                 'recording', to_jsonb(r) - ARRAY['workout_id', 'user_id', 'source_sha256', 'columns']
                     || jsonb_build_object('columns', md5(r.columns)),
                 'stages', (
                     SELECT jsonb_object_agg(s.stage, jsonb_build_array(
                         s.status, s.error, s.version, s.done = w.generation, s.result))
                     FROM stage_runs AS s WHERE s.workout_id = w.id
                 ))
             FROM workouts AS w
             JOIN recordings AS r ON r.workout_id = w.id
             LEFT JOIN planned_workouts AS p ON p.id = w.planned_id
             WHERE w.deleted_at IS NULL
             ORDER BY w.provider_activity_id",
        )
        .await
}

/// Delivers everything in order to one world, and in any order and at once to another.
async fn assert_order_does_not_matter(start: impl AsyncFn() -> World) {
    let mut dice = Dice::new(Dice::seed());
    let lives: Vec<Vec<Told>> = (0..ACTIVITIES).map(|n| life(&mut dice, n)).collect();
    let all: Vec<&Told> = lives.iter().flatten().collect();
    let mut deliveries: Vec<Told> = all.iter().map(|told| (*told).clone()).collect();
    while deliveries.len() < DELIVERIES {
        let mut again = (*dice.pick(&all)).clone();
        // Only some are said again under another id: that would repair what a first one lost.
        if again.body["activity_id"].as_str().unwrap().ends_with('7') {
            again.id = format!("{}-again-{}", again.id, deliveries.len());
        }
        deliveries.push(again);
    }
    dice.shuffle(&mut deliveries);

    let ordered = start().await;
    make_plans(&ordered).await;
    for told in &all {
        tell(&ordered, told).await;
    }
    ordered.settle().await;
    let expected = outcome(&ordered).await;
    ordered.stop().await;

    let world = start().await;
    make_plans(&world).await;
    let waiting = Mutex::new(deliveries);
    let task = async || {
        loop {
            let next = waiting.lock().unwrap().pop();
            let Some(told) = next else { return };
            tell(&world, &told).await;
        }
    };
    join_all((0..TASKS).map(|_| task())).await;
    world.settle().await;

    let got = outcome(&world).await;
    assert!(!expected.is_empty());
    assert!(
        expected.iter().any(|workout| workout["plan"].is_string()),
        "some hold a plan"
    );
    for (got, expected) in got.iter().zip(&expected) {
        assert_eq!(got, expected);
    }
    assert_eq!(got.len(), expected.len());
    world.assert_quiet().await;
    world.stop().await;
}

/// P-05, P-07, P-08, P-25, P-44: what the provider said last is what remains, whatever the way it came.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_deliveries_in_any_order_at_once_end_like_the_same_ones_in_order() {
    assert_order_does_not_matter(async || world!(Start::Running)).await;
}

/// P-05, P-07, P-08, P-25: nor where all of them take turns on a few connections.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_deliveries_behind_a_transaction_pooler_end_like_the_same_ones_in_order() {
    let executable = env!("CARGO_BIN_EXE_paceline-under-test");
    assert_order_does_not_matter(async || World::start_pooled(executable, Start::Running).await)
        .await;
}

/// P-07: saying the same again is news too, of a later time.
#[tokio::test]
async fn what_was_confirmed_later_is_not_replaced_by_what_was_said_in_between() {
    let world = world!(Start::Paused);
    let at = |time: &str, duration| {
        let mut body = world.run("a", duration);
        body["occurred_at"] = time.into();
        body
    };
    world.deliver(&at("2026-11-20T08:00:00Z", 600)).await;
    let confirmed = world.deliver(&at("2026-11-20T10:00:00Z", 600)).await;
    assert_eq!(confirmed.body["outcome"], "unchanged");

    let between = world.deliver(&at("2026-11-20T09:00:00Z", 900)).await;

    assert_eq!(between.body["outcome"], "stale");
    let workout = world
        .get(&format!("/workouts/{}", between.workout_id()))
        .await;
    assert_eq!(
        (&workout["duration_s"], &workout["generation"]),
        (&json!(600.0), &json!(1))
    );
    world.stop().await;
}

/// P-39: the one thing that does depend on the order, because a plan that is held is never taken.
#[tokio::test]
async fn of_two_workouts_that_one_plan_fits_whichever_came_first_keeps_it() {
    for order in [["far", "near"], ["near", "far"]] {
        let world = world!(Start::Paused);
        world.create_plan(&world.plan(3600)).await;

        for activity in order {
            let duration = if activity == "far" { 3000 } else { 3600 };
            world.deliver(&world.run(activity, duration)).await;
        }

        let holders = world
            .rows(
                "SELECT to_jsonb(provider_activity_id) FROM workouts WHERE planned_id IS NOT NULL",
            )
            .await;
        assert_eq!(holders, [json!(order[0])]);
        world.stop().await;
    }
}
