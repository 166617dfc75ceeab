//! The command line in the AWS CLI's passes: a first look, the global options, the service's word, the operation's options.
//!
//! Each pass hands on what it does not know. What stands in the files that values name is left to `param_file`, the order of everything
//! after the command line to the room's own page.

use super::endpoint;
use super::failure::Failure;
use super::grammar::{self, Expected, Found};
use super::likeness::close_to;
use super::options::{FIRST_PASS, GLOBAL, OPERATION};
use super::python;
use super::query;

/// What was asked for.
pub(super) enum Asked {
    /// The help text.
    Help,
    /// The version.
    Version,
    /// A password to be set, or a skeleton.
    Operation(Operation),
}

/// The global options.
#[derive(Default)]
pub(super) struct Globals {
    found: Found,
    /// Compiled by the time the rest is read.
    pub query: Option<query::Query>,
    /// Seconds; zero means none.
    pub read_timeout: Option<i64>,
    /// Seconds; zero means none.
    pub connect_timeout: Option<i64>,
}

impl Globals {
    /// The value of a global option.
    pub fn value(&self, name: &str) -> Option<&str> {
        self.found.last(name)
    }

    /// Whether it was given.
    pub fn has(&self, name: &str) -> bool {
        self.found.has(name)
    }
}

/// The operation's own options.
pub(super) struct Operation {
    found: Found,
    /// The required options that are neither there nor waived.
    pub missing: Vec<&'static str>,
    /// What was left over, as the AWS CLI lists it.
    pub unknown: Vec<String>,
}

impl Operation {
    /// The value of one of its options.
    pub fn value(&self, name: &str) -> Option<&str> {
        self.found.last(name)
    }

    /// Whether it was given.
    pub fn has(&self, name: &str) -> bool {
        self.found.has(name)
    }

    /// `--permanent` or `--no-permanent`, whichever came last.
    pub fn permanent(&self) -> Option<bool> {
        self.found.options.iter().rev().find_map(|(name, _)| match *name {
            "--permanent" => Some(true),
            "--no-permanent" => Some(false),
            _ => None,
        })
    }
}

const COMMAND: Expected = Expected { name: "command", required: true, choices: &[super::SERVICE] };
const NAME_OF_OPERATION: Expected = Expected { name: "operation", required: true, choices: &[super::OPERATION, "help"] };
const HELP: Expected = Expected { name: "help", required: false, choices: &[] };
const REQUIRED: [&str; 3] = ["--user-pool-id", "--username", "--password"];

/// The look that the AWS CLI takes first, for `--profile` and `--debug` alone. The result is the profile.
///
/// # Errors
/// [`Failure::FirstPass`].
pub(super) fn first_pass(args: &[String]) -> Result<Option<String>, Failure> {
    let found = grammar::parse(&FIRST_PASS, &[], args).map_err(Failure::FirstPass)?;
    Ok(found.last("--profile").map(str::to_owned))
}

/// Takes the global options out of `args`, and hands back the rest: from the name of the operation on.
///
/// # Errors
/// [`Failure`] where they do not follow the grammar.
pub(super) fn globals(args: &[String]) -> Result<(Globals, Vec<String>), Failure> {
    let mut found = grammar::parse(&GLOBAL, &[COMMAND], args).map_err(Failure::Usage)?;
    let rest = std::mem::take(&mut found.rest);
    Ok((Globals { found, ..Globals::default() }, rest))
}

impl Globals {
    /// Looks at those values that the AWS CLI looks at before the operation.
    ///
    /// # Errors
    /// [`Failure`] for a query, an endpoint or a time-out that is none.
    pub fn check(&mut self) -> Result<(), Failure> {
        if let Some(expression) = self.value("--query") {
            let query = query::compile(expression).map_err(|why| Failure::Invalid(format!("Bad value for --query {expression}: {why}")))?;
            self.query = Some(query);
        }
        if let Some(url) = self.value("--endpoint-url") {
            endpoint::check_scheme(url)?;
        }
        self.connect_timeout = self.seconds("--cli-connect-timeout")?;
        self.read_timeout = self.seconds("--cli-read-timeout")?;
        Ok(())
    }

    fn seconds(&self, name: &str) -> Result<Option<i64>, Failure> {
        self.value(name).map(python::int).transpose().map_err(Failure::Other)
    }
}

/// Reads what follows the service's name.
///
/// # Errors
/// [`Failure::Usage`] where it does not follow the grammar. What is missing or unknown is no error yet.
pub(super) fn operation(args: &[String]) -> Result<Asked, Failure> {
    let mut service = grammar::parse(&[], &[NAME_OF_OPERATION], args).map_err(Failure::Usage)?;
    let args = std::mem::take(&mut service.rest);
    if service.words.first().is_some_and(|word| word == "help") || args == ["help"] {
        return Ok(Asked::Help);
    }
    let mut found = grammar::parse(&OPERATION, &[HELP], &args).map_err(Failure::Usage)?;
    let missing = if waives_required(&args) {
        Vec::new()
    } else {
        let from_elsewhere = found.has("--password-stdin") || found.has("--password-file");
        let is_there = |name: &str| found.has(name) || (name == "--password" && from_elsewhere);
        REQUIRED.into_iter().filter(|name| !is_there(name)).collect()
    };
    let mut unknown = std::mem::take(&mut found.rest);
    // An empty word is nothing to the AWS CLI.
    if let Some(word) = found.words.pop().filter(|word| !word.is_empty()) {
        if word == "help" && missing.is_empty() {
            return Ok(Asked::Help);
        }
        unknown.push(word);
    }
    withhold_passwords(&mut unknown);
    Ok(Asked::Operation(Operation { found, missing, unknown }))
}

/// What an unknown option was given that is nearly `--password`, and that the AWS CLI would repeat.
fn withhold_passwords(unknown: &mut [String]) {
    const WITHHELD: &str = "[withheld]";
    let is_meant = |option: &str| option.starts_with("--pass") || !close_to(option, &["--password"]).is_empty();
    for at in 0..unknown.len() {
        match unknown[at].split_once('=') {
            Some((option, _)) if is_meant(option) => unknown[at] = format!("{option}={WITHHELD}"),
            None if is_meant(&unknown[at]) => {
                if let Some(value) = unknown.get_mut(at + 1).filter(|value| !value.starts_with("--")) {
                    WITHHELD.clone_into(value);
                }
            }
            _ => {}
        }
    }
}

/// Whether an option that brings the required ones with it stands there in full and as a word of its own.
fn waives_required(args: &[String]) -> bool {
    let skeleton = args.iter().position(|arg| arg == "--generate-cli-skeleton");
    args.iter().any(|arg| arg == "--cli-input-json" || arg == "--cli-input-yaml")
        || skeleton.is_some_and(|at| args.get(at + 1).is_none_or(|value| value != "output"))
}
