//! Strava's words for sports (developers.strava.com, "`SportType`").

use super::super::sports::Words;
use domain::sport::Sport;

/// Every word that means one of our sports; `Workout`, `HIIT` and the rest are other, so that no
/// plan of strength is attached to them.
pub(in super::super) const SPORTS: &[Words] = &[
    (Sport::Run, &["Run", "TrailRun", "VirtualRun"]),
    (
        Sport::Ride,
        &[
            "Ride",
            "MountainBikeRide",
            "GravelRide",
            "EBikeRide",
            "EMountainBikeRide",
            "VirtualRide",
            "Velomobile",
            "Handcycle",
        ],
    ),
    (Sport::Swim, &["Swim"]),
    (Sport::Strength, &["WeightTraining", "Crossfit"]),
    (Sport::Walk, &["Walk"]),
    (Sport::Hike, &["Hike", "Snowshoe"]),
    (Sport::Row, &["Rowing", "VirtualRow"]),
    (
        Sport::Ski,
        &[
            "AlpineSki",
            "BackcountrySki",
            "NordicSki",
            "RollerSki",
            "Snowboard",
        ],
    ),
    (Sport::Mobility, &["Yoga", "Pilates"]),
];

#[cfg(test)]
mod tests {
    use super::super::super::sports::from_word;
    use super::*;

    /// P-15
    #[test]
    fn every_word_means_its_sport_and_no_other_is_a_run() {
        for (word, sport, finer) in [
            ("Run", Sport::Run, None),
            ("TrailRun", Sport::Run, Some("trail_run")),
            ("VirtualRun", Sport::Run, Some("virtual_run")),
            ("Ride", Sport::Ride, None),
            ("MountainBikeRide", Sport::Ride, Some("mountain_bike_ride")),
            ("GravelRide", Sport::Ride, Some("gravel_ride")),
            ("EBikeRide", Sport::Ride, Some("ebike_ride")),
            (
                "EMountainBikeRide",
                Sport::Ride,
                Some("emountain_bike_ride"),
            ),
            ("VirtualRide", Sport::Ride, Some("virtual_ride")),
            ("Velomobile", Sport::Ride, Some("velomobile")),
            ("Handcycle", Sport::Ride, Some("handcycle")),
            ("Swim", Sport::Swim, None),
            ("WeightTraining", Sport::Strength, Some("weight_training")),
            ("Crossfit", Sport::Strength, Some("crossfit")),
            ("Walk", Sport::Walk, None),
            ("Hike", Sport::Hike, None),
            ("Snowshoe", Sport::Hike, Some("snowshoe")),
            ("Rowing", Sport::Row, None),
            ("VirtualRow", Sport::Row, Some("virtual_row")),
            ("AlpineSki", Sport::Ski, Some("alpine_ski")),
            ("BackcountrySki", Sport::Ski, Some("backcountry_ski")),
            ("NordicSki", Sport::Ski, Some("nordic_ski")),
            ("RollerSki", Sport::Ski, Some("roller_ski")),
            ("Snowboard", Sport::Ski, Some("snowboard")),
            ("Yoga", Sport::Mobility, Some("yoga")),
            ("Pilates", Sport::Mobility, Some("pilates")),
            ("Workout", Sport::Other, Some("workout")),
            ("HIIT", Sport::Other, Some("hiit")),
            (
                "HighIntensityIntervalTraining",
                Sport::Other,
                Some("high_intensity_interval_training"),
            ),
            ("Elliptical", Sport::Other, Some("elliptical")),
            ("StairStepper", Sport::Other, Some("stair_stepper")),
            ("Kayaking", Sport::Other, Some("kayaking")),
            ("Moonwalk", Sport::Other, Some("moonwalk")),
        ] {
            let expected = (sport, finer.map(str::to_owned));
            assert_eq!(from_word(SPORTS, word), expected, "{word}");
        }
    }
}
