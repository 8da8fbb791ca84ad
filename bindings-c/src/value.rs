//! Values: what a call returned, read in place by C.
//!
//! Invariant: every text and name inside a `ValueHandle` ends in a NUL that is not part of it.

use std::ffi::{c_char, c_int};
use std::ptr::null;

use oarlock::{Value, value};

use crate::border::{self, Out};

/// A value's type, see `oarlock_type` in the header.
pub type TypeNumber = c_int;

/// A value whose texts and names all end in a NUL that is not part of them, so that C can read them in place.
#[repr(transparent)]
pub struct ValueHandle(Value);

fn seal(value: &mut Value) {
    match value {
        Value::Str(text) => text.push('\0'),
        Value::List(items) => items.iter_mut().for_each(seal),
        Value::Map(pairs) => pairs.iter_mut().for_each(|(name, value)| {
            name.to_mut().push('\0');
            seal(value);
        }),
        Value::Null
        | Value::Bool(_)
        | Value::Int(_)
        | Value::Bytes(_)
        | Value::Time(_)
        | Value::Callback(_) => {}
    }
}

/// The text without the NUL that `seal` added.
fn unsealed(text: &str) -> &str {
    &text[..text.len() - 1]
}

impl ValueHandle {
    /// Makes the value readable from C.
    pub fn new(mut value: Value) -> Self {
        seal(&mut value);
        ValueHandle(value)
    }

    fn of(value: &Value) -> &ValueHandle {
        // SAFETY: `ValueHandle` is `repr(transparent)`, and what lies within a sealed value is sealed.
        unsafe { &*std::ptr::from_ref(value).cast::<ValueHandle>() }
    }

    /// The type as C numbers it, see `oarlock_type` in the header.
    pub fn type_number(&self) -> TypeNumber {
        match &self.0 {
            Value::Null => 0,
            Value::Bool(_) => 1,
            Value::Int(_) => 2,
            Value::Str(_) => 3,
            Value::Bytes(_) => 4,
            Value::Time(_) => 5,
            Value::List(_) => 6,
            Value::Map(_) => 7,
            Value::Callback(_) => 8,
        }
    }

    /// The plain datum; its texts still end in NUL.
    pub fn sealed(&self) -> &Value {
        &self.0
    }

    /// Text without its final NUL, which still follows it in memory.
    pub fn text(&self) -> Option<&str> {
        match &self.0 {
            Value::Str(text) => Some(unsealed(text)),
            _ => None,
        }
    }

    /// How many items or entries.
    pub fn count(&self) -> usize {
        match &self.0 {
            Value::List(items) => items.len(),
            Value::Map(pairs) => pairs.len(),
            _ => 0,
        }
    }

    /// The item or entry's value at this place.
    pub fn at(&self, index: usize) -> Option<&ValueHandle> {
        match &self.0 {
            Value::List(items) => items.get(index).map(Self::of),
            Value::Map(pairs) => pairs.get(index).map(|(_, value)| Self::of(value)),
            _ => None,
        }
    }

    /// The entry's name at this place, followed by a NUL.
    pub fn name(&self, index: usize) -> Option<&str> {
        match &self.0 {
            Value::Map(pairs) => pairs.get(index).map(|(name, _)| unsealed(name)),
            _ => None,
        }
    }

    /// The entry's value under this name.
    pub fn get(&self, name: &str) -> Option<&ValueHandle> {
        match &self.0 {
            Value::Map(pairs) => {
                pairs.iter().find(|(known, _)| unsealed(known) == name).map(|(_, value)| Self::of(value))
            }
            _ => None,
        }
    }
}

/// The value's type; that of NULL is OARLOCK_TYPE_NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oarlock_value_type(value: *const ValueHandle) -> TypeNumber {
    // SAFETY: the header's conventions.
    border::plain(0, || unsafe { value.as_ref() }.map_or(0, ValueHandle::type_number))
}

/// The value, if it is a bool; else false.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oarlock_value_bool(value: *const ValueHandle) -> bool {
    border::plain(false, || {
        // SAFETY: the header's conventions.
        matches!(unsafe { value.as_ref() }.map(ValueHandle::sealed), Some(Value::Bool(true)))
    })
}

