//! Documents that are made from the program. They are committed, and a test beside each source says when they are old.

use anyhow::Context;
use seaworthy::policy::{rule_schema, schema_text, settings_schema};
use std::fs;
use std::path::Path;

/// Writes all generated documents below this folder.
pub fn write(root: &Path) -> anyhow::Result<()> {
    for (name, text) in documents() {
        let path = root.join(name);
        let folder = path.parent().context("a document stands in a folder")?;
        fs::create_dir_all(folder)?;
        fs::write(&path, text).with_context(|| format!("{} cannot be written", path.display()))?;
    }
    Ok(())
}

fn documents() -> [(&'static str, String); 2] {
    [
        ("docs/schema/rule.v1alpha1.json", schema_text(&rule_schema())),
        ("docs/schema/seaworthy.json", schema_text(&settings_schema())),
    ]
}
