"""What commands that send a transaction have in common."""

from __future__ import annotations

from cortensor_tui.cli.formats import cost
from cortensor_tui.domain.inert import inert
from cortensor_tui.domain.problems import problem_error
from cortensor_tui.domain.transactions import Transaction, TransactionState
from cortensor_tui.node.owner_messages import Sent


def require_mined(sent: Sent) -> None:
    """Raise `ProblemError` unless the transaction is in a block and did what it was for."""
    transaction = sent.transaction
    if transaction.state is TransactionState.MINED:
        return
    raise problem_error(
        f"transaction_{transaction.state.value}",
        f"The {transaction.kind.value} transaction {transaction.hash} is {transaction.state.value}",
        transaction.error or "the node gives no reason",
        "See: cortensor-tui txs",
    )


def mined_sentence(transaction: Transaction) -> str:
    """Return where the transaction stands and what it took."""
    block = "unknown" if transaction.block_number is None else str(transaction.block_number)
    gas = "unknown" if transaction.gas_used is None else str(transaction.gas_used)
    fee = cost(transaction.fee_wei)
    return f"Transaction {inert(transaction.hash, 66)}, block {block}, gas {gas}, fee {fee}."
