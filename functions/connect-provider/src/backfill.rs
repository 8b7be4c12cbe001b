//! `POST /connections/{provider}/backfill`: the athlete's past is brought in, behind what happens now.

use crate::{Connecting, ConnectionView};
use chrono::NaiveDate;
use domain::id::UserId;
use domain::local_date::is_of_our_time;
use lambda_http::http::StatusCode;
use platform::app::settle;
use platform::clock;
use platform::http::{self, Request, Response};
use platform::problem::Problem;
use serde::Deserialize;
use store::{Tx, backfills, reconciliations};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wanted {
    since: NaiveDate,
}

impl Connecting {
    pub(crate) async fn begin_backfill(
        &self,
        request: &Request,
        provider: &str,
    ) -> Result<Response, Problem> {
        let (user, mut tx) = self.users.begin(request).await?;
        let begun = self.begin(&mut tx, user, request, provider).await;
        let begun = settle(tx, begun).await?;
        Ok(http::json(StatusCode::ACCEPTED, &begun))
    }

    async fn begin(
        &self,
        tx: &mut Tx,
        user: UserId,
        request: &Request,
        provider: &str,
    ) -> Result<ConnectionView, Problem> {
        let Wanted { since } = request.json()?;
        if !is_of_our_time(since) || since >= clock::now().date_naive() {
            let problem = Problem::unprocessable("invalid", "since must be a date of the past");
            return Err(problem.with_field("/since", "must be a date of the past"));
        }
        let source = self.sources.find(provider).map(|(_, source)| source);
        if source.is_none_or(|source| source.lists().is_none()) {
            let detail = "this provider does not tell what there was, or is not set up here";
            return Err(Problem::unprocessable("no_list", detail));
        }
        if !backfills::begin_backfill(tx, user, provider, since).await? {
            let detail = "this provider is not connected, or has to be connected again";
            return Err(Problem::conflict("needs_reauthorisation", detail));
        }
        reconciliations::hasten(tx, user, provider).await?;
        let connection = self.find(tx, user, provider).await?;
        connection.ok_or_else(|| Problem::internal("a connection is gone within its transaction"))
    }
}
