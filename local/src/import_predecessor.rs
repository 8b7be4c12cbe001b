//! `paceline import-predecessor`: an athlete's sets are taken over from a predecessor's bent tables, and its
//! records are compared with what the sets say.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Write};
use std::process::ExitCode;

use clap::Args;
use domain::id::{UserId, WorkoutId};
use domain::merging::ATHLETE;
use domain::sport::Sport;
use platform::app::settle;
use platform::lifting;
use serde::Serialize;
use store::predecessor::{self, Claim, Import, Kind};
use store::setup::Owner;
use store::workouts::{self, Announced, ProviderKey};
use store::{StoreError, Tx, exercise_words, ingest, merging, records, sets, users};

/// The exit code when rows were left where they are.
const LEFT: u8 = 3;
/// The most disagreements that people are shown.
const SHOWN: usize = 20;

/// What is below the options in `--help`.
const AFTER: &str = "\
The predecessor's tables lie in a schema of the same database: workouts, workout_exercises, workout_sets,
workout_set_grips, personal_records, exercises, grips, programs, workout_logs and workout_log_exercises, of
which each may be missing. They are only read.
Sets keep their ids and are taken over with the weight and the unit that were entered; personal records are
made anew of them, and what the old records claimed is compared with that and printed where it differs.
Exercises are found by their names and become the athlete's own where nothing is called so. Logs of one day
of a program become one, with every exercise that any of them has.

Only athletes who are users here, by the same id, bring anything; the others are counted. Called again, it
takes what is new, and nothing twice. --undo takes back exactly what was taken over, but for sets that the
athlete changed since. First of all, a table of records that was bent in place here is put right.

Exit codes:
  0  everything was taken over, or was before
  1  it could not be done; each athlete was taken over whole or not at all
  2  the command line is wrong
  3  some rows were left where they are: of users who are not here, or of nobody's

Examples:
  paceline import-predecessor --dry-run
  paceline import-predecessor --schema predecessor --json
  paceline import-predecessor --undo";

/// From where, and how.
#[derive(Debug, Args)]
#[command(after_help = AFTER)]
pub(crate) struct Arguments {
    /// The schema that holds the predecessor's tables
    #[arg(long, default_value = "predecessor", value_name = "NAME")]
    schema: String,
    /// Do everything, tell what came of it, and keep nothing of it
    #[arg(long)]
    dry_run: bool,
    /// Take back what was taken over
    #[arg(long)]
    undo: bool,
    /// Print one JSON object, and nothing else on standard output
    #[arg(long)]
    json: bool,
    /// URL of the database, as its owner
    #[arg(long, env = "DATABASE_URL", hide_env_values = true, value_name = "URL")]
    database_url: String,
}

/// The command cannot go on.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ImportError {
    /// The database does not answer, or refuses.
    #[error(
        "cannot take anything over: check --database-url, which is the owner's, --schema, and that \
         the schema of Paceline is up to date"
    )]
    Store(#[from] StoreError),
    /// Standard output is gone.
    #[error("cannot print")]
    Print(#[from] io::Error),
}

/// What came of it.
#[derive(Debug, Default, Serialize)]
struct Report {
    dry_run: bool,
    /// What was wrong with the table of records here.
    repaired: Vec<String>,
    /// How many were taken over now, by what they are.
    taken: BTreeMap<&'static str, i64>,
    /// How many were left, by why.
    left: BTreeMap<String, i64>,
    /// How often what was written is not believable, by what it is.
    doubts: BTreeMap<String, i64>,
    /// What became of logs of one day.
    logs: BTreeMap<String, i64>,
    /// How many rows claimed a record, and how that compares with what the sets say.
    records: BTreeMap<String, i64>,
    /// What was claimed and is not so.
    disagreements: Vec<Claim>,
}

/// Takes over what the arguments say, or takes it back, and tells what came of it.
///
/// # Errors
/// [`ImportError`] says what to do.
pub(crate) async fn run(arguments: &Arguments) -> Result<ExitCode, ImportError> {
    let owner = Owner::connect(&arguments.database_url).await?;
    let report = if arguments.undo {
        undo(&owner, arguments.dry_run).await
    } else {
        import(&owner, arguments).await
    };
    owner.close().await;
    let report = report?;
    print(arguments, &report)?;
    let left: i64 = report.left.values().sum();
    Ok(if left == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::from(LEFT)
    })
}

