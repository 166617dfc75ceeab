//! What is about to happen, said before it does, and the consent to it.

use std::io::{BufRead, IsTerminal, Write};

use super::Job;
use super::earlier::Earlier;
use super::place::Place;
use crate::input::Origin;
use crate::preflight::{Forecast, Refusal};
use crate::report::{count, plain, rows};

/// Shows the plan and asks for consent, unless it was given on the command line. `planned` says to what plan it is
/// held, `forecast` is `None` for an input that is read once.
///
/// # Errors
/// [`Refusal`] where there is nothing to send, nobody to ask, or the answer is no.
pub(super) fn agree(
    job: &Job,
    place: &Place,
    (planned, forecast): (Option<String>, Option<&Forecast<'_>>),
    earlier: Option<&Earlier>,
) -> Result<(), Refusal> {
    if let (Some(forecast), Some(0)) = (forecast, earlier.map(Earlier::to_send)) {
        say!("every row that may be sent is done: of {}, none is sent", rows(forecast.survey.rows));
        return Ok(());
    }
    let mut lines = place.lines();
    lines.extend(planned.map(|planned| ("plan", plain(&planned).into_owned())));
    match forecast {
        Some(forecast) if forecast.to_send() == 0 => return Err(Refusal::NothingToSend),
        Some(forecast) => lines.extend(forecast.lines()),
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
        lines.push(("resumes", format!("{} done{held}", rows(*done))));
    }
    lines.push(("report", plain(&job.report.to_string_lossy()).into_owned()));
    for (name, text) in lines {
        say!("{name:<9} {text}");
    }
    if job.yes { Ok(()) } else { ask(job, forecast.map_or(0, Forecast::to_send)) }
}

fn ask(job: &Job, passwords: u64) -> Result<(), Refusal> {
    if job.input.origin == Origin::Stdin || !std::io::stdin().is_terminal() || !std::io::stderr().is_terminal() {
        return Err(Refusal::NobodyToAsk);
    }
    say_on!("Set {} passwords? [y/N] ", count(passwords));
    let mut answer = String::new();
    let answered = std::io::stderr().flush().and_then(|()| std::io::stdin().lock().read_line(&mut answer));
    match (answered, answer.trim()) {
        (Ok(_), "y" | "Y" | "yes") => Ok(()),
        _ => Err(Refusal::NoConsent),
    }
}
