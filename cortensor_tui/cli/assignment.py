"""`assign` and `unassign`: bind a node to a session of yours, or release it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, NamedTuple

import typer

from cortensor_tui.cli.asking import SEND_TIMEOUT_S, ask, with_node
from cortensor_tui.cli.checked_calls import print_dry_run, refusal
from cortensor_tui.cli.dashboard_form import DEFAULT_ENV
from cortensor_tui.cli.external import send_signed, write_unsigned
from cortensor_tui.cli.options import AsJson, Env, address_option, id_number
from cortensor_tui.cli.output import Exit, print_json, print_notice, print_text, usage_error
from cortensor_tui.cli.sending import mined_sentence, require_mined
from cortensor_tui.cli.shapes import checked_json, transaction_json
from cortensor_tui.domain.inert import inert
from cortensor_tui.node.client import NodeClient
from cortensor_tui.node.messages import GetStatus, StatusChanged
from cortensor_tui.node.owner_messages import (
    Assign,
    AssignmentChecked,
    CheckAssignment,
    Sent,
)

NodeAddress = Annotated[
    str | None,
    typer.Option("--node", metavar="ADDRESS", help="The node's address.", show_default="this node"),
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Show the checks and the call; send nothing.")]
MaybeSession = Annotated[
    int | None,
    typer.Argument(
        metavar="SESSION",
        parser=id_number,
        show_default=False,
        help="The session's id; left out with --signed.",
    ),
]
UnsignedFile = Annotated[
    Path | None,
    typer.Option("--unsigned", metavar="FILE", help="Write the transaction for the owner's own wallet."),
]
SignedFile = Annotated[
    Path | None,
    typer.Option("--signed", metavar="FILE", help="Send what the owner's own wallet has signed."),
]


def assign(
    session: MaybeSession = None,
    node: NodeAddress = None,
    dry_run: DryRun = False,
    unsigned: UnsignedFile = None,
    signed: SignedFile = None,
    env: Env = DEFAULT_ENV,
    as_json: AsJson = False,
) -> int:
    """Bind a node to a session of yours, with the owner's key or the owner's own wallet."""
    given = _Given(session, node, dry_run, unsigned, signed)
    return _change(env, given, unbind=False, as_json=as_json)


def unassign(
    session: MaybeSession = None,
    node: NodeAddress = None,
    dry_run: DryRun = False,
    unsigned: UnsignedFile = None,
    signed: SignedFile = None,
    env: Env = DEFAULT_ENV,
    as_json: AsJson = False,
) -> int:
    """Release a node from a session of yours, with the owner's key or the owner's own wallet."""
    given = _Given(session, node, dry_run, unsigned, signed)
    return _change(env, given, unbind=True, as_json=as_json)


class _Given(NamedTuple):
    session: int | None
    node: str | None
    dry_run: bool
    unsigned: Path | None
    signed: Path | None


def _change(env: Path, given: _Given, *, unbind: bool, as_json: bool) -> int:
    if sum((given.dry_run, given.unsigned is not None, given.signed is not None)) > 1:
        raise usage_error("Give one of --dry-run, --unsigned and --signed")
    if given.signed is not None:
        if given.session is not None or given.node is not None:
            raise usage_error("--signed says which session and node itself", remedy="Leave them out")
        return send_signed(env, given.signed.expanduser(), as_json=as_json)
    if given.session is None:
        raise usage_error("SESSION is missing", remedy="Give the session's id")
    address = None if given.node is None else address_option(given.node)
    if given.unsigned is not None:
        return write_unsigned(
            env, given.session, address, given.unsigned.expanduser(), unbind=unbind, as_json=as_json
        )
    return _send(env, given.session, address, unbind=unbind, dry_run=given.dry_run, as_json=as_json)


def _send(
    env: Path, session_id: int, address: str | None, *, unbind: bool, dry_run: bool, as_json: bool
) -> int:

    async def check_and_send(client: NodeClient) -> tuple[AssignmentChecked, Sent | None]:
        target = address or (await ask(client, GetStatus(), StatusChanged)).status.node.address
        checking = CheckAssignment(session_id=session_id, node_address=target, unbind=unbind)
        checked = await ask(client, checking, AssignmentChecked)
        if dry_run:
            return checked, None
        if not checked.is_allowed:
            raise refusal(checked)
        if checked.in_flight:
            print_notice(f"Task {checked.in_flight[-1]} is being answered by it and may end unanswered.")
        elif not checked.is_in_flight_known:
            print_notice("Whether it is answering a task could not be read; such a task may end unanswered.")
        body = Assign(session_id=session_id, node_address=target, unbind=unbind)
        return checked, await ask(client, body, Sent, SEND_TIMEOUT_S)

    checked, sent = with_node(env, check_and_send)
    if sent is None:
        return print_dry_run(checked, checked_json(session_id, checked), as_json=as_json)
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
