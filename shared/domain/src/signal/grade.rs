//! Grade, and the flat distance that would have cost as much (rule A1).

use super::moving::is_moving;
use super::number::on_line;
use super::{Distance, Moving};
use crate::reason::Reason;
use crate::recording::{Channel, Recording};

/// The name of the cost model in the output.
pub const MODEL: &str = "minetti_2002";

/// Half of the distance in metres over which a grade is taken; altitude is too noisy for less.
const HALF_BASE_M: f64 = 25.0;

/// The steepest grade, up or down, for which the cost was measured; the polynomial explodes beyond.
const STEEPEST: f64 = 0.45;

/// The steepest grade in per cent, up or down, that the fit of Strava's curve covers.
const STEEPEST_FIT_PCT: f64 = 34.0;

/// The energy cost of running in J/(kg·m) at a grade (Minetti et al. 2002, J Appl Physiol 93:1039).
pub fn cost(grade: f64) -> f64 {
    let i = grade.clamp(-STEEPEST, STEEPEST);
    ((((155.4 * i - 30.4) * i - 43.3) * i + 46.3) * i + 19.5) * i + 3.6
}

/// How many times harder than the flat a grade is, as an open fit of Strava's plotted curve says.
///
/// Strava fitted its curve of 2017 to equal heart rate over some six million runs and published
/// only the plot; the polynomial in per cent is that of Elevate and sports-lib through points read
/// from it.
pub fn strava_like_factor(grade: f64) -> f64 {
    const FIT: [f64; 6] = [
        -2.662_810_732_593_074_7e-9,
        -3.686_186_584_867_523e-7,
        4.066_242_567_171_592_4e-7,
        0.001_808_395_321_279_063_4,
        0.029_290_920_646_623_777,
        1.0,
    ];
    let per_cent = (grade * 100.0).clamp(-STEEPEST_FIT_PCT, STEEPEST_FIT_PCT);
    FIT.into_iter()
        .fold(0.0, |sum, factor| sum * per_cent + factor)
}

/// Whether altitude was measured: absent or constant altitude says nothing about hills.
pub fn is_usable(altitude: &Channel) -> bool {
    let mut values = altitude.values();
    values
        .next()
        .is_some_and(|first| values.any(|value| (value - first).abs() > 0.0))
}

/// Altitude over distance.
#[derive(Debug, Clone, PartialEq)]
pub struct Profile {
    metres: Vec<f64>,
    altitudes: Vec<f64>,
}

impl Profile {
    /// Takes the samples that have an altitude.
    ///
    /// # Errors
    /// `no_samples`, `no_distance`, or `no_altitude` where [`is_usable`] says so.
    pub fn of(recording: &Recording, distance: Option<&Distance>) -> Result<Self, Reason> {
        if recording.samples() == 0 {
            return Err(Reason::NoSamples);
        }
        let metres = distance.ok_or(Reason::NoDistance)?.metres();
        if !is_usable(&recording.altitude_m) {
            return Err(Reason::NoAltitude);
        }
        let known = metres.iter().zip(recording.altitude_m.iter());
        let (metres, altitudes) = known
            .filter_map(|(metre, altitude)| Some((*metre, altitude?)))
            .unzip();
        Ok(Self { metres, altitudes })
    }

    /// The grades along the way, asked for in the order of distance.
    pub fn grades(&self) -> Grades<'_> {
        Grades {
            profile: self,
            behind: 0,
            ahead: 0,
        }
    }

    /// The altitude at a distance; `next` is the first known point beyond the distance before.
    fn altitude(&self, metre: f64, next: &mut usize) -> Option<f64> {
        while self.metres.get(*next).is_some_and(|known| *known <= metre) {
            *next += 1;
        }
        let Some(before) = next.checked_sub(1) else {
            return self.altitudes.first().copied();
        };
        let point = |index: usize| Some((*self.metres.get(index)?, *self.altitudes.get(index)?));
        match (point(before), point(*next)) {
            (Some(from), Some(to)) => Some(on_line(from, to, metre)),
            _ => self.altitudes.last().copied(),
        }
    }
}

/// Walks along a [`Profile`]; every question costs the way since the one before.
#[derive(Debug, Clone)]
pub struct Grades<'a> {
    profile: &'a Profile,
    behind: usize,
    ahead: usize,
}

