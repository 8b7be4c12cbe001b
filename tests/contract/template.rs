//! `template.yaml` against the code that it deploys.

use crate::{Outcome, folders, source};
use domain::log::error::LogErrorClass;
use local::template::{Function, Rate, Scope, Template};
use platform::config::LIMITS;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use support::yaml;

fn template() -> Outcome<Template> {
    Ok(Template::parse(&crate::read("template.yaml")?)?)
}

/// A function's environment, with every name and secret spelt `<name>`.
fn environment(template: &Template, function: &Function) -> Outcome<BTreeMap<String, String>> {
    let given = template
        .parameters
        .keys()
        .map(|name| (name.clone(), format!("<{name}>")));
    let parameters: BTreeMap<String, String> = given.collect();
    let scope = Scope {
        parameters: &parameters,
        queue_url: &|queue| {
            template
                .queues
                .contains_key(queue)
                .then(|| format!("<{queue}>"))
        },
        region: "<region>",
        secret: &|arn, key| Some(format!("{arn}<{key}>")),
    };
    let variables = function.environment.iter();
    variables
        .map(|(name, value)| Ok((name.clone(), value.resolve(&scope)?)))
        .collect()
}

/// The variables that the code reads and that the deployment has to give it.
fn variables_read() -> Outcome<BTreeSet<String>> {
    let code = source::code("shared/platform/src/config.rs")?;
    let names = source::literals(&code, |c| c.is_ascii_uppercase() || c == '_');
    let names = names.into_iter().filter(|name| {
        // Lambda gives the one kind, and only tests give the other.
        name.contains('_') && !name.starts_with("AWS_") && *name != "PACELINE_FAULTS"
    });
    Ok(names.map(str::to_owned).collect())
}

#[test]
fn every_function_folder_is_deployed_once_and_nothing_else_is() {
    let mut deployed: Vec<String> = template()
        .unwrap()
        .functions
        .into_iter()
        .map(|function| function.name)
        .collect();
    deployed.sort();

    assert_eq!(deployed, folders("functions").unwrap());
}

/// From the root, Cargo would build it with the features of every package, the tests' faults among them.
#[test]
fn every_function_is_built_in_its_own_folder() {
    let template = yaml::read("template.yaml").unwrap();
    assert!(template["Globals"]["Function"]["CodeUri"].is_null());

    for (id, resource) in template["Resources"].as_object().unwrap() {
        if resource["Type"] == "AWS::Serverless::Function" {
            let binary = resource["Metadata"]["BuildProperties"]["Binary"]
                .as_str()
                .unwrap();
            let folder = &resource["Properties"]["CodeUri"];
            assert_eq!(folder, &format!("functions/{binary}"), "{id}");
        }
    }
}

#[test]
fn timeouts_are_those_of_the_limits() {
    for function in template().unwrap().functions {
        let answers_people = !function.routes.is_empty();
        let expected = match function.name.as_str() {
            "connect-provider" => LIMITS.connect_timeout,
            _ if answers_people => LIMITS.http_timeout,
            _ => LIMITS.stage_timeout,
        };
        assert_eq!(function.timeout, expected, "{}", function.name);
        assert!(
            !answers_people || function.mappings.is_empty(),
            "{} is two things",
            function.name
        );
    }
}

