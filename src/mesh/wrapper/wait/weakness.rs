//! What may go wrong with a wait for the proxy that somebody wrote by hand.
//!
//! Each was tried under dash and bash; only what the command itself proves is said.

use crate::mesh::wrapper::shell::reading::{Interpreter, Reading};
use crate::mesh::wrapper::shell::script::{Item, ItemKind};
use crate::mesh::wrapper::shell::tokens::Token;
use crate::mesh::wrapper::wait::script_wait::{called_function, question_at, read_wait, script_wait, waiting_tokens};
use crate::mesh::wrapper::{
    Bound, ContainerStart, Environment, MOST_WORDS, ProxyWait, SHELLS, after_options_and, basename, inline_script_at,
};
use std::ops::Range;

/// The weaknesses of one wait; none of them is set for one that is sound.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Weaknesses {
    /// It has no end of its own: while the proxy is not ready, nothing else happens.
    pub no_time_out: bool,
    /// It ignores SIGTERM if it is the first process of its container, so that it is killed at the end of the grace period.
    ///
    /// The kernel takes no default action for the first process of a PID namespace
    /// (<https://man7.org/linux/man-pages/man7/pid_namespaces.7.html>), and a shell sets no handler for SIGTERM by itself.
    pub deaf_to_term: bool,
    /// The arguments behind the script that it does not hand on to anybody.
    pub dropped: Vec<String>,
    /// It is a script, and needs the shell that its command names.
    pub shell: bool,
    /// The program that it asks with, where nothing else of the script speaks of that: it may bring it.
    pub program: Option<&'static str>,
}

impl ContainerStart<'_> {
    /// Its wait for the proxy, as [`Self::proxy_wait`] says, and the weaknesses of one that it certainly has.
    pub fn weighed_wait(&self) -> (ProxyWait, Option<Weaknesses>) {
        let argv: Vec<&str> = self.argv().collect();
        let Some(script) = Script::of(&argv, self.env) else {
            let wait = self.proxy_wait();
            return (wait, bound_of(wait).map(Weaknesses::of_bound));
        };
        // The commands are told apart once, for both.
        let reading = Reading::of(script.text, script.shell);
        let items = reading.as_ref().and_then(Reading::items);
        let (wait, at) = match &reading {
            Some(reading) => read_wait(script.text, reading, items.as_deref(), script.shell),
            None => (script_wait(script.text, script.shell), None),
        };
        let wait = self.concluded(wait);
        let Some(bound) = bound_of(wait) else { return (wait, None) };
        let mut weaknesses = Weaknesses { shell: script.start == 0, ..Weaknesses::of_bound(bound) };
        if let (Some(reading), Some(items), Some(at)) = (&reading, &items, at) {
            weaknesses.deaf_to_term = is_deaf(items, at, &reading.tokens);
            weaknesses.program = asking_program(script.text, waiting_tokens(items, at), &reading.tokens);
        }
        weaknesses.dropped = self.dropped(&argv, &script);
        (wait, Some(weaknesses))
    }

    fn dropped(&self, argv: &[&str], script: &Script<'_>) -> Vec<String> {
        // Those in `command` are there for the shell: `$0` and what goes with it.
        let first = script.behind.max(self.command.len());
        let words = dropped(script.text, argv.get(first..).unwrap_or_default(), script.behind < first);
        words.iter().map(|word| (*word).to_owned()).collect()
    }
}

impl Weaknesses {
    fn of_bound(bound: Bound) -> Self {
        Self { no_time_out: bound == Bound::Endless, ..Self::default() }
    }
}

fn bound_of(wait: ProxyWait) -> Option<Bound> {
    match wait {
        ProxyWait::Certain(bound) => Some(bound),
        ProxyWait::None | ProxyWait::Possible => None,
    }
}

/// The script of a shell that is the first process of its container, or becomes it.
struct Script<'a> {
    text: &'a str,
    shell: Interpreter<'a>,
    /// How many words stand before the shell.
    start: usize,
    /// The place of the first word behind the script.
    behind: usize,
}

