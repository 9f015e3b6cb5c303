//! The variables of a container, as far as its manifest and its script give their values.

use crate::mesh::wrapper::Environment;
use crate::mesh::wrapper::shell::tokens::Token;
use crate::mesh::wrapper::wait::script_wait::is_assignment;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

/// Values by name: the empty ones are known too, and none where it comes from elsewhere.
///
/// A copy, as each script within a script has one, shares those of `env`: there may be thousands.
#[derive(Debug, Clone, Default)]
pub(in crate::mesh::wrapper) struct Variables<'a> {
    of_container: Rc<BTreeMap<&'a str, Option<&'a str>>>,
    of_script: BTreeMap<String, Option<String>>,
    /// Those that the script sets in one place only.
    set_once: Rc<BTreeSet<String>>,
}

/// Bytes of a value that is put in the place of its variable: each of them may stand for others, and twice.
const LONGEST_VALUE: usize = 1024;
/// Characters of a name, with what stands in its place when there is none.
const LONGEST_NAME: usize = 256;
/// Bytes of a word with its variables replaced; of one that would be longer nothing is.
const LONGEST_WORD: usize = 16 * 1024;

/// The names of the variables in a word: of `$NAME` and `${NAME}`, and of no `${NAME...}` that may be something else.
pub(in crate::mesh::wrapper) fn variables_in(word: &str) -> impl Iterator<Item = &str> {
    word.match_indices('$').filter_map(|(at, _)| {
        let behind = &word[at + 1..];
        let inside = behind.strip_prefix('{');
        let text = inside.unwrap_or(behind);
        let is_end = |it: char| !it.is_ascii_alphanumeric() && it != '_';
        let (name, rest) = text.split_at(text.find(is_end).unwrap_or(text.len()));
        (!name.is_empty() && (inside.is_none() || rest.starts_with('}'))).then_some(name)
    })
}

impl<'a> Variables<'a> {
    /// Those of `env`. What refers to other variables is not followed.
    pub(in crate::mesh::wrapper) fn of(environment: Environment<'a>) -> Self {
        let known = |value: &&str| !value.contains("$(");
        let entry = |(name, value): &(&'a str, Option<&'a str>)| (*name, value.filter(known));
        let of_container = Rc::new(environment.iter().map(entry).collect());
        Self { of_container, ..Self::default() }
    }

    /// The value of a variable.
    pub(in crate::mesh::wrapper) fn value(&self, name: &str) -> Option<&str> {
        match self.of_script.get(name) {
            Some(value) => value.as_deref(),
            None => *self.of_container.get(name)?,
        }
    }

    /// All values that are known.
    pub(in crate::mesh::wrapper) fn values(&self) -> impl Iterator<Item = &str> {
        let of_container = self.of_container.iter().filter(|(name, _)| !self.of_script.contains_key(**name));
        let of_script = self.of_script.values().filter_map(Option::as_deref);
        of_container.filter_map(|(_, value)| *value).chain(of_script)
    }

    /// A word of `command` or `args` with its `$(NAME)`, as Kubernetes expands them before anything runs.
    pub(in crate::mesh::wrapper) fn in_command(&self, word: &str) -> String {
        // `$$(NAME)` is a `$(NAME)` that is left alone.
        if word.contains("$$") { word.to_owned() } else { self.replaced(word, "$(", ')') }
    }

    /// A word of a script with its `$NAME` and `${NAME}`.
    pub(in crate::mesh::wrapper) fn in_script(&self, word: &str) -> String {
        let braced = self.replaced(word, "${", '}');
        let mut rest = braced.as_str();
        let mut text = String::new();
        while let Some(at) = rest.find('$') {
            if text.len() > LONGEST_WORD {
                return word.to_owned();
            }
            let (before, from) = rest.split_at(at);
            let name: String = from[1..].chars().take_while(|it| it.is_ascii_alphanumeric() || *it == '_').collect();
            let written = &from[..=name.len()];
            text.push_str(before);
            text.push_str(self.word(&name).unwrap_or(written));
            rest = &from[written.len()..];
        }
        text + rest
    }

    /// The value of a variable that stays one word.
    fn word(&self, name: &str) -> Option<&str> {
        let stays_one = |value: &&str| !value.contains([' ', '\t', '\n', '*', '?', '$', '`']);
        self.value(name).filter(|value| value.len() <= LONGEST_VALUE).filter(stays_one)
    }

    fn replaced(&self, text: &str, open: &str, close: char) -> String {
        let (mut rest, mut replaced) = (text, String::new());
        while let Some(at) = rest.find(open) {
            if replaced.len() > LONGEST_WORD {
                return text.to_owned();
            }
            let (before, from) = rest.split_at(at);
            let behind = &from[open.len()..];
            let end = behind.char_indices().take(LONGEST_NAME).find(|(_, it)| *it == close).map_or(0, |(end, _)| end);
            let name = &behind[..end];
            let written = from.get(..open.len() + name.len() + close.len_utf8()).unwrap_or(from);
            // A value for when there is none is in use where there is none.
            let plain = name.split_once(":-").map_or(name, |(name, _)| name);
            let value = self.word(plain).filter(|value| plain.len() == name.len() || !value.is_empty());
            replaced.push_str(before);
            match value {
                Some(value) => {
                    replaced.push_str(value);
                    rest = &from[written.len()..];
                }
                None => {
                    replaced.push_str(open);
                    rest = &from[open.len()..];
                }
            }
        }
        replaced + rest
    }

    /// Forgets what a script sets, until it is seen to set it: `HOST=db`, `read HOST`, `for HOST in`, and all that what it
    /// sources may set.
    pub(in crate::mesh::wrapper) fn forget_what_changes(&mut self, tokens: &[Token]) {
        let texts: Vec<&str> = tokens.iter().filter_map(Token::text).collect();
        if texts.iter().any(|word| matches!(*word, "." | "source" | "eval")) {
            self.of_container = Rc::default();
            self.of_script.clear();
        }
        let set = texts.iter().filter(|word| is_assignment(word)).filter_map(|word| Some(word.split_once('=')?.0));
        let names = texts.windows(2).filter(|pair| matches!(pair[0], "read" | "for" | "unset")).map(|pair| pair[1]);
        for name in set.chain(names) {
            self.of_script.insert(name.to_owned(), None);
        }
        let mut times: BTreeMap<&str, usize> = BTreeMap::new();
        for (name, _) in texts.iter().filter_map(|text| text.split_once('=')) {
            *times.entry(name).or_default() += 1;
        }
        self.set_once = Rc::new(times.into_iter().filter(|it| it.1 == 1).map(|it| it.0.to_owned()).collect());
    }

    /// Notes an assignment that a script certainly makes, unless it makes another of the same variable somewhere.
    pub(in crate::mesh::wrapper) fn assign(&mut self, word: &str) {
        let Some((name, value)) = word.split_once('=').filter(|(name, _)| self.set_once.contains(*name)) else {
            return;
        };
        let value = self.in_script(value);
        if value.len() <= LONGEST_VALUE && !value.contains(['$', '`']) {
            self.of_script.insert(name.to_owned(), Some(value));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_variables_are_whole() {
        for (word, wanted) in
            [("http://$A/$B_1.x", "A B_1"), ("${A}${BC}$", "A BC"), ("${A:-x}${A", ""), ("$(curl $A)", "A"), ("A", "")]
        {
            assert_eq!(variables_in(word).collect::<Vec<_>>().join(" "), wanted, "{word}");
        }
    }
}
