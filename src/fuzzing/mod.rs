//! The laws that every parser is held to, whatever bytes it is given. A law takes bytes and panics where it is broken.
//!
//! This room exists in tests and under `cargo fuzz` alone. The fuzz targets of `tests/fuzz` call the laws with bytes that a fuzzer
//! makes up; the tests below call them with the corpus that it has left in `tests/fuzz/corpus`, so that what was found once stays
//! found on any toolchain. What the parsers do with sound input is left to their own tests.

mod journal;
mod one_user;
mod policy;
mod rows;
mod sandbox;

pub use journal::journal;
pub use one_user::{cli_input_json, cli_input_yaml};
pub use policy::policy;
pub use rows::{csv, jsonl};
pub use sandbox::sandbox;

/// What holds for any bytes: it panics where they break it.
pub type Law = fn(&[u8]);

/// Every law, under the name of its fuzz target.
pub const LAWS: [(&str, Law); 7] = [
    ("cli_input_json", cli_input_json),
    ("cli_input_yaml", cli_input_yaml),
    ("csv", csv),
    ("journal", journal),
    ("jsonl", jsonl),
    ("policy", policy),
    ("sandbox", sandbox),
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::fs;
    use std::path::Path;

    use super::*;

    const FUZZ: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fuzz");

    fn names(folder: &str) -> BTreeSet<String> {
        let entries = fs::read_dir(Path::new(FUZZ).join(folder)).expect("the folder");
        entries.map(|entry| entry.expect("an entry").path().file_stem().expect("a name").to_string_lossy().into_owned()).collect()
    }

    #[test]
    fn every_law_has_a_fuzz_target_and_a_corpus() {
        let laws = LAWS.iter().map(|(name, _)| (*name).to_owned()).collect();
        assert_eq!(names("fuzz_targets"), laws);
        assert_eq!(names("corpus"), laws);
    }

    #[test]
    fn the_corpus_of_the_fuzzer_breaks_no_law() {
        for (name, law) in LAWS {
            let mut files = 0;
            for entry in fs::read_dir(Path::new(FUZZ).join("corpus").join(name)).expect("a corpus") {
                let path = entry.expect("an entry").path();
                // A law that is broken says where; this says by what.
                let bytes = fs::read(&path).expect("a file");
                if std::panic::catch_unwind(|| law(&bytes)).is_err() {
                    panic!("{} breaks the law of {name}", path.display());
                }
                files += 1;
            }
            assert!(files > 0, "{name} has no corpus");
        }
    }

    /// Short bytes that no fuzzer needs to find: nothing, every single byte, and all of them together.
    #[test]
    fn the_shortest_inputs_break_no_law() {
        let every_byte: Vec<u8> = (0..=u8::MAX).collect();
        for (_, law) in LAWS {
            law(b"");
            every_byte.chunks(1).for_each(law);
            law(&every_byte);
        }
    }
}
