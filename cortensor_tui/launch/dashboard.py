"""Opens the dashboard on a node: the running one, or one that is started and outlives it."""

from __future__ import annotations

import asyncio
import itertools
import os
import subprocess
import sys
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from cortensor_tui.dashboard.run import run_dashboard  # first: it sets how often Textual draws
from cortensor_tui.settings.private_folder import make_private_folder

from cortensor_tui.dashboard.app import Dashboard  # isort: skip
from cortensor_tui.dashboard.startup import StartupBoard, StepState
from cortensor_tui.domain.problems import ProblemError, problem_error
from cortensor_tui.launch.options import options_of, setup_options
from cortensor_tui.launch.terminal import require_terminal
from cortensor_tui.node.key_source import needs_person
from cortensor_tui.node.paths import socket_path
from cortensor_tui.settings import NODE_ROLE, Secret, Settings, load_settings

if TYPE_CHECKING:
    from cortensor_tui.dashboard.setup import Outcome, Setup
    from cortensor_tui.node.client import NodeClient

START_TIMEOUT_S = 20.0
START_LOOK_S = 0.1


def open_dashboard(
    settings_path: Path,
    environ: Mapping[str, str],
    *,
    may_make_journal: bool = False,
    is_named: bool = True,
) -> int:
    """Open the dashboard. Raises `ProblemError` for bad settings or without a terminal.

    Where there is no settings file, and none was named, it begins with the set-up.
    """
    require_terminal()
    if is_named or settings_path.expanduser().exists():
        code, outcome = _on_node(settings_path, environ, may_make_journal=may_make_journal)
    else:
        code, outcome = _run(_without_settings(settings_path, environ))
    while outcome is not None and code == 0:
        from cortensor_tui.dashboard.setup import DemoWanted

        if isinstance(outcome, DemoWanted):
            from cortensor_tui.launch.demo import run_demo

            return run_demo(environ)
        code, outcome = _on_node(outcome.settings_path, environ, password=outcome.password)
    return code


def _run(dashboard: Dashboard) -> tuple[int, Outcome | None]:
    return asyncio.run(run_dashboard(dashboard)), dashboard.outcome


def _on_node(
    settings_path: Path,
    environ: Mapping[str, str],
    *,
    may_make_journal: bool = False,
    password: Secret | None = None,
) -> tuple[int, Outcome | None]:
    """Show the node of these settings, started where none runs; `password` opens its keystore then."""
    settings = load_settings(settings_path, environ)
    path = socket_path(settings.path)
    passwords: Mapping[str, Secret] = {} if password is None else {NODE_ROLE.name: password}
    if password is None and needs_person(settings, environ) and not asyncio.run(_answers(path)):
        passwords = _asked(settings, environ)
    start = NodeStart(passwords=passwords, may_make_journal=may_make_journal)
    starter = NodeStarter(settings, path, start)
    return _run(
        Dashboard(
            starter.connect,
            options=options_of(settings, environ),
            start_node=starter.start,
            board=starter.board,
            make_setup=lambda: _setup(_free_name(settings.path), environ),
        )
    )


def _asked(settings: Settings, environ: Mapping[str, str]) -> Mapping[str, Secret]:
    from cortensor_tui.launch.passwords import ask_for_detached

    return ask_for_detached(settings, environ)


def _without_settings(settings_path: Path, environ: Mapping[str, str]) -> Dashboard:
    async def connect() -> NodeClient:
        raise problem_error(
            "no_settings",
            "There is no node to show yet",
            f"there is no settings file {settings_path}",
            "Press 8 to set one up",
        )

    return Dashboard(
        connect,
        options=setup_options(environ),
        make_setup=lambda: _setup(settings_path, environ),
        begins_with_setup=True,
    )


def _setup(settings_path: Path, environ: Mapping[str, str]) -> Setup:
    from cortensor_tui.launch.setup.desk import SetupDesk

    return SetupDesk(settings_path, environ)


