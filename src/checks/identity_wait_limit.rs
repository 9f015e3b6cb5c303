//! `identity-wait-limit`: a wait for the metadata server should end, and should fail where there was no answer.
//!
//! What its command proves is told by [`crate::mesh::IdentityFlaw`].

use crate::base::{Edit, Fix, Path, PodRepair};
use crate::checks::container_start::{ask_start, waits_for_identity};
use crate::checks::identity_fix::WAIT_ARGUMENTS;
use crate::checks::{Check, Observation, bind, schema_of, with_name};
use crate::inventory::Subject;
use crate::manifest::{Container, ImageReference, Role};
use crate::mesh::{CurlOptions, IdentityFlaw};
use schemars::JsonSchema;
use serde::Deserialize;

/// The check.
pub const CHECK: Check = Check {
    id: "identity-wait-limit",
    summary: "whether a wait for the GKE metadata server ends, and fails without an answer",
    cases: &[],
    repair: PodRepair::Never,
    schema: schema_of::<Params>,
    bind: |params| bind(params, run),
};

/// Parameters of `identity-wait-limit`.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Params {
    /// The image of seaworthy-wait, for the fix. Absent: `repairs.image` of `seaworthy.yaml`.
    #[schemars(with = "ImageReference")]
    image: Option<String>,
}

fn run(params: &Params, subject: &Subject<'_>) -> Vec<Observation> {
    let Some(pod) = subject.pod().filter(|pod| !pod.is_windows()) else { return Vec::new() };
    pod.all_containers().filter_map(|container| observe(params, &container)).collect()
}

fn observe(params: &Params, container: &Container<'_>) -> Option<Observation> {
    let is_init = container.role() == Role::Init;
    if !waits_for_identity(container) {
        return None;
    }
    let flaw = ask_start(container, |start| start.identity_flaw());
    // What an application does with a failure is its own business; that it never gets to it is not.
    match flaw.filter(|flaw| is_init || *flaw == IdentityFlaw::Endless) {
        Some(flaw) => Some(observe_flaw(params, container, flaw)),
        None if is_init => observe_image(params, container),
        None => None,
    }
}

fn observe_flaw(params: &Params, container: &Container<'_>, flaw: IdentityFlaw) -> Observation {
    let path = list_with(container, 0);
    let message = with_name(40, container.name(), |name| match flaw {
        IdentityFlaw::Endless => {
            format!("container {name} waits for the metadata server without end: want a time limit at {path}")
        }
        IdentityFlaw::FailureIgnored => {
            format!("container {name} goes on without an answer of the metadata server: want a failure at {path}")
        }
        IdentityFlaw::AnswerUnchecked => {
            format!("container {name} takes an error of the metadata server for its answer: want curl --fail at {path}")
        }
        IdentityFlaw::NoTimeLimit => {
            format!("container {name} asks the metadata server for hours: want curl --retry-max-time 60 at {path}")
        }
    });
    let help = match flaw {
        IdentityFlaw::Endless => "count the tries or the time, and exit 1: then the kubelet shows it, and tries again",
        IdentityFlaw::FailureIgnored => "exit 1 where there was no answer: then the kubelet shows it, and tries again",
        IdentityFlaw::AnswerUnchecked => {
            "a pod that is not known yet gets 403 or 404, which curl takes for success without `--fail`"
        }
        IdentityFlaw::NoTimeLimit => "the pauses between tries grow from 1 to 600 seconds",
    };
    let fix = match flaw {
        IdentityFlaw::AnswerUnchecked | IdentityFlaw::NoTimeLimit => with_options(container),
        IdentityFlaw::Endless | IdentityFlaw::FailureIgnored => None,
    };
    let fix = fix.map_or_else(|| with_own_program(params, container), Ok);
    Observation::new(path, message).help(help).remedied_by(fix)
}

/// Google's image of 2020 is hundreds of megabytes of programs nobody has mended since.
fn observe_image(params: &Params, container: &Container<'_>) -> Option<Observation> {
    if !ask_start(container, |start| start.has_old_identity_image()) {
        return None;
    }
    let path = container.path().key("image");
    let message = with_name(40, container.name(), |name| {
        format!("container {name} waits with the image that Google named in 2020: want a maintained one at {path}")
    });
    Some(Observation::new(path, message).remedied_by(with_own_program(params, container)))
}

/// The list that holds a word of `command` and `args` together: `command`, where there is one.
fn list_with(container: &Container<'_>, at: usize) -> Path {
    let key = if at < container.command().count() { "command" } else { "args" };
    container.path().key(key)
}

