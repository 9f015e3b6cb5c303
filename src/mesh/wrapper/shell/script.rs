//! The commands of a shell script: which are loops, and which block closes where.
//!
//! What does not balance is said, so that nothing is claimed about it.

use crate::mesh::wrapper::shell::tokens::{Separator, Token};
use std::ops::Range;

/// One command of a list, with what stands before and after it.
#[derive(Debug)]
pub(in crate::mesh::wrapper) struct Item<'a> {
    /// Its tokens among those of the list; redirections behind a block are part of it.
    pub(in crate::mesh::wrapper) tokens: Range<usize>,
    pub(in crate::mesh::wrapper) kind: ItemKind<'a>,
    pub(in crate::mesh::wrapper) before: Separator,
    pub(in crate::mesh::wrapper) after: Separator,
}

impl Item<'_> {
    /// Whether it runs whatever the commands beside it do.
    pub(in crate::mesh::wrapper) fn is_alone(&self) -> bool {
        self.before == Separator::Next && self.after == Separator::Next
    }
}

#[derive(Debug)]
pub(in crate::mesh::wrapper) enum ItemKind<'a> {
    /// Words: a program and its arguments, assignments and redirection targets among them.
    Simple(&'a [Token]),
    /// `until`, `while` or `for`, with everything up to `do`, and everything between `do` and `done`.
    Loop { keyword: &'a str, head: &'a [Token], body: &'a [Token] },
    /// `if`, `case`, `{ }` or `( )`, unparsed: what is in it may or may not be run.
    Block(&'a [Token]),
    /// A function, with its body to the end of the item: nothing runs until it is called.
    Function { name: &'a str, body: &'a [Token] },
}

/// The commands of a list of tokens; `None` when blocks do not balance.
pub(in crate::mesh::wrapper) fn items(tokens: &[Token]) -> Option<Vec<Item<'_>>> {
    let mut items = Vec::new();
    let (mut at, mut before) = (0, Separator::Next);
    while at < tokens.len() {
        if let Token::Separator(separator) = tokens[at] {
            // Several separators in a row: line ends after `&&` and empty lines change nothing.
            if separator != Separator::Next {
                before = separator;
            }
            at += 1;
            continue;
        }
        let (kind, end) = item(tokens, at)?;
        let after = match tokens.get(end) {
            Some(Token::Separator(separator)) => *separator,
            _ => Separator::Next,
        };
        items.push(Item { tokens: at..end, kind, before, after });
        before = after;
        at = end + usize::from(matches!(tokens.get(end), Some(Token::Separator(_))));
    }
    Some(items)
}

/// The command that begins at `at`, and where it ends.
fn item(tokens: &[Token], at: usize) -> Option<(ItemKind<'_>, usize)> {
    if let Some((name, start)) = function(tokens, at) {
        // A body that is a function again is an error.
        let end = function(tokens, start).is_none().then(|| item(tokens, start)).flatten()?.1;
        return Some((ItemKind::Function { name, body: &tokens[start..end] }, end));
    }
    match tokens[at].keyword() {
        Some(keyword @ ("until" | "while" | "for")) => {
            let middle = matching(tokens, at + 1, "do")?;
            let end = matching(tokens, middle + 1, "done")?;
            let (head, body) = (&tokens[at + 1..middle], &tokens[middle + 1..end]);
            Some((ItemKind::Loop { keyword, head, body }, skip_redirections(tokens, end + 1)))
        }
        Some("if") => block(tokens, at, "fi"),
        Some("case") => block(tokens, at, "esac"),
        Some("{") => block(tokens, at, "}"),
        Some("do" | "done" | "then" | "fi" | "esac" | "}") => None,
        _ if tokens[at] == Token::Open => {
            let end = close_of(tokens, at)?;
            Some((ItemKind::Block(&tokens[at..end]), skip_redirections(tokens, end)))
        }
        _ => {
            let words = tokens[at..].iter().take_while(|token| token.text().is_some()).count();
            if words == 0 { None } else { Some((ItemKind::Simple(&tokens[at..at + words]), at + words)) }
        }
    }
}

/// The name of the function that is declared at `at`, and where its body begins: `name()`, `function name`, or both.
fn function(tokens: &[Token], at: usize) -> Option<(&str, usize)> {
    let has_keyword = tokens.get(at)?.keyword() == Some("function");
    let name_at = at + usize::from(has_keyword);
    // `LIST=()` is an array.
    let name = tokens.get(name_at)?.text().filter(|name| !name.contains('='))?;
    let behind = tokens.get(name_at + 1..)?;
    let parentheses = if behind.starts_with(&[Token::Open, Token::Close]) { 2 } else { 0 };
    let start = name_at + 1 + parentheses;
    let lines = tokens.get(start..)?.iter().take_while(|token| **token == Token::Separator(Separator::Next)).count();
    let is_declared = parentheses > 0 || has_keyword && tokens.get(start + lines)?.keyword() == Some("{");
    (is_declared && start + lines < tokens.len()).then_some((name, start + lines))
}

fn block<'a>(tokens: &'a [Token], at: usize, close: &str) -> Option<(ItemKind<'a>, usize)> {
    let end = matching(tokens, at + 1, close)?;
    Some((ItemKind::Block(&tokens[at..=end]), skip_redirections(tokens, end + 1)))
}

