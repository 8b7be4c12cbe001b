//! Real recordings through the whole pipeline, by the command that a newcomer types.

use serde_json::{Value, json};
use std::process::{Command, Output};
use support::oracle::{Judge, Oracle, at, folder};
use support::world;

/// Runs `paceline process` on files of its own making or of the fixtures' folder.
fn process(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_paceline-under-test"))
        .args(["process", "--ephemeral"])
        .args(arguments)
        .current_dir(folder())
        .env_remove("DATABASE_URL")
        .output()
        .unwrap()
}

fn lines(output: &Output) -> Vec<Value> {
    let text = String::from_utf8(output.stdout.clone()).unwrap();
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

/// P-17, P-74
#[test]
fn every_recording_comes_out_complete_and_within_the_oracles_tolerances() {
    let oracle = Oracle::read().unwrap();
    let files: Vec<&str> = oracle.files().map(|(file, _)| file).collect();
    let athlete = "--ftp 250 --hr-max 190 --hr-rest 50 --cp 250 --wprime 20000 --sex m --json";
    let arguments: Vec<&str> = athlete.split(' ').chain(files.iter().copied()).collect();

    let output = process(&arguments);

    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let lines = lines(&output);
    assert_eq!(lines.len(), files.len());
    let mut judge = Judge::new(&oracle);
    for ((file, expected), line) in oracle.files().zip(&lines) {
        assert_eq!(line["file"], file);
        assert_eq!(line["partial"], file.starts_with("corrupt"), "{file}");
        for status in ["summary_status", "analysis_status", "metrics_status"] {
            assert_eq!(line[status], "complete", "{file} {line}");
        }
        let sessions = line["sessions"].as_array().map_or(&[][..], Vec::as_slice);
        let expected_sessions = expected["sessions"].as_array().map_or(0, Vec::len);
        assert_eq!(sessions.len(), expected_sessions, "{file}");
        for session in sessions {
            assert_eq!(session["metrics_status"], "complete", "{session}");
            assert_eq!(session["file"], file);
            assert!(session["computed"]["overall"].is_object(), "{session}");
        }
        for (key, ours) in [
            ("distance_m", "/overall/distance_m"),
            ("elapsed_s", "/overall/elapsed_s"),
            ("timer_s", "/overall/timer_s"),
            ("avg_hr", "/overall/avg_hr_bpm"),
            ("avg_power", "/overall/avg_power_w"),
            ("normalized_power", "/metrics/normalized_power_w"),
        ] {
            let expected = at(expected, &format!("/overall/{key}"));
            // The triathlon's heart rate is merged from hr messages, which has a tolerance of its own.
            let merged = key == "avg_hr" && file.starts_with("triathlon");
            let tolerance = if merged {
                "hr when hr_messages > 0"
            } else {
                key
            };
            judge.near(
                &format!("{file} {key}"),
                tolerance,
                expected,
                at(&line["computed"], ours),
            );
        }
    }
    assert!(judge.wrong.is_empty(), "{:#?}", judge.wrong);
    assert!(
        judge.judged > 60,
        "only {} figures were judged",
        judge.judged
    );
}

#[test]
fn what_is_no_recording_is_refused_by_code_and_the_others_go_on() {
    let scratch = support::database::scratch("files");
    std::fs::create_dir_all(&scratch).unwrap();
    let make = |name: &str, bytes: &[u8]| {
        let path = scratch.join(name);
        std::fs::write(&path, bytes).unwrap();
        path.display().to_string()
    };
    let whole = support::oracle::bytes("strength_fr965.fit").unwrap();
    let mut header_only = whole[..14].to_vec();
    header_only.extend([0, 0]);
    let files = [
        make("empty.fit", b""),
        make("text.txt", b"not a recording"),
        make("header.fit", &header_only),
        make(
            "entity.gpx",
            b"<!DOCTYPE gpx [<!ENTITY a \"a\">]><gpx>&a;</gpx>",
        ),
        make("large.gpx", &vec![b' '; 4 * 1024 * 1024 + 1]),
        "missing.fit".to_owned(),
        make("cut.fit", &whole[..whole.len() / 2]),
        make("whole.fit", &whole),
    ];
    let arguments: Vec<&str> = ["--json"]
        .into_iter()
        .chain(files.iter().map(String::as_str))
        .collect();

    let output = process(&arguments);

    assert_eq!(output.status.code(), Some(1));
    let codes: Vec<Value> = lines(&output)
        .iter()
        .map(|line| match line["code"].as_str() {
            Some(code) => json!(code),
            None => json!([line["summary_status"], line["partial"]]),
        })
        .collect();
    assert_eq!(
        codes,
        [
            json!("unknown_format"),
            json!("unknown_format"),
            json!("undecodable"),
            json!("undecodable"),
            json!("too_large"),
            json!("unreadable"),
            json!(["complete", true]),
            json!(["complete", false]),
        ]
    );
}

#[tokio::test]
async fn the_same_file_again_is_the_same_workout() {
    let world = world!(local::cloud::Start::Running);
    let file = support::oracle::bytes("indoor_bike_fr965.fit").unwrap();

    let first = world
        .send(reqwest::Method::POST, "/activities", file.clone())
        .await;
    world.settle().await;
    let before = world.everything().await;
    let second = world.send(reqwest::Method::POST, "/activities", file).await;

    assert_eq!((first.status, second.status), (202, 200));
    assert_eq!(first.body, second.body);
    assert_eq!(world.everything().await, before);
    world.stop().await;
}

#[tokio::test]
async fn a_refused_upload_has_its_status_and_stores_nothing() {
    let world = world!(local::cloud::Start::Paused);

    for (body, status, code) in [
        (Vec::new(), 415, "unknown_format"),
        (b"{}".to_vec(), 415, "unknown_format"),
        (b"<gpx></gpx>".to_vec(), 422, "undecodable"),
        (vec![0; 4 * 1024 * 1024 + 1], 413, "too_large"),
    ] {
        let answer = world.send(reqwest::Method::POST, "/activities", body).await;
        assert_eq!((answer.status, answer.code()), (status, code));
    }
    assert_eq!(world.everything().await, Vec::<Value>::new());
    world.stop().await;
}
