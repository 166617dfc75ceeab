//! The pacer against modelled services, on a clock of its own: how much of what a service allows is used, how many calls are wasted, how
//! many leave in the worst second. Nine hours take seconds.
//!
//! A service here is a token bucket or windows of a second, whose quota may change or be shared with live traffic. Calls arrive as they
//! do on a machine: some by a tenth of a millisecond later than others, and a few of a thousand by more, so that a bucket of one
//! throttles the call behind. A row of minutes is the mean over several round trips and several such machines, with the worst of them
//! beside it; the mean must meet the targets. Where one is missed, that is said, and the exit code is 1.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::process::ExitCode;
use std::time::Duration;

use cognito_passwd::execute::control::Controller;
use tokio::time::Instant;

/// Calls that may be in flight.
const CONCURRENCY: usize = 512;
/// The round trips of usual answers, in seconds.
const USUAL: [f64; 7] = [0.08, 0.076, 0.0773, 0.0787, 0.0813, 0.0827, 0.084];
/// Those of slow ones.
const SLOW: [f64; 7] = [0.3, 0.285, 0.29, 0.295, 0.305, 0.31, 0.315];
/// Those of very slow ones.
const VERY_SLOW: [f64; 7] = [0.8, 0.76, 0.773, 0.787, 0.813, 0.827, 0.84];
/// The share of a round trip after which a call arrives: most of it is the service's work.
const THERE: f64 = 0.1;
/// So many days of live traffic are tried, each at 80 ms.
const DAYS: u64 = 40;
/// So many machines are tried at each round trip, where a scenario is short.
const MACHINES: u64 = 16;
/// How much later than others a call arrives, in seconds: the mean of four draws up to this. Arrivals at the sandbox on two cores, of a
/// run at 113 a second that nothing throttled (November 2026), would have been throttled by a quota 1 to 6 % higher without a burst as
/// often as these are: 1.6 to 3.1 % of them at 1 %, 0.3 to 0.5 % from 2 % on.
const LATE: f64 = 0.2e-3;
/// The share of calls that are held up beyond that, and by how much, in seconds. A sleeping process that does nothing else is woken so
/// late as often there.
const HELD_UP: (f64, f64, f64) = (0.003, 1e-3, 3e-3);
const NIGHT: u64 = 9 * 3_600;
/// So soon after a change most of the new quota must be used, in seconds.
const BACK: f64 = 45.0;

/// What a service allows.
#[derive(Clone, Copy)]
enum Quota {
    /// A token bucket: so many requests a second, so many at once.
    Bucket(f64, f64),
    /// A bucket whose rate changes every third of the time, and so many at once.
    Changing([f64; 3], f64),
    /// A bucket that live traffic takes a random share of, anew every fifteen seconds: up to so many requests a second.
    Shared(f64, f64),
    /// So many requests in each second of the wall clock.
    Aligned(f64),
}

struct Scenario {
    name: &'static str,
    cap: f64,
    quota: Quota,
    round_trips: [f64; 7],
    /// The share of a round trip that a throttled answer takes.
    throttled_within: f64,
    /// How long a throttled answer asks to wait.
    retry_after: Option<Duration>,
    seconds: u64,
    /// Of what the service allows, or of the cap where that is lower; in percent.
    goodput: f64,
    /// Throttled calls, in percent of all.
    throttled: f64,
    /// So much of the new quota must be used soon after a change, in percent.
    back_at: f64,
}

const fn scenario(name: &'static str, cap: f64, quota: Quota, seconds: u64, goodput: f64, throttled: f64) -> Scenario {
    Scenario { name, cap, quota, round_trips: USUAL, throttled_within: 1.0, retry_after: None, seconds, goodput, throttled, back_at: 90.0 }
}

const fn slow(scenario: Scenario) -> Scenario {
    Scenario { round_trips: SLOW, ..scenario }
}

const fn very_slow(scenario: Scenario) -> Scenario {
    Scenario { round_trips: VERY_SLOW, back_at: 75.0, ..scenario }
}

/// A service that says no in a quarter of the time in which it does what it is asked for.
const fn quick_to_throttle(scenario: Scenario) -> Scenario {
    Scenario { throttled_within: 0.25, ..scenario }
}

/// A service that asks to wait for a second whenever it throttles.
const fn asking_to_wait(scenario: Scenario) -> Scenario {
    Scenario { retry_after: Some(Duration::from_secs(1)), ..scenario }
}

const UNLIMITED: Quota = Quota::Bucket(1e6, 1e6);

