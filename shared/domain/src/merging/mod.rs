//! One session that several sources tell of: which sources those are, which of them leads, and what
//! they say together.
//!
//! Pure and deterministic: the same sources make the same groups, the same leads and the same
//! recording, in whichever order they came.

mod combine;

pub use combine::Provenance;
use combine::{Part, combine};

use crate::id::WorkoutId;
use crate::matching::family;
use crate::recording::Recording;
use crate::sport::Sport;
use chrono::{DateTime, TimeDelta, Utc};

/// How far the starts of two sources of one session lie apart at most.
pub const START_TOLERANCE: TimeDelta = TimeDelta::minutes(2);
/// The same where an athlete logged one of them by hand.
pub const HAND_TOLERANCE: TimeDelta = TimeDelta::minutes(10);
/// By which share of the greater one their durations, or else their distances, differ at most.
pub const SIZE_TOLERANCE: f64 = 0.05;

/// Who tells of what an athlete logged by hand.
pub const ATHLETE: &str = "athlete";

/// Whoever passes on what other sources recorded leads only where no other source does.
const AGGREGATORS: [&str; 2] = ["intervals", "strava"];

/// What one source says of a session, as far as grouping looks at it.
#[derive(Debug, Clone, PartialEq)]
pub struct Source {
    /// The workout that it is by itself.
    pub workout_id: WorkoutId,
    /// Who tells it.
    pub provider: String,
    /// Whether it is a file that the athlete uploaded.
    pub uploaded: bool,
    /// Whether the athlete took it apart from what it was merged with.
    pub kept_apart: bool,
    /// The sport.
    pub sport: Sport,
    /// When it began.
    pub started_at: DateTime<Utc>,
    /// Seconds of activity.
    pub duration_s: Option<f64>,
    /// Metres.
    pub distance_m: Option<f64>,
    /// How many samples it has.
    pub samples: i32,
    /// SHA-256 of what it was read from.
    pub source_sha256: Vec<u8>,
    /// How many strength sets it tells of, and of how many of them the load.
    pub sets: Sets,
    /// The workout that it is merged into.
    pub merged_into: Option<WorkoutId>,
    /// Of those merged into it and itself, the one whose facts are shown; `None` when it is alone.
    pub lead: Option<WorkoutId>,
}

/// What a source tells of strength sets; of two, the greater one tells more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Sets {
    /// Those whose load it tells.
    pub loaded: usize,
    /// All of them, rests left out.
    pub all: usize,
}

/// Which of two sources of a session leads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Preference<'a> {
    /// Whichever has more to say.
    Both,
    /// What this provider tells, where it tells anything.
    Provider(&'a str),
}

impl<'a> Preference<'a> {
    /// Reads what is stored: `both`, or a provider's name.
    pub fn from_name(name: &'a str) -> Self {
        if name == "both" {
            Self::Both
        } else {
            Self::Provider(name)
        }
    }
}

/// Whether two sources tell of the same session.
///
/// Another provider, the same family of sports, starts at most [`START_TOLERANCE`] apart, and
/// durations or distances that differ by at most [`SIZE_TOLERANCE`]. Nobody presses two buttons at once,
/// so what an athlete logged by hand is the same as what begins at most [`HAND_TOLERANCE`] apart and has
/// at least half of the shorter one's time in common. An uploaded file is the same only as what was read
/// from the very same bytes. What the athlete took apart stays apart.
pub fn are_one_session(one: &Source, other: &Source) -> bool {
    let may_merge = one.provider != other.provider && !one.kept_apart && !other.kept_apart;
    if !may_merge || one.workout_id == other.workout_id {
        return false;
    }
    if one.uploaded || other.uploaded {
        return one.source_sha256 == other.source_sha256;
    }
    if family(one.sport) != family(other.sport) {
        return false;
    }
    if one.provider == ATHLETE || other.provider == ATHLETE {
        return (one.started_at - other.started_at).abs() <= HAND_TOLERANCE && overlap(one, other);
    }
    (one.started_at - other.started_at).abs() <= START_TOLERANCE
        && (alike(one.duration_s, other.duration_s) || alike(one.distance_m, other.distance_m))
}

/// Whether two sources have at least half of the shorter one's time in common.
fn overlap(one: &Source, other: &Source) -> bool {
    let (Some(this_s), Some(that_s)) = (one.duration_s, other.duration_s) else {
        return false;
    };
    let later_s = (other.started_at - one.started_at).as_seconds_f64();
    let common_s = this_s.min(later_s + that_s) - later_s.max(0.0);
    common_s > 0.0 && common_s >= this_s.min(that_s) / 2.0
}

