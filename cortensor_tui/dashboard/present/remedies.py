"""What to do about what is not met, with the keys that do it: the node names no keys, since it has none."""

from __future__ import annotations

from cortensor_tui.domain.health import BOUND, ENOUGH_NODES, NodeStatus, Precondition, Verdict

_KEYS = {
    BOUND: "a binds this node, n creates a session",
    ENOUGH_NODES: "a binds a node, 2 and then e changes the session",
}


def keys_for(one: Precondition) -> str:
    """Return which keys meet a precondition, nothing where none does."""
    return _KEYS.get(one.name, "")


def remedy_of(one: Precondition) -> str:
    """Return what to do about a precondition that is not met, nothing where it comes by itself."""
    parts = (one.remedy.strip().rstrip("."), keys_for(one))
    return ": ".join(part for part in parts if part)


def told_unmet(status: NodeStatus) -> Precondition | None:
    """Return the precondition that the verdict is about, None where it is about none, or an older node's."""
    unmet = [one for one in status.preconditions if one.is_met is False]
    if status.verdict is Verdict.BLOCKED and status.problem is not None:
        unmet = [one for one in unmet if one.detail.startswith(status.problem.what)]
    is_held_up = status.verdict in (Verdict.BLOCKED, Verdict.WAITING)
    return unmet[0] if unmet and is_held_up else None
