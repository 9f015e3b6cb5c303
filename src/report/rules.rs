//! The list of all rules.

use crate::policy::{Rule, Status};
use crate::report::plain::one_line;

/// One line for each rule: id, severity, title; in columns.
pub fn render_list(rules: &[&Rule]) -> String {
    let width = rules.iter().map(|rule| rule.id().chars().count()).max().unwrap_or(0);
    let line = |rule: &&Rule| {
        let status = match rule.spec.status {
            Status::Stable => "",
            Status::Preview => " (preview)",
            Status::Deprecated => " (deprecated)",
        };
        let Rule { spec, .. } = rule;
        format!("{:width$}  {:7}  {}{status}", one_line(rule.id()), spec.severity.word(), one_line(&spec.title))
    };
    rules.iter().map(|rule| line(rule) + "\n").collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::rule_page::tests::rule;

    #[test]
    fn the_list_is_in_columns() {
        let mut preview = rule();
        preview.metadata.name = "proxy-uid".into();
        preview.spec.status = Status::Preview;
        insta::assert_snapshot!(render_list(&[&rule(), &preview]), @"
        missing-pre-stop  warning  Serving container does not wait before it stops
        proxy-uid         warning  Serving container does not wait before it stops (preview)
        ");
    }
}
