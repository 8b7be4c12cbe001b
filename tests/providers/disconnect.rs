//! Disconnecting: our access is given back, what it brought is erased, and only the receipt stays;
//! also when the athlete took the access away at the provider.

use crate::authorise::{FLOWS, Flow, strava};
use crate::doors::{ACCESS, Told, Visit};
use crate::post::Post;
use crate::strava::{EVENT_TIME, deauthorise};
use reqwest::Method;
use serde_json::{Value, json};
use support::provider::{Provider, Reply};
use support::world::{Answer, Other, World};

const LIST: &str = "GET /api/v3/athlete/activities";
const REFRESH: &str = "POST /oauth/token";
const REVOKE: &str = "POST /oauth/deauthorize";

async fn disconnect(world: &World, provider: &str) -> Answer {
    let path = format!("/connections/{provider}");
    world.send(Method::DELETE, &path, "").await
}

/// How many rows of a provider there are of the demo athlete, by table.
async fn counts(world: &World) -> Value {
    let counts = world
        .rows(
            "SELECT jsonb_build_object(
                 'connections',
                     (SELECT count(*) FROM connections WHERE provider = 'strava'),
                 'reconciliations',
                     (SELECT count(*) FROM reconciliations WHERE provider = 'strava'),
                 'backfills', (SELECT count(*) FROM backfills WHERE provider = 'strava'),
                 'workouts', (SELECT count(*) FROM workouts WHERE provider = 'strava'),
                 'recordings', (SELECT count(*) FROM recordings AS r
                     JOIN workouts AS w ON w.id = r.workout_id WHERE w.provider = 'strava'),
                 'stage_runs', (SELECT count(*) FROM stage_runs AS r
                     JOIN workouts AS w ON w.id = r.workout_id WHERE w.provider = 'strava'),
                 'predecessor_results', (SELECT count(*) FROM predecessor_results AS r
                     JOIN workouts AS w ON w.id = r.workout_id WHERE w.provider = 'strava'),
                 'workout_sets', (SELECT count(*) FROM workout_sets AS s
                     JOIN workouts AS w ON w.id = s.workout_id WHERE w.provider = 'strava'),
                 'deliveries',
                     (SELECT count(*) FROM deliveries WHERE provider = 'strava'),
                 'early_deletions',
                     (SELECT count(*) FROM early_deletions WHERE provider = 'strava')
             )",
        )
        .await;
    counts[0].clone()
}

/// Every row that is not of Strava, nor of the receipts.
async fn others(world: &World) -> Vec<Value> {
    world
        .rows(
            "SELECT to_jsonb(w) FROM workouts w WHERE provider <> 'strava'
             UNION ALL SELECT to_jsonb(r) FROM recordings r
                 JOIN workouts w ON w.id = r.workout_id WHERE w.provider <> 'strava'
             UNION ALL SELECT to_jsonb(s) FROM stage_runs s
                 JOIN workouts w ON w.id = s.workout_id WHERE w.provider <> 'strava'
             UNION ALL SELECT to_jsonb(p) FROM predecessor_results p
                 JOIN workouts w ON w.id = p.workout_id WHERE w.provider <> 'strava'
             UNION ALL SELECT to_jsonb(d) FROM deliveries d WHERE provider <> 'strava'
             UNION ALL SELECT to_jsonb(e) FROM early_deletions e WHERE provider <> 'strava'
             UNION ALL SELECT to_jsonb(c) FROM connections c WHERE provider <> 'strava'
             UNION ALL SELECT to_jsonb(p) FROM planned_workouts p
             ORDER BY 1",
        )
        .await
}

async fn receipts(world: &World) -> Vec<Value> {
    let shown = world.get("/connections/erasures").await;
    shown["erasures"].as_array().unwrap().clone()
}

async fn knows_and_tells(visit: &Visit, activity: u64) -> Answer {
    crate::strava::knows_run(&visit.api, activity, 600);
    crate::strava::tell(&visit.world, activity, "create", EVENT_TIME).await
}

