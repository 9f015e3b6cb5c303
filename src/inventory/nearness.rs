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

/// Puts a copy among the others, which are in the order of their files.
pub fn add_copy<F>(copies: &mut Vec<Entry<F>>, copy: Entry<F>) {
    let at = copies.partition_point(|other| other.file() <= copy.file());
    copies.insert(at, copy);
}

/// The copy nearest to a file, of copies in the order of their files.
pub fn nearest<'a, F: PartialEq>(copies: &'a [Entry<F>], file: &str) -> Nearest<'a, F> {
    if let [only] = copies {
        return Nearest::One(only);
    }
    let copies = in_deepest_folder(copies, file);
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

/// Those copies that have the most folders in common with a file: all others are less close. A release may hold hundreds of
/// copies of one object, and this is asked for each object that relates to it.
fn in_deepest_folder<'a, F>(copies: &'a [Entry<F>], file: &str) -> &'a [Entry<F>] {
    let mut inner = file;
    while let Some((folder, _)) = inner.rsplit_once('/') {
        let prefix = file.get(..=folder.len()).unwrap_or(file);
        let start = copies.partition_point(|copy| copy.file() < prefix);
        let from_there = copies.get(start..).unwrap_or_default();
        let length = from_there.partition_point(|copy| copy.file().starts_with(prefix));
        if let Some(found) = from_there.get(..length).filter(|found| !found.is_empty()) {
            return found;
        }
        inner = folder;
    }
    copies
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
    use crate::base::Source;
    use crate::manifest::{Content, Limits, content_of, read_documents};
    use std::sync::Arc;

    /// Copies in these files, by the order of the files, of which those of one value do not differ.
    fn copies(files: &[(&str, u8)]) -> Vec<Entry<u8>> {
        let mut copies = Vec::new();
        for (file, facts) in files {
            let text = "apiVersion: v1\nkind: Service\nmetadata: {name: web}\n";
            let mut documents = read_documents(&Source::new(*file, text), &Limits::default()).documents;
            let Content::Objects(mut objects) = content_of(&Arc::new(documents.remove(0))) else { panic!("no object") };
            let object = objects.pop().map(Arc::new);
            let reference = object.as_ref().unwrap().reference().clone();
            add_copy(&mut copies, Entry { reference, facts: *facts, object });
        }
        copies
    }

    /// What a look at each of all copies finds.
    fn closest<'a>(copies: &'a [Entry<u8>], file: &str) -> Option<&'a str> {
        let best = copies.iter().map(|copy| closeness(file, copy.file())).max()?;
        let mut found = copies.iter().filter(|copy| closeness(file, copy.file()) == best);
        let first = found.next()?;
        found.all(|other| other.facts == first.facts).then(|| first.file())
    }

    #[test]
    fn a_look_into_the_deepest_folder_finds_what_a_look_at_all_does() {
        let files = [
            "a.yaml",
            "a/a.yaml",
            "a/b/a.yaml",
            "a/b/c.yaml",
            "a-b/a.yaml",
            "a/b/c/d.yaml",
            "b/c/a.yaml",
            "a.b/x.yaml",
        ];
        for chosen in 1_usize..1 << files.len() {
            let of_bits = files.iter().enumerate().filter(|(at, _)| chosen >> at & 1 == 1);
            let some: Vec<(&str, u8)> = of_bits.map(|(at, file)| (*file, u8::from(at % 3 == 0))).rev().collect();
            let copies = copies(&some);
            for from in
                files.iter().chain(&["a/x.yaml", "a/b/c/e/f.yaml", "c/x.yaml", "x.yaml", "a-b/c/x.yaml", "/a/b/x.yaml"])
            {
                let found = nearest(&copies, from).one().map(Entry::file);
                assert_eq!(found, closest(&copies, from), "{from} among {some:?}");
            }
        }
    }

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
