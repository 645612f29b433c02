"""A short seeded run of faults against a real node, a real chain and the real model."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.chaos.__main__ import run_all

pytestmark = pytest.mark.real

RUNS, SEED = 3, 1


async def test_a_few_runs_lose_nothing_and_answer_once(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    report = await run_all(RUNS, SEED, RUNS, tmp_path)
    told = capsys.readouterr().out
    found = (report.lost, report.conflicting, report.double_sends, report.crashes, report.broken_runs)
    assert found == (0, 0, 0, 0, 0), told
    assert report.runs == RUNS
    assert report.faults > 2 * RUNS, "a run without faults shows nothing"
