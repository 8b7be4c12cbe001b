//! Conversions between counts and quantities, and the straight line between two points.

/// A count as a number, exact for every count of samples or seconds.
#[expect(
    clippy::cast_precision_loss,
    reason = "samples and seconds stay far below 2^53"
)]
pub fn from_count(count: usize) -> f64 {
    count as f64
}

/// The whole part of a number as an index; 0 for what is negative or not a number.
#[expect(
    clippy::cast_possible_truncation,
    reason = "float to integer casts saturate"
)]
pub fn to_index(number: f64) -> usize {
    number as usize
}

/// The value at `x` of the line through `(x0, y0)` and `(x1, y1)`; `y0` when both ends coincide.
pub fn on_line((x0, y0): (f64, f64), (x1, y1): (f64, f64), x: f64) -> f64 {
    if x1 > x0 {
        y0 + (y1 - y0) * (x - x0) / (x1 - x0)
    } else {
        y0
    }
}

/// The value at `x` of the line through all points, constant beyond both ends.
///
/// `xs` must not decrease; the answer is `None` when there is no point.
pub fn interpolate(xs: &[f64], ys: &[f64], x: f64) -> Option<f64> {
    let after = xs.partition_point(|known| *known <= x);
    let Some(before) = after.checked_sub(1) else {
        return ys.first().copied();
    };
    match (xs.get(before), ys.get(before), xs.get(after), ys.get(after)) {
        (Some(x0), Some(y0), Some(x1), Some(y1)) => Some(on_line((*x0, *y0), (*x1, *y1), x)),
        _ => ys.last().copied(),
    }
}

/// The arithmetic mean; `None` of nothing.
pub fn mean(values: impl Iterator<Item = f64>) -> Option<f64> {
    let (sum, count) = values.fold((0.0, 0_usize), |(sum, count), v| (sum + v, count + 1));
    (count > 0).then(|| sum / from_count(count))
}

/// The greatest value; `None` of nothing.
pub fn greatest(values: impl Iterator<Item = f64>) -> Option<f64> {
    values.reduce(f64::max)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn interpolation_is_linear_inside_and_constant_outside() {
        let (xs, ys) = ([0.0, 10.0, 10.0, 20.0], [0.0, 100.0, 200.0, 300.0]);
        for (x, y) in [
            (-1.0, 0.0),
            (5.0, 50.0),
            (10.0, 200.0),
            (15.0, 250.0),
            (99.0, 300.0),
        ] {
            assert_eq!(interpolate(&xs, &ys, x), Some(y), "at {x}");
        }
        assert_eq!(interpolate(&[], &[], 1.0), None);
    }

    #[test]
    fn the_mean_of_nothing_is_nothing() {
        assert_eq!(mean(std::iter::empty()), None);
        assert_eq!(mean([1.0, 2.0, 6.0].into_iter()), Some(3.0));
    }
}
