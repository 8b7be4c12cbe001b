//! Wahoo's door and what it brings.

use super::super::testing::{
    FILE, Stub, announced, assert_no_list_is_read, brought as fetched, configured, listed, post,
    read, refused, verdict,
};
use super::*;
use domain::local_date::local_date;

const EVENT: &str = r#"{"event_type":"workout_summary","webhook_token":"tok-93",
    "user":{"id":60462},"workout_summary":{"id":8297,"created_at":"2026-10-21T06:10:00.000Z",
    "updated_at":"2026-10-21T06:12:00.000Z","file":{"url":"https://cdn.wahooligan.com/8297.fit"},
    "workout":{"id":4711,"starts":"2026-10-21T05:00:00.000Z"}}}"#;

fn wahoo(tokens: &[&str]) -> Wahoo {
    configured(serde_json::json!({ "tokens": tokens }))
}

fn workout(summary: &str) -> String {
    format!(
        r#"{{"id":4711,"starts":"2026-10-20T22:30:00.000Z","minutes":60,"name":"Tempo",
            "workout_type_id":4,"workout_summary":{summary}}}"#
    )
}

const SUMMARY: &str = r#"{"id":8297,"ascent_accum":"142.0","cadence_avg":"84.0",
    "distance_accum":"30211.7","duration_active_accum":"3540.0","duration_total_accum":"3601.0",
    "heart_rate_avg":null,"power_avg":192,"time_zone":"Europe/Berlin","manual":false"#;

/// P-02
#[test]
fn only_a_body_that_holds_our_token_is_believed() {
    let of =
        |tokens: &[&str], body: &str| verdict(&wahoo(tokens), &post("/webhooks/wahoo", &[], body));
    assert_eq!(of(&["tok-93"], EVENT), "believed");
    assert_eq!(of(&["new", "tok-93"], EVENT), "believed");
    assert_eq!(of(&["tok-94"], EVENT), "signature_invalid");
    assert_eq!(of(&["tok-9"], EVENT), "signature_invalid");
    assert_eq!(of(&[], EVENT), "signature_invalid");
    assert_eq!(of(&[""], &EVENT.replace("tok-93", "")), "signature_invalid");
    for body in [
        "not json",
        "{}",
        r#"{"webhook_token":null}"#,
        r#"{"webhook_token":["tok-93"]}"#,
    ] {
        assert_eq!(of(&["tok-93"], body), "signature_missing", "{body}");
    }
}

