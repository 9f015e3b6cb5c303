use super::*;
use crate::mesh::wrapper::Environment;

fn called_with(env: Environment<'_>, image: &str, command: &[&str], args: &[&str]) -> Option<Callee> {
    ContainerStart { name: "init", image, command, args, env }.network_call()
}

fn called(image: &str, command: &[&str], args: &[&str]) -> Option<Callee> {
    called_with(&[], image, command, args)
}

fn host(name: &str) -> Option<Callee> {
    Some(Callee::Host(name.to_owned()))
}

#[test]
fn commands_that_name_the_other_side_call_it() {
    for (script, wanted) in [
        ("until nc -z db 5432; do sleep 1; done", "db"),
        ("while ! nc -zv -w 2 db.shop 5432; do sleep 1; done", "db.shop"),
        ("set -e; curl -fsS http://config.shop:8080/all -o /config/all", "config.shop"),
        ("until timeout 2 curl -fs https://user@config.shop; do sleep 1; done", "config.shop"),
        ("wget -qO- http://[fd00::7]:80/x > /config/x", "[fd00::7]"),
        ("until pg_isready -h db -p 5432; do sleep 1; done; exec migrate", "db"),
        ("psql --host=db.shop -c 'select 1'", "db.shop"),
        ("git clone --depth 1 https://git.example.com/x.git /src", "git.example.com"),
        ("echo waiting && until nc -z db 5432; do sleep 1; done", "db"),
        ("curl -v telnet://db:5432 </dev/null", "db"),
        ("until curl -sfo /dev/null -m 2 config:8080/health 2>/dev/null; do sleep 1; done", "config"),
        ("wget -nv -T 5 --spider config/ready", "config"),
        ("telnet db 5432", "db"),
        ("mysqladmin ping -hdb -uroot", "db"),
        ("mysql -u root -h db.shop -e 'select 1'", "db.shop"),
        ("redis-cli -u redis://:x@cache:6379 ping", "cache"),
        ("mongosh mongodb://store:27017/shop --eval 1", "store"),
        ("psql 'host=db user=x' -c 'select 1'", "db"),
        ("psql postgresql://x:y@db/shop -c 'select 1'", "db"),
        ("/wait-for-it.sh -t 60 db:5432 -- /app", "db"),
        ("dockerize -wait tcp://db:5432 -timeout 60s", "db"),
        ("kafka-topics.sh --list --bootstrap-server kafka-0:9092,kafka-1:9092", "kafka-0"),
        ("cub kafka-ready -b kafka:9092 1 60", "kafka"),
        ("git -C /src -c http.sslVerify=false clone git@git.example.com:shop/site.git", "git.example.com"),
        ("vault status -address=https://vault.shop:8200", "vault.shop"),
        ("grpc_health_probe -addr=cart:7070", "cart"),
        ("openssl s_client -connect db:5432 </dev/null", "db"),
        ("flyway -url=jdbc:postgresql://db:5432/shop migrate", "db"),
        ("busybox nc -z db 5432", "db"),
        ("env A=b nc -z db 5432", "db"),
        ("wget --tries 3 config/ready", "config"),
        ("wget --progress=dot config/ready", "config"),
        ("until nc -z mysql 3306; do sleep 1; done", "mysql"),
    ] {
        assert_eq!(called("tools:1", &["sh", "-c", script], &[]), host(wanted), "{script}");
    }
    assert_eq!(called("tools:1", &["tini", "--", "curl"], &["http://a.b/"]), host("a.b"));
}

