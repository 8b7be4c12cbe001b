//! What two stages need of a recording: clocks, distance, grade, the 1 Hz grid, power, heart
//! rate, pool lengths and strength sets.
//!
//! The rule ids (`T2`, `G3`, …) are those of `tests/fixtures/activities/EXPECTED.json`, which is
//! the specification of every figure. All of it is pure and linear in the number of samples or
//! of grid seconds.

pub mod distance;
pub mod figure;
pub mod grade;
pub mod grid;
pub mod heart_rate;
pub mod moving;
pub mod number;
pub mod pool;
pub mod power;
mod prepared;
pub mod session;
pub mod strength;
pub mod stretch;
pub mod timer;

pub use distance::Distance;
pub use grid::Grid;
pub use moving::Moving;
pub use prepared::Signal;
pub use stretch::{Stretch, Stretches};
