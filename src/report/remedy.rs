//! What would fix a finding, in one line with the command to type.

use crate::base::{Finding, Safety};
use std::borrow::Cow;

/// `raise the grace period to 32s (safe): seaworthy fix web.yaml`; none where there is no fix, or nobody wants one.
pub fn fix_line(finding: &Finding) -> Option<String> {
    let fix = finding.remedy.fix().filter(|_| finding.suppressed.is_none())?;
    let flag = if fix.safety == Safety::Safe { "" } else { " --unsafe" };
    let file = finding.place.as_ref().map_or(Cow::Borrowed("FILE"), |place| argument(&place.file));
    Some(format!("{} ({}): seaworthy fix{flag} {file}", fix.title, fix.safety))
}

/// A file as a shell takes it; standard input goes by its own sign.
fn argument(file: &str) -> Cow<'_, str> {
    let is_plain =
        |c: char| c.is_alphanumeric() || matches!(c, '/' | '.' | '-' | '_' | '+' | ':' | ',' | '@' | '%' | '=');
    match file {
        "<stdin>" => Cow::Borrowed("-"),
        plain if plain.chars().all(is_plain) && !plain.starts_with('-') => Cow::Borrowed(plain),
        odd if odd.starts_with('-') => Cow::Owned(argument(&format!("./{odd}")).into_owned()),
        odd => Cow::Owned(format!("'{}'", odd.replace('\'', r"'\''"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::{Fix, Remedy, Suppression};
    use crate::report::example::{finding, placeless};

    #[test]
    fn the_command_can_be_typed() {
        let safe = Remedy::Fix(Fix::safe("raise it", Vec::new()));
        let risky = Remedy::Fix(Fix::risky("raise it", "pods stop later", Vec::new()));
        let at = |file: &str, remedy: &Remedy| Finding { remedy: remedy.clone(), ..finding("a-rule", file, 1, 1) };
        let suppressed = Some(Suppression::Comment("known".into()));
        let cases = [
            (at("a/b.yaml", &safe), Some("raise it (safe): seaworthy fix a/b.yaml")),
            (at("a/b.yaml", &risky), Some("raise it (unsafe): seaworthy fix --unsafe a/b.yaml")),
            (at("<stdin>", &safe), Some("raise it (safe): seaworthy fix -")),
            (at("-x.yaml", &safe), Some("raise it (safe): seaworthy fix ./-x.yaml")),
            (at("it's a.yaml", &safe), Some(r"raise it (safe): seaworthy fix 'it'\''s a.yaml'")),
            (Finding { remedy: safe.clone(), ..placeless("a-rule") }, Some("raise it (safe): seaworthy fix FILE")),
            (Finding { suppressed, ..at("a.yaml", &safe) }, None),
            (placeless("a-rule"), None),
        ];
        for (finding, wanted) in cases {
            assert_eq!(fix_line(&finding).as_deref(), wanted);
        }
    }
}
