"""Every case through every agent at every place: one test each."""

import agents
import cases
import places
import pytest
import run

PARAMS = [
    pytest.param(case, language, place, id=f"{case.name}-{language}-{place}")
    # By place and language first: a fault of one of them shows as one block.
    for place in places.PLACES
    for language in agents.chosen()
    for case in cases.load()
    if place in case.on
]


@pytest.mark.parametrize(("case", "language", "place"), PARAMS)
def test_case(case, language, place, servers, languages, tmp_path):
    if language in case.skip:
        pytest.skip(f"{language}: {case.skip[language]}")
    server = None if place == "local" else servers.get(place)
    run.Run(
        case, languages.get(language), places.PLACES[place](server, case, tmp_path), place, tmp_path
    ).all()


@pytest.mark.parametrize("language", agents.chosen())
def test_no_secret_on_standard_error(language, languages, servers):
    """What an agent wrote to standard error during all the cases above shows no secret."""
    written = languages.get(language).written()
    secrets = [*run.CANARIES, *(server.secret_key for server in servers.made.values())]
    assert not [secret for secret in secrets if secret in written], written[-2000:]
