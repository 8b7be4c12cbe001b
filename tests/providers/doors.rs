//! What is promised of every provider. Its folder says what it sends and what its API answers, and
//! [`promises!`](promises) makes the tests of it.

use crate::post::{Credential, Post};
use crate::reconcile::hours_pass;
use chrono::{DateTime, TimeDelta, Utc};
use domain::id::WorkoutId;
use local::cloud::Start;
use local::log::LogSink;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use support::provider::{Call, Provider, Reply};
use support::world::{Answer, World, now};

/// The athlete's token, with which the API is asked; like every secret of a provider's settings it holds the word
/// that no line of a log may hold ([`support::secrets`]).
pub(crate) const ACCESS: &str = "canary-access";
/// How far a figure may lie from what is expected: the last digit that is written down.
const NEAR: f64 = 0.01;

/// A provider, as its folder tells it.
pub(crate) struct Door {
    /// Its name in the path.
    pub(crate) name: &'static str,
    /// The athlete's account there.
    pub(crate) account: &'static str,
    /// The activity that is told of.
    pub(crate) activity: &'static str,
    /// Settings that believe what [`tells`](Self::tells) posts and ask this stand-in.
    pub(crate) settings: fn(&Provider) -> Value,
    /// Lets the API know the activity as it is after so many changes.
    pub(crate) knows: fn(&Provider, usize),
    /// What the provider posts about it.
    pub(crate) tells: fn(&Told<'_>) -> Post,
    /// What has to be right for that to be believed.
    pub(crate) credentials: &'static [Credential],
    /// Whether one of these signs the body.
    pub(crate) signs_body: bool,
    /// Headers with which the API is asked.
    pub(crate) asked_with: &'static [(&'static str, &'static str)],
    /// What the activity is as a workout, and what it is after a change.
    pub(crate) comes_as: [Come; 2],
}

/// What a provider tells of.
pub(crate) struct Told<'a> {
    /// Where its API is.
    pub(crate) api: &'a Provider,
    /// Whose activity; `None` is for a body that does not say.
    pub(crate) account: Option<&'a str>,
    /// Which; `None` is for a body that does not say.
    pub(crate) activity: Option<&'a str>,
    /// How often it was changed before.
    pub(crate) changes: usize,
}

impl Told<'_> {
    /// The account of a provider that counts accounts.
    pub(crate) fn account_number(&self) -> Option<u64> {
        self.account.map(|account| account.parse().unwrap())
    }

    /// The activity of a provider that counts activities.
    pub(crate) fn activity_number(&self) -> Option<u64> {
        self.activity.map(|activity| activity.parse().unwrap())
    }
}

/// What an activity is as a workout.
pub(crate) struct Come {
    /// Our sport.
    pub(crate) sport: &'static str,
    /// The athlete's date.
    pub(crate) local_date: &'static str,
    /// How many samples it has.
    pub(crate) samples: i64,
    /// Figures, by their place in the workout.
    pub(crate) figures: &'static [(&'static str, f64)],
}

/// An answer that is a recording of a real device.
pub(crate) fn recording(file: &str) -> Reply {
    Reply::status(200).with_body(support::oracle::bytes(file).unwrap())
}

/// A world in which doors are open, and all that its functions log.
pub(crate) struct Visit {
    /// The world.
    pub(crate) world: World,
    /// What answers for the providers' APIs.
    pub(crate) api: Provider,
    lines: Arc<Mutex<String>>,
}

impl Visit {
    /// Opens these doors, to which nobody has connected.
    pub(crate) async fn open(doors: &[&Door]) -> Self {
        let api = Provider::start().await;
        let settings = doors
            .iter()
            .map(|door| (door.name.to_owned(), (door.settings)(&api)));
        Self::with(settings.collect(), api).await
    }

    /// Opens doors with settings of the test's own.
    pub(crate) async fn with(settings: BTreeMap<String, Value>, api: Provider) -> Self {
        let lines = Arc::<Mutex<String>>::default();
        let sink = Arc::clone(&lines);
        let log = LogSink::new(move |line| {
            let mut lines = sink.lock().unwrap();
            lines.push_str(line.text);
            lines.push('\n');
        });
        let binary = env!("CARGO_BIN_EXE_paceline-under-test");
        let world = World::start_with_providers(binary, Start::Paused, settings, log).await;
        Self { world, api, lines }
    }

    /// Opens one door, to which the athlete has connected.
    pub(crate) async fn to(door: &Door) -> Self {
        let visit = Self::open(&[door]).await;
        visit.connect(door).await;
        visit
    }

