//! Hevy's door and what it brings.

use super::super::receive;
use super::super::testing::{
    Stub, announced, assert_no_list_is_read, brought as fetched, configured, hex_hmac, listed,
    post, refused, verdict,
};
use super::*;

const EVENT: &str =
    r#"{"id":"evt-5d1","payload":{"workoutId":"3f0c6a5e-0b0e-4a1e-9c86-2c3b0a9f7b11"}}"#;

fn hevy(secrets: &[&str]) -> Hevy {
    configured(serde_json::json!({ "secrets": secrets }))
}

fn by(token: &str) -> Request {
    post("/webhooks/hevy", &[("authorization", token)], EVENT)
}

fn token_of(secret: &str, account: &str) -> String {
    format!("{account}.{}", hex_hmac(secret, &[account]))
}

/// P-02
#[test]
fn a_token_speaks_for_its_own_account_alone() {
    let known = hevy(&["k-0", "k-1"]);
    for secret in ["k-0", "k-1"] {
        assert_eq!(verdict(&known, &by(&token_of(secret, "a.7"))), "believed");
    }
    let mine = token_of("k-1", "a-7");
    let stolen = mine.replace("a-7", "a-8");
    for wrong in [
        &stolen,
        &mine[..mine.len() - 2],
        &token_of("k-2", "a-7"),
        "a-7",
        "a-7.",
        "",
    ] {
        assert_eq!(verdict(&known, &by(wrong)), "signature_invalid", "{wrong}");
    }
    let bare = post("/webhooks/hevy", &[], EVENT);
    assert_eq!(verdict(&known, &bare), "signature_missing");
    for nobody in [hevy(&[]), hevy(&[""])] {
        assert_eq!(
            verdict(&nobody, &by(&token_of("", "a-7"))),
            "signature_invalid"
        );
    }
}

#[test]
fn a_workout_is_announced_for_the_tokens_account_and_the_token_is_not_kept() {
    let (headers, items) = receive(&hevy(&["k-1"]), &by(&token_of("k-1", "a-7"))).unwrap();
    let id = "3f0c6a5e-0b0e-4a1e-9c86-2c3b0a9f7b11";
    assert_eq!(announced(&items[0]), ("a-7", id, Change::Create));
    assert_eq!(items[0].delivery_id, "evt-5d1");
    assert_eq!(
        headers,
        Headers::from([(ACCOUNT.to_owned(), "a-7".to_owned())])
    );
}