impl Grades<'_> {
    /// Rise over run around a distance that is not before the one asked for last (rule A1).
    ///
    /// Over 50 m, clipped at both ends of the profile and limited to ±0.45; 0 where less than half
    /// of that is left.
    pub fn at(&mut self, metre: f64) -> f64 {
        let ends = self.profile.metres.first().zip(self.profile.metres.last());
        let Some((first, last)) = ends else {
            return 0.0;
        };
        let from = (metre - HALF_BASE_M).max(*first);
        let to = (metre + HALF_BASE_M).min(*last);
        if to - from < HALF_BASE_M {
            return 0.0;
        }
        let low = self.profile.altitude(from, &mut self.behind);
        let high = self.profile.altitude(to, &mut self.ahead);
        let rise = high.zip(low).map_or(0.0, |(high, low)| high - low);
        (rise / (to - from)).clamp(-STEEPEST, STEEPEST)
    }
}

/// Flat metres that would have cost as much as the way so far, at every sample, by two models.
///
/// Only steps that count as moving (rule T3) add to them, so that a sum over any stretch divided
/// by its moving time is its grade-adjusted speed (rule A1).
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Adjusted {
    minetti_m: Vec<f64>,
    strava_like_m: Vec<f64>,
}

impl Adjusted {
    /// Adds up the steps of a recording of a sport on foot.
    ///
    /// # Errors
    /// `not_for_this_sport`, or why there is no [`Profile`].
    pub fn of(recording: &Recording, distance: Option<&Distance>) -> Result<Self, Reason> {
        if !recording.sport.is_on_foot() {
            return Err(Reason::NotForThisSport);
        }
        let profile = Profile::of(recording, distance)?;
        let metres = distance.ok_or(Reason::NoDistance)?.metres();
        let mut grades = profile.grades();
        let flat = cost(0.0);
        let mut adjusted = Self {
            minetti_m: Vec::with_capacity(metres.len()),
            strava_like_m: Vec::with_capacity(metres.len()),
        };
        let (mut minetti, mut strava_like) = (0.0, 0.0);
        adjusted.push(minetti, strava_like);
        for (time, metre) in recording.time_s.windows(2).zip(metres.windows(2)) {
            if let ([t0, t1], [m0, m1]) = (time, metre) {
                let step = m1 - m0;
                if is_moving(step, t1 - t0) {
                    let grade = grades.at(f64::midpoint(*m0, *m1));
                    minetti += step * cost(grade) / flat;
                    strava_like += step * strava_like_factor(grade);
                }
                adjusted.push(minetti, strava_like);
            }
        }
        Ok(adjusted)
    }

    fn push(&mut self, minetti_m: f64, strava_like_m: f64) {
        self.minetti_m.push(minetti_m);
        self.strava_like_m.push(strava_like_m);
    }

    /// Flat metres from the start by the cost of Minetti et al. (2002), one value per sample.
    pub fn minetti_m(&self) -> &[f64] {
        &self.minetti_m
    }

    /// The speed in metres per second over moving time by the cost of Minetti et al. (2002).
    ///
    /// # Errors
    /// `no_movement` where there is no moving time.
    pub fn minetti_mps(&self, moving: Option<&Moving>) -> Result<f64, Reason> {
        over(self.minetti_m.last(), moving)
    }

    /// The speed in metres per second over moving time by [`strava_like_factor`].
    ///
    /// # Errors
    /// `no_movement` where there is no moving time.
    pub fn strava_like_mps(&self, moving: Option<&Moving>) -> Result<f64, Reason> {
        over(self.strava_like_m.last(), moving)
    }
}

