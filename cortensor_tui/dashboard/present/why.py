"""Why no tasks come: every precondition in the order in which it is mended, and what follows from them."""

from __future__ import annotations

from cortensor_tui.dashboard.cells import Line, Span, line, wrap
from cortensor_tui.dashboard.format import duration
from cortensor_tui.dashboard.present.freshness import OLD, Sight
from cortensor_tui.dashboard.present.remedies import remedy_of
from cortensor_tui.dashboard.state import NodeView
from cortensor_tui.domain.health import Precondition
from cortensor_tui.domain.inert import inert
from cortensor_tui.domain.sessions import Service

_LOOKS = {True: ("●", "good", "met"), False: ("✖", "bad", "not met"), None: ("○", "muted", "unknown")}
_INDENT = 5
_WORD_CELLS = 9


def why_lines(view: NodeView, sight: Sight, width: int) -> list[Line]:
    """Return the list with its conclusion first; of a node that does not talk, what it said last."""
    told = view.status.preconditions
    if not told:
        return [line((" This node is older than this dashboard and does not tell them.", "muted"))]
    first, role = (_conclusion(view, sight.now), "strong")
    if sight.silent_s is not None:
        first, role = f"{OLD[0]} As it was {duration(sight.silent_s)} ago: the node does not talk.", "warn"
    lines: list[Line] = [*_wrapped(first, width, role, indent=1), ()]
    for one in told:
        lines += _precondition(one, sight, width)
    return lines


def why_text(view: NodeView, sight: Sight) -> str:
    """Return the same as plain text, for a report."""
    return "\n".join("".join(span.text for span in one) for one in why_lines(view, sight, 100))


def _precondition(one: Precondition, sight: Sight, width: int) -> list[Line]:
    mark, role, word = _LOOKS[one.is_met]
    mark, role = sight.look((mark, role))
    word = "was met" if one.is_met and sight.is_past else word
    head = (Span(f" {mark} ", role), Span(f"{word:{_WORD_CELLS}}", role), Span(inert(one.name, 80)))
    is_plain = one.is_met is True
    lines: list[Line] = [head]
    if not is_plain:
        lines += _wrapped(inert(one.detail, 400), width, "muted")
    if one.is_met is False and (remedy := remedy_of(one)):
        lines += _wrapped(f"→ {inert(remedy, 400)}", width, "accent")
    return lines


def _wrapped(text: str, width: int, role: str, indent: int = _INDENT + _WORD_CELLS - 2) -> list[Line]:
    pieces = wrap(text, max(10, width - indent - 1))
    return [(Span(" " * indent), Span(piece, role)) for piece in pieces]


def _conclusion(view: NodeView, now: float) -> str:
    unmet = [one for one in view.status.preconditions if one.is_met is False]
    if unmet:
        more = f" {len(unmet) - 1} more below." if len(unmet) > 1 else ""
        return f"Not met first: {inert(unmet[0].name, 80)}.{more}"
    if view.status.is_watching:
        return "Nothing known stands in the way: the address is shown as the chain tells it."
    served = [one.session.session_id for one in view.sessions if one.service is Service.SERVED]
    where = f"session {served[0]}" if len(served) == 1 else "a session that is served"
    seen = [task.assigned_at for task in view.tasks if task.assigned_at is not None]
    last = f" The last one came {duration(now - max(seen))} ago." if seen else " None has come yet."
    return (
        "Nothing known stands in the way: a task comes when a prompt is submitted to "
        f"{where} (s submits one).{last}"
    )
