"""Reads that must succeed: the endpoint is asked until it answers."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from cortensor_tui.domain.problems import Problem, ProblemError
from cortensor_tui.miner.delivery import PASSING

RETRY_S = 1.0
_Read = TypeVar("_Read")


async def until_read(read: Callable[[], Awaitable[_Read]], on_trouble: Callable[[Problem], None]) -> _Read:
    """Read from the chain, however often it takes. Raises only what does not pass by itself."""
    while True:
        try:
            return await read()
        except ProblemError as error:
            if error.problem.code not in PASSING:
                raise
            on_trouble(error.problem)
            await asyncio.sleep(RETRY_S)
