//! The rate that a run really has, in real time and over real HTTP: how much of what the service allows is used, how many calls are
//! throttled, how many arrive in the worst second. The sandbox's log is the judge, an answer takes 80 ms, and beside ours stands boto3 with
//! 16 threads in its two modes, on the same server.
//!
//! Scenarios that need little of the machine run side by side, for a minute each, but for those whose outcome hangs on a millisecond.
//! Where it hangs on chance, on when a quota changes or on what live traffic takes, a scenario is run several times and the mean is held
//! against the target. A missed target fails the bench. `cargo bench --bench rate -- live` runs what has `live` in its name.

#[path = "judge.rs"]
mod judge;

use std::io::{BufRead, BufReader, BufWriter, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::{scope, sleep};
use std::time::Duration;

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use rustix::process::{Pid, Signal, kill_process};

use self::judge::{Judged, judge};

const BINARY: &str = env!("CARGO_BIN_EXE_cognito-passwd");
const REGIONS: [&str; 3] = ["us-east-1", "eu-west-1", "ap-south-1"];
/// How long the quota of a changing one holds in its first run.
const PHASE: u64 = 60;
/// How often a scenario is run whose outcome hangs on chance.
const RUNS: u64 = 3;
/// How long live traffic has one rate.
const LIVE: Duration = Duration::from_secs(15);

/// Who sets the passwords.
#[derive(Clone, Copy, PartialEq)]
enum Client {
    Ours { cap: u32 },
    Boto3 { mode: &'static str },
}

struct Scenario {
    name: &'static str,
    client: Client,
    /// What the service allows, in requests a second, a phase each; none where it is as much as comes.
    quotas: &'static [f64],
    burst: u32,
    latency: &'static str,
    /// The most that live traffic takes of the quota.
    live: f64,
    /// How often it is run.
    runs: u64,
    /// Regions with as many rows each, of which the first is stalled if there are several.
    regions: usize,
    /// In percent of what the service allows, or of the cap where that is less.
    goodput: f64,
    /// In percent of all calls.
    throttled: f64,
}

const USUAL: Scenario = Scenario {
    name: "",
    client: Client::Ours { cap: 200 },
    quotas: &[],
    burst: 1,
    latency: "80",
    live: 0.0,
    runs: 1,
    regions: 1,
    goodput: 0.0,
    throttled: 100.0,
};

const OURS: [Scenario; 7] = [
    Scenario { name: "cap 30, no throttling", client: Client::Ours { cap: 30 }, goodput: 99.0, throttled: 0.0, ..USUAL },
    Scenario { name: "cap 200, quota 30, burst 30", quotas: &[30.0], burst: 30, goodput: 97.0, throttled: 1.0, ..USUAL },
    Scenario { name: "cap 200, quota 30, burst 1", quotas: &[30.0], goodput: 93.0, throttled: 1.5, ..USUAL },
    Scenario { name: "cap 200, quota 120, burst 1", quotas: &[120.0], goodput: 93.0, throttled: 1.0, ..USUAL },
    Scenario { name: "cap 200, 30 -> 10 -> 60", quotas: &[30.0, 10.0, 60.0], runs: RUNS, goodput: 94.0, throttled: 1.0, ..USUAL },
    Scenario {
        name: "cap 30, live traffic takes 0..25 of 30",
        client: Client::Ours { cap: 30 },
        quotas: &[30.0],
        burst: 30,
        live: 25.0,
        runs: RUNS,
        goodput: 90.0,
        throttled: 3.0,
        ..USUAL
    },
    Scenario {
        name: "3 Regions, cap 30, one stalled",
        client: Client::Ours { cap: 30 },
        regions: 3,
        goodput: 97.0,
        throttled: 0.0,
        ..USUAL
    },
];

const BOTO3: [Scenario; 6] = [
    Scenario {
        name: "boto3 standard, quota 30, burst 30",
        client: Client::Boto3 { mode: "standard" },
        quotas: &[30.0],
        burst: 30,
        ..USUAL
    },
    Scenario {
        name: "boto3 adaptive, quota 30, burst 30",
        client: Client::Boto3 { mode: "adaptive" },
        quotas: &[30.0],
        burst: 30,
        ..USUAL
    },
    Scenario { name: "boto3 standard, quota 30, burst 1", client: Client::Boto3 { mode: "standard" }, quotas: &[30.0], ..USUAL },
    Scenario { name: "boto3 adaptive, quota 30, burst 1", client: Client::Boto3 { mode: "adaptive" }, quotas: &[30.0], ..USUAL },
    Scenario { name: "boto3 standard, quota 120, burst 1", client: Client::Boto3 { mode: "standard" }, quotas: &[120.0], ..USUAL },
    Scenario { name: "boto3 adaptive, quota 120, burst 1", client: Client::Boto3 { mode: "adaptive" }, quotas: &[120.0], ..USUAL },
];

const FAST: [Scenario; 1] = [Scenario {
    name: "cap 5,000, no throttling, no latency",
    client: Client::Ours { cap: 5_000 },
    latency: "0",
    goodput: 98.0,
    throttled: 0.0,
    ..USUAL
}];

fn main() {
    let folder = tempfile::tempdir().expect("a folder");
    println!("{:<42} {:>18} {:>18} {:>13} {:>12}", "", "goodput %", "throttled %", "worst second", "found again");
    let mut missed = 0;
    // Those of a burst of one come alone: what shares the processors with them delays a call by more than their jitter allows.
    let (alone, side_by_side): (Vec<_>, Vec<_>) = OURS.iter().partition(|scenario| scenario.burst == 1 && !scenario.quotas.is_empty());
    let groups = std::iter::once(side_by_side).chain(alone.into_iter().map(|scenario| vec![scenario]));
    let wanted = std::env::args().skip(1).find(|argument| !argument.starts_with('-')).unwrap_or_default();
    assert!(OURS.iter().chain(&BOTO3).chain(&FAST).any(|scenario| scenario.name.contains(&wanted)), "no scenario has {wanted} in its name");
    for mut together in groups.chain([BOTO3.iter().collect(), FAST.iter().collect()]) {
        together.retain(|scenario| scenario.name.contains(&wanted));
        missed += scope(|scope| {
            let running: Vec<_> = together.iter().map(|scenario| scope.spawn(|| measure_all(scenario, folder.path()))).collect();
            let judged: Vec<Vec<_>> = running.into_iter().map(|thread| thread.join().expect("it was measured")).collect();
            together.iter().zip(judged).map(|(scenario, judged)| usize::from(!show(scenario, &judged))).sum::<usize>()
        });
    }
    if missed > 0 {
        println!("{missed} targets missed");
        std::process::exit(1);
    }
}

/// Prints a line, and says whether the targets were met.
fn show(scenario: &Scenario, runs: &[Judged]) -> bool {
    let mean = |of: fn(&Judged) -> f64| runs.iter().map(of).sum::<f64>() / runs.len() as f64;
    let (goodput, throttled) = (mean(|run| run.goodput), mean(|run| run.throttled));
    let worst_second = runs.iter().map(|run| run.worst_second).max().unwrap_or_default();
    let found_again = runs.iter().filter_map(|run| run.found_again).reduce(f64::max);
    // One more than the cap, or one in a hundred, where a call was held up on its way and the one behind it was not.
    let (worst, soon) = match scenario.client {
        Client::Ours { cap } => (cap as usize + 1.max(cap as usize / 100), found_again.is_none_or(|seconds| seconds <= 45.0)),
        Client::Boto3 { .. } => (usize::MAX, true),
    };
    let is_met = goodput >= scenario.goodput && throttled <= scenario.throttled && worst_second <= worst && soon;
    let found_again = found_again.map_or(String::new(), |seconds| format!("{seconds:.0} s"));
    println!(
        "{:<42} {goodput:>9.1} (>= {:>3}) {throttled:>9.2} (<= {:>3}) {worst_second:>13} {found_again:>12} {}",
        scenario.name,
        scenario.goodput,
        scenario.throttled,
        if is_met { "" } else { "MISSED" }
    );
    if runs.len() > 1 {
        runs.iter().for_each(|run| println!("{:<42} {:>9.1} {:>18.2}", "  of this", run.goodput, run.throttled));
    }
    is_met
}

/// How long a quota holds in a run, in seconds: a change meets each run at another moment between two of its probes.
fn phase(run: u64) -> u64 {
    PHASE + run
}

fn seconds(scenario: &Scenario, run: u64) -> u64 {
    phase(run) * scenario.quotas.len().max(1) as u64
}

fn pool(region: &str) -> String {
    format!("{region}_Rate00000")
}

fn measure_all(scenario: &Scenario, folder: &Path) -> Vec<Judged> {
    (0..scenario.runs).map(|run| measure(scenario, run, folder)).collect()
}

fn measure(scenario: &Scenario, run: u64, folder: &Path) -> Judged {
    let folder = folder.join(format!("{}{run}", scenario.name.replace([' ', ',', '>', '.'], "_")));
    std::fs::create_dir(&folder).expect("a folder");
    let cap = match scenario.client {
        Client::Ours { cap } => f64::from(cap),
        Client::Boto3 { .. } => f64::INFINITY,
    };
    let most = scenario.quotas.iter().copied().reduce(f64::max).unwrap_or(cap);
    let users = ((seconds(scenario, run) + 5) as f64 * most) as usize + scenario.burst as usize;
    write_rows(&folder.join("users.csv"), &REGIONS[..scenario.regions], users);
    let (mut server, url) = serve(scenario, &folder);
    let mut client = start(scenario, run, &folder, &url, users);
    let log = folder.join("calls.jsonl");
    while log.metadata().map_or(0, |log| log.len()) == 0 {
        sleep(Duration::from_millis(5));
    }
    scope(|scope| {
        if scenario.live > 0.0 {
            scope.spawn(|| live_traffic(&url, scenario.live, seconds(scenario, run), run));
        }
        for (number, quota) in scenario.quotas.iter().enumerate() {
            if number > 0 {
                post(&url, "/sandbox/quota", &[], &format!("{{\"per_second\": {quota}}}"));
            }
            sleep(Duration::from_secs(phase(run)));
        }
        if scenario.quotas.is_empty() {
            sleep(Duration::from_secs(phase(run)));
        }
    });
    let _ = kill_process(Pid::from_child(&client), Signal::INT);
    client.wait().expect("it ends");
    server.kill().expect("it can be killed");
    server.wait().expect("it ends");
    // The Region that is stalled is not what is measured.
    let pools: Vec<_> = REGIONS[..scenario.regions].iter().skip(usize::from(scenario.regions > 1)).map(|region| pool(region)).collect();
    judge(&log, &pools, cap, scenario.quotas, scenario.burst, phase(run) as f64)
}

fn write_rows(path: &Path, regions: &[&str], users: usize) {
    let mut out = BufWriter::new(std::fs::File::create(path).expect("a file"));
    writeln!(out, "user_pool_id,username,password,permanent").expect("written");
    for region in regions {
        for user in 1..=users {
            writeln!(out, "{},user{user:06},Correct-Horse-7,true", pool(region)).expect("written");
        }
    }
    out.flush().expect("written");
}

fn serve(scenario: &Scenario, folder: &Path) -> (Child, String) {
    let mut command = Command::new(BINARY);
    command.args(["sandbox", "--users", "users.csv", "--log", "calls.jsonl", "--latency", scenario.latency]).current_dir(folder);
    match scenario.quotas.first() {
        Some(quota) => command.args(["--quota", &quota.to_string(), "--burst", &scenario.burst.to_string()]),
        None => command.args(["--quota", "unlimited"]),
    };
    if scenario.regions > 1 {
        let plan = format!("{{\"fault\": \"slow\", \"pool\": \"{}\", \"by\": \"9s\"}}\n", pool(REGIONS[0]));
        std::fs::write(folder.join("plan.jsonl"), plan).expect("written");
        command.args(["--fault-plan", "plan.jsonl"]);
    }
    let mut child = command.stdout(Stdio::piped()).spawn().expect("it runs");
    let mut url = String::new();
    BufReader::new(child.stdout.take().expect("its output")).read_line(&mut url).expect("its address");
    (child, url.trim().to_owned())
}

fn start(scenario: &Scenario, run: u64, folder: &Path, url: &str, users: usize) -> Child {
    let mut command = match scenario.client {
        Client::Ours { cap } => {
            let mut command = Command::new(BINARY);
            command.args(["run", "users.csv", "--yes", "--quiet", "--policy", "none", "--rate", &cap.to_string(), "--endpoint-url", url]);
            command
        }
        Client::Boto3 { mode } => {
            let root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
            let mut command = Command::new(root.join(".venv/bin/python"));
            command.arg(root.join("tests/bench/rate_boto3.py"));
            command.args([url, &pool(REGIONS[0]), &users.to_string(), mode, &seconds(scenario, run).to_string()]);
            command
        }
    };
    command.env("AWS_ACCESS_KEY_ID", "bench").env("AWS_SECRET_ACCESS_KEY", "bench").env("AWS_EC2_METADATA_DISABLED", "true");
    command.current_dir(folder).stderr(Stdio::null()).spawn().expect("it runs; `make .venv` makes the environment of boto3")
}

/// Calls of users who reset their passwords: so many a second, up to `most`, for a while each.
fn live_traffic(url: &str, most: f64, seconds: u64, day: u64) {
    let mut random = StdRng::seed_from_u64(11 + day);
    let body = format!("{{\"UserPoolId\": \"{}\", \"Username\": \"live\", \"Password\": \"Correct-Horse-7\"}}", pool(REGIONS[0]));
    scope(|scope| {
        for _ in 0..seconds / LIVE.as_secs() {
            let calls = (random.random_range(0.0..most) * LIVE.as_secs_f64()) as u32 + 1;
            for _ in 0..calls {
                scope.spawn(|| post(url, "/", &["x-amz-target: AWSCognitoIdentityProviderService.AdminSetUserPassword"], &body));
                sleep(LIVE / calls);
            }
        }
    });
}

/// Makes a request and waits for its answer.
fn post(url: &str, path: &str, headers: &[&str], body: &str) {
    let host = url.trim_start_matches("http://");
    let mut stream = TcpStream::connect(host).expect("it listens");
    let headers: String = headers.iter().map(|header| format!("{header}\r\n")).collect();
    let head = format!("POST {path} HTTP/1.1\r\nhost: {host}\r\n{headers}content-length: {}\r\nconnection: close\r\n\r\n", body.len());
    stream.write_all(format!("{head}{body}").as_bytes()).expect("it is sent");
    stream.read_to_end(&mut Vec::new()).expect("an answer");
}