const SCENARIOS: &[Scenario] = &[
    scenario("cap 30, no throttling", 30.0, UNLIMITED, 60, 99.0, 0.0),
    scenario("  the same, nine hours", 30.0, UNLIMITED, NIGHT, 99.0, 0.0),
    scenario("cap 200, quota 30, burst 1", 200.0, Quota::Bucket(30.0, 1.0), 60, 93.0, 1.5),
    scenario("  the same, nine hours", 200.0, Quota::Bucket(30.0, 1.0), NIGHT, 93.0, 1.5),
    slow(scenario("  the same, round trips of 300 ms", 200.0, Quota::Bucket(30.0, 1.0), 60, 93.0, 1.5)),
    asking_to_wait(scenario("  the same, asked to wait a second", 200.0, Quota::Bucket(30.0, 1.0), 60, 80.0, 1.5)),
    asking_to_wait(scenario("cap 200, quota 5, burst 1, asked to wait a second", 200.0, Quota::Bucket(5.0, 1.0), 60, 50.0, 20.0)),
    scenario("cap 200, quota 120, burst 1", 200.0, Quota::Bucket(120.0, 1.0), 60, 93.0, 1.0),
    quick_to_throttle(scenario("  the same, throttled in 20 ms", 200.0, Quota::Bucket(120.0, 1.0), 60, 88.0, 1.0)),
    scenario("cap 200, quota 30, burst 30", 200.0, Quota::Bucket(30.0, 30.0), 60, 97.0, 1.0),
    scenario("  the same, nine hours", 200.0, Quota::Bucket(30.0, 30.0), NIGHT, 97.0, 1.0),
    slow(scenario("  the same, round trips of 300 ms", 200.0, Quota::Bucket(30.0, 30.0), 60, 97.0, 3.0)),
    quick_to_throttle(scenario("  the same, throttled in 20 ms", 200.0, Quota::Bucket(30.0, 30.0), 60, 97.0, 1.0)),
    scenario("cap 200, quota 100, burst 100", 200.0, Quota::Bucket(100.0, 100.0), 60, 95.0, 1.5),
    scenario("cap 200, quota 12, burst 5", 200.0, Quota::Bucket(12.0, 5.0), 120, 95.0, 2.3),
    scenario("cap 200, quota 30 -> 10 -> 60, a minute each", 200.0, Quota::Changing([30.0, 10.0, 60.0], 1.0), 180, 94.0, 1.0),
    scenario("  the same, ten minutes", 200.0, Quota::Changing([30.0, 10.0, 60.0], 1.0), 600, 94.0, 1.0),
    very_slow(scenario("  the same, round trips of 800 ms", 200.0, Quota::Changing([30.0, 10.0, 60.0], 1.0), 180, 75.0, 3.5)),
    scenario("cap 200, quota 30 -> 12 -> 50, a minute each", 200.0, Quota::Changing([30.0, 12.0, 50.0], 1.0), 180, 93.0, 1.1),
    scenario("cap 200, quota 30 -> 9 -> 75, a minute each", 200.0, Quota::Changing([30.0, 9.0, 75.0], 1.0), 180, 92.0, 1.1),
    scenario("cap 200, quota 120 -> 60 -> 120, burst 60", 200.0, Quota::Changing([120.0, 60.0, 120.0], 60.0), 180, 94.0, 1.5),
    scenario("cap 200, quota 30 -> 0 -> 30, half a minute each", 200.0, Quota::Changing([30.0, 0.0, 30.0], 1.0), 90, 85.0, 3.5),
    scenario("cap 30, live traffic takes 0..25 of 30", 30.0, Quota::Shared(30.0, 25.0), 60, 90.0, 3.0),
    scenario("cap 5,000, no throttling", 5_000.0, UNLIMITED, 60, 98.0, 0.0),
    scenario("cap 200, quota 30 in aligned windows", 200.0, Quota::Aligned(30.0), 60, 93.0, 1.5),
    scenario("  the same, ten minutes", 200.0, Quota::Aligned(30.0), 600, 93.0, 1.5),
];

impl Scenario {
    /// How long it takes on one of the machines, in seconds. A quota that changes does so at another moment on each: how soon that is
    /// noticed hangs on whether the run rests just then.
    fn length(&self, machine: u64) -> u64 {
        match self.quota {
            Quota::Changing(..) => self.seconds * (59 + machine) / 60,
            _ => self.seconds,
        }
    }
}

/// SplitMix64, from 0 to 1.
struct Random(u64);

impl Random {
    fn next(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((mixed ^ (mixed >> 31)) >> 11) as f64 / (1u64 << 53) as f64
    }
}

