//! The text of the annotation with everything put right that Istio does not read, where it can be told what was meant.

use super::flaw::{Flaw, flaws};
use crate::base::Path;
use crate::checks::proxy::parsed_annotation;
use crate::checks::shortened;
use crate::manifest::edit::{with_field, without_field};
use crate::mesh::Version;
use crate::mesh::proxy_config::spelling;
use crate::mesh::proxy_config_meant::Meant;
use serde_json::Value;

/// A text in which nothing is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Righted {
    /// The text; what is right in it is left as it is written.
    pub text: String,
    /// What was changed, each as the title of a fix.
    pub changes: Vec<String>,
    /// What was guessed, for people; none where nothing was.
    pub guess: Option<String>,
}

/// A handful is enough; nobody makes the webhook busy with an annotation.
const MOST_CHANGES: usize = 16;

/// Puts a text right.
///
/// # Errors
/// Where it cannot be told what is meant by something, or the text cannot be edited: one line for people.
pub fn put_right(text: &str, istio: Version) -> Result<Righted, String> {
    let mut righted = Righted { text: text.to_owned(), changes: Vec::new(), guess: None };
    for _ in 0..MOST_CHANGES {
        let Some(flaw) = flaws(&righted.text, istio).into_iter().next() else { return Ok(righted) };
        righted.mend(&flaw)?;
    }
    Err("there is too much in it to put right at once".to_owned())
}

impl Righted {
    fn mend(&mut self, flaw: &Flaw) -> Result<(), String> {
        let value = parsed_annotation(&self.text).unwrap_or(Value::Null);
        match flaw {
            Flaw::NoYaml(_) => Err("what is meant by it only its owner knows".to_owned()),
            Flaw::Refused(_, meant) => self.replace_refused(meant.as_ref()),
            Flaw::Dropped { parents, key, meant } => {
                let unknown = || format!("what is meant by {} only its owner knows", shortened(key));
                let meant = meant.ok_or_else(unknown)?;
                self.rename(parents, key, meant, &value)
            }
            Flaw::Unread { name, unread, .. } => {
                let unknown = || format!("what is meant by {} only its owner knows", shortened(name));
                let meant = unread.meant.clone().ok_or_else(unknown)?;
                self.guess = Some(format!("the agent of the proxy read {} so far", unread.counts));
                let keys = [spelling(&value, "proxyMetadata"), name.clone()];
                self.set(&keys, &meant.into())
            }
        }
    }

    fn replace_refused(&mut self, meant: Option<&Meant>) -> Result<(), String> {
        let meant = meant.ok_or("what is meant by it only its owner knows")?;
        if !meant.is_certain {
            self.guess = Some("the number, or the unit of it, is a guess".to_owned());
        }
        self.set(&meant.keys, &meant.value)
    }

    fn set(&mut self, keys: &[String], value: &Value) -> Result<(), String> {
        let path = keys.iter().fold(Path::root(), |path, key| path.key(key));
        self.text = with_field(&self.text, &path, value)?;
        self.changes.push(format!("set {} to {value}", shortened(keys.last().map_or("", String::as_str))));
        Ok(())
    }

    /// Only the key itself is touched: the text has it once, and says the same of all other keys afterwards.
    fn rename(&mut self, parents: &[String], old: &str, new: &str, value: &Value) -> Result<(), String> {
        let mut wanted = value.clone();
        let map = parents.iter().try_fold(&mut wanted, |value, key| value.get_mut(key)).and_then(Value::as_object_mut);
        let map = map.ok_or_else(|| format!("{} is in no map", shortened(old)))?;
        let setting = map.remove(old).unwrap_or(Value::Null);
        match map.insert(new.to_owned(), setting.clone()) {
            Some(read) if read == setting => return self.drop_key(parents, old),
            Some(_) => return Err(format!("`{new}` is there already, with another value")),
            None => {}
        }
        let renamed = renamed(&self.text, old, new).filter(|text| parsed_annotation(text).as_ref() == Ok(&wanted));
        self.text = renamed.ok_or_else(|| format!("{} stands more than once in it", shortened(old)))?;
        self.changes.push(format!("write `{new}` for {}", shortened(old)));
        Ok(())
    }

    fn drop_key(&mut self, parents: &[String], key: &str) -> Result<(), String> {
        let map = parents.iter().fold(Path::root(), |path, key| path.key(key));
        self.text = without_field(&self.text, &map.key(key))?;
        self.changes.push(format!("take {} away", shortened(key)));
        Ok(())
    }
}

/// The text with a word replaced that it has once.
fn renamed(text: &str, old: &str, new: &str) -> Option<String> {
    let is_of_word = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.');
    let stands_alone = |at: &usize| {
        let (before, rest) = text.split_at(*at);
        let after = rest.get(old.len()..).unwrap_or("");
        !before.ends_with(is_of_word) && !after.starts_with(is_of_word)
    };
    let mut places = text.match_indices(old).map(|(at, _)| at).filter(stands_alone);
    let at = places.next().filter(|_| places.next().is_none())?;
    Some(format!("{}{new}{}", text.get(..at)?, text.get(at + old.len()..)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ISTIO: Version = Version::new(1, 28);

    #[test]
    fn all_flaws_are_put_right_together() {
        let text = "# ours\nTerminationDrainDuration: 35 # long\nproxyMetadata: {EXIT_ON_ZERO_ACTIVE_CONNECTIONS: yes, A: \"b\"}\n";
        let righted = put_right(text, ISTIO).unwrap();
        let wanted = "# ours\nterminationDrainDuration: 35s # long\nproxyMetadata: {EXIT_ON_ZERO_ACTIVE_CONNECTIONS: \"true\", A: \"b\"}\n";
        assert_eq!(righted.text, wanted);
        assert_eq!(righted.changes.len(), 3, "{righted:?}");
        assert_eq!(put_right(wanted, ISTIO).map(|it| (it.changes.len(), it.guess)), Ok((0, None)));
    }

    #[test]
    fn what_cannot_be_told_is_left() {
        for (text, reason) in [
            ("a: [", "what is meant by it only its owner knows"),
            ("[]", "what is meant by it only its owner knows"),
            ("elsewhere: 1", "what is meant by `elsewhere` only its owner knows"),
            ("tracing: {elsewhere: 1}", "what is meant by `elsewhere` only its owner knows"),
            ("drainDuration: 5s\ndrain-duration: 6s", "`drainDuration` is there already, with another value"),
            ("Image: {a: Image}", "`Image` stands more than once in it"),
            (
                "proxyMetadata: {MINIMUM_DRAIN_DURATION: long}",
                "what is meant by `MINIMUM_DRAIN_DURATION` only its owner knows",
            ),
        ] {
            assert_eq!(put_right(text, ISTIO), Err(reason.to_owned()), "{text}");
        }
    }

    #[test]
    fn a_word_is_replaced_where_it_stands_alone() {
        for (text, wanted) in [
            ("ab: 1", Some("x: 1")),
            ("{\"ab\": 1}", Some("{\"x\": 1}")),
            ("abc: 1\nab: 2\n_ab: 3", Some("abc: 1\nx: 2\n_ab: 3")),
            ("ab: ab", None),
            ("abc: 1", None),
        ] {
            assert_eq!(renamed(text, "ab", "x").as_deref(), wanted, "{text}");
        }
    }
}
