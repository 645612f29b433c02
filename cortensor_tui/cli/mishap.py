"""What nobody foresaw: the trace goes to a file, the person gets a sentence."""

from __future__ import annotations

import os
import traceback
from datetime import UTC, datetime
from pathlib import Path

import platformdirs

from cortensor_tui.domain.problems import Problem
from cortensor_tui.settings.private_folder import make_private_folder

_MAX_LOG_BYTES = 1024 * 1024


def unforeseen(error: Exception) -> Problem:
    """Write the trace to the command line's log and return the problem that names it."""
    log = platformdirs.user_state_path("cortensor-tui") / "command-line.log"
    try:
        _append(log, "".join(traceback.format_exception(error)))
        where = f"The details are in {log}"
    except OSError:
        where = "The details could not be written; CORTENSOR_TUI_DEBUG=1 shows them"
    return Problem(
        code="unforeseen",
        what=f"The command failed in a way nobody foresaw ({type(error).__name__})",
        why=str(error)[:300],
        remedy=f"{where}. Please report it with them",
    )


def _append(log: Path, trace: str) -> None:
    make_private_folder(log.parent)
    is_full = log.exists() and log.stat().st_size > _MAX_LOG_BYTES
    flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | (os.O_TRUNC if is_full else 0)
    with os.fdopen(os.open(log, flags, 0o600), "w", encoding="utf-8", errors="replace") as stream:
        stream.write(f"{datetime.now(UTC).isoformat(timespec='seconds')}\n{trace}\n")
