//! The command line: its commands, flags and words. Only what works is named here.

mod quantity;
mod serve;
mod word;

pub use serve::ServeArgs;
pub use word::{ColorChoice, FailOn, MembershipWord, OutputForm};

use clap::{Args, Parser, Subcommand};
use quantity::parse_size;
use std::path::PathBuf;

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
}
