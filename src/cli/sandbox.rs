//! `sandbox`: a local Cognito to rehearse against, and to point other programs at.

use std::io::Write;
use std::net::Ipv4Addr;
use std::path::PathBuf;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

use crate::preflight::Refusal;
use crate::run::Exit;
use crate::sandbox::{DOCUMENTED_QUOTA, Faults, Sandbox, Settings};

/// Serve a local Cognito over http on the loopback address
///
/// Prints its address on standard output, then answers until it is interrupted. Any credentials will do:
///   cognito-passwd sandbox --port 9229 --users users.jsonl
///   AWS_ACCESS_KEY_ID=x AWS_SECRET_ACCESS_KEY=x aws --endpoint-url http://127.0.0.1:9229 --region us-east-1 cognito-idp list-users ...
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub(super) struct Args {
    /// The port; 0 takes a free one
    #[arg(long, value_name = "N", default_value_t = 0)]
    port: u16,
    /// Users to begin with: JSON Lines of UserPoolId, Username, UserStatus, Enabled, Attributes; or a file that `run` takes
    #[arg(long, value_name = "FILE")]
    users: Option<PathBuf>,
    /// Requests a second for AdminSetUserPassword, or `unlimited`
    #[arg(long, value_name = "N", default_value_t = Quota(Some(DOCUMENTED_QUOTA)))]
    quota: Quota,
    /// Requests that the quota lets through at once
    #[arg(long, value_name = "N", default_value_t = Settings::default().burst)]
    burst: u32,
    /// Milliseconds that every answer takes
    #[arg(long, value_name = "MS", default_value_t = 0)]
    latency: u64,
    /// Log every call here as JSON Lines, without passwords
    #[arg(long, value_name = "FILE")]
    log: Option<PathBuf>,
    /// Write passwords into the log as well
    #[arg(long, requires = "log")]
    log_passwords: bool,
    /// Faults and ids are drawn from this number
    #[arg(long, value_name = "N", default_value_t = 0)]
    seed: u64,
    #[command(flatten)]
    faults: FaultArgs,
}

/// How often AdminSetUserPassword goes wrong: each a probability from 0 to 1.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Faults, each a probability from 0 to 1")]
struct FaultArgs {
    /// Throttle
    #[arg(long, value_name = "P", default_value_t = 0.0, value_parser = probability)]
    fault_throttle: f64,
    /// Answer 500
    #[arg(long, value_name = "P", default_value_t = 0.0, value_parser = probability)]
    fault_500: f64,
    /// Answer 503
    #[arg(long, value_name = "P", default_value_t = 0.0, value_parser = probability)]
    fault_503: f64,
    /// Answer 502 with a page of HTML
    #[arg(long, value_name = "P", default_value_t = 0.0, value_parser = probability)]
    fault_html: f64,
    /// Answer 200 with a page of HTML, as a captive portal does
    #[arg(long, value_name = "P", default_value_t = 0.0, value_parser = probability)]
    fault_html_ok: f64,
    /// Cut the connection before the password is set
    #[arg(long, value_name = "P", default_value_t = 0.0, value_parser = probability)]
    fault_cut_before: f64,
    /// Set the password, then cut the connection without an answer
    #[arg(long, value_name = "P", default_value_t = 0.0, value_parser = probability)]
    fault_cut_after: f64,
    /// Answer late
    #[arg(long, value_name = "P", default_value_t = 0.0, value_parser = probability)]
    fault_slow: f64,
    /// How late, in milliseconds
    #[arg(long, value_name = "MS", default_value_t = 5_000)]
    slow_by: u64,
    /// Answer that the token has expired
    #[arg(long, value_name = "P", default_value_t = 0.0, value_parser = probability)]
    fault_expired_token: f64,
    /// Answer that access is denied
    #[arg(long, value_name = "P", default_value_t = 0.0, value_parser = probability)]
    fault_access_denied: f64,
}

fn probability(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(number) if (0.0..=1.0).contains(&number) => Ok(number),
        _ => Err("a probability is a number from 0 to 1".to_owned()),
    }
}

/// Requests a second; `None` is unlimited.
#[derive(Clone, Copy, Debug)]
struct Quota(Option<f64>);

impl std::str::FromStr for Quota {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text == "unlimited" {
            return Ok(Self(None));
        }
        match text.parse::<f64>() {
            Ok(number) if number.is_finite() && number > 0.0 => Ok(Self(Some(number))),
            _ => Err("a quota is a number of requests a second above 0, or `unlimited`".to_owned()),
        }
    }
}

impl std::fmt::Display for Quota {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.0 {
            Some(number) => number.fmt(f),
            None => f.write_str("unlimited"),
        }
    }
}

impl Args {
    /// Serves until it is interrupted.
    ///
    /// # Errors
    /// [`Refusal`] where it cannot start.
    pub(super) fn run(self) -> Result<Exit, Refusal> {
        let io = |what: &str| {
            let what = what.to_owned();
            move |source| Refusal::Io { what, source }
        };
        let port = self.port;
        let sandbox = self.sandbox()?;
        let runtime = tokio::runtime::Runtime::new().map_err(io("cannot start the runtime"))?;
        runtime.block_on(async {
            let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await.map_err(io("cannot listen"))?;
            let address = listener.local_addr().map_err(io("cannot listen"))?;
            let stop = CancellationToken::new();
            let mut interrupt = signal(SignalKind::interrupt()).map_err(io("cannot watch for signals"))?;
            let mut terminate = signal(SignalKind::terminate()).map_err(io("cannot watch for signals"))?;
            println!("http://{address}");
            std::io::stdout().flush().map_err(io("cannot say the address"))?;
            let until_interrupted = async {
                tokio::select! {
                    _ = interrupt.recv() => {}
                    _ = terminate.recv() => {}
                }
                stop.cancel();
            };
            let (served, ()) = tokio::join!(sandbox.serve(listener, stop.clone()), until_interrupted);
            served?;
            Ok(Exit::Done)
        })
    }

    fn sandbox(self) -> Result<Sandbox, Refusal> {
        let FaultArgs {
            fault_throttle: throttle,
            fault_500: internal_error,
            fault_503: unavailable,
            fault_html: html,
            fault_html_ok: html_ok,
            fault_cut_before: cut_before,
            fault_cut_after: cut_after,
            fault_slow: slow,
            slow_by,
            fault_expired_token: expired_token,
            fault_access_denied: access_denied,
        } = self.faults;
        let slow_by = Duration::from_millis(slow_by);
        let sandbox = Sandbox::new(Settings {
            port: self.port,
            quota: self.quota.0,
            burst: self.burst,
            latency: Duration::from_millis(self.latency),
            log: self.log,
            log_passwords: self.log_passwords,
            seed: self.seed,
            faults: Faults {
                throttle,
                internal_error,
                unavailable,
                html,
                html_ok,
                cut_before,
                cut_after,
                slow,
                slow_by,
                expired_token,
                access_denied,
            },
            ..Settings::default()
        })?;
        if let Some(users) = &self.users {
            sandbox.load_users(users)?;
        }
        Ok(sandbox)
    }
}
