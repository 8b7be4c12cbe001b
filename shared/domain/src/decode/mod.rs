//! What a device or a platform exported, as a file, becomes a [`Recording`].
//!
//! The kind of file is recognised by its content, never by its name. What is damaged is read as
//! far as it goes and marked partial; nothing here panics or takes more memory than the caps
//! allow, whatever the bytes are.

mod activity;
pub(crate) mod fit;
mod gpx;
mod moment;
mod samples;
pub(crate) mod sports;
mod tcx;
mod xml;

pub use activity::{Activity, Columns, InvalidActivity, LapTimes};
pub use sports::snake_case;

use crate::recording::{Recording, Totals};
use flate2::read::GzDecoder;
use std::io::Read;

/// How large a file may be once it is unpacked; the 12 h recordings seen have 3 MB.
pub const MAX_UNPACKED_BYTES: usize = 64 * 1024 * 1024;

const GZIP_MAGIC: [u8; 2] = [0x1f, 0x8b];

/// Why a file did not become a recording.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// The bytes are of no kind that is read here.
    #[error("the file is neither FIT nor TCX nor GPX")]
    UnknownFormat,
    /// The file is larger than [`MAX_UNPACKED_BYTES`] once unpacked.
    #[error("the unpacked file is larger than 64 MiB")]
    TooLarge,
    /// The kind is known, but there is neither a sample with a time nor a session.
    #[error("nothing in the file can be read")]
    Undecodable,
}

impl DecodeError {
    /// The stable word for this case, for problem bodies and failure reasons.
    pub fn code(&self) -> &'static str {
        match self {
            Self::UnknownFormat => "unknown_format",
            Self::TooLarge => "too_large",
            Self::Undecodable => "undecodable",
        }
    }
}

/// Reads a FIT, TCX or GPX file, packed with gzip or not.
///
/// The result is [quantised](Recording::quantised), so that it stays the same when it is stored
/// and read back. A damaged file gives a recording with `partial` set and without the device's
/// totals, because these speak of samples that are missing.
///
/// # Errors
///
/// See [`DecodeError`]; its [`code`](DecodeError::code) tells the cases apart.
pub fn decode_file(bytes: &[u8]) -> Result<Recording, DecodeError> {
    if bytes.len() > MAX_UNPACKED_BYTES {
        return Err(DecodeError::TooLarge);
    }
    if !bytes.starts_with(&GZIP_MAGIC) {
        return decode_plain(bytes, false);
    }
    let (unpacked, damaged) = unpack(bytes)?;
    decode_plain(&unpacked, damaged)
}

fn decode_plain(bytes: &[u8], damaged: bool) -> Result<Recording, DecodeError> {
    let mut recording = if fit::is_fit(bytes) {
        fit::decode(bytes)?
    } else {
        let text = xml::text(bytes).ok_or(DecodeError::UnknownFormat)?;
        match xml::root(&text)? {
            xml::Root::Tcx => tcx::decode(&text)?,
            xml::Root::Gpx => gpx::decode(&text)?,
        }
    };
    recording.partial |= damaged;
    if recording.partial {
        let sessions = recording.sessions.iter_mut();
        for totals in sessions
            .map(|session| &mut session.totals)
            .chain([&mut recording.totals])
        {
            *totals = Totals::default();
        }
    }
    Ok(recording.quantised())
}

/// Unpacks one gzip member and says whether it was cut or damaged.
fn unpack(bytes: &[u8]) -> Result<(Vec<u8>, bool), DecodeError> {
    let limit = u64::try_from(MAX_UNPACKED_BYTES).unwrap_or(u64::MAX);
    let mut unpacked = Vec::new();
    // What was unpacked before an error stays in the vector.
    let damaged = GzDecoder::new(bytes)
        .take(limit.saturating_add(1))
        .read_to_end(&mut unpacked)
        .is_err();
    if unpacked.len() > MAX_UNPACKED_BYTES {
        return Err(DecodeError::TooLarge);
    }
    if unpacked.is_empty() && damaged {
        return Err(DecodeError::Undecodable);
    }
    Ok((unpacked, damaged))
}

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::{Compression, write::GzEncoder};
    use std::io::Write;

    fn packed(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    const POINT: &str = r#"<gpx><trk><trkseg><trkpt lat="1" lon="2">
        <time>2024-05-01T10:00:00Z</time></trkpt></trkseg></trk></gpx>"#;

    #[test]
    fn what_is_no_activity_file_has_an_unknown_format() {
        for bytes in [
            &b""[..],
            b"   ",
            b"PK\x03\x04",
            b"{\"a\":1}",
            b"<html><body/></html>",
            b"\x0e\x10\x00\x00\x00\x00\x00\x00.FI",
        ] {
            assert_eq!(
                decode_file(bytes),
                Err(DecodeError::UnknownFormat),
                "{bytes:?}"
            );
        }
    }

    #[test]
    fn documents_with_a_document_type_are_undecodable() {
        let bomb = format!("<!DOCTYPE gpx [<!ENTITY a \"aa\">]>{POINT}");
        assert_eq!(decode_file(bomb.as_bytes()), Err(DecodeError::Undecodable));
        let entity = POINT.replace("<trkseg>", "<name>&a;</name><trkseg>");
        assert_eq!(
            decode_file(entity.as_bytes()),
            Err(DecodeError::Undecodable)
        );
    }

    #[test]
    fn gzip_is_unpacked_once() {
        let once = packed(POINT.as_bytes());
        assert_eq!(decode_file(&once).unwrap().samples(), 1);
        assert_eq!(decode_file(&packed(&once)), Err(DecodeError::UnknownFormat));
    }

    #[test]
    fn a_gzip_bomb_is_too_large() {
        let bomb = packed(&vec![b' '; MAX_UNPACKED_BYTES + 1]);
        assert_eq!(decode_file(&bomb), Err(DecodeError::TooLarge));
        assert_eq!(DecodeError::TooLarge.code(), "too_large");
    }

    #[test]
    fn cut_gzip_gives_what_was_unpacked() {
        let many = POINT.replace("</trkseg>", &"<trkpt lat=\"1\" lon=\"2\"/>".repeat(20_000));
        let whole = packed(many.as_bytes());
        let recording = decode_file(&whole[..whole.len() - 9]).unwrap();
        assert!(recording.partial);
        assert_eq!(recording.samples(), 1);
    }
}
