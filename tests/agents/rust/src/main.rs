//! The Rust agent: a JSON request a line in, a JSON answer a line out, see `tests/agents/README.md`.
//!
//! Invariant: only the public interface of `oarlock` is used. Rust has no file objects over a store and
//! cannot call a closed one (closing is dropping), so those steps answer `skip`.

mod json;
mod serve;

use std::collections::HashMap;
use std::io::{BufRead, Write};

use oarlock::value::Field;
use oarlock::verbs::VERBS;
use oarlock::{Error, StorageClasses, Store};
use serde_json::{Value as Json, json};

/// Why a request was not answered with `ok`.
enum Trouble {
    /// oarlock refused or failed.
    Failed(Error),
    /// Rust cannot do this step.
    Skip(&'static str),
    /// The request itself makes no sense: a defect of the driver.
    Request(String),
}

impl From<Error> for Trouble {
    fn from(error: Error) -> Self {
        Trouble::Failed(error)
    }
}

impl From<String> for Trouble {
    fn from(why: String) -> Self {
        Trouble::Request(why)
    }
}

#[derive(Default)]
struct Agent {
    stores: HashMap<u64, Store>,
    opened: u64,
}

impl Agent {
    fn answer(&mut self, request: &Json) -> Result<Json, Trouble> {
        match request["op"].as_str() {
            Some("open") => {
                let settings = request["settings"].as_object().into_iter().flatten();
                let settings = settings
                    .map(|(name, value)| Ok((name.clone(), json::to_value(value)?)))
                    .collect::<Result<_, String>>()?;
                let overrides = request["overrides"].as_object().into_iter().flatten();
                let overrides = overrides
                    .map(|(name, value)| Ok((name.clone(), json::to_value(value)?)))
                    .collect::<Result<_, String>>()?;
                let store = match request["classes"].as_str() {
                    Some(classes) => StorageClasses::read(classes)?
                        .with(settings, overrides)?
                        .class(request["class"].as_str().unwrap_or_default())?,
                    None => Store::open(request["url"].as_str().unwrap_or_default(), settings)?,
                };
                self.opened += 1;
                self.stores.insert(self.opened, store);
                Ok(json!(self.opened))
            }
            Some("classes") => {
                let classes = StorageClasses::read(request["classes"].as_str().unwrap_or_default())?;
                let about = classes
                    .names()
                    .into_iter()
                    .map(|name| Ok(json::from_value(classes.about(&name)?.into_value())));
                Ok(Json::Array(about.collect::<Result<_, Error>>()?))
            }
            Some("close") => {
                self.stores.remove(&request["store"].as_u64().unwrap_or_default());
                Ok(Json::Null)
            }
            Some("call") => {
                let asked = request["store"].as_u64().unwrap_or_default();
                match self.stores.get(&asked) {
                    Some(store) if request["reports"] == true => {
                        serve::reported(store, request["verb"].as_str().unwrap_or_default(), &request["args"])
                    }
                    Some(store) => {
                        serve::call(store, request["verb"].as_str().unwrap_or_default(), &request["args"])
                    }
                    None if asked <= self.opened => {
                        Err(Trouble::Skip("Rust's ownership rules out a call on a closed store"))
                    }
                    None => Err(Trouble::Request(format!("no store {asked} was opened"))),
                }
            }
            Some("verbs") => Ok(verbs()),
            Some("asked") => {
                let asked = std::mem::take(&mut *json::ASKED.lock().map_err(|why| why.to_string())?);
                Ok(asked.into_iter().map(json::from_value).collect())
            }
            Some("check") => Err(Trouble::Skip("Rust programs ask a class's store for explain with check")),
            Some("reader" | "writer") => Err(Trouble::Skip("Rust has no file object over a store")),
            _ => Err(Trouble::Request(format!("unknown request {request}"))),
        }
    }
}

fn verbs() -> Json {
    let names =
        |fields: &[oarlock::table::FieldSpec]| fields.iter().map(|field| field.name).collect::<Vec<_>>();
    VERBS
        .iter()
        .map(|verb| {
            (
                verb.name.to_owned(),
                json!({"params": names(verb.params), "options": names(verb.options.fields)}),
            )
        })
        .collect()
}

fn main() -> std::io::Result<()> {
    let mut agent = Agent::default();
    for line in std::io::stdin().lock().lines() {
        let answer = match serde_json::from_str(&line?) {
            Ok(request) => agent.answer(&request),
            Err(why) => Err(Trouble::Request(why.to_string())),
        };
        let answer = match answer {
            Ok(reply) => json!({"ok": reply}),
            Err(Trouble::Failed(error)) => json!({"error": json::error(&error)}),
            Err(Trouble::Skip(why)) => json!({"skip": why}),
            Err(Trouble::Request(why)) => json!({"broken": why}),
        };
        let mut out = std::io::stdout().lock();
        writeln!(out, "{answer}")?;
        out.flush()?;
    }
    Ok(())
}
