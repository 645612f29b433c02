"""Brings one transaction of a task to the chain, however often it takes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import structlog

from cortensor_tui.chain.contracts.contract_call import ContractCall
from cortensor_tui.chain.contracts.reader import ContractReader
from cortensor_tui.chain.transactions import Purpose, TransactionSender
from cortensor_tui.domain.problems import Problem, ProblemError, problem_error
from cortensor_tui.domain.tasks import TaskKey
from cortensor_tui.domain.transactions import Transaction, TransactionKind, TransactionState
from cortensor_tui.journal.transactions import TransactionLog

log = structlog.get_logger(__name__)

# These pass by themselves or when the operator acts; the task is kept while they last.
PASSING = frozenset(
    {
        "no_rpc",
        "wrong_chain",  # of the endpoints: the node itself starts anew on another chain
        "rpc_refused",
        "read_refused",
        "bad_answer",
        "unexpected_contract",  # the contract was checked at start: an answer was garbled
        "no_such_task",
        "no_balance",
        "fee_too_low",
        "gas_budget",
        "foreign_key_use",
        "send_refused",
        "journal_unwritable",
    }
)
RETRY_S = 1.0
REVERTED = "reverted"  # before it was sent, by the endpoint's estimate
REVERTED_ON_CHAIN = "reverted_on_chain"

_DONE_INDEX = {TransactionKind.ACK: 0, TransactionKind.PRECOMMIT: 1, TransactionKind.COMMIT: 2}


class Delivery:
    """Sends ack, precommit and commit of tasks with the miner's key."""

    def __init__(
        self,
        reader: ContractReader,
        sender: TransactionSender,
        transactions: TransactionLog,
        on_trouble: Callable[[TaskKey, Problem], None],
    ) -> None:
        self._reader = reader
        self._sender = sender
        self._transactions = transactions
        self._on_trouble = on_trouble

    async def deliver(self, key: TaskKey, call: ContractCall, purpose: Purpose) -> Transaction | None:
        """Return the mined transaction, or None when the contract had this step already.

        What was signed before a crash is followed, never signed again. Raises `ProblemError` when the
        contract refuses: `REVERTED` costs nothing and `REVERTED_ON_CHAIN` its gas.
        """
        while True:
            try:
                transaction = await self._bring(key, call, purpose)
            except ProblemError as error:
                if error.problem.code not in PASSING:
                    raise
                self._on_trouble(key, error.problem)
                await asyncio.sleep(RETRY_S)
                continue
            if transaction is None or transaction.state is TransactionState.MINED:
                return transaction
            log.warning("transaction rejected, signing again", task=str(key), kind=purpose.kind)

    async def _bring(self, key: TaskKey, call: ContractCall, purpose: Purpose) -> Transaction | None:
        transaction = self._transactions.of_task(key, purpose.kind)
        if transaction is None or transaction.state is TransactionState.REVERTED:
            try:
                transaction = await self._sender.send(call, purpose)
            except ProblemError as error:
                if error.problem.code == REVERTED and await self._is_done(key, purpose.kind):
                    return None
                raise
        settled = await self._sender.settled(transaction)
        if settled.state is TransactionState.MINED:
            return settled
        if await self._is_done(key, purpose.kind):
            return None
        if settled.state is TransactionState.REVERTED:
            raise problem_error(
                REVERTED_ON_CHAIN, f"The {purpose.kind} of task {key} was refused", settled.error
            )
        return settled

    async def _is_done(self, key: TaskKey, kind: TransactionKind) -> bool:
        return (await self._reader.result_times(key, self._sender.address))[_DONE_INDEX[kind]]
