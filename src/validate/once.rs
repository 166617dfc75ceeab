//! The survey of an input that can be read only once: what it holds and what is wrong with it, for a dry run that will not send it.

use std::collections::BTreeMap;

use super::check::Verdict;
use super::duplicates::Standing;
use super::marks::Marker;
use super::pipeline::{self, CheckedBatch};
use super::policies::Pools;
use super::{Duplicates, Finding, Policies, Survey};
use crate::input::{Batch, InputError, Place, Reader};

/// Reads an input from where it stands to its end. `findings` hears every rule that a row breaks and every lint, in input order.
///
/// # Errors
/// [`InputError`] where the input fails.
pub fn survey_once(
    reader: &mut Reader,
    policies: &mut Policies<'_>,
    duplicates: Duplicates,
    findings: &mut (dyn FnMut(Finding) + Send),
) -> Result<Survey, InputError> {
    let pools = BTreeMap::new();
    let mut survey = Survey { rows: 0, valid: 0, invalid: 0, skipped: 0, permanent: 0, temporary: 0, pools, duplicates };
    let marker = Marker::new();
    pipeline::each_batch(reader, policies, &marker, |CheckedBatch { batch, verdicts, .. }, pools| {
        for (index, verdict) in verdicts.drain().enumerate() {
            count(&mut survey, batch, index, verdict, pools, findings);
        }
    })?;
    Ok(survey)
}

fn count(survey: &mut Survey, batch: &Batch, index: usize, verdict: Verdict, pools: &Pools, findings: &mut dyn FnMut(Finding)) {
    survey.rows += 1;
    let (row, place) = (batch.number(index), Place { line: batch.line(index), column: 1 });
    match verdict {
        Verdict::Valid { pool, lifetime, mark, warnings } => {
            warnings.into_iter().for_each(&mut *findings);
            let judgement = survey.duplicates.judgement(row, mark);
            match judgement.standing {
                Standing::Wins => {
                    survey.valid += 1;
                    *(if lifetime.is_permanent() { &mut survey.permanent } else { &mut survey.temporary }) += 1;
                    survey.pools.entry(pools.id(pool).clone()).or_default().add(lifetime);
                }
                Standing::Loses { .. } => survey.skipped += 1,
                Standing::Refused(rule) => {
                    survey.invalid += 1;
                    findings(Finding::new(row, place, rule));
                }
            }
            judgement.warnings.into_iter().for_each(|rule| findings(Finding::of_lint(row, place, rule, pools.lints())));
        }
        Verdict::Invalid(found) => {
            survey.invalid += 1;
            found.into_iter().for_each(findings);
        }
        Verdict::Open => unreachable!("every verdict was settled"),
    }
}
