//! Which planned workout an activity was: a pure, deterministic choice with its reasons.
//!
//! A plan matches a workout of the same athlete, sport family and local date. The closest duration
//! wins, unless another plan is nearly as close; a plan that a live workout holds is never taken.

use crate::id::PlannedId;
use crate::recording::Recording;
use crate::sport::Sport;
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
}

impl Executed {
    /// What a recording says was done.
    pub fn of(recording: &Recording, timer_s: Option<f64>, distance_m: Option<f64>) -> Self {
        let totals = &recording.totals;
        Self {
            sport: recording.sport,
            sub_sport: recording.sub_sport.clone(),
            duration_s: timer_s
                .or(totals.timer_s)
                .or_else(|| recording.elapsed_s())
                .or(totals.elapsed_s),
            distance_m: distance_m.or(totals.distance_m),
        }
    }
}

/// A planned workout of the same athlete and local date.
#[derive(Debug, Clone, PartialEq)]
pub struct Candidate {
    /// Its id.
    pub planned_id: PlannedId,
    /// Its sport.
    pub sport: Sport,
    /// Finer kind of sport.
    pub sub_sport: Option<String>,
    /// Planned seconds in all.
    pub duration_s: Option<f64>,
    /// Planned metres in all.
    pub distance_m: Option<f64>,
    /// Whether another live workout holds it.
    pub taken: bool,
}

/// Why a workout has the plan it has, or none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MatchReason {
    /// The closest plan, clearly.
    Matched,
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
    /// No plan of that day and sport is free.
    NoCandidates,
    /// Plans are there, but none is near the duration that was done.
    DurationOutOfRange,
    /// The two closest plans cannot be told apart.
    Ambiguous,
}

/// One candidate as it was weighed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Weighed {
    /// Which plan.
    pub planned_id: PlannedId,
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
    /// Everything that was weighed, best first.
    pub candidates: Vec<Weighed>,
}

impl Decision {
    /// A decision that weighed nothing: the athlete's own, or a plan's deletion.
    pub fn without_weighing(reason: MatchReason, planned_id: Option<PlannedId>) -> Self {
        Self {
            reason,
            planned_id,
            candidates: Vec::new(),
        }
    }
}

/// Chooses the planned workout that `executed` was.
///
/// The order of `candidates` does not matter; equal scores are ordered by id.
pub fn choose(executed: &Executed, candidates: &[Candidate]) -> Decision {
    let free: Vec<&Candidate> = candidates
        .iter()
        .filter(|c| !c.taken && same_family(executed, c))
        .collect();
    if let [only] = free.as_slice()
        && only.duration_s.is_none()
        && only.distance_m.is_none()
    {
        let weighed = Weighed {
            planned_id: only.planned_id,
            duration_ratio: None,
            score: None,
        };
        return Decision {
            reason: MatchReason::OnlyPlan,
            planned_id: Some(only.planned_id),
            candidates: vec![weighed],
        };
    }

    let mut weighed: Vec<Weighed> = free.iter().map(|c| weigh(executed, c)).collect();
    weighed.sort_by(|a, b| {
        let score = |w: &Weighed| w.score.unwrap_or(f64::INFINITY);
        score(a)
            .total_cmp(&score(b))
            .then(a.planned_id.cmp(&b.planned_id))
    });
    let scored: Vec<(PlannedId, f64)> = weighed
        .iter()
        .filter_map(|w| Some((w.planned_id, w.score?)))
        .collect();
    let (reason, planned_id) = match scored.as_slice() {
        [] if weighed.is_empty() => (MatchReason::NoCandidates, None),
        [] => (MatchReason::DurationOutOfRange, None),
        [(_, best), (_, second), ..] if second - best < AMBIGUITY => (MatchReason::Ambiguous, None),
        [(best, _), ..] => (MatchReason::Matched, Some(*best)),
    };
    Decision {
        reason,
        planned_id,
        candidates: weighed,
    }
}

fn weigh(executed: &Executed, candidate: &Candidate) -> Weighed {
    let duration_ratio = ratio(executed.duration_s, candidate.duration_s);
    let distance_ratio = ratio(executed.distance_m, candidate.distance_m);
    let deviation = |ratio: f64| (ratio - 1.0).abs().min(1.0);
    let in_range = |ratio: &f64| (LEAST_DURATION_RATIO..=GREATEST_DURATION_RATIO).contains(ratio);
    let score = match (duration_ratio, distance_ratio) {
        (Some(duration), distance) if in_range(&duration) => {
            Some(deviation(duration) + distance.map_or(0.0, |d| DISTANCE_WEIGHT * deviation(d)))
        }
        // A plan by distance alone is held to the same window, on its distance.
        (None, Some(distance)) if in_range(&distance) => Some(deviation(distance)),
        _ => None,
    };
    Weighed {
        planned_id: candidate.planned_id,
        duration_ratio,
        score,
    }
}

fn ratio(done: Option<f64>, planned: Option<f64>) -> Option<f64> {
    let planned = planned.filter(|p| *p > 0.0)?;
    done.map(|d| d / planned)
}

fn same_family(executed: &Executed, candidate: &Candidate) -> bool {
    family(executed.sport) == family(candidate.sport)
        && (executed.sport != Sport::Swim
            || match (water(&executed.sub_sport), water(&candidate.sub_sport)) {
                (Some(done), Some(planned)) => done == planned,
                _ => true,
            })
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
        }
    }

    fn plan(id: u128, sport: Sport, duration_s: Option<f64>) -> Candidate {
        Candidate {
            planned_id: PlannedId(Uuid::from_u128(id)),
            sport,
            sub_sport: None,
            duration_s,
            distance_m: None,
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

        assert_eq!(decision.reason, MatchReason::NoCandidates);
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
        assert_eq!(chosen(&decision), None);
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
            duration_s: Some(1800.0),
            distance_m: None,
        };

        assert_eq!(chosen(&choose(&done, &plans)), Some(1));
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
}
