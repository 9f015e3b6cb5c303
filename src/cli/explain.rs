//! `seaworthy rules` and `seaworthy explain`: what there is to be found, without judging anything.

use crate::checks;
use crate::cli::args::{ExplainArgs, RulesArgs};
use crate::cli::configured::Configured;
use crate::cli::{Exit, Run};
use crate::policy::{Rule, builtin_example};
use crate::report::rules::{Example, render_list, render_page};
use serde_json::Value;

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
    let rule = configuration.settings.tuned(configuration.find(&args.rule)?);
    let schema = checks::check(&rule.spec.check).map_or(Value::Null, |check| (check.schema)());
    let (bad, good) = builtin_example(rule.id()).unzip();
    let page = render_page(&rule, &schema, Example { bad, good }, run.terminal.columns());
    run.streams.result(&page)?;
    Ok(Exit::Clean)
}
