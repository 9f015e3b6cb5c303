//! A script as its shell reads it: which shell that is, and the parts of an address that variables hold.

use crate::mesh::wrapper::shell::script::{Item, ItemKind, items};
use crate::mesh::wrapper::shell::tokens::{Separator, Token, located_tokens};
use crate::mesh::wrapper::shell::variables::Variables;
use crate::mesh::wrapper::wait::script_wait::is_assignment;
use crate::mesh::wrapper::{Environment, basename};
use std::collections::BTreeSet;
use std::ops::Range;

/// The shell that reads a script.
#[derive(Debug, Clone, Copy)]
pub(in crate::mesh::wrapper) struct Interpreter<'a> {
    pub(in crate::mesh::wrapper) environment: Environment<'a>,
    /// It is bash for certain. Any other name may be dash, the ash of busybox, or bash.
    pub(in crate::mesh::wrapper) bash: bool,
    /// It ends at a command that fails (`set -e`), or may do so.
    pub(in crate::mesh::wrapper) stops_at_failures: bool,
    /// What is read is the body of a function, so that `return` leaves it.
    pub(in crate::mesh::wrapper) in_function: bool,
}

impl<'a> Interpreter<'a> {
    /// The shell of this name, as its options and the script set it up.
    pub(in crate::mesh::wrapper) fn of(
        program: &str,
        options: &[&str],
        script: &str,
        environment: Environment<'a>,
    ) -> Self {
        let script = if script.contains("set ") { script } else { "" };
        let commands =
            script.split([';', '&', '|', '\n']).filter_map(|command| command.trim_start().strip_prefix("set "));
        let mut told = options.iter().copied().chain(commands.flat_map(str::split_whitespace));
        let is_option = |word: &str| word == "errexit" || is_cluster(word) && word.contains('e');
        let stops_at_failures = told.any(is_option);
        Self { environment, bash: basename(program) == "bash", stops_at_failures, in_function: false }
    }
}

/// Options of one letter: `-eu`.
fn is_cluster(word: &str) -> bool {
    word.starts_with('-') && !word.starts_with("--")
}

/// The tokens of a script, and the bytes that each takes in it.
pub(in crate::mesh::wrapper) struct Reading {
    pub(in crate::mesh::wrapper) tokens: Vec<Token>,
    pub(in crate::mesh::wrapper) spans: Vec<Range<usize>>,
    /// The shell reads it to its end, as far as that is known.
    is_followed: bool,
}

impl Reading {
    /// None where the words of the script cannot be told.
    pub(in crate::mesh::wrapper) fn of(script: &str, shell: Interpreter<'_>) -> Option<Self> {
        let (mut tokens, spans) = located_tokens(script)?;
        for at in 0..tokens.len() {
            if only_redirects(script, &tokens, &spans, at) {
                tokens[at] = Token::Word { text: ":".to_owned(), bare: false, quoted: false };
            }
        }
        let is_followed = shell.bash || !tokens.windows(2).any(|pair| declares_function(&pair[0], &pair[1]));
        let tokens = with_addresses(script, &tokens, &spans, shell.environment).unwrap_or(tokens);
        Some(Self { tokens, spans, is_followed })
    }

    /// Its commands; none where they cannot be told apart.
    pub(in crate::mesh::wrapper) fn items(&self) -> Option<Vec<Item<'_>>> {
        items(&self.tokens).filter(|items| self.is_followed && !items.iter().any(replaces_program))
    }
}

/// Whether a word is an `exec` without a command, as in `exec > /var/log/x 2>&1`: the shell goes on.
fn only_redirects(script: &str, tokens: &[Token], spans: &[Range<usize>], at: usize) -> bool {
    // An `exec` behind an `exec` is a word of it: whoever writes thousands of them is not to be read from each.
    let is_word_of = |before: usize| tokens[before].keyword() == Some("exec");
    if tokens[at].keyword() != Some("exec") || at.checked_sub(1).is_some_and(is_word_of) {
        return false;
    }
    let redirects = |word: usize| {
        let gap = script.get(spans[word - 1].end..spans[word].start);
        gap.is_some_and(|gap| gap.contains(['<', '>']))
    };
    let words = tokens[at..].iter().take_while(|token| token.text().is_some()).count();
    let end = at + words;
    // A number right before a redirection is what is redirected, and bash finds one for `{NAME}`.
    let is_descriptor = |at: usize| {
        let is_named = |text: &str| text.starts_with('{') && text.ends_with('}') && is_right_before(script, spans, at);
        tokens[at].text().is_some_and(|text| text.bytes().all(|byte| byte.is_ascii_digit()) || is_named(text))
    };
    let is_part = |word: usize| redirects(word) || is_descriptor(word) && word + 1 < end && redirects(word + 1);
    words > 1 && (at + 1..end).all(is_part)
}