/// Ends a transaction: what was only tried is not kept.
async fn finish<T>(tx: Tx, done: Result<T, StoreError>, dry_run: bool) -> Result<T, StoreError> {
    if dry_run && done.is_ok() {
        tx.rollback().await?;
        return done;
    }
    settle(tx, done).await
}

async fn import(owner: &Owner, arguments: &Arguments) -> Result<Report, StoreError> {
    let schema = arguments.schema.as_str();
    let mut report = Report {
        dry_run: arguments.dry_run,
        ..Report::default()
    };
    let mut tx = owner.begin().await?;
    let found = async {
        let users = predecessor::list_users(&mut tx, schema).await?;
        let orphans = predecessor::count_orphans(&mut tx, schema).await?;
        let repaired = predecessor::repair_records(&mut tx).await?;
        Ok((users, orphans, repaired))
    };
    let found = found.await;
    let (users, orphans, repaired) = finish(tx, found, arguments.dry_run).await?;
    report.repaired = repaired;
    for (kind, orphans) in orphans {
        add(&mut report.left, &format!("{kind} of nobody's"), orphans);
    }
    for user in users {
        let mut tx = owner.begin().await?;
        let taken = import_user(&mut tx, schema, user, &mut report).await;
        finish(tx, taken, arguments.dry_run).await?;
    }
    Ok(report)
}

fn add(counts: &mut BTreeMap<String, i64>, what: &str, more: i64) {
    if more != 0 {
        *counts.entry(what.to_owned()).or_default() += more;
    }
}

/// As many as there are.
fn count(number: usize) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// Takes over what one user brings, in the user's name and under the user's lock.
async fn import_user(
    tx: &mut Tx,
    schema: &str,
    user: UserId,
    report: &mut Report,
) -> Result<(), StoreError> {
    tx.act_for(user).await?;
    tx.lock_user(user).await?;
    if !users::is_active(tx, user).await? {
        add(&mut report.left, "users who are not here", 1);
        return Ok(());
    }
    let made = import_exercises(tx, schema, user).await?;
    let begun = begin_workouts(tx, schema, user).await?;
    let sets = predecessor::insert_sets(tx, schema, user, platform::clock::now()).await?;
    let mut changed: BTreeSet<WorkoutId> = begun.keys().copied().collect();
    changed.extend(sets.iter().filter_map(|set| Some(set.place.as_ref()?.0)));
    take_in(tx, user, &begun, &changed).await?;
    let keys: BTreeSet<_> = sets
        .iter()
        .filter_map(|set| set.place.as_ref().map(|(_, key)| key.clone()))
        .collect();
    if records::keep(tx, user, &keys).await?.is_pending {
        add(&mut report.left, "records that are made later", 1);
    }

    let logs = predecessor::insert_logs(tx, schema, user, platform::clock::now()).await?;

    let mut took = |what, number| *report.taken.entry(what).or_default() += number;
    took("exercises", made);
    took("logs", logs.logs);
    took("workouts", count(begun.len()));
    took(
        "sets",
        count(sets.iter().filter(|set| set.place.is_some()).count()),
    );
    add(
        &mut report.left,
        "logs of days that have one here",
        logs.taken_days,
    );
    for (what, number) in [
        ("duplicates", logs.duplicates),
        ("exercises of them added", logs.rescued),
        ("exercises of them that a newer one has", logs.superseded),
    ] {
        add(&mut report.logs, what, number);
    }
    for set in &sets {
        if set.place.is_none() {
            add(&mut report.left, "sets whose id another set has", 1);
        }
        for doubt in &set.doubts {
            add(&mut report.doubts, doubt, 1);
        }
    }
    for claim in predecessor::compare_records(tx, schema, user).await? {
        add(&mut report.records, "rows", claim.rows);
        add(&mut report.records, "duplicates", claim.rows - 1);
        add(&mut report.records, "without a set", claim.orphans);
        add(&mut report.records, &claim.verdict, 1);
        if claim.verdict != "agrees" {
            report.disagreements.push(claim);
        }
    }
    Ok(())
}

