//! JSONL: cuts the input into lines, and decodes one.

use std::borrow::Cow;
use std::ops::Range;
use std::sync::Arc;

use memchr::memchr;

use super::batch::Failure;
use super::json_object::{Object, Value, value_offset};
use super::unknown::Unknown;
use super::window::Window;
use super::{Defaults, Field, Flaw, Limits, Place, Problem, Row};
use crate::row::{Lifetime, RowNumber};
use crate::secret::Password;

/// The lines of the input, one after the other.
pub(super) struct Lines {
    window: Window,
    /// The offset of the next line.
    next: u64,
    /// The number of the next line.
    number: u64,
    limits: Limits,
    shared: Arc<Shared>,
}

/// What decoding needs to know beside the line.
#[derive(Default)]
struct Shared {
    defaults: Defaults,
    unknown: Unknown,
}

/// The lines of a batch that are not blank. Buffers stay for the next.
#[derive(Default)]
pub(super) struct Rows {
    raw: Vec<u8>,
    lines: Vec<Line>,
    shared: Arc<Shared>,
}

struct Line {
    /// Where it stands in the batch's bytes, without its line break.
    bytes: Range<usize>,
    number: u64,
}

/// Whether the input may go on.
enum More {
    Yes,
    No,
}

impl Lines {
    pub(super) fn start(window: Window, defaults: &Defaults, limits: Limits, unknown: &Unknown) -> Self {
        let shared = Shared { defaults: defaults.clone(), unknown: unknown.clone() };
        Self { window, next: 0, number: 1, limits, shared: Arc::new(shared) }
    }

    /// Fills `rows` up to a limit or to the end. After a failure they hold what was read before it.
    pub(super) fn fill(&mut self, rows: &mut Rows) -> Result<(), Failure> {
        rows.shared = Arc::clone(&self.shared);
        loop {
            rows.lines.clear();
            let start = self.next;
            let result = self.read_all(rows, start);
            self.window.hand_over(self.next, &mut rows.raw);
            // A batch without a row is the end to whoever reads, and blank lines alone are no end.
            if !(rows.lines.is_empty() && matches!(result, Ok(More::Yes))) {
                return result.map(drop);
            }
        }
    }

    fn read_all(&mut self, rows: &mut Rows, start: u64) -> Result<More, Failure> {
        while rows.lines.len() < self.limits.rows && self.next - start < self.limits.bytes {
            if !rows.lines.is_empty() && self.window.is_drained(self.next) {
                break;
            }
            let Some(length) = self.next_line_break()? else { return Ok(More::No) };
            let line = &self.window.since(self.next)[..length];
            if !line.trim_ascii().is_empty() {
                let begin = (self.next - start) as usize;
                rows.lines.push(Line { bytes: begin..begin + length, number: self.number });
            }
            // The last line may have no break, and then nothing comes after it.
            self.next = (self.next + length as u64 + 1).min(self.window.end());
            self.number += 1;
        }
        Ok(More::Yes)
    }

    /// The length of the next line, having read as much as it takes. `None` is the end.
    fn next_line_break(&mut self) -> Result<Option<usize>, Failure> {
        let limit = self.limits.record;
        let mut searched = 0;
        loop {
            let text = self.window.since(self.next);
            let found = memchr(b'\n', &text[searched..]).map(|distance| searched + distance);
            searched = text.len();
            if found.unwrap_or(searched) as u64 > limit {
                let place = Place { line: self.number, column: 1 };
                return Err(Failure { place: Some(place), problem: Problem::RecordTooLong { limit } });
            }
            if found.is_some() {
                return Ok(found);
            }
            if self.window.pull(self.limits.chunk).map_err(|error| Failure { place: None, problem: error.into() })? == 0 {
                return Ok((searched > 0).then_some(searched));
            }
        }
    }

    pub(super) fn window(&self) -> &Window {
        &self.window
    }
}

impl Rows {
    pub(super) fn len(&self) -> usize {
        self.lines.len()
    }

    pub(super) fn line(&self, index: usize) -> u64 {
        self.lines[index].number
    }

    fn raw(&self, index: usize) -> &[u8] {
        &self.raw[self.lines[index].bytes.clone()]
    }

    /// Where the value of `field` begins or, if the row does not have it, where the row does.
    pub(super) fn place(&self, index: usize, field: Field) -> Place {
        let object = serde_json::from_slice::<Object>(self.raw(index)).ok();
        let member = object.and_then(|object| Some(object.values[field as usize].as_ref()?.0));
        member.map_or_else(|| self.place_at(index, 0), |member| self.place_of_member(index, member))
    }

    fn place_of_member(&self, index: usize, member: usize) -> Place {
        self.place_at(index, value_offset(self.raw(index), member))
    }

    fn place_at(&self, index: usize, offset: usize) -> Place {
        Place::within(self.raw(index), offset, self.line(index))
    }

    /// Decodes a line, which has this number.
    pub(super) fn decode(&self, index: usize, number: RowNumber) -> Result<Row<'_>, (Place, Flaw)> {
        let text = str::from_utf8(self.raw(index)).map_err(|error| (self.place_at(index, error.valid_up_to()), Flaw::NotUtf8))?;
        let object: Object<'_> = serde_json::from_str(text).map_err(|error| {
            // The error's own text may quote the line, and is never looked at.
            if error.is_data() {
                (self.place_at(index, text.len() - text.trim_ascii_start().len()), Flaw::NotAnObject)
            } else {
                (self.place_at(index, error.column().saturating_sub(1)), Flaw::NotJson)
            }
        })?;
        if let Some((field, member)) = object.repeated {
            return Err((self.place_of_member(index, member), Flaw::RepeatedField(field)));
        }
        let Shared { defaults, unknown } = &*self.shared;
        let missing = |field| (self.place(index, field), Flaw::MissingField(field));
        let [pool, username, password, permanent] = object.values;
        let default_pool = || defaults.pool.as_deref().map(Cow::Borrowed);
        let pool = self.text(index, Field::Pool, pool)?.or_else(default_pool).ok_or_else(|| missing(Field::Pool))?;
        let username = self.text(index, Field::Username, username)?.ok_or_else(|| missing(Field::Username))?;
        let password = self.text(index, Field::Password, password)?.ok_or_else(|| missing(Field::Password))?;
        let lifetime = match permanent {
            Some((_, Value::Boolean(permanent))) => Lifetime::from(permanent),
            Some((_, Value::Null)) | None => defaults.lifetime.unwrap_or_default(),
            Some((member, _)) => return Err((self.place_of_member(index, member), Flaw::WrongType(Field::Permanent))),
        };
        object.unknown.iter().for_each(|name| unknown.add(name));
        Ok(Row { number, line: self.line(index), pool, username, password: Password::new(password), lifetime })
    }

    /// The text of a member; `null` is as good as none.
    fn text<'a>(&self, index: usize, field: Field, member: Option<(usize, Value<'a>)>) -> Result<Option<Cow<'a, str>>, (Place, Flaw)> {
        match member {
            Some((_, Value::Text(text))) => Ok(Some(text)),
            Some((_, Value::Null)) | None => Ok(None),
            Some((member, _)) => Err((self.place_of_member(index, member), Flaw::WrongType(field))),
        }
    }
}
