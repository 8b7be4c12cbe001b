//! Steps as a text that people type, and the same text back.
//!
//! `docs/plans.md` holds the grammar. What is printed is read back as the same steps, ids included,
//! and printing what was read is a fixed point.

mod amount;
mod cursor;
mod parse;
mod print;
mod target;
mod tokens;

pub use cursor::TextError;
pub use parse::{LONGEST_TEXT, Parsed, parse};
pub use print::print;

pub(super) use cursor::Cursor;
pub(super) use target::{pace_unit, share};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::generated::plans;
    use crate::plan::tests::plan;
    use crate::plan::{Plan, StepKind, StepOrRepeat, intervals};
    use crate::sport::Sport;
    use proptest::prelude::*;

    fn read(text: &str, sport: Sport) -> Plan {
        let read = parse(text, sport).unwrap();
        let mut plan = Plan {
            sport,
            steps: read.steps,
            pool_length_m: read.pool_length_m,
            ..plan("[]")
        };
        plan.validate().unwrap();
        plan
    }

    fn again(plan: &Plan) -> String {
        print(&plan.steps, plan.pool_length_m)
    }

    fn printed(text: &str) -> String {
        again(&read(text, Sport::Ride))
    }

    fn refusal(text: &str) -> String {
        parse(text, Sport::Ride).unwrap_err().to_string()
    }

    proptest! {
        #[test]
        fn what_is_printed_is_read_back_as_the_same(plan in plans()) {
            let text = again(&plan);
            let back = parse(&text, plan.sport);
            let mut back = Plan { steps: back.clone().map_err(|e| TestCaseError::fail(format!("{e}\n{text}")))?.steps, ..plan.clone() };
            back.validate().unwrap();
            prop_assert_eq!(&back, &plan, "{}", text);
            prop_assert_eq!(parse(&text, plan.sport).unwrap().pool_length_m, plan.pool_length_m);
        }

        #[test]
        fn printing_what_was_read_is_a_fixed_point(plan in plans()) {
            let once = again(&plan);
            let read = parse(&once, plan.sport).unwrap();
            prop_assert_eq!(print(&read.steps, read.pool_length_m), once);
        }

        #[test]
        fn no_text_panics(text in "\\PC{0,60}|[0-9xz@%/:#\"a-z .()<>+\\-\n_]{0,80}") {
            for sport in [Sport::Ride, Sport::Swim] {
                drop(parse(&text, sport));
                drop(intervals::parse(&text, sport));
            }
        }

        /// A text that is nearly right goes wrong in more places.
        #[test]
        fn no_damaged_text_panics(plan in plans(), at in 0.0..1.0_f64, what in "\\PC{0,3}") {
            let mut text = again(&plan);
            let at = crate::signal::number::to_index(at * crate::signal::number::from_count(text.len()));
            let at = (0..=at).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
            text.insert_str(at, &what);
            if let Ok(read) = parse(&text, plan.sport) {
                let once = print(&read.steps, read.pool_length_m);
                let back = parse(&once, plan.sport).unwrap();
                prop_assert_eq!(print(&back.steps, back.pool_length_m), once);
            }
        }
    }

    #[test]
    fn what_people_type_is_read() {
        let text = "warm-up 10min; 3x(8min @ 95-105% / 2min easy) / 10:00 cd";
        assert_eq!(
            printed(text),
            "warmup 10min\n3x(8min @ 95-105% ftp / recovery 2min)\ncooldown 10min"
        );
        assert_eq!(printed("6x400m @ 85-80bpm"), "6x(400m @ 80-85bpm)");
        assert_eq!(printed("1h30min @ Z2"), "1h30min @ z2 power");
        assert_eq!(
            printed("lap @ <140bpm \"until warm\" #go"),
            "lap @ <140bpm \"until warm\" #go"
        );
        assert_eq!(
            printed("10min @ ramp 75-50% @ 90rpm"),
            "10min @ ramp 75-50% ftp @ 90rpm"
        );
        assert_eq!(printed("5km @ 4:45-4:30/km"), "5km @ 4:30-4:45/km");
        assert_eq!(
            printed("pool 25yd\n100yd with fins+paddles"),
            "pool 25yd\n100yd with fins+paddles"
        );
        assert_eq!(
            printed("strength do back squat 3x8-12 at 70% rest 2min"),
            "strength lap do \"back squat\" 3x8-12 at 70% 1rm rest 2min"
        );
    }

    #[test]
    fn a_bare_per_cent_is_of_what_the_sport_is_planned_by() {
        let of = |sport| again(&read("1min @ 95%", sport));
        assert_eq!(of(Sport::Run), "1min @ 95% pace");
        assert_eq!(of(Sport::Swim), "1min @ 95% css");
        assert_eq!(of(Sport::Ride), "1min @ 95% ftp");
    }

    #[test]
    fn what_cannot_be_read_is_told_with_its_place() {
        assert_eq!(
            refusal("10min\n  5min @ 95-105 ftp"),
            "line 2, column 17: expected a unit: w, %, bpm, rpm, spm, strokes, mps or a pace such \
             as 4:30/km, found \"ftp\""
        );
        assert!(refusal("3x(8min / 2min").starts_with("line 1, column 3: this ( is not closed"));
        assert!(refusal("8min )").starts_with("line 1, column 6: expected a step"));
        assert!(refusal("0x8min").contains("1 to 100 times"));
        assert!(refusal("8 min").contains("expected a unit of time"));
        assert!(refusal("8min @ 4:30").contains("expected /km"));
        assert!(refusal("8min 9min").contains("expected / or ;"));
        assert!(refusal("nonsense").contains("expected a duration"));
        assert!(refusal("nonsense_9").contains("no token that is known"));
        assert!(refusal("1x(1x(1x(1x(1x(1s)))))").contains("4 deep"));
        assert!(refusal("8min \"note").contains("not closed"));
        let many = "1s;".repeat(1001);
        assert!(refusal(&many).contains("at most 1000 steps"));
        let long = " ".repeat(LONGEST_TEXT + 1);
        assert!(refusal(&long).contains("longer"));
    }

    #[test]
    fn deep_brackets_are_refused_before_they_are_followed() {
        let deep = "2x(".repeat(100_000);
        assert!(refusal(&deep).contains("4 deep"));
    }

    #[test]
    fn a_named_pace_that_is_not_known_leaves_the_step_open() {
        let plan = read("interval_2x800m_5kpace_r90s", Sport::Run);
        assert_eq!(again(&plan), "800m\nrecovery 1min30s\n800m");
        let StepOrRepeat::Step(rest) = &plan.steps[1] else {
            panic!("a step");
        };
        assert_eq!(rest.kind, StepKind::Recovery);
    }
}
