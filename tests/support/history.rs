//! A database that has been in use for years, made in SQL, and what it makes of the hot statements.

#![expect(
    clippy::disallowed_types,
    reason = "PREPARE, EXECUTE and SET take no parameters, and the values are ours"
)]

use domain::id::UserId;
use sqlx::{AssertSqlSafe, PgConnection};
use std::fmt;
use uuid::Uuid;

/// How much there is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Size {
    /// Athletes, each with an account at the generic provider.
    pub athletes: u16,
    /// Workouts of each athlete, one a day; each was delivered, recorded, and has three results.
    pub workouts_each: u16,
}

impl Size {
    /// All workouts.
    pub fn workouts(self) -> u32 {
        u32::from(self.athletes) * u32::from(self.workouts_each)
    }
}

/// An athlete of a history.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// The user.
    pub user: UserId,
    /// The account at the generic provider.
    pub account: String,
}

/// What is there to start with; ids begin with the time, as those of version 7 do.
const PREPARE: [&str; 2] = [
    "CREATE TEMPORARY TABLE people AS
         SELECT 'athlete-' || a AS account, md5('athlete-' || a)::uuid AS user_id
         FROM generate_series(1, current_setting('history.athletes')::int) AS a",
    "CREATE TEMPORARY TABLE history AS
         SELECT
             p.user_id,
             p.account || '-' || n AS activity_id,
             day.started_at,
             overlay(
                 md5(p.account || '-' || n)
                 PLACING lpad(to_hex((extract(epoch FROM day.started_at) * 1000)::bigint), 12, '0')
                 FROM 1 FOR 12
             )::uuid AS workout_id,
             CASE WHEN n % 3 = 0 THEN md5('plan-' || p.account || '-' || n)::uuid END AS planned_id
         FROM people AS p
         CROSS JOIN generate_series(1, current_setting('history.workouts_each')::int) AS n
         CROSS JOIN LATERAL (
             SELECT timestamptz '2020-01-01T06:00:00Z' + n * interval '1 day' AS started_at
         ) AS day
         ORDER BY n, p.account",
];

/// The rows. They refer to each other by construction, so nothing has to be looked up for that.
const FILL: [&str; 9] = [
    "INSERT INTO users (id, display_name) SELECT user_id, account FROM people",
    "INSERT INTO connections (id, user_id, provider, provider_user_id)
         SELECT gen_random_uuid(), user_id, 'paceline', account FROM people",
    "INSERT INTO athletes (user_id, sex, time_zone) SELECT user_id, 'f', 'Europe/Oslo' FROM people",
    "INSERT INTO athlete_thresholds (user_id, valid_from, ftp_w, hr_max_bpm, hr_rest_bpm, cp_w, wprime_j)
         SELECT user_id, date '2020-01-01' + 90 * season, 240 + season, 190, 50, 230, 18000
         FROM people CROSS JOIN generate_series(0, 7) AS season",
    "INSERT INTO planned_workouts (id, user_id, date, sport, name, steps, total_duration_s)
         SELECT planned_id, user_id, started_at::date, 'run', 'Easy run', '[]', 3600
         FROM history WHERE planned_id IS NOT NULL",
    "INSERT INTO workouts (
             id, user_id, provider, provider_activity_id, sport, name, started_at, utc_offset_s,
             local_date, duration_s, distance_m, partial, planned_id, plan_decision, generation,
             content_sha256, provider_time
         )
         SELECT workout_id, user_id, 'paceline', activity_id, 'run', 'Morning run', started_at, 3600,
             started_at::date, 3600, 10000, false, planned_id,
             '{\"reason\": \"matched\", \"candidates\": []}', 1,
             sha256(convert_to(activity_id, 'UTF8')), started_at
         FROM history",
    "INSERT INTO recordings (workout_id, user_id, format, source_sha256, samples, columns)
         SELECT workout_id, user_id, 'json', sha256(convert_to(activity_id, 'UTF8')), 1,
             convert_to(repeat(activity_id, 20), 'UTF8')
         FROM history",
    "INSERT INTO stage_runs (
             workout_id, stage, user_id, wanted, done, status, attempt, rung_at, result, version
         )
         SELECT h.workout_id, s.stage, h.user_id, 1, 1, 'complete', 1, h.started_at,
             jsonb_build_object(s.key, figures.of), 1
         FROM history AS h
         CROSS JOIN (VALUES ('summary', 'overall'), ('analysis', 'analysis'), ('metrics', 'metrics'))
             AS s (stage, key)
         CROSS JOIN (
             SELECT jsonb_object_agg('figure_' || n, n) AS of FROM generate_series(1, 30) AS n
         ) AS figures",
    "INSERT INTO deliveries (
             id, user_id, provider, delivery_key, body_sha256, event, outcome, workout_id
         )
         SELECT gen_random_uuid(), user_id, 'paceline', 'msg-' || activity_id,
             sha256(convert_to(activity_id, 'UTF8')), 'create', 'created', workout_id
         FROM history",
];

