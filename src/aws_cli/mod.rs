//! `admin-set-user-password`, as `aws cognito-idp` has it: one user, with that program's options, messages and exit codes.
//!
//! The order of the checks is part of the promise, since the first failure is the one that is shown. It can be read from top to bottom in
//! `Call::prepare` and `Call::make`. Sending is left to [`crate::cognito`]; files with many users are left to the other commands.

mod answer;
mod auto_prompt;
mod command_line;
mod debug;
mod endpoint;
mod failure;
mod frame;
mod grammar;
mod help;
mod input;
mod interrupt;
pub(crate) mod json_text;
mod likeness;
mod options;
mod output;
mod param_file;
mod prompt;
pub(crate) mod python;
mod query;
mod query_words;
mod send;
mod skeleton;
mod structure;
mod surroundings;
mod table;
mod validation;
mod yaml_scalar;
pub(crate) mod yaml_text;

use std::ffi::OsString;
use std::io::{self, Write};

use tokio::runtime::Runtime;

use self::command_line::{Asked, Globals, Operation};
use self::debug::Log;
use self::failure::Failure;
use self::frame::Form;
use self::input::Members;
use self::python::Value;
use self::surroundings::Surroundings;
use crate::cognito::variable;
use crate::secret::Password;

/// The AWS CLI's name for the service.
const SERVICE: &str = "cognito-idp";
/// Its name for the operation.
const OPERATION: &str = "admin-set-user-password";

/// The command line of the AWS CLI, where `args` is one: `cognito-idp …`, or the operation alone, with global options in front.
#[must_use]
pub fn command_line(args: &[OsString]) -> Option<Vec<OsString>> {
    let texts: Vec<String> = args.iter().map(|arg| arg.to_string_lossy().into_owned()).collect();
    let at = grammar::first_word(&options::GLOBAL, &texts)?;
    let mut args = args.to_vec();
    match texts[at].as_str() {
        SERVICE => Some(args),
        OPERATION => {
            args.insert(at, SERVICE.into());
            Some(args)
        }
        _ => None,
    }
}

/// Does what the command line says, prints what is to be said, and returns the exit code.
#[must_use]
pub fn run(args: Vec<OsString>) -> u8 {
    let mut call = Call::default();
    match call.make(args) {
        Ok(text) => {
            let _ = io::stdout().lock().write_all(text.as_bytes());
            0
        }
        Err(failure) => {
            let text = frame::render(&failure, call.form());
            let _ = io::stderr().lock().write_all(text.as_bytes());
            if matches!(failure, Failure::Interrupted) {
                println!();
            }
            failure.code()
        }
    }
}

/// What is known of a call so far: errors look different with it.
#[derive(Default)]
struct Call {
    profile: Option<String>,
    globals: Globals,
    typed: Option<Password<'static>>,
    runtime: Option<Runtime>,
}

impl Call {
    /// Everything, in the AWS CLI's order. The result is for standard output.
    fn make(&mut self, args: Vec<OsString>) -> Result<String, Failure> {
        let operation = match self.prepare(args)? {
            Asked::Help => return Ok(help::TEXT.to_owned()),
            Asked::Version => return Ok(format!("cognito-passwd {}\n", env!("CARGO_PKG_VERSION"))),
            Asked::Operation(operation) => operation,
        };
        let ask = self.asks_for_password(&operation)?;
        if !operation.unknown.is_empty() {
            return Err(Failure::UnknownOptions(operation.unknown));
        }
        let mut members = input::read(&operation)?;
        match operation.value("--generate-cli-skeleton") {
            Some("input") => return Ok(skeleton::JSON.to_owned()),
            Some("yaml-input") => return Ok(skeleton::YAML.to_owned()),
            _ => {}
        }
        let surroundings = self.look()?;
        let ask = ask || (members.get("Password").is_none() && self.may_ask(&operation));
        validation::check(&members, ask)?;
        if operation.has("--generate-cli-skeleton") {
            return output::render(self.globals.query.as_ref(), &surroundings.output);
        }
        if ask {
            self.ask(&mut members)?;
        }
        self.send(&surroundings, members)?;
        output::render(self.globals.query.as_ref(), &surroundings.output)
    }

