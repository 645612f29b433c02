"""Where figures were measured: without that they mean nothing."""

from __future__ import annotations

import os
import platform
import subprocess
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path

import msgspec
import psutil

from cortensor_tui.devnet.anvil import find_anvil
from cortensor_tui.inference.llama.cpus import available_processors


class Machine(msgspec.Struct, frozen=True, kw_only=True):
    """One machine and what runs on it. `load_1m` is the load average before anything was started."""

    measured_at: str
    cpu: str
    cores: int
    memory_gib: float
    load_1m: float
    python: str
    llama_cpp_python: str
    anvil: str


def this_machine() -> Machine:
    """Read it. Raises `ProblemError` where there is no anvil."""
    told = subprocess.run([str(find_anvil()), "--version"], capture_output=True, text=True, check=True)
    return Machine(
        measured_at=datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        cpu=_cpu_model(),
        cores=available_processors(),
        memory_gib=round(psutil.virtual_memory().total / 2**30, 1),
        load_1m=round(os.getloadavg()[0], 2),
        python=platform.python_version(),
        llama_cpp_python=metadata.version("llama-cpp-python"),
        anvil=told.stdout.split("\n")[0].removeprefix("anvil Version:").strip(),
    )


def _cpu_model() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:  # not Linux
        lines = []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()