/// Whether a redirection follows a word without a blank.
fn is_right_before(script: &str, spans: &[Range<usize>], at: usize) -> bool {
    script.get(spans[at].end..).is_some_and(|behind| behind.starts_with(['<', '>']))
}

/// `function name`, which is an error for some shells.
fn declares_function(keyword: &Token, name: &Token) -> bool {
    keyword.keyword() == Some("function") && name.text().is_some()
}

/// Whether a function takes the name of a program that waits are written with.
fn replaces_program(item: &Item<'_>) -> bool {
    const PROGRAMS: [&str; 10] = ["curl", "wget", "nc", "ncat", "netcat", "grep", "timeout", "test", "[", "sleep"];
    matches!(item.kind, ItemKind::Function { name, .. } if PROGRAMS.contains(&name))
}

/// Bytes that values may add to a script.
const LONGEST: usize = 64 * 1024;

/// The tokens with the addresses of the proxy, and parts of them, in the place of the variables that hold them. None where there are
/// no such variables.
///
/// The value of a variable is known where `env` gives it, or one command that certainly runs, and nothing else sets it.
fn with_addresses(
    script: &str,
    tokens: &[Token],
    spans: &[Range<usize>],
    environment: Environment<'_>,
) -> Option<Vec<Token>> {
    let may_set = |token: &Token| matches!(token.text(), Some("." | "source" | "eval"));
    if tokens.iter().any(may_set) {
        return None;
    }
    let names = names_read(script);
    if names.is_empty() {
        return None;
    }
    let known = |(name, value): &&(&str, Option<&str>)| names.contains(name) && value.is_some_and(is_part_of_address);
    let environment: Vec<_> = environment.iter().filter(known).copied().collect();
    let sets_address = |token: &Token| token.text().and_then(address_set).is_some_and(|name| names.contains(name));
    if environment.is_empty() && !tokens.iter().any(sets_address) {
        return None;
    }
    let mut variables = Variables::of(&environment);
    variables.forget_what_changes(tokens);
    let (mut read, mut added) = (tokens.to_vec(), 0);
    for item in items(tokens)? {
        for at in item.tokens.clone() {
            let Token::Word { text, bare, .. } = &mut read[at] else { continue };
            if !text.contains('$') || is_literal(&script[spans[at].clone()]) {
                continue;
            }
            let value = variables.in_script(text);
            if value != *text {
                added += value.len();
                (*text, *bare) = (value, false);
            }
        }
        if added > LONGEST {
            return None;
        }
        for word in sets_surely(&item).into_iter().filter(|word| address_set(word).is_some()) {
            variables.assign(word);
        }
    }
    Some(read)
}

/// The names of variables that a script reads.
fn names_read(script: &str) -> BTreeSet<&str> {
    let name = |rest: &'_ str| {
        let is_end = |it: char| !it.is_ascii_alphanumeric() && it != '_';
        rest.find(is_end).unwrap_or(rest.len())
    };
    let behind = script.match_indices('$').map(|(at, _)| &script[at + 1..]);
    let names = behind.map(|rest| rest.strip_prefix('{').unwrap_or(rest)).map(|rest| &rest[..name(rest)]);
    names.filter(|name| !name.is_empty()).collect()
}

/// The variable that a word sets to a part of an address.
pub(in crate::mesh::wrapper) fn address_set(word: &str) -> Option<&str> {
    let (name, value) = word.split_once('=').filter(|_| is_assignment(word))?;
    is_part_of_address(value).then_some(name)
}

/// Whether a value may be a part of the address that the proxy is asked at.
fn is_part_of_address(value: &str) -> bool {
    const PARTS: [&str; 8] =
        ["localhost", "127.0.0.1", "[::1]", "15000", "15020", "15021", "healthz/ready", "server_info"];
    !value.contains("$(") && !value.contains('`') && PARTS.iter().any(|part| value.contains(part))
}

