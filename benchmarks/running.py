"""How a measuring runs: in surroundings of its own, until it is through or interrupted."""

from __future__ import annotations

import asyncio
import os
import sys
import tempfile
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.processes import BenchmarkError
from benchmarks.report import Figures, write
from cortensor_tui.domain.problems import ProblemError
from cortensor_tui.inference.models.packaged import default_model_folder, fetch_default_model
from cortensor_tui.launch.until_signal import until_signal

INTERRUPTED = 130


@contextmanager
def own_surroundings() -> Iterator[Path]:
    """Give a folder for all files and sockets, and keep this user's settings out of what is started."""
    with tempfile.TemporaryDirectory(prefix="ctui-bench-") as name:
        for key in [key for key in os.environ if key.startswith("CORTENSOR_TUI_")]:
            del os.environ[key]
        for key in ("XDG_RUNTIME_DIR", "XDG_STATE_HOME"):
            os.environ[key] = name
        # Bytecode is written and found again, as for any installed program, whatever this user's shell says.
        os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
        os.environ["PYTHONPYCACHEPREFIX"] = str(Path(name) / "bytecode")
        os.environ.setdefault("TERM", "xterm-256color")
        yield Path(name)


def say(text: str) -> None:
    """Show how far it is."""
    print(text, flush=True)


async def measured_model() -> Path:
    """Return the file of the small model, fetched where it is not there yet. Raises `ProblemError`."""
    return await asyncio.to_thread(fetch_default_model, default_model_folder(), lambda done, total: None)


async def run_measuring(
    name: str, measure: Callable[[Path], Awaitable[Figures]], table: Callable[[Figures], str], output: Path
) -> int:
    """Measure in a folder of its own, print the table, write the figures flat; return the exit status."""
    found: list[Figures] = []

    async def work() -> None:
        with own_surroundings() as folder:
            found.append(await measure(folder))

    try:
        await until_signal(work())
    except (BenchmarkError, ProblemError) as error:
        print(f"{name}: {error}", file=sys.stderr)
        return 1
    if not found:
        return INTERRUPTED
    write(found[0], output)
    print(f"\n{table(found[0])}\n\nwritten to {output}")
    return 0
