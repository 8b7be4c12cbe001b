//! Writes, edits and deletes of three clients at once, in any order: the records are those of the sets
//! that are left.

use crate::lifter::{BENCH, Lifter, SQUAT};
use futures_util::future::join_all;
use local::cloud::Start;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use reqwest::Method;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use support::world;
use uuid::Uuid;

/// Rounds, each of three clients.
const ROUNDS: usize = 24;

/// What a client does next.
#[derive(Debug, Clone)]
enum Act {
    Log(Value),
    /// Sends a set once more that this client sent before.
    Again(prop::sample::Index),
    Change(prop::sample::Index, Value),
    Delete(prop::sample::Index),
}

fn content() -> impl Strategy<Value = Value> {
    let kind = prop_oneof![
        6 => Just("normal"),
        1 => Just("warmup"),
        1 => Just("top_set"),
        1 => Just("timed"),
        1 => Just("distance"),
    ];
    let grips = prop_oneof![
        Just(json!([])),
        Just(json!(["close"])),
        Just(json!(["wide", "close"])),
        Just(json!(["close", "wide"])),
    ];
    (
        0..40_u32,
        prop::bool::ANY,
        0..16_i64,
        kind,
        grips,
        prop::bool::weighted(0.9),
    )
        .prop_map(|(steps, is_kg, reps, kind, grips, is_completed)| {
            json!({
                "weight": f64::from(steps) * 2.5, "weight_unit": if is_kg { "kg" } else { "lb" },
                "reps": reps, "kind": kind, "grips": grips, "is_completed": is_completed,
                "duration_s": 10 + reps, "distance_m": 5 * reps,
            })
        })
}

fn act() -> impl Strategy<Value = Act> {
    let moment = (0..5_u32).prop_map(|second| format!("2026-11-20T10:00:0{second}Z"));
    let log =
        (content(), moment, prop::bool::ANY, 0..3_u8).prop_map(|(mut set, at, bench, side)| {
            set["set_id"] = json!(Uuid::new_v4());
            set["exercise_id"] = json!(if bench { BENCH } else { SQUAT });
            set["performed_at"] = json!(at);
            set["side"] = json!(["both", "left", "right"][usize::from(side)]);
            Act::Log(set)
        });
    prop_oneof![
        4 => log,
        1 => any::<prop::sample::Index>().prop_map(Act::Again),
        2 => (any::<prop::sample::Index>(), content()).prop_map(|(of, set)| Act::Change(of, set)),
        2 => any::<prop::sample::Index>().prop_map(Act::Delete),
    ]
}

/// What a client did, act by act, to sets of its own and of the others.
async fn run(lifter: &Lifter<'_>, acts: &[Act], common: &[String]) -> BTreeMap<u16, usize> {
    let mut sent: Vec<Value> = Vec::new();
    let mut answers = BTreeMap::new();
    for act in acts {
        let known: Vec<String> = sent
            .iter()
            .map(|set| set["set_id"].as_str().unwrap().to_owned())
            .chain(common.iter().cloned())
            .collect();
        let path = |of: &prop::sample::Index| {
            lifter.path(&format!("/sets/{}", known[of.index(known.len())]))
        };
        let answer = match act {
            Act::Log(set) => {
                sent.push(set.clone());
                lifter.send(set).await
            }
            Act::Again(of) if !sent.is_empty() => lifter.send(&sent[of.index(sent.len())]).await,
            Act::Again(_) => continue,
            Act::Change(of, content) => {
                let body = content.to_string();
                lifter.world.send(Method::PATCH, &path(of), body).await
            }
            Act::Delete(of) => lifter.world.send(Method::DELETE, &path(of), "").await,
        };
        // A set may be gone, or have changed since it was sent.
        assert!(
            [200, 201, 404, 409].contains(&answer.status),
            "{act:?}: {answer:?}"
        );
        *answers.entry(answer.status).or_default() += 1;
    }
    answers
}

/// What the records must be, by another way than the database's: set after set.
fn expected(sets: &[Value]) -> BTreeSet<String> {
    let mut best: BTreeMap<(String, String, &str), (i64, Value)> = BTreeMap::new();
    let mut volumes: BTreeMap<(String, String), i64> = BTreeMap::new();
    for set in sets {
        let hundredths = |key: &str| -> i64 {
            let value = set[key].as_f64().unwrap_or_default();
            format!("{:.0}", value * 100.0).parse().unwrap()
        };
        if set["kind"] == "warmup" || set["is_completed"] == false {
            continue;
        }
        let key = (
            set["exercise_id"].as_str().unwrap().to_owned(),
            set["grip_key"].as_str().unwrap().to_owned(),
        );
        let (kg, reps) = (hundredths("weight_kg"), set["reps"].as_i64().unwrap());
        let mut found: Vec<(&str, i64)> = Vec::new();
        if set["kind"] == "timed" {
            found.push(("time", hundredths("duration_s")));
        } else if set["kind"] == "distance" {
            found.push(("distance", hundredths("distance_m")));
        } else if reps > 0 {
            found.push(("reps", reps * 100));
            found.push(("heaviest", kg));
            found.push(("set_volume", kg * reps));
            if reps == 1 {
                found.push(("e1rm", kg));
            } else if reps <= 12 {
                // Rounded half up: kg (30 + reps) / 30.
                found.push(("e1rm", (kg * (30 + reps) * 2 + 30) / 60));
            }
            let volume = volumes.entry(key.clone()).or_default();
            *volume += kg * reps;
            if kg > 0 {
                found.push(("session_volume", *volume));
            }
        }
        for (kind, value) in found {
            let entry = (key.0.clone(), key.1.clone(), kind);
            let stands = best.get(&entry).map_or(0, |(value, _)| *value);
            if value > stands {
                best.insert(entry, (value, set["id"].clone()));
            }
        }
    }
    best.into_iter()
        .map(|((exercise, grips, kind), (value, set))| {
            format!("{exercise} {grips:?} {kind} {value} {set}")
        })
        .collect()
}

