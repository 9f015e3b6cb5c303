//! The keys of the messages within Istio's `ProxyConfig`: what is not among them is dropped without a word, as at the top.
//!
//! Source: <https://github.com/istio/api/blob/master/mesh/v1alpha1/proxy.proto> and the messages that it refers to, as of Istio 1.31.

use crate::mesh::proxy_config::spelling;
use crate::mesh::proxy_config_keys::snake_case;
use serde_json::Value;

/// A key of a message that Istio does not know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnknownKey {
    /// The keys that lead to the message, as they are written.
    pub parents: Vec<String>,
    /// The key itself.
    pub key: String,
    /// What Istio knows there, by JSON name.
    pub known: &'static [&'static str],
}

/// The unknown keys below the top of a configuration that Istio reads, message by message.
pub fn unknown_below(config: &Value) -> Vec<UnknownKey> {
    let of_message = |&(way, known): &(&str, &'static [&'static str])| {
        let messages = at(config, way.split('.').collect());
        messages.into_iter().flat_map(move |(parents, message)| {
            let keys = message.as_object().into_iter().flat_map(|map| map.keys());
            let unknown = keys.filter(|key| !known.iter().any(|name| name == key || snake_case(name) == **key));
            unknown.map(move |key| UnknownKey { parents: parents.clone(), key: key.clone(), known }).collect::<Vec<_>>()
        })
    };
    MESSAGES.iter().flat_map(of_message).collect()
}

/// All values at the end of a way, with the keys that lead there.
fn at<'a>(config: &'a Value, way: Vec<&str>) -> Vec<(Vec<String>, &'a Value)> {
    way.into_iter().fold(vec![(Vec::new(), config)], |reached, step| {
        let next = |(parents, value): (Vec<String>, &'a Value)| {
            let Some(map) = value.as_object() else { return Vec::new() };
            let further = |(key, value): (&String, &'a Value)| {
                (parents.iter().cloned().chain([key.clone()]).collect::<Vec<_>>(), value)
            };
            match step {
                "*" => map.iter().map(further).collect(),
                name => map.get_key_value(&spelling(value, name)).map(further).into_iter().collect(),
            }
        };
        reached.into_iter().flat_map(next).collect()
    })
}

/// The keys of a message, by the way that leads to it; `*` stands for any key of a map. Lists are not looked into.
const MESSAGES: &[(&str, &[&str])] = &[
    (
        "tracing",
        &[
            "customTags",
            "datadog",
            "enableIstioTags",
            "lightstep",
            "maxPathTagLength",
            "openCensusAgent",
            "sampling",
            "stackdriver",
            "tlsSettings",
            "zipkin",
        ],
    ),
    ("tracing.zipkin", &["address"]),
    ("tracing.lightstep", &["accessToken", "address"]),
    ("tracing.datadog", &["address"]),
    ("tracing.stackdriver", &["debug", "maxNumberOfAnnotations", "maxNumberOfAttributes", "maxNumberOfMessageEvents"]),
    ("tracing.openCensusAgent", &["address", "context"]),
    ("tracing.customTags.*", &["environment", "header", "literal"]),
    ("tracing.customTags.*.literal", &["value"]),
    ("tracing.customTags.*.environment", &["defaultValue", "name"]),
    ("tracing.customTags.*.header", &["defaultValue", "name"]),
    ("tracing.tlsSettings", TLS),
    ("sds", &["enabled", "k8sSaJwtPath"]),
    ("envoyAccessLogService", REMOTE),
    ("envoyAccessLogService.tlsSettings", TLS),
    ("envoyAccessLogService.tcpKeepalive", KEEPALIVE),
    ("envoyMetricsService", REMOTE),
    ("envoyMetricsService.tlsSettings", TLS),
    ("envoyMetricsService.tcpKeepalive", KEEPALIVE),
    ("gatewayTopology", &["forwardClientCertDetails", "numTrustedProxies", "proxyProtocol"]),
    ("gatewayTopology.proxyProtocol", &[]),
    (
        "readinessProbe",
        &[
            "exec",
            "failureThreshold",
            "grpc",
            "httpGet",
            "initialDelaySeconds",
            "periodSeconds",
            "successThreshold",
            "tcpSocket",
            "timeoutSeconds",
        ],
    ),
    ("readinessProbe.httpGet", &["host", "httpHeaders", "path", "port", "scheme"]),
    ("readinessProbe.tcpSocket", &["host", "port"]),
    ("readinessProbe.exec", &["command"]),
    ("readinessProbe.grpc", &["port", "service"]),
    ("proxyStatsMatcher", &["inclusionPrefixes", "inclusionRegexps", "inclusionSuffixes"]),
    ("image", &["imageType"]),
    ("privateKeyProvider", &["cryptomb", "qat"]),
    ("privateKeyProvider.cryptomb", POLLED),
    ("privateKeyProvider.qat", POLLED),
    (
        "proxyHeaders",
        &[
            "attemptCount",
            "envoyDebugHeaders",
            "forwardedClientCert",
            "metadataExchangeHeaders",
            "preserveHttp1HeaderCase",
            "requestId",
            "server",
            "setCurrentClientCertDetails",
            "xForwardedHost",
            "xForwardedPort",
        ],
    ),
    ("proxyHeaders.setCurrentClientCertDetails", &["cert", "chain", "dns", "subject", "uri"]),
    ("proxyHeaders.requestId", &["disabled"]),
    ("proxyHeaders.server", &["disabled", "value"]),
    ("proxyHeaders.attemptCount", &["disabled"]),
    ("proxyHeaders.envoyDebugHeaders", &["disabled"]),
    ("proxyHeaders.metadataExchangeHeaders", &["mode"]),
    ("proxyHeaders.xForwardedHost", &["enabled"]),
    ("proxyHeaders.xForwardedPort", &["enabled"]),
    (
        "connectionSettings",
        &[
            "clusterPerConnectionBufferLimitBytes",
            "globalDownstreamConnectionLimit",
            "http2InitialConnectionWindowSize",
            "http2InitialStreamWindowSize",
            "httpDrainTimeout",
            "httpHeadersWithUnderscoresAction",
            "httpIdleTimeout",
            "httpMaxConcurrentStreams",
            "httpMaxConnectionDuration",
            "httpMaxStreamDuration",
            "httpMergeSlashes",
            "httpPathWithEscapedSlashesAction",
            "httpRequestHeadersTimeout",
            "httpRequestTimeout",
            "httpStreamIdleTimeout",
            "listenerConnectionLimit",
            "listenerPerConnectionBufferLimitBytes",
            "profile",
        ],
    ),
];

