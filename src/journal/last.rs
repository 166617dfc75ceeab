//! Where a row's last record stands, and what it came to, in eight bytes: there may be ten million of them.

use crate::outcome::Outcome;

/// The bits of the offset: 256 TiB.
const OFFSET: u64 = (1 << 48) - 1;

/// The last record of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Last(u64);

impl Last {
    /// There is none: where a record's offset would be 0 stands the magic.
    pub(super) const NONE: Self = Self(0);

    pub(super) fn new(offset: u64, outcome: Outcome) -> Self {
        assert!(offset <= OFFSET, "no file is so large");
        Self(offset | (outcome as u64) << OFFSET.count_ones())
    }

    pub(super) fn is_any(self) -> bool {
        self != Self::NONE
    }

    pub(super) fn offset(self) -> u64 {
        self.0 & OFFSET
    }

    pub(super) fn outcome(self) -> Outcome {
        Outcome::ALL[(self.0 >> OFFSET.count_ones()) as usize]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn offset_and_outcome_come_back_as_they_were() {
        for outcome in Outcome::ALL {
            for offset in [1, 4711, OFFSET] {
                let last = Last::new(offset, outcome);
                assert_eq!((last.offset(), last.outcome(), last.is_any()), (offset, outcome, true));
            }
        }
        assert!(!Last::NONE.is_any());
    }
}
