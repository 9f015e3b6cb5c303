//! `pre-stop-command`: preStop commands that fail at once, in this image or in any.
//!
//! A hook that fails is an event of the pod, and SIGTERM follows in the same moment. Source: `executePreStopHook` in
//! <https://github.com/kubernetes/kubernetes/blob/master/pkg/kubelet/kuberuntime/kuberuntime_container.go>.

use crate::base::{Edit, Fix, PodRepair};
use crate::checks::ending::{DEFAULT_SHUTDOWN_SECONDS, Ending, LONGEST_GRACE_PERIOD};
use crate::checks::ending_edit::{EndingEdit, Means, too_long};
use crate::checks::failing_hook::{HookFailure, hook_command, hook_failure, lacking};
use crate::checks::fix_budget::FixBudget;
use crate::checks::serving::is_application;
use crate::checks::{Check, Observation, bind, schema_of, shortened_to};
use crate::inventory::Subject;
use crate::manifest::{Container, PodTemplate};
use crate::mesh::Shell;
use crate::mesh::shutdown::{CommandMistake, FailingCommand, SLEEP_ACTION_SINCE, hook_time, sleep_fits};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

/// The check.
pub const CHECK: Check = Check {
    id: "pre-stop-command",
    summary: "preStop commands that fail at once, in this image or in any",
    cases: &[],
    repair: PodRepair::Never,
    schema: schema_of::<Params>,
    bind: |params| bind(params, run),
};

/// Parameters of `pre-stop-command`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Params {
    /// How long a container takes to end after SIGTERM, in seconds, where the pod annotation
    /// `seaworthy.dev/shutdown-seconds` does not tell.
    shutdown_seconds: u32,
    /// The longest grace period that is proposed, in seconds.
    max_grace_period_seconds: u32,
}

impl Default for Params {
    fn default() -> Self {
        Self { shutdown_seconds: DEFAULT_SHUTDOWN_SECONDS, max_grace_period_seconds: LONGEST_GRACE_PERIOD }
    }
}

fn run(params: &Params, subject: &Subject<'_>) -> Vec<Observation> {
    // Without a grace period no hook is run at all. Windows has other programs and other rules of naming them.
    let Some(pod) = subject.pod().filter(|pod| pod.grace_period() > 0 && !pod.is_windows()) else { return Vec::new() };
    let fixes = FixBudget::default();
    let observe = |container: Container<'_>| {
        let failure = hook_failure(&container)?;
        let is_promised = subject.profile.shell == Shell::Assume && matches!(failure, HookFailure::Image { .. });
        (!is_promised).then(|| Hook { params, subject, pod, container, failure }.observation(&fixes))
    };
    pod.running_containers().filter(is_application).filter_map(observe).collect()
}

/// A hook that fails.
struct Hook<'a> {
    params: &'a Params,
    subject: &'a Subject<'a>,
    pod: PodTemplate<'a>,
    container: Container<'a>,
    failure: HookFailure<'a>,
}

