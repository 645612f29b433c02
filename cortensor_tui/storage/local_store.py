"""The local payload store: one file a payload, named by its content id, checked on every read."""

from __future__ import annotations

import os
import re
import tempfile
from pathlib import Path

from cortensor_tui.domain.health import StoreHealth
from cortensor_tui.domain.problems import problem_error
from cortensor_tui.settings.private_folder import make_private_folder
from cortensor_tui.storage.content_id import raw_cid

MAX_PAYLOAD_BYTES = 16 * 1024 * 1024
_PROBE = b"\0" * 4096
_CID = re.compile(r"b[a-z2-7]{58}")


class LocalStore:
    """Files in one folder, 0600 in 0700. A payload is on disk, synced, when `put` returns."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def put(self, data: bytes) -> str:
        """Keep the bytes and return their content id. Raises `ProblemError` when the disk refuses."""
        if len(data) > MAX_PAYLOAD_BYTES:
            raise problem_error(
                "payload_too_large", f"A payload of {len(data)} bytes is over the limit of 16 MiB"
            )
        cid = raw_cid(data)
        try:
            self._write(self._folder / cid, data)
        except OSError as error:
            raise problem_error(
                "store_unwritable",
                f"The payload store {self._folder} cannot be written",
                error.strerror or str(error),
                "Free disk space or mend the folder's rights",
            ) from error
        return cid

    def get(self, cid: str) -> bytes:
        """Return the payload. Raises `ProblemError` when it is absent or its bytes do not match its id."""
        data = self.read_unchecked(cid)
        if raw_cid(data) != cid:
            raise problem_error(
                "payload_damaged",
                f"The payload {cid} does not match its content id",
                "the file was changed or damaged",
                "Restore it from a backup; it is not used",
            )
        return data

    def read_unchecked(self, cid: str) -> bytes:
        """Return the file's bytes as they are, for whoever checks them. Raises `ProblemError` when absent."""
        if not _CID.fullmatch(cid):
            raise problem_error("bad_cid", "A content id has the wrong form", cid[:80])
        try:
            with (self._folder / cid).open("rb") as file:
                size = os.fstat(file.fileno()).st_size  # a read makes room for all that it is allowed
                return file.read(min(size, MAX_PAYLOAD_BYTES) + 1)  # a longer file was never put here
        except OSError as error:
            raise problem_error("payload_missing", f"The payload {cid} cannot be read", str(error)) from error

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

    def _write(self, path: Path, data: bytes) -> None:
        if path.exists():
            return
        make_private_folder(self._folder)
        handle, name = tempfile.mkstemp(dir=self._folder, prefix=".new-")  # mkstemp makes it 0600
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            Path(name).replace(path)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
        folder = os.open(self._folder, os.O_RDONLY)
        try:
            os.fsync(folder)  # the name must last as well as the bytes
        finally:
            os.close(folder)
