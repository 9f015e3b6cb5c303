//! Which Services of a repository are taken to lead to the same pods, when its files hold several copies of one thing.

#![allow(clippy::unwrap_used, reason = "the helpers of tests are tests")]

use seaworthy::base::{Mode, Source};
use seaworthy::engine::{Engine, Input, check};
use seaworthy::manifest::{Limits, read_documents};
use seaworthy::policy::SettingsFile;

const RULE: &str = "conflicting-port-protocols";

/// The findings of the rule, as `file -> file of the other Service`, for files of a mesh with sidecars.
fn conflicts(files: &[(&str, String)]) -> Vec<String> {
    let settings = SettingsFile::read(&Source::new("seaworthy.yaml", "profile: {assumeMembership: sidecar}"));
    let engine = Engine::load(&settings, &[], Mode::Warn).unwrap();
    let input = |(name, text): &(&str, String)| {
        let source = Source::new(*name, text.clone());
        let reading = read_documents(&source, &Limits::default());
        Input { file: source.name().clone(), reading, engine: &engine, context_only: false }
    };
    let outcome = check(files.iter().map(input).collect(), "2026-11-21".parse().unwrap());
    assert_eq!(outcome.problems, []);
    let findings = outcome.findings.iter().filter(|finding| &*finding.rule == RULE);
    let file = |place: &Option<seaworthy::base::Place>| place.as_ref().unwrap().file.to_string();
    findings.map(|it| format!("{} -> {}", file(&it.place), file(&it.related[0].place))).collect()
}

fn service(namespace: &str, name: &str, port: &str) -> String {
    format!(
        "apiVersion: v1\nkind: Service\nmetadata: {{name: {name}{namespace}}}\n\
         spec: {{selector: {{app: web}}, ports: [{{name: {port}, port: 8080, targetPort: web}}]}}\n"
    )
}

fn workload(namespace: &str, port: u16) -> String {
    format!(
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: web{namespace}}}\nspec: {{template: {{metadata: \
         {{labels: {{app: web}}}}, spec: {{containers: [{{name: web, ports: [{{name: web, containerPort: {port}}}]}}]}}}}}}\n"
    )
}

const SHOP: &str = ", namespace: shop";

#[test]
fn the_later_by_path_is_reported_whatever_the_order_of_the_files() {
    let mut files = [("shop/a.yaml", service(SHOP, "web", "http")), ("shop/b.yaml", service(SHOP, "peers", "tcp"))];
    assert_eq!(conflicts(&files), ["shop/b.yaml -> shop/a.yaml"]);
    files.reverse();
    assert_eq!(conflicts(&files), ["shop/b.yaml -> shop/a.yaml"]);
}

#[test]
fn copies_of_one_service_are_alternatives() {
    let files = [("base/web.yaml", service(SHOP, "web", "http")), ("overlay/web.yaml", service(SHOP, "web", "tcp"))];
    assert_eq!(conflicts(&files), [""; 0]);
}

#[test]
fn a_service_of_one_environment_does_not_meet_the_copy_of_another() {
    let files = [
        ("prod/peers.yaml", service(SHOP, "peers", "tcp")),
        ("prod/web.yaml", service(SHOP, "web", "http")),
        ("staging/web.yaml", service(SHOP, "web", "http")),
    ];
    assert_eq!(conflicts(&files), ["prod/web.yaml -> prod/peers.yaml"]);
}

#[test]
fn services_of_two_copies_of_a_workload_do_not_meet() {
    let mut files = vec![
        ("prod/services.yaml", service(SHOP, "web-prod", "http")),
        ("prod/workload.yaml", workload(SHOP, 80)),
        ("staging/services.yaml", service(SHOP, "web-staging", "tcp")),
    ];
    assert_eq!(conflicts(&files), ["staging/services.yaml -> prod/services.yaml"]);
    files.push(("staging/workload.yaml", workload(SHOP, 80)));
    assert_eq!(conflicts(&files), [""; 0]);
}

#[test]
fn without_a_namespace_only_files_of_one_folder_are_together() {
    let two_examples = [("a/web.yaml", service("", "web", "http")), ("b/web.yaml", service("", "other", "tcp"))];
    assert_eq!(conflicts(&two_examples), [""; 0]);
    let one_example = [("a/web.yaml", service("", "web", "http")), ("a/web-2.yaml", service("", "other", "tcp"))];
    assert_eq!(conflicts(&one_example), ["a/web.yaml -> a/web-2.yaml"]);
}

/// The same name of two Services is the same port, unless the workload is there and declares no port of that name.
#[test]
fn a_name_that_the_pods_do_not_declare_leads_nowhere() {
    let services = ("shop.yaml", service(SHOP, "web", "http") + "---\n" + &service(SHOP, "peers", "tcp"));
    assert_eq!(conflicts(std::slice::from_ref(&services)), ["shop.yaml -> shop.yaml"]);
    let idle = workload(SHOP, 80).replace("name: web, containerPort", "name: other, containerPort");
    assert_eq!(conflicts(&[services, ("workload.yaml", idle)]), [""; 0]);
}
