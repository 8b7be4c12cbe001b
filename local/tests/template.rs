//! The template: ours is understood whole, and what is not understood is refused by its path.

#![expect(clippy::unwrap_used, reason = "a helper of a test fails the test")]

use std::collections::BTreeMap;
use std::path::Path;

use local::template::{Scope, Template};

const MINIMAL: &str = r"
Transform: AWS::Serverless-2016-10-31
Parameters:
  Host: {Type: String}
  Level: {Type: String, Default: info, AllowedValues: [info, debug]}
  Vault: {Type: String, Default: 'arn:aws:secretsmanager:r:0:secret:v'}
Globals:
  Function: {Handler: bootstrap, Runtime: provided.al2023, Timeout: 30}
Resources:
  Bells: {Type: 'AWS::SQS::Queue', Properties: {VisibilityTimeout: 180}}
  Echo:
    Type: AWS::Serverless::Function
    Metadata: {BuildMethod: rust-cargolambda, BuildProperties: {Binary: echo}}
    Properties:
      Environment:
        Variables:
          URL: !Sub 'db://u:{{resolve:secretsmanager:${Vault}:SecretString:u}}@${Host}/${AWS::Region}'
          BELLS: !Ref Bells
      Events:
        Bell: {Type: SQS, Properties: {Queue: !GetAtt Bells.Arn, BatchSize: 5}}
";

fn ours() -> Template {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../template.yaml");
    Template::read(&path).unwrap()
}

#[track_caller]
fn refusal(from: &str, to: &str) -> String {
    assert!(MINIMAL.contains(from), "{from} is not in the template");
    Template::parse(&MINIMAL.replace(from, to))
        .unwrap_err()
        .to_string()
}

#[test]
fn the_deployment_is_understood_whole() {
    let template = ours();

    let names: Vec<_> = template.functions.iter().map(|f| f.name.as_str()).collect();
    assert_eq!(
        names,
        [
            "ingest-activity",
            "auto-attach-planned",
            "plan-workouts",
            "read-workouts",
            "compute-summary",
            "compute-analysis",
            "calculate-metrics",
            "fetch-activity",
            "connect-provider",
            "log-set",
            "issue-tokens",
            "save-workout-log",
            "manage-communities",
            "sweep-stages",
        ]
    );
    let routes = template.functions.iter().map(|f| f.routes.len());
    assert!(routes.sum::<usize>() >= 34);
    assert_eq!(template.queues.len(), 8);
}

#[test]
fn every_stage_may_be_received_ten_times_and_is_hidden_six_timeouts() {
    let template = ours();

    let stages = |f: &&local::template::Function| !f.mappings.is_empty() && f.schedules.is_empty();
    for function in template.functions.iter().filter(stages) {
        let mapping = &function.mappings[0];
        let queue = &template.queues[&mapping.queue];
        let redrive = queue.redrive.as_ref().unwrap();
        assert!(queue.visibility_timeout >= 6 * function.timeout);
        assert!(mapping.report_batch_item_failures);
        assert!([1, 5].contains(&mapping.batch_size));
        assert_eq!(redrive.max_receive_count, 10);
        assert!(template.queues[&redrive.target].retention > queue.retention);
    }
}

#[test]
fn a_function_may_send_to_exactly_the_queues_that_it_is_told_of() {
    let template = ours();

    for function in &template.functions {
        let told: std::collections::BTreeSet<String> = function
            .environment
            .values()
            .flat_map(|value| value.references())
            .filter(|name| template.queues.contains_key(*name))
            .map(str::to_owned)
            .collect();
        assert_eq!(told, function.sends_to, "{}", function.name);
    }
}

#[test]
fn every_variable_of_the_deployment_has_a_value_here() {
    let template = ours();
    let missing = [
        "DatabaseHost",
        "DatabaseSecretArn",
        "ProviderSecretArn",
        "AuthIssuer",
        "AuthAudience",
        "AuthJwks",
        "PublicUrl",
    ];
    let given = missing.map(|name| (name.to_owned(), name.to_lowercase()));
    let parameters = template.parameter_values(BTreeMap::from(given)).unwrap();
    let scope = Scope {
        parameters: &parameters,
        queue_url: &|id| {
            template
                .queues
                .contains_key(id)
                .then(|| format!("http://q/{id}"))
        },
        region: "here",
        secret: &|arn, key| Some(format!("{arn}/{key}")),
    };

    let mut urls = Vec::new();
    for function in &template.functions {
        for value in function.environment.values() {
            value.resolve(&scope).unwrap();
        }
        let url = function.environment["DATABASE_URL"]
            .resolve(&scope)
            .unwrap();
        urls.push(
            url.split(':')
                .nth(1)
                .unwrap()
                .trim_start_matches('/')
                .to_owned(),
        );
    }

    assert_eq!(
        urls,
        [
            "paceline_ingest",
            "paceline_plan",
            "paceline_plan",
            "paceline_read",
            "paceline_stages",
            "paceline_stages",
            "paceline_stages",
            "paceline_fetch",
            "paceline_connect",
            "paceline_log",
            "paceline_identity",
            "paceline_log",
            "paceline_community",
            "paceline_sweep",
        ]
    );
}

