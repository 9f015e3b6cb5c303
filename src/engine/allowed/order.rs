//! The order of init containers: one of them may stand elsewhere than before.

use crate::engine::allowed::is_own;
use serde_json::Value;

/// The Pod before with one of its init containers, unchanged, where it stands after: a wait may have to run earlier or later.
/// None where nothing, or more than that, is in another order.
pub fn with_one_moved(before: &Value, after: &Value) -> Option<Value> {
    let list = |pod: &'_ Value| pod.pointer(INIT_CONTAINERS).and_then(Value::as_array).cloned();
    let (old, mut new) = (list(before)?, list(after)?);
    new.retain(|it| !is_own(INIT_CONTAINERS, it) || old.contains(it));
    let first = old.iter().zip(&new).position(|(one, other)| one != other)?;
    let last = old.iter().zip(&new).rposition(|(one, other)| one != other)?;
    let (up, down) = (moved(&old, last, first), moved(&old, first, last));
    let moved = [up, down].into_iter().flatten().find(|it| *it == new)?;
    let mut pod = before.clone();
    *pod.pointer_mut(INIT_CONTAINERS)? = Value::Array(moved);
    Some(pod)
}

/// The list with one item at another place.
fn moved(list: &[Value], from: usize, to: usize) -> Option<Vec<Value>> {
    let mut list = list.to_vec();
    if from >= list.len() || to >= list.len() {
        return None;
    }
    let item = list.remove(from);
    list.insert(to, item);
    Some(list)
}

const INIT_CONTAINERS: &str = "/spec/initContainers";
