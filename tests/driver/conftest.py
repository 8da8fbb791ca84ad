"""Servers and agents, each started when the first test asks for it and ended with the session."""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

import agents  # noqa: E402
import pytest  # noqa: E402
from servers import FakeS3, SeaweedFS  # noqa: E402


class Kept:
    """Things made at first use; one that failed fails every later user with the same words at once."""

    def __init__(self, makers):
        self.makers, self.made, self.failed = makers, {}, {}

    def get(self, name):
        if name in self.failed:
            raise self.failed[name]
        if name not in self.made:
            try:
                self.made[name] = self.makers[name]()
            except Exception as why:
                self.failed[name] = why
                raise
        return self.made[name]

    def stop(self):
        for each in self.made.values():
            each.stop()


@pytest.fixture(scope="session")
def servers():
    kept = Kept({"fake": FakeS3, "seaweed": SeaweedFS})
    yield kept
    kept.stop()


@pytest.fixture(scope="session")
def languages():
    kept = Kept(
        {language: (lambda language=language: agents.Agent(language)) for language in agents.chosen()}
    )
    yield kept
    kept.stop()


@pytest.fixture(scope="module")
def agent():
    """The Rust agent, for what is the core's alone. Modules that need a fresh process for each test, or other
    languages, have their own."""
    agent = agents.Agent("rust")
    yield agent
    agent.stop()
