"""A full disk: the node lives through it, whatever it writes to, and answers once there is room again."""

from __future__ import annotations

import asyncio
import resource
import sys
from pathlib import Path

import pytest

from cortensor_tui.domain.health import Verdict
from tests.world import REPOSITORY, World, until_verdict

pytestmark = pytest.mark.real


async def test_a_node_whose_messages_go_to_the_full_disk_too_goes_on(world: World, tmp_path: Path) -> None:
    session_id = await world.create_session()
    await world.bind(session_id)
    settings = world.settings()
    with (tmp_path / "messages").open("wb") as messages:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "cortensor_tui", "node", "run", "--env", str(settings)),
            cwd=REPOSITORY,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=messages,
        )
    try:
        await until_verdict(settings, Verdict.SERVING, process)
        _, hard = resource.prlimit(process.pid, resource.RLIMIT_FSIZE)
        resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (0, hard))
        key = await world.submit(session_id, "Are you there?")
        blocked = await until_verdict(settings, Verdict.BLOCKED, process)
        assert (bool(blocked.store.error), blocked.chain.error) == (True, ""), (
            "the disk's row, not the chain's"
        )
        resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (hard, hard))
        await world.until_ended(key)
        assert (await world.reader.results(key))[0].data
        await until_verdict(settings, Verdict.SERVING, process)
    finally:
        if process.returncode is None:
            process.terminate()
        await asyncio.wait_for(process.wait(), 30)