/// Fills a migrated database, and lets PostgreSQL learn what is in it.
pub async fn fill(sql: &mut PgConnection, size: Size) -> Vec<Person> {
    let settings = "SELECT set_config('history.athletes', $1::text, false),
         set_config('history.workouts_each', $2::text, false),
         set_config('session_replication_role', 'replica', false)";
    sqlx::query(settings)
        .bind(size.athletes.to_string())
        .bind(size.workouts_each.to_string())
        .execute(&mut *sql)
        .await
        .expect("the owner may");
    for statement in PREPARE.into_iter().chain(FILL) {
        sqlx::query(statement)
            .execute(&mut *sql)
            .await
            .expect("a history");
    }
    let people: Vec<(Uuid, String)> =
        sqlx::query_as("SELECT user_id, account FROM people ORDER BY account")
            .fetch_all(&mut *sql)
            .await
            .expect("people");
    sqlx::query("SELECT set_config('session_replication_role', 'origin', false)")
        .execute(&mut *sql)
        .await
        .expect("the owner may");
    sqlx::query("VACUUM ANALYZE")
        .execute(&mut *sql)
        .await
        .expect("the owner may");
    people
        .into_iter()
        .map(|(user, account)| Person {
            user: UserId(user),
            account,
        })
        .collect()
}

/// Tables that grow with every workout.
pub const LARGE: [&str; 4] = ["workouts", "recordings", "stage_runs", "deliveries"];

/// How PostgreSQL is to plan statements that it has prepared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Planning {
    /// For the values of each execution, as it does the first times.
    Custom,
    /// Once for all values, as it may do later.
    Generic,
}

/// How PostgreSQL ran one statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Explained {
    /// Its file in `shared/store/queries`.
    pub path: &'static str,
    /// The plan with what was counted, as `EXPLAIN (ANALYZE, BUFFERS)` tells it.
    pub plan: String,
    /// [`LARGE`] tables that were read from their beginning to their end, by what it calls too.
    pub scanned: Vec<String>,
}

impl fmt::Display for Explained {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.path)?;
        for line in self.plan.lines() {
            writeln!(f, "    {line}")?;
        }
        Ok(())
    }
}

/// A statement that runs for every delivery, doorbell, sweep or look, with arguments for it.
struct Hot {
    path: &'static str,
    role: &'static str,
    arguments: &'static str,
}

const fn hot(path: &'static str, role: &'static str, arguments: &'static str) -> Hot {
    Hot {
        path,
        role,
        arguments,
    }
}

