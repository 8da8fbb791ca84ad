"""File objects over a store: a seekable reader and an all-or-nothing writer.

Invariant: a reader reads one version of the object: every request carries the ETag from opening, and a change
raises `ChangedError`. It returns the last byte only after the whole object was checked. A writer stores its
object at an orderly `close` and never otherwise. No other file of this package names options.
"""

import io
import warnings

from .errors import (
    AlreadyExistsError,
    ChangedError,
    CorruptError,
    DecryptError,
    ForkedError,
    InvalidInputError,
    KeyCommitmentError,
    PreconditionError,
    ServiceError,
    _restated,
)

#: Bytes that the reader reads ahead, and that the writer gathers before it sends them.
BUFFER = 1 << 20

#: A seek forward by at most so many bytes reads on instead of sending a new request.
SKIP = 1 << 20

#: Bytes by which an estimated size may be wrong: one block of AES.
PADDING = 16


def open_object(store, key, mode, options, meta=None):
    """The file object for one of the modes; `meta` is the metadata of an object that is known already."""
    if mode == "rb":
        return BufferedObject(Reader(store, key, options, meta), BUFFER)
    if mode == "wb":
        return Writer(store, key, options, exclusive=False)
    if mode == "xb":
        return Writer(store, key, {**options, "if_none_match": "*"}, exclusive=True)
    raise InvalidInputError(f"the mode is rb, wb or xb, not {mode!r}; io.TextIOWrapper makes text of it")


def refuse_range(options):
    """Raises if the options of a reader name a range."""
    if options.get("range") is not None:
        raise InvalidInputError("a file object takes no `range`; seek in it instead")


def exists_already(error):
    """The exception of an exclusive write whose condition did not hold."""
    return _restated(AlreadyExistsError, "an object of this key exists already", error)


class BufferedObject(io.BufferedReader):
    """Reads an object through a buffer.

    If the check fails, the read that would return the last byte raises. `Reader` returns that byte
    separately, so that this buffer, which reads ahead, does not fail earlier. Methods that make one raw read
    also read the last byte if there is room.
    """

    def read1(self, size=-1):
        data = super().read1(size)
        if data and not 0 <= size <= len(data) and self._before_last():
            data += super().read1(1)
        return data

    def readinto1(self, buffer):
        with memoryview(buffer).cast("B") as into:
            count = super().readinto1(into)
            if 0 < count < len(into) and self._before_last():
                count += super().readinto1(into[count:])
        return count

    def _before_last(self):
        return self.tell() == self.raw.size - 1


