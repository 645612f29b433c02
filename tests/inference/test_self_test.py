"""The real model is asked a short prompt, with its chat template or, without one, as plain text."""

from __future__ import annotations

from pathlib import Path

import pytest

from cortensor_tui.inference.llama.process import LlamaProcess
from cortensor_tui.inference.self_test import ANSWER_TOKENS, self_test

from .engines import Watched
from .gguf_files import with_template, without_template


@pytest.mark.real
async def test_the_default_model_answers_and_its_speed_is_known(watched: Watched) -> None:
    found = await self_test(watched.engine)
    assert found is not None
    assert found.problem is None
    assert found.answer_tokens is not None
    assert 1 < found.answer_tokens <= ANSWER_TOKENS
    assert found.first_token_ms is not None
    assert found.prefill_tokens_per_s is not None
    assert found.decode_tokens_per_s is not None


@pytest.mark.real
async def test_a_base_model_without_a_template_is_asked_too(model_path: Path, tmp_path: Path) -> None:
    engine = LlamaProcess(without_template(model_path, tmp_path / "base.gguf"), context_tokens=256)
    await engine.start()
    found = await self_test(engine)
    await engine.stop()
    assert found is not None
    assert found.problem is None


@pytest.mark.real
async def test_a_template_that_fails_is_told_before_a_task_meets_it(model_path: Path, tmp_path: Path) -> None:
    broken = with_template(model_path, tmp_path / "broken.gguf", "{{ nothing.at.all }}")
    engine = LlamaProcess(broken, context_tokens=256)
    await engine.start()
    found = await self_test(engine)
    await engine.stop()
    assert found is not None
    assert found.problem is not None
    assert found.problem.code == "chat_template_failed"


async def test_an_engine_that_is_not_there_tells_it_of_itself(tmp_path: Path) -> None:
    assert await self_test(LlamaProcess(tmp_path / "none.gguf", context_tokens=256)) is None
