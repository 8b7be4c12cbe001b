//! The days that a client asks about.

use chrono::{Days, NaiveDate};
use domain::local_date::local_date;
use platform::clock;
use platform::http::{Request, date};
use platform::problem::Problem;
use store::athletes::Profile;

/// The first day that can be asked about; nobody trained before it.
const FIRST: Option<NaiveDate> = NaiveDate::from_ymd_opt(1900, 1, 1);
/// The last day that PostgreSQL and RFC 3339 both know.
const LAST: Option<NaiveDate> = NaiveDate::from_ymd_opt(9999, 12, 31);

/// Days from one to another, both included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Range {
    pub(crate) from: NaiveDate,
    pub(crate) to: NaiveDate,
}

impl Range {
    /// All days that can be asked about.
    pub(crate) fn all() -> Self {
        Self {
            from: FIRST.unwrap_or_default(),
            to: LAST.unwrap_or_default(),
        }
    }

    /// So many days that end with one.
    pub(crate) fn ending(to: NaiveDate, days: u64) -> Self {
        let before = Days::new(days.saturating_sub(1));
        let from = to.checked_sub_days(before).unwrap_or_default();
        Self { from, to }
    }

    /// Reads `from` and `to`; what is not given is that of `otherwise`, which `to` may depend on.
    ///
    /// # Errors
    /// 400 `bad_date` where either is no date, and `bad_range` where they are no days to ask about.
    pub(crate) fn asked(
        request: &Request,
        otherwise: impl FnOnce(Option<NaiveDate>) -> Self,
    ) -> Result<Self, Problem> {
        let (from, to) = (date(request, "from")?, date(request, "to")?);
        let otherwise = otherwise(to);
        let asked = Self {
            from: from.unwrap_or(otherwise.from),
            to: to.unwrap_or(otherwise.to),
        };
        let all = Self::all();
        if asked.from > asked.to {
            return Err(bad("from must not be after to"));
        }
        if asked.from < all.from || asked.to > all.to {
            return Err(bad("from and to must be from 1900 to 9999"));
        }
        Ok(asked)
    }

    /// Every day, in order.
    pub(crate) fn days(self) -> impl Iterator<Item = NaiveDate> {
        self.from.iter_days().take_while(move |day| *day <= self.to)
    }
}

/// What is wrong with a range.
pub(crate) fn bad(detail: impl Into<String>) -> Problem {
    Problem::malformed("bad_range", detail)
}

/// The date that it is where the athlete lives.
pub(crate) fn today(profile: &Profile) -> NaiveDate {
    local_date(clock::now(), None, profile.time_zone.parse().ok())
}
