//! The password, and the only type that may hold one.
//!
//! It can be neither cloned, printed nor serialized, and an owned one is wiped when it is dropped. `expose` is called where a
//! password is checked and where it is sent, and nowhere else. Wiping the buffers that libraries make on the way is left to the
//! allocator that `main` installs.

use std::borrow::Cow;
use std::fmt;

use zeroize::Zeroize;

/// A password: borrowed from a batch of input while it is checked, owned while it waits to be sent.
pub struct Password<'a>(Cow<'a, str>);

impl<'a> Password<'a> {
    /// Takes the text as it is: no trimming, no normalization.
    pub fn new(text: impl Into<Cow<'a, str>>) -> Self {
        Self(text.into())
    }

    /// The text itself, to check it or to send it.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// The same password, free of the buffer that it was read from.
    pub fn into_owned(mut self) -> Password<'static> {
        Password(Cow::Owned(std::mem::take(&mut self.0).into_owned()))
    }
}

/// That a password cannot be cloned: were it `Clone`, two implementations would answer, and this would not compile.
const _: fn() = || {
    struct IsClone;
    trait NotClone<Answer> {
        fn holds() {}
    }
    impl<T> NotClone<()> for T {}
    impl<T: Clone> NotClone<IsClone> for T {}
    <Password<'static> as NotClone<_>>::holds();
};

impl Drop for Password<'_> {
    fn drop(&mut self) {
        if let Cow::Owned(text) = &mut self.0 {
            text.zeroize();
        }
    }
}

impl fmt::Debug for Password<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

/// Keeps this process's memory out of core dumps, and out of the reach of other processes of the same user. It says what a system that
/// refuses answered; the run may go on, for it is the second line of defence.
///
/// # Errors
/// Those of the system.
pub fn forbid_core_dumps() -> std::io::Result<()> {
    use rustix::process::{Resource, Rlimit, setrlimit};
    setrlimit(Resource::Core, Rlimit { current: Some(0), maximum: Some(0) })?;
    #[cfg(target_os = "linux")]
    rustix::process::set_dumpable_behavior(rustix::process::DumpableBehavior::NotDumpable)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_output_never_shows_the_password() {
        assert_eq!(format!("{:?}", Password::new("Sw0rdfish!")), "[redacted]");
    }

    #[test]
    fn an_owned_password_is_the_same_text() {
        assert_eq!(Password::new(" a b ").into_owned().expose(), " a b ");
    }
}
