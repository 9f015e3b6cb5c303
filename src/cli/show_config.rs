//! `check --show-config`: the settings in force, one a line, and where each came from.

use crate::base::{Path, Segment};
use serde_json::Value;

/// Where a setting came from: `default`, `seaworthy.yaml:3`, a flag.
pub type OriginOf<'a> = &'a dyn Fn(&Path) -> Option<String>;

/// The settings as lines `path: value  # origin`, in the order of their keys. The values are JSON, which is YAML too.
pub fn render(settings: &Value, origin_of: OriginOf<'_>) -> String {
    let mut lines = Vec::new();
    flatten(settings, Path::root(), origin_of, "default", &mut lines);
    let width = lines.iter().map(|(setting, _)| setting.chars().count()).max().unwrap_or(0);
    lines.into_iter().map(|(setting, origin)| format!("{setting:width$}  # {origin}\n")).collect()
}

/// A value has the origin of its nearest parent that has one: what is written in a list belongs to the file that has
/// the list.
fn flatten(value: &Value, path: Path, origin_of: OriginOf<'_>, inherited: &str, lines: &mut Vec<(String, String)>) {
    let own = origin_of(&path);
    match value {
        Value::Object(map) if !map.is_empty() => {
            for (key, value) in map {
                // A map is merged with the defaults key by key: what it does not say is not from the file.
                flatten(value, path.clone().key(key), origin_of, inherited, lines);
            }
        }
        Value::Array(items) if items.iter().any(|item| item.is_object() || item.is_array()) => {
            let origin = own.unwrap_or_else(|| inherited.to_owned());
            for (index, item) in items.iter().enumerate() {
                flatten(item, path.clone().index(index), origin_of, &origin, lines);
            }
        }
        leaf => lines.push((format!("{}: {leaf}", shown(&path)), own.unwrap_or_else(|| inherited.to_owned()))),
    }
}

fn shown(path: &Path) -> String {
    match path.segments() {
        [] => ".".to_owned(),
        [Segment::Key(_) | Segment::Index(_), ..] => path.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn every_setting_says_where_it_came_from() {
        let settings = json!({
            "profile": {"istioVersion": "1.28", "dataPlane": "native", "excludeOutboundIPRanges": []},
            "rules": {"missing-pre-stop": {"params": {"drainSeconds": 20}}},
            "exceptions": [{"rule": "proxy-uid", "owner": "team-a"}],
            "policies": ["platform/"],
        });
        let origin_of = |path: &Path| match path.to_string().as_str() {
            "profile.dataPlane" => Some("--assume".to_owned()),
            "rules.missing-pre-stop.params.drainSeconds" => Some("seaworthy.yaml:4".to_owned()),
            "exceptions" => Some("seaworthy.yaml:7".to_owned()),
            "exceptions[0].owner" => Some("seaworthy.yaml:8".to_owned()),
            _ => None,
        };
        insta::assert_snapshot!(render(&settings, &origin_of), @r#"
        exceptions[0].owner: "team-a"                   # seaworthy.yaml:8
        exceptions[0].rule: "proxy-uid"                 # seaworthy.yaml:7
        policies: ["platform/"]                         # default
        profile.dataPlane: "native"                     # --assume
        profile.excludeOutboundIPRanges: []             # default
        profile.istioVersion: "1.28"                    # default
        rules.missing-pre-stop.params.drainSeconds: 20  # seaworthy.yaml:4
        "#);
    }
}
