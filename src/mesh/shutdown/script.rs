//! The lapse of a shell script, as far as its text decides it: what is surely run, and how long it sleeps meanwhile.
//!
//! A script is taken to do what it is written for: a command that is no condition succeeds. Whatever depends on something else is not
//! counted. Nothing is ever expanded or run.

use crate::mesh::shutdown::command::{DEEPEST, base_name, simple_command};
use crate::mesh::shutdown::lapse::{Lapse, Then, longer};
use crate::mesh::shutdown::lexer::{Token, tokens};

/// The lapse of a script; `errexit` where its shell ends at the first command that fails. None where it cannot be followed at all:
/// functions, `case`, blocks that do not balance, and what no token is made of.
pub(super) fn script_lapse(script: &str, errexit: bool, depth: usize) -> Option<Lapse> {
    let tokens = tokens(script)?;
    let mut walk = Walk { tokens: &tokens, errexit, depth, background: None };
    let whole = walk.list(&[])?;
    walk.tokens.is_empty().then_some(whole.lapse)
}

struct Walk<'a> {
    /// What is left of the script.
    tokens: &'a [Token],
    errexit: bool,
    /// How many shells and blocks stand around what is read.
    depth: usize,
    /// The longest sleep of what runs in the background.
    background: Option<f64>,
}

/// A part of a script, and whether it asks something: then nobody knows how it comes out.
struct Step {
    lapse: Lapse,
    asks: bool,
}

