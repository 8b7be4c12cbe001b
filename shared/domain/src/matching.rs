//! Which planned workout an activity was: a pure, deterministic choice with its reasons.
//!
//! A plan matches a workout of the same athlete, sport family and local date. What the provider
//! says it was wins; else the closest duration does, unless another plan is nearly as close; a plan
//! that a live workout holds is never taken. Every plan that was looked at is listed with what came
//! of it, so that nobody has to guess why a workout has the plan it has, or none.

use crate::exercises;
use crate::id::PlannedId;
use crate::recording::{PlanHint, Recording};
use crate::sport::Sport;
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

/// Least share of the planned duration that still counts as having done the plan.
///
/// A 36-minute run for a 50-minute plan was done, only cut short; the narrower window of earlier
/// systems left it unattached.
pub const LEAST_DURATION_RATIO: f64 = 0.50;
/// Greatest share of the planned duration that still counts as having done the plan.
pub const GREATEST_DURATION_RATIO: f64 = 1.50;
/// Two scores closer than this cannot be told apart, so neither is taken.
pub const AMBIGUITY: f64 = 0.06;
/// Weight of the distance's deviation beside the duration's.
pub const DISTANCE_WEIGHT: f64 = 0.5;
/// Weight of the duration's deviation beside that of the exercises.
///
/// What was lifted tells strength sessions apart; how long the rests were hardly does.
pub const STRENGTH_DURATION_WEIGHT: f64 = 0.1;
/// Most plans that a decision lists, the closest first: a day has a few, and a list is for people.
pub const MOST_LISTED: usize = 20;

/// What was done, as far as matching looks at it.
#[derive(Debug, Clone, PartialEq)]
pub struct Executed {
    /// The sport.
    pub sport: Sport,
    /// Finer kind of sport; tells pool from open water.
    pub sub_sport: Option<String>,
    /// Seconds of activity: timer time where the device has one, else elapsed.
    pub duration_s: Option<f64>,
    /// Metres.
    pub distance_m: Option<f64>,
    /// What was lifted, in the source's words, each once and in order of the alphabet.
    pub exercises: Vec<String>,
    /// Which plan the source says it was.
    pub hint: Option<PlanHint>,
}

impl Executed {
    /// What a recording says was done.
    pub fn of(recording: &Recording, timer_s: Option<f64>, distance_m: Option<f64>) -> Self {
        let totals = &recording.totals;
        let sets = recording.sets.iter().filter(|set| set.active);
        let mut exercises: Vec<String> = sets.filter_map(|set| set.category.clone()).collect();
        exercises.sort_unstable();
        exercises.dedup();
        Self {
            sport: recording.sport,
            sub_sport: recording.sub_sport.clone(),
            duration_s: timer_s
                .or(totals.timer_s)
                .or_else(|| recording.elapsed_s())
                .or(totals.elapsed_s),
            distance_m: distance_m.or(totals.distance_m),
            exercises,
            hint: recording.plan_hint.clone(),
        }
    }
}

/// A planned workout of the same athlete: of the local date, beside it, or the one hinted at.
#[derive(Debug, Clone, PartialEq)]
pub struct Candidate {
    /// Its id.
    pub planned_id: PlannedId,
    /// Its date.
    pub date: NaiveDate,
    /// Its sport.
    pub sport: Sport,
    /// Finer kind of sport.
    pub sub_sport: Option<String>,
    /// What people call it.
    pub name: String,
    /// Planned seconds in all.
    pub duration_s: Option<f64>,
    /// Planned metres in all.
    pub distance_m: Option<f64>,
    /// What is to be lifted; empty where the plan names none.
    pub exercises: Vec<String>,
    /// Whether another live workout holds it.
    pub taken: bool,
}

