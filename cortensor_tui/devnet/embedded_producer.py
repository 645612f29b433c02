"""When the embedded chain mines: once a second of the wall clock at most, and soon after a transaction comes.

Block times are whole seconds that never run ahead of the clock, because deadlines and the age of the head
are read from them. Each second has room for one block. The first transaction of a second closes it at once;
if none comes, an empty block does at the end of the interval, so that the head never looks stale.
"""

from __future__ import annotations

import asyncio
import math
import time

import structlog

from cortensor_tui.devnet.embedded_chain import EmbeddedChain

_GATHER_S = 0.01  # lets the rest of a client's burst into the same block
_EMPTY_AT_S = 0.95  # how far into its last second an empty block waits for a transaction
_CLOCK_STEP_S = 5
_RETRY_S = 1.0

_log = structlog.get_logger(__name__)


async def produce_blocks(chain: EmbeddedChain, block_interval_s: float) -> None:
    """Mine until cancelled. A fraction of a second in the interval is rounded up."""
    interval_s = math.ceil(block_interval_s)
    while True:
        try:
            await _wait_for_turn(chain, interval_s)
            await chain.mine(int(time.time()))
        except Exception:  # the edge of the chain: one failed block must not end it
            _log.exception("devnet.block_failed", after_block=chain.index.head.number)
            await asyncio.sleep(_RETRY_S)


async def _wait_for_turn(chain: EmbeddedChain, interval_s: int) -> None:
    """Return in a second that has no block yet, as soon as there is a transaction or the interval is over."""
    opens_at = chain.index.head.timestamp + 1
    closes_at = chain.index.head.timestamp + interval_s + _EMPTY_AT_S
    if opens_at - time.time() > _CLOCK_STEP_S:
        _log.warning("devnet.clock_set_back", waits_s=round(opens_at - time.time()))
    while (remaining_s := opens_at - time.time()) > 0:
        await asyncio.sleep(remaining_s)
    while (remaining_s := closes_at - time.time()) > 0:
        if chain.next_transactions():
            await asyncio.sleep(_GATHER_S)
            return
        chain.arrival.clear()
        try:
            async with asyncio.timeout(remaining_s):
                await chain.arrival.wait()
        except TimeoutError:
            return
