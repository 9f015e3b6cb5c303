//! Which commands of a list surely run, and before what the list is there for.

use crate::mesh::wrapper::basename;
use crate::mesh::wrapper::shell::script::{Item, ItemKind, is_harmless};
use crate::mesh::wrapper::shell::tokens::{Separator, Token};
use crate::mesh::wrapper::wait::script_wait::is_assignment;
use std::collections::BTreeMap;

/// The course of a list of commands. It is made in one go for all of them: a list may be as long as an object.
pub(in crate::mesh::wrapper) struct Course(Vec<bool>);

impl Course {
    /// The course of these commands.
    pub(in crate::mesh::wrapper) fn of(items: &[Item<'_>]) -> Self {
        let in_background = in_background(items);
        let first = |holds: &dyn Fn(&Item<'_>) -> bool| items.iter().position(holds).unwrap_or(items.len());
        let leaving = Leaving::of(items);
        let left = first(&|item| leaving.may_leave_at(item));
        let goes_on_alone = first(&|item| item.after == Separator::Background);
        // What stands behind the work is not waited for by it: something is run before, and nothing after.
        let works = |item: &Item<'_>| matches!(item.kind, ItemKind::Simple(_)) && !prepares(item);
        let runs = |item: &Item<'_>| matches!(item.kind, ItemKind::Loop { .. } | ItemKind::Block(_)) || works(item);
        let first_work = first(&works);
        let last_work = items.iter().rposition(runs);
        // Where all that follows is joined by `&&`, none of it runs unless the wait does.
        let joined_from = items.iter().rposition(|item| item.before != Separator::And).unwrap_or(0);
        let mut sure: Vec<bool> = Vec::with_capacity(items.len());
        for (at, item) in items.iter().enumerate() {
            let is_expected = |before: &Item<'_>| is_harmless(before) || joined_from < at && succeeds(before);
            let reached = match item.before {
                Separator::Next => true,
                Separator::And => at.checked_sub(1).is_some_and(|before| is_expected(&items[before]) && sure[before]),
                Separator::Or | Separator::Pipe | Separator::Background => false,
            };
            let behind_the_work = first_work < at && last_work.is_none_or(|last| last <= at);
            sure.push(reached && left >= at && goes_on_alone >= at && !in_background[at] && !behind_the_work);
        }
        Self(sure)
    }

    /// Whether nothing before this command can skip it, and nothing lets the script go on without it.
    pub(in crate::mesh::wrapper) fn surely_runs_first(&self, at: usize) -> bool {
        self.0.get(at).is_some_and(|sure| *sure)
    }
}

/// Whether the list that a command is part of runs in the background: all of `wait && app &`.
pub(in crate::mesh::wrapper) fn in_background(items: &[Item<'_>]) -> Vec<bool> {
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

/// What may end the script, or make it another program: a command itself, or a function that it calls.
///
/// A check that ends it with an error, as `[ -n "$URL" ] || exit 1` does, is no such way out: what does not get past it starts nothing.
struct Leaving<'a> {
    /// Those that may end it, and of these the ones that do so as if all were well.
    functions: BTreeMap<&'a str, bool>,
}

impl<'a> Leaving<'a> {
    /// Of functions that call each other any may be the one.
    fn of(items: &[Item<'a>]) -> Self {
        let declared = items.iter().filter_map(|item| match item.kind {
            ItemKind::Function { name, body } => Some((name, body)),
            _ => None,
        });
        let (names, bodies): (Vec<&str>, Vec<&[Token]>) = declared.unzip();
        let ends = bodies.iter().any(|body| ends_script(body));
        let ends_well = bodies.iter().any(|body| ends_well(body));
        let functions = names.into_iter().filter(|_| ends).map(|name| (name, ends_well)).collect();
        Self { functions }
    }

    fn may_leave_at(&self, item: &Item<'_>) -> bool {
        let called = |tokens: &[Token]| tokens.iter().filter_map(|it| self.functions.get(it.text()?)).max().copied();
        let is_check = !matches!(item.before, Separator::Next | Separator::Background);
        match item.kind {
            ItemKind::Simple(words) => {
                let first = words.get(..1).unwrap_or_default();
                let ends_well = ends_well(words) && ends_script(first) || called(first) == Some(true);
                ends_well || !is_check && (ends_script(first) || called(first).is_some())
            }
            ItemKind::Block(tokens) => {
                let is_branch = matches!(tokens.first().and_then(Token::keyword), Some("if" | "case"));
                let ends = || ends_script(tokens) || called(tokens).is_some();
                ends_well(tokens) || called(tokens) == Some(true) || !is_check && !is_branch && ends()
            }
            ItemKind::Loop { head, body, .. } => {
                [head, body].into_iter().any(|tokens| ends_script(tokens) || called(tokens).is_some())
            }
            ItemKind::Function { .. } => false,
        }
    }
}

fn ends_script(tokens: &[Token]) -> bool {
    tokens.iter().any(|token| matches!(token.keyword(), Some("exit" | "exec" | "return")))
}

/// Whether some of these commands may end a script otherwise than with an error.
fn ends_well(tokens: &[Token]) -> bool {
    let is_error = |code: &str| code.parse::<u8>().is_ok_and(|code| code > 0);
    (0..tokens.len()).any(|at| match tokens[at].keyword() {
        Some("exit") => !tokens.get(at + 1).and_then(Token::text).is_some_and(is_error),
        Some("exec" | "return") => true,
        _ => false,
    })
}

/// Whether a command is meant to succeed: it prepares, and asks nothing.
fn succeeds(item: &Item<'_>) -> bool {
    let asks = |words: &[Token]| matches!(words.first().and_then(Token::text), Some("test" | "[" | "[[" | "!" | "cat"));
    prepares(item) && !matches!(item.kind, ItemKind::Simple(words) if asks(words))
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
    use crate::mesh::wrapper::shell::script::items;
    use crate::mesh::wrapper::shell::tokens::tokens;

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
            // If what prepares fails, nothing else runs either.
            (". env && wait && app", true),
            ("mkdir a && cp b a && wait && a && b", true),
            (". env && wait; app", false),
            ("[ a ] && wait && app", false),
            (". env || wait && app", false),
            // What a function does is done where it is called.
            ("f() { app; }; wait; app", true),
            ("f() { app; }; wait", true),
            ("f() { exit; }; wait; f; app", true),
            ("f() { exit; }; f; wait; app", false),
            ("f() { exit; }; if a; then f; fi; wait; app", false),
            ("f() { a; }; f; wait; app", true),
            // Who does not get past a check starts nothing.
            ("[ a ] || exit 1; wait; app", true),
            ("[ a ] || { echo b; exit 2; }; wait; app", true),
            ("if a; then exit 1; fi; wait; app", true),
            ("case a in b) ;; *) exit 2;; esac; wait; app", true),
            ("die() { echo b; exit 1; }; [ a ] || die c; wait; app", true),
            ("stop() { exit 0; }; trap stop TERM; wait; app", true),
            ("[ a ] || exit 0; wait; app", false),
            ("[ a ] || exit; wait; app", false),
            ("[ a ] || exit $?; wait; app", false),
            ("[ a ] && exec b; wait; app", false),
            ("if a; then app; return; fi; wait; app", false),
            ("stop() { exit 0; }; [ a ] || stop; wait; app", false),
            ("die() { exit 1; }; die; wait; app", false),
            ("exit 1; wait; app", false),
            ("{ exit 1; }; wait; app", false),
        ] {
            let tokens = tokens(script).expect(script);
            let items = items(&tokens).expect(script);
            let waits = |item: &Item<'_>| matches!(item.kind, ItemKind::Simple([word]) if word.text() == Some("wait"));
            let at = items.iter().position(waits).expect(script);
            assert_eq!(Course::of(&items).surely_runs_first(at), wanted, "{script}");
        }
    }
}
