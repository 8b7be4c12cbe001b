//! `/athlete/bests`, `/athlete/power-curve` and `/athlete/estimates`: the best of many workouts.

use crate::range::{Range, today};
use crate::tagged;
use chrono::NaiveDate;
use domain::bests::{Best, Bests, Better, EFFORTS_M, HR_S, POWER_S, is_believable};
use domain::estimate::{self, CriticalPower, WINDOW_DAYS};
use domain::id::WorkoutId;
use domain::matching::family;
use domain::reason::{Reason, Reasons};
use domain::signal::figure::note;
use domain::sport::Sport;
use platform::auth::Caller;
use platform::http::{Request, Response, date, only_parameters};
use platform::problem::Problem;
use serde::Serialize;
use std::collections::BTreeMap;
use store::Tx;
use store::athletes;
use store::fitness::{self, WorkoutBests};

/// The durations of `/athlete/bests` in seconds; the curve has more.
const HEADLINES_S: [u32; 12] = [1, 5, 15, 30, 60, 120, 300, 600, 1200, 1800, 3600, 7200];

/// What was best of each family of sports.
#[derive(Serialize)]
struct BestsView {
    from: Option<NaiveDate>,
    to: Option<NaiveDate>,
    /// Workouts of these days whose analysis is not complete; what is known of them counts.
    incomplete: usize,
    /// Workouts of these days that may not be shown, for the purpose or at all.
    withheld: usize,
    /// Efforts that are left out, because nobody was ever so fast.
    implausible: usize,
    sports: Vec<SportView>,
}

/// What was best of one family of sports.
#[derive(Serialize)]
struct SportView {
    sport: Sport,
    efforts: Vec<EffortView>,
    power: Vec<PowerView>,
    hr: Vec<HrView>,
}

/// The least time over a distance.
#[derive(Serialize)]
struct EffortView {
    distance_m: f64,
    elapsed_s: f64,
    #[serde(flatten)]
    holder: Holder,
}

/// The best mean power over a duration.
#[derive(Serialize)]
struct PowerView {
    duration_s: u32,
    watts: f64,
    #[serde(flatten)]
    holder: Holder,
}

/// The best mean heart rate over a duration.
#[derive(Serialize)]
struct HrView {
    duration_s: u32,
    bpm: f64,
    #[serde(flatten)]
    holder: Holder,
}

/// Which workout was best.
#[derive(Serialize)]
struct Holder {
    workout_id: WorkoutId,
    local_date: NaiveDate,
}

/// The best mean power over every duration that is compared.
#[derive(Serialize)]
struct CurveView {
    from: Option<NaiveDate>,
    to: Option<NaiveDate>,
    sport: Sport,
    incomplete: usize,
    withheld: usize,
    points: Vec<PowerView>,
}

/// Thresholds as far as efforts tell them.
#[derive(Serialize)]
struct EstimatesView {
    from: NaiveDate,
    to: NaiveDate,
    incomplete: usize,
    withheld: usize,
    ftp: Option<FtpView>,
    critical_power: Option<CriticalPowerView>,
    /// Why each `null` above is one.
    reasons: Reasons,
}

#[derive(Serialize)]
struct FtpView {
    ftp_w: f64,
    method: &'static str,
    source: &'static str,
    effort: PowerView,
}

#[derive(Serialize)]
struct CriticalPowerView {
    #[serde(flatten)]
    fit: CriticalPower,
    method: &'static str,
    source: &'static str,
    efforts: Vec<PowerView>,
}

/// The bests of one family of sports.
struct Table {
    efforts: Bests,
    power: Bests,
    hr: Bests,
}

impl Default for Table {
    fn default() -> Self {
        Self {
            efforts: Bests::new(Better::Less),
            power: Bests::new(Better::More),
            hr: Bests::new(Better::More),
        }
    }
}

/// The bests of all workouts.
#[derive(Default)]
struct Tables {
    incomplete: usize,
    withheld: usize,
    implausible: usize,
    of: BTreeMap<Sport, Table>,
}

impl Tables {
    async fn of(tx: &mut Tx, caller: Caller, range: Range) -> Result<Self, Problem> {
        let mut tables = Self::default();
        for workout in
            fitness::list_bests(tx, caller.user, caller.purpose, range.from, range.to).await?
        {
            tables.add(&workout);
        }
        Ok(tables)
    }

    fn add(&mut self, workout: &WorkoutBests) {
        if workout.is_withheld {
            self.withheld += 1;
            return;
        }
        self.incomplete += usize::from(workout.is_incomplete);
        let table = self.of.entry(family(workout.sport)).or_default();
        let best = |value| Best {
            value,
            workout_id: workout.workout_id,
            local_date: workout.local_date,
        };
        let offer = |bests: &mut Bests, values: &[Option<f64>]| {
            for (place, value) in values.iter().enumerate() {
                if let Some(value) = value {
                    bests.offer(place, best(*value));
                }
            }
        };
        offer(&mut table.power, &workout.power_w);
        offer(&mut table.hr, &workout.hr_bpm);
        for (place, (metres, seconds)) in EFFORTS_M.iter().zip(&workout.efforts_s).enumerate() {
            match seconds {
                Some(seconds) if is_believable(workout.sport, *metres, *seconds) => {
                    table.efforts.offer(place, best(*seconds));
                }
                Some(_) => self.implausible += 1,
                None => {}
            }
        }
    }

