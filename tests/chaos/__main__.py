"""`python -m tests.chaos RUNS SEED`: prints how each run went, and writes build/chaos.json."""

from __future__ import annotations

import argparse
import asyncio
import logging
import os
import sys
import tempfile
import time
from pathlib import Path

import msgspec
import structlog

from cortensor_tui.inference.models.packaged import default_model_folder, fetch_default_model
from tests.chaos.judge import RECOVERY_S
from tests.chaos.run import Outcome, run_seed
from tests.chaos.world import lay_ground

BUILD = Path("build").resolve()


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """All runs together, as written to build/chaos.json."""

    runs: int
    seed: int
    faults: int
    tasks: int
    lost: int
    late: int
    conflicting: int
    double_sends: int
    crashes: int
    broken_runs: int
    longest_recovery_s: float
    took_s: float

    @property
    def holds(self) -> bool:
        """Tell whether every promise held."""
        broken = self.lost or self.conflicting or self.double_sends or self.crashes or self.broken_runs
        return not broken and self.longest_recovery_s <= RECOVERY_S


def report_of(outcomes: list[Outcome], broken_runs: int, seed: int, took_s: float) -> Report:
    """Add the outcomes up."""
    judgements = [outcome.judgement for outcome in outcomes]
    return Report(
        runs=len(outcomes) + broken_runs,
        seed=seed,
        faults=sum(outcome.fault_count for outcome in outcomes),
        tasks=sum(outcome.task_count for outcome in outcomes),
        lost=sum(len(one.lost) for one in judgements),
        late=sum(len(one.late) for one in judgements),
        conflicting=sum(len(one.conflicting) for one in judgements),
        double_sends=sum(len(one.double_sends) for one in judgements),
        crashes=sum(len(one.crashes) for one in judgements),
        broken_runs=broken_runs,
        longest_recovery_s=round(max((one.longest_recovery_s for one in judgements), default=0.0), 2),
        took_s=round(took_s, 1),
    )


async def run_all(runs: int, first_seed: int, jobs: int, folder: Path) -> Report:
    """Do the runs of `runs` seeds from the first on, some at a time, and tell of each."""
    began = time.monotonic()
    model = fetch_default_model(default_model_folder(), lambda done, total: None)
    folder.mkdir(parents=True, exist_ok=True)
    ground = await lay_ground(folder)
    turns = asyncio.Semaphore(jobs)
    outcomes: list[Outcome] = []
    broken: list[int] = []

    async def one(seed: int) -> None:
        async with turns:
            try:
                outcome = await run_seed(seed, ground, model, folder / str(seed))
            except Exception as error:  # a broken run is told, and the others go on
                broken.append(seed)
                _say(f"seed {seed}: the run itself broke: {error!r}; kept in {folder / str(seed)}")
                return
            outcomes.append(outcome)
            done = len(outcomes) + len(broken)
            eta_s = (time.monotonic() - began) / done * (runs - done)
            _say(_line(outcome, done, runs, eta_s))
            if not outcome.judgement.is_clean:
                _tell_of(outcome, folder / str(seed))

    await asyncio.gather(*(one(seed) for seed in range(first_seed, first_seed + runs)))
    return report_of(outcomes, len(broken), first_seed, time.monotonic() - began)


def _line(outcome: Outcome, done: int, runs: int, eta_s: float) -> str:
    return (
        f"[{done}/{runs}, {eta_s / 60:.0f} min left] seed {outcome.seed}: {outcome.fault_count} faults,"
        f" {outcome.task_count} tasks, recovered in {outcome.judgement.longest_recovery_s:.1f} s,"
        f" {'clean' if outcome.judgement.is_clean else 'NOT CLEAN'}, took {outcome.took_s:.0f} s"
    )


def _tell_of(outcome: Outcome, folder: Path) -> None:
    found = outcome.judgement
    for name, lines in (
        ("lost", found.lost),
        ("conflicting", found.conflicting),
        ("double send", found.double_sends),
        ("crash", found.crashes),
    ):
        for line in lines:
            _say(f"    {name}: {line}")
    _say(f"    repeat: make chaos RUNS=1 SEED={outcome.seed}; logs: {folder}")


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def main() -> int:
    """Run, print and write; 1 when a promise did not hold."""
    parser = argparse.ArgumentParser(prog="python -m tests.chaos")
    parser.add_argument("--runs", type=int, default=10)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=2)
    asked = parser.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))  # the oracle's
    _say(f"chaos: {asked.runs} runs from seed {asked.seed}, {asked.jobs} at a time")
    with tempfile.TemporaryDirectory(prefix="chaos-") as sockets:  # nodes of this user are left alone
        os.environ["XDG_RUNTIME_DIR"] = sockets
        report = asyncio.run(run_all(asked.runs, asked.seed, asked.jobs, BUILD / "chaos"))
    (BUILD / "chaos.json").write_bytes(msgspec.json.format(msgspec.json.encode(report)) + b"\n")
    for name, value in msgspec.to_builtins(report).items():
        _say(f"{name}: {value}")
    return 0 if report.holds else 1


if __name__ == "__main__":
    sys.exit(main())
