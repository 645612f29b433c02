"""Steps of a task that several tests take, and what its contract tells of them."""

from __future__ import annotations

from typing import Any

from eth_utils.crypto import keccak

from cortensor_tui.chain.contracts.abi import decode_log, load_interface
from tests.devnet.devnet_on_anvil import DevnetOnAnvil

QUEUE = "SessionQueueV2"
ANSWER = "An answer with ünïcode ⛓ and\nlines."
QUEUED, ASSIGNED, PRECOMMITTED, COMMITTED, COMPLETED = range(5)  # as the network's clients number them


def hash_of(text: str) -> bytes:
    return keccak(text=text)


def told(logs: list[dict[str, Any]], contract: str = QUEUE) -> list[str]:
    """Names of the events of one contract, in order."""
    events = load_interface(contract).events
    return [events[log["topics"][0]].name for log in logs if log["topics"][0] in events]


def miners_told(logs: list[dict[str, Any]], name: str) -> tuple[str, ...]:
    """The miners that an event of this name lists."""
    for log in logs:
        event = load_interface(QUEUE).events.get(log["topics"][0])
        if event is not None and event.name == name:
            miners: tuple[str, ...] = decode_log(event, log["topics"], log["data"])["miners"]
            return miners
    raise AssertionError(f"{name} was not told")


def lower(*addresses: str) -> tuple[str, ...]:
    return tuple(address.lower() for address in addresses)


async def status(devnet: DevnetOnAnvil, task: tuple[int, int]) -> int:
    return int(await devnet.read(QUEUE, "getTaskStatus", *task))


async def answer(devnet: DevnetOnAnvil, task: tuple[int, int], *miners: str, upto: str = "commit") -> None:
    """Have miners take all steps up to one, step by step."""
    for step in ("ack", "precommit", "commit"):
        for miner in miners:
            extra = {"ack": (), "precommit": (hash_of(ANSWER), ""), "commit": (ANSWER,)}[step]
            await devnet.send(miner, QUEUE, step, *task, *extra)
        if step == upto:
            return
