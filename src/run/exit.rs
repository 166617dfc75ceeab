//! The exit code of a run, computed from what became of its rows and from why it ended.

use crate::execute::Reason;
use crate::outcome::{Outcome, Tally};

/// How a command ended. The numbers are the contract's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// 0: every row is set, or the check passed.
    Done,
    /// 1: finished; some rows are not set.
    NotAllSet,
    /// 2: refused; nothing was sent.
    Refused,
    /// 3: stopped early: credentials, access, pool, disk.
    Stopped,
    /// 4: finished; some rows are unknown.
    SomeUnknown,
    /// 128 and the number of the signal that interrupted it.
    Signal(i32),
}

impl Exit {
    /// The exit code of a run whose rows ended as `tally` says, and which was stopped for `reason`, if it was.
    /// `whole` says whether the input was read to its end.
    pub fn of(tally: &Tally, reason: Option<&Reason>, whole: bool) -> Self {
        let left_over = tally.of(Outcome::NotSent) > 0 || !whole;
        match reason {
            Some(Reason::Signal(number)) if left_over || tally.of(Outcome::Unknown) > 0 => Self::Signal(*number),
            Some(Reason::Fatal(_) | Reason::Journal(_) | Reason::Input(_)) => Self::Stopped,
            _ if tally.of(Outcome::Unknown) > 0 => Self::SomeUnknown,
            _ if tally.of(Outcome::Set) < tally.rows() => Self::NotAllSet,
            _ => Self::Done,
        }
    }

    /// The number.
    pub fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::NotAllSet => 1,
            Self::Refused => 2,
            Self::Stopped => 3,
            Self::SomeUnknown => 4,
            Self::Signal(number) => u8::try_from(128 + number).unwrap_or(u8::MAX),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::outcome::Detail;

    fn code(outcomes: &[Outcome], reason: Option<Reason>) -> u8 {
        let mut tally = Tally::default();
        for outcome in outcomes {
            tally.add(*outcome);
        }
        Exit::of(&tally, reason.as_ref(), true).code()
    }

    #[test]
    fn the_exit_code_follows_from_the_rows_and_from_why_the_run_ended() {
        use Outcome::{Invalid, NotSent, Rejected, Set, Skipped, Unknown};
        assert_eq!(code(&[Set, Set], None), 0);
        for other in [Rejected, Invalid, Skipped] {
            assert_eq!(code(&[Set, other], None), 1);
        }
        assert_eq!(code(&[Set, Rejected, Unknown], None), 4);
        assert_eq!(code(&[Set, NotSent], Some(Reason::Fatal(Detail::default()))), 3);
        assert_eq!(code(&[Set, Unknown], Some(Reason::Journal(String::new()))), 3);
        assert_eq!(code(&[Set, NotSent], Some(Reason::Signal(2))), 130);
        assert_eq!(code(&[Set, NotSent], Some(Reason::Signal(15))), 143);
        assert_eq!(code(&[Set, Set], Some(Reason::Signal(2))), 0);
    }
}
