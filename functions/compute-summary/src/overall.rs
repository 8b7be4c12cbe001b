//! The workout as a whole.

use crate::elevation::{self, Climb};
use chrono::{DateTime, NaiveDate, Utc};
use domain::execution::Fit;
use domain::merging::Provenance;
use domain::reason::{Reason, Reasons};
use domain::recording::Channel;
use domain::signal::figure::{note, settle};
use domain::signal::number::{greatest, mean};
use domain::signal::pool::{self, Pool};
use domain::signal::{Signal, grade, strength, timer};
use domain::sport::Sport;
use domain::stage::StageInput;
use serde::Serialize;

/// One figure per key; what is `null` has its cause in `reasons`.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Overall {
    /// Time of the first sample.
    pub start_utc: DateTime<Utc>,
    /// The athlete's local date.
    pub local_date: NaiveDate,
    /// The sport.
    pub sport: Sport,
    /// Finer kind of sport, in the source's words.
    pub sub_sport: Option<String>,
    /// Whether only a part of a damaged source could be read.
    pub partial: bool,
    /// Seconds from the first to the last sample (rule T1).
    pub elapsed_s: Option<f64>,
    /// Seconds that the timer ran (rule T2).
    pub timer_s: Option<f64>,
    /// Seconds faster than 1 km/h (rule T3).
    pub moving_s: Option<f64>,
    /// Metres (rules D1 to D3; in a pool W1).
    pub distance_m: Option<f64>,
    /// Metres per second over moving time; over swim time in a pool.
    pub avg_speed_mps: Option<f64>,
    /// Greatest speed of a sample in metres per second.
    pub max_speed_mps: Option<f64>,
    /// Seconds per kilometre over moving time; over swim time in a pool.
    pub avg_pace_s_per_km: Option<f64>,
    /// Grade-adjusted speed in metres per second (rule A1).
    pub gap_speed_mps: Option<f64>,
    /// The cost model of `gap_speed_mps`; absent without it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gap_model: Option<&'static str>,
    /// Mean heart rate over recorded seconds (rule H1).
    pub avg_hr_bpm: Option<f64>,
    /// Greatest heart rate of a sample.
    pub max_hr_bpm: Option<f64>,
    /// Mean power in watts over the seconds that have one, zeros included (rule P1).
    pub avg_power_w: Option<f64>,
    /// Greatest power of a sample in watts.
    pub max_power_w: Option<f64>,
    /// Mechanical work in kilojoules (rule P1).
    pub work_kj: Option<f64>,
    /// Mean cadence over the recorded seconds that have any.
    pub avg_cadence: Option<f64>,
    /// The unit of `avg_cadence`: `spm`, `rpm` or `strokes_per_min`; absent without it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cadence_unit: Option<&'static str>,
    /// Metres climbed (rule E1).
    pub elevation_gain_m: Option<f64>,
    /// Metres descended (rule E1).
    pub elevation_loss_m: Option<f64>,
    /// Kilocalories, as the source reported them.
    pub calories_kcal: Option<f64>,
    /// Mean temperature in degrees Celsius over recorded seconds.
    pub avg_temperature_c: Option<f64>,
    /// Length of the pool in metres.
    pub pool_length_m: Option<f64>,
    /// Lengths swum (rule W1).
    pub lengths: Option<usize>,
    /// Seconds of the lengths swum (rule W1).
    pub swim_time_s: Option<f64>,
    /// Mean of seconds plus strokes per length (rule W1).
    pub swolf: Option<f64>,
    /// Active strength sets (rule X1).
    pub sets: Option<usize>,
    /// Repetitions of active sets (rule X1).
    pub reps: Option<u32>,
    /// Repetitions times load in kilograms, over active sets (rule X1).
    pub volume_kg: Option<f64>,
    /// Whether the session resembles the attached plan: `steps`, `totals` or `mismatch`; absent
    /// without a plan.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub plan_fit: Option<Fit>,
    /// Whose each part of the recording is, by the name of the part; absent unless several sources
    /// tell of the session.
    #[serde(skip_serializing_if = "Provenance::is_empty")]
    pub provenance: Provenance,
    /// Why each `null` above is one.
    pub reasons: Reasons,
}

