"""Answers with their times, and what a load of several comes to."""

from __future__ import annotations

from typing import TypeVar

import msgspec

from benchmarks.processes import BenchmarkError
from cortensor_tui.domain.tasks import TaskView

Number = TypeVar("Number", int, float)


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """One answer; times are unix seconds. The node counts as asked when its ack was mined."""

    asked_at: float
    first_token_at: float
    last_token_at: float
    prompt_tokens: int
    answer_tokens: int


class Speed(msgspec.Struct, frozen=True):
    """What a load comes to: tokens a second of all its answers, longest time to a first token in seconds."""

    tokens_per_s: float
    ttft_max_s: float


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
    def speed(self) -> Speed:
        """Return what it comes to."""
        return Speed(self.tokens_per_s, self.ttft_max_s)


def one_after_another_tokens_per_s(answers: tuple[Answer, ...]) -> float:
    """Return the tokens of answers by the sum of what each took; pauses between do not count."""
    took_s = sum(answer.last_token_at - answer.asked_at for answer in answers)
    return sum(answer.answer_tokens for answer in answers) / took_s


def answer_of(task: TaskView) -> Answer:
    """Return what the node told of a task. Raises `BenchmarkError` where something is missing."""
    times = task.times
    return Answer(
        asked_at=told(times.ack_mined_at),
        first_token_at=told(times.first_token_at),
        last_token_at=told(times.last_token_at),
        prompt_tokens=told(task.prompt_tokens),
        answer_tokens=told(task.answer_tokens),
    )


def told(value: Number | None) -> Number:
    """Return what the node told. Raises `BenchmarkError` where it did not."""
    if value is None:
        raise BenchmarkError("the node did not tell all times and numbers of a task")
    return value
