//! Strava's door.

use super::super::testing::{
    announced, assert_forgeries_are_refused, configured, get, hex_hmac, post, read, refused,
    verdict,
};
use super::*;

const PATH: &str = "/webhooks/strava/p-1";
const EVENT: &str = r#"{"object_type":"activity","object_id":987654321012,
    "aspect_type":"update","updates":{"title":"Evening","private":"true"},"owner_id":4455667,
    "subscription_id":135790,"event_time":1792576800}"#;

fn strava(settings: serde_json::Value) -> Strava {
    configured(settings)
}

fn event(object: &str, aspect: &str, rest: &str) -> String {
    format!(
        r#"{{"object_type":"{object}","aspect_type":"{aspect}","event_time":1792576800{rest}}}"#
    )
}

/// P-01
#[test]
fn the_challenge_is_echoed_only_for_a_configured_token() {
    let known = strava(serde_json::json!({"verify_tokens": ["v-1", "v-2"]}));
    let ask = |strava: &Strava, token: &str| {
        let request = get(
            "/webhooks/strava",
            &[
                ("hub.mode", "subscribe"),
                ("hub.challenge", "c-9"),
                ("hub.verify_token", token),
            ],
        );
        strava.shake_hands(&request)
    };

    for token in ["v-1", "v-2"] {
        let answer = ask(&known, token).unwrap();
        assert_eq!(answer.status(), 200);
        assert_eq!(answer.body().as_ref(), br#"{"hub.challenge":"c-9"}"#);
    }
    assert_eq!(ask(&known, "v").unwrap_err().code(), "signature_invalid");
    for settings in [
        r#"{}"#,
        r#"{"verify_tokens":[]}"#,
        r#"{"verify_tokens":[""]}"#,
    ] {
        let unknown = strava(serde_json::from_str(settings).unwrap());
        for token in ["", "v-1"] {
            let problem = ask(&unknown, token).unwrap_err();
            assert_eq!(problem.status(), 401, "{settings} {token}");
        }
    }
    let bare = get("/webhooks/strava", &[]);
    assert_eq!(
        known.shake_hands(&bare).unwrap_err().code(),
        "signature_missing"
    );
    let elsewhere = get("/webhooks/strava", &[("hub.verify_token", "v-1")]);
    assert_eq!(known.shake_hands(&elsewhere).unwrap_err().status(), 400);
}

/// P-02
#[test]
fn without_the_paths_secret_nothing_is_believed() {
    let known = strava(serde_json::json!({"path_secrets": ["p-0", "p-1"], "signature": "off"}));
    assert_eq!(verdict(&known, &post(PATH, &[], EVENT)), "believed");
    let other = post("/webhooks/strava/p-2", &[], EVENT);
    assert_eq!(verdict(&known, &other), "signature_invalid");
    let none = post("/webhooks/strava", &[], EVENT);
    assert_eq!(verdict(&known, &none), "signature_missing");

    for settings in [
        r#"{}"#,
        r#"{"path_secrets":[""]}"#,
        r#"{"subscription_id":135790}"#,
    ] {
        let open = strava(serde_json::from_str(settings).unwrap());
        assert_eq!(verdict(&open, &post(PATH, &[], EVENT)), "signature_invalid");
    }
}

/// P-02
#[test]
fn an_event_of_another_subscription_is_refused() {
    let settings =
        |id: u64| strava(serde_json::json!({"path_secrets": ["p-1"], "subscription_id": id}));
    assert_eq!(
        verdict(&settings(135_790), &post(PATH, &[], EVENT)),
        "believed"
    );
    assert_eq!(
        verdict(&settings(1), &post(PATH, &[], EVENT)),
        "signature_invalid"
    );
    let bare = post(PATH, &[], "not json");
    assert_eq!(verdict(&settings(1), &bare), "signature_missing");
}

/// P-02
#[test]
fn a_signature_counts_as_much_as_is_set() {
    let of = |mode: &str, time: i64| {
        let strava = strava(serde_json::json!({
            "path_secrets": ["p-1"], "signature": mode, "signature_keys": ["k-1"],
        }));
        let time = time.to_string();
        let sign = |key: &str| format!("t={time},v1={}", hex_hmac(key, &[&time, ".", EVENT]));
        (strava, sign("k-1"), sign("k-2"))
    };
    let signed = |signature: Option<&str>, body: &str| {
        let header = signature.map(|signature| (SIGNATURE_HEADER, signature));
        post(PATH, header.as_slice(), body)
    };

    let (enforcing, signature, other) = of("enforce", unix_seconds());
    assert_forgeries_are_refused(&enforcing, &signature, &other, EVENT, signed);
    let (_, old, _) = of("enforce", unix_seconds() - 301);
    assert_eq!(
        verdict(&enforcing, &signed(Some(&old), EVENT)),
        "signature_expired"
    );
    for mode in ["observe", "off"] {
        let (lenient, _, other) = of(mode, unix_seconds());
        assert_eq!(verdict(&lenient, &signed(Some(&other), EVENT)), "believed");
        assert_eq!(verdict(&lenient, &signed(None, EVENT)), "believed");
    }
}

#[test]
fn whatever_happens_to_an_activity_is_only_announced() {
    let strava = strava(serde_json::json!({}));
    let items = read(&strava, EVENT).unwrap();
    assert_eq!(items.len(), 1);
    assert_eq!(
        announced(&items[0]),
        ("4455667", "987654321012", Change::Update)
    );
    assert_eq!(
        items[0].delivery_id,
        "activity:987654321012:update:1792576800"
    );
    assert_eq!(
        items[0].occurred_at.map(|at| at.timestamp()),
        Some(1_792_576_800)
    );
    for (aspect, change) in [("create", Change::Create), ("delete", Change::Delete)] {
        let text = event("activity", aspect, r#","object_id":"7","owner_id":"8""#);
        assert_eq!(
            announced(&read(&strava, &text).unwrap()[0]),
            ("8", "7", change)
        );
    }
}

#[test]
fn both_forms_of_an_ended_access_are_known_and_no_other_is() {
    let strava = strava(serde_json::json!({}));
    let of = |aspect: &str, rest: &str| {
        let rest = format!(r#","object_id":8,"owner_id":8{rest}"#);
        read(&strava, &event("athlete", aspect, &rest)).unwrap()
    };
    for items in [
        of("update", r#","updates":{"authorized":"false"}"#),
        of("delete", ""),
    ] {
        assert_eq!((items.len(), &items[0].about), (1, &About::Access));
        assert_eq!(items[0].account, "8");
    }
    assert!(of("update", r#","updates":{"weight":"70"}"#).is_empty());
    assert!(
        read(&strava, &event("route", "create", ""))
            .unwrap()
            .is_empty()
    );
}

/// P-09, P-10, P-17
#[test]
fn what_is_missing_or_wrong_is_named_by_a_code() {
    let strava = strava(serde_json::json!({}));
    let code = |rest: &str| refused(&strava, &event("activity", "create", rest));
    assert_eq!(refused(&strava, "not json"), (400, "malformed"));
    assert_eq!(refused(&strava, "[]"), (422, "invalid"));
    assert_eq!(code(r#","object_id":1"#), (400, "athlete_missing"));
    assert_eq!(code(r#","owner_id":1"#), (400, "activity_id_missing"));
    assert_eq!(
        code(r#","owner_id":1,"object_id":"""#),
        (400, "activity_id_missing")
    );
    assert_eq!(
        code(r#","owner_id":1,"object_id":"a\u0000""#),
        (422, "invalid")
    );
    assert_eq!(code(r#","owner_id":1,"object_id":1.5"#), (422, "invalid"));
    assert_eq!(
        refused(&strava, &EVENT.replace("update", "burn")),
        (422, "invalid")
    );
    for time in ["1792576800000", "0", "4102444799"] {
        let text = EVENT.replace("1792576800", time);
        assert_eq!(refused(&strava, &text), (422, "invalid"), "{time}");
    }
}
