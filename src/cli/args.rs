//! The command line: its commands, flags and words. Only what works is named here.

use crate::mesh::{AssumedMembership, GoDuration};
use clap::{Args, Parser, Subcommand, ValueEnum};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

/// Is this manifest fit to join an Istio mesh?
#[derive(Debug, Parser)]
#[command(name = "seaworthy", version, max_term_width = 100, propagate_version = true)]
#[command(after_help = "Exit codes: 0 clean; 1 findings at or above --fail-on; 2 usage or configuration; \
3 no Kubernetes object found; 4 some input unreadable. Several apply: the highest.")]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
    /// Whether to use colour; `auto` looks at NO_COLOR, FORCE_COLOR, CLICOLOR_FORCE and the terminal.
    #[arg(long, global = true, value_enum, value_name = "WHEN")]
    pub color: Option<ColorChoice>,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Something that ends by itself.
    #[command(flatten)]
    Task(Task),
    /// Answer the API server: admission over HTTPS.
    Serve(Box<ServeArgs>),
}

/// A command that reads files, writes a result and ends.
#[derive(Debug, Subcommand)]
pub enum Task {
    /// Judge manifests: files, folders, or `-` for standard input.
    #[command(alias = "lint")]
    Check(Box<CheckArgs>),
    /// Fix in the files what can be fixed, touching only the bytes at fault; `-` from standard input to standard output.
    Fix(Box<FixArgs>),
    /// List the rules.
    Rules(RulesArgs),
    /// Say what a rule finds, why it matters and what to do.
    Explain(ExplainArgs),
    /// Judge and fix fixtures, and compare with the markers in them and the *.fixed.yaml beside them.
    Test(TestArgs),
}

/// What is judged, and by what: what `check` and `fix` have in common.
#[derive(Debug, Args)]
pub struct InputArgs {
    /// Files, folders, or `-` for standard input. In folders: *.yaml, *.yml and *.json that are neither hidden nor
    /// ignored by git.
    #[arg(required = true, value_name = "PATH")]
    pub paths: Vec<PathBuf>,
    /// What is assumed of pods of which it is not known whether they are in the mesh.
    #[arg(long, value_enum, value_name = "WHERE")]
    pub assume_membership: Option<MembershipWord>,
    /// Judge by this rule only; may be given several times.
    #[arg(long, value_name = "RULE")]
    pub select: Vec<String>,
    /// Leave out the summary and what was assumed.
    #[arg(short, long, conflicts_with = "verbose")]
    pub quiet: bool,
    /// Say which configuration is used for which files, and write out every finding.
    #[arg(short, long)]
    pub verbose: bool,
    /// The name under which standard input is reported, and from which its configuration is looked up.
    #[arg(long, value_name = "NAME")]
    pub stdin_filename: Option<PathBuf>,
    /// The longest document that is read, in bytes or with a suffix.
    #[arg(long, value_name = "SIZE", default_value = "4MiB", value_parser = parse_size)]
    pub max_document_size: usize,
    /// Where the configuration comes from.
    #[command(flatten)]
    pub config: ConfigArgs,
}

/// Flags of `check`.
#[derive(Debug, Args)]
pub struct CheckArgs {
    /// The form of the result on standard output.
    #[arg(short, long, value_enum, default_value_t = OutputForm::Full, value_name = "FORM")]
    pub output: OutputForm,
    /// The least severity that makes the exit code 1.
    #[arg(long, value_enum, default_value_t = FailOn::Warning, value_name = "SEVERITY")]
    pub fail_on: FailOn,
    /// Also show findings that an exception, a comment or an annotation suppresses.
    #[arg(long)]
    pub show_suppressed: bool,
    /// Print the settings in force for the paths and where each came from, and judge nothing.
    #[arg(long)]
    pub show_config: bool,
    /// What is judged, and by what.
    #[command(flatten)]
    pub input: InputArgs,
}

