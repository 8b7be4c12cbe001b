//! How alike two lists of exercises are, by their names.

use std::collections::BTreeSet;

/// An exercise, as far as names tell.
pub(crate) type Exercise = BTreeSet<String>;

/// The words of a name, in lower case and in the singular, so that `Bench Press` is `bench_press`
/// and `Squats` are a `squat`.
pub(crate) fn words(name: &str) -> Exercise {
    let words = name.split(|letter: char| !letter.is_alphanumeric());
    words
        .filter(|word| !word.is_empty())
        .map(|word| {
            let word = word.to_lowercase();
            // `press` keeps its end.
            let singular = word.strip_suffix('s').filter(|rest| !rest.ends_with('s'));
            singular.unwrap_or(&word).to_owned()
        })
        .collect()
}

/// Each exercise once, by its words; names without any are none.
fn distinct(names: &[String]) -> BTreeSet<Exercise> {
    let names = names.iter().map(|name| words(name));
    names.filter(|words| !words.is_empty()).collect()
}

/// Which exercise of one list is which of the other, each at most once, the closest names first.
///
/// Two names are one exercise when all the words of one are among those of the other: a watch says
/// `bench_press` of what an app calls `Bench Press (Barbell)`.
pub(crate) fn pairs<'e>(
    one: &'e BTreeSet<Exercise>,
    other: &'e BTreeSet<Exercise>,
) -> Vec<(&'e Exercise, &'e Exercise)> {
    let mut alike: Vec<(usize, &Exercise, &Exercise)> = Vec::new();
    for a in one {
        let same = other.iter().filter(|b| a.is_subset(b) || b.is_subset(a));
        alike.extend(same.map(|b| (a.len().abs_diff(b.len()), a, b)));
    }
    alike.sort_unstable();
    let (mut of_one, mut of_other) = (BTreeSet::new(), BTreeSet::new());
    let mut pairs = Vec::new();
    for (_, a, b) in alike {
        if !of_one.contains(a) && !of_other.contains(b) {
            of_one.insert(a);
            of_other.insert(b);
            pairs.push((a, b));
        }
    }
    pairs
}

/// The share of exercises that are on both lists, 0 to 1; `None` where a list is empty.
///
/// Each counts once, and twice the shared ones are divided by all of both lists (Dice's
/// coefficient).
pub(crate) fn likeness(one: &[String], other: &[String]) -> Option<f64> {
    let (one, other) = (distinct(one), distinct(other));
    if one.is_empty() || other.is_empty() {
        return None;
    }
    let count = crate::signal::number::from_count;
    Some(2.0 * count(pairs(&one, &other).len()) / count(one.len() + other.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn likeness_of(one: &[&str], other: &[&str]) -> Option<f64> {
        let owned = |names: &[&str]| names.iter().map(ToString::to_string).collect::<Vec<_>>();
        likeness(&owned(one), &owned(other))
    }

    /// P-45
    #[test]
    fn a_watchs_word_is_the_exercise_that_an_app_names_more_closely() {
        let watch = ["bench_press", "squat", "row"];
        let app = ["Bench Press (Barbell)", "Back Squats", "Bent-Over Row"];
        assert_eq!(likeness_of(&watch, &app), Some(1.0));
        assert_eq!(likeness_of(&watch, &["Deadlift"]), Some(0.0));
        assert_eq!(likeness_of(&watch, &["Squat"]), Some(0.5));
    }

    /// P-45
    #[test]
    fn an_exercise_counts_once_however_many_sets_it_had() {
        assert_eq!(likeness_of(&["Squat"; 5], &["squat"]), Some(1.0));
        // One squat that was done is not both that were planned.
        let both = ["Front Squat", "Back Squat"];
        assert_eq!(likeness_of(&["squat"], &both), Some(2.0 / 3.0));
        assert_eq!(likeness_of(&[], &both), None);
        assert_eq!(likeness_of(&["…"], &both), None);
    }
}
