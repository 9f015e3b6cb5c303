//! The remedy of a finding as it holds for the text that the object came from.

use crate::base::{Edit, Fix, Path, Remedy, TextEdit};
use crate::manifest::Object;
use crate::manifest::edit::{Change, changes_by, splice};

/// The remedy with the splices of its edits; without a fix where the edits cannot be printed into the text.
pub(super) fn printed(remedy: Remedy, object: &Object) -> Remedy {
    match remedy {
        Remedy::Fix(fix) if object.source().is_some() => match splices(&fix.edits, object) {
            Ok(texts) => Remedy::Fix(Fix { texts, ..fix }),
            Err(reason) => Remedy::Unfixed(reason),
        },
        other => other,
    }
}

fn splices(edits: &[Edit], object: &Object) -> Result<Vec<TextEdit>, String> {
    let changes = changes_by(edits, object.value()).map_err(|error| error.to_string())?;
    let changes = based(changes, object.base());
    splice(object.document(), &changes).map_err(|refusal| refusal.to_string())
}

/// Changes of an object as changes of the document that it stands in.
pub(super) fn based(changes: Vec<Change>, base: &Path) -> Vec<Change> {
    let with_base = |change: Change| Change { path: base.clone().join(&change.path), ..change };
    changes.into_iter().map(with_base).collect()
}
