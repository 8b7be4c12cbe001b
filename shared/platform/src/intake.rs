//! What is made ready of an activity and of a delivery before a transaction holds any lock.

use crate::providers::{About, Event, Item};
use chrono::{DateTime, Utc};
use domain::id::UserId;
use domain::matching::Executed;
use domain::recording::{self, Recording};
use domain::signal::{distance::Distance, session, timer::timer_s};
use flate2::Compression;
use flate2::read::DeflateDecoder;
use flate2::write::DeflateEncoder;
use sha2::{Digest, Sha256};
use std::borrow::Cow;
use std::io::{self, Read, Write};
use store::deliveries::DeliveryKey;
use store::ingest::{self, Ingested, Outcome};
use store::workouts::{ProviderKey, Reported};
use store::{StoreError, Tx, reconciliations};

/// The largest body that is unpacked: what a provider may send is far smaller.
const LARGEST_BODY: u64 = 64 * 1024 * 1024;

/// A recording made ready for the transaction, so that nothing is computed while locks are held.
pub struct Prepared<'a> {
    recording: Cow<'a, Recording>,
    name: Option<&'a str>,
    columns: Vec<u8>,
    executed: Executed,
    content_sha256: [u8; 32],
    /// Of a multi-session recording, each session by itself.
    sessions: Vec<Self>,
}

impl<'a> Prepared<'a> {
    /// Makes a recording ready, and each of its sessions.
    pub fn new(recording: &'a Recording, name: Option<&'a str>) -> Self {
        let sessions = session::cut(recording).into_iter();
        Self {
            sessions: sessions
                .map(|session| Self::one(Cow::Owned(session), name))
                .collect(),
            ..Self::one(Cow::Borrowed(recording), name)
        }
    }

    fn one(recording: Cow<'a, Recording>, name: Option<&'a str>) -> Self {
        let columns = recording::encode(&recording);
        let distance_m = Distance::of(&recording).map(|distance| distance.total_m());
        let executed = Executed::of(&recording, timer_s(&recording), distance_m);
        let mut content = Sha256::new();
        content.update(name.unwrap_or_default());
        content.update([0]);
        content.update(&columns);
        Self {
            recording,
            name,
            columns,
            executed,
            content_sha256: content.finalize().into(),
            sessions: Vec::new(),
        }
    }

    /// SHA-256 of all that it says.
    pub fn content_sha256(&self) -> [u8; 32] {
        self.content_sha256
    }

    /// Stores all of it in a transaction that holds the user's lock.
    ///
    /// # Errors
    /// [`StoreError`] when the database is away.
    pub async fn ingest(
        &self,
        tx: &mut Tx,
        user: UserId,
        key: ProviderKey<'_>,
        source_sha256: &[u8],
        provider_time: Option<DateTime<Utc>>,
    ) -> Result<Ingested, StoreError> {
        let reported = self.reported(source_sha256, provider_time);
        let sessions: Vec<Reported<'_>> = self
            .sessions
            .iter()
            .map(|session| session.reported(source_sha256, provider_time))
            .collect();
        ingest::ingest(tx, user, key, &reported, &sessions).await
    }

    fn reported<'b>(
        &'b self,
        source_sha256: &'b [u8],
        provider_time: Option<DateTime<Utc>>,
    ) -> Reported<'b> {
        Reported {
            recording: &self.recording,
            name: self.name,
            executed: &self.executed,
            columns: &self.columns,
            source_sha256,
            content_sha256: &self.content_sha256,
            provider_time,
        }
    }
}

/// What an item of a delivery tells, made ready for the transaction.
pub enum Told<'a> {
    /// An activity, with all that there is to know of it.
    Brought(&'a str, Box<Prepared<'a>>),
    /// That the provider has to be asked about an activity.
    Announced(&'a str),
    /// That an activity is gone.
    Deleted(&'a str),
    /// That our access may have ended.
    Access,
}

impl<'a> Told<'a> {
    /// Makes an item ready.
    pub fn new(item: &'a Item) -> Self {
        match &item.about {
            About::Activity { id, event } => match event {
                Event::Brought {
                    name, recording, ..
                } => {
                    let prepared = Prepared::new(recording, name.as_deref());
                    Self::Brought(id, Box::new(prepared))
                }
                Event::Announced(_) => Self::Announced(id),
                Event::Deleted => Self::Deleted(id),
            },
            About::Access => Self::Access,
        }
    }

    /// Takes it in, in a transaction that holds the user's lock.
    ///
    /// # Errors
    /// [`StoreError`] when the database is away.
    pub async fn ingest(
        &self,
        tx: &mut Tx,
        user: UserId,
        delivery: DeliveryKey<'_>,
        occurred_at: Option<DateTime<Utc>>,
    ) -> Result<Ingested, StoreError> {
        let key = |id| ProviderKey::activity(delivery.provider, id);
        match self {
            Self::Brought(id, prepared) => {
                let source = delivery.body_sha256;
                prepared
                    .ingest(tx, user, key(id), source, occurred_at)
                    .await
            }
            Self::Announced(id) => {
                let announced_at = occurred_at.unwrap_or_else(crate::clock::now);
                ingest::announce(tx, user, key(id), announced_at).await
            }
            Self::Deleted(id) => ingest::delete(tx, user, key(id), occurred_at).await,
            Self::Access => {
                // The provider is asked before it is believed.
                reconciliations::doubt_access(tx, user, delivery.provider).await?;
                Ok(Ingested::quiet(None, Outcome::Noted))
            }
        }
    }
}

/// Compresses a body for keeping, quickly rather than well: a provider waits.
pub fn pack(body: &[u8]) -> Vec<u8> {
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::fast());
    // Writing to memory does not fail.
    let packed = encoder.write_all(body).and_then(|()| encoder.finish());
    packed.unwrap_or_default()
}

/// Reads back what [`pack`] wrote.
///
/// # Errors
/// When the bytes are damaged, or unpack to more than any delivery.
pub fn unpack(packed: &[u8]) -> io::Result<Vec<u8>> {
    let mut body = Vec::new();
    let mut decoder = DeflateDecoder::new(packed).take(LARGEST_BODY + 1);
    decoder.read_to_end(&mut body)?;
    if body.len() as u64 > LARGEST_BODY {
        return Err(io::Error::other("a kept delivery is larger than any"));
    }
    Ok(body)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_packed_is_unpacked_and_what_is_damaged_is_refused() {
        let body = br#"{"event":"create"}"#.repeat(1000);

        let packed = pack(&body);

        assert!(packed.len() < body.len() / 10);
        assert_eq!(unpack(&packed).unwrap(), body);
        assert_eq!(unpack(&pack(b"")).unwrap(), b"");
        assert!(unpack(&packed[..packed.len() / 2]).is_err());
        let bomb = pack(&vec![0; 65 * 1024 * 1024]);
        assert!(unpack(&bomb).is_err());
    }
}
