//! The simulator tells an instance that is right from one that is not.

use local::cloud::Start;
use local::net::bind;
use local::simulate::{Options, Provider, Simulation, Target};
use serde_json::{Value, json};
use std::net::TcpListener;
use std::process::Stdio;
use std::time::Duration;
use support::world::World;
use tokio::process::Command;

const BINARY: &str = env!("CARGO_BIN_EXE_paceline-under-test");

/// A world whose functions wait for [`World::settle`], and somebody who plays its providers.
async fn world_and(options: Options) -> (World, Simulation) {
    let (listener, address) = bind(0).await.unwrap();
    let world = World::start_simulated(BINARY, Start::Paused, address.port()).await;
    let target = Target {
        endpoint: world.endpoint().clone(),
        identity: world.identity().clone(),
    };
    let prepared = Simulation::prepare_on(listener, address, target, options).await;
    (world, prepared.unwrap())
}

/// The providers of these names.
fn named<const N: usize>(names: [&str; N]) -> Vec<Provider> {
    let known = names.map(|name| Provider::named(name).unwrap());
    known.into()
}

/// Three athletes of each provider, four activities of each.
fn small() -> Options {
    Options {
        athletes: 3,
        activities: 4,
        patience: Duration::from_secs(20),
        ..Options::default()
    }
}

/// Two days ago, so that the instance looks back at it.
fn recent() -> chrono::NaiveDate {
    let today = chrono::DateTime::<chrono::Utc>::from(support::world::now()).date_naive();
    today - chrono::TimeDelta::days(2)
}

/// P-02
#[tokio::test]
async fn whoever_is_played_ends_as_it_must_though_doubled_reordered_and_forged() {
    let (world, simulation) = world_and(Options {
        providers: Provider::all().collect(),
        athletes: 2,
        duplicate: 0.2,
        reorder: true,
        forge: 0.4,
        late: 0.2,
        // With it, somebody forges at each, and of what some can tell there is one of each kind.
        seed: 380,
        ..small()
    })
    .await;

    simulation.send().await;
    world.settle().await;
    simulation.compare().await.unwrap();

    let report = simulation.report();
    eprintln!("{report}");
    assert!(report.is_clean(), "{report}");
    let counts = report.counts;
    assert_eq!(counts.activities, 80);
    assert_eq!((counts.updated, counts.deleted), (7, 2), "{counts:?}");
    assert_eq!((counts.expected, counts.found), (78, 78), "{counts:?}");
    assert!(counts.duplicates > 0, "{counts:?}");
    assert_eq!(counts.forged, 34, "{counts:?}");
    // Those whose tokens end: Strava, Suunto, Wahoo and WHOOP; Garmin was told of no address.
    assert_eq!(counts.tokens_refreshed, 4, "{counts:?}");
    assert_eq!(counts.api_refusals, 0, "{counts:?}");
    let shown = "SELECT jsonb_build_array(provider, count(*)) FROM workouts
         WHERE deleted_at IS NULL GROUP BY provider ORDER BY provider";
    // Of these two there is a deletion.
    let are_left = |name| {
        if matches!(name, "paceline" | "strava") {
            7
        } else {
            8
        }
    };
    let of_each = Provider::all().map(Provider::as_str);
    let of_each = of_each.map(|name| json!([name, are_left(name)]));
    assert_eq!(world.rows(shown).await, of_each.collect::<Vec<_>>());
    let forged = "SELECT to_jsonb(w) FROM workouts w
         WHERE right(provider_activity_id, 5)::integer >= 50000";
    assert_eq!(world.rows(forged).await, Vec::<Value>::new());
    world.stop().await;
}