/// P-09, P-10
#[test]
fn what_is_missing_or_wrong_is_named_by_a_code() {
    assert_eq!(refused(&hevy(&[]), "x"), (400, "malformed"));
    assert_eq!(refused(&hevy(&[]), EVENT), (400, "athlete_missing"));
    let code = |body: &str| {
        let headers = Headers::from([(ACCOUNT.to_owned(), "a".to_owned())]);
        let body = body.as_bytes();
        let delivery = Delivery {
            headers: &headers,
            body,
        };
        let problem = hevy(&[]).read(delivery).unwrap_err();
        (problem.status().as_u16(), problem.code())
    };
    assert_eq!(code(r#"{"id":"e"}"#), (400, "activity_id_missing"));
    assert_eq!(
        code(r#"{"payload":{"workoutId":""}}"#),
        (400, "activity_id_missing")
    );
    assert_eq!(
        code(r#"{"payload":{"workoutId":"a\u0000"}}"#),
        (422, "invalid")
    );
}

#[test]
fn a_workout_is_its_sets_in_order_each_of_its_kind() {
    let workout = r#"{"id":"w","title":"Push","start_time":"2026-10-21T17:00:00+00:00",
        "end_time":"2026-10-21T18:00:59+00:00","exercises":[
        {"index":0,"title":"Bench Press (Barbell)","sets":[
            {"index":0,"type":"warmup","weight_kg":40,"reps":10},
            {"index":1,"type":"normal","weight_kg":82.5,"reps":5,"rpe":8.5},
            {"index":2,"type":"failure","weight_kg":-5,"reps":70000},
            {"index":3,"type":"dropset","rpe":12},{"index":4,"type":"of next year"}]},
        {"index":1,"title":"Plank","sets":[{"type":"normal","duration_seconds":61.5,"reps":null}]},
        {"index":2,"title":"Carry","sets":[{"distance_meters":40,"weight_kg":32}]}]}"#;
    let stub = Stub::serving(&[("/workouts/w", 200, workout)]);
    let fetched_workout = stub.fetch(HevyApi, "w", None);
    assert!(
        matches!(&fetched_workout, Ok(Fetched::Brought { name: Some(name), .. }) if name == "Push")
    );
    let (strength, more_later) = fetched(fetched_workout);
    assert!(!more_later);
    assert_eq!(
        (strength.sport, strength.totals.elapsed_s),
        (Sport::Strength, Some(3659.0))
    );
    assert_eq!(strength.utc_offset_s, None);
    let sets: Vec<_> = strength
        .sets
        .iter()
        .map(|set| (set.reps, set.weight_kg, set.duration_s))
        .collect();
    assert_eq!(
        sets,
        [
            (Some(10), Some(40.0), None),
            (Some(5), Some(82.5), None),
            (None, None, None),
            (None, None, None),
            (None, None, None),
            (None, None, Some(61.5)),
            (None, Some(32.0), None),
        ]
    );
    let kinds: Vec<_> = strength.sets.iter().map(StrengthSet::counts_as).collect();
    assert_eq!(
        kinds,
        [
            SetKind::Warmup,
            SetKind::Normal,
            SetKind::Amrap,
            SetKind::Drop,
            SetKind::Normal,
            SetKind::Timed,
            SetKind::Distance,
        ]
    );
    assert_eq!(strength.sets[1].rpe, Some(8.5));
    assert_eq!(strength.sets[3].rpe, None);
    assert_eq!(strength.sets[5].category.as_deref(), Some("Plank"));
    let asked = stub.asked();
    assert!(asked[0].contains("api-key: t-1"), "{asked:?}");
    assert!(!asked[0].contains("authorization"), "{asked:?}");
    assert_eq!(
        Stub::serving(&[]).fetch(HevyApi, "w", None).unwrap(),
        Fetched::Gone
    );
}

#[test]
fn events_tell_what_was_saved_edited_and_deleted_page_by_page() {
    let of = |next, events: &str| {
        let page = format!(r#"{{"page":2,"page_count":3,"events":[{events}]}}"#);
        let stub = Stub::serving(&[("/workouts/events", 200, &page)]);
        (stub.list(HevyApi, Some(next)).unwrap(), stub.last_query())
    };
    let events = r#"{"type":"updated","workout":{"id":"w-1","start_time":"2026-10-21T05:00:00Z",
            "updated_at":"2026-10-22T05:00:00Z","exercises":[]}},
        {"type":"deleted","id":"w-2","deleted_at":"2026-10-22T06:00:00Z"},
        {"type":"deleted"},{"type":"deleted","id":"../w"},{"type":"shared","id":"w-3"},
        {"type":"updated","id":"w-4"},{},null"#;
    let (page, query) = of("2", events);
    assert_eq!(
        listed(&page),
        [
            ("w-1", "2026-10-21T05:00:00+00:00".to_owned()),
            ("w-2", "deleted".to_owned())
        ]
    );
    let changed = "2026-10-22T05:00:00Z".parse().ok();
    let first = &page.listed[0];
    assert!(matches!(first, Listed::There { changed_at, .. } if *changed_at == changed));
    assert_eq!(page.next.as_deref(), Some("3"));
    assert_eq!(query, "since=2026-10-20T00%3A00%3A00Z&page=2&pageSize=10");

    assert_eq!(of("3", events).0.next, None, "the last page");
    assert_eq!(of("2", "").0, Page::default());
    assert_no_list_is_read(HevyApi, "/workouts/events");
}
