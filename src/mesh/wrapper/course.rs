//! Which commands of a list surely run, and before what the list is there for.

use crate::mesh::wrapper::basename;
use crate::mesh::wrapper::script::{Item, ItemKind, is_harmless, may_leave};
use crate::mesh::wrapper::shell::{Separator, Token};
use crate::mesh::wrapper::waiting::is_assignment;

/// The course of a list of commands. It is made in one go for all of them: a list may be as long as an object.
pub(super) struct Course(Vec<bool>);

impl Course {
    /// The course of these commands.
    pub(super) fn of(items: &[Item<'_>]) -> Self {
        let in_background = in_background(items);
        let first = |holds: fn(&Item<'_>) -> bool| items.iter().position(holds).unwrap_or(items.len());
        let left = first(may_leave);
        let goes_on_alone = first(|item| item.after == Separator::Background);
        // What stands behind the work is not waited for by it: something is run before, and nothing after.
        let works = |item: &Item<'_>| matches!(item.kind, ItemKind::Simple(_)) && !prepares(item);
        let first_work = first(works);
        let last_work = items.iter().rposition(|item| !matches!(item.kind, ItemKind::Simple(_)) || works(item));
        let mut sure: Vec<bool> = Vec::with_capacity(items.len());
        for (at, item) in items.iter().enumerate() {
            let reached = match item.before {
                Separator::Next => true,
                Separator::And => at.checked_sub(1).is_some_and(|before| is_harmless(&items[before]) && sure[before]),
                Separator::Or | Separator::Pipe | Separator::Background => false,
            };
            let behind_the_work = first_work < at && last_work.is_none_or(|last| last <= at);
            sure.push(reached && left >= at && goes_on_alone >= at && !in_background[at] && !behind_the_work);
        }
        Self(sure)
    }

    /// Whether nothing before this command can skip it, and nothing lets the script go on without it.
    pub(super) fn surely_runs_first(&self, at: usize) -> bool {
        self.0.get(at).is_some_and(|sure| *sure)
    }
}

/// Whether the list that a command is part of runs in the background: all of `wait && app &`.
fn in_background(items: &[Item<'_>]) -> Vec<bool> {
    let mut found = vec![false; items.len()];
    let mut behind = false;
    for (at, item) in items.iter().enumerate().rev() {
        behind = match item.after {
            Separator::Background => true,
            Separator::Next => false,
            Separator::And | Separator::Or | Separator::Pipe => behind,
        };
        found[at] = behind;
    }
    found
}

/// Whether a command only makes things ready for others.
fn prepares(item: &Item<'_>) -> bool {
    const PREPARING: [&str; 20] = [
        "mkdir", "cp", "mv", "rm", "touch", "ln", "chmod", "chown", "cat", "test", "[", "[[", "source", ".", "ulimit",
        "umask", "date", "apk", "apt-get", "true",
    ];
    let ItemKind::Simple(words) = &item.kind else { return false };
    let program = words.iter().filter_map(Token::text).find(|word| !is_assignment(word));
    is_harmless(item) || program.is_none_or(|program| PREPARING.contains(&basename(program)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mesh::wrapper::script::items;
    use crate::mesh::wrapper::shell::tokens;

    #[test]
    fn what_surely_runs_first_is_told() {
        for (script, wanted) in [
            ("wait; app", true),
            ("sleep 1 && wait; app", true),
            ("sleep 1 && sleep 2 && wait; app", true),
            ("init && wait; app", false),
            ("init && sleep 1 && wait; app", false),
            ("init || wait; app", false),
            ("init | wait; app", false),
            ("wait && app &", false),
            ("wait | cat && app & app", false),
            ("wait & app", false),
            ("app & wait; app", false),
            ("wait; app & app", true),
            ("wait; exit; app", true),
            ("exit; wait; app", false),
            ("init &&\n\nwait; app", false),
            ("while a; do exit; done; wait; app", false),
            ("while exit; do a; done; wait; app", false),
            ("if a; then exit; fi; wait; app", false),
            // Behind the work, or only behind what prepares it.
            ("app; wait", false),
            ("app; wait; echo", false),
            ("app; wait; app", true),
            ("app; wait; (app)", true),
            ("(app); wait", true),
            ("mkdir a; wait", true),
            ("A=b cp a b; wait", true),
        ] {
            let tokens = tokens(script).expect(script);
            let items = items(&tokens).expect(script);
            let waits = |item: &Item<'_>| matches!(item.kind, ItemKind::Simple([word]) if word.text() == Some("wait"));
            let at = items.iter().position(waits).expect(script);
            assert_eq!(Course::of(&items).surely_runs_first(at), wanted, "{script}");
        }
    }
}
