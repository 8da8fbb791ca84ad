"""A progress bar shows how far a call is, with tqdm and without."""

import io
import sys

import pytest

import oarlock


@pytest.fixture(params=["tqdm", "plain"])
def shown(request, monkeypatch):
    if request.param == "plain":
        monkeypatch.setitem(sys.modules, "tqdm", None)
    return request.param


def test_it_shows_the_whole_in_the_end(remote, tmp_path, shown):
    remote.put("k", bytes(3 << 20))
    screen = io.StringIO()
    with oarlock.Bar("archive", screen) as bar:
        remote.get("k", tmp_path / "k", progress=bar)
    text = screen.getvalue()
    assert "archive: " in text and text.endswith("\n")
    assert ("3.0 MiB of 3.0 MiB, 100 %" if shown == "plain" else "3.00M/3.00M") in text


def test_a_total_that_nobody_knows_is_not_shown(shown):
    screen = io.StringIO()
    with oarlock.Bar(file=screen) as bar:
        bar(2048, None)
    assert ("2.0 KiB" if shown == "plain" else "2.00k") in screen.getvalue()


def test_where_no_terminal_is_nothing_is_said(capfd):
    with oarlock.Bar("archive") as bar:
        bar(1, 2)
    assert capfd.readouterr() == ("", "")
