//! YAML as JSON values, so that a test can look at any part of a file.

use saphyr::{LoadableYamlNode as _, Scalar, Yaml};
use serde_json::{Map, Value};
use std::error::Error;
use std::path::Path;

type Outcome<T> = Result<T, Box<dyn Error + Send + Sync>>;

/// Reads the one document of a file of the workspace; `!Tag x` becomes `{"!Tag": x}`.
///
/// # Errors
/// When there is no such file, or it is no plain YAML.
pub fn read(path: &str) -> Outcome<Value> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path);
    let text = std::fs::read_to_string(file).map_err(|error| format!("{path}: {error}"))?;
    let documents = Yaml::load_from_str(&text).map_err(|error| format!("{path}: {error}"))?;
    match documents.as_slice() {
        [document] => value(document),
        _ => Err(format!("{path}: holds {} documents", documents.len()).into()),
    }
}

fn value(yaml: &Yaml<'_>) -> Outcome<Value> {
    Ok(match yaml {
        Yaml::Value(Scalar::Null) => Value::Null,
        Yaml::Value(Scalar::Boolean(boolean)) => Value::from(*boolean),
        Yaml::Value(Scalar::Integer(integer)) => Value::from(*integer),
        Yaml::Value(Scalar::FloatingPoint(number)) => Value::from(number.into_inner()),
        Yaml::Value(Scalar::String(text)) => Value::from(text.as_ref()),
        Yaml::Sequence(items) => items.iter().map(value).collect::<Outcome<_>>()?,
        Yaml::Mapping(members) => {
            let mut map = Map::new();
            for (key, member) in members {
                let Yaml::Value(Scalar::String(key)) = key else {
                    return Err(format!("a key is not text: {key:?}").into());
                };
                map.insert(key.clone().into_owned(), value(member)?);
            }
            Value::Object(map)
        }
        Yaml::Tagged(tag, inner) => Value::Object(Map::from_iter([(
            format!("!{}", tag.suffix),
            value(inner)?,
        )])),
        Yaml::Representation(..) | Yaml::Alias(_) | Yaml::BadValue => {
            return Err(format!("not plain YAML: {yaml:?}").into());
        }
    })
}
