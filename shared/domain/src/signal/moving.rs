//! Moving time: the part in which the athlete covered ground (rule T3).

/// The speed in metres per second above which the athlete moves: 1 km/h, as gpxpy has it.
pub const THRESHOLD_MPS: f64 = 1.0 / 3.6;

/// Moving seconds from the start at every sample, never decreasing.
#[derive(Debug, Clone, PartialEq)]
pub struct Moving(Vec<f64>);

impl Moving {
    /// Counts the time between samples that lie apart at more than [`THRESHOLD_MPS`].
    ///
    /// Speed is the difference in distance over the difference in time; the device's own speed is
    /// smoothed or missing.
    pub fn of(times: &[f64], metres: &[f64]) -> Self {
        let mut total = 0.0;
        let mut seconds = Vec::with_capacity(times.len());
        seconds.extend(times.first().map(|_| 0.0));
        for (time, metre) in times.windows(2).zip(metres.windows(2)) {
            if let ([t0, t1], [m0, m1]) = (time, metre) {
                if is_moving(m1 - m0, t1 - t0) {
                    total += t1 - t0;
                }
                seconds.push(total);
            }
        }
        Self(seconds)
    }

    /// Moving seconds from the start, one value per sample.
    pub fn seconds(&self) -> &[f64] {
        &self.0
    }

    /// Moving seconds in all.
    pub fn total_s(&self) -> f64 {
        self.0.last().copied().unwrap_or(0.0)
    }
}

/// Whether a step of some metres in some seconds counts as moving.
pub fn is_moving(step_m: f64, step_s: f64) -> bool {
    step_m / step_s > THRESHOLD_MPS
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_steps_faster_than_one_kilometre_per_hour_count() {
        let moving = Moving::of(&[0.0, 10.0, 20.0, 30.0], &[0.0, 10.0, 12.0, 22.0]);
        assert_eq!(moving.seconds(), [0.0, 10.0, 10.0, 20.0]);
        assert_eq!(Some(moving.total_s()), Some(20.0));
    }

    #[test]
    fn nobody_moves_without_two_samples() {
        assert!(Moving::of(&[], &[]).seconds().is_empty());
        assert_eq!(Moving::of(&[0.0], &[5.0]).seconds(), [0.0]);
    }
}
