//! Which words of a script may run at all: a sign in any of the others is none.
//!
//! Nothing runs behind a command that surely ends the script, in a function that nobody calls, in a trap that `exec` throws away or
//! that waits for a signal nobody sends, and in a text that is only printed. Whatever is not followed may run. Each form of the tests
//! was run under dash and bash.

use crate::mesh::wrapper::identity::commands;
use crate::mesh::wrapper::shell::course::in_background;
use crate::mesh::wrapper::shell::reading::Reading;
use crate::mesh::wrapper::shell::script::{Item, ItemKind, is_harmless};
use crate::mesh::wrapper::shell::tokens::{Separator, Token, located_tokens};
use crate::mesh::wrapper::wait::script_wait::{is_assignment, texts};
use crate::mesh::wrapper::wait::wait_only::{is_nowhere, run_in_the_end, takes_a_file};
use crate::mesh::wrapper::{SHELLS, basename};
use std::ops::Range;

/// For each token of a script, whether it may run.
pub(in crate::mesh::wrapper) struct Reached(Vec<bool>);

impl Reached {
    /// Of a script that is all that its shell is given. None where its commands cannot be told apart.
    pub(in crate::mesh::wrapper) fn of(script: &str, reading: &Reading) -> Option<Self> {
        let items = reading.items()?;
        let list = List::of(script, reading, &items);
        Some(Self(list.reached()))
    }

    /// Of these commands of a script the same, without what runs in the background and holds nothing back: nobody waits for it, and
    /// it leaves nothing behind.
    pub(in crate::mesh::wrapper) fn in_foreground(script: &str, reading: &Reading, items: &[Item<'_>]) -> Self {
        let list = List::of(script, reading, items);
        let mut runs = list.reached();
        let lists = list.background();
        if lists.is_empty() {
            return Self(runs);
        }
        let mut rest = runs.clone();
        lists.iter().for_each(|range| rest[range.clone()].fill(false));
        let mut words = (0..rest.len()).filter(|at| rest[*at]).filter_map(|at| reading.tokens[at].text());
        let is_awaited = |word: &str| matches!(word, "fg" | "jobs") || word.contains("wait") || word.contains("$!");
        if !words.any(is_awaited) {
            let left = lists.into_iter().filter(|range| only_asks(list.text(range)));
            left.for_each(|range| runs[range].fill(false));
        }
        Self(runs)
    }

    /// Whether the token at this place may run.
    pub(in crate::mesh::wrapper) fn runs(&self, at: usize) -> bool {
        self.0.get(at).copied().unwrap_or(true)
    }

    /// Whether all of them may run.
    pub(in crate::mesh::wrapper) fn is_all(&self) -> bool {
        self.0.iter().all(|runs| *runs)
    }

    /// Those of the tokens that may run.
    pub(in crate::mesh::wrapper) fn tokens(&self, tokens: &[Token]) -> Vec<Token> {
        (0..tokens.len()).filter(|at| self.runs(*at)).map(|at| tokens[at].clone()).collect()
    }
}

/// The commands of a script.
struct List<'a> {
    script: &'a str,
    reading: &'a Reading,
    items: &'a [Item<'a>],
    /// It opens connections by itself.
    connects: bool,
    /// It may send signals.
    kills: bool,
}

/// How a script ends at a command.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Leave {
    Exit,
    /// It becomes another program, and its traps are gone.
    Exec,
}

/// Functions that are followed: each may be called by each.
const MOST_FUNCTIONS: usize = 16;

