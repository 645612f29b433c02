"""With the envelope of an answer and its prompt, another engine gives the very same answer."""

from __future__ import annotations

import pytest

from cortensor_tui.domain.envelope import Envelope, digest_of
from cortensor_tui.domain.health import Verdict
from cortensor_tui.domain.inference import FinishReason, Generation, SamplingParams
from cortensor_tui.domain.tasks import TaskKey, TaskView
from cortensor_tui.inference.llama.process import LlamaProcess
from cortensor_tui.inference.models.packaged import DEFAULT_MODEL
from cortensor_tui.node.client import NodeClient
from cortensor_tui.node.history_messages import GetTask, Tasks
from cortensor_tui.node.paths import socket_path
from tests.inference.engines import collect, finish_of, text_of
from tests.world import World, until_verdict

pytestmark = pytest.mark.real
PROMPT = "Name three colours of the sea, and say why it has them."


async def _answered(world: World) -> TaskView:
    """Return a task that a node has answered alone, as a reproducible session asks for."""
    session_id = await world.create_session()
    await world.bind(session_id)
    settings = world.settings(CORTENSOR_TUI_REPRODUCIBLE_SESSIONS="all")
    async with world.node(settings) as process:
        await until_verdict(settings, Verdict.SERVING, process)
        key = TaskKey(session_id, 0)
        assert await world.submit(session_id, PROMPT) == key
        await world.until_ended(key)
        client = await NodeClient.connect(socket_path(settings))
        told = await client.request(GetTask(key=key))
        await client.close()
    assert isinstance(told, Tasks)
    return told.tasks[0]


async def _made_again(world: World, made: Envelope, applied: SamplingParams) -> tuple[str, Envelope]:
    """Run the prompt on an engine set up as the envelope says; return the answer and what it was told."""
    assert made.context_tokens is not None
    assert made.batch_tokens is not None
    assert made.seed is not None
    engine = LlamaProcess(
        world.model,
        context_tokens=made.context_tokens,
        batch_tokens=made.batch_tokens,
        decode_threads=made.decode_threads,
        prefill_threads=made.prefill_threads,
        slots=made.slots or 1,
    )
    generation = Generation(
        messages=(("user", PROMPT),), params=applied, seed=made.seed, is_reproducible=True
    )
    await engine.start()
    try:
        events = await collect(engine.generate(generation))
        facts = engine.health.facts
    finally:
        await engine.stop()
    finished = finish_of(events)
    assert finished.reason is not FinishReason.CANCELLED
    assert facts is not None
    told = Envelope(
        build=facts.build,
        template_sha256=facts.template_sha256,
        kv_type=facts.kv_type,
        flash_attention=facts.flash_attention,
        sampler_chain=finished.sampler_chain,
    )
    return text_of(events), told


async def test_an_answer_is_made_again_from_its_envelope(world: World) -> None:
    task = await _answered(world)
    made, applied = task.envelope, task.applied
    assert made is not None
    assert applied is not None
    assert (made.model_file, made.model_sha256) == (DEFAULT_MODEL.file_name, DEFAULT_MODEL.sha256)
    assert (made.is_reproducible, made.slots_busy, made.reused_tokens) == (True, 1, 0)
    assert made.prompt_sha256 == digest_of((("user", PROMPT),))
    assert made.parameters_sha256 == digest_of(applied)

    answer, told = await _made_again(world, made, applied)

    assert answer == task.answer
    for name in ("build", "template_sha256", "kv_type", "flash_attention", "sampler_chain"):
        assert getattr(told, name) == getattr(made, name), name
