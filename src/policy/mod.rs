//! What people write: rule files and `seaworthy.yaml`, read strictly, every mistake in one run at its line and column.
//!
//! It knows what may be written and what it means. It never runs a check, never looks at an object, and knows no check: which
//! checks there are, and what parameters they take, is told by the caller.

mod builtin;
mod date;
mod exception;
mod file;
mod form;
mod kind;
mod known;
mod mistake;
mod modes;
mod release;
mod repair_mistakes;
mod repairs;
mod rule;
mod rule_file;
mod schema;
mod settings;
mod settings_file;
mod strict;
mod suggest;
mod wording;
mod workload_mistakes;

pub use builtin::{builtin_example, builtin_rules};
pub use date::{Date, InvalidDate};
pub use exception::{Exception, InvalidObjectName, ObjectName};
pub use kind::{InvalidKind, KindName};
pub use known::{KnownCheck, KnownChecks};
pub use modes::{Modes, NamespaceModes, stricter_of};
pub use release::{InvalidRelease, Release};
pub use repairs::{RepairEntry, Repairs};
pub use rule::{ApiVersion, Category, Match, MatchMembership, MatchNamespaces, Metadata, Rule, RuleKind, Spec, Status};
pub use rule_file::RuleSet;
pub use schema::{rule_schema, schema_text, settings_schema};
pub use settings::{Links, ModeQuestion, RuleSettings, Settings};
pub use settings_file::SettingsFile;
pub use suggest::{did_you_mean, nearest};
