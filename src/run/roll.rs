//! What the journal knows of every row before the first call leaves: what it is recognized by, or why it is never sent.

use std::ops::ControlFlow;
use std::time::SystemTime;

use crate::input::Reader;
use crate::journal::{Draft, JournalError};
use crate::outcome::{Fate, Outcome};
use crate::preflight::Refusal;
use crate::row::Identity;
use crate::validate::{Candidate, Checked, Duplicates, Policies, stream};

/// Enters every row of a file that was surveyed, in order.
///
/// # Errors
/// [`Refusal`] where the file cannot be read again or has changed, or the disk takes no more.
pub(super) fn call(
    draft: &mut Draft,
    reader: &mut Reader,
    policies: &mut Policies<'_>,
    duplicates: &mut Duplicates,
) -> Result<(), Refusal> {
    let mut entered = Ok(());
    stream(reader, policies, duplicates, &mut |checked: Checked<'_>| {
        entered = enter(draft, checked);
        if entered.is_ok() { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    })?;
    Ok(entered?)
}

fn enter(draft: &mut Draft, checked: Checked<'_>) -> Result<(), JournalError> {
    // An invalid row may be mended before the run is resumed, and is then another one.
    let digest = if matches!(checked, Checked::Invalid { .. }) { None } else { checked.digest() };
    draft.enter(digest)?;
    match Lot::of(checked) {
        Lot::Sent(_) => Ok(()),
        Lot::Unsent(identity, fate) => draft.result(identity.row, &fate, SystemTime::now()),
    }
}

/// Whether a row is sent.
pub(super) enum Lot<'b> {
    /// It is.
    Sent(Candidate<'b>),
    /// It is not, and this is its end.
    Unsent(Identity, Fate),
}

impl<'b> Lot<'b> {
    pub(super) fn of(checked: Checked<'b>) -> Self {
        match checked {
            Checked::Valid(candidate) => Self::Sent(candidate),
            Checked::Invalid { row, findings } => {
                let texts: Vec<_> = findings.iter().map(|finding| finding.message.as_str()).collect();
                let code = findings.first().map_or("invalid", |finding| finding.rule.code());
                Self::Unsent(row, Fate::unsent(Outcome::Invalid, code, texts.join("; ")))
            }
            Checked::Skipped { row, winner } => {
                Self::Unsent(row, Fate::unsent(Outcome::Skipped, "duplicate", format!("row {winner} for the same user wins")))
            }
        }
    }
}
