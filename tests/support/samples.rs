//! Values that the schemas of the contract take, the plainest that there are.

use crate::json_schema::resolve;
use serde_json::{Map, Value, json};

/// Makes values of a document's schemas.
pub struct Samples<'a> {
    document: &'a Value,
    given: &'a dyn Fn(&str) -> Option<Value>,
}

impl<'a> Samples<'a> {
    /// Makes them with the values that `given` has for names of members; ids have to be given,
    /// because an id that names nothing shows nothing.
    pub fn new(document: &'a Value, given: &'a dyn Fn(&str) -> Option<Value>) -> Self {
        Self { document, given }
    }

    /// A value of a schema, as the member of this name.
    ///
    /// # Panics
    /// When the schema alone does not say what a value of it looks like.
    pub fn of(&self, name: &str, schema: &Value) -> Value {
        if let Some(given) = (self.given)(name) {
            return given;
        }
        if let Some(reference) = schema["$ref"].as_str() {
            let schema = resolve(self.document, reference).expect("a schema");
            return self.of(name, schema);
        }
        let example = schema["examples"].as_array().and_then(|all| all.first());
        let fixed = [schema.get("const"), example, schema.get("default")];
        if let Some(value) = fixed.into_iter().flatten().find(|value| !value.is_null()) {
            return value.clone();
        }
        let first = |list: &Value| {
            list.as_array()
                .and_then(|all| all.iter().find(|v| !v.is_null()))
                .cloned()
        };
        if let Some(word) = first(&schema["enum"]) {
            return word;
        }
        for choice in ["oneOf", "anyOf"] {
            let choices = schema[choice].as_array().into_iter().flatten();
            if let Some(schema) = choices.clone().find(|schema| schema["type"] != "null") {
                return self.of(name, schema);
            }
        }
        let kind = first(&schema["type"]).unwrap_or_else(|| schema["type"].clone());
        match kind.as_str() {
            Some("object") => self.object(schema),
            Some("array") => json!([self.of(name, &schema["items"])]),
            Some("integer" | "number") => schema.get("minimum").cloned().unwrap_or(json!(1)),
            Some("boolean") => json!(false),
            Some("null") => Value::Null,
            Some("string") => json!(Self::text(name, schema)),
            _ => panic!("{name}: which kind of value is {schema}?"),
        }
    }

    /// Values of a schema that between them say all that may be said, lists within lists left out:
    /// the plainest, and for each member that may be left out one that has it too.
    pub fn all(&self, name: &str, schema: &Value) -> Vec<Value> {
        self.within(name, schema, 1)
    }

    fn within(&self, name: &str, schema: &Value, lists: u8) -> Vec<Value> {
        if (self.given)(name).is_some() {
            return vec![self.of(name, schema)];
        }
        if let Some(reference) = schema["$ref"].as_str() {
            let schema = resolve(self.document, reference).expect("a schema");
            return self.within(name, schema, lists);
        }
        if let Some(choices) = schema["oneOf"].as_array() {
            let each = choices
                .iter()
                .map(|schema| self.within(name, schema, lists));
            return each.flatten().collect();
        }
        if let Some(items) = schema.get("items").filter(|_| lists > 0) {
            let items = self.within(name, items, lists - 1).into_iter();
            return items.map(|item| json!([item])).collect();
        }
        let plain = self.of(name, schema);
        let mut all = vec![plain.clone()];
        for (name, schema) in schema["properties"].as_object().into_iter().flatten() {
            for value in self.within(name, schema, lists) {
                if plain.get(name) != Some(&value) {
                    let mut fuller = plain.clone();
                    fuller[name] = value;
                    all.push(fuller);
                }
            }
        }
        all
    }

    fn object(&self, schema: &Value) -> Value {
        let required: Vec<&str> = schema["required"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .collect();
        let mut object = Map::new();
        for (name, schema) in schema["properties"].as_object().into_iter().flatten() {
            // An id that may be left out is what somebody would put another's into.
            if required.contains(&name.as_str()) || schema["format"] == "uuid" {
                object.insert(name.clone(), self.of(name, schema));
            }
        }
        if object.is_empty()
            && let Some((name, schema)) = schema["properties"]
                .as_object()
                .into_iter()
                .flatten()
                .next()
        {
            // To ask for nothing may be refused.
            object.insert(name.clone(), self.of(name, schema));
        }
        Value::Object(object)
    }

    fn text(name: &str, schema: &Value) -> String {
        let text = match schema["format"].as_str() {
            Some("date") => "2026-11-20",
            Some("date-time") => "2026-11-20T08:00:00Z",
            Some("email") => "somebody@example.test",
            Some("uuid") => panic!(
                "{name} is an id: say in tests/security/people.rs what it names, so that another's is tried"
            ),
            _ => {
                let pattern = schema.get("pattern");
                assert!(
                    pattern.is_none(),
                    "{name}: {pattern:?} needs examples in the contract"
                );
                let length = schema["minLength"].as_u64().unwrap_or(1).max(1);
                return "x".repeat(usize::try_from(length).expect("a length"));
            }
        };
        text.to_owned()
    }
}
