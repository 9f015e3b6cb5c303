//! What Istio's injector makes of a Pod: as recorded, and for a repaired Pod put together from what is recorded.

use crate::pods::pods_of;
use crate::setting::objects;
use seaworthy::base::{Edit, Path, Segment, Source};
use seaworthy::manifest::edit::{Change, Difference, applied, changes};
use seaworthy::manifest::{Limits, read_documents};
use serde_json::{Value, json};
use std::fs;
use std::path::PathBuf;

/// The settings of a mesh under which the injector was recorded.
pub struct Mode {
    pub name: &'static str,
    pub native: bool,
    pub cni: bool,
    pub hold: bool,
}

pub const MODES: [Mode; 6] = [
    Mode { name: "classic", native: false, cni: false, hold: false },
    Mode { name: "classic-cni", native: false, cni: true, hold: false },
    Mode { name: "classic-hold", native: false, cni: false, hold: true },
    Mode { name: "native", native: true, cni: false, hold: false },
    Mode { name: "native-cni", native: true, cni: true, hold: false },
    Mode { name: "native-hold", native: true, cni: false, hold: true },
];

/// The folder of recordings.
pub struct Vectors(PathBuf);

impl Vectors {
    /// The folder beside the checkout, if it is there.
    pub fn find() -> Option<Self> {
        let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared/vectors/istio-injection");
        folder.is_dir().then_some(Self(folder))
    }

    /// The names of the inputs.
    pub fn cases(&self) -> Vec<String> {
        let files = fs::read_dir(&self.0).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
        let mut cases: Vec<String> =
            files.filter_map(|name| name.strip_suffix(".in.yaml").map(str::to_owned)).collect();
        cases.sort();
        cases
    }

    /// The Pod that is created.
    pub fn input(&self, case: &str) -> Value {
        self.pod(&format!("{case}.in.yaml")).unwrap()
    }

    /// What Istio made of it; none where it refused.
    pub fn output(&self, case: &str, mode: &str) -> Option<Value> {
        self.pod(&format!("{case}.{mode}.yaml"))
    }

    fn pod(&self, file: &str) -> Option<Value> {
        let text = fs::read_to_string(self.0.join(file)).unwrap();
        objects(file, &text).first().and_then(|workload| pods_of(workload).into_iter().next())
    }
}

/// What Istio makes of a repaired Pod: what it made of the unrepaired one in the mode that the repaired one asks for, with the
/// repairs, and with the settings of its annotation.
pub fn injected(vectors: &Vectors, case: &str, mode: &Mode, input: &Value, repaired: &Value) -> Option<Value> {
    let annotations = &repaired["metadata"]["annotations"];
    let native = annotations["sidecar.istio.io/nativeSidecar"].as_str().map_or(mode.native, |value| value == "true");
    let config = annotations["proxy.istio.io/config"].as_str().map_or(Value::Null, yaml);
    let hold = config["holdApplicationUntilProxyStarts"].as_bool().unwrap_or(mode.hold);
    let found = MODES.iter().find(|it| (it.native, it.cni, it.hold) == (native, mode.cni, hold && !mode.cni)).unwrap();
    let mut output = vectors.output(case, found.name)?;
    if hold && mode.cni && !native {
        hold_back(&mut output);
    }
    for change in changes(input, repaired).iter().rev() {
        output = applied(&repeated(change, input, repaired, &output), &output).unwrap();
    }
    output = applied(&put_in(input, repaired, &output), &output).unwrap();
    if let Some(ranges) = annotations["traffic.sidecar.istio.io/excludeOutboundIPRanges"].as_str() {
        exclude(&mut output, ranges);
    }
    if let (Value::Object(settings), Some(proxy)) = (config, proxy(&mut output)) {
        let env = proxy["env"].as_array_mut().unwrap();
        let injected = env.iter_mut().find(|variable| variable["name"] == "PROXY_CONFIG").unwrap();
        let mut merged = yaml(injected["value"].as_str().unwrap());
        merged.as_object_mut().unwrap().extend(settings);
        injected["value"] = merged.to_string().into();
    }
    Some(output)
}

/// There is no recording of CNI with the application held back: the proxy comes first, and its postStart waits.
fn hold_back(pod: &mut Value) {
    let containers = pod["spec"]["containers"].as_array_mut().unwrap();
    if let Some(at) = containers.iter().position(|it| it["name"] == "istio-proxy") {
        let mut proxy = containers.remove(at);
        proxy["lifecycle"]["postStart"] = json!({"exec": {"command": ["pilot-agent", "wait"]}});
        containers.insert(0, proxy);
    }
}