/// A world with a Strava athlete who has done two things there, and one elsewhere.
async fn with_history() -> Visit {
    let visit = Flow::open(&[strava()]).await;
    assert_eq!(strava().connect(&visit).await.status, 200);
    visit.api.always(REVOKE, Reply::json(&json!({})));
    visit.api.always(LIST, Reply::json(&json!([])));
    for activity in [1, 2] {
        knows_and_tells(&visit, activity).await.workout_id();
    }
    visit
        .world
        .deliver(&visit.world.run("elsewhere", 900))
        .await;
    visit.world.settle().await;
    visit
}

fn nothing() -> Value {
    let tables = [
        "connections",
        "reconciliations",
        "backfills",
        "workouts",
        "recordings",
        "predecessor_results",
        "stage_runs",
        "workout_sets",
        "deliveries",
        "early_deletions",
    ];
    Value::Object(
        tables
            .map(|t| (t.to_owned(), json!(0)))
            .into_iter()
            .collect(),
    )
}

/// Each function's answer is heard; what is erased is in no table, and all else is as it was.
#[tokio::test]
async fn disconnecting_erases_the_providers_rows_and_no_other_and_the_receipt_counts_them() {
    let visit = with_history().await;
    let world = &visit.world;
    let stranger = Other::join_with(world, "wahoo", "60462").await;
    let mut plan = world.plan(600);
    plan["date"] = json!("2026-11-25");
    let plan = world.create_plan(&plan).await;
    let of_strava = world
        .rows("SELECT to_jsonb(id) FROM workouts WHERE provider = 'strava' LIMIT 1")
        .await;
    let link = format!("/workouts/{}/plan", of_strava[0].as_str().unwrap());
    let body = json!({ "planned_id": plan }).to_string();
    assert_eq!(world.send(Method::PUT, &link, body).await.status, 200);
    world.settle().await;
    let linked = world.get(&format!("/planned-workouts/{plan}")).await;
    assert_eq!(linked["workout_id"], of_strava[0]);
    sqlx::query(
        "INSERT INTO predecessor_results (workout_id, user_id, computed)
         SELECT workout_id, user_id, '{}' FROM recordings",
    )
    .execute(&mut world.sql().await)
    .await
    .unwrap();
    let backfill = "/connections/strava/backfill";
    let body = json!({"since": "2026-01-01"}).to_string();
    assert_eq!(world.send(Method::POST, backfill, body).await.status, 202);
    let before = counts(world).await;
    assert_eq!(
        (&before["backfills"], &before["predecessor_results"]),
        (&json!(1), &json!(2))
    );
    assert_eq!(
        (&before["workouts"], &before["stage_runs"]),
        (&json!(2), &json!(8))
    );
    let untouched = others(world).await;

    let erased = disconnect(world, "strava").await;

    assert_eq!(erased.status, 200, "{erased:?}");
    assert_eq!(erased.body["rows"], before);
    assert_eq!(
        (&erased.body["why"], &erased.body["revoked"]),
        (&json!("athlete_asked"), &json!(true))
    );
    assert_eq!(counts(world).await, nothing());
    assert_eq!(others(world).await, untouched);
    assert_eq!(receipts(world).await, [erased.body]);
    let revoked = visit.api.calls().into_iter().find(|c| c.what == REVOKE);
    assert!(revoked.unwrap().body.contains(ACCESS));
    let free = world.get(&format!("/planned-workouts/{plan}")).await;
    assert_eq!(free["workout_id"], Value::Null);
    let shown = world.get("/connections").await;
    assert!(!shown.to_string().contains("strava"), "{shown}");

    // What comes late is of nobody, and the receipt is nobody else's.
    let late = knows_and_tells(&visit, 3).await;
    assert_eq!((late.status, late.code()), (422, "unknown_athlete"));
    assert_eq!(counts(world).await, nothing());
    let theirs = stranger.get("/connections/erasures").await.body;
    assert_eq!(theirs, json!({"erasures": []}));
    assert_eq!(
        stranger.get("/connections").await.body["connections"][0]["provider"],
        "wahoo"
    );
    let again = disconnect(world, "strava").await;
    assert_eq!((again.status, again.code()), (404, "not_connected"));
    assert_eq!(receipts(world).await.len(), 1);
    visit.stop().await;
}

