"""The demo: the dashboard in this process, everything it shows in one other, ended together."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping
from pathlib import Path

from cortensor_tui.dashboard.run import run_dashboard  # first: it sets how often Textual draws

from cortensor_tui.dashboard.app import Dashboard  # isort: skip
from cortensor_tui.dashboard.startup import StartupBoard, StepState
from cortensor_tui.domain.problems import Problem, ProblemError, problem_error
from cortensor_tui.launch.demo_end import demo_ended
from cortensor_tui.launch.options import demo_options, require_demo_settings
from cortensor_tui.launch.terminal import require_terminal
from cortensor_tui.node.client import NodeClient
from cortensor_tui.node.paths import socket_path

END_TIMEOUT_S = 15.0
DURATION_VARIABLE = "CORTENSOR_TUI_DEMO_SECONDS"
STEPS = ("chain", "contracts", "sessions", "model", "node")


def run_demo(environ: Mapping[str, str]) -> int:
    """Run the demo. With CORTENSOR_TUI_DEMO_SECONDS it ends by itself; then 0 means that a task was answered.

    The time is the least that it runs: the first task is waited for, up to three minutes more.
    """
    require_terminal()
    run_seconds = _duration_s(environ)
    options = demo_options(environ)
    require_demo_settings(environ)
    folder = Path(tempfile.mkdtemp(prefix="cortensor-tui-demo-"))
    settings_path = folder / ".env"
    board = StartupBoard(STEPS)
    world = _start_world(folder, environ)
    listener = threading.Thread(target=_listen, args=(world, board), daemon=True)
    listener.start()

    async def connect() -> NodeClient:
        if board.problem is not None:
            raise ProblemError(demo_ended(board.problem.why, board.problem.what))
        return await NodeClient.connect(socket_path(settings_path))

    dashboard = Dashboard(
        connect,
        options=options,
        owns_node=True,
        board=board,
        run_seconds=run_seconds,
    )
    try:
        code = asyncio.run(run_dashboard(dashboard, last_act=world.terminate))
    finally:
        is_clean = _end_world(world)
        shutil.rmtree(folder, ignore_errors=True)
    if run_seconds is None:
        return code
    answered = (dashboard.view.status.answered_tasks if dashboard.view else None) or 0
    counted = "1 task was" if answered == 1 else f"{answered} tasks were"
    sys.stderr.write(f"The demo ended by itself; {counted} answered.\n")
    return 0 if code == 0 and answered > 0 and is_clean else 1


def _duration_s(environ: Mapping[str, str]) -> float | None:
    text = environ.get(DURATION_VARIABLE, "").strip()
    if not text:
        return None
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not 0 < seconds <= 86_400:
        raise problem_error(
            "settings",
            f"{DURATION_VARIABLE} cannot be used",
            f"found {text[:40]!r}",
            "Give seconds, more than 0 and at most 86400",
        )
    return seconds


def _start_world(folder: Path, environ: Mapping[str, str]) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", "cortensor_tui.launch.demo_world", str(os.getpid()), str(folder)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=(folder / "world.log").open("wb"),
        env=dict(environ),
        start_new_session=True,  # Ctrl+C is the dashboard's to handle
    )


def _listen(world: subprocess.Popen[bytes], board: StartupBoard) -> None:
    """Pass each line of progress to the board; at the end, say why the world ended."""
    assert world.stdout is not None  # noqa: S101 - it was asked for
    for line in world.stdout:
        told = json.loads(line)
        if "problem" in told:
            board.fail(Problem(**told["problem"]))
        else:
            board.update(told["name"], StepState(told["state"]), told["detail"])
    status = world.wait()
    if board.problem is None:  # nobody has left the dashboard yet, which is what ends it
        board.fail(demo_ended(f"its chain and client ended, exit {status}"))


def _end_world(world: subprocess.Popen[bytes]) -> bool:
    """End it and wait; tell whether it ended by itself in time."""
    world.terminate()
    try:
        world.wait(END_TIMEOUT_S)
    except subprocess.TimeoutExpired:
        world.kill()
        world.wait()
        return False
    return True
