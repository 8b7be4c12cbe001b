//! Real processes that speak the Runtime API: this very binary, started again as a function.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::disallowed_methods,
    clippy::indexing_slicing,
    reason = "a helper of a test fails the test, and a function reads its environment"
)]

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::body::Bytes;
use lambda_runtime::{Error, LambdaEvent, service_fn};
use local::cloud::{Cloud, CloudError, CloudOptions, Executables, FUNCTION, Start};
use local::invoke::{Invoke as _, InvokeError, PAYLOAD_LIMIT};
use local::log::LogSink;
use local::process::{Spawner, die_with_parent};
use local::runtime_api::{FunctionCommand, FunctionSettings, RuntimeApi};
use local::template::Template;
use serde_json::{Value, json};

/// No promise: what this binary does when it is started as an execution environment.
#[test]
fn execution_environment() {
    let Ok(behaviour) = std::env::var(FUNCTION) else {
        return;
    };
    die_with_parent().unwrap();
    println!("started as {behaviour}");
    if behaviour == "broken" {
        std::process::exit(3);
    }
    if behaviour == "idle" {
        loop {
            std::thread::park();
        }
    }
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap()
        .block_on(lambda_runtime::run(service_fn(behave)))
        .unwrap();
}

async fn behave(event: LambdaEvent<Value>) -> Result<Value, Error> {
    match event.payload["do"].as_str() {
        Some("fail") => Err("as asked".into()),
        Some("exit") => std::process::exit(7),
        Some("hang") => std::future::pending().await,
        Some("grow") => Ok(json!("x".repeat(PAYLOAD_LIMIT))),
        _ if event.payload.get("requestContext").is_some() => Ok(json!({
            "statusCode": 200,
            "body": std::env::var("GREETING")?,
        })),
        _ => Ok(json!({"pid": std::process::id(), "payload": event.payload})),
    }
}

fn command(behaviour: &str) -> FunctionCommand {
    FunctionCommand {
        program: std::env::current_exe().unwrap(),
        arguments: ["execution_environment", "--exact", "--nocapture"]
            .map(Into::into)
            .to_vec(),
        environment: BTreeMap::from([(FUNCTION.to_owned(), behaviour.to_owned())]),
    }
}

async fn start(
    behaviour: &str,
    timeout: Duration,
    max_concurrency: usize,
) -> (RuntimeApi, Arc<Mutex<String>>) {
    let lines = Arc::new(Mutex::new(String::new()));
    let written = Arc::clone(&lines);
    let log = LogSink::new(move |line| {
        written
            .lock()
            .unwrap()
            .push_str(&format!("{}: {}\n", line.source, line.text));
    });
    let settings = FunctionSettings {
        name: behaviour.to_owned(),
        command: command(behaviour),
        timeout,
        memory_mb: 128,
        max_concurrency,
    };
    let spawner = Spawner::start().unwrap();
    let api = RuntimeApi::start(vec![settings], "here", spawner, log)
        .await
        .unwrap();
    (api, lines)
}

const LONG: Duration = Duration::from_secs(60);

async fn ask(api: &RuntimeApi, event: Value) -> Result<Value, InvokeError> {
    let answer = api.invoke("echo", Bytes::from(event.to_string())).await?;
    Ok(serde_json::from_slice(&answer).unwrap())
}

#[tokio::test]
async fn an_idle_environment_is_used_again_and_its_output_is_kept() {
    let (api, lines) = start("echo", LONG, 4).await;

    let first = ask(&api, json!({"n": 1})).await.unwrap();
    let second = ask(&api, json!({"n": 2})).await.unwrap();

    assert_eq!(first["pid"], second["pid"]);
    assert_eq!(second["payload"], json!({"n": 2}));
    api.shutdown().await;
    assert!(lines.lock().unwrap().contains("echo: started as echo"));
    assert_eq!(ask(&api, json!({})).await, Err(InvokeError::ShuttingDown));
}

