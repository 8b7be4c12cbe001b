//! What goes wrong on the way costs no set.

use crate::lifter::{Lifter, bench, surpassed};
use local::cloud::Start;
use serde_json::{Value, json};
use sqlx::Executor as _;
use support::world;

/// S-16
#[tokio::test]
async fn records_that_cannot_be_made_cost_no_set_and_are_made_by_the_sweep() {
    let world = world!(Start::Paused);
    let lifter = Lifter::start(&world).await;
    lifter.log(&bench(100.0, 5)).await;
    let mut sql = world.sql().await;
    sql.execute("ALTER TABLE personal_records ADD CONSTRAINT no_more CHECK (false) NOT VALID")
        .await
        .unwrap();

    let logged = lifter.log(&bench(110.0, 5)).await;

    assert_eq!(logged["records_pending"], true);
    assert_eq!(surpassed(&logged), Vec::<&str>::new());
    assert_eq!(logged["set"]["set_index"], 2);
    assert!(
        lifter
            .records()
            .await
            .contains(&"heaviest 100.0".to_owned())
    );
    let noted = world
        .rows("SELECT to_jsonb(r) FROM record_repairs AS r")
        .await;
    assert_eq!(noted.len(), 1, "{noted:?}");
    assert_eq!(
        noted[0]["error"],
        "the constraint no_more refused the change"
    );
    // While it is so, the sweep makes none and gives nothing up.
    assert_eq!(world.sweep().await["repaired"], 0);
    let id = logged["set"]["set_id"].as_str().unwrap();
    assert_eq!(
        lifter.change(id, &json!({"reps": 6})).await["records_pending"],
        true
    );

    sql.execute("ALTER TABLE personal_records DROP CONSTRAINT no_more")
        .await
        .unwrap();
    assert_eq!(world.sweep().await["repaired"], 1);
    assert!(
        lifter
            .records()
            .await
            .contains(&"heaviest 110.0".to_owned())
    );
    let noted = world
        .rows("SELECT to_jsonb(r) FROM record_repairs AS r")
        .await;
    assert_eq!(noted, Vec::<Value>::new());
    assert_eq!(world.sweep().await["repaired"], 0);
    world.stop().await;
}

/// S-16
#[tokio::test]
async fn the_next_set_makes_the_records_that_an_earlier_one_could_not() {
    let world = world!(Start::Paused);
    let lifter = Lifter::start(&world).await;
    let mut sql = world.sql().await;
    sql.execute("ALTER TABLE personal_records ADD CONSTRAINT no_more CHECK (false) NOT VALID")
        .await
        .unwrap();
    lifter.log(&bench(120.0, 5)).await;
    sql.execute("ALTER TABLE personal_records DROP CONSTRAINT no_more")
        .await
        .unwrap();

    let logged = lifter.log(&bench(100.0, 5)).await;

    assert_eq!(logged["records_pending"], false);
    assert!(
        lifter
            .records()
            .await
            .contains(&"heaviest 120.0".to_owned())
    );
    assert_eq!(world.sweep().await["repaired"], 0);
    world.stop().await;
}

/// S-15
#[tokio::test]
async fn a_set_that_cannot_be_stored_is_no_success_and_leaves_nothing() {
    let world = world!(Start::Paused);
    let lifter = Lifter::start(&world).await;
    let mut sql = world.sql().await;
    sql.execute("ALTER TABLE workout_sets ADD CONSTRAINT no_more CHECK (false) NOT VALID")
        .await
        .unwrap();
    let set = bench(100.0, 5);

    let refused = lifter.send(&set).await;

    assert_eq!((refused.status, refused.code()), (500, "internal"));
    assert!(!refused.body.to_string().contains("no_more"));
    let left = world
        .rows("SELECT to_jsonb(count(*)) FROM (SELECT set_id FROM personal_records UNION ALL SELECT id FROM workout_sets) AS s")
        .await;
    assert_eq!(left, [json!(0)]);

    sql.execute("ALTER TABLE workout_sets DROP CONSTRAINT no_more")
        .await
        .unwrap();
    let logged = lifter.log(&set).await;
    assert_eq!(logged["set"]["set_index"], 1);
    world.stop().await;
}

/// S-13, S-15
#[tokio::test]
async fn a_function_that_dies_before_or_after_its_commit_leaves_one_set_after_a_retry() {
    let world = world!(Start::Paused);
    let lifter = Lifter::start(&world).await;
    for (point, kg) in [("before_commit", 100.0), ("after_commit", 110.0)] {
        let set = bench(kg, 5);
        world.charge(point);
        let lost = lifter.send(&set).await;
        assert!(lost.status >= 500, "{point}: {lost:?}");
        assert!(world.went_off(point));

        let logged = lifter.log(&set).await;

        assert_eq!(logged["set"]["weight_kg"], kg, "{point}");
    }
    let sets = world
        .rows("SELECT to_jsonb(s.set_index) FROM workout_sets AS s ORDER BY 1")
        .await;
    assert_eq!(sets, [json!(1), json!(2)]);
    assert!(
        lifter
            .records()
            .await
            .contains(&"heaviest 110.0".to_owned())
    );
    world.stop().await;
}
