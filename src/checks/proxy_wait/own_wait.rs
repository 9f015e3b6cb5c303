//! Waits by seaworthy-wait itself. What the fix of a wait put into a pod goes as a whole, once it is of no use there: the words before
//! the command, the mount, the volume and the init container.

use crate::base::{Edit, Fix, Path};
use crate::checks::container_start::ask_command;
use crate::checks::proxy_wait::unwrapping::{command_key, with_its_list, without_wait};
use crate::checks::proxy_wait::{Scene, Wait};
use crate::checks::wrapper_edit::{INSTALLER, VOLUME, is_installer, is_of_program};
use crate::checks::{Observation, shortened, shortened_to};
use crate::manifest::edit::applied;
use crate::manifest::{ByContainer, Container, Role};
use crate::mesh::{OWN_FOLDER, OwnCall, ProxyWait, Rest};
use serde_json::Value;

/// Whether a container of `containers` waits by our own program. Several rules ask it of every container, so the answers of a pod
/// are kept.
pub fn is_own(container: &Container<'_>) -> bool {
    struct Own(ByContainer<bool>);
    let calls = |it: &Container<'_>| it.role() == Role::Regular && ask_command(it, |start| start.own_call().is_some());
    let own = container.pod().once(|| Own(ByContainer::of(&container.pod(), calls)));
    own.0.get(container).copied().unwrap_or(false)
}

/// Whether it waits for nothing, and is there for a proxy that does not end with the work.
pub fn only_quits(container: &Container<'_>) -> bool {
    is_own(container) && ask_command(container, |start| start.own_call().is_some_and(|call| call.only_quits_proxy()))
}

/// One finding for all containers of the pod whose own wait is a defect: what they share goes with the last of them.
pub fn own_wait(scene: &Scene<'_>, finds: Wait, own: Vec<Container<'_>>) -> Option<Observation> {
    let no_proxy = scene.has_no_proxy();
    let is_found = |container: &Container<'_>| match finds {
        // Without a proxy it gives up in the end, and its container is started again, and again.
        Wait::Endless => no_proxy.is_some() && !starts_anyway(container),
        Wait::Redundant => scene.needs_no_wait(container),
        // Its waits end, it hears SIGTERM, and it needs nothing of the image.
        Wait::Fragile => false,
    };
    let found: Vec<Container<'_>> = own.into_iter().filter(is_found).collect();
    let (first, others) = found.split_first()?;
    let name = shortened_to(20, first.name());
    let more = if others.is_empty() { String::new() } else { format!(" and {} more", others.len()) };
    let path = first.path().key(command_key(first));
    let (message, help) = match no_proxy {
        Some(why) => (
            format!(
                "container {name}{more} never starts: it waits for a proxy, but the pod {why}: want no wait at {path}"
            ),
            "take the wait out of `command`, or let the pod be injected",
        ),
        None => {
            let why = scene.why_no_wait();
            let (use_of, what) = if only_quits(first) { ("a call that ends it", "`job`") } else { ("a wait", "wait") };
            (
                format!("container {name}{more} {why}, and has no use for {use_of}: want no {what} at {path}"),
                "take the call out of `command`, with the init container, the volume and the mount that it came with",
            )
        }
    };
    let rest = if no_proxy.is_some() { Rest::NeverMeansProxy } else { Rest::MeansProxy };
    let fix = without_own(scene, &found, rest).map(|fix| scene.doubted(fix));
    Some(Observation::new(path, message).help(help).remedied_by(fix))
}

fn starts_anyway(container: &Container<'_>) -> bool {
    ask_command(container, |start| start.own_call().and_then(|call| call.value("--on-timeout")) == Some("start"))
}