#[tokio::test]
async fn no_more_environments_run_than_allowed() {
    let (api, _) = start("echo", LONG, 2).await;
    let asked: Vec<_> = (0..8)
        .map(|n| {
            let api = api.clone();
            tokio::spawn(async move { ask(&api, json!({"n": n})).await.unwrap()["pid"].clone() })
        })
        .collect();

    let mut pids = std::collections::BTreeSet::new();
    for answer in asked {
        pids.insert(answer.await.unwrap().to_string());
    }

    assert!(pids.len() <= 2, "{pids:?}");
    assert_eq!(api.process_ids("echo").len(), pids.len());
    api.shutdown().await;
    assert_eq!(api.process_ids("echo").len(), 0);
}

#[tokio::test]
async fn a_function_error_keeps_the_environment() {
    let (api, _) = start("echo", LONG, 1).await;
    let pid = ask(&api, json!({})).await.unwrap()["pid"].clone();

    let error = ask(&api, json!({"do": "fail"})).await.unwrap_err();
    assert!(matches!(error, InvokeError::Function { message, .. } if message == "as asked"));
    let error = ask(&api, json!({"do": "grow"})).await.unwrap_err();
    assert!(matches!(error, InvokeError::ResponseTooLarge(_)), "{error}");
    let large = json!("x".repeat(PAYLOAD_LIMIT));
    assert!(matches!(
        ask(&api, large).await,
        Err(InvokeError::PayloadTooLarge(_))
    ));

    assert_eq!(api.process_ids("echo").len(), 1);
    assert_eq!(ask(&api, json!({})).await.unwrap()["pid"], pid);
    api.shutdown().await;
}

#[tokio::test]
async fn a_crash_fails_its_invocation_and_the_next_starts_cold() {
    let (api, _) = start("echo", LONG, 1).await;
    let first = ask(&api, json!({})).await.unwrap();

    let error = ask(&api, json!({"do": "exit"})).await.unwrap_err();

    assert!(matches!(error, InvokeError::Exited { status, .. } if status.contains('7')));
    let second = ask(&api, json!({})).await.unwrap();
    assert_ne!(first["pid"], second["pid"]);
    api.kill_environments("echo").await;
    let third = ask(&api, json!({})).await.unwrap();
    assert_ne!(second["pid"], third["pid"]);
    api.shutdown().await;
}

#[tokio::test]
async fn a_timeout_kills_the_environment() {
    let (api, _) = start("echo", Duration::from_millis(500), 1).await;

    let error = ask(&api, json!({"do": "hang"})).await.unwrap_err();

    assert!(
        matches!(
            error,
            InvokeError::TimedOut {
                timeout_ms: 500,
                ..
            }
        ),
        "{error}"
    );
    assert_eq!(api.process_ids("echo").len(), 0);
    api.shutdown().await;
}

