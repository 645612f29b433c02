"""`session update` and `session deactivate`: each checked before it is sent."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from cortensor_tui.cli.asking import SEND_TIMEOUT_S, ask, with_node
from cortensor_tui.cli.assignment import DryRun, UnsignedFile
from cortensor_tui.cli.checked_calls import print_dry_run, refusal
from cortensor_tui.cli.dashboard_form import DEFAULT_ENV
from cortensor_tui.cli.external import write_unsigned_act
from cortensor_tui.cli.options import AsJson, Env, SessionId
from cortensor_tui.cli.output import Exit, print_json, print_text, usage_error
from cortensor_tui.cli.sending import mined_sentence, require_mined
from cortensor_tui.cli.sessions import MOST_MINERS, MOST_NODES, mode_number, session_commands
from cortensor_tui.cli.shapes import call_json, transaction_json
from cortensor_tui.node.client import NodeClient
from cortensor_tui.node.owner_messages import Sent
from cortensor_tui.node.session_messages import (
    ActChecked,
    Change,
    CheckAct,
    DeactivateSession,
    UpdateSession,
)

LONGEST_WAIT_S = 30 * 86_400.0


def _text(metavar: str, help_text: str) -> Any:
    return typer.Option(metavar=metavar, help=help_text, show_default="as it is")


def _count(help_text: str, least: int = 0, most: int = MOST_NODES) -> Any:
    return typer.Option(min=least, max=most, metavar="N", help=help_text, show_default="as it is")


@session_commands.command("update")
def update(
    session: SessionId,
    name: Annotated[str | None, _text("NAME", "Its name.")] = None,
    metadata: Annotated[str | None, _text("TEXT", "Free text that goes on chain.")] = None,
    mode: Annotated[str | None, _text("MODE", "ephemeral, hybrid or dedicated.")] = None,
    min_nodes: Annotated[int | None, _count("Nodes below which clients call it unhealthy.")] = None,
    max_nodes: Annotated[int | None, _count("The most nodes bound to it.")] = None,
    redundant: Annotated[int | None, _count("Miners that answer each task.", 1, MOST_MINERS)] = None,
    validators: Annotated[int | None, _count("Nodes that validate.")] = None,
    dry_run: DryRun = False,
    unsigned: UnsignedFile = None,
    env: Env = DEFAULT_ENV,
    as_json: AsJson = False,
) -> int:
    """Change a session of yours; what is not given stays as it is."""
    body = UpdateSession(
        session_id=session,
        name=name,
        metadata=metadata,
        min_nodes=min_nodes,
        max_nodes=max_nodes,
        redundant=redundant,
        validator_nodes=validators,
        mode=None if mode is None else mode_number(mode),
    )
    if body == UpdateSession(session_id=session):
        raise usage_error("Nothing is to be changed", remedy="Give --name, --metadata, --mode or a number")
    return act_on(env, body, f"Session {session} is changed.", dry_run, unsigned, as_json)


@session_commands.command("deactivate")
def deactivate(
    session: SessionId,
    yes: Annotated[bool, typer.Option("--yes", help="Close it; no call opens it again.")] = False,
    dry_run: DryRun = False,
    unsigned: UnsignedFile = None,
    env: Env = DEFAULT_ENV,
    as_json: AsJson = False,
) -> int:
    """Close a session of yours for good: it takes no more prompts and no more nodes."""
    if not (yes or dry_run or unsigned is not None):
        raise usage_error(
            f"Session {session} would be closed for good", "no call opens it again", "Add --yes, or --dry-run"
        )
    body = DeactivateSession(session_id=session)
    return act_on(env, body, f"Session {session} is closed.", dry_run, unsigned, as_json)


def act_on(env: Path, body: Change, done: str, dry_run: bool, unsigned: Path | None, as_json: bool) -> int:
    """Check what is to be done to a session, then send it, or write it out for the owner's wallet."""
    if dry_run and unsigned is not None:
        raise usage_error("Give one of --dry-run and --unsigned")
    if unsigned is not None:
        return write_unsigned_act(env, body, unsigned.expanduser(), as_json=as_json)

    async def check_and_send(client: NodeClient) -> tuple[ActChecked, Sent | None]:
        checked = await ask(client, CheckAct(act=body), ActChecked)
        if dry_run:
            return checked, None
        if not checked.is_allowed:
            raise refusal(checked)
        return checked, await ask(client, body, Sent, SEND_TIMEOUT_S)

    checked, sent = with_node(env, check_and_send)
    if sent is None:
        document = {"dry_run": True, "session_id": body.session_id, **call_json(checked)}
        return print_dry_run(checked, document, as_json=as_json)
    require_mined(sent)
    if as_json:
        print_json({"session_id": body.session_id, "transaction": transaction_json(sent.transaction)})
    else:
        print_text(f"{done} {mined_sentence(sent.transaction)}")
    return Exit.DONE
