"""An engine process that reads its messages while what it computes stands still is ended, and comes back."""

from __future__ import annotations

import asyncio
from pathlib import Path

import msgspec
import pytest

from cortensor_tui.domain.inference import EngineState
from cortensor_tui.domain.problems import ProblemError
from cortensor_tui.inference.llama import process
from cortensor_tui.inference.llama.child_process import ChildProcess
from cortensor_tui.inference.llama.heartbeat import Patience
from cortensor_tui.inference.llama.process import CHILD_MODULE
from cortensor_tui.inference.llama.wire import Generate, Load, Ping, Pong, Ready, Streamed

from . import slow_disk_child, standing_child, stuck_disk_child
from .engines import GREEDY, Watched, ask, collect, finish_of

pytestmark = pytest.mark.real

LONG = msgspec.structs.replace(GREEDY, max_tokens=400)
SOON = Patience(ping_interval_s=0.1, answer_s=1_000.0, standstill_s=2.0, first_backoff_s=0.01)


async def test_all_runs_of_an_engine_that_stands_still_can_be_asked_again(
    model_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[2]))
    monkeypatch.setattr(process, "CHILD_MODULE", standing_child.__name__)
    watched = Watched(model_path, slots=2, patience=SOON)
    await watched.engine.start()
    monkeypatch.setattr(process, "CHILD_MODULE", CHILD_MODULE)  # what comes back is sound
    runs = [watched.engine.generate(ask(f"Write a long story of {what}.", LONG)) for what in ("cats", "dogs")]
    ended = await asyncio.gather(*(collect(run) for run in runs), return_exceptions=True)
    assert [error.problem.code for error in ended if isinstance(error, ProblemError)] == ["engine_died"] * 2
    health = await watched.until(lambda health: health.restarts == 1 and health.state is EngineState.READY)
    assert health.death == "nothing it computes has moved for 2 s"
    assert finish_of(await collect(watched.engine.generate(ask("Hello")))).answer_tokens > 0
    await watched.engine.stop()


LOADS_SOON = Patience(ping_interval_s=0.1, load_stall_s=1.0, first_backoff_s=0.01)


async def test_a_model_that_a_slow_disk_gives_piece_by_piece_is_waited_for(
    model_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[2]))
    monkeypatch.setattr(process, "CHILD_MODULE", slow_disk_child.__name__)
    watched = Watched(model_path, patience=LOADS_SOON)
    await watched.engine.start()
    assert watched.engine.health.restarts == 0
    await watched.engine.stop()


async def test_a_load_that_stands_still_is_ended_although_it_answers_pings(
    model_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[2]))
    monkeypatch.setattr(process, "CHILD_MODULE", stuck_disk_child.__name__)
    watched = Watched(model_path, patience=LOADS_SOON)
    with pytest.raises(ProblemError) as caught:
        await watched.engine.start()
    assert caught.value.problem.why == "it did not answer for 1 s"
    await watched.engine.stop()


async def test_it_tells_idleness_from_work_and_gives_signs_while_it_works(model_path: Path) -> None:
    child = await ChildProcess.spawn(CHILD_MODULE)
    child.send(
        Load(
            model_path=str(model_path),
            context_tokens=1024,
            batch_tokens=512,
            decode_threads=1,
            prefill_threads=1,
            gpu_layers=0,
            is_locked=False,
        )
    )
    pongs: list[Pong] = []
    async for message in child.messages():
        if isinstance(message, Ready):
            child.send(Ping())
        elif isinstance(message, Pong):
            pongs.append(message)
            if message.is_idle:
                child.send(Generate(run_id=1, generation=ask("Write a very long story.", LONG)))
            if len(pongs) == 4:
                child.let_go()
        elif isinstance(message, Streamed):
            child.send(Ping())
    await child.ended()
    assert [pong.is_idle for pong in pongs[:4]] == [True, False, False, False]
    signs = [pong.signs for pong in pongs[1:4]]
    assert signs == sorted(set(signs))
