//! How long a preStop hook takes, read from the manifest.

use crate::mesh::shutdown::Handler;
use crate::mesh::shutdown::command::simple_command;
use serde_json::Value;

/// What the manifest tells of the time that a preStop hook takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HookTime {
    /// In whole seconds; never more than the truth, where the commands of the hook succeed. A day counts for everything longer.
    pub at_least: i64,
    /// Whether the hook does nothing but to sleep for just that time: then a sleep action can stand in its place.
    pub only_sleeps: bool,
}

/// No grace period makes sense beyond it, and sums of such times stay short numbers.
pub const A_DAY: i64 = 86_400;

/// The time that a preStop hook takes; none where no sleep is sure: an HTTP request, a program of the image, loops and variables, or
/// more than one handler, which the API server refuses.
///
/// Known are the sleep action, `sleep` itself, also behind `env`, `busybox` or `timeout`, and shell scripts, of which those sleeps
/// are added up that are surely reached.
pub fn hook_time(hook: &Value) -> Option<HookTime> {
    Handler::of(hook)?;
    if let Some(seconds) = hook.pointer("/sleep/seconds") {
        let seconds = seconds.as_i64().filter(|seconds| *seconds >= 0)?;
        return Some(HookTime { at_least: seconds.min(A_DAY), only_sleeps: true });
    }
    let argv: Option<Vec<&str>> = hook.pointer("/exec/command")?.as_array()?.iter().map(Value::as_str).collect();
    let argv = argv?;
    if argv.first().is_none_or(|program| is_of_shells(program)) {
        return None;
    }
    let lapse = simple_command(&argv, 0);
    let seconds = lapse.sleeps?;
    let whole = seconds.fract() == 0.0 && seconds <= A_DAY as f64;
    Some(HookTime { at_least: (seconds as i64).min(A_DAY), only_sleeps: lapse.only_sleeps && whole })
}

/// The seconds that a preStop hook takes at least; none where the manifest does not tell.
pub fn hook_seconds(hook: &Value) -> Option<i64> {
    hook_time(hook).map(|time| time.at_least)
}

/// Words that only a shell understands: as a program there is none of that name, and the hook fails at once.
fn is_of_shells(word: &str) -> bool {
    word.contains('=') || ["exec", "command", "builtin", "time"].contains(&word)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize;
    use serde_json::json;

    /// A hook, or the command of one, or a script for `sh`, and what is wanted of it.
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Row {
        hook: Option<Value>,
        command: Option<Value>,
        script: Option<String>,
        at_least: Option<i64>,
        only_sleeps: bool,
    }

    /// The commands of the same table are run by real shells in tests/hook_durations.rs.
    #[test]
    fn every_form_of_a_hook_is_read() {
        let table = include_str!("../../../tests/data/hook-durations.json");
        let rows: Vec<Row> = serde_json::from_str(table).unwrap();
        assert!(rows.len() > 100);
        for row in rows {
            let command = row.script.map_or(row.command, |script| Some(json!(["/bin/sh", "-c", script])));
            let hook = row.hook.or(command.map(|command| json!({"exec": {"command": command}}))).unwrap();
            let wanted = row.at_least.map(|at_least| HookTime { at_least, only_sleeps: row.only_sleeps });
            assert_eq!(hook_time(&hook), wanted, "{hook}");
        }
    }

    #[test]
    fn shells_within_shells_come_to_an_end() {
        let argv: Vec<&str> = std::iter::repeat_n("env", 10_000).chain(["sleep", "30"]).collect();
        assert_eq!(hook_time(&json!({"exec": {"command": argv}})), None);
        for nested in ["(", "{ ", "if a; then ", "if a; then b; elif c; then ", "while a; do ", "env "] {
            let script = format!("{}sleep 30", nested.repeat(100_000));
            assert_eq!(hook_time(&json!({"exec": {"command": ["sh", "-c", script]}})), None, "{nested}");
        }
    }
}
