//! The edits that take the wait for the proxy out of a container, and leave all else as it is.

use crate::base::{Edit, Fix, Path};
use crate::checks::container_start::ask_start;
use crate::checks::shortened;
use crate::manifest::{Container, PodTemplate, Role};
use crate::mesh::{CannotUnwrap, Rest, Unwrapped};
use serde_json::Value;
use std::ops::Range;

/// The key under which a container's program stands.
pub fn command_key(container: &Container<'_>) -> &'static str {
    if container.command().next().is_some() { "command" } else { "args" }
}

/// The container as if the proxy had answered at once. It runs then, as its owner wants it to, so this is safe; to take away
/// an init container that does nothing else is not.
///
/// # Errors
/// The reason why it cannot be done: one line for people.
pub fn without_wait(container: &Container<'_>, pod: &PodTemplate<'_>, rest: Rest) -> Result<Fix, String> {
    let words = |key: &str| container.value().get(key).and_then(Value::as_array).map_or(0, Vec::len);
    let (command, args) = (container.command().count(), container.args().count());
    if (command, args) != (words("command"), words("args")) {
        return Err("`command` and `args` hold something else than texts".to_owned());
    }
    let argv = Argv { container, command, args };
    let name = shortened(container.name());
    match ask_start(container, |start| start.without_proxy_wait(rest)) {
        Ok(Unwrapped::Script { at, text }) => {
            let title = format!("take the wait for the proxy out of {name}");
            Ok(Fix::safe(title, vec![Edit::set(argv.element(at), text)]))
        }
        Ok(Unwrapped::Program { words }) => {
            Ok(Fix::safe(format!("start {name} without its wait for the proxy"), argv.without(words)))
        }
        Err(CannotUnwrap::OnlyWaits) if container.role() == Role::Init => {
            let title = format!("take out the init container {name}, which only waits for the proxy");
            let reason = "a patch elsewhere may refer to the container by its name";
            Ok(Fix::risky(title, reason, vec![Edit::Remove { path: with_its_list(container, pod) }]))
        }
        Err(reason) => Err(reason.to_string()),
    }
}

/// The container as if the proxy had answered at once, for an image without a shell: the application's own words start it.
///
/// # Errors
/// The reason why it cannot be done: one line for people.
pub fn without_wait_and_shell(container: &Container<'_>, rest: Rest) -> Result<Fix, String> {
    let words = ask_start(container, |start| start.without_wait_and_shell(rest));
    let words = words.map_err(|_| "the image runs no script at all: write the command without a shell".to_owned())?;
    let mut edits = vec![Edit::set(container.path().key("command"), words)];
    let has_args = container.value().get("args").is_some();
    edits.extend(has_args.then(|| Edit::Remove { path: container.path().key("args") }));
    Ok(Fix::safe(format!("start {} without a shell", shortened(container.name())), edits))
}

/// What goes with an init container: of the only one the whole list.
pub fn with_its_list(container: &Container<'_>, pod: &PodTemplate<'_>) -> Path {
    let path = container.path();
    let is_alone = pod.init_containers().count() == 1;
    path.parent().filter(|_| is_alone).unwrap_or(path)
}

/// The words of `command` followed by those of `args`, all of them texts.
struct Argv<'a> {
    container: &'a Container<'a>,
    command: usize,
    args: usize,
}

impl Argv<'_> {
    fn element(&self, at: usize) -> Path {
        match at.checked_sub(self.command) {
            None => self.container.path().key("command").index(at),
            Some(at) => self.container.path().key("args").index(at),
        }
    }

    /// Without the words of a wrapper. An empty `command` would bring the image's own ENTRYPOINT back, so the first argument
    /// behind the wrapper takes the place of one that was all of it.
    fn without(&self, words: Range<usize>) -> Vec<Edit> {
        let is_left = |(at, _): &(usize, &str)| !words.contains(at);
        let mut command: Vec<&str> =
            self.container.command().enumerate().filter(is_left).map(|(_, word)| word).collect();
        let args = (self.command..).zip(self.container.args());
        let mut args: Vec<&str> = args.filter(is_left).map(|(_, word)| word).collect();
        if command.is_empty() && !args.is_empty() {
            command.push(args.remove(0));
        }
        let mut edits = vec![Edit::set(self.container.path().key("command"), command)];
        let path = self.container.path().key("args");
        if args.is_empty() && self.args > 0 {
            edits.push(Edit::Remove { path });
        } else if args.len() < self.args {
            edits.push(Edit::set(path, args));
        }
        edits
    }
}
