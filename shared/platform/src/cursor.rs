//! Where a page ends: a sort key and the id behind it, as text that clients pass on.

use crate::problem::Problem;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, Datelike, Utc};
use uuid::Uuid;

/// Writes where a page ends.
pub fn write(key: &str, id: Uuid) -> String {
    URL_SAFE_NO_PAD.encode(format!("{id}_{key}"))
}

/// Reads what [`write`] wrote.
///
/// # Errors
/// 400 `bad_cursor`.
pub fn read(cursor: &str) -> Result<(String, Uuid), Problem> {
    let read = || {
        let text = String::from_utf8(URL_SAFE_NO_PAD.decode(cursor).ok()?).ok()?;
        let (id, key) = text.split_once('_')?;
        // PostgreSQL's text holds no NUL.
        (!key.contains('\0')).then_some((key.to_owned(), id.parse().ok()?))
    };
    read().ok_or_else(bad)
}

/// Writes where a page of what is sorted by time ends.
pub fn write_moment(at: DateTime<Utc>, id: Uuid) -> String {
    write(&at.timestamp_micros().to_string(), id)
}

/// Reads what [`write_moment`] wrote.
///
/// # Errors
/// 400 `bad_cursor`.
pub fn read_moment(cursor: &str) -> Result<(DateTime<Utc>, Uuid), Problem> {
    let (micros, id) = read(cursor)?;
    let at = micros
        .parse()
        .ok()
        .and_then(DateTime::from_timestamp_micros);
    // PostgreSQL's times end before chrono's, in either direction.
    let at = at.filter(|at| (-4000..=9999).contains(&at.year()));
    Ok((at.ok_or_else(bad)?, id))
}

/// 400 `bad_cursor`: no list of ours ends a page so.
pub fn bad() -> Problem {
    Problem::malformed("bad_cursor", "cursor must be a next_cursor of this list")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_is_read_as_it_was_written_and_anything_else_is_refused() {
        let id = Uuid::now_v7();
        let key = "back_squat 2/3 ü";

        assert_eq!(read(&write(key, id)), Ok((key.to_owned(), id)));
        for bad in [
            "",
            "x",
            "_",
            &write("a\0b", id),
            &URL_SAFE_NO_PAD.encode("no-id_key"),
        ] {
            assert_eq!(read(bad).unwrap_err().code(), "bad_cursor", "{bad}");
        }
    }

    #[test]
    fn a_moment_that_postgresql_does_not_know_is_no_end_of_a_page() {
        let id = Uuid::now_v7();
        for micros in ["0", "-1000000", "1796083200000000"] {
            let (at, read) = read_moment(&write(micros, id)).unwrap();
            assert_eq!((write_moment(at, id), read), (write(micros, id), id));
        }
        for micros in ["-8000000000000000000", "8000000000000000000", "soon"] {
            let refused = read_moment(&write(micros, id)).unwrap_err();
            assert_eq!(refused.code(), "bad_cursor", "{micros}");
        }
    }
}
