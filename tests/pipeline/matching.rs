//! Why a workout has the plan it has, or none: every reason, and every plan that was looked at.

use domain::id::WorkoutId;
use local::cloud::Start;
use reqwest::Method;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use support::world;
use support::world::{Other, World};

/// The day of [`World::run`].
const DAY: &str = "2026-11-20";

async fn plan_of(world: &World, workout: WorkoutId) -> Value {
    world.get(&format!("/workouts/{workout}")).await["plan"].clone()
}

/// What came of each plan that was looked at, by the name that the test gave it, best first.
fn verdicts(plan: &Value, names: &BTreeMap<String, String>) -> Vec<(String, String)> {
    let candidates = plan["candidates"].as_array().unwrap();
    let word = |value: &Value| value.as_str().unwrap().to_owned();
    candidates
        .iter()
        .map(|candidate| {
            let id = word(&candidate["planned_id"]);
            (names[&id].clone(), word(&candidate["reason"]))
        })
        .collect()
}

fn pairs(expected: &[(&str, &str)]) -> Vec<(String, String)> {
    let pairs = expected.iter();
    pairs
        .map(|(name, reason)| ((*name).to_owned(), (*reason).to_owned()))
        .collect()
}

/// Plans of a world, by what the test calls them.
struct Plans<'a> {
    world: &'a World,
    names: BTreeMap<String, String>,
}

impl<'a> Plans<'a> {
    fn of(world: &'a World) -> Self {
        Self {
            world,
            names: BTreeMap::new(),
        }
    }

    async fn make(&mut self, name: &str, date: &str, sport: &str, duration_s: u32) -> String {
        let plan = json!({
            "date": date, "sport": sport, "name": name, "total_duration_s": duration_s,
        });
        let id = self.world.create_plan(&plan).await;
        self.names.insert(id.clone(), name.to_owned());
        id
    }

    async fn assert(&self, workout: WorkoutId, reason: &str, expected: &[(&str, &str)]) {
        let plan = plan_of(self.world, workout).await;
        eprintln!("{reason}: {plan:#}");
        assert_eq!(plan["reason"], reason, "{plan:#}");
        assert_eq!(verdicts(&plan, &self.names), pairs(expected), "{plan:#}");
    }
}

/// P-38, P-39, P-40, P-42, P-44: shown with `--nocapture`.
#[tokio::test]
async fn every_reason_is_told_with_the_plans_that_were_rejected() {
    let world = world!(Start::Paused);
    let mut plans = Plans::of(&world);
    let deliver = async |id: &str, duration_s| {
        let delivered = world.deliver(&world.run(id, duration_s)).await;
        delivered.workout_id()
    };

    let first = deliver("a", 3600).await;
    plans.assert(first, "no_candidates", &[]).await;

    plans.make("tomorrow", "2026-11-21", "run", 3600).await;
    plans
        .assert(first, "date_differs", &[("tomorrow", "date_differs")])
        .await;

    plans.make("ride", DAY, "ride", 3600).await;
    let others = [("ride", "sport_differs"), ("tomorrow", "date_differs")];
    plans.assert(first, "sport_differs", &others).await;

    plans.make("marathon", DAY, "run", 14_000).await;
    let with = |more: &[(&'static str, &'static str)]| [more, &others].concat();
    plans
        .assert(
            first,
            "duration_out_of_range",
            &with(&[("marathon", "duration_out_of_range")]),
        )
        .await;

    let easy = plans.make("easy", DAY, "run", 3500).await;
    let marathon = ("marathon", "duration_out_of_range");
    plans
        .assert(first, "matched", &with(&[("easy", "chosen"), marathon]))
        .await;

    let second = deliver("b", 3400).await;
    plans
        .assert(second, "taken", &with(&[("easy", "taken"), marathon]))
        .await;

    plans.make("one", DAY, "run", 1000).await;
    plans.make("other", DAY, "run", 1020).await;
    let third = deliver("c", 1010).await;
    let plan = plan_of(&world, third).await;
    assert_eq!(plan["reason"], "ambiguous", "{plan:#}");
    assert_eq!(
        verdicts(&plan, &plans.names)[..2],
        pairs(&[("other", "ambiguous"), ("one", "ambiguous")])
    );

    let path = format!("/workouts/{first}/plan");
    let detached = world.send(Method::DELETE, &path, "").await;
    assert_eq!(detached.status, 200);
    let plan = plan_of(&world, first).await;
    eprintln!("detached: {plan:#}");
    assert_eq!(
        (&plan["reason"], &plan["pinned"], &plan["planned_id"]),
        (&json!("detached"), &json!(true), &Value::Null)
    );
    assert_eq!(
        verdicts(&plan, &plans.names)[0],
        ("easy".to_owned(), "detached".to_owned())
    );
    // Saying it again says nothing new; the plan that was let go is what the second one was.
    let before = world.everything().await;
    assert_eq!(world.send(Method::DELETE, &path, "").await.status, 200);
    assert_eq!(world.everything().await, before);
    let plan = plan_of(&world, second).await;
    assert_eq!(
        (&plan["reason"], &plan["planned_id"]),
        (&json!("matched"), &json!(easy))
    );
    world.stop().await;
}