class Reader(io.RawIOBase):
    """Reads an object. Sequential reads share one request; a seek starts another.

    A stream from the first byte is checked as `get` does. If the bytes are wrong, the read that would return
    the last byte raises instead, and so does every later read until the next seek. A stream that starts after
    a seek is a range, which can't be checked. An encrypted object is fetched whole, once, and verified before
    the first byte is returned, also after a seek.
    """

    def __init__(self, store, key, options, meta=None):
        refuse_range(options)
        self._store, self.name, self._options = store, key, dict(options)
        self.mode = "rb"
        if meta is None:
            known = {name for name, *_ in type(store).head.options}
            meta = store.head(key, **{name: value for name, value in options.items() if name in known})
        #: The object's metadata, as it was at opening.
        self.meta = meta
        if self.meta.size is None:
            raise ServiceError(
                "the server does not send the object's size, which a reader needs; fetch it with `get`",
                key=key,
            )
        #: The content's size; where `head` could only estimate it, the stream's end corrects it.
        self.size = self.meta.size
        self._estimated = self.meta.size_estimated
        # Whether `size` alone decides that nothing is left. Otherwise the stream's end decides: an encrypted
        # object that is empty, or cut to less than its tag, fails there.
        self._settled = self.size > 0 and not self._estimated
        self._at = 0
        self._call = None
        self._chunk = memoryview(b"")
        self._failed = None

    def readable(self):
        return True

    def seekable(self):
        return True

    def tell(self):
        self._check()
        return self._at

    def seek(self, offset, whence=io.SEEK_SET):
        self._check()
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self.size}.get(whence)
        if base is None or base + offset < 0:
            raise InvalidInputError(f"cannot seek to {offset} from {whence}")
        target = base + offset
        ahead = target - self._at
        if 0 <= ahead <= len(self._chunk):
            self._chunk = self._chunk[ahead:]
        elif self._call is not None and 0 < ahead <= SKIP and target < self.size:
            self._skip(ahead)
        else:
            self._stop()
        self._at = target
        return target

    def readinto(self, buffer):
        self._check()
        with memoryview(buffer).cast("B") as into:
            if not self._chunk and not self._fetch(len(into)):
                return 0
            count = min(len(into), len(self._chunk))
            into[:count] = self._chunk[:count]
        self._chunk = self._chunk[count:]
        self._at += count
        return count

    def close(self):
        if not self.closed:
            self._stop()
        super().close()

    def _check(self):
        if self.closed:
            raise ValueError("I/O operation on a closed file")

    def _stop(self):
        if self._call is not None:
            self._call.cancel()
        self._call = None
        self._chunk = memoryview(b"")
        self._failed = None

    def _skip(self, count):
        while count > 0:
            if not self._chunk and not self._fetch(count):
                return
            step = min(count, len(self._chunk))
            self._chunk = self._chunk[step:]
            count -= step
            self._at += step

    def _fetch(self, wanted):
        """Takes the next chunk of the stream; false at the object's end."""
        if self._failed is not None:
            raise self._failed
        # A seek to the end or beyond sends no request.
        is_over = self._settled or (self._call is None and self._at > 0)
        if wanted == 0 or (is_over and self._at >= self.size):
            return False
        try:
            if self._call is None:
                self._call = self._begin()
            try:
                step, chunk = self._call.step()
            except ForkedError:
                # That stream is the parent's; this process requests the rest itself.
                self._call = self._begin()
                step, chunk = self._call.step()
            chunk = memoryview(chunk if step == "chunk" else b"")
            if step == "done" or (not self._estimated and self._at + len(chunk) >= self.size):
                self._finish(step, self._at + len(chunk))
            self._chunk = chunk
            return len(chunk) > 0
        except PreconditionError as error:
            self._call = None
            self._failed = _restated(
                ChangedError, "the object changed while it was read; open it again", error
            )
            raise self._failed from error
        except (CorruptError, DecryptError, KeyCommitmentError, ChangedError) as error:
            # A later read must not skip the last bytes and take the object for complete.
            self._failed = error
            raise

    def _finish(self, step, end):
        """Takes the stream's result before its last bytes are returned; they end at this byte."""
        call, self._call = self._call, None
        if step == "chunk" and call.step()[0] == "chunk":
            call.cancel()
            raise ChangedError("the object is longer than its reported size", key=self.name)
        call.take()
        if abs(end - self.size) > (PADDING if self._estimated else 0):
            # A server ended a response early without an error, or replaced an object that has no ETag.
            why = f"the object ended at byte {end}, but its reported size was {self.size}"
            raise ChangedError(why, key=self.name)
        self.size, self._estimated, self._settled = end, False, True

    def _begin(self):
        options = {"whole": True, **self._options}
        if self.meta.etag is not None:
            options["if_match"] = self.meta.etag
        if self.meta.version_id is not None:
            options["version_id"] = self.meta.version_id
        if self._at:
            options["range"] = f"{self._at}-"
        return self._store._native.start("get", {**options, "key": self.name, "into": ...})


class Writer(io.BufferedIOBase):
    """Writes an object, which appears at an orderly `close`. `reply` is then the reply of `put`."""

    def __init__(self, store, key, options, exclusive):
        self.name, self._exclusive = key, exclusive
        self.mode = "xb" if exclusive else "wb"
        self.reply = None
        self._buffer = bytearray()
        self._count = 0
        self._call = None
        self._call = store._native.start("put", {**options, "key": key, "source": ...})

    def writable(self):
        return True

    def tell(self):
        self._check()
        return self._count

    def write(self, data):
        self._check()
        with memoryview(data) as view:
            count = view.nbytes
            self._buffer += view
        self._count += count
        if len(self._buffer) >= BUFFER:
            self._send()
        return count

    def discard(self):
        """Closes without storing anything."""
        call, self._call = self._call, None
        self._buffer.clear()
        if call is not None:
            call.abandon()
        super().close()

    def close(self):
        if self.closed:
            return
        try:
            if self._buffer:
                self._send()
            if self._await_want():
                self._call.feed()
                self._call.step()
            call, self._call = self._call, None
            self.reply = self._take(call)
        finally:
            self.discard()

    def __exit__(self, kind, *_):
        if kind is None:
            self.close()
        else:
            self.discard()

    def __del__(self):
        call = getattr(self, "_call", None)
        if call is not None:
            call.cancel()
            self._call = None
            warnings.warn(
                f"the writer of {self.name!r} was never closed; nothing was stored",
                ResourceWarning,
                2,
                source=self,
            )

    def _check(self):
        if self.closed:
            raise ValueError("I/O operation on a closed file")

    def _await_want(self):
        """Waits until the call wants bytes; false if it ended instead."""
        return self._call.step()[0] == "want"

    def _send(self):
        if not self._await_want():
            call, self._call = self._call, None
            self._take(call)
            raise InvalidInputError("the upload ended before all bytes were written")
        self._call.feed(bytes(self._buffer))
        self._buffer.clear()

    def _take(self, call):
        try:
            return call.take()
        except PreconditionError as error:
            if not self._exclusive:
                raise
            raise exists_already(error) from error