/// Why a workout has the plan it has, or none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MatchReason {
    /// The closest plan, clearly.
    Matched,
    /// The provider said which plan it was.
    Hinted,
    /// The only plan of that day and sport, and it names neither duration nor distance.
    OnlyPlan,
    /// The athlete attached it.
    Attached,
    /// The athlete detached it.
    Detached,
    /// The plan was deleted.
    PlanDeleted,
    /// The plans could not be read; the next change of a plan of that day decides.
    Undecided,
    /// It is several sessions, and each has a plan of its own or none.
    PerSession,
    /// The provider only announced it; what it is decides.
    AwaitsData,
    /// It is shown in another workout, and that one has a plan or none.
    Merged,
    /// There is no plan of that day, nor of the days beside it.
    NoCandidates,
    /// Plans are there, but of the days beside it.
    DateDiffers,
    /// The plans of that day are for other sports.
    SportDiffers,
    /// Plans are there, but they name nothing that was measured.
    NotComparable,
    /// Plans are there, but none is near the duration that was done, or near the distance where it
    /// names no duration.
    DurationOutOfRange,
    /// Plans are there, but none asks for what was lifted.
    ExercisesDiffer,
    /// What it could have been is held by another workout.
    Taken,
    /// The closest plans cannot be told apart.
    Ambiguous,
}

/// What came of one plan that was looked at.
///
/// The order is how far a plan came, so that the greatest says why no plan was attached.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CandidateReason {
    /// It is of a day beside it.
    DateDiffers,
    /// It is for another sport.
    SportDiffers,
    /// It is for the other kind of water.
    WaterDiffers,
    /// It names nothing that was measured, and it is not the only one.
    NotComparable,
    /// It is too far from the duration that was done.
    DurationOutOfRange,
    /// It names no duration, and is too far from the distance that was done.
    DistanceOutOfRange,
    /// None of its exercises was done.
    ExercisesDiffer,
    /// It could be the one, but another live workout holds it.
    Taken,
    /// Another one was closer, or was hinted at.
    LessClose,
    /// It is as close as another one.
    Ambiguous,
    /// The athlete detached it.
    Detached,
    /// It is the one.
    Chosen,
}

impl CandidateReason {
    /// Why there is no plan when this is how far the plans came.
    fn overall(self) -> MatchReason {
        match self {
            Self::DateDiffers => MatchReason::DateDiffers,
            Self::SportDiffers | Self::WaterDiffers => MatchReason::SportDiffers,
            Self::Taken => MatchReason::Taken,
            Self::NotComparable => MatchReason::NotComparable,
            Self::DurationOutOfRange | Self::DistanceOutOfRange => MatchReason::DurationOutOfRange,
            Self::ExercisesDiffer => MatchReason::ExercisesDiffer,
            Self::LessClose | Self::Ambiguous => MatchReason::Ambiguous,
            Self::Detached => MatchReason::Detached,
            Self::Chosen => MatchReason::Matched,
        }
    }
}

/// What came of the provider's word which plan it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HintOutcome {
    /// That plan is the one.
    Followed,
    /// The athlete has no such plan, or none of that name on that day.
    Unknown,
    /// The plan is there and cannot be the one; its candidate says why.
    Refused,
}

/// One candidate as it was weighed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Weighed {
    /// Which plan.
    pub planned_id: PlannedId,
    /// What came of it; absent in decisions that were made before this was told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<CandidateReason>,
    /// Done ÷ planned seconds, where both are known.
    pub duration_ratio: Option<f64>,
    /// 0 is a perfect fit; `None` when it is out of range or nothing can be compared.
    pub score: Option<f64>,
}

/// The choice, as it is stored beside the workout.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Decision {
    /// Why.
    pub reason: MatchReason,
    /// What was chosen.
    pub planned_id: Option<PlannedId>,
    /// What came of the provider's word; absent without one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hint: Option<HintOutcome>,
    /// Everything that was weighed, best first, at most [`MOST_LISTED`].
    pub candidates: Vec<Weighed>,
}

impl Decision {
    /// A decision that weighed nothing: of what has no plan of its own, or could not be weighed.
    pub fn without_weighing(reason: MatchReason, planned_id: Option<PlannedId>) -> Self {
        Self {
            reason,
            planned_id,
            hint: None,
            candidates: Vec::new(),
        }
    }

