//! Plans of every form, for properties.

use super::{
    Equipment, Exercise, Load, Plan, Ramp, Repeat, Step, StepDuration, StepKind, StepOrRepeat,
    Target, TargetKind, ZONE, units, zones,
};
use crate::sport::Sport;
use crate::units::{MILE_M, Metres, Seconds, YARD_M};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::{select, subsequence};

pub(crate) fn kind() -> impl Strategy<Value = StepKind> {
    use StepKind::{Cooldown, Drill, Recovery, Rest, Strength, Warmup, Work};
    select(vec![
        Warmup, Work, Recovery, Rest, Cooldown, Drill, Strength,
    ])
}

/// Numbers as people write them, and any other.
fn number(greatest: f64) -> impl Strategy<Value = f64> {
    prop_oneof![
        (0.0..=greatest).prop_map(f64::round),
        (0.0..=greatest).prop_map(|number| (number * 4.0).round() / 4.0),
        0.0..=greatest,
    ]
}

fn duration() -> impl Strategy<Value = StepDuration> {
    let distance = |metres: f64| Metres::parse(metres).map(StepDuration::Distance).unwrap();
    prop_oneof![
        number(2_592_000.0).prop_map(|s| StepDuration::Time(Seconds::parse(s).unwrap())),
        (1..200_u32).prop_map(|m| StepDuration::Time(Seconds::parse(f64::from(m * 60)).unwrap())),
        number(500_000.0).prop_map(distance),
        (1..1000_u32).prop_map(move |mi| distance(f64::from(mi) / 4.0 * MILE_M)),
        (1..1000_u32).prop_map(move |yd| distance(f64::from(yd) * YARD_M)),
        Just(StepDuration::LapButton),
    ]
}

fn target(of: TargetKind) -> impl Strategy<Value = Target> {
    (select(units(of)), number(1.0), number(1.0), 0..5_u8).prop_map(move |(unit, a, b, shape)| {
        let greatest = match unit {
            ZONE => zones(of) - 1.0,
            "rpe" => 10.0,
            _ => 2000.0,
        };
        let least = if unit == ZONE { 1.0 } else { 0.0 };
        let scale = |share: f64| {
            let value = least + share * greatest;
            if unit == ZONE { value.floor() } else { value }
        };
        let (low, high) = (scale(a.min(b)), scale(a.max(b)));
        let ramp = match shape {
            3 if low < high => Some(Ramp::Up),
            4 if low < high => Some(Ramp::Down),
            _ => None,
        };
        Target {
            kind: of,
            low: (shape != 1).then_some(low),
            high: (shape != 2).then_some(high),
            unit: Some(unit.to_owned()),
            ramp,
        }
    })
}

fn targets() -> impl Strategy<Value = (Target, Option<Target>)> {
    use TargetKind::{Cadence, Hr, Pace, Power, Rpe};
    let pair = subsequence(vec![Cadence, Hr, Pace, Power, Rpe], 2).prop_shuffle();
    let both = pair.prop_flat_map(|pair| (target(pair[0]), option::of(target(pair[1]))));
    prop_oneof![1 => Just((Target::default(), None)), 3 => both]
}

fn words(most: usize) -> impl Strategy<Value = String> {
    let any = format!("[^\\x00]{{1,{most}}}");
    let any = proptest::string::string_regex(&any).unwrap();
    prop_oneof!["[a-z]{1,8}( [a-z]{1,8}){0,3}", any]
        .prop_filter("not of blanks alone", |text| !text.trim().is_empty())
}

fn exercise() -> impl Strategy<Value = Exercise> {
    let load = prop_oneof![
        number(3000.0).prop_map(Load::Kg),
        number(3000.0).prop_map(Load::Lb),
        number(200.0).prop_map(Load::PctOneRepMax),
        number(10.0).prop_map(Load::Rpe),
        Just(Load::Bodyweight),
    ];
    let reps = option::of((1..500_u16, option::of(1..500_u16)));
    let rest = option::of(number(600.0).prop_map(|s| Seconds::parse(s).unwrap()));
    (words(30), 1..=100_u16, reps, option::of(load), rest).prop_map(
        |(name, sets, reps, load, rest_s)| Exercise {
            name,
            sets,
            reps: reps.map(|(least, _)| least),
            reps_high: reps.and_then(|(least, more)| Some(least + more?)),
            load,
            rest_s,
        },
    )
}

fn step() -> impl Strategy<Value = StepOrRepeat> {
    let equipment = prop_oneof![
        3 => Just(Vec::new()),
        1 => subsequence(Equipment::ALL.to_vec(), 1..=3).prop_shuffle(),
    ];
    (
        kind(),
        duration(),
        targets(),
        exercise(),
        equipment,
        option::of(words(40)),
    )
        .prop_map(
            |(kind, duration, (target, secondary_target), exercise, equipment, note)| {
                StepOrRepeat::Step(Step {
                    target,
                    secondary_target,
                    exercise: (kind == StepKind::Strength).then_some(exercise),
                    equipment,
                    note,
                    ..Step::new(kind, duration)
                })
            },
        )
}

/// Steps with repeats up to the deepest.
pub(crate) fn nested<S: Strategy<Value = StepOrRepeat> + 'static>(
    step: S,
) -> impl Strategy<Value = Vec<StepOrRepeat>> {
    let step = step.boxed().prop_recursive(4, 24, 4, |inside| {
        (1..5_u16, vec(inside, 1..4))
            .prop_map(|(repeat, steps)| StepOrRepeat::Repeat(Repeat { repeat, steps }))
    });
    vec(step, 1..6)
}

/// Plans that are valid, some of their steps with ids of their own.
pub(crate) fn plans() -> impl Strategy<Value = Plan> {
    let ids = vec(
        option::of(prop_oneof!["[a-z]{1,6}", "\\PC{1,10}", "step-[0-9]"]),
        40,
    );
    let pool = option::of(select(vec![25.0, 50.0, 22.86, 33.3]));
    (nested(step()), ids, pool, select(Sport::ALL.to_vec())).prop_filter_map(
        "valid",
        |(steps, ids, pool, sport)| {
            let mut plan = Plan {
                sport,
                steps,
                pool_length_m: pool.and_then(|metres| Metres::parse(metres).ok()),
                ..super::tests::plan("[]")
            };
            let mut ids = ids.into_iter();
            name(&mut plan.steps, &mut ids);
            plan.validate().ok().map(|()| plan)
        },
    )
}

fn name(steps: &mut [StepOrRepeat], ids: &mut impl Iterator<Item = Option<String>>) {
    for step in steps {
        match step {
            StepOrRepeat::Step(step) => step.id = ids.next().flatten().unwrap_or_default(),
            StepOrRepeat::Repeat(group) => name(&mut group.steps, ids),
        }
    }
}
