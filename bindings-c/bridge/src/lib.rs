//! The cxx bridge, for C++ that links the library statically: no C ABI between, slices and boxes instead of
//! pointers and handles. Installed as oarlock/bridge.hpp and liboarlock-bridge.a.
//!
//! Invariant: safe Rust only; `oarlock_c::served` does the work. A failure is thrown as `rust::Error`,
//! whose text begins with the kind's name. A call belongs to one thread at a time. Names no verb and no
//! option.

use std::time::Duration;

use bytes::Bytes;
use oarlock::value::Field as _;
use oarlock::{Error, ErrorKind, Result, Value};
use oarlock_c::served::{HostSink, HostSource, ServedCall};

#[cxx::bridge(namespace = "oarlock::bridge")]
mod bridge {
    extern "Rust" {
        /// Parameters, options or settings by name; a list's items have empty names.
        type Arguments;
        fn arguments() -> Box<Arguments>;
        fn flag(self: &mut Arguments, name: &str, value: bool);
        fn number(self: &mut Arguments, name: &str, value: i64);
        fn text(self: &mut Arguments, name: &str, value: &str);
        fn bytes(self: &mut Arguments, name: &str, value: &[u8]);
        fn time(self: &mut Arguments, name: &str, seconds: i64, nanoseconds: u32) -> Result<()>;
        fn map(self: &mut Arguments, name: &str, entries: &Arguments);
        fn list(self: &mut Arguments, name: &str, items: &Arguments);

        /// Bytes to send.
        type Source;
        fn no_source() -> Box<Source>;
        fn source_of(bytes: Vec<u8>) -> Box<Source>;
        fn source_file(path: &str) -> Box<Source>;
        /// The bytes that `Call::write` is given; `Call::wait` ends it.
        fn source_pushed() -> Box<Source>;

        /// Where bytes go.
        type Sink;
        fn sink_memory() -> Box<Sink>;
        fn sink_file(path: &str) -> Box<Sink>;
        /// The caller of `Call::read`.
        fn sink_pulled() -> Box<Sink>;

        /// A place that holds objects.
        type Store;
        fn open(url: &str, settings: &Arguments) -> Result<Box<Store>>;
        fn start(
            self: &Store,
            verb: &str,
            arguments: &Arguments,
            source: Box<Source>,
            sink: Box<Sink>,
        ) -> Result<Box<Call>>;

        /// The storage classes of a package server's `.gcfg` file, or of its text: a string with a line break
        /// is text.
        type Classes;
        fn classes(path_or_text: &str) -> Result<Box<Classes>>;
        /// The same with settings for all classes in S3 and, in a map under its name, for a single class;
        /// they win over the file.
        fn classes_with(
            path_or_text: &str,
            settings: &Arguments,
            overrides: &Arguments,
        ) -> Result<Box<Classes>>;
        fn names(self: &Classes) -> Vec<String>;
        fn store(self: &Classes, name: &str) -> Result<Box<Store>>;
        /// The file's entry of a class, as a StorageClass.
        fn about(self: &Classes, name: &str) -> Result<Box<Reply>>;

        /// A verb that runs; dropping it cancels it.
        type Call;
        fn wait(self: &mut Call) -> Result<Box<Reply>>;
        /// Serves for at most so many milliseconds and returns whether `wait` would now return at once.
        fn ready(self: &mut Call, milliseconds: u32) -> Result<bool>;
        fn read(self: &mut Call, room: &mut [u8]) -> Result<usize>;
        fn write(self: &mut Call, data: &[u8]) -> Result<()>;
        fn fd(self: &mut Call) -> Result<i32>;

        /// A reply or a part of it; a missing part is null, false, 0 or empty.
        type Reply;
        fn is_null(self: &Reply) -> bool;
        fn as_bool(self: &Reply) -> bool;
        fn as_int(self: &Reply) -> i64;
        fn as_text(self: &Reply) -> &str;
        fn as_bytes(self: &Reply) -> &[u8];
        fn count(self: &Reply) -> usize;
        fn at(self: &Reply, index: usize) -> Box<Reply>;
        fn get(self: &Reply, name: &str) -> Box<Reply>;
    }
}

/// See the bridge.
#[derive(Default)]
pub struct Arguments(Vec<(String, Value)>);

fn arguments() -> Box<Arguments> {
    Box::default()
}

impl Arguments {
    fn put(&mut self, name: &str, value: Value) {
        self.0.push((name.to_owned(), value));
    }
    fn flag(&mut self, name: &str, value: bool) {
        self.put(name, Value::Bool(value));
    }
    fn number(&mut self, name: &str, value: i64) {
        self.put(name, Value::Int(value));
    }
    fn text(&mut self, name: &str, value: &str) {
        self.put(name, Value::Str(value.to_owned()));
    }
    fn bytes(&mut self, name: &str, value: &[u8]) {
        self.put(name, Value::Bytes(Bytes::copy_from_slice(value)));
    }
    fn time(&mut self, name: &str, seconds: i64, nanoseconds: u32) -> Result<()> {
        if nanoseconds >= 1_000_000_000 {
            return Err(Error::new(
                ErrorKind::InvalidInput,
                format!("`{name}` takes fewer than 1000000000 nanoseconds, not {nanoseconds}"),
            ));
        }
        self.put(name, Value::Time(oarlock::value::from_unix(seconds, nanoseconds)));
        Ok(())
    }
    fn map(&mut self, name: &str, entries: &Arguments) {
        self.put(name, Value::map(entries.0.clone()));
    }
    fn list(&mut self, name: &str, items: &Arguments) {
        self.put(name, Value::List(items.0.iter().map(|(_, value)| value.clone()).collect()));
    }
}

