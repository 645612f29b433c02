"""A node that kills itself, -9, right after a given step is on disk: `dying_node.py STEP ENV_FILE`.

Before "... sent" it stops anvil's blocks, since what is mined at once may be seen mined before it is seen
sent, and then the step never comes: `blocks_go_on` starts them again.
With STEP "record" it writes the name of every step to ENV_FILE + ".steps" instead.
"""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cortensor_tui.journal.database import Database
from cortensor_tui.launch import run_node
from cortensor_tui.settings import read_env_file
from tests.world import World

_step = Database.step


def dying(step: str, settings: Path) -> tuple[str, ...]:
    """Return the command of a node that dies after a step."""
    return (sys.executable, "-m", "tests.end_to_end.dying_node", step, str(settings))


async def blocks_go_on(world: World) -> None:
    """Let anvil mine a block a second again, after a node died at what it had sent."""
    await world.rpc.call("evm_setIntervalMining", 1)


def stop_blocks(settings: Path) -> None:
    """Let anvil mine nothing until it is told to; the caller waits, so that nothing is sent before."""
    asked = {"jsonrpc": "2.0", "id": 1, "method": "evm_setIntervalMining", "params": [0]}
    url = read_env_file(settings).entries["HOST"].value or ""
    request = urllib.request.Request(url, json.dumps(asked).encode(), {"content-type": "application/json"})
    with urllib.request.urlopen(request, timeout=10) as answer:
        assert "error" not in json.load(answer)


def main(step: str, settings: Path) -> int:
    record = settings.with_name(settings.name + ".steps")

    @contextmanager
    def watched(self: Database, name: str) -> Iterator[sqlite3.Connection]:
        with _step(self, name) as connection:
            yield connection
        if step == "record":
            with record.open("a") as file:
                file.write(name + "\n")
        elif step.endswith(" sent") and name == step.replace(" sent", " signed"):
            stop_blocks(settings)
        elif name == step:
            os.kill(os.getpid(), signal.SIGKILL)

    Database.step = watched  # type: ignore[method-assign]
    return run_node(settings, os.environ)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], Path(sys.argv[2])))
