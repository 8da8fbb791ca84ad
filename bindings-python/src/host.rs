//! The host's objects in a call: its reader, iterator or buffer, its stream, its progress function, its log.
//!
//! Invariant: they run here, on the thread that waits, under the GIL. Their exceptions leave the wait
//! unchanged.

use oarlock::observe::{Event, set_level};
use oarlock::{ErrorKind, Sink, Source};
use pyo3::buffer::PyUntypedBuffer;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyBytes, PyEllipsis, PyIterator, PyMemoryView, PyString};

use crate::body::{Bytes, bytes_from, copied};
use crate::error::{fail, type_name};
use crate::value::path_from;

/// The source of bytes for a call that wants them.
pub(crate) enum Feeder {
    /// An object with `read(n)`.
    Reader(Py<PyAny>),
    /// An iterator of bytes-like objects.
    Chunks(Py<PyIterator>),
    /// A buffer that its owner may change, and how many of its bytes were fed.
    Buffer(PyUntypedBuffer, usize),
    /// The caller that steps the call.
    Caller,
}

impl Feeder {
    /// The next bytes, about `size` of them; `None` at the end.
    pub(crate) fn next(&mut self, py: Python<'_>, size: usize) -> PyResult<Option<bytes::Bytes>> {
        match self {
            Feeder::Reader(reader) => {
                let data = reader.bind(py).call_method1(intern!(py, "read"), (size,))?;
                if data.is_none() {
                    return fail(
                        py,
                        ErrorKind::InvalidInput,
                        "the source's read() returned None: streams that do not block cannot be read",
                    );
                }
                bytes_from(&data).map(|bytes| (!bytes.is_empty()).then_some(bytes))
            }
            Feeder::Chunks(chunks) => {
                let chunks = chunks.bind(py).clone();
                for chunk in chunks {
                    let bytes = bytes_from(&chunk?)?;
                    if !bytes.is_empty() {
                        return Ok(Some(bytes));
                    }
                }
                Ok(None)
            }
            Feeder::Buffer(view, at) => {
                let bytes = copied(py, view, *at, size)?;
                *at += bytes.len();
                Ok((!bytes.is_empty()).then_some(bytes))
            }
            Feeder::Caller => Ok(None),
        }
    }
}

/// The source; `...` means that the caller feeds.
pub(crate) fn source(object: &Bound<'_, PyAny>) -> PyResult<(Source, Option<Feeder>)> {
    let py = object.py();
    if object.is_instance_of::<PyBytes>() || object.is_instance_of::<Bytes>() {
        return Ok((Source::Bytes(bytes_from(object)?), None));
    }
    if object.is_instance_of::<PyString>() {
        return fail(
            py,
            ErrorKind::InvalidInput,
            "a str is not a source: pass a pathlib.Path for a file, or text.encode() for its bytes",
        );
    }
    if object.is_instance_of::<PyEllipsis>() {
        return Ok((Source::Fed(None), Some(Feeder::Caller)));
    }
    if object.hasattr(intern!(py, "__fspath__"))? {
        return Ok((Source::File(path_from(object)?), None));
    }
    if let Ok(view) = PyUntypedBuffer::get(object) {
        return Ok((Source::Fed(u64::try_from(view.len_bytes()).ok()), Some(Feeder::Buffer(view, 0))));
    }
    if object.hasattr(intern!(py, "read"))? {
        return Ok((Source::Fed(None), Some(Feeder::Reader(object.clone().unbind()))));
    }
    match object.try_iter() {
        Ok(chunks) => Ok((Source::Fed(None), Some(Feeder::Chunks(chunks.unbind())))),
        Err(_) => fail(
            py,
            ErrorKind::InvalidInput,
            format!(
                "a source is bytes, a path, an object with read() or an iterable of bytes, not {}",
                type_name(object)
            ),
        ),
    }
}

/// The sink; `...` means that the caller takes the bytes.
pub(crate) fn sink(object: &Bound<'_, PyAny>) -> PyResult<(Sink, Option<Py<PyAny>>)> {
    let py = object.py();
    if object.is_none() {
        return Ok((Sink::Memory, None));
    }
    if object.is_instance_of::<PyEllipsis>() {
        return Ok((Sink::Stream, None));
    }
    if object.hasattr(intern!(py, "write"))? {
        return Ok((Sink::Stream, Some(object.clone().unbind())));
    }
    if object.is_instance_of::<PyString>() || object.hasattr(intern!(py, "__fspath__"))? {
        return Ok((Sink::File(path_from(object)?), None));
    }
    let kind = type_name(object);
    fail(
        py,
        ErrorKind::InvalidInput,
        format!(
            "a sink is None for memory, a path (str or pathlib.Path) or an object with write(), not {kind}"
        ),
    )
}

/// Writes all of `chunk` to the host's stream, whose `write` may write fewer bytes than given.
pub(crate) fn write(py: Python<'_>, sink: &Py<PyAny>, chunk: bytes::Bytes) -> PyResult<()> {
    let mut rest = chunk;
    while !rest.is_empty() {
        let view = PyMemoryView::from(Bound::new(py, Bytes(rest.clone()))?.as_any())?;
        let taken = sink.bind(py).call_method1(intern!(py, "write"), (view,))?;
        // A stream that returns no number wrote everything, as buffered ones do.
        let taken = taken.extract::<usize>().unwrap_or(rest.len());
        if taken == 0 {
            return fail(py, ErrorKind::Io, "the stream's write() took no bytes");
        }
        let _ = rest.split_to(taken.min(rest.len()));
    }
    Ok(())
}

static LOGGER: PyOnceLock<Py<PyAny>> = PyOnceLock::new();

/// The logger `oarlock`. A handler that does nothing prevents Python from printing warnings in a program that
/// has not set up logging.
fn logger(py: Python<'_>) -> PyResult<&Bound<'_, PyAny>> {
    let found = LOGGER.get_or_try_init(py, || {
        let logging = py.import("logging")?;
        let logger = logging.call_method1("getLogger", ("oarlock",))?;
        logger.call_method1("addHandler", (logging.call_method0("NullHandler")?,))?;
        Ok::<_, PyErr>(logger.unbind())
    })?;
    Ok(found.bind(py))
}

/// Sets the core's log level to the logger's. As long as the program has not imported `logging`, nothing is
/// logged.
pub(crate) fn follow_log_level(py: Python<'_>) -> PyResult<()> {
    if LOGGER.get(py).is_none() && !py.import("sys")?.getattr("modules")?.contains("logging")? {
        set_level(i32::MAX);
        return Ok(());
    }
    set_level(logger(py)?.call_method0(intern!(py, "getEffectiveLevel"))?.extract()?);
    Ok(())
}

pub(crate) fn log(py: Python<'_>, event: &Event) -> PyResult<()> {
    logger(py)?.call_method1(intern!(py, "log"), (event.level as i32, "%s", &event.message)).map(drop)
}
