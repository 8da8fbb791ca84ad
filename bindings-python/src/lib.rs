//! `oarlock._native`: the core for Python. The package `python/oarlock` around it is the public API.
//!
//! Invariant: this crate translates four things: value in, value out, call and error. It names no verb,
//! option or record: those come from the core's tables. It only tries locks and never waits for one, so that
//! neither the GIL nor a fork can cause a deadlock.

mod body;
mod call;
mod classes;
mod error;
mod host;
mod owner;
mod store;
mod value;

use std::time::Duration;

use oarlock::table::{FieldSpec, RecordSpec};
use oarlock::value::Type;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList, PyTuple};

fn fields<'py>(py: Python<'py>, fields: &[FieldSpec]) -> PyResult<Bound<'py, PyList>> {
    let rows = fields
        .iter()
        .map(|field| (field.name, field.kind.name(), field.required, field.doc).into_pyobject(py));
    PyList::new(py, rows.collect::<PyResult<Vec<_>>>()?)
}

/// The verbs: name, doc, parameters, options, reply, whether the reply is a page, what its progress counts. A
/// field is (name, type, required, doc).
#[pyfunction]
fn verbs(py: Python<'_>) -> PyResult<Vec<Bound<'_, PyTuple>>> {
    let row = |verb: &oarlock::verbs::Verb| {
        let reply = verb.reply.name();
        let fields = (fields(py, verb.params)?, fields(py, verb.options.fields)?);
        (verb.name, verb.doc, fields.0, fields.1, reply, verb.pages(), verb.progress).into_pyobject(py)
    };
    oarlock::verbs::VERBS.iter().map(row).collect()
}

fn record<'py>(py: Python<'py>, record: &RecordSpec) -> PyResult<Bound<'py, PyTuple>> {
    let buffer = record.fields.iter().find(|field| field.kind == Type::Bytes).map(|field| field.name);
    (record.name, record.doc, fields(py, record.fields)?, buffer).into_pyobject(py)
}

/// The records that verbs return: name, doc, fields, and the field that holds raw bytes, if there is one.
#[pyfunction]
fn records(py: Python<'_>) -> PyResult<Vec<Bound<'_, PyTuple>>> {
    oarlock::reply::RECORDS.iter().map(|spec| record(py, spec)).collect()
}

/// The settings of a store, as fields.
#[pyfunction]
fn settings(py: Python<'_>) -> PyResult<Bound<'_, PyList>> {
    fields(py, <oarlock::config::Settings as oarlock::table::Record>::SPEC.fields)
}

/// Settings that the environment or the profile may set, with their sources in words; for documentation.
#[pyfunction]
fn setting_sources() -> Vec<(&'static str, Vec<String>)> {
    oarlock::setting_sources()
}

/// Other programs' spellings of settings, with their meaning in words; for documentation.
#[pyfunction]
fn spellings() -> Vec<(&'static str, String)> {
    oarlock::config::spellings()
}

/// The kinds of errors: name, number, doc.
#[pyfunction]
fn kinds() -> Vec<(&'static str, i32, &'static str)> {
    oarlock::ErrorKind::ALL.iter().map(|kind| (kind.name(), *kind as i32, kind.doc())).collect()
}

/// Waits at most so many seconds until no call is in progress; returns whether none is.
#[pyfunction]
fn drain(py: Python<'_>, seconds: f64) -> bool {
    py.detach(|| oarlock::drain(Duration::try_from_secs_f64(seconds).unwrap_or(Duration::ZERO)))
}

#[pymodule(gil_used = false)]
fn _native(module: &Bound<'_, PyModule>) -> PyResult<()> {
    let py = module.py();
    error::load_classes(py)?;
    module.add("VERSION", oarlock::VERSION)?;
    module.add("BOTO3_NAMES", oarlock::config::BOTO3_NAMES)?;
    module.add("DVC_SETTINGS", oarlock::config::DVC_SETTINGS)?;
    module.add_class::<store::Store>()?;
    module.add_class::<classes::StorageClasses>()?;
    module.add_class::<call::Call>()?;
    module.add_class::<body::Bytes>()?;
    module.add_class::<body::Body>()?;
    for function in [
        wrap_pyfunction!(verbs, module)?,
        wrap_pyfunction!(records, module)?,
        wrap_pyfunction!(settings, module)?,
        wrap_pyfunction!(setting_sources, module)?,
        wrap_pyfunction!(spellings, module)?,
        wrap_pyfunction!(kinds, module)?,
        wrap_pyfunction!(drain, module)?,
    ] {
        module.add_function(function)?;
    }
    // When the interpreter exits, a cancelled call may still be cleaning up on the server.
    let arguments = PyDict::new(py);
    arguments.set_item("seconds", 2.0)?;
    py.import("atexit")?.call_method("register", (module.getattr("drain")?,), Some(&arguments))?;
    Ok(())
}