/// P-29, P-31
#[test]
fn queues_are_those_of_the_limits() {
    let template = template().unwrap();
    let readers = |queue: &str| -> Vec<&Function> {
        let reads = |f: &&Function| f.mappings.iter().any(|mapping| mapping.queue == queue);
        template.functions.iter().filter(reads).collect()
    };
    let (sources, dead): (BTreeSet<&String>, BTreeSet<&String>) = template
        .queues
        .iter()
        .filter_map(|(id, queue)| Some((id, &queue.redrive.as_ref()?.target)))
        .unzip();
    assert_eq!(sources.len(), 4, "one queue for each stage");
    assert_eq!(dead.len(), 4, "each queue has dead letters of its own");
    assert!(sources.is_disjoint(&dead));
    assert_eq!(
        template.queues.len(),
        8,
        "a queue is neither for a stage nor for dead letters"
    );

    for id in &sources {
        let queue = &template.queues[*id];
        let redrive = queue.redrive.as_ref().unwrap();
        assert_eq!(
            redrive.max_receive_count,
            u32::try_from(LIMITS.most_receives).unwrap(),
            "{id}"
        );
        // A dead letter keeps the age of its message.
        let dead = &template.queues[&redrive.target];
        assert!(dead.retention > queue.retention, "{id}");
    }
    for (id, queue) in &template.queues {
        let readers = readers(id);
        let [reader] = readers.as_slice() else {
            panic!("{id} is read by {} functions", readers.len())
        };
        assert_eq!(queue.visibility_timeout, LIMITS.visibility, "{id}");
        assert!(queue.visibility_timeout >= reader.timeout * 6, "{id}");
        assert_eq!(
            reader.name == "sweep-stages",
            dead.contains(id),
            "{id} is read by {}",
            reader.name
        );
    }
}

#[test]
fn batches_are_those_of_the_limits_and_name_what_failed() {
    let template = template().unwrap();
    let mappings = template.functions.iter().flat_map(|f| &f.mappings);

    for mapping in mappings {
        let queue = &mapping.queue;
        let size = if queue == "FetchQueue" {
            LIMITS.fetch_batch_size
        } else {
            LIMITS.batch_size
        };
        assert_eq!(mapping.batch_size, size, "{queue}");
        assert!(
            mapping.batch_size <= 10 || !mapping.batching_window.is_zero(),
            "{queue}"
        );
        assert!(mapping.report_batch_item_failures, "{queue}");
        // Connections to the database are bounded by it.
        assert!(
            (2..=1000).contains(&mapping.maximum_concurrency.unwrap()),
            "{queue}"
        );
    }
}

/// P-75
#[test]
fn the_schedules_come_as_often_as_the_limits_say() {
    let scheduled: Vec<_> = template()
        .unwrap()
        .functions
        .into_iter()
        .flat_map(|f| {
            f.schedules
                .into_iter()
                .map(move |schedule| (f.name.clone(), schedule.rate))
        })
        .collect();

    assert_eq!(
        scheduled,
        [
            ("fetch-activity".to_owned(), Rate(LIMITS.look_back_every)),
            ("sweep-stages".to_owned(), Rate(LIMITS.sweep_every)),
        ]
    );
}

#[test]
fn each_function_connects_as_a_role_of_the_migrations_with_that_roles_own_password() {
    let template = template().unwrap();
    let mut roles = BTreeMap::new();
    for function in &template.functions {
        let url = environment(&template, function).unwrap()["DATABASE_URL"].clone();
        let (role, rest) = url
            .strip_prefix("postgres://")
            .unwrap()
            .split_once(':')
            .unwrap();
        let (password, place) = rest.split_once('@').unwrap();
        assert_eq!(
            password,
            format!("<DatabaseSecretArn><{role}>"),
            "{}",
            function.name
        );
        assert_eq!(
            place, "<DatabaseHost>:<DatabasePort>/<DatabaseName>?sslmode=<DatabaseSslMode>",
            "{}",
            function.name
        );
        roles.insert(function.name.clone(), role.to_owned());
    }

    let used: BTreeSet<&str> = roles.values().map(String::as_str).collect();
    let made = BTreeSet::from(store::setup::ROLES);
    assert_eq!(used, made);
    assert_eq!(roles["read-workouts"], "paceline_read");
    assert_eq!(roles["sweep-stages"], "paceline_sweep");
}

