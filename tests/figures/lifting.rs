//! A session of strength against plans of exercises.

use crate::execution::{analysed, explanation, near};
use domain::decode::decode_file;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use support::oracle::{Failure, at, bytes};

/// A step that asks for sets of an exercise.
fn exercise(name: &str, sets: usize, reps: u32, kg: Option<f64>) -> Value {
    let load = kg.map(|kg| json!({"unit": "kg", "value": kg}));
    let exercise = json!({"name": name, "sets": sets, "reps": reps, "load": load});
    json!({"kind": "strength", "duration": {"type": "lap_button"}, "exercise": exercise})
}

/// P-53, P-55, P-66
#[test]
fn a_session_of_strength_is_held_against_its_exercises() -> Result<(), Failure> {
    let recording = decode_file(&bytes("strength_fr965.fit")?)?;
    let mut done: BTreeMap<String, Vec<u32>> = BTreeMap::new();
    for set in recording.sets.iter().filter(|set| set.active) {
        let Some(name) = set.category.clone() else {
            continue;
        };
        done.entry(name)
            .or_default()
            .push(set.reps.map_or(0, u32::from));
    }
    // Each set of its own as a step: one exercise is what all its steps ask for.
    let asked = |times: u32| -> Value {
        let sets = done
            .iter()
            .flat_map(|(name, sets)| sets.iter().map(move |reps| (name, reps)));
        sets.filter(|(_, reps)| **reps > 0)
            .map(|(name, reps)| exercise(name, 1, reps * times, None))
            .collect()
    };

    let analysis = analysed(&recording, &asked(1))?;
    let execution = at(&analysis, "/execution");
    eprintln!("{execution:#}");
    assert_eq!(execution["fit"], "exercises");
    near(
        &execution["length_score"],
        100.0,
        1e-9,
        "as many as planned",
    );
    assert_eq!(
        execution["done"]["exercises"],
        execution["planned"]["exercises"]
    );
    assert_eq!(
        execution["exercises"].as_array().map(Vec::len),
        Some(done.len())
    );
    assert!(
        explanation(&analysis).contains(" exercises, "),
        "{}",
        explanation(&analysis)
    );

    // Half of what was asked for costs half.
    let half = analysed(&recording, &asked(2))?;
    near(
        at(&half, "/execution/length_score"),
        50.0,
        1e-9,
        "half as many",
    );

    let other = analysed(
        &recording,
        &json!([exercise("Underwater Basket Weaving", 3, 8, Some(20.0))]),
    )?;
    let execution = at(&other, "/execution");
    assert_eq!(execution["fit"], "mismatch");
    assert_eq!(execution["score"], Value::Null);
    assert_eq!(execution.get("exercises"), None);
    assert_eq!(at(&other, "/reasons")["execution.score"], "plan_mismatch");
    Ok(())
}
