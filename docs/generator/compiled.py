"""The examples in C, C++ and Rust: a function for each verb, and a program that runs the verbs it reads.

Invariant: each reads lines of `VERB URL` and writes a line for each: `ok`, or the kind of the error.
"""

import json
import subprocess
from pathlib import Path

from .scripting import marked

C = """\
/* An example of each verb. Written by docs/generate.py from the core's tables; do not edit.
 *
 * Reads lines of `VERB URL` and prints, for each, `ok` or the kind of the error.
 */

#include <oarlock.h>
#include <stdio.h>
#include <string.h>

#define EXAMPLE(verb) \\
  static oarlock_status verb##_(const oarlock_store *store, oarlock_value **reply, oarlock_error **error)

{functions}

static const struct {{
  const char *verb;
  oarlock_status (*run)(const oarlock_store *, oarlock_value **, oarlock_error **);
}} EXAMPLES[] = {{
{rows}
}};

int main(void) {{
  char verb[64], url[2048];
  while (scanf("%63s %2047s", verb, url) == 2) {{
    oarlock_store *store = NULL;
    oarlock_value *reply = NULL;
    oarlock_error *error = NULL;
    oarlock_status status = oarlock_store_open(url, NULL, &store, &error);
    for (size_t at = 0; at < sizeof EXAMPLES / sizeof *EXAMPLES && status == OARLOCK_OK; at++)
      if (strcmp(EXAMPLES[at].verb, verb) == 0) status = EXAMPLES[at].run(store, &reply, &error);
    printf("= %s\\n", status == OARLOCK_OK ? "ok" : oarlock_status_name(status));
    fflush(stdout);
    oarlock_value_free(reply);
    oarlock_error_free(error);
    oarlock_store_free(store);
  }}
  return 0;
}}
"""

CPP = """\
// An example of each verb. Written by docs/generate.py from the core's tables; do not edit.
//
// Reads lines of `VERB URL` and prints, for each, `ok` or the kind of the error.

#include <functional>
#include <iostream>
#include <map>
#include <oarlock.hpp>
#include <string>

static const std::map<std::string, std::function<void(const oarlock::store &)>> EXAMPLES = {{
{functions}
}};

int main() {{
  std::string verb, url;
  while (std::cin >> verb >> url) {{
    try {{
      EXAMPLES.at(verb)(oarlock::store(url));
      std::cout << "= ok" << std::endl;
    }} catch (const oarlock::error &error) {{
      std::cout << "= " << error.kind_name() << std::endl;
    }}
  }}
}}
"""

RUST = """\
//! An example of each verb. Written by docs/generate.py from the core's tables; do not edit.
//!
//! Reads lines of `VERB URL` and prints, for each, `ok` or the kind of the error.

use std::collections::BTreeMap;
use std::io::{{BufRead, Write}};
use std::time::Duration;

use oarlock::value::ByteRange;
use oarlock::{{Item, Items, Keys, Result, Sink, Store, options}};

{functions}

fn run(verb: &str, url: &str) -> Result<()> {{
    let store = Store::open(url, vec![])?;
    match verb {{
{rows}
        _ => panic!("there is no example of {{verb}}"),
    }}
}}

fn main() {{
    for line in std::io::stdin().lock().lines().map_while(std::io::Result::ok) {{
        let Some((verb, url)) = line.split_once(' ') else {{ continue }};
        match run(verb, url) {{
            Ok(()) => println!("= ok"),
            Err(error) => println!("= {{}}", error.kind()),
        }}
        std::io::stdout().flush().expect("standard output is open");
    }}
}}
"""


def c(calls):
    """The file `verbs.c`."""
    functions = "\n\n".join(
        f"EXAMPLE({call.verb}) {{\n{marked(call.verb, c_lines(call), '  ', '//')}\n  return status;\n}}"
        for call in calls
    )
    rows = "\n".join(f'    {{"{call.verb}", {call.verb}_}},' for call in calls)
    return C.format(functions=functions, rows=rows)


def c_lines(call):
    lines, given, made = [], ["store"], []
    for each in call.arguments:
        if each.kind == "source":
            data = json.dumps(each.value)
            size = len(each.value)
            made_of = f"oarlock_source_bytes((const uint8_t *){data}, {size})"
            lines.append(f"oarlock_source *{each.name} = {made_of};")
            given.append(each.name)
        elif each.kind == "sink":
            given.append("oarlock_sink_memory()")
        elif isinstance(each.value, (list, dict)):
            lines += c_entries(each.name, each.value)
            made.append(each.name)
            given.append(each.name)
        else:
            given.append(json.dumps(each.value, ensure_ascii=False))
    if call.options:
        lines += c_entries("options", {each.name: each.value for each in call.options})
        made.append("options")
    given += ["options" if call.options else "NULL", "&call", "error"]
    lines.append("oarlock_call *call = NULL;")
    lines.append(f"oarlock_status status = oarlock_{call.verb}({', '.join(given)});")
    lines.append("if (status == OARLOCK_OK) status = oarlock_call_finish(call, reply, error);")
    return lines + [f"oarlock_options_free({name});" for name in made]


