//! Values in and out: Python's objects to the core's plain data and back.
//!
//! Invariant: handles types, never names. An object without an exact match is rejected with a message that
//! names what to pass instead.

use std::collections::HashMap;
use std::ptr::null_mut;
use std::time::SystemTime;

use oarlock::table::RecordSpec;
use oarlock::value::{Name, Type, civil, from_unix, to_unix};
use oarlock::{ErrorKind, Value};
use pyo3::buffer::PyUntypedBuffer;
use pyo3::ffi;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyBool, PyBytes, PyDict, PyFloat, PyInt, PyList, PyMapping, PyString, PyTuple, PyType};

use crate::body::{Bytes, bytes_from};
use crate::error::{fail, type_name};

/// The core's value for a Python object.
pub(crate) fn from_py(object: &Bound<'_, PyAny>) -> PyResult<Value> {
    let py = object.py();
    if object.is_none() {
        return Ok(Value::Null);
    }
    if let Ok(flag) = object.cast::<PyBool>() {
        return Ok(Value::Bool(flag.is_true()));
    }
    if let Ok(text) = object.cast::<PyString>() {
        return text_from(text).map(Value::Str);
    }
    if object.is_instance_of::<PyInt>() {
        return whole(object);
    }
    if object.is_instance_of::<PyFloat>() {
        return Ok(Value::Str(object.str()?.to_string()));
    }
    if object.is_instance_of::<PyBytes>() || object.is_instance_of::<Bytes>() {
        return bytes_from(object).map(Value::Bytes);
    }
    if let Ok(items) = object.cast::<PyDict>() {
        return items
            .iter()
            .map(|(name, value)| pair(&name, &value))
            .collect::<PyResult<Vec<_>>>()
            .map(Value::map);
    }
    if object.is_instance_of::<PyList>() || object.is_instance_of::<PyTuple>() {
        return list(object);
    }
    if object.hasattr(intern!(py, "total_seconds"))? {
        return Ok(Value::Str(object.call_method0(intern!(py, "total_seconds"))?.str()?.to_string()));
    }
    if object.hasattr(intern!(py, "tzinfo"))? && object.hasattr(intern!(py, "timestamp"))? {
        return time_from(object).map(Value::Time);
    }
    if let Ok(fields) = object.getattr(intern!(py, "_asdict")) {
        return from_py(&fields.call0()?);
    }
    if object.hasattr(intern!(py, "__fspath__"))? {
        let path = path_from(object)?;
        return match path.to_str() {
            Some(text) => Ok(Value::Str(text.to_owned())),
            None => fail(py, ErrorKind::InvalidInput, format!("the path {} is not UTF-8", path.display())),
        };
    }
    if object.hasattr(intern!(py, "__index__"))? {
        return whole(&object.call_method0(intern!(py, "__index__"))?);
    }
    if let Ok(items) = object.cast::<PyMapping>() {
        let rows = items.items()?;
        let row = |row: Bound<'_, PyAny>| pair(&row.get_item(0)?, &row.get_item(1)?);
        return rows.iter().map(row).collect::<PyResult<Vec<_>>>().map(Value::map);
    }
    if PyUntypedBuffer::get(object).is_ok() {
        return bytes_from(object).map(Value::Bytes);
    }
    if object.try_iter().is_ok() {
        return list(object);
    }
    fail(py, ErrorKind::InvalidInput, format!("a value of type {} cannot be passed", type_name(object)))
}

fn text_from(text: &Bound<'_, PyString>) -> PyResult<String> {
    match text.to_str() {
        Ok(text) => Ok(text.to_owned()),
        Err(_) => {
            fail(text.py(), ErrorKind::InvalidInput, "the text holds surrogates and cannot be sent as UTF-8")
        }
    }
}

fn whole(object: &Bound<'_, PyAny>) -> PyResult<Value> {
    match object.extract::<i64>() {
        Ok(number) => Ok(Value::Int(number)),
        // The core rejects values out of range; its message names the option.
        Err(_) => Ok(Value::Str(object.str()?.to_string())),
    }
}

fn pair(name: &Bound<'_, PyAny>, value: &Bound<'_, PyAny>) -> PyResult<(String, Value)> {
    match name.cast::<PyString>() {
        Ok(name) => Ok((text_from(name)?, from_py(value)?)),
        Err(_) => fail(
            name.py(),
            ErrorKind::InvalidInput,
            format!("a name in a map must be a str, not {}", type_name(name)),
        ),
    }
}

fn list(items: &Bound<'_, PyAny>) -> PyResult<Value> {
    items.try_iter()?.map(|item| from_py(&item?)).collect::<PyResult<_>>().map(Value::List)
}

/// The path that a path-like object names.
pub(crate) fn path_from(object: &Bound<'_, PyAny>) -> PyResult<std::path::PathBuf> {
    object.extract()
}

/// The parts of Python's datetime module.
struct Calendar {
    datetime: Py<PyAny>,
    timedelta: Py<PyAny>,
    utc: Py<PyAny>,
    /// 1970 in UTC.
    epoch: Py<PyAny>,
}

static CALENDAR: PyOnceLock<Calendar> = PyOnceLock::new();

fn calendar(py: Python<'_>) -> PyResult<&Calendar> {
    CALENDAR.get_or_try_init(py, || {
        let module = py.import("datetime")?;
        let (utc, datetime) = (module.getattr("timezone")?.getattr("utc")?, module.getattr("datetime")?);
        let epoch = datetime.call1((1970, 1, 1, 0, 0, 0, 0, &utc))?.unbind();
        Ok(Calendar {
            epoch,
            datetime: datetime.unbind(),
            timedelta: module.getattr("timedelta")?.unbind(),
            utc: utc.unbind(),
        })
    })
}

