//! COROS's door and what it brings.

use super::super::testing::{
    FILE, Stub, announced, brought as fetched, configured, post, read, refused, verdict,
};
use super::*;
use domain::local_date::local_date;

fn coros(secrets: &[&str]) -> Coros {
    configured(serde_json::json!({ "path_secrets": secrets }))
}

fn body(rest: &str) -> String {
    format!(
        r#"{{"sportDataList":[{{"openId":"o-1","labelId":"4461","mode":1,"subMode":51,
            "distance":5010,"duration":1800,"startTime":1792535400,"endTime":1792537200,
            "startTimezone":8,"endTimezone":8{rest}}}]}}"#
    )
}

/// P-02
#[test]
fn without_the_paths_secret_nothing_is_believed() {
    let of = |secrets: &[&str], path: &str| verdict(&coros(secrets), &post(path, &[], &body("")));
    assert_eq!(of(&["p-0", "p-1"], "/webhooks/coros/p-1"), "believed");
    assert_eq!(of(&["p-1"], "/webhooks/coros/p-2"), "signature_invalid");
    assert_eq!(of(&["p-1"], "/webhooks/coros"), "signature_missing");
    for nobody in [&[][..], &[""]] {
        assert_eq!(of(nobody, "/webhooks/coros/p-1"), "signature_invalid");
    }
}

#[test]
fn each_row_is_announced_with_a_body_of_its_own() {
    let two = body("").replace(
        "}]}",
        r#"},{"openId":"o-2","labelId":4462},{"labelId":"4463"}]}"#,
    );
    let items = read(&coros(&[]), &two).unwrap();
    assert_eq!(announced(&items[0]), ("o-1", "4461", Change::Create));
    assert_eq!(announced(&items[1]), ("o-2", "4462", Change::Create));
    assert_eq!(
        (items.len(), items[0].delivery_id.as_str()),
        (2, "4461:1792537200")
    );
    for item in items {
        let alone = String::from_utf8(item.alone.clone().unwrap()).unwrap();
        assert_eq!(read(&coros(&[]), &alone).unwrap(), [item]);
    }
}

/// P-09, P-10
#[test]
fn what_is_missing_or_wrong_is_named_by_a_code() {
    let code = |from: &str, to: &str| refused(&coros(&[]), &body("").replace(from, to));
    assert_eq!(refused(&coros(&[]), "x"), (400, "malformed"));
    assert_eq!(refused(&coros(&[]), "{}"), (422, "invalid"));
    assert_eq!(code(r#""openId":"o-1","#, ""), (400, "athlete_missing"));
    assert_eq!(
        code(r#""labelId":"4461","#, ""),
        (400, "activity_id_missing")
    );
    assert_eq!(code("4461", "4\\u0000"), (422, "invalid"));
}

/// P-15
#[test]
fn every_number_means_its_sport_and_no_other_is_a_run() {
    for (numbers, sport) in [
        (&[151, 201, 801, 802][..], Sport::Run),
        (&[901, 902], Sport::Ride),
        (&[101, 102], Sport::Swim),
        (&[161], Sport::Hike),
        (&[311], Sport::Walk),
        (&[133, 191, 211, 212, 291], Sport::Ski),
        (&[241, 242], Sport::Row),
        (&[232], Sport::Strength),
        (&[131, 132], Sport::Multisport),
        (&[141, 181, 182, 342, 9999], Sport::Other),
    ] {
        for number in numbers {
            assert_eq!(from_number(SPORTS, *number).0, sport, "{number}");
        }
    }
}

/// P-16, P-17
#[test]
fn a_row_is_its_file_or_without_one_its_totals() {
    let stub = Stub::serving(&[("/4461.fit", 200, FILE)]);
    let of = |rest: &str| stub.fetch(CorosApi, "4461", Some(&body(rest)));
    let (file, _) = fetched(of(r#","fitUrl":"{base}/4461.fit""#));
    assert_eq!((file.samples(), file.utc_offset_s), (2, Some(7200)));

    for rest in ["", r#","fitUrl":"{base}/ended.fit""#] {
        let (totals, more_later) = fetched(of(rest));
        assert_eq!(
            (totals.sport, totals.totals.distance_m),
            (Sport::Run, Some(5010.0))
        );
        assert_eq!((totals.samples(), more_later), (0, false));
        let date = local_date(totals.start_utc, totals.utc_offset_s, None);
        assert_eq!(date.to_string(), "2026-10-21");
    }
    let unusable = |fetched: Result<Fetched, Refusal>| matches!(fetched, Err(Refusal::Unusable(_)));
    assert!(unusable(of(r#","fitUrl":"http://169.254.169.254/""#)));
    assert!(unusable(stub.fetch(CorosApi, "4461", None)));
    assert!(unusable(stub.fetch(CorosApi, "1", Some(&body("")))));
    let milliseconds = body("").replace("1792535400", "1792535400000");
    assert!(unusable(stub.fetch(CorosApi, "4461", Some(&milliseconds))));
}