#[test]
fn an_environment_is_resolved_with_parameters_queues_and_secrets() {
    let template = Template::parse(MINIMAL).unwrap();
    let given = BTreeMap::from([("Host".to_owned(), "h".to_owned())]);
    let parameters = template.parameter_values(given).unwrap();
    let scope = Scope {
        parameters: &parameters,
        queue_url: &|id| (id == "Bells").then(|| "http://q/Bells".to_owned()),
        region: "here",
        secret: &|arn, key| {
            (arn == "arn:aws:secretsmanager:r:0:secret:v" && key == "u").then(|| "pass".to_owned())
        },
    };

    let environment = &template.functions[0].environment;

    assert_eq!(
        environment["URL"].resolve(&scope).unwrap(),
        "db://u:pass@h/here"
    );
    assert_eq!(
        environment["BELLS"].resolve(&scope).unwrap(),
        "http://q/Bells"
    );
    let poor = Scope {
        secret: &|_, _| None,
        ..scope
    };
    let error = environment["URL"].resolve(&poor).unwrap_err().to_string();
    assert!(error.contains("Variables.URL asks secret"), "{error}");
}

#[test]
fn a_parameter_needs_an_allowed_value() {
    let template = Template::parse(MINIMAL).unwrap();
    let values = |given: &[(&str, &str)]| {
        let given = given
            .iter()
            .map(|(k, v)| ((*k).to_owned(), (*v).to_owned()));
        template.parameter_values(given.collect())
    };

    assert_eq!(values(&[("Host", "h")]).unwrap()["Level"], "info");
    for (given, problem) in [
        (&[][..], "Parameters.Host has no value"),
        (
            &[("Host", "h"), ("Level", "loud")],
            "Parameters.Level is \"loud\"",
        ),
        (&[("Host", "h"), ("Hots", "h")], "Parameters.Hots is given"),
    ] {
        let error = values(given).unwrap_err().to_string();
        assert!(error.contains(problem), "{error}");
    }
}

#[test]
fn what_is_not_understood_is_refused_by_its_path() {
    for (from, to, path) in [
        (
            "Timeout: 30",
            "Timeuot: 30",
            "Globals.Function.Timeuot is not understood",
        ),
        (
            "Timeout: 30",
            "Timeout: 901",
            "Globals.Function.Timeout is not a whole number",
        ),
        (
            "provided.al2023",
            "python3.14",
            "Globals.Function.Runtime is not",
        ),
        (
            "Handler: bootstrap, ",
            "",
            "Resources.Echo.Properties lacks Handler",
        ),
        (
            "BatchSize: 5",
            "BatchSize: 100",
            "Events.Bell.Properties has a BatchSize over 10",
        ),
        (
            "BatchSize: 5",
            "FilterCriteria: {}",
            "Bell.Properties.FilterCriteria is not understood",
        ),
        ("Type: SQS", "Type: Kinesis", "Events.Bell.Type is Kinesis"),
        (
            "!GetAtt Bells.Arn",
            "!ImportValue Bells",
            "Bell.Properties.Queue is not !GetAtt",
        ),
        (
            "!Ref Bells",
            "!FindInMap [A, B, C]",
            "Variables.BELLS uses !FindInMap",
        ),
        ("!Ref Bells", "!Ref Bell", "Variables.BELLS refers to Bell"),
        (
            "${Host}",
            "${Host.Name}",
            "Variables.URL !Sub substitutes Host.Name",
        ),
        (
            "VisibilityTimeout: 180",
            "VisibilityTimeout: 29",
            "Resources.Echo may run longer",
        ),
        (
            "VisibilityTimeout: 180",
            "FifoQueue: true",
            "Resources.Bells.Properties.FifoQueue",
        ),
        (
            "AWS::SQS::Queue",
            "AWS::SNS::Topic",
            "Resources.Bells.Type is AWS::SNS::Topic",
        ),
        (
            "Resources:",
            "Mappings: {}\nResources:",
            "Mappings is not understood",
        ),
        (
            "Binary: echo",
            "Binary: echo, Binary: two",
            "duplicated key",
        ),
    ] {
        let error = refusal(from, to);
        assert!(error.contains(path), "{to}: {error}");
    }
}
