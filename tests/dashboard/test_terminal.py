"""A terminal that goes away ends the dashboard, also where SIGHUP is ignored."""

from __future__ import annotations

import asyncio
import fcntl
import os
import pty
import signal
import struct
import sys
import termios

import pytest

from cortensor_tui.dashboard.terminal import EXIT_STATUS

LIMIT_S = 30.0
PROGRAM = """
import asyncio
from cortensor_tui.dashboard.run import run_dashboard
from cortensor_tui.dashboard.app import Dashboard
from cortensor_tui.domain.problems import problem_error

async def connect():
    raise problem_error("no_node", "No node is running")

raise SystemExit(asyncio.run(run_dashboard(Dashboard(connect))))
"""


def _ignore_hangup() -> None:
    signal.signal(signal.SIGHUP, signal.SIG_IGN)


@pytest.mark.parametrize("sent", [signal.SIGHUP, signal.SIGTERM, None], ids=["SIGHUP", "SIGTERM", "closed"])
async def test_a_lost_terminal_ends_the_dashboard(sent: signal.Signals | None) -> None:
    """Without a signal the terminal is closed under a process that ignores SIGHUP, as nohup arranges."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", PROGRAM),
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,
        preexec_fn=_ignore_hangup if sent is None else None,
        env=os.environ | {"TERM": "xterm-256color"},
    )
    os.close(theirs)
    try:
        await asyncio.wait_for(asyncio.to_thread(_read_until, ours, b"UNREACHABLE"), LIMIT_S)
        if sent is not None:
            process.send_signal(sent)
    finally:
        os.close(ours)
    try:
        assert await asyncio.wait_for(process.wait(), LIMIT_S) == EXIT_STATUS
    finally:
        if process.returncode is None:
            process.kill()


def _read_until(descriptor: int, words: bytes) -> None:
    seen = b""
    while words not in seen:
        seen = seen[-200:] + os.read(descriptor, 4096)
