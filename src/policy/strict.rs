//! Reading against a schema: every mistake of a value in one go, each in words that say what to do.

use crate::base::{Path, Segment};
use crate::policy::mistake::{Mistake, Part};
use crate::policy::suggest::{did_you_mean_or_known, nearest};
use crate::policy::wording::{field, first_sentence, not_among, seen, wanted_type};
use jsonschema::error::ValidationErrorKind as Kind;
use jsonschema::paths::{Location, LocationSegment};
use jsonschema::{Draft, ValidationError, Validator};
use serde_json::Value;
use std::sync::OnceLock;

/// A key that has a meaning in a later release: refused in words that say so, never ignored.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Shelved {
    /// The map it stands in, as a path of plain keys.
    pub(crate) parent: &'static str,
    /// The key.
    pub(crate) key: &'static str,
    /// What to do about it.
    pub(crate) message: &'static str,
}

/// What a file, or a part of one, must look like.
#[derive(Debug)]
pub(crate) struct Form {
    schema: Value,
    shelved: &'static [Shelved],
    /// Made at the first question: most checks are asked about by no file.
    validator: OnceLock<Result<Validator, String>>,
}

impl Form {
    /// The form that a JSON Schema describes.
    pub(crate) fn new(schema: Value, shelved: &'static [Shelved]) -> Self {
        Self { schema, shelved, validator: OnceLock::new() }
    }

    /// The schema behind it.
    pub(crate) fn schema(&self) -> &Value {
        &self.schema
    }

    /// All mistakes of a value that stands at this path of its file, in no particular order.
    pub(crate) fn mistakes(&self, value: &Value, at: &Path) -> Vec<Mistake> {
        let validator = match self.validator.get_or_init(|| self.build()) {
            Ok(validator) => validator,
            // The program's fault and not the file's; still nothing may pass unread.
            Err(message) => return vec![Mistake::of_value(at.clone(), message)],
        };
        let reader = Reader { form: self, value, at };
        let mut found: Vec<Mistake> = validator.iter_errors(value).flat_map(|error| reader.explain(&error)).collect();
        drop_echoes(&mut found);
        found
    }

    fn build(&self) -> Result<Validator, String> {
        let options = jsonschema::options().with_draft(Draft::Draft202012).should_validate_formats(true);
        options.build(&self.schema).map_err(|error| format!("this cannot be read: its schema is broken: {error}"))
    }
}

/// Puts what the validator found into words.
struct Reader<'a> {
    form: &'a Form,
    value: &'a Value,
    at: &'a Path,
}

