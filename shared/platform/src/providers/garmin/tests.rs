//! Garmin's door and what it brings.

use super::super::testing::{
    FILE, Stub, announced, brought as fetched, configured, post, read, refused, verdict,
};
use super::*;
use crate::providers::api::Refusal;
use domain::local_date::local_date;
use domain::recording::Recording;
use domain::sport::Sport;

const HEADER: (&str, &str) = (CLIENT_HEADER, "c-1");
const SUMMARY: &str = r#""userId":"u-7","summaryId":"5001","activityId":5001,
    "activityName":"Morning","activityType":"TRAIL_RUNNING","startTimeInSeconds":1792530000,
    "startTimeOffsetInSeconds":7200,"durationInSeconds":1789,"distanceInMeters":5010.4,
    "averageHeartRateInBeatsPerMinute":148,"averageRunCadenceInStepsPerMinute":166,
    "manual":false"#;

fn garmin() -> Garmin {
    configured(serde_json::json!({"client_ids": ["c-1"], "summaries": "all"}))
}

fn activities(elements: &str) -> String {
    format!(r#"{{"activities":[{elements}]}}"#)
}

/// Details of [`SUMMARY`] with these samples and laps.
fn details(samples: &str, laps: &str) -> String {
    let summary = SUMMARY.replace("\"userId\":\"u-7\",", "");
    format!(
        r#"{{"activityDetails":[{{"userId":"u-7","summaryId":"5001-detail","activityId":5001,
            "summary":{{{summary}}},"samples":[{samples}],"laps":{laps}}}]}}"#
    )
}

fn sample(second: i64, rest: &str) -> String {
    format!(
        r#"{{"startTimeInSeconds":{}{rest}}}"#,
        1_792_530_000 + second
    )
}

fn only(body: &str) -> Item {
    let mut items = read(&garmin(), body).unwrap();
    assert_eq!(items.len(), 1, "{body}");
    items.remove(0)
}

fn recording(item: Item) -> (String, Recording) {
    let About::Activity {
        id,
        event: Event::Brought { recording, .. },
    } = item.about
    else {
        panic!("nothing was brought: {item:?}")
    };
    (id, *recording)
}

/// P-02
#[test]
fn only_our_own_client_id_is_believed() {
    let body = activities("");
    let with = |garmin: &Garmin, path: &str, headers: &[(&str, &str)]| {
        verdict(garmin, &post(path, headers, &body))
    };
    let path = "/webhooks/garmin";
    assert_eq!(with(&garmin(), path, &[HEADER]), "believed");
    assert_eq!(with(&garmin(), path, &[]), "signature_missing");
    for wrong in ["c-2", "c-", "c-11", ""] {
        assert_eq!(
            with(&garmin(), path, &[(CLIENT_HEADER, wrong)]),
            "signature_invalid"
        );
    }
    let nobody = configured(serde_json::json!({}));
    assert_eq!(with(&nobody, path, &[HEADER]), "signature_invalid");

    let hidden = configured(serde_json::json!({"client_ids": ["c-1"], "path_secrets": ["p-1"]}));
    assert_eq!(with(&hidden, path, &[HEADER]), "signature_missing");
    assert_eq!(
        with(&hidden, "/webhooks/garmin/p-2", &[HEADER]),
        "signature_invalid"
    );
    assert_eq!(with(&hidden, "/webhooks/garmin/p-1", &[HEADER]), "believed");
    assert_eq!(
        with(&hidden, "/webhooks/garmin/p-1", &[]),
        "signature_missing"
    );
}

/// P-16
#[test]
fn totals_alone_are_an_activity_on_the_athletes_date() {
    let item = only(&activities(&format!("{{{SUMMARY}}}")));
    assert_eq!(
        (item.account.as_str(), item.delivery_id.as_str()),
        ("u-7", "activities:5001")
    );
    let (id, run) = recording(item);
    assert_eq!(id, "5001");
    assert_eq!(
        (run.sport, run.sub_sport.as_deref()),
        (Sport::Run, Some("trail_running"))
    );
    assert_eq!((run.samples(), run.totals.timer_s), (0, Some(1789.0)));
    assert_eq!(run.totals.distance_m, Some(5010.4));

    // 21:00 UTC on the 20th: another date where clocks are ahead far enough.
    let date = |offset: i32| {
        let text = SUMMARY.replace("7200", &offset.to_string());
        let (_, run) = recording(only(&activities(&format!("{{{text}}}"))));
        local_date(run.start_utc, run.utc_offset_s, None).to_string()
    };
    assert_eq!(date(7200), "2026-10-20");
    assert_eq!(date(10_800), "2026-10-21");
    assert_eq!(date(14 * 3600), "2026-10-21");
    assert_eq!(date(-12 * 3600), "2026-10-20");
}

