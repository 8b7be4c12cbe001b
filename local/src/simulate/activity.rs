//! What athletes did: the same activities whenever the seed is the same, and what must be shown of them.

use super::Options;
use super::api::Happening;
use super::dice::Dice;
use super::key::Key;
use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, Utc};

/// Where athletes are, in seconds from UTC.
const OFFSETS_S: [i32; 8] = [-36_000, -25_200, -10_800, 0, 3_600, 19_800, 32_400, 46_800];

/// What is lifted.
const EXERCISES: [&str; 4] = [
    "Squat (Barbell)",
    "Bench Press (Barbell)",
    "Deadlift (Barbell)",
    "Overhead Press (Dumbbell)",
];

/// A kind of activity; each provider's file has its own word for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Run,
    TrailRun,
    Ride,
    GravelRide,
    Walk,
    Hike,
    Row,
    Elliptical,
    /// Sets, and no distance.
    Strength,
}

impl Kind {
    /// Paceline's word.
    pub(super) fn sport(self) -> &'static str {
        match self {
            Self::Run | Self::TrailRun => "run",
            Self::Ride | Self::GravelRide => "ride",
            Self::Walk => "walk",
            Self::Hike => "hike",
            Self::Row => "row",
            Self::Elliptical => "other",
            Self::Strength => "strength",
        }
    }

    /// The sport in a FIT file.
    pub(super) fn fit(self) -> u8 {
        match self {
            Self::Run | Self::TrailRun => 1,
            Self::Ride | Self::GravelRide => 2,
            Self::Walk => 11,
            Self::Hike => 17,
            Self::Row => 15,
            Self::Elliptical => 4,
            Self::Strength => 10,
        }
    }

    pub(super) fn is_ride(self) -> bool {
        matches!(self, Self::Ride | Self::GravelRide)
    }

    /// Decimetres per second.
    fn speed(self) -> u32 {
        match self {
            Self::Run => 31,
            Self::TrailRun => 26,
            Self::Ride => 78,
            Self::GravelRide => 66,
            Self::Walk => 14,
            Self::Hike => 11,
            Self::Row => 33,
            Self::Elliptical => 22,
            Self::Strength => 0,
        }
    }

    /// Watts, where they are measured.
    fn watts(self) -> Option<u32> {
        match self {
            Self::Ride => Some(190),
            Self::GravelRide => Some(205),
            Self::Run
            | Self::TrailRun
            | Self::Walk
            | Self::Hike
            | Self::Row
            | Self::Elliptical
            | Self::Strength => None,
        }
    }
}

/// One moment of an activity.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Sample {
    /// Seconds from the start.
    pub(super) at_s: u32,
    /// Decimetres so far.
    pub(super) distance_dm: u32,
    /// Decimetres per second.
    pub(super) speed: u32,
    pub(super) hr_bpm: u32,
    pub(super) altitude_dm: u32,
    pub(super) watts: Option<u32>,
    /// Steps or revolutions per minute, of both legs.
    pub(super) cadence: u32,
}

impl Sample {
    /// Whether the timer stood between another sample and this one.
    pub(super) fn is_after_pause(&self, before: Self) -> bool {
        // Between samples there are at most 10 s, and a pause has at least 60.
        self.at_s - before.at_s > 10
    }
}

/// One set of a strength workout.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Set {
    pub(super) exercise: &'static str,
    pub(super) reps: u32,
    pub(super) weight_kg: u32,
}

/// One activity as its provider knows it.
#[derive(Debug, Clone)]
pub(super) struct Activity {
    pub(super) kind: Kind,
    pub(super) name: String,
    pub(super) start: DateTime<Utc>,
    pub(super) offset_s: i32,
    /// Empty when it was typed in.
    pub(super) samples: Vec<Sample>,
    /// Seconds without pauses.
    pub(super) timer_s: u32,
    /// Seconds with pauses.
    pub(super) elapsed_s: u32,
    pub(super) distance_dm: u32,
    pub(super) avg_hr_bpm: f64,
    /// Empty unless it is strength.
    pub(super) sets: Vec<Set>,
}

/// What becomes of an activity, whatever is sent of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Fate {
    /// It was typed in, so that there are no samples.
    pub(super) is_manual: bool,
    /// It is changed once.
    pub(super) is_updated: bool,
    /// It is deleted in the end.
    pub(super) is_deleted: bool,
    /// Nothing of it is ever sent.
    pub(super) is_dropped: bool,
    /// Something of it comes later than its webhook.
    pub(super) is_late: bool,
}

/// What must be shown of an activity; `None` and nothing where the provider does not tell it.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Expected {
    pub(super) sport: &'static str,
    pub(super) local_date: NaiveDate,
    /// Without pauses, if the provider tells them apart.
    pub(super) duration_s: f64,
    pub(super) elapsed_s: Option<f64>,
    pub(super) distance_m: Option<f64>,
    pub(super) avg_hr_bpm: Option<f64>,
    pub(super) sets: Vec<Set>,
}