impl<'a> List<'a> {
    fn of(script: &'a str, reading: &'a Reading, items: &'a [Item<'a>]) -> Self {
        Self { script, reading, items, connects: script.contains("/dev/tcp/"), kills: script.contains("kill") }
    }

    fn reached(&self) -> Vec<bool> {
        let mut runs = vec![true; self.reading.tokens.len()];
        let (last, leave) = match self.leaves_at() {
            Some((at, leave)) => (at, Some(leave)),
            None => (self.items.len(), None),
        };
        if let Some(item) = self.items.get(last) {
            runs[item.tokens.end..].fill(false);
        }
        let items = self.items.iter().take(last);
        for item in items.clone().filter(|it| self.is_vain_trap(it, leave) || self.only_prints(it)) {
            runs[item.tokens.clone()].fill(false);
        }
        let functions = items.filter_map(|item| match item.kind {
            ItemKind::Function { name, .. } => Some((name, item.tokens.clone())),
            _ => None,
        });
        self.without_uncalled(functions.collect(), &mut runs);
        runs
    }

    /// The first command that surely ends the script.
    fn leaves_at(&self) -> Option<(usize, Leave)> {
        let in_background = in_background(self.items);
        let mut is_sure = true;
        for (at, item) in self.items.iter().enumerate() {
            is_sure = match item.before {
                Separator::Next | Separator::Background => true,
                Separator::And => is_sure && at.checked_sub(1).is_some_and(|before| is_harmless(&self.items[before])),
                Separator::Or | Separator::Pipe => false,
            };
            let is_own = is_sure && !in_background[at] && item.after != Separator::Pipe;
            if let Some(leave) = leave(item).filter(|_| is_own && !self.text(&item.tokens).contains('`')) {
                return Some((at, leave));
            }
        }
        None
    }

    /// Whether a trap is lost at an `exec`, or only waits for signals that end a container: nobody sends these to work that ends by itself.
    fn is_vain_trap(&self, item: &Item<'_>, leave: Option<Leave>) -> bool {
        let ItemKind::Simple(words) = item.kind else { return false };
        let words = texts(words);
        let is_lost = |signal: &str| leave == Some(Leave::Exec) && matches!(signal, "EXIT" | "0");
        let is_never_sent = |signal: &str| {
            let name = signal.strip_prefix("SIG").unwrap_or(signal);
            matches!(name, "TERM" | "INT" | "HUP" | "QUIT" | "15" | "2" | "1" | "3") && !self.kills
        };
        match words.as_slice() {
            ["trap", "--", _, signals @ ..] | ["trap", _, signals @ ..] if !signals.is_empty() => {
                signals.iter().all(|signal| is_lost(signal) || is_never_sent(signal))
            }
            _ => false,
        }
    }

    /// Whether a command only prints its words, and nobody takes them for commands, or for a request that is sent by hand.
    fn only_prints(&self, item: &Item<'_>) -> bool {
        let ItemKind::Simple(words) = item.kind else { return false };
        let substitutes = |text: &str| text.contains("$(") || text.contains('`');
        let is_kept = |at: usize| {
            let target = self.reading.tokens[at].text().unwrap_or_default();
            is_target(self.script, &self.reading.spans, at) && target != "/etc/hosts" && !is_output(target)
        };
        let words = texts(words);
        matches!(words.first(), Some(&("echo" | "printf")))
            && item.after != Separator::Pipe
            && !substitutes(self.text(&item.tokens))
            && !item.tokens.clone().any(is_kept)
            // Any descriptor may be the connection, after `exec > /dev/tcp/...` the plain output too.
            && !self.connects
    }

    /// Takes out functions whose name stands nowhere else in what may run.
    fn without_uncalled(&self, mut functions: Vec<(&str, Range<usize>)>, runs: &mut [bool]) {
        if functions.len() > MOST_FUNCTIONS || self.may_call_anybody() {
            return;
        }
        functions.iter().for_each(|(_, range)| runs[range.clone()].fill(false));
        let is_named = |name: &str, runs: &[bool]| {
            let mut words = (0..runs.len()).filter(|at| runs[*at]).filter_map(|at| self.reading.tokens[at].text());
            words.any(|word| word.contains(name))
        };
        while let Some(at) = functions.iter().position(|(name, _)| is_named(name, runs)) {
            let (_, range) = functions.swap_remove(at);
            runs[range].fill(true);
        }
    }

    /// Whether a command may be a function without naming it: `eval`, a file that is read, `$COMMAND`.
    fn may_call_anybody(&self) -> bool {
        let names = |words: &[&str]| {
            let reads = matches!(words.first(), Some(&("eval" | "." | "source" | "command" | "builtin")));
            reads || words.first().is_some_and(|word| word.starts_with('$'))
        };
        self.script.contains('`') || commands(&self.reading.tokens).iter().any(|(words, _)| names(words))
    }

    /// The tokens of each list that runs in the background.
    fn background(&self) -> Vec<Range<usize>> {
        let (mut lists, mut start) = (Vec::new(), None);
        for (item, is_behind) in self.items.iter().zip(in_background(self.items)) {
            let from = *start.get_or_insert(item.tokens.start);
            if matches!(item.after, Separator::Next | Separator::Background) {
                lists.extend(is_behind.then_some(from..item.tokens.end));
                start = None;
            }
        }
        lists
    }

    /// The text of these tokens.
    fn text(&self, range: &Range<usize>) -> &str {
        let place = |at: usize| self.reading.spans.get(at);
        let bounds = place(range.start).zip(range.end.checked_sub(1).and_then(place));
        bounds.and_then(|(first, last)| self.script.get(first.start..last.end)).unwrap_or_default()
    }
}