/// P-17, P-19
#[test]
fn samples_are_one_canonical_series_with_their_own_cadence() {
    let samples = [
        sample(
            0,
            r#","heartRate":120,"stepsPerMinute":164,"totalDistanceInMeters":0.0,
            "latitudeInDegree":52.1,"longitudeInDegree":13.1,"elevationInMeters":31.2,
            "speedMetersPerSecond":2.5,"powerInWatts":210,"airTemperatureCelcius":11.5"#,
        ),
        sample(
            5,
            r#","heartRate":0,"stepsPerMinute":170,"totalDistanceInMeters":14.0"#,
        ),
        sample(9, ""),
    ];
    let item = only(&details(&samples.join(","), "[]"));
    assert_eq!(item.delivery_id, "activityDetails:5001");
    let (id, run) = recording(item);
    assert_eq!(id, "5001");
    assert_eq!(run.time_s, [0.0, 5.0, 9.0]);
    assert_eq!(
        (run.cadence.get(0), run.totals.avg_cadence),
        (Some(164.0), Some(166.0))
    );
    assert_eq!((run.hr_bpm.get(0), run.hr_bpm.get(1)), (Some(120.0), None));
    assert_eq!(
        (run.power_w.get(0), run.temperature_c.get(0)),
        (Some(210.0), Some(11.5))
    );
    assert_eq!(
        (run.distance_m.get(1), run.speed_mps.get(0)),
        (Some(14.0), Some(2.5))
    );
}

