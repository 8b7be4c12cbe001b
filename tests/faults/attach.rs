//! Plans and workouts in a hostile order: links stay one to one, and every result is of its
//! generation's own link.

use chrono::NaiveDate;
use domain::id::PlannedId;
use domain::matching::{Candidate, Executed, choose};
use domain::sport::Sport;
use futures_util::future::join_all;
use local::cloud::Start;
use local::queue::Faults;
use reqwest::Method;
use serde_json::{Value, json};
use sqlx::Executor as _;
use std::collections::BTreeMap;
use std::num::NonZeroU32;
use std::sync::Mutex;
use std::time::{Duration, Instant};
use support::dice::Dice;
use support::world;
use support::world::{Held, Other, World};

const QUEUES: [&str; 3] = ["SummaryQueue", "AnalysisQueue", "MetricsQueue"];
const STAGES: [&str; 3] = ["summary", "analysis", "metrics"];
/// Where a stage is held up: where it holds no row that a delivery has to wait for.
const POINTS: [&str; 4] = ["after_claim", "after_lock", "after_load", "after_compute"];
/// What happens, one after the other, to plans and workouts of two days.
const EVENTS: usize = 90;

/// What every transaction leaves as a workout's link, and what every finished analysis was made of.
/// The first is noted when a transaction commits, so that what it passes through is not.
const WITNESS: &str = "
    CREATE TABLE seen_links (
        workout_id uuid, generation bigint, planned_id uuid, asked_s double precision,
        UNIQUE NULLS NOT DISTINCT (workout_id, generation, planned_id, asked_s)
    );
    CREATE TABLE seen_results (
        workout_id uuid, generation bigint, wanted bigint, asked_s double precision
    );
    CREATE FUNCTION see_link() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$ BEGIN
        INSERT INTO public.seen_links
        SELECT w.id, w.generation, w.planned_id, (coalesce(
            w.plan_snapshot -> 'total_duration_s', to_jsonb(p) -> 'total_duration_s'
        ) #>> '{}')::double precision
        FROM public.workouts AS w
        LEFT JOIN public.planned_workouts AS p ON p.id = w.planned_id
        WHERE w.id = NEW.id
        ON CONFLICT DO NOTHING;
        RETURN NULL;
    END $$;
    CREATE FUNCTION see_result() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$ BEGIN
        INSERT INTO public.seen_results VALUES (NEW.workout_id, NEW.done, NEW.wanted,
            (NEW.result #>> '{analysis,execution,planned,duration_s}')::double precision);
        RETURN NULL;
    END $$;
    CREATE CONSTRAINT TRIGGER see_link AFTER INSERT OR UPDATE ON workouts
        DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION see_link();
    CREATE TRIGGER see_result AFTER UPDATE ON stage_runs FOR EACH ROW
        WHEN (NEW.stage = 'analysis' AND NEW.done IS DISTINCT FROM OLD.done)
        EXECUTE FUNCTION see_result();";

/// Everything that may change while the stages run.
struct Story<'a> {
    world: &'a World,
    dice: Dice,
    plans: Vec<String>,
    /// What is held up, by its point; a point has one gate.
    held: BTreeMap<String, Held>,
    /// Every plan and every workout has seconds of its own.
    second: u32,
}

impl Story<'_> {
    /// About one of three lengths that do not fit each other, and never the same again.
    fn seconds(&mut self) -> u32 {
        self.second += 1;
        *self.dice.pick(&[1200, 3600, 10_800]) + self.second
    }

    fn plan(&mut self) -> Value {
        let seconds = self.seconds();
        let date = *self.dice.pick(&["2026-11-20", "2026-11-20", "2026-11-21"]);
        json!({
            "date": date, "sport": "run", "name": format!("{seconds} s"),
            "steps": [{"kind": "work", "duration": {"type": "time", "value": seconds}}],
        })
    }

    async fn happen(&mut self, number: usize) {
        match self.dice.below(10) {
            0..4 => self.deliver(number).await,
            4..6 => {
                let plan = self.plan();
                self.plans.push(self.world.create_plan(&plan).await);
            }
            6..8 => {
                let plan = self.plan();
                self.about_a_plan(Method::PUT, plan.to_string()).await;
            }
            8 => self.about_a_plan(Method::DELETE, String::new()).await,
            _ => self.wish().await,
        }
    }

    async fn deliver(&mut self, number: usize) {
        let activity = self.dice.below(6);
        let seconds = self.seconds();
        let mut body = self.world.run(&format!("activity-{activity}"), seconds);
        let second = self.second % 60;
        body["occurred_at"] = format!(
            "2026-11-22T{:02}:{:02}:{second:02}Z",
            number / 60,
            number % 60
        )
        .into();
        if activity == 5 {
            body["activity"]["started_at"] = "2026-11-21T06:30:00Z".into();
        }
        assert_eq!(self.world.deliver(&body).await.status, 200);
    }

    async fn about_a_plan(&mut self, method: Method, body: String) {
        if self.plans.is_empty() {
            return;
        }
        let index = self.dice.below(self.plans.len());
        let path = format!("/planned-workouts/{}", self.plans[index]);
        if method == Method::DELETE {
            self.plans.swap_remove(index);
        }
        let answer = self.world.send(method, &path, body).await;
        assert!(answer.status < 300, "{answer:?}");
    }

    /// The athlete attaches or detaches; another workout may hold the plan.
    async fn wish(&mut self) {
        let list = self.world.get("/workouts").await;
        let workouts = list["workouts"].as_array().unwrap();
        if workouts.is_empty() || self.plans.is_empty() {
            return;
        }
        let workout = self.dice.pick(workouts)["workout_id"].as_str().unwrap();
        let path = format!("/workouts/{workout}/plan");
        let answer = if self.dice.one_in(2) {
            self.world.send(Method::DELETE, &path, "").await
        } else {
            let wanted = json!({ "planned_id": self.dice.pick(&self.plans) });
            self.world
                .send(Method::PUT, &path, wanted.to_string())
                .await
        };
        assert!([200, 409].contains(&answer.status), "{answer:?}");
    }

    /// Delays, doubles, loses or turns round the doorbells of a stage, or holds one up or lets it go.
    async fn disturb(&mut self) {
        let queue = *self.dice.pick(&QUEUES);
        let faults = match self.dice.below(5) {
            0 => Faults {
                delay: Duration::from_millis(u64::try_from(self.dice.below(40)).unwrap()),
                ..Faults::default()
            },
            1 => Faults {
                double_every: NonZeroU32::new(1),
                newest_first: true,
                ..Faults::default()
            },
            2 => Faults {
                lose_every: NonZeroU32::new(2),
                ..Faults::default()
            },
            3 => Faults {
                newest_first: true,
                ..Faults::default()
            },
            _ => Faults::default(),
        };
        self.world.cloud().queue(queue).unwrap().set_faults(faults);
        let point = format!("{}.{}", self.dice.pick(&STAGES), self.dice.pick(&POINTS));
        if let Some(held) = self.held.remove(&point) {
            held.let_go();
        } else if self.held.len() < 2 {
            let held = self.world.hold(&point);
            self.held.insert(point, held);
        } else if let Some((_, held)) = self.held.pop_first() {
            held.let_go();
        }
        if self.dice.one_in(3) {
            self.world.sweep().await;
        }
    }
}

/// P-25, P-43: whatever happens to plans, workouts and doorbells, a generation has one link, and every
/// analysis of it was made of that one.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_analysis_ever_sees_a_generation_without_its_link_however_doorbells_come() {
    let world = world!(Start::Running);
    world.sql().await.execute(WITNESS).await.unwrap();
    let mut story = Story {
        world: &world,
        dice: Dice::new(Dice::seed()),
        plans: Vec::new(),
        held: BTreeMap::new(),
        second: 0,
    };
    for number in 0..EVENTS {
        if story.dice.one_in(3) {
            story.disturb().await;
        }
        story.happen(number).await;
    }
    for held in std::mem::take(&mut story.held).into_values() {
        held.let_go();
    }
    for queue in QUEUES {
        world
            .cloud()
            .queue(queue)
            .unwrap()
            .set_faults(Faults::default());
    }
    world.let_time_pass().await;
    world.settle().await;

    let torn = world
        .rows(
            "SELECT jsonb_agg(l) FROM seen_links AS l
             GROUP BY workout_id, generation HAVING count(*) > 1",
        )
        .await;
    assert_eq!(torn, [] as [Value; 0], "generations with two links");
    let blind = world
        .rows(
            "SELECT to_jsonb(r) || jsonb_build_object('link', to_jsonb(l))
             FROM seen_results AS r
             LEFT JOIN seen_links AS l USING (workout_id, generation)
             WHERE l.workout_id IS NULL OR l.asked_s IS DISTINCT FROM r.asked_s",
        )
        .await;
    assert_eq!(blind, [] as [Value; 0], "results of another link");
    let counts = world
        .rows(
            "SELECT jsonb_build_object(
                 'generations', (SELECT count(*) FROM seen_links),
                 'with a plan', (SELECT count(*) FROM seen_links WHERE planned_id IS NOT NULL),
                 'analyses', (SELECT count(*) FROM seen_results),
                 'of a plan', (SELECT count(*) FROM seen_results WHERE asked_s IS NOT NULL),
                 'superseded', (SELECT count(*) FROM seen_results WHERE wanted > generation))",
        )
        .await;
    eprintln!("{}", counts[0]);
    let count = |what: &str| counts[0][what].as_i64().unwrap();
    assert!(count("analyses") > 10 && count("generations") > 20);
    let current = world
        .rows(
            "SELECT to_jsonb(count(*)) FROM stage_runs AS r JOIN workouts AS w ON w.id = r.workout_id
             WHERE r.status <> 'complete' OR r.done <> w.generation",
        )
        .await;
    assert_eq!(current, [json!(0)]);
    world.assert_quiet().await;
    world.stop().await;
}

