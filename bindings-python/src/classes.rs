//! `StorageClasses`: the stores that a package server's file names.
//!
//! Invariant: names no class and no field; they come from the file and the core.

use oarlock::Value;
use oarlock::value::{Field as _, Type};
use pyo3::gc::{PyTraverseError, PyVisit};
use pyo3::prelude::*;
use pyo3::types::PyDict;

use crate::error::raise;
use crate::store::{Store, pairs};
use crate::value;

/// The storage classes of a package server.
#[pyclass(frozen, module = "oarlock._native")]
pub(crate) struct StorageClasses {
    classes: oarlock::StorageClasses,
    /// The host's functions among the settings, by their numbers.
    functions: Option<Py<PyDict>>,
}

#[pymethods]
impl StorageClasses {
    #[new]
    fn new(
        py: Python<'_>,
        path_or_text: &str,
        settings: &Bound<'_, PyDict>,
        overrides: &Bound<'_, PyDict>,
    ) -> PyResult<Self> {
        let functions = PyDict::new(py);
        let settings = pairs(settings, &functions)?;
        let mut own = Vec::with_capacity(overrides.len());
        for (class, settings) in overrides.iter() {
            let settings = match settings.cast::<PyDict>() {
                Ok(settings) => Value::map(pairs(settings, &functions)?),
                Err(_) => value::from_py(&settings)?,
            };
            own.push((class.extract()?, settings));
        }
        let read =
            oarlock::StorageClasses::read(path_or_text).and_then(|classes| classes.with(settings, own));
        let classes = read.map_err(|error| raise(py, &error))?;
        Ok(StorageClasses { classes, functions: (!functions.is_empty()).then(|| functions.unbind()) })
    }

    // A function often refers to the object that holds the classes.
    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        visit.call(&self.functions)
    }

    /// The names of the classes.
    fn names(&self) -> Vec<String> {
        self.classes.names()
    }

    /// The store of a class.
    fn store(&self, py: Python<'_>, name: &str) -> PyResult<Store> {
        let functions = self.functions.as_ref().map(|functions| functions.clone_ref(py));
        self.classes.class(name).map(|store| Store::of(store, functions)).map_err(|error| raise(py, &error))
    }

    /// The file's entries about a class.
    fn about<'py>(&self, py: Python<'py>, name: &str) -> PyResult<Bound<'py, PyAny>> {
        let about = self.classes.about(name).map_err(|error| raise(py, &error))?;
        value::to_py(py, Type::Record("StorageClass"), about.into_value())
    }
}
