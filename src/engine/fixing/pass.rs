//! The passes of a run.

use crate::base::Reveals;
use crate::engine::fixing::Choice;
use crate::engine::fixing::attempt::{Attempt, Scene, Wanted, attempt};
use crate::engine::fixing::expected::expected;
use crate::engine::fixing::proof::{complaints, read_back};
use crate::engine::fixing::selection::{Group, Selection};
use crate::engine::fixing::snapshot::{File, Key, Snapshot, namespace_of, renew};
use crate::engine::session::{FileJudgement, FileObjects, judge_changed, judge_file, sees_whole_pods, surroundings};
use crate::inventory::{Inventory, Renewed};
use crate::manifest::Object;
use crate::policy::Date;
use rayon::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// A run: the files as they are by now, and what was learned on the way.
pub struct Session<'a> {
    pub files: Vec<File<'a>>,
    pub selection: Selection,
    pub choice: &'a Choice,
    pub inventory: Inventory,
    today: Date,
}

/// No run is known to need as many: each pass fixes a finding, learns that it cannot be fixed, or tries fewer at once. What is left after
/// them waits for the next run, and says so.
const MOST_PASSES: usize = 100;

/// An attempt that reads as it should.
struct Trial<'a> {
    attempt: Attempt,
    next: Snapshot<'a>,
}

impl<'a> Session<'a> {
    pub fn new(files: Vec<File<'a>>, inventory: Inventory, today: Date, choice: &'a Choice) -> Self {
        Self { files, selection: Selection::default(), choice, inventory, today }
    }

    /// Goes on until what is there cannot be made any better. What was given up on the way is tried again as long as
    /// anything else has changed since.
    pub fn run(&mut self) {
        let mut has_changed = false;
        for _ in 0..MOST_PASSES {
            match self.pass() {
                Some(changed) => has_changed |= changed,
                None if has_changed && self.selection.forget() => has_changed = false,
                None => return,
            }
        }
    }

    /// One pass; whether any file has another text after it. None where there is nothing to try.
    fn pass(&mut self) -> Option<bool> {
        let selected = self.selection.next(&self.files, self.choice);
        if selected.is_empty() {
            return None;
        }
        let expected = expected(&self.files, &selected, &self.inventory);
        let scene = Scene { inventory: expected.as_ref().unwrap_or(&self.inventory), today: self.today };
        let in_file =
            |(number, wanted): (&usize, &Wanted)| Some(attempt(*number, &self.files.get(*number)?.now, wanted, scene));
        let mut attempts: Vec<Attempt> = selected.par_iter().filter_map(in_file).collect();
        for attempt in &mut attempts {
            for (key, reason) in attempt.given_up.drain(..) {
                self.selection.give_up(attempt.file, key, reason);
            }
        }
        attempts.retain(|attempt| !attempt.fixed.is_empty());
        let read = self.read_back(attempts);
        Some(self.settle(read))
    }

    /// Reads the new texts. One that does not read as it should is a fault of what was tried in it.
    fn read_back(&mut self, attempts: Vec<Attempt>) -> Vec<(Attempt, FileObjects<'a>)> {
        let read = attempts.into_par_iter().filter_map(|attempt| {
            let objects = read_back(&self.files.get(attempt.file)?.now.objects, &attempt, &self.choice.limits);
            Some((attempt, objects))
        });
        let mut good = Vec::new();
        for (attempt, objects) in read.collect::<Vec<_>>() {
            let group = Group::File(attempt.file);
            match objects {
                Ok(objects) => {
                    self.selection.praise(&group);
                    good.push((attempt, objects));
                }
                Err(reason) => self.selection.blame(group, keys(&attempt).collect(), &reason),
            }
        }
        good
    }

