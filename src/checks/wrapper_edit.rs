//! Puts `seaworthy-wait` into a pod and before the commands of its containers, and nothing else: the words of a command stay
//! what they are, and so do its `args`.
//!
//! A volume that the containers share, an init container that installs the program into it, a mount in each container whose
//! command begins with the program: each of them only where it is not there yet.

use crate::base::{Edit, Path, field};
use crate::checks::own_container::init_container;
use crate::checks::proxy::present_proxy;
use crate::checks::serving::is_application;
use crate::checks::shortened;
use crate::inventory::Subject;
use crate::manifest::{Container, Entrypoints, PodPart, PodTemplate, Role};
use crate::mesh::shutdown::{Handler, ends_by_itself};
use crate::mesh::{OWN_FOLDER, OWN_PROGRAM, OwnCall, OwnTask, Version};
use serde_json::{Value, json};

/// The name of the init container that installs the program.
pub const INSTALLER: &str = "seaworthy-wait";
/// The name of the volume that it is installed into.
pub const VOLUME: &str = "seaworthy";

/// How `seaworthy-wait` gets into a pod.
#[derive(Debug, Clone, Copy)]
pub struct WrapperEdit<'a> {
    /// The pod in its surroundings.
    pub subject: &'a Subject<'a>,
    /// The pod.
    pub pod: &'a PodTemplate<'a>,
    /// The image of seaworthy-wait.
    pub image: Option<&'a str>,
    /// What images start.
    pub entrypoints: &'a Entrypoints,
}

/// Before Istio 1.7 Envoy's own port of health, 15021, is not there for every proxy, and the agent's is asked.
/// <https://istio.io/latest/news/releases/1.6.x/announcing-1.6/change-notes/>
const HEALTH_PORT_SINCE: Version = Version::new(1, 7);
const AGENT_HEALTH: &str = "http://localhost:15020/healthz/ready";

