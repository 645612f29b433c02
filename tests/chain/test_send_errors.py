"""Refusals of transactions, in the words of the clients that are met."""

from __future__ import annotations

import pytest

from cortensor_tui.chain.contracts.send_errors import SendError, classify, refusal
from cortensor_tui.chain.rpc.client import RpcError, endpoint_name


@pytest.mark.parametrize(
    ("code", "message", "meaning"),
    [
        (-32000, "already known", SendError.ALREADY_KNOWN),
        (-32003, "transaction already imported", SendError.ALREADY_KNOWN),
        (-32000, "nonce too low: next nonce 5, tx nonce 4", SendError.NONCE_TOO_LOW),
        (-32000, "nonce too high", SendError.NONCE_TOO_HIGH),
        (-32000, "replacement transaction underpriced", SendError.REPLACES_CHEAPLY),
        (-32000, "insufficient funds for gas * price + value", SendError.NO_FUNDS),
        (-32003, "Insufficient funds for gas * price + value", SendError.NO_FUNDS),
        (3, "execution reverted: not yours", SendError.REVERTED),
        (-32000, "intrinsic gas too low", SendError.INVALID),
        (-32000, "transaction underpriced", SendError.FEE_TOO_LOW),
        (-32000, "max fee per gas less than block base fee: address 0x1", SendError.FEE_TOO_LOW),
        (-32603, "request timed out", SendError.UNCLEAR),
        (-32005, "rate limit exceeded", SendError.UNCLEAR),
        (502, "bad gateway", SendError.UNCLEAR),
        # erigon
        (-32000, "ALREADY_EXISTS: already known", SendError.ALREADY_KNOWN),
        (-32000, "INTERNAL_ERROR: nonce too low", SendError.NONCE_TOO_LOW),
        (-32000, "INTERNAL_ERROR: could not replace existing tx", SendError.REPLACES_CHEAPLY),
        (-32000, "INTERNAL_ERROR: insufficient funds", SendError.NO_FUNDS),
        (-32000, "INTERNAL_ERROR: underpriced", SendError.FEE_TOO_LOW),
        # nitro's sequencer
        (-32000, "nonce too high: address 0x1, tx: 7 state: 5", SendError.NONCE_TOO_HIGH),
        (-32000, "nonce too low: address 0x1, tx: 4 state: 5", SendError.NONCE_TOO_LOW),
        (
            -32000,
            "max fee per gas less than block base fee: address 0x1, maxFeePerGas: 1 baseFee: 2",
            SendError.FEE_TOO_LOW,
        ),
        (-32000, "insufficient funds for gas * price + value: address 0x1 have 0 want 9", SendError.NO_FUNDS),
        (-32000, "intrinsic gas too low: have 21000, want 21432", SendError.INVALID),
        (-32000, "oversized data", SendError.INVALID),
        (-32000, "transaction was dropped from the queue: context deadline exceeded", SendError.UNCLEAR),
    ],
)
def test_each_refusal_has_its_meaning(code: int, message: str, meaning: SendError) -> None:
    assert classify(RpcError(code, message)) is meaning


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("https://rpc.example.org/v2/SECRET", "https://rpc.example.org"),
        ("https://user:SECRET@rpc.example.org:8545/?key=SECRET", "https://rpc.example.org:8545"),
        ("http://127.0.0.1:8545", "http://127.0.0.1:8545"),
        ("https://rpc.example.org?apikey=SECRET", "https://rpc.example.org"),
    ],
)
def test_an_endpoint_is_named_without_its_token(url: str, name: str) -> None:
    assert endpoint_name(url) == name


@pytest.mark.parametrize(
    "message", ["max fee per gas less than block base fee", "insufficient funds for gas"]
)
def test_a_refusal_that_only_tasks_outlive_promises_no_more(message: str) -> None:
    remedy = refusal(RpcError(-32000, message), "0x1").problem.remedy
    assert "Tasks go on by themselves" in remedy
    assert "ask again for anything else" in remedy