    /// The command line alone: first pass, questions, global options, the operation's options.
    fn prepare(&mut self, args: Vec<OsString>) -> Result<Asked, Failure> {
        let mut args = texts(args)?;
        self.profile = command_line::first_pass(&args)?;
        if auto_prompt::is_wanted(&args)? {
            (args, self.typed) = auto_prompt::complete(&args)?;
        }
        let (globals, rest) = command_line::globals(&args)?;
        self.globals = globals;
        if self.globals.has("--version") {
            return Ok(Asked::Version);
        }
        self.globals.check()?;
        command_line::operation(&rest)
    }

    /// Whether the password will be asked for.
    ///
    /// # Errors
    /// [`Failure::Usage`] where something is missing that will not be asked for.
    fn asks_for_password(&self, operation: &Operation) -> Result<bool, Failure> {
        match operation.missing.as_slice() {
            [] => Ok(false),
            ["--password"] if self.may_ask(operation) => Ok(true),
            missing => Err(Failure::Usage(grammar::required(missing))),
        }
    }

    fn may_ask(&self, operation: &Operation) -> bool {
        !operation.has("--generate-cli-skeleton") && (self.typed.is_some() || prompt::is_possible())
    }

    fn ask(&mut self, members: &mut Members) -> Result<(), Failure> {
        let username = match members.get("Username") {
            Some(Value::Str(username)) => username.clone(),
            _ => String::new(),
        };
        let password = self.typed.take().map_or_else(|| prompt::new_password(&username), Ok)?;
        members.set("Password", Value::Str(password.expose().to_owned()));
        Ok(())
    }

    fn look(&mut self) -> Result<Surroundings, Failure> {
        let globals = std::mem::take(&mut self.globals);
        let surroundings = self.wait(surroundings::look(&globals));
        self.globals = globals;
        surroundings
    }

    fn send(&mut self, surroundings: &Surroundings, members: Members) -> Result<(), Failure> {
        let from_file = members.file_with_line_end.clone();
        let request = validation::request(members);
        let log = Log::new(self.globals.has("--debug"));
        log.call(surroundings, &request);
        let mut sent = self.wait(send::send(surroundings, &request, &log));
        if let (Err(Failure::Service(refusal)), Some(file)) = (&mut sent, from_file)
            && matches!(refusal.code.as_str(), "InvalidPasswordException" | "InvalidParameterException")
        {
            refusal.remark = Some(format!(
                "The password ends in a line end: file:// keeps the one at the end of {file}, and Amazon Cognito takes no password that \
                 ends in white space. --password-file leaves one line end out."
            ));
        }
        sent
    }

    /// Waits for `work` on this thread. Ctrl-C ends it.
    fn wait<T>(&mut self, work: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
        let no_runtime = |error: io::Error| Failure::Other(format!("Cannot start: {error}"));
        let runtime = match self.runtime.take() {
            Some(runtime) => runtime,
            None => tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(no_runtime)?,
        };
        let result = runtime.block_on(async {
            tokio::select! {
                result = work => result,
                Ok(()) = tokio::signal::ctrl_c() => Err(Failure::Interrupted),
            }
        });
        self.runtime = Some(runtime);
        result
    }

    /// The form of an error. Where the profile cannot be read, it is the bare one, as in the AWS CLI.
    fn form(&mut self) -> Form {
        if let Some(form) = self.globals.value("--cli-error-format").and_then(Form::named) {
            return form;
        }
        if let Some(name) = variable("AWS_CLI_ERROR_FORMAT") {
            return Form::named(&name).unwrap_or(Form::Enhanced);
        }
        let choice = surroundings::profile_choice(self.profile.as_deref());
        match self.wait(surroundings::profile(choice.as_ref())) {
            Ok(profile) => profile.get("cli_error_format").and_then(Form::named).unwrap_or(Form::Enhanced),
            Err(_) => Form::Legacy,
        }
    }
}

fn texts(args: Vec<OsString>) -> Result<Vec<String>, Failure> {
    let not_text = |at: usize| Failure::Invalid(format!("argument {at} is not UTF-8 text"));
    args.into_iter().enumerate().map(|(at, arg)| arg.into_string().map_err(|_| not_text(at + 1))).collect()
}
