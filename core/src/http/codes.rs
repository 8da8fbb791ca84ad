//! The error codes by which a service asks its clients to slow down.
//!
//! Invariant: the one list of them. S3's errors and retries and those of KMS read it, so that they cannot
//! disagree.
//! Source: <https://docs.aws.amazon.com/sdkref/latest/guide/feature-retry-behavior.html>

const THROTTLED: &[&str] = &[
    "SlowDown",
    "Throttling",
    "ThrottlingException",
    "ThrottledException",
    "RequestThrottled",
    "RequestThrottledException",
    "TooManyRequestsException",
    "TooManyRequests",
    "RequestLimitExceeded",
    "BandwidthLimitExceeded",
    "LimitExceededException",
    "PriorRequestNotComplete",
];

/// Whether an error response asks to slow down. Its code decides whatever the status is; without a known
/// code, status 429 does.
pub(crate) fn is_throttled(status: u16, code: Option<&str>) -> bool {
    status == 429 || code.is_some_and(|code| THROTTLED.contains(&code))
}