/// Computes every figure of the workout as a whole.
pub(crate) fn overall(input: &StageInput, signal: &Signal<'_>) -> Overall {
    let recording = &input.recording;
    let totals = &recording.totals;
    let reasons = &mut Reasons::new();
    let from = Source {
        has_samples: signal.has_samples(),
    };

    let pool = pool::pool(recording);
    let motion = Motion::of(signal, pool.as_ref().ok(), &from, totals.distance_m);
    let strength = strength::strength(recording);
    let climb = elevation::climb(signal);
    let watts = signal.power();
    let adjusted = signal.adjusted.as_ref().map_err(|reason| *reason);
    let gap = adjusted.and_then(|adjusted| adjusted.minetti_mps(signal.moving.as_ref()));
    let cadence = mean_cadence(signal);
    let gain = climb.map(|climb: Climb| climb.gain_m);
    let loss = climb.map(|climb: Climb| climb.loss_m);
    let calories = totals
        .calories_kcal
        .filter(|_| !recording.partial)
        .ok_or(Reason::NotReported);

    let gap_speed_mps = settle(reasons, "gap_speed_mps", gap);
    let avg_cadence = settle(
        reasons,
        "avg_cadence",
        from.or_total(cadence, totals.avg_cadence, Reason::NoCadence),
    );
    Overall {
        start_utc: recording.start_utc,
        local_date: input.local_date,
        sport: recording.sport,
        sub_sport: note(
            reasons,
            "sub_sport",
            recording.sub_sport.clone().ok_or(Reason::NotReported),
        ),
        partial: recording.partial,
        elapsed_s: settle(
            reasons,
            "elapsed_s",
            from.or_total(recording.elapsed_s(), totals.elapsed_s, Reason::NoSamples),
        ),
        timer_s: settle(
            reasons,
            "timer_s",
            from.or_total(
                timer::timer_s(recording),
                totals.timer_s,
                Reason::NoTimerEvents,
            ),
        ),
        moving_s: settle(reasons, "moving_s", motion.moving_s),
        distance_m: settle(reasons, "distance_m", motion.distance_m),
        avg_speed_mps: settle(reasons, "avg_speed_mps", motion.speed_mps),
        max_speed_mps: settle(
            reasons,
            "max_speed_mps",
            from.or_total(
                greatest_speed(signal),
                totals.max_speed_mps,
                Reason::NoDistance,
            ),
        ),
        avg_pace_s_per_km: settle(reasons, "avg_pace_s_per_km", motion.pace_s_per_km()),
        gap_model: gap_speed_mps.map(|_| grade::MODEL),
        gap_speed_mps,
        avg_hr_bpm: settle(
            reasons,
            "avg_hr_bpm",
            from.or_total(
                mean(signal.hr().values()),
                totals.avg_hr_bpm,
                Reason::NoHeartRate,
            ),
        ),
        max_hr_bpm: settle(
            reasons,
            "max_hr_bpm",
            from.or_total(
                greatest(recording.hr_bpm.values()),
                totals.max_hr_bpm,
                Reason::NoHeartRate,
            ),
        ),
        avg_power_w: settle(
            reasons,
            "avg_power_w",
            from.or_total(mean(watts.values()), totals.avg_power_w, Reason::NoPower),
        ),
        max_power_w: settle(
            reasons,
            "max_power_w",
            from.or_total(
                greatest(recording.power_w.values()).filter(|watts| *watts > 0.0),
                totals.max_power_w,
                Reason::NoPower,
            ),
        ),
        work_kj: settle(
            reasons,
            "work_kj",
            from.or_total(work_kj(watts), None, Reason::NoPower),
        ),
        cadence_unit: avg_cadence.map(|_| cadence_unit(recording.sport)),
        avg_cadence,
        elevation_gain_m: settle(
            reasons,
            "elevation_gain_m",
            from.or_reported(gain, totals.elevation_gain_m),
        ),
        elevation_loss_m: settle(
            reasons,
            "elevation_loss_m",
            from.or_reported(loss, totals.elevation_loss_m),
        ),
        calories_kcal: settle(reasons, "calories_kcal", calories),
        avg_temperature_c: settle(
            reasons,
            "avg_temperature_c",
            from.or_total(
                mean(signal.grid.channel(&recording.temperature_c).values()),
                None,
                Reason::NoTemperature,
            ),
        ),
        pool_length_m: settle(
            reasons,
            "pool_length_m",
            pool.map(|pool| pool.pool_length_m),
        ),
        lengths: note(reasons, "lengths", pool.map(|pool| pool.lengths)),
        swim_time_s: settle(reasons, "swim_time_s", pool.map(|pool| pool.swim_time_s)),
        swolf: settle(
            reasons,
            "swolf",
            pool.and_then(|pool| pool.swolf.ok_or(Reason::NotReported)),
        ),
        sets: note(reasons, "sets", strength.map(|strength| strength.sets)),
        reps: note(
            reasons,
            "reps",
            strength.and_then(|strength| strength.reps.ok_or(Reason::NotReported)),
        ),
        volume_kg: settle(
            reasons,
            "volume_kg",
            strength.and_then(|strength| strength.volume_kg.ok_or(Reason::NotReported)),
        ),
        plan_fit: None,
        provenance: input.provenance.clone(),
        reasons: std::mem::take(reasons),
    }
}

