//! Which findings a pass tries to fix.

use crate::engine::fixing::Choice;
use crate::engine::fixing::attempt::Wanted;
use crate::engine::fixing::snapshot::{File, Key, namespace_of};
use crate::engine::verdict::identity;
use std::collections::BTreeMap;

/// What was learned in the passes so far about what can be tried.
#[derive(Debug, Default)]
pub struct Selection {
    /// The findings whose fixes do not hold, by file and key, with the reason.
    given_up: BTreeMap<(usize, Key), String>,
    /// How many findings of a group are tried at once, where not all: some of them do not hold.
    at_once: BTreeMap<Group, usize>,
}

/// Findings whose fixes can spoil each other.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Group {
    /// In the text of this file.
    File(usize),
    /// Among the objects of this namespace.
    Namespace(String),
    /// Anywhere: what objects outside of the namespaces say about what is in them, such as policies.
    Anywhere,
}

/// The findings that are tried, by file.
pub type Selected = BTreeMap<usize, Wanted>;

impl Selection {
    /// The findings to try next. What Services say decides how long pods must wait for their callers, so objects without
    /// pods come first.
    pub fn next(&self, files: &[File<'_>], choice: &Choice) -> Selected {
        let all = self.select(files, choice, false);
        if all.is_empty() { self.select(files, choice, true) } else { all }
    }

    fn select(&self, files: &[File<'_>], choice: &Choice, with_pods: bool) -> Selected {
        let mut selected = Selected::new();
        let mut taken: BTreeMap<Group, usize> = BTreeMap::new();
        for (number, file) in files.iter().enumerate() {
            for (index, object, finding) in file.now.findings().filter(|(_, _, finding)| choice.wants(finding)) {
                let key = (number, (index, identity(finding, object)));
                if object.templates().is_empty() == with_pods || self.given_up.contains_key(&key) {
                    continue;
                }
                let groups = [Group::File(number), Group::Namespace(namespace_of(object).to_owned()), Group::Anywhere];
                let is_full = |group| self.at_once.get(group).is_some_and(|most| taken.get(group) >= Some(most));
                if !groups.iter().any(is_full) {
                    groups.into_iter().for_each(|group| *taken.entry(group).or_default() += 1);
                    selected.entry(number).or_default().entry(index).or_default().push(finding.clone());
                }
            }
        }
        selected
    }

    /// Takes a finding out of what is tried.
    pub fn give_up(&mut self, file: usize, key: Key, reason: String) {
        self.given_up.insert((file, key), reason);
    }

    /// Learns that what was tried of a group does not hold together: less at once is tried next. Of a single finding it is
    /// known then that its fix does not hold.
    pub fn blame(&mut self, group: Group, tried: Vec<(usize, Key)>, reason: &str) {
        let count = tried.len();
        if count > 1 {
            self.at_once.insert(group, count / 2);
        } else if let Some(only) = tried.into_iter().next() {
            self.given_up.insert(only, reason.to_owned());
        }
    }

    /// Learns that what was tried of a group holds: more at once may be tried next.
    pub fn praise(&mut self, group: &Group) {
        if let Some(most) = self.at_once.get_mut(group) {
            *most = most.saturating_mul(2);
        }
    }

    /// Why the fix of a finding was given up, if it was.
    pub fn reason(&self, file: usize, key: &Key) -> Option<&String> {
        self.given_up.get(&(file, key.clone()))
    }

    /// Forgets all, as what it was learned from has changed. Gives whether there was anything.
    pub fn forget(&mut self) -> bool {
        let last = std::mem::take(self);
        !last.given_up.is_empty()
    }
}
