//! `docs/openapi.yaml` against the routes, the codes and the documents of the code.

use crate::{Outcome, files, recorded, source};
use chrono::DateTime;
use domain::athlete::Thresholds;
use domain::decode::{Activity, DecodeError};
use domain::exercise;
use domain::id::{PlannedId, WorkoutId};
use domain::log::AddedType;
use domain::log::error::LogErrorClass;
use domain::log::merge::Removed;
use domain::log::normalise::{Correction, ExerciseInput};
use domain::matching::{CandidateReason, Decision, HintOutcome, MatchReason, Weighed};
use domain::plan::{
    Equipment, Exercise, Plan, PlanText, PlannedWorkout, Ramp, Repeat, Step, StepKind, Target,
    TargetKind, text,
};
use domain::purpose::Purpose;
use domain::reason::Reason;
use domain::record::RecordKind;
use domain::recording::PlanHint;
use domain::set::{SetContent, SetKind, Side, WeightUnit};
use domain::sport::Sport;
use domain::stage::StageStatus;
use local::cloud::Start;
use local::template::Template;
use reqwest::Method;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use store::connections::Connection;
use store::erasures::Receipt;
use store::exercises::Definition;
use store::ingest;
use store::reads::{FetchView, PlanView, SourceView, Status, WhyWithheld, Withheld, WorkoutView};
use support::json_schema::{resolve, violations};
use support::routes::operations;
use support::world::Other;
use support::yaml;
use uuid::Uuid;

fn document() -> Outcome<Value> {
    yaml::read("docs/openapi.yaml")
}

/// The words of an enum of the document.
fn words(document: &Value, schema: &str) -> BTreeSet<String> {
    let words = document.pointer(&format!("/components/schemas/{schema}/enum"));
    words
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .map(str::to_owned)
        .collect()
}

fn properties(document: &Value, schema: &str) -> BTreeSet<String> {
    let properties = document.pointer(&format!("/components/schemas/{schema}/properties"));
    properties
        .and_then(Value::as_object)
        .into_iter()
        .flatten()
        .map(|(name, _)| name.clone())
        .collect()
}

/// What serde lists as expected when it is given a word or a key that cannot be.
fn expected<T: DeserializeOwned>(refused: Value) -> BTreeSet<String> {
    let message = serde_json::from_value::<T>(refused)
        .err()
        .map(|error| error.to_string());
    let message = message.unwrap_or_default();
    let listed = message
        .split_once("expected")
        .map(|(_, listed)| listed.to_owned());
    listed
        .unwrap_or_default()
        .split('`')
        .skip(1)
        .step_by(2)
        .map(str::to_owned)
        .collect()
}

pub(crate) fn variants<T: DeserializeOwned>() -> BTreeSet<String> {
    expected::<T>(json!("no such word"))
}

fn fields<T: DeserializeOwned>() -> BTreeSet<String> {
    expected::<T>(json!({"no such key": 0}))
}

/// Refuses a document unless it is as the named schema says.
#[track_caller]
fn assert_fits(document: &Value, schema: &str, value: &Value) {
    let name = format!("#/components/schemas/{schema}");
    let wrong = violations(document, &json!({"$ref": name}), value);
    assert!(wrong.is_empty(), "{schema}: {wrong:#?}");
}

/// The problem codes that the code can answer with.
fn codes() -> Outcome<BTreeSet<String>> {
    let mut codes = BTreeSet::new();
    let mut sources = files("functions", "rs")?;
    sources.extend(files("shared/platform/src", "rs")?);
    for path in sources {
        let code = source::code(&path)?;
        let constructors = [
            "malformed",
            "unauthenticated",
            "forbidden",
            "not_found",
            "conflict",
            "unprocessable",
        ];
        let mut calls: Vec<&str> = constructors
            .iter()
            .flat_map(|constructor| source::after(&code, &format!("Problem::{constructor}(")))
            .collect();
        calls.extend(source::after(&code, "refuse("));
        if path.ends_with("problem.rs") {
            let made = source::after(&code, "Self::new(").into_iter();
            let made = made.filter_map(|call| call.strip_prefix("StatusCode::")?.split_once(','));
            calls.extend(made.map(|(_, code)| code.trim_start()));
        }
        for call in calls {
            match source::literal(call) {
                Some(code) => codes.extend([code.to_owned()]),
                // The constructors themselves, and the one caller that passes a code on.
                None if call.starts_with("code,") && path.starts_with("shared/platform/src/p") => {}
                None if call.starts_with("error.code()") => {
                    codes.extend([DecodeError::Undecodable.code().to_owned()]);
                }
                None => return Err(format!("{path}: which code is {:.40}?", call).into()),
            }
        }
        if path.ends_with("providers/paceline.rs") {
            let passed = source::literals(&code, |c| c.is_ascii_lowercase() || c == '_');
            let passed = passed.into_iter().filter(|word| word.ends_with("_missing"));
            codes.extend(passed.map(str::to_owned));
        }
    }
    Ok(codes)
}