/// The options that its curl lacks.
fn with_options(container: &Container<'_>) -> Option<Fix> {
    let command = container.command().count();
    let place = |at: usize| if at < command { at } else { at - command };
    let edits = match ask_start(container, |start| start.with_identity_options())? {
        CurlOptions::Script { at, text } => vec![Edit::set(list_with(container, at).index(place(at)), text)],
        CurlOptions::Words { at, words } => {
            // Behind the last word of `command` they come first among `args`, unless there are none.
            let list = if at < command || container.args().next().is_none() { "command" } else { "args" };
            let index = if list == "command" { at } else { 0 };
            let insert = |word: &&str| Edit::Insert { list: container.path().key(list), index, value: (*word).into() };
            words.iter().rev().map(insert).collect()
        }
    };
    Some(Fix::risky("have curl check the answer, and give up", "the container fails where it went on before", edits))
}

/// Our own program instead of whatever waits.
fn with_own_program(params: &Params, container: &Container<'_>) -> Result<Fix, String> {
    if container.role() != Role::Init {
        return Err("how long the application may wait only its owner knows".to_owned());
    }
    let Some(image) = params.image.as_deref() else {
        return Err("set repairs.image in seaworthy.yaml to the image of seaworthy-wait, which has a limit".to_owned());
    };
    let path = container.path();
    let mut edits = vec![Edit::set(path.clone().key("image"), image)];
    if container.value().get("command").is_some() {
        edits.push(Edit::Remove { path: path.clone().key("command") });
    }
    edits.push(Edit::set(path.key("args"), WAIT_ARGUMENTS.to_vec()));
    let reason = "the command goes as a whole: it must do nothing else than wait";
    Ok(Fix::risky("let seaworthy-wait wait for the metadata server", reason, edits))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Remedy;
    use crate::inventory::Inventory;
    use crate::manifest::Object;
    use crate::manifest::edit::applied;
    use crate::mesh::Profile;
    use serde_json::{Value, json};

    const TOKEN: &str = "http://169.254.169.254/computeMetadata/v1/instance/service-accounts/default/token";

    /// The init container after its fix, with what is found on it then.
    fn fixed(container: &Value) -> (Value, Vec<Observation>) {
        let value = json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "web"}, "spec": {"initContainers": [container], "containers": []}});
        let (object, inventory, profile) =
            (Object::from_json(value).unwrap(), Inventory::default(), Profile::default());
        let params = Params { image: Some("registry.example.com/seaworthy-wait:1".to_owned()) };
        let observe = |object: &Object| run(&params, &Subject::new(object, &inventory, &profile));
        let Some(Remedy::Fix(fix)) = observe(&object).pop().map(|it| it.remedy) else { panic!("{container}") };
        let after = Object::from_json(applied(&fix.edits, object.value()).unwrap()).unwrap();
        let container = after.value().pointer("/spec/initContainers/0").unwrap().clone();
        (container, observe(&after))
    }

    #[test]
    fn with_an_image_our_own_program_waits_instead() {
        let loops = format!("until curl -sf {TOKEN}; do sleep 1; done");
        let old = "gcr.io/google.com/cloudsdktool/cloud-sdk:326.0.0-alpine";
        for container in [
            json!({"name": "wait", "image": "a", "command": ["sh", "-c", loops]}),
            json!({"name": "wait", "image": "a", "command": ["sh", "-c", format!("curl -sf {TOKEN} || true")]}),
            json!({"name": "wait", "image": old, "command": ["sh", "-c"], "args": [format!("curl -sf {TOKEN}")]}),
        ] {
            let wanted = json!({"name": "wait", "image": "registry.example.com/seaworthy-wait:1", "args": ["identity", "--timeout", "60s"]});
            assert_eq!(fixed(&container), (wanted, Vec::new()), "{container}");
        }
    }

    #[test]
    fn options_come_where_curl_takes_them() {
        let limit = ["--retry-max-time", "60"];
        for (container, wanted) in [
            (
                json!({"command": ["curl"], "args": ["-sf", "--retry", "30", TOKEN]}),
                json!({"command": ["curl"], "args": [limit[0], limit[1], "-sf", "--retry", "30", TOKEN]}),
            ),
            (json!({"command": ["curl", "-s", TOKEN]}), json!({"command": ["curl", "--fail", "-s", TOKEN]})),
            (
                json!({"command": ["curl", "-s"], "args": [TOKEN]}),
                json!({"command": ["curl", "--fail", "-s"], "args": [TOKEN]}),
            ),
            (
                json!({"command": ["sh", "-c"], "args": [format!("curl -s {TOKEN}")]}),
                json!({"command": ["sh", "-c"], "args": [format!("curl --fail -s {TOKEN}")]}),
            ),
        ] {
            assert_eq!(fixed(&container), (wanted, Vec::new()), "{container}");
        }
    }
}
