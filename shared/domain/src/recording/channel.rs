//! One quantity over the samples of a recording.

/// One value per sample, absent where the source had none.
///
/// Absence is kept as NaN inside, so that a column is one flat allocation; nothing outside can
/// see or put in a NaN or an infinity.
#[derive(Debug, Clone, Default)]
pub struct Channel(Vec<f64>);

impl Channel {
    /// A channel of `length` absent values.
    pub fn absent(length: usize) -> Self {
        Self(vec![f64::NAN; length])
    }

    /// How many samples it spans.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether it spans no sample.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Appends a value; what is not finite is absent.
    pub fn push(&mut self, value: Option<f64>) {
        self.0
            .push(value.filter(|v| v.is_finite()).unwrap_or(f64::NAN));
    }

    /// The value at a sample.
    pub fn get(&self, index: usize) -> Option<f64> {
        self.0.get(index).copied().filter(|v| !v.is_nan())
    }

    /// Replaces the value at a sample, if that sample exists.
    pub fn set(&mut self, index: usize, value: Option<f64>) {
        if let Some(slot) = self.0.get_mut(index) {
            *slot = value.filter(|v| v.is_finite()).unwrap_or(f64::NAN);
        }
    }

    /// Every sample's value, in order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = Option<f64>> + DoubleEndedIterator + '_ {
        self.0.iter().map(|v| (!v.is_nan()).then_some(*v))
    }

    /// Only the values that are there, in order.
    pub fn values(&self) -> impl Iterator<Item = f64> + '_ {
        self.0.iter().copied().filter(|v| !v.is_nan())
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
