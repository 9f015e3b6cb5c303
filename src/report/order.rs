//! The one order in which findings are shown, whatever the order in which they were found.

use crate::base::Finding;
use std::cmp::Ordering;

/// By file, line, column and rule; then by all that still tells two findings apart, so that the same findings give
/// the same bytes. Those that came from no file are last.
pub fn by_place(one: &Finding, other: &Finding) -> Ordering {
    let place = |it: &Finding| it.place.as_ref().map(|place| (place.file.clone(), place.start));
    let (first, second) = (place(one), place(other));
    (first.is_none(), first, &one.rule, &one.object, &one.path, &one.message).cmp(&(
        second.is_none(),
        second,
        &other.rule,
        &other.object,
        &other.path,
        &other.message,
    ))
}

/// The findings in the order of [`by_place`].
pub fn sorted(findings: &[Finding]) -> Vec<&Finding> {
    let mut sorted: Vec<&Finding> = findings.iter().collect();
    sorted.sort_by(|one, other| by_place(one, other));
    sorted
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::example::{finding, placeless};

    #[test]
    fn file_line_column_rule_and_then_those_without_a_file() {
        let wanted = vec![
            finding("b-rule", "a.yaml", 2, 1),
            finding("a-rule", "a.yaml", 10, 1),
            finding("a-rule", "a.yaml", 10, 3),
            finding("b-rule", "a.yaml", 10, 3),
            finding("a-rule", "b.yaml", 1, 1),
            placeless("a-rule"),
        ];
        let mut findings = wanted.clone();
        findings.reverse();
        assert_eq!(sorted(&findings), wanted.iter().collect::<Vec<_>>());
    }
}