/// Where a figure comes from: the samples, or what the source reported when it sent none.
///
/// A reported total never stands in for a channel that the samples lack: devices write 0 there.
struct Source {
    has_samples: bool,
}

impl Source {
    fn or_total(
        &self,
        measured: Option<f64>,
        total: Option<f64>,
        absent: Reason,
    ) -> Result<f64, Reason> {
        self.or_reported(measured.ok_or(absent), total)
    }

    fn or_reported(
        &self,
        measured: Result<f64, Reason>,
        total: Option<f64>,
    ) -> Result<f64, Reason> {
        if self.has_samples {
            measured
        } else {
            total.ok_or(Reason::NoSamples)
        }
    }
}

/// Distance, moving time and the speed that follows from both.
struct Motion {
    distance_m: Result<f64, Reason>,
    moving_s: Result<f64, Reason>,
    speed_mps: Result<f64, Reason>,
}

impl Motion {
    fn of(
        signal: &Signal<'_>,
        pool: Option<&Pool>,
        from: &Source,
        reported_m: Option<f64>,
    ) -> Self {
        let counted = signal.distance.as_ref().map(|distance| distance.total_m());
        let moving = signal.moving.as_ref().map(|moving| moving.total_s());
        let moving_s = from.or_total(moving, None, Reason::NoDistance);
        let distance_m = match pool {
            Some(pool) => Ok(pool.distance_m),
            None => from.or_total(counted, reported_m, Reason::NoDistance),
        };
        let clock_s = pool.map_or(moving_s, |pool| Ok(pool.swim_time_s));
        let speed_mps = match (distance_m, clock_s) {
            (Ok(metres), Ok(seconds)) if seconds > 0.0 => Ok(metres / seconds),
            (Ok(_), Ok(_)) => Err(Reason::NoMovement),
            (Err(reason), _) | (_, Err(reason)) => Err(reason),
        };
        Self {
            distance_m,
            moving_s,
            speed_mps,
        }
    }

    fn pace_s_per_km(&self) -> Result<f64, Reason> {
        let speed = self.speed_mps?;
        if speed > 0.0 {
            Ok(1000.0 / speed)
        } else {
            Err(Reason::NoMovement)
        }
    }
}

/// The greatest speed: the device's, else between consecutive samples.
fn greatest_speed(signal: &Signal<'_>) -> Option<f64> {
    let device = greatest(signal.recording.speed_mps.values()).filter(|speed| *speed > 0.0);
    device.or_else(|| {
        let metres = signal.distance.as_ref()?.metres();
        let pairs = signal.recording.time_s.windows(2).zip(metres.windows(2));
        greatest(pairs.filter_map(|pair| match pair {
            ([t0, t1], [m0, m1]) => Some((m1 - m0) / (t1 - t0)),
            _ => None,
        }))
    })
}