#[test]
fn what_certainly_runs_of_a_script_calls() {
    for (script, wanted) in [
        ("S=$(curl -s http://api/x); echo $S", "api"),
        ("while [ \"$(curl -s -w '%{http_code}' http://api/ready)\" != 200 ]; do sleep 1; done", "api"),
        ("until [ `redis-cli -h cache ping` = PONG ]; do sleep 1; done", "cache"),
        ("for i in $(seq 1 30); do nc -z db 5432 && exit 0; sleep 1; done; exit 1", "db"),
        ("for host in db; do nc -z db 5432; done", "db"),
        ("N=12\nfor i in $(seq $N); do S=$(wget -S http://web 2>&1 | awk '/^  HTTP/{print $2}'); done", "web"),
        ("while true; do curl -sf http://api/ && break; sleep 1; done", "api"),
        ("if ! curl -sf http://api/; then exit 1; fi", "api"),
        ("curl -s http://api/ | jq . > /out", "api"),
        ("echo PING | nc cache 6379", "cache"),
        ("(curl -sf http://api/x -o /x) & wait", "api"),
        ("{ curl -sf http://api/x; }", "api"),
        ("wait_for() { until nc -z db 5432; do sleep 1; done; }\nwait_for", "db"),
        ("sleep 5 & nc -z db 5432", "db"),
        ("HOST=db; until nc -z \"$HOST\" 5432; do sleep 1; done", "db"),
        ("export HOST=db PORT=5432; nc -z ${HOST} $PORT", "db"),
        ("bash -c 'nc -z db 5432'", "db"),
        ("nc -z db 5432 >/dev/null 2>&1 || true", "db"),
        ("case $X in a) echo a;; esac; curl -s http://api/x", "api"),
        ("while true; do (nc -z db 5432) done", "db"),
        ("echo \"it's $(curl -s http://api/x)\"", "api"),
        ("echo 'a'\"$(curl -s http://api/x)\"", "api"),
        ("X=$A/$(curl -s http://api/x)", "api"),
        ("X=`echo``curl -s http://api/x`", "api"),
        ("X=$( (echo a) )$(curl -s http://api/x)", "api"),
    ] {
        assert_eq!(called("tools:1", &["sh", "-c", script], &[]), host(wanted), "{script}");
    }
    let connects = "until (echo > /dev/tcp/db/5432) >/dev/null 2>&1; do sleep 1; done";
    assert_eq!(called("tools:1", &["bash", "-c", connects], &[]), host("db"));
    assert_eq!(called("tools:1", &["sh", "-c", connects], &[]), None);
    assert_eq!(called("tools:1", &["bash", "-c", "exec 3<>/dev/tcp/127.0.0.1/5432"], &[]), None);
}

#[test]
fn variables_count_where_the_manifest_gives_their_values() {
    let env: Environment<'_> = &[
        ("DB", Some("db:5432")),
        ("HOST", Some("db")),
        ("EMPTY", Some("")),
        ("SECRET", None),
        ("OTHER", Some("$(HOST)")),
    ];
    for (script, wanted) in [
        ("until nc -z $HOST 5432; do sleep 1; done", host("db")),
        ("until nc -z ${HOST:-localhost} 5432; do sleep 1; done", host("db")),
        ("until nc -z $(HOST) 5432; do sleep 1; done", host("db")),
        ("curl -s \"http://${DB}/x\"", host("db")),
        ("curl -s 'http://$HOST/x'", None),
        ("curl -s http://$$(HOST)/x", None),
        ("curl -s http://$SECRET/x", None),
        ("curl -s http://$OTHER/x", None),
        ("curl -s http://$HOSTNAME/x", None),
        ("curl -s http://${HOST%x}/x", None),
        ("curl -s http://${EMPTY}api/x", host("api")),
        ("curl -s http://${EMPTY:-db.}api/x", None),
        ("HOST=localhost; curl -s http://$HOST/x", None),
        ("HOST=a; HOST=b; curl -s http://$HOST/x", None),
        ("[ -f /x ] && HOST=localhost; curl -s http://$HOST/x", None),
        ("read HOST < /x; curl -s http://$HOST/x", None),
        (". /x; curl -s http://$HOST/x", None),
        ("HOST=$(cat /x); curl -s http://$HOST/x", None),
    ] {
        assert_eq!(called_with(env, "tools:1", &["sh", "-c", script], &[]), wanted, "{script}");
    }
    let vault: Environment<'_> = &[("VAULT_ADDR", Some("http://vault:8200")), ("PGHOST", Some("db"))];
    assert_eq!(called_with(vault, "tools:1", &["vault", "kv", "get", "x"], &[]), host("vault"));
    assert_eq!(called_with(vault, "tools:1", &["pg_isready"], &[]), host("db"));
    assert_eq!(called_with(vault, "tools:1", &["pg_isready", "-h", "/run"], &[]), None);
    assert_eq!(called_with(vault, "tools:1", &["pg_isready", "--host", "/run"], &[]), None);
    assert_eq!(called_with(vault, "tools:1", &["psql", "postgresql:///x"], &[]), None);
    assert_eq!(called_with(vault, "tools:1", &["psql", "host=/run"], &[]), None);
    let flyway: Environment<'_> = &[("FLYWAY_URL", Some("jdbc:mysql://old/shop"))];
    assert_eq!(called_with(flyway, "flyway:11", &[], &["migrate"]), host("old"));
    let script = "FLYWAY_URL=jdbc:mysql://db/shop; flyway migrate";
    assert_eq!(called_with(flyway, "tools:1", &["sh", "-c", script], &[]), host("db"));
}

