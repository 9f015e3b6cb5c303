//! The real door: what `kubectl` users see, with a real kube-apiserver and etcd behind it.
//!
//! Two clusters are shared, a bare API server and a whole cluster; the first test of each starts it (see `harness`).
//! There is one chart name, so tests run one after the other. At the end stands how often kubectl was really called, and the run fails where that is less than
//! these tests must call it. Without Go and without `KUBEBUILDER_ASSETS` there is no API server: then all tests are
//! ignored with a loud line, and under `CI=true` they fail.

#![allow(clippy::print_stderr, reason = "this is a test program: it talks to who runs it")]

mod chart;
mod custom;
mod fixed_files;
mod harness;
mod modes;
mod new_namespace;
mod old_offender;
mod outage;
mod owned;
mod refusals;
mod repair;
mod watches;
mod whole;

use std::process::ExitCode;
use std::sync::OnceLock;

use anyhow::Context;
use harness::{Cluster, RELEASE, Tools};
use libtest_mimic::{Arguments, Completion, Failed, Trial};

type Test = fn(&Cluster) -> anyhow::Result<()>;

/// A cluster that tests share: once started, it is there, or there is nothing to build it from, or it failed.
type Shared = OnceLock<Result<Option<Cluster>, String>>;

/// Tests by their own paths.
macro_rules! named {
    ($($test:path),* $(,)?) => { &[$((stringify!($test), $test)),*] };
}

/// Every call of kubectl that a full run makes without a single repetition, and without real manifests, which may not be
/// there. Raise it with each test.
const KUBECTL_CALLS: usize = 592;

/// These need an API server.
const BARE_TESTS: &[(&str, Test)] = named![
    chart::kubectl_and_the_api_server_are_of_one_version,
    chart::the_api_server_accepts_the_chart,
    chart::the_server_may_list_and_watch_and_nothing_else,
    chart::values_that_cannot_work_are_refused,
    chart::the_cert_manager_example_is_what_the_chart_creates,
    chart::only_opted_in_namespaces_are_intercepted,
    chart::only_what_people_apply_is_intercepted,
    chart::a_missing_server_stops_nobody_under_ignore,
    watches::the_inventory_follows_the_cluster,
    watches::a_lost_watch_forgets_nothing_and_catches_up,
    watches::the_server_is_ready_when_the_cluster_was_listed,
    watches::a_kind_is_unknown_until_the_right_to_read_it_is_granted,
    refusals::through_the_service_defects_are_refused_in_one_message,
    refusals::through_a_url_defects_are_refused_too,
    refusals::whichever_way_one_asks_the_answer_is_the_same,
    modes::warn_creates_and_tells,
    modes::the_notes_of_the_chart_lead_to_the_first_warning,
    modes::audit_creates_and_writes_down,
    modes::an_unlabelled_namespace_is_never_asked_about,
    modes::the_platforms_file_sets_modes_and_exceptions,
    old_offender::an_old_offender_can_be_run_and_changed,
    old_offender::an_old_offender_that_gets_worse_is_refused_for_what_is_new,
    outage::under_ignore_nobody_is_stopped_and_it_is_written_down,
    outage::under_fail_the_api_server_refuses_until_it_is_back,
    outage::a_certificate_for_another_name_is_not_trusted,
    owned::an_owner_that_a_user_makes_up_excuses_nothing,
    owned::the_pod_of_a_controller_is_left_to_its_owner,
    owned::an_owner_that_is_there_excuses_nothing_that_a_user_makes,
    owned::a_replica_set_is_judged_unless_its_controller_makes_it,
    custom::custom_workloads_are_judged_and_known_while_their_definitions_are_there,
    new_namespace::a_namespace_applied_together_with_its_objects_is_known,
    fixed_files::real_manifests_are_accepted_as_before,
];