/// The modelled service. Its time is in seconds.
struct Service {
    quota: Quota,
    burst: f64,
    tokens: f64,
    at: f64,
    length: f64,
    random: Random,
    live: f64,
    live_until: f64,
    /// How far into a window of the wall clock the scenario begins, in seconds.
    phase: f64,
    allowed: f64,
}

impl Service {
    fn new(quota: Quota, length: f64, seed: u64) -> Self {
        let burst = match quota {
            Quota::Bucket(_, burst) | Quota::Shared(burst, _) | Quota::Changing(_, burst) => burst,
            Quota::Aligned(_) => 1.0,
        };
        let random = Random(seed.wrapping_mul(7_919));
        let phase = (seed as f64 - 1.0) / MACHINES as f64;
        Self { quota, burst, tokens: burst, at: 0.0, length, random, live: 0.0, live_until: 0.0, phase, allowed: burst }
    }

    /// Whether a request that arrives at `now` is let through.
    fn admits(&mut self, now: f64) -> bool {
        self.refill(now);
        let admitted = self.tokens >= 1.0;
        if admitted {
            self.tokens -= 1.0;
        }
        admitted
    }

    fn refill(&mut self, now: f64) {
        match self.quota {
            Quota::Aligned(rate) => {
                if (now + self.phase).floor() > (self.at + self.phase).floor() || self.at == 0.0 {
                    self.tokens = rate;
                    self.allowed += rate;
                }
                self.at = now.max(f64::MIN_POSITIVE);
            }
            Quota::Bucket(rate, _) => self.pour(rate, now - self.at),
            // In steps of a millisecond, within which the rate does not change.
            _ => {
                while self.at < now {
                    let rate = self.rate();
                    self.pour(rate, (now - self.at).min(0.001));
                }
            }
        }
    }

    fn pour(&mut self, rate: f64, step: f64) {
        self.tokens = (self.tokens + rate * step).min(self.burst);
        self.allowed += rate * step;
        self.at += step;
    }

    fn rate(&mut self) -> f64 {
        match self.quota {
            Quota::Bucket(rate, _) | Quota::Aligned(rate) => rate,
            Quota::Changing(rates, _) => rates[((self.at / self.length * 3.0) as usize).min(2)],
            Quota::Shared(rate, most) => {
                if self.at >= self.live_until {
                    self.live = most * self.random.next();
                    self.live_until = self.at + 15.0;
                }
                rate - self.live
            }
        }
    }
}

/// What came of a scenario.
#[derive(Clone, Copy)]
struct Measured {
    goodput: f64,
    throttled: f64,
    worst_second: usize,
    /// Seconds from the last change of the quota until so much of it as is asked was used for two.
    back: Option<f64>,
}

/// What happens to a call next.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Next {
    Arrives,
    Admitted,
    Throttled,
}

fn measure(scenario: &Scenario, round_trip: f64, machine: u64) -> Measured {
    let cap = scenario.cap;
    let length = Duration::from_secs(scenario.length(machine));
    let start = Instant::now();
    let way = Duration::from_secs_f64(round_trip * THERE);
    let after = |share: f64| Duration::from_secs_f64(round_trip * (share - THERE));
    let mut controller = Controller::new(Some(cap), start);
    let mut service = Service::new(scenario.quota, length.as_secs_f64(), machine);
    let mut random = Random(machine);
    let mut calls: BinaryHeap<Reverse<(Duration, usize, Duration, Next)>> = BinaryHeap::new();
    let (mut left, mut admitted) = (Vec::new(), Vec::new());
    let mut throttled = 0;
    let (mut now, mut cap_due) = (Duration::ZERO, Duration::ZERO);
    // Whoever waits for a moment is not woken when it comes sooner.
    let mut awaited = start;
    while now < length {
        awaited = awaited.max(controller.due());
        let due = (awaited - start).max(cap_due).max(now);
        match calls.peek().copied() {
            Some(Reverse((at, number, sent, next))) if at <= due || calls.len() >= CONCURRENCY => {
                calls.pop();
                if next != Next::Arrives {
                    now = now.max(at);
                }
                match next {
                    Next::Arrives => {
                        let answer = if service.admits(at.as_secs_f64()) {
                            admitted.push(at.as_secs_f64());
                            (at + after(1.0), number, sent, Next::Admitted)
                        } else {
                            (at + after(scenario.throttled_within), number, sent, Next::Throttled)
                        };
                        calls.push(Reverse(answer));
                    }
                    Next::Admitted => controller.admitted(start + sent, start + now),
                    Next::Throttled => {
                        throttled += 1;
                        controller.throttled(start + sent, start + now, scenario.retry_after);
                    }
                }
            }
            _ => {
                // A timer of the system is up to 100 microseconds late.
                now = due + Duration::from_micros((left.len() as u64).wrapping_mul(2_654_435_761) % 100);
                // The hard cap as `pace` keeps it: a late departure may be caught up with by 5 ms.
                cap_due = cap_due.max(now.saturating_sub(Duration::from_millis(5))) + Duration::from_secs_f64(1.005 / cap);
                controller.sent(start + due, random.next());
                controller.left(start + now);
                awaited = controller.due();
                calls.push(Reverse((now + way + lateness(&mut random), left.len(), now, Next::Arrives)));
                left.push(now);
            }
        }
    }
    service.refill(length.as_secs_f64());
    let allowed = service.allowed.min(cap * length.as_secs_f64());
    Measured {
        goodput: admitted.len() as f64 / allowed * 100.0,
        throttled: f64::from(throttled) / left.len() as f64 * 100.0,
        worst_second: worst_second(&left),
        back: back(scenario, length.as_secs(), &admitted),
    }
}

