//! Sessions against plans made of their own laps, checked against the raw samples.

use chrono::DateTime;
use domain::athlete::Athlete;
use domain::decode::decode_file;
use domain::id::PlannedId;
use domain::plan::{Plan, PlannedWorkout};
use domain::recording::{Channel, Format, Lap, Recording};
use domain::signal::number::{from_count, to_index};
use domain::sport::Sport;
use domain::stage::StageInput;
use domain::units::Watts;
use serde_json::{Value, json};
use support::oracle::{Failure, Oracle, at, bytes};

/// A plan as the API accepts it.
pub(crate) fn planned(sport: Sport, steps: &Value) -> Option<PlannedWorkout> {
    let plan = json!({"date": "1970-01-01", "sport": sport, "name": "x", "steps": steps});
    let mut plan: Plan = serde_json::from_value(plan).ok()?;
    plan.validate().ok()?;
    Some(PlannedWorkout {
        planned_id: PlannedId(uuid::Uuid::nil()),
        plan,
    })
}

/// The analysis of a recording against a plan, as clients see it.
pub(crate) fn analysed(recording: &Recording, steps: &Value) -> Result<Value, Failure> {
    let input = StageInput {
        provenance: domain::merging::Provenance::new(),
        local_date: recording.start_utc.date_naive(),
        recording: recording.clone(),
        athlete: Athlete::default(),
        plan: Some(planned(recording.sport, steps).ok_or("the API refuses the plan")?),
    };
    let output = compute_analysis::compute(&input)?;
    Ok(serde_json::to_value(output.analysis)?)
}

/// What is said of a workout and its plan, as clients see it.
pub(crate) fn explained(input: &StageInput) -> Result<Value, Failure> {
    let output = compute_analysis::compute(input)?;
    Ok(serde_json::to_value(output.analysis.execution)?)
}

/// An interval run against the plan of its own laps.
pub(crate) fn track_run() -> Result<Value, Failure> {
    let recording = decode_file(&bytes("run_track_fenix6.fit")?)?;
    let analysis = analysed(&recording, &track_plan(&recording))?;
    Ok(at(&analysis, "/execution").clone())
}

pub(crate) fn explanation(analysis: &Value) -> &str {
    let explanation = at(analysis, "/execution/explanation").as_str();
    explanation.unwrap_or_default()
}

pub(crate) fn near(got: &Value, expected: f64, tolerance: f64, what: &str) {
    let number = got.as_f64().unwrap_or(f64::NAN);
    let is_near = (number - expected).abs() <= tolerance;
    assert!(is_near, "{what}: {got}, not {expected} ± {tolerance}");
}

/// The values of a channel without holes, recorded each second, from one time until another.
fn seconds(channel: &Channel, start_s: f64, end_s: f64) -> Vec<f64> {
    let (start, end) = (to_index(start_s.ceil()), to_index(end_s.ceil()));
    let values = channel.iter().skip(start).take(end - start);
    values.flatten().collect()
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / from_count(values.len())
}

/// Metres gained in each second.
fn speeds(recording: &Recording) -> Channel {
    let later = recording.distance_m.iter().skip(1);
    let pairs = recording.distance_m.iter().zip(later);
    pairs.map(|(from, to)| Some(to? - from?)).collect()
}

fn is_fast(lap: &Lap) -> bool {
    (50.0..100.0).contains(&(lap.end_s - lap.start_s))
}

/// A plan that asks for the laps of the track: the fast ones at a pace, the rest as they come.
fn track_plan(recording: &Recording) -> Value {
    let step = |lap: &Lap| {
        let metres = lap.distance_m.unwrap_or_default().round();
        let duration = json!({"type": "distance", "value": metres});
        if metres < 100.0 {
            json!({"kind": "cooldown", "duration": {"type": "lap_button"}})
        } else if is_fast(lap) {
            json!({"kind": "work", "duration": duration,
                "target": {"type": "pace", "low": 215, "high": 225, "unit": "s_per_km"}})
        } else {
            json!({"kind": "recovery", "duration": duration})
        }
    };
    recording.laps.iter().map(step).collect()
}

