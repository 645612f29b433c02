"""One model file from a web address: resumed where it stopped, bounded, and taken only by its SHA-256."""

from __future__ import annotations

import fcntl
import hashlib
import http.client
import os
import re
import shutil
import ssl
import urllib.error
import urllib.request
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import IO
from urllib.parse import unquote, urlsplit

import msgspec

from cortensor_tui.domain.problems import ProblemError, problem_error
from cortensor_tui.inference.models.digest import known_sha256, note_sha256
from cortensor_tui.inference.models.gguf import check_gguf
from cortensor_tui.settings import mask_url

OnProgress = Callable[[int, int | None], None]
"""Told the bytes done and the bytes in all, None where the server does not tell."""

SHA256 = re.compile(r"[0-9a-f]{64}")
_FILE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+-]{0,180}\.gguf")
_CHUNK_BYTES = 1024 * 1024
_SILENCE_S = 30.0
_RANGE_NOT_SATISFIABLE, _PARTIAL = 416, 206
_SPARE_BYTES = 256 * 2**20
_LINE_ERRORS = (
    urllib.error.URLError,
    http.client.HTTPException,
    TimeoutError,
    ConnectionError,
    ssl.SSLError,
    ValueError,  # of a redirect to what is no address
)
_PASSING = (408, 425, 429)  # time ran out, too early, too many: the server may answer otherwise later
_GO_ON = "Run it again: it goes on where it stopped"
_AGAIN = "Check the address and the network, then run it again"
_WRONG_ADDRESS = "Check the address; a file that needs a login is fetched with its site's own tools"


class ModelSource(msgspec.Struct, frozen=True, kw_only=True):
    """Where a file comes from and what it must be; `most_bytes` is the most to take."""

    url: str
    sha256: str
    most_bytes: int

    @property
    def file_name(self) -> str:
        """Return the name that the address ends in. Raises `ProblemError` where it is none of a model."""
        try:
            name = unquote(urlsplit(self.url).path.rpartition("/")[2])
        except ValueError:
            name = ""
        if not _FILE_NAME.fullmatch(name):
            raise problem_error(
                "model_fetch_failed",
                "The address does not end in the name of a GGUF file",
                f"it is {mask_url(self.url)}",
                "Give the address of the file itself, ending in .gguf",
            )
        return name


def fetch_from_url(source: ModelSource, folder: Path, on_progress: OnProgress) -> Path:
    """Return the file's path in `folder`, under its name only once it is whole and its digest is right.

    What has come of it stays beside it when this ends early, and the next call goes on there. Raises
    `ProblemError` "model_fetch_failed", "model_too_large", "model_digest_differs", "disk_full", and those of
    `check_gguf` where it is no model.
    """
    target = folder / source.file_name
    if known_sha256(target) == source.sha256:
        return target
    if target.exists():
        raise problem_error(
            "model_fetch_failed",
            f"There is another file {target.name} in {folder}",
            "its SHA-256 is not known to be the one that was asked for",
            "Move it away, or use it as it is" if _is_model(target) else "Move it away: it is no whole model",
        )
    # Named by its digest: what is found there is always the start of the very same bytes.
    partial = folder / f".{source.sha256[:16]}.part"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with partial.open("ab") as output:
            _require_alone(output, partial)
            _Fetch(source, output, on_progress).run()
            output.flush()
            os.fsync(output.fileno())
            _take(partial, target, source)  # under the lock: nobody else may empty what becomes the model
    except OSError as error:
        raise problem_error(
            "model_fetch_failed",
            f"The model could not be written to {folder}",
            error.strerror or str(error),
            "Check the folder's permissions and the space on its disk",
        ) from error
    return target


def _words_of(reason: object) -> str:
    """Return what went wrong on the line, without the number that the system has for it."""
    return (isinstance(reason, OSError) and reason.strerror) or str(reason) or type(reason).__name__


def _is_model(path: Path) -> bool:
    try:
        check_gguf(path)
    except ProblemError:
        return False
    return True


def _require_alone(output: IO[bytes], partial: Path) -> None:
    """Hold the file until it is closed. One that was taken or deleted since it was opened is another's."""
    try:
        fcntl.flock(output, fcntl.LOCK_EX | fcntl.LOCK_NB)
        is_same = os.path.samestat(os.fstat(output.fileno()), partial.stat())
    except OSError:
        is_same = False
    if not is_same:
        raise problem_error(
            "model_fetch_failed", "This model is being fetched already", "", "Wait for that to end"
        )


