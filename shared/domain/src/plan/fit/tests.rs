use super::*;
use crate::athlete::Thresholds;
use crate::fit::{ENUM, U16, U32, Writer, crc};
use crate::id::PlannedId;
use crate::plan::generated::nested;
use crate::plan::tests::plan;
use crate::plan::text;
use crate::plan::{
    Equipment, Plan, PlannedWorkout, Step, StepDuration, StepKind, StepOrRepeat, Target,
    TargetKind, ZONE, zones,
};
use crate::sport::Sport;
use crate::units::{Bpm, Metres, MetresPerSecond, Seconds};
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;
use uuid::Uuid;

fn planned(plan: Plan) -> PlannedWorkout {
    PlannedWorkout {
        planned_id: PlannedId(Uuid::nil()),
        plan,
    }
}

fn of_text(steps: &str, sport: Sport) -> Plan {
    let read = text::parse(steps, sport).unwrap();
    let mut plan = Plan {
        sport,
        steps: read.steps,
        pool_length_m: read.pool_length_m,
        ..plan("[]")
    };
    plan.validate().unwrap();
    plan
}

/// Every target that FIT can hold: whole numbers within its offsets, or one zone.
fn target() -> impl Strategy<Value = Target> {
    use TargetKind::{Cadence, Hr, Pace, Power};
    let units = vec![
        (Power, "w", 1_u32, 3000_u32, 1.0),
        (Power, "pct_ftp", 0, 1000, 1.0),
        (Hr, "bpm", 1, 250, 1.0),
        (Hr, "pct_hr_max", 0, 100, 1.0),
        (Cadence, "rpm", 0, 250, 1.0),
        (Pace, "mps", 0, 20_000, MILLI),
    ];
    let custom = select(units).prop_flat_map(|(kind, unit, least, most, scale)| {
        (least..=most, least..=most).prop_map(move |(a, b): (u32, u32)| Target {
            kind,
            low: Some(f64::from(a.min(b)) / scale),
            high: Some(f64::from(a.max(b)) / scale),
            unit: Some(unit.to_owned()),
            ramp: None,
        })
    });
    let zone = (select(vec![Power, Hr, Pace]), 1..=7_u8).prop_map(|(kind, zone)| {
        let zone = Some(f64::from(zone).min(zones(kind)));
        Target {
            kind,
            low: zone,
            high: zone,
            unit: Some(ZONE.to_owned()),
            ramp: None,
        }
    });
    prop_oneof![2 => custom, 1 => zone, 1 => Just(Target::default())]
}

fn step() -> impl Strategy<Value = StepOrRepeat> {
    let duration = prop_oneof![
        (0..=2_592_000_000_u32)
            .prop_map(|ms| StepDuration::Time(Seconds::parse(f64::from(ms) / MILLI).unwrap())),
        (0..=2_000_000_000_u32)
            .prop_map(|cm| StepDuration::Distance(Metres::parse(f64::from(cm) / CENTI).unwrap())),
        Just(StepDuration::LapButton),
    ];
    use StepKind::{Cooldown, Drill, Recovery, Rest, Warmup, Work};
    let kind = select(vec![Warmup, Work, Recovery, Rest, Cooldown, Drill]);
    let note = option::of("[a-zA-Zäß,.!]{1,30}");
    let equipment = option::of(select(Equipment::ALL.to_vec()));
    (
        kind,
        duration,
        target(),
        option::of(target()),
        equipment,
        note,
    )
        .prop_map(|(kind, duration, target, second, equipment, note)| {
            let target = if kind == Drill {
                Target::default()
            } else {
                target
            };
            let second = second.filter(|second| {
                let is_open = |target: &Target| target.kind == TargetKind::Open;
                !is_open(&target) && !is_open(second) && second.kind != target.kind
            });
            StepOrRepeat::Step(Step {
                target,
                secondary_target: second,
                equipment: equipment.into_iter().collect(),
                note,
                ..Step::new(kind, duration)
            })
        })
}

fn plans() -> impl Strategy<Value = Plan> {
    let pool = option::of(select(vec![2500_u32, 5000, 2286, 3333]));
    (nested(step()), pool, "[a-zA-Z0-9äö ]{0,20}[a-z]").prop_filter_map(
        "valid",
        |(steps, pool, name)| {
            let pool = pool.map(|cm| Metres::parse(f64::from(cm) / CENTI).unwrap());
            let mut plan = Plan {
                sport: Sport::Swim,
                sub_sport: Some("lap_swimming".to_owned()),
                name: name.trim().to_owned(),
                pool_length_m: pool,
                steps,
                ..plan("[]")
            };
            plan.validate().ok().map(|()| plan)
        },
    )
}

