"""Every language has every verb with the same parameters and options, and the cases use all of them.

Invariant: Rust's table is the truth, for it is the one that the core runs by.
"""

import agents
import cases
import pytest


def table(languages, language):
    answer = languages.get(language).ask({"op": "verbs"})
    assert "ok" in answer, answer
    return answer["ok"]


@pytest.fixture(scope="session")
def truth():
    rust = agents.Agent("rust")
    yield rust.ask({"op": "verbs"})["ok"]
    rust.stop()


@pytest.mark.parametrize("language", agents.chosen())
def test_same_verbs(language, languages, truth):
    found = table(languages, language)
    assert list(found) and sorted(found) == sorted(truth)
    for verb, shape in truth.items():
        assert found[verb]["params"] == shape["params"], verb
        assert sorted(found[verb]["options"]) == sorted(shape["options"]), verb


def used():
    """(verb, argument) of every step that is expected to be understood."""
    pairs = set()
    for case in cases.load():
        pairs |= {("put", name) for seed in case.seed for name in seed}
        for step in case.do:
            if step["kind"] == "verb":
                pairs |= {(step["verb"], name) for name in step.get("args", {})} | {(step["verb"], "")}
    return pairs


def test_every_verb_has_a_case(truth):
    missing = sorted(verb for verb in truth if (verb, "") not in used())
    assert not missing, f"no case runs {', '.join(missing)}"


def test_every_option_has_a_case(truth):
    wanted = {
        (verb, option) for verb, shape in truth.items() for option in [*shape["options"], *shape["params"]]
    }
    # Agents turn pages themselves.
    missing = sorted(f"{verb}({option})" for verb, option in wanted - used() if option != "continuation")
    assert not missing, f"no case uses {', '.join(missing)}"
