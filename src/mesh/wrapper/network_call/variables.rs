//! The variables of a container, as far as its manifest and its script give their values.

use crate::mesh::wrapper::Environment;
use crate::mesh::wrapper::shell::Token;
use crate::mesh::wrapper::waiting::is_assignment;
use std::collections::BTreeMap;

/// Values by name: the empty ones are known too, and none where it comes from elsewhere.
#[derive(Debug, Clone, Default)]
pub(super) struct Variables(BTreeMap<String, Option<String>>);

impl Variables {
    /// Those of `env`. What refers to other variables is not followed.
    pub(super) fn of(environment: Environment<'_>) -> Self {
        let known = |value: &&str| !value.contains("$(");
        let entry = |(name, value): &(&str, Option<&str>)| ((*name).to_owned(), value.filter(known).map(str::to_owned));
        Self(environment.iter().map(entry).collect())
    }

    /// The value of a variable.
    pub(super) fn value(&self, name: &str) -> Option<&str> {
        self.0.get(name)?.as_deref()
    }

    /// All values that are known.
    pub(super) fn values(&self) -> impl Iterator<Item = &str> {
        self.0.values().filter_map(Option::as_deref)
    }

    /// A word of `command` or `args` with its `$(NAME)`, as Kubernetes expands them before anything runs.
    pub(super) fn in_command(&self, word: &str) -> String {
        // `$$(NAME)` is a `$(NAME)` that is left alone.
        if word.contains("$$") { word.to_owned() } else { self.replaced(word, "$(", ')') }
    }

    /// A word of a script with its `$NAME` and `${NAME}`.
    pub(super) fn in_script(&self, word: &str) -> String {
        let braced = self.replaced(word, "${", '}');
        let mut rest = braced.as_str();
        let mut text = String::new();
        while let Some(at) = rest.find('$') {
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
        self.value(name).filter(|value| !value.contains([' ', '\t', '\n', '*', '?', '$', '`']))
    }

    fn replaced(&self, text: &str, open: &str, close: char) -> String {
        let (mut rest, mut replaced) = (text, String::new());
        while let Some(at) = rest.find(open) {
            let (before, from) = rest.split_at(at);
            let name = from[open.len()..].split(close).next().unwrap_or_default();
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
    pub(super) fn forget_what_changes(&mut self, tokens: &[Token]) {
        let texts: Vec<&str> = tokens.iter().filter_map(Token::text).collect();
        if texts.iter().any(|word| matches!(*word, "." | "source" | "eval")) {
            self.0.clear();
        }
        let set = texts.iter().filter(|word| is_assignment(word)).filter_map(|word| Some(word.split_once('=')?.0));
        let names = texts.windows(2).filter(|pair| matches!(pair[0], "read" | "for" | "unset")).map(|pair| pair[1]);
        for name in set.chain(names) {
            self.0.insert(name.to_owned(), None);
        }
    }

    /// Notes an assignment that a script certainly makes, unless it makes another of the same variable somewhere.
    pub(super) fn assign(&mut self, word: &str, tokens: &[Token]) {
        let Some((name, value)) = word.split_once('=') else { return };
        let sets = |token: &&Token| token.text().and_then(|text| text.split_once('=')).is_some_and(|it| it.0 == name);
        let value = self.in_script(value);
        if tokens.iter().filter(sets).count() == 1 && !value.contains(['$', '`']) {
            self.0.insert(name.to_owned(), Some(value));
        }
    }
}