#[tokio::test]
async fn whoever_lists_what_there_is_ends_without_a_difference_though_much_was_lost() {
    let providers: Vec<Provider> = Provider::all().filter(|p| p.has_list()).collect();
    let names = [
        "hevy",
        "intervals",
        "polar",
        "strava",
        "suunto",
        "wahoo",
        "whoop",
    ];
    assert_eq!(providers, named(names));
    let (world, simulation) = world_and(Options {
        providers,
        athletes: 2,
        duplicate: 0.2,
        reorder: true,
        drop: 0.25,
        reconciled: true,
        newest: recent(),
        // With it, each loses one, and Hevy has an edit, of which no webhook tells.
        seed: 498,
        ..small()
    })
    .await;

    simulation.send().await;
    world.settle().await;
    let lost_some = "SELECT to_jsonb(provider) FROM workouts
         GROUP BY provider HAVING count(*) < 8 ORDER BY provider";
    assert_eq!(world.rows(lost_some).await, names.map(Value::from));
    simulation.look_back().await.unwrap();
    world.settle().await;
    simulation.compare().await.unwrap();

    let report = simulation.report();
    eprintln!("{report}");
    assert!(report.is_clean(), "{report}");
    let counts = report.counts;
    assert_eq!((counts.activities, counts.dropped), (56, 11), "{counts:?}");
    assert_eq!(counts.found, counts.expected, "{counts:?}");
    assert_eq!(counts.expected, 56 - counts.deleted, "{counts:?}");
    world.stop().await;
}

#[tokio::test]
async fn a_set_that_is_shown_otherwise_than_it_was_lifted_is_told_apart() {
    let (world, simulation) = world_and(Options {
        providers: named(["hevy"]),
        athletes: 1,
        ..small()
    })
    .await;
    simulation.send().await;
    world.settle().await;
    simulation.compare().await.unwrap();
    assert!(simulation.report().is_clean(), "{}", simulation.report());

    let wrong = "UPDATE stage_runs SET result = jsonb_set(result, '{analysis,sets,0,reps}', '99')
         WHERE stage = 'analysis' RETURNING to_jsonb(workout_id)";
    assert_eq!(world.rows(wrong).await.len(), 4);
    simulation.compare().await.unwrap();

    let report = simulation.report();
    let kinds: Vec<(&str, usize)> = report.kinds().into_iter().collect();
    assert_eq!(kinds, [("sets", 4)], "{report}");
    world.stop().await;
}

/// P-02
#[tokio::test]
async fn what_is_doubled_reordered_and_forged_ends_as_it_must() {
    let (world, simulation) = world_and(Options {
        duplicate: 0.2,
        reorder: true,
        forge: 0.5,
        late: 0.3,
        seed: 11,
        ..small()
    })
    .await;

    simulation.send().await;
    world.settle().await;
    simulation.compare().await.unwrap();

    let report = simulation.report();
    eprintln!("{report}");
    assert!(report.is_clean(), "{report}");
    let counts = report.counts;
    assert_eq!(counts.activities, 24);
    assert_eq!(counts.expected, 24 - counts.deleted);
    assert_eq!(counts.found, counts.expected);
    assert!(counts.duplicates > 0 && counts.forged > 0, "{counts:?}");
    assert!(counts.updated > 0, "{counts:?}");
    assert!(counts.tokens_refreshed > 0, "{counts:?}");
    let forged = "SELECT to_jsonb(w) FROM workouts w
         WHERE right(provider_activity_id, 5)::integer >= 50000
         UNION ALL SELECT to_jsonb(d) FROM deliveries d
         WHERE right(split_part(delivery_key, ':', 2), 5)::integer >= 50000";
    assert_eq!(world.rows(forged).await, Vec::<Value>::new());
    world.stop().await;
}

#[tokio::test]
async fn a_storm_ends_as_it_must_and_what_was_never_sent_is_not_there() {
    let (world, simulation) = world_and(Options {
        storm: true,
        drop: 0.3,
        seed: 12,
        ..small()
    })
    .await;

    simulation.send().await;
    world.settle().await;
    simulation.compare().await.unwrap();

    let report = simulation.report();
    assert!(report.is_clean(), "{report}");
    assert!(report.counts.dropped > 0, "{report}");
    assert!(report.counts.expected < 24, "{report}");
    world.stop().await;
}

