//! Maps and lists by indentation.

use super::node::Place;
use super::{Parser, State};
use crate::manifest::fault::{Fault, Syntax};
use crate::manifest::yaml::token::Kind;

impl Parser<'_> {
    pub(super) fn block_list(&mut self) -> Result<(), Fault> {
        match self.peek()? {
            Kind::Entry => {
                self.take()?;
                self.states.push(State::BlockList);
                match self.peek()? {
                    Kind::Entry | Kind::BlockEnd => self.nothing(),
                    _ => self.node(Place::Block),
                }
            }
            Kind::BlockEnd => self.block_end(),
            _ => Err(self.unexpected(|_| Syntax::NoEntry)),
        }
    }

    pub(super) fn indentless_list(&mut self) -> Result<(), Fault> {
        let Kind::Entry = self.peek()? else { return self.composer.close(None) };
        self.take()?;
        self.states.push(State::IndentlessList);
        match self.peek()? {
            Kind::Entry | Kind::Key | Kind::Colon | Kind::BlockEnd => self.nothing(),
            _ => self.node(Place::Block),
        }
    }

    pub(super) fn block_map_key(&mut self) -> Result<(), Fault> {
        match self.peek()? {
            Kind::Key => {
                self.take()?;
                self.states.push(State::BlockMapValue);
                self.block_map_node()
            }
            Kind::BlockEnd => self.block_end(),
            _ => Err(self.unexpected(|_| Syntax::NoKey)),
        }
    }

    pub(super) fn block_map_value(&mut self) -> Result<(), Fault> {
        self.states.push(State::BlockMapKey);
        match self.peek()? {
            Kind::Colon => {
                self.take()?;
                self.block_map_node()
            }
            _ => self.nothing(),
        }
    }

    fn block_map_node(&mut self) -> Result<(), Fault> {
        match self.peek()? {
            Kind::Key | Kind::Colon | Kind::BlockEnd => self.nothing(),
            _ => self.node(Place::BlockMapEntry),
        }
    }

    fn block_end(&mut self) -> Result<(), Fault> {
        self.scanner.take()?;
        self.composer.close(None)
    }
}
