"""`python -m tests.soak --tokens N --seed N`: soaks the engine, and writes build/soak.json."""

from __future__ import annotations

import argparse
import asyncio
import logging
import sys
import tempfile
import time
from pathlib import Path

import msgspec
import structlog

from cortensor_tui.inference.models.packaged import default_model_folder, fetch_default_model
from tests.soak.run import Memory, Outcome, soak

BUILD = Path("build").resolve()
MOST_GROWTH_MB = 8.0
"""Of engine and miner each, between the first quarter, when all buffers are made, and the end."""
_SETTLED_AFTER = 0.25
_BYTES_PER_MB = 1_000_000


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """A soak, as written to build/soak.json."""

    seed: int
    tokens: int
    answered: int
    reproduced: int
    cancelled: int
    most_at_once: int
    mixed_up: int
    engine_growth_mb: float
    miner_growth_mb: float
    took_s: float

    @property
    def holds(self) -> bool:
        """Tell whether every promise held."""
        return not self.mixed_up and max(self.engine_growth_mb, self.miner_growth_mb) <= MOST_GROWTH_MB


def report_of(outcome: Outcome, took_s: float) -> Report:
    """Add up what became of a soak."""
    settled = next(one for one in outcome.memory if one.tokens >= _SETTLED_AFTER * outcome.tokens)
    last = outcome.memory[-1]
    return Report(
        seed=outcome.seed,
        tokens=outcome.tokens,
        answered=outcome.answered,
        reproduced=outcome.reproduced,
        cancelled=outcome.cancelled,
        most_at_once=outcome.most_at_once,
        mixed_up=len(outcome.faults),
        engine_growth_mb=round((last.engine_bytes - settled.engine_bytes) / _BYTES_PER_MB, 1),
        miner_growth_mb=round((last.miner_bytes - settled.miner_bytes) / _BYTES_PER_MB, 1),
        took_s=round(took_s, 1),
    )


def main() -> int:
    """Soak, print what came of it, and return 1 where something did not hold."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--tokens", type=int, default=24_000)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    model = fetch_default_model(default_model_folder(), lambda done, total: None)
    began_s = time.monotonic()

    def tell(memory: Memory) -> None:
        took_s = time.monotonic() - began_s
        engine_mb, miner_mb = memory.engine_bytes / _BYTES_PER_MB, memory.miner_bytes / _BYTES_PER_MB
        _say(f"{memory.tokens} tokens, {took_s:.0f} s; engine {engine_mb:.1f} MB, miner {miner_mb:.1f} MB")

    with tempfile.TemporaryDirectory() as folder:
        outcome = asyncio.run(soak(model, Path(folder), asked.seed, asked.tokens, tell))
    report = report_of(outcome, time.monotonic() - began_s)
    for fault in outcome.faults:
        _say(f"MIXED UP: {fault}")
    for name, value in msgspec.structs.asdict(report).items():
        _say(f"{name} {value}")
    BUILD.mkdir(exist_ok=True)
    (BUILD / "soak.json").write_bytes(msgspec.json.format(msgspec.json.encode(report), indent=2) + b"\n")
    return 0 if report.holds else 1


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
