//! What a provider says there is, page by page, as far as it can be used.

use super::LONGEST_ID;
use super::answers::part;
use super::moments::believed;
use super::source::Listed;
use chrono::{DateTime, TimeDelta, Utc};
use serde::de::DeserializeOwned;
use serde_json::Value;

/// How far ahead of us an activity may begin; what begins later was planned and not done.
const FURTHEST_AHEAD: TimeDelta = TimeDelta::days(1);

/// Reads the rows of a page, each by itself: one that is not as documented must not hide the others.
pub(super) fn rows<T: DeserializeOwned>(rows: Vec<Value>) -> Vec<T> {
    let all = rows.len();
    let read: Vec<T> = rows
        .into_iter()
        .filter_map(|row| serde_json::from_value(row).ok())
        .collect();
    let refused = all - read.len();
    if refused > 0 {
        tracing::warn!(refused, "rows of a provider's list are not as documented");
    }
    read
}

/// The number of a page, the first being 1.
pub(super) fn page_number(next: Option<&str>) -> u32 {
    next.and_then(|next| next.parse().ok()).unwrap_or(1)
}

/// The page after this one.
pub(super) fn page_after(number: u32) -> Option<String> {
    Some(number.checked_add(1)?.to_string())
}

/// An activity that there is; `None` when it cannot be stored, asked for, or have been done yet.
pub(super) fn there(
    activity_id: Option<String>,
    started_at: DateTime<Utc>,
    changed_at: Option<DateTime<Utc>>,
) -> Option<Listed> {
    let latest = crate::clock::now() + FURTHEST_AHEAD;
    Some(Listed::There {
        activity_id: askable(activity_id?)?,
        started_at: believed(started_at).filter(|at| *at <= latest)?,
        changed_at: changed_at.and_then(believed),
    })
}

/// An activity that was deleted; `None` when there cannot be one of this id.
pub(super) fn deleted(activity_id: Option<String>) -> Option<Listed> {
    Some(Listed::Deleted {
        activity_id: askable(activity_id?)?,
    })
}

fn askable(id: String) -> Option<String> {
    (id.len() <= LONGEST_ID && part(&id).is_ok()).then_some(id)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_cannot_be_stored_or_asked_for_or_was_not_done_yet_is_not_listed() {
        let at = |text: &str| -> DateTime<Utc> { text.parse().unwrap() };
        let began = at("2026-10-20T05:00:00Z");
        let of = |id: &str, began| there(Some(id.to_owned()), began, None).is_some();
        assert!(of("4711", began));
        for id in ["", "a\0", "a/b", "..", &"7".repeat(201)] {
            assert!(!of(id, began), "{id:.9}");
        }
        assert!(there(None, began, None).is_none());
        for wild in [
            "1970-01-02T00:00:00Z",
            "2099-01-01T00:00:00Z",
            "+200000-01-01T00:00:00Z",
        ] {
            assert!(!of("4711", at(wild)), "{wild}");
        }
        // A wild time of a change is none.
        let changed = there(
            Some("7".to_owned()),
            began,
            Some(at("1970-01-02T00:00:00Z")),
        );
        assert!(matches!(
            changed,
            Some(Listed::There {
                changed_at: None,
                ..
            })
        ));
        assert!(deleted(Some("a/b".to_owned())).is_none());
    }

    #[test]
    fn a_bad_row_does_not_hide_the_others() {
        let read: Vec<u8> = rows(vec![json!(1), json!(null), json!({"id": []}), json!(2)]);
        assert_eq!(read, [1, 2]);
    }

    #[test]
    fn pages_are_counted_from_one_whatever_is_said() {
        assert_eq!(page_number(None), 1);
        assert_eq!(page_number(Some("7")), 7);
        assert_eq!(page_number(Some("-1")), 1);
        assert_eq!(page_after(7).as_deref(), Some("8"));
        assert_eq!(page_after(u32::MAX), None);
    }
}
