//! The words and separators of a shell script. Nothing is ever expanded or run.

use std::ops::Range;

/// What separates two commands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::mesh) enum Separator {
    /// `;` or a line end, also before the first and after the last command.
    Next,
    /// `&&`
    And,
    /// `||`
    Or,
    /// `|`
    Pipe,
    /// `&`: the command before it runs on in the background.
    Background,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::mesh) enum Token {
    /// A word without its quotes; the text of `$(...)` and backquotes is kept. `bare` words had no quotes and may be keywords;
    /// of `quoted` ones a double quote stands before what is expanded, so that an empty value leaves a word and not none. A
    /// connection that a redirection opens (`> /dev/tcp/localhost/80`) keeps one `>` in front.
    Word {
        text: String,
        bare: bool,
        quoted: bool,
    },
    Separator(Separator),
    Open,
    Close,
}

impl Token {
    /// The text of a word.
    pub(in crate::mesh) fn text(&self) -> Option<&str> {
        match self {
            Self::Word { text, .. } => Some(text),
            _ => None,
        }
    }

    /// A word that the shell may take for a keyword.
    pub(in crate::mesh) fn keyword(&self) -> Option<&str> {
        match self {
            Self::Word { text, bare: true, .. } => Some(text),
            _ => None,
        }
    }
}

/// Groups, blocks and `$(...)` inside of each other that are followed: those who read them go from one to the next.
const DEEPEST: usize = 32;
/// Bytes of a script that is read: it is read more than once, and a container of a pod may hold many.
const LONGEST: usize = 64 * 1024;

/// The tokens of a script; `None` when it holds something that is not followed here: a here-document, a quote without its end,
/// blocks nested deeper than anybody writes them, or more text.
pub(in crate::mesh::wrapper) fn tokens(script: &str) -> Option<Vec<Token>> {
    located_tokens(script).map(|(tokens, _)| tokens)
}

/// The same, with the bytes that each token takes in the script.
pub(in crate::mesh) fn located_tokens(script: &str) -> Option<(Vec<Token>, Vec<Range<usize>>)> {
    if script.len() > LONGEST || deepest_parenthesis(script) > DEEPEST {
        return None;
    }
    let mut lexer = Lexer { script, rest: script, redirects: false, tokens: Vec::new(), spans: Vec::new() };
    while lexer.step()? {}
    (deepest(&lexer.tokens) <= DEEPEST).then_some((lexer.tokens, lexer.spans))
}

/// How many parentheses are open at the same time, at most, those in quotes among them: a text may be a script again.
fn deepest_parenthesis(script: &str) -> usize {
    let (mut open, mut most) = (0_usize, 0);
    for byte in script.bytes() {
        match byte {
            b'(' => open += 1,
            b')' => open = open.saturating_sub(1),
            _ => {}
        }
        most = most.max(open);
    }
    most
}

/// How many groups and blocks are open at the same time, at most.
fn deepest(tokens: &[Token]) -> usize {
    let (mut open, mut most) = (0_usize, 0);
    for token in tokens {
        match (token, token.keyword()) {
            (Token::Open, _) | (_, Some("{" | "if" | "do" | "case")) => open += 1,
            (Token::Close, _) | (_, Some("}" | "fi" | "done" | "esac")) => open = open.saturating_sub(1),
            _ => {}
        }
        most = most.max(open);
    }
    most
}

struct Lexer<'a> {
    script: &'a str,
    rest: &'a str,
    /// Whether a redirection stands before the next word.
    redirects: bool,
    tokens: Vec<Token>,
    spans: Vec<Range<usize>>,
}

/// The operator that a text begins with, and its length; without a token it is a redirection, of which nothing is kept.
fn operator(text: &str) -> Option<(usize, Option<Token>)> {
    let bytes = text.as_bytes();
    let is_twice = bytes.get(1) == bytes.first();
    let separator = |length, separator| Some((length, Some(Token::Separator(separator))));
    match (bytes.first()?, bytes.get(1)) {
        (b'&', Some(b'>')) | (b'>', Some(b'&' | b'>')) | (b'<', Some(b'&')) => Some((2, None)),
        (b'>' | b'<', _) => Some((1, None)),
        (b'&', _) if is_twice => separator(2, Separator::And),
        (b'|', _) if is_twice => separator(2, Separator::Or),
        (b';', _) if is_twice => separator(2, Separator::Next),
        (b'|', _) => separator(1, Separator::Pipe),
        (b'&', _) => separator(1, Separator::Background),
        (b';' | b'\n', _) => separator(1, Separator::Next),
        (b'(', _) => Some((1, Some(Token::Open))),
        (b')', _) => Some((1, Some(Token::Close))),
        _ => None,
    }
}

