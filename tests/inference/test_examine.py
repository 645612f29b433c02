"""The engine says which file it has loaded, and starts no process for one that cannot fit."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from cortensor_tui.domain.inference import EngineState
from cortensor_tui.domain.problems import ProblemError
from cortensor_tui.inference.llama.gpu_support import has_gpu
from cortensor_tui.inference.llama.process import LlamaProcess
from cortensor_tui.inference.models import examine
from cortensor_tui.inference.models.packaged import DEFAULT_MODEL

from .engines import Watched
from .gguf_files import small_gguf


@pytest.mark.real
async def test_a_ready_engine_says_which_file_it_has(watched: Watched) -> None:
    found = watched.engine.health.model_file
    assert found is not None
    assert (found.file_name, found.sha256) == (DEFAULT_MODEL.file_name, DEFAULT_MODEL.sha256)
    assert (found.architecture, found.quantisation, found.trained_tokens) == ("llama", "Q4_1", 8192)


async def test_a_model_that_does_not_fit_is_told_before_a_process_is_started(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "small.gguf"
    path.write_bytes(small_gguf())
    monkeypatch.setattr(examine, "free_memory_bytes", lambda: 1_000_000)
    watched = Watched(path)
    with pytest.raises(ProblemError) as refused:
        await watched.engine.start()
    assert refused.value.problem.code == "model_does_not_fit"
    assert watched.engine.pid is None
    assert watched.states == [EngineState.STARTING, EngineState.FAILED]
    assert "0 MiB free" in watched.engine.health.error
    await watched.engine.stop()


async def test_layers_on_a_gpu_take_what_nobody_can_tell_so_nothing_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "small.gguf"
    path.write_bytes(small_gguf())
    monkeypatch.setattr(examine, "free_memory_bytes", lambda: 0)
    assert examine.examine_model(path, 2048, gpu_layers=-1).file_name == "small.gguf"


@pytest.mark.real
async def test_who_knows_better_loads_it_all_the_same(
    model_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(examine, "free_memory_bytes", lambda: 1_000_000)
    with pytest.raises(ProblemError, match="CORTENSOR_TUI_CHECK_MEMORY=0"):
        await LlamaProcess(model_path, context_tokens=512).start()
    engine = LlamaProcess(model_path, context_tokens=512, checks_memory=False)
    await engine.start()
    assert engine.health.state is EngineState.READY
    await engine.stop()


async def test_an_engine_that_is_stopped_reads_a_large_file_no_further(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    reading, gone_on = asyncio.Event(), asyncio.Event()
    loop = asyncio.get_running_loop()

    def endless(path: Path, context_tokens: int, gpu_layers: int, is_given_up: object, **_: object) -> None:
        assert callable(is_given_up)
        loop.call_soon_threadsafe(reading.set)
        while not is_given_up():
            pass
        loop.call_soon_threadsafe(gone_on.set)

    monkeypatch.setattr("cortensor_tui.inference.llama.process.examine_model", endless)
    engine = LlamaProcess(tmp_path / "none.gguf", context_tokens=64)
    starting = asyncio.create_task(engine.start())
    await reading.wait()
    await engine.stop()
    await gone_on.wait()
    with pytest.raises(ProblemError):
        await starting


@pytest.mark.real
@pytest.mark.skipif(has_gpu() is True, reason="this llama.cpp has a GPU")
async def test_layers_asked_of_a_gpu_that_is_not_there_are_computed_on_the_cpu_and_that_is_said(
    model_path: Path,
) -> None:
    watched = Watched(model_path, gpu_layers=-1)
    try:
        await watched.engine.start()
        health = watched.engine.health
        assert health.facts is not None
        assert health.facts.gpu_layers == 0
        assert health.warning is not None
        assert "LLM_OPTION_GPU=1 asks for layers on a GPU" in health.warning.sentence()
    finally:
        await watched.engine.stop()
