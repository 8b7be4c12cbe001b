//! WHOOP's door and what it brings.

use super::super::testing::{
    Stub, announced, assert_forgeries_are_refused, assert_no_list_is_read, brought as fetched,
    configured, hmac, listed, post, read, refused, verdict,
};
use super::*;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use domain::local_date::local_date;

const EVENT: &str = r#"{"user_id":10129,"id":"8b6c-1","type":"workout.updated","trace_id":"d1f0"}"#;

fn whoop(secrets: &[&str]) -> Whoop {
    configured(serde_json::json!({ "secrets": secrets }))
}

fn sign(key: &str, time: &str, body: &str) -> String {
    STANDARD.encode(hmac(key, &[time, body]))
}

/// P-02
#[test]
fn a_forged_event_is_refused_by_code() {
    let known = whoop(&["k-0", "k-1"]);
    let signed_at = |time: &str, signature: Option<&str>, body: &str| {
        let mut headers = vec![(TIMESTAMP_HEADER, time)];
        headers.extend(signature.map(|signature| (SIGNATURE_HEADER, signature)));
        post("/webhooks/whoop", &headers, body)
    };
    let now = format!("{}123", unix_seconds());
    let of = |key: &str| sign(key, &now, EVENT);
    assert_forgeries_are_refused(&known, &of("k-1"), &of("k-2"), EVENT, |signature, body| {
        signed_at(&now, signature, body)
    });
    for nobody in [whoop(&[]), whoop(&[""])] {
        let request = signed_at(&now, Some(&of("")), EVENT);
        assert_eq!(verdict(&nobody, &request), "signature_invalid");
    }

    let at = |time: &str| {
        let signature = sign("k-1", time, EVENT);
        verdict(&known, &signed_at(time, Some(&signature), EVENT))
    };
    for away in [-302, 302] {
        assert_eq!(
            at(&format!("{}000", unix_seconds() + away)),
            "signature_expired"
        );
    }
    // Seconds are not milliseconds.
    assert_eq!(at(&unix_seconds().to_string()), "signature_expired");
    assert_eq!(at("soon"), "signature_invalid");
    let later = (unix_seconds() + 1).to_string();
    let moved = signed_at(&format!("{later}000"), Some(&of("k-1")), EVENT);
    assert_eq!(verdict(&known, &moved), "signature_invalid");
    let timeless = post("/webhooks/whoop", &[(SIGNATURE_HEADER, &of("k-1"))], EVENT);
    assert_eq!(verdict(&known, &timeless), "signature_missing");
}

#[test]
fn only_workouts_are_announced_also_when_they_are_deleted() {
    let of = |kind: &str| read(&whoop(&[]), &EVENT.replace("workout.updated", kind)).unwrap();
    let updated = of("workout.updated");
    assert_eq!(announced(&updated[0]), ("10129", "8b6c-1", Change::Update));
    assert_eq!(updated[0].delivery_id, "d1f0");
    assert_eq!(announced(&of("workout.deleted")[0]).2, Change::Delete);
    assert!(of("sleep.updated").is_empty() && of("recovery.deleted").is_empty());
    let untraced = read(&whoop(&[]), &EVENT.replace("trace_id", "x")).unwrap();
    assert_eq!(untraced[0].delivery_id, "workout.updated:8b6c-1");
}

