//! Stores: a bucket with a prefix, or a directory.

use std::ffi::{CString, c_char};
use std::ptr::{null, null_mut};

use oarlock::{Store, Value};

use crate::border::{self, OK, Out, Status};
use crate::error::{self, ErrorHandle};
use crate::options::OptionsHandle;
use crate::served::Functions;
use crate::value::ValueHandle;

/// An open store, its URL as C text and the functions among its settings.
pub struct StoreHandle {
    pub(crate) store: Store,
    pub(crate) functions: Functions,
    pub(crate) url: CString,
}

impl StoreHandle {
    /// A store for C to own.
    pub fn new(store: Store) -> Self {
        StoreHandle { url: border::c_text(&store.url()), functions: Functions::new(), store }
    }
}

/// Opens the place that a URL names, `s3://bucket/prefix` or `file:///directory`; settings may be NULL. No
/// network is touched. Free the store with oarlock_store_free.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oarlock_store_open(
    url: *const c_char,
    settings: *const OptionsHandle,
    store: *mut *mut StoreHandle,
    error: *mut *mut ErrorHandle,
) -> Status {
    // SAFETY: the header's conventions.
    unsafe {
        error::status(error, || {
            let place = Out::new(store, "store")?;
            let functions = settings.as_ref().map_or_else(Vec::new, |settings| settings.functions.clone());
            let settings = settings.as_ref().map_or(Ok(Vec::new()), OptionsHandle::built)?;
            let store = Store::open(border::text(url, "url")?, settings)?;
            place.set(border::give(StoreHandle { functions, ..StoreHandle::new(store) }));
            Ok(OK)
        })
    }
}

/// Makes another handle of the same store, which is cheap; NULL for NULL. Free it with oarlock_store_free.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oarlock_store_clone(store: *const StoreHandle) -> *mut StoreHandle {
    let copy = |store: &StoreHandle| {
        border::give(StoreHandle {
            store: store.store.clone(),
            functions: store.functions.clone(),
            url: store.url.clone(),
        })
    };
    // SAFETY: the header's conventions.
    border::plain(null_mut(), || unsafe { store.as_ref() }.map_or(null_mut(), copy))
}

/// Frees a store; calls under way go on.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oarlock_store_free(store: *mut StoreHandle) {
    // SAFETY: the header's conventions.
    border::plain((), || drop(unsafe { border::take_back(store) }));
}

/// The store's URL without settings and secrets; it lives as long as the handle.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oarlock_store_url(store: *const StoreHandle) -> *const c_char {
    // SAFETY: the header's conventions.
    border::plain(null(), || unsafe { store.as_ref() }.map_or(null(), |store| store.url.as_ptr()))
}

/// Gives the settings that the store was opened with, as a map with secrets left out.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oarlock_store_settings(
    store: *const StoreHandle,
    settings: *mut *mut ValueHandle,
    error: *mut *mut ErrorHandle,
) -> Status {
    // SAFETY: the header's conventions.
    unsafe {
        error::status(error, || {
            let place = Out::new(settings, "settings")?;
            place.set(border::give(ValueHandle::new(Value::map(
                border::lent(store, "store")?.store.settings(),
            ))));
            Ok(OK)
        })
    }
}