/// Two providers at once, as a bad day is: a fifth doubled, all of it out of order, a tenth lost.
fn bad_day() -> Options {
    Options {
        providers: named(["strava", "wahoo"]),
        athletes: 2,
        activities: 6,
        duplicate: 0.2,
        reorder: true,
        drop: 0.1,
        reconciled: true,
        newest: recent(),
        // With it, each provider loses two.
        seed: 2,
        ..small()
    }
}

#[tokio::test]
async fn two_providers_that_double_reorder_and_lose_end_without_a_difference() {
    let (world, simulation) = world_and(bad_day()).await;

    // Nothing is left of a look before everything was sent.
    world.look_back().await;
    simulation.send().await;
    world.settle().await;
    simulation.look_back().await.unwrap();
    world.settle().await;
    simulation.compare().await.unwrap();

    let report = simulation.report();
    eprintln!("{report}");
    assert!(report.is_clean(), "{report}");
    let counts = report.counts;
    assert_eq!((counts.activities, counts.dropped), (24, 4));
    assert_eq!(counts.found, counts.expected);
    assert!(counts.duplicates > 0, "{counts:?}");
    let of_wahoo = "SELECT to_jsonb(id) FROM workouts WHERE provider = 'wahoo'";
    assert_eq!(world.rows(of_wahoo).await.len(), 12);
    world.stop().await;
}

/// What is lost stays lost where nobody looks back, and the comparison says so of each.
#[tokio::test]
async fn without_a_look_back_what_was_lost_is_missing() {
    let (world, simulation) = world_and(Options {
        patience: Duration::ZERO,
        ..bad_day()
    })
    .await;

    simulation.send().await;
    world.settle().await;
    simulation.compare().await.unwrap();

    let report = simulation.report();
    let mut listed: Vec<(&str, &str)> = report
        .listed
        .iter()
        .map(|difference| (difference.kind, difference.provider.as_str()))
        .collect();
    listed.sort_unstable();
    let [strava, wahoo] = ["strava", "wahoo"].map(|lost| ("missing", lost));
    assert_eq!(listed, [strava, strava, wahoo, wahoo], "{report}");
    assert_eq!(report.counts.expected - report.counts.found, 4);
    world.stop().await;
}

#[tokio::test]
async fn what_was_never_sent_is_there_once_the_instance_has_looked_back() {
    let (world, simulation) = world_and(Options {
        drop: 0.5,
        reconciled: true,
        newest: recent(),
        seed: 14,
        ..small()
    })
    .await;

    simulation.send().await;
    world.settle().await;
    world.look_back().await;
    world.settle().await;
    simulation.compare().await.unwrap();

    let report = simulation.report();
    assert!(report.is_clean(), "{report}");
    let at_strava = world
        .rows("SELECT to_jsonb(id) FROM workouts WHERE provider = 'strava' AND generation > 0")
        .await;
    assert_eq!(at_strava.len(), 12, "{report}");
    world.stop().await;
}

/// Of every kind of wrong there is one, and each is found once.
#[tokio::test]
async fn an_instance_that_is_wrong_is_told_apart_difference_by_difference() {
    let (world, simulation) = world_and(Options {
        providers: named(["garmin"]),
        athletes: 1,
        activities: 8,
        ..small()
    })
    .await;
    simulation.send().await;
    world.settle().await;

    for (nth, wrong) in [
        "UPDATE workouts SET distance_m = distance_m + 5 WHERE id = $1",
        "UPDATE workouts SET deleted_at = clock_timestamp() WHERE id = $1",
        "UPDATE workouts SET sport = 'swim' WHERE id = $1",
        "UPDATE workouts SET local_date = local_date + 1 WHERE id = $1",
        "UPDATE workouts SET provider_activity_id = provider_activity_id || '7' WHERE id = $1",
        "UPDATE stage_runs SET status = 'failed', error = 'x: y'
         WHERE workout_id = $1 AND stage = 'metrics'",
    ]
    .into_iter()
    .enumerate()
    {
        let mut sql = world.sql().await;
        let (id,): (uuid::Uuid,) =
            sqlx::query_as("SELECT id FROM workouts ORDER BY started_at OFFSET $1 LIMIT 1")
                .bind(i64::try_from(nth).unwrap())
                .fetch_one(&mut sql)
                .await
                .unwrap();
        let done = sqlx::query(wrong).bind(id).execute(&mut sql).await;
        assert_eq!(done.unwrap().rows_affected(), 1, "{wrong}");
    }
    simulation.compare().await.unwrap();

    let report = simulation.report();
    assert!(!report.is_clean());
    let kinds: Vec<(&str, usize)> = report.kinds().into_iter().collect();
    let expected = [
        ("date", 1),
        ("distance", 1),
        ("missing", 2),
        ("sport", 1),
        ("status", 1),
        ("unexpected", 1),
    ];
    assert_eq!(kinds, expected, "{report}");
    world.stop().await;
}