#[test]
fn the_template_gives_every_variable_that_the_code_reads_and_no_other() {
    let template = template().unwrap();
    let given: BTreeSet<String> = template
        .functions
        .iter()
        .flat_map(|f| f.environment.keys().cloned())
        .collect();
    assert_eq!(given, variables_read().unwrap());

    for function in &template.functions {
        let has = |name: &str| function.environment.contains_key(name);
        let name = &function.name;
        assert!(
            has("DATABASE_URL") && has("DATABASE_POOLER") && has("LOG_LEVEL"),
            "{name}"
        );
        for variable in ["AUTH_ISSUER", "AUTH_AUDIENCE", "AUTH_JWKS"] {
            assert_eq!(
                has(variable),
                !function.routes.is_empty(),
                "{name} {variable}"
            );
        }
        assert_eq!(
            has("PROVIDER_SETTINGS"),
            ["ingest-activity", "fetch-activity", "connect-provider"].contains(&name.as_str()),
            "{name}"
        );
        assert!(has("AUTH_SUBJECTS"), "{name}");
        for variable in ["SIGNING_KEYS", "HASHING_COST"] {
            assert_eq!(has(variable), name == "issue-tokens", "{name} {variable}");
        }
        assert_eq!(has("PUBLIC_URL"), name == "manage-communities", "{name}");
        let has_rates = ["ingest-activity", "issue-tokens"].contains(&name.as_str());
        assert_eq!(has("RATE_LIMITS"), has_rates, "{name}");
        let has_tokens = ["fetch-activity", "connect-provider"].contains(&name.as_str());
        assert_eq!(has("TOKEN_KEYS"), has_tokens, "{name}");
    }
}

#[test]
fn a_function_may_send_to_exactly_the_queues_that_it_is_told_of() {
    let template = template().unwrap();
    for function in &template.functions {
        let told: BTreeSet<String> = environment(&template, function)
            .unwrap()
            .into_iter()
            .filter(|(name, _)| name.ends_with("_QUEUE_URL"))
            .map(|(name, queue)| {
                let stage = name.strip_suffix("_QUEUE_URL").unwrap().to_lowercase();
                assert_eq!(
                    queue.to_lowercase(),
                    format!("<{stage}queue>"),
                    "{}",
                    function.name
                );
                queue.trim_matches(['<', '>']).to_owned()
            })
            .collect();
        assert_eq!(told, function.sends_to, "{}", function.name);
        // A stage rings again when newer input is wanted; the sweep never answers a dead letter so.
        let is_stage = |queue: &str| template.queues[queue].redrive.is_some();
        assert!(
            function
                .mappings
                .iter()
                .all(|m| told.contains(&m.queue) == is_stage(&m.queue)),
            "{}",
            function.name
        );
    }
}

/// P-31
#[test]
fn an_alarm_watches_every_queue_of_dead_letters() {
    let template = template().unwrap();
    let raw = yaml::read("template.yaml").unwrap();
    let resources = raw["Resources"].as_object().unwrap();

    let watched: BTreeSet<String> = resources
        .values()
        .filter(|resource| resource["Type"] == "AWS::CloudWatch::Alarm")
        .map(|resource| &resource["Properties"])
        .filter(|alarm| alarm["Metrics"][0]["Id"] == "letters")
        .map(|alarm| {
            assert_eq!(alarm["ComparisonOperator"], "GreaterThanThreshold");
            assert_eq!(alarm["Threshold"], 0);
            assert_eq!(alarm["TreatMissingData"], "notBreaching");
            assert!(!alarm["AlarmActions"].is_null());
            // A letter that is looked at is hidden, and one that is settled is gone.
            let metrics = alarm["Metrics"].as_array().unwrap();
            let [sum, waiting, received] = metrics.as_slice() else {
                panic!("{metrics:?}")
            };
            assert_eq!(sum["Expression"], "FILL(waiting, 0) + FILL(received, 0)");
            let queues = [
                (
                    waiting,
                    "waiting",
                    "ApproximateNumberOfMessagesVisible",
                    "Maximum",
                ),
                (received, "received", "NumberOfMessagesReceived", "Sum"),
            ]
            .map(|(metric, id, name, statistic)| {
                let stat = &metric["MetricStat"];
                assert_eq!(metric["Id"], id);
                assert_eq!(stat["Metric"]["Namespace"], "AWS/SQS");
                assert_eq!(stat["Metric"]["MetricName"], name);
                assert_eq!(stat["Stat"], statistic);
                // What is kept is received again within one period.
                assert!(stat["Period"].as_u64().unwrap() > LIMITS.visibility.as_secs());
                let dimension = &stat["Metric"]["Dimensions"][0];
                assert_eq!(dimension["Name"], "QueueName");
                let queue = dimension["Value"]["!GetAtt"].as_str().unwrap();
                queue.strip_suffix(".QueueName").unwrap().to_owned()
            });
            assert_eq!(queues[0], queues[1]);
            queues[0].clone()
        })
        .collect();
    let dead: BTreeSet<String> = template
        .queues
        .values()
        .filter_map(|queue| Some(queue.redrive.as_ref()?.target.clone()))
        .collect();
    assert_eq!(watched, dead);
}

