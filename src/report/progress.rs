//! Events → what is seen while a run goes on: a bar on a terminal, a plain line now and then without one, or nothing.

use std::collections::{BTreeMap, HashSet, VecDeque};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

use super::limit::{Allowed, Limit};
use super::terminal::{count, span};
use crate::outcome::{Class, Event, Outcome, Tally};
use crate::row::RowNumber;

/// How often the bar's numbers change.
const REFRESH: Duration = Duration::from_millis(200);
/// How often a plain line is written.
const PLAIN_LINE: Duration = Duration::from_secs(10);
/// The rate shown is that of the last so many refreshes or lines.
const SAMPLES: usize = 25;

/// How progress is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// A bar that redraws itself.
    Bar,
    /// A line now and then.
    Lines,
    /// Not at all.
    Quiet,
}

/// How fast a run went.
#[derive(Clone, Debug, Default)]
pub struct Pace {
    /// Rows that it set. Those of an earlier run that it resumed are not counted.
    pub set: u64,
    /// How long rows were sent for.
    pub took: Duration,
    /// Calls that were throttled.
    pub throttled: u64,
    /// What each Region was thought to allow last.
    pub allowed: Allowed,
    /// What limited the rate of each Region.
    pub limits: BTreeMap<String, Limit>,
}

/// The progress of one run. It writes to standard error alone.
pub struct Progress {
    style: Style,
    bar: ProgressBar,
    cap: String,
    total: Option<u64>,
    tally: Tally,
    /// The rows that wait for another attempt, or are at it.
    retrying: HashSet<RowNumber>,
    throttled: u64,
    allowed: Allowed,
    limits: BTreeMap<String, Limit>,
    started: Instant,
    shown: Instant,
    /// How many rows had ended when, from the first one on: what a run at 6 a minute does in its first ten seconds is no rate.
    samples: VecDeque<(Instant, u64)>,
}

impl Progress {
    /// Progress towards `total` rows to be sent, where that is known, at a rate up to `cap`.
    pub fn new(style: Style, total: Option<u64>, cap: String) -> Self {
        let bar = match (style, total) {
            (Style::Bar, Some(total)) => ProgressBar::new(total).with_style(template("{bar:30} {percent:>3}%  {msg}")),
            (Style::Bar, None) => ProgressBar::no_length().with_style(template("{spinner} {msg}")),
            _ => ProgressBar::hidden(),
        };
        let now = Instant::now();
        Self {
            style,
            bar,
            cap,
            total,
            tally: Tally::default(),
            retrying: HashSet::new(),
            throttled: 0,
            allowed: Allowed::default(),
            limits: BTreeMap::new(),
            started: now,
            shown: now,
            samples: VecDeque::new(),
        }
    }

    /// Takes note of an event.
    pub fn observe(&mut self, event: &Event) {
        match event {
            Event::Finished { row, fate, .. } => {
                self.retrying.remove(row);
                self.tally.add(fate.outcome);
            }
            Event::Retrying { row, class: Class::Throttled { .. }, .. } => {
                self.retrying.insert(*row);
                self.throttled += 1;
            }
            Event::Retrying { row, .. } => drop(self.retrying.insert(*row)),
            Event::Pausing(pause) => {
                return self.say(&format!("most answers are lost; {} of silence, then one call to probe", span(*pause)));
            }
            Event::Allowed { region, rate } => return self.allowed.learn(region, *rate),
            Event::AllBegun { region, held_back } => {
                self.limits.insert(region.clone(), Limit::of(held_back));
                return;
            }
            Event::Intent { .. } | Event::Read(_) => return,
        }
        if self.samples.is_empty() && self.ended() > 0 {
            self.samples.push_back((Instant::now(), self.ended()));
        }
        let every = if self.style == Style::Bar { REFRESH } else { PLAIN_LINE };
        if self.style != Style::Quiet && self.shown.elapsed() >= every {
            self.show();
        }
    }

    /// Leaves the terminal clean, and gives what was learned on the way.
    pub fn finish(self) -> Pace {
        self.bar.finish_and_clear();
        Pace {
            set: self.tally.of(Outcome::Set),
            took: self.started.elapsed(),
            throttled: self.throttled,
            allowed: self.allowed,
            limits: self.limits,
        }
    }

