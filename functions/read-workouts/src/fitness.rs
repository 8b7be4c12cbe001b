//! `/athlete/fitness`: load over days, and what comes of it.

use crate::range::{Range, bad, today};
use crate::tagged;
use chrono::{Days, NaiveDate};
use domain::fitness::{Course, Form, Start};
use domain::id::PlannedId;
use domain::load::LoadMethod;
use domain::plan::PlannedWorkout;
use domain::planned_load::planned_load;
use domain::reason::{Reason, Reasons};
use domain::signal::figure::settle;
use platform::auth::Caller;
use platform::http::{Request, Response, only_parameters};
use platform::problem::Problem;
use serde::Serialize;
use std::collections::BTreeMap;
use store::athletes::{self, Profile};
use store::fitness::{self, DayDone};
use store::{Tx, plans};

/// Days of an answer, when the client does not say.
const USUAL_DAYS: u64 = 90;
/// The most days of one answer: ten years.
const MOST_DAYS: i64 = 3660;
/// How many days ahead of today plans are weighed.
const FARTHEST_DAYS: u64 = 366;

/// Load over days.
#[derive(Serialize)]
struct FitnessView {
    from: NaiveDate,
    to: NaiveDate,
    /// The date where the athlete lives: what is after it is planned.
    today: NaiveDate,
    /// Where fitness and fatigue begin; `null` where nothing is known of the athlete.
    start: Option<StartView>,
    /// Workouts between start and end whose load is still to come.
    pending: i64,
    /// Workouts between start and end whose load could not be computed for a fault.
    failed: i64,
    /// Workouts between start and end that have no load, and count as nothing.
    without_load: i64,
    /// Workouts between start and end that may not count for the purpose.
    withheld: i64,
    days: Vec<DayView>,
}

/// Where fitness and fatigue begin.
#[derive(Serialize)]
struct StartView {
    #[serde(flatten)]
    start: Start,
    /// Whether the athlete said so; else it is the day before the first workout, at 0.
    is_given: bool,
}

/// One calendar day, by what is known at its end.
#[derive(Serialize)]
struct DayView {
    date: NaiveDate,
    /// The load that counts: what was done, and on a day to come what is planned.
    load: Option<f64>,
    ctl: Option<f64>,
    atl: Option<f64>,
    tsb: Option<f64>,
    ramp: Option<f64>,
    monotony: Option<f64>,
    strain: Option<f64>,
    workouts: i64,
    pending: i64,
    failed: i64,
    without_load: i64,
    withheld: i64,
    /// What is planned and not done; absent of days that are over.
    #[serde(skip_serializing_if = "Option::is_none")]
    planned: Option<PlannedDay>,
    /// Why each `null` above is one.
    reasons: Reasons,
}

/// The plans of a day that no workout holds.
#[derive(Serialize, Default, Clone)]
struct PlannedDay {
    /// The loads that are known, added up.
    load: f64,
    /// How many have none.
    without_load: usize,
    workouts: Vec<PlannedView>,
}

/// One plan, done exactly.
#[derive(Serialize, Clone)]
struct PlannedView {
    planned_id: PlannedId,
    load: Option<f64>,
    load_method: Option<LoadMethod>,
    /// Why there is no load; absent where there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<Reason>,
}

pub(crate) async fn days(
    tx: &mut Tx,
    caller: Caller,
    request: &Request,
) -> Result<Response, Problem> {
    only_parameters(request, &["from", "to", "purpose"])?;
    let user = caller.user;
    let profile = athletes::find_profile(tx, user).await?;
    let today = today(&profile);
    let range = asked(request, today)?;

    let done = fitness::list_days(tx, user, caller.purpose, range.to).await?;
    let open = if range.to >= today {
        plans::list_open_plans(tx, user, today, range.to).await?
    } else {
        Vec::new()
    };
    Ok(tagged(request, &show(&profile, today, range, done, &open)))
}

