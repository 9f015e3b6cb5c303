//! `seaworthy rules` and `seaworthy explain`: what there is to be found, without judging anything.

use crate::cli::args::{ExplainArgs, RulesArgs};
use crate::cli::configured::Configured;
use crate::cli::{Exit, Run, rule_page};
use crate::policy::Rule;
use crate::report::rule_text;
use crate::report::rules::render_list;

/// Lists the rules as they are under the configuration of the current folder.
///
/// # Errors
/// A configuration that cannot be used, a result that cannot be written.
pub fn rules(args: &RulesArgs, run: &mut Run<'_>) -> anyhow::Result<Exit> {
    let configuration = Configured::here(&args.config)?;
    let rules: Vec<Rule> = configuration.rules.rules().iter().map(|rule| configuration.settings.tuned(rule)).collect();
    run.streams.result(&render_list(&rules.iter().collect::<Vec<_>>()))?;
    Ok(Exit::Clean)
}

/// Prints the page of one rule, as it is under the configuration of the current folder.
///
/// # Errors
/// No such rule, a configuration that cannot be used, a result that cannot be written.
pub fn explain(args: &ExplainArgs, run: &mut Run<'_>) -> anyhow::Result<Exit> {
    let configuration = Configured::here(&args.config)?;
    let page = rule_page::page(configuration.find(&args.rule)?, &configuration, run.terminal.columns(), run.today)?;
    run.streams.result(&rule_text::render(&page, run.terminal.columns()))?;
    Ok(Exit::Clean)
}
