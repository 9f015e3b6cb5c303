//! Who learns that a command failed: the commands around it, or nobody. Worked out for all commands of a script in one go, as it may
//! be as long as an object.

use crate::mesh::wrapper::shell::script::{Item, ItemKind};
use crate::mesh::wrapper::shell::tokens::{Separator, Token};

/// Of which of these commands nobody learns that it failed, as far as the commands right behind it tell.
pub(super) fn ignored(items: &[Item<'_>], stops: bool) -> Vec<bool> {
    const SUCCEED: [&str; 5] = ["true", ":", "echo", "printf", "exit"];
    let succeeds = |item: &Item<'_>| match item.kind {
        ItemKind::Simple([first, ..]) => first.text().is_some_and(|program| SUCCEED.contains(&program)),
        _ => false,
    };
    let mut found = vec![false; items.len()];
    let mut is_made_good = false;
    for (at, item) in items.iter().enumerate().rev() {
        let behind = items.get(at + 1);
        // Behind `&&` the last one counts; a failure before it ends no script, but nobody writes on after it either.
        is_made_good = match item.after {
            Separator::Or => behind.is_some_and(succeeds),
            Separator::And => is_made_good,
            Separator::Next | Separator::Pipe | Separator::Background => false,
        };
        found[at] = is_made_good || item.after == Separator::Next && !stops && behind.is_some();
    }
    found
}

/// The place behind the last words that may tell of a failure: `exit` with a number or at the end, `false`, `$?`.
pub(super) fn tells_until(tokens: &[Token]) -> usize {
    let mut behind = None;
    let last = tokens.iter().enumerate().rev().filter_map(|(at, token)| Some((at, token.text()?))).find(|(_, word)| {
        let exits = *word == "exit" && behind != Some("0");
        behind = Some(word);
        exits || matches!(*word, "false" | "kill" | "return") || word.contains("$?")
    });
    last.map_or(0, |(at, _)| at + 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mesh::wrapper::shell::script::items;
    use crate::mesh::wrapper::shell::tokens::tokens;

    #[test]
    fn failures_are_passed_over_by_what_stands_behind() {
        for (script, stops, wanted) in [
            ("a || true", true, "a"),
            ("a && b || echo no; c", true, "a b"),
            ("a && b; c", true, ""),
            ("a && b; c", false, "b"),
            ("a || exit; b", true, "a"),
            ("a || b", true, ""),
            ("a | true; b & c &&", false, "true"),
        ] {
            let tokens = tokens(script).unwrap();
            let items = items(&tokens).unwrap();
            let found = items.iter().zip(ignored(&items, stops)).filter(|(_, ignored)| *ignored);
            let words: Vec<_> = found.filter_map(|(item, _)| tokens[item.tokens.start].text()).collect();
            assert_eq!(words.join(" "), wanted, "{script} {stops}");
        }
    }

    #[test]
    fn a_script_tells_of_a_failure_as_long_as_something_does() {
        for (script, wanted) in [
            ("a; exit 1; b; exit 0", Some("exit")),
            ("a; false; b; exit 0", Some("false")),
            ("a; b; exit", Some("exit")),
            ("a; test $? = 0; b", Some("$?")),
            ("a; b; exit 0", None),
        ] {
            let tokens = tokens(script).unwrap();
            let last = tells_until(&tokens).checked_sub(1).and_then(|at| tokens[at].text());
            assert_eq!(last, wanted, "{script}");
        }
    }
}
