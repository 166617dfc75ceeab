//! The names of columns that are no field of ours: ignored, and said once.

use std::sync::{Arc, OnceLock};

/// How many names are remembered. Whoever has more has understood.
const MOST: usize = 16;

/// The longest name remembered, in bytes. What is longer is hardly a name.
const LONGEST: usize = 64;

/// Names seen, in the order of their first appearance. Decoding threads add to it without waiting for each other.
#[derive(Clone, Default)]
pub(super) struct Unknown(Arc<[OnceLock<Box<str>>; MOST]>);

impl Unknown {
    /// Remembers `name`. An empty one is the cell after a trailing delimiter, and nothing to speak of.
    pub(super) fn add(&self, name: &str) {
        if (1..=LONGEST).contains(&name.len()) {
            // The first slot that has the name, or is free to take it.
            self.0.iter().any(|slot| &**slot.get_or_init(|| name.into()) == name);
        }
    }

    pub(super) fn names(&self) -> Vec<String> {
        self.0.iter().map_while(OnceLock::get).map(|name| name.to_string()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_name_is_remembered_once_and_their_number_is_bounded() {
        let unknown = Unknown::default();
        for name in ["b", "a", "b", "", &"long".repeat(100)] {
            unknown.add(name);
        }
        assert_eq!(unknown.names(), ["b", "a"]);
        for number in 0..100 {
            unknown.add(&number.to_string());
        }
        assert_eq!(unknown.names().len(), MOST);
    }
}
