//! YAML nodes that know their path, so that every refusal can name it.

use saphyr::{LoadableYamlNode as _, Scalar, Yaml};

use super::TemplateError;

/// A node of the template and the way to it.
#[derive(Debug, Clone)]
pub(super) struct Node<'a> {
    path: String,
    yaml: &'a Yaml<'a>,
}

/// Parses the one document of a template.
pub(super) fn parse(text: &str) -> Result<Yaml<'_>, TemplateError> {
    let documents =
        Yaml::load_from_str(text).map_err(|error| TemplateError::NotYaml(error.to_string()))?;
    let count = documents.len();
    match <[Yaml<'_>; 1]>::try_from(documents) {
        Ok([document]) => Ok(document),
        Err(_) => Err(TemplateError::NotYaml(format!(
            "{count} documents where one belongs"
        ))),
    }
}

impl<'a> Node<'a> {
    pub(super) fn root(yaml: &'a Yaml<'a>) -> Self {
        Self {
            path: String::new(),
            yaml,
        }
    }

    pub(super) fn path(&self) -> &str {
        &self.path
    }

    /// Refuses this node.
    pub(super) fn refuse(&self, problem: impl Into<String>) -> TemplateError {
        TemplateError::Refused {
            path: self.path.clone(),
            problem: problem.into(),
        }
    }

    /// Returns the intrinsic function's name and its argument when the node is tagged, as in `!Ref X`.
    pub(super) fn intrinsic(&self) -> Option<(&'a str, Node<'a>)> {
        let Yaml::Tagged(tag, yaml) = self.yaml else {
            return None;
        };
        let argument = Node {
            path: format!("{} !{}", self.path, tag.suffix),
            yaml,
        };
        Some((tag.suffix.as_str(), argument))
    }

    /// Returns the members of a mapping in the order of the file.
    pub(super) fn entries(&self) -> Result<Vec<(&'a str, Node<'a>)>, TemplateError> {
        let Yaml::Mapping(mapping) = self.yaml else {
            return Err(self.refuse("is not a mapping"));
        };
        mapping
            .iter()
            .map(|(key, yaml)| {
                let Yaml::Value(Scalar::String(key)) = key else {
                    return Err(self.refuse("has a key that is not text"));
                };
                let key = key.as_ref();
                let path = if self.path.is_empty() {
                    key.to_owned()
                } else {
                    format!("{}.{key}", self.path)
                };
                Ok((key, Node { path, yaml }))
            })
            .collect()
    }

    /// Returns the members of a mapping that has no others than the `known` ones.
    pub(super) fn fields(&self, known: &[&str]) -> Result<Fields<'a>, TemplateError> {
        let entries = self.entries()?;
        if let Some((_, unknown)) = entries.iter().find(|(key, _)| !known.contains(key)) {
            return Err(unknown.refuse("is not understood"));
        }
        Ok(Fields {
            parent: self.clone(),
            entries,
        })
    }

    /// Returns the items of a sequence.
    pub(super) fn items(&self) -> Result<Vec<Node<'a>>, TemplateError> {
        let Yaml::Sequence(items) = self.yaml else {
            return Err(self.refuse("is not a list"));
        };
        Ok(items
            .iter()
            .enumerate()
            .map(|(index, yaml)| Node {
                path: format!("{}[{index}]", self.path),
                yaml,
            })
            .collect())
    }

    /// Returns a scalar as text, as CloudFormation does with numbers and booleans.
    pub(super) fn text(&self) -> Result<String, TemplateError> {
        match self.yaml {
            Yaml::Value(Scalar::String(text)) => Ok(text.clone().into_owned()),
            Yaml::Value(Scalar::Integer(number)) => Ok(number.to_string()),
            Yaml::Value(Scalar::Boolean(boolean)) => Ok(boolean.to_string()),
            Yaml::Tagged(tag, _) => Err(self.refuse(format!(
                "uses !{}, which is not understood here",
                tag.suffix
            ))),
            Yaml::Value(Scalar::Null | Scalar::FloatingPoint(_))
            | Yaml::Representation(..)
            | Yaml::Sequence(_)
            | Yaml::Mapping(_)
            | Yaml::Alias(_)
            | Yaml::BadValue => Err(self.refuse("is not text")),
        }
    }

    /// Returns a whole number between two limits, both included.
    pub(super) fn number(&self, least: u32, most: u32) -> Result<u32, TemplateError> {
        match self.yaml {
            Yaml::Value(Scalar::Integer(number)) => u32::try_from(*number)
                .ok()
                .filter(|number| (least..=most).contains(number)),
            Yaml::Value(_)
            | Yaml::Tagged(..)
            | Yaml::Representation(..)
            | Yaml::Sequence(_)
            | Yaml::Mapping(_)
            | Yaml::Alias(_)
            | Yaml::BadValue => None,
        }
        .ok_or_else(|| self.refuse(format!("is not a whole number from {least} to {most}")))
    }

    /// Accepts one value only.
    pub(super) fn only(&self, accepted: &str) -> Result<(), TemplateError> {
        if self.text()? == accepted {
            return Ok(());
        }
        Err(self.refuse(format!("is not {accepted:?}, the one value understood")))
    }

    /// Accepts `!GetAtt <logical id>.<attribute>` and returns the logical id.
    pub(super) fn attribute_of(&self, attribute: &str) -> Result<String, TemplateError> {
        let refusal = || self.refuse(format!("is not !GetAtt <resource>.{attribute}"));
        let Some(("GetAtt", argument)) = self.intrinsic() else {
            return Err(refusal());
        };
        let text = argument.text()?;
        match text.split_once('.') {
            Some((id, given)) if given == attribute => Ok(id.to_owned()),
            _ => Err(refusal()),
        }
    }
}

/// The members of a mapping, by name.
#[derive(Debug)]
pub(super) struct Fields<'a> {
    parent: Node<'a>,
    entries: Vec<(&'a str, Node<'a>)>,
}

impl<'a> Fields<'a> {
    pub(super) fn get(&self, name: &str) -> Option<Node<'a>> {
        self.entries
            .iter()
            .find(|(key, _)| *key == name)
            .map(|(_, node)| node.clone())
    }

    pub(super) fn require(&self, name: &str) -> Result<Node<'a>, TemplateError> {
        self.get(name)
            .ok_or_else(|| self.parent.refuse(format!("lacks {name}")))
    }
}