/// Istio tells `istio-init` and `istio-validation` what is excluded, as recorded of the Pods that exclude something.
fn exclude(pod: &mut Value, ranges: &str) {
    for container in pod["spec"]["initContainers"].as_array_mut().into_iter().flatten() {
        let Some(args) = container["args"].as_array_mut() else { continue };
        if let Some(at) = args.iter().position(|word| word == "-x") {
            args[at + 1] = ranges.into();
        }
    }
}

fn proxy(pod: &mut Value) -> Option<&mut Value> {
    let spec = pod["spec"].as_object_mut().unwrap();
    let mut containers = spec.iter_mut().filter(|(key, _)| matches!(key.as_str(), "containers" | "initContainers"));
    containers.find_map(|(_, list)| list.as_array_mut()?.iter_mut().find(|it| it["name"] == "istio-proxy"))
}

/// A repair of the input as edits of what Istio made of the input: containers are found by their names.
fn repeated(change: &Change, input: &Value, repaired: &Value, output: &Value) -> Vec<Edit> {
    let is_command = |segment: &Segment| matches!(segment, Segment::Key(key) if **key == *"command");
    if let Some(at) = change.path.segments().iter().position(is_command) {
        let command = change.path.segments()[..=at].iter().fold(Path::root(), Path::with);
        let whole = command.find(repaired).unwrap().clone();
        return vec![Edit::Set { path: moved(&command, input, output), value: whole }];
    }
    let init_containers = Path::keys("spec.initContainers");
    match &change.difference {
        Difference::Added(_) if change.path == init_containers => Vec::new(),
        Difference::Inserted(_) if change.path.parent() == Some(init_containers) => Vec::new(),
        Difference::Inserted(item) => {
            vec![at_end(moved(&change.path.parent().unwrap(), input, output), 0, item, output)]
        }
        Difference::Added(Value::Array(items)) => {
            let list = moved(&change.path, input, output);
            items.iter().enumerate().map(|(more, item)| at_end(list.clone(), more, item, output)).collect()
        }
        Difference::Added(value) | Difference::Replaced(value) => {
            vec![Edit::Set { path: moved(&change.path, input, output), value: value.clone() }]
        }
        Difference::Removed => panic!("no repair takes away {}", change.path),
    }
}

fn at_end(list: Path, more: usize, item: &Value, output: &Value) -> Edit {
    let length = list.find(output).and_then(Value::as_array).map_or(0, Vec::len);
    Edit::Insert { list, index: length + more, value: item.clone() }
}

/// The init containers of ours stand where Istio sorts those of the user: behind its own that come first, before `istio-init`
/// where that comes last.
fn put_in(input: &Value, repaired: &Value, output: &Value) -> Vec<Edit> {
    let init = |pod: &Value| pod["spec"]["initContainers"].as_array().cloned().unwrap_or_default();
    let list = init(output);
    let is_proxy = list.iter().any(|it| it["name"] == "istio-proxy");
    let first =
        |it: &Value| it["name"] == "istio-validation" || is_proxy && it["name"].as_str().unwrap().starts_with("istio-");
    let start = list.iter().take_while(|it| first(it)).count();
    let before = init(input);
    let ours = init(repaired).into_iter().filter(|it| !before.iter().any(|old| old["name"] == it["name"])).enumerate();
    ours.map(|(at, value)| Edit::Insert { list: Path::keys("spec.initContainers"), index: start + at, value }).collect()
}

fn moved(path: &Path, input: &Value, output: &Value) -> Path {
    let mut at = Path::root();
    for segment in path.segments() {
        at = match segment {
            Segment::Key(key) => at.key(key),
            Segment::Index(index) => {
                let name = &at.find(input).unwrap()[index]["name"];
                let there = at.find(output).and_then(Value::as_array).unwrap();
                let index = there.iter().position(|it| it["name"] == *name).unwrap();
                at.index(index)
            }
        };
    }
    at
}

fn yaml(text: &str) -> Value {
    let reading = read_documents(&Source::new("annotation", text), &Limits::default());
    reading.documents.first().map_or(Value::Null, |document| document.value().clone())
}
