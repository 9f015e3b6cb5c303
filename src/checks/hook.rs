//! How long a preStop hook takes, read from the manifest.

use serde_json::Value;

/// The seconds that a preStop hook takes at least; none where the manifest does not tell.
///
/// Known are the sleep action, `sleep` itself, and a shell script of plain commands, of which the sleeps are added up.
/// A loop, a variable, a condition or a job in the background makes a script unknown. Parts of a second are dropped,
/// so that the result is never more than the truth.
pub fn hook_seconds(hook: &Value) -> Option<i64> {
    if let Some(seconds) = hook.pointer("/sleep/seconds") {
        return seconds.as_i64().filter(|seconds| *seconds >= 0);
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

/// The script of `sh -c SCRIPT`; the option may be joined with others, as in `-ec`.
fn script_of<'a>(arguments: &[&'a str]) -> Option<&'a str> {
    let at = arguments.iter().position(|it| it.starts_with('-') && !it.starts_with("--") && it.ends_with('c'))?;
    arguments.get(at + 1).copied()
}

fn script_seconds(script: &str) -> Option<i64> {
    let has_unknown = |text: &str| text.contains(['$', '`', '|', '(', ')', '{', '}', '<']);
    let without_background = script.replace("&&", ";").replace("2>&1", "").replace(">&2", "").replace("&>", ">");
    if has_unknown(script) || without_background.contains('&') {
        return None;
    }
    let mut total = 0;
    let mut slept = false;
    for command in without_background.split([';', '\n']).map(str::trim).filter(|it| !it.is_empty()) {
        let mut words = command.split_whitespace();
        match words.next().map(base_name) {
            Some("sleep") => {
                total += sleep_seconds(words.map(|word| word.trim_matches(['"', '\''])))?;
                slept = true;
            }
            Some(word) if SHELL_KEYWORDS.contains(&word) => return None,
            _ => {}
        }
    }
    slept.then_some(total)
}

/// Words after which a command may run never, or many times.
const SHELL_KEYWORDS: [&str; 13] =
    ["if", "then", "else", "while", "until", "for", "do", "case", "!", "exec", "trap", "exit", "return"];

/// The sum of the arguments of `sleep`: a number with an optional unit each.
fn sleep_seconds<'a>(arguments: impl Iterator<Item = &'a str>) -> Option<i64> {
    let mut total = 0.0;
    let mut any = false;
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
        total += number.parse::<f64>().ok()? * seconds_per_unit;
        any = true;
    }
    // A year of seconds fits: beyond it no grace period makes sense.
    (any && total < 31_536_000.0).then_some(total as i64)
}

fn base_name(program: &str) -> &str {
    program.rsplit('/').next().unwrap_or(program)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn known_forms_add_up() {
        for (hook, seconds) in [
            (json!({"sleep": {"seconds": 30}}), 30),
            (json!({"exec": {"command": ["sleep", "30"]}}), 30),
            (json!({"exec": {"command": ["/bin/sleep", "1m", "5"]}}), 65),
            (json!({"exec": {"command": ["sh", "-c", "sleep 30"]}}), 30),
            (json!({"exec": {"command": ["/bin/bash", "-ec", "sleep 1.5; sleep 2.5s"]}}), 3),
            (json!({"exec": {"command": ["sh", "-c", "wget -qO- localhost:8080/drain && sleep 20"]}}), 20),
            (json!({"exec": {"command": ["sh", "-c", "nginx -s quit >/dev/null 2>&1\n sleep '10'\n"]}}), 10),
        ] {
            assert_eq!(hook_seconds(&hook), Some(seconds), "{hook}");
        }
    }

    #[test]
    fn what_the_manifest_does_not_tell_is_unknown() {
        for command in [
            json!(["sleep 30"]),
            json!(["/drain.sh"]),
            json!(["sh", "-c", "sleep $DRAIN"]),
            json!(["sh", "-c", "while true; do sleep 1; done"]),
            json!(["sh", "-c", "if pgrep app; then sleep 30; fi"]),
            json!(["sh", "-c", "sleep 30 &"]),
            json!(["sh", "-c", "true || sleep 30"]),
            json!(["sh", "-c", "echo bye"]),
            json!(["sleep", "infinity"]),
            json!(["sh", "drain.sh"]),
        ] {
            assert_eq!(hook_seconds(&json!({"exec": {"command": command}})), None, "{command}");
        }
        assert_eq!(hook_seconds(&json!({"httpGet": {"path": "/", "port": 80}})), None);
    }
}
