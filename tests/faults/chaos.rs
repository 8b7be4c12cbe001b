//! The chaos run, short; `cargo run -p tests --bin chaos` is the long one.

use std::time::Duration;
use support::chaos::{Settings, run};
use support::dice::Dice;

/// P-03, P-22, P-28, P-75: everything breaks at once, and nothing acknowledged is lost, stale or stuck.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_breaks_nothing_acknowledged_is_lost_stale_or_stuck() {
    let report = run(Settings {
        deliveries: 400,
        at_most: Duration::from_secs(40),
        seed: Dice::seed(),
        users: 10,
        activities: 5,
        tasks: 8,
        crashes: 2,
        durable: true,
        executable: env!("CARGO_BIN_EXE_paceline-under-test").into(),
        progress: false,
    })
    .await;

    assert!(report.count("acknowledged") > 0);
    assert!(report.is_clean(), "{report}");
}
