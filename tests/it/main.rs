//! The program as its users meet it: the real executable, in a process of its own, against moto, against its own sandbox and beside
//! the AWS CLI. A file a promise; what they share is in `harness`.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod harness;

mod bad_input;
mod budget;
mod changed_file;
mod check;
mod cli_help;
mod corpus;
mod crash;
mod credentials;
mod documented;
mod exit_codes;
mod faults;
mod full_disk;
mod hostile;
mod layering;
mod live;
mod log;
mod moto;
mod named_pipes;
mod one_user;
mod plan_and_apply;
mod plans;
mod property;
mod rate;
mod readme;
mod real_clients;
mod regions;
mod report;
mod resume;
mod rules;
mod safeguards;
mod samples;
mod sandbox_flags;
mod secrets;
mod sentinel;
mod signals;
mod stdin;
mod strangers;
mod terminal;
mod tls;
