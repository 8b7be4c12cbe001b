//! Records in the catalogue of the database: one key, one writer.

use crate::{LAUNCHER, files, source};
use support::database::Database;

/// S-02, S-03: what `information_schema` does not show, `pg_index` does.
#[tokio::test]
async fn a_record_has_one_key_of_columns_that_are_never_null() {
    let database = Database::migrated(LAUNCHER).await;
    let mut connection = database.connect().await;
    let unique: Vec<(String, bool, Option<String>, Vec<String>)> = sqlx::query_as(
        "SELECT i.indexrelid::regclass::text, i.indisprimary,
             (SELECT conname::text FROM pg_constraint AS c
                 WHERE c.conindid = i.indexrelid AND c.contype IN ('u', 'p') AND NOT c.condeferrable),
             ARRAY(SELECT a.attname::text FROM unnest(i.indkey) WITH ORDINALITY AS k (attnum, place)
                 JOIN pg_attribute AS a ON a.attrelid = i.indrelid AND a.attnum = k.attnum
                 ORDER BY k.place)
         FROM pg_index AS i
         WHERE i.indrelid = 'personal_records'::regclass AND i.indisunique
         ORDER BY i.indisprimary DESC",
    )
    .fetch_all(&mut connection)
    .await
    .unwrap();
    let nullable: Vec<String> = sqlx::query_scalar(
        "SELECT attname::text FROM pg_attribute
         WHERE attrelid = 'personal_records'::regclass AND attnum > 0 AND NOT attnotnull",
    )
    .fetch_all(&mut connection)
    .await
    .unwrap();
    let triggers: Vec<String> = sqlx::query_scalar(
        "SELECT tgname::text FROM pg_trigger
         WHERE tgrelid IN ('personal_records'::regclass, 'workout_sets'::regclass) AND NOT tgisinternal",
    )
    .fetch_all(&mut connection)
    .await
    .unwrap();
    eprintln!("unique: {unique:#?}\nnullable: {nullable:?}\ntriggers: {triggers:?}");

    let name = |name: &str| Some(name.to_owned());
    let owned = |names: &[&str]| names.iter().map(ToString::to_string).collect::<Vec<_>>();
    assert_eq!(
        unique,
        [
            (
                "personal_records_pkey".to_owned(),
                true,
                name("personal_records_pkey"),
                owned(&["id"])
            ),
            (
                "personal_records_user_exercise_kind_grip_key".to_owned(),
                false,
                name("personal_records_user_exercise_kind_grip_key"),
                owned(&["user_id", "exercise_id", "kind", "grip_key"])
            ),
        ]
    );
    assert_eq!(nullable, owned(&[]));
    assert_eq!(triggers, owned(&[]));
    // The encoder of grips knows one word for none.
    let encoded: Vec<String> = sqlx::query_scalar(
        "SELECT grip_key(grips) FROM (VALUES (1, '{}'::text[]), (2, '{wide}'), (3, '{b,a,b}')) AS g (n, grips)
         ORDER BY n",
    )
    .fetch_all(&mut connection)
    .await
    .unwrap();
    assert_eq!(encoded, ["", "wide", "a,b"]);
}

/// S-06
#[test]
fn one_statement_writes_records_and_one_function_runs_it() {
    let verbs = ["INSERT INTO", "UPDATE", "DELETE FROM", "MERGE INTO"];
    let writers: Vec<String> = files("shared/store/queries", "sql")
        .unwrap()
        .into_iter()
        .filter(|path| {
            let text = crate::read(path).unwrap();
            verbs
                .iter()
                .any(|verb| text.contains(&format!("{verb} personal_records")))
        })
        .collect();
    assert_eq!(writers, ["shared/store/queries/records/make_records.sql"]);

    let mut runners = Vec::new();
    for path in files("shared/store/src", "rs").unwrap() {
        let code = source::code(&path).unwrap();
        let times = code.matches("records/make_records.sql").count();
        runners.extend(vec![path; times]);
    }
    assert_eq!(runners, ["shared/store/src/records.rs"]);
}