impl Fate {
    /// The fate of an activity: of what the instance could never know, nothing happens.
    pub(super) fn of(options: &Options, key: Key) -> Self {
        let mut dice = key.dice(options.seed, 1);
        let player = key.provider.player();
        let lets_know = |happening| key.provider.lets_know(options, happening);
        let is_manual = dice.one_in(12) && player.may_be_manual();
        let is_updated = dice.one_in(10) && lets_know(Happening::Updated);
        let is_deleted = dice.one_in(25) && lets_know(Happening::Deleted);
        let may_be_late = player.may_be_late() && !is_manual;
        Self {
            is_manual,
            is_updated,
            is_deleted,
            is_dropped: key.dice(options.seed, 2).chance(options.drop),
            is_late: key.dice(options.seed, 3).chance(options.late) && may_be_late,
        }
    }

    /// The version that it ends with.
    pub(super) fn last_version(self) -> u8 {
        self.is_updated.into()
    }
}

impl Activity {
    /// An activity in its first version (0) or as it was changed (1).
    pub(super) fn of(options: &Options, key: Key, version: u8) -> Self {
        let fate = Fate::of(options, key);
        let mut day = key.dice(options.seed, 4);
        // However long it is, the next day's begins after its end.
        let second = TimeDelta::seconds(day.between(0, 75_000).into());
        let newest = options.newest.and_time(NaiveTime::MIN).and_utc();
        let start = newest - TimeDelta::days(key.index.into()) + second;
        let offset_s = day.pick(&OFFSETS_S, 0);

        let mut dice = key.dice(options.seed, 5 + u64::from(version));
        let kind = dice.pick(&key.provider.player().kinds(), Kind::Run);
        let samples = samples(&mut dice, kind);
        let last = samples.last().copied();
        let (elapsed_s, distance_dm) = last.map_or((0, 0), |last| (last.at_s, last.distance_dm));
        let word = if version == 0 { "Simulated" } else { "Changed" };
        Self {
            kind,
            name: format!("{word} {}", kind.sport()),
            start,
            offset_s,
            timer_s: elapsed_s.saturating_sub(paused_s(&samples)),
            elapsed_s,
            distance_dm,
            avg_hr_bpm: mean_hr(&samples),
            sets: sets(&mut dice, kind),
            samples: if fate.is_manual { Vec::new() } else { samples },
        }
    }

    /// Whether it was typed in.
    pub(super) fn is_manual(&self) -> bool {
        self.samples.is_empty()
    }

    /// When it ended.
    pub(super) fn end(&self) -> DateTime<Utc> {
        self.start + TimeDelta::seconds(self.elapsed_s.into())
    }

    /// When it began, on the athlete's clock.
    pub(super) fn local_start(&self) -> NaiveDateTime {
        (self.start + TimeDelta::seconds(self.offset_s.into())).naive_utc()
    }

    /// What must be shown of it, where its provider tells everything.
    pub(super) fn expected(&self) -> Expected {
        Expected {
            sport: self.kind.sport(),
            local_date: self.local_start().date(),
            duration_s: self.timer_s.into(),
            elapsed_s: Some(self.elapsed_s.into()),
            distance_m: Some(tenths(self.distance_dm)),
            avg_hr_bpm: Some(self.avg_hr_bpm),
            sets: Vec::new(),
        }
    }

    /// The same where the provider tells one duration, and that with pauses.
    pub(super) fn expected_by_totals(&self) -> Expected {
        Expected {
            duration_s: self.elapsed_s.into(),
            ..self.expected()
        }
    }
}

/// Metres of decimetres, and the like.
pub(super) fn tenths(value: u32) -> f64 {
    f64::from(value) / 10.0
}

/// 20 to 90 minutes with up to two pauses, a sample each 5 to 10 seconds.
fn samples(dice: &mut Dice, kind: Kind) -> Vec<Sample> {
    let planned_s = dice.between(20 * 60, 90 * 60);
    let mut pauses: Vec<u32> = (0..dice.between(0, 2))
        .map(|_| dice.between(60, planned_s - 60))
        .collect();
    pauses.sort_unstable();
    let mut pauses = pauses.into_iter().peekable();

    let mut sample = Sample {
        at_s: 0,
        distance_dm: 0,
        speed: kind.speed(),
        hr_bpm: dice.between(95, 125),
        altitude_dm: dice.between(500, 5000),
        watts: kind.watts(),
        cadence: dice.between(80, 92) * 2,
    };
    let mut samples = vec![sample];
    let mut timer_s = 0;
    while timer_s < planned_s {
        if pauses.next_if(|pause| *pause <= timer_s).is_some() {
            sample.at_s += dice.between(60, 600);
            samples.push(sample);
        }
        let step = dice.between(5, 10);
        timer_s += step;
        sample.at_s += step;
        sample.speed = kind.speed() * dice.between(90, 110) / 100;
        sample.distance_dm += sample.speed * step;
        sample.hr_bpm = near(dice, sample.hr_bpm, 3).clamp(90, 185);
        sample.altitude_dm = near(dice, sample.altitude_dm, 8).clamp(100, 9000);
        sample.watts = kind
            .watts()
            .map(|watts| watts * dice.between(70, 130) / 100);
        samples.push(sample);
    }
    samples
}

