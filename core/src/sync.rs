//! The primitives of what a model checker looks at: `mailbox` and `transfer::gate`. The tests put the
//! checker's in their place.

pub(crate) use std::sync::atomic::{AtomicBool, Ordering};
pub(crate) use std::sync::{Arc, Mutex, MutexGuard};

pub(crate) use tokio::sync::Notify;
