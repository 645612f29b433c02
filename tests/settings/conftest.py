"""A settings file that is as short as a usable one can be."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from cortensor_tui.settings import SettingNote, Settings

PRIVATE_KEY = "0x" + "4c" * 32
LEAST = {"HOST": "http://127.0.0.1:8545", "CHAINID": "31337", "NODE_PRIVATE_KEY": PRIVATE_KEY}


def odd_notes(settings: Settings) -> list[SettingNote]:
    """Return the notes without the warning that the file of these tests always earns: its plain key."""
    return [note for note in settings.notes if "key in plain text" not in note.text]


WriteEnv = Callable[..., Path]


@pytest.fixture
def write_env(tmp_path: Path) -> WriteEnv:
    """Write a settings file from lines of text, after the least that one needs unless `least` is off."""

    def write(*lines: str, least: bool = True) -> Path:
        path = tmp_path / "node.env"
        base = [f"{key}={value}" for key, value in LEAST.items()] if least else []
        path.write_bytes("\n".join([*base, *lines, ""]).encode())
        path.chmod(0o600)
        return path

    return write
