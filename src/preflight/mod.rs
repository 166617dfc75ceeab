//! What `run` and `check` do alike before the first password is sent: reach the service, learn the pools' policies, go through the
//! rows once, hold them against the users who are there if asked to, show what is wrong with them, and say what sending them comes to.
//!
//! A [`Refusal`] is how either ends when nothing was sent.

mod asking;
mod describe;
mod findings;
mod forecast;
mod listing;
mod live;
mod plan_error;
mod plan_file;
mod policies;
mod reading;
mod refusal;
mod service;

pub use self::describe::{Describer, PoolAnswer};
pub use self::findings::Findings;
pub use self::forecast::Forecast;
pub use self::listing::{Listed, Listing};
pub use self::live::{Census, LeftOut, Live, LiveFinding, LiveRule, census};
pub use self::plan_error::PlanError;
pub use self::plan_file::{PlanFile, PlannedFlags};
pub use self::policies::{Obstacles, PolicyChoice, policies};
pub use self::reading::Reading;
pub use self::refusal::Refusal;
pub use self::service::{Rehearsal, Service};
use crate::input::Reader;
use crate::report::plain;

/// Says what is odd about an input that has been gone through: who else can read it, which columns were ignored.
pub fn warn_of(reader: &Reader) {
    let name = plain(reader.name());
    if reader.readable_by_others() {
        say!("warning: others can read {name}, and every password in it\n         chmod 600 {name}");
    }
    let ignored = reader.unknown_columns();
    if !ignored.is_empty() {
        say!("warning: {name}: columns that mean nothing here are ignored: {}", plain(&ignored.join(", ")));
    }
}
