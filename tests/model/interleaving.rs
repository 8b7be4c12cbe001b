//! The real stage engine, real ingest and the real sweep, interleaved one named point at a time.
//!
//! Every actor is a thread that waits at each of its fault points until the story lets it go on.
//! After every step the row in PostgreSQL must be the one that the model has.

use crate::ledger::{Guards, Nature, Row, request};
use crate::postgres::{Ledger, MOST_ATTEMPTS, store_at};
use chrono::DateTime;
use domain::matching::Executed;
use domain::recording::{self, Channel, Format, Recording};
use domain::sport::Sport;
use domain::stage::{StageError, StageInput, StageName, StageStatus};
use platform::batch::Answerer;
use platform::config::AwsSettings;
use platform::doorbell::Doorbell;
use platform::faults;
use platform::secret::Secret;
use platform::stage::{Disposition, Stage, Worker};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::mpsc::{Receiver, Sender, TryRecvError, channel};
use store::Store;
use store::ingest;
use store::stages::RunKey;
use store::workouts::{ProviderKey, Reported};
use support::dice::Dice;
use uuid::Uuid;

const WORKERS: usize = 3;
const STORIES: usize = 60;
const STEPS: usize = 40;
/// How often anything is asked before a story is given up; each question takes a while.
const PATIENCE: usize = 20_000;

/// A stage that tells which generation its input was, and chokes on some.
struct Telling;

impl Stage for Telling {
    const NAME: StageName = StageName::Metrics;
    const VERSION: i32 = 1;
    type Output = Value;

    fn compute(input: &StageInput) -> Result<Value, StageError> {
        if input.recording.power_w.has_values() {
            return Err(StageError {
                code: "poison",
                detail: "as told".to_owned(),
            });
        }
        Ok(json!({"metrics": {"generation": input.recording.samples()}}))
    }
}

/// The input that makes up a generation: as many samples as its number.
fn input_of(generation: u8, is_poison: bool) -> Recording {
    let samples = usize::from(generation);
    let absent = || Channel::absent(samples);
    let mut recording = Recording::empty(Format::Json, Sport::Run, DateTime::UNIX_EPOCH);
    recording.time_s = (0..generation).map(f64::from).collect();
    for channel in [
        &mut recording.distance_m,
        &mut recording.speed_mps,
        &mut recording.hr_bpm,
        &mut recording.cadence,
        &mut recording.altitude_m,
        &mut recording.latitude,
        &mut recording.longitude,
        &mut recording.temperature_c,
    ] {
        *channel = absent();
    }
    recording.power_w = (0..samples).map(|_| is_poison.then_some(1.0)).collect();
    recording
}

/// One step of a story.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    /// A worker answers a doorbell, or goes on to its next point.
    Work(usize),
    /// Newer input comes, or its transaction goes on to its commit.
    Update { is_poison: bool },
    /// The claim's deadline passes.
    Expire,
    /// The sweep takes back what has expired.
    Sweep,
}

impl Step {
    fn any(dice: &mut Dice) -> Self {
        match dice.below(12) {
            0..6 => Self::Work(dice.below(WORKERS)),
            6..8 => Self::Update {
                is_poison: dice.one_in(5),
            },
            8..10 => Self::Expire,
            _ => Self::Sweep,
        }
    }
}

/// What an actor is told to do.
#[derive(Debug, Clone, Copy)]
enum Order {
    Answer,
    Ingest { generation: u8, is_poison: bool },
    GoOn,
}

/// What an actor says when it has to wait for its next order.
#[derive(Debug, Clone, PartialEq)]
enum Said {
    At(String),
    Ended(Disposition),
}

/// An actor: a thread, a connection, and a name by which PostgreSQL knows it.
struct Actor {
    name: String,
    orders: Sender<Order>,
    said: Receiver<Said>,
    /// The point that it waits at; nothing when it has nothing to do.
    at: Option<String>,
    /// Whether it was told to go on and has not been heard of since.
    is_away: bool,
}

