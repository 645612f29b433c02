"""How soon the engine is started again: an engine that ran before, soon; one that never started, later."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cortensor_tui.domain.inference import EngineHealth, EngineState
from cortensor_tui.node import engine_room
from cortensor_tui.node.engine_room import EngineRoom
from cortensor_tui.settings import env_line, load_settings

NEVER_S = 3600.0


class ScriptedEngine:
    """An engine that goes through the same states at every start."""

    def __init__(self, *states: EngineState) -> None:
        self.starts = 0
        self.health = EngineHealth(engine="scripted", model="none", state=EngineState.STOPPED)
        self._states = states
        self._on_health: Callable[[EngineHealth], None] = lambda health: None

    def made(self, *_: Any, on_health: Callable[[EngineHealth], None], **__: Any) -> ScriptedEngine:
        self._on_health = on_health
        return self

    async def start(self) -> None:
        self.starts += 1
        for state in self._states:
            self._on_health(EngineHealth(engine="scripted", model="none", state=state))

    async def stop(self) -> None:
        pass


async def starts_of(
    engine: ScriptedEngine, monkeypatch: pytest.MonkeyPatch, folder: Path, enough: int
) -> int:
    """Run a room until the engine was started often enough, or has been left alone for a while."""
    monkeypatch.setattr(engine_room, "LlamaProcess", engine.made)
    monkeypatch.setattr(engine_room, "RETRY_S", NEVER_S)
    monkeypatch.setattr(engine_room, "RETRY_AFTER_RUNNING_S", 0.0)
    env = folder / ".env"
    lines = {
        "HOST": "http://127.0.0.1:1",
        "CHAINID": "31337",
        "NODE_PRIVATE_KEY": "0x" + "11" * 32,
        "CORTENSOR_TUI_MODEL_PATH": str(folder / "model.gguf"),
    }
    env.write_text("".join(env_line(key, value) for key, value in lines.items()))
    env.chmod(0o600)
    room = EngineRoom(load_settings(env, {}), lambda health: None)
    running = asyncio.create_task(room.run())
    for _ in range(100):
        await asyncio.sleep(0)
        if engine.starts >= enough:
            break
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    return engine.starts


async def test_an_engine_that_ran_is_started_again_soon(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    engine = ScriptedEngine(EngineState.READY, EngineState.FAILED)
    assert await starts_of(engine, monkeypatch, tmp_path, 3) == 3


async def test_an_engine_that_never_ran_is_left_for_a_while(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    engine = ScriptedEngine(EngineState.FAILED)
    assert await starts_of(engine, monkeypatch, tmp_path, 3) == 1
