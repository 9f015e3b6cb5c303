//! The engine as the product sets it up.

use seaworthy::base::{Mode, Source};
use seaworthy::engine::Engine;
use seaworthy::policy::SettingsFile;

/// All built-in rules under the text of a `seaworthy.yaml`.
pub fn engine(settings: &str, unsaid_mode: Mode) -> Engine {
    let settings = SettingsFile::read(&Source::new("seaworthy.yaml", settings));
    Engine::load(&settings, &[], unsaid_mode).unwrap_or_else(|problems| panic!("{problems:?}"))
}
