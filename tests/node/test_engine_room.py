"""How soon the engine is started again: at once after it ran, later each time it did not."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
from structlog.testing import capture_logs

from cortensor_tui.domain.inference import (
    EngineHealth,
    EngineState,
    Finished,
    FinishReason,
    Generation,
    GenerationEvent,
    SelfTest,
    Token,
)
from cortensor_tui.domain.problems import ProblemError, problem_error
from cortensor_tui.inference import choosing
from cortensor_tui.inference.problems import engine_stopped
from cortensor_tui.node.engine_room import STEADY_S, EngineRoom
from cortensor_tui.settings import env_line, load_settings
from tests.support.clock import StandingClock


class ScriptedEngine:
    """An engine that goes through the same states at every start."""

    def __init__(self, *states: EngineState) -> None:
        self.starts = 0
        self.clock = StandingClock()
        self.runs_for_s = 0.0
        self.health = EngineHealth(engine="scripted", model="none", state=EngineState.STOPPED)
        self._states = states
        self.answer: tuple[GenerationEvent, ...] = ()
        self.problems: list[str] = []
        self._on_health: Callable[[EngineHealth], None] = lambda health: None

    def made(self, *_: Any, on_health: Callable[[EngineHealth], None], **__: Any) -> ScriptedEngine:
        self._on_health = on_health
        return self

    async def start(self) -> None:
        self.starts += 1
        for state in self._states:
            self.health = msgspec.structs.replace(self.health, state=state)
            if state is EngineState.FAILED:
                self.clock.pass_s(self.runs_for_s)
                died_at = float(self.starts)
                self.health = msgspec.structs.replace(self.health, died_at=died_at, death="it was killed")
            self._on_health(self.health)
        if self.problems:
            raise problem_error("engine_failed", self.problems.pop(0))

    async def generate(self, generation: Generation) -> AsyncGenerator[GenerationEvent, None]:
        for event in self.answer:
            yield event
        if not self.answer:
            raise ProblemError(engine_stopped())

    async def stop(self) -> None:
        pass


def room_with(
    engine: ScriptedEngine,
    monkeypatch: pytest.MonkeyPatch,
    folder: Path,
    on_health: Callable[[EngineHealth], None],
) -> EngineRoom:
    """Return a room that takes this for its engine."""
    monkeypatch.setattr(choosing, "LlamaProcess", engine.made)
    lines = {
        "HOST": "http://127.0.0.1:1",
        "CHAINID": "31337",
        "NODE_PRIVATE_KEY": "0x" + "11" * 32,
        "CORTENSOR_TUI_MODEL_PATH": str(folder / "model.gguf"),
    }
    env = folder / ".env"
    env.write_text("".join(env_line(key, value) for key, value in lines.items()))
    env.chmod(0o600)
    return EngineRoom(load_settings(env, {}), on_health, engine.clock)


async def waits_of(
    engine: ScriptedEngine, monkeypatch: pytest.MonkeyPatch, folder: Path, starts: int
) -> list[float]:
    """Run a room until the engine was started so often; return how long it waited before each start anew."""
    waits: list[float] = []
    real_sleep = asyncio.sleep

    async def noted(delay_s: float) -> None:
        waits.append(delay_s)
        await real_sleep(0)

    room = room_with(engine, monkeypatch, folder, lambda health: None)
    monkeypatch.setattr("cortensor_tui.node.engine_room.asyncio.sleep", noted)
    running = asyncio.create_task(room.run())
    while engine.starts < starts:
        await real_sleep(0)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    return waits[: starts - 1]


async def test_an_engine_that_runs_for_long_each_time_is_started_again_at_once(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    engine = ScriptedEngine(EngineState.READY, EngineState.FAILED)
    engine.runs_for_s = STEADY_S
    assert await waits_of(engine, monkeypatch, tmp_path, 4) == [1.0, 1.0, 1.0]


async def test_an_engine_that_never_runs_is_left_alone_for_longer_each_time(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    engine = ScriptedEngine(EngineState.FAILED)
    assert await waits_of(engine, monkeypatch, tmp_path, 8) == [1.0, 2.0, 4.0, 8.0, 16.0, 20.0, 20.0]


async def test_an_engine_that_dies_soon_each_time_is_left_alone_for_longer_each_time(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    engine = ScriptedEngine(EngineState.READY, EngineState.BUSY, EngineState.FAILED)
    engine.runs_for_s = STEADY_S / 2
    assert await waits_of(engine, monkeypatch, tmp_path, 4) == [1.0, 2.0, 4.0]


async def test_each_death_and_each_return_is_a_line_of_the_log(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    engine = ScriptedEngine(EngineState.READY, EngineState.BUSY, EngineState.FAILED)
    with capture_logs() as lines:
        await waits_of(engine, monkeypatch, tmp_path, 2)
    assert [line["event"] for line in lines] == ["engine ready", "engine died"] * 2
    assert lines[1]["why"] == "it was killed"


async def test_an_engine_that_fails_the_same_way_each_time_is_one_line_of_the_log(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    engine = ScriptedEngine()
    engine.problems = ["It is away", "It is away", "It is away", "It is odd", "It is away"]
    with capture_logs() as lines:
        await waits_of(engine, monkeypatch, tmp_path, 6)
    assert [line["why"] for line in lines] == ["It is away.", "It is odd.", "It is away."]


async def self_test_told(engine: ScriptedEngine, monkeypatch: pytest.MonkeyPatch, folder: Path) -> SelfTest:
    """Run a room until it tells of a self-test."""
    found: asyncio.Future[SelfTest] = asyncio.get_running_loop().create_future()

    def told(health: EngineHealth) -> None:
        if health.self_test is not None and not found.done():
            found.set_result(health.self_test)

    room = room_with(engine, monkeypatch, folder, told)
    running = asyncio.create_task(room.run())
    try:
        return await found
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


def finished(answer_tokens: int) -> Finished:
    return Finished(
        reason=FinishReason.STOP,
        prompt_tokens=6,
        answer_tokens=answer_tokens,
        prefill_ms=10.0,
        first_token_ms=20.0 if answer_tokens else None,
        decode_ms=100.0 if answer_tokens else 0.0,
    )


async def test_a_model_that_answers_is_told_with_its_speed(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    engine = ScriptedEngine(EngineState.READY)
    engine.answer = (Token(text="Red", count=1, at_ms=20.0), finished(11))
    found = await self_test_told(engine, monkeypatch, tmp_path)
    assert (found.answer_tokens, found.first_token_ms, found.problem) == (11, 20.0, None)
    assert (found.prefill_tokens_per_s, found.decode_tokens_per_s) == (600.0, 100.0)


@pytest.mark.parametrize("text", ["", " \n"])
async def test_a_model_that_answers_nothing_is_told(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, text: str
) -> None:
    engine = ScriptedEngine(EngineState.READY)
    engine.answer = (Token(text=text, count=1, at_ms=20.0), finished(len(text)))
    with capture_logs() as lines:
        found = await self_test_told(engine, monkeypatch, tmp_path)
    assert found.problem is not None
    assert found.problem.code == "model_silent"
    assert [line["event"] for line in lines] == ["engine ready", "self-test failed"]


async def test_a_server_that_others_run_is_asked_nothing(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    engine = ScriptedEngine(EngineState.READY, EngineState.FAILED)
    engine.answer = (finished(0),)
    engine.health = msgspec.structs.replace(engine.health, is_ours=False)
    with capture_logs() as lines:
        await waits_of(engine, monkeypatch, tmp_path, 2)
    assert "self-test failed" not in [line["event"] for line in lines]
