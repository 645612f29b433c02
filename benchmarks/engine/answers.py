"""Answers with their times, and what a load of several comes to."""

from __future__ import annotations

import msgspec

from benchmarks.processes import BenchmarkError
from cortensor_tui.domain.tasks import TaskView


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """One answer; times are unix seconds. The node's is asked when the node has seen its assignment."""

    asked_at: float
    first_token_at: float
    last_token_at: float
    prompt_tokens: int
    answer_tokens: int


class Load(msgspec.Struct, frozen=True):
    """Answers asked for at once."""

    answers: tuple[Answer, ...]

    @property
    def tokens_per_s(self) -> float:
        """Return the tokens of all answers by the time from the first question to the last token."""
        began_at = min(answer.asked_at for answer in self.answers)
        ended_at = max(answer.last_token_at for answer in self.answers)
        return sum(answer.answer_tokens for answer in self.answers) / (ended_at - began_at)

    @property
    def ttft_max_s(self) -> float:
        """Return the longest time to a first token."""
        return max(answer.first_token_at - answer.asked_at for answer in self.answers)

    @property
    def asked_within_s(self) -> float:
        """Return the time from the first question to the last one."""
        asked = [answer.asked_at for answer in self.answers]
        return max(asked) - min(asked)


def one_after_another_tokens_per_s(answers: tuple[Answer, ...]) -> float:
    """Return the tokens of answers by the sum of what each took; pauses between do not count."""
    took_s = sum(answer.last_token_at - answer.asked_at for answer in answers)
    return sum(answer.answer_tokens for answer in answers) / took_s


def answer_of(task: TaskView) -> Answer:
    """Return what the node told of a task. Raises `BenchmarkError` where something is missing."""
    times = task.times
    values = (
        times.seen_at,
        times.first_token_at,
        times.last_token_at,
        task.prompt_tokens,
        task.answer_tokens,
    )
    asked_at, first_token_at, last_token_at, prompt_tokens, answer_tokens = values
    if (
        asked_at is None
        or first_token_at is None
        or last_token_at is None
        or prompt_tokens is None
        or answer_tokens is None
    ):
        raise BenchmarkError(f"the node did not tell all times of task {task.key}: {values}")
    return Answer(
        asked_at=asked_at,
        first_token_at=first_token_at,
        last_token_at=last_token_at,
        prompt_tokens=prompt_tokens,
        answer_tokens=answer_tokens,
    )
