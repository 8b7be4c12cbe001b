//! Who may depend on whom.

use crate::{Outcome, folders, root};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

/// A dependency as a manifest names it.
#[derive(Debug)]
struct Dependency {
    name: String,
    is_ours: bool,
    only_for_tests: bool,
}

fn cargo(arguments: &[&str]) -> Outcome<String> {
    let output = Command::new(env!("CARGO"))
        .args(arguments)
        .current_dir(root())
        .output()?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into_owned().into());
    }
    Ok(String::from_utf8(output.stdout)?)
}

/// The workspace's packages with what their manifests name.
fn packages() -> Outcome<BTreeMap<String, Vec<Dependency>>> {
    let metadata: Value =
        serde_json::from_str(&cargo(&["metadata", "--no-deps", "--format-version", "1"])?)?;
    let list = |value: &Value, key: &str| value[key].as_array().cloned().unwrap_or_default();
    let text = |value: &Value, key: &str| {
        let text = value.get(key).and_then(Value::as_str);
        text.unwrap_or_default().to_owned()
    };
    let dependency = |dependency: &Value| Dependency {
        name: text(dependency, "name"),
        is_ours: dependency.get("path").is_some(),
        only_for_tests: text(dependency, "kind") == "dev",
    };
    let packages = list(&metadata, "packages");
    Ok(packages
        .iter()
        .map(|package| {
            let dependencies = list(package, "dependencies")
                .iter()
                .map(dependency)
                .collect();
            (text(package, "name"), dependencies)
        })
        .collect())
}

/// Names of the packages of which `crates` finds at least one among their dependencies.
fn users(crates: impl Fn(&Dependency) -> bool) -> Outcome<BTreeSet<String>> {
    let packages = packages()?.into_iter();
    let using = packages.filter(|(_, dependencies)| dependencies.iter().any(&crates));
    Ok(using.map(|(name, _)| name).collect())
}

fn names(names: &[&str]) -> BTreeSet<String> {
    names.iter().map(ToString::to_string).collect()
}

#[test]
fn functions_use_platform_that_uses_store_that_uses_domain_and_nothing_uses_local() {
    let functions: BTreeSet<String> = folders("functions").unwrap().into_iter().collect();
    let packages = packages().unwrap();
    let everything: BTreeSet<String> = packages.keys().cloned().collect();
    assert!(
        functions.is_subset(&everything),
        "a folder of functions/ is not its package's name"
    );

    for (package, dependencies) in &packages {
        let used: BTreeSet<String> = dependencies
            .iter()
            .filter(|d| d.is_ours)
            .map(|d| d.name.clone())
            .collect();
        let allowed = match package.as_str() {
            "domain" => names(&[]),
            "store" => names(&["domain"]),
            "platform" => names(&["domain", "store"]),
            "local" => &functions | &names(&["domain", "store", "platform"]),
            "tests" => everything.clone(),
            function => {
                assert!(
                    functions.contains(function),
                    "{function} has no place in the tree"
                );
                names(&["domain", "store", "platform"])
            }
        };
        let wrong = used.difference(&allowed).collect::<Vec<_>>();
        assert!(wrong.is_empty(), "{package} may not use {wrong:?}");
    }
}

#[test]
fn only_store_speaks_sql() {
    let speakers = users(|d| d.name.starts_with("sqlx") || d.name.contains("postgres")).unwrap();

    assert_eq!(&speakers - &names(&["tests"]), names(&["store"]));
}

#[test]
fn only_platform_speaks_to_aws_and_functions_only_to_its_runtime() {
    let aws = |d: &Dependency| d.name.starts_with("aws-") || d.name.starts_with("aws_");
    let runtime = |d: &Dependency| d.name.starts_with("lambda_");
    let functions: BTreeSet<String> = folders("functions").unwrap().into_iter().collect();

    // The developer's cloud is tested with AWS's own clients, and deployed nowhere.
    let deployed = |d: &Dependency| !d.only_for_tests;
    assert_eq!(
        users(|d| aws(d) && deployed(d)).unwrap(),
        names(&["platform"])
    );
    assert!(
        users(|d| aws(d))
            .unwrap()
            .is_subset(&names(&["platform", "local", "tests"]))
    );
    let runtimes = users(|d| runtime(d) && deployed(d)).unwrap();
    assert!(
        // The tests have a function that does nothing, to measure the others against.
        runtimes.is_subset(&(&functions | &names(&["platform", "tests"]))),
        "{runtimes:?}"
    );
}

#[test]
fn only_platform_knows_what_a_token_is() {
    let knowing = users(|d| d.name.starts_with("jsonwebtoken") || d.name == "hmac").unwrap();

    assert_eq!(&knowing - &names(&["tests"]), names(&["platform"]));
}

#[test]
fn the_domain_does_no_io() {
    let tree = [
        "tree",
        "--package",
        "domain",
        "--edges",
        "normal",
        "--prefix",
        "none",
    ];
    let tree = cargo(
        &[
            tree.as_slice(),
            ["--format", "{p}"].as_slice(),
            ["--locked", "--offline"].as_slice(),
        ]
        .concat(),
    );
    let tree = tree.unwrap();

    let reached: BTreeSet<&str> = tree
        .lines()
        .filter_map(|line| line.split(' ').next())
        .collect();
    assert!(
        reached.contains("domain") && reached.contains("serde"),
        "{reached:?}"
    );
    let refused = [
        "tokio", "async-", "futures", "sqlx", "aws", "lambda", "http", "hyper", "rustls",
    ];
    let refused = |name: &str| refused.iter().any(|start| name.starts_with(start));
    let refused: Vec<_> = reached.iter().filter(|name| refused(name)).collect();
    assert!(refused.is_empty(), "{refused:?}");
}

#[test]
fn every_large_dependency_is_there_once_and_the_refused_ones_never() {
    let lock = crate::read("Cargo.lock").unwrap();
    let versions = |name: &str| {
        let start = format!("\nname = \"{name}\"\n");
        lock.matches(&start).count()
    };

    for name in [
        "sqlx",
        "sqlx-core",
        "sqlx-postgres",
        "tokio",
        "hyper",
        "http",
        "http-body",
        "h2",
        "tower",
        "rustls",
        "rustls-webpki",
        "tokio-rustls",
        "ring",
        "serde",
        "serde_json",
        "chrono",
        "uuid",
        "tracing",
        "tracing-subscriber",
        "lambda_runtime",
        "aws-sdk-sqs",
        "jsonwebtoken",
    ] {
        assert_eq!(versions(name), 1, "{name}");
    }
    // A second TLS stack, a C build, and what costs a cold start more than it gives.
    for name in [
        "aws-lc-rs",
        "aws-lc-sys",
        "openssl",
        "native-tls",
        "aws-config",
    ] {
        assert_eq!(versions(name), 0, "{name}");
    }
}
