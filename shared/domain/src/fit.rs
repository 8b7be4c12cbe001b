//! FIT files, written: what a device makes, and what it takes.
//!
//! Source: Garmin's FIT protocol. They are read by [`crate::decode`].

/// Base type of a field: an enumeration, which is one byte.
pub const ENUM: u8 = 0x00;
/// Base type of a field: one byte.
pub const U8: u8 = 0x02;
/// Base type of a field: a text that ends with a NUL.
pub const TEXT: u8 = 0x07;
/// Base type of a field: two bytes.
pub const U16: u8 = 0x84;
/// Base type of a field: four bytes.
pub const U32: u8 = 0x86;
/// Base type of a field: four bytes, of which 0 is invalid.
pub const U32Z: u8 = 0x8C;

/// A file that grows message by message, each with its own definition before its first.
#[derive(Debug, Default)]
pub struct Writer {
    data: Vec<u8>,
}

impl Writer {
    /// Defines what follows as messages of this number with these fields: number, size, base type.
    pub fn define(&mut self, message: u16, fields: &[(u8, u8, u8)]) {
        // Of local kind 0, little-endian.
        self.data.extend([0x40, 0, 0]);
        self.data.extend(message.to_le_bytes());
        self.data
            .push(u8::try_from(fields.len()).unwrap_or(u8::MAX));
        for (number, size, kind) in fields {
            self.data.extend([*number, *size, *kind]);
        }
    }

    /// A message as the last definition says.
    pub fn message(&mut self, parts: &[&[u8]]) {
        self.data.push(0);
        for part in parts {
            self.data.extend(*part);
        }
    }

    /// The file.
    pub fn finish(self) -> Vec<u8> {
        let length = u32::try_from(self.data.len()).unwrap_or(u32::MAX);
        let mut file = vec![14, 0x20, 0x54, 0x08];
        file.extend(length.to_le_bytes());
        file.extend(*b".FIT");
        file.extend(crc(&file).to_le_bytes());
        file.extend(self.data);
        let sum = crc(&file);
        file.extend(sum.to_le_bytes());
        file
    }
}

/// The CRC-16 of a FIT file: the reflected polynomial 0xA001, a byte at a time.
pub fn crc(bytes: &[u8]) -> u16 {
    let table = const { crc_table() };
    bytes.iter().fold(0, |crc, &byte| {
        let [low, high] = crc.to_le_bytes();
        let entry = table.get(usize::from(low ^ byte)).copied().unwrap_or(0);
        u16::from(high) ^ entry
    })
}

#[expect(clippy::indexing_slicing, reason = "evaluated when this is compiled")]
#[expect(clippy::cast_possible_truncation, reason = "an index below 256")]
const fn crc_table() -> [u16; 256] {
    let mut table = [0; 256];
    let mut byte = 0;
    while byte < table.len() {
        let mut crc = byte as u16;
        let mut bit = 0;
        while bit < 8 {
            crc = if crc & 1 == 1 {
                (crc >> 1) ^ 0xA001
            } else {
                crc >> 1
            };
            bit += 1;
        }
        table[byte] = crc;
        byte += 1;
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_checksum_is_the_one_of_the_protocol() {
        assert_eq!(crc(b"123456789"), 0xBB3D);
    }
}
