"""Asks the endpoint, in one request, what it knows of many transactions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from cortensor_tui.chain.rpc.client import Call, Rpc, RpcError, quantity
from cortensor_tui.chain.transactions.receipts import is_receipt_of
from cortensor_tui.domain.transactions import Transaction
from cortensor_tui.journal.database import LARGEST_STORED

MOST_CALLS = 100  # in one request


class Question(msgspec.Struct, frozen=True):
    """A transaction to be asked for: its receipts always, whether it is known only where that matters."""

    transaction: Transaction
    asks_whether_known: bool


class Sighting(msgspec.Struct, frozen=True, kw_only=True):
    """What the endpoint knows of one transaction.

    `is_known` is whether it has any of its attempts, None where it could not tell or was not asked;
    `is_certain` whether it answered for every receipt, so that a missing one is a no.
    """

    receipt: dict[str, Any] | None
    is_certain: bool
    is_known: bool | None
    is_in_block: bool = False


class Answers(msgspec.Struct, frozen=True, kw_only=True):
    """One look's answers; what the endpoint did not answer is None."""

    mined_count: int | None
    balance_wei: int | None
    sightings: tuple[Sighting, ...]


async def ask(
    rpc: Rpc, address: str, questions: Sequence[Question], *, asks_balance: bool = False
) -> Answers:
    """Return what the endpoint knows now. Raises `ProblemError` when it does not answer."""
    # The count is asked first: a nonce below it without a receipt asked later was taken by another.
    calls: list[Call] = [("eth_getTransactionCount", (address, "latest"))]
    if asks_balance:
        calls.append(("eth_getBalance", (address, "latest")))
    head = len(calls)
    for question in questions:
        calls += _calls_for(question)
    answers: list[Any] = []
    for start in range(0, len(calls), MOST_CALLS):
        answers += await rpc.batch(calls[start : start + MOST_CALLS])
    rest = iter(answers[head:])
    return Answers(
        mined_count=_number(answers[0]),
        balance_wei=_number(answers[1], 2**256 - 1) if asks_balance else None,
        sightings=tuple(
            _sighting(question, [next(rest) for _ in _calls_for(question)]) for question in questions
        ),
    )


def _calls_for(question: Question) -> list[Call]:
    hashes = [attempt.hash for attempt in question.transaction.attempts]
    calls: list[Call] = [("eth_getTransactionReceipt", (digest,)) for digest in hashes]
    if question.asks_whether_known:
        calls += [("eth_getTransactionByHash", (digest,)) for digest in hashes]
    return calls


def _sighting(question: Question, answers: list[Any]) -> Sighting:
    hashes = [attempt.hash for attempt in question.transaction.attempts]
    receipts, known = answers[: len(hashes)], answers[len(hashes) :]
    found = (answer for answer, digest in zip(receipts, hashes, strict=True) if is_receipt_of(answer, digest))
    seen = [answer for answer in known if isinstance(answer, dict)]
    is_unknown = bool(known) and all(answer is None for answer in known)
    return Sighting(
        receipt=next(found, None),
        is_certain=not any(isinstance(answer, RpcError) for answer in receipts),
        is_known=True if seen else (False if is_unknown else None),
        is_in_block=any(answer.get("blockHash") for answer in seen),
    )


def _number(answer: Any, most: int = LARGEST_STORED) -> int | None:
    return quantity(answer, most) if isinstance(answer, str) else None