#[test]
fn every_route_is_documented_and_every_documented_route_is_there() {
    let template = Template::parse(&crate::read("template.yaml").unwrap()).unwrap();
    let routes = template
        .functions
        .iter()
        .flat_map(|function| &function.routes);
    let deployed: BTreeSet<(String, String)> = routes
        .map(|route| (route.method.clone(), route.path.clone()))
        .collect();

    let document = document().unwrap();
    let documented: BTreeSet<(String, String)> = operations(&document)
        .into_iter()
        .map(|(method, path, _)| (method, path))
        .collect();
    assert_eq!(documented, deployed);
}

#[test]
fn the_document_is_whole() {
    let document = document().unwrap();
    assert_eq!(document["openapi"], "3.1.0");
    assert_eq!(document["info"]["version"], env!("CARGO_PKG_VERSION"));

    let mut referenced = BTreeSet::new();
    let mut values = vec![&document];
    while let Some(value) = values.pop() {
        values.extend(
            value
                .as_object()
                .into_iter()
                .flatten()
                .map(|(_, member)| member),
        );
        values.extend(value.as_array().into_iter().flatten());
        if let Some(reference) = value.get("$ref").and_then(Value::as_str) {
            assert!(
                resolve(&document, reference).is_some(),
                "{reference} points nowhere"
            );
            referenced.insert(reference.to_owned());
        }
    }
    for kind in ["parameters", "headers", "responses", "schemas"] {
        for name in document["components"][kind].as_object().unwrap().keys() {
            let reference = format!("#/components/{kind}/{name}");
            assert!(
                referenced.contains(&reference),
                "nothing refers to {reference}"
            );
        }
    }

    let mut ids = BTreeSet::new();
    for (method, path, operation) in operations(&document) {
        let at = format!("{method} {path}");
        let id = operation["operationId"].as_str().unwrap();
        assert!(ids.insert(id.to_owned()), "{at}: {id} is there twice");
        assert!(
            operation["summary"]
                .as_str()
                .is_some_and(|text| text.ends_with('.')),
            "{at}"
        );
        let own = &operation["parameters"];
        let shared = &document["paths"][&path]["parameters"];
        let described: BTreeSet<&str> = [own, shared]
            .into_iter()
            .flat_map(|list| list.as_array().into_iter().flatten())
            .map(|given| match given["$ref"].as_str() {
                Some(reference) => resolve(&document, reference).unwrap(),
                None => given,
            })
            .filter(|parameter| parameter["in"] == "path")
            .map(|parameter| parameter["name"].as_str().unwrap())
            .collect();
        let named: BTreeSet<&str> = path
            .split('/')
            .filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'))
            .collect();
        assert_eq!(described, named, "{at}");
        for (status, response) in operation["responses"].as_object().unwrap() {
            let response = match response["$ref"].as_str() {
                Some(reference) => resolve(&document, reference).unwrap(),
                None => response,
            };
            assert!(response["description"].is_string(), "{at} {status}");
            let refused = status.starts_with(['4', '5']) && path != "/health";
            let problem = &response["content"]["application/problem+json"]["schema"]["$ref"];
            assert_eq!(
                refused,
                problem == "#/components/schemas/Problem",
                "{at} {status}"
            );
        }
    }
}

/// It is called as a webhook is: a provider sends a browser there, with a state and without a token.
fn is_callback(path: &str) -> bool {
    path == "/connections/{provider}/callback"
}

/// Whoever asks there has no token yet, or a refresh token; and the keys are everybody's.
const FOR_TOKENS: [&str; 6] = [
    "/.well-known/jwks.json",
    "/auth/admin/login",
    "/auth/login",
    "/auth/logout",
    "/auth/refresh",
    "/auth/register",
];