#[test]
fn clusters_and_clouds_are_called_by_what_asks_them() {
    let (cluster, others) = (Some(Callee::ApiServer), Some(Callee::Others));
    for (line, wanted) in [
        ("kubectl get pods", cluster.clone()),
        ("kubectl -n shop wait --for=condition=ready pod/db-0", cluster.clone()),
        ("kubectl exec db-0 -- psql -s x", cluster.clone()),
        ("helm upgrade --install x ./x", cluster.clone()),
        ("kubectl version", None),
        ("kubectl apply --dry-run=client -f x", None),
        ("kubectl -s http://localhost:8001 get pods", None),
        ("kubectl --server=http://localhost:8001 get pods", None),
        ("kubectl get -s http://localhost:8001 pods", None),
        ("helm template ./x", None),
        ("aws s3 cp s3://shop/x /x", others.clone()),
        ("aws s3 cp s3://shop/x /x --endpoint-url http://localhost:4566", None),
        ("aws configure set region x", None),
        ("gsutil -m cp gs://shop/x /x", others.clone()),
        ("gsutil cp /x /y", None),
        ("aws s3 ls", None),
        ("aws secretsmanager get-secret-value --secret-id x", others.clone()),
        ("aws ssm get-parameter --name x", others.clone()),
        ("aws sts get-caller-identity", others.clone()),
        ("gcloud storage cp gs://shop/x /x", others.clone()),
        ("gcloud storage cp /x /y", None),
        ("gcloud logging read gs://shop/x", None),
        ("gcloud secrets versions access latest --secret=x", others.clone()),
        ("az keyvault secret show --name x", others.clone()),
        ("az --version", None),
        ("apk add --no-cache curl", others.clone()),
        ("apk add --no-network --no-cache x.apk", None),
        ("apk add ./x.apk", None),
        ("apt-get update", others),
        ("apt-get install -y ./x.deb", None),
    ] {
        let words: Vec<&str> = line.split(' ').collect();
        assert_eq!(called("tools:1", &words, &[]), wanted, "{line}");
    }
    let local: Environment<'_> = &[("AWS_ENDPOINT_URL", Some("http://localhost:4566"))];
    assert_eq!(called_with(local, "tools:1", &["aws", "s3", "ls", "s3://x"], &[]), None);
}

#[test]
fn images_call_by_what_they_start() {
    let (cluster, others) = (Some(Callee::ApiServer), Some(Callee::Others));
    for (image, args, wanted) in [
        ("registry/flyway/flyway:11", &["migrate"][..], others.clone()),
        ("flyway@sha256:ab", &["-X", "migrate"], others.clone()),
        ("flyway/flyway:11", &["-url=jdbc:mysql://db/shop", "migrate"], host("db")),
        ("flyway/flyway:11", &["-url=jdbc:sqlite:/data/x.db", "migrate"], None),
        ("flyway/flyway:11", &[], None),
        ("flyway:11", &["--version"], None),
        ("liquibase/liquibase:5", &["update", "--changelog-file=x"], others.clone()),
        ("liquibase/liquibase:5", &[], None),
        ("liquibase/liquibase:5", &["sh", "-c", "echo"], None),
        ("registry.k8s.io/git-sync/git-sync:v4", &["--repo=https://git.example.com/x"], others.clone()),
        ("registry.k8s.io/git-sync/git-sync:v4", &["--repo=file:///x"], None),
        ("cloud-sql-proxy:2", &["--address=127.0.0.1", "shop:eu:db"], others),
        ("ghcr.io/groundnuty/k8s-wait-for:v2.0", &["job", "migrate"], cluster.clone()),
        ("ghcr.io/groundnuty/k8s-wait-for:v2.0", &["--help"], None),
        ("ghcr.io/groundnuty/k8s-wait-for:v2.0", &[], None),
        ("docker.io/bitnami/kubectl:1.33", &["wait", "--for=condition=complete", "job/x"], cluster),
        ("alpine/git:2", &["clone", "--", "https://git.example.com/x.git", "/src"], host("git.example.com")),
        ("curlimages/curl:8", &["-sf", "http://api/x"], host("api")),
        ("jwilder/dockerize:v0.9.2", &["-wait", "tcp://postgres:5432", "-timeout", "60s"], host("postgres")),
        ("jwilder/dockerize", &["-version"], None),
        ("example/curl:8", &["-sf", "http://api/x"], None),
        ("tools:1", &["curl", "http://a.b/"], None),
        ("myflyway:11", &["migrate"], None),
    ] {
        assert_eq!(called(image, &[], args), wanted, "{image} {args:?}");
    }
    assert_eq!(called("flyway:11", &["/bin/true"], &["migrate"]), None);
}