impl Actor {
    fn start(
        name: &str,
        url: &str,
        act: impl AsyncFn(&Store, Order) -> Disposition + Send + 'static,
    ) -> Self {
        let (orders, to_do) = channel();
        let (saying, said) = channel();
        let url = format!("{url}?application_name={name}");
        std::thread::spawn(move || {
            let to_do = Rc::new(to_do);
            let (gate, at) = (Rc::clone(&to_do), saying.clone());
            faults::gate_thread(move |point| {
                // When the test is over nobody listens, and whoever waits here may just go on.
                if at.send(Said::At(point.to_owned())).is_ok() {
                    gate.recv().ok();
                }
            });
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .expect("a runtime");
            runtime.block_on(async {
                let store = store_at(url);
                while let Ok(order) = to_do.recv() {
                    let disposition = act(&store, order).await;
                    if saying.send(Said::Ended(disposition)).is_err() {
                        return;
                    }
                }
            });
        });
        Self {
            name: name.to_owned(),
            orders,
            said,
            at: None,
            is_away: false,
        }
    }

    fn worker(number: usize, url: &str, run: RunKey) -> Self {
        Self::start(
            &format!("worker-{number}"),
            url,
            async move |store, _order| {
                let aws = AwsSettings {
                    region: "nowhere".to_owned(),
                    access_key_id: String::new(),
                    secret_access_key: Secret::new(String::new()),
                    session_token: None,
                    sqs_endpoint: None,
                };
                // It rings for nobody: the story says when which worker looks at the row.
                let doorbell = Doorbell::new(&aws, Vec::new());
                let worker = Worker::<Telling>::new(store.clone(), doorbell);
                worker.answer(run, "story").await
            },
        )
    }

    fn updater(url: &str, run: RunKey) -> Self {
        Self::start("updater", url, async move |store, order| {
            if let Order::Ingest {
                generation,
                is_poison,
            } = order
            {
                update(store, run, generation, is_poison).await;
            }
            Disposition::Done
        })
    }

    fn go(&mut self, order: Order) {
        self.is_away = true;
        self.orders.send(order).expect("its thread lives");
    }
}

/// What the webhook's transaction does with newer input.
async fn update(store: &Store, run: RunKey, generation: u8, is_poison: bool) {
    let recording = input_of(generation, is_poison);
    let reported = Reported {
        recording: &recording,
        name: None,
        executed: &Executed::of(&recording, None, None),
        columns: &recording::encode(&recording),
        source_sha256: &[generation],
        content_sha256: &[generation],
        provider_time: None,
    };
    let key = ProviderKey::activity("model", "a");
    let mut tx = store.begin(run.user_id).await.expect("a transaction");
    tx.lock_user(run.user_id).await.expect("the user's lock");
    ingest::ingest(&mut tx, run.user_id, key, &reported, &[])
        .await
        .expect("ingests");
    faults::point("before_commit");
    tx.commit().await.expect("commits");
}

/// What a worker has in its hands, as far as the model follows it.
#[derive(Debug, Clone, Copy, Default)]
struct Work {
    token: u8,
    claimed: u8,
    loaded: u8,
    has_lock: bool,
    has_computed: bool,
    trouble: Option<Nature>,
}

/// How often what happened, over all stories.
type Tally = BTreeMap<&'static str, usize>;

/// Everybody there is; they outlive a story.
struct Cast {
    ledger: Ledger,
    /// The workers, and last the updater.
    actors: Vec<Actor>,
    tally: Tally,
}

const UPDATER: usize = WORKERS;

impl Cast {
    async fn new() -> Self {
        let ledger = Ledger::new().await;
        let run = ledger.run_key();
        let workers = ledger.database().url_as("paceline_stages");
        let updater = ledger.database().url_as("paceline_ingest");
        let actors = (0..WORKERS)
            .map(|number| Actor::worker(number, &workers, run))
            .chain([Actor::updater(&updater, run)])
            .collect();
        Self {
            ledger,
            actors,
            tally: Tally::new(),
        }
    }

