"""The demo as a newcomer runs it: it opens, a task is answered, it ends, and nothing is left."""

from __future__ import annotations

import asyncio
import re
import sys
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from tests.terminal import open_terminal

pytestmark = pytest.mark.real

REPOSITORY = Path(__file__).resolve().parents[2]
DEMO = (sys.executable, "-m", "cortensor_tui", "demo")
DEMO_WORLD = "cortensor_tui.launch.demo_world"


@pytest.fixture
def temporary() -> Iterator[Path]:
    """Yield a folder for temporary files by which a test knows its own demo from others on the machine."""
    with tempfile.TemporaryDirectory(prefix="own-", dir="/tmp") as folder:  # short, for the sockets in it
        yield Path(folder)


def in_own_folder(temporary: Path, *command: str) -> list[str]:
    """Return the command with its temporary files in the test's own folder."""
    return ["env", f"TMPDIR={temporary}", *command]


def demo_processes(temporary: Path) -> list[psutil.Process]:
    """Return the processes of the test's demo, the oldest first: its terminal's, its chain's, its node's."""
    found = []
    for process in psutil.process_iter():
        with suppress(psutil.Error):  # gone meanwhile, or another user's
            if process.environ().get("TMPDIR") == str(temporary):
                found.append(process)
    return sorted(found, key=lambda process: process.create_time())


def assert_nothing_left(temporary: Path) -> None:
    """Check that neither a process nor a file of the demo is left."""
    assert demo_processes(temporary) == []
    assert list(temporary.iterdir()) == []


async def test_it_ends_by_itself_with_a_task_answered_twice_in_a_row(
    default_model: Path, temporary: Path
) -> None:
    demo = ("CORTENSOR_TUI_DEMO_SECONDS=20", "make", "-s", "-C", str(REPOSITORY), "demo")
    for _ in range(2):
        async with open_terminal(in_own_folder(temporary, *demo), columns=80, rows=24) as terminal:
            await terminal.until("SERVING", "bound (demo)", "mined")
            assert await terminal.until_ended(timeout_s=240.0) == 0, await terminal.screen()
            assert re.search(r"[1-9]\d* tasks? w(as|ere) answered", await terminal.screen())
        assert_nothing_left(temporary)


async def test_q_ends_it_as_a_whole(default_model: Path, temporary: Path) -> None:
    async with open_terminal(in_own_folder(temporary, *DEMO)) as terminal:
        await terminal.until("SERVING")
        assert demo_processes(temporary)
        assert list(temporary.glob("cortensor-tui-demo-*"))
        await terminal.press("q")
        await terminal.until("End the demo?")
        await terminal.press("q")
        assert await terminal.until_ended() == 0, await terminal.screen()
    assert_nothing_left(temporary)


async def test_kill_9_of_the_dashboard_ends_it_as_a_whole(default_model: Path, temporary: Path) -> None:
    async with open_terminal(in_own_folder(temporary, *DEMO)) as terminal:
        await terminal.until("STARTING")
        world = next(one for one in demo_processes(temporary) if DEMO_WORLD in one.cmdline())
        dashboard = world.parent()
        assert dashboard is not None
        dashboard.kill()
        await asyncio.to_thread(psutil.wait_procs, demo_processes(temporary), 30)
    assert_nothing_left(temporary)


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