#[test]
fn what_may_not_call_is_no_call() {
    for script in [
        "curl -fs http://localhost:15021/healthz/ready",
        "curl -fs http://127.0.0.1:8080/",
        "curl -fs $URL",
        "curl -fs http://$HOST/",
        "curl -fs http://metadata.google.internal/computeMetadata/v1/",
        "curl -fs http://metadata/computeMetadata/v1/",
        "curl -fs http://169.254.169.254/",
        "curl -fs http://web.localhost/",
        "curl -x http://localhost:3128 http://api/",
        "curl -fsSx localhost:3128 http://api/",
        "curl --unix-socket /run/docker.sock http://docker/version",
        "curl --resolve api:80:127.0.0.1 http://api/",
        "curl --new-option api",
        "curl file:///etc/hosts",
        "curl --version",
        "export https_proxy=http://localhost:3128; curl https://api/",
        "wget -e use_proxy=yes http://api/",
        "wget -i /urls",
        "nc -l 8080",
        "nc -lk -p 8080",
        "ncat --listen web 8080",
        "nc -zu dns 53",
        "nc -z $DB 5432",
        "nc -U /var/run/a.sock",
        "nslookup db",
        "dig +short db",
        "getent hosts db",
        "ping -c 1 db",
        "psql -h /var/run/postgresql -c x",
        "psql -c x",
        "mysql -h localhost",
        "mysql --protocol=socket -h db",
        "mongosh --nodb --host db",
        "redis-cli ping",
        "vault agent -config=/x",
        "git status http://x.y/",
        "git clone /src /copy",
        "dockerize -wait file:///ready",
        "if [ -n \"$X\" ]; then curl http://a.b/; fi",
        "if [ -n \"$X\" ]; then true; else curl http://a.b/; fi",
        "[ -n \"$X\" ] && curl http://a.b/",
        "true || curl http://a.b/",
        "exit 0; curl http://a.b/",
        "leave() { exit 0; }; leave; curl http://a.b/",
        "unused() { curl http://a.b/; }; echo",
        "cd /x || exit 1; curl http://a.b/",
        "for i in $LIST; do curl http://a.b/; done",
        "for i in *.txt; do curl http://a.b/; done",
        "for i in $(seq 2 1); do curl http://a.b/; done",
        "for i; do curl http://a.b/; done",
        "while [ -f /x ]; do curl http://a.b/; done",
        "case $X in a) curl http://a.b/;; esac",
        "cat <<EOF\ncurl http://a.b/\nEOF",
        "echo http://a.b/",
        "echo 'use $(curl http://a.b/)'",
        "trap 'curl http://a.b/' EXIT",
        "curl -o http://a.b/",
        "nc -z localhost 80 > db 2>&1",
        "curl -s $URL > out/file",
        "psql --version -h db",
        "for i in $(seq 0); do curl http://a.b/; done",
        "echo \"\\$(curl http://a.b/)\"",
    ] {
        assert_eq!(called("tools:1", &["sh", "-c", script], &[]), None, "{script}");
    }
    let proxy: Environment<'_> = &[("HTTP_PROXY", Some("http://localhost:3128"))];
    assert_eq!(called_with(proxy, "tools:1", &["curl", "http://api/"], &[]), None);
    assert_eq!(called("tools:1", &["sh", "script.sh"], &[]), None);
    assert_eq!(called("tools:1", &["tini"], &[]), None);
}
