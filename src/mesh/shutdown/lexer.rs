//! The words and operators of a shell script. Nothing is ever expanded or run.

/// A piece of a script.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Token {
    /// A word without its quotes. What the shell would expand stays in it as it is written, with its `$` or backquote.
    Word(String),
    /// The command writes into a file: it does more than to wait.
    Writes,
    /// `;` or a line end.
    Next,
    /// `&&`
    And,
    /// `||`
    Or,
    /// `|`
    Pipe,
    /// `&` behind a command.
    Background,
    /// `(`
    Open,
    /// `)`
    Close,
}

/// The tokens of a script; none where it holds what is not read here: a here-document, a process substitution, a quote
/// without its end.
pub(super) fn tokens(script: &str) -> Option<Vec<Token>> {
    let mut lexer = Lexer { rest: script, tokens: Vec::new(), word: None, redirection: None };
    while let Some(character) = lexer.take() {
        lexer.step(character)?;
    }
    lexer.end_word();
    lexer.redirection.is_none().then_some(lexer.tokens)
}

struct Lexer<'a> {
    rest: &'a str,
    tokens: Vec<Token>,
    word: Option<String>,
    /// The next word is the target of a redirection.
    redirection: Option<Redirection>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Redirection {
    Into,
    From,
}

impl<'a> Lexer<'a> {
    fn take(&mut self) -> Option<char> {
        let mut characters = self.rest.chars();
        let next = characters.next();
        self.rest = characters.as_str();
        next
    }

    fn take_if(&mut self, prefix: &str) -> bool {
        let rest = self.rest.strip_prefix(prefix);
        self.rest = rest.unwrap_or(self.rest);
        rest.is_some()
    }

    fn step(&mut self, character: char) -> Option<()> {
        match character {
            '\'' | '"' => self.quoted(character)?,
            '$' | '`' => self.expansion(character)?,
            '\\' if self.take_if("\n") => {}
            '\\' => {
                let escaped = self.take()?;
                self.push(escaped);
            }
            '>' => self.redirect_into(),
            '&' if self.rest.starts_with('>') => self.end_word(),
            '<' => self.redirect_from()?,
            '#' if self.word.is_none() => {
                self.rest = self.rest.find('\n').map_or("", |end| self.rest.split_at(end).1);
            }
            '\n' | ';' => self.operator(Token::Next),
            '&' => self.doubled("&", Token::And, Token::Background),
            '|' => self.doubled("|", Token::Or, Token::Pipe),
            '(' if self.redirection.is_some() => return None,
            '(' => self.operator(Token::Open),
            ')' => self.operator(Token::Close),
            blank if blank.is_whitespace() => self.end_word(),
            other => self.push(other),
        }
        Some(())
    }

    fn push(&mut self, character: char) {
        self.word.get_or_insert_default().push(character);
    }

    fn operator(&mut self, token: Token) {
        self.end_word();
        self.tokens.push(token);
    }

    fn doubled(&mut self, second: &str, double: Token, single: Token) {
        let token = if self.take_if(second) { double } else { single };
        self.operator(token);
    }

    /// What is between two quotes.
    fn quoted(&mut self, quote: char) -> Option<()> {
        self.word.get_or_insert_default();
        loop {
            match self.take()? {
                end if end == quote => return Some(()),
                expanded @ ('$' | '`') if quote == '"' => self.expansion(expanded)?,
                '\\' if quote == '"' => {
                    let escaped = self.take()?;
                    self.push(escaped);
                }
                other => self.push(other),
            }
        }
    }

    /// `$NAME`, `${...}`, `$(...)`, or what is between two backquotes: kept as it is written.
    fn expansion(&mut self, opening: char) -> Option<()> {
        self.push(opening);
        let (open, close) = match (opening, self.rest.chars().next()) {
            ('`', _) => ('`', '`'),
            (_, Some('{')) => ('{', '}'),
            (_, Some('(')) => ('(', ')'),
            _ => return Some(()),
        };
        let mut depth = usize::from(open == close);
        loop {
            let character = self.take()?;
            self.push(character);
            if character == close {
                depth -= 1;
            } else if character == open {
                depth += 1;
            }
            if depth == 0 {
                return Some(());
            }
        }
    }

