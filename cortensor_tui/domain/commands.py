"""Commands of this program as a person types them, for what to do about a problem."""

from __future__ import annotations

import shlex
from pathlib import Path

from cortensor_tui.domain.inert import inert

MOST_PATH_CHARS = 400


def command_for(settings_path: Path | None, words: str = "") -> str:
    """Return a command for the node of these settings; `FILE` stands where they are not known."""
    named = "FILE" if settings_path is None else shlex.quote(_shown(settings_path))
    return " ".join(part for part in ("cortensor-tui", words, "--env", named) if part)


def _shown(path: Path) -> str:
    return inert(str(path.expanduser()), MOST_PATH_CHARS)  # a shell leaves ~ alone between quotes
