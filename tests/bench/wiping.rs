//! What it costs to wipe memory when it is freed: the real binary beside the same commands in this program, which has the system's
//! allocator. Times on processors first, since the wiping takes no other.

#[path = "loopback.rs"]
mod loopback;
#[path = "measured.rs"]
mod measured;

use std::env;
use std::fs;
use std::path::Path;
use std::process::{Command, ExitCode, Stdio};

use clap::Parser;
use cognito_passwd::cli::Cli;

use self::loopback::sandbox;
use self::measured::{Measured, measured};

const BINARY: &str = env!("CARGO_BIN_EXE_cognito-passwd");
const POLICY: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/samples/policy.json");
/// Set in the process that does without wiping.
const UNWIPED: &str = "COGNITO_PASSWD_UNWIPED";
const ROUNDS: usize = 5;

fn main() -> ExitCode {
    if env::var_os(UNWIPED).is_some() {
        return Cli::parse().run().map_or(ExitCode::from(2), |exit| exit.code().into());
    }
    let folder = tempfile::tempdir().expect("a folder");
    let file = |rows: usize| {
        let path = folder.path().join(format!("{rows}.csv"));
        let line = |row| format!("us-east-1_Bench1234,user{row:08}@example.com,Correct-Horse-{row:08}x,true\n");
        let rows: String = (0..rows).map(line).collect();
        fs::write(&path, format!("user_pool_id,username,password,permanent\n{rows}")).expect("a file");
        path.to_str().expect("a name").to_owned()
    };
    let many = file(1_000_000);
    costs("check of 1,000,000 rows", folder.path(), &["check", "--quiet", "--policy", POLICY, &many]);

    let few = file(20_000);
    let users = folder.path().join("users.csv");
    fs::copy(&few, &users).expect("a copy");
    let (mut server, url) = sandbox(&users);
    let run =
        ["run", "--yes", "--quiet", "--policy", "none", "--rate", "unlimited", "--max-concurrency", "32", "--endpoint-url", &url, &few];
    costs("run of 20,000 rows", folder.path(), &run);
    server.kill().expect("it can be killed");
    server.wait().expect("it ends");
    ExitCode::SUCCESS
}

/// Prints the least that a command takes with and without wiping, in turns.
fn costs(what: &str, folder: &Path, args: &[&str]) {
    let itself = env::current_exe().expect("this program");
    let time = |program: &Path, unwiped: bool| {
        for name in ["20000.results.csv", "20000.results.csv.journal"] {
            let _ = fs::remove_file(folder.join(name));
        }
        let mut command = Command::new(program);
        command.args(args).current_dir(folder).stdout(Stdio::null()).stderr(Stdio::null());
        command.env("AWS_ACCESS_KEY_ID", "bench").env("AWS_SECRET_ACCESS_KEY", "bench");
        if unwiped {
            command.env(UNWIPED, "");
        }
        let ended = measured(&mut command);
        assert!(ended.status.success(), "{what} fails");
        ended
    };
    let rounds: Vec<_> = (0..ROUNDS).map(|_| (time(Path::new(BINARY), false), time(&itself, true))).collect();
    let least = |of: fn(&(Measured, Measured)) -> f64| rounds.iter().map(of).fold(f64::INFINITY, f64::min);
    let (with, without) = (least(|round| round.0.cpu), least(|round| round.1.cpu));
    println!("{what}: {with:.2} s of processor time with wiping, {without:.2} s without: {:.2} times", with / without);
    println!("    from start to end {:.2} s and {:.2} s", least(|round| round.0.seconds), least(|round| round.1.seconds));
    let peak = |round: &Measured| round.peak as f64 / 1024.0;
    println!("    at its peak {:.1} MiB and {:.1} MiB", peak(&rounds[0].0), peak(&rounds[0].1));
}
