"""The page of verbs: each with an example in five languages, its parameters, options and reply.

Invariant: an example is included from the file that the tests run; nothing here repeats it.
"""

import re

from oarlock import _native

# The ending of each language's file of examples, which is also its name for the syntax.
LANGUAGES = {"Python": "py", "Ruby": "rb", "C": "c", "C++": "cpp", "Rust": "rs"}

HEAD = """\
# Verbs

<!-- written by docs/generate.py -->
Every store has these verbs, under the same names in every language. A verb that a directory store or a server
can't do fails with `Unsupported`.

{contents}

--8<-- "docs/tables/languages.md"
"""

VERB = """
## {name}
{doc}

{tabs}

{fields}
{facts}
"""


def page():
    """The text of the page."""
    rows = _native.verbs()
    contents = " · ".join(f"[{name}](#{name})" for name, *_ in rows)
    parts = [HEAD.format(contents=contents)]
    parts += [verb(*row) for row in rows]
    parts.append("\n## What do replies hold?\nA field that may be absent is None, nil, null or `None`.\n")
    parts += [record(*row) for row in _native.records()]
    return "".join(parts)


def verb(name, doc, parameters, options, reply, pages, progress):
    doc, api = without_source(doc)
    fields = table("parameter", parameters)
    if options:
        rows = table("option", options)
        folded = f'??? note "Options of `{name}`"\n{indent(rows)}'
        fields += "\n" + (folded if len(options) > 4 else rows)
    facts = [f"Returns {returns(reply, pages)}."]
    if progress:
        facts.append(f"Progress counts {progress}.")
    if api:
        facts.append(f"[AWS's page]({api}).")
    tabs = "\n".join(tab(language, ending, name) for language, ending in LANGUAGES.items())
    return VERB.format(name=name, doc=doc, tabs=tabs, fields=fields, facts=" ".join(facts))


def tab(language, ending, name):
    included = f'--8<-- "docs/examples/verbs.{ending}:{name}"'
    return f'=== "{language}"\n    ```{ending}\n    {included}\n    ```\n'


def without_source(doc):
    """A doc without its line of the API's page, and that page."""
    found = re.search(r"\s*Source:\s*<(.*?)>", doc)
    text = doc[: found.start()] + doc[found.end() :] if found else doc
    return "\n".join(line.strip() for line in text.strip().splitlines()), found and found[1]


def returns(kind, pages):
    """A reply's type with a link to its record."""
    name = kind.removeprefix("list of ")
    if name[0].isupper():
        name = f"[`{name}`](#{name.lower()})"
    if pages:
        return f"pages of {name}"
    return name if not kind.startswith("list of ") else f"a list of {name}"


def table(what, fields):
    """The rows of parameters, options or fields."""
    if not fields:
        return ""
    lines = [f"| {what} | type | meaning |", "| --- | --- | --- |"]
    for name, kind, required, doc in fields:
        needed = ", required" if required and what == "parameter" else ""
        lines.append(f"| `{name}` | {kind}{needed} | {cell(doc)} |")
    return "\n".join(lines) + "\n"


def record(name, doc, fields, _):
    doc, _ = without_source(doc)
    return f"\n### {name}\n{doc}\n\n{table('field', fields)}"


def cell(text):
    """A text as a table's cell."""
    return " ".join(text.split()).replace("|", "\\|")


def indent(text):
    return "".join(f"    {line}\n" for line in text.splitlines())