/// S-12, S-25
#[tokio::test]
async fn three_clients_in_any_interleaving_leave_the_records_of_the_sets_that_are_left() {
    let world = world!(Start::Paused);
    let mut runner = TestRunner::deterministic();
    let acts = vec(vec(act(), 4..12), 3..=3);
    let mut answers: BTreeMap<u16, usize> = BTreeMap::new();
    let mut most = 0;
    for round in 0..ROUNDS {
        let lifter = Lifter::start(&world).await;
        let acts = acts.new_tree(&mut runner).unwrap().current();
        // Sets that all three may change.
        let mut common = Vec::new();
        for kg in [60.0, 70.0] {
            let set = crate::lifter::bench(kg, 5);
            lifter.log(&set).await;
            common.push(set["set_id"].as_str().unwrap().to_owned());
        }

        for told in join_all(acts.iter().map(|acts| run(&lifter, acts, &common))).await {
            for (status, times) in told {
                *answers.entry(status).or_default() += times;
            }
        }

        let sets = world
            .rows("SELECT to_jsonb(s) FROM workout_sets AS s ORDER BY s.performed_at, s.id")
            .await;
        most = most.max(sets.len());
        let records = world
            .rows(
                "SELECT to_jsonb(format('%s %s %s %s %s', r.exercise_id, to_json(r.grip_key),
                     r.kind, (r.value * 100)::bigint, to_json(r.set_id)))
                 FROM personal_records AS r",
            )
            .await;
        let records: BTreeSet<String> = records
            .iter()
            .map(|record| record.as_str().unwrap().to_owned())
            .collect();
        assert_eq!(records, expected(&sets), "round {round}: {acts:#?}");
        assert_history_ends_with_the_records(&world).await;
        assert_places_have_no_gap(&world).await;
        let deleted = world.send(Method::DELETE, &lifter.path(""), "").await;
        assert_eq!(deleted.status, 204);
        let left = world
            .rows("SELECT to_jsonb(count(*)) FROM personal_records")
            .await;
        assert_eq!(left, [json!(0)]);
    }
    assert!(answers[&201] > ROUNDS && answers[&200] > ROUNDS && answers[&404] > 0);
    eprintln!("{ROUNDS} rounds of three clients, at most {most} sets left; answers {answers:?}");
    world.stop().await;
}

/// The last time that a record was surpassed is the record.
async fn assert_history_ends_with_the_records(world: &support::world::World) {
    let list = world.get("/records").await;
    let mut standing: BTreeMap<String, Value> = BTreeMap::new();
    let key = |record: &Value| {
        format!(
            "{} {} {}",
            record["exercise_id"], record["grips"], record["kind"]
        )
    };
    for record in list["records"].as_array().unwrap() {
        standing.insert(key(record), record.clone());
    }
    let mut last: BTreeMap<String, Value> = BTreeMap::new();
    for exercise in [BENCH, SQUAT] {
        let history = world
            .get(&format!("/records/history?exercise_id={exercise}"))
            .await;
        for record in history["records"].as_array().unwrap() {
            let mut record = record.clone();
            let best = last.get(&key(&record));
            let is_greater =
                best.is_none_or(|best| record["value"].as_f64() > best["value"].as_f64());
            if is_greater {
                record["previous"] = Value::Null;
                last.insert(key(&record), record);
            }
        }
    }
    assert_eq!(
        last.keys().collect::<Vec<_>>(),
        standing.keys().collect::<Vec<_>>()
    );
    for (key, standing) in &standing {
        let last = &last[key];
        assert_eq!(last["value"], standing["value"], "{key}");
        // A workout's whole ends with its last set, even where that one lifted nothing more.
        assert_eq!(last["set_id"], standing["set_id"], "{key}");
    }
}

/// Indexes of each exercise count from 1.
async fn assert_places_have_no_gap(world: &support::world::World) {
    let gaps = world
        .rows(
            "SELECT to_jsonb(s) FROM (
                 SELECT exercise_id, count(DISTINCT set_index) AS places, max(set_index) AS last
                 FROM workout_sets GROUP BY exercise_id
             ) AS s WHERE s.places <> s.last",
        )
        .await;
    assert_eq!(gaps, Vec::<Value>::new());
}
