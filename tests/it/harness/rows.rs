//! Rows of input, and the files made of them.

use serde_json::{Value, json};

use super::project::MARK;

/// One row.
#[derive(Clone, Debug)]
pub struct Row {
    /// The pool's id.
    pub pool: String,
    /// The username.
    pub username: String,
    /// The password. It contains [`MARK`].
    pub password: String,
    /// Whether it is to last; `None` leaves the field empty.
    pub permanent: Option<bool>,
}

impl Row {
    /// A row with a password that every policy accepts.
    pub fn new(pool: &str, username: &str, permanent: Option<bool>) -> Self {
        Self { pool: pool.to_owned(), username: username.to_owned(), password: format!("{MARK}!{}", username.len()), permanent }
    }

    /// The same row with another password.
    pub fn with_password(mut self, password: &str) -> Self {
        password.clone_into(&mut self.password);
        self
    }
}

/// `count` rows for a pool, every third one temporary, each user with a password of its own.
pub fn rows(pool: &str, count: usize) -> Vec<Row> {
    (1..=count).map(|n| Row::new(pool, &format!("user{n:05}"), Some(n % 3 != 0)).with_password(&format!("{MARK}!{n}"))).collect()
}

/// The rows as CSV.
pub fn csv(rows: &[Row]) -> Vec<u8> {
    let mut out = ::csv::Writer::from_writer(Vec::new());
    out.write_record(["user_pool_id", "username", "password", "permanent"]).unwrap();
    for row in rows {
        let permanent = row.permanent.map_or("", |permanent| if permanent { "true" } else { "false" });
        out.write_record([&row.pool, &row.username, &row.password, permanent]).unwrap();
    }
    out.into_inner().unwrap()
}

/// The rows as JSON Lines, with the names of the CSV's header.
pub fn jsonl(rows: &[Row]) -> String {
    lines(rows, |row| json!({"user_pool_id": row.pool, "username": row.username, "password": row.password, "permanent": row.permanent}))
}

/// The rows as JSON Lines, each as the AWS CLI's `--cli-input-json` would have it.
pub fn api_jsonl(rows: &[Row]) -> String {
    lines(rows, |row| json!({"UserPoolId": row.pool, "Username": row.username, "Password": row.password, "Permanent": row.permanent}))
}

fn lines(rows: &[Row], object: impl Fn(&Row) -> Value) -> String {
    rows.iter().map(|row| format!("{}\n", object(row))).collect()
}
