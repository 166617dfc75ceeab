//! A service that answers by a script, and what a run against it tells. What is to be seen there is left to the tests.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::Instant;

use crate::cognito::SetPassword;
use crate::execute::alarm::Alarm;
use crate::execute::{Errand, Settings, Stop, execute, retry};
use crate::outcome::{Answer, Class, Detail, Event, Fate, HeldBack, Tally};
use crate::row::{Lifetime, PoolId, User};
use crate::secret::Password;
use crate::validate::ValidRow;

/// Answers each call with the next class of its script, after the next delay, and keeps watch over the calls.
#[derive(Default)]
pub(super) struct Script {
    pub(super) classes: Vec<Class>,
    pub(super) delays: Vec<u64>,
    /// How long a call takes to be got ready, if at all.
    pub(super) getting_ready: Option<Duration>,
    /// How long an intent takes to be written.
    pub(super) intent: Duration,
    pub(super) code: Option<&'static str>,
    /// The service is down until then, whatever the script says.
    pub(super) down: Option<(Instant, Instant)>,
    /// What it allows, where it is not as much as comes: requests a second, and at once.
    pub(super) quota: Option<(f64, f64)>,
    pub(super) seen: Mutex<Seen>,
}

#[derive(Default)]
pub(super) struct Seen {
    pub(super) calls: Vec<Instant>,
    in_flight: HashMap<String, usize>,
    pub(super) most_for_a_user: usize,
    pub(super) most_at_once: usize,
    pub(super) set: Vec<String>,
    /// What is left of the quota, and as of when.
    tokens: Option<(f64, Instant)>,
}

impl Seen {
    /// Whether a token bucket lets a request through now.
    fn is_admitted(&mut self, (rate, burst): (f64, f64)) -> bool {
        let now = Instant::now();
        let (left, since) = self.tokens.unwrap_or((burst, now));
        let left = (left + rate * (now - since).as_secs_f64()).min(burst);
        self.tokens = Some((if left < 1.0 { left } else { left - 1.0 }, now));
        left >= 1.0
    }
}

impl SetPassword for Script {
    async fn prepare(&self) -> Result<(), Answer> {
        Ok(())
    }

    async fn set_password(
        &self,
        user: &User,
        _: &Password<'_>,
        _: Lifetime,
        departure: impl Future<Output = ()> + Send + 'static,
    ) -> Answer {
        if let Some(length) = self.getting_ready {
            tokio::time::sleep(length).await;
        }
        departure.await;
        let (number, is_throttled) = {
            let mut seen = self.seen.lock().unwrap();
            seen.calls.push(Instant::now());
            *seen.in_flight.entry(user.username.to_string()).or_default() += 1;
            seen.most_for_a_user = seen.most_for_a_user.max(seen.in_flight[&*user.username]);
            seen.most_at_once = seen.most_at_once.max(seen.in_flight.values().sum());
            let is_throttled = self.quota.is_some_and(|quota| !seen.is_admitted(quota));
            (seen.calls.len() - 1, is_throttled)
        };
        tokio::time::sleep(Duration::from_millis(self.delays[number % self.delays.len()])).await;
        let is_down = self.down.is_some_and(|(from, until)| (from..until).contains(&Instant::now()));
        let class = match (is_down, is_throttled) {
            (true, _) => Class::Ambiguous,
            (false, true) => Class::Throttled { retry_after: None },
            (false, false) => self.classes[number % self.classes.len()],
        };
        let mut seen = self.seen.lock().unwrap();
        *seen.in_flight.get_mut(&*user.username).unwrap() -= 1;
        if class == Class::Set {
            seen.set.push(user.username.to_string());
        }
        let code = self.code.map_or_else(|| format!("{class:?}"), str::to_owned);
        Answer { class, detail: Detail { code, ..Detail::default() } }
    }
}

/// What a run told: the fates by row, the rows that had an intent, and how it went.
#[derive(Default)]
pub(super) struct Told {
    pub(super) fates: BTreeMap<u64, Fate>,
    pub(super) intents: BTreeMap<u64, u32>,
    pub(super) tally: Tally,
    /// What held each Region back.
    pub(super) held_back: BTreeMap<String, HeldBack>,
    /// The most rows at once whose call was about to leave, later than ten seconds into the run.
    pub(super) most_ready: usize,
}

pub(super) fn rows(count: u64, regions: &[&str]) -> Vec<ValidRow> {
    let row = |number: u64| {
        let pool = format!("{}_a", regions[number as usize % regions.len()]);
        let user = User { pool: PoolId::parse(&pool).unwrap(), username: format!("user-{number}").into() };
        ValidRow::for_test(number, user, "Passw0rd!", Lifetime::Permanent)
    };
    (1..=count).map(row).collect()
}

pub(super) fn settings(cap: &str, calls: usize) -> Settings {
    Settings {
        alarm: Alarm::of_tokio,
        cap: cap.parse().unwrap(),
        max_concurrency: calls.try_into().unwrap(),
        grace: Duration::from_secs(20),
        limits: retry::Limits::default(),
    }
}

/// Runs `rows` against `script`; `during` runs beside it.
pub(super) fn run(rows: Vec<ValidRow>, script: &Arc<Script>, settings: &Settings, during: impl AsyncFn(&Stop)) -> (Told, Stop) {
    let errands = rows.into_iter().map(|row| Errand { row, in_doubt: false }).collect();
    run_errands(errands, script, settings, during)
}

pub(super) fn run_errands(errands: Vec<Errand>, script: &Arc<Script>, settings: &Settings, during: impl AsyncFn(&Stop)) -> (Told, Stop) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
    runtime.block_on(async {
        let (row_sender, row_receiver) = mpsc::channel(4);
        let (event_sender, mut events) = mpsc::channel(4);
        let stop = Stop::default();
        let feed = async {
            for errand in errands {
                if row_sender.send(errand).await.is_err() {
                    break;
                }
            }
            drop(row_sender);
        };
        let started = Instant::now();
        let listen = async {
            let (mut told, mut intents) = (Told::default(), 0);
            while let Some(event) = events.recv().await {
                match event {
                    Event::Intent { row, attempt, durable, .. } => {
                        told.intents.insert(row.0, attempt);
                        intents += 1;
                        if started.elapsed() > Duration::from_secs(10) {
                            told.most_ready = told.most_ready.max(intents - script.seen.lock().unwrap().calls.len());
                        }
                        let length = script.intent;
                        tokio::spawn(async move {
                            tokio::time::sleep(length).await;
                            durable.send(())
                        });
                    }
                    Event::Finished { row, fate, .. } => {
                        told.tally.add(fate.outcome);
                        assert!(told.fates.insert(row.0, fate).is_none(), "row {row} ended twice");
                    }
                    Event::AllBegun { region, held_back, .. } => {
                        assert!(told.held_back.insert(region, held_back).is_none(), "it is told once");
                    }
                    Event::Retrying { .. } | Event::Read(_) | Event::Pausing(_) | Event::Allowed { .. } => {}
                }
            }
            told
        };
        let work = execute(vec![row_receiver], Arc::clone(script), settings, event_sender, stop.clone());
        let (told, (), (), ()) = tokio::join!(listen, feed, work, during(&stop));
        (told, stop)
    })
}
