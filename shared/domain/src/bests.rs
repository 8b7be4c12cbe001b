//! The best of many workouts: least times over distances, best means over durations.

use crate::id::WorkoutId;
use crate::matching::family;
use crate::sport::Sport;
use chrono::NaiveDate;

/// The distances of best efforts in metres, 400 m to the marathon (rule B1).
pub const EFFORTS_M: [f64; 13] = [
    400.0, 800.0, 1000.0, 1609.344, 3218.688, 5000.0, 10_000.0, 15_000.0, 16_093.44, 20_000.0,
    21_097.5, 30_000.0, 42_195.0,
];

/// The durations in seconds at which power is compared: each is one of every workout's curve.
pub const POWER_S: [u32; 31] = [
    1, 2, 3, 5, 10, 15, 20, 30, 40, 60, 90, 120, 180, 240, 300, 360, 480, 600, 720, 900, 1200,
    1500, 1800, 2400, 2700, 3600, 5400, 7200, 10_800, 14_400, 18_000,
];

/// The durations in seconds at which heart rate is compared.
pub const HR_S: [u32; 8] = [60, 120, 300, 600, 1200, 1800, 3600, 7200];

/// Metres and seconds of world records on foot, the least of either sex, as of 2025. What lies
/// between two distances is slower than the record of the shorter one.
const RECORDS_ON_FOOT: [(f64, f64); 8] = [
    (400.0, 43.03),
    (800.0, 100.91),
    (1000.0, 131.96),
    (1609.344, 223.13),
    (5000.0, 755.36),
    (10_000.0, 1571.0),
    (21_097.5, 3402.0),
    (42_195.0, 7235.0),
];

/// The world record of swimming 400 m in metres per second; nobody swims farther faster.
const FASTEST_SWIM_MPS: f64 = 400.0 / 219.96;

/// What is not believed of anybody, in metres per second, on wheels or on snow.
const FASTEST_MPS: f64 = 35.0;

/// Whether an effort is no faster than anybody ever was: positions that jump make faster ones.
pub fn is_believable(sport: Sport, distance_m: f64, elapsed_s: f64) -> bool {
    let fastest = match family(sport) {
        Sport::Run | Sport::Walk | Sport::Hike => {
            let mut shorter = RECORDS_ON_FOOT.iter().rev();
            let record = shorter.find(|(metres, _)| *metres <= distance_m);
            record.map_or(f64::INFINITY, |(metres, seconds)| metres / seconds)
        }
        Sport::Swim => FASTEST_SWIM_MPS,
        Sport::Ride
        | Sport::Row
        | Sport::Ski
        | Sport::Strength
        | Sport::Mobility
        | Sport::Multisport
        | Sport::Other => FASTEST_MPS,
    };
    elapsed_s > 0.0 && distance_m / elapsed_s <= fastest
}

/// A best value, and the workout that holds it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Best {
    /// Seconds, watts or beats per minute.
    pub value: f64,
    /// Whose it is.
    pub workout_id: WorkoutId,
    /// The workout's local date.
    pub local_date: NaiveDate,
}

/// Which of two values is better.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Better {
    /// The smaller one, as of times.
    Less,
    /// The greater one, as of power.
    More,
}

/// The best values at a list of places.
#[derive(Debug, Clone, PartialEq)]
pub struct Bests {
    better: Better,
    at: Vec<Option<Best>>,
}

impl Bests {
    /// Nothing yet.
    pub fn new(better: Better) -> Self {
        Self {
            better,
            at: Vec::new(),
        }
    }

    /// Lets a value compete at a place; the first of equal ones holds.
    pub fn offer(&mut self, place: usize, best: Best) {
        if place >= self.at.len() {
            self.at.resize(place + 1, None);
        }
        let Some(holder) = self.at.get_mut(place) else {
            return;
        };
        let is_better = holder.is_none_or(|held| match self.better {
            Better::Less => best.value < held.value,
            Better::More => best.value > held.value,
        });
        if is_better && best.value.is_finite() {
            *holder = Some(best);
        }
    }

    /// The best at a place; `None` where nobody came so far.
    pub fn get(&self, place: usize) -> Option<Best> {
        self.at.get(place).copied().flatten()
    }

    /// The places that somebody holds, with what these stand for.
    pub fn held<'a, T: Copy>(
        &self,
        places: &'a [T],
    ) -> impl Iterator<Item = (T, Best)> + use<'_, 'a, T> {
        let held = places.iter().zip(&self.at);
        held.filter_map(|(place, best)| Some((*place, (*best)?)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    fn best(value: f64, number: u128) -> Best {
        Best {
            value,
            workout_id: WorkoutId(Uuid::from_u128(number)),
            local_date: NaiveDate::default(),
        }
    }

    #[test]
    fn the_best_holds_its_place_until_it_is_beaten() {
        let mut times = Bests::new(Better::Less);
        for (place, value, number) in [(1, 60.0, 1), (1, 60.0, 2), (1, 59.0, 3), (0, 9.0, 4)] {
            times.offer(place, best(value, number));
        }
        times.offer(0, best(f64::NEG_INFINITY, 5));
        let held: Vec<_> = times.held(&[400, 800, 1000]).collect();
        assert_eq!(held, [(400, best(9.0, 4)), (800, best(59.0, 3))]);
        assert_eq!(times.get(7), None);

        let mut watts = Bests::new(Better::More);
        watts.offer(0, best(0.0, 1));
        watts.offer(0, best(-1.0, 2));
        assert_eq!(watts.get(0), Some(best(0.0, 1)));
    }

    #[test]
    fn what_is_faster_than_a_world_record_is_not_believed() {
        assert!(is_believable(Sport::Run, 400.0, 43.03));
        assert!(!is_believable(Sport::Run, 400.0, 43.0));
        assert!(!is_believable(Sport::Hike, 15_000.0, 2300.0));
        assert!(is_believable(Sport::Run, 42_195.0, 7300.0));
        assert!(is_believable(Sport::Ride, 400.0, 20.0));
        assert!(!is_believable(Sport::Ride, 400.0, 11.0));
        assert!(!is_believable(Sport::Swim, 1000.0, 500.0));
        assert!(!is_believable(Sport::Ride, 400.0, 0.0));
    }
}
