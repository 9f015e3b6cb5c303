use super::*;
use crate::manifest::Object;
use serde_json::{Value, json};

/// What the first of these containers answers with, if it waits 30 seconds.
fn looked_at<T>(front: &Value, others: &[Value], look: impl Fn(Neighbours<'_>) -> T) -> T {
    let containers: Vec<&Value> = std::iter::once(front).chain(others).collect();
    let pod =
        json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "web"}, "spec": {"containers": containers}});
    let object = Object::from_json(pod).unwrap();
    let pod = PodTemplate::of(&object).unwrap();
    let front = pod.containers().next().unwrap();
    look(Loopback::of(&pod).neighbours(&front, 30))
}

fn upstreams(front: &Value, others: &[Value]) -> Vec<String> {
    looked_at(front, others, |it| it.upstreams.iter().map(|it| it.name().to_owned()).collect())
}

#[test]
fn both_sides_have_to_show_it() {
    let app = json!({"name": "app", "args": ["--port=8081"]});
    for (front, app, found) in [
        (json!({"args": ["--upstream=http://127.0.0.1:8081/"]}), app.clone(), true),
        (json!({"command": ["proxy", "localhost:8081"]}), app.clone(), true),
        (json!({"env": [{"name": "UPSTREAM", "value": "http://[::1]:8081"}]}), app.clone(), true),
        (
            json!({"args": ["--upstream=127.0.0.1:8081"]}),
            json!({"name": "app", "ports": [{"containerPort": 8081}]}),
            true,
        ),
        (json!({"args": ["--upstream=127.0.0.1:8082"]}), app.clone(), false),
        (json!({"args": ["--upstream=not-localhost:8081"]}), app.clone(), false),
        (json!({"args": ["--upstream=10.127.0.0.1:8081"]}), app.clone(), false),
        (json!({"args": ["--upstream=127.0.0.1:80810"]}), app.clone(), false),
        (json!({"args": ["--upstream=127.0.0.1:"]}), app.clone(), false),
        (json!({"args": ["127.0.0.1:8081"], "ports": [{"containerPort": 8081}]}), app.clone(), false),
        (json!({"args": ["127.0.0.1:8081"]}), json!({"name": "app", "args": ["--port=18081"]}), false),
        (json!({"args": ["127.0.0.1:8081"]}), json!({"name": "app", "args": ["--mask=08081"]}), false),
        (
            json!({"args": ["127.0.0.1:8081"]}),
            json!({"name": "app", "args": ["--reload=http://localhost:8081"]}),
            false,
        ),
        (json!({"args": ["127.0.0.1:8081"]}), json!({"name": "istio-proxy", "args": ["8081"]}), false),
        // The proxy answers there, whoever else asks it.
        (json!({"args": ["localhost:15020"]}), json!({"name": "app", "args": ["localhost:15020"]}), false),
        (
            json!({"args": ["127.0.0.1:8081"]}),
            json!({"name": "app", "args": ["8081"], "lifecycle": {"preStop": {"sleep": {"seconds": 1}}}}),
            false,
        ),
    ] {
        assert_eq!(upstreams(&front, std::slice::from_ref(&app)).len(), usize::from(found), "{front} {app}");
    }
}

#[test]
fn of_several_neighbours_those_that_listen_there() {
    let front = json!({"args": ["127.0.0.1:8081", "127.0.0.1:8082"]});
    let other = |name: &str, port: u16| json!({"name": name, "ports": [{"containerPort": port}]});
    assert_eq!(upstreams(&front, &[other("a", 8082), other("b", 8083), other("c", 8081)]), ["a", "c"]);
}

fn env(variables: &[(&str, &str)]) -> Value {
    variables.iter().map(|(name, value)| json!({"name": name, "value": value})).collect()
}

