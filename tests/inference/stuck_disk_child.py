"""The engine process with a disk that gives nothing any more."""

from __future__ import annotations

import sys

from tests.inference.slow_disk_child import load_slowly

if __name__ == "__main__":
    load_slowly(0, int(sys.argv[1]))
