//! Random edits that fit a value: those that fixes make, and any others.

use crate::dice::Dice;
use crate::objects::{PROXY_CONFIG, container, text};
use seaworthy::base::{Edit, Path, Segment};
use seaworthy::manifest::edit::applied;
use serde_json::{Value, json};

/// One to four edits of a document, each of what the ones before it made.
pub fn edits(dice: &mut Dice, document: &Value) -> Vec<Edit> {
    let mut edits = Vec::new();
    let mut current = document.clone();
    for _ in 0..1 + dice.roll(4) {
        let edit = if dice.one_in(2) { any(dice, &current) } else { of_a_fix(dice, &current) };
        let Some(edit) = edit else { continue };
        // What cannot be applied is not for a printer: `applied` has its own tests.
        if let Ok(after) = applied(std::slice::from_ref(&edit), &current) {
            current = after;
            edits.push(edit);
        }
    }
    edits
}

/// An edit such as the fixes of rules consist of.
fn of_a_fix(dice: &mut Dice, document: &Value) -> Option<Edit> {
    let has = |key: &str| {
        maps(document).into_iter().filter(|path| found(path, document).get(key).is_some()).collect::<Vec<_>>()
    };
    let (pods, services) = (has("containers"), has("ports"));
    let pod = if pods.is_empty() { None } else { Some(pods[dice.roll(pods.len())].clone()) };
    match (pod, dice.roll(7)) {
        (Some(pod), 0) => Some(Edit::set(pod.key("terminationGracePeriodSeconds"), 30 + dice.roll(60))),
        (Some(pod), 1 | 2) => {
            let containers = found(&pod, document)["containers"].as_array().map_or(0, Vec::len);
            let containers = pod.key("containers").index(dice.roll(containers.max(1)));
            let handler = match dice.roll(2) {
                0 => json!({"sleep": {"seconds": 15}}),
                _ => json!({"exec": {"command": ["/bin/sh", "-c", "sleep 15; echo \"done\""]}}),
            };
            Some(Edit::set(containers.key("lifecycle").key("preStop"), handler))
        }
        (Some(pod), 3) => {
            let value = container(dice, "wait");
            Some(Edit::Insert { list: pod.key("initContainers"), index: 0, value })
        }
        (Some(pod), _) => {
            let object = if dice.one_in(3) { Path::root() } else { pod.parent()? };
            let text = object.join(&Path::keys("metadata.annotations")).key(PROXY_CONFIG);
            let path = Path::keys(dice.pick(&[
                "terminationDrainDuration",
                "holdApplicationUntilProxyStarts",
                "tracing.zipkin.address",
            ]));
            Some(Edit::SetWithin { text, path, value: [json!("32s"), json!(true)][dice.roll(2)].clone() })
        }
        (None, choice) => {
            let service = services.get(dice.roll(services.len().max(1)))?.clone();
            let count = found(&service, document)["ports"].as_array().map_or(0, Vec::len);
            let port = service.key("ports").index(dice.roll(count.max(1)));
            let key = if choice < 4 { "appProtocol" } else { "name" };
            Some(Edit::set(port.key(key), dice.pick(&["http", "grpc", "tcp"])))
        }
    }
}

/// Any edit of any place.
fn any(dice: &mut Dice, document: &Value) -> Option<Edit> {
    let places = places(document);
    let of = |is: fn(&Value) -> bool| places.iter().filter(|path| is(found(path, document))).collect::<Vec<_>>();
    match dice.roll(9) {
        0..2 => {
            let path = one_of(dice, &of(|value| !value.is_object() && !value.is_array()))?;
            Some(Edit::set(path, scalar(dice)))
        }
        2..4 => {
            let mut path = one_of(dice, &of(Value::is_object))?;
            for _ in 0..1 + dice.roll(3) {
                path = path
                    .key(dice.pick(&["new", "a", "sleep", "yes", "1", "a b", "null", "a: b", "é", "x/y", "~", "#"]));
            }
            Some(Edit::set(path, value(dice)))
        }
        4 | 5 => {
            let list = one_of(dice, &of(Value::is_array))?;
            let index = dice.roll(found(&list, document).as_array().map_or(0, Vec::len) + 1);
            Some(Edit::Insert { list, index, value: value(dice) })
        }
        6 | 7 => Some(Edit::Remove { path: one_of(dice, &places.iter().skip(1).collect::<Vec<_>>())? }),
        _ => {
            let path = one_of(dice, &places.iter().skip(1).collect::<Vec<_>>())?;
            Some(Edit::set(path, value(dice)))
        }
    }
}

fn value(dice: &mut Dice) -> Value {
    match dice.roll(7) {
        0..3 => scalar(dice),
        3 => container(dice, "new"),
        4 => json!({"a": scalar(dice), "b": {"c": scalar(dice)}}),
        5 => (0..1 + dice.roll(3)).map(|_| scalar(dice)).collect(),
        _ => match dice.roll(4) {
            0 => json!({}),
            1 => json!([]),
            2 => json!([[scalar(dice), scalar(dice)], {"a": scalar(dice)}]),
            _ => json!({"a": [], "b": {}, "c": [{"d": [scalar(dice)]}]}),
        },
    }
}

fn scalar(dice: &mut Dice) -> Value {
    match dice.roll(10) {
        0..2 => json!(dice.roll(100)),
        2 => json!(dice.one_in(2)),
        3 => Value::Null,
        4 => json!(-1.5),
        _ => json!(text(dice)),
    }
}

fn one_of(dice: &mut Dice, paths: &[&Path]) -> Option<Path> {
    (!paths.is_empty()).then(|| paths[dice.roll(paths.len())].clone())
}

fn found<'v>(path: &Path, document: &'v Value) -> &'v Value {
    path.find(document).unwrap_or(&Value::Null)
}

fn maps(document: &Value) -> Vec<Path> {
    places(document).into_iter().filter(|path| found(path, document).is_object()).collect()
}

/// All places of a value, itself first.
fn places(value: &Value) -> Vec<Path> {
    let mut places = vec![Path::root()];
    let mut at = 0;
    while let Some(path) = places.get(at).cloned() {
        match found(&path, value) {
            Value::Object(map) => places.extend(map.keys().map(|key| path.clone().key(key))),
            Value::Array(items) => {
                places.extend((0..items.len()).map(|index| path.clone().with(&Segment::Index(index))))
            }
            _ => {}
        }
        at += 1;
    }
    places
}