/// Two to four exercises of three sets each.
fn sets(dice: &mut Dice, kind: Kind) -> Vec<Set> {
    if kind != Kind::Strength {
        return Vec::new();
    }
    let exercises = dice.between(2, 4);
    let exercise = |_| {
        let exercise = dice.pick(&EXERCISES, "Squat (Barbell)");
        let weight_kg = dice.between(20, 120);
        let reps = dice.between(3, 12);
        [0, 1, 2].map(|nth| Set {
            exercise,
            reps: reps + nth,
            weight_kg,
        })
    };
    (0..exercises).flat_map(exercise).collect()
}

fn near(dice: &mut Dice, value: u32, by: u32) -> u32 {
    (value + dice.between(0, 2 * by)).saturating_sub(by)
}

/// Neighbours in time.
fn pairs(samples: &[Sample]) -> impl Iterator<Item = (Sample, Sample)> {
    samples.iter().copied().zip(samples.iter().copied().skip(1))
}

fn is_pause((from, to): &(Sample, Sample)) -> bool {
    to.is_after_pause(*from)
}

fn paused_s(samples: &[Sample]) -> u32 {
    let paused = pairs(samples).filter(is_pause);
    paused.map(|(from, to)| to.at_s - from.at_s).sum()
}

/// The mean over every second that was recorded, on a line between samples.
fn mean_hr(samples: &[Sample]) -> f64 {
    let mut seconds = 0;
    let mut beats = 0.0;
    for pair in pairs(samples) {
        let (from, to) = pair;
        let (first, last) = (f64::from(from.hr_bpm), f64::from(to.hr_bpm));
        if is_pause(&pair) {
            // The last second before it.
            seconds += 1;
            beats += first;
        } else {
            let length = to.at_s - from.at_s;
            seconds += length;
            // From the first second until before the last, they rise or fall evenly.
            beats += f64::from(length) * first + (last - first) * f64::from(length - 1) / 2.0;
        }
    }
    if let Some(last) = samples.last() {
        seconds += 1;
        beats += f64::from(last.hr_bpm);
    }
    beats / f64::from(seconds.max(1))
}

#[cfg(test)]
mod tests {
    use super::super::Provider;
    use super::*;

    fn key(index: u32) -> Key {
        Key {
            provider: Provider::named("strava").unwrap(),
            athlete: 3,
            index,
        }
    }

    #[test]
    fn the_same_seed_gives_the_same_activity_and_an_update_changes_it() {
        let options = Options::default();
        let of = |version| Activity::of(&options, key(4), version);
        assert_eq!(of(0).samples, of(0).samples);
        assert_ne!(of(0).distance_dm, of(1).distance_dm);
        assert_eq!(of(0).start, of(1).start, "an update is no other day");
        let other = Options {
            seed: 2,
            ..options.clone()
        };
        assert_ne!(
            of(0).distance_dm,
            Activity::of(&other, key(4), 0).distance_dm
        );
    }

    #[test]
    fn activities_have_the_promised_length_and_do_not_overlap() {
        let options = Options::default();
        let mut begins = None;
        for index in 0..200 {
            let activity = Activity::of(&options, key(index), 0);
            assert!((20 * 60..=90 * 60 + 10).contains(&activity.timer_s));
            let steps = pairs(&activity.samples).filter(|pair| !is_pause(pair));
            assert!(
                steps
                    .map(|(a, b)| b.at_s - a.at_s)
                    .all(|s| (5..=10).contains(&s))
            );
            let end = activity.start + TimeDelta::seconds(activity.elapsed_s.into());
            assert!(begins.is_none_or(|later| end < later));
            begins = Some(activity.start);
        }
    }

    #[test]
    fn the_mean_counts_every_recorded_second_once() {
        let at = |at_s, hr_bpm| Sample {
            at_s,
            distance_dm: 0,
            speed: 0,
            hr_bpm,
            altitude_dm: 0,
            watts: None,
            cadence: 0,
        };
        // 100, 102, 104, 106, 108, 110; pause; 120.
        let samples = [at(0, 100), at(5, 110), at(65, 120)];
        let mean = (100.0 + 102.0 + 104.0 + 106.0 + 108.0 + 110.0 + 120.0) / 7.0;
        assert!((mean_hr(&samples) - mean).abs() < 1e-9);
        assert_eq!(paused_s(&samples), 60);
    }
}
