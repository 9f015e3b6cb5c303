//! Scripts that are one plain command: what a shell would run are their words as they stand.

use crate::mesh::wrapper::ContainerStart;
use crate::mesh::wrapper::unwrap::{CannotUnwrap, Rest, Unwrapped, behind_launchers};

impl ContainerStart<'_> {
    /// The words that start the application of a container whose shell only waits first: for an image that has no shell.
    ///
    /// # Errors
    /// Why they cannot be told: the wait cannot be taken out, or what is left is more than one plain command.
    pub fn without_wait_and_shell(&self, rest: Rest) -> Result<Vec<String>, CannotUnwrap> {
        let Unwrapped::Script { at, text } = self.without_proxy_wait(rest)? else { return Err(CannotUnwrap::NotExact) };
        let argv: Vec<&str> = self.argv().collect();
        // Words behind the script are for it, and one plain command reads none of them.
        let plain = plain_words(&text).filter(|_| at + 1 == argv.len()).ok_or(CannotUnwrap::NotExact)?;
        let launchers = argv.iter().take(behind_launchers(&argv)).map(|word| (*word).to_owned());
        Ok(launchers.chain(plain).collect())
    }
}

/// The words of a script that is one command, without a leading `exec`: `exec /app --name "my shop"`.
///
/// None where a shell would do anything else than take the words apart: expand, redirect, run a command of its own.
fn plain_words(script: &str) -> Option<Vec<String>> {
    let mut words = Vec::new();
    let mut rest = script.trim().trim_end_matches(';');
    while !rest.is_empty() {
        let (word, behind) = word(rest)?;
        words.push(word);
        rest = behind.trim_start_matches([' ', '\t']);
    }
    let has_exec = words.first().is_some_and(|word| word == "exec");
    let program = words.get(usize::from(has_exec))?;
    // By its mere name a command may be one of the shell itself; behind `exec` it never is.
    let is_program = if has_exec { !program.starts_with('-') } else { program.starts_with('/') };
    is_program.then(|| words.split_off(usize::from(has_exec)))
}

/// The first word, and what stands behind it.
fn word(text: &str) -> Option<(String, &str)> {
    let (mut word, mut rest) = (String::new(), text);
    while let Some(character) = rest.chars().next() {
        match character {
            ' ' | '\t' => break,
            '\'' | '"' => {
                let (inside, behind) = rest[1..].split_once(character)?;
                let is_literal = character == '\'' || !inside.contains(['$', '`', '\\']);
                word.push_str(Some(inside).filter(|_| is_literal)?);
                rest = behind;
            }
            plain if plain.is_alphanumeric() || "-_./:,@%+=".contains(plain) => {
                word.push(plain);
                rest = &rest[plain.len_utf8()..];
            }
            _ => return None,
        }
    }
    Some((word, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_container_is_started_without_its_shell() {
        const WAIT: &str = "until curl -fs localhost:15021/healthz/ready; do sleep 1; done";
        let scripts = [
            format!("{WAIT}; exec /app -v"),
            format!("{WAIT}; cd /srv; exec ./app"),
            format!("{WAIT}; exec /app \"$@\""),
        ];
        let [plain, two, handing_on] = [&*scripts[0], &*scripts[1], &*scripts[2]];
        for (command, args, wanted) in [
            (&["/bin/sh", "-c", plain][..], &[][..], Some("/app -v")),
            (&["sh", "-ec"], &[plain], Some("/app -v")),
            (&["/tini", "--", "sh", "-c", plain], &[], Some("/tini -- /app -v")),
            (&["sh", "-c", plain, "sh"], &[], None),
            (&["sh", "-c", two], &[], None),
            (&["sh", "-c", handing_on, "sh"], &["-v"], None),
            (&["scuttle", "/app"], &[], None),
            (&["sh", "-c", WAIT], &[], None),
        ] {
            let start = ContainerStart { name: "app", image: "app", command, args, env: &[] };
            let found = start.without_wait_and_shell(Rest::MeansProxy).ok().map(|words| words.join(" "));
            assert_eq!(found.as_deref(), wanted, "{command:?} {args:?}");
        }
    }

    #[test]
    fn one_plain_command_is_its_words() {
        for (script, wanted) in [
            ("exec /app", Some(&["/app"][..])),
            ("  /app -v --name='my shop' \"a b\" ''\n", Some(&["/app", "-v", "--name=my shop", "a b", ""])),
            ("exec node server.js;", Some(&["node", "server.js"])),
            ("exec /app\t-v", Some(&["/app", "-v"])),
            ("exec /app 'a\"b' \"it's\" x'y'z", Some(&["/app", "a\"b", "it's", "xyz"])),
            ("exec '/app'", Some(&["/app"])),
            ("node server.js", None),
            ("A=b /app", None),
            ("exec", None),
            ("exec -a name /app", None),
            ("", None),
            ("exec /app \"$@\"", None),
            ("exec /app $(PORT)", None),
            ("exec /app `id`", None),
            ("exec /app \"\\n\"", None),
            ("exec /app a\\ b", None),
            ("exec /app *.conf", None),
            ("exec /app ~/x", None),
            ("exec /app > log", None),
            ("exec /app & ", None),
            ("cd /srv; exec /app", None),
            ("/init && exec /app", None),
            ("/init\nexec /app", None),
            ("exec /app 'open", None),
            ("exec /app # why", None),
            ("exec /app {a,b}", None),
        ] {
            let wanted = wanted.map(|words| words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>());
            assert_eq!(plain_words(script), wanted, "{script:?}");
        }
    }
}
