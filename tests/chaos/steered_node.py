"""A node that obeys its control folder: `python -m tests.chaos.steered_node FOLDER ENV_FILE`.

`clock` holds by how many seconds the wall clock is wrong. `kill` holds a step and a victim: right after that
step is on disk the victim is killed, -9, and the file is renamed to `killed` just before. `chain.pid` is
there while the chain runs.
"""

from __future__ import annotations

import os
import signal
import sqlite3
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import msgspec
import psutil

from cortensor_tui.journal.database import Database
from cortensor_tui.launch.node import run_node
from tests.chaos.steps import Victim

_step = Database.step
_time = time.time


class KillOrder(msgspec.Struct, frozen=True):
    """Whom to kill after which step."""

    step: str
    victim: Victim


class SteeredClock:
    """The machine's clock, wrong by what the control folder says."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / "clock"

    def now(self) -> float:
        """Return unix seconds as this node sees them."""
        try:
            return _time() + float(self._file.read_text() or 0)
        except (OSError, ValueError):
            return _time()

    def monotonic(self) -> float:
        """Return seconds that only ever grow."""
        return time.monotonic()


def kill_if_ordered(folder: Path, step: str) -> None:
    """Carry out the order in the folder if it is for this step."""
    try:
        order = msgspec.json.decode((folder / "kill").read_bytes(), type=KillOrder)
    except (OSError, msgspec.DecodeError):
        return
    if order.step != step:
        return
    try:
        (folder / "kill").rename(folder / "killed")
    except FileNotFoundError:  # it was taken back just now
        return
    match order.victim:
        case "node":
            os.kill(os.getpid(), signal.SIGKILL)
        case "chain":
            with suppress(ProcessLookupError, FileNotFoundError):
                os.kill(int((folder / "chain.pid").read_text()), signal.SIGKILL)
        case "engine":
            for child in psutil.Process().children(recursive=True):
                with suppress(psutil.NoSuchProcess):
                    child.kill()


def main(folder: Path, settings: Path) -> int:
    """Run a node under orders."""

    @contextmanager
    def watched(self: Database, name: str) -> Iterator[sqlite3.Connection]:
        with _step(self, name) as connection:
            yield connection
        kill_if_ordered(folder, name)

    Database.step = watched  # type: ignore[method-assign]
    clock = SteeredClock(folder)
    time.time = clock.now  # rooms that were given no clock, and libraries, live in the same time
    return run_node(settings, os.environ, clock)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), Path(sys.argv[2])))