    /// Waits until whoever was told to go on waits at a point, has ended, or waits for the row.
    ///
    /// Answers who was heard of.
    async fn come_to_rest(&mut self) -> Result<Vec<(usize, Said)>, String> {
        let mut heard = Vec::new();
        for _ in 0..PATIENCE {
            for (number, actor) in self.actors.iter_mut().enumerate() {
                if !actor.is_away {
                    continue;
                }
                match actor.said.try_recv() {
                    Ok(said) => {
                        actor.is_away = false;
                        actor.at = match &said {
                            Said::At(point) => Some(point.clone()),
                            Said::Ended(_) => None,
                        };
                        heard.push((number, said));
                    }
                    Err(TryRecvError::Empty) => {}
                    Err(TryRecvError::Disconnected) => return Err(format!("{} died", actor.name)),
                }
            }
            let away: Vec<String> = self
                .actors
                .iter()
                .filter(|actor| actor.is_away)
                .map(|actor| actor.name.clone())
                .collect();
            if away.is_empty() {
                return Ok(heard);
            }
            let (blocked,): (i64,) = sqlx::query_as(
                "SELECT count(*) FROM pg_stat_activity
                 WHERE datname = current_database() AND application_name = ANY ($1)
                     AND cardinality(pg_blocking_pids(pid)) > 0",
            )
            .bind(&away)
            .fetch_one(self.ledger.owner())
            .await
            .expect("the server answers");
            if usize::try_from(blocked) == Ok(away.len()) {
                return Ok(heard);
            }
        }
        Err("somebody neither comes to a point nor waits".to_owned())
    }

    /// Lets everybody go on to the end, and forgets what was.
    async fn clear(&mut self) -> Result<(), String> {
        while self.actors.iter().any(|a| a.is_away || a.at.is_some()) {
            for actor in &mut self.actors {
                if actor.at.is_some() && !actor.is_away {
                    actor.go(Order::GoOn);
                }
            }
            self.come_to_rest().await?;
        }
        self.ledger.put(None).await;
        for statement in [
            "DELETE FROM recordings",
            "UPDATE workouts SET generation = 1, content_sha256 = ''",
        ] {
            self.ledger.run(statement.to_owned()).await;
        }
        Ok(())
    }

    /// Tells a story from its beginning to its end.
    async fn tell(&mut self, steps: &[Step]) -> Result<(), String> {
        self.clear().await?;
        let mut story = Story {
            cast: self,
            row: None,
            // What was there before anybody asked for a stage.
            generation: 1,
            poisons: Vec::new(),
            finished: Vec::new(),
            tokens: Vec::new(),
            work: [Work::default(); WORKERS],
        };
        for step in steps {
            let step_of = |error| format!("at {step:?}: {error}");
            story.step(*step).await.map_err(step_of)?;
        }
        story
            .end()
            .await
            .map_err(|error| format!("at the end: {error}"))
    }

    /// Drops whatever a failing story does not need.
    async fn shrink(&mut self, mut steps: Vec<Step>, mut why: String) -> (Vec<Step>, String) {
        for dropped in (0..steps.len()).rev() {
            let mut fewer = steps.clone();
            fewer.remove(dropped);
            if let Err(error) = self.tell(&fewer).await {
                (steps, why) = (fewer, error);
            }
        }
        (steps, why)
    }

    /// Tells stories until one goes wrong; answers that one.
    async fn tell_all(&mut self, dice: &mut Dice) -> Result<(), (Vec<Step>, String)> {
        for _ in 0..STORIES {
            let steps: Vec<Step> = (0..STEPS).map(|_| Step::any(dice)).collect();
            if let Err(why) = self.tell(&steps).await {
                return Err((steps, why));
            }
        }
        Ok(())
    }
}

/// One story, and the model of it.
struct Story<'a> {
    cast: &'a mut Cast,
    row: Option<Row>,
    /// The newest input that is committed.
    generation: u8,
    /// Generations whose input cannot be computed.
    poisons: Vec<u8>,
    /// Generations that a finish wrote.
    finished: Vec<u8>,
    /// The tokens that were ever seen; a token's number is its place, from 1.
    tokens: Vec<Uuid>,
    work: [Work; WORKERS],
}

