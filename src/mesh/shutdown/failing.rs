//! Commands of hooks that fail at once in every image, because they were written as if a shell read them.
//!
//! The kubelet runs the elements of a command as they stand: no shell takes them apart, and nothing is expanded in them, not
//! even `$(NAME)`. Source: `Run` in <https://github.com/kubernetes/kubernetes/blob/master/pkg/kubelet/lifecycle/handlers.go>. Each
//! form was run.

/// A command that fails at once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FailingCommand {
    /// What is wrong with it.
    pub mistake: CommandMistake,
    /// The script that was meant, where that is plain.
    pub meant: Option<String>,
}

/// Why a command fails at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CommandMistake {
    /// `["sleep 30"]`: one element holds a whole command line, and no program is called so.
    OneElement,
    /// `["sh", "sleep 30"]`: without `-c` a shell reads a file of that name.
    NoOption,
    /// `["sh", "-c"]`: there is nothing to run.
    NoScript,
    /// `["sh", "-c", "sleep", "30"]`: the script is `sleep` alone, and the rest are its positional parameters.
    ScriptInPieces,
    /// `["sleep", "$SECONDS"]`: no time is written so.
    NoTime,
}

/// Why a command fails at once, whatever the image holds; none where it may work.
pub fn failing_command(argv: &[&str]) -> Option<FailingCommand> {
    let (program, arguments) = argv.split_first()?;
    let (mistake, meant) = if is_command_line(program) {
        (CommandMistake::OneElement, Some(argv.join(" ")))
    } else if is_shell(program) {
        of_shell(arguments)?
    } else if base_name(program) == "sleep" && (arguments.is_empty() || arguments.iter().any(|it| is_no_time(it))) {
        (CommandMistake::NoTime, None)
    } else {
        return None;
    };
    Some(FailingCommand { mistake, meant })
}

fn of_shell(arguments: &[&str]) -> Option<(CommandMistake, Option<String>)> {
    let options = arguments.iter().take_while(|it| it.starts_with('-') && it.len() > 1).count();
    let runs_text = |it: &&str| !it.starts_with("--") && it.contains('c');
    let rest = arguments.get(options..).unwrap_or_default();
    match (arguments.iter().take(options).any(runs_text), rest) {
        (true, []) => Some((CommandMistake::NoScript, None)),
        (true, ["sleep", pieces @ ..]) => {
            let meant = (!pieces.is_empty()).then(|| rest.join(" "));
            Some((CommandMistake::ScriptInPieces, meant))
        }
        (true, [script, ..]) if sleeps_for_no_time(script) => Some((CommandMistake::NoTime, None)),
        (false, [first, ..]) if *first == "sleep" || is_command_line(first) => {
            Some((CommandMistake::NoOption, Some(rest.join(" "))))
        }
        _ => None,
    }
}

/// Whether a word is a command with its arguments: it begins with a program that everybody knows, or with a word of the shell.
fn is_command_line(word: &str) -> bool {
    let mut words = word.split_whitespace();
    let known = words.next().is_some_and(|first| KNOWN.contains(&base_name(first)) || OF_SHELLS.contains(&first));
    known && words.next().is_some()
}

const KNOWN: [&str; 22] = [
    "sleep", "sh", "bash", "ash", "dash", "curl", "wget", "kill", "killall", "pkill", "echo", "touch", "cat", "nc",
    "nginx", "timeout", "env", "test", "rm", "python", "python3", "busybox",
];
const OF_SHELLS: [&str; 7] = ["while", "until", "for", "if", "exec", "trap", "set"];

/// Whether a script is `sleep` alone, with plain words that no `sleep` reads.
fn sleeps_for_no_time(script: &str) -> bool {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, ' ' | '-' | '.');
    let mut words = script.split(' ').filter(|word| !word.is_empty());
    script.chars().all(is_plain) && words.next() == Some("sleep") && words.any(is_no_time)
}

