//! One running cluster, and kubectl, helm and the YAML oracle pointed at it.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, MutexGuard, PoisonError};

use anyhow::{Context, Result, bail};
use serde_json::Value;

use super::api_server::{ApiServer, write_kubeconfig};
use super::command::{Answer, run};
use super::controllers::{Controllers, NODE};
use super::process::until;
use super::tools::Tools;

/// A cluster of one API server, with or without controllers. Everything it has is in one folder, which goes with it.
pub struct Cluster {
    tools: Tools,
    folder: PathBuf,
    controllers: Option<Mutex<Controllers>>,
    api_server: Mutex<ApiServer>,
    /// Every call of kubectl, in order.
    calls: Mutex<Vec<String>>,
}

impl Cluster {
    /// Starts it and waits until it is ready: about three seconds.
    pub fn start(tools: Tools) -> Result<Self> {
        // Ports are found by trying, so another process can be quicker.
        let mut tries = 0;
        let (folder, api_server) = loop {
            tries += 1;
            match start_once(&tools) {
                Err(error) if tries < 3 && format!("{error:#}").contains("address already in use") => {}
                started => break started?,
            }
        };
        Ok(Self { tools, folder, controllers: None, api_server: Mutex::new(api_server), calls: Mutex::default() })
    }

    /// The same with controllers, a scheduler and a Node that says of all its Pods that they run: one second more.
    pub fn with_controllers(mut self) -> Result<Self> {
        let mut controllers = Controllers::spawn(&self.tools, &self.folder)?;
        let kubectl = |arguments: &[&str]| kubectl(&self.tools, &self.folder, arguments);
        run(kubectl(&["create", "-f", "-"]), NODE)?.succeeded()?;
        until("the controllers to be at work", || {
            controllers.check_alive()?;
            // Ready, as kwok says; open to Pods, and with an account for them, as the controllers say.
            let node = run(kubectl(&["get", "node", "node", "-o", "jsonpath={.status.phase}{.spec.taints}"]), "")?;
            let account = run(kubectl(&["get", "serviceaccount", "default"]), "")?;
            Ok((node.stdout == "Running" && account.success).then_some(()))
        })?;
        self.controllers = Some(Mutex::new(controllers));
        Ok(self)
    }

    /// Where tests may write files of their own.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Runs kubectl as an administrator; a `--kubeconfig` among the arguments makes it someone else.
    pub fn kubectl(&self, arguments: &[&str]) -> Result<Answer> {
        self.kubectl_with_input(arguments, "")
    }

    /// Runs kubectl with `input` as its standard input, for `-f -`.
    pub fn kubectl_with_input(&self, arguments: &[&str], input: &str) -> Result<Answer> {
        lock(&self.calls).push(arguments.join(" "));
        run(kubectl(&self.tools, &self.folder, arguments), input)
    }

    /// Runs helm, as the same user.
    pub fn helm(&self, arguments: &[&str]) -> Result<Answer> {
        let mut command = isolated(&self.tools.path("helm"), &self.folder);
        command.args(arguments);
        run(command, "")
    }

    /// Runs a command line as a user would type it, who has kubectl and our program.
    pub fn shell(&self, line: &str) -> Result<Answer> {
        let ours = Path::new(env!("CARGO_BIN_EXE_seaworthy")).parent().context("no folder")?;
        let system = std::env::var_os("PATH").unwrap_or_default();
        let folders = [self.tools.path(""), ours.to_owned()].into_iter().chain(std::env::split_paths(&system));
        let mut command = isolated(Path::new("sh"), &self.folder);
        command.env("PATH", std::env::join_paths(folders)?).args(["-c", line]);
        run(command, "")
    }

    /// The documents of a YAML text, as kubectl reads them.
    pub fn read_yaml(&self, text: &str) -> Result<Vec<Value>> {
        let mut command = isolated(&self.tools.path("yaml-oracle"), &self.folder);
        command.arg("split");
        let answer = run(command, &format!("{}\n{text}", text.len()))?.succeeded()?;
        match serde_json::from_str(&answer)? {
            Value::Object(mut answer) if answer["error"].is_null() => match answer.remove("documents") {
                Some(Value::Array(documents)) => Ok(documents),
                _ => bail!("the oracle gave no documents"),
            },
            answer => bail!("kubectl could not read this: {answer}"),
        }
    }

