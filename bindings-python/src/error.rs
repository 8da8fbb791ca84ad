//! The one conversion from a core error to a Python exception.
//!
//! Invariant: the classes are written in Python (`oarlock.errors`), one for each kind, named after it with
//! the suffix `Error`. If one is missing, the import fails.

use oarlock::{Error, ErrorKind};
use pyo3::exceptions::PyImportError;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::PyDict;

static CLASSES: PyOnceLock<Vec<Py<PyAny>>> = PyOnceLock::new();

pub(crate) fn load_classes(py: Python<'_>) -> PyResult<()> {
    let module = py.import("oarlock.errors")?;
    let class = |kind: &ErrorKind| {
        let name = format!("{}Error", kind.name());
        match module.getattr(name.as_str()) {
            Ok(class) => Ok(class.unbind()),
            Err(_) => Err(PyImportError::new_err(format!("oarlock.errors has no class {name}"))),
        }
    };
    let classes = ErrorKind::ALL.iter().map(class).collect::<PyResult<_>>()?;
    let _ = CLASSES.set(py, classes);
    Ok(())
}

/// The exception for this error.
pub(crate) fn raise(py: Python<'_>, error: &Error) -> PyErr {
    exception(py, error).unwrap_or_else(|broken| broken)
}

fn exception(py: Python<'_>, error: &Error) -> PyResult<PyErr> {
    let at = ErrorKind::ALL.iter().position(|kind| *kind == error.kind());
    let class = CLASSES.get(py).zip(at).and_then(|(classes, at)| classes.get(at));
    let Some(class) = class else { return Err(PyImportError::new_err(error.to_string())) };
    let facts = PyDict::new(py);
    facts.set_item("verb", error.verb())?;
    facts.set_item("bucket", error.bucket())?;
    facts.set_item("key", error.key())?;
    facts.set_item("status", error.status())?;
    facts.set_item("code", error.code())?;
    facts.set_item("request_id", error.request_id())?;
    facts.set_item("retryable", error.retryable())?;
    // The exception's class names the kind already.
    let text = error.to_string();
    facts.set_item("text", text.split_once(": ").map_or(text.as_str(), |(_, sentence)| sentence))?;
    let exception = class.bind(py).call((error.message(),), Some(&facts))?;
    Ok(PyErr::from_value(exception))
}

/// Raises an error that this binding found itself.
pub(crate) fn fail<T>(py: Python<'_>, kind: ErrorKind, message: impl Into<String>) -> PyResult<T> {
    Err(raise(py, &Error::new(kind, message)))
}

/// The name of the object's type, for messages.
pub(crate) fn type_name(object: &Bound<'_, PyAny>) -> String {
    object.get_type().name().map_or_else(|_| "object".to_owned(), |name| name.to_string())
}
