"""Server-Sent Events as model servers write them: from bytes, however they are cut, to each event's data."""

from __future__ import annotations

from collections.abc import Iterator

from cortensor_tui.inference.openai_http.faults import Fault, ServerError

MAX_EVENT_BYTES = 4 * 1024 * 1024
"""More than any answer that fits into a context; a server that sends it whole sends one event."""

_LINE_BYTES = 64  # what an empty line costs here
# "error" is no field of the standard; llama-server wrote one until late 2025.
_FIELDS_WITH_DATA = (b"data", b"error")


class EventReader:
    """Gathers bytes until events are whole. Raises `ServerError` "garbled" for one beyond all measure."""

    def __init__(self) -> None:
        self._rest = bytearray()
        self._searched = 0
        self._data: list[bytes] = []
        self._data_bytes = 0

    def feed(self, piece: bytes) -> Iterator[bytes]:
        """Take the next bytes, and yield the data of each event that they complete."""
        self._rest += piece
        while (end := self._rest.find(b"\n", self._searched)) >= 0:
            line = bytes(self._rest[:end]).removesuffix(b"\r")
            del self._rest[: end + 1]
            self._searched = 0
            if (data := self._take(line)) is not None:
                yield data
        self._searched = len(self._rest)
        self._check(self._searched)

    def close(self) -> Iterator[bytes]:
        """Yield what came last, where the server left out the line that ends it."""
        for line in (bytes(self._rest).removesuffix(b"\r"), b""):
            if (data := self._take(line)) is not None:
                yield data
        self._rest.clear()

    def _take(self, line: bytes) -> bytes | None:
        """Return the event's data where this line ends an event."""
        if not line:
            data, self._data, self._data_bytes = self._data, [], 0
            return b"\n".join(data) if data else None
        name, _, value = line.partition(b":")
        if name in _FIELDS_WITH_DATA:
            self._data.append(value.removeprefix(b" "))
            self._data_bytes += len(value) + _LINE_BYTES
            self._check(self._data_bytes)
        return None  # a comment keeps the connection open; no other field matters here

    def _check(self, size: int) -> None:
        if size > MAX_EVENT_BYTES:
            raise ServerError(
                Fault.GARBLED, f"it sent an event of more than {MAX_EVENT_BYTES // 1024**2} MiB"
            )
