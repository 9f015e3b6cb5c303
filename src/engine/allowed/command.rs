//! Commands: a call of our program may stand before one, which keeps all its words.

use crate::mesh::{OwnCall, OwnTask};
use serde_json::Value;

/// The command at this place, or within it, where it is not what it was behind a call of our program.
pub fn command_lost(at: &str, before: &Value, after: &Value) -> Option<String> {
    let container: String = at.split('/').take(4).collect::<Vec<_>>().join("/");
    let words = |pod: &'_ Value| {
        let list = |key: &str| pod.pointer(&format!("{container}/{key}")).and_then(Value::as_array).cloned();
        let words = list("command").into_iter().chain(list("args")).flatten();
        words.map(|word| word.as_str().unwrap_or_default().to_owned()).collect::<Vec<_>>()
    };
    let has_command = before.pointer(&format!("{container}/command")).is_some_and(|it| it != &Value::Array(Vec::new()));
    let (before, after) = (words(before), words(after));
    let Some(behind) = behind_call(&after) else { return Some(at.to_owned()) };
    // A call that was there is changed, or all of it is behind another. Where there was no command, the platform has said what the
    // image starts.
    let kept = match has_command {
        true => behind == before || behind_call(&before) == Some(behind),
        false => behind.ends_with(&before),
    };
    (!kept).then(|| at.to_owned())
}

/// The words behind a call of our program that runs something.
fn behind_call(words: &[String]) -> Option<&[String]> {
    let texts: Vec<&str> = words.iter().map(String::as_str).collect();
    let call = OwnCall::of(&texts)?;
    words.get(call.prefix..).filter(|_| matches!(call.task, OwnTask::Run | OwnTask::Job))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn every_word_of_a_command_is_kept_behind_a_call() {
        let run = ["/seaworthy/wait", "run", "--"];
        for (before, after, is_kept) in [
            (json!({"command": ["/app", "x"]}), json!({"command": [run[0], run[1], run[2], "/app", "x"]}), true),
            (
                json!({"command": ["/app"], "args": ["x"]}),
                json!({"command": [run[0], run[1], "--", "/app"], "args": ["x"]}),
                true,
            ),
            (json!({"command": ["/app", "x"]}), json!({"command": [run[0], run[1], "--", "/app"]}), false),
            (json!({"command": ["/app"]}), json!({"command": ["/other"]}), false),
            // One that calls our program already: its call is another one now, or stands behind another.
            (
                json!({"command": [run[0], "run", "--", "/app"]}),
                json!({"command": [run[0], "job", "--", "/app"]}),
                true,
            ),
            (
                json!({"command": [run[0], "run"], "args": ["--", "/app"]}),
                json!({"command": [run[0], "job", "--", run[0], "run"], "args": ["--", "/app"]}),
                true,
            ),
            (
                json!({"command": [run[0], "run"], "args": ["--", "/app"]}),
                json!({"command": [run[0], "job", "--", run[0], "run"], "args": ["--"]}),
                false,
            ),
            // The words of the image stand before those of `args`.
            (json!({"args": ["x"]}), json!({"command": [run[0], "run", "--", "/app"], "args": ["x"]}), true),
            (json!({"args": ["x"]}), json!({"command": [run[0], "run", "--", "/app"]}), false),
        ] {
            let pod = |container: &Value| json!({"spec": {"containers": [container]}});
            let lost = command_lost("/spec/containers/0/command/1", &pod(&before), &pod(&after));
            assert_eq!(lost.is_none(), is_kept, "{before} {after}");
        }
    }
}
