"""The local payload store: one file a payload, named by its content id, checked on every read."""

from __future__ import annotations

import errno
import os
import secrets
import tempfile
import threading
from contextlib import suppress
from pathlib import Path

from cortensor_tui.domain.health import StoreHealth
from cortensor_tui.domain.problems import ProblemError, problem_error
from cortensor_tui.settings.private_folder import make_private_folder
from cortensor_tui.storage.content_id import ContentId, parse_content_id
from cortensor_tui.storage.unixfs import file_id, is_file_of

MAX_PAYLOAD_BYTES = 16 * 1024 * 1024
_PROBE = b"\0" * 4096
Stamp = tuple[int, int, int]
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


class LocalStore:
    """Files in one folder, 0600 in 0700. A payload is on disk, synced, when `put` returns.

    A file has the name that an IPFS node gives its bytes in version 1 of content ids; a link beside it has
    that of version 0, and one more whatever other id the payload was asked for by.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._changing = threading.Lock()  # what is put on one thread is not dropped on another meanwhile

    def put(self, data: bytes, asked_as: str | None = None) -> str:
        """Keep the bytes and return their content id. Raises `ProblemError` when the disk refuses.

        `asked_as` is another id of theirs, checked by the caller, by which they are found from now on.
        """
        if len(data) > MAX_PAYLOAD_BYTES:
            raise problem_error(
                "payload_too_large", f"A payload of {len(data)} bytes is over the limit of 16 MiB"
            )
        cid = str(file_id(data))
        others = {str(file_id(data, version=0)), *([str(_parsed(asked_as))] if asked_as else [])} - {cid}
        try:
            make_private_folder(self._folder)
            with self._changing:
                is_new = self._write(cid, data)
                is_named = [self._link(other, cid) for other in sorted(others)]
                if is_new or any(is_named):
                    self._sync_names()
        except OSError as error:
            raise self._unwritable(error) from error
        return cid

    def get(self, cid: str) -> bytes:
        """Return the payload. Raises `ProblemError` when it is absent or its bytes do not match its id."""
        data = self.read_unchecked(cid)
        if not self.is_of(cid, data):
            raise problem_error(
                "payload_damaged",
                f"The payload {cid} does not match its content id",
                "the file was changed or damaged",
                "Restore it from a backup; it is not used",
            )
        return data

    def use(self, cid: str) -> bytes:
        """Return the payload as `get` does, and keep it on as if it were put now."""
        with self._changing:
            data = self.get(cid)
            with suppress(OSError):  # where nothing can be written, nothing is dropped either
                os.utime(self._path(cid))
        return data

    def is_of(self, cid: str, data: bytes) -> bool:
        """Tell whether a content id is one of these bytes: by itself, or by what it was fetched as.

        A tree that somebody else cut in another way was checked block by block when it was fetched. The link
        then leads to the id that was reckoned here, and the bytes must be those of that one.
        """
        content_id = _parsed(cid)
        if is_file_of(content_id, data):
            return True
        with suppress(OSError, ValueError):
            return is_file_of(parse_content_id(os.readlink(self._folder / str(content_id))), data)
        return False

    def stamp(self, cid: str) -> Stamp | None:
        """Return what changes when the payload's file does, None where there is none."""
        try:
            found = self._path(cid).stat()
        except (OSError, ProblemError):
            return None
        return found.st_ino, found.st_mtime_ns, found.st_size

    def read_unchecked(self, cid: str) -> bytes:
        """Return the file's bytes as they are, for whoever checks them. Raises `ProblemError` when absent."""
        path = self._path(cid)
        try:
            with path.open("rb") as file:
                size = os.fstat(file.fileno()).st_size  # a read makes room for all that it is allowed
                return file.read(min(size, MAX_PAYLOAD_BYTES) + 1)  # a longer file was never put here
        except FileNotFoundError as error:
            why = "it was deleted, or is not fetched yet"
            raise problem_error("payload_missing", f"The payload {cid} is not in the store", why) from error
        except OSError as error:
            raise problem_error("payload_missing", f"The payload {cid} cannot be read", str(error)) from error

    def id_of(self, cid: str, data: bytes) -> str:
        """Return the content id that bytes have: the one they are kept by where they match it."""
        return cid if self.is_of(cid, data) else str(file_id(data))

    def drop(self, cid: str, unused_since: float) -> bool:
        """Delete a payload unless it was put or used after `unused_since`, unix seconds; tell whether it was.

        Another node with the same data folder may have put it too. Raises `ProblemError` as `put` does.
        """
        path = self._path(cid)
        try:
            with self._changing:
                target = self._folder / (os.readlink(path) if path.is_symlink() else path.name)
                older_name = file_id(target.read_bytes(), version=0)
                if target.stat().st_mtime > unused_since:
                    return False
                target.unlink()
                for name in (path, self._folder / str(older_name)):
                    name.unlink(missing_ok=True)
        except FileNotFoundError:
            return False
        except OSError as error:
            raise self._unwritable(error) from error
        return True

    def health(self) -> StoreHealth:
        """Tell whether the folder can be written, by writing to it."""
        try:
            make_private_folder(self._folder)
            with tempfile.TemporaryFile(dir=self._folder) as file:
                file.write(_PROBE)  # a full disk still takes an empty file
                file.flush()
            error = ""
        except OSError as failure:
            error = failure.strerror or str(failure)
        return StoreHealth(kind="local", location=str(self._folder), is_writable=not error, error=error)

    def _path(self, cid: str) -> Path:
        return self._folder / str(_parsed(cid))

    def _unwritable(self, error: OSError) -> ProblemError:
        is_full = error.errno in _FULL
        return problem_error(
            "store_unwritable",
            f"The payload store {self._folder} {'is full' if is_full else 'cannot be written'}",
            error.strerror or str(error),
            "Free disk space" if is_full else "Free disk space or mend the folder's rights",
        )

    def _write(self, name: str, data: bytes) -> bool:
        """Write a payload unless it is there; tell whether it was written."""
        path = self._folder / name
        with suppress(OSError):
            if path.read_bytes() == data:  # a damaged one is written anew
                os.utime(path)  # it is used again
                return False
        handle, new = tempfile.mkstemp(dir=self._folder, prefix=".new-")  # mkstemp makes it 0600
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            Path(new).replace(path)
        except BaseException:
            Path(new).unlink(missing_ok=True)
            raise
        return True

    def _link(self, name: str, target: str) -> bool:
        """Give a payload another name unless it has it; tell whether it was given."""
        path = self._folder / name
        if path.exists():
            return False
        new = (
            self._folder / f".new-{secrets.token_hex(8)}"
        )  # another node with this folder may be about it too
        new.symlink_to(target)
        new.replace(path)  # which may lead to a file that is gone
        return True

    def _sync_names(self) -> None:
        """Wait until the names are on disk as well as the bytes."""
        folder = os.open(self._folder, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def _parsed(cid: str) -> ContentId:
    try:
        return parse_content_id(cid)
    except ValueError as error:
        raise problem_error("bad_cid", "A content id has the wrong form", f"{cid[:80]}: {error}") from error
