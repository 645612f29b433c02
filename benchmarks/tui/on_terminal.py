"""Becomes a program whose controlling terminal is its standard input. Run as a file.

It is told to end when its parent does, and reports the moment at which it becomes that program: what comes
before is the benchmark's own time.
"""

import ctypes
import fcntl
import os
import signal
import struct
import sys
import termios
import time

_PR_SET_PDEATHSIG = 1  # linux/prctl.h


def main(parent_pid: int, report: int, ignores_hangup: bool, command: list[str]) -> None:
    """Replace this process by `command`; `report` is the descriptor that takes the time, as a double."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
    if os.getppid() != parent_pid:  # it died before the signal was set
        sys.exit(1)
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)
    if ignores_hangup:
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
    os.write(report, struct.pack("d", time.monotonic()))
    os.close(report)
    os.execv(command[0], command)


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3] == "ignore", sys.argv[4:])