///
#[test]
fn all_but_health_and_webhooks_need_a_token() {
    let document = document().unwrap();
    assert_eq!(document["security"], json!([{"bearer": []}]));
    assert_eq!(
        document["components"]["securitySchemes"]["bearer"]["scheme"],
        "bearer"
    );

    for (method, path, operation) in operations(&document) {
        let open = path == "/health"
            || path.starts_with("/webhooks/")
            || is_callback(&path)
            || FOR_TOKENS.contains(&path.as_str());
        assert_eq!(
            operation.get("security") == Some(&json!([])),
            open,
            "{method} {path}"
        );
        if !open {
            for status in ["401", "500", "503"] {
                assert!(
                    operation["responses"][status].is_object(),
                    "{method} {path} {status}"
                );
            }
        }
        if operation.get("requestBody").is_some() {
            assert!(operation["responses"]["413"].is_object(), "{method} {path}");
        }
    }
}

#[test]
fn every_problem_code_is_documented_and_every_documented_code_is_used() {
    assert_eq!(words(&document().unwrap(), "ProblemCode"), codes().unwrap());
}

#[test]
fn every_word_of_the_domain_is_documented_and_every_documented_word_is_used() {
    let document = document().unwrap();

    assert!(variants::<Reason>().contains("no_samples"));
    assert_eq!(words(&document, "Reason"), variants::<Reason>());
    assert_eq!(words(&document, "Sport"), variants::<Sport>());
    assert_eq!(words(&document, "StageStatus"), variants::<StageStatus>());
    assert_eq!(words(&document, "MatchReason"), variants::<MatchReason>());
    assert_eq!(
        words(&document, "CandidateReason"),
        variants::<CandidateReason>()
    );
    assert_eq!(words(&document, "StepKind"), variants::<StepKind>());
    assert_eq!(words(&document, "TargetKind"), variants::<TargetKind>());
    assert_eq!(words(&document, "Purpose"), variants::<Purpose>());
    assert_eq!(words(&document, "WhyWithheld"), variants::<WhyWithheld>());
    assert_eq!(words(&document, "Ramp"), variants::<Ramp>());
    assert_eq!(words(&document, "Equipment"), variants::<Equipment>());
    assert_eq!(
        words(&document, "ExerciseCategory"),
        variants::<exercise::Category>()
    );
    assert_eq!(words(&document, "Measure"), variants::<exercise::Measure>());
    assert_eq!(
        words(&document, "Mechanics"),
        variants::<exercise::Mechanics>()
    );
    assert_eq!(
        words(&document, "ExerciseEquipment"),
        variants::<exercise::Equipment>()
    );
    assert_eq!(words(&document, "Muscle"), variants::<exercise::Muscle>());
    assert_eq!(words(&document, "SetKind"), variants::<SetKind>());
    assert_eq!(words(&document, "Side"), variants::<Side>());
    assert_eq!(words(&document, "WeightUnit"), variants::<WeightUnit>());
    assert_eq!(words(&document, "RecordKind"), variants::<RecordKind>());
    assert_eq!(words(&document, "AddedType"), variants::<AddedType>());
    assert_eq!(words(&document, "Correction"), variants::<Correction>());
    assert_eq!(
        words(&document, "LogErrorClass"),
        LogErrorClass::ALL
            .map(|class| class.as_str().to_owned())
            .into()
    );
}

#[test]
fn every_field_that_a_client_may_send_is_documented_and_every_documented_one_is_read() {
    let document = document().unwrap();

    assert_eq!(properties(&document, "Plan"), fields::<Plan>());
    assert_eq!(properties(&document, "PlanText"), fields::<PlanText>());
    assert_eq!(properties(&document, "Repeat"), fields::<Repeat>());
    assert_eq!(properties(&document, "Exercise"), fields::<Exercise>());
    assert_eq!(properties(&document, "Step"), fields::<Step>());
    assert_eq!(properties(&document, "Target"), fields::<Target>());
    assert_eq!(
        properties(&document, "LogExerciseInput"),
        fields::<ExerciseInput>()
    );
    assert_eq!(
        properties(&document, "LogExerciseRemoved"),
        fields::<Removed>()
    );
    let content = fields::<SetContent>();
    let head = ["set_id", "exercise_id", "side", "performed_at"].map(str::to_owned);
    let set: BTreeSet<String> = content.iter().cloned().chain(head).collect();
    assert_eq!(properties(&document, "NewSet"), set);
    let patch: BTreeSet<String> = content
        .into_iter()
        .chain(["performed_at".to_owned()])
        .collect();
    assert_eq!(properties(&document, "SetPatch"), patch);
    let definition = fields::<Definition>();
    assert_eq!(properties(&document, "ExerciseDefinition"), definition);
    assert_eq!(properties(&document, "ExercisePatch"), definition);
    let mut thresholds = fields::<Thresholds>();
    thresholds.insert("valid_from".to_owned());
    assert_eq!(properties(&document, "DatedThresholds"), thresholds);
}

