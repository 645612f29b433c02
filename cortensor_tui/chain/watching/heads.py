"""The newest block, as an endpoint tells it."""

from __future__ import annotations

from typing import Any

import msgspec

from cortensor_tui.chain.rpc.client import quantity
from cortensor_tui.domain.problems import problem_error
from cortensor_tui.journal.database import LARGEST_STORED


class Head(msgspec.Struct, frozen=True, kw_only=True):
    """The newest block. `mined_at` is its timestamp, unix seconds."""

    number: int
    hash: str
    mined_at: float
    base_fee_wei: int


def head_from(block: Any) -> Head:
    """Return the block. Raises `ProblemError` "no_rpc" or "bad_answer" when it is none."""
    if not isinstance(block, dict):
        raise problem_error(
            "no_rpc",
            "The chain endpoint has no latest block",
            str(block)[:200],
            "It may still be syncing; the node keeps trying",
        )
    return Head(
        number=quantity(block.get("number"), LARGEST_STORED),
        hash=str(block.get("hash")).lower(),
        mined_at=float(quantity(block.get("timestamp"), LARGEST_STORED)),
        base_fee_wei=quantity(block.get("baseFeePerGas") or "0x0"),
    )