fn asked(request: &Request, today: NaiveDate) -> Result<Range, Problem> {
    let usual = |to: Option<NaiveDate>| Range::ending(to.unwrap_or(today), USUAL_DAYS);
    let range = Range::asked(request, usual)?;
    if (range.to - range.from).num_days() >= MOST_DAYS {
        return Err(bad(format!("at most {MOST_DAYS} days are shown at once")));
    }
    if range.to > today + Days::new(FARTHEST_DAYS) {
        let detail = format!("to must be at most {FARTHEST_DAYS} days after today");
        return Err(bad(detail));
    }
    Ok(range)
}

fn show(
    profile: &Profile,
    today: NaiveDate,
    range: Range,
    done: Vec<DayDone>,
    open: &[PlannedWorkout],
) -> FitnessView {
    let mut planned: BTreeMap<NaiveDate, PlannedDay> = BTreeMap::new();
    for plan in open {
        planned
            .entry(plan.plan.date)
            .or_default()
            .add(weigh(plan, profile));
    }
    let done: BTreeMap<NaiveDate, DayDone> = done.into_iter().map(|day| (day.date, day)).collect();
    let mut loads: BTreeMap<NaiveDate, f64> =
        done.iter().map(|(date, day)| (*date, day.load)).collect();
    // A plan of today may still be done or not.
    for (date, day) in planned.iter().filter(|(date, _)| **date > today) {
        *loads.entry(*date).or_default() += day.load;
    }
    let course = Course::of(profile.fitness_start, &loads, range.to);
    let counted = |day: &&DayDone| {
        let start = course.as_ref().map(Course::start);
        start.is_some_and(|start| day.date > start.date)
    };
    let sum = |count: fn(&DayDone) -> i64| done.values().filter(counted).map(count).sum();
    FitnessView {
        from: range.from,
        to: range.to,
        today,
        start: course.as_ref().map(|course| StartView {
            start: course.start(),
            is_given: profile.fitness_start.is_some(),
        }),
        pending: sum(|day| day.pending),
        failed: sum(|day| day.failed),
        without_load: sum(|day| day.without_load),
        withheld: sum(|day| day.withheld),
        days: range
            .days()
            .map(|date| {
                let form = course.as_ref().map(|course| course.on(date));
                let load = loads.get(&date).copied().unwrap_or(0.0);
                let planned = planned.get(&date).cloned();
                DayView {
                    planned: (date >= today).then(|| planned.unwrap_or_default()),
                    ..DayView::of(date, load, form, done.get(&date))
                }
            })
            .collect(),
    }
}

impl DayView {
    fn of(date: NaiveDate, load: f64, form: Option<Form>, done: Option<&DayDone>) -> Self {
        let form = form.unwrap_or(Form::UNKNOWN);
        let mut reasons = Reasons::new();
        Self {
            date,
            load: settle(&mut reasons, "load", Ok(load)),
            ctl: settle(&mut reasons, "ctl", form.ctl),
            atl: settle(&mut reasons, "atl", form.atl),
            tsb: settle(&mut reasons, "tsb", form.tsb),
            ramp: settle(&mut reasons, "ramp", form.ramp),
            monotony: settle(&mut reasons, "monotony", form.monotony),
            strain: settle(&mut reasons, "strain", form.strain),
            workouts: done.map_or(0, |day| day.workouts),
            pending: done.map_or(0, |day| day.pending),
            failed: done.map_or(0, |day| day.failed),
            without_load: done.map_or(0, |day| day.without_load),
            withheld: done.map_or(0, |day| day.withheld),
            planned: None,
            reasons,
        }
    }
}

impl PlannedDay {
    fn add(&mut self, plan: PlannedView) {
        self.load += plan.load.unwrap_or(0.0);
        self.without_load += usize::from(plan.load.is_none());
        self.workouts.push(plan);
    }
}

/// Weighs a plan by the athlete of its day.
fn weigh(plan: &PlannedWorkout, profile: &Profile) -> PlannedView {
    let load = planned_load(&plan.plan, &profile.on(plan.plan.date));
    PlannedView {
        planned_id: plan.planned_id,
        load: load.ok().map(|(_, load)| load),
        load_method: load.ok().map(|(method, _)| method),
        reason: load.err(),
    }
}
