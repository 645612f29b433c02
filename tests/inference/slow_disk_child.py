"""The engine process with a slow disk: between two pings it reads a little; its model takes 60 of them."""

from __future__ import annotations

import sys
import threading
from typing import Any

from cortensor_tui.inference.llama import child, model

PINGS = 60


def load_slowly(bytes_a_ping: int, parent_pid: int) -> None:
    """Be an engine process that reads so much between two pings while it loads."""
    pings = 0
    is_enough = threading.Event()

    def disk_bytes() -> int:
        nonlocal pings
        pings += 1
        if pings >= PINGS:
            is_enough.set()
        return pings * bytes_a_ping

    class _SlowModel(model.LlamaModel):
        def __init__(self, *loaded: Any) -> None:
            is_enough.wait()
            super().__init__(*loaded)

    vars(child)["_disk_bytes"] = disk_bytes
    vars(model)["LlamaModel"] = _SlowModel
    child.main(parent_pid)


if __name__ == "__main__":
    load_slowly(4096, int(sys.argv[1]))
