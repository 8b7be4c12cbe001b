//! Load over days: what is read is what the workouts make, whatever happened to them before.

use chrono::{DateTime, Days, NaiveDate, TimeDelta, Utc};
use futures_util::future::join_all;
use local::cloud::Start;
use reqwest::Method;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use support::dice::Dice;
use support::world;
use support::world::{Other, World};

/// A day that every test has behind it.
const DAY: &str = "2026-03-01";

fn day(number: u64) -> NaiveDate {
    DAY.parse::<NaiveDate>().unwrap() + Days::new(number)
}

fn morning(date: NaiveDate) -> DateTime<Utc> {
    date.and_hms_opt(9, 0, 0).unwrap().and_utc()
}

/// A session of the gym that is rated: its load is the rating times minutes over 4.2.
fn rated(athlete: &str, id: &str, start: DateTime<Utc>, minutes: usize, rpe: f64) -> Value {
    json!({
        "event": "create",
        "athlete": athlete,
        "activity_id": id,
        "occurred_at": start,
        "activity": {
            "sport": "strength",
            "started_at": start,
            "utc_offset_s": 0,
            "elapsed_s": minutes * 60,
            "rpe": rpe,
        },
    })
}

fn load_of(minutes: usize, rpe: f64) -> f64 {
    rpe * domain::signal::number::from_count(minutes) / 4.2
}

async fn fitness(world: &World, from: NaiveDate, to: NaiveDate) -> Value {
    world
        .get(&format!("/athlete/fitness?from={from}&to={to}"))
        .await
}

#[track_caller]
fn near(got: &Value, expected: f64) {
    let value = got.as_f64().unwrap_or(f64::NAN);
    let allowed = 1e-9 * expected.abs().max(1.0);
    assert!(
        (value - expected).abs() <= allowed,
        "{got} is not {expected}"
    );
}

/// Each day by its own sums over all that was done before it: no recursion.
fn assert_sums(shown: &Value, loads: &BTreeMap<NaiveDate, f64>) {
    let first = loads.keys().next().copied();
    for shown in shown["days"].as_array().unwrap() {
        let date: NaiveDate = shown["date"].as_str().unwrap().parse().unwrap();
        near(&shown["load"], loads.get(&date).copied().unwrap_or(0.0));
        let weighed = |days: f64, until: NaiveDate| -> f64 {
            let before = loads.range(..=until);
            before
                .map(|(done, load)| {
                    let ago = i32::try_from((until - *done).num_days()).unwrap();
                    load / days * (1.0 - 1.0 / days).powi(ago)
                })
                .sum()
        };
        if first.is_none_or(|first| date < first.pred_opt().unwrap()) {
            assert_eq!(shown["ctl"], Value::Null, "{shown}");
            assert_eq!(shown["reasons"]["ctl"], "before_start");
            continue;
        }
        let yesterday = date.pred_opt().unwrap();
        near(&shown["ctl"], weighed(42.0, date));
        near(&shown["atl"], weighed(7.0, date));
        if first.is_some_and(|first| date >= first) {
            near(
                &shown["tsb"],
                weighed(42.0, yesterday) - weighed(7.0, yesterday),
            );
        }
        let week: Vec<f64> = (0..7)
            .map(|ago| loads.get(&(date - Days::new(ago))).copied().unwrap_or(0.0))
            .collect();
        if first.is_some_and(|first| date >= first + Days::new(6)) {
            near(
                &shown["ramp"],
                weighed(42.0, date) - weighed(42.0, date - Days::new(7)),
            );
            let mean = week.iter().sum::<f64>() / 7.0;
            let variance = week.iter().map(|load| (load - mean).powi(2)).sum::<f64>() / 6.0;
            if variance > 1e-12 {
                near(&shown["monotony"], mean / variance.sqrt());
                near(&shown["strain"], 7.0 * mean * mean / variance.sqrt());
            } else {
                assert_eq!(shown["reasons"]["monotony"], "no_variation", "{shown}");
            }
        }
    }
}

/// What happened to an activity last.
#[derive(Debug, Clone, Copy)]
struct Last {
    moment: i64,
    day: u64,
    load: Option<f64>,
}

/// A story of deliveries, and what it must end in.
struct Story {
    deliveries: Vec<Value>,
    loads: BTreeMap<NaiveDate, f64>,
}

