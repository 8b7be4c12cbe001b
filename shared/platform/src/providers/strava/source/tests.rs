//! What Strava answers, and what becomes of it.

use super::*;
use crate::providers::testing::{Stub, assert_no_list_is_read, brought as recording, listed};
use domain::local_date::local_date;

const ACTIVITY: &str = "/activities/9";
const STREAMS: &str = "/activities/9/streams";

fn detail(rest: &str) -> String {
    format!(
        r#"{{"id":9,"name":"Evening","type":"Run","start_date":"2026-10-20T22:30:00Z",
            "start_date_local":"2026-10-21T00:30:00Z","utc_offset":7200.0,"elapsed_time":70,
            "moving_time":50,"distance":200.5,"average_cadence":82.5,"max_speed":null{rest}}}"#
    )
}

const RUN: &str = r#"{
    "time":{"data":[0,10,20,60,70],"series_type":"distance","original_size":5,"resolution":"high"},
    "distance":{"data":[0.0,30.0,60.0,60.0,90.5]},
    "latlng":{"data":[[52.1,13.1],[52.2,13.2],null,[52.4,13.4],[52.5,13.5]]},
    "heartrate":{"data":[120,130,140,null,150]},
    "cadence":{"data":[80,81,82,0,83]},
    "watts":{"data":[200,210,null,0,220]},
    "altitude":{"data":[30.0,31.0]},
    "moving":{"data":[false,true,true,false,true]}}"#;

fn fetched(detail: &str, streams: &str) -> (Recording, bool) {
    let stub = Stub::serving(&[(ACTIVITY, 200, detail), (STREAMS, 200, streams)]);
    recording(stub.fetch(StravaApi, "9", None))
}

use domain::recording::Recording;