    /// Connects the athlete.
    pub(crate) async fn connect(&self, door: &Door) {
        let refresh = Some("canary-refresh");
        self.world
            .connect(door.name, door.account, ACCESS, refresh, 3600)
            .await;
    }

    /// What the provider posts of its athlete's activity.
    pub(crate) fn told(&self, door: &Door, changes: usize) -> Post {
        (door.tells)(&Told {
            api: &self.api,
            account: Some(door.account),
            activity: Some(door.activity),
            changes,
        })
    }

    /// Posts.
    pub(crate) async fn post(&self, door: &Door, post: &Post) -> Answer {
        let secret = post.path.iter().map(|secret| format!("/{secret}"));
        let path = door.name.to_owned() + &secret.collect::<String>();
        let headers: Vec<(&str, &str)> = post
            .headers
            .iter()
            .map(|(name, value)| (*name, value.as_str()))
            .collect();
        self.world
            .post_webhook(&path, &headers, post.body.clone())
            .await
    }

    /// Tells what the API knows after so many changes, and lets all that follows happen.
    pub(crate) async fn bring(&self, door: &Door, changes: usize) -> WorkoutId {
        (door.knows)(&self.api, changes);
        let told = self.post(door, &self.told(door, changes)).await;
        assert_eq!(told.status, 200, "{told:?}");
        self.world.settle().await;
        told.workout_id()
    }

    /// Every row that a delivery may touch.
    pub(crate) async fn rows(&self) -> Vec<Value> {
        let others = "SELECT to_jsonb(d) FROM deliveries d
             UNION ALL SELECT to_jsonb(e) FROM early_deletions e
             UNION ALL SELECT to_jsonb(c) FROM connections c
             UNION ALL SELECT to_jsonb(r) FROM reconciliations r
             ORDER BY 1";
        let mut rows = self.world.everything().await;
        rows.extend(self.world.rows(others).await);
        rows
    }

    /// Asserts that a workout is complete and what it is.
    pub(crate) async fn assert_is(&self, workout: WorkoutId, come: &Come) {
        let shown = self.world.get(&format!("/workouts/{workout}")).await;
        for stage in ["summary", "analysis", "metrics"] {
            assert_eq!(shown[format!("{stage}_status")], "complete", "{shown:#}");
        }
        assert_eq!(shown["sport"], come.sport, "{shown:#}");
        assert_eq!(shown["local_date"], come.local_date, "{shown:#}");
        for (place, expected) in come.figures {
            let figure = shown.pointer(place).and_then(Value::as_f64);
            let is_near = figure.is_some_and(|figure| (figure - expected).abs() < NEAR);
            assert!(is_near, "{place} is {figure:?}: {shown:#}");
        }
        let samples = "SELECT jsonb_build_array(workout_id, samples) FROM recordings";
        let samples = self.world.rows(samples).await;
        assert!(
            samples.contains(&json!([workout, come.samples])),
            "{samples:?}"
        );
    }

    /// Stops, and answers what was logged.
    pub(crate) async fn stop(self) -> String {
        self.world.stop().await;
        std::mem::take(&mut *self.lines.lock().unwrap())
    }
}

/// A delivery that is believed ends as a complete workout; again, it changes nothing.
pub(crate) async fn ends_complete(door: &Door) {
    let visit = Visit::to(door).await;

    let workout = visit.bring(door, 0).await;

    visit.assert_is(workout, &door.comes_as[0]).await;
    let calls = visit.api.calls();
    for call in &calls {
        for (name, value) in door.asked_with {
            assert_eq!(call.headers[*name], *value, "{call:?}");
        }
    }
    let before = visit.rows().await;
    let again = visit.post(door, &visit.told(door, 0)).await;
    assert_eq!(
        (again.status, &again.body["outcome"]),
        (200, &json!("duplicate"))
    );
    assert_eq!(again.workout_id(), workout);
    assert_eq!(visit.rows().await, before);
    assert_eq!(visit.api.calls().len(), calls.len());
    visit.stop().await;
}

/// A delivery that is not believed is 401 and changes no row, whether it is of something known or
/// of something new; and nobody is asked because of it.
pub(crate) async fn refuses_forgeries(door: &Door) {
    let visit = Visit::to(door).await;
    let of_nothing_known = visit.told(door, 0).forgeries(door);
    let workout = visit.bring(door, 0).await;
    (door.knows)(&visit.api, 1);
    let genuine = visit.told(door, 1);
    let before = visit.rows().await;
    let asked = visit.api.calls().len();

    for (code, forged) in genuine.forgeries(door).iter().chain(&of_nothing_known) {
        let answer = visit.post(door, forged).await;
        assert_eq!((answer.status, answer.code()), (401, *code), "{answer:?}");
    }

    assert_eq!(visit.rows().await, before);
    assert_eq!(visit.api.calls().len(), asked);
    // It was the credential alone that was wrong.
    let believed = visit.post(door, &genuine).await;
    assert_eq!((believed.status, believed.workout_id()), (200, workout));
    visit.stop().await;
}