def _free_name(settings_path: Path) -> Path:
    """Return the first name beside a settings file that is still free: .env-2 beside .env."""
    names = (settings_path.with_name(f"{settings_path.name}-{number}") for number in itertools.count(2))
    return next(path for path in names if not path.exists())


class NodeStart(msgspec.Struct, frozen=True, kw_only=True):
    """What a person gave for the first start: a later one has no passwords, since none are kept."""

    passwords: Mapping[str, Secret] = {}
    may_make_journal: bool = False


class NodeStarter:
    """Connects to a node; where none runs as the dashboard opens, it starts one and tells how that goes.

    One that goes later may have been stopped on purpose: whether it starts again is for a person to say.
    """

    def __init__(self, settings: Settings, path: Path, first_start: NodeStart | None = None) -> None:
        self.board = StartupBoard()
        self._next_start = first_start or NodeStart()
        self._settings = settings
        self._path = path
        self._may_start = True

    async def connect(self) -> NodeClient:
        """Return a connection. Raises `ProblemError` when there is no node and none could be started."""
        from cortensor_tui.node.client import NodeClient

        may_start, self._may_start = self._may_start, False
        try:
            return await NodeClient.connect(self._path, settings_path=self._settings.path)
        except ProblemError:
            if not may_start:
                raise
        await self.start()
        return await NodeClient.connect(self._path, settings_path=self._settings.path)

    async def start(self) -> None:
        """Start a node that outlives this process. Raises `ProblemError` with what kept it from starting."""
        self._may_start = False
        self.board.update("node", StepState.RUNNING, "starting one, since none runs")
        start, self._next_start = self._next_start, NodeStart()
        try:
            await start_node(self._settings, self._path, start)
        except ProblemError as error:
            self.board.fail(error.problem)
            raise
        self.board.update("node", StepState.DONE)


async def start_node(settings: Settings, path: Path, start: NodeStart) -> None:
    """Start a node that outlives this process; return once it answers. Raises what kept it from starting."""
    # Named after the log: nodes that share a data folder do not write over one another.
    console = settings.data_dir / "logs" / f"{Path(settings.log_file_name).stem}.console.log"
    make_private_folder(console.parent)
    descriptor = os.open(console, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as output:
        node = subprocess.Popen(  # noqa: ASYNC220 - starting it takes a millisecond
            _node_command(settings, start),
            stdin=subprocess.PIPE if start.passwords else subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    if node.stdin is not None:
        from cortensor_tui.launch.passwords import passwords_line

        with suppress(BrokenPipeError), node.stdin:  # it may have ended already, which is told below
            node.stdin.write(passwords_line(start.passwords))
    try:
        async with asyncio.timeout(START_TIMEOUT_S):
            while not await _answers(path):
                if node.poll() is not None:
                    raise _did_not_start(console)
                await asyncio.sleep(START_LOOK_S)
    except TimeoutError as error:
        raise problem_error(
            "node_slow",
            f"The node has not answered within {START_TIMEOUT_S:g} s",
            "it may still be starting",
            f"See {console}",
        ) from error


def _node_command(settings: Settings, start: NodeStart) -> list[str]:
    command = [sys.executable, "-m", "cortensor_tui", "node", "run", "--env", str(settings.path)]
    if start.passwords:
        command.append("--passwords-on-stdin")
    if start.may_make_journal:
        command.append("--new-journal")
    return command


async def _answers(path: Path) -> bool:
    from cortensor_tui.node.client import NodeClient

    try:
        client = await NodeClient.connect(path, timeout_s=1.0)
    except ProblemError:
        return False
    await client.close()
    return True


def _did_not_start(console: Path) -> ProblemError:
    lines = console.read_text(encoding="utf-8", errors="replace").strip().splitlines()
    why = lines[-1][:500] if lines else "it said nothing"
    return problem_error("node_ended", "The node ended at once", why, f"See {console}")
