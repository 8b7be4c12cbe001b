//! Training impulses from heart rate over recorded seconds (rule H2).

use domain::athlete::Athlete;
use domain::load::{HeartRateReserve, heart_rate_stress};
use domain::reason::Reason;
use domain::recording::Channel;
use domain::signal::heart_rate::seconds_in_zones;
use domain::signal::number::from_count;
use domain::units::Bpm;

/// Seconds in a minute: an impulse counts minutes.
const MINUTE_S: f64 = 60.0;

/// Banister's impulse: minutes weighted by an exponential of the heart rate reserve.
///
/// [`HeartRateReserve`] has the weights and their source.
pub(crate) fn banister(seconds: &Channel, athlete: &Athlete) -> Result<f64, Reason> {
    if !seconds.has_values() {
        return Err(Reason::NoHeartRate);
    }
    let reserve = HeartRateReserve::of(athlete)?;
    // Hearts beat alike for seconds on end, and an exponential is dear.
    let mut last = (f64::NAN, 0.0);
    let impulses = seconds.values().map(|bpm| {
        if bpm.to_bits() != last.0.to_bits() {
            last = (bpm, reserve.of_minute(bpm));
        }
        last.1
    });
    Ok(impulses.sum::<f64>() / MINUTE_S)
}

/// Load from heart rate, where there is an impulse: 100 for an hour at threshold heart rate.
pub(crate) fn stress(impulse: Result<f64, Reason>, athlete: &Athlete) -> Result<f64, Reason> {
    heart_rate_stress(impulse?, athlete)
}

/// Edwards's impulse: minutes in zones 1 to 5 times the zone (The Heart Rate Monitor Book, 1993).
pub(crate) fn edwards(seconds: &Channel, maximum: Option<Bpm>) -> Result<f64, Reason> {
    if !seconds.has_values() {
        return Err(Reason::NoHeartRate);
    }
    let maximum = maximum.ok_or(Reason::NoHrMax)?.get();
    let counts = seconds_in_zones(seconds.values(), maximum);
    let weighted = counts.iter().enumerate();
    Ok(from_count(weighted.map(|(zone, count)| zone * count).sum()) / MINUTE_S)
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::athlete::{Sex, Thresholds};

    fn athlete(sex: Option<Sex>, rest: f64, maximum: f64) -> Athlete {
        let thresholds = Thresholds {
            hr_rest_bpm: Bpm::parse(rest).ok(),
            hr_max_bpm: Bpm::parse(maximum).ok(),
            ..Thresholds::default()
        };
        Athlete { sex, thresholds }
    }

    fn minutes(bpm: f64, minutes: usize) -> Channel {
        std::iter::repeat_n(Some(bpm), minutes * 60).collect()
    }

    #[test]
    fn half_an_hour_at_130_has_the_published_impulse_of_each_sex() {
        let ride = minutes(130.0, 30);
        let men = banister(&ride, &athlete(Some(Sex::Male), 40.0, 200.0)).unwrap();
        let women = banister(&ride, &athlete(Some(Sex::Female), 40.0, 200.0)).unwrap();
        assert!((men - 31.80).abs() < 0.005, "{men}");
        assert!((women - 37.13).abs() < 0.005, "{women}");
    }

    #[test]
    fn the_reserve_is_limited_to_what_the_athlete_has() {
        let beyond = banister(&minutes(230.0, 1), &athlete(Some(Sex::Male), 40.0, 200.0)).unwrap();
        assert!((beyond - 0.64 * f64::exp(1.92)).abs() < 1e-9);
        assert_eq!(
            banister(&minutes(30.0, 1), &athlete(Some(Sex::Male), 40.0, 200.0)),
            Ok(0.0)
        );
    }

    #[test]
    fn what_is_not_known_of_the_athlete_is_named() {
        let ride = minutes(130.0, 1);
        assert_eq!(
            banister(&ride, &athlete(None, 40.0, 200.0)),
            Err(Reason::NoSex)
        );
        assert_eq!(banister(&ride, &Athlete::default()), Err(Reason::NoHrMax));
        assert_eq!(edwards(&ride, None), Err(Reason::NoHrMax));
        assert_eq!(edwards(&Channel::absent(9), None), Err(Reason::NoHeartRate));
        let wrong_way_round = athlete(Some(Sex::Male), 200.0, 150.0);
        assert_eq!(banister(&ride, &wrong_way_round), Err(Reason::Implausible));
    }

    #[test]
    fn ten_minutes_in_zone_three_weigh_thirty() {
        let impulse = edwards(&minutes(140.0, 10), Bpm::parse(190.0).ok()).unwrap();
        assert!((impulse - 30.0).abs() < 1e-9);
    }

    fn stressed(threshold: Option<f64>, bpm: f64, sex: Sex) -> Result<f64, Reason> {
        let mut athlete = athlete(Some(sex), 50.0, 190.0);
        athlete.thresholds.hr_threshold_bpm = threshold.and_then(|bpm| Bpm::parse(bpm).ok());
        stress(banister(&minutes(bpm, 60), &athlete), &athlete)
    }

    /// P-67
    #[test]
    fn an_hour_at_150_has_the_published_stress_and_one_at_threshold_100() {
        let easy = stressed(Some(170.0), 150.0, Sex::Male).unwrap();
        assert!((easy - 63.34).abs() < 0.005, "{easy}");
        for sex in [Sex::Male, Sex::Female] {
            let hard = stressed(Some(170.0), 170.0, sex).unwrap();
            assert!((hard - 100.0).abs() < 1e-9, "{hard}");
        }
    }

    /// P-68
    #[test]
    fn a_threshold_that_is_not_known_or_not_possible_gives_no_stress() {
        let of = |threshold| stressed(threshold, 150.0, Sex::Male);
        assert_eq!(of(None), Err(Reason::NoHrThreshold));
        assert_eq!(of(Some(50.0)), Err(Reason::Implausible));
        assert_eq!(of(Some(191.0)), Err(Reason::Implausible));
        assert_eq!(
            stress(Err(Reason::NoHeartRate), &Athlete::default()),
            Err(Reason::NoHeartRate)
        );
    }
}