fn alike(one: Option<f64>, other: Option<f64>) -> bool {
    matches!((one, other), (Some(one), Some(other))
        if one > 0.0 && other > 0.0 && (one - other).abs() <= SIZE_TOLERANCE * one.max(other))
}

/// Groups sources by session, each group with at most one source of a provider, the nearest starts
/// first; those that are alone are groups of one.
pub fn group(mut sources: Vec<Source>) -> Vec<Vec<Source>> {
    // Not by id: ids tell in which order the sources came.
    sources.sort_by(|a, b| {
        (a.started_at, &a.provider, a.workout_id).cmp(&(b.started_at, &b.provider, b.workout_id))
    });
    let mut pairs = Vec::new();
    for (later, one) in sources.iter().enumerate() {
        for (earlier, other) in sources.iter().take(later).enumerate() {
            if are_one_session(one, other) {
                let apart = (one.started_at - other.started_at).abs();
                pairs.push((apart, earlier, later));
            }
        }
    }
    pairs.sort_unstable();

    let mut group_of: Vec<usize> = (0..sources.len()).collect();
    for (_, earlier, later) in pairs {
        let (Some(&into), Some(&from)) = (group_of.get(earlier), group_of.get(later)) else {
            continue;
        };
        let members = |group: usize| {
            group_of
                .iter()
                .zip(&sources)
                .filter(move |(of, _)| **of == group)
                .map(|(_, source)| &source.provider)
        };
        let clash = members(into).any(|name| members(from).any(|other| name == other));
        if into != from && !clash {
            for of in &mut group_of {
                if *of == from {
                    *of = into;
                }
            }
        }
    }

    let mut groups: Vec<(usize, Vec<Source>)> = Vec::new();
    for (of, source) in group_of.into_iter().zip(sources) {
        match groups.iter_mut().find(|(known, _)| *known == of) {
            Some((_, members)) => members.push(source),
            None => groups.push((of, vec![source])),
        }
    }
    groups.into_iter().map(|(_, members)| members).collect()
}

/// The source that leads a group: the preferred one, else one with samples, else one that recorded
/// it rather than passed it on, else the first by name. `None` for no source at all.
pub fn lead<'a>(group: &'a [Source], preference: Preference<'_>) -> Option<&'a Source> {
    group.iter().min_by_key(|source| {
        let preferred = preference == Preference::Provider(&source.provider);
        (!preferred, rank(source.samples > 0, &source.provider))
    })
}

/// Whose strength sets are those of a session: what the athlete logged by hand, else of whoever knows the
/// loads of most, else of most. `None` where nobody tells of any.
///
/// It is what [`told`] names in the provenance of `sets`.
pub fn whose_sets(group: &[Source], preference: Preference<'_>) -> Option<WorkoutId> {
    let lead = lead(group, preference).map(|source| source.workout_id);
    let mut ranked: Vec<&Source> = group.iter().collect();
    ranked.sort_by_cached_key(|source| {
        let leads = Some(source.workout_id) == lead;
        (!leads, rank(source.samples > 0, &source.provider))
    });
    let telling = ranked.into_iter().filter(|source| source.sets.all > 0);
    first_of_most(telling, |source| (&source.provider, source.sets)).map(|source| source.workout_id)
}

/// The first of those that tell most of sets, the athlete before everybody.
fn first_of_most<'a, S>(
    ranked: impl DoubleEndedIterator<Item = &'a S>,
    tells: impl Fn(&'a S) -> (&'a str, Sets),
) -> Option<&'a S> {
    ranked.rev().max_by_key(|source| {
        let (provider, sets) = tells(source);
        (provider == ATHLETE, sets)
    })
}

/// What the sources of one session say together, and whose each part of that is; a source alone says
/// what it says. `None` for no source at all.
///
/// Each is whether it leads, who tells it, and what; their order does not matter.
pub fn told(mut sources: Vec<(bool, String, Recording)>) -> Option<(Recording, Provenance)> {
    if sources.len() == 1 {
        let (_, _, recording) = sources.pop()?;
        return Some((recording, Provenance::new()));
    }
    sources.sort_by_cached_key(|(leads, provider, recording)| {
        (!leads, rank(recording.samples() > 0, provider))
    });
    let parts: Vec<Part> = sources
        .into_iter()
        .map(|(_, provider, recording)| Part {
            provider,
            recording,
        })
        .collect();
    combine(&parts)
}

