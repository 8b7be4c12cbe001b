//! Numbers in English: each a figure of the results, rounded, with its unit.

use domain::execution::{Goal, Quantity};
use domain::signal::number::to_index;
use domain::sport::Sport;

/// Metres per second that are 1 km/h; below it nobody moves (rule T3), and a pace says nothing.
const LEAST_PACE_MPS: f64 = 1.0 / 3.6;
/// What is beyond this is no figure of any athlete, and is written with an exponent.
const GREATEST: f64 = 1e7;

const PER_KM: &str = "/km";
const PER_100_M: &str = "/100 m";

/// A number as it is written, with its unit; numbers of one unit can share it.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Figure {
    text: String,
    unit: &'static str,
}

impl Figure {
    fn new(text: String, unit: &'static str) -> Self {
        Self { text, unit }
    }

    /// The number with its unit.
    pub(super) fn alone(&self) -> String {
        format!("{}{}", self.text, self.unit)
    }

    /// Both numbers, once where they are equal.
    pub(super) fn to(&self, other: &Self) -> String {
        if self == other {
            self.alone()
        } else {
            self.joined("–", other)
        }
    }

    /// This number, and the one that it is a part of.
    pub(super) fn of(&self, whole: &Self) -> String {
        self.joined(" of ", whole)
    }

    fn joined(&self, between: &str, other: &Self) -> String {
        let unit = if self.unit == other.unit {
            ""
        } else {
            self.unit
        };
        format!("{}{unit}{between}{}", self.text, other.alone())
    }
}

/// A whole number.
pub(super) fn whole(value: f64) -> String {
    written(value.round(), 0)
}

/// A whole number that says which way it goes.
pub(super) fn signed(value: f64) -> String {
    let sign = if value.round() > 0.0 { "+" } else { "" };
    format!("{sign}{}", whole(value))
}

/// Metres.
pub(super) fn metres(value: f64) -> Figure {
    Figure::new(whole(value), " m")
}

/// Seconds, as minutes and seconds.
pub(super) fn minutes(value_s: f64) -> Figure {
    Figure::new(clock(value_s), " min")
}

/// Per cent with one decimal.
pub(super) fn per_cent(value: f64) -> Figure {
    Figure::new(tenths(value), " %")
}

/// A measured quantity: a speed is a pace per kilometre on foot, per 100 m in water, else km/h.
pub(super) fn quantity(quantity: Quantity, value: f64, sport: Sport) -> Figure {
    match quantity {
        Quantity::PowerW => Figure::new(whole(value), " W"),
        Quantity::HrBpm => Figure::new(whole(value), " bpm"),
        Quantity::Cadence => Figure::new(whole(value), "/min"),
        Quantity::SpeedMps if value < LEAST_PACE_MPS => Figure::new(tenths(value * 3.6), " km/h"),
        Quantity::SpeedMps if sport.is_on_foot() => Figure::new(clock(1000.0 / value), PER_KM),
        Quantity::SpeedMps if sport == Sport::Swim => Figure::new(clock(100.0 / value), PER_100_M),
        Quantity::SpeedMps => Figure::new(tenths(value * 3.6), " km/h"),
    }
}

/// The least and the greatest of a quantity; of two paces the faster first, as they are spoken.
pub(super) fn span(kind: Quantity, least: f64, greatest: f64, sport: Sport) -> String {
    let [least, greatest] = [least, greatest].map(|value| quantity(kind, value, sport));
    let is_pace = |figure: &Figure| [PER_KM, PER_100_M].contains(&figure.unit);
    if is_pace(&least) && is_pace(&greatest) {
        greatest.to(&least)
    } else {
        least.to(&greatest)
    }
}

/// What a band asks for.
pub(super) fn band(goal: &Goal, sport: Sport) -> String {
    let end = |value| quantity(goal.quantity, value, sport).alone();
    let (below, above) = sides(goal.quantity);
    match (goal.low, goal.high) {
        (Some(low), Some(high)) => span(goal.quantity, low, high, sport),
        (Some(low), None) => format!("{} or {above}", end(low)),
        (None, Some(high)) => format!("{} or {below}", end(high)),
        (None, None) => String::new(),
    }
}

/// What lies below a band and above it is called.
pub(super) fn sides(quantity: Quantity) -> (&'static str, &'static str) {
    match quantity {
        Quantity::SpeedMps => ("slower", "faster"),
        Quantity::PowerW | Quantity::HrBpm | Quantity::Cadence => ("below", "above"),
    }
}

fn tenths(value: f64) -> String {
    written((value * 10.0).round() / 10.0, 1)
}

fn written(rounded: f64, decimals: usize) -> String {
    // Adding 0 takes the sign from −0.
    let rounded = rounded + 0.0;
    if rounded.abs() < GREATEST {
        format!("{rounded:.decimals$}")
    } else {
        format!("{rounded:.1e}")
    }
}

fn clock(seconds: f64) -> String {
    let whole = to_index(seconds.round());
    format!("{}:{:02}", whole / 60, whole % 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn goal(quantity: Quantity, low: Option<f64>, high: Option<f64>) -> Goal {
        Goal {
            quantity,
            low,
            high,
        }
    }

    /// P-66
    #[test]
    fn a_speed_is_said_as_its_sport_says_it() {
        let speeds = [Sport::Run, Sport::Swim, Sport::Ride]
            .map(|sport| quantity(Quantity::SpeedMps, 4.0, sport).alone());
        assert_eq!(speeds, ["4:10/km", "0:25/100 m", "14.4 km/h"]);
        let standing = quantity(Quantity::SpeedMps, 0.0, Sport::Run);
        assert_eq!(standing.alone(), "0.0 km/h");
        let span = |least| span(Quantity::SpeedMps, least, 4.0, Sport::Run);
        assert_eq!(span(3.9), "4:10–4:16/km", "the faster first");
        assert_eq!(span(0.1), "0.4 km/h–4:10/km", "each with its unit");
    }

    /// P-66
    #[test]
    fn a_band_says_which_end_it_leaves_open() {
        let said = |goal: &Goal| band(goal, Sport::Run);
        let power = |low, high| goal(Quantity::PowerW, low, high);
        assert_eq!(said(&power(Some(189.6), Some(210.4))), "190–210 W");
        assert_eq!(said(&power(Some(200.0), None)), "200 W or above");
        assert_eq!(said(&power(None, Some(200.0))), "200 W or below");
        assert_eq!(said(&power(Some(199.8), Some(200.2))), "200 W");
        let speed = goal(Quantity::SpeedMps, Some(4.0), None);
        assert_eq!(said(&speed), "4:10/km or faster");
        let cadence = goal(Quantity::Cadence, Some(85.0), Some(95.0));
        assert_eq!(said(&cadence), "85–95/min");
    }

    /// P-66
    #[test]
    fn numbers_are_rounded_to_the_nearest() {
        assert_eq!(
            [0.5, 1.49, -0.4, 1e300].map(whole),
            ["1", "1", "0", "1.0e300"]
        );
        assert_eq!([0.4, 0.6, -0.4, -3.2].map(signed), ["0", "+1", "0", "-3"]);
        let per_cents = [99.96, -0.04, 3.25].map(|value| per_cent(value).alone());
        assert_eq!(per_cents, ["100.0 %", "0.0 %", "3.3 %"]);
        assert_eq!(minutes(59.6).of(&minutes(3600.0)), "1:00 of 60:00 min");
    }
}
