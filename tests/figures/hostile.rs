//! What damage and malice make of recordings, on the whole way from bytes to figures.

use support::dice::Dice;
use support::fuzz::{Fuzzer, Verdict};
use support::oracle::Failure;

/// P-49: whatever arrives has figures or is refused; `cargo run -p tests --bin fuzz` tries more.
#[test]
fn a_thousand_damaged_recordings_are_computed_or_refused_and_nothing_panics() -> Result<(), Failure>
{
    let mut fuzzer = Fuzzer::new(Dice::seed(), 24 * 1024)?;
    let mut broken = Vec::new();
    let (mut computed, mut refused) = (0, 0);
    for number in 0..1000 {
        let input = fuzzer.next_input();
        match fuzzer.attempt(&input).verdict {
            Ok(Verdict::Computed | Verdict::Partial) => computed += 1,
            Ok(Verdict::Refused) => refused += 1,
            Err(why) => broken.push(format!("input {number}, of {}: {why}", input.origin)),
        }
    }
    assert_eq!(broken, Vec::<String>::new());
    assert!(computed > 300 && refused > 50, "{computed} {refused}");
    Ok(())
}
