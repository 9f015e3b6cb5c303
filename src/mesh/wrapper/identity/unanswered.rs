//! Loops that have a number of turns, and end well although none of the turns got an answer: nobody learns of it.
//!
//! The commands are gone through as a shell does, once as if the server answered and once as if it did not. A loop that holds a
//! command whose end is not known then is not judged. What a loop returns is what the last command of its last turn did. Each form of
//! the tests was run under dash and bash, with a curl that fails.

use super::counting::{CountTest, Step};
use super::script_flaws::{Script, commands, texts};
use crate::mesh::wrapper::basename;
use crate::mesh::wrapper::shell::script::{Item, ItemKind, items};
use crate::mesh::wrapper::shell::tokens::{Separator, Token, tokens};
use crate::mesh::wrapper::wait::script_wait::is_assignment;
use crate::mesh::wrapper::wait::wait_only::run_in_the_end;

/// A loop of a script, with the commands behind it.
pub(super) struct Turns<'a> {
    pub(super) keyword: &'a str,
    pub(super) head: &'a [Token],
    pub(super) body: &'a [Token],
    pub(super) behind: &'a [Item<'a>],
}

impl Turns<'_> {
    /// Whether an answer ends the loop, and without one it has all its turns, and the script ends well.
    pub(super) fn end_well_unanswered(&self, script: &Script) -> bool {
        let Some((test, end)) = self.end_unanswered(script) else { return false };
        let ends_at_answer = self.goes_on(Scenario::of(script, true, test)) == Some(false)
            || matches!(
                Scenario::of(script, true, test).of_list(self.body, true),
                Some(End::LeavesLoop | End::Exits(true))
            );
        let behind = || Scenario::of(script, false, None).of_items(self.behind, true);
        match end {
            End::Exits(well) => well && ends_at_answer,
            End::Goes(false) => false,
            _ => ends_at_answer && matches!(behind(), Some(End::Goes(true) | End::Exits(true))),
        }
    }

    /// How the loop ends when no answer comes, and what the test of its counter, if it has one, says before that.
    fn end_unanswered(&self, script: &Script) -> Option<(Option<bool>, End)> {
        let scenario = |test| Scenario::of(script, false, test);
        // `for ((;;))` may have no end.
        if self.keyword == "for" && !self.head.contains(&Token::Open) {
            return Some((None, scenario(None).of_list(self.body, true)?))
                .filter(|(_, end)| matches!(end, End::Goes(_)));
        }
        let by_head = |more: bool| {
            let ends =
                self.goes_on(scenario(Some(more))) == Some(true) && self.goes_on(scenario(Some(!more))) == Some(false);
            (ends && self.reaches(script, self.head, !more)).then_some(more)
        };
        if let Some(more) = [true, false].into_iter().find_map(by_head) {
            let end = scenario(None).of_list(self.body, true)?;
            return matches!(end, End::Goes(_)).then_some((Some(more), end));
        }
        let by_body = |more: bool| {
            let goes_on = matches!(scenario(Some(more)).of_list(self.body, true), Some(End::Goes(_)));
            let end = scenario(Some(!more)).of_list(self.body, true)?;
            let leaves = matches!(end, End::LeavesLoop | End::Exits(_));
            (goes_on && leaves && self.reaches(script, self.body, !more)).then_some((Some(more), end))
        };
        self.goes_on(scenario(None)).filter(|goes_on| *goes_on)?;
        [true, false].into_iter().find_map(by_body)
    }

    /// Whether its head begins one more turn. None for `for`, or where that is not known.
    fn goes_on(&self, scenario: Scenario<'_>) -> Option<bool> {
        let is_while = self.keyword == "while";
        match (Scenario { is_condition: true, ..scenario }).of_list(self.head, true)? {
            End::Goes(well) if self.keyword != "for" => Some(well == is_while),
            _ => None,
        }
    }

    /// Whether each turn takes the counter nearer to where the only test among these tokens says this.
    fn reaches(&self, script: &Script, tokens: &[Token], wanted: bool) -> bool {
        let commands = commands(tokens);
        let mut tests = commands.iter().filter_map(|(words, _)| CountTest::of(words, script.bash));
        let (Some(test), None, Some(body)) = (tests.next(), tests.next(), items(self.body)) else { return false };
        let grows = test.holds_below != wanted;
        if test.counts_itself {
            return grows;
        }
        let sets = |word: &&str| word.split_once('=').is_some_and(|(name, _)| name == test.variable);
        let is_step = |item: &Item<'_>| match item.kind {
            ItemKind::Simple([word]) if item.before == Separator::Next => {
                word.text().and_then(Step::of) == Some(Step { variable: test.variable, grows })
            }
            _ => false,
        };
        let is_once = texts(self.body).into_iter().filter(sets).count() == 1;
        is_once && body.iter().any(is_step)
    }
}

/// How a command, or a list of them, ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    /// With success or without; the next command follows.
    Goes(bool),
    /// Out of the loop around it.
    LeavesLoop,
    /// With the whole script, which succeeds or fails.
    Exits(bool),
}

/// What commands do when the server answers all of their questions, or none.
#[derive(Clone, Copy)]
struct Scenario<'a> {
    script: &'a Script,
    answered: bool,
    /// What the test of a counter says; none where no test is followed.
    test: Option<bool>,
    /// It is a condition, in which a failure ends no script.
    is_condition: bool,
}

impl<'a> Scenario<'a> {
    fn of(script: &'a Script, answered: bool, test: Option<bool>) -> Self {
        Self { script, answered, test, is_condition: false }
    }