/// P-66
#[test]
fn each_step_of_an_interval_run_has_the_figures_of_its_own_samples() -> Result<(), Failure> {
    let file = "run_track_fenix6.fit";
    let recording = decode_file(&bytes(file)?)?;
    let analysis = analysed(&recording, &track_plan(&recording))?;
    let execution = at(&analysis, "/execution");
    assert_eq!(at(execution, "/boundaries"), "laps");
    let oracle = Oracle::read()?;
    let (_, expected) = oracle.files().find(|(name, _)| *name == file).ok_or(file)?;
    let device = expected["device_laps"].as_array().ok_or("no laps")?;
    let steps = execution["steps"].as_array().ok_or("no steps")?;
    assert_eq!((steps.len(), device.len()), (17, 17));
    let speeds = speeds(&recording);
    for ((step, lap), device) in steps.iter().zip(&recording.laps).zip(device) {
        let of = |key: &str| format!("{key} of step {}", step["index"]);
        // What the watch wrote of the lap.
        let theirs = |key: &str| device[key].as_f64().unwrap_or(f64::NAN);
        for (ours, key, tolerance) in [
            ("done_duration_s", "total_timer_time", 1e-3),
            ("done_distance_m", "total_distance", 1e-2),
            ("avg_hr_bpm", "avg_heart_rate", 1.0),
            ("max_hr_bpm", "max_heart_rate", 0.0),
        ] {
            near(&step[ours], theirs(key), tolerance, &of(ours));
        }
        // What the samples of the lap say.
        let beats = seconds(&recording.hr_bpm, lap.start_s, lap.end_s);
        near(&step["avg_hr_bpm"], mean(&beats), 1e-9, &of("mean"));
        if !is_fast(lap) {
            assert_eq!(step["adherence"], Value::Null);
            continue;
        }
        assert_eq!(step["step_kind"], "work");
        let ran = seconds(&speeds, lap.start_s + 5.0, lap.end_s);
        let share = |wanted: &dyn Fn(f64) -> bool| {
            let count = ran.iter().filter(|speed| wanted(**speed)).count();
            from_count(count) / from_count(ran.len()) * 100.0
        };
        let (low, high) = (1000.0 / 225.0, 1000.0 / 215.0);
        let adherence = &step["adherence"];
        near(&adherence["mean"], mean(&ran), 1e-9, &of("pace"));
        let (slower, faster) = (share(&|v| v < low), share(&|v| v > high));
        near(&adherence["under_pct"], slower, 1e-9, &of("slower"));
        near(&adherence["over_pct"], faster, 1e-9, &of("faster"));
        let missed = mean(&ran).clamp(low, high);
        let miss_pct = (mean(&ran) / missed - 1.0) * 100.0;
        near(&adherence["miss_pct"], miss_pct, 1e-9, &of("miss"));
    }
    Ok(())
}

/// P-66
#[test]
fn steps_without_laps_are_as_long_as_their_way_took() -> Result<(), Failure> {
    let mut recording = decode_file(&bytes("run_track_fenix6.fit")?)?;
    recording.laps.clear();
    let once = json!({"kind": "work", "duration": {"type": "distance", "value": 400}});
    let late = json!({"kind": "work", "duration": {"type": "distance", "value": 80}});
    let analysis = analysed(&recording, &json!([{"repeat": 16, "steps": [once]}, late]))?;
    let steps = at(&analysis, "/execution/steps");
    let steps = steps.as_array().ok_or("no steps")?;
    let metres: Vec<f64> = recording.distance_m.iter().flatten().collect();
    let time_at = |metre: f64| {
        let after = metres.iter().position(|known| *known >= metre)?;
        let (from, to) = (metres[after - 1], metres[after]);
        Some(from_count(after - 1) + (metre - from) / (to - from))
    };
    let mut start_s = 0.0;
    for (number, step) in steps.iter().take(16).enumerate() {
        let metre = metres[0] + 400.0 * from_count(number + 1);
        let end_s = time_at(metre).ok_or("not that far")?;
        near(&step["done_duration_s"], end_s - start_s, 1e-6, "time");
        near(&step["done_distance_m"], 400.0, 1e-6, "way");
        near(&step["length_score"], 100.0, 1e-6, "score");
        start_s = end_s;
    }
    // The recording ends after half of the last one.
    let last = &steps[16];
    let way_m = recording
        .distance_m
        .iter()
        .flatten()
        .last()
        .ok_or("no way")?
        - metres[0]
        - 6400.0;
    assert_eq!(last["done"], false);
    near(&last["done_distance_m"], way_m, 1e-6, "way");
    near(&last["length_pct"], way_m / 0.8, 1e-6, "length");
    near(&last["length_score"], way_m / 0.8, 1e-6, "score");
    Ok(())
}