/// Finds or makes what the user's sets and records are of, and answers how many were made.
async fn import_exercises(tx: &mut Tx, schema: &str, user: UserId) -> Result<i64, StoreError> {
    let old = predecessor::list_exercises(tx, schema, user).await?;
    if old.is_empty() {
        return Ok(0);
    }
    let name_of = |exercise: &predecessor::OldExercise| match &exercise.name {
        Some(name) => exercise_words::as_name(Some(name)),
        // Two that nobody named are still two.
        None => format!("Exercise {}", exercise.id),
    };
    let names: BTreeSet<String> = old.iter().map(name_of).collect();
    let names: Vec<String> = names.into_iter().collect();
    let named = exercise_words::name_exercises(tx, user, &names).await?;
    let imports: Vec<Import> = old
        .iter()
        .filter_map(|exercise| {
            let named = named.get(&name_of(exercise))?;
            Some(Import {
                source_id: exercise.id,
                id: named.exercise_id.0,
                is_made: named.is_made,
            })
        })
        .collect();
    predecessor::note_imports(tx, user, Kind::Exercise, &imports).await?;
    let made: BTreeSet<_> = imports
        .iter()
        .filter(|import| import.is_made)
        .map(|i| i.id)
        .collect();
    Ok(count(made.len()))
}

/// Begins a workout for each of a user's sessions that has none yet, as if the athlete had; answers how
/// long each went on.
async fn begin_workouts(
    tx: &mut Tx,
    schema: &str,
    user: UserId,
) -> Result<BTreeMap<WorkoutId, f64>, StoreError> {
    let mut begun = BTreeMap::new();
    let mut imports = Vec::new();
    for session in predecessor::list_sessions(tx, schema, user).await? {
        let id = session.id.to_string();
        let announced = Announced {
            at: session.started_at,
            utc_offset_s: None,
            sport: Sport::Strength,
            name: session.name.as_deref(),
        };
        let key = ProviderKey::activity(ATHLETE, &id);
        let known = workouts::find_by_provider(tx, user, key).await?;
        let workout = match &known {
            // Taken over before that was noted, or deleted since.
            Some(known) => known.workout_id(),
            None => {
                let workout = ingest::begin(tx, user, key, &announced).await?;
                begun.insert(workout, session.duration_s.unwrap_or_default().max(0.0));
                workout
            }
        };
        imports.push(Import {
            source_id: session.id,
            id: workout.0,
            is_made: known.is_none(),
        });
    }
    predecessor::note_imports(tx, user, Kind::Workout, &imports).await?;
    Ok(begun)
}

/// Takes in the workouts whose sets changed, as logging does.
async fn take_in(
    tx: &mut Tx,
    user: UserId,
    begun: &BTreeMap<WorkoutId, f64>,
    changed: &BTreeSet<WorkoutId>,
) -> Result<(), StoreError> {
    for workout in changed {
        let session = sets::find_session(tx, user, *workout).await?;
        // One that goes on is taken in when it is finished.
        if let Some(session) = session.filter(|session| !session.is_active) {
            let duration_s = begun.get(workout).copied().or(session.duration_s);
            lifting::take_in(tx, user, &session, duration_s.unwrap_or_default()).await?;
        }
    }
    Ok(())
}

