//! Garmin's words for sports (Garmin's "Activity API" start guide, "Activity Types").

use super::super::sports::Words;
use domain::sport::Sport;

/// Every word that means one of our sports.
pub(super) const SPORTS: &[Words] = &[
    (
        Sport::Run,
        &[
            "RUNNING",
            "INDOOR_RUNNING",
            "STREET_RUNNING",
            "TRACK_RUNNING",
            "TRAIL_RUNNING",
            "TREADMILL_RUNNING",
            "ULTRA_RUN",
            "VIRTUAL_RUN",
            "OBSTACLE_RUN",
        ],
    ),
    (
        Sport::Ride,
        &[
            "CYCLING",
            "ROAD_BIKING",
            "MOUNTAIN_BIKING",
            "GRAVEL_CYCLING",
            "INDOOR_CYCLING",
            "VIRTUAL_RIDE",
            "CYCLOCROSS",
            "TRACK_CYCLING",
            "RECUMBENT_CYCLING",
            "BMX",
            "E_BIKE_FITNESS",
            "E_BIKE_MOUNTAIN",
            "ENDURO_MTB",
            "E_ENDURO_MTB",
            "HANDCYCLING",
            "INDOOR_HANDCYCLING",
        ],
    ),
    (
        Sport::Swim,
        &["SWIMMING", "LAP_SWIMMING", "OPEN_WATER_SWIMMING"],
    ),
    (Sport::Strength, &["STRENGTH_TRAINING"]),
    (Sport::Walk, &["WALKING", "CASUAL_WALKING", "SPEED_WALKING"]),
    (Sport::Hike, &["HIKING", "RUCKING", "SNOW_SHOE_WS"]),
    (Sport::Row, &["ROWING", "ROWING_V2", "INDOOR_ROWING"]),
    (
        Sport::Ski,
        &[
            "BACKCOUNTRY_SKIING",
            "CROSS_COUNTRY_SKIING_WS",
            "RESORT_SKIING",
            "SKATE_SKIING_WS",
            "SNOWBOARDING_WS",
            "BACKCOUNTRY_SKIING_SNOWBOARDING_WS",
            "RESORT_SKIING_SNOWBOARDING_WS",
        ],
    ),
    (
        Sport::Mobility,
        &["YOGA", "PILATES", "MOBILITY", "BREATHWORK", "MEDITATION"],
    ),
    (Sport::Multisport, &["MULTI_SPORT"]),
];

#[cfg(test)]
mod tests {
    use super::super::super::sports::from_word;
    use super::*;

    /// P-15
    #[test]
    fn every_word_means_its_sport_and_no_other_is_a_run() {
        let plain = [
            "RUNNING",
            "CYCLING",
            "SWIMMING",
            "WALKING",
            "HIKING",
            "ROWING",
            "MULTI_SPORT",
        ];
        for (sport, words) in SPORTS {
            for word in *words {
                let finer = (!plain.contains(word)).then(|| word.to_lowercase());
                assert_eq!(from_word(SPORTS, word), (*sport, finer), "{word}");
            }
        }
        for (word, sport) in [
            ("TREADMILL_RUNNING", Sport::Run),
            ("E_BIKE_MOUNTAIN", Sport::Ride),
            ("OPEN_WATER_SWIMMING", Sport::Swim),
            ("RUCKING", Sport::Hike),
            ("SKATE_SKIING_WS", Sport::Ski),
            ("HIIT", Sport::Other),
            ("INDOOR_CARDIO", Sport::Other),
            ("ELLIPTICAL", Sport::Other),
            ("MOTORCYCLING", Sport::Other),
            ("RUN_ON_THE_MOON", Sport::Other),
            ("UNCATEGORIZED", Sport::Other),
        ] {
            assert_eq!(from_word(SPORTS, word).0, sport, "{word}");
        }
    }
}
