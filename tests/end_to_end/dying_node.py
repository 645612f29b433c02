"""A node that kills itself, -9, right after a given step is on disk: `dying_node.py STEP ENV_FILE`.

With STEP "record" it writes the name of every step to ENV_FILE + ".steps" instead.
"""

from __future__ import annotations

import os
import signal
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cortensor_tui.journal.database import Database
from cortensor_tui.launch import run_node

_step = Database.step


def dying(step: str, settings: Path) -> tuple[str, ...]:
    """Return the command of a node that dies after a step."""
    return (sys.executable, "-m", "tests.end_to_end.dying_node", step, str(settings))


def main(step: str, settings: Path) -> int:
    record = settings.with_name(settings.name + ".steps")

    @contextmanager
    def watched(self: Database, name: str) -> Iterator[sqlite3.Connection]:
        with _step(self, name) as connection:
            yield connection
        if step == "record":
            with record.open("a") as file:
                file.write(name + "\n")
        elif name == step:
            os.kill(os.getpid(), signal.SIGKILL)

    Database.step = watched  # type: ignore[method-assign]
    return run_node(settings, os.environ)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], Path(sys.argv[2])))