#[test]
fn an_activity_that_is_documented_is_read() {
    let document = document().unwrap();
    let totals = [
        "elapsed_s",
        "timer_s",
        "distance_m",
        "avg_hr_bpm",
        "max_hr_bpm",
        "avg_power_w",
        "max_power_w",
        "avg_cadence",
        "max_speed_mps",
        "elevation_gain_m",
        "elevation_loss_m",
        "calories_kcal",
        "rpe",
    ];
    let columns = [
        "distance_m",
        "speed_mps",
        "hr_bpm",
        "power_w",
        "cadence",
        "altitude_m",
        "latitude",
        "longitude",
        "temperature_c",
    ];
    let mut activity = json!({
        "sport": "ride", "sub_sport": "gravel", "name": "Loop", "utc_offset_s": 3600,
        "started_at": "2026-11-21T09:00:00Z", "laps": [{"start_s": 0.0, "end_s": 1.0}],
        "planned_id": Uuid::nil(), "planned_name": "Tempo",
        "samples": {"time_s": [0.0, 1.0]},
    });
    for total in totals {
        activity[total] = json!(1.0);
    }
    for column in columns {
        activity["samples"][column] = json!([null, 1.0]);
    }
    let sent: BTreeSet<String> = activity.as_object().unwrap().keys().cloned().collect();
    assert_eq!(sent, properties(&document, "Activity"));

    let delivery = json!({"event": "create", "athlete": "a", "activity_id": "1",
        "occurred_at": "2026-11-21T10:00:00Z", "activity": activity.clone()});
    assert_fits(&document, "Delivery", &delivery);
    let recording = serde_json::from_value::<Activity>(activity)
        .unwrap()
        .into_recording()
        .unwrap();
    assert_eq!(recording.samples(), 2);
    assert_eq!(recording.laps.len(), 1);
    let named = PlanHint::PlannedId(PlannedId(Uuid::nil()));
    assert_eq!(recording.plan_hint, Some(named));
    assert_eq!(recording.totals.calories_kcal, Some(1.0));
    assert!(recording.temperature_c.has_values() && recording.hr_bpm.has_values());
}

#[test]
fn a_plan_that_is_documented_is_read_and_shown_as_documented() {
    let document = document().unwrap();
    let sent = json!({
        "date": "2026-11-21", "sport": "run", "sub_sport": "trail", "name": "Repeats",
        "total_duration_s": 2400.0, "total_distance_m": 8000.0,
        "steps": [
            {"kind": "warmup", "duration": {"type": "time", "value": 600.0}},
            {"repeat": 3, "steps": [
                {"id": "hard", "kind": "work", "duration": {"type": "distance", "value": 1000.0},
                 "target": {"type": "pace", "low": 240.0, "high": 250.0, "unit": "s_per_km"}},
                {"kind": "rest", "duration": {"type": "lap_button"}}]},
            {"kind": "drill", "duration": {"type": "distance", "value": 50.0},
             "target": {"type": "power", "low": 50.0, "high": 75.0, "unit": "pct_ftp", "ramp": "up"},
             "secondary_target": {"type": "cadence", "low": 90.0, "unit": "rpm"},
             "equipment": ["fins", "snorkel"], "note": "long"},
            {"kind": "strength", "duration": {"type": "lap_button"},
             "exercise": {"name": "Row", "sets": 3, "reps": 8, "reps_high": 12, "rest_s": 90.0,
                          "load": {"unit": "kg", "value": 60.0}}},
            {"kind": "strength", "duration": {"type": "lap_button"},
             "exercise": {"name": "Pull-up", "sets": 3, "load": {"unit": "bodyweight"}}}],
        "pool_length_m": 25.0});
    assert_fits(&document, "Plan", &sent);
    let as_text = json!({"date": "2026-11-21", "sport": "run", "name": "Repeats",
        "text": "3x(8min / 2min)", "text_format": "paceline"});
    assert_fits(&document, "PlanText", &as_text);
    let as_text: PlanText = serde_json::from_value(as_text).unwrap();
    as_text.read().unwrap();

    let mut plan = Plan::read(sent).unwrap();
    plan.validate().unwrap();
    let planned = PlannedWorkout {
        planned_id: PlannedId(Uuid::nil()),
        plan,
    };
    let steps = text::print(&planned.plan.steps, planned.plan.pool_length_m);
    let mut shown = serde_json::to_value(planned).unwrap();
    shown["text"] = json!(steps);
    shown["workout_id"] = Value::Null;
    assert_fits(&document, "PlannedWorkout", &shown);
    assert_fits(
        &document,
        "PlanList",
        &json!({"planned_workouts": [shown], "next_cursor": null}),
    );
}