def c_entries(name, value):
    """The lines that make a list or a map."""
    lines = [f"oarlock_options *{name} = oarlock_options_new();"]
    pairs = value.items() if isinstance(value, dict) else ((None, each) for each in value)
    for number, (key, each) in enumerate(pairs, 1):
        key = "NULL" if key is None else f'"{key}"'
        if isinstance(each, dict):
            item = f"{name.removesuffix('s')}_{number}"
            lines += c_entries(item, each)
            lines += [f"oarlock_options_set_map({name}, {key}, {item});", f"oarlock_options_free({item});"]
        else:
            kind = {bool: "bool", int: "int"}.get(type(each), "str")
            text = json.dumps(each, ensure_ascii=False)
            lines.append(f"oarlock_options_set_{kind}({name}, {key}, {text});")
    return lines


def cpp(calls):
    """The file `verbs.cpp`."""
    return CPP.format(functions=",\n".join(cpp_function(call) for call in calls))


def cpp_function(call):
    given = []
    for each in call.arguments:
        if each.kind == "source":
            given.append(json.dumps(each.value))
        elif each.kind != "sink":
            given.append(cpp_value(each.value))
    if call.options:
        pairs = (f'{{"{each.name}", {cpp_value(each.value)}}}' for each in call.options)
        given.append("{" + ", ".join(pairs) + "}")
    # `delete` is a word of C++.
    line = f"store.{'delete_' if call.verb == 'delete' else call.verb}({', '.join(given)})"
    lines, after = [f"{line};"], ""
    if call.pages:
        print_key = """std::cout << entry["key"].as_str() << '\\n';"""
        lines = [f"for (const auto &page : {line})", f'  for (auto entry : page["entries"]) {print_key}']
    elif call.returns:
        lines, after = [f"auto reply = {line};"], "\n       (void)reply;"
    body = marked(call.verb, lines, "       ", "//")
    return f'    {{"{call.verb}", [](const oarlock::store &store) {{\n{body}{after}\n     }}}}'


def cpp_value(value):
    if isinstance(value, dict):
        pairs = (f'{{"{name}", {cpp_value(each)}}}' for name, each in value.items())
        return "oarlock::options{" + ", ".join(pairs) + "}"
    if isinstance(value, list):
        return "oarlock::list{" + ", ".join(map(cpp_value, value)) + "}"
    return json.dumps(value, ensure_ascii=False)


def rust(calls):
    """The file `verbs.rs`, as `cargo fmt` wants it."""
    functions = "\n\n".join(rust_function(call) for call in calls)
    rows = "\n".join(f'        "{call.verb}" => {call.verb}_(&store),' for call in calls)
    command = ["rustfmt", "--edition", "2024", "--config-path", Path(__file__).resolve().parents[2]]
    text = RUST.format(functions=functions, rows=rows)
    return subprocess.run(command, input=text, capture_output=True, text=True, check=True).stdout


def rust_name(call):
    # `move` is a word of Rust.
    return "r#move" if call.verb == "move" else call.verb


def rust_function(call):
    given = [rust_value(each) for each in call.arguments]
    given.append(rust_options(call) if call.options else "Default::default()")
    line = f"store.{rust_name(call)}({', '.join(given)}).wait(None)?"
    lines = [f'println!("{{:?}}", {line});' if call.returns else f"{line};"]
    if len(lines[0]) > 90:
        lines = [f"let call = store.{rust_name(call)}({', '.join(given)});"]
        lines.append('println!("{:?}", call.wait(None)?);' if call.returns else "call.wait(None)?;")
    body = marked(call.verb, lines, "    ", "//")
    return f"fn {call.verb}_(store: &Store) -> Result<()> {{\n{body}\n    Ok(())\n}}"


def rust_options(call):
    name = "".join(word.capitalize() for word in call.verb.split("_"))
    fields = ", ".join(f"{each.name}: Some({rust_option(each)})" for each in call.options)
    others = ", ..Default::default()" if call.has_other_options else ""
    return f"options::{name} {{ {fields}{others} }}"


def rust_option(argument):
    if argument.kind == "seconds":
        return f"Duration::from_secs({argument.value})"
    text = json.dumps(argument.value, ensure_ascii=False)
    return f"{text}.into()" if argument.kind == "str" else text


def rust_value(argument):
    value, kind = argument.value, argument.kind
    if kind == "sink":
        return "Sink::Memory"
    if kind == "list of ranges":
        return "vec![" + ", ".join(f"ByteRange::FromTo({each.replace('-', ', ')})" for each in value) + "]"
    if kind in ("list of keys", "list of objects"):
        kind = "Keys" if kind == "list of keys" else "Items"
        return f"{kind}::from_iter([" + ", ".join(map(rust_item, value)) + "])"
    if kind == "map":
        pairs = (f"({json.dumps(name)}.into(), {json.dumps(each)}.into())" for name, each in value.items())
        return "BTreeMap::from([" + ", ".join(pairs) + "])"
    return json.dumps(value, ensure_ascii=False)


def rust_item(item):
    if isinstance(item, str):
        return json.dumps(item)
    return f"Item::from({json.dumps(item['key'])}).body({json.dumps(item['body'])})"
