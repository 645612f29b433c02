"""The real program in a real terminal, driven by keys as an operator does."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest

from cortensor_tui.domain.problems import ProblemError
from cortensor_tui.domain.tasks import TaskKey
from cortensor_tui.node.client import NodeClient
from cortensor_tui.node.messages import Stop
from cortensor_tui.node.paths import socket_path
from tests.terminal import LOOK_S, open_terminal
from tests.world import World, status_of

pytestmark = pytest.mark.real

PROGRAM = (sys.executable, "-m", "cortensor_tui")
MINED = ["commit", "precommit", "ack"]


@pytest.mark.parametrize(("columns", "rows"), [(120, 40), (80, 24)])
async def test_bind_prompt_and_answer_by_hand(world: World, columns: int, rows: int) -> None:
    session_id = await world.create_session("my session")
    settings = world.settings()
    command = [*PROGRAM, "--env", str(settings)]
    async with stopping(settings), open_terminal(command, columns=columns, rows=rows) as terminal:
        await terminal.until("WAITING", "my session")  # the dashboard found no node and started one

        await terminal.press("a")
        await terminal.until("Bind a node to session", world.miner.address, "trial run")
        await terminal.step("Tab", "Tab", "Enter")
        await terminal.until("mined")
        await terminal.step("Escape")
        await terminal.until("SERVING")

        await terminal.press("s")
        await terminal.until("Submit a prompt")
        await terminal.type("Name three colours.")
        await terminal.until("Name three colours.")
        await terminal.step("Tab", "Tab", "End", "BSpace")
        await terminal.type("0")  # temperature 0.0: the same words each time
        await terminal.until("0.0")
        await terminal.step("Enter")
        key = TaskKey(session_id, 0)
        await terminal.until(f"{session_id}/0")
        await world.until_ended(key)
        await terminal.step("Escape")

        [result] = await world.reader.results(key)
        async with asyncio.timeout(60):  # the table is drawn once a second
            while mined_stages(screen := await terminal.until("1 answered"), key) != MINED:
                await asyncio.sleep(LOOK_S)
        words = result.data.split()
        assert words
        assert words[-1] in screen, "the answer's end is on the screen"

        await terminal.press("q")
        assert await terminal.until_ended() == 0
        assert (await status_of(settings)).answered_tasks == 1, "the node outlives its dashboard"


def mined_stages(screen: str, key: TaskKey) -> list[str]:
    """Return the stages of a task whose transactions are on the screen as mined, from top to bottom."""
    mined = [line.split() for line in screen.splitlines() if "mined" in line and str(key) in line]
    return [word for line in mined for word in line if word in MINED]


@asynccontextmanager
async def stopping(settings: Path) -> AsyncIterator[None]:
    """Stop the node that the dashboard started, and wait until it is gone."""
    try:
        yield
    finally:
        with suppress(ProblemError):  # none was started, or it hung up: that is its end
            client = await NodeClient.connect(socket_path(settings))
            await client.request(Stop())
            async with asyncio.timeout(30):
                async for _ in client.attach():
                    continue
