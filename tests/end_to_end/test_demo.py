"""The demo as a newcomer runs it: it opens, a task is answered, it ends, and nothing is left."""

from __future__ import annotations

import asyncio
import sys
import tempfile
from pathlib import Path

import psutil
import pytest

from tests.terminal import open_terminal

pytestmark = pytest.mark.real

REPOSITORY = Path(__file__).resolve().parents[2]
DEMO = (sys.executable, "-m", "cortensor_tui", "demo")


def demo_processes() -> set[int]:
    """Return the processes of demos' chains and nodes."""
    found = set()
    for process in psutil.process_iter(["pid", "cmdline"]):
        command = " ".join(process.info["cmdline"] or ())
        if "cortensor_tui.launch.demo_world" in command or "cortensor_tui.launch.tethered_node" in command:
            found.add(int(process.info["pid"]))
    return found


def demo_folders() -> set[Path]:
    """Return the folders of demos."""
    return set(Path(tempfile.gettempdir()).glob("cortensor-tui-demo-*"))


@pytest.mark.xdist_group("demo")  # looks at all demos of this machine
async def test_it_ends_by_itself_with_a_task_answered_twice_in_a_row(
    default_model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, folders = demo_processes(), demo_folders()
    for _ in range(2):
        command = ["env", "CORTENSOR_TUI_DEMO_SECONDS=20", "make", "-s", "-C", str(REPOSITORY), "demo"]
        async with open_terminal(command, columns=80, rows=24) as terminal:
            await terminal.until("SERVING", "bound (demo)", "mined")
            assert await terminal.until_ended() == 0, await terminal.screen()
            assert "tasks were answered" in await terminal.screen()
        assert demo_processes() == before
        assert demo_folders() == folders


@pytest.mark.xdist_group("demo")
async def test_q_ends_it_as_a_whole(default_model: Path) -> None:
    before = demo_processes()
    async with open_terminal(DEMO) as terminal:
        await terminal.until("SERVING")
        await terminal.press("q")
        await terminal.until("End the demo?")
        await terminal.press("q")
        assert await terminal.until_ended() == 0, await terminal.screen()
    assert demo_processes() == before


@pytest.mark.xdist_group("demo")
async def test_kill_9_of_the_dashboard_ends_it_as_a_whole(default_model: Path) -> None:
    before, folders = demo_processes(), demo_folders()
    async with open_terminal(DEMO) as terminal:
        await terminal.until("STARTING")
        world = psutil.Process((demo_processes() - before).pop())
        dashboard = world.parent()
        assert dashboard is not None
        dashboard.kill()
        await asyncio.to_thread(world.wait, 30)
    assert demo_processes() == before
    assert demo_folders() == folders


async def test_without_a_terminal_it_says_so(default_model: Path) -> None:
    process = await asyncio.create_subprocess_exec(
        *DEMO,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, said = await asyncio.wait_for(process.communicate(), 30)
    assert process.returncode == 1
    assert out == b""
    assert b"needs a terminal" in said