/// P-66
#[test]
fn an_interval_run_is_explained_by_its_groups_and_its_heart_rate() -> Result<(), Failure> {
    let recording = decode_file(&bytes("run_track_fenix6.fit")?)?;
    let analysis = analysed(&recording, &track_plan(&recording))?;
    let execution = at(&analysis, "/execution");
    let fast: Vec<&Lap> = recording.laps.iter().filter(|lap| is_fast(lap)).collect();
    let work = at(execution, "/groups/1");
    assert_eq!(work["steps"], json!([2, 4, 6, 7, 10, 11, 14]));
    let speeds = speeds(&recording);
    let means: Vec<f64> = fast
        .iter()
        .map(|lap| mean(&seconds(&speeds, lap.start_s + 5.0, lap.end_s)))
        .collect();
    let slower = means.iter().filter(|mean| **mean < 1000.0 / 225.0).count();
    let faster = means.iter().filter(|mean| **mean > 1000.0 / 215.0).count();
    assert_eq!(
        (&work["under_steps"], &work["over_steps"]),
        (&json!(slower), &json!(faster))
    );
    assert_eq!(work["on_target_steps"], json!(7 - slower - faster));

    let second_half = |lap: &Lap| {
        let middle_s = f64::midpoint(lap.start_s, lap.end_s);
        mean(&seconds(&recording.hr_bpm, middle_s, lap.end_s))
    };
    let drift = second_half(fast[6]) - second_half(fast[0]);
    near(at(execution, "/heart_rate/drift/bpm"), drift, 1e-9, "drift");
    let end = |lap: &Lap| mean(&seconds(&recording.hr_bpm, lap.end_s - 10.0, lap.end_s));
    let drops: Vec<f64> = recording
        .laps
        .windows(2)
        .filter(|pair| is_fast(&pair[0]) && pair[1].end_s - pair[1].start_s > 100.0)
        .map(|pair| end(&pair[0]) - end(&pair[1]))
        .collect();
    assert_eq!(
        at(execution, "/heart_rate/recovery/recoveries"),
        drops.len()
    );
    near(
        at(execution, "/heart_rate/recovery/drop_bpm"),
        mean(&drops),
        1e-9,
        "drop",
    );

    assert_eq!(
        explanation(&analysis),
        "Score 99: length not scored (not planned), intensity 99. Done 27:51 min, 6440 m, 17 of 17 steps. \
         Work 7 × 400 m at 3:35–3:45/km: 4 on target, 3 slower by at most 3.3 %; mean 3:38–3:53/km. \
         Recovery 9 × 400 m: 9 of 9 done. Cool-down until the lap button: done. \
         Heart rate: drift +4 bpm from the first to the last like work step, drop 17 bpm over 5 recoveries."
    );
    Ok(())
}

/// P-66
#[test]
fn a_session_against_a_foreign_plan_has_no_step_and_says_so() -> Result<(), Failure> {
    let recording = decode_file(&bytes("run_track_fenix6.fit")?)?;
    let marathon = json!([{"kind": "work", "duration": {"type": "distance", "value": 42_195}}]);
    let analysis = analysed(&recording, &marathon)?;
    let execution = at(&analysis, "/execution");
    assert_eq!(execution["fit"], "mismatch");
    assert_eq!(
        (&execution["steps"], &execution["groups"]),
        (&json!([]), &json!([]))
    );
    assert_eq!(
        analysis["reasons"]["execution.heart_rate.drift"],
        "plan_mismatch"
    );
    assert_eq!(
        explanation(&analysis),
        "No score (plan mismatch). Done 27:51 min, 6440 of 42195 m, none of 1 step compared."
    );
    Ok(())
}

