"""What happens inside a call goes to the logger `oarlock`, on the waiting thread."""

import logging
import subprocess
import sys
import threading

import pytest


def test_warnings_are_heard(fake, remote, caplog):
    remote.put("k", b"x")
    fake.plan([{"match": {"op": "GetObject", "nth": 1}, "fault": {"status": 503, "code": "SlowDown"}}])
    with caplog.at_level(logging.DEBUG, logger="oarlock"):
        remote.get("k")
    assert any("GetObject" in record.getMessage() for record in caplog.records)
    assert all(
        record.name == "oarlock" and record.thread == threading.get_ident() for record in caplog.records
    )


def test_the_level_is_the_loggers(remote, caplog):
    with caplog.at_level(logging.ERROR, logger="oarlock"):
        remote.put("k", b"x")
    assert not caplog.records
    with caplog.at_level(logging.DEBUG, logger="oarlock"):
        remote.put("k", b"x")
    assert caplog.records


def test_no_secret_is_logged(fake, remote, caplog):
    with caplog.at_level(logging.DEBUG, logger="oarlock"):
        remote.put("k", b"x", sse_customer_key=b"canary-customer-key-of-32-bytes!")
        url = remote.presign("k")
    assert (
        fake.secret_key not in caplog.text and "canary-customer" not in caplog.text and url not in caplog.text
    )
    assert "X-Amz-Signature" not in caplog.text


def test_a_handler_that_raises_does_so_to_its_own(remote, monkeypatch):
    class Broken(logging.Filter):
        def filter(self, record):
            raise ZeroDivisionError

    logger = logging.getLogger("oarlock")
    broken = Broken()
    logger.addFilter(broken)
    monkeypatch.setattr(logger, "level", logging.DEBUG)
    logger.manager._clear_cache()
    try:
        with pytest.raises(ZeroDivisionError):
            remote.put("k", b"x")
    finally:
        logger.removeFilter(broken)
        monkeypatch.undo()
        logger.manager._clear_cache()


@pytest.mark.parametrize(
    "imported, heard",
    [("", False), ("import logging; ", False), ("import logging; logging.basicConfig(); ", True)],
)
def test_nothing_is_printed_until_logging_is_set_up(fake, remote, imported, heard):
    """A warning (`verify` is false, a retry) reaches stderr only in a program that has set up logging."""
    remote.put("k", b"x")
    fake.plan([{"match": {"op": "GetObject", "nth": 1}, "fault": {"status": 503, "code": "SlowDown"}}])
    code = (
        f"{imported}import oarlock; oarlock.open('s3://tests', **{fake.settings()!r}).get('k'); print('got')"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0 and done.stdout.strip() == "got", done.stderr
    assert ("GetObject" in done.stderr) is heard, done.stderr
    assert heard or not done.stderr
