//! What a scalar of a manifest means: the rules of YAML 1.1 as `go-yaml` v2 has them, because kubectl reads with it.
//!
//! Source of every rule here: `resolve.go` and `decode.go` of <https://github.com/yaml/go-yaml/tree/v2> and
//! `convertToJSONableObject` of <https://github.com/kubernetes-sigs/yaml>. Knows nothing of places in a text.

use super::fault::shown;
use super::number;
use base64::Engine;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use serde_json::Value;
use std::borrow::Cow;

/// A scalar, resolved.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Scalar<'t> {
    Null,
    Bool(bool),
    Integer(i64),
    /// Above the range of `i64`.
    Unsigned(u64),
    Float(f64),
    Text(Cow<'t, str>),
}

/// The tag written before a scalar.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tag {
    /// None: a plain scalar is what it looks like, a quoted one is text.
    Absent,
    Str,
    Int,
    Float,
    Bool,
    Null,
    Timestamp,
    Binary,
    Merge,
    /// Any other, `!` alone too: text, whatever it looks like.
    Other,
}

/// Why a scalar has no meaning in JSON.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum Meaningless {
    #[error("the tag says {wanted}, and `{seen}` is none: correct the value or remove the tag")]
    NotOfItsTag { wanted: &'static str, seen: String },
    #[error("the tag says !!binary, and the value is no base64: wanted base64 with its padding")]
    NotBase64,
    #[error("{0} has no form in JSON: wanted a finite number, or quotes around it if it is meant as text")]
    NotFinite(&'static str),
    #[error("a number beyond 1.8e308: wanted a smaller one, or quotes around it if it is meant as text")]
    HugeNumber,
    #[error("a key is empty (null): wanted a word or a quoted text before the colon")]
    NullKey,
    #[error("a key is a number above 9223372036854775807: wanted quotes around it")]
    HugeKey,
}

impl Tag {
    /// The tag of the long name `tag:yaml.org,2002:<suffix>`.
    pub(super) fn of_yaml_schema(suffix: &str) -> Self {
        match suffix {
            "str" => Tag::Str,
            "int" => Tag::Int,
            "float" => Tag::Float,
            "bool" => Tag::Bool,
            "null" => Tag::Null,
            "timestamp" => Tag::Timestamp,
            "binary" => Tag::Binary,
            "merge" => Tag::Merge,
            _ => Tag::Other,
        }
    }

    fn wanted(self) -> &'static str {
        match self {
            Tag::Int => "!!int",
            Tag::Float => "!!float",
            Tag::Bool => "!!bool",
            Tag::Null => "!!null",
            Tag::Timestamp => "!!timestamp",
            Tag::Absent | Tag::Str | Tag::Binary | Tag::Merge | Tag::Other => "text",
        }
    }
}

