"""What the Docker API streams: a container's log in frames, and the progress of a pull in lines of JSON."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from cortensor_tui.domain.inert import inert

_HEADER_BYTES = 8
_LAST_STREAM = 2  # 0 stdin, 1 stdout, 2 stderr
_MOST_LINE_BYTES = 4096
_MOST_LINE_CHARS = 500


class LogFrames:
    """Takes the eight-byte headers out of a container's log.

    Each frame is one byte for the stream, three zeros, a big-endian length and so many bytes. A log that does
    not begin with a header is of a container with a terminal, which has none.
    """

    def __init__(self) -> None:
        self._header = b""
        self._left_bytes = 0
        self._is_raw = False

    def feed(self, chunk: bytes) -> Iterator[bytes]:
        """Yield what the container wrote, in the pieces that came."""
        while chunk:
            if self._is_raw:
                yield chunk
                return
            if self._left_bytes:
                piece, chunk = chunk[: self._left_bytes], chunk[self._left_bytes :]
                self._left_bytes -= len(piece)
                yield piece
                continue
            missing = _HEADER_BYTES - len(self._header)
            self._header, chunk = self._header + chunk[:missing], chunk[missing:]
            if not _may_begin_header(self._header):
                self._is_raw = True
                chunk, self._header = self._header + chunk, b""
            elif len(self._header) == _HEADER_BYTES:
                self._left_bytes = int.from_bytes(self._header[4:], "big")
                self._header = b""


class LogLines:
    """Puts pieces of a log together to inert lines; one that is too long is cut in several."""

    def __init__(self) -> None:
        self._held = b""

    def feed(self, piece: bytes) -> Iterator[str]:
        """Yield the lines that are whole now, empty ones left out."""
        *lines, self._held = (self._held + piece).split(b"\n")
        while len(self._held) > _MOST_LINE_BYTES:
            lines.append(self._held[:_MOST_LINE_BYTES])
            self._held = self._held[_MOST_LINE_BYTES:]
        for line in lines:
            if text := inert(line.decode("utf-8", "replace").strip(), _MOST_LINE_CHARS):
                yield text


class _Detail(msgspec.Struct):
    current: int | float = 0
    total: int | float = 0


class _PullLine(msgspec.Struct, rename="camel"):
    status: str = ""
    id: str = ""
    progress_detail: _Detail | None = None
    error: str = ""


class PullProgress:
    """How far a pull is, from the lines the API sends about each layer."""

    def __init__(self) -> None:
        self._layers: dict[str, tuple[float, float]] = {}
        self.error = ""
        """Why it failed, inert; empty while it has not."""

    def take(self, line: bytes) -> None:
        """Take one line. What is no line of a pull says nothing."""
        try:
            told = msgspec.json.decode(line, type=_PullLine)
        except (msgspec.DecodeError, UnicodeDecodeError):
            return
        if told.error:
            self.error = inert(told.error, _MOST_LINE_CHARS)
        detail = told.progress_detail
        if told.id and detail is not None and detail.total > 0 and told.status.startswith("Download"):
            self._layers[told.id] = (float(detail.current), float(detail.total))
        elif told.id in self._layers and told.status in ("Download complete", "Pull complete"):
            total = self._layers[told.id][1]
            self._layers[told.id] = (total, total)

    @property
    def fraction(self) -> float | None:
        """How much of what was announced has come, 0 to 1; None before anything was."""
        total = sum(total for _, total in self._layers.values())
        return min(1.0, sum(current for current, _ in self._layers.values()) / total) if total else None


def _may_begin_header(begun: bytes) -> bool:
    return begun[0] <= _LAST_STREAM and not any(begun[1:4])