/// P-39, P-44: the provider's word counts, if the plan is the athlete's own.
#[tokio::test]
async fn the_plan_that_the_provider_names_is_attached_when_it_is_the_athletes_own() {
    let world = world!(Start::Paused);
    let mut plans = Plans::of(&world);
    plans.make("near", DAY, "run", 3600).await;
    let meant = plans.make("meant", "2026-11-17", "run", 9000).await;
    let stranger = Other::join(&world, "stranger").await;
    let foreign = stranger.create_plan(&world.plan(3600)).await;
    let deliver = async |id: &str, planned: &Value| {
        let mut body = world.run(id, 3600);
        body["activity"]["planned_id"] = planned.clone();
        world.deliver(&body).await
    };

    let told = deliver("a", &json!(meant)).await.workout_id();
    let plan = plan_of(&world, told).await;
    assert_eq!(
        (&plan["reason"], &plan["hint"], &plan["planned_id"]),
        (&json!("hinted"), &json!("followed"), &json!(meant)),
        "{plan:#}"
    );
    assert_eq!(
        verdicts(&plan, &plans.names),
        pairs(&[("meant", "chosen"), ("near", "less_close")])
    );

    let misled = deliver("b", &json!(foreign)).await.workout_id();
    let plan = plan_of(&world, misled).await;
    assert_eq!(
        (&plan["reason"], &plan["hint"]),
        (&json!("matched"), &json!("unknown")),
        "{plan:#}"
    );
    let theirs = stranger.get(&format!("/planned-workouts/{foreign}")).await;
    assert_eq!(theirs.body["workout_id"], Value::Null);

    let late = deliver("c", &json!(meant)).await.workout_id();
    let plan = plan_of(&world, late).await;
    assert_eq!(
        (&plan["reason"], &plan["hint"]),
        (&json!("taken"), &json!("refused")),
        "{plan:#}"
    );
    // It waits for that plan, on whatever day it is.
    let path = format!("/workouts/{told}/plan");
    world.send(Method::DELETE, &path, "").await;
    let far =
        json!({"date": "2026-11-17", "sport": "run", "name": "meant", "total_duration_s": 8000});
    let path = format!("/planned-workouts/{meant}");
    world.send(Method::PUT, &path, far.to_string()).await;
    let plan = plan_of(&world, late).await;
    assert_eq!(plan["planned_id"], json!(meant), "{plan:#}");

    let nonsense = deliver("d", &json!("not an id")).await;
    assert_eq!(nonsense.status, 422, "{nonsense:?}");
    world.stop().await;
}

