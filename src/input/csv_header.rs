//! The header of CSV: which column holds which field.
//!
//! A file without a header has a user's row where the header should be. So no cell of the first line is given out before every column
//! that is needed was found in it.

use super::csv_fields::RawFields;
use super::unknown::Unknown;
use super::{Defaults, Field, Flaw, Problem};

/// Delimiters that programs write when they do not write a comma.
const DELIMITERS: [u8; 4] = [b',', b';', b'\t', b'|'];

/// Where each field stands in a row, and what fills it when it is not there.
#[derive(Debug, Default)]
pub(super) struct Layout {
    /// The column of each field, in the order of [`Field::ALL`].
    columns: [Option<usize>; 4],
    /// How many columns the header has.
    pub width: usize,
    /// The byte between the cells.
    pub delimiter: u8,
    /// What fills missing fields.
    pub defaults: Defaults,
}

impl Layout {
    /// Understands a header from its raw bytes and its cells. An error comes with its offset in the raw bytes.
    pub(super) fn read(
        raw: &[u8],
        cells: &::csv::ByteRecord,
        delimiter: u8,
        defaults: &Defaults,
        unknown: &Unknown,
    ) -> Result<Self, (usize, Problem)> {
        let other_delimiter = || likely_delimiter(raw, delimiter, defaults).map(|likely| (0, Problem::OtherDelimiter(likely)));
        if let Some((offset, flaw)) = RawFields::of(raw, delimiter).flaw() {
            return Err(other_delimiter().unwrap_or((offset, Problem::Header(flaw))));
        }
        let begin = |column| RawFields::of(raw, delimiter).beginning_of(column);
        let mut columns = [None; 4];
        let mut others = Vec::new();
        for (column, cell) in cells.iter().enumerate() {
            let name = str::from_utf8(cell).map_err(|_| (begin(column), Problem::Header(Flaw::NotUtf8)))?.trim();
            match Field::named(name) {
                Some(field) if columns[field as usize].replace(column).is_some() => {
                    return Err((begin(column), Problem::RepeatedColumn(field)));
                }
                Some(_) => {}
                None => others.push(name),
            }
        }
        let missing = missing(&columns, defaults);
        if !missing.is_empty() {
            return Err(other_delimiter().unwrap_or((0, Problem::MissingColumns(missing))));
        }
        others.into_iter().for_each(|name| unknown.add(name));
        Ok(Self { columns, width: cells.len(), delimiter, defaults: defaults.clone() })
    }

    /// The column that holds `field`.
    pub(super) fn column(&self, field: Field) -> Option<usize> {
        self.columns[field as usize]
    }
}

/// The fields that must have a column and have none.
fn missing(columns: &[Option<usize>; 4], defaults: &Defaults) -> Vec<Field> {
    let is_needed = |field| match field {
        Field::Pool => defaults.pool.is_none(),
        Field::Username | Field::Password => true,
        Field::Permanent => false,
    };
    Field::ALL.into_iter().filter(|&field| is_needed(field) && columns[field as usize].is_none()).collect()
}

/// The delimiter with which the header would lack nothing.
fn likely_delimiter(raw: &[u8], tried: u8, defaults: &Defaults) -> Option<u8> {
    let fits = |delimiter: &u8| {
        let mut columns = [None; 4];
        for (column, cell) in raw.split(|byte| byte == delimiter).enumerate() {
            let name = String::from_utf8_lossy(cell);
            if let Some(field) = Field::named(name.trim().trim_matches('"')) {
                columns[field as usize] = Some(column);
            }
        }
        missing(&columns, defaults).is_empty()
    };
    DELIMITERS.into_iter().filter(|delimiter| *delimiter != tried).find(fits)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(header: &str, pool: Option<&str>) -> (Result<[Option<usize>; 4], String>, Vec<String>) {
        let cells = header.split(',').collect::<Vec<_>>().into();
        let unknown = Unknown::default();
        let defaults = Defaults { pool: pool.map(str::to_owned), lifetime: None };
        let layout = Layout::read(header.as_bytes(), &cells, b',', &defaults, &unknown);
        (layout.map(|layout| layout.columns).map_err(|(offset, problem)| format!("{offset}: {problem}")), unknown.names())
    }

    #[test]
    fn columns_stand_in_any_order_and_unknown_ones_are_named() {
        let (columns, unknown) = read("note, Password ,UserPoolId,username,", None);
        assert_eq!((columns, unknown), (Ok([Some(2), Some(3), Some(1), None]), vec!["note".to_owned()]));
    }

    #[test]
    fn a_pool_that_is_given_for_all_rows_needs_no_column() {
        assert_eq!(read("username,password", Some("us-east-1_a")).0, Ok([None, Some(0), Some(1), None]));
        assert!(read("username,password", None).0.is_err_and(|error| error.contains("lacks the column user_pool_id.")));
    }

    #[test]
    fn a_file_without_a_header_never_has_its_first_row_shown() {
        let (columns, unknown) = read("us-east-1_a,alice,Sw0rdfish!,true", None);
        let error = columns.expect_err("a header is needed");
        assert!(error.starts_with("0: the header lacks the columns user_pool_id, username, password."), "{error}");
        assert!(!error.contains("alice") && !error.contains("Sw0rdfish"), "{error}");
        assert!(unknown.is_empty());
    }

    #[test]
    fn two_columns_for_one_field_are_refused_at_the_second() {
        let (columns, _) = read("pool,username,password,Username", None);
        assert_eq!(columns, Err("23: the header has two columns for username. Remove or rename one".to_owned()));
    }

    #[test]
    fn another_delimiter_is_guessed_where_it_would_help() {
        assert!(read("pool;\"username\";password", None).0.is_err_and(|error| error.ends_with("Add --delimiter ';'")));
        assert!(read("pool\tusername\tpassword", None).0.is_err_and(|error| error.ends_with("Add --delimiter '\\t'")));
    }
}