impl Story {
    /// Creates, updates and deletes at random, each by the provider's own time.
    fn roll(dice: &mut Dice, athlete: &str) -> Self {
        let mut last: BTreeMap<usize, Last> = BTreeMap::new();
        let mut days: BTreeMap<usize, u64> = BTreeMap::new();
        let mut deliveries = Vec::new();
        for moment in 0..30 {
            let activity = dice.below(12);
            // A workout keeps the date on which it first came, so each stays on a day of its own.
            let day_of = *days
                .entry(activity)
                .or_insert_with(|| u64::try_from(dice.below(20)).unwrap());
            let (minutes, rpe) = (10 + dice.below(100), 1.0 + f64::from(dice.one_in(2)) * 6.5);
            let start = morning(day(day_of)) + TimeDelta::minutes(i64::try_from(activity).unwrap());
            let mut delivery = rated(athlete, &format!("a{activity}"), start, minutes, rpe);
            let event = match (last.contains_key(&activity), dice.one_in(4)) {
                (false, _) => "create",
                (true, true) => "delete",
                (true, false) => "update",
            };
            delivery["event"] = event.into();
            delivery["occurred_at"] = json!(morning(day(40)) + TimeDelta::seconds(moment));
            if event == "delete" {
                delivery.as_object_mut().unwrap().remove("activity");
            }
            let load = (event != "delete").then(|| load_of(minutes, rpe));
            let now = Last {
                moment,
                day: day_of,
                load,
            };
            last.insert(activity, now);
            assert_eq!(last[&activity].moment, moment);
            deliveries.push(delivery);
        }
        let mut loads = BTreeMap::new();
        for last in last.values() {
            if let Some(load) = last.load {
                *loads.entry(day(last.day)).or_insert(0.0) += load;
            }
        }
        Self { deliveries, loads }
    }
}

#[tokio::test]
async fn days_are_the_sums_of_their_workouts_whatever_was_edited_or_deleted_at_once() {
    let world = world!(Start::Running);
    let mut dice = Dice::new(Dice::seed());
    for round in 0..4 {
        let account = format!("athlete-{round}");
        let other = Other::join(&world, &account).await;
        let mut story = Story::roll(&mut dice, &account);
        dice.shuffle(&mut story.deliveries);
        // Read while all of it is written: what is not known yet is pending, never a fault.
        let path = format!("/athlete/fitness?from={}&to={}", day(0), day(30));
        let reads = join_all((0..5).map(|_| other.get(&path)));
        let writes = join_all(story.deliveries.iter().map(|body| world.deliver(body)));
        let (reads, writes) = tokio::join!(reads, writes);
        assert!(reads.iter().all(|read| read.status == 200), "{reads:?}");
        // Whoever finds the athlete's row busy is told so, and delivers again.
        for (body, answer) in story.deliveries.iter().zip(writes) {
            if answer.status == 503 {
                assert_eq!(world.deliver(body).await.status, 200);
            } else {
                assert_eq!(answer.status, 200, "{answer:?}");
            }
        }
        world.settle().await;

        let shown = other.get(&path).await.body;
        assert_eq!(
            (&shown["pending"], &shown["failed"]),
            (&json!(0), &json!(0))
        );
        assert_sums(&shown, &story.loads);
    }
    world.stop().await;
}

/// The worked example, through the whole pipeline: six weeks of 100 a day, then a week of rest.
#[tokio::test]
async fn six_weeks_of_100_a_day_and_a_week_of_rest_are_the_published_example() {
    let world = world!(Start::Running);
    for n in 0..42 {
        let id = format!("a{n}");
        let body = rated(&world.endpoint().athlete, &id, morning(day(n)), 60, 7.0);
        assert_eq!(world.deliver(&body).await.status, 200);
    }
    world.settle().await;

    let shown = fitness(&world, day(0), day(48)).await;
    let days = shown["days"].as_array().unwrap();
    assert_eq!(days.len(), 49);
    for (n, key, expected) in [
        (41, "ctl", 63.65),
        (41, "atl", 99.85),
        (48, "ctl", 53.77),
        (48, "atl", 33.94),
    ] {
        let value = days[n][key].as_f64().unwrap();
        assert!((value - expected).abs() < 0.005, "{key} {value}");
    }
    assert_eq!(days[20]["reasons"]["monotony"], "no_variation");
    assert_eq!(days[48]["load"], json!(0.0));
    assert_eq!(shown["start"]["date"], json!(day(0).pred_opt()));
    assert_eq!(shown["start"]["is_given"], false);
    world.stop().await;
}

