//! Statements: each is a file that the schema understands and that the store uses.

use crate::{LAUNCHER, files, source};
use sqlx::{Executor as _, SqlSafeStr as _};
use std::collections::BTreeMap;
use support::database::Database;
use support::history::{self, LARGE, Planning, Size};

const FOLDER: &str = "shared/store/queries";

/// Builds need no database, so this is where a statement meets the schema.
#[tokio::test]
async fn every_statement_is_understood_by_the_migrated_schema() {
    let database = Database::migrated(LAUNCHER).await;
    let mut connection = database.connect().await;
    let paths = files(FOLDER, "sql").unwrap();
    assert!(paths.len() > 40, "{paths:?}");

    let mut refused = Vec::new();
    for path in paths {
        let text = crate::read(&path).unwrap();
        // The text is that of a file of this repository.
        let statement = sqlx::AssertSqlSafe(text).into_sql_str();
        if let Err(error) = connection.prepare(statement).await {
            refused.push(format!("{path}: {error}"));
        }
    }
    assert!(refused.is_empty(), "{refused:#?}");
}

#[test]
fn every_statement_is_used_and_everything_used_is_a_statement() {
    let mut uses: BTreeMap<String, usize> = files(FOLDER, "sql")
        .unwrap()
        .into_iter()
        .map(|path| (path, 0))
        .collect();

    for path in files("shared/store/src", "rs").unwrap() {
        let code = source::code(&path).unwrap();
        for included in source::after(&code, "include_str!(") {
            let named = source::literal(included).unwrap();
            let name = named.trim_start_matches("../").strip_prefix("queries/");
            let file = format!(
                "{FOLDER}/{}",
                name.unwrap_or_else(|| panic!("{path}: {named}"))
            );
            *uses
                .get_mut(&file)
                .unwrap_or_else(|| panic!("{path}: there is no {file}")) += 1;
        }
    }

    let unused: Vec<_> = uses.iter().filter(|(_, uses)| **uses == 0).collect();
    assert!(unused.is_empty(), "{unused:?}");
}

#[test]
fn the_store_holds_no_other_sql() {
    for path in files("shared/store/src", "rs").unwrap() {
        let code = source::code(&path).unwrap();
        for start in [
            "SELECT ", "INSERT ", "UPDATE ", "DELETE ", "WITH ", "SET ", "LOCK ",
        ] {
            assert!(!code.contains(&format!("\"{start}")), "{path}: {start}");
        }
    }
}

/// What runs for every delivery, doorbell, sweep or look costs the same however much is stored.
#[tokio::test]
async fn no_hot_statement_reads_a_large_table_as_a_whole() {
    let database = Database::migrated(LAUNCHER).await;
    let mut connection = database.connect().await;
    let size = Size {
        athletes: 50,
        workouts_each: 300,
    };
    let people = history::fill(&mut connection, size).await;

    for planning in [Planning::Custom, Planning::Generic] {
        for statement in history::explain(&mut connection, &people[0], planning).await {
            assert!(statement.scanned.is_empty(), "{planning:?} {statement}");
            for table in LARGE {
                let scan = format!("Seq Scan on {table}");
                assert!(!statement.plan.contains(&scan), "{planning:?} {statement}");
            }
        }
    }
}