/// In the order in which a delivery, a stage, the sweep and a client run them: one leaves what the next one needs.
const HOT: [Hot; 45] = [
    hot(
        "users/find_user_by_connection",
        "ingest",
        "'paceline', :account",
    ),
    hot("users/find_active_user", "ingest", ":user"),
    hot("users/find_connected_user", "ingest", ":user, 'paceline', :account"),
    hot(
        "deliveries/find_delivery",
        "ingest",
        ":user, 'paceline', 'msg-' || :activity, sha256(convert_to(:activity, 'UTF8'))",
    ),
    hot(
        "workouts/find_by_provider",
        "ingest",
        ":user, 'paceline', :activity, 0",
    ),
    hot(
        "ingest/find_circumstances",
        "ingest",
        ":user, 'strava', 'new', 0, now(), interval '2 minutes', interval '10 minutes', 'athlete'",
    ),
    hot("users/find_athlete", "ingest", ":user"),
    hot("users/list_thresholds", "ingest", ":user"),
    hot("plans/list_candidates", "ingest", ":user, :date, :new, NULL"),
    hot(
        "workouts/insert_workout",
        "ingest",
        ":new, :user, 'paceline', 'new', 0, NULL, 'run', NULL, NULL, now(), 0, :date, 60, 100, false, '{}', NULL, NULL,
         '{\"reason\": \"no_plan\"}', '', now()",
    ),
    hot(
        "workouts/update_workout",
        "ingest",
        ":workout, :user, 'run', NULL, NULL, now(), 0, 60, 100, false, '{}', NULL, '', now(), :date",
    ),
    hot(
        "merging/list_sources",
        "ingest",
        ":user, now() - interval '20 minutes', now() + interval '20 minutes', 200",
    ),
    hot("reads/list_sources", "read", ":user, ARRAY[:workout]::uuid[]"),
    hot("workouts/list_unattached", "ingest", ":user, :date, :date"),
    hot("workouts/list_sessions", "ingest", ":workout, :user"),
    hot(
        "workouts/set_plan",
        "ingest",
        ":workout, :user, NULL, false, '{\"reason\": \"no_plan\"}', false",
    ),
    hot(
        "workouts/upsert_recording",
        "ingest",
        ":workout, :user, 'json', '', 0, ''",
    ),
    hot(
        "stages/request_stages",
        "ingest",
        ":workout, ARRAY['summary', 'analysis', 'metrics'], :user, 2",
    ),
    hot(
        "deliveries/insert_delivery",
        "ingest",
        ":new, :user, 'paceline', 'new', '', 'create', 'created', :new, '{}', ''",
    ),
    hot(
        "workouts/insert_announced",
        "ingest",
        "gen_random_uuid(), :user, 'paceline', 'announced', now(), :date, '{\"reason\": \"awaits_data\"}', 'other', NULL, NULL",
    ),
    hot("stages/request_fetch", "ingest", ":workout, :user"),
    hot("stages/revive_fetch", "ingest", ":workout, :user"),
    hot("workouts/find_fetched", "fetch", ":workout, :user"),
    hot("stages/renew_fetches", "fetch", ":user, 'strava', 0.75, 50"),
    hot("deliveries/find_latest", "fetch", ":workout, :user"),
    hot("connections/find_access", "fetch", ":user, 'paceline', 60"),
    hot("stages/finish_fetch", "fetch", ":workout, :new, 1"),
    hot(
        "stages/postpone_fetch",
        "fetch",
        ":workout, 'fetch', :new, 1, 1, 60, 'not_ready: later'",
    ),
    hot(
        "reconciliations/claim_due",
        "fetch",
        ":new, 60, ARRAY['strava', 'garmin']",
    ),
    hot("deliveries/forget_bodies", "sweep", "2592000, 500"),
    hot(
        "stages/claim_stage",
        "stages",
        ":workout, 'summary', :user, :new, 60, 5",
    ),
    hot("stages/load_input", "stages", ":workout, :user"),
    hot(
        "stages/finish_stage",
        "stages",
        ":workout, 'summary', :new, 2, '{\"overall\": {}, \"intervals\": []}', 1",
    ),
    hot(
        "stages/fail_stage",
        "stages",
        ":workout, 'summary', :new, 2, true, 5, 'invalid: no'",
    ),
    hot("stages/rescue_claims", "sweep", "5, 500"),
    hot("stages/list_unrung", "sweep", "90, 500"),
    hot(
        "stages/mark_rung",
        "sweep",
        "ARRAY[:workout, :new]::uuid[], 'summary'",
    ),
    hot("reads/find_status", "read", ":workout, :user"),
    hot("reads/find_workout", "read", ":workout, :user, 'ai'"),
    hot(
        "reads/list_workouts",
        "read",
        ":user, 'infinity', 'ffffffff-ffff-ffff-ffff-ffffffffffff', 50, 'ai'",
    ),
    hot(
        "reads/list_sessions",
        "read",
        ":user, ARRAY[:workout]::uuid[], 'ai'",
    ),
    hot("fitness/list_days", "read", ":user, '9999-12-31', 'ai'"),
    hot(
        "fitness/list_bests",
        "read",
        ":user, '1900-01-01', '9999-12-31', 'ai'",
    ),
    hot("plans/list_open_plans", "read", ":user, :date, '9999-12-31'"),
    hot("connections/list_connections", "connect", ":user"),
];

