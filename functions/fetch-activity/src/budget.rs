//! The share of a provider's rate limit that is left, which all execution environments have
//! together.

use chrono::{DateTime, Utc};
use futures_util::future::BoxFuture;
use lambda_http::http::{HeaderMap, StatusCode};
use platform::app::end;
use platform::providers::api::{Budget, Refusal, retry_after};
use platform::providers::source::{Source, Usage, Window};
use store::budgets::{self, WindowLimit};
use store::{Store, StoreError};

/// One provider's.
pub(crate) struct SharedBudget<'a> {
    pub(crate) store: &'a Store,
    pub(crate) provider: &'a str,
    pub(crate) source: &'a dyn Source,
    /// Whether somebody just did this; what is fetched of the past leaves room for it.
    pub(crate) is_live: bool,
}

impl Budget for SharedBudget<'_> {
    fn take(&self) -> BoxFuture<'_, Result<(), Refusal>> {
        Box::pin(async move {
            match self.take_request().await {
                Ok(None) => Ok(()),
                Ok(Some(turn)) => Err(Refusal::RateLimited(turn)),
                Err(error) => {
                    tracing::warn!(%error, "the provider's budget cannot be read");
                    Err(Refusal::Unavailable("its budget cannot be read".to_owned()))
                }
            }
        })
    }

    fn note<'a>(&'a self, status: StatusCode, headers: &'a HeaderMap) -> BoxFuture<'a, ()> {
        Box::pin(async move {
            if let Err(error) = self.write(status, headers).await {
                // The next answer says it again.
                tracing::warn!(%error, "the provider's budget was not noted");
            }
        })
    }
}

impl SharedBudget<'_> {
    /// `None` when a request was taken, else when the next one may be.
    async fn take_request(&self) -> Result<Option<DateTime<Utc>>, StoreError> {
        let windows: Vec<WindowLimit> = self.source.windows().iter().map(limit).collect();
        let mut tx = self.store.begin_without_user().await?;
        match budgets::take_request(&mut tx, self.provider, &windows, self.is_live).await {
            Ok(true) => {
                tx.commit().await?;
                return Ok(None);
            }
            Ok(false) => tx.rollback().await?,
            Err(error) => {
                end(tx).await;
                return Err(error);
            }
        }
        let mut tx = self.store.begin_without_user().await?;
        let turn = budgets::next_turn(&mut tx, self.provider, self.is_live).await;
        end(tx).await;
        turn.map(Some)
    }

    async fn write(&self, status: StatusCode, headers: &HeaderMap) -> Result<(), StoreError> {
        let usage = self.source.usage(headers);
        let is_refused = status == StatusCode::TOO_MANY_REQUESTS;
        if usage.is_empty() && !is_refused {
            return Ok(());
        }
        let mut tx = self.store.begin_without_user().await?;
        let written = async {
            for usage in in_order(usage) {
                let window = limit(&Window {
                    length: usage.length,
                    most: usage.most,
                });
                let used = i32::try_from(usage.used).unwrap_or(i32::MAX);
                budgets::note_usage(&mut tx, self.provider, window, used).await?;
            }
            if is_refused {
                budgets::pause_provider(&mut tx, self.provider, retry_after(headers)).await?;
            }
            Ok(())
        };
        match written.await {
            Ok(()) => tx.commit().await,
            Err(error) => {
                end(tx).await;
                Err(error)
            }
        }
    }
}

/// In the order of the lengths, in which windows are taken too, so that nobody waits in a circle.
fn in_order(mut usage: Vec<Usage>) -> Vec<Usage> {
    usage.sort_by_key(|usage| usage.length);
    usage
}

fn limit(window: &Window) -> WindowLimit {
    WindowLimit {
        length_s: i32::try_from(window.length.as_secs()).unwrap_or(i32::MAX),
        most: i32::try_from(window.most).unwrap_or(i32::MAX),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    /// Wahoo tells the longest window first, and all of them are locked until the end.
    #[test]
    fn windows_are_noted_in_the_order_in_which_they_are_taken() {
        let told = [86_400, 300, 3600].map(|seconds| Usage {
            length: Duration::from_secs(seconds),
            most: 200,
            used: 1,
        });
        let lengths: Vec<u64> = in_order(told.to_vec())
            .iter()
            .map(|usage| usage.length.as_secs())
            .collect();
        assert_eq!(lengths, [300, 3600, 86_400]);
    }
}
