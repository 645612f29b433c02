"""What is asked in one turn of the event loop travels in one HTTP request."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from cortensor_tui.chain.rpc.json_rpc import UNANSWERED, Call
from cortensor_tui.domain.problems import ProblemError, problem_error

MOST_CALLS = 250  # common among providers; more calls go as several requests at once


class Asked:
    """One caller's calls; their outcomes come in as the requests do that carry them."""

    __slots__ = ("answer", "calls", "left", "outcomes")

    def __init__(self, calls: Sequence[Call], answer: asyncio.Future[list[Any]]) -> None:
        self.calls = calls
        self.answer = answer
        self.outcomes: list[Any] = [UNANSWERED] * len(calls)
        self.left = len(calls)

    def take(self, place: int, outcome: Any) -> None:
        """Take one call's outcome; the last one answers the caller."""
        self.outcomes[place] = outcome
        self.left -= 1
        if self.left == 0 and not self.answer.done():
            self.answer.set_result(self.outcomes)

    def fail(self, error: BaseException) -> None:
        """Tell the caller that no answer comes."""
        if not self.answer.done():
            self.answer.set_exception(error)


Part = list[tuple[Asked, int]]


class Batcher:
    """Collects calls and hands them on together. `carry` returns an outcome for each call, in order."""

    def __init__(self, carry: Callable[[Sequence[Call]], Awaitable[list[Any]]]) -> None:
        self._carry = carry
        self._waiting: list[Asked] = []
        self._under_way: set[asyncio.Task[None]] = set()

    async def ask(self, calls: Sequence[Call]) -> list[Any]:
        """Return each call's outcome. Raises what `carry` raises."""
        if not calls:
            return []
        loop = asyncio.get_running_loop()
        if not self._waiting:
            # After every task that is ready to run in this turn, and the tasks that those gather.
            loop.call_soon(loop.call_soon, self._send_off)
        asked = Asked(calls, loop.create_future())
        self._waiting.append(asked)
        return await asked.answer

    async def close(self) -> None:
        """Stop what is under way; its callers are told."""
        tasks = tuple(self._under_way)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for asked in self._waiting:
            asked.fail(_closed())
        self._waiting = []

    def _send_off(self) -> None:
        waiting, self._waiting = self._waiting, []
        wanted = [asked for asked in waiting if not asked.answer.done()]
        places = [(asked, place) for asked in wanted for place in range(len(asked.calls))]
        for start in range(0, len(places), MOST_CALLS):
            task = asyncio.create_task(self._send(places[start : start + MOST_CALLS]))
            self._under_way.add(task)
            task.add_done_callback(self._under_way.discard)

    async def _send(self, part: Part) -> None:
        try:
            outcomes = await self._carry([asked.calls[place] for asked, place in part])
        except asyncio.CancelledError:
            _fail(part, _closed())
            raise
        except Exception as error:  # an edge: whatever it is, it belongs to those who wait for the answer
            _fail(part, error)
            return
        for (asked, place), outcome in zip(part, outcomes, strict=True):
            asked.take(place, outcome)


def _fail(part: Part, error: BaseException) -> None:
    for asked in {id(asked): asked for asked, _ in part}.values():
        asked.fail(error)


def _closed() -> ProblemError:
    return problem_error("no_rpc", "The chain was not asked", "the node lets go of its endpoints")
