"""What a person may set about the dashboard itself."""

from __future__ import annotations

import locale
from collections.abc import Mapping
from pathlib import Path

import msgspec


class Options(msgspec.Struct, frozen=True, kw_only=True):
    """How the dashboard looks and where its own files are.

    `theme` is what the settings name, None where they name none. `folder` holds keys.toml, themes/ and
    dashboard.toml; None means that nothing is read or kept. `exports` is where lists are written to, None
    where they cannot be.
    """

    theme: str | None = None
    folder: Path | None = None
    exports: Path | None = None
    is_ascii: bool = False
    has_title: bool = False
    mouse: bool | None = None


def wants_ascii(choice: str, environ: Mapping[str, str]) -> bool:
    """Tell whether to draw in ASCII alone: as chosen, or where the locale is known not to be UTF-8."""
    if choice != "auto":
        return choice == "1"
    named = next((environ[key] for key in ("LC_ALL", "LC_CTYPE", "LANG") if environ.get(key)), "")
    if not named:
        return "utf" not in locale.getpreferredencoding(False).lower()
    return "utf" not in named.lower()


def wants_mouse(choice: bool | None, environ: Mapping[str, str]) -> bool:
    """Tell whether to take the mouse: over SSH it costs bytes and takes the terminal's selection away."""
    return choice if choice is not None else "SSH_CONNECTION" not in environ