/// P-66
#[test]
fn a_swim_is_explained_in_paces_of_a_hundred_metres() -> Result<(), Failure> {
    let recording = decode_file(&bytes("swim_pool_fenix6.fit")?)?;
    let work = |metres: u16| {
        json!({"kind": "work", "duration": {"type": "distance", "value": metres},
            "target": {"type": "pace", "low": 120, "high": 126, "unit": "s_per_100m"}})
    };
    let rest = json!({"kind": "rest", "duration": {"type": "time", "value": 3}});
    let analysis = analysed(&recording, &json!([work(900), rest, work(200)]))?;
    let steps = at(&analysis, "/execution/steps");
    // Nine hundred metres are thirty-six lengths, and the wall is no swimming.
    let swum = recording.lengths.iter().filter(|length| length.active);
    let first: Vec<f64> = swum.take(36).map(|length| length.timer_s).collect();
    let seconds: f64 = first.iter().sum();
    near(
        at(steps, "/0/adherence/mean"),
        900.0 / seconds,
        0.01,
        "pace",
    );
    near(at(steps, "/2/done_distance_m"), 200.0, 1e-9, "way");
    let reasons = at(&analysis, "/reasons");
    assert_eq!(reasons["execution.heart_rate.recovery"], "too_short");
    assert_eq!(
        explanation(&analysis),
        "Score 99: length 100, intensity 99. Done 29:21 min, 1100 of 1100 m, 3 of 3 steps. \
         Work 900 m at 2:00–2:06/100 m: on target; mean 2:06/100 m. \
         Work 200 m at 2:00–2:06/100 m: slower by 5.5 %; mean 2:13/100 m. \
         Rest 0:03 min: length 107.1 %; done. \
         Heart rate: drift not measured (not planned), drop not measured (too short)."
    );
    Ok(())
}

/// P-66
#[test]
fn a_steady_ride_drifts_from_an_early_to_a_late_part() -> Result<(), Failure> {
    let recording = decode_file(&bytes("indoor_bike_fr965.fit")?)?;
    let steady = json!([{"kind": "work", "duration": {"type": "time", "value": 1800},
        "target": {"type": "power", "low": 150, "high": 160, "unit": "w"}}]);
    let analysis = analysed(&recording, &steady)?;
    let drift = at(&analysis, "/execution/heart_rate/drift");
    assert_eq!(drift["basis"], "steady");
    let early = mean(&seconds(&recording.hr_bpm, 300.0, 900.0));
    let late = mean(&seconds(&recording.hr_bpm, 900.0, 1500.0));
    near(at(drift, "/early/avg_hr_bpm"), early, 1e-9, "early");
    near(at(drift, "/late/avg_hr_bpm"), late, 1e-9, "late");
    near(&drift["bpm"], late - early, 1e-9, "drift");
    assert_eq!(
        explanation(&analysis),
        "Score 99: length 100, intensity 98. Done 30:00 of 30:00 min, 11845 m, 1 of 1 step. \
         Work 30:00 min at 150–160 W: above by 2.3 %; mean 164 W. \
         Heart rate: drift +2 bpm from 5:00–15:00 min to 15:00–25:00 min, drop not measured (not planned)."
    );
    Ok(())
}

/// P-66
#[test]
fn steps_on_hills_have_the_grade_adjusted_speed_of_their_laps() -> Result<(), Failure> {
    let recording = decode_file(&bytes("trailrun_stryd_fenix5xplus.fit")?)?;
    let step = |lap: &Lap| {
        let metres = lap.distance_m.unwrap_or_default();
        json!({"kind": "work", "duration": {"type": "distance", "value": metres}})
    };
    let analysis = analysed(&recording, &recording.laps.iter().map(step).collect())?;
    let steps = at(&analysis, "/execution/steps")
        .as_array()
        .ok_or("no steps")?;
    let laps = at(&analysis, "/laps").as_array().ok_or("no laps")?;
    assert_eq!((steps.len(), laps.len()), (16, 16));
    for (step, lap) in steps.iter().zip(laps) {
        assert!(step["gap_speed_mps"].is_number(), "{step}");
        assert_eq!(step["gap_speed_mps"], lap["gap_speed_mps"]);
        assert_eq!(step["avg_speed_mps"], lap["avg_speed_mps"]);
    }
    Ok(())
}

/// A ride at 200 W whose heart rate is that of `bpm`.
pub(crate) fn ride(seconds: usize, bpm: impl Fn(usize) -> Option<f64>) -> Recording {
    let mut ride = Recording::empty(Format::Fit, Sport::Ride, DateTime::UNIX_EPOCH);
    ride.time_s = (0..=seconds).map(from_count).collect();
    ride.power_w = (0..=seconds).map(|_| Some(200.0)).collect();
    ride.hr_bpm = (0..=seconds).map(bpm).collect();
    ride
}

pub(crate) fn step(kind: &str, seconds: usize) -> Value {
    json!({"kind": kind, "duration": {"type": "time", "value": seconds}})
}

