//! `Oarlock::Native::StorageClasses`: the stores that a package server's file names, frozen and shareable
//! between Ractors.
//!
//! Invariant: names no class and no field; they come from the file and the core.

use magnus::typed_data::Obj;
use magnus::value::ReprValue;
use magnus::{Class, Error, Module, Object, RHash, RModule, Ruby, Value, function, method};
use oarlock::ErrorKind;
use oarlock::value::{Field, Type};

use crate::error::exception;
use crate::store::{Store, read_settings, refused};
use crate::value::{each_pair, from_ruby, name, to_ruby};

#[magnus::wrap(class = "Oarlock::Native::StorageClasses", free_immediately, size, frozen_shareable)]
pub(crate) struct StorageClasses(oarlock::StorageClasses);

pub(crate) fn define(ruby: &Ruby, native: RModule) -> Result<(), Error> {
    let class = native.define_class("StorageClasses", ruby.class_object())?;
    class.undef_default_alloc_func();
    class.define_singleton_method("read", function!(StorageClasses::read, 4))?;
    class.define_method("names", method!(StorageClasses::names, 0))?;
    class.define_method("store", method!(StorageClasses::store, 1))?;
    class.define_method("about", method!(StorageClasses::about, 1))
}

impl StorageClasses {
    /// Reads the classes, with settings for all of them and, by class, for single ones. Functions among those
    /// are handled as by `Store.open`.
    fn read(
        ruby: &Ruby,
        path_or_text: String,
        settings: RHash,
        overrides: RHash,
        functions: RHash,
    ) -> Result<Obj<StorageClasses>, Error> {
        let settings = read_settings(ruby, settings, functions)?;
        let mut own = Vec::new();
        let read = each_pair(overrides, |class, settings| {
            let value = match RHash::from_value(settings) {
                Some(settings) => oarlock::Value::map(read_settings(ruby, settings, functions)?),
                None => from_ruby(ruby, settings, None)?,
            };
            own.push((name(ruby, class)?, value));
            Ok(())
        });
        read.map_err(|refusal| refused(ruby, ErrorKind::Config, None, refusal))?;
        let classes =
            oarlock::StorageClasses::read(&path_or_text).and_then(|classes| classes.with(settings, own));
        let classes = classes.map_err(|error| exception(ruby, &error))?;
        let wrapped = ruby.obj_wrap(StorageClasses(classes));
        wrapped.freeze();
        Ok(wrapped)
    }

    fn names(&self) -> Vec<String> {
        self.0.names()
    }

    fn store(ruby: &Ruby, rb_self: &Self, name: String) -> Result<Obj<Store>, Error> {
        rb_self.0.class(&name).map(|store| Store::wrap(ruby, store)).map_err(|error| exception(ruby, &error))
    }

    fn about(ruby: &Ruby, rb_self: &Self, name: String) -> Result<Value, Error> {
        let about = rb_self.0.about(&name).map_err(|error| exception(ruby, &error))?;
        to_ruby(ruby, about.into_value(), Type::Record("StorageClass"))
    }
}
