"""A chain that answers otherwise refutes; one that cannot be read proves nothing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from cortensor_tui.chain.rpc.client import RpcError
from cortensor_tui.domain.problems import problem_error
from cortensor_tui.domain.tasks import TaskKey
from cortensor_tui.domain.verification import Finding, ProofVerdict
from tests.devnet.devnet_on_anvil import BOB
from tests.node.answered import (
    OTHER_HASH,
    AnsweringNode,
    LyingRpc,
    findings,
)

pytestmark = pytest.mark.real

FAILS, HOLDS = Finding.FAILS, Finding.HOLDS


def other(**fields: Any) -> Callable[[Any], Any]:
    """Change fields of an answer."""
    return lambda answer: {**answer, **fields}


@pytest.mark.parametrize(
    ("method", "change", "failing"),
    [
        ("eth_getTransactionByHash", other(input="0x"), "ack_transaction"),
        ("eth_getTransactionByHash", other(**{"from": BOB}), "ack_transaction"),
        ("eth_getTransactionByHash", other(to=BOB), "ack_transaction"),
        ("eth_getTransactionByHash", other(hash=OTHER_HASH), "ack_transaction"),
        ("eth_getTransactionReceipt", other(status="0x0"), "ack_block"),
        ("eth_getTransactionReceipt", other(logs=[]), "ack_event"),
        ("eth_getTransactionReceipt", other(blockHash=OTHER_HASH), "ack_block"),
        ("eth_getBlockByNumber", other(hash=OTHER_HASH), "ack_block"),
        ("eth_getBlockByNumber", other(transactions=[]), "ack_block"),
    ],
)
async def test_a_chain_that_answers_otherwise_refutes(
    node: AnsweringNode, task: TaskKey, method: str, change: Callable[[Any], Any], failing: str
) -> None:
    lying = LyingRpc(node.devnet.rpc, method, change)

    found = await node.verify(task, lying)

    assert lying.lies
    assert found.verdict is ProofVerdict.REFUTED
    assert findings(found, FAILS)[0] == failing


async def test_a_contract_that_keeps_another_text_refutes(node: AnsweringNode, task: TaskKey) -> None:
    here, there = (text.encode().hex() for text in ("ünïcode", "ünicodé"))
    lying = LyingRpc(node.devnet.rpc, "eth_call", lambda answer: answer.replace(here, there))

    found = await node.verify(task, lying)

    assert lying.lies
    assert findings(found, FAILS) == ["result"]


async def test_a_transaction_that_no_block_holds_refutes(node: AnsweringNode, task: TaskKey) -> None:
    """After a reorganisation without our transactions, nothing of them is on the chain."""

    class Forgetful(LyingRpc):
        async def call(self, method: str, *params: Any) -> Any:
            if method in ("eth_getTransactionByHash", "eth_getTransactionReceipt"):
                return None
            return await super().call(method, *params)

    forgetful = Forgetful(node.devnet.rpc, "eth_getBlockByNumber", other(transactions=[]))

    found = await node.verify(task, forgetful)

    assert findings(found, FAILS) == ["ack_transaction", "precommit_transaction", "commit_transaction"]
    pruned = Forgetful(node.devnet.rpc, "none", other())
    assert (await node.verify(task, pruned)).verdict is ProofVerdict.NOT_PROVEN, "the blocks hold them"


@pytest.mark.parametrize(
    "method",
    [
        "eth_call",
        "eth_getTransactionByHash",
        "eth_getTransactionReceipt",
        "eth_getBlockByNumber",
        "eth_getLogs",
    ],
)
@pytest.mark.parametrize("answer", [{"odd": 1}, [], "0x", 7, RpcError(-32005, "too many requests")])
async def test_what_cannot_be_read_is_never_a_pass(
    node: AnsweringNode, task: TaskKey, method: str, answer: Any
) -> None:
    class Broken(LyingRpc):
        async def call(self, asked: str, *params: Any) -> Any:
            found = await super().call(asked, *params)
            if isinstance(found, RpcError):
                raise found
            return found

    broken = Broken(node.devnet.rpc, method, lambda _: answer)

    found = await node.verify(task, broken)

    assert broken.lies
    assert findings(found, FAILS) == []
    assert found.verdict is ProofVerdict.NOT_PROVEN


async def test_an_endpoint_that_is_gone_leaves_everything_open(node: AnsweringNode, task: TaskKey) -> None:
    class Gone(LyingRpc):
        async def call(self, method: str, *params: Any) -> Any:
            raise problem_error("no_rpc", "The chain endpoint did not answer")

        async def batch(self, calls: Any) -> list[Any]:
            raise problem_error("no_rpc", "The chain endpoint did not answer")

    found = await node.verify(task, Gone(node.devnet.rpc, "", other()))

    assert found.verdict is ProofVerdict.NOT_PROVEN
    assert "did not answer" in found.summary
    assert findings(found, HOLDS) == [
        "prompt_file",
        "ack_calldata",
        "answer_file",
        "answer_hash",
        "parameters",
        "precommit_commitment",
        "precommit_calldata",
        "commit_commitment",
        "commit_calldata",
    ], "what disk and journal tell by themselves"
