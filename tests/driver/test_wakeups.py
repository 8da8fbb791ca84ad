"""Verbs on thousands of objects that report while the calling thread does their work.

Each language waits in slices of a millisecond where it can, counts progress and hears every log event, so
that the work is left and taken up at any moment. An agent that stands still fails by its watch.
"""

import agents
import pytest

COUNT = 1500
NOTHING = {"$callback": [None]}


@pytest.fixture(params=agents.chosen())
def agent(request):
    agent = agents.Agent(request.param)
    yield agent
    agent.stop()


@pytest.fixture
def store(agent, servers):
    fake = servers.get("fake")
    fake.reset()
    fake.bucket("tests")
    opened = agent.ask({"op": "open", "url": "s3://tests/many", "settings": fake.settings()})

    def reported(verb, **args):
        answer = agent.ask({"op": "call", "store": opened["ok"], "verb": verb, "args": args, "reports": True})
        assert "ok" in answer, answer
        return answer["ok"]

    return reported


def names(count=COUNT):
    return [f"{number:05}" for number in range(count)]


def test_trees_go_up_and_down(store, tmp_path):
    up, down = tmp_path / "up", tmp_path / "down"
    up.mkdir()
    for name in names():
        (up / name).write_text(name)
    sent = store("sync_up", directory=str(up))
    assert (sent["done"], sent["total"]) == (5 * COUNT, 5 * COUNT)
    assert sent["events"] >= COUNT
    assert store("sync_down", directory=str(down))["done"] == 5 * COUNT
    assert sorted(path.name for path in down.iterdir()) == names()
    assert store("sync_up", directory=str(up), max_concurrency=7)["reply"]["transferred"] == 0


def test_many_objects_with_a_function_for_each(store):
    items = [{"key": name, "body": name} for name in names()]
    assert store("put_many", items=items, each=NOTHING)["done"] == 5 * COUNT
    assert store("get_many", items=names(), each=NOTHING, max_concurrency=128)["done"] == 5 * COUNT
    assert store("head_many", items=names(), each=NOTHING)["events"] >= COUNT
