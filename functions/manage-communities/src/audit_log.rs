//! `GET /audit`: who came in and what administrators did, the newest first.

use crate::authority;
use crate::communities::{cursor, limit, page};
use chrono::{DateTime, Utc};
use domain::id::UserId;
use domain::roles::Action;
use lambda_http::http::StatusCode;
use platform::http::{self, Request, Response, only_parameters};
use platform::problem::Problem;
use serde::Serialize;
use serde_json::Value;
use store::Tx;
use store::audit::{self, Filter, Written};
use uuid::Uuid;

#[derive(Serialize)]
struct EntryView {
    entry_id: Uuid,
    at: DateTime<Utc>,
    user_id: Option<Uuid>,
    action: String,
    is_refused: bool,
    subject_id: Option<Uuid>,
    community_id: Option<Uuid>,
    address: Option<String>,
    detail: Value,
}

#[derive(Serialize)]
struct EntryList {
    entries: Vec<EntryView>,
    next_cursor: Option<String>,
}

impl From<Written> for EntryView {
    fn from(entry: Written) -> Self {
        Self {
            entry_id: entry.entry_id,
            at: entry.at,
            user_id: entry.user_id,
            action: entry.action,
            is_refused: entry.is_refused,
            subject_id: entry.subject_id,
            community_id: entry.community_id,
            address: entry.address,
            detail: entry.detail,
        }
    }
}

pub(crate) async fn list(
    tx: &mut Tx,
    user: UserId,
    request: &Request,
) -> Result<Response, Problem> {
    authority::on_platform(tx, user, Action::ReadAuditLog).await?;
    only_parameters(request, &["cursor", "user_id", "subject_id", "action"])?;
    let before = cursor(request)?.unwrap_or(Uuid::max());
    let filter = Filter {
        user: id(request, "user_id")?,
        subject: id(request, "subject_id")?,
        action: action(request)?,
    };
    let found = audit::list_entries(tx, before, filter, limit()).await?;
    let (found, next_cursor) = page(found, |entry| entry.entry_id);
    let entries = found.into_iter().map(EntryView::from).collect();
    let list = EntryList {
        entries,
        next_cursor,
    };
    Ok(http::json(StatusCode::OK, &list))
}

/// A word that may be one; one that is not written finds nothing.
fn action(request: &Request) -> Result<Option<String>, Problem> {
    let word = request.query("action");
    let is_word = |word: &String| word.bytes().all(|b| b.is_ascii_lowercase() || b == b'_');
    match word {
        Some(word) if !is_word(&word) => {
            let detail = "action must be a word such as admin_login";
            Err(Problem::malformed("bad_action", detail))
        }
        word => Ok(word),
    }
}

fn id(request: &Request, name: &str) -> Result<Option<UserId>, Problem> {
    let text = request.query(name).map(|text| text.parse());
    text.transpose()
        .map_err(|_| Problem::malformed("bad_id", format!("{name} must be an id")))
}
