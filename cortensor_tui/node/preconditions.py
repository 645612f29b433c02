"""What must be so before tasks are answered, in the order in which an operator would mend it."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from cortensor_tui.domain.health import BOUND, ENOUGH_NODES, Precondition, StoreHealth
from cortensor_tui.domain.inference import EngineHealth, EngineState
from cortensor_tui.domain.networks import ReplacedChain
from cortensor_tui.domain.problems import Problem
from cortensor_tui.domain.sessions import Service, SessionView

# Of the journal or the payloads, though a look at the chain met them: they belong to the disk's row.
DISK_CODES = frozenset({"journal_unwritable", "journal_unusable", "store_unwritable"})
NO_RPC = "no_rpc"
"""The code of the problem that an endpoint of the chain gave no usable answer."""
_COMING = (EngineState.STARTING, EngineState.LOADING, EngineState.STOPPED)
_SAYS_WHAT_FOLLOWS = ("engine_died", "engine_failed")  # whose remedy says what comes by itself
_NOT_CONNECTED = "not known until the chain is read"
_SILENT = "not known while the chain does not answer"


class Facts(msgspec.Struct, frozen=True, kw_only=True):
    """What the preconditions are judged by. `is_connected` is set once the contracts were found and read.

    `is_chain_silent`: the chain does not answer now, and what was read of it is the past.
    """

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
    is_chain_silent: bool = False
    replaced: ReplacedChain | None = None


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """One precondition with what the verdict needs: the problem it is blocked by, or that it may still come.

    `waits_for` is what the node waits for meanwhile, empty where it waits for nothing.
    """

    told: Precondition
    problem: Problem | None = None
    waits_for: str = ""


def steps(facts: Facts) -> tuple[Step, ...]:
    """Return every precondition as it stands, first to mend first."""
    return tuple(step(facts) for step in _STEPS)


def _dedicated(facts: Facts) -> Step:
    problem = Problem(
        code="not_dedicated",
        what="This program runs dedicated nodes only, and the settings say otherwise",
        why="ENABLE_DEDICATED_NODE is 0",
        remedy="Set ENABLE_DEDICATED_NODE to 1 at place 7 or with `config set`: it holds at once",
    )
    is_on = facts.is_dedicated_enabled
    return _step("dedicated mode is on", None if is_on else problem, f"ENABLE_DEDICATED_NODE is {is_on:d}")


def chain_step(facts: Facts) -> Step:
    """Tell whether the chain is found and read."""
    name = "the chain answers, its contracts are found and read"
    problem = facts.chain_problem or _endpoint_trouble(facts)
    if problem is not None and problem.code not in DISK_CODES:
        return _step(name, problem)
    if not facts.is_connected:
        return _waiting(name, "connecting to the chain")
    if facts.is_chain_silent:
        return _waiting(name, "the chain does not answer")
    return _met(name, "endpoint, chain id, contracts and hash agree with the settings")


def _engine(facts: Facts) -> Step:
    name, engine = "the model is running", facts.engine
    if engine.is_down:
        failure = engine.failure or Problem(code="engine", what="The model is not running", why=engine.error)
        remedy = failure.remedy
        if failure.code not in _SAYS_WHAT_FOLLOWS:
            remedy = f"{remedy.rstrip('.')}; the node tries again by itself".removeprefix("; ")
        return _step(name, msgspec.structs.replace(failure, code="engine", remedy=remedy))
    if engine.loading_for is not None:  # tasks are taken meanwhile: whichever model comes, one comes
        return _met(name, f"loading {engine.model} for session {engine.loading_for}")
    if engine.state in _COMING:
        is_asked = engine.state is EngineState.STARTING and not engine.is_ours
        usual = "the model server is asked" if is_asked else "the model is loading"
        return _waiting(name, engine.step or usual)
    if engine.silent_since is not None:
        then = "ended and started again" if engine.is_ours else "asked again"
        return _waiting(name, "the model does not answer", remedy=f"It is {then} by itself")
    return _met(name, engine.model)


def disk_step(facts: Facts) -> Step:
    """Tell whether journal and payloads can be written."""
    name, store = "journal and payloads can be written", facts.store
    if facts.chain_problem is not None and facts.chain_problem.code in DISK_CODES:
        return _step(name, facts.chain_problem)
    if store.is_writable:
        return _met(name, store.location)
    problem = Problem(
        code="store",
        what="The payload store cannot be written",
        why=store.error,
        remedy=f"Free disk space or mend the rights of {store.location}",
    )
    return _step(name, problem)


def gas_step(facts: Facts) -> Step:
    """Tell whether the node's balance is above the least that is set."""
    name, balance_wei = "the node can pay for gas", facts.balance_wei
    if balance_wei is None:
        return _unknown(name, "its balance is not read yet")
    if facts.is_chain_silent:
        return _unknown(name, _SILENT)
    if balance_wei > facts.low_balance_wei:
        return _met(name, f"its balance is above {facts.low_balance_wei} wei, the least that is set")
    problem = Problem(
        code="no_balance",
        what="The node has no gas" if balance_wei == 0 else "The node is almost out of gas",
        why=f"the balance of {facts.node_address} is {balance_wei} wei",
        remedy="Send it some of the chain's coin; the node goes on by itself",
    )
    return _step(name, problem)


