"""A first run by keys alone: a file of cortensord is taken over, and its key never seen again."""

from __future__ import annotations

import os
import stat
import sys
from pathlib import Path

import pytest

from cortensor_tui.devnet.accounts import user_accounts
from cortensor_tui.settings import load_settings
from tests.terminal import open_terminal

pytestmark = pytest.mark.real

KEY = user_accounts()[3].private_key
PASSWORD = "correct horse battery"
OLD = f"HOST=http://127.0.0.1:9\nCHAINID=31337\nNODE_PRIVATE_KEY={KEY}\nROUTER_X=1\n"


async def test_a_file_is_taken_over_and_no_secret_is_left_in_sight(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = tmp_path / "old.env"
    old.write_text(OLD)
    old.chmod(0o600)
    monkeypatch.setenv("HOME", str(tmp_path))
    async with open_terminal([sys.executable, "-m", "cortensor_tui"], columns=80, rows=24) as terminal:
        await terminal.until("Use a settings file", "NO NODE YET")
        await terminal.step("j", "Enter")
        await terminal.until(" File ")
        await terminal.type(str(old))
        await terminal.until("NODE_PRIVATE_KEY", "(hidden)", "Password")
        await terminal.step("Tab", "Tab")
        await terminal.type(PASSWORD)
        await terminal.step("Tab")
        await terminal.type(PASSWORD)
        screen = await terminal.until("A node that is started answers")
        assert KEY[2:] not in screen
        assert PASSWORD not in screen
        assert not (tmp_path / ".cortensor").exists(), "nothing is written before the last step"
        await terminal.step("Tab", "Tab", "Tab", "Enter")  # the table, the first button, the second
        await terminal.until("No node was started")
        await terminal.press("q")

    path = tmp_path / ".cortensor" / ".env"
    settings = load_settings(path, {})
    assert settings.node_keystore is not None
    for written in (path, settings.node_keystore):
        assert stat.S_IMODE(written.stat().st_mode) == 0o600
    for folder, _, names in os.walk(tmp_path):
        for name in names:
            text = (Path(folder) / name).read_bytes()
            assert PASSWORD.encode() not in text
            assert KEY[2:].encode() not in text or Path(folder) / name == old
