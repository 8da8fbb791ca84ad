"""The examples in Python and Ruby: a function for each verb, and a loop that runs the verbs it reads.

Invariant: both read lines of `VERB URL` and write a line for each: `ok`, or the kind of the error.
"""

import json
import re
import textwrap

PYTHON = '''\
"""An example of each verb. Written by docs/generate.py from the core's tables; do not edit.

Reads lines of ``VERB URL`` and prints, for each, ``ok`` or the kind of the error.
"""

import sys

import oarlock

{functions}

EXAMPLES = {{
{rows}
}}


def main():
    for line in sys.stdin:
        verb, url = line.split()
        try:
            with oarlock.open(url) as store:
                EXAMPLES[verb](store)
            print("= ok", flush=True)
        except oarlock.Error as error:
            print(f"= {{error.kind}}", flush=True)


if __name__ == "__main__":
    main()
'''

DOCSTRINGS = '''\
"""The example that each verb's docstring shows. Written by docs/generate.py; do not edit."""

EXAMPLES = {{
{rows}
}}
'''

RUBY = """\
# frozen_string_literal: true

# An example of each verb. Written by docs/generate.py from the core's tables; do not edit.
#
# Reads lines of `VERB URL` and prints, for each, `ok` or the kind of the error.
require "oarlock"

EXAMPLES = {{
{functions}
}}.freeze

$stdin.each_line do |line|
  verb, url = line.split
  begin
    Oarlock.open(url) {{ |store| EXAMPLES.fetch(verb).call(store) }}
    puts "= ok"
  rescue Oarlock::Error => error
    puts "= #{{error.kind}}"
  end
  $stdout.flush
end
"""


def python(calls):
    """The file `verbs.py`."""
    functions = "\n\n".join(f"\ndef {call.verb}(store):\n{python_body(call)}" for call in calls)
    rows = "\n".join(f'    "{call.verb}": {call.verb},' for call in calls)
    return PYTHON.format(functions=functions, rows=rows)


def python_body(call):
    given = [python_value(each) for each in call.arguments if each.kind != "sink"]
    given += [f"{each.name}={python_value(each)}" for each in call.options]
    line = f"store.{call.verb}({', '.join(given)})"
    if call.pages:
        lines = [f"for entry in {line}:", "    print(entry.key)"]
    else:
        lines = [f"reply = {line}" if call.returns else line]
    after = "\n    return reply" if lines[0].startswith("reply") else ""
    return marked(call.verb, lines, "    ", "#") + after


def python_value(argument):
    if argument.kind == "source":
        return "b" + json.dumps(argument.value)
    if argument.kind == "list of objects":
        return "[" + ", ".join(python_item(item) for item in argument.value) + "]"
    value = argument.value
    return repr(value) if isinstance(value, bool) else json.dumps(value, ensure_ascii=False)


def python_item(item):
    if isinstance(item, str):
        return json.dumps(item)
    texts = {name: ("b" if name == "body" else "") + json.dumps(value) for name, value in item.items()}
    return "{" + ", ".join(f'"{name}": {text}' for name, text in texts.items()) + "}"


def ruby(calls):
    """The file `verbs.rb`."""
    return RUBY.format(functions=",\n".join(ruby_function(call) for call in calls))


def ruby_function(call):
    given = [ruby_value(each.value) for each in call.arguments if each.kind != "sink"]
    given += [f"{each.name}: {ruby_value(each.value)}" for each in call.options]
    line = f"store.{call.verb}" + (f"({', '.join(given)})" if given else "")
    if call.pages:
        line += " { |entry| puts entry.key }"
    elif call.returns:
        line = f"reply = {line}"
    after = "    reply\n" if line.startswith("reply") else ""
    return f'  "{call.verb}" => lambda do |store|\n{marked(call.verb, [line], "    ", "#")}\n{after}  end'


def ruby_value(value):
    if isinstance(value, list):
        return "[" + ", ".join(map(ruby_value, value)) + "]"
    if isinstance(value, dict) and "key" in value:
        return "{" + ", ".join(f"{name}: {ruby_value(each)}" for name, each in value.items()) + "}"
    if isinstance(value, dict):
        return "{" + ", ".join(f'"{name}" => {ruby_value(each)}' for name, each in value.items()) + "}"
    return json.dumps(value, ensure_ascii=False)


def marked(name, lines, indent, comment):
    """Lines between the marks by which a page includes them."""
    lines = [f"{comment} --8<-- [start:{name}]", *lines, f"{comment} --8<-- [end:{name}]"]
    return "\n".join(f"{indent}{line}".rstrip() for line in lines)


def docstrings(calls):
    """The module of Python's package with the same examples, which `help` shows."""
    found = re.findall(r"\[start:(\w+)\]\n(.*?)^ *# --8<--", python(calls), re.M | re.S)
    texts = {verb: textwrap.dedent(text).rstrip() for verb, text in found}
    # In the quotes that the formatter chooses.
    quoted = {verb: repr(text) if '"' in text else json.dumps(text) for verb, text in texts.items()}
    rows = (f'    "{verb}": {text},' for verb, text in quoted.items())
    return DOCSTRINGS.format(rows="\n".join(rows))
