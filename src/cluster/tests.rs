//! The inventory through events as the API server would send them.

use super::api_object::ApiObject;
use super::feed::Feed;
use super::live::{Failure, LiveInventory, Phase};
use crate::inventory::{Inventory, Origin};
use crate::manifest::WorkloadKinds;
use kube::runtime::watcher::Event;
use serde_json::{Value, json};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::Duration;

const NAMESPACE_WAIT: Duration = Duration::from_millis(300);

/// An inventory and the feeds of its watches.
struct Cluster {
    inventory: Arc<LiveInventory>,
    feeds: Vec<Feed>,
}

impl Cluster {
    fn new() -> Self {
        let inventory = Arc::new(LiveInventory::watched(&WorkloadKinds::default()));
        Self { feeds: Feed::all(&inventory), inventory }
    }

    fn feed(&self, kind: &str) -> &Feed {
        self.feeds.iter().find(|feed| feed.kind.name() == kind).unwrap()
    }

    fn list(&self, kind: &str, objects: &[Value]) {
        self.feed(kind).apply(Event::Init);
        objects.iter().for_each(|object| self.feed(kind).apply(Event::InitApply(sent(object))));
        self.feed(kind).apply(Event::InitDone);
    }

    /// The names of all that is watched.
    fn kinds(&self) -> Vec<String> {
        self.feeds.iter().map(|feed| feed.kind.name()).collect()
    }

    fn phase(&self, kind: &str) -> Phase {
        self.inventory.watches().into_iter().find(|watch| watch.kind == kind).unwrap().phase
    }

    /// The Services of namespace `shop` that select the pods of an app.
    fn services(&self, app: &str) -> Vec<String> {
        self.inventory.read(|inventory| {
            let services = inventory.services_selecting("shop", &[("app", app)], "");
            services.into_iter().map(|service| service.reference.name.clone()).collect()
        })
    }

    fn label(&self, namespace: &str) -> Option<String> {
        self.inventory.read(|inventory| inventory.namespace_labels(namespace, "")?.get("istio-injection").cloned())
    }
}

fn sent(object: &Value) -> ApiObject {
    serde_json::from_value(object.clone()).unwrap()
}

/// A Service of namespace `shop` as a list holds it: without its kind, with much that nobody asks about.
fn service(name: &str, app: &str) -> Value {
    let managed = json!([{"manager": "kubectl", "operation": "Apply", "fieldsV1": {"f:spec": {}}}]);
    json!({
        "metadata": {"name": name, "namespace": "shop", "resourceVersion": "7", "managedFields": managed},
        "spec": {"selector": {"app": app}, "ports": [{"port": 80, "name": "http"}]},
        "status": {"loadBalancer": {}},
    })
}

fn namespace(name: &str, injection: &str) -> Value {
    json!({"metadata": {"name": name, "labels": {"istio-injection": injection}}, "spec": {"finalizers": ["kubernetes"]}})
}

fn lost() -> Failure {
    Failure { refused: false, message: "connection refused".to_owned() }
}

fn refused() -> Failure {
    Failure { refused: true, message: "services is forbidden (HTTP 403)".to_owned() }
}

#[test]
fn what_comes_changes_and_goes_is_seen() {
    let cluster = Cluster::new();
    cluster.list("Service", &[service("web", "web")]);
    assert_eq!(cluster.services("web"), ["web"]);
    cluster.feed("Service").apply(Event::Apply(sent(&service("api", "web"))));
    assert_eq!(cluster.services("web"), ["api", "web"]);
    cluster.feed("Service").apply(Event::Apply(sent(&service("web", "other"))));
    assert_eq!((cluster.services("web"), cluster.services("other")), (vec!["api".into()], vec!["web".into()]));
    cluster.feed("Service").apply(Event::Delete(sent(&service("api", "web"))));
    assert_eq!(cluster.services("web"), [""; 0]);

    cluster.list("Namespace", &[namespace("shop", "enabled")]);
    assert_eq!(cluster.label("shop").as_deref(), Some("enabled"));
    cluster.feed("Namespace").apply(Event::Apply(sent(&namespace("shop", "disabled"))));
    assert_eq!(cluster.label("shop").as_deref(), Some("disabled"));
    cluster.feed("Namespace").apply(Event::Delete(sent(&namespace("shop", "disabled"))));
    assert_eq!(cluster.label("shop"), None);
}

