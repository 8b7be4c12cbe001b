//! Quantities as types: SI units or seconds, always finite, the unit in the name.

use serde::{Deserialize, Deserializer, Serialize};
use thiserror::Error;

/// Metres in an international mile.
pub const MILE_M: f64 = 1609.344;
/// Metres in an international yard.
pub const YARD_M: f64 = 0.9144;
/// Kilograms in an international pound.
pub const POUND_KG: f64 = 0.453_592_37;

/// A number that is not a believable quantity of its unit.
#[derive(Debug, Clone, PartialEq, Error)]
#[error("{value} is not a believable value in {unit} (allowed: {low} to {high})")]
pub struct OutOfRange {
    /// What was given.
    pub value: f64,
    /// The unit it was given in.
    pub unit: &'static str,
    /// The least that is believed.
    pub low: f64,
    /// The most that is believed.
    pub high: f64,
}

macro_rules! unit {
    ($(#[$doc:meta])* $name:ident, $unit:literal, $low:expr, $high:expr) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, PartialOrd, Serialize)]
        #[serde(transparent)]
        pub struct $name(f64);

        impl $name {
            /// Believes `value` when it is finite and within the unit's bounds.
            ///
            /// # Errors
            /// [`OutOfRange`] otherwise.
            pub fn parse(value: f64) -> Result<Self, OutOfRange> {
                // A NaN lies in no range, so it is refused too.
                if ($low..=$high).contains(&value) {
                    Ok(Self(value))
                } else {
                    Err(OutOfRange { value, unit: $unit, low: $low, high: $high })
                }
            }

            /// The number, in the unit of the type's name.
            pub fn get(self) -> f64 {
                self.0
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                Self::parse(f64::deserialize(deserializer)?).map_err(serde::de::Error::custom)
            }
        }
    };
}

unit!(
    /// A distance in metres; at most half way round the earth.
    Metres, "m", 0.0, 20_037_508.0
);
unit!(
    /// A duration in seconds; at most thirty days.
    Seconds, "s", 0.0, 2_592_000.0
);
unit!(
    /// Mechanical power in watts.
    Watts, "W", 0.0, 10_000.0
);
unit!(
    /// A heart rate in beats per minute.
    Bpm, "bpm", 1.0, 300.0
);
unit!(
    /// A speed in metres per second; faster than any athlete, slower than an aeroplane.
    MetresPerSecond, "m/s", 0.0, 150.0
);
unit!(
    /// Anaerobic work capacity W′ in joules.
    Joules, "J", 0.0, 1_000_000.0
);
unit!(
    /// Body weight in kilograms.
    Kilograms, "kg", 1.0, 700.0
);
