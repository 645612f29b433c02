"""The engine process with so many MiB of memory as LLAMA_TEST_ROOM_MIB says beside what it begins with."""

from __future__ import annotations

import os
import resource
import sys

import psutil

import cortensor_tui.inference.llama.model  # noqa: F401  (its libraries are there before the limit is)
from cortensor_tui.inference.llama import child

if __name__ == "__main__":
    room_bytes = int(os.environ["LLAMA_TEST_ROOM_MIB"]) * 2**20
    most_bytes = psutil.Process().memory_info().vms + room_bytes
    resource.setrlimit(resource.RLIMIT_AS, (most_bytes, most_bytes))
    child.main(int(sys.argv[1]))
