//! How long a preStop hook takes, read from the manifest.

use crate::mesh::shutdown::script::plain_commands;
use serde_json::Value;

/// The seconds that a preStop hook takes at least; none where the manifest does not tell.
///
/// Known are the sleep action, `sleep` itself, and a shell script of plain commands, of which the sleeps are added up as
/// far as it is certain that they are reached. Parts of a second are dropped, so that the result is never more than the
/// truth; a day counts for everything longer.
pub fn hook_seconds(hook: &Value) -> Option<i64> {
    if let Some(seconds) = hook.pointer("/sleep/seconds") {
        return seconds.as_i64().filter(|seconds| *seconds >= 0).map(|seconds| seconds.min(A_DAY));
    }
    let argv: Option<Vec<&str>> = hook.pointer("/exec/command")?.as_array()?.iter().map(Value::as_str).collect();
    let argv = argv?;
    let (program, arguments) = argv.split_first()?;
    match base_name(program) {
        "sleep" => sleep_seconds(arguments.iter().copied()),
        "sh" | "bash" | "ash" | "dash" => script_seconds(script_of(arguments)?),
        _ => None,
    }
}

/// No grace period makes sense beyond it, and sums of such times stay short numbers.
pub const A_DAY: i64 = 86_400;

/// The script of `sh -c SCRIPT`; the option may be joined with others, as in `-ec`, and stand behind others.
fn script_of<'a>(arguments: &[&'a str]) -> Option<&'a str> {
    let is_option = |it: &&&str| it.starts_with('-');
    let is_script_option = |it: &&str| !it.starts_with("--") && it.ends_with('c');
    let at = arguments.iter().take_while(is_option).position(is_script_option)?;
    arguments.get(at + 1).copied()
}

fn script_seconds(script: &str) -> Option<i64> {
    let mut total = None;
    for command in plain_commands(script)? {
        let Some((program, arguments)) = command.split_first() else { continue };
        let program = base_name(program);
        if program == "sleep" {
            let seconds = sleep_seconds(arguments.iter().map(String::as_str))?;
            total = Some((total.unwrap_or(0) + seconds).min(A_DAY));
        } else if SHELL_KEYWORDS.contains(&program) || may_end_application(program, arguments) {
            break;
        }
    }
    total
}

/// Words after which a command may run never, or many times.
const SHELL_KEYWORDS: [&str; 13] =
    ["if", "then", "else", "while", "until", "for", "do", "case", "!", "exec", "trap", "exit", "return"];

/// Whether a command may end the application: then the container ends, and with it the rest of its hook.
fn may_end_application(program: &str, arguments: &[String]) -> bool {
    let tells = |word: &str| ["kill", "quit", "stop", "shutdown", "terminate"].iter().any(|it| word.contains(it));
    !matches!(program, "echo" | "printf") && (tells(program) || arguments.iter().any(|word| tells(word)))
}

/// The sum of the arguments of `sleep`: a number with an optional unit each.
fn sleep_seconds<'a>(arguments: impl Iterator<Item = &'a str>) -> Option<i64> {
    let mut total = None;
    for argument in arguments {
        let (number, unit) = match argument.char_indices().find(|(_, c)| !c.is_ascii_digit() && *c != '.') {
            Some((at, _)) => argument.split_at(at),
            None => (argument, "s"),
        };
        let seconds_per_unit = match unit {
            "s" => 1.0,
            "m" => 60.0,
            "h" => 3600.0,
            "d" => 86400.0,
            _ => return None,
        };
        total = Some(total.unwrap_or(0.0) + number.parse::<f64>().ok()? * seconds_per_unit);
    }
    total.map(|seconds| (seconds as i64).min(A_DAY))
}

fn base_name(program: &str) -> &str {
    program.rsplit('/').next().unwrap_or(program)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn script(script: &str) -> Value {
        json!({"exec": {"command": ["/bin/sh", "-c", script]}})
    }

    #[test]
    fn known_forms_add_up() {
        for (hook, seconds) in [
            (json!({"sleep": {"seconds": 30}}), 30),
            (json!({"sleep": {"seconds": 0}}), 0),
            (json!({"exec": {"command": ["sleep", "30"]}}), 30),
            (json!({"exec": {"command": ["/bin/sleep", "1m", "5"]}}), 65),
            (json!({"exec": {"command": ["sleep", "1h"]}}), 3600),
            (json!({"exec": {"command": ["sleep", "1d"]}}), 86_400),
            (json!({"exec": {"command": ["/bin/bash", "-ec", "sleep 1.5; sleep 2.5s"]}}), 3),
            (json!({"exec": {"command": ["sh", "-e", "-c", "sleep 5", "$0"]}}), 5),
            (script("sleep 30"), 30),
            (script("wget -qO- localhost:8080/drain && sleep 20"), 20),
            (script("wget -qO- localhost:8080/drain >/dev/null 2>&1\n sleep '10' >/dev/null # enough\n"), 10),
            (script("echo 'stopping; sleep 9'; sleep 5; sleep 6"), 11),
        ] {
            assert_eq!(hook_seconds(&hook), Some(seconds), "{hook}");
        }
    }

    /// The container ends with its application, and the hook with the container.
    #[test]
    fn only_what_is_surely_reached_counts() {
        for (text, seconds) in [
            ("sleep 5; nginx -s quit; sleep 20", Some(5)),
            ("nginx -s quit; sleep 20", None),
            ("kill -TERM 1 && sleep 20", None),
            ("curl -X POST localhost:8080/actuator/shutdown; sleep 20", None),
            ("sleep 10; while pgrep app; do sleep 1; done", Some(10)),
            ("sleep 10; exit 0; sleep 5", Some(10)),
        ] {
            assert_eq!(hook_seconds(&script(text)), seconds, "{text}");
        }
    }

    #[test]
    fn the_longest_sleeps_are_a_day() {
        for hook in [
            json!({"sleep": {"seconds": i64::MAX}}),
            json!({"exec": {"command": ["sleep", "99999999999999999999"]}}),
            script("sleep 9999999d; sleep 9999999d"),
        ] {
            assert_eq!(hook_seconds(&hook), Some(A_DAY), "{hook}");
        }
    }

    #[test]
    fn what_the_manifest_does_not_tell_is_unknown() {
        for hook in [
            json!({"httpGet": {"path": "/", "port": 80}}),
            json!({"sleep": {"seconds": -1}}),
            json!({"sleep": {"seconds": "30"}}),
            json!({"exec": {"command": ["sleep 30"]}}),
            json!({"exec": {"command": ["/drain.sh"]}}),
            json!({"exec": {"command": ["sleep", "infinity"]}}),
            json!({"exec": {"command": ["sleep", "30", null]}}),
            json!({"exec": {"command": ["sleep"]}}),
            json!({"exec": {"command": ["sh", "drain.sh", "-c", "sleep 30"]}}),
            json!({"exec": {"command": []}}),
            script("sleep $DRAIN"),
            script("while true; do sleep 1; done"),
            script("if pgrep app; then sleep 30; fi"),
            script("sleep 30 &"),
            script("true || sleep 30"),
            script("echo bye"),
            script("sleep"),
        ] {
            assert_eq!(hook_seconds(&hook), None, "{hook}");
        }
    }
}