#[tokio::test]
async fn a_load_that_is_to_come_is_pending_and_one_that_never_comes_is_counted() {
    let world = world!(Start::Paused);
    let athlete = world.endpoint().athlete.clone();
    let known = rated(&athlete, "known", morning(day(0)), 60, 7.0);
    let mut unknown = rated(&athlete, "unknown", morning(day(1)), 60, 7.0);
    unknown["activity"].as_object_mut().unwrap().remove("rpe");
    for body in [&known, &unknown] {
        assert_eq!(world.deliver(body).await.status, 200);
    }
    let counts = |day: &Value| {
        ["workouts", "pending", "failed", "without_load"].map(|key| day[key].as_i64().unwrap())
    };

    let early = fitness(&world, day(0), day(1)).await;
    assert_eq!(counts(&early["days"][0]), [1, 1, 0, 0]);
    assert_eq!(early["days"][0]["load"], json!(0.0));
    assert_eq!(early["pending"], 2);

    world.settle().await;
    let late = fitness(&world, day(0), day(1)).await;
    assert_eq!(counts(&late["days"][0]), [1, 0, 0, 0]);
    assert_eq!(counts(&late["days"][1]), [1, 0, 0, 1]);
    near(&late["days"][0]["load"], 100.0);
    assert_eq!(late["days"][1]["load"], json!(0.0));
    assert_eq!(
        (&late["pending"], &late["without_load"]),
        (&json!(0), &json!(1))
    );

    // A provider that announced a change is waited for; the load that is known still counts.
    let mut sql = world.sql().await;
    for (statement, counted) in [
        (
            "INSERT INTO stage_runs (workout_id, stage, user_id, wanted, status, rung_at)
                 SELECT id, 'fetch', user_id, 1, 'pending', now() FROM workouts
                 WHERE provider_activity_id = 'known'",
            [1, 1, 0, 0],
        ),
        (
            "UPDATE stage_runs SET status = 'failed', error = 'not_ready: no' WHERE stage = 'fetch'",
            [1, 0, 1, 0],
        ),
        ("DELETE FROM stage_runs WHERE stage = 'fetch'", [1, 0, 0, 0]),
    ] {
        sqlx::query(statement).execute(&mut sql).await.unwrap();
        let shown = fitness(&world, day(0), day(0)).await;
        assert_eq!(counts(&shown["days"][0]), counted, "{statement}");
        near(&shown["days"][0]["load"], 100.0);
    }

    // What failed says so, and counts as nothing.
    sqlx::query(
        "UPDATE stage_runs SET status = 'failed', error = 'internal: no', done = 0, result = NULL,
             version = NULL WHERE stage = 'metrics' AND load IS NOT NULL",
    )
    .execute(&mut sql)
    .await
    .unwrap();
    let failed = fitness(&world, day(0), day(1)).await;
    assert_eq!(counts(&failed["days"][0]), [1, 0, 1, 0]);
    assert_eq!(failed["days"][0]["load"], json!(0.0));
    world.stop().await;
}

/// P-16
#[tokio::test]
async fn a_load_is_of_the_day_on_the_athletes_wall() {
    let world = world!(Start::Running);
    let late = morning(day(10)) + TimeDelta::minutes(14 * 60 + 30);
    for (n, (offset, expected)) in [
        (Some(0), 10),
        (Some(3600), 11),
        (Some(14 * 3600), 11),
        (Some(-14 * 3600), 10),
        (None, 10),
    ]
    .into_iter()
    .enumerate()
    {
        let account = format!("traveller-{n}");
        let other = Other::join(&world, &account).await;
        let mut body = rated(&account, "a", late, 60, 7.0);
        // Without an offset the zone of the profile holds: UTC.
        body["activity"]["utc_offset_s"] = json!(offset);
        assert_eq!(world.deliver(&body).await.status, 200);
        world.settle().await;
        let shown = other
            .get(&format!("/athlete/fitness?from={}&to={}", day(9), day(12)))
            .await;
        let on = shown.body["days"]
            .as_array()
            .unwrap()
            .iter()
            .find(|day| day["workouts"] == 1);
        assert_eq!(on.unwrap()["date"], json!(day(expected)), "{offset:?}");
    }
    world.stop().await;
}