/// Runs every hot statement once on a filled database, as the role that it is for, and undoes it.
pub async fn explain(
    sql: &mut PgConnection,
    person: &Person,
    planning: Planning,
) -> Vec<Explained> {
    let (workout, activity, date): (Uuid, String, String) = sqlx::query_as(
        "SELECT id, provider_activity_id, local_date::text FROM workouts
         WHERE user_id = $1 AND planned_id IS NOT NULL ORDER BY started_at DESC LIMIT 1",
    )
    .bind(person.user.0)
    .fetch_one(&mut *sql)
    .await
    .expect("a workout");
    let values = [
        (":workout", workout.to_string()),
        (":user", person.user.to_string()),
        (":new", Uuid::new_v4().to_string()),
        (":account", person.account.clone()),
        (":activity", activity),
        (":date", date),
    ];
    let mode = match planning {
        Planning::Custom => "force_custom_plan",
        Planning::Generic => "force_generic_plan",
    };
    let begin = format!(
        "BEGIN;
         SET LOCAL plan_cache_mode = {mode};
         SELECT set_config('app.user_id', '{}', true), set_config('app.provider', 'paceline', true),
             set_config('app.provider_user_id', '{}', true)",
        person.user, person.account,
    );
    run(sql, begin).await;
    let mut explained = Vec::new();
    for statement in HOT {
        explained.push(explain_one(sql, &statement, &values).await);
    }
    run(sql, "ROLLBACK".to_owned()).await;
    explained
}

async fn explain_one(sql: &mut PgConnection, hot: &Hot, values: &[(&str, String)]) -> Explained {
    let file = format!(
        "{}/../shared/store/queries/{}.sql",
        env!("CARGO_MANIFEST_DIR"),
        hot.path
    );
    let text = std::fs::read_to_string(&file).unwrap_or_else(|error| panic!("{file}: {error}"));
    let arguments = values
        .iter()
        .fold(hot.arguments.to_owned(), |text, (name, value)| {
            text.replace(name, &format!("'{value}'"))
        });
    // Prepared as the role, so that its policies are part of the plan.
    run(
        sql,
        format!(
            "SET LOCAL ROLE paceline_{}; PREPARE hot AS {text}",
            hot.role
        ),
    )
    .await;
    let before = scans(sql).await;
    let explain = format!("EXPLAIN (ANALYZE, BUFFERS) EXECUTE hot({arguments})");
    let rows: Vec<(String,)> = sqlx::query_as(AssertSqlSafe(explain))
        .persistent(false)
        .fetch_all(&mut *sql)
        .await
        .unwrap_or_else(|error| panic!("{}: {error}", hot.path));
    let after = scans(sql).await;
    run(sql, "DEALLOCATE hot; RESET ROLE".to_owned()).await;
    let plan: Vec<String> = rows.into_iter().map(|(line,)| line).collect();
    let scanned = after.into_iter().filter(|scan| !before.contains(scan));
    Explained {
        path: hot.path,
        plan: plan.join("\n"),
        scanned: scanned.map(|(table, _)| table).collect(),
    }
}

/// How often this transaction has read each large table as a whole.
async fn scans(sql: &mut PgConnection) -> Vec<(String, i64)> {
    sqlx::query_as(
        "SELECT relname::text, seq_scan FROM pg_stat_xact_user_tables WHERE relname = ANY ($1)",
    )
    .bind(LARGE.map(str::to_owned).to_vec())
    .fetch_all(&mut *sql)
    .await
    .expect("statistics")
}

async fn run(sql: &mut PgConnection, text: String) {
    sqlx::raw_sql(AssertSqlSafe(text.clone()))
        .execute(&mut *sql)
        .await
        .unwrap_or_else(|error| panic!("{text}: {error}"));
}