/// The sum of one value per second.
fn work_kj(watts: &Channel) -> Option<f64> {
    watts
        .has_values()
        .then(|| watts.values().sum::<f64>() / 1000.0)
}

/// Coasting and standing still do not lower a cadence.
fn mean_cadence(signal: &Signal<'_>) -> Option<f64> {
    let seconds = signal.cadence().values();
    mean(seconds.filter(|cadence| *cadence > 0.0))
}

fn cadence_unit(sport: Sport) -> &'static str {
    match sport {
        Sport::Run | Sport::Walk | Sport::Hike => "spm",
        Sport::Swim | Sport::Row => "strokes_per_min",
        Sport::Ride
        | Sport::Ski
        | Sport::Strength
        | Sport::Mobility
        | Sport::Multisport
        | Sport::Other => "rpm",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::athlete::Athlete;
    use domain::recording::{Format, Recording, Totals};
    use domain::signal::number::from_count;

    fn summarised(recording: Recording) -> Overall {
        let local_date = recording.start_utc.date_naive();
        let input = StageInput {
            provenance: domain::merging::Provenance::new(),
            recording,
            local_date,
            athlete: Athlete::default(),
            plan: None,
        };
        let signal = Signal::of(&input.recording).unwrap();
        overall(&input, &signal)
    }

    #[test]
    fn a_workout_without_samples_shows_what_its_source_reported_and_nothing_else() {
        let mut recording = Recording::empty(Format::Json, Sport::Run, DateTime::UNIX_EPOCH);
        recording.totals = Totals {
            elapsed_s: Some(1900.0),
            distance_m: Some(5000.0),
            avg_hr_bpm: Some(150.0),
            ..Totals::default()
        };
        let overall = summarised(recording);
        assert_eq!(overall.elapsed_s, Some(1900.0));
        assert_eq!(overall.distance_m, Some(5000.0));
        assert_eq!(overall.avg_hr_bpm, Some(150.0));
        assert_eq!((overall.timer_s, overall.avg_speed_mps), (None, None));
        assert_eq!(overall.reasons.get("timer_s"), Some(&Reason::NoSamples));
        assert_eq!(
            overall.reasons.get("avg_speed_mps"),
            Some(&Reason::NoSamples)
        );
        assert_eq!(
            overall.reasons.get("calories_kcal"),
            Some(&Reason::NotReported)
        );
    }

    #[test]
    fn a_reported_total_never_stands_in_for_a_channel_that_the_samples_lack() {
        let mut recording = Recording::empty(Format::Fit, Sport::Strength, DateTime::UNIX_EPOCH);
        recording.time_s = vec![0.0, 1.0];
        recording.totals.distance_m = Some(0.0);
        let overall = summarised(recording);
        assert_eq!(overall.distance_m, None);
        assert_eq!(overall.reasons.get("distance_m"), Some(&Reason::NoDistance));
    }

    #[test]
    fn a_standing_athlete_has_a_distance_of_zero_and_no_speed() {
        let mut recording = Recording::empty(Format::Gpx, Sport::Walk, DateTime::UNIX_EPOCH);
        recording.time_s = (0..10).map(from_count).collect();
        recording.latitude = (0..10).map(|_| Some(50.0)).collect();
        recording.longitude = (0..10).map(|_| Some(8.0)).collect();
        let overall = summarised(recording);
        assert_eq!(
            (overall.distance_m, overall.moving_s),
            (Some(0.0), Some(0.0))
        );
        assert_eq!(
            overall.reasons.get("avg_speed_mps"),
            Some(&Reason::NoMovement)
        );
        assert_eq!(
            overall.reasons.get("avg_pace_s_per_km"),
            Some(&Reason::NoMovement)
        );
    }

    #[test]
    fn totals_of_a_damaged_file_are_not_believed() {
        let mut recording = Recording::empty(Format::Fit, Sport::Ride, DateTime::UNIX_EPOCH);
        recording.time_s = vec![0.0, 1.0];
        recording.totals.calories_kcal = Some(500.0);
        assert_eq!(summarised(recording.clone()).calories_kcal, Some(500.0));
        recording.partial = true;
        assert_eq!(summarised(recording).calories_kcal, None);
    }
}