/// P-67: a plan is counted by the method by which it is counted once it is done.
#[test]
fn a_ride_done_as_planned_has_the_load_that_was_planned() -> Result<(), Failure> {
    let band = |low, high| json!({"type": "power", "low": low, "high": high, "unit": "w"});
    let mut work = step("work", 300);
    work["target"] = band(240, 260);
    let mut recovery = step("recovery", 120);
    recovery["target"] = band(140, 160);
    let steps = json!([{"repeat": 4, "steps": [work, recovery]}]);
    let compliance = |watts: fn(usize) -> f64, ftp_w| -> Result<Value, Failure> {
        let mut recording = ride(1679, |_| None);
        recording.power_w = (0..1680).map(|second| Some(watts(second))).collect();
        let mut input = StageInput {
            provenance: domain::merging::Provenance::new(),
            local_date: recording.start_utc.date_naive(),
            recording,
            athlete: Athlete::default(),
            plan: planned(Sport::Ride, &steps),
        };
        input.athlete.thresholds.ftp_w = ftp_w;
        Ok(serde_json::to_value(
            calculate_metrics::compute(&input)?.metrics,
        )?)
    };
    let ftp_w = Watts::parse(250.0).ok();
    let as_planned = |second| if second % 420 < 300 { 250.0 } else { 150.0 };
    let done = compliance(as_planned, ftp_w)?;
    let load = at(&done, "/compliance/load");
    near(&load["percent"], 100.0, 1e-9, "load");
    assert_eq!(
        (&load["done"], &load["band"]),
        (&done["tss"], &json!("green"))
    );
    let easy = compliance(|_| 150.0, ftp_w)?;
    assert_eq!(at(&easy, "/compliance/load/band"), "red", "{easy:#}");
    let unknown = compliance(as_planned, None)?;
    assert_eq!(at(&unknown, "/compliance/load"), &Value::Null);
    assert_eq!(unknown["reasons"]["compliance.load"], "no_ftp");
    Ok(())
}

/// Prints what was asked of each step and what was done, as the API tells it.
fn print_steps(what: &str, execution: &Value) {
    let told = |value: &Value| match value {
        Value::Null => "–".to_owned(),
        Value::Number(number) => format!("{:.1}", number.as_f64().unwrap_or(f64::NAN)),
        Value::String(word) => word.clone(),
        Value::Bool(_) | Value::Array(_) | Value::Object(_) => value.to_string(),
    };
    eprintln!(
        "{what}: {} by {}, score {}",
        told(&execution["fit"]),
        told(&execution["boundaries"]),
        told(&execution["score"]),
    );
    eprintln!(
        "{:>2}  {:<9} {:>8} {:>8} {:>8} {:>8} {:>8} {:>7} {:>7} {:>7} {:>6}",
        "#",
        "kind",
        "from s",
        "to s",
        "asked",
        "done s",
        "done m",
        "mean",
        "inside",
        "length",
        "score"
    );
    for step in execution["steps"].as_array().into_iter().flatten() {
        let asked = [&step["planned_duration_s"], &step["planned_distance_m"]];
        let asked = asked.into_iter().find(|asked| !asked.is_null());
        eprintln!(
            "{:>2}  {:<9} {:>8} {:>8} {:>8} {:>8} {:>8} {:>7} {:>7} {:>7} {:>6}",
            step["index"],
            told(&step["step_kind"]),
            told(&step["start_s"]),
            told(&step["end_s"]),
            told(asked.unwrap_or(&Value::Null)),
            told(&step["done_duration_s"]),
            told(&step["done_distance_m"]),
            told(at(step, "/adherence/mean")),
            told(at(step, "/adherence/inside_pct")),
            told(&step["length_pct"]),
            told(at(step, "/adherence/score")),
        );
    }
}

/// P-53: shown with `--nocapture`.
#[test]
fn an_interval_run_is_told_step_by_step_and_against_a_wrong_plan_not_at_all() -> Result<(), Failure>
{
    let recording = decode_file(&bytes("run_track_fenix6.fit")?)?;
    let right = analysed(&recording, &track_plan(&recording))?;
    print_steps("An interval run against its own plan", &right["execution"]);
    assert_eq!(at(&right, "/execution/fit"), "steps");
    assert_eq!(
        at(&right, "/execution/steps").as_array().map(Vec::len),
        Some(17)
    );

    // As many steps, as long, but fast where it was easy.
    let swapped: Value = recording
        .laps
        .iter()
        .map(|lap| {
            let pace = if is_fast(lap) { (400, 440) } else { (215, 225) };
            json!({"kind": "work", "duration": {"type": "distance", "value": lap.distance_m},
                "target": {"type": "pace", "low": pace.0, "high": pace.1, "unit": "s_per_km"}})
        })
        .collect();
    assert_is_mismatch(&recording, "The same run against a wrong plan", &swapped)
}