/// Flags of `fix`.
#[derive(Debug, Args)]
#[command(
    after_help = "Exit codes: 0 done, or nothing to do, whatever is left; 1 with --check, if anything would change; \
2 usage or configuration; 3 no Kubernetes object found; 4 some input unreadable, or a file not written."
)]
pub struct FixArgs {
    /// Also do the fixes that a person should look at; without it they are listed with their reason.
    #[arg(long = "unsafe")]
    pub unsafe_too: bool,
    /// Write nothing; print what would change as a patch for `git apply`.
    #[arg(long)]
    pub diff: bool,
    /// Write nothing; exit with 1 if anything would change.
    #[arg(long)]
    pub check: bool,
    /// What is judged, and by what.
    #[command(flatten)]
    pub input: InputArgs,
}

/// Where the configuration comes from.
#[derive(Debug, Clone, Default, Args)]
pub struct ConfigArgs {
    /// Use this configuration for all files, instead of the nearest seaworthy.yaml above each.
    #[arg(long, value_name = "FILE", env = "SEAWORTHY_CONFIG")]
    pub config: Option<PathBuf>,
    /// Use no configuration at all, whatever --config and SEAWORTHY_CONFIG say.
    #[arg(long)]
    pub isolated: bool,
}

/// Flags of `rules`.
#[derive(Debug, Args)]
pub struct RulesArgs {
    /// Where the configuration comes from.
    #[command(flatten)]
    pub config: ConfigArgs,
}

/// Flags of `explain`.
#[derive(Debug, Args)]
pub struct ExplainArgs {
    /// The id of the rule, as it stands in brackets in a finding.
    #[arg(value_name = "RULE")]
    pub rule: String,
    /// Where the configuration comes from.
    #[command(flatten)]
    pub config: ConfigArgs,
}

/// Flags of `test`.
#[derive(Debug, Args)]
pub struct TestArgs {
    /// Folder of fixtures: fail-*.yaml, pass-*.yaml and issue-*.yaml at any depth.
    #[arg(value_name = "DIR", default_value = ".")]
    pub folder: PathBuf,
    /// Write the *.fixed.yaml beside the fixtures as the safe fixes give them now, and remove those that have no fix.
    #[arg(long)]
    pub update: bool,
    /// Where the configuration comes from.
    #[command(flatten)]
    pub config: ConfigArgs,
}

/// Flags of `serve`.
#[derive(Debug, Clone, Args)]
pub struct ServeArgs {
    /// Where admission is answered, over HTTPS.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8443")]
    pub listen: SocketAddr,
    /// Where probes and metrics are answered, in plain text.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8081")]
    pub probe_listen: SocketAddr,
    /// The certificate chain of the server, PEM; read again when it changes.
    #[arg(long, value_name = "FILE", requires = "tls_key")]
    pub tls_cert: Option<PathBuf>,
    /// The key of the certificate, PEM.
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    pub tls_key: Option<PathBuf>,
    /// Make a certificate authority and a certificate at start; what happens anyway without --tls-cert and --tls-key.
    #[arg(long, conflicts_with_all = ["tls_cert", "tls_key"])]
    pub self_signed: bool,
    /// A name or address the made certificate is for; may be given several times.
    #[arg(long, value_name = "NAME", conflicts_with = "tls_cert", default_values = ["localhost", "127.0.0.1", "::1"])]
    pub self_signed_name: Vec<String>,
    /// Where the made authority's certificate is written, for the webhook configuration's caBundle.
    #[arg(long, value_name = "FILE", conflicts_with = "tls_cert")]
    pub self_signed_ca_file: Option<PathBuf>,
    /// The configuration; without one the defaults hold.
    #[arg(long, value_name = "FILE", env = "SEAWORTHY_CONFIG")]
    pub config: Option<PathBuf>,
    /// The cluster whose objects are watched; without it and without --inventory, the one this runs in.
    #[arg(long, value_name = "FILE")]
    pub kubeconfig: Option<PathBuf>,
    /// Take the surrounding objects from the manifests of a folder instead of a cluster.
    #[arg(long, value_name = "FOLDER", conflicts_with = "kubeconfig")]
    pub inventory: Option<PathBuf>,
    /// From the signal to stop to the end at the latest; 10 s less than terminationGracePeriodSeconds.
    #[arg(long, value_name = "DURATION", default_value = "110s", value_parser = parse_duration)]
    pub grace: Duration,
}

/// The form of the result.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum OutputForm {
    /// For people: the source line with a caret under the value.
    Full,
    /// One line each: file:line:column: severity[rule] message.
    Concise,
    /// One JSON document, version 1.
    Json,
}