def _take(partial: Path, target: Path, source: ModelSource) -> None:
    with partial.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    if digest != source.sha256:
        partial.unlink()
        raise problem_error(
            "model_digest_differs",
            "What was fetched is not what was asked for, and is thrown away",
            f"its SHA-256 is {digest}, expected was {source.sha256}",
            "Check address and digest",
        )
    try:
        check_gguf(partial)
    except ProblemError:
        partial.unlink()
        raise
    partial.replace(target)
    note_sha256(target, digest)


class _Fetch:
    """One request for what is missing of a file, written as it comes."""

    def __init__(self, source: ModelSource, output: IO[bytes], on_progress: OnProgress) -> None:
        self._source = source
        self._output = output
        self._on_progress = on_progress

    def run(self) -> None:
        done = self._output.seek(0, os.SEEK_END)
        headers = {"User-Agent": "cortensor-tui", "Accept-Encoding": "identity"}
        if done:
            headers["Range"] = f"bytes={done}-"
        request = urllib.request.Request(self._source.url, headers=headers)  # noqa: S310 - http and https only
        try:
            with closing(_opener().open(request, timeout=_SILENCE_S)) as response:
                self._write(response, done)
        except urllib.error.HTTPError as error:
            if error.code == _RANGE_NOT_SATISFIABLE and done:
                return  # nothing is missing; its digest says whether that is so
            refuses = error.code // 100 == 4 and error.code not in _PASSING
            remedy = _WRONG_ADDRESS if refuses else self._again()
            # Python's own words for a circle of redirections have several lines.
            reason = "redirections without an end" if error.code // 100 == 3 else error.reason
            raise self._failed(f"the server answered {error.code} {reason}", remedy) from error
        except _LINE_ERRORS as error:
            raise self._failed(_words_of(getattr(error, "reason", error))) from error

    def _write(self, response: http.client.HTTPResponse, done: int) -> None:
        if done and not self._goes_on(response, done):
            self._output.truncate(0)
            done = 0
        length = response.headers.get("Content-Length", "")
        total = done + int(length) if length.isdecimal() and len(length) < 18 else None
        self._require_room(total, done)
        self._on_progress(done, total)
        while chunk := response.read(_CHUNK_BYTES):
            done += len(chunk)
            if done > self._source.most_bytes:
                raise self._too_large(done)
            if total is None:
                self._require_free(_SPARE_BYTES)
            self._output.write(chunk)
            self._on_progress(done, total)
        if total is not None and done < total:
            raise self._failed(f"the connection ended after {done:,} of {total:,} bytes")

    @staticmethod
    def _goes_on(response: http.client.HTTPResponse, done: int) -> bool:
        """Tell whether the server sends what is missing: it may send all of it instead."""
        told = response.headers.get("Content-Range", "")
        return response.status == _PARTIAL and told.startswith(f"bytes {done}-")

    def _require_room(self, total: int | None, done: int) -> None:
        if total is None:
            return
        if total > self._source.most_bytes:
            raise self._too_large(total)
        self._require_free(total - done + _SPARE_BYTES)

    def _require_free(self, needed: int) -> None:
        folder = Path(self._output.name).parent
        free = shutil.disk_usage(folder).free
        if free < needed:
            why = f"{free // 2**20:,} MiB are free in {folder}, {needed // 2**20:,} MiB are needed"
            raise problem_error("disk_full", "There is no room for the model", why, "Free some space")

    def _too_large(self, found_bytes: int) -> ProblemError:
        return problem_error(
            "model_too_large",
            "The file is larger than what was allowed",
            f"it has {found_bytes // 2**20:,} MiB or more, the most is {self._source.most_bytes // 2**20:,}",
            "Allow more with --most-gib",
        )

    def _again(self) -> str:
        """Return what to do about what may pass: it goes on only where something has come already."""
        return _GO_ON if self._output.seek(0, os.SEEK_END) else _AGAIN

    def _failed(self, why: str, remedy: str = "") -> ProblemError:
        what = f"The model could not be fetched from {mask_url(self._source.url)}"
        return problem_error("model_fetch_failed", what, why[:300], remedy or self._again())


def _opener() -> urllib.request.OpenerDirector:
    """Return what speaks HTTP and HTTPS, with the user's proxies; no redirect leads to a file or to FTP."""
    opener = urllib.request.OpenerDirector()
    for handler in (
        urllib.request.ProxyHandler(),
        urllib.request.UnknownHandler(),
        urllib.request.HTTPHandler(),
        urllib.request.HTTPSHandler(),
        urllib.request.HTTPDefaultErrorHandler(),
        urllib.request.HTTPRedirectHandler(),
        urllib.request.HTTPErrorProcessor(),
    ):
        opener.add_handler(handler)
    return opener
