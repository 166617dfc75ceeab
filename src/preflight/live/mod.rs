//! `--live`: the rows of a file held against the users who are there, before anything is sent.
//!
//! The file is gone through three times beside the survey: to enter its rows into a [`register`], to search for the users of those pools
//! where that takes fewer calls than listing all, and to show what was found in the order of the file. Memory depends on the file alone,
//! 24 bytes a row beside the survey, however many users the pools have. Nothing is billed: only ListUsers and DescribeUserPool are called.

mod finding;
mod left_out;
mod names;
mod register;
mod sweep;
mod totals;

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};

use self::left_out::{Terms, Why};
use self::register::{Entry, Register, Seen, Sight};
use self::sweep::{LivePool, Sweep};
use super::{PoolAnswer, Refusal, Service};
use crate::cognito::UserStatus;
use crate::execute::cap::Cap;
use crate::input::{Batch, Field, InputError, Reader};
use crate::outcome::Detail;
use crate::row::{Lifetime, PoolId, RowNumber};
use crate::validate::{Checked, OnDuplicate, Policies, Survey, each_row};

pub use self::finding::{LiveFinding, LiveRule};
pub use self::left_out::LeftOut;
pub use self::totals::Census;

/// How a file is held against the live pools.
#[derive(Clone, Debug)]
pub struct Live {
    /// The most calls of ListUsers a second, for each Region.
    pub cap: Cap,
    /// Until when temporary passwords must be valid.
    pub before: Option<SystemTime>,
    /// Give federated users a password.
    pub allow_federated: bool,
    /// Do not say how far it is.
    pub quiet: bool,
}