    /// The athlete's own word instead of this choice: this plan, or none.
    ///
    /// What was weighed stays, to be read; `held` is the plan that is let go.
    #[must_use]
    pub fn overruled(mut self, wanted: Option<PlannedId>, held: Option<PlannedId>) -> Self {
        for weighed in &mut self.candidates {
            if Some(weighed.planned_id) == wanted {
                weighed.reason = Some(CandidateReason::Chosen);
            } else if wanted.is_none() && Some(weighed.planned_id) == held {
                weighed.reason = Some(CandidateReason::Detached);
            } else if weighed.reason == Some(CandidateReason::Chosen) {
                weighed.reason = Some(CandidateReason::LessClose);
            }
        }
        self.reason = match wanted {
            Some(_) => MatchReason::Attached,
            None => MatchReason::Detached,
        };
        self.planned_id = wanted;
        self.hint = None;
        self
    }
}

/// Chooses the planned workout that `executed` was, on the athlete's local `date`.
///
/// The order of `candidates` does not matter; equal scores are ordered by id.
pub fn choose(executed: &Executed, date: NaiveDate, candidates: &[Candidate]) -> Decision {
    let hinted = hinted(executed, date, candidates);
    let only = only_plan(executed, date, candidates);
    let mut weighed: Vec<(CandidateReason, Weighed)> = candidates
        .iter()
        .map(|candidate| weigh(executed, date, candidate))
        .collect();
    let chosen = match hinted {
        Hinted::One(planned) => Some((MatchReason::Hinted, planned)),
        Hinted::Not | Hinted::Unknown | Hinted::Refused => only
            .map(|planned| (MatchReason::OnlyPlan, planned))
            .or_else(|| Some((MatchReason::Matched, closest(&mut weighed)?))),
    };
    if let Some((_, planned)) = chosen {
        for (reason, weighed) in &mut weighed {
            if weighed.planned_id == planned {
                *reason = CandidateReason::Chosen;
            } else if *reason == CandidateReason::Ambiguous {
                *reason = CandidateReason::LessClose;
            }
        }
    }
    weighed.sort_by(|(reason_a, a), (reason_b, b)| {
        let score = |w: &Weighed| w.score.unwrap_or(f64::INFINITY);
        (*reason_b == CandidateReason::Chosen)
            .cmp(&(*reason_a == CandidateReason::Chosen))
            .then_with(|| could_be(*reason_b).cmp(&could_be(*reason_a)))
            .then_with(|| score(a).total_cmp(&score(b)))
            .then_with(|| reason_b.cmp(reason_a))
            .then_with(|| a.planned_id.cmp(&b.planned_id))
    });
    let furthest = weighed.iter().map(|(reason, _)| *reason).max();
    let nothing = furthest.map_or(MatchReason::NoCandidates, CandidateReason::overall);
    Decision {
        reason: chosen.map_or(nothing, |(reason, _)| reason),
        planned_id: chosen.map(|(_, planned)| planned),
        hint: hinted.outcome(),
        candidates: weighed
            .into_iter()
            .take(MOST_LISTED)
            .map(|(reason, weighed)| Weighed {
                reason: Some(reason),
                ..weighed
            })
            .collect(),
    }
}

/// Whether a plan was in the race to the end.
fn could_be(reason: CandidateReason) -> bool {
    reason >= CandidateReason::LessClose
}

/// What became of the provider's word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Hinted {
    Not,
    One(PlannedId),
    Unknown,
    Refused,
}

impl Hinted {
    fn outcome(self) -> Option<HintOutcome> {
        match self {
            Self::Not => None,
            Self::One(_) => Some(HintOutcome::Followed),
            Self::Unknown => Some(HintOutcome::Unknown),
            Self::Refused => Some(HintOutcome::Refused),
        }
    }
}

/// The plan that the source names. Its id counts on any day; its name only on the day itself, where
/// one plan alone has it. Neither makes a run a ride, or takes a plan from another workout.
fn hinted(executed: &Executed, date: NaiveDate, candidates: &[Candidate]) -> Hinted {
    let Some(hint) = &executed.hint else {
        return Hinted::Not;
    };
    let is_meant = |candidate: &&Candidate| match hint {
        PlanHint::PlannedId(planned) => candidate.planned_id == *planned,
        PlanHint::Name(name) => candidate.date == date && is_same_name(&candidate.name, name),
    };
    let meant: Vec<&Candidate> = candidates.iter().filter(is_meant).collect();
    let possible: Vec<&&Candidate> = meant
        .iter()
        .filter(|candidate| !candidate.taken && differs(executed, candidate).is_none())
        .collect();
    match (possible.as_slice(), meant.is_empty()) {
        ([one], _) => Hinted::One(one.planned_id),
        (_, true) => Hinted::Unknown,
        (_, false) => Hinted::Refused,
    }
}