/// The value, if it is an int; else 0.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oarlock_value_int(value: *const ValueHandle) -> i64 {
    // SAFETY: the header's conventions.
    border::plain(0, || match unsafe { value.as_ref() }.map(ValueHandle::sealed) {
        Some(Value::Int(number)) => *number,
        _ => 0,
    })
}

/// The NUL-terminated text and its size without the NUL, if it is a str; else NULL and 0. `size` may be NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oarlock_value_str(value: *const ValueHandle, size: *mut usize) -> *const c_char {
    border::plain(null(), || {
        // SAFETY: the header's conventions.
        let text = unsafe { value.as_ref() }.and_then(ValueHandle::text);
        // SAFETY: the header's conventions.
        unsafe { border::span(text.map(str::as_bytes), size) }.cast()
    })
}

/// The bytes and how many, if it is bytes; else NULL and 0. `size` may be NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oarlock_value_bytes(value: *const ValueHandle, size: *mut usize) -> *const u8 {
    border::plain(null(), || {
        // SAFETY: the header's conventions.
        let bytes = match unsafe { value.as_ref() }.map(ValueHandle::sealed) {
            Some(Value::Bytes(bytes)) => Some(bytes.as_ref()),
            _ => None,
        };
        // SAFETY: the header's conventions.
        unsafe { border::span(bytes, size) }
    })
}

/// The time as whole seconds, which may be negative, and nanoseconds after 1970 UTC; false if it is none.
/// Either place may be NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oarlock_value_time(
    value: *const ValueHandle,
    seconds: *mut i64,
    nanoseconds: *mut u32,
) -> bool {
    border::plain(false, || {
        // SAFETY: the header's conventions.
        let Some(Value::Time(time)) = unsafe { value.as_ref() }.map(ValueHandle::sealed) else {
            return false;
        };
        let (whole, rest) = value::to_unix(*time);
        // SAFETY: the header's conventions.
        if let Ok(place) = unsafe { Out::new(seconds, "seconds") } {
            place.set(whole);
        }
        // SAFETY: the header's conventions.
        if let Ok(place) = unsafe { Out::new(nanoseconds, "nanoseconds") } {
            place.set(rest);
        }
        true
    })
}

/// How many items a list or entries a map has; else 0.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oarlock_value_count(value: *const ValueHandle) -> usize {
    // SAFETY: the header's conventions.
    border::plain(0, || unsafe { value.as_ref() }.map_or(0, ValueHandle::count))
}

/// The item of a list, or the value of a map's entry, at this place; else NULL. It lives as long as the whole
/// value.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oarlock_value_at(value: *const ValueHandle, index: usize) -> *const ValueHandle {
    border::plain(null(), || {
        // SAFETY: the header's conventions.
        unsafe { value.as_ref() }.and_then(|value| value.at(index)).map_or(null(), std::ptr::from_ref)
    })
}

/// The name of a map's entry at this place; else NULL. It lives as long as the whole value.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oarlock_value_name(value: *const ValueHandle, index: usize) -> *const c_char {
    border::plain(null(), || {
        // SAFETY: the header's conventions.
        unsafe { value.as_ref() }
            .and_then(|value| value.name(index))
            .map_or(null(), |name| name.as_ptr().cast())
    })
}

/// The value of a map's entry of this name; else NULL. It lives as long as the whole value.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oarlock_value_get(
    value: *const ValueHandle,
    name: *const c_char,
) -> *const ValueHandle {
    border::plain(null(), || {
        // SAFETY: the header's conventions.
        let (value, name) = (unsafe { value.as_ref() }, unsafe { border::text(name, "name") }.ok());
        value.zip(name).and_then(|(value, name)| value.get(name)).map_or(null(), std::ptr::from_ref)
    })
}

/// Frees a whole value; never one that lies within another.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oarlock_value_free(value: *mut ValueHandle) {
    // SAFETY: the header's conventions.
    border::plain((), || drop(unsafe { border::take_back(value) }));
}