/// Holds the valid rows of a surveyed file against the users of their pools. `findings` hears what a row meets, in the order of the file.
///
/// # Errors
/// [`Refusal`] where a pool cannot be described or listed, or the input fails or has changed.
pub fn census(
    live: &Live,
    service: &Service,
    reader: &mut Reader,
    (survey, policies): (&mut Survey, &mut Policies<'_>),
    on_duplicate: OnDuplicate,
    findings: &mut dyn FnMut(LiveFinding),
) -> Result<Census, Refusal> {
    let pools = describe(service, survey)?;
    let mut rows = Rows { service, reader, survey, policies, numbers: numbers(&pools) };
    let mut register = rows.register(&pools, on_duplicate)?;
    let mut sweep = Sweep::new(&service.cognito, live.cap, live.quiet);
    for (number, pool) in pools.iter().enumerate() {
        if !live.quiet {
            pool.announce(live.cap);
        }
        if pool.is_swept() {
            let swept = service.runtime.block_on(sweep.everyone((number, pool), &mut register));
            swept.map_err(|detail| not_listed(&pool.id, detail))?;
        }
    }
    rows.search(&pools, &mut sweep, &mut register)?;
    let terms = Terms { on_duplicate, allow_federated: live.allow_federated };
    let (entries, calls) = (register.into_rows(), sweep.calls());
    let mut census = Census::new(calls);
    Show { terms, expiring: expiring(&pools, live.before), lines: BTreeMap::new() }.all(rows.reader, &entries, &mut census, findings)?;
    census.left_out = LeftOut::of(entries, terms);
    Ok(census)
}

fn describe(service: &Service, survey: &Survey) -> Result<Vec<LivePool>, Refusal> {
    let describe = |(id, rows): (&PoolId, u64)| match service.pools.describe(id) {
        PoolAnswer::Found(description) => Ok(LivePool { id: id.clone(), description, rows }),
        PoolAnswer::Missing(message) => Err(Refusal::NoPool { pool: id.to_string(), message }),
        PoolAnswer::Unreadable(message) => {
            Err(Refusal::NotLive { what: format!("cannot describe the pool {id}"), message, needs: "cognito-idp:DescribeUserPool" })
        }
    };
    survey.pools.iter().map(|(id, rows)| describe((id, rows.rows))).collect()
}

fn not_listed(pool: &PoolId, Detail { code, message, .. }: Detail) -> Refusal {
    Refusal::NotLive {
        what: format!("cannot list the users of {pool}"),
        message: format!("{code}: {message}"),
        needs: "cognito-idp:ListUsers",
    }
}

fn numbers(pools: &[LivePool]) -> BTreeMap<PoolId, usize> {
    pools.iter().enumerate().map(|(number, pool)| (pool.id.clone(), number)).collect()
}

/// The pools whose temporary passwords, set now, expire before `before`: for how many days they are valid, and until when.
fn expiring(pools: &[LivePool], before: Option<SystemTime>) -> BTreeMap<String, (u16, String)> {
    let now = SystemTime::now();
    let until = |days: u16| now + Duration::from_secs(u64::from(days) * 86_400);
    let expires = |days: u16| before.is_some_and(|before| until(days) < before);
    let days = pools.iter().map(|pool| (pool.id.to_string(), pool.description.temporary_days));
    days.filter(|(_, days)| expires(*days))
        .map(|(id, days)| (id, (days, humantime::format_rfc3339_seconds(until(days)).to_string())))
        .collect()
}

/// The valid rows of the file, to be gone through.
struct Rows<'a, 'p> {
    service: &'a Service,
    reader: &'a mut Reader,
    survey: &'a mut Survey,
    policies: &'a mut Policies<'p>,
    numbers: BTreeMap<PoolId, usize>,
}

impl Rows<'_, '_> {
    /// Enters them all. In a rehearsal their users come into being.
    fn register(&mut self, pools: &[LivePool], on_duplicate: OnDuplicate) -> Result<Register, Refusal> {
        let mut register = Register::new(self.survey.valid, on_duplicate);
        let (numbers, service) = (&self.numbers, self.service);
        each_row(self.reader, self.policies, &mut self.survey.duplicates, |checked| -> Result<(), InputError> {
            if let Checked::Valid(row) = checked {
                let number = numbers[row.pool()];
                register.enter(row.number(), number, &names::folded(row.username(), &pools[number].description), row.lifetime());
                if let Some(rehearsal) = &service.rehearsal {
                    rehearsal.add_user(row.take().user());
                }
            }
            Ok(())
        })?;
        register.close();
        Ok(register)
    }

    /// Searches for the users of the pools that were not swept.
    fn search(&mut self, pools: &[LivePool], sweep: &mut Sweep<'_>, register: &mut Register) -> Result<(), Refusal> {
        if pools.iter().all(LivePool::is_swept) {
            return Ok(());
        }
        let (numbers, service) = (&self.numbers, self.service);
        each_row(self.reader, self.policies, &mut self.survey.duplicates, |checked| {
            let Checked::Valid(row) = checked else { return Ok(()) };
            let number = numbers[row.pool()];
            let pool = &pools[number];
            if pool.is_swept() {
                return Ok(());
            }
            let searched = service.runtime.block_on(sweep.one((number, pool), row.username(), register));
            searched.map_err(|detail| not_listed(&pool.id, detail))
        })
    }
}

/// What was found, shown in the order of the file.
struct Show {
    terms: Terms,
    /// The pools whose temporary passwords expire too early.
    expiring: BTreeMap<String, (u16, String)>,
    /// The lines of rows that stand against others.
    lines: BTreeMap<RowNumber, u64>,
}

impl Show {
    fn all(
        mut self,
        reader: &mut Reader,
        entries: &[Entry],
        census: &mut Census,
        findings: &mut dyn FnMut(LiveFinding),
    ) -> Result<(), Refusal> {
        if self.terms.on_duplicate == OnDuplicate::Error && entries.iter().any(|entry| entry.other().is_some()) {
            let mut lines = BTreeMap::new();
            each(reader, entries, |batch, index, entry| {
                if entry.other().is_some() {
                    lines.insert(entry.row(), batch.line(index));
                }
            })?;
            self.lines = lines;
        }
        each(reader, entries, |batch, index, entry| {
            let why = self.terms.against(entry);
            census.count(entry, why);
            if let (Some(_), Ok(row)) = (why, batch.row(index)) {
                census.leaves_out(row.pool.split('_').next().unwrap_or_default());
            }
            for rule in self.rules(entry, why, batch, index) {
                census.meets(&rule);
                let place = batch.place(index, Field::Username);
                findings(LiveFinding { row: entry.row(), line: place.line, column: place.column, rule });
            }
        })
    }

    /// What a row meets. One that is not sent meets nothing behind that.
    fn rules(&self, entry: &Entry, why: Option<Why>, batch: &Batch, index: usize) -> Vec<LiveRule> {
        let seen = match (why, entry.sight) {
            (Some(Why::Missing), _) => return vec![LiveRule::Missing],
            (Some(Why::SameUser(other)), _) => return vec![LiveRule::SameUser { other, line: self.lines.get(&other).copied() }],
            (Some(Why::Federated), _) => return vec![LiveRule::Federated { allowed: false }],
            (Some(Why::Loses(_)), _) => return Vec::new(),
            (None, Sight::Seen(seen)) => Some(seen),
            (None, Sight::Missing | Sight::NotSeen) => None,
        };
        let mut rules = seen.map_or_else(|| vec![LiveRule::NotSeen], |seen| met_by(seen, entry.lifetime));
        if entry.lifetime == Lifetime::Temporary
            && let Some((days, until)) = self.expiring_pool(batch, index)
        {
            rules.push(LiveRule::Expires { days: *days, until: until.clone() });
        }
        rules
    }

    fn expiring_pool(&self, batch: &Batch, index: usize) -> Option<&(u16, String)> {
        if self.expiring.is_empty() { None } else { self.expiring.get(&*batch.row(index).ok()?.pool) }
    }
}

/// What a password of this lifetime meets in this user.
fn met_by(Seen { status, enabled, .. }: Seen, lifetime: Lifetime) -> Vec<LiveRule> {
    let by_status = match (status, lifetime) {
        (UserStatus::ExternalProvider, _) => Some(LiveRule::Federated { allowed: true }),
        (UserStatus::Unconfirmed, Lifetime::Permanent) => Some(LiveRule::Unconfirmed),
        (UserStatus::Confirmed, Lifetime::Temporary) => Some(LiveRule::Demoted),
        _ => None,
    };
    by_status.into_iter().chain((!enabled).then_some(LiveRule::Disabled)).collect()
}

/// Goes through the file once, and gives each row that was entered, with its place in its batch.
fn each(reader: &mut Reader, entries: &[Entry], mut take: impl FnMut(&Batch, usize, &Entry)) -> Result<(), Refusal> {
    reader.rewind()?;
    let mut left = entries.iter().peekable();
    let mut batch = Batch::default();
    while left.peek().is_some() {
        reader.fill(&mut batch)?;
        if batch.is_empty() {
            break;
        }
        let first = batch.number(0).0;
        while let Some(entry) = left.next_if(|entry| entry.row().0 < first + batch.len() as u64) {
            take(&batch, (entry.row().0 - first) as usize, entry);
        }
    }
    Ok(())
}
