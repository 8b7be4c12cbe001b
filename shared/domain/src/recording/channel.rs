//! One quantity over the samples of a recording.

use std::ops::Range;

/// One value per sample, absent where the source had none.
///
/// Absence is kept as NaN inside, so that a column is one flat allocation, and none where every
/// value is absent; nothing outside can see or put in a NaN or an infinity.
#[derive(Debug, Clone, Default)]
pub struct Channel {
    /// As many as `length`, or none as long as none is there.
    values: Vec<f64>,
    length: usize,
}

impl Channel {
    /// A channel of `length` absent values.
    pub fn absent(length: usize) -> Self {
        let values = Vec::new();
        Self { values, length }
    }

    /// A channel of what `write` puts in its slots; absent where it puts nothing, or nothing finite,
    /// or where `marks`, one per sample, says no.
    pub fn written(marks: &[bool], write: impl FnOnce(&mut [f64])) -> Self {
        let mut values = vec![f64::NAN; marks.len()];
        write(&mut values);
        for (value, marked) in values.iter_mut().zip(marks) {
            if !(*marked && value.is_finite()) {
                *value = f64::NAN;
            }
        }
        let length = values.len();
        Self { values, length }
    }

    /// How many samples it spans.
    pub fn len(&self) -> usize {
        self.length
    }

    /// Whether it spans no sample.
    pub fn is_empty(&self) -> bool {
        self.length == 0
    }

    /// Appends a value; what is not finite is absent.
    pub fn push(&mut self, value: Option<f64>) {
        let value = value.filter(|v| v.is_finite());
        if value.is_some() || !self.values.is_empty() {
            self.values.resize(self.length, f64::NAN);
            self.values.push(value.unwrap_or(f64::NAN));
        }
        self.length += 1;
    }

    /// The value at a sample.
    pub fn get(&self, index: usize) -> Option<f64> {
        self.values.get(index).copied().filter(|v| !v.is_nan())
    }

    /// Replaces the value at a sample, if that sample exists.
    pub fn set(&mut self, index: usize, value: Option<f64>) {
        let value = value.filter(|v| v.is_finite());
        if value.is_some() && self.values.is_empty() {
            self.values.resize(self.length, f64::NAN);
        }
        if let Some(slot) = self.values.get_mut(index) {
            *slot = value.unwrap_or(f64::NAN);
        }
    }

    /// Every sample's value, in order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = Option<f64>> + DoubleEndedIterator + '_ {
        self.range(0..self.length)
    }

    /// The values of some samples, in order, without a look at those before; all absent beyond the
    /// last sample.
    pub fn range(
        &self,
        samples: Range<usize>,
    ) -> impl ExactSizeIterator<Item = Option<f64>> + DoubleEndedIterator + '_ {
        samples.map(|sample| self.get(sample))
    }

    /// Only the values that are there, in order.
    pub fn values(&self) -> impl Iterator<Item = f64> + '_ {
        self.values.iter().copied().filter(|v| !v.is_nan())
    }

    /// Whether any sample has a value.
    pub fn has_values(&self) -> bool {
        self.values().next().is_some()
    }
}

impl FromIterator<Option<f64>> for Channel {
    fn from_iter<I: IntoIterator<Item = Option<f64>>>(values: I) -> Self {
        let mut channel = Self::default();
        for value in values {
            channel.push(value);
        }
        channel
    }
}

impl PartialEq for Channel {
    fn eq(&self, other: &Self) -> bool {
        self.len() == other.len() && self.iter().eq(other.iter())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_absent_takes_its_place_in_any_order() {
        let mut channel = Channel::absent(2);
        channel.push(None);
        assert_eq!(channel.iter().collect::<Vec<_>>(), [None; 3]);
        assert_eq!(channel, Channel::absent(3));
        channel.push(Some(4.0));
        channel.push(Some(f64::NAN));
        channel.set(1, Some(f64::INFINITY));
        channel.set(0, Some(7.0));
        channel.set(9, Some(9.0));
        let all = [Some(7.0), None, None, Some(4.0), None];
        assert_eq!(channel.iter().collect::<Vec<_>>(), all);
        assert_eq!(channel.range(2..4).collect::<Vec<_>>(), [None, Some(4.0)]);
        assert_eq!(channel.values().collect::<Vec<_>>(), [7.0, 4.0]);
        assert_eq!((channel.len(), channel.get(9)), (5, None));
    }

    #[test]
    fn what_is_written_must_be_finite_and_marked() {
        let channel = Channel::written(&[true, false, true, true], |slots| {
            slots[0] = 1.0;
            slots[1] = 2.0;
            slots[2] = f64::INFINITY;
        });
        let all = [Some(1.0), None, None, None];
        assert_eq!(channel.iter().collect::<Vec<_>>(), all);
    }
}
