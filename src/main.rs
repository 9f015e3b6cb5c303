//! The program: hands the command line to the entry point that does what it says, and `serve` its parts.

use clap::Parser;
use seaworthy::base::Mode;
use seaworthy::cli::args::{Cli, ColorChoice, Command, ServeArgs};
use seaworthy::cli::configuration::{BrokenConfiguration, Configuration};
use seaworthy::cli::{self, Run, Streams, Terminal};
use seaworthy::cluster::{self, LiveInventory, WatchMetrics};
use seaworthy::inventory::Inventory;
use seaworthy::webhook;
use seaworthy::webhook::engine_judge::{EngineJudge, Surroundings};
use seaworthy::webhook::options::{CertificateSource, Options, UsageError};
use std::io::{self, IsTerminal};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;
use tracing_subscriber::EnvFilter;

/// Gives memory back under load, which the allocator of musl and glibc does late or never.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// What is logged without `SEAWORTHY_LOG`: our own words. The library says at each try what the watches say once.
const LOG: &str = "info,kube_client=off,kube_runtime=off,rustls=error";

fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            // There is nowhere left to complain if this fails.
            let _ = error.print();
            return ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2));
        }
    };
    match cli.command {
        Command::Task(task) => with_streams(cli.color, |run| ExitCode::from(cli::run(&task, run).code())),
        Command::Serve(args) => match serve(&args) {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => {
                with_streams(cli.color, |run| cli::say_failure(&error, run));
                let is_usage = error.is::<UsageError>() || error.is::<BrokenConfiguration>();
                ExitCode::from(if is_usage { cli::Exit::Usage.code() } else { 1 })
            }
        },
    }
}

/// The streams are locked meanwhile.
fn with_streams<T>(color: Option<ColorChoice>, work: impl FnOnce(&mut Run<'_>) -> T) -> T {
    let (mut input, mut out, mut err) = (io::stdin().lock(), io::stdout().lock(), io::stderr().lock());
    let streams = Streams { input: &mut input, out: &mut out, err: &mut err };
    work(&mut Run { streams, terminal: &Terminal::of_process(), color, today: cli::today() })
}

/// Serves until it is told to stop.
fn serve(args: &ServeArgs) -> anyhow::Result<()> {
    start_log();
    let configuration = Configuration::load(args.config.as_deref())?;
    // Where the platform says nothing, nobody is bothered; a namespace may ask for more.
    let engine = configuration.bind(configuration.settings.clone(), Mode::Audit, &[])?;
    let options = options(args)?;
    let runtime = tokio::runtime::Runtime::new()?;
    runtime.block_on(async {
        let (kubeconfig, folder) = (args.kubeconfig.as_deref(), args.inventory.as_deref());
        let opened = cluster::open(kubeconfig, folder, engine.workload_kinds()).await;
        let mut around = opened.map_err(|error| UsageError(format!("{error:#}")))?;
        let judge = EngineJudge::new(Arc::new(engine), Around(around.inventory.clone()));
        let metrics = WatchMetrics(around.inventory.clone());
        tokio::select! {
            served = webhook::serve(&options, Arc::new(judge), vec![Box::new(metrics)]) => served,
            error = around.died() => Err(error),
        }
    })
}

/// Lines for people on a terminal, JSON for whatever collects them elsewhere.
fn start_log() {
    // What a shell or a chart has no value for comes as an empty text, and that would silence errors too.
    let filter = std::env::var("SEAWORTHY_LOG").ok().filter(|filter| !filter.trim().is_empty());
    let filter = EnvFilter::builder().parse_lossy(filter.as_deref().unwrap_or(LOG));
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(io::stderr);
    if io::stderr().is_terminal() { log.compact().init() } else { log.json().flatten_event(true).init() }
}

fn options(args: &ServeArgs) -> Result<Options, UsageError> {
    let (tls_cert, tls_key) = (args.tls_cert.clone(), args.tls_key.clone());
    let certificate = match CertificateSource::from_flags(tls_cert, tls_key, args.self_signed)? {
        CertificateSource::SelfSigned { .. } => CertificateSource::SelfSigned {
            names: args.self_signed_name.clone(),
            ca_file: args.self_signed_ca_file.clone(),
        },
        files => files,
    };
    Ok(Options { listen: args.listen, probe_listen: args.probe_listen, certificate, grace: args.grace })
}

/// The surroundings of `cluster` as the webhook looks at them: the two know nothing of each other.
struct Around(Arc<LiveInventory>);

impl Surroundings for Around {
    fn read<T>(&self, look: impl FnOnce(&Inventory) -> T) -> T {
        self.0.read(look)
    }

    fn ready(&self) -> Result<(), String> {
        self.0.ready()
    }

    async fn namespace_known(&self, namespace: &str, within: Duration) -> bool {
        self.0.namespace_known(namespace, within).await
    }
}
