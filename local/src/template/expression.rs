//! Values that depend on the deployment: `!Ref`, `!Sub` and secrets.

use std::collections::BTreeMap;

use super::TemplateError;
use super::yaml::Node;

const SECRET: &str = "{{resolve:secretsmanager:";

/// A value of the template that is known only where it is deployed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expression {
    path: String,
    parts: Vec<Part>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Text(String),
    Reference(String),
}

/// What the names in an [`Expression`] stand for on this machine.
pub struct Scope<'a> {
    /// Values of the parameters, complete (see [`super::Template::parameter_values`]).
    pub parameters: &'a BTreeMap<String, String>,
    /// Gives the URL of a queue by its logical id.
    pub queue_url: &'a dyn Fn(&str) -> Option<String>,
    /// What `AWS::Region` stands for.
    pub region: &'a str,
    /// Gives the value of a key of a secret, named by its ARN.
    pub secret: &'a dyn Fn(&str, &str) -> Option<String>,
}

impl std::fmt::Debug for Scope<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Scope")
            .field("region", &self.region)
            .finish_non_exhaustive()
    }
}

impl Expression {
    /// Reads a literal, a `!Ref` or a `!Sub` with text alone.
    pub(super) fn read(node: &Node<'_>) -> Result<Self, TemplateError> {
        let parts = match node.intrinsic() {
            None => vec![Part::Text(node.text()?)],
            Some(("Ref", argument)) => vec![Part::Reference(argument.text()?)],
            Some(("Sub", argument)) => substitutions(&argument)?,
            Some((other, _)) => {
                return Err(node.refuse(format!("uses !{other}, which is not understood here")));
            }
        };
        Ok(Self {
            path: node.path().to_owned(),
            parts,
        })
    }

    /// Returns the names that the expression refers to.
    pub fn references(&self) -> impl Iterator<Item = &str> {
        self.parts.iter().filter_map(|part| match part {
            Part::Reference(name) => Some(name.as_str()),
            Part::Text(_) => None,
        })
    }

    /// Returns the value in a scope.
    ///
    /// # Errors
    /// When a name or a secret is unknown in the scope.
    pub fn resolve(&self, scope: &Scope<'_>) -> Result<String, TemplateError> {
        let mut text = String::new();
        for part in &self.parts {
            match part {
                Part::Text(literal) => text.push_str(literal),
                Part::Reference(name) => text.push_str(&self.reference(name, scope)?),
            }
        }
        self.secrets(&text, scope)
    }

    fn reference(&self, name: &str, scope: &Scope<'_>) -> Result<String, TemplateError> {
        if name == "AWS::Region" {
            return Ok(scope.region.to_owned());
        }
        scope
            .parameters
            .get(name)
            .cloned()
            .or_else(|| (scope.queue_url)(name))
            .ok_or_else(|| self.refuse(format!("refers to {name}, which has no value here")))
    }

    fn secrets(&self, text: &str, scope: &Scope<'_>) -> Result<String, TemplateError> {
        let mut resolved = String::new();
        let mut rest = text;
        while let Some((before, reference)) = rest.split_once("{{resolve:") {
            resolved.push_str(before);
            let Some((reference, after)) = reference.split_once("}}") else {
                return Err(self.refuse("has a dynamic reference without an end"));
            };
            let parts = reference
                .strip_prefix("secretsmanager:")
                .and_then(|rest| rest.rsplit_once(":SecretString:"));
            let Some((arn, key)) = parts else {
                return Err(self.refuse(format!(
                    "has a dynamic reference that is not {SECRET}ARN:SecretString:KEY}}}}"
                )));
            };
            let value = (scope.secret)(arn, key).ok_or_else(|| {
                self.refuse(format!(
                    "asks secret {arn} for {key}, which it does not hold"
                ))
            })?;
            resolved.push_str(&value);
            rest = after;
        }
        resolved.push_str(rest);
        Ok(resolved)
    }

    fn refuse(&self, problem: impl Into<String>) -> TemplateError {
        TemplateError::Refused {
            path: self.path.clone(),
            problem: problem.into(),
        }
    }
}

fn substitutions(node: &Node<'_>) -> Result<Vec<Part>, TemplateError> {
    let text = node.text()?;
    let mut parts = Vec::new();
    let mut rest = text.as_str();
    while let Some((before, reference)) = rest.split_once("${") {
        let Some((name, after)) = reference.split_once('}') else {
            return Err(node.refuse("has ${ without }"));
        };
        if name.contains('.') || name.starts_with('!') {
            return Err(node.refuse(format!("substitutes {name}, which is not a plain name")));
        }
        parts.push(Part::Text(before.to_owned()));
        parts.push(Part::Reference(name.to_owned()));
        rest = after;
    }
    parts.push(Part::Text(rest.to_owned()));
    Ok(parts)
}
