//! What is wrong with `workloads` beyond its form: kinds that no cluster has, and kinds that are declared twice.

use crate::base::Path;
use crate::policy::KindName;
use crate::policy::mistake::Mistake;
use serde_json::Value;
use std::collections::BTreeMap;

/// The mistakes in what `workloads` declares; what is no kind at all is told by the form of the file.
pub(crate) fn mistakes(workloads: &Value) -> Vec<Mistake> {
    let mut found = Vec::new();
    let mut declared: BTreeMap<String, usize> = BTreeMap::new();
    for (index, workload) in workloads.as_array().into_iter().flatten().enumerate() {
        let at = Path::keys("workloads").index(index).key("kind");
        let Some(name) = name(workload) else { continue };
        if let Some(first) = declared.get(&name.to_string()) {
            let message =
                format!("`{name}` is declared already by `workloads[{first}]`; wanted one entry for each kind");
            found.push(Mistake::of_value(at, message));
            continue;
        }
        found.extend(name.objection().map(|objection| Mistake::of_value(at, objection)));
        declared.insert(name.to_string(), index);
    }
    found
}

fn name(workload: &Value) -> Option<KindName> {
    let text = |key: &str| workload[key].as_str().filter(|text| !text.is_empty());
    format!("{}/{}", text("group")?, text("kind")?).parse().ok()
}
