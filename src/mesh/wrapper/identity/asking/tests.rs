use super::*;
use crate::mesh::wrapper::Environment;

const TOKEN: &str = "http://169.254.169.254/computeMetadata/v1/instance/service-accounts/default/token";

fn start<'a>(command: &'a [&'a str], args: &'a [&'a str], env: Environment<'a>) -> ContainerStart<'a> {
    ContainerStart { name: "wait", image: "registry.example/curl:8", command, args, env }
}

/// `TOKEN` in a command is the address of the token.
#[test]
fn a_wait_is_a_question_that_surely_is_asked() {
    let is_wait = |command: &[&str]| {
        let words: Vec<String> = command.iter().map(|word| word.replace("TOKEN", TOKEN)).collect();
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        start(&words, &[], &[]).is_identity_wait()
    };
    for (script, wanted) in [
        ("curl -sf TOKEN", true),
        ("until curl -sf TOKEN; do sleep 1; done; ./migrate", true),
        ("for i in 1 2 3; do curl -sf TOKEN && exit 0; sleep 1; done; exit 1", true),
        ("U=TOKEN; until wget -q $U; do sleep 1; done", true),
        ("T=$(curl -sf TOKEN); ./migrate", true),
        ("while [ -z \"$(curl -sf TOKEN)\" ]; do sleep 1; done", true),
        ("ready() { curl -sf TOKEN; }; until ready; do sleep 1; done", false),
        ("ready() { until curl -sf TOKEN; do sleep 1; done; }; ready", true),
        ("(until curl -sf TOKEN; do sleep 1; done)", true),
        ("timeout 60 curl -sf TOKEN || exit 1", true),
        ("seaworthy-wait identity && ./migrate", true),
        // Named, but not asked, or not for certain, or of no consequence.
        ("# wait for TOKEN\n./migrate", false),
        ("./migrate # needs TOKEN", false),
        ("echo curl TOKEN; ./migrate", false),
        ("cat > /s.sh <<'EOF'\ncurl TOKEN\nEOF\n", false),
        ("if [ \"$GKE\" = true ]; then curl -sf TOKEN; fi; ./migrate", false),
        ("curl -sf TOKEN || true", false),
        ("[ -n \"$GKE\" ] || curl -sf TOKEN", false),
        ("until curl -sf TOKEN; do sleep 1; done &", false),
        ("ready() { until curl -sf TOKEN; do sleep 1; done; }; ./migrate", false),
        ("./migrate --metadata-url TOKEN", false),
    ] {
        assert_eq!(is_wait(&["sh", "-c", script]), wanted, "{script}");
    }
    for (command, wanted) in [
        (&["curl", "-sf", "TOKEN"][..], true),
        (&["timeout", "60", "curl", "-sf", "TOKEN"], true),
        (&["gcloud", "auth", "print-access-token"], true),
        (&["./migrate", "--metadata-url", "TOKEN"], false),
        (&["curl", "--noproxy", "169.254.169.254", "http://config:8080/service-accounts"], false),
    ] {
        assert_eq!(is_wait(command), wanted, "{command:?}");
    }
    let of_image = |image| ContainerStart { name: "a", image, command: &[], args: &["-sf", TOKEN], env: &[] };
    assert!(of_image("curlimages/curl:8").is_identity_wait());
    assert!(!of_image("registry.example/migrate:1").is_identity_wait());
    let env = [("METADATA_URL", Some(TOKEN))];
    assert!(!start(&["./migrate"], &[], &env).is_identity_wait());
    assert!(start(&["sh", "-c", "until curl -sf $METADATA_URL; do sleep 1; done"], &[], &env).is_identity_wait());
}

#[test]
fn a_question_for_something_else_than_a_token_is_no_wait_unless_it_is_asked_again() {
    let project =
        "curl -sf -H 'Metadata-Flavor: Google' http://metadata.google.internal/computeMetadata/v1/project/project-id";
    for (script, wanted) in [
        (format!("sed s/PROJECT/$({project})/ /template > /conf"), false),
        (format!("until {project}; do sleep 1; done"), true),
        (format!("{project} --retry 9"), true),
        (format!("curl -sf {TOKEN}"), true),
        ("gcloud auth print-access-token".to_owned(), true),
        ("python3 -c 'import google.auth; google.auth.default()'".to_owned(), true),
        ("until nc -z database 5432; do sleep 1; done".to_owned(), false),
    ] {
        let command = ["sh", "-c", &script];
        assert_eq!(start(&command, &[], &[]).is_identity_wait(), wanted, "{script}");
    }
    let with = |env| start(&["wait-for"], &[], env).is_identity_wait();
    assert!(with(&[("URL", Some(TOKEN))]));
    assert!(!with(&[("URL", Some("http://metadata/computeMetadata/v1/instance/zone"))]));
    assert!(!with(&[("URL", None)]));
    let named = |name, image, args| ContainerStart { name, image, command: &[], args, env: &[] }.is_identity_wait();
    assert!(named("workload-identity-initcontainer", "a", &[]));
    assert!(!named("workload-identity-initcontainer", "busybox:1.36", &["sh", "-c", "sleep 15"]));
    assert!(named("seaworthy-wait-identity", "registry.example/mirrored:1", &["identity", "--timeout", "60s"]));
    assert!(named("a", "example/wi-is-up:1", &[]));
    assert!(named("a", "seaworthy-wait", &["identity"]));
    assert!(!named("a", "b", &["identity"]));
}
