//! What starts a container: the `command` of its manifest, or what the platform says of its image. The ENTRYPOINT of an image is
//! in no manifest, and it is never guessed.
//!
//! Source: <https://kubernetes.io/docs/tasks/inject-data-application/define-command-argument-container/>

use crate::manifest::Container;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;

/// What images start where their containers set no `command`, by the image or by the name of the container.
///
/// A key is an image, with or without tag and digest, in which `*` stands for any text; or `container NAME`, which wins. Of
/// several that fit the longest counts.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
#[schemars(extend("propertyNames" = {"pattern": KEY, "title": KEY_FORM}))]
pub struct Entrypoints(BTreeMap<String, Entrypoint>);

/// What a key may be: an image has no space, and a container's name is a DNS label.
const KEY: &str = "^([^ ]+|container [a-z0-9]([-a-z0-9]*[a-z0-9])?)$";
const KEY_FORM: &str = "an image, or `container NAME`";

/// What one image starts: the words of its ENTRYPOINT as a list, or a map with `entrypoint` and `cmd`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
enum Entrypoint {
    /// Its ENTRYPOINT, word by word, of an image without CMD.
    Alone(#[schemars(length(min = 1))] Vec<String>),
    /// Its ENTRYPOINT and its CMD: the second is left out where the container has `args`, as Kubernetes does.
    WithCmd(WithCmd),
}

/// ENTRYPOINT and CMD of an image.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct WithCmd {
    /// Word by word; empty where the image has none.
    entrypoint: Vec<String>,
    /// Word by word.
    cmd: Vec<String>,
}

impl Entrypoints {
    /// Whether nothing is said of any image.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The words that start a container, up to its `args`.
    ///
    /// # Errors
    /// Why they are not known: one line for people, no full stop.
    pub fn command_of(&self, container: &Container<'_>) -> Result<Vec<String>, String> {
        if let Some(words) = container.value().get("command").and_then(Value::as_array).filter(|it| !it.is_empty()) {
            let texts: Option<Vec<&str>> = words.iter().map(Value::as_str).collect();
            let texts = texts.ok_or_else(|| "`command` holds something else than texts".to_owned())?;
            return Ok(texts.into_iter().map(str::to_owned).collect());
        }
        let has_args = container.value().get("args").and_then(Value::as_array).is_some_and(|args| !args.is_empty());
        let words = match self.find(container) {
            None => return Err(UNKNOWN.to_owned()),
            Some(Entrypoint::Alone(words)) => words.clone(),
            Some(Entrypoint::WithCmd(WithCmd { entrypoint, .. })) if has_args => entrypoint.clone(),
            Some(Entrypoint::WithCmd(WithCmd { entrypoint, cmd })) => [entrypoint.as_slice(), cmd].concat(),
        };
        if words.is_empty() && !has_args { Err(UNKNOWN.to_owned()) } else { Ok(words) }
    }

    /// The same words for every image.
    pub fn of_any(words: &[&str]) -> Self {
        let words = words.iter().map(|word| (*word).to_owned()).collect();
        Self(BTreeMap::from([("*".to_owned(), Entrypoint::Alone(words))]))
    }

    /// Whether the words that start a container stand neither in its manifest nor here.
    pub fn lack(&self, container: &Container<'_>) -> bool {
        let is_unset = match container.value().get("command") {
            None | Some(Value::Null) => true,
            Some(command) => command.as_array().is_some_and(Vec::is_empty),
        };
        is_unset && self.command_of(container).is_err()
    }

    fn find(&self, container: &Container<'_>) -> Option<&Entrypoint> {
        let named = format!("{BY_NAME}{}", container.name());
        let by_image = || {
            let fits = |(pattern, _): &(&String, &Entrypoint)| is_image(container.image(), pattern);
            self.0.iter().filter(fits).max_by_key(|(pattern, _)| pattern.len()).map(|(_, entrypoint)| entrypoint)
        };
        self.0.get(&named).or_else(by_image)
    }
}

/// No image has a space.
const BY_NAME: &str = "container ";

const UNKNOWN: &str =
    "no `command` is set, and the image's ENTRYPOINT is not in the manifest: set it, or `repairs.entrypoints`";

/// Whether an image is meant by a pattern: as it is written, without its digest, or without its tag too.
fn is_image(image: &str, pattern: &str) -> bool {
    let without_digest = image.split('@').next().unwrap_or(image);
    let is_tag = |(_, tag): &(&str, &str)| !tag.contains('/');
    let without_tag = without_digest.rsplit_once(':').filter(is_tag).map_or(without_digest, |(name, _)| name);
    [image, without_digest, without_tag].iter().any(|image| fits(image, pattern))
}