impl<'a> Script<'a> {
    fn of(argv: &[&'a str], environment: Environment<'a>) -> Option<Self> {
        let start = behind_replaced(argv);
        let (program, arguments) = argv.get(start..)?.split_first().filter(|_| argv.len() <= MOST_WORDS)?;
        let at = inline_script_at(arguments).filter(|_| SHELLS.contains(&basename(program)))?;
        let text = *arguments.get(at)?;
        let shell = Interpreter::of(program, &arguments[..at], text, environment);
        Some(Self { text, shell, start, behind: start + at + 2 })
    }
}

/// How many words belong to programs that become what stands behind them, so that it is the first process in their place.
fn behind_replaced(argv: &[&str]) -> usize {
    let mut rest = argv;
    while let Some((program, arguments)) = rest.split_first() {
        rest = match basename(program) {
            "env" => after_options_and(arguments, |word| word.contains('=')),
            "su-exec" | "gosu" => arguments.get(1..).unwrap_or_default(),
            _ => break,
        };
    }
    argv.len() - rest.len()
}

/// Whether the shell itself is what waits, and takes no notice of SIGTERM meanwhile. A trap of any kind may change that.
fn is_deaf(items: &[Item<'_>], wait: usize, tokens: &[Token]) -> bool {
    let loops =
        |tokens: &[Token]| tokens.iter().any(|token| matches!(token.keyword(), Some("until" | "while" | "for")));
    let waits_itself = match &items[called_function(items, wait).unwrap_or(wait)].kind {
        ItemKind::Loop { .. } => true,
        ItemKind::Block(tokens) | ItemKind::Function { body: tokens, .. } => loops(tokens),
        ItemKind::Simple(words) => words.first().and_then(Token::text).is_some_and(|word| basename(word) == "curl"),
    };
    // `trap '' TERM` is told to ignore it.
    let listens = |pair: &[Token]| pair[0].text() == Some("trap") && pair[1].text() != Some("");
    waits_itself && !tokens.windows(2).any(listens)
}

/// The program that a script asks the proxy with, if it is spoken of there only.
fn asking_program(script: &str, wait: Range<usize>, tokens: &[Token]) -> Option<&'static str> {
    const ASKING: [&str; 3] = ["curl", "wget", "nc"];
    let question = wait.start + question_at(&tokens[wait.clone()])?;
    let is_start = |token: &Token| {
        token.text().is_none() || matches!(token.keyword(), Some("until" | "while" | "if" | "do" | "then" | "!"))
    };
    let start = (wait.start..question).rev().find(|at| is_start(&tokens[*at])).map_or(wait.start, |at| at + 1);
    let words = |text: &str, program: &str| {
        let text = if text.contains(program) { text } else { "" };
        text.split(|it: char| !it.is_ascii_alphanumeric() && !"-_.".contains(it)).filter(|it| *it == program).count()
    };
    let within = |program: &str| {
        let texts = tokens[start..=question].iter().filter_map(Token::text);
        texts.map(|text| words(text, program)).sum::<usize>()
    };
    let mut asking = ASKING.into_iter().filter(|program| within(program) > 0);
    let program = asking.next().filter(|_| asking.next().is_none())?;
    (words(script, program) == within(program)).then_some(program)
}

/// The words behind a script that nobody reads. A single one may be no more than a name (`$0`), unless that stands before it
/// or it is an option; `--` and `-` hold its place, as `sh -c SCRIPT -- /app` leaves `/app` for `$1`.
fn dropped<'w, 'a>(script: &str, words: &'w [&'a str], is_named: bool) -> &'w [&'a str] {
    let is_option = |word: &&str| word.starts_with('-') && !matches!(*word, "-" | "--");
    let named_by_option = !is_named && words.first().is_some_and(is_option);
    let reads_name = ["$0", "${0", "BASH_ARG"].iter().any(|zero| script.contains(zero));
    let is_lost = named_by_option && !reads_name;
    if reads_arguments(script) {
        return if is_lost { &words[..1] } else { &[] };
    }
    if is_named || is_lost { words } else { words.get(1..).unwrap_or_default() }
}

