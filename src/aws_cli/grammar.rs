//! The grammar of Python's argparse, as far as the AWS CLI shows it, over a table of options.
//!
//! An argument is an option, a word, or the `--` after which all are words. What is not in the table is handed back in order, so that
//! one pass can follow another, each with a table of its own. What options mean is left to `command_line`.

use super::likeness;
use super::options::{Arity, Spec};
use super::python;

/// A word that a pass expects, such as the name of the operation.
#[derive(Debug)]
pub(super) struct Expected {
    /// Its name in messages.
    pub name: &'static str,
    /// Whether it must be there.
    pub required: bool,
    /// What it may be; empty where any word will do.
    pub choices: &'static [&'static str],
}

/// What a pass found.
#[derive(Default)]
pub(super) struct Found {
    /// The options of the table in the order given: the name in full, and the value where one follows.
    pub options: Vec<(&'static str, Option<String>)>,
    /// The words expected, as far as they were there.
    pub words: Vec<String>,
    /// Everything else, in order.
    pub rest: Vec<String>,
}

impl Found {
    /// The value given last; an option that takes none has an empty one.
    pub fn last(&self, name: &str) -> Option<&str> {
        self.options.iter().rev().find(|(option, _)| *option == name).map(|(_, value)| value.as_deref().unwrap_or_default())
    }

    /// Whether the option was given.
    pub fn has(&self, name: &str) -> bool {
        self.last(name).is_some()
    }
}

/// One argument, recognised.
enum Kind {
    Word,
    Dashes,
    /// The options it may mean: none for an unknown one, more than one where a beginning fits several.
    Option {
        matches: Vec<&'static Spec>,
        explicit: Option<String>,
    },
}

/// Reads `args` with `specs`, expecting `words`.
///
/// # Errors
/// The text of what is wrong.
pub(super) fn parse(specs: &'static [Spec], words: &[Expected], args: &[String]) -> Result<Found, String> {
    let mut pass = Pass { kinds: recognise(specs, args), args, expected: words, found: Found::default() };
    pass.run()?;
    let missing: Vec<&str> = pass.expected.iter().filter(|word| word.required).map(|word| word.name).collect();
    if missing.is_empty() { Ok(pass.found) } else { Err(required(&missing)) }
}

/// The message for what must be there and is not.
pub(super) fn required(names: &[&str]) -> String {
    format!("the following arguments are required: {}", names.join(", "))
}

/// The first word among `args` that is no option's value: where it stands.
pub(super) fn first_word(specs: &'static [Spec], args: &[String]) -> Option<usize> {
    let kinds = recognise(specs, args);
    let is_word = |at: usize| matches!(kinds.get(at), Some(Kind::Word));
    let mut at = 0;
    while at < kinds.len() {
        at += match &kinds[at] {
            Kind::Word => return Some(at),
            Kind::Dashes => 1,
            Kind::Option { matches, explicit: None } if matches.len() == 1 && matches[0].arity == Arity::Value && is_word(at + 1) => 2,
            Kind::Option { .. } => 1,
        };
    }
    None
}

fn recognise(specs: &'static [Spec], args: &[String]) -> Vec<Kind> {
    let mut kinds = Vec::with_capacity(args.len());
    let mut only_words = false;
    for arg in args {
        kinds.push(match arg.as_str() {
            _ if only_words => Kind::Word,
            "--" => {
                only_words = true;
                Kind::Dashes
            }
            _ => option(specs, arg),
        });
    }
    kinds
}

/// What an argument before any `--` is.
fn option(specs: &'static [Spec], arg: &str) -> Kind {
    if arg.len() < 2 || !arg.starts_with('-') {
        return Kind::Word;
    }
    let exactly = |name: &str| specs.iter().find(|spec| spec.name == name);
    if let Some(spec) = exactly(arg) {
        return Kind::Option { matches: vec![spec], explicit: None };
    }
    let (name, explicit) = match arg.split_once('=') {
        Some((name, value)) => (name, Some(value.to_owned())),
        None => (arg, None),
    };
    if let (Some(spec), true) = (exactly(name), explicit.is_some()) {
        return Kind::Option { matches: vec![spec], explicit };
    }
    if name.starts_with("--") {
        let matches: Vec<&Spec> = specs.iter().filter(|spec| spec.abbreviated && spec.name.starts_with(name)).collect();
        if !matches.is_empty() {
            return Kind::Option { matches, explicit };
        }
    }
    if is_negative_number(arg) || arg.contains(' ') { Kind::Word } else { Kind::Option { matches: Vec::new(), explicit: None } }
}

/// `-1`, `-1.5`, `-.5`: values, not options.
fn is_negative_number(arg: &str) -> bool {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    match arg.strip_prefix('-').unwrap_or_default().split_once('.') {
        Some((whole, fraction)) => (whole.is_empty() || digits(whole)) && digits(fraction),
        None => digits(arg.strip_prefix('-').unwrap_or_default()),
    }
}

/// A pass under way. The kinds run parallel to the arguments.
struct Pass<'a> {
    kinds: Vec<Kind>,
    args: &'a [String],
    expected: &'a [Expected],
    found: Found,
}

