//! One figure of load per workout, by the best method that its sport and its sensors allow.

use domain::load::{LoadMethod, THRESHOLD_SESSION_RPE};
use domain::matching::Executed;
use domain::reason::Reason;
use domain::recording::Recording;
use domain::signal::timer::timer_s;
use domain::sport::Sport;
use domain::units::Kilograms;

/// Seconds in a minute: a session's load counts minutes.
const MINUTE_S: f64 = 60.0;

/// Every candidate for the load, each on the scale on which an hour at threshold is 100.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Candidates {
    pub(crate) power: Result<f64, Reason>,
    pub(crate) run: Result<f64, Reason>,
    pub(crate) swim: Result<f64, Reason>,
    pub(crate) heart_rate: Result<f64, Reason>,
    pub(crate) session_rpe: Result<f64, Reason>,
}

impl Candidates {
    /// The first finite one of the methods that apply to a sport.
    pub(crate) fn choose(&self, sport: Sport) -> Result<(LoadMethod, f64), Reason> {
        let elsewhere = Err(Reason::NotForThisSport);
        let pace = match sport {
            Sport::Run => self.run,
            Sport::Swim => self.swim,
            Sport::Ride
            | Sport::Walk
            | Sport::Hike
            | Sport::Row
            | Sport::Ski
            | Sport::Strength
            | Sport::Mobility
            | Sport::Multisport
            | Sport::Other => elsewhere,
        };
        let power = if sport == Sport::Ride {
            self.power
        } else {
            elsewhere
        };
        let rated = self
            .session_rpe
            .map(|load| load / THRESHOLD_SESSION_RPE * 100.0);
        let methods = [
            (LoadMethod::Power, power),
            (LoadMethod::Pace, pace),
            (LoadMethod::HeartRate, self.heart_rate),
            (LoadMethod::Rpe, rated),
        ];
        methods
            .into_iter()
            .find_map(|(method, load)| Some((method, load.ok().filter(|load| load.is_finite())?)))
            .ok_or(Reason::NoMethod)
    }
}

/// The rating times the minutes of the session (Foster 2001, JSCR 15:109).
///
/// Minutes are those that a plan is matched by: of the timer (rule T2), else elapsed (rule T1).
pub(crate) fn session_rpe(recording: &Recording) -> Result<f64, Reason> {
    let rating = recording.totals.rpe.filter(|_| !recording.partial);
    let rating = rating.ok_or(Reason::NotReported)?;
    let seconds = Executed::of(recording, timer_s(recording), None).duration_s;
    Ok(rating * seconds.ok_or(Reason::NoSamples)? / MINUTE_S)
}

/// Volume load over body weight: how many times the athlete's own weight was lifted.
///
/// It is no share of an hour at threshold, so it never becomes the load of a workout.
pub(crate) fn strength(
    volume_kg: Result<f64, Reason>,
    weight: Option<Kilograms>,
) -> Result<f64, Reason> {
    Ok(volume_kg? / weight.ok_or(Reason::NoBodyWeight)?.get())
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::DateTime;
    use domain::recording::{Format, Totals};

    const ALL: Candidates = Candidates {
        power: Ok(80.0),
        run: Ok(70.0),
        swim: Ok(60.0),
        heart_rate: Ok(50.0),
        session_rpe: Ok(420.0),
    };

    /// P-67
    #[test]
    fn each_sport_takes_the_first_method_that_applies_to_it() {
        for (sport, chosen) in [
            (Sport::Ride, (LoadMethod::Power, 80.0)),
            (Sport::Run, (LoadMethod::Pace, 70.0)),
            (Sport::Swim, (LoadMethod::Pace, 60.0)),
            (Sport::Walk, (LoadMethod::HeartRate, 50.0)),
            (Sport::Strength, (LoadMethod::HeartRate, 50.0)),
        ] {
            assert_eq!(ALL.choose(sport), Ok(chosen), "{sport:?}");
        }
    }

    /// P-67
    #[test]
    fn an_hour_rated_seven_is_a_load_of_100() {
        let rated = Candidates {
            power: Err(Reason::NoPower),
            heart_rate: Ok(f64::INFINITY),
            ..ALL
        };
        assert_eq!(rated.choose(Sport::Ride), Ok((LoadMethod::Rpe, 100.0)));
    }

    /// P-68
    #[test]
    fn without_any_method_there_is_no_load() {
        let none = Candidates {
            heart_rate: Err(Reason::NoHrThreshold),
            session_rpe: Err(Reason::NotReported),
            ..ALL
        };
        assert_eq!(none.choose(Sport::Hike), Err(Reason::NoMethod));
    }

    #[test]
    fn an_effort_of_zero_is_a_load_of_zero() {
        let coasting = Candidates {
            power: Ok(0.0),
            ..ALL
        };
        assert_eq!(coasting.choose(Sport::Ride), Ok((LoadMethod::Power, 0.0)));
    }

    #[test]
    fn a_rating_counts_the_minutes_of_the_session() {
        let mut recording = Recording::empty(Format::Json, Sport::Strength, DateTime::UNIX_EPOCH);
        assert_eq!(session_rpe(&recording), Err(Reason::NotReported));
        recording.totals = Totals {
            rpe: Some(7.0),
            ..Totals::default()
        };
        assert_eq!(session_rpe(&recording), Err(Reason::NoSamples));
        recording.totals.elapsed_s = Some(1800.0);
        assert_eq!(session_rpe(&recording), Ok(210.0));
        recording.time_s = vec![0.0, 3600.0];
        assert_eq!(session_rpe(&recording), Ok(420.0));
    }

    /// P-67
    #[test]
    fn lifting_ten_times_ones_weight_is_a_strength_load_of_ten() {
        let weight = Kilograms::parse(70.0).ok();
        assert_eq!(strength(Ok(700.0), weight), Ok(10.0));
        assert_eq!(strength(Ok(700.0), None), Err(Reason::NoBodyWeight));
        assert_eq!(
            strength(Err(Reason::NotForThisSport), weight),
            Err(Reason::NotForThisSport)
        );
    }
}
