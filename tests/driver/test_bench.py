"""The data of `make bench NETWORK=all`: what is compared with what, and that its parts agree.

Invariant: reads sources and calls pure functions; starts nothing.
"""

import re
import sys
from pathlib import Path

import pytest

BENCH = Path(__file__).resolve().parents[1] / "bench"
sys.path.insert(0, str(BENCH))

import network_plot  # noqa: E402
import networks  # noqa: E402


def test_oarlock_is_judged_by_the_best_peer_and_by_its_own_best_concurrency():
    medians = {
        "python:oarlock": 1.2,
        "rust:oarlock": 0.8,
        "python:boto3": 1.0,
        "s5cmd": 3.0,
        "python:oarlock@1": 2.0,
        "python:oarlock@32": 0.6,
    }
    assert networks.judge(medians) == [
        ("python:oarlock", "python:boto3", pytest.approx(1.2), 1.0),
        ("rust:oarlock", "python:boto3", pytest.approx(0.8), 1.0),
        ("python:oarlock", "python:oarlock@32", pytest.approx(2.0), 1.1),
    ]
    assert networks.judge({"python:oarlock": 1.0}) == []
    slow = {"python:oarlock": 2.0, "python:oarlock@8": 2.0}
    assert networks.judge(slow, ["python:oarlock@8"]) == []


def test_the_server_lists_the_tree_that_is_uploaded():
    source = (BENCH / "peers/src/server.rs").read_text()
    table = re.search(r"const TREE: .*? = (\[.*?\]);", source)[1]
    assert [tuple(map(eval, pair)) for pair in re.findall(r"\(([^,]+), (\d+)\)", table)] == list(
        networks.TREE
    )


def test_every_limit_of_a_profile_is_one_of_the_network():
    names = set(re.findall(r'"(\w+)" => network\.', (BENCH / "network/src/main.rs").read_text()))
    used = {limit.split("=")[0] for profile in networks.PROFILES for limit in profile.limits}
    assert used == names


def test_the_tables_name_every_goal_and_every_absent_client(tmp_path):
    work = {
        "medians": {"python:oarlock": 2.0, "python:boto3": 1.0, "python:oarlock@8": 1.9},
        "stopped": ["python:oarlock"],
        "absent": {"s5cmd": "no such program"},
    }
    page, plot = tmp_path / "NETWORKS.md", tmp_path / "networks.svg"
    page.write_text(f"before\n{network_plot.BEGIN}\nold\n{network_plot.END}\nafter\n")
    network_plot.write(page, plot, {"far": {"get-file": work}}, [], ["a 1.0"], "1.0 before, 2.0 after")
    text = page.read_text()
    assert text.startswith("before\n") and text.endswith("after\n") and "old" not in text
    assert "1 kept, 1 missed" in text
    assert "| far | get to a file | oarlock (python) > 2.00 | boto3 (python) 1.00 | 2.00 × | ≤ 1 × |" in text
    assert "| oarlock at 8 1.90 | 1.05 × | ≤ 1.1 × | kept |" in text
    assert "s5cmd is absent from “get to a file”: no such program" in text
    assert "boto3 (python): 1.00 s" in plot.read_text()
