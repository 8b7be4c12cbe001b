//! Polar's door and what it brings.

use super::super::testing::{
    FILE, Stub, announced, assert_forgeries_are_refused, assert_no_list_is_read,
    brought as fetched, configured, hex_hmac, listed, post, read, refused, verdict,
};
use super::*;
use domain::local_date::local_date;

const EVENT: &str = r#"{"event":"EXERCISE","user_id":475,"entity_id":"aQlC83",
    "timestamp":"2026-10-21T07:02:11Z","url":"https://www.polaraccesslink.com/v3/exercises/aQlC83"}"#;

fn polar(secrets: &[&str]) -> Polar {
    configured(serde_json::json!({ "secrets": secrets }))
}

fn signed(signature: Option<&str>, body: &str) -> Request {
    let header = signature.map(|signature| (SIGNATURE_HEADER, signature));
    post("/webhooks/polar", header.as_slice(), body)
}

fn exercise(rest: &str) -> String {
    format!(
        r#"{{"id":"aQlC83","start_time":"2026-10-21T00:30:00","start_time_utc_offset":120,
            "duration":"PT1H2M3.5S","distance":5010.0,"calories":410,
            "heart_rate":{{"average":148,"maximum":171}},"sport":"OTHER"{rest}}}"#
    )
}

/// P-02
#[test]
fn a_forged_event_is_refused_by_code() {
    let of = |key: &str| hex_hmac(key, &[EVENT]);
    assert_forgeries_are_refused(
        &polar(&["k-0", "k-1"]),
        &of("k-1"),
        &of("k-2"),
        EVENT,
        signed,
    );
    for nobody in [polar(&[]), polar(&[""])] {
        assert_eq!(
            verdict(&nobody, &signed(Some(&of("")), EVENT)),
            "signature_invalid"
        );
    }
}

