"""Becomes a program that ends with our node: `python -m cortensor_tui.storage.ipfs.tethered PID COMMAND…`."""

from __future__ import annotations

import ctypes
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1  # linux/prctl.h; it outlives the exec below


def main(parent_pid: int, command: list[str]) -> None:
    """Have SIGTERM sent when the parent dies, kill -9 included, then run the command in this process."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
    if os.getppid() != parent_pid:  # it died before the signal was set
        sys.exit(1)
    os.execvp(command[0], command)  # noqa: S606 - a list of words, without a shell


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2:])