/// Targets of redirections after a block: `done > /dev/null 2>&1`.
fn skip_redirections(tokens: &[Token], from: usize) -> usize {
    from + tokens[from..].iter().take_while(|token| token.text().is_some()).count()
}

fn close_of(tokens: &[Token], open: usize) -> Option<usize> {
    let mut depth = 0_usize;
    for (at, token) in tokens.iter().enumerate().skip(open) {
        match token {
            Token::Open => depth += 1,
            Token::Close if depth == 1 => return Some(at + 1),
            Token::Close => depth -= 1,
            _ => {}
        }
    }
    None
}

/// The keyword that closes a block, stepping over the blocks inside. Keywords count only where a command may begin.
fn matching(tokens: &[Token], from: usize, close: &str) -> Option<usize> {
    let mut open: Vec<&str> = vec![close];
    let mut command_may_begin = true;
    for (at, token) in tokens.iter().enumerate().skip(from) {
        let is_body = || at >= 2 && tokens[at - 2].keyword() == Some("function");
        let keyword = token.keyword().filter(|word| command_may_begin || *word == "{" && is_body());
        if keyword.is_some() && keyword == open.last().copied() {
            open.pop();
            if open.is_empty() {
                return Some(at);
            }
        }
        match keyword {
            Some("until" | "while" | "for") => open.push("done"),
            Some("if") => open.push("fi"),
            Some("case") => open.push("esac"),
            Some("{") => open.push("}"),
            _ => {}
        }
        command_may_begin = token.text().is_none()
            || matches!(keyword, Some("do" | "then" | "else" | "elif" | "if" | "while" | "until" | "{" | "!"));
    }
    None
}

/// Whether a command fails only where the script has no sense anyway.
pub(in crate::mesh::wrapper) fn is_harmless(item: &Item<'_>) -> bool {
    const HARMLESS: [&str; 9] = ["echo", "printf", "sleep", "set", "trap", "export", "local", "cd", ":"];
    match &item.kind {
        ItemKind::Simple(words) => words.first().and_then(Token::text).is_some_and(|word| HARMLESS.contains(&word)),
        _ => false,
    }
}

