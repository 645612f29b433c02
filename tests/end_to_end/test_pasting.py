"""tmux pastes what it is given, escape sequences among it: it is text in a field, and nothing elsewhere."""

from __future__ import annotations

import sys

import pytest

from tests.terminal import open_terminal
from tests.world import World, status_of

from .test_terminal import stopping

pytestmark = pytest.mark.real

PROGRAM = (sys.executable, "-m", "cortensor_tui")


async def test_what_is_pasted_is_never_a_key(world: World) -> None:
    settings = world.settings()
    command = [*PROGRAM, "--env", str(settings)]
    async with stopping(settings), open_terminal(command, columns=80, rows=24) as terminal:

        async def paste(text: str) -> None:
            await terminal.tmux("set-buffer", "--", text)
            await terminal.tmux("paste-buffer", "-p", "-r", "-t", "t")

        await terminal.until("WAITING", "Quit")
        await terminal.press("3")
        await terminal.until("Tasks  ▲ WAITING")
        await paste("aa \x1b[31mred 2 q\x1b[21~qx\x1b\x1b[Bqx")
        await terminal.press("/")
        await paste("one\x1b[31m\ttwo")
        screen = await terminal.until("one[31m two")
        assert "Tasks  ▲ WAITING" in screen
        assert (await status_of(settings)).node.address == world.miner.address, "the node lives"
