"""What is checked before the owner's key signs: pure, from what was read."""

from __future__ import annotations

from collections.abc import Sequence

from cortensor_tui.chain.contracts.abi import checksum
from cortensor_tui.domain.addresses import ZERO_ADDRESS
from cortensor_tui.domain.problems import problem_error
from cortensor_tui.domain.sessions import Session
from cortensor_tui.node.owner_messages import Check


def check_address(address: str) -> tuple[str | None, list[Check]]:
    """Return the address with its checksum, None where it is none, and the check."""
    name = "node address"
    try:
        found = checksum(address)
    except ValueError:
        return None, [Check(name=name, is_met=False, detail="it is not 0x and 40 hex digits")]
    body = address.removeprefix("0x")
    if body not in (body.lower(), body.upper()) and address != found:
        return None, [Check(name=name, is_met=False, detail="its checksum is wrong: is a digit mistyped?")]
    if found == ZERO_ADDRESS:
        return None, [Check(name=name, is_met=False, detail="it is the zero address")]
    return found, [Check(name=name, is_met=True, detail=found)]


def check_binding(session: Session | None, address: str | None, *, is_unbind: bool) -> Check:
    """Return whether the node is bound to the session where it is to be, None while that is not known."""
    name = "node is bound" if is_unbind else "node not yet bound"
    if session is None or address is None:
        return Check(name=name, is_met=None, detail="not known yet")
    is_bound = address in session.dedicated_nodes
    detail = "the node is bound to this session" if is_bound else "the node is not bound to this session"
    return Check(name=name, is_met=is_bound == is_unbind, detail=detail)


def code_of(check_name: str) -> str:
    """Return the code of the problem that an unmet check is."""
    return {
        "node address": "bad_address",
        "session exists": "session_not_found",
        "session active": "session_inactive",
        "owner": "not_owner",
        "node not yet bound": "already_bound",
        "node is bound": "not_bound",
        "fee": "no_balance",
        "no task in flight": "task_in_flight",
        "another node": "same_node",
        "new node not yet bound": "already_bound",
        "new node's address": "bad_address",
        "takes bound nodes": "reverted",
        "new owner's address": "bad_address",
        "another owner": "same_owner",
        "router's address": "bad_address",
        "router is listed": "not_listed",
    }.get(check_name, "reverted")


def require_met(checks: Sequence[Check], what: str) -> None:
    """Raise the first check that is not met as a `ProblemError`."""
    for check in checks:
        if not check.is_met:
            raise problem_error(code_of(check.name), what, check.detail, "Nothing was sent")
