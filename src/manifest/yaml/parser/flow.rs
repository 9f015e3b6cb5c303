//! Maps and lists in brackets.

use super::node::Place;
use super::{Parser, State};
use crate::manifest::fault::{Fault, Syntax};
use crate::manifest::spot::Style;
use crate::manifest::tree::Range;
use crate::manifest::yaml::token::Kind;

impl Parser<'_> {
    pub(super) fn flow_list(&mut self, open: Range, first: bool) -> Result<(), Fault> {
        if !first {
            match self.peek()? {
                Kind::FlowListEnd => {}
                Kind::Comma => drop(self.take()?),
                _ => return Err(self.unclosed(open, Syntax::UnclosedList, Syntax::NoListSeparator)),
            }
        }
        match self.peek()? {
            Kind::FlowListEnd => self.flow_end(),
            Kind::Key => {
                let range = self.take()?.range;
                self.states.push(State::FlowList { open, first: false });
                self.states.push(State::FlowPairKey);
                self.composer.open_map(range, Style::Flow, None)
            }
            _ => {
                self.states.push(State::FlowList { open, first: false });
                self.flow_node(open, Syntax::UnclosedList)
            }
        }
    }

    pub(super) fn flow_pair_key(&mut self) -> Result<(), Fault> {
        self.states.push(State::FlowPairValue);
        match self.peek()? {
            Kind::Colon | Kind::Comma | Kind::FlowListEnd => {
                // As go-yaml: the mark is taken with the key that is not there.
                self.take()?;
                self.nothing()
            }
            _ => self.node(Place::Flow),
        }
    }

    pub(super) fn flow_pair_value(&mut self) -> Result<(), Fault> {
        self.states.push(State::FlowPairEnd);
        if let Kind::Colon = self.peek()? {
            self.take()?;
            if !matches!(self.peek()?, Kind::Comma | Kind::FlowListEnd) {
                return self.node(Place::Flow);
            }
        }
        self.nothing()
    }

    pub(super) fn flow_map_key(&mut self, open: Range, first: bool) -> Result<(), Fault> {
        if !first {
            match self.peek()? {
                Kind::FlowMapEnd => {}
                Kind::Comma => drop(self.take()?),
                _ => return Err(self.unclosed(open, Syntax::UnclosedMap, Syntax::NoMapSeparator)),
            }
        }
        match self.peek()? {
            Kind::FlowMapEnd => self.flow_end(),
            Kind::Key => {
                self.take()?;
                self.states.push(State::FlowMapValue { open });
                match self.peek()? {
                    Kind::Colon | Kind::Comma | Kind::FlowMapEnd => self.nothing(),
                    _ => self.flow_node(open, Syntax::UnclosedMap),
                }
            }
            _ => {
                self.states.push(State::FlowMapNoValue { open });
                self.flow_node(open, Syntax::UnclosedMap)
            }
        }
    }

    pub(super) fn flow_map_value(&mut self, open: Range) -> Result<(), Fault> {
        self.states.push(State::FlowMapKey { open, first: false });
        if let Kind::Colon = self.peek()? {
            self.take()?;
            if !matches!(self.peek()?, Kind::Comma | Kind::FlowMapEnd) {
                return self.flow_node(open, Syntax::UnclosedMap);
            }
        }
        self.nothing()
    }

    fn flow_end(&mut self) -> Result<(), Fault> {
        let end = self.take()?.range.end;
        self.composer.close(Some(end))
    }

    fn flow_node(&mut self, open: Range, unclosed: Syntax) -> Result<(), Fault> {
        if let Kind::StreamEnd = self.peek()? {
            return Err(Fault::new(open, unclosed));
        }
        self.node(Place::Flow)
    }
}
