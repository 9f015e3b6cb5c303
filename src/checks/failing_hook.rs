//! preStop hooks that fail at once: SIGTERM follows in the same moment, and what the hook was written for does not happen.

use crate::base::field;
use crate::manifest::Container;
use crate::mesh::official_image::lacks;
use crate::mesh::shutdown::{FailingCommand, Handler, failing_command, is_dropped};
use crate::mesh::{BareBase, Version, bare_base};
use serde_json::Value;

/// Why the preStop of a container fails at once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HookFailure<'a> {
    /// Its command can work in no image.
    Command(FailingCommand),
    /// The image has no such program.
    Image {
        /// The program.
        program: &'a str,
        /// What the image is made from.
        base: BareBase,
    },
}

/// The preStop of a container that its end waits for. One that fails at once takes no time, and one that this Kubernetes drops is
/// not there; both are findings of other rules.
pub fn working_hook<'a>(container: &Container<'a>, kubernetes: Version) -> Option<&'a Value> {
    let works = |hook: &&Value| !is_dropped(hook, kubernetes) && hook_failure(container).is_none();
    container.pre_stop().filter(works)
}

/// Why the preStop of a container fails at once; none where it may work.
pub fn hook_failure<'a>(container: &Container<'a>) -> Option<HookFailure<'a>> {
    let argv = hook_command(container)?;
    if let Some(failing) = failing_command(&argv) {
        return Some(HookFailure::Command(failing));
    }
    let program = *argv.first()?;
    Some(HookFailure::Image { program, base: lacking(container, program)? })
}

/// What the image of a container is made from, if that is known to lack this program.
pub fn lacking(container: &Container<'_>, program: &str) -> Option<BareBase> {
    bare_base(container.image()).filter(|_| is_common(program) && !may_be_brought(container, program))
}

/// The official image of a container, if that is known to lack this program.
pub fn official_lacking(container: &Container<'_>, program: &str) -> Option<&'static str> {
    let name = program.rsplit('/').next().unwrap_or(program);
    lacks(container.image(), name).filter(|_| is_common(program) && !may_be_brought(container, program))
}

/// What the preStop of a container runs, element by element; none where it runs no command.
pub fn hook_command<'a>(container: &Container<'a>) -> Option<Vec<&'a str>> {
    let hook = container.pre_stop().filter(|hook| Handler::of(hook) == Some(Handler::Exec))?;
    field(hook, &["exec", "command"])?.as_array()?.iter().map(Value::as_str).collect()
}

/// Whether this is one of the programs that a bare image lacks: of a common name, in a folder for such programs.
fn is_common(program: &str) -> bool {
    let (folder, name) = program.rsplit_once('/').unwrap_or(("", program));
    COMMON.contains(&name) && (folder.is_empty() || FOLDERS.contains(&folder))
}

const COMMON: [&str; 20] = [
    "sh", "bash", "ash", "dash", "ksh", "zsh", "sleep", "env", "timeout", "curl", "wget", "nc", "cat", "echo", "touch",
    "test", "kill", "killall", "pkill", "rm",
];
const FOLDERS: [&str; 6] = ["/bin", "/usr/bin", "/usr/local/bin", "/sbin", "/usr/sbin", "/usr/local/sbin"];

/// Whether a volume, or another search path, may bring the program.
fn may_be_brought(container: &Container<'_>, program: &str) -> bool {
    let volumes = container.value().get("volumeMounts").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    let mut mounts = volumes.iter().filter_map(|volume| volume.get("mountPath")?.as_str());
    let name = program.rsplit('/').next().unwrap_or(program);
    let is_searched = !program.contains('/');
    let may_be_at = |mount: &str| {
        let mount = mount.trim_end_matches('/');
        let below = |file: String| file == mount || file.strip_prefix(mount).is_some_and(|rest| rest.starts_with('/'));
        if is_searched {
            FOLDERS.iter().any(|folder| below(format!("{folder}/{name}")))
        } else {
            below(program.to_owned())
        }
    };
    mounts.any(may_be_at) || (is_searched && container.environment().any(|(name, _)| name == "PATH"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::manifest::{Object, PodTemplate};
    use serde_json::json;

    /// Whether the image is said to lack the program of a hook, in a container with these keys.
    fn is_lacking(command: &Value, keys: &Value) -> bool {
        let mut container = json!({"name": "web", "image": "gcr.io/distroless/static"});
        container["lifecycle"] = json!({"preStop": {"exec": {"command": command}}});
        container.as_object_mut().unwrap().extend(keys.as_object().unwrap().clone());
        let spec = json!({"containers": [container]});
        let pod = json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "web"}, "spec": spec});
        let pod = Object::from_json(pod).unwrap();
        let container = PodTemplate::of(&pod).unwrap().containers().next().unwrap();
        matches!(hook_failure(&container), Some(HookFailure::Image { .. }))
    }

    #[test]
    fn a_program_may_come_with_a_volume_or_another_path() {
        let mounted = |path: &str| json!({"volumeMounts": [{"name": "tools", "mountPath": path}]});
        for (command, keys, lacking) in [
            (json!(["sleep", "5"]), json!({}), true),
            (json!(["/usr/bin/sleep", "5"]), json!({}), true),
            (json!(["/tools/sleep", "5"]), json!({}), false),
            (json!(["sleeper", "5"]), json!({}), false),
            (json!(["sleep", "5"]), mounted("/data"), true),
            (json!(["sleep", "5"]), mounted("/bin"), false),
            (json!(["sleep", "5"]), mounted("/usr/"), false),
            (json!(["sleep", "5"]), mounted("/"), false),
            (json!(["sleep", "5"]), mounted("/bin/sleep"), false),
            (json!(["sleep", "5"]), mounted("/bin/sleeping"), true),
            (json!(["/bin/sleep", "5"]), mounted("/usr/bin"), true),
            (json!(["/bin/sleep", "5"]), mounted("/bin"), false),
            (json!(["sleep", "5"]), json!({"env": [{"name": "PATH", "value": "/tools"}]}), false),
            (json!(["/bin/sleep", "5"]), json!({"env": [{"name": "PATH", "value": "/tools"}]}), true),
        ] {
            assert_eq!(is_lacking(&command, &keys), lacking, "{command} {keys}");
        }
    }
}
