"""A short soak: what joins and leaves at random mixes up no answer; `make soak` does it for long."""

from __future__ import annotations

from pathlib import Path

import pytest

from cortensor_tui.domain.tasks import TaskKey
from tests.soak.run import SLOTS, soak
from tests.soak.tasks import REPRODUCIBLE, SoakTask, fault_of

pytestmark = pytest.mark.real

SEED = 1
TOKENS = 400


async def test_every_answer_is_its_own_and_a_reproducible_one_is_what_it_is_alone(
    tmp_path: Path, default_model: Path
) -> None:
    outcome = await soak(default_model, tmp_path, SEED, TOKENS)
    assert outcome.faults == ()
    assert outcome.tokens >= TOKENS
    assert outcome.most_at_once == SLOTS
    assert outcome.reproduced > 0


def tagged(tag: str) -> SoakTask:
    return SoakTask(key=TaskKey(0, 1), prompt="", tag=tag, max_tokens=9, due_in_s=60)


@pytest.mark.parametrize("answer", [" 4711 4711", " 4711 4711 47", " 4", " 4711 4711 "])
def test_a_tag_that_is_repeated_is_its_own_answer(answer: str) -> None:
    assert fault_of(tagged("4711"), answer, {}) == ""


@pytest.mark.parametrize("answer", ["", " 207 207", " 4711 207 4711", " 4711 4711 20", " and so on"])
def test_an_answer_of_another_or_of_none_is_a_fault(answer: str) -> None:
    assert "4711" in fault_of(tagged("4711"), answer, {})


def test_a_reproducible_answer_is_held_to_the_one_it_gives_alone() -> None:
    prose = SoakTask(key=TaskKey(REPRODUCIBLE, 1), prompt="Once", tag="", max_tokens=9, due_in_s=60)
    assert fault_of(prose, " upon", {"Once": " upon"}) == ""
    assert "alone it answers ' upon'" in fault_of(prose, " more", {"Once": " upon"})
