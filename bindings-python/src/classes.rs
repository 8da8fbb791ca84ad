//! `StorageClasses`: the stores that a package server's file names.
//!
//! Law: knows no class and no field; what there is, the file and the core say.

use oarlock::value::{Field as _, Type};
use pyo3::prelude::*;

use crate::error::raise;
use crate::store::Store;
use crate::value;

/// The storage classes of a package server.
#[pyclass(frozen, module = "oarlock._native")]
pub(crate) struct StorageClasses(oarlock::StorageClasses);

#[pymethods]
impl StorageClasses {
    #[new]
    fn new(py: Python<'_>, path_or_text: &str) -> PyResult<Self> {
        oarlock::StorageClasses::read(path_or_text).map(StorageClasses).map_err(|error| raise(py, &error))
    }

    /// The names of the classes.
    fn names(&self) -> Vec<String> {
        self.0.names()
    }

    /// The store of a class.
    fn store(&self, py: Python<'_>, name: &str) -> PyResult<Store> {
        self.0.class(name).map(Store::of).map_err(|error| raise(py, &error))
    }

    /// What the file says of a class.
    fn about<'py>(&self, py: Python<'py>, name: &str) -> PyResult<Bound<'py, PyAny>> {
        let about = self.0.about(name).map_err(|error| raise(py, &error))?;
        value::to_py(py, Type::Record("StorageClass"), about.into_value())
    }
}