const ATHLETES: usize = 200;
/// How many requests are under way at once.
const TASKS: usize = 24;

/// One athlete's day: three plans, and two sessions that cannot want the same one of them.
struct Day {
    plans: [Value; 3],
    /// Seconds and metres of each session.
    sessions: [(f64, f64); 2],
}

fn day(athlete: usize) -> Day {
    let more = f64::from(u32::try_from(athlete).unwrap());
    let plan = |name: &str, sport: &str, seconds: Option<f64>, metres: Option<f64>| {
        json!({
            "date": "2026-11-20", "sport": sport, "name": name,
            "total_duration_s": seconds, "total_distance_m": metres,
        })
    };
    let short = plan("short", "run", Some(1800.0 + more), None);
    let long = plan("long", "run", Some(9000.0 + more), None);
    let third = match athlete % 4 {
        0 => plan("ride", "ride", Some(1800.0), None),
        // Too close to be told apart.
        1 => plan("twin", "run", Some(1830.0 + more), None),
        2 => plan("far", "run", None, Some(90_000.0)),
        _ => plan("whatever", "run", None, None),
    };
    Day {
        plans: [short, long, third],
        sessions: [
            (1810.0 + more, 5400.0 + more),
            (9100.0 + more, 27_000.0 + more),
        ],
    }
}