/// Whether every `sleep` refuses an argument. Some read more than whole numbers: parts, exponents, hexadecimal digits, `infinity`.
fn is_no_time(argument: &str) -> bool {
    // Nothing of it is expanded here; but a whole `${NAME}` is what manifests are filled in with before.
    if argument.starts_with("${") && argument.ends_with('}') {
        return false;
    }
    if argument.contains(['$', '&', ';', '|', '<', '>', '`']) {
        return true;
    }
    let number = argument.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let letters = argument.get(number.len()..).unwrap_or_default().to_ascii_lowercase();
    let digits = number.strip_prefix('-').unwrap_or(number);
    let is_number =
        digits.chars().all(|c| c.is_ascii_digit() || c == '.') && digits.contains(|c: char| c.is_ascii_digit());
    match letters.as_str() {
        _ if number.is_empty() => !["inf", "infinity", "nan"].contains(&letters.as_str()),
        _ if !is_number => false,
        "" | "s" | "m" | "h" | "d" => digits != number,
        // `0x1f` is a number to some.
        letters => !letters.starts_with('x') || !digits.trim_start_matches('0').is_empty(),
    }
}

fn is_shell(program: &str) -> bool {
    matches!(base_name(program), "sh" | "bash" | "ash" | "dash" | "ksh" | "zsh")
}

fn base_name(program: &str) -> &str {
    program.rsplit('/').next().unwrap_or(program)
}

#[cfg(test)]
mod tests {
    use super::*;
    use CommandMistake::{NoOption, NoScript, NoTime, OneElement, ScriptInPieces};

    #[test]
    fn what_only_a_shell_would_understand_fails() {
        for (argv, mistake, meant) in [
            (&["sleep 30"][..], OneElement, Some("sleep 30")),
            (&["/bin/sleep 30"], OneElement, Some("/bin/sleep 30")),
            (&["/bin/sh -c", "sleep 30"], OneElement, Some("/bin/sh -c sleep 30")),
            (&["while true; do sleep 1; done"], OneElement, Some("while true; do sleep 1; done")),
            (&["sleep 5 && nginx -s quit"], OneElement, Some("sleep 5 && nginx -s quit")),
            (&["sh", "sleep 30"], NoOption, Some("sleep 30")),
            (&["/bin/bash", "-e", "sleep", "30"], NoOption, Some("sleep 30")),
            (&["sh", "-c"], NoScript, None),
            (&["sh", "-ec"], NoScript, None),
            (&["sh", "-c", "sleep", "30"], ScriptInPieces, Some("sleep 30")),
            (&["sh", "-c", "sleep"], ScriptInPieces, None),
            (&["sleep"], NoTime, None),
            (&["sleep", "$(DRAIN)"], NoTime, None),
            (&["sleep", "$DRAIN"], NoTime, None),
            (&["/bin/sleep", "30;", "true"], NoTime, None),
            (&["sleep", "30", "&&", "true"], NoTime, None),
            (&["sleep", ""], NoTime, None),
            (&["sleep", "abc"], NoTime, None),
            (&["sleep", "30x"], NoTime, None),
            (&["sleep", "30sec"], NoTime, None),
            (&["sleep", "-5"], NoTime, None),
            (&["sleep", "5", "minutes"], NoTime, None),
            (&["sh", "-c", "sleep thirty"], NoTime, None),
            (&["sh", "-c", "  sleep 5 min "], NoTime, None),
        ] {
            let wanted = FailingCommand { mistake, meant: meant.map(str::to_owned) };
            assert_eq!(failing_command(argv), Some(wanted), "{argv:?}");
        }
    }

    #[test]
    fn what_may_work_does_not_fail() {
        for argv in [
            &[][..],
            &["sleep", "30"],
            &["sleep", "1m", "5"],
            &["sleep", "infinity"],
            &["sleep", "Inf"],
            &["sleep", ".5"],
            &["sleep", "1e2"],
            &["sleep", "0x1f"],
            &["sleep", "0xf"],
            &["sleep", "+5"],
            &["sleep", "5D"],
            &["sleep", " 5"],
            &["sleep", "--help"],
            &["sleep", "${DRAIN}"],
            &["sh", "-c", "sleep 5; sleep abc"],
            &["sh", "-c", "sleep abc || sleep 5"],
            &["sh", "-c", "sleep 5m"],
            &["sh", "-c", "sleep 30"],
            &["sh", "-c", "sleep $DRAIN"],
            &["sh", "-c", "sleep $0", "30"],
            &["sh", "-e", "-c", "sleep 30", "sleep"],
            &["sh", "/drain.sh", "sleep"],
            &["sh", "drain script.sh"],
            &["sh"],
            &["sh", "-s"],
            &["/opt/my app/drain"],
            &["my app"],
            &["sleep30"],
            &["/drain", "sleep 30"],
            &["echo", "$PATH"],
        ] {
            assert_eq!(failing_command(argv), None, "{argv:?}");
        }
    }
}