def _key(facts: Facts) -> Step:
    name = "the key may sign within its day's gas budget"
    if facts.key_trouble is not None:
        return _step(name, facts.key_trouble)
    return _met(name, "nothing was refused") if facts.is_connected else _unknown(name, _NOT_CONNECTED)


def _transactions(facts: Facts) -> Step:
    name = "its transactions go through"
    if _endpoint_trouble(facts) is not None:
        return _unknown(name, _SILENT)  # which is told of the chain, and is one trouble, not two
    if facts.task_trouble is not None:
        return _step(name, facts.task_trouble)
    return _met(name, "none is held up") if not (unread := unread_why(facts)) else _unknown(name, unread)


def _endpoint_trouble(facts: Facts) -> Problem | None:
    """Return what holds a task up where that is an endpoint of a chain that answers nobody."""
    trouble = facts.task_trouble
    is_of_chain = trouble is not None and trouble.code == NO_RPC and facts.is_chain_silent
    return trouble if is_of_chain else None


def unread_why(facts: Facts) -> str:
    """Return why nothing is known now of what the chain tells, empty where it is read."""
    if not facts.is_connected:
        return _NOT_CONNECTED
    return _SILENT if facts.is_chain_silent else ""


def _bound(facts: Facts) -> Step:
    name = BOUND
    if unread := unread_why(facts):
        return _unknown(name, unread)
    bound = [view for view in facts.sessions if view.service in (Service.SERVED, Service.REFUSED)]
    if bound:
        return _met(name, numbered(bound))
    if facts.replaced is not None:
        return _bound_on_chain_before(name, facts.replaced)
    idle = [view for view in facts.sessions if view.service is Service.INACTIVE]
    detail = f"bound to {numbered(idle)}, not active" if idle else "bound to none"
    return _waiting(
        name,
        "bound to no active session: bind this node to one",
        detail=detail,
        remedy="Bind this node to a session; you can create one of your own",
    )


def _bound_on_chain_before(name: str, replaced: ReplacedChain) -> Step:
    return _waiting(
        name,
        f"bound to no active session: chain {replaced.chain_id} was replaced, and its sessions are gone",
        detail=f"chain {replaced.chain_id} begins with another block than it did, so that its sessions and "
        "the nodes bound to them are gone; what this node did there stays in its journal",
        remedy="If nobody started the chain anew, check its endpoints; else bind the node to a session there",
    )


def _admitted(facts: Facts) -> Step:
    name = "a session it is bound to is served here"
    if unread := unread_why(facts):
        return _unknown(name, unread)
    served = [view for view in facts.sessions if view.service is Service.SERVED]
    if served:
        return _met(name, numbered(served))
    refused = next((view for view in facts.sessions if view.service is Service.REFUSED), None)
    if refused is None:
        return _unknown(name, "not bound to any yet")
    number = refused.session.session_id
    return _waiting(
        name,
        f"bound to session {number}, which is refused: {refused.reason}",
        detail=f"session {number} is refused: {refused.reason}",
        remedy="Allow it in the settings named here and start the node again",
    )


def _enough_nodes(facts: Facts) -> Step:
    """Tell whether a served session has the nodes it asks for: below that, clients call it unhealthy."""
    name = ENOUGH_NODES
    if unread := unread_why(facts):
        return _unknown(name, unread)
    served = [view.session for view in facts.sessions if view.service is Service.SERVED]
    if not served:
        return _unknown(name, "none is served")
    bound = [(len(one.dedicated_nodes) + len(one.ephemeral_nodes), one) for one in served]
    if any(count >= one.min_nodes for count, one in bound):
        return _met(name, "as many as its least number")
    count, session = bound[0]
    told = Precondition(
        name=name,
        is_met=False,
        detail=f"session {session.session_id} has {count} of at least {session.min_nodes}",
        remedy="Bind more nodes to it, or lower its least number",
    )
    return Step(told=told)


_STEPS: tuple[Callable[[Facts], Step], ...] = (
    _dedicated,
    chain_step,
    _engine,
    disk_step,
    gas_step,
    _key,
    _transactions,
    _bound,
    _admitted,
    _enough_nodes,
)


def _step(name: str, problem: Problem | None, detail: str = "") -> Step:
    if problem is None:
        return _met(name, detail)
    why = f"{problem.what}: {problem.why}" if problem.why else problem.what
    told = Precondition(name=name, is_met=False, detail=why, remedy=problem.remedy)
    return Step(told=told, problem=problem)


def _met(name: str, detail: str) -> Step:
    return Step(told=Precondition(name=name, is_met=True, detail=detail))


def _unknown(name: str, detail: str) -> Step:
    return Step(told=Precondition(name=name, is_met=None, detail=detail))


def _waiting(name: str, waits_for: str, detail: str = "", remedy: str = "") -> Step:
    told = Precondition(name=name, is_met=False, detail=detail or waits_for, remedy=remedy)
    return Step(told=told, waits_for=waits_for)


def numbered(views: list[SessionView]) -> str:
    """Return the sessions by number, the first five of many."""
    numbers = sorted(view.session.session_id for view in views)
    more = f" and {len(numbers) - 5} more" if len(numbers) > 5 else ""
    return f"session{'s' if len(numbers) > 1 else ''} {', '.join(map(str, numbers[:5]))}{more}"