fn lateness(random: &mut Random) -> Duration {
    let (share, least, most) = HELD_UP;
    let usual = (0..4).map(|_| random.next()).sum::<f64>() / 4.0 * LATE;
    let held_up = if random.next() < share { least + (most - least) * random.next() } else { 0.0 };
    Duration::from_secs_f64(usual + held_up)
}

/// The most departures in any half-open second.
fn worst_second(left: &[Duration]) -> usize {
    let (mut first, mut worst) = (0, 0);
    for (last, at) in left.iter().enumerate() {
        while *at - left[first] >= Duration::from_secs(1) {
            first += 1;
        }
        worst = worst.max(last - first + 1);
    }
    worst
}

fn back(scenario: &Scenario, length: u64, admitted: &[f64]) -> Option<f64> {
    let Quota::Changing([_, _, rate], _) = scenario.quota else { return None };
    let changed = length as f64 * 2.0 / 3.0;
    let within = |from: f64| admitted.iter().filter(|at| (from..from + 2.0).contains(*at)).count() as f64;
    (0..length)
        .map(|second| second as f64)
        .find(|second| within(changed + second) >= rate * 2.0 * scenario.back_at / 100.0)
        .map_or(Some(f64::INFINITY), |second| Some(second + 2.0))
}

fn mean(all: &[Measured], of: fn(&Measured) -> f64) -> f64 {
    all.iter().map(of).sum::<f64>() / all.len() as f64
}

fn main() -> ExitCode {
    let mut missed = 0;
    println!("{:<46}{:>18}{:>22}{:>18}{:>14}{:>9}", "", "goodput %", "throttled %", "worst of all", "worst second", "back in");
    for scenario in SCENARIOS {
        let all: Vec<Measured> = match scenario.quota {
            Quota::Shared(..) => (1..=DAYS).map(|day| measure(scenario, scenario.round_trips[0], day)).collect(),
            _ => {
                let machines = if scenario.seconds < NIGHT { MACHINES } else { 1 };
                let each = |round_trip| (1..=machines).map(move |machine| measure(scenario, round_trip, machine));
                scenario.round_trips.into_iter().flat_map(each).collect()
            }
        };
        let (goodput, throttled) = (mean(&all, |one| one.goodput), mean(&all, |one| one.throttled));
        let lowest = all.iter().map(|one| one.goodput).fold(f64::INFINITY, f64::min);
        let highest = all.iter().map(|one| one.throttled).fold(0.0, f64::max);
        let worst_second = all.iter().map(|one| one.worst_second).max().unwrap_or_default();
        let back = all.iter().filter_map(|one| one.back).reduce(f64::max);
        let met = goodput >= scenario.goodput
            && throttled <= scenario.throttled
            && worst_second as f64 <= scenario.cap
            && back.is_none_or(|seconds| seconds <= BACK);
        missed += u32::from(!met);
        let back = back.map_or(String::new(), |seconds| format!("{seconds:.0} s"));
        print!("{:<46}{goodput:>8.1} (>= {:>3})", scenario.name, scenario.goodput);
        print!("{throttled:>12.2} (<= {:>3}){lowest:>11.1} / {highest:>4.2}", scenario.throttled);
        println!("{worst_second:>14}{back:>9} {}", if met { "" } else { "MISSED" });
    }
    ExitCode::from(u8::from(missed > 0))
}
