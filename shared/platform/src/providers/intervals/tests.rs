//! Intervals.icu's door and what it brings.

use super::super::testing::{
    FILE, Stub, announced, assert_no_list_is_read, brought as fetched, configured, listed, post,
    read, refused, verdict,
};
use super::*;
use domain::local_date::local_date;
use domain::sport::Sport;

const EVENTS: &str = r#"{"secret":"s-1","events":[
    {"athlete_id":"i12345","type":"ACTIVITY_ANALYZED",
     "timestamp":"2026-10-21T07:05:00.000+00:00","activity":{"id":"i99887766","type":"Run"}},
    {"athlete_id":"i2","type":"ACTIVITY_UPLOADED","activity":{"id":7}},
    {"athlete_id":"i2","type":"CALENDAR_UPDATED","events":[],"deleted_events":[1]},
    {"type":"WELLNESS_UPDATED"}]}"#;

fn intervals(secrets: &[&str]) -> Intervals {
    configured(serde_json::json!({ "secrets": secrets }))
}

fn one(event: &str) -> String {
    format!(r#"{{"secret":"s-1","events":[{event}]}}"#)
}

/// P-02
#[test]
fn only_a_body_that_holds_our_secret_is_believed() {
    let of = |secrets: &[&str], body: &str| {
        verdict(&intervals(secrets), &post("/webhooks/intervals", &[], body))
    };
    assert_eq!(of(&["s-0", "s-1"], EVENTS), "believed");
    assert_eq!(of(&["s-2"], EVENTS), "signature_invalid");
    assert_eq!(of(&["s-"], EVENTS), "signature_invalid");
    assert_eq!(of(&[], EVENTS), "signature_invalid");
    assert_eq!(of(&[""], &EVENTS.replace("s-1", "")), "signature_invalid");
    for body in ["not json", r#"{"events":[]}"#, r#"{"secret":1}"#] {
        assert_eq!(of(&["s-1"], body), "signature_missing", "{body}");
    }
}

#[test]
fn only_activities_are_announced_and_kept_without_the_secret() {
    let items = read(&intervals(&[]), EVENTS).unwrap();
    assert_eq!(items.len(), 2);
    assert_eq!(
        announced(&items[0]),
        ("i12345", "i99887766", Change::Update)
    );
    assert_eq!(announced(&items[1]), ("i2", "7", Change::Create));
    assert_eq!(
        items[0].delivery_id,
        "ACTIVITY_ANALYZED:i99887766:1792566300000"
    );
    for item in items {
        let alone = String::from_utf8(item.alone.clone().unwrap()).unwrap();
        assert!(!alone.contains("s-1"), "{alone}");
        assert_eq!(read(&intervals(&[]), &alone).unwrap(), [item]);
    }
}

/// P-09, P-10
#[test]
fn what_is_missing_or_wrong_is_named_by_a_code() {
    let code = |event: &str| refused(&intervals(&[]), &one(event));
    assert_eq!(refused(&intervals(&[]), "x"), (400, "malformed"));
    assert_eq!(refused(&intervals(&[]), "{}"), (422, "invalid"));
    let uploaded = r#"{"type":"ACTIVITY_UPLOADED""#;
    assert_eq!(
        code(&format!(r#"{uploaded},"activity":{{"id":1}}}}"#)),
        (400, "athlete_missing")
    );
    assert_eq!(
        code(&format!(r#"{uploaded},"athlete_id":"i1"}}"#)),
        (400, "activity_id_missing")
    );
    let nul = format!(r#"{uploaded},"athlete_id":"i1","activity":{{"id":"a\u0000"}}}}"#);
    assert_eq!(code(&nul), (422, "invalid"));
    let next_century = format!(
        r#"{uploaded},"athlete_id":"i1","timestamp":"2126-10-21T07:05:00.000+00:00",
            "activity":{{"id":"i9"}}}}"#
    );
    assert_eq!(code(&next_century), (422, "invalid"));
    assert_eq!(code("3"), (422, "invalid"));
}

const DETAIL: &str = r#"{"id":"i9","name":"Evening","type":"TrailRun",
    "start_date":"2026-10-20T22:30:00Z","start_date_local":"2026-10-21T00:30:00",
    "elapsed_time":70,"moving_time":60,"average_cadence":82.5,"icu_average_watts":210}"#;
const STREAMS: &str = r#"[{"type":"time","data":[0,10,20]},
    {"type":"latlng","data":[52.1,null,52.3],"data2":[13.1,null,13.3]},
    {"type":"cadence","data":[80,81,null]},{"type":"heartrate","data":[120,130]},
    {"type":"device","data":["a"]}]"#;

/// P-16, P-17
#[test]
fn the_original_file_is_taken_first_and_the_streams_stand_in_for_it() {
    let (path, file, streams) = (
        "/activity/i9",
        "/activity/i9/file",
        "/activity/i9/streams.json",
    );
    let of = |answers: &[(&str, u16, &str)]| {
        let stub = Stub::serving(answers);
        fetched(stub.fetch(IntervalsApi, "i9", None)).0
    };
    let detail = (path, 200, DETAIL);
    let original = of(&[detail, (file, 200, FILE), (streams, 200, STREAMS)]);
    assert_eq!((original.samples(), original.utc_offset_s), (2, Some(7200)));

    for answers in [
        &[detail, (streams, 200, STREAMS)][..],
        &[detail, (file, 200, "{}"), (streams, 200, STREAMS)],
    ] {
        let run = of(answers);
        assert_eq!(
            (run.sport, run.sub_sport.as_deref()),
            (Sport::Run, Some("trail_run"))
        );
        assert_eq!(run.time_s, [0.0, 10.0, 20.0]);
        assert_eq!(
            (run.latitude.get(2), run.longitude.get(2)),
            (Some(52.3), Some(13.3))
        );
        assert_eq!(
            (run.cadence.get(0), run.totals.avg_cadence),
            (Some(160.0), Some(165.0))
        );
        assert_eq!(run.hr_bpm.get(0), None);
        let date = local_date(run.start_utc, run.utc_offset_s, None);
        assert_eq!(date.to_string(), "2026-10-21");
    }
    assert_eq!(of(&[detail]).samples(), 0);
    assert_eq!(
        Stub::serving(&[]).fetch(IntervalsApi, "i9", None).unwrap(),
        Fetched::Gone
    );
}

#[test]
fn activities_are_listed_since_a_date_that_no_time_zone_hides() {
    let path = "/athlete/a-1/activities";
    // What came from Strava is named, and not shown.
    let rows = r#"[{"id":"i1","start_date":"2026-10-21T05:00:00Z","start_date_local":"x"},
        {"id":"2","start_date_local":"2026-10-21T07:00:00","source":"STRAVA","_note":"…"},
        {"start_date":"2026-10-21T05:00:00Z"},{"id":"i\u0000","start_date":"2026-10-21T05:00:00Z"}]"#;
    let stub = Stub::serving(&[(path, 200, rows)]);
    let page = stub.list(IntervalsApi, None).unwrap();
    assert_eq!(
        listed(&page),
        [("i1", "2026-10-21T05:00:00+00:00".to_owned())]
    );
    assert_eq!(page.next, None);
    assert_eq!(stub.last_query(), "oldest=2026-10-19");
    assert_no_list_is_read(IntervalsApi, path);
}