#[tokio::test]
async fn workouts_may_be_kept_and_erased_later() {
    let visit = with_history().await;
    let world = &visit.world;
    let before = counts(world).await;
    let path = "/connections/strava?keep_workouts=true";

    let kept = world.send(Method::DELETE, path, "").await;

    assert_eq!(kept.status, 200, "{kept:?}");
    let mut expected = nothing();
    expected["connections"] = json!(1);
    expected["reconciliations"] = json!(1);
    assert_eq!(kept.body["rows"], expected);
    let shown = world.get("/workouts").await;
    assert_eq!(shown["workouts"].as_array().unwrap().len(), 3);
    let erased = disconnect(world, "strava").await;
    assert_eq!(erased.body["rows"]["workouts"], before["workouts"]);
    assert_eq!(erased.body["revoked"], Value::Null);
    assert_eq!(counts(world).await, nothing());
    assert_eq!(receipts(world).await, [erased.body, kept.body]);
    visit.stop().await;
}

#[tokio::test]
async fn what_is_not_a_provider_or_a_word_that_is_not_known_erases_nothing() {
    let visit = with_history().await;
    let before = counts(&visit.world).await;
    for (path, status, code) in [
        ("upload", 404, "unknown_provider"),
        ("myspace", 404, "unknown_provider"),
        ("wahoo", 404, "not_connected"),
        ("strava?keep_workouts=maybe", 422, "invalid"),
        ("strava?keep_workout=true", 400, "unknown_parameter"),
    ] {
        let refused = disconnect(&visit.world, path).await;
        assert_eq!((refused.status, refused.code()), (status, code));
    }
    assert_eq!(counts(&visit.world).await, before);
    visit.stop().await;
}

/// Where no such way is documented there is nothing to ask; what is given back is told.
#[tokio::test]
async fn every_providers_access_is_given_back_as_it_documents() {
    let visit = Flow::open(&FLOWS.iter().collect::<Vec<_>>()).await;
    for flow in FLOWS {
        assert_eq!(flow.connect(&visit).await.status, 200);
        visit.api.always(flow.revoked_by, Reply::status(204));
        let asked_before = visit.api.calls().len();

        let erased = disconnect(&visit.world, flow.door.name).await;

        assert_eq!(erased.body["revoked"], true, "{erased:?}");
        let asked = visit.api.calls().split_off(asked_before);
        assert_eq!(asked.len(), 1, "{asked:?}");
        let asked = &asked[0];
        assert_eq!(asked.what, flow.revoked_by);
        let bearer = asked.headers["authorization"].to_str().unwrap();
        assert!(bearer.contains(ACCESS), "{}", flow.door.name);
    }
    visit.stop().await;
}

#[tokio::test]
async fn a_provider_that_does_not_take_its_access_back_keeps_nothing_here() {
    for (replies, revoked) in [
        (&[500][..], json!(false)),
        (&[404], json!(false)),
        // The token had ended; the next one is taken.
        (&[401, 200], json!(true)),
    ] {
        let visit = Flow::open(&[strava()]).await;
        assert_eq!(strava().connect(&visit).await.status, 200);
        for status in replies {
            visit.api.next(REVOKE, Reply::status(*status));
        }

        let erased = disconnect(&visit.world, "strava").await;

        assert_eq!(
            (erased.status, &erased.body["revoked"]),
            (200, &revoked),
            "{replies:?}"
        );
        assert_eq!(counts(&visit.world).await, nothing());
        visit.stop().await;
    }
}

/// Its refresh was refused, so it is over.
#[tokio::test]
async fn an_access_that_had_ended_already_counts_as_given_back() {
    let visit = Flow::open(&[strava()]).await;
    assert_eq!(strava().connect(&visit).await.status, 200);
    visit.api.always(REVOKE, Reply::status(401));
    visit.api.always(REFRESH, Reply::status(400));

    let erased = disconnect(&visit.world, "strava").await;

    assert_eq!(
        (erased.status, &erased.body["revoked"]),
        (200, &json!(true))
    );
    visit.stop().await;
}

#[tokio::test]
async fn disconnecting_several_times_at_once_erases_once_and_writes_one_receipt() {
    let visit = with_history().await;
    let before = counts(&visit.world).await;

    let answers = (0..4).map(|_| disconnect(&visit.world, "strava"));
    let answers = futures_util::future::join_all(answers).await;

    let mut statuses: Vec<u16> = answers.iter().map(|answer| answer.status).collect();
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 404, 404, 404]);
    let receipts = receipts(&visit.world).await;
    assert_eq!((receipts.len(), &receipts[0]["rows"]), (1, &before));
    visit.stop().await;
}

