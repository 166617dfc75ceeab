//! The pools' users, shown to the register: all of a pool a page at a time, or the one that each row names, whichever takes fewer calls.
//!
//! One page asks for the next, so that a pool is swept by one call after another; pools go one after another as well.

use std::time::{Duration, Instant};

use super::names;
use super::register::Register;
use crate::cognito::{Cognito, ListedUser, PoolDescription, USERS_IN_A_PAGE, UserPage, Whom};
use crate::execute::cap::Cap;
use crate::outcome::Detail;
use crate::preflight::asking::Asking;
use crate::report::{count, counted, rows, span};
use crate::row::PoolId;

/// How often a long sweep says how far it is.
const SAYS_SO_EVERY: Duration = Duration::from_secs(15);

/// A pool that rows name.
pub(super) struct LivePool {
    pub(super) id: PoolId,
    pub(super) description: PoolDescription,
    /// The rows that name it.
    pub(super) rows: u64,
}

impl LivePool {
    /// The pages that its users fill, as far as the service estimates their number. A pool has one page at least.
    fn pages(&self) -> u64 {
        self.description.estimated_users.div_ceil(USERS_IN_A_PAGE).max(1)
    }

    /// Whether all users are listed, because that takes no more calls than a search for each row.
    pub(super) fn is_swept(&self) -> bool {
        self.pages() <= self.rows
    }

    /// What is about to be asked, and how long it takes at least.
    pub(super) fn announce(&self, cap: Cap) {
        let of_all = format!("{} of all users, about {}", counted(self.pages(), "page"), count(self.description.estimated_users));
        let (what, calls) = match self.is_swept() {
            true => (of_all, self.pages()),
            false => (format!("a search for each of {}, instead of {of_all}", rows(self.rows)), self.rows),
        };
        let takes = cap.per_second().map_or(String::new(), |rate| {
            format!(", at least {} at {cap}", span(Duration::from_secs_f64((calls as f64 / rate).min(1e9)).max(Duration::from_secs(1))))
        });
        say!("listing   {}: {what}{takes}", self.id);
    }
}

/// Lists users.
pub(super) struct Sweep<'a> {
    cognito: &'a Cognito,
    asking: Asking,
    quiet: bool,
    said: Instant,
}

impl<'a> Sweep<'a> {
    pub(super) fn new(cognito: &'a Cognito, cap: Cap, quiet: bool) -> Self {
        Self { cognito, asking: Asking::new(cap), quiet, said: Instant::now() }
    }

    /// The calls made so far.
    pub(super) fn calls(&self) -> u64 {
        self.asking.calls()
    }

    /// Shows every user of a pool to the register.
    ///
    /// # Errors
    /// Why the users cannot be listed.
    pub(super) async fn everyone(&mut self, (number, pool): (usize, &LivePool), register: &mut Register) -> Result<(), Detail> {
        self.pages(pool, Whom::Everyone, &mut |users| users.iter().for_each(|user| note(register, (number, pool), user))).await
    }

    /// Shows the user whom `name` leads to to the register, unless it has seen them.
    ///
    /// # Errors
    /// Why the user cannot be searched for.
    pub(super) async fn one(&mut self, (number, pool): (usize, &LivePool), name: &str, register: &mut Register) -> Result<(), Detail> {
        let folded = names::folded(name, &pool.description);
        let lower = name.to_lowercase();
        for whom in names::questions(name, &lower, &pool.description) {
            if register.is_seen(number, &folded) {
                return Ok(());
            }
            self.pages(pool, whom, &mut |users| users.iter().for_each(|user| note(register, (number, pool), user))).await?;
        }
        if !pool.description.case_sensitive && !register.is_seen(number, &folded) {
            register.doubt(number, &folded);
        }
        Ok(())
    }

    /// Turns the pages to the last.
    async fn pages(&mut self, pool: &LivePool, whom: Whom<'_>, take: &mut dyn FnMut(&[ListedUser])) -> Result<(), Detail> {
        let cognito = self.cognito;
        let all_attributes = names::needs_attributes(&pool.description);
        let mut page: Option<String> = None;
        loop {
            let call = async || cognito.list_users(&pool.id, whom, all_attributes, page.as_deref()).await;
            let UserPage { users, next } = self.asking.ask(pool.id.region(), call).await?;
            take(&users);
            self.say_so_now_and_then(pool);
            match next {
                None => return Ok(()),
                // A page that asks for itself would be turned for ever.
                same if same == page => {
                    let message = "a page gives itself as the next".to_owned();
                    return Err(Detail { code: "same_page".to_owned(), message, ..Detail::default() });
                }
                next => page = next,
            }
        }
    }

    fn say_so_now_and_then(&mut self, pool: &LivePool) {
        if !self.quiet && self.said.elapsed() >= SAYS_SO_EVERY {
            self.said = Instant::now();
            say!("listing   {}: {} requests so far", pool.id, count(self.asking.calls()));
        }
    }
}

fn note(register: &mut Register, (number, pool): (usize, &LivePool), user: &ListedUser) {
    let others = names::other_names(user, &pool.description);
    let names: Vec<_> = std::iter::once(user.username.as_str()).chain(others).map(|name| names::folded(name, &pool.description)).collect();
    register.note(number, &names, user.status, user.enabled);
}
