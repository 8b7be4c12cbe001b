//! Files of several sessions: each is a workout of its own, under the workout of the whole.

use chrono::{DateTime, NaiveDate, Utc};
use domain::decode::decode_file;
use domain::id::UserId;
use domain::matching::Executed;
use domain::recording::{self, Recording};
use domain::signal::session;
use local::cloud::Start;
use reqwest::Method;
use serde_json::{Value, json};
use std::time::Duration;
use store::ingest::{self, Ingested, Outcome};
use store::workouts::{ProviderKey, Reported};
use store::{DatabaseSettings, Pooler, Store};
use support::world;
use support::world::World;

const TRIATHLON: &str = "triathlon_fr935_smart.fit";

const STATUSES: [&str; 3] = ["summary_status", "analysis_status", "metrics_status"];

fn triathlon() -> Vec<u8> {
    support::oracle::bytes(TRIATHLON).unwrap()
}

/// Uploads the triathlon and answers the path of the whole.
async fn upload(world: &World) -> String {
    let answer = world.send(Method::POST, "/activities", triathlon()).await;
    assert_eq!(answer.status, 202, "{answer:?}");
    format!("/workouts/{}", answer.workout_id())
}

fn ids(sessions: &Value) -> Vec<&str> {
    let sessions = sessions.as_array().unwrap();
    sessions
        .iter()
        .map(|session| session["workout_id"].as_str().unwrap())
        .collect()
}

#[tokio::test]
async fn a_triathlon_is_a_whole_with_five_sessions_inside() {
    let world = world!(Start::Running);

    let path = upload(&world).await;
    world.settle().await;

    let list = world.get("/workouts").await;
    let [listed] = list["workouts"].as_array().unwrap().as_slice() else {
        panic!("{list}");
    };
    let whole = world.get(&path).await;
    assert_eq!(listed["workout_id"], whole["workout_id"]);
    assert_eq!(listed["sessions"], whole["sessions"]);
    assert_eq!(whole["sport"], "multisport");
    let kinds: Vec<Value> = whole["sessions"]
        .as_array()
        .unwrap()
        .iter()
        .map(|part| json!([part["sport"], part["sub_sport"]]))
        .collect();
    assert_eq!(
        kinds,
        [
            json!(["swim", "open_water"]),
            json!(["other", "transition"]),
            json!(["ride", null]),
            json!(["other", "transition"]),
            json!(["run", null]),
        ]
    );
    let mut metres = 0.0;
    for id in ids(&whole["sessions"]) {
        let part = world.get(&format!("/workouts/{id}")).await;
        assert_eq!(part["parent_id"], whole["workout_id"]);
        for status in STATUSES {
            assert_eq!(part[status], "complete", "{part}");
        }
        // Efforts and splits are those of a session, never of the whole (rule M1).
        assert!(part["computed"]["analysis"].get("splits").is_some());
        metres += part["computed"]["overall"]["distance_m"].as_f64().unwrap();
    }
    // Nor does its load count twice.
    let metrics = &whole["computed"]["metrics"];
    assert_eq!(metrics["load"], Value::Null);
    assert_eq!(metrics["reasons"]["load"], "per_session");
    let analysis = &whole["computed"]["analysis"];
    assert!(analysis["series"].is_object());
    assert!(analysis.get("splits").is_none() && analysis.get("best_efforts").is_none());
    let together = whole["computed"]["overall"]["distance_m"].as_f64().unwrap();
    // What was covered between the last sample of a session and the first of the next is in none.
    assert!(
        (together - metres).abs() < 0.01 * together,
        "{together} {metres}"
    );
    world.stop().await;
}