fn is_same_name(one: &str, other: &str) -> bool {
    let words = |name: &str| {
        let words = name.split_whitespace().map(str::to_lowercase);
        words.collect::<Vec<_>>()
    };
    words(one) == words(other)
}

/// The only free plan of the day and sport, if it names nothing to be compared by.
fn only_plan(executed: &Executed, date: NaiveDate, candidates: &[Candidate]) -> Option<PlannedId> {
    let is_free = |c: &&Candidate| c.date == date && !c.taken && differs(executed, c).is_none();
    let mut free = candidates.iter().filter(is_free);
    let only = free.next().filter(|_| free.next().is_none())?;
    let names_nothing = only.duration_s.is_none()
        && only.distance_m.is_none()
        && exercises::likeness(&executed.exercises, &only.exercises).is_none();
    names_nothing.then_some(only.planned_id)
}

/// The closest of those that could be the one, and marks the others; `None` when there is none, or
/// when two of them cannot be told apart.
fn closest(weighed: &mut [(CandidateReason, Weighed)]) -> Option<PlannedId> {
    let could_be = |reason: CandidateReason| reason == CandidateReason::LessClose;
    let mut scored: Vec<(f64, PlannedId)> = weighed
        .iter()
        .filter(|(reason, _)| could_be(*reason))
        .filter_map(|(_, weighed)| Some((weighed.score?, weighed.planned_id)))
        .collect();
    scored.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
    match scored.as_slice() {
        [(best, _), (second, _), ..] if second - best < AMBIGUITY => {
            for (reason, weighed) in weighed {
                let is_close = weighed.score.is_some_and(|score| score - best < AMBIGUITY);
                if could_be(*reason) && is_close {
                    *reason = CandidateReason::Ambiguous;
                }
            }
            None
        }
        [(_, best), ..] => Some(*best),
        [] => {
            // Several that name nothing cannot be told apart either.
            let nothing = CandidateReason::NotComparable;
            if weighed
                .iter()
                .filter(|(reason, _)| *reason == nothing)
                .count()
                > 1
            {
                for (reason, _) in weighed {
                    if *reason == nothing {
                        *reason = CandidateReason::Ambiguous;
                    }
                }
            }
            None
        }
    }
}

/// Weighs a plan by itself: what could be the one is [`CandidateReason::LessClose`] until it is.
///
/// Whether another workout holds it comes last of what rules a plan out, so that what is said of
/// all the others does not depend on who holds what.
fn weigh(
    executed: &Executed,
    date: NaiveDate,
    candidate: &Candidate,
) -> (CandidateReason, Weighed) {
    let duration_ratio = ratio(executed.duration_s, candidate.duration_s);
    let score = score(executed, candidate);
    let reason = if candidate.date != date {
        CandidateReason::DateDiffers
    } else if let Some(reason) = differs(executed, candidate) {
        reason
    } else {
        match score {
            Ok(_) | Err(CandidateReason::NotComparable) if candidate.taken => {
                CandidateReason::Taken
            }
            Ok(_) => CandidateReason::LessClose,
            Err(reason) => reason,
        }
    };
    let is_near = reason == CandidateReason::LessClose || reason == CandidateReason::Taken;
    let weighed = Weighed {
        planned_id: candidate.planned_id,
        reason: None,
        duration_ratio: duration_ratio.map(told),
        score: score.ok().filter(|_| is_near).map(told),
    };
    (reason, weighed)
}

/// A figure as it is stored: so many decimals are read back exactly, so that a decision that is made
/// again is the same as the one that is there.
fn told(figure: f64) -> f64 {
    (figure * 1e12).round() / 1e12
}

