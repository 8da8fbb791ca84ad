//! Errors: one numbered, append-only list of kinds, and one `Error` with the details.
//!
//! Invariant: a message is a sentence a person can act on, and never holds a secret, a signed URL or
//! userinfo. Imports no other module of the core. Each binding turns an `Error` into an exception of its
//! language.

use std::fmt;

macro_rules! kinds {
    ($($(#[doc = $doc:literal])+ $name:ident = $number:literal),+ $(,)?) => {
        /// The kind of an error, as a number that never changes its meaning: new kinds are only appended.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        #[repr(i32)]
        pub enum ErrorKind { $($(#[doc = $doc])+ $name = $number),+ }

        impl ErrorKind {
            /// Every kind, in the order of its number.
            pub const ALL: &'static [ErrorKind] = &[$(ErrorKind::$name),+];

            /// The kind's name in every language, for example `NotFound`.
            pub const fn name(self) -> &'static str {
                match self { $(ErrorKind::$name => stringify!($name)),+ }
            }

            /// The meaning of the kind, in one sentence.
            pub const fn doc(self) -> &'static str {
                match self { $(ErrorKind::$name => concat!($($doc),+).trim_ascii()),+ }
            }
        }
    };
}

kinds! {
    /// An argument or option is wrong; nothing was sent.
    InvalidInput = 1,
    /// A setting is unknown, malformed or contradicts another.
    Config = 2,
    /// No usable credentials were found, or they have expired.
    Credentials = 3,
    /// The server refuses the request: these credentials lack the permission.
    PermissionDenied = 4,
    /// The object, version or upload does not exist.
    NotFound = 5,
    /// The bucket, or the store's directory, does not exist.
    NoSuchBucket = 6,
    /// The object, bucket, file or directory to create exists already.
    AlreadyExists = 7,
    /// A condition (if_match, if_none_match, …) did not hold.
    Precondition = 8,
    /// The object has not changed since the caller's copy.
    NotModified = 9,
    /// The requested range lies outside the object.
    Range = 10,
    /// The server throttles requests, and retries did not help.
    Throttled = 11,
    /// A time limit passed.
    Timeout = 12,
    /// The server could not be reached, or the connection broke.
    Network = 13,
    /// The server failed or sent an unexpected response.
    Service = 14,
    /// The bucket lives in another region.
    WrongRegion = 15,
    /// The object or the source changed during the transfer.
    Changed = 16,
    /// The bytes do not match their checksum or length.
    Corrupt = 17,
    /// The object could not be decrypted.
    Decrypt = 18,
    /// The object's key commitment is missing, wrong or forbidden by the policy.
    KeyCommitment = 19,
    /// The call was cancelled.
    Cancelled = 20,
    /// The call was started in the parent of this process.
    Forked = 21,
    /// The local file system or a host's stream failed.
    Io = 22,
    /// This store, server or build cannot do that.
    Unsupported = 23,
    /// A defect in oarlock itself.
    Internal = 24,
    /// The disk, the quota or the server has no room for the bytes.
    StorageFull = 25,
}

impl fmt::Display for ErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A failed call: its kind, its message, and where it failed.
///
/// ```
/// use oarlock::{Error, ErrorKind};
/// let error = Error::new(ErrorKind::NotFound, "no such object").with_key("a/b");
/// assert_eq!(error.kind(), ErrorKind::NotFound);
/// assert_eq!(error.to_string(), "NotFound: no such object (key \"a/b\")");
/// ```
#[derive(Clone)]
pub struct Error(Box<ErrorFields>);

/// The result of every fallible function of this crate.
pub type Result<T> = std::result::Result<T, Error>;

#[derive(Clone, Debug, Default)]
struct ErrorFields {
    kind: Option<ErrorKind>,
    message: String,
    verb: Option<String>,
    bucket: Option<String>,
    key: Option<String>,
    status: Option<u16>,
    code: Option<String>,
    request_id: Option<String>,
    retryable: bool,
    unsure: bool,
    /// The offset of the advice in the message, if it has one.
    advice: Option<usize>,
}

impl Error {
    /// An error of this kind; `message` is a sentence a person can act on.
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Error(Box::new(ErrorFields {
            kind: Some(kind),
            message: message.into(),
            retryable: matches!(kind, ErrorKind::Throttled | ErrorKind::Timeout | ErrorKind::Network),
            ..ErrorFields::default()
        }))
    }

    /// The numbered kind.
    pub fn kind(&self) -> ErrorKind {
        self.0.kind.unwrap_or(ErrorKind::Internal)
    }

    /// The message alone, without kind, bucket or key.
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// The verb that failed, for example `get`.
    pub fn verb(&self) -> Option<&str> {
        self.0.verb.as_deref()
    }

    /// The bucket, or the directory of a `file://` store.
    pub fn bucket(&self) -> Option<&str> {
        self.0.bucket.as_deref()
    }

    /// The key as the caller gave it, without the store's prefix.
    pub fn key(&self) -> Option<&str> {
        self.0.key.as_deref()
    }

    /// The HTTP status, if a server responded.
    pub fn status(&self) -> Option<u16> {
        self.0.status
    }

    /// S3's error code, for example `NoSuchKey`. `NoCredentials` if no source had credentials.
    pub fn code(&self) -> Option<&str> {
        self.0.code.as_deref()
    }

    /// The server's request id, for its operator's logs.
    pub fn request_id(&self) -> Option<&str> {
        self.0.request_id.as_deref()
    }

    /// Whether the same call may succeed later without a change.
    pub fn retryable(&self) -> bool {
        self.0.retryable
    }

    /// Adds the verb, unless the error has one.
    pub fn with_verb(mut self, verb: &str) -> Self {
        self.0.verb.get_or_insert_with(|| verb.to_owned());
        self
    }

    /// Adds the bucket, unless the error has one.
    pub fn with_bucket(mut self, bucket: &str) -> Self {
        self.0.bucket.get_or_insert_with(|| bucket.to_owned());
        self
    }

    /// Adds the key, unless the error has one.
    pub fn with_key(mut self, key: &str) -> Self {
        self.0.key.get_or_insert_with(|| key.to_owned());
        self
    }

    /// Adds what to do about it.
    pub(crate) fn with_advice(mut self, advice: &str) -> Self {
        self.0.advice.get_or_insert(self.0.message.len());
        self.0.message.push_str("; ");
        self.0.message.push_str(advice);
        self
    }

    /// Adds to the reason, before the advice.
    pub(crate) fn with_detail(mut self, detail: &str) -> Self {
        let at = self.0.advice.unwrap_or(self.0.message.len());
        let detail = format!(" ({detail})");
        self.0.message.insert_str(at, &detail);
        self.0.advice = self.0.advice.map(|at| at + detail.len());
        self
    }

    /// Whether the request may have succeeded all the same: an earlier attempt got no response.
    pub(crate) fn is_unsure(&self) -> bool {
        self.0.unsure
    }

    /// The same error, after an attempt without a response.
    pub(crate) fn unsure(mut self) -> Self {
        self.0.unsure = true;
        self
    }

    /// The same error, not retryable.
    pub(crate) fn lasting(mut self) -> Self {
        self.0.retryable = false;
        self
    }

    /// The same error, retryable.
    pub(crate) fn passing(mut self) -> Self {
        self.0.retryable = true;
        self
    }

    /// Adds the details of the server's response.
    pub fn with_answer(mut self, status: Option<u16>, code: Option<&str>, request_id: Option<&str>) -> Self {
        self.0.status = status;
        self.0.code = code.map(str::to_owned);
        self.0.request_id = request_id.map(str::to_owned);
        self.0.retryable |= status.is_some_and(|status| status >= 500 && status != 501);
        self
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.kind(), self.0.message)?;
        let facts = [
            ("verb", self.verb()),
            ("bucket", self.bucket()),
            ("key", self.key()),
            ("code", self.code()),
            ("request id", self.request_id()),
        ];
        let mut separator = " (";
        for (name, value) in facts.into_iter().filter_map(|(name, value)| value.map(|value| (name, value))) {
            write!(f, "{separator}{name} ")?;
            if name == "key" {
                write!(f, "{value:?}")?
            } else {
                f.write_str(value)?
            }
            separator = ", ";
        }
        if separator == ", " { f.write_str(")") } else { Ok(()) }
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl std::error::Error for Error {}

impl From<std::io::Error> for Error {
    fn from(error: std::io::Error) -> Self {
        use std::io::ErrorKind as Os;
        let kind = match error.kind() {
            Os::NotFound => ErrorKind::NotFound,
            Os::PermissionDenied => ErrorKind::PermissionDenied,
            Os::AlreadyExists => ErrorKind::AlreadyExists,
            Os::TimedOut => ErrorKind::Timeout,
            Os::StorageFull | Os::QuotaExceeded => ErrorKind::StorageFull,
            _ => ErrorKind::Io,
        };
        Error::new(kind, error.to_string())
    }
}

/// `Err(Error::new(kind, format!(…)))` in one word.
macro_rules! fail {
    ($kind:ident, $($format:tt)+) => {
        return Err($crate::error::Error::new($crate::error::ErrorKind::$kind, format!($($format)+)))
    };
}
pub(crate) use fail;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reasons_come_before_advice() {
        let error = Error::new(ErrorKind::Network, "h:1 refused").with_detail("2 attempts");
        assert_eq!(error.message(), "h:1 refused (2 attempts)");
        let error = error.with_advice("look").with_detail("in 1 s").with_advice("again").with_detail("x");
        assert_eq!(error.message(), "h:1 refused (2 attempts) (in 1 s) (x); look; again");
    }

    #[test]
    fn numbers_are_dense_and_names_are_unique() {
        for (index, kind) in ErrorKind::ALL.iter().enumerate() {
            assert_eq!(*kind as usize, index + 1);
            assert!(!kind.doc().is_empty());
        }
    }
}