impl Walk<'_> {
    /// Commands up to one of these keywords, a closing parenthesis or the end.
    fn list(&mut self, ends: &[&str]) -> Option<Step> {
        let mut total = Step { lapse: Lapse::INSTANT, asks: false };
        loop {
            while self.take_if(&Token::Next) {}
            let at_end = match self.tokens.first() {
                None | Some(Token::Close) => true,
                Some(Token::Word(word)) => ends.contains(&word.as_str()),
                Some(_) => false,
            };
            if at_end {
                return Some(total);
            }
            let mut step = self.chain()?;
            if self.take_if(&Token::Background) {
                self.background = longer(self.background, step.lapse.sleeps);
                step = Step { lapse: Lapse { sleeps: None, ..step.lapse.in_subshell().doing_more() }, asks: false };
            }
            total = Step { lapse: total.lapse.followed_by(step.lapse), asks: step.asks };
        }
    }

    /// Commands joined by `&&` and `||`.
    fn chain(&mut self) -> Option<Step> {
        let Step { mut lapse, mut asks } = self.pipeline()?;
        loop {
            let joins_success = match self.tokens.first() {
                Some(Token::And) => true,
                Some(Token::Or) => false,
                _ => return Some(Step { lapse, asks }),
            };
            self.tokens = self.tokens.get(1..)?;
            while self.take_if(&Token::Next) {}
            let next = self.pipeline()?;
            lapse = match (asks, joins_success) {
                (true, _) => lapse.perhaps_followed_by(next.lapse),
                (false, true) => lapse.followed_by(next.lapse),
                (false, false) => lapse.followed_by(Lapse::ORDINARY),
            };
            asks = if joins_success { asks || next.asks } else { asks && next.asks };
        }
    }

    /// Commands joined by `|`: they run beside each other, each in a shell of its own.
    fn pipeline(&mut self) -> Option<Step> {
        let negated = self.take_keyword("!");
        let mut program_asks = self.is_question();
        let mut step = self.command()?;
        while self.take_if(&Token::Pipe) {
            while self.take_if(&Token::Next) {}
            program_asks = self.is_question();
            let next = self.command()?;
            let lapse = step.lapse.in_subshell().beside(next.lapse.in_subshell());
            step = Step { lapse, asks: next.asks };
        }
        step.asks |= negated;
        let is_tested = negated || matches!(self.tokens.first(), Some(Token::And | Token::Or));
        if program_asks && self.errexit && !is_tested {
            step.lapse = step.lapse.followed_by(Lapse::LOST);
        }
        Some(step)
    }

    /// Whether a program comes that is run for its answer.
    fn is_question(&self) -> bool {
        matches!(self.tokens.first(), Some(Token::Word(word)) if ASKING.contains(&base_name(word)))
    }

    /// A program with its arguments, or a block.
    fn command(&mut self) -> Option<Step> {
        self.depth += 1;
        let step = if self.depth > DEEPEST { None } else { self.block_or_program() };
        self.depth -= 1;
        step
    }

    fn block_or_program(&mut self) -> Option<Step> {
        let mut step = match self.tokens.first()? {
            Token::Open => self.enclosed(&Token::Open, &Token::Close)?,
            Token::Word(word) => match word.as_str() {
                "{" => self.enclosed(&keyword("{"), &keyword("}"))?,
                "if" | "elif" => Step { lapse: self.condition()?, asks: true },
                "while" | "until" | "for" => Step { lapse: self.repeated()?, asks: true },
                word if UNREAD.contains(&word) => return None,
                _ => return self.simple(),
            },
            _ => return None,
        };
        if self.take_if(&Token::Writes) {
            step.lapse = step.lapse.doing_more();
        }
        Some(step)
    }

    /// `{ ...; }`, or `( ... )` in a shell of its own.
    fn enclosed(&mut self, open: &Token, close: &Token) -> Option<Step> {
        self.take_if(open);
        let mut step = self.list(&["}"])?;
        if *open == Token::Open {
            step.lapse = step.lapse.in_subshell();
        }
        self.take_if(close).then_some(step)
    }

    /// `if`: the shortest of its branches counts.
    fn condition(&mut self) -> Option<Lapse> {
        self.tokens = self.tokens.get(1..)?;
        let errexit = std::mem::replace(&mut self.errexit, false);
        let asked = self.list(&["then"])?.lapse;
        self.take_keyword("then").then_some(())?;
        self.errexit = errexit;
        let then = self.list(&["elif", "else", "fi"])?.lapse;
        let otherwise = match self.tokens.first()? {
            // What follows is an `if` of its own, with the same end.
            Token::Word(word) if word == "elif" => return Some(asked.followed_by(then.or(self.command()?.lapse))),
            _ if self.take_keyword("else") => self.list(&["fi"])?.lapse,
            _ => Lapse::INSTANT,
        };
        self.take_keyword("fi").then_some(asked.followed_by(then.or(otherwise)))
    }

    /// A loop: how often it runs, and whether it ends, is not known.
    fn repeated(&mut self) -> Option<Lapse> {
        self.tokens = self.tokens.get(1..)?;
        self.list(&["do"])?;
        self.take_keyword("do").then_some(())?;
        self.list(&["done"])?;
        self.take_keyword("done").then_some(Lapse::LOST)
    }

    fn simple(&mut self) -> Option<Step> {
        let asks = self.is_question();
        let (mut words, mut writes) = (Vec::new(), false);
        loop {
            match self.tokens.first() {
                Some(Token::Word(word)) => words.push(word.as_str()),
                Some(Token::Writes) => writes = true,
                // A function.
                Some(Token::Open) => return None,
                _ => break,
            }
            self.tokens = self.tokens.get(1..)?;
        }
        match words.as_slice() {
            ["set", options @ ..] => self.errexit |= options.iter().any(|it| it.starts_with('-') && it.contains('e')),
            ["wait", ..] => return Some(Step { lapse: self.awaited(), asks: false }),
            _ => {}
        }
        let lapse = simple_command(&words, self.depth);
        Some(Step { lapse: if writes { lapse.doing_more() } else { lapse }, asks })
    }

    /// `wait`: what runs in the background has ended after it.
    fn awaited(&mut self) -> Lapse {
        Lapse { sleeps: self.background.take(), only_sleeps: false, then: Then::GoesOn }
    }

    fn take_if(&mut self, token: &Token) -> bool {
        let rest = self.tokens.split_first().filter(|(first, _)| *first == token).map(|(_, rest)| rest);
        self.tokens = rest.unwrap_or(self.tokens);
        rest.is_some()
    }

    fn take_keyword(&mut self, word: &str) -> bool {
        self.take_if(&keyword(word))
    }
}

fn keyword(word: &str) -> Token {
    Token::Word(word.to_owned())
}

/// Keywords of what is not followed, and those that stand where none belongs.
const UNREAD: [&str; 10] = ["case", "esac", "select", "function", "do", "done", "then", "else", "fi", "}"];

/// Programs that are run for their answer.
const ASKING: [&str; 15] = [
    "[", "[[", "test", "pgrep", "pidof", "ps", "grep", "egrep", "fgrep", "which", "command", "type", "nc", "expr",
    "false",
];
