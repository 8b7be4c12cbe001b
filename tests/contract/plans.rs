//! The forms of planned workouts: the predecessor's tokens, and every example of `docs/plans.md`.

use crate::{Outcome, read};
use domain::plan::{Plan, PlanText, Step, StepDuration, StepOrRepeat, TextFormat, intervals, text};
use domain::sport::Sport;
use serde_json::{Value, json};

/// A plan whose steps are this text.
fn of_text(text: &str, sport: Sport, text_format: TextFormat) -> Outcome<Plan> {
    let plan = json!({"date": "2026-11-21", "sport": sport, "name": "x", "text": text,
        "text_format": text_format});
    let plan: PlanText = serde_json::from_value(plan)?;
    let mut plan = plan.read()?;
    plan.validate()?;
    Ok(plan)
}

fn printed(plan: &Plan) -> String {
    text::print(&plan.steps, plan.pool_length_m)
}

/// Steps with their repeats written out.
fn written_out(steps: &[StepOrRepeat], all: &mut Vec<Step>) {
    for step in steps {
        match step {
            StepOrRepeat::Step(step) => all.push(step.clone()),
            StepOrRepeat::Repeat(group) => {
                for _ in 0..group.repeat {
                    written_out(&group.steps, all);
                }
            }
        }
    }
}

/// The fixture's steps, likewise.
fn expected(steps: &Value, all: &mut Vec<Value>) {
    for step in steps.as_array().into_iter().flatten() {
        match step
            .get("times")
            .and_then(Value::as_u64)
            .zip(step.get("steps"))
        {
            Some((times, steps)) => (0..times).for_each(|_| expected(steps, all)),
            None => all.push(step.clone()),
        }
    }
}

/// A step as the fixture says it; metres to a millionth.
fn told(step: &Step) -> Value {
    let target = &step.target;
    let band = target.low.zip(target.high);
    let band = band.map(|(low, high)| json!([target.kind, low, high, target.unit]));
    let (seconds, metres) = match step.duration {
        StepDuration::Time(seconds) => (Some(json!(seconds.get())), None),
        StepDuration::Distance(metres) => (None, Some(json!(millionth(metres.get())))),
        StepDuration::LapButton => (None, None),
    };
    let members = [
        ("kind", Some(json!(step.kind))),
        ("seconds", seconds),
        ("metres", metres),
        ("target", band),
        (
            "exercise",
            step.exercise.as_ref().map(|exercise| json!(exercise)),
        ),
        (
            "equipment",
            (!step.equipment.is_empty()).then(|| json!(step.equipment)),
        ),
        ("note", step.note.as_ref().map(|note| json!(note))),
    ];
    let members = members.into_iter();
    members
        .filter_map(|(key, value)| Some((key.to_owned(), value?)))
        .collect()
}

fn millionth(value: f64) -> f64 {
    (value * 1e6).round() / 1e6
}

/// The same value with every number a float.
fn floats(value: &Value) -> Value {
    match value {
        Value::Number(number) => json!(number.as_f64()),
        Value::Array(all) => all.iter().map(floats).collect(),
        Value::Object(all) => all
            .iter()
            .map(|(key, of)| (key.clone(), floats(of)))
            .collect(),
        other @ (Value::Null | Value::Bool(_) | Value::String(_)) => other.clone(),
    }
}

