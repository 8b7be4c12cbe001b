//! As much of JSON Schema as `docs/openapi.yaml` uses; what it does not know is refused.

use serde_json::Value;

/// The keywords that say nothing about a value.
const NOTES: [&str; 5] = ["description", "default", "format", "examples", "pattern"];

/// Lists where a value is not what the schema of a document says.
pub fn violations(document: &Value, schema: &Value, value: &Value) -> Vec<String> {
    let mut found = Vec::new();
    check(document, schema, value, "", &mut found);
    found
}

/// Finds what a `$ref` of a document points at.
pub fn resolve<'a>(document: &'a Value, reference: &str) -> Option<&'a Value> {
    document.pointer(reference.strip_prefix('#')?)
}

fn check(document: &Value, schema: &Value, value: &Value, path: &str, found: &mut Vec<String>) {
    let Some(keywords) = schema.as_object() else {
        found.push(format!("{path}: its schema is not an object: {schema}"));
        return;
    };
    for (keyword, rule) in keywords {
        let holds = match keyword.as_str() {
            "$ref" => {
                match rule
                    .as_str()
                    .and_then(|reference| resolve(document, reference))
                {
                    Some(schema) => check(document, schema, value, path, found),
                    None => found.push(format!("{path}: {rule} points nowhere")),
                }
                true
            }
            "type" => match rule.as_array() {
                Some(kinds) => kinds.iter().any(|kind| is(value, kind)),
                None => is(value, rule),
            },
            "const" => value == rule,
            "enum" => rule
                .as_array()
                .is_some_and(|allowed| allowed.contains(value)),
            "minimum" => value.as_f64() >= rule.as_f64() || !value.is_number(),
            "maximum" => value.as_f64() <= rule.as_f64() || !value.is_number(),
            "minLength" | "maxLength" | "minItems" | "maxItems" => {
                let text = value.as_str().map(|text| text.chars().count());
                let length = text.or_else(|| Some(value.as_array()?.len()));
                let bound = rule.as_u64().and_then(|bound| usize::try_from(bound).ok());
                match (length, bound) {
                    (Some(length), Some(bound)) if keyword.starts_with("min") => length >= bound,
                    (Some(length), Some(bound)) => length <= bound,
                    (None, _) => true,
                    (_, None) => false,
                }
            }
            "items" => {
                for (index, item) in value.as_array().into_iter().flatten().enumerate() {
                    check(document, rule, item, &format!("{path}/{index}"), found);
                }
                true
            }
            "properties" => {
                for (name, schema) in rule.as_object().into_iter().flatten() {
                    if let Some(member) = value.get(name) {
                        check(document, schema, member, &format!("{path}/{name}"), found);
                    }
                }
                true
            }
            "required" => {
                for name in rule
                    .as_array()
                    .into_iter()
                    .flatten()
                    .filter_map(Value::as_str)
                {
                    if value.is_object() && value.get(name).is_none() {
                        found.push(format!("{path}/{name} is missing"));
                    }
                }
                true
            }
            "additionalProperties" => {
                let named = keywords.get("properties").and_then(Value::as_object);
                for (name, member) in value.as_object().into_iter().flatten() {
                    if named.is_some_and(|named| named.contains_key(name)) {
                        continue;
                    }
                    let path = format!("{path}/{name}");
                    match rule.as_bool() {
                        Some(true) => {}
                        Some(false) => found.push(format!("{path} is not described")),
                        None => check(document, rule, member, &path, found),
                    }
                }
                true
            }
            "oneOf" => {
                let fits = |schema: &&Value| violations(document, schema, value).is_empty();
                rule.as_array().into_iter().flatten().filter(fits).count() == 1
            }
            note => NOTES.contains(&note),
        };
        if !holds {
            found.push(format!("{path}: {value:.80} against {keyword}: {rule}"));
        }
    }
}

fn is(value: &Value, kind: &Value) -> bool {
    match kind.as_str() {
        Some("null") => value.is_null(),
        Some("boolean") => value.is_boolean(),
        Some("integer") => value.is_i64() || value.is_u64(),
        Some("number") => value.is_number(),
        Some("string") => value.is_string(),
        Some("array") => value.is_array(),
        Some("object") => value.is_object(),
        _ => false,
    }
}