#[test]
fn a_workout_is_shown_as_documented() {
    let document = document().unwrap();
    let now = DateTime::UNIX_EPOCH;
    let status = Status {
        generation: 1,
        summary_status: StageStatus::Complete.as_str().to_owned(),
        summary_error: None,
        summary_updated_at: now,
        analysis_status: StageStatus::Failed.as_str().to_owned(),
        analysis_error: Some("internal: one line".to_owned()),
        analysis_updated_at: now,
        metrics_status: StageStatus::Pending.as_str().to_owned(),
        metrics_error: None,
        metrics_updated_at: now,
    };
    assert_fits(&document, "Status", &serde_json::to_value(&status).unwrap());

    let weighed = Weighed {
        planned_id: PlannedId(Uuid::nil()),
        reason: Some(CandidateReason::Ambiguous),
        duration_ratio: Some(1.0),
        score: None,
    };
    let decision = Decision {
        reason: MatchReason::Ambiguous,
        planned_id: None,
        hint: Some(HintOutcome::Unknown),
        candidates: vec![weighed],
    };
    let workout = WorkoutView {
        workout_id: WorkoutId(Uuid::nil()),
        parent_id: None,
        provider: "upload".to_owned(),
        provider_activity_id: "1".to_owned(),
        sport: Some(Sport::Run.as_str().to_owned()),
        sub_sport: None,
        name: None,
        started_at: Some(now),
        utc_offset_s: None,
        local_date: Some(now.date_naive()),
        duration_s: None,
        distance_m: Some(0.0),
        partial: Some(false),
        plan: PlanView {
            pinned: false,
            decision,
            as_asked_at: Some(now),
            edited_since: Some(false),
            asked: Some(json!({"date": "2026-11-21", "sport": "run", "name": "x", "steps": []})),
        },
        created_at: now,
        updated_at: now,
        status,
        fetch: Some(FetchView {
            status: "pending".to_owned(),
            error: Some("not_ready: later".to_owned()),
            updated_at: Some(now),
            not_before: Some(now),
        }),
        computed: Some(json!({"versions": {"summary": 1}})),
        sources: Vec::new(),
        withheld: Vec::new(),
        listed_at: now,
        sessions: Vec::new(),
    };
    let session = WorkoutView {
        parent_id: Some(WorkoutId(Uuid::nil())),
        computed: None,
        ..workout.clone()
    };
    let source = SourceView {
        workout_id: Uuid::nil(),
        provider: "hevy".to_owned(),
        provider_activity_id: "1".to_owned(),
        name: None,
        started_at: Some(now),
        leads: true,
    };
    let withheld = WorkoutView {
        sport: None,
        started_at: None,
        local_date: None,
        partial: None,
        computed: None,
        sources: vec![
            SourceView {
                started_at: None,
                ..source.clone()
            },
            source.clone(),
        ],
        withheld: vec![Withheld {
            provider: "hevy".to_owned(),
            reason: WhyWithheld::NoAi,
        }],
        ..workout.clone()
    };
    assert_fits(
        &document,
        "Workout",
        &serde_json::to_value(withheld).unwrap(),
    );
    let whole = WorkoutView {
        sources: vec![source.clone(), source],
        sessions: vec![session.clone(), session],
        ..workout
    };
    let shown = serde_json::to_value(whole).unwrap();
    assert_fits(&document, "Workout", &shown);
    assert_fits(
        &document,
        "WorkoutList",
        &json!({"workouts": [shown], "next_cursor": "x"}),
    );
}

