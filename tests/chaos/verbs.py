"""Lets each fault happen in a world, for its time; says when it really began and ended."""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

from tests.chaos.plan import PlannedFault
from tests.chaos.steered_node import KillOrder
from tests.chaos.world import ChaosWorld, NotApplied
from tests.chaos.world_faults import (
    BaseFeeSpike,
    ClockJump,
    DiskFull,
    DroppedFromPool,
    Killed,
    KilledAtStep,
    LockedJournal,
    NoBlocks,
    Reorg,
)
from tests.support.faults import StaleHead

GWEI = 10**9
USUAL_BASE_FEE_WEI = GWEI
AGAIN_S = 0.1
Verb = Callable[[ChaosWorld, Any], AbstractAsyncContextManager[None]]


async def inflict(world: ChaosWorld, planned: PlannedFault) -> None:
    """Let one planned fault happen, and have the world note when it began and ended."""
    if isinstance(planned.fault, KilledAtStep):
        await _kill_at_step(world, planned.fault, planned.duration_s)
        return
    verb: Verb = _VERBS.get(type(planned.fault), _on_the_line)
    with contextlib.suppress(NotApplied), world.fault_span(planned.fault):
        async with verb(world, planned.fault):
            await asyncio.sleep(planned.duration_s)


@asynccontextmanager
async def _on_the_line(world: ChaosWorld, fault: Any) -> AsyncIterator[None]:
    try:
        await world.proxy.switch_on(fault)
    except (OSError, KeyError) as error:  # a head cannot stand still where there is none
        assert isinstance(fault, StaleHead)
        raise NotApplied from error
    try:
        yield
    finally:
        await world.proxy.switch_off(type(fault))


@asynccontextmanager
async def _reorg(world: ChaosWorld, fault: Reorg) -> AsyncIterator[None]:
    head = await world.chain.call("eth_blockNumber")
    if head is None:
        raise NotApplied
    depth = min(fault.depth, int(head, 16) - world.first_block - 1)
    if depth < 1 or not await world.chain.tries("anvil_reorg", depth, []):
        raise NotApplied
    await world.chain.call(
        "evm_setTime", int(time.time())
    )  # anvil's new blocks go on from the old one's time
    await world.chain.renew_oracle()
    yield


@asynccontextmanager
async def _again_and_again(act: Callable[[], Any]) -> AsyncIterator[None]:
    async def repeat() -> None:
        while True:
            await act()
            await asyncio.sleep(AGAIN_S)

    repeating = asyncio.create_task(repeat())
    try:
        yield
    finally:
        repeating.cancel()
        await asyncio.gather(repeating, return_exceptions=True)


@asynccontextmanager
async def _drop_from_pool(world: ChaosWorld, _: DroppedFromPool) -> AsyncIterator[None]:
    async with _again_and_again(
        lambda: world.chain.call("anvil_removePoolTransactions", world.miner_address)
    ):
        yield


@asynccontextmanager
async def _no_blocks(world: ChaosWorld, _: NoBlocks) -> AsyncIterator[None]:
    if not await world.chain.tries("evm_setIntervalMining", 0):
        raise NotApplied
    try:
        yield
    finally:
        await world.chain.resume_blocks()


@asynccontextmanager
async def _spike(world: ChaosWorld, fault: BaseFeeSpike) -> AsyncIterator[None]:
    fee = hex(fault.gwei * GWEI)
    async with _again_and_again(lambda: world.chain.call("anvil_setNextBlockBaseFeePerGas", fee)):
        yield
    await world.chain.call("anvil_setNextBlockBaseFeePerGas", hex(USUAL_BASE_FEE_WEI))


@asynccontextmanager
async def _kill(world: ChaosWorld, fault: Killed) -> AsyncIterator[None]:
    if fault.victim == "engine":
        if not world.node.kill_engine():
            raise NotApplied
        yield
    elif fault.victim == "node":
        world.node.hold()
        try:
            yield
        finally:
            await world.node.release()
    else:
        await world.chain.hold()
        try:
            yield
        finally:
            await world.chain.release()


async def _kill_at_step(world: ChaosWorld, fault: KilledAtStep, waits_s: float) -> None:
    """Give the order, wait until the node has carried it out, and let the victim come back."""
    world.node.order_kill(KillOrder(step=fault.step, victim=fault.victim))
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(waits_s):
            while not world.node.has_killed:
                await asyncio.sleep(0.02)
    if world.node.take_back_kill():
        return
    with world.fault_span(fault):
        if fault.victim == "engine":
            return
        async with _kill(world, Killed(fault.victim)):
            await asyncio.sleep(fault.down_s)


@asynccontextmanager
async def _fill_disk(world: ChaosWorld, _: DiskFull) -> AsyncIterator[None]:
    with world.node.excused("the disk is full"):
        world.node.fill_disk(True)
        try:
            yield
        finally:
            world.node.fill_disk(False)


@asynccontextmanager
async def _lock_journal(world: ChaosWorld, _: LockedJournal) -> AsyncIterator[None]:
    if not world.node.journal.exists():
        raise NotApplied

    def lock() -> sqlite3.Connection:
        connection = sqlite3.connect(
            world.node.journal, timeout=5, isolation_level=None, check_same_thread=False
        )
        connection.execute("BEGIN IMMEDIATE")
        return connection

    try:
        connection = await asyncio.to_thread(lock)
    except sqlite3.Error as error:
        raise NotApplied from error
    with world.node.excused("the journal is locked"), contextlib.closing(connection):
        yield
        connection.execute("ROLLBACK")


@asynccontextmanager
async def _jump(world: ChaosWorld, fault: ClockJump) -> AsyncIterator[None]:
    world.node.set_clock(fault.by_s)
    try:
        yield
    finally:
        world.node.set_clock(0)


_VERBS: dict[type[Any], Verb] = {
    Reorg: _reorg,
    DroppedFromPool: _drop_from_pool,
    NoBlocks: _no_blocks,
    BaseFeeSpike: _spike,
    Killed: _kill,
    DiskFull: _fill_disk,
    LockedJournal: _lock_journal,
    ClockJump: _jump,
}
