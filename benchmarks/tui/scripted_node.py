"""A node whose life is scripted: the node's own hub, history and sockets, without chain, keys and engine.

Run as `python -m benchmarks.tui.scripted_node SETTINGS SESSIONS [TASKS TRANSACTIONS]`. With tasks and
transactions it has a real journal of so many rows beside the settings file. It prints a line once it serves.
"""

from __future__ import annotations

import asyncio
import sys
from contextlib import suppress
from pathlib import Path

from benchmarks.tui.busy_life import BusyLife
from cortensor_tui.domain.problems import problem_error
from cortensor_tui.journal.journal import Journal
from cortensor_tui.launch.until_signal import until_signal
from cortensor_tui.node.call_messages import GetCall
from cortensor_tui.node.control import ControlServer
from cortensor_tui.node.history import HistoryDesk
from cortensor_tui.node.history_messages import GetTask, GetTasks, GetTransactions
from cortensor_tui.node.hub import Hub
from cortensor_tui.node.messages import (
    GetSessions,
    GetStatus,
    ReplyBody,
    RequestBody,
    SessionsChanged,
    StatusChanged,
)
from cortensor_tui.node.paths import socket_path, viewer_socket_path
from cortensor_tui.storage.local_store import LocalStore
from tests.dashboard import samples
from tests.journal.past import write_past

STARTED = "serving"


class ScriptedDesk:
    """Answers what the dashboard asks: from the hub, and of the past from a journal."""

    def __init__(self, hub: Hub, journal: Journal, store: LocalStore) -> None:
        self._hub = hub
        self._journal = journal
        self._history = HistoryDesk(store)

    async def answer(self, body: RequestBody) -> ReplyBody:
        """Return the answer; what only a real node knows is refused."""
        match body:
            case GetStatus():
                return StatusChanged(self._hub.status)
            case GetSessions():
                return SessionsChanged(self._hub.sessions)
            case GetTasks() | GetTask() | GetTransactions() | GetCall():
                return await self._history.answer(body, self._journal)
            case _:
                raise problem_error("scripted", "This node is scripted", "it has no chain behind it")

    async def close(self) -> None:
        """End the history's thread."""
        await self._history.close()


async def serve(settings: Path, sessions: int, *, tasks: int, transactions: int) -> None:
    """Serve until cancelled."""
    data = settings.with_suffix(".data")
    store = LocalStore(data / "payloads")
    journal = write_past(data / "journal.sqlite3", sessions=sessions, tasks=tasks, transactions=transactions)
    hub = Hub(samples.status())
    life = BusyLife(hub, sessions)
    life.begin()
    desk = ScriptedDesk(hub, journal, store)
    control = ControlServer(hub, desk.answer)
    await control.start(socket_path(settings), viewer_socket_path(settings))
    print(STARTED, flush=True)
    try:
        await life.go_on()
    finally:
        control.stop_listening()
        await control.hang_up()
        await desk.close()


def main(arguments: list[str]) -> None:
    """Serve until told to end."""
    settings, sessions, *past = arguments
    tasks, transactions = (int(number) for number in past) if past else (0, 0)
    life = serve(Path(settings), int(sessions), tasks=tasks, transactions=transactions)
    with suppress(asyncio.CancelledError):
        asyncio.run(until_signal(life))


if __name__ == "__main__":
    main(sys.argv[1:])