/// A text of the template, or that it is missing.
fn text<'a>(value: &'a Value, pointer: &str) -> Outcome<&'a str> {
    let text = value.pointer(pointer).and_then(Value::as_str);
    Ok(text.ok_or_else(|| format!("no {pointer} in {value}"))?)
}

/// The filters of a function's log: the code that each counts, its metric, and what it adds for one.
fn counted<'a>(raw: &'a Value, function: &str) -> Outcome<BTreeMap<&'a str, (&'a str, &'a str)>> {
    let pointer = format!("/Resources/{function}/Properties/LoggingConfig/LogGroup/!Ref");
    let logs = text(raw, &pointer)?;
    let kind = text(raw, &format!("/Resources/{logs}/Type"))?;
    if kind != "AWS::Logs::LogGroup" {
        return Err(format!("{logs} is {kind}").into());
    }
    let mut counted = BTreeMap::new();
    for filter in resources_of(raw, "AWS::Logs::MetricFilter") {
        if text(filter, "/Properties/LogGroupName/!Ref")? == logs {
            let pattern = text(filter, "/Properties/FilterPattern")?;
            let code = pattern.strip_prefix("{ $.code = \"");
            let code = code.and_then(|rest| rest.strip_suffix("\" }"));
            let metric = "/Properties/MetricTransformations/0";
            counted.insert(
                code.ok_or(pattern)?,
                (
                    text(filter, &format!("{metric}/MetricName"))?,
                    text(filter, &format!("{metric}/MetricValue"))?,
                ),
            );
        }
    }
    Ok(counted)
}

fn resources_of<'a>(raw: &'a Value, kind: &'a str) -> impl Iterator<Item = &'a Value> {
    let resources = raw.get("Resources").and_then(Value::as_object);
    let resources = resources.into_iter().flat_map(serde_json::Map::values);
    resources.filter(move |resource| resource.get("Type").is_some_and(|found| found == kind))
}

/// The alarm that adds up a metric of ours, which the runbook must have a section for.
fn alarm_of<'a>(raw: &'a Value, metric: &str) -> Outcome<&'a Value> {
    let resources = raw.get("Resources").and_then(Value::as_object);
    let (name, alarm) = resources
        .into_iter()
        .flatten()
        .filter(|(_, resource)| text(resource, "/Type").is_ok_and(|kind| kind.ends_with("Alarm")))
        .find(|(_, alarm)| text(alarm, "/Properties/MetricName").is_ok_and(|name| name == metric))
        .ok_or_else(|| format!("no alarm of {metric}"))?;
    let alarm = alarm.get("Properties").ok_or("no properties")?;
    assert_eq!(
        text(alarm, "/Namespace/!Sub")?,
        "Paceline/${AWS::StackName}"
    );
    assert_eq!(text(alarm, "/Statistic")?, "Sum", "{name}");
    assert_eq!(text(alarm, "/TreatMissingData")?, "notBreaching", "{name}");
    assert!(alarm.get("AlarmActions").is_some(), "{name}");
    let runbook = crate::read("docs/runbook.md")?;
    assert!(runbook.contains(&format!("### `{name}`")), "{name}");
    Ok(alarm)
}

