//! What is about to happen, said before it does, and the consent to it.

use std::io::{BufRead, IsTerminal, Write};

use super::Job;
use super::earlier::Earlier;
use crate::input::Origin;
use crate::preflight::{Refusal, Service, forecast};
use crate::report::{count, plain, rows};
use crate::validate::Survey;

/// Shows the plan and asks for consent, unless it was given on the command line. `survey` is `None` for an input that is read once.
///
/// # Errors
/// [`Refusal`] where there is nothing to send, nobody to ask, or the answer is no.
pub(super) fn agree(job: &Job, service: &Service, survey: Option<&Survey>, earlier: Option<&Earlier>) -> Result<(), Refusal> {
    if let (Some(survey), Some(Earlier { regions, .. })) = (survey, earlier)
        && regions.is_empty()
    {
        eprintln!("every row that may be sent is done: of {}, none is sent", rows(survey.rows));
        return Ok(());
    }
    let mut lines = vec![("account", account(service)), ("endpoint", endpoint(service))];
    match survey {
        Some(survey) if survey.valid == 0 => return Err(Refusal::NothingToSend),
        Some(survey) => lines.extend(forecast(survey, job.sending.cap, earlier.map(|earlier| &earlier.regions))),
        None => {
            lines.push(("rows", "from standard input, validated and sent as they come".to_owned()));
            lines.push(("rate", format!("at most {} for each Region", job.sending.cap)));
        }
    }
    if let Some(Earlier { done, held, .. }) = earlier {
        let held = if *held > 0 { format!("; {} unknown, left alone (--unknown resend sends them)", count(*held)) } else { String::new() };
        lines.push(("resumes", format!("{} of these rows are done{held}", count(*done))));
    }
    lines.push(("report", plain(&job.report.to_string_lossy()).into_owned()));
    for (name, text) in lines {
        eprintln!("{name:<9} {text}");
    }
    if job.yes { Ok(()) } else { ask(job, survey, earlier) }
}

fn ask(job: &Job, survey: Option<&Survey>, earlier: Option<&Earlier>) -> Result<(), Refusal> {
    if job.input.origin == Origin::Stdin || !std::io::stdin().is_terminal() || !std::io::stderr().is_terminal() {
        return Err(Refusal::NobodyToAsk);
    }
    let passwords = earlier.map_or(survey.map_or(0, |survey| survey.valid), |earlier| earlier.regions.values().sum());
    eprint!("Set {} passwords? [y/N] ", count(passwords));
    let mut answer = String::new();
    let answered = std::io::stderr().flush().and_then(|()| std::io::stdin().lock().read_line(&mut answer));
    match (answered, answer.trim()) {
        (Ok(_), "y" | "Y" | "yes") => Ok(()),
        _ => Err(Refusal::NoConsent),
    }
}

fn account(service: &Service) -> String {
    if service.rehearsal.is_some() {
        return "none: this is a rehearsal".to_owned();
    }
    let account = service.runtime.block_on(service.cognito.account());
    account.map_or_else(|| "not known".to_owned(), |account| plain(&account).into_owned())
}

fn endpoint(service: &Service) -> String {
    match service.cognito.custom_endpoint() {
        Some(url) if service.rehearsal.is_some() => format!("{url}, a sandbox of this process"),
        Some(url) => plain(&url).into_owned(),
        None => "AWS, in the Region that each pool's id names".to_owned(),
    }
}
