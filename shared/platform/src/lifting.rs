//! What an athlete logs by hand, taken in as what a provider brings.
//!
//! So it is attached to its plan, staged, and merged with a watch's word of the same session, by the code
//! that does it for every recording.

use crate::intake::Prepared;
use chrono::{DateTime, TimeDelta, Utc};
use domain::id::UserId;
use domain::recording::{Format, Recording, StrengthSet, Totals};
use domain::sport::Sport;
use store::ingest::Ingested;
use store::sets::{self, Listed, Session};
use store::workouts::ProviderKey;
use store::{StoreError, Tx};

/// Takes a workout in as its sets are now, in a transaction that holds the user's lock.
///
/// The same sets, name and duration again change nothing.
///
/// # Errors
/// [`StoreError`] when the database is away.
pub async fn take_in(
    tx: &mut Tx,
    user: UserId,
    session: &Session,
    duration_s: f64,
) -> Result<Ingested, StoreError> {
    let listed = sets::list(tx, user, session.workout_id()).await?;
    let recording = record(session, duration_s, listed);
    let prepared = Prepared::new(&recording, session.name.as_deref());
    let key = ProviderKey::activity(&session.provider, &session.provider_activity_id);
    let source = prepared.content_sha256();
    prepared.ingest(tx, user, key, &source, None).await
}

/// What a watch would have recorded of it.
fn record(session: &Session, duration_s: f64, mut listed: Vec<Listed>) -> Recording {
    listed.retain(|listed| {
        // What a watch tells of the same session is in the watch's recording.
        listed.set.workout_id == session.workout_id() && listed.set.content.is_completed
    });
    // What was done at the same time stays in the order in which it is listed.
    listed.sort_by_key(|listed| listed.set.performed_at);
    let sets = listed.into_iter().map(|listed| {
        let (set, content) = (&listed.set, &listed.set.content);
        let ended_s = seconds(set.performed_at - session.started_at);
        StrengthSet {
            start_s: (ended_s - content.duration_s.unwrap_or_default()).max(0.0),
            duration_s: content.duration_s,
            active: true,
            reps: content.reps.and_then(|reps| u16::try_from(reps).ok()),
            weight_kg: set.weight_kg,
            category: Some(listed.exercise_name),
            kind: content.kind,
            distance_m: content.distance_m,
            rpe: content.rpe,
        }
    });
    Recording {
        utc_offset_s: session.utc_offset_s,
        sets: sets.collect(),
        totals: Totals {
            elapsed_s: Some(duration_s),
            timer_s: Some(duration_s),
            ..Totals::default()
        },
        ..Recording::empty(Format::Json, Sport::Strength, session.started_at)
    }
}

/// How long a workout took that ended then, in seconds.
pub fn duration_s(session: &Session, ended_at: DateTime<Utc>) -> f64 {
    seconds(ended_at - session.started_at).max(0.0)
}

fn seconds(span: TimeDelta) -> f64 {
    span.as_seconds_f64()
}
