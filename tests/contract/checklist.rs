//! `docs/checklist.md` and `docs/faults.md` against the tests that they name.

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

/// The documentation comment and attributes of a test that a document names, or what is wrong.
fn named(test: &str) -> Result<String, String> {
    let found = test.split_once("::").and_then(|(path, name)| {
        let source = read(path).ok()?;
        above(&source, name.rsplit("::").next().unwrap_or(name))
    });
    match found {
        Some(above) if above.contains("test") => Ok(above),
        Some(_) => Err(format!("{test} is no test")),
        None => Err(format!("there is no {test}")),
    }
}

/// The cells of a line of a table, unless it is a head.
fn cells(line: &str) -> Option<Vec<&str>> {
    let row = line.strip_prefix("| ")?.strip_suffix(" |")?;
    let cells: Vec<&str> = row.split(" | ").collect();
    (!["id", "fault"].contains(cells.first()?)).then_some(cells)
}

#[test]
fn every_row_of_the_checklist_names_tests_that_are_there_and_quote_it() {
    let table = read("docs/checklist.md").unwrap();
    let rows: Vec<Vec<&str>> = table.lines().filter_map(cells).collect();
    assert!(rows.len() > 20, "{rows:?}");
    assert!(rows.is_sorted(), "the rows are not in order");

    let mut wrong = Vec::new();
    for row in rows {
        let [id, tests] = row[..] else {
            wrong.push(format!("{row:?} are not two cells"));
            continue;
        };
        for test in tests.split(' ') {
            match named(test) {
                Ok(above) if above.contains(id) => {}
                Ok(_) => wrong.push(format!("{test} does not quote {id}")),
                Err(why) => wrong.push(format!("{id}: {why}")),
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn every_fault_has_tests_that_are_there_or_is_said_to_have_none_yet() {
    let page = read("docs/faults.md").unwrap();
    let (tables, not_yet) = page.split_once("\n## Not yet\n").unwrap();
    assert!(!not_yet.contains("\n## ") && !not_yet.contains("\n|"));

    let mut wrong = Vec::new();
    for section in tables.split("\n## ").skip(1) {
        let title = section.lines().next().unwrap_or_default();
        let rows: Vec<&str> = section
            .lines()
            .filter(|line| line.starts_with('|') && !line.starts_with("|---"))
            .skip(1)
            .collect();
        assert!(rows.len() > 5, "{title}: {rows:?}");
        for row in rows {
            let row = cells(row).unwrap_or_default();
            let [_, _, tests] = row[..] else {
                wrong.push(format!("{title}: {row:?} are not three cells"));
                continue;
            };
            for test in tests.split(' ') {
                wrong.extend(named(test).err().map(|why| format!("{title}: {why}")));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}
