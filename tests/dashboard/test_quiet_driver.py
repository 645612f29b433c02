"""To the shell and back in a terminal of its own: nothing stays open, and a mistake there keeps its name."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from tests.dashboard.suspending_app import MISTAKE, TIMES

LIMIT_S = 60.0


def told_by(tmp_path: Path, *arguments: str) -> tuple[int, list[str], str]:
    """Run it in a terminal; return its status, the lines it printed, and what its terminal was shown."""
    keyboard, terminal = os.openpty()
    screen = tmp_path / "screen"
    try:
        with screen.open("wb") as shown:
            ended = subprocess.run(
                [sys.executable, "-m", "tests.dashboard.suspending_app", *arguments],
                stdin=terminal,
                stdout=subprocess.PIPE,
                stderr=shown,
                timeout=LIMIT_S,
                check=False,
            )
    finally:
        os.close(keyboard)
        os.close(terminal)
    return ended.returncode, ended.stdout.decode().splitlines(), screen.read_text(errors="replace")


def test_the_way_to_the_shell_and_back_leaves_nothing_open(tmp_path: Path) -> None:
    status, [counts], _ = told_by(tmp_path)
    before, *after = counts.split()
    assert after == [before] * TIMES
    assert status == 0


def test_what_fails_in_the_shell_ends_the_dashboard_by_its_own_name(tmp_path: Path) -> None:
    status, _, screen = told_by(tmp_path, "in_the_shell")
    assert status == 1
    assert MISTAKE in screen
    assert "Bad file descriptor" not in screen
