//! What was typed → what it means: the only place that knows flags.
//!
//! Each command has a file with its arguments (as clap reads them) and one function that makes a job of them. Doing the job is left to
//! the rooms that it is for.

mod check;
mod inputs;
mod live;
mod report;
mod run;
mod sandbox;
mod service;

use clap::{ArgAction, Args, Parser, Subcommand, ValueEnum};

use crate::preflight::Refusal;
use crate::report::{LogForm, begin_log};
use crate::run::Exit;

/// Sets the passwords of Amazon Cognito users from a file, at the rate that the account allows, and says of every row what became of it.
#[derive(Debug, Parser)]
#[command(name = "cognito-passwd", version, arg_required_else_help = true, after_help = EXAMPLES)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
    #[command(flatten)]
    log: LogArgs,
}

#[derive(Debug, Args)]
#[command(next_help_heading = "Log")]
struct LogArgs {
    /// Log each step to standard error; -vv logs each answer as well. Never a password
    #[arg(short, long, action = ArgAction::Count, global = true)]
    verbose: u8,
    /// How the log is written
    #[arg(long, value_enum, value_name = "FORM", default_value = "text", global = true)]
    log_format: LogFormArg,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum LogFormArg {
    Text,
    Json,
}

const EXAMPLES: &str = "\
Examples:
  cognito-passwd check users.csv                     find what is wrong with a file; nothing is sent
  cognito-passwd run users.csv --sandbox --yes       rehearse it against a local Cognito
  cognito-passwd run users.csv                       set the passwords: shows a plan and asks first
  cognito-passwd admin-set-user-password help        one user, with the options of `aws cognito-idp admin-set-user-password`

A file has the columns user_pool_id, username, password, permanent:
  user_pool_id,username,password,permanent
  us-east-1_Ab12Cd34e,alice@example.com,Correct-Horse-7,true

Exit codes: 0 every row set (or the check passed), 1 some rows not set, 2 refused and nothing sent, 3 stopped early,
4 some rows unknown, 129, 130 and 143 interrupted.";

#[derive(Debug, Subcommand)]
enum Command {
    Run(run::Args),
    Check(check::Args),
    Report(report::Args),
    Sandbox(sandbox::Args),
}

impl Cli {
    /// Does what was asked.
    ///
    /// # Errors
    /// [`Refusal`] when nothing was sent.
    pub fn run(self) -> Result<Exit, Refusal> {
        begin_log(
            self.log.verbose,
            match self.log.log_format {
                LogFormArg::Text => LogForm::Text,
                LogFormArg::Json => LogForm::Json,
            },
        );
        match self.command {
            Command::Run(args) => crate::run::run(&args.job(self.log.verbose > 0)?),
            Command::Check(args) => crate::check::check(&args.job()?),
            Command::Report(args) => args.run(),
            Command::Sandbox(args) => args.run(),
        }
    }
}
