"""Completion for bash, zsh and fish, written from the parser's own commands and options.

Invariant: the scripts hold words only; a shell that completes starts no Python.
"""

_BASH = """\
_oarlock() {{
  local word=${{COMP_WORDS[COMP_CWORD]}} words
  case ${{COMP_WORDS[1]}} in
{cases}
  *) words="{commands}" ;;
  esac
  [ "$COMP_CWORD" -eq 1 ] && words="{commands}"
  COMPREPLY=($(compgen -W "$words" -- "$word") $([ "$COMP_CWORD" -gt 1 ] && compgen -f -- "$word"))
}}
complete -o filenames -F _oarlock oarlock
"""


def commands():
    """Each command with its help and its options."""
    from ._parser import build, subcommands

    found = subcommands(build())
    about = {choice.dest: choice.help for choice in found._choices_actions}
    return {
        name: (about[name], sorted(flag for action in parser._actions for flag in action.option_strings))
        for name, parser in found.choices.items()
    }


def settings():
    """The names of settings as words of a command."""
    from .. import _native

    return [f"{name}=" for name, *_ in _native.settings()]


def bash():
    """The script for bash."""
    words = {name: " ".join([*flags, *settings()]) for name, (_, flags) in commands().items()}
    cases = "\n".join(f'  {name}) words="{known}" ;;' for name, known in words.items())
    return _BASH.format(cases=cases, commands=" ".join(words))


def zsh():
    """The script for zsh, which runs that for bash."""
    return "autoload -U +X bashcompinit && bashcompinit\n" + bash()


def fish():
    """The script for fish."""
    lines = []
    for name, (about, flags) in commands().items():
        lines.append(f"complete -c oarlock -n __fish_use_subcommand -a {name} -d '{about}'")
        words = " ".join([*flags, *settings()])
        lines.append(f"complete -c oarlock -n '__fish_seen_subcommand_from {name}' -a '{words}'")
    return "\n".join(lines) + "\n"


SHELLS = {"bash": bash, "zsh": zsh, "fish": fish}


def completion(given):
    """Prints the completion script for a shell, for example for ``eval "$(oarlock completion bash)"``."""
    print(SHELLS[given.shell](), end="")
    return 0