/// P-03: a webhook that found its athlete just before finds nobody after.
#[tokio::test]
async fn a_delivery_that_waited_for_the_erasure_writes_nothing_after_it() {
    let visit = with_history().await;
    let held = visit.world.hold("before_user_lock");
    let (late, ()) = futures_util::future::join(knows_and_tells(&visit, 3), async {
        visit.world.arrival(&held).await;
        let erased = disconnect(&visit.world, "strava").await;
        assert_eq!(erased.status, 200, "{erased:?}");
        held.let_go();
    })
    .await;

    assert_eq!((late.status, late.code()), (422, "unknown_athlete"));
    assert_eq!(counts(&visit.world).await, nothing());
    visit.world.assert_quiet().await;
    visit.stop().await;
}

/// whoever computes or asks for what is erased meanwhile is fenced, and does not come back.
#[tokio::test]
async fn a_claim_on_what_is_erased_ends_without_a_word() {
    for point in ["fetch.after_ask", "summary.after_claim"] {
        let visit = with_history().await;
        let held = visit.world.hold(point);
        knows_and_tells(&visit, 3).await.workout_id();
        visit.world.cloud().resume_mappings();
        visit.world.arrival(&held).await;
        let before = counts(&visit.world).await;

        let erased = disconnect(&visit.world, "strava").await;
        held.let_go();

        assert_eq!(erased.status, 200, "{point} {erased:?}");
        assert_eq!(erased.body["rows"], before, "{point}");
        visit.world.settle().await;
        visit.world.assert_quiet().await;
        assert_eq!(counts(&visit.world).await, nothing(), "{point}");
        visit.world.let_time_pass().await;
        visit.world.sweep().await;
        let lines = visit.stop().await;
        assert!(!lines.contains("\"level\":\"ERROR\""), "{point}: {lines}");
    }
}

#[tokio::test]
async fn a_list_that_was_asked_for_before_the_erasure_announces_nothing_after_it() {
    let visit = with_history().await;
    let rows = json!([crate::strava::detail(7, 600)]);
    visit.api.always(LIST, Reply::json(&rows));
    let held = visit.world.hold("before_announcing");
    let (pass, ()) = futures_util::future::join(visit.world.look_back(), async {
        visit.world.arrival(&held).await;
        assert_eq!(disconnect(&visit.world, "strava").await.status, 200);
        held.let_go();
    })
    .await;

    assert_eq!(pass["repaired"], 0, "{pass}");
    assert_eq!(counts(&visit.world).await, nothing());
    visit.stop().await;
}

/// Strava refuses us from now on.
fn refuses(api: &Provider) {
    api.always(LIST, Reply::status(401));
    api.always(REFRESH, Reply::status(400));
}

/// P-08, P-72: a webhook's word and the provider's refusal together erase.
#[tokio::test]
async fn an_access_that_was_taken_away_at_the_provider_is_erased_once_it_refuses_us() {
    let visit = with_history().await;
    let world = &visit.world;
    visit.world.look_back().await;
    let untouched = others(world).await;
    refuses(&visit.api);
    let noted = deauthorise(world, EVENT_TIME + 60).await;
    assert_eq!(noted.body["outcome"], "noted");
    let before = counts(world).await;

    world.look_back().await;

    assert_eq!(counts(world).await, nothing());
    assert_eq!(others(world).await, untouched);
    let receipts = receipts(world).await;
    assert_eq!(receipts.len(), 1);
    assert_eq!(
        (&receipts[0]["why"], &receipts[0]["revoked"]),
        (&json!("deauthorised"), &Value::Null)
    );
    assert_eq!(receipts[0]["rows"], before);
    // Told again, it is of nobody.
    let again = deauthorise(world, EVENT_TIME + 120).await;
    assert_eq!((again.status, again.code()), (422, "unknown_athlete"));
    let late = knows_and_tells(&visit, 3).await;
    assert_eq!((late.status, late.code()), (422, "unknown_athlete"));
    world.look_back().await;
    assert_eq!(counts(world).await, nothing());
    visit.stop().await;
}

