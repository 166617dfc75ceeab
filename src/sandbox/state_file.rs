//! The state file: all that a sandbox knows, saved when it stops and loaded when it starts, so that a rehearsal can go on tomorrow.
//!
//! JSON Lines: first the sandbox itself, then pools, clients and users. It holds no password, but hashes that are cheap to try
//! passwords on, and the key to them: mode 0600, and to be guarded like the passwords of the rehearsal. Counts of quotas and faults
//! begin anew.

use std::fs::File;
use std::io::{self, BufRead, BufReader, BufWriter, Write};
use std::path::Path;
use std::sync::atomic::Ordering;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::clients::Client;
use super::clock::ClockShift;
use super::constraints::Constraints;
use super::operations::Service;
use super::pool_settings::{PoolSettings, user_pool};
use super::settings::Settings;
use super::tokens::{hex, unhex};
use super::users::User;
use crate::journal::begin_beside;
use crate::row::PoolId;

/// The form of the file. A file of another one is refused.
const VERSION: u32 = 1;

/// Why a state file was refused.
#[derive(Debug, thiserror::Error)]
pub enum StateError {
    /// It cannot be opened, read or written.
    #[error("{0}")]
    Io(#[from] io::Error),
    /// A line is not what a sandbox wrote.
    #[error("line {0} is not what a sandbox of this version writes")]
    Line(usize),
}

/// The first line.
#[derive(Serialize, Deserialize)]
struct Head {
    version: u32,
    secret: String,
    clock_millis: i64,
    created: u64,
}

/// A line after the first.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Entry {
    Pool {
        described: Value,
        created: f64,
        modified: f64,
    },
    Client(Client),
    User {
        pool: String,
        #[serde(flatten)]
        user: User,
    },
}

/// Loads the service that was saved in the file; `None` where there is no file yet. `settings.clock` comes on top of the saved clock.
pub(super) fn load(path: &Path, settings: &Settings) -> Result<Option<Service>, StateError> {
    let file = match File::open(path) {
        Ok(file) => BufReader::new(file),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error.into()),
    };
    let mut lines = file.lines().enumerate().map(|(at, line)| line.map(|line| (at + 1, line)));
    let first = lines.next().ok_or(StateError::Line(1))??.1;
    let head: Head = serde_json::from_str(&first).map_err(|_| StateError::Line(1))?;
    let secret = unhex(&head.secret).and_then(|secret| secret.try_into().ok()).filter(|_| head.version == VERSION);
    let service = Service::new(settings, secret.ok_or(StateError::Line(1))?);
    service.clock.shift(ClockShift::of_millis(head.clock_millis));
    service.created.store(head.created, Ordering::Relaxed);
    for line in lines {
        let (at, line) = line?;
        let entry = serde_json::from_str(&line).map_err(|_| StateError::Line(at))?;
        restore(&service, entry).ok_or(StateError::Line(at))?;
    }
    Ok(Some(service))
}

fn restore(service: &Service, entry: Entry) -> Option<()> {
    match entry {
        Entry::Pool { described, created, modified } => {
            let id = PoolId::parse(described.get("Id")?.as_str()?).ok()?;
            let name = described.get("Name")?.as_str()?.to_owned();
            let settings: PoolSettings = serde_json::from_value(described).ok()?;
            let mut constraints = Constraints::default();
            let (config, naming) = (settings.config(&name, &mut constraints), settings.naming(&mut constraints));
            constraints.check().ok()?;
            service.pools.add(id, config, naming, created).write().modified = modified;
        }
        Entry::Client(client) => {
            service.clients.put(client);
        }
        Entry::User { pool, user } => service.pools.get(&pool)?.put_user(user),
    }
    Some(())
}

/// Fails where nothing could be saved: before a long rehearsal, not after it.
pub(super) fn try_out(path: &Path) -> Result<(), StateError> {
    Ok(begin_beside(path).map(drop)?)
}

/// Saves the service, whole or not at all: into a new file beside, which then takes the place of the old one.
pub(super) fn save(path: &Path, service: &Service) -> Result<(), StateError> {
    let mut file = BufWriter::new(begin_beside(path)?);
    let head = Head {
        version: VERSION,
        secret: hex(&service.secret),
        clock_millis: service.clock.offset_millis(),
        created: service.created.load(Ordering::Relaxed),
    };
    write_line(&mut file, &head)?;
    for pool in service.pools.all() {
        let content = pool.read();
        let described = user_pool(&pool, &content, &service.account);
        write_line(&mut file, &Entry::Pool { described, created: pool.created, modified: content.modified })?;
        for (_, user) in content.directory.after(None) {
            write_line(&mut file, &json!({ "user": UserLine { pool: pool.id.as_str(), user } }))?;
        }
    }
    for client in service.clients.all() {
        write_line(&mut file, &Entry::Client((*client).clone()))?;
    }
    let file = file.into_inner().map_err(io::IntoInnerError::into_error)?;
    file.as_file().sync_all()?;
    file.persist(path).map_err(|error| error.error)?;
    Ok(())
}

/// A user's line, borrowed.
#[derive(Serialize)]
struct UserLine<'a> {
    pool: &'a str,
    #[serde(flatten)]
    user: &'a User,
}

fn write_line(file: &mut impl Write, line: &impl Serialize) -> io::Result<()> {
    serde_json::to_writer(&mut *file, line)?;
    file.write_all(b"\n")
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn what_is_saved_is_loaded_again_and_readable_by_its_owner_alone() {
        let settings = Settings { clock: "1d".parse().expect("a day"), ..Settings::default() };
        let service = Service::new(&settings, [7; 32]);
        let pool = service.pools.get_or_add(&PoolId::parse("us-east-1_a").expect("a pool id"), 1.5);
        pool.write().config.password_history = 5;
        let mut ann = User::new("ann", super::super::users::Status::ResetRequired, 2.25);
        ann.put_attributes(vec![("email".into(), "ann@example.com".into())]);
        ann.set_enabled(false, 3.5);
        pool.put_user(ann.clone());
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("state.jsonl");
        for _ in 0..2 {
            save(&path, &service).expect("a saved state");
        }
        assert_eq!(path.metadata().expect("its metadata").permissions().mode() & 0o777, 0o600);

        let loaded = load(&path, &Settings::default()).expect("a sound file").expect("a file");
        assert_eq!((loaded.secret, loaded.clock.offset_millis()), ([7; 32], 86_400_000));
        let pool = loaded.pools.get("us-east-1_a").expect("the pool");
        assert_eq!((pool.created, pool.read().config.password_history), (1.5, 5));
        assert_eq!(pool.read().user("ann"), Some(&ann));
    }

    #[test]
    fn no_file_is_no_state_and_a_file_of_something_else_is_refused() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("state.jsonl");
        assert!(load(&path, &Settings::default()).expect("no refusal").is_none());
        let head = json!({ "version": 1, "secret": "07".repeat(32), "clock_millis": 0, "created": 0 }).to_string();
        for (text, line) in [
            (String::new(), 1),
            ("user_pool_id,username\n".to_owned(), 1),
            (head.replace("\"version\":1", "\"version\":2"), 1),
            (format!("{head}\n{{\"user\":{{}}}}"), 2),
        ] {
            std::fs::write(&path, text).expect("a file");
            assert!(matches!(load(&path, &Settings::default()), Err(StateError::Line(at)) if at == line));
        }
    }
}