/// Whether a character ends a word that has no quotes.
fn ends_word(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\r' | b'\n' | b';' | b'&' | b'|' | b'(' | b')' | b'<' | b'>')
}

impl Lexer<'_> {
    /// Reads one token; false at the end.
    fn step(&mut self) -> Option<bool> {
        self.rest = self.rest.trim_start_matches([' ', '\t', '\r']);
        if let Some(rest) = self.rest.strip_prefix("\\\n") {
            self.rest = rest;
            return Some(true);
        }
        if self.rest.starts_with('#') {
            self.rest = self.rest.find('\n').map_or("", |end| &self.rest[end..]);
        }
        if self.rest.is_empty() {
            return Some(false);
        }
        if self.rest.starts_with("<<") {
            return None;
        }
        let start = self.offset();
        match operator(self.rest) {
            Some((length, token)) => {
                self.rest = &self.rest[length..];
                self.redirects = token.is_none();
                self.tokens.extend(token);
            }
            None => self.word()?,
        }
        if self.spans.len() < self.tokens.len() {
            self.spans.push(start..self.offset());
        }
        Some(true)
    }

    fn offset(&self) -> usize {
        self.script.len() - self.rest.len()
    }

    fn word(&mut self) -> Option<()> {
        let first = self.rest.bytes().find(|byte| matches!(byte, b'"' | b'$' | b'`') || ends_word(*byte));
        let quoted = first == Some(b'"');
        let (mut text, mut bare) = (String::new(), true);
        if std::mem::take(&mut self.redirects) && self.rest.trim_start_matches(['"', '\'']).starts_with("/dev/tcp/") {
            text.push('>');
        }
        while let Some(byte) = self.rest.bytes().next().filter(|byte| !ends_word(*byte)) {
            match byte {
                b'\'' | b'"' | b'`' => {
                    text.push_str(self.quoted(byte.into())?);
                    bare = false;
                }
                b'$' if self.rest.starts_with("$(") => {
                    text.push_str(self.substitution()?);
                    bare = false;
                }
                b'\\' => {
                    let mut pair = self.rest[1..].chars();
                    text.extend(pair.next());
                    self.rest = pair.as_str();
                    bare = false;
                }
                _ => text.push_str(self.plain()),
            }
        }
        self.tokens.push(Token::Word { text, bare, quoted });
        Some(())
    }

    /// The characters that stand for themselves, with the one that the rest begins with.
    fn plain(&mut self) -> &str {
        let special = |byte: u8| matches!(byte, b'\'' | b'"' | b'`' | b'$' | b'\\') || ends_word(byte);
        let end = self.rest.bytes().skip(1).position(special).map_or(self.rest.len(), |at| at + 1);
        let (plain, rest) = self.rest.split_at(end);
        self.rest = rest;
        plain
    }

    /// What is between two quotes, with escapes left as they are. A `$( ... )` within double quotes has quotes of its own.
    fn quoted(&mut self, quote: char) -> Option<&str> {
        let inside = &self.rest[1..];
        let (mut escaped, mut depth, mut previous) = (false, 0_usize, quote);
        for (at, character) in inside.char_indices() {
            match character {
                '(' if quote == '"' && (previous == '$' || depth > 0) => depth += 1,
                ')' if depth > 0 => depth -= 1,
                _ if character == quote && !escaped && depth == 0 => {
                    self.rest = &inside[at + 1..];
                    return Some(&inside[..at]);
                }
                _ => {}
            }
            escaped = character == '\\' && !escaped && quote != '\'';
            previous = character;
        }
        None
    }

    /// `$( ... )` to the parenthesis that closes it; quotes inside are not looked at.
    fn substitution(&mut self) -> Option<&str> {
        let mut depth = 0_usize;
        for (at, character) in self.rest.char_indices() {
            match character {
                '(' => depth += 1,
                ')' if depth == 1 => {
                    let (inside, rest) = self.rest.split_at(at + 1);
                    self.rest = rest;
                    return Some(inside);
                }
                ')' => depth -= 1,
                _ => {}
            }
        }
        None
    }
}
