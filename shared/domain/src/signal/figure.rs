//! A figure and, when there is none, the reason why.

use crate::reason::{Reason, Reasons};

/// Takes the value of a finite figure, or notes under `key` why there is none.
pub fn settle(
    reasons: &mut Reasons,
    key: &'static str,
    figure: Result<f64, Reason>,
) -> Option<f64> {
    let believable = figure.and_then(|v| {
        if v.is_finite() {
            Ok(v)
        } else {
            Err(Reason::Implausible)
        }
    });
    note(reasons, key, believable)
}

/// Takes any other result, or notes under `key` why there is none.
pub fn note<T>(reasons: &mut Reasons, key: &'static str, result: Result<T, Reason>) -> Option<T> {
    match result {
        Ok(value) => Some(value),
        Err(reason) => {
            reasons.insert(key, reason);
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// P-51
    #[test]
    fn what_is_missing_or_infinite_leaves_a_reason_and_zero_does_not() {
        let mut reasons = Reasons::new();
        assert_eq!(settle(&mut reasons, "zero", Ok(0.0)), Some(0.0));
        assert_eq!(settle(&mut reasons, "missing", Err(Reason::NoPower)), None);
        assert_eq!(settle(&mut reasons, "infinite", Ok(f64::INFINITY)), None);
        assert_eq!(
            reasons,
            Reasons::from([
                ("infinite", Reason::Implausible),
                ("missing", Reason::NoPower)
            ])
        );
    }
}