/// What a scalar with this text and tag is; `plain` is whether it was written without quotes and not as a block.
pub(super) fn resolve(text: Cow<'_, str>, plain: bool, tag: Tag) -> Result<Scalar<'_>, Meaningless> {
    match tag {
        Tag::Absent if plain => Ok(guess(text)),
        Tag::Absent | Tag::Str | Tag::Merge | Tag::Other => Ok(Scalar::Text(text)),
        Tag::Binary => decode_base64(&text),
        Tag::Timestamp if super::timestamp::is_timestamp(&text) => Ok(Scalar::Text(text)),
        Tag::Int | Tag::Float | Tag::Bool | Tag::Null | Tag::Timestamp => of_tag(text, tag),
    }
}

/// What plain text looks like.
fn guess(text: Cow<'_, str>) -> Scalar<'_> {
    let found = match text.as_bytes().first() {
        None => Some(Scalar::Null),
        Some(b'0'..=b'9' | b'+' | b'-' | b'.') => word(&text).or_else(|| number::parse(&text)),
        Some(b'y' | b'Y' | b'n' | b'N' | b't' | b'T' | b'f' | b'F' | b'o' | b'O' | b'~') => word(&text),
        Some(_) => None,
    };
    found.unwrap_or(Scalar::Text(text))
}

/// The words with a meaning.
fn word(text: &str) -> Option<Scalar<'static>> {
    if text.len() > 5 {
        return None;
    }
    Some(match text {
        "y" | "Y" | "yes" | "Yes" | "YES" | "true" | "True" | "TRUE" | "on" | "On" | "ON" => Scalar::Bool(true),
        "n" | "N" | "no" | "No" | "NO" | "false" | "False" | "FALSE" | "off" | "Off" | "OFF" => Scalar::Bool(false),
        "~" | "null" | "Null" | "NULL" => Scalar::Null,
        ".nan" | ".NaN" | ".NAN" => Scalar::Float(f64::NAN),
        ".inf" | ".Inf" | ".INF" | "+.inf" | "+.Inf" | "+.INF" => Scalar::Float(f64::INFINITY),
        "-.inf" | "-.Inf" | "-.INF" => Scalar::Float(f64::NEG_INFINITY),
        _ => return None,
    })
}

fn of_tag(text: Cow<'_, str>, tag: Tag) -> Result<Scalar<'_>, Meaningless> {
    match (tag, guess(text.clone())) {
        (Tag::Int, found @ (Scalar::Integer(_) | Scalar::Unsigned(_))) => Ok(found),
        (Tag::Float, found @ Scalar::Float(_)) => Ok(found),
        #[allow(clippy::cast_precision_loss)] // as go-yaml does
        (Tag::Float, Scalar::Integer(integer)) => Ok(Scalar::Float(integer as f64)),
        (Tag::Bool, found @ Scalar::Bool(_)) | (Tag::Null, found @ Scalar::Null) => Ok(found),
        _ => Err(Meaningless::NotOfItsTag { wanted: tag.wanted(), seen: shown(&text) }),
    }
}

/// Go's `base64.StdEncoding`: line breaks are skipped, padding is wanted, spare bits are not looked at.
fn decode_base64(text: &str) -> Result<Scalar<'static>, Meaningless> {
    let config = GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::RequireCanonical)
        .with_decode_allow_trailing_bits(true);
    let encoded: Vec<u8> = text.bytes().filter(|byte| !matches!(byte, b'\r' | b'\n')).collect();
    let bytes = GeneralPurpose::new(&STANDARD, config).decode(encoded).map_err(|_| Meaningless::NotBase64)?;
    Ok(Scalar::Text(Cow::Owned(go_text(&bytes))))
}

/// Bytes as Go's JSON encoder writes them: one replacement character for each byte that is no UTF-8.
fn go_text(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        text.push_str(chunk.valid());
        text.extend(chunk.invalid().iter().map(|_| char::REPLACEMENT_CHARACTER));
    }
    text
}

impl Scalar<'_> {
    /// The scalar without borrowed text, for an anchor that outlives its event.
    pub(super) fn into_owned(self) -> Scalar<'static> {
        match self {
            Scalar::Null => Scalar::Null,
            Scalar::Bool(value) => Scalar::Bool(value),
            Scalar::Integer(value) => Scalar::Integer(value),
            Scalar::Unsigned(value) => Scalar::Unsigned(value),
            Scalar::Float(value) => Scalar::Float(value),
            Scalar::Text(text) => Scalar::Text(Cow::Owned(text.into_owned())),
        }
    }

    /// The scalar as a value of JSON.
    pub(super) fn into_value(self) -> Result<Value, Meaningless> {
        Ok(match self {
            Scalar::Null => Value::Null,
            Scalar::Bool(value) => Value::Bool(value),
            Scalar::Integer(value) => Value::Number(value.into()),
            Scalar::Unsigned(value) => Value::Number(value.into()),
            Scalar::Float(value) => number::json(value).ok_or(Meaningless::NotFinite(number::name(value)))?,
            Scalar::Text(text) => Value::String(text.into_owned()),
        })
    }

    /// The scalar as a key of a JSON object.
    pub(super) fn into_key(self) -> Result<String, Meaningless> {
        Ok(match self {
            Scalar::Null => return Err(Meaningless::NullKey),
            Scalar::Unsigned(_) => return Err(Meaningless::HugeKey),
            Scalar::Bool(value) => value.to_string(),
            Scalar::Integer(value) => value.to_string(),
            Scalar::Float(value) => number::key(value),
            Scalar::Text(text) => text.into_owned(),
        })
    }
}
