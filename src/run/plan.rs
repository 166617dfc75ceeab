//! What is about to happen, said before it does, and the consent to it.

use std::io::{BufRead, IsTerminal, Write};

use super::Job;
use super::earlier::Earlier;
use super::place::Place;
use crate::input::Origin;
use crate::preflight::{Refusal, forecast};
use crate::report::{count, plain, rows};
use crate::validate::{Policies, Survey};

/// Shows the plan and asks for consent, unless it was given on the command line. `survey` is `None` for an input that is read once.
///
/// # Errors
/// [`Refusal`] where there is nothing to send, nobody to ask, or the answer is no.
pub(super) fn agree(
    job: &Job,
    place: &Place,
    (survey, policies): (Option<&Survey>, &Policies<'_>),
    earlier: Option<&Earlier>,
) -> Result<(), Refusal> {
    if let (Some(survey), Some(0)) = (survey, earlier.map(Earlier::to_send)) {
        say!("every row that may be sent is done: of {}, none is sent", rows(survey.rows));
        return Ok(());
    }
    let mut lines = place.lines();
    match survey {
        Some(survey) if survey.valid == 0 => return Err(Refusal::NothingToSend),
        Some(survey) => lines.extend(forecast(survey, policies, job.sending.cap, earlier.map(|earlier| &earlier.regions))),
        None => {
            lines.push((
                "rows",
                "from standard input, which is read once: each is sent as it comes, none is checked before the first is sent".to_owned(),
            ));
            lines.push(("resume", "not possible, for standard input is read once".to_owned()));
            lines.push(("rate", format!("at most {} for each Region", job.sending.cap)));
        }
    }
    if let Some(Earlier { done, held, .. }) = earlier {
        let held = if *held > 0 { format!("; {} unknown, left alone (--unknown resend sends them)", count(*held)) } else { String::new() };
        lines.push(("resumes", format!("{} are done{held}", rows(*done))));
    }
    lines.push(("report", plain(&job.report.to_string_lossy()).into_owned()));
    for (name, text) in lines {
        say!("{name:<9} {text}");
    }
    if job.yes { Ok(()) } else { ask(job, survey, earlier) }
}

fn ask(job: &Job, survey: Option<&Survey>, earlier: Option<&Earlier>) -> Result<(), Refusal> {
    if job.input.origin == Origin::Stdin || !std::io::stdin().is_terminal() || !std::io::stderr().is_terminal() {
        return Err(Refusal::NobodyToAsk);
    }
    let passwords = earlier.map_or(survey.map_or(0, |survey| survey.valid), Earlier::to_send);
    say_on!("Set {} passwords? [y/N] ", count(passwords));
    let mut answer = String::new();
    let answered = std::io::stderr().flush().and_then(|()| std::io::stdin().lock().read_line(&mut answer));
    match (answered, answer.trim()) {
        (Ok(_), "y" | "Y" | "yes") => Ok(()),
        _ => Err(Refusal::NoConsent),
    }
}