    /// Creates a namespace in which there can be Pods, then labels it (`key=value`).
    pub fn create_namespace(&self, name: &str, labels: &[&str]) -> Result<()> {
        self.kubectl(&["create", "namespace", name])?.succeeded()?;
        self.provide_account(name)?;
        if !labels.is_empty() {
            self.kubectl(&[&["label", "namespace", name], labels].concat())?.succeeded()?;
        }
        Ok(())
    }

    /// Makes the `default` ServiceAccount of a new namespace, without which there are no Pods, or waits for the
    /// controller that does.
    pub fn provide_account(&self, namespace: &str) -> Result<()> {
        let account = ["serviceaccount", "default", "-n", namespace];
        if self.controllers.is_none() {
            return self.kubectl(&[&["create"], &account[..]].concat())?.succeeded().map(drop);
        }
        until("the account of a new namespace", || {
            Ok(self.kubectl(&[&["get"], &account[..]].concat())?.success.then_some(()))
        })
    }

    /// A kubeconfig with the identity, and so the rights, of a ServiceAccount.
    pub fn service_account_kubeconfig(&self, namespace: &str, name: &str) -> Result<PathBuf> {
        let url = self.kubectl(&["config", "view", "-o", "jsonpath={.clusters[0].cluster.server}"])?.succeeded()?;
        let token = self.kubectl(&["create", "token", name, "-n", namespace])?.succeeded()?;
        let path = self.folder.join(format!("kubeconfig-{namespace}-{name}"));
        write_kubeconfig(&path, &self.folder, &url, token.trim_end())?;
        Ok(path)
    }

    /// How often kubectl was called by tests.
    pub fn kubectl_calls(&self) -> usize {
        lock(&self.calls).len()
    }

    /// Stops it. After a failure its folder stays, and what helps to understand the failure is printed.
    pub fn stop(&self, failed: bool) {
        if let Some(controllers) = &self.controllers {
            lock(controllers).kill();
        }
        let mut api_server = lock(&self.api_server);
        api_server.kill();
        if failed {
            let calls = lock(&self.calls);
            eprintln!("\nthe last calls of kubectl:\n  {}", calls[calls.len().saturating_sub(10)..].join("\n  "));
            eprintln!("{}", api_server.process.log_tail());
            eprintln!("all files of the cluster: {}", self.folder.display());
        } else if let Err(error) = std::fs::remove_dir_all(&self.folder) {
            eprintln!("cannot remove {}: {error}", self.folder.display());
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn start_once(tools: &Tools) -> Result<(PathBuf, ApiServer)> {
    let folder = tempfile::Builder::new().prefix("seaworthy-cluster-").tempdir().context("making a folder")?;
    let mut api_server = ApiServer::spawn(tools, folder.path())?;
    let ready = until("the API server to be ready", || {
        api_server.check_alive()?;
        let answer = run(kubectl(tools, folder.path(), &["get", "--raw=/readyz"]), "")?;
        Ok(answer.success.then_some(()))
    });
    match ready {
        Ok(()) => Ok((folder.keep(), api_server)),
        Err(error) => bail!("{error:#}; {}", api_server.process.log_tail()),
    }
}

fn kubectl(tools: &Tools, folder: &Path, arguments: &[&str]) -> Command {
    let mut command = isolated(&tools.path("kubectl"), folder);
    command.args(arguments);
    command
}

/// Nothing of the person who runs the tests: no contexts, plugins or caches of theirs.
fn isolated(program: &Path, folder: &Path) -> Command {
    let mut command = Command::new(program);
    command
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .env("HOME", folder)
        .env("KUBECONFIG", folder.join("kubeconfig"))
        .current_dir(env!("CARGO_MANIFEST_DIR"));
    command
}
