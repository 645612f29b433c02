"""The real program in tmux: coming and going, other sizes, the shell in between, and a line that is lost."""

from __future__ import annotations

import asyncio
import os
import re
import shlex
import signal
import sys
from pathlib import Path

import pytest

from tests.terminal import Terminal, open_terminal
from tests.world import World, status_of

from .test_terminal import stopping

pytestmark = pytest.mark.real

PROGRAM = (sys.executable, "-m", "cortensor_tui")
COLOR = re.compile(r"\x1b\[(?:\d+;)*(?:3[0-8]|4[0-8]|9[0-7]|10[0-7])(?:;\d+)*m")
LIMIT_S = 30.0


async def title(terminal: Terminal) -> str:
    return (await terminal.tmux("display-message", "-p", "-t", "t", "#{pane_title}")).strip()


async def until_title(terminal: Terminal, wanted: str, *, is_gone: bool = False) -> None:
    async with asyncio.timeout(LIMIT_S):
        while (wanted in await title(terminal)) is is_gone:
            await asyncio.sleep(0.1)


async def flags(terminal: Terminal) -> str:
    """Return whether the program has the second screen, and whether it takes the mouse."""
    told = await terminal.tmux(
        "display-message", "-p", "-t", "t", "alternate=#{alternate_on} mouse=#{mouse_any_flag}"
    )
    return told.strip()


async def test_to_the_shell_and_back_and_away_and_back(world: World) -> None:
    await world.create_session("my session")
    settings = world.settings()
    started = shlex.join([*PROGRAM, "--env", str(settings)])
    shell = ["bash", "--norc", "--noprofile", "-i"]
    async with stopping(settings), open_terminal(shell, columns=80, rows=24) as terminal:
        before = await title(terminal)
        await terminal.type(started)
        await terminal.press("Enter")
        await terminal.until("WAITING", "my session")
        await until_title(terminal, "cortensor: WAITING")

        await terminal.press("C-z")
        await terminal.until("Stopped")
        await until_title(terminal, "cortensor", is_gone=True)
        await terminal.type("stty -a")
        await terminal.press("Enter")
        assert " icanon" in await terminal.until("icanon"), "the shell has its terminal back"
        await terminal.type("fg")
        await terminal.press("Enter")
        await terminal.until("WAITING", "my session")
        await terminal.press("2")
        await terminal.until("Sessions  ▲ WAITING")

        started_at = (await status_of(settings)).started_at
        await terminal.press("q")
        await terminal.until("The node keeps running")
        await until_title(terminal, "cortensor", is_gone=True)
        assert await title(terminal) == before
        await terminal.type(started)
        await terminal.press("Enter")
        await terminal.until("WAITING", "my session")
        assert (await status_of(settings)).started_at == started_at, "the same node"


async def test_any_size_and_no_colors(world: World) -> None:
    await world.create_session("my session")
    settings = world.settings()
    # A size in the environment would hold against the terminal's own, and the test runner sets one.
    command = ["env", "-u", "COLUMNS", "-u", "LINES", "NO_COLOR=1", *PROGRAM, "--env", str(settings)]
    async with stopping(settings), open_terminal(command, columns=80, rows=24) as terminal:
        await terminal.until("WAITING", "my session")
        assert not COLOR.search(await terminal.tmux("capture-pane", "-p", "-e", "-t", "t"))
        for columns, rows, words in (
            (40, 10, "At 60x16"),
            (160, 48, "my session"),
            (60, 16, "my session"),
            (200, 12, "At 60x16"),
            (80, 24, "my session"),
        ):
            await terminal.tmux("resize-window", "-t", "t", "-x", str(columns), "-y", str(rows))
            screen = await terminal.until(*words.split(" ")[-2:])
            assert "Traceback" not in screen
        await terminal.until("WAITING", "Quit")
        await terminal.press("q")
        assert await terminal.until_ended() == 0


async def test_a_hang_up_gives_the_terminal_back_and_leaves_the_node(world: World, tmp_path: Path) -> None:
    """The dashboard alone is hung up on; the shell that it was started from stays."""
    settings = world.settings()
    pid_file = tmp_path / "pid"
    told = f"echo $$ > {shlex.quote(str(pid_file))}; exec {shlex.join(PROGRAM)} --env {settings}"
    shell = ["bash", "--norc", "--noprofile", "-i"]
    async with stopping(settings), open_terminal(shell, columns=80, rows=24) as terminal:
        before = await title(terminal)
        await terminal.type(shlex.join(["sh", "-c", told]))
        await terminal.press("Enter")
        await terminal.until("WAITING", "Quit")
        await until_title(terminal, "cortensor: WAITING")
        assert await flags(terminal) == "alternate=1 mouse=1"

        os.kill(int(pid_file.read_text()), signal.SIGHUP)
        await until_title(terminal, "cortensor", is_gone=True)
        await terminal.type("stty -a; echo ended with $?")
        await terminal.press("Enter")
        assert " icanon" in await terminal.until("icanon", "ended with 0")
        assert await flags(terminal) == "alternate=0 mouse=0"
        assert await title(terminal) == before
        assert (await status_of(settings)).node.address == world.miner.address, "the node lives"


@pytest.mark.parametrize(
    ("environment", "taken"),
    [
        ("CORTENSOR_TUI_MOUSE=0", 0),
        ("SSH_CONNECTION=198.51.100.7 50522 198.51.100.9 22", 0),
        ("SSH_CONNECTION_NONE=", 1),
    ],
    ids=["off", "over SSH", "by itself"],
)
async def test_the_mouse_is_the_terminals_own_where_it_is_not_taken(
    world: World, environment: str, taken: int
) -> None:
    settings = world.settings()
    command = ["env", "-u", "SSH_CONNECTION", environment, *PROGRAM, "--env", str(settings)]
    async with stopping(settings), open_terminal(command, columns=80, rows=24) as terminal:
        await terminal.until("WAITING", "Quit")
        assert await flags(terminal) == f"alternate=1 mouse={taken}"


async def test_a_lost_line_ends_the_dashboard_and_not_the_node(world: World, tmp_path: Path) -> None:
    """SIGHUP is ignored, as under nohup, so that the dashboard has to see for itself."""
    settings = world.settings()
    pid_file = tmp_path / "pid"
    told = f"trap '' HUP; echo $$ > {shlex.quote(str(pid_file))}; exec {shlex.join(PROGRAM)} --env {settings}"
    async with stopping(settings):
        async with open_terminal(["sh", "-c", told], columns=80, rows=24) as terminal:
            await terminal.until("WAITING")
            pid = int(pid_file.read_text())
            assert is_running(pid)
        async with asyncio.timeout(LIMIT_S):
            while is_running(pid):
                await asyncio.sleep(0.1)
        assert (await status_of(settings)).node.address == world.miner.address, "the node lives"


def is_running(pid: int) -> bool:
    """Tell whether a process is there and has not ended; nobody may have collected it yet."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"
