//! How much was looked at and what came of it, in one line.

use crate::base::{Finding, Severity};
use serde::Serialize;
use std::fmt;

/// How much was looked at.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Extent {
    /// Files that were read, standard input included.
    pub files: usize,
    /// Kubernetes objects in them.
    pub objects: usize,
    /// Documents that hold no object to judge: other YAML, templates, patches.
    pub skipped: usize,
}

/// The numbers of a run, as `summary` of the JSON form.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Summary {
    /// Files that were read.
    pub files: usize,
    /// Kubernetes objects in them.
    pub objects: usize,
    /// Findings of severity error that are not suppressed.
    pub errors: usize,
    /// Findings of severity warning that are not suppressed.
    pub warnings: usize,
    /// Findings of severity info that are not suppressed.
    pub infos: usize,
    /// Findings that have a safe fix and are not suppressed.
    pub fixable: usize,
    /// Findings that an exception, a comment or an annotation suppresses.
    pub suppressed: usize,
    /// Documents that hold no object to judge.
    pub skipped: usize,
}

impl Summary {
    /// Counts all findings of a run, the suppressed ones included.
    pub fn of(extent: Extent, findings: &[Finding]) -> Self {
        let counted =
            |severity| findings.iter().filter(|it| it.suppressed.is_none() && it.severity == severity).count();
        Self {
            files: extent.files,
            objects: extent.objects,
            errors: counted(Severity::Error),
            warnings: counted(Severity::Warning),
            infos: counted(Severity::Info),
            fixable: findings.iter().filter(|it| it.suppressed.is_none() && it.remedy.safe_fix().is_some()).count(),
            suppressed: findings.iter().filter(|it| it.suppressed.is_some()).count(),
            skipped: extent.skipped,
        }
    }

    /// Findings of a severity and above that are not suppressed.
    pub fn at_least(&self, severity: Severity) -> usize {
        let counted =
            [(Severity::Error, self.errors), (Severity::Warning, self.warnings), (Severity::Info, self.infos)];
        counted.into_iter().filter(|(its, _)| *its >= severity).map(|(_, count)| count).sum()
    }
}

impl fmt::Display for Summary {
    /// Such as "checked 214 objects in 61 files: 3 errors, 5 warnings, 2 infos, 4 fixable with `seaworthy fix` (1
    /// suppressed, 4 documents skipped)"; what is zero is left out.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let found = [(self.errors, "error"), (self.warnings, "warning"), (self.infos, "info")];
        let found: Vec<String> =
            found.into_iter().filter(|(count, _)| *count > 0).map(|(count, word)| number(count, word)).collect();
        let found = if found.is_empty() { "no findings".to_owned() } else { found.join(", ") };
        write!(f, "checked {} in {}: {found}", number(self.objects, "object"), number(self.files, "file"))?;
        if self.fixable > 0 {
            write!(f, ", {} fixable with `seaworthy fix`", self.fixable)?;
        }
        let mut aside = Vec::new();
        if self.suppressed > 0 {
            aside.push(format!("{} suppressed", self.suppressed));
        }
        if self.skipped > 0 {
            aside.push(format!("{} skipped", number(self.skipped, "document")));
        }
        if aside.is_empty() { Ok(()) } else { write!(f, " ({})", aside.join(", ")) }
    }
}

fn number(count: usize, word: &str) -> String {
    if count == 1 { format!("1 {word}") } else { format!("{count} {word}s") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::{Fix, Remedy, Suppression};
    use crate::report::example::finding;

    #[test]
    fn reads_as_one_sentence() {
        let all = Summary {
            files: 61,
            objects: 214,
            errors: 3,
            warnings: 5,
            infos: 2,
            fixable: 0,
            suppressed: 1,
            skipped: 4,
        };
        let cases = [
            (all, "checked 214 objects in 61 files: 3 errors, 5 warnings, 2 infos (1 suppressed, 4 documents skipped)"),
            (
                Summary { fixable: 4, suppressed: 0, ..all },
                "checked 214 objects in 61 files: 3 errors, 5 warnings, 2 infos, 4 fixable with `seaworthy fix` (4 \
                 documents skipped)",
            ),
            (Summary { files: 1, objects: 1, infos: 1, ..Summary::default() }, "checked 1 object in 1 file: 1 info"),
            (
                Summary { skipped: 1, ..Summary::default() },
                "checked 0 objects in 0 files: no findings (1 document skipped)",
            ),
        ];
        for (summary, wanted) in cases {
            assert_eq!(summary.to_string(), wanted);
        }
    }

    #[test]
    fn suppressed_findings_are_counted_apart() {
        let remedy = Remedy::Fix(Fix::safe("mend it", Vec::new()));
        let shown = Finding { remedy, ..finding("a-rule", "a.yaml", 1, 1) };
        let hidden = Finding { suppressed: Some(Suppression::Comment("known".into())), ..shown.clone() };
        let summary = Summary::of(Extent { files: 1, objects: 2, skipped: 0 }, &[shown, hidden]);
        let Summary { errors, warnings, suppressed, fixable, .. } = summary;
        assert_eq!((errors, warnings, suppressed, fixable), (0, 1, 1, 1));
    }
}
