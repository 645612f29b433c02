"""A silent child is ended after its time, a slow one never."""

from __future__ import annotations

import asyncio
import itertools

import pytest

from cortensor_tui.inference.llama.heartbeat import watch_silence
from cortensor_tui.inference.llama.wire import Ping, ToChild

INTERVAL_S = 0.001


class Child:
    """Takes what would be sent to a process, and why it would be killed."""

    def __init__(self) -> None:
        self.sent: list[ToChild] = []
        self.killed: list[str] = []

    def send(self, message: ToChild) -> None:
        self.sent.append(message)

    def kill(self, because: str) -> None:
        self.killed.append(because)


async def test_silence_is_counted_in_looks_and_ends_the_child_with_the_reason() -> None:
    child, silences = Child(), list[float]()
    await watch_silence(child, lambda: 7, lambda: 5 * INTERVAL_S, INTERVAL_S, silences.append)
    assert child.sent == [Ping()] * 4
    assert child.killed == ["it did not answer for 0.005 s"]
    assert silences == pytest.approx([INTERVAL_S * looks for looks in range(1, 5)])


async def test_one_answer_in_time_begins_the_count_anew() -> None:
    child, looks = Child(), itertools.count(1)
    heard: list[int] = []

    class EnoughError(Exception):
        pass

    def look(silent_s: float) -> None:
        number = next(looks)
        if number % 4 == 0:  # an answer comes while the watch sleeps, as the event loop would bring it
            asyncio.get_running_loop().call_soon(heard.append, number)
        if number == 100:
            raise EnoughError

    with pytest.raises(EnoughError):
        await watch_silence(child, lambda: len(heard), lambda: 5 * INTERVAL_S, INTERVAL_S, look)
    assert child.killed == []
    assert len(child.sent) == 100
