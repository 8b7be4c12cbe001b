//! Suggestions: labelled, and made of what is known best.

use crate::lifter::{BENCH, Lifter, bench, with};
use local::cloud::Start;
use reqwest::Method;
use serde_json::{Value, json};
use support::world;

/// S-21
#[tokio::test]
async fn a_suggestion_is_made_of_what_is_known_best_and_says_of_what() {
    let world = world!(Start::Paused);
    let lifter = Lifter::start(&world).await;
    let suggest = async |query: &str| -> (Value, Value, Value, Value, Value) {
        let path = format!("/exercises/{BENCH}/suggestion{query}");
        let made = world.get(&path).await;
        assert_eq!(made["label"], "suggestion");
        let take = |key: &str| made[key].clone();
        (
            take("basis"),
            take("reason"),
            take("weight"),
            take("reps"),
            take("rest_s"),
        )
    };
    let expect = |basis: &str, reason: &str, weight: f64, reps: i64, rest: Option<i64>| {
        (
            json!(basis),
            json!(reason),
            json!(weight),
            json!(reps),
            json!(rest),
        )
    };
    assert_eq!(
        suggest("").await,
        expect("default", "lightest_load", 20.0, 8, None)
    );

    let estimate = json!({"ten_rep_max": 155, "weight_unit": "lb"}).to_string();
    let path = format!("/exercises/{BENCH}/estimate");
    let kept = world.send(Method::PUT, &path, estimate).await;
    assert_eq!(kept.status, 200, "{kept:?}");
    // 70.31 kg, as plates make it.
    assert_eq!(
        suggest("").await,
        expect("estimate", "ten_rep_max", 70.0, 8, None)
    );

    // With another grip there are records, but no set of this one; of more than twelve repetitions there
    // is no estimate of one.
    let close = |set: Value| with(set, &json!({"grips": ["close"]}));
    let heavy = lifter.log(&close(bench(60.0, 15))).await;
    assert_eq!(
        suggest("").await,
        expect("heaviest_record", "share_of_record", 45.0, 8, None)
    );
    lifter.log(&close(bench(100.0, 6))).await;
    // Three quarters of 120 kg.
    assert_eq!(
        suggest("").await,
        expect("e1rm_record", "share_of_record", 90.0, 8, None)
    );

    lifter
        .log(&with(bench(80.0, 9), &json!({"rpe": 8.5})))
        .await;
    lifter
        .log(&with(bench(40.0, 9), &json!({"kind": "warmup"})))
        .await;
    assert_eq!(
        suggest("").await,
        expect("last_set", "within_range", 80.0, 10, Some(240))
    );
    lifter.log(&with(bench(80.0, 12), &json!({"rir": 0}))).await;
    assert_eq!(
        suggest("").await,
        expect("last_set", "top_of_range", 82.5, 8, Some(300))
    );
    assert_eq!(
        suggest("?reps_low=12&reps_high=15").await,
        expect("last_set", "within_range", 80.0, 13, Some(300))
    );
    assert_eq!(
        suggest("?grips=close").await,
        expect("last_set", "below_range", 100.0, 7, None)
    );
    let made = world
        .get(&format!("/exercises/{BENCH}/suggestion?grips=close"))
        .await;
    assert_eq!(made["from"]["e1rm_kg"], 120.0);
    assert_ne!(made["from"]["last_set"]["set_id"], heavy["set"]["set_id"]);
    let bad = world
        .send(
            Method::GET,
            &format!("/exercises/{BENCH}/suggestion?reps_low=9&reps_high=8"),
            "",
        )
        .await;
    assert_eq!((bad.status, bad.code()), (400, "bad_range"));
    world.stop().await;
}
