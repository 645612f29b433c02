"""`swap`: one node of a session in the place of another."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import msgspec
import typer

from cortensor_tui.cli.asking import SEND_TIMEOUT_S, ask, ask_node, with_node
from cortensor_tui.cli.assignment import DryRun
from cortensor_tui.cli.checked_calls import print_dry_run, refusal
from cortensor_tui.cli.dashboard_form import DEFAULT_ENV
from cortensor_tui.cli.formats import cost
from cortensor_tui.cli.options import AsJson, Env, SessionId, address_option
from cortensor_tui.cli.output import Exit, print_json, print_notice, print_text, problem_json, usage_error
from cortensor_tui.cli.sending import mined_sentence
from cortensor_tui.cli.shapes import call_json, transaction_json
from cortensor_tui.domain.inert import inert
from cortensor_tui.domain.problems import ProblemError
from cortensor_tui.domain.swaps import WhenBusy
from cortensor_tui.node.client import NodeClient
from cortensor_tui.node.messages import GetStatus, StatusChanged
from cortensor_tui.node.session_messages import (
    CheckSwap,
    StopSwap,
    SwapChecked,
    SwapNodes,
    Swapped,
    SwapStopped,
)

LONGEST_WAIT_S = 30 * 86_400.0
Leaving = Annotated[
    str | None,
    typer.Option("--unbind", metavar="ADDRESS", help="The node that goes.", show_default="this node"),
]
Coming = Annotated[
    str | None,
    typer.Option("--bind", metavar="ADDRESS", help="The node that comes.", show_default="this node"),
]
Wait = Annotated[bool, typer.Option("--wait", help="Wait for a task that is being answered, then swap.")]
Now = Annotated[bool, typer.Option("--now", help="Swap all the same; such a task may end unanswered.")]
Stop = Annotated[bool, typer.Option("--stop", help="Give up a swap that waits, or forget one half way.")]


def swap(
    session: SessionId,
    leaving: Leaving = None,
    coming: Coming = None,
    wait: Wait = False,
    now: Now = False,
    stop: Stop = False,
    dry_run: DryRun = False,
    env: Env = DEFAULT_ENV,
    as_json: AsJson = False,
) -> int:
    """Unbind one node of a session of yours and bind another; not while a task of it is being answered.

    The node goes on with it if this command ends, and after a restart.
    """
    if stop:
        if wait or now or dry_run or leaving is not None or coming is not None:
            raise usage_error("With --stop nothing else is said of the swap")
        return _stop(env, session, as_json=as_json)
    when_busy = _when_busy(wait=wait, now=now)
    if leaving is None and coming is None:
        raise usage_error("Which node goes and which comes is not said", remedy="Give --unbind or --bind")
    goes = "" if leaving is None else address_option(leaving)
    comes = "" if coming is None else address_option(coming)
    asked = SwapNodes(session_id=session, unbind_address=goes, bind_address=comes, when_busy=when_busy)
    body, checked, swapped = with_node(env, lambda client: _checked_and_swapped(client, asked, dry_run))
    if swapped is None:
        return _print_dry_swap(checked, as_json)
    return _print_swapped(body, swapped, as_json)


async def _checked_and_swapped(
    client: NodeClient, asked: SwapNodes, is_dry_run: bool
) -> tuple[SwapNodes, SwapChecked, Swapped | None]:
    """Return the swap with this node in the place of an empty address, its checks, and what came of it."""
    this_node = (await ask(client, GetStatus(), StatusChanged)).status.node.address
    body = msgspec.structs.replace(
        asked,
        unbind_address=asked.unbind_address or this_node,
        bind_address=asked.bind_address or this_node,
    )
    checked = await ask(client, CheckSwap(swap=body), SwapChecked)
    if is_dry_run:
        return body, checked, None
    if not checked.is_allowed:
        raise refusal(checked)
    is_patient = body.when_busy is WhenBusy.WAIT
    if is_patient and checked.in_flight:
        print_notice(f"Waiting for task {checked.in_flight[-1]}; the node goes on with it if this ends.")
    timeout_s = LONGEST_WAIT_S if is_patient else SEND_TIMEOUT_S
    return body, checked, await ask(client, body, Swapped, timeout_s)


def _when_busy(*, wait: bool, now: bool) -> WhenBusy:
    if wait and now:
        raise usage_error("Give one of --wait and --now")
    return WhenBusy.WAIT if wait else WhenBusy.NOW if now else WhenBusy.REFUSE


def _stop(env: Path, session_id: int, *, as_json: bool) -> int:
    ask_node(env, StopSwap(session_id=session_id), SwapStopped)
    if as_json:
        print_json({"session_id": session_id, "stopped": True})
    else:
        print_text(f"The swap of session {session_id} is given up; its nodes are as they stand.")
    return Exit.DONE


def _print_dry_swap(checked: SwapChecked, as_json: bool) -> int:
    document = {"dry_run": True, **call_json(checked)}
    document |= {"then_call": checked.then_call, "then_fee_wei": checked.then_fee_wei}
    fee = f"at most {cost(checked.then_fee_wei)}" if checked.then_fee_wei else "known once the first is out"
    then = (("then", inert(checked.then_call)), ("then fee", fee))
    return print_dry_run(checked, document, as_json=as_json, then=then)


def _print_swapped(body: SwapNodes, swapped: Swapped, as_json: bool) -> int:
    if as_json:
        print_json(
            {
                "session_id": swapped.session_id,
                "unbind_address": body.unbind_address,
                "bind_address": body.bind_address,
                "unbound": transaction_json(swapped.unbound),
                "bound": None if swapped.bound is None else transaction_json(swapped.bound),
                "error": None if swapped.problem is None else problem_json(swapped.problem),
            }
        )
        return Exit.DONE if swapped.problem is None else Exit.FAILED
    if swapped.problem is not None:
        raise ProblemError(swapped.problem)
    nodes = f"{inert(body.bind_address, 42)} is in the place of {inert(body.unbind_address, 42)}"
    last = swapped.bound or swapped.unbound
    print_text(f"{nodes} in session {swapped.session_id}. {mined_sentence(last)}")
    return Exit.DONE
