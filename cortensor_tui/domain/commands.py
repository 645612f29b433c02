"""Commands of this program as a person types them, for what to do about a problem."""

from __future__ import annotations

import shlex
from pathlib import Path

from cortensor_tui.domain.inert import inert

DEFAULT_SETTINGS = Path("~/.cortensor/.env")  # where cortensord has it
MOST_PATH_CHARS = 400


def command_for(settings_path: Path | None, words: str = "") -> str:
    """Return a command for the node of these settings, which it need not name where they are the default.

    `FILE` stands where they are not known.
    """
    if settings_path is not None and settings_path.expanduser() == DEFAULT_SETTINGS.expanduser():
        return f"cortensor-tui {words}".rstrip()
    named = "FILE" if settings_path is None else shlex.quote(_shown(settings_path))
    return " ".join(part for part in ("cortensor-tui", words, "--env", named) if part)


def _shown(path: Path) -> str:
    return inert(str(path.expanduser()), MOST_PATH_CHARS)  # a shell leaves ~ alone between quotes
