"""The command `oarlock`: the verbs of a store for the shell.

Invariant: a command is thin over verbs. Results go to standard output, everything else to standard error. The
exit status is 0 if all was done, 1 if something failed, 2 for a mistake in the command, 130 after Ctrl-C.
"""

import os
import signal
import sys

_BROKEN_PIPE = 128 + signal.SIGPIPE
_INTERRUPTED = 128 + signal.SIGINT
# How long an interrupted command waits for what it undoes on the server, in seconds.
_UNDO = 0.1


def main(arguments=None):
    """Runs a command and returns its exit status."""
    from .. import Error
    from ._parser import parse

    try:
        given = parse(sys.argv[1:] if arguments is None else arguments)
        status = given.run(given)
        sys.stdout.flush()
        return status
    except Error as error:
        print(f"oarlock: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return _interrupted()
    except BrokenPipeError:
        # The reader of the output has gone. What is still buffered must not fail once more at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return _BROKEN_PIPE
    except OSError as error:
        print(f"oarlock: {error}", file=sys.stderr)
        return 1


def _interrupted():
    """Ends the process: an exit in order would wait for threads and buffers that nobody needs any more."""
    from .. import _native

    if not _native.drain(_UNDO):
        print(
            "oarlock: interrupted; an upload may be unfinished: `oarlock abort-uploads` frees it",
            file=sys.stderr,
        )
    sys.stderr.flush()
    os._exit(_INTERRUPTED)
