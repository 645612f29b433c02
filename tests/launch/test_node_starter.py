"""When the dashboard starts a node by itself: as it opens, and never one that somebody stopped since."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest

from cortensor_tui.devnet.accounts import user_accounts
from cortensor_tui.domain.problems import ProblemError
from cortensor_tui.launch.dashboard import NodeStarter
from cortensor_tui.settings import load_settings
from tests.dashboard.samples import snapshot
from tests.dashboard.scripted_node import ScriptedNode

NOBODY = "http://127.0.0.1:1"


async def test_a_node_that_was_there_is_not_started_again(tmp_path: Path) -> None:
    settings = tmp_path / ".env"
    settings.write_text(f"HOST={NOBODY}\nCHAINID=31337\nNODE_PRIVATE_KEY={user_accounts()[3].private_key}\n")
    settings.chmod(0o600)
    with tempfile.TemporaryDirectory(prefix="ct") as folder:  # short: a socket's path has 108 bytes
        node = ScriptedNode(Path(folder) / "node.sock", snapshot())
        starter = NodeStarter(load_settings(settings, {}), node.path)
        await node.start()
        await (await starter.connect()).close()
        await node.stop()

        with pytest.raises(ProblemError):
            await starter.connect()
    assert starter.board.steps == ()
