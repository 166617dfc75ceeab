//! The pacer against modelled services, on a clock of its own: how much of what a service allows is used, how many calls are wasted, how
//! many leave in the worst second. Nine hours take seconds.
//!
//! A service here is a token bucket or aligned windows of a second, whose quota may change or be shared with live traffic. An answer
//! takes 80 ms. The targets stand beside the figures, and a missed one is said.

use std::collections::VecDeque;
use std::time::Duration;

use cognito_passwd::execute::control::Controller;
use tokio::time::Instant;

/// From the pacer to the service and back again.
const ROUND_TRIP: Duration = Duration::from_millis(80);
/// Calls that may be in flight.
const CONCURRENCY: usize = 512;

/// What a service allows.
#[derive(Clone, Copy)]
enum Quota {
    /// A token bucket: so many requests a second, so many at once.
    Bucket { rate: f64, burst: f64 },
    /// A bucket of one whose rate changes every third of the time.
    Changing([f64; 3]),
    /// A bucket that live traffic takes a random share of, anew every fifteen seconds: up to so many requests a second.
    Shared { rate: f64, most: f64 },
    /// So many requests in each second of the wall clock.
    Windows(f64),
}

struct Scenario {
    name: &'static str,
    cap: f64,
    quota: Quota,
    seconds: u64,
    /// Of what the service allows, or of the cap where that is lower; in percent.
    goodput: f64,
    /// Throttled calls, in percent of all.
    throttled: f64,
}

/// The modelled service.
struct Service {
    quota: Quota,
    tokens: f64,
    at: f64,
    length: f64,
    random: u64,
    live: f64,
    live_until: f64,
    allowed: f64,
}

impl Service {
    fn new(quota: Quota, length: f64) -> Self {
        let tokens = burst_of(quota);
        Self { quota, tokens, at: 0.0, length, random: 7, live: 0.0, live_until: 0.0, allowed: tokens }
    }

    /// Whether a request that arrives at `now` seconds is let through.
    fn admits(&mut self, now: f64) -> bool {
        self.refill(now);
        let admitted = self.tokens >= 1.0;
        if admitted {
            self.tokens -= 1.0;
        }
        admitted
    }

    /// Moves on in steps of a millisecond, within which the rate does not change.
    fn refill(&mut self, now: f64) {
        if let Quota::Windows(rate) = self.quota {
            if now.floor() > self.at.floor() || self.at == 0.0 {
                self.tokens = rate;
                self.allowed += rate;
            }
            self.at = now.max(f64::MIN_POSITIVE);
            return;
        }
        while self.at < now {
            let step = (now - self.at).min(0.001);
            let rate = self.rate();
            let burst = burst_of(self.quota);
            self.tokens = (self.tokens + rate * step).min(burst.max(1.0));
            self.allowed += rate * step;
            self.at += step;
        }
    }

    fn rate(&mut self) -> f64 {
        match self.quota {
            Quota::Bucket { rate, .. } | Quota::Windows(rate) => rate,
            Quota::Changing(rates) => rates[((self.at / self.length * 3.0) as usize).min(2)],
            Quota::Shared { rate, most } => {
                if self.at >= self.live_until {
                    self.random = self.random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                    self.live = most * (self.random >> 33) as f64 / f64::from(1u32 << 31);
                    self.live_until = self.at + 15.0;
                }
                rate - self.live
            }
        }
    }
}

fn burst_of(quota: Quota) -> f64 {
    match quota {
        Quota::Bucket { burst, .. } => burst,
        Quota::Shared { rate, .. } => rate,
        Quota::Changing(_) | Quota::Windows(_) => 1.0,
    }
}

/// What came of a scenario.
struct Measured {
    goodput: f64,
    throttled: f64,
    worst_second: usize,
}

fn measure(scenario: &Scenario) -> Measured {
    let cap = scenario.cap;
    let length = Duration::from_secs(scenario.seconds);
    let start = Instant::now();
    let mut controller = Controller::new(Some(cap), start);
    let mut service = Service::new(scenario.quota, length.as_secs_f64());
    let mut in_flight: VecDeque<(Instant, bool)> = VecDeque::new();
    let mut left: Vec<Duration> = Vec::new();
    let mut throttled = 0;
    let (mut now, mut cap_due) = (start, start);
    while now - start < length {
        let due = controller.due().max(cap_due).max(now);
        match in_flight.front().copied() {
            Some((sent, admitted)) if sent + ROUND_TRIP <= due || in_flight.len() >= CONCURRENCY => {
                in_flight.pop_front();
                now = sent + ROUND_TRIP;
                if admitted {
                    controller.admitted();
                } else {
                    throttled += 1;
                    controller.throttled(sent, now, None);
                }
            }
            _ => {
                now = due + jitter(left.len());
                // The hard cap as `pace` keeps it: a late departure may be caught up with by 5 ms.
                cap_due = cap_due.max(now - Duration::from_millis(5)) + Duration::from_secs_f64(1.005 / cap);
                controller.sent(now);
                left.push(now - start);
                in_flight.push_back((now, service.admits((now - start + ROUND_TRIP / 2).as_secs_f64())));
            }
        }
    }
    let allowed = service.allowed.min(cap * length.as_secs_f64());
    Measured {
        goodput: (left.len() - throttled) as f64 / allowed * 100.0,
        throttled: throttled as f64 / left.len() as f64 * 100.0,
        worst_second: worst_second(&left),
    }
}