fn time_to(py: Python<'_>, time: SystemTime) -> PyResult<Bound<'_, PyAny>> {
    let (Calendar { datetime, timedelta, utc, epoch }, (seconds, nanos)) = (calendar(py)?, to_unix(time));
    let micros = nanos / 1000;
    match u64::try_from(seconds) {
        // Building a time from its parts takes a quarter of the time that adding to the epoch takes.
        Ok(since) if since < 1 << 36 => {
            let ((year, month, day), of_day) = (civil(since / 86_400), since % 86_400);
            datetime.bind(py).call1((
                year,
                month,
                day,
                of_day / 3600,
                of_day / 60 % 60,
                of_day % 60,
                micros,
                utc,
            ))
        }
        _ => epoch.bind(py).add(timedelta.bind(py).call1((0, seconds, micros))?),
    }
}

fn time_from(object: &Bound<'_, PyAny>) -> PyResult<SystemTime> {
    let py = object.py();
    let Ok(since) = object.sub(&calendar(py)?.epoch) else {
        return fail(
            py,
            ErrorKind::InvalidInput,
            "the time has no time zone: use one that has, for example datetime.now(timezone.utc)",
        );
    };
    let days: i64 = since.getattr(intern!(py, "days"))?.extract()?;
    let seconds: i64 = since.getattr(intern!(py, "seconds"))?.extract()?;
    let micros: u32 = since.getattr(intern!(py, "microseconds"))?.extract()?;
    Ok(from_unix(days * 86_400 + seconds, micros.saturating_mul(1000)))
}

/// The Python object for a value of this declared type.
pub(crate) fn to_py<'py>(py: Python<'py>, kind: Type, value: Value) -> PyResult<Bound<'py, PyAny>> {
    Ok(match (kind, value) {
        (Type::Record(name), Value::Map(pairs)) => return make(py, class(py, name)?, pairs),
        (Type::Records(name), Value::List(items)) => {
            let class = class(py, name)?;
            let item = |item| match item {
                Value::Map(pairs) => make(py, class, pairs),
                other => to_py(py, Type::Null, other),
            };
            PyList::new(py, items.into_iter().map(item).collect::<PyResult<Vec<_>>>()?)?.into_any()
        }
        (_, Value::Null) => py.None().into_bound(py),
        (_, Value::Bool(flag)) => PyBool::new(py, flag).to_owned().into_any(),
        (_, Value::Int(number)) => number.into_pyobject(py)?.into_any(),
        (_, Value::Str(text)) => PyString::new(py, &text).into_any(),
        (_, Value::Bytes(bytes)) => Bound::new(py, Bytes(bytes))?.into_any(),
        (_, Value::Time(time)) => time_to(py, time)?,
        (_, Value::Callback(_)) => PyString::new(py, "callback").into_any(),
        (_, Value::List(items)) => PyList::new(
            py,
            items.into_iter().map(|item| to_py(py, Type::Null, item)).collect::<PyResult<Vec<_>>>()?,
        )?
        .into_any(),
        (_, Value::Map(pairs)) => {
            let map = PyDict::new(py);
            for (name, value) in pairs {
                map.set_item(name, to_py(py, Type::Null, value)?)?;
            }
            map.into_any()
        }
    })
}

/// How a record becomes an instance of its Python class.
struct Class {
    spec: &'static RecordSpec,
    class: Py<PyType>,
    /// The names of its slots; empty for a class that must be called.
    slots: Vec<Py<PyString>>,
}

static RECORDS: PyOnceLock<HashMap<&'static str, Class>> = PyOnceLock::new();

fn class(py: Python<'_>, name: &str) -> PyResult<&'static Class> {
    let classes = RECORDS.get_or_try_init(py, || {
        let module = py.import("oarlock._records")?;
        let plain = module.getattr("Record")?;
        let one = |spec: &'static RecordSpec| {
            let class = module.getattr(spec.name)?.cast_into::<PyType>()?;
            let slots = if class.getattr("__base__")?.is(&plain) { spec.fields } else { &[] };
            let slots = slots.iter().map(|field| PyString::intern(py, field.name).unbind()).collect();
            Ok((spec.name, Class { spec, class: class.unbind(), slots }))
        };
        oarlock::reply::RECORDS.iter().map(one).collect::<PyResult<_>>()
    })?;
    match classes.get(name) {
        Some(found) => Ok(found),
        None => fail(py, ErrorKind::Internal, format!("there is no record {name}")),
    }
}

/// An instance: the core returns a record's fields in the order of its declaration.
fn make<'py>(py: Python<'py>, class: &Class, pairs: Vec<(Name, Value)>) -> PyResult<Bound<'py, PyAny>> {
    let mut fields =
        class.spec.fields.iter().zip(pairs).map(|(field, (_, value))| to_py(py, field.kind, value));
    let kind = class.class.bind(py);
    if class.slots.is_empty() {
        return kind.call1(PyTuple::new(py, fields.collect::<PyResult<Vec<_>>>()?)?);
    }
    // Does what `__init__` does, without running Python for each row of a listing. SAFETY: the class is a
    // heap type with slots and nothing else, all of which are empty in a new instance; a null is an
    // exception.
    let row = unsafe {
        Bound::from_owned_ptr_or_err(py, ffi::PyType_GenericNew(kind.as_type_ptr(), null_mut(), null_mut()))?
    };
    for (slot, value) in class.slots.iter().zip(&mut fields) {
        // SAFETY: three live objects, whose ownership the call does not take. The class's own `__setattr__`,
        // which refuses, is bypassed.
        if unsafe { ffi::PyObject_GenericSetAttr(row.as_ptr(), slot.as_ptr(), value?.as_ptr()) } != 0 {
            return Err(PyErr::fetch(py));
        }
    }
    Ok(row)
}