#[tokio::test]
async fn sessions_count_and_their_whole_does_not() {
    let world = world!(Start::Running);
    let profile = json!({
        "sex": "m",
        "thresholds": [{
            "valid_from": "2000-01-01", "ftp_w": 250, "hr_max_bpm": 190, "hr_rest_bpm": 50,
            "hr_threshold_bpm": 170, "threshold_speed_mps": 4, "css_mps": 1.2,
        }],
    });
    let put = world
        .send(Method::PUT, "/athlete", profile.to_string())
        .await;
    assert_eq!(put.status, 200, "{put:?}");
    let file = support::oracle::bytes("triathlon_fr935_smart.fit").unwrap();
    let answer = world.send(Method::POST, "/activities", file).await;
    world.settle().await;
    let whole = world
        .get(&format!("/workouts/{}", answer.workout_id()))
        .await;
    let date: NaiveDate = whole["local_date"].as_str().unwrap().parse().unwrap();

    let (mut loads, mut without) = (Vec::new(), 0);
    for session in whole["sessions"].as_array().unwrap() {
        let id = session["workout_id"].as_str().unwrap();
        let part = world.get(&format!("/workouts/{id}")).await;
        match part["computed"]["metrics"]["load"].as_f64() {
            Some(load) => loads.push(load),
            None => without += 1,
        }
    }
    assert!(loads.len() > 2, "{loads:?}");
    let shown = fitness(&world, date, date).await;
    let day = &shown["days"][0];
    near(&day["load"], loads.iter().sum());
    assert_eq!(day["workouts"], json!(loads.len() + without));
    assert_eq!(day["without_load"], json!(without));
    world.stop().await;
}

#[tokio::test]
async fn the_athlete_says_where_fitness_and_fatigue_begin() {
    let world = world!(Start::Running);
    let athlete = world.endpoint().athlete.clone();
    for n in [0, 5] {
        let body = rated(&athlete, &format!("a{n}"), morning(day(n)), 60, 7.0);
        assert_eq!(world.deliver(&body).await.status, 200);
    }
    world.settle().await;
    let start = json!({"date": day(4), "ctl": 60.0, "atl": 45.5});
    let put = world
        .send(
            Method::PUT,
            "/athlete",
            json!({ "fitness_start": start }).to_string(),
        )
        .await;
    assert_eq!((put.status, &put.body["fitness_start"]), (200, &start));
    assert_eq!(world.get("/athlete").await["fitness_start"], start);

    let shown = fitness(&world, day(0), day(5)).await;
    assert_eq!(shown["start"]["is_given"], true);
    let days = &shown["days"];
    // What was done before the start is shown, and is in it already.
    near(&days[0]["load"], 100.0);
    assert_eq!(days[0]["reasons"]["ctl"], "before_start");
    near(&days[4]["ctl"], 60.0);
    assert_eq!(days[4]["reasons"]["tsb"], "before_start");
    near(&days[5]["ctl"], 60.0 + 40.0 / 42.0);
    near(&days[5]["atl"], 45.5 + 54.5 / 7.0);
    near(&days[5]["tsb"], 14.5);
    // No workout weighs anything else because of it.
    let generations = world
        .rows("SELECT to_jsonb(generation) FROM workouts")
        .await;
    assert!(generations.iter().all(|generation| generation == 1));

    for (start, field) in [
        (
            json!({"date": "1850-01-01", "ctl": 1, "atl": 1}),
            "/fitness_start/date",
        ),
        (
            json!({"date": day(0), "ctl": -1, "atl": 1}),
            "/fitness_start/ctl",
        ),
        (
            json!({"date": day(0), "ctl": 1, "atl": 1e9}),
            "/fitness_start/atl",
        ),
    ] {
        let body = json!({ "fitness_start": start }).to_string();
        let refused = world.send(Method::PUT, "/athlete", body).await;
        assert_eq!((refused.status, refused.code()), (422, "invalid"));
        assert_eq!(refused.body["errors"][0]["field"], field);
    }
    let removed = world.send(Method::PUT, "/athlete", "{}").await;
    assert_eq!(removed.body["fitness_start"], Value::Null);
    world.stop().await;
}

