"""fsspec's callbacks, from oarlock's progress functions."""

from collections import deque

from fsspec.callbacks import DEFAULT_CALLBACK, Callback


def watches(callback):
    """Whether a callback wants to see the bytes of every file, not only how many files are done."""
    cls = type(callback)
    return cls.branch is not Callback.branch or cls.branched is not Callback.branched


def report(callback):
    """A progress function that passes bytes to a callback; None if nobody looks."""
    if callback is DEFAULT_CALLBACK:
        return None

    def progress(done, total):
        if total is not None and total != callback.size:
            callback.set_size(total)
        callback.absolute_update(done)

    return progress


class Children:
    """The callbacks of single files below that of all, which counts the files; they end in order."""

    def __init__(self, callback):
        self._callback = callback
        self._begun = deque()

    def begin(self, source, target):
        """The progress function of one file."""
        child = self._callback.branched(source, target)
        self._begun.append(child)
        return report(child.__enter__())

    def end(self):
        """The file that began first is done."""
        self._begun.popleft().__exit__(None, None, None)
        self._callback.relative_update()
