//! The options that the AWS CLI knows, as tables: the global ones, those of `admin-set-user-password`, and the two that its first pass
//! looks for.
//!
//! The order is that of the AWS CLI's declarations, since it shows in messages. How an option is recognised is left to `grammar`.

/// What follows the name of an option.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Arity {
    /// Nothing.
    Flag,
    /// A value.
    Value,
    /// A value, or else this one.
    OptionalValue(&'static str),
}

/// An option.
#[derive(Debug)]
pub(super) struct Spec {
    /// Its name, with the dashes.
    pub name: &'static str,
    /// What follows the name.
    pub arity: Arity,
    /// The values it may have; empty where any will do.
    pub choices: &'static [&'static str],
    /// Whether a beginning of the name will do. Ours that the AWS CLI does not have want the whole name, so that every beginning means what
    /// it means there.
    pub abbreviated: bool,
}

const fn flag(name: &'static str) -> Spec {
    Spec { name, arity: Arity::Flag, choices: &[], abbreviated: true }
}

const fn value(name: &'static str) -> Spec {
    Spec { name, arity: Arity::Value, choices: &[], abbreviated: true }
}

const fn choice(name: &'static str, choices: &'static [&'static str]) -> Spec {
    Spec { name, arity: Arity::Value, choices, abbreviated: true }
}

const fn in_full(spec: Spec) -> Spec {
    Spec { abbreviated: false, ..spec }
}

/// Options of `aws` itself: they stand anywhere.
pub(super) static GLOBAL: [Spec; 19] = [
    flag("--debug"),
    value("--endpoint-url"),
    flag("--no-verify-ssl"),
    flag("--no-paginate"),
    choice("--output", &["json", "text", "table", "yaml", "yaml-stream", "off"]),
    value("--query"),
    value("--profile"),
    value("--region"),
    flag("--version"),
    choice("--color", &["on", "off", "auto"]),
    flag("--no-sign-request"),
    value("--ca-bundle"),
    value("--cli-read-timeout"),
    value("--cli-connect-timeout"),
    choice("--cli-binary-format", &["base64", "raw-in-base64-out"]),
    flag("--no-cli-pager"),
    flag("--cli-auto-prompt"),
    flag("--no-cli-auto-prompt"),
    choice("--cli-error-format", &["legacy", "json", "yaml", "text", "table", "enhanced"]),
];

/// Options of `admin-set-user-password`.
pub(super) static OPERATION: [Spec; 10] = [
    value("--user-pool-id"),
    value("--username"),
    value("--password"),
    flag("--permanent"),
    flag("--no-permanent"),
    value("--cli-input-json"),
    value("--cli-input-yaml"),
    Spec {
        name: "--generate-cli-skeleton",
        arity: Arity::OptionalValue("input"),
        choices: &["input", "output", "yaml-input"],
        abbreviated: true,
    },
    in_full(flag("--password-stdin")),
    in_full(value("--password-file")),
];

/// What the AWS CLI looks for before everything else.
pub(super) static FIRST_PASS: [Spec; 2] = [value("--profile"), flag("--debug")];
