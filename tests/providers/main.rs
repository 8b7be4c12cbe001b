//! Each provider's webhooks and API, from the handshake to the result.

#![expect(
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::unwrap_used,
    reason = "what cannot be prepared fails the test"
)]

mod access;
mod authorise;
mod backfill;
mod clock;
mod connect;
mod coros;
mod disconnect;
mod doors;
mod everyone;
mod fetch;
mod garmin;
mod hevy;
mod intervals;
mod limits;
mod merging;
mod polar;
mod policies;
mod post;
mod reconcile;
mod replay;
mod sets;
mod silence;
mod simulate;
mod strava;
mod suunto;
mod wahoo;
mod whoop;
