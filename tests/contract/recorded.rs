//! What the stages make of every recording of the fixtures, with and without what they may ask
//! for.

use crate::{Outcome, files};
use chrono::DateTime;
use domain::athlete::{Athlete, Sex, Thresholds};
use domain::decode::decode_file;
use domain::execution::done;
use domain::id::PlannedId;
use domain::merging::told;
use domain::plan::PlannedWorkout;
use domain::recording::{Format, Recording};
use domain::signal::Signal;
use domain::sport::Sport;
use domain::stage::StageInput;
use domain::units::{Bpm, Joules, Kilograms, MetresPerSecond, Watts};
use serde_json::{Value, json};
use uuid::Uuid;

/// An athlete of whom everything is known.
fn known() -> Athlete {
    let thresholds = Thresholds {
        ftp_w: Watts::parse(250.0).ok(),
        hr_max_bpm: Bpm::parse(190.0).ok(),
        hr_rest_bpm: Bpm::parse(50.0).ok(),
        hr_threshold_bpm: Bpm::parse(170.0).ok(),
        threshold_speed_mps: MetresPerSecond::parse(4.0).ok(),
        css_mps: MetresPerSecond::parse(1.0).ok(),
        cp_w: Watts::parse(250.0).ok(),
        wprime_j: Joules::parse(20_000.0).ok(),
        weight_kg: Kilograms::parse(70.0).ok(),
    };
    Athlete {
        sex: Some(Sex::Male),
        thresholds,
    }
}

/// A plan about as long as the recording, with a step of every kind of length and target, and
/// work that is repeated after recovery.
fn plan(recording: &Recording) -> Outcome<PlannedWorkout> {
    let done = done(&Signal::of(recording)?);
    let seconds = done.duration_s.unwrap_or(600.0);
    let metres = done.distance_m.unwrap_or(0.0);
    let step = |duration: Value, target: Value| json!({"kind": "work", "duration": duration, "target": target});
    let time = |share: f64| json!({"type": "time", "value": seconds * share});
    let steps = json!([
        {"repeat": 2, "steps": [
            step(
                time(0.1),
                json!({"type": "power", "low": 150.0, "high": 250.0, "unit": "w"})
            ),
            {"kind": "recovery", "duration": time(0.05)},
        ]},
        step(
            time(0.2),
            json!({"type": "hr", "low": 120.0, "high": 160.0, "unit": "bpm"})
        ),
        step(
            json!({"type": "distance", "value": metres * 0.1}),
            json!({"type": "pace", "low": 240.0, "high": 400.0, "unit": "s_per_km"})
        ),
        step(time(0.1), json!({"type": "rpe", "low": 4.0, "high": 5.0})),
    ]);
    let plan = json!({
        "date": recording.start_utc.date_naive(), "sport": recording.sport, "name": "All of it",
        "steps": steps, "total_duration_s": seconds, "total_distance_m": metres,
    });
    let mut plan: domain::plan::Plan = serde_json::from_value(plan)?;
    plan.validate()?;
    Ok(PlannedWorkout {
        planned_id: PlannedId(Uuid::nil()),
        plan,
    })
}

/// A plan whose every step says how hard it is, so that it has a load.
fn plan_with_load(recording: &Recording) -> Outcome<PlannedWorkout> {
    let mut planned = plan(recording)?;
    planned.plan.steps = serde_json::from_value(json!([{
        "id": "all", "kind": "work", "duration": {"type": "time", "value": 1800},
        "target": {"type": "hr", "low": 120.0, "high": 160.0, "unit": "bpm"},
    }]))?;
    Ok(planned)
}

/// A plan of one exercise of those that were done; the others were not planned.
fn plan_of_an_exercise(recording: &Recording) -> Outcome<PlannedWorkout> {
    let mut planned = plan(recording)?;
    let mut named = recording.sets.iter().filter(|set| set.weight_kg.is_some());
    let name = named.find_map(|set| set.category.clone());
    planned.plan.steps = serde_json::from_value(json!([{
        "id": "lift", "kind": "strength", "duration": {"type": "lap_button"},
        "exercise": {
            "name": name.ok_or("no set has a weight and a name")?, "sets": 3, "reps": 8, "reps_high": 12,
            "load": {"unit": "kg", "value": 40.0},
        },
    }]))?;
    Ok(planned)
}

/// The fixtures' recordings by path, and one without samples of every sport.
fn recordings() -> Outcome<Vec<(String, Recording)>> {
    let folder = "tests/fixtures/activities";
    let mut paths = files(folder, "fit")?;
    paths.extend(files(folder, "gpx")?);
    // The two long ones show no key that the others do not, and take their time unoptimised.
    paths.retain(|path| !path.contains("12h") && !path.contains("6h33"));
    let mut all = Vec::new();
    for path in paths {
        let bytes = std::fs::read(crate::root().join(&path))?;
        if let Ok(recording) = decode_file(&bytes) {
            all.push((path, recording));
        }
    }
    for sport in Sport::ALL {
        let empty = Recording::empty(Format::Json, sport, DateTime::UNIX_EPOCH);
        all.push((format!("a {} without samples", sport.as_str()), empty));
    }
    Ok(all)
}

/// Each recording's name and its `computed`, as a known athlete with a plan of whose session two
/// sources tell, and as a stranger.
pub(crate) fn computed() -> Outcome<Vec<(String, Value)>> {
    let mut all = Vec::new();
    for (name, recording) in recordings()? {
        let planned = plan(&recording)?;
        let app = Recording::empty(Format::Json, recording.sport, recording.start_utc);
        let watch = (true, "garmin".to_owned(), recording.clone());
        let by_two = vec![watch.clone(), (false, "hevy".to_owned(), app)];
        let mut told_of = vec![
            (known(), Some(planned), by_two),
            (Athlete::default(), None, vec![watch.clone()]),
        ];
        if name.contains("indoor_bike") {
            let planned = plan_with_load(&recording)?;
            told_of.push((known(), Some(planned), vec![watch]));
        } else if name.contains("strength_fr965") {
            let planned = plan_of_an_exercise(&recording)?;
            told_of.push((known(), Some(planned), vec![watch]));
        }
        for (athlete, plan, sources) in told_of {
            let (recording, provenance) = told(sources).ok_or("nobody tells of it")?;
            let input = StageInput {
                provenance,
                local_date: recording.start_utc.date_naive(),
                recording,
                athlete,
                plan,
            };
            let outputs = [
                serde_json::to_value(compute_summary::compute(&input)?)?,
                serde_json::to_value(compute_analysis::compute(&input)?)?,
                serde_json::to_value(calculate_metrics::compute(&input)?)?,
            ];
            let mut computed = json!({"versions": {
                "summary": compute_summary::VERSION,
                "analysis": compute_analysis::VERSION,
                "metrics": calculate_metrics::VERSION,
            }});
            for (key, value) in outputs.iter().filter_map(Value::as_object).flatten() {
                if let Some(computed) = computed.as_object_mut() {
                    computed.insert(key.clone(), value.clone());
                }
            }
            all.push((name.clone(), computed));
        }
    }
    Ok(all)
}