/// How late a departure is: up to 100 microseconds, as a timer of the system is.
fn jitter(number: usize) -> Duration {
    Duration::from_micros((number as u64).wrapping_mul(2_654_435_761) % 100)
}

/// The most departures in any half-open second.
fn worst_second(left: &[Duration]) -> usize {
    let mut first = 0;
    let mut worst = 0;
    for (last, at) in left.iter().enumerate() {
        while *at - left[first] >= Duration::from_secs(1) {
            first += 1;
        }
        worst = worst.max(last - first + 1);
    }
    worst
}

fn main() {
    const NIGHT: u64 = 9 * 3_600;
    let unlimited = Quota::Bucket { rate: 1e6, burst: 1e6 };
    let scenarios = [
        Scenario { name: "cap 30, no throttling, nine hours", cap: 30.0, quota: unlimited, seconds: NIGHT, goodput: 99.0, throttled: 0.0 },
        Scenario {
            name: "cap 200, quota 30, burst 30",
            cap: 200.0,
            quota: Quota::Bucket { rate: 30.0, burst: 30.0 },
            seconds: 60,
            goodput: 97.0,
            throttled: 1.0,
        },
        Scenario {
            name: "the same, nine hours",
            cap: 200.0,
            quota: Quota::Bucket { rate: 30.0, burst: 30.0 },
            seconds: NIGHT,
            goodput: 97.0,
            throttled: 1.0,
        },
        Scenario {
            name: "cap 200, quota 30, burst 1",
            cap: 200.0,
            quota: Quota::Bucket { rate: 30.0, burst: 1.0 },
            seconds: 60,
            goodput: 93.0,
            throttled: 1.5,
        },
        Scenario {
            name: "the same, nine hours",
            cap: 200.0,
            quota: Quota::Bucket { rate: 30.0, burst: 1.0 },
            seconds: NIGHT,
            goodput: 93.0,
            throttled: 1.5,
        },
        Scenario {
            name: "cap 200, quota 120, burst 30",
            cap: 200.0,
            quota: Quota::Bucket { rate: 120.0, burst: 30.0 },
            seconds: 60,
            goodput: 97.0,
            throttled: 1.0,
        },
        Scenario {
            name: "cap 200, quota 120, burst 1",
            cap: 200.0,
            quota: Quota::Bucket { rate: 120.0, burst: 1.0 },
            seconds: 60,
            goodput: 93.0,
            throttled: 1.0,
        },
        Scenario {
            name: "cap 200, quota 30 in aligned windows",
            cap: 200.0,
            quota: Quota::Windows(30.0),
            seconds: 60,
            goodput: 93.0,
            throttled: 1.5,
        },
        Scenario {
            name: "cap 200, 30 -> 10 -> 60",
            cap: 200.0,
            quota: Quota::Changing([30.0, 10.0, 60.0]),
            seconds: 600,
            goodput: 94.0,
            throttled: 1.0,
        },
        Scenario {
            name: "cap 30, live traffic takes 0..25 of 30",
            cap: 30.0,
            quota: Quota::Shared { rate: 30.0, most: 25.0 },
            seconds: 60,
            goodput: 90.0,
            throttled: 3.0,
        },
        Scenario { name: "cap 5,000, no throttling", cap: 5000.0, quota: unlimited, seconds: 600, goodput: 98.0, throttled: 0.0 },
    ];
    println!("{:<42} {:>18} {:>18} {:>12}", "", "goodput %", "throttled %", "worst second");
    for scenario in &scenarios {
        let Measured { goodput, throttled, worst_second } = measure(scenario);
        let met = goodput >= scenario.goodput && throttled <= scenario.throttled && worst_second as f64 <= scenario.cap;
        let word = if met { "" } else { "MISSED" };
        println!(
            "{:<42} {goodput:>9.1} (>= {:>3}) {throttled:>9.2} (<= {:>3}) {worst_second:>12} {word}",
            scenario.name, scenario.goodput, scenario.throttled
        );
    }
}