proptest! {
    #[test]
    fn what_is_written_is_read_back_as_the_same(plan in plans()) {
        let planned = planned(plan);
        let file = write(&planned, &Thresholds::default()).unwrap();
        prop_assert!(is_fit(&file));
        prop_assert_eq!(crc(&file), 0, "the checksum ends the file");
        let mut back = read(&file).unwrap().on(planned.plan.date);
        back.validate().unwrap();
        prop_assert_eq!(back, planned.plan);
    }

    #[test]
    fn no_damaged_file_panics_or_becomes_another(plan in plans(), at in 0.0..1.0_f64, by in 1..255_u8) {
        let mut file = write(&planned(plan), &Thresholds::default()).unwrap();
        let at = crate::signal::number::to_index(at * crate::signal::number::from_count(file.len()));
        file[at] ^= by;
        // The header's own checksum and versions are no content, and a checksum of 0 is none.
        if (14..file.len() - 2).contains(&at) {
            prop_assert!(read(&file).is_err());
        } else {
            drop(read(&file));
        }
    }

    #[test]
    fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        drop(read(&bytes));
    }
}

/// The crate's own types read the file, apart from what reads it here.
#[test]
fn the_library_reads_what_is_written() {
    use rustyfit::profile::mesgdef::{FileId, Workout, WorkoutStep};
    use rustyfit::profile::typedef::{File, MesgNum, WktStepDuration, WktStepTarget};
    let steps =
        "warmup 10min @ 55-70% ftp\n3x(8min @ 237-262w @ 90-95rpm / recovery 2min \"spin\")";
    let ride = planned(of_text(steps, Sport::Ride));
    let file = write(&ride, &Thresholds::default()).unwrap();

    let fit = rustyfit::Decoder::builder()
        .checksum(true)
        .build()
        .decode(&file[..])
        .unwrap()
        .unwrap();

    let of = |number: MesgNum| fit.messages.iter().filter(move |m| m.num == number);
    let id = FileId::from(of(MesgNum::FILE_ID).next().unwrap());
    assert_eq!(id.r#type, File::WORKOUT);
    let workout = Workout::from(of(MesgNum::WORKOUT).next().unwrap());
    assert_eq!(
        (&*workout.wkt_name, workout.num_valid_steps),
        ("8 min repeats", 4)
    );
    let steps: Vec<_> = of(MesgNum::WORKOUT_STEP).map(WorkoutStep::from).collect();
    assert_eq!(steps.len(), 4);
    assert_eq!(
        (steps[0].duration_type, steps[0].duration_value),
        (WktStepDuration::TIME, 600_000)
    );
    let bounds = |step: &WorkoutStep| (step.custom_target_value_low, step.custom_target_value_high);
    assert_eq!(
        (steps[0].target_type, bounds(&steps[0])),
        (WktStepTarget::POWER, (55, 70))
    );
    assert_eq!(bounds(&steps[1]), (1237, 1262));
    assert_eq!(steps[1].secondary_target_type, WktStepTarget::CADENCE);
    assert_eq!(&*steps[2].notes, "spin");
    let repeat = &steps[3];
    assert_eq!(
        repeat.duration_type,
        WktStepDuration::REPEAT_UNTIL_STEPS_CMPLT
    );
    assert_eq!((repeat.duration_value, repeat.target_value), (1, 3));
}

#[test]
fn a_share_that_fit_does_not_know_becomes_what_it_is_of_the_athlete() {
    let run = planned(of_text(
        "1km @ 95-100% pace / 1km @ 90-95% lthr / 1km @ 4:00-4:10/km",
        Sport::Run,
    ));
    let refused = write(&run, &Thresholds::default()).unwrap_err();
    assert_eq!(refused.field, "/steps/0/target");
    assert!(refused.problem.contains("not known on that date"));
    let limits = Thresholds {
        threshold_speed_mps: MetresPerSecond::parse(4.0).ok(),
        hr_threshold_bpm: Bpm::parse(160.0).ok(),
        ..Thresholds::default()
    };
    let back = read(&write(&run, &limits).unwrap()).unwrap();
    assert_eq!(
        text::print(&back.steps, None),
        "1km @ 3.8-4mps\n1km @ 144-152bpm\n1km @ 4-4.167mps"
    );
}

#[test]
fn what_fit_cannot_say_is_refused_by_its_field() {
    let refused = |text: &str| {
        let refused = write(&planned(of_text(text, Sport::Swim)), &Thresholds::default());
        refused.unwrap_err().field
    };
    assert_eq!(refused("1min / 1min @ ramp 50-75% ftp"), "/steps/1/target");
    assert_eq!(refused("2x(1min @ rpe 5)"), "/steps/0/steps/0/target");
    assert_eq!(refused("1min @ >200w"), "/steps/0/target");
    assert_eq!(refused("1min @ z2-3 power"), "/steps/0/target");
    assert_eq!(refused("1min @ 101% hrmax"), "/steps/0/target");
    assert_eq!(refused("1min @ 200w @ 170spm"), "/steps/0/secondary_target");
    assert_eq!(refused("drill 1min @ 200w"), "/steps/0/target");
    assert_eq!(refused("strength do row 3x8"), "/steps/0/kind");
    assert_eq!(refused("50m with fins+paddles"), "/steps/0/equipment");
    let long = "ä".repeat(200);
    assert_eq!(refused(&format!("50m \"{long}\"")), "/steps/0/note");
    let none = write(&planned(plan("[]")), &Thresholds::default());
    assert_eq!(none.unwrap_err().field, "/steps");
    let mut many = of_text("1min", Sport::Multisport);
    many.sub_sport = None;
    let refused = write(&planned(many), &Thresholds::default());
    assert_eq!(refused.unwrap_err().field, "/sport");
}

/// A file of steps of these fields: index, duration, its value, target, its value, low, high.
fn file(kind: u8, steps: &[[u32; 7]]) -> Vec<u8> {
    let mut writer = Writer::default();
    writer.define(0, &[(0, 1, ENUM)]);
    writer.message(&[&[kind]]);
    writer.define(26, &[(4, 1, ENUM)]);
    writer.message(&[&[2]]);
    let fields = [
        (254, 2, U16),
        (1, 1, ENUM),
        (2, 4, U32),
        (3, 1, ENUM),
        (4, 4, U32),
        (5, 4, U32),
        (6, 4, U32),
    ];
    if !steps.is_empty() {
        writer.define(27, &fields);
    }
    for [index, duration, value, target, zone, low, high] in steps {
        let [a, b, ..] = index.to_le_bytes();
        let byte = |value: &u32| [value.to_le_bytes()[0]];
        writer.message(&[
            &[a, b],
            &byte(duration),
            &value.to_le_bytes(),
            &byte(target),
            &zone.to_le_bytes(),
            &low.to_le_bytes(),
            &high.to_le_bytes(),
        ]);
    }
    writer.finish()
}

#[test]
fn what_is_not_known_of_a_file_is_refused_by_its_step() {
    let none = u32::MAX;
    let time = |index: u32| [index, 0, 1000, 2, none, none, none];
    let refused = |steps: &[[u32; 7]]| match read(&file(5, steps)).unwrap_err() {
        NotRead::Step { step, problem } => (step, problem),
        other @ (NotRead::Damaged | NotRead::NotAWorkout) => panic!("{other}"),
    };
    assert_eq!(
        refused(&[time(0), [1, 4, 100, 2, none, none, none]]).0,
        1,
        "calories"
    );
    assert_eq!(refused(&[[0, 0, 1000, 5, 0, 1, 2]]).0, 0, "a grade");
    assert_eq!(
        refused(&[[0, 0, 1000, 4, 0, 900, 1200]]).0,
        0,
        "a share and watts"
    );
    assert_eq!(
        refused(&[[0, 0, 1000, 4, none, none, none]]).0,
        0,
        "no bounds"
    );
    assert_eq!(
        refused(&[[0, 0, none, 2, none, none, none]]).0,
        0,
        "no length"
    );
    assert_eq!(
        refused(&[time(0), [1, 6, 5, 2, 3, none, none]]).0,
        1,
        "repeats what is not there"
    );
    assert_eq!(
        refused(&[time(0), [1, 6, 0, 2, 1000, none, none]]).0,
        1,
        "too often"
    );
    assert_eq!(refused(&[time(0), time(2)]).0, 1, "a gap");
    // A repeat into the middle of another.
    let into = [
        time(0),
        time(1),
        [2, 6, 0, 2, 2, none, none],
        [3, 6, 1, 2, 2, none, none],
    ];
    assert_eq!(refused(&into).0, 3);
    // A repeat of a repeat of a repeat, and so on.
    let nest: Vec<_> = (1..5000)
        .map(|index| [index, 6, 0, 2, 1, none, none])
        .collect();
    assert_eq!(refused(&[vec![time(0)], nest].concat()).0, 5);
    assert_eq!(read(&file(4, &[time(0)])), Err(NotRead::NotAWorkout));
    assert_eq!(read(&file(5, &[])), Err(NotRead::NotAWorkout));
    assert_eq!(read(b"not a file"), Err(NotRead::Damaged));
}
