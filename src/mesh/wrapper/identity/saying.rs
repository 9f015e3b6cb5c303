//! What a command says about the metadata server: signs, of which nothing is left in a comment, behind `exec /app`, in the
//! background, in a text that is printed, or in a command that asks nobody for a token.

use super::{asks_metadata_server, has_own_question, may_say_so};
use crate::mesh::wrapper::shell::reached::Reached;
use crate::mesh::wrapper::shell::reading::{Interpreter, Reading};
use crate::mesh::wrapper::shell::script::ItemKind;
use crate::mesh::wrapper::shell::tokens::{Separator, Token, tokens};
use crate::mesh::wrapper::wait::script_wait::{is_assignment, texts};
use crate::mesh::wrapper::{ContainerStart, basename, behind_launchers, shell_script};

/// Google's own programs, which need a token for almost whatever they do.
const PROGRAMS: [&str; 3] = ["gcloud", "gsutil", "bq"];

impl ContainerStart<'_> {
    /// Whether its command says that it asks the metadata server, or has our own program ask it.
    pub(super) fn says_so(&self) -> bool {
        self.any_says(may_say_so, |tokens| asks_metadata_server(&texts(tokens).join(" ")) || has_own_question(tokens))
    }

    /// Whether its command runs one of Google's own programs, as far as any word shows.
    pub(super) fn may_run_google(&self) -> bool {
        let is_end = |it: char| !it.is_ascii_alphanumeric() && !"-_.".contains(it);
        let is_named = |text: &str| text.split(is_end).any(|word| PROGRAMS.contains(&word));
        self.any_says(is_named, |tokens| texts(tokens).into_iter().any(is_named))
    }

    /// Whether a word or script of the command may say something, and says it in what runs. What is not followed says it.
    fn any_says(&self, may_say: impl Fn(&str) -> bool, says: impl Fn(&[Token]) -> bool) -> bool {
        let argv: Vec<&str> = self.argv().collect();
        if !argv.iter().any(|text| may_say(text))
            || asks_nobody(argv.get(behind_launchers(&argv)..).unwrap_or_default())
        {
            return false;
        }
        let script = shell_script(&argv);
        argv.iter().filter(|text| may_say(text)).any(|text| {
            let followed = script.filter(|(_, script)| script == text);
            let run =
                followed.and_then(|(shell, script)| tokens_run(script, Interpreter::of(shell, &[], script, self.env)));
            run.or_else(|| tokens(text)).is_none_or(|tokens| says(&tokens))
        })
    }
}

/// The tokens of a script that run in the foreground, without commands that ask nobody for a token.
fn tokens_run(script: &str, shell: Interpreter<'_>) -> Option<Vec<Token>> {
    let reading = Reading::of(script, shell)?;
    let items = reading.items()?;
    let reached = Reached::in_foreground(script, &reading, &items);
    let mut runs: Vec<bool> = (0..reading.tokens.len()).map(|at| reached.runs(at)).collect();
    for item in items {
        if let ItemKind::Simple(words) = item.kind
            && item.after != Separator::Pipe
            && asks_nobody(&texts(words))
        {
            runs[item.tokens].fill(false);
        }
    }
    Some(reading.tokens.iter().zip(runs).filter(|(_, runs)| *runs).map(|(token, _)| token.clone()).collect())
}

/// Whether a command needs no token of the server, whatever address it names. `gcloud auth list` ends well without one, too.
fn asks_nobody(words: &[&str]) -> bool {
    const OTHERS: [&str; 6] = ["ping", "ping6", "iptables", "ip6tables", "ip", "route"];
    const TELLING: [&str; 5] = ["version", "--version", "-v", "help", "--help"];
    let command = &words[words.iter().take_while(|word| is_assignment(word)).count()..];
    let Some((program, arguments)) = command.split_first() else { return false };
    let program = basename(program);
    let is_option = |word: &&str| word.starts_with('-') || matches!(*word, "/dev/null" | "1" | "2");
    let is_telling = match arguments {
        ["auth", "list", rest @ ..] => rest.iter().all(is_option),
        [first, rest @ ..] => TELLING.contains(first) && rest.iter().all(is_option),
        [] => false,
    };
    // What a substitution runs is another command, and what is written to a file may be looked at.
    let is_plain = !words.iter().any(|word| word.contains("$("));
    is_plain && (OTHERS.contains(&program) || PROGRAMS.contains(&program) && is_telling)
}
