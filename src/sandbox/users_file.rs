//! The file of users that a sandbox starts with: JSON Lines with a user or a pool a line, or the CSV that a run reads. Passwords in it
//! are ignored.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::Path;

use serde::Deserialize;

use super::constraints::Constraints;
use super::directory::Naming;
use super::pool_settings::PoolSettings;
use super::pools::PoolConfig;
use super::users::{Status, User};
use crate::row::PoolId;

/// Why a file of users was refused.
#[derive(Debug, thiserror::Error)]
pub enum UsersFileError {
    /// It cannot be opened or read.
    #[error("it cannot be read: {0}")]
    Read(#[from] std::io::Error),
    /// A line holds no user.
    #[error("line {line}: {reason}")]
    Line {
        /// The line, from 1.
        line: u64,
        /// What is wrong with it, without a piece of it.
        reason: String,
    },
}

/// What a line gives.
pub(super) enum Entry {
    Pool(PoolId, PoolConfig, Naming),
    User(PoolId, User),
}

/// A line of JSON that holds a user. The names are those of the API, or of the CSV's header.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct UserLine {
    #[serde(alias = "user_pool_id")]
    user_pool_id: String,
    #[serde(alias = "username")]
    username: String,
    #[serde(default)]
    user_status: Status,
    #[serde(default = "enabled")]
    enabled: bool,
    #[serde(default)]
    attributes: Attributes,
}

/// Attributes as an object, or as the list that the API makes of them.
#[derive(Deserialize)]
#[serde(untagged)]
enum Attributes {
    Object(BTreeMap<Box<str>, Box<str>>),
    List(Vec<AttributeType>),
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct AttributeType {
    name: Box<str>,
    value: Box<str>,
}

impl Default for Attributes {
    fn default() -> Self {
        Self::List(Vec::new())
    }
}

/// A line of JSON that holds a pool.
#[derive(Deserialize)]
struct PoolLine {
    #[serde(rename = "Id")]
    id: String,
    #[serde(flatten)]
    settings: PoolSettings,
}

fn enabled() -> bool {
    true
}

/// Reads the file, hands what it gives to `take`, and says how many users there were. A file whose first character is `{` is JSON
/// Lines, and so is an empty one.
pub(super) fn read(path: &Path, now: f64, take: impl FnMut(Entry) -> Result<(), &'static str>) -> Result<usize, UsersFileError> {
    let mut file = BufReader::new(File::open(path)?);
    let first = file.fill_buf()?;
    let first = first.strip_prefix(b"\xef\xbb\xbf").unwrap_or(first);
    match first.trim_ascii_start() {
        [] | [b'{', ..] => read_json_lines(file, now, take),
        _ => read_csv(file, now, take),
    }
}

fn read_json_lines(
    mut file: impl BufRead,
    now: f64,
    mut take: impl FnMut(Entry) -> Result<(), &'static str>,
) -> Result<usize, UsersFileError> {
    let mut count = 0;
    let mut text = Vec::new();
    for line in 1.. {
        text.clear();
        if file.read_until(b'\n', &mut text)? == 0 {
            break;
        }
        let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&text).trim_ascii();
        if text.is_empty() {
            continue;
        }
        let entry = match serde_json::from_slice(text) {
            Ok(user) => user_entry(line, user, now)?,
            Err(error) => pool_entry(line, text)?.ok_or_else(|| refused(line, json_fault(&error)))?,
        };
        count += usize::from(matches!(entry, Entry::User(..)));
        take(entry).map_err(|reason| refused(line, reason))?;
    }
    Ok(count)
}

fn user_entry(line: u64, given: UserLine, now: f64) -> Result<Entry, UsersFileError> {
    let pool = pool_id(line, &given.user_pool_id)?;
    let mut user = User::new(&given.username, given.user_status, now);
    user.enabled = given.enabled;
    user.put_attributes(match given.attributes {
        Attributes::Object(attributes) => attributes.into_iter().collect(),
        Attributes::List(attributes) => attributes.into_iter().map(|attribute| (attribute.name, attribute.value)).collect(),
    });
    Ok(Entry::User(pool, user))
}

/// The pool on this line, if it holds one.
fn pool_entry(line: u64, text: &[u8]) -> Result<Option<Entry>, UsersFileError> {
    let Ok(PoolLine { id, settings }) = serde_json::from_slice(text) else { return Ok(None) };
    let pool = pool_id(line, &id)?;
    let mut constraints = Constraints::default();
    let config = settings.config(settings.pool_name.as_deref().unwrap_or(&id), &mut constraints);
    let naming = settings.naming(&mut constraints);
    constraints.check().map_err(|refusal| refused(line, refusal.message))?;
    Ok(Some(Entry::Pool(pool, config, naming)))
}

fn read_csv(file: impl BufRead, now: f64, mut take: impl FnMut(Entry) -> Result<(), &'static str>) -> Result<usize, UsersFileError> {
    let mut reader = csv::Reader::from_reader(file);
    let header = reader.headers().map_err(csv_fault)?;
    let column = |snake: &str, pascal: &str| {
        let at = header.iter().position(|name| name == snake || name == pascal);
        at.ok_or_else(|| refused(1, format!("the header names no column {snake}")))
    };
    let (pool_column, username_column) = (column("user_pool_id", "UserPoolId")?, column("username", "Username")?);
    let mut count = 0;
    for record in reader.records() {
        let record = record.map_err(csv_fault)?;
        let line = record.position().map_or(0, csv::Position::line);
        let pool = pool_id(line, &record[pool_column])?;
        take(Entry::User(pool, User::new(&record[username_column], Status::Confirmed, now))).map_err(|reason| refused(line, reason))?;
        count += 1;
    }
    Ok(count)
}