    /// The power of one family of sports.
    fn power(mut self, sport: Sport) -> Bests {
        self.of.remove(&family(sport)).unwrap_or_default().power
    }
}

pub(crate) async fn bests(
    tx: &mut Tx,
    caller: Caller,
    request: &Request,
) -> Result<Response, Problem> {
    only_parameters(request, &["from", "to", "purpose"])?;
    let range = Range::asked(request, |_| Range::all())?;
    let tables = Tables::of(tx, caller, range).await?;
    let view = BestsView {
        from: date(request, "from")?,
        to: date(request, "to")?,
        incomplete: tables.incomplete,
        withheld: tables.withheld,
        implausible: tables.implausible,
        sports: tables
            .of
            .iter()
            .map(|(sport, table)| SportView::of(*sport, table))
            .filter(|view| !view.is_empty())
            .collect(),
    };
    Ok(tagged(request, &view))
}

pub(crate) async fn power_curve(
    tx: &mut Tx,
    caller: Caller,
    request: &Request,
) -> Result<Response, Problem> {
    only_parameters(request, &["from", "to", "sport", "purpose"])?;
    let range = Range::asked(request, |_| Range::all())?;
    let sport = match request.query("sport") {
        None => Sport::Ride,
        Some(name) => Sport::from_name(&name)
            .ok_or_else(|| Problem::malformed("bad_sport", "sport must be the name of a sport"))?,
    };
    let tables = Tables::of(tx, caller, range).await?;
    let view = CurveView {
        from: date(request, "from")?,
        to: date(request, "to")?,
        sport: family(sport),
        incomplete: tables.incomplete,
        withheld: tables.withheld,
        points: powers(&tables.power(sport)).collect(),
    };
    Ok(tagged(request, &view))
}

pub(crate) async fn estimates(
    tx: &mut Tx,
    caller: Caller,
    request: &Request,
) -> Result<Response, Problem> {
    only_parameters(request, &["to", "purpose"])?;
    let profile = athletes::find_profile(tx, caller.user).await?;
    let last = |to: Option<NaiveDate>| to.unwrap_or_else(|| today(&profile));
    let range = Range::asked(request, |to| Range::ending(last(to), WINDOW_DAYS))?;
    let tables = Tables::of(tx, caller, range).await?;
    let (incomplete, withheld) = (tables.incomplete, tables.withheld);
    // FTP and critical power are a cyclist's.
    let power = tables.power(Sport::Ride);
    let mut reasons = Reasons::new();
    let ftp = estimate::ftp_effort(&power).map(|effort| FtpView {
        ftp_w: estimate::ftp_w(effort.value),
        method: "best_20_min_95_pct",
        source: "Allen & Coggan, Training and Racing with a Power Meter",
        effort: PowerView::of((estimate::FTP_EFFORT_S, effort)),
    });
    let view = EstimatesView {
        from: range.from,
        to: range.to,
        incomplete,
        withheld,
        ftp: note(&mut reasons, "ftp", ftp),
        critical_power: note(&mut reasons, "critical_power", critical_power(&power)),
        reasons,
    };
    Ok(tagged(request, &view))
}

fn critical_power(power: &Bests) -> Result<CriticalPowerView, Reason> {
    let efforts = estimate::critical_power_efforts(power)?;
    let points: Vec<(f64, f64)> = efforts
        .iter()
        .map(|(duration_s, best)| (f64::from(*duration_s), best.value))
        .collect();
    Ok(CriticalPowerView {
        fit: estimate::critical_power(&points)?,
        method: "two_parameters",
        source: "Monod & Scherrer 1965, Ergonomics 8:329",
        efforts: efforts.into_iter().map(PowerView::of).collect(),
    })
}

fn powers(bests: &Bests) -> impl Iterator<Item = PowerView> {
    bests.held(&POWER_S).map(PowerView::of)
}

impl SportView {
    fn of(sport: Sport, table: &Table) -> Self {
        let efforts = table.efforts.held(&EFFORTS_M);
        let hr = table.hr.held(&HR_S);
        Self {
            sport,
            efforts: efforts
                .map(|(distance_m, best)| EffortView {
                    distance_m,
                    elapsed_s: best.value,
                    holder: Holder::of(best),
                })
                .collect(),
            power: powers(&table.power)
                .filter(|point| HEADLINES_S.contains(&point.duration_s))
                .collect(),
            hr: hr
                .map(|(duration_s, best)| HrView {
                    duration_s,
                    bpm: best.value,
                    holder: Holder::of(best),
                })
                .collect(),
        }
    }

    fn is_empty(&self) -> bool {
        self.efforts.is_empty() && self.power.is_empty() && self.hr.is_empty()
    }
}

impl PowerView {
    fn of((duration_s, best): (u32, Best)) -> Self {
        Self {
            duration_s,
            watts: best.value,
            holder: Holder::of(best),
        }
    }
}

impl Holder {
    fn of(best: Best) -> Self {
        Self {
            workout_id: best.workout_id,
            local_date: best.local_date,
        }
    }
}