fn ensure(holds: bool, what: impl FnOnce() -> String) -> Result<(), String> {
    if holds { Ok(()) } else { Err(what()) }
}

impl Story<'_> {
    fn count(&mut self, what: &'static str) {
        *self.cast.tally.entry(what).or_default() += 1;
    }

    /// Whether this actor's next words to PostgreSQL may have to wait for the row.
    fn may_wait(&self, actor: usize) -> bool {
        match self.cast.actors[actor].at.as_deref() {
            None | Some("after_compute") => true,
            Some("after_finish_commit") => self.work[actor].trouble.is_some(),
            Some(_) => false,
        }
    }

    /// Whether somebody may hold the row right now.
    fn is_row_held(&self) -> bool {
        let actors = &self.cast.actors;
        let finishing = |number: usize| {
            actors[number].at.as_deref() == Some("before_finish_commit")
                && self.work[number].has_computed
        };
        actors.iter().any(|actor| actor.is_away)
            || actors[UPDATER].at.is_some()
            || (0..WORKERS).any(finishing)
    }

    async fn step(&mut self, step: Step) -> Result<(), String> {
        match step {
            Step::Work(worker) => {
                self.let_go(worker, Order::Answer).await?;
            }
            Step::Update { is_poison } => {
                let is_idle = self.cast.actors[UPDATER].at.is_none();
                let generation = self.generation + 1;
                let order = Order::Ingest {
                    generation,
                    is_poison,
                };
                let goes = self.let_go(UPDATER, order).await?;
                if goes && is_idle && is_poison {
                    self.poisons.push(generation);
                }
            }
            Step::Expire => {
                let has_expired = self.cast.ledger.expire().await;
                let claimed = self.row.as_mut().filter(|row| row.token.is_some());
                match claimed {
                    Some(row) if has_expired => row.expired = true,
                    Some(_) => ensure(self.is_row_held(), || "no deadline passed".to_owned())?,
                    None => ensure(!has_expired, || "nobody's deadline passed".to_owned())?,
                }
            }
            Step::Sweep => {
                let rescued = self.cast.ledger.rescue().await;
                let mut after = self.row;
                let expected = after.as_mut().and_then(|row| row.rescue(MOST_ATTEMPTS));
                if rescued > 0 || !self.is_row_held() {
                    ensure(rescued == u64::from(expected.is_some()), || {
                        format!("{rescued} rescued, expected {expected:?}")
                    })?;
                    self.row = after;
                }
                if rescued > 0 {
                    self.count("rescued");
                }
            }
        }
        self.compare().await
    }

    /// Lets an actor go on, unless it might have to queue behind one who waits already; answers
    /// whether it goes.
    async fn let_go(&mut self, actor: usize, first: Order) -> Result<bool, String> {
        let somebody_waits = self.cast.actors.iter().any(|actor| actor.is_away);
        if self.cast.actors[actor].is_away || (somebody_waits && self.may_wait(actor)) {
            return Ok(false);
        }
        let is_idle = self.cast.actors[actor].at.is_none();
        let from: Vec<_> = self.cast.actors.iter().map(|a| a.at.clone()).collect();
        self.cast.actors[actor].go(if is_idle { first } else { Order::GoOn });
        let mut heard = self.cast.come_to_rest().await?;
        if self.cast.actors[actor].is_away {
            self.count("waited for the row");
        }
        // Whoever waited came after the one who was let go.
        heard.sort_by_key(|(number, _)| *number != actor);
        for (number, said) in heard {
            if number == UPDATER {
                self.follow_update(&said);
            } else {
                self.follow(number, from[number].as_deref(), &said).await?;
            }
        }
        Ok(true)
    }

    fn follow_update(&mut self, said: &Said) {
        if matches!(said, Said::Ended(_)) {
            self.generation += 1;
            request(&mut self.row, self.generation);
            self.count("updated");
        }
    }

    /// Does in the model what a worker has just done.
    async fn follow(
        &mut self,
        worker: usize,
        from: Option<&str>,
        said: &Said,
    ) -> Result<(), String> {
        let odd = || format!("worker {worker} went from {from:?} to {said:?}");
        let others_lock = (0..WORKERS).any(|n| n != worker && self.work[n].has_lock);
        let mut work = self.work[worker];
        match (from, said) {
            (None, Said::At(point)) if point == "after_claim" => {
                let token = self.claimed_token().await.ok_or_else(odd)?;
                self.tokens.push(token);
                let number = u8::try_from(self.tokens.len()).expect("short stories");
                let claimed = self
                    .row
                    .as_mut()
                    .and_then(|r| r.claim(number, MOST_ATTEMPTS));
                ensure(claimed.is_some(), || format!("{}: nothing to claim", odd()))?;
                work = Work {
                    token: number,
                    claimed: self.row.map_or(0, |row| row.wanted),
                    ..Work::default()
                };
                self.count("claimed");
            }
            (None, Said::Ended(Disposition::Done)) => {
                let mut row = self.row;
                let claimed = row.as_mut().and_then(|row| row.claim(0, MOST_ATTEMPTS));
                ensure(claimed.is_none(), || {
                    format!("{}: {:?} is free", odd(), self.row)
                })?;
            }
            (Some("after_claim"), Said::At(point)) if point == "after_lock" => {
                ensure(!others_lock, || format!("{}: two hold the lock", odd()))?;
                work.has_lock = true;
            }
            (Some("after_claim"), Said::At(point)) if point == "before_finish_commit" => {
                ensure(others_lock, || format!("{}: nobody holds the lock", odd()))?;
                work.trouble = Some(Nature::Passing);
                self.count("busy");
            }
            (Some("after_lock"), Said::At(point)) if point == "after_load" => {
                work.loaded = self.generation;
            }
            (Some("after_load"), Said::At(point)) if point == "after_compute" => {
                ensure(!self.poisons.contains(&work.loaded), odd)?;
                work.has_computed = true;
            }
            (Some("after_load"), Said::At(point)) if point == "before_finish_commit" => {
                ensure(self.poisons.contains(&work.loaded), odd)?;
                work.trouble = Some(Nature::Permanent);
                self.count("could not be computed");
            }
            (Some("after_compute"), Said::At(point)) if point == "before_finish_commit" => {}
            (Some("before_finish_commit"), Said::At(point)) if point == "after_finish_commit" => {
                work.has_lock = false;
                if work.has_computed {
                    self.finish(work)?;
                }
            }
            (Some("after_finish_commit"), Said::Ended(disposition)) => {
                let expected = if work.trouble == Some(Nature::Passing) {
                    Disposition::Retry
                } else {
                    Disposition::Done
                };
                ensure(*disposition == expected, odd)?;
                if let Some(nature) = work.trouble {
                    self.fail(work, nature);
                }
                work = Work::default();
            }
            _ => return Err(odd()),
        }
        self.work[worker] = work;
        Ok(())
    }

    async fn claimed_token(&mut self) -> Option<Uuid> {
        let (token,): (Option<Uuid>,) =
            sqlx::query_as("SELECT claim_token FROM stage_runs WHERE stage = 'metrics'")
                .fetch_one(self.cast.ledger.owner())
                .await
                .expect("a row");
        token
    }

    fn finish(&mut self, work: Work) -> Result<(), String> {
        let row = self.row.as_mut();
        let moved = row.and_then(|row| row.finish(Guards::ALL, work.token, work.loaded));
        if moved.is_none() {
            self.count("fenced");
            return Ok(());
        }
        let is_first = !self.finished.contains(&work.loaded);
        ensure(is_first, || format!("{} was finished twice", work.loaded))?;
        self.finished.push(work.loaded);
        self.count(match self.row.map(|row| row.status) {
            Some(StageStatus::Complete) => "finished",
            _ => "superseded",
        });
        Ok(())
    }

    fn fail(&mut self, work: Work, nature: Nature) {
        let row = self.row.as_mut();
        let Work { token, claimed, .. } = work;
        let moved = row.and_then(|r| r.fail(Guards::ALL, token, claimed, nature, MOST_ATTEMPTS));
        self.count(match (moved, self.row.map(|row| row.status)) {
            (None, _) => "failed, but fenced",
            (_, Some(StageStatus::Failed)) => "failed for good",
            _ => "failed, to be tried again",
        });
    }

    /// The row is that of the model, and what it shows is true.
    async fn compare(&mut self) -> Result<(), String> {
        let tokens = &self.tokens;
        let number = |token| {
            let place = tokens.iter().position(|known| *known == token);
            place.map_or(u8::MAX, |place| {
                u8::try_from(place + 1).expect("short stories")
            })
        };
        let seen = self.cast.ledger.look_for(number).await;
        let row = seen.as_ref().map(|seen| seen.row);
        ensure(row == self.row, || {
            format!("PostgreSQL has {row:?}, the model {:?}", self.row)
        })?;
        let Some(seen) = seen else { return Ok(()) };
        ensure(seen.computed == seen.row.done, || {
            format!("another's result: {seen:?}")
        })?;
        let is_stale = seen.row.status == StageStatus::Complete && seen.computed != self.generation;
        ensure(!is_stale, || format!("complete and stale: {seen:?}"))
    }

    /// Lets everybody finish, and the sweep and one worker do what is left.
    async fn end(&mut self) -> Result<(), String> {
        for _ in 0..WORKERS * 10 {
            for actor in 0..=WORKERS {
                if self.cast.actors[actor].at.is_some() {
                    self.let_go(actor, Order::GoOn).await?;
                    self.compare().await?;
                }
            }
        }
        ensure(!self.is_row_held(), || "somebody does not end".to_owned())?;
        for _ in 0..2 * usize::from(MOST_ATTEMPTS) {
            if self.row.is_none_or(Row::is_settled) {
                return Ok(());
            }
            self.step(Step::Expire).await?;
            self.step(Step::Sweep).await?;
            self.step(Step::Work(0)).await?;
            while self.cast.actors[0].at.is_some() {
                self.step(Step::Work(0)).await?;
            }
        }
        Err(format!("it does not settle: {:?}", self.row))
    }
}

