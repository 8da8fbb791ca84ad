//! `Oarlock::Native::Store`: a core store, frozen and shareable between Ractors.
//!
//! Invariant: holds no Ruby value. A closed store starts no call. A verb's parameters and options come from
//! the core's table.

use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};

use magnus::typed_data::Obj;
use magnus::value::ReprValue;
use magnus::{
    Class, Error, Module, Object, RArray, RHash, RModule, RString, Ruby, Symbol, Value, function, method,
};
use oarlock::table::{FieldSpec, Record};
use oarlock::value::Type;
use oarlock::{Args, Callback, ErrorKind, Sink, Source};

use crate::call::Call;
use crate::error::exception;
use crate::value::{ConversionError, copy, each_pair, from_ruby, name, shown, to_ruby};

#[magnus::wrap(class = "Oarlock::Native::Store", free_immediately, size, frozen_shareable)]
pub(crate) struct Store {
    store: oarlock::Store,
    closed: AtomicBool,
}

pub(crate) fn define(ruby: &Ruby, native: RModule) -> Result<(), Error> {
    let class = native.define_class("Store", ruby.class_object())?;
    class.undef_default_alloc_func();
    class.define_singleton_method("open", function!(Store::open, 3))?;
    class.define_method("start", method!(Store::start, 6))?;
    class.define_method("url", method!(Store::url, 0))?;
    class.define_method("settings", method!(Store::settings, 0))?;
    class.define_method("close", method!(Store::close, 0))?;
    class.define_method("closed?", method!(Store::is_closed, 0))
}

impl Store {
    /// Opens a store. Settings that respond to `call` are put into `functions`, under the number that a
    /// call's question has.
    fn open(ruby: &Ruby, url: Value, settings: RHash, functions: RHash) -> Result<Obj<Store>, Error> {
        let url = match from_ruby(ruby, url, None) {
            Ok(oarlock::Value::Str(url)) => url,
            Ok(other) => {
                return Err(refused(
                    ruby,
                    ErrorKind::Config,
                    None,
                    ConversionError::Because(format!("the URL is {}, not text", other.type_name())),
                ));
            }
            Err(refusal) => return Err(refused(ruby, ErrorKind::Config, None, lead("the URL", refusal))),
        };
        let store = oarlock::Store::open(&url, read_settings(ruby, settings, functions)?)
            .map_err(|error| exception(ruby, &error))?;
        Ok(Store::wrap(ruby, store))
    }

    pub(crate) fn wrap(ruby: &Ruby, store: oarlock::Store) -> Obj<Store> {
        let wrapped = ruby.obj_wrap(Store { store, closed: AtomicBool::new(false) });
        wrapped.freeze();
        wrapped
    }

    /// Starts a verb. `source` is `[:bytes, string]`, `[:file, path]`, `[:fed, size or nil]` or nil; `sink`
    /// is `[:file, path]`, `[:stream, nil]` or nil. Functions among the options are put into `functions`, as
    /// by `open`. `blocking`: the caller waits for it at once.
    #[allow(clippy::too_many_arguments)] // Two of them are Ruby and the store.
    fn start(
        ruby: &Ruby,
        rb_self: &Self,
        verb: String,
        args: RHash,
        source: Option<RArray>,
        sink: Option<RArray>,
        functions: RHash,
        blocking: bool,
    ) -> Result<Obj<Call>, Error> {
        if rb_self.is_closed() {
            let error = oarlock::Error::new(ErrorKind::InvalidInput, "the store is closed");
            return Err(exception(ruby, &error.with_verb(&verb)));
        }
        let found = oarlock::verbs::VERBS.iter().find(|known| known.name == verb);
        let (params, options) = found.map_or((&[][..], &[][..]), |verb| (verb.params, verb.options.fields));
        let what =
            |name: &str| if params.iter().any(|param| param.name == name) { "parameter" } else { "option" };
        let (plain, mut callbacks) = (ruby.hash_new(), Vec::new());
        let read = each_pair(args, |key, value| {
            let given = name(ruby, key)?;
            if found.is_some() && !params.iter().chain(options).any(|field| field.name == given) {
                // The core rejects it by its name, whatever its value is.
                return Ok(plain.aset(key, ())?);
            }
            if !options.iter().any(|option| option.name == given && option.kind == Type::Callback)
                || !value.respond_to("call", false)?
            {
                return Ok(plain.aset(key, value)?);
            }
            let callback = Callback::elsewhere();
            functions.aset(callback.number(), value)?;
            callbacks.push((given, callback.into()));
            Ok(())
        });
        let values = read.and_then(|()| pairs(ruby, plain, what, &[params, options]));
        let mut values =
            values.map_err(|refusal| refused(ruby, ErrorKind::InvalidInput, Some(&verb), refusal))?;
        values.extend(callbacks);
        let args = Args {
            values,
            source: source.map(read_source).transpose()?,
            sink: sink.map(read_sink).transpose()?,
        };
        let store = if blocking { &rb_self.store.inline() } else { &rb_self.store };
        let call = store.start(&verb, args).map_err(|error| exception(ruby, &error))?;
        let reply = found.map_or(Type::Null, |verb| verb.reply);
        Ok(ruby.obj_wrap(Call::new(call, reply, blocking)))
    }

