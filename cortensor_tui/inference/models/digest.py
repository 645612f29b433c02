"""The SHA-256 of a model file, computed once and kept beside it with the size and time it was of."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Callable
from pathlib import Path

import msgspec

_CHUNK_BYTES = 4 * 1024 * 1024
_NOTE_SUFFIX = ".sha256.json"


class _Note(msgspec.Struct, frozen=True):
    """What a file was when its digest was computed last."""

    sha256: str
    file_bytes: int
    modified_ns: int


class DigestGivenUp(Exception):  # noqa: N818 - nothing went wrong
    """Raised where the digest was no longer wanted before it was known."""


def known_sha256(path: Path) -> str | None:
    """Return the digest that is noted beside a file, None where the file is another since. Reads no more."""
    try:
        note = msgspec.json.decode(_note_path(path).read_bytes(), type=_Note)
        status = path.stat()
    except (OSError, ValueError):  # of msgspec's kind, or of UTF-8
        return None
    is_same = (note.file_bytes, note.modified_ns) == (status.st_size, status.st_mtime_ns)
    return note.sha256 if is_same else None


def file_sha256(path: Path, is_given_up: Callable[[], bool] = lambda: False) -> str:
    """Return the digest as noted, or compute it (a second a gigabyte, about) and note it.

    In a folder that cannot be written to nothing is noted, so it is computed each time. Raises OSError, and
    `DigestGivenUp` soon after `is_given_up` gave true.
    """
    known = known_sha256(path)
    if known is not None:
        return known
    before = path.stat()
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK_BYTES):
            if is_given_up():
                raise DigestGivenUp
            digest.update(chunk)
    after = path.stat()
    if (before.st_size, before.st_mtime_ns) == (after.st_size, after.st_mtime_ns):
        note_sha256(path, digest.hexdigest())
    return digest.hexdigest()


def note_sha256(path: Path, sha256: str) -> None:
    """Keep the digest of a file as it is now, where its folder lets that be."""
    status = path.stat()
    note = _Note(sha256, status.st_size, status.st_mtime_ns)
    with contextlib.suppress(OSError):  # then it is computed again next time
        _note_path(path).write_bytes(msgspec.json.encode(note))


def _note_path(path: Path) -> Path:
    return path.with_name(path.name + _NOTE_SUFFIX)
