//! Tables from providers' words and numbers for sports to ours; an unknown one is never a run.

use domain::decode::snake_case;
use domain::sport::Sport;

/// A sport, and its finer kind in the source's words.
pub(super) type Kind = (Sport, Option<String>);

/// A provider's words for one of our sports.
pub(super) type Words = (Sport, &'static [&'static str]);

/// A provider's numbers for one of our sports, each with the finer kind that it stands for, or "".
pub(super) type Numbers = (Sport, &'static [(u32, &'static str)]);

/// Words that say no more than our own name of the sport, in snake case.
const PLAIN: &[&str] = &[
    "run",
    "running",
    "ride",
    "cycling",
    "biking",
    "swim",
    "swimming",
    "walk",
    "walking",
    "hike",
    "hiking",
    "row",
    "rowing",
    "ski",
    "skiing",
    "strength",
    "other",
    "generic",
    "multisport",
    "multi_sport",
];

/// The sport that a provider's word means, whatever its case and its spaces.
///
/// A word that is not in the table is [`Sport::Other`] of that kind.
pub(super) fn from_word(table: &[Words], told: &str) -> Kind {
    let word = snake_case(told);
    let known = table
        .iter()
        .find(|(_, words)| words.iter().any(|known| snake_case(known) == word));
    let sport = known.map_or(Sport::Other, |(sport, _)| *sport);
    let finer = !word.is_empty() && !PLAIN.contains(&word.as_str());
    (sport, finer.then_some(word))
}

/// The sport that a provider's number means.
///
/// A number that is not in the table is [`Sport::Other`] of the kind `sport_<number>`.
pub(super) fn from_number(table: &[Numbers], told: u32) -> Kind {
    let known = table.iter().find_map(|(sport, numbers)| {
        let (_, finer) = numbers.iter().find(|(number, _)| *number == told)?;
        Some((*sport, *finer))
    });
    match known {
        Some((sport, "")) => (sport, None),
        Some((sport, finer)) => (sport, Some(finer.to_owned())),
        None => (Sport::Other, Some(format!("sport_{told}"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WORDS: &[Words] = &[
        (Sport::Run, &["Run", "TrailRun"]),
        (Sport::Other, &["HIIT"]),
    ];

    /// P-15
    #[test]
    fn what_is_not_in_a_table_is_other_and_keeps_its_word() {
        let kind = |sport, finer: Option<&str>| (sport, finer.map(str::to_owned));
        assert_eq!(from_word(WORDS, "Run"), kind(Sport::Run, None));
        assert_eq!(
            from_word(WORDS, "TrailRun"),
            kind(Sport::Run, Some("trail_run"))
        );
        assert_eq!(
            from_word(WORDS, "trail run"),
            kind(Sport::Run, Some("trail_run"))
        );
        assert_eq!(from_word(WORDS, "HIIT"), kind(Sport::Other, Some("hiit")));
        assert_eq!(
            from_word(WORDS, "MoonRun"),
            kind(Sport::Other, Some("moon_run"))
        );
        assert_eq!(from_word(WORDS, ""), kind(Sport::Other, None));
        let numbers: &[Numbers] = &[(Sport::Run, &[(1, ""), (22, "trail_run")])];
        assert_eq!(from_number(numbers, 1), kind(Sport::Run, None));
        assert_eq!(
            from_number(numbers, 22),
            kind(Sport::Run, Some("trail_run"))
        );
        assert_eq!(from_number(numbers, 9), kind(Sport::Other, Some("sport_9")));
    }
}