/// The assignments of a command that certainly runs and does nothing else, in this shell.
fn sets_surely<'a>(item: &Item<'a>) -> Vec<&'a str> {
    let words: &[Token] = match item.kind {
        ItemKind::Simple(words) => words,
        _ => &[],
    };
    let is_sure = item.before == Separator::Next && matches!(item.after, Separator::Next | Separator::And);
    let words: Vec<&str> = words.iter().filter_map(Token::text).collect();
    let sets = words.strip_prefix(&["export"]).or(words.strip_prefix(&["readonly"])).unwrap_or(&words);
    let only_sets = is_sure && sets.iter().all(|word| is_assignment(word));
    if only_sets { sets.to_vec() } else { Vec::new() }
}

/// Whether a `$` of a word as it is written stands for itself: within single quotes, or behind a backslash.
fn is_literal(raw: &str) -> bool {
    let (mut rest, mut in_double) = (raw, false);
    while let Some(at) = rest.find(['\'', '"', '\\']) {
        let behind = &rest[at + 1..];
        rest = match &rest[at..=at] {
            "\\" if behind.starts_with('$') => return true,
            "\\" => behind.get(behind.chars().next().map_or(0, char::len_utf8)..).unwrap_or_default(),
            "\"" => {
                in_double = !in_double;
                behind
            }
            _ if in_double => behind,
            _ => match behind.split_once('\'') {
                Some((inside, _)) if inside.contains('$') => return true,
                Some((_, behind)) => behind,
                None => return true,
            },
        };
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(script: &str, environment: Environment<'_>) -> String {
        let reading = Reading::of(script, Interpreter::of("sh", &[], script, environment)).expect(script);
        reading.tokens.iter().filter_map(Token::text).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn addresses_stand_in_the_place_of_their_variables() {
        const ENV: Environment<'_> = &[("READY", Some("localhost:15021/ready")), ("OTHER", None), ("N", Some("9"))];
        for (script, wanted) in [
            ("A=localhost:15021; curl $A", "A=localhost:15021 curl localhost:15021"),
            ("A=localhost:15021\ncurl \"http://${A}/x\"", "A=localhost:15021 curl http://localhost:15021/x"),
            ("export A=localhost B=15020; nc -z $A $B", "export A=localhost B=15020 nc -z localhost 15020"),
            ("readonly A=15020 && nc $A", "readonly A=15020 nc 15020"),
            ("A=15021; B=localhost:$A; S=$(curl $B)", "A=15021 B=localhost:15021 S=$(curl localhost:15021)"),
            ("A=15021; x \"$(curl -w '%{http_code}' $A)\"", "A=15021 x $(curl -w '%{http_code}' 15021)"),
            ("curl $READY $OTHER $N", "curl localhost:15021/ready $OTHER $N"),
            ("curl ${READY:-x}", "curl localhost:15021/ready"),
            // As it is written.
            ("curl '$READY' \\$READY \"\\$READY\"", "curl $READY $READY \\$READY"),
            ("exec > /x 2>&1; exec 3<&-; exec /x > /y", ": /x 2 1 : 3 - exec /x /y"),
            // Its value is not known.
            ("curl $A; A=localhost", "curl $A A=localhost"),
            ("x && A=localhost; curl $A", "x A=localhost curl $A"),
            ("A=localhost x; curl $A", "A=localhost x curl $A"),
            ("A=localhost | x; curl $A", "A=localhost x curl $A"),
            ("(A=localhost); curl $A", "A=localhost curl $A"),
            ("A=localhost; A=x; curl $A", "A=localhost A=x curl $A"),
            ("READY=$(x); curl $READY", "READY=$(x) curl $READY"),
            ("read READY; curl $READY", "read READY curl $READY"),
            (". /x; curl $READY", ". /x curl $READY"),
            ("for READY in x; do curl $READY; done", "for READY in x do curl $READY done"),
        ] {
            assert_eq!(read(script, ENV), wanted, "{script}");
        }
    }

    #[test]
    fn values_are_put_in_to_a_length() {
        let value = "15021".repeat(200);
        for (times, is_put) in [(60, true), (70, false)] {
            let script = format!("A={value}; x {}", "$A ".repeat(times));
            assert_eq!(read(&script, &[]).contains("$A"), !is_put, "{times}");
        }
    }
}
