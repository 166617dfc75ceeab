//! What a failure looks like on standard error, in the form that was asked for with `--cli-error-format`.

use super::failure::{Failure, Refusal};
use super::{structure, table};
use crate::report::plain;

/// How to ask for help: our commands in the place of the AWS CLI's.
const USAGE: &str = "\
usage: cognito-passwd [options] cognito-idp admin-set-user-password [parameters]
To see help text, you can run:

  cognito-passwd cognito-idp help
  cognito-passwd cognito-idp admin-set-user-password help
";

/// The usage of the first pass.
const USAGE_OF_FIRST_PASS: &str = "usage: cognito-passwd [--profile PROFILE] [--debug]\n";

/// The forms of an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// The message and what it is about.
    Enhanced,
    /// The message alone.
    Legacy,
    /// An object of JSON.
    Json,
    /// A map of YAML.
    Yaml,
    /// A line with tabs.
    Text,
    /// A table.
    Table,
}

impl Form {
    /// The form of this name.
    pub fn named(name: &str) -> Option<Self> {
        Some(match name {
            "enhanced" => Self::Enhanced,
            "legacy" => Self::Legacy,
            "json" => Self::Json,
            "yaml" => Self::Yaml,
            "text" => Self::Text,
            "table" => Self::Table,
            _ => return None,
        })
    }
}

/// The whole text for standard error.
pub(super) fn render(failure: &Failure, form: Form) -> String {
    match failure {
        Failure::Interrupted => String::new(),
        Failure::UnknownOptions(names) => format!("\n{USAGE}\n\n{}", framed(&format!("Unknown options: {}", names.join(", ")))),
        Failure::Other(message) => format!("\n{}", framed(message)),
        Failure::Usage(message) => coded("ParamValidation", &format!("{}\n\n{USAGE}", lines(message.trim())), form),
        Failure::FirstPass(message) => coded("ParamValidation", &format!("{}\n\n{USAGE_OF_FIRST_PASS}", lines(message.trim())), form),
        Failure::Invalid(message) => coded("ParamValidation", &lines(message.trim()), form),
        Failure::NotConfigured { code, message } => coded(code, message, form),
        Failure::Service(refusal) => service(refusal, form),
    }
}

/// A failure of our own: with a code of the AWS CLI's, and the message.
fn coded(code: &str, message: &str, form: Form) -> String {
    match form {
        Form::Legacy => format!("\n{}", framed_as_is(message)),
        Form::Enhanced => format!("\n{}", framed_as_is(&format!("An error occurred ({code}): {message}"))),
        _ => object(&[("Code", code), ("Message", message)], form),
    }
}

fn service(refusal: &Refusal, form: Form) -> String {
    let Refusal { code, message, members, retries, remark } = refusal;
    let retries = retries.map(|retries| format!(" (reached max retries: {retries})")).unwrap_or_default();
    let mut text = format!("An error occurred ({code}) when calling the AdminSetUserPassword operation{retries}: {message}");
    let details: Vec<String> =
        members.iter().filter(|(name, _)| *name != "message").map(|(name, value)| format!("{name}: {value}")).collect();
    if form == Form::Enhanced && !details.is_empty() {
        text = format!("{text}\n\nAdditional error details:\n{}", details.join("\n"));
    }
    let remark = remark.as_deref().unwrap_or_default();
    match form {
        Form::Enhanced | Form::Legacy if remark.is_empty() => format!("\n{}", framed(text.trim())),
        Form::Enhanced | Form::Legacy => format!("\n{}", framed(&format!("{}\n\n{remark}", text.trim()))),
        _ => {
            let mut pairs = vec![("Message", message.as_str()), ("Code", code.as_str())];
            pairs.extend(members.iter().map(|(name, value)| (*name, value.as_str())));
            if !remark.is_empty() {
                pairs.push(("remark", remark));
            }
            object(&pairs, form)
        }
    }
}

fn object(pairs: &[(&'static str, &str)], form: Form) -> String {
    match form {
        Form::Yaml => structure::yaml(pairs),
        Form::Text => structure::text(pairs),
        Form::Table => table::of_pairs("error", pairs),
        _ => structure::json(pairs),
    }
}

fn framed(message: &str) -> String {
    framed_as_is(&lines(message))
}

fn framed_as_is(message: &str) -> String {
    format!("cognito-passwd: [ERROR]: {message}\n")
}

/// `message` without what a terminal might obey, but for line ends and tabs.
fn lines(message: &str) -> String {
    let plain_line = |line: &str| line.split('\t').map(plain).collect::<Vec<_>>().join("\t");
    message.split('\n').map(plain_line).collect::<Vec<_>>().join("\n")
}
