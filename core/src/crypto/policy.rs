//! What a store may write and read: the three policies by their official names, and the switches for what is
//! old.
//!
//! Invariant: asked before any key is unwrapped. What is old is only ever read, and only by a switch of its
//! own that is off unless the host turns it on.

use super::envelope::{Envelope, Format, Suite};
use crate::config::POLICIES;
use crate::error::{Result, fail};

/// Which of the two formats is written, and whether the one without a key commitment is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Policy {
    Forbid,
    Allow,
    Require,
}

impl Policy {
    /// The policy of this name; the strictest for none.
    pub(crate) fn named(name: Option<&str>) -> Policy {
        let all = [Policy::Forbid, Policy::Allow];
        all.into_iter().find(|policy| Some(policy.name()) == name).unwrap_or(Policy::Require)
    }

    pub(crate) fn name(self) -> &'static str {
        POLICIES[self as usize]
    }

    /// The format of new objects.
    pub(crate) fn writes(self) -> Format {
        match self {
            Policy::Forbid => Format::V2,
            _ => Format::V3,
        }
    }
}

/// What a store reads.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reads {
    pub(crate) policy: Policy,
    /// Keys wrapped in an old way.
    pub(crate) legacy_wrapping: bool,
    /// Content that nothing authenticates (CBC).
    pub(crate) legacy_content: bool,
}

impl Reads {
    /// Refuses what the store does not read.
    pub(crate) fn allow(&self, envelope: &Envelope) -> Result<()> {
        if envelope.format != Format::V3 && self.policy == Policy::Require {
            fail!(
                KeyCommitment,
                "the object has no key commitment (format {}), and the store's policy {} reads only those \
                 that have one; REQUIRE_ENCRYPT_ALLOW_DECRYPT reads both",
                envelope.format.name(),
                self.policy.name()
            );
        }
        if envelope.wrap.is_legacy() && !self.legacy_wrapping {
            fail!(
                Decrypt,
                "the object's key is wrapped in an old way ({}), which is read only with the setting \
                 `encryption_legacy_wrapping`",
                envelope.wrap.name()
            );
        }
        if matches!(envelope.suite, Suite::Cbc { .. }) && !self.legacy_content {
            fail!(
                Decrypt,
                "the object is encrypted in an old way that authenticates nothing (AES/CBC), which is read \
                 only with the setting `encryption_legacy_content`"
            );
        }
        Ok(())
    }
}