/// P-16, P-17
#[test]
fn a_run_with_streams_is_one_canonical_series_on_the_athletes_date() {
    let (run, more_later) = fetched(&detail(r#","sport_type":"TrailRun""#), RUN);

    assert!(!more_later);
    assert_eq!(
        (run.sport, run.sub_sport.as_deref()),
        (Sport::Run, Some("trail_run"))
    );
    assert_eq!(run.start_utc.to_rfc3339(), "2026-10-20T22:30:00+00:00");
    let date = local_date(run.start_utc, run.utc_offset_s, None);
    assert_eq!(date.to_string(), "2026-10-21");
    // The gap of 40 s stays a gap.
    assert_eq!(run.time_s, [0.0, 10.0, 20.0, 60.0, 70.0]);
    assert_eq!(run.distance_m.get(4), Some(90.5));
    assert_eq!(run.hr_bpm.get(3), None);
    assert_eq!(
        (run.latitude.get(1), run.longitude.get(1)),
        (Some(52.2), Some(13.2))
    );
    assert_eq!(run.latitude.get(2), None);
    // A column of another length belongs to no times.
    assert_eq!(run.altitude_m.get(0), None);
    assert_eq!(run.totals.timer_s, Some(50.0));
    assert_eq!(run.totals.max_speed_mps, None);
}

/// P-19
#[test]
fn the_cadence_of_one_leg_is_doubled_once_and_only_on_foot() {
    let (run, _) = fetched(&detail(""), RUN);
    assert_eq!(run.cadence.get(0), Some(160.0));
    assert_eq!(run.totals.avg_cadence, Some(165.0));

    let (ride, _) = fetched(&detail(r#","sport_type":"Ride""#), RUN);
    assert_eq!(ride.cadence.get(0), Some(80.0));
    assert_eq!(ride.totals.avg_cadence, Some(82.5));
}

/// P-20
#[test]
fn laps_begin_at_their_first_sample_or_at_their_own_time() {
    let laps = r#","laps":[{"start_index":0,"elapsed_time":20},
        {"start_index":3,"elapsed_time":10,"start_date":"2026-10-20T22:30:21Z"},
        {"start_index":99,"elapsed_time":5,"start_date":"2026-10-20T22:31:05Z"},
        {"elapsed_time":-5,"start_index":1},{"elapsed_time":5}]"#;
    let (run, _) = fetched(&detail(laps), RUN);
    let times: Vec<_> = run
        .laps
        .iter()
        .map(|lap| (lap.start_s, lap.end_s))
        .collect();
    assert_eq!(times, [(0.0, 20.0), (60.0, 70.0), (65.0, 70.0)]);
}

#[test]
fn guessed_watts_are_left_out() {
    let watts = r#","average_watts":190,"max_watts":400"#;
    let (measured, _) = fetched(&detail(&format!(r#"{watts},"device_watts":true"#)), RUN);
    assert_eq!(measured.power_w.get(0), Some(200.0));
    assert_eq!(measured.totals.avg_power_w, Some(190.0));
    let (guessed, _) = fetched(&detail(&format!(r#"{watts},"device_watts":false"#)), RUN);
    assert_eq!(guessed.power_w.get(0), None);
    assert_eq!(
        (guessed.totals.avg_power_w, guessed.totals.max_power_w),
        (None, None)
    );
}

#[test]
fn streams_that_are_not_there_yet_come_later_unless_the_activity_was_typed_in() {
    for streams in ["{}", r#"{"time":{"data":[]}}"#] {
        let (early, more_later) = fetched(&detail(""), streams);
        assert!(more_later, "{streams}");
        assert_eq!((early.samples(), early.totals.distance_m), (0, Some(200.5)));
    }
    let stub = Stub::serving(&[(ACTIVITY, 200, &detail(""))]);
    assert!(recording(stub.fetch(StravaApi, "9", None)).1);

    let stub = Stub::serving(&[(ACTIVITY, 200, &detail(r#","manual":true"#))]);
    assert!(!recording(stub.fetch(StravaApi, "9", None)).1);
    assert_eq!(stub.asked().len(), 1);
}

#[test]
fn what_is_not_there_is_gone_and_what_is_refused_is_not() {
    let of = |status| Stub::serving(&[(ACTIVITY, status, "{}")]).fetch(StravaApi, "9", None);
    assert_eq!(of(404).unwrap(), Fetched::Gone);
    assert!(matches!(of(403), Err(Refusal::Unusable(_))));
    assert!(matches!(of(200), Err(Refusal::Unusable(_))));
    assert!(matches!(of(401), Err(Refusal::Unauthorized)));
    assert!(matches!(of(429), Err(Refusal::RateLimited(_))));
    assert!(matches!(of(503), Err(Refusal::Unavailable(_))));
    let stub = Stub::serving(&[]);
    assert!(matches!(
        stub.fetch(StravaApi, "../9", None),
        Err(Refusal::Unusable(_))
    ));
    assert!(stub.asked().is_empty());
}

#[test]
fn one_figure_that_cannot_be_true_does_not_cost_the_workout() {
    let wild = detail(r#","max_heartrate":9999,"total_elevation_gain":-3"#);
    let (run, _) = fetched(&wild.replace("7200.0", "720000"), RUN);
    assert_eq!(
        (run.totals.max_hr_bpm, run.totals.elevation_gain_m),
        (None, None)
    );
    assert_eq!((run.utc_offset_s, run.samples()), (None, 5));
}

#[test]
fn the_token_is_shown_and_the_limits_are_heard() {
    let stub = Stub::serving(&[(ACTIVITY, 200, &detail("")), (STREAMS, 200, RUN)]);
    recording(stub.fetch(StravaApi, "9", None));
    let asked = stub.asked();
    assert!(asked[0].contains("authorization: Bearer t-1"), "{asked:?}");
    assert!(asked[1].contains("key_by_type=true"), "{asked:?}");

    let told = |names: [&'static str; 2]| {
        let mut headers = HeaderMap::new();
        headers.insert(names[0], "100, 1000".parse().unwrap());
        headers.insert(names[1], "7,99".parse().unwrap());
        let usage = StravaApi(ApiSettings::default()).usage(&headers);
        usage
            .iter()
            .map(|usage| (usage.length.as_secs(), usage.most, usage.used))
            .collect::<Vec<_>>()
    };
    let expected = [(900, 100, 7), (86_400, 1000, 99)];
    assert_eq!(
        told(["x-readratelimit-limit", "x-readratelimit-usage"]),
        expected
    );
    assert_eq!(told(["x-ratelimit-limit", "x-ratelimit-usage"]), expected);
    assert!(told(["a", "b"]).is_empty());
}

#[test]
fn a_page_of_activities_is_read_row_by_row() {
    let rows = r#"[{"id":1,"start_date":"2026-10-21T05:00:00Z"},{"id":2},7,
        {"id":"../x","start_date":"2026-10-21T05:00:00Z"}]"#;
    let path = "/athlete/activities";
    let stub = Stub::serving(&[(path, 200, rows)]);
    let page = stub.list(StravaApi, Some("3")).unwrap();
    assert_eq!(
        listed(&page),
        [("1", "2026-10-21T05:00:00+00:00".to_owned())]
    );
    assert_eq!(page.next.as_deref(), Some("4"));
    assert_eq!(stub.last_query(), "after=1792454400&page=3&per_page=200");

    let empty = Stub::serving(&[(path, 200, "[]")]).list(StravaApi, Some("4"));
    assert_eq!(empty.unwrap(), Page::default());
    assert_no_list_is_read(StravaApi, path);
}