    /// Says something between two lines of progress.
    fn say(&self, text: &str) {
        match self.style {
            Style::Bar => self.bar.suspend(|| say!("{text}")),
            Style::Lines => say!("{text}"),
            Style::Quiet => {}
        }
    }

    fn show(&mut self) {
        self.shown = Instant::now();
        if !self.samples.is_empty() {
            self.samples.push_back((self.shown, self.ended()));
        }
        if self.samples.len() > SAMPLES {
            self.samples.pop_front();
        }
        let line = self.line();
        if self.style == Style::Bar {
            self.bar.set_position(self.ended());
            self.bar.set_message(line);
        } else {
            say!("{line}");
        }
    }

    fn line(&self) -> String {
        let rows = self.ended();
        let mut line = match self.total {
            Some(total) => format!("{} of {}: {} set", count(rows), count(total), count(self.tally.of(Outcome::Set))),
            None => format!("{} rows: {} set", count(rows), count(self.tally.of(Outcome::Set))),
        };
        for (number, name) in [
            (self.tally.of(Outcome::Rejected), "rejected"),
            (self.tally.of(Outcome::Unknown), "unknown"),
            (self.retrying.len() as u64, "retrying"),
            (self.throttled, "throttled"),
        ] {
            if number > 0 {
                line += &format!(", {} {name}", count(number));
            }
        }
        let rate = self.rate();
        line += &format!("  {rate:.1}/s (cap {})", self.cap);
        if let Some(left) = self.total.map(|total| total.saturating_sub(rows)).filter(|_| rate > 0.0) {
            line += &format!("  {} left", span(Duration::from_secs_f64(left as f64 / rate)));
        }
        if !self.allowed.is_empty() {
            line += &format!("  the service allows {}", self.allowed);
        }
        line
    }

    /// The rows to be sent that have ended.
    fn ended(&self) -> u64 {
        self.tally.rows() - self.tally.of(Outcome::Invalid) - self.tally.of(Outcome::Skipped)
    }

    /// Rows ended in a second, over the samples kept.
    fn rate(&self) -> f64 {
        match (self.samples.front(), self.samples.back()) {
            (Some((from, before)), Some((to, after))) if to > from => (after - before) as f64 / (*to - *from).as_secs_f64(),
            _ => 0.0,
        }
    }
}

fn template(text: &str) -> ProgressStyle {
    ProgressStyle::with_template(text).expect("the template is sound")
}

#[cfg(test)]
mod tests {
    use std::time::SystemTime;

    use super::*;
    use crate::outcome::Fate;
    use crate::row::Digest;

    #[test]
    fn a_line_tells_what_ended_what_is_retried_how_fast_and_what_is_left() {
        let mut progress = Progress::new(Style::Quiet, Some(1_000), "15/s".to_owned());
        for (row, outcome) in [Outcome::Set, Outcome::Set, Outcome::Rejected].into_iter().enumerate() {
            let fate = Fate::unsent(outcome, "", "");
            progress.observe(&Event::Finished { row: RowNumber(row as u64), digest: None, fate, at: SystemTime::UNIX_EPOCH });
        }
        for class in [Class::Ambiguous, Class::Throttled { retry_after: None }] {
            let so_far = Fate::unsent(Outcome::NotSent, "", "");
            progress.observe(&Event::Retrying { row: RowNumber(4), digest: Digest(4), so_far, class });
        }
        progress.observe(&Event::Allowed { region: "us-east-1".to_owned(), rate: Some(12.6) });
        let (first, ended) = progress.samples[0];
        assert_eq!(ended, 1, "the first row begins the first interval and ends none");
        progress.samples.push_back((first + Duration::from_secs(1), 3));
        assert_eq!(
            progress.line(),
            "3 of 1,000: 2 set, 1 rejected, 1 retrying, 1 throttled  2.0/s (cap 15/s)  8m 19s left  the service allows about 13/s in us-east-1"
        );
        progress.observe(&Event::Allowed { region: "us-east-1".to_owned(), rate: None });
        assert!(progress.finish().allowed.is_empty(), "it came back to its cap");
    }
}
