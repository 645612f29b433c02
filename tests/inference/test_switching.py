"""One engine, several real model files: what it has when a change went well, and when it did not."""

from __future__ import annotations

import asyncio
import hashlib
import os
import shutil
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from cortensor_tui.domain.inference import EngineHealth, EngineState, Finished, Token
from cortensor_tui.domain.problems import problem_error
from cortensor_tui.inference.engine import HealthListener
from cortensor_tui.inference.llama.process import LlamaProcess
from cortensor_tui.inference.models.examine import require_room
from cortensor_tui.inference.switching import TRIED_AGAIN_S, ModelWish, SwitchedEngine
from tests.support.clock import StandingClock

from .engines import ask
from .gguf_files import with_template

pytestmark = pytest.mark.real

CONTEXT_TOKENS = 512
SESSION = 7
LONGEST_S = 60.0


class Changing:
    """An engine that may change its model, and all that it told."""

    def __init__(self, configured: Path) -> None:
        self.healths: list[EngineHealth] = []
        self.refusal = ""
        self.clock = StandingClock()
        self.made: list[LlamaProcess] = []
        self.engine = SwitchedEngine(
            configured,
            self._make,
            self._require_room,
            self.healths.append,
            self.clock,
        )

    @property
    def pid(self) -> int | None:
        """The process that holds the model."""
        return self.made[-1].pid

    def _make(self, path: Path, on_health: HealthListener) -> LlamaProcess:
        self.made.append(LlamaProcess(path, context_tokens=CONTEXT_TOKENS, on_health=on_health))
        return self.made[-1]

    def _require_room(self, path: Path, given_back_bytes: int) -> None:
        if self.refusal:
            raise problem_error("model_does_not_fit", self.refusal)
        require_room(path, CONTEXT_TOKENS, 0, given_back_bytes)

    async def change(self, path: Path | None) -> None:
        """Change the model, and wait until that is over."""
        self.engine.change(ModelWish(session_id=SESSION, path=path))
        async with asyncio.timeout(LONGEST_S):
            while self.engine.is_changing:
                await asyncio.sleep(0.01)

    async def digest(self) -> str:
        """Return the digest of the model that answers a prompt."""
        events = [event async for event in self.engine.generate(ask("Say hello."))]
        assert any(isinstance(event, Token) for event in events)
        assert isinstance(events[-1], Finished)
        file = self.engine.health.model_file
        assert file is not None
        return file.sha256


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.fixture
def other(model_path: Path, tmp_path: Path) -> Path:
    """Another real model: the same weights, another template, so another digest."""
    template = "{% for m in messages %}{{ m['content'] }}\n{% endfor %}"
    return with_template(model_path, tmp_path / "Mistral-7B-Instruct-v0.3.Q4_0.gguf", template)


@pytest.fixture
async def changing(model_path: Path) -> AsyncIterator[Changing]:
    changing = Changing(model_path)
    await changing.engine.start()
    yield changing
    await changing.engine.stop()


async def test_the_model_is_changed_and_changed_back(
    changing: Changing, model_path: Path, other: Path
) -> None:
    assert await changing.digest() == sha256(model_path)
    changing.healths.clear()
    await changing.change(other)
    assert await changing.digest() == sha256(other)
    self_test = changing.engine.health.self_test
    assert self_test is not None
    assert self_test.problem is None
    told = [health for health in changing.healths if health.loading_for is not None]
    assert {(health.loading_for, health.state) for health in told} == {(SESSION, EngineState.LOADING)}
    assert told[-1].model == other.stem
    await changing.change(None)
    assert await changing.digest() == sha256(model_path)
    assert changing.engine.failures == ()


@pytest.mark.parametrize("harm", ["cut short", "no weights", "a template that fails"])
async def test_a_model_that_cannot_be_used_brings_the_one_before_back(
    changing: Changing, model_path: Path, other: Path, tmp_path: Path, harm: str
) -> None:
    bad = tmp_path / "bad.gguf"
    if harm == "cut short":
        bad.write_bytes(other.read_bytes()[:1_000_000])
    elif harm == "no weights":
        data = bytearray(other.read_bytes())
        at = data.index(b"token_embd.weight")
        data[at : at + 5] = b"tokem"
        bad.write_bytes(data)
    else:
        with_template(model_path, bad, "{{ nothing.at.all }}")
    await changing.change(bad)
    assert await changing.digest() == sha256(model_path)
    [failed] = changing.engine.failures
    assert failed.session_id == SESSION
    assert failed.problem.what
    assert failed.problem.remedy
    assert changing.engine.is_loaded(ModelWish(session_id=SESSION, path=bad)), "the configured one answers"
    changing.clock.pass_s(TRIED_AGAIN_S + 1)
    shutil.copy(other, bad)
    assert not changing.engine.is_loaded(ModelWish(session_id=SESSION, path=bad))
    await changing.change(bad)
    assert await changing.digest() == sha256(other)


async def test_a_model_without_room_leaves_the_running_one_untouched(changing: Changing, other: Path) -> None:
    before = changing.pid
    assert before is not None
    changing.refusal = "It does not fit"
    await changing.change(other)
    assert changing.pid == before
    assert [one.problem.what for one in changing.engine.failures] == ["It does not fit"]


async def test_a_model_that_does_not_come_back_gives_the_engine_to_the_configured_one(
    changing: Changing, model_path: Path, other: Path
) -> None:
    await changing.change(other)
    assert changing.pid is not None
    other.write_bytes(b"GGUF, once")
    changing.healths.clear()
    os.kill(changing.pid, signal.SIGKILL)
    async with asyncio.timeout(LONGEST_S):
        while not changing.healths:
            await asyncio.sleep(0.01)
        await changing.engine.start()
    assert await changing.digest() == sha256(model_path)
    assert len(changing.engine.failures) == 1


async def test_a_model_whose_process_died_once_comes_back(changing: Changing, other: Path) -> None:
    await changing.change(other)
    assert changing.pid is not None
    changing.healths.clear()
    os.kill(changing.pid, signal.SIGKILL)
    async with asyncio.timeout(LONGEST_S):
        while not changing.healths:
            await asyncio.sleep(0.01)
        await changing.engine.start()
    assert await changing.digest() == sha256(other)
    assert changing.engine.failures == ()


async def test_an_engine_that_is_stopped_while_it_changes_leaves_no_process(
    changing: Changing, other: Path
) -> None:
    changing.engine.change(ModelWish(session_id=SESSION, path=other))
    async with asyncio.timeout(LONGEST_S):
        while changing.engine.health.loading_for is None:
            await asyncio.sleep(0.01)
    await changing.engine.stop()
    assert not changing.engine.is_changing
    assert [one.pid for one in changing.made] == [None] * len(changing.made)