const TLS: &[&str] = &[
    "caCertificates",
    "caCrl",
    "clientCertificate",
    "credentialName",
    "insecureSkipVerify",
    "mode",
    "privateKey",
    "sni",
    "subjectAltNames",
];
const REMOTE: &[&str] = &["address", "tcpKeepalive", "tlsSettings"];
const KEEPALIVE: &[&str] = &["interval", "probes", "time"];
const POLLED: &[&str] = &["fallback", "pollDelay"];

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize;
    use serde_json::json;

    /// A message as Istio's own types describe it.
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Message {
        path: String,
        keys: Vec<String>,
        /// Whether another key in it was seen to be dropped.
        drops_others: bool,
    }

    #[test]
    fn the_keys_are_those_of_istio() {
        let recorded = include_str!("../../tests/data/istio-injection/proxy-config-messages.json");
        let messages: Vec<Message> = serde_json::from_str(recorded).unwrap();
        assert!(messages.iter().all(|message| message.drops_others));
        let of_maps = messages.into_iter().filter(|message| !message.path.contains("[]"));
        let theirs: Vec<(String, Vec<String>)> = of_maps.map(|message| (message.path, message.keys)).collect();
        let owned = |keys: &[&str]| keys.iter().map(|key| (*key).to_owned()).collect();
        let ours: Vec<_> = MESSAGES.iter().map(|(way, keys)| ((*way).to_owned(), owned(keys))).collect();
        assert_eq!(ours, theirs);
    }

    #[test]
    fn unknown_keys_are_found_at_every_depth() {
        for (config, wanted) in [
            (json!({"tracing": {"samplng": 10}}), vec!["tracing.samplng"]),
            (json!({"tracing": {"sampling": 10, "zipkin": {"adress": "z:9411"}}}), vec!["tracing.zipkin.adress"]),
            (json!({"tracing": {"custom_tags": {"a": {"literl": {}}}}}), vec!["tracing.custom_tags.a.literl"]),
            (
                json!({"gateway_topology": {"num_trusted_proxies": 2, "numTrustedProxy": 2}}),
                vec!["gateway_topology.numTrustedProxy"],
            ),
            (json!({"image": {"imageType": "debug"}, "proxyMetadata": {"imageTyp": "x"}}), vec![]),
            (json!({"image": null, "tracing": {"zipkin": null}}), vec![]),
            (json!({"tracing": {"tlsSettings": {"mode": "SIMPLE", "Mode": "x"}}}), vec!["tracing.tlsSettings.Mode"]),
            (Value::Null, vec![]),
        ] {
            let found = unknown_below(&config).into_iter().map(|it| [it.parents.join("."), it.key].join("."));
            assert_eq!(found.collect::<Vec<_>>(), wanted, "{config}");
        }
    }
}