impl Hook<'_> {
    fn observation(&self, fixes: &FixBudget) -> Observation {
        let hook = self.container.path().key("lifecycle").key("preStop");
        let command = hook.clone().key("exec").key("command");
        let (wanted, path) = match self.meant_seconds() {
            Some(seconds) if self.knows_sleep() => (format!("sleep: {{seconds: {seconds}}}"), hook),
            _ => (self.wanted().to_owned(), command.clone()),
        };
        let message = format!("{}: want {wanted} at {path}", self.reason());
        let help = "`sleep` of Kubernetes 1.30 and newer needs nothing in the image";
        Observation::new(path, message).at(command).help(help).remedied_by(fixes.spend(|| self.fix()))
    }

    fn reason(&self) -> String {
        let name = shortened_to(14, self.container.name());
        match &self.failure {
            HookFailure::Image { program, base } => {
                format!("{name} ({}) has no {}, so SIGTERM follows at once", base.name(), shortened_to(12, program))
            }
            HookFailure::Command(FailingCommand { mistake, .. }) => {
                let why = match mistake {
                    CommandMistake::OneElement => "one element is a whole command",
                    CommandMistake::NoOption => "a shell without -c reads a file",
                    CommandMistake::NoScript => "the shell has no script",
                    CommandMistake::ScriptInPieces => "only one element is the script",
                    CommandMistake::NoTime => "sleep has no time it can read",
                };
                format!("the hook of {name} fails at once ({why})")
            }
        }
    }

    /// What is wanted where it is not a sleep.
    fn wanted(&self) -> &'static str {
        match &self.failure {
            HookFailure::Image { .. } => "a program of the image",
            HookFailure::Command(FailingCommand { mistake: CommandMistake::NoTime, .. }) => "[sleep, \"<seconds>\"]",
            HookFailure::Command(_) => "[sh, -c, \"<script>\"]",
        }
    }

    fn knows_sleep(&self) -> bool {
        self.subject.profile.kubernetes_version >= SLEEP_ACTION_SINCE
    }

    /// The seconds that the hook was to wait, if it was to do nothing else.
    fn meant_seconds(&self) -> Option<u32> {
        let argv = match &self.failure {
            HookFailure::Command(failing) => json!(["sh", "-c", failing.meant.as_ref()?]),
            HookFailure::Image { .. } => json!(hook_command(&self.container)?),
        };
        let time = hook_time(&json!({"exec": {"command": argv}}))?;
        u32::try_from(time.at_least).ok().filter(|_| time.only_sleeps)
    }

    fn fix(&self) -> Result<Fix, String> {
        match (self.meant_seconds(), &self.failure) {
            (Some(seconds), _) if self.knows_sleep() => self.sleep(seconds),
            (_, HookFailure::Command(FailingCommand { meant: Some(script), .. })) => self.script(script),
            (Some(_), _) => Err(format!("Kubernetes {} has no sleep action", self.subject.profile.kubernetes_version)),
            (None, HookFailure::Image { .. }) => Err("the hook does more than to sleep for whole seconds".to_owned()),
            (None, HookFailure::Command(_)) => Err("what was to be run is not plain".to_owned()),
        }
    }

    /// The sleep action for just that time.
    fn sleep(&self, seconds: u32) -> Result<Fix, String> {
        let edit = self.waiting(seconds)?;
        let grace = edit.grace.unwrap_or(0).max(self.pod.grace_period());
        let kubernetes = self.subject.profile.kubernetes_version;
        if !sleep_fits(seconds.into(), grace, kubernetes) {
            return Err(format!("Kubernetes {kubernetes} takes no sleep of {seconds}s"));
        }
        let path = self.container.path().key("lifecycle").key("preStop");
        let hook = Edit::set(path, json!({"sleep": {"seconds": seconds}}));
        Ok(edit.fix(format!("let the kubelet sleep for {seconds}s"), vec![hook]))
    }

    /// All that a wait of so many seconds needs that was none before.
    fn waiting(&self, seconds: u32) -> Result<EndingEdit, String> {
        let Self { params, subject, pod, container, .. } = self;
        let longest = params.max_grace_period_seconds;
        if seconds > longest {
            return Err(too_long(seconds.into(), longest));
        }
        let ending = Ending::of(subject, pod, params.shutdown_seconds).with_wait(container, seconds);
        EndingEdit::all(subject, pod, &ending, Means { longest_grace: longest, ..Means::default() })
    }

    /// What was meant, read by a shell.
    fn script(&self, script: &str) -> Result<Fix, String> {
        if let Some(base) = lacking(&self.container, "sh") {
            return Err(format!("its image ({}) has no shell to read what was meant", base.name()));
        }
        let path = self.container.path().key("lifecycle").key("preStop").key("exec").key("command");
        let argv: Vec<Value> = ["sh", "-c", script].into_iter().map(Value::from).collect();
        let (title, hook) = ("let a shell read the command", vec![Edit::set(path, argv)]);
        let edits = match self.meant_seconds() {
            Some(seconds) => self.waiting(seconds)?.fix(title, hook).edits,
            None => hook,
        };
        Ok(Fix::risky(title, "the image must have a shell, and nobody has run the script", edits))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Remedy;
    use crate::inventory::Inventory;
    use crate::manifest::Object;
    use crate::mesh::Profile;

    /// The remedy of the observation on a native sidecar's pod with this command.
    fn remedy(profile: &Value, image: &str, grace: i64, command: &Value) -> Option<String> {
        let mut all = json!({"assumeMembership": "sidecar", "dataPlane": "native"});
        all.as_object_mut().unwrap().extend(profile.as_object().unwrap().clone());
        let profile: Profile = serde_json::from_value(all).unwrap();
        let hook = json!({"preStop": {"exec": {"command": command}}});
        let containers = json!([{"name": "web", "image": image, "lifecycle": hook}]);
        let spec = json!({"terminationGracePeriodSeconds": grace, "containers": containers});
        let pod = json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "web"}, "spec": spec});
        let (pod, inventory) = (Object::from_json(pod).unwrap(), Inventory::default());
        let found = run(&Params::default(), &Subject::new(&pod, &inventory, &profile)).pop()?;
        Some(match found.remedy {
            Remedy::Fix(fix) => format!("{}: {}, {} edits", fix.safety, fix.title, fix.edits.len()),
            Remedy::Unfixed(reason) => reason,
        })
    }

    #[test]
    fn a_pure_sleep_keeps_its_time_to_the_second() {
        const BARE: &str = "gcr.io/distroless/static";
        let (today, before) = (json!({}), json!({"kubernetesVersion": "1.29"}));
        let more = "the hook does more than to sleep for whole seconds";
        for (profile, image, grace, command, wanted) in [
            (&today, BARE, 60, json!(["sleep", "30"]), Some("safe: let the kubelet sleep for 30s, 1 edits")),
            (
                &today,
                BARE,
                60,
                json!(["/bin/sh", "-c", "sleep 10 && sleep 20s"]),
                Some("safe: let the kubelet sleep for 30s, 1 edits"),
            ),
            (&today, BARE, 30, json!(["sleep", "30"]), Some("safe: let the kubelet sleep for 30s, 2 edits")),
            (
                &today,
                BARE,
                600,
                json!(["sleep", "584"]),
                Some("601s is beyond the 600s that are reasonable: shorten the preStop or the shutdown"),
            ),
            (
                &today,
                BARE,
                9999,
                json!(["sleep", "601"]),
                Some("601s is beyond the 600s that are reasonable: shorten the preStop or the shutdown"),
            ),
            (&today, BARE, 60, json!(["sleep", "0"]), Some("safe: let the kubelet sleep for 0s, 1 edits")),
            (
                &json!({"kubernetesVersion": "1.32"}),
                BARE,
                60,
                json!(["sleep", "0"]),
                Some("Kubernetes 1.32 takes no sleep of 0s"),
            ),
            (&today, BARE, 60, json!(["sleep", "1.5"]), Some(more)),
            (&today, BARE, 60, json!(["sh", "-c", "/drain; sleep 5"]), Some(more)),
            (&today, BARE, 60, json!(["sleep", 5]), None),
            (&today, "app", 60, json!(["sleep", "30"]), None),
            (&before, BARE, 60, json!(["sleep", "30"]), Some("Kubernetes 1.29 has no sleep action")),
            (&today, "app", 60, json!(["sleep 30"]), Some("safe: let the kubelet sleep for 30s, 1 edits")),
            (&before, "app", 60, json!(["sleep 30"]), Some("unsafe: let a shell read the command, 1 edits")),
            (
                &before,
                BARE,
                60,
                json!(["sleep 30"]),
                Some("its image (distroless) has no shell to read what was meant"),
            ),
            (&today, "app", 60, json!(["sleep 5; /drain"]), Some("unsafe: let a shell read the command, 1 edits")),
            (&today, "app", 60, json!(["sleep", "$N"]), Some("what was to be run is not plain")),
            (&json!({"shell": "assume"}), BARE, 60, json!(["sleep", "30"]), None),
            (
                &json!({"shell": "assume"}),
                BARE,
                60,
                json!(["sleep 30"]),
                Some("safe: let the kubelet sleep for 30s, 1 edits"),
            ),
        ] {
            assert_eq!(
                remedy(profile, image, grace, &command).as_deref(),
                wanted,
                "{profile} {image} {grace} {command}"
            );
        }
    }
}