impl Reader<'_> {
    fn explain(&self, error: &ValidationError<'_>) -> Vec<Mistake> {
        let path = self.path(error.instance_path());
        match error.kind() {
            Kind::AdditionalProperties { unexpected } | Kind::UnevaluatedProperties { unexpected } => {
                unexpected.iter().map(|key| self.unknown_key(error, &path, key)).collect()
            }
            Kind::Required { property } => {
                let key = property.as_str().unwrap_or_default();
                vec![self.missing_key(error, path, key)]
            }
            Kind::PropertyNames { error: inner } => vec![self.bad_key(error, &path, inner.instance())],
            Kind::AnyOf { context } | Kind::OneOfNotValid { context } => self.no_form_fits(error, path, context),
            _ => vec![Mistake::of_value(path.clone(), self.value_message(error, &path))],
        }
    }

    fn unknown_key(&self, error: &ValidationError<'_>, parent: &Path, key: &str) -> Mistake {
        let path = parent.clone().key(key);
        if let Some(shelved) = self.form.shelved.iter().find(|it| it.key == key && Path::keys(it.parent) == *parent) {
            return Mistake::of_key(path, shelved.message);
        }
        let hint = did_you_mean_or_known(key, &self.known_keys(error));
        Mistake::of_key(path.clone(), format!("unknown key {}{hint}", field(&path)))
    }

    /// A key of a map whose keys have a form of their own.
    fn bad_key(&self, error: &ValidationError<'_>, parent: &Path, key: &Value) -> Mistake {
        let path = parent.clone().key(key.as_str().unwrap_or_default());
        let message = format!("the key {} has another form; wanted {}", field(&path), self.wanted(error));
        Mistake::of_key(path, message)
    }

    fn missing_key(&self, error: &ValidationError<'_>, parent: Path, key: &str) -> Mistake {
        let about = self.around(error).and_then(|schema| schema["properties"][key]["description"].as_str());
        let about = about.map_or_else(String::new, |text| format!(": {}", first_sentence(text)));
        let path = parent.key(key);
        let message = format!("missing key {}{about}", field(&path));
        Mistake::of_absent(path, message)
    }

    /// Of several forms none fits. If all are single words, they are listed; if only one is of the right type, its own
    /// mistakes are told.
    fn no_form_fits(
        &self,
        error: &ValidationError<'_>,
        path: Path,
        forms: &[Vec<ValidationError<'static>>],
    ) -> Vec<Mistake> {
        if let Some(message) = self.wanted_words(error).map(|words| not_among(error.instance(), &path, &words)) {
            return vec![Mistake::of_value(path, message)];
        }
        let wrong_type = |it: &&ValidationError<'_>| {
            matches!(it.kind(), Kind::Type { .. }) && it.instance_path().as_str() == error.instance_path().as_str()
        };
        let mut right_type = forms.iter().filter(|errors| !errors.iter().any(|it| wrong_type(&it)));
        match (right_type.next(), right_type.next()) {
            (Some(only), None) => only.iter().flat_map(|error| self.explain(error)).collect(),
            _ => {
                let message = format!("{} is {}; wanted {}", field(&path), seen(error.instance()), self.wanted(error));
                vec![Mistake::of_value(path, message)]
            }
        }
    }

    fn value_message(&self, error: &ValidationError<'_>, path: &Path) -> String {
        let (name, value) = (field(path), error.instance());
        match error.kind() {
            Kind::Type { kind } if value.is_null() => {
                format!("{name} has no value; wanted {}", wanted_type(kind, value))
            }
            Kind::Type { kind } => format!("{name} is {}; wanted {}", seen(value), wanted_type(kind, value)),
            Kind::Enum { .. } | Kind::Constant { .. } => {
                not_among(value, path, &self.wanted_words(error).unwrap_or_default())
            }
            Kind::Pattern { .. } | Kind::Format { .. } => {
                format!("{name} is {}; wanted {}", seen(value), self.wanted(error))
            }
            Kind::MinLength { limit: 1 } => format!("{name} is empty; wanted a text"),
            Kind::MinItems { limit: 1 } => format!("{name} is empty; wanted one item or more"),
            Kind::Minimum { limit } => format!("{name} is {value}; wanted {limit} or more"),
            Kind::Maximum { limit } => format!("{name} is {value}; wanted {limit} or less"),
            Kind::ExclusiveMinimum { limit } => format!("{name} is {value}; wanted more than {limit}"),
            Kind::ExclusiveMaximum { limit } => format!("{name} is {value}; wanted less than {limit}"),
            Kind::UniqueItems => format!("{name} holds the same item twice"),
            _ => format!("{name}: {error}"),
        }
    }

    /// The part of the schema that the failed keyword stands in.
    fn around(&self, error: &ValidationError<'_>) -> Option<&Value> {
        let keyword = error.schema_path().as_str();
        self.form.schema.pointer(keyword.rsplit_once('/')?.0)
    }

    fn known_keys(&self, error: &ValidationError<'_>) -> Vec<&str> {
        let properties = self.around(error).and_then(|schema| schema["properties"].as_object());
        properties.into_iter().flat_map(|keys| keys.keys().map(String::as_str)).collect()
    }

    /// What should stand there, as the schema names it.
    fn wanted(&self, error: &ValidationError<'_>) -> String {
        let schema = self.around(error);
        let named = schema.and_then(|schema| schema["title"].as_str().or_else(|| schema["description"].as_str()));
        named.map_or_else(|| "another form".to_owned(), first_sentence)
    }

    /// The words that may stand there, if only words may.
    fn wanted_words(&self, error: &ValidationError<'_>) -> Option<Vec<&str>> {
        words_of(self.around(error)?)
    }

    fn path(&self, location: &Location) -> Path {
        let mut here = Some(self.value);
        location.iter().fold(self.at.clone(), |path, segment| {
            // A key of digits looks like an index.
            let (key, index) = match segment {
                LocationSegment::Property(key) => (key.into_owned(), None),
                LocationSegment::Index(index) => (index.to_string(), Some(index)),
            };
            let is_list = here.is_some_and(Value::is_array);
            here = here.and_then(|value| if is_list { value.get(index?) } else { value.get(&key) });
            match index {
                Some(index) if is_list => path.index(index),
                _ => path.key(&key),
            }
        })
    }
}