/// P-47
#[test]
fn every_token_expands_into_its_steps_and_totals() {
    let fixture = read("tests/fixtures/plans/tokens.json").unwrap();
    let fixture: Vec<Value> = serde_json::from_str(&fixture).unwrap();
    assert!(fixture.len() > 60, "{}", fixture.len());
    for row in fixture {
        let token = row["token"].as_str().unwrap();
        let sport: Sport = serde_json::from_value(row["sport"].clone()).unwrap();
        let text = format!("{}\n{token}", row["paces"].as_str().unwrap());
        let plan = of_text(&text, sport, TextFormat::Paceline).unwrap();

        let (mut steps, mut wanted) = (Vec::new(), Vec::new());
        written_out(&plan.steps, &mut steps);
        expected(&row["steps"], &mut wanted);
        let told: Vec<Value> = steps.iter().map(told).collect();
        assert_eq!(floats(&json!(told)), floats(&json!(wanted)), "{token}");
        let totals = plan.totals();
        let totals = [totals.duration_s, totals.distance_m].map(|total| total.map(millionth));
        let wanted = ["duration_s", "distance_m"].map(|key| row[key].as_f64());
        assert_eq!(totals, wanted, "{token}");
        // What a token stands for is printed, and read back as the same.
        let again = of_text(&printed(&plan), sport, TextFormat::Paceline).unwrap();
        assert_eq!(again.steps, plan.steps, "{token}");
    }
}

/// A fenced block of a page, and the prose above it since the block before.
struct Block {
    prose: String,
    language: String,
    body: String,
}

fn blocks(page: &str) -> Vec<Block> {
    let parts: Vec<&str> = page.split("```").collect();
    let pairs = parts.chunks_exact(2);
    pairs
        .filter_map(|pair| {
            let (language, body) = pair.get(1)?.split_once('\n')?;
            Some(Block {
                prose: (*pair.first()?).to_owned(),
                language: language.to_owned(),
                body: body.trim_end().to_owned(),
            })
        })
        .collect()
}

#[test]
fn every_example_of_the_page_is_true() {
    let page = read("docs/plans.md").unwrap();
    let (mut before, mut compared): (Option<String>, usize) = (None, 0);
    for Block {
        prose,
        language,
        body,
    } in blocks(&page)
    {
        let (language, sport) = language.split_once(' ').unwrap_or((&language, ""));
        let sport = Sport::ALL.into_iter().find(|one| one.as_str() == sport);
        let text = |format| of_text(&body, sport.unwrap_or(Sport::Other), format);
        let plan = match language {
            "json" => {
                let mut plan = Plan::read(serde_json::from_str(&body).unwrap()).unwrap();
                plan.validate().unwrap();
                plan
            }
            "paceline" => text(TextFormat::Paceline).unwrap(),
            "intervals" => text(TextFormat::Intervals).unwrap(),
            _ => continue,
        };
        // What stands right below a block is how it is printed.
        if let Some(before) =
            before.filter(|_| prose.trim().is_empty() || prose.contains("printed as"))
        {
            assert_eq!(before, body, "{prose}");
            compared += 1;
        }
        before = Some(printed(&plan));
    }
    assert!(compared >= 5, "{compared}");
}

/// What the page says is read of Intervals.icu's text is, and what it says is refused is not.
#[test]
fn the_page_says_what_is_read_of_intervals_text() {
    let page = read("docs/plans.md").unwrap();
    let table = page.split("| read | not read").nth(1).unwrap();
    let rows = table
        .lines()
        .skip(2)
        .take_while(|line| line.starts_with("| "));
    let mut counted = 0;
    for row in rows {
        let (good, bad) = row[2..].split_once(" | ").unwrap();
        let quoted = |cell: &str| -> Vec<String> {
            let parts = cell.split('`').skip(1).step_by(2);
            parts.map(str::to_owned).collect()
        };
        let holds = |line: &String| {
            let alone = intervals::parse(&format!("- {line}"), Sport::Run);
            let aimed = intervals::parse(&format!("- 10m {line}"), Sport::Run);
            alone.is_ok() || aimed.is_ok()
        };
        for line in quoted(good) {
            // The page names the words of `intensity=` one by one.
            let intensity = format!("intensity={line}");
            assert!(holds(&line) || holds(&intensity), "{line}");
            counted += 1;
        }
        for line in quoted(bad) {
            assert!(!holds(&line), "{line}");
            counted += 1;
        }
    }
    assert!(counted > 30, "{counted}");
}
