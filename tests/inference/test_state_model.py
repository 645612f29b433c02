"""A model whose memory is a state answers, whoever is cancelled beside it."""

from __future__ import annotations

import asyncio
from pathlib import Path

import msgspec
import pytest

from cortensor_tui.inference.llama.process import LlamaProcess

from .engines import GREEDY, ask, collect, finish_of
from .state_model import CONTEXT_TOKENS, state_model

pytestmark = pytest.mark.real

PROMPT = "".join(chr(97 + (number * number * 7 + number) % 26) for number in range(7_000))
FEW = msgspec.structs.replace(GREEDY, max_tokens=24)


async def test_a_cancel_beside_it_leaves_its_state_alone(tmp_path: Path) -> None:
    model = state_model(tmp_path / "state.gguf")
    engine = LlamaProcess(model, context_tokens=CONTEXT_TOKENS, batch_tokens=1024, slots=3, threads=1)
    await engine.start()
    beside = asyncio.create_task(collect(engine.generate(ask(PROMPT, FEW, role="raw"))))
    cancelled = 0
    while not beside.done():
        neighbour = asyncio.create_task(collect(engine.generate(ask("hello", FEW, role="raw"))))
        await asyncio.wait([beside], timeout=0.05)
        neighbour.cancel()
        await asyncio.wait([neighbour])
        cancelled += 1
    assert cancelled > 3
    assert finish_of(await beside).prompt_tokens == len(PROMPT)
    await engine.stop()
