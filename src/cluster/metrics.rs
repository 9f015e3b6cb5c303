//! How the watches are doing, for `/metrics`.

use super::live::{LiveInventory, Phase, WatchStatus};
use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::gauge::ConstGauge;
use std::fmt;
use std::sync::Arc;

/// Three gauges for each watched kind, under the prefix of the registry; no lines for a folder.
#[derive(Debug)]
pub struct WatchMetrics(pub Arc<LiveInventory>);

type Gauge = (&'static str, &'static str, fn(&WatchStatus) -> f64);

const GAUGES: [Gauge; 3] = [
    ("inventory_objects", "Objects that are known", |watch| watch.objects as f64),
    ("inventory_stale_seconds", "Seconds since the API server last answered; 0 while the watch is up", |watch| {
        watch.stale.as_secs_f64()
    }),
    ("inventory_unreadable", "Whether the kind may not be read, so that nothing is known of it", |watch| {
        f64::from(u8::from(watch.phase == Phase::Unreadable))
    }),
];

impl Collector for WatchMetrics {
    fn encode(&self, mut encoder: DescriptorEncoder) -> fmt::Result {
        let watches = self.0.watches();
        if watches.is_empty() {
            return Ok(());
        }
        for (name, help, value) in GAUGES {
            let mut family = encoder.encode_descriptor(name, help, None, MetricType::Gauge)?;
            for watch in &watches {
                ConstGauge::new(value(watch)).encode(family.encode_family(&[("kind", watch.kind.as_str())])?)?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inventory::{Inventory, Origin};
    use crate::manifest::WorkloadKinds;
    use prometheus_client::encoding::text::encode;
    use prometheus_client::registry::Registry;

    fn text(inventory: LiveInventory) -> String {
        let mut registry = Registry::with_prefix("seaworthy");
        registry.register_collector(Box::new(WatchMetrics(Arc::new(inventory))));
        let mut text = String::new();
        encode(&mut text, &registry).unwrap();
        text
    }

    #[test]
    fn each_kind_has_its_lines() {
        let text = text(LiveInventory::watched(&WorkloadKinds::default()));
        for line in [
            r#"seaworthy_inventory_objects{kind="Namespace"} 0.0"#,
            r#"seaworthy_inventory_stale_seconds{kind="Service"} 0.0"#,
            r#"seaworthy_inventory_unreadable{kind="CronJob"} 0.0"#,
            r#"seaworthy_inventory_objects{kind="argoproj.io/Rollout"} 0.0"#,
        ] {
            assert!(text.lines().any(|seen| seen == line), "{line} is not in\n{text}");
        }
    }

    #[test]
    fn a_folder_has_none() {
        assert_eq!(text(LiveInventory::fixed(Inventory::new(Origin::Cluster))), "# EOF\n");
    }
}