/// What the pure function says of a day, session by session.
fn expected(athlete: usize, day: &Day) -> Value {
    let date = NaiveDate::from_ymd_opt(2026, 11, 20).unwrap();
    let mut candidates: Vec<Candidate> = day
        .plans
        .iter()
        .zip(1..)
        .map(|(plan, id)| Candidate {
            planned_id: PlannedId(uuid::Uuid::from_u128(id)),
            date,
            sport: Sport::from_name(plan["sport"].as_str().unwrap()).unwrap(),
            sub_sport: None,
            name: plan["name"].as_str().unwrap().to_owned(),
            duration_s: plan["total_duration_s"].as_f64(),
            distance_m: plan["total_distance_m"].as_f64(),
            exercises: Vec::new(),
            taken: false,
        })
        .collect();
    let told: Vec<Value> = day
        .sessions
        .iter()
        .map(|(seconds, metres)| {
            let executed = Executed {
                sport: Sport::Run,
                sub_sport: None,
                duration_s: Some(*seconds),
                distance_m: Some(*metres),
                exercises: Vec::new(),
                hint: None,
            };
            let decision = choose(&executed, date, &candidates);
            for candidate in &mut candidates {
                candidate.taken |= Some(candidate.planned_id) == decision.planned_id;
            }
            let name = |id| {
                candidates
                    .iter()
                    .find(|c| c.planned_id == id)
                    .map(|c| &c.name)
            };
            let weighed = decision.candidates.iter();
            let weighed: BTreeMap<_, _> = weighed
                .map(|w| {
                    (
                        name(w.planned_id).unwrap().clone(),
                        (w.reason, w.duration_ratio, w.score),
                    )
                })
                .collect();
            json!([decision.reason, decision.planned_id.and_then(name), weighed])
        })
        .collect();
    json!([athlete, told])
}

