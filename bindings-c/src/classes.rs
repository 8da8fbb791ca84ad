//! Storage classes: the stores that a package server's `.gcfg` file names.

use std::ffi::c_char;

use oarlock::value::Field as _;
use oarlock::{StorageClasses, Value};

use crate::border::{self, OK, Out, Status};
use crate::error::{self, ErrorHandle};
use crate::options::OptionsHandle;
use crate::served::Functions;
use crate::store::StoreHandle;
use crate::value::ValueHandle;

/// The storage classes of a package server's file.
pub struct ClassesHandle {
    pub(crate) classes: StorageClasses,
    /// The functions among the settings, which go with each class's store.
    pub(crate) functions: Functions,
}

/// Reads the storage classes of a package server's `.gcfg` file: from a path, or from the file's text. A
/// string with a line break is text. Free them with oarlock_classes_free.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oarlock_classes_open(
    path_or_text: *const c_char,
    classes: *mut *mut ClassesHandle,
    error: *mut *mut ErrorHandle,
) -> Status {
    // SAFETY: the header's conventions.
    unsafe {
        error::status(error, || {
            let place = Out::new(classes, "classes")?;
            let classes = StorageClasses::read(border::text(path_or_text, "path_or_text")?)?;
            place.set(border::give(ClassesHandle { classes, functions: Vec::new() }));
            Ok(OK)
        })
    }
}

/// The same with settings that win over the file's: `settings` for all classes that are kept in S3,
/// `overrides` for single ones, each a map (oarlock_options_set_map) under the class's name, which wins over
/// both; either may be NULL. A key to encrypt with that the file names stays in force. Free them with
/// oarlock_classes_free.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oarlock_classes_open_with(
    path_or_text: *const c_char,
    settings: *const OptionsHandle,
    overrides: *const OptionsHandle,
    classes: *mut *mut ClassesHandle,
    error: *mut *mut ErrorHandle,
) -> Status {
    // SAFETY: the header's conventions.
    unsafe {
        error::status(error, || {
            let place = Out::new(classes, "classes")?;
            let given = [settings, overrides].map(|given| given.as_ref());
            let functions =
                given.iter().flatten().flat_map(|given| given.functions.iter().cloned()).collect();
            let [settings, overrides] = given.map(|given| given.map_or(Ok(Vec::new()), OptionsHandle::built));
            let classes = StorageClasses::read(border::text(path_or_text, "path_or_text")?)?
                .with(settings?, overrides?)?;
            place.set(border::give(ClassesHandle { classes, functions }));
            Ok(OK)
        })
    }
}

/// Frees storage classes; stores that were opened by them stay open.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oarlock_classes_free(classes: *mut ClassesHandle) {
    // SAFETY: the header's conventions.
    border::plain((), || drop(unsafe { border::take_back(classes) }));
}

/// Gives the names of the classes, as a list of text in order.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oarlock_classes_names(
    classes: *const ClassesHandle,
    names: *mut *mut ValueHandle,
    error: *mut *mut ErrorHandle,
) -> Status {
    // SAFETY: the header's conventions.
    unsafe {
        error::status(error, || {
            let place = Out::new(names, "names")?;
            let names = border::lent(classes, "classes")?.classes.names();
            place.set(border::give(ValueHandle::new(Value::List(
                names.into_iter().map(Value::Str).collect(),
            ))));
            Ok(OK)
        })
    }
}

/// Opens the store of a class, such as `packages`. No network is touched. Free the store with
/// oarlock_store_free.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oarlock_classes_store(
    classes: *const ClassesHandle,
    name: *const c_char,
    store: *mut *mut StoreHandle,
    error: *mut *mut ErrorHandle,
) -> Status {
    // SAFETY: the header's conventions.
    unsafe {
        error::status(error, || {
            let place = Out::new(store, "store")?;
            let classes = border::lent(classes, "classes")?;
            let store = StoreHandle::new(classes.classes.class(border::text(name, "name")?)?);
            place.set(border::give(StoreHandle { functions: classes.functions.clone(), ..store }));
            Ok(OK)
        })
    }
}

/// Gives the file's entry of a class, as a StorageClass.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oarlock_classes_about(
    classes: *const ClassesHandle,
    name: *const c_char,
    about: *mut *mut ValueHandle,
    error: *mut *mut ErrorHandle,
) -> Status {
    // SAFETY: the header's conventions.
    unsafe {
        error::status(error, || {
            let place = Out::new(about, "about")?;
            place.set(border::give(ValueHandle::new(
                border::lent(classes, "classes")?.classes.about(border::text(name, "name")?)?.into_value(),
            )));
            Ok(OK)
        })
    }
}
