"""Faults inside JSON-RPC: what is asked is changed on its way to the chain, the answer on its way back."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Mapping
from typing import Any

import msgspec
from eth_utils.crypto import keccak

from tests.support.faults import (
    DroppedSend,
    DuplicateLog,
    ErrorAfterAcceptance,
    Fault,
    MissingLog,
    StaleHead,
    WrongNonce,
)

SEND_METHODS = frozenset({"eth_sendRawTransaction"})
_HEAD_TAGS = frozenset({"latest", "pending", "safe", "finalized"})
# Where a method has its block; a tag left out means the latest.
_BLOCK_PARAM = {
    "eth_getBlockByNumber": 0,
    "eth_getBalance": 1,
    "eth_getTransactionCount": 1,
    "eth_getCode": 1,
    "eth_call": 1,
    "eth_estimateGas": 1,
    "eth_getStorageAt": 2,
}
_FOUND_BY_HASH = frozenset({"eth_getTransactionReceipt", "eth_getTransactionByHash", "eth_getBlockByHash"})
Message = dict[str, Any]


class Sent(msgspec.Struct, frozen=True):
    """A raw transaction that came by, and whether the chain itself accepted it."""

    raw: str
    is_accepted: bool


class ChainLies:
    """Rewrites requests and answers by the faults that are on. `frozen_head` is set while the head stands."""

    def __init__(
        self, faults: Mapping[type[Any], Fault], affected: Counter[str], random_: random.Random
    ) -> None:
        self._faults = faults
        self._affected = affected
        self._random = random_
        self._hidden: dict[str, bool] = {}
        self.frozen_head: int | None = None
        self.sent: list[Sent] = []

    def forget(self, kind: type[Any]) -> None:
        """Take back what was decided for a fault that is off now."""
        if kind is StaleHead:
            self.frozen_head = None
        elif kind is MissingLog:
            self._hidden.clear()

    def asked(self, request: Message) -> tuple[Message, Message | None]:
        """Return the request to pass on, or with it the answer to give instead of asking."""
        if request.get("method") in SEND_METHODS and DroppedSend in self._faults:
            raw = str(request["params"][0])
            self.sent.append(Sent(raw, is_accepted=False))
            self._affected[DroppedSend.__name__] += 1
            digest = "0x" + keccak(hexstr=raw).hex()
            return request, {"jsonrpc": "2.0", "id": request.get("id"), "result": digest}
        if self.frozen_head is not None:
            return self._asked_of_the_past(request, self.frozen_head)
        return request, None

    def answered(self, request: Message, answer: Message) -> Message:
        """Return the answer as the faults have it. `request` is as it was asked."""
        method = request.get("method")
        if method in SEND_METHODS:
            return self._sent(request, answer)
        if method == "eth_getLogs" and isinstance(answer.get("result"), list):
            return {**answer, "result": self._logs(answer["result"])}
        if method == "eth_getTransactionCount" and isinstance(answer.get("result"), str):
            return self._counted(answer)
        if method in _FOUND_BY_HASH and self.frozen_head is not None:
            return self._found(answer, self.frozen_head)
        return answer

    def _sent(self, request: Message, answer: Message) -> Message:
        self.sent.append(Sent(str(request["params"][0]), is_accepted="result" in answer))
        if ErrorAfterAcceptance not in self._faults or "result" not in answer:
            return answer
        self._affected[ErrorAfterAcceptance.__name__] += 1
        error = {"code": -32603, "message": "internal error"}
        return {"jsonrpc": "2.0", "id": answer.get("id"), "error": error}

    def _logs(self, logs: list[Message]) -> list[Message]:
        missing = self._faults.get(MissingLog)
        if isinstance(missing, MissingLog):
            shown = [log for log in logs if not self._is_hidden(log, missing.share)]
            self._affected[MissingLog.__name__] += len(logs) - len(shown)
            logs = shown
        if DuplicateLog in self._faults:
            self._affected[DuplicateLog.__name__] += len(logs)
            logs = [log for log in logs for _ in range(2)]
        return logs

    def _is_hidden(self, log: Message, share: float) -> bool:
        name = f"{log.get('blockHash')}:{log.get('transactionHash')}:{log.get('logIndex')}"
        return self._hidden.setdefault(name, self._random.random() < share)

    def _counted(self, answer: Message) -> Message:
        wrong = self._faults.get(WrongNonce)
        if not isinstance(wrong, WrongNonce):
            return answer
        self._affected[WrongNonce.__name__] += 1
        return {**answer, "result": hex(max(0, int(answer["result"], 16) + wrong.off_by))}

    # --- a head that stands still ------------------------------------------------------------------

    def _asked_of_the_past(self, request: Message, head: int) -> tuple[Message, Message | None]:
        method, params = str(request.get("method")), list(request.get("params") or ())
        self._affected[StaleHead.__name__] += 1
        if method == "eth_blockNumber":
            return request, {"jsonrpc": "2.0", "id": request.get("id"), "result": hex(head)}
        if method == "eth_getLogs" and params:
            return self._logs_of_the_past(request, params, head)
        place = _BLOCK_PARAM.get(method)
        if place is None:
            return request, None
        if len(params) == place:
            params.append("latest")
        if params[place] in _HEAD_TAGS:
            params[place] = hex(head)
        elif method == "eth_getBlockByNumber" and _number(params[place]) > head:
            return request, {"jsonrpc": "2.0", "id": request.get("id"), "result": None}
        return {**request, "params": params}, None

    def _logs_of_the_past(
        self, request: Message, params: list[Any], head: int
    ) -> tuple[Message, Message | None]:
        asked = dict(params[0])
        first, last = (asked.get(name, "latest") for name in ("fromBlock", "toBlock"))
        if first not in _HEAD_TAGS and _number(first) > head:
            return request, {"jsonrpc": "2.0", "id": request.get("id"), "result": []}
        for name, value in (("fromBlock", first), ("toBlock", last)):
            if "blockHash" not in asked and (value in _HEAD_TAGS or _number(value) > head):
                asked[name] = hex(head)
        return {**request, "params": [asked]}, None

    def _found(self, answer: Message, head: int) -> Message:
        found = answer.get("result")
        if not isinstance(found, dict):
            return answer
        number = found.get("blockNumber") or found.get("number")
        return {**answer, "result": None} if number is not None and _number(number) > head else answer


def _number(value: Any) -> int:
    try:
        return int(str(value), 16)
    except ValueError:
        return 0