/// A command line that ends, its exit code and what it printed.
async fn simulate(world: &World, more: &[&str]) -> (i32, Value, String) {
    let done = Command::new(BINARY)
        .args(["simulate", "--json", "--data-dir"])
        .arg(world.folder())
        .args(more)
        .stdin(Stdio::null())
        .output()
        .await
        .unwrap();
    let shown = String::from_utf8(done.stderr).unwrap();
    let json = serde_json::from_slice(&done.stdout).unwrap_or_default();
    (done.status.code().unwrap(), json, shown)
}

#[tokio::test]
async fn a_second_run_says_the_same_again_and_its_exit_code_says_whether_all_is_well() {
    // Below the ports that the system gives out by itself, so that it is still free a moment later.
    let begin = 20_000 + u16::try_from(std::process::id() % 10_000).unwrap();
    let is_free = |port: &u16| TcpListener::bind(("127.0.0.1", *port)).is_ok();
    let port = (begin..).find(is_free).unwrap();
    let world = World::start_simulated(BINARY, Start::Running, port).await;
    let run = [
        "--provider",
        "strava,garmin",
        "--athletes",
        "2",
        "--activities",
        "3",
        "--late",
        "0",
        "--seed",
        "13",
    ];

    let (code, first, shown) = simulate(&world, &run).await;
    assert_eq!(
        (code, &first["differences"]),
        (0, &Value::from(0)),
        "{shown} {first}"
    );

    let rows = world.everything().await;
    let (code, second, shown) = simulate(&world, &run).await;
    assert_eq!(
        (code, &second["differences"]),
        (0, &Value::from(0)),
        "{shown} {second}"
    );
    assert_eq!(world.everything().await, rows, "nothing changed");

    let gone = world
        .rows(
            "UPDATE workouts SET deleted_at = clock_timestamp() WHERE id = (
                 SELECT id FROM workouts WHERE deleted_at IS NULL ORDER BY started_at LIMIT 1)
             RETURNING to_jsonb(provider_activity_id)",
        )
        .await;
    let (code, third, shown) = simulate(&world, &run).await;
    assert_eq!(
        (code, &third["differences"]),
        (1, &Value::from(1)),
        "{shown} {third}"
    );
    let listed = &third["listed"][0];
    assert_eq!(
        (&listed["kind"], &listed["activity"]),
        (&Value::from("missing"), &gone[0])
    );

    let (code, nothing, shown) = simulate(&world, &["--provider", "myspace"]).await;
    assert_eq!((code, nothing), (2, Value::Null), "{shown}");
    world.stop().await;
}

#[tokio::test]
async fn without_an_instance_it_says_what_to_start() {
    let done = Command::new(BINARY)
        .args(["simulate", "--provider", "strava", "--athletes", "1"])
        .args(["--activities", "1", "--data-dir", "/nowhere"])
        .output()
        .await
        .unwrap();
    let shown = String::from_utf8(done.stderr).unwrap();
    assert_eq!(done.status.code(), Some(1), "{shown}");
    assert!(shown.contains("no instance runs on /nowhere"), "{shown}");
    assert!(shown.contains("start `cargo run`"), "{shown}");
}
