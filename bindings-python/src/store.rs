//! `Store`: opens a store and starts verbs by name.
//!
//! Invariant: names no verb; the table declares which parameter is the source and which the sink.

use std::sync::atomic::{AtomicBool, Ordering};

use oarlock::value::Type;
use oarlock::verbs::VERBS;
use oarlock::{Args, Callback, ErrorKind, Value};
use pyo3::gc::{PyTraverseError, PyVisit};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyString};

use crate::call::Call;
use crate::error::{fail, raise, type_name};
use crate::{host, owner, value};

/// A store of objects.
#[pyclass(frozen, module = "oarlock._native")]
pub(crate) struct Store {
    store: oarlock::Store,
    /// The host's functions among the settings, by their numbers.
    functions: Option<Py<PyDict>>,
    closed: AtomicBool,
}

impl Store {
    /// A store that the core opened, with the functions among its settings, by their numbers.
    pub(crate) fn of(store: oarlock::Store, functions: Option<Py<PyDict>>) -> Self {
        Store { store, functions, closed: AtomicBool::new(false) }
    }

    fn begin(
        &self,
        py: Python<'_>,
        verb: &str,
        args: &Bound<'_, PyDict>,
        progress: Option<Py<PyAny>>,
        blocking: bool,
    ) -> PyResult<Call> {
        owner::bury(py);
        if self.closed.load(Ordering::Relaxed) {
            return fail(py, ErrorKind::InvalidInput, "the store is closed");
        }
        let found = VERBS.iter().find(|known| known.name == verb);
        let kind = |name: &str| {
            found.and_then(|verb| verb.params.iter().find(|param| param.name == name)).map(|param| param.kind)
        };
        let mut given = Args { values: Vec::with_capacity(args.len()), ..Args::default() };
        let option = |name: &str| {
            found
                .and_then(|verb| verb.options.fields.iter().find(|option| option.name == name))
                .map(|option| option.kind)
        };
        let known = |name: &str| kind(name).is_some() || option(name).is_some();
        let mut functions = self.functions.as_ref().map(|functions| functions.clone_ref(py));
        let mut feeder = None;
        let mut writer = None;
        for (name, object) in args.iter() {
            let name: String = name.extract()?;
            match kind(&name) {
                Some(Type::Source) => {
                    let (source, fed_by) = host::source(&object)?;
                    given.source = Some(source);
                    feeder = fed_by;
                }
                Some(Type::Sink) => {
                    let (sink, written_to) = host::sink(&object)?;
                    given.sink = Some(sink);
                    writer = written_to;
                }
                _ if option(&name) == Some(Type::Callback) && object.is_callable() => {
                    let callback = Callback::elsewhere();
                    let known = match functions {
                        Some(functions) => functions.bind(py).copy()?,
                        None => PyDict::new(py),
                    };
                    known.set_item(callback.number(), object)?;
                    functions = Some(known.unbind());
                    given.values.push((name, callback.into()));
                }
                // The core rejects it by its name, whatever its value is.
                _ if !known(&name) => given.values.push((name, Value::Null)),
                _ => {
                    let value = value::from_py(&object)
                        .map_err(|error| named(py, ErrorKind::InvalidInput, "option", &name, error))?;
                    given.values.push((name, value));
                }
            }
        }
        host::follow_log_level(py)?;
        let store = if blocking { &self.store.inline() } else { &self.store };
        let call = store.start(verb, given).map_err(|error| raise(py, &error))?;
        Ok(Call::new(
            call,
            verb,
            found.map_or(Type::Null, |verb| verb.reply),
            feeder,
            writer,
            progress,
            functions,
        ))
    }
}

/// The error for a value that the core has no type for, with the name of the option or setting.
fn named(py: Python<'_>, kind: ErrorKind, what: &str, name: &str, error: PyErr) -> PyErr {
    let message = error.value(py).getattr("message").and_then(|message| message.extract::<String>());
    // An exception of the host's own code propagates unchanged.
    message.map_or(error, |why| raise(py, &oarlock::Error::new(kind, format!("{what} `{name}`: {why}"))))
}

/// Settings by name; functions among them are put into `functions`, by their numbers.
pub(crate) fn pairs(
    settings: &Bound<'_, PyDict>,
    functions: &Bound<'_, PyDict>,
) -> PyResult<Vec<(String, Value)>> {
    let py = settings.py();
    let mut pairs = Vec::with_capacity(settings.len());
    for (name, setting) in settings.iter() {
        let name: String = name.extract()?;
        let value = if setting.is_callable() {
            let callback = Callback::elsewhere();
            functions.set_item(callback.number(), setting)?;
            Value::Callback(callback)
        } else {
            value::from_py(&setting).map_err(|error| match oarlock::config::unknown_setting(&name) {
                Some(unknown) => raise(py, &unknown),
                None => named(py, ErrorKind::Config, "setting", &name, error),
            })?
        };
        pairs.push((name, value));
    }
    Ok(pairs)
}

#[pymethods]
impl Store {
    #[new]
    fn new(py: Python<'_>, url: &Bound<'_, PyAny>, settings: &Bound<'_, PyDict>) -> PyResult<Self> {
        let Ok(url) = url.cast::<PyString>() else {
            return fail(
                py,
                ErrorKind::Config,
                format!("the URL must be a str such as s3://bucket/prefix, not {}", type_name(url)),
            );
        };
        let Value::Str(url) = value::from_py(url)? else {
            return fail(py, ErrorKind::Config, "the URL must be a str");
        };
        let functions = PyDict::new(py);
        let store =
            oarlock::Store::open(&url, pairs(settings, &functions)?).map_err(|error| raise(py, &error))?;
        Ok(Store::of(store, (!functions.is_empty()).then(|| functions.unbind())))
    }

    // A function often refers to the object that holds the store.
    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        visit.call(&self.functions)
    }

    /// Starts a verb; `args` are its parameters and options by name.
    #[pyo3(signature = (verb, args, progress = None))]
    fn start(
        &self,
        py: Python<'_>,
        verb: &str,
        args: &Bound<'_, PyDict>,
        progress: Option<Py<PyAny>>,
    ) -> PyResult<Call> {
        self.begin(py, verb, args, progress, false)
    }

    /// Starts a verb, waits for its end and takes the result.
    #[pyo3(signature = (verb, args, progress = None, timeout = None))]
    fn run<'py>(
        &self,
        py: Python<'py>,
        verb: &str,
        args: &Bound<'_, PyDict>,
        progress: Option<Py<PyAny>>,
        timeout: Option<f64>,
    ) -> PyResult<Bound<'py, PyAny>> {
        self.begin(py, verb, args, progress, true)?.wait(py, timeout)
    }

    /// The store's URL without settings and secrets.
    #[getter]
    fn url(&self) -> String {
        self.store.url()
    }

    /// The settings that were given, without secrets.
    fn settings<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        value::to_py(py, Type::Map, Value::map(self.store.settings()))
    }

    /// The settings that were given, secrets and functions included.
    fn to_pairs<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let pairs = PyDict::new(py);
        for (name, value) in self.store.to_pairs() {
            match (&value, &self.functions) {
                (Value::Callback(callback), Some(functions)) => {
                    pairs.set_item(name, functions.bind(py).get_item(callback.number())?)?
                }
                _ => pairs.set_item(name, value::to_py(py, Type::Null, value)?)?,
            }
        }
        Ok(pairs)
    }

    /// Later calls fail; calls in progress continue.
    fn close(&self) {
        self.closed.store(true, Ordering::Relaxed);
    }

    #[getter]
    fn closed(&self) -> bool {
        self.closed.load(Ordering::Relaxed)
    }
}
