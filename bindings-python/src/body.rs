//! `Bytes`: bytes of the core in Python, without a copy, through the buffer protocol; `Body`: a record that
//! holds such bytes; and the bytes of Python's own objects.
//!
//! Invariant: read-only, and a repr never shows the bytes.

use std::ffi::{c_int, c_void};

use oarlock::ErrorKind;
use pyo3::buffer::PyUntypedBuffer;
use pyo3::exceptions::{PyBufferError, PyIndexError};
use pyo3::ffi;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict, PyMemoryView, PyString, PyTuple};

use crate::error::{fail, type_name};
use crate::owner;

/// Bytes that oarlock owns: read-only, shared, not copied. A bytes-like object.
#[pyclass(frozen, module = "oarlock")]
pub(crate) struct Bytes(pub(crate) bytes::Bytes);

#[pymethods]
impl Bytes {
    #[new]
    #[pyo3(signature = (data, /))]
    fn new(data: &Bound<'_, PyAny>) -> PyResult<Self> {
        bytes_from(data).map(Bytes)
    }

    fn __len__(&self) -> usize {
        self.0.len()
    }

    fn __bytes__<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        PyBytes::new(py, &self.0)
    }

    /// The text, decoded.
    #[pyo3(signature = (encoding = "utf-8", errors = "strict"))]
    fn decode<'py>(slf: &Bound<'py, Self>, encoding: &str, errors: &str) -> PyResult<Bound<'py, PyAny>> {
        slf.py().get_type::<PyString>().call1((PyMemoryView::from(slf.as_any())?, encoding, errors))
    }

    fn __getitem__<'py>(slf: &Bound<'py, Self>, index: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        if let Ok(at) = index.extract::<isize>() {
            let bytes = &slf.get().0;
            let at = if at < 0 { at.checked_add_unsigned(bytes.len()) } else { Some(at) };
            let byte = at.and_then(|at| usize::try_from(at).ok()).and_then(|at| bytes.get(at));
            let byte = byte.ok_or_else(|| PyIndexError::new_err("index out of range"))?;
            return Ok(byte.into_pyobject(slf.py())?.into_any());
        }
        PyMemoryView::from(slf.as_any())?.get_item(index)
    }

    fn __iter__<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyAny>> {
        Ok(PyMemoryView::from(slf.as_any())?.try_iter()?.into_any())
    }

    fn __contains__(slf: &Bound<'_, Self>, item: &Bound<'_, PyAny>) -> PyResult<bool> {
        slf.get().__bytes__(slf.py()).contains(item)
    }

    fn __eq__<'py>(&self, other: &Bound<'py, PyAny>) -> Bound<'py, PyAny> {
        let py = other.py();
        if let Ok(other) = other.cast::<Bytes>() {
            return (self.0 == other.get().0)
                .into_pyobject(py)
                .map_or_else(|never| match never {}, |flag| flag.to_owned().into_any());
        }
        match bytes_from(other) {
            Ok(other) => (self.0 == other)
                .into_pyobject(py)
                .map_or_else(|never| match never {}, |flag| flag.to_owned().into_any()),
            Err(_) => py.NotImplemented().into_bound(py),
        }
    }

    /// The hash of the equal `bytes`.
    fn __hash__(&self, py: Python<'_>) -> PyResult<isize> {
        self.__bytes__(py).hash()
    }

    fn __repr__(&self) -> String {
        format!("<oarlock.Bytes, {} bytes>", self.0.len())
    }

    fn __reduce__<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyTuple>> {
        (slf.get_type(), (slf.get().__bytes__(slf.py()),)).into_pyobject(slf.py())
    }

    // SAFETY: called by the interpreter with a valid, empty view, as the buffer protocol lays down.
    unsafe fn __getbuffer__(slf: &Bound<'_, Self>, view: *mut ffi::Py_buffer, flags: c_int) -> PyResult<()> {
        // SAFETY: the caller guarantees a valid, empty view.
        unsafe { fill(slf, view, flags) }
    }
}

