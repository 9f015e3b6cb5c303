//! Does the command of a container certainly call somebody over the network, as soon as it starts?
//!
//! Known are programs whose command line names the other side, and images that do nothing else. What may not run, or whom
//! only the image knows, is not taken for a call; nor are the metadata server, which nobody reaches through the mesh, and
//! questions to a name server, which a proxy carries only where it is told to.

mod address;
mod migration;
mod program;
mod script;
mod tool;

use crate::mesh::wrapper::shell::variables::Variables;
use crate::mesh::wrapper::{ContainerStart, basename, behind_launchers};
use address::is_local;
use program::command_call;

/// Whom such a call is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Callee {
    /// A host, as the command names it.
    Host(String),
    /// The API server of the cluster.
    ApiServer,
    /// Somebody whom the manifest does not name.
    Others,
}

impl ContainerStart<'_> {
    /// Whom it certainly calls, if anybody.
    pub fn network_call(&self) -> Option<Callee> {
        if self.has_own_proxy() {
            return None;
        }
        let variables = Variables::of(self.env);
        let words: Vec<String> = self.argv().map(|word| variables.in_command(word)).collect();
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        if self.command.is_empty() {
            return self.image_call(&words, &variables);
        }
        let words = words.get(behind_launchers(&words)..).unwrap_or_default();
        command_call(words, &variables)
    }

    /// Whether HTTP goes to a proxy that the container is told of, which may be anywhere.
    fn has_own_proxy(&self) -> bool {
        let sets = |text: &str| text.to_ascii_lowercase().contains("_proxy=");
        self.env.iter().any(|(name, _)| name.to_ascii_lowercase().ends_with("_proxy")) || self.argv().any(sets)
    }

    /// The call of an image that starts a known program.
    fn image_call(&self, args: &[&str], variables: &Variables<'_>) -> Option<Callee> {
        let path = self.image.split('@').next().unwrap_or_default();
        let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
        let name = name.split(':').next().unwrap_or_default();
        let tells = args.iter().any(|word| TELLING.contains(word));
        if CALLING_IMAGES.contains(&name) {
            return (!tells).then_some(Callee::Others);
        }
        if name == "git-sync" {
            let texts = args.iter().copied().chain(self.env.iter().filter_map(|(_, value)| *value));
            return (!tells && !texts.into_iter().any(is_local)).then_some(Callee::Others);
        }
        // It asks about the state of other objects, and so the API server.
        if name == "k8s-wait-for" {
            return (!args.is_empty() && !tells).then_some(Callee::ApiServer);
        }
        if matches!(name, "flyway" | "liquibase") {
            return command_call(&[&[name], args].concat(), variables);
        }
        let (_, program) = ENTRYPOINTS.iter().find(|(image, _)| *image == format!("{}/{name}", basename(folder)))?;
        command_call(&[&[*program], args].concat(), variables)
    }
}

/// Images whose ENTRYPOINT calls a database or a store first of all.
const CALLING_IMAGES: [&str; 3] = ["cloud-sql-proxy", "gce-proxy", "alloydb-auth-proxy"];
/// With these they tell about themselves only.
const TELLING: [&str; 5] = ["version", "--version", "-v", "help", "--help"];

/// Images whose ENTRYPOINT is a program as it stands, which reads `args`:
/// <https://github.com/alpine-docker/git/blob/master/Dockerfile>,
/// <https://github.com/curl/curl-container/blob/main/etc/entrypoint.sh>,
/// <https://github.com/bitnami/containers/blob/main/bitnami/kubectl/README.md>,
/// <https://github.com/jwilder/dockerize/blob/master/Dockerfile>,
/// <https://docs.aws.amazon.com/cli/latest/userguide/getting-started-docker.html>.
const ENTRYPOINTS: [(&str, &str); 7] = [
    ("alpine/git", "git"),
    ("curlimages/curl", "curl"),
    ("curl/curl", "curl"),
    ("bitnami/kubectl", "kubectl"),
    ("bitnamilegacy/kubectl", "kubectl"),
    ("amazon/aws-cli", "aws"),
    ("jwilder/dockerize", "dockerize"),
];

#[cfg(test)]
mod tests;
