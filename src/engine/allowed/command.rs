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
    // Where there was none, the platform has said what the image starts.
    let kept = if has_command { behind == behind_call(&before).unwrap_or(&before) } else { behind.ends_with(&before) };
    (!kept).then(|| at.to_owned())
}

/// The words behind a call of our program that runs something.
fn behind_call(words: &[String]) -> Option<&[String]> {
    let texts: Vec<&str> = words.iter().map(String::as_str).collect();
    let call = OwnCall::of(&texts)?;
    words.get(call.prefix..).filter(|_| matches!(call.task, OwnTask::Run | OwnTask::Job))
}