/// The least severity that fails a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum FailOn {
    /// Errors.
    Error,
    /// Warnings and errors.
    Warning,
    /// Any finding.
    Info,
    /// None: findings never make the exit code 1.
    Never,
}

/// Whether to use colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ColorChoice {
    /// As the environment and the terminal say.
    Auto,
    /// Yes.
    Always,
    /// No.
    Never,
}

/// Where pods of unknown membership are taken to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum MembershipWord {
    /// They get a sidecar.
    Sidecar,
    /// They are in an ambient mesh.
    Ambient,
    /// They are not in the mesh.
    Outside,
}

impl From<MembershipWord> for AssumedMembership {
    fn from(word: MembershipWord) -> Self {
        match word {
            MembershipWord::Sidecar => Self::Sidecar,
            MembershipWord::Ambient => Self::Ambient,
            MembershipWord::Outside => Self::Outside,
        }
    }
}

/// Bytes, or a whole number with KiB, MiB or GiB.
fn parse_size(text: &str) -> Result<usize, String> {
    let digits = text.trim_end_matches(|c: char| !c.is_ascii_digit());
    let factor = match text.get(digits.len()..).unwrap_or("").trim() {
        "" | "B" => 1,
        "KiB" => 1 << 10,
        "MiB" => 1 << 20,
        "GiB" => 1 << 30,
        other => return Err(format!("`{other}` is no unit: want bytes, KiB, MiB or GiB, such as 4MiB")),
    };
    let count: usize = digits.parse().map_err(|_| "want a whole number of bytes, such as 4MiB".to_owned())?;
    count.checked_mul(factor).ok_or_else(|| "that is more than can be addressed".to_owned())
}

/// A duration as Kubernetes and Istio write it: `20s`, `1m30s`.
fn parse_duration(text: &str) -> Result<Duration, String> {
    let duration: GoDuration = text.parse().map_err(|error| format!("{error}: want such as 20s or 1m30s"))?;
    u64::try_from(duration.nanos()).map(Duration::from_nanos).map_err(|_| "must not be negative".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn lint_is_check() {
        let cli = Cli::try_parse_from(["seaworthy", "lint", "a.yaml", "-"]).unwrap();
        let Command::Task(Task::Check(args)) = cli.command else { panic!("not check: {cli:?}") };
        assert_eq!(args.input.paths, [PathBuf::from("a.yaml"), PathBuf::from("-")]);
        assert_eq!((args.input.max_document_size, args.fail_on), (4 << 20, FailOn::Warning));
    }

    #[test]
    fn serve_has_one_way_to_get_a_certificate() {
        let cases: [(&[&str], bool); 7] = [
            (&[], true),
            (&["--self-signed", "--self-signed-name=a", "--self-signed-name=b"], true),
            (&["--tls-cert", "a", "--tls-key", "b"], true),
            (&["--tls-cert", "a"], false),
            (&["--self-signed", "--tls-cert", "a", "--tls-key", "b"], false),
            (&["--self-signed-ca-file", "c", "--tls-cert", "a", "--tls-key", "b"], false),
            (&["--kubeconfig", "a", "--inventory", "b"], false),
        ];
        for (flags, wanted) in cases {
            let line = ["seaworthy", "serve"].into_iter().chain(flags.iter().copied());
            assert_eq!(Cli::try_parse_from(line).is_ok(), wanted, "{flags:?}");
        }
    }

    #[test]
    fn sizes_have_units_of_two() {
        let cases = [("4MiB", Some(4 << 20)), ("512", Some(512)), ("1 KiB", Some(1024)), ("2GiB", Some(2 << 30))];
        let wrong = ["", "MiB", "4MB", "-1", "99999999999999999999"].map(|text| (text, None));
        for (text, wanted) in cases.into_iter().chain(wrong) {
            assert_eq!(parse_size(text).ok(), wanted, "{text:?}");
        }
    }

    #[test]
    fn durations_are_written_as_in_manifests() {
        let cases = [("20s", Some(20_000)), ("1m30s", Some(90_000)), ("20", None), ("-1s", None)];
        for (text, wanted) in cases {
            assert_eq!(parse_duration(text).ok(), wanted.map(Duration::from_millis), "{text}");
        }
    }
}
