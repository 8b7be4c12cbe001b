//! A function whose clock is wrong: PostgreSQL's decides.

use crate::fetch::world;
use crate::strava::{self, EVENT_TIME};
use domain::stage::StageName;
use support::provider::Provider;

#[tokio::test]
async fn a_clock_that_is_a_day_off_moves_no_deadline_and_ends_no_token() {
    for off_s in [-86_400, 86_400] {
        let strava = Provider::start().await;
        strava::knows_run(&strava, 42, 600);
        let world = world(&strava).await;
        world.set_clocks_wrong(off_s);
        // It is really off: what is signed now is not of now.
        let signed = world.deliver(&world.run("a", 600)).await;
        assert_eq!((signed.status, signed.code()), (401, "signature_expired"));

        world.charge("summary.after_claim");
        let told = strava::tell(&world, 42, "create", EVENT_TIME).await;
        assert_eq!(told.status, 200, "{told:?}");
        world.cloud().resume_mappings();
        world
            .until(
                "SELECT count(*) FILTER (WHERE status = 'complete') = 3
                     AND count(*) FILTER (WHERE status = 'processing') = 1 FROM stage_runs",
            )
            .await;
        assert!(world.went_off("summary.after_claim"));
        world.cloud().pause_mappings().await;

        // Neither taken from its holder too early nor left to it for a day.
        let deadline = world
            .rows(
                "SELECT to_jsonb(claim_expires_at > received_at
                     AND claim_expires_at < clock_timestamp() + interval '1 hour')
                 FROM stage_runs, deliveries WHERE claim_expires_at IS NOT NULL",
            )
            .await;
        assert_eq!(deadline, [true], "{off_s}");
        assert_eq!(world.sweep().await["rescued"], 0, "{off_s}");
        world.let_time_pass().await;
        assert_eq!(world.sweep().await["rescued"], 1, "{off_s}");
        world.settle().await;

        let summary = world.stage(told.workout_id(), StageName::Summary).await;
        assert_eq!(summary, "complete", "{off_s}");
        assert_eq!(strava.count("POST /oauth/token"), 0, "the token is good");
        world.stop().await;
    }
}