impl Pass<'_> {
    fn run(&mut self) -> Result<(), String> {
        let mut at = 0;
        while at < self.args.len() {
            if matches!(self.kinds[at], Kind::Option { .. }) {
                at = self.take_option(at)?;
                continue;
            }
            let after_words = self.take_words(at)?;
            if after_words > at {
                at = after_words;
                continue;
            }
            while at < self.args.len() && !matches!(self.kinds[at], Kind::Option { .. }) {
                self.found.rest.push(self.args[at].clone());
                at += 1;
            }
        }
        Ok(())
    }

    /// Takes the option at `at` and its value, and says where to go on.
    fn take_option(&mut self, at: usize) -> Result<usize, String> {
        let Kind::Option { matches, explicit } = &self.kinds[at] else { return Ok(at) };
        let spec = match matches.as_slice() {
            [] => {
                self.found.rest.push(self.args[at].clone());
                return Ok(at + 1);
            }
            [spec] => *spec,
            several => {
                let names: Vec<&str> = several.iter().map(|spec| spec.name).collect();
                return Err(format!("ambiguous option: {} could match {}", self.args[at], names.join(", ")));
            }
        };
        let next = match self.kinds.get(at + 1) {
            Some(Kind::Word) => Some(self.args[at + 1].clone()),
            _ => None,
        };
        let (value, after) = match (spec.arity, explicit, next) {
            (Arity::Flag, None, _) => (None, at + 1),
            (Arity::Flag, Some(value), _) => {
                return Err(format!("argument {}: ignored explicit argument {}", spec.name, python::quote(value)));
            }
            (_, Some(value), _) => (Some(value.clone()), at + 1),
            (_, None, Some(value)) => (Some(value), at + 2),
            (Arity::Value, None, None) => return Err(format!("argument {}: expected one argument", spec.name)),
            (Arity::OptionalValue(default), None, None) => (Some(default.to_owned()), at + 1),
        };
        if let Some(value) = &value {
            check_choice(spec.name, value, spec.choices)?;
        }
        self.found.options.push((spec.name, value));
        Ok(after)
    }

    /// Takes as many of the expected words as stand at `at`, with the `--` around them.
    fn take_words(&mut self, mut at: usize) -> Result<usize, String> {
        while let Some((word, others)) = self.expected.split_first() {
            let mut end = at + self.count(at, |kind| matches!(kind, Kind::Dashes));
            let value = match self.kinds.get(end) {
                Some(Kind::Word) => Some(&self.args[end]),
                _ => None,
            };
            match value {
                Some(value) => {
                    end += 1;
                    check_choice(word.name, value, word.choices)?;
                    self.found.words.push(value.clone());
                }
                None if word.required => return Ok(at),
                None => {}
            }
            at = end + self.count(end, |kind| matches!(kind, Kind::Dashes));
            self.expected = others;
        }
        Ok(at)
    }

    fn count(&self, from: usize, is: impl Fn(&Kind) -> bool) -> usize {
        self.kinds[from..].iter().take_while(|kind| is(kind)).count()
    }
}

fn check_choice(name: &str, value: &str, choices: &[&'static str]) -> Result<(), String> {
    if choices.is_empty() || choices.contains(&value) {
        return Ok(());
    }
    let mut message = format!("argument {name}: Found invalid choice '{value}'\n");
    let close = likeness::close_to(value, choices);
    if !close.is_empty() {
        message.push_str("\nMaybe you meant:\n");
        for choice in close {
            message.push_str("\n  * ");
            message.push_str(choice);
        }
    }
    Err(message)
}