fn over(metres: Option<&f64>, moving: Option<&Moving>) -> Result<f64, Reason> {
    let seconds = moving.map_or(0.0, Moving::total_s);
    let metres = metres.filter(|_| seconds > 0.0);
    metres
        .map(|metres| metres / seconds)
        .ok_or(Reason::NoMovement)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recording::Format;
    use crate::signal::Signal;
    use crate::signal::number::{from_count, interpolate};
    use crate::sport::Sport;
    use chrono::DateTime;

    /// P-56
    #[test]
    fn the_cost_ratio_is_that_of_the_published_polynomial() {
        let published = [
            (-0.30, 0.684),
            (-0.20, 0.500),
            (-0.18, 0.495),
            (-0.10, 0.598),
            (-0.05, 0.763),
            (0.05, 1.301),
            (0.10, 1.658),
            (0.20, 2.502),
            (0.45, 5.396),
            (9.0, 5.396),
        ];
        for (grade, ratio) in published {
            assert!(
                (cost(grade) / cost(0.0) - ratio).abs() < 0.0006,
                "at {grade}"
            );
        }
    }

    /// P-56
    #[test]
    fn the_other_models_factor_is_that_of_the_published_fit() {
        let published = [
            (-0.20, 1.084),
            (-0.10, 0.884),
            (0.0, 1.0),
            (0.10, 1.470),
            (0.20, 2.245),
        ];
        for (grade, factor) in published {
            let ours = strava_like_factor(grade);
            assert!((ours - factor).abs() < 0.0006, "{ours} at {grade}");
        }
        assert_eq!(
            strava_like_factor(0.9).to_bits(),
            strava_like_factor(0.34).to_bits()
        );
    }

    fn hill(rise_per_m: f64) -> Recording {
        let mut recording = Recording::empty(Format::Fit, Sport::Run, DateTime::UNIX_EPOCH);
        recording.time_s = (0..200).map(from_count).collect();
        recording.distance_m = (0..200).map(|s| Some(from_count(s) * 3.0)).collect();
        recording.altitude_m = (0..200)
            .map(|s| Some(from_count(s) * 3.0 * rise_per_m))
            .collect();
        recording
    }

    fn speeds(recording: &Recording) -> Result<(f64, f64), Reason> {
        let signal = Signal::of(recording).unwrap();
        let adjusted = signal.adjusted.as_ref().map_err(|reason| *reason)?;
        let moving = signal.moving.as_ref();
        Ok((
            adjusted.minetti_mps(moving)?,
            adjusted.strava_like_mps(moving)?,
        ))
    }

    /// P-56
    #[test]
    fn a_steady_hill_is_as_hard_as_its_grade_says() {
        for grade in [-0.1, 0.001, 0.1] {
            let (minetti, strava_like) = speeds(&hill(grade)).unwrap();
            let expected = 3.0 * cost(grade) / cost(0.0);
            assert!((minetti - expected).abs() < 1e-6, "at {grade}: {minetti}");
            let expected = 3.0 * strava_like_factor(grade);
            assert!(
                (strava_like - expected).abs() < 1e-6,
                "at {grade}: {strava_like}"
            );
        }
    }

    /// P-56
    #[test]
    fn the_flat_costs_its_pace() {
        let mut recording = hill(0.0);
        recording.altitude_m.set(199, Some(1e-9));
        let (minetti, strava_like) = speeds(&recording).unwrap();
        assert!((minetti - 3.0).abs() < 1e-6, "{minetti}");
        assert!((strava_like - 3.0).abs() < 1e-6, "{strava_like}");
    }

    /// P-56
    #[test]
    fn a_cliff_is_no_steeper_than_the_cost_was_measured() {
        let recording = hill(2.0);
        let distance = Distance::of(&recording);
        let profile = Profile::of(&recording, distance.as_ref()).unwrap();
        assert!((profile.grades().at(300.0) - STEEPEST).abs() < 1e-9);
    }

    #[test]
    fn a_track_without_altitude_has_no_grade() {
        assert_eq!(speeds(&hill(0.0)), Err(Reason::NoAltitude));
    }

    #[test]
    fn a_ride_has_no_running_cost() {
        let mut ride = hill(0.1);
        ride.sport = Sport::Ride;
        assert_eq!(speeds(&ride), Err(Reason::NotForThisSport));
    }

    #[test]
    fn walking_along_a_profile_finds_what_looking_up_every_point_finds() {
        let mut recording = hill(0.0);
        recording.altitude_m = (0..200)
            .map(|s| (s % 7 != 2).then(|| from_count(s * s % 31)))
            .collect();
        let distance = Distance::of(&recording);
        let profile = Profile::of(&recording, distance.as_ref()).unwrap();
        let mut grades = profile.grades();
        for step in 0..1200 {
            let metre = from_count(step) * 0.5;
            let from = (metre - 25.0).max(profile.metres[0]);
            let to = (metre + 25.0).min(*profile.metres.last().unwrap());
            let altitude = |at| interpolate(&profile.metres, &profile.altitudes, at).unwrap();
            let expected = if to - from < 25.0 {
                0.0
            } else {
                ((altitude(to) - altitude(from)) / (to - from)).clamp(-0.45, 0.45)
            };
            assert!((grades.at(metre) - expected).abs() < 1e-12, "at {metre} m");
        }
    }

    #[test]
    fn a_constant_altitude_is_not_usable_but_a_changing_one_is() {
        assert!(!is_usable(
            &[Some(3.2), None, Some(3.2)].into_iter().collect()
        ));
        assert!(!is_usable(&Channel::absent(3)));
        assert!(is_usable(&[Some(3.2), Some(3.4)].into_iter().collect()));
    }
}
