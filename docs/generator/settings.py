"""The page of settings: each with its meaning, its sources, other programs' spellings, and the environment.

Invariant: a variable that the code reads and `docs/tables/environment.toml` does not describe fails the
check.
"""

import re
import sys
import tomllib
from pathlib import Path

from oarlock import _native

from .verbs import cell

ROOT = Path(__file__).resolve().parents[2]
TEXTS = tomllib.loads((ROOT / "docs/tables/environment.toml").read_text(encoding="utf-8"))
READERS = [
    "core/src/**/*.rs",
    "bindings-python/**/*.py",
    "bindings-ruby/lib/**/*.rb",
    "bindings-c/nix/*.[ch]*",
]
VARIABLE = re.compile(r"[\"'](?:env:)?((?:AWS|OARLOCK|REQUESTS|SSL|NIX|HTTPS?|ALL|NO)_[A-Z0-9_]+)[\"']")

HEAD = """\
# Settings, spellings and environment variables

<!-- written by docs/generate.py -->
## How do I connect to my own server?
By the setting `endpoint`: by name, in the URL, or from the environment. The URL and the environment work in
every language and host.

```python
--8<-- "docs/examples/settings.py:settings"
```

Keys come from the environment or a profile, as for AWS: see [where credentials are
searched](../concepts/credentials.md#where-are-credentials-searched). `oarlock check URL` tests the
connection.

## Which value wins?
The first of these that sets a value wins: a setting given by name, the URL's query, the environment, the
profile, the default. [`explain`](../concepts/credentials.md) prints each value with its source.

In a URL, hyphens and underscores are the same, and a prefix `aws_` or `oarlock_` is ignored. An unknown name
is an error that suggests the nearest known one.

"""


def page():
    """The text of the page."""
    sources = dict(_native.setting_sources())
    parts = [HEAD, "## Which settings are there?\n", "| setting | type | meaning |\n| --- | --- | --- |\n"]
    for name, kind, _, doc in _native.settings():
        parts.append(f'| <span id="{name}"></span>`{name}` | {kind} | {cell(doc)} |\n')
    parts.append("\n## Where else is a setting read from?\nIn this order, if it was not given.\n\n")
    parts.append("| setting | sources |\n| --- | --- |\n")
    parts += [f"| [`{name}`](#{name}) | {', '.join(where)} |\n" for name, where in sources.items()]
    parts.append("\n## Which other spellings are accepted?\nBy name and in URLs.\n\n")
    parts.append("| spelling | meaning |\n| --- | --- |\n")
    parts += [f"| `{spelling}` | {meaning} |\n" for spelling, meaning in sorted(_native.spellings())]
    parts.append("\n## Which environment variables are read?\n")
    parts.append("| variable | meaning |\n| --- | --- |\n")
    parts += [f"| `{name}` | {meaning} |\n" for name, meaning in variables(sources)]
    parts.append("\nA blank variable counts as unset. Proxy variables are read in lower case too.\n")
    return "".join(parts)


def variables(sources):
    """Each variable that the code reads, with its meaning."""
    found = set()
    for pattern in READERS:
        for path in ROOT.glob(pattern):
            if "test" not in path.name and "tests" not in path.parts:
                shipped = path.read_text(encoding="utf-8").split("#[cfg(test)]\nmod tests {")[0]
                found |= set(VARIABLE.findall(shipped))
    of_settings = {
        variable: f"the setting [`{name}`](#{name})"
        for name, where in sources.items()
        for variable in re.findall(r"`([A-Z0-9_]{4,})`", " ".join(where))
    }
    texts = of_settings | TEXTS
    if missing := sorted(found - set(texts)):
        sys.exit(f"docs/tables/environment.toml: describe {', '.join(missing)}")
    if unread := sorted(set(TEXTS) - found):
        sys.exit(f"docs/tables/environment.toml: no code reads {', '.join(unread)}")
    return sorted((name, texts[name]) for name in found)
