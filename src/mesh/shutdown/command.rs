//! One command with its arguments: what it takes at least, read from its words.

use crate::mesh::shutdown::lapse::Lapse;
use crate::mesh::shutdown::script::script_lapse;

/// The lapse of a program with its arguments.
pub(super) fn simple_command(words: &[&str], depth: usize) -> Lapse {
    let assignments = words.iter().take_while(|word| is_assignment(word)).count();
    let Some((program, arguments)) = words.get(assignments..).unwrap_or(&[]).split_first() else {
        return Lapse::INSTANT;
    };
    if depth > DEEPEST {
        return Lapse::LOST;
    }
    match base_name(program) {
        "sleep" => sleep_seconds(arguments).map_or(Lapse::ORDINARY, Lapse::sleeping),
        "true" | ":" | "echo" | "printf" | "set" => Lapse::INSTANT,
        "exit" | "return" => Lapse::EXIT,
        "exec" if arguments.is_empty() => Lapse::INSTANT,
        "exec" => simple_command(arguments, depth + 1).followed_by(Lapse::EXIT),
        "trap" => Lapse::ORDINARY,
        "timeout" => limited(arguments, depth),
        "env" | "command" | "builtin" | "busybox" | "toybox" | "nohup" | "time" if is_program(arguments) => {
            simple_command(arguments, depth + 1)
        }
        "sh" | "bash" | "ash" | "dash" | "ksh" | "zsh" => shell(arguments, depth),
        program if program.contains(['$', '`']) || may_end_application(program, arguments) => Lapse::LOST,
        _ => Lapse::ORDINARY,
    }
}

/// Programs, shells and blocks inside each other that are followed: nobody writes more, and whoever does is not to exhaust the stack.
pub(super) const DEEPEST: usize = 20;

fn is_assignment(word: &str) -> bool {
    let name = word.split_once('=').map_or("", |(name, _)| name);
    name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

fn is_program(arguments: &[&str]) -> bool {
    arguments.first().is_some_and(|first| !first.starts_with('-'))
}

/// The script of `sh -c SCRIPT`. The option may be joined with others, as in `-ec`, and stand among others.
fn shell(arguments: &[&str], depth: usize) -> Lapse {
    let (mut runs_text, mut errexit) = (false, false);
    let mut rest = arguments.iter();
    while let Some(argument) = rest.next() {
        match argument.strip_prefix(['-', '+']) {
            Some("-") => {}
            Some(long) if long.starts_with('-') => {}
            Some(short) => {
                runs_text |= short.contains('c');
                errexit |= argument.starts_with('-') && short.contains('e');
                if short.ends_with(['o', 'O']) {
                    rest.next();
                }
            }
            None if runs_text => {
                let lapse = script_lapse(argument, errexit, depth + 1);
                return lapse.map_or(Lapse::LOST, Lapse::in_subshell);
            }
            None => return Lapse::ORDINARY,
        }
    }
    Lapse::ORDINARY
}

/// `timeout [OPTION]... DURATION COMMAND...`
fn limited(arguments: &[&str], depth: usize) -> Lapse {
    let mut rest = arguments;
    while let [option, after @ ..] = rest
        && option.starts_with('-')
    {
        rest = match (*option, after) {
            ("-k" | "-s" | "--kill-after" | "--signal", [_, after @ ..]) => after,
            ("-k" | "-s" | "--kill-after" | "--signal", []) => &[],
            _ => after,
        };
    }
    let Some((duration, command)) = rest.split_first() else { return Lapse::ORDINARY };
    match sleep_seconds(&[duration]) {
        Some(seconds) if seconds > 0.0 => simple_command(command, depth + 1).at_most(seconds),
        Some(_) => simple_command(command, depth + 1).in_subshell(),
        None => Lapse::ORDINARY,
    }
}

/// Whether a command may end the application: then the container ends, and with it the rest of its hook.
fn may_end_application(program: &str, arguments: &[&str]) -> bool {
    let tells = |word: &str| {
        let word = word.to_ascii_lowercase();
        let word = PREPARING.iter().fold(word, |word, preparing| word.replace(preparing, ""));
        ENDING.iter().any(|ending| word.contains(ending))
    };
    let leaves = ENDS_WITH_LEAVE.contains(&program) && arguments.contains(&"leave");
    leaves || tells(program) || arguments.iter().any(|word| tells(word))
}

const ENDING: [&str; 7] = ["kill", "quit", "stop", "shutdown", "terminate", "halt", "exit"];
/// Agents that end when they leave their cluster; of other programs it is one thing to leave, and another to end.
const ENDS_WITH_LEAVE: [&str; 2] = ["consul", "serf"];
/// Words that announce the end, and are no end.
const PREPARING: [&str; 3] = ["prestop", "pre-stop", "pre_stop"];

/// The sum of the arguments of `sleep`: a number with an optional unit each. `infinity` is not taken everywhere, and then the program
/// fails at once.
fn sleep_seconds(arguments: &[&str]) -> Option<f64> {
    let arguments = if let ["--", rest @ ..] = arguments { rest } else { arguments };
    let seconds = arguments.iter().map(|argument| {
        let unit_at = argument.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(argument.len());
        let (number, unit) = argument.split_at_checked(unit_at)?;
        let seconds_per_unit = match unit {
            "" | "s" => 1.0,
            "m" => 60.0,
            "h" => 3600.0,
            "d" => 86400.0,
            _ => return None,
        };
        number.parse::<f64>().ok().map(|number| number * seconds_per_unit)
    });
    let seconds: Option<Vec<f64>> = seconds.collect();
    seconds.filter(|seconds| !seconds.is_empty()).map(|seconds| seconds.iter().sum())
}

pub(super) fn base_name(program: &str) -> &str {
    program.rsplit('/').next().unwrap_or(program)
}