/// P-09, P-10
#[test]
fn what_is_missing_or_wrong_is_named_by_a_code() {
    let code = |from: &str, to: &str| refused(&whoop(&[]), &EVENT.replace(from, to));
    assert_eq!(refused(&whoop(&[]), "x"), (400, "malformed"));
    assert_eq!(code(r#""user_id":10129,"#, ""), (400, "athlete_missing"));
    assert_eq!(code(r#""id":"8b6c-1","#, ""), (400, "activity_id_missing"));
    assert_eq!(code("8b6c-1", "a\\u0000"), (422, "invalid"));
    assert_eq!(code(r#""type":"workout.updated","#, ""), (422, "invalid"));
}

/// P-15
#[test]
fn every_word_means_its_sport_and_no_other_is_a_run() {
    for (sport, words) in SPORTS {
        for word in *words {
            assert_eq!(from_word(SPORTS, word).0, *sport, "{word}");
        }
    }
    for (word, sport, finer) in [
        ("running", Sport::Run, None),
        ("Track & Field", Sport::Run, Some("track_field")),
        ("hiking/rucking", Sport::Hike, Some("hiking_rucking")),
        ("spin", Sport::Ride, Some("spin")),
        (
            "Cross Country Skiing",
            Sport::Ski,
            Some("cross_country_skiing"),
        ),
        (
            "functional-fitness",
            Sport::Other,
            Some("functional_fitness"),
        ),
        ("hiit", Sport::Other, Some("hiit")),
        ("activity", Sport::Other, Some("activity")),
    ] {
        assert_eq!(
            from_word(SPORTS, word),
            (sport, finer.map(str::to_owned)),
            "{word}"
        );
    }
}

fn workout(rest: &str) -> String {
    format!(
        r#"{{"start":"2026-10-20T22:30:00.000Z","end":"2026-10-20T23:00:59.500Z",
            "timezone_offset":"+02:00","sport_name":"running"{rest}}}"#
    )
}

/// P-16
#[test]
fn a_scored_workout_is_its_totals_and_one_without_a_score_is_not_ready() {
    let of = |rest: &str| {
        let body = workout(rest);
        let stub = Stub::serving(&[("/v2/activity/workout/8b6c-1", 200, &body)]);
        stub.fetch(WhoopApi, "8b6c-1", None)
    };
    assert_eq!(
        of(r#","score_state":"PENDING_SCORE""#).unwrap(),
        Fetched::NotReady
    );

    let score = r#","score_state":"SCORED","score":{"average_heart_rate":148,"max_heart_rate":171,
        "kilojoule":1673.6,"distance_meter":5010.5,"altitude_gain_meter":null}"#;
    let (run, more_later) = fetched(of(score));
    assert!(!more_later);
    assert_eq!(
        (run.sport, run.totals.elapsed_s),
        (Sport::Run, Some(1859.5))
    );
    assert_eq!(
        (run.totals.distance_m, run.totals.avg_hr_bpm),
        (Some(5010.5), Some(148.0))
    );
    assert!(
        run.totals
            .calories_kcal
            .is_some_and(|kcal| (kcal - 400.0).abs() < 0.1)
    );
    let date = local_date(run.start_utc, run.utc_offset_s, None);
    assert_eq!(date.to_string(), "2026-10-21");

    let (unscored, _) = fetched(of(r#","score_state":"UNSCORABLE","score":null"#));
    assert_eq!(unscored.totals.avg_hr_bpm, None);
    assert_eq!(
        Stub::serving(&[]).fetch(WhoopApi, "a", None).unwrap(),
        Fetched::Gone
    );
}

#[test]
fn the_nearest_limit_is_heard() {
    let told = |limit: &'static str, remaining: &'static str| {
        let mut headers = HeaderMap::new();
        headers.insert("x-ratelimit-limit", limit.parse().unwrap());
        headers.insert("x-ratelimit-remaining", remaining.parse().unwrap());
        let usage = WhoopApi(ApiSettings::default()).usage(&headers);
        usage
            .first()
            .map(|usage| (usage.length.as_secs(), usage.most, usage.used))
    };
    let limits = "100, 100;window=60, 10000;window=86400";
    assert_eq!(told(limits, "98"), Some((60, 100, 2)));
    let daily = "10000, 100;window=60, 10000;window=86400";
    assert_eq!(told(daily, "0"), Some((86_400, 10_000, 10_000)));
    assert_eq!(told("many", "1"), None);
    assert_eq!(told(limits, "-1"), None);
}

#[test]
fn workouts_are_listed_by_the_token_of_the_page_before() {
    let path = "/v2/activity/workout";
    let of = |next, body: &str| {
        let stub = Stub::serving(&[(path, 200, body)]);
        (stub.list(WhoopApi, next).unwrap(), stub.last_query())
    };
    let (page, query) = of(
        None,
        r#"{"records":[{"id":"w-1","start":"2026-10-21T05:00:00.000Z",
            "updated_at":"2026-10-21T06:00:00.000Z"},{"id":"w-2"},[],
            {"id":"w/3","start":"2026-10-21T05:00:00.000Z"}],"next_token":"MTIz+/=&x"}"#,
    );
    let changed = "2026-10-21T06:00:00Z".parse().ok();
    let first = &page.listed[0];
    assert!(matches!(first, Listed::There { changed_at, .. } if *changed_at == changed));
    assert_eq!(
        listed(&page),
        [("w-1", "2026-10-21T05:00:00+00:00".to_owned())]
    );
    assert_eq!(query, "start=2026-10-20T00%3A00%3A00.000Z&limit=25");

    let next = page.next.as_deref();
    for last in [
        r#"{"records":[]}"#,
        r#"{"records":[],"next_token":null}"#,
        r#"{"records":[],"next_token":""}"#,
    ] {
        let (page, query) = of(next, last);
        assert_eq!(page, Page::default(), "{last}");
        assert!(query.ends_with("&nextToken=MTIz%2B%2F%3D%26x"), "{query}");
    }
    assert_no_list_is_read(WhoopApi, path);
}