/// Whether a text fits a pattern in which `*` stands for any text.
fn fits(text: &str, pattern: &str) -> bool {
    let Some((start, rest)) = pattern.split_once('*') else { return text == pattern };
    let Some(mut text) = text.strip_prefix(start) else { return false };
    let mut pieces: Vec<&str> = rest.split('*').collect();
    let end = pieces.pop().unwrap_or_default();
    for piece in pieces {
        let Some(at) = text.find(piece) else { return false };
        text = &text[at + piece.len()..];
    }
    text.ends_with(end)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::manifest::{Object, PodTemplate};
    use serde_json::json;

    #[test]
    fn patterns_fit_images_with_and_without_tag_and_digest() {
        for (image, pattern, wanted) in [
            ("registry.example:5000/shop/web:1", "registry.example:5000/shop/web", true),
            ("registry.example:5000/shop/web", "registry.example:5000/shop/web", true),
            ("registry.example:5000/shop/web:1@sha256:ab", "registry.example:5000/shop/web", true),
            ("registry.example:5000/shop/web:1@sha256:ab", "registry.example:5000/shop/web:1", true),
            ("registry.example:5000/shop/web:1@sha256:ab", "*@sha256:ab", true),
            ("registry.example:5000/shop/web", "registry.example", false),
            ("nginx:1.27", "nginx", true),
            ("nginx:1.27", "nginx:1.28", false),
            ("nginx:1.27", "nginx:1.*", true),
            ("example/nginx", "nginx", false),
            ("example/nginx", "*/nginx", true),
            ("example/shop/nginx:2", "example/*/nginx*2", true),
            ("example/nginx:22", "example/nginx:2*2", true),
            ("example/nginx:2", "example/nginx:2*2", false),
            ("", "*", true),
        ] {
            assert_eq!(is_image(image, pattern), wanted, "{image} {pattern}");
        }
    }

    #[test]
    fn what_starts_a_container_is_said_by_the_manifest_or_by_the_platform() {
        let entrypoints: Entrypoints = serde_json::from_value(json!({
            "nginx": {"entrypoint": ["/docker-entrypoint.sh"], "cmd": ["nginx", "-g", "daemon off;"]},
            "nginx:1.*": ["/short"],
            "nginx:1.27*": ["/longest"],
            "busybox": {"entrypoint": [], "cmd": ["sh"]},
            "scratch": {"entrypoint": [], "cmd": []},
            "container web": ["/web"],
        }))
        .unwrap();
        let command = |container: Value| {
            let pod = json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "a"}, "spec": {"containers": [container]}});
            let pod = Object::from_json(pod).unwrap();
            let container = PodTemplate::of(&pod).unwrap().containers().next().unwrap();
            entrypoints
                .command_of(&container)
                .map(|words| words.join(" "))
                .unwrap_or_else(|reason| format!("- {reason}"))
        };
        let unknown = format!("- {UNKNOWN}");
        for (container, wanted) in [
            (json!({"image": "a", "command": ["/app", "$(X)"], "args": ["-v"]}), "/app $(X)"),
            (json!({"image": "nginx", "command": ["/app"]}), "/app"),
            (json!({"image": "nginx", "command": ["/app", 1]}), "- `command` holds something else than texts"),
            (json!({"image": "nginx", "command": []}), "/docker-entrypoint.sh nginx -g daemon off;"),
            (json!({"image": "nginx:2", "args": []}), "/docker-entrypoint.sh nginx -g daemon off;"),
            (json!({"image": "nginx:2", "args": ["nginx"]}), "/docker-entrypoint.sh"),
            (json!({"image": "nginx:1.26"}), "/short"),
            (json!({"image": "nginx:1.27.2", "args": ["-v"]}), "/longest"),
            (json!({"image": "busybox"}), "sh"),
            (json!({"image": "busybox", "args": ["ls"]}), ""),
            (json!({"image": "scratch", "args": ["/app"]}), ""),
            (json!({"image": "scratch"}), &*unknown),
            (json!({"image": "nginx", "name": "web"}), "/web"),
            (json!({"image": "a", "args": ["/app"]}), &*unknown),
            (json!({"image": "a", "command": "/app"}), &*unknown),
        ] {
            assert_eq!(command(container.clone()), wanted, "{container}");
        }
    }
}
