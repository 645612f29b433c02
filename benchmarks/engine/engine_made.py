"""How the node's engine was made, so that the yardsticks are run alike."""

from __future__ import annotations

from pathlib import Path

import msgspec

from benchmarks.engine.answers import told
from cortensor_tui.domain.inference import EngineFacts
from tests.world import status_of


class EngineMade(msgspec.Struct, frozen=True, kw_only=True):
    """Threads, batch and slots of an engine that runs."""

    decode_threads: int
    prefill_threads: int
    batch_tokens: int
    slots: int

    @property
    def threads(self) -> tuple[int, int]:
        """Return the threads for decode and for prefill."""
        return self.decode_threads, self.prefill_threads


async def engine_of(settings: Path) -> EngineMade:
    """Ask the node. Raises `BenchmarkError` where its engine does not tell."""
    facts = (await status_of(settings)).engine.facts or EngineFacts()
    return EngineMade(
        decode_threads=told(facts.decode_threads),
        prefill_threads=told(facts.prefill_threads),
        batch_tokens=told(facts.batch_tokens),
        slots=told(facts.slots),
    )