#[test]
fn host_and_port_in_two_variables_are_an_address() {
    let proxy = json!({"name": "proxy", "args": ["-instances=p:r:i=tcp:5432"]});
    let declaring = json!({"name": "proxy", "ports": [{"containerPort": 5432}]});
    for (variables, other, found) in [
        (&[("DB_HOST", "127.0.0.1"), ("DB_PORT", "5432")][..], &proxy, true),
        (&[("INSTANCE_HOST", "localhost"), ("DB_PORT", "5432")], &declaring, true),
        (&[("PGHOST", "::1"), ("PGPORT", "5432")], &proxy, true),
        (&[("DB_HOST", "127.0.0.1"), ("DB_PORT", "5433")], &proxy, false),
        (&[("DB_HOST", "db.example.com"), ("DB_PORT", "5432")], &proxy, false),
        (&[("BIND_HOST", "127.0.0.1"), ("DB_PORT", "5432")], &proxy, false),
        (&[("HOST", "127.0.0.1"), ("PORT", "5432")], &proxy, false),
        (&[("DB_HOST", "127.0.0.1"), ("PORT", "5432")], &proxy, false),
        (&[("NO_PROXY", "localhost"), ("DB_PORT", "5432")], &proxy, false),
        (&[("DB_HOST", "127.0.0.1"), ("WORKERS", "5432")], &proxy, false),
    ] {
        let front = json!({"name": "app", "env": env(variables)});
        assert_eq!(upstreams(&front, std::slice::from_ref(other)).len(), usize::from(found), "{variables:?}");
    }
}

#[test]
fn who_asks_the_same_is_nobody_that_is_asked() {
    let by_variables = env(&[("DB_HOST", "127.0.0.1"), ("DB_PORT", "5432")]);
    let by_address = env(&[("DB", "127.0.0.1:5432")]);
    let proxy = json!({"name": "proxy", "image": "gcr.io/cloudsql-docker/gce-proxy:1.33.5", "args": ["tcp:5432"]});
    for environment in [&by_variables, &by_address] {
        let front = json!({"name": "web", "env": environment});
        let worker = json!({"name": "worker", "env": environment});
        assert_eq!(upstreams(&front, &[worker.clone(), proxy.clone()]), ["proxy"]);
    }
    let (web, worker) = (json!({"env": by_variables}), json!({"name": "worker", "env": by_variables}));
    assert_eq!(upstreams(&web, &[worker]), [""; 0]);
}

#[test]
fn a_program_that_is_not_told_its_port_has_its_usual_one() {
    let proxy = |args: &[&str]| json!({"name": "proxy", "image": "r/cloud-sql-proxy:2.14.1", "args": args});
    let asking = |port: u16| json!({"name": "web", "args": [format!("--db=localhost:{port}")]});
    assert_eq!(upstreams(&asking(5432), &[proxy(&["p:r:i"])]), ["proxy"]);
    assert_eq!(upstreams(&asking(5434), &[proxy(&["p:r:i"])]), [""; 0]);
    assert_eq!(upstreams(&asking(5432), &[proxy(&["--port=5433", "p:r:i"])]), [""; 0]);
    assert_eq!(upstreams(&asking(5433), &[proxy(&["--port=5433", "p:r:i"])]), ["proxy"]);
}

/// The container that may be asked, although nothing shows it.
fn doubtful(front: &Value, others: &[Value]) -> Option<String> {
    looked_at(front, others, |it| it.doubtful.map(|it| it.name().to_owned()))
}

#[test]
fn a_program_that_is_there_to_be_asked_may_be() {
    let web = json!({"name": "web", "image": "r/web:1"});
    let named = json!({"name": "web", "args": ["localhost:5432"]});
    let bouncer = json!({"name": "pgbouncer", "image": "bitnami/pgbouncer:1.23"});
    let hooked = json!({"name": "pgbouncer", "image": "bitnami/pgbouncer:1.23", "lifecycle": {"preStop": {"sleep": {"seconds": 1}}}});
    let proxy = |args: &[&str]| json!({"name": "proxy", "image": "r/cloud-sql-proxy:2.14.1", "args": args});
    for (front, other, wanted) in [
        (&web, bouncer.clone(), Some("pgbouncer")),
        (&web, hooked, None),
        (&bouncer, web.clone(), None),
        (&web, proxy(&["p:r:i"]), Some("proxy")),
        (&web, proxy(&["p:r:i", "--max-sigterm-delay=10s"]), Some("proxy")),
        (&web, proxy(&["p:r:i", "--max-sigterm-delay=30s"]), None),
        (&named, proxy(&["p:r:i"]), None),
    ] {
        assert_eq!(doubtful(front, std::slice::from_ref(&other)).as_deref(), wanted, "{front} {other}");
    }
}
