"""Prefill and decode speeds by llama-bench: llama.cpp with nothing around it, not even sampling."""

from __future__ import annotations

from pathlib import Path

import msgspec

from benchmarks.engine.yardsticks import output_of, yardstick_command


class _Test(msgspec.Struct, frozen=True):
    """What is read of one test in llama-bench's JSON."""

    avg_ts: float


async def prefill_tokens_per_s(model: Path, batch_tokens: int, threads: int, tokens: int) -> float:
    """Return the speed of reading so many tokens into an empty context."""
    return await _speed(model, batch_tokens, threads, "-p", str(tokens), "-n", "0")


async def decode_tokens_per_s(model: Path, batch_tokens: int, threads: int, depth: int, tokens: int) -> float:
    """Return the speed of so many single tokens behind `depth` tokens of prompt."""
    return await _speed(model, batch_tokens, threads, "-p", "0", "-n", str(tokens), "-d", str(depth))


async def _speed(model: Path, batch_tokens: int, threads: int, *test: str) -> float:
    batch = ("-b", str(batch_tokens), "-ub", str(batch_tokens), "-t", str(threads))
    told = await output_of(
        *yardstick_command("llama-bench", "-m", str(model), "-ngl", "0", *batch),
        *(*test, "-r", "1", "-o", "json"),
    )
    # What llama.cpp logs stands behind the document.
    document = told[told.index("[") : told.rindex("]") + 1]
    return msgspec.json.decode(document, type=list[_Test])[0].avg_ts
