//! The forms in which a planned workout is sent and shown: JSON of steps, JSON of text, FIT files.

use domain::athlete::Thresholds;
use domain::plan::fit::{self, NotRead};
use domain::plan::{InvalidPlan, Plan, PlannedWorkout, StepOrRepeat};
use lambda_http::http::header;
use platform::http::{self, Request, Response, only_parameters};
use platform::problem::Problem;
use serde_json::Value;

/// What says only that bytes follow.
const ANY_BYTES: &str = "application/octet-stream";

/// A plan as it was sent, not checked yet.
pub(crate) struct Sent {
    plan: Plan,
    /// Whether its steps are text, in which a pointer to a step points nowhere.
    is_text: bool,
}

impl Sent {
    /// Reads a request's body.
    pub(crate) fn read(request: &Request) -> Result<Self, Problem> {
        let media = request.header(header::CONTENT_TYPE.as_str());
        let media = media.unwrap_or_default().split(';').next().map(str::trim);
        let says_file = media.is_some_and(|media| {
            media.eq_ignore_ascii_case(fit::MEDIA_TYPE) || media.eq_ignore_ascii_case(ANY_BYTES)
        });
        if says_file || fit::is_fit(request.body()) {
            return Ok(Self {
                plan: read_file(request)?,
                is_text: false,
            });
        }
        // JSON says its own date and name.
        only_parameters(request, &[])?;
        let document: Value = request.json()?;
        let is_text = document.get("text").is_some();
        let plan = Plan::read(document).map_err(wrong)?;
        Ok(Self { plan, is_text })
    }

    /// Checks the plan, whose steps keep the ids that they had among those before.
    pub(crate) fn after(self, before: &[StepOrRepeat]) -> Result<Plan, Problem> {
        let Self { mut plan, is_text } = self;
        let checked = plan.validate_after(before);
        checked.map_err(|error| {
            if !is_text || !error.field.starts_with("/steps") {
                return wrong(error);
            }
            wrong(InvalidPlan {
                field: "/text".to_owned(),
                problem: error.to_string().into(),
            })
        })?;
        Ok(plan)
    }
}

fn wrong(error: InvalidPlan) -> Problem {
    Problem::unprocessable("invalid", error.to_string()).with_field(error.field, error.problem)
}

fn read_file(request: &Request) -> Result<Plan, Problem> {
    only_parameters(request, &["date", "name"])?;
    let date = http::date(request, "date")?
        .ok_or_else(|| Problem::malformed("bad_date", "a file needs ?date= such as 2026-11-21"))?;
    let workout = fit::read(request.body()).map_err(|error| {
        let detail = error.to_string();
        match error {
            NotRead::Damaged => Problem::unprocessable("undecodable", detail),
            NotRead::NotAWorkout => Problem::unprocessable("not_a_workout", detail),
            NotRead::Step { step, problem } => Problem::unprocessable("unknown_step", detail)
                .with_field(format!("/steps/{step}"), problem),
        }
    })?;
    let mut plan = workout.on(date);
    if let Some(name) = request.query("name") {
        plan.name = name;
    }
    Ok(plan)
}

/// Whether a FIT file is asked for.
pub(crate) fn wants_file(request: &Request) -> bool {
    let accepted = request.header(header::ACCEPT.as_str()).unwrap_or_default();
    let mut media = accepted.split(',').filter_map(|one| one.split(';').next());
    media.any(|media| media.trim().eq_ignore_ascii_case(fit::MEDIA_TYPE))
}

/// A plan as a FIT file for the athlete with these thresholds.
pub(crate) fn file(planned: &PlannedWorkout, limits: &Thresholds) -> Result<Response, Problem> {
    let bytes = fit::write(planned, limits).map_err(|error| {
        Problem::unprocessable("not_in_fit", error.to_string())
            .with_field(error.field, error.problem)
    })?;
    let name = format!("{}.fit", planned.planned_id);
    Ok(http::file(fit::MEDIA_TYPE, &name, bytes))
}
