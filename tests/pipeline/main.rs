//! What users are promised, from the delivery to the result.

#![expect(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "what cannot be prepared fails the test"
)]

mod attach;
mod bests;
mod device_sets;
mod files;
mod fitness;
mod import;
mod ingest;
mod matching;
mod merge_computed;
mod plans;
mod predecessor;
mod profile;
mod reads;
mod sessions;
mod snapshot;
mod stages;
