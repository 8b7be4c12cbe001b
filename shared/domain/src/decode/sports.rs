//! The sources' words and numbers for sports, mapped to ours.

use crate::sport::Sport;
use rustyfit::profile::typedef;

/// A sport and its finer kind in the source's words.
pub(crate) type Kind = (Sport, Option<String>);

/// The sport of a FIT file.
pub(crate) fn from_fit(sport: u8, sub_sport: u8) -> Kind {
    let sport = typedef::Sport(sport);
    let sub = typedef::SubSport(sub_sport);
    let sub_word = (sub != typedef::SubSport::GENERIC && sub.0 != u8::MAX).then(|| word(&sub));
    let mapped = match sport {
        typedef::Sport::RUNNING => Sport::Run,
        typedef::Sport::CYCLING | typedef::Sport::E_BIKING => Sport::Ride,
        typedef::Sport::SWIMMING => Sport::Swim,
        typedef::Sport::WALKING => Sport::Walk,
        typedef::Sport::HIKING => Sport::Hike,
        typedef::Sport::ROWING => Sport::Row,
        typedef::Sport::CROSS_COUNTRY_SKIING
        | typedef::Sport::ALPINE_SKIING
        | typedef::Sport::SNOWBOARDING => Sport::Ski,
        typedef::Sport::MOBILITY => Sport::Mobility,
        typedef::Sport::MULTISPORT => Sport::Multisport,
        typedef::Sport::TRANSITION => return (Sport::Other, Some("transition".to_owned())),
        typedef::Sport::TRAINING | typedef::Sport::FITNESS_EQUIPMENT | typedef::Sport::GENERIC => {
            by_sub_sport(sub)
        }
        _ => Sport::Other,
    };
    if mapped != Sport::Other || sub_word.is_some() {
        return (mapped, sub_word);
    }
    let known = sport != typedef::Sport::GENERIC && sport.0 != u8::MAX;
    (Sport::Other, known.then(|| word(&sport)))
}

/// The profile's numbers of a sport and of its finer kind; the latter is generic where the profile
/// has no such word. `None` of what is no one sport.
pub(crate) fn to_fit(sport: Sport, sub_sport: Option<&str>) -> Option<(u8, u8)> {
    let number = match sport {
        Sport::Run => typedef::Sport::RUNNING,
        Sport::Ride => typedef::Sport::CYCLING,
        Sport::Swim => typedef::Sport::SWIMMING,
        Sport::Walk => typedef::Sport::WALKING,
        Sport::Hike => typedef::Sport::HIKING,
        Sport::Row => typedef::Sport::ROWING,
        Sport::Ski => typedef::Sport::CROSS_COUNTRY_SKIING,
        Sport::Strength => {
            let sub = typedef::SubSport::STRENGTH_TRAINING;
            return Some((typedef::Sport::TRAINING.0, sub.0));
        }
        Sport::Mobility => typedef::Sport::MOBILITY,
        Sport::Other => typedef::Sport::GENERIC,
        Sport::Multisport => return None,
    };
    let sub = match sub_sport {
        None => typedef::SubSport::GENERIC.0,
        Some("pool") => typedef::SubSport::LAP_SWIMMING.0,
        Some(wanted) => {
            let mut known = (1..=u8::MAX).filter(|sub| word(&typedef::SubSport(*sub)) == wanted);
            known.next().unwrap_or(typedef::SubSport::GENERIC.0)
        }
    };
    Some((number.0, sub))
}

/// Where the sport only says "exercise", its finer kind decides.
fn by_sub_sport(sub: typedef::SubSport) -> Sport {
    match sub {
        typedef::SubSport::STRENGTH_TRAINING => Sport::Strength,
        typedef::SubSport::YOGA
        | typedef::SubSport::PILATES
        | typedef::SubSport::FLEXIBILITY_TRAINING => Sport::Mobility,
        typedef::SubSport::INDOOR_CYCLING | typedef::SubSport::SPIN => Sport::Ride,
        typedef::SubSport::TREADMILL | typedef::SubSport::INDOOR_RUNNING => Sport::Run,
        typedef::SubSport::INDOOR_WALKING => Sport::Walk,
        typedef::SubSport::INDOOR_ROWING => Sport::Row,
        typedef::SubSport::LAP_SWIMMING | typedef::SubSport::OPEN_WATER => Sport::Swim,
        typedef::SubSport::INDOOR_SKIING => Sport::Ski,
        _ => Sport::Other,
    }
}

/// The profile's name; a number that it does not know keeps its type's name, in snake case.
fn word(value: &impl std::fmt::Display) -> String {
    snake_case(&value.to_string().replace('(', " ").replace(')', ""))
}

