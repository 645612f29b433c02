"""Memory that really runs out while the engine loads, wherever that is, is told with what to do."""

from __future__ import annotations

from pathlib import Path

import pytest

from cortensor_tui.domain.inference import EngineState
from cortensor_tui.domain.problems import ProblemError
from cortensor_tui.inference.llama import process

from . import narrow_child
from .engines import Watched

pytestmark = pytest.mark.real


@pytest.mark.parametrize(
    ("room_mib", "what", "remedy"),
    [
        (48, "could not load the model", "smaller"),
        (192, "No context of 8192 tokens", "LLM_OPTION_CONTEXT_SIZE"),
    ],
    ids=["weights", "context"],
)
async def test_what_there_is_no_memory_for_is_named(
    model_path: Path, monkeypatch: pytest.MonkeyPatch, room_mib: int, what: str, remedy: str
) -> None:
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[2]))
    monkeypatch.setenv("LLAMA_TEST_ROOM_MIB", str(room_mib))
    monkeypatch.setattr(process, "CHILD_MODULE", narrow_child.__name__)
    watched = Watched(model_path, context_tokens=8192)
    with pytest.raises(ProblemError, match=what) as caught:
        await watched.engine.start()
    assert caught.value.problem.code == "model_load_failed"
    assert remedy in caught.value.problem.remedy
    assert "memory" in caught.value.problem.why
    health = watched.engine.health
    assert (health.state, health.error) == (EngineState.FAILED, caught.value.problem.sentence())
    await watched.engine.stop()