/// Whether the script may end here, or become another program: `exit`, `exec`, also within a block.
pub(in crate::mesh::wrapper) fn may_leave(item: &Item<'_>) -> bool {
    let leaves =
        |tokens: &[Token]| tokens.iter().any(|token| matches!(token.keyword(), Some("exit" | "exec" | "return")));
    match &item.kind {
        ItemKind::Simple(words) => leaves(words.get(..1).unwrap_or_default()),
        ItemKind::Loop { head, body, .. } => leaves(head) || leaves(body),
        ItemKind::Block(tokens) => leaves(tokens),
        ItemKind::Function { .. } => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mesh::wrapper::shell::tokens::tokens;

    fn outline(script: &str) -> Option<String> {
        let tokens = tokens(script)?;
        let words = |tokens: &[Token]| tokens.iter().filter_map(Token::text).collect::<Vec<_>>().join(" ");
        let describe = |item: &Item<'_>| {
            let kind = match &item.kind {
                ItemKind::Simple(tokens) => words(tokens),
                ItemKind::Loop { keyword, head, body } => format!("{keyword}[{}][{}]", words(head), words(body)),
                ItemKind::Block(tokens) => format!("block[{}]", words(tokens)),
                ItemKind::Function { name, body } => format!("{name}()[{}]", words(body)),
            };
            format!("{kind} {:?}", item.after)
        };
        Some(items(&tokens)?.iter().map(describe).collect::<Vec<_>>().join("; "))
    }

    #[test]
    fn commands_are_told_apart() {
        for (script, wanted) in [
            ("a b && c || d; e & f", "a b And; c Or; d Next; e Background; f Next"),
            ("a | grep -q 'x y' > /dev/null 2>&1 &", "a Pipe; grep -q x y /dev/null 2 1 Background"),
            ("a &> out.txt\n# until z\nb", "a out.txt Next; b Next"),
            ("A=$(b; c) \"d $(e)\" `f g`", "A=$(b; c) d $(e) f g Next"),
            ("[ \"$(a -w \"x y\" b)\" = 1 ]; c", "[ $(a -w \"x y\" b) = 1 ] Next; c Next"),
            ("a \\\n b &&\n c", "a b And; c Next"),
            ("a '(' \"(\" b", "a ( ( b Next"),
            ("a \"$( (b) \"c d\" )\" e", "a $( (b) \"c d\" ) e Next"),
            ("a \"b \\\" c\" d", "a b \\\" c d Next"),
            ("a '\\' b", "a \\ b Next"),
        ] {
            assert_eq!(outline(script).as_deref(), Some(wanted), "{script}");
        }
    }

    #[test]
    fn loops_are_found_with_head_and_body() {
        for (script, wanted) in [
            ("until a; do sleep 1; done; b", "until[a][sleep 1] Next; b Next"),
            ("while true; do if a; then break; fi; done", "while[true][if a then break fi] Next"),
            ("for i in 1 2; do while b; do c; done; done & d", "for[i in 1 2][while b do c done] Background; d Next"),
            ("until a; do echo do done; done > x", "until[a][echo do done] Next"),
            ("if a; then until b; do c; done; fi", "block[if a then until b do c done fi] Next"),
            ("(until a; do b; done) & c", "block[until a do b done] Background; c Next"),
            ("if a; then if b; then c; fi; d; fi; e", "block[if a then if b then c fi d fi] Next; e Next"),
            (
                "case a in b) case c in d) e;; esac; f;; esac; g",
                "block[case a in b case c in d e esac f esac] Next; g Next",
            ),
            ("f() { until a; do b; done; }; f", "f()[{ until a do b done }] Next; f Next"),
            ("f ()\n{ a; } > x\nf", "f()[{ a } x] Next; f Next"),
            ("function f { a; }; f", "f()[{ a }] Next; f Next"),
            (
                "{ function f() { a; }; function g\n{ b; }; }; f",
                "block[{ function f { a } function g { b } }] Next; f Next",
            ),
            ("f() (a); function g; h", "f()[a] Next; function g Next; h Next"),
        ] {
            assert_eq!(outline(script).as_deref(), Some(wanted), "{script}");
        }
    }

    #[test]
    fn what_is_not_followed_is_said() {
        for script in ["until a; do b", "a 'b", "cat <<EOF\nuntil\nEOF", "done", "a $(b", "(a", "fi", "f() g() a"] {
            assert_eq!(outline(script), None, "{script}");
        }
    }
}
