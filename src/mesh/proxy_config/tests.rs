use super::*;
use serde::Deserialize;
use serde_json::json;

/// A value of the annotation, and what Istio made of it.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Vector {
    /// What kubectl's YAML library makes of the text.
    #[serde(default)]
    parsed: Value,
    /// The text is no YAML at all: it never comes to [`ProxyConfig::read`].
    #[serde(default)]
    unparsable: bool,
    accepted: bool,
    #[serde(default)]
    proxy_config: Map<String, Value>,
}

/// Put to Istio's real injector.
const INJECTOR: &str = include_str!("../../../tests/data/istio-injection/proxy-config-annotation.json");
/// Put to the reader that Istio uses, with the types of `istio.io/api` v1.31.1.
const TYPES: &str = include_str!("../../../tests/data/istio-injection/proxy-config-types.json");

fn vectors(recorded: &str, count: usize) -> Vec<Vector> {
    let vectors: Vec<Vector> = serde_json::from_str(recorded).unwrap();
    assert_eq!(vectors.len(), count);
    vectors
}

fn all_vectors() -> Vec<Vector> {
    let parsable = |vector: &Vector| !vector.unparsable;
    vectors(INJECTOR, 37).into_iter().chain(vectors(TYPES, 92)).filter(parsable).collect()
}

#[test]
fn refuses_exactly_what_istio_refuses() {
    for vector in all_vectors() {
        let read = ProxyConfig::read(&vector.parsed);
        assert_eq!(read.is_ok(), vector.accepted, "{}: {read:?}", vector.parsed);
    }
}

#[test]
fn reads_the_values_that_istio_reads() {
    for Vector { parsed, proxy_config: theirs, .. } in all_vectors().into_iter().filter(|vector| vector.accepted) {
        let ours = ProxyConfig::read(&parsed).unwrap();
        let duration = |key: &str| theirs.get(key).map(|text| text.as_str().unwrap().parse::<GoDuration>().unwrap());
        assert_eq!(ours.termination_drain_duration, duration("terminationDrainDuration"), "{parsed}");
        assert_eq!(ours.drain_duration, duration("drainDuration"), "{parsed}");
        let hold = theirs.get("holdApplicationUntilProxyStarts").and_then(Value::as_bool);
        assert_eq!(ours.hold_application_until_proxy_starts, hold, "{parsed}");
        let metadata = theirs.get("proxyMetadata").cloned().unwrap_or(json!({}));
        assert_eq!(json!(ours.proxy_metadata), metadata, "{parsed}");
    }
}

#[test]
fn names_the_keys_that_istio_drops_in_silence() {
    for (value, unknown) in [
        (json!({"TerminationDrainDuration": "35s", "image": {}}), vec!["TerminationDrainDuration"]),
        (json!({"defaultConfig": {"drainDuration": 1}}), vec!["defaultConfig"]),
        (json!({"parentShutdownDuration": "1s", "meshID": 1}), vec!["meshID", "parentShutdownDuration"]),
        (json!({"termination_drain_duration": "35s", "mesh_id": "m", "proxyMetadata": {"x": "y"}}), vec![]),
    ] {
        assert_eq!(ProxyConfig::read(&value).unwrap().unknown_keys, unknown, "{value}");
    }
}

#[test]
fn a_key_is_edited_under_the_spelling_that_istio_reads() {
    for (value, wanted) in [
        (Value::Null, "drainDuration"),
        (json!({}), "drainDuration"),
        (json!({"drain_duration": "5s"}), "drain_duration"),
        (json!({"drain_duration": "5s", "drainDuration": "6s"}), "drainDuration"),
        (json!({"drain_duration": "5s", "drainDuration": null}), "drainDuration"),
    ] {
        let spelling = spelling(&value, "drainDuration");
        assert_eq!(spelling, wanted, "{value}");
        let mut edited = value.as_object().cloned().unwrap_or_default();
        edited.insert(spelling, json!("9s"));
        let read = ProxyConfig::read(&Value::Object(edited)).unwrap().drain_duration;
        assert_eq!(read, Some(GoDuration::from_seconds(9)), "{value}");
    }
}

#[test]
fn whole_numbers_may_be_written_with_a_fraction_of_zero() {
    assert!(ProxyConfig::read(&json!({"concurrency": 2.0, "statusPort": 1.5021e4})).is_ok());
    assert!(ProxyConfig::read(&json!({"concurrency": 2.5})).is_err());
    assert!(ProxyConfig::read(&json!({"concurrency": 1e300})).is_err());
}

#[test]
fn errors_say_what_is_there_and_what_is_wanted() {
    for (value, message) in [
        (json!([]), "Istio wants a map of settings here, not a list"),
        (
            json!({"termination_drain_duration": 35}),
            "termination_drain_duration: Istio wants a duration in quotes, for example \"35s\" here, not 35",
        ),
        (json!({"drainDuration": "35"}), "drainDuration: duration \"35\" has no unit; write for example \"35s\""),
        (
            json!({"drainDuration": "1500ms"}),
            "drainDuration: Istio wants whole seconds, at least one, for example \"45s\" here, not \"1500ms\"",
        ),
        (
            json!({"proxyMetadata": {"A": 30}}),
            "proxyMetadata.A: Istio wants a text (numbers and booleans in quotes) here, not 30",
        ),
    ] {
        assert_eq!(ProxyConfig::read(&value).unwrap_err().to_string(), message);
    }
}

#[test]
fn the_annotation_overrides_the_mesh_key_by_key() {
    let mesh = ProxySettings {
        exit_on_zero_active_connections: true,
        minimum_drain_duration: GoDuration::from_seconds(20),
        ..ProxySettings::default()
    };
    let read = |value: Value| ProxyConfig::read(&value).unwrap().laid_over(&mesh);
    assert_eq!(read(Value::Null), mesh);
    assert_eq!(
        read(json!({"terminationDrainDuration": "35s", "drainDuration": "60s", "proxyMetadata": {"OTHER": "x"}})),
        ProxySettings {
            termination_drain_duration: GoDuration::from_seconds(35),
            drain_duration: GoDuration::from_seconds(60),
            ..mesh.clone()
        }
    );
    assert!(read(json!({"holdApplicationUntilProxyStarts": true})).hold_application_until_proxy_starts);
}

#[test]
fn environment_values_are_read_as_the_agent_reads_them() {
    let mesh = ProxySettings { minimum_drain_duration: GoDuration::from_seconds(20), ..ProxySettings::default() };
    for (exit, minimum, wanted) in [
        ("true", "30s", (true, 30)),
        ("True", "30s", (true, 30)),
        ("1", "1m", (true, 60)),
        ("yes", "30", (false, 5)),
        ("TrUe", "", (false, 5)),
        ("false", "0s", (false, 0)),
    ] {
        let config = json!({"proxyMetadata": {EXIT_ON_ZERO: exit, MINIMUM_DRAIN: minimum}});
        let settings = ProxyConfig::read(&config).unwrap().laid_over(&mesh);
        let seen = (settings.exit_on_zero_active_connections, settings.minimum_drain_duration.seconds_ceil());
        assert_eq!(seen, wanted, "{config}");
    }
}
