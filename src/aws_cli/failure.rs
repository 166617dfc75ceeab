//! How the command can fail: the classes that the AWS CLI's exit codes tell apart.
//!
//! What a failure looks like on a terminal is left to `frame`.

/// Why nothing was set, or why it cannot be said that it was.
pub(super) enum Failure {
    /// The command line does not follow the grammar: 252, with the usage.
    Usage(String),
    /// The same, found in the first pass, which knows two options.
    FirstPass(String),
    /// Options that nobody knows: 252.
    UnknownOptions(Vec<String>),
    /// A value that will not do: 252.
    Invalid(String),
    /// No Region or no credentials: 253.
    NotConfigured {
        /// `NoRegion` or `NoCredentials`.
        code: &'static str,
        /// What to do.
        message: String,
    },
    /// The service said no: 254.
    Service(Refusal),
    /// Everything else: 255.
    Other(String),
    /// Ctrl-C: 130.
    Interrupted,
}

/// The service's answer.
pub(super) struct Refusal {
    /// Its error code, or the status where it gave none.
    pub code: String,
    /// Its text.
    pub message: String,
    /// The members that the service's model has for this code, in its order.
    pub members: Vec<(&'static str, String)>,
    /// How often it was tried again, where that was as often as allowed.
    pub retries: Option<u32>,
    /// What we have to say about it.
    pub remark: Option<String>,
}

impl Failure {
    /// The program's exit code.
    pub fn code(&self) -> u8 {
        match self {
            Self::Usage(_) | Self::FirstPass(_) | Self::UnknownOptions(_) | Self::Invalid(_) => 252,
            Self::NotConfigured { .. } => 253,
            Self::Service(_) => 254,
            Self::Other(_) => 255,
            Self::Interrupted => 130,
        }
    }
}
