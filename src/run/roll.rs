//! What the journal knows of every row before the first call leaves: what it is recognized by, or why it is never sent.

use std::time::SystemTime;

use crate::input::Reader;
use crate::journal::{Draft, JournalError};
use crate::outcome::{Fate, Outcome};
use crate::preflight::{LeftOut, Refusal};
use crate::row::Identity;
use crate::validate::{Candidate, Checked, Duplicates, Policies, each_row};

/// Enters every row of a file that was surveyed, in order.
///
/// # Errors
/// [`Refusal`] where the file cannot be read again or has changed, or the disk takes no more.
pub(super) fn call(
    draft: &mut Draft,
    reader: &mut Reader,
    (policies, duplicates): (&mut Policies<'_>, &mut Duplicates),
    left_out: &LeftOut,
) -> Result<(), Refusal> {
    each_row(reader, policies, duplicates, |checked| Ok(enter(draft, checked, left_out)?))
}

fn enter(draft: &mut Draft, checked: Checked<'_>, left_out: &LeftOut) -> Result<(), JournalError> {
    let digest = checked.digest();
    match Lot::of(checked, left_out) {
        Lot::Sent(_) => draft.enter(digest),
        Lot::Unsent(identity, fate) => {
            // An invalid row may be mended before the run is resumed, and is then another one.
            draft.enter(if fate.outcome == Outcome::Invalid { None } else { digest })?;
            draft.result(identity.row, &fate, SystemTime::now())
        }
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
    pub(super) fn of(checked: Checked<'b>, left_out: &LeftOut) -> Self {
        match checked {
            Checked::Valid(candidate) => match left_out.fate(candidate.number()) {
                Some(fate) => Self::Unsent(candidate.identity(), fate),
                None => Self::Sent(candidate),
            },
            Checked::Invalid { row, findings } => {
                let texts: Vec<_> = findings.iter().map(|finding| finding.message.as_str()).collect();
                let code = findings.first().map_or("invalid", |finding| finding.rule.code());
                Self::Unsent(row, Fate::unsent(Outcome::Invalid, code, texts.join("; ")))
            }
            Checked::Skipped { row, winner } => Self::Unsent(row, Fate::lost_to(winner)),
        }
    }
}