#[test]
fn each_watched_kind_has_its_place_in_the_inventory() {
    let cluster = Cluster::new();
    let template = json!({"metadata": {"labels": {"app": "web"}}, "spec": {"containers": [{"name": "web"}]}});
    for kind in ["Deployment", "StatefulSet", "DaemonSet", "Job", "CronJob"] {
        let spec = match kind {
            "CronJob" => json!({"jobTemplate": {"spec": {"template": template}}}),
            _ => json!({"template": template}),
        };
        let object = json!({"metadata": {"name": "web", "namespace": "shop", "uid": kind}, "spec": spec});
        cluster.list(kind, &[object]);
        let uid = cluster.inventory.read(|inventory| inventory.workload("shop", kind, "web")?.facts.uid.clone());
        assert_eq!(uid.as_deref(), Some(kind));
    }
    let annotations =
        json!({"iam.gke.io/gcp-service-account": "a@b", "kubectl.kubernetes.io/last-applied-configuration": "{}"});
    let account = json!({"metadata": {"name": "web", "namespace": "shop", "annotations": annotations}});
    cluster.list("ServiceAccount", &[account]);
    let kept = cluster
        .inventory
        .read(|inventory| Some(inventory.service_account("shop", "web", "")?.facts.annotations.clone()));
    assert_eq!(kept.unwrap().into_keys().collect::<Vec<_>>(), ["iam.gke.io/gcp-service-account"]);
}

#[test]
fn a_lost_watch_drops_nothing_until_the_next_list_is_complete() {
    let cluster = Cluster::new();
    let both = || cluster.services("web") == ["api", "web"];
    let feed = cluster.feed("Service");
    cluster.list("Service", &[service("web", "web"), service("api", "web")]);
    feed.failed(lost());
    assert!(both());
    feed.apply(Event::Init);
    assert!(both());
    feed.apply(Event::InitApply(sent(&service("web", "web"))));
    assert!(both());
    feed.failed(lost());
    feed.apply(Event::Init);
    feed.apply(Event::InitApply(sent(&service("new", "web"))));
    assert_eq!(cluster.services("web"), ["api", "new", "web"], "what is new is seen at once");
    feed.apply(Event::InitDone);
    assert_eq!(cluster.services("web"), ["new"], "only the complete list counts, not the one that broke off");
}

#[test]
fn ready_is_who_has_listed_all_kinds_once() {
    let cluster = Cluster::new();
    for kind in cluster.kinds().iter().skip(1) {
        cluster.list(kind, &[]);
        assert!(!cluster.inventory.is_synced());
    }
    let missing = cluster.inventory.ready();
    assert_eq!(missing, Err("the cluster has not been listed yet (Namespace)".to_owned()));
    cluster.feed("Namespace").failed(lost());
    let missing = cluster.inventory.ready();
    assert_eq!(missing, Err("the cluster has not been listed yet (Namespace): connection refused".to_owned()));
    cluster.list("Namespace", &[]);
    assert_eq!((cluster.inventory.ready(), cluster.inventory.is_synced()), (Ok(()), true));
    cluster.feed("Namespace").failed(lost());
    cluster.feed("Namespace").apply(Event::Init);
    assert!(cluster.inventory.is_synced(), "what is known is kept, so it stays ready");
}

/// A definition may come and go, and its objects with it.
#[test]
fn a_kind_that_the_api_server_does_not_have_blocks_nobody() {
    let cluster = Cluster::new();
    let rollout = || cluster.inventory.read(|it| Some(it.workload("shop", "Rollout", "web")?.facts.pod_labels.len()));
    let feed = cluster.feed("argoproj.io/Rollout");
    feed.absent();
    assert_eq!((cluster.phase("argoproj.io/Rollout"), rollout()), (Phase::Current, None));
    let spec = json!({"selector": {"matchLabels": {"app": "web"}}, "template": {"spec": {"containers": []}}});
    cluster.list("argoproj.io/Rollout", &[json!({"metadata": {"name": "web", "namespace": "shop"}, "spec": spec})]);
    assert_eq!(rollout(), Some(1));
    feed.absent();
    assert_eq!((cluster.phase("argoproj.io/Rollout"), rollout()), (Phase::Current, None));
}

/// Knative has a Service of its own.
#[test]
fn a_kind_of_another_group_does_not_make_known_what_is_not() {
    let cluster = Cluster::new();
    cluster.list("serving.knative.dev/Service", &[]);
    assert!(!cluster.inventory.read(|inventory| inventory.services_known("shop")));
    cluster.list("Service", &[]);
    cluster.feed("serving.knative.dev/Service").failed(refused());
    assert!(cluster.inventory.read(|inventory| inventory.services_known("shop")));
}

#[test]
fn a_kind_that_may_not_be_read_is_unknown_and_blocks_nobody() {
    let cluster = Cluster::new();
    let known = || cluster.inventory.read(|inventory| inventory.services_known("shop"));
    cluster.kinds().iter().filter(|kind| *kind != "Service").for_each(|kind| cluster.list(kind, &[]));
    cluster.feed("Service").apply(Event::Init);
    cluster.feed("Service").failed(refused());
    assert_eq!((cluster.phase("Service"), cluster.inventory.is_synced(), known()), (Phase::Unreadable, true, false));

    // The right is granted: from the first answer on it is listed, and it stays ready meanwhile.
    cluster.feed("Service").heard();
    assert_eq!((cluster.phase("Service"), cluster.inventory.is_synced(), known()), (Phase::Listing, true, false));
    cluster.list("Service", &[service("web", "web")]);
    assert_eq!((cluster.phase("Service"), known()), (Phase::Current, true));

    // The right is taken away again.
    cluster.feed("Service").failed(refused());
    assert_eq!((cluster.phase("Service"), known(), cluster.services("web").len()), (Phase::Lost, true, 1));
}

