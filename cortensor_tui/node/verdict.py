"""The verdict: the first precondition that is not met, in the order an operator would mend them."""

from __future__ import annotations

import msgspec

from cortensor_tui.domain.health import NodeStatus, StoreHealth, Verdict
from cortensor_tui.domain.inference import EngineHealth, EngineState
from cortensor_tui.domain.problems import Problem
from cortensor_tui.domain.sessions import Service, SessionView


class Preconditions(msgspec.Struct, frozen=True, kw_only=True):
    """What the verdict is drawn from. `is_connected` is set once the contracts were found and read."""

    is_dedicated_enabled: bool
    chain_problem: Problem | None
    is_connected: bool
    engine: EngineHealth
    store: StoreHealth
    node_address: str
    balance_wei: int | None
    low_balance_wei: int
    sessions: tuple[SessionView, ...]
    key_trouble: Problem | None = None
    task_trouble: Problem | None = None


def judge(given: Preconditions) -> tuple[Verdict, str, Problem | None]:
    """Return the verdict, its reason in one phrase, and the problem when there is one to mend."""
    problem = _first_problem(given)
    if problem is not None:
        return Verdict.BLOCKED, problem.what, problem
    if not given.is_connected:
        return Verdict.WAITING, "connecting to the chain", None
    if given.engine.state in (EngineState.STARTING, EngineState.LOADING, EngineState.STOPPED):
        return Verdict.WAITING, "the model is loading", None
    served = [view for view in given.sessions if view.service is Service.SERVED]
    if served:
        numbers = sorted(view.session.session_id for view in served)
        names = ", ".join(str(number) for number in numbers[:5])
        more = f" and {len(served) - 5} more" if len(served) > 5 else ""
        return Verdict.SERVING, f"session{'s' if len(served) > 1 else ''} {names}{more}", None
    refused = [view for view in given.sessions if view.service is Service.REFUSED]
    if refused:
        first = refused[0]
        return (
            Verdict.WAITING,
            f"bound to session {first.session.session_id}, which is refused: {first.reason}",
            None,
        )
    return Verdict.WAITING, "bound to no active session: bind this node to one with the assignment form", None


def _first_problem(given: Preconditions) -> Problem | None:
    if not given.is_dedicated_enabled:
        return Problem(
            code="not_dedicated",
            what="This program runs dedicated nodes only, and the settings say otherwise",
            why="ENABLE_DEDICATED_NODE is 0",
            remedy="Set ENABLE_DEDICATED_NODE=1 and start the node again",
        )
    if given.chain_problem is not None:
        return given.chain_problem
    if given.engine.state is EngineState.FAILED:
        return Problem(
            code="engine",
            what="The model is not running",
            why=given.engine.error,
            remedy="Mend the cause; the node tries again by itself",
        )
    if not given.store.is_writable:
        return Problem(
            code="store",
            what="The payload store cannot be written",
            why=given.store.error,
            remedy=f"Free disk space or mend the rights of {given.store.location}",
        )
    if given.balance_wei is not None and given.balance_wei <= given.low_balance_wei:
        return Problem(
            code="no_balance",
            what="The node has no gas" if given.balance_wei == 0 else "The node is almost out of gas",
            why=f"the balance of {given.node_address} is {given.balance_wei} wei",
            remedy="Send it some of the chain's coin; the node goes on by itself",
        )
    return given.key_trouble or given.task_trouble


def verdict_line(status: NodeStatus) -> str:
    """Return the verdict as one line of the log."""
    line = f"{status.verdict.value}: {status.reason}"
    if status.verdict is Verdict.BLOCKED and status.problem is not None:
        rest = ". ".join(part for part in (status.problem.why, status.problem.remedy) if part)
        return f"{line}. {rest}" if rest else line
    return line