/// How far a plan lies from what was done; 0 is a perfect fit.
fn score(executed: &Executed, candidate: &Candidate) -> Result<f64, CandidateReason> {
    let duration_ratio = ratio(executed.duration_s, candidate.duration_s);
    let distance_ratio = ratio(executed.distance_m, candidate.distance_m);
    let deviation = |ratio: f64| (ratio - 1.0).abs().min(1.0);
    let in_range = |ratio: &f64| (LEAST_DURATION_RATIO..=GREATEST_DURATION_RATIO).contains(ratio);
    let likeness = exercises::likeness(&executed.exercises, &candidate.exercises);
    if let Some(likeness) = likeness.filter(|_| executed.sport == Sport::Strength) {
        // What was lifted is the evidence; how long a strength plan takes is an estimate.
        let duration = duration_ratio.map_or(0.0, deviation);
        return (likeness > 0.0)
            .then_some(1.0 - likeness + STRENGTH_DURATION_WEIGHT * duration)
            .ok_or(CandidateReason::ExercisesDiffer);
    }
    match (duration_ratio, distance_ratio) {
        (Some(duration), distance) if in_range(&duration) => {
            Ok(deviation(duration) + distance.map_or(0.0, |d| DISTANCE_WEIGHT * deviation(d)))
        }
        (Some(_), _) => Err(CandidateReason::DurationOutOfRange),
        // A plan by distance alone is held to the same window, on its distance.
        (None, Some(distance)) if in_range(&distance) => Ok(deviation(distance)),
        (None, Some(_)) => Err(CandidateReason::DistanceOutOfRange),
        (None, None) => Err(CandidateReason::NotComparable),
    }
}

fn ratio(done: Option<f64>, planned: Option<f64>) -> Option<f64> {
    let planned = planned.filter(|p| *p > 0.0)?;
    done.map(|d| d / planned)
}

/// Why a plan is not for this kind of sport; `None` when it is.
fn differs(executed: &Executed, candidate: &Candidate) -> Option<CandidateReason> {
    if family(executed.sport) != family(candidate.sport) {
        return Some(CandidateReason::SportDiffers);
    }
    match (water(&executed.sub_sport), water(&candidate.sub_sport)) {
        (Some(done), Some(planned)) if executed.sport == Sport::Swim && done != planned => {
            Some(CandidateReason::WaterDiffers)
        }
        _ => None,
    }
}

/// Sports that one plan may stand for: a walk in the hills is a walk.
pub fn family(sport: Sport) -> Sport {
    if sport == Sport::Hike {
        Sport::Walk
    } else {
        sport
    }
}

#[derive(PartialEq, Eq)]
enum Water {
    Pool,
    Open,
}

