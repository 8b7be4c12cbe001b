//! What the HTTP contract says there is.

use reqwest::Method;

/// Methods and paths of `docs/openapi.yaml` that ask for a user's token, with the names of their
/// parameters in braces. The contract tests hold that document to the code.
///
/// # Panics
/// When the document is written in another style.
pub fn of_users() -> Vec<(Method, &'static str)> {
    let mut routes = Vec::new();
    let mut path = None;
    for line in include_str!("../../docs/openapi.yaml").lines() {
        if !line.starts_with(' ') {
            path = None;
        } else if line.starts_with("  /") {
            path = line.trim().strip_suffix(':');
        } else if line == "      security: []" {
            routes.pop();
        } else if let Some(path) = path {
            let method = match line {
                "    get:" => Method::GET,
                "    put:" => Method::PUT,
                "    post:" => Method::POST,
                "    delete:" => Method::DELETE,
                _ => continue,
            };
            routes.push((method, path));
        }
    }
    assert!(routes.len() > 20, "{routes:?}");
    routes
}
