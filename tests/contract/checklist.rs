//! `docs/checklist.md` against the tests that it names.

use crate::read;

/// The documentation comment and attributes above a function.
fn above(source: &str, function: &str) -> Option<String> {
    let (before, _) = source.split_once(&format!("fn {function}("))?;
    let (before, _) = before.rsplit_once('\n')?;
    let mut lines: Vec<&str> = before.lines().rev().map(str::trim).collect();
    let end = lines
        .iter()
        .position(|line| !line.starts_with("///") && !line.starts_with("#["));
    lines.truncate(end.unwrap_or(lines.len()));
    Some(lines.join("\n"))
}

#[test]
fn every_row_of_the_checklist_names_tests_that_are_there_and_quote_it() {
    let table = read("docs/checklist.md").unwrap();
    let rows: Vec<(&str, &str)> = table
        .lines()
        .filter_map(|line| {
            line.strip_prefix("| ")?
                .strip_suffix(" |")?
                .split_once(" | ")
        })
        .filter(|(id, _)| *id != "id")
        .collect();
    assert!(rows.len() > 20, "{rows:?}");
    assert!(rows.is_sorted(), "the rows are not in order");

    let mut wrong = Vec::new();
    for (id, tests) in rows {
        for test in tests.split(' ') {
            let found = test.split_once("::").and_then(|(path, name)| {
                let source = read(path).ok()?;
                above(&source, name.rsplit("::").next().unwrap_or(name))
            });
            match found {
                Some(above) if !above.contains("test") => wrong.push(format!("{test} is no test")),
                Some(above) if !above.contains(id) => {
                    wrong.push(format!("{test} does not quote {id}"))
                }
                Some(_) => {}
                None => wrong.push(format!("{id}: there is no {test}")),
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}
