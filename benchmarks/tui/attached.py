"""Whether a dashboard that watches slows the node's decoding down."""

from __future__ import annotations

import asyncio
from pathlib import Path

import msgspec

from benchmarks.processes import BenchmarkError
from benchmarks.served import BoundNode
from benchmarks.tui.dashboards import live_dashboard

PROMPT = "Write a very long story about a lighthouse keeper who learns to read the weather."
QUIET_S = 1.0


class WatchedPair(msgspec.Struct, frozen=True):
    """Decode speeds with a dashboard and without, tokens a second."""

    watched: float
    alone: float

    @property
    def ratio(self) -> float:
        """Return the watched part of the speed alone."""
        return self.watched / self.alone


async def pairs(settings: Path, node: BoundNode, count: int, tokens: int) -> list[WatchedPair]:
    """Answer so many times watched and, before and after each, alone, after one answer that warms up.

    A pair is a watched answer and the mean of its two neighbours: where the machine drifts, both drift.
    """
    await node.serve(PROMPT, tokens)
    found: list[WatchedPair] = []
    before = await _alone(node, tokens)
    for _ in range(count):
        watched = await _watched(settings, node, tokens)
        after = await _alone(node, tokens)
        found.append(WatchedPair(watched, alone=(before + after) / 2))
        before = after
    return found


async def _watched(settings: Path, node: BoundNode, tokens: int) -> float:
    async with live_dashboard(settings) as terminal:
        chunks = len(terminal.chunks)
        speed = await _alone(node, tokens)
        if len(terminal.chunks) == chunks:
            raise BenchmarkError("the dashboard drew nothing while the node answered")
        return speed


async def _alone(node: BoundNode, tokens: int) -> float:
    await asyncio.sleep(QUIET_S)
    task = await node.serve(PROMPT, tokens)
    if task.decode_tokens_per_s is None:
        raise BenchmarkError("the node told no decode speed")
    return task.decode_tokens_per_s
