//! Which Services and workloads of a repository are taken together, when its files hold several copies of one thing.

#![allow(clippy::unwrap_used, reason = "the helpers of tests are tests")]

use seaworthy::base::{Finding, Mode, Place, Source};
use seaworthy::engine::{Engine, Input, check};
use seaworthy::manifest::{Limits, read_documents};
use seaworthy::policy::SettingsFile;

/// The conflicts of protocols, as `file -> file of the other Service`.
fn conflicts(files: &[(&str, String)]) -> Vec<String> {
    let findings = findings("conflicting-port-protocols", files).into_iter();
    findings.map(|it| format!("{} -> {}", file(&it.place), file(&it.related[0].place))).collect()
}

/// The files of Services that lead to a name that no container declares.
fn dangling(files: &[(&str, String)]) -> Vec<String> {
    findings("dangling-target-port", files).into_iter().map(|it| file(&it.place)).collect()
}

fn file(place: &Option<Place>) -> String {
    place.as_ref().unwrap().file.to_string()
}

/// The files of databases whose listener is shared with another protocol, where those of ExternalName Services are.
fn database_clashes(files: &[(&str, String)]) -> Vec<String> {
    let findings = findings_under("assumeMembership: sidecar, istioVersion: '1.19'", "database-protocol-clash", files);
    findings.into_iter().map(|it| format!("{} -> {}", file(&it.place), file(&it.related[0].place))).collect()
}

/// The findings of a rule in files of a mesh with sidecars.
fn findings(rule: &str, files: &[(&str, String)]) -> Vec<Finding> {
    findings_under("assumeMembership: sidecar", rule, files)
}

fn findings_under(profile: &str, rule: &str, files: &[(&str, String)]) -> Vec<Finding> {
    let settings = SettingsFile::read(&Source::new("seaworthy.yaml", format!("profile: {{{profile}}}")));
    let engine = Engine::load(&settings, &[], Mode::Warn).unwrap();
    let input = |(name, text): &(&str, String)| {
        let source = Source::new(*name, text.clone());
        let reading = read_documents(&source, &Limits::default());
        Input::to_check(source.name(), reading, &engine)
    };
    let outcome = check(files.iter().map(input).collect(), "2026-11-21".parse().unwrap());
    assert_eq!(outcome.problems, []);
    outcome.findings.into_iter().filter(|finding| &*finding.rule == rule).collect()
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

/// The workload with a port of another name than `web`, to which the Services lead.
fn renamed(namespace: &str) -> String {
    workload(namespace, 80).replace("name: web, containerPort", "name: other, containerPort")
}

#[test]
fn a_name_that_any_copy_of_the_workload_declares_is_no_dangling_one() {
    let files = [("base/web.yaml", service(SHOP, "web", "http")), ("base/workload.yaml", renamed(SHOP))];
    assert_eq!(dangling(&files), ["base/web.yaml"]);
    let [service, base] = files;
    assert_eq!(dangling(&[service, base, ("overlay/workload.yaml", workload(SHOP, 80))]), [""; 0]);
}

#[test]
fn a_workload_for_which_another_copy_of_the_service_is_meant_proves_nothing() {
    let web = || service(SHOP, "web", "http");
    let mut files = vec![("prod/web.yaml", web()), ("staging/workload.yaml", renamed(SHOP))];
    assert_eq!(dangling(&files), ["prod/web.yaml"]);
    files.push(("staging/web.yaml", web()));
    assert_eq!(dangling(&files), ["staging/web.yaml"]);
}

#[test]
fn a_workload_of_another_folder_without_a_namespace_proves_nothing() {
    let web = || service("", "web", "http");
    assert_eq!(dangling(&[("a/web.yaml", web()), ("b/workload.yaml", renamed(""))]), [""; 0]);
    assert_eq!(dangling(&[("a/web.yaml", web()), ("a/workload.yaml", renamed(""))]), ["a/web.yaml"]);
}

#[test]
fn listeners_meet_in_the_whole_mesh_but_not_between_examples() {
    let outside = |namespace: &str| {
        service(namespace, "db", "mongo")
            .replace("selector: {app: web}", "type: ExternalName, externalName: db.example.com")
    };
    let namespaced = |port: &str| service(", namespace: other", "web", port);
    let mut files = vec![("a/db.yaml", outside(SHOP)), ("b/web.yaml", namespaced("http"))];
    assert_eq!(database_clashes(&files), ["a/db.yaml -> b/web.yaml"]);
    files.push(("b/db.yaml", outside(SHOP)));
    assert_eq!(database_clashes(&files), ["b/db.yaml -> b/web.yaml"]);
    assert_eq!(database_clashes(&[("a/db.yaml", outside(SHOP)), ("b/web.yaml", namespaced("tcp"))]), [""; 0]);
    assert_eq!(database_clashes(&[("a/db.yaml", outside("")), ("b/web.yaml", service("", "web", "http"))]), [""; 0]);
}