#[test]
fn connections_and_erasures_are_shown_as_documented() {
    let document = document().unwrap();
    let connection = Connection {
        provider: "strava".to_owned(),
        account: "4455667".to_owned(),
        status: "connected".to_owned(),
        scopes: vec!["read".to_owned()],
        connected_at: DateTime::UNIX_EPOCH,
        last_heard_at: None,
        backfill: Some(json!({
            "since": "2026-01-01", "state": "fetching", "found": 3, "fetched": 1, "failed": 0,
        })),
    };
    let mut shown = serde_json::to_value(connection).unwrap();
    shown["missing_scopes"] = json!(["activity:read_all"]);
    assert_fits(&document, "Connection", &shown);
    assert_fits(
        &document,
        "ConnectionList",
        &json!({ "connections": [shown] }),
    );

    let receipt = Receipt {
        erasure_id: Uuid::nil(),
        provider: "strava".to_owned(),
        why: "athlete_asked".to_owned(),
        revoked: Some(true),
        rows: json!({"workouts": 1}),
        erased_at: DateTime::UNIX_EPOCH,
    };
    let shown = serde_json::to_value(receipt).unwrap();
    assert_fits(&document, "Erasure", &shown);
    assert_fits(&document, "ErasureList", &json!({ "erasures": [shown] }));
}

/// What is stored as an outcome is answered as one.
#[test]
fn a_webhooks_outcomes_are_documented() {
    let document = document().unwrap();
    let receipt = |outcome: &str| json!({"workout_id": null, "outcome": outcome});
    use ingest::Outcome::{Absent, Changed, Created, Deleted, Stale, Unchanged};
    for outcome in [Created, Changed, Unchanged, Stale, Deleted, Absent] {
        assert_fits(&document, "Receipt", &receipt(outcome.as_str()));
    }
    assert_fits(&document, "Receipt", &receipt("duplicate"));
}

#[test]
fn every_recordings_results_are_as_documented() {
    let document = document().unwrap();
    let all = recorded::computed().unwrap();
    assert!(all.len() > 10, "{}", all.len());
    let schema = &document["components"]["schemas"]["Computed"];
    let mut shown = BTreeSet::new();
    for (path, computed) in all {
        let wrong = violations(&document, schema, &computed);
        assert!(wrong.is_empty(), "{path}: {wrong:#?}");
        for part in ["overall", "analysis", "metrics"] {
            shown.extend(computed[part].as_object().unwrap().keys().cloned());
        }
    }
    for schema in ["Overall", "Analysis", "Metrics"] {
        let missing = &properties(&document, schema) - &shown;
        assert!(
            missing.is_empty(),
            "documented and never shown: {missing:?}"
        );
    }
}

/// Programs, logs, coaches, and a refusal with what it says beside its code.
#[tokio::test]
async fn programs_and_logs_are_shown_as_documented() {
    let document = document().unwrap();
    let world = support::world!(Start::Paused);
    let coach = Other::join(&world, "a coach").await;
    let send = async |method: Method, path: &str, body: &Value| {
        let answer = world.send(method, path, body.to_string()).await;
        assert!(answer.status < 500, "{path}: {answer:?}");
        answer.body
    };
    let program = json!({"name": "Squats", "weeks": 2, "days": 2});
    assert_fits(&document, "ProgramInput", &program);
    let program = send(Method::POST, "/programs", &program).await;
    assert_fits(&document, "Program", &program);
    assert_fits(&document, "ProgramList", &world.get("/programs").await);

    let exercise = &world
        .rows("SELECT to_jsonb(id) FROM exercises LIMIT 1")
        .await[0];
    let save = json!({
        "log_id": "x", "version": 0, "name": "x", "date": "2026-01-01", "duration_s": 60,
        "notes": "x", "weight_unit": "lb",
        "exercises": [{
            "id": Uuid::nil(), "revision": null, "exercise_id": exercise, "sets": 2,
            "reps": [5, null], "weights": [100.126, 0], "completed": [true], "bodyweight": 80,
            "notes": "x", "added_type": "superset", "original_index": 0,
        }],
    });
    assert_fits(&document, "LogSave", &save);
    let path = format!(
        "/programs/{}/weeks/0/days/0/log",
        program["program_id"].as_str().unwrap()
    );
    let saved = send(Method::PUT, &path, &save).await;
    assert_fits(&document, "SavedLog", &saved);
    assert_eq!(saved["corrections"].as_array().unwrap().len(), 2);
    let log = world.get(&path).await;
    assert_fits(&document, "Log", &log);
    assert_fits(&document, "LogList", &world.get("/logs").await);
    let changes = json!({"log_id": null, "exercises": log["exercises"],
        "removed": [{"id": Uuid::max(), "revision": 1}]});
    assert_fits(&document, "LogChanges", &changes);
    assert_fits(
        &document,
        "SavedLog",
        &send(Method::PATCH, &path, &changes).await,
    );
    let stale = send(Method::PUT, &path, &json!({"version": 9, "name": "y"})).await;
    assert_fits(&document, "Problem", &stale);
    assert!(stale["current"].is_object() && stale["conflicts"].is_array());

    let coaches = format!("/athlete/coaches/{}", coach.user());
    assert_eq!(send(Method::PUT, &coaches, &Value::Null).await, Value::Null);
    assert_fits(&document, "CoachList", &world.get("/athlete/coaches").await);
    world.stop().await;
}

