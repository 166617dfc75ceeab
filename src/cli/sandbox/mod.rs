//! `sandbox`: a local Cognito to rehearse against, and to point other programs at.

mod access;
mod faults;
mod quotas;

use std::io::Write;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

use self::access::AccessArgs;
use self::faults::FaultArgs;
use self::quotas::QuotaArgs;
use crate::preflight::Refusal;
use crate::report::say;
use crate::run::Exit;
use crate::sandbox::{ClockShift, Sandbox, Settings};

/// Serve a local Cognito over http on the loopback address
///
/// Prints its address on standard output, then answers until it is interrupted. Any credentials will do, unless told otherwise:
///   cognito-passwd sandbox --port 9229 --users users.jsonl
///   AWS_ACCESS_KEY_ID=x AWS_SECRET_ACCESS_KEY=x aws --endpoint-url http://127.0.0.1:9229 --region us-east-1 cognito-idp list-users ...
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub(super) struct Args {
    /// The port; 0 takes a free one
    #[arg(long, value_name = "N", default_value_t = 0)]
    port: u16,
    /// Answer every machine that can reach this one, not this one alone. What is sent can be read on the way
    #[arg(long)]
    listen_on_all_interfaces: bool,
    /// Pools and users to begin with. JSON Lines: a pool as DescribeUserPool gives it, before its users of UserPoolId, Username,
    /// UserStatus, Enabled, Attributes; or a file that `run` takes
    #[arg(long, value_name = "FILE")]
    users: Option<PathBuf>,
    /// Go on with the state in this file where it exists, in place of --users, and save it there in the end
    #[arg(long, value_name = "FILE")]
    state: Option<PathBuf>,
    /// Begin with the clock this far ahead (8d, 90min) or back (-1h). Temporary passwords, sessions and tokens expire by it
    #[arg(long, value_name = "SHIFT", allow_hyphen_values = true)]
    clock: Option<ClockShift>,
    /// Milliseconds that every answer takes
    #[arg(long, value_name = "MS", default_value_t = 0)]
    latency: u64,
    /// Give pages of ListUsers short and empty though more follow, as Cognito may
    #[arg(long)]
    short_pages: bool,
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
    quotas: QuotaArgs,
    #[command(flatten)]
    access: AccessArgs,
    #[command(flatten)]
    faults: FaultArgs,
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
        let (port, is_open) = (self.port, self.listen_on_all_interfaces);
        let sandbox = self.sandbox()?;
        let runtime = tokio::runtime::Runtime::new().map_err(io("cannot start the runtime"))?;
        runtime.block_on(async {
            let ip = if is_open { Ipv4Addr::UNSPECIFIED } else { Ipv4Addr::LOCALHOST };
            let listener = TcpListener::bind((ip, port)).await.map_err(io("cannot listen"))?;
            let port = listener.local_addr().map_err(io("cannot listen"))?.port();
            let stop = CancellationToken::new();
            let mut interrupt = signal(SignalKind::interrupt()).map_err(io("cannot watch for signals"))?;
            let mut terminate = signal(SignalKind::terminate()).map_err(io("cannot watch for signals"))?;
            if is_open {
                say(format_args!("warning: this sandbox answers every machine that can reach port {port}, over plain http\n"));
            }
            println!("http://{}", SocketAddr::from((Ipv4Addr::LOCALHOST, port)));
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
        // A rehearsal that goes on tomorrow does so with tomorrow's users: those of the file were taken in when it began.
        let begins = self.state.as_ref().is_none_or(|state| !state.exists());
        let sandbox = Sandbox::new(Settings {
            port: self.port,
            quota: self.quotas.per_second(),
            burst: self.quotas.burst,
            quota_window: self.quotas.window(),
            quotas: self.quotas.quota_of,
            clock: self.clock.unwrap_or_default(),
            latency: Duration::from_millis(self.latency),
            log: self.log,
            log_passwords: self.log_passwords,
            state: self.state,
            seed: self.seed,
            access_keys: self.access.keys()?,
            denied: self.access.deny,
            faults: self.faults.probabilities(),
            plan: self.faults.fault_plan,
            short_pages: self.short_pages,
            ..Settings::default()
        })?;
        if let Some(users) = self.users.filter(|_| begins) {
            sandbox.load_users(&users)?;
        }
        Ok(sandbox)
    }
}