/// P-28, P-29: whoever goes on when, the ledger says what is true, and comes to an end.
#[tokio::test]
async fn workers_updates_and_the_sweep_interleaved_in_any_way_keep_the_ledger_true() {
    let seed = Dice::seed();
    let mut cast = Cast::new().await;

    let told = cast.tell_all(&mut Dice::new(seed)).await;

    if let Err((steps, why)) = told {
        let (shortest, last) = cast.shrink(steps, why.clone()).await;
        panic!("seed {seed}: {why}\nthe shortest story: {shortest:#?}\nends so: {last}");
    }
    eprintln!("{STORIES} stories: {:#?}", cast.tally);
    for what in ["finished", "superseded", "fenced", "busy", "rescued"] {
        assert!(cast.tally.contains_key(what), "no story has a run {what}");
    }
}

/// Stories that nothing can spoil would prove nothing.
#[tokio::test]
async fn an_engine_without_one_of_its_guards_is_noticed_in_a_story() {
    let seed = Dice::seed();
    let mut cast = Cast::new().await;
    for (function, part, by) in [
        ("merge_computed", "AND claim_token = p_claim_token", ""),
        (
            "merge_computed",
            "WHEN wanted > p_generation THEN 'pending'",
            "WHEN false THEN 'pending'",
        ),
        (
            "try_advisory_lock",
            "RETURN pg_try_advisory_xact_lock(hashtextextended(lock_key, (0)::bigint))",
            "RETURN true",
        ),
    ] {
        let whole = cast.ledger.replace_in(function, part, by).await;
        let told = cast.tell_all(&mut Dice::new(seed)).await;
        let (_, why) = told.expect_err(part);
        cast.clear().await.unwrap();
        cast.ledger.run(whole).await;
        eprintln!("without `{part}`: {why}");
    }
}
