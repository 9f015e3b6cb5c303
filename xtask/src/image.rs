//! What the images hold, tried alone: a read-only root with one program in it and nothing else, an empty environment, a user
//! without a name. Read from `helm/image/Containerfile`, which is followed line by line: there need be no container runtime.

use anyhow::{Context, Result, ensure};
use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

const PATIENCE: Duration = Duration::from_secs(30);
const PAUSE: Duration = Duration::from_millis(20);

/// A Service whose port has no name: warning `unclear-port-protocol`, so exit code 1.
const MANIFEST: &str = "apiVersion: v1\nkind: Service\nmetadata: {name: web, namespace: shop}\n\
                        spec: {selector: {app: web}, ports: [{port: 9000, name: web}]}\n";

/// Builds them for this machine and tries each; needs root, for mounts.
pub fn check(root: &Path) -> Result<()> {
    let folder = build(root)?;
    let recipe = std::fs::read_to_string(root.join("helm/image/Containerfile"))?;
    let seaworthy = Alone::read(&recipe, "seaworthy", &folder)?;
    seaworthy.says(&["--version"], "", 0, "seaworthy ")?;
    seaworthy.says(&["check", "--assume-membership", "sidecar", "-"], MANIFEST, 1, "warning[unclear-port-protocol]")?;
    seaworthy.says(&["rules"], "", 0, "unclear-port-protocol")?;
    seaworthy.serves()?;
    let wait = Alone::read(&recipe, "seaworthy-wait", &folder)?;
    wait.says(&["--version"], "", 0, "seaworthy-wait ")?;
    let again = ["run", "--timeout", "0s", "--on-timeout", "start", "--", "/seaworthy-wait", "--version"];
    wait.says(&again, "", 0, "seaworthy-wait ")?;
    wait.says(&["identity", "--timeout", "0s", "--server", "127.0.0.1:9"], "", 124, "")?;
    Ok(())
}

fn build(root: &Path) -> Result<PathBuf> {
    let script = root.join("helm/image/build.sh");
    let output = Command::new(&script).stderr(Stdio::inherit()).output();
    let output = output.with_context(|| format!("running {}", script.display()))?;
    ensure!(output.status.success(), "{} failed: {}", script.display(), output.status);
    let folder = PathBuf::from(String::from_utf8(output.stdout)?.trim_end());
    Ok(folder.join(if cfg!(target_arch = "aarch64") { "arm64" } else { "amd64" }))
}

/// One program, as in its image.
struct Alone {
    name: &'static str,
    /// The file that is copied, and its mode and place in the image.
    file: PathBuf,
    mode: String,
    place: String,
    user: String,
    entry_point: String,
}

impl Alone {
    /// One stage of the recipe; whatever would put more into the image is refused.
    fn read(recipe: &str, name: &'static str, folder: &Path) -> Result<Self> {
        let start = format!("FROM scratch AS {name}");
        let behind = recipe.lines().skip_while(|line| *line != start).skip(1);
        let stage = behind.take_while(|line| !line.starts_with("FROM")).filter(|line| !line.starts_with('#'));
        let lines: Vec<Vec<&str>> =
            stage.filter(|line| !line.is_empty()).map(|line| line.split(' ').collect()).collect();
        let lines: Vec<&[&str]> = lines.iter().map(Vec::as_slice).collect();
        let [["ARG", _], ["COPY", mode, from, to], ["USER", user], ["ENTRYPOINT", entry_point]] = lines[..] else {
            anyhow::bail!("the stage {name} is not ARG, COPY --chmod, USER and ENTRYPOINT: {lines:?}");
        };
        Ok(Self {
            name,
            file: folder.join(from.strip_prefix("${TARGETARCH}/").context("a file of another architecture")?),
            mode: mode.strip_prefix("--chmod=").context("no --chmod")?.to_owned(),
            place: (*to).to_owned(),
            user: (*user).to_owned(),
            entry_point: entry_point.trim_matches(['[', ']', '"']).to_owned(),
        })
    }

    /// In mounts of its own, which end with it.
    fn command(&self, words: &[&str]) -> Command {
        const ROOT: &str = "mount -t tmpfs -o mode=0755 tmpfs /mnt && install -m \"$2\" \"$1\" \"/mnt$3\" && \
                            mount -o remount,ro,mode=0755 tmpfs /mnt && user=$4 && shift 4 && \
                            exec env -i \"$(command -v chroot)\" --userspec=\"$user\" /mnt \"$@\"";
        let mut command = Command::new("unshare");
        command.args(["--mount", "sh", "-c", ROOT, "sh"]).arg(&self.file);
        command.args([&self.mode, &self.place, &self.user, &self.entry_point]).args(words);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    fn says(&self, words: &[&str], input: &str, code: i32, wanted: &str) -> Result<()> {
        let mut child = self.command(words).spawn().context("starting unshare, of util-linux")?;
        child.stdin.take().context("no standard input")?.write_all(input.as_bytes())?;
        let output = child.wait_with_output()?;
        let stdout = String::from_utf8_lossy(&output.stdout);
        ensure!(output.status.code() == Some(code) && stdout.contains(wanted), "{}", self.report(words, &output));
        writeln!(std::io::stdout(), "alone: {} {}", self.name, words.join(" "))?;
        Ok(())
    }

    fn report(&self, words: &[&str], output: &Output) -> String {
        let (stdout, stderr) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        format!("alone, {} {words:?} ended with {}:\n{stdout}{stderr}", self.name, output.status)
    }

    /// The server makes its certificate and gets ready. How it ends is told elsewhere: here it is killed.
    fn serves(&self) -> Result<()> {
        let (listen, probes) = (free_address()?, free_address()?);
        let words = ["serve", "--self-signed", "--inventory", "/", "--listen", &listen, "--probe-listen", &probes];
        let mut child = self.command(&words).spawn()?;
        let ready = ready(&mut child, &probes);
        child.kill()?;
        let output = child.wait_with_output()?;
        ensure!(ready?, "{}", self.report(&words, &output));
        writeln!(std::io::stdout(), "alone: {} serve", self.name)?;
        Ok(())
    }
}

fn free_address() -> Result<String> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.to_string())
}

/// Asks until it is ready; false where it ends before.
fn ready(child: &mut Child, probes: &str) -> Result<bool> {
    let deadline = Instant::now() + PATIENCE;
    while child.try_wait()?.is_none() && Instant::now() < deadline {
        let mut answer = String::new();
        if let Ok(mut stream) = TcpStream::connect(probes) {
            stream.write_all(b"GET /readyz HTTP/1.1\r\nHost: probes\r\nConnection: close\r\n\r\n")?;
            stream.read_to_string(&mut answer)?;
        }
        if answer.starts_with("HTTP/1.1 200") {
            return Ok(true);
        }
        std::thread::sleep(PAUSE);
    }
    Ok(false)
}
