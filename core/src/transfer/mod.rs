//! Moving bytes between a bucket and a source or sink: get, put and copy, whole or in parts.
//!
//! Law: the right bytes or a typed error, never a part of an object under its name, never an orphan upload; memory in flight
//! is bounded by one budget a process.

mod budget;
mod check;
mod copy;
mod download;
mod journal;
mod plan;
mod source;
mod standing;
mod upload;

pub(crate) use check::explain;
pub(crate) use copy::copy;
pub(crate) use download::get;
pub(crate) use upload::put;