/// What nobody sees in a log, an alarm says.
#[test]
fn an_alarm_counts_every_warning_of_webhooks_that_do_not_come() {
    let raw = yaml::read("template.yaml").unwrap();
    let code = source::code("functions/fetch-activity/src/reconcile.rs").unwrap();

    let counted = counted(&raw, "FetchActivity").unwrap();
    for (warned, (metric, _)) in &counted {
        assert!(code.contains(&format!("code = \"{warned}\"")), "{warned}");
        let alarm = alarm_of(&raw, metric).unwrap();
        let period = alarm["Period"].as_u64().unwrap();
        assert!(period >= 2 * LIMITS.look_back_every.as_secs(), "{warned}");
    }
    let values: BTreeMap<&str, &str> = counted
        .iter()
        .map(|(code, (_, value))| (*code, *value))
        .collect();
    let expected = [("provider_silent", "1"), ("webhooks_lost", "$.repaired")];
    assert_eq!(values, BTreeMap::from(expected));
}

/// S-24
#[test]
fn every_write_of_sets_is_counted_and_what_fails_raises_an_alarm() {
    let raw = yaml::read("template.yaml").unwrap();
    let written = source::code("functions/log-set/src/lib.rs").unwrap();
    let kept = source::code("shared/store/src/records.rs").unwrap();

    let counted = counted(&raw, "LogSet").unwrap();
    let codes: Vec<&str> = counted.keys().copied().collect();
    assert_eq!(
        codes,
        ["records_failed", "set_failed", "set_logged", "set_refused"]
    );
    for (code, (_, value)) in &counted {
        let said = format!("code = \"{code}\"");
        assert!(written.contains(&said) || kept.contains(&said), "{code}");
        assert_eq!(*value, "1", "{code}");
    }
    for code in ["set_failed", "records_failed"] {
        let alarm = alarm_of(&raw, counted[code].0).unwrap();
        assert_eq!(alarm["Threshold"], 0, "{code}");
        assert_eq!(alarm["ComparisonOperator"], "GreaterThanThreshold");
    }
    // What another function could not make stays for the sweep, which is heard too.
    let swept = self::counted(&raw, "SweepStages").unwrap();
    assert_eq!(swept["records_failed"], counted["records_failed"]);
    // The rate is of what was stored among all that was right: what is refused is the client's.
    let rate = &raw["Resources"]["SetSuccessAlarm"]["Properties"];
    assert_eq!(rate["Threshold"], 99);
    assert_eq!(rate["ComparisonOperator"], "LessThanThreshold");
    let measured: Vec<&str> = rate["Metrics"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|metric| metric["MetricStat"]["Metric"]["MetricName"].as_str())
        .collect();
    assert_eq!(measured, [counted["set_logged"].0, counted["set_failed"].0]);
    let runbook = crate::read("docs/runbook.md").unwrap();
    assert!(runbook.contains("### `SetSuccessAlarm`"));
}

