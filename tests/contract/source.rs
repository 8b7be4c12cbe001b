//! Reading Rust sources for what no type says.

use crate::Outcome;

/// A file's code without comments and without its tests.
pub(crate) fn code(path: &str) -> Outcome<String> {
    let text = crate::read(path)?;
    let code = text
        .split("\n#[cfg(test)]\nmod ")
        .next()
        .unwrap_or_default();
    let lines = code
        .lines()
        .filter(|line| !line.trim_start().starts_with("//"));
    Ok(lines.collect::<Vec<_>>().join("\n"))
}

/// The code after each occurrence of `start` that no identifier runs into.
pub(crate) fn after<'a>(code: &'a str, start: &str) -> Vec<&'a str> {
    code.match_indices(start)
        .filter(|(at, _)| {
            let before = code
                .get(..*at)
                .and_then(|before| before.chars().next_back());
            !before.is_some_and(|c| c.is_alphanumeric() || c == '_')
        })
        .filter_map(|(at, _)| code.get(at + start.len()..))
        .map(str::trim_start)
        .collect()
}

/// The string that the code begins with.
pub(crate) fn literal(code: &str) -> Option<&str> {
    code.strip_prefix('"')?.split('"').next()
}

/// Every string in the code that consists of the accepted characters only.
pub(crate) fn literals(code: &str, accepted: impl Fn(char) -> bool) -> Vec<&str> {
    let quoted = code.split('"').skip(1).step_by(2);
    quoted
        .filter(|text| !text.is_empty() && text.chars().all(&accepted))
        .collect()
}
