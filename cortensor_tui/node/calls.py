"""The call of one transaction, read from the journal and decoded."""

from __future__ import annotations

from cortensor_tui.chain.contracts.decoded_call import decoded_call
from cortensor_tui.domain.problems import problem_error
from cortensor_tui.journal.history import History
from cortensor_tui.node.call_messages import MOST_CALLDATA_CHARS, MOST_VALUE_CHARS, Argument, Call, GetCall


def read_call(history: History, body: GetCall) -> Call:
    """Return the call. Raises `ProblemError` where there is no such transaction, or none of its bytes."""
    found = history.signed_call(body.transaction_id)
    if found is None:
        raise problem_error("no_such_transaction", f"This node has no transaction {body.transaction_id}")
    if found.data is None or found.target is None:
        raise problem_error(
            "call_unknown",
            "What this transaction called was not kept",
            "it was signed by an older version of this program",
            "Look at it in an explorer, by its hash",
        )
    decoded = decoded_call(found.data)
    return Call(
        transaction_id=body.transaction_id,
        kind=found.kind,
        target=found.target,
        session_id=found.session_id,
        contract=decoded.contract if decoded else "",
        function=decoded.function if decoded else "",
        arguments=tuple(
            Argument(name=one.name, kind=one.kind, value=one.value[:MOST_VALUE_CHARS], chars=len(one.value))
            for one in (decoded.arguments if decoded else ())
        ),
        calldata=found.data[:MOST_CALLDATA_CHARS],
        calldata_bytes=(len(found.data) - 2) // 2,
    )