async fn tell(world: &World, account: &str, session: usize, (seconds, metres): (f64, f64)) {
    let mut body = world.run(&format!("session-{session}"), 0);
    body["athlete"] = account.into();
    for (key, value) in [
        ("elapsed_s", seconds),
        ("timer_s", seconds),
        ("distance_m", metres),
    ] {
        body["activity"][key] = value.into();
    }
    body["activity"]["started_at"] = format!("2026-11-20T{:02}:30:00Z", 6 + 4 * session).into();
    for _ in 0..20 {
        match world.deliver(&body).await.status {
            200 => return,
            503 => {}
            status => panic!("{status}"),
        }
    }
    panic!("never accepted");
}

/// Runs all of them, so many at once, in the order in which they stand.
async fn at_once<T>(jobs: Vec<T>, run: impl AsyncFn(T)) {
    let waiting = Mutex::new(jobs.into_iter());
    let task = async || {
        loop {
            let next = waiting.lock().unwrap().next();
            let Some(job) = next else { return };
            run(job).await;
        }
    };
    join_all((0..TASKS).map(|_| task())).await;
}

const SAME_PLANS: &str = "
    INSERT INTO planned_workouts
        (id, user_id, date, sport, name, steps, total_duration_s, total_distance_m)
    SELECT gen_random_uuid(), other.user_id, date, sport, name, steps, total_duration_s,
        total_distance_m
    FROM planned_workouts AS p
    JOIN connections AS c ON c.user_id = p.user_id
    JOIN connections AS other
        ON other.provider_user_id = replace(c.provider_user_id, 'crowd-', 'queue-')
    WHERE c.provider_user_id LIKE 'crowd-%'";

/// The same with its numbers rounded: a decimal that is read back may differ in its last digit.
fn rounded(value: &Value) -> Value {
    match value {
        Value::Number(number) => json!(number.as_f64().map(|number| (number * 1e9).round())),
        Value::Array(items) => items.iter().map(rounded).collect(),
        Value::Object(members) => members
            .iter()
            .map(|(key, value)| (key.clone(), rounded(value)))
            .collect(),
        Value::Null | Value::Bool(_) | Value::String(_) => value.clone(),
    }
}