impl WrapperEdit<'_> {
    /// The edits after which these containers start by a call of the program, which is made of the words that start them today.
    ///
    /// # Errors
    /// The reason why it cannot be done: one line for people, no full stop.
    pub fn edits(
        &self,
        containers: &[Container<'_>],
        call: impl Fn(&[String]) -> Vec<String>,
    ) -> Result<Vec<Edit>, String> {
        let is_there = self.pod.all_containers().any(|it| it.name() == INSTALLER) || containers.iter().all(has_program);
        if self.image.is_none() && !is_there {
            return Err(NO_IMAGE.to_owned());
        }
        if self.pod.is_windows() {
            return Err("seaworthy-wait does not run on Windows".to_owned());
        }
        if self.pod.is_set_by_controller(PodPart::InitContainers) {
            return Err(format!("a {} has no init containers of its own", self.subject.object.kind()));
        }
        let (mut pods, mut edits) = (Vec::new(), Vec::new());
        for container in containers {
            let call = call(&self.words(container)?);
            // The image may have the program itself.
            if call.first().is_some_and(|program| program == OWN_PROGRAM) {
                if pods.is_empty() {
                    pods.extend(self.volume()?.into_iter().chain(self.installer()?));
                }
                edits.extend(mount(container, true)?);
            }
            edits.push(Edit::set(container.path().key("command"), call));
        }
        Ok(pods.into_iter().chain(edits).collect())
    }

    /// Those of these containers whose words nobody has said, where nothing else keeps them from being started by the program; by
    /// their places in the pod.
    pub fn without_words(&self, containers: &[Container<'_>]) -> Vec<usize> {
        let entrypoints = &Entrypoints::of_any(&["/app"]);
        let told = WrapperEdit { entrypoints, image: self.image.or(Some(INSTALLER)), ..*self };
        if self.proxy_options().is_err() || told.edits(containers, |words| run_before(words, &[])).is_err() {
            return Vec::new();
        }
        containers.iter().filter(|container| self.entrypoints.lack(container)).map(Container::index).collect()
    }

    fn words(&self, container: &Container<'_>) -> Result<Vec<String>, String> {
        let of_container = |reason: String| format!("container {}: {reason}", shortened(container.name()));
        let words = self.entrypoints.command_of(container).map_err(of_container)?;
        if words.first().is_some_and(|program| program.starts_with(HIDDEN) && program != OWN_PROGRAM) {
            return Err(of_container(format!("the volume at {OWN_FOLDER} would hide its program")));
        }
        Ok(words)
    }

    /// The options by which the program asks whether this pod's proxy is ready.
    ///
    /// # Errors
    /// Where that wait may keep the proxy from starting: one line for people, no full stop.
    pub fn proxy_options(&self) -> Result<Vec<&'static str>, String> {
        if let Some(name) = self.hook_before_proxy() {
            return Err(format!(
                "the postStart of {} may wait for the application, which would wait for its proxy, which starts after the hook",
                shortened(name)
            ));
        }
        Ok(if self.subject.profile.istio_version < HEALTH_PORT_SINCE {
            vec!["--http", AGENT_HEALTH]
        } else {
            vec!["--proxy"]
        })
    }

    /// The container with a postStart that may wait for the application, and that has to end before a classic proxy starts: the
    /// kubelet starts the containers of a pod in their order, and goes on when the hook before has ended.
    /// <https://kubernetes.io/docs/concepts/containers/container-lifecycle-hooks/#hook-handler-execution>
    fn hook_before_proxy(&self) -> Option<&'_ str> {
        let proxy = present_proxy(self.pod).map(|it| it.index());
        let mut before = self.pod.containers().take_while(|it| proxy != Some(it.index()));
        let waits = |hook: &Value| !Handler::all_of(hook).is_empty() && !ends_by_itself(hook);
        let may_wait = |it: &Container<'_>| {
            is_application(it) && field(it.value(), &["lifecycle", "postStart"]).is_some_and(waits)
        };
        before.find(may_wait).map(|it| it.name())
    }

    fn volume(&self) -> Result<Option<Edit>, String> {
        let list = self.pod.spec_path().key("volumes");
        let volumes = items(self.pod.spec(), "volumes");
        let is_ours = |volume: &Value| volume.get("emptyDir").is_some() && !self.is_used_otherwise();
        match volumes.iter().find(|volume| volume["name"] == VOLUME) {
            _ if self.is_claimed() => Err(TAKEN.to_owned()),
            None => {
                let volume = json!({"name": VOLUME, "emptyDir": {}});
                Ok(Some(Edit::Insert { list, index: volumes.len(), value: volume }))
            }
            Some(volume) if is_ours(volume) => Ok(None),
            Some(_) => Err(TAKEN.to_owned()),
        }
    }

    /// Whether the pods get a volume of this name from their controller: it takes the place of one in the template.
    /// <https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/stateful-set-v1/#StatefulSetSpec>
    fn is_claimed(&self) -> bool {
        let spec = self.subject.object.value().get("spec").unwrap_or(&Value::Null);
        items(spec, "volumeClaimTemplates").iter().any(|claim| claim["metadata"]["name"] == VOLUME)
    }

    /// Whether a container has the volume elsewhere, or a part of it: then it is for something else.
    fn is_used_otherwise(&self) -> bool {
        let mut mounts = self.pod.all_containers().flat_map(|it| items(it.value(), "volumeMounts"));
        mounts.any(|mount| mount["name"] == VOLUME && !is_of_program(mount))
    }

    fn installer(&self) -> Result<Option<Edit>, String> {
        match self.pod.all_containers().find(|container| container.name() == INSTALLER) {
            None => {
                let image = self.image.ok_or_else(|| NO_IMAGE.to_owned())?;
                let mut installer = init_container(self.pod, INSTALLER, image, &["install", OWN_FOLDER]);
                installer["volumeMounts"] = json!([{"name": VOLUME, "mountPath": OWN_FOLDER}]);
                let list = self.pod.spec_path().key("initContainers");
                Ok(Some(Edit::Insert { list, index: place(self.pod), value: installer }))
            }
            Some(present) if is_installer(&present) => mount(&present, false),
            Some(_) => Err(format!("a container is called `{INSTALLER}` already")),
        }
    }
}

/// What lies below [`OWN_FOLDER`] in an image is seen no more.
const HIDDEN: &str = "/seaworthy/";
const TAKEN: &str = "a volume is called `seaworthy` already";
const NO_IMAGE: &str = "set repairs.image in seaworthy.yaml to the image of seaworthy-wait";

