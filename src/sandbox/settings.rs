//! What a sandbox is asked to be: its quota, its delays, its faults and its log. Reading flags is left to the program.

use std::path::PathBuf;
use std::time::Duration;

use super::SandboxError;
use super::clock::ClockShift;
use super::permissions::Denial;
use super::quota::{CategoryQuota, QuotaWindow};
use super::signatures::AccessKey;

/// Requests a second for UserAccountRecovery, the category of AdminSetUserPassword (L-7D6E8ED3 of the Cognito quotas, not adjustable).
pub const DOCUMENTED_QUOTA: f64 = 30.0;

/// How a sandbox behaves.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The port of the listener that the caller binds on loopback. 0 takes any free one.
    pub port: u16,
    /// Requests a second for UserAccountRecovery in each Region, above 0; the other categories then have their documented quotas.
    /// `None` puts no quota on anything.
    pub quota: Option<f64>,
    /// The requests that UserAccountRecovery admits at once after a pause, from 1 on. The service's own figure is undocumented.
    pub burst: u32,
    /// How the quotas are counted.
    pub quota_window: QuotaWindow,
    /// Quotas of single categories, in the documented ones' place, and with one second's worth of burst. They hold without `quota`
    /// too.
    pub quotas: Vec<CategoryQuota>,
    /// How far ahead of the machine's clock the sandbox's begins. Temporary passwords, sessions and tokens expire by it.
    pub clock: ClockShift,
    /// The time added before every answer, as a network would.
    pub latency: Duration,
    /// The call log: a new file of JSON Lines. An existing one is refused.
    pub log: Option<PathBuf>,
    /// Whether the log holds the passwords that calls brought.
    pub log_passwords: bool,
    /// A file that holds the sandbox's state: loaded at the start where it exists, saved at the end, in place of the old one.
    pub state: Option<PathBuf>,
    /// What goes wrong, and how often.
    pub faults: Faults,
    /// The fault plan, a file of JSON Lines: which call goes wrong, and how. It comes before `faults`.
    pub plan: Option<PathBuf>,
    /// Whether pages of ListUsers come short and empty though more follow, as the service's may.
    pub short_pages: bool,
    /// What IAM denies.
    pub denied: Vec<Denial>,
    /// The keys whose signatures are accepted. With none, signatures are not verified.
    pub access_keys: Vec<AccessKey>,
    /// What request ids, `sub`s, pool ids and faults are drawn from: the same seed and calls give the same again.
    pub seed: u64,
    /// The AWS account, twelve digits. It stands in the ARNs.
    pub account: String,
}

impl Default for Settings {
    /// The documented quota with one second's worth of burst, no delay, no fault, no log.
    fn default() -> Self {
        Self {
            port: 0,
            quota: Some(DOCUMENTED_QUOTA),
            burst: 30,
            quota_window: QuotaWindow::default(),
            quotas: Vec::new(),
            clock: ClockShift::default(),
            latency: Duration::ZERO,
            log: None,
            log_passwords: false,
            state: None,
            faults: Faults::default(),
            plan: None,
            short_pages: false,
            denied: Vec::new(),
            access_keys: Vec::new(),
            seed: 0,
            account: "000000000000".to_owned(),
        }
    }
}

impl Settings {
    /// Holds every setting to its range.
    pub(super) fn check(&self) -> Result<(), SandboxError> {
        if self.quota.is_some_and(|quota| !(quota.is_finite() && quota > 0.0)) {
            return Err(SandboxError::Setting { name: "quota", allowed: "above 0" });
        }
        if self.quotas.iter().any(|quota| !(quota.per_second.is_finite() && quota.per_second > 0.0)) {
            return Err(SandboxError::Setting { name: "quotas", allowed: "above 0" });
        }
        if self.burst == 0 {
            return Err(SandboxError::Setting { name: "burst", allowed: "1 or more" });
        }
        for (name, probability) in self.faults.probabilities() {
            if !(0.0..=1.0).contains(&probability) {
                return Err(SandboxError::Setting { name, allowed: "a probability from 0 to 1" });
            }
        }
        Ok(())
    }
}

/// How often a call of AdminSetUserPassword goes wrong, each as a probability from 0 to 1.
///
/// The first fault drawn, in the order of these fields, is the one that happens; `slow` may come with any of them. The calls that
/// prepare and verify a run (all other operations) are never struck.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Faults {
    /// The connection is reset before the call is applied.
    pub cut_before: f64,
    /// The call is applied, then the connection is reset without an answer.
    pub cut_after: f64,
    /// 200 with an HTML page, as a captive portal sends it. Not applied.
    pub html_ok: f64,
    /// 502 with an HTML page, as a proxy sends it. Not applied.
    pub html: f64,
    /// 503. Not applied.
    pub unavailable: f64,
    /// 500 InternalErrorException. Not applied.
    pub internal_error: f64,
    /// 400 ExpiredTokenException. Not applied.
    pub expired_token: f64,
    /// 400 AccessDeniedException. Not applied.
    pub access_denied: f64,
    /// 400 TooManyRequestsException, whatever the quota says. Not applied.
    pub throttle: f64,
    /// The answer comes later by `slow_by`. The call is applied when it arrives.
    pub slow: f64,
    /// How much later a slow answer comes.
    pub slow_by: Duration,
    /// The calls that go well before the first fault may strike.
    pub after: u64,
}

impl Default for Faults {
    /// None; a slow answer, once asked for, is 5 s late.
    fn default() -> Self {
        Self {
            cut_before: 0.0,
            cut_after: 0.0,
            html_ok: 0.0,
            html: 0.0,
            unavailable: 0.0,
            internal_error: 0.0,
            expired_token: 0.0,
            access_denied: 0.0,
            throttle: 0.0,
            slow: 0.0,
            slow_by: Duration::from_secs(5),
            after: 0,
        }
    }
}

impl Faults {
    /// Each probability with its name.
    fn probabilities(&self) -> [(&'static str, f64); 10] {
        [
            ("cut_before", self.cut_before),
            ("cut_after", self.cut_after),
            ("html_ok", self.html_ok),
            ("html", self.html),
            ("unavailable", self.unavailable),
            ("internal_error", self.internal_error),
            ("expired_token", self.expired_token),
            ("access_denied", self.access_denied),
            ("throttle", self.throttle),
            ("slow", self.slow),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_setting_out_of_its_range_is_named() {
        let refused = |settings: Settings| settings.check().map_err(|error| error.to_string());
        assert_eq!(refused(Settings::default()), Ok(()));
        for (settings, name) in [
            (Settings { quota: Some(0.0), ..Settings::default() }, "quota"),
            (Settings { quota: Some(f64::NAN), ..Settings::default() }, "quota"),
            (Settings { burst: 0, ..Settings::default() }, "burst"),
            (Settings { faults: Faults { html: 1.5, ..Faults::default() }, ..Settings::default() }, "html"),
            (Settings { faults: Faults { slow: -0.1, ..Faults::default() }, ..Settings::default() }, "slow"),
        ] {
            assert!(refused(settings).is_err_and(|text| text.contains(name)), "{name}");
        }
    }
}
