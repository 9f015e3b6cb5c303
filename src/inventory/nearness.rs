//! Which of several copies of one object belongs to a file: base, overlay and release of a repository are alternatives.
//!
//! Objects relate within the same file, then the same folder, then the nearest common ancestor. Copies that are equally
//! near and differ leave it open which one is meant; then none is, because a guess could be wrong.

use crate::inventory::Entry;
use std::cmp::Reverse;

/// The copy that belongs to a place.
#[derive(Debug)]
pub enum Nearest<'a, F> {
    /// This one.
    One(&'a Entry<F>),
    /// Several equally near ones that differ.
    Ambiguous,
    /// There is none.
    None,
}

impl<'a, F> Nearest<'a, F> {
    /// The one copy, if it is clear.
    pub fn one(self) -> Option<&'a Entry<F>> {
        match self {
            Nearest::One(entry) => Some(entry),
            Nearest::Ambiguous | Nearest::None => None,
        }
    }
}

/// The copy nearest to a file.
pub fn nearest<'a, F: PartialEq>(copies: &'a [Entry<F>], file: &str) -> Nearest<'a, F> {
    if let [only] = copies {
        return Nearest::One(only);
    }
    let mut found = Nearest::None;
    let mut best = None;
    for copy in copies {
        let closeness = Some(closeness(file, copy.file()));
        match found {
            _ if closeness > best => (found, best) = (Nearest::One(copy), closeness),
            Nearest::One(first) if closeness == best && copy.facts != first.facts => found = Nearest::Ambiguous,
            _ => {}
        }
    }
    found
}

/// Whether two files lie in one folder.
pub fn same_folder(one: &str, other: &str) -> bool {
    folders(one).eq(folders(other))
}

/// How close two files are; more is closer. Same file, same folder, then by the depth of the common ancestor, and of
/// two under the same ancestor the one that lies less deep below it.
///
/// Asked for each copy of each object that may be meant, so it makes no lists.
fn closeness(one: &str, other: &str) -> (u8, usize, Reverse<usize>) {
    if one == other {
        return (2, 0, Reverse(0));
    }
    let (mut one_folders, mut other_folders) = (folders(one), folders(other));
    let mut common = 0;
    loop {
        match (one_folders.next(), other_folders.next()) {
            (Some(a), Some(b)) if a == b => common += 1,
            (None, None) => return (1, common, Reverse(0)),
            (_, None) => return (0, common, Reverse(0)),
            (_, Some(_)) => return (0, common, Reverse(1 + other_folders.count())),
        }
    }
}

/// The folders that lead to a file, from the outermost on.
fn folders(file: &str) -> impl Iterator<Item = &str> {
    let folder = file.rsplit_once('/').map_or("", |(folder, _)| folder);
    folder.split('/').filter(|part| !part.is_empty() && *part != ".")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nearer_files_are_closer() {
        let from = "apps/shop/base/web.yaml";
        let by_closeness = [
            "apps/shop/base/web.yaml",
            "apps/shop/base/service.yaml",
            "apps/shop/base/extra/service.yaml",
            "apps/shop/service.yaml",
            "apps/shop/overlay/service.yaml",
            "apps/release.yaml",
            "apps/pay/base/service.yaml",
            "./other.yaml",
        ];
        for pair in by_closeness.windows(2) {
            assert!(closeness(from, pair[0]) > closeness(from, pair[1]), "{} is closer than {}", pair[0], pair[1]);
        }
    }
}
