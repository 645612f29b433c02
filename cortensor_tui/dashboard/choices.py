"""What a person chose in the dashboard itself, kept beside the key file for the next time."""

from __future__ import annotations

import os
from pathlib import Path

import msgspec

from cortensor_tui.dashboard.toml_file import TomlFileError, read_toml
from cortensor_tui.settings.private_folder import make_private_folder

FILE_NAME = "dashboard.toml"
_HEAD = "# Kept by the dashboard. Settings win over it.\n"


class Choices(msgspec.Struct, frozen=True):
    """What was chosen; None where nothing was."""

    theme: str | None = None


def load_choices(folder: Path | None) -> tuple[Choices, str]:
    """Return what was kept, and a sentence where the file cannot be used."""
    if folder is None or not (folder / FILE_NAME).exists():
        return Choices(), ""
    try:
        file = read_toml(folder / FILE_NAME)
    except TomlFileError as error:
        return Choices(), str(error)
    theme = file.content.get("theme")
    if theme is not None and not isinstance(theme, str):
        return Choices(), file.fault("theme", "theme is a name between quotes")
    return Choices(theme=theme), ""


def keep_choices(folder: Path, choices: Choices) -> None:
    """Write the choices, all at once or not at all. Raises `OSError`."""
    make_private_folder(folder)
    text = _HEAD + ("" if choices.theme is None else f"theme = {_quoted(choices.theme)}\n")
    fresh = folder / f".{FILE_NAME}.{os.getpid()}"
    fresh.write_text(text, "utf-8")
    fresh.replace(folder / FILE_NAME)


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