#[tokio::test]
async fn a_whole_is_as_far_as_it_and_all_of_its_sessions_are() {
    let world = world!(Start::Paused);
    let path = upload(&world).await;
    let mut sql = world.sql().await;
    let seen = async || {
        let status = world.get(&format!("{path}/status")).await;
        STATUSES.map(|name| status[name].as_str().unwrap().to_owned())
    };
    assert_eq!(seen().await, ["pending"; 3]);
    let finish = "UPDATE stage_runs AS r
        SET status = 'complete', done = wanted, result = '{}', version = 1
        FROM workouts AS w WHERE w.id = r.workout_id";

    for (condition, expected) in [
        ("w.session_index = 0", ["processing"; 3]),
        (
            "r.stage = 'summary'",
            ["complete", "processing", "processing"],
        ),
        (
            "w.session_index < 5",
            ["complete", "processing", "processing"],
        ),
        ("true", ["complete"; 3]),
    ] {
        let statement = format!("{finish} AND {condition}");
        sqlx::query(sqlx::AssertSqlSafe(statement))
            .execute(&mut sql)
            .await
            .unwrap();
        assert_eq!(seen().await, expected, "{condition}");
    }

    sqlx::query(
        "UPDATE stage_runs AS r SET status = 'failed', error = 'internal: one line'
         FROM workouts AS w
         WHERE w.id = r.workout_id AND w.session_index = 3 AND r.stage = 'metrics'",
    )
    .execute(&mut sql)
    .await
    .unwrap();
    assert_eq!(seen().await, ["complete", "complete", "failed"]);
    let status = world.get(&format!("{path}/status")).await;
    assert_eq!(status["metrics_error"], "internal: one line");
    world.stop().await;
}

#[tokio::test]
async fn the_same_bytes_again_change_nothing_and_a_reanalysis_renews_all_of_it_once() {
    let world = world!(Start::Running);
    let path = upload(&world).await;
    world.settle().await;
    let before = world.everything().await;

    let again = world.send(Method::POST, "/activities", triathlon()).await;
    assert_eq!(again.status, 200);
    assert_eq!(world.everything().await, before);

    let reanalyse = format!("{path}/reanalyse");
    assert_eq!(world.send(Method::POST, &reanalyse, "").await.status, 202);
    world.settle().await;
    let generations = world
        .rows("SELECT to_jsonb(generation) FROM workouts ORDER BY session_index")
        .await;
    assert_eq!(generations, vec![json!(2); 6]);
    let done = world
        .rows("SELECT DISTINCT to_jsonb(status || done) FROM stage_runs")
        .await;
    assert_eq!(done, [json!("complete2")]);
    world.stop().await;
}

/// P-38
#[tokio::test]
async fn a_plan_is_for_a_session_and_never_for_the_whole() {
    let world = world!(Start::Paused);
    let mut plan = world.plan(7200);
    plan["sport"] = "ride".into();
    plan["date"] = local_date().to_string().into();
    let planned = world.create_plan(&plan).await;

    let path = upload(&world).await;

    let whole = world.get(&path).await;
    assert_eq!(whole["plan"]["reason"], "per_session");
    let ride = &whole["sessions"][2];
    assert_eq!(ride["plan"]["planned_id"], json!(planned), "{ride}");

    let body = json!({ "planned_id": planned }).to_string();
    let attach = world.send(Method::PUT, &format!("{path}/plan"), body).await;
    assert_eq!((attach.status, attach.code()), (422, "plan_per_session"));
    let detach = world
        .send(Method::DELETE, &format!("{path}/plan"), "")
        .await;
    assert_eq!((detach.status, detach.code()), (422, "plan_per_session"));
    world.stop().await;
}

fn local_date() -> NaiveDate {
    let recording = decode_file(&triathlon()).unwrap();
    domain::local_date::local_date(recording.start_utc, recording.utc_offset_s, None)
}

/// A provider that reports recordings of several sessions, and changes its mind.
struct Provider {
    store: Store,
    user: UserId,
}

