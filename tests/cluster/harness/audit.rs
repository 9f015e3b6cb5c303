//! What the API server wrote down about requests: its audit log and its metrics.

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use serde_json::Value;

use super::cluster::Cluster;
use super::process::until;

impl Cluster {
    /// The annotations of the last request in the audit log that did `verb` to this object (`deployments/web`; `pods/` for
    /// one whose name the API server was to make up) and was no dry run, those of webhooks only. Waits for it: the log is
    /// written after the answer.
    pub fn audited(&self, verb: &str, namespace: &str, object: &str) -> Result<BTreeMap<String, String>> {
        until("the audit log to name the request", || {
            let log = std::fs::read_to_string(self.folder().join("audit.log")).context("reading the audit log")?;
            // The last line may not be whole yet.
            let events = log.lines().rev().filter_map(|line| serde_json::from_str::<Value>(line).ok());
            let mut events = events.filter(|event| {
                let at = &event["objectRef"];
                let named = [&at["resource"], &at["name"]].map(|it| it.as_str().unwrap_or_default()).join("/");
                let is_dry_run = event["requestURI"].as_str().is_some_and(|uri| uri.contains("dryRun="));
                let is_whole = at["subresource"].is_null();
                event["verb"] == verb && at["namespace"] == namespace && named == object && is_whole && !is_dry_run
            });
            let Some(event) = events.next() else { return Ok(None) };
            let annotations = event["annotations"].as_object().into_iter().flatten();
            let of_webhooks = annotations.filter(|(key, _)| key.contains("webhook") || key.contains("seaworthy"));
            Ok(Some(
                of_webhooks.map(|(key, value)| (key.clone(), value.as_str().unwrap_or_default().to_owned())).collect(),
            ))
        })
    }

    /// How often the API server let a request through because our webhook did not answer.
    pub fn failed_open(&self) -> Result<u64> {
        let page = self.kubectl(&["get", "--raw=/metrics"])?.succeeded()?;
        let counted =
            r#"apiserver_admission_webhook_fail_open_count{name="mesh-ready.seaworthy.dev",type="validating"} "#;
        let line = page.lines().find_map(|line| line.strip_prefix(counted));
        line.map_or(Ok(0), |count| count.parse().context("reading a metric of the API server"))
    }
}
