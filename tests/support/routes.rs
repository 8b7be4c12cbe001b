//! The HTTP contract as tests go through it: every operation of `docs/openapi.yaml`.
//!
//! The contract tests hold that document to the routes of `template.yaml`, so whoever adds a route
//! adds it to every test that goes through them all.

use crate::json_schema::resolve;
use crate::yaml;
use reqwest::Method;
use serde_json::Value;
use std::collections::BTreeSet;

/// The methods that a path of the contract may answer.
const METHODS: [&str; 5] = ["get", "put", "post", "patch", "delete"];

/// Method, path and description of every operation of a document.
pub fn operations(document: &Value) -> Vec<(String, String, &Value)> {
    let paths = document
        .get("paths")
        .and_then(Value::as_object)
        .into_iter()
        .flatten();
    paths
        .flat_map(|(path, item)| {
            let methods = METHODS
                .iter()
                .filter_map(move |method| Some((*method, item.get(method)?)));
            methods.map(move |(method, operation)| (method.to_uppercase(), path.clone(), operation))
        })
        .collect()
}

/// The contract.
#[derive(Debug)]
pub struct Contract {
    /// The document.
    pub document: Value,
    /// Its operations; those that destroy come last, the deepest of them first.
    pub operations: Vec<Operation>,
}

/// One operation.
#[derive(Debug, Clone)]
pub struct Operation {
    /// Its method.
    pub method: Method,
    /// Its path, the names of parameters in braces.
    pub path: String,
    /// Whether it asks for a user's token.
    pub is_of_users: bool,
    /// What else is asked with.
    pub parameters: Vec<Parameter>,
    /// The media type that is sent, JSON if it may be, and its schema.
    pub body: Option<(String, Value)>,
}

/// One parameter.
#[derive(Debug, Clone)]
pub struct Parameter {
    /// Its name.
    pub name: String,
    /// `path`, `query` or `header`.
    pub place: String,
    /// Whether it has to be there.
    pub is_required: bool,
    /// What it may be.
    pub schema: Value,
}

impl Contract {
    /// Reads it.
    ///
    /// # Panics
    /// When the document is not one.
    pub fn read() -> Self {
        let document = yaml::read("docs/openapi.yaml").expect("the contract");
        let mut operations: Vec<Operation> = operations(&document)
            .into_iter()
            .map(|(method, path, operation)| Operation::of(&document, &method, path, operation))
            .collect();
        operations.sort_by_key(|operation| {
            let destroys = operation.method == Method::DELETE;
            let depth = operation.path.matches('/').count();
            (destroys, if destroys { usize::MAX - depth } else { depth })
        });
        assert!(operations.len() > 20, "{}", operations.len());
        Self {
            document,
            operations,
        }
    }

    /// The operations that ask for a user's token.
    pub fn of_users(&self) -> impl Iterator<Item = &Operation> {
        self.operations
            .iter()
            .filter(|operation| operation.is_of_users)
    }
}

impl Operation {
    fn of(document: &Value, method: &str, path: String, operation: &Value) -> Self {
        let shared = &document["paths"][&path]["parameters"];
        let parameters: Vec<Parameter> = [shared, &operation["parameters"]]
            .into_iter()
            .filter_map(Value::as_array)
            .flatten()
            .map(|parameter| Parameter::of(document, parameter))
            .collect();
        let described: BTreeSet<&str> = parameters
            .iter()
            .filter(|parameter| parameter.place == "path")
            .map(|parameter| parameter.name.as_str())
            .collect();
        let named: BTreeSet<&str> = names(&path).collect();
        assert_eq!(described, named, "{path}");
        let content = operation["requestBody"]["content"].as_object();
        let body = content.and_then(|content| {
            let json = content.get_key_value("application/json");
            let (media, body) = json.or_else(|| content.iter().next())?;
            Some((media.clone(), body["schema"].clone()))
        });
        // What is said of the whole document holds unless an operation says otherwise.
        let security = operation.get("security").unwrap_or(&document["security"]);
        Self {
            method: method.parse().expect("a method"),
            is_of_users: security
                .as_array()
                .is_some_and(|schemes| !schemes.is_empty()),
            path,
            parameters,
            body,
        }
    }

    /// Its parameters of one place.
    pub fn parameters_in(&self, place: &str) -> impl Iterator<Item = &Parameter> {
        self.parameters
            .iter()
            .filter(move |parameter| parameter.place == place)
    }
}

impl std::fmt::Display for Operation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}", self.method, self.path)
    }
}

impl Parameter {
    fn of(document: &Value, parameter: &Value) -> Self {
        let parameter = whole(document, parameter);
        let text = |key: &str| parameter[key].as_str().expect("a text").to_owned();
        Self {
            name: text("name"),
            place: text("in"),
            is_required: parameter["required"] == true,
            schema: whole(document, &parameter["schema"]).clone(),
        }
    }
}

/// What a value is, where it only points at it.
fn whole<'a>(document: &'a Value, value: &'a Value) -> &'a Value {
    match value["$ref"].as_str() {
        Some(reference) => resolve(document, reference).expect("a reference that leads somewhere"),
        None => value,
    }
}

/// The names in braces of a path, in order.
pub fn names(path: &str) -> impl Iterator<Item = &str> {
    path.split('/')
        .filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'))
}
