//! FIT files, through rustyfit's stream, which gives what comes before the damage.

mod beats;
mod collector;
pub(crate) mod fields;
mod records;

use super::DecodeError;
use crate::fit::crc;
use crate::recording::Recording;
use collector::Collector;
use rustyfit::proto::Message;
use rustyfit::{Decoder, DecoderEvent, StreamingIterator};
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Whether the bytes begin like a FIT file.
pub(crate) fn is_fit(bytes: &[u8]) -> bool {
    bytes.get(8..12) == Some(b".FIT")
}

/// Reads a FIT file, chained or not.
pub(super) fn decode(bytes: &[u8]) -> Result<Recording, DecodeError> {
    let mut collector = Collector::default();
    let whole = each_message(bytes, &mut |message| collector.take(message));
    collector.finish(!whole).ok_or(DecodeError::Undecodable)
}

/// Takes every message that can be read; whether the file is whole.
pub(crate) fn each_message(bytes: &[u8], take: &mut impl FnMut(&Message)) -> bool {
    // The library indexes and slices; its panic would take a whole batch along.
    catch_unwind(AssertUnwindSafe(|| read(bytes, take))).unwrap_or(false)
}

fn read(bytes: &[u8], take: &mut impl FnMut(&Message)) -> bool {
    let patched = without_open_end(bytes);
    let bytes = patched.as_deref().unwrap_or(bytes);
    // Expansion is left out: the few components of interest are read directly. The checksum is
    // verified here, because the library would refuse a file for its header's alone.
    let mut decoder = Decoder::builder()
        .checksum(false)
        .expand_components(false)
        .build();
    let mut stream = decoder.stream(bytes);
    let mut rest = bytes;
    let mut sequence = Sequence::default();
    let mut intact = patched.is_none();
    while let Some(event) = stream.next() {
        match event {
            Ok(DecoderEvent::FileHeader(header)) => {
                sequence = Sequence {
                    open: true,
                    header_size: usize::from(header.size),
                    size: usize::from(header.size)
                        .saturating_add(usize::try_from(header.data_size).unwrap_or(usize::MAX)),
                };
            }
            Ok(DecoderEvent::Message(message)) => take(message),
            Ok(DecoderEvent::MessageDefinition(_)) => {}
            Ok(DecoderEvent::Crc(found)) => {
                intact &= sequence.matches(rest, found);
                rest = rest
                    .get(sequence.size.saturating_add(2)..)
                    .unwrap_or_default();
                sequence.open = false;
            }
            // After a whole sequence, what is no further one is padding.
            Err(_) => return intact && !sequence.open && rest.len() < bytes.len(),
        }
    }
    intact && rest.len() < bytes.len()
}

/// A copy whose header covers all bytes, for files whose device died before it wrote the length.
fn without_open_end(bytes: &[u8]) -> Option<Vec<u8>> {
    let header_size = usize::from(*bytes.first()?);
    if bytes.get(4..8)? != [0; 4] || bytes.len() <= header_size {
        return None;
    }
    let size = u32::try_from(bytes.len().saturating_sub(header_size)).ok()?;
    let mut patched = bytes.to_vec();
    patched.get_mut(4..8)?.copy_from_slice(&size.to_le_bytes());
    Some(patched)
}

/// One FIT file of a chain.
#[derive(Debug, Default)]
struct Sequence {
    open: bool,
    header_size: usize,
    /// Header and data, without the checksum at the end.
    size: usize,
}

impl Sequence {
    /// Whether the checksum fits; 0 is what writers put that compute none.
    fn matches(&self, bytes: &[u8], found: u16) -> bool {
        let (Some(all), Some(data)) = (
            bytes.get(..self.size),
            bytes.get(self.header_size..self.size),
        ) else {
            return false;
        };
        found == 0 || crc(all) == found || crc(data) == found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_without_a_length_covers_the_rest() {
        let mut bytes = vec![12, 16, 0, 0, 0, 0, 0, 0, b'.', b'F', b'I', b'T', 1, 2, 3];
        assert_eq!(without_open_end(&bytes).unwrap()[4..8], [3, 0, 0, 0]);
        bytes[4] = 1;
        assert_eq!(without_open_end(&bytes), None);
    }
}
