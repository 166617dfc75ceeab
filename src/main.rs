//! Parses, calls the library, returns the exit code.

use std::io::Write;
use std::process::ExitCode;

use clap::Parser;
use clap::error::ErrorKind;
use cognito_passwd::aws_cli;
use cognito_passwd::cli::Cli;
use cognito_passwd::report::{end_on_a_bug, plain, plain_lines, say};
use cognito_passwd::secret::forbid_core_dumps;
use zeroizing_alloc::ZeroAlloc;

#[global_allocator]
static WIPES_WHAT_IS_FREED: ZeroAlloc<std::alloc::System> = ZeroAlloc(std::alloc::System);

fn main() -> ExitCode {
    end_on_a_bug();
    if let Err(error) = forbid_core_dumps() {
        say(format_args!("warning: core dumps cannot be forbidden, and would hold passwords: {error}\n"));
    }
    if let Some(args) = aws_cli::command_line(&std::env::args_os().skip(1).collect::<Vec<_>>()) {
        return aws_cli::run(args).into();
    }
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return not_a_command(&error),
    };
    match cli.run() {
        Ok(exit) => exit.code().into(),
        Err(refusal) => {
            say(format_args!("error: {}\n", plain_lines(&refusal.to_string(), "       ")));
            ExitCode::from(2)
        }
    }
}

/// Help and version go to standard output; what is wrong with a command line goes to standard error, without what a terminal might obey.
fn not_a_command(error: &clap::Error) -> ExitCode {
    match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => {
            // `print!` would panic where nobody reads.
            if write!(std::io::stdout(), "{error}").is_ok() { ExitCode::SUCCESS } else { ExitCode::from(2) }
        }
        _ => {
            for line in error.to_string().lines() {
                say(format_args!("{}\n", plain(line)));
            }
            ExitCode::from(2)
        }
    }
}