fn water(sub_sport: &Option<String>) -> Option<Water> {
    let word = sub_sport.as_deref()?;
    if word.contains("open") {
        Some(Water::Open)
    } else if word.contains("lap") || word.contains("pool") {
        Some(Water::Pool)
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    fn run(duration_s: f64, distance_m: Option<f64>) -> Executed {
        Executed {
            sport: Sport::Run,
            sub_sport: None,
            duration_s: Some(duration_s),
            distance_m,
            exercises: Vec::new(),
            hint: None,
        }
    }

    fn day() -> NaiveDate {
        NaiveDate::from_ymd_opt(2026, 11, 20).unwrap()
    }

    fn choose(executed: &Executed, candidates: &[Candidate]) -> Decision {
        super::choose(executed, day(), candidates)
    }

    fn reasons(decision: &Decision) -> Vec<(u128, CandidateReason)> {
        let candidates = decision.candidates.iter();
        candidates
            .map(|weighed| (weighed.planned_id.0.as_u128(), weighed.reason.unwrap()))
            .collect()
    }

    fn plan(id: u128, sport: Sport, duration_s: Option<f64>) -> Candidate {
        Candidate {
            planned_id: PlannedId(Uuid::from_u128(id)),
            date: day(),
            sport,
            sub_sport: None,
            name: format!("Plan {id}"),
            duration_s,
            distance_m: None,
            exercises: Vec::new(),
            taken: false,
        }
    }

    fn chosen(decision: &Decision) -> Option<u128> {
        decision.planned_id.map(|p| p.0.as_u128())
    }

    /// P-38
    #[test]
    fn the_closest_duration_within_the_window_wins() {
        let plans = [
            plan(1, Sport::Run, Some(1000.0)),
            plan(2, Sport::Run, Some(2000.0)),
            plan(3, Sport::Ride, Some(1100.0)),
        ];

        let decision = choose(&run(1100.0, None), &plans);

        assert_eq!(
            (decision.reason, chosen(&decision)),
            (MatchReason::Matched, Some(1))
        );
    }

    /// P-38
    #[test]
    fn the_window_includes_its_ends_and_nothing_beyond() {
        for (done, expected) in [
            (500.0, MatchReason::Matched),
            (1500.0, MatchReason::Matched),
            (499.0, MatchReason::DurationOutOfRange),
            (1501.0, MatchReason::DurationOutOfRange),
        ] {
            let decision = choose(&run(done, None), &[plan(1, Sport::Run, Some(1000.0))]);
            assert_eq!(decision.reason, expected, "{done} s of 1000 s");
        }
    }

    /// P-38
    #[test]
    fn distance_counts_half_when_both_sides_know_it() {
        let mut near = plan(1, Sport::Run, Some(1000.0));
        near.distance_m = Some(5000.0);
        let mut far = plan(2, Sport::Run, Some(1000.0));
        far.distance_m = Some(10_000.0);

        let decision = choose(&run(1000.0, Some(5000.0)), &[far, near]);

        assert_eq!(chosen(&decision), Some(1));
        assert_eq!(decision.candidates[1].score, Some(0.25));
    }

    /// P-39
    #[test]
    fn a_plan_held_by_a_live_workout_is_never_taken() {
        let mut held = plan(1, Sport::Run, Some(1000.0));
        held.taken = true;

        let decision = choose(&run(1000.0, None), &[held]);

        assert_eq!(decision.reason, MatchReason::Taken);
        assert_eq!(reasons(&decision), [(1, CandidateReason::Taken)]);
    }

    /// P-40
    #[test]
    fn two_plans_that_cannot_be_told_apart_are_both_refused() {
        let plans = [
            plan(1, Sport::Run, Some(1000.0)),
            plan(2, Sport::Run, Some(1020.0)),
        ];

        let decision = choose(&run(1000.0, None), &plans);

        assert_eq!(
            (decision.reason, chosen(&decision)),
            (MatchReason::Ambiguous, None)
        );
        assert_eq!(decision.candidates.len(), 2);
    }

    /// P-41
    #[test]
    fn a_plan_without_duration_and_distance_is_taken_only_when_it_is_the_only_one() {
        let vague = plan(1, Sport::Run, None);
        assert_eq!(
            choose(&run(900.0, None), std::slice::from_ref(&vague)).reason,
            MatchReason::OnlyPlan
        );

        let decision = choose(&run(900.0, None), &[vague, plan(2, Sport::Run, None)]);
        assert_eq!(
            (chosen(&decision), decision.reason),
            (None, MatchReason::Ambiguous)
        );
    }

    /// P-45
    #[test]
    fn pool_and_open_water_match_only_their_own_kind() {
        let mut plans = [
            plan(1, Sport::Swim, Some(1800.0)),
            plan(2, Sport::Swim, Some(1800.0)),
        ];
        plans[0].sub_sport = Some("pool".into());
        plans[1].sub_sport = Some("open_water".into());
        let done = Executed {
            sport: Sport::Swim,
            sub_sport: Some("lap_swimming".into()),
            ..run(1800.0, None)
        };

        let decision = choose(&done, &plans);
        assert_eq!(chosen(&decision), Some(1));
        assert_eq!(
            reasons(&decision),
            [
                (1, CandidateReason::Chosen),
                (2, CandidateReason::WaterDiffers)
            ]
        );
    }

    /// P-44
    #[test]
    fn the_order_of_the_candidates_does_not_matter() {
        let mut plans: Vec<Candidate> = (1..6_u32)
            .map(|i| plan(i.into(), Sport::Run, Some(800.0 + 100.0 * f64::from(i))))
            .collect();
        let forward = choose(&run(1000.0, None), &plans);
        plans.reverse();

        assert_eq!(forward, choose(&run(1000.0, None), &plans));
    }

    /// P-44
    #[test]
    fn every_plan_that_was_looked_at_says_what_came_of_it() {
        use CandidateReason::{
            Chosen, DateDiffers, DurationOutOfRange, LessClose, NotComparable, SportDiffers, Taken,
        };
        let mut plans = [
            plan(1, Sport::Run, Some(1000.0)),
            plan(2, Sport::Run, Some(1300.0)),
            plan(3, Sport::Run, Some(9000.0)),
            plan(4, Sport::Ride, Some(1000.0)),
            plan(5, Sport::Run, Some(1000.0)),
            plan(6, Sport::Run, Some(1000.0)),
            plan(7, Sport::Run, None),
        ];
        plans[4].taken = true;
        plans[5].date = day().succ_opt().unwrap();

        let decision = choose(&run(1000.0, None), &plans);

        assert_eq!(
            reasons(&decision),
            [
                (1, Chosen),
                (2, LessClose),
                (5, Taken),
                (3, DurationOutOfRange),
                (7, NotComparable),
                (4, SportDiffers),
                (6, DateDiffers),
            ]
        );
    }

    /// P-44
    #[test]
    fn without_a_plan_the_reason_is_that_of_the_plan_which_came_furthest() {
        let day_after = Candidate {
            date: day().succ_opt().unwrap(),
            ..plan(1, Sport::Run, Some(1000.0))
        };
        let ride = plan(2, Sport::Ride, Some(1000.0));
        let held = Candidate {
            taken: true,
            ..plan(3, Sport::Run, Some(1000.0))
        };
        let long = plan(4, Sport::Run, Some(9000.0));
        let far = Candidate {
            distance_m: Some(42_000.0),
            ..plan(5, Sport::Run, None)
        };
        let mut plans = Vec::new();
        let mut expected = vec![MatchReason::NoCandidates];
        let mut got = vec![choose(&run(1000.0, Some(3000.0)), &plans).reason];
        for (plan, reason) in [
            (day_after, MatchReason::DateDiffers),
            (ride, MatchReason::SportDiffers),
            (long, MatchReason::DurationOutOfRange),
            (far, MatchReason::DurationOutOfRange),
            (held, MatchReason::Taken),
        ] {
            plans.push(plan);
            got.push(choose(&run(1000.0, Some(3000.0)), &plans).reason);
            expected.push(reason);
        }
        assert_eq!(got, expected);
    }

    /// P-39, P-44
    #[test]
    fn the_providers_word_wins_over_scores_and_days_and_over_nothing_else() {
        let near = plan(1, Sport::Run, Some(1000.0));
        let named = Candidate {
            date: day().pred_opt().unwrap(),
            ..plan(2, Sport::Run, Some(9000.0))
        };
        let told = |id: u128| Executed {
            hint: Some(PlanHint::PlannedId(PlannedId(Uuid::from_u128(id)))),
            ..run(1000.0, None)
        };
        let plans = [near, named];
        let decision = choose(&told(2), &plans);
        assert_eq!(
            (decision.reason, chosen(&decision), decision.hint),
            (MatchReason::Hinted, Some(2), Some(HintOutcome::Followed))
        );
        assert_eq!(reasons(&decision)[1], (1, CandidateReason::LessClose));

        let decision = choose(&told(99), &plans);
        assert_eq!(
            (decision.reason, chosen(&decision), decision.hint),
            (MatchReason::Matched, Some(1), Some(HintOutcome::Unknown))
        );
        let mut held = plans.clone();
        held[1].taken = true;
        let mut ride = plans.clone();
        ride[1].sport = Sport::Ride;
        for refused in [held, ride] {
            let decision = choose(&told(2), &refused);
            assert_eq!(
                (chosen(&decision), decision.hint),
                (Some(1), Some(HintOutcome::Refused))
            );
        }
    }

    /// P-44
    #[test]
    fn the_name_that_a_watch_was_guided_by_names_the_plan_of_that_day() {
        let mut plans = [
            plan(1, Sport::Run, Some(1000.0)),
            plan(2, Sport::Run, Some(1010.0)),
        ];
        plans[1].name = "5 ×  1 km".to_owned();
        let told = |name: &str| Executed {
            hint: Some(PlanHint::Name(name.to_owned())),
            ..run(1000.0, None)
        };
        assert_eq!(chosen(&choose(&told("5 × 1 KM"), &plans)), Some(2));
        assert_eq!(chosen(&choose(&told("Tempo"), &plans)), None, "ambiguous");
        plans[0].name = "5 × 1 km".to_owned();
        let both = choose(&told("5 × 1 km"), &plans);
        assert_eq!(
            (chosen(&both), both.hint),
            (None, Some(HintOutcome::Refused))
        );
        plans[0].date = day().succ_opt().unwrap();
        assert_eq!(chosen(&choose(&told("5 × 1 km"), &plans)), Some(2));
    }

    /// P-45
    #[test]
    fn two_strength_plans_of_a_day_are_told_apart_by_what_was_lifted() {
        let lifted = |names: &[&str]| names.iter().map(ToString::to_string).collect::<Vec<_>>();
        let mut plans = [
            plan(1, Sport::Strength, Some(3600.0)),
            plan(2, Sport::Strength, None),
        ];
        plans[0].exercises = lifted(&["Bench Press", "Overhead Press", "Dip"]);
        plans[1].exercises = lifted(&["Back Squat", "Deadlift"]);
        let done = |exercises: &[&str]| Executed {
            sport: Sport::Strength,
            exercises: lifted(exercises),
            ..run(3600.0, None)
        };
        let legs = choose(&done(&["squat", "deadlift", "plank"]), &plans);
        assert_eq!(
            (legs.reason, chosen(&legs)),
            (MatchReason::Matched, Some(2))
        );
        assert_eq!(
            reasons(&legs),
            [
                (2, CandidateReason::Chosen),
                (1, CandidateReason::ExercisesDiffer)
            ]
        );
        let arms = choose(&done(&["curl"]), &plans);
        assert_eq!(arms.reason, MatchReason::ExercisesDiffer);
        // Without a list of what was done, the clock decides as for every sport.
        assert_eq!(chosen(&choose(&done(&[]), &plans)), Some(1));
        let a_run = choose(&run(3600.0, None), &plans);
        assert_eq!(a_run.reason, MatchReason::SportDiffers);
    }

    /// P-42
    #[test]
    fn the_athletes_own_word_keeps_what_was_weighed_to_be_read() {
        let plans = [
            plan(1, Sport::Run, Some(1000.0)),
            plan(2, Sport::Run, Some(1300.0)),
        ];
        let weighed = choose(&run(1000.0, None), &plans);
        let held = weighed.planned_id;
        let detached = weighed.clone().overruled(None, held);
        assert_eq!(
            (detached.reason, detached.planned_id),
            (MatchReason::Detached, None)
        );
        assert_eq!(
            reasons(&detached),
            [
                (1, CandidateReason::Detached),
                (2, CandidateReason::LessClose)
            ]
        );
        let other = Some(PlannedId(Uuid::from_u128(2)));
        let attached = weighed.overruled(other, held);
        assert_eq!(attached.reason, MatchReason::Attached);
        assert_eq!(
            reasons(&attached),
            [
                (1, CandidateReason::LessClose),
                (2, CandidateReason::Chosen)
            ]
        );
    }

    /// P-44
    #[test]
    fn a_decision_is_the_same_after_it_was_stored() {
        for seconds in 1..2000_u32 {
            let done = f64::from(seconds) * 7.3;
            let plans = [
                plan(1, Sport::Run, Some(9000.0 + done / 3.0)),
                plan(2, Sport::Run, Some(done * 1.2345)),
            ];
            let decision = choose(&run(done, None), &plans);
            let stored = serde_json::to_string(&decision).unwrap();
            let read: Decision = serde_json::from_str(&stored).unwrap();
            assert_eq!(read, decision);
        }
    }

    /// P-44
    #[test]
    fn no_decision_lists_more_plans_than_people_read() {
        let plans: Vec<Candidate> = (0..500).map(|id| plan(id, Sport::Ride, None)).collect();
        let decision = choose(&run(1000.0, None), &plans);
        assert_eq!(decision.candidates.len(), MOST_LISTED);
    }
}