#[tokio::test]
async fn a_function_that_cannot_initialise_says_how_it_ended() {
    let (api, lines) = start("broken", LONG, 1).await;

    let error = api
        .invoke("broken", Bytes::from_static(b"{}"))
        .await
        .unwrap_err();

    assert!(matches!(error, InvokeError::Init { reason, .. } if reason.contains('3')));
    assert!(lines.lock().unwrap().contains("started as broken"));
    let unknown = api.invoke("nobody", Bytes::new()).await;
    assert_eq!(
        unknown,
        Err(InvokeError::UnknownFunction("nobody".to_owned()))
    );
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn children_die_with_the_thread_that_spawned_them() {
    use std::os::unix::process::ExitStatusExt as _;

    let spawner = Spawner::start().unwrap();
    let launched = command("idle");
    let mut child = tokio::process::Command::new(launched.program);
    child
        .args(launched.arguments)
        .envs(launched.environment)
        .stdout(std::process::Stdio::piped());
    let mut child = spawner.spawn(child).await.unwrap();
    let mut output = tokio::io::BufReader::new(child.stdout.take().unwrap());
    let mut line = String::new();
    while !line.contains("started as") {
        line.clear();
        tokio::io::AsyncBufReadExt::read_line(&mut output, &mut line)
            .await
            .unwrap();
    }

    drop(spawner);

    assert_eq!(child.wait().await.unwrap().signal(), Some(9));
}

#[tokio::test]
async fn a_cloud_serves_what_its_template_deploys() {
    let template = Template::parse(
        r"
Transform: AWS::Serverless-2016-10-31
Parameters: {Greeting: {Type: String}}
Globals: {Function: {Handler: bootstrap, Runtime: provided.al2023, Timeout: 30}}
Resources:
  Api: {Type: 'AWS::Serverless::HttpApi'}
  Dead: {Type: 'AWS::SQS::Queue'}
  Bells:
    Type: AWS::SQS::Queue
    Properties:
      RedrivePolicy: {deadLetterTargetArn: !GetAtt Dead.Arn, maxReceiveCount: 1}
  Echo:
    Type: AWS::Serverless::Function
    Metadata: {BuildMethod: rust-cargolambda, BuildProperties: {Binary: echo}}
    Properties:
      Environment: {Variables: {GREETING: !Ref Greeting}}
      Events:
        Get: {Type: HttpApi, Properties: {ApiId: !Ref Api, Method: GET, Path: /greeting}}
        Bell: {Type: SQS, Properties: {Queue: !GetAtt Bells.Arn}}
        Tick: {Type: Schedule, Properties: {Schedule: rate(1 minute)}}
",
    )
    .unwrap();
    let FunctionCommand {
        program, arguments, ..
    } = command("");
    let mut options = CloudOptions::new(template, Executables::Reexecuted(program));
    options.arguments = arguments;
    options
        .parameters
        .insert("Greeting".to_owned(), "hello".to_owned());
    options.start = Start::Paused;
    let cloud = Cloud::start(options).await.unwrap();

    let request = "GET /greeting HTTP/1.1\r\nhost: h\r\nconnection: close\r\n\r\n";
    let address = cloud.url().replace("http://", "");
    let mut stream = tokio::net::TcpStream::connect(address).await.unwrap();
    tokio::io::AsyncWriteExt::write_all(&mut stream, request.as_bytes())
        .await
        .unwrap();
    let mut response = String::new();
    tokio::io::AsyncReadExt::read_to_string(&mut stream, &mut response)
        .await
        .unwrap();
    assert!(response.starts_with("HTTP/1.1 200"), "{response}");
    assert!(response.ends_with("hello"), "{response}");

    let bells = cloud.queue("Bells").unwrap();
    bells.send("ring").unwrap();
    assert_eq!(bells.depth().visible, 1);
    cloud.resume_mappings();
    while bells.depth().total() > 0 {
        tokio::task::yield_now().await;
    }
    cloud.pause_mappings().await;
    assert!(
        cloud
            .fire_schedules("sweep-stages")
            .await
            .iter()
            .all(Result::is_ok)
    );
    cloud.shutdown().await;
}

#[test]
fn a_folder_of_binaries_is_cargos_or_cargo_lambdas() {
    let folder = std::env::temp_dir().join(format!("paceline-binaries-{}", std::process::id()));
    std::fs::create_dir_all(folder.join("packed")).unwrap();
    std::fs::create_dir_all(folder.join("empty")).unwrap();
    std::fs::write(folder.join("packed/bootstrap"), "").unwrap();
    std::fs::write(folder.join("plain"), "").unwrap();
    let executables = Executables::Folder(folder.clone());

    let program = |function: &str| executables.program(function);

    assert_eq!(program("packed").unwrap(), folder.join("packed/bootstrap"));
    assert_eq!(program("plain").unwrap(), folder.join("plain"));
    for absent in ["empty", "absent"] {
        let refused = program(absent).unwrap_err();
        assert!(matches!(refused, CloudError::NotBuilt(path) if path == folder.join(absent)));
    }
    std::fs::remove_dir_all(folder).unwrap();
}
