//! What makes a row suspect: it can be sent, and most likely sets a password that nobody will type.
//!
//! A lint is a warning unless it is asked to be more or less ([`Lints`]). What a lint looks for is told by its text and, in code, by
//! [`super::suspect`] for one row and by [`super::duplicates`] for rows beside each other.

use std::fmt;

use crate::input::Field;

/// A reason to look again at a row that could be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Lint {
    /// Curly quotes, long dashes, an ellipsis: what word processors put in the place of what was typed.
    SmartPunctuation,
    /// A control or format character, which nobody sees or types.
    InvisibleCharacter,
    /// White space other than the plain space.
    OddSpace,
    /// Backslash and letter where a line break or a character was meant.
    Escape,
    /// A variable or a template's expression that was not replaced by its value.
    Template,
    /// A word or a mask that stands for no password.
    Placeholder,
    /// A password's hash instead of the password.
    Hash,
    /// What a spreadsheet made of the password.
    Spreadsheet,
    /// UTF-8 that was read as another encoding.
    Garbled,
    /// Not in Unicode's normalization form C.
    NotNfc,
    /// The password is the username.
    IsUsername,
    /// Many rows have the same password.
    Shared,
    /// What a spreadsheet made of the username.
    UsernameSpreadsheet,
    /// Two usernames differ in case alone, and the pool may not tell them apart.
    UsernameCase,
    /// The row holds the names of columns.
    Header,
}

impl Lint {
    /// All of them.
    pub const ALL: [Self; 15] = [
        Self::SmartPunctuation,
        Self::InvisibleCharacter,
        Self::OddSpace,
        Self::Escape,
        Self::Template,
        Self::Placeholder,
        Self::Hash,
        Self::Spreadsheet,
        Self::Garbled,
        Self::NotNfc,
        Self::IsUsername,
        Self::Shared,
        Self::UsernameSpreadsheet,
        Self::UsernameCase,
        Self::Header,
    ];

    /// Its name for programs. It never changes.
    pub fn code(self) -> &'static str {
        match self {
            Self::SmartPunctuation => "password-smart-punctuation",
            Self::InvisibleCharacter => "password-invisible-character",
            Self::OddSpace => "password-odd-space",
            Self::Escape => "password-escape",
            Self::Template => "password-template",
            Self::Placeholder => "password-placeholder",
            Self::Hash => "password-hash",
            Self::Spreadsheet => "password-spreadsheet",
            Self::Garbled => "password-garbled",
            Self::NotNfc => "password-not-nfc",
            Self::IsUsername => "password-is-username",
            Self::Shared => "password-shared",
            Self::UsernameSpreadsheet => "username-spreadsheet",
            Self::UsernameCase => "username-case",
            Self::Header => "header-as-data",
        }
    }

    /// The field that it is about, unless it is about the row.
    pub fn field(self) -> Option<Field> {
        match self {
            Self::UsernameSpreadsheet | Self::UsernameCase => Some(Field::Username),
            Self::Header => None,
            _ => Some(Field::Password),
        }
    }
}

impl fmt::Display for Lint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::SmartPunctuation => {
                "the password holds a curly quote, a long dash or an ellipsis, as word processors make them of \" ' - and ... Write what is typed"
            }
            Self::InvisibleCharacter => "the password holds a character that nobody sees (zero-width, direction or control). Remove it",
            Self::OddSpace => "the password holds white space other than the plain space, a non-breaking space or a tab say. Write what is typed",
            Self::Escape => "the password holds an escape such as \\n or \\u00e9 as text. Write the character itself, or leave it out",
            Self::Template => "the password looks like a variable or a template that was not filled in. Write its value",
            Self::Placeholder => "the password looks like a placeholder for one that is missing. Write the password, or leave the row out",
            Self::Hash => "the password looks like a password's hash, and users would have to type that. Cognito imports no hashes",
            Self::Spreadsheet => "the password looks like what a spreadsheet made of it. Import the column as text, and export it again",
            Self::Garbled => "the password looks like UTF-8 that was read in another encoding. Export it again as UTF-8",
            Self::NotNfc => "the password is not in Unicode's form NFC, which keyboards type, so that the same letters may not match. Normalize it",
            Self::IsUsername => "the password is the username",
            Self::Shared => "many rows have this row's password",
            Self::UsernameSpreadsheet => "the username looks like what a spreadsheet made of it. Import the column as text, and export it again",
            Self::UsernameCase => "another row's username differs in case alone",
            Self::Header => "the row holds the names of columns: a header in the middle of a file. Remove the line",
        })
    }
}

/// What becomes of a lint.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Level {
    /// Nobody hears of it.
    Allow,
    /// It is said, and the row may be sent.
    #[default]
    Warn,
    /// The row is invalid.
    Deny,
}

/// What becomes of each lint.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Lints([Level; Lint::ALL.len()]);

impl Lints {
    /// Settles what becomes of one.
    pub fn set(&mut self, lint: Lint, level: Level) {
        self.0[lint as usize] = level;
    }

    /// What becomes of one.
    pub fn level(&self, lint: Lint) -> Level {
        self.0[lint as usize]
    }

    /// The same for whoever wants to hear of errors alone.
    pub(super) fn errors_alone(mut self) -> Self {
        self.0.iter_mut().filter(|level| **level == Level::Warn).for_each(|level| *level = Level::Allow);
        self
    }

    /// Whether none can be heard of.
    pub(super) fn are_silent(&self) -> bool {
        self.0.iter().all(|level| *level == Level::Allow)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_lint_has_its_own_level() {
        assert!(Lint::ALL.iter().enumerate().all(|(place, lint)| *lint as usize == place));
        let mut lints = Lints::default();
        lints.set(Lint::Hash, Level::Deny);
        lints.set(Lint::Header, Level::Allow);
        assert_eq!([Lint::Hash, Lint::Header, Lint::Shared].map(|lint| lints.level(lint)), [Level::Deny, Level::Allow, Level::Warn]);
        assert_eq!([Lint::Hash, Lint::Shared].map(|lint| lints.errors_alone().level(lint)), [Level::Deny, Level::Allow]);
        assert!(Lints::default().errors_alone().are_silent() && !lints.errors_alone().are_silent());
    }
}