/// Every answer about sets, exercises, records and suggestions, of sets that say everything and nothing.
#[tokio::test]
async fn strength_is_sent_and_shown_as_documented() {
    let document = document().unwrap();
    let world = support::world!(Start::Paused);
    let send = async |method: Method, path: &str, body: &Value, schema: &str| -> Value {
        let answer = world.send(method, path, body.to_string()).await;
        assert!(answer.status < 300, "{path}: {answer:?}");
        assert_fits(&document, schema, &answer.body);
        answer.body
    };
    let none = &json!({});
    let read = async |path: &str, schema: &str| send(Method::GET, path, none, schema).await;

    read("/workouts/active", "ActiveSession").await;
    let wanted = json!({"client_id": Uuid::nil(), "name": "Push", "utc_offset_s": 3600,
        "started_at": "2026-11-21T09:00:00Z"});
    assert_fits(&document, "StartSession", &wanted);
    let session = send(Method::POST, "/workouts", &wanted, "Session").await;
    read("/workouts/active", "ActiveSession").await;
    let list = read("/exercises?name=bench", "ExerciseList").await;
    let exercise = list["exercises"][0]["exercise_id"].as_str().unwrap();
    let path = format!("/exercises/{exercise}");
    read(&path, "CatalogueExercise").await;
    read("/grips", "GripList").await;
    let wanted = json!({"ten_rep_max": 60, "weight_unit": "kg"});
    assert_fits(&document, "EstimateWanted", &wanted);
    send(
        Method::PUT,
        &format!("{path}/estimate"),
        &wanted,
        "Estimate",
    )
    .await;
    read(&format!("{path}/suggestion"), "Suggestion").await;

    let workout = format!("/workouts/{}", session["workout_id"].as_str().unwrap());
    let everything = json!({"set_id": Uuid::from_u128(1), "exercise_id": exercise, "side": "left",
        "performed_at": "2026-11-21T09:10:00Z", "kind": "top_set", "reps": 5, "weight": 225,
        "weight_unit": "lb", "duration_s": 20.5, "distance_m": 1, "rpe": 8.5, "rir": 1.5,
        "grips": ["close"], "notes": "good", "rest_s": 120, "is_completed": true});
    assert_fits(&document, "NewSet", &everything);
    let sets = format!("{workout}/sets");
    send(Method::POST, &sets, &everything, "LoggedSet").await;
    let nothing =
        json!({"set_id": Uuid::from_u128(2), "exercise_id": exercise, "is_completed": false});
    let many = json!({"sets": [nothing, everything]});
    assert_fits(&document, "NewSets", &many);
    send(Method::POST, &format!("{sets}/bulk"), &many, "LoggedSets").await;
    let patch = json!({"reps": 6, "notes": null, "rpe": null});
    assert_fits(&document, "SetPatch", &patch);
    let one = format!("{sets}/{}", Uuid::from_u128(1));
    send(Method::PATCH, &one, &patch, "LoggedSet").await;
    let order = json!({"exercise_ids": [exercise]});
    assert_fits(&document, "ExerciseOrderWanted", &order);
    send(
        Method::PUT,
        &format!("{workout}/exercises"),
        &order,
        "ExerciseOrder",
    )
    .await;
    read(&sets, "SetList").await;
    read("/records", "RecordList").await;
    read(
        &format!("/records/history?exercise_id={exercise}"),
        "RecordHistory",
    )
    .await;
    read(&format!("{path}/rep-max"), "RepMaxList").await;
    read(&format!("{path}/suggestion?grips=close"), "Suggestion").await;
    send(Method::DELETE, &one, none, "DeletedSet").await;
    let finish = json!({"ended_at": "2026-11-21T10:00:00Z"});
    assert_fits(&document, "FinishSession", &finish);
    send(
        Method::POST,
        &format!("{workout}/finish"),
        &finish,
        "Session",
    )
    .await;

    let own = json!({"name": "Own", "aliases": ["Mine"], "category": "strongman", "measure": "time",
        "mechanics": "compound", "equipment": ["other"], "primary_muscles": ["neck"],
        "secondary_muscles": ["traps"], "is_unilateral": true});
    assert_fits(&document, "ExerciseDefinition", &own);
    let own = send(Method::POST, "/exercises", &own, "CatalogueExercise").await;
    let patch = json!({"name": "Owned", "mechanics": null});
    assert_fits(&document, "ExercisePatch", &patch);
    let path = format!("/exercises/{}", own["exercise_id"].as_str().unwrap());
    send(Method::PATCH, &path, &patch, "CatalogueExercise").await;
    world.stop().await;
}

