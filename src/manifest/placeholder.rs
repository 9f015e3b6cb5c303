//! Text that something else fills in before a manifest is applied: `${NAME}` of envsubst, of Flux and of pipelines, `{{ ... }}` of
//! templates in quotes. What it will be nobody knows, so nothing can be said of it, and nothing may be written over it.

use crate::base::{Path, Segment};
use serde_json::Value;

/// Whether a text holds a placeholder.
pub fn is_filled_in(text: &str) -> bool {
    text.contains("{{") || text.split("${").skip(1).any(|rest| rest.contains('}'))
}

/// Whether what stands at a path of an object is filled in by something else. In the commands of containers `${NAME}` is the shell's,
/// unless it is all there is.
pub fn is_placeholder(object: &Value, path: &Path) -> bool {
    let is_command =
        path.segments().iter().any(|it| matches!(it, Segment::Key(key) if matches!(&**key, "command" | "args")));
    match path.find(object) {
        Some(Value::String(text)) => is_filled_in(text) && (!is_command || is_nothing_else(text)),
        Some(Value::Array(words)) if is_command => words.iter().filter_map(Value::as_str).any(is_nothing_else),
        _ => false,
    }
}

fn is_nothing_else(text: &str) -> bool {
    let name = text.strip_prefix("${").and_then(|rest| rest.strip_suffix('}'));
    name.is_some_and(|name| !name.contains(['{', '}']))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn placeholders_are_told_from_what_is_meant_as_it_stands() {
        let object = json!({"name": "${NAME}", "port": "http-${N}", "text": "a $b {c}", "open": "${", "go": "{{ .x }}", "n": 1,
            "args": ["-c", "exec ${APP} -x", "${APP}"], "list": ["${A}"], "command": ["sh", "-c", "sleep ${S}"]});
        for (path, wanted) in [
            ("name", true),
            ("port", true),
            ("text", false),
            ("open", false),
            ("go", true),
            ("n", false),
            ("gone", false),
            ("list", false),
            ("args", true),
            ("command", false),
        ] {
            assert_eq!(is_placeholder(&object, &Path::keys(path)), wanted, "{path}");
        }
        let args = Path::keys("args");
        assert!(!is_placeholder(&object, &args.clone().index(1)) && is_placeholder(&object, &args.index(2)));
    }
}
