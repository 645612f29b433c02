"""Themes: one TOML file each, with roles instead of places."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from textual.color import Color, ColorParseError
from textual.theme import Theme

DEFAULT_THEME = "harbour"
ROLES = (
    "primary",
    "secondary",
    "accent",
    "foreground",
    "background",
    "surface",
    "panel",
    "success",
    "warning",
    "error",
)
EXTRA_ROLES = ("muted", "rule", "cursor")
"""Roles of our own: secondary text, thin lines, the row under the cursor."""
_MAX_FILE_BYTES = 64 * 1024
_PACKAGED = Path(__file__).parent.parent / "themes"
_CHECKOUT = Path(__file__).parent.parent.parent / "themes"


class ThemeFileError(Exception):
    """A theme file that cannot be used; the text says which and why."""


def shipped_folder() -> Path:
    """Return where the themes that come with the program are: in the wheel, or in the checkout."""
    return _PACKAGED if _PACKAGED.is_dir() else _CHECKOUT


def load_themes(folders: Iterable[Path]) -> tuple[list[Theme], list[str]]:
    """Return all themes of the folders, later ones winning by name, and a sentence for each bad file."""
    themes: dict[str, Theme] = {}
    faults: list[str] = []
    for folder in folders:
        for path in sorted(folder.glob("*.toml")) if folder.is_dir() else ():
            try:
                themes[path.stem] = load_theme(path)
            except ThemeFileError as error:
                faults.append(str(error))
    return list(themes.values()), faults


def load_theme(path: Path) -> Theme:
    """Read one theme; its name is the file's. Raises `ThemeFileError`."""
    try:
        if path.stat().st_size > _MAX_FILE_BYTES:
            raise ThemeFileError(f"{path.name}: larger than {_MAX_FILE_BYTES} bytes")
        content = tomllib.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:  # TOML and UTF-8 errors are ValueErrors
        raise ThemeFileError(f"{path.name}: {error}") from error
    colors = content.get("colors")
    if not isinstance(colors, dict):
        raise ThemeFileError(f"{path.name}: has no [colors]")
    is_ansi = content.get("ansi") is True
    _check(path.name, colors)
    own = {role: colors[role] for role in EXTRA_ROLES}
    return Theme(
        name=path.stem,
        dark=content.get("dark") is not False,
        ansi=is_ansi,
        variables={**own, **_derived(colors)},
        **{role: colors[role] for role in ROLES},
    )


def _check(name: str, colors: dict[str, Any]) -> None:
    known = (*ROLES, *EXTRA_ROLES)
    if missing := [role for role in known if role not in colors]:
        raise ThemeFileError(f"{name}: missing {', '.join(missing)}")
    if unknown := [role for role in colors if role not in known]:
        raise ThemeFileError(f"{name}: unknown {', '.join(unknown)}; known are {', '.join(known)}")
    for role, value in colors.items():
        try:
            Color.parse(value)
        except (ColorParseError, TypeError) as error:
            raise ThemeFileError(f"{name}: {role} = {value!r} is no color") from error


def _derived(colors: dict[str, str]) -> dict[str, str]:
    """Return Textual's detail colors, so that its own widgets look like ours."""
    return {
        "block-cursor-background": colors["cursor"],
        "block-cursor-foreground": colors["foreground"],
        "block-cursor-text-style": "none",
        "border": colors["accent"],
        "border-blurred": colors["rule"],
        "input-cursor-background": colors["foreground"],
        "input-selection-background": f"{colors['accent']} 35%",
        "footer-key-foreground": colors["accent"],
        "button-focus-text-style": "bold reverse",
    }
