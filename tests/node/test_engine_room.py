"""How soon the engine is started again: at once after it ran, later each time it did not."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
from structlog.testing import capture_logs

from cortensor_tui.domain.inference import EngineHealth, EngineState
from cortensor_tui.domain.problems import problem_error
from cortensor_tui.inference import choosing
from cortensor_tui.node.engine_room import EngineRoom
from cortensor_tui.settings import env_line, load_settings


class ScriptedEngine:
    """An engine that goes through the same states at every start."""

    def __init__(self, *states: EngineState) -> None:
        self.starts = 0
        self.health = EngineHealth(engine="scripted", model="none", state=EngineState.STOPPED)
        self._states = states
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
                died_at = float(self.starts)
                self.health = msgspec.structs.replace(self.health, died_at=died_at, death="it was killed")
            self._on_health(self.health)
        if self.problems:
            raise problem_error("engine_failed", self.problems.pop(0))

    async def stop(self) -> None:
        pass


async def waits_of(
    engine: ScriptedEngine, monkeypatch: pytest.MonkeyPatch, folder: Path, starts: int
) -> list[float]:
    """Run a room until the engine was started so often; return how long it waited before each start anew."""
    waits: list[float] = []
    real_sleep = asyncio.sleep

    async def noted(delay_s: float) -> None:
        waits.append(delay_s)
        await real_sleep(0)

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
    room = EngineRoom(load_settings(env, {}), lambda health: None)
    monkeypatch.setattr("cortensor_tui.node.engine_room.asyncio.sleep", noted)
    running = asyncio.create_task(room.run())
    while engine.starts < starts:
        await real_sleep(0)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    return waits[: starts - 1]


async def test_an_engine_that_runs_each_time_is_started_again_at_once(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    engine = ScriptedEngine(EngineState.READY, EngineState.FAILED)
    assert await waits_of(engine, monkeypatch, tmp_path, 4) == [1.0, 1.0, 1.0]


async def test_an_engine_that_never_runs_is_left_alone_for_longer_each_time(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    engine = ScriptedEngine(EngineState.FAILED)
    assert await waits_of(engine, monkeypatch, tmp_path, 8) == [1.0, 2.0, 4.0, 8.0, 16.0, 20.0, 20.0]


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
