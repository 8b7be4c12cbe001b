//! Reading values out of a FIT message; what the profile calls invalid is absent.

use rustyfit::{
    profile::typedef::FitBaseType,
    proto::{Field, Message, Value},
};

/// The most characters of a text; what is longer names nothing.
const LONGEST_TEXT: usize = 200;

/// A field's value as a whole number without sign.
pub(crate) fn unsigned(field: &Field) -> Option<u32> {
    let zero_is_invalid = matches!(
        field.base_type,
        FitBaseType::UINT8Z | FitBaseType::UINT16Z | FitBaseType::UINT32Z
    );
    let (value, invalid) = if let Value::Uint8(v) = field.value {
        (u32::from(v), u32::from(u8::MAX))
    } else if let Value::Uint16(v) = field.value {
        (u32::from(v), u32::from(u16::MAX))
    } else if let Value::Uint32(v) = field.value {
        (v, u32::MAX)
    } else {
        return None;
    };
    (value != invalid && !(zero_is_invalid && value == 0)).then_some(value)
}

/// A field's value as a number, before scale and offset.
pub(crate) fn number(field: &Field) -> Option<f64> {
    if let Value::Int8(v) = field.value {
        (v != i8::MAX).then(|| f64::from(v))
    } else if let Value::Int16(v) = field.value {
        (v != i16::MAX).then(|| f64::from(v))
    } else if let Value::Int32(v) = field.value {
        (v != i32::MAX).then(|| f64::from(v))
    } else {
        unsigned(field).map(f64::from)
    }
}

/// The message's field of this number.
pub(crate) fn field(message: &Message, num: u8) -> Option<&Field> {
    message.fields.iter().find(|field| field.num == num)
}

/// The value of the message's field of this number, without sign.
pub(crate) fn whole(message: &Message, num: u8) -> Option<u32> {
    field(message, num).and_then(unsigned)
}

/// The value of the message's field of this number, if it fits 16 bits.
pub(crate) fn short(message: &Message, num: u8) -> Option<u16> {
    whole(message, num).and_then(|value| u16::try_from(value).ok())
}

/// The value of the message's field of this number, if it fits 8 bits.
pub(crate) fn byte(message: &Message, num: u8) -> Option<u8> {
    whole(message, num).and_then(|value| u8::try_from(value).ok())
}

/// The value of the message's field of this number, divided by its scale.
pub(crate) fn scaled(message: &Message, num: u8, scale: f64) -> Option<f64> {
    field(message, num)
        .and_then(number)
        .map(|value| value / scale)
}

/// The bytes of the message's field of this number.
pub(crate) fn bytes(message: &Message, num: u8) -> &[u8] {
    match field(message, num) {
        Some(field) => {
            if let Value::ArrayUint8(values) = &field.value {
                values
            } else if let Value::Uint8(value) = &field.value {
                std::slice::from_ref(value)
            } else {
                &[]
            }
        }
        None => &[],
    }
}

/// The first of the 16-bit numbers in the message's field of this number.
pub(crate) fn first_short(message: &Message, num: u8) -> Option<u16> {
    let field = field(message, num)?;
    if let Value::ArrayUint16(values) = &field.value {
        values.first().copied().filter(|&value| value != u16::MAX)
    } else {
        unsigned(field).and_then(|value| u16::try_from(value).ok())
    }
}

/// The 32-bit numbers in the message's field of this number.
pub(crate) fn longs(message: &Message, num: u8) -> &[u32] {
    match field(message, num) {
        Some(field) => {
            if let Value::ArrayUint32(values) = &field.value {
                values
            } else if let Value::Uint32(value) = &field.value {
                std::slice::from_ref(value)
            } else {
                &[]
            }
        }
        None => &[],
    }
}

/// The text in the message's field of this number, unless it is empty or longer than any name.
pub(crate) fn text(message: &Message, num: u8) -> Option<&str> {
    let Value::String(text) = &field(message, num)?.value else {
        return None;
    };
    let text = text.trim_end_matches('\0').trim();
    let is_name = !text.is_empty() && text.chars().count() <= LONGEST_TEXT && !text.contains('\0');
    is_name.then_some(text)
}
