//! The plan that `check` writes and `run` holds itself to: what was seen of the rows and of the pools, so that a change since is noticed.
//!
//! It holds no password and no digest of one: that a password changed cannot be noticed. Each row leaves the digest of its pool, username
//! and lifetime, 16 characters of text, so that the first row that changed can be named.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::Path;
use std::time::SystemTime;

use serde::de::{Error as _, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{Census, PlanError, PolicyChoice, Refusal};
use crate::execute::cap::Cap;
use crate::input::{Batch, Reader};
use crate::policy::Policy;
use crate::report::{Output, OutputError, SameInput};
use crate::row::{Digest, PoolId};
use crate::validate::{OnDuplicate, Policies, Survey};

/// The version of the form.
const VERSION: u32 = 1;
/// How many digests stand on a line of the file.
const DIGESTS_IN_A_LINE: usize = 64;

/// The flags that decide what a run does. What the rows say is in their digests.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlannedFlags {
    rate: String,
    on_duplicate: String,
    policy: String,
}

impl PlannedFlags {
    /// Those of these settings.
    pub fn new(cap: Cap, on_duplicate: OnDuplicate, policy: PolicyChoice) -> Self {
        let policy = match policy {
            PolicyChoice::Live => "live",
            PolicyChoice::None => "none",
            PolicyChoice::Given(_) => "FILE",
        };
        Self { rate: cap.to_string(), on_duplicate: on_duplicate.name().to_owned(), policy: policy.to_owned() }
    }
}

/// A plan.
#[derive(Debug, Serialize, Deserialize)]
pub struct PlanFile {
    version: u32,
    /// When it was made.
    pub made: String,
    /// What the pools were asked of; `None` where nothing was asked.
    target: Option<String>,
    flags: PlannedFlags,
    rows: PlannedRows,
    pools: Vec<PlannedPool>,
    /// What rows met in the live pools, by rule; `None` where that was not looked at.
    live: Option<BTreeMap<String, u64>>,
    digests: Digests,
}

#[derive(Debug, Serialize, Deserialize)]
struct PlannedRows {
    read: u64,
    to_send: u64,
    skipped: u64,
    permanent: u64,
    temporary: u64,
}

#[derive(Debug, Serialize, Deserialize)]
struct PlannedPool {
    id: String,
    rows: u64,
    policy: Option<Policy>,
}

