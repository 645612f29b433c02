"""A server's access token in a file."""

from __future__ import annotations

from pathlib import Path

from cortensor_tui.domain.problems import problem_error
from cortensor_tui.settings.parsers import NotAccepted, parse_token
from cortensor_tui.settings.private_file import read_private_file

_MOST_BYTES = 4096


def read_token_file(path: Path) -> str:
    """Return the token in a file, without white space around it. Raises `ProblemError`."""
    raw = read_private_file(path, "The access token file", _MOST_BYTES)
    text = raw.decode("utf-8", "replace").strip()
    if not text:
        raise problem_error("bad_token", f"The access token file {path} is empty", "", "Put the token there")
    try:
        return parse_token(text).reveal()
    except NotAccepted as error:
        raise problem_error(
            "bad_token",
            f"What is in {path} is no access token",
            f"it {error.what}",
            "Put the token there, alone on one line",
        ) from error