/// These words started by `seaworthy-wait run`, which first waits for what the options say; a call of the program that is there
/// already gets the options.
pub fn run_before(words: &[String], options: &[&str]) -> Vec<String> {
    let texts: Vec<&str> = words.iter().map(String::as_str).collect();
    let named = |word: &&str| matches!(*word, "run" | "job");
    let runs = |call: &OwnCall<'_>| matches!(call.task, OwnTask::Run | OwnTask::Job);
    let (before, after) = match OwnCall::of(&texts).filter(runs) {
        Some(_) => texts.split_at(1 + usize::from(texts.get(1).is_some_and(named))),
        // Where nothing is named it waits for the proxy.
        None if options == ["--proxy"] => return owned(&[OWN_PROGRAM, "run", "--"], &[], &texts),
        None => return owned(&[OWN_PROGRAM, "run"], options, &[&["--"], texts.as_slice()].concat()),
    };
    owned(before, options, after)
}

/// These words started by `seaworthy-wait job` with these options; a `run` of the program becomes the job, with what it waits for.
pub fn job_around(words: &[String], options: &[&str], wait: &[&str]) -> Vec<String> {
    let texts: Vec<&str> = words.iter().map(String::as_str).collect();
    let Some(run) = OwnCall::of(&texts).filter(|call| call.task == OwnTask::Run) else {
        return owned(&[OWN_PROGRAM, "job"], &[wait, options].concat(), &[&["--"], texts.as_slice()].concat());
    };
    let asks = run.options.iter().any(|option| matches!(option.name, "--proxy" | "--http" | "--tcp"));
    let mut told: Vec<&str> = if asks { Vec::new() } else { wait.to_vec() };
    for option in &run.options {
        told.push(option.name);
        told.extend((!option.value.is_empty()).then_some(option.value));
    }
    told.extend(options);
    told.push("--");
    owned(&[texts.first().copied().unwrap_or(OWN_PROGRAM), "job"], &told, texts.get(run.prefix..).unwrap_or_default())
}

fn owned(before: &[&str], options: &[&str], after: &[&str]) -> Vec<String> {
    before.iter().chain(options).chain(after).map(|word| (*word).to_owned()).collect()
}

/// Whether a container starts by the program already.
fn has_program(container: &Container<'_>) -> bool {
    let words: Vec<&str> = container.argv().collect();
    OwnCall::of(&words).is_some()
}

/// Whether an init container installs the program where the others look for it.
pub fn is_installer(container: &Container<'_>) -> bool {
    let words: Vec<&str> = container.argv().collect();
    container.role() == Role::Init && words.ends_with(&["install", OWN_FOLDER])
}

/// Where the installation stands among the init containers: the first of the user's own.
///
/// It calls nobody, so it works everywhere: before and behind `istio-init`, under CNI, before a native proxy. This is where Istio
/// puts it by itself, when its injector sorts the pod of a template: behind `istio-validation`, which is to fail before
/// anything else, behind a native proxy with what comes before that, and before a classic `istio-init`.
fn place(pod: &PodTemplate<'_>) -> usize {
    let is_native = pod.init_containers().any(|it| it.name() == "istio-proxy" && !matches!(it.image(), "" | "auto"));
    let is_first = |container: &Container<'_>| {
        container.name() == "istio-validation" || is_native && container.name().starts_with("istio-")
    };
    pod.init_containers().take_while(is_first).last().map_or(0, |last| last.index() + 1)
}

/// The mount of the volume in a container, where it is not there yet.
fn mount(container: &Container<'_>, read_only: bool) -> Result<Option<Edit>, String> {
    let mounts = items(container.value(), "volumeMounts");
    if mounts.iter().any(is_of_program) {
        return Ok(None);
    }
    if mounts.iter().any(|mount| folder(mount) == OWN_FOLDER || folder(mount).starts_with(HIDDEN)) {
        return Err(format!("container {} mounts something else in {OWN_FOLDER}", shortened(container.name())));
    }
    let mut value = json!({"name": VOLUME, "mountPath": OWN_FOLDER});
    if read_only {
        value["readOnly"] = true.into();
    }
    Ok(Some(Edit::Insert { list: mounts_of(container), index: mounts.len(), value }))
}

/// Whether a mount is the folder with the program in it, whole.
pub fn is_of_program(mount: &Value) -> bool {
    let is_part = ["subPath", "subPathExpr"].iter().any(|key| mount.get(key).is_some());
    mount["name"] == VOLUME && folder(mount) == OWN_FOLDER && !is_part
}

fn folder(mount: &Value) -> &str {
    mount["mountPath"].as_str().unwrap_or("").trim_end_matches('/')
}

fn mounts_of(container: &Container<'_>) -> Path {
    container.path().key("volumeMounts")
}

fn items<'v>(value: &'v Value, key: &str) -> &'v [Value] {
    value.get(key).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

#[cfg(test)]
mod tests;
