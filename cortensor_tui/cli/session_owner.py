"""`session hand-over` and `session router`: who owns a session, and who may submit for it besides."""

from __future__ import annotations

from typing import Annotated

import typer

from cortensor_tui.cli.assignment import DryRun, UnsignedFile
from cortensor_tui.cli.dashboard_form import DEFAULT_ENV
from cortensor_tui.cli.options import AsJson, Env, SessionId, address_option
from cortensor_tui.cli.output import usage_error
from cortensor_tui.cli.session_acts import act_on
from cortensor_tui.node.session_messages import HandOver, SetRouter


def hand_over(
    session: SessionId,
    owner: Annotated[
        str, typer.Argument(metavar="ADDRESS", show_default=False, help="Who owns it from then on.")
    ],
    yes: Annotated[bool, typer.Option("--yes", help="Give it away; only they can give it back.")] = False,
    dry_run: DryRun = False,
    unsigned: UnsignedFile = None,
    env: Env = DEFAULT_ENV,
    as_json: AsJson = False,
) -> int:
    """Give a session of yours to another owner."""
    address = address_option(owner)
    if not (yes or dry_run or unsigned is not None):
        raise usage_error(
            f"Session {session} would no longer be yours",
            "only its new owner can give it back",
            "Add --yes, or --dry-run",
        )
    body = HandOver(session_id=session, new_owner=address)
    return act_on(env, body, f"Session {session} belongs to {address} now.", dry_run, unsigned, as_json)


def router(
    session: SessionId,
    address: Annotated[str, typer.Argument(metavar="ADDRESS", show_default=False, help="The router's.")],
    text: Annotated[
        str | None, typer.Option("--text", metavar="TEXT", help="How it is reached; lists it.")
    ] = None,
    remove: Annotated[bool, typer.Option("--remove", help="Take it off the list.")] = False,
    dry_run: DryRun = False,
    unsigned: UnsignedFile = None,
    env: Env = DEFAULT_ENV,
    as_json: AsJson = False,
) -> int:
    """List a router of a session of yours, give it another text, or take it off the list."""
    if (text is None) != remove:
        raise usage_error("Give one of --text and --remove")
    body = SetRouter(session_id=session, address=address_option(address), text=text)
    done = f"The router is {'off the list of' if remove else 'listed by'} session {session}."
    return act_on(env, body, done, dry_run, unsigned, as_json)