#[tokio::test(start_paused = true)]
async fn what_is_stale_is_counted_from_the_last_answer() {
    let cluster = Cluster::new();
    let stale = || cluster.inventory.watches().iter().map(|watch| watch.stale.as_secs()).max().unwrap();
    let wait = |seconds| tokio::time::advance(Duration::from_secs(seconds));
    wait(5).await;
    cluster.feed("Service").failed(lost());
    assert_eq!(stale(), 0, "nothing is known that could be old");
    cluster.list("Service", &[]);
    wait(10).await;
    assert_eq!((stale(), cluster.phase("Service")), (0, Phase::Current));
    cluster.feed("Service").failed(lost());
    wait(20).await;
    cluster.feed("Service").failed(lost());
    cluster.feed("Service").apply(Event::Init);
    assert_eq!((stale(), cluster.phase("Service")), (30, Phase::Lost));
    cluster.feed("Service").heard();
    assert_eq!((stale(), cluster.phase("Service")), (0, Phase::Current));
}

#[tokio::test(start_paused = true)]
async fn a_namespace_is_waited_for_while_it_may_still_come() {
    let cluster = Cluster::new();
    let wait = || cluster.inventory.namespace_known("shop", NAMESPACE_WAIT);
    let waited = async |wanted: bool| {
        let start = tokio::time::Instant::now();
        assert_eq!(wait().await, wanted);
        start.elapsed()
    };
    cluster.list("Namespace", &[namespace("pay", "enabled")]);
    assert!(waited(false).await >= NAMESPACE_WAIT, "it never came");

    let come = async {
        tokio::time::sleep(Duration::from_millis(100)).await;
        cluster.feed("Namespace").apply(Event::Apply(sent(&namespace("pay", "disabled"))));
        tokio::time::sleep(Duration::from_millis(100)).await;
        cluster.feed("Namespace").apply(Event::Apply(sent(&namespace("shop", "enabled"))));
    };
    let (waited_for, ()) = tokio::join!(waited(true), come);
    assert_eq!(waited_for.as_millis(), 200, "it came");
    assert_eq!(waited(true).await, Duration::ZERO, "it is there");
}

#[tokio::test(start_paused = true)]
async fn nobody_waits_for_a_namespace_that_cannot_come() {
    let unreadable = Cluster::new();
    unreadable.feed("Namespace").failed(refused());
    let folder = LiveInventory::fixed(Inventory::new(Origin::Cluster));
    let start = tokio::time::Instant::now();
    assert!(!unreadable.inventory.namespace_known("shop", NAMESPACE_WAIT).await);
    assert!(!folder.namespace_known("shop", NAMESPACE_WAIT).await);
    assert_eq!((start.elapsed(), folder.ready(), folder.watches()), (Duration::ZERO, Ok(()), vec![]));
}

/// Else one review that takes long keeps the watches waiting, and these all other reviews and the probes.
#[test]
fn nobody_waits_for_whoever_judges() {
    const DEADLINE: Duration = Duration::from_secs(20);
    let cluster = Arc::new(Cluster::new());
    cluster.list("Service", &[service("web", "web")]);
    cluster.inventory.read(|before| {
        let (done, is_done) = mpsc::channel();
        let beside = cluster.clone();
        thread::spawn(move || {
            beside.feed("Service").apply(Event::Apply(sent(&service("other", "web"))));
            done.send((beside.inventory.ready().is_err(), beside.services("web")))
        });
        let found = is_done.recv_timeout(DEADLINE).expect("a change and two looks beside this one");
        assert_eq!(found, (true, vec!["other".to_owned(), "web".to_owned()]));
        let seen = before.services_selecting("shop", &[("app", "web")], "");
        assert_eq!(seen.len(), 1, "who looks sees what there was");
    });
}

#[test]
fn a_panic_in_the_middle_of_a_change_or_a_look_ends_nothing() {
    let cluster = Cluster::new();
    cluster.list("Service", &[service("web", "web")]);
    let inventory = AssertUnwindSafe(&cluster.inventory);
    assert!(catch_unwind(|| inventory.read(|_| panic!("a rule of ours"))).is_err());
    assert!(catch_unwind(|| inventory.change(|_| panic!("a projection of ours"))).is_err());
    assert_eq!(cluster.services("web"), ["web"]);
    cluster.feed("Service").apply(Event::Delete(sent(&service("web", "web"))));
    assert_eq!(cluster.services("web"), [""; 0]);
}
