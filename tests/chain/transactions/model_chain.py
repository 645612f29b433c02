"""A chain as one key sees it, small enough to be driven into every corner: mempool, blocks, lost answers."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Sequence
from enum import Enum
from typing import Any

import msgspec

from cortensor_tui.chain.rpc.client import Call, RpcError
from cortensor_tui.domain.problems import Problem, problem_error
from tests.support.scripted_rpc import ScriptedRpc

ADDRESS = "0x" + "11" * 20


class Died(BaseException):
    """The process ends here."""


class Fate(Enum):
    """What becomes of a transaction on its way to the endpoint."""

    ARRIVES = "it arrives"
    LOST = "it is lost, and nobody answers"
    ANSWER_LOST = "it arrives, and the answer is lost"
    UNCLEAR = "it is lost, and the answer says nothing"
    DIES_BEFORE = "the node dies before it is sent"
    DIES_AFTER = "the node dies after it arrived"


class ModelTransaction(msgspec.Struct, frozen=True):
    """The fields of signed bytes."""

    nonce: int
    to: str
    data: str
    max_fee_wei: int
    priority_fee_wei: int
    hash: str = ""


class ModelSigner:
    """Signs by writing the fields down."""

    address = ADDRESS
    problem: Problem | None = None

    def sign(self, fields: dict[str, Any]) -> tuple[bytes, str]:
        one = ModelTransaction(
            fields["nonce"],
            fields["to"],
            fields["data"],
            fields["maxFeePerGas"],
            fields["maxPriorityFeePerGas"],
        )
        raw = msgspec.json.encode(one)
        return raw, "0x" + hashlib.sha256(raw).hexdigest()


class ModelChain(ScriptedRpc):
    """One account's transactions: a mempool, and blocks of one transaction each."""

    def __init__(self) -> None:
        self.pool: dict[int, ModelTransaction] = {}
        self.mined: list[ModelTransaction] = []
        self.forks = 0
        self.base_fee_wei = 100
        self.is_funded = True
        self.is_down = False
        self.parks_later_nonces = True
        self.fate = Fate.ARRIVES
        self.possibly_alive: dict[int, set[str]] = defaultdict(set)

    # --- what happens to it ------------------------------------------------------------------------

    def mine(self, most: int) -> None:
        for _ in range(most):
            one = self.pool.get(len(self.mined))
            if one is None or one.max_fee_wei < self.base_fee_wei:
                return
            del self.pool[one.nonce]
            self.mined.append(one)

    def drop(self, nonce: int) -> None:
        self.pool.pop(nonce, None)

    def reorganise(self, depth: int, *, keeps: bool) -> None:
        self.forks += 1
        for _ in range(min(depth, len(self.mined))):
            one = self.mined.pop()
            if keeps:
                self.pool.setdefault(one.nonce, one)

    # --- as an endpoint ----------------------------------------------------------------------------

    async def batch(self, calls: Sequence[Call]) -> list[Any]:
        if self.is_down:
            raise problem_error("no_rpc", "down")
        return [self._answer(method, params) for method, params in calls]

    async def send_raw(self, raw: str) -> str:
        body = bytes.fromhex(raw[2:])
        one = msgspec.structs.replace(
            msgspec.json.decode(body, type=ModelTransaction), hash="0x" + hashlib.sha256(body).hexdigest()
        )
        fate, self.fate = (Fate.LOST if self.is_down else self.fate), Fate.ARRIVES
        if fate is Fate.DIES_BEFORE:
            raise Died
        if fate in (Fate.LOST, Fate.UNCLEAR):
            self.possibly_alive[one.nonce].add(one.data)
            if fate is Fate.UNCLEAR:
                raise RpcError(-32603, "internal error")
            raise problem_error("no_rpc", "no answer")
        refusal = self._refusal(one)
        if refusal is None:
            self.pool[one.nonce] = one
            self.possibly_alive[one.nonce].add(one.data)
        if fate is Fate.DIES_AFTER:
            raise Died
        if fate is Fate.ANSWER_LOST:
            self.possibly_alive[one.nonce].add(one.data)
            raise problem_error("no_rpc", "no answer")
        if refusal is not None:
            raise RpcError(-32000, refusal)
        return one.hash

    def _refusal(self, one: ModelTransaction) -> str | None:
        waiting = self.pool.get(one.nonce)
        if one.nonce < len(self.mined):
            return f"nonce too low: next nonce {len(self.mined)}, tx nonce {one.nonce}"
        if waiting is not None and waiting.hash == one.hash:
            return "already known"
        if not self.is_funded:
            return "insufficient funds for gas * price + value"
        if one.max_fee_wei < self.base_fee_wei:
            return "max fee per gas less than block base fee"
        below = range(len(self.mined), one.nonce)
        if not self.parks_later_nonces and any(nonce not in self.pool for nonce in below):
            return "nonce too high"
        if waiting is not None and (
            one.max_fee_wei * 10 < waiting.max_fee_wei * 11
            or one.priority_fee_wei * 10 < waiting.priority_fee_wei * 11
        ):
            return "replacement transaction underpriced"
        return None

    def _answer(self, method: str, params: Sequence[Any]) -> Any:
        match method:
            case "eth_getTransactionCount":
                return hex(len(self.mined))
            case "eth_getBalance":
                return hex(10**30 if self.is_funded else 0)
            case "eth_estimateGas":
                return hex(50_000)
            case "eth_getBlockByNumber":
                return {"number": hex(len(self.mined)), "baseFeePerGas": hex(self.base_fee_wei)}
            case "eth_getTransactionReceipt":
                return self._receipt(params[0])
            case "eth_getTransactionByHash":
                found = [one for one in (*self.pool.values(), *self.mined) if one.hash == params[0]]
                return {"hash": found[0].hash, "blockHash": None} if found else None
            case _:
                return RpcError(-32601, f"no {method}")

    def _receipt(self, digest: str) -> dict[str, str] | None:
        for number, one in enumerate(self.mined):
            if one.hash == digest:
                return {
                    "transactionHash": digest,
                    "status": "0x1",
                    "gasUsed": hex(50_000),
                    "effectiveGasPrice": hex(self.base_fee_wei),
                    "blockNumber": hex(number),
                    "blockHash": f"0x{self.forks}-{number}",
                }
        return None