    fn url(&self) -> String {
        self.store.url()
    }

    fn settings(ruby: &Ruby, rb_self: &Self) -> Result<Value, Error> {
        to_ruby(ruby, oarlock::Value::map(rb_self.store.settings()), Type::Map)
    }

    fn close(&self) {
        self.closed.store(true, Ordering::Relaxed);
    }

    fn is_closed(&self) -> bool {
        self.closed.load(Ordering::Relaxed)
    }
}

/// Reads named values, each as the table with its name declares it. The core rejects names that no table has.
fn pairs<'a>(
    ruby: &Ruby,
    hash: RHash,
    what: impl Fn(&str) -> &'a str,
    tables: &[&[FieldSpec]],
) -> Result<Vec<(String, oarlock::Value)>, ConversionError> {
    let mut pairs = Vec::with_capacity(hash.len());
    each_pair(hash, |key, value| {
        let key = name(ruby, key)?;
        let kind = tables.iter().copied().flatten().find(|field| field.name == key).map(|field| field.kind);
        // A key, prefix or id that can't be sent is shown; an option or a setting may be a secret.
        let text =
            RString::from_value(value).filter(|_| what(&key) == "parameter" && kind == Some(Type::Str));
        let value = from_ruby(ruby, value, kind).map_err(|refusal| {
            match (lead(&format!("{} `{key}`", what(&key)), refusal), text) {
                (ConversionError::Because(why), Some(text)) => {
                    ConversionError::Because(format!("{why}: {}", shown(text)))
                }
                (refusal, _) => refusal,
            }
        });
        let value = match value {
            // An unknown setting is reported by its name, whatever its value is.
            Err(ConversionError::Because(why)) if what(&key) == "setting" => {
                let unknown =
                    oarlock::config::unknown_setting(&key).map(|unknown| unknown.message().to_owned());
                return Err(ConversionError::Because(unknown.unwrap_or(why)));
            }
            value => value?,
        };
        pairs.push((key, value));
        Ok(())
    })?;
    Ok(pairs)
}

/// Settings by name. Those that respond to `call` are put into `functions`, under the number that a call's
/// question has.
pub(crate) fn read_settings(
    ruby: &Ruby,
    settings: RHash,
    functions: RHash,
) -> Result<Vec<(String, oarlock::Value)>, Error> {
    let known = oarlock::config::Settings::SPEC.fields;
    let plain = ruby.hash_new();
    let mut callbacks = Vec::new();
    let read = each_pair(settings, |key, value| {
        if !value.respond_to("call", false)? {
            return Ok(plain.aset(key, value)?);
        }
        let callback = Callback::elsewhere();
        functions.aset(callback.number(), value)?;
        callbacks.push((name(ruby, key)?, callback.into()));
        Ok(())
    });
    let settings = read.and_then(|()| pairs(ruby, plain, |_| "setting", &[known]));
    let mut settings = settings.map_err(|refusal| refused(ruby, ErrorKind::Config, None, refusal))?;
    settings.extend(callbacks);
    Ok(settings)
}

fn lead(subject: &str, refusal: ConversionError) -> ConversionError {
    match refusal {
        ConversionError::Because(why) => ConversionError::Because(format!("{subject} {why}")),
        raised => raised,
    }
}

pub(crate) fn refused(ruby: &Ruby, kind: ErrorKind, verb: Option<&str>, refusal: ConversionError) -> Error {
    match refusal {
        ConversionError::Because(why) => {
            let error = oarlock::Error::new(kind, why);
            exception(ruby, &verb.map_or_else(|| error.clone(), |verb| error.clone().with_verb(verb)))
        }
        ConversionError::Raised(error) => error,
    }
}

fn read_source(source: RArray) -> Result<Source, Error> {
    let kind: Symbol = source.entry(0)?;
    Ok(match kind.name()?.as_ref() {
        "bytes" => Source::Bytes(copy(source.entry(1)?)),
        "file" => Source::File(path(source.entry(1)?)),
        _ => Source::Fed(source.entry(1)?),
    })
}

fn read_sink(sink: RArray) -> Result<Sink, Error> {
    let kind: Symbol = sink.entry(0)?;
    Ok(match kind.name()?.as_ref() {
        "file" => Sink::File(path(sink.entry(1)?)),
        _ => Sink::Stream,
    })
}

fn path(path: RString) -> PathBuf {
    PathBuf::from(std::ffi::OsStr::from_bytes(&copy(path)))
}
