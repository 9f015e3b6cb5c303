//! What a command judges: the files behind its paths, with the rules that hold for each.

use crate::base::{Mode, Problem, Source};
use crate::cli::Run;
use crate::cli::args::InputArgs;
use crate::cli::configured::Configured;
use crate::cli::inputs::{self, Inputs, STANDARD_INPUT_NAME};
use crate::engine::{Engine, Input};
use crate::manifest::{Limits, Reading, read_documents};
use rayon::prelude::*;
use std::io;
use std::path::Path;
use std::sync::Arc;

/// The files behind the paths of a command, with the configuration of each; not yet read.
pub struct Gathering<'a> {
    args: &'a InputArgs,
    /// What is to be read.
    pub files: Inputs,
    /// The configurations.
    pub configured: Configured,
}

impl<'a> Gathering<'a> {
    /// Finds the files and their configurations.
    ///
    /// # Errors
    /// Paths that are not there, a configuration that cannot be used.
    pub fn of(args: &'a InputArgs) -> anyhow::Result<Self> {
        let files = inputs::collect(&args.paths)?;
        let configured = Configured::load(named_paths(args, &files), &args.config, args.assume_membership)?;
        Ok(Self { args, files, configured })
    }

    /// Says which configuration is used for which files, where that was asked for.
    pub fn say_uses(&self, run: &mut Run<'_>) {
        for used in self.configured.uses().into_iter().filter(|_| self.args.verbose) {
            run.streams.say(&format!("configuration: {used}\n"));
        }
    }

    /// All of standard input, where it is to be read.
    pub fn standard_input(&self, run: &mut Run<'_>) -> Option<io::Result<Vec<u8>>> {
        self.files.standard_input.then(|| run.streams.whole_input())
    }

    /// The name that standard input is reported under.
    pub fn standard_input_name(&self) -> String {
        let given = self.args.stdin_filename.as_ref();
        given.map_or_else(|| STANDARD_INPUT_NAME.to_owned(), |name| name.display().to_string())
    }

    /// The rules that hold under each configuration.
    ///
    /// # Errors
    /// A selected rule that does not exist, a rule that cannot be bound.
    pub fn engines(&self) -> anyhow::Result<Vec<Engine>> {
        let configurations = self.configured.configurations().iter();
        configurations.map(|it| it.bind(self.configured.settings(it), Mode::Warn, &self.args.select)).collect()
    }

    /// The texts, and the problems of what cannot be read.
    pub fn read(&self, standard_input: Option<io::Result<Vec<u8>>>) -> (Vec<Source>, Vec<Problem>) {
        let name = self.standard_input_name();
        inputs::read(&self.files, standard_input.map(|bytes| (name.as_str(), bytes)))
    }

    /// What the texts say, each made an input with the rules that hold for it. Each text that was read is told.
    pub fn inputs<'e>(
        &self,
        sources: &[Source],
        engines: &'e [Engine],
        input: fn(&Arc<str>, Reading, &'e Engine) -> Input<'e>,
        tell: &(dyn Fn() + Sync),
    ) -> Vec<Input<'e>> {
        let limits = self.limits();
        let read = sources.par_iter().filter_map(|source| {
            let engine = engines.get(self.configured.index_for(source.name())?)?;
            let reading = read_documents(source, &limits);
            tell();
            Some(input(source.name(), reading, engine))
        });
        read.collect()
    }

    /// The limits under which texts are read.
    pub fn limits(&self) -> Limits {
        Limits { max_document_bytes: self.args.max_document_size, ..Limits::default() }
    }
}

/// All inputs by name and path; standard input lies where its name says, else in the current folder.
fn named_paths<'a>(args: &'a InputArgs, inputs: &'a Inputs) -> Vec<(&'a str, &'a Path)> {
    let files = inputs.files.iter().map(|(name, path)| (name.as_str(), path.as_path()));
    let standard_input = args.stdin_filename.as_deref().unwrap_or(Path::new(STANDARD_INPUT_NAME));
    let standard_input =
        inputs.standard_input.then(|| (standard_input.to_str().unwrap_or(STANDARD_INPUT_NAME), standard_input));
    files.chain(standard_input).collect()
}
