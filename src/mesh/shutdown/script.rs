//! A shell script of plain commands, taken apart. Nothing is ever expanded or run.

/// The commands of a script in order, each as its words without quotes; redirections are left out.
///
/// None where the text does not say what is run, or in which order: variables, substitutions, pipes, groups, jobs in the
/// background, escapes, here-documents. Conditions and loops come out as commands that begin with their keyword.
pub fn plain_commands(script: &str) -> Option<Vec<Vec<String>>> {
    let mut reader = Reader::default();
    let mut rest = script.chars().peekable();
    while let Some(character) = rest.next() {
        match character {
            '\'' | '"' => reader.quoted(&mut rest, character)?,
            '\n' | ';' => reader.end_command(),
            '&' if rest.next_if_eq(&'&').is_some() => reader.end_command(),
            '&' if rest.peek() == Some(&'>') => {}
            '>' => {
                reader.redirect();
                rest.next_if_eq(&'>');
                rest.next_if_eq(&'&');
            }
            '&' | '|' | '<' | '(' | ')' | '{' | '}' | '$' | '`' | '\\' => return None,
            '#' if reader.word.is_none() => while rest.next_if(|next| *next != '\n').is_some() {},
            blank if blank.is_whitespace() => reader.end_word(),
            other => reader.word.get_or_insert_default().push(other),
        }
    }
    reader.end_command();
    Some(reader.commands)
}

#[derive(Default)]
struct Reader {
    commands: Vec<Vec<String>>,
    command: Vec<String>,
    word: Option<String>,
    /// The next word is the target of a redirection.
    redirected: bool,
}

impl Reader {
    /// What is between two quotes; within double quotes the shell would expand and unescape.
    fn quoted(&mut self, rest: &mut impl Iterator<Item = char>, quote: char) -> Option<()> {
        let word = self.word.get_or_insert_default();
        loop {
            match rest.next()? {
                end if end == quote => return Some(()),
                '$' | '`' | '\\' if quote == '"' => return None,
                other => word.push(other),
            }
        }
    }

    /// A number right before `>` is the file that is redirected, and no word.
    fn redirect(&mut self) {
        if self.word.as_ref().is_some_and(|word| word.chars().all(|c| c.is_ascii_digit())) {
            self.word = None;
        }
        self.end_word();
        self.redirected = true;
    }

    fn end_word(&mut self) {
        if let Some(word) = self.word.take()
            && !std::mem::take(&mut self.redirected)
        {
            self.command.push(word);
        }
    }

    fn end_command(&mut self) {
        self.end_word();
        self.redirected = false;
        if !self.command.is_empty() {
            self.commands.push(std::mem::take(&mut self.command));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_scripts_come_apart_into_words() {
        for (script, commands) in [
            ("sleep 30", vec![vec!["sleep", "30"]]),
            ("a;b && c\n\n d e ", vec![vec!["a"], vec!["b"], vec!["c"], vec!["d", "e"]]),
            ("echo 'a; sleep 9'; sleep \"10\"", vec![vec!["echo", "a; sleep 9"], vec!["sleep", "10"]]),
            ("a >/dev/null 2>&1; b &> x; c >> log 5", vec![vec!["a"], vec!["b"], vec!["c", "5"]]),
            ("# sleep 9; sleep 8\nsleep 7 # a; sleep 6", vec![vec!["sleep", "7"]]),
            ("a#b ''", vec![vec!["a#b", ""]]),
            (" ; ", vec![]),
        ] {
            assert_eq!(plain_commands(script), Some(commands.into_iter().map(words).collect()), "{script}");
        }
    }

    #[test]
    fn what_is_not_plain_is_not_taken_apart() {
        for script in [
            "sleep $N",
            "sleep `n`",
            "a | b",
            "a || b",
            "(a)",
            "{ a; }",
            "a & b",
            "a < b",
            "a \\; b",
            "echo \"$A\"",
            "echo 'a",
        ] {
            assert_eq!(plain_commands(script), None, "{script}");
        }
    }

    fn words(command: Vec<&str>) -> Vec<String> {
        command.into_iter().map(str::to_owned).collect()
    }
}
