//! Which day it is: that of where the athlete lives.

use crate::Gym;
use chrono::{DateTime, Days, NaiveDate, TimeDelta, Timelike, Utc};
use serde_json::json;
use support::world;

/// L-26: the predecessor compared with UTC's date, and refused who was ahead of it in the morning.
#[tokio::test]
async fn an_athlete_ahead_of_utc_may_log_today_and_nobody_tomorrow() {
    let gym = Gym::open().await;
    let now = DateTime::<Utc>::from(world::now());
    // Ten in the morning or later, so that it is tomorrow already fourteen hours ahead.
    let shift = if now.hour() < 10 { 10 } else { 0 };
    gym.world.set_clocks_wrong(shift * 3600);
    let now = now + TimeDelta::hours(shift);

    for (day, (zone, ahead_h)) in (0..).zip([("Etc/GMT-14", 14), ("Etc/GMT+12", -12), ("UTC", 0)]) {
        let profile = json!({"time_zone": zone});
        assert_eq!(gym.put("/athlete", &profile).await.status, 200);
        let today: NaiveDate = (now + TimeDelta::hours(ahead_h)).date_naive();
        if zone == "Etc/GMT-14" {
            assert!(today > now.date_naive(), "it is another day there");
        }
        let tomorrow = today.checked_add_days(Days::new(1)).unwrap();
        let path = gym.path(0, day);

        let refused = gym.put(&path, &json!({"date": tomorrow})).await;
        assert_eq!((refused.status, refused.code()), (422, "invalid"), "{zone}");
        assert_eq!(refused.body["errors"][0]["field"], "/date");
        let made = gym.put(&path, &json!({"date": today})).await;
        assert_eq!(
            (made.status, &made.body["log"]["date"]),
            (201, &json!(today)),
            "{zone}"
        );
        let refused = gym.put(&path, &json!({"date": tomorrow})).await;
        assert_eq!(refused.status, 422, "{zone}");
        // And without a date it is today.
        let second = gym.save(&gym.path(1, day), &json!({})).await;
        assert_eq!(second["log"]["date"], json!(today), "{zone}");
    }
    gym.world.stop().await;
}