async fn undo(owner: &Owner, dry_run: bool) -> Result<Report, StoreError> {
    let mut report = Report {
        dry_run,
        ..Report::default()
    };
    let mut tx = owner.begin().await?;
    let users = predecessor::list_importers(&mut tx).await;
    for user in settle(tx, users).await? {
        let mut tx = owner.begin().await?;
        let undone = undo_user(&mut tx, user, &mut report).await;
        finish(tx, undone, dry_run).await?;
    }
    Ok(report)
}

/// Takes back what was taken over of one user; what others tell of the same sessions is theirs again.
async fn undo_user(tx: &mut Tx, user: UserId, report: &mut Report) -> Result<(), StoreError> {
    tx.act_for(user).await?;
    tx.lock_user(user).await?;
    let (sets, keys) = predecessor::undo_sets(tx, user).await?;
    let workouts = predecessor::list_imported(tx, user, Kind::Workout).await?;
    let workouts: BTreeSet<WorkoutId> = workouts.into_iter().map(WorkoutId).collect();
    merging::part_workouts(tx, user, &workouts).await?;
    if records::keep(tx, user, &keys).await?.is_pending {
        add(&mut report.left, "records that are made later", 1);
    }
    let undone = predecessor::undo_rest(tx, user).await?;
    // Those that stay, because the athlete changed them since, are of the sets that are left.
    let left = predecessor::list_imported(tx, user, Kind::Workout).await?;
    let left = left.into_iter().map(WorkoutId).collect();
    take_in(tx, user, &BTreeMap::new(), &left).await?;

    let mut took = |what, number| *report.taken.entry(what).or_default() += number;
    took(
        "exercises",
        i64::try_from(undone.exercises).unwrap_or(i64::MAX),
    );
    took(
        "workouts",
        i64::try_from(undone.workouts).unwrap_or(i64::MAX),
    );
    took("sets", sets);
    took("logs", i64::try_from(undone.logs).unwrap_or(i64::MAX));
    let logs = predecessor::list_imported(tx, user, Kind::Log).await?;
    add(
        &mut report.left,
        "logs that were changed since",
        count(logs.len()),
    );
    let left = predecessor::list_imported(tx, user, Kind::Set).await?;
    add(
        &mut report.left,
        "sets that were changed since",
        count(left.len()),
    );
    Ok(())
}

fn print(arguments: &Arguments, report: &Report) -> io::Result<()> {
    let mut out = io::stdout().lock();
    if arguments.json {
        let line = serde_json::to_string(report)?;
        return writeln!(out, "{line}");
    }
    for found in &report.repaired {
        writeln!(out, "put right: {found}")?;
    }
    let done = match (arguments.undo, arguments.dry_run) {
        (false, false) => "taken over",
        (false, true) => "would be taken over",
        (true, false) => "taken back",
        (true, true) => "would be taken back",
    };
    for (what, number) in &report.taken {
        writeln!(out, "{done}: {number} {what}")?;
    }
    if report.taken.values().sum::<i64>() == 0 {
        writeln!(out, "nothing was new")?;
    }
    for (heading, counts) in [
        ("left", &report.left),
        ("not believable", &report.doubts),
        ("logs", &report.logs),
        ("records", &report.records),
    ] {
        for (what, number) in counts {
            writeln!(out, "{heading}: {number} {}", what.replace('_', " "))?;
        }
    }
    for claim in report.disagreements.iter().take(SHOWN) {
        let number = |value: Option<f64>| value.map_or("nothing".to_owned(), |v| v.to_string());
        writeln!(
            out,
            "  {} {}{}{}: claimed {}, the sets say {} ({})",
            claim.exercise.as_deref().unwrap_or("an unknown exercise"),
            claim.kind.as_deref().unwrap_or("?"),
            if claim.grip_key.is_empty() { "" } else { " " },
            claim.grip_key,
            number(claim.claimed),
            number(claim.rebuilt),
            claim.verdict.replace('_', " ")
        )?;
    }
    match report.disagreements.len().checked_sub(SHOWN) {
        Some(more) if more > 0 => writeln!(out, "  and {more} more: see --json"),
        _ => Ok(()),
    }
}
