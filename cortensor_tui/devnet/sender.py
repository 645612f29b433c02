"""Sends a devnet key's transactions: several at once, in order, each followed to its receipt.

Nothing is journaled, unlike in the node: the devnet's own state tells what is left to do.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from typing import Any

import msgspec

from cortensor_tui.chain.contracts.abi import revert_sentence
from cortensor_tui.chain.rpc.client import Rpc, RpcError
from cortensor_tui.chain.signing.signer import Signer
from cortensor_tui.chain.transactions.fees import GasPrices, fees_for, gas_limit_for
from cortensor_tui.domain.problems import Problem, ProblemError

PRIORITY_FEE_WEI = 10**9
FEE_CAP_WEI = 10**12
RECEIPT_POLL_S = 0.05
RECEIPT_TIMEOUT_S = 60.0


class Outgoing(msgspec.Struct, frozen=True, kw_only=True):
    """A transaction to be sent. No `to` deploys `data`; no `gas_limit` means to estimate it.

    `text` is what it does, for messages.
    """

    text: str
    data: str
    to: str | None = None
    gas_limit: int | None = None


class DevSender:
    """One devnet key. Only one caller at a time."""

    def __init__(self, rpc: Rpc, private_key: str, receipt_timeout_s: float = RECEIPT_TIMEOUT_S) -> None:
        self._rpc = rpc
        self._receipt_timeout_s = receipt_timeout_s
        self._private_key = private_key
        self._signer: Signer | None = None

    async def send(self, outgoing: Outgoing) -> None:
        """Send one transaction and wait until it is mined. Raises `ProblemError` unless it succeeded."""
        problem = (await self.send_all([outgoing]))[0]
        if problem is not None:
            raise ProblemError(problem)

    async def send_all(self, outgoing: Sequence[Outgoing]) -> list[Problem | None]:
        """Send all, then wait for all; return for each why it failed, None where it succeeded.

        Whatever would revert is not sent. Raises `ProblemError` when the chain does not answer.
        """
        if not outgoing:
            return []
        limits = await self._gas_limits(outgoing)
        problems = [limit if isinstance(limit, Problem) else None for limit in limits]
        hashes: dict[int, str] = {}
        nonce, base_fee_wei = await self._nonce_and_base_fee()
        for index, limit in enumerate(limits):
            if isinstance(limit, Problem):
                continue
            try:
                hashes[index] = await self._send_one(outgoing[index], nonce, limit, base_fee_wei)
            except RpcError as error:
                problems[index] = _problem(outgoing[index], error)
                break  # the ones after it would wait for its nonce
            nonce += 1
        not_sent = [
            index for index in range(len(outgoing)) if index not in hashes and problems[index] is None
        ]
        for index in not_sent:
            problems[index] = Problem(code="not_sent", what=f"{outgoing[index].text} was not sent")
        for index, receipt in (await self._receipts(hashes)).items():
            problems[index] = await self._outcome(outgoing[index], receipt)
        return problems

    async def _gas_limits(self, outgoing: Sequence[Outgoing]) -> list[int | Problem]:
        signer = await self._ready_signer()
        estimates = iter(
            await self._rpc.batch(
                [
                    ("eth_estimateGas", (_call_fields(one, signer.address),))
                    for one in outgoing
                    if one.gas_limit is None
                ]
            )
        )
        limits: list[int | Problem] = []
        for one in outgoing:
            estimate = one.gas_limit if one.gas_limit is not None else next(estimates)
            if isinstance(estimate, RpcError):
                limits.append(_problem(one, estimate))
            else:
                limits.append(estimate if isinstance(estimate, int) else gas_limit_for(int(estimate, 16)))
        return limits

    async def _nonce_and_base_fee(self) -> tuple[int, int]:
        signer = await self._ready_signer()
        nonce = await self._rpc.call("eth_getTransactionCount", signer.address, "pending")
        head = await self._rpc.call("eth_getBlockByNumber", "latest", False)
        return int(nonce, 16), int(head["baseFeePerGas"], 16)

    async def _send_one(self, outgoing: Outgoing, nonce: int, gas_limit: int, base_fee_wei: int) -> str:
        signer = await self._ready_signer()
        fees = fees_for(GasPrices(base_fee_wei=base_fee_wei, priority_fee_wei=PRIORITY_FEE_WEI), FEE_CAP_WEI)
        raw, transaction_hash = signer.sign(
            {
                "nonce": nonce,
                "to": outgoing.to or "",
                "data": outgoing.data,
                "gas": gas_limit,
                "maxFeePerGas": fees.max_fee_wei,
                "maxPriorityFeePerGas": fees.priority_fee_wei,
            }
        )
        await self._rpc.call("eth_sendRawTransaction", "0x" + raw.hex())
        return transaction_hash

    async def _receipts(self, hashes: dict[int, str]) -> dict[int, dict[str, Any] | None]:
        receipts: dict[int, dict[str, Any] | None] = dict.fromkeys(hashes)
        waits_until = time.monotonic() + self._receipt_timeout_s
        while (missing := [index for index, receipt in receipts.items() if receipt is None]) and (
            time.monotonic() < waits_until
        ):
            answers = await self._rpc.batch(
                [("eth_getTransactionReceipt", (hashes[index],)) for index in missing]
            )
            for index, answer in zip(missing, answers, strict=True):
                receipts[index] = answer if isinstance(answer, dict) else None
            if None in receipts.values():
                await asyncio.sleep(RECEIPT_POLL_S)
        return receipts

    async def _outcome(self, outgoing: Outgoing, receipt: dict[str, Any] | None) -> Problem | None:
        if receipt is None:
            why = f"no receipt in {self._receipt_timeout_s:.0f} s"
            return Problem(code="not_mined", what=f"{outgoing.text} was sent but not mined", why=why)
        if int(receipt["status"], 16) == 1:
            return None
        signer = await self._ready_signer()
        try:  # the same call on the state after its block usually fails for the same reason
            await self._rpc.call("eth_call", _call_fields(outgoing, signer.address), receipt["blockNumber"])
        except RpcError as error:
            return _problem(outgoing, error)
        return Problem(
            code="reverted", what=f"{outgoing.text} failed", why="it ran out of gas or lost a race"
        )

    async def _ready_signer(self) -> Signer:
        if self._signer is None:
            self._signer = Signer(self._private_key, int(await self._rpc.call("eth_chainId"), 16))
        return self._signer


def _call_fields(outgoing: Outgoing, sender: str) -> dict[str, str]:
    fields = {"from": sender, "data": outgoing.data}
    return fields if outgoing.to is None else {**fields, "to": outgoing.to}


def _problem(outgoing: Outgoing, error: RpcError) -> Problem:
    return Problem(
        code="reverted", what=f"{outgoing.text} was refused", why=revert_sentence(error.data, error.message)
    )