/// A session against a plan that it does not resemble: no step is scored, and no score is told.
fn assert_is_mismatch(recording: &Recording, what: &str, steps: &Value) -> Result<(), Failure> {
    let wrong = analysed(recording, steps)?;
    let execution = at(&wrong, "/execution");
    print_steps(what, execution);
    assert_eq!(execution["fit"], "mismatch", "{what}");
    assert_eq!(execution["steps"], json!([]), "{what}");
    for key in ["score", "length_score", "intensity_score"] {
        assert_eq!(execution[key], Value::Null, "{what}: {key}");
        let reason = at(&wrong, &format!("/reasons/execution.{key}"));
        assert_eq!(reason, "plan_mismatch", "{what}: {key}");
    }
    Ok(())
}

/// P-53, P-54: shown with `--nocapture`.
#[test]
fn a_structured_ride_is_told_step_by_step_and_against_a_wrong_plan_not_at_all()
-> Result<(), Failure> {
    let recording = decode_file(&bytes("indoor_bike_fr965.fit")?)?;
    assert_eq!(recording.laps.len(), 3);
    let step = |lap: &Lap| {
        let watts = mean(&seconds(&recording.power_w, lap.start_s, lap.end_s)).round();
        json!({"kind": "work", "duration": {"type": "distance", "value": lap.distance_m},
            "target": {"type": "power", "low": watts - 5.0, "high": watts + 5.0, "unit": "w"}})
    };
    let own: Value = recording.laps.iter().map(step).collect();
    let right = analysed(&recording, &own)?;
    let execution = &right["execution"];
    print_steps("A structured ride against its own plan", execution);
    assert_eq!(
        (&execution["fit"], &execution["boundaries"]),
        (&json!("steps"), &json!("laps"))
    );
    let steps = execution["steps"].as_array().ok_or("no steps")?;
    for (step, lap) in steps.iter().zip(&recording.laps) {
        let ridden = seconds(&recording.power_w, lap.start_s + 5.0, lap.end_s);
        near(at(step, "/adherence/mean"), mean(&ridden), 1e-9, "power");
        near(at(step, "/adherence/score"), 100.0, 1e-9, "score");
        near(&step["length_pct"], 100.0, 1e-6, "length");
    }

    let repeats = json!([{"repeat": 4, "steps": [
        {"kind": "work", "duration": {"type": "time", "value": 300},
            "target": {"type": "power", "low": 240, "high": 260, "unit": "w"}},
        {"kind": "recovery", "duration": {"type": "time", "value": 120},
            "target": {"type": "power", "low": 110, "high": 130, "unit": "w"}}]}]);
    assert_is_mismatch(&recording, "The same ride against a wrong plan", &repeats)
}

/// P-52: the structured part of a real run, which began after two laps of something else; shown with
/// `--nocapture`.
#[test]
fn steps_that_began_late_in_a_real_run_lie_at_the_laps_that_the_watch_made() -> Result<(), Failure>
{
    let mut recording = decode_file(&bytes("run_track_fenix6.fit")?)?;
    let laps: Vec<Lap> = recording.laps.iter().skip(2).take(13).cloned().collect();
    let steps: Value = laps
        .iter()
        .map(|lap| {
            let speed = lap.distance_m.unwrap_or_default() / (lap.end_s - lap.start_s);
            let pace = 1000.0 / speed;
            json!({"kind": if is_fast(lap) { "work" } else { "recovery" },
                "duration": {"type": "distance", "value": lap.distance_m},
                "target": {"type": "pace", "low": pace - 5.0, "high": pace + 5.0, "unit": "s_per_km"}})
        })
        .collect();
    // Nobody pressed a button: only the samples are left.
    recording.laps.clear();
    let analysis = analysed(&recording, &steps)?;
    let execution = &analysis["execution"];
    print_steps("A run whose structured part began late", execution);
    assert_eq!(execution["boundaries"], "signal");
    let found = execution["steps"].as_array().ok_or("no steps")?;
    assert_eq!(found.len(), laps.len());
    for (step, lap) in found.iter().zip(&laps) {
        near(&step["start_s"], lap.start_s, 12.0, "start");
        near(&step["end_s"], lap.end_s, 12.0, "end");
    }
    Ok(())
}
