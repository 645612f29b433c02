"""Where a node's sockets are, found from its settings file alone: no key, no address, no import cost."""

from __future__ import annotations

import hashlib
import os
import stat
import tempfile
from pathlib import Path

from cortensor_tui.domain.problems import problem_error


def runtime_dir() -> Path:
    """Return this user's short 0700 folder for sockets, made if absent.

    Raises `ProblemError` when the folder exists but belongs to someone else or is open to others.
    """
    base = os.environ.get("XDG_RUNTIME_DIR")
    folder = (
        Path(base) / "cortensor-tui"
        if base and Path(base).is_dir()
        else Path(tempfile.gettempdir()) / f"cortensor-tui-{os.getuid()}"
    )
    folder.mkdir(mode=0o700, exist_ok=True)
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid() or found.st_mode & 0o077:
        raise problem_error(
            "unsafe_runtime_dir",
            f"The folder for sockets, {folder}, is not private to this user",
            "it must be a folder of yours with mode 0700",
            f"Remove it, or run: chmod 700 {folder}",
        )
    return folder


def socket_path(settings_path: Path) -> Path:
    """Return the socket that takes commands. 16 hex digits keep it far below the 108 bytes allowed."""
    name = hashlib.sha256(os.fsencode(settings_path.expanduser().resolve())).hexdigest()[:16]
    return runtime_dir() / f"{name}.sock"


def viewer_socket_path(settings_path: Path) -> Path:
    """Return the socket for readers: no commands, no payloads."""
    return socket_path(settings_path).with_suffix(".view.sock")
