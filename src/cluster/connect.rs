//! How the cluster is reached.

use super::causes::with_causes;
use super::watch::WATCH_SECONDS;
use anyhow::anyhow;
use kube::config::{KubeConfigOptions, Kubeconfig, KubeconfigError};
use kube::{Client, Config};
use std::path::Path;
use std::time::Duration;

/// A connection that says nothing for this long is dead: a watch says at least that it ends.
const SILENCE: Duration = Duration::from_secs(WATCH_SECONDS as u64 + 15);

/// A client for the current context of a kubeconfig, or for the cluster this runs in. Asks nobody yet: a cluster that
/// cannot be reached now may be there in a moment.
///
/// # Errors
/// Neither can be used, with all ways to go on.
pub async fn connect(kubeconfig: Option<&Path>) -> anyhow::Result<Client> {
    const WAYS: &str = "give --kubeconfig FILE for a cluster to watch, or --inventory FOLDER to take the objects around \
                        from manifests, or run inside of a cluster";
    let config = match kubeconfig {
        Some(file) => from_file(file).await.map_err(|error| {
            anyhow!("--kubeconfig `{}` cannot be used: {}; {WAYS}", file.display(), with_causes(&error))
        }),
        None => {
            Config::incluster().map_err(|error| anyhow!("there is no cluster around: {}; {WAYS}", with_causes(&error)))
        }
    }?;
    client(config).map_err(|error| anyhow!("no client can be made for this cluster: {}", with_causes(&error)))
}

async fn from_file(file: &Path) -> Result<Config, KubeconfigError> {
    Config::from_custom_kubeconfig(Kubeconfig::read_from(file)?, &KubeConfigOptions::default()).await
}

fn client(mut config: Config) -> Result<Client, kube::Error> {
    config.read_timeout = Some(SILENCE);
    // Else the time that a connection lay idle counts against the next answer on it.
    config.reset_reader_on_write = true;
    // The watches try again themselves, and say so; the client would do it for minutes without a word.
    config.default_retry = false;
    Client::try_from(config)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn who_cannot_connect_is_told_all_ways() {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| {
            let file = folder.path().join(name);
            std::fs::write(&file, text).unwrap();
            file
        };
        let no_context = "apiVersion: v1\nkind: Config\ncurrent-context: gone\nclusters: []\nusers: []\ncontexts: []\n";
        let cases = [
            (folder.path().join("none"), "No such file"),
            (write("broken", "clusters: ["), "parse kubeconfig"),
            (write("no-context", no_context), "load current context: gone"),
        ];
        for (file, reason) in cases {
            let error = format!("{:#}", connect(Some(&file)).await.err().unwrap());
            assert!(error.starts_with(&format!("--kubeconfig `{}` cannot be used: ", file.display())), "{error}");
            for wanted in [reason, "give --kubeconfig FILE", "--inventory FOLDER", "inside of a cluster"] {
                assert_eq!(error.matches(wanted).count(), 1, "{wanted}: {error}");
            }
        }
    }
}
