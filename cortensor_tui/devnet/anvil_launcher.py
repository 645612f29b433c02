"""Becomes another program that is told to end when its parent does. Run as a file, first the parent's pid.

A program of its own, because code between fork and exec (preexec_fn) can deadlock where threads run. Where
the system has no prctl the program still starts, and ends only when asked.
"""

import ctypes
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1  # linux/prctl.h


def main(parent_pid: int, command: list[str]) -> None:
    """Replace this process by `command`, with SIGTERM set for the death of `parent_pid`."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
        if os.getppid() != parent_pid:  # it died before the signal was set
            sys.exit(1)
    os.execv(command[0], command)  # noqa: S606 - no shell, and the path is absolute


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2:])