/// Fills `view` with the bytes, which stay alive through the reference that the view takes.
///
/// # Safety
/// `view` must be valid and empty.
unsafe fn fill(bytes: &Bound<'_, Bytes>, view: *mut ffi::Py_buffer, flags: c_int) -> PyResult<()> {
    let slice = &bytes.get().0;
    let length = ffi::Py_ssize_t::try_from(slice.len()).map_err(|_| PyBufferError::new_err("too large"))?;
    // SAFETY: the object is frozen, so its storage neither moves nor changes while the view holds it. The
    // view is read-only.
    let status = unsafe {
        ffi::PyBuffer_FillInfo(
            view,
            bytes.as_ptr(),
            slice.as_ptr().cast_mut().cast::<c_void>(),
            length,
            1,
            flags,
        )
    };
    if status == 0 { Ok(()) } else { Err(PyErr::fetch(bytes.py())) }
}

/// A bytes-like object's bytes: borrowed if they cannot change, copied otherwise.
pub(crate) fn bytes_from(object: &Bound<'_, PyAny>) -> PyResult<bytes::Bytes> {
    let py = object.py();
    if let Ok(bytes) = object.cast::<PyBytes>() {
        return Ok(owner::lend(bytes));
    }
    if let Ok(bytes) = object.cast::<Bytes>() {
        return Ok(bytes.get().0.clone());
    }
    if object.is_instance_of::<PyString>() {
        return fail(
            py,
            ErrorKind::InvalidInput,
            "text is not bytes: encode it, for example with .encode(), or open the file in binary mode",
        );
    }
    match PyUntypedBuffer::get(object) {
        Ok(view) => copied(py, &view, 0, usize::MAX),
        Err(_) => fail(
            py,
            ErrorKind::InvalidInput,
            format!("a bytes-like object is needed, not {}", type_name(object)),
        ),
    }
}

/// Up to `most` bytes of a buffer from `at` on, copied because its owner may change them.
pub(crate) fn copied(
    py: Python<'_>,
    view: &PyUntypedBuffer,
    at: usize,
    most: usize,
) -> PyResult<bytes::Bytes> {
    if !view.is_c_contiguous() {
        return fail(py, ErrorKind::InvalidInput, "the buffer is not contiguous: pass bytes(…) of it");
    }
    let length = view.len_bytes().saturating_sub(at).min(most);
    if length == 0 {
        return Ok(bytes::Bytes::new());
    }
    // SAFETY: the view is contiguous and holds `at + length` bytes at least; its owner cannot free them while
    // the view lives.
    let slice = unsafe { std::slice::from_raw_parts(view.buf_ptr().cast::<u8>().add(at), length) };
    Ok(bytes::Bytes::copy_from_slice(slice))
}

/// The base of records that hold bytes: gives them the buffer protocol of the `Bytes` in their `_bytes`.
#[pyclass(frozen, subclass, module = "oarlock._native")]
pub(crate) struct Body;

#[pymethods]
impl Body {
    #[new]
    #[pyo3(signature = (*_values, **_named))]
    fn new(_values: &Bound<'_, PyTuple>, _named: Option<&Bound<'_, PyDict>>) -> Self {
        Body
    }

    // SAFETY: called by the interpreter with a valid, empty view, as the buffer protocol lays down.
    unsafe fn __getbuffer__(slf: &Bound<'_, Self>, view: *mut ffi::Py_buffer, flags: c_int) -> PyResult<()> {
        let held = slf.getattr(intern!(slf.py(), "_bytes"))?;
        let Ok(bytes) = held.cast::<Bytes>() else {
            return Err(PyBufferError::new_err("this reply holds no bytes: they went elsewhere"));
        };
        // SAFETY: the caller guarantees a valid, empty view.
        unsafe { fill(bytes, view, flags) }
    }
}
