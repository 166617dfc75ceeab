//! One row by itself: decode it, and hold it against every rule that needs no other row.

use super::lint::{Level, Lint, Lints};
use super::marks::{Mark, Marker};
use super::policies::{Policies, PoolNumber, Pools};
use super::shared::UNMARKED;
use super::{Finding, Rule, Severity, suspect, username};
use crate::input::{Batch, Field, Place, Row};
use crate::policy;
use crate::row::{Lifetime, PoolId};

/// What is known about a row of a batch.
pub(super) enum Verdict {
    /// Nothing yet: it names a pool whose policy has not been asked for.
    Open,
    /// It breaks no rule by itself. There may be warnings.
    Valid { pool: PoolNumber, lifetime: Lifetime, mark: Mark, warnings: Box<[Finding]> },
    /// It breaks these.
    Invalid(Vec<Finding>),
}

impl Verdict {
    /// What stands for the row's password where rows are compared.
    pub(super) fn password_mark(&self) -> u64 {
        if let Self::Valid { mark, .. } = self { mark.password() } else { UNMARKED }
    }

    fn findings(&self) -> &[Finding] {
        match self {
            Self::Open => &[],
            Self::Valid { warnings, .. } => warnings,
            Self::Invalid(findings) => findings,
        }
    }
}

/// The verdicts on the rows of a batch, in order. The buffer stays for the next batch.
#[derive(Default)]
pub(super) struct Verdicts {
    verdicts: Vec<Verdict>,
    warnings: bool,
    /// Whether any is open, and whether any has findings. Mostly none has, and then nobody need look.
    open: bool,
    found: bool,
}

impl Verdicts {
    /// The same, with warnings. Without, only what makes a row invalid is looked for.
    pub(super) fn with_warnings() -> Self {
        Self { warnings: true, ..Self::default() }
    }

    /// Checks the rows of a batch as far as their pools are known. The rest stay open.
    pub(super) fn check(&mut self, batch: &Batch, pools: &Pools, marker: &Marker) {
        let mut check = self.checking(batch, pools, marker);
        self.verdicts.clear();
        (self.open, self.found) = (false, false);
        for index in 0..batch.len() {
            let verdict = check.row(index);
            self.open |= matches!(verdict, Verdict::Open);
            self.found |= !verdict.findings().is_empty();
            self.verdicts.push(verdict);
        }
    }

    /// Closes the verdicts that [`Verdicts::check`] left open: asks for the policies of their pools, in order, and checks them. It says
    /// whether there were any.
    pub(super) fn settle(&mut self, batch: &Batch, policies: &mut Policies<'_>, marker: &Marker) -> bool {
        if !self.open {
            return false;
        }
        let is_open = |verdict: &Verdict| matches!(verdict, Verdict::Open);
        for (index, _) in self.verdicts.iter().enumerate().filter(|(_, verdict)| is_open(verdict)) {
            if let Ok(row) = batch.row(index)
                && let Ok(pool) = PoolId::parse(&row.pool)
            {
                policies.learn(pool);
            }
        }
        let mut check = self.checking(batch, policies.pools(), marker);
        for (index, verdict) in self.verdicts.iter_mut().enumerate().filter(|(_, verdict)| is_open(verdict)) {
            *verdict = check.row(index);
            self.found |= !verdict.findings().is_empty();
        }
        self.open = false;
        true
    }

    fn checking<'a>(&self, batch: &'a Batch, pools: &'a Pools, marker: &'a Marker) -> Check<'a> {
        let lints = if self.warnings { pools.lints() } else { pools.lints().errors_alone() };
        Check { batch, pools, marker, lints, last_pool: None }
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Verdict> {
        self.verdicts.iter()
    }

    /// All of them, each once.
    pub(super) fn drain(&mut self) -> impl Iterator<Item = Verdict> {
        self.verdicts.drain(..)
    }

    /// The findings on the rows, each once.
    pub(super) fn findings(&mut self) -> impl Iterator<Item = Finding> {
        let verdicts = if self.found { &mut self.verdicts[..] } else { &mut [] };
        verdicts.iter_mut().flat_map(|verdict| match verdict {
            Verdict::Invalid(findings) => std::mem::take(findings),
            Verdict::Valid { warnings, .. } => std::mem::take(warnings).into_vec(),
            Verdict::Open => Vec::new(),
        })
    }
}

/// What the rows of a batch are checked with.
struct Check<'a> {
    batch: &'a Batch,
    pools: &'a Pools,
    marker: &'a Marker,
    lints: Lints,
    last_pool: Option<PoolNumber>,
}

impl Check<'_> {
    fn row(&mut self, index: usize) -> Verdict {
        let row = match self.batch.row(index) {
            Ok(row) => row,
            Err(malformed) => return Verdict::Invalid(self.malformed(index, malformed.into())),
        };
        let mut findings = Vec::new();
        let mut blame = |field, rule| findings.push(Finding::new(row.number, self.batch.place(index, field), rule));

        let pool = self.pools.find(&row.pool, &mut self.last_pool);
        if pool.is_none() {
            match PoolId::parse(&row.pool) {
                Ok(_) => return Verdict::Open,
                Err(error) => blame(Field::Pool, Rule::PoolId(error)),
            }
        }
        if let Some(rule) = username::violation(&row.username) {
            blame(Field::Username, rule);
        }
        if self.pools.is_protected(&row.username) {
            blame(Field::Username, Rule::Protected);
        }
        let password = row.password.expose();
        policy::api_violations(password).into_iter().for_each(|rule| blame(Field::Password, Rule::Password(rule)));
        if let Some(policy) = pool.and_then(|pool| self.pools.policy(pool)) {
            policy.violations(password).into_iter().for_each(|rule| blame(Field::Password, Rule::Policy(rule)));
        }
        if !self.lints.are_silent() {
            suspect::look(&row.username, password, |lint| findings.extend(self.lint(index, &row, lint)));
        }

        match pool {
            Some(pool) if findings.iter().all(|finding| finding.severity == Severity::Warning) => {
                let mark = self.marker.mark(pool, &row.username, self.pools.case_sensitive(pool));
                let (mark, warnings) = (mark.with_password(self.password_mark(&row)), findings.into_boxed_slice());
                Verdict::Valid { pool, lifetime: row.lifetime, mark, warnings }
            }
            _ => Verdict::Invalid(findings),
        }
    }

    /// A finding for a lint, unless it is allowed.
    fn lint(&self, index: usize, row: &Row<'_>, lint: Lint) -> Option<Finding> {
        let place = || match lint.field() {
            Some(field) => self.batch.place(index, field),
            None => Place { line: row.line, column: 1 },
        };
        (self.lints.level(lint) != Level::Allow).then(|| Finding::of_lint(row.number, place(), Rule::Lint(lint), self.lints))
    }

    /// What is said of a row that cannot be decoded. A header in the middle of a file tends to be one, for `permanent` is no boolean.
    fn malformed(&self, index: usize, malformed: Finding) -> Vec<Finding> {
        let place = Place { line: self.batch.line(index), column: 1 };
        let header = (self.lints.level(Lint::Header) != Level::Allow && self.batch.repeats_header(index))
            .then(|| Finding::of_lint(malformed.row, place, Rule::Lint(Lint::Header), self.lints));
        std::iter::once(malformed).chain(header).collect()
    }

    /// What stands for the row's password where rows are compared, if they are.
    fn password_mark(&self, row: &Row<'_>) -> u64 {
        if self.lints.level(Lint::Shared) == Level::Allow { UNMARKED } else { self.marker.password(row.password.expose()) }
    }
}