/// These need Pods that controllers make and that run.
const WHOLE_TESTS: &[(&str, Test)] = named![
    whole::everything_that_makes_pods_is_at_work,
    repair::rollout::the_pods_of_a_deployment_arrive_repaired_and_it_stays_as_it_was,
    repair::rollout::a_fixed_deployment_gives_the_pods_that_a_repaired_one_gives,
    repair::owners::pods_of_every_owner_are_repaired,
    repair::accepted::a_restricted_namespace_with_quota_and_limits_runs_repaired_pods,
    repair::asked::a_bare_pod_is_repaired_and_its_creator_is_told,
    repair::asked::every_way_to_create_a_pod_gives_the_same_pod,
    repair::asked::what_the_owner_of_a_pod_applied_can_be_applied_again,
    repair::asked::strange_pods_are_not_refused_for_our_patch,
    repair::untouched::pods_that_get_no_proxy_or_are_not_ours_stay_as_they_are,
    repair::untouched::system_namespaces_stay_as_they_are,
    repair::beside::our_configuration_is_called_before_istios,
    repair::beside::called_again_after_another_change_nothing_is_done_twice,
    repair::gone::without_a_server_pods_start_unrepaired_until_it_is_back,
    repair::gone::after_an_uninstall_repaired_pods_stay_and_new_ones_come_unrepaired,
    repair::gone::a_repair_that_was_missed_is_written_down,
];

static BARE: Shared = OnceLock::new();
static WHOLE: Shared = OnceLock::new();

fn main() -> ExitCode {
    let mut arguments = Arguments::from_args();
    arguments.test_threads = Some(1);
    let bare = BARE_TESTS.iter().map(|&(name, test)| trial(name, test, &BARE, Ok));
    let whole = WHOLE_TESTS.iter().map(|&(name, test)| trial(name, test, &WHOLE, Cluster::with_controllers));
    let conclusion = libtest_mimic::run(&arguments, bare.chain(whole).collect());

    // A static is never dropped, so what it holds is stopped here.
    let started: Vec<&Cluster> = [&BARE, &WHOLE].iter().filter_map(|it| it.get()?.as_ref().ok()?.as_ref()).collect();
    for cluster in &started {
        cluster.stop(conclusion.has_failed());
    }
    let calls: usize = started.iter().map(|cluster| cluster.kubectl_calls()).sum();
    eprintln!("kubectl calls: {calls}");
    if !started.is_empty() && conclusion.num_filtered_out == 0 && calls < KUBECTL_CALLS {
        eprintln!("a full run must call kubectl at least {KUBECTL_CALLS} times");
        return ExitCode::FAILURE;
    }
    conclusion.exit_code()
}

/// A test in a shared cluster, which `complete` makes of a bare one.
fn trial(name: &str, test: Test, shared: &'static Shared, complete: fn(Cluster) -> anyhow::Result<Cluster>) -> Trial {
    Trial::ignorable_test(name, move || {
        match shared.get_or_init(|| start(complete).map_err(|error| format!("{error:#}"))) {
            Ok(Some(cluster)) => {
                test(cluster).map(|()| Completion::Completed).map_err(|error| format!("{error:?}").into())
            }
            Ok(None) => Ok(Completion::ignored_with("no Go to build an API server with")),
            Err(error) => Err(Failed::from(error)),
        }
    })
}

fn start(complete: fn(Cluster) -> anyhow::Result<Cluster>) -> anyhow::Result<Option<Cluster>> {
    let Some(tools) = Tools::find()? else {
        anyhow::ensure!(std::env::var_os("CI").is_none(), "the cluster tests must run here: CI is set");
        eprintln!("\n*** SKIPPED: tests that need a cluster. Nothing is known about a real API server. ***\n");
        return Ok(None);
    };
    let cluster = complete(Cluster::start(tools).context("starting the API server")?)?;
    cluster.create_namespace(
        RELEASE,
        &["pod-security.kubernetes.io/enforce=restricted", "pod-security.kubernetes.io/warn=restricted"],
    )?;
    Ok(Some(cluster))
}