impl Provider {
    fn new(world: &World) -> Self {
        let store = Store::new(&DatabaseSettings {
            url: world.database().url_as("paceline_ingest"),
            pooler: Pooler::None,
            acquire: Duration::from_secs(5),
            statement: Duration::from_secs(5),
            lock: Duration::from_secs(5),
        });
        Self {
            store: store.unwrap(),
            user: UserId(world.endpoint().user_id.parse().unwrap()),
        }
    }

    const KEY: ProviderKey<'static> = ProviderKey {
        provider: "watch",
        activity_id: "a",
        session_index: 0,
    };

    async fn report(&self, recording: &Recording, hour: u32) -> Ingested {
        let parts = session::cut(recording);
        let all: Vec<&Recording> = std::iter::once(recording).chain(&parts).collect();
        let columns: Vec<Vec<u8>> = all.iter().map(|part| recording::encode(part)).collect();
        let executed: Vec<Executed> = all
            .iter()
            .map(|part| Executed::of(part, part.elapsed_s(), None))
            .collect();
        let reported: Vec<Reported<'_>> = all
            .iter()
            .zip(&columns)
            .zip(&executed)
            .map(|((recording, columns), executed)| Reported {
                recording,
                name: None,
                executed,
                columns,
                source_sha256: &[0],
                // The bytes themselves tell one content from another as well as their hash does.
                content_sha256: columns,
                provider_time: Some(at(hour)),
            })
            .collect();
        let mut tx = self.store.begin(self.user).await.unwrap();
        let (whole, sessions) = reported.split_first().unwrap();
        let ingested = ingest::ingest(&mut tx, self.user, Self::KEY, whole, sessions).await;
        tx.commit().await.unwrap();
        ingested.unwrap()
    }

    async fn delete(&self, hour: u32) -> Outcome {
        let mut tx = self.store.begin(self.user).await.unwrap();
        let deleted = ingest::delete(&mut tx, self.user, Self::KEY, Some(at(hour))).await;
        tx.commit().await.unwrap();
        deleted.unwrap().outcome
    }
}

fn at(hour: u32) -> DateTime<Utc> {
    let day = NaiveDate::from_ymd_opt(2026, 11, 20).unwrap();
    day.and_hms_opt(hour, 0, 0).unwrap().and_utc()
}

/// P-08
#[tokio::test]
async fn a_session_that_is_no_longer_reported_is_gone_and_a_deletion_takes_them_all() {
    let world = world!(Start::Paused);
    let provider = Provider::new(&world);
    let whole = decode_file(&triathlon()).unwrap();
    let live = async || {
        world
            .rows(
                "SELECT to_jsonb(w.session_index) FROM workouts AS w
                 JOIN stage_runs AS r ON r.workout_id = w.id AND r.stage = 'summary'
                 JOIN recordings USING (workout_id)
                 WHERE w.deleted_at IS NULL ORDER BY w.session_index",
            )
            .await
    };

    let created = provider.report(&whole, 8).await;
    assert_eq!(
        (created.outcome, created.requested.len()),
        (Outcome::Created, 6)
    );
    assert_eq!(live().await, [0, 1, 2, 3, 4, 5].map(|index| json!(index)));

    let mut shorter = whole.clone();
    shorter.sessions.truncate(3);
    let changed = provider.report(&shorter, 9).await;
    assert_eq!(changed.outcome, Outcome::Changed);
    assert_eq!(live().await, [0, 1, 2, 3].map(|index| json!(index)));

    assert_eq!(provider.report(&whole, 8).await.outcome, Outcome::Stale);
    assert_eq!(live().await, [0, 1, 2, 3].map(|index| json!(index)));

    assert_eq!(provider.delete(10).await, Outcome::Deleted);
    assert_eq!(live().await, [] as [Value; 0]);
    assert_eq!(provider.report(&whole, 11).await.outcome, Outcome::Changed);
    assert_eq!(live().await, [0, 1, 2, 3, 4, 5].map(|index| json!(index)));
    world.stop().await;
}
