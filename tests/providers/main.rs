//! Each provider's webhooks and API, from the handshake to the result.

#![expect(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "what cannot be prepared fails the test"
)]

mod access;
mod connect;
mod fetch;
mod limits;
mod reconcile;
mod strava;
