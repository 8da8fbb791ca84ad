//! The core's tables as frozen Ruby data: verbs, records, settings and error classes, from which
//! `lib/oarlock` makes methods, structs, signatures and documentation.
//!
//! Invariant: returns everything in the tables and adds nothing.

use magnus::value::ReprValue;
use magnus::{Error, Object, RArray, RHash, RModule, Ruby, function};
use oarlock::table::{FieldSpec, Record, RecordSpec};

pub(crate) fn define(native: RModule) -> Result<(), Error> {
    native.define_singleton_method("verbs", function!(verbs, 0))?;
    native.define_singleton_method("records", function!(records, 0))?;
    native.define_singleton_method("settings", function!(settings, 0))?;
    native.define_singleton_method("error_classes", function!(error_classes, 0))
}

fn verbs(ruby: &Ruby) -> Result<RArray, Error> {
    list(ruby, oarlock::verbs::VERBS, |verb| {
        let row = named(ruby, verb.name, verb.doc)?;
        row.aset(ruby.to_symbol("params"), list(ruby, verb.params, |field| self::field(ruby, field))?)?;
        row.aset(
            ruby.to_symbol("options"),
            list(ruby, verb.options.fields, |field| self::field(ruby, field))?,
        )?;
        row.aset(ruby.to_symbol("reply"), verb.reply.name())?;
        row.aset(ruby.to_symbol("pages"), verb.pages())?;
        row.aset(ruby.to_symbol("progress"), verb.progress)?;
        Ok(row)
    })
}

fn records(ruby: &Ruby) -> Result<RArray, Error> {
    list(ruby, oarlock::reply::RECORDS, |spec| record(ruby, spec))
}

fn settings(ruby: &Ruby) -> Result<RHash, Error> {
    record(ruby, &oarlock::config::Settings::SPEC)
}

/// Class names with the doc of their kinds.
fn error_classes(ruby: &Ruby) -> Result<RArray, Error> {
    list(ruby, oarlock::ErrorKind::ALL, |kind| {
        let row = named(ruby, &crate::error::class_name(*kind), kind.doc())?;
        row.aset(ruby.to_symbol("kind"), kind.name())?;
        Ok(row)
    })
}

fn record(ruby: &Ruby, spec: &RecordSpec) -> Result<RHash, Error> {
    let row = named(ruby, spec.name, spec.doc)?;
    row.aset(ruby.to_symbol("fields"), list(ruby, spec.fields, |field| self::field(ruby, field))?)?;
    Ok(row)
}

fn field(ruby: &Ruby, spec: &FieldSpec) -> Result<RHash, Error> {
    let row = named(ruby, spec.name, spec.doc)?;
    row.aset(ruby.to_symbol("type"), spec.kind.name())?;
    row.aset(ruby.to_symbol("required"), spec.required)?;
    Ok(row)
}

fn named(ruby: &Ruby, name: &str, doc: &str) -> Result<RHash, Error> {
    let row = ruby.hash_new();
    row.aset(ruby.to_symbol("name"), name)?;
    row.aset(ruby.to_symbol("doc"), doc)?;
    Ok(row)
}

fn list<T>(ruby: &Ruby, items: &[T], row: impl Fn(&T) -> Result<RHash, Error>) -> Result<RArray, Error> {
    let rows = ruby.ary_new_capa(items.len());
    for item in items {
        let row = row(item)?;
        row.freeze();
        rows.push(row)?;
    }
    rows.freeze();
    Ok(rows)
}