/// P-17
#[test]
fn milliseconds_in_place_of_seconds_are_refused() {
    let fine = details(&sample(0, ""), "[]");
    assert_eq!(read(&garmin(), &fine).unwrap().len(), 1);
    for text in ["1792530000000", "1792530", "-1"] {
        let absurd = format!(r#"{{"startTimeInSeconds":{text}}}"#);
        assert_eq!(
            refused(&garmin(), &details(&absurd, "[]")),
            (422, "invalid"),
            "{text}"
        );
        let laps = format!("[{absurd}]");
        assert_eq!(
            refused(&garmin(), &details(&sample(0, ""), &laps)),
            (422, "invalid")
        );
        let summary = SUMMARY.replace("1792530000", text);
        let body = activities(&format!("{{{summary}}}"));
        assert_eq!(refused(&garmin(), &body), (422, "invalid"), "{text}");
    }
}

/// P-20
#[test]
fn laps_are_intervals_also_when_they_are_told_as_text() {
    let samples = [sample(0, ""), sample(100, "")].join(",");
    let list = format!("[{},{}]", sample(0, ""), sample(40, ""));
    let text = serde_json::to_string(&list).unwrap();
    for laps in [list, text] {
        let (_, run) = recording(only(&details(&samples, &laps)));
        let times: Vec<_> = run
            .laps
            .iter()
            .map(|lap| (lap.start_s, lap.end_s))
            .collect();
        assert_eq!(times, [(0.0, 40.0), (40.0, 100.0)]);
    }
    for laps in ["null", r#""oops""#, "3", r#"[{"lap":1}]"#] {
        assert!(recording(only(&details(&samples, laps))).1.laps.is_empty());
    }
}

#[test]
fn totals_alone_are_read_only_where_nothing_better_comes_unless_told_otherwise() {
    let summary = activities(&format!("{{{SUMMARY}}}"));
    let ping = activities(r#"{"userId":"u-7","summaryId":"5001","callbackURL":"https://x"}"#);
    let manual = summary.replace(r#""manual":false"#, r#""manual":true"#);
    let careful = configured::<Garmin>(serde_json::json!({"client_ids": ["c-1"]}));
    for (body, careful_items) in [(&summary, 0), (&ping, 0), (&manual, 1)] {
        assert_eq!(read(&careful, body).unwrap().len(), careful_items, "{body}");
        assert_eq!(read(&garmin(), body).unwrap().len(), 1, "{body}");
    }
    assert_eq!(
        read(&careful, &details(&sample(0, ""), "[]"))
            .unwrap()
            .len(),
        1
    );
}

#[test]
fn totals_never_count_as_newer_than_details_of_the_same_activity() {
    let totals = only(&activities(&format!("{{{SUMMARY}}}"))).occurred_at;
    let details = only(&details(&sample(0, ""), "[]")).occurred_at;
    assert!(totals < details, "{totals:?} {details:?}");
}

#[test]
fn each_element_is_an_item_with_a_body_of_its_own() {
    let other = SUMMARY.replace("u-7", "u-8").replace("5001", "6002");
    let body = format!(
        r#"{{"activities":[{{{SUMMARY}}},{{{other}}}],"dailies":[{{"userId":"u-7"}}],
            "moveIQActivities":[{{"userId":"u-7","summaryId":"m"}}],"sleeps":3}}"#
    );
    let items = read(&garmin(), &body).unwrap();
    assert_eq!(items.len(), 2);
    for item in items {
        let alone = String::from_utf8(item.alone.clone().unwrap()).unwrap();
        let again = only(&alone);
        assert_eq!(again, item);
    }
}

/// P-09, P-10
#[test]
fn a_bad_element_is_named_by_a_code_and_does_not_keep_the_others() {
    let code = |element: &str| refused(&garmin(), &activities(element));
    assert_eq!(refused(&garmin(), "not json"), (400, "malformed"));
    assert_eq!(refused(&garmin(), "[]"), (422, "invalid"));
    assert_eq!(refused(&garmin(), r#"{"activities":{}}"#), (422, "invalid"));
    assert_eq!(
        code(r#"{"summaryId":"1","startTimeInSeconds":1792530000}"#),
        (400, "athlete_missing")
    );
    assert_eq!(
        code(r#"{"userId":"u","startTimeInSeconds":1792530000}"#),
        (400, "activity_id_missing")
    );
    assert_eq!(code(r#"{"userId":"u","summaryId":"1"}"#), (422, "invalid"));
    assert_eq!(
        code(r#"{"userId":"u\u0000","summaryId":"1"}"#),
        (422, "invalid")
    );

    let mixed = activities(&format!(r#"{{"userId":"u"}},{{{SUMMARY}}}"#));
    assert_eq!(only(&mixed).account, "u-7");
    assert!(read(&garmin(), "{}").unwrap().is_empty());
}

#[test]
fn pings_and_files_are_announced_and_the_end_of_access_is_asked_about() {
    for (list, id) in [
        ("activities", "5001"),
        (FILES, "5001-file"),
        ("activityDetails", "5001-detail"),
    ] {
        let body = format!(
            r#"{{"{list}":[{{"userId":"u-7","summaryId":"{id}","callbackURL":"https://x"}}]}}"#
        );
        assert_eq!(announced(&only(&body)), ("u-7", "5001", Change::Create));
    }
    let nowhere = format!(r#"{{"{FILES}":[{{"userId":"u-7","summaryId":"1"}}]}}"#);
    assert_eq!(refused(&garmin(), &nowhere), (422, "invalid"));

    let gone = only(r#"{"deregistrations":[{"userId":"u-7"}]}"#);
    assert_eq!((gone.about, gone.account.as_str()), (About::Access, "u-7"));
    let changed = only(
        r#"{"userPermissionsChange":[{"userId":"u-7","summaryId":"x-1",
            "permissions":["ACTIVITY_EXPORT"],"changeTimeInSeconds":1792530100}]}"#,
    );
    assert_eq!(changed.about, About::Access);
    assert_eq!(
        changed.occurred_at.map(|at| at.timestamp()),
        Some(1_792_530_100)
    );
}

#[test]
fn a_part_of_a_multisport_activity_is_its_own_and_the_whole_is_multisport() {
    let whole = SUMMARY.replace("\"manual\":false", "\"isParent\":true");
    assert_eq!(
        recording(only(&activities(&format!("{{{whole}}}"))))
            .1
            .sport,
        Sport::Multisport
    );
}

#[test]
fn what_was_pinged_is_fetched_from_the_address_that_was_told() {
    let ping = |list: &str, path: &str| {
        format!(
            r#"{{"{list}":[{{"userId":"u-7","summaryId":"5001","callbackURL":"{{base}}{path}"}}]}}"#
        )
    };
    let list = format!("[{{\"summaryId\":\"1\"}},{{{SUMMARY}}}]");
    let stub = Stub::serving(&[
        ("/list", 200, &list),
        ("/file", 200, FILE),
        ("/bad", 200, "x"),
    ]);
    let fetch = |id: &str, body: &str| stub.fetch(GarminApi, id, Some(body));

    let (run, _) = fetched(fetch("5001", &ping("activities", "/list")));
    assert_eq!(run.totals.timer_s, Some(1789.0));
    let (file, _) = fetched(fetch("5001", &ping(FILES, "/file")));
    assert_eq!((file.sport, file.samples()), (Sport::Run, 2));
    let pushed = activities(&format!("{{{SUMMARY}}}"));
    assert_eq!(fetched(fetch("5001", &pushed)).0, run);

    let unusable = |id: &str, body: &str| matches!(fetch(id, body), Err(Refusal::Unusable(_)));
    assert!(unusable("5001", &ping(FILES, "/bad")));
    // What has ended is not a deletion.
    assert!(unusable("5001", &ping(FILES, "/ended")));
    assert!(unusable("5002", &ping("activities", "/list")));
    let asked = stub.asked().len();
    for elsewhere in [
        "http://169.254.169.254/x",
        "https://apis.garmin.com.evil.example/x",
    ] {
        let body = ping(FILES, "").replace("{base}", elsewhere);
        assert!(unusable("5001", &body), "{elsewhere}");
    }
    assert!(matches!(
        stub.fetch(GarminApi, "5001", None),
        Err(Refusal::Unusable(_))
    ));
    assert_eq!(stub.asked().len(), asked);
}