#[tokio::test]
async fn days_to_come_hold_what_their_plans_ask_for() {
    let world = world!(Start::Running);
    let today: NaiveDate = world.get("/athlete/fitness").await["today"]
        .as_str()
        .unwrap()
        .parse()
        .unwrap();
    let (tomorrow, then) = (today + Days::new(1), today + Days::new(2));
    // A threshold that holds from the day after tomorrow on.
    let profile = json!({"thresholds": [
        {"valid_from": "2020-01-01", "threshold_speed_mps": 4},
        {"valid_from": then, "threshold_speed_mps": 5},
    ]});
    let put = world
        .send(Method::PUT, "/athlete", profile.to_string())
        .await;
    assert_eq!(put.status, 200, "{put:?}");
    let hour = |date: NaiveDate, metres: u32| {
        json!({"date": date, "sport": "run", "name": "Run",
            "total_duration_s": 3600, "total_distance_m": metres})
    };
    world.create_plan(&hour(today, 14_400)).await;
    world.create_plan(&hour(tomorrow, 14_400)).await;
    let unknown =
        json!({"date": tomorrow, "sport": "ride", "name": "Ride", "total_duration_s": 60});
    let unknown = world.create_plan(&unknown).await;
    world.create_plan(&hour(then, 18_000)).await;

    let shown = fitness(&world, today.pred_opt().unwrap(), then).await;
    let days = &shown["days"];
    assert_eq!(days[0].get("planned"), None, "what is over is not planned");
    // Today's is still open: it is shown, and counts when it is done.
    near(&days[1]["planned"]["load"], 100.0);
    near(&days[1]["load"], 0.0);
    near(&days[2]["load"], 100.0);
    near(&days[2]["ctl"], 100.0 / 42.0);
    assert_eq!(days[2]["planned"]["without_load"], 1);
    let plans = days[2]["planned"]["workouts"].as_array().unwrap();
    let without = plans
        .iter()
        .find(|plan| plan["planned_id"] == json!(unknown))
        .unwrap();
    assert_eq!(without["load"], Value::Null);
    assert_eq!(without["reason"], "not_planned");
    near(&days[3]["load"], 100.0);
    near(&days[3]["tsb"], 100.0 / 42.0 - 100.0 / 7.0);

    // What is done is not planned any more.
    let mut done = world.run("a", 3600);
    done["activity"]["started_at"] = json!(morning(today));
    done["activity"]["utc_offset_s"] = json!(0);
    assert_eq!(world.deliver(&done).await.status, 200);
    world.settle().await;
    let shown = fitness(&world, today, today).await;
    assert_eq!(shown["days"][0]["planned"]["workouts"], json!([]));
    assert_eq!(shown["days"][0]["workouts"], 1);
    world.stop().await;
}

/// P-69
#[tokio::test]
async fn nobody_sees_another_athletes_days_and_bests() {
    let world = world!(Start::Running);
    let body = rated(&world.endpoint().athlete, "a", morning(day(0)), 60, 7.0);
    assert_eq!(world.deliver(&body).await.status, 200);
    world.create_plan(&world.plan(600)).await;
    world.settle().await;
    let other = Other::join(&world, "other").await;

    let shown = other
        .get(&format!("/athlete/fitness?from={}&to={}", day(0), day(1)))
        .await
        .body;
    assert_eq!(shown["start"], Value::Null);
    for day in shown["days"].as_array().unwrap() {
        assert_eq!((&day["workouts"], &day["load"]), (&json!(0), &json!(0.0)));
        assert_eq!(day["reasons"]["ctl"], "before_start");
    }
    assert_eq!(other.get("/athlete/bests").await.body["sports"], json!([]));
    let curve = other.get("/athlete/power-curve").await.body;
    assert_eq!(curve["points"], json!([]));
    let estimates = other.get("/athlete/estimates").await.body;
    assert_eq!(estimates["reasons"]["ftp"], "too_few_efforts");
    world.stop().await;
}

#[tokio::test]
async fn days_that_make_no_sense_are_refused() {
    let world = world!(Start::Paused);
    for (path, code) in [
        ("fitness?from=yesterday", "bad_date"),
        ("fitness?to=2026-02-30", "bad_date"),
        ("fitness?from=2026-02-02&to=2026-02-01", "bad_range"),
        ("fitness?from=2010-01-01&to=2026-01-01", "bad_range"),
        ("fitness?from=1800-01-01&to=1800-01-02", "bad_range"),
        ("fitness?to=2999-01-01", "bad_range"),
        ("fitness?days=3", "unknown_parameter"),
        ("bests?from=2026-02-02&to=2026-02-01", "bad_range"),
        ("power-curve?sport=chess", "bad_sport"),
        ("power-curve?from=1", "bad_date"),
        ("estimates?to=-0001-01-01", "bad_range"),
        ("estimates?from=2026-01-01", "unknown_parameter"),
    ] {
        let answer = world
            .send(Method::GET, &format!("/athlete/{path}"), "")
            .await;
        assert_eq!((answer.status, answer.code()), (400, code), "{path}");
    }
    let longest = world
        .get("/athlete/fitness?from=2016-01-01&to=2026-01-07")
        .await;
    assert_eq!(longest["days"].as_array().unwrap().len(), 3660);
    let usual = world.get("/athlete/fitness?to=2026-01-07").await;
    assert_eq!(usual["days"].as_array().unwrap().len(), 90);
    world.stop().await;
}