fn pool_id(line: u64, text: &str) -> Result<PoolId, UsersFileError> {
    PoolId::parse(text).map_err(|error| refused(line, error.to_string()))
}

fn refused(line: u64, reason: impl Into<String>) -> UsersFileError {
    UsersFileError::Line { line, reason: reason.into() }
}

/// What is wrong with a line of JSON, without its values: a password may be among them.
fn json_fault(error: &serde_json::Error) -> String {
    if error.is_data() {
        let names = "UserPoolId, Username, and where wanted UserStatus, Enabled and Attributes (an object of texts), or a pool's Id";
        format!("a member is missing, twice there or of the wrong type (column {}); expected {names}", error.column())
    } else {
        format!("it is not JSON (column {})", error.column())
    }
}

fn csv_fault(error: csv::Error) -> UsersFileError {
    let line = error.position().map_or(1, csv::Position::line);
    match error.into_kind() {
        csv::ErrorKind::Io(error) => UsersFileError::Read(error),
        csv::ErrorKind::Utf8 { .. } => refused(line, "it is not UTF-8"),
        csv::ErrorKind::UnequalLengths { expected_len, len, .. } => {
            refused(line, format!("it has {len} fields, the header {expected_len}"))
        }
        _ => refused(line, "it is not CSV"),
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn users(text: &str) -> Result<Vec<(String, User)>, String> {
        let mut file = tempfile::NamedTempFile::new().expect("a file");
        file.write_all(text.as_bytes()).expect("its text");
        let mut users = Vec::new();
        let take = |entry| {
            match entry {
                Entry::User(pool, user) => users.push((pool.to_string(), user)),
                Entry::Pool(..) => return Err("a pool is not expected here"),
            }
            Ok(())
        };
        let count = read(file.path(), 1.0, take).map_err(|error| error.to_string())?;
        assert_eq!(count, users.len());
        Ok(users)
    }

    #[test]
    fn json_lines_give_users_with_all_that_they_say() {
        let text = "\u{feff}{\"UserPoolId\":\"us-east-1_a\",\"Username\":\"ann\"}\n\n{\"user_pool_id\":\"eu-west-1_b\",\"username\":\"bob\",\
                    \"UserStatus\":\"RESET_REQUIRED\",\"Enabled\":false,\"Attributes\":{\"email\":\"b@example.com\"},\"password\":\"x\"}";
        let users = users(text).expect("users");
        let (pool, ann) = &users[0];
        assert_eq!(
            (&**pool, &*ann.username, ann.status, ann.enabled, ann.attributes.iter().count()),
            ("us-east-1_a", "ann", Status::Confirmed, true, 0)
        );
        let (pool, bob) = &users[1];
        assert_eq!((&**pool, &*bob.username, bob.status, bob.enabled), ("eu-west-1_b", "bob", Status::ResetRequired, false));
        assert_eq!(bob.attributes.iter().collect::<Vec<_>>(), [("email", "b@example.com")]);
    }

    #[test]
    fn the_csv_of_a_run_gives_confirmed_users() {
        let text = "\u{feff}password,username,permanent,user_pool_id\n\"a\nb\",ann,true,us-east-1_a\nSw0rdfish!,bob,,us-east-1_a\n";
        let users = users(text).expect("users");
        let names: Vec<_> = users.iter().map(|(pool, user)| (&**pool, &*user.username, user.status)).collect();
        assert_eq!(names, [("us-east-1_a", "ann", Status::Confirmed), ("us-east-1_a", "bob", Status::Confirmed)]);
    }

    #[test]
    fn an_empty_file_gives_no_users() {
        for text in ["", "\u{feff}", "\n\n"] {
            assert!(users(text).is_ok_and(|users| users.is_empty()), "{text:?}");
        }
    }

    #[test]
    fn a_bad_line_is_named_and_no_value_is_repeated() {
        for (text, line) in [
            ("{\"UserPoolId\":\"us-east-1_a\",\"Username\":\"ann\"}\n{\"UserPoolId\":Sw0rdfish}", "line 2"),
            ("{\"UserPoolId\":\"us-east-1_a\",\"Username\":{\"Sw0rdfish\":1}}", "line 1"),
            ("{\"UserPoolId\":\"us-east-1_a\",\"Username\":\"a\",\"UserStatus\":\"Sw0rdfish\"}", "line 1"),
            ("{\"UserPoolId\":\"Sw0rdfish\",\"Username\":\"ann\"}", "line 1"),
            ("user_pool_id,username,password\nus-east-1_a,ann,x\nus-east-1_a,Sw0rdfish", "line 3"),
            ("user_pool_id,username\nSw0rdfish,ann", "line 2"),
            ("user_pool_id,Sw0rdfish\n", "line 1"),
        ] {
            let error = users(text).expect_err("a bad line");
            assert!(error.starts_with(line) && !error.contains("Sw0rdfish"), "{error}");
        }
    }
}
