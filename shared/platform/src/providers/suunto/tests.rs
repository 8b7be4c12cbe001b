//! Suunto's door and what it brings.

use super::super::testing::{
    FILE, Stub, announced, assert_forgeries_are_refused, assert_no_list_is_read,
    brought as fetched, configured, hex_hmac, listed, post, read, refused, verdict,
};
use super::*;
use domain::local_date::local_date;

const EVENT: &str = r#"{"type":"WORKOUT_CREATED","username":"runner42",
    "workout":{"workoutKey":"652f","activityId":1,"startTime":1792530000000},
    "gear":{"name":"Suunto Race"}}"#;
const WORKOUT: &str = r#"{"workoutKey":"652f","activityId":22,"startTime":1792535400000,
    "totalTime":1800.0,"totalDistance":5010,"totalAscent":42,"totalDescent":40,"maxSpeed":4.1,
    "energyConsumption":410,"timeOffsetInMinutes":120,
    "hrdata":{"workoutAvgHR":2.5,"workoutMaxHR":171,"max":190}}"#;

fn suunto(secrets: &[&str]) -> Suunto {
    configured(serde_json::json!({ "secrets": secrets }))
}

/// P-02
#[test]
fn a_forged_event_is_refused_by_code() {
    let signed = |signature: Option<&str>, body: &str| {
        let header = signature.map(|signature| (SIGNATURE_HEADER, signature));
        post("/webhooks/suunto", header.as_slice(), body)
    };
    let of = |key: &str| hex_hmac(key, &[EVENT]);
    assert_forgeries_are_refused(
        &suunto(&["k-0", "k-1"]),
        &of("k-1"),
        &of("k-2"),
        EVENT,
        signed,
    );
    for nobody in [suunto(&[]), suunto(&[""])] {
        assert_eq!(
            verdict(&nobody, &signed(Some(&of("")), EVENT)),
            "signature_invalid"
        );
    }
}

#[test]
fn only_workouts_are_announced() {
    let items = read(&suunto(&[]), EVENT).unwrap();
    assert_eq!(announced(&items[0]), ("runner42", "652f", Change::Create));
    assert_eq!(items[0].delivery_id, "WORKOUT_CREATED:652f");
    for kind in ["ROUTE_CREATED", "SUUNTO_247_SLEEP_CREATED"] {
        assert!(
            read(&suunto(&[]), &EVENT.replace("WORKOUT_CREATED", kind))
                .unwrap()
                .is_empty()
        );
    }
}

/// P-09, P-10
#[test]
fn what_is_missing_or_wrong_is_named_by_a_code() {
    let code = |from: &str, to: &str| refused(&suunto(&[]), &EVENT.replace(from, to));
    assert_eq!(
        refused(&suunto(&[]), "type=WORKOUT_CREATED"),
        (400, "malformed")
    );
    assert_eq!(
        code(r#""username":"runner42","#, ""),
        (400, "athlete_missing")
    );
    assert_eq!(
        code(r#""workoutKey":"652f","#, ""),
        (400, "activity_id_missing")
    );
    assert_eq!(
        code(r#""workout":"#, r#""x":"#),
        (400, "activity_id_missing")
    );
    assert_eq!(code("652f", "6\\u0000"), (422, "invalid"));
}

/// P-15
#[test]
fn every_number_means_its_sport_and_no_other_is_a_run() {
    for (numbers, sport) in [
        (&[1, 22, 53, 59, 95, 103, 115][..], Sport::Run),
        (&[2, 10, 52, 99, 105, 106, 109, 114], Sport::Ride),
        (&[21, 85], Sport::Swim),
        (&[23, 54, 63, 73, 104], Sport::Strength),
        (&[0, 24], Sport::Walk),
        (&[11, 65, 70, 83], Sport::Hike),
        (&[15, 57], Sport::Row),
        (&[3, 13, 30, 31, 56, 84, 107, 110, 117, 118], Sport::Ski),
        (&[51, 58, 112, 120, 121], Sport::Mobility),
        (&[4, 12, 20, 26, 122, 4_000_000_000], Sport::Other),
    ] {
        for number in numbers {
            assert_eq!(from_number(SPORTS, *number).0, sport, "{number}");
        }
    }
}

/// P-16, P-17
#[test]
fn a_workout_is_its_file_or_without_one_its_totals() {
    let wrapped = format!(r#"{{"error":null,"payload":{WORKOUT}}}"#);
    let (path, fit) = ("/workouts/652f", "/workouts/652f/fit");
    let stub = Stub::serving(&[(path, 200, &wrapped), (fit, 200, FILE)]);
    let (file, more_later) = fetched(stub.fetch(SuuntoApi, "652f", None));
    assert_eq!(
        (file.samples(), file.utc_offset_s, more_later),
        (2, Some(7200), false)
    );
    for head in stub.asked() {
        assert!(head.contains("ocp-apim-subscription-key: k-1"), "{head}");
        assert!(head.contains("authorization: Bearer t-1"), "{head}");
    }

    let stub = Stub::serving(&[(path, 200, WORKOUT)]);
    let (totals, more_later) = fetched(stub.fetch(SuuntoApi, "652f", None));
    assert!(more_later);
    assert_eq!(
        (totals.sport, totals.sub_sport.as_deref()),
        (Sport::Run, Some("trail_running"))
    );
    let rates = (totals.totals.avg_hr_bpm, totals.totals.max_hr_bpm);
    assert_eq!(rates, (Some(150.0), Some(171.0)));
    let date = local_date(totals.start_utc, totals.utc_offset_s, None);
    assert_eq!(date.to_string(), "2026-10-21");

    let seconds = WORKOUT.replace("1792535400000", "1792535400");
    let stub = Stub::serving(&[(path, 200, &seconds)]);
    assert!(matches!(
        stub.fetch(SuuntoApi, "652f", None),
        Err(Refusal::Unusable(_))
    ));
    assert_eq!(
        Stub::serving(&[]).fetch(SuuntoApi, "652f", None).unwrap(),
        Fetched::Gone
    );
}

#[test]
fn workouts_are_listed_by_their_start_a_hundred_at_a_time() {
    let of = |rows: &str| {
        let page = format!(r#"{{"error":null,"payload":[{rows}],"metadata":{{}}}}"#);
        let stub = Stub::serving(&[("/workouts", 200, &page)]);
        (stub.list(SuuntoApi, Some("2")).unwrap(), stub.last_query())
    };
    let (page, query) = of(
        r#"{"workoutKey":"652f","startTime":1792558800000},{"workoutKey":"652g"},null,
        {"workoutKey":"652h","startTime":1792558800},{"workoutKey":"a/b","startTime":1792558800000}"#,
    );
    assert_eq!(
        listed(&page),
        [("652f", "2026-10-21T05:00:00+00:00".to_owned())]
    );
    assert_eq!(page.next.as_deref(), Some("3"));
    let expected = "since=1792454400000&limit=100&offset=100&filter-by-modification-time=false";
    assert_eq!(query, expected);
    assert_eq!(of("").0, Page::default());
    assert_no_list_is_read(SuuntoApi, "/workouts");
}