/// L-31
#[test]
fn what_is_logged_of_saves_is_counted_by_metrics_and_watched_by_alarms() {
    let raw = yaml::read("template.yaml").unwrap();
    let resources = raw["Resources"].as_object().unwrap();
    let logs = &resources["SaveWorkoutLog"]["Properties"]["LoggingConfig"]["LogGroup"];
    let code = source::code("functions/save-workout-log/src/story.rs").unwrap();
    let runbook = crate::read("docs/runbook.md").unwrap();

    let mut metrics = BTreeSet::new();
    for filter in resources.values() {
        let properties = &filter["Properties"];
        if filter["Type"] != "AWS::Logs::MetricFilter" || &properties["LogGroupName"] != logs {
            continue;
        }
        // Every word and field that a pattern asks for is one that is said.
        let pattern = properties["FilterPattern"].as_str().unwrap();
        let said = source::literals(pattern, |c| c.is_ascii_lowercase() || c == '_');
        for (index, word) in said.iter().enumerate() {
            if index == 0 {
                assert!(code.contains(&format!("code = \"{word}\"")), "{word}");
            } else {
                let class = LogErrorClass::ALL
                    .into_iter()
                    .find(|class| class.as_str() == *word);
                assert!(class.is_some(), "{word}");
            }
        }
        let metric = &properties["MetricTransformations"][0];
        let value = metric["MetricValue"].as_str().unwrap();
        let dimension = metric["Dimensions"][0]["Value"]
            .as_str()
            .unwrap_or_default();
        for field in [value, dimension]
            .into_iter()
            .chain(source::after(pattern, "$."))
        {
            let field = field
                .trim_start_matches("$.")
                .split([' ', ')'])
                .next()
                .unwrap();
            let is_said =
                code.contains(&format!("{field} = ")) || code.contains(&format!("{field},"));
            assert!(is_said || field.is_empty() || field == "1", "{field}");
        }
        metrics.insert(metric["MetricName"].as_str().unwrap().to_owned());
    }
    assert_eq!(metrics.len(), 6, "{metrics:?}");
    assert!(metrics.contains("LogCacheHits") && metrics.contains("LogsNotSavedByClass"));

    for (alarm, metric) in [
        ("LogSaveSlowAlarm", "LogSaveTime"),
        ("LogConstraintAlarm", "LogConstraintsUnrecovered"),
        ("LogsNotSavedAlarm", "LogsNotSaved"),
    ] {
        let properties = &resources[alarm]["Properties"];
        assert_eq!(properties["MetricName"], metric, "{alarm}");
        assert!(metrics.contains(metric), "{alarm}");
        assert_eq!(properties["TreatMissingData"], "notBreaching", "{alarm}");
        assert!(!properties["AlarmActions"].is_null(), "{alarm}");
        assert!(runbook.contains(&format!("### `{alarm}`")), "{alarm}");
    }
}

///
#[test]
fn the_template_holds_no_secret() {
    let text = crate::read("template.yaml").unwrap();
    // With a key, or without: what AWS, Standard Webhooks and PEM secrets begin with.
    for start in ["AKIA", "ASIA", "-----BEGIN", "eyJ"] {
        assert!(!text.contains(start), "{start}");
    }
    for part in source::after(&text, "whsec_") {
        assert!(
            !part.starts_with(|c: char| c.is_ascii_alphanumeric()),
            "whsec_{part:.4}"
        );
    }

    let raw = yaml::read("template.yaml").unwrap();
    for (name, parameter) in raw["Parameters"].as_object().unwrap() {
        let secret = ["Secret", "Password", "Token", "Jwks"]
            .iter()
            .any(|word| name.contains(word));
        assert!(
            !secret || parameter["Default"] == Value::Null,
            "{name} has a default"
        );
    }
    let template = template().unwrap();
    for function in &template.functions {
        for (name, value) in environment(&template, function).unwrap() {
            // What is in front of the `@` of a URL, and all of a secret, comes from the secret.
            let secret = match value
                .split_once("://")
                .and_then(|(_, rest)| rest.split_once('@'))
            {
                Some((login, _)) => login
                    .split_once(':')
                    .map(|(_, password)| password.to_owned()),
                None => name.contains("SECRET").then(|| value.clone()),
            };
            if let Some(secret) = secret {
                assert!(secret.contains("SecretArn><"), "{} {name}", function.name);
            }
        }
    }
}
