"""`sessions` and `session create`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

import typer

from cortensor_tui.cli.asking import SEND_TIMEOUT_S, ask, read_node, with_node
from cortensor_tui.cli.dashboard_form import DEFAULT_ENV
from cortensor_tui.cli.formats import UNKNOWN, short_hash, table
from cortensor_tui.cli.options import AsJson, Env
from cortensor_tui.cli.output import Exit, print_json, print_text, usage_error
from cortensor_tui.cli.sending import mined_sentence, require_mined
from cortensor_tui.cli.shapes import session_json, transaction_json
from cortensor_tui.cli.sorting import Reverse, SortSessions
from cortensor_tui.domain.inert import inert
from cortensor_tui.domain.session_orders import SessionOrder, in_order
from cortensor_tui.domain.sessions import SessionMode, SessionView
from cortensor_tui.node.messages import GetSessions, SessionsChanged
from cortensor_tui.node.owner_messages import CreateSession, Sent

_HEADERS = ("ID", "NAME", "MODE", "STATE", "SERVICE", "NODES", "TASKS", "OWNER", "WHY")

session_commands = typer.Typer(help="Sessions of your own.", rich_markup_mode=None)


def sessions(
    sort: SortSessions = None, reverse: Reverse = False, env: Env = DEFAULT_ENV, as_json: AsJson = False
) -> int:
    """List the sessions the node knows, and what it does with each."""
    views: Sequence[SessionView] = read_node(env, GetSessions(), SessionsChanged).sessions
    if sort is not None or reverse:
        views = in_order(views, sort or SessionOrder.SERVICE, is_reversed=reverse)
    if as_json:
        print_json({"sessions": [session_json(view) for view in views]})
    elif not views:
        print_text("There are no sessions yet. Create one with: cortensor-tui session create --name NAME")
    else:
        print_text(table(_HEADERS, [_row(view) for view in views], right=("ID", "NODES", "TASKS")))
    return Exit.DONE


def _row(view: SessionView) -> tuple[str, ...]:
    session = view.session
    return (
        str(session.session_id),
        inert(session.name, 32),
        session.mode_name,
        "active" if session.is_active else "inactive",
        view.service.value,
        str(len(session.dedicated_nodes) + len(session.ephemeral_nodes)),
        UNKNOWN if view.task_count is None else str(view.task_count),
        view.whose or short_hash(inert(session.owner, 42)),
        inert(view.reason, 60),
    )


MOST_NODES, MOST_MINERS = 1_000_000, 1000


def _count(help_text: str) -> Any:
    return typer.Option(min=0, max=MOST_NODES, metavar="N", help=help_text)


@session_commands.command("create")
def create(
    name: Annotated[
        str, typer.Option("--name", metavar="NAME", help="The session's name.", show_default=False)
    ],
    metadata: Annotated[
        str, typer.Option("--metadata", metavar="TEXT", help="Free text that goes on chain.")
    ] = "",
    mode: Annotated[
        str, typer.Option("--mode", metavar="MODE", help="ephemeral, hybrid or dedicated.")
    ] = "dedicated",
    min_nodes: Annotated[int, _count("Nodes below which clients call it unhealthy.")] = 1,
    max_nodes: Annotated[int, _count("The most nodes bound to it.")] = 1,
    redundant: Annotated[
        int, typer.Option(min=1, max=MOST_MINERS, metavar="N", help="Miners that answer each task.")
    ] = 1,
    validators: Annotated[int, _count("Nodes that validate.")] = 0,
    sla: Annotated[int, typer.Option(min=0, max=2, metavar="N", help="0 low, 1 medium, 2 high.")] = 0,
    model: Annotated[
        int, typer.Option(min=0, max=10_000, metavar="N", help="Model number of the network.")
    ] = 0,
    reserve_period: Annotated[
        int, typer.Option(min=0, max=31_536_000, metavar="S", help="Seconds it is reserved.")
    ] = 300,
    max_executions: Annotated[int, typer.Option(min=1, max=1_000_000, metavar="N", help="Tasks a node.")] = 5,
    env: Env = DEFAULT_ENV,
    as_json: AsJson = False,
) -> int:
    """Create a session with the owner's key and wait until that is mined."""
    if max_nodes < min_nodes:
        raise usage_error(
            f"--max-nodes {max_nodes} is less than --min-nodes {min_nodes}", remedy="Raise --max-nodes"
        )
    body = CreateSession(
        name=name,
        metadata=metadata,
        min_nodes=min_nodes,
        max_nodes=max_nodes,
        redundant=redundant,
        validator_nodes=validators,
        mode=mode_number(mode),
        sla=sla,
        model_identifier=model,
        reserve_period_s=reserve_period,
        max_task_executions=max_executions,
    )
    sent = with_node(env, lambda client: ask(client, body, Sent, SEND_TIMEOUT_S))
    require_mined(sent)
    if as_json:
        print_json({"session_id": sent.session_id, "transaction": transaction_json(sent.transaction)})
    else:
        print_text(f"Session {sent.session_id} is created. {mined_sentence(sent.transaction)}")
    return Exit.DONE


def mode_number(word: str) -> int:
    """Return the number of a mode. Raises the error for wrong use."""
    modes = {mode.name.lower(): mode.value for mode in SessionMode}
    if word.lower() not in modes:
        raise usage_error(f"{word!r} is no mode of a session", remedy=f"Give one of: {', '.join(modes)}")
    return modes[word.lower()]