/// What comes of many workouts, of somebody who has everything and of somebody who has nothing.
#[tokio::test]
async fn load_bests_and_estimates_are_shown_as_documented() {
    let document = document().unwrap();
    let world = support::world!(Start::Running);
    let answers = async || {
        let mut answers = Vec::new();
        for (path, schema) in [
            ("/athlete/fitness?from=2026-03-01&to=2026-03-09", "Fitness"),
            ("/athlete/fitness", "Fitness"),
            ("/athlete/bests?from=2026-01-01", "Bests"),
            ("/athlete/power-curve", "PowerCurve"),
            ("/athlete/estimates?to=2026-03-30", "Estimates"),
            ("/athlete", "Profile"),
        ] {
            let shown = world.get(path).await;
            assert_fits(&document, schema, &shown);
            answers.push(shown);
        }
        answers
    };
    let nothing = answers().await;
    assert_eq!(nothing[0]["start"], Value::Null);

    let profile = json!({
        "fitness_start": {"date": "2026-03-01", "ctl": 50.0, "atl": 40.0},
        "thresholds": [{"valid_from": "2020-01-01", "ftp_w": 250, "threshold_speed_mps": 4}],
    });
    let put = world
        .send(Method::PUT, "/athlete", profile.to_string())
        .await;
    assert_eq!(put.status, 200, "{put:?}");
    for (day, seconds) in [("05", 300), ("06", 720), ("07", 1200)] {
        let samples: Vec<u32> = (0..=seconds).collect();
        let body = json!({
            "event": "create", "athlete": world.endpoint().athlete, "activity_id": day,
            "occurred_at": "2026-03-08T00:00:00Z",
            "activity": {
                "sport": "ride", "started_at": format!("2026-03-{day}T09:00:00Z"),
                "samples": {
                    "time_s": samples,
                    "distance_m": samples.iter().map(|s| s * 9).collect::<Vec<_>>(),
                    "hr_bpm": samples.iter().map(|_| 150).collect::<Vec<_>>(),
                    "power_w": samples.iter().map(|_| 250 + 18_000 / seconds).collect::<Vec<_>>(),
                },
            },
        });
        assert_eq!(world.deliver(&body).await.status, 200);
    }
    world.settle().await;
    let today = nothing[1]["today"].as_str().unwrap();
    for sport in ["run", "ride"] {
        let plan = json!({"date": today, "sport": sport, "name": "x",
            "total_duration_s": 3600, "total_distance_m": 10_000});
        world.create_plan(&plan).await;
    }
    let everything = answers().await;
    assert!(everything[0]["days"][6]["load"].as_f64().unwrap() > 0.0);
    let today = everything[1]["days"].as_array().unwrap().last().unwrap();
    assert_eq!(today["planned"]["workouts"].as_array().unwrap().len(), 2);
    assert!(
        everything[4]["critical_power"].is_object(),
        "{}",
        everything[4]
    );
    world.stop().await;
}

/// Tests that go through all routes send these.
#[test]
fn what_is_made_of_the_contract_to_be_sent_is_what_it_describes() {
    let contract = support::routes::Contract::read();
    let is_id = |name: &str| name == "id" || name.ends_with("_id");
    let given = |name: &str| match name {
        "exercise_ids" => Some(json!([Uuid::nil()])),
        name => is_id(name).then(|| json!(Uuid::nil())),
    };
    let samples = support::samples::Samples::new(&contract.document, &given);
    let mut sent = 0;
    for operation in &contract.operations {
        for (_, schema) in operation
            .body
            .iter()
            .filter(|(media, _)| media == "application/json")
        {
            for body in samples.all(&operation.path, schema) {
                let wrong = violations(&contract.document, schema, &body);
                assert!(wrong.is_empty(), "{operation}: {body}: {wrong:#?}");
                sent += 1;
            }
        }
    }
    assert!(sent > 20, "{sent}");
}
