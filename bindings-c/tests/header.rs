//! The committed headers match the sources: `oarlock.h` comes from the C functions in `src/` in the order of
//! the modules, the error kinds and the verb table; `oarlock/verbs.hpp` comes from the verb table.
//! `OARLOCK_WRITE_HEADERS=1 cargo test -p oarlock-c --test header` writes them anew.

use std::fmt::Write;
use std::path::{Path, PathBuf};

use oarlock::ErrorKind;
use oarlock::reply::RECORDS;
use oarlock::table::FieldSpec;
use oarlock::value::Type;
use oarlock::verbs::{VERBS, Verb};

fn here(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

fn read(path: &str) -> String {
    std::fs::read_to_string(here(path)).unwrap_or_else(|why| panic!("{path}: {why}"))
}

fn matches_or_write(path: &str, generated: &str) {
    if std::env::var_os("OARLOCK_WRITE_HEADERS").is_some() {
        std::fs::write(here(path), generated).unwrap();
    }
    let committed = read(path);
    if let Some((line, (old, new))) = committed
        .lines()
        .chain([""])
        .zip(generated.lines().chain([""]))
        .enumerate()
        .find(|(_, (old, new))| old != new)
    {
        panic!(
            "{path}:{}: is {old:?}, should be {new:?}; write it anew with OARLOCK_WRITE_HEADERS=1",
            line + 1
        );
    }
    assert_eq!(committed, generated, "{path}");
}

/// `NoSuchBucket` as `NO_SUCH_BUCKET`.
fn shout(name: &str) -> String {
    let mut shouted = String::new();
    for letter in name.chars() {
        if letter.is_uppercase() && !shouted.is_empty() {
            shouted.push('_');
        }
        shouted.push(letter.to_ascii_uppercase());
    }
    shouted
}

/// What the header begins with, with the package's version.
fn prologue() -> String {
    let mut text = read("header/prologue.h");
    for (name, number) in
        ["@MAJOR@", "@MINOR@", "@PATCH@"].iter().zip(env!("CARGO_PKG_VERSION").splitn(3, '.'))
    {
        text = text.replace(name, number);
    }
    text
}

fn kinds() -> String {
    let mut text = String::from(
        "/* How a function went. */\ntypedef enum oarlock_status {\n  /* Not yet: the time is over, or a \
         signal was handled. */\n  OARLOCK_PENDING = -1,\n  /* Done. */\n  OARLOCK_OK = 0",
    );
    for kind in ErrorKind::ALL {
        write!(text, ",\n  /* {} */\n  OARLOCK_{} = {}", kind.doc(), shout(kind.name()), *kind as i32)
            .unwrap();
    }
    text.push_str("\n} oarlock_status;\n");
    text
}

fn names() -> String {
    let mut text = String::from(
        "/* The status's name, for example \"NotFound\"; \"\" for a number this header does not know. \
         */\nstatic inline const char *oarlock_status_name(oarlock_status status) {\n  switch ((int)status) \
         {\n    case OARLOCK_PENDING: return \"Pending\";\n    case OARLOCK_OK: return \"Ok\";\n",
    );
    for kind in ErrorKind::ALL {
        writeln!(text, "    case OARLOCK_{}: return \"{}\";", shout(kind.name()), kind.name()).unwrap();
    }
    text.push_str("    default: return \"\";\n  }\n}\n");
    text
}

/// A verb's doc as a comment's lines: what it does, its parameters, its options.
fn doc(verb: &Verb, lead: &str) -> String {
    let mut text = String::new();
    for line in verb.doc.lines() {
        writeln!(text, "{lead}{}", line.trim()).unwrap();
    }
    let field = |text: &mut String, field: &FieldSpec, sign: &str| {
        writeln!(
            text,
            "{lead}  {sign}{} ({}): {}",
            field.name,
            field.kind.name(),
            field.doc.lines().map(str::trim).collect::<Vec<_>>().join(" ")
        )
        .unwrap();
    };
    verb.params.iter().for_each(|param| field(&mut text, param, ""));
    if !verb.options.fields.is_empty() {
        writeln!(text, "{lead}Options:").unwrap();
        verb.options.fields.iter().for_each(|option| field(&mut text, option, ""));
    }
    writeln!(
        text,
        "{lead}Reply: {}{}.",
        verb.reply.name(),
        if verb.pages() { "; `continuation` is the page before's `next`" } else { "" }
    )
    .unwrap();
    // A comment must not be opened or closed from within.
    text.replace("*/", "* /").replace("/*", "/ *")
}

/// What the verbs answer, as one comment.
fn records() -> String {
    let mut text = String::from(
        "/* What the verbs answer: maps of these names, with OARLOCK_TYPE_NULL for what is not known.\n",
    );
    for record in RECORDS {
        writeln!(
            text,
            " *\n * {}: {}",
            record.name,
            record.doc.lines().map(str::trim).collect::<Vec<_>>().join(" ")
        )
        .unwrap();
        for field in record.fields {
            writeln!(
                text,
                " *   {} ({}): {}",
                field.name,
                field.kind.name(),
                field.doc.lines().map(str::trim).collect::<Vec<_>>().join(" ")
            )
            .unwrap();
        }
    }
    text.push_str(" */\n");
    text
}

fn is_stream(param: &&FieldSpec) -> bool {
    matches!(param.kind, Type::Source | Type::Sink)
}

/// The verb as a C function of its own name.
fn c_verb(verb: &Verb) -> String {
    let mut params = String::from("const oarlock_store *store");
    let mut sets = String::new();
    let (mut source, mut sink) = ("NULL", "NULL");
    for param in verb.params {
        let name = param.name;
        let (kind, set) = match param.kind {
            Type::Source => ("oarlock_source *", None),
            Type::Sink => ("oarlock_sink *", None),
            Type::Map => ("const oarlock_options *", Some("map")),
            Type::KeyList | Type::Items | Type::Ranges => ("const oarlock_options *", Some("list")),
            Type::Str | Type::Directory => ("const char *", Some("str")),
            other => panic!("{}.{name}: no C type for {}", verb.name, other.name()),
        };
        write!(params, ", {kind}{name}").unwrap();
        match (param.kind, set) {
            (Type::Source, _) => source = name,
            (Type::Sink, _) => sink = name,
            (_, Some(set)) => {
                let when = if param.required { String::new() } else { format!("if ({name} != NULL) ") };
                writeln!(sets, "  {when}oarlock_options_set_{set}(arguments, \"{name}\", {name});").unwrap();
            }
            (_, None) => {}
        }
    }
    format!(
        "/* {}\n */\nstatic inline oarlock_status oarlock_{}({params}, const oarlock_options *options, \
         oarlock_call **call, oarlock_error **error) {{\n  oarlock_options *arguments = \
         oarlock_options_copy(options);\n  oarlock_status status;\n{sets}  status = oarlock_start(store, \
         \"{}\", arguments, {source}, {sink}, call, error);\n  oarlock_options_free(arguments);\n  return \
         status;\n}}\n",
        doc(verb, " * ").trim_start_matches(" * ").trim_end(),
        verb.name,
        verb.name,
    )
}

/// The verb as a method of `oarlock::store`.
fn cpp_verb(verb: &Verb) -> String {
    let mut params = Vec::new();
    let mut sets = String::new();
    let (mut source, mut sink) = ("source()", "sink()");
    for param in verb.params.iter().filter(|param| !is_stream(param)) {
        let kind = match param.kind {
            Type::Map => "const options &",
            Type::KeyList | Type::Items | Type::Ranges => "const list &",
            _ => "std::string_view ",
        };
        params.push(format!("{kind}{}{}", param.name, if param.required { "" } else { " = {}" }));
        write!(sets, ".set(\"{}\", {})", param.name, param.name).unwrap();
    }
    for param in verb.params.iter().filter(|param| param.kind == Type::Source) {
        params.push(format!("oarlock::source {}", param.name));
        source = param.name;
    }
    params.push("const options &with = {}".to_owned());
    for param in verb.params.iter().filter(|param| param.kind == Type::Sink) {
        params.push(format!("oarlock::sink {} = {{}}", param.name));
        sink = param.name;
    }
    let (source, sink) = (
        if source == "source()" { "oarlock::source()".to_owned() } else { format!("std::move({source})") },
        if sink == "sink()" { "oarlock::sink()".to_owned() } else { format!("std::move({sink})") },
    );
    let (answer, body) = if verb.pages() {
        ("pages", format!("return start_pages(\"{}\", options(with){sets});", verb.name))
    } else {
        ("value", format!("return run(\"{}\", options(with){sets}, {source}, {sink});", verb.name))
    };
    let name = cpp_name(verb.name);
    format!("{}{answer} {name}({}) const {{\n  {body}\n}}\n", doc(verb, "// "), params.join(", "))
}

/// The verb's name, with a line below where C++ keeps the word for itself.
fn cpp_name(name: &str) -> String {
    if name == "delete" { "delete_".to_owned() } else { name.to_owned() }
}

/// The modules of the library in the order of `lib.rs`.
fn modules() -> Vec<String> {
    let lines = read("src/lib.rs");
    lines.lines().filter_map(|line| line.strip_prefix("mod ")?.strip_suffix(';').map(str::to_owned)).collect()
}

fn c_header() -> String {
    let config = cbindgen::Config::from_file(here("cbindgen.toml")).unwrap();
    let mut functions = Vec::new();
    let sources = cbindgen::Builder::new().with_config(config);
    modules()
        .iter()
        .fold(sources, |sources, module| sources.with_src(here(&format!("src/{module}.rs"))))
        .generate()
        .unwrap()
        .write(&mut functions);
    let functions = String::from_utf8(functions).unwrap();
    let verbs = VERBS.iter().map(c_verb).collect::<Vec<_>>().join("\n");
    format!(
        "{}\n{}\n{}\n\n{}\n{}\n{}\n/* The verbs. Each starts a call of its own name; its parameters come \
         first, then its options by name. */\n\n{verbs}\n#endif\n",
        prologue(),
        kinds(),
        functions.trim(),
        names(),
        read("header/epilogue.h"),
        records(),
    )
}

#[test]
fn the_c_header_is_up_to_date() {
    matches_or_write("include/oarlock.h", &c_header());
}

#[test]
fn the_cpp_verbs_are_up_to_date() {
    let verbs = VERBS.iter().map(cpp_verb).collect::<Vec<_>>().join("\n");
    let lead = "// The verbs as methods of oarlock::store, whose body includes this file.\n// Generated from \
                the verb table in core: change nothing here.\n\n";
    matches_or_write("include/oarlock/verbs.hpp", &format!("{lead}{verbs}"));
}