/// A key written wrongly is also a key that is missing: once is enough.
fn drop_echoes(found: &mut Vec<Mistake>) {
    let unknown: Vec<Path> = found.iter().filter(|it| it.part == Part::Key).map(|it| it.path.clone()).collect();
    found.retain(|it| it.part != Part::Absent || !is_echo(&it.path, &unknown));
}

fn is_echo(missing: &Path, unknown: &[Path]) -> bool {
    let Some(Segment::Key(key)) = missing.segments().last() else { return false };
    unknown.iter().any(|path| match path.segments().last() {
        Some(Segment::Key(seen)) => path.parent() == missing.parent() && nearest(seen, [key.as_ref()]).is_some(),
        _ => false,
    })
}

/// The words that a schema allows, if it allows words only.
pub(crate) fn words_of(schema: &Value) -> Option<Vec<&str>> {
    let forms = ["oneOf", "anyOf"].iter().find_map(|keyword| schema[keyword].as_array());
    let words: Option<Vec<_>> =
        forms.map_or(std::slice::from_ref(schema), Vec::as_slice).iter().map(words_of_form).collect();
    words.map(|words| words.concat())
}

fn words_of_form(form: &Value) -> Option<Vec<&str>> {
    match (form["const"].as_str(), form["enum"].as_array()) {
        (Some(word), _) => Some(vec![word]),
        (None, Some(words)) => words.iter().map(Value::as_str).collect(),
        (None, None) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    /// What the files of `tests/data/policy-mistakes/` do not show: forms that only parameters of checks have.
    #[test]
    fn every_kind_of_mistake_has_its_words() {
        let image =
            json!({"type": "object", "properties": {"image": {"type": "string"}}, "additionalProperties": false});
        let cases = [
            (json!({"maximum": 600}), json!(700), "`params.x` is 700; wanted 600 or less"),
            (json!({"exclusiveMinimum": 0}), json!(0), "`params.x` is 0; wanted more than 0"),
            (json!({"exclusiveMaximum": 1}), json!(1.5), "`params.x` is 1.5; wanted less than 1"),
            (json!({"uniqueItems": true}), json!([1, 1]), "`params.x` holds the same item twice"),
            (
                json!({"type": ["integer", "string"]}),
                json!([]),
                "`params.x` is a list; wanted a whole number or a text",
            ),
            (json!({"enum": ["a", "b"]}), json!(["a"]), "`params.x` is a list; wanted one of a, b"),
            (json!({"const": "a"}), json!("b"), "`params.x` is `b`; wanted a"),
            (
                json!({"anyOf": [{"type": "string"}, image]}),
                json!({"imag": "x"}),
                "unknown key `params.x.imag`; did you mean `image`?",
            ),
            (
                json!({"anyOf": [{"type": "string"}, image], "title": "an image"}),
                json!(3),
                "`params.x` is the number 3; wanted an image",
            ),
            (json!({"type": "strin"}), json!(3), "broken"),
        ];
        for (schema, value, message) in cases {
            let form = Form::new(schema.clone(), &[]);
            let found = form.mistakes(&value, &Path::keys("params.x"));
            assert_eq!(found.len(), 1, "{schema} {value}: {found:?}");
            assert!(found[0].message.contains(message), "{schema} {value}: {}", found[0].message);
        }
    }

    #[test]
    fn keys_of_digits_are_keys_in_maps_and_indices_in_lists() {
        let form = Form::new(json!({"additionalProperties": {"items": {"type": "integer"}}}), &[]);
        let found = form.mistakes(&json!({"0": ["a"]}), &Path::root());
        assert_eq!(found[0].path, Path::root().key("0").index(0));
    }
}
