"""The benchmark gives the figures that its documentation names, and leaves nothing running."""

from __future__ import annotations

import asyncio
import json
import math
import signal
import sys
from pathlib import Path

import psutil
import pytest

from benchmarks.processes import REPOSITORY
from benchmarks.report import percentile
from tests.benchmarks.documented import check_figures, first_figures

SMALLEST = (
    *("--pairs", "1", "--tokens", "16", "--statuses", "1"),
    *("--steps", "2", "--events", "1000", "--idle", "1"),
)


async def bench(output: Path) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "benchmarks.bench", *SMALLEST, "--output", str(output)),
        cwd=REPOSITORY,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )


@pytest.mark.real
async def test_a_small_run_gives_every_documented_figure(tmp_path: Path, default_model: Path) -> None:
    output = tmp_path / "bench.json"
    process = await bench(output)
    said, failed = await asyncio.wait_for(process.communicate(), 240)
    assert process.returncode == 0, failed.decode()
    assert "decode_ratio" in said.decode()

    figures = json.loads(output.read_text(encoding="utf-8"))
    check_figures(figures, first_figures())
    for key, value in figures.items():
        if not isinstance(value, str):
            assert math.isfinite(value), key
            assert value >= 0, key
    assert (figures["decode_pairs"], figures["answer_tokens"]) == (1, 16)


@pytest.mark.real
@pytest.mark.parametrize("ending", [signal.SIGTERM, signal.SIGKILL])
async def test_it_ends_what_it_started(ending: signal.Signals, tmp_path: Path, default_model: Path) -> None:
    output = tmp_path / "bench.json"
    process = await bench(output)
    assert process.stdout is not None
    async for line in process.stdout:
        if line.startswith(b"pair 1"):
            break
    started = psutil.Process(process.pid).children(recursive=True)
    assert len(started) >= 6, "bare loop, devnet, anvil, node, engine, dashboard"

    process.send_signal(ending)
    await asyncio.wait_for(process.communicate(), 60)
    _, alive = await asyncio.to_thread(psutil.wait_procs, started, 30)

    assert alive == []
    assert process.returncode != 0
    assert not output.exists()


@pytest.mark.parametrize(
    ("values", "percent", "expected"),
    [
        ([7.0], 50, 7.0),
        ([7.0], 95, 7.0),
        ([3.0, 1.0, 2.0], 50, 2.0),
        ([float(n) for n in range(20, 0, -1)], 95, 19.0),
    ],
)
def test_percentiles_are_values_that_were_measured(
    values: list[float], percent: int, expected: float
) -> None:
    assert percentile(values, percent) == expected