/// Every athlete's links and decisions, with plans by their names.
async fn outcome(world: &World, kind: &str) -> Vec<Value> {
    let rows = world
        .rows(
            "SELECT jsonb_build_array(c.provider_user_id, jsonb_agg(jsonb_build_array(
                 w.plan_decision -> 'reason', p.name, (
                     SELECT jsonb_object_agg(cp.name, jsonb_build_array(
                         c -> 'reason', c -> 'duration_ratio', c -> 'score'))
                     FROM jsonb_array_elements(w.plan_decision -> 'candidates') AS c
                     JOIN planned_workouts AS cp ON cp.id = (c ->> 'planned_id')::uuid
                 )) ORDER BY w.started_at))
             FROM workouts AS w
             JOIN connections AS c ON c.user_id = w.user_id
             LEFT JOIN planned_workouts AS p ON p.id = w.planned_id
             GROUP BY c.provider_user_id",
        )
        .await;
    let mut all: Vec<Value> = rows
        .into_iter()
        .filter_map(|row| {
            let number: usize = row[0].as_str()?.strip_prefix(kind)?.parse().ok()?;
            Some(json!([number, row[1]]))
        })
        .collect();
    all.sort_by_key(|row| row[0].as_u64());
    all
}

/// P-38, P-39, P-40, P-41, P-43, P-44
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_athletes_at_once_have_the_links_that_they_would_have_one_after_the_other() {
    let world = world!(Start::Paused);
    let days: Vec<Day> = (0..ATHLETES).map(day).collect();
    let accounts = |kind: &str| -> Vec<String> {
        (0..ATHLETES)
            .map(|number| format!("{kind}{number}"))
            .collect()
    };
    let (crowd, queue) = (accounts("crowd-"), accounts("queue-"));
    let of_crowd = Other::join_all(&world, "paceline", &crowd).await;
    Other::join_all(&world, "paceline", &queue).await;
    let mut dice = Dice::new(Dice::seed());

    let began = Instant::now();
    let mut plans: Vec<(&Other, &Value)> = Vec::new();
    for (athlete, day) in of_crowd.iter().zip(&days) {
        plans.extend(day.plans.iter().map(|plan| (athlete, plan)));
    }
    dice.shuffle(&mut plans);
    at_once(plans, async |(athlete, plan): (&Other, &Value)| {
        athlete.create_plan(plan).await;
    })
    .await;
    // Those who come one after the other have the same plans.
    world.sql().await.execute(SAME_PLANS).await.unwrap();
    let planned = began.elapsed();

    let mut sessions: Vec<(&str, usize, (f64, f64))> = Vec::new();
    for (account, day) in crowd.iter().zip(&days) {
        let told = day.sessions.iter().enumerate();
        sessions.extend(told.map(|(number, done)| (account.as_str(), number, *done)));
    }
    dice.shuffle(&mut sessions);
    at_once(sessions, async |(account, number, done)| {
        tell(&world, account, number, done).await;
    })
    .await;
    let at_once = began.elapsed() - planned;
    for (account, day) in queue.iter().zip(&days) {
        for (number, done) in day.sessions.iter().enumerate() {
            tell(&world, account, number, *done).await;
        }
    }
    let in_order = began.elapsed() - planned - at_once;

    let of_crowd = outcome(&world, "crowd-").await;
    let of_queue = outcome(&world, "queue-").await;
    let pure: Vec<Value> = days
        .iter()
        .enumerate()
        .map(|(n, day)| expected(n, day))
        .collect();
    assert_eq!(of_crowd.len(), ATHLETES);
    for ((crowd, queue), pure) in of_crowd.iter().zip(&of_queue).zip(&pure) {
        assert_eq!(crowd, queue);
        assert_eq!(rounded(crowd), rounded(pure));
    }
    let links = world
        .rows(
            "SELECT jsonb_build_array(count(planned_id), count(DISTINCT planned_id)) FROM workouts",
        )
        .await;
    assert_eq!(links[0][0], links[0][1], "one to one");
    eprintln!(
        "{} plans in {planned:.1?}, {} workouts at once in {at_once:.1?} and as many in order in {in_order:.1?}: {} links each",
        3 * ATHLETES,
        2 * ATHLETES,
        links[0][0].as_u64().unwrap() / 2,
    );
    world.assert_quiet().await;
    world.stop().await;
}
