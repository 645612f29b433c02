"""Themes: one TOML file each, with roles instead of places."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from textual.color import Color, ColorParseError
from textual.theme import Theme

from cortensor_tui.dashboard.contrast import contrast_faults
from cortensor_tui.dashboard.toml_file import TomlFile, TomlFileError, read_toml

DEFAULT_THEME = "harbour"
PLAIN_THEME = "terminal"
"""The one that leaves colors to the terminal, and the only one that makes sense without any."""
TERMINALS_OWN = "ansi_default"
"""The color that a terminal has by itself. As the cursor's: what it is on is reversed."""
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
_SETTINGS = ("colors", "dark", "ansi")
_PACKAGED = Path(__file__).parent.parent / "themes"
_CHECKOUT = Path(__file__).parent.parent.parent / "themes"


def shipped_folder() -> Path:
    """Return where the themes that come with the program are: in the wheel, or in the checkout."""
    return _PACKAGED if _PACKAGED.is_dir() else _CHECKOUT


def load_themes(folders: Iterable[Path]) -> tuple[list[Theme], list[str]]:
    """Return all themes of the folders, later ones winning by name, and a sentence for each fault.

    A file with a mistake is left out; a theme that can hardly be read is taken all the same.
    """
    themes: dict[str, Theme] = {}
    faults: list[str] = []
    for folder in folders:
        for path in sorted(folder.glob("*.toml"), key=lambda path: path.stem):
            try:
                themes[path.stem], poor = read_theme(path)
                faults += poor
            except TomlFileError as error:
                faults.append(str(error))
    return list(themes.values()), faults


def load_theme(path: Path) -> Theme:
    """Return one theme, named as its file. Raises `TomlFileError`, with the line of what is wrong."""
    return read_theme(path)[0]


def read_theme(path: Path) -> tuple[Theme, list[str]]:
    """Return one theme, and a sentence for each role of poor contrast. Raises as `load_theme` does."""
    file = read_toml(path)
    colors = file.content.get("colors")
    if not isinstance(colors, dict):
        raise TomlFileError(f"{path.name}: has no [colors]")
    _check(file, colors)
    return _theme(file, colors), contrast_faults(file, colors)


def _theme(file: TomlFile, colors: dict[str, Any]) -> Theme:
    own = {role: colors[role] for role in EXTRA_ROLES}
    return Theme(
        name=file.path.stem,
        dark=file.content.get("dark", True),
        ansi=file.content.get("ansi", False),
        variables={**own, **_derived(colors)},
        **{role: colors[role] for role in ROLES},
    )


def _check(file: TomlFile, colors: dict[str, Any]) -> None:
    known = (*ROLES, *EXTRA_ROLES)
    for key, value in file.content.items():
        if key not in _SETTINGS:
            raise TomlFileError(file.fault(key, f"{key} is unknown; known are {', '.join(_SETTINGS)}"))
        if key != "colors" and not isinstance(value, bool):
            raise TomlFileError(file.fault(key, f"{key} is true or false"))
    for role, value in colors.items():
        if role not in known:
            what = f"{role} is no role; known are {', '.join(known)}"
            raise TomlFileError(file.fault(f"colors.{role}", what))
        try:
            Color.parse(str(value))
        except ColorParseError as error:
            what = f"{role} = {value!r} is no color, such as #6cb6e0 or ansi_blue"
            raise TomlFileError(file.fault(f"colors.{role}", what)) from error
    if missing := [role for role in known if role not in colors]:
        raise TomlFileError(file.fault("colors", f"[colors] is missing {', '.join(missing)}"))


def _derived(colors: dict[str, str]) -> dict[str, str]:
    """Return Textual's detail colors, so that its own widgets look like ours."""
    is_reversed = colors["cursor"] == TERMINALS_OWN  # which Textual's lists cannot do
    return {
        "block-cursor-background": colors["primary" if is_reversed else "cursor"],
        "block-cursor-foreground": "ansi_bright_white" if is_reversed else colors["foreground"],
        "block-cursor-text-style": "none",
        "border": colors["accent"],
        "border-blurred": colors["rule"],
        "input-cursor-background": colors["foreground"],
        "input-cursor-text-style": "none",  # its ground says it; without colors that is reversed
        "input-selection-background": f"{colors['accent']} 35%",
        "ansi-background": colors["background"],
        "ansi-foreground": colors["foreground"],
        "footer-key-foreground": colors["accent"],
        "button-focus-text-style": "bold reverse",
    }