/// An update changes the one workout, and each stage computes once more.
pub(crate) async fn takes_updates(door: &Door) {
    let visit = Visit::to(door).await;
    let workout = visit.bring(door, 0).await;

    assert_eq!(visit.bring(door, 1).await, workout);

    visit.assert_is(workout, &door.comes_as[1]).await;
    let shown = visit.world.get("/workouts").await;
    let shown = shown["workouts"].as_array().unwrap();
    assert_eq!((shown.len(), &shown[0]["generation"]), (1, &json!(2)));
    let lines = visit.stop().await;
    let finished = |stage: &str| {
        let lines = lines.lines().map(serde_json::from_str::<Value>);
        lines
            .filter_map(Result::ok)
            .filter(|line| line["message"] == "finished" && line["span"]["stage.name"] == stage)
            .count()
    };
    for stage in ["summary", "analysis", "metrics"] {
        assert_eq!(finished(stage), 2, "{stage}");
    }
}

/// What the provider tells of no webhook is found in its list, and then left alone.
///
/// `lists` lets the API list the activity as one that began at this time.
pub(crate) async fn finds_by_looking_back(door: &Door, lists: fn(&Provider, DateTime<Utc>)) {
    let visit = Visit::to(door).await;
    (door.knows)(&visit.api, 0);
    assert_eq!(visit.world.look_back().await["repaired"], 0);
    lists(
        &visit.api,
        DateTime::<Utc>::from(now()) - TimeDelta::days(1),
    );

    hours_pass(&visit.world).await;
    let pass = visit.world.look_back().await;
    assert_eq!(
        pass,
        json!({"asked": 1, "unanswered": 0, "repaired": 1, "changed": 0, "renewed": 0, "silent": 0})
    );
    visit.world.settle().await;

    let shown = visit.world.get("/workouts").await;
    let workouts = shown["workouts"].as_array().unwrap();
    assert_eq!(workouts.len(), 1, "{shown:#}");
    let workout = &workouts[0];
    assert_eq!(workout["provider_activity_id"], door.activity);
    let workout = workout["workout_id"].as_str().unwrap().parse().unwrap();
    visit.assert_is(workout, &door.comes_as[0]).await;
    for call in &visit.api.calls() {
        for (name, value) in door.asked_with {
            assert_eq!(call.headers[*name], *value, "{call:?}");
        }
    }
    let before = visit.world.everything().await;
    hours_pass(&visit.world).await;
    let pass = visit.world.look_back().await;
    assert_eq!(
        (&pass["repaired"], &pass["changed"]),
        (&json!(0), &json!(0))
    );
    assert_eq!(visit.world.everything().await, before);
    visit.stop().await;
}

/// The test that what no webhook told is found, for a provider that lists.
macro_rules! looks_back {
    ($door:expr, $lists:expr) => {
        #[tokio::test]
        async fn what_no_webhook_told_is_found_in_the_list_and_then_left_alone() {
            $crate::doors::finds_by_looking_back(&$door, $lists).await;
        }
    };
}
pub(crate) use looks_back;

/// The value of a parameter of a question, if it was asked with it.
pub(crate) fn parameter<'a>(call: &'a Call, name: &str) -> Option<&'a str> {
    let mut pairs = call
        .query
        .split('&')
        .filter_map(|pair| pair.split_once('='));
    pairs.find_map(|(key, value)| (key == name).then_some(value))
}

/// The tests of what is promised of every provider.
macro_rules! promises {
    ($door:expr) => {
        /// P-16, P-17
        #[tokio::test]
        async fn a_believed_delivery_ends_as_a_complete_workout_and_again_changes_nothing() {
            $crate::doors::ends_complete(&$door).await;
        }

        /// P-02
        #[tokio::test]
        async fn a_forged_delivery_is_refused_and_changes_no_row() {
            $crate::doors::refuses_forgeries(&$door).await;
        }

        /// P-16: its date stays that of the day on which it first came.
        #[tokio::test]
        async fn an_update_changes_the_one_workout_and_computes_once_more() {
            $crate::doors::takes_updates(&$door).await;
        }
    };
}
pub(crate) use promises;