/// The sport that a TCX attribute or a GPX type names.
pub(super) fn from_word(text: &str) -> Kind {
    let word = snake_case(text);
    let sport = match word.as_str() {
        // Strava's GPX export writes numbers.
        "9" | "running" | "run" => return (Sport::Run, None),
        "1" | "biking" | "cycling" | "ride" | "bike" => return (Sport::Ride, None),
        "10" | "walking" | "walk" => return (Sport::Walk, None),
        "4" | "hiking" | "hike" => return (Sport::Hike, None),
        "swimming" | "swim" => return (Sport::Swim, None),
        "rowing" | "row" => return (Sport::Row, None),
        "skiing" | "ski" => return (Sport::Ski, None),
        "" | "other" | "generic" => return (Sport::Other, None),
        "multisport" | "multi_sport" => return (Sport::Multisport, None),
        "yoga" | "pilates" | "mobility" => Sport::Mobility,
        "weight_training" | "weighttraining" | "strength_training" | "strength" => Sport::Strength,
        _ if word.contains("ski") || word.contains("snowboard") => Sport::Ski,
        _ if word.contains("swim") => Sport::Swim,
        _ if word.contains("rowing") => Sport::Row,
        _ if word.contains("run") => Sport::Run,
        _ if word.contains("ride") || word.contains("cycling") || word.contains("biking") => {
            if word.contains("motor") {
                Sport::Other
            } else {
                Sport::Ride
            }
        }
        _ if word.contains("hik") => Sport::Hike,
        _ if word.contains("walk") => Sport::Walk,
        _ => Sport::Other,
    };
    (sport, Some(word))
}

/// Lower case with underscores; at most 40 characters, because the text is a stranger's.
pub fn snake_case(text: &str) -> String {
    let mut word = String::new();
    let mut after_lower = false;
    for c in text.trim().chars().take(40) {
        if c.is_ascii_alphanumeric() {
            if c.is_ascii_uppercase() && after_lower {
                word.push('_');
            }
            word.push(c.to_ascii_lowercase());
            after_lower = c.is_ascii_lowercase();
        } else {
            if !word.is_empty() && !word.ends_with('_') {
                word.push('_');
            }
            after_lower = false;
        }
    }
    word.truncate(word.trim_end_matches('_').len());
    word
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fit_sports_map_to_ours() {
        let kind = |sport: typedef::Sport, sub: typedef::SubSport| from_fit(sport.0, sub.0);
        use typedef::{Sport as S, SubSport as F};
        assert_eq!(
            kind(S::RUNNING, F::TRAIL),
            (Sport::Run, Some("trail".into()))
        );
        assert_eq!(kind(S::CYCLING, F::GENERIC), (Sport::Ride, None));
        assert_eq!(kind(S::CYCLING, F(255)), (Sport::Ride, None));
        assert_eq!(
            kind(S::TRAINING, F::STRENGTH_TRAINING),
            (Sport::Strength, Some("strength_training".into()))
        );
        assert_eq!(
            kind(S::FITNESS_EQUIPMENT, F::INDOOR_ROWING),
            (Sport::Row, Some("indoor_rowing".into()))
        );
        assert_eq!(kind(S::TRAINING, F::YOGA).0, Sport::Mobility);
        assert_eq!(
            kind(S::TRANSITION, F::GENERIC),
            (Sport::Other, Some("transition".into()))
        );
        assert_eq!(
            kind(S::KAYAKING, F::GENERIC),
            (Sport::Other, Some("kayaking".into()))
        );
        assert_eq!(
            kind(S(200), F::GENERIC),
            (Sport::Other, Some("sport_200".into()))
        );
        assert_eq!(kind(S::GENERIC, F::GENERIC), (Sport::Other, None));
    }

    #[test]
    fn words_and_numbers_map_to_ours() {
        for (word, sport, sub) in [
            ("Running", Sport::Run, None),
            ("Biking", Sport::Ride, None),
            ("Other", Sport::Other, None),
            ("1", Sport::Ride, None),
            ("9", Sport::Run, None),
            ("trail_running", Sport::Run, Some("trail_running")),
            ("VirtualRide", Sport::Ride, Some("virtual_ride")),
            (
                "open water swimming",
                Sport::Swim,
                Some("open_water_swimming"),
            ),
            ("Motorcycling", Sport::Other, Some("motorcycling")),
            ("Kitesurf", Sport::Other, Some("kitesurf")),
        ] {
            assert_eq!(from_word(word), (sport, sub.map(str::to_owned)), "{word}");
        }
    }
}