/// P-08: whoever can post to us can say so; the provider decides, and its word counts for this event
/// alone.
#[tokio::test]
async fn a_deauthorisation_that_is_not_confirmed_removes_nothing_then_or_later() {
    let visit = with_history().await;
    let world = &visit.world;
    world.look_back().await;
    deauthorise(world, EVENT_TIME + 60).await;
    let before = counts(world).await;

    assert_eq!(world.look_back().await["unanswered"], 0);
    assert_eq!(counts(world).await, before);

    // Months later the access ends for another reason: it is only shown.
    refuses(&visit.api);
    sqlx::query("UPDATE reconciliations SET due_at = clock_timestamp()")
        .execute(&mut world.sql().await)
        .await
        .unwrap();
    assert_eq!(world.look_back().await["unanswered"], 1);
    assert_eq!(counts(world).await, before);
    assert_eq!(receipts(world).await, Vec::<Value>::new());
    let shown = world.get("/connections").await;
    let strava = shown["connections"].as_array().unwrap();
    let strava = strava.iter().find(|c| c["provider"] == "strava").unwrap();
    assert_eq!(strava["status"], "needs_reauthorisation");

    // Connected again, an old word does not count either.
    deauthorise(world, EVENT_TIME + 180).await;
    assert_eq!(strava_connects(&visit).await.status, 200);
    refuses(&visit.api);
    world.look_back().await;
    assert_eq!(counts(world).await["workouts"], before["workouts"]);
    visit.stop().await;
}

async fn strava_connects(visit: &Visit) -> Answer {
    strava().connect(visit).await
}

#[tokio::test]
async fn a_provider_that_is_away_confirms_nothing_and_is_asked_again() {
    let visit = with_history().await;
    let world = &visit.world;
    world.look_back().await;
    visit.api.always(LIST, Reply::status(503));
    deauthorise(world, EVENT_TIME + 60).await;
    let before = counts(world).await;
    assert_eq!(world.look_back().await["unanswered"], 1);
    assert_eq!(counts(world).await, before);

    refuses(&visit.api);
    sqlx::query("UPDATE reconciliations SET due_at = clock_timestamp()")
        .execute(&mut world.sql().await)
        .await
        .unwrap();
    world.look_back().await;

    assert_eq!(counts(world).await, nothing());
    visit.stop().await;
}

/// Garmin lists nothing; it is asked whose access it is.
#[tokio::test]
async fn a_provider_that_lists_nothing_is_asked_whose_access_it_is_when_that_is_in_doubt() {
    let garmin = FLOWS
        .iter()
        .find(|flow| flow.door.name == "garmin")
        .unwrap();
    let visit = Flow::open(&[garmin]).await;
    let world = &visit.world;
    assert_eq!(garmin.connect(&visit).await.status, 200);
    visit.bring(garmin.door, 0).await;
    assert_eq!(world.look_back().await["asked"], 0, "there is no doubt");
    let deregister = async |salt: u32| {
        let genuine = (garmin.door.tells)(&Told {
            api: &visit.api,
            account: Some(garmin.door.account),
            activity: Some(garmin.door.activity),
            changes: 0,
        });
        let account = garmin.door.account;
        let body = json!({"deregistrations": [{"userId": account, "salt": salt}]}).to_string();
        let told = visit.post(garmin.door, &Post { body, ..genuine }).await;
        assert_eq!(told.body["outcome"], "noted", "{told:?}");
    };
    let workouts = "SELECT to_jsonb(count(*)) FROM workouts WHERE provider = 'garmin'";

    deregister(1).await;
    let pass = world.look_back().await;
    assert_eq!(
        (&pass["asked"], &pass["unanswered"]),
        (&json!(1), &json!(0))
    );
    assert_eq!(world.rows(workouts).await, [json!(1)]);

    let asked = "GET /wellness-api/rest/user/id";
    visit.api.always(asked, Reply::status(401));
    visit.api.always(REFRESH, Reply::status(400));
    deregister(2).await;
    world.look_back().await;

    assert_eq!(world.rows(workouts).await, [json!(0)]);
    let receipts = receipts(world).await;
    assert_eq!(
        (&receipts[0]["why"], &receipts[0]["rows"]["workouts"]),
        (&json!("deauthorised"), &json!(1))
    );
    visit.stop().await;
}