/// P-44: by name, as a watch knows the workout that it was guiding.
#[tokio::test]
async fn the_plan_whose_name_the_provider_tells_is_attached_where_the_clock_cannot_tell() {
    let world = world!(Start::Paused);
    let mut plans = Plans::of(&world);
    plans.make("Tempo", DAY, "run", 3600).await;
    let meant = plans.make("4 × 8 min", DAY, "run", 3600).await;
    let mut body = world.run("a", 3600);
    body["activity"]["planned_name"] = "4 × 8 MIN".into();

    let workout = world.deliver(&body).await.workout_id();

    let plan = plan_of(&world, workout).await;
    assert_eq!(
        (&plan["reason"], &plan["planned_id"]),
        (&json!("hinted"), &json!(meant))
    );
    world.stop().await;
}

/// P-45
#[tokio::test]
async fn a_strength_session_is_the_plan_of_its_day_that_asked_for_what_was_lifted() {
    let world = world!(Start::Paused);
    let file = support::oracle::bytes("strength_fr965.fit").unwrap();
    let workout = world
        .send(Method::POST, "/activities", file)
        .await
        .workout_id();
    let seen = world.get(&format!("/workouts/{workout}")).await;
    let mut sql = world.sql().await;
    let (lifted,): (Vec<String>,) = sqlx::query_as("SELECT exercises FROM workouts")
        .fetch_one(&mut sql)
        .await
        .unwrap();
    assert!(!lifted.is_empty(), "{seen:#}");

    // Plans of steps that name exercises, in any depth.
    for (name, exercises) in [
        ("Others", vec!["Farmer Carry".to_owned()]),
        ("Those", lifted),
    ] {
        let steps: Vec<Value> = exercises
            .iter()
            .map(|name| json!({"repeat": 2, "steps": [{
                "kind": "strength", "duration": {"type": "lap_button"}, "exercise": {"name": name},
            }]}))
            .collect();
        sqlx::query(
            "INSERT INTO planned_workouts (id, user_id, date, sport, name, steps)
             SELECT gen_random_uuid(), user_id, local_date, 'strength', $1, $2 FROM workouts",
        )
        .bind(name)
        .bind(json!(steps))
        .execute(&mut sql)
        .await
        .unwrap();
    }
    let other_sport = json!({
        "date": seen["local_date"], "sport": "mobility", "name": "Stretch", "total_duration_s": 600,
    });
    world.create_plan(&other_sport).await;

    let plan = plan_of(&world, workout).await;
    let names: Vec<Value> = world
        .rows("SELECT to_jsonb(p.name) FROM planned_workouts p JOIN workouts w ON w.planned_id = p.id")
        .await;
    assert_eq!(
        (names, &plan["reason"]),
        (vec![json!("Those")], &json!("matched")),
        "{plan:#}"
    );
    let reasons: Vec<&Value> = plan["candidates"]
        .as_array()
        .unwrap()
        .iter()
        .map(|candidate| &candidate["reason"])
        .collect();
    assert_eq!(reasons, ["chosen", "exercises_differ", "sport_differs"]);
    world.stop().await;
}

/// The generation and the plan's name of each workout, by the provider's id.
async fn generations(world: &World) -> BTreeMap<String, (i64, Option<String>)> {
    let rows = world
        .rows(
            "SELECT jsonb_build_array(w.provider_activity_id, w.generation, p.name)
             FROM workouts w LEFT JOIN planned_workouts p ON p.id = w.planned_id",
        )
        .await;
    rows.into_iter()
        .map(|row| {
            let id = row[0].as_str().unwrap().to_owned();
            let plan = row[2].as_str().map(str::to_owned);
            (id, (row[1].as_i64().unwrap(), plan))
        })
        .collect()
}

