"""What must be so before an address can be watched, and what is worth knowing of it."""

from __future__ import annotations

from cortensor_tui.domain.health import Precondition, Verdict
from cortensor_tui.domain.sessions import Service
from cortensor_tui.node.duty import Judgement
from cortensor_tui.node.preconditions import Facts, chain_step, disk_step, gas_step, numbered, unread_why


def judge_watching(facts: Facts) -> Judgement:
    """Return whether the address is watched; that it has no gas or no session is told, and stops nothing."""
    needed = (chain_step(facts), disk_step(facts))
    bound = _bound(facts)
    told = (*(step.told for step in needed), gas_step(facts).told, bound)
    problem = next((step.problem for step in needed if step.problem is not None), None)
    waits_for = next((step.waits_for for step in needed if step.waits_for), "")
    if problem is not None:
        return Judgement(preconditions=told, verdict=Verdict.BLOCKED, reason=problem.what, problem=problem)
    if waits_for:
        return Judgement(preconditions=told, verdict=Verdict.WAITING, reason=waits_for, problem=None)
    reason = f"{_short(facts.node_address)}, {bound.detail}"
    return Judgement(preconditions=told, verdict=Verdict.WATCHING, reason=reason, problem=None)


def _bound(facts: Facts) -> Precondition:
    name = "it is bound to an active session"
    if unread := unread_why(facts):
        return Precondition(name=name, is_met=None, detail=unread)
    bound = [view for view in facts.sessions if view.service is Service.WATCHED]
    if bound:
        return Precondition(name=name, is_met=True, detail=f"bound to {numbered(bound)}")
    idle = [view for view in facts.sessions if view.service is Service.INACTIVE]
    detail = f"bound to {numbered(idle)}, not active" if idle else "bound to no session"
    return Precondition(
        name=name, is_met=False, detail=detail, remedy="Its owner binds it, from a node with the owner's key"
    )


def _short(address: str) -> str:
    return f"{address[:6]}…{address[-4:]}"