/// Whether an init container waits by our own program, which gives up and fails: then it is started again, and nothing behind it ever is.
pub fn fails_again_and_again(container: &Container<'_>) -> bool {
    let asks = |call: &OwnCall<'_>| matches!(call.proxy_wait(), ProxyWait::Certain(_));
    container.role() == Role::Init
        && ask_command(container, |start| start.own_call().is_some_and(|call| asks(&call)))
        && !starts_anyway(container)
        // The pod fails as a whole, and its owner sees it.
        && container.pod().spec().get("restartPolicy").and_then(Value::as_str) != Some("Never")
}

/// The containers without their waits, and the pod without what only these needed.
fn without_own(scene: &Scene<'_>, containers: &[Container<'_>], rest: Rest) -> Result<Fix, String> {
    let (pod, mut edits) = (&scene.pod, Vec::new());
    for container in containers {
        edits.extend(without_wait(container, pod, rest)?.edits);
    }
    let after = applied(&edits, scene.subject.object.value()).map_err(|error| error.to_string())?;
    let needs_none = |it: &&Container<'_>| it.path().find(&after).is_some_and(|container| !uses_folder(container));
    let unmounted: Vec<&Container<'_>> = containers.iter().filter(needs_none).collect();
    edits.extend(unmounted.iter().filter_map(|it| without_item(&it.path(), it.value(), "volumeMounts", is_of_program)));
    let uses =
        |it: &Container<'_>| it.name() != INSTALLER && items(it.value(), "volumeMounts").iter().any(is_of_volume);
    let is_unmounted = |it: &Container<'_>| unmounted.iter().any(|other| other.is(it));
    if !pod.all_containers().any(|it| uses(&it) && !is_unmounted(&it)) {
        let is_own_volume = |volume: &Value| volume["name"] == VOLUME && volume.get("emptyDir").is_some();
        edits.extend(without_item(&pod.spec_path(), pod.spec(), "volumes", is_own_volume));
        let installer = pod.init_containers().find(|it| it.name() == INSTALLER && is_installer(it));
        edits.extend(installer.map(|it| Edit::Remove { path: with_its_list(&it, pod) }));
    }
    let names: Vec<String> = containers.iter().map(|it| shortened(it.name())).collect();
    let what = if containers.iter().all(only_quits) { "a call that ends the proxy" } else { "the wait for the proxy" };
    Ok(Fix::safe(format!("start {} without {what}", names.join(" and ")), edits))
}

/// Whether anything of a container is in the shared folder: its command, a hook, a variable. The mount is none.
fn uses_folder(container: &Value) -> bool {
    let others = container.as_object().into_iter().flatten().filter(|(key, _)| *key != "volumeMounts");
    others.map(|(_, value)| value).any(mentions_folder)
}

fn mentions_folder(value: &Value) -> bool {
    match value {
        Value::String(text) => names_folder(text),
        Value::Array(items) => items.iter().any(mentions_folder),
        Value::Object(map) => map.values().any(mentions_folder),
        _ => false,
    }
}

/// Whether a text names the folder or something below it: neither a longer name nor a part of another path.
fn names_folder(text: &str) -> bool {
    let goes_on = |next: Option<char>| next.is_some_and(|it| it.is_alphanumeric() || matches!(it, '-' | '_' | '.'));
    let mut places = text.match_indices(OWN_FOLDER);
    places.any(|(at, found)| {
        !goes_on(text[..at].chars().next_back()) && !goes_on(text[at + found.len()..].chars().next())
    })
}

fn is_of_volume(mount: &Value) -> bool {
    mount["name"] == VOLUME
}

/// A list without this item; of the only one the whole list.
fn without_item(parent: &Path, value: &Value, key: &str, is_it: impl Fn(&Value) -> bool) -> Option<Edit> {
    let list = items(value, key);
    let at = list.iter().position(is_it)?;
    let path = parent.clone().key(key);
    Some(Edit::Remove { path: if list.len() == 1 { path } else { path.index(at) } })
}

fn items<'v>(value: &'v Value, key: &str) -> &'v [Value] {
    value.get(key).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

#[cfg(test)]
mod tests;
