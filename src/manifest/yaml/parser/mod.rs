//! From tokens to structure: a machine with a stack of states, one for each open map and list.
//!
//! `node` reads values and keys, `block` and `flow` what is between them. Source of the rules:
//! `parserc.go` of <https://github.com/yaml/go-yaml/tree/v2>.

mod block;
mod flow;
mod node;

use super::Outcome;
use super::scanner::Scanner;
use super::token::{Kind, Token};
use crate::manifest::compose::Composer;
use crate::manifest::fault::{Fault, Seen, Syntax};
use crate::manifest::limits::Limits;
use crate::manifest::tree::Range;
use node::Place;
use std::collections::HashMap;

pub(super) fn read(text: &str, limits: &Limits) -> Outcome {
    let mut parser = Parser {
        scanner: Scanner::new(text),
        composer: Composer::new(text, limits),
        states: Vec::new(),
        anchors: HashMap::new(),
        anchor_count: 0,
        last_end: 0,
    };
    let read = parser.document();
    let Parser { scanner, composer, .. } = parser;
    Outcome {
        seen_to: scanner.seen_to(),
        texts: if read.is_err() { composer.texts() } else { Vec::new() },
        unread: read.as_ref().ok().copied().flatten(),
        read: read.map(|_| composer.finish()),
        comments: scanner.comments,
    }
}

struct Parser<'t> {
    scanner: Scanner<'t>,
    composer: Composer<'t>,
    states: Vec<State>,
    /// The number of the anchor that each name stands for so far.
    anchors: HashMap<&'t str, usize>,
    anchor_count: usize,
    /// Where the last token ended that was taken: what is not written stands there.
    last_end: u32,
}

/// What comes next in an open map or list; with the place of its bracket, if it has one.
#[derive(Debug, Clone, Copy)]
enum State {
    BlockList,
    /// A block list whose dashes stand in the column of the key that it is the value of.
    IndentlessList,
    BlockMapKey,
    BlockMapValue,
    FlowList {
        open: Range,
        first: bool,
    },
    /// A map of one entry, written in a list without braces: `[a: b]`.
    FlowPairKey,
    FlowPairValue,
    FlowPairEnd,
    FlowMapKey {
        open: Range,
        first: bool,
    },
    FlowMapValue {
        open: Range,
    },
    /// A key without a colon: `{a, b}`.
    FlowMapNoValue {
        open: Range,
    },
}

impl<'t> Parser<'t> {
    /// Reads a document; gives where it ends if there is more behind it.
    fn document(&mut self) -> Result<Option<u32>, Fault> {
        let is_explicit = *self.peek()? == Kind::DocumentStart;
        if is_explicit {
            self.take()?;
        }
        match self.peek()? {
            Kind::StreamEnd => return Ok(None),
            Kind::DocumentStart | Kind::DocumentEnd if is_explicit => {}
            _ => self.node(Place::Block)?,
        }
        while let Some(state) = self.states.pop() {
            self.advance(state)?;
        }
        if let Kind::DocumentEnd = self.peek()? {
            self.take()?;
            return Ok(self.scanner.text_behind());
        }
        let next = self.scanner.peek()?;
        Ok((next.kind != Kind::StreamEnd).then_some(next.range.start))
    }

    fn peek(&mut self) -> Result<&Kind<'t>, Fault> {
        self.scanner.peek().map(|token| &token.kind)
    }

    fn take(&mut self) -> Result<Token<'t>, Fault> {
        let token = self.scanner.take()?;
        self.last_end = token.range.end.max(self.last_end);
        Ok(token)
    }

    /// The fault that something else was wanted than the next token.
    fn unexpected(&mut self, syntax: impl FnOnce(Seen) -> Syntax) -> Fault {
        match self.scanner.peek() {
            Ok(token) => {
                let range = token.range;
                let seen = self.scanner.seen_at(range.start);
                Fault::new(range, syntax(seen))
            }
            Err(fault) => fault,
        }
    }

    /// The fault that a bracket is not closed, or what else was wanted than the next token.
    fn unclosed(&mut self, open: Range, unclosed: Syntax, syntax: Syntax) -> Fault {
        match self.scanner.peek() {
            Ok(Token { kind: Kind::StreamEnd | Kind::DocumentStart | Kind::DocumentEnd, .. }) => {
                Fault::new(open, unclosed)
            }
            _ => self.unexpected(|_| syntax),
        }
    }

    fn advance(&mut self, state: State) -> Result<(), Fault> {
        match state {
            State::BlockList => self.block_list(),
            State::IndentlessList => self.indentless_list(),
            State::BlockMapKey => self.block_map_key(),
            State::BlockMapValue => self.block_map_value(),
            State::FlowList { open, first } => self.flow_list(open, first),
            State::FlowPairKey => self.flow_pair_key(),
            State::FlowPairValue => self.flow_pair_value(),
            State::FlowPairEnd => self.composer.close(None),
            State::FlowMapKey { open, first } => self.flow_map_key(open, first),
            State::FlowMapValue { open } => self.flow_map_value(open),
            State::FlowMapNoValue { open } => {
                self.states.push(State::FlowMapKey { open, first: false });
                self.nothing()
            }
        }
    }
}
