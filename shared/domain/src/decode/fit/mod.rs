//! FIT files, through rustyfit's stream, which gives what comes before the damage.

mod beats;
mod collector;
mod fields;
mod records;

use super::DecodeError;
use crate::recording::Recording;
use collector::Collector;
use rustyfit::{Decoder, DecoderEvent, StreamingIterator};
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Whether the bytes begin like a FIT file.
pub(super) fn is_fit(bytes: &[u8]) -> bool {
    bytes.get(8..12) == Some(b".FIT")
}

/// Reads a FIT file, chained or not.
pub(super) fn decode(bytes: &[u8]) -> Result<Recording, DecodeError> {
    let mut collector = Collector::default();
    // The library indexes and slices; its panic would take a whole batch along.
    let whole = catch_unwind(AssertUnwindSafe(|| read(bytes, &mut collector))).unwrap_or(false);
    collector.finish(!whole).ok_or(DecodeError::Undecodable)
}

/// Feeds every message to the collector; whether the file is whole.
fn read(bytes: &[u8], collector: &mut Collector) -> bool {
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
            Ok(DecoderEvent::Message(message)) => collector.take(message),
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
        let table = crc_table();
        found == 0 || crc(&table, all) == found || crc(&table, data) == found
    }
}

/// CRC-16 with the reflected polynomial 0xA001, a byte at a time.
fn crc(table: &[u16; 256], bytes: &[u8]) -> u16 {
    bytes.iter().fold(0, |crc, &byte| {
        let [low, high] = crc.to_le_bytes();
        let entry = table.get(usize::from(low ^ byte)).copied().unwrap_or(0);
        u16::from(high) ^ entry
    })
}

fn crc_table() -> [u16; 256] {
    let mut table = [0; 256];
    for (entry, byte) in table.iter_mut().zip(0u16..) {
        *entry = (0..8).fold(byte, |crc, _| {
            if crc & 1 == 1 {
                (crc >> 1) ^ 0xA001
            } else {
                crc >> 1
            }
        });
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_checksum_is_the_one_of_the_protocol() {
        assert_eq!(crc(&crc_table(), b"123456789"), 0xBB3D);
    }

    #[test]
    fn a_header_without_a_length_covers_the_rest() {
        let mut bytes = vec![12, 16, 0, 0, 0, 0, 0, 0, b'.', b'F', b'I', b'T', 1, 2, 3];
        assert_eq!(without_open_end(&bytes).unwrap()[4..8], [3, 0, 0, 0]);
        bytes[4] = 1;
        assert_eq!(without_open_end(&bytes), None);
    }
}