/// See the bridge.
pub struct Source(Option<HostSource>);

fn no_source() -> Box<Source> {
    Box::new(Source(None))
}
fn source_of(bytes: Vec<u8>) -> Box<Source> {
    Box::new(Source(Some(HostSource::Bytes(bytes.into()))))
}
fn source_file(path: &str) -> Box<Source> {
    Box::new(Source(Some(HostSource::File(path.into()))))
}
fn source_pushed() -> Box<Source> {
    Box::new(Source(Some(HostSource::Pushed)))
}

/// See the bridge.
pub struct Sink(Option<HostSink>);

fn sink_memory() -> Box<Sink> {
    Box::new(Sink(None))
}
fn sink_file(path: &str) -> Box<Sink> {
    Box::new(Sink(Some(HostSink::File(path.into()))))
}
fn sink_pulled() -> Box<Sink> {
    Box::new(Sink(Some(HostSink::Pulled)))
}

/// See the bridge.
pub struct Store(oarlock::Store);

fn open(url: &str, settings: &Arguments) -> Result<Box<Store>> {
    oarlock::Store::open(url, settings.0.clone()).map(|store| Box::new(Store(store)))
}

impl Store {
    #[allow(clippy::boxed_local, reason = "C++ hands its sources and sinks over in boxes")]
    fn start(
        &self,
        verb: &str,
        arguments: &Arguments,
        source: Box<Source>,
        sink: Box<Sink>,
    ) -> Result<Box<Call>> {
        let call = ServedCall::start(&self.0, verb, arguments.0.clone(), source.0, sink.0)?;
        Ok(Box::new(Call { call, reply: None }))
    }
}

/// See the bridge.
pub struct Classes(oarlock::StorageClasses);

fn classes(path_or_text: &str) -> Result<Box<Classes>> {
    oarlock::StorageClasses::read(path_or_text).map(|classes| Box::new(Classes(classes)))
}

fn classes_with(path_or_text: &str, settings: &Arguments, overrides: &Arguments) -> Result<Box<Classes>> {
    let classes =
        oarlock::StorageClasses::read(path_or_text)?.with(settings.0.clone(), overrides.0.clone())?;
    Ok(Box::new(Classes(classes)))
}

impl Classes {
    fn names(&self) -> Vec<String> {
        self.0.names()
    }
    fn store(&self, name: &str) -> Result<Box<Store>> {
        self.0.class(name).map(|store| Box::new(Store(store)))
    }
    fn about(&self, name: &str) -> Result<Box<Reply>> {
        self.0.about(name).map(|about| Box::new(Reply(about.into_value())))
    }
}

/// See the bridge.
pub struct Call {
    call: ServedCall,
    reply: Option<Value>,
}

impl Call {
    fn wait(&mut self) -> Result<Box<Reply>> {
        loop {
            if let Some(reply) = self.reply.take() {
                return Ok(Box::new(Reply(reply)));
            }
            self.reply = self.call.wait(None)?;
        }
    }
    fn ready(&mut self, milliseconds: u32) -> Result<bool> {
        if self.reply.is_none() {
            self.reply = self.call.wait(Some(Duration::from_millis(milliseconds.into())))?;
        }
        Ok(self.reply.is_some())
    }
    fn read(&mut self, room: &mut [u8]) -> Result<usize> {
        loop {
            if let Some(count) = self.call.read(room, None)? {
                return Ok(count);
            }
        }
    }
    fn write(&mut self, data: &[u8]) -> Result<()> {
        while self.call.write(data, None)?.is_none() {}
        Ok(())
    }
    fn fd(&mut self) -> Result<i32> {
        self.call.fd()
    }
}

/// See the bridge.
pub struct Reply(Value);

impl Reply {
    fn is_null(&self) -> bool {
        self.0 == Value::Null
    }
    fn as_bool(&self) -> bool {
        self.0 == Value::Bool(true)
    }
    fn as_int(&self) -> i64 {
        if let Value::Int(number) = self.0 { number } else { 0 }
    }
    fn as_text(&self) -> &str {
        self.0.as_str().unwrap_or_default()
    }
    fn as_bytes(&self) -> &[u8] {
        if let Value::Bytes(bytes) = &self.0 { bytes } else { &[] }
    }
    fn count(&self) -> usize {
        match &self.0 {
            Value::List(items) => items.len(),
            Value::Map(pairs) => pairs.len(),
            _ => 0,
        }
    }
    fn at(&self, index: usize) -> Box<Reply> {
        let part = match &self.0 {
            Value::List(items) => items.get(index),
            Value::Map(pairs) => pairs.get(index).map(|(_, value)| value),
            _ => None,
        };
        Box::new(Reply(part.cloned().unwrap_or_default()))
    }
    fn get(&self, name: &str) -> Box<Reply> {
        Box::new(Reply(self.0.get(name).cloned().unwrap_or_default()))
    }
}