/// How a command ends the script, if it does. What it becomes must be written out: `exec $NOTHING` goes on.
fn leave(item: &Item<'_>) -> Option<Leave> {
    let ItemKind::Simple(words) = item.kind else { return None };
    let assigned = words.iter().take_while(|word| word.text().is_some_and(is_assignment)).count();
    let (first, rest) = words.get(assigned..)?.split_first()?;
    match first.keyword()? {
        "exit" => Some(Leave::Exit),
        "exec" => {
            let program = texts(rest).into_iter().find(|word| !word.starts_with('-'))?;
            let is_written = !program.starts_with('$') && program.contains(|it: char| !it.is_ascii_digit());
            is_written.then_some(Leave::Exec)
        }
        _ => None,
    }
}

/// Whether output goes to the file that this token names.
fn is_target(script: &str, spans: &[Range<usize>], at: usize) -> bool {
    let before = at.checked_sub(1).and_then(|it| spans.get(it)).map_or(0, |span| span.end);
    spans.get(at).and_then(|span| script.get(before..span.start)).is_some_and(|gap| gap.contains('>'))
}

/// Whether what goes to a target is seen by people at most. Of other descriptors than these two only the script knows what they are.
fn is_output(target: &str) -> bool {
    match target.parse::<u32>() {
        Ok(descriptor) => matches!(descriptor, 1 | 2),
        Err(_) => is_nowhere(target).is_ok(),
    }
}

/// Whether commands ask somebody, pause and print, and leave nothing behind by which others could learn of it.
fn only_asks(script: &str) -> bool {
    const PROGRAMS: [&str; 18] = [
        "curl", "wget", "nc", "ncat", "netcat", "sleep", "echo", "printf", "true", "false", ":", "[", "[[", "test",
        "break", "date", "grep", "for",
    ];
    let Some((tokens, spans)) = located_tokens(script) else { return false };
    let is_kept = |at: usize| {
        let text = tokens[at].text().unwrap_or_default();
        is_target(script, &spans, at) && is_nowhere(text).is_err()
    };
    let inner_asks = |text: &str| match text.split_once("$(") {
        Some((_, inner)) => inner.rsplit_once(')').is_some_and(|(inner, _)| only_asks(inner)),
        None => true,
    };
    let only_runs_these = |words: &[&str]| {
        let Some((program, arguments)) = words.split_first() else { return true };
        let Some((program, arguments)) = run_in_the_end(program, arguments) else { return false };
        let keeps = arguments.windows(2).any(|pair| takes_a_file(pair[0]) && is_nowhere(pair[1]).is_err());
        let name = basename(program);
        match arguments {
            [option, script] if SHELLS.contains(&name) => {
                option.starts_with('-') && option.ends_with('c') && only_asks(script)
            }
            _ => PROGRAMS.contains(&name) && !keeps,
        }
    };
    !script.contains('`')
        && !(0..tokens.len()).any(is_kept)
        && tokens.iter().filter_map(Token::text).all(inner_asks)
        && commands(&tokens).iter().all(|(words, _)| only_runs_these(words))
}

#[cfg(test)]
mod tests;
