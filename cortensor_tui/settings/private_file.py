"""Files that hold a secret: read only while nobody else can, written so that nobody else ever could."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

from cortensor_tui.domain.problems import ProblemError, problem_error


def read_private_file(path: Path, what: str, most_bytes: int, *, is_credential: bool = False) -> bytes:
    """Return what a private file of this user holds; `what` names it in problems ("The keystore").

    Refuses links, folders, devices, files of others and files that others can read. A systemd credential
    (`is_credential`) is root's, in a folder that only this service can open, so its owner and mode say
    nothing. Raises `ProblemError` "private_file_missing", "private_file_unsafe" or "private_file_unreadable".
    """
    flags = os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOFOLLOW
    try:
        descriptor = os.open(path, flags)
    except OSError as error:
        raise _cannot_open(path, what, error) from error
    try:
        found = os.fstat(descriptor)
        if not stat.S_ISREG(found.st_mode):
            raise _unsafe(path, what, "it is no plain file", "Name a plain file")
        if not is_credential:
            _require_private(path, what, found)
        with os.fdopen(descriptor, "rb", closefd=False) as stream:
            content = stream.read(most_bytes + 1)
    finally:
        os.close(descriptor)
    if len(content) > most_bytes:
        raise _unsafe(path, what, f"it is bigger than {most_bytes} bytes", "Name another file")
    return content


def write_private_file(path: Path, content: bytes, *, may_replace: bool, mode: int = 0o600) -> None:
    """Write a file whole or not at all, and on disk when this returns.

    `mode` is that of a file it replaces, where others may read that one.
    Raises `ProblemError` "file_exists" unless it may replace one, or "private_file_unwritable".
    """
    partial = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        try:
            with os.fdopen(descriptor, "wb") as stream:
                if mode != 0o600:
                    os.fchmod(descriptor, mode)
                stream.write(content)
                stream.flush()
                os.fsync(stream.fileno())
            if may_replace:
                partial.replace(path)
            else:
                os.link(partial, path)  # unlike a rename, it fails where there is a file
        finally:
            partial.unlink(missing_ok=True)
        _sync_folder(path.parent)
    except FileExistsError as error:
        raise problem_error(
            "file_exists", f"{path} is there already", "it is not overwritten", "Name another file"
        ) from error
    except OSError as error:
        raise problem_error(
            "private_file_unwritable",
            f"{path} cannot be written",
            error.strerror or str(error),
            "Check the folder, its rights and the disk",
        ) from error


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _require_private(path: Path, what: str, found: os.stat_result) -> None:
    if found.st_uid != os.getuid():
        raise _unsafe(path, what, "it belongs to another user", f"Run: chown {os.getuid()} {path}")
    if found.st_mode & 0o077:
        mode = stat.S_IMODE(found.st_mode)
        raise _unsafe(path, what, f"its mode is {mode:04o}, so others may read it", f"Run: chmod 600 {path}")


def _unsafe(path: Path, what: str, why: str, remedy: str) -> ProblemError:
    return problem_error("private_file_unsafe", f"{what} {path} is refused", why, remedy)


def _cannot_open(path: Path, what: str, error: OSError) -> ProblemError:
    if error.errno == errno.ELOOP:
        return _unsafe(path, what, "it is a symbolic link", "Name the file itself")
    if error.errno == errno.ENOENT:
        return problem_error(
            "private_file_missing", f"{what} {path} is not there", "", "Check the path in the settings"
        )
    return problem_error(
        "private_file_unreadable",
        f"{what} {path} cannot be read",
        error.strerror or str(error),
        f"Run: chmod 600 {path}, as the user who owns it",
    )
