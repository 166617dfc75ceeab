//! The attempts: as many as the AWS CLI makes, after the same answers, with the same waits between them.

use std::time::Duration;

use super::answer;
use super::debug::Log;
use super::failure::Failure;
use super::surroundings::Surroundings;
use super::validation::Request;
use crate::cognito::{ConnectError, Direct, Reply, Unanswered, repeats};

/// The longest wait between two attempts, in seconds.
const LONGEST_WAIT: f64 = 20.0;
/// A text shorter than this is not taken for a password where a service repeats it: it would be found in other words.
const SHORTEST_PASSWORD: usize = 6;

/// One attempt that failed, and whether another may follow.
struct Failed {
    failure: Failure,
    again: bool,
}

/// Sets the password.
///
/// # Errors
/// [`Failure`] of the last attempt.
pub(super) async fn send(surroundings: &Surroundings, request: &Request, log: &Log) -> Result<(), Failure> {
    if let Some(message) = &surroundings.impossible_timeout {
        return Err(Failure::Other(message.clone()));
    }
    if !surroundings.connection.verify && !surroundings.connection.is_plain() {
        say!("warning: --no-verify-ssl: whoever answers is taken for Amazon Cognito");
    }
    let direct = Direct::open(&surroundings.connection).await.map_err(|error| not_opened(error, surroundings))?;
    let mut retries = 0;
    loop {
        let reply = direct.set_password(&request.user_pool_id, &request.username, &request.password, request.permanent).await;
        log.reply(retries + 1, &reply);
        let Err(mut failed) = judge(reply, request) else { return Ok(()) };
        if failed.again && i64::from(retries) + 1 < surroundings.attempts {
            let wait = rand::random::<f64>() * f64::from(1_u32 << retries.min(10));
            tokio::time::sleep(Duration::from_secs_f64(wait.min(LONGEST_WAIT))).await;
            retries += 1;
            continue;
        }
        if let (Failure::Service(refusal), true) = (&mut failed.failure, failed.again) {
            refusal.retries = Some(retries);
        }
        return Err(failed.failure);
    }
}

fn judge(reply: Reply, request: &Request) -> Result<(), Failed> {
    match reply {
        Reply::Answered { status: ..300, body, .. } if answer::is_success(&body) => Ok(()),
        Reply::Answered { status: status @ ..300, .. } => Err(Failed {
            failure: Failure::Other(format!(
                "The answer has status {status}, and it is not Amazon Cognito's: its body is no JSON object. Whether the password was set \
                 is not known. A captive portal or a proxy answers like this, and so does an endpoint that is none."
            )),
            again: false,
        }),
        Reply::Answered { status, body, .. } => {
            let mut refusal = answer::refusal(status, &body);
            for text in refusal.members.iter_mut().map(|(_, text)| text).chain([&mut refusal.message]) {
                if request.password.expose().len() >= SHORTEST_PASSWORD {
                    *text = text.replace(request.password.expose(), "[password]");
                    if repeats(text, &request.password) {
                        "[withheld, for it repeats the password]".clone_into(text);
                    }
                }
            }
            let again = answer::is_tried_again(status, &refusal.code);
            Err(Failed { failure: Failure::Service(refusal), again })
        }
        Reply::Unanswered(unanswered) => Err(no_answer(unanswered)),
    }
}

fn no_answer(unanswered: Unanswered) -> Failed {
    let once = |message| Failed { failure: Failure::Other(message), again: false };
    let message = match unanswered {
        Unanswered::NoCredentials => {
            let message = "Unable to locate credentials. You can configure credentials by running \"aws login\".".to_owned();
            return Failed { failure: Failure::NotConfigured { code: "NoCredentials", message }, again: false };
        }
        Unanswered::CredentialsFailed(why) | Unanswered::UnsafeEndpoint(why) | Unanswered::NotBuilt(why) => return once(why),
        Unanswered::Tls { url, reason } => return once(format!("SSL validation failed for {url} {reason}")),
        Unanswered::NotConnected { url } => format!("Could not connect to the endpoint URL: \"{url}\""),
        Unanswered::ConnectTimeout { url } => format!("Connect timeout on endpoint URL: \"{url}\""),
        Unanswered::Proxy { url } => format!("Failed to connect to proxy URL: \"{url}\""),
        Unanswered::ReadTimeout { url } => format!("Read timeout on endpoint URL: \"{url}\""),
        Unanswered::Closed { url } => format!("Connection was closed before we received a valid response from endpoint URL: \"{url}\"."),
    };
    Failed { failure: Failure::Other(message), again: true }
}

fn not_opened(error: ConnectError, surroundings: &Surroundings) -> Failure {
    let connection = &surroundings.connection;
    let default = || format!("https://cognito-idp.{}.amazonaws.com/", connection.region);
    let named = |url: &String| if url.matches('/').count() > 2 { url.clone() } else { format!("{url}/") };
    let url = connection.endpoint.as_ref().map_or_else(default, |(url, _)| named(url));
    let reason = match error {
        ConnectError::CaBundle { path, source } => super::param_file::in_python(&source, &path.to_string_lossy()),
        error => error.to_string(),
    };
    Failure::Other(format!("SSL validation failed for {url} {reason}"))
}
