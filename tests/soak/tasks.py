"""Prompts that tell afterwards whose answer is whose, and what is wrong with an answer."""

from __future__ import annotations

import random
import re

import msgspec

from cortensor_tui.domain.tasks import Stage, TaskKey
from cortensor_tui.inference.params import asked_from_llm_params
from cortensor_tui.journal.tasks import TaskDetails, TaskRecord

SESSIONS = 4
REPRODUCIBLE = 4
"""The session whose tasks run alone; the others are 0 to `SESSIONS` - 1."""

LONGEST_ANSWER_TOKENS = 120
PROSE_TOKENS = 24
DUE_WITHIN_S = (1_800, 3_600)  # none comes too late: how late ones give way is tested elsewhere
_TAG_TIMES = 8
_PROSE = (
    "Once upon a time there was a lighthouse",
    "The three most common colours of the sea are",
    "Dear neighbour, I write to you because",
)


class SoakTask(msgspec.Struct, frozen=True, kw_only=True):
    """One prompt: either a tag over and over, which the model goes on with, or the start of some prose.

    Prose is sampled with a fixed seed, so that its answer is always the same where it runs alone.
    """

    key: TaskKey
    prompt: str
    tag: str
    max_tokens: int
    due_in_s: int

    @property
    def is_reproducible(self) -> bool:
        """Tell whether it runs alone."""
        return self.key.session_id == REPRODUCIBLE

    def record(self, prompt_cid: str, now: float) -> TaskRecord:
        """Return the record that the miner works on, with the prompt's content id; now in unix seconds."""
        temperature = 70 if self.is_reproducible else 0
        asked = asked_from_llm_params((self.max_tokens, temperature, 100, 0, 100, 0, 0))
        return TaskRecord(
            key=self.key,
            stage=Stage.ACKED,
            prompt_cid=prompt_cid,
            details=TaskDetails(prompt_type=1, prompt_template="", asked=asked),
            assigned_at=now,
            deadline_at=now + self.due_in_s,
        )


class Draw:
    """Draws tasks by the seed, each with a tag of its own."""

    def __init__(self, rng: random.Random) -> None:
        self._rng = rng
        self._tags = iter(rng.sample(range(1_000, 100_000), 90_000))
        self._count = 0

    def task(self) -> SoakTask:
        """Return a task: one in eight is reproducible."""
        if self._rng.random() < 1 / 8:
            return self.prose(self._rng.randrange(len(_PROSE)))
        tag = str(next(self._tags))
        return SoakTask(
            key=self._key(self._rng.randrange(SESSIONS)),
            prompt=" ".join([tag] * _TAG_TIMES),
            tag=tag,
            max_tokens=self._rng.randint(4, LONGEST_ANSWER_TOKENS),
            due_in_s=self._rng.randint(*DUE_WITHIN_S),
        )

    def prose(self, number: int) -> SoakTask:
        """Return the reproducible task of this number, anew."""
        return SoakTask(
            key=self._key(REPRODUCIBLE),
            prompt=_PROSE[number],
            tag="",
            max_tokens=PROSE_TOKENS,
            due_in_s=self._rng.randint(*DUE_WITHIN_S),
        )

    def all_prose(self) -> list[SoakTask]:
        """Return each reproducible task once."""
        return [self.prose(number) for number in range(len(_PROSE))]

    def _key(self, session_id: int) -> TaskKey:
        self._count += 1
        return TaskKey(session_id, self._count)


def fault_of(task: SoakTask, answer: str, alone: dict[str, str]) -> str:
    """Return what is wrong with an answer, empty where nothing is; `alone` has each prose's own by prompt."""
    if task.is_reproducible:
        expected = alone[task.prompt]
        return "" if answer == expected else f"alone it answers {expected!r}, now {answer!r}"
    *whole, last = re.findall(r"\d+", answer) or [""]
    is_own = all(number == task.tag for number in whole) and task.tag.startswith(last)
    return "" if last and is_own else f"{task.tag} was to be repeated, it answers {answer!r}"
