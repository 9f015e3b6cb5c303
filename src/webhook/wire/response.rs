//! The answer to a review, exactly as the API server checks it.

use crate::manifest::edit::Operation;
use crate::webhook::wire::{API_VERSION, KIND};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde::Serialize;
use std::collections::BTreeMap;

/// What is answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AdmissionResponse<'a> {
    uid: &'a str,
    allowed: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<Status>,
    #[serde(flatten)]
    patch: Option<Patch>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    warnings: Vec<String>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    audit_annotations: BTreeMap<String, String>,
}

/// A JSON Patch of the object. The API server takes both fields or neither, and neither of a webhook that validates.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
struct Patch {
    /// In base64.
    patch: String,
    patch_type: &'static str,
}

/// Why it is refused. kubectl prints the message whole with this code and reason: with `Invalid` it may drop it, and it
/// repeats a 409.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct Status {
    status: &'static str,
    code: u16,
    reason: &'static str,
    message: String,
}

impl<'a> AdmissionResponse<'a> {
    /// Lets the request through.
    pub fn allowed(uid: &'a str) -> Self {
        let (warnings, audit_annotations) = (Vec::new(), BTreeMap::new());
        Self { uid, allowed: true, status: None, patch: None, warnings, audit_annotations }
    }

    /// Refuses the request: 403 Forbidden, with a message of one or more lines.
    pub fn denied(uid: &'a str, message: &str) -> Self {
        let message = without_controls(message, true);
        let status = Status { status: "Failure", code: 403, reason: "Forbidden", message };
        Self { allowed: false, status: Some(status), ..Self::allowed(uid) }
    }

    /// Adds the operations that the API server is to do on the object; none of them, and there is no patch.
    ///
    /// # Errors
    /// None for what operations can hold; passed on all the same.
    pub fn patch(mut self, operations: &[Operation]) -> serde_json::Result<Self> {
        if !operations.is_empty() {
            let patch = BASE64_STANDARD.encode(serde_json::to_vec(operations)?);
            self.patch = Some(Patch { patch, patch_type: "JSONPatch" });
        }
        Ok(self)
    }

    /// Adds warnings, one line each. The API server silently drops a warning that holds a control character.
    #[must_use]
    pub fn warn(mut self, warnings: &[String]) -> Self {
        let lines = warnings.iter().map(|warning| without_controls(warning, false));
        self.warnings.extend(lines.filter(|line| !line.is_empty()));
        self
    }

    /// Adds audit annotations. The API server drops those whose key is no qualified name, so the keys are made to be one.
    #[must_use]
    pub fn audit(mut self, annotations: &BTreeMap<String, String>) -> Self {
        let named = annotations.iter().map(|(key, value)| (annotation_key(key), value.clone()));
        self.audit_annotations.extend(named.filter(|(key, _)| !key.is_empty()));
        self
    }

    /// The body of the answer.
    ///
    /// # Errors
    /// None for what this type can hold; passed on all the same.
    pub fn to_json(&self) -> serde_json::Result<Vec<u8>> {
        #[derive(Serialize)]
        #[serde(rename_all = "camelCase")]
        struct Review<'a> {
            api_version: &'static str,
            kind: &'static str,
            response: &'a AdmissionResponse<'a>,
        }
        serde_json::to_vec(&Review { api_version: API_VERSION, kind: KIND, response: self })
    }
}

/// Line ends become one space (or stay), all other control characters go: a terminal must not be driven by an object.
fn without_controls(text: &str, keep_lines: bool) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.trim().chars() {
        match character {
            '\n' if keep_lines => out.push('\n'),
            '\n' | '\t' if !out.ends_with(' ') => out.push(' '),
            control if control.is_control() => {}
            other => out.push(other),
        }
    }
    out
}

/// At most 63 of `[A-Za-z0-9._-]`, a letter or digit at both ends.
fn annotation_key(key: &str) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-') { c } else { '-' };
    let key: String =
        key.trim_start_matches(|c: char| !c.is_ascii_alphanumeric()).chars().map(plain).take(63).collect();
    key.trim_end_matches(|c: char| !c.is_ascii_alphanumeric()).to_owned()
}

#[cfg(test)]
mod tests;