    /// Judges what was read among all that is there, keeps what holds, and takes back the rest. Gives whether anything
    /// holds.
    fn settle(&mut self, read: Vec<(Attempt, FileObjects<'a>)>) -> bool {
        let tried: Vec<(usize, Key)> = read.iter().flat_map(|(attempt, _)| keys(attempt)).collect();
        let touched = self.namespaces(&tried);
        let looks_the_same = self.renew_surroundings(&read);
        let trials = self.judged(read, looks_the_same);
        let others = self.judged_again(&touched, &trials, looks_the_same);
        let faults = self.faults(&trials, &others, &touched);
        for group in touched.iter().cloned().map(Group::Namespace).chain([Group::Anywhere]) {
            match faults.get(&group) {
                None => self.selection.praise(&group),
                Some(reason) => {
                    let is_here = |key: &&(usize, Key)| match &group {
                        Group::Namespace(namespace) => self.namespace(key) == Some(namespace),
                        _ => true,
                    };
                    let here = tried.iter().filter(is_here).cloned().collect();
                    self.selection.blame(group, here, reason);
                }
            }
        }
        let is_sound = faults.is_empty();
        let is_faulty = |namespace: &String| {
            faults.contains_key(&Group::Anywhere) || faults.contains_key(&Group::Namespace(namespace.clone()))
        };
        let good = self.untouched_by(touched.iter().filter(|it| is_faulty(it)).cloned().collect(), trials);
        let any_holds = !good.is_empty();
        for Trial { attempt, next } in good {
            if let Some(file) = self.files.get_mut(attempt.file) {
                file.advance(next, attempt.fixed);
            }
        }
        if is_sound {
            self.take(others);
        } else {
            self.inventory = surroundings(self.files.iter().map(|file| &file.now.objects), &self.inventory);
            self.take(self.judged_again(&touched, &[], false));
        }
        any_holds
    }

    fn take(&mut self, judged: Vec<(usize, FileJudgement)>) {
        for (number, judged) in judged {
            if let Some(file) = self.files.get_mut(number) {
                file.now.judged = judged;
            }
        }
    }

    /// Makes the surroundings what they are with the new objects. Gives whether nobody else could see a difference.
    fn renew_surroundings(&mut self, read: &[(Attempt, FileObjects<'a>)]) -> bool {
        let mut renewed = Renewed::Unseen;
        for (attempt, now) in read {
            let before = self.files.get(attempt.file).map(|file| &file.now.objects);
            renewed = renewed.max(before.map_or(Renewed::NotFound, |before| renew(&mut self.inventory, before, now)));
        }
        if renewed == Renewed::NotFound {
            let new: BTreeMap<usize, &FileObjects<'a>> =
                read.iter().map(|(attempt, now)| (attempt.file, now)).collect();
            let files = self.files.iter().enumerate();
            let objects = files.map(|(number, file)| *new.get(&number).unwrap_or(&&file.now.objects));
            self.inventory = surroundings(objects, &self.inventory);
        }
        renewed == Renewed::Unseen
    }

    /// Judges what was read. Where nobody else could see a difference, nothing new is to be said of what did not change.
    fn judged(&self, read: Vec<(Attempt, FileObjects<'a>)>, looks_the_same: bool) -> Vec<Trial<'a>> {
        let trials = read.into_par_iter().map(|(attempt, objects)| {
            let judged = match self.files.get(attempt.file).filter(|_| looks_the_same) {
                Some(file) => {
                    let is_changed = |document: usize| attempt.planned.contains_key(&document);
                    let before = (&file.now.objects, &file.now.judged);
                    judge_changed(&objects, before, is_changed, &self.inventory, self.today)
                }
                None => judge_file(&objects, &self.inventory, self.today),
            };
            Trial { attempt, next: Snapshot { objects, judged } }
        });
        trials.collect()
    }

    /// What is found now in the files with objects that may see what was done in these namespaces, without those that are tried:
    /// where it looks the same from outside, only objects that see all of the pods.
    fn judged_again(
        &self,
        namespaces: &BTreeSet<String>,
        without: &[Trial<'_>],
        looks_the_same: bool,
    ) -> Vec<(usize, FileJudgement)> {
        let without: BTreeSet<usize> = without.iter().map(|trial| trial.attempt.file).collect();
        let may_differ = |object: &Arc<Object>| {
            let namespace = namespace_of(object);
            let is_here = namespaces.contains(namespace);
            if sees_whole_pods(object) { is_here || namespace.is_empty() } else { is_here && !looks_the_same }
        };
        let files = self.files.par_iter().enumerate();
        let files = files.filter(|(number, file)| {
            !namespaces.is_empty() && !without.contains(number) && file.now.objects.objects.iter().any(may_differ)
        });
        let judge = |Snapshot { objects, judged }: &Snapshot<'a>| match looks_the_same {
            true => judge_changed(objects, (objects, judged), |_| false, &self.inventory, self.today),
            false => judge_file(objects, &self.inventory, self.today),
        };
        files.map(|(number, file)| (number, judge(&file.now))).collect()
    }

    /// What does not hold, by namespace. Where something is wrong in a namespace in which nothing was tried, or in none, anything
    /// that was tried may be to blame.
    fn faults(
        &self,
        trials: &[Trial<'a>],
        others: &[(usize, FileJudgement)],
        touched: &BTreeSet<String>,
    ) -> BTreeMap<Group, String> {
        let nothing = BTreeMap::new();
        let revealed = self.revealed(trials);
        let tried =
            trials.iter().map(|it| (it.attempt.file, Some(&it.next.objects), &it.next.judged, &it.attempt.fixed));
        let others = others.iter().map(|(number, judged)| (*number, None, judged, &nothing));
        let mut faults = BTreeMap::new();
        for (number, objects, judged, fixed) in tried.chain(others) {
            let Some(file) = self.files.get(number) else { continue };
            let objects = objects.unwrap_or(&file.now.objects);
            for (index, reason) in complaints(&file.now, (objects, judged), fixed, &revealed) {
                let namespace = objects.objects.get(index).map_or("", |object| namespace_of(object));
                let is_here = touched.contains(namespace);
                let group = if is_here { Group::Namespace(namespace.to_owned()) } else { Group::Anywhere };
                faults.entry(group).or_insert(reason);
            }
        }
        faults
    }

    /// The namespaces in which nothing was done but what may bring to light what is in them.
    fn revealed(&self, trials: &[Trial<'a>]) -> BTreeSet<String> {
        let (mut revealed, mut others) = (BTreeSet::new(), BTreeSet::new());
        for attempt in trials.iter().map(|trial| &trial.attempt) {
            for (key, finding) in &attempt.fixed {
                let (Some(fix), Some(namespace)) = (finding.remedy.fix(), self.namespace(&(attempt.file, key.clone())))
                else {
                    continue;
                };
                let reveals = fix.reveals == Reveals::Namespace;
                if reveals { &mut revealed } else { &mut others }.insert(namespace.to_owned());
            }
        }
        &revealed - &others
    }

    /// The trials that have nothing to do with these namespaces. A file that is taken back takes all that was tried in it
    /// back, in other namespaces too, and so on.
    fn untouched_by(&self, mut faulty: BTreeSet<String>, mut trials: Vec<Trial<'a>>) -> Vec<Trial<'a>> {
        loop {
            let namespaces = |trial: &Trial<'a>| self.namespaces(&keys(&trial.attempt).collect::<Vec<_>>());
            let is_good = |trial: &Trial<'a>| namespaces(trial).is_disjoint(&faulty);
            let (good, bad): (Vec<_>, Vec<_>) = trials.into_iter().partition(is_good);
            let reached: BTreeSet<String> = bad.iter().flat_map(namespaces).collect();
            faulty.extend(reached);
            trials = good;
            if bad.is_empty() {
                return trials;
            }
        }
    }

    fn namespaces(&self, keys: &[(usize, Key)]) -> BTreeSet<String> {
        keys.iter().filter_map(|key| self.namespace(key)).map(str::to_owned).collect()
    }

    fn namespace(&self, (file, (object, _)): &(usize, Key)) -> Option<&str> {
        Some(namespace_of(self.files.get(*file)?.now.objects.objects.get(*object)?))
    }
}

fn keys(attempt: &Attempt) -> impl Iterator<Item = (usize, Key)> {
    attempt.fixed.keys().map(|key| (attempt.file, key.clone()))
}
