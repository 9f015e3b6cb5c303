//! Objects judged by the engine, as one file.

use seaworthy::base::{Finding, Mode, Source};
use seaworthy::engine::{Engine, Input, check};
use seaworthy::manifest::{Limits, read_documents};
use seaworthy::policy::SettingsFile;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Judges objects under configurations; reading one takes longer than judging, and many cases share it.
#[derive(Default)]
pub struct Judge {
    engines: BTreeMap<String, Engine>,
}

impl Judge {
    /// The findings on these objects under the text of a `seaworthy.yaml`.
    pub fn findings(&mut self, settings: &str, objects: &[Value]) -> Vec<Finding> {
        let load = || Engine::load(&SettingsFile::read(&Source::new("seaworthy.yaml", settings)), &[], Mode::Warn);
        let engine = self.engines.entry(settings.to_owned()).or_insert_with(|| load().unwrap());
        let list = json!({"apiVersion": "v1", "kind": "List", "items": objects});
        let source = Source::new("objects.yaml", list.to_string());
        let reading = read_documents(&source, &Limits::default());
        let input = Input::to_check(source.name(), reading, engine);
        check(vec![input], "2026-11-21".parse().unwrap()).findings
    }
}