    fn redirect_into(&mut self) {
        self.end_descriptor();
        let _ = self.take_if(">") || self.take_if("&") || self.take_if("|");
        self.redirection = Some(Redirection::Into);
    }

    fn redirect_from(&mut self) -> Option<()> {
        if self.rest.starts_with('<') {
            return None;
        }
        self.end_descriptor();
        let both = self.take_if(">");
        self.take_if("&");
        self.redirection = Some(if both { Redirection::Into } else { Redirection::From });
        Some(())
    }

    /// A number right before a redirection is the file that is redirected, and no word.
    fn end_descriptor(&mut self) {
        if self.word.as_ref().is_some_and(|word| word.chars().all(|c| c.is_ascii_digit())) {
            self.word = None;
        }
        self.end_word();
    }

    fn end_word(&mut self) {
        let Some(word) = self.word.take() else { return };
        match self.redirection.take() {
            None => self.tokens.push(Token::Word(word)),
            Some(Redirection::Into) if !goes_nowhere(&word) => self.tokens.push(Token::Writes),
            Some(_) => {}
        }
    }
}

/// Whether a redirection to it leaves nothing behind: another descriptor, or a device that only shows it.
fn goes_nowhere(target: &str) -> bool {
    let descriptor = !target.is_empty() && target.chars().all(|c| c.is_ascii_digit() || c == '-');
    descriptor || target.starts_with("/dev/") || target.starts_with("/proc/")
}

#[cfg(test)]
mod tests {
    use super::{Token::*, *};

    fn word(text: &str) -> Token {
        Word(text.to_owned())
    }

    #[test]
    fn scripts_come_apart_into_words_and_operators() {
        let (a, b, c) = (word("a"), word("b"), word("c"));
        for (script, wanted) in [
            ("sleep 30", vec![word("sleep"), word("30")]),
            ("a;b && c", vec![a.clone(), Next, b.clone(), And, c.clone()]),
            ("a|b||c&", vec![a.clone(), Pipe, b.clone(), Or, c.clone(), Background]),
            ("(a\n)", vec![Open, a.clone(), Next, Close]),
            ("'a; b' \"c\"", vec![word("a; b"), c.clone()]),
            ("a#b '' # c", vec![word("a#b"), word("")]),
            ("a \\; b\\\n c", vec![a.clone(), word(";"), b.clone(), c.clone()]),
            ("a \"x\\\"y\"", vec![a.clone(), word("x\"y")]),
            ("a $B ${B:-c d} $(b; c) `b c`", ["a", "$B", "${B:-c d}", "$(b; c)", "`b c`"].map(word).to_vec()),
            ("a $((1 + (2))) \"$(b \"c\")\"", ["a", "$((1 + (2)))", "$(b \"c\")"].map(word).to_vec()),
            ("$", vec![word("$")]),
        ] {
            assert_eq!(tokens(script), Some(wanted), "{script}");
        }
    }

    #[test]
    fn redirections_leave_at_most_that_something_is_written() {
        let (a, b, five) = (word("a"), word("b"), word("5"));
        for (script, wanted) in [
            ("a >/dev/null 2>&1; b", vec![a.clone(), Next, b.clone()]),
            ("a &>/dev/null 5", vec![a.clone(), five.clone()]),
            ("a 5 >> log", vec![a.clone(), five.clone(), Writes]),
            ("a 5> log", vec![a.clone(), Writes]),
            ("a x5>log", vec![a.clone(), word("x5"), Writes]),
            ("a < file 5", vec![a.clone(), five.clone()]),
            ("a >&2", vec![a.clone()]),
            ("a >| x", vec![a.clone(), Writes]),
            ("a <> x", vec![a.clone(), Writes]),
            ("a >/proc/1/fd/1", vec![a.clone()]),
        ] {
            assert_eq!(tokens(script), Some(wanted), "{script}");
        }
    }

    #[test]
    fn what_is_not_read_here_is_not_taken_apart() {
        for script in ["a <<END\nb\nEND", "a <(b)", "echo 'a", "echo \"a", "a $(b", "a `b", "a >", "a \\"] {
            assert_eq!(tokens(script), None, "{script}");
        }
    }
}