#[test]
fn a_ping_is_accepted_unsigned_and_does_nothing() {
    let ping = r#"{"timestamp":"2026-10-21T07:02:11Z","event":"PING"}"#;
    assert_eq!(verdict(&polar(&[]), &signed(None, ping)), "believed");
    assert_eq!(
        verdict(&polar(&["k"]), &signed(Some("00"), ping)),
        "believed"
    );
    assert!(read(&polar(&[]), ping).unwrap().is_empty());
    let long = format!(r#"{{"event":"PING","x":"{}"}}"#, "a".repeat(1024));
    assert_eq!(
        verdict(&polar(&["k"]), &signed(None, &long)),
        "signature_missing"
    );
}

#[test]
fn only_exercises_are_announced() {
    let items = read(&polar(&[]), EVENT).unwrap();
    assert_eq!(announced(&items[0]), ("475", "aQlC83", Change::Create));
    assert_eq!(items[0].delivery_id, "EXERCISE:aQlC83:1792566131");
    for kind in ["SLEEP", "ACTIVITY_SUMMARY", "CONTINUOUS_HEART_RATE"] {
        assert!(
            read(&polar(&[]), &EVENT.replace("EXERCISE", kind))
                .unwrap()
                .is_empty()
        );
    }
}

/// P-09, P-10
#[test]
fn what_is_missing_or_wrong_is_named_by_a_code() {
    let code = |from: &str, to: &str| refused(&polar(&[]), &EVENT.replace(from, to));
    assert_eq!(refused(&polar(&[]), "x"), (400, "malformed"));
    assert_eq!(refused(&polar(&[]), "{}"), (422, "invalid"));
    assert_eq!(code(r#""user_id":475,"#, ""), (400, "athlete_missing"));
    assert_eq!(
        code(r#""entity_id":"aQlC83","#, ""),
        (400, "activity_id_missing")
    );
    assert_eq!(code("aQlC83", "a\\u0000"), (422, "invalid"));
    assert_eq!(code("2026-10-21T07", "2126-10-21T07"), (422, "invalid"));
}

/// P-15
#[test]
fn every_word_means_its_sport_and_no_other_is_a_run() {
    for (sport, words) in SPORTS {
        for word in *words {
            assert_eq!(kind(word, "OTHER").0, *sport, "{word}");
        }
    }
    let finer = |sport, word: &str| (sport, Some(word.to_owned()));
    assert_eq!(kind("", "RUNNING"), (Sport::Run, None));
    assert_eq!(
        kind("RUNNING_TRAIL", "RUNNING"),
        finer(Sport::Run, "running_trail")
    );
    assert_eq!(
        kind("SWIMMING_POOL", "OTHER"),
        finer(Sport::Swim, "swimming_pool")
    );
    assert_eq!(
        kind("RUNNING_ON_ICE", "RUNNING"),
        finer(Sport::Run, "running_on_ice")
    );
    assert_eq!(
        kind("ORIENTEERING", "OTHER"),
        finer(Sport::Other, "orienteering")
    );
    assert_eq!(kind("HIIT", "OTHER"), finer(Sport::Other, "hiit"));
    assert_eq!(kind("", "OTHER"), (Sport::Other, None));
}

/// P-16
#[test]
fn the_file_is_taken_first_and_the_totals_stand_in_for_it() {
    let body = exercise(r#","detailed_sport_info":"RUNNING_TRAIL""#);
    let of = |files: &[(&str, u16, &str)]| {
        let mut answers = vec![("/exercises/aQlC83", 200, body.as_str())];
        answers.extend(files);
        let stub = Stub::serving(&answers);
        fetched(stub.fetch(PolarApi, "aQlC83", None)).0
    };
    let (fit, tcx) = ("/exercises/aQlC83/fit", "/exercises/aQlC83/tcx");
    for file in [
        of(&[(fit, 200, FILE)]),
        of(&[(fit, 204, ""), (tcx, 200, FILE)]),
    ] {
        assert_eq!((file.samples(), file.utc_offset_s), (2, Some(7200)));
    }
    for totals in [of(&[]), of(&[(fit, 200, "x")])] {
        assert_eq!(
            (totals.samples(), totals.totals.elapsed_s),
            (0, Some(3723.5))
        );
        assert_eq!(
            (totals.sport, totals.totals.max_hr_bpm),
            (Sport::Run, Some(171.0))
        );
        assert_eq!(totals.start_utc.to_rfc3339(), "2026-10-20T22:30:00+00:00");
        let date = local_date(totals.start_utc, totals.utc_offset_s, None);
        assert_eq!(date.to_string(), "2026-10-21");
    }
    assert_eq!(
        Stub::serving(&[]).fetch(PolarApi, "a", None).unwrap(),
        Fetched::Gone
    );
}

#[test]
fn a_duration_is_read_as_far_as_it_goes() {
    for (text, seconds) in [
        ("PT1H2M3.5S", Some(3723.5)),
        ("PT59S", Some(59.0)),
        ("PT2H", Some(7200.0)),
        ("PT", Some(0.0)),
        ("P1D", None),
        ("PT1X", None),
        ("PT-S", None),
    ] {
        assert_eq!(duration_s(text), seconds, "{text}");
    }
}

#[test]
fn exercises_of_the_last_month_are_listed_by_their_local_start() {
    let rows = r#"[{"id":"aQlC83","start_time":"2026-10-21T00:30:00","start_time_utc_offset":120},
        {"id":"b","start_time":"yesterday"},{"start_time":"2026-10-21T00:30:00"},
        {"id":"../c","start_time":"2026-10-21T00:30:00"},
        {"id":"d","start_time":"2026-10-21T00:30:00","start_time_utc_offset":2147483647}]"#;
    let stub = Stub::serving(&[("/exercises", 200, rows)]);
    let page = stub.list(PolarApi, None).unwrap();
    assert_eq!(
        listed(&page),
        [("aQlC83", "2026-10-20T22:30:00+00:00".to_owned())]
    );
    assert_eq!(
        (page.next.as_deref(), stub.last_query().as_str()),
        (None, "")
    );
    assert_no_list_is_read(PolarApi, "/exercises");
}