/// P-25, P-32: each change of a plan, and the exact set of generations before and after.
#[tokio::test]
async fn a_change_of_a_plan_raises_the_generations_of_exactly_those_whose_link_changes() {
    let world = world!(Start::Paused);
    // Two runs and a ride of the day, a run of the day after, and one that has what it wants.
    for (id, sport, day, duration_s) in [
        ("short", "run", "20", 1800),
        ("long", "run", "20", 7200),
        ("ride", "ride", "20", 3600),
        ("next day", "run", "21", 7200),
        ("settled", "run", "20", 600),
        ("detached", "run", "20", 7200),
    ] {
        let mut body = world.run(id, duration_s);
        body["activity"]["sport"] = sport.into();
        body["activity"]["started_at"] = format!("2026-11-{day}T06:30:00Z").into();
        let workout = world.deliver(&body).await.workout_id();
        if id == "detached" {
            let path = format!("/workouts/{workout}/plan");
            world.send(Method::DELETE, &path, "").await;
        }
    }
    let mut plans = Plans::of(&world);
    plans.make("jog", DAY, "run", 600).await;

    let mut before = generations(&world).await;
    let mut step = async |what: &str, changed: &[(&str, Option<&str>)]| {
        let after = generations(&world).await;
        let mut expected = before.clone();
        for (id, plan) in changed {
            let row = expected.get_mut(*id).unwrap();
            *row = (row.0 + 1, plan.map(str::to_owned));
        }
        eprintln!("{what}: {after:?}");
        assert_eq!(after, expected, "{what}");
        before = after;
    };

    let distance = plans.make("distance", DAY, "run", 7000).await;
    step("created", &[("long", Some("distance"))]).await;

    let path = format!("/planned-workouts/{distance}");
    let put = async |plan: Value| {
        world
            .send(Method::PUT, &path, plan.to_string())
            .await
            .status
    };
    let mut plan = json!({
        "date": DAY, "sport": "run", "name": "distance", "total_duration_s": 7000,
    });
    assert_eq!(put(plan.clone()).await, 200);
    step("replaced by the same", &[]).await;

    plan["total_duration_s"] = 1900.into();
    assert_eq!(put(plan.clone()).await, 200);
    step(
        "edited until it fits another",
        &[("long", None), ("short", Some("distance"))],
    )
    .await;

    plan["date"] = "2026-11-21".into();
    plan["total_duration_s"] = 7000.into();
    assert_eq!(put(plan.clone()).await, 200);
    step(
        "moved to the next day",
        &[("short", None), ("next day", Some("distance"))],
    )
    .await;

    plan["date"] = DAY.into();
    plan["sport"] = "ride".into();
    plan["total_duration_s"] = 3600.into();
    assert_eq!(put(plan.clone()).await, 200);
    step(
        "moved back as a ride",
        &[("next day", None), ("ride", Some("distance"))],
    )
    .await;

    assert_eq!(world.send(Method::DELETE, &path, "").await.status, 204);
    step("deleted", &[("ride", None)]).await;

    let long = world.deliver(&world.run("long", 7200)).await.workout_id();
    step("told again", &[]).await;
    let jog = plans
        .names
        .iter()
        .find(|(_, name)| *name == "jog")
        .unwrap()
        .0
        .clone();
    let settled = world.deliver(&world.run("settled", 600)).await.workout_id();
    let path = |workout| format!("/workouts/{workout}/plan");
    world.send(Method::DELETE, &path(settled), "").await;
    let wanted = json!({ "planned_id": jog }).to_string();
    world.send(Method::PUT, &path(long), wanted).await;
    step("given away", &[("settled", None), ("long", Some("jog"))]).await;

    // Both sides say the same.
    let plan = world.get(&format!("/planned-workouts/{jog}")).await;
    assert_eq!(plan["workout_id"], json!(long));
    world.stop().await;
}

/// The plan that the athlete attached to a workout of another day leaves it free for its own day's.
#[tokio::test]
async fn a_workout_whose_attached_plan_is_deleted_is_matched_on_its_own_day_again() {
    let world = world!(Start::Paused);
    let mut plans = Plans::of(&world);
    let far = plans.make("far", "2026-12-24", "run", 60).await;
    let workout = world.deliver(&world.run("a", 3600)).await.workout_id();
    let path = format!("/workouts/{workout}/plan");
    let wanted = json!({ "planned_id": far }).to_string();
    world.send(Method::PUT, &path, wanted).await;
    plans
        .assert(workout, "attached", &[("far", "chosen")])
        .await;
    plans.make("own", DAY, "run", 3600).await;
    let path = format!("/planned-workouts/{far}");
    world.send(Method::DELETE, &path, "").await;

    plans.assert(workout, "matched", &[("own", "chosen")]).await;
    world.stop().await;
}