    /// The end of a list; `before` is whether the command before it succeeded. None where something else than what is known runs.
    fn of_list(self, tokens: &[Token], before: bool) -> Option<End> {
        self.of_items(&items(tokens)?, before)
    }

    fn of_items(self, items: &[Item<'_>], before: bool) -> Option<End> {
        let mut well = before;
        for item in items {
            let runs = match item.before {
                Separator::Next => true,
                Separator::And => well,
                Separator::Or => !well,
                Separator::Pipe | Separator::Background => return None,
            };
            if matches!(item.after, Separator::Pipe | Separator::Background) {
                return None;
            }
            if runs {
                let is_followed = matches!(item.after, Separator::And | Separator::Or);
                match self.of_item(item, well)? {
                    // The shell would stop here.
                    End::Goes(false) if self.script.stops_at_failures && !is_followed && !self.is_condition => {
                        return None;
                    }
                    End::Goes(end) => well = end,
                    end => return Some(end),
                }
            }
        }
        Some(End::Goes(well))
    }

    fn of_item(self, item: &Item<'_>, before: bool) -> Option<End> {
        match item.kind {
            ItemKind::Simple(words) => self.of_command(&texts(words), before),
            ItemKind::Block([first, inner @ .., _]) => match first.keyword() {
                Some("if") => self.of_branches(inner, before),
                Some("{") => self.of_list(inner, before),
                _ => None,
            },
            _ => None,
        }
    }

    /// `if CONDITION; then ...; else ...; fi` with what stands between `if` and `fi`; none within another is followed.
    fn of_branches(self, tokens: &[Token], before: bool) -> Option<End> {
        let begins = |at: usize| at == 0 || tokens[at - 1].text().is_none() || is_before_command(&tokens[at - 1]);
        let place = |wanted: &[&str]| {
            (0..tokens.len()).find(|at| begins(*at) && tokens[*at].keyword().is_some_and(|it| wanted.contains(&it)))
        };
        if place(&["if", "elif", "case", "while", "until", "for"]).is_some() {
            return None;
        }
        let (then, otherwise) = (place(&["then"])?, place(&["else"]));
        match (Self { is_condition: true, ..self }).of_list(&tokens[..then], before)? {
            End::Goes(true) => self.of_list(&tokens[then + 1..otherwise.unwrap_or(tokens.len())], true),
            End::Goes(false) => otherwise.map_or(Some(End::Goes(true)), |at| self.of_list(&tokens[at + 1..], false)),
            _ => None,
        }
    }

    fn of_command(self, words: &[&str], before: bool) -> Option<End> {
        match words.strip_prefix(&["!"]) {
            Some(rest) => match self.of_program(rest, before)? {
                End::Goes(well) => Some(End::Goes(!well)),
                _ => None,
            },
            None => self.of_program(words, before),
        }
    }

    fn of_program(self, words: &[&str], before: bool) -> Option<End> {
        // `${NAME:?}` ends the script where there is no such variable.
        if words.iter().any(|word| word.contains(":?")) {
            return None;
        }
        let is_pause = |word: &&str| {
            word.trim_end_matches(['s', 'm']).bytes().all(|it| it.is_ascii_digit()) || word.starts_with("/dev/")
        };
        match *words {
            ["break"] => Some(End::LeavesLoop),
            ["exit"] => Some(End::Exits(before)),
            ["exit", code, ..] => code.parse::<u8>().ok().map(|code| End::Exits(code == 0)),
            ["true" | ":" | "echo" | "printf" | "date", ..] => Some(End::Goes(true)),
            ["sleep", ref times @ ..] => (!times.is_empty() && times.iter().all(is_pause)).then_some(End::Goes(true)),
            ["false"] => Some(End::Goes(false)),
            [word] if is_assignment(word) => self.of_assignment(word),
            _ if CountTest::of(words, self.script.bash).is_some() => self.test.map(End::Goes),
            _ => asks_alone(self.script, words).then_some(End::Goes(self.answered)),
        }
    }

    /// `n=0`, `n=$((n+1))`, or `TOKEN=$(curl ...)`, which ends as the command in it does.
    fn of_assignment(self, word: &str) -> Option<End> {
        let (_, value) = word.split_once('=')?;
        if Step::of(word).is_some() || !value.contains(['`', '(']) {
            return Some(End::Goes(true));
        }
        let inner = value.strip_prefix("$(")?.strip_suffix(')').filter(|inner| !inner.contains(['`', '(']))?;
        match (Self { is_condition: true, ..self }).of_list(&tokens(inner)?, true)? {
            End::Goes(well) => Some(End::Goes(well)),
            _ => None,
        }
    }
}

/// Whether a command may begin behind this keyword.
fn is_before_command(token: &Token) -> bool {
    matches!(token.keyword(), Some("then" | "else" | "do" | "if" | "{" | "!"))
}

/// Whether a command asks the server, and does nothing else: it fails where there is no answer.
fn asks_alone(script: &Script, words: &[&str]) -> bool {
    let words: Vec<&str> = words.iter().copied().skip_while(|word| is_assignment(word)).collect();
    let Some((program, arguments)) = words.split_first().and_then(|(first, rest)| run_in_the_end(first, rest)) else {
        return false;
    };
    match (basename(program), arguments) {
        ("curl" | "wget" | "gcloud", _) => script.asks(arguments),
        ("[", [answer, "=" | "-eq", "200", "]"]) | ("test", [answer, "=" | "-eq", "200"]) => {
            let asks = answer.starts_with("$(") && script.asks(&[answer]);
            asks && answer.contains("curl ") && !["echo", "200", ";"].iter().any(|it| answer.contains(it))
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests;
