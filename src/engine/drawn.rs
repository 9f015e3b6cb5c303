//! How the pod of an object ends in a manifest, drawn: what a finding about its end comes with, also where there is none left.

use crate::base::{ObjectRef, Source};
use crate::checks;
use crate::engine::session::gathered;
use crate::engine::{Engine, Input};
use crate::inventory::Subject;
use crate::manifest::{Limits, read_documents};
use serde_json::Value;

impl Engine {
    /// The end of the pods of an object of a manifest, drawn with what the parameters of a rule say of shutdown and callers. Empty
    /// where the object is not there, or has no pods.
    pub fn drawn_end(&self, manifest: &Source, object: &ObjectRef, params: &Value) -> Vec<String> {
        let reading = read_documents(manifest, &Limits::default());
        let (files, inventory) = gathered(vec![Input::new(manifest.name(), reading, self)]);
        let Some(object) = files.iter().flat_map(|file| &file.objects).find(|it| it.reference() == object) else {
            return Vec::new();
        };
        let namespace = object.reference().namespace.as_deref().unwrap_or("");
        let profile = self.settings().profile.for_namespace(namespace);
        checks::drawn_end(&Subject::new(object, &inventory, &profile), params)
    }
}
