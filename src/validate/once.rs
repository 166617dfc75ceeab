//! The survey of an input that can be read only once: what it holds and what is wrong with it, for a dry run that will not send it.

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use super::{Checked, Duplicates, Finding, Policies, Survey, stream};
use crate::input::{InputError, Reader};

/// Reads an input from where it stands to its end. `findings` hears every rule that a row breaks, in input order.
///
/// # Errors
/// [`InputError`] where the input fails.
pub fn survey_once(
    reader: &mut Reader,
    policies: &mut Policies<'_>,
    duplicates: Duplicates,
    findings: &mut dyn FnMut(Finding),
) -> Result<Survey, InputError> {
    let pools = BTreeMap::new();
    let mut survey = Survey { rows: 0, valid: 0, invalid: 0, skipped: 0, permanent: 0, temporary: 0, pools, duplicates };
    let Survey { rows, valid, invalid, skipped, permanent, temporary, pools, duplicates } = &mut survey;
    stream(reader, policies, duplicates, &mut |checked: Checked<'_>| {
        *rows += 1;
        match checked {
            Checked::Valid(row) => {
                *valid += 1;
                *(if row.lifetime().is_permanent() { &mut *permanent } else { &mut *temporary }) += 1;
                pools.entry(row.pool().clone()).or_default().add(row.lifetime());
            }
            Checked::Invalid { findings: found, .. } => {
                *invalid += 1;
                found.into_iter().for_each(&mut *findings);
            }
            Checked::Skipped { .. } => *skipped += 1,
        }
        ControlFlow::Continue(())
    })?;
    Ok(survey)
}