/// Orders sources by how much they have to say of a session: those with samples first, then those
/// that recorded it, then by name.
fn rank(has_samples: bool, provider: &str) -> (bool, bool, String) {
    let passes_on = AGGREGATORS.contains(&provider);
    (!has_samples, passes_on, provider.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recording::{Format, StrengthSet};
    use uuid::Uuid;

    fn source(id: u128, provider: &str, start_s: i64, duration_s: f64) -> Source {
        Source {
            workout_id: WorkoutId(Uuid::from_u128(id)),
            provider: provider.to_owned(),
            uploaded: false,
            kept_apart: false,
            sport: Sport::Strength,
            started_at: DateTime::UNIX_EPOCH + TimeDelta::seconds(start_s),
            duration_s: Some(duration_s),
            distance_m: None,
            samples: 10,
            source_sha256: vec![],
            sets: Sets::default(),
            merged_into: None,
            lead: None,
        }
    }

    fn providers(groups: &[Vec<Source>]) -> Vec<Vec<&str>> {
        let names = |group: &Vec<Source>| -> Vec<&str> {
            let mut names: Vec<&str> = vec![];
            for source in &groups[groups.iter().position(|g| g == group).unwrap()] {
                names.push(&source.provider);
            }
            names.sort_unstable();
            names
        };
        groups.iter().map(names).collect()
    }

    #[test]
    fn what_was_logged_by_hand_is_what_was_recorded_at_the_same_time() {
        let watch = source(1, "garmin", 0, 3000.0);
        let by_hand = |start_s, duration_s| {
            let hand = source(2, ATHLETE, start_s, duration_s);
            let same = are_one_session(&watch, &hand);
            assert_eq!(
                same,
                are_one_session(&hand, &watch),
                "{start_s} {duration_s}"
            );
            same
        };
        assert!(by_hand(0, 3000.0));
        assert!(by_hand(-420, 3600.0), "begun on the way to the bar");
        assert!(by_hand(600, 2000.0));
        assert!(!by_hand(601, 2000.0));
        assert!(!by_hand(-600, 1100.0), "less than half in common");
        assert!(by_hand(-600, 1200.0));
        assert!(!by_hand(500, 0.0));
        assert!(!by_hand(-600, 500.0), "one after the other");
        let mut run = source(3, ATHLETE, 0, 3000.0);
        run.sport = Sport::Run;
        assert!(!are_one_session(&watch, &run));
        let mut unknown = source(3, ATHLETE, 0, 3000.0);
        unknown.duration_s = None;
        assert!(!are_one_session(&watch, &unknown));
    }

    #[test]
    fn the_sets_are_the_athletes_else_of_whoever_knows_most_loads_and_the_recording_says_the_same()
    {
        let recorded = |active: usize, loaded: usize| {
            let mut recording =
                Recording::empty(Format::Json, Sport::Strength, DateTime::UNIX_EPOCH);
            recording.sets = (0..active)
                .map(|index| StrengthSet {
                    active: true,
                    weight_kg: (index < loaded).then_some(50.0),
                    ..StrengthSet::default()
                })
                .collect();
            recording.sets.push(StrengthSet::default());
            recording
        };
        let winner = |told_by: &[(&str, usize, usize)]| {
            let group: Vec<Source> = (1..)
                .zip(told_by)
                .map(|(id, (provider, all, loaded))| Source {
                    samples: i32::from(*provider == "garmin"),
                    sets: Sets {
                        loaded: *loaded,
                        all: *all,
                    },
                    ..source(id, provider, 0, 1000.0)
                })
                .collect();
            let of = |id: WorkoutId| {
                let source = group.iter().find(|source| source.workout_id == id);
                source.map(|source| source.provider.clone())
            };
            let whose = whose_sets(&group, Preference::Both).and_then(of);
            let leads = lead(&group, Preference::Both).unwrap().workout_id;
            let sources = group.iter().map(|source| {
                let recording = recorded(source.sets.all, source.sets.loaded);
                (
                    source.workout_id == leads,
                    source.provider.clone(),
                    recording,
                )
            });
            let (_, provenance) = told(sources.collect()).unwrap();
            assert_eq!(whose.as_ref(), provenance.get("sets"), "{told_by:?}");
            whose.unwrap()
        };
        assert_eq!(winner(&[("garmin", 9, 9), (ATHLETE, 1, 0)]), ATHLETE);
        assert_eq!(winner(&[("garmin", 9, 2), ("hevy", 5, 3)]), "hevy");
        assert_eq!(winner(&[("garmin", 9, 3), ("hevy", 5, 3)]), "garmin");
        assert_eq!(winner(&[("hevy", 5, 5), ("garmin", 5, 5)]), "garmin");
        assert_eq!(winner(&[("hevy", 5, 5), ("apple", 5, 5)]), "apple");
        let nobody = [source(1, "garmin", 0, 9.0), source(2, "hevy", 0, 9.0)];
        assert_eq!(whose_sets(&nobody, Preference::Both), None);
    }

    #[test]
    fn the_bounds_are_two_minutes_and_five_percent() {
        let watch = source(1, "garmin", 0, 1000.0);
        let same = |other: Source| are_one_session(&watch, &other);
        assert!(same(source(2, "hevy", 120, 1000.0)));
        assert!(!same(source(2, "hevy", 121, 1000.0)));
        assert!(same(source(2, "hevy", -120, 950.0)));
        assert!(!same(source(2, "hevy", 0, 949.0)));
        assert!(!same(source(2, "hevy", 0, 1053.0)));
        assert!(!same(source(2, "garmin", 0, 1000.0)));

        let mut far = source(2, "hevy", 0, 400.0);
        far.distance_m = Some(1000.0);
        assert!(!same(far.clone()));
        let mut measured = watch.clone();
        measured.distance_m = Some(1040.0);
        assert!(are_one_session(&measured, &far));
        far.sport = Sport::Run;
        assert!(!are_one_session(&measured, &far));
    }

    #[test]
    fn walks_in_the_hills_are_walks() {
        let mut walk = source(1, "garmin", 0, 1000.0);
        let mut hike = source(2, "strava", 0, 1000.0);
        (walk.sport, hike.sport) = (Sport::Walk, Sport::Hike);
        assert!(are_one_session(&walk, &hike));
    }

    #[test]
    fn what_was_taken_apart_and_uploads_of_other_bytes_stay_by_themselves() {
        let watch = source(1, "garmin", 0, 1000.0);
        let mut apart = source(2, "strava", 0, 1000.0);
        apart.kept_apart = true;
        assert!(!are_one_session(&watch, &apart));
        let mut file = source(3, "upload", 0, 1000.0);
        (file.uploaded, file.source_sha256) = (true, vec![7]);
        assert!(!are_one_session(&watch, &file));
        let mut fetched = watch.clone();
        fetched.source_sha256 = vec![7];
        assert!(are_one_session(&fetched, &file));
    }

    #[test]
    fn any_order_makes_the_same_groups_of_one_source_per_provider() {
        let all = [
            source(1, "garmin", 0, 1000.0),
            source(2, "strava", 100, 1000.0),
            source(3, "hevy", -100, 1000.0),
            // Nearer to the watch than the other one.
            source(4, "strava", 10, 1010.0),
            source(5, "garmin", 4000, 1000.0),
        ];
        let mut expected = group(all.to_vec());
        assert_eq!(
            providers(&expected),
            [
                vec!["garmin", "hevy", "strava"],
                vec!["strava"],
                vec!["garmin"]
            ]
        );
        for group in &mut expected {
            group.sort_by_key(|source| source.workout_id);
        }
        assert_eq!(expected[0][2].workout_id, all[3].workout_id);
        for turn in 0..all.len() {
            let mut turned = all.to_vec();
            turned.rotate_left(turn);
            let mut groups = group(turned);
            for group in &mut groups {
                group.sort_by_key(|source| source.workout_id);
            }
            assert_eq!(groups, expected);
        }
    }

    #[test]
    fn the_preferred_leads_then_what_has_samples_then_who_recorded_it() {
        let mut hevy = source(1, "hevy", 0, 1000.0);
        hevy.samples = 0;
        let strava = source(2, "strava", 0, 1000.0);
        let wahoo = source(3, "wahoo", 0, 1000.0);
        let all = [hevy, strava, wahoo];
        let name = |preference| lead(&all, preference).map(|s| s.provider.as_str());
        assert_eq!(name(Preference::Both), Some("wahoo"));
        assert_eq!(name(Preference::from_name("strava")), Some("strava"));
        assert_eq!(name(Preference::from_name("garmin")), Some("wahoo"));
        assert_eq!(lead(&[], Preference::Both), None);
    }
}