#[test]
fn a_summary_is_announced_and_kept_without_the_token() {
    let item = &read(&wahoo(&[]), EVENT).unwrap()[0];
    assert_eq!(announced(item), ("60462", "4711", Change::Update));
    assert_eq!(item.delivery_id, "workout_summary:8297:1792563120000");
    let alone = String::from_utf8(item.alone.clone().unwrap()).unwrap();
    assert!(!alone.contains("tok-93"), "{alone}");
    assert_eq!(&read(&wahoo(&[]), &alone).unwrap()[0], item);

    let first = EVENT
        .replace("06:12", "06:10")
        .replace("event_type", "event");
    let item = &read(&wahoo(&[]), &first).unwrap()[0];
    assert_eq!(announced(item), ("60462", "4711", Change::Create));
    assert!(
        read(&wahoo(&[]), r#"{"event_type":"route"}"#)
            .unwrap()
            .is_empty()
    );
}

/// P-09, P-10
#[test]
fn what_is_missing_or_wrong_is_named_by_a_code() {
    let code = |from: &str, to: &str| refused(&wahoo(&[]), &EVENT.replace(from, to));
    assert_eq!(refused(&wahoo(&[]), "x"), (400, "malformed"));
    assert_eq!(code(r#"{"id":60462}"#, "{}"), (400, "athlete_missing"));
    assert_eq!(code(r#""id":4711,"#, ""), (400, "activity_id_missing"));
    assert_eq!(
        code(r#""id":4711,"#, r#""id":"4\u0000","#),
        (422, "invalid")
    );
    assert_eq!(
        code("2026-10-21T06:12", "2126-10-21T06:12"),
        (422, "invalid")
    );
    let bare = r#"{"event_type":"workout_summary","user":{"id":1}}"#;
    assert_eq!(refused(&wahoo(&[]), bare), (400, "activity_id_missing"));
}

/// P-15
#[test]
fn every_number_means_its_sport_and_no_other_is_a_run() {
    for (numbers, sport) in [
        (&[1, 3, 4, 5, 19, 67, 71][..], Sport::Run),
        (
            &[0, 11, 12, 13, 14, 15, 16, 49, 61, 64, 68, 70],
            Sport::Ride,
        ),
        (&[9, 10], Sport::Hike),
        (&[25, 26], Sport::Swim),
        (&[28, 29, 30, 37], Sport::Ski),
        (&[2, 6, 42, 255, 999], Sport::Other),
    ] {
        for number in numbers {
            assert_eq!(from_number(SPORTS, *number).0, sport, "{number}");
        }
    }
    let finer = |number| from_number(SPORTS, number).1;
    assert_eq!(
        (finer(25).as_deref(), finer(42).as_deref()),
        (Some("lap_swimming"), Some("sport_42"))
    );
}

/// P-16
#[test]
fn a_workout_is_its_file_or_without_one_its_totals() {
    let with = |file: &str| workout(&format!(r#"{SUMMARY}{file}}}"#));
    let of = |file: &str| {
        let answers = with(file);
        let stub = Stub::serving(&[
            ("/workouts/4711", 200, &answers),
            ("/f", 200, FILE),
            ("/bad", 200, "x"),
        ]);
        fetched(stub.fetch(WahooApi, "4711", None))
    };
    let (file, more_later) = of(r#","file":{"url":"{base}/f"}"#);
    assert_eq!(
        (file.samples(), file.utc_offset_s, more_later),
        (2, Some(7200), false)
    );

    let (totals, more_later) = of("");
    assert!(more_later);
    assert_eq!(
        (totals.sport, totals.sub_sport.as_deref()),
        (Sport::Run, Some("trail"))
    );
    assert_eq!(totals.totals.distance_m, Some(30_211.7));
    assert_eq!(
        (totals.totals.avg_power_w, totals.totals.avg_hr_bpm),
        (Some(192.0), None)
    );
    assert_eq!(totals.totals.avg_cadence, None);
    let date = local_date(totals.start_utc, totals.utc_offset_s, None);
    assert_eq!(date.to_string(), "2026-10-21");

    let (unreadable, more_later) = of(r#","file":{"url":"{base}/bad"}"#);
    assert_eq!((unreadable.samples(), more_later), (0, false));
    assert!(of(r#","file":{"url":"{base}/ended"}"#).1);
}

#[test]
fn what_is_not_there_yet_is_not_ready_and_files_come_only_from_wahoo() {
    let of =
        |body: &str| Stub::serving(&[("/workouts/4711", 200, body)]).fetch(WahooApi, "4711", None);
    assert_eq!(of(&workout("null")).unwrap(), Fetched::NotReady);
    assert_eq!(
        Stub::serving(&[]).fetch(WahooApi, "4711", None).unwrap(),
        Fetched::Gone
    );
    let inside = workout(&format!(
        r#"{SUMMARY},"file":{{"url":"http://169.254.169.254/"}}}}"#
    ));
    assert!(matches!(of(&inside), Err(Refusal::Unusable(_))));
}

#[test]
fn workouts_are_listed_until_they_are_older_than_what_is_looked_for() {
    let of = |rows: &str| {
        let page = format!(r#"{{"workouts":[{rows}],"total":95,"page":2,"per_page":30}}"#);
        let stub = Stub::serving(&[("/workouts", 200, &page)]);
        (stub.list(WahooApi, Some("2")).unwrap(), stub.last_query())
    };
    let recent = r#"{"id":4711,"starts":"2026-10-21T05:00:00.000Z","minutes":60}"#;
    let (page, query) = of(recent);
    assert_eq!(
        listed(&page),
        [("4711", "2026-10-21T05:00:00+00:00".to_owned())]
    );
    assert_eq!(page.next.as_deref(), Some("3"));
    assert_eq!(query, "page=2&per_page=30");

    // Older, planned, without a summary yet, hostile.
    let (page, _) = of(&format!(
        r#"{{"id":1,"starts":"2099-01-01T05:00:00.000Z"}},
        {{"id":2,"starts":"2026-10-21T06:00:00.000Z","workout_summary":null}},
        {{"id":"../3","starts":"2026-10-21T06:00:00.000Z"}},{{"id":[]}},null,{recent},
        {{"id":4,"starts":"2026-10-19T05:00:00.000Z"}}"#
    ));
    assert_eq!(listed(&page).len(), 1, "{page:?}");
    assert_eq!(page.next, None);
    assert_eq!(of("").0, Page::default());
    assert_no_list_is_read(WahooApi, "/workouts");
}

/// P-73
#[test]
fn every_limit_is_heard() {
    let told = |limit: &'static str, remaining: &'static str| -> Vec<(u64, u32, u32)> {
        let mut headers = HeaderMap::new();
        headers.insert("x-ratelimit-limit", limit.parse().unwrap());
        headers.insert("x-ratelimit-remaining", remaining.parse().unwrap());
        let usage = WahooApi(ApiSettings::default()).usage(&headers);
        let usage = usage.iter();
        usage
            .map(|usage| (usage.length.as_secs(), usage.most, usage.used))
            .collect()
    };
    // As the documents show it: a day, an hour, five minutes.
    assert_eq!(
        told("5000, 1000, 200", "4800, 800, 0"),
        [(86_400, 5000, 200), (3600, 1000, 200), (300, 200, 200)]
    );
    assert_eq!(told("many", "1"), []);
    assert_eq!(told("5000, 1000, 200", "-1"), []);
    assert_eq!(told("25", "30"), [(86_400, 25, 0)]);
}
