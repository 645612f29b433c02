"""`assign` and `unassign`: bind a node to a session of yours, or release it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cortensor_tui.cli.asking import SEND_TIMEOUT_S, ask, with_node
from cortensor_tui.cli.formats import ether, labelled
from cortensor_tui.cli.options import DEFAULT_ENV, AsJson, Env, SessionId, address_option
from cortensor_tui.cli.output import Exit, print_json, print_text
from cortensor_tui.cli.sending import mined_sentence, require_mined
from cortensor_tui.cli.shapes import checked_json, transaction_json
from cortensor_tui.domain.inert import inert
from cortensor_tui.domain.problems import ProblemError, problem_error
from cortensor_tui.node.client import NodeClient
from cortensor_tui.node.messages import (
    Assign,
    AssignmentChecked,
    Check,
    CheckAssignment,
    GetStatus,
    Sent,
    StatusChanged,
)

NodeAddress = Annotated[
    str | None,
    typer.Option("--node", metavar="ADDRESS", help="The node's address.", show_default="this node"),
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Show the checks and the call; send nothing.")]


def assign(
    session: SessionId,
    node: NodeAddress = None,
    dry_run: DryRun = False,
    env: Env = DEFAULT_ENV,
    as_json: AsJson = False,
) -> int:
    """Bind a node to a session of yours, with the owner's key."""
    return _change(env, session, node, unbind=False, dry_run=dry_run, as_json=as_json)


def unassign(
    session: SessionId,
    node: NodeAddress = None,
    dry_run: DryRun = False,
    env: Env = DEFAULT_ENV,
    as_json: AsJson = False,
) -> int:
    """Release a node from a session of yours, with the owner's key."""
    return _change(env, session, node, unbind=True, dry_run=dry_run, as_json=as_json)


def _change(
    env: Path, session_id: int, node: str | None, *, unbind: bool, dry_run: bool, as_json: bool
) -> int:
    address = None if node is None else address_option(node)

    async def check_and_send(client: NodeClient) -> tuple[AssignmentChecked, Sent | None]:
        target = address or (await ask(client, GetStatus(), StatusChanged)).status.node.address
        checking = CheckAssignment(session_id=session_id, node_address=target, unbind=unbind)
        checked = await ask(client, checking, AssignmentChecked)
        if dry_run:
            return checked, None
        if not checked.is_allowed:
            raise _refusal(checked)
        body = Assign(session_id=session_id, node_address=target, unbind=unbind)
        return checked, await ask(client, body, Sent, SEND_TIMEOUT_S)

    checked, sent = with_node(env, check_and_send)
    if sent is None:
        return _print_dry_run(session_id, checked, as_json)
    require_mined(sent)
    if as_json:
        print_json(
            {
                "session_id": session_id,
                "node_address": checked.node_address,
                "transaction": transaction_json(sent.transaction),
            }
        )
    else:
        done = "is released from" if unbind else "is bound to"
        bound = f"{inert(checked.node_address, 42)} {done} session {session_id}."
        print_text(f"{bound} {mined_sentence(sent.transaction)}")
    return Exit.DONE


def _print_dry_run(session_id: int, checked: AssignmentChecked, as_json: bool) -> int:
    if as_json:
        print_json(checked_json(session_id, checked))
    else:
        gas = "unknown" if checked.gas_limit is None else str(checked.gas_limit)
        pairs = [(_mark(check), inert(f"{check.name}: {check.detail}")) for check in checked.checks]
        pairs += [
            ("call", inert(checked.call)),
            ("contract", inert(checked.contract, 42)),
            ("calldata", inert(checked.calldata)),
            ("gas limit", gas),
            ("fee", f"at most {ether(checked.fee_wei)}" if checked.fee_wei else "unknown"),
            ("result", "would be sent" if checked.is_allowed else "would be refused"),
        ]
        print_text(labelled(pairs))
    return Exit.DONE if checked.is_allowed else Exit.FAILED


def _mark(check: Check) -> str:
    return "unknown" if check.is_met is None else "ok" if check.is_met else "NOT MET"


def _refusal(checked: AssignmentChecked) -> ProblemError:
    unmet = [check for check in checked.checks if not check.is_met]
    why = "; ".join(f"{check.name}: {check.detail}" for check in unmet)
    is_unknown = all(check.is_met is None for check in unmet)
    return problem_error(
        "check_unknown" if is_unknown else "check_failed",
        "A check could not be made, so nothing was sent"
        if is_unknown
        else "A check failed, so nothing was sent",
        why,
        "Look with --dry-run, mend that and try again",
    )
