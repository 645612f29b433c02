"""One signed transaction to several endpoints at once: taken as soon as one takes it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

from eth_utils.crypto import keccak

from cortensor_tui.chain.contracts.send_errors import NOT_TAKEN, SendError, classify
from cortensor_tui.chain.endpoints.endpoint import Endpoint
from cortensor_tui.chain.rpc.client import EndpointError
from cortensor_tui.chain.rpc.json_rpc import UNANSWERED, RpcError
from cortensor_tui.domain.endpoints import EndpointFault

# The bytes certainly did not arrive; every other silence may hide an acceptance.
NOT_REACHED = frozenset(
    {
        EndpointFault.REFUSED,
        EndpointFault.DNS,
        EndpointFault.RATE_LIMITED,
        EndpointFault.WRONG_CHAIN,
        EndpointFault.STALE_HEAD,
    }
)
Reply = str | RpcError | EndpointError


async def broadcast(
    targets: Sequence[Endpoint], raw: str, timeout_s: float, keep: Callable[[asyncio.Task[Reply]], None]
) -> str:
    """Return the transaction's hash once one endpoint has it; `keep` gets what goes on meanwhile.

    Raises `RpcError` when all that were reached refused it, the most doubtful refusal first, and
    `EndpointError` when any of them may have taken it without saying so.
    """
    waiting = {asyncio.create_task(_send(target, raw, timeout_s)) for target in targets}
    for task in waiting:
        keep(task)
    replies: list[RpcError | EndpointError] = []
    while waiting:
        done, waiting = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            reply = task.result()
            if isinstance(reply, str):
                return reply
            replies.append(reply)
    raise verdict(replies)


def verdict(replies: Sequence[RpcError | EndpointError]) -> RpcError | EndpointError:
    """Return what to make of a send that nobody accepted: a refusal counts only when no doubt is left."""
    silent = [reply for reply in replies if isinstance(reply, EndpointError)]
    refusals = [reply for reply in replies if isinstance(reply, RpcError)]
    doubtful = [reply for reply in silent if reply.fault not in NOT_REACHED]
    unclear = [reply for reply in refusals if classify(reply) not in NOT_TAKEN]
    for most_doubtful in (doubtful, unclear, refusals, silent):
        if most_doubtful:
            return most_doubtful[0]
    raise ValueError("nobody was asked")


async def _send(target: Endpoint, raw: str, timeout_s: float) -> Reply:
    reply = await _reply(target, raw, timeout_s)
    target.sent(is_taken=isinstance(reply, str))
    return reply


async def _reply(target: Endpoint, raw: str, timeout_s: float) -> Reply:
    try:
        await target.admit()
        [outcome] = await target.ask([("eth_sendRawTransaction", (raw,))], timeout_s)
    except EndpointError as error:
        return error
    if outcome is UNANSWERED:
        return RpcError(-32603, "the endpoint left the transaction unanswered")
    if not isinstance(outcome, RpcError):
        return _hash_of(raw)
    return _hash_of(raw) if classify(outcome) is SendError.ALREADY_KNOWN else outcome


def _hash_of(raw: str) -> str:
    return "0x" + keccak(hexstr=raw).hex()