/// Whether a script may do something with its arguments.
fn reads_arguments(script: &str) -> bool {
    let after_dollar = script.split('$').skip(1);
    let hands_on = after_dollar.filter_map(|rest| rest.trim_start_matches(['{', '#', '!']).chars().next());
    let reads_some = hands_on.into_iter().any(|it| it.is_ascii_digit() || matches!(it, '@' | '*'));
    let says_otherwise = ["shift", "getopts", "eval", "source", "set --"].iter().any(|word| script.contains(word));
    let counts_some = script.contains("$#") || script.contains("BASH_ARG") || script.contains(". ");
    reads_some || says_otherwise || counts_some
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOOP: &str = "until curl -fs localhost:15021/healthz/ready; do sleep 1; done";

    fn weaknesses(command: &[&str], args: &[&str]) -> Option<Weaknesses> {
        let start = ContainerStart { name: "app", image: "app:1", command, args, env: &[] };
        let (wait, weaknesses) = start.weighed_wait();
        assert_eq!(wait, start.proxy_wait(), "{command:?} {args:?}");
        weaknesses
    }

    #[test]
    fn a_shell_that_waits_as_the_first_process_is_deaf() {
        let counted = "for i in 1 2 3; do nc -z localhost 15021 && break; sleep 1; done; exec /app";
        let retried = "curl --retry 9 --retry-connrefused -fs localhost:15021/healthz/ready; exec /app";
        let script = |rest: &str| format!("{LOOP}; {rest}");
        for (argv, wanted) in [
            (["/bin/sh", "-c", &script("/app")], Some((true, true))),
            (["bash", "-ec", &script("/app")], Some((true, true))),
            (["sh", "-c", counted], Some((false, true))),
            (["sh", "-c", retried], Some((false, true))),
            (["sh", "-c", &format!("trap 'exit 143' TERM; {LOOP}; /app")], Some((true, false))),
            (["sh", "-c", "pilot-agent wait && /app"], Some((false, false))),
            (["sh", "-c", &format!("up() {{ {LOOP}; }}; up; /app")], Some((true, true))),
            (["sh", "-c", &format!("stop() {{ exit 0; }}; trap stop TERM; {LOOP}; /app")], Some((true, false))),
            (["sh", "-c", &format!("[ -n \"$A\" ] || exit 1; exec 2>&1; {LOOP}; exec /app")], Some((true, true))),
            (["sh", "-c", &format!("timeout 60 sh -c '{LOOP}'; /app")], Some((false, false))),
            (["sh", "-c", "cat <<EOF\nEOF\nexec /app"], None),
            (["sh", "-c", "exec /app"], None),
            (["pilot-agent", "wait", ""], Some((false, false))),
        ] {
            let found = weaknesses(&argv, &[]);
            assert_eq!(found.as_ref().map(|it| (it.no_time_out, it.deaf_to_term)), wanted, "{argv:?}");
            assert_eq!(found.map(|it| it.shell), wanted.map(|_| argv[1].starts_with('-')), "{argv:?}");
        }
        let behind_init = ["tini", "--", "sh", "-c", &script("/app")];
        let of_loop = Weaknesses { no_time_out: true, ..Weaknesses::default() };
        assert_eq!(weaknesses(&behind_init, &[]), Some(of_loop));
        for replaced in [&["/usr/bin/env", "A=b"][..], &["su-exec", "app"], &["env", "gosu", "app:app"]] {
            let argv: Vec<&str> = replaced.iter().copied().chain(["sh", "-c", LOOP]).collect();
            let found = weaknesses(&argv, &["--x"]).unwrap();
            assert_eq!((found.no_time_out, found.deaf_to_term, found.shell), (true, true, false), "{replaced:?}");
            assert_eq!(found.dropped, ["--x"], "{replaced:?}");
        }
    }

    #[test]
    fn a_program_is_needed_where_nothing_may_bring_it() {
        for (script, wanted) in [
            (LOOP, Some("curl")),
            ("while ! wget -q http://localhost:15021/healthz/ready; do sleep 1; done; /app", Some("wget")),
            ("until nc -z localhost 15021; do echo waiting; done; exec /app", Some("nc")),
            (
                "while [ \"$(curl -s -w '%{http_code}' localhost:15021/healthz/ready)\" != 200 ]; do sleep 1; done",
                Some("curl"),
            ),
            ("while [ \"$S\" != 200 ]; do S=$(curl -s localhost:15021/healthz/ready); sleep 1; done", Some("curl")),
            ("apk add curl; until curl -f localhost:15021/healthz/ready; do sleep 1; done", None),
            ("until curl -f localhost:15021/healthz/ready; do apk add curl; done", None),
            ("until (echo > /dev/tcp/localhost/15021); do sleep 1; done", None),
            ("while true; do echo curl; curl -f localhost:15021/healthz/ready && break; sleep 1; done", None),
            ("pilot-agent wait; /app", None),
            ("up() { until curl -fs localhost:15021/healthz/ready; do sleep 1; done; }; up; /app", Some("curl")),
            ("U=localhost:15021/ready; while true; do curl -fs $U && break || sleep 1; done; /app", Some("curl")),
        ] {
            assert_eq!(weaknesses(&["sh", "-c", script], &[]).unwrap().program, wanted, "{script}");
        }
    }

    #[test]
    fn arguments_that_the_script_does_not_read_are_dropped() {
        let plain = format!("{LOOP}; exec /app");
        let handing_on = |word: &str| format!("{LOOP}; exec /app {word}");
        let (all, quoted, second, shifted, sourced) =
            (handing_on("$@"), handing_on("\"${@}\""), handing_on("$1"), handing_on("; shift"), handing_on("; . /env"));
        let zero = handing_on("\"$0\" \"$@\"");
        let counting = handing_on("; echo $#");
        for (command, args, wanted) in [
            (&["sh", "-c", &plain][..], &["--port", "80"][..], &["--port", "80"][..]),
            (&["sh", "-c", &plain], &["port", "80"], &["80"]),
            (&["sh", "-c", &plain], &["--port=80"], &["--port=80"]),
            (&["sh", "-c", &plain], &["serve"], &[]),
            (&["sh", "-c", &plain, "app"], &["--port=80"], &["--port=80"]),
            (&["sh", "-c", &plain, "app", "--port=80"], &[], &[]),
            (&["sh", "-c"], &[&plain, "--port", "80"], &["--port", "80"]),
            (&["sh", "-c"], &[&plain, "app"], &[]),
            (&["sh", "-c", &plain], &[], &[]),
            (&["sh", "-c", &all], &["--port", "80"], &["--port"]),
            (&["sh", "-c", &all], &["--", "/app", "--port"], &[]),
            (&["sh", "-c", &all], &["-", "/app"], &[]),
            (&["sh", "-c", &all], &["---", "/app"], &["---"]),
            (&["sh", "-c", &plain], &["--", "/app"], &["/app"]),
            (&["sh", "-c", &plain], &["--"], &[]),
            (&["sh", "-c", &zero], &["--port", "80"], &[]),
            (&["sh", "-c", &quoted, "app"], &["--port", "80"], &[]),
            (&["sh", "-c", &second], &["serve", "80"], &[]),
            (&["sh", "-c", &shifted], &["serve", "80"], &[]),
            (&["sh", "-c", &sourced], &["serve", "80"], &[]),
            (&["sh", "-c", &counting], &["serve", "80"], &[]),
        ] {
            assert_eq!(weaknesses(command, args).unwrap().dropped, wanted, "{command:?} {args:?}");
        }
    }
}