impl PlanFile {
    /// The plan of a file that was checked and found without an error.
    ///
    /// # Errors
    /// [`Refusal`] where the file cannot be read any more.
    pub fn of(
        reader: &mut Reader,
        flags: PlannedFlags,
        target: Option<String>,
        (survey, policies, census): (&Survey, &Policies<'_>, Option<&Census>),
    ) -> Result<Self, Refusal> {
        let known: BTreeMap<&PoolId, Option<&Policy>> = policies.known().collect();
        let pool = |(id, rows): (&PoolId, u64)| PlannedPool { id: id.to_string(), rows, policy: known.get(id).copied().flatten().copied() };
        let lost = census.map_or(0, |census| census.left_out.count());
        let mut digests = Vec::with_capacity(usize::try_from(survey.rows).unwrap_or_default());
        each(reader, |_, digest| digests.push(digest.unwrap_or(Digest(0))))?;
        Ok(Self {
            version: VERSION,
            made: humantime::format_rfc3339_seconds(SystemTime::now()).to_string(),
            target,
            flags,
            rows: PlannedRows {
                read: survey.rows,
                to_send: survey.valid - lost,
                skipped: survey.skipped + lost,
                permanent: survey.permanent,
                temporary: survey.temporary,
            },
            pools: survey.pools.iter().map(|(id, rows)| pool((id, rows.rows))).collect(),
            live: census.map(|census| census.rules().iter().map(|(code, rows)| ((*code).to_owned(), *rows)).collect()),
            digests: Digests(digests),
        })
    }

    /// Begins the file of a plan, where there must be none: for its owner alone.
    ///
    /// # Errors
    /// [`PlanError`] where something stands there, or nothing can be made there.
    pub fn create(path: &Path) -> Result<Output, PlanError> {
        Output::create(path).map_err(not_written)
    }

    /// Writes it.
    ///
    /// # Errors
    /// [`PlanError`] where that fails.
    pub fn write(&self, mut output: Output) -> Result<(), PlanError> {
        serde_json::to_writer_pretty(&mut output, self).map_err(std::io::Error::from)?;
        output.write_all(b"\n")?;
        output.finish().map_err(not_written)
    }

    /// Reads one.
    ///
    /// # Errors
    /// [`PlanError::Unusable`] where it cannot be read, or is none.
    pub fn read(path: &Path) -> Result<Self, PlanError> {
        let unusable = |reason: String| PlanError::Unusable { path: path.to_owned(), reason };
        let file = std::fs::File::open(path).map_err(|error| unusable(error.to_string()))?;
        let read = serde_json::from_reader(std::io::BufReader::new(file));
        let plan: Self = read.map_err(|error| unusable(format!("it is no plan, or a damaged one: {error}")))?;
        match plan.version {
            VERSION if plan.digests.0.len() as u64 == plan.rows.read => Ok(plan),
            VERSION => Err(unusable("it does not have a digest for each row".to_owned())),
            version => Err(unusable(format!("it has the form {version}, and this program knows {VERSION}"))),
        }
    }

    /// Refuses a run with other flags, or elsewhere.
    ///
    /// # Errors
    /// [`PlanError`] then.
    pub fn refuse_another_run(&self, flags: &PlannedFlags, target: &str) -> Result<(), PlanError> {
        let (then, now) = (&self.flags, flags);
        for (flag, then, now) in [
            ("--rate", &then.rate, &now.rate),
            ("--on-duplicate", &then.on_duplicate, &now.on_duplicate),
            ("--policy", &then.policy, &now.policy),
        ] {
            if then != now {
                return Err(PlanError::Setting { flag, then: then.clone(), now: now.clone() });
            }
        }
        match &self.target {
            Some(then) if then != target => Err(PlanError::Target { then: then.clone(), now: target.to_owned() }),
            _ => Ok(()),
        }
    }

    /// Refuses rows that are not those of the plan, in its order.
    ///
    /// # Errors
    /// [`PlanError`] at the first such row, or [`Refusal`] where the file cannot be read.
    pub fn refuse_other_rows(&self, reader: &mut Reader) -> Result<(), Refusal> {
        if !reader.can_rewind() {
            return Err(PlanError::OneFile.into());
        }
        let mut same = SameInput::new(reader.name(), Some(self.digests.0.len() as u64));
        let mut planned = self.digests.0.iter().copied();
        each(reader, |line, digest| same.compare(line, planned.next(), digest))?;
        Ok(same.conclude().map_err(PlanError::from)?)
    }

    /// Refuses a pool whose policy is not that of the plan. `policy` gives that of today.
    ///
    /// # Errors
    /// [`PlanError::Policy`] then.
    pub fn refuse_other_policies(&self, policy: impl Fn(&PoolId) -> Option<Policy>) -> Result<(), PlanError> {
        for pool in &self.pools {
            let now = PoolId::parse(&pool.id).ok().and_then(|id| policy(&id));
            if now != pool.policy {
                let in_words = |policy: Option<Policy>| match policy {
                    Some(policy) => serde_json::json!(policy).to_string(),
                    None => "not known".to_owned(),
                };
                return Err(PlanError::Policy { pool: pool.id.clone(), then: in_words(pool.policy), now: in_words(now) });
            }
        }
        Ok(())
    }
}

fn not_written(error: OutputError) -> PlanError {
    match error {
        OutputError::Exists(path) => PlanError::Exists(path),
        OutputError::Io { source, .. } => PlanError::Write(source),
    }
}

/// Goes through a file, and gives the line and the digest of every row. A row that cannot be decoded has none.
fn each(reader: &mut Reader, mut take: impl FnMut(u64, Option<Digest>)) -> Result<(), Refusal> {
    reader.rewind()?;
    let mut batch = Batch::default();
    loop {
        reader.fill(&mut batch)?;
        if batch.is_empty() {
            return Ok(());
        }
        for index in 0..batch.len() {
            take(batch.line(index), batch.row(index).ok().map(|row| row.digest()));
        }
    }
}

/// The digests of all rows: 8 bytes a row here, and lines of hexadecimal in the file.
#[derive(Debug)]
struct Digests(Vec<Digest>);

impl Serialize for Digests {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let line = |digests: &[Digest]| digests.iter().map(|Digest(digest)| format!("{digest:016x}")).collect::<String>();
        to.collect_seq(self.0.chunks(DIGESTS_IN_A_LINE).map(line))
    }
}

impl<'de> Deserialize<'de> for Digests {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Lines;
        impl<'de> Visitor<'de> for Lines {
            type Value = Digests;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("lines of digests")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut lines: A) -> Result<Digests, A::Error> {
                let mut digests = Vec::new();
                while let Some(line) = lines.next_element::<String>()? {
                    for digest in line.as_bytes().chunks(16) {
                        let digest = std::str::from_utf8(digest).ok().filter(|text| text.len() == 16);
                        let digest = digest.and_then(|text| u64::from_str_radix(text, 16).ok());
                        digests.push(Digest(digest.ok_or_else(|| A::Error::custom("a digest has 16 hexadecimal digits"))?));
                    }
                }
                Ok(Digests(digests))
            }
        }
        from.deserialize_seq(Lines)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digests_are_read_back_as_they_were_written() {
        for rows in [0, 1, 64, 65, 200] {
            let digests: Vec<_> = (0..rows).map(|row| Digest(row * 0x0123_4567_89ab_cdef)).collect();
            let text = serde_json::to_string(&Digests(digests.clone())).expect("JSON");
            assert_eq!(serde_json::from_str::<Digests>(&text).expect("digests").0, digests);
        }
        for text in [r#"["0123"]"#, r#"["0123456789abcdeg"]"#, r#"["é"]"#, r#"[1]"#, "1"] {
            assert!(serde_json::from_str::<Digests>(text).is_err(), "{text}");
        }
    }
}
