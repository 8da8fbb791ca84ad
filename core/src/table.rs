//! `record!`: declares a plain struct once, with its doc, and makes of it what bindings need: names, types,
//! docs, reading and writing by name.
//!
//! Invariant: an option, a setting or a reply's field is declared here-wise in one place in core and nowhere
//! else; an unknown name is an error that names the nearest known one.

use crate::error::{Error, ErrorKind, Result};
use crate::value::{Type, Value};

/// A field of a record, as bindings, stubs and documentation see it.
#[derive(Clone, Copy, Debug)]
pub struct FieldSpec {
    /// Its name in every language.
    pub name: &'static str,
    /// The type of its value.
    pub kind: Type,
    /// Whether it must be given (arguments) or is always there (replies).
    pub required: bool,
    /// What it means: shape, unit, default.
    pub doc: &'static str,
}

/// A record: a named set of fields.
#[derive(Clone, Copy, Debug)]
pub struct RecordSpec {
    /// Its name in every language.
    pub name: &'static str,
    /// What it is.
    pub doc: &'static str,
    /// Its fields in order.
    pub fields: &'static [FieldSpec],
}

/// A struct declared with `record!`.
pub trait Record: Sized {
    /// The declaration.
    const SPEC: RecordSpec;
    /// Reads the record from values by name.
    ///
    /// # Errors
    /// One of the kind `kind` for an unknown name, one given twice, a missing one, or a value of the wrong
    /// type. `what` ("option", "setting") opens its message.
    fn from_pairs(kind: ErrorKind, what: &str, pairs: Vec<(String, Value)>) -> Result<Self>;
}

/// The error for a name that does not exist, with the nearest one that does.
pub fn unknown<'a>(
    kind: ErrorKind,
    what: &str,
    name: &str,
    known: impl Iterator<Item = &'a str> + Clone,
) -> Error {
    let nearest = known
        .clone()
        .map(|candidate| (strsim::damerau_levenshtein(name, candidate), candidate))
        .min()
        .filter(|(distance, candidate)| *distance <= 1 + candidate.len() / 3);
    let hint = match nearest {
        Some((_, candidate)) => format!("did you mean {candidate:?}?"),
        None => format!("known: {}", known.collect::<Vec<_>>().join(", ")),
    };
    Error::new(kind, format!("unknown {what} {name:?}; {hint}"))
}

macro_rules! record {
    (
        $(#[doc = $doc:literal])+
        pub struct $name:ident { $($(#[doc = $field_doc:literal])+ $field:ident: $type:ty),* $(,)? }
    ) => {
        $(#[doc = $doc])+
        #[derive(Clone, Debug, Default, PartialEq)]
        pub struct $name { $($(#[doc = $field_doc])+ pub $field: $type),* }

        impl $crate::table::Record for $name {
            const SPEC: $crate::table::RecordSpec = $crate::table::RecordSpec {
                name: stringify!($name),
                doc: concat!($($doc, "\n"),+).trim_ascii(),
                fields: &[$($crate::table::FieldSpec {
                    name: stringify!($field),
                    kind: <$type as $crate::value::Field>::TYPE,
                    required: <$type as $crate::value::Field>::REQUIRED,
                    doc: concat!($($field_doc, "\n"),+).trim_ascii(),
                }),*],
            };

            #[allow(unused_mut, unused_variables)]
            fn from_pairs(
                kind: $crate::error::ErrorKind,
                what: &str,
                pairs: Vec<(String, $crate::value::Value)>,
            ) -> $crate::error::Result<Self> {
                let mut record = Self::default();
                for (name, value) in pairs {
                    match name.as_str() {
                        $(stringify!($field) => {
                            record.$field = <$type as $crate::value::Field>::from_value(value)
                                .map_err(|why| format!("{what} `{name}` {why}"))
                                .map_err(|message| $crate::error::Error::new(kind, message))?
                        })*
                        _ => return Err($crate::table::unknown(
                            kind, what, &name, Self::SPEC.fields.iter().map(|field| field.name),
                        )),
                    }
                }
                Ok(record)
            }
        }

        impl $crate::value::Field for $name {
            const TYPE: $crate::value::Type = $crate::value::Type::Record(stringify!($name));
            fn from_value(value: $crate::value::Value) -> std::result::Result<Self, String> {
                match value {
                    $crate::value::Value::Map(pairs) => {
                        let (kind, pairs) =
                            ($crate::error::ErrorKind::InvalidInput, $crate::value::owned(pairs));
                        <Self as $crate::table::Record>::from_pairs(kind, "field", pairs)
                            .map_err(|error| format!("holds a {}", error.message()))
                    }
                    other => Err(format!("takes a map, not {}", other.type_name())),
                }
            }
            fn into_value(self) -> $crate::value::Value {
                $crate::value::Value::Map(vec![$(
                    (stringify!($field).into(), $crate::value::Field::into_value(self.$field))
                ),*])
            }
        }

        impl $crate::value::Field for Vec<$name> {
            const TYPE: $crate::value::Type = $crate::value::Type::Records(stringify!($name));
            fn from_value(value: $crate::value::Value) -> std::result::Result<Self, String> {
                match value {
                    $crate::value::Value::List(items) => {
                        items.into_iter().map(<$name as $crate::value::Field>::from_value).collect()
                    }
                    other => Err(format!("takes a list, not {}", other.type_name())),
                }
            }
            fn into_value(self) -> $crate::value::Value {
                $crate::value::Value::List(self.into_iter().map($crate::value::Field::into_value).collect())
            }
        }
    };
}
pub(crate) use record;
