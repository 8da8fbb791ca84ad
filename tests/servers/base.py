"""What every server needs: free ports, a child that dies with its parent, and waiting for an answer with a
deadline."""

import ctypes
import signal
import socket
import subprocess
import time

PR_SET_PDEATHSIG = 1


class ServerFailed(Exception):
    """The server did not come up; the message ends with what it wrote."""


def free_ports(count):
    """So many ports that nobody holds now; all are bound at once, so that they differ."""
    sockets = []
    try:
        for _ in range(count):
            sockets.append(socket.socket())
            sockets[-1].bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]
    finally:
        for each in sockets:
            each.close()


def _die_with_parent():
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def spawn(command, **options):
    """Starts a child that is killed when this process ends, even by a crash."""
    return subprocess.Popen([str(word) for word in command], preexec_fn=_die_with_parent, **options)


def wait_until(ready, process, log, seconds=60):
    """Calls `ready` until it returns true. A dead process or the deadline is `ServerFailed` with the end of
    its log."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise ServerFailed(f"{process.args[0]} ended with {process.returncode}:\n{_tail(log)}")
        if ready():
            return
        time.sleep(0.05)  # between two questions, not instead of one
    raise ServerFailed(f"{process.args[0]} did not answer within {seconds} s:\n{_tail(log)}")


def _tail(log):
    return "\n".join(log.read_text(errors="replace").splitlines()[-20:])


def kill(process):
    """Ends a child for certain and collects it."""
    process.kill()
    process.wait()
